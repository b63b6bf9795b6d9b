/** Knows how offsets in a text become lines and columns, and back. */

/** A range of a text in UTF-16 code units; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A range in one file of the scanned tree; `path` is relative to its root, with forward slashes. */
export interface Place {
  readonly path: string;
  readonly span: Span;
}

/** Gives for an offset in an extracted text (a block scalar, a joined command) the offset in the file it stands in. */
export type OffsetMap = (offset: number) => number;

/** The same range where the map says that it stands; never of negative length. */
export function movedSpan(span: Span, map: OffsetMap): Span {
  const start = map(span.start);
  return { start, end: Math.max(start, map(span.end)) };
}

/** 1-based line and column (UTF-16 code units; a tab is one column). */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A place as reports show it: 1-based, `endColumn` exclusive. */
export interface Region {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Line starts of one text; LF, CRLF and a lone CR each end a line. */
export class Lines {
  readonly text: string;
  readonly #starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) this.#starts.push(i + 1);
    }
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Offset of the first character of a 1-based line; lines beyond the end give the length of the text. */
  offset(line: number, column = 1): number {
    const start = this.#starts[Math.max(1, line) - 1];
    return start === undefined ? this.text.length : Math.min(start + column - 1, this.text.length);
  }

  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - this.#starts[low]! + 1 };
  }

  region(span: Span): Region {
    const start = this.position(span.start);
    const end = this.position(Math.max(span.start, span.end));
    return { startLine: start.line, startColumn: start.column, endLine: end.line, endColumn: end.column };
  }

  /** Text of a 1-based line without its line break. */
  line(number: number): string {
    const start = this.#starts[number - 1];
    if (start === undefined) return '';
    return this.text.slice(start, this.#starts[number] ?? this.text.length).replace(/[\r\n]+$/, '');
  }

  /** Span of a 1-based line without its indentation and line break. */
  lineSpan(number: number): Span {
    const start = this.offset(number);
    const text = this.line(number);
    const indent = text.length - text.trimStart().length;
    return { start: start + indent, end: start + Math.max(indent, text.trimEnd().length) };
  }
}
