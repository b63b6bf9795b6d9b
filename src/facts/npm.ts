/** Knows what a package.json says about the files its package is imported from. */
import type { Extractor } from './facts.ts';
import type { JsonNode } from './packages/json.ts';
import type { Span } from './span.ts';

export interface NpmPackage {
  readonly name?: string;
  readonly version?: string;
  /** Files by what is imported: `.`, `./client`, `./*`; conditions are alternatives, in order. */
  readonly entries: Readonly<Record<string, readonly string[]>>;
  /** Names that only its own files use: `#db`, `#lib/*`. */
  readonly imports: Readonly<Record<string, readonly string[]>>;
  /** What it depends on, with the version as written. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly span: Span;
}

export const npm: Extractor<'npm'> = {
  kind: 'npm',
  accepts: (path) => /(?:^|\/)package\.json$/.test(path),
  load: async () => {
    const { member, parseJson, text: textOf } = await import('./packages/json.ts');
    const texts = (node: JsonNode | undefined, depth = 0): readonly string[] => {
      if (!node || depth > 8) return [];
      const own = textOf(node);
      return own !== undefined
        ? [own]
        : [...(node.items ?? []), ...(node.members?.values() ?? [])].flatMap((one) => texts(one, depth + 1));
    };
    const byName = (node: JsonNode | undefined) =>
      Object.fromEntries([...(node?.members ?? [])].map(([name, one]) => [name, texts(one)]));
    return ({ text }) => {
      // What is wrong with it is told where dependencies are read.
      const { node } = parseJson(text);
      if (!node?.members) return {};
      const exported = member(node, 'exports');
      const bySubpath = [...(exported?.members?.keys() ?? [])].some((key) => key.startsWith('.'));
      const main = ['source', 'types', 'typings', 'module', 'main'].flatMap((key) => textOf(member(node, key)) ?? []);
      const entries = bySubpath ? byName(exported) : exported ? { '.': texts(exported) } : {};
      const dependencies = Object.fromEntries(
        ['peerDependencies', 'optionalDependencies', 'devDependencies', 'dependencies'].flatMap((key) =>
          [...(member(node, key)?.members ?? [])].map(([name, one]) => [name, textOf(one) ?? ''] as const),
        ),
      );
      const [name, version] = [textOf(member(node, 'name')), textOf(member(node, 'version'))];
      return {
        data: {
          ...(name === undefined ? {} : { name }),
          ...(version === undefined ? {} : { version }),
          entries: { ...entries, '.': [...(entries['.'] ?? []), ...main] },
          imports: byName(member(node, 'imports')),
          dependencies,
          span: node.span,
        },
      };
    };
  },
};
