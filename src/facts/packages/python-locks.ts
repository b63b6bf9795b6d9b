/** Knows poetry.lock, uv.lock, pdm.lock, pylock.toml and Pipfile.lock. */
import { inside, type JsonNode, member, parseJson, text as textOf, whole } from './json.ts';
import { type Dependency, type Draft, normalise, type Read, read, type Scope } from './model.ts';
import { scopeOfGroup } from './pyproject.ts';
import { blocksOf, lineIn, list, parseToml, string, type TomlTable, table, tables } from './toml.ts';

/** A `[[package]]` entry with its place, or undefined when the text's blocks do not match the parsed ones. */
function entriesOf(
  text: string,
  name: string,
  values: readonly TomlTable[],
): readonly (readonly [TomlTable, Pick<Draft, 'span' | 'versionSpan'>])[] {
  const blocks = blocksOf(text, name);
  return values.map((value, i) => {
    const block = blocks.length === values.length ? blocks[i]! : { start: 0, end: 0 };
    const named = lineIn(text, block, 'name');
    const versioned = lineIn(text, block, 'version');
    const span = versioned.value === undefined ? named.line : { start: named.line.start, end: versioned.line.end };
    return [value, { span, ...(versioned.value === undefined ? {} : { versionSpan: versioned.value }) }] as const;
  });
}

type SourceKind = Dependency['source'];

function poetrySource(source: TomlTable | undefined): SourceKind {
  const type = string(source?.type);
  if (type === undefined) return 'registry';
  return type === 'legacy' ? (isPublic(string(source?.url)) ? 'registry' : 'private') : 'other';
}

function isPublic(url: string | undefined): boolean {
  return (
    url === undefined ||
    /^https?:\/\/(?:[^/]*\.)?(?:pypi\.org|pypi\.python\.org|pythonhosted\.org|download\.pytorch\.org)(?:[/:]|$)/.test(
      url,
    )
  );
}

/** Connects entries by the names they require; the same name may have several entries (forks). */
function connect(entries: readonly Draft[], required: readonly (readonly string[])[]): void {
  const index = new Map<string, number[]>();
  entries.forEach((entry, i) => {
    index.set(entry.name, [...(index.get(entry.name) ?? []), i]);
  });
  entries.forEach((entry, i) => {
    const requires = [...new Set((required[i] ?? []).flatMap((name) => index.get(name) ?? []))];
    if (requires.length > 0) entry.requires = requires;
  });
}

/** Marks what the roots reach: `scope` and `direct`; several roots keep the strongest scope. */
function reach(
  entries: readonly Draft[],
  roots: readonly { readonly at: number; readonly scope: Scope; readonly group?: string }[],
): void {
  const seen = new Set<number>();
  for (const scope of ['runtime', 'dev'] as const) {
    const queue = roots.filter((r) => r.scope === scope).map((r) => r.at);
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      entries[at]!.scope = scope;
      queue.push(...(entries[at]!.requires ?? []));
    }
  }
  const direct = new Set(roots.map((r) => r.at));
  if (direct.size === 0) return;
  entries.forEach((entry, i) => {
    entry.direct = direct.has(i);
  });
}

function broken(problem: Read['problems'][number] | undefined): Read {
  return { problems: problem ? [problem] : [] };
}

