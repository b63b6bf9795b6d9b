/** Knows where the manifests and locks of one project contradict each other. */
import type { Facts } from '../facts.ts';
import { type Advisories, advisoriesOf, affects } from './advisory.ts';
import { linkInventory, locks, type Source } from './inventory.ts';
import { canHoldTogether, pythonMarker } from './markers.ts';
import type { Dependency, Ecosystem } from './model.ts';
import { admits, overlap } from './ranges.ts';
import { compareVersions, isPrerelease } from './versions.ts';

export interface Statement {
  readonly source: Source;
  readonly dependency: Dependency;
}

/** A package that several files of one project name. */
export interface Shared {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly root: string;
  /** By path and offset. */
  readonly statements: readonly Statement[];
  /** Statements that contradict another one; the odd one out, which is no lock, comes first, then one that contradicts it. Empty: they agree. */
  readonly conflict: readonly Statement[];
  /** The version to take: satisfies every range, has no known advisory. */
  readonly take?: string;
  /** Whether advisories were looked at for `take`. */
  readonly checked: boolean;
}

/** Two files of which one is made from the other and no longer fits, or two locks with different versions. */
export interface Pair {
  readonly kind: 'stale' | 'locks';
  readonly root: string;
  readonly first: Source;
  readonly second: Source;
  readonly packages: readonly { readonly name: string; readonly first: Statement; readonly second?: Statement }[];
}

export interface Agreements {
  readonly shared: readonly Shared[];
  readonly pairs: readonly Pair[];
  /** Packages whose requirements in independent projects have no version in common. */
  readonly apart: readonly Shared[];
}

/** Judges which manifests and locks agree. Used through `facts.linked`. */
export function linkAgreements(facts: Facts): Agreements {
  const { sources } = linkInventory(facts);
  const projects = new Map<string, Source[]>();
  for (const source of sources) {
    const key = `${source.zone}\0${source.ecosystem}\0${source.root}`;
    projects.set(key, [...(projects.get(key) ?? []), source]);
  }
  const shared: Shared[] = [];
  const pairs: Pair[] = [];
  for (const files of projects.values()) {
    const stale = stalePairs(files);
    pairs.push(...stale);
    const found = sharedPackages(files, facts.advisories);
    shared.push(...found);
    const told = new Set(found.filter((s) => s.conflict.length > 0).map((s) => s.name));
    pairs.push(...lockPairs(files, told));
  }
  return { shared, pairs, apart: apartPackages([...projects.values()]) };
}

/** What takes part in comparisons: registry packages that are installed together with the project. */
function counts(source: Source, dependency: Dependency): boolean {
  return dependency.source !== 'other' && !dependency.isolated && dependency.name !== source.project;
}

function markersOf({ source, dependency }: Statement): readonly (string | undefined)[] {
  return [dependency.marker, source.ecosystem === 'PyPI' ? pythonMarker(source.python) : undefined];
}

function rangeOf(dependency: Dependency): string | undefined {
  return dependency.range ?? dependency.version;
}

/** Exact versions are compared as versions, everything else as ranges. */
function contradict(a: Statement, b: Statement): boolean {
  const { ecosystem } = a.source;
  const [x, y] = [a.dependency, b.dependency];
  if (!canHoldTogether(...markersOf(a), ...markersOf(b))) return false;
  if (x.version !== undefined && y.version !== undefined) {
    const order = compareVersions(ecosystem, x.version, y.version);
    return order !== undefined && order !== 0;
  }
  if (x.version !== undefined) return admits(ecosystem, y.range, x.version) === false;
  if (y.version !== undefined) return admits(ecosystem, x.range, y.version) === false;
  return overlap(ecosystem, x.range, y.range) === false;
}

function stalePairs(files: readonly Source[]): Pair[] {
  const pairs: Pair[] = [];
  for (const manifest of files) {
    for (const lock of files.filter((file) => locks(file, manifest))) {
      const entries = byName(lock);
      const packages = manifest.dependencies.flatMap((dependency) => {
        if (!counts(manifest, dependency) || dependency.group === 'peer') return [];
        const first = { source: manifest, dependency };
        const locked = (entries.get(dependency.name) ?? []).filter((e) => e.version !== undefined);
        if (locked.length === 0) {
          const optional = dependency.marker !== undefined || dependency.group !== undefined;
          return optional || lock.dependencies.length === 0 || lock.madeFrom !== undefined
            ? []
            : [{ name: dependency.name, first }];
        }
        if (locked.some((e) => admits(lock.ecosystem, rangeOf(dependency), e.version!) !== false)) return [];
        return [{ name: dependency.name, first, second: { source: lock, dependency: locked[0]! } }];
      });
      if (packages.length > 0)
        pairs.push({ kind: 'stale', root: manifest.root, first: manifest, second: lock, packages });
    }
  }
  return pairs;
}

function byName(source: Source): Map<string, Dependency[]> {
  const result = new Map<string, Dependency[]>();
  for (const dependency of source.dependencies) {
    if (!counts(source, dependency)) continue;
    const list = result.get(dependency.name);
    if (list) list.push(dependency);
    else result.set(dependency.name, [dependency]);
  }
  return result;
}

