/** Knows what stands in front of a handler really does: refuses strangers, asks for a role, counts requests, or nothing. */
import { constants, origins } from '../program/flow.ts';
import {
  argument,
  type CallSite,
  type FunctionSite,
  option,
  type Program,
  placeIn,
  type Unit,
} from '../program/link.ts';
import type { Ref } from '../program/model.ts';
import { wordsOf } from '../program/names.ts';
import type { Place } from '../span.ts';
import { innerOf, runs } from './headers.ts';
import { isClaimed, type Refusal, refusalsIn } from './js-refusals.ts';
import type { Layer } from './model.ts';
import { mayRunFor } from './paths.ts';
import { parameterLayers } from './python.ts';

/** What is known about guards, and the route they are asked about. */
export interface GuardWords {
  /** Words of names and conditions that ask for a role, or only for a login. */
  readonly role: readonly string[];
  readonly auth: readonly string[];
  /** Guards of libraries by their full name; one that ends with a dot stands for all names below. */
  readonly roleGuards: readonly string[];
  readonly authGuards: readonly string[];
  /** Paths of the route. */
  readonly paths?: readonly string[];
}

export interface Verdict {
  /** `role` asks for more than a login: a role, a permission, a shared key. */
  readonly kind: 'none' | 'auth' | 'role' | 'open' | 'client';
  readonly name: string;
  readonly place: Place;
  /** Judged by its name alone: what it does is not in the repository. */
  readonly unsure?: true;
  /** Why nobody can tell. */
  readonly reason?: string;
}

const none = (name: string, place: Place): Verdict => ({ kind: 'none', name, place });

/** What a layer does for the question who is calling. */
export function guardOf(program: Program, layer: Layer, words: GuardWords, depth = 0): Verdict {
  const { node, place } = layer;
  const written = layer.names[0] ?? nameAt(node.unit, node.ref);
  const names = layer.names.length > 0 ? layer.names : [written];
  for (const [kind, known] of [
    ['role', words.roleGuards],
    ['auth', words.authGuards],
  ] as const)
    if (names.some((name) => isListed(known, name))) {
      const asks = layer.site && asksForRole(program, layer.site, words) ? 'role' : kind;
      return { kind: asks, name: written.replace(/\(\)$/, ''), place };
    }
  if (layer.unknown !== undefined) return { kind: 'role', name: '', place, unsure: true, reason: layer.unknown };
  // `LoginManager(app)`, `Admin(app)`: being installed asks nobody anything.
  if (layer.level === 'helper') return none(written, place);
  const functions = runs(program, node);
  if (functions.length > 0) return refuses(program, functions, words, depth, new Set());
  const permission = layer.level === 'class' ? permissionOf(program, layer, words) : undefined;
  if (permission) return permission;
  // A class of the repository that runs nothing of its own: its fields and bases are layers themselves.
  if (program.meanings(node.unit, node.ref).some((one) => one.kind !== 'external')) return none(written, place);
  if (names.some((name) => /AllowAny|Anonymous|optional|exempt|cors|session\w*middleware|Authentication$/i.test(name)))
    return none(written, place);
  const all = names.flatMap((name) => wordsOf(name.split('.').slice(-2).join('.')));
  const scopes = layer.site?.call.args.some((arg) => arg.keyword === 'scopes') ?? false;
  if (scopes || has(all, words.role)) return { kind: 'role', name: written, place, unsure: true };
  const isScheme = names.some((name) => name.startsWith('fastapi.security.'));
  if (isScheme && isOptional(program, layer)) return none(written, place);
  if (has(all, words.auth) || isScheme) return { kind: 'auth', name: written, place, unsure: true };
  return none(written, place);
}

