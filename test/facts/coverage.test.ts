import { describe, expect, test } from '@jest/globals';
import { type CoverageFile, coverage } from '../../src/facts/coverage.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const extract = await coverage.load();
const read = (path: string, text: string): CoverageFile | undefined => extract({ path, text, words: [] }).data;

describe('reports', () => {
  test.each<[string, string, object]>([
    [
      'coverage.xml',
      '<?xml version="1.0"?><!-- lines-valid="1" --><coverage lines-valid="200" lines-covered="55" line-rate="0.275"><class filename="a/b.py"/></coverage>',
      { format: 'cobertura', language: 'python', covered: 55, total: 200 },
    ],
    [
      'out/cobertura.xml',
      '<coverage line-rate="0.5"><class filename="A.java"><line number="1" hits="0"/><line number="2" hits="3"/></class></coverage>',
      { format: 'cobertura', language: 'java', covered: 1, total: 2 },
    ],
    [
      'coverage.json',
      '{"meta": {}, "totals": {"covered_lines": 3, "num_statements": 4}}',
      { format: 'coverage.py', covered: 3, total: 4 },
    ],
    [
      'lcov.info',
      'TN:\nSF:src/a.ts\nDA:1,1\nDA:2,0\nLF:10\nLH:4\nend_of_record\nSF:src/b.ts\nLF:10\nLH:10\n',
      { format: 'lcov', language: 'javascript', covered: 14, total: 20 },
    ],
    ['x.lcov', 'SF:a.py\nDA:1,1\nDA:2,0\nend_of_record\n', { language: 'python', covered: 1, total: 2 }],
    [
      'target/jacoco.xml',
      '<report name="x"><package name="p"><sourcefile name="A.kt"/><counter type="LINE" missed="9" covered="9"/></package><counter type="BRANCH" missed="1" covered="1"/><counter type="LINE" missed="5" covered="15"/></report>',
      { format: 'jacoco', language: 'java', covered: 15, total: 20 },
    ],
    [
      'clover.xml',
      '<coverage generated="1"><project timestamp="1"><metrics statements="10" coveredstatements="7" elements="3"/><file name="a.tsx"><metrics statements="1" coveredstatements="0"/></file></project></coverage>',
      { format: 'clover', language: 'javascript', covered: 7, total: 10 },
    ],
    [
      'coverage/coverage-summary.json',
      '{"total": {"lines": {"total": 8, "covered": 2, "pct": 25}}}',
      { format: 'istanbul', covered: 2, total: 8 },
    ],
    [
      'coverage/coverage-final.json',
      '{"/a.js": {"path": "/a.js", "statementMap": {"0": {}, "1": {}}, "s": {"0": 5, "1": 0}}}',
      { format: 'istanbul', covered: 1, total: 2 },
    ],
    [
      'coverage.out',
      'mode: set\nm/a.go:1.2,3.4 2 1\nm/a.go:5.2,6.4 3 0\nm/a.go:1.2,3.4 2 0\n',
      { format: 'go', covered: 2, total: 5 },
    ],
  ])('%s', (path, text, expected) => {
    expect(coverage.accepts(path)).toBe(true);
    expect(read(path, text)?.report).toMatchObject(expected);
  });

  test.each([
    ['coverage.xml', '<notes/>'],
    ['coverage.xml', '<coverage lines-valid="0" lines-covered="0"/>'],
    ['coverage.json', '[1, 2]'],
    ['coverage.json', '{"totals": '],
    ['coverage.out', 'plain text'],
    ['coverage.xml', '<coverage lines-valid="10" lines-covered="20"/>'],
  ])('none: %s %j', (path, text) => {
    expect(read(path, text)?.report).toBeUndefined();
  });
});

