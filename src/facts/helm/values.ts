/** Knows how Helm puts values together: files over defaults, parents over sub-charts, globals, conditions and tags. */
import type { Chart, Dependency, ValuesFile } from './charts.ts';
import { deepCopy } from './sprig-data.ts';
import { type DictValue, dict, type Value } from './value.ts';
import { fromNode } from './yaml-text.ts';

/** A chart with the values it is rendered with; dependencies that are switched off are left out. */
export interface Prepared {
  readonly chart: Chart;
  /** Name in the parent's values. */
  readonly name: string;
  readonly dependencies: readonly Prepared[];
}

/** Values of a file; every value knows its place and key. */
export function valuesOf(file: ValuesFile | undefined): DictValue {
  const from = file && { path: file.path, span: { start: 0, end: Math.min(file.size, 1) }, key: '' };
  if (!file?.root) return { ...dict(), ...(from ? { from } : {}) };
  const value = fromNode(
    file.root,
    (node, key) => ({ path: node.path ?? file.path, span: node.span, ...(key === undefined ? {} : { key }) }),
    '',
  );
  return value.kind === 'dict' ? value : dict();
}

/** Values of several sources, later ones first in rank: maps are merged, everything else is replaced, null stays. */
export function overlay(target: DictValue, source: DictValue): DictValue {
  const entries = new Map(target.entries);
  for (const [key, value] of source.entries) {
    const own = entries.get(key);
    entries.set(key, own?.kind === 'dict' && value.kind === 'dict' ? overlay(own, value) : value);
  }
  return { ...target, ...(source.from ? { from: source.from } : {}), entries };
}

/** Fills `target` with what `source` has and it has not; null in `target` removes a key unless `merge` keeps it. */
function fill(target: DictValue, source: DictValue, merge: boolean): void {
  for (const [key, value] of source.entries) {
    const own = target.entries.get(key);
    if (own === undefined) target.entries.set(key, value);
    else if (own.kind === 'nil' && !merge && value.kind !== 'nil') target.entries.delete(key);
    else if (own.kind === 'dict' && value.kind === 'dict') fill(own, value, merge);
  }
}

function copyOf(value: DictValue): DictValue {
  return deepCopy(value) as DictValue;
}

interface Node {
  readonly chart: Chart;
  readonly name: string;
  readonly dependency?: Dependency;
  children: readonly Node[];
  /** The chart's own values, with what it imports from its sub-charts. */
  values: DictValue;
}

function nodeOf(chart: Chart, name: string, dependency: Dependency | undefined, depth: number): Node {
  const children =
    depth > 8 ? [] : chart.dependencies.map((child) => nodeOf(child.chart, child.name, child, depth + 1));
  return { chart, name, ...(dependency ? { dependency } : {}), children, values: valuesOf(chart.values) };
}

/** The chart's values under the user's, recursively with those of its sub-charts. `values` is changed. */
function coalesce(node: Node, values: DictValue, merge: boolean): void {
  const names = new Set(node.children.map((child) => child.name));
  for (const [key, value] of copyOf(node.values).entries) {
    const own = values.entries.get(key);
    if (own === undefined) values.entries.set(key, value);
    else if (own.kind === 'nil' && !merge) values.entries.delete(key);
    else if (own.kind === 'dict' && value.kind === 'dict') fill(own, value, merge || names.has(key));
  }
  for (const child of node.children) {
    let own = values.entries.get(child.name);
    if (own === undefined || own.kind === 'nil') {
      own = { ...dict(), ...(child.values.from ? { from: child.values.from } : {}) };
      values.entries.set(child.name, own);
    }
    if (own.kind !== 'dict') continue;
    shareGlobals(own, values);
    coalesce(child, own, merge);
  }
}

function shareGlobals(target: DictValue, source: DictValue): void {
  const from = source.entries.get('global');
  const own = target.entries.get('global');
  if (from !== undefined && from.kind !== 'dict') return;
  if (own !== undefined && own.kind !== 'dict') return;
  const globals = own ?? { ...dict(), ...(from?.from ? { from: from.from } : {}) };
  for (const [key, value] of from?.entries ?? []) {
    const there = globals.entries.get(key);
    if (value.kind === 'dict') {
      // Helm copies one level only: what a sub-chart sets further inside is seen by its parent and its siblings too.
      const copy = { ...value, entries: new Map(value.entries) };
      if (there?.kind === 'dict') fill(copy, there, true);
      if (there === undefined || there.kind === 'dict') globals.entries.set(key, copy);
    } else if (there?.kind !== 'dict') globals.entries.set(key, value);
  }
  target.entries.set('global', globals);
}

