/** Knows the values that templates compute with, and where the characters of a text come from. */
import type { Span } from '../span.ts';

/** Where a value or a piece of text stands. */
export interface Origin {
  readonly path: string;
  readonly span: Span;
  /** Values key, from the root of the values of the chart that is installed: `web.image.tag`. */
  readonly key?: string;
}

/** Origin of the characters `start` to `end` of a text; runs are sorted and do not overlap. */
export interface Run extends Origin {
  readonly start: number;
  readonly end: number;
  /** The text is a copy of the place: offsets correspond one by one. */
  readonly copied?: boolean;
  /** The characters stand for something that cannot be known before the installation: the reason. */
  readonly unknown?: string;
  /** The template failed here: what the text should be is open, and so is the structure around it. */
  readonly failed?: true;
  /** A branch was decided here and added nothing (`start` equals `end`): words of the text it would have added. */
  readonly offers?: readonly string[];
  /** Values keys that decided the branch. */
  readonly keys?: readonly string[];
}

interface Placed {
  readonly from?: Origin;
}

export type Value = NilValue | BoolValue | NumberValue | TextValue | ListValue | DictValue | HostValue;
export interface NilValue extends Placed {
  readonly kind: 'nil';
  /** A field holds it, and nothing took it out yet. */
  readonly held?: true;
}
export interface BoolValue extends Placed {
  readonly kind: 'bool';
  readonly value: boolean;
}
export interface NumberValue extends Placed {
  readonly kind: 'number';
  readonly value: number;
  readonly type: 'int' | 'int64' | 'float64';
}
export interface TextValue extends Placed {
  readonly kind: 'text';
  readonly value: string;
  readonly runs: readonly Run[];
}
export interface ListValue extends Placed {
  readonly kind: 'list';
  readonly items: readonly Value[];
}
/** Mutable, as `set` and `merge` change maps in place. */
export interface DictValue extends Placed {
  readonly kind: 'dict';
  /** Go's type where it is no plain map: the values of a chart. */
  readonly type?: string;
  readonly entries: Map<string, Value>;
}
/** An object of the engine with fields and methods, such as `.Files`. */
export interface HostValue extends Placed {
  readonly kind: 'host';
  readonly type: string;
  readonly fields: ReadonlyMap<string, Value | ((args: readonly Value[]) => Value)>;
  readonly print: string;
  /** What `range` goes through. */
  readonly entries?: ReadonlyMap<string, Value>;
  /** What functions on lists see. */
  readonly items?: readonly Value[];
}

/** The template cannot be evaluated further; `soft` when the author asks for it (`fail`, `required`). */
export class TemplateError extends Error {
  readonly soft: boolean;
  constructor(message: string, soft = false) {
    super(message);
    this.soft = soft;
  }
}

/** Work that templates may still do; each part throws a TemplateError when it is used up. */
export class Budget {
  #steps: number;
  #characters: number;

  constructor(steps: number, characters: number) {
    this.#steps = steps;
    this.#characters = characters;
  }

