/** Knows how kustomize applies patches to an object: strategic merges and JSON patches. */
import { at, itemsOf, plainOf, textOf, type YamlEntry, type YamlMap, type YamlNode } from '../yaml.ts';
import { pathOf, put, without } from './nodes.ts';

/** Fields by which the items of well-known lists are matched; other lists are replaced. The second tells apart where given. */
const MERGE_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  containers: [['name']],
  initContainers: [['name']],
  ephemeralContainers: [['name']],
  env: [['name']],
  volumes: [['name']],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  ports: [
    ['containerPort', 'protocol'],
    ['port', 'protocol'],
  ],
  imagePullSecrets: [['name']],
  secrets: [['name']],
  hostAliases: [['ip']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  webhooks: [['name']],
};
const MAX_DEPTH = 60;

/**
 * @returns the object with a strategic merge patch on top; undefined where the patch deletes it. `keyed`: its lists have known keys.
 * Names and kinds stay what they are unless `renames` holds which of them changes: a patch uses them to find its object.
 */
export function merged(
  body: YamlMap,
  patch: YamlMap,
  keyed: boolean,
  renames: readonly ('name' | 'kind')[] = [],
): YamlMap | undefined {
  if (directive(patch) === 'delete') return undefined;
  const metadata = at(patch, 'metadata');
  const rest = without(patch, renames.includes('kind') ? ['metadata'] : ['apiVersion', 'kind', 'metadata']);
  const result = mergeMaps(body, rest, keyed, 0);
  const before = at(body, 'metadata');
  if (metadata?.kind !== 'map' || before?.kind !== 'map') return result;
  const named = without(metadata, renames.includes('name') ? ['namespace'] : ['name', 'namespace']);
  return put(result, ['metadata'], { ...mergeMaps(before, named, keyed, 1), span: before.span, ...pathOf(before) });
}

function directive(node: YamlNode): string | undefined {
  return textOf(at(node, '$patch'));
}

