/** Knows in which folder each command of a shell script runs, and which paths of the tree its words name. */
import { folderOf, joinPath } from '../paths.ts';
import {
  bodiesOf,
  type Command,
  childNodes,
  type Pipeline,
  type ShellNode,
  type Statement,
  substitutions,
  type Word,
  type WordPart,
  wordsOf,
} from '../shell.ts';
import { type Arrays, assigned, expanded, type Item, rejoined, type Ways } from './arrays.ts';
import { baseName, type ResolvedWord, resolveWord, withoutLaunchers } from './words.ts';

/**
 * Where a script stands while it runs. Paths are texts that begin with one of the marks below as far as they are known:
 * the script itself need not be known to follow them.
 */
export interface Standing {
  /** Beginning with a mark, or {@link UNKNOWN}. */
  folder: string;
  /** What `popd` goes back to. */
  readonly stack: readonly string[];
  /** Values of variables; shared by subshells, which seldom change them. */
  readonly scope: Map<string, string | undefined>;
  /** Lists of words, the arguments among them. */
  arrays: Arrays;
}

/** Characters for private use, which no path has: the root of the tree, the script, its folder, where it was started. */
const ROOT = '\ue100';
const SELF = '\ue101';
const HERE = '\ue102';
const START = '\ue103';
const MARK = /^[\ue100-\ue103]/;
/** A folder that is not known, or none of the tree. */
export const UNKNOWN = '?';

const MAX_PATH = 1000;
const MAX_TEXT = 20_000;
/** Functions that call each other, one in the other; deeper ones are visited at the end. */
const MAX_CALLS = 50;
/** Calls of functions that are followed again, with other arguments. */
const MAX_REPEATED = 200;

/** Where pipelines keep the checkout. */
const CHECKOUT =
  /^(?:GITHUB_WORKSPACE|CI_PROJECT_DIR|BUILD_SOURCESDIRECTORY|SYSTEM_DEFAULTWORKINGDIRECTORY|WORKSPACE|TRAVIS_BUILD_DIR|BITBUCKET_CLONE_DIR|CIRCLE_WORKING_DIRECTORY|BUILDKITE_BUILD_CHECKOUT_PATH|DRONE_WORKSPACE)$/;
const CHECKOUT_EXPRESSION = /^\$\{\{\s*github\.workspace\s*\}\}$/;
/** Functions of make; its recipes are shell code in which they look like commands. */
const MAKE_FUNCTION = /^(?:abspath|lastword|firstword|strip|patsubst)$/;

/** A script before its first command. */
export function standing(scope: ReadonlyMap<string, string | undefined> = new Map()): Standing {
  return { folder: START, stack: [], scope: new Map(scope), arrays: new Map() };
}

/** What a subshell starts with. */
export function inSubshell(at: Standing): Standing {
  return { ...at };
}

/** After branches of which one was taken: where all of them end, or nowhere known. */
export function rejoin(at: Standing, branches: readonly Standing[]): void {
  const folders = new Set(branches.map(({ folder }) => folder));
  if (folders.size > 0) at.folder = folders.size === 1 ? [...folders][0]! : UNKNOWN;
  if (folders.size > 0) at.arrays = rejoined(branches.map(({ arrays }) => arrays));
}

/** True for a branch that does not go on behind its end. */
export function leaves(body: readonly Statement[]): boolean {
  const last = body.at(-1)?.node;
  return last?.kind === 'command' && /^(?:exit|return|exec|continue|break|die|fail)$/.test(last.words[0]?.text ?? '');
}

/** Takes over what the assignments in front of a command say. */
export function assign(command: Command, at: Standing): void {
  for (const { name, value, append } of command.assignments) {
    const word = value && wordAt(value, at);
    const before = append ? at.scope.get(name) : '';
    const whole = word?.known && before !== undefined ? before + word.text : undefined;
    at.scope.set(name, whole !== undefined && whole.length < MAX_TEXT ? whole : undefined);
  }
  at.arrays = assigned(command, at.arrays);
  if (command.words[0]?.value === 'set' || command.words[0]?.value === 'shift') number(at);
}

