/** Knows whether the version of a package that a file runs with is at least a given one. */
import type { Facts } from '../facts.ts';
import { linkInventory, locks } from './inventory.ts';
import type { Dependency, Ecosystem } from './model.ts';
import { overlap } from './ranges.ts';
import { compareVersions } from './versions.ts';

/**
 * `since`: every manifest, lock and image above the file takes the given version or a later one; `before`: an earlier
 * one; `either`: they differ, or a range holds both.
 */
export interface Installed {
  readonly age: 'since' | 'before' | 'either';
  /** As one of the files that decide writes it: `torch 2.9.0`. */
  readonly text: string;
}

/**
 * Looks at the projects in whose folder `path` lies; undefined: none names the package. What CI installs for itself and
 * manifests with a lock of their own are left out.
 */
export function installed(
  facts: Facts,
  ecosystem: Ecosystem,
  name: string,
  version: string,
  path: string,
): Installed | undefined {
  const naming = facts.linked(linkInventory).sources.flatMap((source) => {
    const reaches = source.root === '' || path.startsWith(`${source.root}/`);
    if (source.ecosystem !== ecosystem || source.zone !== 'production' || !reaches) return [];
    const all = source.dependencies.filter((one) => one.name === name && one.scope !== 'ci');
    // A lock may hold a second version, which only another package sees.
    const own = source.role === 'lock' ? all.filter((one) => one.direct === true) : [];
    const entries = own.length > 0 ? own : all;
    return entries.length > 0 ? [{ source, entries }] : [];
  });
  const found = naming.flatMap(({ source, entries }) => {
    const isLocked = naming.some((other) => locks(other.source, source));
    return entries.flatMap((entry) => (isLocked ? [] : [ageOf(entry, ecosystem, name, version)]));
  });
  if (found.length === 0) return undefined;
  // What names no bound takes what the others decide.
  const bound = found.filter(({ bounded }) => bounded);
  const all = bound.length > 0 ? bound : found;
  const { age, text } = all[0]!;
  return { age: all.every((one) => one.age === age) ? age : 'either', text };
}

function ageOf(
  { version: exact, range }: Dependency,
  ecosystem: Ecosystem,
  name: string,
  version: string,
): Installed & { readonly bounded: boolean } {
  const text = `${name} ${exact ?? range ?? 'of any version'}`;
  if (exact !== undefined) {
    const order = compareVersions(ecosystem, exact, version);
    return { age: order === undefined ? 'either' : order >= 0 ? 'since' : 'before', text, bounded: true };
  }
  if (range === undefined) return { age: 'either', text, bounded: false };
  const below = ecosystem === 'npm' ? `<${version}-0` : `<${version}`;
  if (overlap(ecosystem, range, below) === false) return { age: 'since', text, bounded: true };
  const isOld = overlap(ecosystem, range, `>=${version}`) === false;
  return { age: isOld ? 'before' : 'either', text, bounded: true };
}
