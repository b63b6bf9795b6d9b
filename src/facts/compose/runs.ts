/** Knows with which files, variables and directories scripts and pipelines start compose. */

import { linkPipelines } from '../ci/gitlab.ts';
import { isTrial, namesTrial } from '../cluster/trials.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { foldersAt, isAnchored, pathsIn, type Standing, walkShell, wordAt } from '../shell/folders.ts';
import { baseName, type ResolvedWord, withoutLaunchers } from '../shell/words.ts';
import type { Assignment, Command, Statement, Word } from '../shell.ts';
import type { Setting } from './interpolation.ts';

export interface ComposeRun {
  /** In the order they are given, the first is the main one; paths of the tree, at least one. */
  readonly files: readonly string[];
  /** `--project-directory`, as a path of the tree. */
  readonly directory?: string;
  /** `--env-file`, in order; paths of the tree. */
  readonly envFiles: readonly string[];
  /** What the script sets before; without a value where only the run gives it. */
  readonly settings: ReadonlyMap<string, Setting>;
  /** `docker stack deploy`, which reads no .env file. */
  readonly stack: boolean;
  /** In CI, for tests, on a developer's machine: nobody deploys like that. */
  readonly trial: boolean;
}

export const DEFAULT_NAMES: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
];

/** First words of commands that start a project, by program. */
const PROGRAMS = /^(?:docker-compose|podman-compose)$/;
const ENGINES = /^(?:docker|podman|nerdctl)$/;
/** Options in front of the command that take a value. */
const VALUED =
  /^(?:-f|--file|-p|--project-name|--profile|--env-file|--project-directory|--parallel|--progress|--ansi|-c|--compose-file|--context|-H|--host|--config)$/;

/** All runs that name files the tree has. A pure join: use through `facts.linked`. */
export function linkComposeRuns(facts: Facts): readonly ComposeRun[] {
  const runs: ComposeRun[] = [];
  const finder = finderOf(facts);
  const read = (parts: readonly (readonly Statement[])[], path: string, starts: readonly string[], trial: boolean) => {
    const variables = variablesOf(path, starts, facts);
    for (const statements of parts)
      walkShell(statements, (command, at) => {
        const words = variables.follow(command, at);
        const asked = words && askedOf(words);
        if (!asked) return;
        const folders = [...new Set([...foldersAt(at, path, starts), ...starts])];
        const find = (text: string, folder: string) => pathsIn(text, path, isAnchored(text) ? starts : [folder])[0];
        const run = finder(asked, folders, find, variables.exported(command));
        if (run) runs.push({ ...run, trial: trial || isTrial(path) });
      });
  };
  for (const { path, data } of facts.of('script')) {
    for (const { name, recipes } of data.targets) {
      const own = folderOf(path);
      const starts = data.type === 'shell' ? [...new Set(['', own])] : [...new Set([own, ''])];
      const parts = recipes.map(({ shell }) => shell.statements);
      read(parts, path, starts, namesTrial(name));
    }
  }
  for (const file of facts.linked(linkPipelines)) {
    for (const { script, path, workingDirectory } of file.data.jobs.flatMap(({ steps }) => steps)) {
      const starts = [...new Set([workingDirectory ?? '', ''])];
      if (script) read([script.shell.statements], path ?? file.path, starts, true);
    }
  }
  return runs;
}

/** What a command line asks for, as written. */
interface Asked {
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly directory?: string;
  readonly stack: boolean;
}

