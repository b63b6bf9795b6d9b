/** Knows files that name images for tools no other model reads: Bake, Nomad, Podman, dev containers, Gradle, Maven, Tilt, Ansible. */
import type { ExtractInput, Extractor } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import type { Module } from '../program/model.ts';
import type { Span } from '../span.ts';
import { at, entriesOf, itemsOf, loadYaml, textOf, type YamlDocument, type YamlNode } from '../yaml.ts';
import { readBake, readNomad } from './hcl.ts';
import { readGradleImages, readMavenImages } from './jvm.ts';

export interface ImageFile {
  readonly images: readonly NamedImage[];
  readonly builds: readonly NamedBuild[];
}

export interface NamedImage {
  /** `base`: something is built upon it; `dev`: programmers work in it; `feature`: added to that. */
  readonly role: 'base' | 'run' | 'dev' | 'feature';
  /** "image of task web". */
  readonly title: string;
  readonly text: string;
  readonly span: Span;
  /** Absent while a variable has no known value. */
  readonly resolved?: string;
  /** Where the variable that is the whole name gets its value. */
  readonly definition?: Span;
}

export interface NamedBuild {
  readonly images: readonly string[];
  /** Where the Dockerfile may be, best first. */
  readonly dockerfiles: readonly string[];
  /** Names of bases that stand for images of other targets. */
  readonly contexts?: readonly string[];
  /** What deploys is told the digest of what was built. */
  readonly deploys?: true;
}

