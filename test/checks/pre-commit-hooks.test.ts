import { preCommitHooks } from '../../src/checks/pre-commit-hooks.ts';
import { testCheck } from '../check-tester.ts';

const config = '.pre-commit-config.yaml';
const workflow = '.github/workflows/ci.yml';
/** A job with these commands or actions. */
const ci = (...steps: string[]): Record<string, string> => ({
  [workflow]: `on: push\njobs:\n  style:\n    runs-on: ubuntu-latest\n    steps:\n${steps.map((one) => `      - ${one}\n`).join('')}`,
});
const bare = { 'app/main.py': 'print(1)\n' };
const source = { ...bare, ...ci('run: pre-commit run --all-files') };

/** A configuration of these repositories: [url, rev, hook id]. */
const repos = (...list: [string, string, string][]): Record<string, string> => ({
  ...source,
  [config]: `repos:\n${list.map(([url, rev, id]) => `  - repo: ${url}\n    rev: ${rev}\n    hooks:\n      - id: ${id}\n`).join('')}`,
});

const gitleaks: [string, string, string] = ['https://github.com/gitleaks/gitleaks', 'v8.18.4', 'gitleaks'];
const ruff: [string, string, string] = ['https://github.com/astral-sh/ruff-pre-commit', 'v0.6.9', 'ruff'];
const both = repos(gitleaks, ruff);

const pinned = (rev: string) => ({
  name: `pinned: ${rev}`,
  files: repos(gitleaks, [ruff[0], rev, ruff[2]]),
  subjects: 5,
});
const floating = (rev: string) => ({
  name: `floating: ${rev}`,
  files: repos(gitleaks, [ruff[0], rev, ruff[2]]),
  findings: [{ message: 'unpinned', at: `${config}:7` }],
});

