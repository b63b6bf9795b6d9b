/** Knows small trees of manifests and charts that the checks of containers share. */
import type { Expected } from '../check-tester.ts';
import type { Files } from '../scan-files.ts';

/** A chart `c` of one Deployment; `block` are lines of its container. */
export const chart = (values: string, block: string, more: Files = {}): Files => ({
  'c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
  'c/values.yaml': values,
  'c/templates/d.yaml': `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          image: x\n${block}`,
  ...more,
});

/** A workload of one container `a`, with nothing that any check asks for, at line 8. */
export const bare = (kind = 'Deployment', namespace = 'shop', name = 'web') =>
  `apiVersion: ${kind === 'Job' ? 'batch' : 'apps'}/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          image: x\n`;

const EXPERIMENT =
  '---\napiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos\nmetadata: {name: kill, namespace: shop}\nspec: {action: pod-kill}\n';
const quota = (namespace: string) =>
  `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q, namespace: ${namespace}}\nspec: {hard: {limits.memory: 8Gi}}\n`;
const OVERLAY = 'namespace: shop\nresources: [../../base]\n';

const application = (path: string) =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec: {source: {path: ${path}}}\n`;
const FLUX =
  'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: shop}\nspec: {path: ./deploy}\n';

/** Manifests that scripts apply to clusters: which of them are only tried out. */
function localTrees(message: string): [string, Files, Expected][] {
  const web = { 'k8s/web.yaml': bare() };
  const low: Expected = { message, at: 'k8s/web.yaml:8', confidence: 'low' };
  const high: Expected = { ...low, confidence: 'high' };
  const build = { 'k8s/kustomization.yaml': 'resources: [web.yaml]\n' };
  return [
    [
      'what a script applies to its own cluster',
      { ...web, 'up.sh': 'kind create cluster\nkubectl apply -f k8s/\n' },
      low,
    ],
    [
      'the same by the root of the repository',
      {
        ...web,
        'hack/up.sh':
          'ROOT="$(cd "$(dirname "$0")/.." && pwd)"\nk3d cluster create x\ncd "$ROOT/k8s"\nkubectl apply -f web.yaml\n',
      },
      low,
    ],
    [
      'a kustomization for the own cluster',
      { ...web, ...build, 'up.sh': 'minikube -p demo start --cpus 4\nkustomize build ./k8s | kubectl apply -f -\n' },
      low,
    ],
    ['one applied by -k', { ...web, ...build, Makefile: 'up:\n\tkind create cluster\n\tkubectl apply -k k8s\n' }, low],
    [
      'a target behind one that makes the cluster',
      { ...web, Makefile: 'up: cluster\n\tkubectl apply -f k8s\ncluster:\n\tkind create cluster --name x\n' },
      low,
    ],
    [
      'a target that calls a script for the cluster',
      {
        ...web,
        Makefile: 'up:\n\t./hack/cluster.sh\n\tkubectl apply -f k8s/web.yaml\n',
        'hack/cluster.sh': '#!/bin/sh\nif ! kind get clusters | grep -q x; then\n  kind create cluster --name x\nfi\n',
      },
      low,
    ],
    [
      'another target of the same file',
      { ...web, Makefile: 'up:\n\tkubectl apply -f k8s\ncluster:\n\tkind create cluster\n' },
      high,
    ],
    [
      'targets that ask for each other',
      { ...web, Makefile: 'up: down\n\tkubectl apply -f k8s\ndown: up\n\ttrue\n' },
      high,
    ],
    [
      'what another script applies as well',
      {
        ...web,
        'up.sh': 'kind create cluster\nkubectl apply -f k8s/\n',
        'deploy.sh': 'for file in k8s/*.yaml; do kubectl apply -f "$file"; done\n',
      },
      high,
    ],
    [
      'what Argo CD applies as well',
      {
        ...web,
        'up.sh': 'kind create cluster\nkubectl apply -f k8s/\n',
        'argo.yaml': application('k8s'),
      },
      high,
    ],
    [
      'what CI applies to a cluster as well',
      {
        ...web,
        'up.sh': 'kind create cluster\nkubectl apply -f k8s/\n',
        '.github/workflows/cd.yml':
          'on: push\njobs:\n  d:\n    runs-on: x\n    steps:\n      - run: kubectl apply -f k8s\n',
      },
      high,
    ],
    [
      'what CI tries out',
      {
        ...web,
        '.github/workflows/ci.yml':
          'on: push\njobs:\n  e:\n    runs-on: x\n    steps:\n      - run: kind create cluster\n      - run: kubectl apply -f k8s\n',
      },
      high,
    ],
    [
      'a target whose tools are made by functions of make',
      {
        ...web,
        Makefile:
          'BIN := $(shell pwd)/bin\nup: $(BIN)/kubectl\n\tkubectl apply -f k8s\n$(BIN)/kubectl:\n\tcurl -o $@ https://x.org/k\n$(BIN)/kind:\n\tkind create cluster\n',
      },
      high,
    ],
    ['a build beside', { ...web, 'up.sh': 'kind create cluster\nkubectl apply -k k8s\n' }, high],
    ['what nothing applies', { ...web, 'up.sh': 'kind create cluster\nkubectl apply -f other/\n' }, high],
    ['talk of a cluster', { ...web, 'up.sh': 'echo kind create cluster\nkubectl apply -f k8s/\n' }, high],
    [
      'a chart that only a local cluster gets with other values',
      {
        ...chart('x: 1\n', '          {{- if not .Values.x }}\n          tty: true\n          {{- end }}\n'),
        'up.sh': 'kind create cluster\nhelm install web c -n shop --set x=null\n',
      },
      { message, at: 'c/templates/d.yaml:9', confidence: 'high' },
    ],
  ];
}

interface DeployedCase {
  readonly name: string;
  readonly files: Files;
  readonly findings: readonly Expected[];
  readonly skip: readonly ['comment'];
}

/** Which of several files with the same bare container is blamed; `message` is what the check says of it. */
export function deployedCases(message: string): DeployedCase[] {
  const trees: [string, Files, ...(string | Expected)[]][] = [
    ['one object in two files', { 'k8s/all/web.yaml': `# all\n${bare()}`, 'k8s/web.yaml': bare() }, 'k8s/web.yaml:8'],
    [
      'one name in two namespaces',
      { 'a.yaml': bare(), 'b.yaml': bare('Deployment', 'office') },
      'a.yaml:8',
      'b.yaml:8',
    ],
    ['two kinds of one name', { 'a.yaml': bare(), 'b.yaml': bare('StatefulSet') }, 'a.yaml:8', 'b.yaml:8'],
    ['one name twice in a file', { 'a.yaml': `${bare()}---\n${bare()}` }, 'a.yaml:8', 'a.yaml:18'],
    [
      'a service beside an experiment',
      { 'a.yaml': bare('Job') + EXPERIMENT, 'b.yaml': bare() + EXPERIMENT },
      'b.yaml:8',
    ],
    ['a job in another file than the experiment', { 'a.yaml': bare('Job'), 'b.yaml': EXPERIMENT }, 'a.yaml:8'],
    [
      'an overlay for development, and another one',
      {
        'base/kustomization.yaml': 'resources: [web.yaml]\n',
        'base/web.yaml': bare(),
        'overlays/dev/kustomization.yaml': OVERLAY,
        'overlays/live/kustomization.yaml': OVERLAY,
      },
      'base/web.yaml:8',
    ],
    [
      'an overlay for development alone, to review',
      {
        'base/kustomization.yaml': 'resources: [web.yaml]\n',
        'base/web.yaml': bare(),
        'overlays/dev/kustomization.yaml': OVERLAY,
      },
      { message, at: 'base/web.yaml:8', confidence: 'low' },
    ],
    [
      'a cluster on the own machine, to review',
      { 'kind/a.yaml': bare() },
      { message, at: 'kind/a.yaml:8', confidence: 'low' },
    ],
    [
      'a folder by that name that Argo CD fetches',
      { 'deploy/kind-local/a.yaml': bare(), 'apps.yaml': application('deploy/kind-local') },
      { message, at: 'deploy/kind-local/a.yaml:8', confidence: 'high' },
    ],
    [
      'a folder for developers that Argo CD fetches, to review',
      { 'overlays/dev/a.yaml': bare(), 'apps.yaml': application('overlays/dev') },
      { message, at: 'overlays/dev/a.yaml:8', confidence: 'low' },
    ],
    [
      'a folder beside the one that Argo CD fetches, to review',
      { 'deploy/kind/a.yaml': bare(), 'apps.yaml': application('deploy/live') },
      { message, at: 'deploy/kind/a.yaml:8', confidence: 'low' },
    ],
    [
      'a folder below a kustomization that Flux fetches, to review',
      {
        'deploy/kustomization.yaml': 'resources: [ns.yaml]\n',
        'deploy/ns.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n',
        'deploy/local/a.yaml': bare(),
        'apps.yaml': FLUX,
      },
      { message, at: 'deploy/local/a.yaml:8', confidence: 'low' },
    ],
    [
      'a folder that Flux fetches with all below',
      { 'deploy/local/a.yaml': bare(), 'apps.yaml': FLUX },
      { message, at: 'deploy/local/a.yaml:8', confidence: 'high' },
    ],
    [
      'local as a part of a name',
      { 'local-path/a.yaml': bare() },
      { message, at: 'local-path/a.yaml:8', confidence: 'high' },
    ],
    [
      'a quick start, to review',
      { 'k8s/quick-start/a.yaml': bare() },
      { message, at: 'k8s/quick-start/a.yaml:8', confidence: 'low' },
    ],
    [
      'a build from which a chart is made',
      {
        'base/kustomization.yaml': 'resources: [web.yaml]\n',
        'base/web.yaml': bare(),
        'chart-source/kustomization.yaml': 'namespace: "{{ .Release.Namespace }}"\nresources: [../base]\n',
        'other.yaml': bare('Deployment', 'shop', 'other'),
      },
      'other.yaml:8',
    ],
    [
      'a patch beside a kustomization that nobody uses',
      {
        'k8s/kustomization.yaml': 'resources: [web.yaml]\n',
        'k8s/web.yaml': bare(),
        'k8s/sidecar.yaml': bare('Deployment', 'system'),
        'k8s/api/web.yaml': bare('Deployment', 'system').replace(/ *image: .*\n/, ''),
        'live/kustomization.yaml': 'resources: [../k8s]\n',
        'other/auth_proxy_patch.yaml': bare('Deployment', 'system'),
      },
      'k8s/web.yaml:8',
    ],
    [
      'a workload beside a kustomization that does not name it',
      {
        'k8s/kustomization.yaml': 'resources: [web.yaml]\n',
        'k8s/web.yaml': bare(),
        'k8s/other.yaml': bare('Deployment', 'shop', 'other').replace(
          'spec:\n',
          'spec:\n  selector: {matchLabels: {a: b}}\n',
        ),
      },
      'k8s/other.yaml:9',
      'k8s/web.yaml:8',
    ],
    ['devops is no development', { 'dev-ops/a.yaml': bare() }, { message, at: 'dev-ops/a.yaml:8', confidence: 'high' }],
    [
      'what helm template made of a chart',
      { ...chart('', ''), 'web.yaml': `---\n# Source: c/templates/d.yaml\n${bare()}` },
      'c/templates/d.yaml:9',
    ],
    [
      'what helm template made of a foreign chart',
      { ...chart('', ''), 'web.yaml': `---\n# Source: other/templates/d.yaml\n${bare()}` },
      'c/templates/d.yaml:9',
      'web.yaml:10',
    ],
    [
      'a document after the rendered one',
      { ...chart('', ''), 'web.yaml': `# Source: c/templates/d.yaml\nkind: X\napiVersion: v1\n---\n${bare()}` },
      'c/templates/d.yaml:9',
      'web.yaml:12',
    ],
    [
      'what a tool wrote from other files, and from elsewhere',
      {
        'all.yaml': `# Licence\n\n# This file is auto-generated. DO NOT EDIT\n---\n${bare()}`,
        'other.yaml': `# Generated by a tool\n${bare('Deployment', 'shop', 'other')}`,
        'web.yaml': bare(),
      },
      'other.yaml:9',
      'web.yaml:8',
    ],
    [
      'a remark on generated files behind the head',
      { 'a.yaml': `${bare()}# generated by hand\n`, 'b.yaml': bare('Deployment', 'office') },
      'a.yaml:8',
      'b.yaml:8',
    ],
    [
      'what runs no pod, and what runs none yet',
      {
        'a.yaml': bare('Deployment', 'shop', 'a')
          .replace('spec:\n', 'spec:\n  replicas: 0\n')
          .replace('          image: x\n', ''),
        'b.yaml': bare('Deployment', 'shop', 'b').replace('spec:\n', 'spec:\n  replicas: 0\n'),
      },
      'b.yaml:9',
    ],
    [
      'a chart that only a test installs',
      {
        ...chart('x: 1\n', '          {{- if .Values.x }}\n          tty: true\n          {{- end }}\n'),
        'scripts/e2e.sh': 'helm install web c -n shop --set x=null\n',
      },
      'c/templates/d.yaml:9',
    ],
    ...localTrees(message),
    [
      'a chart that is installed, and a copy',
      {
        ...chart('', ''),
        ...Object.fromEntries(Object.entries(chart('', '')).map(([path, text]) => [`old/${path}`, text])),
        'up.sh': 'helm upgrade --install web c -n shop --set a=b\n',
      },
      'c/templates/d.yaml:9',
    ],
  ];
  return trees.map(([name, files, ...places]) => ({
    name,
    files: { ...files, 'q.yaml': quota('shop'), 'r.yaml': quota('office') },
    findings: places.map((place) => (typeof place === 'string' ? { message, at: place } : place)),
    // What is deployed is decided by more than one line.
    skip: ['comment'],
  }));
}

