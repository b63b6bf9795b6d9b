/** Knows how a YAML or JSON text becomes located values, and how every mistake in it is collected with its place. */
import { createRequire } from 'node:module';
import { Lines } from './facts/span.ts';
import { suggest, UserError } from './problem.ts';

/** Loaded on first use: most runs read no configuration of the user's. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml') as typeof import('yaml');

/** A value with the offset of its first character in the text. */
export type Node = MapNode | ListNode | ScalarNode;
export interface MapNode {
  readonly type: 'map';
  readonly at: number;
  readonly entries: readonly Entry[];
}
export interface ListNode {
  readonly type: 'list';
  readonly at: number;
  readonly items: readonly Node[];
}
export interface ScalarNode {
  readonly type: 'scalar';
  readonly at: number;
  readonly value: string | number | boolean | null;
}
export interface Entry {
  readonly key: string;
  readonly keyAt: number;
  readonly value: Node;
}

/** Deeper or larger documents than these are refused: the text may come from the scanned repository. */
const MAX_DEPTH = 40;
const MAX_NODES = 50_000;

/** Collects the mistakes of one text, each with its place; the readers give undefined where they added one. */
export class Reader {
  readonly fileName: string;
  readonly #lines: Lines;
  readonly #mistakes: { readonly at: number; readonly message: string }[] = [];

  constructor(text: string, fileName: string) {
    this.fileName = fileName;
    this.#lines = new Lines(text);
  }

  /** Adds a mistake; gives undefined so that a reader can return it. */
  mistake(at: number, message: string): undefined {
    this.#mistakes.push({ at, message });
    return undefined;
  }

  /** True while nothing was wrong. */
  get ok(): boolean {
    return this.#mistakes.length === 0;
  }

  /** "file:line:column" of an offset. */
  place(at: number): string {
    const { line, column } = this.#lines.position(at);
    return `${this.fileName}:${line}:${column}`;
  }

