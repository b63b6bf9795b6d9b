/** Knows every container image that a repository names: in Dockerfiles, compose files, Kubernetes workloads and CI. */

import { linkPipelines } from '../ci/gitlab.ts';
import type { Job, Pipeline } from '../ci/pipeline.ts';
import { filledIn } from '../ci/values.ts';
import { skaffoldArtifacts } from '../cluster/skaffold.ts';
import { linkWritten } from '../cluster/written.ts';
import { deployedWorkloads, linkCluster, placeIn, type Workload } from '../cluster.ts';
import { type ComposeText, linkCompose } from '../compose.ts';
import { linkDocker, shortNameOf } from '../docker-run.ts';
import { type Facts, placeOf } from '../facts.ts';
import { digestState, holdsPlaceholder, type ImageRef, imageName, moves, parseImage, shortName } from '../images.ts';
import { namesOwnImage } from '../own-repository.ts';
import { fileName, folderOf } from '../paths.ts';
import { eachCommand } from '../shell.ts';
import type { Place, Span } from '../span.ts';
import { resolveVariables } from '../variables.ts';
import { at, type Origin, textOf } from '../yaml.ts';
import { type Builder, type BuiltImages, builderOf, linkBuiltImages, namedBuilderOf } from './built.ts';
import { type DeclaredImage, linkDeclaredImages } from './declared.ts';
import { isPublic } from './public.ts';
import { linkScriptedNames } from './scripted.ts';

export interface ImageReference {
  readonly aspect:
    | 'base-image'
    | 'compose-image'
    | 'k8s-image'
    | 'ci-image'
    | 'step-image'
    | 'run-image'
    | 'deploy-image';
  /** "base image of stage build", "service web". */
  readonly title: string;
  readonly place: Place;
  readonly text: string;
  /** With variables replaced; absent while one has no known value. */
  readonly resolved?: string;
  /** Where a variable gets the value that is part of the name. */
  readonly origin?: Place;
  /** Where the image is named, when `place` is the line that gives the name or its version. */
  readonly use?: Place & { readonly text: string };
  /** When it becomes known, and why not before. */
  readonly reason?: string;
  /** Why it needs no digest. */
  readonly exempt?: string;
  /** Key of the chart's values that decides it. */
  readonly key?: string;
  /** Only used while building. */
  readonly builder?: boolean;
  /** Nothing of it is delivered: to review. */
  readonly aside?: boolean;
  /** One of several texts that a script writes: who mends one mends all of the same name. */
  readonly written?: true;
  /** Published by the repository itself: registry and namespace, and the manifests, chart or compose file it stands in. */
  readonly own?: { readonly prefix: string; readonly set: string };
  /** Folder of the chart that renders it. */
  readonly chart?: string;
  /** The container of a named object, where its manifest names the image: copies of a manifest have it in common. */
  readonly container?: string;
}

/** All image references, by file and place. A pure join: use through `facts.linked`. */
export function linkImageReferences(facts: Facts): readonly ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  const elsewhere = facts.of('otherci').flatMap(({ path, data }) =>
    data.images.map(({ text, span, resolved, definition }): ImageReference => {
      const exempt = ownImage(built, resolved, text);
      return {
        aspect: 'ci-image',
        title: 'image of a job',
        ...placed({ path, span }, definition && { path, span: definition }, true),
        text,
        ...(resolved === undefined ? {} : { resolved }),
        ...(exempt === undefined ? {} : { exempt }),
      };
    }),
  );
  return [
    ...[...inDockerfiles(facts), ...inCompose(facts)].map((one) =>
      DEV_CONTAINER.test(one.place.path) ? { ...one, aside: true } : one,
    ),
    ...inWrittenServices(facts),
    ...inKubernetes(facts),
    ...inPipelines(facts),
    ...elsewhere,
    ...inCommands(facts),
    ...inOtherFiles(facts),
  ].map((one) =>
    GIVEN_DIGEST.test(one.text) ? { ...one, exempt: `pinned by the digest that it is given: ${one.text}` } : one,
  );
}

