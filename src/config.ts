/** Knows the configuration: where it is found, how files and flags merge, and what every value came from. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Options } from './check.ts';
import { canonicalJson, deepFreeze, describe, type Entry, type Node, orSuggest, Reader } from './document.ts';
import { ZONES, type Zone } from './facts/workspace.ts';
import { parseGates } from './gate.ts';
import { badPattern, matcherOf, type Pattern } from './globs.ts';
import { defaultsOf, knownOptions, type RulePage } from './pages.ts';
import { type Notification, UserError } from './problem.ts';
import { extendRoadmap, type Roadmap, type RoadmapItem, readOptions, roadmapHash } from './roadmap.ts';
import { tomlTable } from './toml.ts';

export interface ConfigInput {
  /** Absolute path of the scanned folder. */
  readonly root: string;
  /** Paths of flags count from here. */
  readonly cwd: string;
  /** `--config FILE`, or false for `--no-config`. */
  readonly config?: string | false;
  /** `--roadmap FILE`. */
  readonly roadmap?: string;
  readonly builtin: Roadmap;
  readonly pages: ReadonlyMap<string, RulePage>;
}

export interface Config {
  /** Configuration files that were read, nearest first, as shown in messages. */
  readonly files: readonly string[];
  readonly notifications: readonly Notification[];
  /** With all changes applied. */
  readonly roadmap: Roadmap;
  /** Final option values by item: the page's defaults, then the roadmap's, then the configuration's. */
  readonly options: ReadonlyMap<string, Options>;
  readonly include: readonly Pattern[];
  readonly exclude: readonly Pattern[];
  readonly zones: readonly { readonly zone: Zone; readonly patterns: readonly Pattern[] }[];
  /** Values of `--fail-on` when the flag is absent. */
  readonly failOn: readonly string[];
  /** Bytes. */
  readonly maxFileSize?: number;
  /** Absolute path. */
  readonly baseline?: string;
  /** 8 hex digits over what the configuration changes in the scan itself; the rest is in the roadmap's hash. */
  readonly hash: string;
  /** "file:line:column" or another source by dotted key, as in `items.admin-auth.weight`; absent: not configured. */
  readonly origins: ReadonlyMap<string, string>;
}

const KEYS = [
  ...['$schema', 'roadmap', 'target', 'items', 'zones', 'include', 'exclude', 'failOn', 'maxFileSize', 'baseline'],
];
const EXPECT = ['applicable', 'notApplicable'] as const;
const ITEM_KEYS = ['weight', 'expect', 'options', 'enabled'];
const NAMES = ['audit.config.yaml', 'audit.config.yml', 'audit.config.json', 'package.json', 'pyproject.toml'];
const HINT = 'Correct these places; schemas/config-v1.json describes the format, and --no-config leaves them unread.';

/** Finds, reads and merges the configuration. Throws one UserError that lists every mistake of all its files. */
export async function loadConfig(input: ConfigInput): Promise<Config> {
  const { layers, notifications } = await findLayers(input);
  const drafts = layers.map((layer) => readDraft(layer));
  const { roadmap: base, file: roadmapFile } = readRoadmap(input, layers, drafts);
  const known = knownOptions(input.pages);
  const changes = layers.map((layer) => readItems(layer, base, known));
  const mistakes = layers.flatMap((layer) => layer.reader.list());
  if (mistakes.length > 0) throw new UserError(mistakes.join('\n'), HINT);

  const origins = new Map<string, string>();
  if (roadmapFile !== undefined) origins.set('roadmap', roadmapFile);
  for (const draft of drafts) {
    for (const [key, origin] of draft.origins) if (!origins.has(key)) origins.set(key, origin);
  }
  for (const layer of changes)
    for (const [key, origin] of layer.origins) if (!origins.has(key)) origins.set(key, origin);
  const first = <K extends keyof Draft>(key: K) => drafts.find((draft) => draft[key] !== undefined)?.[key];
  const zones = ZONES.flatMap((zone) => {
    const patterns = drafts.find((draft) => draft.zones.has(zone))?.zones.get(zone);
    return patterns === undefined ? [] : [{ zone, patterns }];
  });
  const roadmap = applyItems(base, changes.toReversed(), first('target'));
  const scan = {
    include: first('include') ?? [],
    exclude: first('exclude') ?? [],
    zones,
    ...optional('maxFileSize', first('maxFileSize')),
  };
  const options = roadmap.items.map((item) => {
    return [item.id, deepFreeze({ ...defaultsOf(input.pages.get(item.id)), ...item.options })] as const;
  });
  return {
    files: layers.map((layer) => layer.reader.fileName),
    notifications,
    roadmap,
    options: new Map(options),
    ...scan,
    failOn: first('failOn') ?? [],
    ...optional('baseline', first('baseline')),
    hash: createHash('sha256').update(canonicalJson(scan)).digest('hex').slice(0, 8),
    origins,
  };
}

