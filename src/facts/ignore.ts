/** Knows the patterns of .gitignore files, and whether git would ignore a path that does not exist yet. */
import ignoreFactory from 'ignore';
import type { Extractor, Facts } from './facts.ts';
import type { Place } from './span.ts';

export interface IgnoreFile {
  /** Patterns in order, comments and blank lines left out. */
  readonly patterns: readonly string[];
}

export const ignore: Extractor<'ignore'> = {
  kind: 'ignore',
  accepts: (path) => /(?:^|\/)\.gitignore$/.test(path),
  load:
    async () =>
    ({ text }) => ({
      data: { patterns: text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '' && !line.startsWith('#')) },
    }),
};

export interface Ignores {
  /** True when a .gitignore on the way from the root to the path ignores it. */
  ignores(path: string): boolean;
  /** The .gitignore files on the way, outermost first. */
  files(path: string): readonly Place[];
}

export function gitIgnores(facts: Facts): Ignores {
  const matchers = facts.of('ignore').map((file) => ({
    place: { path: file.path, span: { start: 0, end: 0 } },
    folder: file.path.slice(0, -'.gitignore'.length),
    matcher: ignoreFactory({ ignorecase: false }).add(file.data.patterns as string[]),
  }));
  const onTheWay = (path: string) =>
    matchers.filter(({ folder }) => path.startsWith(folder)).sort((a, b) => a.folder.length - b.folder.length);
  return {
    ignores: (path) => {
      let ignored = false;
      for (const { folder, matcher } of onTheWay(path)) {
        const result = matcher.test(path.slice(folder.length));
        if (result.ignored) ignored = true;
        else if (result.unignored) ignored = false;
      }
      return ignored;
    },
    files: (path) => onTheWay(path).map(({ place }) => place),
  };
}
