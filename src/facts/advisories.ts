/** Knows where advisories come from: the database in the cache, a folder or archive that is named, or OSV's API when asked. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir, platform as thisPlatform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Notification } from '../problem.ts';
import { type Http, http, NoAnswer } from './advisories-http.ts';
import { type IndexHead, lookUp, readHead, withFile } from './advisories-index.ts';
import { askOsv } from './advisories-online.ts';
import { indexPath, readExport } from './advisories-update.ts';
import { type Advisories, type Advisory, keyOf } from './packages/advisory.ts';
import { type Ecosystem, ecosystems, normalise } from './packages/model.ts';

const OSV_API = 'https://api.osv.dev';

/** Variables of the process, as far as folders depend on them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A package that the scan found; without a version only its records are wanted. */
export interface Wanted {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version?: string;
  /** From an index of its own: its name stays on this machine. */
  readonly private: boolean;
}

export interface AdvisoryOptions {
  readonly online: boolean;
  /** A folder of indexes or of `<ecosystem>/all.zip`, one such archive, or one index. */
  readonly path?: string;
  readonly allowStale: boolean;
  readonly now: Date;
  readonly environment: Environment;
  readonly apiUrl?: string;
  readonly http?: Http;
}

export interface Opened {
  readonly advisories: Advisories;
  readonly notifications: readonly Notification[];
}

const item = 'vulnerable-dependencies';
const update = 'Run "audit db update", or name a database with --advisory-db.';
const warnAfterDays = 7;
const tooOldAfterDays = 30;

