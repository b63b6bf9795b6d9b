/** Knows what the Kubernetes model must understand: objects, lists, JSON, every kind of workload. */
import { describe, expect, test } from '@jest/globals';
import { type KubeObject, kubernetes, podOf, titleOf } from '../../src/facts/kubernetes.ts';
import { factsOfFiles } from '../facts-of.ts';

const objects = async (text: string, path = 'k8s/a.yaml'): Promise<readonly KubeObject[]> =>
  (await factsOfFiles([kubernetes], { [path]: text })).of('kubernetes').flatMap((file) => file.data.objects);

const POD = 'containers: [{name: a, image: x}]';

describe('objects', () => {
  test('several documents, lists, and what is no object', async () => {
    const list = await objects(
      [
        'apiVersion: v1\nkind: Namespace\nmetadata: {name: n}',
        'kind: NoVersion',
        '# only a comment',
        'apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Service, metadata: {name: s, namespace: n}}\n  - {kind: x}',
        'apiVersion: apps/v1\nkind: DeploymentList\nitems:\n  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}',
      ].join('\n---\n'),
    );
    expect(list.map((object) => [titleOf(object), object.namespace])).toEqual([
      ['Namespace n', undefined],
      ['Service s', 'n'],
      ['Deployment d', undefined],
    ]);
  });

  test('a template of ytt proves nothing by what it leaves out', async () => {
    const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  image: #@ data.values.image\n  ${POD}\n`;
    expect((await objects(text)).map(({ broken }) => broken)).toEqual([true]);
    expect((await objects(text.replace('#@ data', '# data'))).map(({ broken }) => broken)).toEqual([undefined]);
  });

  test('JSON', async () => {
    const [pod] = await objects(
      `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"x"}]}}`,
      'p.json',
    );
    expect(podOf(pod!)!.containers[0]!.image!.text).toBe('x');
  });

  test.each([
    ['chart/templates/a.yaml', 'apiVersion: v1\nkind: Pod\nname: {{ .x }}\n', false],
    ['chart/files/a.yaml', 'apiVersion: v1\nkind: Pod\nname: {{ .x }}\n', false],
    ['alerts.yaml', 'apiVersion: v1\nkind: PrometheusRule\ntext: "{{ $labels.x }}"\n', true],
    ['a.yaml', 'kind: Pod\n', false],
    ['a.json', '{"apiVersion": "v1", "kind": "Pod"}', true],
    ['kustomization.yaml', 'resources: []\n', true],
    ['a.yaml', 'xapiVersion: 1\nkind: x\n', false],
  ])('recognises %s', (path, text, expected) => {
    expect(kubernetes.accepts(path) && kubernetes.recognises!(path, text)).toBe(expected);
  });

  test('a broken document is marked, the next one is not', async () => {
    const list = await objects('apiVersion: v1\nkind: Pod\nx: y: z\n---\napiVersion: v1\nkind: Pod\n');
    expect(list.map((object) => object.broken ?? false)).toEqual([true, false]);
  });
});

describe('pods', () => {
  test.each([
    ['v1', 'Pod', `spec: {${POD}}`],
    ['v1', 'PodTemplate', `template: {spec: {${POD}}}`],
    ['v1', 'ReplicationController', `spec: {template: {spec: {${POD}}}}`],
    ['apps/v1', 'Deployment', `spec: {template: {spec: {${POD}}}}`],
    ['extensions/v1beta1', 'Deployment', `spec: {template: {spec: {${POD}}}}`],
    ['apps/v1', 'StatefulSet', `spec: {template: {spec: {${POD}}}}`],
    ['apps/v1', 'DaemonSet', `spec: {template: {spec: {${POD}}}}`],
    ['apps/v1', 'ReplicaSet', `spec: {template: {spec: {${POD}}}}`],
    ['batch/v1', 'Job', `spec: {template: {spec: {${POD}}}}`],
    ['batch/v1beta1', 'CronJob', `spec: {jobTemplate: {spec: {template: {spec: {${POD}}}}}}`],
    ['apps.openshift.io/v1', 'DeploymentConfig', `spec: {template: {spec: {${POD}}}}`],
    ['argoproj.io/v1alpha1', 'Rollout', `spec: {template: {spec: {${POD}}}}`],
    ['serving.knative.dev/v1', 'Service', `spec: {template: {spec: {${POD}}}}`],
  ])('%s %s', async (apiVersion, kind, rest) => {
    const [object] = await objects(`apiVersion: ${apiVersion}\nkind: ${kind}\n${rest}\n`);
    expect(podOf(object!)!.containers.map((container) => container.image!.text)).toEqual(['x']);
  });

  test.each([
    ['v1', 'Service', 'spec: {ports: []}'],
    ['policy/v1beta1', 'PodSecurityPolicy', 'spec: {readOnlyRootFilesystem: true}'],
    ['kyverno.io/v1', 'ClusterPolicy', `spec: {template: {spec: {${POD}}}}`],
    ['example.org/v1', 'Deployment', `spec: {template: {spec: {${POD}}}}`],
    ['apps/v1', 'Deployment', 'spec: {replicas: 2}'],
  ])('no pod: %s %s', async (apiVersion, kind, rest) => {
    const [object] = await objects(`apiVersion: ${apiVersion}\nkind: ${kind}\n${rest}\n`);
    expect(podOf(object!)).toBeUndefined();
  });

  test('labels of the template, roles of containers, host network', async () => {
    const [object] = await objects(
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {labels: {no: "1"}}\nspec:\n  template:\n    metadata: {labels: {app: web, on: "1"}}\n' +
        '    spec:\n      hostNetwork: true\n      initContainers:\n        - {name: i}\n        - {name: s, restartPolicy: Always}\n      containers:\n        - name: c\n          image: 1.10\n        - just text\n',
    );
    const pod = podOf(object!)!;
    expect([...pod.labels]).toEqual([
      ['app', 'web'],
      ['on', '1'],
    ]);
    expect(pod.containers.map(({ role, name }) => `${role} ${name}`)).toEqual(['init i', 'sidecar s', 'container c']);
    expect(pod.hostNetwork).toBe(true);
    expect(pod.containers[2]!.image!.text).toBe('1.10');
  });
});
