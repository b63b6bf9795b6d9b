/** Knows what a repository deploys to Kubernetes: objects of manifests and rendered charts, with their pods. */
import type { Facts } from './facts.ts';
import { linkHelm } from './helm.ts';
import { type Container, type KubeObject, objectsIn, type Pod, podOf, runsForever } from './kubernetes.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Place } from './span.ts';
import { at, entriesOf, itemsOf, textOf, type YamlMap, type YamlNode } from './yaml.ts';

/** An object as it is deployed. */
export interface Deployed {
  readonly object: KubeObject;
  /** File that declares it. */
  readonly path: string;
  readonly place: Place;
  /** The chart that renders it. */
  readonly chart?: ChartUse;
}

/** A chart with one set of values: its objects stand beside each other, not beside those of its other environments. */
export interface ChartUse {
  /** Folder of the chart. */
  readonly folder: string;
  readonly name: string;
  /** "defaults", or the paths of the values files. */
  readonly environment: string;
  /** Namespace of objects that name none, where it is known. */
  readonly namespace?: string;
}

export interface Workload extends Deployed {
  readonly pod: Pod;
  /** False for jobs. */
  readonly forever: boolean;
}

export interface Cluster {
  readonly objects: readonly Deployed[];
  readonly workloads: readonly Workload[];
  /** Templates that could not be evaluated, as a whole or in part. */
  readonly unevaluated: readonly (Place & { readonly reason: string })[];
}

/** All objects of the repository; charts only for checks that need `chart: true`. Use through `facts.linked`. */
export function linkCluster(facts: Facts): Cluster {
  const files = facts.of('kubernetes');
  const patches = new Set<string>();
  for (const { path, data } of files) {
    if (data.kustomization) for (const patch of patchFiles(path, data.kustomization)) patches.add(patch);
  }
  const objects: Deployed[] = [];
  for (const { path, data } of files) {
    if (patches.has(path) || isChartTemplate(path, facts)) continue;
    for (const object of data.objects) {
      const where = object.path ?? path;
      objects.push({ object, path: where, place: { path: where, span: object.span } });
    }
  }
  const unevaluated = addCharts(objects, facts);
  const workloads = objects.flatMap((deployed): Workload[] => {
    const pod = podOf(deployed.object);
    return pod ? [{ ...deployed, pod, forever: runsForever(deployed.object) }] : [];
  });
  return { objects, workloads, unevaluated };
}

/** Adds what charts render. Objects that only `helm test` creates are left out. */
function addCharts(objects: Deployed[], facts: Facts): (Place & { reason: string })[] {
  const unevaluated = new Map<string, Place & { reason: string }>();
  for (const { chart, environments } of facts.linked(linkHelm).charts) {
    for (const { name, namespace, files } of environments) {
      const use: ChartUse = {
        folder: chart.folder,
        name: chart.name,
        environment: name,
        ...(namespace === undefined ? {} : { namespace }),
      };
      for (const { path, documents, failures } of files) {
        for (const failure of failures) unevaluated.set(`${failure.path}:${failure.span.start}`, failure);
        for (const object of objectsIn(documents)) {
          if (/\btest\b/.test(textOf(at(object.body, 'metadata', 'annotations', 'helm.sh/hook')) ?? '')) continue;
          const where = object.path ?? path;
          objects.push({ object, path: where, place: { path: where, span: object.span }, chart: use });
        }
      }
    }
  }
  return [...unevaluated.values()];
}

/** Files that a kustomization only uses to change others: no objects of their own. */
function patchFiles(path: string, kustomization: YamlMap): string[] {
  const folder = folderOf(path);
  const names: (string | undefined)[] = [
    ...itemsOf(at(kustomization, 'patchesStrategicMerge')).map(textOf),
    ...itemsOf(at(kustomization, 'patches')).map((patch) => textOf(at(patch, 'path'))),
    ...itemsOf(at(kustomization, 'patchesJson6902')).map((patch) => textOf(at(patch, 'path'))),
  ];
  return names.flatMap((name) => (name === undefined ? [] : (joinPath(folder, name) ?? [])));
}

/** Plain files among a chart's templates belong to the chart. */
function isChartTemplate(path: string, facts: Facts): boolean {
  const match = /^(.*?)(?:^|\/)templates\//.exec(path);
  return match !== null && facts.has(match[1] === '' ? 'Chart.yaml' : `${match[1]}/Chart.yaml`);
}

/** Place of a container or any other part of a deployed object. */
export function placeIn(deployed: Deployed, node: YamlNode | Container): Place {
  return { path: node.path ?? deployed.path, span: node.span };
}

/** Key-value pairs of a map of texts, such as labels. */
export function textsOf(node: YamlNode | undefined): ReadonlyMap<string, string> {
  return new Map(entriesOf(node).map(({ key, value }) => [key, textOf(value) ?? '']));
}
