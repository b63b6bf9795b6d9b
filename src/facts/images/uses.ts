/** Knows which Dockerfile builds which image, and where compose services and Kubernetes workloads run it. */

import { linkCluster, placeIn, type Workload } from '../cluster.ts';
import { type ComposeService, linkCompose, linkPublishedServices } from '../compose.ts';
import { type DockerRun, linkDocker, shortNameOf } from '../docker-run.ts';
import type { Dockerfile } from '../dockerfile.ts';
import type { Facts } from '../facts.ts';
import { healthVerdictOfWords } from '../health-command.ts';
import { type ImageRef, imageName, parseImage, shortName } from '../images.ts';
import type { Container } from '../kubernetes.ts';
import { linkPlatforms } from '../platforms.ts';
import { forDevelopment } from '../service-image.ts';
import type { Place } from '../span.ts';
import { at, entryOf, isNull, itemsOf, textOf } from '../yaml.ts';
import { builderOf, linkBuiltImages, linkHints } from './built.ts';
import { isPublic } from './public.ts';

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
  readonly check?: UseCheck;
}

/** How what runs an image asks whether it is alive. */
export interface UseCheck {
  /** "healthcheck", "livenessProbe". */
  readonly name: string;
  readonly place: Place;
  /** Its command, where it is one: words, behind `CMD` or `CMD-SHELL` where it was written so. */
  readonly words?: readonly string[];
}

/** Uses by path of the Dockerfile that builds the image. A pure join: use through `facts.linked`. */
export function linkImageUses(facts: Facts): ReadonlyMap<string, readonly ImageUse[]> {
  const paths = facts.of('dockerfile').map((file) => file.path);
  const services = facts.linked(linkCompose);
  const built = facts.linked(linkBuiltImages);
  const hints = facts.linked(linkHints);

  const uses = new Map<string, ImageUse[]>(paths.map((path) => [path, []]));
  const buildersOf = (reference: string, exactly = false): readonly string[] => {
    const image = parseImage(reference);
    if (!image) return [];
    const known = builderOf(built, image, true)?.dockerfile;
    if (known !== undefined) return [known];
    // What others publish under a name like that of a folder is not built from it.
    if (isPublic(image, facts.repository)) return [];
    const short = shortName(image);
    const exact = paths.filter((path) => hints.get(path)!.has(short) && !bases.get(path)!.has(imageName(image)));
    if (exact.length > 0 || exactly) return exact;
    const ending = paths.filter((path) => [...hints.get(path)!].some((hint) => short.endsWith(`-${hint}`)));
    return ending.length === 1 ? ending : own(image);
  };
  const own = soleBuilder(facts);

  const bases = new Map(facts.of('dockerfile').map(({ path, data }) => [path, baseNames(data)]));
  const targets = builtTargets(facts);
  const add = (path: string, image: string | undefined, use: ImageUse): void => {
    const target = use.target ?? targets.get(`${path} ${shortNameOf(image ?? '') ?? ''}`);
    uses.get(path)?.push(target === undefined ? use : { ...use, target });
  };
  for (const run of facts.linked(linkDocker).runs) {
    for (const path of buildersOf(run.image, true)) add(path, run.image, runUse(run));
  }
  const published = facts.linked(linkPublishedServices).filter(({ healthcheck }) => healthcheck);
  for (const service of [...services, ...published]) {
    const own = service.build?.dockerfile;
    const reference = service.image?.resolved;
    const built = own !== undefined ? [own] : service.build || reference === undefined ? [] : buildersOf(reference);
    for (const path of built) add(path, own === undefined ? reference : undefined, serviceUse(service));
  }
  for (const workload of facts.linked(linkCluster).workloads) {
    for (const container of workload.pod.containers) {
      if (!container.image) continue;
      const check = probeOf(workload, container);
      const use: ImageUse = {
        place: placeIn(workload, container),
        title: `container ${container.name} of ${workload.object.kind} ${workload.object.name ?? ''}`.trim(),
        orchestrated: true,
        forever: workload.forever && (container.role === 'container' || container.role === 'sidecar'),
        ...(check ? { check } : {}),
      };
      for (const path of buildersOf(container.image.text)) add(path, container.image.text, use);
    }
  }
  for (const { title, place, image, dockerfile, check } of facts.linked(linkPlatforms)) {
    const found = check && {
      name: check.name,
      place: { path: place.path, span: check.span },
      ...(check.words ? { words: check.words } : {}),
    };
    const use: ImageUse = { title, place, forever: true, orchestrated: false, ...(found ? { check: found } : {}) };
    for (const path of image === undefined ? [dockerfile!] : buildersOf(image)) add(path, image, use);
  }
  // "Dockerfile-alpine" gives another edition of what "Dockerfile" beside it gives.
  for (const [path, own] of uses) {
    const plain = path.replace(EDITION, '');
    if (own.length === 0 && plain !== path) own.push(...(uses.get(plain) ?? []).filter((use) => use.orchestrated));
  }
  // What production runs is asked first.
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  const rank = ({ place }: ImageUse) => (zones.get(place.path) === 'production' ? 0 : 1);
  for (const own of uses.values()) own.sort((a, b) => rank(a) - rank(b));
  return uses;
}

