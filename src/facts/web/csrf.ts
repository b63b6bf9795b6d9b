/** Knows which views are taken out of the protection against forged requests, and what a handler asks for itself. */
import { constants } from '../program/flow.ts';
import { type FunctionSite, type Node, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Ref } from '../program/model.ts';
import { type NamedValue, namedValues } from '../program/names.ts';
import type { Place, Span } from '../span.ts';
import { textsIn } from './paths.ts';
import { itemsOf } from './python.ts';

/** Does running the function read or compare something of that name? */
export function asks(program: Program, { unit, id }: FunctionSite, pattern: RegExp, depth = 0): boolean {
  const { module } = unit;
  const bodies = new Set([id, ...module.functions.flatMap((one, at) => (one.function === id ? [at] : []))]);
  return (
    module.comparisons.some(
      (one) =>
        bodies.has(one.function) &&
        [one.left, one.right].some((side) => pattern.test(side.name?.split('.').at(-1) ?? '')) &&
        !isSame(unit, one.left.value, one.right.value),
    ) ||
    module.calls.some((call, callId) => {
      if (!bodies.has(call.function) || isIdle(unit, callId)) return false;
      if (
        pattern.test(call.callee.name ?? '') ||
        call.args.some(
          (arg) =>
            pattern.test(arg.name ?? '') ||
            constants(program, unit, arg.value)?.some((value) => typeof value === 'string' && pattern.test(value)),
        )
      )
        return true;
      return (
        depth < 2 && program.targets(program.call(unit, callId)).some((one) => asks(program, one, pattern, depth + 1))
      );
    })
  );
}

const tokens = /csrf|xsrf/i;
const equals =
  /(?:^|\.)(?:compare_digest|timingSafeEqual|timing_safe_compare|safe_str_cmp|constant_time_compare|safeCompare)$/;

/** Are two values made in the same way from the same things? */
function isSame(unit: Unit, a: Ref, b: Ref, depth = 0): boolean {
  if (a === b) return true;
  const [one, two] = [unit.module.values[a]!, unit.module.values[b]!];
  if (depth > 8 || one.kind !== two.kind) return false;
  const same = (x: Ref, y: Ref) => isSame(unit, x, y, depth + 1);
  if (one.kind === 'const' && two.kind === 'const') return one.value === two.value;
  if (one.kind === 'global' && two.kind === 'global') return one.name === two.name;
  if (one.kind === 'param' && two.kind === 'param') return one.function === two.function && one.index === two.index;
  if (one.kind === 'attr' && two.kind === 'attr') return one.name === two.name && same(one.of, two.of);
  if (one.kind === 'item' && two.kind === 'item') return same(one.of, two.of) && same(one.key, two.key);
  if (one.kind !== 'call' || two.kind !== 'call') return false;
  const [left, right] = [unit.module.calls[one.call]!, unit.module.calls[two.call]!];
  if (left.args.length !== right.args.length || !same(left.callee.value, right.callee.value)) return false;
  return left.args.every((arg, i) => same(arg.value, right.args[i]!.value));
}

/** A token that is read and then looked at by nobody. */
function isIdle(unit: Unit, id: number): boolean {
  const { module } = unit;
  const call = module.calls[id]!;
  if (!/(?:\.|^)(?:get|getlist|header|pop)$/.test(call.callee.name ?? '')) return false;
  const named = call.args.some((arg) => {
    const value = module.values[arg.value]!;
    return value.kind === 'const' && tokens.test(String(value.value));
  });
  if (!named || call.statement) return named;
  const holds = (ref: Ref, depth = 0): boolean => {
    const value = module.values[ref]!;
    if (value.kind === 'call') {
      if (value.call === id) return true;
      const { callee } = module.calls[value.call]!;
      return depth < 6 && holds(callee.value, depth + 1);
    }
    const parts =
      value.kind === 'either' || value.kind === 'operation' || value.kind === 'unknown'
        ? (value.of ?? [])
        : value.kind === 'attr' || value.kind === 'item' || value.kind === 'slice'
          ? [value.of]
          : [];
    return depth < 6 && parts.some((part) => holds(part, depth + 1));
  };
  return !(
    module.comparisons.some(
      ({ left, right }) => !isSame(unit, left.value, right.value) && (holds(left.value) || holds(right.value)),
    ) ||
    module.calls.some((one) => one.args.some((arg) => holds(arg.value)) || holds(one.callee.value)) ||
    module.guards.some((one) => one.kind === 'if' && module.values[one.test]!.kind !== 'compare' && holds(one.test)) ||
    module.functions.some((one) => one.returns.some((ret) => ret.value && holds(ret.value.value)))
  );
}

