/** Knows Dockerfiles: instructions with their places, stages and what they inherit, variables, commands and heredocs. */

import { expandWord } from './dockerfile-words.ts';
import type { Extracted, ExtractInput, Extractor, ParseProblem } from './facts.ts';
import { fileName } from './paths.ts';
import { type ParseShell, type Shell, shellParser } from './shell.ts';
import type { OffsetMap, Span } from './span.ts';
import type { Scope } from './variables.ts';

export interface Dockerfile {
  /** Front end named by `# syntax=`. */
  readonly syntax?: Word;
  /** ARGs before the first FROM. */
  readonly globals: readonly Variable[];
  /** In file order; the last one is what a build without a target gives. */
  readonly stages: readonly Stage[];
}

/** A piece of text at its place; `resolved` has variables replaced and is absent while one has no known value. */
export interface Word {
  readonly text: string;
  readonly span: Span;
  readonly resolved?: string;
  /** Names of the ARGs and ENVs it refers to. */
  readonly variables?: readonly string[];
}

/** An ARG or ENV; `value` is absent for an ARG without default. */
export interface Variable {
  readonly name: string;
  readonly kind: 'arg' | 'env';
  readonly value?: Word;
  readonly span: Span;
}

export interface Flag {
  readonly name: string;
  readonly value: Word;
  readonly span: Span;
}

/** CMD, ENTRYPOINT, HEALTHCHECK CMD, RUN. `words` are the JSON strings, or the text split at blanks. */
export interface Command {
  readonly form: 'exec' | 'shell';
  readonly words: readonly string[];
  /** Continuation lines joined, heredocs behind; for the exec form the words joined by blanks. */
  readonly text: string;
  readonly span: Span;
  /** What a POSIX shell runs; absent for programs started directly and for other shells. */
  readonly shell?: Shell;
}

export interface Healthcheck {
  readonly none: boolean;
  readonly command?: Command;
  readonly flags: readonly Flag[];
  readonly span: Span;
}

/** COPY and ADD. `from` names a stage (then `stage` is its index) or an image. */
export interface Copy {
  readonly keyword: 'COPY' | 'ADD';
  readonly sources: readonly Word[];
  readonly target: string;
  readonly from?: Word;
  readonly stage?: number;
  readonly flags: readonly Flag[];
  readonly span: Span;
}

export interface Run {
  readonly command: Command;
  readonly flags: readonly Flag[];
  readonly span: Span;
}

export interface Label {
  readonly key: string;
  readonly value: Word;
  readonly span: Span;
}

export interface Stage {
  readonly index: number;
  /** Lower case, as references compare it. */
  readonly name?: string;
  /** The FROM instruction. */
  readonly span: Span;
  /** Offset behind its last instruction. */
  readonly end: number;
  readonly image: Word;
  /** Index of the earlier stage that FROM names. */
  readonly parent?: number;
  readonly platform?: Word;
  readonly variables: readonly Variable[];
  readonly runs: readonly Run[];
  readonly copies: readonly Copy[];
  readonly labels: readonly Label[];
  readonly healthchecks: readonly Healthcheck[];
  /** Those that only a stage built upon this one gets. */
  readonly onbuildHealthchecks: readonly Healthcheck[];
  /** The last one of each counts. */
  readonly cmd?: Command;
  readonly entrypoint?: Command;
  readonly user?: Word;
  /** Text of the ports, as written. */
  readonly expose: readonly Word[];
  /** Words of the SHELL instruction in force at the end. */
  readonly shell?: readonly string[];
  /** Keywords of the ONBUILD triggers; their RUN, COPY and ADD stand among the stage's own. */
  readonly onbuild: readonly string[];
}

/** One instruction: its keyword in capitals and its arguments with continuation lines joined. */
interface Instruction {
  readonly keyword: string;
  readonly span: Span;
  readonly text: string;
  readonly map: OffsetMap;
  readonly escapeChar: string;
  /** Heredoc bodies, in order. */
  readonly heredocs: readonly { readonly name: string; readonly text: string; readonly start: number }[];
}

