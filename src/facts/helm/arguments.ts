/** Knows how template functions take their arguments and what place a computed text gets. */
import {
  asText,
  type DictValue,
  dict,
  int,
  type ListValue,
  type Run,
  TemplateError,
  type TextValue,
  text,
  type Value,
  visit,
  type Walk,
  walk,
} from './value.ts';

export function arg(args: readonly Value[], i: number): Value {
  const value = args[i];
  if (!value) throw new TemplateError(`wrong number of args: want at least ${i + 1} got ${args.length}`);
  return value;
}

export function typeName(value: Value): string {
  switch (value.kind) {
    case 'nil':
      return '<nil>';
    case 'bool':
      return 'bool';
    case 'number':
      return value.type;
    case 'text':
      return 'string';
    case 'list':
      return '[]interface {}';
    case 'dict':
      return value.type ?? 'map[string]interface {}';
    case 'host':
      return value.type;
  }
}

function wrong(value: Value, expected: string): TemplateError {
  const key = value.from?.key === undefined ? '' : ` for ${value.from.key}`;
  if (value.kind === 'nil') return new TemplateError(`invalid value${key}; expected ${expected}`);
  return new TemplateError(`wrong type for value${key}; expected ${expected}; got ${typeName(value)}`);
}

export function textArg(args: readonly Value[], i: number): TextValue {
  const value = arg(args, i);
  if (value.kind !== 'text') throw wrong(value, 'string');
  return value;
}

export function intArg(args: readonly Value[], i: number): number {
  const value = arg(args, i);
  if (value.kind !== 'number' || value.type === 'float64') throw wrong(value, 'int');
  return value.value;
}

export function boolArg(args: readonly Value[], i: number): boolean {
  const value = arg(args, i);
  if (value.kind !== 'bool') throw wrong(value, 'bool');
  return value.value;
}

export function listArg(args: readonly Value[], i: number): ListValue {
  const value = arg(args, i);
  if (value.kind === 'host' && value.items) return { kind: 'list', items: value.items };
  if (value.kind !== 'list') throw wrong(value, 'a list');
  return value;
}

export function dictArg(args: readonly Value[], i: number): DictValue {
  const value = arg(args, i);
  // Go gives a nil of its own to a function as an empty map, but not a nil that a field holds.
  if (value.kind === 'nil' && !value.held) return dict();
  if (value.kind !== 'dict') throw wrong(value, 'map[string]interface {}');
  return value;
}

/** A lenient conversion, as Sprig's `int` does it: what is no number is 0. */
export function toNumber(value: Value, whole: boolean): number {
  const number = looseNumber(value, whole);
  return whole ? Math.trunc(number) : number;
}