/** `HTTPBearer(auto_error=False)`: what asks for credentials lets callers without any through. */
function isOptional(program: Program, { node, site }: Layer): boolean {
  const asked = site?.call.args[0];
  const schemes = [node, ...(asked ? [{ unit: site.unit, ref: asked.value }] : [])];
  return schemes.some(({ unit, ref }) =>
    origins(program, unit, ref, { callers: false, whole: true }).some((one) => {
      const made = one.node.unit.module.values[one.node.ref]!;
      const given =
        made.kind === 'call' ? argument(one.node.unit.module.calls[made.call]!, 99, 'auto_error') : undefined;
      return given !== undefined && constants(program, one.node.unit, given.value)?.includes(false) === true;
    }),
  );
}

/** A permission class of the REST framework, or a mixin with a test: what its methods return decides. */
function permissionOf(program: Program, layer: Layer, words: GuardWords): Verdict | undefined {
  for (const one of program.meanings(layer.node.unit, layer.node.ref)) {
    if (one.kind !== 'class') continue;
    for (const name of ['has_permission', 'test_func', 'is_accessible', 'has_object_permission']) {
      const method = program.method(one.unit, one.class, name);
      if (method) return permits(program, method, words, one.unit.module.classes[one.class]!.name);
    }
    const whole = program.method(one.unit, one.class, '_handle_view');
    if (whole) return refuses(program, [whole], words, 0, new Set());
    for (const base of program.bases(one.unit, one.class))
      for (const [kind, known] of [
        ['role', words.roleGuards],
        ['auth', words.authGuards],
      ] as const)
        if (isListed(known, base)) {
          const calls = one.unit.module.classes[one.class]!.bases.map((own) => one.unit.module.values[own.value]!);
          const asks = calls.some(
            (own) => own.kind === 'call' && asksForRole(program, program.call(one.unit, own.call), words),
          );
          return { kind: asks ? 'role' : kind, name: base, place: layer.place };
        }
  }
  return undefined;
}

/** What a method that answers yes or no asks for; always yes is no guard. */
export function permits(program: Program, method: FunctionSite, words: GuardWords, name: string): Verdict {
  const { unit, function: model } = method;
  const place = placeIn(unit, model.nameSpan);
  const answers = model.returns.flatMap((one) => (one.value ? [one] : []));
  const always = answers.every((one) => {
    const known = constants(program, unit, one.value!.value);
    return known !== undefined && known.length > 0 && known.every((value) => value === true);
  });
  if (answers.length === 0 || always) return none(name, place);
  const asked = answers.flatMap((one) => {
    const tests: Ref[] = [one.value!.value];
    for (let at = one.guard; at >= 0; at = unit.module.guards[at]!.parent) {
      const guard = unit.module.guards[at]!;
      if (guard.kind === 'if') tests.push(guard.test);
    }
    return tests.flatMap((test) => [...wordsIn(program, unit, test), ...answersIn(program, unit, test)]);
  });
  return { kind: has([...asked, ...wordsOf(name)], words.role) ? 'role' : 'auth', name, place };
}

/** `AuthGuard('admin-jwt')`: the strategy or claim that a guard of a library is told speaks of a role. */
function asksForRole(program: Program, { unit, call }: CallSite, words: GuardWords): boolean {
  return call.args.some((arg) =>
    constants(program, unit, arg.value)?.some((one) => typeof one === 'string' && has(wordsOf(one), words.role)),
  );
}

function isListed(known: readonly string[], name: string): boolean {
  return known.some((one) => name === one || name === `${one}()` || (one.endsWith('.') && name.startsWith(one)));
}

/** Is one of the wanted words among them? */
export function has(words: readonly string[], wanted: readonly string[]): boolean {
  return words.some((word) => wanted.includes(word));
}

/** The name of a value as it is written or defined; empty when it has none. */
export function nameAt(unit: Unit, ref: Ref): string {
  const value = unit.module.values[ref]!;
  if (value.kind === 'function') return unit.module.functions[value.function]!.name;
  if (value.kind === 'class') return unit.module.classes[value.class]!.name;
  return 'name' in value ? (value.name ?? '') : '';
}

