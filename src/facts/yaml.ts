/** Knows how to read YAML and JSON as plain located data: anchors, merge keys, duplicate keys, several documents, broken ones. */
import { createRequire } from 'node:module';
import type { Alias, Document, Pair, ParsedNode, Scalar, YAMLError, YAMLMap } from 'yaml';
import type { ParseProblem } from './facts.ts';
import { tooDeep } from './nesting.ts';
import { movedSpan, type OffsetMap, type Place, type Span } from './span.ts';

/** `path` is set only where a node comes from another file than the one it was found in (templates, patches). */
interface Located {
  readonly span: Span;
  readonly path?: string;
  /** Local tags such as `!reference`, `!Ref`, `!reset`, and `!!str`; absent for the usual ones. */
  readonly tag?: string;
  /** Set on nodes of rendered Helm templates, and on texts of compose files that hold variables. */
  readonly rendered?: Rendered;
}

/** What else is known of a node that a template made, or in whose text variables were replaced. */
export interface Rendered {
  /** Values keys that the node was made of, the last one read last: `image.repository`, `image.tag`. */
  readonly keys?: readonly string[];
  /** The value is not known before the installation: the reason. */
  readonly unknown?: string;
  /** Branches not taken inside a map: words (YAML keys) that they would add, and the values keys that decide. */
  readonly offers?: readonly { readonly words: readonly string[]; readonly keys: readonly string[] }[];
  /** The text as it stands in the compose file, with the names of its variables. */
  readonly written?: { readonly text: string; readonly variables: readonly string[] };
  /** Where the values of those variables stand on which the text depends; those of what such a value is made of follow it. */
  readonly origins?: readonly Origin[];
}

/** A variable with a value, and where that stands; the value itself may be a secret. */
export interface Origin extends Place {
  readonly name: string;
}

export interface YamlScalar extends Located {
  readonly kind: 'scalar';
  /** As YAML 1.2 resolves it: `yes` and `on` are strings. */
  readonly value: string | number | boolean | null;
  /** The content as text, before any resolving: `1.10` stays "1.10". */
  readonly text: string;
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded';
  /** Of block scalars with several lines: offsets in the text from which on it stands as it is at an offset in the file. */
  readonly pieces?: readonly Piece[];
}

export type Piece = readonly [text: number, file: number];

