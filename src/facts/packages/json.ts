/** Knows JSON with places: every value keeps where it stands. Comments and trailing commas are accepted (JSONC). */
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';

export interface JsonNode {
  /** Text, number, boolean or null; undefined for objects and arrays. */
  readonly scalar?: string | number | boolean | null;
  readonly members?: ReadonlyMap<string, JsonNode>;
  readonly items?: readonly JsonNode[];
  /** Key (when the node is a member's value), else the value. */
  readonly key?: Span;
  readonly span: Span;
}

const deepest = 200;

class Refused extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Parses a whole text; on an error there is a problem with its place and no node. */
export function parseJson(text: string): { readonly node?: JsonNode; readonly problem?: ParseProblem } {
  let at = 0;
  const blank = /(?:[\s\uFEFF]+|\/\/[^\n\r]*|\/\*[\s\S]*?\*\/)*/y;
  const string = /"[^"\\\n\r]*(?:\\[^\n\r][^"\\\n\r]*)*"/y;
  const word = /-?\d[\d.eE+-]*|true|false|null/y;
  const skip = (): void => {
    const c = text.charCodeAt(at);
    if (c > 32 && c !== 47 && c !== 0xfeff) return;
    blank.lastIndex = at;
    blank.test(text);
    at = blank.lastIndex;
  };
  const take = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw new Refused(at >= text.length ? 'The file ends early.' : `Expected ${what}.`, at);
    at = pattern.lastIndex;
    return match[0];
  };
  const unquote = (raw: string, start: number): string => {
    if (!raw.includes('\\')) return raw.slice(1, -1);
    try {
      return JSON.parse(raw) as string;
    } catch {
      throw new Refused('This string has an unknown escape.', start);
    }
  };
  const value = (depth: number): JsonNode => {
    if (depth > deepest) throw new Refused('Values are nested too deeply.', at);
    skip();
    const start = at;
    const c = text[at];
    if (c === '{') {
      at++;
      const members = new Map<string, JsonNode>();
      for (skip(); text[at] !== '}'; skip()) {
        const key = { start: at, end: at };
        const name = unquote(take(string, 'a quoted name'), key.start);
        key.end = at;
        skip();
        if (text[at] !== ':') throw new Refused('Expected ":".', at);
        at++;
        members.set(name, { ...value(depth + 1), key });
        skip();
        if (text[at] === ',') at++;
        else if (text[at] !== '}') throw new Refused(at >= text.length ? 'The file ends early.' : 'Expected ",".', at);
      }
      at++;
      return { members, span: { start, end: at } };
    }
    if (c === '[') {
      at++;
      const items: JsonNode[] = [];
      for (skip(); text[at] !== ']'; skip()) {
        items.push(value(depth + 1));
        skip();
        if (text[at] === ',') at++;
        else if (text[at] !== ']') throw new Refused(at >= text.length ? 'The file ends early.' : 'Expected ",".', at);
      }
      at++;
      return { items, span: { start, end: at } };
    }
    if (c === '"') return { scalar: unquote(take(string, 'a string'), start), span: { start, end: at } };
    const raw = take(word, 'a value');
    const scalar = raw === 'true' ? true : raw === 'false' ? false : raw === 'null' ? null : Number(raw);
    return { scalar, span: { start, end: at } };
  };
  try {
    const node = value(0);
    skip();
    if (at < text.length) throw new Refused('There is text after the end of the value.', at);
    return { node };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const start = Math.min(error.at, text.length);
    return {
      problem: {
        message: `This is not JSON. ${error.message}`,
        span: { start, end: Math.min(start + 1, text.length) },
      },
    };
  }
}

export function member(node: JsonNode | undefined, ...path: readonly string[]): JsonNode | undefined {
  let current = node;
  for (const name of path) current = current?.members?.get(name);
  return current;
}

export function text(node: JsonNode | undefined): string | undefined {
  return typeof node?.scalar === 'string' ? node.scalar : undefined;
}

/** From the name of a member to the end of its value. */
export function whole(node: JsonNode): Span {
  return { start: node.key?.start ?? node.span.start, end: node.span.end };
}

/** The text inside the quotes of a string. */
export function inside(node: JsonNode): Span {
  return { start: node.span.start + 1, end: node.span.end - 1 };
}
