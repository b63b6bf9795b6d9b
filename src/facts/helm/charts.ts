/** Knows how chart files belong together: folders, dependencies, aliases, and what is missing. */
import type { ChartFile } from '../chart.ts';
import type { Facts } from '../facts.ts';
import type { TemplateFile } from '../gotemplate.ts';
import { folderOf } from '../paths.ts';
import type { Place } from '../span.ts';
import { at, itemsOf, textOf, type YamlMap, type YamlNode } from '../yaml.ts';
import { TemplateError } from './value.ts';
import { parseVersion, satisfies, type Version } from './versions.ts';

export interface Chart {
  /** Folder, without a slash at the end; empty for the root of the tree. */
  readonly folder: string;
  readonly name: string;
  readonly path: string;
  readonly metadata: YamlMap;
  readonly library: boolean;
  readonly values?: ValuesFile;
  readonly templates: readonly { readonly path: string; readonly name: string; readonly file: TemplateFile }[];
  /** Paths of other files, relative to the folder, with their text where it was read. */
  readonly files: ReadonlyMap<string, string | undefined>;
  readonly dependencies: readonly Dependency[];
  /** Dependencies that are not in the tree, or only packed. */
  readonly missing: readonly MissingDependency[];
}

export interface Dependency {
  readonly chart: Chart;
  /** Name of its values in the parent: the alias or the chart's name. */
  readonly name: string;
  readonly conditions: readonly string[];
  readonly tags: readonly string[];
  readonly imports: readonly { readonly child: string; readonly parent: string }[];
  /** Chart.yaml names it; others are in the `charts` folder alone. */
  readonly listed: boolean;
}

export interface MissingDependency extends Place {
  readonly name: string;
  /** Name of its values: the alias or the name. */
  readonly key: string;
  readonly reason: string;
  readonly conditions: readonly string[];
  readonly tags: readonly string[];
}

export interface ValuesFile {
  readonly path: string;
  readonly root?: YamlMap;
  readonly size: number;
  readonly reads: readonly string[];
}

const MAX_NESTING = 8;

export function inFolder(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}

/** Resolves `./` and `../` against a folder; undefined when it leaves the tree. */
export function resolvePath(folder: string, relative: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** All charts of the tree by folder, with their dependencies. */
export function chartsOf(facts: Facts): ReadonlyMap<string, Chart> {
  const sources = new Map<string, ChartFile>();
  for (const file of facts.of('chart')) sources.set(file.path, file.data);
  const folders = [...sources]
    .filter(([path, data]) => data.role === 'metadata' && /(?:^|\/)Chart\.ya?ml$/.test(path))
    .map(([path]) => folderOf(path));
  const known = new Set(folders);
  const members = new Map<string, string[]>();
  for (const { path } of facts.files) {
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      if (known.has(folder)) {
        const list = members.get(folder);
        if (list) list.push(path);
        else members.set(folder, [path]);
        break;
      }
      if (folder === '') break;
    }
  }
  const libraries = new Map<string, { folder: string; version: Version }[]>();
  for (const folder of folders) {
    const library = libraryAt(folder, sources);
    if (library) libraries.set(library.name, [...(libraries.get(library.name) ?? []), library]);
  }
  const charts = new Map<string, Chart>();
  const load = (folder: string, depth: number): Chart | undefined => {
    const done = charts.get(folder);
    if (done || depth > MAX_NESTING) return done;
    const chart = assemble(
      folder,
      sources,
      members.get(folder) ?? [],
      (child) => (known.has(child) ? load(child, depth + 1) : undefined),
      (name, range) => {
        const fit = libraries.get(name)?.filter(({ version }) => isWithin(range, version)) ?? [];
        return fit.length === 1 && fit[0]!.folder !== folder ? load(fit[0]!.folder, depth + 1) : undefined;
      },
      known,
    );
    if (chart) charts.set(folder, chart);
    return chart;
  };
  for (const folder of folders) load(folder, 0);
  return charts;
}

/** A library of the tree: the charts beside it get it from where the repository publishes its charts. */
function libraryAt(
  folder: string,
  sources: ReadonlyMap<string, ChartFile>,
): { name: string; folder: string; version: Version } | undefined {
  const metadata = sources.get(inFolder(folder, 'Chart.yaml'));
  if (metadata?.role !== 'metadata' || textOf(at(metadata.root, 'type')) !== 'library') return undefined;
  const name = textOf(at(metadata.root, 'name'));
  const version = parseVersion(textOf(at(metadata.root, 'version')) ?? '');
  return name === undefined || !version ? undefined : { name, folder, version };
}