export interface YamlList extends Located {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

/** A key with its value; `span` runs from the start of the key to the end of the value. */
export interface YamlEntry extends Located {
  readonly key: string;
  readonly keySpan: Span;
  /** The key stands in quotes: `"on"` is a text to readers that take `on` for a boolean. */
  readonly quoted?: true;
  readonly value: YamlNode;
}

export interface YamlMap extends Located {
  readonly kind: 'map';
  /** Merge keys (`<<`) are resolved; of duplicate keys the last one stays. */
  readonly entries: readonly YamlEntry[];
  /** Entries that a later one of the same key took the place of. */
  readonly overwritten?: readonly YamlEntry[];
}

export type YamlNode = YamlScalar | YamlList | YamlMap;

export interface YamlDocument {
  readonly root: YamlNode;
  readonly span: Span;
  /** The document has a syntax error: what was understood of it is there, what is missing proves nothing. */
  readonly broken: boolean;
}

export interface YamlFile {
  /** Documents with content; empty ones are left out. */
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly ParseProblem[];
}

const MAX_DEPTH = 120;
const MAX_PROBLEMS = 20;
/** Nodes that aliases may add: beyond it a file is a "billion laughs" and not configuration. */
const MAX_ALIASED = 200_000;

/** Loads the YAML library and gives the reader: a pure function that never throws. */
export async function loadYaml(): Promise<(text: string) => YamlFile> {
  return readerWith(await import('yaml'));
}

/** The same reader at once, for models that are linked without waiting. */
export function yamlReader(): (text: string) => YamlFile {
  return readerWith(createRequire(import.meta.url)('yaml') as typeof import('yaml'));
}

function readerWith(yaml: typeof import('yaml')): (text: string) => YamlFile {
  return (text) => {
    let documents: Document.Parsed[];
    const deep = tooDeep(text, MAX_DEPTH * 2);
    if (deep !== undefined) {
      return { documents: [], problems: [{ message: 'nested too deeply', span: { start: deep, end: deep + 1 } }] };
    }
    try {
      documents = parse(text, yaml);
    } catch (error) {
      const message = error instanceof RangeError ? 'nested too deeply' : String((error as Error).message);
      return { documents: [], problems: [{ message, span: { start: 0, end: Math.min(1, text.length) } }] };
    }
    const result: YamlDocument[] = [];
    const problems: ParseProblem[] = [];
    for (const document of documents) {
      const reader = new Reader(text, yaml);
      for (const error of document.errors.slice(0, 3)) {
        reader.problem(firstLine(error.message), { start: error.pos[0], end: error.pos[1] });
      }
      const broken = document.errors.length > 0;
      const root = document.contents === null ? undefined : reader.node(document.contents, 0);
      problems.push(...reader.problems);
      if (root === undefined || (root.kind === 'scalar' && root.value === null)) continue;
      result.push({ root, span: root.span, broken });
    }
    return { documents: result, problems: problems.slice(0, MAX_PROBLEMS) };
  };
}

function parse(text: string, { parseAllDocuments }: typeof import('yaml')): Document.Parsed[] {
  const read = (source: string): Document.Parsed[] => {
    const parsed = parseAllDocuments(source, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
    return Array.isArray(parsed) ? parsed : [];
  };
  const documents = read(text);
  let [again, source] = [documents, text];
  // A quote that was not closed hides those behind it.
  for (let i = 0; i < 3 && again.some(({ errors }) => errors.some(isOpenQuote)); i++) {
    source = joinQuoted(source, again);
    again = read(source);
  }
  return again.every(({ errors }) => errors.length === 0) ? again : documents;
}

function isOpenQuote({ code, message }: YAMLError): boolean {
  return code === 'MISSING_CHAR' && message.endsWith('quote');
}

/**
 * The same text, with quoted ones that go on in lines without indentation on one line: the parsers of Go, Python and C
 * take them, and generators of manifests write them, but the specification does not allow it. No character moves.
 */
function joinQuoted(text: string, documents: readonly Document.Parsed[]): string {
  let [joined, done] = ['', 0];
  for (const error of documents.flatMap(({ errors }) => errors.filter(isOpenQuote))) {
    const start = error.pos[0];
    if (start < done) continue;
    const rest = error.message.includes('"') ? /[^"\\]*(?:\\[\s\S][^"\\]*)*/y : /[^']*(?:''[^']*)*/y;
    rest.lastIndex = start;
    const part = rest.exec(text)?.[0].split(/\n(?=---|\.\.\.)/)[0] ?? '';
    joined += text.slice(done, start) + part.replace(/[\r\n]/g, ' ');
    done = start + part.length;
  }
  return joined + text.slice(done);
}

type ParsedMap = YAMLMap.Parsed<ParsedNode, ParsedNode | null>;
type Kinds = Pick<typeof import('yaml'), 'isAlias' | 'isMap' | 'isSeq'>;

/** Turns the library's nodes into plain data; guards the anchors of one document. */
class Reader {
  readonly problems: ParseProblem[] = [];
  readonly #text: string;
  readonly #kinds: Kinds;
  readonly #anchors = new Map<string, { node: YamlNode; size: number } | 'open'>();
  #size = 0;
  #aliased = 0;

  constructor(text: string, kinds: Kinds) {
    this.#text = text;
    this.#kinds = kinds;
  }

