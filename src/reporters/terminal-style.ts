/** Knows glyphs, colours and columns of terminal output; every colour stands beside a word or a glyph that says the same. */
import { styleText } from 'node:util';
import type { ReportFinding, State } from '../report.ts';
import { columns, shorten, wrap } from './plain.ts';
import type { ReporterOptions } from './reporter.ts';

type Severity = ReportFinding['severity'];
type Format = Parameters<typeof styleText>[0];

interface Glyphs {
  readonly states: Readonly<Record<State, string>>;
  readonly full: string;
  readonly empty: string;
  readonly mark: string;
  readonly rule: string;
  readonly gutter: string;
  readonly ellipsis: string;
}

const UNICODE: Glyphs = {
  states: { pass: '✔', partial: '◐', fail: '✖', notApplicable: '○', notAssessed: '?', attested: '◆' },
  full: '█',
  empty: '░',
  mark: '┃',
  rule: '─',
  gutter: '│',
  ellipsis: '…',
};

const ASCII: Glyphs = {
  states: { pass: '+', partial: '~', fail: 'x', notApplicable: '-', notAssessed: '?', attested: '@' },
  full: '#',
  empty: '.',
  mark: '|',
  rule: '-',
  gutter: '|',
  ellipsis: '...',
};

const STATE_FORMATS: Readonly<Record<State, Format>> = {
  pass: 'green',
  partial: 'yellow',
  fail: 'red',
  notApplicable: 'dim',
  notAssessed: 'magenta',
  attested: 'cyan',
};

const SEVERITY_FORMATS: Readonly<Record<Severity, Format>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
};

export interface Style extends Glyphs {
  readonly width: number;
  paint(format: Format, text: string): string;
  severity(severity: Severity): string;
  state(state: State): string;
  /** `text` in lines of the given width, each behind `indent` columns; the first behind `head` instead. */
  paragraph(text: string, indent: number, head?: string): string[];
  /** A bar of `size` columns filled by `part` of `whole`, with a mark at `at`. */
  bar(part: number, whole: number, size: number, at?: number): string;
  shorten(text: string, width: number): string;
}

export function styleOf({ color = false, width = 80, ascii = false }: ReporterOptions): Style {
  const glyphs = ascii ? ASCII : UNICODE;
  const paint = (format: Format, text: string) =>
    color && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  const total = Math.max(30, Math.min(width, 120));
  return {
    ...glyphs,
    width: total,
    paint,
    severity: (severity) => paint(SEVERITY_FORMATS[severity], severity),
    state: (state) => paint(STATE_FORMATS[state], glyphs.states[state]),
    paragraph: (text, indent, head = '') =>
      wrap(text, Math.max(16, total - indent)).map((line, index) => (index === 0 ? head : '').padEnd(indent) + line),
    bar: (part, whole, size, at) => {
      const filled = whole === 0 ? 0 : Math.floor((part * size) / whole);
      const cells = Array.from({ length: size }, (_, index) =>
        index < filled ? paint('green', glyphs.full) : paint('dim', glyphs.empty),
      );
      if (at !== undefined && whole > 0)
        cells[Math.min(size - 1, Math.floor((at * size) / whole))] = paint('bold', glyphs.mark);
      return cells.join('');
    },
    shorten: (text, size) => shorten(text, size, glyphs.ellipsis),
  };
}

/** `text` filled with spaces to `width` terminal columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Root as the beginning of a path: nothing for the current directory, otherwise with a slash at its end. */
export function rootPrefix(root = ''): string {
  const path = root.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (path === '' && root.startsWith('/')) return '/';
  return path === '' || path === '.' ? '' : `${path}/`;
}
