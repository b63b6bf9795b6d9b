/** Knows that code in a language without a front end is said to be not analysed, and never taken for absent. */
import { describe, expect, test } from '@jest/globals';
import { audit } from '../../src/audit.ts';
import { type Check, defineCheck, pass } from '../../src/check.ts';
import { extractors } from '../../src/facts/index.ts';
import { counted, hasSource, unreadLanguages } from '../../src/facts/languages.ts';
import { openFiles } from '../../src/facts/workspace.ts';
import { builtinRoadmap } from '../../src/roadmap.ts';

const tree = (files: Readonly<Record<string, string>>) =>
  openFiles('tree', new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));

const check: Check = defineCheck({
  id: 'password-hashing',
  needs: { program: ['password'] },
  messages: {},
  assess: (facts) => ({
    subjects: facts.of('program').map(({ path }) => pass(path, { path, span: { start: 0, end: 0 } }, 'It is fine.')),
    lookedFor: 'passwords',
  }),
});

async function scan(files: Readonly<Record<string, string>>) {
  const report = await audit({
    workspace: tree(files),
    roadmap: builtinRoadmap(),
    rules: new Map(),
    checks: [check],
    extractors,
    options: new Map(),
    selected: () => true,
    scope: 'full',
    zones: new Set(),
    asOf: '2026-01-18',
    provenance: {},
    notifications: [],
    version: '0',
    ruleset: '0',
    configHash: '0',
  });
  const { state, reason } = report.items.find(({ id }) => id === 'password-hashing')!;
  return { state, reason, messages: report.notifications.map(({ message }) => message) };
}

describe('languages', () => {
  test('are counted in production, without settings of tools and declarations', () => {
    const workspace = tree({
      'a.php': '',
      'lib/b.php': '',
      'c.go': '',
      'd.py': '',
      'types.d.ts': '',
      'vite.config.mjs': '',
      '.eslintrc.js': '',
      'tests/e.php': '',
      'README.md': '',
    });
    expect(counted(unreadLanguages(workspace, extractors))).toBe('2 PHP files and 1 Go file');
  });

  test('make source code, as scripts do', () => {
    const source = (path: string) => hasSource(tree({ [path]: '' }).files);
    expect(['a.py', 'a.kt', 'run.sh', 'tests/a.py', 'main.tf', 'a.md'].map(source)).toEqual([
      ...[true, true, true, false, false, false],
    ]);
  });
});

describe('an item about application code', () => {
  test('is not assessed where only unread files hold its words', async () => {
    const { state, reason, messages } = await scan({ 'a.php': '$password', 'b.php': '', 'c.go': 'var password' });
    expect([state, reason]).toEqual([
      'notAssessed',
      'Not analysed: 1 PHP file and 1 Go file with code that this item may concern.',
    ]);
    expect(messages).toEqual([
      'Not analysed: 2 PHP files and 1 Go file. Items about application code judge the other files alone.',
    ]);
  });

  test('does not apply where none does', async () => {
    expect((await scan({ 'a.php': 'echo 1;' })).state).toBe('notApplicable');
    expect(await scan({ 'main.tf': '' })).toMatchObject({ state: 'notApplicable', messages: [] });
  });

  test('is judged by the files that were read, and the others are named', async () => {
    const { state, messages } = await scan({ 'a.py': 'password = 1\n', 'b.php': '$password' });
    expect(state).toBe('pass');
    expect(messages.length).toBe(1);
  });
});
