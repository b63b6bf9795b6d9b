/** Knows TOML with places: smol-toml reads the values, a scan of the text finds where strings and keys stand. */
import { parse, type TomlTable, type TomlValue } from 'smol-toml';
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';

export type { TomlTable, TomlValue } from 'smol-toml';

/** Parses a text; on an error there is a problem with its place and no table. */
export function parseToml(text: string): { readonly table?: TomlTable; readonly problem?: ParseProblem } {
  try {
    return { table: parse(text, { maxDepth: 200 }) };
  } catch (error) {
    const { line, column } = error as { line?: number; column?: number };
    const first = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    let start = 0;
    for (let n = 1; n < (line ?? 1); n++) start = text.indexOf('\n', start) + 1 || text.length;
    start = Math.min(text.length, start + Math.max(0, (column ?? 1) - 1));
    const message =
      error instanceof RangeError ? 'Values are nested too deeply.' : first.replace(/^Invalid TOML document:\s*/, '');
    return {
      problem: { message: `This is not TOML: ${message}`, span: { start, end: Math.min(text.length, start + 1) } },
    };
  }
}

export function table(value: TomlValue | undefined): TomlTable | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
    ? (value as TomlTable)
    : undefined;
}

export function list(value: TomlValue | undefined): readonly TomlValue[] {
  return Array.isArray(value) ? value : [];
}

export function tables(value: TomlValue | undefined): readonly TomlTable[] {
  return list(value).flatMap((v): readonly TomlTable[] => (table(v) ? [v as TomlTable] : []));
}

export function string(value: TomlValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Place of every key and string; keys are the path joined by NUL, array elements counted from 0. */
export interface TomlPlaces {
  /** Name of a key, or header of a table. */
  readonly keys: ReadonlyMap<string, Span>;
  /** Strings with their quotes; other values as they stand. */
  readonly values: ReadonlyMap<string, Span>;
}

const separator = '\0';

export function pathOf(...path: readonly (string | number)[]): string {
  return path.join(separator);
}

const token =
  /[\s,]+|#[^\n]*|"""[\s\S]*?"""|'''[\s\S]*?'''|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]*'|\[\[?|\]\]?|[{}=.]|[^\s,#"'[\]{}=.]+/y;

/** Scans a text that smol-toml has accepted. */
export function placesOf(text: string): TomlPlaces {
  const keys = new Map<string, Span>();
  const values = new Map<string, Span>();
  const arrays = new Map<string, number>();
  let at = 0;
  const blanks = (newlines: boolean): void => {
    const pattern = newlines ? /(?:\s+|#[^\n]*)+/y : /[ \t]+/y;
    pattern.lastIndex = at;
    if (pattern.test(text)) at = pattern.lastIndex;
  };
  const next = (): string => {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) {
      at++;
      return '';
    }
    at = token.lastIndex;
    return match[0];
  };
  const key = (): { path: string[]; span: Span } => {
    const path: string[] = [];
    blanks(false);
    const start = at;
    let end = at;
    for (;;) {
      blanks(false);
      const bare = /[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
      bare.lastIndex = at;
      const match = bare.exec(text);
      if (match === null) break;
      at = bare.lastIndex;
      end = at;
      path.push(/^["']/.test(match[0]) ? match[0].slice(1, -1) : match[0]);
      blanks(false);
      if (text[at] !== '.') break;
      at++;
    }
    return { path, span: { start, end } };
  };
  const value = (prefix: readonly string[]): void => {
    blanks(true);
    const start = at;
    if (text[at] === '[') {
      at++;
      for (let i = 0; ; i++) {
        blanks(true);
        if (at >= text.length || text[at] === ']') break;
        value([...prefix, String(i)]);
        blanks(true);
        if (text[at] === ',') at++;
        else if (text[at] !== ']') break;
      }
      at++;
    } else if (text[at] === '{') {
      at++;
      for (;;) {
        blanks(true);
        if (at >= text.length || text[at] === '}') break;
        const { path, span } = key();
        if (path.length === 0) break;
        keys.set(pathOf(...prefix, ...path), span);
        blanks(false);
        if (text[at] === '=') at++;
        value([...prefix, ...path]);
        blanks(true);
        if (text[at] === ',') at++;
      }
      at++;
    } else if (text[at] === '"' || text[at] === "'") next();
    else {
      const bare = /[^\s,#\]}]+/y;
      bare.lastIndex = at;
      if (bare.test(text)) at = bare.lastIndex;
    }
    values.set(pathOf(...prefix), { start, end: at });
  };
  let prefix: readonly string[] = [];
  while (at < text.length) {
    blanks(true);
    if (at >= text.length) break;
    const start = at;
    if (text[at] === '[') {
      const isArray = text[at + 1] === '[';
      at += isArray ? 2 : 1;
      const { path } = key();
      const close = text.indexOf(']', at);
      at = close < 0 ? text.length : close + (isArray ? 2 : 1);
      prefix = resolve(arrays, path);
      if (isArray) {
        const count = arrays.get(pathOf(...prefix)) ?? 0;
        arrays.set(pathOf(...prefix), count + 1);
        prefix = [...prefix, String(count)];
      }
      keys.set(pathOf(...prefix), { start, end: Math.min(at, text.length) });
      continue;
    }
    const { path, span } = key();
    if (path.length === 0) {
      at = Math.max(at, start) + 1;
      continue;
    }
    keys.set(pathOf(...prefix, ...path), span);
    blanks(false);
    if (text[at] === '=') at++;
    value([...prefix, ...path]);
  }
  return { keys, values };
}

/** A header's path with the current element of every array of tables on the way. */
function resolve(arrays: ReadonlyMap<string, number>, path: readonly string[]): readonly string[] {
  const result: string[] = [];
  path.forEach((part, i) => {
    result.push(part);
    const count = arrays.get(pathOf(...result));
    if (count !== undefined && i < path.length - 1) result.push(String(count - 1));
  });
  return result;
}

/** Spans of the `[[name]]` tables of a lock file, in order: from the header to the next header. */
export function blocksOf(text: string, name: string): readonly Span[] {
  const header = new RegExp(`^\\[\\[${name}\\]\\]`, 'gm');
  const starts = [...text.matchAll(header)].map((match) => match.index);
  const spans: Span[] = [];
  starts.forEach((start, i) => {
    const limit = starts[i + 1] ?? text.length;
    const other = /\n\[(?!\[)[^\]\n.]+\]/.exec(text.slice(start, limit));
    spans.push({ start, end: other === null ? limit : start + other.index });
  });
  return spans;
}

/** Place of `key = "value"` inside a block; the whole header line when there is none. */
export function lineIn(text: string, block: Span, key: string): { readonly line: Span; readonly value?: Span } {
  const part = text.slice(block.start, block.end);
  const match = new RegExp(`^${key}\\s*=\\s*(["'])(.*?)\\1`, 'm').exec(part);
  if (match === null) {
    const end = part.indexOf('\n');
    return { line: { start: block.start, end: block.start + (end < 0 ? part.length : end) } };
  }
  const start = block.start + match.index;
  const end = start + match[0].length;
  return { line: { start, end }, value: { start: end - 1 - match[2]!.length, end: end - 1 } };
}
