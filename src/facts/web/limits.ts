/** Knows which layers count requests, how many they let through, and what takes their effect away. */
import { constants } from '../program/flow.ts';
import {
  argument,
  type CallSite,
  type FunctionSite,
  type Node,
  type Program,
  placeIn,
  type Unit,
} from '../program/link.ts';
import type { Ref } from '../program/model.ts';
import { namedValues, wordsOf } from '../program/names.ts';
import type { Place, Span } from '../span.ts';
import { nameAt } from './guards.ts';
import { innerOf, runs } from './headers.ts';
import { optionsOf } from './js.ts';
import { entriesOf } from './js-values.ts';
import type { Layer } from './model.ts';
import { itemsOf } from './python.ts';
import { bodiesOf, nameOf } from './work.ts';

const limiterWords = new Set([
  'ratelimit',
  'ratelimiter',
  'limiter',
  'throttle',
  'throttler',
  'throttles',
  'throttling',
  'throttled',
  'lockout',
  'slowapi',
  'axes',
  'defender',
  'bruteforce',
]);
const pairsOfWords = [
  'rate_limit',
  'rate_limits',
  'rate_limited',
  'rate_limiter',
  'rate_limiting',
  'failed_attempts',
  'login_attempts',
  'max_attempts',
  'attempt_count',
  'brute_force',
  'failed_logins',
  'locked_until',
  'token_bucket',
  'too_many',
  'check_limit',
  'is_locked',
  'account_locked',
];

/** Does the name speak of limiting requests? */
function isLimiterName(name: string): boolean {
  const words = wordsOf(name);
  const text = `_${words.join('_')}_`;
  return words.some((word) => limiterWords.has(word)) || pairsOfWords.some((pair) => text.includes(`_${pair}_`));
}

/** Does running the functions refuse callers who come too often: a status 429, a limiter that is asked, a lock-out? */
export function counts(
  program: Program,
  functions: readonly FunctionSite[],
  depth = 0,
  seen: Set<unknown> = new Set(),
): boolean {
  return functions.some((one) => {
    if (depth > 3 || seen.has(one.function)) return false;
    seen.add(one.function);
    const { unit, id } = one;
    const { module } = unit;
    if (
      module.comparisons.some(
        (compare) =>
          compare.function === id && [compare.left, compare.right].some((side) => isLimiterName(side.name ?? '')),
      )
    )
      return true;
    return (
      module.calls.some((call, callId) => {
        if (call.function !== id) return false;
        const site = program.call(unit, callId);
        if (
          isLimiterName(call.callee.name ?? '') ||
          site.names.some((name) => isLimiterName(name.split('.').slice(-2).join('.')))
        )
          return true;
        if (call.args.some((arg) => says429(program, unit, arg.value, arg.name))) return true;
        return counts(program, program.targets(site), depth + 1, seen);
      }) ||
      module.functions[id]!.returns.some((ret) => {
        const value = ret.value && module.values[ret.value.value]!;
        return value?.kind === 'list' && value.items.some((item) => says429(program, unit, item, undefined));
      })
    );
  });
}

function says429(program: Program, unit: Unit, ref: Ref, name: string | undefined): boolean {
  return constants(program, unit, ref)?.includes(429) === true || /429|TOO_MANY_REQUESTS/.test(name ?? '');
}

/** Does the layer only say how much the limiter of the application lets through? */
export function isRate(layer: Layer): boolean {
  return layer.names[0] === '@nestjs/throttler.rate';
}

/**
 * `unknown`: its name speaks of limits, but what it does is not in the repository, or does not count; `partly`: it
 * counts for some callers.
 */
export type Cover = 'covers' | 'partly' | 'exempt' | 'defaultless' | 'unknown' | 'none';