function askedOf(words: readonly ResolvedWord[]): Asked | undefined {
  let i = 1;
  let stack = false;
  if (!PROGRAMS.test(baseName(words[0]?.text ?? ''))) {
    if (!ENGINES.test(baseName(words[0]?.text ?? ''))) return undefined;
    while (words[i]?.text.startsWith('-')) i += VALUED.test(words[i]!.text) ? 2 : 1;
    stack = words[i]?.text === 'stack' && words[i + 1]?.text === 'deploy';
    if (words[i]?.text !== 'compose' && !stack) return undefined;
    i += stack ? 2 : 1;
  }
  const given = new Map<string, string[]>();
  for (; words[i]?.text.startsWith('-') || words[i]?.text.startsWith('$'); i++) {
    const { text } = words[i]!;
    const equals = /^(--?[\w-]+)=([\s\S]*)$/.exec(text);
    const name = equals?.[1] ?? text;
    if (!VALUED.test(name)) continue;
    const value = equals?.[2] ?? words[++i]?.text ?? '';
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  const all = (...names: string[]) => names.flatMap((name) => given.get(name) ?? []);
  const directory = all('--project-directory').at(-1);
  const files = stack ? all('-c', '--compose-file') : all('-f', '--file');
  return { files, envFiles: all('--env-file'), stack, ...(directory === undefined ? {} : { directory }) };
}

type Exported = ReadonlyMap<string, Setting>;

/** Finds the files of a run in the folders it may start in; one whose main file nobody can tell is none. */
function finderOf(facts: Facts) {
  const paths = facts.of('compose').map(({ path }) => path);
  const known = new Set(paths);
  return (
    asked: Asked,
    folders: readonly string[],
    pathOf: (text: string, folder: string) => string | undefined,
    settings: Exported,
  ): Omit<ComposeRun, 'trial'> | undefined => {
    const find = (text: string, folder: string): string | undefined => {
      const path = pathOf(text, folder);
      if (path !== undefined && known.has(path)) return path;
      // `$TARGET/compose.yaml`, wherever that is: only one file ends like that.
      const tail = /^(?:\$\{?\w+\}?|\$\([^)]*\))\/(.+)/.exec(text)?.[1];
      const found = tail === undefined ? [] : paths.filter((one) => one === tail || one.endsWith(`/${tail}`));
      return found.length === 1 ? found[0] : undefined;
    };
    const separator = settings.get('COMPOSE_PATH_SEPARATOR')?.value ?? ':';
    const given =
      asked.files.length > 0 || asked.stack ? asked.files : settings.get('COMPOSE_FILE')?.value?.split(separator);
    const candidates = folders.map((folder) => {
      const names = given ?? DEFAULT_NAMES.filter((name) => known.has(joinPath(folder, name) ?? '')).slice(0, 1);
      return { folder, files: names.map((name) => find(name, folder)) };
    });
    // Files besides the main one may be made on the machine; where all are here, that is the place.
    const chosen = candidates.find(({ files }) => files[0] !== undefined && !files.includes(undefined));
    const { folder, files } = chosen ?? candidates.find((one) => one.files[0] !== undefined) ?? {};
    if (folder === undefined || !files) return undefined;
    const listed = asked.envFiles.length > 0 ? asked.envFiles : settings.get('COMPOSE_ENV_FILES')?.value?.split(',');
    const directory = asked.directory === undefined ? undefined : pathOf(asked.directory, folder);
    return {
      files: files.filter((file) => file !== undefined),
      envFiles: (listed ?? []).flatMap((one) => pathOf(one, folder) ?? []),
      settings,
      stack: asked.stack,
      ...(directory === undefined ? {} : { directory }),
    };
  };
}

/** Follows the variables of a script: what they hold, and which of them the programs it starts get. */
function variablesOf(path: string, starts: readonly string[], facts: Facts) {
  const arrays = new Map<string, readonly Word[]>();
  const values = new Map<string, Setting>();
  const exported = new Map<string, Setting>();
  const resolve = (words: readonly Word[], at: Standing): ResolvedWord[] =>
    words.flatMap((word): ResolvedWord[] => {
      const array = /^\$\{(\w+)\[[@*]\]\}$/.exec(word.text)?.[1];
      const elements = array === undefined ? undefined : arrays.get(array);
      if (elements) return elements.map((one) => wordAt(one, at));
      const resolved = wordAt(word, at);
      // `$COMPOSE up` and `docker compose $FILES up`: a variable that holds several words.
      if (resolved.variables.length === 0 || !/^(?:-|docker)[^$]*\s/.test(resolved.text)) return [resolved];
      return resolved.text.split(/\s+/).map((text) => ({ ...resolved, text }));
    });
  const settingOf = ({ name, span }: Assignment, { scope }: Pick<Standing, 'scope'>): Setting => {
    const value = scope.get(name);
    // Paths of the tree are marked as such; what they are on the machine nobody knows.
    const plain = value !== undefined && !/\p{Co}/u.test(value) && value.length < LONGEST;
    return { ...(plain ? { value } : {}), place: { path, span } };
  };
  const follow = (command: Command, at: Standing): readonly ResolvedWord[] | undefined => {
    const words = withoutLaunchers(resolve(command.words, at));
    const program = baseName(words[0]?.text ?? '');
    for (const one of command.assignments) {
      // `export X` hands on what X holds already.
      const setting = one.value === undefined ? (values.get(one.name) ?? settingOf(one, at)) : settingOf(one, at);
      values.set(one.name, setting);
      if (one.elements) arrays.set(one.name, one.elements);
      if (program === 'export' || (words.length === 0 && exported.has(one.name))) exported.set(one.name, setting);
    }
    if (program === 'source' || program === '.') {
      const text = words[1]?.text ?? '';
      const wanted = foldersAt(at, path, starts).flatMap((folder) =>
        pathsIn(text, path, isAnchored(text) ? starts : [folder]),
      );
      const file = facts.of('dotenv').find((one) => wanted.includes(one.path));
      for (const { name, value, span } of file?.data.variables ?? []) {
        const setting = { ...(value.includes('$') ? {} : { value }), place: { path: file!.path, span } };
        at.scope.set(name, setting.value);
        values.set(name, setting);
        exported.set(name, setting);
      }
    }
    return words.length > 0 ? words : undefined;
  };
  return {
    follow,
    /** What a command gets: what is exported, and what stands in front of it. */
    exported: (command: Command): Exported =>
      new Map([...exported, ...command.assignments.flatMap(({ name }) => [[name, values.get(name)!] as const])]),
  };
}

/** Of a value that is worth remembering. */
const LONGEST = 1000;
