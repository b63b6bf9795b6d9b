/** Knows scripts that CI runs by name: shell files, Makefile targets, package.json scripts and tasks of Taskfiles. */
import type { Extracted, ExtractInput, Extractor, ParseProblem } from './facts.ts';
import { type ReadWritten, type WrittenSetting, writtenReader } from './shell/written.ts';
import { type ParseShell, type Shell, shellParser } from './shell.ts';
import type { Span } from './span.ts';
import {
  at,
  booleanOf,
  entriesOf,
  itemsOf,
  loadYaml,
  scalarOffsets,
  textOf,
  type YamlFile,
  type YamlNode,
  type YamlScalar,
} from './yaml.ts';

export interface Script {
  readonly type: 'shell' | 'make' | 'package' | 'task';
  /** How the code is run: bash's `-e` and `-o pipefail` as the file itself sets them outside its code. */
  readonly errexit: boolean;
  readonly pipefail: boolean;
  /** One with an empty name for a shell file; targets of a Makefile; scripts of package.json; tasks. */
  readonly targets: readonly Target[];
  /** Of a shell file: settings that it writes into files. */
  readonly written?: readonly WrittenSetting[];
}

export interface Target {
  readonly name: string;
  readonly span: Span;
  /** Make targets that run before this one. */
  readonly prerequisites: readonly string[];
  /** Each is run by a shell of its own; the first that fails ends the target. */
  readonly recipes: readonly Recipe[];
}

export interface Recipe {
  readonly span: Span;
  /** The span of make's `-` in front of the line: its status is ignored. */
  readonly ignored?: Span;
  readonly shell: Shell;
}

const shellNames = /\.(?:sh|bash|ksh)$/i;
const makeNames = /^(?:GNUmakefile|[Mm]akefile)(?:\.\w+)?$|\.(?:mk|make)$/;
const taskNames = /^[Tt]askfile(?:\.dist)?\.ya?ml$/;
const shebang = /^#!\s*(?:\/usr)?\/?(?:\S*\/)?(?:env\s+(?:-S\s+)?)?(?:\S*\/)?(?:ba|da|k|z)?sh\b(?<flags>[^\r\n]*)/;

export const script: Extractor<'script'> = {
  kind: 'script',
  accepts: (path) => typeOf(path) !== undefined || !/\.[^/]*$/.test(baseName(path)),
  recognises: (path, text) => typeOf(path) !== undefined || shebang.test(text.slice(0, 200)),
  load: async () => {
    const [parse, readYaml, readWritten] = await Promise.all([shellParser(), loadYaml(), writtenReader()]);
    return (input) => {
      const type = typeOf(input.path) ?? 'shell';
      if (type === 'make') return makefile(input, parse);
      if (type === 'task') return taskfile(input, parse, readYaml(input.text));
      return type === 'package' ? packageScripts(input, parse) : shellFile(input, parse, readWritten);
    };
  },
};

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function typeOf(path: string): Script['type'] | undefined {
  const name = baseName(path);
  if (name === 'package.json') return 'package';
  if (makeNames.test(name)) return 'make';
  if (taskNames.test(name)) return 'task';
  return shellNames.test(name) ? 'shell' : undefined;
}

function shellFile({ text }: ExtractInput, parse: ParseShell, readWritten: ReadWritten): Extracted<Script> {
  const flags = shebang.exec(text.slice(0, 200))?.groups?.flags ?? '';
  const span = { start: 0, end: text.length };
  const shell = parse(text);
  const target = { name: '', span, prerequisites: [], recipes: [{ span, shell }] };
  const errexit = /\s-\w*e/.test(flags);
  const written = readWritten(shell.statements);
  const data: Script = {
    type: 'shell',
    errexit,
    pipefail: /\bpipefail\b/.test(flags),
    targets: [target],
    ...(written.length > 0 && { written }),
  };
  return { data, problems: tolerated(shell.problems) };
}

/** A script that cannot be read in one place is still understood elsewhere. */
function tolerated(problems: readonly ParseProblem[]): ParseProblem[] {
  return problems.map((problem) => ({ ...problem, tolerated: true }));
}

