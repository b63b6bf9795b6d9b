/** Knows what kustomize builds must give: bases, overlays, components, patches, images, labels, namespaces. */
import { describe, expect, test } from '@jest/globals';
import { linkCluster } from '../../src/facts/cluster.ts';
import { compose, linkCompose } from '../../src/facts/compose.ts';
import { kubernetes } from '../../src/facts/kubernetes.ts';
import { linkKustomize } from '../../src/facts/kustomize.ts';
import { at, booleanOf, plainOf, textOf } from '../../src/facts/yaml.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n        - name: web\n          image: nginx:1\n        - name: side\n          image: busybox\n';
const base = { 'base/kustomization.yaml': 'resources:\n  - web.yaml\n', 'base/web.yaml': DEPLOYMENT };

async function built(files: Record<string, string>) {
  const facts = await factsOfFiles([kubernetes], files);
  return { model: facts.linked(linkKustomize), cluster: facts.linked(linkCluster) };
}
const first = async (overlay: string, more: Record<string, string> = {}) => {
  const { cluster } = await built({ ...base, 'prod/kustomization.yaml': `resources: [../base]\n${overlay}`, ...more });
  return cluster.workloads[0]!;
};

describe('builds', () => {
  test('a base that an overlay uses is built once, through the overlay', async () => {
    const { model, cluster } = await built({
      ...base,
      'prod/kustomization.yaml': 'bases: [../base]\nnamespace: shop\n',
    });
    expect(model.builds.map(({ kustomization }) => kustomization.path)).toEqual(['prod/kustomization.yaml']);
    expect(cluster.workloads.map(({ namespace, path }) => [namespace, path])).toEqual([['shop', 'base/web.yaml']]);
  });

  test('two overlays are two builds', async () => {
    const { cluster } = await built({
      ...base,
      'a/kustomization.yaml': 'resources: [../base]\nnamespace: a\n',
      'b/kustomization.yaml': 'resources: [../base]\nnamespace: b\n',
    });
    expect(cluster.workloads.map(({ namespace }) => namespace)).toEqual(['a', 'b']);
  });

  test('a manifest that no kustomization uses stands as it is', async () => {
    const { cluster } = await built({ ...base, 'other.yaml': DEPLOYMENT });
    expect(cluster.workloads).toHaveLength(2);
  });

  test('a loop falls back to the files and says so', async () => {
    const { model, cluster } = await built({
      'a/kustomization.yaml': 'resources: [../b, web.yaml]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
      'a/web.yaml': DEPLOYMENT,
      'c/kustomization.yaml': 'resources: [../a]\n',
    });
    expect(model.broken.map(({ path }) => path)).toEqual(['c/kustomization.yaml']);
    expect(cluster.workloads).toHaveLength(1);
  });

  test('what a test builds from the files of production does not count', async () => {
    const { cluster } = await built({
      ...base,
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: a\n',
      'tests/kustomization.yaml': 'resources: [../base]\nnamespace: b\n',
    });
    expect(cluster.workloads.map(({ namespace }) => namespace)).toEqual(['a']);
  });

  test('remote resources and missing files add nothing', async () => {
    const { cluster } = await built({
      'kustomization.yaml': 'resources: [https://x.example/y, gone.yaml, github.com/a/b?ref=1]\n',
    });
    expect(cluster.objects).toEqual([]);
  });
});

