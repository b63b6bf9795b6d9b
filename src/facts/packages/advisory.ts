/** Knows what an advisory says about one package, and how OSV decides whether a version is affected. */
import { type Ecosystem, normalise } from './model.ts';
import { compareVersions, isPrerelease, isVersion } from './versions.ts';

export interface AdvisoryEvent {
  readonly kind: 'introduced' | 'fixed' | 'last_affected' | 'limit';
  readonly version: string;
}

/** What one record says about one package; withdrawn records are never kept. */
export interface Advisory {
  readonly id: string;
  readonly aliases: readonly string[];
  /** At most 120 characters, one line. */
  readonly summary: string;
  /** ISO dates. */
  readonly published?: string;
  readonly modified: string;
  /** Highest CVSS base score of its vectors, in tenths; absent: not rated. */
  readonly score10?: number;
  /** The database's own word where there is no vector: "CRITICAL", "HIGH", "MODERATE", "LOW". */
  readonly label?: string;
  readonly malicious?: true;
  /** ECOSYSTEM and SEMVER ranges. */
  readonly ranges: readonly (readonly AdvisoryEvent[])[];
  /** Versions that the ranges do not decide. */
  readonly versions: readonly string[];
}

/** Advisories for the packages of one scan, loaded before the checks. */
export interface Advisories {
  /** Why nothing can be judged, with the command that mends it; then there are no records. */
  readonly problem?: string;
  /** ISO date of the newest record. */
  readonly asOf: string;
  /** Ecosystems whose records are at hand. */
  readonly covered: readonly Ecosystem[];
  /** Why the records of other ecosystems that the scan needs are not, as a sentence with the command that mends it. */
  readonly gaps: Readonly<Partial<Record<Ecosystem, string>>>;
  /** Asked for in the network: packages of private indexes were left out. */
  readonly online: boolean;
  /** By `keyOf`; a package without advisories has no entry. */
  readonly packages: Readonly<Record<string, readonly Advisory[]>>;
}

export function keyOf(ecosystem: Ecosystem, name: string): string {
  return `${ecosystem} ${normalise(ecosystem, name)}`;
}

/** Advisories that name a package; undefined when nothing is known of its ecosystem. */
export function advisoriesOf(
  advisories: Advisories | undefined,
  ecosystem: Ecosystem,
  name: string,
): readonly Advisory[] | undefined {
  if (advisories === undefined || advisories.problem !== undefined || !advisories.covered.includes(ecosystem))
    return undefined;
  const key = keyOf(ecosystem, name);
  return Object.hasOwn(advisories.packages, key) ? advisories.packages[key] : [];
}

/** Whether a range of events holds for a version; undefined when the versions cannot be compared. */
export function inRange(ecosystem: Ecosystem, events: readonly AdvisoryEvent[], version: string): boolean | undefined {
  const order = (a: string, b: string): number =>
    a === b ? 0 : a === '0' ? -1 : b === '0' ? 1 : (compareVersions(ecosystem, a, b) ?? Number.NaN);
  if (!isVersion(ecosystem, version)) return undefined;
  // At the same version what ends comes first, so that a range which begins there again holds.
  const rank = { limit: 0, fixed: 0, last_affected: 0, introduced: 1 };
  const sorted = [...events].sort((a, b) => order(a.version, b.version) || rank[a.kind] - rank[b.kind]);
  let on = false;
  for (const { kind, version: at } of sorted) {
    const against = at === '0' ? 1 : order(version, at);
    if (Number.isNaN(against)) return undefined;
    if (kind === 'introduced' && against >= 0) on = true;
    else if ((kind === 'fixed' || kind === 'limit') && against >= 0) on = false;
    else if (kind === 'last_affected' && against > 0) on = false;
  }
  return on;
}

/** OSV's evaluation: a listed version, or any range that holds. A version that cannot be compared only matches the list. */
export function affects(ecosystem: Ecosystem, advisory: Advisory, version: string): boolean {
  if (advisory.versions.some((v) => v === version || compareVersions(ecosystem, v, version) === 0)) return true;
  return advisory.ranges.some((events) => inRange(ecosystem, events, version) === true);
}

/** Advisories that share an id or an alias, directly or through others, are one; groups and members are sorted by id. */
export function groupByAlias(advisories: readonly Advisory[]): readonly (readonly Advisory[])[] {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    while (parent.get(root) !== undefined && parent.get(root) !== root) root = parent.get(root)!;
    parent.set(name, root);
    return root;
  };
  for (const { id, aliases } of advisories) {
    for (const alias of [id, ...aliases]) {
      const [a, b] = [find(id), find(alias)];
      if (a !== b) parent.set(b, a);
    }
  }
  const groups = new Map<string, Advisory[]>();
  for (const advisory of [...advisories].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const root = find(advisory.id);
    groups.set(root, [...(groups.get(root) ?? []), advisory]);
  }
  return [...groups.values()];
}

/** The lowest version above this one that none of the advisories affects, of those they name as fixed. */
export function smallestFix(
  ecosystem: Ecosystem,
  advisories: readonly Advisory[],
  version: string,
): string | undefined {
  const fixed = advisories.flatMap((a) =>
    a.ranges.flatMap((events) => events.filter((e) => e.kind === 'fixed').map((e) => e.version)),
  );
  const above = [...new Set(fixed)].filter((v) => (compareVersions(ecosystem, v, version) ?? -1) > 0);
  above.sort((a, b) => compareVersions(ecosystem, a, b) ?? 0);
  const clean = above.filter((v) => !advisories.some((a) => affects(ecosystem, a, v)));
  return clean.find((v) => !isPrerelease(ecosystem, v)) ?? clean[0];
}

/** No version is said to end it: neither a fix nor a last affected version, and not a mere list of versions. */
export function isUnbounded(advisory: Advisory): boolean {
  return advisory.ranges.some(
    (events) => !events.some((e) => e.kind === 'fixed' || e.kind === 'last_affected' || e.kind === 'limit'),
  );
}

type Severity = 'critical' | 'high' | 'medium' | 'low';
const labels: Readonly<Record<string, Severity>> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MODERATE: 'medium',
  MEDIUM: 'medium',
  LOW: 'low',
};

/** Highest rating of a group, in words as well; without any it counts as medium and says so. */
export function rating(group: readonly Advisory[]): { readonly severity: Severity; readonly words: string } {
  const scores = group.flatMap((a) => a.score10 ?? []);
  if (scores.length > 0) {
    const best = Math.max(...scores);
    const severity = best >= 90 ? 'critical' : best >= 70 ? 'high' : best >= 40 ? 'medium' : 'low';
    return { severity, words: `CVSS ${(best / 10).toFixed(1)}` };
  }
  const label = group.flatMap((a) => (a.label !== undefined && Object.hasOwn(labels, a.label) ? [a.label] : []))[0];
  if (label !== undefined) return { severity: labels[label]!, words: `rated ${label.toLowerCase()}` };
  return { severity: 'medium', words: 'severity unknown' };
}
