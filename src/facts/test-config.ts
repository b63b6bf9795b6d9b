/** Knows what the configuration of test runners leaves out: pytest's and jest's ignored folders, test paths and markers. */
import type { Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface TestConfig {
  readonly runner: 'pytest' | 'jest';
  /** Folders and patterns that are not collected. */
  readonly ignored: readonly { readonly text: string; readonly span: Span }[];
  /** The only folders that are collected when the command names none. */
  readonly roots: readonly { readonly text: string; readonly span: Span }[];
  /** Markers that are not run unless asked for. */
  readonly deselected: readonly { readonly text: string; readonly span: Span }[];
}

const pytestName = /(?:^|\/)(?:pytest\.ini|\.pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml)$/;
const jestName = /(?:^|\/)(?:(?:jest|vitest)\.config\.[cm]?[jt]s|jest\.config\.json|package\.json)$/;

export const testConfig: Extractor<'testConfig'> = {
  kind: 'testConfig',
  accepts: (path) => pytestName.test(path) || jestName.test(path),
  recognises: (path, text) =>
    pytestName.test(path)
      ? /pytest/.test(text) || path.endsWith('pytest.ini')
      : /testPathIgnorePatterns|\bexclude\b/.test(text),
  load:
    async () =>
    ({ path, text }) => {
      const data = pytestName.test(path) ? readPytest(path, text) : readJest(text);
      return data.ignored.length + data.roots.length + data.deselected.length > 0 ? { data } : {};
    },
};

type Draft = { -readonly [K in keyof TestConfig]: TestConfig[K] extends readonly (infer T)[] ? T[] : TestConfig[K] };

function readPytest(path: string, text: string): TestConfig {
  const found: Draft = { runner: 'pytest', ignored: [], roots: [], deselected: [] };
  let section = path.endsWith('pytest.ini') ? 'pytest' : '';
  let key = '';
  for (const line of text.matchAll(/[^\r\n]+/g)) {
    const [content] = line;
    if (/^\s*[#;]/.test(content)) continue;
    const header = /^\[+\s*([^\]]+?)\s*\]+\s*$/.exec(content);
    if (header) {
      section = header[1]!;
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

function words(value: string, start: number, into: { text: string; span: Span }[]): void {
  for (const match of value.matchAll(/[\w./*-]+/g)) {
    const from = start + match.index;
    into.push({ text: match[0], span: { start: from, end: from + match[0].length } });
  }
}

/** `--ignore=path`, `--ignore-glob=...`, `-m "not integration"`. */
function options(value: string, start: number, found: Draft): void {
  for (const match of value.matchAll(/--ignore(?:-glob)?[= ]["']?([\w./*-]+)/g)) {
    const from = start + match.index;
    found.ignored.push({ text: match[1]!, span: { start: from, end: from + match[0].length } });
  }
  for (const match of value.matchAll(/-m[= ]\s*\\?["']([^"'\\]+)/g)) {
    const from = start + match.index;
    for (const name of match[1]!.matchAll(/\bnot\s+\(?\s*(\w+)/g)) {
      found.deselected.push({ text: name[1]!, span: { start: from, end: from + match[0].length } });
    }
  }
}

function readJest(source: string): TestConfig {
  const text = source.replace(/^[ \t]*\/\/.*$/gm, (line) => ' '.repeat(line.length));
  const found: Draft = { runner: 'jest', ignored: [], roots: [], deselected: [] };
  for (const match of [...text.matchAll(/\b(?:testPathIgnorePatterns|exclude)["']?\s*:\s*\[/g)].slice(0, 20)) {
    const open = match.index + match[0].length;
    const close = text.indexOf(']', open);
    const body = text.slice(open, close < 0 ? Math.min(text.length, open + 5000) : close);
    for (const one of body.matchAll(/["'`]([^"'`\r\n]+)["'`]/g)) {
      const from = open + one.index + 1;
      found.ignored.push({ text: one[1]!, span: { start: from, end: from + one[1]!.length } });
    }
  }
  return found;
}
