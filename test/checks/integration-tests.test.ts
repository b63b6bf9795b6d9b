import { expect, test } from '@jest/globals';
import { integrationTests } from '../../src/checks/integration-tests.ts';
import { testCheck } from '../check-tester.ts';
import { scanFiles } from '../scan-files.ts';

const line = '.github/workflows/ci.yml:6';
const ci = (...commands: string[]): Record<string, string> => ({
  '.github/workflows/ci.yml': `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${commands.map((one) => `      - run: ${one}\n`).join('')}`,
});
const python = {
  'app/main.py': 'x = 1\n',
  'tests/integration/test_api.py': 'def test_a(): pass\n',
  'tests/unit/test_b.py': 'def test_b(): pass\n',
};

const marked = {
  ...python,
  'tests/integration/test_api.py': 'import pytest\n\npytestmark = pytest.mark.integration\n\ndef test_a(): pass\n',
};
const deselected = { 'pytest.ini': '[pytest]\naddopts = -q -m "not integration"\n' };
const tagged = {
  'a.go': 'package a\n',
  'a_test.go': 'package a\n',
  'store/db_integration_test.go': '//go:build integration && !windows\n\npackage store\n',
};
const script = { 'src/a.ts': '', 'tests/unit/a.test.ts': '', 'tests/integration/b.test.ts': '' };

