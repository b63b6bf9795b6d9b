/** Knows the rule pages: their front matter, fixed sections, summaries, options and executable examples. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Options, OptionValue, Severity } from './check.ts';
import { deepFreeze, describe, type Entry, type Node, Reader } from './document.ts';
import { UserError } from './problem.ts';
import type { RuleReport } from './report.ts';
import type { KnownOptions } from './roadmap.ts';

/** What an option of a check is for, and its value where nobody sets it. */
export interface OptionDefinition {
  readonly default: OptionValue;
  readonly description: string;
}

/** A small tree under "Bad" or "Good": scanned as a whole, a bad one has a finding and a good one has none. */
export interface PageCase {
  readonly section: 'bad' | 'good';
  /** Heading of the case, or of the section. */
  readonly title: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface RulePage extends RuleReport {
  readonly options: Readonly<Record<string, OptionDefinition>>;
  /** Markdown below each heading, trimmed. */
  readonly sections: Readonly<Record<Heading, string>>;
  readonly cases: readonly PageCase[];
}

/** Sections of every page, in order. */
export const HEADINGS = [
  ...(['What it checks', 'Why it matters', 'Bad', 'Good', 'How to fix', 'Limits', 'References'] as const),
];
export type Heading = (typeof HEADINGS)[number];

const FRONT_KEYS = ['title', 'severity', 'cwe', 'precision', 'options'];
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];
const PRECISIONS: readonly RuleReport['precision'][] = ['very-high', 'high', 'medium', 'low'];
const SUMMARY_LIMIT = 1000;
const HINT = 'Correct these places; CONTRIBUTING.md describes the format of a rule page.';

/** Reads one page. Throws one UserError that lists every mistake as "file:line:column message". */
export function parsePage(source: string, id: string, fileName: string): RulePage {
  const text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const reader = new Reader(text, fileName);
  const front = /^---\n([\s\S]*?\n)?---\n/.exec(text);
  if (front === null) reader.mistake(0, 'the page must begin with a front matter between two lines of ---');
  reader.finish(HINT);
  const bodyAt = front![0].length;
  const facts = readFront(reader, reader.parse(4, 4 + (front![1]?.length ?? 0)));
  const blocks = splitBody(reader, text, bodyAt);
  const sections = readSections(reader, text, bodyAt, blocks);
  const cases = [...readCases(reader, blocks, 'Bad'), ...readCases(reader, blocks, 'Good')];
  const summary = readSummary(reader, sections, 'What it checks');
  const why = readSummary(reader, sections, 'Why it matters');
  reader.finish(HINT);
  const markdown = `${text.slice(bodyAt).trim()}\n`;
  const words = Object.fromEntries(sections.map(({ title, text: body }) => [title, body])) as Record<Heading, string>;
  return deepFreeze({ id, ...facts, summary, why, markdown, sections: words, cases });
}

/** Reads the pages that ship with the program, by item id. */
export function shippedPages(): ReadonlyMap<string, RulePage> {
  const folder = new URL('../rules/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.md'));
  const mistakes: string[] = [];
  const pages = new Map<string, RulePage>();
  for (const name of names.sort()) {
    const id = name.slice(0, -'.md'.length);
    try {
      pages.set(id, parsePage(readFileSync(new URL(name, folder), 'utf8'), id, `rules/${name}`));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new UserError(mistakes.join('\n'), HINT);
  return pages;
}

/** Option values of a page where nobody sets them. */
export function defaultsOf(page: RulePage | undefined): Options {
  return Object.fromEntries(Object.entries(page?.options ?? {}).map(([name, option]) => [name, option.default]));
}

/** Option defaults of all pages, for the readers of roadmaps and configurations. */
export function knownOptions(pages: ReadonlyMap<string, RulePage>): KnownOptions {
  return new Map([...pages].map(([id, page]) => [id, defaultsOf(page)]));
}

type Front = Pick<RulePage, 'title' | 'severity' | 'cwe' | 'precision' | 'options'>;

function readFront(reader: Reader, node: Node | undefined): Front {
  const fields = node === undefined ? new Map<string, Entry>() : reader.fields(node, 'the front matter', FRONT_KEYS);
  const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined, otherwise: T): T => {
    const entry = fields.get(key);
    if (entry !== undefined) return parse(entry.value, `'${key}'`) ?? otherwise;
    reader.mistake(0, `the front matter has no '${key}'`);
    return otherwise;
  };
  const title = get(
    'title',
    (node, what) => {
      const words = reader.string(node, what);
      return words?.endsWith('.') ? reader.mistake(node.at, `${what} must not end with a period`) : words;
    },
    '',
  );
  const severity = get('severity', (node, what) => reader.oneOf(node, what, SEVERITIES), 'medium');
  const cwe = get('cwe', (node, what) => readNumbers(reader, node, what), []);
  const precision = get('precision', (node, what) => reader.oneOf(node, what, PRECISIONS), 'medium');
  const options = get('options', (node, what) => readDefinitions(reader, node, what), {});
  return { title, severity, cwe, precision, options };
}