/** What a layer does for the rate at which a route may be called. `known`: packages of limiters. */
export function coverOf(program: Program, layer: Layer, known: readonly string[]): Cover {
  const isKnown = (name: string) =>
    known.some((one) => name.startsWith(one) && /^(?:$|[./(])/.test(name.slice(one.length)));
  const own =
    layer.names.length > 0 ? layer.names : [nameAt(layer.node.unit, layer.node.ref), ...classNames(program, layer)];
  const isLimiter =
    own.some((name) => isLimiterName(name.split('.').slice(-3).join('.'))) || isLimiterName(calleeName(layer));
  if (isLimiter && own.some((name) => /\.(?:exempt|limit_exempt)(?:\(\))?$/.test(name))) return 'exempt';
  if (layer.level === 'helper') {
    const maker = own.find((name) => /^flask_limiter(?:\.\w+)*\.Limiter/.test(name));
    if (maker !== undefined && !/\.limit\(\)$|\.shared_limit\(\)$/.test(maker))
      return hasDefaults(program, layer) ? 'covers' : 'defaultless';
    return isLimiter ? (own.some(isKnown) ? 'covers' : 'unknown') : 'none';
  }
  if (own.some((name) => /SlowAPI(?:ASGI)?Middleware$/.test(name)))
    return program.calls(['slowapi.Limiter', 'slowapi.extension.Limiter']).some((site) => limits(program, site))
      ? 'covers'
      : 'defaultless';
  // A rate that `@Throttle` gives counts nothing without the guard.
  if (isRate(layer)) return 'none';
  if (own.some((name) => isKnown(name) || /^rest_framework\.throttling\./.test(name))) {
    if (skipsAll(program, layer)) return 'exempt';
    return methodsOf(program, layer, 'shouldSkip').length > 0 ? 'partly' : 'covers';
  }
  const functions = runs(program, layer.node);
  if (counts(program, functions)) return 'covers';
  if (counts(program, strategies(program, layer))) return 'partly';
  if (layer.unknown !== undefined) return 'unknown';
  if (functions.length > 0 && functions.every((one) => one.function.stub)) return 'none';
  // A switch such as `rate_limit_exempt` or an error handler is no limiter.
  return isLimiter && layer.level !== 'after' ? 'unknown' : 'none';
}

/** `skip: () => true`: an option that lets every request through. */
function skipsAll(program: Program, layer: Layer): boolean {
  const skip = optionsOf(program, layer).find(([name]) => name === 'skip')?.[1];
  const functions = skip ? runs(program, skip) : [];
  return (
    functions.length > 0 &&
    functions.every(({ unit, function: { returns } }) =>
      returns.every(({ value }) => value && constants(program, unit, value.value)?.every((one) => one === true)),
    )
  );
}

/** `validate` of the strategy that a guard of passport names: whom it refuses is a question of the account. */
function strategies(program: Program, { names, site }: Layer): readonly FunctionSite[] {
  const [given] = site?.call.args ?? [];
  if (!given || !names.some((name) => name.startsWith('@nestjs/passport.AuthGuard'))) return [];
  const [wanted] = constants(program, site!.unit, given.value) ?? [];
  return program.calls(['@nestjs/passport.PassportStrategy']).flatMap(({ unit, id, call }) => {
    const named = call.args[1] && constants(program, unit, call.args[1].value)?.[0];
    if (named !== wanted) return [];
    return unit.module.classes.flatMap((model, at) => {
      const isBase = model.bases.some(({ value }) => {
        const base = unit.module.values[value]!;
        return base.kind === 'call' && base.call === id;
      });
      return isBase ? (program.method(unit, at, 'validate') ?? []) : [];
    });
  });
}

/** Names of the class that is the layer, and of its bases. */
function classNames(program: Program, { node }: Layer): readonly string[] {
  return program
    .meanings(node.unit, node.ref)
    .flatMap((one) =>
      one.kind === 'class' || one.kind === 'instance'
        ? [one.unit.module.classes[one.class]!.name, ...program.bases(one.unit, one.class)]
        : [],
    );
}

function calleeName(layer: Layer): string {
  return layer.site?.call.callee.name ?? '';
}

/** Limits of a `Limiter(...)` that hold for every route. */
function limits(program: Program, site: CallSite): boolean {
  const given = argument(site.call, 99, 'default_limits', 'application_limits', 'global_limits', 'meta_limits');
  if (!given) return site.call.args.some((arg) => arg.spread === 'dict');
  const value = site.unit.module.values[given.value]!;
  return value.kind !== 'list' || itemsOf(program, site.unit, given.value).length > 0;
}

function hasDefaults(program: Program, layer: Layer): boolean {
  const { site } = layer;
  if (!site) return true;
  if (site.names.some((name) => /Limiter$/.test(name)) && limits(program, site)) return true;
  const all = program.calls(['flask_limiter.Limiter', 'flask_limiter.extension.Limiter']);
  const configured = program.units.some((unit) =>
    unit.module.assignments.some((one) => /^RATELIMIT_(?:DEFAULT|APPLICATION)/.test(one.name)),
  );
  return configured || (!site.names.some((name) => /Limiter$/.test(name)) && all.some((one) => limits(program, one)));
}

const makers = [
  'slowapi.Limiter',
  'slowapi.extension.Limiter',
  'flask_limiter.Limiter',
  'flask_limiter.extension.Limiter',
];

/** The `Limiter(...)` whose limit a layer is; undefined when several may be meant. */
export function limiterOf(program: Program, layer: Layer): CallSite | undefined {
  if (!layer.names.some((name) => makers.some((maker) => name.startsWith(maker)))) return undefined;
  const all = program.calls(makers).filter((site) => site.unit.zone === 'production');
  const near = all.filter((site) => site.unit === layer.node.unit);
  return near.length === 1 ? near[0] : all.length === 1 ? all[0] : undefined;
}

/** Does the limiter count in the memory of its process? */
export function isInMemory(program: Program, { unit, call }: CallSite): boolean {
  const storage = argument(call, 99, 'storage_uri', 'storage_url');
  const values = storage && constants(program, unit, storage.value);
  if (storage) return values?.every((one) => typeof one === 'string' && one.startsWith('memory')) ?? false;
  if (call.args.some((arg) => arg.spread === 'dict')) return false;
  return !program.units.some((one) => namedValues(one).some(({ name }) => /^RATELIMIT_STORAGE_UR[IL]$/.test(name)));
}

const chosen = /^(?:x-forwarded-for|forwarded|x-client-ip|client-ip|user-agent|x-user-?id)$/i;
const trusting = /trust|prox(?:y|ies)/i;

/** The place where a limiter takes its key from a header that the client writes as it likes. `paths`: files of the applications. */
export function clientKey(program: Program, layer: Layer, paths: readonly string[]): Place | undefined {
  for (const site of [layer.site, limiterOf(program, layer)]) {
    if (!site) continue;
    const key = argument(site.call, site.names.some((name) => name.endsWith('.Limiter')) ? 0 : 99, 'key_func');
    if (!key) continue;
    const { unit } = site;
    if (program.names(unit, key.value).some((name) => /^(?:slowapi|flask_limiter)\.util\.get_ipaddr$/.test(name)))
      return placeIn(unit, key);
    const found = headerRead(program, runs(program, { unit, ref: key.value }));
    if (found) return found;
  }
  const options = optionsOf(program, layer);
  const maker = options.find(([name]) => /^(?:keyGenerator|keyPrefix|id)$/.test(name))?.[1];
  if (maker) return headerRead(program, runs(program, maker));
  if (layer.names.some((name) => /^express-(?:rate-limit|slow-down|brute|limiter)/.test(name)))
    return trustedByAll(program, paths);
  return headerRead(program, [...runs(program, layer.node), ...methodsOf(program, layer, 'getTracker')]);
}

/** The method of that name of the class that is the layer: `getTracker` of a throttler names the client, `shouldSkip` lets some by. */
function methodsOf(program: Program, { node }: Layer, name: string): readonly FunctionSite[] {
  return program.meanings(node.unit, node.ref).flatMap((one) => {
    const isClass = one.kind === 'class' || one.kind === 'instance';
    return isClass ? (program.method(one.unit, one.class, name) ?? []) : [];
  });
}

/** `app.set('trust proxy', true)`: the address of the client is the first one that the header names. */
function trustedByAll(program: Program, paths: readonly string[]): Place | undefined {
  const site = program.allCalls().find(({ unit, call }) => {
    const [name, value] = call.args;
    const method = /\.(set|enable)$/.exec(call.callee.name ?? '')?.[1];
    if (!method || !name || !paths.includes(unit.path)) return false;
    if (constants(program, unit, name.value)?.[0] !== 'trust proxy') return false;
    return method === 'enable' || (value && constants(program, unit, value.value)?.every((one) => one === true));
  });
  return site && placeIn(site.unit, site.call);
}

/** Where some functions, and what they call, read a header that clients write; undefined where they mind proxies. */
function headerRead(program: Program, functions: readonly FunctionSite[]): Place | undefined {
  let found: Place | undefined;
  for (const { unit, id, function: model } of bodiesOf(program, functions, 3)) {
    const { module } = unit;
    const inside = (span: Span) => span.start >= model.span.start && span.end <= model.span.end;
    const isChosen = (ref: Ref) =>
      constants(program, unit, ref)?.some((text) => chosen.test(String(text).replaceAll('_', '-'))) ?? false;
    const calls = module.calls.filter((one) => one.function === id);
    // The last entry is the one that the own proxy wrote, and whoever knows the proxies asks for them.
    const careful =
      calls.some((one) => trusting.test(one.callee.name ?? '')) ||
      module.comparisons.some(
        (one) => one.function === id && [one.left, one.right].some((side) => trusting.test(side.name ?? '')),
      ) ||
      module.guards.some((one) => one.kind === 'if' && inside(one.span) && trusting.test(nameAt(unit, one.test))) ||
      module.values.some((value) => {
        const index = value.kind === 'item' && inside(value.span) ? module.values[value.key]! : undefined;
        return index?.kind === 'const' && index.value === -1;
      });
    if (careful) return undefined;
    const read = calls.find(
      ({ callee, args: [name] }) =>
        name && /(?:headers\.get|\.header|req(?:uest)?\.get|ctx\.get)$/.test(callee.name ?? '') && isChosen(name.value),
    );
    const item = module.values.find(
      (value) =>
        value.kind === 'item' && inside(value.span) && /headers$/.test(nameOf(unit, value.of)) && isChosen(value.key),
    );
    const node = read ?? item;
    if (node) found ??= placeIn(unit, node);
  }
  return found;
}

/** A limiter of Flask that no application was given. */
export function isDetached(program: Program): boolean {
  const all = program.calls(['flask_limiter.Limiter', 'flask_limiter.extension.Limiter']);
  if (all.length === 0) return false;
  const attached = all.some(({ call }) =>
    call.args.some(
      (arg) => arg.keyword === 'app' || arg.spread === 'dict' || /(?:^|[._])\w*app(?:\(\))?$/i.test(arg.name ?? ''),
    ),
  );
  return (
    !attached &&
    !program
      .allCalls()
      .some((site) => /(?:limiter|Limiter\(\))\.init_app$/i.test(site.names[0] ?? site.call.callee.name ?? ''))
  );
}

/** The handler's own limiting: what it calls and compares. */
export function bodyCounts(program: Program, handler: FunctionSite): boolean {
  return counts(program, [handler, ...innerOf(handler)]);
}

const seconds: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86400,
  day: 86400,
  month: 2592000,
  year: 31536000,
};

