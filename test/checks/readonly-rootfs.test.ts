import { readonlyRootfs } from '../../src/checks/readonly-rootfs.ts';
import { testCheck } from '../check-tester.ts';
import { bare, chart as chartOf, deployedCases, installedCases } from './manifests.ts';

const YES = 'securityContext: {readOnlyRootFilesystem: true}';
const workload = (kind: string, ...containers: string[]) => {
  const group =
    kind === 'Pod' || kind === 'ReplicationController'
      ? 'v1'
      : /Job/.test(kind)
        ? 'batch/v1'
        : kind === 'DeploymentConfig'
          ? 'apps.openshift.io/v1'
          : 'apps/v1';
  const list = `containers: [${containers.map((rest, i) => `{name: c${i}, image: x, ${rest}}`).join(', ')}]`;
  const spec =
    kind === 'Pod'
      ? `{${list}}`
      : kind === 'CronJob'
        ? `{jobTemplate: {spec: {template: {spec: {${list}}}}}}`
        : `{template: {spec: {${list}}}}`;
  return `apiVersion: ${group}\nkind: ${kind}\nmetadata: {name: w}\nspec: ${spec}\n`;
};
const KINDS = [
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'DeploymentConfig',
];
const POD = (rest: string, more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n${more}  containers:\n    - name: a\n      image: x\n${rest}`;
const chart = (values: string, template = '{{- toYaml .Values.sc | nindent 12 }}', more: Record<string, string> = {}) =>
  chartOf(values, `          securityContext:\n            ${template}\n`, more);
const tf = (type: string, body: string) => ({
  'main.tf': `resource "${type}" "x" {\n  metadata {\n    name = "x"\n  }\n${body}}\n`,
});
// What is deployed is decided by more than one line.
const skip = ['comment'] as const;

testCheck(readonlyRootfs, {
  valid: [
    {
      name: 'a task of ECS for Windows',
      files: {
        'task.json':
          '{"taskDefinition": {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, "containerDefinitions": [{"name": "a", "image": "x"}]}}\n',
        'main.tf':
          'resource "aws_ecs_task_definition" "x" {\n  container_definitions = jsonencode([{ name = "a" }])\n  runtime_platform {\n    operating_system_family = "WINDOWS_SERVER_2019_FULL"\n  }\n}\n',
      },
      subjects: 2,
    },
    ...KINDS.map((kind) => ({ name: kind, files: { 'a.yaml': workload(kind, YES, YES) }, subjects: 2 })),
    { name: 'YAML 1.1 boolean', files: { 'a.yaml': POD('      securityContext: {readOnlyRootFilesystem: yes}\n') } },
    {
      name: 'JSON',
      files: {
        'a.json': `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","securityContext":{"readOnlyRootFilesystem":true}}]}}`,
      },
    },
    {
      name: 'anchor',
      files: {
        'a.yaml': `x: &sc {readOnlyRootFilesystem: true}\n${POD('      securityContext: {<<: *sc, runAsUser: 1}\n')}`,
      },
    },
    {
      name: 'chart values',
      files: chart('sc: {readOnlyRootFilesystem: true}\n'),
      evidence: 'readOnlyRootFilesystem is true, set in c/values.yaml',
    },
    {
      name: 'chart literal',
      files: chart('a: 1\n', 'readOnlyRootFilesystem: true'),
      evidence: 'readOnlyRootFilesystem is true',
    },
    {
      name: 'disabled template branch',
      files: chart('sc: {readOnlyRootFilesystem: true}\n', undefined, {
        'c/templates/e.yaml': `{{- if .Values.extra }}\n${POD('')}{{- end }}\n`,
      }),
      subjects: 1,
    },
    {
      name: 'kustomize patch',
      files: {
        'base/kustomization.yaml': 'resources: [p.yaml]\n',
        'base/p.yaml': POD(''),
        'prod/kustomization.yaml': 'resources: [../base]\npatches: [{path: patch.yaml}]\n',
        'prod/patch.yaml':
          'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: a\n      securityContext: {readOnlyRootFilesystem: true}\n',
      },
      subjects: 1,
    },
    { name: 'Windows', files: { 'a.yaml': POD('', '  nodeSelector: {kubernetes.io/os: windows}\n') } },
    {
      name: 'documented exception',
      files: {
        'a.yaml': POD('').replace(
          '{name: p}',
          '{name: p, labels: {container.kubeaudit.io/a.allow-read-only-root-filesystem-false: "cache"}}',
        ),
      },
    },
    {
      name: 'documented exception by annotation',
      files: {
        'a.yaml': POD('').replace(
          '{name: p}',
          '{name: p, annotations: {ignore-check.kube-linter.io/no-read-only-root-fs: "cache"}}',
        ),
      },
    },
    {
      name: 'Terraform',
      files: tf(
        'kubernetes_pod_v1',
        '  spec {\n    container {\n      name = "a"\n      security_context {\n        read_only_root_filesystem = true\n      }\n    }\n  }\n',
      ),
    },
    {
      name: 'Terraform variable',
      files: {
        ...tf(
          'kubernetes_pod',
          '  spec {\n    container {\n      security_context {\n        read_only_root_filesystem = var.ro\n      }\n    }\n  }\n',
        ),
        'v.tf': 'variable "ro" {\n  default = true\n}\n',
      },
    },
    { name: 'compose', files: { 'compose.yaml': 'services:\n  a:\n    image: x\n    read_only: true\n' } },
    {
      name: 'compose: a variable with a value, a default and quotes',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    read_only: ${LOCKED}\n  b:\n    image: x\n    read_only: ${OTHER:-true}\n  c:\n    image: x\n    read_only: "true"\n',
        '.env': 'LOCKED=true\n',
      },
    },
    {
      name: 'compose anchor',
      files: { 'compose.yaml': 'x-a: &a {read_only: true}\nservices:\n  a:\n    <<: *a\n    image: x\n' },
    },
    {
      name: 'compose extends',
      files: {
        'compose.yaml': 'services:\n  a:\n    extends: {file: b.yml, service: b}\n',
        'b.yml': 'services:\n  b:\n    image: x\n    read_only: true\n',
      },
      subjects: 2,
    },
    {
      name: 'compose override',
      files: {
        'compose.yaml': 'services:\n  a:\n    image: x\n',
        'compose.override.yaml': 'services:\n  a:\n    read_only: true\n',
      },
    },
    { name: 'docker run', files: { 'run.sh': 'docker run -d --read-only --tmpfs /tmp shop/web:1\n' } },
    {
      name: 'ECS',
      files: {
        'task-def.json':
          '{"family":"a","containerDefinitions":[{"name":"a","image":"x","readonlyRootFilesystem":true}]}',
      },
    },
    {
      name: 'ECS in CloudFormation',
      files: {
        'cfn.yaml':
          'Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - Name: a\n          ReadonlyRootFilesystem: true\n',
      },
    },
    {
      name: 'ECS in Terraform',
      files: {
        'main.tf':
          'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{ name = "a", readonlyRootFilesystem = true }])\n}\n',
      },
    },
  ],
  invalid: [
    {
      name: 'services of compose files that start something to try it out, and of their look-alikes',
      files: {
        'a/compose.yml':
          'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n  db:\n    image: y\n    restart: always\n',
        'b/compose.yml': 'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n    restart: always\n',
        'c/compose.yml':
          'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n  db:\n    image: y\n    network_mode: host\n',
        'hack/tilt/compose.yml': 'services:\n  web:\n    image: t\n    ports: [80:80]\n',
        'devservices/config.yml': 'services:\n  web:\n    image: z\n    ports: [80:80]\n',
        'd/compose.yml': 'services:\n  web:\n    image: x\n    ports: [80:80]\n',
        'd/compose.override.yml':
          'services:\n  web:\n    build: {context: ., target: development}\n  tables:\n    image: adminer\n',
      },
      findings: [
        { message: 'compose', at: 'a/compose.yml:2', confidence: 'low' },
        { message: 'compose', at: 'a/compose.yml:5', confidence: 'low' },
        { message: 'compose', at: 'b/compose.yml:2', confidence: 'high' },
        { message: 'compose', at: 'c/compose.yml:2', confidence: 'high' },
        { message: 'compose', at: 'c/compose.yml:5', confidence: 'high' },
        { message: 'compose', at: 'd/compose.yml:2', confidence: 'high' },
        { message: 'compose', at: 'd/compose.override.yml:4', confidence: 'low' },
        { message: 'compose', at: 'devservices/config.yml:2', confidence: 'low' },
        { message: 'compose', at: 'hack/tilt/compose.yml:2', confidence: 'low' },
      ],
    },
    {
      name: 'compose by the long form of ports, by modes of its services, and by the words on top',
      files: {
        'a/compose.yml':
          'services:\n  web:\n    image: x\n    ports: [{target: 80, published: "80", host_ip: 127.0.0.1}]\n',
        'b/compose.yml':
          'services:\n  web:\n    image: x\n    environment: {NODE_ENV: development}\n  api:\n    image: x\n    environment: {NODE_ENV: production}\n',
        'c/compose.yml': '# Not meant for production.\nservices:\n  web:\n    image: x\n',
        'd/compose.yml': 'services:\n  web:\n    image: x\n    environment: {NODE_ENV: development}\n',
        'e/compose.yml':
          'services:\n  boards:\n    image: x\n    environment: [GF_AUTH_ANONYMOUS_ENABLED=true, GF_AUTH_ANONYMOUS_ORG_ROLE=Admin]\n',
        'f/compose.yml':
          'services:\n  boards:\n    image: x\n    restart: always\n    environment: [GF_AUTH_ANONYMOUS_ENABLED=true, GF_AUTH_ANONYMOUS_ORG_ROLE=Admin]\n',
      },
      findings: [
        { message: 'compose', at: 'a/compose.yml:2', confidence: 'low' },
        { message: 'compose', at: 'b/compose.yml:2', confidence: 'high' },
        { message: 'compose', at: 'b/compose.yml:5', confidence: 'high' },
        { message: 'compose', at: 'c/compose.yml:3', confidence: 'low' },
        { message: 'compose', at: 'd/compose.yml:2', confidence: 'low' },
        { message: 'compose', at: 'e/compose.yml:2', confidence: 'low' },
        { message: 'compose', at: 'f/compose.yml:2', confidence: 'high' },
      ],
      skip: ['comment'],
    },
    {
      name: 'a loop of a template, once',
      files: {
        'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
        'c/values.yaml': 'names: [a, b, c]\n',
        'c/templates/d.yaml': `{{- range .Values.names }}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: {{ . }}}\nspec:\n  containers:\n    - name: {{ . }}\n      image: x\n{{- end }}\n`,
      },
      findings: [{ message: 'missing', at: 'c/templates/d.yaml:8' }],
    },
    ...KINDS.map((kind) => ({
      name: `${kind} without it`,
      files: { 'a.yaml': workload(kind, 'tty: true', YES) },
      findings: [{ message: 'missing', at: 'a.yaml:4' }],
      skip,
    })),
    {
      name: 'no securityContext',
      files: { 'a.yaml': POD('') },
      findings: [{ message: 'missing', at: 'a.yaml:6' }],
      skip,
    },
    {
      name: 'field missing',
      files: { 'a.yaml': POD('      securityContext: {runAsNonRoot: true}\n') },
      findings: [{ message: 'missing', at: 'a.yaml:6' }],
      skip,
    },
    {
      name: 'false',
      files: { 'a.yaml': POD('      securityContext:\n        runAsUser: 1\n        readOnlyRootFilesystem: false\n') },
      findings: [{ message: 'writable', at: 'a.yaml:10' }],
      skip,
    },
    {
      name: 'a text',
      files: { 'a.yaml': POD('      securityContext: {readOnlyRootFilesystem: "true"}\n') },
      findings: [{ message: 'writable', at: 'a.yaml:8' }],
      skip,
    },
    {
      name: 'at the pod',
      files: { 'a.yaml': POD('', '  securityContext: {readOnlyRootFilesystem: true}\n') },
      findings: [{ message: 'podLevel', at: 'a.yaml:7' }],
      skip,
    },
    {
      name: 'init container and sidecar',
      files: {
        'a.yaml': POD(
          `      ${YES}\n`,
          '  initContainers:\n    - name: i\n      image: x\n    - {name: s, image: x, restartPolicy: Always}\n',
        ),
      },
      findings: [
        { message: 'missing', at: 'a.yaml:6' },
        { message: 'missing', at: 'a.yaml:8' },
      ],
      skip,
    },
    {
      name: 'list',
      files: {
        'a.yaml':
          'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    spec:\n      containers:\n        - name: a\n',
      },
      findings: [{ message: 'missing', at: 'a.yaml:8' }],
      skip,
    },
    {
      name: 'JSON without it',
      files: { 'a.json': '{"apiVersion":"v1","kind":"Pod",\n"spec":{"containers":[\n{"name":"a"}]}}' },
      findings: [{ message: 'missing', at: 'a.json:3' }],
      skip,
    },
    {
      name: 'Terraform without it',
      files: tf(
        'kubernetes_deployment',
        '  spec {\n    template {\n      spec {\n        container {\n          name = "a"\n        }\n      }\n    }\n  }\n',
      ),
      findings: [{ message: 'missing', at: 'main.tf:8' }],
      skip,
    },
    {
      name: 'Terraform says false',
      files: tf(
        'kubernetes_pod',
        '  spec {\n    container {\n      security_context {\n        read_only_root_filesystem = false\n      }\n    }\n  }\n',
      ),
      findings: [{ message: 'writable', at: 'main.tf:8' }],
      skip,
    },
    {
      name: 'chart without it',
      files: chart('sc: {runAsUser: 1}\n'),
      findings: [{ message: 'missing', at: 'c/templates/d.yaml:9' }],
      skip,
    },
    {
      name: 'chart says false',
      files: chart('sc:\n  readOnlyRootFilesystem: false\n'),
      findings: [{ message: 'writable', at: 'c/values.yaml:2' }],
      skip,
    },
    {
      name: 'chart values that nothing reads',
      files: chart('sc: {}\nother: {readOnlyRootFilesystem: true}\n'),
      findings: [{ message: 'missing', at: 'c/templates/d.yaml:9' }],
      skip,
    },
    {
      name: 'kustomize base',
      files: {
        'base/kustomization.yaml': 'resources: [p.yaml]\n',
        'base/p.yaml': POD(''),
        'prod/kustomization.yaml': 'resources: [../base]\n',
      },
      findings: [{ message: 'missing', at: 'base/p.yaml:6' }],
      skip,
    },
    {
      name: 'one of two overlays',
      files: {
        'base/kustomization.yaml': 'resources: [p.yaml]\n',
        'base/p.yaml': POD(''),
        'a/kustomization.yaml': 'resources: [../base]\n',
        'b/kustomization.yaml':
          'resources: [../base]\npatches:\n  - target: {kind: Pod}\n    patch: |-\n      - op: add\n        path: /spec/containers/0/securityContext\n        value: {readOnlyRootFilesystem: true}\n',
      },
      findings: [{ message: 'missing', at: 'base/p.yaml:6', what: 'Filesystem, as a/kustomization.yaml deploys it.' }],
      skip,
    },
    {
      name: 'compose: the .env file decides for two services',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    read_only: ${LOCKED}\n  b:\n    image: x\n    read_only: ${LOCKED}\n',
        '.env': 'A=1\nLOCKED=false\n',
      },
      findings: [{ message: 'compose', at: '.env:2' }],
      skip,
    },
    {
      name: 'compose without it',
      files: { 'compose.yaml': 'services:\n  a:\n    image: x\n' },
      findings: [{ message: 'compose', at: 'compose.yaml:2' }],
      skip,
    },
    {
      name: 'compose says false',
      files: { 'compose.yaml': 'services:\n  a:\n    image: x\n    read_only: false\n' },
      findings: [{ message: 'compose', at: 'compose.yaml:4' }],
      skip,
    },
    ...deployedCases('missing'),
    ...installedCases('c/values.yaml:1', { message: 'writable', at: 'c/values.yaml:1', confidence: 'high' }),
    {
      name: 'compose for development, to review',
      files: { 'docker-compose.dev.yml': 'services:\n  a:\n    image: x\n' },
      findings: [{ message: 'compose', at: 'docker-compose.dev.yml:2', confidence: 'low' }],
      skip,
    },
    {
      name: 'copies that no file gives a namespace',
      files: {
        'a.yaml': workload('Pod', 'tty: true'),
        'b.yaml': workload('Pod', 'tty: false'),
        'c/a.yaml': `# c\n${workload('Pod', 'tty: true')}`,
      },
      findings: [
        { message: 'missing', at: 'a.yaml:4' },
        { message: 'missing', at: 'b.yaml:4' },
      ],
      skip,
    },
    {
      name: 'another program under the name, where no file gives a namespace',
      files: {
        'a.yaml': workload('Pod', 'image: r.example.org/x/web:1'),
        'b.yaml': workload('Pod', 'image: r.example.org/x/api:1'),
      },
      findings: [
        { message: 'missing', at: 'a.yaml:4' },
        { message: 'missing', at: 'b.yaml:4' },
      ],
      skip,
    },
    {
      name: 'docker run, or else another image under the name',
      files: {
        'run.sh': 'NAME=web\ndocker run -d --name $NAME shop/web:1 || {\n  docker run -d --name=web nginx:1\n}\n',
      },
      findings: [{ message: 'run', at: 'run.sh:2' }],
    },
    {
      name: 'docker run of two names',
      files: { 'run.sh': 'docker run -d --name web shop/web:1\ndocker run -d --name db shop/db:1\n' },
      findings: [
        { message: 'run', at: 'run.sh:1' },
        { message: 'run', at: 'run.sh:2' },
      ],
    },
    {
      name: 'docker run for one name in two scripts',
      files: { 'a.sh': 'docker run -d --name web shop/web:1\n', 'b.sh': 'docker run -d --name web shop/web:2\n' },
      findings: [
        { message: 'run', at: 'a.sh:1' },
        { message: 'run', at: 'b.sh:1' },
      ],
    },
    {
      name: 'docker run in a target that deploys',
      files: { Makefile: 'deploy:\n\tdocker run -d --name web shop/web:1\n' },
      findings: [{ message: 'run', at: 'Makefile:2' }],
    },
    {
      name: 'docker run that a script stops before, and when it fails',
      files: {
        'run.sh':
          'docker stop web\ndocker run -d --name web shop/web:1\ndocker stop old\nif ! curl localhost; then\n  docker rm -f web\nfi\ncurl localhost || docker stop web\n',
      },
      findings: [{ message: 'run', at: 'run.sh:2' }],
    },
    {
      name: 'docker run in a script that can stop it too',
      files: {
        'run.sh': 'case $1 in\n  up) docker run -d --name web shop/web:1 ;;\n  down) docker stop web ;;\nesac\n',
      },
      findings: [{ message: 'run', at: 'run.sh:2' }],
    },
    {
      name: 'docker run beside a question to a local cluster',
      files: { 'run.sh': 'kind get clusters\ndocker run -d shop/web:1\n' },
      findings: [{ message: 'run', at: 'run.sh:2' }],
    },
    {
      name: 'docker run in the background',
      files: { 'run.sh': '#!/bin/sh\nsudo docker run -d --name web -p 80:80 shop/web:1\n' },
      findings: [{ message: 'run', at: 'run.sh:2' }],
    },
    {
      name: 'ECS task',
      files: { 'task-def.json': '{"containerDefinitions":[\n{"name":"a","image":"x"}]}' },
      findings: [{ message: 'task', at: 'task-def.json:2' }],
      skip,
    },
    {
      name: 'ECS task says false',
      files: {
        'main.tf':
          'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{ name = "a", readonlyRootFilesystem = false }])\n}\n',
      },
      findings: [{ message: 'task', at: 'main.tf:2' }],
    },
  ],
  notApplicable: [
    { name: 'nothing', files: { 'a.txt': 'x' } },
    {
      name: 'services and config maps',
      files: {
        'a.yaml':
          'apiVersion: v1\nkind: Service\nspec: {ports: []}\n---\napiVersion: v1\nkind: ConfigMap\ndata: {readOnlyRootFilesystem: "false"}\n',
      },
    },
    {
      name: 'custom resources and policies',
      files: {
        'a.yaml':
          'apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nspec: {readOnlyRootFilesystem: false}\n---\napiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{validate: {pattern: {spec: {containers: [{name: a}]}}}}]}\n',
      },
    },
    {
      name: 'docker run in targets that try it out',
      files: { Makefile: 'test-image:\n\tdocker run -dp 80:80 shop/web:1\nsmoke:\n\tdocker run -d shop/web:1\n' },
    },
    {
      name: 'docker run of a registry for a local cluster',
      files: { 'up.sh': 'docker run -d --restart=always --name registry registry:2\nkind create cluster --name x\n' },
    },
    {
      name: 'docker run that the script stops by name at its end',
      files: { 'try.sh': 'NAME=db\ndocker run -d --name $NAME postgres:17\nnpm test\ndocker stop "${NAME}" || true\n' },
    },
    {
      name: 'docker run that the script stops by id at its end',
      files: { 'try.sh': 'if true; then ID=`docker run -d postgres:17`; fi\nnpm test\nsudo docker rm -f $ID\n' },
    },
    { name: 'docker run of what is removed after use', files: { 'up.sh': 'docker run --rm -d shop/web:1\n' } },
    {
      name: 'docker run in CI',
      files: {
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: docker run -d -p 5432:5432 postgres:17\n      - run: helm lint c\n',
      },
    },
    {
      name: 'a job that checks an experiment',
      files: {
        'a.yaml': `apiVersion: litmuschaos.io/v1alpha1\nkind: ChaosEngine\nmetadata: {name: kill}\n---\n${bare('Job')}`,
      },
    },
    {
      name: 'docker run of a tool',
      files: {
        'run.sh':
          'docker run --rm -v .:/src tools/lint:1\ndocker build -d x .\ndocker run --rm -p 80:80 tool serve -d\n',
      },
    },
  ],
  unknown: [
    {
      name: 'a task of ECS whose containers a file gives',
      files: {
        'main.tf':
          'resource "aws_ecs_task_definition" "x" {\n  family = "x"\n  container_definitions = templatefile("task.json", {})\n}\n',
      },
    },
    {
      name: 'compose: a variable without a value',
      files: {
        'compose.yaml': 'services:\n  a:\n    image: x\n    read_only: ${LOCKED}\n',
        '.env.example': 'LOCKED=true\n',
      },
    },
    {
      name: 'Terraform value from outside',
      files: {
        ...tf(
          'kubernetes_pod',
          '  spec {\n    container {\n      security_context {\n        read_only_root_filesystem = var.ro\n      }\n    }\n  }\n',
        ),
        'v.tf': 'variable "ro" {}\n',
      },
    },
  ],
});
