/** Knows hosting platforms' own files: which image each of their services runs, and how they ask whether it is alive. */
import { linkTasks } from './ecs.ts';
import type { Extracted, ExtractInput, Extractor, Facts } from './facts.ts';
import type { Block, Body, Expression } from './hcl.ts';
import { fileName, folderOf, joinPath } from './paths.ts';
import type { Place, Span } from './span.ts';
import { argument, resourcesOf, terraformModel } from './terraform/model.ts';
import { stringOf } from './terraform/value.ts';
import { attributeOf } from './terraform.ts';
import { at, itemsOf, loadYaml, textOf, type YamlNode } from './yaml.ts';

export interface PlatformFile {
  readonly services: readonly PlatformService[];
}

/** One service of a platform; it runs until stopped. */
export interface PlatformService {
  /** "service web of render.yaml". */
  readonly title: string;
  readonly span: Span;
  /** Dockerfile that the platform builds, relative to the root of the tree; or the image that it runs. */
  readonly dockerfile?: string;
  readonly image?: string;
  readonly check?: PlatformCheck;
}

export interface PlatformCheck {
  /** "healthCheckPath". */
  readonly name: string;
  readonly span: Span;
  /** Words of a command that runs inside of the container. */
  readonly words?: readonly string[];
}

type Toml = { readonly [key: string]: unknown };
const FILES =
  /(?:^|\/)(?:fly(?:\.[\w-]+)*\.toml|render\.ya?ml|railway\.(?:json|toml)|\.do\/[\w.-]+\.ya?ml|config\/deploy(?:\.[\w-]+)?\.ya?ml|[\w.-]+\.nomad(?:\.hcl)?)$/;

export const platform: Extractor<'platform'> = {
  kind: 'platform',
  accepts: (path) => FILES.test(path),
  load: async () => {
    const [{ parseToml }, { parseHcl }, yaml] = await Promise.all([
      import('./packages/toml.ts'),
      import('./hcl.ts'),
      loadYaml(),
    ]);
    return (input) => {
      const { path, text } = input;
      if (/\.toml$/.test(path)) {
        const { table, problem } = parseToml(text);
        if (!table) return problem ? { problems: [problem] } : {};
        return found(/railway\.toml$/.test(path) ? railway(input, table) : fly(input, table));
      }
      if (/\.nomad(?:\.hcl)?$/.test(path)) {
        const { body, problems } = parseHcl(text);
        return { ...found(nomad(body)), problems };
      }
      const { documents, problems } = yaml(text);
      return { ...found(documents.flatMap(({ root }) => ofYaml(input, root))), problems };
    };
  },
};

function found(services: readonly PlatformService[]): Extracted<PlatformFile> {
  return services.length > 0 ? { data: { services } } : {};
}

function table(value: unknown): Toml {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Toml) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The line where a text first stands; TOML's reader knows no places. */
function lineOf({ text: whole }: ExtractInput, words: RegExp): Span {
  const start = words.exec(whole)?.index ?? 0;
  const end = whole.indexOf('\n', start);
  return { start, end: end < 0 ? whole.length : end };
}