  problem(message: string, span: Span, tolerated = false): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const place = this.#clamp(span.start, span.end);
    this.problems.push({ message, span: place, ...(tolerated ? { tolerated } : {}) });
  }

  #clamp(start: number, end: number): Span {
    const from = Math.max(0, Math.min(start, this.#text.length));
    return { start: from, end: Math.max(from, Math.min(end, this.#text.length)) };
  }

  /** End of the value itself: block collections and scalars of the library reach over trailing blank lines. */
  #span(range: readonly [number, number, number] | null | undefined): Span {
    if (!range) return { start: 0, end: 0 };
    const span = this.#clamp(range[0], range[1]);
    let end = span.end;
    while (end > span.start && /\s/.test(this.#text[end - 1]!)) end--;
    return { start: span.start, end };
  }

  node(node: ParsedNode | Alias, depth: number): YamlNode {
    this.#size++;
    if (depth > MAX_DEPTH) {
      const span = this.#span(node.range);
      this.problem('nested too deeply', { start: span.start, end: Math.min(span.end, span.start + 1) });
      return nothing(span);
    }
    if (this.#kinds.isAlias(node)) return this.#alias(node);
    const anchor = (node as Scalar).anchor;
    if (anchor === undefined) return this.#content(node as ParsedNode, depth);
    this.#anchors.set(anchor, 'open');
    const before = this.#size;
    const content = this.#content(node as ParsedNode, depth);
    this.#anchors.set(anchor, { node: content, size: this.#size - before + 1 });
    return content;
  }

  #alias(alias: Alias): YamlNode {
    const span = this.#span(alias.range);
    const target = this.#anchors.get(alias.source);
    if (target === undefined || target === 'open') {
      this.problem(target ? `alias *${alias.source} contains itself` : `unknown alias *${alias.source}`, span);
      return nothing(span);
    }
    this.#aliased += target.size;
    this.#size += target.size;
    if (this.#aliased > MAX_ALIASED) {
      this.problem('aliases expand to too much content', span);
      return nothing(span);
    }
    return target.node;
  }

  #content(node: ParsedNode, depth: number): YamlNode {
    const span = this.#span(node.range);
    const tag = node.tag?.startsWith('!') ? { tag: node.tag } : node.tag === STRING ? { tag: '!!str' } : {};
    if (this.#kinds.isMap(node)) {
      const overwritten: YamlEntry[] = [];
      const entries = this.#entries((node as ParsedMap).items, depth, overwritten);
      return { kind: 'map', entries, span, ...(overwritten.length > 0 ? { overwritten } : {}), ...tag };
    }
    if (this.#kinds.isSeq(node)) {
      const items = (node.items as ParsedNode[]).map((item) => this.node(item, depth + 1));
      return { kind: 'list', items, span, ...tag };
    }
    return this.#scalar(node as unknown as Scalar, span, tag);
  }

  #scalar(node: Scalar, span: Span, tag: { tag?: string }): YamlScalar {
    const style = STYLES[node.type ?? 'PLAIN'] ?? 'plain';
    const raw = node.value;
    const value =
      typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' || raw === null
        ? raw
        : (node.source ?? String(raw));
    const text = typeof value === 'string' ? value : (node.source ?? (value === null ? '' : String(value)));
    const scalar: YamlScalar = { kind: 'scalar', value, text, style, span, ...tag };
    return /^(?:literal|folded)$/.test(style) && text.includes('\n')
      ? { ...scalar, pieces: piecesOf(scalarOffsets(this.#text, scalar), text) }
      : scalar;
  }

  #entries(
    pairs: readonly Pair<ParsedNode, ParsedNode | null>[],
    depth: number,
    overwritten: YamlEntry[],
  ): YamlEntry[] {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const pair of pairs) {
      const key = this.node(pair.key ?? EMPTY, depth + 1);
      const name = key.kind === 'scalar' ? key.text : this.#text.slice(key.span.start, key.span.end);
      const value =
        pair.value === null ? nothing({ start: key.span.end, end: key.span.end }) : this.node(pair.value, depth + 1);
      if (name === '<<' && key.kind === 'scalar' && key.style === 'plain' && value.kind !== 'scalar') {
        const sources = value.kind === 'list' ? value.items : [value];
        for (const source of sources) {
          if (source.kind !== 'map') continue;
          for (const entry of source.entries) if (!merged.has(entry.key)) merged.set(entry.key, entry);
        }
        continue;
      }
      if (own.has(name)) {
        this.problem(`duplicate key ${JSON.stringify(name.slice(0, 80))}, the last value counts`, key.span, true);
        overwritten.push(own.get(name)!);
        own.delete(name);
      }
      const end = pair.value === null ? key.span.end : this.#span(pair.value.range).end;
      const span = { start: key.span.start, end: Math.max(key.span.end, end) };
      const quoted = key.kind === 'scalar' && key.style !== 'plain';
      own.set(name, { key: name, keySpan: key.span, ...(quoted ? { quoted } : {}), value, span });
    }
    if (merged.size === 0) return [...own.values()];
    return [...[...merged.values()].filter((entry) => !own.has(entry.key)), ...own.values()];
  }
}

const STRING = 'tag:yaml.org,2002:str';
const EMPTY = { source: '', value: null, range: [0, 0, 0], type: 'PLAIN' } as unknown as ParsedNode;

const STYLES: Readonly<Record<string, YamlScalar['style']>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
};

function nothing(span: Span): YamlScalar {
  return { kind: 'scalar', value: null, text: '', style: 'plain', span };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/:$/, '');
}

/** The node at a path of keys and list positions, or undefined. */
export function at(node: YamlNode | undefined, ...path: readonly (string | number)[]): YamlNode | undefined {
  let current = node;
  for (const step of path) {
    if (current === undefined) return undefined;
    if (typeof step === 'number') current = current.kind === 'list' ? current.items[step] : undefined;
    else current = entryOf(current, step)?.value;
  }
  return current;
}

/** The entry of a map by its key, or undefined (also when the node is no map). */
export function entryOf(node: YamlNode | undefined, key: string): YamlEntry | undefined {
  if (node?.kind !== 'map') return undefined;
  return node.entries.find((entry) => entry.key === key);
}

/** All entries of a map; none when the node is no map. */
export function entriesOf(node: YamlNode | undefined): readonly YamlEntry[] {
  return node?.kind === 'map' ? node.entries : [];
}

/** All items of a list; none when the node is no list. */
export function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  return node?.kind === 'list' ? node.items : [];
}