function isNullScalar(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function mergeMaps(base: YamlMap, patch: YamlMap, keyed: boolean, depth: number): YamlMap {
  if (depth > MAX_DEPTH) return patch;
  if (directive(patch) === 'replace') return cleaned(without(patch, ['$patch']), depth) as YamlMap;
  const entries = new Map(base.entries.map((entry) => [entry.key, entry]));
  for (const entry of patch.entries) {
    if (entry.key === '$patch') continue;
    const value = mergedEntry(entries.get(entry.key), entry, keyed, depth);
    if (value) entries.set(entry.key, value);
    else entries.delete(entry.key);
  }
  return { ...base, entries: [...entries.values()] };
}

function mergedEntry(
  before: YamlEntry | undefined,
  entry: YamlEntry,
  keyed: boolean,
  depth: number,
): YamlEntry | undefined {
  const { value } = entry;
  const old = before?.value;
  if (isNullScalar(value) || directive(value) === 'delete') return undefined;
  // The place of a changed map stays that of the base: this is where the object is written down.
  if (before && old?.kind === 'map' && value.kind === 'map') {
    return { ...before, value: { ...mergeMaps(old, value, keyed, depth + 1), span: old.span, ...pathOf(old) } };
  }
  const keys = keyed && Object.hasOwn(MERGE_KEYS, entry.key) ? MERGE_KEYS[entry.key]! : undefined;
  if (before && keys && old?.kind === 'list' && value.kind === 'list') {
    const alone = value.items.find((item) => item.kind === 'map' && item.entries.length === 1 && directive(item));
    if (alone && directive(alone) === 'delete') return undefined;
    const given = value.items.filter((item) => item !== alone);
    const items = alone
      ? given.map((item) => cleaned(item, depth))
      : mergeItems(old.items, given, keys, keyed, depth + 1);
    return { ...before, value: { ...old, items } };
  }
  return { ...entry, value: cleaned(value, depth) };
}

/** What a patch adds, without its nulls and directives. */
function cleaned(node: YamlNode, depth: number): YamlNode {
  if (depth > MAX_DEPTH || node.kind === 'scalar') return node;
  if (node.kind === 'list') {
    const items = node.items.filter((item) => directive(item) !== 'delete').map((item) => cleaned(item, depth + 1));
    return { ...node, items };
  }
  const entries = node.entries.flatMap((entry) => {
    if (entry.key === '$patch' || isNullScalar(entry.value) || directive(entry.value) === 'delete') return [];
    return [{ ...entry, value: cleaned(entry.value, depth + 1) }];
  });
  return { ...node, entries };
}

/** Items of the patch come first, then those of the base that it does not name. */
function mergeItems(
  before: readonly YamlNode[],
  patch: readonly YamlNode[],
  choices: readonly (readonly string[])[],
  keyed: boolean,
  depth: number,
): YamlNode[] {
  const keys = choices.find(([key]) => [...patch, ...before].some((item) => at(item, key!))) ?? choices[0]!;
  const same = (a: YamlNode, b: YamlNode) =>
    keys.every((key, i) => {
      const [one, other] = [textOf(at(a, key)), textOf(at(b, key))];
      return i === 0 ? one !== undefined && one === other : one === undefined || other === undefined || one === other;
    });
  let rest = [...before];
  const first: YamlNode[] = [];
  for (const item of patch) {
    const known = rest.find((other) => same(other, item));
    rest = rest.filter((other) => other !== known);
    if (directive(item) === 'delete') continue;
    if (known?.kind === 'map' && item.kind === 'map')
      first.push({ ...mergeMaps(known, item, keyed, depth), span: known.span, ...pathOf(known) });
    else first.push(cleaned(item, depth));
  }
  return [...first, ...rest];
}

// ---------------------------------------------------------------- JSON patches

/** Said of a JSON patch that does not fit the object. */
export class PatchError extends Error {}

/** @throws PatchError where the operation names what is not there */
export function operate(body: YamlMap, operation: YamlNode): YamlMap {
  const op = textOf(at(operation, 'op'));
  const path = steps(operation, 'path');
  if (path.length === 0) return body;
  const value = at(operation, 'value');
  switch (op) {
    case 'remove':
      return edit(body, path, 'remove', undefined, path) as YamlMap;
    case 'add':
    case 'replace':
      return value ? (edit(body, path, op, value, path) as YamlMap) : body;
    case 'copy':
    case 'move': {
      const from = steps(operation, 'from');
      const source = from.reduce<YamlNode | undefined>(step, body);
      if (!source) throw new PatchError(`a JSON patch takes /${from.join('/')}, which is not there`);
      const rest = op === 'move' ? edit(body, from, 'remove', undefined, from) : body;
      return edit(rest, path, 'add', source, path) as YamlMap;
    }
    case 'test': {
      const there = path.reduce<YamlNode | undefined>(step, body);
      if (!there || !value || JSON.stringify(plainOf(there)) !== JSON.stringify(plainOf(value)))
        throw new PatchError(`a JSON patch expects another value at /${path.join('/')}`);
      return body;
    }
    default:
      return body;
  }
}

function steps(operation: YamlNode, key: string): string[] {
  const path = (textOf(at(operation, key)) ?? '').split('/').slice(1, MAX_DEPTH);
  return path.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function step(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'list' ? itemsOf(node)[Number(key)] : at(node, key);
}

function edit(
  node: YamlNode,
  path: readonly string[],
  op: 'add' | 'replace' | 'remove',
  value: YamlNode | undefined,
  whole: readonly string[],
): YamlNode {
  const [first, ...rest] = path as [string, ...string[]];
  const missing = () => new PatchError(`a JSON patch changes /${whole.join('/')}, which is not there`);
  const inner = step(node, first);
  if (rest.length > 0) {
    const empty = op === 'add' && inner !== undefined && isNullScalar(inner);
    if (!inner || (inner.kind === 'scalar' && !empty)) throw missing();
    const changed = edit(empty ? { ...inner, kind: 'map', entries: [] } : inner, rest, op, value, whole);
    if (node.kind === 'list') return { ...node, items: node.items.map((item) => (item === inner ? changed : item)) };
    return put(node as YamlMap, [first], changed);
  }
  if (node.kind === 'list') {
    const index = first === '-' ? node.items.length : Number(first);
    const items = [...node.items];
    const limit = op === 'add' ? items.length : items.length - 1;
    if (!Number.isInteger(index) || index < 0 || index > limit) throw missing();
    items.splice(index, op === 'add' ? 0 : 1, ...(value ? [value] : []));
    return { ...node, items };
  }
  // To replace what is not there adds it.
  if (node.kind !== 'map' || (op === 'remove' && !inner)) throw missing();
  return value ? put(node, [first], value) : without(node, [first]);
}
