/** Knows kustomizations: what a folder's build gives, with bases, components, patches, images, labels and namespaces. */
import type { Facts } from './facts.ts';
import { type KubeObject, type Manifest, objectsOf, titleOf } from './kubernetes.ts';
import {
  generated,
  hasKeys,
  withAnnotations,
  withImages,
  withLabels,
  withReplacement,
  withReplicas,
} from './kustomize/fields.ts';
import { merged, operate, PatchError } from './kustomize/merge.ts';
import { joined, variablesOf, withAffix, withNamespace, withVariables } from './kustomize/names.ts';
import { put, without } from './kustomize/nodes.ts';
import { groupOf, named, type Resource, targeted, withBody } from './kustomize/resources.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Place } from './span.ts';
import { at, entriesOf, itemsOf, relocate, textOf, type YamlMap, type YamlNode } from './yaml.ts';

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
  /** Kustomizations that could not be built, whose files count as they stand, and parts of builds that are not known. */
  readonly broken: readonly (Place & { readonly reason: string })[];
  /** Kustomizations that may give more than is known, each with the namespace of all that it gives, if it names one. */
  readonly partial: readonly { readonly path: string; readonly namespace?: string }[];
}

interface Tree {
  readonly files: ReadonlyMap<string, Manifest>;
  readonly byFolder: ReadonlyMap<string, Kustomization>;
  readonly has: (path: string) => boolean;
}

