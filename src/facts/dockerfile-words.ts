/** Knows what the builder makes of a word of a Dockerfile: quotes, escapes, and variables in all forms it replaces. */
import type { Scope } from './variables.ts';

interface Reader {
  readonly text: string;
  readonly scope: Scope;
  readonly escapeChar: string;
  readonly variables: string[];
  at: number;
  depth: number;
  /** The builder would refuse the text. */
  broken: boolean;
}

const MAX_RESOLVED = 10_000;
const MAX_DEPTH = 8;
/** Values are short; trimming longer ones is not worth its time. */
const MAX_TRIMMED = 500;

/** The text as the builder passes it on; `value` is absent where a variable has no value, or the text is refused. */
export function expandWord(text: string, scope: Scope, escapeChar = '\\'): { value?: string; variables: string[] } {
  const reader: Reader = { text, scope, escapeChar, variables: [], at: 0, depth: 0, broken: false };
  const value = readUntil(reader, '');
  const { variables, broken } = reader;
  return value === undefined || broken ? { variables } : { value, variables };
}

/** Reads up to `stop` and goes behind it. Patterns keep their escapes: `raw`. */
function readUntil(reader: Reader, stop: string, raw = false): string | undefined {
  const { text, escapeChar } = reader;
  let value: string | undefined = '';
  const add = (piece: string | undefined) => {
    value = join(value, piece);
  };
  while (reader.at < text.length) {
    const c = text[reader.at]!;
    if (c === '$') {
      add(readDollar(reader));
      continue;
    }
    reader.at++;
    if (c === stop) return value;
    if (c === "'") add(readSingleQuotes(reader));
    else if (c === '"') add(readDoubleQuotes(reader));
    else if (c === escapeChar) add((raw ? c : '') + (text[reader.at++] ?? ''));
    else add(c);
  }
  if (stop !== '') reader.broken = true;
  return value;
}

function join(value: string | undefined, piece: string | undefined): string | undefined {
  return value === undefined || piece === undefined || value.length > MAX_RESOLVED ? undefined : value + piece;
}

function readSingleQuotes(reader: Reader): string {
  const end = reader.text.indexOf("'", reader.at);
  if (end < 0) reader.broken = true;
  const value = reader.text.slice(reader.at, end < 0 ? undefined : end);
  reader.at += value.length + 1;
  return value;
}

function readDoubleQuotes(reader: Reader): string | undefined {
  const { text, escapeChar } = reader;
  let value: string | undefined = '';
  while (reader.at < text.length) {
    const c = text[reader.at]!;
    let piece: string | undefined;
    if (c === '$') piece = readDollar(reader);
    else {
      reader.at++;
      if (c === '"') return value;
      const next = text[reader.at];
      piece = c === escapeChar && (next === '"' || next === '$' || next === escapeChar) ? text[reader.at++] : c;
    }
    value = join(value, piece);
  }
  reader.broken = true;
  return value;
}

const NAME = /[A-Za-z_]\w*|\d+|[@*#?$!-]/y;

function readName(reader: Reader): string {
  NAME.lastIndex = reader.at;
  const name = NAME.exec(reader.text)?.[0] ?? '';
  reader.at += name.length;
  if (name !== '') reader.variables.push(name);
  return name;
}

function readDollar(reader: Reader): string | undefined {
  const { text, scope } = reader;
  reader.at++;
  if (text[reader.at] !== '{') {
    const name = readName(reader);
    return name === '' ? '$' : scope.get(name);
  }
  reader.at++;
  const name = readName(reader);
  if (name === '' || ++reader.depth > MAX_DEPTH) {
    reader.broken = true;
    reader.at = text.length;
    return undefined;
  }
  const value = substitute(reader, scope.get(name));
  reader.depth--;
  return value;
}

/** What stands behind the name in braces, applied to its value. */
function substitute(reader: Reader, set: string | undefined): string | undefined {
  const { text } = reader;
  const colon = text[reader.at] === ':' ? ':' : '';
  reader.at += colon.length;
  const operator = `${colon}${text[reader.at++] ?? ''}`;
  const present = set !== undefined && (colon === '' || set !== '');
  switch (operator) {
    case '}':
      return set;
    case '-':
    case ':-': {
      const other = readUntil(reader, '}');
      return present ? set : other;
    }
    case '+':
    case ':+': {
      const other = readUntil(reader, '}');
      return present ? other : '';
    }
    case '?':
    case ':?':
      readUntil(reader, '}');
      return present ? set : undefined;
    case '#':
    case '%': {
      const longest = text[reader.at] === operator;
      if (longest) reader.at++;
      const pattern = globOf(readUntil(reader, '}', true), set);
      return pattern && trim(set!, pattern, operator, longest);
    }
    case '/': {
      const all = text[reader.at] === '/';
      if (all) reader.at++;
      const pattern = globOf(readUntil(reader, '/', true), set);
      const other = readUntil(reader, '}', true);
      return pattern && other !== undefined ? replace(set!, pattern, other, all) : undefined;
    }
    default:
      reader.broken = true;
      return undefined;
  }
}

// ---------------------------------------------------------------- patterns

/** A character, or what a wildcard stands for. */
type Glob = readonly string[];

/** Parts of a pattern; undefined where it or the value it is for is not known, or too long. */
function globOf(pattern: string | undefined, value: string | undefined): Glob | undefined {
  if (pattern === undefined || value === undefined || Math.max(pattern.length, value.length) > MAX_TRIMMED)
    return undefined;
  return [...pattern.matchAll(/\\([\s\S])|[\s\S]/g)].map(([c, escaped]) =>
    c === '*' ? 'many' : c === '?' ? 'one' : (escaped ?? c),
  );
}

/** Where a match that begins at `start` can end, in rising order. */
function endsOf(value: string, start: number, pattern: Glob): readonly number[] {
  let ends = [start];
  for (const part of pattern) {
    if (ends.length === 0) break;
    if (part === 'many') ends = Array.from({ length: value.length - ends[0]! + 1 }, (_, i) => ends[0]! + i);
    else ends = ends.flatMap((i) => (i < value.length && (part === 'one' || value[i] === part) ? [i + 1] : []));
  }
  return ends;
}

function trim(value: string, pattern: Glob, from: string, longest: boolean): string {
  if (from === '%') return reversed(trim(reversed(value), pattern.toReversed(), '#', longest));
  return value.slice(endsOf(value, 0, pattern).at(longest ? -1 : 0) ?? 0);
}

function reversed(text: string): string {
  return [...text].toReversed().join('');
}

function replace(value: string, pattern: Glob, other: string, all: boolean): string {
  let result = '';
  let done = false;
  for (let i = 0; i < value.length; ) {
    const end = done ? undefined : endsOf(value, i, pattern).at(-1);
    if (end === undefined || end === i) result += value[i++];
    else {
      result += other;
      i = end;
      done = !all;
    }
  }
  return result;
}