/** Folder of the database that `audit db update` keeps. */
export function databaseFolder(environment: Environment, platform: NodeJS.Platform = thisPlatform()): string {
  const own = environment.HARDENING_AUDIT_DB;
  if (own) return own;
  const cache =
    environment.XDG_CACHE_HOME ||
    (platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : platform === 'win32'
        ? (environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'))
        : join(homedir(), '.cache'));
  return join(cache, 'hardening-audit', 'osv');
}

/** Loads what the scan needs; never throws: what is missing is said in the result. */
export async function openAdvisories(wanted: readonly Wanted[], options: AdvisoryOptions): Promise<Opened> {
  if (options.online) return await openOnline(wanted, options);
  const needed = ecosystems.filter((ecosystem) => wanted.some((w) => w.ecosystem === ecosystem));
  const packages: Record<string, readonly Advisory[]> = {};
  const gaps: Partial<Record<Ecosystem, string>> = {};
  const covered: Ecosystem[] = [];
  const notifications: Notification[] = [];
  const dates: string[] = [];
  // That there is no database is no fault: the item says so itself.
  const gap = (ecosystem: Ecosystem, problem: string, level: 'warning' | 'note'): void => {
    gaps[ecosystem] = problem;
    const message = `Dependencies of ${ecosystem} are not judged. ${problem}`;
    notifications.push({ kind: 'environment', level, item, message });
  };
  for (const ecosystem of needed) {
    const names = new Set(wanted.filter((w) => w.ecosystem === ecosystem).map((w) => normalise(ecosystem, w.name)));
    const found = load(ecosystem, names, options);
    if ('problem' in found) {
      gap(ecosystem, found.problem, found.broken ? 'warning' : 'note');
      continue;
    }
    const days = Math.floor((options.now.getTime() - Date.parse(found.date)) / 86_400_000);
    const age = `The advisories for ${ecosystem} are of ${found.date.slice(0, 10)}`;
    if (!(days <= tooOldAfterDays) && !options.allowStale) {
      gap(
        ecosystem,
        `${age}, older than ${tooOldAfterDays} days. ${update} --allow-stale takes them as they are.`,
        'warning',
      );
      continue;
    }
    if (!(days <= warnAfterDays)) {
      notifications.push({
        kind: 'environment',
        level: 'warning',
        item,
        message: `${age}, older than ${warnAfterDays} days. Run "audit db update".`,
      });
    }
    covered.push(ecosystem);
    dates.push(found.date);
    for (const [name, list] of found.packages) packages[keyOf(ecosystem, name)] = list;
  }
  const asOf = (dates.sort()[0] ?? '').slice(0, 10);
  return { advisories: { asOf, covered, gaps, online: false, packages }, notifications };
}

interface Loaded {
  readonly packages: ReadonlyMap<string, readonly Advisory[]>;
  /** ISO time from which age is counted. */
  readonly date: string;
}

function load(
  ecosystem: Ecosystem,
  names: ReadonlySet<string>,
  options: AdvisoryOptions,
): Loaded | { readonly problem: string; readonly broken: boolean } {
  const place = find(ecosystem, options);
  if (place === undefined) {
    return {
      broken: options.path !== undefined,
      problem:
        options.path === undefined
          ? `There is no advisory database on this machine. ${update}`
          : `${options.path} holds no advisories for ${ecosystem}. ${update}`,
    };
  }
  try {
    return withFile(place, (source) => {
      const head = readHead(source);
      if (head !== undefined) {
        if (head.ecosystem !== ecosystem) throw new Error(`it is an index of ${head.ecosystem}`);
        return { packages: lookUp(source, head, names), date: dateOf(head) };
      }
      if (!place.endsWith('.zip')) throw new Error('it is no index, or it is cut off');
      const { entries, newestModified } = readExport(ecosystem, source, names);
      const packages = new Map<string, Advisory[]>();
      for (const { name, json } of entries) {
        if (names.has(name)) packages.set(name, [...(packages.get(name) ?? []), JSON.parse(json) as Advisory]);
      }
      return { packages, date: newestModified };
    });
  } catch (error) {
    return {
      broken: true,
      problem: `The advisory database ${place} cannot be read: ${error instanceof Error ? error.message : String(error)}. ${update}`,
    };
  }
}

/** The last look at the source counts, but a source whose newest record is a month older has stopped moving. */
function dateOf(head: IndexHead): string {
  const still = Date.parse(head.newestModified) + tooOldAfterDays * 86_400_000;
  return Date.parse(head.fetchedAt) > still ? new Date(still).toISOString() : head.fetchedAt;
}

function find(ecosystem: Ecosystem, { path, environment }: AdvisoryOptions): string | undefined {
  const folders = path === undefined ? [databaseFolder(environment)] : [path];
  const other = environment.OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY;
  if (path === undefined && other) folders.push(join(other, 'osv-scanner'), other);
  for (const folder of folders) {
    const single = singleFile(folder);
    if (single !== undefined) {
      const fits = single.endsWith('.zip')
        ? basename(dirname(single)) === ecosystem || !ecosystems.includes(basename(dirname(single)) as Ecosystem)
        : true;
      return fits ? single : undefined;
    }
    for (const candidate of [indexPath(folder, ecosystem), join(folder, ecosystem, 'all.zip')]) {
      if (existsSync(candidate)) return candidate;
    }
  }
  return undefined;
}

function singleFile(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Ecosystems that the database of this machine holds. */
export function ecosystemsIn(folder: string): readonly Ecosystem[] {
  try {
    const names = new Set(readdirSync(folder));
    return ecosystems.filter((ecosystem) => names.has(`${ecosystem}.index`));
  } catch {
    return [];
  }
}

async function openOnline(wanted: readonly Wanted[], options: AdvisoryOptions): Promise<Opened> {
  const pins = wanted.flatMap(({ ecosystem, name, version, private: own }) =>
    version === undefined || own ? [] : [{ ecosystem, name: normalise(ecosystem, name), version }],
  );
  const asOf = options.now.toISOString().slice(0, 10);
  const base = { asOf, gaps: {}, online: true };
  try {
    const packages = await askOsv(options.http ?? http({ total: 120_000 }), options.apiUrl ?? OSV_API, pins);
    return { advisories: { ...base, covered: ecosystems, packages }, notifications: [] };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const problem = `OSV gave no complete answer: ${error.message}. Run the scan again, or work offline: ${update.charAt(0).toLowerCase()}${update.slice(1)}`;
    const message = `Dependencies are not judged. ${problem}`;
    return {
      advisories: { ...base, problem, covered: [], packages: {} },
      notifications: [{ kind: 'environment', level: 'warning', item, message }],
    };
  }
}