function isWithin(range: string | undefined, version: Version): boolean {
  try {
    return range !== undefined && satisfies(range, version);
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
}

function assemble(
  folder: string,
  sources: ReadonlyMap<string, ChartFile>,
  paths: readonly string[],
  load: (folder: string) => Chart | undefined,
  libraryOf: (name: string, range: string | undefined) => Chart | undefined,
  known: ReadonlySet<string>,
): Chart | undefined {
  const path = ['Chart.yaml', 'Chart.yml'].map((name) => inFolder(folder, name)).find((name) => sources.has(name))!;
  const metadata = sources.get(path);
  if (metadata?.role !== 'metadata') return undefined;
  const { root } = metadata;
  const prefix = folder === '' ? 0 : folder.length + 1;
  const templates: Chart['templates'][number][] = [];
  const files = new Map<string, string | undefined>();
  for (const member of paths) {
    const name = member.slice(prefix);
    const source = sources.get(member);
    if (name.startsWith('templates/')) {
      if (source?.role === 'template') templates.push({ path: member, name, file: source.template });
    } else if (!/^(?:Chart\.(?:yaml|lock)|values\.(?:yaml|schema\.json)|charts\/.*|crds\/.*)$/.test(name)) {
      files.set(name, source?.role === 'file' ? source.text : undefined);
    }
  }
  const values = sources.get(inFolder(folder, 'values.yaml'));
  const requirements = sources.get(inFolder(folder, 'requirements.yaml'));
  const listed =
    itemsOf(at(root, 'dependencies')).length > 0
      ? at(root, 'dependencies')
      : requirements?.role === 'metadata'
        ? at(requirements.root, 'dependencies')
        : undefined;
  const children = [...known].filter(
    (child) =>
      child.startsWith(inFolder(folder, 'charts/')) && !child.slice(inFolder(folder, 'charts/').length).includes('/'),
  );
  return {
    folder,
    name: textOf(at(root, 'name')) ?? (folder.slice(folder.lastIndexOf('/') + 1) || 'chart'),
    path,
    metadata: root,
    library: textOf(at(root, 'type')) === 'library',
    ...(values?.role === 'values' ? { values: { ...values, path: inFolder(folder, 'values.yaml') } } : {}),
    templates,
    files,
    ...dependencies(folder, path, listed, children, load, libraryOf),
  };
}

function dependencies(
  folder: string,
  path: string,
  listed: YamlNode | undefined,
  children: readonly string[],
  load: (folder: string) => Chart | undefined,
  libraryOf: (name: string, range: string | undefined) => Chart | undefined,
): Pick<Chart, 'dependencies' | 'missing'> {
  const result: Dependency[] = [];
  const missing: MissingDependency[] = [];
  const unpacked = children.map(load).filter((chart) => chart !== undefined);
  const named = new Set<string>();
  for (const item of itemsOf(listed)) {
    const name = textOf(at(item, 'name'));
    if (name === undefined) continue;
    named.add(name);
    const repository = textOf(at(item, 'repository')) ?? '';
    const local = repository.startsWith('file://')
      ? resolvePath(folder, repository.slice('file://'.length))
      : undefined;
    const range = textOf(at(item, 'version'));
    const chart =
      unpacked.find((child) => child.name === name) ?? (local === undefined ? libraryOf(name, range) : load(local));
    const conditions = (textOf(at(item, 'condition')) ?? '')
      .trim()
      .split(',')
      .filter((part) => part !== '');
    const tags = itemsOf(at(item, 'tags')).map((tag) => textOf(tag) ?? '');
    if (!chart) {
      missing.push({
        name,
        key: textOf(at(item, 'alias')) ?? name,
        path,
        span: item.span,
        reason: `chart ${name}${repository && ` of ${repository}`} is not in the tree`,
        conditions,
        tags,
      });
      continue;
    }
    result.push({
      chart,
      name: textOf(at(item, 'alias')) ?? name,
      conditions,
      tags,
      listed: true,
      imports: itemsOf(at(item, 'import-values')).map((entry) => {
        if (entry.kind === 'scalar') return { child: `exports.${entry.text}`, parent: '.' };
        return { child: textOf(at(entry, 'child')) ?? '', parent: textOf(at(entry, 'parent')) ?? '.' };
      }),
    });
  }
  const others = unpacked.filter((chart) => !named.has(chart.name));
  const unlisted = others.map((chart) => ({
    chart,
    name: chart.name,
    conditions: [],
    tags: [],
    imports: [],
    listed: false,
  }));
  return { dependencies: [...unlisted, ...result], missing };
}
