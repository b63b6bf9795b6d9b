/** Knows shell code: a plain, located syntax tree of bash and sh text, wherever in a file that text stands. */
import type * as Bash from 'unbash';
import type { ParseProblem } from './facts.ts';
import type { OffsetMap, Span } from './span.ts';

/** A script, or the body of a block. */
export interface Shell {
  readonly statements: readonly Statement[];
  readonly problems: readonly ParseProblem[];
}

export interface Statement {
  readonly span: Span;
  readonly node: ShellNode;
  /** Ended by `&`. */
  readonly background?: true;
}

export type ShellNode = Command | Pipeline | AndOr | Block | If | Loop | Case | FunctionDefinition | Test;

/** A simple command. `words[0]` is its name; without words it only assigns or redirects. */
export interface Command {
  readonly kind: 'command';
  readonly span: Span;
  readonly words: readonly Word[];
  /** In front of the name, or the operands of `export`, `local`, `declare`, `readonly`. */
  readonly assignments: readonly Assignment[];
  readonly redirections: readonly Redirection[];
  /** What a shell is told to run: the text behind the `-c` of `sh`, `bash`, `su`. */
  readonly inline?: readonly Statement[];
}

/** Two or more commands joined by `|`, or one with `!` or `time` in front. */
export interface Pipeline {
  readonly kind: 'pipeline';
  readonly span: Span;
  readonly negated: boolean;
  readonly commands: readonly ShellNode[];
}

/** `items[0] operators[0] items[1] operators[1] ...`, left-associative. */
export interface AndOr {
  readonly kind: 'and-or';
  readonly span: Span;
  readonly items: readonly ShellNode[];
  readonly operators: readonly ('&&' | '||')[];
}

/** `{ ...; }`, or `( ... )` when `subshell`. */
export interface Block {
  readonly kind: 'block';
  readonly span: Span;
  readonly subshell: boolean;
  readonly body: readonly Statement[];
  readonly redirections: readonly Redirection[];
}

export interface If {
  readonly kind: 'if';
  readonly span: Span;
  readonly branches: readonly { readonly condition: readonly Statement[]; readonly body: readonly Statement[] }[];
  readonly otherwise?: readonly Statement[];
  readonly redirections: readonly Redirection[];
}

export interface Loop {
  readonly kind: 'loop';
  readonly span: Span;
  readonly keyword: 'while' | 'until' | 'for' | 'select';
  /** Of `while` and `until`. */
  readonly condition: readonly Statement[];
  /** Of `for` and `select`; an arithmetic `for` has none. */
  readonly variable?: string;
  readonly words: readonly Word[];
  readonly body: readonly Statement[];
  readonly redirections: readonly Redirection[];
}

export interface Case {
  readonly kind: 'case';
  readonly span: Span;
  readonly word: Word;
  readonly items: readonly { readonly patterns: readonly Word[]; readonly body: readonly Statement[] }[];
  readonly redirections: readonly Redirection[];
}

export interface FunctionDefinition {
  readonly kind: 'function';
  readonly span: Span;
  readonly name: string;
  readonly body: readonly Statement[];
}

