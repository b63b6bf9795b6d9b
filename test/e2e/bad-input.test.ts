import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Report } from '../../src/report.ts';
import { runCli, tree } from './run-cli.ts';

const DOCKERFILE = 'FROM nginx:1.27\nCMD ["nginx"]\n';

describe('mistakes of the caller end with exit code 2, one clear message and what to do', () => {
  test.each<[string, string[], Record<string, string>, RegExp[]]>([
    ['a missing path', ['nowhere'], {}, [/^audit: Cannot scan nowhere: there is no such file or folder\.$/m]],
    ['a file instead of a folder', ['a.py'], { 'a.py': '' }, [/it is a file/, /audit \. --include 'a\.py'/]],
    ['a mistyped command', ['trned'], {}, [/did you mean "audit trend"\?/]],
    ['an unknown option', ['--fromat', 'json'], {}, [/unknown option '--fromat'/, /Did you mean --format\?/]],
    ['an unknown format', ['-f', 'sarfi'], {}, [/--format does not know "sarfi"; did you mean "sarif"\?/]],
    ['an unknown item', ['--only', 'image-pining'], {}, [/did you mean "image-pinning"\?/]],
    ['an unknown phase', ['--phase', 'P9'], {}, [/--phase does not know "P9"/]],
    ['an unknown gate', ['--fail-on', 'eror'], {}, [/did you mean "error"\?/]],
    ['a gate without what it needs', ['--fail-on', 'new'], {}, [/needs --baseline FILE/]],
    [
      'two formats on standard output',
      ['-f', 'json', '-f', 'sarif'],
      {},
      [/Only one format can go to standard output/],
    ],
    ['a bad size', ['--max-file-size', 'big'], {}, [/does not understand "big"/]],
    ['a bad date', ['--as-of', '2026-02-30'], {}, [/does not understand "2026-02-30"/]],
    ['a missing roadmap', ['--roadmap', 'r.yaml'], {}, [/r\.yaml: there is no such file/]],
    [
      'a broken roadmap, every mistake listed',
      ['--roadmap', 'r.yaml'],
      { 'r.yaml': 'extends: builtin\nitems:\n  image-pining: { weight: 3 }\n  admin-auth: { weight: heavy }\n' },
      [/r\.yaml:3:3 .*image-pinning/, /r\.yaml:4:25 /],
    ],
    [
      'an unknown configuration key',
      ['.'],
      { 'audit.config.yaml': 'targt: 7\n' },
      [/audit\.config\.yaml:1:1 .*targt.*target/],
    ],
    ['a baseline that is no report', ['--baseline', 'b.json'], { 'b.json': '{}' }, [/b\.json is not a report/]],
    ['--staged without git', ['--staged'], {}, [/--staged needs a git repository/]],
    [
      'an output that cannot be written',
      ['-f', 'json', '-o', 'a.py/x.json'],
      { 'a.py': '' },
      [/Cannot write a\.py\/x\.json/],
    ],
  ])('%s', (_, args, files, messages) => {
    const run = runCli(args, tree(files));
    for (const message of messages) expect(run.err).toMatch(message);
    expect(run.err).not.toMatch(/^\s+at /m);
    expect(run.out).toBe('');
    expect(run.code).toBe(2);
  });
});

describe('trees that are odd do not end the run', () => {
  test('an empty folder is a warning, and exit code 4 on request', () => {
    const root = tree({});
    const run = runCli(['.'], root);
    expect([run.code, run.err]).toEqual([0, expect.stringContaining('holds no files to judge')]);
    expect(runCli(['.', '--fail-on-empty'], root).code).toBe(4);
  });

  test('broken files are notifications with a line, and what depends on them is not assessed', () => {
    const root = tree({
      Dockerfile: DOCKERFILE,
      'broken/docker-compose.yml': 'services:\n  web:\n    image: "unclosed\n  x: [\n',
      'broken/main.tf': 'terraform {\n  backend "s3" {\n',
      'broken/app.py': 'import pickle\ndef load(:\n  pass\n',
      'latin.py': Buffer.from([0x23, 0x20, 0xe9, 0x0a]),
      '.github/workflows/ci.yml': 'on: push\njobs:\n  test:\n   steps: [\n',
    });
    const run = runCli(['.', '-f', 'json', '-v'], root);
    const report = JSON.parse(run.out) as Report;
    expect(run.code).toBe(0);
    expect(report.files.listed).toBe(6);
    for (const path of ['broken/docker-compose.yml', 'broken/main.tf', 'broken/app.py', '.github/workflows/ci.yml']) {
      expect(report.notifications).toContainEqual(
        expect.objectContaining({ kind: 'unparsable', path, line: expect.any(Number) }),
      );
      expect(run.err).toContain(`${path}:`);
    }
    const state = (id: string) => report.items.find((item) => item.id === id)!.state;
    for (const id of ['unsafe-deserialization', 'terraform-state-encryption', 'ci-error-masking']) {
      expect([id, state(id)]).not.toEqual([id, 'pass']);
      expect([id, state(id)]).not.toEqual([id, 'notApplicable']);
    }
    expect(runCli(['.', '--strict', '-q'], root).code).toBe(3);
  });

  test('what is tolerated is said as such', () => {
    const root = tree({ 'compose.yaml': 'services:\n  web:\n    image: a\n    image: b\n' });
    const report = JSON.parse(runCli(['.', '-f', 'json', '--only', 'readonly-rootfs'], root).out) as Report;
    const message = 'Read as compose, with one thing tolerated: duplicate key "image", the last value counts.';
    expect(report.notifications).toContainEqual(
      expect.objectContaining({ kind: 'unparsable', level: 'note', path: 'compose.yaml', line: 4, message }),
    );
  });

  test('a folder that cannot be read is a notification', () => {
    const root = tree({ 'open/Dockerfile': DOCKERFILE, 'closed/Dockerfile': DOCKERFILE });
    chmodSync(join(root, 'closed'), 0);
    const run = runCli(['.', '-f', 'json'], root);
    chmodSync(join(root, 'closed'), 0o755);
    expect(run.code).toBe(0);
    // The super-user may read everything.
    if (process.getuid?.() !== 0) expect(run.err).toContain('closed: ');
  });
});

test('output is the same bytes on every run, and in any folder', () => {
  const files = { Dockerfile: DOCKERFILE, 'b/Dockerfile': `${DOCKERFILE}\n`, 'app.py': 'SECRET_KEY = "x"\n' };
  const [a, b] = [tree(files), tree(files)];
  const scan = (root: string) => {
    const text = runCli(['.', '-f', 'sarif', '--as-of', '2026-01-20'], root).out;
    return text.replaceAll(root.split('/').pop()!, 'NAME');
  };
  expect(scan(a)).toBe(scan(b));
});

test('secrets do not appear in any format', () => {
  const secret = 'kXw7-Zt9qLm2_Vb4';
  const root = tree({
    'app.py': `from flask import Flask\napp = Flask(__name__)\napp.config["SECRET_KEY"] = "${secret}"\n`,
  });
  for (const format of ['terminal', 'json', 'sarif', 'markdown', 'github']) {
    const run = runCli(['.', '-f', format, '-v'], root);
    expect(run.out).toContain('flask-secret-key');
    expect(run.out + run.err).not.toContain(secret);
  }
});
