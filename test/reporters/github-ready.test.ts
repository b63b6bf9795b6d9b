/** Knows what GitHub rejects or misreads: one change to a good file, one complaint. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Io } from '../../src/commands/io.ts';
import { validate, run as validateFile } from '../../src/commands/validate.ts';
import { githubProblems, githubWarnings } from '../../src/reporters/github-ready.ts';
import { sarif } from '../../src/reporters/sarif.ts';
import fc from '../property.ts';
import { sampleReport } from '../sample-report.ts';
import { multitool, schemaErrors } from './sarif-checker.ts';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;
/** Path in the file, its steps separated by spaces, and the new value; undefined removes it. */
type Change = readonly [path: string, value: unknown];

const good = sarif(sampleReport(), { profile: 'github' });
const parsed = JSON.parse(good) as Json;

function get(root: Json, path: string): Json {
  return path.split(' ').reduce((node, step) => (node as { [key: string]: Json })[step]!, root);
}

/** The good file with some values replaced. */
function broken(...changes: readonly Change[]): Json {
  const log = JSON.parse(good) as Json;
  for (const [path, value] of changes) {
    const at = path.lastIndexOf(' ');
    const parent = (at < 0 ? log : get(log, path.slice(0, at))) as { [key: string]: unknown };
    if (value === undefined) delete parent[path.slice(at + 1)];
    else parent[path.slice(at + 1)] = value;
  }
  return log;
}

const repeat = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const run = get(parsed, 'runs 0') as { [key: string]: Json };
const results = run.results as { [key: string]: Json }[];
const result = results[0]!;
const rule = get(run, 'tool driver rules 0') as { [key: string]: Json };
const location = (result.locations as Json[])[0]!;
const place = { location };

const RESULT = 'runs 0 results 0';
const RULE = 'runs 0 tool driver rules 0';
const REGION = `${RESULT} locations 0 physicalLocation region`;
const URI = `${RESULT} locations 0 physicalLocation artifactLocation uri`;
const steps = (locations: unknown[]) => [{ threadFlows: [{ locations }] }];

test('a good file has neither problems nor warnings', () => {
  expect(validate(good)).toEqual({ problems: [], warnings: [] });
});

