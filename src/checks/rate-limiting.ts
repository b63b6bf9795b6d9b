/** Knows when a route that checks credentials or costs much can be called as often as somebody likes. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { constants } from '../facts/program/flow.ts';
import { placeIn } from '../facts/program/link.ts';
import { hasWords, namedValues, wordsOf } from '../facts/program/names.ts';
import { isReadOnly, layersOf, linkWeb, pathsOf, type Web, webWords } from '../facts/web.ts';
import { bodyCounts, coverOf, isDetached, isRate, ratePerMinute } from '../facts/web-limits.ts';
import type { Route } from '../facts/web-model.ts';

const why = 'Passwords and codes can be tried, and costly work ordered, as fast as the service answers.';

export const rateLimiting = defineCheck({
  id: 'rate-limiting',
  needs: { program: [...webWords, 'REST_FRAMEWORK'] },
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
    noThrottles: {
      what: 'The settings of the REST framework name no throttle classes.',
      why: 'Every view without classes of its own, the login included, answers as fast as it can.',
      fix: 'Set DEFAULT_THROTTLE_CLASSES and DEFAULT_THROTTLE_RATES.',
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
    const off = switchedOff(web);
    const subjects = [...web.routes.flatMap((route) => judge(web, route, options, off)), ...restFramework(web)];
    return {
      subjects,
      lookedFor: 'login, registration, reset, token, payment, upload, export and language model routes',
    };
  },
});

/** What makes a route worth limiting. */
function reason(route: Route, options: Options): 'credentials' | 'cost' | undefined {
  const segments = (pathsOf(route)[0] ?? '').split('/').filter((part) => part !== '');
  const named = segments.filter((part) => !/^:|[{<*(]/.test(part));
  const last = wordsOf(named.at(-1) ?? '');
  const handler = wordsOf(route.handler?.function.name ?? '');
  if (isReadOnly(route)) return undefined;
  const excluded = options.excluded as readonly string[];
  if ([...last, ...handler].some((word) => excluded.includes(word))) return undefined;
  if ([...last, ...handler].includes('register') && !isAccount(named, handler)) return undefined;
  const matches = (list: readonly string[], words: readonly string[]) =>
    list.some((one) => hasWords(words, one.split(' ')));
  const own = last.length > 0 ? last : handler;
  if (matches(options.credentialWords as readonly string[], own)) return 'credentials';
  if (matches(options.credentialHandlers as readonly string[], handler)) return 'credentials';
  return matches(options.costWords as readonly string[], own) ? 'cost' : undefined;
}

const things = new Set(
  'node nodes agent device devices peer artifact service worker client webhook handler plugin model'.split(' '),
);

/** Registration of people, not of nodes, artifacts or workers. */
function isAccount(segments: readonly string[], handler: readonly string[]): boolean {
  const words = segments.flatMap((segment) => wordsOf(segment));
  if ([...words, ...handler].some((word) => things.has(word))) return false;
  if (words.some((word) => /^(?:auth|users?|accounts?|customers?|members?|signup|identity)$/.test(word))) return true;
  return segments.slice(0, -1).every((segment) => /^(?:api|v\d\w*)$/i.test(segment));
}

function judge(web: Web, route: Route, options: Options, off: Finding | undefined): readonly Subject[] {
  const { program } = web;
  const kind = reason(route, options);
  if (!kind) return [];
  const label = `${route.methods.join(', ') || 'ANY'} ${pathsOf(route)[0] || route.handler?.function.name || 'route'}`;
  const name = `route ${label}`;
  const finding = (message: string, more: Partial<Finding> = {}): Finding => ({
    message,
    data: { route: label },
    place: route.place,
    confidence: route.loose ? 'low' : kind === 'cost' ? 'medium' : 'high',
    ...(kind === 'cost' ? { severity: 'medium' as const } : {}),
    ...more,
  });
  const layers = layersOf(route);
  const covers = layers.map((layer) => ({ layer, cover: coverOf(program, layer) }));
  const exempt = covers.find((one) => one.cover === 'exempt');
  if (exempt) return [fail(name, finding('exempt', { place: exempt.layer.place }))];
  const cover = covers.find((one) => one.cover === 'covers');
  if (cover) {
    if (off) return [fail(name, off, route.place)];
    const rate = ratePerMinute(program, layers.find(isRate) ?? cover.layer);
    if (kind === 'credentials' && rate !== undefined && rate > (options.maxPerMinute as number))
      return [fail(name, finding('absurd', { place: cover.layer.place }))];
    const isFlask = cover.layer.names.some((one) => one.startsWith('flask_limiter'));
    if (isFlask && cover.layer.level === 'decorator' && isDetached(program)) return [fail(name, finding('detached'))];
    return [pass(name, route.place, `limited by ${cover.layer.names[0] ?? 'code of the repository'}`)];
  }
  if (route.handler && bodyCounts(program, route.handler))
    return [pass(name, route.place, 'the handler counts attempts')];
  if (route.framework === 'django' && djangoLimits(web)) return [pass(name, route.place, 'limited by the settings')];
  const above = route.above.find((layer) => coverOf(program, layer) === 'covers');
  if (above) {
    // Flask-Limiter remembers its limits by the name of the function, so that the order does not matter.
    if (above.names.some((one) => one.startsWith('flask_limiter')))
      return [pass(name, route.place, `limited by ${above.names[0]!}`)];
    return [fail(name, finding('misplaced', { place: above.place }))];
  }
  const doubt = route.open ?? covers.find((one) => one.cover === 'unknown')?.layer.unknown;
  if (doubt !== undefined) return [unknown(name, route.place, doubt)];
  return [fail(name, finding(route.framework === 'flask' && isDetached(program) ? 'detached' : 'missing'))];
}

/** Throttles of the REST framework and lock-out packages in the settings of Django. */
function djangoLimits(web: Web): boolean {
  if (
    web.settings.some((settings) =>
      settings.middleware.some((name) => /ratelimit|throttl|axes|defender|lockout/i.test(name)),
    )
  )
    return true;
  return web.program.units.some((unit) =>
    namedValues(unit).some((one) => {
      if (one.name !== 'DEFAULT_THROTTLE_CLASSES') return false;
      const value = unit.module.values[one.value.value]!;
      return value.kind !== 'list' || value.items.length > 0;
    }),
  );
}

/** `REST_FRAMEWORK = {...}` in settings. */
function restFramework(web: Web): readonly Subject[] {
  return web.program.units.flatMap((unit) =>
    unit.module.assignments.flatMap((one): readonly Subject[] => {
      if (one.name !== 'REST_FRAMEWORK' || one.function >= 0 || !one.value || one.augmented || one.target !== 'name')
        return [];
      const value = unit.module.values[one.value.value]!;
      if (value.kind !== 'dict' || value.entries.some(([key]) => key === null)) return [];
      const keys = value.entries.map(([key]) => constants(web.program, unit, key!)?.[0]);
      const place = placeIn(unit, one);
      const name = 'REST_FRAMEWORK';
      if (keys.includes('DEFAULT_THROTTLE_CLASSES')) return [pass(name, place, 'throttle classes are set')];
      return [fail(name, { message: 'noThrottles', data: {}, place, confidence: 'medium' })];
    }),
  );
}

function switchedOff(web: Web): Finding | undefined {
  for (const unit of web.program.units) {
    if (unit.module.language !== 'python') continue;
    const values = namedValues(unit);
    for (const one of values) {
      if (!/^RATELIMIT_ENABLED?$/.test(one.name) || one.guard >= 0) continue;
      const { assignment } = one;
      if (
        assignment &&
        assignment.class >= 0 &&
        /test|dev|local|debug/i.test(unit.module.classes[assignment.class]!.name)
      )
        continue;
      if (/(?:^|\/)(?:dev|local|test|ci)\w*\.py$/.test(unit.path) || values.some((other) => other.name === 'TESTING'))
        continue;
      const known = constants(web.program, unit, one.value.value);
      if (known?.every((value) => value === false))
        return { message: 'disabled', data: { name: one.name }, place: placeIn(unit, one), confidence: 'high' };
    }
  }
  return undefined;
}
