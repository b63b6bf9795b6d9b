/** Knows the charts of a tree as what they install: Kubernetes documents for each set of values they are deployed with. */

import { CLUSTER_WORDS } from './cluster/local-clusters.ts';
import { namesTrial } from './cluster/trials.ts';
import type { Facts } from './facts.ts';
import { type Chart, chartsOf, type ValuesFile } from './helm/charts.ts';
import type { Release } from './helm/context.ts';
import { type Deployment, deploymentsOf, type Inline } from './helm/deployments.ts';
import { linkPublished } from './helm/published.ts';
import { type RenderedFile, renderChart } from './helm/render.ts';
import { applySet } from './helm/set-flags.ts';
import { type UnreadKey, unreadKeys } from './helm/unread.ts';
import { type DictValue, dict } from './helm/value.ts';
import { overlay, prepare, replacedTexts, switchedOff, valuesOf } from './helm/values.ts';
import { fromNode } from './helm/yaml-text.ts';
import { folderOf } from './paths.ts';
import type { Place } from './span.ts';
import { helmFunctions } from './sprig.ts';
import { type YamlFile, yamlReader } from './yaml.ts';

export interface HelmModel {
  /** Charts that can be installed; libraries and sub-charts are part of others. */
  readonly charts: readonly RenderedChart[];
  /** Folders of all charts: what stands in their `templates` is no manifest of its own. */
  readonly folders: ReadonlySet<string>;
}

export interface RenderedChart {
  readonly chart: Chart;
  readonly environments: readonly Environment[];
  /** The chart as it is without other values, where every way in which the repository installs it gives some. */
  readonly defaults?: Environment;
  /** Others install it as well. */
  readonly published: boolean;
  /**
   * Dotted keys of texts in the chart's own values in whose place every way in which the repository installs it gives
   * another; none where it releases the chart to others.
   */
  readonly replaced: ReadonlySet<string>;
  /** Values that no template reads: dead configuration. */
  readonly unread: readonly UnreadKey[];
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
  /** Names in the values of the dependencies that are switched off. */
  readonly off: readonly string[];
  /** The command or object that installs it so. */
  readonly deployedBy?: Place;
}

/** What a check needs so that charts are rendered and manifests placed as they are deployed; `kubernetes` comes on top. */
export const chartNeeds = {
  chart: true,
  workflow: ['helm', 'kubectl'],
  script: CLUSTER_WORDS,
  terraform: ['helm_release'],
} as const;

/** Ways of installing one chart that are told apart; more of them say nothing new. */
const MAX_ENVIRONMENTS = 8;

/** A way of installing a chart, before it is rendered. */
type Plan = Omit<Environment, 'files' | 'off'> & { readonly inline: Deployment['inline'] };

/**
 * Renders every chart of the tree that can be installed: as commands, Argo CD, Flux and Terraform install it, or else with
 * its defaults and with each other values file beside them. What installs it for tests alone says nothing. To be used as `facts.linked(linkHelm)`.
 */
export function linkHelm(facts: Facts): HelmModel {
  const charts = chartsOf(facts);
  if (charts.size === 0) return { charts: [], folders: new Set() };
  const read = remembering(yamlReader());
  const functions = helmFunctions(read);
  const files = new ValuesFiles(facts, read);
  const deployments = deploymentsOf(facts, new Set(charts.keys()), read).filter(({ place }) => !namesTrial(place.path));
  const own = [...charts.values()].filter((chart) => !chart.library && !isInside(chart, charts));
  const plansFor = plansByContent(own, deployments, facts);
  const publishedAs = facts.linked(linkPublished);
  const result = own.map((chart): RenderedChart => {
    const others = files.beside(chart);
    const plans = plansFor(chart);
    const given: DictValue[] = [];
    const rendered = ({ inline, ...plan }: Plan): Environment => {
      const user = plan.valuesFiles.reduce(
        (values, path) => overlay(values, valuesOf(files.get(path))),
        valuesOf(undefined),
      );
      const { prepared, values } = prepare(chart, inline.reduce(withInline, user));
      given.push(values);
      const made = renderChart(prepared, values, plan.release, functions, read);
      return { ...plan, files: made, off: switchedOff(chart, values) };
    };
    const environments = (plans.length > 0 ? plans : assumed(others, chart.name)).map(rendered);
    const overridden =
      plans.length > 0 && plans.every(({ valuesFiles, inline }) => valuesFiles.length + inline.length > 0);
    const published = publishedAs(chart);
    const inHouse = overridden && published !== 'released';
    const replaced = inHouse && chart.values ? replacedTexts(valuesOf(chart.values), given) : [];
    const beside = others.map((path) => files.get(path)!);
    return {
      chart,
      environments,
      ...(overridden ? { defaults: rendered(assumed([], chart.name)[0]!) } : {}),
      published: published !== undefined,
      replaced: new Set(replaced),
      unread: unreadKeys(chart, chart.values ? [chart.values, ...beside] : beside),
    };
  });
  return { charts: result, folders: new Set(charts.keys()) };
}

/** The same text is read once: charts are copied, and environments share most of what they render. */
function remembering(read: (text: string) => YamlFile): (text: string) => YamlFile {
  const known = new Map<string, YamlFile>();
  return (text) => {
    let file = known.get(text);
    if (!file) {
      file = read(text);
      known.set(text, file);
    }
    return file;
  };
}

