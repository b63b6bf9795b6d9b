import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Report } from '../../src/report.ts';
import { runCli, tree } from './run-cli.ts';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const OPEN = 'FROM nginx:1.27\nCMD ["nginx"]\n';
const DONE = `${OPEN}HEALTHCHECK CMD curl -f http://localhost/\n`;

function repository(files: Record<string, string>): { root: string; git: (...args: string[]) => string } {
  const root = tree(files);
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
      encoding: 'utf8',
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  return { root, git };
}

describe('the developer before a commit', () => {
  test('judges the index, not the work tree, and only what is staged', () => {
    const { root, git } = repository({ 'a/Dockerfile': OPEN, 'b/Dockerfile': OPEN });
    git('commit', '-qm', 'first');
    writeFileSync(join(root, 'a/Dockerfile'), `${OPEN}EXPOSE 80\n`);
    git('add', '-A');
    writeFileSync(join(root, 'a/Dockerfile'), DONE);
    const run = runCli(['--staged', '--only', 'dockerfile-healthcheck', '-f', 'json'], root);
    const report = JSON.parse(run.out) as Report;
    expect(report.scope).toBe('staged');
    expect(report.findings.map((finding) => finding.path)).toEqual(['a/Dockerfile']);
    git('add', '-A');
    expect(runCli(['--staged', '--fail-on', 'note', '--only', 'dockerfile-healthcheck', '-q'], root).code).toBe(0);
  });

  test('joins with files that are not staged', () => {
    const { root, git } = repository({
      'docker-compose.yml':
        'services:\n  web:\n    build: .\n    healthcheck:\n      test: curl -f http://localhost/\n',
    });
    git('commit', '-qm', 'first');
    writeFileSync(join(root, 'Dockerfile'), OPEN);
    git('add', '-A');
    const run = runCli(['--staged', '--fail-on', 'note', '--only', 'dockerfile-healthcheck'], root);
    expect([run.code, run.err]).toEqual([0, '']);
  });

  test('nothing staged is fine, and a partial run has no score', () => {
    const { root, git } = repository({ Dockerfile: OPEN });
    git('commit', '-qm', 'first');
    const run = runCli(['--staged'], root);
    expect(run.code).toBe(0);
    expect(run.out).not.toMatch(/of 10/);
    expect(runCli(['--staged', '--fail-on', 'score<7.5'], root).code).toBe(1);
  });

  test('the hooks call commands that exist', () => {
    const hooks = parse(readFileSync(join(PACKAGE, '.pre-commit-hooks.yaml'), 'utf8')) as {
      id: string;
      entry: string;
    }[];
    expect(hooks.map((hook) => hook.id)).toEqual(['hardening-audit', 'hardening-audit-full']);
    const { root } = repository({ 'readme.txt': 'hello\n' });
    for (const { entry } of hooks) {
      const [bin, ...args] = entry.split(' ');
      expect(bin).toBe('hardening-audit');
      expect([entry, runCli(args, root).code]).toEqual([entry, 0]);
    }
  });
});

describe('gates and the baseline', () => {
  test('a gate is missed with exit code 1 in every format', () => {
    const root = tree({ Dockerfile: OPEN });
    for (const format of ['terminal', 'json', 'sarif', 'markdown', 'github']) {
      const run = runCli(['-f', format, '--fail-on', 'score<7.5,phase:P3'], root);
      expect([format, run.code]).toEqual([format, 1]);
      expect(run.err).toMatch(/gate missed: the score is \d\.\d\n.*gate missed: .*dockerfile-healthcheck/s);
    }
    expect(runCli(['--fail-on', 'never'], root).code).toBe(0);
  });

  test('new findings are told from old ones', () => {
    const root = tree({ Dockerfile: OPEN });
    expect(runCli(['--baseline', 'base.json', '--update-baseline', '-q'], root).code).toBe(0);
    const args = ['--baseline', 'base.json', '--fail-on', 'new', '-f', 'json'];
    expect(runCli(args, root).code).toBe(0);
    writeFileSync(join(root, 'Dockerfile'), `# moved down\n${OPEN}`);
    expect(runCli(args, root).code).toBe(0);
    writeFileSync(join(root, 'Dockerfile.worker'), 'FROM redis:7\nCMD ["redis-server"]\n');
    const run = runCli(args, root);
    expect(run.code).toBe(1);
    const report = JSON.parse(run.out) as Report;
    const added = report.findings.filter((finding) => report.comparison!.added.includes(finding.id));
    expect(new Set(added.map((finding) => finding.path))).toEqual(new Set(['Dockerfile.worker']));
  });
});

