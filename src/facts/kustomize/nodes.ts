/** Knows how to change a part of a YAML tree while the original stays as it is. */
import { entryOf, textOf, type YamlMap, type YamlNode, type YamlScalar } from '../yaml.ts';

/** The file a node says it stands in, to be spread into a node that takes its place. */
export function pathOf(node: YamlNode): { readonly path?: string } {
  return node.path === undefined ? {} : { path: node.path };
}

/** The map without some of its keys. */
export function without(node: YamlMap, keys: readonly string[]): YamlMap {
  return { ...node, entries: node.entries.filter(({ key }) => !keys.includes(key)) };
}

/** The map with a value at a path of keys; maps on the way are made. */
export function put(node: YamlMap, path: readonly string[], value: YamlNode): YamlMap {
  return change(node, path, () => value, value) as YamlMap;
}

/**
 * The node with what stands at a path of keys changed; lists on the way are gone through. What is not there is left out,
 * or made where `like` says where it comes from. `edit` gives undefined for what goes away.
 */
export function change(
  node: YamlNode,
  path: readonly string[],
  edit: (node: YamlNode | undefined) => YamlNode | undefined,
  like?: YamlNode,
): YamlNode {
  const [first, ...rest] = path;
  if (first === undefined) return edit(node) ?? node;
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => change(item, path, edit, like)) };
  if (node.kind !== 'map') return node;
  const before = entryOf(node, first);
  if (!before) {
    if (!like) return node;
    const value = rest.length === 0 ? edit(undefined) : change(emptyAt(like), rest, edit, like);
    if (!value) return node;
    const entry = { key: first, keySpan: like.span, span: like.span, value, ...pathOf(like) };
    return { ...node, entries: [...node.entries, entry] };
  }
  const empty = like !== undefined && rest.length > 0 && before.value.kind === 'scalar' && before.value.value === null;
  const old = empty ? emptyAt(like) : before.value;
  const value = rest.length === 0 ? edit(old) : change(old, rest, edit, like);
  if (value === before.value) return node;
  if (!value) return without(node, [first]);
  return { ...node, entries: node.entries.map((entry) => (entry === before ? { ...entry, value } : entry)) };
}

function emptyAt(like: YamlNode): YamlMap {
  return { kind: 'map', entries: [], span: like.span, ...pathOf(like) };
}

/** A text that stands where `like` stands. */
export function scalar(text: string, like: YamlNode): YamlScalar {
  return { kind: 'scalar', value: text, text, style: 'double', span: like.span, ...pathOf(like) };
}

/** The text with another content, still at its place. */
export function retold(node: YamlNode | undefined, text: string): YamlNode | undefined {
  return node?.kind === 'scalar' && textOf(node) !== undefined && text !== node.text
    ? { ...node, text, value: text }
    : node;
}