const refusals =
  /(?:^|[._])(?:HTTP)?_?(?:Unauthori[sz]ed|Forbidden|PermissionDenied|PermissionError|NotAuthenticated|AuthenticationFailed|NotAuthorized|AuthenticationError|AuthorizationError|AccessDenied)(?:Error|Exception)?(?:\(\))?$|HttpResponseForbidden|redirect_to_login|handle_no_permission|\.unauthorized$/i;
const verifiers =
  /(?:^|[._])(?:jwt\.decode|verify_jwt_in_request|verify_id_token|verify_oauth2_token|check_permissions?|validate_token)$/;

/** The strongest of what some functions do, with what they call and depend on. */
export function refuses(
  program: Program,
  functions: readonly FunctionSite[],
  words: GuardWords,
  depth: number,
  seen: Set<unknown>,
): Verdict {
  let best: Verdict = none(
    functions[0]?.function.name ?? '',
    functions[0]
      ? placeIn(functions[0].unit, functions[0].function.nameSpan)
      : { path: '', span: { start: 0, end: 0 } },
  );
  for (const one of functions) {
    if (depth > 4 || seen.has(one.function)) continue;
    seen.add(one.function);
    best = stronger(best, inspect(program, one, words, depth, seen));
    if (best.kind === 'role') return best;
  }
  return best;
}

const order = ['none', 'client', 'open', 'auth', 'role'];
/** The verdict that asks for more; of equal ones the sure one. */
export function stronger(a: Verdict, b: Verdict): Verdict {
  const rank = (one: Verdict) => order.indexOf(one.kind) * 2 + (one.unsure ? 0 : 1);
  return rank(b) > rank(a) ? b : a;
}

function inspect(program: Program, site: FunctionSite, words: GuardWords, depth: number, seen: Set<unknown>): Verdict {
  const { unit, id, function: model } = site;
  const { module } = unit;
  const place = placeIn(unit, model.nameSpan);
  let best = none(model.name, place);
  for (const layer of depth < 4 ? parameterLayers(program, site) : [])
    best = stronger(best, guardOf(program, layer, words, depth + 1));
  const found: Refusal[] = refusalsIn(program, site).filter((one) => mayRunFor(program, unit, one.guard, words.paths));
  for (const raise of module.raises) {
    if (raise.function !== id || !raise.value || raise.assertion) continue;
    if (!mayRunFor(program, unit, raise.guard, words.paths)) continue;
    const value = module.values[raise.value.value]!;
    const call = value.kind === 'call' ? program.call(unit, value.call) : undefined;
    const texts = call ? [...call.names, call.call.callee.name ?? ''] : [raise.value.name ?? ''];
    if (texts.some((text) => refusals.test(text)) || (call && denies(program, call)))
      found.push({ start: raise.span.start, guard: raise.guard });
  }
  for (const [callId, call] of module.calls.entries()) {
    if (call.function !== id || !mayRunFor(program, unit, call.guard, words.paths)) continue;
    const called = program.call(unit, callId);
    const text = call.callee.name ?? '';
    const target = called.names.find((name) => refusals.test(name)) ?? text;
    const isRefusal =
      refusals.test(target) ||
      (/(?:^|\.)(?:abort|send_error|send_response|Response|JSONResponse|json_response|HttpResponse|JsonResponse|PlainTextResponse|jsonify|make_response|HTMLResponse)$/.test(
        text,
      ) &&
        denies(program, called)) ||
      called.names.some((name) => verifiers.test(name)) ||
      (/(?:^|\.)(?:redirect|RedirectResponse|HTTPFound)$/.test(text) &&
        /login|signin|auth/i.test(snippet(program, called)));
    if (module.language !== 'python' && called.names.some((name) => isListed(words.authGuards, name)))
      best = stronger(best, { kind: 'auth', name: text, place });
    if (isRefusal) found.push({ start: call.span.start, guard: call.guard });
    else if (!isSwitchedOff(program, called)) {
      for (const inner of program.targets(called)) {
        if (seen.has(inner.function) || depth >= 3) continue;
        // `verify(resolve, reject)` of JavaScript gives back the callback that decides, `needs('admin')(view)` a wrapped view.
        const all =
          inner.unit.module.language === 'python' && !givesFunction(inner) ? [inner] : [inner, ...innerOf(inner)];
        const verdict = refuses(program, all, words, depth + 1, new Set(seen));
        if (inner.function.async && call.statement && !call.awaited) continue;
        best = stronger(best, verdict);
      }
    }
  }
  for (const one of model.returns) {
    const value = one.value && module.values[one.value.value]!;
    if (value?.kind !== 'list' || !mayRunFor(program, unit, one.guard, words.paths)) continue;
    const last = value.items.map((item) => constants(program, unit, item)?.[0]);
    if (last.includes(401) || last.includes(403)) found.push({ start: one.span.start, guard: one.guard });
  }
  if (found.length === 0) return best;
  return stronger(best, judge(program, site, found, words, place));
}

