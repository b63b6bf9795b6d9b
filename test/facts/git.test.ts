import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { commitTime, indexEntries, provenance, stagedPaths, trackedButIgnored } from '../../src/facts/git.ts';

const root = mkdtempSync(join(tmpdir(), 'git-'));
afterAll(() => rmSync(root, { recursive: true }));

function git(...args: string[]): void {
  execFileSync('git', ['-C', root, '-c', 'user.email=a@example.org', '-c', 'user.name=a', ...args]);
}

test('programs that the scanned repository’s own git configuration names are not run', () => {
  const mark = join(root, 'mark');
  const program = join(root, 'program.sh');
  writeFileSync(program, `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
  writeFileSync(join(root, 'a.txt'), 'a\n');
  git('init', '-q');
  git('add', 'a.txt');
  git('commit', '-q', '-m', 'x');
  writeFileSync(join(root, 'b.txt'), 'b\n');
  git('add', 'b.txt');
  const settings = ['core.fsmonitor', 'core.pager', 'core.editor', 'diff.external', 'gpg.program', 'core.sshCommand'];
  for (const name of settings) git('config', name, program);
  git('config', 'log.showSignature', 'true');

  expect(stagedPaths(root)).toEqual(['b.txt']);
  expect([...(indexEntries(root)?.keys() ?? [])]).toEqual(['a.txt', 'b.txt']);
  expect(trackedButIgnored(root)).toEqual([]);
  expect(provenance(root).commit).toMatch(/^[0-9a-f]{40}$/);
  expect(commitTime(root, '2026-01-18').committedAt).not.toBe('');
  expect(existsSync(mark)).toBe(false);
});
