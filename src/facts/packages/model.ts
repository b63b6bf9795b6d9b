/** Knows what a manifest or lock file says about packages, whatever its format. */
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';
import type { YamlFile } from '../yaml.ts';

/** Names as OSV spells them. */
export type Ecosystem = 'PyPI' | 'npm' | 'Go' | 'crates.io' | 'RubyGems' | 'Packagist' | 'Maven';
export const ecosystems: readonly Ecosystem[] = ['Go', 'Maven', 'Packagist', 'PyPI', 'RubyGems', 'crates.io', 'npm'];

/** What a dependency is needed for; where a lock does not say, `runtime`. */
export type Scope = 'runtime' | 'dev' | 'build' | 'ci';

/** One dependency as one file names it. */
export interface Dependency {
  /** Normalised as its registry compares names; Maven: `group:artifact`. */
  readonly name: string;
  /** The one version this entry stands for: an exact pin or a lock entry. */
  readonly version?: string;
  /**
   * What is accepted, where that is more than one version: PEP 440 specifiers, alternatives joined by ` || `; npm ranges;
   * otherwise as written. Absent together with `version`: any version.
   */
  readonly range?: string;
  /** PEP 508 marker. */
  readonly marker?: string;
  readonly scope: Scope;
  /** Extra, dependency group or profile that brings it in. */
  readonly group?: string;
  /** In a lock: named by the project itself (true) or brought in by others (false); absent: the file does not say. */
  readonly direct?: boolean;
  /** In a lock: indices of the entries that this one requires. */
  readonly requires?: readonly number[];
  /** `private`: from an index of its own, never asked for in public. `other`: git, path, URL; no registry version. */
  readonly source: 'registry' | 'private' | 'other';
  /** Takes part in advisories but not in conflicts: isolated build requirements, peers, overrides. */
  readonly isolated?: true;
  /** The entry, from its name on. */
  readonly span: Span;
  /** The version or range alone, where it stands as such in the text. */
  readonly versionSpan?: Span;
}

/** Another requirements file that this one names by `-r` or `-c`; `path` is relative to the root, without `..`. */
export interface Include {
  readonly kind: 'requirements' | 'constraints';
  /** Absent: outside the repository, a URL, or a name that is only known when the file is used. */
  readonly path?: string;
  readonly span: Span;
}

/** What one file says. */
export interface Packages {
  /** Name of the format in plain words: "pip requirements", "uv.lock". */
  readonly format: string;
  /** `constraints` only forbid; they install nothing. */
  readonly role: 'manifest' | 'lock' | 'constraints';
  readonly ecosystem: Ecosystem;
  /** Name of the project that the file describes, normalised. */
  readonly project?: string;
  /** PEP 440 specifiers of the Python versions that the project supports. */
  readonly python?: string;
  /** Folders or globs of workspace members, relative to the file's folder. */
  readonly members?: readonly string[];
  /** Files a generated list says it was made from, relative to the root. */
  readonly madeFrom?: readonly string[];
  readonly dependencies: readonly Dependency[];
  readonly includes: readonly Include[];
  /** Addresses of git repositories that packages are taken from, as written, with what stands behind `@` or `#`. */
  readonly repositories?: readonly { readonly address: string; readonly span: Span }[];
  /** Entries whose version is decided elsewhere (parent POM, BOM, catalog variables). */
  readonly unresolved: number;
}

/** What a reader of one format gives: the packages it understood and the places it did not. */
export interface Read {
  readonly packages?: Packages;
  readonly problems: readonly ParseProblem[];
}

export type ReadYaml = (text: string) => YamlFile;
export type Reader = (text: string, path: string, readYaml: ReadYaml) => Read;

/** A dependency while a reader still collects what it knows. */
export type Draft = { -readonly [K in keyof Dependency]: Dependency[K] };

/** Builds the result of a reader; what is not given is empty. */
export function read(
  packages: Pick<Packages, 'format' | 'role' | 'ecosystem' | 'dependencies'> & Partial<Packages>,
  problems: readonly ParseProblem[] = [],
): Read {
  return { packages: { includes: [], unresolved: 0, ...packages }, problems };
}

/** A name as its registry compares it. */
export function normalise(ecosystem: Ecosystem, name: string): string {
  if (ecosystem === 'PyPI') return name.toLowerCase().replace(/[-_.]+/g, '-');
  if (ecosystem === 'Packagist') return name.toLowerCase();
  return name;
}

/** `target` relative to the folder of `from`, both inside the repository; undefined when it leads outside of it. */
export function beside(from: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith('/') || target.includes('\0')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const part of target.replaceAll('\\', '/').split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