/** A variable that can be nothing else: with any other text no image is found. */
const GIVEN_DIGEST = /@sha256:(?:\$\w+|\$\{\w+\})$/;

/** References that one change mends. */
export interface ImageGroup {
  readonly references: readonly [ImageReference, ...ImageReference[]];
  /** Version tags that the repository gives its own images in one set of manifests: one release writes them all. */
  readonly own: boolean;
}

/**
 * An image that a chart names several times comes from the same values, one that jobs of a file take from the same
 * variable from its value, and commands of a script share theirs; own images come from the same release.
 */
export function groupImages(references: readonly ImageReference[]): readonly ImageGroup[] {
  const groups = new Map<string, { references: [ImageReference, ...ImageReference[]]; own: boolean }>();
  const orders = new Map<string, Map<number, number>>();
  for (const [i, one] of references.entries()) {
    const { aspect, own, chart, resolved, exempt, use, place } = one;
    const image = parseImage(resolved ?? '');
    const tagged = image && digestState(image) === 'absent' && !moves(image) && !holdsPlaceholder(image);
    const published = own !== undefined && exempt === undefined && tagged === true;
    const shares = aspect === 'run-image' || one.written || (VARIABLES_OF_FILE.has(aspect) && one.text.includes('$'));
    const from = chart ?? (shares ? `${one.place.path} ${one.text}` : undefined);
    const line = use && exempt === undefined ? `${place.path}:${place.span.start} ${tagged}` : undefined;
    // Services that merge one mapping, and overlays of one base, name it in one place.
    const written = `${place.path}:${place.span.start}-${place.span.end} ${aspect} ${resolved ?? i}`;
    // A manifest that was copied to another folder: the same container of the same object, as often in each.
    const inFile = `${place.path} ${one.container} ${resolved}`;
    const starts = orders.get(inFile) ?? new Map<number, number>();
    const nth = starts.get(place.span.start) ?? starts.size;
    orders.set(inFile, starts.set(place.span.start, nth));
    const here = one.container === undefined ? written : `${fileName(place.path)} ${one.container} ${resolved} ${nth}`;
    const same = line ?? (exempt !== undefined ? `${i}` : from === undefined ? here : `${from} ${resolved}`);
    const key = published ? `${aspect} ${own.prefix} ${own.set}` : same;
    const group = groups.get(key);
    if (group) group.references.push(one);
    else groups.set(key, { references: [one], own: published });
  }
  return [...groups.values()];
}

/** Where a variable of the file decides all images that are spelt with it. */
const VARIABLES_OF_FILE: ReadonlySet<string> = new Set(['ci-image', 'base-image', 'deploy-image']);

/** The place of a name that a variable gives as a whole is where the variable gets it. */
function placed(
  place: Place,
  definition: Place | undefined,
  whole: boolean,
): Pick<ImageReference, 'place' | 'origin' | 'use'> {
  if (!definition) return { place };
  return whole
    ? { place: definition, use: { ...place, text: 'The image is used here.' } }
    : { place, origin: definition };
}

function builtFrom({ dockerfile, path }: Builder): string {
  return dockerfile === undefined ? `built by ${path}` : `built from ${dockerfile}`;
}

const PROJECTS_OWN = 'an image of the project itself';

/** Why an image of the repository's own needs no digest. */
function ownImage(built: BuiltImages, resolved: string | undefined, text: string): string | undefined {
  const image = parseImage(resolved ?? '');
  const builder = image && builderOf(built, image);
  // A Go package in the place of an image.
  if (/^(?:ko:\/\/|github\.com\/)/.test(text)) return 'ko builds it and puts the digest in';
  return builder ? builtFrom(builder) : namesOwnImage(text) ? PROJECTS_OWN : undefined;
}

