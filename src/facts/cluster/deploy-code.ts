/** Knows the shell code with which a repository deploys, and its commands with their words as far as they are known. */
import { linkPipelines } from '../ci/gitlab.ts';
import type { Job, Pipeline, Step, Variable } from '../ci/pipeline.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { expanded, type Item, type Ways } from '../shell/arrays.ts';
import { foldersAt, give, isAnchored, partAt, pathsIn, type Standing, standing, walkShell } from '../shell/folders.ts';
import { baseName } from '../shell/words.ts';
import type { Command, Pipeline as Pipe, Shell, Statement, Word } from '../shell.ts';
import type { Place } from '../span.ts';

/** Code that one shell runs, and what it is started with. */
interface DeployCode {
  readonly shells: readonly Shell[];
  readonly path: string;
  readonly folder: string;
  readonly variables: ReadonlyMap<string, string>;
  /** The file of the pipeline that runs it. */
  readonly pipeline?: string;
}

/** A word; what is not known of it stays `${name}`. */
export interface Known extends Place {
  readonly text: string;
}

export interface DeployCommand extends Place {
  readonly words: readonly Known[];
  /** Folders that its script may start in, and those that it runs in. */
  readonly starts: readonly string[];
  readonly folders: readonly string[];
  /** The last command of the pipe that it is a part of. */
  readonly last?: readonly Known[];
  /** File of the code, which paths with marks are relative to. */
  readonly script: string;
  /** Number of the way in which it can run, where lists may be filled differently. */
  readonly way: number;
}

/** Longer than any name or path. */
const MAX_TEXT = 5000;
/** Scripts that call scripts, and how many such calls are followed. */
const MAX_DEPTH = 3;
const MAX_CALLS = 50;
/** Of a job. */
const MAX_VARIABLES = 300;

/** Programs that deploy, among the first words of a command. */
const DEPLOYERS = /(?:^|[ /_])(?:helm3?|kubectl|oc|kustomize|kubens)(?: |$)/;

/** Code with those of its commands that may deploy something, in every way in which they can run. */
export interface DeployingCode extends DeployCode {
  readonly commands: readonly DeployCommand[];
}

/** All of it in production files. Use through `facts.linked`. */
export function deployingCode(facts: Facts): readonly DeployingCode[] {
  return deployCode(facts).map((code) => {
    const commands: DeployCommand[] = [];
    eachCommandOf(facts, code, (one) => {
      const start = one.words.slice(0, 5).map(({ text }) => text);
      if (DEPLOYERS.test(start.join(' '))) commands.push(one);
    });
    return { ...code, commands };
  });
}

function deployCode(facts: Facts): readonly DeployCode[] {
  const linked = facts.linked(linkPipelines);
  // Templates that only other repositories include are read as they are.
  const read = new Set(linked.flatMap(({ path, data }) => [path, ...data.jobs.flatMap(pathsOf)]));
  const pipelines = [...linked, ...facts.of('workflow').filter(({ path }) => !read.has(path))];
  const inPipelines = pipelines.flatMap(({ path, zone, data }) =>
    zone === 'production' ? ofPipeline(data, path) : [],
  );
  const inScripts = facts.of('script').flatMap(({ path, zone, data }): DeployCode[] => {
    if (zone !== 'production') return [];
    const shells = data.targets.flatMap(({ recipes }) => recipes.map(({ shell }) => [shell]));
    return shells.map((one) => ({ shells: one, path, folder: folderOf(path), variables: new Map() }));
  });
  return [...inPipelines, ...inScripts];
}

function pathsOf(job: Job): string[] {
  return [job.path, ...job.steps.map(({ path }) => path)].flatMap((path) => path ?? []);
}

function ofPipeline({ system, variables, jobs }: Pipeline, pipeline: string): DeployCode[] {
  const outer = filledIn(variables, new Map(), system);
  return jobs.flatMap((job) => {
    // GitLab fills in all of them when a job starts: the job's own stand in values of the file, too.
    const all = system === 'gitlab' && job.variables.length > 0 ? [...variables, ...job.variables] : job.variables;
    return ofJob(job, system, pipeline, filledIn(all.slice(-MAX_VARIABLES), outer, system));
  });
}

