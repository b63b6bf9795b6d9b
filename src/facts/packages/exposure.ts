/** Knows which pinned packages advisories affect, how each comes in, and what would mend it. */
import type { Facts } from '../facts.ts';
import {
  type Advisories,
  type Advisory,
  advisoriesOf,
  affects,
  groupByAlias,
  isUnbounded,
  smallestFix,
} from './advisory.ts';
import { linkInventory, locks, type Source } from './inventory.ts';
import { canHoldTogether, pythonMarker } from './markers.ts';
import type { Dependency, Ecosystem } from './model.ts';
import { admits, candidates } from './ranges.ts';
import { compareVersions } from './versions.ts';

/** Advisories under one set of aliases that affect entries of one package in one file. */
export interface Hit {
  readonly group: readonly Advisory[];
  /** Affected entries, in order of the file. */
  readonly entries: readonly Dependency[];
  /** Smallest version that mends this group, and all groups together. */
  readonly fix?: string;
  readonly bump?: string;
  /** Groups that the bump mends. */
  readonly mended: number;
}

/** One package in one file. */
export interface Exposure {
  readonly source: Source;
  readonly name: string;
  /** Entries with a version, in order of the file. */
  readonly entries: readonly Dependency[];
  readonly hits: readonly Hit[];
  /** Why it cannot be judged. */
  readonly unknown?: string;
}

/** A requirement without a version that no lock decides. */
export interface Loose {
  readonly source: Source;
  readonly dependency: Dependency;
  /** Whether every version that it accepts is affected, or only some are. */
  readonly affected: 'all' | 'some';
  readonly advisories: readonly Advisory[];
}

/** Judges every pin and lock entry of the inventory, and every range that nothing locks. */
export function linkExposures(facts: Facts): {
  readonly exposures: readonly Exposure[];
  readonly loose: readonly Loose[];
} {
  const { sources } = linkInventory(facts);
  const exposures: Exposure[] = [];
  const loose: Loose[] = [];
  for (const source of sources) {
    const byName = new Map<string, Dependency[]>();
    for (const dependency of source.dependencies) {
      if (dependency.source === 'other' || !canBeInstalled(source, dependency)) continue;
      const list = byName.get(dependency.name);
      if (list) list.push(dependency);
      else byName.set(dependency.name, [dependency]);
    }
    for (const [name, list] of byName) {
      const entries = list.filter((d) => d.version !== undefined);
      if (entries.length > 0) exposures.push(judge(source, name, entries, facts.advisories));
      else if (source.role === 'manifest' && !isLocked(sources, source, name))
        loose.push(...judgeLoose(source, list, facts.advisories));
    }
  }
  return { exposures, loose };
}

function canBeInstalled(source: Source, dependency: Dependency): boolean {
  return (
    source.ecosystem !== 'PyPI' ||
    dependency.marker === undefined ||
    canHoldTogether(dependency.marker, pythonMarker(source.python))
  );
}

function judge(
  source: Source,
  name: string,
  entries: readonly Dependency[],
  advisories: Advisories | undefined,
): Exposure {
  const { ecosystem } = source;
  const known = advisoriesOf(advisories, ecosystem, name);
  if (known === undefined)
    return {
      source,
      name,
      entries,
      hits: [],
      unknown: advisories?.gaps[ecosystem] ?? `No advisories for ${ecosystem} are at hand.`,
    };
  if (advisories?.online && entries.some((e) => e.source === 'private')) {
    return {
      source,
      name,
      entries,
      hits: [],
      unknown: 'It comes from a private index; its name is not sent to a public service.',
    };
  }
  if (known.length === 0) return { source, name, entries, hits: [] };
  const versions = [...new Set(entries.map((e) => e.version!))];
  const affecting = new Map(versions.map((v) => [v, known.filter((advisory) => affects(ecosystem, advisory, v))]));
  const all = [...new Set([...affecting.values()].flat())];
  const hits = groupByAlias(all).map((group): Hit => {
    const hit = entries.filter((e) => affecting.get(e.version!)!.some((advisory) => group.includes(advisory)));
    const version = highestOf(
      ecosystem,
      hit.map((e) => e.version!),
    );
    const fix = smallestFix(ecosystem, group, version);
    const bump = smallestFix(ecosystem, known, version);
    const mended = bump === undefined ? 0 : groupByAlias(affecting.get(version)!).length;
    return {
      group,
      entries: hit,
      mended,
      ...(fix === undefined ? {} : { fix }),
      ...(bump === undefined ? {} : { bump }),
    };
  });
  return { source, name, entries, hits };
}

