/** Knows what a repository deploys to Kubernetes: objects of manifests and rendered charts, with their pods. */
import { type Applied, linkApplied } from './cluster/applied.ts';
import { isTrial } from './cluster/trials.ts';
import type { Facts } from './facts.ts';
import type { Chart } from './helm/charts.ts';
import { type Environment, linkHelm } from './helm.ts';
import { type Container, type KubeObject, objectsIn, type Pod, podOf, runsForever } from './kubernetes.ts';
import { linkKustomize } from './kustomize.ts';
import { folderOf } from './paths.ts';
import type { Place } from './span.ts';
import { terraformObjects } from './terraform/kubernetes.ts';
import { at, entriesOf, textOf, type YamlNode } from './yaml.ts';

/** An object as it is deployed. */
export interface Deployed {
  readonly object: KubeObject;
  /** File that declares it. */
  readonly path: string;
  readonly place: Place;
  /**
   * Objects of one namespace see each other. "default" where none is named; for a chart that anybody may install
   * anywhere it is the chart itself.
   */
  readonly namespace: string;
  /** Nothing says which namespace it is: whoever applies it chooses. */
  readonly assumed?: true;
  /** From a file outside production, such as a test's or an archived one: says nothing about what production has. */
  readonly aside?: true;
  /** Deployed to a developer's machine, in CI or for a demonstration alone. */
  readonly trial?: true;
  /** The chart that renders it. */
  readonly chart?: ChartUse;
  /** Path of the kustomization whose build gives it. */
  readonly kustomization?: string;
  /** A command of the repository applies it without naming a namespace: it goes where the others go. */
  readonly applied?: true;
  /** Part of a component that no kustomization uses: it is there, but nothing rests on it. */
  readonly optional?: true;
}

/** A chart with one set of values: its objects stand beside each other, not beside those of its other environments. */
export interface ChartUse {
  /** Folder of the chart. */
  readonly folder: string;
  readonly name: string;
  /** "defaults", or the paths of the values files. */
  readonly environment: string;
  /** A command or object of the repository installs it so. */
  readonly installed: boolean;
  /** Where it stands. */
  readonly deployedBy?: Place;
  /** With values for a developer's machine. */
  readonly trial: boolean;
  /** Others install it as well. */
  readonly published?: true;
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
  /**
   * Workloads of charts without other values, where every way in which the repository installs them gives some: nothing
   * deploys them so, unless the chart is published.
   */
  readonly defaults: readonly Workload[];
  /** Kustomizations and templates that could not be evaluated, as a whole or in part. */
  readonly unevaluated: readonly (Place & { readonly reason: string })[];
}

/**
 * All objects of the repository; charts only for checks with helm's `chartNeeds`, those of Terraform for checks that
 * need `terraform: true`. Use through `facts.linked`.
 */
export function linkCluster(facts: Facts): Cluster {
  const { builds, used, broken } = facts.linked(linkKustomize);
  const appliedAs = facts.linked(linkApplied);
  const isCopy = facts.linked(linkChartCopies);
  const taken = new Set([...builds.map(({ kustomization }) => kustomization.path), ...used].map(folderOf));
  const kustomized = new Set(
    facts.of('kubernetes').flatMap(({ path, data }) => (data.kustomization ? folderOf(path) : [])),
  );
  const built = new Set([...kustomized].filter((folder) => taken.has(folder)));
  const trialOf = (...paths: readonly string[]): Pick<Deployed, 'trial'> => {
    const { local = false, fetched = false } = appliedAs(paths.at(-1)!) ?? {};
    return local || paths.some((path) => isTrial(path, fetched)) ? { trial: true } : {};
  };
  const objects: Deployed[] = [];
  const generated = new Set<string>();
  for (const { path, data } of facts.of('kubernetes')) {
    if (used.has(path) || isChartTemplate(path, facts)) continue;
    if (data.generated) generated.add(path);
    for (const object of data.objects) {
      if (isPatch(object, path, built, kustomized) || isCopy(object, path)) continue;
      for (const inside of insideOf(object, appliedAs(path)))
        objects.push({ object, path, place: { path, span: object.span }, ...inside, ...trialOf(path) });
    }
  }
  for (const { kustomization, objects: built } of builds) {
    // What a chart is made from names things in the language of templates.
    if (built.some(isTemplate)) continue;
    const optional = kustomization.component ? { optional: true as const } : {};
    // One apply has one namespace: what names none goes where the others go.
    const [named, ...more] = new Set(built.flatMap((object) => object.namespace ?? []));
    for (const object of built) {
      const path = object.path ?? kustomization.path;
      for (const inside of insideOf(
        object,
        appliedAs(kustomization.path),
        named !== undefined && more.length === 0 ? named : undefined,
      ))
        objects.push({
          object,
          path,
          place: { path, span: object.span },
          ...inside,
          kustomization: kustomization.path,
          ...optional,
          ...trialOf(path, kustomization.path),
        });
    }
  }
  for (const object of facts.linked(terraformObjects)) {
    const path = object.path!;
    objects.push({ object, path, place: { path, span: object.span }, ...insideOf(object)[0]!, ...trialOf(path) });
  }
  const unevaluated = [...broken, ...addCharts(objects, facts)];
  dropGenerated(objects, generated);
  const outside = new Set(facts.files.flatMap(({ path, zone }) => (zone === 'production' ? [] : path)));
  objects.forEach((one, i) => {
    if (outside.has(one.path)) objects[i] = { ...one, aside: true };
  });
  const experiments = new Set(objects.flatMap(({ object, path }) => (EXPERIMENT.test(object.apiVersion) ? path : [])));
  const running = (deployed: Deployed): Workload[] => {
    const pod = podOf(deployed.object);
    const forever = runsForever(deployed.object);
    // A job beside an experiment checks what the experiment does: a test.
    const runs = pod && (forever || !experiments.has(deployed.path)) && !isOff(deployed.object);
    return runs ? [{ ...deployed, pod, forever }] : [];
  };
  const defaults = facts
    .linked(linkHelm)
    .charts.flatMap(({ chart, published, defaults: environment }) =>
      environment ? renderedObjects(chart, environment, published ? { published } : {}) : [],
    );
  return { objects, workloads: objects.flatMap(running), defaults: defaults.flatMap(running), unevaluated };
}

