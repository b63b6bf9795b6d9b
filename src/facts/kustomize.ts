/** Knows kustomizations: what a folder's build gives, with bases, components, patches, images, labels and namespaces. */
import type { Facts } from './facts.ts';
import { imageName, parseImage } from './images.ts';
import { type KubeObject, type Manifest, objectsOf, podTemplate } from './kubernetes.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Place } from './span.ts';
import { at, entriesOf, entryOf, itemsOf, relocate, textOf, type YamlMap, type YamlNode } from './yaml.ts';

export interface Kustomization {
  readonly path: string;
  readonly folder: string;
  readonly root: YamlMap;
  readonly component: boolean;
}

/** What `kubectl apply -k` of a folder that nobody else builds on would create. */
export interface KustomizeBuild {
  readonly kustomization: Kustomization;
  readonly namespace?: string;
  readonly objects: readonly KubeObject[];
}

export interface KustomizeModel {
  readonly builds: readonly KustomizeBuild[];
  /** Manifests that kustomizations use, as objects or as patches: they are not applied as they stand. */
  readonly used: ReadonlySet<string>;
  /** Kustomizations that could not be built; their files count as they stand. */
  readonly broken: readonly (Place & { readonly reason: string })[];
}

interface Tree {
  readonly files: ReadonlyMap<string, Manifest>;
  readonly byFolder: ReadonlyMap<string, Kustomization>;
}

interface Built {
  readonly objects: KubeObject[];
  readonly used: Set<string>;
}

/** Builds every kustomization, and every component, that no other one uses. A pure join: use through `facts.linked`. */
export function linkKustomize(facts: Facts): KustomizeModel {
  const files = new Map(facts.of('kubernetes').map(({ path, data }) => [path, data]));
  const byFolder = new Map<string, Kustomization>();
  for (const [path, { kustomization: root }] of files) {
    if (!root) continue;
    const folder = folderOf(path);
    byFolder.set(folder, { path, folder, root, component: textOf(at(root, 'kind')) === 'Component' });
  }
  const tree: Tree = { files, byFolder };
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  // A test that builds on production's folders does not make them its own.
  const children = new Set(
    [...byFolder.values()].flatMap((one) =>
      references(one).flatMap(({ path }) => {
        const child = tree.byFolder.get(path);
        const foreign = child && zones.get(one.path) !== 'production' && zones.get(child.path) === 'production';
        return foreign ? [] : [path];
      }),
    ),
  );
  const builds: (KustomizeBuild & { readonly files: ReadonlySet<string> })[] = [];
  const used = new Set<string>();
  const broken: (Place & { reason: string })[] = [];
  for (const one of byFolder.values()) {
    if (children.has(one.folder)) continue;
    try {
      const result = build(one, tree, []);
      const namespace = textOf(at(one.root, 'namespace'));
      builds.push({
        kustomization: one,
        ...(namespace === undefined ? {} : { namespace }),
        objects: result.objects,
        files: result.used,
      });
      for (const path of result.used) used.add(path);
    } catch (error) {
      if (!(error instanceof Unbuildable)) throw error;
      broken.push({
        path: one.path,
        span: { start: one.root.span.start, end: one.root.span.start },
        reason: error.message,
      });
    }
  }
  // What tests and examples build from production's files says nothing about production.
  const real = builds.filter(({ kustomization }) => zones.get(kustomization.path) === 'production');
  const production = new Set(real.flatMap(({ files }) => [...files]));
  const counted = builds.filter((one) => real.includes(one) || ![...one.files].some((file) => production.has(file)));
  return { builds: counted, used, broken };
}

class Unbuildable extends Error {}

interface Reference {
  /** File or folder. */
  readonly path: string;
  readonly component: boolean;
}

/** Local files and folders a kustomization is made of; remote ones are left out. */
function references({ folder, root }: Kustomization): Reference[] {
  return (['resources', 'bases', 'components'] as const).flatMap((key) =>
    itemsOf(at(root, key)).flatMap((item): Reference[] => {
      const text = textOf(item);
      if (text === undefined || /^(?:https?|ssh|git):|^git@|^[\w-]+\.[\w.-]+\/|\?ref=/.test(text)) return [];
      const path = joinPath(folder, text);
      return path === undefined ? [] : [{ path, component: key === 'components' }];
    }),
  );
}

