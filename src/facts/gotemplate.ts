/** Knows the syntax of Go's text/template: text with located trees of its actions. */

import type { ParseProblem } from './facts.ts';
import { TemplateSyntaxError, type Token, tokens } from './gotemplate-lexer.ts';
import type { Span } from './span.ts';

export interface TemplateFile {
  readonly nodes: readonly TemplateNode[];
  /** `define` and `block`, wherever they stand. */
  readonly defines: readonly { readonly name: string; readonly nodes: readonly TemplateNode[]; readonly span: Span }[];
}

export type TemplateNode =
  /** Literal text; `span` is exactly its place in the file. */
  | { readonly kind: 'text'; readonly text: string; readonly span: Span }
  | { readonly kind: 'action'; readonly pipe: Pipe; readonly span: Span }
  | Branch
  | { readonly kind: 'template'; readonly name: string; readonly pipe?: Pipe; readonly span: Span }
  | { readonly kind: 'break' | 'continue'; readonly span: Span };

/** `span` is the opening action, not the whole block. */
export interface Branch {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: Pipe;
  readonly body: readonly TemplateNode[];
  readonly otherwise: readonly TemplateNode[];
  readonly span: Span;
}

export interface Pipe {
  /** Variables with their `$`: at most one, two in a range. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
  readonly span: Span;
}

export type Operand =
  | { readonly kind: 'dot' | 'nil'; readonly span: Span }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'number'; readonly value: number; readonly float: boolean; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'function'; readonly name: string; readonly span: Span }
  /** `.a.b` */
  | { readonly kind: 'field'; readonly names: readonly string[]; readonly span: Span }
  /** `$x.a.b`; `$` alone is the root. */
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[]; readonly span: Span }
  /** `(pipeline).a.b` */
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly names: readonly string[]; readonly span: Span };

const MAX_DEPTH = 150;

/** Reads a template file. A syntax error leaves `file` out, as Go refuses such a file as a whole; never throws. */
export function parseTemplate(text: string): { file?: TemplateFile; problems: ParseProblem[] } {
  try {
    const parser = new Parser(tokens(text));
    const nodes = parser.file();
    return { file: { nodes, defines: parser.defines }, problems: [] };
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const start = Math.min(error.span.start, text.length);
    const span = { start, end: Math.max(start, Math.min(error.span.end, text.length)) };
    return { problems: [{ message: error.message, span }] };
  }
}

type End = 'end' | 'else' | 'eof';