const NAME =
  /^(?:dockerfile|containerfile)$|^(?:dockerfile|containerfile)[._-][\w.-]+$|[._-](?:dockerfile|containerfile)$/i;
const OTHER_LANGUAGE =
  /\.(?:md|rst|txt|adoc|html?|py|js|mjs|cjs|jsx|tsx?|go|rs|rb|java|kt|cs|php|sh|bash|ps1|json|ya?ml|toml|xml|lock|dockerignore|snap|golden|out|log|patch|diff|png|svg)$/i;

export const dockerfile: Extractor<'dockerfile'> = {
  kind: 'dockerfile',
  accepts: (path) => {
    const name = fileName(path);
    return NAME.test(name) && !OTHER_LANGUAGE.test(name);
  },
  recognises: (_, text) => /^[ \t]*FROM[ \t]+\S/im.test(text),
  load: async () => {
    const parse = await shellParser();
    return (input) => readDockerfile(input, parse);
  },
};

/** Reads one Dockerfile; what is no instruction becomes a problem. */
export function readDockerfile({ text }: Pick<ExtractInput, 'text'>, parse: ParseShell): Extracted<Dockerfile> {
  const { directives, bodyStart } = readDirectives(text);
  const escapeChar = directives.get('escape')?.text === '`' ? '`' : '\\';
  const problems: ParseProblem[] = [];
  const globals: Variable[] = [];
  const stages: StageBuilder[] = [];
  for (const instruction of readInstructions(text, bodyStart, escapeChar)) {
    const context: Context = { stages, globals, parse, problems };
    if (!KEYWORDS.has(instruction.keyword)) {
      if (problems.length < MAX_PROBLEMS) {
        const { start } = instruction.span;
        const span = { start, end: Math.min(start + instruction.keyword.length, instruction.span.end) };
        problems.push({ message: `unknown instruction ${instruction.keyword.slice(0, 40)}`, span });
      }
      continue;
    }
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') stages.push(openStage(instruction, stages, globals));
    else if (stage) addTo(stage, instruction, context);
    else if (instruction.keyword === 'ARG') globals.push(...variablesOf(instruction, 'arg', scopeOf(globals)));
  }
  const syntax = directives.get('syntax');
  return { data: { ...(syntax ? { syntax } : {}), globals, stages }, problems };
}

const MAX_PROBLEMS = 20;

interface Context {
  readonly stages: readonly Stage[];
  readonly globals: readonly Variable[];
  readonly parse: ParseShell;
  readonly problems: ParseProblem[];
}

const KEYWORDS = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);

// ---------------------------------------------------------------- lines to instructions

function readDirectives(text: string): { directives: Map<string, Word>; bodyStart: number } {
  const directives = new Map<string, Word>();
  let at = /^#!.*\r?\n/.exec(text.slice(0, 2000))?.[0].length ?? 0;
  for (;;) {
    const match = /^#[ \t]*([A-Za-z]\w*)[ \t]*=[ \t]*(\S[^\r\n]*?)[ \t]*(?:\r?\n|$)/.exec(text.slice(at, at + 2000));
    const key = match?.[1]?.toLowerCase() ?? '';
    if (!match || !['syntax', 'escape', 'check'].includes(key) || directives.has(key)) break;
    const start = at + match[0].indexOf(match[2]!, match[0].indexOf('='));
    directives.set(key, { text: match[2]!, span: { start, end: start + match[2]!.length }, resolved: match[2]! });
    at += match[0].length;
  }
  return { directives, bodyStart: at };
}

