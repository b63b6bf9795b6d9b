/** Knows when a route that checks credentials or costs much can be called as often as somebody likes. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import { type Edge, edgeEvidence, edgeFor } from '../facts/edge/behind.ts';
import type { Facts } from '../facts/facts.ts';
import { placeIn } from '../facts/program/link.ts';
import { limitReason, type Reason } from '../facts/web/costs.ts';
import {
  bodyCounts,
  clientKey,
  coverOf,
  isDetached,
  isInMemory,
  isRate,
  limiterOf,
  ratePerMinute,
  switchedOff,
} from '../facts/web/limits.ts';
import type { Layer, Route } from '../facts/web/model.ts';
import { throttleSettings } from '../facts/web/throttles.ts';
import { linkWorkers, type Workers, workersFor } from '../facts/web/workers.ts';
import { appsOf, handlersOf, isAlone, layerSets, linkWeb, pathsOf, type Web, webWords, worst } from '../facts/web.ts';

const why = 'Passwords and codes can be tried, and costly work ordered, as fast as the service answers.';

export const rateLimiting = defineCheck({
  id: 'rate-limiting',
  needs: { program: [...webWords, 'REST_FRAMEWORK'] },
  evidence: edgeEvidence,
  messages: {
    missing: {
      what: 'No rate limit covers the route {route}.',
      why,
      fix: 'Limit it per address and per account, with a limiter on the route or defaults on the application.',
    },
    detached: {
      what: 'No rate limit covers the route {route}: the limiter is created but no application was given to it.',
      why,
      fix: 'Call `limiter.init_app(app)` and give it default limits, or put its decorator on the route.',
    },
    misplaced: {
      what: 'The limit of the route {route} stands above the decorator that registers it.',
      why: 'The framework registers the function as it is below, so that nothing is counted.',
      fix: 'Move the limit below the route decorator.',
    },
    exempt: {
      what: 'The route {route} is exempt from the rate limit.',
      why,
      fix: 'Remove the exemption, or give the route a limit of its own.',
    },
    absurd: {
      what: 'The limit of the route {route} allows more calls than any user makes.',
      why,
      fix: 'Allow five to ten attempts a minute where credentials are checked.',
    },
    clientKey: {
      what: 'The limit of the route {route} counts by a header that the client writes.',
      why: 'With another value in the header each request is the first one.',
      fix: 'Count by the address of the connection, or by the entry that your own proxy adds last.',
      severity: 'medium',
    },
    memory: {
      what: 'The limit of the route {route} is counted in memory, by each of {count} workers alone.',
      why: 'Every worker allows the whole number again, and a restart forgets all of it.',
      fix: 'Give the limiter a shared store such as Redis (`storage_uri`).',
      severity: 'medium',
    },
    noThrottles: {
      what: 'The settings of the REST framework name no throttle classes.',
      why: 'Every view without classes of its own, the login included, answers as fast as it can.',
      fix: 'Set DEFAULT_THROTTLE_CLASSES and DEFAULT_THROTTLE_RATES.',
      severity: 'medium',
    },
    noRates: {
      what: 'The settings of the REST framework name throttle classes but no rates.',
      why: 'A throttle without a rate counts nothing.',
      fix: 'Set DEFAULT_THROTTLE_RATES.',
      severity: 'medium',
    },
    disabled: {
      what: 'The rate limiter is switched off by {name}.',
      why,
      fix: 'Remove the setting outside tests.',
    },
  },
  assess(facts: Facts, options: Options) {
    const web = facts.linked(linkWeb);
    const off = switchedOff(web.program);
    const context: Context = {
      web,
      options,
      off: off && { message: 'disabled', data: { name: off.name }, place: off.place, confidence: 'high' },
      edge: facts.linked(edgeFor),
      alone: isAlone(facts, web),
      workers: facts.linked(linkWorkers),
      causes: new Map(),
    };
    const subjects = web.routes.flatMap((route) => judge(context, route));
    return {
      subjects: [...subjects, ...restFramework(web, subjects)],
      lookedFor: 'login, registration, reset, token, payment, upload, export and language model routes',
    };
  },
});

interface Context {
  readonly web: Web;
  readonly options: Options;
  /** The limiters are switched off. */
  readonly off: Finding | undefined;
  readonly edge: Edge;
  /** There is only one application. */
  readonly alone: boolean;
  readonly workers: readonly Workers[];
  /** Findings that several routes share. */
  readonly causes: Map<string, Finding>;
}

function judge(context: Context, route: Route): readonly Subject[] {
  const reason = limitReason(context.web, route, context.options);
  if (!reason) return [];
  return worst(layerSets(route).map((layers) => verdict(context, route, reason, layers)));
}

