/** Knows which images the repository builds itself, from which Dockerfiles, and what names they may have elsewhere. */
import { skaffoldArtifacts } from '../cluster/skaffold.ts';
import { linkCompose } from '../compose.ts';
import { linkDocker, nameOf, shortNameOf } from '../docker-run.ts';
import type { Dockerfile, Stage } from '../dockerfile.ts';
import type { Facts, FileFacts } from '../facts.ts';
import { type ImageRef, imageName, parseImage, shortName } from '../images.ts';
import { fileName, folderOf, joinPath } from '../paths.ts';
import { isPublic } from './public.ts';

/** Who builds an image. */
export interface Builder {
  /** File that says so. */
  readonly path: string;
  /** Path of the Dockerfile, where the tree has it. */
  readonly dockerfile?: string;
  /** Manifests name it without a version: the builder puts in the digest of what it built. */
  readonly deploys?: true;
}

export interface BuiltImages {
  /** By name as `imageName` spells it. */
  readonly byName: ReadonlyMap<string, Builder>;
  /** Names that a variable is part of: "$REGISTRY/team/app". */
  readonly patterns: readonly { readonly name: RegExp; readonly builder: Builder }[];
  /** By short name: all of the above, and what the Dockerfiles' own names suggest. */
  readonly byShortName: ReadonlyMap<string, Builder>;
  /** Services whose image compose names itself: the project, which anybody may choose, and the service. */
  readonly byService: ReadonlyMap<string, Builder>;
}

/** All images the repository builds. A pure join: use through `facts.linked`. */
export function linkBuiltImages(facts: Facts): BuiltImages {
  const byName = new Map<string, Builder>();
  const patterns = new Map<string, { name: RegExp; builder: Builder }>();
  const byShortName = new Map<string, Builder>();
  const byService = new Map<string, Builder>();
  const add = (text: string, builder: Builder): void => {
    const image = parseImage(nameOf(text));
    if (image && !byName.has(imageName(image))) byName.set(imageName(image), builder);
    const short = shortNameOf(text);
    if (short === undefined) return;
    if (!byShortName.has(short)) byShortName.set(short, builder);
    if (!image) patterns.set(text, { name: patternOf(text), builder });
  };
  for (const service of facts.linked(linkCompose)) {
    const { build, path, name } = service;
    const reference = service.image?.resolved;
    if (build) {
      const builder = { path, ...(build.dockerfile === undefined ? {} : { dockerfile: build.dockerfile }) };
      if (reference !== undefined) add(reference, builder);
      if (!service.image) byService.set(name.toLowerCase(), builder);
    } else if (reference !== undefined) {
      const beside = dockerfileBeside(reference, path, facts);
      if (beside !== undefined) add(reference, { path, dockerfile: beside });
    }
  }
  for (const [name, builder] of skaffoldBuilds(facts)) byName.set(name, builder);
  const { builds, tags } = facts.linked(linkDocker);
  for (const { images, dockerfile, place } of builds) {
    for (const image of images) add(image, { path: place.path, ...(dockerfile === undefined ? {} : { dockerfile }) });
  }
  for (const { path, data } of facts.of('imagefile')) {
    for (const { images, dockerfiles, deploys } of data.builds) {
      const dockerfile = dockerfiles.find((one) => facts.has(one));
      const from = dockerfile === undefined ? {} : { dockerfile };
      for (const image of images) add(image, { path, ...from, ...(deploys ? { deploys } : {}) });
    }
  }
  for (const { from, to } of tags) {
    const builder = byShortName.get(shortNameOf(from) ?? '');
    if (builder) add(to, builder);
  }
  for (const [path, hints] of facts.linked(linkHints))
    for (const hint of hints) if (!byShortName.has(hint)) byShortName.set(hint, { path, dockerfile: path });
  return { byName, patterns: [...patterns.values()], byShortName, byService };
}

/** Who builds the image of that name; a name that only resembles one counts where `exactly` is not asked for. */
export function builderOf(built: BuiltImages, image: ImageRef, exactly = false): Builder | undefined {
  const similar = exactly ? undefined : similarTo(built, image);
  return built.byName.get(imageName(image)) ?? composedBy(built, image) ?? similar;
}

/** The same by names that the repository spells out, without those that compose would make up. */
export function namedBuilderOf(built: BuiltImages, image: ImageRef): Builder | undefined {
  return built.byName.get(imageName(image)) ?? similarTo(built, image);
}

