/** Knows which values count: those that commands, Argo CD, Flux and Terraform install a chart with. */
import { describe, expect, test } from '@jest/globals';
import { applySet } from '../../src/facts/helm/set-flags.ts';
import { dict } from '../../src/facts/helm/value.ts';
import { toJson } from '../../src/facts/helm/yaml-text.ts';
import { type Environment, linkHelm } from '../../src/facts/helm.ts';
import { extractors } from '../../src/facts/index.ts';
import { at, plainOf } from '../../src/facts/yaml.ts';
import { factsOfFiles } from '../facts-of.ts';

const WEB = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'charts/web/templates/a.yaml':
    'kind: A\nname: {{ .Release.Name }}\nsize: {{ .Values.size }}\nimage: web:{{ .Values.tag }}\nns: {{ .Release.Namespace }}\n',
  'charts/web/values.yaml': 'size: 0\ntag: base\n',
  'charts/web/values-prod.yaml': 'size: 1\n',
  'charts/web/values-dev.yaml': 'size: 2\n',
  'env/prod.yaml': 'size: 3\n',
};

async function environments(files: Readonly<Record<string, string>>): Promise<readonly Environment[]> {
  const facts = await factsOfFiles(extractors, { ...WEB, ...files });
  return linkHelm(facts).charts[0]!.environments;
}

async function summary(files: Readonly<Record<string, string>>): Promise<unknown[]> {
  return (await environments(files)).map(({ files: rendered, deployedBy }) => {
    const root = rendered[0]!.documents[0]!.root;
    const { size, image } = plainOf(root) as { size: unknown; image: string };
    return [size, at(root, 'image')!.rendered?.unknown ? 'unknown' : image, deployedBy?.path];
  });
}

const script = (line: string) => ({ 'deploy.sh': `#!/bin/sh\n${line}\n` });
const argo = (helm: string) => ({
  'argo/web.yaml': `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  destination: {namespace: prod}\n  source:\n    path: charts/web\n    helm:\n${helm}\n`,
});

describe('commands', () => {
  test.each<[string, Readonly<Record<string, string>>, unknown[]]>([
    [
      'nothing: the defaults and every other file',
      {},
      [
        [0, 'web:base', undefined],
        [2, 'web:base', undefined],
        [1, 'web:base', undefined],
      ],
    ],
    [
      'a values file',
      script('helm upgrade --install web ./charts/web -f charts/web/values-prod.yaml'),
      [[1, 'web:base', 'deploy.sh']],
    ],
    [
      'files and values in place',
      script('helm install web charts/web --values=charts/web/values-prod.yaml --set size=7,tag=v2'),
      [[7, 'web:v2', 'deploy.sh']],
    ],
    ['only the defaults', script('helm upgrade web charts/web --wait --timeout 5m'), [[0, 'web:base', 'deploy.sh']]],
    [
      'a variable of the script',
      script('CHART=charts/web\nsudo helm upgrade -i web "$CHART" -n prod'),
      [[0, 'web:base', 'deploy.sh']],
    ],
    [
      'a path from the root of the repository',
      {
        'ops/bin/up.sh':
          '#!/bin/bash\nROOT="$(cd "$(dirname "$0")/../.." && pwd)"\ncd "$ROOT/env"\nhelm upgrade -i web ../charts/web -f prod.yaml -f "$ROOT/charts/web/values-prod.yaml"\n',
      },
      [[1, 'web:base', 'ops/bin/up.sh']],
    ],
    [
      'the root by git, and a function',
      script(
        'up() { helm upgrade -i web . -f values-prod.yaml; }\ncd "$(git rev-parse --show-toplevel)/charts/web"\nup',
      ),
      [[1, 'web:base', 'deploy.sh']],
    ],
    [
      'a folder of the machine',
      script('helm upgrade web /charts/web -f charts/web/values-prod.yaml'),
      [
        [0, 'web:base', undefined],
        [2, 'web:base', undefined],
        [1, 'web:base', undefined],
      ],
    ],
    [
      'a tag that only the run knows',
      script('helm upgrade web charts/web --set tag=$TAG'),
      [[0, 'unknown', 'deploy.sh']],
    ],
    [
      'a partly known file',
      script('helm upgrade web charts/web -f charts/web/values-$ENV.yaml'),
      [
        [2, 'web:base', 'deploy.sh'],
        [1, 'web:base', 'deploy.sh'],
      ],
    ],
    [
      'options in a variable say nothing',
      script('helm upgrade web charts/web $ARGS'),
      [
        [0, 'web:base', undefined],
        [2, 'web:base', undefined],
        [1, 'web:base', undefined],
      ],
    ],
    [
      'another chart',
      script('helm install redis bitnami/redis -f charts/web/values-prod.yaml'),
      [
        [0, 'web:base', undefined],
        [2, 'web:base', undefined],
        [1, 'web:base', undefined],
      ],
    ],
    [
      'no installation',
      script('helm lint charts/web -f charts/web/values-prod.yaml'),
      [
        [0, 'web:base', undefined],
        [2, 'web:base', undefined],
        [1, 'web:base', undefined],
      ],
    ],
    [
      'a workflow in a folder of its own',
      {
        '.github/workflows/cd.yml':
          'on: push\njobs:\n  d:\n    runs-on: x\n    steps:\n      - working-directory: charts\n        env: {FILE: values-dev.yaml}\n        run: helm upgrade web ./web -f web/$FILE\n',
      },
      [[2, 'web:base', '.github/workflows/cd.yml']],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await summary(files)).toEqual(expected);
  });
});

