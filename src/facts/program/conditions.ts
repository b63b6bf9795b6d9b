/** Knows what the conditions in force say about a value: that it was checked against a list or a pattern. */
import type { Unit } from './link.ts';
import type { GuardId, Ref } from './model.ts';

const fullMethods = new Set(['isdigit', 'isdecimal', 'isnumeric', 'isalnum', 'isalpha', 'isidentifier', 'fullmatch']);
const checkers =
  /^is(?:Alpha(?:numeric)?|UUID|IP|Int|Numeric|Hexadecimal|MongoId|FQDN|Slug)$|(?:^|_)(?:is_?(?:valid|safe|allowed|permitted)|valid(?:ate|ated|ator)?|sanitize|allowed|permitted|whitelisted|verify)(?:_|$)|^(?:is|check|ensure|assert)(?:Valid|Safe|Allowed|_valid|_safe|_allowed)/i;
const patterns = /pattern|regexp?$|_re$/i;
const lists = /allow|whitelist|permit|valid|supported|known|safe|choices|registered|available/i;

const remembered = new WeakMap<Unit, Map<string, ReadonlySet<Ref>>>();

/** Values that a check has vouched for where the guard is in force, in the function `inside`, before the offset. */
export function vouched(unit: Unit, guard: GuardId, inside: number, before: number): ReadonlySet<Ref> {
  let known = remembered.get(unit);
  if (!known) {
    known = new Map();
    remembered.set(unit, known);
  }
  const key = `${guard}:${inside}:${before}`;
  const found = known.get(key) ?? collect(unit, guard, inside, before);
  known.set(key, found);
  return found;
}

function collect(unit: Unit, from: GuardId, inside: number, before: number): ReadonlySet<Ref> {
  const { module } = unit;
  const refs = new Set<Ref>();
  for (let id = from; id >= 0; id = module.guards[id]!.parent) {
    const guard = module.guards[id]!;
    if (guard.kind === 'if') fromTest(unit, guard.test, guard.holds, refs);
  }
  if (inside < 0) return refs;
  // `check_host(host)` as a statement: it raises when it is not content.
  for (const call of module.calls) {
    if (call.function !== inside || !call.statement || call.span.start >= before) continue;
    if (!checkers.test(lastWordOf(call.callee.name))) continue;
    for (const arg of call.args) refs.add(arg.value);
  }
  return refs;
}

function fromTest(unit: Unit, test: Ref, holds: boolean, refs: Set<Ref>): void {
  const { module } = unit;
  const value = module.values[test]!;
  if (value.kind === 'compare') {
    const { op, left, right } = module.comparisons[value.comparison]!;
    const member = holds ? op === 'in' : op === 'not in';
    const equal = holds ? op === '==' || op === '===' || op === 'case' : op === '!=' || op === '!==';
    if (member && isList(unit, right.value, right.name)) refs.add(left.value);
    if (equal && module.values[right.value]!.kind === 'const') refs.add(left.value);
    // `re.match(...) is None`
    const none = module.values[right.value]!;
    const isNone = none.kind === 'const' && none.value === null;
    if (isNone && (op === 'is' || op === '==') && !holds) fromTest(unit, left.value, true, refs);
    if (isNone && (op === 'is not' || op === '!=') && holds) fromTest(unit, left.value, true, refs);
    return;
  }
  if (value.kind === 'operation' && value.op === 'not') {
    fromTest(unit, value.of[0]!, !holds, refs);
    return;
  }
  if (value.kind === 'either' && value.form === 'branch' && holds) {
    for (const one of value.of) fromTest(unit, one, holds, refs);
    return;
  }
  if (value.kind !== 'call' || !holds) return;
  const call = module.calls[value.call]!;
  const callee = module.values[call.callee.value]!;
  const word =
    callee.kind === 'attr' || callee.kind === 'global' ? lastWordOf(callee.name) : lastWordOf(call.callee.name);
  if (callee.kind === 'attr' && fullMethods.has(word) && call.args.length === 0) refs.add(callee.of);
  if (callee.kind === 'attr' && (word === 'includes' || word === 'has' || word === 'hasOwnProperty') && call.args[0]) {
    const name = call.callee.name?.replace(/\.\w+$/, '');
    if (isList(unit, callee.of, name)) refs.add(call.args[0].value);
  }
  if (callee.kind === 'attr' && word === 'test' && call.args[0] && isWhole(unit, callee.of))
    refs.add(call.args[0].value);
  // A pattern of another file is known by its name.
  if (callee.kind === 'global' && word === 'test' && call.args[0] && patterns.test(callee.name.slice(0, -5)))
    refs.add(call.args[0].value);
  if (callee.kind === 'attr' && word === 'match' && call.args[0] && isWhole(unit, call.args[0].value))
    refs.add(callee.of);
  const pattern = call.args[0] ? module.values[call.args[0].value]! : undefined;
  const anchored = pattern?.kind === 'const' && /\$$|\\Z$|\\z$/.test(String(pattern.value));
  if (word === 'fullmatch' || (word === 'match' && (anchored || call.args.length === 1))) {
    for (const arg of call.args) if (module.values[arg.value]!.kind !== 'const') refs.add(arg.value);
  }
  if (checkers.test(word)) for (const arg of call.args) refs.add(arg.value);
}