function similarTo({ patterns }: BuiltImages, image: ImageRef): Builder | undefined {
  const name = imageName(image);
  return patterns.find((one) => one.name.test(name))?.builder;
}

/** "shop-web" and "shop_web" of the service "web": no registry has names without a namespace, but for those of Docker Hub. */
function composedBy({ byService }: BuiltImages, image: ImageRef): Builder | undefined {
  const { registry, repository } = image;
  if (registry !== undefined || repository.includes('/') || isPublic(image)) return undefined;
  const marks = [...repository.slice(0, MAX_NAME).matchAll(/(?<=.)[-_]/g)];
  return marks.map(({ index }) => byService.get(repository.slice(index + 1).toLowerCase())).find((one) => one);
}

/** Longer than any name of an image. */
const MAX_NAME = 255;

/** "$REGISTRY/team/app:$TAG" as a pattern of whole names. */
function patternOf(text: string): RegExp {
  const parts = nameOf(text)
    .toLowerCase()
    .replace(/^(?:index\.)?docker\.io\//, '')
    .split('$');
  return new RegExp(`^${parts.map((part) => part.replace(/[.+?^{}()|[\]\\*]/g, '\\$&')).join('[^:]*')}$`);
}

/** A service "mesh-node" next to "Dockerfile.mesh-node", unless that one builds upon an image of the same name. */
function dockerfileBeside(reference: string, path: string, facts: Facts): string | undefined {
  const image = parseImage(reference);
  if (!image || image.registry !== undefined || image.repository.includes('/')) return undefined;
  const names = [`Dockerfile.${image.repository}`, `${image.repository}.Dockerfile`].map((name) =>
    joinPath(folderOf(path), name),
  );
  const file = facts.of('dockerfile').find((one) => names.includes(one.path));
  const upstream = file?.data.stages.some((stage) => {
    const base = parseImage(stage.image.resolved ?? stage.image.text);
    return base !== undefined && shortName(base) === image.repository;
  });
  return upstream ? undefined : file?.path;
}

/** Artifacts of skaffold.yaml, by image name. */
function skaffoldBuilds(facts: Facts): [string, Builder][] {
  return facts.of('kubernetes').flatMap(({ path, data }) =>
    data.objects
      .flatMap((object) => skaffoldArtifacts(object, path))
      .flatMap(({ image: text, dockerfile }): [string, Builder][] => {
        const image = parseImage(text);
        const known = dockerfile !== undefined && facts.has(dockerfile) ? { dockerfile } : {};
        return image ? [[imageName(image), { path, ...known, deploys: true }]] : [];
      }),
  );
}

const GENERIC =
  /^(?:src|source|docker|dockerfiles?|build|builds|container|containers|images?|rootfs|app|apps|deploy|deployment|ops|infra|infrastructure|prod|production|dev|development|staging|base|test|ci|main|root|code|server|services?|linux|alpine|debian|slim|multiarch|minimal|local|package|packages)$/;

/** Names an image of each Dockerfile may have: its folder, the ending of its name, the program it starts. */
export function linkHints(facts: Facts): ReadonlyMap<string, ReadonlySet<string>> {
  const built = builtNames(facts);
  return new Map(
    facts.of('dockerfile').map((file) => {
      const guessed = guesses(file).filter((hint) => hint.length > 1 && !GENERIC.test(hint));
      return [file.path, new Set([...guessed, ...(built.get(file.path) ?? [])])];
    }),
  );
}

function guesses({ path, data }: FileFacts<Dockerfile>): string[] {
  const folders = folderOf(path).toLowerCase().split('/');
  while (folders.length > 1 && GENERIC.test(folders.at(-1)!)) folders.pop();
  const name = fileName(path).toLowerCase();
  const ending = name.replace(/^(?:docker|container)file[._-]?/, '').replace(/[._-]?(?:docker|container)file$/, '');
  const stage = data.stages.at(-1);
  const title = stage?.labels.find(({ key }) => key === 'org.opencontainers.image.title')?.value.resolved;
  return [folders.at(-1)!, ending, (stage && programName(stage)) ?? '', title?.toLowerCase() ?? ''];
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
  const name = first === undefined ? undefined : fileName(first).toLowerCase();
  return name !== undefined && first!.includes('/') && !/\.|^(?:ba|da|a)?sh$|^python|^node$|^tini$/.test(name)
    ? name
    : undefined;
}
