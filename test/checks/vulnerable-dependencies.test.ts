import { describe, expect, test } from '@jest/globals';
import { vulnerableDependencies } from '../../src/checks/vulnerable-dependencies.ts';
import { sentences } from '../../src/message.ts';
import { advisoriesFrom } from '../advisories.ts';
import { testCheck } from '../check-tester.ts';
import { type Files, scanFiles } from '../scan-files.ts';

testCheck(vulnerableDependencies, {
  valid: [
    { name: 'a fixed version', files: { 'requirements.txt': 'holey==1.5\njinja2==3.1.6\n' }, subjects: 2 },
    { name: 'a package without advisories', files: { 'requirements.txt': 'harmless==1.0\n' }, subjects: 1 },
    { name: 'only the local part differs', files: { 'requirements.txt': 'holey==1.5+cpu\n' } },
    {
      name: 'a lock decides what a range leaves open',
      files: {
        'pyproject.toml': '[project]\nname = "app"\ndependencies = ["holey>=1.0"]\n',
        'uv.lock':
          'version = 1\n\n[[package]]\nname = "holey"\nversion = "1.5"\nsource = { registry = "https://pypi.org/simple" }\n',
      },
      subjects: 1,
    },
    {
      name: 'another ecosystem of the same name',
      files: { 'package.json': '{"name":"x","dependencies":{"holey":"1.1.0"}}' },
    },
    {
      name: 'a reference that is no registry version',
      files: { 'requirements.txt': 'holey @ git+https://github.com/x/holey@1.1\nharmless==1\n' },
      subjects: 1,
    },
    {
      name: 'not installed where the project runs',
      files: {
        'pyproject.toml':
          '[project]\nname = "app"\nrequires-python = ">=3.11"\ndependencies = ["holey==1.1; python_version < \'3.7\'", "harmless==1"]\n',
      },
      subjects: 1,
    },
    {
      name: 'an image and a pipeline',
      files: {
        Dockerfile: 'FROM python:3.12\nRUN pip install holey==1.5\n',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: x\n    steps:\n      - run: npm i -g lodash@4.17.21\n',
      },
      subjects: 2,
    },
    { name: 'an older fork of a module', files: { 'go.mod': 'module x\nrequire github.com/a/a v1.2.4\n' } },
  ],
  invalid: [
    {
      name: 'one finding for all names of a hole',
      files: { 'requirements.txt': 'harmless==1\nholey==1.0\n' },
      findings: [{ message: 'vulnerable', at: 'requirements.txt:2', severity: 'critical', confidence: 'high' }],
    },
    {
      name: 'two holes are two findings',
      files: { 'requirements.txt': 'holey==1.1\n' },
      findings: [
        { message: 'vulnerable', at: 'requirements.txt:1' },
        { message: 'vulnerable', at: 'requirements.txt:1' },
      ],
    },
    {
      name: 'each manifest has its own',
      files: { 'requirements.txt': 'holey==1.0\n', 'requirements-dev.txt': 'Holey==1.0.0\n' },
      findings: [
        { message: 'vulnerable', at: 'requirements.txt:1' },
        { message: 'vulnerable', at: 'requirements-dev.txt:1' },
      ],
    },
    {
      name: 'development ranks lower',
      files: { 'requirements-dev.txt': 'holey==1.0\n' },
      findings: [{ message: 'vulnerable', at: 'requirements-dev.txt:1', severity: 'high' }],
    },
    {
      name: 'no fix is known',
      files: { 'requirements.txt': 'unmended==2.0\n' },
      findings: [{ message: 'unfixed', at: 'requirements.txt:1', severity: 'medium' }],
    },
    {
      name: 'an old claim without an end is to review',
      files: { 'requirements.txt': 'old-claim==9.0\n' },
      findings: [{ message: 'unbounded', at: 'requirements.txt:1', confidence: 'low' }],
    },
    {
      name: 'a malicious package',
      files: { 'requirements-dev.txt': 'evil-thing==0.1\n' },
      findings: [{ message: 'malicious', at: 'requirements-dev.txt:1', severity: 'critical' }],
    },
    {
      name: 'a range without any good version',
      files: { 'requirements.txt': 'old-only<2\n' },
      findings: [{ message: 'everyVersion', at: 'requirements.txt:1' }],
    },
    {
      name: 'an open range is one hint a manifest',
      files: { 'requirements.txt': 'harmless\nholey>=1.0\njinja2\n' },
      findings: [{ message: 'unlocked', at: 'requirements.txt:2', confidence: 'low' }],
    },
    {
      name: 'nested copies in a lock',
      files: {
        'package-lock.json':
          '{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},\n"node_modules/lodash":{"version":"4.17.21"},\n"node_modules/a":{"version":"1.0.0","dependencies":{"lodash":"4"}},\n"node_modules/a/node_modules/lodash":{"version":"4.17.4"}}}',
      },
      findings: [{ message: 'vulnerable', at: 'package-lock.json:4' }],
    },
    {
      name: 'an image installs it',
      files: { Dockerfile: 'FROM python:3.12\nRUN pip install \\\n  # comment\n  "holey==1.0"\n' },
      findings: [{ message: 'vulnerable', at: 'Dockerfile:4' }],
      skip: ['comment'],
    },
    {
      name: 'CI installs it',
      files: {
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: x\n    steps:\n      - run: |\n          python3 -m pip install --quiet holey==1.0\n',
      },
      findings: [{ message: 'vulnerable', at: '.github/workflows/ci.yml:7', severity: 'high' }],
    },
    {
      name: 'a Go module',
      files: { 'go.mod': 'module x\n\nrequire github.com/a/a v1.2.3\n' },
      findings: [{ message: 'vulnerable', at: 'go.mod:3' }],
    },
  ],
  notApplicable: [
    { name: 'nothing names a package', files: { 'src/app.py': 'import holey\n' } },
    {
      name: 'installed packages of others',
      files: {
        'node_modules/lodash/package.json': '{"name":"lodash","version":"4.17.4","dependencies":{"lodash":"4.17.4"}}',
      },
    },
  ],
  unknown: [
    { name: 'a version that is none', files: { 'requirements.txt': 'holey==latest\n' } },
    { name: 'a broken manifest', files: { 'poetry.lock': '[[package]]\nname = "a\n' } },
  ],
});

