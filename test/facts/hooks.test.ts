import { describe, expect, test } from '@jest/globals';
import { type HookConfig, hooks } from '../../src/facts/hooks.ts';
import fc from '../property.ts';

const extract = await hooks.load();
const read = (path: string, text: string): HookConfig | undefined => extract({ path, text, words: [] }).data;
const programs = (config: HookConfig | undefined) => config?.hooks.map((hook) => hook.programs);
const commands = (config: HookConfig | undefined) => config?.hooks.map((hook) => hook.command);

describe('which files', () => {
  test.each([
    ['.pre-commit-config.yaml', '', true],
    ['sub/.pre-commit-config.yml', '', true],
    ['.pre-commit-hooks.yaml', '', false],
    ['prek.toml', '', true],
    ['lefthook.yml', '', true],
    ['.lefthook.json', '', true],
    ['lefthook-local.toml', '', true],
    ['.lintstagedrc', '', true],
    ['.lintstagedrc.mjs', '', true],
    ['lint-staged.config.ts', '', true],
    ['.husky/pre-commit', '', true],
    ['.githooks/pre-push', '', true],
    ['.husky/_/husky.sh', '', false],
    ['package.json', '{"husky": {}}', true],
    ['package.json', '{"name": "husky"}', false],
  ])('%s %s', (path, text, expected) => {
    expect(hooks.accepts(path) && hooks.recognises!(path, text)).toBe(expected);
  });
});

describe('pre-commit and prek', () => {
  test('repositories, revisions, programs', () => {
    const text =
      'ci: {skip: [a]}\nrepos:\n  - repo: https://example.org/org/tool-hooks.git\n    rev: v1\n    hooks:\n      - id: tool\n        additional_dependencies: [plugin-a==1, "plugin-b>=2"]\n  - repo: local\n    hooks:\n      - id: own\n        entry: uv run --group dev checker src\n';
    const config = read('.pre-commit-config.yaml', text)!;
    expect(config).toMatchObject({ tool: 'pre-commit', hosted: true, broken: false });
    expect(config.repositories.map(({ url, remote, revision }) => [url, remote, revision?.text])).toEqual([
      ['https://example.org/org/tool-hooks.git', true, 'v1'],
      ['local', false, undefined],
    ]);
    expect(programs(config)).toEqual([
      ['tool', 'tool-hooks', 'plugin-a', 'plugin-b'],
      ['own', 'uv', 'run', 'dev', 'checker', 'src'],
    ]);
    const { span } = config.repositories[0]!.revision!;
    expect(text.slice(span.start, span.end)).toBe('rev: v1');
  });

  test('a broken file says so', () => {
    expect(read('.pre-commit-config.yaml', 'repos:\n  - repo: [\n    x: : y\n')).toMatchObject({ broken: true });
  });

  test('prek in TOML, without its comments', () => {
    const text = '[[repos]]\nrepo = "local"\n# entry = "gitleaks"\nhooks = [{ id = "a", entry = "ruff check ." }]\n';
    const config = read('prek.toml', text);
    expect(config?.tool).toBe('pre-commit');
    expect(commands(config)).toEqual(['local', 'a', 'ruff check .']);
  });
});

describe('lefthook', () => {
  test.each([
    [
      'lefthook.yml',
      'pre-commit:\n  commands:\n    a: {run: eslint x}\n    b: {run: tsc, skip: true}\n',
      ['eslint x', 'tsc'],
    ],
    [
      '.lefthook.json',
      '{"pre-push": {"jobs": [{"run": "go vet"}, {"group": {"jobs": [{"run": "gosec"}]}}]}}',
      ['go vet', 'gosec'],
    ],
    ['lefthook.yaml', 'pre-commit:\n  scripts:\n    "check.sh": {runner: bash}\n', ['bash']],
    ['lefthook.yml', 'colors: true\nremotes:\n  - git_url: x\n    configs: [run: y]\n', []],
  ])('%s: %j', (path, text, expected) => {
    const config = read(path, text)!;
    expect(config.tool).toBe('lefthook');
    expect(commands(config)).toEqual(expected);
    for (const { span, command } of config.hooks) expect(text.slice(span.start, span.end)).toContain(command);
  });

  test('TOML', () => {
    const config = read('lefthook.toml', '[pre-commit.commands.lint]\nrun = "biome check"\n');
    expect([config?.tool, commands(config)]).toEqual(['lefthook', ['biome check']]);
  });
});

describe('package.json, lint-staged and folders of hooks', () => {
  test.each([
    ['{"lint-staged": {"*.ts": ["eslint --fix", "prettier -w"]}}', 'lint-staged', ['eslint --fix', 'prettier -w']],
    ['{"husky": {"hooks": {"pre-commit": "lint-staged && npm audit"}}}', 'husky', ['lint-staged', 'npm audit']],
    ['{"simple-git-hooks": {"pre-commit": "npx biome check"}}', 'simple-git-hooks', ['biome check']],
    ['{"pre-commit": ["lint"]}', 'simple-git-hooks', ['lint']],
  ])('%s', (text, tool, expected) => {
    const config = read('package.json', text);
    expect([config?.tool, commands(config)]).toEqual([tool, expected]);
  });

  test.each([
    ['.lintstagedrc', '{"*.py": "ruff check"}', ['ruff check']],
    ['.lintstagedrc.yaml', "'*.js':\n  - eslint\n  - prettier -c\n", ['eslint', 'prettier -c']],
    [
      'lint-staged.config.js',
      "export default { '*.ts': ['eslint --fix', `tsc`] };\n// 'never'\n",
      ['*.ts', 'eslint --fix', 'tsc'],
    ],
  ])('%s', (path, text, expected) => {
    expect(commands(read(path, text))).toEqual(expected);
  });

  test('a hook that is a script', () => {
    const config = read(
      '.husky/pre-commit',
      '#!/bin/sh\n. "$(dirname "$0")/_/husky.sh"\nset -e\nnpx lint-staged\nif true; then gitleaks protect; fi\n',
    );
    expect([config?.tool, commands(config)]).toEqual(['husky', ['lint-staged', 'gitleaks protect']]);
    expect(read('.githooks/pre-commit', 'echo hello\n')).toMatchObject({ tool: 'hook-folder', hooks: [] });
  });
});

describe('hostile input', () => {
  const paths = [
    '.pre-commit-config.yaml',
    'prek.toml',
    'lefthook.yml',
    'lefthook.toml',
    '.lintstagedrc',
    'package.json',
    '.husky/pre-commit',
  ];

  test('any text', () => {
    const piece = fc.constantFrom(
      'repos:',
      '\n',
      '  ',
      '- ',
      'hooks: ',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '`',
      ': ',
      '&a ',
      '*a',
      '|',
      'x',
      '#',
      '\\',
      '"husky":',
      '$(',
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.array(piece, { maxLength: 40 }), (path, list) => {
        const text = list.join('');
        for (const { span } of read(path, text)?.hooks ?? []) expect(span.end).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  test.each(['[', '{', '"', "'a'", '- ', 'a: ', '$(', '`', '#\n'])('1,000 %j', (piece) => {
    const before = process.cpuUsage().user;
    for (const path of paths) read(path, piece.repeat(1_000));
    expect((process.cpuUsage().user - before) / 1000).toBeLessThan(5000);
  });
});
