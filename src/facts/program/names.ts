/** Knows names: their words, and every place of a program where a value gets one. */
import type { Span } from '../span.ts';
import type { Program, Unit } from './link.ts';
import type { Assignment, Operand, Site } from './model.ts';

/** Programs repeat their names, and every check asks for the words of all of them. */
const known = new Map<string, readonly string[]>();

/** Lower-case words of an identifier, header or dotted path: `userPassword`, `USER_PASSWORD`, `X-Api-Key`. */
export function wordsOf(name: string): readonly string[] {
  let words = known.get(name);
  if (words) return words;
  words = split(name);
  if (known.size > 200_000) known.clear();
  if (name.length < 200) known.set(name, words);
  return words;
}

function split(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

/** Does the list of words hold these words one after the other? */
export function hasWords(words: readonly string[], wanted: readonly string[]): boolean {
  for (let i = words.indexOf(wanted[0]!); i >= 0; i = words.indexOf(wanted[0]!, i + 1)) {
    if (wanted.every((word, k) => words[i + k] === word)) return true;
  }
  return false;
}

/** Are these the last words of the list? */
export function endsInWords(words: readonly string[], wanted: readonly string[]): boolean {
  const start = words.length - wanted.length;
  return start >= 0 && words[start] === wanted[0] && wanted.every((word, i) => words[start + i] === word);
}

/** Is the text the name itself, as in a list of settings: `JWT_SECRET = 'JWT_SECRET'`? */
export function isOwnName(name: string, text: unknown): boolean {
  const words = wordsOf(name);
  return typeof text === 'string' && words.length > 1 && wordsOf(text).join(' ') === words.join(' ');
}

/** A value with a name: `SECRET_KEY = x`, `app.secret_key = x`, `config["SECRET_KEY"] = x`, `update(SECRET_KEY=x)`, `{"SECRET_KEY": x}`. */
export interface NamedValue extends Site {
  readonly unit: Unit;
  readonly name: string;
  readonly value: Operand;
  /** Name and value. */
  readonly span: Span;
  readonly form: 'variable' | 'field' | 'attribute' | 'item' | 'keyword' | 'entry';
  readonly assignment?: Assignment;
  /** Names of the call whose keyword it is. */
  readonly call?: number;
  /** The dictionary whose entry it is (a value of the unit). */
  readonly dict?: number;
}

const perUnit = new WeakMap<Unit, readonly NamedValue[]>();

/** All of one file, in no particular order. */
export function namedValues(unit: Unit): readonly NamedValue[] {
  const known = perUnit.get(unit);
  if (known) return known;
  const { module } = unit;
  const found: NamedValue[] = [];
  for (const assignment of module.assignments) {
    const { name, value, span, guard, target } = assignment;
    if (!value || name === '') continue;
    const form =
      target === 'attr' ? 'attribute' : target === 'item' ? 'item' : assignment.class >= 0 ? 'field' : 'variable';
    found.push({ unit, name, value, span, guard, function: assignment.function, form, assignment });
  }
  for (const [id, call] of module.calls.entries()) {
    for (const arg of call.args) {
      if (arg.keyword === undefined) continue;
      const span = { start: Math.min(arg.span.start, arg.span.end), end: arg.span.end };
      found.push({
        unit,
        name: arg.keyword,
        value: arg,
        span,
        guard: call.guard,
        function: call.function,
        form: 'keyword',
        call: id,
      });
    }
  }
  for (const dict of module.dicts) {
    const value = module.values[dict.value]!;
    if (value.kind !== 'dict') continue;
    for (const [key, ref] of value.entries) {
      const at = key === null ? undefined : module.values[key]!;
      if (at?.kind !== 'const' || typeof at.value !== 'string') continue;
      const operand = { value: ref, span: module.values[ref]!.span };
      // An entry taken over from another dictionary stands there, not here.
      const inside = at.span.start >= dict.span.start && at.span.end <= dict.span.end;
      if (!inside) continue;
      const end =
        operand.span.end <= dict.span.end && operand.span.start >= at.span.start ? operand.span.end : at.span.end;
      found.push({
        unit,
        name: at.value,
        value: operand,
        span: { start: at.span.start, end },
        guard: dict.guard,
        function: dict.function,
        form: 'entry',
        dict: dict.value,
      });
    }
  }
  perUnit.set(unit, found);
  return found;
}

const perProgram = new WeakMap<Program, readonly NamedValue[]>();

/** All of the program. */
export function allNamedValues(program: Program): readonly NamedValue[] {
  const known = perProgram.get(program) ?? program.units.flatMap((unit) => namedValues(unit));
  perProgram.set(program, known);
  return known;
}