testCheck(integrationTests, {
  valid: [
    { name: 'a folder of its own', files: { ...python, ...ci('pytest tests/integration') }, subjects: 1 },
    {
      name: 'tests with their database',
      files: {
        'src/main.js': 'export const x = 1;\n',
        'spec/user.spec.js': "it('saves', () => {});\n",
        'package.json': '{ "scripts": { "coverage": "cross-env TESTING=1 nyc --reporter text jasmine" } }\n',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    services:\n      db:\n        image: postgres:16\n    steps:\n      - run: npm run coverage\n',
      },
      subjects: 1,
    },
    {
      name: 'programs driven from a shell',
      files: {
        'src/run.sh': 'echo hi\n',
        'tests/start.bats': '@test "starts" { run ./src/run.sh; }\n',
        ...ci('bats tests'),
      },
    },
    { name: 'all tests', files: { ...python, ...ci('pytest') } },
    { name: 'the folder above', files: { ...python, ...ci('python -m pytest tests -q') } },
    { name: 'one file of it', files: { ...python, ...ci('pytest tests/integration/test_api.py') } },
    { name: 'through tox', files: { ...python, ...ci('tox -e py312') } },
    {
      name: 'through make',
      files: { ...python, ...ci('make check'), Makefile: 'check:\n\tpytest tests/integration\n' },
    },
    { name: 'a make target by its name', files: { ...python, ...ci('pytest tests/unit', 'make integration-test') } },
    {
      name: 'test paths that hold it',
      files: { ...python, ...ci('pytest'), 'pytest.ini': '[pytest]\ntestpaths = tests\nnorecursedirs = build\n' },
    },
    {
      name: 'ignored in one run, not in another',
      files: { ...python, ...ci('pytest --ignore=tests/integration', 'pytest tests/integration') },
    },
    {
      name: 'files named so',
      files: { 'a.go': 'package a\n', 'store/db_integration_test.go': 'package store\n', ...ci('go test ./...') },
    },
    {
      name: 'Cypress through its action',
      files: {
        'src/a.ts': '',
        'cypress/e2e/login.cy.ts': '',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  e2e:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: cypress-io/github-action@v6\n',
      },
    },
    { name: 'Playwright', files: { 'src/a.ts': '', 'e2e/login.spec.ts': '', ...ci('npx playwright test') } },
    { name: 'Java', files: { 'src/main/java/A.java': '', 'src/test/java/OrderIT.java': '', ...ci('mvn -B verify') } },
    { name: 'a command with a name', files: { 'main.go': '', ...ci('./test/e2e.sh') } },
    {
      name: 'a nightly run beside',
      files: {
        ...python,
        ...ci('pytest tests/integration'),
        '.github/workflows/n.yml':
          'on:\n  schedule: [{cron: "0 1 * * *"}]\njobs:\n  n:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest tests/integration || true\n',
      },
    },
    {
      name: 'a script in the test folder',
      files: { ...python, ...ci('bash tests/run.sh'), 'tests/run.sh': 'set -e\npytest tests/integration\n' },
    },
    {
      name: 'a wrapping action',
      files: {
        ...python,
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: nick-fields/retry@v3\n        with:\n          command: pytest tests/integration\n',
      },
    },
    {
      name: 'deselected by default, selected in CI',
      files: { ...marked, ...deselected, ...ci('pytest', 'pytest -m integration') },
    },
    {
      name: 'the selection is switched off',
      files: { ...marked, ...deselected, ...ci('pytest -o addopts= tests') },
    },
    {
      name: 'an expression that holds for it',
      files: { ...marked, ...ci("pytest -m 'integration or (smoke and not slow)'") },
    },
    {
      name: 'deselected by default, without the marker',
      files: { ...python, ...deselected, ...ci('pytest') },
    },
    {
      name: 'only one test of the file is deselected',
      files: {
        ...python,
        ...ci("pytest -m 'not slow'"),
        'tests/integration/test_api.py':
          'import pytest\n\ndef test_a(): pass\n\n@pytest.mark.slow\ndef test_b(): pass\n',
      },
    },
    ...[
      'go test -tags integration ./...',
      'go test -tags=unit,integration ./store/...',
      'gotestsum -- --tags "e2e integration" ./...',
      'GOFLAGS=-tags=integration go test -tags=integration ./...',
    ].map((command) => ({ name: command, files: { ...tagged, ...ci(command) } })),
    {
      name: 'build tags from the environment',
      files: {
        ...tagged,
        '.github/workflows/ci.yml':
          'on: push\nenv:\n  GOFLAGS: -tags=integration\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: go test ./...\n',
      },
    },
    {
      name: 'a constraint that holds without tags',
      files: {
        ...tagged,
        'store/db_integration_test.go': '//go:build !unit\n\npackage store\n',
        ...ci('go test ./...'),
      },
    },
    {
      name: 'jest with the configuration of the suite',
      files: {
        ...script,
        'jest.config.js': "module.exports = { testMatch: ['<rootDir>/tests/unit/**/*.test.ts'] };\n",
        'jest.integration.config.js': "module.exports = { testMatch: ['<rootDir>/tests/integration/**/*.test.ts'] };\n",
        ...ci('npx jest', 'npx jest --config jest.integration.config.js'),
      },
    },
    {
      name: 'jest projects',
      files: {
        ...script,
        'jest.config.js':
          "module.exports = { projects: [{ displayName: 'unit', testPathIgnorePatterns: ['tests/integration'] }, { displayName: 'integration' }] };\n",
        ...ci('npx jest'),
      },
    },
    {
      name: 'vitest whose coverage leaves it out',
      files: {
        ...script,
        'vitest.config.ts':
          "export default { test: { coverage: { exclude: ['tests/integration'] }, include: ['tests/**/*.test.ts'] } };\n",
        ...ci('npx vitest run'),
      },
    },
    {
      name: 'configuration of another package',
      files: {
        ...script,
        'packages/b/vitest.config.ts': "export default { test: { include: ['src/**/*.test.ts'] } };\n",
        ...ci('npx vitest run'),
      },
    },
    { name: 'through a task that cannot be looked into', files: { ...python, ...ci('task py:test') } },
    { name: 'molecule', files: { 'main.py': '', ...ci('molecule test --all') } },
    {
      name: 'a step with code of its own',
      files: {
        'main.py': '',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - name: Smoke test\n        run: |\n          kubectl wait --for=condition=ready pod -l app=load\n          kubectl logs -l app=load | grep "0 errors"\n',
      },
    },
    {
      name: 'unit tests of an integration',
      files: { ...python, ...ci('pytest tests/integration'), 'tests/unit/integration/test_c.py': '' },
      subjects: 1,
    },
  ],
  invalid: [
    {
      name: 'tests without anything beside them',
      files: {
        'src/main.js': 'export const x = 1;\n',
        'spec/user.spec.js': "it('adds', () => {});\n",
        ...ci('npx jasmine'),
      },
      findings: [{ message: 'absent', at: 'src/main.js:1' }],
      skip: ['comment'], // the place of what is missing is any file
    },
    {
      name: 'none',
      files: { 'app/main.py': 'x = 1\n', 'tests/test_a.py': '', ...ci('pytest') },
      findings: [{ message: 'absent', at: 'app/main.py:1' }],
      skip: ['comment'],
    },
    {
      name: 'a step that only says so',
      files: {
        'main.py': '',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - name: Smoke test\n        run: echo passed\n',
      },
      findings: [{ message: 'absent', at: 'main.py:1' }],
      skip: ['comment'],
    },
    {
      name: 'a product folder called integration',
      files: { 'src/integration/main.py': 'x = 1\n', ...ci('pytest') },
      findings: [{ message: 'absent', at: 'src/integration/main.py:1' }],
      skip: ['comment'],
    },
    // The place is a run of other tests: without it nothing else runs them either.
    {
      name: 'only unit tests run',
      files: { ...python, ...ci('pytest tests/unit') },
      findings: [{ message: 'notRun', at: line }],
    },
    { name: 'no CI', files: python, findings: [{ message: 'notRun', at: 'app/main.py:1' }], skip: ['comment'] },
    {
      name: 'masked',
      files: { ...python, ...ci('pytest tests/integration || true') },
      findings: [{ message: 'masked', at: line }],
    },
    {
      name: 'allowed to fail, and a nightly run',
      files: {
        ...python,
        '.gitlab-ci.yml':
          'it:\n  allow_failure: true\n  script:\n    - pytest tests/integration\nnight:\n  script: [pytest]\n  rules:\n    - if: $CI_PIPELINE_SOURCE == "schedule"\n',
      },
      findings: [{ message: 'masked', at: '.gitlab-ci.yml:4' }],
    },
    {
      name: 'a masked command with a name',
      files: { 'main.go': '', ...ci('make e2e || true') },
      findings: [{ message: 'masked', at: line }],
    },
    {
      name: 'ignored on the command line',
      files: { ...python, ...ci('pytest --ignore=tests/integration') },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'deselected by marker',
      files: { ...python, ...ci("pytest -m 'not integration'") },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'deselected by the configuration',
      files: { ...marked, ...deselected, ...ci('pytest') },
      findings: [{ message: 'excluded', at: 'pytest.ini:2' }],
    },
    {
      name: 'deselected by the configuration, marked in conftest.py',
      files: {
        ...python,
        ...ci('pytest'),
        'pyproject.toml': '[tool.pytest.ini_options]\naddopts = ["-ra", "-m", "not integration and not slow"]\n',
        'tests/integration/conftest.py':
          'import pytest\n\ndef pytest_collection_modifyitems(items):\n    for item in items:\n        item.add_marker(pytest.mark.integration)\n',
      },
      findings: [{ message: 'excluded', at: 'pyproject.toml:2' }],
    },
    {
      name: 'another marker is selected',
      files: { ...marked, ...ci('pytest -m unit') },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'without its build tag',
      files: { ...tagged, ...ci('go test ./...') },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'without its build tag, in the older form',
      files: {
        ...tagged,
        'store/db_integration_test.go': '// +build e2e,linux\n\npackage store\n',
        ...ci('go test ./...'),
      },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'only compiled',
      files: { ...tagged, ...ci('go test -tags integration -run=^$ ./...') },
      findings: [{ message: 'notRun', at: line }],
    },
    {
      name: 'other projects of jest',
      files: { ...script, ...ci('npx jest --selectProjects unit --ci') },
      findings: [{ message: 'excluded', at: line }],
    },
    {
      name: 'jest matches other files',
      files: {
        ...script,
        'jest.config.js': "module.exports = { testMatch: ['<rootDir>/tests/unit/**/*.test.ts'] };\n",
        ...ci('npx jest'),
      },
      findings: [{ message: 'notRun', at: line }],
    },
    {
      name: 'a make target that runs tests in another language',
      files: {
        'agent/main.go': 'package main\n',
        'agent/api_integration_test.go': 'package main\n',
        'checks/test_meta.py': 'def test_a(): pass\n',
        Makefile: 'meta-test:\n\tpython -m pytest checks/test_meta.py\n',
        ...ci('make meta-test'),
      },
      findings: [{ message: 'notRun', at: 'Makefile:2' }],
    },
    {
      name: 'a script of another package',
      files: {
        'web/package.json': '{"scripts": {"test": "vitest run"}}',
        'web/src/a.ts': '',
        'tests/e2e/login.spec.ts': '',
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - working-directory: web\n        run: npm test\n',
      },
      findings: [{ message: 'notRun', at: 'web/package.json:1' }],
    },
    {
      name: 'another runner with a folder of its own',
      files: {
        'src/a.ts': '',
        'cypress/e2e/login.cy.ts': '',
        'src/test/e2e/api.test.ts': '',
        ...ci('npx cypress run'),
      },
      findings: [{ message: 'notRun', at: line }],
    },
    {
      name: 'vitest matches other files',
      files: {
        ...script,
        'vitest.config.ts': "export default { test: { include: ['tests/unit/**/*.test.ts'] } };\n",
        ...ci('npx vitest run'),
      },
      findings: [{ message: 'notRun', at: line }],
    },
    {
      name: 'ignored in the configuration',
      files: {
        ...python,
        ...ci('pytest'),
        'pyproject.toml': '[tool.pytest.ini_options]\naddopts = "-q --ignore=tests/integration"\n',
      },
      findings: [{ message: 'excluded', at: 'pyproject.toml:2' }],
    },
    {
      name: 'ignored by jest',
      files: {
        'src/a.ts': '',
        'test/integration/a.test.ts': '',
        ...ci('npx jest'),
        'jest.config.js':
          'module.exports = {\n  testPathIgnorePatterns: ["/node_modules/", "<rootDir>/test/integration"],\n};\n',
      },
      findings: [{ message: 'excluded', at: 'jest.config.js:2' }],
    },
    {
      name: 'other test paths',
      files: { ...python, ...ci('pytest'), 'pytest.ini': '[pytest]\ntestpaths = tests/unit\n' },
      findings: [{ message: 'notRun', at: line }],
    },
    {
      name: 'a folder that does not exist',
      files: { ...python, ...ci('pytest tests/integration', 'pytest tests/smoke') },
      findings: [{ message: 'missingPath', at: '.github/workflows/ci.yml:7' }],
    },
  ],
  notApplicable: [{ name: 'no code', files: { 'README.md': '# Words\n' } }],
  unknown: [
    {
      name: 'a pipeline that is not read',
      files: { ...python, '.travis.yml': 'language: python\nscript:\n  - pytest\n' },
    },
  ],
});

test('the proof is the command that runs them', async () => {
  const files = {
    'package.json':
      '{"scripts": {"test:e2e": "playwright test", "test:integration": "vitest run --config vitest.integration.config.ts"}}',
    'src/a.ts': '',
    'src/a.integration.test.ts': '',
    'e2e/login.spec.ts': '',
    'tests/integration/test_api.py': 'def test_a(): pass\n',
    'Taskfile.yml': "version: '3'\ntasks:\n  test:\n    cmds:\n      - pytest\n",
    ...ci('npm run test:e2e', 'task test', 'npm run test:integration'),
  };
  const { judgement } = await scanFiles(integrationTests, files);
  expect(judgement.subjects.map(({ name, evidence }) => `${name}: ${evidence}`).sort()).toEqual([
    'integration tests in e2e: CI runs them with `playwright test`.',
    'integration tests in tests/integration: CI runs them with `pytest`.',
  ]);
});
