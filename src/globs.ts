/** Knows how path patterns of flags and configurations match: as in ignore files, a folder stands for what is in it. */
import picomatch from 'picomatch';

/** A pattern and what to put before a scanned path so that it counts from the folder the pattern was written in. */
export interface Pattern {
  readonly glob: string;
  /** '' or a folder with a trailing slash: the scanned folder, seen from the pattern's. */
  readonly prefix: string;
}

/** Tells whether any of the patterns matches a path relative to the scanned folder; no pattern matches nothing. */
export function matcherOf(patterns: readonly Pattern[]): (path: string) => boolean {
  const byPrefix = new Map<string, string[]>();
  for (const { glob, prefix } of patterns) byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), ...expand(glob)]);
  const matchers = [...byPrefix].map(([prefix, globs]) => {
    const matches = picomatch(globs, { dot: true });
    return (path: string) => matches(prefix + path);
  });
  return (path) => matchers.some((matches) => matches(path));
}

/** What is wrong with a pattern, as the end of a sentence; undefined when it can match something. */
export function badPattern(glob: string): string | undefined {
  if (glob.startsWith('!'))
    return 'must not begin with !; list what to keep in include and what to leave out in exclude';
  if (glob.includes('\\')) return 'must be written with forward slashes';
  if (/^[A-Za-z]:|^~/.test(glob) || glob.split('/').includes('..')) {
    return 'must be relative, without .., because only files of the scanned folder are read';
  }
  return undefined;
}

/** A pattern without a slash matches at any depth, one with a slash from the top. */
function expand(glob: string): string[] {
  const trimmed = glob.replace(/^\.?\//, '').replace(/\/$/, '');
  const anchored = trimmed.includes('/') || glob.startsWith('/') ? trimmed : `**/${trimmed}`;
  return [anchored, `${anchored}/**`];
}
