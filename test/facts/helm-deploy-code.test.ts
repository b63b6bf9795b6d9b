/** Knows what pipelines, lists of arguments and wrappers install: the code around a helm command. */
import { describe, expect, test } from '@jest/globals';
import { linkHelm } from '../../src/facts/helm.ts';
import { extractors } from '../../src/facts/index.ts';
import { at, plainOf } from '../../src/facts/yaml.ts';
import { cpuTime } from '../cpu-time.ts';
import { factsOfFiles } from '../facts-of.ts';

const SHOP = {
  'charts/shop/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
  'charts/shop/templates/a.yaml': 'kind: A\nsize: {{ .Values.size }}\nimage: shop:{{ .Values.tag }}\n',
  'charts/shop/values.yaml': 'size: 0\ntag: base\n',
  'charts/shop/values-live.yaml': 'size: 1\n',
  'charts/shop/values-trial.yaml': 'size: 2\n',
};

type Files = Readonly<Record<string, string>>;

/** Size, image and namespace of each way in which the chart is installed; where nothing installs it, undefined. */
async function installed(files: Files): Promise<unknown[] | undefined> {
  const facts = await factsOfFiles(extractors, { ...SHOP, ...files });
  const { environments } = linkHelm(facts).charts[0]!;
  if (environments.every(({ deployedBy }) => deployedBy === undefined)) return undefined;
  return environments.map(({ files: [file], namespace, deployedBy }) => {
    const root = file!.documents[0]!.root;
    const { size, image } = plainOf(root) as { size: unknown; image: string };
    const tag = at(root, 'image')!.rendered?.unknown ? 'unknown' : image;
    return [size, tag, ...(namespace === undefined ? [] : [namespace]), deployedBy!.path].join(' ');
  });
}

const LIVE = 'helm upgrade -i shop charts/shop -f charts/shop/values-live.yaml';
const bash = (...lines: string[]): Files => ({ 'up.sh': `#!/bin/bash\n${lines.join('\n')}\n` });

