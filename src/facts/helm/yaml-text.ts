/** Knows how Helm writes values as YAML and JSON and reads them back, with the origin of every character. */
import type { Span } from '../span.ts';
import type { YamlFile, YamlNode, YamlScalar } from '../yaml.ts';
import {
  bool,
  childKey,
  compareText,
  dict,
  float,
  list,
  NIL,
  type Origin,
  printFloat,
  type Run,
  TemplateError,
  type TextValue,
  text,
  type Value,
} from './value.ts';

const YES = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const NO = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NOTHING = /^(?:|~|null|Null|NULL)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const BASE60 = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]+\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d*)?(?: *(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/;

/** What a plain scalar means to Helm's YAML library: the YAML 1.1 reading of booleans and numbers. */
function plainValue(written: string): string | number | boolean | null {
  if (NOTHING.test(written)) return null;
  if (YES.test(written)) return true;
  if (NO.test(written)) return false;
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(written)) return written.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(written)) return Number.NaN;
  if (!/^[-+.\d]/.test(written) || DATE.test(written)) return written;
  const digits = written.replaceAll('_', '');
  const based = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/.exec(digits);
  if (based) {
    const number = /^0[xXbBoO]/.test(based[2]!) ? Number(based[2]!.toLowerCase()) : Number.parseInt(based[2]!, 8);
    return based[1] === '-' ? -number : number;
  }
  return FLOAT.test(digits) ? Number(digits) : written;
}

/** Turns a located YAML tree into values; `place` says where a node stands (or undefined when nowhere useful). */
export function fromNode(
  node: YamlNode,
  place: (node: YamlNode, key: string | undefined) => Origin | undefined,
  key?: string,
): Value {
  const from = place(node, key);
  const placed = from ? { from } : {};
  if (node.kind === 'map') {
    const entries = node.entries.map((entry): [string, Value] => {
      const name = entry.quoted ? entry.key : keyText(entry.key);
      return [name, fromNode(entry.value, place, key === undefined ? undefined : childKey(key, name))];
    });
    return { ...dict(entries), ...placed };
  }
  if (node.kind === 'list') {
    const items = node.items.map((item, i) => fromNode(item, place, key === undefined ? undefined : `${key}[${i}]`));
    return { ...list(items), ...placed };
  }
  const value = scalarValue(node);
  if (value === null) return from ? { kind: 'nil', from } : NIL;
  if (typeof value === 'boolean') return { ...bool(value), ...placed };
  if (typeof value === 'number') return { ...float(value), ...placed };
  const runs: Run[] = from && value !== '' ? [{ ...from, start: 0, end: value.length }] : [];
  return { ...text(value, runs), ...placed };
}

/** A key that is not quoted is read like a value first: `on` becomes "true", and `0644` becomes "420". */
function keyText(written: string): string {
  const value = plainValue(written);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : printFloat(value);
  return value === null ? written : String(value);
}

function scalarValue(node: YamlScalar): string | number | boolean | null {
  if (node.tag === '!!str' || node.style !== 'plain') return node.text;
  return plainValue(node.text);
}

/** Place in the text that was read: where its characters came from; unknown as soon as a part of a scalar is. */
export function placeIn(source: TextValue): (node: YamlNode) => Origin | undefined {
  const { runs } = source;
  return (node) => {
    let low = 0;
    let high = runs.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (runs[middle]!.end <= node.span.start) low = middle + 1;
      else high = middle;
    }
    let run = runs[low];
    if (!run) return undefined;
    if (node.kind === 'scalar') {
      for (let i = low; i < runs.length && runs[i]!.start < node.span.end; i++) if (runs[i]!.unknown) run = runs[i]!;
    }
    const { path, key, unknown } = run;
    const span = run.copied && node.span.end <= run.end ? shifted(node.span, run.span.start - run.start) : run.span;
    return { path, span, ...(key === undefined ? {} : { key }), ...(unknown === undefined ? {} : { unknown }) };
  };
}

function shifted({ start, end }: Span, by: number): Span {
  return { start: Math.max(0, start + by), end: Math.max(0, end + by) };
}

export function fromYaml(source: TextValue, read: (text: string) => YamlFile, wanted: 'dict' | 'list'): Value {
  const { documents, problems } = read(source.value);
  const failed = (message: string): Value =>
    wanted === 'dict' ? dict([['Error', text(message)]]) : list([text(message)]);
  const [first] = documents;
  if (!first) return problems[0] ? failed(problems[0].message) : wanted === 'dict' ? dict() : list([]);
  if (first.broken) return failed(problems[0]?.message ?? 'not valid');
  const value = fromNode(first.root, placeIn(source));
  return value.kind === wanted ? value : failed(`error unmarshaling: cannot unmarshal ${value.kind}`);
}