function givesFunction({ unit, function: model }: FunctionSite): boolean {
  return model.returns.some((one) => one.value && unit.module.values[one.value.value]!.kind === 'function');
}

/** Is what a call would ask switched off by an option: `readRequest(request, { skipAuth: true })`? */
function isSwitchedOff(program: Program, site: CallSite): boolean {
  const is = (name: string, wanted: boolean) => {
    const node = option(program, site, name);
    return node !== undefined && constants(program, node.unit, node.ref)?.every((one) => one === wanted) === true;
  };
  return (
    ['skipAuth', 'skip_auth', 'noAuth', 'no_auth'].some((name) => is(name, true)) ||
    ['auth', 'requireAuth', 'require_auth', 'auth_required', 'authRequired', 'authenticate'].some((name) =>
      is(name, false),
    )
  );
}

/** What the refusals of a function ask for, and whether something gets past them. */
function judge(
  program: Program,
  site: FunctionSite,
  found: readonly Refusal[],
  words: GuardWords,
  place: Place,
): Verdict {
  const { unit, function: model } = site;
  const owner = model.class < 0 ? '' : unit.module.classes[model.class]!.name;
  const asked = new Set([...wordsOf(model.name), ...wordsOf(owner)]);
  const tests = new Set<Ref>();
  let refusing = 0;
  // A token against forged requests is given to every visitor.
  const isForgery = (all: readonly string[]) => has(all, ['csrf', 'xsrf', 'nonce']);
  for (const refusal of found) {
    const own = testsOf(unit, refusal);
    const about = own.flatMap((test) => wordsIn(program, unit, test));
    if (isAboutState(about) || isForgery(about) || isForgery(wordsOf(model.name))) continue;
    if (isForInsiders(unit, refusal) && !has(about, words.role)) continue;
    refusing++;
    for (const test of own) tests.add(test);
  }
  if (refusing === 0) return none(model.name, place);
  for (const test of tests)
    for (const word of [...wordsIn(program, unit, test), ...answersIn(program, unit, test)]) asked.add(word);
  const gap = openAt(site, found);
  if (gap) return { kind: 'open', name: model.name, place: placeIn(unit, gap) };
  if ([...tests].some((test) => isClaim(program, unit, test, words)))
    return { kind: 'client', name: model.name, place };
  const all = [...asked];
  // A key that is compared belongs to machines and administrators, not to every user.
  const isShared =
    has(all, ['secret', 'key', 'token', 'password', 'digest', 'signature', 'hmac']) &&
    [...tests].some((test) => isComparison(program, unit, test));
  return { kind: isShared || has(all, words.role) ? 'role' : 'auth', name: model.name, place };
}

/** Conditions of a refusal about who calls: not the address that is called, and not that administrators are refused. */
function testsOf({ module }: Unit, { guard, test }: Refusal): readonly Ref[] {
  const tests = test === undefined ? [] : [test];
  for (let at = guard; at >= 0; at = module.guards[at]!.parent) {
    const one = module.guards[at]!;
    if (one.kind !== 'if') continue;
    const value = module.values[one.test]!;
    const compared = value.kind === 'compare' ? module.comparisons[value.comparison]! : undefined;
    const names = compared
      ? [compared.left.name ?? '', compared.right.name ?? '']
      : value.kind === 'attr' || value.kind === 'global'
        ? [value.name]
        : [];
    if (compared && names.some((name) => /(?:^|\.)(?:endpoint|blueprint|url_rule|path|method|originalUrl)$/.test(name)))
      continue;
    if (
      !compared &&
      one.holds &&
      names.some(
        (name) => /(?:^|[._])(?:is_?)?(?:super_?)?(?:admin|user|staff)$/i.test(name) && /admin|staff|super/i.test(name),
      )
    )
      continue;
    tests.push(one.test);
  }
  return tests;
}