/** A word of its own outside of quotes; its name may follow behind a blank. */
const HEREDOC = /^\d*<<(-?)(?:(["']?)([A-Za-z_][\w.-]*)\2)?/;

/** Names of the heredocs that an instruction opens, and whether tabs before the lines are taken off. */
function heredocsOf(text: string, escapeChar: string): { name: string; dash: boolean }[] {
  if (!text.includes('<<')) return [];
  const words = tokens(text, escapeChar);
  return words.flatMap(({ text: word }, i) => {
    const match = HEREDOC.exec(word);
    if (!match || word.startsWith('<<<')) return [];
    const name =
      match[3] ?? (/^\d*<<-?$/.test(word) ? /^(["']?)([A-Za-z_][\w.-]*)\1/.exec(words[i + 1]?.text ?? '')?.[2] : '');
    return name ? [{ name, dash: match[1] !== '' }] : [];
  });
}

/** Splits the text into instructions: comments and continuation lines as the builder reads them. */
function* readInstructions(text: string, from: number, escapeChar: string): Generator<Instruction> {
  let at = from;
  const nextLine = (): { start: number; end: number } => {
    const newline = text.indexOf('\n', at);
    const start = at;
    const end = newline < 0 ? text.length : newline;
    at = newline < 0 ? text.length : newline + 1;
    return { start, end: end > start && text[end - 1] === '\r' ? end - 1 : end };
  };
  while (at < text.length) {
    let line = nextLine();
    const first = text.slice(line.start, line.end);
    if (/^\s*(?:#|$)/.test(first)) continue;
    const start = line.start + (first.length - first.trimStart().length);
    const pieces: Piece[] = [];
    let joined = '';
    let end = line.end;
    let from = start;
    for (;;) {
      const content = text.slice(from, line.end).trimEnd();
      const continued = content.endsWith(escapeChar) && content.at(-2) !== escapeChar;
      const part = continued ? content.slice(0, -1) : content;
      pieces.push({ text: joined.length, source: from });
      joined += part;
      end = from + content.length;
      if (!continued) break;
      let found = false;
      while (at < text.length && !found) {
        line = nextLine();
        found = !/^\s*(?:#|$)/.test(text.slice(line.start, line.end));
      }
      if (!found) break;
      from = line.start;
    }
    const [, indent, keyword] = /^(\s*)(\S*)/.exec(joined) as unknown as [string, string, string];
    if (keyword === '') continue;
    const upper = keyword.toUpperCase();
    const heredocs: { name: string; text: string; start: number }[] = [];
    const carrier = upper === 'ONBUILD' ? (/^\s*\S+\s+(\S+)/.exec(joined)?.[1] ?? '').toUpperCase() : upper;
    if (carrier === 'RUN' || carrier === 'COPY' || carrier === 'ADD') {
      for (const { name, dash } of heredocsOf(joined, escapeChar)) {
        const bodyStart = at;
        let bodyEnd = text.length;
        while (at < text.length) {
          const bodyLine = nextLine();
          const content = text.slice(bodyLine.start, bodyLine.end);
          if ((dash ? content.replace(/^\t+/, '') : content) === name) {
            bodyEnd = bodyLine.start;
            end = bodyLine.end;
            break;
          }
        }
        if (bodyEnd === text.length) end = Math.max(end, text.trimEnd().length);
        heredocs.push({ name, text: text.slice(bodyStart, bodyEnd), start: bodyStart });
      }
    }
    const rest = joined.slice(indent.length + keyword.length);
    const skip = indent.length + keyword.length + (rest.length - rest.trimStart().length);
    const map = mapOf(pieces, skip, end);
    yield { keyword: upper, span: { start, end }, text: rest.trim(), map, escapeChar, heredocs };
  }
}

interface Piece {
  readonly text: number;
  readonly source: number;
}

/** Offsets of a joined text, counted from `skip`, in the file; never beyond `limit`. */
function mapOf(pieces: readonly Piece[], skip: number, limit: number): OffsetMap {
  return (offset) => {
    const wanted = offset + skip;
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (pieces[middle]!.text <= wanted) low = middle;
      else high = middle - 1;
    }
    return Math.min(pieces[low]!.source + wanted - pieces[low]!.text, limit);
  };
}

/** Span of a range of a joined text: the end belongs to the last character, not to the line after it. */
function spanOf(map: OffsetMap, start: number, end: number): Span {
  const from = map(start);
  return { start: from, end: end > start ? Math.max(from, map(end - 1) + 1) : from };
}

// ---------------------------------------------------------------- variables

/** Values of variables by name; undefined for an ARG without a default. */
function scopeOf(variables: readonly Variable[]): Scope {
  return new Map(variables.map((variable) => [variable.name, variable.value?.resolved]));
}

function word(raw: string, span: Span, scope: Scope, escapeChar: string): Word {
  const text = unquote(raw);
  if (!/[$'"\\`]/.test(raw)) return { text, span, resolved: text };
  const { value, variables } = expandWord(raw, scope, escapeChar);
  const names = raw.includes('$') ? { variables: [...new Set(variables)] } : {};
  return { text, span, ...(value === undefined ? {} : { resolved: value }), ...names };
}

// ---------------------------------------------------------------- words, flags, commands

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Splits at blanks; quotes and escapes hold a word together and stay in it. */
function tokens(text: string, escapeChar: string): Token[] {
  const result: Token[] = [];
  let i = 0;
  while (i < text.length) {
    while (i < text.length && /\s/.test(text[i]!)) i++;
    if (i >= text.length) break;
    const start = i;
    let quote = '';
    while (i < text.length) {
      const c = text[i]!;
      if (quote) {
        if (c === quote) quote = '';
        else if (c === escapeChar && quote === '"') i++;
      } else if (c === '"' || c === "'") quote = c;
      else if (c === escapeChar) i++;
      else if (/\s/.test(c)) break;
      i++;
    }
    i = Math.min(i, text.length);
    result.push({ text: text.slice(start, i), start, end: i });
  }
  return result;
}

/** Splits at blanks alone, as FROM, COPY and ADD do. */
function plainTokens(text: string, from: number): Token[] {
  return [...text.slice(from).matchAll(/\S+/g)].map(({ 0: one, index }) => {
    const start = from + index;
    return { text: one, start, end: start + one.length };
  });
}

function unquote(text: string): string {
  const match = /^(["'])([\s\S]*)\1$/.exec(text);
  return match ? match[2]!.replace(/\\(["\\$])/g, '$1') : text;
}

function readFlags(instruction: Instruction, scope: Scope): { flags: Flag[]; rest: number } {
  const flags: Flag[] = [];
  let rest = 0;
  for (;;) {
    const match = /^\s*--([a-z][a-z-]*)(?:=(\S*))?(?=\s|$)/.exec(instruction.text.slice(rest, rest + 5000));
    if (!match) break;
    const start = rest + match[0].indexOf('--');
    const end = rest + match[0].length;
    const text = match[2] ?? '';
    const value = word(text, spanOf(instruction.map, end - text.length, end), scope, instruction.escapeChar);
    flags.push({ name: match[1]!, value, span: spanOf(instruction.map, start, end) });
    rest = end;
  }
  rest += /^\s*/.exec(instruction.text.slice(rest))![0].length;
  return { flags, rest };
}

function jsonStrings(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? (value as string[]) : undefined;
  } catch {
    return undefined;
  }
}

function commandOf(
  instruction: Instruction,
  from: number,
  shell: readonly string[] | undefined,
  context: Context,
): Command {
  const text = instruction.text.slice(from).trim();
  const span = spanOf(instruction.map, from, from + text.length);
  const map: OffsetMap = (offset) => instruction.map(from + offset);
  const strings = jsonStrings(text);
  if (strings) {
    const inline = SHELL_NAME.test(strings[0] ?? '')
      ? strings[strings.findIndex((s) => /^-\w*c$/.test(s)) + 1]
      : undefined;
    // JSON escapes shift offsets inside the string: the whole instruction is the place of everything in it.
    const parsed =
      inline && inline !== strings[0] ? parseInto(context, instruction, inline, () => span.start) : undefined;
    return { form: 'exec', words: strings, text: strings.join(' '), span, ...(parsed ? { shell: parsed } : {}) };
  }
  const words = tokens(text, instruction.escapeChar).map((token) => unquote(token.text));
  const posix = shell === undefined || SHELL_NAME.test(shell[0] ?? '');
  const { heredocs } = instruction;
  const end = heredocs.length > 0 ? instruction.span.end : span.end;
  const parsed = posix ? { shell: shellOf(context, instruction, text, map) } : {};
  const bodies = heredocs.map((heredoc) => `${heredoc.text}${heredoc.name}\n`).join('');
  const whole = bodies === '' ? text : `${text}\n${bodies}`;
  return { form: 'shell', words, text: whole, span: { start: span.start, end }, ...parsed };
}

const SHELL_NAME = /(?:^|\/)(?:ba|da|a|k|z)?sh$/;
const SCRIPT_FROM_HEREDOC =
  /^(?:(?:\/usr)?(?:\/bin\/)?(?:env )?(?:ba|da|a|k|z)?sh\b[^<|;&]*)?<<-?\s*["']?[\w.-]+["']?(?:\s+(?:ba|da|a|k|z)?sh)?$/;

/** A command that is nothing but a heredoc (for a shell) runs the heredoc's body; other ones keep heredocs as input. */
function shellOf(context: Context, instruction: Instruction, text: string, map: OffsetMap): Shell {
  const { heredocs } = instruction;
  const body = heredocs[0];
  if (!body) return parseInto(context, instruction, text, map);
  if (heredocs.length === 1 && SCRIPT_FROM_HEREDOC.test(text)) {
    const foreign = /^#!(?!.*\b(?:ba|da|a|k|z)?sh\b)/.test(body.text);
    return parseInto(context, instruction, foreign ? '' : body.text, (offset) => body.start + offset);
  }
  let joined = `${text}\n`;
  const starts: { from: number; source: number }[] = [];
  for (const heredoc of heredocs) {
    starts.push({ from: joined.length, source: heredoc.start });
    joined += `${heredoc.text}${heredoc.name}\n`;
  }
  return parseInto(context, instruction, joined, (offset) => {
    const start = starts.findLast(({ from }) => from <= offset);
    return start ? start.source + offset - start.from : Math.min(map(Math.min(offset, text.length)), body.start);
  });
}

/** What a shell cannot read is a note: the builder would tell, and the other instructions stand. */
function parseInto(context: Context, { span: { start, end } }: Instruction, text: string, map: OffsetMap): Shell {
  const shell = context.parse(text, (offset) => Math.max(start, Math.min(map(offset), end - 1)));
  for (const { message, span } of shell.problems) {
    if (context.problems.length < MAX_PROBLEMS) context.problems.push({ message, span, tolerated: true });
  }
  return shell;
}

/** `NAME=value NAME2="other value"`, or the old `NAME value` with one pair. */
function pairs(instruction: Instruction, scope: Scope): { key: string; value: Word; span: Span }[] {
  const { text, map, escapeChar } = instruction;
  const list = tokens(text, escapeChar);
  const first = list[0];
  if (!first) return [];
  if (!first.text.includes('=')) {
    const rest = text.slice(first.end);
    const start = first.end + (rest.length - rest.trimStart().length);
    const value = word(text.slice(start), spanOf(map, start, text.length), scope, escapeChar);
    return [{ key: unquote(first.text), value, span: spanOf(map, 0, text.length) }];
  }
  return list.flatMap(({ text: pair, start, end }) => {
    const equals = pair.indexOf('=');
    if (equals < 0) return [];
    const value = word(pair.slice(equals + 1), spanOf(map, start + equals + 1, end), scope, escapeChar);
    return [{ key: unquote(pair.slice(0, equals)), value, span: spanOf(map, start, end) }];
  });
}

function variablesOf(instruction: Instruction, kind: 'arg' | 'env', scope: Scope): Variable[] {
  if (kind === 'env') {
    return pairs(instruction, scope).map(({ key, value, span }) => ({ name: key, kind, value, span }));
  }
  const { escapeChar } = instruction;
  return tokens(instruction.text, escapeChar).map(({ text, start, end }) => {
    const span = spanOf(instruction.map, start, end);
    const equals = text.indexOf('=');
    if (equals < 0) return { name: text, kind, span };
    const value = word(text.slice(equals + 1), spanOf(instruction.map, start + equals + 1, end), scope, escapeChar);
    return { name: text.slice(0, equals), kind, value, span };
  });
}

// ---------------------------------------------------------------- stages

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] };
type StageBuilder = Mutable<Stage>;

/** What the builder sets for FROM: the stages of its platforms are alike. */
const PLATFORM = ['TARGET', 'BUILD'].flatMap((of): [string, string][] => [
  [`${of}PLATFORM`, 'linux/amd64'],
  [`${of}OS`, 'linux'],
  [`${of}ARCH`, 'amd64'],
  [`${of}VARIANT`, ''],
]);

function openStage(instruction: Instruction, stages: readonly Stage[], globals: readonly Variable[]): StageBuilder {
  const scope = new Map([...PLATFORM, ...scopeOf(globals)]);
  const { flags, rest } = readFlags(instruction, scope);
  const { escapeChar } = instruction;
  const [image, as, name] = plainTokens(instruction.text, rest);
  const at = image ?? { text: '', start: 0, end: 0 };
  const reference = word(at.text, spanOf(instruction.map, at.start, at.end), scope, escapeChar);
  const platform = flags.find((flag) => flag.name === 'platform')?.value;
  const parent = stageIndex(reference.resolved ?? reference.text, stages);
  return {
    index: stages.length,
    ...(name && as?.text.toLowerCase() === 'as'
      ? { name: (expandWord(name.text, scope, escapeChar).value ?? name.text).toLowerCase() }
      : {}),
    span: instruction.span,
    end: instruction.span.end,
    image: reference,
    ...(parent === undefined ? {} : { parent }),
    ...(platform ? { platform } : {}),
    variables: [],
    runs: [],
    copies: [],
    labels: [],
    healthchecks: [],
    onbuildHealthchecks: [],
    expose: [],
    onbuild: [],
  };
}

/** Index of the stage a FROM or --from names; numbers count for --from only, where `numbered` is set. */
function stageIndex(text: string, stages: readonly Stage[], numbered = false): number | undefined {
  const wanted = text.toLowerCase();
  for (let i = stages.length - 1; i >= 0; i--) if (stages[i]!.name === wanted) return i;
  if (numbered && /^\d{1,6}$/.test(text) && Number(text) < stages.length) return Number(text);
  return undefined;
}

function addTo(stage: StageBuilder, instruction: Instruction, context: Context): void {
  const { stages, globals } = context;
  const scope = stageScope(stage, stages);
  const { span, map, text, escapeChar } = instruction;
  stage.end = span.end;
  switch (instruction.keyword) {
    case 'ARG':
      for (const variable of variablesOf(instruction, 'arg', scope)) {
        const global = variable.value ? undefined : globals.findLast((other) => other.name === variable.name);
        stage.variables.push(global?.value ? { ...variable, value: global.value } : variable);
      }
      break;
    case 'ENV':
      stage.variables.push(...variablesOf(instruction, 'env', scope));
      break;
    case 'LABEL':
      stage.labels.push(...pairs(instruction, scope));
      break;
    case 'USER':
      stage.user = word(text, spanOf(map, 0, text.length), scope, escapeChar);
      break;
    case 'EXPOSE':
      stage.expose.push(
        ...tokens(text, escapeChar).map((t) => word(t.text, spanOf(map, t.start, t.end), scope, escapeChar)),
      );
      break;
    case 'SHELL':
      stage.shell = jsonStrings(text) ?? [];
      break;
    case 'CMD':
      stage.cmd = commandOf(instruction, 0, stage.shell, context);
      break;
    case 'ENTRYPOINT':
      stage.entrypoint = commandOf(instruction, 0, stage.shell, context);
      break;
    case 'HEALTHCHECK':
      stage.healthchecks.push(healthcheckOf(instruction, scope, stage, context));
      break;
    case 'RUN': {
      const { flags, rest } = readFlags(instruction, scope);
      stage.runs.push({ command: commandOf(instruction, rest, stage.shell, context), flags, span });
      break;
    }
    case 'COPY':
    case 'ADD':
      stage.copies.push(copyOf(instruction, instruction.keyword, scope, stages.slice(0, -1)));
      break;
    case 'ONBUILD': {
      const trigger = /^(\S+)\s*/.exec(text);
      const keyword = (trigger?.[1] ?? '').toUpperCase();
      stage.onbuild.push(keyword);
      const skip = trigger?.[0].length ?? 0;
      const inner = { ...instruction, keyword, text: text.slice(skip), map: (offset: number) => map(offset + skip) };
      if (keyword === 'HEALTHCHECK') stage.onbuildHealthchecks.push(healthcheckOf(inner, scope, stage, context));
      else if (keyword === 'RUN' || keyword === 'COPY' || keyword === 'ADD') addTo(stage, inner, context);
      break;
    }
  }
}

function healthcheckOf(instruction: Instruction, scope: Scope, stage: Stage, context: Context): Healthcheck {
  const { flags, rest } = readFlags(instruction, scope);
  const kind = /^(\S+)\s*/.exec(instruction.text.slice(rest));
  const none = kind?.[1]?.toUpperCase() === 'NONE';
  const command = kind && !none ? commandOf(instruction, rest + kind[0].length, stage.shell, context) : undefined;
  return { none, ...(command ? { command } : {}), flags, span: instruction.span };
}

/** ARGs and ENVs in force: those of the stage so far over those its parent stage exported (ENV only). */
function stageScope(stage: Stage, stages: readonly Stage[]): Scope {
  const inherited: Variable[] = [];
  for (let parent = stage.parent; parent !== undefined; parent = stages[parent]!.parent) {
    inherited.unshift(...stages[parent]!.variables.filter((variable) => variable.kind === 'env'));
  }
  return scopeOf([...inherited, ...stage.variables]);
}

function copyOf(instruction: Instruction, keyword: 'COPY' | 'ADD', scope: Scope, earlier: readonly Stage[]): Copy {
  const { flags, rest } = readFlags(instruction, scope);
  const { escapeChar } = instruction;
  const strings = jsonStrings(instruction.text.slice(rest));
  const whole = spanOf(instruction.map, rest, instruction.text.length);
  const words = strings
    ? strings.map((text) => word(text, whole, scope, escapeChar))
    : plainTokens(instruction.text, rest).map((t) =>
        word(t.text, spanOf(instruction.map, t.start, t.end), scope, escapeChar),
      );
  const from = flags.find((flag) => flag.name === 'from')?.value;
  const stage = from ? stageIndex(from.resolved ?? from.text, earlier, true) : undefined;
  return {
    keyword,
    sources: words.slice(0, -1).filter((source) => !source.text.startsWith('<<')),
    target: words.at(-1)?.text ?? '',
    ...(from ? { from } : {}),
    ...(stage === undefined ? {} : { stage }),
    flags,
    span: instruction.span,
  };
}