describe('variables of pipelines', () => {
  test.each<[string, Files, unknown[] | undefined]>([
    [
      'GitLab: of the file and the job, one in the other',
      {
        '.gitlab-ci.yml': `variables:
  CHART: charts/shop
  SPACE_LIVE: shop-live
up:
  variables: {SPACE: "\${SPACE_LIVE}"}
  script:
    - helm upgrade --install shop $CHART -n \${SPACE} --values \${CHART}/values-live.yaml --set tag=$CI_COMMIT_SHA
`,
      },
      ['1 unknown shop-live .gitlab-ci.yml'],
    ],
    [
      'GitLab: jobs that extend one that is hidden, each with its own, and the code before',
      {
        '.gitlab-ci.yml': `.up:
  before_script: [cd charts]
  script: [helm upgrade -i shop ./shop -f shop/values-$STAGE.yaml -n $STAGE]
trial: {extends: .up, variables: {STAGE: trial}}
live: {extends: .up, variables: {STAGE: live}}
`,
      },
      ['2 shop:base trial .gitlab-ci.yml', '1 shop:base live .gitlab-ci.yml'],
    ],
    [
      'GitLab: a job in an included file',
      {
        '.gitlab-ci.yml': 'include: {local: /ci/up.yml}\nvariables: {STAGE: live}\n',
        'ci/up.yml':
          'up:\n  stage: up\n  script: [helm upgrade -i shop charts/shop -f charts/shop/values-$STAGE.yaml]\n',
      },
      ['1 shop:base ci/up.yml'],
    ],
    [
      'GitLab: a variable that names itself',
      { '.gitlab-ci.yml': `variables: {A: "$B", B: "$A"}\nup:\n  script: ["${LIVE} -n $A"]\n` },
      ['1 shop:base .gitlab-ci.yml'],
    ],
    [
      'GitLab: one of the job in one of the file',
      {
        '.gitlab-ci.yml': `variables: {STAGE: trial, VALUES: "charts/shop/values-$STAGE.yaml"}\nup:\n  variables: {STAGE: live}\n  script: [helm upgrade -i shop charts/shop -f $VALUES]\n`,
      },
      ['1 shop:base .gitlab-ci.yml'],
    ],
    [
      'GitHub: of the workflow, the job and the step',
      {
        '.github/workflows/up.yml': `on: push
env: {CHART: charts/shop}
jobs:
  up:
    runs-on: x
    env: {STAGE: live, SPACE: "shop-\${{ github.ref_name }}"}
    steps:
      - env: {FILE: "\${{ env.CHART }}/values-live.yaml"}
        run: helm upgrade -i shop $CHART -f "$FILE" -n shop-\${{ env.STAGE }} --set tag=\${{ github.sha }}
      - run: helm upgrade -i shop $CHART -f $CHART/values-trial.yaml -n $SPACE
`,
      },
      ['1 unknown shop-live .github/workflows/up.yml', '2 shop:base .github/workflows/up.yml'],
    ],
    [
      'CircleCI: of the job',
      {
        '.circleci/config.yml': `version: 2.1
jobs:
  up:
    docker: [{image: "cimg/base:2024.01"}]
    environment: {CHART: charts/shop, SPACE: shop-live}
    steps:
      - run: helm upgrade -i shop $CHART -f $CHART/values-live.yaml --namespace=$SPACE
`,
      },
      ['1 shop:base shop-live .circleci/config.yml'],
    ],
    [
      'CircleCI: parameters, and steps under their old name',
      {
        '.circleci/config.yml': `version: 2.1
jobs:
  up:
    parameters: {stage: {type: string}}
    docker: [{image: "cimg/base:2024.01"}]
    steps:
      - deploy:
          command: |
            helm upgrade -i shop charts/shop -f charts/shop/values-<< parameters.stage >>.yaml -n shop-<<parameters.stage>>
            echo done
`,
      },
      ['1 shop:base .circleci/config.yml', '2 shop:base .circleci/config.yml'],
    ],
    [
      'Azure: in its own language',
      {
        'azure-pipelines.yml':
          'variables: {chart: charts/shop}\nsteps:\n  - script: helm upgrade -i shop $(chart) -f $(chart)/values-live.yaml -n live --set tag=$(Build.BuildId)\n',
      },
      ['1 unknown live azure-pipelines.yml'],
    ],
    [
      'make',
      {
        Makefile:
          'SPACE ?= live\nVALUES ?= charts/shop/values-live.yaml\nup:\n\thelm upgrade -i shop charts/shop -n $(SPACE) -f ${VALUES} --set tag=$(shell git describe)\n',
      },
      ['1 unknown live Makefile'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await installed(files)).toEqual(expected);
  });
});

describe('arguments in lists', () => {
  test.each<[string, Files, unknown[] | undefined]>([
    [
      'all of them',
      bash('args=(upgrade --install shop charts/shop', '  -f charts/shop/values-live.yaml)', 'helm "${args[@]}"'),
      ['1 shop:base up.sh'],
    ],
    [
      'with more of them',
      bash('declare -a args=(-n live)', 'args+=(--set "tag=$TAG")', 'helm upgrade shop charts/shop ${args[@]}'),
      ['0 unknown live up.sh'],
    ],
    [
      'with more of them under a condition',
      bash('args=()', 'if [ -n "$TAG" ]; then args+=(--set "tag=$TAG"); fi', `${LIVE} "\${args[@]}"`),
      ['1 unknown up.sh', '1 shop:base up.sh'],
    ],
    [
      'the same in one line, for a list that may be empty',
      bash('[[ -n "$TAG" ]] && args+=(--set "tag=$TAG")', `${LIVE} \${args[@]+"\${args[@]}"}`),
      ['1 unknown up.sh', '1 shop:base up.sh'],
    ],
    [
      'one or the other',
      bash(
        'up() {',
        '  local values=()',
        '  case $1 in',
        '    live) values=(-f charts/shop/values-live.yaml) ;;',
        '    *) values=(-f charts/shop/values-trial.yaml); exit 1 ;;',
        '  esac',
        '  helm upgrade shop charts/shop "${values[@]}"',
        '}',
      ),
      ['1 shop:base up.sh'],
    ],
    [
      'a list of lists',
      bash('base=(upgrade shop charts/shop)', 'all=("${base[@]}" --set size=5)', 'helm "${all[@]}"'),
      ['5 shop:base up.sh'],
    ],
    [
      'that the script sets for itself',
      bash('set -- --set size=6', 'helm upgrade shop charts/shop "$@"'),
      ['6 shop:base up.sh'],
    ],
    ['that somebody else fills', bash('read -ra args', 'helm upgrade shop charts/shop "${args[@]}"'), undefined],
    ['of the caller', bash('helm upgrade shop charts/shop "$@"'), undefined],
  ])('%s', async (_, files, expected) => {
    expect(await installed(files)).toEqual(expected);
  });
});

describe('options in texts', () => {
  test.each<[string, Files, unknown[] | undefined]>([
    ['before the verb', bash('helm -n live --debug upgrade shop charts/shop'), ['0 shop:base live up.sh']],
    [
      'in a variable',
      bash('OPTIONS="--wait --set size=4"', 'OPTIONS="$OPTIONS -n live"', 'helm upgrade shop charts/shop $OPTIONS'),
      ['4 shop:base live up.sh'],
    ],
    ['in a variable that nobody knows', bash('helm upgrade shop charts/shop $OPTIONS'), undefined],
    [
      'that may be there',
      bash('helm upgrade shop charts/shop ${OPTIONS:-} ${TAG:+--set tag=$TAG}'),
      ['0 shop:base up.sh'],
    ],
    ['of the caller, on top of files', bash(`${LIVE} "$@"`), ['1 shop:base up.sh']],
    [
      'a whole command',
      bash('CHART=charts/shop', 'line="helm upgrade shop $CHART"', 'line+=" --set \'size=4\'"', 'eval "$line"'),
      ['4 shop:base up.sh'],
    ],
    [
      'a whole command for a function',
      bash(
        'run() { if [ "$DRY" ]; then echo "$*"; else eval "$*"; fi; }',
        'run "helm upgrade shop charts/shop \\',
        '  --set tag=$TAG"',
      ),
      ['0 unknown up.sh'],
    ],
    ['that is only said', bash(`echo "${LIVE}"`, `log "${LIVE}"`), undefined],
    [
      'from a file',
      bash('helm upgrade shop charts/shop --set-file tag=tag.txt --set-literal size=a,b'),
      ['a,b unknown up.sh'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await installed(files)).toEqual(expected);
  });
});

describe('wrappers', () => {
  const wrapped = (body: string, line = 'tools/h.sh upgrade -i shop charts/shop -f charts/shop/values-live.yaml') => ({
    'tools/h.sh': `#!/bin/sh\n${body}\n`,
    Makefile: `up:\n\t${line}\n`,
  });
  test.each<[string, Files, unknown[] | undefined]>([
    ['a script that hands all on', wrapped('set -e\nexec helm "$@"'), ['1 shop:base Makefile']],
    [
      'one with options of its own, started by a shell',
      wrapped('helm --kube-context "$CONTEXT" "$@" --wait', 'bash ./tools/h.sh upgrade shop charts/shop -n live'),
      ['0 shop:base live Makefile'],
    ],
    ['one that hands them to another program', wrapped('exec echo "$@"'), undefined],
    ['one that is not in the repository', { Makefile: wrapped('').Makefile }, undefined],
    [
      'a script with parameters',
      wrapped(
        'STAGE=${1:?stage}\nshift\nhelm upgrade shop charts/shop -f "charts/shop/values-$STAGE.yaml" -n "$STAGE" "$@"',
        'tools/h.sh live --set tag=v1',
      ),
      // As it is called, and as others may call it.
      ['1 shop:v1 live tools/h.sh', '1 shop:base tools/h.sh', '2 shop:base tools/h.sh'],
    ],
    [
      'a function',
      bash(
        'up() { helm upgrade --install "$@" --wait; }',
        'up shop charts/shop -f charts/shop/values-live.yaml',
        'up shop charts/shop -n raw',
      ),
      ['1 shop:base up.sh', '0 shop:base raw up.sh'],
    ],
    [
      'a function with parameters, for each call',
      bash(
        'up() {',
        '  local stage=$1',
        '  helm upgrade shop charts/shop -f charts/shop/values-$stage.yaml -n shop-$stage',
        '}',
        'up trial',
        'up live',
      ),
      ['2 shop:base shop-trial up.sh', '1 shop:base shop-live up.sh'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await installed(files)).toEqual(expected);
  });
});

test.each<[string, Files]>([
  [
    'variables that double',
    {
      '.gitlab-ci.yml': `variables:\n${Array.from({ length: 200 }, (_, i) => `  A${i}: ${`$A${i + 1}`.repeat(300)}\n`).join('')}up:\n  script: [helm upgrade -i shop $A0]\n`,
    },
  ],
  [
    'scripts that call each other',
    Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `s${i}.sh`,
        `#!/bin/sh\n${Array.from({ length: 20 }, (_, j) => `./s${j}.sh "$@" x\n`).join('')}helm "$@"\n`,
      ]),
    ),
  ],
])('%s end soon', async (_, files) => {
  const start = cpuTime();
  await installed(files);
  expect(cpuTime() - start).toBeLessThan(5000);
});