/** A regular expression that says something about the whole text: `/^[a-z]+$/`. */
function isWhole(unit: Unit, ref: Ref): boolean {
  const value = unit.module.values[ref]!;
  // Which pattern it is the callers say.
  if (value.kind === 'param') return true;
  if (value.kind !== 'call') return false;
  const { callee, args } = unit.module.calls[value.call]!;
  const made = unit.module.values[callee.value]!;
  const pattern = args[0] ? unit.module.values[args[0].value]! : undefined;
  if (made.kind !== 'global' || made.name !== 'RegExp' || pattern?.kind !== 'const') return false;
  return /^\^.*\$$/s.test(String(pattern.value)) && !/\.[*+]/.test(String(pattern.value));
}

function isList(unit: Unit, ref: Ref, name: string | undefined): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'list') return value.items.every((item) => unit.module.values[item]!.kind === 'const');
  if (value.kind === 'dict') return true;
  return name !== undefined && (lists.test(name) || /^[A-Z][A-Z0-9_]+$/.test(lastWordOf(name)));
}

function lastWordOf(name: string | undefined): string {
  return (name ?? '').replace(/\(\)$/, '').split('.').at(-1)!;
}

/** Words that the conditions in force are written with: `settings.debug`, `environment`. */
export function conditionNames(unit: Unit, from: GuardId): readonly string[] {
  const { module } = unit;
  const names: string[] = [];
  const seen = new Set<Ref>();
  const stack: Ref[] = [];
  for (let id = from; id >= 0; id = module.guards[id]!.parent) {
    const guard = module.guards[id]!;
    if (guard.kind === 'if') stack.push(guard.test);
  }
  for (let ref = stack.pop(); ref !== undefined && seen.size < 200; ref = stack.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    const value = module.values[ref]!;
    if (value.kind === 'compare') {
      const { left, right } = module.comparisons[value.comparison]!;
      for (const side of [left, right]) {
        if (side.name !== undefined) names.push(side.name);
        stack.push(side.value);
      }
    } else if (value.kind === 'param') names.push(module.functions[value.function]!.params[value.index]!.name);
    else if (value.kind === 'attr' || value.kind === 'global') names.push(value.name);
    else if (value.kind === 'call') {
      const call = module.calls[value.call]!;
      if (call.callee.name !== undefined) names.push(call.callee.name);
      for (const arg of call.args) stack.push(arg.value);
    } else if (value.kind === 'const' && typeof value.value === 'string') names.push(value.value.slice(0, 60));
    else if (value.kind === 'operation' || value.kind === 'either') stack.push(...value.of);
    else if (value.kind === 'item') stack.push(value.of, value.key);
  }
  return names;
}