/** Dotted keys of the texts in `own` of which nothing is left in any of `given`: something else took their places. */
export function replacedTexts(own: DictValue, given: readonly DictValue[]): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: Value, others: readonly (Value | undefined)[], keys: readonly string[]): void => {
    if (value.kind === 'dict')
      for (const [key, inner] of value.entries) {
        const theirs = others.map((one) => (one?.kind === 'dict' ? one.entries.get(key) : undefined));
        visit(inner, theirs, [...keys, key]);
      }
    const path = pathOf(value);
    if (value.kind === 'text' && path !== undefined && others.every((one) => !one || pathOf(one) !== path))
      found.add(keys.join('.'));
  };
  visit(own, given, []);
  return found;
}

function pathOf(value: Value): string | undefined {
  return value.kind === 'text' ? value.runs[0]?.path : value.from?.path;
}

/** Value at a dotted path. */
export function valueAt(values: DictValue, path: string): Value | undefined {
  let value: Value | undefined = values;
  for (const part of path.split('.')) value = value?.kind === 'dict' ? value.entries.get(part) : undefined;
  return value;
}

function enabled(dependency: Pick<Dependency, 'conditions' | 'tags'>, values: DictValue, path: string): boolean {
  for (const condition of dependency.conditions) {
    const value = valueAt(values, path + condition);
    if (value?.kind === 'bool') return value.value;
  }
  const tags = values.entries.get('tags');
  const states = dependency.tags
    .map((tag) => (tags?.kind === 'dict' ? tags.entries.get(tag) : undefined))
    .filter((tag) => tag?.kind === 'bool');
  return states.length === 0 || states.some((tag) => tag.value);
}

/** Names in the values of a chart of the dependencies that conditions or tags switch off. */
export function switchedOff(chart: Chart, values: DictValue): readonly string[] {
  const all = [...chart.dependencies, ...chart.missing.map((one) => ({ ...one, name: one.key }))];
  return all.filter((one) => !enabled(one, values, '')).map(({ name }) => name);
}

/** Drops sub-charts that conditions or tags switch off; both are looked up in the values of the root and of all charts on the way. */
function prune(node: Node, outer: DictValue, path: string): void {
  if (node.children.length === 0) return;
  const values = copyOf(outer);
  coalesce(node, values, false);
  node.children = node.children.filter((child) => !child.dependency || enabled(child.dependency, values, path));
  for (const child of node.children) prune(child, values, `${path}${child.name}.`);
}

/** Takes over what `import-values` asks for; a parent's own values rank higher. The values of the sub-charts come along. */
function importValues(node: Node): void {
  for (const child of node.children) importValues(child);
  const listed = node.children.filter((child) => child.dependency?.listed);
  if (listed.length === 0) return;
  const all = dict();
  coalesce(node, all, true);
  const imported = dict();
  for (const { name, dependency } of listed) {
    for (const { child, parent } of dependency?.imports ?? []) {
      const value = valueAt(all, `${name}.${child}`);
      if (value?.kind !== 'dict') continue;
      const path = parent === '.' ? [] : parent.split('.');
      fill(
        imported,
        path.reduceRight<DictValue>((inner, key) => dict([[key, inner]]), value),
        true,
      );
    }
  }
  const own = { ...copyOf(all), ...(node.values.from ? { from: node.values.from } : {}) };
  fill(own, imported, true);
  node.values = own;
}

/** @returns the tree of charts that are rendered, and the values of the root with those of its sub-charts inside. */
export function prepare(chart: Chart, user: DictValue): { prepared: Prepared; values: DictValue } {
  const root = nodeOf(chart, chart.name, undefined, 0);
  prune(root, user, '');
  importValues(root);
  const values = copyOf(user);
  coalesce(root, values, false);
  const from = values.from ?? root.values.from;
  return { prepared: finished(root), values: { ...values, ...(from ? { from } : {}) } };
}

function finished({ chart, name, children }: Node): Prepared {
  return { chart, name, dependencies: children.map(finished) };
}