const HARD = 'sc: {readOnlyRootFilesystem: true}\nres: {limits: {cpu: 1, memory: 1Gi}}\n';
const SOFT = 'sc: {readOnlyRootFilesystem: false}\nres: {}\n';

/** A chart whose defaults leave its container open, and what installs it; `unused` and `open` say where that shows. */
export function installedCases(unused: string, open: Expected): DeployedCase[] {
  const block = '          securityContext: {{ toJson .Values.sc }}\n          resources: {{ toJson .Values.res }}\n';
  const web = chart(SOFT, block, {
    'env/live.yaml': HARD,
    'env/old.yaml': 'x: 1\n',
    'q.yaml': quota('shop'),
  });
  const up = { 'up.sh': 'helm upgrade -i web c -n shop -f env/live.yaml\n' };
  const review: Expected = { message: 'unused', at: unused, confidence: 'low' };
  const release = 'on: push\njobs:\n  r:\n    runs-on: x\n    steps:\n';
  const trees: [string, Files, ...Expected[]][] = [
    ['defaults that every installation replaces', { ...web, ...up }, review],
    ['defaults that Argo CD replaces in place', { ...web, ...argo(HARD) }, review],
    [
      'defaults that one of two installations replaces',
      { ...web, ...up, 'old.sh': 'helm install old c -n shop -f env/old.yaml\n' },
      open,
    ],
    ['defaults that an installation uses', { ...web, ...up, 'old.sh': 'helm install old c -n shop\n' }, open],
    ['defaults that nothing installs', web, open],
    [
      'a chart that an action publishes',
      {
        ...web,
        ...up,
        '.github/workflows/r.yml': `${release}      - uses: helm/chart-releaser-action@v1\n        with: {charts_dir: .}\n`,
      },
      open,
    ],
    [
      'a chart that a command publishes',
      {
        ...web,
        ...up,
        '.github/workflows/r.yml': `${release}      - run: helm package c\n      - run: helm push c-1.0.0.tgz oci://x/y\n`,
      },
      open,
    ],
    [
      'another chart that a target publishes',
      { ...web, ...up, Makefile: 'release:\n\thelm package other\n\thelm push other.tgz oci://x/y\n' },
      review,
    ],
    [
      'a chart that a catalogue shows',
      { ...web, ...up, 'c/Chart.yaml': `${web['c/Chart.yaml']}annotations: {artifacthub.io/license: MIT}\n` },
      open,
    ],
    ['a chart that a command packs for itself', { ...web, 'up.sh': `helm package c\n${up['up.sh']}` }, review],
  ];
  return trees.map(([name, files, ...findings]) => ({ name, files, findings, skip: ['comment'] }));
}

function argo(values: string): Files {
  const text = values.replace(/^/gm, '        ').trimEnd();
  return {
    'argo.yaml': `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  destination: {namespace: shop}\n  source:\n    path: c\n    helm:\n      valuesObject:\n${text}\n`,
  };
}