/** Does a refusal only meet callers who are logged in, those who are banned, say? Strangers get past it. */
function isForInsiders({ module }: Unit, { guard }: Refusal): boolean {
  for (let at = guard; at >= 0; at = module.guards[at]!.parent) {
    const one = module.guards[at]!;
    if (one.kind !== 'if' || !one.holds) continue;
    const value = module.values[one.test]!;
    const name =
      value.kind === 'call' ? module.calls[value.call]!.callee.name : 'name' in value ? value.name : undefined;
    if (/(?:^|\.)(?:is_?)?(?:authed|authenticated|logged_?in)$/i.test(name ?? '')) return true;
  }
  return false;
}

const states = new Set(
  'import imports importing export progress setup maintenance readonly initialized initialised installed upgrade upgrading migrating frozen'.split(
    ' ',
  ),
);
const glue = new Set(
  'is in not has get config app settings current site system running mode under complete completed done false true'.split(
    ' ',
  ),
);

/** Do all conditions speak of the state of the service, whoever calls: a set-up that is not done, an import that runs? */
function isAboutState(words: readonly string[]): boolean {
  return words.some((word) => states.has(word)) && words.every((word) => states.has(word) || glue.has(word));
}

const equality = new Set(['==', '!=', '===', '!==', 'in', 'not in']);

function isComparison(program: Program, unit: Unit, ref: Ref): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'compare') return equality.has(unit.module.comparisons[value.comparison]!.op);
  if (value.kind === 'call') {
    const site = program.call(unit, value.call);
    const name = site.call.callee.name ?? '';
    if (/compare_digest$|timingSafeEqual$/.test(name)) return true;
    // `is_valid(key)` of the repository compares; one that looks a user up does not.
    return (
      /verify|check|valid/.test(name) &&
      program.targets(site).some(({ unit: own, id }) => comparesKey(program, own, id))
    );
  }
  return (
    (value.kind === 'operation' || value.kind === 'either') && value.of.some((one) => isComparison(program, unit, one))
  );
}

function comparesKey(program: Program, unit: Unit, id: number): boolean {
  const { module } = unit;
  return (
    module.calls.some(
      (call) => call.function === id && /compare_digest$|timingSafeEqual$/.test(call.callee.name ?? ''),
    ) || module.functions[id]!.returns.some((one) => one.value && isComparison(program, unit, one.value.value))
  );
}

/** Words of the names and texts a condition is made of. */
export function wordsIn(program: Program, unit: Unit, ref: Ref): readonly string[] {
  const words: string[] = [];
  const seen = new Set<Ref>();
  const visit = (at: Ref, depth: number): void => {
    if (seen.has(at) || depth > 8 || seen.size > 120) return;
    seen.add(at);
    const value = unit.module.values[at]!;
    if (value.kind === 'const' && typeof value.value === 'string') words.push(...wordsOf(value.value));
    if (value.kind === 'attr' || value.kind === 'global') words.push(...wordsOf(value.name));
    if (value.kind === 'param')
      words.push(...wordsOf(unit.module.functions[value.function]!.params[value.index]!.name));
    if (value.kind === 'compare') {
      const { left, right } = unit.module.comparisons[value.comparison]!;
      for (const side of [left, right]) {
        if (side.name) words.push(...wordsOf(side.name));
        visit(side.value, depth + 1);
      }
    } else if (value.kind === 'call') {
      const { call } = program.call(unit, value.call);
      words.push(...wordsOf(call.callee.name ?? ''));
      // The folders that a function of the repository comes from say nothing about what it asks.
      const callee = unit.module.values[call.callee.value]!;
      const isOwn = callee.kind === 'global' && program.targets(program.call(unit, value.call)).length > 0;
      if (isOwn) words.push(...wordsOf(callee.name.split('.').at(-1)!));
      else visit(call.callee.value, depth + 1);
      for (const arg of call.args) visit(arg.value, depth + 1);
    } else if (value.kind === 'item') {
      visit(value.of, depth + 1);
      visit(value.key, depth + 1);
    } else if (value.kind === 'list') for (const item of value.items) visit(item, depth + 1);
    else if ('of' in value && value.of !== undefined)
      for (const one of typeof value.of === 'number' ? [value.of] : value.of) visit(one, depth + 1);
  };
  visit(ref, 0);
  return words;
}