function sharedPackages(files: readonly Source[], advisories: Advisories | undefined): Shared[] {
  const statements = new Map<string, Statement[]>();
  for (const source of files) {
    for (const dependency of source.dependencies) {
      if (!counts(source, dependency)) continue;
      statements.set(dependency.name, [...(statements.get(dependency.name) ?? []), { source, dependency }]);
    }
  }
  const result: Shared[] = [];
  for (const [name, list] of statements) {
    const paths = new Set(list.map((s) => s.source.path));
    if (paths.size < 2 && list.length < 2) continue;
    if (paths.size < 2 && (list[0]!.source.role === 'lock' || !sameGroupTwice(list))) continue;
    const odd = contradictions(list);
    const { ecosystem, root } = list[0]!.source;
    const take = odd.length === 0 ? undefined : versionToTake(ecosystem, name, list, advisories);
    result.push({
      ecosystem,
      name,
      root,
      statements: list,
      conflict: odd.length === 0 ? [] : oddOneFirst(ecosystem, odd, take),
      checked: advisoriesOf(advisories, ecosystem, name) !== undefined,
      ...(take === undefined ? {} : { take }),
    });
  }
  return result;
}

function sameGroupTwice(list: readonly Statement[]): boolean {
  const groups = list.map((s) => s.dependency.group ?? '');
  return new Set(groups).size < groups.length;
}

/** Statements with a contradiction. Two locks alone are a matter of the pair; extras of one file may exclude each other. */
function contradictions(list: readonly Statement[]): Statement[] {
  const odd = new Set<Statement>();
  const lockEntries = new Map<Source, Statement[]>();
  for (const s of list)
    if (s.source.role === 'lock') lockEntries.set(s.source, [...(lockEntries.get(s.source) ?? []), s]);
  const written = list.filter((s) => s.source.role !== 'lock');
  written.forEach((a, i) => {
    for (const b of written.slice(i + 1)) {
      const apart =
        a.source === b.source && (a.dependency.group !== b.dependency.group || a.source.ecosystem !== 'PyPI');
      if (!apart && contradict(a, b)) odd.add(a).add(b);
    }
    for (const [lock, entries] of lockEntries) {
      // A lock's own manifest is judged as a pair; what a compiled list brings in by itself answers to that list alone.
      if (locks(lock, a.source)) continue;
      const together = entries.filter((e) => !(lock.madeFrom !== undefined && e.dependency.direct === false));
      if (together.length > 0 && together.every((e) => contradict(a, e))) odd.add(a).add(together[0]!);
    }
  });
  return list.filter((s) => odd.has(s));
}

function oddOneFirst(ecosystem: Ecosystem, odd: readonly Statement[], take: string | undefined): Statement[] {
  const written = odd.filter((s) => s.source.role !== 'lock');
  const wrong =
    take === undefined
      ? written.find((s) => s.dependency.version !== undefined)
      : written.find((s) => admits(ecosystem, rangeOf(s.dependency), take) === false);
  const first = wrong ?? written[0]!;
  const against = odd.find((s) => s !== first && contradict(first, s));
  return [first, ...(against === undefined ? [] : [against]), ...odd.filter((s) => s !== first && s !== against)];
}

/** The highest version named anywhere that every real range admits and no known advisory affects. */
function versionToTake(
  ecosystem: Ecosystem,
  name: string,
  list: readonly Statement[],
  advisories: Advisories | undefined,
): string | undefined {
  const ranges = list.filter((s) => s.dependency.version === undefined && s.dependency.range !== undefined);
  const known = advisoriesOf(advisories, ecosystem, name) ?? [];
  const versions = [...new Set(list.flatMap((s) => s.dependency.version ?? []))].filter(
    (version) =>
      ranges.every((s) => admits(ecosystem, s.dependency.range, version) !== false) &&
      compareVersions(ecosystem, version, version) !== undefined &&
      !known.some((advisory) => affects(ecosystem, advisory, version)),
  );
  versions.sort((a, b) => compareVersions(ecosystem, b, a) ?? 0);
  return versions.find((v) => !isPrerelease(ecosystem, v)) ?? versions[0];
}

/** Locks of one project that hold different versions of the same package. */
function lockPairs(files: readonly Source[], told: ReadonlySet<string>): Pair[] {
  const pairs: Pair[] = [];
  const all = files.filter((f) => f.role === 'lock' && f.ecosystem !== 'Go');
  all.forEach((first, i) => {
    for (const second of all.slice(i + 1)) {
      if (
        first.madeFrom !== undefined &&
        second.madeFrom !== undefined &&
        !first.madeFrom.some((m) => second.madeFrom!.includes(m))
      )
        continue;
      const others = byName(second);
      const packages = [...byName(first)].flatMap(([name, entries]) => {
        const there = others.get(name);
        if (there === undefined || told.has(name)) return [];
        const differ = entries.every((a) =>
          there.every((b) => contradict({ source: first, dependency: a }, { source: second, dependency: b })),
        );
        return differ
          ? [
              {
                name,
                first: { source: first, dependency: entries[0]! },
                second: { source: second, dependency: there[0]! },
              },
            ]
          : [];
      });
      if (packages.length > 0) pairs.push({ kind: 'locks', root: first.root, first, second, packages });
    }
  });
  return pairs;
}

/** Manifests of different projects may differ; one note a package says where they do. */
function apartPackages(projects: readonly (readonly Source[])[]): Shared[] {
  const statements = new Map<string, Statement[]>();
  for (const files of projects) {
    for (const source of files) {
      if (source.role === 'lock' || source.zone !== 'production') continue;
      for (const dependency of source.dependencies) {
        if (!counts(source, dependency) || dependency.version === undefined) continue;
        const key = `${source.ecosystem} ${dependency.name}`;
        statements.set(key, [...(statements.get(key) ?? []), { source, dependency }]);
      }
    }
  }
  return [...statements.values()].flatMap((list) => {
    const first = list[0]!;
    const other = list.find((s) => s.source.root !== first.source.root && contradict(first, s));
    if (other === undefined) return [];
    const { ecosystem, root } = first.source;
    return [
      { ecosystem, name: first.dependency.name, root, statements: list, conflict: [other, first], checked: false },
    ];
  });
}
