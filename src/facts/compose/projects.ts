/** Knows which compose files run together as a project, in which directory, and what its variables hold. */

import { isTrial } from '../cluster/trials.ts';
import type { Facts } from '../facts.ts';
import { fileName, folderOf, joinPath } from '../paths.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlMap } from '../yaml.ts';
import { isForDevelopment } from '../zones.ts';
import { EMPTY, type Environment, type Setting, withFile } from './interpolation.ts';
import { type ComposeRun, DEFAULT_NAMES, linkComposeRuns } from './runs.ts';

export interface ComposeProject {
  /** The main file and those that add to it, in order. */
  readonly files: readonly string[];
  /** Files that add to it somewhere else than where it is deployed: on the machines of developers, in tests. */
  readonly aside: readonly string[];
  /** Relative paths start here. */
  readonly directory: string;
  readonly environment: Environment;
}

/** Files that the top-level `include` of a file names together. */
export interface Include {
  readonly files: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
}

export type ComposeFiles = ReadonlyMap<string, YamlMap>;

/** All compose files by path. Use through `facts.linked`. */
export function composeFiles(facts: Facts): ComposeFiles {
  return new Map(facts.of('compose').map(({ path, data }) => [path, data.root]));
}

/** All projects of the tree; every file is in one, as a part of it or included. A pure join: use through `facts.linked`. */
export function linkComposeProjects(facts: Facts): readonly ComposeProject[] {
  const files = facts.linked(composeFiles);
  const reader = facts.linked(environmentsOf);
  const runs = facts.linked(linkComposeRuns);
  const listed = listedProjects(files, reader);
  const added = new Map<string, string>();
  for (const all of [...listed, ...runs.map((run) => run.files)])
    for (const path of all.slice(1)) if (path !== all[0]) added.set(path, all[0]!);
  for (const path of files.keys()) {
    const base = basePath(path, files);
    if (base !== undefined && !added.has(path)) added.set(path, base);
  }
  const included = new Set(
    [...files].flatMap(([path, root]) => includedBy(path, root, files).filter((one) => one !== path)),
  );
  const starts = (path: string): boolean =>
    runs.some((run) => run.files[0] === path) || DEFAULT_NAMES.includes(fileName(path));
  const roots = [...files.keys()].filter((path) => {
    if (included.has(path)) return false;
    return !added.has(path) || (starts(path) && !isPartial(path, added.get(path)!, files));
  });
  const projects = roots.map((path) => projectOf(path, { files, runs, listed, added, reader }));
  const reached = new Set<string>();
  const reach = (path: string): void => {
    const root = reached.has(path) ? undefined : files.get(path);
    reached.add(path);
    if (root) for (const one of includedBy(path, root, files)) reach(one);
  };
  for (const { files: own, aside } of projects) for (const path of [...own, ...aside]) reach(path);
  // Files that only include each other.
  for (const path of files.keys()) {
    if (reached.has(path)) continue;
    projects.push(projectOf(path, { files, runs, listed, added, reader }));
    reach(path);
  }
  return projects;
}

interface Known {
  readonly files: ComposeFiles;
  readonly runs: readonly ComposeRun[];
  readonly listed: readonly (readonly string[])[];
  readonly added: ReadonlyMap<string, string>;
  readonly reader: Reader;
}

function projectOf(root: string, { files, runs, listed, added, reader }: Known): ComposeProject {
  const own = runs.filter((run) => run.files[0] === root);
  const deployed = own.filter(({ trial }) => !trial);
  const together = own.filter((run) => run.files.length > 1).map((run) => run.files.slice(1));
  const named = [...listed.filter((all) => all[0] === root).map((all) => all.slice(1)), ...together].flat();
  const guessed = [...added].flatMap(([path, base]) => (base === root && !named.includes(path) ? [path] : []));
  const isAside = (path: string): boolean => !isTrial(root) && isTrial(path);
  // The file that is added without being asked for comes first, where no command leaves it out.
  const implied = guessed.filter((path) => isOverride(path));
  const all = [...new Set([...implied, ...guessed, ...named])].filter((path) => files.has(path) && path !== root);
  const directory = [...deployed, ...own].find((run) => run.directory !== undefined)?.directory ?? folderOf(root);
  return {
    files: [root, ...all.filter((path) => !isAside(path))],
    aside: all.filter(isAside),
    directory,
    environment: reader.ofRuns(deployed, own, directory),
  };
}

/** True for a file that compose adds without being asked for. */
export function isOverride(path: string): boolean {
  return /\boverride\.ya?ml$/.test(path);
}

/** `COMPOSE_FILE` in the .env file of a folder. */
function listedProjects(files: ComposeFiles, reader: Reader): readonly (readonly string[])[] {
  return reader.folders().flatMap((folder) => {
    const { settings } = reader.beside(folder);
    const text = settings.get('COMPOSE_FILE')?.value;
    const paths = text?.split(settings.get('COMPOSE_PATH_SEPARATOR')?.value ?? ':').map((one) => joinPath(folder, one));
    return paths?.every((path) => path !== undefined && files.has(path)) ? [paths as string[]] : [];
  });
}

