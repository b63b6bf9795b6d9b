/** Knows compose files: services as they run, with `extends`, overriding files, anchors and variables resolved. */

import { type Environment, inherited, interpolator } from './compose/interpolation.ts';
import { mergeServices, normalized, withoutReset } from './compose/merge.ts';
import {
  type ComposeFiles,
  type ComposeProject,
  composeFiles,
  includesOf,
  isOverride,
  linkComposeProjects,
} from './compose/projects.ts';
import type { Extracted, ExtractInput, Extractor, Facts } from './facts.ts';
import { fileName, folderOf, joinPath } from './paths.ts';
import type { Place, Span } from './span.ts';
import {
  at,
  booleanOf,
  entriesOf,
  entryOf,
  itemsOf,
  loadYaml,
  type Origin,
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

/** A text with its variables replaced. */
export interface ComposeText {
  /** As written. */
  readonly text: string;
  /** Absent while a variable has no value in the repository: then `unknown` says why. */
  readonly resolved?: string;
  readonly unknown?: string;
  readonly variables: readonly string[];
  /** Where the values stand, other than defaults in the text itself. */
  readonly origins: readonly Origin[];
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
  /** `additional_contexts`: what names in FROM stand for, in lower case: "service:base", "docker-image://debian". */
  readonly contexts: ReadonlyMap<string, string>;
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

/**
 * One service as it runs: everything merged into `body`, with the variables of texts replaced (see `Rendered`) and
 * `environment`, `labels` and build arguments as maps; nodes from other files name their path.
 */
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
  companions: { dotenv: true, script: ['compose', 'stack'], workflow: ['compose'] },
  accepts: (path) =>
    /\.ya?ml$/i.test(path) &&
    !/(?:^|\/)(?:\.(?:github|gitlab|circleci)|values(?:[._-][^/]*)?\.ya?ml$)|\.gitlab-ci/.test(path),
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
  return NAME.test(fileName(path));
}

function readCompose({ path, text }: ExtractInput, read: (text: string) => YamlFile): Extracted<Compose> {
  const { documents, problems } = read(text);
  const root = documents[0]?.root;
  const services = entriesOf(at(root, 'services'));
  const named = isComposeName(path);
  const bodies = services.flatMap(({ value }) => (value.kind === 'map' ? [entriesOf(value)] : []));
  const known = named
    ? bodies.length > 0
    : bodies.some((entries) => entries.some(({ key }) => TELLING.has(key))) &&
      bodies.every((entries) => entries.every(({ key }) => SERVICE_KEYS.has(key) || /^x-|^<<$/.test(key)));
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

const TELLING = new Set(['image', 'build', 'extends', 'command', 'environment', 'read_only', 'deploy', 'healthcheck']);
/**
 * Properties of a service, by the Compose specification and the formats before it; compose refuses any other, so a file
 * of any name with another one is something else: values of a chart, an application of KubeVela.
 */
const SERVICE_KEYS = new Set(
  (
    'annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count ' +
    'cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on ' +
    'deploy develop device_cgroup_rules devices dns dns_opt dns_search dockerfile domainname entrypoint env_file ' +
    'environment expose extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation ' +
    'label_file labels links log_driver log_opt logging mac_address mem_limit mem_reservation mem_swappiness ' +
    'memswap_limit models net network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports ' +
    'post_start pre_start pre_stop privileged profiles provider pull_policy read_only restart runtime scale secrets ' +
    'security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits ' +
    'use_api_socket user userns_mode uts volume_driver volumes volumes_from working_dir'
  ).split(' '),
);

/** All services of all compose files, in order of path and place. A pure join: use through `facts.linked`. */
export function linkCompose(facts: Facts): readonly ComposeService[] {
  const files = facts.linked(composeFiles);
  const result = new Map<string, ComposeService>();
  const add = (draft: Draft): void => {
    const id = `${draft.path}\n${draft.entry.key}`;
    if (!result.has(id)) result.set(id, serviceOf(draft));
  };
  for (const project of facts.linked(linkComposeProjects)) {
    const drafts = load(project, files, facts);
    for (const draft of drafts.values()) add(draft);
    for (const path of project.aside) {
      for (const entry of entriesOf(at(files.get(path), 'services'))) {
        const base = drafts.get(entry.key);
        // Changes that count for developers alone are nothing to judge; an image of their own is.
        if (base && !['image', 'build', 'extends'].some((key) => entryOf(entry.value, key))) continue;
        const own = load({ ...project, files: [path] }, files, facts).get(entry.key);
        if (!own) continue;
        const body = base ? mergeServices(relocate(base.body, base.path), own.body) : own.body;
        add({ ...own, body });
      }
    }
  }
  return [...result.values()].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : a.span.start - b.span.start,
  );
}

/**
 * Services that run a published image unless the override beside their file, which developers have, builds one instead.
 * A pure join: use through `facts.linked`.
 */
export function linkPublishedServices(facts: Facts): readonly ComposeService[] {
  const files = facts.linked(composeFiles);
  return facts.linked(linkComposeProjects).flatMap((project) => {
    const [main, ...more] = project.files;
    const overrides = more.filter(isOverride).map((path) => at(files.get(path), 'services'));
    if (overrides.length === 0) return [];
    return [...load({ ...project, files: [main!] }, files, facts).values()].flatMap((draft) => {
      const builds = overrides.some((services) => at(services, draft.entry.key, 'build'));
      const own = entryOf(draft.body, 'image') && !entryOf(draft.body, 'build');
      return builds && own ? [serviceOf(draft)] : [];
    });
  });
}

/** A service on its way through the files of a project. */
interface Draft {
  readonly path: string;
  readonly entry: YamlEntry;
  /** Nodes of other files than `path` name theirs. */
  readonly body: YamlMap;
  readonly overlays: readonly string[];
  readonly project: Pick<ComposeProject, 'files' | 'directory' | 'environment'>;
}

/** Files that include each other deeper than that are left out. */
const MAX_INCLUDES = 20;

/** The services of a project by name, with their variables replaced. A file that includes itself ends there. */
function load(
  project: Draft['project'],
  files: ComposeFiles,
  facts: Facts,
  above: readonly string[] = [],
): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  const replace = interpolator(project.environment);
  const cache = new Map<string, YamlMap>();
  const read = (path: string): YamlMap | undefined => {
    const services = cache.get(path) ?? at(files.get(path), 'services');
    if (services?.kind !== 'map') return undefined;
    if (!cache.has(path)) cache.set(path, replace(normalizedServices(services)));
    return cache.get(path);
  };
  for (const path of project.files) {
    for (const entry of entriesOf(read(path))) {
      const own = withExtended(path, entry, read, []);
      const known = drafts.get(entry.key);
      if (!known) drafts.set(entry.key, { path, entry, body: own, overlays: [], project });
      else {
        const body = { ...known.body, entries: mergeServices(known.body, relocate(own, path)).entries };
        drafts.set(entry.key, { ...known, body, overlays: [...known.overlays, path] });
      }
    }
    const root = files.get(path);
    if (!root || above.length > MAX_INCLUDES || above.includes(path)) continue;
    for (const include of includesOf(path, root, project, facts)) {
      for (const [name, draft] of load(include, files, facts, [...above, path])) {
        const known = drafts.get(name);
        if (!known) drafts.set(name, draft);
        else {
          // What the including file says of an included service comes on top.
          const over = relocate(known.body, known.path);
          const body = { ...draft.body, entries: mergeServices(draft.body, over).entries };
          drafts.set(name, { ...draft, body, overlays: [...draft.overlays, known.path] });
        }
      }
    }
  }
  return drafts;
}