class Parser {
  readonly defines: { name: string; nodes: readonly TemplateNode[]; span: Span }[] = [];
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #ranges = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  file(): readonly TemplateNode[] {
    const { nodes, end } = this.#list();
    if (end !== 'eof') throw this.#error(`unexpected {{${end}}}`, this.#tokens[this.#next - 1]!);
    return nodes;
  }

  #error(message: string, at: Token): TemplateSyntaxError {
    return new TemplateSyntaxError(message, at.span);
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #skipSpace(): Token {
    while (this.#peek().kind === 'space') this.#next++;
    return this.#peek();
  }

  /** Nodes up to `{{end}}`, `{{else` (which stays open behind the word) or the end of the file. */
  #list(): { nodes: TemplateNode[]; end: End; at: Token } {
    if (++this.#depth > MAX_DEPTH) throw this.#error('nested too deeply', this.#peek());
    const nodes: TemplateNode[] = [];
    for (;;) {
      const token = this.#tokens[this.#next++]!;
      if (token.kind === 'text') {
        if (token.text !== '') nodes.push({ kind: 'text', text: token.text, span: token.span });
        continue;
      }
      if (token.kind === 'eof') {
        this.#depth--;
        this.#next--;
        return { nodes, end: 'eof', at: token };
      }
      const word = this.#skipSpace();
      if (word.kind === 'word' && (word.text === 'end' || word.text === 'else')) {
        this.#next++;
        this.#depth--;
        if (word.text === 'end') this.#close();
        return { nodes, end: word.text, at: token };
      }
      const node = this.#action(token, word);
      if (node) nodes.push(node);
    }
  }

  #close(): Token {
    const token = this.#skipSpace();
    if (token.kind !== 'close') throw this.#error(`unexpected ${JSON.stringify(token.text)} in action`, token);
    this.#next++;
    return token;
  }

  #action(open: Token, word: Token): TemplateNode | undefined {
    const keyword = word.kind === 'word' ? word.text : '';
    if (keyword === 'if' || keyword === 'with' || keyword === 'range') {
      this.#next++;
      return this.#branch(keyword, open);
    }
    if (keyword === 'define' || keyword === 'block') return this.#definition(keyword, open);
    if (keyword === 'template') {
      this.#next++;
      const name = this.#name();
      const pipe = this.#skipSpace().kind === 'close' ? {} : { pipe: this.#pipe('close', 0) };
      return { kind: 'template', name, ...pipe, span: this.#spanFrom(open) };
    }
    if (keyword === 'break' || keyword === 'continue') {
      this.#next++;
      if (this.#ranges === 0) throw this.#error(`{{${keyword}}} outside {{range}}`, word);
      return { kind: keyword, span: this.#spanFrom(open) };
    }
    const pipe = this.#pipe('close', 0);
    return { kind: 'action', pipe, span: this.#spanFrom(open) };
  }

  #spanFrom(open: Token): Span {
    return { start: open.span.start, end: this.#close().span.end };
  }

  #name(): string {
    const token = this.#skipSpace();
    if (token.kind !== 'string') throw this.#error('expected a quoted template name', token);
    this.#next++;
    return token.text;
  }

  #definition(keyword: 'define' | 'block', open: Token): TemplateNode | undefined {
    this.#next++;
    const name = this.#name();
    const pipe = keyword === 'block' ? this.#pipe('close', 0) : undefined;
    const span = this.#spanFrom(open);
    const ranges = this.#ranges;
    this.#ranges = 0;
    const { nodes, end, at } = this.#list();
    this.#ranges = ranges;
    if (end !== 'end') throw this.#error(`{{${keyword}}} without {{end}}`, end === 'eof' ? open : at);
    this.defines.push({ name, nodes, span });
    return pipe && { kind: 'template', name, pipe, span };
  }

  #branch(kind: Branch['kind'], open: Token): Branch {
    const pipe = this.#pipe('close', kind === 'range' ? 2 : 1);
    const span = this.#spanFrom(open);
    if (kind === 'range') this.#ranges++;
    const body = this.#list();
    if (kind === 'range') this.#ranges--;
    if (body.end === 'eof') throw this.#error(`{{${kind}}} without {{end}}`, open);
    let otherwise: readonly TemplateNode[] = [];
    if (body.end === 'else') {
      const word = this.#skipSpace();
      if (word.kind === 'word' && word.text === kind && kind !== 'range') {
        this.#next++;
        if (++this.#depth > MAX_DEPTH) throw this.#error('nested too deeply', word);
        otherwise = [this.#branch(kind, body.at)];
        this.#depth--;
        return { kind, pipe, body: body.nodes, otherwise, span };
      }
      this.#close();
      const rest = this.#list();
      if (rest.end !== 'end') throw this.#error(`{{${kind}}} without {{end}}`, rest.end === 'eof' ? open : rest.at);
      otherwise = rest.nodes;
    }
    return { kind, pipe, body: body.nodes, otherwise, span };
  }

  /** `variables`: how many may be declared; 0 in parentheses and arguments, one in actions (0 is passed for those too). */
  #pipe(end: 'close' | ')', variables: number): Pipe {
    const first = this.#skipSpace();
    const names: string[] = [];
    let assigns = false;
    const mark = this.#next;
    for (;;) {
      const name = this.#skipSpace();
      if (name.kind !== 'variable' || end === ')') break;
      this.#next++;
      const after = this.#skipSpace();
      if (after.kind === ':=' || after.kind === '=') {
        this.#next++;
        names.push(name.text);
        assigns = after.kind === '=';
        break;
      }
      if (after.kind !== ',' || variables < 2 || names.length > 0) {
        names.length = 0;
        break;
      }
      this.#next++;
      names.push(name.text);
    }
    if (names.length === 0 || !['=', ':='].includes(this.#tokens[this.#next - 1]!.kind)) {
      names.length = 0;
      this.#next = mark;
    }
    const commands: Operand[][] = [];
    for (;;) {
      commands.push(this.#command(end));
      const token = this.#skipSpace();
      if (token.kind === '|') {
        this.#next++;
        // Go takes a bar that nothing follows.
        if (this.#skipSpace().kind === end) break;
      } else if (token.kind === end) break;
      else throw this.#error(`unexpected ${JSON.stringify(token.text)} in pipeline`, token);
    }
    return {
      variables: names,
      assigns,
      commands,
      span: { start: first.span.start, end: this.#tokens[this.#next - 1]!.span.end },
    };
  }

  #command(end: 'close' | ')'): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#skipSpace();
      if (token.kind === '|' || token.kind === end) break;
      operands.push(this.#operand());
    }
    if (operands.length === 0) throw this.#error('missing value for command', this.#peek());
    return operands;
  }

  #names(): string[] {
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#tokens[this.#next++]!.text);
    return names;
  }

  #operand(): Operand {
    const token = this.#tokens[this.#next++]!;
    const span = () => ({ start: token.span.start, end: this.#tokens[this.#next - 1]!.span.end });
    switch (token.kind) {
      case 'field':
        return { kind: 'field', names: [token.text, ...this.#names()], span: span() };
      case 'variable':
        return { kind: 'variable', name: token.text, names: this.#names(), span: span() };
      case 'dot':
        return { kind: 'dot', span: token.span };
      case 'string':
        return { kind: 'string', value: token.text, span: token.span };
      case 'number':
        return {
          kind: 'number',
          value: token.value ?? 0,
          float: /^[^xX]*[.eE]|[pP]/.test(token.text),
          span: token.span,
        };
      case 'char':
        return { kind: 'number', value: token.value ?? 0, float: false, span: token.span };
      case '(': {
        if (++this.#depth > MAX_DEPTH) throw this.#error('nested too deeply', token);
        const pipe = this.#pipe(')', 0);
        this.#next++;
        this.#depth--;
        return { kind: 'pipe', pipe, names: this.#names(), span: span() };
      }
      case 'word': {
        if (token.text === 'true' || token.text === 'false') {
          return { kind: 'bool', value: token.text === 'true', span: token.span };
        }
        if (token.text === 'nil') return { kind: 'nil', span: token.span };
        return { kind: 'function', name: token.text, span: token.span };
      }
      default:
        throw this.#error(`unexpected ${JSON.stringify(token.text)} in operand`, token);
    }
  }
}

/** YAML keys that the literal text of nodes would add to an output. */
export function* offeredKeys(nodes: readonly TemplateNode[]): Generator<string> {
  for (const node of nodes) {
    if (node.kind === 'text')
      for (const match of node.text.matchAll(/^[ \t]*(?:- +)?([\w./-]{1,100}):/gm)) yield match[1]!;
    else if ('body' in node) {
      yield* offeredKeys(node.body);
      yield* offeredKeys(node.otherwise);
    }
  }
}
