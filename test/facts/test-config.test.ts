import { describe, expect, test } from '@jest/globals';
import { holds, testConfig } from '../../src/facts/test-config.ts';
import fc from '../property.ts';

const read = await testConfig.load();
const data = (path: string, text: string) => read({ path, text, words: [] }).data;
const texts = (list: readonly { readonly text: string }[] | undefined) => list?.map(({ text }) => text);

describe('pytest', () => {
  test.each([
    ['pytest.ini', '[pytest]\naddopts = -q -m "not integration"\n', ['not integration']],
    ['setup.cfg', '[tool:pytest]\naddopts =\n    -q\n    -m "not slow and not e2e"\n', ['not slow and not e2e']],
    ['tox.ini', "[pytest]\naddopts = -m 'not slow' -x\n", ['not slow']],
    ['pyproject.toml', '[tool.pytest.ini_options]\naddopts = "-ra -m \'not slow\'"\n', ['not slow']],
    ['pyproject.toml', '[tool.pytest.ini_options]\naddopts = ["-ra", "-m", "not slow"]\n', ['not slow']],
    ['pyproject.toml', '[tool.pytest.ini_options]\naddopts = "-m unit"\n', ['unit']],
    ['pyproject.toml', '[tool.pytest.ini_options]\naddopts = "-ra --maxfail=1"\ntestpaths = ["t"]\n', []],
    ['setup.cfg', '[tool:other]\naddopts = -m "not slow"\n[tool:pytest]\ntestpaths = t\n', []],
    ['pytest.ini', '[pytest]\n# addopts = -m "not slow"\ntestpaths = t\n', []],
  ])('%s: %j selects %j', (path, text, selected) => {
    const found = data(path, text)!;
    expect(texts(found.selected)).toEqual(selected);
    for (const { text: expression, span } of found.selected)
      expect(text.slice(span.start, span.end)).toContain(expression);
  });

  test('test paths and ignored folders, over several lines', () => {
    const text =
      '[pytest]\ntestpaths =\n    tests\n    more/tests\nnorecursedirs = build .git\naddopts = --ignore=tests/e2e\n';
    const found = data('pytest.ini', text)!;
    expect(texts(found.roots)).toEqual(['tests', 'more/tests']);
    expect(texts(found.ignored)).toEqual(['build', '.git', 'tests/e2e']);
    for (const { text: path, span } of found.roots) expect(text.slice(span.start, span.end)).toBe(path);
  });

  test.each([
    ['pytestmark = pytest.mark.a\n\ndef test_x(): pass\n', ['a'], ['a']],
    ['pytestmark = [\n    pytest.mark.a,\n    pytest.mark.b,\n]\n', ['a', 'b'], ['a', 'b']],
    ['@pytest.mark.a\ndef test_x(): pass\n', ['a'], ['a']],
    ['@pytest.mark.a\ndef test_x(): pass\n\ndef test_y(): pass\n', [], ['a']],
    ['@pytest.mark.a\nclass TestX:\n    @pytest.mark.b\n    def test_y(self): pass\n', ['a'], ['a', 'b']],
    ['@pytest.mark.a\nasync def test_x(): pass\n', ['a'], ['a']],
    ['# @pytest.mark.a\ndef test_x(): pass\n', [], []],
  ])('markers of %j', (text, all, some) => {
    expect(data('tests/test_x.py', text)?.labels).toEqual({ all, some });
  });

  test('a hook that marks every test', () => {
    const text = 'def pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker("e2e")\n';
    expect(data('tests/conftest.py', text)?.labels).toEqual({ all: ['e2e'], some: ['e2e'] });
  });
});

describe('Go', () => {
  test.each([
    ['//go:build integration\n\npackage a\n', 'integration'],
    [
      '// Copyright\n\n//go:build integration && !windows\n// +build integration\n\npackage a\n',
      'integration && !windows',
    ],
    ['// +build integration,linux e2e\n// +build !race\n\npackage a\n', '(integration&&linux||e2e)&&(!race)'],
    ['package a\n\n//go:build late\n', ''],
  ])('%j', (text, constraint) => {
    expect(data('a_test.go', text)?.labels?.constraint).toBe(constraint);
  });
});

describe('jest and vitest', () => {
  test.each([
    ['jest.config.js', "module.exports = { testMatch: ['<rootDir>/tests/unit/**/*.test.ts'] };", ['tests/unit'], []],
    ['jest.config.js', "module.exports = { testMatch: ['**/?(*.)+(spec|test).[jt]s?(x)'] };", [''], []],
    ['jest.config.js', "module.exports = { roots: ['<rootDir>/src'] };", ['src'], []],
    ['jest.config.json', '{"testPathIgnorePatterns": ["/node_modules/", "e2e"]}', [], ['/node_modules/', 'e2e']],
    ['package.json', '{"exclude": ["a"], "jest": {"testMatch": ["<rootDir>/t/*.js"]}}', ['t'], []],
    [
      'vitest.config.ts',
      "export default { test: { include: ['a/**/*.ts'], exclude: ['b/[x]/**'] } };",
      ['a'],
      ['b/[x]/**'],
    ],
    ['vite.config.ts', "export default { build: { include: ['a'] }, test: { exclude: ['b'] } };", [], ['b']],
    ['vitest.config.ts', "export default { test: { coverage: { include: ['a'] }, exclude: ['b'] } };", [], ['b']],
  ])('%s: %s', (path, text, roots, ignored) => {
    const found = data(path, text)!;
    expect([texts(found.roots), texts(found.ignored)]).toEqual([roots, ignored]);
    for (const { text: pattern, span } of found.ignored) expect(text.slice(span.start, span.end)).toBe(pattern);
  });

  test.each([
    ['jest.config.js', "module.exports = { projects: [{ testMatch: ['a/**'] }] };"],
    ['package.json', '{"exclude": ["a"]}'],
    ['jest.config.js', "// testMatch: ['a/**']\nmodule.exports = { roots: [] };"],
    ['vite.config.ts', "export default { build: { include: ['a'] } };"],
  ])('nothing in %s: %s', (path, text) => {
    expect(data(path, text)).toBeUndefined();
  });
});

describe('expressions over names', () => {
  test.each([
    ['a', true],
    ['not a', false],
    ['b or a', true],
    ['a and not b', true],
    ['a and (b or not a)', false],
    ['a && !(b || c)', true],
    ['a &&', undefined],
    ['(a', undefined],
    ['a b', undefined],
    ['', undefined],
    ['a == 1', undefined],
  ])('%s', (expression, expected) => {
    expect(holds(expression, (name) => name === 'a')).toBe(expected);
  });

  test('any text', () => {
    const pieces = fc.constantFrom('(', ')', '!', 'not ', ' and ', ' or ', '&&', '||', 'a', ' ', '"', '\\');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (list) => {
        holds(list.join(''), () => true);
      }),
    );
  });
});

describe('hostile input', () => {
  test.each(['(', 'not ', '! ', 'a and ', '"', "testMatch: ['", '[', '@pytest.mark.a\n', '-m "', 'addopts = '])(
    '10,000 %j',
    (piece) => {
      const text = piece.repeat(10_000);
      const before = process.cpuUsage().user;
      for (const path of [
        'pytest.ini',
        'pyproject.toml',
        'jest.config.js',
        'vitest.config.ts',
        'test_a.py',
        'a_test.go',
      ]) {
        data(path, `[tool.pytest]\ntest: {\naddopts = ${text}`);
        data(path, text);
      }
      holds(text, () => true);
      expect((process.cpuUsage().user - before) / 1000).toBeLessThan(3000);
    },
  );
});