/** Reads poetry.lock and pdm.lock, which share their layout. */
function readPackageList(text: string, format: 'poetry.lock' | 'pdm.lock'): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return broken(problem);
  const values = tables(root.package);
  const required: string[][] = [];
  const dependencies = entriesOf(text, 'package', values).flatMap(([value, place]): Draft[] => {
    const name = string(value.name);
    const version = string(value.version);
    if (name === undefined || version === undefined) return [];
    const groups = list(value.groups).flatMap((g) => string(g) ?? []);
    const main =
      groups.length === 0
        ? string(value.category) !== 'dev'
        : groups.some((g) => g === 'main' || g === 'default' || scopeOfGroup(g) === 'runtime');
    const marker = string(value.markers) ?? string(value.marker);
    const requirements = value.dependencies;
    required.push(
      Array.isArray(requirements)
        ? requirements.flatMap((r) => (typeof r === 'string' ? normalise('PyPI', /^[\w.-]+/.exec(r)?.[0] ?? '') : []))
        : Object.keys(table(requirements) ?? {}).map((n) => normalise('PyPI', n)),
    );
    const own = ['path', 'git', 'url', 'ref'].some((key) => key in value);
    return [
      {
        name: normalise('PyPI', name),
        version,
        scope: main ? 'runtime' : 'dev',
        ...(marker === undefined ? {} : { marker }),
        ...(groups.length === 1 && groups[0] !== 'main' && groups[0] !== 'default' ? { group: groups[0]! } : {}),
        source: own ? 'other' : poetrySource(table(value.source)),
        ...place,
      },
    ];
  });
  connect(dependencies, required);
  return read({ format, role: 'lock', ecosystem: 'PyPI', dependencies });
}

export function readPoetryLock(text: string, _path: string): Read {
  return readPackageList(text, 'poetry.lock');
}

export function readPdmLock(text: string, _path: string): Read {
  return readPackageList(text, 'pdm.lock');
}

/** Reads uv.lock; scope and directness come from walking the graph from the members of the workspace. */
export function readUvLock(text: string, _path: string): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return broken(problem);
  const values = tables(root.package);
  const all: Draft[] = [];
  const required: string[][] = [];
  const own: { readonly runtime: string[]; readonly dev: string[] }[] = [];
  let project: string | undefined;
  const names = (value: unknown): string[] =>
    tables(value as never).flatMap((d) => string(d.name)?.toLowerCase() ?? []);
  const keyOf = (name: string, version: string): string => `${name}\0${version}`;
  const wanted = (value: unknown): string[] =>
    tables(value as never).flatMap((d) => {
      const name = string(d.name);
      const version = string(d.version);
      return name === undefined
        ? []
        : [version === undefined ? normalise('PyPI', name) : keyOf(normalise('PyPI', name), version)];
    });
  for (const [value, place] of entriesOf(text, 'package', values)) {
    const name = string(value.name);
    if (name === undefined) continue;
    const source = table(value.source) ?? {};
    const every = Object.entries(table(value['optional-dependencies']) ?? {});
    // An extra such as "all" only repeats the others and says nothing about what each is for.
    const optional =
      every.length > 1 ? every.filter(([group]) => !/^(all|full|everything|complete)$/i.test(group)) : every;
    const dev = Object.values(table(value['dev-dependencies']) ?? {}).flatMap((v) => wanted(v));
    if ('editable' in source || 'virtual' in source || 'directory' in source) {
      project ??= normalise('PyPI', name);
      const extras = optional.flatMap(([group, v]) => (scopeOfGroup(group) === 'dev' ? [] : wanted(v)));
      const devExtras = optional.flatMap(([group, v]) => (scopeOfGroup(group) === 'dev' ? wanted(v) : []));
      own.push({ runtime: [...wanted(value.dependencies), ...extras], dev: [...dev, ...devExtras] });
      continue;
    }
    const version = string(value.version);
    if (version === undefined) continue;
    const markers = list(value['resolution-markers']).flatMap((m) => string(m) ?? []);
    required.push([...wanted(value.dependencies), ...optional.flatMap(([, v]) => wanted(v))]);
    all.push({
      name: normalise('PyPI', name),
      version,
      scope: 'runtime',
      ...(markers.length > 0 ? { marker: markers.map((m) => `(${m})`).join(' or ') } : {}),
      source: 'registry' in source ? (isPublic(string(source.registry)) ? 'registry' : 'private') : 'other',
      ...place,
    });
  }
  const index = new Map<string, number[]>();
  all.forEach((entry, i) => {
    for (const key of [entry.name, keyOf(entry.name, entry.version!)]) index.set(key, [...(index.get(key) ?? []), i]);
  });
  all.forEach((entry, i) => {
    const requires = [...new Set(required[i]!.flatMap((key) => index.get(key) ?? []))];
    if (requires.length > 0) entry.requires = requires;
  });
  const roots = own.flatMap((o) => [
    ...o.runtime.flatMap((key) => (index.get(key) ?? []).map((at) => ({ at, scope: 'runtime' as const }))),
    ...o.dev.flatMap((key) => (index.get(key) ?? []).map((at) => ({ at, scope: 'dev' as const }))),
  ]);
  const manifest = table(root.manifest);
  for (const key of names(manifest?.requirements)) {
    for (const at of index.get(normalise('PyPI', key)) ?? []) roots.push({ at, scope: 'runtime' });
  }
  if (roots.length > 0) reach(all, roots);
  const python = string(root['requires-python']);
  return read({
    format: 'uv.lock',
    role: 'lock',
    ecosystem: 'PyPI',
    dependencies: all,
    ...(project === undefined ? {} : { project }),
    ...(python === undefined ? {} : { python }),
  });
}