  /** All mistakes in the order of the text, one "file:line:column message" each. */
  list(): readonly string[] {
    return [...this.#mistakes].sort((a, b) => a.at - b.at).map(({ at, message }) => `${this.place(at)} ${message}`);
  }

  /** Throws one UserError that lists every mistake, if there is any. */
  finish(hint: string): void {
    if (!this.ok) throw new UserError(this.list().join('\n'), hint);
  }

  /**
   * Parses the text, or a part of it (YAML 1.2; JSON is a subset), into located values; undefined when it is empty or
   * broken.
   */
  parse(start = 0, end: number = this.#lines.text.length): Node | undefined {
    const text = this.#lines.text.slice(start, end);
    const { isAlias, isMap, isScalar, isSeq, parseDocument } = yaml();
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    for (const error of document.errors) this.mistake(start + error.pos[0], firstSentence(error.message));
    if (!this.ok || document.contents === null) return undefined;
    let budget = MAX_NODES;
    const offset = (node: unknown, at: number): number => {
      const range = (node as { range?: readonly number[] | null } | null | undefined)?.range;
      return range?.[0] === undefined ? at : start + range[0];
    };
    const convert = (node: unknown, at: number, depth: number): Node => {
      budget--;
      if (depth > MAX_DEPTH || budget < 0) throw new Error('too large');
      if (isAlias(node)) return convert(node.resolve(document), offset(node, at), depth + 1);
      if (isMap(node)) {
        const entries = node.items.map((pair): Entry => {
          const keyAt = offset(pair.key, at);
          const key = isScalar(pair.key) ? String(pair.key.value) : '';
          if (!isScalar(pair.key)) this.mistake(keyAt, 'a key must be a plain word');
          return { key, keyAt, value: convert(pair.value, keyAt, depth + 1) };
        });
        return { type: 'map', at: offset(node, at), entries };
      }
      if (isSeq(node)) {
        return {
          type: 'list',
          at: offset(node, at),
          items: node.items.map((item) => convert(item, at, depth + 1)),
        };
      }
      const scalar = isScalar(node) ? node : undefined;
      const value = scalar?.value ?? null;
      const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
      return { type: 'scalar', at: offset(scalar, at), value: plain };
    };
    try {
      return convert(document.contents, start, 0);
    } catch {
      return this.mistake(start, 'the document is nested too deeply, is too large or refers to itself');
    }
  }

  /** Entries of a map by key. Unknown keys (when `known` is given) and repeated keys are mistakes and left out. */
  fields(node: Node, what: string, known?: readonly string[]): ReadonlyMap<string, Entry> {
    const fields = new Map<string, Entry>();
    if (node.type !== 'map') {
      this.mistake(node.at, `${what} must be a mapping, not ${describe(node)}`);
      return fields;
    }
    for (const entry of node.entries) {
      if (known !== undefined && !known.includes(entry.key)) {
        this.mistake(entry.keyAt, `unknown key '${entry.key}' in ${what}; ${orSuggest(entry.key, known)}`);
      } else if (fields.has(entry.key)) {
        this.mistake(entry.keyAt, `'${entry.key}' stands twice in ${what}; keep one of them`);
      } else fields.set(entry.key, entry);
    }
    return fields;
  }

  string(node: Node, what: string): string | undefined {
    if (node.type === 'scalar' && typeof node.value === 'string') {
      if (node.value.trim() !== '') return node.value;
      return this.mistake(node.at, `${what} must not be empty`);
    }
    return this.mistake(node.at, `${what} must be a text, not ${describe(node)}`);
  }

  boolean(node: Node, what: string): boolean | undefined {
    if (node.type === 'scalar' && typeof node.value === 'boolean') return node.value;
    return this.mistake(node.at, `${what} must be true or false, not ${describe(node)}`);
  }

  /** A number from `min` to `max` that is a whole multiple of 1 / `parts`. */
  number(node: Node, what: string, min: number, max: number, parts = 1): number | undefined {
    if (node.type !== 'scalar' || typeof node.value !== 'number') {
      return this.mistake(node.at, `${what} must be a number, not ${describe(node)}`);
    }
    if (!(node.value >= min && node.value <= max)) {
      return this.mistake(
        node.at,
        `${what} must ${min === max ? `be ${min}` : `lie between ${min} and ${max}`}, not ${node.value}`,
      );
    }
    if (Math.abs(node.value * parts - Math.round(node.value * parts)) > 1e-9) {
      return this.mistake(node.at, `${what} must be ${parts === 1 ? 'whole' : `in steps of ${1 / parts}`}`);
    }
    return node.value;
  }

  oneOf<T extends string>(node: Node, what: string, values: readonly T[]): T | undefined {
    const value = this.string(node, what);
    if (value === undefined) return undefined;
    const found = values.find((candidate) => candidate === value);
    return found ?? this.mistake(node.at, `${what} '${value}' does not exist; ${orSuggest(value, values)}`);
  }

  /** A list of texts; a single text counts as a list of one. */
  strings(node: Node, what: string): readonly string[] | undefined {
    if (node.type === 'scalar' && typeof node.value === 'string') {
      const one = this.string(node, what);
      return one === undefined ? undefined : [one];
    }
    if (node.type !== 'list') return this.mistake(node.at, `${what} must be a list of texts, not ${describe(node)}`);
    const texts = node.items.map((item) => this.string(item, `each entry of ${what}`));
    return texts.every((text) => text !== undefined) ? texts : undefined;
  }
}

/** A value in words, for a message. */
export function describe(node: Node): string {
  if (node.type !== 'scalar') return `a ${node.type === 'map' ? 'mapping' : 'list'}`;
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? `the text '${node.value}'` : String(node.value);
}

/** "did you mean 'x'?" or the list of what is known. */
export function orSuggest(word: string, known: readonly string[]): string {
  const near = suggest(word, known);
  return near === undefined ? `known: ${known.join(', ')}` : `did you mean '${near}'?`;
}

/** Freezes a plain value through and through. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** JSON with sorted keys and without blanks: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function firstSentence(message: string): string {
  return message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
}