describe('patches', () => {
  const STRATEGIC =
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          securityContext: {readOnlyRootFilesystem: true}\n';
  const indented = STRATEGIC.replace(/^/gm, '      ').trimEnd();
  test.each([
    ['patchesStrategicMerge of a file', 'patchesStrategicMerge: [p.yaml]\n', { 'prod/p.yaml': STRATEGIC }],
    ['patchesStrategicMerge in a text', `patchesStrategicMerge:\n  - |-\n${indented}\n`, {}],
    ['patches of a file', 'patches:\n  - path: p.yaml\n', { 'prod/p.yaml': STRATEGIC }],
    ['patches in a text', `patches:\n  - patch: |-\n${indented}\n`, {}],
    [
      'patches with a target',
      `patches:\n  - target: {kind: Deployment, name: "we.*"}\n    patch: |-\n${indented.replace('name: web}', 'name: any}')}\n`,
      {},
    ],
    [
      'JSON patch in a text',
      'patches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: add\n        path: /spec/template/spec/containers/0/securityContext\n        value: {readOnlyRootFilesystem: true}\n',
      {},
    ],
    [
      'JSON patch of a file',
      'patchesJson6902:\n  - target: {group: apps, version: v1, kind: Deployment, name: web}\n    path: j.yaml\n',
      {
        'prod/j.yaml':
          '- op: add\n  path: /spec/template/spec/containers/0/securityContext\n  value: {readOnlyRootFilesystem: true}\n',
      },
    ],
  ])('%s', async (_, overlay, files) => {
    const workload = await first(overlay, files);
    const [web, side] = workload.pod.containers;
    expect(booleanOf(at(web!.body, 'securityContext', 'readOnlyRootFilesystem'))).toBe(true);
    expect(web!.image!.text).toBe('nginx:1');
    expect(at(side!.body, 'securityContext')).toBeUndefined();
    expect(web!.path).toBe('base/web.yaml');
    expect(at(web!.body, 'securityContext')!.path).toMatch(/^prod\//);
  });

  test('a patch of another object changes nothing; a patch file is no workload', async () => {
    const { cluster } = await built({
      ...base,
      'prod/kustomization.yaml': 'resources: [../base]\npatches: [{path: p.yaml}]\n',
      'prod/p.yaml': STRATEGIC.replace('name: web}', 'name: other}'),
    });
    expect(cluster.workloads).toHaveLength(1);
    expect(at(cluster.workloads[0]!.pod.containers[0]!.body, 'securityContext')).toBeUndefined();
  });

  test('deleting a container and an object', async () => {
    const workload = await first(
      'patches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: web}\n      spec: {template: {spec: {containers: [{name: side, $patch: delete}]}}}\n',
    );
    expect(workload.pod.containers.map(({ name }) => name)).toEqual(['web']);
    const gone = await first(
      'patches:\n  - patch: |-\n      $patch: delete\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata: {name: web}\n',
    );
    expect(gone).toBeUndefined();
  });
});

describe('transformers', () => {
  test('components patch what stands around them', async () => {
    const workload = await first('components: [../c]\n', {
      'c/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: replace\n        path: /spec/template/spec/containers/1/image\n        value: busybox:2\n',
    });
    expect(workload.pod.containers[1]!.image!.text).toBe('busybox:2');
  });

  test.each([
    ['newTag', 'images:\n  - name: nginx\n    newTag: "2"\n', 'nginx:2'],
    [
      'newName',
      'images:\n  - name: docker.io/library/nginx\n    newName: mirror.example.org/nginx\n',
      'mirror.example.org/nginx:1',
    ],
    ['digest', 'images:\n  - name: nginx\n    digest: sha256:ab\n', 'nginx@sha256:ab'],
    ['another image', 'images:\n  - name: nginx-x\n    newTag: "2"\n', 'nginx:1'],
  ])('images: %s', async (_, overlay, expected) => {
    expect((await first(overlay)).pod.containers[0]!.image!.text).toBe(expected);
  });

  test('labels of templates', async () => {
    expect((await first('commonLabels: {team: a}\n')).pod.labels.get('team')).toBe('a');
    expect((await first('labels: [{pairs: {team: a}}]\n')).pod.labels.has('team')).toBe(false);
    expect((await first('labels: [{pairs: {team: a}, includeSelectors: true}]\n')).pod.labels.get('team')).toBe('a');
  });

  test('the namespace replaces that of the base', async () => {
    const workload = await first('namespace: x\n', {
      'base/web.yaml': DEPLOYMENT.replace('name: web}', 'name: web, namespace: y}'),
    });
    expect(workload.namespace).toBe('x');
    expect(textOf(at(workload.object.body, 'metadata', 'namespace'))).toBe('x');
  });
});

test('mutated kustomizations and compose files never throw', async () => {
  const kustomization =
    'resources: [../base]\ncomponents: [../c]\nnamespace: x\ncommonLabels: {a: b}\nimages: [{name: nginx, newTag: "2"}]\npatches:\n  - target: {kind: Deployment, name: "w.*"}\n    patch: |-\n      - op: add\n        path: /spec/template/spec/containers/0/x\n        value: {y: 1}\n';
  const services =
    'x-a: &a {read_only: true}\nservices:\n  a:\n    <<: *a\n    extends: {service: b}\n    image: "${X:-y}"\n    build: {context: ., args: [A=b]}\n  b: {image: z}\n';
  const piece = fc.string({ maxLength: 4, unit: fc.constantFrom(...'\n :-[]{}&*|"$/.~ax0') });
  const edit = fc.tuple(fc.nat(300), fc.nat(6), piece);
  const mutate = (text: string, edits: readonly (readonly [number, number, string])[]) =>
    edits.reduce((now, [where, cut, put]) => now.slice(0, where) + put + now.slice(where + cut), text);
  await fc.assert(
    fc.asyncProperty(
      fc.array(edit, { maxLength: 4 }),
      fc.array(edit, { maxLength: 4 }),
      fc.array(edit, { maxLength: 3 }),
      async (a, b, c) => {
        const files = {
          'base/kustomization.yaml': 'resources: [web.yaml]\n',
          'base/web.yaml': mutate(DEPLOYMENT, b),
          'prod/kustomization.yaml': mutate(kustomization, a),
          'c/kustomization.yaml': 'kind: Component\nresources: []\n',
          'compose.yaml': mutate(services, c),
        };
        const facts = await factsOfFiles([kubernetes, compose], files);
        const length = (path: string) => files[path as keyof typeof files].length;
        for (const { place } of facts.linked(linkCluster).objects)
          expect(place.span.end).toBeLessThanOrEqual(length(place.path));
        for (const { span, path } of facts.linked(linkCompose)) expect(span.end).toBeLessThanOrEqual(length(path));
      },
    ),
    { numRuns: 400 },
  );
});

test('plain data of a build is what kustomize would print', async () => {
  const workload = await first('namespace: x\ncommonLabels: {team: a}\n');
  expect(plainOf(workload.object.body)).toMatchObject({
    metadata: { name: 'web', namespace: 'x', labels: { team: 'a' } },
    spec: { template: { metadata: { labels: { app: 'web', team: 'a' } } } },
  });
});
