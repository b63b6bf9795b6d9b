/** Knows the charts of a tree as what they install: Kubernetes documents for each set of values they are deployed with. */
import type { Facts } from './facts.ts';
import { type Chart, chartsOf, folderOf, type ValuesFile } from './helm/charts.ts';
import type { Release } from './helm/context.ts';
import { type RenderedFile, renderChart } from './helm/render.ts';
import { unreadKeys } from './helm/unread.ts';
import { overlay, prepare, valuesOf } from './helm/values.ts';
import type { Place } from './span.ts';
import { helmFunctions } from './sprig.ts';
import { yamlReader } from './yaml.ts';

export interface HelmModel {
  /** Charts that can be installed; libraries and sub-charts are part of others. */
  readonly charts: readonly RenderedChart[];
  /** Folders of all charts: what stands in their `templates` is no manifest of its own. */
  readonly folders: ReadonlySet<string>;
}

export interface RenderedChart {
  readonly chart: Chart;
  readonly environments: readonly Environment[];
  /** Values that no template reads: dead configuration. */
  readonly unread: readonly (Place & { readonly key: string })[];
}

/** One way in which a chart is installed. */
export interface Environment {
  /** "defaults", or the paths of the values files. */
  readonly name: string;
  readonly valuesFiles: readonly string[];
  readonly release: Release;
  /** Namespace it is installed in, where that is known. */
  readonly namespace?: string;
  readonly files: readonly RenderedFile[];
  /** The command or object that installs it so. */
  readonly deployedBy?: Place;
}

const RELEASE: Release = { name: 'release-name', namespace: 'default' };

/** Renders every chart of the tree that can be installed. To be used as `facts.linked(linkHelm)`. */
export function linkHelm(facts: Facts): HelmModel {
  const charts = chartsOf(facts);
  if (charts.size === 0) return { charts: [], folders: new Set() };
  const read = yamlReader();
  const functions = helmFunctions(read);
  const valuesFiles = new Map<string, ValuesFile>();
  for (const { path, data } of facts.of('chart')) if (data.role === 'values') valuesFiles.set(path, { ...data, path });
  const result = [...charts.values()]
    .filter((chart) => !chart.library && !isInside(chart, charts))
    .map((chart) => {
      const others = [...valuesFiles.keys()].filter(
        (path) => folderOf(path) === chart.folder && path !== chart.values?.path,
      );
      const environments = [[], ...others.map((path) => [path])].map((paths): Environment => {
        const user = paths.reduce(
          (values, path) => overlay(values, valuesOf(valuesFiles.get(path))),
          valuesOf(undefined),
        );
        const { prepared, values } = prepare(chart, user);
        const files = renderChart(prepared, values, RELEASE, functions, read);
        return { name: paths.join(', ') || 'defaults', valuesFiles: paths, release: RELEASE, files };
      });
      const own = others.map((path) => valuesFiles.get(path)!);
      return { chart, environments, unread: unreadKeys(chart, chart.values ? [chart.values, ...own] : own) };
    });
  return { charts: result, folders: new Set(charts.keys()) };
}

/** A chart in the `charts` folder of another one is installed with that one. */
function isInside(chart: Chart, charts: ReadonlyMap<string, Chart>): boolean {
  const parent = folderOf(chart.folder);
  return /(?:^|\/)charts$/.test(parent) && charts.has(folderOf(parent));
}