describe('objects and Terraform', () => {
  test.each<[string, Readonly<Record<string, string>>, unknown[]]>([
    ['Argo CD with files', argo('      valueFiles: [values-prod.yaml]'), [[1, 'web:base', 'argo/web.yaml']]],
    [
      'Argo CD with a text of values',
      argo('      values: |\n        size: 8\n      parameters: [{name: tag, value: p}]'),
      [[8, 'web:p', 'argo/web.yaml']],
    ],
    [
      'Flux',
      {
        'flux/web.yaml':
          'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  chart: {spec: {chart: ./charts/web, valuesFiles: [./charts/web/values-dev.yaml]}}\n  values: {tag: f}\n',
      },
      [[2, 'web:f', 'flux/web.yaml']],
    ],
    [
      'Terraform',
      {
        'tf/main.tf':
          'resource "helm_release" "web" {\n  name = "web"\n  chart = "${path.module}/../charts/web"\n  values = [file("${path.module}/../env/prod.yaml")]\n  set {\n    name  = "tag"\n    value = var.tag\n  }\n}\n',
      },
      [[3, 'unknown', 'tf/main.tf']],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await summary(files)).toEqual(expected);
  });

  test.each([
    ['an attribute', 'kubernetes_namespace.shop.metadata[0].name', 'shop-live'],
    ['the identifier', 'kubernetes_namespace.shop.id', 'shop-live'],
    ['a variable', 'var.stage', 'live'],
    ['nothing that is known', 'data.external.x.result.name', undefined],
  ])('a namespace of Terraform: %s', async (_, text, namespace) => {
    const [environment] = await environments({
      'tf/main.tf': `resource "helm_release" "web" {\n  name = "web"\n  chart = "\${path.module}/../charts/web"\n  namespace = ${text}\n}\n`,
      'tf/more.tf':
        'variable "stage" { default = "live" }\nresource "kubernetes_namespace" "shop" {\n  metadata {\n    name = "shop-${var.stage}"\n  }\n}\n',
    });
    expect(environment!.namespace).toBe(namespace);
  });

  test('values in place lead to where they stand', async () => {
    const files = argo('      values: |\n        size: 8\n');
    const [environment] = await environments(files);
    const { path, span } = at(environment!.files[0]!.documents[0]!.root, 'size')!;
    expect(path).toBe('argo/web.yaml');
    expect(files['argo/web.yaml'].slice(span.start, span.end)).toContain('size: 8');
    expect(environment).toMatchObject({ namespace: 'prod', release: { name: 'web', namespace: 'prod' } });
  });
});

test.each([
  ['a=1,b.c=x', false, '{"a":1,"b":{"c":"x"}}'],
  ['a=1', true, '{"a":"1"}'],
  ['l={x,2},e={}', false, '{"e":[],"l":["x",2]}'],
  ['l[1].k=v', false, '{"l":[null,{"k":"v"}]}'],
  ['a\\.b=c\\,d,t=true,z=null', false, '{"a.b":"c,d","t":true,"z":null}'],
  ['no value, l[99999]=x', false, '{}'],
])('--set %s', (written, asText, expected) => {
  const target = dict();
  applySet(target, written, { path: 'x', span: { start: 0, end: 1 } }, asText);
  expect(toJson(target, false).value).toBe(expected);
});
