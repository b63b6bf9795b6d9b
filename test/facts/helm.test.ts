/** Knows how charts are put together, rendered and traced back to templates and values. */
import { describe, expect, test } from '@jest/globals';
import { chart } from '../../src/facts/chart.ts';
import { linkCluster } from '../../src/facts/cluster.ts';
import type { Facts, FileFacts } from '../../src/facts/facts.ts';
import { chartHint, deadValues, switchHint, valuesKey } from '../../src/facts/helm/settings.ts';
import { type Environment, linkHelm, type RenderedChart } from '../../src/facts/helm.ts';
import type { Place } from '../../src/facts/span.ts';
import { at, plainOf, type YamlNode } from '../../src/facts/yaml.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

type Files = Readonly<Record<string, string>>;
const extract = await chart.load();

function factsOf(files: Files): Facts {
  const paths = Object.keys(files).sort();
  const data: FileFacts<never>[] = [];
  for (const path of paths) {
    const text = files[path]!;
    if (!chart.accepts(path) || !(chart.recognises?.(path, text) ?? true)) continue;
    const extracted = extract({ path, text, words: [] });
    if (extracted.data) data.push({ path, zone: 'production', blob: '', data: extracted.data as never });
  }
  const facts: Facts = {
    files: paths.map((path) => ({ path, size: files[path]!.length, zone: 'production' })),
    has: (path) => paths.includes(path),
    of: (kind) => (kind === 'chart' ? data : []) as never,
    linked: (build) => build(facts),
  };
  return facts;
}

const CHART = 'apiVersion: v2\nname: web\nversion: 1.2.3\nappVersion: "7.8"\n';

function link(files: Files): RenderedChart[] {
  return [...linkHelm(factsOf({ 'web/Chart.yaml': CHART, ...files })).charts];
}

function defaults(files: Files): Environment {
  return link(files)[0]!.environments[0]!;
}

const roots = (environment: Environment): YamlNode[] =>
  environment.files.flatMap((file) => file.documents.map(({ root }) => root));
const plain = (environment: Environment) => roots(environment).map(plainOf);

/** The text that a node or key is traced back to. */
function source(files: Files, place: Partial<Place> & { span: Place['span'] }): string {
  return `${place.path}: ${{ 'web/Chart.yaml': CHART, ...files }[place.path!]!.slice(place.span.start, place.span.end)}`;
}

const HELPERS = `{{- define "web.name" -}}{{ .Release.Name }}-{{ .Chart.Name | trunc 63 | trimSuffix "-" }}{{- end }}
{{- define "web.labels" -}}
app: {{ include "web.name" . }}
version: {{ .Chart.AppVersion | quote }}
{{- end }}
`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.name" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: web
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- with .Values.securityContext }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
          {{- if .Values.probe.enabled }}
          livenessProbe:
            httpGet: {path: /, port: 80}
          {{- end }}
`;
const WEB: Files = {
  'web/templates/_helpers.tpl': HELPERS,
  'web/templates/deployment.yaml': DEPLOYMENT,
  'web/values.yaml': `replicas: 2
image:
  repository: example.com/web
  tag: ""
securityContext: {}
resources:
  limits:
    cpu: 100m
probe:
  enabled: false
unused:
  key: 1
