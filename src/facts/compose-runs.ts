/** Knows with which files, variables and directories scripts and pipelines start compose. */
import type { Facts } from './facts.ts';
import { linkPipelines } from './gitlab.ts';
import type { Setting } from './interpolation.ts';
import { folderOf, joinPath } from './paths.ts';
import { type Command, eachCommand, type Statement, type Word } from './shell.ts';
import { baseName, type ResolvedWord, resolveWord, withoutLaunchers } from './shell-words.ts';
import { isTrial, namesTrial } from './trials.ts';

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
  const read = (parts: readonly (readonly Statement[])[], path: string, folders: readonly string[], trial: boolean) => {
    const shell = shellOf(path, facts);
    for (const statements of parts)
      eachCommand(statements, (command) => {
        const words = shell.visit(command, folders);
        const asked = words && askedOf(words);
        const run = asked && finder(asked, shell.folders(folders), shell.exported(command));
        if (run) runs.push({ ...run, trial: trial || isTrial(path) });
      });
  };
  for (const { path, data } of facts.of('script')) {
    for (const { name, recipes } of data.targets) {
      const own = folderOf(path);
      const folders = data.type === 'shell' ? [...new Set(['', own])] : [own, ''];
      const parts = recipes.map(({ shell }) => shell.statements);
      read(parts, path, folders, namesTrial(name));
    }
  }
  for (const file of facts.linked(linkPipelines)) {
    for (const { script, path, workingDirectory } of file.data.jobs.flatMap(({ steps }) => steps))
      if (script) read([script.shell.statements], path ?? file.path, [workingDirectory ?? '', ''], true);
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

/** Finds the files of a run in the folders it may start in; a run with a file that nobody can tell is none. */
function finderOf(facts: Facts) {
  const paths = facts.of('compose').map(({ path }) => path);
  const known = new Set(paths);
  const find = (folder: string, text: string): string | undefined => {
    const plain = text.replace(/^"?(?:\$\{?\w+\}?|\$\([^)]*\))\//, '');
    const path = joinPath(folder, plain);
    if (path !== undefined && known.has(path)) return path;
    if (plain === text) return undefined;
    const tails = paths.filter((one) => one === plain || one.endsWith(`/${plain}`));
    return tails.length === 1 ? tails[0] : undefined;
  };
  return (asked: Asked, folders: readonly string[], settings: Exported): Omit<ComposeRun, 'trial'> | undefined => {
    const separator = settings.get('COMPOSE_PATH_SEPARATOR')?.value ?? ':';
    const given =
      asked.files.length > 0 || asked.stack ? asked.files : settings.get('COMPOSE_FILE')?.value?.split(separator);
    for (const folder of folders) {
      const names = given ?? DEFAULT_NAMES.filter((name) => known.has(joinPath(folder, name) ?? '')).slice(0, 1);
      const files = names.map((name) => find(folder, name));
      if (files.length === 0 || !files.every((file) => file !== undefined)) continue;
      const listed = asked.envFiles.length > 0 ? asked.envFiles : settings.get('COMPOSE_ENV_FILES')?.value?.split(',');
      const directory = asked.directory === undefined ? undefined : joinPath(folder, asked.directory);
      return {
        files,
        envFiles: (listed ?? []).flatMap((one) => joinPath(folder, one) ?? []),
        settings,
        stack: asked.stack,
        ...(directory === undefined ? {} : { directory }),
      };
    }
    return undefined;
  };
}

/** Follows a script: where it is, what its variables hold, and which of them the programs it starts get. */
function shellOf(path: string, facts: Facts) {
  const scope = new Map<string, string | undefined>();
  const arrays = new Map<string, readonly Word[]>();
  const exported = new Map<string, Setting>();
  let inside = '';
  const folders = (from: readonly string[]): readonly string[] => {
    const moved = inside === '' ? [] : from.flatMap((folder) => joinPath(folder, inside) ?? []);
    return [...new Set([...moved, ...from])];
  };
  const resolve = (words: readonly Word[]): ResolvedWord[] =>
    words.flatMap((word): ResolvedWord[] => {
      const array = /^\$\{(\w+)\[[@*]\]\}$/.exec(word.text)?.[1];
      const elements = array === undefined ? undefined : arrays.get(array);
      if (elements) return elements.map((one) => resolveWord(one, scope));
      const resolved = resolveWord(word, scope);
      // `$COMPOSE up` and `docker compose $FILES up`: a variable that holds several words.
      if (resolved.variables.length === 0 || !/^(?:-|docker)[^$]*\s/.test(resolved.text)) return [resolved];
      return resolved.text.split(/\s+/).map((text) => ({ ...resolved, text }));
    });
  const set = (command: Command, into: Map<string, Setting>): void => {
    for (const { name, value, span } of command.assignments) {
      const word = value && resolveWord(value, scope);
      into.set(name, { ...(word?.known ? { value: word.text } : {}), place: { path, span } });
    }
  };
  const visit = (command: Command, from: readonly string[]): readonly ResolvedWord[] | undefined => {
    const words = withoutLaunchers(resolve(command.words));
    const program = baseName(words[0]?.text ?? '');
    if (words.length === 0 || /^(?:export|local|declare|readonly|typeset)$/.test(program)) {
      const values = new Map<string, Setting>();
      set(command, values);
      for (const { name, elements, value } of command.assignments) {
        const setting = values.get(name)!;
        // `export X` hands on what X holds already.
        const held =
          value === undefined && scope.get(name) !== undefined ? { ...setting, value: scope.get(name)! } : setting;
        scope.set(name, held.value);
        if (elements) arrays.set(name, elements);
        if (program === 'export' || exported.has(name)) exported.set(name, held);
      }
      return undefined;
    }
    if (program === 'cd' || program === 'pushd') inside = words[1]?.text ?? '';
    if (program === 'source' || program === '.') {
      const wanted = folders(from).flatMap((folder) => joinPath(folder, words[1]?.text ?? '') ?? []);
      const file = facts.of('dotenv').find((one) => wanted.includes(one.path));
      for (const { name, value, span } of file?.data.variables ?? []) {
        const held = value.includes('$') ? {} : { value };
        scope.set(name, held.value);
        exported.set(name, { ...held, place: { path: file!.path, span } });
      }
    }
    return words;
  };
  return {
    visit,
    folders,
    exported: (command: Command): Exported => {
      const all = new Map(exported);
      set(command, all);
      return all;
    },
  };
}