describe('a problem', () => {
  const cases: readonly [name: string, changes: readonly Change[], complaint: RegExp][] = [
    ['version', [['version', '2.0.0']], /^version: must be/],
    ['no runs', [['runs', undefined]], /^runs: must be an array/],
    ['21 runs', [['runs', repeat(21, (n) => ({ ...run, automationDetails: { id: `${n}/` } }))]], /^runs: has 21 runs/],
    ['the same category twice', [['runs', [run, run]]], /same tool and category/],
    ['no tool name', [['runs 0 tool driver name', '']], /driver\.name: is missing/],
    ['no rules', [['runs 0 tool driver rules', undefined]], /driver\.rules: must be an array/],
    ['results null', [['runs 0 results', null]], /results: must be an array/],
    ['25,001 results', [['runs 0 results', repeat(25_001, () => result)]], /at most 25000/],
    [
      '25,001 rules',
      [['runs 0 tool driver rules', repeat(25_001, (n) => ({ ...rule, id: `r${n}` }))]],
      /has 25001 rules/,
    ],
    ['101 extensions', [['runs 0 tool extensions', repeat(101, (n) => ({ name: `e${n}` }))]], /extensions: are 101/],
    ['a run that failed', [['runs 0 invocations 0 executionSuccessful', false]], /executionSuccessful is false/],
    ['two rules of one id', [['runs 0 tool driver rules 1 id', rule.id]], /repeats the rule id/],
    ['a rule without id', [[`${RULE} id`, '']], /\.id: is missing/],
    ['a rule without help', [[`${RULE} help`, undefined]], /help\.text: is missing/],
    ['an empty description', [[`${RULE} fullDescription text`, '']], /fullDescription\.text: is missing/],
    ['a long description', [[`${RULE} shortDescription text`, 'x'.repeat(2000)]], /has 2000 characters/],
    ['a long name', [[`${RULE} name`, 'x'.repeat(256)]], /name: is longer/],
    ['helpUri null', [[`${RULE} helpUri`, null]], /helpUri: is empty/],
    ['25 tags', [[`${RULE} properties tags`, repeat(25, String)]], /has 25 tags/],
    ['a tag twice', [[`${RULE} properties tags`, ['a', 'a']]], /repeats a tag/],
    ['a relationship twice', [[`${RULE} relationships`, [1, 1]]], /relationships: repeats/],
    [
      'severity as a word',
      [[`${RULE} properties security-severity`, 'high']],
      /severity: must be a string with a number/,
    ],
    ['severity as a number', [[`${RULE} properties security-severity`, 7.5]], /severity: must be a string/],
    ['severity too high', [[`${RULE} properties security-severity`, '11.0']], /severity: must be a string/],
    ['an unknown rule', [[`${RESULT} ruleId`, 'nothing']], /"nothing" is not among the rules/],
    ['an index out of range', [[`${RESULT} ruleIndex`, 999]], /no rule number 999/],
    ['an index of another rule', [[`${RESULT} ruleIndex`, 0]], /rule number 0 is not/],
    [
      'no rule at all',
      [
        [`${RESULT} ruleId`, undefined],
        [`${RESULT} ruleIndex`, undefined],
      ],
      /names no rule/,
    ],
    ['no message', [[`${RESULT} message`, {}]], /message\.text: is missing/],
    ['a level on a pass', [[`${RESULT} kind`, 'pass']], /level: must be "none"/],
    ['some suppressed', [[`${RESULT} suppressions`, []]], /some have suppressions and some have not/],
    ['some compared', [[`${RESULT} baselineState`, 'new']], /some have baselineState/],
    ['no location', [[`${RESULT} locations`, []]], /locations: is missing/],
    ['1,001 locations', [[`${RESULT} locations`, repeat(1001, () => location)]], /has 1001 locations/],
    ['a related location twice', [[`${RESULT} relatedLocations`, [location, location]]], /relatedLocations: repeats/],
    ['no region', [[REGION, undefined]], /region: is missing/],
    ['no start', [[`${REGION} startLine`, undefined]], /has no startLine/],
    ['line 0', [[`${REGION} startLine`, 0]], /startLine must be a whole number/],
    ['end before start', [[`${REGION} endLine`, 1]], /ends before it starts/],
    [
      'end column before start',
      [[REGION, { startLine: 2, startColumn: 9, endLine: 2, endColumn: 2 }]],
      /ends before it starts/,
    ],
    ['a step by index', [[`${RESULT} codeFlows`, steps([{ index: 0 }])]], /hides the result/],
    ['10,001 steps', [[`${RESULT} codeFlows`, steps(repeat(10_001, () => place))]], /has 10001 steps/],
    ['a fix that changes nothing', [[`${RESULT} fixes`, [{ artifactChanges: [] }]]], /fixes\[0\]: changes nothing/],
    ['an empty uri', [[URI, '']], /uri: is missing or empty/],
    ['an absolute uri', [[URI, 'file:///src/a.py']], /must be relative/],
    ['a web address', [[URI, 'https://example.com/a.py']], /must be relative/],
    ['a colon', [[URI, 'a:b/c.py']], /colon encoded/],
    ['a slash in front', [[URI, '/src/a.py']], /must not begin with/],
    ['a dot in front', [[URI, './src/a.py']], /as a segment/],
    ['a way out', [[URI, '../a.py']], /as a segment/],
    ['a number sign', [[URI, 'src/#a.py']], /must be percent-encoded/],
    ['a bare percent', [[URI, '100%.py']], /written %25/],
    ['a space', [[URI, 'a b.py']], /special characters/],
    ['a backslash', [[URI, 'a\\b.py']], /special characters/],
    ['other letters', [[URI, 'Привет.py']], /special characters/],
  ];

  test.each(cases)('%s', (_, changes, complaint) => {
    expect(githubProblems(broken(...changes)).join('\n')).toMatch(new RegExp(complaint.source, 'm'));
  });

  test('says where it is', () => {
    expect(githubProblems(broken([URI, '']))).toEqual(['runs[0].results[0].locations[0] uri: is missing or empty']);
  });
});