function ofJob(
  job: Job,
  system: Pipeline['system'],
  pipeline: string,
  outer: ReadonlyMap<string, string>,
): DeployCode[] {
  const codeOf = (steps: readonly Step[]): DeployCode[] => {
    const [first] = steps;
    if (!first) return [];
    const path = first.path ?? job.path ?? pipeline;
    const variables = filledIn(first.variables, outer, system);
    const shells = steps.flatMap(({ script }) => script?.shell ?? []);
    return [{ shells, path, folder: first.workingDirectory ?? '', variables, pipeline }];
  };
  const steps = job.steps.filter(({ script }) => script);
  if (system !== 'gitlab') return steps.flatMap((step) => codeOf([step]));
  // GitLab hands `before_script` and `script` to one shell.
  const paths = new Set(steps.map(({ path }) => path));
  return [...paths].flatMap((path) => {
    const own = steps.filter((step) => step.path === path);
    const after = own.filter(({ section }) => section === 'after');
    return [...codeOf(own.filter((step) => !after.includes(step))), ...codeOf(after)];
  });
}

/** How a value names another variable; expressions that stand for something else have no name. */
const REFERENCES: Readonly<Record<Pipeline['system'], RegExp>> = {
  github: /\$\{\{\s*env\.(\w+)\s*\}\}|\$\{\{[^{}]*\}\}/g,
  azure: /\$\(([\w.-]+)\)|\$\{\{\s*variables\.([\w.-]+)\s*\}\}|\$\{\{[^{}]*\}\}/g,
  gitlab: /\$\{(\w+)\}|\$([A-Za-z_]\w*)/g,
  circleci: /<<\s*[\w.-]+\s*>>/g,
  jenkins: /\$\{(\w+)\}/g,
};

/** Variables over outer ones, with those that their values name filled in; `${name}` stays where nobody knows it. */
function filledIn(
  own: readonly Variable[],
  outer: ReadonlyMap<string, string>,
  system: Pipeline['system'],
): ReadonlyMap<string, string> {
  if (own.length === 0) return outer;
  const written = new Map(own.map(({ name, value }) => [name, value]));
  const done = new Map(outer);
  const open = new Set<string>();
  const resolved = (name: string): string | undefined => {
    const value = written.get(name);
    if (value === undefined || open.has(name) || open.size > MAX_CALLS) return done.get(name);
    open.add(name);
    done.set(name, fill(value));
    open.delete(name);
    written.delete(name);
    return done.get(name);
  };
  const fill = (value: string): string => {
    let out = '';
    let from = 0;
    for (const match of value.matchAll(REFERENCES[system])) {
      const name = match[1] ?? match[2];
      out += value.slice(from, match.index) + ((name && resolved(name)) || `\${${name ?? 'expression'}}`);
      from = match.index + match[0].length;
      if (out.length > MAX_TEXT) return '${computed}';
    }
    return value.length - from > MAX_TEXT ? '${computed}' : out + value.slice(from);
  };
  for (const { name } of own) resolved(name);
  return done;
}

/**
 * Visits the commands of `code` in every way in which they can run, functions and scripts of the repository that are
 * called with arguments included.
 */
function eachCommandOf(facts: Facts, code: DeployCode, visit: (command: DeployCommand) => void): void {
  const scripts = facts.linked(shellScripts);
  let calls = 0;
  const run = (
    statements: readonly Statement[],
    path: string,
    folder: string,
    given: ReadonlyMap<string, string>,
    args: Ways,
    depth: number,
  ): void => {
    const variables = new Map(given);
    const starts = [...new Set([folder, '', folderOf(path)])];
    const start = standing(given);
    if (args) give(start, args);
    const enter = (command: Command, at: Standing, pipe?: Pipe): void => {
      for (const { name, value, append } of command.assignments) {
        if (value) variables.set(name, `${append ? (variables.get(name) ?? '') : ''}${filled(value, variables, at)}`);
      }
      const fill = (words: readonly Item[]): readonly Known[] => {
        const evaluated = words[0]?.value === 'eval';
        return words.flatMap((word) => {
          const text = filled(word, variables, at);
          const parts = evaluated || isSplit(word, text) ? wordsIn(text) : isLeftOut(word, text) ? [] : [text];
          return parts.map((one): Known => ({ text: one, path: word.path ?? path, span: word.span }));
        });
      };
      const folders = foldersAt(at, path, starts);
      const end = pipe?.commands.at(-1);
      const last = end?.kind === 'command' ? { last: fill(end.words) } : {};
      for (const [i, way] of expanded(command.words, at.arrays).entries()) {
        const words = fill(way);
        visit({ words, starts, folders, ...last, path, span: command.span, script: path, way: i });
        const called =
          depth < MAX_DEPTH && words.length > 1 ? calledScript(words, path, folders, starts, scripts) : undefined;
        if (!called || ++calls > MAX_CALLS) continue;
        const handed = called.args.map(({ text, ...place }): Item => ({ ...place, text, value: text }));
        for (const { statements } of called.shells)
          run(statements, called.path, folders[0] ?? folder, variables, [handed], depth + 1);
      }
    };
    walkShell(statements, enter, start, true);
  };
  const statements = code.shells.flatMap((shell) => shell.statements);
  run(statements, code.path, code.folder, code.variables, undefined, 0);
}

