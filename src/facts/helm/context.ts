/** Knows the objects that templates start from: Release, Chart, Capabilities, Files, Template. */
import picomatch from 'picomatch';
import { textOf, type YamlNode } from '../yaml.ts';
import { textArg } from './arguments.ts';
import { type Chart, inFolder } from './charts.ts';
import {
  bool,
  type DictValue,
  dict,
  FALSE,
  type HostValue,
  int,
  list,
  type Origin,
  printFloat,
  TRUE,
  text,
  unknownText,
  type Value,
} from './value.ts';
import { fromNode, toYaml } from './yaml-text.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** Kubernetes that charts are rendered for when nothing says otherwise. */
const KUBERNETES = { major: '1', minor: '34', version: 'v1.34.0' };
const API_VERSIONS = new Set(
  [
    'v1',
    'admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 admissionregistration.k8s.io/v1beta1',
    'internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2',
    'authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1',
    'authorization.k8s.io/v1 authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1',
    'certificates.k8s.io/v1 certificates.k8s.io/v1alpha1 certificates.k8s.io/v1beta1',
    'coordination.k8s.io/v1 coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1',
    'discovery.k8s.io/v1 discovery.k8s.io/v1beta1 events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1',
    'flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2',
    'flowcontrol.apiserver.k8s.io/v1beta3 networking.k8s.io/v1 networking.k8s.io/v1beta1',
    'node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 policy/v1beta1',
    'rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1alpha1 rbac.authorization.k8s.io/v1beta1',
    'resource.k8s.io/v1 resource.k8s.io/v1alpha3 resource.k8s.io/v1beta1 resource.k8s.io/v1beta2',
    'scheduling.k8s.io/v1 scheduling.k8s.io/v1beta1 storage.k8s.io/v1 storage.k8s.io/v1alpha1 storage.k8s.io/v1beta1',
    'storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1 apiextensions.k8s.io/v1beta1',
  ].flatMap((line) => line.split(' ')),
);

type Members = [string, Value | ((args: readonly Value[]) => Value)][];

function host(type: string, members: Members, print = type): HostValue {
  return { kind: 'host', type, print, fields: new Map(members) };
}

function capabilities(): HostValue {
  const { major, minor, version } = KUBERNETES;
  const kubernetes: Members = [
    ['Version', text(version)],
    ['GitVersion', text(version)],
    ['Major', text(major)],
    ['Minor', text(minor)],
    ['String', () => text(version)],
  ];
  const versions: HostValue = {
    ...host('chartutil.VersionSet', [['Has', (args) => bool(API_VERSIONS.has(textArg(args, 0).value))]]),
    items: [...API_VERSIONS].map((version) => text(version)),
  };
  return host('*chartutil.Capabilities', [
    ['KubeVersion', host('chartutil.KubeVersion', kubernetes, version)],
    ['APIVersions', versions],
    [
      'HelmVersion',
      host('version.BuildInfo', [
        ['Version', text('v4.1.0')],
        ['GoVersion', text('go1.25.0')],
      ]),
    ],
  ]);
}

/** Chart.yaml with Go's names of its fields. */
function metadata(chart: Chart, name: string, isRoot: boolean): DictValue {
  const place = (node: YamlNode): Origin => ({ path: chart.path, span: node.span });
  const result = dict([['IsRoot', bool(isRoot)]]);
  const names: Record<string, string> = {
    apiVersion: 'APIVersion',
    appVersion: 'AppVersion',
    kubeVersion: 'KubeVersion',
  };
  for (const field of [
    'Name',
    'Version',
    'AppVersion',
    'Description',
    'Type',
    'Home',
    'Icon',
    'Condition',
    'Tags',
    'KubeVersion',
  ]) {
    result.entries.set(field, text(''));
  }
  for (const field of ['Keywords', 'Sources', 'Maintainers', 'Dependencies']) result.entries.set(field, list([]));
  result.entries.set('Annotations', dict());
  result.entries.set('Deprecated', FALSE);
  for (const { key, value } of chart.metadata.kind === 'map' ? chart.metadata.entries : []) {
    const field = names[key] ?? key.charAt(0).toUpperCase() + key.slice(1);
    const written = plainText(value);
    const known = result.entries.get(field);
    if (known?.kind === 'text') {
      if (written !== undefined)
        result.entries.set(field, text(written, [{ ...place(value), start: 0, end: written.length }]));
    } else result.entries.set(field, fromNode(value, place));
  }
  if (name !== chart.name) result.entries.set('Name', text(name));
  return result;
}

/** A text of the metadata; Helm takes a number that is not quoted as a number first: `1.10` becomes "1.1". */
function plainText(node: YamlNode): string | undefined {
  const number =
    node.kind === 'scalar' && node.style === 'plain' && typeof node.value === 'number' && /\D/.test(node.text);
  return number ? printFloat(node.value as number) : textOf(node);
}

function filesOf(chart: Chart, files: ReadonlyMap<string, string | undefined>): HostValue {
  const contents = (path: string): Value => {
    const content = files.get(path);
    const place = { path: inFolder(chart.folder, path), span: { start: 0, end: content?.length ?? 0 } };
    if (content === undefined) return files.has(path) ? unknownText('content', `${path} is not read`, place) : text('');
    return text(content, [{ ...place, start: 0, end: content.length, copied: true }]);
  };
  const glob = (args: readonly Value[]): Value => {
    const matches = picomatch(textArg(args, 0).value, { dot: true });
    return filesOf(chart, new Map([...files].filter(([path]) => matches(path))));
  };
  const data = (encode: boolean): Value => {
    const entries = [...files.keys()].map((path): [string, Value] => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const value = contents(path);
      if (!encode || value.kind !== 'text') return [name, value];
      const written = Buffer.from(value.value).toString('base64');
      return [
        name,
        text(
          written,
          value.runs.slice(0, 1).map(({ copied: _, ...run }) => ({ ...run, end: written.length })),
        ),
      ];
    });
    return toYaml(dict(entries));
  };
  const lines = (args: readonly Value[]): Value => {
    const value = contents(textArg(args, 0).value);
    if (value.kind !== 'text' || value.value === '') return list([]);
    return list(
      value.value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => text(line)),
    );
  };
  const members: Members = [
    ['Get', (args) => contents(textArg(args, 0).value)],
    ['GetBytes', (args) => contents(textArg(args, 0).value)],
    ['Glob', glob],
    ['Lines', lines],
    ['AsConfig', () => data(false)],
    ['AsSecrets', () => data(true)],
  ];
  const entries = new Map([...files.keys()].sort().map((path) => [path, contents(path)]));
  return { ...host('engine.files', members, 'map[]'), entries };
}

/** Data that the templates of one chart are executed with; `parent` is the enclosing chart's. */
export function contextOf(chart: Chart, name: string, release: Release, values: Value, parent?: DictValue): DictValue {
  const shared = parent?.entries;
  return dict([
    ['Chart', metadata(chart, name, !parent)],
    ['Files', filesOf(chart, chart.files)],
    ['Release', shared?.get('Release') ?? releaseOf(release)],
    ['Capabilities', shared?.get('Capabilities') ?? capabilities()],
    ['Values', values.kind === 'dict' ? { ...values, type: 'chartutil.Values' } : values],
    ['Subcharts', dict()],
  ]);
}

function releaseOf({ name, namespace }: Release): DictValue {
  return dict([
    ['Name', text(name)],
    ['Namespace', text(namespace)],
    ['IsInstall', TRUE],
    ['IsUpgrade', FALSE],
    ['Revision', int(1)],
    ['Service', text('Helm')],
  ]);
}