/** Pieces of text with the origin of each. */
export class Sheet {
  readonly #parts: string[] = [];
  readonly #runs: Run[] = [];
  #length = 0;
  /** Characters since the last line break. */
  column = 0;

  add(value: string, from?: Origin | readonly Run[]): void {
    if (value === '') return;
    if (Array.isArray(from)) {
      for (const run of from as readonly Run[])
        this.#runs.push({ ...run, start: run.start + this.#length, end: run.end + this.#length });
    } else if (from) this.#runs.push({ ...(from as Origin), start: this.#length, end: this.#length + value.length });
    this.#parts.push(value);
    this.#length += value.length;
    const newline = value.lastIndexOf('\n');
    this.column = newline < 0 ? this.column + value.length : value.length - newline - 1;
    if (this.#length > 4_000_000) throw new TemplateError('the value is too large');
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  done(): TextValue {
    return text(this.#parts.join(''), this.#runs);
  }
}

/** A text's own place: for texts of values files the value, for others the place of their first character. */
export function originOf(value: Value): Origin | undefined {
  if (value.from) return value.from;
  const run = value.kind === 'text' ? value.runs.find((candidate) => candidate.path !== '') : undefined;
  return (
    run && {
      path: run.path,
      span: run.span,
      ...(run.key === undefined ? {} : { key: run.key }),
      ...(run.unknown === undefined ? {} : { unknown: run.unknown }),
    }
  );
}

const MAX_DEPTH = 100;

/** `toYaml`: block style, sorted keys, lists in maps indented by `listIndent`. A line break at the end is left out. */
export function toYaml(value: Value, listIndent = 0): TextValue {
  const sheet = new Sheet();
  writeYaml(sheet, value, 0, false, 0, listIndent);
  return sheet.done();
}

function writeYaml(
  sheet: Sheet,
  value: Value,
  indent: number,
  inline: boolean,
  depth: number,
  listIndent: number,
): void {
  if (depth > MAX_DEPTH) throw new TemplateError('the value is nested too deeply');
  const pad = ' '.repeat(indent);
  if (value.kind === 'dict' && value.entries.size > 0) {
    [...value.entries.keys()].sort(naturally).forEach((key, i) => {
      const item = value.entries.get(key)!;
      const from = originOf(item) ?? value.from;
      if (i > 0) sheet.add('\n');
      if (i > 0 || !inline) sheet.add(pad);
      writeScalar(sheet, key, indent, from, true);
      sheet.add(':', from);
      if ((item.kind === 'dict' && item.entries.size > 0) || (item.kind === 'list' && item.items.length > 0)) {
        sheet.add('\n');
        writeYaml(sheet, item, indent + (item.kind === 'list' ? listIndent : 2), false, depth + 1, listIndent);
      } else {
        sheet.add(' ');
        writeYaml(sheet, item, indent, true, depth + 1, listIndent);
      }
    });
    return;
  }
  if (value.kind === 'list' && value.items.length > 0) {
    value.items.forEach((item, i) => {
      if (i > 0) sheet.add('\n');
      if (i > 0 || !inline) sheet.add(pad);
      sheet.add('- ', originOf(item));
      writeYaml(sheet, item, item.kind === 'text' ? indent : indent + 2, true, depth + 1, listIndent);
    });
    return;
  }
  if (value.kind === 'text') writeScalar(sheet, value.value, indent, originOf(value), false);
  else sheet.add(shortYaml(value), originOf(value));
}

function shortYaml(value: Value): string {
  switch (value.kind) {
    case 'nil':
      return 'null';
    case 'dict':
      return '{}';
    case 'list':
      return '[]';
    case 'number':
      return jsonNumber(value.value);
    case 'bool':
      return String(value.value);
    default:
      return '{}';
  }
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  return String(value).replace(/e([-+])(\d)$/, 'e$10$2');
}

/** Order of keys as YAML writers of the Go world sort them: letters after others, numbers by value. */
function naturally(a: string, b: string): number {
  const letter = /\p{L}/u;
  for (let i = 0; i < a.length && i < b.length; i++) {
    if (a[i] === b[i]) continue;
    const [al, bl] = [letter.test(a[i]!), letter.test(b[i]!)];
    if (al && bl) return compareText(a[i]!, b[i]!);
    if (al || bl) return bl ? -1 : 1;
    const [an, bn] = [/^\d{0,15}/.exec(a.slice(i))![0], /^\d{0,15}/.exec(b.slice(i))![0]];
    if (Number(an) !== Number(bn)) return Number(an) - Number(bn);
    return compareText(a[i]!, b[i]!);
  }
  return a.length - b.length;
}

const WIDTH = 80;
const UNPRINTABLE = /[^\n\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\ud800-\udfff]|\ufeff/;

function writeScalar(sheet: Sheet, value: string, indent: number, from: Origin | undefined, key: boolean): void {
  const special = UNPRINTABLE.test(value);
  if (value.includes('\n') && !key && !special && !/ (?:\n|$)/.test(value)) {
    writeLiteral(sheet, value, indent, from);
    return;
  }
  const ambiguous =
    typeof plainValue(value) !== 'string' || BASE60.test(value) || DATE.test(value) || value === '<<' || value === '=';
  if (special || ambiguous || value.includes('\n')) {
    sheet.add(
      JSON.stringify(value).replace(/[\x7f-\x9f\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      from,
    );
    return;
  }
  const quoted = /^[\s,[\]{}#&*!|>'"%@`]|^[-?:](?:\s|$)|^(?:---|\.\.\.)|: |:$|\s#|\s$/.test(value);
  const written = quoted ? `'${value.replaceAll("'", "''")}'` : value;
  if (key || sheet.column + written.length <= WIDTH) sheet.add(written, from);
  else fold(sheet, written, indent + 2, from);
}

/** Long lines break at the first single blank behind the width. */
function fold(sheet: Sheet, written: string, indent: number, from: Origin | undefined): void {
  let start = 0;
  let column = sheet.column;
  for (let i = 1; i < written.length - 1; i++) {
    if (written[i] === ' ' && column + i - start > WIDTH && written[i + 1] !== ' ' && written[i - 1] !== ' ') {
      sheet.add(`${written.slice(start, i)}\n${' '.repeat(indent)}`, from);
      start = i + 1;
      column = indent;
    }
  }
  sheet.add(written.slice(start), from);
}

function writeLiteral(sheet: Sheet, value: string, indent: number, from: Origin | undefined): void {
  const pad = ' '.repeat(indent + 2);
  const end = value.endsWith('\n') ? (value.endsWith('\n\n') || value === '\n' ? '+' : '') : '-';
  const lines = value.split('\n');
  if (value.endsWith('\n')) lines.pop();
  sheet.add(`|${/^[\s]/.test(value) ? '2' : ''}${end}`, from);
  for (const line of lines) sheet.add(line === '' ? '\n' : `\n${pad}${line}`, from);
}

/** `toJson`; `html` escapes as Go does unless asked for raw JSON, `pretty` indents by two. */
export function toJson(value: Value, html: boolean, pretty = false): TextValue {
  const sheet = new Sheet();
  writeJson(sheet, value, html, pretty ? '\n' : '', 0);
  return sheet.done();
}

function jsonText(value: string, html: boolean): string {
  const json = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
  return html ? json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : json;
}

function writeJson(sheet: Sheet, value: Value, html: boolean, line: string, depth: number): void {
  if (depth > MAX_DEPTH) throw new TemplateError('the value is nested too deeply');
  const inner = line && `${line}${'  '.repeat(depth + 1)}`;
  const outer = line && `${line}${'  '.repeat(depth)}`;
  if (value.kind === 'dict' && value.entries.size > 0) {
    sheet.add('{');
    [...value.entries.keys()].sort(compareText).forEach((key, i) => {
      const item = value.entries.get(key)!;
      const from = originOf(item) ?? value.from;
      sheet.add(`${i > 0 ? ',' : ''}${inner}`);
      sheet.add(`${jsonText(key, html)}:${line && ' '}`, from);
      writeJson(sheet, item, html, line, depth + 1);
    });
    sheet.add(`${outer}}`);
  } else if (value.kind === 'list' && value.items.length > 0) {
    sheet.add('[');
    value.items.forEach((item, i) => {
      sheet.add(`${i > 0 ? ',' : ''}${inner}`);
      writeJson(sheet, item, html, line, depth + 1);
    });
    sheet.add(`${outer}]`);
  } else if (value.kind === 'text') sheet.add(jsonText(value.value, html), originOf(value));
  else sheet.add(shortYaml(value), originOf(value));
}
