/** Knows how kustomize names objects: namespaces, prefixes and suffixes, and the references that follow them. */
import { at, itemsOf, textOf, type YamlMap, type YamlNode } from '../yaml.ts';
import { change, put, retold, scalar } from './nodes.ts';
import { groupOf, type Id, idsOf, isBuiltin, isClusterWide, type Resource, withBody } from './resources.ts';

/** Puts all objects into a namespace; `from` is where it is written. */
export function withNamespace(resources: readonly Resource[], from: YamlNode): Resource[] {
  const name = textOf(from);
  if (name === undefined || name === '') return [...resources];
  return resources.map((resource) => {
    const { object } = resource;
    if (object.kind === 'Namespace' && object.apiVersion === 'v1') {
      const body = change(object.body, ['metadata', 'name'], (node) =>
        textOf(node) === name ? node : from,
      ) as YamlMap;
      return withBody(resource, body);
    }
    if (isClusterWide(object.kind)) {
      if (object.kind !== 'ClusterRoleBinding') return resource;
      return withBody(resource, subjects(object.body, from));
    }
    const body = put(object.body, ['metadata', 'namespace'], from);
    return withBody(resource, object.kind === 'RoleBinding' ? subjects(body, from) : body);
  });
}

function subjects(body: YamlMap, from: YamlNode): YamlMap {
  return change(body, ['subjects'], (list) => {
    if (list?.kind !== 'list') return list;
    const items = list.items.map((item) =>
      item.kind === 'map' && textOf(at(item, 'name')) === 'default' ? put(item, ['namespace'], from) : item,
    );
    return { ...list, items };
  }) as YamlMap;
}

/** Kinds whose names stay what they are. */
const KEEP_NAME = /^(?:CustomResourceDefinition |APIService |Namespace v1$)/;

/** Adds a text to all names, in front or behind. */
export function withAffix(resources: readonly Resource[], affix: string, front: boolean): Resource[] {
  if (affix === '') return [...resources];
  return resources.map((resource) => {
    const { name, kind, body, apiVersion } = resource.object;
    if (name === undefined || KEEP_NAME.test(`${kind} ${apiVersion}`)) return resource;
    const next = front ? affix + name : name + affix;
    const named = change(body, ['metadata', 'name'], (node) => retold(node, next)) as YamlMap;
    return { ...withBody(resource, named), affixes: [...resource.affixes, `${front ? '<' : '>'}${affix}`] };
  });
}

/** Maps that refer to an object: the field that names it and its kind. */
const MAPS: Readonly<Record<string, readonly (readonly [field: string, kind: string])[]>> = {
  configMap: [['name', 'ConfigMap']],
  configMapRef: [['name', 'ConfigMap']],
  configMapKeyRef: [['name', 'ConfigMap']],
  secret: [
    ['secretName', 'Secret'],
    ['name', 'Secret'],
  ],
  secretRef: [['name', 'Secret']],
  secretKeyRef: [['name', 'Secret']],
  imagePullSecrets: [['name', 'Secret']],
  tls: [['secretName', 'Secret']],
  azureFile: [['secretName', 'Secret']],
  persistentVolumeClaim: [['claimName', 'PersistentVolumeClaim']],
  backend: [['serviceName', 'Service']],
  service: [['name', 'Service']],
  spec: [
    ['serviceAccountName', 'ServiceAccount'],
    ['serviceName', 'Service'],
    ['storageClassName', 'StorageClass'],
    ['volumeName', 'PersistentVolume'],
    ['priorityClassName', 'PriorityClass'],
    ['ingressClassName', 'IngressClass'],
    ['policyName', 'ValidatingAdmissionPolicy'],
  ],
};
/** Maps that name the kind themselves. */
const TYPED = /^(?:scaleTargetRef|roleRef|subjects)$/;
const MAX_DEPTH = 60;

/** Lets every reference follow the object it means to the name that object has at last. */
export function joined(resources: readonly Resource[]): Resource[] {
  const byName = new Map<string, Resource[]>();
  for (const one of resources) {
    for (const key of new Set(idsOf(one).map(({ kind, name }) => `${kind} ${name}`))) {
      const list = byName.get(key);
      if (list) list.push(one);
      else byName.set(key, [one]);
    }
  }
  if (!resources.some(({ before }) => before.length > 0)) return [...resources];
  return resources.map((resource) => {
    const { object } = resource;
    if (!isBuiltin(object.apiVersion) && groupOf(object.apiVersion) !== 'serving.knative.dev') return resource;
    const follow = (kind: string, name: string, namespace: string | undefined) =>
      meant(byName.get(`${kind} ${name}`) ?? [], resource, { kind, name, namespace, group: '' });
    return withBody(resource, referring(object.body, '', follow, 0) as YamlMap);
  });
}

type Follow = (kind: string, name: string, namespace: string | undefined) => Resource | undefined;