describe('the security lead', () => {
  test('the trend grows by a line a scan and says what changed', () => {
    const { root, git } = repository({ Dockerfile: OPEN });
    const commit = (message: string, date: string) => {
      git('add', 'Dockerfile');
      execFileSync(
        'git',
        ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', message],
        {
          env: { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date },
        },
      );
    };
    commit('first', '2026-01-18T10:00:00Z');
    expect(runCli(['trend'], root).out).toContain('This is the first record');
    writeFileSync(join(root, 'Dockerfile'), DONE);
    commit('second', '2026-01-19T10:00:00Z');
    const run = runCli(['trend'], root);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/dockerfile-healthcheck: fail \(0 of 1\) -> pass \(1 of 1\)/);
    expect(run.out).toContain('2026-01-18 to 2026-01-19, 2 of 2 scans');
    const history = join(root, '.audit/history.jsonl');
    const lines = readFileSync(history, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { committedAt: string }).committedAt.slice(0, 10))).toEqual([
      '2026-01-18',
      '2026-01-19',
    ]);
    writeFileSync(history, `${lines.join('\r\n')}\r\nnot json\r\n{"cut off`);
    const again = runCli(['trend', '--no-record'], root);
    expect(again.err).toContain('no record on line 3');
    expect(again.out).toContain('2 of 2 scans');
  });

  test('a folder without git is recorded by the date of the scan', () => {
    const { root } = repository({ Dockerfile: OPEN });
    rmSync(join(root, '.git'), { recursive: true });
    runCli(['trend', '--as-of', '2026-01-18'], root);
    expect(runCli(['trend', '--as-of', '2026-01-19'], root).out).toContain('2026-01-18 to 2026-01-19, 2 of 2 scans');
  });
});

describe('the GitHub Actions step', () => {
  const action = parse(readFileSync(join(PACKAGE, 'action.yml'), 'utf8')) as {
    inputs: Record<string, { default: string }>;
    outputs: Record<string, { value: string }>;
    runs: { steps: { id?: string; shell: string; env: Record<string, string>; run: string }[] };
  };
  const step = action.runs.steps.find((one) => one.id === 'scan')!;

  test('scans, writes the summary and the outputs, and leaves a SARIF file', () => {
    const root = tree({ Dockerfile: OPEN, summary: '# before\n', outputs: '' });
    const inputs = Object.fromEntries(
      Object.entries(step.env).map(([name, value]) => {
        const input = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(value)?.[1];
        return [name, input === undefined ? PACKAGE.replace(/\/$/, '') : action.inputs[input]!.default];
      }),
    );
    const run = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
      cwd: root,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        ...inputs,
        GITHUB_ACTIONS: 'true',
        GITHUB_STEP_SUMMARY: join(root, 'summary'),
        GITHUB_OUTPUT: join(root, 'outputs'),
      },
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const outputs = readFileSync(join(root, 'outputs'), 'utf8');
    expect(outputs).toMatch(/^score=\d\.\d\ntarget-met=false\nfindings=\d+\nsarif-file=hardening-audit\.sarif\n$/);
    expect(readFileSync(join(root, 'summary'), 'utf8')).toMatch(/^# before\n[\s\S]*dockerfile-healthcheck/);
    const sarif = JSON.parse(readFileSync(join(root, 'hardening-audit.sarif'), 'utf8')) as {
      runs: { results: { kind?: string }[] }[];
    };
    expect(sarif.runs[0]!.results.every((result) => (result.kind ?? 'fail') === 'fail')).toBe(true);
    expect(runCli(['validate', 'hardening-audit.sarif'], root).code).toBe(0);
  });

  test('every output of the action is one the scan writes, and no input reaches the shell unquoted', () => {
    for (const [name, { value }] of Object.entries(action.outputs)) {
      expect(value).toBe(`\${{ steps.scan.outputs.${name} }}`);
    }
    for (const { run } of action.runs.steps) expect(run).not.toContain('${{');
  });
});

describe('questions', () => {
  test.each([
    [['explain', 'score'], /floor\(/],
    [['explain', 'dockerfile-healthcheck'], /HEALTHCHECK/],
    [['list', 'items'], /dockerfile-healthcheck/],
    [['config', '--print'], /target: 7\.5/],
    [['scan', '--help'], /--fail-on/],
    [['--help'], /audit scan --help/],
  ])('%j', (args, expected) => {
    const run = runCli(args, tree({ Dockerfile: OPEN }));
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toMatch(expected);
  });
});
