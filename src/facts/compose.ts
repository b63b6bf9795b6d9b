/** Knows compose files: services as they run, with `extends`, overriding files, anchors and variables resolved. */
import type { Extracted, ExtractInput, Extractor, Facts } from './facts.ts';
import { folderOf, joinPath } from './paths.ts';
import type { Span } from './span.ts';
import { resolveVariables, type Scope } from './variables.ts';
import {
  at,
  booleanOf,
  entriesOf,
  entryOf,
  isNull,
  itemsOf,
  loadYaml,
  relocate,
  textOf,
  type YamlEntry,
  type YamlFile,
  type YamlMap,
  type YamlNode,
} from './yaml.ts';

/** One file as written. */
export interface Compose {
  /** The whole document; services are the entries under "services". */
  readonly root: YamlMap;
  /** The comment on top of it, without its marks. */
  readonly header?: string;
}

/** Text after `${VAR:-default}` was replaced; `resolved` is absent while a variable has no value in the repository. */
export interface ComposeText {
  readonly text: string;
  readonly resolved?: string;
  readonly variables: readonly string[];
  readonly span: Span;
  readonly path?: string;
}

export interface ComposeBuild {
  /** Folder relative to the root of the tree; absent for a remote context. */
  readonly context?: string;
  /** Path of the Dockerfile relative to the root of the tree; absent where it is remote or inline. */
  readonly dockerfile?: string;
  readonly target?: string;
  readonly args: ReadonlyMap<string, string | undefined>;
  readonly span: Span;
}

export interface ComposeHealthcheck {
  /** `disable: true`, or a test of NONE. */
  readonly disabled: boolean;
  /** Words of the test; a string test is one word after CMD-SHELL. Empty: only intervals are set. */
  readonly test: readonly string[];
  readonly span: Span;
  readonly path?: string;
}

/** One service as it runs: everything merged into `body`, nodes from other files name their path. */
export interface ComposeService {
  readonly name: string;
  /** File that declares it, and the entry "name: ..." there. */
  readonly path: string;
  readonly span: Span;
  readonly keySpan: Span;
  readonly body: YamlMap;
  /** Other files that add to it. */
  readonly overlays: readonly string[];
  readonly image?: ComposeText;
  readonly build?: ComposeBuild;
  readonly healthcheck?: ComposeHealthcheck;
  readonly profiles: readonly string[];
}

const NAME = /(?:^|[._-])(?:docker-)?(?:compose|stack)(?:[._-][^/]*)?\.ya?ml$/i;

