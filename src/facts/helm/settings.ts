/** Knows which key of a chart's values would set a part of a rendered object. */
import type { Finding } from '../../check.ts';
import type { Facts } from '../facts.ts';
import type { TemplateNode } from '../gotemplate.ts';
import { linkHelm } from '../helm.ts';
import { at, isNull, textOf, type YamlNode } from '../yaml.ts';
import { valuesIn } from './unread.ts';

/**
 * The values key that decides the part of `node` at `path`, there or not: `securityContext.readOnlyRootFilesystem` for a
 * container whose security context comes from the values. Undefined where the template alone decides.
 */
export function valuesKey(node: YamlNode | undefined, ...path: readonly string[]): string | undefined {
  const [step, ...rest] = path;
  if (!node || step === undefined) return node?.rendered?.keys?.[0];
  const own = at(node, step);
  if (own) {
    const inner = valuesKey(own, ...rest);
    if (inner !== undefined) return inner;
  } else {
    const last = path[path.length - 1]!;
    const offer = node.rendered?.offers?.find(
      ({ words, keys }) => keys.length > 0 && (words.includes(last) || words.includes(step)),
    );
    const key = offer?.keys[0];
    if (offer && key !== undefined)
      return offer.words.includes(last) && rest.length > 0 ? key : [key, ...rest].join('.');
  }
  // The map itself comes from the values: the key is added there.
  const whole = node.kind === 'map' || isNull(node) ? node.rendered?.keys?.[0] : undefined;
  return whole === undefined ? undefined : [whole, ...path].join('.');
}

/** The same as a sentence for the end of a hint; empty where no key decides. */
export function chartHint(node: YamlNode | undefined, ...path: readonly string[]): string {
  const key = valuesKey(node, ...path);
  return key === undefined ? '' : ` In the chart the value \`${key}\` decides it.`;
}

/**
 * Values of the chart at `folder` that set one of `words` although no template reads them: dead configuration, as
 * related places of a finding about what is missing.
 */
export function deadValues(
  facts: Facts,
  folder: string | undefined,
  ...words: readonly string[]
): Pick<Finding, 'related'> {
  const chart = facts.linked(linkHelm).charts.find((one) => one.chart.folder === folder);
  const related = (chart?.unread ?? [])
    .filter(({ holds }) => words.some((word) => holds.includes(word)))
    .map(({ path, span, key }) => ({ path, span, text: `No template reads the value \`${key}\`: it has no effect.` }));
  return related.length > 0 ? { related } : {};
}

/** The value that switches objects of a kind on, as a sentence for the end of a hint; empty where no template has any. */
export function switchHint(facts: Facts, folder: string | undefined, kind: string): string {
  const chart = facts.linked(linkHelm).charts.find((one) => one.chart.folder === folder)?.chart;
  const line = new RegExp(`^kind: *"?${kind}"?\\s*$`, 'm');
  const search = (nodes: readonly TemplateNode[], keys: readonly string[]): readonly string[] | undefined => {
    for (const node of nodes) {
      if (node.kind === 'text' && line.test(node.text)) return keys;
      if (!('body' in node)) continue;
      const found = search(node.body, [...keys, ...valuesIn(node.pipe)]) ?? search(node.otherwise, keys);
      if (found) return found;
    }
    return undefined;
  };
  for (const { file } of chart?.templates ?? []) {
    const keys = search(file.nodes, []) ?? [];
    const given = (key: string) => at(chart?.values?.root, ...key.split('.'));
    // The innermost one that is off decides; those around it may be on.
    const key =
      [...keys].reverse().find((one) => /^(?:false|0|)$/.test(textOf(given(one)) ?? '-')) ??
      keys.find((one) => given(one) === undefined) ??
      keys[0];
    if (key !== undefined) return ` The chart has a ${kind} that the value \`${key}\` switches on.`;
  }
  return '';
}