  step(count = 1): void {
    this.#steps -= count;
    if (this.#steps < 0) throw new BudgetError('the template takes too many steps');
  }

  write(count: number): void {
    this.#characters -= count;
    if (this.#characters < 0) throw new BudgetError('the template writes too much text');
  }
}

export class BudgetError extends TemplateError {}

export const NIL: NilValue = { kind: 'nil' };
export const TRUE: BoolValue = { kind: 'bool', value: true };
export const FALSE: BoolValue = { kind: 'bool', value: false };
const NO_RUNS: readonly Run[] = [];

export function bool(value: boolean): BoolValue {
  return value ? TRUE : FALSE;
}

export function int(value: number, type: 'int' | 'int64' = 'int'): NumberValue {
  return { kind: 'number', value: Math.trunc(value), type };
}

export function float(value: number): NumberValue {
  return { kind: 'number', value, type: 'float64' };
}

export function text(value: string, runs: readonly Run[] = NO_RUNS): TextValue {
  return { kind: 'text', value, runs };
}

export function list(items: readonly Value[]): ListValue {
  return { kind: 'list', items };
}

export function dict(entries: Iterable<readonly [string, Value]> = []): DictValue {
  return { kind: 'dict', entries: new Map(entries) };
}

/** Text that stands for something unknown: the reason goes with its characters. */
export function unknownText(value: string, reason: string, from?: Origin): TextValue {
  const place = from ?? { path: '', span: { start: 0, end: 0 } };
  return text(value, [{ ...place, start: 0, end: value.length, unknown: reason }]);
}

/** Go's truth: empty and zero values are false. */
export function truth(value: Value): boolean {
  switch (value.kind) {
    case 'nil':
      return false;
    case 'bool':
      return value.value;
    case 'number':
      return value.value !== 0;
    case 'text':
      return value.value !== '';
    case 'list':
      return value.items.length > 0;
    case 'dict':
      return value.entries.size > 0;
    case 'host':
      return value.entries === undefined || value.entries.size > 0;
  }
}

/** Keys of a map in Go's order (by bytes; code points are close enough). */
export function sortedKeys(value: DictValue): string[] {
  return [...value.entries.keys()].sort(compareText);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const OPEN_ENDED = 30;

/** Parts of a value that one function may walk through: shared parts can make a small map endless. */
export interface Walk {
  left: number;
}

export function walk(): Walk {
  return { left: 200_000 };
}

export function visit(state: Walk): void {
  if (--state.left < 0) throw new TemplateError('the value is too large');
}

/** What Go prints for a value (`%v`). */
export function print(value: Value, depth = 0, state: Walk = walk()): string {
  visit(state);
  if (depth > OPEN_ENDED) return '...';
  switch (value.kind) {
    case 'nil':
      return depth === 0 ? '<no value>' : '<nil>';
    case 'bool':
      return String(value.value);
    case 'number':
      return printNumber(value);
    case 'text':
      return value.value;
    case 'list':
      return `[${value.items.map((item) => print(item, depth + 1, state)).join(' ')}]`;
    case 'dict':
      return `map[${sortedKeys(value)
        .map((key) => `${key}:${print(value.entries.get(key)!, depth + 1, state)}`)
        .join(' ')}]`;
    case 'host':
      return value.print;
  }
}

function printNumber(number: NumberValue): string {
  return number.type === 'float64' ? printFloat(number.value) : String(number.value);
}

/** A float as `%v` prints it: shortest digits, with an exponent from a million on. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  return power < -4 || power >= 6 ? goExponent(digits, power) : String(value);
}

function goExponent(digits: string, power: number): string {
  const size = String(Math.abs(power)).padStart(2, '0');
  return `${digits}e${power < 0 ? '-' : '+'}${size}`;
}

/** The text of a value with the origin of its characters. */
export function asText(value: Value): TextValue {
  if (value.kind === 'text') return value;
  const printed = print(value);
  if (!value.from || printed === '') return text(printed);
  return text(printed, [{ ...value.from, start: 0, end: printed.length }]);
}

/** Part of a text, its runs cut to fit. Branch marks at both ends stay. */
export function sliceText(value: TextValue, start: number, end = value.value.length): TextValue {
  if (start <= 0 && end >= value.value.length) return value;
  return text(value.value.slice(start, end), sliceRuns(value.runs, start, end));
}

function sliceRuns(runs: readonly Run[], start: number, end: number, shift = -start): Run[] {
  const result: Run[] = [];
  // Runs stand in the order of the text: a long one is cut into many documents without looking at all of them each time.
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.end < start) low = middle + 1;
    else high = middle;
  }
  for (let i = low; i < runs.length && runs[i]!.start <= end; i++) {
    const run = runs[i]!;
    const mark = run.start === run.end;
    if (!mark && (run.end === start || run.start === end)) continue;
    const from = Math.max(run.start, start);
    const to = Math.min(run.end, end);
    const span = run.copied
      ? { start: run.span.start + from - run.start, end: run.span.start + to - run.start }
      : run.span;
    result.push({ ...run, span, start: from + shift, end: to + shift });
  }
  return result;
}

/** Collects text and its runs; pieces without an origin get the one passed. */
export class Writer {
  readonly #parts: string[] = [];
  readonly #runs: Run[] = [];
  readonly #budget: Budget;
  #length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds a text; gaps between its runs get `fallback`. */
  add(value: TextValue, fallback?: Origin): void {
    const size = value.value.length;
    this.#budget.write(size + value.runs.length);
    let at = 0;
    const gap = (end: number) => {
      if (fallback && end > at) this.#runs.push({ ...fallback, start: this.#length + at, end: this.#length + end });
    };
    for (const run of value.runs) {
      gap(run.start);
      this.#runs.push({ ...run, start: run.start + this.#length, end: run.end + this.#length });
      at = Math.max(at, run.end);
    }
    gap(size);
    this.#parts.push(value.value);
    this.#length += size;
  }

  mark(run: Omit<Run, 'start' | 'end'>): void {
    this.#budget.write(1);
    this.#runs.push({ ...run, start: this.#length, end: this.#length });
  }

  done(): TextValue {
    return text(this.#parts.join(''), this.#runs);
  }
}

/** Entry of a map; what is missing is nil that knows which key would set it. */
export function lookUp(map: DictValue, name: string): Value {
  const found = map.entries.get(name);
  if (found && (found.kind !== 'nil' || found.from)) return found;
  const from = map.from;
  if (from?.key === undefined) return found ?? NIL;
  return { kind: 'nil', from: { ...from, key: childKey(from.key, name) } };
}

export function childKey(parent: string, name: string): string {
  const escaped = name.replaceAll('.', '\\.');
  return parent === '' ? escaped : `${parent}.${escaped}`;
}