/** Text of a scalar that is not null; undefined for anything else. Numbers and booleans give their source text. */
export function textOf(node: YamlNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined;
}

/** Where a part of a scalar's text stands in the file, as far as that is known. */
export function spanWithin(node: YamlNode, part: Span | undefined): Span | undefined {
  // Where variables were replaced, the text is another one.
  const pieces = node.kind === 'scalar' && !node.rendered?.written ? node.pieces : undefined;
  const piece = part && pieces?.findLast(([text]) => text <= part.start);
  if (!piece) return undefined;
  const start = piece[1] + part.start - piece[0];
  return start < node.span.end ? { start, end: Math.min(node.span.end, start + part.end - part.start) } : undefined;
}

/** True for an absent node and for an explicit or implicit null. */
export function isNull(node: YamlNode | undefined): boolean {
  return node === undefined || (node.kind === 'scalar' && node.value === null);
}

/** A boolean as YAML 1.1 tools (Kubernetes, compose) read it; undefined for quoted strings and anything else. */
export function booleanOf(node: YamlNode | undefined): boolean | undefined {
  if (node?.kind !== 'scalar') return undefined;
  if (typeof node.value === 'boolean') return node.value;
  if (node.style !== 'plain') return undefined;
  if (/^(yes|on|y)$/i.test(node.text)) return true;
  return /^(no|off|n)$/i.test(node.text) ? false : undefined;
}

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** The node without places. */
export function plainOf(node: YamlNode): Plain {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plainOf);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, plainOf(entry.value)]));
}