function inDockerfiles(facts: Facts): ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  const contexts = facts.linked(linkContexts);
  const prefixOfOwn = facts.linked(linkOwnPrefixes);
  return facts.of('dockerfile').flatMap((file) => {
    const { stages, globals } = file.data;
    const given = contexts.get(file.path);
    const local = (resolved: string | undefined, text: string) => {
      const by = given?.get(text) ?? given?.get(resolved ?? '');
      const exempt = by === undefined ? ownImage(built, resolved, text) : `another target of ${by}`;
      return exempt === undefined ? {} : { exempt };
    };
    const origin = (names: readonly string[] | undefined) => {
      const found = globals.findLast(({ name, value }) => value !== undefined && names?.includes(name));
      return found && placeOf(file, found);
    };
    const ownBase = (resolved: string | undefined): Pick<ImageReference, 'own'> => {
      const parsed = parseImage(resolved ?? '');
      const prefix = parsed && prefixOfOwn(parsed);
      return prefix === undefined ? {} : { own: { prefix, set: '' } };
    };
    return stages.flatMap((stage): ImageReference[] => {
      const last = stage === stages.at(-1);
      const { image } = stage;
      const own: ImageReference[] = [];
      const name = image.resolved ?? image.text;
      if (stage.parent === undefined && name !== '') {
        own.push({
          aspect: 'base-image',
          title: stages.length > 1 ? `base image of stage ${stage.name ?? stage.index}` : 'base image',
          ...placed(placeOf(file, image), origin(image.variables), VARIABLE.test(image.text)),
          text: image.text,
          ...(image.resolved === undefined ? {} : { resolved: image.resolved }),
          ...(name === 'scratch' ? { exempt: 'an empty image' } : local(image.resolved, image.text)),
          ...(last ? {} : { builder: true }),
          ...ownBase(image.resolved),
        });
      }
      for (const { from, stage: source } of stage.copies) {
        if (!from || source !== undefined || /^\d+$/.test(from.text)) continue;
        own.push({
          aspect: 'base-image',
          title: 'image that files are copied from',
          place: placeOf(file, from),
          text: from.text,
          ...(from.resolved === undefined ? {} : { resolved: from.resolved }),
          ...ownBase(from.resolved),
          ...local(from.resolved, from.text),
        });
      }
      for (const { flags } of stage.runs) {
        for (const { name: flag, value } of flags) {
          const from = flag === 'mount' ? /(?:^|,)from=([^,]+)/.exec(value.text) : null;
          if (!from || stages.some((other) => other.name === from[1]!.toLowerCase()) || /^\d+$/.test(from[1]!))
            continue;
          const start = value.span.start + from.index + from[0].length - from[1]!.length;
          own.push({
            aspect: 'base-image',
            title: 'image that a RUN mounts',
            place: { path: file.path, span: { start, end: Math.min(start + from[1]!.length, value.span.end) } },
            text: from[1]!,
            ...(from[1]!.includes('$') ? {} : { resolved: from[1]!, ...local(from[1]!, from[1]!) }),
          });
        }
      }
      return own;
    });
  });
}

/** Bases that bake files and skaffold replace with what other targets build: their file, by Dockerfile and name. */
function linkContexts(facts: Facts): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const found = new Map<string, Map<string, string>>();
  for (const { path, data } of facts.of('imagefile')) {
    for (const { dockerfiles, contexts = [] } of data.builds) {
      const dockerfile = dockerfiles.find((one) => facts.has(one));
      if (dockerfile === undefined) continue;
      const names = found.get(dockerfile) ?? new Map<string, string>();
      for (const name of contexts) names.set(name, path);
      found.set(dockerfile, names);
    }
  }
  for (const { path, data } of facts.of('kubernetes')) {
    for (const { dockerfile = '', bases } of data.objects.flatMap((object) => skaffoldArtifacts(object, path))) {
      if (bases.length === 0) continue;
      const names = bases.flatMap(({ argument }) => [`$${argument}`, `\${${argument}}`]);
      found.set(dockerfile, new Map([...(found.get(dockerfile) ?? []), ...names.map((name) => [name, path] as const)]));
    }
  }
  return found;
}