function readNumbers(reader: Reader, node: Node, what: string): readonly number[] | undefined {
  if (node.type !== 'list') return reader.mistake(node.at, `${what} must be a list of numbers, not ${describe(node)}`);
  return node.items.flatMap((item) => reader.number(item, `each entry of ${what}`, 1, 9999) ?? []);
}

function readDefinitions(reader: Reader, node: Node, what: string): Readonly<Record<string, OptionDefinition>> {
  const definitions: Record<string, OptionDefinition> = {};
  for (const { key, keyAt, value } of reader.fields(node, what).values()) {
    if (!/^[a-z][A-Za-z0-9]*$/.test(key)) reader.mistake(keyAt, `the option '${key}' must be written inCamelCase`);
    const fields = reader.fields(value, `option '${key}'`, ['default', 'description']);
    const description = fields.get('description');
    const words = description && reader.string(description.value, `the description of option '${key}'`);
    if (description === undefined) reader.mistake(keyAt, `option '${key}' has no description`);
    const given = fields.get('default');
    if (given === undefined) reader.mistake(keyAt, `option '${key}' has no default`);
    const initial = given && readDefault(reader, given.value, `the default of option '${key}'`);
    if (initial !== undefined && words !== undefined) definitions[key] = { default: initial, description: words };
  }
  return definitions;
}

function readDefault(reader: Reader, node: Node, what: string): OptionValue | undefined {
  const text = (value: Node): string | undefined => {
    if (value.type === 'scalar' && typeof value.value === 'string') return value.value;
    return reader.mistake(value.at, `${what} may only hold texts, not ${describe(value)}; put it in quotes`);
  };
  if (node.type === 'scalar') return node.value ?? reader.mistake(node.at, `${what} must not be empty`);
  if (node.type === 'list') {
    const texts = node.items.map(text);
    return texts.every((one) => one !== undefined) ? texts : undefined;
  }
  const pairs = node.entries.map(({ key, value }) => [key, text(value)] as const);
  return pairs.every(([, one]) => one !== undefined)
    ? (Object.fromEntries(pairs) as Record<string, string>)
    : undefined;
}

/** A heading or a fenced block of the body. */
type Block =
  | {
      readonly kind: 'heading';
      readonly level: number;
      readonly title: string;
      readonly at: number;
      readonly end: number;
    }
  | { readonly kind: 'fence'; readonly info: string; readonly text: string; readonly at: number; readonly end: number };

