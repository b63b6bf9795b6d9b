import { resourceQuota } from '../../src/checks/resource-quota.ts';
import { testCheck } from '../check-tester.ts';
import { chart as chartOf, deployedCases, installedCases } from './manifests.ts';

const LIMITS = 'resources: {requests: {cpu: 1m}, limits: {cpu: 1, memory: 1Gi}}';
const pod = (rest: string, namespace = 'shop', more = '') =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: ${namespace}}\nspec:\n  template:\n    spec:\n${more}      containers:\n        - name: a\n          image: x\n          ${rest}\n`;
const QUOTA =
  'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: shop}\nspec: {hard: {limits.memory: 8Gi}}\n';
const RANGE =
  'apiVersion: v1\nkind: LimitRange\nmetadata: {name: r, namespace: shop}\nspec: {limits: [{type: Container, default: {memory: 1Gi, cpu: 1}}]}\n';
const chart = (values: string) =>
  chartOf(values, '          resources:\n            {{- toYaml .Values.resources | nindent 12 }}\n');
const SPACE = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n';
const NAMESPACED = pod(LIMITS)
  .replace('namespace: shop', 'namespace: SPACE')
  .replace('{name: web, ', '\n  name: web\n  ')
  .replace('SPACE}', 'SPACE');
const none = (at: string) => ({ message: 'limits', at });
const skip = ['comment'] as const;

testCheck(resourceQuota, {
  valid: [
    { name: 'limits and a quota', files: { 'a.yaml': pod(LIMITS), 'q.yaml': QUOTA }, subjects: 2 },
    { name: 'in one file', files: { 'a.yaml': `${pod(LIMITS)}---\n${QUOTA}` }, subjects: 2 },
    {
      name: 'limits without requests',
      files: { 'a.yaml': pod('resources: {limits: {cpu: 1, memory: 1Gi}}'), 'q.yaml': QUOTA },
    },
    {
      name: 'more than needed',
      files: { 'a.yaml': pod('resources: {limits: {cpu: 1, memory: 1Gi, ephemeral-storage: 1Gi}}'), 'q.yaml': QUOTA },
    },
    {
      name: 'the maximum of a LimitRange, which is its default',
      files: { 'a.yaml': pod('tty: true'), 'r.yaml': RANGE.replace('default:', 'max:') },
      subjects: 2,
    },
    { name: 'defaults of a LimitRange', files: { 'a.yaml': pod('tty: true'), 'r.yaml': RANGE }, subjects: 2 },
    {
      name: 'a quota of pods',
      files: { 'a.yaml': pod(LIMITS), 'q.yaml': QUOTA.replace('limits.memory: 8Gi', 'pods: "10"') },
    },
    {
      name: 'quota in the default namespace',
      files: { 'a.yaml': pod(LIMITS, 'default'), 'q.yaml': QUOTA.replace(', namespace: shop', '') },
    },
    {
      name: 'a job',
      files: {
        'a.yaml': `apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: shop}\nspec: {template: {spec: {containers: [{name: a, ${LIMITS}}]}}}\n`,
        'q.yaml': QUOTA,
      },
    },
    {
      name: 'sized by an autoscaler',
      files: {
        'a.yaml': pod('tty: true'),
        'q.yaml': QUOTA,
        'v.yaml':
          'apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: v, namespace: shop}\nspec: {targetRef: {kind: Deployment, name: web}}\n',
      },
    },
    { name: 'a part of the cluster', files: { 'a.yaml': pod('tty: true', 'kube-system') }, subjects: 1 },
    { name: 'chart values', files: chart('resources: {limits: {cpu: 1, memory: 1Gi}}\n'), subjects: 1 },
    {
      name: 'kustomize patch and namespace',
      files: {
        'kustomization.yaml': `namespace: shop\nresources: [a.yaml, q.yaml]\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: web}\n      spec: {template: {spec: {containers: [{name: a, ${LIMITS}}]}}}\n`,
        'a.yaml': pod('tty: true', 'x'),
        'q.yaml': QUOTA.replace('namespace: shop', 'namespace: y'),
      },
      subjects: 2,
    },
    {
      name: 'Terraform',
      files: {
        'main.tf':
          'resource "kubernetes_pod" "x" {\n  metadata {\n    name = "x"\n    namespace = "shop"\n  }\n  spec {\n    container {\n      name = "a"\n      resources {\n        limits = {\n          cpu = "1"\n          memory = "1Gi"\n        }\n      }\n    }\n  }\n}\nresource "kubernetes_resource_quota" "q" {\n  metadata {\n    name = "q"\n    namespace = "shop"\n  }\n  spec {\n    hard = {\n      "limits.memory" = "8Gi"\n    }\n  }\n}\n',
      },
      subjects: 2,
    },
    {
      name: 'compose',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    deploy: {resources: {limits: {memory: 1G}}}\n  b:\n    image: x\n    mem_limit: 1g\n',
      },
      subjects: 2,
    },
    { name: 'ECS', files: { 't.json': '{"memory":"512","containerDefinitions":[{"name":"a"}]}' } },
    {
      name: 'only the values of a chart that nobody installs name the namespace',
      files: {
        ...chart('resources: {limits: {cpu: 1, memory: 1Gi}}\nspace: shop\n'),
        'c/templates/e.yaml': NAMESPACED.replace('SPACE', '{{ .Values.space | default .Release.Namespace }}'),
      },
    },
  ],
  invalid: [
    {
      name: 'the chart itself names the namespace',
      files: {
        ...chart('resources: {limits: {cpu: 1, memory: 1Gi}}\n'),
        'c/templates/e.yaml': NAMESPACED.replace('SPACE', 'shop'),
      },
      findings: [{ message: 'namespace', at: 'c/templates/e.yaml:5' }],
      skip,
    },
    {
      name: 'the chart creates the namespace of its values',
      files: {
        ...chart('resources: {limits: {cpu: 1, memory: 1Gi}}\nspace: shop\n'),
        'c/templates/e.yaml': NAMESPACED.replace('SPACE', '{{ .Values.space }}'),
        'c/templates/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ .Values.space }}\n',
      },
      findings: [{ message: 'namespace', at: 'c/values.yaml:2' }],
      skip,
    },
    {
      name: 'a namespace that is declared again: where most builds have it, then the least nested',
      files: {
        'a/b/base/kustomization.yaml': 'resources: [n.yaml, a.yaml]\n',
        'a/b/base/n.yaml': SPACE,
        'a/b/base/a.yaml': pod(LIMITS),
        'one/kustomization.yaml': 'resources: [../a/b/base]\n',
        'two/kustomization.yaml': 'resources: [../a/b/base]\n',
        'n.yaml': SPACE,
      },
      findings: [{ message: 'namespace', at: 'a/b/base/n.yaml:4' }],
      skip,
    },
    {
      name: 'a namespace that is declared again, each once: the least nested',
      files: { 'a/n.yaml': SPACE, 'z.yaml': SPACE, 'w.yaml': pod(LIMITS) },
      findings: [{ message: 'namespace', at: 'z.yaml:4' }],
      skip,
    },
    {
      name: 'services of compose files that start something to try it out, and of their look-alikes',
      files: {
        'a/compose.yml':
          'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n  db:\n    image: y\n    restart: always\n',
        'b/compose.yml': 'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n    restart: always\n',
        'c/compose.yml':
          'services:\n  web:\n    image: x\n    ports: ["127.0.0.1:80:80"]\n  db:\n    image: y\n    network_mode: host\n',
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
      ],
    },
    {
      name: 'no resources',
      files: { 'a.yaml': pod('tty: true'), 'q.yaml': QUOTA },
      findings: [none('a.yaml:8')],
      skip,
    },
    { name: 'null', files: { 'a.yaml': pod('resources:'), 'q.yaml': QUOTA }, findings: [none('a.yaml:8')], skip },
    {
      name: 'an autoscaler that only recommends, and what is none',
      files: {
        'a.yaml': pod('tty: true'),
        'q.yaml': QUOTA,
        'v.yaml':
          'apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: v, namespace: shop}\nspec: {targetRef: {kind: Deployment, name: web}, updatePolicy: {updateMode: "Off"}}\n',
        'o.yaml':
          'apiVersion: example.org/v1\nkind: Watch\nmetadata: {name: w, namespace: shop}\nspec: {targetRef: {kind: Deployment, name: web}}\n',
      },
      findings: [none('a.yaml:8')],
      skip,
    },
    {
      name: 'requests only',
      files: { 'a.yaml': pod('resources: {requests: {cpu: 1, memory: 1Gi}}'), 'q.yaml': QUOTA },
      findings: [{ message: 'memory', at: 'a.yaml:8', what: 'only requests.cpu and requests.memory.' }],
      skip,
    },
    {
      name: 'memory missing',
      files: { 'a.yaml': pod('resources: {limits: {cpu: 1}}'), 'q.yaml': QUOTA },
      findings: [{ message: 'memory', at: 'a.yaml:8' }],
      skip,
    },
    {
      name: 'misspelt',
      files: { 'a.yaml': pod('resources: {limit: {memory: 1Gi}}'), 'q.yaml': QUOTA },
      findings: [none('a.yaml:8')],
      skip,
    },
    {
      name: 'cpu missing, asked for',
      files: { 'a.yaml': pod('resources: {limits: {memory: 1Gi}, requests: {cpu: 1}}'), 'q.yaml': QUOTA },
      options: { requireCpuLimit: true },
      findings: [{ message: 'cpu', at: 'a.yaml:8', severity: 'low' }],
      skip,
    },
    {
      name: 'no cpu at all: to review',
      files: { 'a.yaml': pod('resources: {limits: {memory: 1Gi}}'), 'q.yaml': QUOTA },
      findings: [{ message: 'requests', at: 'a.yaml:8', confidence: 'low' }],
      skip,
    },
    {
      name: 'init container',
      files: {
        'a.yaml': pod(LIMITS, 'shop', '      initContainers:\n        - name: i\n          image: x\n'),
        'q.yaml': QUOTA,
      },
      findings: [none('a.yaml:8')],
      skip,
    },
    {
      name: 'LimitRange without default',
      files: { 'a.yaml': pod('tty: true'), 'r.yaml': RANGE.replace('default:', 'defaultRequest:') },
      findings: [none('a.yaml:8'), { message: 'emptyQuota', at: 'r.yaml:1' }],
      skip,
    },
    {
      name: 'CronJob',
      files: {
        'a.yaml':
          'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j, namespace: shop}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}\n',
        'q.yaml': QUOTA,
      },
      findings: [none('a.yaml:4')],
      skip,
    },
    { name: 'chart values null', files: chart('resources: {}\n'), findings: [none('c/templates/d.yaml:9')], skip },
    {
      name: 'a chart that is installed into several namespaces, with the same values and with others',
      files: {
        ...chart('resources: {limits: {cpu: 1, memory: 1Gi}}\n'),
        'up.sh':
          '#!/bin/sh\nhelm upgrade c c -n one\nhelm upgrade c c -n two\nhelm upgrade c c -n three --set x=y\nhelm upgrade c c -n one\nhelm upgrade c c\n',
      },
      findings: [
        { message: 'namespace', at: 'c/templates/d.yaml:4' },
        { message: 'namespace', at: 'up.sh:3' },
        { message: 'namespace', at: 'up.sh:4' },
      ],
      skip,
    },
    ...deployedCases('limits'),
    ...installedCases('c/values.yaml:2', { message: 'limits', at: 'c/templates/d.yaml:9', confidence: 'high' }),
    {
      name: 'compose for development, to review',
      files: { '.devcontainer/compose.yaml': 'services:\n  a:\n    image: x\n' },
      findings: [{ message: 'compose', at: '.devcontainer/compose.yaml:2', confidence: 'low' }],
      skip,
    },
    {
      name: 'no namespace, to review',
      files: { 'a.yaml': pod(LIMITS).replace(', namespace: shop', '') },
      findings: [{ message: 'assumed', at: 'a.yaml:3', confidence: 'low' }],
      skip,
    },
    {
      name: 'a namespace for development, to review',
      files: { 'dev/a.yaml': pod(LIMITS, 'trial') },
      findings: [{ message: 'namespace', at: 'dev/a.yaml:3', confidence: 'low' }],
      skip,
    },
    {
      name: 'the default namespace by name',
      files: { 'a.yaml': pod(LIMITS, 'default') },
      findings: [{ message: 'namespace', at: 'a.yaml:3', confidence: 'high' }],
      skip,
    },
    {
      name: 'a quota and a namespace of tests',
      files: {
        'a.yaml': pod(LIMITS),
        'tests/n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
        'tests/q.yaml': QUOTA,
      },
      findings: [{ message: 'namespace', at: 'a.yaml:3' }],
      skip,
    },
    {
      name: 'no quota, no manifest of the namespace',
      files: { 'a.yaml': pod(LIMITS) },
      findings: [{ message: 'namespace', at: 'a.yaml:3' }],
      skip,
    },
    {
      name: 'no quota',
      files: { 'a.yaml': pod(LIMITS), 'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n' },
      findings: [{ message: 'namespace', at: 'n.yaml:4' }],
      skip,
    },
    {
      name: 'quota in another namespace',
      files: { 'a.yaml': pod(LIMITS), 'q.yaml': QUOTA.replace('namespace: shop', 'namespace: other') },
      findings: [{ message: 'namespace', at: 'a.yaml:3' }],
      skip,
    },
    {
      name: 'quota without limits',
      files: { 'a.yaml': pod(LIMITS), 'q.yaml': QUOTA.replace('limits.memory: 8Gi', 'configmaps: "10"') },
      findings: [{ message: 'emptyQuota', at: 'q.yaml:1' }],
      skip,
    },
    {
      name: 'Terraform without limits',
      files: {
        'main.tf':
          'resource "kubernetes_pod" "x" {\n  metadata {\n    name = "x"\n    namespace = "kube-public"\n  }\n  spec {\n    container {\n      name = "a"\n    }\n  }\n}\n'.replace(
            'kube-public',
            'shop',
          ),
        'q.yaml': QUOTA,
      },
      findings: [none('main.tf:7')],
      skip,
    },
    {
      name: 'compose: a limit of 0 is none, be it written here or in .env',
      files: {
        'compose.yaml':
          'services:\n  a:\n    image: x\n    mem_limit: 0\n  b:\n    image: x\n    mem_limit: ${MEMORY:-1g}\n',
        '.env': 'MEMORY=0m\n',
      },
      findings: [
        { message: 'compose', at: 'compose.yaml:2' },
        { message: 'compose', at: '.env:1' },
      ],
    },
    {
      name: 'compose without memory',
      files: { 'compose.yaml': 'services:\n  a:\n    image: x\n    deploy: {resources: {limits: {cpus: "1"}}}\n' },
      findings: [{ message: 'compose', at: 'compose.yaml:2' }],
      skip,
    },
    {
      name: 'ECS without memory',
      files: { 't.json': '{"containerDefinitions":[\n{"name":"a"}]}' },
      findings: [{ message: 'task', at: 't.json:2' }],
      skip,
    },
  ],
  notApplicable: [
    { name: 'nothing', files: { 'a.txt': 'x' } },
    {
      name: 'a namespace without workloads',
      files: { 'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n' },
    },
  ],
  unknown: [
    {
      name: 'compose: a limit that only the deployment knows',
      files: { 'compose.yaml': 'services:\n  a:\n    image: x\n    mem_limit: ${MEMORY}\n' },
    },
    {
      name: 'limits from outside',
      files: {
        'main.tf':
          'variable "m" {}\nresource "kubernetes_pod" "x" {\n  metadata {\n    namespace = "kube-system-x"\n  }\n  spec {\n    container {\n      resources {\n        limits = var.m\n      }\n    }\n  }\n}\n',
        'q.yaml': QUOTA.replace('namespace: shop', 'namespace: kube-system-x'),
      },
    },
  ],
});
