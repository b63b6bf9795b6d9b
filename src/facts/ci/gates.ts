/** Knows what CI really runs: the tests, scans, lints, builds and deployments of each step, through scripts it calls, and what becomes of their failure. */

import { baseName, type Call, callsOf, firstMatch, glob, isInquiry } from '../commandline.ts';
import type { Facts, FileFacts } from '../facts.ts';
import { fileName } from '../paths.ts';
import type { Script, Target } from '../script.ts';
import { anchored, isAnchored, pathsIn, UNKNOWN } from '../shell/folders.ts';
import { type Command, commandText, type Statement } from '../shell.ts';
import type { Place } from '../span.ts';
import { linkPipelines } from './gitlab.ts';
import type { Job, Pipeline, Step } from './pipeline.ts';
import { type Fate, type Run, runsOf, type ShellFlags } from './status.ts';

export type Role = 'scan' | 'test' | 'lint' | 'build' | 'deploy';
export const roles: readonly Role[] = ['scan', 'test', 'lint', 'build', 'deploy'];

/** What tools are and do; data of the rule pages. Patterns are those of `matches`. */
export interface Knowledge {
  readonly tools: Readonly<Record<Role, readonly string[]>>;
  /** Action names (`owner/repo`, `*` allowed) → role. */
  readonly actions: Readonly<Record<string, string>>;
  /** Words in names of scripts, make targets and npm scripts → role. */
  readonly words: Readonly<Record<string, string>>;
  /** Commands that succeed whatever happened before. */
  readonly neutral: readonly string[];
}

/** One command or action that may fail the pipeline. */
export interface Gate {
  readonly role: Role;
  /** The command as one line, or the action's name. */
  readonly text: string;
  /** The pattern it matched: the tool's name. */
  readonly tool: string;
  readonly place: Place;
  readonly fate: Fate;
  /** Place of what loses the failure; in a script, not in the pipeline file, when the script does. */
  readonly command?: Command;
  readonly call?: Call;
  /** A test in front of it decides whether it runs. */
  readonly guarded?: boolean;
  /** A script of the repository that only prints, whatever its name promises. */
  readonly hollow?: boolean;
  /** The script target the gate stands in, when it is not the step itself. */
  readonly script?: { readonly path: string; readonly target: string };
}

export interface JudgedStep {
  readonly file: FileFacts<Pipeline>;
  readonly job: Job;
  readonly step: Step;
  /** Where the step is written. */
  readonly place: Place;
  readonly gates: readonly Gate[];
  /** Every command of the step itself, in order. */
  readonly runs: readonly Run[];
}

/** All steps of all pipelines, linked, in order; one list a job. */
export function judgedJobs(facts: Facts, knowledge: Knowledge): readonly (readonly JudgedStep[])[] {
  const scripts = facts.linked(scriptIndex);
  const judge = new Judge(scripts, knowledge);
  return facts.linked(linkPipelines).flatMap((file) =>
    file.data.jobs.map((job) =>
      job.steps.map((step): JudgedStep => {
        const place = { path: step.path ?? file.path, span: step.span };
        const { gates, runs } = judge.step(step, place.path);
        return { file, job, step, place, gates, runs };
      }),
    ),
  );
}

type ScriptIndex = ReadonlyMap<string, FileFacts<Script>>;

/** Scripts by their path. Use through `facts.linked`. */
export function scriptIndex(facts: Facts): ScriptIndex {
  return new Map(facts.of('script').map((file) => [file.path, file]));
}

/** What scripts run, by the list of neutral commands and by the script; both are kept alive by their owners alone. */
const runCaches = new WeakMap<readonly string[], WeakMap<readonly Statement[], readonly Run[]>>();

/** Guards the recursion through scripts that call scripts. */
class Judge {
  readonly #scripts: ScriptIndex;
  readonly #knowledge: Knowledge;
  readonly #open = new Set<string>();
  readonly #neutral: (command: Command) => boolean;
  readonly #cache: WeakMap<readonly Statement[], readonly Run[]>;