function inCompose(facts: Facts): ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  return facts.linked(linkCompose).flatMap((service): ImageReference[] => {
    const { image } = service;
    if (!image || service.build) return [];
    const parsed = image.resolved === undefined ? undefined : parseImage(image.resolved);
    const builder = parsed && builderOf(built, parsed, true);
    const prefix = parsed && facts.linked(linkOwnPrefixes)(parsed);
    const here = { path: image.path ?? service.path, span: image.span };
    const decider = deciderOf(image);
    return [
      {
        aspect: 'compose-image',
        title: `image of service ${service.name}`,
        place: decider ? { path: decider.path, span: decider.span } : here,
        ...(decider ? { use: { ...here, text: `\`${decider.name}\` is used here.` } } : {}),
        text: image.text,
        ...(image.resolved === undefined ? { reason: `deployed: ${image.unknown}` } : { resolved: image.resolved }),
        ...(builder ? { exempt: builtFrom(builder) } : namesOwnImage(image.text) ? { exempt: PROJECTS_OWN } : {}),
        ...(prefix === undefined ? {} : { own: { prefix, set: service.path } }),
      },
    ];
  });
}

/** Services of compose files that scripts write. */
function inWrittenServices(facts: Facts): ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  return facts.linked(linkWritten).services.map(({ name, image: text, place, trial }): ImageReference => {
    const resolved = resolveVariables(text, new Map()).value;
    const image = parseImage(resolved ?? '');
    const builder = image && builderOf(built, image, true);
    const exempt = builder ? builtFrom(builder) : namesOwnImage(text) ? PROJECTS_OWN : undefined;
    const prefix = image && facts.linked(linkOwnPrefixes)(image);
    return {
      aspect: 'compose-image',
      title: name.includes('$') ? 'image of a service' : `image of service ${name}`,
      place,
      text,
      ...(resolved === undefined ? { reason: 'deployed' } : { resolved }),
      ...(exempt === undefined ? {} : { exempt }),
      ...(prefix === undefined ? {} : { own: { prefix, set: place.path } }),
      ...(trial ? { aside: true } : {}),
      written: true,
    };
  });
}

/** The line of a .env file that gives the version, or the name where that ends the text. */
function deciderOf({ text, origins }: ComposeText): Origin | undefined {
  const plain = text.replace(/\$\{(\w+)(?:[^{}]|\{[^{}]*\})*\}/g, '$$$1');
  const last = plain.slice(plain.lastIndexOf('/') + 1);
  const names = [...last.slice(last.indexOf(':') + 1).matchAll(/\$(\w+)/g)].map((match) => match[1]);
  return origins.findLast(({ name }) => name === names.at(-1));
}

function inKubernetes(facts: Facts): ImageReference[] {
  const seen = new Set<string>();
  const built = facts.linked(linkBuiltImages);
  const written = new Set(facts.linked(linkWritten).workloads);
  const workloads = [...deployedWorkloads(facts.linked(linkCluster)), ...written];
  // What is deployed for trying things out alone comes last: an image that others name as well is theirs.
  const ordered = [...workloads.filter(({ trial }) => !trial), ...workloads.filter(({ trial }) => trial)];
  return ordered.flatMap((workload) =>
    workload.pod.containers.flatMap((container): ImageReference[] => {
      if (!container.image) return [];
      const { text } = container.image;
      const image = parseImage(text);
      const place = placeIn(workload, container.image);
      const id = `${place.path} ${place.span.start} ${text}`;
      if (seen.has(id)) return [];
      seen.add(id);
      const key = container.image.rendered?.keys?.at(-1);
      const { object } = workload;
      const prefix = image && facts.linked(linkOwnPrefixes)(image);
      const pull = textOf(at(container.body, 'imagePullPolicy'));
      const exempt = text.startsWith('ko://')
        ? 'ko builds it and puts the digest in'
        : namesOwnImage(text)
          ? PROJECTS_OWN
          : image && exemption(built, image, pull, workload.path);
      return [
        {
          aspect: 'k8s-image',
          title: `image of container ${container.name} of ${object.kind} ${object.name ?? ''}`.trim(),
          place,
          text,
          ...(image ? { resolved: text } : {}),
          ...(key === undefined ? {} : { key }),
          ...(workload.chart ? { chart: workload.chart.folder } : {}),
          ...(object.name === undefined || place.path !== workload.path
            ? {}
            : { container: `${object.kind} ${object.name} ${container.name}` }),
          ...(exempt === undefined ? {} : { exempt }),
          ...(prefix === undefined ? {} : { own: { prefix, set: setOf(workload) } }),
          ...(workload.trial ? { aside: true } : {}),
          ...(written.has(workload) ? { written: true } : {}),
        },
      ];
    }),
  );
}