function normalizedServices(services: YamlMap): YamlMap {
  const entries = services.entries.map((entry) =>
    entry.value.kind === 'map' ? { ...entry, value: normalized(entry.value) } : entry,
  );
  return { ...services, entries };
}

/** Resolves `extends` across files; a loop or a missing file leaves the service as written. */
function withExtended(
  path: string,
  entry: YamlEntry,
  read: (path: string) => YamlMap | undefined,
  seen: readonly string[],
): YamlMap {
  const own: YamlMap = entry.value.kind === 'map' ? entry.value : { kind: 'map', entries: [], span: entry.value.span };
  const link = entryOf(own, 'extends')?.value;
  const name = link?.kind === 'map' ? textOf(at(link, 'service')) : textOf(link);
  const id = `${path}\n${entry.key}`;
  if (name === undefined || seen.includes(id) || seen.length > 20) return own;
  const file = textOf(at(link, 'file'));
  const target = file === undefined ? path : joinPath(folderOf(path), file);
  const base = target === undefined ? undefined : entryOf(read(target), name);
  if (target === undefined || !base) return own;
  const inherited = withExtended(target, base, read, [...seen, id]);
  const entries = inherited.entries.filter(({ key }) => key !== 'extends');
  const plain = { ...inherited, entries };
  return mergeServices(target === path ? plain : relocate(plain, target), own);
}

