import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { openFiles, openFolder, type WorkspaceOptions, workspaceDefaults } from '../../src/facts/workspace.ts';
import { zoneOf } from '../../src/facts/zones.ts';

const parent = mkdtempSync(join(tmpdir(), 'workspace-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

function folder(files: Record<string, string | Uint8Array>): string {
  const root = mkdtempSync(join(parent, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

function listing(root: string, options: Partial<WorkspaceOptions> = {}): string[] {
  return openFolder(root, { ...workspaceDefaults, ...options }).files.map((file) => file.path);
}

describe('listing', () => {
  test('lists every file sorted, whatever its name', () => {
    const root = folder({ 'другие проекты/базис (2)/a.py': '', '=0.0.22': '', 'a b/c d.yml': '', 'z.py': '' });
    expect(listing(root)).toEqual(['=0.0.22', 'a b/c d.yml', 'z.py', 'другие проекты/базис (2)/a.py']);
  });

  test('honours .gitignore and .auditignore at every depth, the deepest rule last', () => {
    const root = folder({
      '.gitignore': 'build/\n*.log\n!keep.log\n',
      '.auditignore': 'legacy/**\n',
      'a.log': '',
      'keep.log': '',
      'build/x.py': '',
      'legacy/old.py': '',
      'sub/.gitignore': '!b.log\nlocal.py\n',
      'sub/b.log': '',
      'sub/local.py': '',
      'sub/deep/local.py': '',
    });
    expect(listing(root)).toEqual(['.auditignore', '.gitignore', 'keep.log', 'sub/.gitignore', 'sub/b.log']);
    expect(listing(root, { ignoreFiles: false })).toHaveLength(10);
    const skipped = openFolder(root, workspaceDefaults).skipped();
    expect(skipped).toContainEqual({
      reason: 'ignored',
      count: 5,
      paths: ['a.log', 'build/', 'legacy/old.py', 'sub/deep/local.py', 'sub/local.py'],
    });
  });

  test('keeps a file that git tracks although a rule ignores it', () => {
    const root = folder({ '.gitignore': '*.tfstate\n', 'terraform.tfstate': '{}', 'other.tfstate': '{}' });
    const git = (...args: string[]) => execFileSync('git', ['-C', root, ...args]);
    git('init', '-q');
    git('add', '-f', 'terraform.tfstate');
    expect(listing(root)).toEqual(['.gitignore', 'terraform.tfstate']);
  });

  test('does not follow links, so loops end and nothing outside is read', () => {
    const root = folder({ 'a/b.py': '' });
    symlinkSync('..', join(root, 'a/loop'));
    symlinkSync('/etc/passwd', join(root, 'secret'));
    symlinkSync('nowhere', join(root, 'broken'));
    const workspace = openFolder(root, workspaceDefaults);
    expect(workspace.files.map((file) => file.path)).toEqual(['a/b.py']);
    expect(workspace.skipped()).toEqual([{ reason: 'link', count: 3, paths: ['a/loop', 'broken', 'secret'] }]);
  });

  test('takes only what is selected', () => {
    const root = folder({ 'a.py': '', 'b.js': '' });
    expect(listing(root, { select: (path) => path.endsWith('.py') })).toEqual(['a.py']);
  });
});

describe('reading', () => {
  test('removes the BOM from the text only and gives git’s blob id', () => {
    const workspace = openFolder(folder({ 'a.py': '\uFEFFx = 1\r\n' }), workspaceDefaults);
    expect(workspace.read('a.py')).toMatchObject({ raw: '\uFEFFx = 1\r\n', text: 'x = 1\r\n' });
    const plain = openFolder(folder({ 'a.txt': 'hello\n' }), workspaceDefaults);
    expect(plain.read('a.txt')?.blob).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  });

  test.each<[string, Uint8Array, string | undefined, string | undefined]>([
    ['UTF-8 with a replacement character', Buffer.from('a \uFFFD b'), 'a \uFFFD b', undefined],
    ['Latin-1', Buffer.from([0x63, 0x61, 0x66, 0xe9]), 'café', 'unreadable'],
    ['UTF-16 with BOM', Buffer.from('\uFEFFhi', 'utf16le'), 'hi', undefined],
    ['binary', Buffer.from([1, 0, 2]), undefined, undefined],
    ['empty', Buffer.from([]), '', undefined],
  ])('%s', (_, bytes, text, notification) => {
    const workspace = openFolder(folder({ file: bytes }), workspaceDefaults);
    expect(workspace.read('file')?.text).toBe(text);
    expect(workspace.notifications()[0]?.kind).toBe(notification);
    expect(workspace.skipped().length).toBe(text === undefined ? 1 : 0);
  });

  test('a file beyond the limit is counted, not read', () => {
    const workspace = openFolder(folder({ 'big.py': 'x'.repeat(100) }), { ...workspaceDefaults, maxFileSize: 99 });
    expect(workspace.read('big.py')).toBeUndefined();
    expect(workspace.skipped()).toEqual([{ reason: 'too large', count: 1, paths: ['big.py'] }]);
  });

  test('a file that vanishes is a notification', () => {
    const root = folder({ 'a.py': 'x' });
    const workspace = openFolder(root, workspaceDefaults);
    execFileSync('rm', [join(root, 'a.py')]);
    expect(workspace.read('a.py')).toBeUndefined();
    expect(workspace.notifications()).toMatchObject([{ kind: 'unreadable', path: 'a.py' }]);
  });
});

describe('zones', () => {
  test.each([
    ['integration_tests/app/main.tf', 'test'],
    ['sdk-integration-tests/a.ts', 'test'],
    ['unittest/a.py', 'test'],
    ['ab_tests/a.py', 'production'],
    ['contest/a.py', 'production'],
    ['pkg/_testdata/root.key', 'test'],
    ['_examples/app.py', 'example'],
    ['hack/invalid-examples/route.yaml', 'example'],
    ['src/counterexamples/a.py', 'production'],
    ['src/app.py', 'production'],
    ['.github/workflows/test.yml', 'production'],
    ['docker-compose.yml', 'production'],
    ['src/contest/latest.py', 'production'],
    ['tests/unit/test_app.py', 'test'],
    ['src/app.test.ts', 'test'],
    ['chaos/compose_chaos_tests.py', 'test'],
    ['scripts/e2e_simulator.py', 'test'],
    ['src/e2ee.py', 'production'],
    ['pkg/server_test.go', 'test'],
    ['docker-compose.test.yml', 'test'],
    ['node_modules/x/index.js', 'vendored'],
    ['services/api/vendor/lib/tests/a.go', 'vendored'],
    ['static/app.min.js', 'generated'],
    ['mutants/src/app.py', 'generated'],
    ['ops/archive/docker-compose.yml', 'archive'],
    ['ops/redacted/node/app.py', 'archive'],
    ['ops/app.redacted.py', 'archive'],
    ['src/redacted.py', 'production'],
    ['examples/flask/app.py', 'example'],
    ['quickstart/Dockerfile', 'example'],
    ['src/button.stories.tsx', 'example'],
    ['docs/conf.py', 'docs'],
    ['README.md', 'docs'],
  ])('%s is %s', (path, zone) => {
    expect(zoneOf(path)).toBe(zone);
  });
});

describe('files that only tests run', () => {
  const zones = (files: Readonly<Record<string, string>>, options = workspaceDefaults) => {
    const workspace = openFiles(
      'tree',
      new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
      options,
    );
    return workspace.files.flatMap((file) => (file.zone === 'test' ? [file.path] : []));
  };
  const dev = '{"devDependencies": {"vitest": "^3.0.0", "jest": "^30.0.0"}}';

  test('setups that a configuration names', () => {
    const files = {
      'package.json': dev,
      'web/vitest.integration.config.mts':
        'export default defineConfig({ test: {\n  globalSetup: ["./integration/start.ts"],\n  setupFiles: [resolve(here, "integration/each"), "../shared/index.ts"],\n} });\n',
      'web/integration/start.ts': 'export default () => {};',
      'web/integration/each.ts': 'export {};',
      'web/integration/other.ts': 'export {};',
      'shared/index.ts': 'export {};',
      'api/package.json': '{"jest": {"setupFilesAfterEnv": ["<rootDir>/prepare.js"], "globalTeardown": "./stop"}}',
      'api/prepare.js': '',
      'api/stop.js': '',
      'api/start.js': '',
    };
    expect(zones(files)).toEqual([
      'api/prepare.js',
      'api/stop.js',
      'shared/index.ts',
      'web/integration/each.ts',
      'web/integration/start.ts',
    ]);
  });

  test('files that import a runner', () => {
    const files = {
      'package.json': dev,
      'src/mocks/server.ts': 'import { vi } from "vitest";\nexport const fetch = vi.fn();\n',
      'src/helpers.js': "const { jest } = require('@jest/globals');\n",
      'src/app.ts': '// run with vitest\nexport const runner = "vitest";\n',
      'vitest.config.ts': 'import { defineConfig } from "vitest/config";\n',
      'vitest.workspace.ts': 'import { defineWorkspace } from "vitest/config";\n',
      'plugin/package.json': '{"peerDependencies": {"vitest": ">=2"}, "devDependencies": {"vitest": "^3.0.0"}}',
      'plugin/src/index.ts': 'import { expect } from "vitest";\n',
    };
    expect(zones(files)).toEqual(['src/helpers.js', 'src/mocks/server.ts']);
  });

  test('what lies with integration tests is for them, and code named so is not', () => {
    const files = {
      'integration/login_test.go': 'package integration\n',
      'integration/rates_test.go': 'package integration\n',
      'integration/server.go': 'package integration\n',
      'integration/resources/compose/base.yml': 'services: {}\n',
      'src/integration/mail.ts': 'export {};\n',
      'src/integration/mail.test.ts': 'export {};\n',
      'src/integration/compose.yml': 'services: {}\n',
    };
    expect(zones(files)).toEqual([
      'integration/login_test.go',
      'integration/rates_test.go',
      'integration/resources/compose/base.yml',
      'integration/server.go',
      'src/integration/mail.test.ts',
    ]);
  });

  test('no runner, and the word of the user', () => {
    const text = 'import { vi } from "vitest";\n';
    expect(zones({ 'package.json': '{}', 'src/a.ts': text })).toEqual([]);
    const options = {
      ...workspaceDefaults,
      zone: (path: string) => (path === 'src/a.ts' ? ('production' as const) : undefined),
    };
    expect(zones({ 'package.json': dev, 'src/a.ts': text, 'src/b.ts': text }, options)).toEqual(['src/b.ts']);
  });
});

describe('vendored files that a kustomization deploys', () => {
  const production = (files: Readonly<Record<string, string>>) =>
    openFiles('tree', new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])))
      .files.map(({ path, zone }) => (zone === 'production' ? path : ''))
      .filter((path) => /third-party|vendor/.test(path));
  const parts = {
    'third-party/db/kustomization.yaml':
      'resources: [db.yaml]\nconfigMapGenerator: [{name: x, files: [my.cnf=db.cnf]}]\n',
    'third-party/db/db.yaml': 'apiVersion: v1\n',
    'third-party/db/db.cnf': '',
    'third-party/db/other.yaml': 'apiVersion: v1\n',
    'vendor/app.yaml': 'apiVersion: v1\n',
  };

  test('with what they include in turn', () => {
    const live = 'resources:\n  - "../third-party/db" # the store\n  - ../vendor/app.yaml\n';
    expect(production({ ...parts, 'live/kustomization.yaml': live })).toEqual([
      'third-party/db/db.cnf',
      'third-party/db/db.yaml',
      'third-party/db/kustomization.yaml',
      'vendor/app.yaml',
    ]);
  });

  test('but not for tests, in a comment, or without any', () => {
    expect(production({ ...parts, 'tests/kustomization.yaml': 'resources: [../third-party/db]\n' })).toEqual([]);
    expect(production({ ...parts, 'live/kustomization.yaml': '# resources: [../third-party/db]\n' })).toEqual([]);
    expect(production(parts)).toEqual([]);
  });
});