describe('minimums', () => {
  const text = (path: string, content: string): string[] =>
    (read(path, content)?.gates ?? []).map(
      (gate) => `${gate.setting} ${gate.minimum} ${content.slice(gate.span.start, gate.span.end)}`,
    );

  test.each<[string, string, string[]]>([
    ['.coveragerc', '[run]\nbranch = true\n[report]\nfail_under = 75\n', ['fail_under 7500 fail_under = 75']],
    ['setup.cfg', '[coverage:report]\nfail_under: 62.5\n', ['fail_under 6250 fail_under: 62.5']],
    [
      'pyproject.toml',
      '[tool.coverage.report]\nfail_under = 80 # soon 90\n',
      ['fail_under 8000 fail_under = 80 # soon 90'],
    ],
    ['pyproject.toml', '[tool.other]\nfail_under = 80\n', []],
    [
      'pyproject.toml',
      '[tool.pytest.ini_options]\naddopts = "-q --cov=src --cov-fail-under=70"\n',
      ['--cov-fail-under 7000 --cov-fail-under=70'],
    ],
    [
      'pytest.ini',
      '[pytest]\naddopts =\n    --cov\n    --cov-fail-under=71\n# --cov-fail-under=90\n',
      ['--cov-fail-under 7100 --cov-fail-under=71'],
    ],
    [
      'package.json',
      '{"jest": {"coverageThreshold": {"global": {"branches": 50, "lines": 60}}}}',
      ['coverageThreshold 6000 lines": 60'],
    ],
    [
      'vitest.config.ts',
      'export default { test: { coverage: { thresholds: { // lines: 99\n statements: 42 } } } }',
      ['coverageThreshold 4200 statements: 42'],
    ],
    ['.nycrc', '{"check-coverage": true, "lines": 55}', ['coverageThreshold 5500 lines": 55']],
    ['.nycrc', '{"lines": 55}', []],
    [
      'pom.xml',
      '<artifactId>jacoco-maven-plugin</artifactId><minimum>0.80</minimum>',
      ['minimum 8000 <minimum>0.80</minimum>'],
    ],
    [
      'build.gradle',
      'jacocoTestCoverageVerification { rule { limit { minimum = 0.5 } } }',
      ['minimum 5000 minimum = 0.5'],
    ],
    [
      'codecov.yml',
      'coverage:\n  status:\n    project:\n      default:\n        target: 80%\n',
      ['target 8000 target: 80%'],
    ],
    ['codecov.yml', 'coverage:\n  status:\n    project:\n      default:\n        target: auto\n', []],
  ])('%s %j', (path, content, expected) => {
    expect(coverage.accepts(path)).toBe(true);
    if (expected.length > 0) expect(coverage.recognises!(path, content)).toBe(true);
    expect(text(path, content)).toEqual(expected);
  });

  test('measuring that is switched off, and on', () => {
    expect(read('pytest.ini', '[pytest]\naddopts = -p no:cov -q\n')?.disabled).toMatchObject([{ text: '-p no:cov' }]);
    expect(read('pytest.ini', '[pytest]\naddopts = --no-cov-on-fail --cov\n')).toMatchObject({
      disabled: [],
      measures: ['python'],
    });
  });
});

test('mutated files never throw and keep spans inside', () => {
  const pieces = [
    '<coverage',
    ' lines-valid="2"',
    ' lines-covered="1"',
    '>',
    '/>',
    '<line hits="1"',
    '<!--',
    '-->',
    '<![CDATA[',
    '{',
    '}',
    '"total"',
    ':',
    '"lines"',
    '1',
    ',',
    '\n',
    'SF:a.py',
    'LF:2',
    'LH:1',
    'mode: set',
    'a.go:1.1,2.2 1 1',
    '[report]',
    'fail_under = 5',
    'addopts = --cov-fail-under=3',
    'coverageThreshold: {',
    'lines: 4',
  ];
  const paths = [
    'coverage.xml',
    'coverage.json',
    'lcov.info',
    'coverage.out',
    '.coveragerc',
    'pytest.ini',
    'package.json',
    'jest.config.js',
    'pom.xml',
    'codecov.yml',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (path, list) => {
      const content = list.join('');
      JSON.stringify(read(path, content) ?? null, (key, value) => {
        if (key === 'span') {
          expect(value.start).toBeGreaterThanOrEqual(0);
          expect(value.end).toBeGreaterThanOrEqual(value.start);
          expect(value.end).toBeLessThanOrEqual(content.length);
        }
        return value;
      });
    }),
    { numRuns: 1_500 },
  );
});

test.each<[string, string]>([
  ['coverage.xml', '<a '.repeat(300_000)],
  ['coverage.xml', `<coverage ${'a="b" '.repeat(100_000)}`],
  ['coverage.xml', '<!--'.repeat(200_000)],
  ['pytest.ini', `addopts = ${'-p '.repeat(300_000)}`],
  ['jest.config.js', 'coverageThreshold: {'.repeat(20_000)],
  ['package.json', '"nyc": '.repeat(50_000)],
  ['jest.config.js', '/*'.repeat(300_000)],
])('hostile %s %#', (path, content) => {
  const start = cpuTime();
  read(path, content);
  expect(cpuTime() - start).toBeLessThan(4_000);
});
