/** Knows how compose adds one definition of a service to another: which keys merge, which append and which replace. */

import { entryOf, isNull, itemsOf, textOf, type YamlEntry, type YamlMap, type YamlNode } from '../yaml.ts';
import { mapOf } from './interpolation.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Maps, or lists of "KEY=value"; nearest to the root first. */
const PAIRS = words(
  'annotations build.additional_contexts build.args build.labels deploy.labels environment labels sysctls',
);
/** Maps, or lists of names. */
const NAMED = words('depends_on networks models');
/** Lists, or the text of their only item. */
const SEQUENCES = words('build.extra_hosts dns dns_opt dns_search env_file extra_hosts label_file tmpfs');
/** Whatever stands in the later definition counts alone. */
const REPLACED = words('command entrypoint healthcheck.test');

/** The service in the long form of every key that has several: pairs as maps, a build as a map. */
export function normalized(service: YamlMap): YamlMap {
  return mapEntries(service, ({ key, value }) => {
    if (PAIRS.has(key)) return pairsOf(value);
    if (key !== 'build' && key !== 'deploy') return value;
    const map = key === 'build' && textOf(value) !== undefined ? mapOf('context', value) : value;
    if (map.kind !== 'map') return map;
    return mapEntries(map, (inner) => (PAIRS.has(`${key}.${inner.key}`) ? pairsOf(inner.value) : inner.value));
  });
}

function mapEntries(map: YamlMap, change: (entry: YamlEntry) => YamlNode): YamlMap {
  return { ...map, entries: map.entries.map((entry) => ({ ...entry, value: change(entry) })) };
}

/** `[A=1, B]` as a map; a name alone has no value. */
function pairsOf(node: YamlNode): YamlNode {
  if (node.kind !== 'list') return node;
  const entries = new Map<string, YamlEntry>();
  for (const item of itemsOf(node)) {
    const text = textOf(item);
    if (item.kind !== 'scalar' || text === undefined) continue;
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    const rest = equals < 0 ? null : text.slice(equals + 1);
    const { span, path } = item;
    const value: YamlNode = { ...item, value: rest, text: rest ?? '' };
    entries.set(key, { key, keySpan: span, span, value, ...(path === undefined ? {} : { path }) });
  }
  return { ...node, kind: 'map', entries: [...entries.values()] } as YamlMap;
}

/** The service with the definition of a later file, or of the service that extends it. Both are normalized. */
export function mergeServices(base: YamlMap, over: YamlMap): YamlMap {
  return { ...over, entries: mergeMaps(base, over, '').entries };
}

function mergeMaps(base: YamlMap, over: YamlMap, at: string): YamlMap {
  const entries = new Map(base.entries.map((entry) => [entry.key, entry]));
  for (const entry of over.entries) {
    const before = entries.get(entry.key);
    const path = at === '' ? entry.key : `${at}.${entry.key}`;
    if (entry.value.tag === '!reset') entries.delete(entry.key);
    else if (!before || entry.value.tag === '!override') entries.set(entry.key, entry);
    // An empty value changes nothing, except where it is one.
    else if (isNull(entry.value) && !REPLACED.has(path) && !PAIRS.has(at)) continue;
    else entries.set(entry.key, { ...entry, value: merged(before.value, entry.value, path) });
  }
  return { ...over, entries: [...entries.values()] };
}

function merged(before: YamlNode, value: YamlNode, path: string): YamlNode {
  if (REPLACED.has(path)) return value;
  if (path === 'logging' && differs(entryOf(before, 'driver')?.value, entryOf(value, 'driver')?.value)) return value;
  const [first, second] = [longForm(before, path), longForm(value, path)];
  if (first.kind === 'map' && second.kind === 'map') return mergeMaps(first, second, path);
  if (first.kind === 'list' && second.kind === 'list')
    return { ...second, items: append(first.items, second.items, path) };
  return value;
}

function differs(one: YamlNode | undefined, other: YamlNode | undefined): boolean {
  return one !== undefined && other !== undefined && textOf(one) !== textOf(other);
}

function longForm(node: YamlNode, path: string): YamlNode {
  const { span, path: from, kind } = node;
  const where = { span, ...(from === undefined ? {} : { path: from }) };
  if (SEQUENCES.has(path) && kind === 'scalar') return { kind: 'list', items: [node], ...where };
  if (!NAMED.has(path) || kind !== 'list') return node;
  const nothing: YamlNode = { kind: 'scalar', value: null, text: '', style: 'plain', ...where };
  const entries = itemsOf(node).flatMap((item) => {
    const key = textOf(item);
    return key === undefined ? [] : [{ key, keySpan: item.span, span: item.span, value: nothing }];
  });
  return { kind: 'map', entries, ...where };
}

/** Mounts of the same place, and items that say the same, stand once: the later one counts. */
function append(before: readonly YamlNode[], after: readonly YamlNode[], path: string): YamlNode[] {
  const items = new Map<string, YamlNode>();
  for (const [i, item] of [...before, ...after].entries()) items.set(identityOf(item, path) ?? `${i}`, item);
  return [...items.values()];
}

function identityOf(item: YamlNode, path: string): string | undefined {
  const text = textOf(item);
  if (path !== 'volumes' && path !== 'devices') return text === undefined ? undefined : ` ${text}`;
  const target = textOf(entryOf(item, 'target')?.value) ?? text?.split(/:(?![^{]*\})/)[1] ?? text;
  return target === undefined ? undefined : ` ${target}`;
}

/** The service without what `!reset` takes away of the definition it stands in. */
export function withoutReset(service: YamlMap): YamlMap {
  const entries = service.entries.flatMap((entry) => {
    if (entry.value.tag === '!reset') return [];
    return [entry.value.kind === 'map' ? { ...entry, value: withoutReset(entry.value) } : entry];
  });
  return { ...service, entries };
}
