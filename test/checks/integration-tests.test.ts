import { integrationTests } from '../../src/checks/integration-tests.ts';
import { testCheck } from '../check-tester.ts';

const line = '.github/workflows/ci.yml:6';
const ci = (...commands: string[]): Record<string, string> => ({
  '.github/workflows/ci.yml': `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${commands.map((one) => `      - run: ${one}\n`).join('')}`,
});
const python = {
  'app/main.py': 'x = 1\n',
  'tests/integration/test_api.py': 'def test_a(): pass\n',
  'tests/unit/test_b.py': 'def test_b(): pass\n',
};

testCheck(integrationTests, {
  valid: [
    { name: 'a folder of its own', files: { ...python, ...ci('pytest tests/integration') }, subjects: 1 },
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
      name: 'unit tests of an integration',
      files: { ...python, ...ci('pytest tests/integration'), 'tests/unit/integration/test_c.py': '' },
      subjects: 1,
    },
  ],
  invalid: [
    {
      name: 'none',
      files: { 'app/main.py': 'x = 1\n', 'tests/test_a.py': '', ...ci('pytest') },
      findings: [{ message: 'absent', at: 'app/main.py:1' }],
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
});
