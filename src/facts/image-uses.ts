/** Knows which Dockerfile builds which image, and where compose services and Kubernetes workloads run it. */
import { linkCluster, placeIn } from './cluster.ts';
import { type ComposeHealthcheck, type ComposeService, linkCompose } from './compose.ts';
import { type DockerRun, linkDocker, shortNameOf } from './docker-run.ts';
import type { Stage } from './dockerfile.ts';
import type { Facts } from './facts.ts';
import { imageName, parseImage, shortName } from './images.ts';
import type { Container } from './kubernetes.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Place } from './span.ts';
import { at, entryOf, isNull, itemsOf, textOf } from './yaml.ts';

/** One place that runs an image. */
export interface ImageUse {
  readonly place: Place;
  /** "service web", "container api of Deployment api". */
  readonly title: string;
  /** Runs until stopped, as opposed to a job or an init container. */
  readonly forever: boolean;
  /** Run by Kubernetes, which ignores HEALTHCHECK. */
  readonly orchestrated: boolean;
  /** Build target, where a compose service names one. */
  readonly target?: string;
  readonly healthcheck?: ComposeHealthcheck;
  /** Place and key of a liveness, readiness or startup probe. */
  readonly probe?: { readonly key: string; readonly place: Place };
}

/** Path of the Dockerfile by name of the image it builds. A pure join: use through `facts.linked`. */
export function linkBuilders(facts: Facts): ReadonlyMap<string, string> {
  const builders = new Map<string, string>();
  for (const service of facts.linked(linkCompose)) {
    const reference = service.image?.resolved;
    const image = reference === undefined ? undefined : parseImage(reference);
    const path = service.build?.dockerfile ?? (service.build && service.path);
    if (image && path !== undefined) builders.set(imageName(image), path);
  }
  for (const [name, path] of skaffoldBuilds(facts)) builders.set(name, path);
  for (const { images, dockerfile } of facts.linked(linkDocker).builds) {
    for (const text of images) {
      const image = parseImage(text);
      if (image && dockerfile !== undefined && !builders.has(imageName(image)))
        builders.set(imageName(image), dockerfile);
    }
  }
  return builders;
}

/** Uses by path of the Dockerfile that builds the image. A pure join: use through `facts.linked`. */
export function linkImageUses(facts: Facts): ReadonlyMap<string, readonly ImageUse[]> {
  const paths = facts.of('dockerfile').map((file) => file.path);
  const services = facts.linked(linkCompose);
  const builders = facts.linked(linkBuilders);
  const hints = hintsOf(facts);

  const uses = new Map<string, ImageUse[]>(paths.map((path) => [path, []]));
  const builderOf = (reference: string, exactly = false): readonly string[] => {
    const image = parseImage(reference);
    if (!image) return [];
    const known = builders.get(imageName(image));
    if (known !== undefined) return [known];
    const short = shortName(image);
    const exact = paths.filter((path) => hints.get(path)!.has(short));
    if (exact.length > 0 || exactly) return exact;
    const ending = paths.filter((path) => [...hints.get(path)!].some((hint) => short.endsWith(`-${hint}`)));
    return ending.length === 1 ? ending : [];
  };

  const targets = builtTargets(facts);
  const add = (path: string, image: string | undefined, use: ImageUse): void => {
    const target = use.target ?? targets.get(`${path} ${shortNameOf(image ?? '') ?? ''}`);
    uses.get(path)?.push(target === undefined ? use : { ...use, target });
  };
  for (const run of facts.linked(linkDocker).runs) {
    for (const path of builderOf(run.image, true)) add(path, run.image, runUse(run));
  }
  for (const service of services) {
    const own = service.build?.dockerfile;
    const reference = service.image?.resolved;
    const built = own !== undefined ? [own] : service.build || reference === undefined ? [] : builderOf(reference);
    for (const path of built) add(path, own === undefined ? reference : undefined, serviceUse(service));
  }
  for (const workload of facts.linked(linkCluster).workloads) {
    for (const container of workload.pod.containers) {
      if (!container.image) continue;
      const { key, node } = probeOf(container) ?? {};
      const use: ImageUse = {
        place: placeIn(workload, container),
        title: `container ${container.name} of ${workload.object.kind} ${workload.object.name ?? ''}`.trim(),
        orchestrated: true,
        forever: workload.forever && (container.role === 'container' || container.role === 'sidecar'),
        ...(key === undefined || node === undefined ? {} : { probe: { key, place: placeIn(workload, node) } }),
      };
      for (const path of builderOf(container.image.text)) add(path, container.image.text, use);
    }
  }
  return uses;
}

function serviceUse(service: ComposeService): ImageUse {
  return {
    place: { path: service.path, span: service.keySpan },
    title: `service ${service.name}`,
    orchestrated: false,
    forever: entryOf(service.body, 'ports') !== undefined || keepsRunning(service),
    ...(service.build?.target === undefined ? {} : { target: service.build.target.toLowerCase() }),
    ...(service.healthcheck ? { healthcheck: service.healthcheck } : {}),
  };
}

