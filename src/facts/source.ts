/** Knows whether a repository holds code of its own, and where findings about the repository as a whole are shown. */
import type { Facts } from './facts.ts';
import type { Place } from './span.ts';

const code =
  /\.(?:py|pyi|[cm]?[jt]sx?|vue|svelte|go|rs|java|kt|kts|scala|groovy|rb|php|cs|fs|vb|c|cc|cpp|h|hpp|m|swift|dart|ex|exs|erl|hs|clj|lua|pl|r|jl|sol|sh|bash|ps1|tf|tofu)$|(?:^|\/)(?:Dockerfile|Containerfile|Makefile)$/;
const manifests = [
  'package.json',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  'requirements.txt',
  'go.mod',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'composer.json',
  'Gemfile',
  'Makefile',
  'Dockerfile',
];

/** The first line of the file that best stands for the repository's code; undefined when it has none. */
export function anchorOf(facts: Facts): Place | undefined {
  const files = facts.files.filter((file) => file.zone === 'production');
  const source = files.filter((file) => code.test(file.path));
  if (source.length === 0) return undefined;
  const manifest = manifests.find((name) => files.some((file) => file.path === name));
  const [first] = source.sort((a, b) => nesting(a.path) - nesting(b.path));
  return { path: manifest ?? first!.path, span: { start: 0, end: 0 } };
}

/** How far a file is from being the face of the repository: hidden folders last. */
function nesting(path: string): number {
  return path.split('/').length + (/(?:^|\/)\./.test(path) ? 100 : 0);
}
