/** Knows the formats of coverage reports: Cobertura, coverage.py JSON, lcov, JaCoCo, Clover, istanbul JSON, Go profiles. */
import type { Span } from './span.ts';

export interface CoverageReport {
  readonly format: 'cobertura' | 'coverage.py' | 'lcov' | 'jacoco' | 'clover' | 'istanbul' | 'go';
  /** Of the files it lists, by their endings; `other` when it lists none that are known. */
  readonly language: 'python' | 'javascript' | 'java' | 'go' | 'other';
  /** Lines, or statements where the format has no lines. */
  readonly covered: number;
  readonly total: number;
  /** Where the figure stands. */
  readonly span: Span;
}

/** Reads a report; undefined when the text is none, or counts nothing. */
export function readReport(path: string, text: string): CoverageReport | undefined {
  const report = /\.xml$/i.test(path)
    ? readXml(text)
    : /\.json$/i.test(path)
      ? readJson(text)
      : (readLcov(text) ?? readGo(text));
  return report && report.total > 0 && report.covered >= 0 && report.covered <= report.total ? report : undefined;
}

function languageOf(names: Iterable<string>): CoverageReport['language'] {
  for (const name of names) {
    if (/\.pyw?$/.test(name)) return 'python';
    if (/\.(?:[cm]?[jt]sx?|vue|svelte)$/.test(name)) return 'javascript';
    if (/\.(?:java|kt|scala|groovy)$/.test(name)) return 'java';
    if (/\.go$/.test(name)) return 'go';
  }
  return 'other';
}

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly span: Span;
}

/** Start tags of an XML text in order; comments, declarations and CDATA are skipped. */
function* tagsOf(text: string): Generator<Tag | { readonly close: string }> {
  const token =
    /<!--|<!\[CDATA\[|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0] === '<!--' || match[0] === '<![CDATA[') {
      const end = text.indexOf(match[0] === '<!--' ? '-->' : ']]>', token.lastIndex);
      if (end < 0) return;
      token.lastIndex = end + 3;
    } else if (match[1]) {
      yield { close: match[1] };
    } else {
      const attributes: Record<string, string> = {};
      for (const one of match[3]!.matchAll(/([\w:.-]+)\s*=\s*["']([^"']*)["']/g)) attributes[one[1]!] = one[2]!;
      yield { name: match[2]!, attributes, span: { start: match.index, end: match.index + match[0].length } };
      if (match[4]) yield { close: match[2]! };
    }
  }
}

function readXml(text: string): CoverageReport | undefined {
  let root: Tag | undefined;
  let depth = 0;
  let counter: Tag | undefined;
  let metrics: Tag | undefined;
  const names: string[] = [];
  let lines = 0;
  let hits = 0;
  for (const tag of tagsOf(text)) {
    if ('close' in tag) {
      depth--;
      continue;
    }
    depth++;
    root ??= tag;
    const { name, attributes } = tag;
    // JaCoCo's totals are the counters directly below the report.
    if (name === 'counter' && depth === 2 && attributes.type === 'LINE') counter = tag;
    if (name === 'metrics' && depth === 3) metrics ??= tag;
    if (name === 'line' && attributes.hits !== undefined) {
      lines++;
      if (attributes.hits !== '0') hits++;
    }
    const file =
      attributes.filename ??
      attributes.sourcefilename ??
      (name === 'file' ? (attributes.path ?? attributes.name) : undefined);
    if (file && names.length < 200) names.push(file);
    if (name === 'sourcefile' && attributes.name && names.length < 200) names.push(attributes.name);
  }
  if (!root) return undefined;
  const language = languageOf(names);
  if (root.name === 'report' && counter) {
    const covered = Number(counter.attributes.covered);
    return {
      format: 'jacoco',
      language: language === 'other' ? 'java' : language,
      covered,
      total: covered + Number(counter.attributes.missed),
      span: counter.span,
    };
  }
  if (root.name !== 'coverage') return undefined;
  if (metrics && root.attributes['line-rate'] === undefined) {
    const { coveredstatements, statements } = metrics.attributes;
    return {
      format: 'clover',
      language,
      covered: Number(coveredstatements),
      total: Number(statements),
      span: metrics.span,
    };
  }
  const valid = Number(root.attributes['lines-valid']);
  const covered = Number(root.attributes['lines-covered']);
  const counted = valid > 0 && Number.isFinite(covered);
  return {
    format: 'cobertura',
    language,
    covered: counted ? covered : hits,
    total: counted ? valid : lines,
    span: root.span,
  };
}

function readJson(text: string): CoverageReport | undefined {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(data)) return undefined;
  const first = { start: 0, end: Math.min(1, text.length) };
  const place = (key: string): Span => {
    const start = text.indexOf(`"${key}"`);
    return start < 0 ? first : { start, end: start + key.length + 2 };
  };
  const { totals, total } = data;
  if (isRecord(totals) && typeof totals.num_statements === 'number') {
    const covered = Number(totals.covered_lines);
    return { format: 'coverage.py', language: 'python', covered, total: totals.num_statements, span: place('totals') };
  }
  if (isRecord(total) && isRecord(total.lines)) {
    const { lines } = total;
    return {
      format: 'istanbul',
      language: 'javascript',
      covered: Number(lines.covered),
      total: Number(lines.total),
      span: place('total'),
    };
  }
  let covered = 0;
  let count = 0;
  for (const file of Object.values(data)) {
    if (!isRecord(file) || !isRecord(file.s) || !isRecord(file.statementMap)) return undefined;
    const hits = Object.values(file.s);
    count += hits.length;
    covered += hits.filter((hit) => Number(hit) > 0).length;
  }
  return { format: 'istanbul', language: 'javascript', covered, total: count, span: first };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readLcov(text: string): CoverageReport | undefined {
  if (!/^SF:/m.test(text.slice(0, 2000))) return undefined;
  const names: string[] = [];
  let total = 0;
  let covered = 0;
  let lines = 0;
  let hits = 0;
  for (const match of text.matchAll(/^(SF|LF|LH|DA):(.*)$/gm)) {
    const [, key, value] = match;
    if (key === 'SF' && names.length < 200) names.push(value!.trim());
    else if (key === 'LF') total += Number(value) || 0;
    else if (key === 'LH') covered += Number(value) || 0;
    else if (key === 'DA') {
      lines++;
      if (!/,0(?:,|\s*$)/.test(value!)) hits++;
    }
  }
  const counted = total > 0;
  const span = { start: 0, end: Math.min(text.length, 3) };
  return {
    format: 'lcov',
    language: languageOf(names),
    covered: counted ? covered : hits,
    total: counted ? total : lines,
    span,
  };
}

/** `mode: set`, then `file:from.col,to.col statements count`; a block that several tests list counts once. */
function readGo(text: string): CoverageReport | undefined {
  if (!/^mode: (?:set|count|atomic)\s*$/m.test(text.slice(0, 40))) return undefined;
  const blocks = new Map<string, { statements: number; hit: boolean }>();
  for (const match of text.matchAll(/^(\S+:\d+\.\d+,\d+\.\d+) (\d+) (\d+)\s*$/gm)) {
    const known = blocks.get(match[1]!);
    const hit = match[3] !== '0' || (known?.hit ?? false);
    blocks.set(match[1]!, { statements: Number(match[2]), hit });
  }
  let total = 0;
  let covered = 0;
  for (const { statements, hit } of blocks.values()) {
    total += statements;
    if (hit) covered += statements;
  }
  return { format: 'go', language: 'go', covered, total, span: { start: 0, end: Math.min(text.length, 5) } };
}