describe('what a finding says', () => {
  const texts = async (files: Files) => {
    const { judgement } = await scanFiles(vulnerableDependencies, files);
    return judgement.findings.map(({ finding }) => ({
      ...finding,
      words: sentences(vulnerableDependencies.messages[finding.message]!, finding.data),
    }));
  };
  test('all names, the smallest fix, and what mends everything', async () => {
    const [first] = await texts({ 'requirements.txt': 'holey==1.1\n' });
    expect(first).toMatchObject({
      data: { package: 'holey', version: '1.1', advisories: 'T-1, CVE-1, T-2', fixed: '1.3', rating: 'CVSS 9.8' },
    });
    expect(first!.fix).toMatchObject({ edits: [{ path: 'requirements.txt', span: { start: 5, end: 10 } }] });
    const [one] = await texts({ 'package.json': '{"name":"x","dependencies":{"lodash":"4.17.4"}}' });
    expect(one!.data.advice).toBe('Raise lodash to 4.17.21 or later, which mends T-8.');
    expect(first!.data.advice).toBe(
      'Raise holey to 1.3 or later, which mends T-1. Version 1.5 mends all 2 known advisories of it.',
    );
  });
  test('how a transitive dependency comes in', async () => {
    const [only] = await texts({
      'requirements.txt':
        '# This file is autogenerated by pip-compile\nflask==3.0\n    # via -r requirements.in\nholey==1.0\n    # via middle\nmiddle==1.0\n    # via flask\n',
    });
    expect(only!.data.origin).toBe('It is used in production and comes in through flask > middle');
    expect(only!.data.advice).toMatch(/Raise flask, which brings it in, or constrain holey itself\.$/);
    expect(only!.fix).toBeUndefined();
  });
  test('a lock that does not say what is direct learns it from its manifest', async () => {
    const lock =
      'a@^1.0.0:\n  version "1.0.0"\n  dependencies:\n    lodash "^4.0.0"\n\nlodash@^4.0.0:\n  version "4.17.4"\n';
    const files = (section: string): Files => ({
      'package.json': `{"name":"x","${section}":{"a":"^1.0.0"}}`,
      'yarn.lock': `# yarn lockfile v1\n\n${lock}`,
    });
    const [runtime] = await texts(files('dependencies'));
    expect(runtime).toMatchObject({
      severity: 'critical',
      data: { origin: 'It is used in production and comes in through a' },
    });
    const [dev] = await texts(files('devDependencies'));
    expect(dev).toMatchObject({ severity: 'high', data: { scope: 'dev' } });
  });
  test('names from files cannot bring line breaks or commands into a report', async () => {
    const { judgement } = await scanFiles(vulnerableDependencies, {
      'package.json': '{"name":"x","dependencies":{"a\\n::error::b":"1.0.0"}}',
    });
    expect(judgement.subjects.map((s) => s.name)).toEqual(['a ::error::b 1.0.0']);
  });
});

describe('without data', () => {
  const files = {
    'requirements.txt': 'holey==1.0\n',
    'package.json': '{"name":"x","dependencies":{"lodash":"4.17.4"}}',
  };
  test('no answer at all is not assessed', async () => {
    const advisories = { ...advisoriesFrom([]), covered: [], problem: 'OSV gave no complete answer.' };
    const { judgement } = await scanFiles(vulnerableDependencies, files, {}, advisories);
    expect(judgement).toMatchObject({ subjects: [], notAssessed: 'OSV gave no complete answer.' });
  });
  test('no ecosystem at hand is not assessed, with the command', async () => {
    const advisories = { ...advisoriesFrom([]), covered: [], gaps: { PyPI: 'Run "audit db update".', npm: 'Run it.' } };
    const { judgement } = await scanFiles(vulnerableDependencies, files, {}, advisories);
    expect(judgement.notAssessed).toContain('audit db update');
  });
  test('one ecosystem missing leaves its packages unknown', async () => {
    const advisories = {
      ...advisoriesFrom(),
      covered: ['PyPI' as const],
      gaps: { npm: 'There is no database for npm.' },
    };
    const { judgement } = await scanFiles(vulnerableDependencies, files, {}, advisories);
    expect(judgement.subjects.map((s) => [s.verdict, s.evidence])).toEqual([
      ['unknown', 'There is no database for npm.'],
      ['fail', undefined],
    ]);
  });
  test('asked online, packages of private indexes stay unknown', async () => {
    const own = { 'requirements.txt': '--index-url https://pypi.example.org/simple\nholey==1.0\n' };
    const { judgement } = await scanFiles(vulnerableDependencies, own, {}, { ...advisoriesFrom(), online: true });
    expect(judgement.subjects.map((s) => s.verdict)).toEqual(['unknown']);
    const offline = await scanFiles(vulnerableDependencies, own);
    expect(offline.judgement.subjects.map((s) => s.verdict)).toEqual(['fail']);
  });
});