function runUse({ image, detached, options, place }: DockerRun): ImageUse {
  const health = options.findIndex((word) => /^--health-cmd(?:=|$)/.test(word));
  const test = options[health]?.includes('=') ? options[health]!.slice('--health-cmd='.length) : options[health + 1];
  return {
    place,
    title: `docker run of ${image}`,
    forever: detached,
    orchestrated: false,
    ...(health < 0 ? {} : { healthcheck: { disabled: false, test: ['CMD-SHELL', test ?? ''], span: place.span } }),
  };
}

function keepsRunning(service: ComposeService): boolean {
  const restart = textOf(at(service.body, 'restart'));
  return restart === 'always' || restart === 'unless-stopped';
}

/** The first probe of a container that is set. */
function probeOf(container: Container) {
  for (const key of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const node = at(container.body, key);
    if (node?.kind === 'map' && !isNull(node) && node.entries.length > 0) return { key, node };
  }
  return undefined;
}

/** Artifacts of skaffold.yaml: image name and the Dockerfile that builds it. */
function skaffoldBuilds(facts: Facts): [string, string][] {
  return facts.of('kubernetes').flatMap(({ path, data }) =>
    data.objects
      .filter((object) => object.apiVersion.startsWith('skaffold/'))
      .flatMap((object) =>
        itemsOf(at(object.body, 'build', 'artifacts')).flatMap((artifact): [string, string][] => {
          const image = parseImage(textOf(at(artifact, 'image')) ?? '');
          const context = joinPath(folderOf(path), textOf(at(artifact, 'context')) ?? '.');
          const name = textOf(at(artifact, 'docker', 'dockerfile')) ?? 'Dockerfile';
          const dockerfile = context === undefined ? undefined : joinPath(context, name);
          return image && dockerfile !== undefined ? [[imageName(image), dockerfile]] : [];
        }),
      ),
  );
}

const GENERIC =
  /^(?:src|source|docker|dockerfiles?|build|builds|container|containers|images?|app|apps|deploy|deployment|ops|infra|infrastructure|prod|production|dev|development|staging|base|test|ci|main|root|code|server|services?|linux|alpine|debian|slim|multiarch|minimal|local|package|packages)$/;

/** Names an image of each Dockerfile may have: its folder, the ending of its name, the program it starts. */
function hintsOf(facts: Facts): ReadonlyMap<string, ReadonlySet<string>> {
  const built = builtNames(facts);
  return new Map(
    facts.of('dockerfile').map(({ path, data }) => {
      const hints = new Set<string>();
      const folders = folderOf(path).toLowerCase().split('/');
      while (folders.length > 1 && GENERIC.test(folders.at(-1)!)) folders.pop();
      hints.add(folders.at(-1)!);
      const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
      hints.add(name.replace(/^(?:docker|container)file[._-]?/, '').replace(/[._-]?(?:docker|container)file$/, ''));
      const stage = data.stages.at(-1);
      const program = stage && programName(stage);
      if (program !== undefined) hints.add(program);
      for (const { key, value } of stage?.labels ?? []) {
        if (key === 'org.opencontainers.image.title' && value.resolved) hints.add(value.resolved.toLowerCase());
      }
      const guessed = [...hints].filter((hint) => hint.length > 1 && !GENERIC.test(hint));
      return [path, new Set([...guessed, ...(built.get(path) ?? [])])];
    }),
  );
}

/** Stage that a build by name stops at, by Dockerfile and short name of the image. */
function builtTargets(facts: Facts): ReadonlyMap<string, string> {
  return new Map(
    facts
      .linked(linkDocker)
      .builds.flatMap(({ images, dockerfile, target }) =>
        target === undefined
          ? []
          : images.map((image): [string, string] => [
              `${dockerfile} ${shortNameOf(image) ?? ''}`,
              target.toLowerCase(),
            ]),
      ),
  );
}

/** Names that scripts and pipelines give to what they build, by Dockerfile. */
function builtNames(facts: Facts): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const { images, dockerfile } of facts.linked(linkDocker).builds)
    if (dockerfile !== undefined)
      names.set(dockerfile, [...(names.get(dockerfile) ?? []), ...images.flatMap((image) => shortNameOf(image) ?? [])]);
  return names;
}

/** "./podinfo" gives "podinfo"; nothing for programs that run other programs. */
function programName(stage: Stage): string | undefined {
  const first = (stage.entrypoint ?? stage.cmd)?.words[0];
  const name = first?.slice(first.lastIndexOf('/') + 1).toLowerCase();
  return name !== undefined && first!.includes('/') && !/\.|^(?:ba|da|a)?sh$|^python|^node$|^tini$/.test(name)
    ? name
    : undefined;
}
