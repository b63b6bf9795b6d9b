/** Knows coverage files: reports with their figure, and the configuration that measures, gates or switches coverage off. */
import { type CoverageReport, readReport } from './coverage-report.ts';
import type { Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface CoverageFile {
  readonly report?: CoverageReport;
  /** Minimum in hundredths of a percent. */
  readonly gates: readonly CoverageGate[];
  /** Options in the test configuration that switch measuring off: `-p no:cov`, `--no-cov`. */
  readonly disabled: readonly { readonly text: string; readonly span: Span }[];
  /** Ecosystems whose tests measure coverage without being asked on the command line. */
  readonly measures: readonly Ecosystem[];
}

export interface CoverageGate {
  readonly ecosystem: Ecosystem;
  readonly minimum: number;
  readonly span: Span;
  /** The setting's name: `fail_under`, `coverageThreshold`. */
  readonly setting: string;
}

export type Ecosystem = 'python' | 'javascript' | 'java' | 'service';

const reportName =
  /(?:^|\/)(?:[\w.-]*coverage[\w.-]*|cobertura[\w.-]*|clover|jacoco[\w.-]*)\.xml$|(?:^|\/)coverage(?:-(?:summary|final))?\.json$|(?:^|\/)(?:lcov\.info|[\w.-]*\.lcov|coverage\.(?:out|txt|lcov)|cover(?:profile)?\.out|c\.out|profile\.cov)$/i;
const iniName = /(?:^|\/)(?:\.coveragerc|setup\.cfg|tox\.ini|pytest\.ini|\.pytest\.ini|pyproject\.toml)$/;
const scriptConfig =
  /(?:^|\/)(?:(?:jest|vitest|vite|karma)\.config\.[cm]?[jt]s|jest\.config\.json|package\.json|\.nycrc(?:\.json)?|\.c8rc(?:\.json)?|nyc\.config\.[cm]?js)$/;
const javaName = /(?:^|\/)(?:pom\.xml|build\.gradle(?:\.kts)?)$/;
const serviceName = /(?:^|\/)\.?codecov\.ya?ml$/;

export const coverage: Extractor<'coverage'> = {
  kind: 'coverage',
  zones: ['generated'],
  accepts: (path) => [reportName, iniName, scriptConfig, javaName, serviceName].some((name) => name.test(path)),
  recognises: (path, text) => reportName.test(path) || /cov|threshold|jacoco|target|fail_under|check-/i.test(text),
  load:
    async () =>
    ({ path, text }) => {
      const report = reportName.test(path) ? readReport(path, text) : undefined;
      if (report) return { data: { report, gates: [], disabled: [], measures: [] } };
      const data = readConfiguration(path, text);
      return data ? { data } : {};
    },
};

function readConfiguration(path: string, text: string): CoverageFile | undefined {
  const found = {
    gates: [] as CoverageGate[],
    disabled: [] as { text: string; span: Span }[],
    measures: [] as Ecosystem[],
  };
  if (iniName.test(path)) readIni(path, text, found);
  else if (scriptConfig.test(path)) readScriptConfig(path, text, found);
  else if (javaName.test(path)) readJava(text, found);
  else if (serviceName.test(path)) readService(text, found);
  return found.gates.length + found.disabled.length + found.measures.length > 0 ? found : undefined;
}

interface Found {
  readonly gates: CoverageGate[];
  readonly disabled: { text: string; span: Span }[];
  readonly measures: Ecosystem[];
}

function percent(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text.trim() !== '' && Number.isFinite(value) && value > 0 && value <= 100
    ? Math.round(value * 100)
    : undefined;
}

/** Sections and keys as INI and TOML have them; a value goes on over indented or bracketed lines. */
function readIni(path: string, text: string, found: Found): void {
  let section = path.endsWith('.coveragerc') ? 'report' : '';
  let inOptions = false;
  for (const line of text.matchAll(/[^\r\n]+/g)) {
    const content = line[0];
    const bare = content.trim();
    if (bare.startsWith('#') || bare.startsWith(';')) continue;
    const header = /^\s*\[{1,2}([^[\]]+)\]{1,2}\s*(?:#.*)?$/.exec(content);
    if (header && !/^\s*["']/.test(content)) {
      section = header[1]!.trim();
      inOptions = false;
      continue;
    }
    const pair = /^([\w.-]+)\s*[=:]\s*(.*)$/.exec(content);
    if (pair) inOptions = pair[1] === 'addopts' && /pytest/.test(`${path} ${section}`);
    const value = pair?.[2]?.replace(/\s+#.*$/, '').replace(/^["']|["']$/g, '');
    if (pair?.[1] === 'fail_under' && /(?:^|[.:])report$/.test(section))
      add(found, 'python', value, 'fail_under', line.index, content);
    if (inOptions) readArguments(content, line.index, found);
  }
}

/** pytest options in a configuration file. */
function readArguments(content: string, offset: number, found: Found): void {
  const minimum = /--cov-fail-under[= ]["']?([\d.]+)/.exec(content);
  if (minimum) add(found, 'python', minimum[1], '--cov-fail-under', offset + minimum.index, minimum[0]);
  for (const match of content.matchAll(/--no-cov\b(?!-)|-p[ =]?["']?,?\s*["']?no:(?:pytest_)?cov\b/g)) {
    found.disabled.push({
      text: match[0],
      span: { start: offset + match.index, end: offset + match.index + match[0].length },
    });
  }
  if (/--cov\b(?!-)/.test(content)) found.measures.push('python');
}

function add(
  found: Found,
  ecosystem: Ecosystem,
  value: string | undefined,
  setting: string,
  start: number,
  text: string,
): void {
  const minimum = percent(value);
  if (minimum !== undefined)
    found.gates.push({ ecosystem, minimum, setting, span: { start, end: start + text.trimEnd().length } });
}

/** Thresholds of jest, vitest, nyc and c8, in JSON or as an object literal. */
function readScriptConfig(path: string, text: string, found: Found): void {
  const plain = /\.json$|rc$/.test(path) ? text : blankComments(text);
  const key = /\bcoverageThreshold["']?\s*:|\bthresholds["']?\s*:|"(?:nyc|c8)"\s*:/g;
  const own = /\.(?:nycrc|c8rc)(?:\.json)?$/.test(path);
  const starts = own ? [0] : [...plain.matchAll(key)].map((match) => match.index);
  for (const start of starts.slice(0, 20)) {
    const end = closing(plain, plain.indexOf('{', start));
    const body = plain.slice(start, end);
    const checked =
      own || body.startsWith('"nyc"') || body.startsWith('"c8"') ? /check-?coverage["']?\s*:\s*true/i.test(body) : true;
    const figure = /\b(lines|statements|branches|functions)["']?\s*:\s*(\d+(?:\.\d+)?)/g;
    const minimums = [...body.matchAll(figure)];
    const best =
      minimums.find((match) => match[1] === 'lines') ??
      minimums.find((match) => match[1] === 'statements') ??
      minimums[0];
    if (best && checked) add(found, 'javascript', best[2], 'coverageThreshold', start + best.index, best[0]);
  }
  if (/\bcollectCoverage["']?\s*:\s*true|\bcoverage["']?\s*:\s*\{[^}]*\benabled["']?\s*:\s*true/.test(plain))
    found.measures.push('javascript');
  if (own) found.measures.push('javascript');
}

function blankComments(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|(^|[^:"'`])\/\/[^\r\n]*/g,
    (match, before: string | undefined) => (before ?? '') + ' '.repeat(match.length - (before?.length ?? 0)),
  );
}

function closing(text: string, open: number): number {
  if (open < 0) return 0;
  let depth = 0;
  for (let i = open; i < text.length && i < open + 20_000; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i + 1;
  }
  return Math.min(text.length, open + 20_000);
}

function readJava(text: string, found: Found): void {
  if (!/jacoco/i.test(text)) return;
  const plain = text.replace(/<!--[\s\S]*?-->/g, (match) => ' '.repeat(match.length));
  for (const match of plain.matchAll(/<minimum>\s*([\d.]+)(%?)\s*<\/minimum>|\bminimum\s*=\s*(?:["']?)([\d.]+)/g)) {
    const value = Number(match[1] ?? match[3]);
    add(found, 'java', String(match[2] === '%' || value > 1 ? value : value * 100), 'minimum', match.index, match[0]);
  }
  found.measures.push('java');
}

/** `target: 80%` of the project status; `auto` only compares with the commit before. */
function readService(text: string, found: Found): void {
  const plain = text.replace(/^\s*#.*$/gm, (match) => ' '.repeat(match.length));
  const project = plain.search(/^\s*project:/m);
  if (project < 0) return;
  const target = /^\s*target:\s*["']?([\d.]+)%?["']?\s*(?:#.*)?$/m.exec(plain.slice(project));
  if (target)
    add(
      found,
      'service',
      target[1],
      'target',
      project + target.index + (target[0].length - target[0].trimStart().length),
      target[0].trim(),
    );
}