const EDITION =
  /[._-](?:alpine|bookworm|slim|debian|ubuntu|chroot|distroless|rootless|unprivileged|ubi\d*|fips|musl|arm\d*|arm64|amd64|multiarch)$/;

function serviceUse(service: ComposeService): ImageUse {
  const { path, healthcheck: own } = service;
  // Without a test only the times of the image's own check change.
  const check = own &&
    !own.disabled &&
    own.test.length > 0 && {
      name: 'healthcheck',
      place: { path: own.path ?? path, span: own.span },
      words: own.test,
    };
  return {
    place: { path, span: service.keySpan },
    title: `service ${service.name}`,
    orchestrated: false,
    forever: entryOf(service.body, 'ports') !== undefined || keepsRunning(service),
    ...(service.build?.target === undefined ? {} : { target: service.build.target.toLowerCase() }),
    ...(check ? { check } : {}),
  };
}

function runUse({ image, detached, options, place }: DockerRun): ImageUse {
  const health = options.findIndex((word) => /^--health-cmd(?:=|$)/.test(word));
  const test = options[health]?.includes('=') ? options[health]!.slice('--health-cmd='.length) : options[health + 1];
  const command = (test ?? '').replace(/^(["'])(.*)\1$/s, '$2');
  return {
    place,
    title: `docker run of ${image}`,
    forever: detached,
    orchestrated: false,
    ...(health < 0 ? {} : { check: { name: '--health-cmd', place, words: ['CMD-SHELL', command] } }),
  };
}

function keepsRunning(service: ComposeService): boolean {
  const restart = textOf(at(service.body, 'restart'));
  return restart === 'always' || restart === 'unless-stopped';
}

/** The first probe of a container that can tell something, or the first one. */
function probeOf(workload: Workload, container: Container): UseCheck | undefined {
  const found = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name): UseCheck[] => {
    const node = at(container.body, name);
    if (node?.kind !== 'map' || isNull(node) || node.entries.length === 0) return [];
    const words = itemsOf(at(node, 'exec', 'command')).map((word) => textOf(word) ?? '$');
    return [{ name, place: placeIn(workload, node), ...(words.length > 0 ? { words } : {}) }];
  });
  return found.find(({ words }) => words === undefined || healthVerdictOfWords(words) === 'asks') ?? found[0];
}

/** The one image of a repository whose owner and name are those of the repository: "acme/shop" of "acme/shop-docker". */
function soleBuilder(facts: Facts): (image: ImageRef) => readonly string[] {
  const files = facts.of('dockerfile').filter(({ path, zone }) => zone === 'production' && !forDevelopment(path));
  const labels = files.flatMap(({ data }) => data.stages.flatMap((stage) => stage.labels));
  const sources = labels.flatMap(({ key, value }) =>
    key === 'org.opencontainers.image.source' ? (value.resolved ?? []) : [],
  );
  const addresses = [facts.repository ?? '', ...sources].map((one) =>
    one
      .toLowerCase()
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .slice(-2),
  );
  const bare = (name = '') => name.toLowerCase().replace(/[^a-z\d]/g, '');
  return ({ repository }) => {
    const [name = '', owner] = repository.toLowerCase().split('/').reverse();
    const isOwn = addresses.some(
      ([account, title]) => bare(owner) !== '' && bare(account) === bare(owner) && title?.split(/[-_.]/).includes(name),
    );
    return isOwn && files.length === 1 ? files.map(({ path }) => path) : [];
  };
}

function baseNames({ stages }: Dockerfile): ReadonlySet<string> {
  return new Set(
    stages.flatMap(({ image }) => {
      const parsed = parseImage(image.resolved ?? image.text);
      return parsed ? [imageName(parsed)] : [];
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