function highestOf(ecosystem: Ecosystem, versions: readonly string[]): string {
  return versions.reduce((a, b) => ((compareVersions(ecosystem, a, b) ?? 0) >= 0 ? a : b));
}

/** A lock of the same project that holds the package decides its version. */
function isLocked(sources: readonly Source[], source: Source, name: string): boolean {
  return sources.some(
    (lock) =>
      lock.role === 'lock' &&
      lock.ecosystem === source.ecosystem &&
      (lock.root === source.root || locks(lock, source)) &&
      lock.dependencies.some((d) => d.name === name),
  );
}

function judgeLoose(source: Source, list: readonly Dependency[], advisories: Advisories | undefined): Loose[] {
  const [dependency] = list as [Dependency, ...Dependency[]];
  const { ecosystem } = source;
  if (ecosystem !== 'PyPI' && ecosystem !== 'npm') return [];
  const known = (advisoriesOf(advisories, ecosystem, dependency.name) ?? []).filter((a) => !isUnbounded(a));
  if (known.length === 0 || (advisories?.online ?? false)) return [];
  const events = known.flatMap((a) => [
    ...a.versions,
    ...a.ranges.flatMap((r) => r.map((e) => (e.version === '0' ? '0.0.0' : e.version))),
  ]);
  const bounds = ecosystem === 'PyPI' && dependency.range !== undefined ? candidates([dependency.range]) : [];
  const probes = [...new Set([...events, ...bounds, '99999999.0.0'])].filter(
    (v) => admits(ecosystem, dependency.range, v) === true,
  );
  const affected = probes.filter((v) => known.some((a) => affects(ecosystem, a, v)));
  if (affected.length === 0) return [];
  const hitting = known.filter((a) => affected.some((v) => affects(ecosystem, a, v)));
  // A command that installs a tool by its bare name wants the newest one; nothing there could be locked.
  if (source.installs && affected.length < probes.length) return [];
  return [{ source, dependency, affected: affected.length === probes.length ? 'all' : 'some', advisories: hitting }];
}

/** How an entry of a lock comes in: names from a direct dependency to it. One name: it is direct, or nobody is known to need it. */
export function pathTo(source: Source, entry: Dependency): readonly string[] {
  const all = source.dependencies;
  const target = all.indexOf(entry);
  if (entry.direct === true || target < 0) return [entry.name];
  const from = new Map<number, number>();
  const known = all.some((d) => d.direct !== undefined);
  const required = known ? undefined : new Set(all.flatMap((d) => d.requires ?? []));
  const queue = all.flatMap((d, i) => ((known ? d.direct === true : !required!.has(i)) ? [i] : []));
  for (const i of queue) from.set(i, -1);
  for (let next = 0; next < queue.length; next++) {
    const at = queue[next]!;
    if (at === target) break;
    for (const child of all[at]?.requires ?? []) {
      if (from.has(child)) continue;
      from.set(child, at);
      queue.push(child);
    }
  }
  const path: string[] = [];
  for (
    let at: number | undefined = from.has(target) ? target : undefined;
    at !== undefined && at >= 0;
    at = from.get(at)
  )
    path.unshift(all[at]!.name);
  return path.length > 0 ? path : [entry.name];
}