/** Zone of a path by the configuration; undefined where it says nothing. */
export function zoneMatcher(config: Pick<Config, 'zones'>): (path: string) => Zone | undefined {
  const matchers = config.zones.map(({ zone, patterns }) => ({ zone, matches: matcherOf(patterns) }));
  return (path) => matchers.find(({ matches }) => matches(path))?.zone;
}

/** Bytes of "2M", "500k" or "1024"; undefined when it is none of these. */
export function bytesOf(text: string): number | undefined {
  const match = /^(\d{1,12})\s*([kKmM]?)(?:i?[bB])?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * { '': 1, k: 1024, m: 1024 * 1024 }[match[2]!.toLowerCase()]!;
}

/** One configuration file: its located content and what its paths count from. */
interface Layer {
  readonly reader: Reader;
  readonly node: Node | undefined;
  readonly folder: string;
  /** The scanned folder seen from the configuration's, with a trailing slash; '' when it is the same. */
  readonly prefix: string;
  /** Files named in the configuration must lie in this folder; undefined: anywhere, because the user named the file. */
  readonly confine: string | undefined;
}

async function findLayers(input: ConfigInput) {
  const notifications: Notification[] = [];
  if (input.config === false) return { layers: [], notifications };
  if (input.config !== undefined) {
    const file = resolve(input.cwd, input.config);
    const layer = await readLayer(file, input.config, input.root, undefined, true);
    return { layers: layer === undefined ? [] : [layer], notifications };
  }
  const folders = foldersUpToGitRoot(input.root);
  const layers: Layer[] = [];
  for (const folder of folders) {
    let used: string | undefined;
    for (const name of NAMES) {
      const file = join(folder, name);
      if (!existsSync(file)) continue;
      const shown = relative(input.root, file).split(sep).join('/');
      const layer = await readLayer(file, shown, input.root, folders.at(-1)!, false);
      if (layer === undefined) continue;
      if (used === undefined) layers.push(layer);
      else {
        const message = `The configuration in ${shown} is not read, because ${used} comes first; keep one of them.`;
        notifications.push({ kind: 'configuration', level: 'warning', message });
      }
      used ??= shown;
    }
  }
  return { layers, notifications };
}

/** The scanned folder and its parents up to the one that holds .git; without git the scanned folder alone. */
function foldersUpToGitRoot(root: string): readonly string[] {
  const folders = [root];
  for (let folder = root; !existsSync(join(folder, '.git')); folders.push(folder)) {
    const parent = dirname(folder);
    if (parent === folder) return [root];
    folder = parent;
  }
  return folders;
}

/** Reads one file; undefined when it holds no configuration of ours. `named` files must. */
async function readLayer(
  file: string,
  shown: string,
  root: string,
  confine: string | undefined,
  named: boolean,
): Promise<Layer | undefined> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new UserError(`Cannot read the configuration ${shown}: ${reason}.`, 'Check the path, or use --no-config.');
  }
  const reader = new Reader(text, shown);
  const folder = dirname(file);
  const below = relative(folder, root).split(sep).join('/');
  const prefix = below === '' || below.startsWith('..') ? '' : `${below}/`;
  const place = { reader, folder, prefix, confine };
  const node = await readNode(reader, text, basename(file), named);
  return node === undefined && reader.ok ? undefined : { ...place, node };
}

async function readNode(reader: Reader, text: string, name: string, named: boolean): Promise<Node | undefined> {
  if (name.endsWith('.toml')) {
    const node = text.includes('hardening-audit')
      ? await tomlTable(reader, text, ['tool', 'hardening-audit'])
      : undefined;
    if (node === undefined && named && reader.ok) reader.mistake(0, 'there is no table [tool.hardening-audit]');
    return node;
  }
  if (name === 'package.json') {
    const whole = text.includes('"hardeningAudit"') ? reader.parse() : undefined;
    const entries = whole?.type === 'map' ? whole.entries : [];
    const node = entries.find((entry) => entry.key === 'hardeningAudit')?.value;
    if (node === undefined && named && reader.ok) reader.mistake(0, "there is no key 'hardeningAudit'");
    return node;
  }
  if (!/\.(?:ya?ml|json)$/.test(name)) {
    return reader.mistake(0, 'a configuration must be a .yaml or .json file, a package.json or a pyproject.toml');
  }
  return reader.parse() ?? { type: 'map', at: 0, entries: [] };
}

