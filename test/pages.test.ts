/** Knows that every rule page is complete, that its weaknesses are the roadmap's, and that its examples behave as they say. */
import { describe, expect, test } from '@jest/globals';
import { checks } from '../src/checks/index.ts';
import { extractors } from '../src/facts/index.ts';
import { defaultsOf, HEADINGS, knownOptions, parsePage, shippedPages } from '../src/pages.ts';
import { UserError } from '../src/problem.ts';
import { builtinRoadmap } from '../src/roadmap.ts';
import { scanFiles } from './scan-files.ts';

/** CWE numbers by item, in the order of the roadmap. */
const CWE: Readonly<Record<string, readonly number[]>> = {
  'pqc-imports': [327, 636],
  'password-hashing': [916],
  'api-key-exposure': [200, 532],
  'flask-secret-key': [798, 321],
  'password-comparison': [208],
  'rate-limiting': [307, 770],
  'admin-auth': [306, 862],
  'unsafe-deserialization': [502],
  'ci-error-masking': [390, 754],
  'readonly-rootfs': [732],
  'eks-public-access': [284],
  'image-pinning': [829, 494],
  'dependency-unification': [1104],
  'vulnerable-dependencies': [1395],
  'terraform-state-encryption': [311],
  'subprocess-validation': [78, 88],
  'security-headers': [693, 1021],
  'resource-quota': [770],
  'external-secrets': [522, 312],
  'network-policies': [923],
  'csrf-protection': [352],
  'edge-security-headers': [693],
  'postgresql-migration': [1188],
  'real-metrics': [1164],
  'test-coverage': [],
  'type-hints': [],
  'pre-commit-hooks': [],
  'integration-tests': [],
  'dockerfile-healthcheck': [],
};

const pages = shippedPages();
const checkOf = new Map(checks.map((check) => [check.id, check]));

