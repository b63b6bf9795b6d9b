/** Knows how places in rendered text lead back to templates and values. */
import type { Span } from '../span.ts';
import type { Piece, Rendered, YamlDocument, YamlEntry, YamlMap, YamlNode } from '../yaml.ts';
import type { Origin, Run, TextValue } from './value.ts';

/** Rewrites the places of documents parsed from a rendered text: every node gets its file and its span there. */
export function relocate(documents: readonly YamlDocument[], source: TextValue, fallback: Origin): YamlDocument[] {
  const locator = new Locator(source, fallback);
  return documents.map((document) => {
    const root = locator.node(document.root, 0);
    return { ...document, root, span: root.span };
  });
}

/** Place of one stretch of a rendered text. */
export function placeOf(span: Span, source: TextValue, fallback: Origin): { path: string; span: Span } {
  return new Locator(source, fallback).place(span);
}

class Locator {
  readonly #runs: readonly Run[];
  readonly #marks: readonly Run[];
  readonly #failed: readonly Run[];
  readonly #text: string;
  readonly #fallback: Origin;

  constructor(source: TextValue, fallback: Origin) {
    this.#runs = source.runs.filter((run) => run.end > run.start);
    this.#marks = source.runs.filter((run) => run.offers);
    this.#failed = source.runs.filter((run) => run.failed);
    this.#text = source.value;
    this.#fallback = fallback;
  }

  node(node: YamlNode, depth: number): YamlNode {
    if (node.kind === 'map') {
      const entries = node.entries.map((entry) => this.#entry(entry, depth));
      const rendered = this.#map(node);
      return { ...node, entries, ...this.place(node.span), ...(rendered ? { rendered } : {}) };
    }
    if (node.kind === 'list') {
      return { ...node, items: node.items.map((item) => this.node(item, depth + 1)), ...this.place(node.span) };
    }
    const rendered = this.#details(node.span);
    const own = this.#scalarPlace(node.span);
    const pieces = node.pieces?.flatMap(([text, start]): Piece[] => {
      const { path, span } = this.place({ start, end: start + 1 });
      return path === own.path ? [[text, span.start]] : [];
    });
    return { ...node, ...own, ...(pieces && { pieces }), ...(rendered ? { rendered } : {}) };
  }

  #entry(entry: YamlEntry, depth: number): YamlEntry {
    const key = this.place(entry.keySpan);
    const value = this.node(entry.value, depth + 1);
    const sameFile = value.path === key.path && value.span.end > key.span.start;
    const span = { start: key.span.start, end: sameFile ? value.span.end : key.span.end };
    return { ...entry, path: key.path, keySpan: key.span, value, span };
  }

  /** Index of the first run that ends behind the offset. */
  #first(offset: number): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#runs[middle]!.end <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  *#inside({ start, end }: Span): Generator<Run> {
    for (let i = this.#first(start); i < this.#runs.length && this.#runs[i]!.start < Math.max(end, start + 1); i++) {
      yield this.#runs[i]!;
    }
  }

  #within(run: Run, { start, end }: Span): Span {
    if (!run.copied) return run.span;
    const from = run.span.start + Math.max(0, start - run.start);
    return { start: from, end: Math.max(from, run.span.start + Math.min(end, run.end) - run.start) };
  }

  /** Start and end of a stretch of text, as far as both stand in one file. */
  place(span: Span): { path: string; span: Span } {
    const [first] = this.#inside({ start: span.start, end: span.start + 1 });
    if (!first) return { path: this.#fallback.path, span: this.#fallback.span };
    const start = this.#within(first, span);
    if (!first.copied || first.end >= span.end) return { path: first.path, span: start };
    const [last] = this.#inside({ start: span.end - 1, end: span.end });
    const end = last?.copied && last.path === first.path ? this.#within(last, span).end : start.end;
    return { path: first.path, span: { start: start.start, end: Math.max(end, start.end) } };
  }

  /** A scalar made of one value stands where the value stands; one made of several where the template puts it. */
  #scalarPlace(span: Span): { path: string; span: Span } {
    const runs = [...this.#inside(span)];
    const values = runs.filter((run) => run.key !== undefined);
    const literal = runs.filter((run) => run.key === undefined && this.#letters(run, span));
    const [only] = values;
    if (
      only &&
      literal.length === 0 &&
      values.every((run) => run.path === only.path && run.span.start === only.span.start)
    ) {
      return { path: only.path, span: only.span };
    }
    const copied = runs.filter((run) => run.copied);
    const [first] = copied;
    if (!first) return only ? { path: only.path, span: only.span } : this.place(span);
    const last = copied.filter((run) => run.path === first.path).at(-1)!;
    const start = this.#within(first, span).start;
    return { path: first.path, span: { start, end: Math.max(start, this.#within(last, span).end) } };
  }

  /** Does the run add more than quotes and blanks? */
  #letters(run: Run, span: Span): boolean {
    return /[^"'\s]/.test(this.#text.slice(Math.max(run.start, span.start), Math.min(run.end, span.end)));
  }

  #details(span: Span): Rendered | undefined {
    const keys = new Set<string>();
    let unknown: string | undefined;
    for (const run of this.#inside(span)) {
      if (run.key) keys.add(run.key);
      unknown ??= run.unknown;
    }
    if (keys.size === 0 && unknown === undefined) return undefined;
    return { ...(keys.size > 0 ? { keys: [...keys] } : {}), ...(unknown === undefined ? {} : { unknown }) };
  }

  /** Of a map: the key of the value it was written from, branches not taken in it, and failures. */
  #map(node: YamlMap): Rendered | undefined {
    const key = this.#keyOf(node);
    if (this.#marks.length === 0 && this.#failed.length === 0) return key === undefined ? undefined : { keys: [key] };
    const { start } = node.span;
    let { end } = node.span;
    while (end < this.#text.length && /\s/.test(this.#text[end]!)) end++;
    const offers = between(this.#marks, start, end).map((mark) => ({ words: mark.offers!, keys: mark.keys ?? [] }));
    const unknown = between(this.#failed, start, end)[0]?.unknown;
    if (key === undefined && offers.length === 0 && unknown === undefined) return undefined;
    return {
      ...(key === undefined ? {} : { keys: [key] }),
      ...(offers.length > 0 ? { offers } : {}),
      ...(unknown === undefined ? {} : { unknown }),
    };
  }

  /** The characters of a key stand where its value stands, so the map's key is the one above. */
  #keyOf(node: YamlMap): string | undefined {
    const [first] = node.entries;
    const at = first?.keySpan.start ?? node.span.start;
    const [run] = this.#inside({ start: at, end: at + 1 });
    if (run?.key === undefined || run.copied) return undefined;
    if (!first) return run.key;
    const cut = lastDot(run.key);
    return cut > 0 ? run.key.slice(0, cut) : undefined;
  }
}

/** Place of the last dot that separates keys; dots inside keys have a backslash. */
function lastDot(key: string): number {
  for (let i = key.length - 1; i > 0; i--) if (key[i] === '.' && key[i - 1] !== '\\') return i;
  return -1;
}

/** Runs that start in a range, of runs sorted by their start. */
function between(runs: readonly Run[], start: number, end: number): readonly Run[] {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  let to = low;
  while (to < runs.length && runs[to]!.start <= end) to++;
  return runs.slice(low, to);
}