/** What one file sets, items aside. */
interface Draft {
  readonly roadmap?: { readonly path: string; readonly shown: string; readonly place: string };
  /** Thousandths of a point. */
  readonly target?: number;
  readonly include?: readonly Pattern[];
  readonly exclude?: readonly Pattern[];
  readonly zones: ReadonlyMap<Zone, readonly Pattern[]>;
  readonly failOn?: readonly string[];
  readonly maxFileSize?: number;
  readonly baseline?: string;
  readonly origins: ReadonlyMap<string, string>;
}

function readDraft(layer: Layer): Draft {
  const { reader, prefix, node } = layer;
  const fields = node === undefined ? new Map<string, Entry>() : reader.fields(node, 'the configuration', KEYS);
  const origins = new Map<string, string>();
  const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined): T | undefined => {
    const entry = fields.get(key);
    if (entry === undefined) return undefined;
    origins.set(key, reader.place(entry.keyAt));
    return parse(entry.value, `'${key}'`);
  };
  const patterns = (value: Node, what: string) => {
    const globs = reader.strings(value, what);
    return globs?.flatMap((glob): Pattern[] => {
      const wrong = badPattern(glob);
      if (wrong !== undefined) reader.mistake(value.at, `the pattern '${glob}' of ${what} ${wrong}`);
      return wrong === undefined ? [{ glob, prefix }] : [];
    });
  };
  const zones = new Map<Zone, readonly Pattern[]>();
  for (const entry of get('zones', (value, what) => reader.fields(value, what, ZONES))?.values() ?? []) {
    origins.set(`zones.${entry.key}`, reader.place(entry.keyAt));
    zones.set(entry.key as Zone, patterns(entry.value, `zone '${entry.key}'`) ?? []);
  }
  return {
    ...optional(
      'roadmap',
      get('roadmap', (value, what) => filePath(layer, value, what)),
    ),
    ...optional(
      'target',
      get('target', (value, what) => readTarget(reader, value, what)),
    ),
    ...optional('include', get('include', patterns)),
    ...optional('exclude', get('exclude', patterns)),
    zones,
    ...optional(
      'failOn',
      get('failOn', (value, what) => readGates(reader, value, what)),
    ),
    ...optional(
      'maxFileSize',
      get('maxFileSize', (value, what) => readBytes(reader, value, what)),
    ),
    ...optional('baseline', get('baseline', (value, what) => filePath(layer, value, what, false))?.path),
    origins,
  };
}

function readTarget(reader: Reader, node: Node, what: string): number | undefined {
  const value = reader.number(node, what, 0, 10, 1000);
  return value === undefined ? undefined : Math.round(value * 1000);
}

function readGates(reader: Reader, node: Node, what: string): readonly string[] | undefined {
  const gates = reader.strings(node, what);
  try {
    parseGates(gates ?? []);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    reader.mistake(node.at, error.message.replace('--fail-on', what).replaceAll('"', "'"));
  }
  return gates;
}

function readBytes(reader: Reader, node: Node, what: string): number | undefined {
  const bytes = node.type === 'scalar' && typeof node.value !== 'boolean' ? bytesOf(String(node.value)) : undefined;
  return bytes ?? reader.mistake(node.at, `${what} must be bytes, 500k or 2M, not ${describe(node)}`);
}

/** A file named in the configuration: relative to it, and inside the repository when nobody named the configuration. */
function filePath(layer: Layer, node: Node, what: string, mustExist = true) {
  const { reader, folder, confine } = layer;
  const name = reader.string(node, what);
  if (name === undefined) return undefined;
  const path = resolve(folder, name);
  if (mustExist && !existsSync(path)) {
    return reader.mistake(node.at, `${what}: there is no file '${name}' beside the configuration`);
  }
  const real = existsSync(path) ? realpathSync(path) : resolve(realpathSync(folder), name);
  if (confine !== undefined && !`${real}${sep}`.startsWith(`${realpathSync(confine)}${sep}`)) {
    return reader.mistake(node.at, `${what}: '${name}' lies outside the repository; name it with a flag instead`);
  }
  const shown = join(dirname(reader.fileName), name).split(sep).join('/');
  return { path, shown, place: reader.place(node.at) };
}