class ValuesFiles {
  readonly #files = new Map<string, ValuesFile>();
  readonly #others = new Map<string, string>();
  readonly #read: (text: string) => YamlFile;

  constructor(facts: Facts, read: (text: string) => YamlFile) {
    this.#read = read;
    for (const { path, data } of facts.of('chart')) {
      if (data.role === 'values') this.#files.set(path, { ...data, path });
      if (data.role === 'file') this.#others.set(path, data.text);
    }
  }

  /** Any file that is given as values, whatever its name. */
  get(path: string): ValuesFile | undefined {
    const text = this.#others.get(path);
    if (text === undefined) return this.#files.get(path);
    const root = this.#read(text).documents[0]?.root;
    return { path, size: text.length, reads: [], ...(root?.kind === 'map' ? { root } : {}) };
  }

  /** Other values files in the chart's folder. */
  beside(chart: Chart): string[] {
    return [...this.#files.keys()].filter((path) => folderOf(path) === chart.folder && path !== chart.values?.path);
  }
}

function plansOf(deployments: readonly Deployment[]): Plan[] {
  const plans = new Map<string, Plan>();
  for (const { valuesFiles, inline, release, namespace, place } of deployments) {
    const given = inline.map((one) => (one.kind === 'set' ? one.text : `${one.path}:${one.span.start}`));
    const key = JSON.stringify([valuesFiles, given]);
    // The same values in another namespace are another way; where the namespace is not known, they say nothing new.
    const known = plans.get(key)?.namespace ?? namespace;
    const full = namespace === undefined || known === namespace ? key : `${key} ${namespace}`;
    if (plans.has(full) || plans.size >= MAX_ENVIRONMENTS) continue;
    const base = `${valuesFiles.join(', ') || 'defaults'}${inline.length > 0 ? ` and those that ${place.path} sets` : ''}`;
    const same = [...plans.values()].filter((plan) => plan.name === base || plan.name.startsWith(`${base} (`)).length;
    const name = same === 0 ? base : `${base} (${same + 1})`;
    plans.set(full, {
      name,
      valuesFiles,
      release,
      inline,
      deployedBy: place,
      ...(namespace === undefined ? {} : { namespace }),
    });
  }
  return [...plans.values()];
}

/** How each chart is installed; a copy that nothing installs counts as installed like the chart it is a copy of. */
function plansByContent(
  charts: readonly Chart[],
  deployments: readonly Deployment[],
  facts: Facts,
): (chart: Chart) => Plan[] {
  const blobs = new Map(facts.of('chart').map(({ path, blob }) => [path, blob]));
  const contentOf = (chart: Chart, depth = 0): string => {
    const own = [chart.path, ...(chart.values ? [chart.values.path] : []), ...chart.templates.map(({ path }) => path)];
    const parts = own.map((path) => `${path.slice(chart.folder.length)} ${blobs.get(path)}`).sort();
    const children = depth < 8 ? chart.dependencies.map((child) => contentOf(child.chart, depth + 1)) : [];
    return [...parts, ...children].join('\n');
  };
  const byFolder = new Map<string, Deployment[]>();
  for (const one of deployments) byFolder.set(one.chart, [...(byFolder.get(one.chart) ?? []), one]);
  const installed = new Map<string, Plan[]>();
  const content = new Map(charts.map((chart) => [chart.folder, contentOf(chart)]));
  for (const { folder } of charts) {
    const plans = plansOf(byFolder.get(folder) ?? []);
    if (plans.length > 0 && !installed.has(content.get(folder)!)) installed.set(content.get(folder)!, plans);
  }
  return ({ folder }) => {
    const plans = plansOf(byFolder.get(folder) ?? []);
    return plans.length > 0 ? plans : (installed.get(content.get(folder)!) ?? []);
  };
}

/** A release is mostly named as its chart, which keeps the names of objects short. */
function assumed(others: readonly string[], name: string): Plan[] {
  return [[], ...others.slice(0, MAX_ENVIRONMENTS).map((path) => [path])].map((paths) => ({
    name: paths[0] ?? 'defaults',
    valuesFiles: paths,
    release: { name, namespace: 'default' },
    inline: [],
  }));
}

/** Values with those given in place on top. */
function withInline(values: DictValue, inline: Inline): DictValue {
  const { path, span } = inline;
  if (inline.kind === 'set') {
    const set: DictValue = { ...dict(), from: { path, span, key: '' } };
    applySet(set, inline.text, { path, span }, inline.asText);
    return overlay(values, set);
  }
  const tree = fromNode(
    inline.root,
    (node, key) => ({ path, span: inline.own ? node.span : span, ...(key === undefined ? {} : { key }) }),
    '',
  );
  return tree.kind === 'dict' ? overlay(values, tree) : values;
}

/** A chart in the `charts` folder of another one is installed with that one. */
function isInside(chart: Chart, charts: ReadonlyMap<string, Chart>): boolean {
  const parent = folderOf(chart.folder);
  return /(?:^|\/)charts$/.test(parent) && charts.has(folderOf(parent));
}