/** Words of what the functions of the repository answer that a condition calls: `mayList(user)` returns `user.isAdmin`. */
function answersIn(program: Program, unit: Unit, test: Ref, depth = 0): readonly string[] {
  const value = unit.module.values[test]!;
  if (depth > 3) return [];
  if (value.kind === 'operation' || value.kind === 'either')
    return value.of.slice(0, 8).flatMap((one) => answersIn(program, unit, one, depth + 1));
  if (value.kind !== 'call') return [];
  return program
    .targets(program.call(unit, value.call))
    .slice(0, 4)
    .flatMap((target) =>
      target.function.returns.slice(0, 8).flatMap((one) => {
        if (!one.value || one.yields) return [];
        const inner = { unit: target.unit, ref: one.value.value };
        return [...wordsIn(program, inner.unit, inner.ref), ...answersIn(program, inner.unit, inner.ref, depth + 1)];
      }),
    );
}

/** A role that the request itself claims: `request.headers["X-Role"] == "admin"`. */
function isClaim(program: Program, unit: Unit, test: Ref, words: GuardWords): boolean {
  const value = unit.module.values[test]!;
  if (value.kind === 'operation' || value.kind === 'either')
    return value.of.some((one) => isClaim(program, unit, one, words));
  if (value.kind !== 'compare') return false;
  const { left, right, op } = unit.module.comparisons[value.comparison]!;
  if (!equality.has(op)) return false;
  const sides = [left, right] as const;
  return sides.some((side, i) => {
    const fixed = constants(program, unit, sides[1 - i]!.value);
    if (!fixed?.some((one) => typeof one === 'string' && one !== '')) return false;
    const about = wordsIn(program, unit, test);
    if (!has(about, words.role)) return false;
    if (isClaimed(unit, side.value)) return true;
    return origins(program, unit, side.value, { whole: true }).some(
      (one) =>
        one.kind === 'source' &&
        one.source === 'request' &&
        /header|cookie|args|query|form|json|GET|POST|COOKIES|META/i.test(one.name),
    );
  });
}

const environmentWords = [
  'env',
  'environment',
  'debug',
  'testing',
  'production',
  'dev',
  'development',
  'enabled',
  'disabled',
  'disable',
  'skip',
];

