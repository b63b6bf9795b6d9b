/** Knows which values a program compares, by operators and by methods, and which of them are secrets. */
import { inputs } from './digests.ts';
import { constants, lastWord } from './flow.ts';
import { isDeployed } from './leaks.ts';
import { type Program, spreads, type Unit } from './link.ts';
import type { Call, FunctionModel, GuardId, Operand, Ref, Site } from './model.ts';
import { isOwnName, wordsOf } from './names.ts';
import { calledName, type SecretKind, secretKind, secretsIn } from './secrets.ts';

/** Two values that are compared; conversions around them are taken off. */
export interface Compared extends Site {
  /** An operator, or a method with a leading dot: `.startsWith`. */
  readonly op: string;
  readonly left: Operand;
  readonly right: Operand;
  /** Index into `Module.comparisons`; absent for methods. */
  readonly comparison?: number;
}

/** Names that the user of a check adds to those of this file. */
export interface SecretNames {
  /** Calls whose result is a MAC. */
  readonly macs: readonly string[];
  /** Last words of calls that read a named value. */
  readonly readers: readonly string[];
  /** Further names of secrets. */
  readonly names: readonly string[];
}

/** All comparisons of one file, in order. */
export function comparedIn(program: Program, unit: Unit): readonly Compared[] {
  const { comparisons, calls } = unit.module;
  const found: Compared[] = comparisons.map((one, comparison) => ({
    ...one,
    comparison,
    left: unwrapped(program, unit, one.left),
    right: unwrapped(program, unit, one.right),
  }));
  const decided = decidedCalls(unit);
  for (const [index, call] of calls.entries()) {
    const sides = spreads(call) ? undefined : sidesOf(program, unit, index, call, decided);
    if (!sides) continue;
    const { span, function: inside, guard } = call;
    const [left, right] = sides.map((side) => unwrapped(program, unit, side));
    const op = `.${lastWord(call.callee.name ?? '')}`;
    found.push({ op, left: left!, right: right!, span, function: inside, guard });
  }
  return found;
}

/** Methods whose result is yes or no, and those whose result is an order. */
const truths = new Set(['equals', 'startsWith', 'startswith']);
const orders = new Set(['compare', 'localeCompare']);

function sidesOf(
  program: Program,
  unit: Unit,
  id: number,
  call: Call,
  decided: ReadonlySet<number>,
): readonly [Operand, Operand] | undefined {
  const callee = unit.module.values[call.callee.value]!;
  const word = callee.kind === 'attr' || callee.kind === 'global' ? lastWord(callee.name) : '';
  const [first, second, ...more] = call.args;
  if (!first || more.length > 0) return undefined;
  if (second)
    return word === 'compare' && isBuffers(program, unit, call) && decided.has(id) ? [first, second] : undefined;
  if (callee.kind !== 'attr' || !(truths.has(word) || (orders.has(word) && decided.has(id)))) return undefined;
  const name = call.callee.name?.replace(/\.\w+$/, '');
  const span = unit.module.values[callee.of]!.span;
  return [{ value: callee.of, span, ...(name === undefined ? {} : { name }) }, first];
}

const isBuffers = (program: Program, unit: Unit, call: Call) =>
  program.names(unit, call.callee.value).some((name) => /(?:^|\.)(?:Buffer|Uint8Array)\.compare$/.test(name));

/** Calls whose order is asked for equality: `a.localeCompare(b) === 0`, `!Buffer.compare(a, b)`. */
function decidedCalls(unit: Unit): ReadonlySet<number> {
  const { values, comparisons, guards } = unit.module;
  const found = new Set<number>();
  const note = (ref: Ref | undefined) => {
    const value = ref === undefined ? undefined : values[ref]!;
    if (value?.kind === 'call') found.add(value.call);
  };
  const isZero = (ref: Ref) => {
    const value = values[ref]!;
    return value.kind === 'const' && value.value === 0;
  };
  for (const { op, left, right } of comparisons) {
    if (!/^[!=]==?$/.test(op)) continue;
    if (isZero(right.value)) note(left.value);
    if (isZero(left.value)) note(right.value);
  }
  for (const guard of guards) if (guard.kind === 'if') note(guard.test);
  for (const value of values) if (value.kind === 'operation' && value.op === 'not') note(value.of[0]);
  return found;
}

const converters = new Set(
  'lower upper strip encode decode hex toString toLowerCase toUpperCase trim casefold tobytes'.split(' '),
);
const conversions = new Set([
  'str',
  'bytes',
  'String',
  'Buffer.from',
  'base64.b64decode',
  'base64.b64encode',
  'base64.urlsafe_b64encode',
  'base64.urlsafe_b64decode',
  'binascii.hexlify',
  'binascii.unhexlify',
  'bytes.fromhex',
  'atob',
  'btoa',
]);

