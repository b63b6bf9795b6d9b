/** Knows every container of a repository's workloads, with all the ways it is deployed. */
import { type Finding, failed, type Subject } from '../check.ts';
import { isTrial } from './cluster/trials.ts';
import { deployedWorkloads, linkCluster, placeIn, type Workload } from './cluster.ts';
import type { Facts } from './facts.ts';
import { parseImage, shortName } from './images.ts';
import { type Container, titleOf } from './kubernetes.ts';
import { fileName } from './paths.ts';
import type { Place } from './span.ts';
import type { YamlNode } from './yaml.ts';

/** One container as it is written down, with every way it is deployed: overlays, environments of a chart. */
export interface DeployedContainer {
  /** "container api of Deployment shop". */
  readonly title: string;
  readonly place: Place;
  /** Equal for files that declare the same object again: a cluster has one of them. */
  readonly identity?: string;
  /** Never empty; those of trials only where there is no other. */
  readonly variants: readonly Variant[];
  /** As the chart has it without other values, where all of the repository's installations give some and nobody else has it. */
  readonly unused?: Variant;
}

/** One way in which a container is deployed. */
export interface Variant {
  readonly workload: Workload;
  readonly container: Container;
}

/** All containers by their place. A pure join: use through `facts.linked`. */
export function linkContainers(facts: Facts): readonly DeployedContainer[] {
  const found = new Map<string, DeployedContainer & { variants: Variant[]; unused?: Variant }>();
  const cluster = facts.linked(linkCluster);
  const published = cluster.defaults.filter(({ chart }) => chart?.published);
  const unused = new Set(cluster.defaults.filter(({ chart }) => !chart?.published));
  for (const workload of [...deployedWorkloads(cluster), ...published, ...unused]) {
    for (const container of workload.pod.containers) {
      const place = placeIn(workload, container);
      const key = `${place.path} ${place.span.start} ${container.name}`;
      const known = found.get(key);
      if (unused.has(workload)) {
        if (known) known.unused = { workload, container };
      } else if (known) known.variants.push({ workload, container });
      else {
        const kind = container.role === 'container' ? 'container' : `${container.role} container`;
        const title = `${kind} ${container.name} of ${titleOf(workload.object)}`;
        const object = objectKey(workload);
        const identity = object === undefined ? {} : { identity: `${object} ${title}` };
        found.set(key, { title, place, ...identity, variants: [{ workload, container }] });
      }
    }
  }
  return [...found.values()].map((one) => {
    const real = one.variants.filter(({ workload }) => !workload.trial);
    return real.length > 0 ? { ...one, variants: real } : one;
  });
}

/**
 * What a cluster can have only once. Where no file says in which namespace an object is, those with the same images in
 * files of the same name are copies of each other: a registry and a tag may differ. Undefined without a name and for
 * charts, which have their own.
 */
export function objectKey({ path, object, namespace, assumed, chart, pod }: Workload): string | undefined {
  if (object.name === undefined || (assumed && chart)) return undefined;
  if (!assumed) return `${object.kind} ${namespace} ${object.name}`;
  const images = pod.containers.map(({ image }) => image && parseImage(image.text));
  return `${fileName(path)} ${object.kind} ${object.name} of ${images.map((image) => image && shortName(image)).join(' ')}`;
}

/**
 * Judges things of which several files may declare the same object of the cluster (one `identity`). Its subjects that
 * fail for one reason share the finding of the least nested file; the other places are related.
 */
export function sharingObjects<T extends { readonly identity?: string }>(
  things: readonly T[],
  judge: (one: T) => readonly Subject[],
): Subject[] {
  const judged = things.flatMap((one) => judge(one).map((subject) => ({ identity: one.identity, subject })));
  const groups = new Map<string, Map<string, Finding>>();
  for (const { identity, subject } of judged) {
    for (const finding of identity === undefined ? [] : (subject.findings ?? [])) {
      const key = `${identity} ${finding.message} ${finding.confidence}`;
      const group = groups.get(key) ?? new Map<string, Finding>();
      groups.set(key, group);
      // Twice in one file are two things to change: a list of examples, or a slip.
      if (!group.has(finding.place.path)) group.set(finding.place.path, finding);
    }
  }
  const shared = new Map<Finding, Finding>();
  for (const group of groups.values()) {
    if (group.size < 2) continue;
    const all = [...group.values()].sort((a, b) => depth(a) - depth(b) || (a.place.path < b.place.path ? -1 : 1));
    const [first, ...others] = all;
    const related = others.map(({ place }) => ({ ...place, text: 'The same object is declared here again.' }));
    const one: Finding = { ...first!, related: [...(first!.related ?? []), ...related] };
    for (const finding of all) shared.set(finding, one);
  }
  return judged.map(({ subject }) =>
    subject.findings
      ? { ...subject, findings: subject.findings.map((finding) => shared.get(finding) ?? finding) }
      : subject,
  );
}

function depth({ place }: Finding): number {
  return place.path.split('/').length;
}

/** Where values or a template decide `node`, which may lack the field: the values file's own node, if one has it. */
export function decidedAt(variant: Variant, ...nodes: readonly (YamlNode | undefined)[]): Place {
  const { container, workload } = variant;
  const own = container.path ?? workload.path;
  const node = nodes.find((one) => one?.path !== undefined && one.path !== own);
  return node ? { path: node.path!, span: node.span } : placeIn(workload, container);
}

/** For a pass: the other file that sets `node` of the thing at `place`, as the end of a sentence; empty where it stands there. */
export function setIn(node: YamlNode | undefined, place: Place): string {
  return node?.path !== undefined && node.path !== place.path ? `, set in ${node.path}` : '';
}

/** A failing subject, to review where its file is for trials: nobody hardens or bounds what is started to try things out. */
export function failedUnlessTrial(
  name: string,
  message: string,
  data: Finding['data'],
  place: Place,
  more: Partial<Finding> = {},
): Subject {
  return failed(name, message, data, place, isTrial(place.path) ? { confidence: 'low', ...more } : more);
}