/** Comparisons of a token with itself: they always hold. */
export function emptyComparisons(unit: Unit): readonly Place[] {
  const { module } = unit;
  const isToken = (side: { readonly value: Ref; readonly name?: string }, depth = 0): boolean => {
    if (tokens.test(side.name ?? '')) return true;
    const value = module.values[side.value]!;
    if (depth > 2) return false;
    if (value.kind === 'const') return tokens.test(String(value.value));
    if (value.kind === 'item') return isToken({ value: value.key }, depth + 1);
    if (value.kind === 'attr') return tokens.test(value.name);
    return value.kind === 'call' && module.calls[value.call]!.args.some((arg) => isToken(arg, depth + 1));
  };
  const found = [
    ...module.comparisons.flatMap((one) =>
      /^[!=]==?$/.test(one.op) ? [{ span: one.span, left: one.left, right: one.right }] : [],
    ),
    ...module.calls.flatMap((one) => {
      const [left, right] = one.args;
      return left && right && equals.test(one.callee.name ?? '') ? [{ span: one.span, left, right }] : [];
    }),
  ];
  return found.flatMap(({ span, left, right }) =>
    isSame(unit, left.value, right.value) && isToken(left) ? [placeIn(unit, span)] : [],
  );
}

/** Does a view only show a page, whatever the request holds? */
export function onlyShows({ unit, id, function: model }: FunctionSite): boolean {
  const { module } = unit;
  const inside = (span: Span) => span.start >= model.span.start && span.end <= model.span.end;
  const shown = model.returns.every((one) => /^(?:render|redirect)\(\)$/.test(one.value?.name ?? ''));
  const reads = module.values.some(
    (value) => value.kind === 'attr' && inside(value.span) && /^(?:POST|body|FILES|data|method)$/.test(value.name),
  );
  const known = /(?:^|\.)(?:render|redirect|reverse|get|_)$/;
  return (
    shown &&
    model.returns.length > 0 &&
    !reads &&
    module.calls.every((call) => call.function !== id || known.test(call.callee.name ?? ''))
  );
}

/** A view or blueprint that is exempt, at the decorator or call that says so. */
export interface Exemption {
  readonly handler: string;
  readonly place: Place;
  readonly functions: readonly FunctionSite[];
  /** What was exempt, where it is not a function: a blueprint. */
  readonly exempt?: Node;
  /** It recognises callers by a token in a header: there is no cookie to abuse. */
  readonly tokens?: true;
}

