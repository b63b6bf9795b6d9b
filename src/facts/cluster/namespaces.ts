/** Knows the namespaces that workloads run in, with the quotas, limit ranges and autoscalers that hold there. */
import { type Deployed, deployedWorkloads, linkCluster, type Workload } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { nameEntry } from '../kubernetes.ts';
import type { Place } from '../span.ts';
import { at, entriesOf, isNull, itemsOf, textOf } from '../yaml.ts';

export interface Namespace {
  readonly name: string;
  /** What names it: its manifest, the kustomization that renames that, or else the first workload in it. */
  readonly place: Place;
  /** Where else its manifest is declared. */
  readonly again: readonly Place[];
  /** False for the namespace of a chart that nothing in the repository installs: whoever installs it chooses. */
  readonly fixed: boolean;
  readonly workloads: readonly Workload[];
  readonly quotas: readonly Deployed[];
  readonly limitRanges: readonly Deployed[];
  /** "Deployment web" of each workload that a VerticalPodAutoscaler sizes. */
  readonly autoscaled: ReadonlySet<string>;
}

/** Namespaces with workloads, by name. A pure join: use through `facts.linked`. */
export function linkNamespaces(facts: Facts): ReadonlyMap<string, Namespace> {
  const cluster = facts.linked(linkCluster);
  const byNamespace = new Map<string, Workload[]>();
  for (const workload of deployedWorkloads(cluster)) {
    const known = byNamespace.get(workload.namespace);
    if (known) known.push(workload);
    else byNamespace.set(workload.namespace, [workload]);
  }
  const found = new Map<string, Namespace>();
  const taken = new Set<string>();
  for (const [name, own] of byNamespace) {
    // What only tests or an archive have is neither there for production nor its place.
    const aside = own.every((one) => one.aside);
    const counted = aside ? cluster.objects : cluster.objects.filter((one) => !one.aside);
    const workloads = aside ? own : own.filter((one) => !one.aside);
    const here = counted.filter((one) => one.namespace === name);
    const declared = declarations(counted, name);
    const manifest = declared[0]?.first;
    const first = manifest ?? workloads.find((one) => !one.assumed) ?? workloads[0]!;
    const entry = namespaceNode(first) ?? nameEntry(first.object);
    const shown = declared[0]?.place ?? { path: entry.path ?? first.path, span: entry.span };
    // A chart that is installed into several namespaces: its template is the place of one alone.
    const key = `${shown.path} ${shown.span.start}`;
    const place = (taken.has(key) ? first.chart?.deployedBy : undefined) ?? shown;
    taken.add(key);
    found.set(name, {
      name,
      place,
      again: declared.slice(1).map(({ place }) => place),
      fixed: !name.startsWith('chart ') && (manifest !== undefined || !workloads.every(isDefaultOfChart)),
      workloads,
      quotas: here.filter(({ object }) => object.kind === 'ResourceQuota'),
      limitRanges: here.filter(({ object }) => object.kind === 'LimitRange'),
      autoscaled: new Set(
        here.flatMap(({ object }) => {
          if (object.kind !== 'VerticalPodAutoscaler') return [];
          if (/^["']?Off/.test(textOf(at(object.body, 'spec', 'updatePolicy', 'updateMode')) ?? '')) return [];
          const target = at(object.body, 'spec', 'targetRef');
          return [`${textOf(at(target, 'kind'))} ${textOf(at(target, 'name'))}`];
        }),
      ),
    });
  }
  return found;
}

/** The manifests of a namespace: first the one that most builds hold, then the least nested. */
function declarations(objects: readonly Deployed[], name: string): { place: Place; first: Deployed; times: number }[] {
  const found = new Map<string, { place: Place; first: Deployed; times: number }>();
  for (const one of objects) {
    if (one.object.kind !== 'Namespace' || one.object.name !== name) continue;
    const given = at(one.object.body, 'metadata', 'name');
    const entry = nameEntry(one.object);
    const renamed = given?.path !== undefined && given.path !== one.path;
    const place = renamed
      ? { path: given.path!, span: given.span }
      : { path: entry.path ?? one.path, span: entry.span };
    const known = found.get(place.path);
    if (known) known.times++;
    else found.set(place.path, { place, first: one, times: 1 });
  }
  const depth = (path: string) => path.split('/').length;
  return [...found.values()].sort((a, b) => b.times - a.times || depth(a.place.path) - depth(b.place.path));
}

/** Only the values of a chart that nothing here installs name its namespace. */
function isDefaultOfChart({ chart, object }: Deployed): boolean {
  const from = at(object.body, 'metadata', 'namespace')?.rendered?.keys ?? [];
  return chart !== undefined && !chart.installed && from.length > 0;
}

function namespaceNode({ object, assumed }: Deployed) {
  return assumed ? undefined : at(object.body, 'metadata', 'namespace');
}

/** True when a ResourceQuota bounds computing resources or the number of pods. */
export function boundsResources({ object }: Deployed): boolean {
  return entriesOf(at(object.body, 'spec', 'hard')).some(
    ({ key, value }) => /^(?:(?:limits|requests)\.)?(?:cpu|memory)$|^(?:count\/)?pods$/.test(key) && !isNull(value),
  );
}

/** The memory limit that a LimitRange gives to containers without one: its default, or else its maximum. */
export function defaultMemory(range: Deployed): string | undefined {
  return defaultOf(range, 'memory');
}

/** True when a LimitRange gives containers without limits one for memory or CPU. */
export function boundsContainers(range: Deployed): boolean {
  return defaultOf(range, 'memory') !== undefined || defaultOf(range, 'cpu') !== undefined;
}

function defaultOf({ object }: Deployed, resource: string): string | undefined {
  for (const limit of itemsOf(at(object.body, 'spec', 'limits'))) {
    const value = textOf(at(limit, 'default', resource)) ?? textOf(at(limit, 'max', resource));
    if (textOf(at(limit, 'type')) === 'Container' && value !== undefined) return value;
  }
  return undefined;
}