`,
  'web/values-prod.yaml': 'securityContext:\n  readOnlyRootFilesystem: true\nresources: null\n',
};

describe('rendering', () => {
  test('the defaults', () => {
    expect(plain(defaults(WEB))).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web-web', labels: { app: 'web-web', version: '7.8' } },
        spec: {
          replicas: 2,
          template: {
            spec: {
              containers: [{ name: 'web', image: 'example.com/web:7.8', resources: { limits: { cpu: '100m' } } }],
            },
          },
        },
      },
    ]);
  });

  test('every other values file is an environment of its own', () => {
    const [, production] = link(WEB)[0]!.environments;
    expect(production).toMatchObject({ name: 'web/values-prod.yaml', valuesFiles: ['web/values-prod.yaml'] });
    expect(at(plain(production!)[0] as never, 'x')).toBeUndefined();
    const container = at(roots(production!)[0], 'spec', 'template', 'spec', 'containers', 0);
    expect(plainOf(container!)).toMatchObject({ securityContext: { readOnlyRootFilesystem: true }, resources: null });
  });

  test('a schema of the values is no environment', () => {
    const [chart] = link({
      'web/Chart.yaml': CHART,
      'web/templates/a.yaml': 'kind: A\n',
      'web/values.schema.yaml': '$schema: http://json-schema.org/draft-07/schema#\ntype: object\n',
    });
    expect(chart!.environments.map(({ name }) => name)).toEqual(['defaults']);
  });

  test.each<[string, Files, unknown]>([
    [
      'objects of the engine',
      {
        'web/templates/a.yaml':
          'kind: A\nr: {{ .Release.Service }}\nn: {{ .Release.Namespace }}\nt: {{ .Template.Name }}\nv: {{ .Capabilities.APIVersions.Has "policy/v1" }}\nk: {{ semverCompare ">=1.25-0" .Capabilities.KubeVersion.Version }}\n',
      },
      [{ kind: 'A', r: 'Helm', n: 'default', t: 'web/templates/a.yaml', v: true, k: true }],
    ],
    [
      'files',
      {
        'web/templates/a.yaml':
          'kind: A\ndata:\n{{ (.Files.Glob "files/*.conf").AsConfig | indent 2 }}\none: {{ .Files.Get "files/a.conf" | b64enc }}\nall: [{{ range $path, $_ := .Files.Glob "files/**" }}{{ $path }},{{ end }}]\n',
        'web/files/a.conf': 'x=1',
      },
      [{ kind: 'A', data: { 'a.conf': 'x=1' }, one: 'eD0x', all: ['files/a.conf'] }],
    ],
    [
      'dashes without a line of their own',
      { 'web/templates/a.yaml': 'kind: A\n---\n\n{{- if true -}}\n\n# words\nkind: B\n{{- end }}\n' },
      [{ kind: 'A' }, { kind: 'B' }],
    ],
    [
      'tpl of values',
      {
        'web/templates/a.yaml': 'kind: A\nv: {{ tpl .Values.text . }}\n',
        'web/values.yaml': 'name: w\ntext: "{{ .Values.name }}-x"\n',
      },
      [{ kind: 'A', v: 'w-x' }],
    ],
    [
      'partials and notes are not rendered',
      { 'web/templates/_a.yaml': 'kind: A\n', 'web/templates/NOTES.txt': '{{ fail "x" }}' },
      [],
    ],
    [
      'a template included by its path',
      {
        'web/templates/a.yaml':
          'kind: A\ns: {{ include (print $.Template.BasePath "/b.yaml") . | sha256sum | trunc 4 }}\n',
        'web/templates/b.yaml': 'kind: B\n',
      },
      [{ kind: 'A', s: expect.any(String) }, { kind: 'B' }],
    ],
  ])('%s', (_, files, expected) => {
    expect(plain(defaults(files))).toEqual(expected);
  });
});

describe('sub-charts', () => {
  const sub = (name: string, extra = '') => ({
    [`web/charts/${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${extra}`,
    [`web/charts/${name}/values.yaml`]: 'port: 1\nhost: default\nenabled: true\n',
    [`web/charts/${name}/templates/s.yaml`]: `kind: Sub\nname: {{ .Chart.Name }}\nport: {{ .Values.port }}\nhost: {{ .Values.host }}\nregion: {{ .Values.global.region }}\n`,
  });

  test.each<[string, Files, unknown]>([
    [
      'values and globals of the parent rank first',
      { ...sub('db'), 'web/values.yaml': 'global:\n  region: eu\ndb:\n  port: 2\n' },
      [{ kind: 'Sub', name: 'db', port: 2, host: 'default', region: 'eu' }],
    ],
    [
      'null removes a default',
      { ...sub('db'), 'web/values.yaml': 'global: {region: eu}\ndb:\n  host: null\n' },
      [{ kind: 'Sub', name: 'db', port: 1, host: null, region: 'eu' }],
    ],
    [
      'a condition switches off',
      {
        ...sub('db'),
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: db, version: 1.0.0, condition: 'db.enabled'}\n`,
        'web/values.yaml': 'db: {enabled: false}\n',
      },
      [],
    ],
    [
      'tags switch off',
      {
        ...sub('db'),
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: db, version: 1.0.0, tags: [data]}\n`,
        'web/values.yaml': 'tags: {data: false}\n',
      },
      [],
    ],
    [
      'an alias',
      {
        ...sub('db'),
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: db, version: 1.0.0, alias: first}\n  - {name: db, version: 1.0.0, alias: second}\n`,
        'web/values.yaml': 'global: {region: eu}\nfirst: {port: 5}\n',
      },
      [
        { kind: 'Sub', name: 'second', port: 1, host: 'default', region: 'eu' },
        { kind: 'Sub', name: 'first', port: 5, host: 'default', region: 'eu' },
      ],
    ],
    [
      'a folder elsewhere',
      {
        'lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n',
        'lib/templates/_x.tpl': '{{ define "lib.x" }}from-lib{{ end }}',
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: lib, version: 1.0.0, repository: 'file://../lib'}\n`,
        'web/templates/a.yaml': 'kind: A\nx: {{ include "lib.x" . }}\n',
      },
      [{ kind: 'A', x: 'from-lib' }],
    ],
    [
      'imported values',
      {
        ...sub('db'),
        'web/charts/db/values.yaml': 'exports:\n  data:\n    shared: 9\n',
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: db, version: 1.0.0, import-values: [data], condition: x}\n`,
        'web/templates/a.yaml': 'kind: A\ns: {{ .Values.shared }}\n',
        'web/charts/db/templates/s.yaml': '',
      },
      [{ kind: 'A', s: 9 }],
    ],
    [
      'globals of one sub-chart are seen by the others, below the first level',
      {
        ...sub('db'),
        ...sub('cache'),
        'web/values.yaml': 'global: {region: {zone: {}}}\ndb: {global: {region: {zone: {name: a}}}}\n',
      },
      [
        { kind: 'Sub', name: 'cache', port: 1, host: 'default', region: 'map[zone:map[name:a]]' },
        { kind: 'Sub', name: 'db', port: 1, host: 'default', region: 'map[zone:map[name:a]]' },
      ],
    ],
    [
      'a condition is looked up in the values of the root, not in those of the chart that has it',
      {
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: mid, version: 1.0.0}\n`,
        'web/charts/mid/Chart.yaml':
          'apiVersion: v2\nname: mid\nversion: 1.0.0\ndependencies:\n  - {name: db, version: 1.0.0, condition: db.enabled}\n',
        ...Object.fromEntries(
          Object.entries(sub('db')).map(([path, text]) => [path.replace('web/', 'web/charts/mid/'), text]),
        ),
        'web/values.yaml': 'global: {region: eu}\ndb: {enabled: false}\n',
      },
      [{ kind: 'Sub', name: 'db', port: 1, host: 'default', region: 'eu' }],
    ],
    [
      'a library of the tree by its name, where its version fits',
      {
        'lib/Chart.yaml': 'apiVersion: v2\nname: shared\nversion: 1.4.2\ntype: library\n',
        'lib/templates/_x.tpl': '{{ define "shared.x" }}from-lib{{ end }}',
        'web/Chart.yaml': `${CHART}dependencies:\n  - {name: shared, version: ^1.3.0, repository: 'https://charts.example.com'}\n`,
        'web/templates/a.yaml': 'kind: A\nx: {{ include "shared.x" . }}\n',
      },
      [{ kind: 'A', x: 'from-lib' }],
    ],
    [
      'values as a plain map, and empty files',
      {
        'web/templates/a.yaml':
          'kind: A\nx: {{ dig "a" "b" "none" .Values.AsMap }}\ndata: {{ (.Files.Glob "no/*").AsConfig }}\n',
        'web/values.yaml': 'a: {b: 3}\n',
      },
      [{ kind: 'A', x: 3, data: {} }],
    ],
  ])('%s', (_, files, expected) => {
    const [chart] = link(files).filter((candidate) => candidate.chart.name === 'web');
    expect(plain(chart!.environments[0]!)).toEqual(expected);
  });

  test('a library of another version is another one', () => {
    const [chart] = link({
      'lib/Chart.yaml': 'apiVersion: v2\nname: shared\nversion: 2.0.0\ntype: library\n',
      'web/Chart.yaml': `${CHART}dependencies:\n  - {name: shared, version: 1.x.x, repository: 'https://charts.example.com'}\n`,
    });
    expect(chart!.chart.missing).toHaveLength(1);
  });

  test('what is not in the tree is named', () => {
    const [chart] = link({
      'web/Chart.yaml': `${CHART}dependencies:\n  - {name: redis, version: 1.0.0, repository: 'oci://example.com/charts'}\n`,
    });
    expect(chart!.chart.missing).toEqual([
      expect.objectContaining({ name: 'redis', reason: 'chart redis of oci://example.com/charts is not in the tree' }),
    ]);
  });
});

describe('origins', () => {
  const container = (environment: Environment) =>
    at(roots(environment)[0], 'spec', 'template', 'spec', 'containers', 0)!;

  test('nodes lead to the template or to the value', () => {
    const node = container(defaults(WEB));
    expect(source(WEB, at(node, 'name')! as never)).toBe('web/templates/deployment.yaml: web');
    expect(source(WEB, at(node, 'image')! as never)).toBe(
      'web/templates/deployment.yaml: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
    );
    expect(at(node, 'image')!.rendered).toEqual({ keys: ['image.repository'] });
    expect(source(WEB, at(node, 'resources', 'limits', 'cpu')! as never)).toBe('web/values.yaml: 100m');
    expect(at(node, 'resources', 'limits', 'cpu')!.rendered).toEqual({ keys: ['resources.limits.cpu'] });
    expect(source(WEB, at(roots(defaults(WEB))[0], 'spec', 'replicas')! as never)).toBe('web/values.yaml: 2');
    expect(source(WEB, at(roots(defaults(WEB))[0], 'metadata', 'labels', 'version')! as never)).toMatch(
      /_helpers.tpl|Chart.yaml/,
    );
  });

  test('a value of another environment leads to its file', () => {
    const [, production] = link(WEB)[0]!.environments;
    const node = at(container(production!), 'securityContext', 'readOnlyRootFilesystem')!;
    expect(source(WEB, node as never)).toBe('web/values-prod.yaml: true');
    expect(node.rendered).toEqual({ keys: ['securityContext.readOnlyRootFilesystem'] });
  });

  test('values of a file that templates read lead to their line', () => {
    const files = {
      'web/files/sizes.yaml': '# sizes\nsmall:\n  memory: 64Mi\n',
      'web/templates/a.yaml': 'kind: A\nm: {{ (.Files.Get "files/sizes.yaml" | fromYaml).small.memory }}\n',
    };
    const [root] = roots(defaults(files));
    expect(source(files, at(root, 'm')!)).toBe('web/files/sizes.yaml: 64Mi');
  });

  test('branches not taken say which key would take them', () => {
    const offers = container(defaults(WEB)).rendered?.offers;
    expect(offers).toEqual([
      { words: ['securityContext'], keys: ['securityContext'] },
      { words: ['livenessProbe', 'httpGet'], keys: ['probe.enabled'] },
    ]);
  });

  test('the key that would set a part, there or not', () => {
    const [base, production] = link(WEB)[0]!.environments.map(container);
    expect(valuesKey(base, 'securityContext', 'readOnlyRootFilesystem')).toBe('securityContext.readOnlyRootFilesystem');
    expect(valuesKey(production, 'securityContext', 'readOnlyRootFilesystem')).toBe(
      'securityContext.readOnlyRootFilesystem',
    );
    expect(valuesKey(base, 'resources', 'limits', 'memory')).toBe('resources.limits.memory');
    expect(valuesKey(production, 'resources', 'limits', 'memory')).toBe('resources.limits.memory');
    expect(valuesKey(base, 'livenessProbe')).toBe('probe.enabled');
    expect(valuesKey(base, 'imagePullPolicy')).toBeUndefined();
    expect(chartHint(base, 'livenessProbe')).toBe(' In the chart the value `probe.enabled` decides it.');
  });

  test('values that no template reads', () => {
    expect(link(WEB)[0]!.unread.map(({ path, key }) => `${path} ${key}`)).toEqual(['web/values.yaml unused']);
    const off = factsOf({
      'web/Chart.yaml': CHART,
      ...WEB,
      'web/templates/np.yaml':
        '{{- if and .Values.policy.enabled .Values.x }}\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{{- end }}\n',
    });
    expect(switchHint(off, 'web', 'NetworkPolicy')).toBe(
      ' The chart has a NetworkPolicy that the value `policy.enabled` switches on.',
    );
    expect(switchHint(off, 'web', 'Ingress')).toBe('');
    const inner = factsOf({
      'web/Chart.yaml': CHART,
      ...WEB,
      'web/values.yaml': 'shop: {create: true}\npolicy: {create: false}\n',
      'web/templates/p.yaml':
        '{{- if .Values.shop.create }}\n{{- if .Values.policy.create }}\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{{- end }}\n{{- end }}\n',
    });
    expect(switchHint(inner, 'web', 'NetworkPolicy')).toContain('`policy.create`');
    expect(deadValues(off, 'web', 'unused').related!.map(({ path }) => path)).toEqual(['web/values.yaml']);
    expect(deadValues(off, 'other', 'unused')).toEqual({});
    const dead = link({ ...WEB, 'web/values.yaml': `${WEB['web/values.yaml']}dead: {limits: [{memory: 1Gi}]}\n` })[0]!;
    expect(dead.unread.map(({ holds }) => holds.join(' '))).toContain('dead limits memory');
  });
});

test('the cluster holds what charts render, once for each environment', () => {
  const hook =
    'apiVersion: v1\nkind: Pod\nmetadata:\n  annotations: {helm.sh/hook: test}\nspec: {containers: [{name: t}]}\n';
  const { workloads, unevaluated } = linkCluster(
    factsOf({ 'web/Chart.yaml': CHART, ...WEB, 'web/templates/test.yaml': hook }),
  );
  expect(workloads.map(({ chart, path, pod }) => [chart?.environment, path, pod.containers.length])).toEqual([
    ['defaults', 'web/templates/deployment.yaml', 1],
    ['web/values-prod.yaml', 'web/templates/deployment.yaml', 1],
  ]);
  expect(unevaluated).toEqual([]);
});

describe('what cannot be evaluated', () => {
  test('a missing required value is unknown, the rest of the object is there', () => {
    const environment = defaults({
      'web/templates/a.yaml': 'kind: A\nimage: {{ required "set the image" .Values.image }}\nb: 1\n',
    });
    const [root] = roots(environment);
    expect(at(root, 'image')!.rendered?.unknown).toBe('set the image');
    expect(plainOf(at(root, 'b')!)).toBe(1);
    expect(environment.files[0]!.failures).toHaveLength(1);
  });

  test('an object in which a template fails is unknown, its neighbours are not', () => {
    const environment = defaults({ 'web/templates/a.yaml': 'kind: A\nx: {{ .Values.a.b.c }}\n---\nkind: B\n' });
    expect(roots(environment).map((root) => root.rendered?.unknown)).toEqual([
      expect.stringContaining('nil pointer'),
      undefined,
    ]);
    expect(environment.files[0]!.failures).toEqual([
      expect.objectContaining({ path: 'web/templates/a.yaml', span: { start: 11, end: 30 } }),
    ]);
  });

  test('notes that fail make the chart fail; what they say is no object', () => {
    const files = { 'web/templates/a.yaml': 'kind: A\n', 'web/templates/NOTES.txt': 'kind: B\nOpen: [it\n' };
    expect(plain(defaults(files))).toEqual([{ kind: 'A' }]);
    expect(defaults(files).files.flatMap(({ failures }) => failures)).toEqual([]);
    const stern = {
      ...files,
      'web/templates/NOTES.txt': '{{ if not .Values.image }}{{ fail "set an image" }}{{ end }}',
    };
    const failed = defaults(stern).files.flatMap(({ failures }) => failures);
    expect(failed).toEqual([expect.objectContaining({ path: 'web/templates/NOTES.txt', reason: 'set an image' })]);
  });

  test('small print of Go and Helm', () => {
    const [root] = roots(
      defaults({
        'web/Chart.yaml': CHART.replace('"7.8"', '7.10'),
        'web/values.yaml':
          'list:\n  - it is said that lines of more than eighty characters are broken where a blank stands in them\n',
        'web/templates/a.yaml': `kind: A
app: "{{ .Chart.AppVersion }}"
bar: {{ .Release.Name | quote | }}
has: {{ has "apps/v1" .Capabilities.APIVersions }}
piped: {{ .Values.none | keys | len }}
{{- $none := .Values.none }}
variable: {{ hasKey $none "x" }}
text: |
  {{- toYaml .Values.list | nindent 2 }}
`,
      }),
    );
    expect(plainOf(root!)).toEqual({
      kind: 'A',
      app: '7.1',
      bar: 'web',
      has: true,
      piped: 0,
      variable: false,
      text: '- it is said that lines of more than eighty characters are broken where a blank stands\n  in them\n',
    });
    const [held] = roots(defaults({ 'web/templates/a.yaml': 'kind: A\nx: {{ hasKey .Values.none "y" }}\n' }));
    expect(at(held, 'x')!.rendered?.unknown).toMatch(/^invalid value/);
  });

  test('random values are unknown', () => {
    const [root] = roots(defaults({ 'web/templates/a.yaml': 'kind: A\np: {{ randAlphaNum 8 | b64enc | quote }}\n' }));
    expect(at(root, 'p')!.rendered?.unknown).toBe('random text');
  });

  test('text that is no YAML', () => {
    const environment = defaults({ 'web/templates/a.yaml': 'kind: A\nb: [{{ .Values.x }}\n' });
    expect(environment.files[0]!.failures[0]!.reason).toMatch(/no valid YAML/);
  });
});

test('broken charts never throw, and places lie in their files', () => {
  const pieces = [
    '{{ .Values.a }}',
    '{{ end }}',
    '{{ if .Values.a }}',
    '{{ range .Values.l }}',
    'kind: A\n',
    'a:\n',
    '  - b\n',
    '{{ toYaml .Values | nindent 2 }}',
    '{{ include "x" . }}',
    '{{ define "x" }}',
    '---\n',
    '{{ tpl .Values.t . }}',
    ' ',
    '\n',
  ];
  const values = [
    'a: 1\n',
    'l: [1, {b: 2}]\n',
    't: "{{ .Values.a }}"\n',
    'a: {b: [}\n',
    '\t',
    'x: &x [*x]\n',
    'global: 1\n',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 14 }),
      fc.array(fc.constantFrom(...values), { maxLength: 4 }),
      (template, lines) => {
        const files: Files = { 'web/templates/a.yaml': template.join(''), 'web/values.yaml': lines.join('') };
        const visit = (node: YamlNode): void => {
          const length = { 'web/Chart.yaml': CHART, ...files }[node.path!]!.length;
          expect(node.span.start).toBeLessThanOrEqual(node.span.end);
          expect(node.span.end).toBeLessThanOrEqual(length);
          if (node.kind === 'list') node.items.forEach(visit);
          if (node.kind === 'map') for (const entry of node.entries) visit(entry.value);
        };
        for (const { environments } of link(files))
          for (const environment of environments) roots(environment).forEach(visit);
      },
    ),
    { numRuns: 400 },
  );
});

test.each([
  ['loops', '{{ range until 9999 }}{{ range until 9999 }}{{ toJson (dict "a" 1) }}{{ end }}{{ end }}'],
  ['recursion', '{{ define "x" }}{{ include "x" . }}{{ include "x" . }}{{ end }}{{ include "x" . }}'],
  ['growing texts', '{{ $s := "aaaaaaaaaa" }}{{ range until 9999 }}{{ $s = print $s $s }}{{ end }}'],
  [
    'shared maps',
    '{{ $d := dict }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ $d }}{{ toJson $d }}{{ deepCopy $d }}',
  ],
  ['growing lists', '{{ $l := list 1 }}{{ range until 40 }}{{ $l = concat $l $l }}{{ end }}'],
  ['regular expressions', `{{ range until 9999 }}{{ regexMatch "(a+)+b" "${'a'.repeat(50)}" }}{{ end }}`],
  ['tpl in itself', '{{ $t := "{{ tpl .t . }}" }}{{ tpl $t (dict "t" $t) }}'],
])('%s come to an end', (_, template) => {
  const start = cpuTime();
  expect(defaults({ 'web/templates/a.yaml': template }).files[0]!.failures).not.toEqual([]);
  expect(cpuTime() - start).toBeLessThan(20_000);
});

test('many documents of one template take time in proportion to their number', () => {
  const template =
    '{{ range until 5000 }}\n---\nkind: X\nname: x{{ . }}\nnamespace: {{ $.Release.Name }}\nlabel: {{ $.Chart.Name }}\n{{ end }}';
  const start = cpuTime();
  expect(roots(defaults({ 'web/templates/a.yaml': template }))).toHaveLength(5000);
  expect(cpuTime() - start).toBeLessThan(10_000);
});

test('definitions of custom resources are left out, a text that names them is not', () => {
  const definition = 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n';
  const other = 'kind: ConfigMap\ndata:\n  a: |\n    kind: CustomResourceDefinition\n';
  const [only, ...more] = plain(defaults({ 'web/templates/a.yaml': `${definition}---\n${other}` }));
  expect(only).toMatchObject({ kind: 'ConfigMap' });
  expect(more).toEqual([]);
});