export const compose: Extractor<'compose'> = {
  kind: 'compose',
  accepts: (path) => /\.ya?ml$/i.test(path) && !/(?:^|\/)\.(?:github|gitlab|circleci)|\.gitlab-ci/.test(path),
  recognises: (path, text) =>
    /^["']?services["']?[ \t]*:[ \t]*(?:#.*)?\r?$/m.test(text) &&
    (isComposeName(path) || /^[ \t]+(?:image|build|extends)[ \t]*:/m.test(text)) &&
    !/^apiVersion[ \t]*:/m.test(text),
  load: async () => {
    const read = await loadYaml();
    return (input) => readCompose(input, read);
  },
};

function isComposeName(path: string): boolean {
  return NAME.test(path.slice(path.lastIndexOf('/') + 1));
}

function readCompose({ path, text }: ExtractInput, read: (text: string) => YamlFile): Extracted<Compose> {
  const { documents, problems } = read(text);
  const root = documents[0]?.root;
  const services = entriesOf(at(root, 'services'));
  const named = isComposeName(path);
  const known = services.some(
    ({ value }) => value.kind === 'map' && (named || SERVICE_KEYS.some((key) => entryOf(value, key))),
  );
  if (root?.kind !== 'map' || !known) return documents.some((document) => document.broken) ? { problems } : {};
  const header = headerOf(text);
  return { data: { root, ...(header ? { header } : {}) }, problems };
}

function headerOf(text: string): string {
  const lines = text.slice(0, 4000).split(/\r?\n/);
  const end = lines.findIndex((line) => !/^\s*(?:#|$)/.test(line));
  const comment = end < 0 ? lines : lines.slice(0, end);
  return comment
    .map((line) => line.replace(/^\s*#+\s?/, ''))
    .join('\n')
    .trim();
}

const SERVICE_KEYS = ['image', 'build', 'extends', 'command', 'environment', 'read_only', 'deploy', 'healthcheck'];

/** All services of all compose files, in order of path and place. A pure join: use through `facts.linked`. */
export function linkCompose(facts: Facts): readonly ComposeService[] {
  const files = new Map(facts.of('compose').map((file) => [file.path, file.data.root]));
  const merger = new Merger(files);
  const result: ComposeService[] = [];
  for (const [path, root] of files) {
    if (basePath(path, files) !== undefined) continue;
    const overlays = [...files.keys()].filter((other) => basePath(other, files) === path);
    for (const entry of entriesOf(at(root, 'services'))) {
      let body = merger.service(path, entry, []);
      const adding: string[] = [];
      for (const overlay of overlays) {
        const change = entryOf(at(files.get(overlay), 'services'), entry.key);
        if (!change) continue;
        adding.push(overlay);
        body = mergeMaps(body, relocate(merger.service(overlay, change, []), overlay), []);
      }
      result.push(serviceOf(path, entry, body, adding));
    }
    for (const overlay of overlays) {
      for (const entry of entriesOf(at(files.get(overlay), 'services'))) {
        if (entryOf(at(root, 'services'), entry.key)) continue;
        result.push(serviceOf(overlay, entry, merger.service(overlay, entry, []), []));
      }
    }
  }
  return result.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.span.start - b.span.start));
}

const DEFAULT_NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** The file this one overrides: the folder's default file, where some service makes no sense without it. */
function basePath(path: string, files: ReadonlyMap<string, YamlMap>): string | undefined {
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  if (DEFAULT_NAMES.includes(path.slice(folder.length))) return undefined;
  const base = DEFAULT_NAMES.map((name) => folder + name).find((candidate) => files.has(candidate));
  if (base === undefined) return undefined;
  if (/\boverride\.ya?ml$/.test(path)) return base;
  const declared = at(files.get(base), 'services');
  const partial = entriesOf(at(files.get(path), 'services')).some(
    ({ key, value }) =>
      entryOf(declared, key) !== undefined &&
      !entryOf(value, 'image') &&
      !entryOf(value, 'build') &&
      !entryOf(value, 'extends'),
  );
  return partial ? base : undefined;
}

/** Resolves `extends` across files; a loop or a missing file leaves the service as written. */
class Merger {
  readonly #files: ReadonlyMap<string, YamlMap>;

  constructor(files: ReadonlyMap<string, YamlMap>) {
    this.#files = files;
  }

  service(path: string, entry: YamlEntry, seen: readonly string[]): YamlMap {
    const own: YamlMap =
      entry.value.kind === 'map' ? entry.value : { kind: 'map', entries: [], span: entry.value.span };
    const link = entryOf(own, 'extends')?.value;
    const name = link?.kind === 'map' ? textOf(at(link, 'service')) : textOf(link);
    const id = `${path}\n${entry.key}`;
    if (name === undefined || seen.includes(id) || seen.length > 20) return own;
    const file = textOf(at(link, 'file'));
    const target = file === undefined ? path : joinPath(folderOf(path), file);
    const base = target === undefined ? undefined : entryOf(at(this.#files.get(target), 'services'), name);
    if (target === undefined || !base) return own;
    const inherited = this.service(target, base, [...seen, id]);
    return mergeMaps(target === path ? inherited : relocate(inherited, target), own, ['extends', 'depends_on']);
  }
}

/** Later maps add to earlier ones; lists and scalars replace, except where compose appends lists. */
function mergeMaps(base: YamlMap, over: YamlMap, drop: readonly string[]): YamlMap {
  const entries = new Map(base.entries.filter(({ key }) => !drop.includes(key)).map((entry) => [entry.key, entry]));
  for (const entry of over.entries) {
    const before = entries.get(entry.key)?.value;
    const { value } = entry;
    if (value.tag === '!reset') entries.delete(entry.key);
    else if (before?.kind === 'map' && value.kind === 'map' && value.tag !== '!override') {
      entries.set(entry.key, { ...entry, value: mergeMaps(before, value, []) });
    } else if (before?.kind === 'list' && value.kind === 'list' && !REPLACED_LISTS.has(entry.key)) {
      entries.set(entry.key, { ...entry, value: { ...value, items: [...before.items, ...value.items] } });
    } else entries.set(entry.key, entry);
  }
  return { ...over, entries: [...entries.values()] };
}

const REPLACED_LISTS = new Set(['command', 'entrypoint', 'test']);

function serviceOf(path: string, entry: YamlEntry, body: YamlMap, overlays: readonly string[]): ComposeService {
  const image = composeText(at(body, 'image'));
  const build = buildOf(path, at(body, 'build'));
  const healthcheck = healthcheckOf(at(body, 'healthcheck'));
  return {
    name: entry.key,
    path,
    span: entry.span,
    keySpan: entry.keySpan,
    body,
    overlays,
    ...(image ? { image } : {}),
    ...(build ? { build } : {}),
    ...(healthcheck ? { healthcheck } : {}),
    profiles: itemsOf(at(body, 'profiles')).flatMap((item) => textOf(item) ?? []),
  };
}

const NO_VALUES: Scope = new Map();

/** Text of a scalar with its variables replaced by their defaults; undefined for anything that is no text. */
export function composeText(node: YamlNode | undefined, scope: Scope = NO_VALUES): ComposeText | undefined {
  const text = textOf(node);
  if (node === undefined || text === undefined) return undefined;
  const { value, variables } = resolveVariables(text, scope);
  return {
    text,
    ...(value === undefined ? {} : { resolved: value }),
    variables: [...new Set(variables)],
    span: node.span,
    ...(node.path === undefined ? {} : { path: node.path }),
  };
}

function buildOf(path: string, node: YamlNode | undefined): ComposeBuild | undefined {
  if (node === undefined || isNull(node)) return undefined;
  const folder = folderOf(node.path ?? path);
  const context = composeText(node.kind === 'map' ? at(node, 'context') : node)?.resolved ?? '.';
  const inline = entryOf(node, 'dockerfile_inline') !== undefined;
  const remote = /^[a-z+]+:\/\/|^git@|\.git(?:#|$)/.test(context);
  const where = remote ? undefined : joinPath(folder, context);
  const name = composeText(at(node, 'dockerfile'))?.resolved ?? 'Dockerfile';
  const dockerfile = where === undefined || inline ? undefined : joinPath(where, name);
  const target = composeText(at(node, 'target'))?.resolved;
  return {
    ...(where === undefined ? {} : { context: where }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(target === undefined ? {} : { target }),
    args: new Map(keyValues(at(node, 'args')).map(({ key, value }) => [key, value?.resolved])),
    span: node.span,
  };
}

/** Entries of `environment`, `args`, `labels`: a map or a list of "KEY=value"; no value means "from the caller". */
export function keyValues(
  node: YamlNode | undefined,
): readonly { readonly key: string; readonly value?: ComposeText; readonly span: Span; readonly path?: string }[] {
  if (node?.kind === 'map') {
    return node.entries.map(({ key, value, span, path }) => {
      const text = composeText(value);
      return { key, ...(text ? { value: text } : {}), span, ...(path === undefined ? {} : { path }) };
    });
  }
  return itemsOf(node).flatMap((item) => {
    const text = textOf(item);
    if (text === undefined) return [];
    const equals = text.indexOf('=');
    const where = { span: item.span, ...(item.path === undefined ? {} : { path: item.path }) };
    if (equals < 0) return [{ key: text, ...where }];
    const { value, variables } = resolveVariables(text.slice(equals + 1), NO_VALUES);
    const content = {
      text: text.slice(equals + 1),
      ...(value === undefined ? {} : { resolved: value }),
      variables,
      ...where,
    };
    return [{ key: text.slice(0, equals), value: content, ...where }];
  });
}

function healthcheckOf(node: YamlNode | undefined): ComposeHealthcheck | undefined {
  if (node?.kind !== 'map') return undefined;
  const test = at(node, 'test');
  const single = textOf(test);
  const words = single === undefined ? itemsOf(test).map((item) => textOf(item) ?? '') : ['CMD-SHELL', single];
  const none = words[0] === 'NONE' || single === 'NONE';
  return {
    disabled: booleanOf(at(node, 'disable')) === true || none,
    test: words,
    span: node.span,
    ...(node.path === undefined ? {} : { path: node.path }),
  };
}
