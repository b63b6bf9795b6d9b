import { describe, expect, test } from '@jest/globals';
import { linkPipelines } from '../../src/facts/ci/gitlab.ts';
import type { Job, Pipeline } from '../../src/facts/ci/pipeline.ts';
import { workflow } from '../../src/facts/ci/workflow.ts';
import { commandText, eachCommand } from '../../src/facts/shell.ts';
import { cpuTime } from '../cpu-time.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

const extract = await workflow.load();
const github = (text: string, path = '.github/workflows/a.yml'): Pipeline => extract({ path, text, words: [] }).data!;
const gitlab = (text: string): Pipeline => extract({ path: '.gitlab-ci.yml', text, words: [] }).data!;

const scriptsOf = (job: Job): string[] => {
  const found: string[] = [];
  for (const step of job.steps) eachCommand(step.script?.shell.statements ?? [], (one) => found.push(commandText(one)));
  return found;
};

describe('which files', () => {
  test.each([
    ['.github/workflows/ci.yaml', '', true],
    ['.gitea/workflows/ci.yml', '', true],
    ['sub/.github/workflows/ci.yml', '', true],
    ['action.yml', 'name: x\nruns:\n  using: node20\n', true],
    ['.gitlab-ci.yml', '', true],
    ['ci/build.yml', 'build:\n  stage: build\n  script:\n    - make\n', true],
    ['build/steps.yml', 'parameters: []\nsteps:\n  - task: Npm@1\n', true],
    ['build/release.yml', 'trigger: [main]\nstages:\n  - stage: a\n', true],
    ['play.yml', '- hosts: all\n  tasks:\n    - name: x\n', false],
    ['k8s/app.yml', 'apiVersion: v1\nkind: Pod\n', false],
    ['.github/dependabot.yml', 'version: 2\n', false],
  ])('%s', (path, text, expected) => {
    expect(workflow.accepts(path) && workflow.recognises!(path, text)).toBe(expected);
  });
});

describe('GitHub', () => {
  const text = `name: CI
on: [push, pull_request]
defaults:
  run:
    shell: bash
    working-directory: app
jobs:
  test:
    name: Tests
    runs-on: \${{ matrix.os }}
    needs: lint
    if: \${{ always() }}
    continue-on-error: \${{ matrix.experimental }}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest]
        include:
          - os: macos-latest
            experimental: true
    container: node:20
    services:
      db:
        image: postgres:16
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - id: t
        name: Unit
        run: |
          npm test \\
            --silent
          echo \${{ needs.lint.result }} \${{ steps['x'].outcome }}
      - uses: ./.github/actions/scan
      - uses: docker://alpine:3.20
      - shell: pwsh
        run: Write-Host hi
  call:
    uses: acme/flows/.github/workflows/w.yml@main
`;
  const data = github(text);
  const [job, call] = data.jobs;

  test('triggers, jobs and what surrounds them', () => {
    expect(data.triggers.map((trigger) => trigger.event)).toEqual(['push', 'pull_request']);
    expect(job).toMatchObject({
      id: 'test',
      name: 'Tests',
      needs: ['lint'],
      condition: { text: 'always()' },
      tolerance: { extent: 'conditional' },
      images: [
        { text: 'node:20', role: 'job' },
        { text: 'postgres:16', role: 'service' },
      ],
    });
    expect(job!.matrix[0]).toMatchObject({ name: 'os', values: [{}, {}, { text: 'macos-latest' }] });
    expect(call!.uses).toMatchObject({ kind: 'remote', name: 'acme/flows/.github/workflows/w.yml', ref: 'main' });
  });

  test('steps, their shell and what they read', () => {
    expect(job!.steps[0]!.uses).toMatchObject({
      kind: 'remote',
      name: 'actions/checkout',
      ref: 'v4',
      inputs: [{ name: 'fetch-depth', value: '0' }],
    });
    expect(job!.steps[1]).toMatchObject({
      id: 't',
      title: 'Unit',
      workingDirectory: 'app',
      script: { interpreter: 'bash', errexit: true, pipefail: true },
      references: ['needs.lint.result', 'steps.x.outcome'],
    });
    expect(job!.steps[2]!.uses).toMatchObject({ kind: 'local', name: '.github/actions/scan' });
    expect(job!.steps[3]!.uses).toMatchObject({ kind: 'docker', name: 'alpine:3.20' });
    expect(job!.steps[4]!.script).toMatchObject({
      interpreter: 'pwsh',
      other: 'Write-Host hi',
      shell: { statements: [] },
    });
  });

  test('places inside a block scalar are those of the file', () => {
    const spans: string[] = [];
    eachCommand(job!.steps[1]!.script!.shell.statements, ({ words }) => {
      for (const { span } of words) spans.push(text.slice(span.start, span.end));
    });
    expect(spans).toEqual(['npm', 'test', '--silent', 'echo', '${{ needs.lint.result }}', "${{ steps['x'].outcome }}"]);
  });

  test.each([
    [undefined, { interpreter: 'bash', errexit: true, pipefail: false }],
    ['bash', { interpreter: 'bash', errexit: true, pipefail: true }],
    ['sh', { interpreter: 'sh', errexit: true, pipefail: false }],
    ['bash {0}', { interpreter: 'bash', errexit: false, pipefail: false }],
    ['bash -leo pipefail {0}', { interpreter: 'bash', errexit: true, pipefail: true }],
    ['/bin/bash -e {0}', { interpreter: 'bash', errexit: true, pipefail: false }],
  ])('shell %s', (shell, expected) => {
    const line = shell === undefined ? '' : `        shell: ${shell}\n`;
    const [one] = github(
      `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ls\n${line}`,
    ).jobs;
    expect(one!.steps[0]!.script).toMatchObject(expected);
  });

  test('Windows runners start PowerShell', () => {
    const [one] = github('on: push\njobs:\n  a:\n    runs-on: windows-2022\n    steps:\n      - run: ls\n').jobs;
    expect(one!.steps[0]!.script!.interpreter).toBe('pwsh');
  });
});