/** Why the manifest cannot name the content: who deploys it puts the digest in, or nothing is fetched at all. */
function exemption(built: BuiltImages, image: ImageRef, pull: string | undefined, path: string): string | undefined {
  const builder = builderOf(built, image, true);
  // A script that builds an image and applies what it writes itself.
  if (builder?.path === path) return builtFrom(builder);
  if (builder?.deploys) return `${builder.path} builds it and puts in what it built`;
  return builder && pull === 'Never' ? `${builtFrom(builder)}, and never fetched` : undefined;
}

/** Manifests that are released together. */
function setOf({ chart, kustomization, path }: Workload): string {
  return chart?.folder ?? kustomization ?? folderOf(path);
}

/**
 * Gives the registry and namespace of an image that the repository publishes: one that it builds under that name, or
 * one of three and more in a namespace that holds nothing but what it has Dockerfiles for, or mostly that where it has
 * one for this image as well.
 */
function linkOwnPrefixes(facts: Facts): (image: ImageRef) => string | undefined {
  const scripted = facts.linked(linkScriptedNames);
  const built = facts.linked(linkBuiltImages);
  const names = new Map<string, Set<string>>();
  const texts = [
    ...facts.linked(linkCompose).map(({ image }) => image?.resolved),
    ...facts.linked(linkCluster).workloads.flatMap(({ pod }) => pod.containers.map(({ image }) => image?.text)),
    ...facts
      .of('dockerfile')
      .flatMap(({ data }) =>
        data.stages.flatMap(({ image, copies }) => [image.resolved, ...copies.map(({ from }) => from?.resolved)]),
      ),
  ];
  for (const text of texts) {
    const image = parseImage(text ?? '');
    const prefix = image && prefixOf(image);
    if (prefix) names.set(prefix, (names.get(prefix) ?? new Set()).add(shortName(image)));
  }
  return (image) => {
    const prefix = prefixOf(image);
    if (namedBuilderOf(built, image) || scripted.has(image.repository.toLowerCase())) return prefix;
    if (prefix === '' || isPublic(image, facts.repository)) return undefined;
    const found = [...(names.get(prefix) ?? [])];
    // "team/cart" of the folder "cart", or "team-cart".
    const team = prefix.slice(prefix.lastIndexOf('/') + 1);
    const has = (name: string) => built.byShortName.has(name) || built.byShortName.has(`${team}-${name}`);
    const known = found.filter(has).length;
    return known > 2 && (has(shortName(image)) ? known * 2 > found.length : known === found.length)
      ? prefix
      : undefined;
  };
}

/** "registry.example/team" of "registry.example/team/app:1". */
function prefixOf(image: ImageRef): string {
  const name = imageName(image);
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

/** Images that scripts and pipelines run or fetch; those the repository builds need no digest. */
function inCommands(facts: Facts): ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  const named = new Map(
    facts.linked(linkDocker).builds.flatMap(({ images, dockerfile, place }) =>
      images.map((image): [string, Builder] => {
        const from = dockerfile === undefined ? {} : { dockerfile };
        return [shortNameOf(image) ?? '', { path: place.path, ...from }];
      }),
    ),
  );
  // `docker tag`: where the image comes from is asked at the command that fetches it.
  const tagged = new Set(facts.linked(linkDocker).tags.map(({ to }) => to));
  return facts.linked(linkDocker).runs.map(({ image: text, known, loaded, place, definition }): ImageReference => {
    const image = known ? parseImage(text) : undefined;
    const builder =
      (image && builderOf(built, image)) ??
      (image?.registry === undefined || !known ? named.get(shortNameOf(text) ?? ' ') : undefined);
    const exempt = builder
      ? builtFrom(builder)
      : namesOwnImage(text)
        ? PROJECTS_OWN
        : tagged.has(text)
          ? 'a command before it gives that name to an image'
          : loaded && !text.includes('/')
            ? 'loaded from an archive'
            : undefined;
    return {
      aspect: 'run-image',
      title: 'image of a docker command',
      ...placed(place, definition, true),
      text,
      ...(known ? { resolved: text } : {}),
      ...(exempt === undefined ? {} : { exempt }),
    };
  });
}

