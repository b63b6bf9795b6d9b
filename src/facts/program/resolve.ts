/** Knows which file of the repository an imported module name of JavaScript or TypeScript means. */
import { builtinModules } from 'node:module';
import type { Facts, FileFacts } from '../facts.ts';
import type { NpmPackage } from '../npm.ts';
import { folderOf, joinPath } from '../paths.ts';
import { type Lookups, linkTypeScript } from '../tsconfig.ts';
import { ecmascriptBuiltins, ecmascriptName } from './ecmascript-names.ts';
import type { Unit } from './link.ts';

type Resolve = (name: string, from: Unit) => Unit | undefined;

/** Names that no folder of the repository takes away from the platform. */
const platform = new Set([...builtinModules, ...ecmascriptBuiltins]);
/** Folders that a build writes; what they are made from stands beside them, mostly in `src`. */
const built = new Set(['dist', 'build', 'lib', 'out', 'output', 'cjs', 'esm', 'es', 'umd', 'bundles', 'types']);

/** Absolute names, compiler settings, names of packages in the repository, and customary aliases, in this order. */
export function linkModules(units: readonly Unit[], facts: Facts): Resolve {
  /** By every end of the path. */
  const byPath = new Map<string, Unit[]>();
  for (const unit of units) {
    if (unit.module.language === 'python') continue;
    const parts = unit.module.name.split('/');
    for (let i = 0; i < parts.length; i++) {
      const end = parts.slice(i).join('/');
      const same = byPath.get(end);
      if (same) same.push(unit);
      else byPath.set(end, [unit]);
    }
  }
  /** By a path from the root of the tree, whatever its extension. */
  const file = (path: string | undefined): Unit | undefined =>
    path === undefined ? undefined : byPath.get(ecmascriptName(path.replace(/\.d(?=\.[cm]?ts$)/, '')).name)?.[0];

  const packages = new Map<string, FileFacts<NpmPackage>[]>();
  const byFolder = new Map<string, NpmPackage>();
  for (const one of facts.of('npm')) {
    byFolder.set(folderOf(one.path), one.data);
    const { name } = one.data;
    if (name !== undefined) packages.set(name, [...(packages.get(name) ?? []), one]);
  }
  const configs = facts.linked(linkTypeScript);
  const known = new Map<string, Ways>();
  const waysOf = (folder: string): Ways => {
    const before = known.get(folder);
    if (before) return before;
    const outer = folder === '' ? undefined : waysOf(folderOf(folder));
    const { bases, paths } = configs.lookups(folder);
    const own = bases.length > 0 || paths.length > 0 ? { bases, paths: paths.toSorted(byLength) } : undefined;
    const data = byFolder.get(folder);
    const ways = {
      ...(own ?? { bases: outer?.bases ?? [], paths: outer?.paths ?? [] }),
      ...(data ? { folder, data } : { folder: outer?.folder ?? '', data: outer?.data }),
    };
    known.set(folder, ways);
    return ways;
  };

  /** Files a package says a name is, and where they are made from. */
  const within = (folder: string, targets: readonly string[]): Unit | undefined => {
    for (const target of targets) {
      const parts = target.split('/').filter((part) => part !== '.' && part !== '');
      const whole = file(joinPath(folder, parts.join('/')));
      if (whole) return whole;
      while (built.has(parts[0]!)) {
        parts.shift();
        const found = file(joinPath(folder, `src/${parts.join('/')}`)) ?? file(joinPath(folder, parts.join('/')));
        if (found) return found;
      }
    }
    return undefined;
  };
  const packaged = (name: string, from: Unit, ways: Ways): Unit | undefined => {
    const parts = name.split('/', name.startsWith('@') ? 2 : 1);
    const own = parts.join('/');
    const all = (packages.get(own) ?? []).filter((one) => own.startsWith('@') || isLocal(one.data, ways));
    const nearest = all.toSorted((a, b) => sharedFolders(b.path, from.path) - sharedFolders(a.path, from.path))[0];
    if (!nearest) return undefined;
    const sub = name.slice(own.length + 1);
    const named = matched(sub === '' ? '.' : `./${sub}`, Object.entries(nearest.data.entries));
    return (
      within(folderOf(nearest.path), [...named, `dist/${sub || 'index'}`]) ??
      file(joinPath(folderOf(nearest.path), sub))
    );
  };

  return (name, from) => {
    if (name.startsWith('/')) return byPath.get(name)?.[0];
    const ways = waysOf(folderOf(from.path));
    const isFree = name.includes('/') || !platform.has(name);
    if (isFree) {
      for (const target of matched(name, ways.paths)) {
        const found = file(target);
        if (found && found !== from) return found;
      }
      const found = name.startsWith('#')
        ? within(ways.folder, matched(name, Object.entries(ways.data?.imports ?? {})))
        : packaged(name, from, ways);
      if (found) return found;
      for (const base of ways.bases) {
        const found = file(joinPath(base, name));
        if (found && found !== from) return found;
      }
    }
    return customary(name, from, byPath);
  };
}