/** `[[ ... ]]` or `(( ... ))`; `[` and `test` are commands. */
export interface Test {
  readonly kind: 'test';
  readonly span: Span;
  /** As written, without the brackets. */
  readonly text: string;
  /** Operands of `[[`, in order. */
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface Word {
  readonly span: Span;
  /** Without quotes and escapes; expansions and `${{ }}` expressions stand as written. */
  readonly text: string;
  /** The word's value when it holds no expansion, expression or pattern. */
  readonly value?: string;
  /** Pieces of a word that is not constant, in order. */
  readonly parts?: readonly WordPart[];
}

export type WordPart =
  | { readonly kind: 'literal'; readonly span: Span; readonly text: string }
  /** `$name`, `${name}`, `${name:-word}`; `text` is as written. */
  | {
      readonly kind: 'variable';
      readonly span: Span;
      readonly text: string;
      readonly name: string;
      readonly operator?: string;
      readonly operand?: Word;
    }
  /** `$( )`, backquotes, `<( )` and `>( )`. */
  | {
      readonly kind: 'substitution';
      readonly span: Span;
      readonly text: string;
      readonly process?: '<' | '>';
      readonly body: readonly Statement[];
    }
  /** `${{ ... }}` of GitHub Actions, `<< ... >>` of CircleCI; `text` includes the braces. */
  | { readonly kind: 'expression'; readonly span: Span; readonly text: string }
  /** Arithmetic, glob patterns, brace expansion. */
  | { readonly kind: 'arithmetic' | 'pattern'; readonly span: Span; readonly text: string };

export interface Assignment {
  readonly span: Span;
  readonly name: string;
  /** Absent for arrays and for operands without "=". */
  readonly value?: Word;
  /** Elements of an array value. */
  readonly elements?: readonly Word[];
  /** `+=` */
  readonly append?: true;
}

export interface Redirection {
  readonly span: Span;
  /** `>`, `>>`, `<`, `>&`, `<&`, `&>`, `&>>`, `>|`, `<>`, `<<<`, `<<`. */
  readonly operator: string;
  readonly descriptor?: number;
  readonly target?: Word;
  readonly heredoc?: HereDocument;
}

export interface HereDocument {
  readonly span: Span;
  readonly text: string;
  /** Expansions inside and the texts between them, without escapes; none when the delimiter is quoted. */
  readonly parts: readonly WordPart[];
}

/**
 * Parses shell text. `map` turns an offset in `text` into an offset in the file; it must not decrease. Absent: identity.
 * Errors are problems; the tree then holds what could be read. Never throws.
 */
export type ParseShell = (text: string, map?: (offset: number) => number) => Shell;

/** Loads the parser; the function it gives is pure and synchronous. */
export async function shellParser(): Promise<ParseShell> {
  const { parse } = await import('unbash');
  return (raw, outer = (offset) => offset) => {
    const { text, map } = withoutReturns(raw, outer);
    const source = hideExpressions(text);
    const problems: ParseProblem[] = [];
    const context: Context = { source, original: text, map, depth: 0, problems, parse };
    try {
      const script = parse(source);
      report(script, context);
      return { statements: statements(script.commands, context), problems };
    } catch (error) {
      const message = error instanceof RangeError ? 'nested too deeply' : String(error);
      return { statements: [], problems: [{ message, span: spanOf({ pos: 0, end: text.length }, context) }] };
    }
  };
}

/** Bash reads a carriage return as part of the word; editors on Windows mean a line break. */
function withoutReturns(raw: string, outer: OffsetMap): { text: string; map: OffsetMap } {
  if (!raw.includes('\r\n')) return { text: raw, map: outer };
  const breaks: number[] = [];
  const text = raw.replace(/\r\n/g, (_, offset: number) => {
    breaks.push(offset - breaks.length);
    return '\n';
  });
  // The n-th removed character stands in front of breaks[n]: what lies behind is shifted by the number of those before.
  const map = (offset: number): number => {
    let low = 0;
    let high = breaks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (breaks[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return outer(offset + low);
  };
  return { text, map };
}

/** Visits every command below, those of substitutions, here-documents and function bodies included, in order. */
export function eachCommand(body: readonly Statement[], visit: (command: Command) => void): void {
  for (const statement of body) eachCommandOf(statement.node, visit);
}

/** Visits every command of one node, as {@link eachCommand}. */
function eachCommandOf(node: ShellNode, visit: (command: Command) => void): void {
  for (const child of childNodes(node)) eachCommandOf(child, visit);
  for (const body of bodiesOf(node)) eachCommand(body, visit);
  if (node.kind === 'command') visit(node);
}

/** Nodes directly joined by a pipeline or an and-or list. */
export function childNodes(node: ShellNode): readonly ShellNode[] {
  if (node.kind === 'pipeline') return node.commands;
  return node.kind === 'and-or' ? node.items : [];
}

/** Bodies of a compound node and of the substitutions in its words, in the order of the text. */
export function bodiesOf(node: ShellNode): readonly (readonly Statement[])[] {
  const inner = wordsOf(node).flatMap(substitutions);
  if (node.kind === 'block' || node.kind === 'function') return [...inner, node.body];
  if (node.kind === 'loop') return [...inner, node.condition, node.body];
  if (node.kind === 'case') return [...inner, ...node.items.map((item) => item.body)];
  if (node.kind !== 'if') return inner;
  return [
    ...node.branches.flatMap((b) => [b.condition, b.body]),
    ...(node.otherwise ? [node.otherwise] : []),
    ...inner,
  ];
}

/** Every word of one node itself: of its name, arguments, assignments, redirections and operands. */
export function wordsOf(node: ShellNode): readonly Word[] {
  const own: Word[] = [];
  if (node.kind === 'command') {
    for (const { value, elements } of node.assignments) own.push(...(value ? [value] : []), ...(elements ?? []));
    own.push(...node.words);
  }
  if (node.kind === 'test' || node.kind === 'loop') own.push(...node.words);
  if (node.kind === 'case') own.push(node.word);
  if (!('redirections' in node)) return own;
  for (const { target, heredoc } of node.redirections) {
    if (target) own.push(target);
    if (heredoc) own.push({ span: heredoc.span, text: heredoc.text, parts: heredoc.parts });
  }
  return own;
}

/** Statements of the command substitutions inside a word, those in default values included. */
export function substitutions(word: Word): readonly (readonly Statement[])[] {
  return (word.parts ?? []).flatMap((part) => {
    if (part.kind === 'substitution') return [part.body];
    return part.kind === 'variable' && part.operand ? substitutions(part.operand) : [];
  });
}

/** Names of the variables a word expands, in order; `?` is the last status. */
export function variablesOf(word: Word): readonly string[] {
  return (word.parts ?? []).flatMap((part) => {
    if (part.kind === 'arithmetic') return part.text.match(/[A-Za-z_]\w*|\?/g) ?? [];
    if (part.kind !== 'variable') return [];
    return part.operand ? [part.name, ...variablesOf(part.operand)] : [part.name];
  });
}

/** The command as one line: words joined by single spaces. */
export function commandText(command: Command): string {
  return command.words.map((word) => word.text.replace(/\s+/g, ' ')).join(' ');
}

interface Context {
  /** The parsed text: expressions are hidden behind placeholders of the same length. */
  readonly source: string;
  readonly original: string;
  readonly map: (offset: number) => number;
  /** Span of everything inside text whose positions mean nothing in the file. */
  readonly fixed?: Span;
  readonly depth: number;
  readonly problems: ParseProblem[];
  readonly parse: typeof Bash.parse;
}

interface Range {
  readonly pos: number;
  readonly end: number;
}

/** Substitutions nested deeper than this stay opaque: no real script goes there. */
const maxDepth = 24;
const maxProblems = 20;
/** Two characters for private use stand for an expression: the first once, the second for the rest of its length. */
const hidden = /\ue000\ue001*/g;
const maxExpression = 2000;

/** What CircleCI puts in: the shell would read a here-document. */
const parameter = /<<[ \t]{0,9}(?:pipeline|parameters|matrix)\.[\w.-]{1,200}[ \t]{0,9}>>/g;

function hideExpressions(text: string): string {
  let out = '';
  let from = 0;
  let close = -1;
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', Math.max(from, open + 1))) {
    if (close < open) close = text.indexOf('}}', open);
    if (close < 0) break;
    if (close - open > maxExpression) continue;
    out += `${text.slice(from, open)}\ue000${'\ue001'.repeat(close + 1 - open)}`;
    from = close + 2;
  }
  const all = out + text.slice(from);
  return all.includes('<<') ? all.replace(parameter, (one) => `\ue000${'\ue001'.repeat(one.length - 1)}`) : all;
}

/** Puts the expressions back into `value`, which came from `range` of the source. */
function restore(value: string, range: Range, context: Context): string {
  if (!value.includes('\ue000')) return value;
  const originals = [...context.source.slice(range.pos, range.end).matchAll(hidden)].map((match) =>
    context.original.slice(range.pos + match.index, range.pos + match.index + match[0].length),
  );
  let i = 0;
  return value.replace(hidden, () => originals[i++] ?? '${{ }}');
}

function spanOf(range: Range, context: Context): Span {
  if (context.fixed) return context.fixed;
  // The parser's positions can lie one beyond an unfinished text.
  const start = Math.min(range.pos, context.source.length);
  const end = Math.min(range.end, context.source.length);
  const from = context.map(start);
  return { start: from, end: end > start ? Math.max(from, context.map(end - 1) + 1) : from };
}

function report(script: Bash.ParsedScript, context: Context): void {
  for (const { message, pos } of script.errors ?? []) {
    if (context.problems.length >= maxProblems) return;
    context.problems.push({ message, span: spanOf({ pos, end: Math.min(pos + 1, context.source.length) }, context) });
  }
}

function statements(list: readonly Bash.Statement[], context: Context): Statement[] {
  return list.map((statement) => ({
    span: spanOf(statement, context),
    node: convert(statement.command, context),
    ...(statement.background ? { background: true as const } : {}),
  }));
}

type AnyNode = Bash.PipelineNode | Bash.AndOr | Bash.CompoundList;

function convert(node: AnyNode, context: Context, redirections: readonly Redirection[] = []): ShellNode {
  const span = spanOf(node, context);
  const list = (body: Bash.CompoundList): Statement[] => statements(body.commands, context);
  switch (node.type) {
    case 'Command':
      return command(node, context);
    case 'Pipeline':
      return {
        kind: 'pipeline',
        span,
        negated: node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1,
        commands: node.commands.map((item) => convert(item, context)),
      };
    case 'AndOr':
      return {
        kind: 'and-or',
        span,
        items: node.commands.map((item) => convert(item, context)),
        operators: [...node.operators],
      };
    case 'If': {
      const branches = [node, ...node.elif].map((b) => ({ condition: list(b.clause), body: list(b.then) }));
      return { kind: 'if', span, branches, ...(node.else ? { otherwise: list(node.else) } : {}), redirections };
    }
    case 'While':
      return {
        kind: 'loop',
        span,
        keyword: node.kind,
        condition: list(node.clause),
        words: [],
        body: list(node.body),
        redirections,
      };
    case 'For':
    case 'Select':
      return {
        kind: 'loop',
        span,
        keyword: node.type === 'For' ? 'for' : 'select',
        condition: [],
        variable: node.name.value,
        words: (node.wordlist ?? []).map((item) => word(item, context)),
        body: list(node.body),
        redirections,
      };
    case 'ArithmeticFor':
      return { kind: 'loop', span, keyword: 'for', condition: [], words: [], body: list(node.body), redirections };
    case 'Subshell':
    case 'BraceGroup':
      return { kind: 'block', span, subshell: node.type === 'Subshell', body: list(node.body), redirections };
    case 'CompoundList':
      return { kind: 'block', span, subshell: false, body: list(node), redirections };
    case 'Case':
      return {
        kind: 'case',
        span,
        word: word(node.word, context),
        items: node.items.map((item) => ({
          patterns: item.pattern.map((pattern) => word(pattern, context)),
          body: list(item.body),
        })),
        redirections,
      };
    case 'TestCommand':
      return {
        kind: 'test',
        span,
        text: inside(node, context),
        words: operands(node.expression, context),
        redirections,
      };
    case 'ArithmeticCommand':
      return { kind: 'test', span, text: inside(node, context), words: [], redirections };
    case 'Redirected': {
      const own = node.redirects.map((item) => redirection(item, context));
      return convert(node.command, context, own);
    }
    case 'Function': {
      const body = convert(node.body, context);
      const inner = body.kind === 'block' && !body.subshell ? body.body : [{ span: body.span, node: body }];
      return { kind: 'function', span, name: node.name.value, body: inner };
    }
    case 'Coproc':
      return convert(node.body, context);
  }
}

function inside(node: Range, context: Context): string {
  return context.original.slice(node.pos + 2, Math.max(node.pos + 2, node.end - 2)).trim();
}

function operands(test: Bash.TestExpression, context: Context): Word[] {
  switch (test.type) {
    case 'TestUnary':
      return [word(test.operand, context)];
    case 'TestBinary':
      return [word(test.left, context), word(test.right, context)];
    case 'TestLogical':
      return test.operands.flatMap((operand) => operands(operand, context));
    case 'TestNot':
      return operands(test.operand, context);
    case 'TestGroup':
      return operands(test.expression, context);
  }
}

function command(node: Bash.Command, context: Context): Command {
  const words: Word[] = node.name ? [word(node.name, context)] : [];
  const assignments: Assignment[] = [];
  const redirections: Redirection[] = [];
  for (const item of [...node.prefix, ...node.suffix]) {
    if (item.type === 'Word') words.push(word(item, context));
    else if (item.type === 'Assignment') assignments.push(assignment(item, context));
    else redirections.push(redirection(item, context));
  }
  const inline = inlineScript(node, context);
  const run = inline ? { inline } : {};
  return { kind: 'command', span: spanOf(node, context), words, assignments, redirections, ...run };
}

const RUNS_TEXT = /(?:^|\/)(?:(?:ba|da|a|k|z)?sh|su|runuser)$/;

function inlineScript(node: Bash.Command, context: Context): readonly Statement[] | undefined {
  const words = [...(node.name ? [node.name] : []), ...node.suffix.filter((item) => item.type === 'Word')];
  const flag = words.findIndex(({ value }) => /^-\w*c$/.test(value));
  const script = words[flag + 1];
  if (flag < 1 || !script || context.depth >= maxDepth) return undefined;
  if (!words.slice(0, flag).some(({ value }) => RUNS_TEXT.test(value))) return undefined;
  const { value: source } = script;
  // Where quotes are all that was taken away, positions inside are positions of the file.
  const shifted = context.source.slice(script.pos + 1, script.end - 1) === source && !context.fixed;
  const place = shifted
    ? { map: (offset: number) => context.map(script.pos + 1 + offset) }
    : { fixed: spanOf(script, context) };
  const original = restore(source, script, context);
  try {
    return statements(context.parse(source).commands, {
      ...context,
      ...place,
      source,
      original,
      depth: context.depth + 1,
    });
  } catch {
    return undefined;
  }
}

function assignment(node: Bash.Assignment, context: Context): Assignment {
  const base = { span: spanOf(node, context), name: node.name, ...(node.append ? { append: true as const } : {}) };
  if (node.value.type === 'Word') return { ...base, value: word(node.value, context) };
  return { ...base, elements: node.value.elements.map((element) => word(element, context)) };
}

function redirection(node: Bash.Redirection, context: Context): Redirection {
  const base = {
    span: spanOf(node, context),
    operator: node.type === 'HereDoc' ? '<<' : node.operator,
    ...(node.descriptor?.type === 'FileDescriptor' ? { descriptor: node.descriptor.value } : {}),
  };
  if (node.type !== 'HereDoc') return node.target ? { ...base, target: word(node.target, context) } : base;
  const { body } = node;
  const whole = { type: 'Literal' as const, pos: body.pos, end: body.end, value: body.text, text: body.text };
  const found = (body.parts ?? [whole]).flatMap((part) =>
    part.type === 'Literal' ? unescaped(part, context) : wordPart(part, context),
  );
  const parts = node.delimiter?.quoted || (!body.parts && found.length < 2) ? [] : found;
  return { ...base, heredoc: { span: spanOf(body, context), text: restore(body.text, body, context), parts } };
}

/** Text of a heredoc: what a backslash protects is a part of its own, so that all others stand in the file as they are. */
function unescaped(part: Range & { readonly value: string }, context: Context): WordPart[] {
  const raw = context.source.slice(part.pos, part.end);
  if (part.value.includes('\ue000') || !ESCAPE.test(raw)) return literals(part, context);
  let pos = part.pos;
  return raw.split(ESCAPE).flatMap((piece, i): WordPart[] => {
    const span = spanOf({ pos, end: pos + piece.length }, context);
    pos += piece.length;
    const text = i % 2 === 0 ? piece : piece.slice(1).replace('\n', '');
    return text === '' ? [] : [{ kind: 'literal', span, text }];
  });
}

/** The only escapes that a heredoc knows. */
const ESCAPE = /(\\[$`\\\n])/;

function word(node: Bash.Word, context: Context): Word {
  const span = spanOf(node, context);
  const text = restore(node.value, node, context);
  if (!node.parts && !node.text.includes('\ue000')) return { span, text, value: text };
  const literal = { type: 'Literal' as const, pos: node.pos, end: node.end, value: node.value, text: node.text };
  const parts = (node.parts ?? [literal]).flatMap((part) => wordPart(part, context));
  if (parts.every((part) => part.kind === 'literal')) return { span, text, value: text };
  return { span, text, parts };
}

function wordPart(part: Bash.WordPart, context: Context): WordPart[] {
  const span = spanOf(part, context);
  const text = context.original.slice(part.pos, part.end);
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return literals(part, context);
    case 'DoubleQuoted':
    case 'LocaleString':
      return part.parts.flatMap((child) => wordPart(child, context));
    case 'SimpleExpansion':
      return [{ kind: 'variable', span, text, name: text.slice(1) }];
    case 'ParameterExpansion': {
      const { operation, parameter } = part;
      if (!operation) return [{ kind: 'variable', span, text, name: parameter }];
      const { operator } = operation;
      if (operation.type !== 'Default') return [{ kind: 'variable', span, text, name: parameter, operator }];
      const operand = word(operation.operand, context);
      return [{ kind: 'variable', span, text, name: parameter, operator, operand }];
    }
    case 'CommandExpansion':
      return [{ kind: 'substitution', span, text, body: substitution(part, context) }];
    case 'ProcessSubstitution':
      return [{ kind: 'substitution', span, text, process: part.operator, body: substitution(part, context) }];
    case 'ArithmeticExpansion':
      return [{ kind: 'arithmetic', span, text }];
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      return [{ kind: 'pattern', span, text }];
  }
}

function literals(part: Range & { readonly value: string }, context: Context): WordPart[] {
  if (!part.value.includes('\ue000')) return [{ kind: 'literal', span: spanOf(part, context), text: part.value }];
  const places = [...context.source.slice(part.pos, part.end).matchAll(hidden)];
  const out: WordPart[] = [];
  let i = 0;
  let from = part.pos;
  for (const piece of part.value.split(/(\ue000\ue001*)/)) {
    const place = places[i];
    if (piece.startsWith('\ue000') && place) {
      const range = { pos: part.pos + place.index, end: part.pos + place.index + place[0].length };
      out.push({
        kind: 'expression',
        span: spanOf(range, context),
        text: context.original.slice(range.pos, range.end),
      });
      from = range.end;
      i++;
    } else if (piece) {
      const end = place ? part.pos + place.index : part.end;
      out.push({ kind: 'literal', span: spanOf({ pos: from, end }, context), text: piece });
    }
  }
  return out;
}

function substitution(
  part: Range & { readonly script: Bash.ParsedScript | undefined },
  context: Context,
): readonly Statement[] {
  if (context.depth >= maxDepth || !part.script) return [];
  const nested = { ...context, depth: context.depth + 1 };
  report(part.script, context);
  const { source } = part.script;
  if (source === undefined) return statements(part.script.commands, nested);
  // Backquotes with escapes were decoded: positions inside mean nothing in the file, so all is placed at the whole.
  const fixed = spanOf(part, context);
  return statements(part.script.commands, { ...nested, source, original: restore(source, part, context), fixed });
}