function serviceOf({ path, entry, body: merged, overlays, project }: Draft): ComposeService {
  const body = withBooleans(withInherited(withoutReset(merged), project.environment));
  const image = composeText(at(body, 'image'));
  const build = buildOf(at(body, 'build'), (node) => {
    const from = node.path ?? path;
    return project.files.includes(from) ? project.directory : folderOf(from);
  });
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

const BOOLEANS = new Set(['read_only', 'privileged', 'init', 'disable']);

/** Compose takes "true" in quotes, and out of a variable, for a boolean where it wants one. */
function withBooleans(body: YamlMap): YamlMap {
  const entries = body.entries.map((entry): YamlEntry => {
    const { key, value } = entry;
    if (key === 'healthcheck' && value.kind === 'map') return { ...entry, value: withBooleans(value) };
    if (!BOOLEANS.has(key) || value.kind !== 'scalar' || typeof value.value !== 'string') return entry;
    const word = /^(?:(true|yes|y|on)|false|no|n|off)$/i.exec(value.text);
    return word ? { ...entry, value: { ...value, value: word[1] !== undefined } } : entry;
  });
  return { ...body, entries };
}

/** Settings without a value, which they get from the variable of their name. */
function withInherited(body: YamlMap, environment: Environment): YamlMap {
  const filled = (node: YamlNode): YamlNode => {
    if (node.kind !== 'map') return node;
    const entries = node.entries.map((entry) =>
      entry.value.kind === 'scalar' && entry.value.value === null
        ? { ...entry, value: inherited(entry.key, entry.value, environment) }
        : entry,
    );
    return { ...node, entries };
  };
  const entries = body.entries.map((entry) => {
    if (entry.key === 'environment') return { ...entry, value: filled(entry.value) };
    const args = entry.key === 'build' ? at(entry.value, 'args') : undefined;
    if (!args || entry.value.kind !== 'map') return entry;
    const inner = entry.value.entries.map((one) => (one.key === 'args' ? { ...one, value: filled(args) } : one));
    return { ...entry, value: { ...entry.value, entries: inner } };
  });
  return { ...body, entries };
}

/** Text of a scalar; undefined for anything that is no text. */
export function composeText(node: YamlNode | undefined): ComposeText | undefined {
  const text = textOf(node);
  const { written, unknown, origins = [] } = node?.rendered ?? {};
  if (node === undefined || (text === undefined && unknown === undefined)) return undefined;
  return {
    text: written?.text ?? text!,
    ...(unknown === undefined ? { resolved: text! } : { unknown }),
    variables: written?.variables ?? [],
    origins,
    span: node.span,
    ...(node.path === undefined ? {} : { path: node.path }),
  };
}

function buildOf(node: YamlNode | undefined, folderFor: (node: YamlNode) => string): ComposeBuild | undefined {
  if (node?.kind !== 'map' || node.entries.length === 0) return undefined;
  const given = at(node, 'context');
  const context = given === undefined ? '.' : composeText(given)?.resolved;
  const inline = entryOf(node, 'dockerfile_inline') !== undefined;
  const remote = context === undefined || /^[a-z+]+:\/\/|^git@|\.git(?:#|$)/.test(context);
  const where = remote ? undefined : joinPath(folderFor(given ?? node), context);
  const file = at(node, 'dockerfile');
  const name = file === undefined ? 'Dockerfile' : composeText(file)?.resolved;
  const dockerfile = where === undefined || name === undefined || inline ? undefined : joinPath(where, name);
  const target = composeText(at(node, 'target'))?.resolved;
  return {
    ...(where === undefined ? {} : { context: where }),
    ...(dockerfile === undefined ? {} : { dockerfile }),
    ...(target === undefined ? {} : { target }),
    contexts: new Map(
      keyValues(at(node, 'additional_contexts')).flatMap(({ key, value }) =>
        value?.resolved === undefined ? [] : [[key.toLowerCase(), value.resolved]],
      ),
    ),
    args: new Map(keyValues(at(node, 'args')).map(({ key, value }) => [key, value?.resolved])),
    span: node.span,
  };
}

/** Entries of `environment`, `args`, `labels`; one without a value anywhere comes from the caller. */
export function keyValues(
  node: YamlNode | undefined,
): readonly { readonly key: string; readonly value?: ComposeText; readonly span: Span; readonly path?: string }[] {
  return entriesOf(node).map(({ key, value, span, path }) => {
    const text = composeText(value);
    return { key, ...(text ? { value: text } : {}), span, ...(path === undefined ? {} : { path }) };
  });
}

/** Where a value is to be changed: in the .env file that gives it, with `place` as a related one, otherwise at `place`. */
export function causeOf(
  node: YamlNode | undefined,
  place: Place,
): [Place, { readonly related?: readonly (Place & { readonly text: string })[] }] {
  const origin = node?.rendered?.origins?.at(-1);
  if (!origin) return [place, {}];
  const { path, span, name } = origin;
  return [{ path, span }, { related: [{ ...place, text: `\`${name}\` is used here.` }] }];
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
