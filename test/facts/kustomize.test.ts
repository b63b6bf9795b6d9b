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
    ['newName', 'images:\n  - name: nginx\n    newName: mirror.example.org/nginx\n', 'mirror.example.org/nginx:1'],
    ['digest', 'images:\n  - name: nginx\n    digest: sha256:ab\n', 'nginx@sha256:ab'],
    ['another name of the same image', 'images:\n  - name: docker.io/library/nginx\n    newTag: "2"\n', 'nginx:1'],
    ['newTag and digest', 'images:\n  - {name: nginx, newTag: "2", digest: "sha256:ab"}\n', 'nginx:2@sha256:ab'],
    ['tagSuffix', 'images:\n  - {name: nginx, tagSuffix: -slim}\n', 'nginx:1-slim'],
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

describe('what kustomize does', () => {
  const shown = async (files: Record<string, string>) => {
    const { model, cluster } = await built(files);
    const bodies = cluster.objects.map(({ object }) => object.body);
    const part = (kind: string, ...path: (string | number)[]) => {
      const node = at(
        bodies.find((body) => textOf(at(body, 'kind')) === kind),
        ...path,
      );
      return node && plainOf(node);
    };
    return { model, part, bodies, cluster };
  };
  const POD = ['spec', 'template', 'spec'] as const;
  const SHOP = `apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      serviceAccountName: clerk
      containers:
        - name: shop
          image: shop:1
          envFrom: [{configMapRef: {name: opening-hours}}, {secretRef: {name: till}}]
          ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]
        - name: radio
          image: radio:1
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: clerk}
---
apiVersion: v1
kind: Secret
metadata: {name: till}
---
apiVersion: v1
kind: Namespace
metadata: {name: street}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: may}
roleRef: {kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: clerk}, {kind: User, name: clerk}]
`;
  const shop = { 'base/kustomization.yaml': 'resources: [all.yaml]\n', 'base/all.yaml': SHOP };

  test('prefixes and namespaces reach the references', async () => {
    const { part } = await shown({
      ...shop,
      'a/kustomization.yaml':
        'resources: [../base]\nnamePrefix: a-\nnamespace: north\nconfigMapGenerator:\n  - name: opening-hours\n    literals: [DAY=mon]\n',
    });
    expect(part('Deployment', 'metadata')).toEqual({ name: 'a-shop', namespace: 'north' });
    expect(part('Deployment', ...POD, 'serviceAccountName')).toBe('a-clerk');
    expect(part('Deployment', ...POD, 'containers', 0, 'envFrom')).toEqual([
      { configMapRef: { name: 'a-opening-hours' } },
      { secretRef: { name: 'a-till' } },
    ]);
    expect(part('Namespace', 'metadata', 'name')).toBe('north');
    expect(part('RoleBinding', 'subjects')).toEqual([
      { kind: 'ServiceAccount', name: 'a-clerk', namespace: 'north' },
      { kind: 'User', name: 'clerk' },
    ]);
    expect(part('RoleBinding', 'roleRef', 'name')).toBe('reader');
  });

  test('a base that is there twice keeps its references apart', async () => {
    const { bodies, model } = await shown({
      ...shop,
      'a/kustomization.yaml': 'resources: [../base]\nnameSuffix: -a\n',
      'b/kustomization.yaml': 'resources: [../base]\nnameSuffix: -b\nnamespace: other\n',
      'kustomization.yaml': 'resources: [a, b]\nnamePrefix: x-\n',
    });
    const deployments = bodies.filter((body) => textOf(at(body, 'kind')) === 'Deployment');
    expect(deployments.map((body) => textOf(at(body, ...POD, 'serviceAccountName')))).toEqual([
      'x-clerk-a',
      'x-clerk-b',
    ]);
    expect(model.broken).toEqual([]);
  });

  test('a patch finds its object by any name it had', async () => {
    const patch = (name: string) =>
      `  - patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: ${name}}, spec: {replicas: 3}}'\n`;
    for (const name of ['shop', 'a-shop']) {
      const { part } = await shown({
        ...shop,
        'a/kustomization.yaml': 'resources: [../base]\nnamePrefix: a-\n',
        'b/kustomization.yaml': `resources: [../a]\npatches:\n${patch(name)}`,
      });
      expect(part('Deployment', 'spec', 'replicas')).toBe(3);
    }
  });

  test('lists with keys: order, several keys, replacing and deleting', async () => {
    const { part } = await shown({
      ...shop,
      'a/kustomization.yaml': 'resources: [../base]\npatches: [{path: p.yaml}]\n',
      'a/p.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {template: {spec: {containers: [{name: radio, image: radio:2}, {name: shop, ports: [{containerPort: 80, protocol: UDP, name: dns}], envFrom: [{configMapRef: {name: only}}]}]}}}\n',
    });
    const containers = [...POD, 'containers'];
    expect([part('Deployment', ...containers, 0, 'image'), part('Deployment', ...containers, 1, 'image')]).toEqual([
      'radio:2',
      'shop:1',
    ]);
    expect(part('Deployment', ...containers, 1, 'ports')).toEqual([
      { containerPort: 80, protocol: 'UDP', name: 'dns' },
      { containerPort: 80, protocol: 'TCP' },
    ]);
    expect(part('Deployment', ...containers, 1, 'envFrom')).toEqual([{ configMapRef: { name: 'only' } }]);
    const gone = await shown({
      ...shop,
      'a/kustomization.yaml':
        'resources: [../base]\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n      kind: Deployment\n      metadata: {name: any}\n      spec: {template: {spec: {serviceAccountName: null, containers: [{$patch: replace}, {name: one, image: one:1}]}}}\n',
    });
    expect(gone.part('Deployment', ...POD)).toEqual({
      containers: [{ name: 'one', image: 'one:1' }],
    });
  });

  test('directives in maps, and for whole lists', async () => {
    const { part } = await shown({
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'base/web.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}\n  template:\n    spec:\n      securityContext: {runAsUser: 1}\n      volumes: [{name: v, emptyDir: {}}]\n      nodeSelector: {x: y}\n',
      'a/kustomization.yaml': 'resources: [../base]\npatches: [{path: p.yaml}]\n',
      'a/p.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  strategy: {$patch: replace, type: Recreate}\n  template:\n    spec:\n      securityContext: {$patch: merge, runAsGroup: 2}\n      volumes: [{$patch: delete}]\n      nodeSelector: {$patch: delete}\n      affinity: {podAffinity: null, nodeAffinity: {$patch: replace, z: {}}}\n',
    });
    expect(part('Deployment', 'spec', 'strategy')).toEqual({ type: 'Recreate' });
    expect(part('Deployment', ...POD)).toEqual({
      securityContext: { runAsUser: 1, runAsGroup: 2 },
      affinity: { nodeAffinity: { z: {} } },
    });
  });

  test('a file with a part of an object is a patch for its target', async () => {
    const { part } = await shown({
      ...shop,
      'a/kustomization.yaml':
        'resources: [../base]\npatches: [{path: part.yaml, target: {labelSelector: "!x", kind: Deployment}}]\n',
      'a/part.yaml': 'spec: {paused: true}\n',
    });
    expect(part('Deployment', 'spec', 'paused')).toBe(true);
  });

  test.each([
    ['add puts into a list', 'add', '/spec/template/spec/containers/0', ['new', 'shop', 'radio']],
    ['replace takes the place', 'replace', '/spec/template/spec/containers/0', ['new', 'radio']],
    ['a dash is the end', 'add', '/spec/template/spec/containers/-', ['shop', 'radio', 'new']],
  ])('JSON patches: %s', async (_, op, path, names) => {
    const { part } = await shown({
      ...shop,
      'a/kustomization.yaml': `resources: [../base]\npatches:\n  - target: {kind: Deploy.*, group: apps, version: v1}\n    patch: '[{"op": "${op}", "path": "${path}", "value": {"name": "new"}}]'\n`,
    });
    expect(names.map((_, i) => part('Deployment', ...POD, 'containers', i, 'name'))).toEqual(names);
  });

  test('replacements copy whole values and parts, from objects and files', async () => {
    const { part } = await shown({
      ...shop,
      'a/kustomization.yaml':
        'resources: [../base]\nconfigMapGenerator:\n  - name: params\n    literals: [IMAGE=mirror.example.org/shop:7]\n    envs: [more.env]\nreplacements:\n  - path: r.yaml\n  - source: {kind: Deployment, fieldPath: metadata.name}\n    targets:\n      - select: {kind: Secret}\n        fieldPaths: [metadata.annotations.for, "metadata.annotations.[example.org/for]"]\n        options: {create: true}\n',
      'a/r.yaml':
        'source: {kind: ConfigMap, name: params, fieldPath: data.IMAGE}\ntargets:\n  - select: {kind: Deployment, name: shop}\n    fieldPaths: ["spec.template.spec.containers.[name=shop].image"]\n',
    });
    expect(part('Deployment', 'spec', 'template', 'spec', 'containers', 0, 'image')).toBe('mirror.example.org/shop:7');
    expect(part('Secret', 'metadata', 'annotations')).toEqual({ for: 'shop', 'example.org/for': 'shop' });
  });

  test('a value that comes from a file that is not read is unknown', async () => {
    const { cluster } = await shown({
      ...shop,
      'a/kustomization.yaml':
        'resources: [../base]\nconfigMapGenerator: [{name: params, envs: [images.env]}]\nreplacements:\n  - source: {kind: ConfigMap, name: params, fieldPath: data.IMAGE}\n    targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.0.image]}]\n',
    });
    expect(cluster.workloads[0]!.pod.containers[0]!.image!.rendered?.unknown).toMatch(/params/);
  });

  test('variables, replicas, annotations, labels of claims', async () => {
    const { part } = await shown({
      'kustomization.yaml':
        'resources: [db.yaml]\nnamePrefix: x-\nreplicas: [{name: db, count: 4}]\ncommonAnnotations: {team: a}\ncommonLabels: {tier: data}\nvars: [{name: HOST, objref: {kind: Service, name: db, apiVersion: v1}}]\n',
      'db.yaml':
        'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {template: {spec: {containers: [{name: db, image: db:1, args: ["--host=$(HOST)", "$(OTHER)"]}]}}, volumeClaimTemplates: [{metadata: {name: disk}}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {selector: {app: db}}\n',
    });
    expect(part('StatefulSet', 'metadata')).toEqual({
      name: 'x-db',
      labels: { tier: 'data' },
      annotations: { team: 'a' },
    });
    expect(part('StatefulSet', 'spec', 'replicas')).toBe(4);
    expect(part('StatefulSet', 'spec', 'selector')).toEqual({ matchLabels: { tier: 'data' } });
    expect(part('StatefulSet', 'spec', 'template', 'metadata')).toEqual({
      labels: { tier: 'data' },
      annotations: { team: 'a' },
    });
    expect(part('StatefulSet', ...POD, 'containers', 0, 'args')).toEqual(['--host=x-db', '$(OTHER)']);
    expect(part('StatefulSet', 'spec', 'volumeClaimTemplates', 0, 'metadata', 'labels')).toEqual({ tier: 'data' });
    expect(part('Service', 'spec', 'selector')).toEqual({ app: 'db', tier: 'data' });
  });

  test('what a change does not mean stays as it is', async () => {
    const env = '[{name: X, value: old}]';
    const { part } = await shown({
      'base/kustomization.yaml': 'resources: [all.yaml]\n',
      'base/all.yaml': `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: shop}
spec: {replicas: 1}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {template: {spec: {containers: [{name: a, image: art:1, env: ${env}}, {name: b, env: ${env}}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: till}
spec: {replicas: 1, template: {spec: {containers: [{name: a, image: b:1, env: ${env}}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: house}
data: {street: lane-7}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: may}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: old}]
`,
      'a/kustomization.yaml': `resources: [../base]
namespace: town
replicas: [{name: shop, count: 3}, {name: till, count: 2}]
images: [{name: art, newTag: "2"}]
replacements:
  - source: {kind: ConfigMap, name: house, fieldPath: data.street, options: {delimiter: "-", index: 1}}
    targets:
      - select: {kind: Deployment}
        fieldPaths: ["spec.template.spec.containers.*.env.[name=X].value"]
      - select: {name: till}
        reject: [{kind: StatefulSet}]
        fieldPaths: [spec.template.spec.containers.0.env.0.value]
`,
    });
    expect(part('DaemonSet', 'spec')).toEqual({ replicas: 1 });
    const seven = [{ name: 'X', value: '7' }];
    expect(part('Deployment', 'spec')).toEqual({
      replicas: 3,
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'art:2', env: seven },
            { name: 'b', env: seven },
          ],
        },
      },
    });
    expect(part('StatefulSet', 'spec')).toEqual({
      replicas: 2,
      template: { spec: { containers: [{ name: 'a', image: 'b:1', env: [{ name: 'X', value: 'old' }] }] } },
    });
    expect(part('ClusterRoleBinding', 'subjects')).toEqual([
      { kind: 'ServiceAccount', name: 'default', namespace: 'town' },
    ]);
    expect(part('ClusterRoleBinding', 'metadata')).toEqual({ name: 'may' });
  });

  test.each([
    ['apps/v1', 'Deployment', []],
    [
      'apps/v2',
      'Deployment',
      [expect.objectContaining({ reason: 'a JSON patch expects another value at /apiVersion' })],
    ],
  ])('a JSON patch that expects %s', async (version, kind, broken) => {
    const { model, part } = await shown({
      'kustomization.yaml': `resources: [r.yaml]\npatches:\n  - target: {kind: ${kind}}\n    patch: |\n      - {op: test, path: /apiVersion, value: ${version}}\n      - {op: add, path: /spec/paused, value: true}\n`,
      'r.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 1}\n',
    });
    expect(model.broken).toEqual(broken);
    expect(part('Deployment', 'spec', 'paused')).toBe(broken.length === 0 ? true : undefined);
  });

  test('what a patch adds is free of its directives', async () => {
    const { part } = await shown({
      'kustomization.yaml': 'resources: [r.yaml]\npatches: [{path: p.yaml}]\n',
      'r.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: x}]}}}\n',
      'p.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: y, env: [{name: K, value: "1"}, {name: L, $patch: delete}]}]}}}\n',
    });
    expect(part('Deployment', 'spec', 'template', 'spec', 'containers')).toEqual([
      { name: 'y', env: [{ name: 'K', value: '1' }] },
      { name: 'x' },
    ]);
  });

  test('lists of custom objects are replaced, not merged', async () => {
    const { part } = await shown({
      'kustomization.yaml': 'resources: [r.yaml]\npatches: [{path: p.yaml}]\n',
      'r.yaml': SHOP.replace('apps/v1', 'argoproj.io/v1alpha1').replace('kind: Deployment', 'kind: Rollout'),
      'p.yaml':
        'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: shop}\nspec: {template: {spec: {containers: [{name: radio, image: radio:2}]}}}\n',
    });
    expect(part('Rollout', 'spec', 'template', 'spec', 'containers')).toEqual([{ name: 'radio', image: 'radio:2' }]);
  });

  test('what is not read may hold the object of a patch', async () => {
    const { model } = await shown({
      'kustomization.yaml':
        'resources: [big.yaml]\npatches: [{patch: "{apiVersion: v1, kind: Pod, metadata: {name: p}}"}]\n',
      'big.yaml': `${SHOP}# ${'x'.repeat(3_000_000)}\n`,
    });
    expect(model.broken.map((one) => one.reason)).toEqual(['big.yaml is not read']);
    expect(model.partial).toEqual([{ path: 'kustomization.yaml' }]);
  });

  test('a component that nobody uses misses nothing', async () => {
    const { model } = await shown({
      'c/kustomization.yaml':
        'kind: Component\npatches: [{patch: "{apiVersion: v1, kind: Pod, metadata: {name: p}}"}]\nresources: [gone.yaml]\n',
    });
    expect(model.broken).toEqual([]);
  });

  test.each([
    ['a remote base', 'resources: [https://git.example.org/team/app?ref=v1]', /git\.example\.org.* is not in this/],
    ['a missing file', 'resources: [nowhere.yaml]', /nowhere\.yaml is not in this/],
    ['a chart', 'helmCharts: [{name: redis, repo: "https://charts.example.org"}]', /redis generates is not known/],
    ['a generator', 'generators: [g.yaml]', /g\.yaml generates is not known/],
    ['a transformer', 'transformers: [t.yaml]', /t\.yaml is not known/],
    ['an object that is there twice', 'resources: [../base]', /Deployment shop is there twice/],
    [
      'a patch without its object',
      'patches: [{patch: "{apiVersion: v1, kind: Pod, metadata: {name: p}}"}]',
      /no Pod p/,
    ],
    [
      'a JSON patch that does not fit',
      'patches: [{target: {kind: Deployment}, patch: \'[{"op": "remove", "path": "/spec/none"}]\'}]',
      /\/spec\/none, which is not there/,
    ],
  ])('what cannot be known is said, the rest is built: %s', async (_, line, reason) => {
    const { model, part } = await shown({
      ...shop,
      'a/kustomization.yaml': line.startsWith('resources')
        ? `${line.replace('[', '[../base, ')}\n`
        : `resources: [../base]\n${line}\n`,
    });
    expect(model.broken.map((one) => one.reason).join()).toMatch(reason);
    expect(part('Deployment')).toBeDefined();
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
