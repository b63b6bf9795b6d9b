/** Knows which values of charts have no effect: no template reads them, or their dependency is switched off. */
import type { Facts } from '../facts.ts';
import type { Operand, Pipe, TemplateNode } from '../gotemplate.ts';
import { linkHelm, type RenderedChart } from '../helm.ts';
import { folderOf } from '../paths.ts';
import { type Chart, inFolder } from './charts.ts';
import { unreadKeys } from './unread.ts';

/** Why the value at a path of keys in a values file has no effect; undefined where it has one, or that is not known. */
export type DeadValue = (path: string, keys: readonly string[]) => string | undefined;

/** A pure join: use through `facts.linked`. */
export function deadValues(facts: Facts): DeadValue {
  const unread = new Set<string>();
  const owners = new Map<string, RenderedChart>();
  const files = facts.of('chart').flatMap(({ path, data }) => (data.role === 'values' ? [{ ...data, path }] : []));
  for (const rendered of facts.linked(linkHelm).charts) {
    const { chart, environments } = rendered;
    for (const path of [
      ...(chart.values ? [chart.values.path] : []),
      ...environments.flatMap((one) => one.valuesFiles),
    ])
      if (!owners.has(path)) owners.set(path, rendered);
    if (callsUnknown(chart)) continue;
    for (const { path, key } of rendered.unread) unread.add(`${path} ${key}`);
    // They install the chart too, in its pipeline.
    const forTests = files.filter(({ path }) => folderOf(path) === inFolder(chart.folder, 'ci'));
    const given = chart.values ? [chart.values, ...forTests] : forTests;
    if (forTests.length > 0) for (const { path, key } of unreadKeys(chart, given)) unread.add(`${path} ${key}`);
    for (const inner of below(chart, 0))
      if (inner.values && !callsUnknown(inner))
        for (const { path, key } of unreadKeys(inner, [inner.values])) unread.add(`${path} ${key}`);
  }
  return (path, keys) => {
    const owner = owners.get(path);
    const defaults = owner?.chart.values?.path === path;
    const used = owner?.environments.filter(({ valuesFiles }) => defaults || valuesFiles.includes(path)) ?? [];
    const [first = ''] = keys;
    if (used.length > 0 && used.every(({ off }) => off.includes(first)))
      return `the dependency ${first} is switched off`;
    const known = keys.map((_, i) => keys.slice(0, i + 1).join('.')).find((key) => unread.has(`${path} ${key}`));
    return known === undefined ? undefined : `no template reads ${known}`;
  };
}

function below(chart: Chart, depth: number): Chart[] {
  return depth > 8 ? [] : chart.dependencies.flatMap((one) => [one.chart, ...below(one.chart, depth + 1)]);
}

/** A library that is not in the tree may read everything. */
function callsUnknown(chart: Chart): boolean {
  const charts = [chart, ...below(chart, 0)];
  const defined = new Set(
    charts.flatMap(({ templates }) => templates.flatMap(({ file }) => file.defines.map(({ name }) => name))),
  );
  return (
    chart.missing.length > 0 &&
    chart.templates.some(({ file }) =>
      [file.nodes, ...file.defines.map(({ nodes }) => nodes)].some((nodes) =>
        namesIn(nodes).some((one) => !defined.has(one)),
      ),
    )
  );
}

/** Names of the templates that nodes call. */
function namesIn(nodes: readonly TemplateNode[]): string[] {
  return nodes.flatMap((node) => [
    ...(node.kind === 'template' ? [node.name] : []),
    ...('pipe' in node && node.pipe ? namesInPipe(node.pipe) : []),
    ...('body' in node ? [...namesIn(node.body), ...namesIn(node.otherwise)] : []),
  ]);
}

function namesInPipe(pipe: Pipe): string[] {
  return pipe.commands.flatMap((command) => {
    const [called, name] = command;
    const own = called?.kind === 'function' && called.name === 'include' && name?.kind === 'string' ? [name.value] : [];
    const inner = command.flatMap((operand: Operand) => (operand.kind === 'pipe' ? namesInPipe(operand.pipe) : []));
    return [...own, ...inner];
  });
}