describe('GitLab', () => {
  const facts = (files: Record<string, string>) => factsOfFiles([workflow], files);

  test('sections, images, tolerance and when', () => {
    const data = gitlab(
      'test:\n  image: {name: "py:3"}\n  services: [redis]\n  before_script: [pip install x]\n  script:\n    - |\n      a\n      b\n    - [c, d]\n  allow_failure: {exit_codes: [1]}\n  rules:\n    - if: $X\n      when: manual\n',
    );
    expect(data.jobs[0]).toMatchObject({
      tolerance: { extent: 'codes' },
      when: { text: 'manual' },
      images: [{ text: 'py:3' }, { text: 'redis', role: 'service' }],
    });
    expect(scriptsOf(data.jobs[0]!)).toEqual(['pip install x', 'a', 'b', 'c', 'd']);
  });

  test('duplicate keys: the last one counts, with a tolerated problem', () => {
    const { data, problems } = extract({
      path: '.gitlab-ci.yml',
      text: 'a:\n  script: [x]\na:\n  script: [y]\n',
      words: [],
    });
    expect(data!.jobs.map(scriptsOf)).toEqual([['y']]);
    expect(problems).toMatchObject([{ tolerated: true }]);
  });

  test('extends, default, reference and include', async () => {
    const linked = linkPipelines(
      await facts({
        '.gitlab-ci.yml':
          'include: /ci/base.yml\ndefault:\n  image: base\n.own:\n  extends: .far\n  image: own\ntest:\n  extends: [.own]\n  script:\n    - first\n    - !reference [.own, before_script]\n',
        'ci/base.yml':
          '.far:\n  stage: test\n  before_script: [prepare]\n  script: [never]\n  allow_failure: true\nlint:\n  stage: test\n  script: [lint it]\n',
      }),
    );
    expect(linked).toHaveLength(1);
    const jobs = linked[0]!.data.jobs;
    expect(jobs.map((job) => job.id).sort()).toEqual(['lint', 'test']);
    const job = jobs.find((one) => one.id === 'test')!;
    expect(scriptsOf(job)).toEqual(['prepare', 'first']);
    expect(job.images.map((image) => image.text)).toEqual(['own']);
    expect(job.tolerance).toMatchObject({ path: 'ci/base.yml' });
    expect(jobs.find((one) => one.id === 'lint')!.steps[0]).toMatchObject({ path: 'ci/base.yml' });
  });

  test('jobs that extend each other end', async () => {
    const linked = linkPipelines(
      await facts({ '.gitlab-ci.yml': 'a:\n  extends: b\n  script: [x]\nb:\n  extends: a\n  script: [y]\n' }),
    );
    expect(linked[0]!.data.jobs).toHaveLength(2);
  });
});