function built(path: string, context: string | undefined, name: string | undefined): { dockerfile?: string } {
  const folder = joinPath(folderOf(path), context ?? '.');
  const dockerfile = folder === undefined ? undefined : joinPath(folder, (name ?? 'Dockerfile').replace(/^\//, ''));
  return dockerfile === undefined ? {} : { dockerfile };
}

function fly(input: ExtractInput, root: Toml): PlatformService[] {
  const build = table(root.build);
  const services = [root.http_service, ...(Array.isArray(root.services) ? root.services : [])].map(table);
  const asked =
    Object.keys(table(root.checks)).length > 0 ||
    services.some((service) => ['checks', 'http_checks', 'tcp_checks'].some((key) => Array.isArray(service[key])));
  const image = text(build.image);
  return [
    {
      title: `app ${text(root.app) ?? ''}`.trim(),
      span: lineOf(input, /^app\b/m),
      ...(image === undefined ? built(input.path, undefined, text(build.dockerfile)) : { image }),
      ...(asked ? { check: { name: 'check', span: lineOf(input, /^\s*\[+(?:\w+\.)?(?:http_|tcp_)?checks\b/m) } } : {}),
    },
  ];
}

function railway(input: ExtractInput, root: Toml): PlatformService[] {
  const asked = text(table(root.deploy).healthcheckPath) !== undefined;
  return [
    {
      title: 'service of Railway',
      span: lineOf(input, /\S/),
      ...built(input.path, undefined, text(table(root.build).dockerfilePath)),
      ...(asked ? { check: { name: 'healthcheckPath', span: lineOf(input, /healthcheckPath/) } } : {}),
    },
  ];
}

function ofYaml({ path }: ExtractInput, root: YamlNode): PlatformService[] {
  const check = (node: YamlNode | undefined, name: string) => (node ? { check: { name, span: node.span } } : {});
  const name = fileName(path);
  if (name.startsWith('railway')) {
    const file = built(path, undefined, textOf(at(root, 'build', 'dockerfilePath')));
    const asked = check(at(root, 'deploy', 'healthcheckPath'), 'healthcheckPath');
    return [{ title: 'service of Railway', span: root.span, ...file, ...asked }];
  }
  if (name.startsWith('render')) {
    return itemsOf(at(root, 'services')).flatMap((service): PlatformService[] => {
      const image = textOf(at(service, 'image', 'url'));
      const docker = (textOf(at(service, 'runtime')) ?? textOf(at(service, 'env'))) === 'docker';
      if (!docker && image === undefined) return [];
      const file = built(path, textOf(at(service, 'rootDir')), textOf(at(service, 'dockerfilePath')));
      const asked = check(at(service, 'healthCheckPath'), 'healthCheckPath');
      const title = `service ${textOf(at(service, 'name')) ?? ''}`.trim();
      return [{ title, span: service.span, ...(image === undefined ? file : { image }), ...asked }];
    });
  }
  if (/(?:^|\/)\.do\//.test(path)) {
    return itemsOf(at(root, 'services')).flatMap((service): PlatformService[] => {
      const file = textOf(at(service, 'dockerfile_path'));
      if (file === undefined) return [];
      const dockerfile = joinPath('', file.replace(/^\//, ''));
      const asked = check(at(service, 'health_check') ?? at(service, 'liveness_health_check'), 'health_check');
      const title = `service ${textOf(at(service, 'name')) ?? ''}`.trim();
      return [{ title, span: service.span, ...(dockerfile === undefined ? {} : { dockerfile }), ...asked }];
    });
  }
  const image = textOf(at(root, 'image'));
  if (image === undefined || at(root, 'servers') === undefined) return [];
  const folder = folderOf(folderOf(path));
  const dockerfile = joinPath(folder, textOf(at(root, 'builder', 'dockerfile')) ?? 'Dockerfile');
  const asked = check(at(root, 'proxy', 'healthcheck') ?? at(root, 'healthcheck') ?? at(root, 'proxy'), 'proxy');
  return [
    { title: `service ${image}`, span: root.span, ...(dockerfile === undefined ? {} : { dockerfile }), ...asked },
  ];
}

/** Tasks of a Nomad job; a check stands in a service of the task or of its group. */
function nomad(body: Body): PlatformService[] {
  const inside = (block: Body, type: string): readonly Block[] => block.blocks.filter((one) => one.type === type);
  const checkOf = (block: Body) => inside(block, 'service').flatMap((service) => inside(service, 'check'))[0];
  return inside(body, 'job').flatMap((job) => {
    const kind = literal(attributeOf(job, 'type')?.value);
    if (kind === 'batch' || kind === 'sysbatch') return [];
    return inside(job, 'group').flatMap((group) =>
      inside(group, 'task').flatMap((task): PlatformService[] => {
        const config = inside(task, 'config')[0];
        const image = literal(config && attributeOf(config, 'image')?.value);
        if (image === undefined) return [];
        const check = checkOf(task) ?? checkOf(group);
        const title = `task ${task.labels[0] ?? ''} of job ${job.labels[0] ?? ''}`;
        return [{ title, span: task.head, image, ...(check ? { check: { name: 'check', span: check.head } } : {}) }];
      }),
    );
  });
}

function literal(value: Expression | undefined): string | undefined {
  if (value?.kind === 'literal') return typeof value.value === 'string' ? value.value : undefined;
  if (value?.kind !== 'template') return undefined;
  return value.parts.map((part) => (part.kind === 'text' ? part.text : '${}')).join('');
}

/** Resources of Terraform that run containers, with the blocks of theirs that ask. */
const RESOURCES: Readonly<Record<string, RegExp>> = {
  google_cloud_run_service: /^(?:liveness|startup)_probe$/,
  google_cloud_run_v2_service: /^(?:liveness|startup|readiness)_probe$/,
  azurerm_container_app: /^(?:liveness|startup|readiness)_probe$/,
  azurerm_container_group: /^(?:liveness|readiness)_probe$/,
  aws_apprunner_service: /^health_check_configuration$/,
};

/** Services of all platforms, ECS and Terraform included. A pure join: use through `facts.linked`. */
export function linkPlatforms(facts: Facts): readonly (PlatformService & { readonly place: Place })[] {
  const files = facts
    .of('platform')
    .flatMap(({ path, data }) => data.services.map((one) => ({ ...one, place: { path, span: one.span } })));
  const tasks = facts.linked(linkTasks).map(({ name, path, span, image, health }) => ({
    title: `container ${name} of an ECS task`,
    span,
    place: { path, span },
    // An address that only a run knows leaves the container's own name.
    image: image ?? name,
    ...(health ? { check: { name: 'healthCheck', span, words: health } } : {}),
  }));
  const resources = facts.linked(terraformModel).modules.flatMap((module) =>
    Object.entries(RESOURCES).flatMap(([type, asks]) =>
      resourcesOf(module, type).flatMap(({ block, path }) => {
        const scope = module.scopes[0];
        if (!scope) return [];
        const whole = block.blocks.find((inner) => asks.test(inner.type));
        return blocksWithImage(block).flatMap((container) => {
          const image = ['image', 'image_identifier'].flatMap(
            (key) => stringOf(argument(container, key, path, scope)) ?? [],
          )[0];
          const check = container.blocks.find((inner) => asks.test(inner.type)) ?? whole;
          const title = `${type} ${block.labels[1] ?? ''}`;
          const asked = check ? { check: { name: check.type, span: check.head } } : {};
          const span = block.head;
          return image === undefined ? [] : [{ title, span, place: { path, span }, image, ...asked }];
        });
      }),
    ),
  );
  return [...files, ...tasks, ...resources];
}

function blocksWithImage(block: Block, depth = 0): Block[] {
  if (attributeOf(block, 'image') ?? attributeOf(block, 'image_identifier')) return [block];
  return depth < 5 ? block.blocks.flatMap((inner) => blocksWithImage(inner, depth + 1)) : [];
}