function build(one: Kustomization, tree: Tree, parents: readonly string[]): Built {
  if (parents.includes(one.folder) || parents.length > 30) throw new Unbuildable(`${one.folder} builds on itself`);
  const used = new Set<string>();
  let objects: KubeObject[] = [];
  const components: Kustomization[] = [];
  for (const { path, component } of references(one)) {
    const child = tree.byFolder.get(path);
    if (child && component) components.push(child);
    else if (child) {
      const inner = build(child, tree, [...parents, one.folder]);
      for (const file of inner.used) used.add(file);
      objects.push(...inner.objects);
    } else {
      const manifest = tree.files.get(path);
      used.add(path);
      // A resource that is missing or no manifest (a chart template, a folder without kustomization) adds nothing.
      for (const object of manifest?.objects ?? []) objects.push(placed(object, path));
    }
  }
  for (const component of components) {
    const inner = build(component, tree, [...parents, one.folder]);
    for (const file of inner.used) used.add(file);
    objects.push(...inner.objects);
    objects = transform(component, objects, tree, used);
  }
  const transformed = one.component && parents.length > 0 ? objects : transform(one, objects, tree, used);
  return { objects: transformed, used };
}

function placed(object: KubeObject, path: string): KubeObject {
  return object.path === undefined ? { ...object, path, body: relocate(object.body, path) } : object;
}

function transform(one: Kustomization, before: KubeObject[], tree: Tree, used: Set<string>): KubeObject[] {
  let objects = before;
  for (const patch of patchesOf(one, tree, used)) objects = apply(patch, objects);
  objects = withLabels(one.root, objects);
  objects = withImages(one, objects);
  const namespace = at(one.root, 'namespace');
  const name = textOf(namespace);
  if (namespace && name !== undefined) {
    objects = objects.map((object) => {
      if (CLUSTER_WIDE.test(object.kind)) return object;
      const body = put(object.body, ['metadata', 'namespace'], relocate(namespace, one.path));
      return { ...object, namespace: name, body };
    });
  }
  return objects;
}

const CLUSTER_WIDE =
  /^(?:Namespace|Node|PersistentVolume|ClusterRole|ClusterRoleBinding|CustomResourceDefinition|StorageClass|PriorityClass|IngressClass|APIService|.*WebhookConfiguration|GlobalNetworkPolicy|CiliumClusterwideNetworkPolicy|(?:Baseline)?AdminNetworkPolicy|ClusterNetworkPolicy|ClusterGroup|ClusterPolicy|Tier|ClusterIssuer|ClusterSecretStore|PodSecurityPolicy)$/;

// ---------------------------------------------------------------- patches

interface Patch {
  /** What it changes: the target, or the object the patch itself names. */
  readonly matches: (object: KubeObject) => boolean;
  readonly merge?: YamlMap;
  readonly operations?: readonly YamlNode[];
}

function patchesOf(one: Kustomization, tree: Tree, used: Set<string>): Patch[] {
  const { root, folder, path } = one;
  const inline = tree.files.get(path)?.inline ?? {};
  const contents = (node: YamlNode | undefined): readonly YamlNode[] => {
    if (!node) return [];
    const own = inline[node.span.start];
    if (own) return own.map((document) => relocate(document, path));
    const file = textOf(node);
    const target = file === undefined ? undefined : joinPath(folder, file);
    if (target === undefined) return [];
    used.add(target);
    const manifest = tree.files.get(target);
    if (manifest?.patch) return [relocate(manifest.patch, target)];
    return (manifest?.objects ?? []).map((object) => placed(object, target).body);
  };
  const list = [
    ...itemsOf(at(root, 'patchesStrategicMerge')).flatMap((item) =>
      contents(item).map((node) => ({ node, target: undefined })),
    ),
    ...[...itemsOf(at(root, 'patches')), ...itemsOf(at(root, 'patchesJson6902'))].flatMap((item) =>
      contents(at(item, 'patch') ?? at(item, 'path') ?? item).map((node) => ({ node, target: at(item, 'target') })),
    ),
  ];
  return list.flatMap(({ node, target }): Patch[] => {
    if (node.kind === 'list') return target ? [{ matches: targeted(target), operations: node.items }] : [];
    if (node.kind !== 'map') return [];
    const own = objectsOf(node)[0];
    if (!target && !own) return [];
    const matches = target
      ? targeted(target)
      : (object: KubeObject) => object.kind === own!.kind && object.name === own!.name;
    return [{ matches, merge: node }];
  });
}

function targeted(target: YamlNode): (object: KubeObject) => boolean {
  const wanted = (key: string) => textOf(at(target, key));
  const [kind, name, namespace, group, labels] = ['kind', 'name', 'namespace', 'group', 'labelSelector'].map(wanted);
  const whole = (pattern: string | undefined, text: string | undefined) =>
    pattern === undefined || pattern === '' || pattern === text || matchesPattern(pattern, text ?? '');
  return (object) =>
    whole(kind, object.kind) &&
    whole(name, object.name) &&
    (namespace === undefined || object.namespace === namespace) &&
    (group === undefined || object.apiVersion.startsWith(`${group}/`)) &&
    (labels ?? '').split(',').every((pair) => {
      const [key, value] = pair.split(/==?/).map((part) => part.trim());
      return !key || textOf(at(object.body, 'metadata', 'labels', key)) === value;
    });
}