describe('other systems', () => {
  const read = (path: string, text: string): Pipeline => extract({ path, text, words: [] }).data!;

  test('Azure Pipelines', () => {
    const data = read(
      'azure-pipelines.yml',
      'variables: {A: b}\nstages:\n  - stage: s\n    jobs:\n      - job: j\n        dependsOn: [i]\n        container: node:20\n        steps:\n          - script: npm test $(Build.Name) $(date)\n            displayName: Test\n          - task: Docker@2\n            inputs: {command: build}\n      - deployment: d\n        strategy:\n          runOnce:\n            deploy:\n              steps:\n                - bash: kubectl apply -f x\n',
    );
    expect(data).toMatchObject({ system: 'azure', variables: [{ name: 'A', value: 'b' }] });
    const [job, deployment] = data.jobs;
    expect(job).toMatchObject({ id: 'j', stage: 's', needs: ['i'], images: [{ text: 'node:20' }] });
    expect(scriptsOf(job!)).toEqual(['date', 'npm test ${Build_Name} $(date)']);
    expect(job!.steps[0]!.script).toMatchObject({ errexit: false, pipefail: false });
    expect(job!.steps[1]!.task).toMatchObject({ name: 'Docker/build' });
    expect(scriptsOf(deployment!)).toEqual(['kubectl apply -f x']);
  });

  test('templates of Azure Pipelines', async () => {
    const linked = linkPipelines(
      await factsOfFiles([workflow], {
        'azure-pipelines.yml':
          "stages:\n  - template: ci/stages.yml\njobs:\n  - job: own\n    steps:\n      - ${{ if eq(variables.x, 'y') }}:\n          - script: guarded\n      - template: /ci/steps.yml\n      - script: last\n",
        'ci/stages.yml':
          'stages:\n  - stage: s\n    jobs:\n      - template: jobs.yml\n        parameters: {a: b}\n      - template: far.yml@other\n',
        'ci/jobs.yml': 'jobs:\n  - job: inner\n    steps:\n      - template: ./steps.yml\n      - bash: after\n',
        'ci/steps.yml': 'parameters: []\nsteps:\n  - bash: shared\n  - template: steps.yml\n',
        'ci/unused.yml': 'steps:\n  - bash: never\n',
        'other/nightly.yml': 'trigger: none\nsteps:\n  - bash: nightly\n',
      }),
    );
    expect(linked.map(({ path }) => path)).toEqual(['azure-pipelines.yml', 'other/nightly.yml']);
    const [inner, own] = linked[0]!.data.jobs;
    expect([inner!.id, inner!.path, scriptsOf(inner!)]).toEqual(['inner', 'ci/jobs.yml', ['shared', 'after']]);
    expect(inner!.steps.map(({ path }) => path)).toEqual(['ci/steps.yml', 'ci/jobs.yml']);
    expect([own!.id, scriptsOf(own!)]).toEqual(['own', ['guarded', 'shared', 'last']]);
    expect(own!.steps.map(({ path }) => path)).toEqual([undefined, 'ci/steps.yml', undefined]);
  });

  test('an Azure pipeline that extends a template of another repository', () => {
    const data = read(
      'azure-pipelines.yml',
      'extends:\n  template: v1/base.yml@templates\n  parameters:\n    stages:\n      - stage: s\n        jobs:\n          - job: j\n            steps:\n              - bash: pytest\n',
    );
    expect(data.jobs.map(({ id }) => id)).toEqual(['j']);
  });

  test('CircleCI', () => {
    const data = read(
      '.circleci/config.yml',
      'executors:\n  e:\n    docker: [{image: "base:1"}]\njobs:\n  t:\n    executor: e\n    docker: [{image: "a:1"}, {image: "db:2"}]\n    steps:\n      - checkout\n      - run: make\n      - run: {name: N, command: pytest, shell: /bin/sh}\n      - when:\n          condition: true\n          steps:\n            - run: late\nworkflows:\n  w:\n    jobs:\n      - t: {requires: [x]}\n',
    );
    const job = data.jobs.find((one) => one.id === 't')!;
    expect(job).toMatchObject({
      needs: ['x'],
      images: [
        { text: 'a:1', role: 'job' },
        { text: 'db:2', role: 'service' },
      ],
    });
    expect(scriptsOf(job)).toEqual(['make', 'pytest', 'late']);
    expect(job.steps.map((step) => step.script?.pipefail)).toEqual([true, false, true]);
    expect(data.jobs.find((one) => one.id === 'e')).toMatchObject({ hidden: true, images: [{ text: 'base:1' }] });
  });

  test('Jenkins', () => {
    const text =
      "// sh 'no'\npipeline {\n  agent { docker { image 'node:20' } }\n  stages {\n    stage('A') { steps { sh 'a b' } }\n    stage(\"B\") {\n      steps {\n        sh label: 'x', script: '''\n          c\n          d\n        '''\n        script { def s = sh(script: 'e', returnStatus: true) }\n      }\n    }\n  }\n  post { always { sh 'f' } }\n}\n";
    const data = read('ci/Jenkinsfile', text);
    expect(data.jobs.map((job) => [job.id, scriptsOf(job)])).toEqual([
      ['pipeline', []],
      ['A', ['a b']],
      ['B', ['c', 'd']],
    ]);
    expect(data.jobs[0]!.images).toMatchObject([{ text: 'node:20' }]);
    eachCommand(data.jobs[2]!.steps[0]!.script!.shell.statements, (one) =>
      expect(text.slice(one.span.start, one.span.end)).toBe(commandText(one)),
    );
  });

  test.each([
    ['Jenkinsfile', '{'.repeat(200_000)],
    ['Jenkinsfile', 'try {'.repeat(30_000)],
    ['Jenkinsfile', "'''".repeat(100_001)],
    ['Jenkinsfile', 'sh '.repeat(200_000)],
    ['Jenkinsfile', '/*'.repeat(300_000)],
  ])('hostile %s %#', (path, text) => {
    const start = cpuTime();
    read(path, text);
    expect(cpuTime() - start).toBeLessThan(5_000);
  });
});