function verdict(context: Context, route: Route, { kind, doubtful }: Reason, layers: readonly Layer[]): Subject {
  const { web, options, off } = context;
  const { program } = web;
  const label = labelOf(route);
  const name = `route ${label}`;
  const finding = (message: string, more: Partial<Finding> = {}): Finding => ({
    message,
    data: { route: label },
    place: route.place,
    confidence: route.loose || doubtful ? 'low' : kind === 'cost' ? 'medium' : 'high',
    ...(kind === 'cost' ? { severity: 'medium' as const } : {}),
    ...more,
  });
  const known = options.limiters as readonly string[];
  const covers = layers.map((layer) => ({ layer, cover: coverOf(program, layer, known) }));
  const exempt = covers.find((one) => one.cover === 'exempt');
  if (exempt) return fail(name, finding('exempt', { place: exempt.layer.place }));
  const handlers = handlersOf(web, route);
  if (handlers.length > 0 && handlers.every((one) => bodyCounts(program, one)))
    return pass(name, route.place, 'the handler counts attempts');
  const cover = covers.find((one) => one.cover === 'covers');
  if (cover) {
    if (off) return fail(name, off, route.place);
    const rate = ratePerMinute(program, layers.find(isRate) ?? cover.layer);
    if (kind === 'credentials' && rate !== undefined && rate > (options.maxPerMinute as number))
      return fail(name, shared(context, finding('absurd', { place: cover.layer.place })), route.place);
    const isFlask = cover.layer.names.some((one) => one.startsWith('flask_limiter'));
    if (isFlask && cover.layer.level === 'decorator' && isDetached(program)) return fail(name, finding('detached'));
    const hollow = hollowLimit(context, route, cover.layer, label);
    if (hollow) return fail(name, hollow, route.place);
    return pass(name, route.place, `limited by ${cover.layer.names[0] ?? 'code of the repository'}`);
  }
  if (route.framework === 'django' && djangoLimits(web)) return pass(name, route.place, 'limited by the settings');
  const edge = edgeLimit(context, route);
  if (edge && !(kind === 'credentials' && (edge.perMinute ?? 0) > (options.maxPerMinute as number)))
    return pass(name, route.place, `limited by ${edge.name} of ${edge.server} in ${edge.place.path}`);
  const above = route.above.find((layer) => coverOf(program, layer, known) === 'covers');
  if (above) {
    // Flask-Limiter remembers its limits by the name of the function, so that the order does not matter.
    if (above.names.some((one) => one.startsWith('flask_limiter')))
      return pass(name, route.place, `limited by ${above.names[0]!}`);
    return fail(name, finding('misplaced', { place: above.place }));
  }
  const doubt = covers.find((one) => one.cover === 'unknown')?.layer;
  if (doubt)
    return unknown(
      name,
      route.place,
      doubt.unknown ?? `${doubt.names[0] ?? 'a layer'} may limit it, but what it does is not in the repository`,
    );
  if (route.open !== undefined) return unknown(name, route.place, route.open);
  const partly = covers.some((one) => one.cover === 'partly') ? { confidence: 'low' as const } : {};
  const message = route.framework === 'flask' && isDetached(program) ? 'detached' : 'missing';
  return fail(name, shared(context, finding(message, partly), addressesOf(web, route)), route.place);
}

/** Where a route answers: of several with the same method and path in an application only the first one does. */
function addressesOf(web: Web, route: Route): readonly string[] {
  const paths = pathsOf(route).filter((path) => path.startsWith('/'));
  const urls = paths.flatMap((path) => route.methods.map((method) => `${method} ${path}`));
  return appsOf(web, route).flatMap((app) => urls.map((url) => `${app} ${url}`));
}

/** Method and path, of several paths one that is known in full. */
function labelOf(route: Route): string {
  const paths = pathsOf(route);
  const path = paths.find((one) => !one.includes('*')) ?? paths[0];
  return `${route.methods.join(', ') || 'ANY'} ${path || route.handler?.function.name || 'route'}`;
}

/** One finding for all routes that have the same cause: a place, or an address. */
function shared({ causes }: Context, finding: Finding, addresses?: readonly string[]): Finding {
  const { message, place } = finding;
  const ids = (addresses ?? [`${place.path} ${place.span.start}`]).map((one) => `${message} ${one}`);
  const known = ids.flatMap((id) => causes.get(id) ?? [])[0] ?? finding;
  for (const id of ids) causes.set(id, known);
  return known;
}

/** A limit that every server in front of the application puts on the path. */
function edgeLimit({ web, edge, alone }: Context, route: Route): ReturnType<Edge['limit']> {
  const [url] = pathsOf(route);
  if (url === undefined || !/^\/[^*]*$/.test(url)) return undefined;
  const limits = appsOf(web, route).map((path) => edge.limit(path, url, alone));
  return limits.includes(undefined) ? undefined : limits[0];
}

/** What takes the effect of a limiter away: a key that clients choose, or a count that each worker keeps for itself. */
function hollowLimit(context: Context, route: Route, layer: Layer, label: string): Finding | undefined {
  const { web, workers } = context;
  const limiter = limiterOf(web.program, layer);
  const apps = appsOf(web, route);
  // Before Next.js there is always a server that writes the header anew.
  const key = route.framework === 'next' ? undefined : clientKey(web.program, layer, apps);
  const started = apps.flatMap((path) => workersFor(workers, path) ?? [])[0];
  const isSplit = limiter && started && isInMemory(web.program, limiter);
  if (!key && !isSplit) return undefined;
  const place = key ?? placeIn(limiter!.unit, limiter!.call);
  return shared(context, {
    message: key ? 'clientKey' : 'memory',
    data: { route: label, ...(key ? {} : { count: started!.count }) },
    place,
    confidence: 'medium',
    ...(key ? {} : { related: [{ ...started!.place, text: 'the workers are started here' }] }),
  });
}

/** Limits and lock-out packages among the middleware of Django. */
function djangoLimits(web: Web): boolean {
  return web.settings.some((settings) =>
    settings.middleware.some((name) => /ratelimit|throttl|axes|defender|lockout/i.test(name)),
  );
}

/** `REST_FRAMEWORK = {...}` in settings; without classes there, every view that needs them may have its own. */
function restFramework(web: Web, routes: readonly Subject[]): readonly Subject[] {
  const own = routes.length > 0 && routes.every(({ verdict }) => verdict === 'pass');
  return throttleSettings(web.program).map(({ place, lacks }) =>
    lacks === undefined || (own && lacks === 'noThrottles')
      ? pass('REST_FRAMEWORK', place, own ? 'the views have throttles of their own' : 'throttle classes are set')
      : fail('REST_FRAMEWORK', { message: lacks, data: {}, place, confidence: 'medium' }),
  );
}