/** Hands arguments to a script or a function. */
export function give(at: Standing, ways: Ways): void {
  at.arrays = new Map([...at.arrays, ['@', ways]]);
  number(at);
}

/** `$1` and the like, where they are the same in every way. */
function number(at: Standing): void {
  const ways = at.arrays.get('@');
  for (let i = 1; i < 10; i++) {
    const values = new Set(ways?.map((way) => way[i - 1]?.value));
    at.scope.set(String(i), values.size === 1 ? [...values][0] : undefined);
  }
}

/** The words of a command as they are handed on now, in every way. */
export function wordsHandedOn(words: readonly Word[], at: Standing): readonly (readonly Item[])[] {
  return expanded(words, at.arrays).map((way) =>
    way.map((word): Item => {
      const { text, known } = wordAt(word, at);
      return word.value === undefined && known ? { ...word, text, value: text } : word;
    }),
  );
}

/** Follows `cd`, `pushd` and `popd`; `words` are those of the command at this place, where they are known already. */
export function follow(command: Command, at: Standing, words?: readonly ResolvedWord[]): void {
  if (!/^(?:cd|pushd|popd|builtin|command)$/.test(command.words[0]?.text ?? '')) return;
  const all = words ?? command.words.map((word) => wordAt(word, at));
  const [verb, ...rest] = withoutLaunchers(all).map(({ text }) => text);
  const target = rest.find((word) => word === '-' || !/^-/.test(word));
  if (verb === 'popd') {
    at.folder = at.stack.at(-1) ?? UNKNOWN;
    Object.assign(at, { stack: at.stack.slice(0, -1) });
  } else if (verb === 'cd' || verb === 'pushd') {
    if (verb === 'pushd') Object.assign(at, { stack: [...at.stack, at.folder] });
    at.folder = target === undefined ? UNKNOWN : moved(at.folder, target);
  }
}

/** A word as the shell would pass it on; paths in it begin with a mark where it is known what they are relative to. */
export function wordAt(word: Word, at: Standing): ResolvedWord {
  return resolveWord(word, at.scope, (part) => partAt(part, at));
}

/** True for texts that name a place of the tree, wherever they are used. */
export function isAnchored(text: string): boolean {
  return MARK.test(text);
}

/**
 * Paths of the tree that a text with a mark stands for: one for each folder in which the script may have been started.
 * A text without a mark is relative to these. `script` is the path of the file with the code.
 */
export function pathsIn(text: string, script: string, starts: readonly string[]): string[] {
  const mark = text[0];
  const rest = MARK.test(text) ? text.slice(2) : text;
  const bases = mark === ROOT ? [''] : mark === HERE ? [folderOf(script)] : mark === SELF ? [script] : starts;
  const found = bases.flatMap((base) => (base === UNKNOWN ? [] : (joinPath(base, rest || '.') ?? [])));
  return [...new Set(found)];
}

/** Folders of the tree that a command at that place may run in, likeliest first; none where that is not known. */
export function foldersAt({ folder }: Standing, script: string, starts: readonly string[]): string[] {
  return folder === UNKNOWN ? [] : pathsIn(folder, script, starts);
}

/** A path of the tree as a text that {@link pathsIn} takes back, whatever the folder. */
export function anchored(path: string): string {
  return `${ROOT}/${path}`;
}

/**
 * Visits every command with its place in the tree, and the pipe that it is a part of: subshells, branches and functions are followed as they run; functions
 * at their first call, those that are never called at the end. With `repeated` they are followed at every call, with its arguments.
 */
