/** Knows package.json and npm's own locks (package-lock.json, npm-shrinkwrap.json; lockfileVersion 1, 2 and 3). */

import type { Span } from '../span.ts';
import { inside, type JsonNode, member, parseJson, text as textOf, whole } from './json.ts';
import { type Dependency, type Draft, type Read, read, type Scope } from './model.ts';

/** Exact version as npm writes it: digits, pre-release, build; a leading `=` or `v` is allowed. */
const exact = /^[=v\s]*(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/;
const elsewhere =
  /^(?:git\+|git:|github:|gitlab:|bitbucket:|gist:|https?:|file:|link:|workspace:|portal:|patch:|catalog:|\.{0,2}\/|~\/|[\w.-]+\/[\w.-]+(?:#.*)?$)/;

/** Of those the ones that git fetches: hosts by name, addresses, `owner/name` of GitHub. */
const repository = /^(?:git\+|git:|git@|github:|gitlab:|bitbucket:|https?:[^#]*\.git(?:#|$)|[\w-]+\/[\w.-]+(?:#.*)?$)/;

/** What a specifier of package.json means. */
export function npmSpecifier(
  name: string,
  specifier: string,
): Pick<Dependency, 'name' | 'source'> & { readonly version?: string; readonly range?: string } {
  const alias = /^npm:((?:@[^/]+\/)?[^@]+)(?:@(.*))?$/.exec(specifier);
  if (alias !== null) return npmSpecifier(alias[1]!, alias[2] ?? '*');
  if (elsewhere.test(specifier)) return { name, source: 'other' };
  const version = exact.exec(specifier)?.[1];
  if (version !== undefined) return { name, source: 'registry', version, range: specifier };
  // A tag such as "latest" or "next" accepts whatever it points to.
  if (specifier === '' || specifier === '*' || /^[A-Za-z][\w.-]*$/.test(specifier)) return { name, source: 'registry' };
  return { name, source: 'registry', range: specifier };
}

const sections: readonly (readonly [string, Scope, Partial<Dependency>])[] = [
  ['dependencies', 'runtime', {}],
  ['optionalDependencies', 'runtime', { group: 'optional' }],
  ['devDependencies', 'dev', { group: 'dev' }],
  ['peerDependencies', 'runtime', { group: 'peer', isolated: true }],
];

/** Reads package.json. */
export function readPackageJson(text: string, _path: string): Read {
  const { node, problem } = parseJson(text);
  if (node === undefined) return { problems: problem ? [problem] : [] };
  const dependencies: Dependency[] = [];
  const repositories: { address: string; span: Span }[] = [];
  for (const [section, scope, more] of sections) {
    for (const [name, value] of member(node, section)?.members ?? []) {
      const specifier = textOf(value);
      if (specifier === undefined) continue;
      if (repository.test(specifier)) repositories.push({ address: specifier, span: whole(value) });
      dependencies.push({
        ...npmSpecifier(name, specifier),
        scope,
        ...more,
        span: whole(value),
        versionSpan: inside(value),
      });
    }
  }
  const workspaces = member(node, 'workspaces');
  const globs = (workspaces?.items ?? member(workspaces, 'packages')?.items ?? []).flatMap(
    (item) => textOf(item) ?? [],
  );
  const name = textOf(member(node, 'name'));
  if (dependencies.length === 0 && name === undefined) return { problems: [] };
  return read({
    format: 'package.json',
    role: 'manifest',
    ecosystem: 'npm',
    ...(repositories.length > 0 ? { repositories } : {}),
    dependencies,
    ...(name === undefined ? {} : { project: name }),
    ...(globs.length > 0 ? { members: globs } : {}),
  });
}

/** Reads package-lock.json and npm-shrinkwrap.json. */
export function readPackageLock(text: string, _path: string): Read {
  const { node, problem } = parseJson(text);
  if (node === undefined) return { problems: problem ? [problem] : [] };
  const packages = member(node, 'packages')?.members;
  const dependencies = packages === undefined ? nested(node) : flat(packages);
  const name = textOf(member(node, 'name'));
  return read({
    format: 'package-lock.json',
    role: 'lock',
    ecosystem: 'npm',
    dependencies,
    ...(name === undefined ? {} : { project: name }),
  });
}

function isTrue(node: JsonNode | undefined): boolean {
  return node?.scalar === true;
}

function npmSource(resolved: string | undefined, version: string): Dependency['source'] {
  if (!/^\d/.test(version)) return 'other';
  if (
    resolved === undefined ||
    resolved === '' ||
    /^https?:\/\/registry\.(?:npmjs\.org|npmmirror\.com|yarnpkg\.com)\//.test(resolved)
  )
    return 'registry';
  return /^(?:git|file:|github:)/.test(resolved) || /^https:\/\/codeload\.github\.com\//.test(resolved)
    ? 'other'
    : /\.tgz(?:[#?].*)?$/.test(resolved)
      ? 'private'
      : 'other';
}

/** Only the version line of an entry is worth showing: entries may be long. */
function placeOf(key: JsonNode, version: JsonNode): Pick<Draft, 'span' | 'versionSpan'> {
  return { span: key.key ?? key.span, versionSpan: inside(version) };
}

/** Version 2 and 3: entries by path. */
function flat(packages: ReadonlyMap<string, JsonNode>): Draft[] {
  const drafts: Draft[] = [];
  const byPath = new Map<string, number>();
  const roots: string[] = [];
  for (const [path, entry] of packages) {
    if (isTrue(member(entry, 'link'))) continue;
    if (!path.includes('node_modules/')) {
      roots.push(path);
      continue;
    }
    const versionNode = member(entry, 'version');
    const version = textOf(versionNode);
    if (version === undefined || versionNode === undefined) continue;
    const name = textOf(member(entry, 'name')) ?? path.slice(path.lastIndexOf('node_modules/') + 13);
    const dev = isTrue(member(entry, 'dev')) || isTrue(member(entry, 'devOptional'));
    byPath.set(path, drafts.length);
    drafts.push({
      name,
      version,
      scope: dev ? 'dev' : 'runtime',
      ...(isTrue(member(entry, 'optional')) ? { group: 'optional' } : {}),
      direct: false,
      source: npmSource(textOf(member(entry, 'resolved')), version),
      ...placeOf(entry, versionNode),
    });
  }
  /** Node's own search: the nearest node_modules on the way up. */
  const find = (from: string, name: string): number | undefined => {
    for (let folder = from; ; ) {
      const at = byPath.get(`${folder === '' ? '' : `${folder}/`}node_modules/${name}`);
      if (at !== undefined) return at;
      if (folder === '') return undefined;
      const up = folder.lastIndexOf('/node_modules/');
      folder = up < 0 ? '' : folder.slice(0, up);
    }
  };
  const requiredBy = (path: string, entry: JsonNode, names: readonly string[]): number[] => [
    ...new Set(
      names.flatMap((section) =>
        [...(member(entry, section)?.members?.keys() ?? [])].flatMap((name) => find(path, name) ?? []),
      ),
    ),
  ];
  for (const [path, at] of byPath) {
    const requires = requiredBy(path, packages.get(path)!, [
      'dependencies',
      'optionalDependencies',
      'peerDependencies',
    ]);
    if (requires.length > 0) drafts[at]!.requires = requires;
  }
  for (const root of roots) {
    for (const at of requiredBy(root, packages.get(root)!, [
      'dependencies',
      'devDependencies',
      'optionalDependencies',
      'peerDependencies',
    ])) {
      drafts[at]!.direct = true;
    }
  }
  return drafts;
}

/** Version 1: entries nest; `requires` names what each needs. */
function nested(root: JsonNode): Draft[] {
  const drafts: Draft[] = [];
  const waiting: {
    readonly at: number;
    readonly names: readonly string[];
    readonly scopes: readonly ReadonlyMap<string, number>[];
  }[] = [];
  const visit = (
    node: JsonNode,
    scopes: readonly ReadonlyMap<string, number>[],
    depth: number,
  ): ReadonlyMap<string, number> => {
    const here = new Map<string, number>();
    const inner: [JsonNode, number][] = [];
    for (const [key, entry] of member(node, 'dependencies')?.members ?? []) {
      const versionNode = member(entry, 'version');
      const written = textOf(versionNode);
      if (written === undefined || versionNode === undefined) continue;
      const alias = /^npm:((?:@[^/]+\/)?[^@]+)@(.+)$/.exec(written);
      const version = alias?.[2] ?? written;
      here.set(key, drafts.length);
      inner.push([entry, drafts.length]);
      drafts.push({
        name: alias?.[1] ?? key,
        version,
        scope: isTrue(member(entry, 'dev')) ? 'dev' : 'runtime',
        ...(isTrue(member(entry, 'optional')) ? { group: 'optional' } : {}),
        source: npmSource(textOf(member(entry, 'resolved')), version),
        ...placeOf(entry, versionNode),
      });
    }
    const visible = [here, ...scopes];
    for (const [entry, at] of inner) {
      const names = [...(member(entry, 'requires')?.members?.keys() ?? [])];
      const own = depth < 100 ? visit(entry, visible, depth + 1) : new Map<string, number>();
      waiting.push({ at, names, scopes: [own, ...visible] });
    }
    return here;
  };
  visit(root, [], 0);
  for (const { at, names, scopes } of waiting) {
    const requires = [...new Set(names.flatMap((name) => scopes.find((s) => s.has(name))?.get(name) ?? []))];
    if (requires.length > 0) drafts[at]!.requires = requires;
  }
  // Entries that nobody requires were asked for by the project itself.
  const required = new Set(drafts.flatMap((d) => d.requires ?? []));
  const known = drafts.some((d) => d.requires !== undefined);
  if (known)
    drafts.forEach((draft, i) => {
      if (!required.has(i)) draft.direct = true;
    });
  return drafts;
}
