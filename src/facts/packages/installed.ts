/** Knows whether the version of a package that a file runs with is at least a given one. */
import type { Facts } from '../facts.ts';
import { linkInventory } from './inventory.ts';
import type { Ecosystem } from './model.ts';
import { overlap } from './ranges.ts';
import { compareVersions } from './versions.ts';

/**
 * `since`: every manifest, lock and image above the file that decides a version takes the given one or a later one;
 * `before`: an earlier one; `either`: they differ, or nothing decides. Undefined: no file names the package.
 */
export interface Installed {
  readonly age: 'since' | 'before' | 'either';
  /** As one of the files that decide writes it: `torch 2.9.0`. */
  readonly text: string;
}

/** Looks at the projects in whose folder `path` lies. What CI installs for itself is left out. */
export function installed(
  facts: Facts,
  ecosystem: Ecosystem,
  name: string,
  version: string,
  path: string,
): Installed | undefined {
  const found = facts
    .linked(linkInventory)
    .sources.filter(
      (source) =>
        source.ecosystem === ecosystem &&
        source.zone === 'production' &&
        (source.root === '' || path.startsWith(`${source.root}/`)),
    )
    .flatMap(({ role, dependencies }) => {
      const all = dependencies.filter((one) => one.name === name && one.scope !== 'ci');
      // A lock may hold a second version, which only another package sees.
      const own = role === 'lock' ? all.filter((one) => one.direct === true) : all;
      return own.length > 0 ? own : all;
    })
    .map(({ version: exact, range }): Installed => {
      const text = `${name} ${exact ?? range ?? 'of any version'}`;
      if (exact !== undefined) {
        const order = compareVersions(ecosystem, exact, version);
        return { age: order === undefined ? 'either' : order >= 0 ? 'since' : 'before', text };
      }
      const [least, below] = ecosystem === 'npm' ? [`>=${version}`, `<${version}-0`] : [`>=${version}`, `<${version}`];
      if (range === undefined) return { age: 'either', text };
      if (overlap(ecosystem, range, below) === false) return { age: 'since', text };
      return { age: overlap(ecosystem, range, least) === false ? 'before' : 'either', text };
    });
  if (found.length === 0) return undefined;
  const decided = found.filter(({ age }) => age !== 'either');
  const first = decided[0] ?? found[0]!;
  return decided.every(({ age }) => age === first.age) ? first : { ...first, age: 'either' };
}