/** Reads pylock.toml and pylock.<name>.toml (PEP 751). */
export function readPylock(text: string, _path: string): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return broken(problem);
  const values = tables(root.packages);
  const required: string[][] = [];
  const dependencies = entriesOf(text, 'packages', values).flatMap(([value, place]): Draft[] => {
    const name = string(value.name);
    const version = string(value.version);
    const other = ['vcs', 'directory', 'archive'].some((key) => key in value);
    if (name === undefined || version === undefined) return [];
    const marker = string(value.marker);
    const groups = [...(marker ?? '').matchAll(/["']([\w.-]+)["']\s+in\s+dependency_groups/g)].map((m) => m[1]!);
    required.push(
      tables(value.dependencies)
        .flatMap((d) => string(d.name) ?? [])
        .map((n) => normalise('PyPI', n)),
    );
    return [
      {
        name: normalise('PyPI', name),
        version,
        scope: groups.length > 0 && groups.every((g) => scopeOfGroup(g) === 'dev') ? 'dev' : 'runtime',
        ...(marker === undefined || groups.length > 0 ? {} : { marker }),
        source: other ? 'other' : isPublic(string(value.index)) ? 'registry' : 'private',
        ...place,
      },
    ];
  });
  connect(dependencies, required);
  return read({ format: 'pylock.toml', role: 'lock', ecosystem: 'PyPI', dependencies });
}

/** Reads Pipfile.lock. */
export function readPipfileLock(text: string, _path: string): Read {
  const { node, problem } = parseJson(text);
  if (node === undefined) return broken(problem);
  const dependencies: Draft[] = [];
  const ownSources = new Set<string>();
  for (const source of member(node, '_meta', 'sources')?.items ?? []) {
    if (!isPublic(textOf(member(source, 'url')))) ownSources.add(textOf(member(source, 'name')) ?? '');
  }
  for (const [section, packages] of node.members ?? new Map<string, JsonNode>()) {
    if (section === '_meta') continue;
    const scope: Scope = section === 'default' ? 'runtime' : section === 'develop' ? 'dev' : scopeOfGroup(section);
    for (const [name, entry] of packages.members ?? []) {
      const versionNode = member(entry, 'version');
      const written = textOf(versionNode);
      const marker = textOf(member(entry, 'markers'));
      if (written === undefined || versionNode === undefined) continue;
      const other = ['git', 'path', 'file', 'editable'].some((key) => member(entry, key) !== undefined);
      dependencies.push({
        name: normalise('PyPI', name),
        version: written.replace(/^===?\s*/, ''),
        scope,
        ...(section === 'default' ? {} : { group: section }),
        ...(marker === undefined ? {} : { marker }),
        source: other ? 'other' : ownSources.has(textOf(member(entry, 'index')) ?? '\0') ? 'private' : 'registry',
        span: whole(entry),
        versionSpan: inside(versionNode),
      });
    }
  }
  return read({ format: 'Pipfile.lock', role: 'lock', ecosystem: 'PyPI', dependencies });
}