/** Names in targets are regular expressions; only `.*`, `|` and groups are used in practice. */
function matchesPattern(pattern: string, text: string): boolean {
  if (pattern.length > 200 || !/^[\w.*|()-]+$/.test(pattern) || /\*.*\*.*\*|\)\*/.test(pattern)) return false;
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return false;
  }
}

function apply(patch: Patch, objects: readonly KubeObject[]): KubeObject[] {
  return objects.flatMap((object) => {
    if (!patch.matches(object)) return [object];
    if (patch.merge) {
      if (textOf(at(patch.merge, '$patch')) === 'delete') return [];
      const merged = mergeMaps(object.body, without(patch.merge, ['apiVersion', 'kind']), 0);
      return [renewed(object, put(merged, ['metadata'], mergeMetadata(object.body, patch.merge)))];
    }
    const body = (patch.operations ?? []).reduce<YamlMap>((node, operation) => operate(node, operation), object.body);
    return [renewed(object, body)];
  });
}

/** Names stay: a patch uses them to find its object. */
function mergeMetadata(body: YamlMap, patch: YamlMap): YamlNode {
  const metadata = at(body, 'metadata');
  const change = at(patch, 'metadata');
  if (metadata?.kind !== 'map' || change?.kind !== 'map') return metadata ?? change ?? body;
  return mergeMaps(metadata, without(change, ['name', 'namespace']), 0);
}

function without(node: YamlMap, keys: readonly string[]): YamlMap {
  return { ...node, entries: node.entries.filter(({ key }) => !keys.includes(key)) };
}

function renewed(object: KubeObject, body: YamlMap): KubeObject {
  const namespace = textOf(at(body, 'metadata', 'namespace'));
  return { ...object, body, ...(namespace === undefined ? {} : { namespace }) };
}

/** Fields by which the items of well-known lists are matched; other lists are replaced. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
  imagePullSecrets: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
};

function mergeMaps(base: YamlMap, patch: YamlMap, depth: number): YamlMap {
  if (textOf(at(patch, '$patch')) === 'replace') return without(patch, ['$patch']);
  const entries = new Map(base.entries.map((entry) => [entry.key, entry]));
  for (const entry of patch.entries) {
    const before = entries.get(entry.key)?.value;
    const { value } = entry;
    if (value.kind === 'scalar' && value.value === null) entries.delete(entry.key);
    else if (value.kind === 'map' && textOf(at(value, '$patch')) === 'delete') entries.delete(entry.key);
    else if (before?.kind === 'map' && value.kind === 'map' && depth < 60) {
      // The place of a changed map stays that of the base: this is where the object is written down.
      entries.set(entry.key, {
        ...entries.get(entry.key)!,
        value: { ...mergeMaps(before, value, depth + 1), span: before.span, ...pathOf(before) },
      });
    } else if (before?.kind === 'list' && value.kind === 'list' && Object.hasOwn(MERGE_KEYS, entry.key) && depth < 60) {
      const key = MERGE_KEYS[entry.key]!;
      entries.set(entry.key, {
        ...entries.get(entry.key)!,
        value: { ...before, items: mergeItems(before.items, value.items, key, depth) },
      });
    } else entries.set(entry.key, entry);
  }
  return { ...base, entries: [...entries.values()] };
}

function pathOf(node: YamlNode): { readonly path?: string } {
  return node.path === undefined ? {} : { path: node.path };
}

function mergeItems(before: readonly YamlNode[], patch: readonly YamlNode[], key: string, depth: number): YamlNode[] {
  const items = [...before];
  for (const item of patch) {
    const id = textOf(at(item, key));
    const index = id === undefined ? -1 : items.findIndex((other) => textOf(at(other, key)) === id);
    const known = items[index];
    if (textOf(at(item, '$patch')) === 'delete') {
      if (index >= 0) items.splice(index, 1);
    } else if (known?.kind === 'map' && item.kind === 'map') {
      items[index] = { ...mergeMaps(known, item, depth + 1), span: known.span, ...pathOf(known) };
    } else items.push(item);
  }
  return items;
}

/** One operation of a JSON patch; a path that does not exist changes nothing. */
function operate(body: YamlMap, operation: YamlNode): YamlMap {
  const op = textOf(at(operation, 'op'));
  const path = (textOf(at(operation, 'path')) ?? '')
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const value = at(operation, 'value');
  if (path.length === 0 || path.length > 60) return body;
  if (op === 'remove') return edit(body, path, undefined) as YamlMap;
  return value && (op === 'add' || op === 'replace') ? (edit(body, path, value) as YamlMap) : body;
}