/** The one object that a reference means, if there is one. */
function meant(candidates: readonly Resource[], from: Resource, wanted: Id): Resource | undefined {
  const home = wanted.namespace ?? from.object.namespace;
  const near = candidates.filter(
    (one) =>
      isClusterWide(one.object.kind) ||
      isClusterWide(from.object.kind) ||
      one.object.namespace === from.object.namespace ||
      idsOf(one).some(({ namespace }) => namespace === home),
  );
  const names = new Set(near.map(({ object }) => object.name));
  if (names.size <= 1) return near[0];
  // What was copied with it has the same prefixes and suffixes, those of folders further below aside.
  const only = (list: readonly Resource[]) =>
    new Set(list.map(({ object }) => object.name)).size === 1 ? list[0] : undefined;
  const all = from.affixes.join('\n');
  const alike = only(near.filter(({ affixes }) => affixes.join('\n') === all));
  return alike ?? only(near.filter(({ affixes }) => affixes.at(-1) === from.affixes.at(-1)));
}

function referring(node: YamlNode, key: string, follow: Follow, depth: number): YamlNode {
  if (depth > MAX_DEPTH || node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    const items = node.items.map((item) => referring(item, key, follow, depth + 1));
    return items.some((item, i) => item !== node.items[i]) ? { ...node, items } : node;
  }
  let result: YamlMap = node;
  const entries = node.entries.map((entry) => {
    const value = referring(entry.value, entry.key, follow, depth + 1);
    return value === entry.value ? entry : { ...entry, value };
  });
  if (entries.some((entry, i) => entry !== node.entries[i])) result = { ...node, entries };
  for (const [field, kind] of Object.hasOwn(MAPS, key) ? MAPS[key]! : [])
    result = followed(result, field, kind, follow);
  const kind = TYPED.test(key) ? textOf(at(node, 'kind')) : undefined;
  return kind === undefined || (key === 'subjects' && kind !== 'ServiceAccount')
    ? result
    : followed(result, 'name', kind, follow);
}

function followed(map: YamlMap, field: string, kind: string, follow: Follow): YamlMap {
  const name = textOf(at(map, field));
  if (name === undefined) return map;
  const there = textOf(at(map, 'namespace'));
  const target = follow(kind, name, there)?.object;
  if (target?.name === undefined) return map;
  const result = change(map, [field], (node) => retold(node, target.name!)) as YamlMap;
  const space = target.namespace;
  const carries = there !== undefined || (kind === 'ServiceAccount' && at(map, 'kind') !== undefined);
  return carries && space !== undefined && space !== there
    ? put(result, ['namespace'], scalar(space, at(map, 'namespace') ?? at(map, field)!))
    : result;
}

/** `$(NAME)` of `vars` in the fields of containers, routes and notes where kustomize replaces them. */
export function withVariables(resources: readonly Resource[], variables: ReadonlyMap<string, YamlNode>): Resource[] {
  if (variables.size === 0) return [...resources];
  const filled = (node: YamlNode, inside: boolean, depth: number): YamlNode => {
    if (depth > MAX_DEPTH) return node;
    if (node.kind === 'list') return { ...node, items: node.items.map((item) => filled(item, inside, depth + 1)) };
    if (node.kind === 'map') {
      const entries = node.entries.map((entry) => ({
        ...entry,
        value: filled(entry.value, inside || VARIABLE_FIELDS.test(entry.key), depth + 1),
      }));
      return { ...node, entries };
    }
    if (!inside || !node.text.includes('$(')) return node;
    const only = /^\$\(([\w-]+)\)$/.exec(node.text)?.[1];
    const whole = only === undefined ? undefined : variables.get(only);
    if (whole?.kind === 'scalar') return { ...whole, span: node.span, ...(node.path ? { path: node.path } : {}) };
    const text = node.text.replace(/\$\(([\w-]+)\)/g, (all, name: string) => textOf(variables.get(name)) ?? all);
    return retold(node, text)!;
  };
  return resources.map((one) =>
    /^(?:ConfigMap|Secret)$/.test(one.object.kind) || !isBuiltin(one.object.apiVersion)
      ? one
      : withBody(one, filled(one.object.body, false, 0) as YamlMap),
  );
}

const VARIABLE_FIELDS = /^(?:args|command|value|mountPath|host|hosts|annotations|labels|server|port|targetPort)$/;

/** Values of `vars`, by name. */
export function variablesOf(roots: readonly YamlMap[], resources: readonly Resource[]): Map<string, YamlNode> {
  const result = new Map<string, YamlNode>();
  for (const one of roots.flatMap((root) => itemsOf(at(root, 'vars')))) {
    const name = textOf(at(one, 'name'));
    const wanted = at(one, 'objref');
    const [kind, target] = [textOf(at(wanted, 'kind')), textOf(at(wanted, 'name'))];
    const found = resources.find((resource) =>
      idsOf(resource).some((id) => id.kind === kind && (target === undefined || id.name === target)),
    );
    const path =
      textOf(at(one, 'fieldref', 'fieldPath')) ?? textOf(at(one, 'fieldref', 'fieldpath')) ?? 'metadata.name';
    const steps = path.split(/\.|\[(\d+)\]/).filter((step) => step !== undefined && step !== '');
    const value = found && at(found.object.body, ...steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step)));
    if (name !== undefined && value) result.set(name, value);
  }
  return result;
}
