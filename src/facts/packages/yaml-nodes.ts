/** Knows how to walk located YAML by keys. */
import type { YamlMap, YamlNode, YamlScalar } from '../yaml.ts';

export type Entry = YamlMap['entries'][number];

export function entriesOf(node: YamlNode | undefined): readonly Entry[] {
  return node?.kind === 'map' ? node.entries : [];
}

export function valueAt(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return entriesOf(node).find((entry) => entry.key === key)?.value;
}

export function scalarAt(node: YamlNode | undefined, key: string): YamlScalar | undefined {
  return asScalar(valueAt(node, key));
}

export function asScalar(node: YamlNode | undefined): YamlScalar | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node : undefined;
}