/** A variable that holds several words: `$HELM upgrade`, `helm upgrade web chart $OPTIONS`. */
function isSplit({ parts = [] }: Item, text: string): boolean {
  return parts.length === 1 && parts[0]!.kind === 'variable' && /^(?:-|helm\s|kubectl\s|oc\s)\S*\s/.test(text);
}

/** `${MORE:-}`, `${TAG:+--set tag=$TAG}`: nothing, unless somebody sets it. */
function isLeftOut({ parts = [] }: Item, text: string): boolean {
  const [part] = parts;
  if (parts.length !== 1 || part?.kind !== 'variable' || text !== `\${${part.name}}`) return false;
  return /^:?\+$/.test(part.operator ?? '') || (/^:?-$/.test(part.operator ?? '') && part.operand?.text === '');
}

/** Words of a text, as the shell reads it. */
function wordsIn(text: string): string[] {
  const words = text.match(/(?:[^\s"'\\]|"[^"]*"|'[^']*'|\\[^\n])+/g) ?? [];
  return words.map((word) => word.replace(/["']/g, ''));
}

/** Shell files by path. */
function shellScripts(facts: Facts): ReadonlyMap<string, readonly Shell[]> {
  return new Map(
    facts.of('script').flatMap(({ path, data }): [string, readonly Shell[]][] => {
      const shells = data.targets.flatMap(({ recipes }) => recipes.map(({ shell }) => shell));
      return data.type === 'shell' ? [[path, shells]] : [];
    }),
  );
}

/** A script of the repository that is called with arguments: it may do something with them, or hand them on. */
function calledScript(
  words: readonly Known[],
  path: string,
  folders: readonly string[],
  starts: readonly string[],
  scripts: ReadonlyMap<string, readonly Shell[]>,
): { path: string; shells: readonly Shell[]; args: readonly Known[] } | undefined {
  const start = words.findIndex(
    ({ text }) => !/^(?:sudo|env|exec|time|bash|sh|source|\.|-\w+|\w+=.*)$/s.test(baseName(text)),
  );
  const name = words[start]?.text;
  const args = words.slice(start + 1);
  if (name === undefined || start > 4 || args.length === 0 || /[\s$]/.test(name)) return undefined;
  const places = isAnchored(name)
    ? pathsIn(name, path, starts)
    : [...folders, ...starts].flatMap((one) => joinPath(one, name) ?? []);
  const found = places.find((one) => scripts.has(one));
  return found === undefined ? undefined : { path: found, shells: scripts.get(found)!, args };
}

/** A word with its variables filled in as far as they are known; what is not stays `${name}`. */
function filled(word: Word, variables: ReadonlyMap<string, string>, at: Standing): string {
  if (word.value !== undefined) return word.value;
  const text = (word.parts ?? [{ kind: 'literal', text: word.text } as const])
    .map((part) => {
      if (part.kind === 'literal') return part.text;
      const known = (part.kind === 'variable' && variables.get(part.name)) || partAt(part, at);
      if (known) return known;
      if (part.kind === 'expression') {
        const name = /^\$\{\{\s*(?:env|vars)\.(\w+)\s*\}\}$/.exec(part.text)?.[1];
        return (name && variables.get(name)) ?? '${expression}';
      }
      // Azure's `$(name)` looks like a command.
      if (part.kind === 'substitution')
        return variables.get(/^\$\(([\w.-]+)\)$/.exec(part.text)?.[1] ?? '') ?? '${computed}';
      if (part.kind !== 'variable') return '${computed}';
      const value = part.operator?.includes('-') && part.operand && filled(part.operand, variables, at);
      return value || `\${${part.name}}`;
    })
    .join('');
  return text.length > MAX_TEXT ? '${computed}' : text;
}