/** Exemptions of one file: decorators, `method_decorator`, `csrf.exempt(view)`, `csrf_exempt(view)`. */
export function exemptionsIn(program: Program, unit: Unit): readonly Exemption[] {
  const { module } = unit;
  const isExempt = (ref: number): boolean => {
    const value = module.values[ref]!;
    if (value.kind === 'call') {
      const site = program.call(unit, value.call);
      const first = site.call.args[0];
      return (
        site.names.some((name) => name.endsWith('method_decorator')) && first !== undefined && isExempt(first.value)
      );
    }
    return program
      .names(unit, ref)
      .some((name) => /(?:^|\.)csrf_exempt$|CSRFProtect\(\)\.exempt$|SeaSurf\(\)\.exempt$/i.test(name));
  };
  const found: Exemption[] = [];
  for (const [id, model] of module.functions.entries()) {
    for (const decorator of model.decorators)
      if (isExempt(decorator.value))
        found.push({
          handler: model.name,
          place: placeIn(unit, decorator),
          functions: [{ unit, id, function: model }],
        });
  }
  for (const [id, model] of module.classes.entries()) {
    for (const decorator of model.decorators)
      if (isExempt(decorator.value)) {
        const functions = model.methods.map((id) => ({ unit, id, function: module.functions[id]! }));
        const tokens = takesTokens(program, unit, id) ? { tokens: true as const } : {};
        found.push({ handler: model.name, place: placeIn(unit, decorator), functions, ...tokens });
      }
  }
  for (const call of module.calls) {
    const first = call.args[0];
    if (!first || !isExempt(call.callee.value)) continue;
    const functions = program
      .meanings(unit, first.value)
      .flatMap((one) =>
        one.kind === 'function'
          ? [{ unit: one.unit, id: one.function, function: one.unit.module.functions[one.function]! }]
          : [],
      );
    const exempt = functions.length === 0 ? { exempt: { unit, ref: first.value } } : {};
    found.push({ handler: first.name ?? 'a view', place: placeIn(unit, call), functions, ...exempt });
  }
  return found;
}

/** A view of the REST framework whose classes of authentication all read a header. */
function takesTokens(program: Program, unit: Unit, id: number): boolean {
  const classes = program
    .field(unit, id, 'authentication_classes')
    .flatMap((field) => itemsOf(program, field.unit, field.ref));
  return (
    classes.length > 0 &&
    classes.every((one) =>
      program
        .names(one.unit, one.ref)
        .some((name) => /(?:Token|JWT|Bearer|ApiKey|APIKey|OAuth2)\w*Authentication$/.test(name)),
    )
  );
}

/** Origins that other people can have: `*`, `https://*`. */
export function openOrigins(program: Program, unit: Unit): readonly { readonly name: string; readonly place: Place }[] {
  return namedValues(unit).flatMap((one) => {
    if (one.name !== 'CSRF_TRUSTED_ORIGINS' && one.name !== 'WTF_CSRF_TRUSTED_ORIGINS') return [];
    const texts = textsIn(program, unit, one.value.value) ?? [];
    const found = texts.find((text) => /^(?:https?:\/\/)?\*(?:\.\w+)?\/?$/.test(text));
    return found === undefined ? [] : [{ name: `${found} in ${one.name}`, place: placeIn(unit, one) }];
  });
}

/** Settings and options that take the protection away, outside tests. */
export function switchesOff(program: Program, unit: Unit): readonly { readonly name: string; readonly place: Place }[] {
  if (/(?:^|\/)(?:dev|local|test|ci)\w*\.py$/.test(unit.path)) return [];
  const { module } = unit;
  const values = namedValues(unit);
  const known = (one: NamedValue) => constants(program, unit, one.value.value) ?? [];
  return values.flatMap((one) => {
    const { assignment } = one;
    const isOption = one.form === 'keyword' && (one.name === 'require_csrf' || isDefaultOption(unit, one));
    if (one.name !== 'WTF_CSRF_ENABLED' && one.name !== 'WTF_CSRF_CHECK_DEFAULT' && !isOption) return [];
    if (one.guard >= 0 || !known(one).length || known(one).some((value) => value !== false)) return [];
    const owner = assignment && assignment.class >= 0 ? module.classes[assignment.class]!.name : '';
    if (/test|dev|local/i.test(owner)) return [];
    const same = (other: NamedValue) =>
      other.form === one.form &&
      other.call === one.call &&
      other.dict === one.dict &&
      other.function === one.function &&
      other.assignment?.class === assignment?.class;
    if (values.some((other) => other.name === 'TESTING' && same(other) && known(other).includes(true))) return [];
    return [{ name: one.name, place: placeIn(unit, one) }];
  });
}

/** `check_origin` of Pyramid's `set_default_csrf_options`. */
function isDefaultOption(unit: Unit, one: NamedValue): boolean {
  if (one.name !== 'check_origin' || one.call === undefined) return false;
  return /set_default_csrf_options$/.test(unit.module.calls[one.call]!.callee.name ?? '');
}
