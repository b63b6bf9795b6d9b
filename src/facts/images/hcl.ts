/** Knows the images that bake files build and build upon, and those that jobs of Nomad run. */
import type { Block, Body, Expression } from '../hcl.ts';
import { folderOf, joinPath } from '../paths.ts';
import type { Span } from '../span.ts';
import { evaluate, type Located, type Scope, stringOf, type Value } from '../terraform/value.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import type { ImageFile, NamedBuild, NamedImage } from './files.ts';

const NONE: Scope = {
  variable: () => undefined,
  local: () => undefined,
  output: () => undefined,
  resource: () => undefined,
};
/** Values that variables of a bake file have among each other are followed so often. */
const ROUNDS = 3;
/** Drivers whose tasks are containers. */
const DRIVERS = /^(?:docker|podman|containerd-driver|nerdctl)$/;

interface Source {
  readonly path: string;
  readonly text: string;
}

/** Targets: what they build and under which names, and the images that stand for their contexts. */
export function readBake({ path, text }: Source, body: Body): ImageFile {
  let names = new Map<string, Value>();
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Map<string, Value>();
    for (const [name, block] of named(body, 'variable')) {
      const attribute = attributeOf(block, 'default');
      if (attribute) next.set(name, evaluate({ value: attribute.value, path }, NONE, names));
    }
    names = next;
  }
  const images: NamedImage[] = [];
  const builds: NamedBuild[] = [];
  const targets = new Map(named(body, 'target'));
  for (const [name, block] of targets) {
    const get = (key: string): Value | undefined => {
      const attribute = inherited(block, key, targets, path, names);
      return attribute && evaluate({ value: attribute, path }, NONE, names);
    };
    const context = stringOf(get('context')) ?? '.';
    const file = `${context}/${stringOf(get('dockerfile')) ?? 'Dockerfile'}`;
    const tags = get('tags');
    const contexts = get('contexts');
    const fields = contexts?.kind === 'map' ? [...contexts.fields] : [];
    const local = fields.flatMap(([key, value]) => (/^target:./.test(stringOf(value) ?? '') ? key : []));
    builds.push({
      images: tags?.kind === 'list' ? tags.items.flatMap((tag) => stringOf(tag) ?? textOf(tag, text)) : [],
      dockerfiles: [folderOf(path), ''].flatMap((folder) => joinPath(folder, file) ?? []),
      ...(local.length > 0 ? { contexts: local } : {}),
    });
    const attribute = attributeOf(block, 'contexts');
    for (const [key, value] of attribute ? fields : []) {
      const written = /^docker-image:\/\/(.+)$/.exec(stringOf(value) ?? '')?.[1];
      if (!written) continue;
      const span = value.at?.span ?? attribute!.span;
      images.push({
        role: 'base',
        title: `image of context ${key} of target ${name}`,
        text: written,
        span,
        resolved: written,
      });
    }
  }
  return { images, builds };
}

/** Blocks of one type by name; JSON keeps them as members of one block without labels. */
function named(body: Body, type: string): [string, Block][] {
  return blocksOf(body, type).flatMap((block) =>
    block.labels.length > 0
      ? [[block.labels[0]!, block] as [string, Block]]
      : block.blocks.map((one): [string, Block] => [one.type, one]),
  );
}

function inherited(
  block: Block,
  key: string,
  targets: ReadonlyMap<string, Block>,
  path: string,
  names: ReadonlyMap<string, Value>,
  depth = 0,
): Expression | undefined {
  const own = attributeOf(block, key);
  if (own || depth > 8) return own?.value;
  const list = attributeOf(block, 'inherits');
  const parents = list && evaluate({ value: list.value, path }, NONE, names);
  for (const parent of parents?.kind === 'list' ? parents.items.toReversed() : []) {
    const base = targets.get(stringOf(parent) ?? '');
    const found = base && inherited(base, key, targets, path, names, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** The text of an expression that has no known value, as written: "${REGISTRY}/app". */
function textOf(value: Value, text: string): string[] {
  return value.at ? [text.slice(value.at.span.start, value.at.span.end).replace(/^"|"$/g, '')] : [];
}

/** Tasks with their images; variables have their defaults. */
export function readNomad({ path, text }: Source, body: Body): ImageFile {
  const variables = new Map(named(body, 'variable'));
  const locals = blocksOf(body, 'locals').flatMap((block) => block.attributes);
  const located = (value: Expression | undefined): Located | undefined => value && { value, path };
  const scope: Scope = {
    ...NONE,
    variable: (name) => {
      const of = located(attributeOf(variables.get(name) ?? body, 'default')?.value);
      return of && { of, scope: NONE };
    },
    local: (name) => located(locals.findLast((one) => one.name === name)?.value),
  };
  const images: NamedImage[] = [];
  const visit = (block: Block, depth: number): void => {
    if (block.type === 'task') {
      const driver = attributeOf(block, 'driver')?.value;
      const image = blocksOf(block, 'config').flatMap((config) => attributeOf(config, 'image') ?? [])[0];
      if (image && driver?.kind === 'literal' && DRIVERS.test(String(driver.value)))
        images.push(imageOf(`image of task ${block.labels[0] ?? ''}`.trim(), image.value));
    }
    if (depth < 8) for (const inner of block.blocks) visit(inner, depth + 1);
  };
  const imageOf = (title: string, value: Expression): NamedImage => {
    const result = evaluate({ value, path }, scope);
    const written = text.slice(value.span.start, value.span.end).replace(/^"|"$/g, '');
    const resolved = stringOf(result);
    const definition: Span | undefined = result.at?.span;
    const moved = definition && (definition.end <= value.span.start || definition.start >= value.span.end);
    return {
      role: 'run',
      title,
      text: written,
      span: value.span,
      ...(resolved === undefined ? {} : { resolved }),
      ...(moved ? { definition } : {}),
    };
  };
  for (const job of blocksOf(body, 'job')) visit(job, 0);
  return { images, builds: [] };
}