const countNames = /^(?:max|limit|points|rateLimit)$/;
const windows: Readonly<Record<string, number>> = {
  windowMs: 1000,
  ttl: 1000,
  interval: 1000,
  timeWindow: 1000,
  duration: 1,
};

/** The rate of `{ windowMs: 60000, max: 5 }` and its peers; a limit of zero or less lets everybody pass. */
function countedRate(program: Program, layer: Layer): number | undefined {
  let count: number | undefined;
  let span = 60;
  const read = (options: readonly (readonly [string, Node])[], depth: number): void => {
    for (const [key, node] of options) {
      const known = constants(program, node.unit, node.ref);
      const value = known?.length === 1 ? known[0] : undefined;
      if (value === undefined && depth < 1) read(entriesOf(program, node), depth + 1);
      if (countNames.test(key) && typeof value === 'number') count = value;
      if (!Object.hasOwn(windows, key)) continue;
      const text = typeof value === 'string' ? /^(\d+)\s*([a-z]+?)s?$/i.exec(value) : undefined;
      if (typeof value === 'number' && value > 0) span = value / windows[key]!;
      else if (text && seconds[text[2]!.toLowerCase()]) span = Number(text[1]) * seconds[text[2]!.toLowerCase()]!;
    }
  };
  read(optionsOf(program, layer), 0);
  return count === undefined ? undefined : count <= 0 ? undefined : (count * 60) / span;
}