describe('a warning', () => {
  const each = (change: object) => results.map((one) => ({ ...one, ...change }));
  const cases: readonly [name: string, changes: readonly Change[], complaint: RegExp][] = [
    ['no $schema', [['$schema', undefined]], /^\$schema/],
    ['5,001 results', [['runs 0 results', repeat(5001, () => result)]], /keeps 5000/],
    ['11 tags', [[`${RULE} properties tags`, repeat(11, String)]], /keeps 10/],
    ['severity 9.0', [[`${RULE} properties security-severity`, '9.0']], /is 9\.0/],
    [
      'a pass',
      [
        [`${RESULT} kind`, 'pass'],
        [`${RESULT} level`, 'none'],
      ],
      /is of kind "pass"/,
    ],
    ['a suppression', [['runs 0 results', each({ suppressions: [{ kind: 'external' }] })]], /is suppressed/],
    ['an absent result', [['runs 0 results', each({ baselineState: 'absent' })]], /is absent/],
    ['no line hash', [[`${RESULT} partialFingerprints`, undefined]], /may reopen/],
    ['one alert for two results', [['runs 0 results', [result, result]]], /become one alert/],
    ['no end', [[`${REGION} endColumn`, undefined]], /has no endColumn/],
    [
      '101 related locations',
      [[`${RESULT} relatedLocations`, repeat(101, (id) => ({ ...(location as object), id }))]],
      /keeps 100/,
    ],
    ['1,001 steps', [[`${RESULT} codeFlows`, steps(repeat(1001, () => place))]], /keeps 1000/],
  ];

  test.each(cases)('%s', (_, changes, complaint) => {
    const log = broken(...changes);
    expect(githubWarnings(log).join('\n')).toMatch(new RegExp(complaint.source, 'm'));
    expect(githubProblems(log)).toEqual([]);
  });
});

test('any JSON value is judged without an error', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => expect(githubProblems(value)).not.toEqual([])));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      githubProblems({ version: '2.1.0', runs: [{ results: one, tool: { driver: { rules: other } } }] });
      githubProblems(broken([`${RESULT} locations`, one], [`${RESULT} codeFlows`, other]));
    }),
  );
});

describe('validate', () => {
  test('text that is no JSON is a problem', () => {
    expect(validate('{"version": ').problems).toEqual([expect.stringMatching(/^log: is not JSON: /)]);
  });

  test('a byte order mark is none', () => {
    expect(validate(`\uFEFF${good}`).problems).toEqual([]);
  });

  test('prints at most fifty problems of a file, and the count', () => {
    const folder = mkdtempSync(join(tmpdir(), 'validate-'));
    let printed = '';
    const io = {
      cwd: folder,
      out: (text: string) => {
        printed += text;
      },
    } as unknown as Io;
    writeFileSync(join(folder, 'good.sarif'), good);
    writeFileSync(
      join(folder, 'bad.sarif'),
      JSON.stringify(broken(['runs 0 results', repeat(60, () => ({ ...result, locations: [] }))])),
    );
    const codes = [validateFile('good.sarif', io), validateFile('bad.sarif', io)];
    rmSync(folder, { recursive: true });
    expect(codes).toEqual([0, 1]);
    expect(printed).toMatch(
      /^good\.sarif: 0 problems, 0 warnings\.\nerror: runs\[0\]\.results\[0\]\.locations: is missing/,
    );
    expect(printed).toContain('error: and 10 more\n');
    expect(printed).toMatch(/\nbad\.sarif: 60 problems, \d+ warnings\.\n$/);
  });
});

(multitool === undefined ? test.skip : test)('the JSON schema of the tests does complain', () => {
  expect(schemaErrors(parsed)).toEqual([]);
  expect(schemaErrors(broken([`${RESULT} unknown`, 1]))).not.toEqual([]);
});