const BAKE = /(?:^|\/)docker-bake(?:\.[\w-]+)*\.(?:hcl|json)$/i;
const ANSIBLE = /(?:docker|podman)_(?:container|image|image_pull|swarm_service)["']?\s*:/;

/** Formats by the names of their files and what their text must hold. */
const FORMATS = {
  bake: [BAKE, /target/],
  targets: [/\.hcl$/i, /^\s*target\s+"[^"\n]*"\s*\{/m],
  nomad: [/\.nomad$|\.hcl$/i, /^\s*job\s+"[^"\n]*"\s*\{/m],
  quadlet: [/\.(?:container|image|build)$/, /^\[(?:Container|Image|Build)\]/m],
  devcontainer: [/(?:^|\/)(?:\.devcontainer\/(?:[^/]+\/)?|\.)devcontainer\.json$/, /"image"|"features"/],
  gradle: [/\.gradle(?:\.kts)?$/, /\bjib\b|bootBuildImage/i],
  maven: [/(?:^|\/)pom\.xml$/, /jib-maven|spring-boot-maven|docker-maven/],
  tilt: [/(?:^|\/|\.)Tiltfile$/, /\b(?:docker|custom)_build/],
  ansible: [/\.ya?ml$/i, ANSIBLE],
} as const satisfies Record<string, readonly [name: RegExp, text: RegExp]>;

function formatOf(path: string, text: string): keyof typeof FORMATS | undefined {
  const names = Object.keys(FORMATS) as (keyof typeof FORMATS)[];
  return names.find((name) => FORMATS[name][0].test(path) && FORMATS[name][1].test(text));
}

export const imagefile: Extractor<'imagefile'> = {
  kind: 'imagefile',
  accepts: (path) => Object.values(FORMATS).some(([name]) => name.test(path)),
  anywhere: (path) => BAKE.test(path) || FORMATS.targets[0].test(path),
  recognises: (path, text) => formatOf(path, text) !== undefined,
  load: async () => {
    const [{ parseHcl }, { parseHclJson }, { member, parseJson, ...json }, { python }, yaml] = await Promise.all([
      import('../hcl.ts'),
      import('../hcl-json.ts'),
      import('../packages/json.ts'),
      import('../program/python.ts'),
      loadYaml(),
    ]);
    const readPython = await python.load();
    const devcontainer = ({ text }: ExtractInput): ImageFile => {
      const { node } = parseJson(text);
      const dev = (role: 'dev' | 'feature', title: string, name: string, span: Span): NamedImage => ({
        role,
        title,
        text: name,
        span,
        ...(name.includes('$') ? {} : { resolved: name }),
      });
      const image = member(node, 'image');
      const name = json.text(image);
      const features = [...(member(node, 'features')?.members ?? [])].filter(([key]) =>
        /^[\w.-]+\.[\w.-]+\/.+/.test(key),
      );
      return {
        images: [
          ...(image && name ? [dev('dev', 'image of the dev container', name, json.inside(image))] : []),
          ...features.map(([key, { key: span, span: whole }]) =>
            dev('feature', 'feature of the dev container', key, span ?? whole),
          ),
        ],
        builds: [],
      };
    };
    const read = (input: ExtractInput): ImageFile => {
      switch (formatOf(input.path, input.text)) {
        case 'bake':
        case 'targets':
          return readBake(
            input,
            (/\.json$/i.test(input.path) ? parseHclJson(input.text, true) : parseHcl(input.text)).body,
          );
        case 'nomad':
          return readNomad(input, parseHcl(input.text).body);
        case 'quadlet':
          return readQuadlet(input);
        case 'devcontainer':
          return devcontainer(input);
        case 'gradle':
          return readGradleImages(input);
        case 'maven':
          return readMavenImages(input);
        case 'tilt': {
          const module = readPython({ ...input, path: `${input.path}.py` }).data;
          return { images: [], builds: module ? tiltBuilds(module, input.path) : [] };
        }
        default:
          return ansibleImages(yaml(input.text).documents);
      }
    };
    return (input) => {
      const data = read(input);
      return data.images.length + data.builds.length > 0 ? { data } : {};
    };
  },
};

/** Units of Podman: `Image=` of a container is an image, or another unit that builds or fetches it. */
function readQuadlet({ path, text }: ExtractInput): ImageFile {
  const images: NamedImage[] = [];
  const builds: NamedBuild[] = [];
  let section = '';
  for (const match of text.matchAll(/^[ \t]*(?:\[(\w+)\]|(\w+)[ \t]*=[ \t]*([^\r\n]*?))[ \t]*$/gm)) {
    const [all, head, key, value = ''] = match;
    if (head !== undefined) section = head;
    else if (section === 'Build' && key === 'ImageTag') {
      const file = /^File[ \t]*=[ \t]*(\S+)/m.exec(text)?.[1] ?? 'Dockerfile';
      builds.push({ images: [value], dockerfiles: [joinPath(folderOf(path), file)].flatMap((one) => one ?? []) });
    } else if (/^(?:Container|Image)$/.test(section) && key === 'Image' && value && !/\.(?:image|build)$/.test(value)) {
      const start = match.index + all.lastIndexOf(value);
      const resolved = /[%$]/.test(value) ? {} : { resolved: value };
      images.push({
        role: 'run',
        title: 'image of the unit',
        text: value,
        span: { start, end: start + value.length },
        ...resolved,
      });
    }
  }
  return { images, builds };
}

/** `docker_build('name', 'folder', dockerfile='...')`: Tilt puts what it built into the manifests. */
function tiltBuilds(module: Module, path: string): NamedBuild[] {
  const constant = (ref: number | undefined): string | undefined => {
    const value = ref === undefined ? undefined : module.values[ref];
    return value?.kind === 'const' && typeof value.value === 'string' ? value.value : undefined;
  };
  return module.calls.flatMap(({ callee, args }) => {
    if (!/^(?:docker_build|custom_build)(?:_with_restart)?$/.test(callee.name ?? '')) return [];
    const named = (keyword: string) => args.find((one) => one.keyword === keyword)?.value;
    const positional = args.filter((one) => one.keyword === undefined);
    const image = constant(named('ref') ?? positional[0]?.value);
    const context = constant(named('context') ?? positional[1]?.value) ?? '.';
    const dockerfile = joinPath(folderOf(path), constant(named('dockerfile')) ?? `${context}/Dockerfile`);
    if (image === undefined) return [];
    return [{ images: [image], dockerfiles: dockerfile === undefined ? [] : [dockerfile], deploys: true as const }];
  });
}

const MODULE = /^(?:(?:community\.docker|containers\.podman|ansible\.builtin)\.)?((?:docker|podman)_\w+)$/;

/** Tasks that start containers or fetch images. */
function ansibleImages(documents: readonly YamlDocument[]): ImageFile {
  const images: NamedImage[] = [];
  const builds: NamedBuild[] = [];
  const visit = (node: YamlNode, depth: number): void => {
    for (const item of itemsOf(node)) if (depth < 40) visit(item, depth + 1);
    for (const { key, value } of entriesOf(node)) {
      const module = MODULE.exec(key)?.[1] ?? '';
      const pulls = /_(?:image|image_pull)$/.test(module);
      if (!pulls && !/_(?:container|swarm_service)$/.test(module)) {
        if (depth < 40) visit(value, depth + 1);
        continue;
      }
      const image = at(value, pulls ? 'name' : 'image');
      const text = textOf(image);
      if (!image || !text || /^(?:absent|build)$/.test(textOf(at(value, 'state')) ?? '')) continue;
      const tag = pulls ? textOf(at(value, 'tag')) : undefined;
      const name = tag === undefined ? text : `${text}:${tag}`;
      if (textOf(at(value, 'source')) === 'build' || at(value, 'build') || at(value, 'path')) {
        builds.push({ images: [name], dockerfiles: [] });
        continue;
      }
      if (/^(?:local|load)$/.test(textOf(at(value, 'source')) ?? '')) continue;
      const task = textOf(at(node, 'name'));
      const title = task === undefined ? 'image of a task' : `image of the task "${task}"`;
      images.push({
        role: 'run',
        title,
        text: name,
        span: image.span,
        ...(name.includes('{{') ? {} : { resolved: name }),
      });
    }
  };
  for (const { root } of documents) visit(root, 0);
  return { images, builds };
}