/** The strictest of the rates that the classes of an own limiter name: `requests_per_second = 100`. */
function namedRate(program: Program, layer: Layer): number | undefined {
  const units = new Set(runs(program, layer.node).map((one) => one.unit));
  const rates = [...units].flatMap((unit) =>
    namedValues(unit).flatMap((one) => {
      const span = /(?:^|_)(?:requests?|calls|limit|rate|max)_per_(second|minute|hour)$/.exec(
        wordsOf(one.name).join('_'),
      )?.[1];
      const known = span === undefined ? undefined : constants(program, unit, one.value.value);
      return (known ?? []).flatMap((value) => (typeof value === 'number' ? [(value * 60) / seconds[span!]!] : []));
    }),
  );
  return rates.length > 0 ? Math.min(...rates) : undefined;
}

/** The strictest rate of a limit such as `5/minute; 100 per day`, in requests a minute; undefined when it cannot be told. */
export function ratePerMinute(program: Program, layer: Layer): number | undefined {
  const { site } = layer;
  const counted = countedRate(program, layer) ?? namedRate(program, layer);
  if (counted !== undefined) return counted;
  const given = site && (argument(site.call, 0, 'limit_value', 'rate') ?? argument(site.call, 99, 'rate'));
  const texts = site && given ? constants(program, site.unit, given.value) : undefined;
  if (!texts) return undefined;
  const rates = texts.flatMap((text) =>
    [...String(text).matchAll(/(\d+)\s*(?:\/|per)\s*(\d*)\s*([a-z]+?)s?(?=\W|$)/gi)].flatMap((match) => {
      const unit = seconds[match[3]!.toLowerCase()];
      return unit === undefined ? [] : [(Number(match[1]) * 60) / (unit * Number(match[2] || 1))];
    }),
  );
  return rates.length > 0 ? Math.min(...rates) : undefined;
}

/** A setting outside of tests that switches all limiters off. */
export function switchedOff(program: Program): { readonly name: string; readonly place: Place } | undefined {
  for (const unit of program.units) {
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
      const known = constants(program, unit, one.value.value);
      if (known?.every((value) => value === false)) return { name: one.name, place: placeIn(unit, one) };
    }
  }
  return undefined;
}