/** The file this one adds to: the folder's default file, where some service makes no sense without it. */
function basePath(path: string, files: ComposeFiles): string | undefined {
  const folder = folderOf(path);
  if (DEFAULT_NAMES.includes(fileName(path))) return undefined;
  const base = DEFAULT_NAMES.map((name) => joinPath(folder, name)!).find((candidate) => files.has(candidate));
  if (base === undefined) return undefined;
  return isOverride(path) || isPartial(path, base, files) ? base : undefined;
}

function isPartial(path: string, base: string, files: ComposeFiles): boolean {
  const declared = at(files.get(base), 'services');
  return entriesOf(at(files.get(path), 'services')).some(
    ({ key, value }) =>
      entryOf(declared, key) !== undefined && !['image', 'build', 'extends'].some((one) => entryOf(value, one)),
  );
}

/** What the top-level `include` of a file names, with the variables of each; addresses and unknown files are left out. */
export function includesOf(
  path: string,
  root: YamlMap,
  project: { readonly directory: string; readonly environment: Environment },
  facts: Facts,
): readonly Include[] {
  const reader = facts.linked(environmentsOf);
  const known = facts.linked(composeFiles);
  return itemsOf(at(root, 'include')).flatMap((item) => {
    const texts = (key: string) => listOf(at(item, key));
    const given = item.kind === 'map' ? texts('path') : listOf(item);
    const found = given.flatMap((one) => joinPath(folderOf(path), one) ?? []).filter((one) => known.has(one));
    if (found.length === 0 || found.length < given.length) return [];
    const moved = textOf(at(item, 'project_directory'));
    const directory = (moved === undefined ? undefined : joinPath(project.directory, moved)) ?? folderOf(found[0]!);
    const listed = texts('env_file').flatMap((one) => joinPath(project.directory, one) ?? []);
    const environment = reader.with(project.environment, listed.length > 0 ? listed : [joinPath(directory, '.env')!]);
    return [{ files: found, directory, environment: reader.suggesting(environment, directory) }];
  });
}

function listOf(node: ReturnType<typeof at>): readonly string[] {
  const text = textOf(node);
  return text === undefined ? itemsOf(node).flatMap((item) => textOf(item) ?? []) : [text];
}

function includedBy(path: string, root: YamlMap, files: ComposeFiles): readonly string[] {
  return itemsOf(at(root, 'include')).flatMap((item) =>
    (item.kind === 'map' ? listOf(at(item, 'path')) : listOf(item)).flatMap((one) => {
      const found = joinPath(folderOf(path), one);
      return found !== undefined && files.has(found) ? [found] : [];
    }),
  );
}

interface Reader {
  readonly folders: () => readonly string[];
  readonly beside: (folder: string) => Environment;
  readonly with: (environment: Environment, paths: readonly string[]) => Environment;
  readonly suggesting: (environment: Environment, folder: string) => Environment;
  readonly ofRuns: (deployed: readonly ComposeRun[], all: readonly ComposeRun[], directory: string) => Environment;
}

function environmentsOf(facts: Facts): Reader {
  const files = new Map(facts.of('dotenv').flatMap(({ path, data }) => (data.template ? [] : [[path, data] as const])));
  const suggested = facts.of('dotenv').filter(({ data }) => data.template);
  const readAll = (environment: Environment, paths: readonly string[]): Environment =>
    withFile(
      environment,
      paths.flatMap((path) => {
        const file = files.get(path);
        return file ? [{ path, variables: file.variables }] : [];
      }),
    );
  const suggesting = (environment: Environment, folder: string): Environment => {
    const templates = new Map(environment.templates);
    for (const { path, data } of suggested)
      if (folderOf(path) === folder)
        for (const { name } of data.variables) if (!templates.has(name)) templates.set(name, path);
    return { ...environment, templates };
  };
  const beside = (folder: string): Environment => suggesting(readAll(EMPTY, [joinPath(folder, '.env')!]), folder);
  return {
    folders: () => [...files.keys()].filter((path) => fileName(path) === '.env').map(folderOf),
    beside,
    with: readAll,
    suggesting,
    ofRuns: (deployed, all, directory) => {
      const process = { ...EMPTY, settings: agreed(deployed) };
      const listed = [...deployed, ...all]
        .map(({ envFiles }) => envFiles)
        .filter((paths) => paths.length > 0)
        .map((paths) => ({ paths, known: paths.some((path) => files.has(path)) }));
      const chosen =
        listed.find(({ paths, known }) => known && !paths.some(isForDevelopment)) ?? listed.find(({ known }) => known);
      const stacks = deployed.length > 0 && deployed.every(({ stack }) => stack);
      // Where a deployment names a file that is not here, the one beside the compose file is not read either.
      const absent = deployed.length > 0 && deployed.every(({ envFiles }) => envFiles.length > 0);
      const paths = chosen?.paths ?? (stacks || absent ? [] : [joinPath(directory, '.env')!]);
      return suggesting(readAll(process, paths), directory);
    },
  };
}

/** What all runs set to the same value; whatever they differ in nobody knows. */
function agreed(runs: readonly ComposeRun[]): Map<string, Setting> {
  const found = new Map<string, Setting>();
  for (const { settings } of runs) {
    for (const [name, setting] of settings) {
      const known = found.get(name);
      if (!known) found.set(name, setting);
      else if (known.value !== setting.value) found.set(name, { place: known.place });
    }
  }
  return found;
}