/** Images of tools that build or run containers, and of cloud services and operators. */
function inOtherFiles(facts: Facts): ImageReference[] {
  const built = facts.linked(linkBuiltImages);
  const named = facts.of('imagefile').flatMap(({ path, data }) =>
    data.images.map(({ role, title, text, span, resolved, definition }): DeclaredImage & Partial<ImageReference> => ({
      title,
      text,
      place: { path, span },
      ...(resolved === undefined ? {} : { resolved }),
      ...(definition ? { definition: { path, span: definition } } : {}),
      ...(role === 'base' ? { aspect: 'base-image' } : {}),
      ...(role === 'dev' || role === 'feature' ? { aspect: 'ci-image', aside: true } : {}),
      ...(role === 'feature' ? lockOf(path, facts) : {}),
    })),
  );
  return [...named, ...facts.linked(linkDeclaredImages)].map(({ place, definition, ...one }): ImageReference => {
    const exempt = ownImage(built, one.resolved, one.text);
    return {
      aspect: 'deploy-image',
      ...placed(place, definition, true),
      ...(exempt === undefined ? {} : { exempt }),
      ...one,
    };
  });
}

/** The file in which the digests of a dev container's features are kept. */
function lockOf(path: string, facts: Facts): Pick<ImageReference, 'exempt'> {
  const lock = path.replace(/\.json$/, '-lock.json');
  return facts.has(lock) ? { exempt: `its digest is in ${lock}` } : {};
}

/** Where programmers work: nothing of it is delivered. */
const DEV_CONTAINER = /(?:^|\/)\.(?:devcontainer|gitpod)\//;

/** Nothing but one variable, perhaps with a default. */
const VARIABLE = /^\$(?:\w+|\{\w+(?::?-[^{}$]*)?\})$/;