describe('every rule page', () => {
  test('belongs to an item of the built-in roadmap', () => {
    const items = builtinRoadmap().items.map((item) => item.id);
    expect([...pages.keys()].filter((id) => !items.includes(id))).toEqual([]);
    expect(Object.keys(CWE)).toEqual(items);
  });

  test('has a title of its own', () => {
    const titles = [...pages.values()].map((page) => page.title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index || title.length > 100)).toEqual([]);
  });

  test('gives its summaries as plain text', () => {
    for (const page of pages.values()) {
      for (const text of [page.summary, page.why]) {
        expect(text).toMatch(/^[A-Z].*[.]$/);
        expect(text).not.toMatch(/[`*\n]|\]\(/);
      }
    }
  });
});

describe.each([...pages.values()].map((page) => [page.id, page] as const))('%s', (id, page) => {
  test('names the weaknesses of the roadmap', () => {
    expect(page.cwe).toEqual(CWE[id]);
  });

  test('has both kinds of examples', () => {
    expect(new Set(page.cases.map((one) => one.section))).toEqual(new Set(['bad', 'good']));
    for (const section of ['bad', 'good']) {
      const titles = page.cases.filter((one) => one.section === section).map((one) => one.title);
      expect(new Set(titles).size).toBe(titles.length);
    }
  });

  const check = checkOf.get(id);
  if (check === undefined) return;
  const readable = extractors.filter((extractor) => check.needs[extractor.kind] !== undefined);
  // Examples in a language that no extractor reads are words only.
  const cases = page.cases.filter((one) =>
    Object.keys(one.files).some((path) => readable.some(({ accepts }) => accepts(path))),
  );
  test.each(cases.map((one) => [one.section, one.title, one] as const))('%s: %s', async (section, _title, one) => {
    const { judgement, notifications } = await scanFiles(check, one.files, defaultsOf(page));
    expect(notifications.filter((notification) => notification.level !== 'note')).toEqual([]);
    expect(judgement.notAssessed).toBeUndefined();
    const findings = judgement.findings.map(({ finding }) => finding);
    if (section === 'bad') {
      expect(findings.filter((finding) => finding.confidence !== 'low').length).toBeGreaterThan(0);
    } else {
      expect(findings).toEqual([]);
      expect(judgement.subjects.filter((subject) => subject.verdict !== 'pass')).toEqual([]);
    }
  });
});

const FRONT = 'title: A title\nseverity: high\ncwe: [79]\nprecision: high\noptions: {}';
const BODY: Readonly<Record<string, string>> = {
  'What it checks': 'It checks `x` and [y](https://example.org).\n\nMore.',
  'Why it matters': 'It matters\nmuch.',
  Bad: '```python app/a.py\n## no heading\nx\n```',
  Good: '### One\n```python a.py\nx\n```\n```text b.txt\ny\n```\n### Two\n~~~sh c.sh\nz\n~~~',
  'How to fix': 'Mend it.',
  Limits: 'None.',
  References: 'A list.',
};

function pageText(front: string, body: Readonly<Record<string, string>>): string {
  const sections = Object.entries(body).map(([title, text]) => `## ${title}\n\n${text}\n`);
  return `---\n${front}\n---\n\n${sections.join('\n')}`;
}

function mistakes(text: string): readonly string[] {
  try {
    parsePage(text, 'x', 'x.md');
  } catch (error) {
    if (error instanceof UserError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('the reader of pages', () => {
  test('gives title, summaries, sections and cases', () => {
    const page = parsePage(pageText(FRONT, BODY), 'x', 'x.md');
    expect(page).toMatchObject({ id: 'x', title: 'A title', severity: 'high', cwe: [79], precision: 'high' });
    expect([page.summary, page.why]).toEqual(['It checks x and y.', 'It matters much.']);
    expect(Object.keys(page.sections)).toEqual(HEADINGS);
    expect(page.markdown.startsWith('## What it checks\n')).toBe(true);
    expect(page.cases).toEqual([
      { section: 'bad', title: 'Bad', files: { 'app/a.py': '## no heading\nx\n' } },
      { section: 'good', title: 'One', files: { 'a.py': 'x\n', 'b.txt': 'y\n' } },
      { section: 'good', title: 'Two', files: { 'c.sh': 'z\n' } },
    ]);
  });

  test('reads CRLF and a BOM the same', () => {
    const text = pageText(FRONT, BODY);
    expect(parsePage(`\uFEFF${text.replaceAll('\n', '\r\n')}`, 'x', 'x.md')).toEqual(parsePage(text, 'x', 'x.md'));
  });

  test('gives options with their defaults', () => {
    const options = [
      'title: T\nseverity: low\ncwe: []\nprecision: low\noptions:',
      '  names: { default: [a, b], description: Names. }',
      '  limit: { default: 3, description: A limit. }',
      '  map: { default: { a: b }, description: A map. }',
    ].join('\n');
    const page = parsePage(pageText(options, BODY), 'x', 'x.md');
    expect(defaultsOf(page)).toEqual({ names: ['a', 'b'], limit: 3, map: { a: 'b' } });
    expect(knownOptions(new Map([['x', page]])).get('x')).toEqual(defaultsOf(page));
    expect(page.options.names?.description).toBe('Names.');
  });

  const { Limits: _, ...short } = BODY;
  const broken: readonly (readonly [string, string, readonly string[]])[] = [
    ['no front matter', 'hello', ['x.md:1:1 the page must begin with a front matter between two lines of ---']],
    [
      'empty front matter',
      pageText('', BODY),
      ['title', 'severity', 'cwe', 'precision', 'options'].map((key) => `x.md:1:1 the front matter has no '${key}'`),
    ],
    [
      'front matter that is not YAML',
      pageText('title: "x', BODY),
      [
        'x.md:3:1 Missing closing "quote',
        ...['title', 'severity', 'cwe', 'precision', 'options'].map(
          (key) => `x.md:1:1 the front matter has no '${key}'`,
        ),
      ],
    ],
    [
      'unknown key',
      pageText(`${FRONT}\nseverty: low`, BODY),
      ["x.md:7:1 unknown key 'severty' in the front matter; did you mean 'severity'?"],
    ],
    [
      'title with a period',
      pageText(FRONT.replace('A title', 'A title.'), BODY),
      ["x.md:2:8 'title' must not end with a period"],
    ],
    [
      'wrong severity',
      pageText(FRONT.replace('severity: high', 'severity: hihg'), BODY),
      ["x.md:3:11 'severity' 'hihg' does not exist; did you mean 'high'?"],
    ],
    [
      'CWE as text',
      pageText(FRONT.replace('[79]', '[CWE-79]'), BODY),
      ["x.md:4:7 each entry of 'cwe' must be a number, not the text 'CWE-79'"],
    ],
    [
      'option without words',
      pageText(FRONT.replace('{}', '{ a: { default: 1 } }'), BODY),
      ["x.md:6:12 option 'a' has no description"],
    ],
    [
      'option without default',
      pageText(FRONT.replace('{}', '{ a: { description: An A. } }'), BODY),
      ["x.md:6:12 option 'a' has no default"],
    ],
    [
      'option with a number among texts',
      pageText(FRONT.replace('{}', '{ a: { description: An A., default: { b: 1 } } }'), BODY),
      ["x.md:6:51 the default of option 'a' may only hold texts, not 1; put it in quotes"],
    ],
    [
      'missing section',
      pageText(FRONT, short),
      [
        "x.md:45:1 here must stand '## Limits', not '## References'; the sections are What it checks, Why it matters, Bad, Good, How to fix, Limits, References",
      ],
    ],
    ['empty section', pageText(FRONT, { ...BODY, Limits: '' }), ["x.md:45:1 the section 'Limits' is empty"]],
    [
      'block without path',
      pageText(FRONT, { ...BODY, Bad: '```python\nx\n```' }),
      [
        'x.md:22:1 the code block must name its language and its path, as in ```python app/main.py',
        "x.md:20:1 the example 'Bad' has no file",
      ],
    ],
    [
      'block with a bad path',
      pageText(FRONT, { ...BODY, Bad: '```python a.py\nx\n```\n```python ../a.py\nx\n```' }),
      ["x.md:25:1 the path '../a.py' must be relative, with forward slashes and without . or .."],
    ],
    [
      'file twice',
      pageText(FRONT, { ...BODY, Bad: '```python a.py\nx\n```\n```python a.py\nx\n```' }),
      ["x.md:25:1 the file 'a.py' stands twice in one example"],
    ],
    [
      'open block',
      pageText(FRONT, { ...BODY, References: '```\nx' }),
      ['x.md:51:1 the code block is not closed by a line of ```'],
    ],
    [
      'case without file',
      pageText(FRONT, { ...BODY, Bad: '### Empty\n\nwords' }),
      ["x.md:22:1 the example 'Empty' has no file"],
    ],
    [
      'long summary',
      pageText(FRONT, { ...BODY, 'Why it matters': 'a'.repeat(1001) }),
      ["x.md:15:1 the first paragraph of 'Why it matters' has 1001 of 1000 characters"],
    ],
  ];
  test.each(broken)('%s', (_name, text, expected) => {
    const found = mistakes(text);
    const sorted = expected.toSorted();
    expect(found.toSorted().map((line, index) => line.slice(0, sorted[index]?.length))).toEqual(sorted);
  });
});