interface Ways extends Lookups {
  /** Of the package that a folder belongs to. */
  readonly folder: string;
  readonly data: NpmPackage | undefined;
}

const byLength = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => b.length - a.length;

/** Is a package without a scope, which may be called like a published one, the one of the repository? */
function isLocal(data: NpmPackage, ways: Ways): boolean {
  const version = ways.data?.dependencies[data.name!];
  return (
    version !== undefined &&
    ways.data !== data &&
    (/^(?:workspace|file|link|portal):|^\*$/.test(version) || version.replace(/^[~^]/, '') === data.version)
  );
}

/** What patterns with at most one `*` say about a name. */
function matched(name: string, patterns: readonly (readonly [string, readonly string[]])[]): readonly string[] {
  return patterns.flatMap(([pattern, targets]) => {
    const star = pattern.indexOf('*');
    if (star < 0) return pattern === name ? targets : [];
    const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return [];
    const part = name.slice(head.length, name.length - tail.length);
    return targets.map((target) => target.replace('*', () => part));
  });
}

/** Without any setting: `@/lib/run`, `~/lib/run`, and `src/lib/run` from the root of a package. */
function customary(name: string, from: Unit, byPath: ReadonlyMap<string, readonly Unit[]>): Unit | undefined {
  const slash = name.indexOf('/');
  if (slash < 0) return undefined;
  const head = name.slice(0, slash);
  const alias = /^[@~#$]?$/.test(head);
  if (!alias && head.startsWith('@')) return scoped(name, byPath);
  const candidates = byPath.get(alias ? name.slice(slash + 1) : name);
  if (!candidates) return undefined;
  let best: Unit | undefined;
  let shared = alias ? -1 : 0;
  for (const unit of candidates) {
    const common = sharedFolders(unit.module.name, from.module.name);
    const root = unit.module.name.split('/').length - name.split('/').length;
    // Without a mark it is a path from a folder above the importing file.
    if (common <= shared || (!alias && common < root)) continue;
    shared = common;
    best = unit;
  }
  return best;
}

/** `@company/api/users/guard` of a workspace: the one file `users/guard` below a folder `api`. */
function scoped(name: string, byPath: ReadonlyMap<string, readonly Unit[]>): Unit | undefined {
  const [, project, ...rest] = name.split('/');
  const found = (rest.length > 0 ? (byPath.get(rest.join('/')) ?? []) : []).filter((unit) =>
    unit.module.name.includes(`/${project}/`),
  );
  return found.length === 1 ? found[0] : undefined;
}

/** Number of leading folders two names of modules have in common. */
function sharedFolders(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  let count = 0;
  while (count < left.length - 1 && count < right.length - 1 && left[count] === right[count]) count++;
  return count;
}