function edit(node: YamlNode, path: readonly string[], value: YamlNode | undefined): YamlNode {
  const [first, ...rest] = path as [string, ...string[]];
  if (node.kind === 'list') {
    const index = first === '-' ? node.items.length : Number(first);
    const items = [...node.items];
    if (!Number.isInteger(index) || index < 0 || index > items.length) return node;
    const inner = items[index];
    if (rest.length > 0) {
      if (inner) items[index] = edit(inner, rest, value);
    } else if (value === undefined) items.splice(index, 1);
    else if (first === '-') items.push(value);
    else items[index] = value;
    return { ...node, items };
  }
  if (node.kind !== 'map') return node;
  const inner = entryOf(node, first);
  if (rest.length > 0) {
    if (!inner) return node;
    const changed = { ...inner, value: edit(inner.value, rest, value) };
    return { ...node, entries: node.entries.map((entry) => (entry === inner ? changed : entry)) };
  }
  return value === undefined ? without(node, [first]) : put(node, [first], value);
}

/** The map with a value at a path of keys; maps on the way are made. */
function put(node: YamlMap, path: readonly string[], value: YamlNode): YamlMap {
  const [first, ...rest] = path as [string, ...string[]];
  const before = entryOf(node, first);
  const inner =
    before?.value.kind === 'map'
      ? before.value
      : { kind: 'map' as const, entries: [], span: value.span, ...pathOf(value) };
  const content = rest.length === 0 ? value : put(inner, rest, value);
  const entry = before
    ? { ...before, value: content }
    : { key: first, keySpan: value.span, span: value.span, value: content, ...pathOf(value) };
  return {
    ...node,
    entries: before ? node.entries.map((one) => (one === before ? entry : one)) : [...node.entries, entry],
  };
}

// ---------------------------------------------------------------- labels and images

function withLabels(root: YamlMap, objects: KubeObject[]): KubeObject[] {
  const common = entriesOf(at(root, 'commonLabels'));
  const groups = [
    { pairs: common, templates: true, selectors: true },
    ...itemsOf(at(root, 'labels')).map((item) => {
      const selectors = textOf(at(item, 'includeSelectors')) === 'true';
      return {
        pairs: entriesOf(at(item, 'pairs')),
        templates: selectors || textOf(at(item, 'includeTemplates')) === 'true',
        selectors,
      };
    }),
  ];
  return groups.reduce((list, { pairs, templates, selectors }) => {
    if (pairs.length === 0) return list;
    return list.map((object) => {
      let body = object.body;
      const add = (path: readonly string[]) => {
        for (const { key, value } of pairs) body = put(body, [...path, key], value);
      };
      add(['metadata', 'labels']);
      const template = podTemplate(object);
      if (templates && template && object.kind !== 'Pod') {
        const path =
          object.kind === 'CronJob'
            ? ['spec', 'jobTemplate', 'spec', 'template']
            : object.kind === 'PodTemplate'
              ? ['template']
              : ['spec', 'template'];
        add([...path, 'metadata', 'labels']);
      }
      // An empty selector stays empty.
      if (selectors && object.kind === 'NetworkPolicy' && at(body, 'spec', 'podSelector', 'matchLabels'))
        add(['spec', 'podSelector', 'matchLabels']);
      return { ...object, body };
    });
  }, objects);
}

function withImages(one: Kustomization, objects: KubeObject[]): KubeObject[] {
  const rules = itemsOf(at(one.root, 'images')).flatMap((item) => {
    const name = parseImage(textOf(at(item, 'name')) ?? '');
    return name ? [{ item, name: imageName(name) }] : [];
  });
  if (rules.length === 0) return objects;
  const renamed = (node: YamlNode): YamlNode => {
    if (node.kind === 'list') return { ...node, items: node.items.map(renamed) };
    if (node.kind !== 'map') return node;
    const entries = node.entries.map((entry) => {
      if (entry.key !== 'image' || entry.value.kind !== 'scalar') return { ...entry, value: renamed(entry.value) };
      const image = parseImage(entry.value.text);
      const rule = image && rules.find(({ name }) => name === imageName(image));
      if (!rule) return entry;
      const field = (key: string) => textOf(at(rule.item, key));
      const base = field('newName') ?? `${image.registry === undefined ? '' : `${image.registry}/`}${image.repository}`;
      const tag = field('newTag') ?? image.tag;
      const digest = field('digest') ?? (field('newTag') === undefined ? image.digest : undefined);
      const text = `${base}${tag === undefined || field('digest') !== undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
      return { ...entry, value: { ...entry.value, text, value: text, span: rule.item.span, path: one.path } };
    });
    return { ...node, entries };
  };
  return objects.map((object) => ({ ...object, body: renamed(object.body) as YamlMap }));
}