/** Headings and fenced blocks in order; a heading inside a fenced block is none. */
function splitBody(reader: Reader, text: string, from: number): readonly Block[] {
  const blocks: Block[] = [];
  let fence: { readonly mark: string; readonly info: string; readonly at: number; readonly from: number } | undefined;
  let at = from;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end);
    const mark = /^(`{3,}|~{3,})\s*(.*)$/.exec(line);
    if (fence !== undefined) {
      if (mark !== null && mark[2] === '' && mark[1]!.startsWith(fence.mark)) {
        blocks.push({ kind: 'fence', info: fence.info, text: text.slice(fence.from, at), at: fence.at, end });
        fence = undefined;
      }
    } else if (mark !== null) {
      fence = { mark: mark[1]!, info: mark[2]!.trim(), at, from: Math.min(end + 1, text.length) };
    } else {
      const heading = /^(#{1,6})\s+(.*?)\s*$/.exec(line);
      if (heading !== null) blocks.push({ kind: 'heading', level: heading[1]!.length, title: heading[2]!, at, end });
    }
    at = end + 1;
  }
  if (fence !== undefined) reader.mistake(fence.at, `the code block is not closed by a line of ${fence.mark}`);
  return blocks;
}

interface Section {
  readonly title: string;
  readonly at: number;
  readonly text: string;
}

function readSections(reader: Reader, text: string, bodyAt: number, blocks: readonly Block[]): readonly Section[] {
  const headings = blocks.flatMap((block) => (block.kind === 'heading' && block.level <= 2 ? [block] : []));
  const titles = headings.map(({ level, title }) => `${'#'.repeat(level)} ${title}`);
  const wanted = HEADINGS.map((title) => `## ${title}`);
  if (titles.join('\n') !== wanted.join('\n')) {
    const wrong = titles.findIndex((title, index) => title !== wanted[index]);
    const index = wrong < 0 ? titles.length : wrong;
    const expected = wanted[index] === undefined ? 'no further section' : `'${wanted[index]}'`;
    reader.mistake(
      headings[index]?.at ?? text.length,
      `here must stand ${expected}${titles[index] === undefined ? '' : `, not '${titles[index]}'`}; the sections are ${HEADINGS.join(', ')}`,
    );
  }
  if (headings[0] !== undefined && text.slice(bodyAt, headings[0].at).trim() !== '') {
    reader.mistake(bodyAt, 'no text may stand before the first section');
  }
  return headings.map(({ title, at, end }, index) => {
    const body = text.slice(end, headings[index + 1]?.at ?? text.length).trim();
    if (body === '') reader.mistake(at, `the section '${title}' is empty`);
    return { title, at, text: body };
  });
}

function readCases(reader: Reader, blocks: readonly Block[], section: 'Bad' | 'Good'): readonly PageCase[] {
  const start = blocks.findIndex((block) => block.kind === 'heading' && block.level === 2 && block.title === section);
  if (start < 0) return [];
  const cases: { title: string; at: number; explicit: boolean; files: Record<string, string> }[] = [];
  const open = (title: string, at: number, explicit: boolean) => cases.push({ title, at, explicit, files: {} });
  open(section, blocks[start]!.at, false);
  for (const block of blocks.slice(start + 1)) {
    if (block.kind === 'heading' && block.level <= 2) break;
    if (block.kind === 'heading') open(block.title, block.at, true);
    else addFile(reader, cases.at(-1)!.files, block.info, block.text, block.at);
  }
  const used = cases.filter(({ explicit, files }) => explicit || cases.length === 1 || Object.keys(files).length > 0);
  for (const { title, at, files } of used) {
    if (Object.keys(files).length === 0) reader.mistake(at, `the example '${title}' has no file`);
  }
  return used.map(({ title, files }) => ({ section: section === 'Bad' ? 'bad' : 'good', title, files }));
}

function addFile(reader: Reader, files: Record<string, string>, info: string, text: string, at: number): void {
  const path = /^\S+\s+(\S.*)$/.exec(info)?.[1];
  if (path === undefined) {
    reader.mistake(at, 'the code block must name its language and its path, as in ```python app/main.py');
  } else if (/^\/|^[A-Za-z]:|\\|(^|\/)\.{1,2}(\/|$)/.test(path)) {
    reader.mistake(at, `the path '${path}' must be relative, with forward slashes and without . or ..`);
  } else if (files[path] !== undefined) {
    reader.mistake(at, `the file '${path}' stands twice in one example`);
  } else {
    files[path] = text;
  }
}

function readSummary(reader: Reader, sections: readonly Section[], title: Heading): string {
  const section = sections.find((candidate) => candidate.title === title);
  if (section === undefined) return '';
  const summary = plainText(section.text.split(/\n\s*\n/)[0]!);
  if (summary.length > SUMMARY_LIMIT) {
    reader.mistake(
      section.at,
      `the first paragraph of '${title}' has ${summary.length} of ${SUMMARY_LIMIT} characters`,
    );
  }
  return summary;
}

/** A Markdown paragraph without its marks: links keep their words, code and emphasis their content. */
function plainText(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/`([^`]*)`/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}
