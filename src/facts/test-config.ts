/** Knows what is left out when tests run: ignored folders, test paths and markers of pytest and jest, markers and build tags of test files. */
import type { Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface TestConfig {
  /** `go` only in test files. */
  readonly runner: 'pytest' | 'jest' | 'go';
  /** Folders and patterns that are not collected. */
  readonly ignored: readonly Located[];
  /** The only folders that are collected when the command names none. */
  readonly roots: readonly Located[];
  /** Expressions over markers that decide what is run unless the command brings its own: `not integration`. */
  readonly selected: readonly Located[];
  /** Of a test file or conftest.py: pytest's markers on all and on some of its tests; of a Go file: the build constraint. */
  readonly labels?: { readonly all: readonly string[]; readonly some: readonly string[]; readonly constraint?: string };
}

interface Located {
  readonly text: string;
  readonly span: Span;
}

const pytestName = /(?:^|\/)(?:pytest\.ini|\.pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml)$/;
const jestName =
  /(?:^|\/)(?:(?:jest|vitest)[\w.-]*\.config\.[cm]?[jt]s|(?:jest|vitest)\.[\w.-]*config\.(?:[cm]?[jt]s|json)|jest[\w.-]*\.json|vite\.config\.[cm]?[jt]s|package\.json)$/;
const pytestFile = /(?:^|\/)(?:test_[^/]*|[^/]*_tests?|conftest)\.py$/;
const goFile = /_test\.go$/;

export const testConfig: Extractor<'testConfig'> = {
  kind: 'testConfig',
  zones: ['test'],
  accepts: (path) => pytestName.test(path) || jestName.test(path) || pytestFile.test(path) || goFile.test(path),
  recognises: (path, text) => {
    if (pytestFile.test(path)) return text.includes('pytest.mark.') || text.includes('add_marker');
    if (goFile.test(path)) return /^\/\/\s*(?:go:build|\+build)\s/m.test(text);
    if (pytestName.test(path)) return text.includes('pytest') || path.endsWith('pytest.ini');
    return /testPathIgnorePatterns|testMatch|\broots\b|\b(?:ex|in)clude\b/.test(text);
  },
  load:
    async () =>
    ({ path, text }) => {
      const data = readFile(path, text);
      const found = data.ignored.length + data.roots.length + data.selected.length > 0 || data.labels !== undefined;
      return found ? { data } : {};
    },
};

type Draft = { -readonly [K in keyof TestConfig]: TestConfig[K] extends readonly (infer T)[] ? T[] : TestConfig[K] };

function draft(runner: TestConfig['runner']): Draft {
  return { runner, ignored: [], roots: [], selected: [] };
}

function readFile(path: string, text: string): TestConfig {
  if (pytestFile.test(path)) return { ...draft('pytest'), labels: markersIn(path, text) };
  if (goFile.test(path)) return { ...draft('go'), labels: { all: [], some: [], constraint: constraintOf(text) } };
  return pytestName.test(path) ? readPytest(path, text) : readJest(path, text);
}

/** A marker is on all tests when `pytestmark` or a conftest.py names it, or when it decorates every test of the top level. */
function markersIn(path: string, text: string): { all: string[]; some: string[] } {
  const code = text.replace(/^[ \t]*#.*$/gm, '');
  const named = [...code.matchAll(/\bpytest\.mark\.(\w+)|\badd_marker\(\s*["'](\w+)["']/g)];
  const some = [...new Set(named.map((match) => (match[1] ?? match[2])!))];
  if (path.endsWith('conftest.py')) return { all: some, some };
  const wide = /^pytestmark\s*=\s*(\[[^\]]*\]|[^\r\n]*)/m.exec(code)?.[1] ?? '';
  const tests = code.match(/^(?:(?:async )?def test|class Test)/gm)?.length ?? 0;
  const all = some.filter((name) => {
    const decorators = code.match(new RegExp(`^@pytest\\.mark\\.${name}\\b`, 'gm'))?.length ?? 0;
    return new RegExp(`\\bpytest\\.mark\\.${name}\\b`).test(wide) || (tests > 0 && decorators >= tests);
  });
  return { all, some };
}

/** The constraint in front of the package clause, in the newer form: `integration && !windows`. */
function constraintOf(text: string): string {
  const head = text.slice(0, Math.max(0, text.search(/^package\s/m)));
  const newer = /^\/\/go:build\s+([^\r\n]+)/m.exec(head);
  if (newer) return newer[1]!;
  const older = [...head.matchAll(/^\/\/\s*\+build\s+([^\r\n]+)/gm)];
  return older.map(([, line]) => `(${line!.trim().replace(/,/g, '&&').replace(/\s+/g, '||')})`).join('&&');
}

function readPytest(path: string, text: string): TestConfig {
  const found = draft('pytest');
  let section = path.endsWith('pytest.ini') ? 'pytest' : '';
  let key = '';
  for (const line of text.matchAll(/[^\r\n]+/g)) {
    const [content] = line;
    if (/^\s*[#;]/.test(content)) continue;
    const header = /^\[{1,2}([^[\]"']+)\]{1,2}\s*$/.exec(content);
    if (header) {
      section = header[1]!.trim();
      key = '';
      continue;
    }
    if (!/pytest/.test(section)) continue;
    const pair = /^([\w.-]+)\s*=/.exec(content);
    if (pair) key = pair[1]!;
    const start = line.index + (pair?.[0].length ?? 0);
    const value = content.slice(pair?.[0].length ?? 0);
    if (key === 'testpaths' || key === 'norecursedirs')
      words(value, start, key === 'testpaths' ? found.roots : found.ignored);
    if (key === 'addopts') options(value, start, found);
  }
  return found;
}

function words(value: string, start: number, into: Located[]): void {
  for (const match of value.matchAll(/[\w./*-]+/g)) {
    const from = start + match.index;
    into.push({ text: match[0], span: { start: from, end: from + match[0].length } });
  }
}

/** `--ignore=path`, `--ignore-glob=...`, `-m "not integration"`, `"-m", "not integration"`, `-m=...`, `-m unit`. */
function options(value: string, start: number, found: Draft): void {
  for (const match of value.matchAll(/--ignore(?:-glob)?[= ]["']?([\w./*-]+)/g)) {
    const from = start + match.index;
    found.ignored.push({ text: match[1]!, span: { start: from, end: from + match[0].length } });
  }
  const marker = /(?:^|[\s"'])(-m(?:["'],)?[= ]\s*\\?(?:"([^"\\]+)\\?"|'([^'\\]+)\\?'|(\w+)))/g;
  for (const match of value.matchAll(marker)) {
    const from = start + match.index + match[0].length - match[1]!.length;
    const text = (match[2] ?? match[3] ?? match[4])!;
    found.selected.push({ text, span: { start: from, end: from + match[1]!.length } });
  }
}

/** The lists of jest's and vitest's configuration; those of single projects say nothing about the others. */
function readJest(path: string, source: string): TestConfig {
  const text = source.replace(/^[ \t]*\/\/.*$/gm, (line) => ' '.repeat(line.length));
  const found = draft('jest');
  const start = text.search(
    path.endsWith('package.json') ? /"jest"\s*:/ : /(?:^|\/)vite/.test(path) ? /\btest\s*:\s*\{/ : /^/,
  );
  if (start < 0 || /\b(?:projects|workspace)["']?\s*:\s*\[/.test(text)) return found;
  const lists = /\b(testPathIgnorePatterns|exclude|testMatch|roots|include)["']?\s*:\s*\[/g;
  lists.lastIndex = start;
  for (let match = lists.exec(text), count = 0; match && count < 20; match = lists.exec(text), count++) {
    // `coverage.include` and `typecheck.include` choose no tests.
    if (/\b(?:coverage|typecheck)\s*:\s*\{[^{}]*$/.test(text.slice(Math.max(start, match.index - 400), match.index)))
      continue;
    const open = match.index + match[0].length;
    const into = /^(?:testPathIgnorePatterns|exclude)$/.test(match[1]!) ? found.ignored : found.roots;
    for (const one of text.slice(open, closing(text, open)).matchAll(/(["'`])([^"'`\r\n]+)\1/g)) {
      const from = open + one.index + 1;
      const span = { start: from, end: from + one[2]!.length };
      into.push({ text: into === found.roots ? leading(one[2]!) : one[2]!, span });
    }
  }
  return found;
}

/** End of a list that begins before `open`; strings in it may hold brackets. */
function closing(text: string, open: number): number {
  const end = Math.min(text.length, open + 5000);
  let quote = '';
  for (let i = open; i < end; i++) {
    const char = text[i]!;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === ']') return i;
  }
  return end;
}

/** The folder in front of the first wildcard: `<rootDir>/tests/unit/**\/*.ts` is `tests/unit`. */
function leading(pattern: string): string {
  const plain = pattern.replace(/^<rootDir>\/?|^\.\//, '');
  const wild = plain.search(/[*?[{(+!@]/);
  return (wild < 0 ? plain : plain.slice(0, wild).replace(/[^/]*$/, '')).replace(/\/+$/, '');
}

/**
 * Does an expression over names hold? Knows `and`, `or`, `not`, `&&`, `||`, `!` and parentheses; undefined for anything else.
 */
export function holds(expression: string, has: (name: string) => boolean): boolean | undefined {
  const tokens = expression.match(/&&|\|\||[!()]|[\w.]+|\S/g) ?? [];
  let at = 0;
  let depth = 0;
  const primary = (): boolean | undefined => {
    const token = tokens[at++];
    if (token === '!' || token === 'not') {
      const value = ++depth > 100 ? undefined : primary();
      return value === undefined ? undefined : !value;
    }
    if (token === '(') {
      const value = ++depth > 100 ? undefined : either();
      return tokens[at++] === ')' ? value : undefined;
    }
    return token !== undefined && /^[\w.]+$/.test(token) ? has(token) : undefined;
  };
  const chain = (next: () => boolean | undefined, words: RegExp, join: (a: boolean, b: boolean) => boolean) => {
    let value = next();
    while (value !== undefined && words.test(tokens[at] ?? '')) {
      at++;
      const other = next();
      value = other === undefined ? undefined : join(value, other);
    }
    return value;
  };
  const both = () => chain(primary, /^(?:&&|and)$/, (a, b) => a && b);
  const either = (): boolean | undefined => chain(both, /^(?:\|\||or)$/, (a, b) => a || b);
  const value = either();
  return at === tokens.length ? value : undefined;
}
