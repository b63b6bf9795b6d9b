/** Knows when an administrative route answers anybody, or anybody who is merely logged in. */
import { defineCheck, type Finding, fail, type Options, once, pass, type Subject, unknown } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { placeIn } from '../facts/program/link.ts';
import { wordsOf } from '../facts/program/names.ts';
import type { Place } from '../facts/span.ts';
import { administrative, isForPages, isSwitchedOn } from '../facts/web/admin.ts';
import { type BotCommand, botCommands, botWords, senderCheck } from '../facts/web/bots.ts';
import { bodyGuard, type GuardWords, guardOf, neverAwaited, stronger, type Verdict } from '../facts/web/guards.ts';
import { isByHand, linkServers, localServer, type Servers } from '../facts/web/listen.ts';
import type { Layer, Route } from '../facts/web/model.ts';
import { handlersOf, layerSets, linkWeb, pathsOf, type Web, webWords, worst } from '../facts/web.ts';

export const adminAuth = defineCheck({
  id: 'admin-auth',
  needs: { program: [...webWords, ...botWords] },
  evidence: { dockerfile: true, compose: true },
  messages: {
    unguarded: {
      what: 'The route {route} is administrative and nothing asks who calls it.',
      why: 'Whoever can reach the service can call it; the address is in every word list.',
      fix: 'Put a guard that checks the role on the router or on the route, and let it refuse by default.',
    },
    everybody: {
      what: 'The route {route} answers with the records of all users and nothing asks who calls it.',
      why: 'Whoever can reach the service reads names, addresses and roles of everybody who uses it.',
      fix: 'Put a guard that checks the role on the router or on the route.',
    },
    noRole: {
      what: 'The route {route} is administrative, but {guard} only asks for a login.',
      why: 'Every registered user can do what only administrators may.',
      fix: 'Check the role or permission of the user as well, on the router where possible.',
    },
    open: {
      what: 'The guard {guard} lets everybody pass when a setting is missing or the environment is another one.',
      why: 'A forgotten setting opens the administrative routes, and nobody notices because everything works.',
      fix: 'Refuse when no secret is configured, in every environment, or do not start the service.',
    },
    misplaced: {
      what: 'The guard {guard} of the route {route} stands above the decorator that registers it.',
      why: 'The framework registers the function as it is below, so that the guard never runs.',
      fix: 'Move the guard below the route decorator.',
    },
    notAwaited: {
      what: 'The guard {guard} is asynchronous and the route {route} does not await it.',
      why: 'Without await the guard never runs, and the route answers everybody.',
      fix: 'Write `await` before the call of the guard.',
    },
    command: {
      what: 'The chat command /{command} is administrative and nothing asks who sends it.',
      why: 'Everybody who finds the bot can send it; commands are tried by name.',
      fix: 'Compare the id of the sender with those of the administrators first, in a filter of the router where possible.',
    },
    client: {
      what: 'The guard {guard} believes a role that the request itself claims.',
      why: 'Whoever writes the header, cookie or field is an administrator.',
      fix: 'Read the role from the session or from a verified token.',
    },
  },
  assess(facts: Facts, options: Options) {
    const web = facts.linked(linkWeb);
    const servers = linkServers(facts, web.program);
    const causes = new Map<string, Finding>();
    const subjects = web.routes.flatMap((route) => {
      if (!administrative(route, options)) return [];
      return worst(layerSets(route).flatMap((layers) => judge(web, servers, route, layers, options, causes)));
    });
    for (const command of botCommands(web.program)) subjects.push(...judgeCommand(web, command, options));
    return {
      subjects,
      lookedFor:
        'routes of Flask, FastAPI, Starlette, aiohttp, Django and http.server and commands of chat bots whose path, name or handler is administrative',
    };
  },
});

function wordsFor(options: Options, paths: readonly string[]): GuardWords {
  const list = (name: string) => options[name] as readonly string[];
  return {
    role: list('roleWords'),
    auth: list('authWords'),
    roleGuards: list('roleGuards'),
    authGuards: list('authGuards'),
    paths,
  };
}

