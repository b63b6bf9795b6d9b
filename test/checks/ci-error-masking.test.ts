import { ciErrorMasking } from '../../src/checks/ci-error-masking.ts';
import { testCheck } from '../check-tester.ts';

const workflow = '.github/workflows/ci.yml';

/** A workflow with one job; each step is the text of one list item. */
const steps = (...items: string[]): Record<string, string> => ({
  [workflow]: `on: push\njobs:\n  main:\n    runs-on: ubuntu-latest\n    steps:\n${items
    .map((item) => `      - ${item.split('\n').join('\n        ')}\n`)
    .join('')}`,
});

/** A workflow with these jobs. */
const jobs = (text: string): Record<string, string> => ({ [workflow]: `on: push\njobs:\n${text}` });

/** A step that runs these lines; its first line of code stands on the step's second line. */
const run = (...lines: string[]): string => `run: |\n${lines.map((line) => `  ${line}`).join('\n')}`;

/** Line of the first line of code of the first step. */
const code = 7;

const at = (line: number): string => `${workflow}:${line}`;

const gitlab = (text: string): Record<string, string> => ({ '.gitlab-ci.yml': text });

testCheck(ciErrorMasking, {
  valid: [
    { name: 'a plain test step', files: steps('run: pytest'), subjects: 1 },
    {
      name: 'clean-up may fail',
      files: steps(
        'run: pytest',
        run(
          'docker rm -f db || true',
          'kill $(cat pid) || :',
          'rm -r x || echo gone',
          'kubectl delete ns t || true',
          'mkdir out || true',
        ),
      ),
      subjects: 1,
    },
    {
      name: 'an optional grep in a substitution',
      files: steps(run('n=$(grep -c TODO log || true)', 'pytest -k "$n"')),
    },
    {
      name: 'a default in a substitution',
      files: steps(run('v=$(cat version || echo 0)', 'docker build -t "app:$v" .')),
    },
    { name: 'a ternary', files: steps(run('[ "$A" = x ] && echo yes || echo no', 'pytest')) },
    {
      name: 'git commit without changes',
      files: steps(run('git commit -m x || echo "nothing to commit"', 'go test ./...')),
    },
    { name: 'status saved and used', files: steps(run('set +e', 'pytest', 'status=$?', 'echo done', 'exit $status')) },
    {
      name: 'status saved and tested',
      files: steps(
        run('set +e', 'bandit -r src', 'rc=$?', 'set -e', 'if [ "$rc" -ne 0 ]; then', '  echo bad', '  exit 1', 'fi'),
      ),
    },
    { name: 'status tested at once', files: steps(run('set +e', 'pytest', 'if [ $? -ne 0 ]; then exit 1; fi')) },
    {
      name: 'failure flag',
      files: steps(run('failed=0', 'pytest a || failed=1', 'pytest b || failed=1', '[ $failed -eq 0 ] || exit 1')),
    },
    { name: 'exit of a group', files: steps(run('pytest || { echo broken; docker logs app; exit 1; }')) },
    { name: 'fallback that fails', files: steps(run('pytest || exit 1', 'bandit -r . || false')) },
    {
      name: 'guarded exit 0',
      files: steps(run('if [ -z "$TOKEN" ]; then', '  echo skipped', '  exit 0', 'fi', 'snyk test')),
    },
    { name: 'continue-on-error false', files: steps('run: pytest\ncontinue-on-error: false') },
    {
      name: 'outcome checked later',
      files: steps(
        'id: t\ncontinue-on-error: true\nrun: pytest',
        "if: always() && steps.t.outcome == 'failure'\nrun: exit 1",
      ),
    },
    {
      name: 'outcome compared in the script',
      files: steps('id: t\ncontinue-on-error: true\nrun: pytest', 'run: \'[ "${{ steps.t.outcome }}" = success ]\''),
    },
    {
      name: 'jq gate over the report',
      files: steps(
        'run: bandit -r src -f json -o bandit.json || true',
        'run: jq -e ".results | length == 0" bandit.json',
      ),
    },
    {
      name: 'count from the report',
      files: steps(
        run(
          'npm audit --json > audit.json || true',
          'n=$(jq .metadata.critical audit.json)',
          'if [ "$n" -gt 0 ]; then exit 1; fi',
        ),
      ),
    },
    {
      name: 'Python gate over the report',
      files: steps(
        run(
          'bandit -r src -f json -o report.json || true',
          'python - <<CODE',
          'import json, sys',
          'd = json.load(open("report.json"))',
          'sys.exit(any(r["issue_severity"] == "HIGH" for r in d["results"]))',
          'CODE',
        ),
      ),
    },
    {
      name: 'script gate over the report',
      files: steps('run: trivy fs --exit-code 0 -f json -o trivy.json .', 'run: python tools/judge.py trivy.json'),
    },
    {
      name: 'the same scan again, unmasked',
      files: steps(run('bandit -r src -f json -o b.json || true', 'bandit -r src -ll')),
    },
    {
      name: 'uploads and comments',
      files: steps(
        'run: pytest',
        'uses: codecov/codecov-action@v4\ncontinue-on-error: true',
        'name: Comment test results\ncontinue-on-error: true\nuses: actions/github-script@v7',
        'name: Upload scan report\ncontinue-on-error: true\nuses: actions/upload-artifact@v4',
      ),
      subjects: 1,
    },
    {
      name: 'the twin of a required check, for changes that need no test',
      files: {
        ...steps('name: Unit tests\nrun: echo "No test is needed"'),
        '.github/workflows/main.yml':
          'name: .github/workflows/ci.yml\non: push\njobs:\n  main:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n',
      },
      subjects: 1,
    },
    {
      name: 'a bypass job whose result a gate job reads',
      files: jobs(
        "  unit:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n  bypass:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo \"No test required\"\n  gate:\n    runs-on: ubuntu-latest\n    if: always()\n    needs: [unit, bypass]\n    steps:\n      - if: needs.unit.result != 'success' && needs.bypass.result != 'success'\n        run: exit 1\n",
      ),
      subjects: 1,
    },
    {
      name: 'a tolerated job whose result a gate job reads',
      files: jobs(
        '  scan:\n    runs-on: ubuntu-latest\n    continue-on-error: true\n    steps:\n      - run: trivy fs --exit-code 1 .\n  gate:\n    runs-on: ubuntu-latest\n    if: always()\n    needs: [scan]\n    steps:\n      - run: \'[ "${{ needs.scan.result }}" = success ]\'\n',
      ),
    },
    {
      name: 'a placeholder for a report in the summary',
      files: steps(
        'run: pytest --junitxml=report.xml',
        'name: Test summary\nif: always()\nrun: python tools/summary.py report.xml >> "$GITHUB_STEP_SUMMARY" || echo "no report" >> "$GITHUB_STEP_SUMMARY"',
        'name: Scan summary\nrun: |\n  jq -r .summary scan.json >> "$GITHUB_STEP_SUMMARY" || echo "_nothing was scanned_" >> "$GITHUB_STEP_SUMMARY"',
      ),
    },
    {
      name: 'a run that only annotates, beside a strict one',
      files: steps(
        'name: Lint (annotations)\nrun: ruff check --output-format=github . || true',
        'name: Lint\nrun: ruff check .',
      ),
    },
    {
      name: 'tests that only annotate, beside strict ones',
      files: steps(
        'name: Documentation tests (GitHub annotations)\nrun: cargo test --test docs || true',
        'run: cargo test --all-features',
      ),
    },
    {
      name: 'helpers that an action laid down',
      files: steps(
        'name: Audit the workspace\ncontinue-on-error: true\nrun: bash "${RUNNER_TEMP}/helpers/audit_workspace.sh"',
        'name: Check integrity\ncontinue-on-error: true\nrun: bash "$RUNNER_TEMP/helpers/check_integrity.sh"',
        'run: pytest',
      ),
      subjects: 1,
    },
    {
      name: 'a clean-up job that installs its tools',
      files: {
        ...gitlab(
          'unit:\n  script: [pytest]\ncloud_cleanup:\n  before_script: [pip install -r requirements.txt]\n  script: [./tools/remove_servers.py]\n  allow_failure: true\n',
        ),
        'tools/remove_servers.py': '',
        'requirements.txt': '',
      },
    },
    {
      name: 'a report that becomes documentation',
      files: steps(
        run('checkov -d terraform --soft-fail >> README.md', 'git add README.md', 'git commit -m docs', 'git push'),
        'run: checkov -d terraform',
      ),
    },
    { name: 'if always on a step', files: steps('run: pytest', 'if: always()\nrun: npm test') },
    {
      name: 'fail-fast false and an experimental matrix',
      files: jobs(
        '  t:\n    runs-on: ubuntu-latest\n    continue-on-error: ${{ matrix.experimental }}\n    strategy:\n      fail-fast: false\n      matrix:\n        experimental: [true, false]\n    steps:\n      - run: pytest\n',
      ),
    },
    {
      name: 'text in a script that looks like a key',
      files: steps(run('echo "continue-on-error: true || true"', 'pytest')),
    },
    {
      name: 'text in quotes and comments',
      files: steps(run('# pytest || true', "echo 'bandit -r . || true'", 'pytest')),
    },
    { name: 'true after a command under -e', files: steps(run('pytest; true')) },
    { name: 'pipefail through shell bash', files: steps('shell: bash\nrun: pytest | tee log') },
    {
      name: 'pipefail through defaults',
      files: {
        [workflow]:
          'on: push\ndefaults:\n  run:\n    shell: bash\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest | tee log\n',
      },
    },
    { name: 'pipefail set in the script', files: steps(run('set -o pipefail', 'pytest | tee log')) },
    { name: 'PIPESTATUS', files: steps(run('pytest | tee log', 'exit ${PIPESTATUS[0]}')) },
    {
      name: 'the last command of the pipe decides',
      files: steps(run('npm audit --json | jq -e ".metadata.high == 0"', 'go test ./...')),
    },
    { name: 'a retry', files: steps(run('pytest || pytest --last-failed')) },
    {
      name: 'a retry loop',
      files: steps(run('for i in 1 2 3; do', '  npm ci && break', '  sleep 5', 'done', 'npm test')),
    },
    { name: 'another command takes over', files: steps(run('npm ci || npm install', 'npm test')) },
    { name: 'an expected failure', files: steps(run('! bandit -r bad-code', 'pytest')) },
    { name: 'if with a failing branch', files: steps(run('if ! pytest; then', '  echo broken', '  exit 1', 'fi')) },
    {
      name: 'a success branch that ends the loop',
      files: steps(run('while true; do', '  if npm test; then break; fi', 'done')),
    },
    {
      name: 'exit-code 1',
      files: steps(
        'run: trivy image --exit-code 1 app',
        'uses: aquasecurity/trivy-action@0.28.0\nwith:\n  exit-code: "1"',
      ),
    },
    {
      name: 'diagnostics after a failure',
      files: steps('run: pytest', 'if: failure()\nrun: npm test || true'),
      subjects: 1,
    },
    { name: 'version probes', files: steps(run('bandit --version || true', 'pytest')) },
    {
      name: 'a gate that reads all results',
      files: jobs(
        "  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  gate:\n    needs: [test]\n    if: always()\n    runs-on: ubuntu-latest\n    steps:\n      - if: contains(needs.*.result, 'failure')\n        run: exit 1\n",
      ),
    },
    {
      name: 'a gate that reads all results as JSON',
      files: jobs(
        '  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  gate:\n    needs: [test]\n    if: always()\n    runs-on: ubuntu-latest\n    steps:\n      - env:\n          N: ${{ toJSON(needs) }}\n        run: jq -e "all(.[]; .result == 1)" <<< "$N"\n',
      ),
    },
    {
      name: 'a notification that always runs',
      files: jobs(
        '  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  notify:\n    needs: [test]\n    if: always()\n    runs-on: ubuntu-latest\n    steps: [{run: ./notify.sh}]\n',
      ),
    },
    {
      name: 'a job whose result another job checks',
      files: jobs(
        '  test:\n    continue-on-error: true\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  gate:\n    needs: test\n    runs-on: ubuntu-latest\n    steps: [{run: \'test "${{ needs.test.result }}" = success\'}]\n',
      ),
    },
    {
      name: 'output that another step uses',
      files: steps(
        `id: scan\n${run('bandit -r . || echo "bad=1" >> $GITHUB_OUTPUT')}`,
        'if: steps.scan.outputs.bad == 1\nrun: exit 1',
      ),
    },
    { name: 'GitLab: pipefail is on', files: gitlab('test:\n  script:\n    - pytest | tee log\n') },
    {
      name: 'GitLab: a manual deployment',
      files: gitlab('deploy:\n  stage: deploy\n  when: manual\n  script:\n    - kubectl apply -f k8s\n'),
    },
    {
      name: 'GitLab: allowed exit codes',
      files: gitlab('test:\n  allow_failure:\n    exit_codes: 137\n  script: [pytest]\n'),
    },
    {
      name: 'GitLab: hidden jobs do not run',
      files: gitlab('.t:\n  allow_failure: true\n  script: [pytest]\nlint:\n  script: [ruff check .]\n'),
      subjects: 1,
    },
    {
      name: 'a script with its own -e',
      files: { ...steps('run: bash ci/test.sh'), 'ci/test.sh': '#!/bin/bash\nset -e\npytest\necho done\n' },
    },
    {
      name: 'a make target',
      files: { ...steps('run: make test'), Makefile: 'test: lint\n\tpytest\nlint:\n\truff check .\n' },
    },
    {
      name: 'a script nobody calls',
      files: { ...steps('run: pytest'), 'ci/other.sh': 'bandit -r . || true\n' },
      subjects: 1,
    },
    {
      name: 'a script that prepares data',
      files: { ...steps('run: ./prepare_data.sh', 'run: pytest'), 'prepare_data.sh': 'checkov -s -d x > a.json\n' },
      subjects: 1,
    },
    {
      name: 'a file an earlier step makes',
      files: steps(
        'uses: actions/checkout@v4',
        run('echo "pytest" > requirements-ci.txt', 'pip install -r requirements-ci.txt', 'pytest'),
      ),
    },
    {
      name: 'a file that exists',
      files: { ...steps('uses: actions/checkout@v4', 'run: python ci/check_all.py'), 'ci/check_all.py': 'pass\n' },
    },
    {
      name: 'a guarded file',
      files: steps(
        'uses: actions/checkout@v4',
        run('if [ -f requirements-x.txt ]; then pip install -r requirements-x.txt; fi', 'pytest'),
      ),
    },
    {
      name: 'Azure: a status that counts',
      files: {
        'azure-pipelines.yml':
          'steps:\n  - bash: |\n      set -e\n      pytest $(Build.SourcesDirectory)/tests\n      echo done\n  - task: PublishTestResults@2\n    continueOnError: true\n',
      },
      subjects: 1,
    },
    {
      name: 'CircleCI: pipefail is on',
      files: {
        '.circleci/config.yml':
          'jobs:\n  t:\n    docker: [{image: "cimg/python:3.12"}]\n    steps:\n      - checkout\n      - run: pytest | tee log\n      - run: {command: docker logs app || true, when: on_fail}\n',
      },
      subjects: 1,
    },
    {
      name: 'Jenkins: catchError that keeps the result',
      files: {
        Jenkinsfile:
          "pipeline { stages { stage('Test') { steps { catchError { sh 'pytest' } } } } post { always { sh 'docker rm -f db || true' } } }\n",
      },
      subjects: 1,
    },
    {
      name: 'Jenkins: an exception that is thrown again',
      files: {
        Jenkinsfile:
          "node { stage('T') { try { sh 'pytest' } catch (e) { currentBuild.result = 'FAILURE'; throw e } finally { sh 'rm -rf x || true' } } }\n",
      },
      subjects: 1,
    },
    { name: 'a trap that cleans up', files: steps(run("trap 'docker rm -f db' EXIT", 'pytest')) },
    {
      name: 'demos are no tests',
      files: steps('run: pytest', 'run: python demos/smoke_test.py || echo "with warnings"'),
      subjects: 1,
    },
    { name: 'PowerShell is not judged', files: steps('run: pytest', 'shell: pwsh\nrun: npm test'), subjects: 1 },
  ],
  invalid: [
    {
      name: 'a script that only prints',
      files: {
        ...steps('name: Snyk\nrun: ./scripts/security-scan.sh --severity high'),
        'scripts/security-scan.sh': '#!/bin/bash\n# snyk test\necho "Running the scan"\necho done\n',
      },
      findings: [{ message: 'placeholder', at: at(7) }],
    },
    {
      name: 'steps of a job that may fail are no passes',
      files: gitlab('lint:\n  allow_failure: true\n  script:\n    - ruff check .\nunit:\n  script:\n    - pytest\n'),
      findings: [{ message: 'tolerated', at: '.gitlab-ci.yml:2' }],
    },
    {
      name: 'a run that annotates, alone',
      files: steps('name: Lint (annotations)\nrun: ruff check --output-format=github . || true'),
      findings: [{ message: 'fallback', at: at(7) }],
    },
    {
      name: 'a summary that nobody reads',
      files: steps(
        'name: Scan\nrun: trivy fs . >> "$GITHUB_STEP_SUMMARY" || echo "no result" >> "$GITHUB_STEP_SUMMARY"',
      ),
      findings: [{ message: 'fallback', at: at(7) }],
    },
    {
      name: '|| true',
      files: steps(run('bandit -r src || true')),
      findings: [{ message: 'fallback', at: at(code), severity: 'high' }],
    },
    {
      name: '|| : and || exit 0',
      files: steps(run('pytest || :', 'semgrep ci || exit 0')),
      findings: [
        { message: 'fallback', at: at(code) },
        { message: 'fallback', at: at(code + 1) },
      ],
    },
    {
      name: '|| echo with errors hidden',
      files: steps(run('black --check . 2>/dev/null || echo "::warning::style"')),
      findings: [{ message: 'fallback', at: at(code), severity: 'low' }],
    },
    {
      name: 'a fallback that only shows logs',
      files: steps(run('npm test || { echo failed; docker logs app; }')),
      findings: [{ message: 'fallback', at: at(code) }],
    },
    {
      name: 'through launchers',
      files: steps(
        run(
          'sudo -E timeout 60 poetry run python -m pytest -q || true',
          'docker run --rm -v "$PWD":/s aquasec/trivy:0.50 fs /s || true',
        ),
      ),
      findings: [
        { message: 'fallback', at: at(code) },
        { message: 'fallback', at: at(code + 1) },
      ],
    },
    {
      name: 'a retry that is masked',
      files: steps(run('pytest || pytest --lf || true')),
      findings: [{ message: 'fallback', at: at(code) }],
    },
    {
      name: 'set +e and exit 0',
      files: steps(run('set +e', 'pytest', 'exit 0')),
      findings: [{ message: 'errexit', at: at(code + 1) }],
    },
    {
      name: 'a status that nobody uses',
      files: steps(run('set +e', 'pytest', 'status=$?', 'echo "finished"')),
      findings: [{ message: 'sequence', at: at(code + 2) }],
    },
    {
      name: 'a status that is only printed',
      files: steps(run('status=0', 'pytest || status=1', 'if [ $status -ne 0 ]; then echo bad; fi')),
      findings: [{ message: 'sequence', at: at(code + 1) }],
    },
    {
      name: 'continue-on-error on a step',
      files: steps('continue-on-error: true\nrun: pytest'),
      findings: [{ message: 'tolerated', at: at(6), severity: 'high' }],
      // The comment mark would fall into the list item.
      skip: ['comment'],
    },
    {
      name: 'continue-on-error as text',
      files: steps('uses: aquasecurity/trivy-action@0.28.0\ncontinue-on-error: "true"'),
      findings: [{ message: 'tolerated', at: at(7) }],
    },
    {
      name: 'continue-on-error as a constant expression',
      files: steps('run: npm audit\ncontinue-on-error: ${{ true }}'),
      findings: [{ message: 'tolerated', at: at(7) }],
    },
    {
      name: 'an outcome that is only printed',
      files: steps('id: t\ncontinue-on-error: true\nrun: pytest', 'run: echo ${{ steps.t.outcome }}'),
      findings: [{ message: 'tolerated', at: at(7) }],
    },
    {
      name: 'continue-on-error on a job',
      files: jobs('  t:\n    continue-on-error: true\n    runs-on: ubuntu-latest\n    steps:\n      - run: pytest\n'),
      findings: [{ message: 'tolerated', at: at(4) }],
    },
    {
      name: 'a step known by its name',
      files: steps('name: Security scan\ncontinue-on-error: true\nuses: acme/scanner@v1'),
      findings: [{ message: 'tolerated', at: at(7) }],
    },
    {
      name: 'GitLab: allow_failure',
      files: gitlab('test:\n  script: [pytest]\n  allow_failure: true\n'),
      findings: [{ message: 'tolerated', at: '.gitlab-ci.yml:3' }],
    },
    {
      name: 'GitLab: allow_failure through extends',
      files: gitlab('.soft:\n  allow_failure: true\ntest:\n  extends: .soft\n  script: [pytest]\n'),
      findings: [{ message: 'tolerated', at: '.gitlab-ci.yml:2' }],
    },
    {
      name: 'GitLab: in an included file',
      files: {
        ...gitlab('include:\n  - local: /ci/scan.yml\n'),
        'ci/scan.yml': 'sast:\n  stage: test\n  script:\n    - semgrep ci || true\n',
      },
      findings: [{ message: 'fallback', at: 'ci/scan.yml:4' }],
    },
    {
      name: 'GitLab: a manual test',
      files: gitlab('e2e:\n  stage: test\n  when: manual\n  script: [cypress run]\n'),
      findings: [{ message: 'manual', at: '.gitlab-ci.yml:3' }],
    },
    {
      name: 'GitLab: dependencies that need not be there',
      files: {
        ...gitlab('test:\n  before_script:\n    - pip install -r requirements.txt || true\n  script:\n    - pytest\n'),
        'requirements.txt': 'pytest==8.3.4\n',
      },
      findings: [{ message: 'fallback', at: '.gitlab-ci.yml:3' }],
    },
    {
      name: 'GitLab: a gate in after_script',
      files: gitlab('test:\n  script: [pytest]\n  after_script:\n    - bandit -r src\n'),
      findings: [{ message: 'ignored', at: '.gitlab-ci.yml:4' }],
    },
    {
      name: '--exit-zero',
      files: steps(run('flake8 --exit-zero src', 'pylint src --exit-zero')),
      findings: [
        { message: 'lenient', at: at(code) },
        { message: 'lenient', at: at(code + 1) },
      ],
    },
    {
      name: '--exit-code 0 and =0',
      files: steps(run('trivy image --exit-code 0 app'), run('gitleaks detect --exit-code=0')),
      findings: [
        { message: 'lenient', at: at(7) },
        { message: 'lenient', at: at(9) },
      ],
    },
    {
      name: '--soft-fail, --no-fail and an absurd threshold',
      files: steps(
        run(
          'checkov -d . --soft-fail',
          'hadolint --no-fail Dockerfile',
          'dependency-check.sh --scan . --failOnCVSS 11',
        ),
      ),
      findings: [0, 1, 2].map((i) => ({ message: 'lenient', at: at(code + i) })),
    },
    {
      name: 'inputs of scan actions',
      files: steps(
        'uses: aquasecurity/trivy-action@0.28.0\nwith:\n  exit-code: "0"',
        'uses: bridgecrewio/checkov-action@v12\nwith:\n  soft_fail: true',
      ),
      findings: [
        { message: 'lenient', at: at(8) },
        { message: 'lenient', at: at(11) },
      ],
    },
    {
      name: 'make -i',
      files: steps('run: make -i test'),
      findings: [{ message: 'ignored', at: at(6) }],
    },
    {
      name: 'make -i and what it calls',
      files: { ...steps('run: make -ki test'), Makefile: 'test:\n\tpytest\n' },
      findings: [{ message: 'ignored', at: at(6) }],
    },
    {
      name: 'a make recipe with a dash',
      files: { ...steps('run: make test'), Makefile: 'test:\n\t-pytest\n' },
      findings: [{ message: 'ignored', at: 'Makefile:2' }],
    },
    {
      name: 'a make recipe that goes on',
      files: { ...steps('run: make test'), Makefile: 'test:\n\tpytest; echo done\n' },
      findings: [{ message: 'sequence', at: 'Makefile:2' }],
    },
    {
      name: 'a mask in package.json',
      files: {
        ...steps('run: npm run test:unit'),
        'package.json': '{\n  "scripts": {\n    "test:unit": "jest || true"\n  }\n}\n',
      },
      findings: [{ message: 'fallback', at: 'package.json:3' }],
    },
    {
      name: 'a mask in a script, found once',
      files: {
        ...steps('run: ./ci/scan.sh', 'run: bash ci/scan.sh --again'),
        'ci/scan.sh': '#!/bin/sh\nbandit -r src\necho "done"\n',
      },
      findings: [{ message: 'sequence', at: 'ci/scan.sh:2' }],
    },
    {
      name: 'a mask in a composite action',
      files: {
        '.github/actions/scan/action.yml':
          'name: scan\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: semgrep ci || true\n',
      },
      findings: [{ message: 'fallback', at: '.github/actions/scan/action.yml:6' }],
    },
    {
      name: 'a pipe without pipefail',
      files: steps(run('pytest 2>&1 | tee test.log')),
      findings: [{ message: 'pipe', at: at(code) }],
    },
    {
      name: 'the status of tee is checked',
      files: steps(run('pytest | tee test.log', 'if [ $? -ne 0 ]; then exit 1; fi')),
      findings: [{ message: 'pipe', at: at(code) }],
    },
    {
      name: 'left of && in the middle',
      files: steps(run('npm test && echo ok', 'ls')),
      findings: [{ message: 'list', at: at(code), confidence: 'medium' }],
    },
    {
      name: 'an if that only reports',
      files: steps(run('if pytest; then', '  echo passed', 'else', '  echo failed', 'fi')),
      findings: [{ message: 'condition', at: at(code) }],
    },
    {
      name: 'a trap that ends with 0',
      files: steps(run("trap 'exit 0' EXIT", 'pytest')),
      findings: [{ message: 'trap', at: at(code + 1) }],
    },
    {
      name: 'a function that loses it',
      files: steps(run('scan() {', '  bandit -r "$1" || true', '}', 'scan src')),
      findings: [{ message: 'fallback', at: at(code + 1) }],
    },
    {
      name: 'a gate that reads the wrong field',
      files: steps(
        run(
          'bandit -r src -f json -o b.json || true',
          'python - <<CODE',
          'import json, sys',
          'sys.exit(any(r.get("severity") == "HIGH" for r in json.load(open("b.json"))["results"]))',
          'CODE',
        ),
      ),
      findings: [{ message: 'fallback', at: at(code) }],
    },
    {
      name: 'Azure: continueOnError',
      files: {
        'azure-pipelines.yml':
          'jobs:\n  - job: test\n    steps:\n      - script: pytest\n        continueOnError: true\n      - task: DotNetCoreCLI@2\n        continueOnError: true\n        inputs:\n          command: test\n',
      },
      findings: [
        { message: 'tolerated', at: 'azure-pipelines.yml:5' },
        { message: 'tolerated', at: 'azure-pipelines.yml:7' },
      ],
    },
    {
      name: 'Azure: a template that two jobs share',
      files: {
        'azure-pipelines.yml':
          'jobs:\n  - job: a\n    steps:\n      - template: build/steps.yml\n  - job: b\n    steps:\n      - template: build/steps.yml\n',
        'build/steps.yml': 'steps:\n  - bash: pytest || true\n  - bash: ruff check .\n',
      },
      findings: [{ message: 'fallback', at: 'build/steps.yml:2' }],
    },
    {
      name: 'Azure: scripts go on after a failure',
      files: { '.azure-pipelines/ci.yml': 'steps:\n  - script: |\n      npm test\n      echo done\n' },
      findings: [{ message: 'sequence', at: '.azure-pipelines/ci.yml:3' }],
    },
    {
      name: 'CircleCI: || true in a reusable command',
      files: {
        '.circleci/config.yml':
          'commands:\n  scan:\n    steps:\n      - run:\n          name: Scan\n          command: bandit -r src || true\n',
      },
      findings: [{ message: 'fallback', at: '.circleci/config.yml:6' }],
    },
    {
      name: 'Jenkins: catchError, try and || true',
      files: {
        Jenkinsfile:
          "pipeline {\n  stages {\n    stage('Scan') {\n      steps {\n        catchError(buildResult: 'SUCCESS', stageResult: 'FAILURE') {\n          sh 'bandit -r src'\n        }\n        sh '''\n          pytest || true\n        '''\n        script {\n          try {\n            sh(script: 'npm test')\n          } catch (err) {\n            echo 'broken'\n          }\n        }\n      }\n    }\n  }\n}\n",
      },
      findings: [
        { message: 'tolerated', at: 'Jenkinsfile:5' },
        { message: 'fallback', at: 'Jenkinsfile:9' },
        { message: 'tolerated', at: 'Jenkinsfile:12' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a required job that ignores the others',
      files: jobs(
        '  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  all-green:\n    needs: [test]\n    if: always()\n    runs-on: ubuntu-latest\n    steps: [{run: echo ok}]\n',
      ),
      findings: [{ message: 'always', at: at(8) }],
    },
    {
      name: 'a deployment that ignores the tests',
      files: jobs(
        '  test:\n    runs-on: ubuntu-latest\n    steps: [{run: pytest}]\n  ship:\n    needs: [test]\n    if: ${{ !cancelled() }}\n    runs-on: ubuntu-latest\n    steps: [{run: kubectl apply -f k8s}]\n',
      ),
      findings: [{ message: 'always', at: at(8) }],
    },
    {
      name: 'a placeholder',
      files: steps('name: Run smoke tests\nrun: echo "smoke"'),
      findings: [{ message: 'placeholder', at: at(7) }],
    },
    {
      name: 'a file that does not exist',
      files: {
        ...steps(
          'uses: actions/checkout@v4',
          'run: pip install -r requirements-ci.txt',
          'run: pytest tests/test_gone.py',
        ),
        'tests/test_here.py': 'pass\n',
      },
      findings: [
        { message: 'missingFile', at: at(7) },
        { message: 'missingFile', at: at(8) },
      ],
    },
  ],
  notApplicable: [
    { name: 'no CI', files: { 'app.py': 'print(1)\n' } },
    { name: 'a workflow without gates', files: steps('uses: actions/labeler@v5', 'run: rm -rf x || true') },
    {
      name: 'a job that proposes new snapshots',
      files: steps('run: npm test || true', 'uses: peter-evans/create-pull-request@v6'),
    },
  ],
  unknown: [
    { name: 'a broken workflow', files: { [workflow]: 'on: push\njobs:\n  a: [\n    - run: pytest || true\n' } },
  ],
});