test('mutated files never throw and keep spans inside', () => {
  const pieces = [
    'jobs:\n',
    '  a:\n',
    '    steps:\n',
    '      - run: |\n',
    '          a || true\n',
    '      - uses: x@y\n',
    '    script: [a, b]\n',
    '    script:\n      - a\n',
    '  include: x\n',
    'extends: a\n',
    '\t',
    '"',
    '${{ x',
    '}}',
    '&a ',
    '*a',
    '!reference [a, script]',
    '? ',
    '- ',
    '\r\n',
    'on: push\n',
    '- script: |\n',
    'docker: [{image: a}]\n',
    "stage('x') {",
    "sh 'a || true'",
    'try {',
    '} catch (e) {',
    '}',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(
        '.github/workflows/a.yml',
        '.gitlab-ci.yml',
        'action.yml',
        'azure-pipelines.yml',
        '.circleci/config.yml',
        'Jenkinsfile',
      ),
      fc.array(fc.constantFrom(...pieces), { maxLength: 30 }),
      (path, list) => {
        const text = list.join('');
        JSON.stringify(extract({ path, text, words: [] }), (key, value) => {
          if (key === 'span') {
            expect(value.start).toBeGreaterThanOrEqual(0);
            expect(value.end).toBeGreaterThanOrEqual(value.start);
            expect(value.end).toBeLessThanOrEqual(text.length);
          }
          return value;
        });
      },
    ),
    { numRuns: 1_500 },
  );
});