  constructor(scripts: ScriptIndex, knowledge: Knowledge) {
    this.#scripts = scripts;
    this.#knowledge = knowledge;
    this.#neutral = (command) => isNeutral(command, knowledge.neutral);
    this.#cache = runCaches.get(knowledge.neutral) ?? new WeakMap();
    runCaches.set(knowledge.neutral, this.#cache);
  }

  step(step: Step, path: string): { gates: Gate[]; runs: readonly Run[] } {
    const started = step.task ?? (step.uses && step.uses.kind !== 'local' ? step.uses : undefined);
    if (!step.script && started) {
      const { name, span } = started;
      const role = roleOfAction(name, this.#knowledge);
      const place = { path, span };
      const gate = role && { role, text: name, tool: name, place, fate: { kind: 'counts' as const } };
      return { gates: gate ? [gate] : [], runs: [] };
    }
    if (!step.script) return { gates: [], runs: [] };
    const after: Fate | undefined =
      step.section === 'after' ? { kind: 'lost', by: 'outside', span: step.span, text: 'after_script' } : undefined;
    const { statements } = step.script.shell;
    const directory = step.workingDirectory === undefined ? '' : literalPath(step.workingDirectory);
    return this.#body(statements, step.script, path, directory, after);
  }

  #body(
    statements: readonly Statement[],
    flags: ShellFlags,
    path: string,
    directory: string,
    outer?: Fate,
  ): { gates: Gate[]; runs: readonly Run[] } {
    const runs = outer ? runsOf(statements, flags, this.#neutral, outer) : this.#plainRuns(statements, flags);
    const gates: Gate[] = [];
    for (const run of runs) gates.push(...this.#gates(run, path, directory));
    return { gates, runs };
  }

  /** Several checks ask for the same steps with other patterns: what runs is worked out once. */
  #plainRuns(statements: readonly Statement[], flags: ShellFlags): readonly Run[] {
    const known = this.#cache.get(statements);
    if (known) return known;
    const runs = runsOf(statements, flags, this.#neutral);
    this.#cache.set(statements, runs);
    return runs;
  }

  #gates(run: Run, path: string, start: string): Gate[] {
    const { command, guarded } = run;
    if (isInquiry(command)) return [];
    const fate = (run.fate.kind === 'counts' ? ignoredByMake(command) : undefined) ?? run.fate;
    const calls = callsOf(command);
    const place = { path, span: command.span };
    const directory = folderOfRun(run, path, start);
    const inner = this.#called(
      calls.map((call) => anchoredCall(call, run.paths, path, start)),
      directory,
    );
    if (inner) {
      if (fate.kind === 'counts') return inner;
      const strongest = roles.map((role) => inner.find((gate) => gate.role === role)).find((gate) => gate);
      if (strongest) return [{ ...strongest, text: short(command), place, fate, command }];
    }
    for (const role of roles) {
      const found = firstMatch(calls, this.#knowledge.tools[role]);
      if (found)
        return [{ role, text: short(command), tool: found.pattern, call: found.call, place, fate, command, guarded }];
    }
    for (const call of calls) {
      if (call.some((word) => /(?:^|\/)(?:demos?|examples?|samples?)\//.test(word) || inRunnerTemp(word))) continue;
      const name = scriptName(call);
      const role = name === undefined ? undefined : roleOfName(name, this.#knowledge.words);
      const hollow = (role === 'test' || role === 'scan') && this.#onlyPrints(call, directory);
      if (role) return [{ role, text: short(command), tool: name!, call, place, fate, command, guarded, hollow }];
    }
    return [];
  }

  /** Gates of the repository's own script that the calls start; undefined when they start none, or one without gates. */
  #called(calls: readonly Call[], directory: string): Gate[] | undefined {
    for (const call of calls) {
      const found = targetsOf(call, directory, this.#scripts);
      if (found.length === 0) continue;
      // A script that prepares data runs tools for their output.
      if (
        found.some(({ file, target }) =>
          /prepare|generate|(?:^|[^a-z])data(?:[^a-z]|$)/i.test(`${baseName(file.path)} ${target.name}`),
        )
      )
        return undefined;
      const gates = found.flatMap(({ file, target, home }) => this.#target(file, target, home));
      return gates.length > 0 ? gates : undefined;
    }
    return undefined;
  }

  #onlyPrints(call: Call, directory: string): boolean {
    const found = targetsOf(call, directory, this.#scripts);
    const runs = found.flatMap(({ file, target }) =>
      target.recipes.flatMap((recipe) => this.#plainRuns(recipe.shell.statements, file.data)),
    );
    return (
      runs.length > 0 &&
      found.every(({ target }) => target.prerequisites.length === 0) &&
      runs.every(({ command }) => isPrint(command))
    );
  }

  #target(file: FileFacts<Script>, target: Target, home: string): Gate[] {
    const key = `${file.path}\u0000${target.name}`;
    if (this.#open.has(key) || this.#open.size > 8) return [];
    this.#open.add(key);
    const script = { path: file.path, target: target.name };
    const before = file.data.targets.filter(({ name }) => target.prerequisites.includes(name));
    const gates = before.flatMap((one) => this.#target(file, one, home));
    for (const recipe of target.recipes) {
      const outer: Fate | undefined = recipe.ignored && {
        kind: 'lost',
        by: 'outside',
        span: recipe.ignored,
        text: '-',
      };
      const body = this.#body(recipe.shell.statements, file.data, file.path, home, outer);
      gates.push(...body.gates.map((gate) => (gate.script ? gate : { ...gate, script })));
    }
    this.#open.delete(key);
    return gates;
  }
}

/** `make -i` goes on whatever fails, and succeeds. */
function ignoredByMake({ words }: Command): Fate | undefined {
  const flag = words.find(({ text }) => /^(?:-[Bkrs]*i[Bkrs]*|--ignore-errors)$/.test(text));
  if (!flag || !/^(?:.*\/)?g?make$/.test(words[0]?.text ?? '')) return undefined;
  return { kind: 'lost', by: 'outside', span: flag.span, text: flag.text };
}

/** Helpers that an action laid down outside of the repository: their names promise nothing about its code. */
export function inRunnerTemp(word: string): boolean {
  return /^\$\{?RUNNER_TEMP\b|^\$\{\{\s*runner\.temp\b/.test(word);
}

function short(command: Command): string {
  const text = commandText(command);
  return text.length > 70 ? `${text.slice(0, 67)}...` : text;
}

/** A command that says something, or nothing, and has no other effect. */
export function isPrint({ words, redirections }: Command): boolean {
  return /^(?:echo|printf|true|:|sleep|set)$/.test(words[0]?.text ?? '') && redirections.length === 0;
}

function isNeutral(command: Command, patterns: readonly string[]): boolean {
  const name = command.words[0];
  if (!name) return command.assignments.length === 0;
  if (/^(?:exit|return)$/.test(name.text)) return command.words[1]?.value === '0';
  return firstMatch(callsOf(command), patterns) !== undefined;
}

function roleOfAction(name: string, knowledge: Pick<Knowledge, 'actions'>): Role | undefined {
  for (const [pattern, role] of Object.entries(knowledge.actions)) {
    if (glob(pattern)(name)) return role as Role;
  }
  return undefined;
}

/** Role by the words of a name: `scripts/run_tests.sh`, `test:unit`, "Security scan". The first word that is known decides. */
export function roleOfName(name: string, words: Knowledge['words']): Role | undefined {
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  for (const role of roles) {
    if (parts.some((part) => Object.hasOwn(words, part) && words[part] === role)) return role;
  }
  return undefined;
}

const interpreters =
  /^(?:python[\d.]*|py|node|deno|bun|tsx|ts-node|ruby|perl|php|bash|sh|zsh|dash|ksh|pwsh|source|\.)$/;

/** Name of the script, make target or npm script that a call starts; undefined for other programs. */
function scriptName(call: Call): string | undefined {
  const name = baseName(call[0]!);
  const rest = call.slice(1);
  const words = rest.filter((word) => !word.startsWith('-'));
  if (interpreters.test(name)) {
    const file = words[0];
    return file && /\.(?:py|sh|bash|[cm]?[jt]s|rb|pl|php|ps1)$/.test(file) ? fileName(file) : undefined;
  }
  if (/\.(?:py|sh|bash|rb|pl|ps1)$/.test(name)) return name;
  if (/^(?:g?make|just|task|mage|invoke|inv|rake|ant)$/.test(name))
    return words.filter((word) => !word.includes('=')).join(' ') || undefined;
  if (/^(?:npm|pnpm|yarn|bun)$/.test(name)) return npmScript(call);
  return undefined;
}

function npmScript(call: Call): string | undefined {
  const [name, ...rest] = call;
  const valued = /^(?:--(?:prefix|cwd|dir|filter|workspace)|-[CFw])$/;
  const words: string[] = [];
  for (let i = 0; i < rest.length && rest[i] !== '--'; i++) {
    if (valued.test(rest[i]!)) i++;
    else if (!rest[i]!.startsWith('-')) words.push(rest[i]!);
  }
  const [first, second] = words;
  if (first === 'run' || first === 'run-script') return second;
  if (first === 'workspace' && name === 'yarn') return words[2] === 'run' ? words[3] : words[2];
  if (first === 'test' || first === 't' || first === 'tst') return 'test';
  if (name === 'npm' || first === undefined) return undefined;
  return /^(?:install|add|remove|exec|dlx|x|why|audit|publish|config|cache|set|info|outdated|up|upgrade|link|pack)$/.test(
    first,
  )
    ? undefined
    : first;
}

/** A target that a call starts. */
export interface Found {
  readonly file: FileFacts<Script>;
  readonly target: Target;
  /** The folder it runs in. */
  readonly home: string;
}

/** Targets of the repository's own scripts that a call starts, from `directory` (`?` when it is not known). */
export function targetsOf(call: Call, directory: string, scripts: ScriptIndex): Found[] {
  const name = baseName(call[0]!);
  const rest = call.slice(1);
  const target = (file: FileFacts<Script> | undefined, id: string, home: string): Found[] => {
    const found = file?.data.targets.find((one) => one.name === id);
    return file && found ? [{ file, target: found, home }] : [];
  };
  const option = (...flags: string[]): string | undefined => {
    const at = rest.findIndex((word) => flags.includes(word));
    const glued = rest.find((word) => flags.some((flag) => word.startsWith(`${flag}=`)));
    return glued ? glued.slice(glued.indexOf('=') + 1) : at < 0 ? undefined : rest[at + 1];
  };
  if (/^g?make$/.test(name)) {
    const home = joined(directory, option('-C', '--directory') ?? '');
    const own = option('-f', '--file', '--makefile');
    const names = own === undefined ? ['GNUmakefile', 'makefile', 'Makefile'] : [own];
    const file = names.map((one) => scripts.get(joined(home, one))).find((one) => one);
    if (!file) return [];
    const values = new Set(['-C', '-f', '-j', '--directory', '--file', '--makefile']);
    const wanted = rest.filter(
      (word, i) => !word.startsWith('-') && !word.includes('=') && !values.has(rest[i - 1] ?? ''),
    );
    const first = file.data.targets.find((one) => !one.name.startsWith('.') && !one.name.includes('%'));
    return (wanted.length > 0 ? wanted : [first?.name ?? '']).flatMap((one) => target(file, one, home));
  }
  if (/^(?:go-)?task$/.test(name)) {
    const home = joined(directory, option('-d', '--dir') ?? '');
    const own = option('-t', '--taskfile');
    const names =
      own === undefined
        ? ['Taskfile.yml', 'taskfile.yml', 'Taskfile.yaml', 'taskfile.yaml', 'Taskfile.dist.yml']
        : [own];
    const file = names.map((one) => scripts.get(joined(home, one))).find((one) => one);
    const end = rest.indexOf('--');
    const wanted = (end < 0 ? rest : rest.slice(0, end)).filter((word) => !word.startsWith('-') && !word.includes('='));
    return (wanted.length > 0 ? wanted : ['default']).flatMap((one) => target(file, one, home));
  }
  const script = /^(?:npm|pnpm|yarn|bun)$/.test(name) ? npmScript(call) : undefined;
  if (script !== undefined) {
    const home = joined(directory, option('--prefix', '--cwd', '-C', '--dir') ?? '');
    return target(scripts.get(joined(home, 'package.json')), script, home);
  }
  const path = /^(?:bash|sh|dash|zsh|ksh|source|\.)$/.test(name!)
    ? rest.find((word) => !word.startsWith('-'))
    : undefined;
  const own = call[0]!.includes('/') ? call[0]! : undefined;
  const file = path ?? own;
  return file === undefined ? [] : target(scripts.get(joined(directory, file)), '', directory);
}

/** The folder a command of the file at `path` runs in, when the file's code starts in `start`; `?` where that is not known. */
export function folderOfRun({ directory }: Run, path: string, start: string): string {
  return directory === UNKNOWN ? UNKNOWN : (pathsIn(directory, path, [start])[0] ?? UNKNOWN);
}

/** The words of a call with those that name a place of the tree as paths from its root. */
export function anchoredCall(call: Call, paths: Run['paths'], path: string, start: string): Call {
  if (!paths) return call;
  return call.map((word) => {
    const text = paths.get(word) ?? '';
    const [found] = isAnchored(text) ? pathsIn(text, path, [start]) : [];
    return found === undefined ? word : anchored(found);
  });
}

/** A path as far as it is known before the run; `?` for one with expressions or outside the repository. */
function literalPath(path: string): string {
  const plain = path.replace(
    /^\$\{\{\s*github\.workspace\s*\}\}\/?|^\$(?:GITHUB_WORKSPACE|CI_PROJECT_DIR|\{GITHUB_WORKSPACE\}|\{CI_PROJECT_DIR\})\/?/,
    '',
  );
  return /[$`*{]/.test(plain) || plain.startsWith('/') ? '?' : joined('', plain);
}

/** `base/path` without dots; `?` when it is not known or leaves the repository. */
export function joined(base: string, path: string): string {
  if (path === UNKNOWN || /[$`*]/.test(path) || (base === UNKNOWN && !isAnchored(path))) return UNKNOWN;
  return pathsIn(path, '', [base])[0] ?? UNKNOWN;
}
