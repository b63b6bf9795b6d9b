/** Knows how to run the built command line as a user does, in a scrubbed environment. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

const parent = mkdtempSync(join(tmpdir(), 'audit-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function runCli(args: readonly string[], cwd = '.', env: Record<string, string> = {}): Run {
  const { PATH, HOME, SYSTEMROOT } = process.env;
  const result = spawnSync(process.execPath, [CLI, ...args], {
    cwd,
    encoding: 'utf8',
    env: {
      ...Object.fromEntries(Object.entries({ PATH, HOME, SYSTEMROOT }).filter(([, v]) => v !== undefined)),
      ...env,
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
}

/** A new folder with these files; it lives as long as the tests of the importing file. */
export function tree(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = mkdtempSync(join(parent, 'tree-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}