interface Built {
  readonly objects: readonly KubeObject[];
  readonly used: ReadonlySet<string>;
  readonly lost: readonly Lost[];
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
  const tree: Tree = { files, byFolder, has: (path) => facts.has(path) };
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  // A test that builds on production's folders does not make them its own.
  const children = new Set(
    [...byFolder.values()].flatMap((one) =>
      references(one).flatMap(({ path }) => {
        const child = path === undefined ? undefined : tree.byFolder.get(path);
        if (!child || path === undefined) return [];
        const foreign = zones.get(one.path) !== 'production' && zones.get(child.path) === 'production';
        return foreign ? [] : [path];
      }),
    ),
  );
  const builds: (KustomizeBuild & { readonly files: ReadonlySet<string> })[] = [];
  const used = new Set<string>();
  const broken: Lost[] = [];
  const lost: Lost[] = [];
  const partial: { path: string; namespace?: string }[] = [];
  for (const one of byFolder.values()) {
    if (children.has(one.folder)) continue;
    try {
      const result = build(one, tree);
      const namespace = textOf(at(one.root, 'namespace'));
      // A component by itself lacks what it changes: that says nothing.
      const lacks = zones.get(one.path) === 'production' && !one.component ? result.lost : [];
      builds.push({
        kustomization: one,
        ...(namespace === undefined ? {} : { namespace }),
        objects: result.objects,
        files: result.used,
      });
      for (const path of result.used) used.add(path);
      lost.push(...lacks);
      if (lacks.length > 0) partial.push({ path: one.path, ...(namespace === undefined ? {} : { namespace }) });
    } catch (error) {
      if (!(error instanceof Unbuildable)) throw error;
      partial.push({ path: one.path });
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
  const unknown = new Map(lost.map((one) => [`${one.path} ${one.span.start}`, one]));
  return { builds: counted, used, broken: [...broken, ...unknown.values()], partial };
}

class Unbuildable extends Error {}

type Lost = Place & { readonly reason: string };

/** What a build has gathered so far. */
interface State {
  resources: readonly Resource[];
  readonly used: Set<string>;
  readonly lost: Lost[];
  /** Kustomizations that declare `vars`. */
  readonly roots: YamlMap[];
}

interface Reference {
  /** File or folder; undefined for what is not in the tree. */
  readonly path: string | undefined;
  readonly component: boolean;
  readonly node: YamlNode;
  readonly text: string;
}

const REMOTE =
  /^(?:https?|ssh|git|oci|s3|file):|^git@|\?(?:ref|version)=|^(?:github|gitlab|bitbucket)\.\w+[/:]|\/\/|\.git(?:$|[?/])/;

/** Files and folders a kustomization is made of. */
function references({ folder, root }: Kustomization): Reference[] {
  return (['resources', 'bases', 'components'] as const).flatMap((key) =>
    itemsOf(at(root, key)).flatMap((node): Reference[] => {
      const text = textOf(node);
      if (text === undefined || text === '') return [];
      const path = REMOTE.test(text) ? undefined : joinPath(folder, text);
      return [{ path, component: key === 'components', node, text }];
    }),
  );
}

function build(one: Kustomization, tree: Tree): Built {
  const state: State = { resources: [], used: new Set(), lost: [], roots: [] };
  accumulate(one, tree, [], state);
  const named = joined(state.resources);
  const done = withVariables(named, variablesOf(state.roots, named));
  const emitted = done.filter((resource) => !resource.generated && !isLocal(resource.object));
  return { objects: emitted.map(({ object }) => object), used: state.used, lost: state.lost };
}

/** Adds what a kustomization has and changes what is there. Components change what the folders above them have. */
function accumulate(one: Kustomization, tree: Tree, parents: readonly string[], state: State): void {
  if (parents.includes(one.folder) || parents.length > 30) throw new Unbuildable(`${one.folder} builds on itself`);
  const { used } = state;
  const lose = (node: YamlNode, reason: string) => state.lost.push({ path: one.path, span: node.span, reason });
  const components: Kustomization[] = [];
  for (const { path, component, node, text } of references(one)) {
    const child = path === undefined ? undefined : tree.byFolder.get(path);
    if (child && component) components.push(child);
    else if (child) {
      const inner: State = { ...state, resources: [] };
      accumulate(child, tree, [...parents, one.folder], inner);
      state.resources = [...state.resources, ...inner.resources];
    } else if (path !== undefined && tree.has(path)) {
      used.add(path);
      if (!tree.files.has(path)) lose(node, `${text} is not read`);
      const objects = tree.files.get(path)?.objects ?? [];
      const added = objects.map((object): Resource => ({ object: placed(object, path), before: [], affixes: [] }));
      state.resources = [...state.resources, ...added];
    } else lose(node, `${text} is not in this repository`);
  }
  for (const key of ['helmCharts', 'helmChartInflationGenerator', 'generators'] as const)
    for (const node of itemsOf(at(one.root, key)).filter((item) => !generatesData(item, one, tree, used)))
      lose(node, `what ${textOf(at(node, 'name')) ?? textOf(node) ?? key} generates is not known`);
  const twice = repeated(state.resources);
  if (twice) lose(one.root, `${twice} is there twice`);
  for (const { object, behavior } of generated(one.root, one.path)) generate(object, behavior, state);
  for (const component of components) accumulate(component, tree, [...parents, one.folder], state);
  state.roots.push(one.root);
  transform(one, tree, state, lose);
}

/** An object that the resources hold more than once: kustomize refuses to build them. */
function repeated(resources: readonly Resource[]): string | undefined {
  const seen = new Set<string>();
  for (const { object } of resources) {
    const key = JSON.stringify([groupOf(object.apiVersion), object.kind, object.namespace ?? '', object.name]);
    if (object.name !== undefined && seen.has(key)) return titleOf(object);
    seen.add(key);
  }
  return undefined;
}

/** ConfigMaps and Secrets that files describe: as little is known of them as of those read from files. */
function generatesData(node: YamlNode, one: Kustomization, tree: Tree, used: Set<string>): boolean {
  const text = textOf(node);
  const path = text === undefined || text.includes('\n') ? undefined : joinPath(one.folder, text);
  const objects = path === undefined ? undefined : tree.files.get(path)?.objects;
  if (path !== undefined) used.add(path);
  return objects?.every(({ kind }) => /^(?:ConfigMap|Secret)Generator$/.test(kind)) ?? false;
}

/** A generator makes an object, or changes one that is there. */
function generate(body: YamlMap, behavior: string, state: State): void {
  const [object] = objectsOf(body);
  if (!object) return;
  const known = behavior === 'create' ? undefined : named(state.resources, object);
  if (!known) {
    state.resources = [...state.resources, { object, before: [], affixes: [], generated: true }];
    return;
  }
  const data = at(body, 'data');
  const content = behavior === 'replace' ? without(known.object.body, ['data', 'binaryData']) : known.object.body;
  const next = entriesOf(data).reduce((node, { key, value }) => put(node, ['data', key], value), content);
  state.resources = state.resources.map((one) => (one === known ? withBody(one, next) : one));
}

function placed(object: KubeObject, path: string): KubeObject {
  return object.path === undefined ? { ...object, path, body: relocate(object.body, path) } : object;
}

/** Objects that tell tools something and are never applied. */
function isLocal({ body }: KubeObject): boolean {
  return textOf(at(body, 'metadata', 'annotations', 'config.kubernetes.io/local-config')) === 'true';
}

type Lose = (node: YamlNode, reason: string) => void;

/** The changes of one kustomization, in kustomize's order. */
function transform(one: Kustomization, tree: Tree, state: State, lose: Lose): void {
  const { root, path } = one;
  const own = (key: string) => {
    const node = at(root, key);
    return node && relocate(node, path);
  };
  const located = relocate(root, path);
  // What is not read may hold what a patch is for.
  const miss: Lose = state.lost.length > 0 ? () => {} : lose;
  const patch = (keys: readonly string[]) => {
    for (const each of patchesOf(one, tree, state.used, keys, lose))
      state.resources = apply(each, state.resources, root, miss);
  };
  patch(['patchesStrategicMerge', 'patches']);
  const namespace = own('namespace');
  if (namespace) state.resources = withNamespace(state.resources, namespace);
  state.resources = withAffix(state.resources, textOf(at(root, 'namePrefix')) ?? '', true);
  state.resources = withAffix(state.resources, textOf(at(root, 'nameSuffix')) ?? '', false);
  state.resources = withAnnotations(located, withLabels(located, state.resources));
  patch(['patchesJson6902']);
  state.resources = withImages(own('images'), path, withReplicas(located, state.resources));
  for (const rule of replacementsOf(one, tree, state.used, lose))
    state.resources = withReplacement(rule, state.resources);
  for (const node of itemsOf(at(root, 'transformers'))) transformBy(node, one, tree, state, lose);
}

function replacementsOf(one: Kustomization, tree: Tree, used: Set<string>, lose: Lose): YamlNode[] {
  return itemsOf(at(one.root, 'replacements')).flatMap((item) => {
    const file = textOf(at(item, 'path'));
    if (file === undefined) return [relocate(item, one.path)];
    const path = joinPath(one.folder, file);
    const content = path === undefined ? undefined : tree.files.get(path)?.patch;
    if (path === undefined || !content) {
      lose(item, `the replacements of ${file} are not read`);
      return [];
    }
    used.add(path);
    const listed = at(content, 'replacements');
    const rules = content.kind === 'list' ? content.items : listed ? itemsOf(listed) : [content];
    return rules.map((rule) => relocate(rule, path));
  });
}

/** A file that configures one of kustomize's own transformers. */
function transformBy(node: YamlNode, one: Kustomization, tree: Tree, state: State, lose: Lose): void {
  const text = textOf(node) ?? '';
  const path = text.includes('\n') ? undefined : joinPath(one.folder, text);
  const child = path === undefined ? undefined : tree.byFolder.get(path);
  if (path !== undefined) state.used.add(path);
  const configs = path === undefined ? undefined : child ? build(child, tree).objects : tree.files.get(path)?.objects;
  if (!configs || configs.length === 0) lose(node, `the transformer ${text.split('\n', 1)[0]} is not known`);
  for (const { kind, body } of configs ?? []) {
    const where = relocate(body, path!);
    const entry = (key: string, value: YamlNode | undefined): YamlMap =>
      value ? put({ kind: 'map', entries: [], span: body.span, path: path! }, [key], value) : { ...where, entries: [] };
    const list = (item: YamlNode): YamlNode => ({ kind: 'list', items: [item], span: item.span, path: path! });
    if (kind === 'NamespaceTransformer') {
      const namespace = at(where, 'metadata', 'namespace');
      if (namespace) state.resources = withNamespace(state.resources, namespace);
    } else if (kind === 'ImageTagTransformer') {
      const image = at(where, 'imageTag');
      if (image) state.resources = withImages(list(image), path!, state.resources);
    } else if (kind === 'AnnotationsTransformer') {
      state.resources = withAnnotations(entry('commonAnnotations', at(where, 'annotations')), state.resources);
    } else if (kind === 'LabelTransformer') {
      const labels = put(
        put({ ...where, entries: [] }, ['pairs'], at(where, 'labels') ?? where),
        ['fields'],
        at(where, 'fieldSpecs') ?? where,
      );
      state.resources = withLabels(entry('labels', list(labels)), state.resources, false);
    } else if (/^(?:Prefix|Suffix|PrefixSuffix)Transformer$/.test(kind) && isGeneral(at(where, 'fieldSpecs'))) {
      state.resources = withAffix(state.resources, textOf(at(where, 'prefix')) ?? '', true);
      state.resources = withAffix(state.resources, textOf(at(where, 'suffix')) ?? '', false);
    } else lose(node, `the transformer ${kind} of ${text} is not evaluated`);
  }
}

/** A transformer for the names of all objects. */
function isGeneral(fields: YamlNode | undefined): boolean {
  const names = itemsOf(fields).filter((one) => textOf(at(one, 'path')) === 'metadata/name');
  return fields === undefined || names.some((one) => at(one, 'kind') === undefined);
}

// ---------------------------------------------------------------- patches

interface Patch {
  readonly node: YamlNode;
  readonly target: YamlNode | undefined;
  /** Where the kustomization names it. */
  readonly item: YamlNode;
}

function patchesOf(one: Kustomization, tree: Tree, used: Set<string>, keys: readonly string[], lose: Lose): Patch[] {
  const { root, folder, path } = one;
  const inline = tree.files.get(path)?.inline ?? {};
  const contents = (node: YamlNode | undefined): readonly YamlNode[] => {
    if (!node) return [];
    if (node.kind !== 'scalar') return [relocate(node, path)];
    const own = inline[node.span.start];
    if (own) return own.map((document) => relocate(document, path));
    const file = textOf(node);
    const target = file === undefined ? undefined : joinPath(folder, file);
    if (target === undefined) return [];
    used.add(target);
    const manifest = tree.files.get(target);
    if (manifest?.patch) return [relocate(manifest.patch, target)];
    if (!manifest) lose(node, `the patch ${file} ${tree.has(target) ? 'is not read' : 'is not in this repository'}`);
    return (manifest?.objects ?? []).map((object) => placed(object, target).body);
  };
  return keys.flatMap((key) =>
    itemsOf(at(root, key)).flatMap((item) => {
      const strategic = key === 'patchesStrategicMerge';
      const content = strategic ? item : (at(item, 'patch') ?? at(item, 'path') ?? item);
      const target = strategic ? undefined : at(item, 'target');
      return contents(content).map((node) => ({ node, target, item }));
    }),
  );
}

function apply(patch: Patch, resources: readonly Resource[], root: YamlMap, lose: Lose): readonly Resource[] {
  const { node, target, item } = patch;
  if (node.kind === 'scalar') return resources;
  const [own] = node.kind === 'map' ? objectsOf(node) : [];
  const allowed = (key: string) => textOf(at(item, 'options', key)) === 'true';
  const renames = [
    ...(allowed('allowNameChange') ? (['name'] as const) : []),
    ...(allowed('allowKindChange') ? (['kind'] as const) : []),
  ];
  const found = target ? undefined : own && named(resources, own);
  const matches = target ? targeted(target) : (resource: Resource) => resource === found;
  if (!target && own && !found) lose(item, `the build has no ${own.kind} ${own.name ?? ''} for its patch`);
  return resources.flatMap((resource): Resource[] => {
    if (!matches(resource)) return [resource];
    try {
      const body =
        node.kind === 'map'
          ? merged(resource.object.body, node, hasKeys(resource, root), renames)
          : node.items.reduce<YamlMap>(operate, resource.object.body);
      return body ? [withBody(resource, body)] : [];
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      lose(item, error.message);
      return [resource];
    }
  });
}
