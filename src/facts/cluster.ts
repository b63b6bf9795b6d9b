/** Knows what a repository deploys to Kubernetes: objects of plain manifests with their namespaces, pods and services. */
import type { Facts } from './facts.ts';
import { type Container, type KubeObject, type Pod, podOf, runsForever } from './kubernetes.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Place } from './span.ts';
import { at, entriesOf, itemsOf, textOf, type YamlMap, type YamlNode } from './yaml.ts';

/** An object as it is deployed. */
export interface Deployed {
  readonly object: KubeObject;
  /** File that declares it. */
  readonly path: string;
  readonly place: Place;
}

export interface Workload extends Deployed {
  readonly pod: Pod;
  /** False for jobs. */
  readonly forever: boolean;
}

export interface Cluster {
  readonly objects: readonly Deployed[];
  readonly workloads: readonly Workload[];
}

/** All objects of the repository. A pure join: use through `facts.linked`. */
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
  const workloads = objects.flatMap((deployed): Workload[] => {
    const pod = podOf(deployed.object);
    return pod ? [{ ...deployed, pod, forever: runsForever(deployed.object) }] : [];
  });
  return { objects, workloads };
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