export function walkShell(
  statements: readonly Statement[],
  visit: (command: Command, at: Standing, pipe?: Pipeline) => void,
  at: Standing = standing(),
  repeated = false,
): void {
  const functions = new Map<string, readonly Statement[]>();
  const visited = new Set<string>();
  const open = new Set<string>();
  let all = 0;
  collectFunctions(statements, functions);
  const list = (body: readonly Statement[], here: Standing): void => {
    for (const { node } of body) step(node, here);
  };
  const branches = (bodies: readonly (readonly Statement[])[], here: Standing, more: readonly Standing[]): void => {
    const ends = bodies.flatMap((body) => {
      const branch = inSubshell(here);
      list(body, branch);
      return leaves(body) ? [] : [branch];
    });
    rejoin(here, [...ends, ...more]);
  };
  const step = (node: ShellNode, here: Standing, pipe?: Pipeline): void => {
    for (const body of wordsOf(node).flatMap(substitutions)) list(body, inSubshell(here));
    if (node.kind === 'command') {
      assign(node, here);
      visit(node, here, pipe);
      follow(node, here);
      const name = node.words[0]?.text ?? '';
      const again = repeated && !open.has(name) && all < MAX_REPEATED;
      const called = open.size < MAX_CALLS && (again || !visited.has(name)) ? functions.get(name) : undefined;
      if (!called) return;
      visited.add(name);
      open.add(name);
      all++;
      const { arrays, scope } = here;
      const before = [...'123456789'].map((one) => [one, scope.get(one)] as const);
      if (repeated) give(here, wordsHandedOn(node.words.slice(1), here));
      list(called, here);
      open.delete(name);
      if (!repeated) return;
      here.arrays = new Map([...here.arrays, ['@', arrays.get('@')]]);
      for (const [one, value] of before) scope.set(one, value);
    } else if (node.kind === 'pipeline') {
      for (const part of node.commands) step(part, inSubshell(here), node);
    } else if (node.kind === 'and-or') {
      const [first, ...more] = node.items;
      if (first) step(first, here);
      const before = here.arrays;
      for (const item of more) step(item, here);
      // `[ -n "$X" ] && list+=(--x "$X")` fills it or not.
      if (first && isTest(first)) here.arrays = rejoined([here.arrays, before]);
    } else if (node.kind === 'block') {
      list(node.body, node.subshell ? inSubshell(here) : here);
    } else if (node.kind === 'if') {
      for (const { condition } of node.branches) list(condition, here);
      const bodies = node.branches.map(({ body }) => body);
      if (node.otherwise) branches([...bodies, node.otherwise], here, []);
      else branches(bodies, here, [inSubshell(here)]);
    } else if (node.kind === 'case') {
      const bodies = node.items.map(({ body }) => body);
      const any = node.items.some(({ patterns }) => patterns.some(({ text }) => text === '*'));
      branches(bodies, here, any ? [] : [inSubshell(here)]);
    } else if (node.kind === 'loop') {
      const inner = inSubshell(here);
      // Of several words, none is the value.
      const only = node.words.length === 1 ? wordAt(node.words[0]!, here) : undefined;
      if (node.variable !== undefined) here.scope.set(node.variable, only?.known ? only.text : undefined);
      list(node.condition, inner);
      list(node.body, inner);
      here.arrays = rejoined([inner.arrays, here.arrays]);
    }
  };
  list(statements, at);
  for (const [name, body] of functions) {
    if (visited.has(name)) continue;
    visited.add(name);
    const here = inSubshell(at);
    if (repeated) give(here, undefined);
    list(body, here);
  }
}