function inPipelines(facts: Facts): ImageReference[] {
  const seen = new Set<string>();
  const built = facts.linked(linkBuiltImages);
  return facts.linked(linkPipelines).flatMap((file) => {
    const builds = buildsImages(file.data);
    return file.data.jobs.flatMap((job) => {
      const known = variablesOf(file.data, job);
      const named: { text: string; span: Span; path?: string; title: string; step?: boolean }[] = job.images.map(
        (image) => ({
          ...image,
          title: image.role === 'action' ? 'image of the action' : `${image.role} image of job ${job.name}`,
        }),
      );
      for (const { uses } of [...job.steps, job]) {
        if (uses?.kind === 'docker') named.push({ ...uses, step: true, title: `image of a step of job ${job.name}` });
        for (const { name, value, span } of uses?.inputs ?? [])
          if (value && IMAGE_INPUTS.get(uses!.name) === name)
            named.push({ text: value, span, title: `image that ${uses!.name} runs` });
      }
      return named
        .flatMap((one) => {
          const place = { path: one.path ?? file.path, span: one.span };
          const filled = filledIn(one.text.replace(DOCKER_HUB_PROXY, ''), file.data, job, place.path);
          return expand(filled.text, job).map(({ text, origin }): ImageReference => {
            const name = text.replace(/^docker:\/\//, '');
            const { value, variables } = resolveVariables(name, known);
            const variable = VARIABLE.test(name) ? variables[0] : undefined;
            const definition = [...file.data.variables, ...job.variables].findLast((one) => one.name === variable);
            const resolved = name.includes('${{') ? undefined : variables.length > 0 ? value : name;
            const exempt = ownImage(built, resolved, name);
            const found = origin
              ? { path: place.path, span: origin }
              : (filled.origin ?? (definition && placeOf(file, definition)));
            return {
              aspect: one.step ? 'step-image' : 'ci-image',
              title: one.title,
              ...placed(place, found, origin === undefined && (filled.origin !== undefined || VARIABLE.test(one.text))),
              text: name,
              ...(resolved === undefined ? {} : { resolved }),
              ...(exempt === undefined || !(builds || !MADE_BEFORE.test(name)) ? {} : { exempt }),
            };
          });
        })
        .filter(({ text, place }) => {
          const key = `${place.path} ${place.span.start} ${text}`;
          if (text === '' || seen.has(key)) return false;
          seen.add(key);
          return true;
        });
    });
  });
}

/** Actions that run the image an input names. */
const IMAGE_INPUTS: ReadonlyMap<string, string> = new Map([
  ['addnab/docker-run-action', 'image'],
  ['docker/setup-qemu-action', 'image'],
]);

/** GitLab's cache of Docker Hub. */
const DOCKER_HUB_PROXY = /^\$\{?CI_DEPENDENCY_PROXY_(?:DIRECT_)?GROUP_IMAGE_PREFIX\}?\//;

/** The output of an earlier job or step, and the steps that build images. */
const MADE_BEFORE = /^\$\{\{\s*(?:needs|steps)\.[\w-]+\.outputs\.[\w-]+\s*\}\}$/;
const BUILDERS = /build-push|bake-action|metadata-action|buildah|buildx|kaniko|docker-build|(?:^|\/)ko|pack\b|podman/;

/** Does the pipeline build images, or call another one that may? */
function buildsImages({ jobs }: Pipeline): boolean {
  return jobs.some(({ uses, steps }) => {
    let found = uses !== undefined;
    for (const step of steps) {
      if (BUILDERS.test(step.uses?.name ?? '')) found = true;
      if (step.script)
        eachCommand(step.script.shell.statements, ({ words }) => {
          const text = words.map((word) => word.text).join(' ');
          if (
            /\b(?:docker|podman|buildah|nerdctl)\b.*\b(?:build|bud|push|bake)\b|\bko (?:build|publish)\b|\bpack build\b/.test(
              text,
            )
          )
            found = true;
        });
    }
    return found;
  });
}

function variablesOf(pipeline: Pipeline, job: Job): ReadonlyMap<string, string | undefined> {
  const known = new Map<string, string | undefined>();
  for (const { name, value } of [...pipeline.variables, ...job.variables])
    known.set(name, value.includes('${{') ? undefined : resolveVariables(value, known).value);
  return known;
}

/**
 * `${{ matrix.image }}`, in GitLab `$IMAGE`, stands for each value of that axis; `${{ x && 'redis:7' || '' }}` for the
 * texts it can give. An expression that gives nothing else is left as written.
 */
function expand(text: string, job: Job): readonly { readonly text: string; readonly origin?: Span }[] {
  const match = /\$\{\{\s*matrix\.([\w-]+)\s*\}\}|\$[{(](\w+)[})]|\$(\w+)/.exec(text);
  const axis = match && job.matrix.find(({ name }) => name === (match[1] ?? match[2] ?? match[3]));
  if (axis && axis.values.length > 0) {
    return axis.values.map((value) => ({
      text: text.slice(0, match.index) + value.text + text.slice(match.index + match[0].length),
      origin: value.span,
    }));
  }
  const expression = /^\$\{\{([\s\S]*)\}\}$/.exec(text.trim())?.[1];
  const results = [...(expression ?? '').matchAll(/(?:&&|\|\|)\s*'([^']*)'(?!\s*[=!]=)/g)].map((one) => ({
    text: one[1]!,
  }));
  return results.length > 0 ? results : [{ text }];
}