function looseNumber(value: Value, whole: boolean): number {
  if (value.kind === 'number') return value.value;
  if (value.kind === 'bool') return value.value ? 1 : 0;
  if (value.kind !== 'text') return 0;
  const written = value.value;
  if (!whole) return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(written) ? Number(written) : 0;
  const plain = /^[+-]?(0|[1-9]\d*)(\.0*)?$/.exec(written);
  if (plain) return Number.parseInt(written, 10);
  const based = /^([+-]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/.exec(written);
  if (!based) return 0;
  const digits = based[2]!;
  const number = /^0[xXbBoO]/.test(digits) ? Number(digits.toLowerCase()) : Number.parseInt(digits, 8);
  return based[1] === '-' ? -number : number;
}

export function whole(value: Value): number {
  return toNumber(value, true);
}

export function int64(value: number): Value {
  return int(value, 'int64');
}

/** A text made from others: its characters stand where the most telling of the sources stands. */
export function derived(value: string, ...sources: readonly Value[]): TextValue {
  if (value === '') return text('');
  let best: Run | undefined;
  let weight = 0;
  for (const source of sources) {
    for (const run of runsOf(source)) {
      if (run.start === run.end) continue;
      const own = run.unknown !== undefined ? 3 : run.key !== undefined ? 2 : 1;
      if (own > weight) [best, weight] = [run, own];
      if (own === 3) break;
    }
  }
  if (!best) return text(value);
  const { copied: _, ...place } = best;
  return text(value, [{ ...place, start: 0, end: value.length }]);
}

function runsOf(value: Value): readonly Run[] {
  if (value.kind === 'text') return value.runs;
  return value.from ? [{ ...value.from, start: 0, end: 1 }] : [];
}

/** Joins texts; every character keeps its origin. */
export function join(parts: readonly TextValue[], separator = ''): TextValue {
  const runs: Run[] = [];
  let length = 0;
  parts.forEach((part, i) => {
    if (i > 0) length += separator.length;
    for (const run of part.runs) runs.push({ ...run, start: run.start + length, end: run.end + length });
    length += part.value.length;
  });
  return text(parts.map((part) => part.value).join(separator), runs);
}

/** A text in front and behind. */
export function wrap(before: string, value: TextValue, after: string): TextValue {
  return join([text(before), value, text(after)]);
}

/** The same number of characters, written differently. */
export function rewritten(value: string, source: TextValue): TextValue {
  return value.length === source.value.length ? text(value, source.runs) : derived(value, source);
}

/** Indents every line, the first one too. */
export function indentText(source: TextValue, spaces: number, before = ''): TextValue {
  const pad = ' '.repeat(spaces);
  const value = before + pad + source.value.replaceAll('\n', `\n${pad}`);
  const runs: Run[] = [];
  let line = 0;
  let next = source.value.indexOf('\n');
  /** Place of an old offset in the new text; to be asked in ascending order. */
  const shift = (offset: number): number => {
    while (next >= 0 && next < offset) {
      line++;
      next = source.value.indexOf('\n', next + 1);
    }
    return offset + before.length + spaces * (line + 1);
  };
  for (const run of source.runs) {
    if (!run.copied) {
      const start = shift(run.start);
      runs.push({ ...run, start, end: run.start === run.end ? start : shift(run.end) });
      continue;
    }
    for (let from = run.start; from < run.end; ) {
      const newline = source.value.indexOf('\n', from);
      const to = newline < 0 || newline >= run.end ? run.end : newline + 1;
      const at = run.span.start + from - run.start;
      const start = shift(from);
      runs.push({ ...run, span: { start: at, end: at + to - from }, start, end: start + to - from });
      from = to;
    }
  }
  return text(value, runs);
}

/** A Go string literal of the text. */
export function quoted(value: Value): TextValue {
  const source = asText(value);
  const inner = source.value.replace(/[\\"\p{Cc}\u2028\u2029]/gu, (c) => {
    const short: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '"': '\\"', '\\': '\\\\' };
    const code = c.charCodeAt(0);
    return (
      short[c] ??
      (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
    );
  });
  return wrap('"', rewritten(inner, source), '"');
}

/** What `toString` gives: like printing, but a lone nil is "<nil>". */
export function stringOf(value: Value): TextValue {
  return value.kind === 'nil' ? text('<nil>') : asText(value);
}

/** Equal as Go's DeepEqual sees it: type and content. */
export function deepEqual(a: Value, b: Value, depth = 0, state: Walk = walk()): boolean {
  visit(state);
  if (a === b || depth > 50) return a === b;
  if (a.kind === 'number' && b.kind === 'number') return a.value === b.value && a.type === b.type;
  if (a.kind === 'text' && b.kind === 'text') return a.value === b.value;
  if (a.kind === 'bool' && b.kind === 'bool') return a.value === b.value;
  if (a.kind === 'list' && b.kind === 'list') {
    return (
      a.items.length === b.items.length && a.items.every((item, i) => deepEqual(item, b.items[i]!, depth + 1, state))
    );
  }
  if (a.kind === 'dict' && b.kind === 'dict') {
    if (a.entries.size !== b.entries.size) return false;
    return [...a.entries].every(([key, value]) => {
      const other = b.entries.get(key);
      return other !== undefined && deepEqual(value, other, depth + 1, state);
    });
  }
  return a.kind === 'nil' && b.kind === 'nil';
}