function isTest(node: ShellNode): boolean {
  return node.kind === 'test' || (node.kind === 'command' && /^(?:\[|test)$/.test(node.words[0]?.text ?? ''));
}

function collectFunctions(statements: readonly Statement[], found: Map<string, readonly Statement[]>): void {
  const visit = (node: ShellNode): void => {
    if (node.kind === 'function') found.set(node.name, node.body);
    for (const child of childNodes(node)) visit(child);
    for (const body of bodiesOf(node)) collectFunctions(body, found);
  };
  for (const { node } of statements) visit(node);
}

/** The folder one is in after `cd path`. */
function moved(folder: string, path: string): string {
  if (/[$`*]|^[~/]|^-$/.test(path) || (folder === UNKNOWN && !MARK.test(path))) return UNKNOWN;
  const whole = normal(MARK.test(path) ? path : `${folder}/${path}`);
  return whole.length > MAX_PATH ? UNKNOWN : whole;
}

/** Without dots, as far as that is known: nobody knows what lies above a mark. */
function normal(path: string): string {
  const [mark, ...parts] = path.split('/');
  const out: string[] = [];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else out.push(part);
  }
  return [mark, ...out].join('/');
}

function parentOf(path: string): string | undefined {
  if (path === SELF) return HERE;
  if (MARK.test(path)) return path.includes('/') && !path.endsWith('..') ? folderOf(path) : `${path}/..`;
  return path.includes('/') ? folderOf(path) || '/' : '.';
}

/** Value of a variable that is known, or of a part of a word that says where something is; undefined for all others. */
export function partAt(part: WordPart, at: Standing): string | undefined {
  if (part.kind === 'expression') return CHECKOUT_EXPRESSION.test(part.text) ? ROOT : undefined;
  if (part.kind === 'substitution') return part.process ? undefined : outputOf(part.body, inSubshell(at));
  if (part.kind !== 'variable') return undefined;
  const value = at.scope.get(part.name) ?? wellKnown(part.name, at);
  if (value === undefined) {
    const word = part.operator?.endsWith('-') && part.operand ? wordAt(part.operand, at) : undefined;
    return word?.known ? word.text : undefined;
  }
  if (part.operator?.startsWith('%')) return part.text.endsWith('/*}') ? parentOf(value) : undefined;
  return part.operator === undefined || /^:?[-?]$/.test(part.operator) ? value : undefined;
}

function wellKnown(name: string, { folder, scope }: Standing): string | undefined {
  if (scope.has(name)) return undefined;
  if (name === 'PWD') return folder === UNKNOWN ? undefined : folder;
  if (name === '0' || name === 'BASH_SOURCE' || name === 'MAKEFILE_LIST') return SELF;
  if (name === 'CURDIR') return START;
  return CHECKOUT.test(name) ? ROOT : undefined;
}

/** What a substitution prints, where that is a path: `cd "$(dirname "$0")/.." && pwd`, `git rev-parse --show-toplevel`. */
function outputOf(body: readonly Statement[], at: Standing): string | undefined {
  let printed: string | undefined;
  for (const { node } of body) {
    const own = printedBy(node, at);
    if (own !== undefined) printed = own;
  }
  return printed;
}

function printedBy(node: ShellNode, at: Standing): string | undefined {
  if (node.kind === 'and-or') {
    let printed: string | undefined;
    for (const [i, item] of node.items.entries()) {
      // `git rev-parse --show-toplevel || pwd`: the second is for when there is no first.
      if (i > 0 && node.operators[i - 1] === '||' && printed !== undefined) continue;
      printed = printedBy(item, at) ?? printed;
    }
    return printed;
  }
  if (node.kind === 'block') return outputOf(node.body, node.subshell ? inSubshell(at) : at);
  if (node.kind !== 'command') return undefined;
  assign(node, at);
  const words = node.words.map((word) => wordAt(word, at));
  follow(node, at, words);
  const [first, ...rest] = words[0]?.text === 'shell' ? words.slice(1) : withoutLaunchers(words);
  const name = baseName(first?.text ?? '');
  const plain = rest.filter(({ text }) => !text.startsWith('-'));
  const path = plain.at(-1)?.known ? plain.at(-1)!.text : undefined;
  if (name === 'pwd') return at.folder === UNKNOWN ? undefined : at.folder;
  if (name === 'git') return rest.some(({ text }) => text === '--show-toplevel') ? ROOT : undefined;
  if (path === undefined) return undefined;
  if (name === 'dirname' || name === 'dir') return parentOf(path.replace(/(?<=.)\/+$/, ''));
  if (name === 'realpath' || name === 'readlink') {
    const whole = moved(at.folder, path);
    return whole === UNKNOWN ? undefined : whole;
  }
  return name === 'echo' || MAKE_FUNCTION.test(name) ? path : undefined;
}
