/** Knows Kubernetes manifests: objects, and the pods and containers of every kind of workload, all located. */
import type { Extractor } from './facts.ts';
import type { Span } from './span.ts';
import {
  at,
  booleanOf,
  entriesOf,
  itemsOf,
  loadYaml,
  movedNode,
  scalarOffsets,
  textOf,
  type YamlDocument,
  type YamlEntry,
  type YamlFile,
  type YamlMap,
  type YamlNode,
  type YamlScalar,
} from './yaml.ts';

/** One file: a manifest, or a kustomization. */
export interface Manifest {
  readonly objects: readonly KubeObject[];
  /** Content of a kustomization.yaml. */
  readonly kustomization?: YamlMap;
  /** A file of JSON patch operations, of kustomize's replacements, or a part of an object that is merged into others. */
  readonly patch?: YamlNode;
  /** Documents of patches that a kustomization spells out in block texts, by offset of the text. */
  readonly inline?: Readonly<Record<string, readonly YamlNode[]>>;
  /** A comment at its head says that a tool writes it. */
  readonly generated?: true;
}

/** Any object. `path` is set where it does not stand in the file that was read (rendered or patched). */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent with generateName and in patches by label. */
  readonly name?: string;
  /** As written in the object. */
  readonly namespace?: string;
  readonly body: YamlMap;
  readonly span: Span;
  readonly path?: string;
  /** The comment `# Source: chart/templates/web.yaml` by which `helm template` says what it rendered. */
  readonly rendered?: { readonly chart: string; readonly template: string };
  /** Its document has a syntax error, or its template could not be evaluated: what is missing proves nothing. */
  readonly broken?: true;
}

/** Pod specification of a workload, with the labels its pods carry. */
export interface Pod {
  readonly labels: ReadonlyMap<string, string>;
  readonly spec: YamlMap;
  readonly containers: readonly Container[];
  readonly hostNetwork: boolean;
}

export interface Container {
  /** `sidecar`: an init container that keeps running (restartPolicy Always). */
  readonly role: 'container' | 'init' | 'sidecar' | 'ephemeral';
  readonly name: string;
  readonly body: YamlMap;
  readonly span: Span;
  readonly path?: string;
  readonly image?: YamlScalar;
}

const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;

/** ytt's directives are comments: what the document says by itself is not what is deployed. */
const YTT = /(?:^|[:-]) *#@ *\S/m;

export const kubernetes: Extractor<'kubernetes'> = {
  kind: 'kubernetes',
  // A build joins files that need not hold a word of interest: kustomizations, patches, bases.
  whole: true,
  accepts: (path) => /\.(?:ya?ml|json)$/i.test(path) || KUSTOMIZATION.test(path),
  recognises: (path, text) =>
    KUSTOMIZATION.test(path) || (hasKey(text, 'apiVersion') && isPlain(path, text)) || isPatch(text) || isPart(text),
  load: async () => {
    const read = await loadYaml();
    return ({ path, text }) => {
      const { documents, problems } = read(text);
      if (KUSTOMIZATION.test(path)) {
        const root = documents[0]?.root;
        if (root?.kind !== 'map') return { problems };
        return { data: { objects: [], kustomization: root, inline: inlinePatches(root, text, read) }, problems };
      }
      const patch = documents[0]?.root;
      if (patch && patch.kind !== 'scalar' && (isPatch(text) || isPart(text)) && objectsIn(documents).length === 0)
        return { data: { objects: [], patch } };
      const templated = YTT.test(text) ? { broken: true as const } : {};
      const objects = documents.flatMap((document) =>
        withSource(objectsIn([document]), document, text).map((object) => ({ ...object, ...templated })),
      );
      if (objects.length === 0 && !documents.some((document) => document.broken)) return {};
      return { data: { objects, ...(isGenerated(text) ? { generated: true } : {}) }, problems };
    };
  },
};