/** The place where a guard lets everybody pass: no secret configured, or another environment. */
function openAt(
  { unit, function: model }: FunctionSite,
  found: readonly Refusal[],
): { readonly start: number; readonly end: number } | undefined {
  const { module } = unit;
  const first = Math.min(...found.map((one) => one.start));
  const settings = (ref: Ref, depth = 0): boolean => {
    const value = module.values[ref]!;
    if (depth > 6) return false;
    if (value.kind === 'call') {
      const callee = module.calls[value.call]!.callee;
      if (/(?:^|\.)(?:getenv|environ\.get|config\.get)$/.test(callee.name ?? '')) return true;
      const of = module.values[callee.value]!;
      return of.kind === 'attr' && ['strip', 'lower', 'get'].includes(of.name) && settings(of.of, depth + 1);
    }
    if (value.kind === 'attr')
      return /^(?:settings|config|cfg|conf)$/i.test(nameAt(unit, value.of)) || (value.name === 'environ' && depth > 0);
    if (value.kind === 'global')
      return /(?:^|\.)(?:settings|environ)(?:\.|$)/.test(value.name) || /^[A-Z_]+$/.test(value.name.split('.').at(-1)!);
    if (value.kind === 'compare') {
      const { left, right } = module.comparisons[value.comparison]!;
      return [left, right].some((side) => settings(side.value, depth + 1));
    }
    if (value.kind === 'either' || value.kind === 'operation') return value.of.some((one) => settings(one, depth + 1));
    return value.kind === 'item' && settings(value.of, depth + 1);
  };
  for (const one of model.returns) {
    if (one.yields || one.span.start > first || one.guard < 0) continue;
    const guard = module.guards[one.guard]!;
    if (guard.kind !== 'if' || !settings(guard.test)) continue;
    const value = one.value && module.values[one.value.value]!;
    if (value === undefined || (value.kind === 'const' && (value.value === null || value.value === true)))
      return one.span;
  }
  // Every refusal stands inside a condition on the environment.
  const conditions = found.map(({ guard }) => {
    for (let at = guard; at >= 0; at = module.guards[at]!.parent) {
      const one = module.guards[at]!;
      if (one.kind !== 'if') continue;
      const value = module.values[one.test]!;
      if (value.kind !== 'compare' || !settings(one.test)) continue;
      const { left, right, op } = module.comparisons[value.comparison]!;
      const sides = [left, right].flatMap((side) => wordsOf(side.name ?? ''));
      const isFixed = [left, right].some((side) => module.values[side.value]!.kind === 'const');
      if ((op === '==' || op === '===') && one.holds && isFixed && has(sides, environmentWords)) return one.span;
    }
    return undefined;
  });
  return conditions.length > 0 && conditions.every((span) => span !== undefined) ? conditions[0] : undefined;
}

/** Status 401 or 403 among the arguments. */
function denies(program: Program, site: CallSite): boolean {
  return site.call.args.some((arg) => {
    if (constants(program, site.unit, arg.value)?.some((value) => value === 401 || value === 403)) return true;
    const value = site.unit.module.values[arg.value]!;
    const texts = [arg.name ?? '', ...(value.kind === 'attr' || value.kind === 'global' ? [value.name] : [])];
    return texts.some((text) => /(?:^|[._])(?:HTTP_)?40[13](?:_|$)|UNAUTHORIZED|FORBIDDEN/.test(text));
  });
}

function snippet(program: Program, site: CallSite): string {
  return site.call.args
    .flatMap((arg) => [
      arg.name ?? '',
      ...(constants(program, site.unit, arg.value) ?? []).map(String),
      ...callTexts(program, site.unit, arg.value),
    ])
    .join(' ');
}

function callTexts(program: Program, unit: Unit, ref: Ref): readonly string[] {
  const value = unit.module.values[ref]!;
  return value.kind === 'call'
    ? program.call(unit, value.call).call.args.flatMap((arg) => (constants(program, unit, arg.value) ?? []).map(String))
    : [];
}

/** What the body of a handler asks before it works, with the guards it calls without waiting for them. */
export function bodyGuard(program: Program, handler: FunctionSite, words: GuardWords): Verdict {
  return refuses(program, [handler, ...innerOf(handler)], words, 0, new Set());
}

/** Guards that are asynchronous and called as a statement without await: they never run. */
export function neverAwaited(program: Program, handler: FunctionSite, words: GuardWords): Verdict | undefined {
  const { unit, id } = handler;
  for (const [callId, call] of unit.module.calls.entries()) {
    if (call.function !== id || !call.statement || call.awaited) continue;
    for (const target of program.targets(program.call(unit, callId))) {
      if (!target.function.async || target.function.generator) continue;
      const verdict = refuses(program, [target], words, 0, new Set());
      if (verdict.kind !== 'none') return { kind: 'none', name: target.function.name, place: placeIn(unit, call) };
    }
  }
  return undefined;
}