/** The same node with every part that has no path yet at `path`. */
export function relocate<T extends YamlNode>(node: T, path: string): T {
  const placed = node.path === undefined ? { ...node, path } : node;
  if (placed.kind === 'list') return { ...placed, items: placed.items.map((item) => relocate(item, path)) };
  if (placed.kind !== 'map') return placed;
  const entries = placed.entries.map((entry) => ({
    ...entry,
    path: entry.path ?? path,
    value: relocate(entry.value, path),
  }));
  return { ...placed, entries };
}

/** The same node with all places moved by a map of offsets. */
export function movedNode<T extends YamlNode>(node: T, map: OffsetMap): T {
  const span = movedSpan(node.span, map);
  if (node.kind === 'scalar') {
    const pieces = node.pieces?.map(([text, file]): Piece => [text, map(file)]);
    return { ...node, span, ...(pieces && { pieces }) };
  }
  if (node.kind === 'list') return { ...node, span, items: node.items.map((item) => movedNode(item, map)) };
  const entries = node.entries.map((entry) => ({
    ...entry,
    span: movedSpan(entry.span, map),
    keySpan: movedSpan(entry.keySpan, map),
    value: movedNode(entry.value, map),
  }));
  return { ...node, span, entries };
}

/**
 * Maps offsets in a scalar's text to offsets in the file: block indentation, folding and escapes are accounted for.
 * `source` is the text of the file that holds the scalar.
 */
export function scalarOffsets(source: string, node: YamlScalar): OffsetMap {
  const table = new Uint32Array(node.text.length + 1);
  if (node.style === 'literal') fillLiteral(table, source, node);
  else fillFlow(table, source, node);
  return (offset) => table[Math.max(0, Math.min(offset, node.text.length))]!;
}

/** Of a map of offsets, those at which it leaps. */
function piecesOf(offsets: OffsetMap, text: string): Piece[] {
  const found: Piece[] = [];
  for (let i = 0; i < text.length; i++)
    if (i === 0 || (text[i] !== '\n' && offsets(i) !== offsets(i - 1) + 1)) found.push([i, offsets(i)]);
  return found;
}

function afterHeader(source: string, node: YamlScalar): number {
  const header = source.indexOf('\n', node.span.start);
  return header < 0 || header > node.span.end ? node.span.end : header + 1;
}

function fillLiteral(table: Uint32Array, source: string, node: YamlScalar): void {
  let from = afterHeader(source, node);
  let i = 0;
  for (const line of node.text.split('\n')) {
    const newline = source.indexOf('\n', from);
    const next = newline < 0 ? source.length : newline;
    const end = source[next - 1] === '\r' && next > from ? next - 1 : next;
    const start = Math.max(from, end - line.length);
    for (let k = 0; k <= line.length && i < table.length; k++) table[i++] = Math.min(start + k, node.span.end);
    from = Math.min(next + 1, source.length);
  }
}

function fillFlow(table: Uint32Array, source: string, node: YamlScalar): void {
  const { text, style } = node;
  let from = node.span.start;
  if (style === 'folded') from = afterHeader(source, node);
  else if (style !== 'plain') from++;
  const skip = () => {
    while (from < node.span.end && /\s/.test(source[from]!)) from++;
  };
  if (style === 'folded') skip();
  for (let i = 0; i < text.length; i++) {
    const blank = /\s/.test(text[i]!);
    if (!blank && source[from] !== text[i]) skip();
    table[i] = Math.min(from, node.span.end);
    if (style === 'single' && text[i] === "'") from += 2;
    else if (style === 'double' && source[from] === '\\') {
      from += ({ x: 4, u: 6, U: 10 } as Record<string, number>)[source[from + 1] ?? ''] ?? 2;
      if (/[\r\n]/.test(source[from - 1] ?? '')) {
        skip();
        i--;
      }
    } else if (blank && /\s/.test(source[from] ?? '')) {
      if (source[from] === '\n' || source[from] === '\r' || /\S/.test(text[i + 1] ?? '')) skip();
      else from++;
    } else if (!blank || source[from] === text[i]) from++;
  }
  table[text.length] = Math.min(from, node.span.end);
}