function readRoadmap(input: ConfigInput, layers: readonly Layer[], drafts: readonly Draft[]) {
  const known = knownOptions(input.pages);
  const configured = drafts.find((draft) => draft.roadmap !== undefined)?.roadmap;
  const file =
    input.roadmap === undefined
      ? configured
      : { path: resolve(input.cwd, input.roadmap), shown: input.roadmap, place: '--roadmap' };
  if (file === undefined || layers.some((layer) => !layer.reader.ok))
    return { roadmap: input.builtin, file: undefined };
  let text: string;
  try {
    text = readFileSync(file.path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new UserError(`Cannot read the roadmap ${file.shown}: ${reason}.`, 'Check the path.');
  }
  return { roadmap: extendRoadmap(input.builtin, text, file.shown, known), file: `${file.shown} (${file.place})` };
}

interface ItemChange {
  readonly weight2?: number;
  readonly expect?: NonNullable<RoadmapItem['expect']>;
  readonly enabled?: boolean;
  readonly options: Options;
}

interface Changes {
  readonly items: ReadonlyMap<string, ItemChange>;
  readonly origins: ReadonlyMap<string, string>;
}

function readItems({ reader, node }: Layer, roadmap: Roadmap, known: ReturnType<typeof knownOptions>): Changes {
  const items = new Map<string, ItemChange>();
  const origins = new Map<string, string>();
  const given = node?.type === 'map' ? node.entries.find((entry) => entry.key === 'items') : undefined;
  const ids = roadmap.items.map((item) => item.id);
  for (const { key: id, keyAt, value } of given === undefined ? [] : reader.fields(given.value, "'items'").values()) {
    if (!ids.includes(id)) {
      reader.mistake(keyAt, `the roadmap has no item '${id}'; ${orSuggest(id, ids)}`);
      continue;
    }
    const fields = reader.fields(value, `item ${id}`, ITEM_KEYS);
    const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined): T | undefined => {
      const entry = fields.get(key);
      if (entry === undefined) return undefined;
      origins.set(`items.${id}.${key}`, reader.place(entry.keyAt));
      return parse(entry.value, `'${key}' of item ${id}`);
    };
    const weight = get('weight', (inner, what) => reader.number(inner, what, 0, 1000, 2));
    const options = get('options', (inner) => {
      const names = inner.type === 'map' ? inner.entries : [];
      for (const name of names) origins.set(`items.${id}.options.${name.key}`, reader.place(name.keyAt));
      return readOptions(reader, inner, id, known.get(id));
    });
    items.set(id, {
      ...optional('weight2', weight === undefined ? undefined : Math.round(weight * 2)),
      ...optional(
        'expect',
        get('expect', (inner, what) => reader.oneOf(inner, what, EXPECT)),
      ),
      ...optional(
        'enabled',
        get('enabled', (inner, what) => reader.boolean(inner, what)),
      ),
      options: options ?? {},
    });
  }
  return { items, origins };
}

/** The roadmap with the changes of each file, farthest first. */
function applyItems(roadmap: Roadmap, layers: readonly Changes[], target: number | undefined): Roadmap {
  const merged = (id: string): ItemChange => {
    const changes = layers.flatMap((layer) => layer.items.get(id) ?? []);
    const options = Object.assign({}, ...changes.map((change) => change.options)) as Options;
    return Object.assign({}, ...changes, { options }) as ItemChange;
  };
  const items = roadmap.items.flatMap((item): RoadmapItem[] => {
    const { enabled, options, ...rest } = merged(item.id);
    return enabled === false ? [] : [{ ...item, ...rest, options: { ...item.options, ...options } }];
  });
  if (!items.some((item) => item.weight2 > 0)) {
    throw new UserError('The configuration leaves no item with a weight above 0.', 'Enable one item at least.');
  }
  const changed = { ...roadmap, items, target: target ?? roadmap.target };
  return deepFreeze({ ...changed, hash: roadmapHash(changed) });
}

/** `{ [key]: value }`, or nothing where there is no value. */
function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: T });
}