testCheck(preCommitHooks, {
  valid: [
    { name: 'security and lint', files: both },
    ...[
      'v0.12.4',
      '19.10b0',
      '2024.1.0',
      '4.3.21-2',
      'b27f281',
      'b27f281eb9398fc8504415d7fbdabf119ea8c5e1 # frozen: v1',
      'release-1.2',
      'v5',
      '2024-05-01',
      'helm-docs-1.14.2',
    ].map(pinned),
    {
      name: 'local, meta and builtin hooks need no revision',
      files: {
        ...source,
        [config]:
          'repos:\n  - repo: local\n    hooks:\n      - id: secrets\n        entry: poetry run detect-secrets-hook --baseline b\n        language: system\n      - id: style\n        entry: npx eslint .\n        language: system\n  - repo: meta\n    hooks:\n      - id: check-hooks-apply\n  - repo: builtin\n    hooks:\n      - id: trailing-whitespace\n',
      },
      subjects: 3,
    },
    {
      name: 'security as a plugin of a linter',
      files: {
        ...source,
        [config]:
          'repos:\n  - repo: https://github.com/PyCQA/flake8\n    rev: 6.1.0\n    hooks:\n      - id: flake8\n        additional_dependencies: [flake8-bandit==4.1.1]\n',
      },
    },
    {
      name: 'husky and lint-staged',
      files: {
        ...source,
        '.husky/pre-commit': 'npx lint-staged\nnpx secretlint .\n',
        'package.json': '{"lint-staged": {"*.js": "eslint --fix"}}\n',
      },
    },
    {
      name: 'lefthook',
      files: {
        ...source,
        'lefthook.yml':
          'pre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: npx biome check {staged_files}\n    secrets:\n      run: gitleaks protect --staged\n',
      },
    },
    {
      name: 'lefthook with jobs',
      files: {
        ...source,
        '.lefthook.yaml':
          'pre-push:\n  jobs:\n    - run: golangci-lint run\n    - group:\n        jobs:\n          - run: trufflehog git file://.\n',
      },
    },
    {
      name: 'prek',
      files: {
        ...source,
        'prek.toml':
          '[[repos]]\nrepo = "local"\nhooks = [\n  { id = "a", entry = "gitleaks protect" },\n  { id = "b", entry = "ruff check" },\n]\n',
      },
    },
    {
      name: 'simple-git-hooks',
      files: { ...source, 'package.json': '{"simple-git-hooks": {"pre-commit": "npx eslint . && npm audit"}}\n' },
    },
    { name: 'nested configuration', files: { ...source, 'svc/a.py': 'x = 1\n', [`svc/${config}`]: both[config]! } },
    {
      name: 'a hook folder that calls pre-commit',
      files: {
        ...both,
        'setup.sh': 'git config core.hooksPath .githooks\n',
        '.githooks/pre-commit': '#!/bin/sh\nexec pre-commit run\n',
      },
    },
    ...[
      'uses: pre-commit/action@v3.0.1',
      'run: uv run pre-commit run -a --show-diff-on-failure',
      'run: pre-commit run --from-ref origin/main --to-ref HEAD',
      'run: prek --all-files',
      'run: tox -e lint',
      'run: make lint',
    ].map((step) => ({ name: `in CI: ${step}`, files: { ...both, ...ci(step) } })),
    { name: 'an action of somebody else', files: { ...both, ...ci('uses: acme/actions/pre-commit@v1') } },
    {
      name: 'a workflow of another repository',
      files: {
        ...both,
        [workflow]: 'on: push\njobs:\n  style:\n    uses: acme/workflows/.github/workflows/pre-commit.yaml@main\n',
      },
    },
    {
      name: 'CI runs the same programs',
      files: { ...both, ...ci('run: ruff check .', 'uses: gitleaks/gitleaks-action@v2') },
    },
    {
      name: 'CI runs the same npm scripts',
      files: {
        ...bare,
        '.husky/pre-commit': 'npx lint-staged\nnpx secretlint .\n',
        'package.json':
          '{"lint-staged": {"*.js": "eslint --fix"}, "scripts": {"style": "eslint .", "secrets": "secretlint ."}}\n',
        ...ci('run: npm run style', 'run: npm run secrets'),
      },
    },
    {
      name: 'CI runs what the hook of a general program runs',
      files: {
        ...repos(['https://github.com/antonbabenko/pre-commit-terraform', 'v1.96.1', 'terraform_fmt'], gitleaks),
        ...ci('run: terraform fmt -check -recursive', 'run: gitleaks detect'),
      },
    },
    {
      name: 'pre-commit.ci',
      files: { ...both, ...ci('run: pytest'), [config]: `ci:\n  autofix_prs: false\n${both[config]}` },
    },
    { name: 'hooksPath is unset', files: { ...both, 'setup.sh': 'git config --unset core.hooksPath\n' } },
  ],
  invalid: [
    {
      name: 'no configuration',
      files: source,
      findings: [{ message: 'absent', at: 'app/main.py:1' }],
      skip: ['comment'],
    },
    {
      name: 'no repositories',
      files: { ...source, [config]: 'repos: []\n' },
      findings: [{ message: 'empty', at: `${config}:1` }],
      // The first line stands for the whole file.
      skip: ['comment'],
    },
    {
      name: 'husky without commands',
      files: { ...source, '.husky/pre-commit': '#!/bin/sh\n. "$(dirname "$0")/_/husky.sh"\n' },
      findings: [{ message: 'empty', at: '.husky/pre-commit:1' }],
      skip: ['comment'],
    },
    {
      name: 'lint only',
      files: repos(ruff),
      findings: [{ message: 'noSecurity', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'security only',
      files: repos(gitleaks),
      findings: [{ message: 'noLint', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'security commented out',
      files: {
        ...source,
        [config]: `${repos(ruff)[config]}#  - repo: https://github.com/gitleaks/gitleaks\n#    hooks: [{id: gitleaks}]\n`,
      },
      findings: [{ message: 'noSecurity', at: `${config}:1` }],
      skip: ['comment'],
    },
    ...['main', 'master', 'HEAD', 'stable', 'some_branch_name', "''", '2.x'].map(floating),
    {
      name: 'no revision',
      files: {
        ...source,
        [config]: `${both[config]}  - repo: https://github.com/psf/black\n    hooks:\n      - id: black\n`,
      },
      findings: [{ message: 'unpinned', at: `${config}:10` }],
      // Without the line the list item loses its mapping.
      skip: ['comment'],
    },
    {
      name: 'hooksPath elsewhere',
      files: {
        ...both,
        'setup.sh': 'git config core.hooksPath .githooks\n',
        '.githooks/pre-commit': '#!/bin/sh\n./check_owner.py\n',
      },
      findings: [{ message: 'bypassed', at: 'setup.sh:1' }],
    },
    {
      name: 'hooksPath to nowhere',
      files: { ...both, 'package.json': '{"scripts": {"prepare": "git config --local core.hooksPath /dev/null"}}\n' },
      findings: [{ message: 'bypassed', at: 'package.json:1' }],
    },
    {
      name: 'CI without the hooks',
      files: { ...both, ...ci('run: pytest') },
      findings: [{ message: 'notInCi', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'CI only updates the revisions',
      files: { ...both, ...ci('uses: acme/pre-commit-autoupdate@v1') },
      findings: [{ message: 'notInCi', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'CI runs one of two kinds',
      files: { ...both, ...ci('run: ruff check .') },
      findings: [{ message: 'notInCi', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'another command of a general program',
      files: {
        ...repos(['https://github.com/antonbabenko/pre-commit-terraform', 'v1.96.1', 'terraform_fmt'], gitleaks),
        ...ci('run: terraform apply', 'run: gitleaks detect'),
      },
      findings: [{ message: 'notInCi', at: `${config}:1` }],
      skip: ['comment'],
    },
    {
      name: 'masked in CI',
      files: { ...both, ...ci('run: pre-commit run --all-files || true') },
      findings: [{ message: 'maskedInCi', at: `${workflow}:6` }],
      skip: ['comment'],
    },
    {
      name: 'nothing staged in CI',
      files: { ...both, ...ci('run: pre-commit run') },
      findings: [{ message: 'stagedInCi', at: `${workflow}:6` }],
      skip: ['comment'],
    },
    {
      name: 'lint-staged in CI',
      files: {
        ...bare,
        ...ci('run: npx lint-staged'),
        '.husky/pre-commit': 'npx lint-staged\nnpx secretlint .\n',
        'package.json': '{"lint-staged": {"*.js": "eslint --fix"}}\n',
      },
      findings: [{ message: 'stagedInCi', at: `${workflow}:6` }],
      skip: ['comment'],
    },
  ],
  notApplicable: [{ name: 'no source code', files: { 'README.md': '# Words\n' } }],
  unknown: [{ name: 'a broken configuration', files: { ...source, [config]: 'repos:\n  - repo: [\n    x: : y\n' } }],
});
