import { testCoverage } from '../../src/checks/test-coverage.ts';
import { testCheck } from '../check-tester.ts';

const ci = (...commands: string[]): Record<string, string> => ({
  '.github/workflows/ci.yml': `on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n${commands.map((one) => `      - run: ${one}\n`).join('')}`,
});
const cobertura = (covered: number, file = 'app/a.py'): string =>
  `<?xml version="1.0" ?>\n<coverage line-rate="0" lines-covered="${covered}" lines-valid="100">\n<class filename="${file}"/>\n</coverage>\n`;
const good = { 'coverage.xml': cobertura(90) };
const gated = ci('pytest --cov=app --cov-fail-under=80');
const line = '.github/workflows/ci.yml:6';

testCheck(testCoverage, {
  valid: [
    { name: 'measured and gated on the command line', files: { ...good, ...gated }, subjects: 3 },
    {
      name: 'thresholds of a package, through a task runner',
      files: {
        ...good,
        ...ci('pnpm test:coverage'),
        'package.json': '{"scripts": {"test:coverage": "turbo run test:coverage --no-cache"}}\n',
        'apps/web/vite.config.mts': 'export default { test: { coverage: { thresholds: { lines: 80 } } } };\n',
      },
    },
    {
      name: 'fail_under and coverage report',
      files: {
        ...good,
        ...ci('coverage run -m pytest', 'coverage report'),
        '.coveragerc': '[report]\nfail_under = 75\n',
      },
    },
    {
      name: 'fail_under and pytest --cov',
      files: { ...good, ...ci('pytest --cov'), 'pyproject.toml': '[tool.coverage.report]\nfail_under = 75\n' },
    },
    {
      name: 'options in the configuration',
      files: { ...good, ...ci('python -m pytest'), 'pytest.ini': '[pytest]\naddopts = --cov --cov-fail-under=50\n' },
    },
    {
      name: 'jest through package.json',
      files: {
        'coverage/lcov.info': 'SF:src/a.ts\nLF:10\nLH:9\nend_of_record\n',
        ...ci('npm test'),
        'package.json':
          '{\n  "scripts": { "test": "jest --coverage" },\n  "jest": { "coverageThreshold": { "global": { "lines": 60 } } }\n}\n',
      },
    },
    {
      name: 'nyc',
      files: {
        'coverage-summary.json': '{}',
        'coverage/coverage-summary.json': '{"total": {"lines": {"total": 10, "covered": 8}}}',
        ...ci('npx nyc mocha'),
        '.nycrc': '{"check-coverage": true, "lines": 50}\n',
      },
    },
    {
      name: 'JaCoCo',
      files: {
        'build/jacoco.xml':
          '<report name="x"><package name="p"><sourcefile name="A.java"/></package><counter type="LINE" missed="1" covered="9"/></report>\n',
        ...ci('./gradlew check'),
        'build.gradle': 'jacocoTestCoverageVerification { violationRules { rule { limit { minimum = 0.5 } } } }\n',
      },
    },
    {
      name: 'codecov',
      files: {
        ...good,
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest --cov\n      - uses: codecov/codecov-action@v4\n',
        'codecov.yml': 'coverage:\n  status:\n    project:\n      default:\n        target: 80%\n',
      },
    },
    {
      name: 'a minimum in a GitLab variable',
      files: {
        ...good,
        '.gitlab-ci.yml': 'variables:\n  MIN: "70"\ntest:\n  script:\n    - pytest --cov --cov-fail-under=$MIN\n',
      },
    },
    {
      name: 'two formats of one run count once',
      files: { ...good, ...gated, 'coverage.json': '{"totals": {"covered_lines": 90, "num_statements": 100}}' },
    },
    {
      name: 'a quick run without coverage beside the gate',
      files: { ...good, ...ci('pytest -p no:cov -x', 'pytest --cov --cov-fail-under=80') },
    },
    {
      name: 'a gate below the measured figure',
      files: { ...good, ...gated, '.coveragerc': '[report]\nfail_under = 60\n' },
    },
  ],
  invalid: [
    {
      name: 'below the target',
      files: { 'coverage.xml': cobertura(10), ...ci('pytest --cov --cov-fail-under=25') },
      options: { target: 25 },
      findings: [
        { message: 'low', at: 'coverage.xml:2' },
        { message: 'contradiction', at: line },
      ],
      skip: ['comment'],
    },
    { name: 'no minimum', files: { ...good, ...ci('pytest --cov') }, findings: [{ message: 'noGate', at: line }] },
    {
      name: 'a minimum that nobody compares',
      files: { ...good, ...ci('pytest'), '.coveragerc': '[report]\nfail_under = 75\n' },
      findings: [{ message: 'unenforced', at: '.coveragerc:2' }],
    },
    {
      name: 'a masked gate',
      files: { ...good, ...ci('pytest --cov --cov-fail-under=80 || true') },
      findings: [{ message: 'unenforced', at: line }],
    },
    {
      name: 'a gate below the target',
      files: { ...good, ...ci('pytest --cov --cov-fail-under=10') },
      findings: [{ message: 'tooLow', at: line }],
    },
    {
      name: 'a minimum above the report',
      files: {
        'coverage.xml': cobertura(28),
        ...ci('pytest --cov'),
        '.coveragerc': '[report]\nfail_under = 75\n',
        'setup.cfg': '[coverage:report]\nfail_under = 70\n',
      },
      findings: [{ message: 'contradiction', at: '.coveragerc:2' }],
    },
    {
      name: 'measuring is switched off in CI',
      files: { ...good, ...ci('pytest -p no:cov'), '.coveragerc': '[report]\nfail_under = 75\n' },
      findings: [
        { message: 'disabled', at: line },
        { message: 'unenforced', at: '.coveragerc:2' },
      ],
    },
    {
      name: 'measuring is switched off in the configuration',
      files: { ...good, ...gated, 'pytest.ini': '[pytest]\naddopts = --no-cov\n' },
      findings: [{ message: 'disabled', at: 'pytest.ini:2' }],
    },
  ],
  notApplicable: [{ name: 'no code', files: { 'README.md': '# Words\n' } }],
  unknown: [
    { name: 'no report', files: { 'app/a.py': 'x = 1\n', ...gated } },
    { name: 'a report of a test fixture', files: { 'app/a.py': 'x = 1\n', 'tests/data/coverage.xml': cobertura(100) } },
  ],
});
