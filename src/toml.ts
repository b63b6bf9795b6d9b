/** Knows how one table of a TOML file becomes located values; the parser gives no places, so keys are found by line. */
import type { Entry, MapNode, Node, Reader } from './document.ts';

/** The table of that path as a located value; undefined when there is none or the file is broken (then with a mistake). */
export async function tomlTable(reader: Reader, text: string, path: readonly string[]): Promise<Node | undefined> {
  const { parse, TomlError } = await import('smol-toml');
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const lines = text.split('\n').slice(0, error.line - 1);
    const at = lines.reduce((sum, line) => sum + line.length + 1, 0) + error.column - 1;
    return reader.mistake(Math.max(0, at), `the file is not TOML: ${error.message.split('\n')[0]}`);
  }
  for (const key of path) value = isTable(value) ? value[key] : undefined;
  if (value === undefined) return undefined;
  const places = keyPlaces(text);
  return locate(value, path, places, places.get(path.join('.')) ?? 0);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function locate(value: unknown, path: readonly string[], places: ReadonlyMap<string, number>, at: number): Node {
  if (Array.isArray(value)) return { type: 'list', at, items: value.map((item) => locate(item, path, places, at)) };
  if (isTable(value)) {
    const entries = Object.entries(value).map(([key, inner]): Entry => {
      const innerPath = [...path, key];
      const keyAt = places.get(innerPath.join('.')) ?? at;
      return { key, keyAt, value: locate(inner, innerPath, places, keyAt) };
    });
    return { type: 'map', at, entries } satisfies MapNode;
  }
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return { type: 'scalar', at, value: plain ? value : String(value) };
}

const KEY = /[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'/;
const HEADER = new RegExp(`^\\s*\\[\\s*((?:${KEY.source})(?:\\s*\\.\\s*(?:${KEY.source}))*)\\s*\\]`);
const ASSIGNMENT = new RegExp(`^\\s*((?:${KEY.source})(?:\\s*\\.\\s*(?:${KEY.source}))*)\\s*=`);

/** Offsets of headers and keys by dotted path; the first one counts. */
function keyPlaces(text: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let table: readonly string[] = [];
  let at = 0;
  for (const line of text.split('\n')) {
    const header = HEADER.exec(line);
    const key = header === null ? ASSIGNMENT.exec(line) : null;
    const keys = split((header ?? key)?.[1] ?? '');
    if (header !== null) table = keys;
    const path = header === null ? [...table, ...keys] : keys;
    const column = line.length - line.trimStart().length;
    if (keys.length > 0 && !places.has(path.join('.'))) places.set(path.join('.'), at + column);
    at += line.length + 1;
  }
  return places;
}

function split(dotted: string): readonly string[] {
  return (dotted.match(new RegExp(KEY, 'g')) ?? []).map((key) => key.replace(/^["']|["']$/g, ''));
}