/** Removes files that a tool wrote from other files of the tree: what they hold is judged, and changed, there. */
function dropGenerated(objects: Deployed[], paths: ReadonlySet<string>): void {
  if (paths.size === 0) return;
  const keyOf = ({ object }: Deployed) => `${object.kind} ${object.name ?? ''}`;
  const written = new Set(objects.flatMap((one) => (paths.has(one.path) ? [] : keyOf(one))));
  const own = new Set(objects.flatMap((one) => (podOf(one.object) && !written.has(keyOf(one)) ? one.path : [])));
  const kept = objects.filter(({ path }) => !paths.has(path) || own.has(path));
  objects.splice(0, objects.length, ...kept);
}

/** API groups of objects that break things on purpose. */
const EXPERIMENT = /^(?:chaos-mesh\.org|litmuschaos\.io|chaos\.alibaba\.com|chaostoolkit\.org)\//;

/** The namespaces that an object goes to, with the one that the rest of its build names, if there is one. */
function insideOf(
  { namespace }: KubeObject,
  applied?: Applied,
  given?: string,
): Pick<Deployed, 'namespace' | 'assumed' | 'applied'>[] {
  if (namespace !== undefined && !applied?.forced) return [{ namespace }];
  const { namespaces = [] } = applied ?? {};
  if (namespaces.length > 0) return namespaces.map((name) => ({ namespace: name }));
  const mark = applied ? { applied: true as const } : {};
  return [
    given === undefined
      ? { namespace: 'default', assumed: true, ...mark }
      : { namespace: given, assumed: true, ...mark },
  ];
}

/** Tells output of `helm template` for a chart of the tree: the chart itself is judged. Use through `facts.linked`. */
export function linkChartCopies(facts: Facts): (object: KubeObject, path: string) => boolean {
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  const charts = new Map<string, readonly Chart[]>();
  for (const { chart } of facts.linked(linkHelm).charts)
    charts.set(chart.name, [...(charts.get(chart.name) ?? []), chart]);
  return ({ rendered }, path) =>
    rendered !== undefined &&
    (charts.get(rendered.chart) ?? []).some(
      (chart) =>
        zones.get(chart.path) === zones.get(path) &&
        (rendered.template.startsWith('charts/') || chart.templates.some(({ name }) => name === rendered.template)),
    );
}