/** The value that is written in another way: `digest.lower()`, `Buffer.from(token)`, `str(key)`. */
function unwrapped(program: Program, unit: Unit, operand: Operand, depth = 0): Operand {
  const { values, calls } = unit.module;
  const value = values[operand.value]!;
  if (value.kind !== 'call' || depth > 5) return operand;
  const call = calls[value.call]!;
  const callee = values[call.callee.value]!;
  const { names } = program.call(unit, value.call);
  const first = call.args[0];
  if (first && names.some((name) => conversions.has(name))) return unwrapped(program, unit, first, depth + 1);
  if (
    callee.kind !== 'attr' ||
    !converters.has(callee.name) ||
    program.targets(program.call(unit, value.call)).length > 0
  )
    return operand;
  const name = call.callee.name?.replace(/\.\w+$/, '');
  const inner = { value: callee.of, span: operand.span, ...(name === undefined ? {} : { name }) };
  return unwrapped(program, unit, inner, depth + 1);
}

/** The secret that an operand is, by its name or by what it is made by; undefined: none. */
export function kindOf(program: Program, more: SecretNames, unit: Unit, operand: Operand): SecretKind | undefined {
  const value = unit.module.values[operand.value]!;
  // `Method.ApiKey`: a member of an enumeration.
  if (value.kind === 'const' || /(?:^|\.)[A-Z]\w*\.[A-Z][a-z]\w*$/.test(operand.name ?? '')) return undefined;
  // `'sha256=' + digest`
  const names = program.names(unit, value.kind === 'concat' ? value.parts.at(-1)! : operand.value);
  if (names.some((name) => more.macs.includes(name))) return 'mac';
  if (names.some((name) => /^inspect\.|^len\(\)|^type\(\)/.test(name))) return undefined;
  if (value.kind === 'call') {
    if (isPasswordDigest(program, unit, value.call)) return 'password';
    if (!more.readers.includes(lastWord(operand.name ?? ''))) return undefined;
  }
  const called = calledName(unit, operand);
  const kind = secretKind(called, more.names);
  if (kind === undefined || (kind === 'token' && isDeployed(operand.name))) return undefined;
  // The name of a setting or of an error, kept in a constant.
  return (constants(program, unit, operand.value) ?? []).some((text) => isOwnName(lastWord(called), text))
    ? undefined
    : kind;
}

/** `hashlib.md5(password).hexdigest()`: the digest of a password, whatever it is called. */
function isPasswordDigest(program: Program, unit: Unit, id: number): boolean {
  const { values, functions } = unit.module;
  const outer = unit.module.calls[id]!;
  const callee = values[outer.callee.value]!;
  const made = callee.kind === 'attr' && /^(?:hex)?digest$/.test(callee.name) ? values[callee.of]! : undefined;
  if (made?.kind !== 'call') return false;
  const site = program.call(unit, made.call);
  if (!site.names.some((name) => /^hashlib\.\w+$/.test(name))) return false;
  const fed = inputs(site);
  if (fed.some((one) => secretsIn(program, unit, one).has('password'))) return true;
  // `verify(plaintext, digest)` in a file or class for passwords.
  const about = wordsOf(`${lastWord(unit.module.name)} ${functions[outer.function]?.path ?? ''}`);
  return /^passwords?$/.test(about.find((word) => word.startsWith('password')) ?? '') && fed.some(isPlain);
}

const isPlain = (one: Operand) => /^plain/i.test(one.name ?? '');

/** Made by the program itself, as both ends of a key exchange in one test run. */
export function isMade(unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (value.kind === 'either') return value.of.every((one) => isMade(unit, { ...operand, value: one }));
  const of = value.kind === 'item' ? unit.module.values[value.of]! : value;
  return of.kind === 'call' || (value.kind === 'const' && value.value === null);
}

/** Words of a side that is no secret to be guessed: a repetition, an old value, a name, a beginning, a known value. */
const harmless =
  /^(?:confirm\w*|repeat\w*|again|retype\w*|verify|verification|old|new|current|previous|original|last|prev|vector|spiffe|\w*2|public|address|user|username|email|login|kind|type|none|null|undefined|prefix|scheme)$/;

/** `$('#username').val()`: a field of a form in the browser. */
function isField({ module }: Unit, ref: Ref): boolean {
  const value = module.values[ref]!;
  const callee = value.kind === 'call' ? module.values[module.calls[value.call]!.callee.value]! : undefined;
  const of = callee?.kind === 'attr' && callee.name === 'val' ? module.values[callee.of]! : undefined;
  const first = of?.kind === 'call' ? module.calls[of.call]!.args[0] : undefined;
  return first !== undefined && module.values[first.value]!.kind === 'const';
}

/** The other side says that no secret is checked. */
export function isHarmless(program: Program, unit: Unit, other: Operand, kind: SecretKind): boolean {
  const name = other.name ?? calledName(unit, other);
  const words = wordsOf(name.split('.').at(-1)!.replace(/\(\)$/, ''));
  if (words.some((word) => harmless.test(word))) return true;
  const value = unit.module.values[other.value]!;
  if (isField(unit, other.value)) return true;
  if (['operation', 'function', 'class', 'list', 'dict'].includes(value.kind)) return true;
  if (program.names(unit, other.value).some((one) => /^(?:len|type|int|float|bool|id|hash)\(\)/.test(one))) return true;
  // `TokenKind.NAME`: a constant of a type; a setting has a secret name of its own.
  const parts = name.split('.');
  if (parts.length > 1 && /^[A-Z][a-z]/.test(parts.at(-2)!) && /^[A-Z][A-Z0-9_]*$/.test(parts.at(-1)!))
    return secretKind(name) === undefined;
  return kind === 'token' && value.kind === 'element';
}