/** Text put together from pieces of a file, with the file offset of each character. */
interface Mapped {
  text: string;
  readonly offsets: number[];
}

const maxExpansion = 10_000;
const makeVariable = /\$\(([\w.-]+)\)|\$\{([\w.-]+)\}/g;

function makefile({ text }: ExtractInput, parse: ParseShell): Extracted<Script> {
  const lines = logicalLines(text);
  const variables = makeVariables(lines);
  const expand = makeExpander(variables);
  const oneShell = lines.some((line) => /^\.ONESHELL\s*:/.test(line.text));
  const flags = variables.get('.SHELLFLAGS') ?? '';
  const problems: ParseProblem[] = [];
  const targets: { name: string; span: Span; prerequisites: string[]; recipes: Recipe[] }[] = [];
  let current: typeof targets = [];
  let defining = false;
  for (const line of lines) {
    if (/^\s*(?:define|endef)\b/.test(line.text)) {
      defining = /^\s*define\b/.test(line.text);
    } else if (defining) {
    } else if (line.text.startsWith('\t')) {
      if (current.length === 0 || !line.text.trim()) continue;
      const recipe = recipeOf(line, expand, parse, oneShell ? current[0]?.recipes : undefined);
      problems.push(...tolerated(recipe.shell.problems));
      for (const target of current) target.recipes.push(recipe);
    } else if (
      line.text.trim() &&
      !/^\s*(?:#|ifn?eq\b|ifn?def\b|else\b|endif\b|-?include\b|export\b)/.test(line.text)
    ) {
      const rule = /^(?<names>[^:=#]+)::?(?!=)(?<rest>[^#;]*)/.exec(line.text)?.groups;
      const assigns = /^\s*[\w.-]+\s*(?:[:?+!]{0,3}=)/.test(line.text) || /^[^:]*:\s*\w+\s*[:?+]?=/.test(line.text);
      current = [];
      if (!rule || assigns) continue;
      const span = { start: line.offsets[0] ?? 0, end: (line.offsets[rule.names!.trimEnd().length - 1] ?? 0) + 1 };
      const prerequisites = namesIn(expand(rule.rest ?? ''));
      const names = namesIn(expand(rule.names!)).slice(0, 50);
      current = names.map((name) => ({ name, span, prerequisites, recipes: [] }));
      targets.push(...current);
      const inline = line.text.indexOf(';', rule.names!.length);
      if (inline < 0 || line.text.slice(0, inline).includes('#')) continue;
      const body = { text: line.text.slice(inline + 1), offsets: line.offsets.slice(inline + 1) };
      const recipe = recipeOf(body, expand, parse, undefined);
      problems.push(...tolerated(recipe.shell.problems));
      for (const target of current) target.recipes.push(recipe);
    }
  }
  const pipefail = /\bpipefail\b/.test(flags);
  return { data: { type: 'make', errexit: /(?:^|\s)-\w*e/.test(flags), pipefail, targets }, problems };
}

/** Names between blanks; what a function of make gives is a part of one: `$(shell pwd)/bin/tool`. */
function namesIn(text: string): string[] {
  return text.match(/(?:\$\([^()]*\)|[^\s|])+/g) ?? [];
}

/** Lines with backslash continuations joined (the backslash and break are kept: the shell reads them as well). */
function logicalLines(text: string): Mapped[] {
  const out: Mapped[] = [];
  let line: Mapped = { text: '', offsets: [] };
  for (const match of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n|$)/g)) {
    if (match[0] === '') break;
    const body = match[0].replace(/[\r\n]+$/, '');
    const continued = /(?:^|[^\\])(?:\\\\)*\\$/.test(body.slice(-50));
    const skip = line.text && body.startsWith('\t') ? 1 : 0;
    const piece = continued ? `${body.slice(skip)}\n` : body.slice(skip);
    for (let i = 0; i < piece.length; i++) line.offsets.push(match.index + skip + i);
    line.text += piece;
    if (continued) continue;
    out.push(line);
    line = { text: '', offsets: [] };
  }
  if (line.text) out.push(line);
  return out;
}

function makeVariables(lines: readonly Mapped[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { text } of lines) {
    if (text.startsWith('\t')) continue;
    const match = /^ *(?:export\s+|override\s+)*(?<name>[\w.-]+)\s*(?<operator>\?|:{0,3}|\+)=\s*(?<value>[^#]*)/.exec(
      text,
    );
    if (!match?.groups) continue;
    const { name, operator, value } = match.groups;
    const clean = value!.replace(/\\\n/g, ' ').trim();
    const before = variables.get(name!);
    if (operator === '+') variables.set(name!, `${before ?? ''} ${clean}`.trim().slice(0, maxExpansion));
    else if (operator !== '?' || before === undefined) variables.set(name!, clean);
  }
  return variables;
}

/** Replaces known variables by their values; each variable is expanded once, to at most `maxExpansion` characters. */
function makeExpander(variables: ReadonlyMap<string, string>): (text: string) => string {
  const done = new Map<string, string | undefined>();
  const resolve = (name: string): string | undefined => {
    if (done.has(name) || !variables.has(name)) return done.get(name);
    done.set(name, undefined);
    done.set(name, expand(variables.get(name)!));
    return done.get(name);
  };
  const expand = (text: string): string => {
    let out = '';
    let from = 0;
    for (const match of text.matchAll(makeVariable)) {
      out += text.slice(from, match.index) + (resolve(match[1] ?? match[2]!) ?? match[0]);
      from = match.index + match[0].length;
      if (out.length > maxExpansion) return out.slice(0, maxExpansion);
    }
    return out + text.slice(from);
  };
  return expand;
}

function recipeOf(
  line: Mapped,
  expand: (text: string) => string,
  parse: ParseShell,
  earlier: readonly Recipe[] | undefined,
): Recipe {
  const prefix = /^[\t @+-]*/.exec(line.text)?.[0] ?? '';
  const dash = prefix.indexOf('-');
  const code = shellText({ text: line.text.slice(prefix.length), offsets: line.offsets.slice(prefix.length) }, expand);
  const first = line.offsets[prefix.length] ?? line.offsets.at(-1) ?? 0;
  const last = line.offsets.at(-1) ?? first;
  const shell = parse(code.text, (offset) => code.offsets[offset] ?? last + 1);
  const ignored = dash >= 0 && (earlier === undefined || earlier.length === 0) ? line.offsets[dash] : undefined;
  const span = { start: Math.min(first, last + 1), end: last + 1 };
  return { span, shell, ...(ignored === undefined ? {} : { ignored: { start: ignored, end: ignored + 1 } }) };
}

/** What make hands to the shell: its own variables replaced by their values where known, `$$` by `$`. */
function shellText(line: Mapped, expand: (text: string) => string): Mapped {
  const out: Mapped = { text: '', offsets: [] };
  const copy = (start: number, end: number): void => {
    out.text += line.text.slice(start, end);
    for (let i = start; i < end; i++) out.offsets.push(line.offsets[i]!);
  };
  const replace = (text: string, start: number, end: number): void => {
    out.text += text;
    for (let i = 1; i < text.length; i++) out.offsets.push(line.offsets[start]!);
    if (text) out.offsets.push(line.offsets[end - 1]!);
  };
  let from = 0;
  for (const match of line.text.matchAll(/\$\$|\$\(([\w.-]+)\)|\$\{([\w.-]+)\}/g)) {
    copy(from, match.index);
    from = match.index + match[0].length;
    const name = match[1] ?? match[2];
    const value = name === undefined ? '$' : expand(match[0]);
    const known = value !== match[0] && out.text.length < maxExpansion * 10;
    replace(known || name === undefined ? value : `\${${name.replace(/\W/g, '_')}}`, match.index, from);
  }
  copy(from, line.text.length);
  return out;
}

function packageScripts({ text }: ExtractInput, parse: ParseShell): Extracted<Script> {
  const problems: ParseProblem[] = [];
  const targets: Target[] = [];
  for (const { key, value, span } of scriptEntries(text)) {
    const { text: code, offsets } = decodeString(text, value);
    const shell = parse(code, (offset) => offsets[offset] ?? value.end);
    problems.push(...tolerated(shell.problems));
    targets.push({ name: key, span, prerequisites: [], recipes: [{ span: value, shell }] });
  }
  return { data: { type: 'package', errexit: false, pipefail: false, targets }, problems };
}

/** Tasks with their commands; tasks that a command names run as if they came before it. */
function taskfile({ text }: ExtractInput, parse: ParseShell, file: YamlFile): Extracted<Script> {
  const problems: ParseProblem[] = [...file.problems];
  const recipeOfScalar = (node: YamlScalar, ignored: YamlNode | undefined): Recipe => {
    const map = scalarOffsets(text, node);
    const shell = parse(node.text, map);
    problems.push(...tolerated(shell.problems));
    return { span: node.span, shell, ...(booleanOf(ignored) ? { ignored: ignored!.span } : {}) };
  };
  const targets = entriesOf(at(file.documents[0]?.root, 'tasks')).map(({ key, value, span }): Target => {
    const recipes: Recipe[] = [];
    const prerequisites = itemsOf(at(value, 'deps')).flatMap((one) => textOf(one) ?? textOf(at(one, 'task')) ?? []);
    const listed = value.kind === 'map' ? [at(value, 'cmd'), at(value, 'cmds')] : [value];
    const commands = listed.flatMap((node) => (node?.kind === 'list' ? node.items : node ? [node] : []));
    for (const one of commands) {
      const command = one.kind === 'map' ? at(one, 'cmd') : one;
      const task = textOf(at(one, 'task'));
      if (task !== undefined) prerequisites.push(task);
      if (command?.kind === 'scalar') recipes.push(recipeOfScalar(command, at(one, 'ignore_error')));
    }
    return { name: key, span, prerequisites, recipes };
  });
  return { data: { type: 'task', errexit: true, pipefail: false, targets }, problems };
}

/** Members of the top-level object "scripts" whose value is a string; `value` is the span inside the quotes. */
function* scriptEntries(text: string): Generator<{ key: string; value: Span; span: Span }> {
  const token = /"(?:[^"\\\r\n]|\\.)*"?|[{}[\],:]|[^\s"{}[\],:]+/g;
  let depth = 0;
  let inScripts = false;
  const keys: (string | undefined)[] = [];
  let pending: { text: string; start: number; end: number } | undefined;
  let afterColon = false;
  for (const match of text.matchAll(token)) {
    const [tok] = match;
    if (tok === '{' || tok === '[') {
      keys[depth] = afterColon ? pending?.text : undefined;
      depth++;
      inScripts = depth === 2 && tok === '{' && keys[1] === 'scripts';
      pending = undefined;
      afterColon = false;
    } else if (tok === '}' || tok === ']') {
      depth = Math.max(0, depth - 1);
      inScripts = false;
      keys.length = depth;
      pending = undefined;
      afterColon = false;
    } else if (tok === ':') {
      afterColon = true;
    } else if (tok === ',') {
      pending = undefined;
      afterColon = false;
    } else if (tok.startsWith('"') && afterColon && pending && inScripts) {
      const value = { start: match.index + 1, end: match.index + tok.length - 1 };
      yield { key: pending.text, value, span: { start: pending.start, end: match.index + tok.length } };
    } else if (tok.startsWith('"') && !afterColon) {
      pending = { text: tok.slice(1, -1), start: match.index, end: match.index + tok.length };
    }
  }
}

function decodeString(text: string, { start, end }: Span): Mapped {
  const out: Mapped = { text: '', offsets: [] };
  for (const match of text.slice(start, end).matchAll(/\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs)) {
    const [piece] = match;
    let value = piece;
    if (piece.startsWith('\\u')) value = String.fromCharCode(Number.parseInt(piece.slice(2), 16));
    else if (piece.startsWith('\\'))
      value = ({ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' } as Record<string, string>)[piece[1]!] ?? piece[1]!;
    out.text += value;
    out.offsets.push(start + match.index);
  }
  return out;
}