function judge(
  web: Web,
  servers: Servers,
  route: Route,
  layers: readonly Layer[],
  options: Options,
  causes: Map<string, Finding>,
): readonly Subject[] {
  const { program } = web;
  const kind = administrative(route, options);
  if (!kind || (route.framework === 'django' && !route.handler && !route.class)) return [];
  const words = wordsFor(options, pathsOf(route));
  const methods = route.methods.join(', ');
  const label = `${methods || 'ANY'} ${pathsOf(route)[0] || route.handler?.function.name || 'route'}`;
  const name = `route ${label}`;
  const verdicts = layers.filter((layer) => layer.level !== 'after').map((layer) => guardOf(program, layer, words));
  const handlers = handlersOf(web, route);
  const bodies = handlers.map((one) => bodyGuard(program, one, words));
  const weakest = bodies.reduce<Verdict | undefined>((a, b) => (a && stronger(a, b) === b ? a : b), undefined);
  if (weakest) verdicts.push(weakest);
  const strongest = (all: readonly Verdict[]) =>
    all.reduce<Verdict | undefined>((a, b) => (a ? stronger(a, b) : b), undefined);
  const best = strongest(verdicts);
  const sure = strongest(verdicts.filter((one) => !one.unsure));
  const failed = (message: string, data: Record<string, string>, place: Place, more: Partial<Finding> = {}) => {
    const key = `${message} ${place.path} ${place.span.start}`;
    return [fail(name, once(causes, key, { message, data, place, confidence: 'high', ...more }), route.place)];
  };
  const loginIsEnough = kind !== 'admin' || !options.requireRole;
  if (sure?.kind === 'role' || (sure?.kind === 'auth' && loginIsEnough))
    return [pass(name, route.place, `guarded by ${sure.name || 'the handler'}`)];
  if (settingsGuard(web, route, words)) return [pass(name, route.place, 'guarded by a middleware of the settings')];
  if (best?.unsure)
    return [unknown(name, route.place, best.reason ?? `the repository does not hold ${best.name}, which may guard it`)];
  if (route.open !== undefined) return [unknown(name, route.place, route.open)];
  if (best?.kind === 'auth')
    return failed('noRole', { route: label, guard: best.name }, route.place, {
      confidence: 'medium',
      severity: 'medium',
    });
  if (best?.kind === 'open') return failed('open', { guard: best.name }, best.place);
  if (best?.kind === 'client') return failed('client', { guard: best.name }, best.place);
  const above = route.above.map((layer) => guardOf(program, layer, words)).find((one) => one.kind !== 'none');
  if (above) return failed('misplaced', { route: label, guard: above.name }, above.place);
  const lost = handlers.map((one) => neverAwaited(program, one, words)).find((one) => one !== undefined);
  if (lost) return failed('notAwaited', { route: label, guard: lost.name }, lost.place);
  if (handlers.length === 0 && !route.library)
    return [unknown(name, route.place, 'the repository does not hold its handler')];
  // A set-up that several applications run registers the same route in each.
  const same = web.routes.filter(
    ({ place }) => place.path === route.place.path && place.span.start === route.place.span.start,
  );
  const reasons = same.map((one) => localServer(servers, one));
  const local = reasons.every((one) => one !== undefined) ? reasons[0] : undefined;
  if (local && (kind === 'internals' || kind === 'control')) return [pass(name, route.place, local)];
  const isAside =
    local !== undefined ||
    (kind === 'internals' && (same.every((one) => isByHand(servers, one)) || isForPages(route))) ||
    (kind === 'control' && isSwitchedOn(program, route));
  const more: Partial<Finding> =
    route.loose || kind === 'internals'
      ? { severity: 'low', confidence: route.loose ? 'low' : 'medium' }
      : kind === 'control'
        ? { confidence: 'medium' }
        : kind === 'all'
          ? { confidence: 'medium', severity: 'medium' }
          : {};
  const related = route.handler
    ? [{ ...placeIn(route.handler.unit, route.handler.function.nameSpan), text: 'the handler' }]
    : [];
  return failed(
    kind === 'all' && route.methods.includes('GET') ? 'everybody' : 'unguarded',
    { route: label },
    route.place,
    {
      ...more,
      ...(isAside ? { confidence: 'low' as const } : {}),
      ...(related.length > 0 && related[0]!.path !== route.place.path ? { related } : {}),
    },
  );
}

/** Commands of chat bots. */
function judgeCommand(web: Web, command: BotCommand, options: Options): readonly Subject[] {
  const wanted = [...(options.adminWords as readonly string[]), ...(options.adminCommands as readonly string[])];
  if (!wordsOf(command.name).some((word) => wanted.includes(word))) return [];
  const name = `command /${command.name}`;
  const guard = senderCheck(web.program, command, wordsFor(options, []));
  if (guard !== undefined) return [pass(name, command.place, `guarded by ${guard}`)];
  const data = { command: command.name };
  return [fail(name, { message: 'command', data, place: command.place, confidence: 'medium' })];
}

/** Django: middleware or defaults of the REST framework that ask for a login everywhere. */
function settingsGuard(web: Web, route: Route, words: GuardWords): boolean {
  if (route.framework !== 'django') return false;
  return web.settings.some((settings) =>
    settings.middleware.some(
      (name) =>
        /loginrequired/i.test(name) || wordsOf(name.split('.').at(-1)!).some((word) => words.role.includes(word)),
    ),
  );
}