/** A column of an ORM class: `User.token`. */
export function isColumn(program: Program, unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (value.kind !== 'attr' && value.kind !== 'global') return false;
  if (value.kind === 'global') return /(?:^|\.)[A-Z][a-z]\w*\.[a-z_]\w*$/.test(value.name);
  return program.meanings(unit, value.of).some((meaning) => meaning.kind === 'class');
}

/** Is an error raised when both sides are equal? Then a known value is refused, and no secret is checked. */
export function isRefusal(unit: Unit, compared: Compared): boolean {
  return unit.module.raises.some((raise) => isUnder(unit, raise.guard, compared, true));
}

/** Does the guard say that both sides are equal, or that they differ? */
function isUnder(unit: Unit, from: GuardId, { op, comparison }: Compared, equal: boolean): boolean {
  const { guards } = unit.module;
  if (comparison === undefined) return false;
  const holds = /^(?:===?|case)$/.test(op) === equal;
  for (let id = from; id >= 0; id = guards[id]!.parent) {
    const guard = guards[id]!;
    if (guard.kind === 'if' && guard.holds === holds && asks(unit, guard.test, comparison)) return true;
  }
  return false;
}

/**
 * Is it asked whether something changed? One side is then kept in the place of the other, hashed to be stored, or was
 * given to the call that answered with the other.
 */
export function isChange(unit: Unit, compared: Compared): boolean {
  const { left, right } = compared;
  return isNews(unit, compared, left, right) || isNews(unit, compared, right, left);
}

function isNews(unit: Unit, compared: Compared, kept: Operand, news: Operand): boolean {
  const { values, calls, assignments } = unit.module;
  const same = (one: Operand) => one.value === news.value || (news.name !== undefined && one.name === news.name);
  const inside = (one: Site) => one.function === compared.function;
  const taken = assignments.some(
    (one) => inside(one) && one.of && `${one.of.name}.${one.name}` === kept.name && one.value && same(one.value),
  );
  if (taken) return true;
  let at = values[kept.value]!;
  for (let n = 0; n < 8 && (at.kind === 'attr' || at.kind === 'item'); n++) {
    at = values[at.of]!;
    if (at.kind === 'call' && calls[at.call]!.args.some((arg) => arg.value === news.value)) return true;
  }
  return calls.some(
    (call) =>
      inside(call) &&
      /^(?:hash\w*|set_?password|make_password|generate_password_hash)$/i.test(lastWord(call.callee.name ?? '')) &&
      call.args.some(same) &&
      isUnder(unit, call.guard, compared, false),
  );
}

/** `verify(token).role`: read from a token whose signature was checked, so nobody can try values out. */
export function isVouched(unit: Unit, operand: Operand): boolean {
  const { values, calls } = unit.module;
  const stack = [operand.value];
  for (let ref = stack.pop(), n = 0; ref !== undefined && n < 30; ref = stack.pop(), n++) {
    const value = values[ref]!;
    if (value.kind === 'attr' || value.kind === 'item') stack.push(value.of);
    else if (value.kind === 'either') stack.push(...value.of);
    else if (value.kind === 'call') {
      const name = calls[value.call]!.callee.name ?? '';
      if (/(?:^|\.)(?:verify|jwt_?verify|(?:verify|decode)_?(?:jwt|token)|jwt\.decode)$/i.test(name)) return true;
    }
  }
  return false;
}

/** Is the comparison the condition, or one of its alternatives? */
function asks(unit: Unit, ref: Ref, comparison: number, depth = 0): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'compare') return value.comparison === comparison;
  return value.kind === 'either' && depth < 8 && value.of.some((one) => asks(unit, one, comparison, depth + 1));
}

/**
 * Does nobody learn the result? It is what a function without parameters answers, which is handed to a function of the
 * repository that gives nothing back and refuses nothing: it keeps a score.
 */
export function isIdle(program: Program, unit: Unit, compared: Compared): boolean {
  const { functions, calls, raises, values } = unit.module;
  const model: FunctionModel | undefined = functions[compared.function];
  if (model?.name !== '' || model.params.length > 0) return false;
  if (raises.some((one) => one.function === compared.function)) return false;
  const taker = calls.findIndex((call) =>
    call.args.some((arg) => {
      const value = values[arg.value]!;
      return value.kind === 'function' && value.function === compared.function;
    }),
  );
  if (taker < 0 || !calls[taker]!.statement) return false;
  const targets = program.targets(program.call(unit, taker));
  return (
    targets.length > 0 &&
    targets.every((target) => !target.unit.module.raises.some((one) => one.function === target.id))
  );
}