function isPatch(text: string): boolean {
  return (
    text.length < 100_000 &&
    /^\s*(?:#[^\n]*\n\s*|---\s*)*(?:-|\[|replacements:|source:|targets:)/.test(text) &&
    ((hasKey(text, 'op') && hasKey(text, 'path')) || (hasKey(text, 'source') && hasKey(text, 'targets')))
  );
}

/** A part of an object without its apiVersion: a patch for what the kustomization says. */
function isPart(text: string): boolean {
  return (
    text.length < 100_000 &&
    /^(?:spec|data|stringData|metadata):/m.test(text) &&
    !/^apiVersion:/m.test(text) &&
    !text.includes('{{') &&
    !/^(?:services|jobs|stages|on|resource|Resources|swagger|openapi):/m.test(text)
  );
}

function inlinePatches(root: YamlMap, text: string, read: (text: string) => YamlFile): Record<string, YamlNode[]> {
  const texts = [
    ...itemsOf(at(root, 'patchesStrategicMerge')),
    ...[...itemsOf(at(root, 'patches')), ...itemsOf(at(root, 'patchesJson6902'))].map((patch) => at(patch, 'patch')),
  ];
  const found: Record<string, YamlNode[]> = {};
  for (const node of texts) {
    if (node?.kind !== 'scalar' || !/[\n{[]/.test(node.text)) continue;
    const map = scalarOffsets(text, node);
    const documents = read(node.text).documents.filter((document) => !document.broken);
    found[node.span.start] = documents.map((document) => movedNode(document.root, map));
  }
  return found;
}

function hasKey(text: string, key: string): boolean {
  return new RegExp(`(?:^|[\\s{,])["']?${key}["']?\\s*:`).test(text);
}

function isGenerated(text: string): boolean {
  const head = /^(?:[ \t]*(?:#[^\n]*|---[ \t]*)?\r?\n)*/.exec(text.slice(0, 4000))![0];
  return /^#.*(?:\bauto-?generated\b|\bgenerated (?:by|from|with|automatically)\b|\bdo not (?:manually )?edit\b)/im.test(
    head,
  );
}

function withSource(objects: KubeObject[], { root }: YamlDocument, text: string): KubeObject[] {
  const before = text.slice(
    Math.max(text.lastIndexOf('\n---', root.span.start), root.span.start - 1000, 0),
    root.span.start,
  );
  const source = /^# Source: ([\w.-]+)\/(\S+)[ \t]*\r?$/m.exec(before);
  if (!source) return objects;
  const rendered = { chart: source[1]!, template: source[2]! };
  return objects.map((object) => ({ ...object, rendered }));
}

/** Templates of charts, and files that these read as templates, are no YAML: another model evaluates them. */
function isPlain(path: string, text: string): boolean {
  return !(/(?:^|\/)(?:templates|files)\//.test(path) && text.includes('{{')) && hasKey(text, 'kind');
}

/** Objects of parsed documents, those inside lists included; anything without apiVersion and kind is left out. */
export function objectsIn(documents: readonly YamlDocument[]): KubeObject[] {
  return documents.flatMap(({ root, broken }) => objectsOf(root, broken, 0));
}

/** Objects of one node: itself, or the items of a list. */
export function objectsOf(node: YamlNode, broken = false, depth = 0): KubeObject[] {
  const apiVersion = textOf(at(node, 'apiVersion'));
  const kind = textOf(at(node, 'kind'));
  if (node.kind !== 'map' || apiVersion === undefined || kind === undefined) return [];
  if (kind.endsWith('List') && at(node, 'items')?.kind === 'list' && depth < 5) {
    return itemsOf(at(node, 'items')).flatMap((item) => objectsOf(item, broken, depth + 1));
  }
  const name = textOf(at(node, 'metadata', 'name'));
  const namespace = textOf(at(node, 'metadata', 'namespace'));
  return [
    {
      apiVersion,
      kind,
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      body: node,
      span: node.span,
      ...(node.path === undefined ? {} : { path: node.path }),
      ...(broken || node.rendered?.unknown !== undefined ? { broken: true } : {}),
    },
  ];
}

/** Where each kind of workload keeps its pod template; the API groups that use the kind. */
const TEMPLATES: Readonly<Record<string, { readonly groups: RegExp; readonly at: readonly string[] }>> = {
  Pod: { groups: /^v1$/, at: [] },
  PodTemplate: { groups: /^v1$/, at: ['template'] },
  ReplicationController: { groups: /^v1$/, at: ['spec', 'template'] },
  Deployment: { groups: /^(?:apps|extensions)\//, at: ['spec', 'template'] },
  StatefulSet: { groups: /^apps\b/, at: ['spec', 'template'] },
  DaemonSet: { groups: /^(?:apps|extensions)\b/, at: ['spec', 'template'] },
  ReplicaSet: { groups: /^(?:apps|extensions)\//, at: ['spec', 'template'] },
  Job: { groups: /^batch\//, at: ['spec', 'template'] },
  CronJob: { groups: /^batch\//, at: ['spec', 'jobTemplate', 'spec', 'template'] },
  DeploymentConfig: { groups: /^(?:apps\.openshift\.io\/)?v1$/, at: ['spec', 'template'] },
  Rollout: { groups: /^argoproj\.io\//, at: ['spec', 'template'] },
  CloneSet: { groups: /^apps\.kruise\.io\//, at: ['spec', 'template'] },
  Service: { groups: /^serving\.knative\.dev\//, at: ['spec', 'template'] },
  Configuration: { groups: /^serving\.knative\.dev\//, at: ['spec', 'template'] },
  Revision: { groups: /^serving\.knative\.dev\//, at: [] },
  ContainerSource: { groups: /^sources\.knative\.dev\//, at: ['spec', 'template'] },
  ScaledJob: { groups: /^keda\.sh\//, at: ['spec', 'jobTargetRef', 'template'] },
  Sandbox: { groups: /^agents\.x-k8s\.io\//, at: ['spec', 'podTemplate'] },
  SandboxTemplate: { groups: /^extensions\.agents\.x-k8s\.io\//, at: ['spec', 'podTemplate'] },
  Notebook: { groups: /^kubeflow\.org\//, at: ['spec', 'template'] },
};

/** Kinds that run a service until stopped, as opposed to jobs that end. */
export function runsForever(object: KubeObject): boolean {
  return !['Job', 'CronJob', 'PodTemplate', 'ScaledJob'].includes(object.kind);
}

/** The pod template of an object (a map with metadata and spec), or undefined when it is no workload. */
export function podTemplate(object: KubeObject): YamlMap | undefined {
  const place = TEMPLATES[object.kind];
  if (!place?.groups.test(object.apiVersion)) return undefined;
  const template = at(object.body, ...place.at);
  return template?.kind === 'map' ? template : undefined;
}

/** Pod and containers of a workload; undefined for other objects and for workloads without containers. */
export function podOf(object: KubeObject): Pod | undefined {
  const template = podTemplate(object);
  const spec = at(template, 'spec');
  if (spec?.kind !== 'map') return undefined;
  const containers = [
    ...containersOf(spec, 'initContainers', 'init'),
    ...containersOf(spec, 'containers', 'container'),
    ...containersOf(spec, 'ephemeralContainers', 'ephemeral'),
  ];
  if (containers.length === 0) return undefined;
  const labels = new Map(
    entriesOf(at(template, 'metadata', 'labels')).map(({ key, value }) => [key, textOf(value) ?? '']),
  );
  return { labels, spec, containers, hostNetwork: booleanOf(at(spec, 'hostNetwork')) === true };
}

function containersOf(spec: YamlMap, key: string, role: Container['role']): Container[] {
  return itemsOf(at(spec, key)).flatMap((body, i) => {
    if (body.kind !== 'map') return [];
    const image = at(body, 'image');
    const keepsRunning = role === 'init' && textOf(at(body, 'restartPolicy')) === 'Always';
    return [
      {
        role: keepsRunning ? 'sidecar' : role,
        name: textOf(at(body, 'name')) ?? `${role} ${i + 1}`,
        body,
        span: body.span,
        ...(body.path === undefined ? {} : { path: body.path }),
        ...(image?.kind === 'scalar' && image.value !== null ? { image } : {}),
      },
    ];
  });
}

/** Entry of the workload's name, for findings about the whole object; the object itself when it has none. */
export function nameEntry(object: KubeObject): YamlEntry | KubeObject {
  const metadata = at(object.body, 'metadata');
  return entriesOf(metadata).find(({ key }) => key === 'name') ?? object;
}

/** "Deployment web": how messages call an object. */
export function titleOf(object: KubeObject): string {
  return object.name === undefined ? object.kind : `${object.kind} ${object.name}`;
}