/** Beside or below a kustomization, or by its name, a workload that could not be created: a patch that nobody uses any more. */
function isPatch(
  object: KubeObject,
  path: string,
  built: ReadonlySet<string>,
  kustomized: ReadonlySet<string>,
): boolean {
  const folder = folderOf(path);
  const beside = built.has(folder) || /(?:^|[/_.-])patch(?:es)?[/_.-]/.test(path);
  const below = [...folder.matchAll(/\//g)].some(({ index }) => kustomized.has(folder.slice(0, index)));
  if (!podOf(object) || (!beside && !below)) return false;
  const selects = object.apiVersion === 'apps/v1' && /^(?:Deployment|StatefulSet|DaemonSet)$/.test(object.kind);
  const selectsNothing = selects && at(object.body, 'spec', 'selector') === undefined;
  return beside ? hasNoImages(object) || selectsNothing : hasNoImages(object) && selectsNothing;
}

function isTemplate({ name = '', namespace = '' }: KubeObject): boolean {
  return name.includes('{{') || namespace.includes('{{');
}

function hasNoImages(object: KubeObject): boolean {
  return podOf(object)?.containers.every(({ image }) => image === undefined) ?? false;
}

/** A workload without images and replicas: it switches off what another way of installing it would leave running. */
function isOff(object: KubeObject): boolean {
  return textOf(at(object.body, 'spec', 'replicas')) === '0' && hasNoImages(object);
}

/** Adds what charts render. Objects that only `helm test` creates are left out. */
function addCharts(objects: Deployed[], facts: Facts): (Place & { reason: string })[] {
  const unevaluated = new Map<string, Place & { reason: string }>();
  for (const { chart, environments } of facts.linked(linkHelm).charts) {
    for (const environment of environments) {
      objects.push(...renderedObjects(chart, environment));
      for (const failure of environment.files.flatMap(({ failures }) => failures))
        unevaluated.set(`${failure.path}:${failure.span.start}`, failure);
    }
  }
  return [...unevaluated.values()];
}

function renderedObjects(
  chart: Chart,
  environment: Environment,
  published: Pick<ChartUse, 'published'> = {},
): Deployed[] {
  const { name, namespace, release, files, valuesFiles, deployedBy } = environment;
  const use: ChartUse = {
    folder: chart.folder,
    name: chart.name,
    environment: name,
    installed: deployedBy !== undefined,
    trial: [chart.path, ...valuesFiles].some((path) => isTrial(path)),
    ...published,
    ...(deployedBy ? { deployedBy } : {}),
    ...(namespace === undefined ? {} : { namespace }),
  };
  return files.flatMap(({ path, documents }) =>
    objectsIn(documents).flatMap((object): Deployed[] => {
      if (/\btest\b/.test(textOf(at(object.body, 'metadata', 'annotations', 'helm.sh/hook')) ?? '')) return [];
      const where = object.path ?? path;
      // A template that names the release's namespace says as little as one that names none.
      const written = object.namespace === release.namespace ? namespace : (object.namespace ?? namespace);
      return [
        {
          object,
          path: where,
          place: { path: where, span: object.span },
          namespace: written ?? (deployedBy ? 'default' : `chart ${chart.folder}`),
          ...(written === undefined ? { assumed: true } : {}),
          ...(use.trial ? { trial: true } : {}),
          chart: use,
        },
      ];
    }),
  );
}

/** Plain files among a chart's templates belong to the chart. */
function isChartTemplate(path: string, facts: Facts): boolean {
  const match = /^(.*?)(?:^|\/)templates\//.exec(path);
  return match !== null && facts.has(match[1] === '' ? 'Chart.yaml' : `${match[1]}/Chart.yaml`);
}

/** Workloads without those environments of a chart that nothing installs, where something installs another one. */
export function deployedWorkloads(cluster: Cluster): readonly Workload[] {
  const installed = new Set(cluster.workloads.flatMap(({ chart }) => (chart?.installed ? [chart.folder] : [])));
  return cluster.workloads.filter(({ chart }) => {
    if (!chart) return true;
    return installed.has(chart.folder) ? chart.installed : chart.environment === 'defaults';
  });
}

/** How a rendered or patched workload comes about, for the end of a sentence; empty for a plain manifest. */
export function deployedAs({ chart, kustomization }: Workload): string {
  if (chart) {
    const given = chart.environment;
    const values = given.startsWith('defaults')
      ? given.replace('defaults', 'its default values')
      : `the values ${given}`;
    return ` when the chart ${chart.name} is installed with ${values}`;
  }
  return kustomization === undefined ? '' : `, as ${kustomization} deploys it`;
}

/** Place of a container or any other part of a deployed object. */
export function placeIn(deployed: Deployed, node: YamlNode | Container): Place {
  return { path: node.path ?? deployed.path, span: node.span };
}

/** Key-value pairs of a map of texts, such as labels. */
export function textsOf(node: YamlNode | undefined): ReadonlyMap<string, string> {
  return new Map(entriesOf(node).map(({ key, value }) => [key, textOf(value) ?? '']));
}
