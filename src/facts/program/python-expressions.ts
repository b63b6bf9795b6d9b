/** Knows Python's expressions: reads them from the tokens of a file into the neutral syntax tree. */
import type { Span } from '../span.ts';
import { decode, numberOf } from './python-literals.ts';
import { PythonError, type Tokens, tokensOf } from './python-tokens.ts';
import type { ArgumentSyntax, Expression, FunctionSyntax, ParamSyntax } from './syntax.ts';

/** Expressions nested deeper than this are refused: what reads the tree later recurses as well. */
const maxDepth = 300;
/** Calls, attributes and indexes of one value. */
const maxLinks = 1000;

const binary: Readonly<Record<string, number>> = {
  '|': 1,
  '^': 2,
  '&': 3,
  '<<': 4,
  '>>': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '//': 6,
  '%': 6,
  '@': 6,
};
const precedence = new Map(Object.entries(binary));
const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', 'is', 'not']);
/** What can stand behind an expression list, also after its last comma. */
const closers = new Set([')', ']', '}', ':', '=', 'newline', ';', 'in', 'end', 'f-end', '!']);

type List = Expression & { kind: 'list' };

/** The tokens of a file with a place in them, and what reads an expression from there. */
export abstract class PythonExpressions {
  protected readonly text: string;
  protected readonly tokens: Tokens;
  /** Index of the next token, and its kind. */
  protected i = 0;
  protected kind: string;
  protected depth = 0;
  /** Names of type parameters in force: `def first[T](...)`. */
  protected typeParams: ReadonlySet<string> = new Set();

  constructor(text: string) {
    this.text = text;
    this.tokens = tokensOf(text);
    this.kind = this.tokens.kinds[0]!;
  }

  // Tokens

  protected next(): void {
    this.kind = this.tokens.kinds[++this.i]!;
  }

  /** Start of the next token. */
  protected here(): number {
    return this.tokens.starts[this.i]!;
  }

  /** The range from an offset to the end of the last token. */
  protected from(start: number): Span {
    return { start, end: this.i > 0 ? this.tokens.ends[this.i - 1]! : start };
  }

  /** Is the next token of this kind? For places where the compiler thinks it knows. */
  protected is(kind: string): boolean {
    return this.kind === kind;
  }

  protected take(kind: string): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  protected expect(kind: string): void {
    if (this.kind === kind) this.next();
    else this.fail(`expected ${kind === 'newline' ? 'the end of the line' : kind}`);
  }

  protected fail(message: string): never {
    throw new PythonError(message, this.here());
  }

  protected unexpected(): string {
    if (this.kind === 'newline' || this.kind === 'end') return 'unexpected end of the line';
    return `unexpected ${this.text.slice(this.here(), this.tokens.ends[this.i]).slice(0, 40)}`;
  }

  protected word(): string {
    if (this.kind !== 'name') this.fail('expected a name');
    const word = this.tokens.names[this.i]!;
    this.next();
    return word;
  }

  protected isWord(word: string): boolean {
    return this.kind === 'name' && this.tokens.names[this.i] === word;
  }

  protected peek(ahead = 1): string {
    return this.tokens.kinds[this.i + ahead] ?? 'end';
  }

  protected deeper(): void {
    if (++this.depth > maxDepth) this.fail('nested too deeply');
  }

  /** Parameters up to the closing bracket or the colon of a lambda. */
  protected params(closer: string, annotated: boolean): ParamSyntax[] {
    const params: ParamSyntax[] = [];
    let kind: ParamSyntax['kind'] = 'plain';
    while (this.kind !== closer) {
      if (this.take('/')) {
        for (const [i, param] of params.entries()) params[i] = { ...param, kind: 'positional' };
      } else if (this.kind === '*' && this.peek() === ',') {
        this.next();
        kind = 'keyword';
      } else if (this.take('*')) {
        params.push(this.#param('rest', annotated));
        kind = 'keyword';
      } else if (this.take('**')) params.push(this.#param('options', annotated));
      else params.push(this.#param(kind, annotated));
      if (!this.take(',')) break;
    }
    return params;
  }

  #param(kind: ParamSyntax['kind'], annotated: boolean): ParamSyntax {
    const start = this.here();
    const name = this.word();
    const annotation = annotated && this.take(':') ? this.starred() : undefined;
    const span = this.from(start);
    const value = this.take('=') ? this.test() : undefined;
    return { name, kind, span, ...(value ? { default: value } : {}), ...(annotation ? { annotation } : {}) };
  }

  // Expressions

  /** One or several expressions with commas; several are a tuple. Also `yield`. */
  protected list(): Expression {
    if (this.kind === 'yield') return this.#yield();
    const start = this.here();
    const first = this.starred();
    return this.kind === ',' ? this.#tuple(start, first, () => this.starred()) : first;
  }

  #tuple(start: number, first: Expression, next: () => Expression): List {
    const items = [first];
    while (this.take(',') && !closers.has(this.kind)) items.push(next());
    return { kind: 'list', form: 'tuple', items, span: this.from(start) };
  }

  #yield(): Expression {
    const start = this.here();
    this.next();
    if (this.take('from')) {
      const of = this.test();
      return { kind: 'yield', span: this.from(start), of };
    }
    if (closers.has(this.kind)) return { kind: 'yield', span: this.from(start) };
    const of = this.list();
    return { kind: 'yield', span: this.from(start), of };
  }

  protected starred(): Expression {
    const start = this.here();
    if (!this.take('*')) return this.named();
    const of = this.operation(1);
    return { kind: 'spread', of, span: this.from(start) };
  }

  /** Targets of a loop: no comparisons, because `in` ends them. */
  protected targets(): Expression {
    const start = this.here();
    const first = this.target();
    return this.kind === ',' ? this.#tuple(start, first, () => this.target()) : first;
  }

  protected target(): Expression {
    const start = this.here();
    if (!this.take('*')) return this.operation(1);
    const of = this.operation(1);
    return { kind: 'spread', of, span: this.from(start) };
  }

  /** An expression, perhaps with a name: `n := len(a)`. */
  protected named(): Expression {
    const start = this.here();
    const target = this.test();
    if (this.kind !== ':=') return target;
    this.next();
    const value = this.test();
    return { kind: 'assign', target, value, span: this.from(start) };
  }

  protected test(): Expression {
    if (this.kind === 'lambda') return this.#lambda();
    const start = this.here();
    const yes = this.#or();
    if (this.kind !== 'if') return yes;
    this.deeper();
    this.next();
    const test = this.#or();
    this.expect('else');
    const no = this.test();
    this.depth--;
    return { kind: 'choose', test, yes, no, span: this.from(start) };
  }

  #lambda(): Expression {
    const start = this.here();
    this.deeper();
    this.next();
    const nameSpan = this.from(start);
    const params = this.params(':', false);
    this.expect(':');
    const value = this.test();
    this.depth--;
    const span = this.from(start);
    const made: FunctionSyntax = {
      name: '',
      span,
      nameSpan,
      bodySpan: value.span,
      kind: 'lambda',
      params,
      decorators: [],
      body: [{ kind: 'return', value, span: value.span }],
    };
    return { kind: 'function', function: made, span };
  }

  #or(): Expression {
    const start = this.here();
    const first = this.#and();
    if (this.kind !== 'or') return first;
    const of = [first];
    while (this.take('or')) of.push(this.#and());
    return { kind: 'logic', op: 'or', of, span: this.from(start) };
  }

  #and(): Expression {
    const start = this.here();
    const first = this.#not();
    if (this.kind !== 'and') return first;
    const of = [first];
    while (this.take('and')) of.push(this.#not());
    return { kind: 'logic', op: 'and', of, span: this.from(start) };
  }

  #not(): Expression {
    if (this.kind !== 'not') return this.#comparison();
    const start = this.here();
    this.deeper();
    this.next();
    const of = this.#not();
    this.depth--;
    return { kind: 'unary', op: 'not', of, span: this.from(start) };
  }

  #comparison(): Expression {
    const start = this.here();
    const first = this.operation(1);
    if (!comparisons.has(this.kind)) return first;
    const operands = [first];
    const ops: string[] = [];
    while (comparisons.has(this.kind)) {
      let op = this.kind;
      this.next();
      if (op === 'not') {
        this.expect('in');
        op = 'not in';
      } else if (op === 'is' && this.take('not')) op = 'is not';
      ops.push(op);
      operands.push(this.operation(1));
    }
    return { kind: 'compare', ops, operands, span: this.from(start) };
  }

  /** Operators that bind at least as tightly; a chain to the left stays flat, so that long sums do not nest. */
  protected operation(least: number): Expression {
    const start = this.here();
    let left = this.#factor();
    let flat: { ops: string[]; operands: Expression[] } | undefined;
    for (let binds = precedence.get(this.kind); binds !== undefined && binds >= least; ) {
      if (!flat) {
        flat =
          left.kind === 'binary' ? { ops: [...left.ops], operands: [...left.operands] } : { ops: [], operands: [left] };
      }
      flat.ops.push(this.kind);
      this.next();
      flat.operands.push(this.operation(binds + 1));
      left = { kind: 'binary', ops: flat.ops, operands: flat.operands, span: this.from(start) };
      binds = precedence.get(this.kind);
    }
    return left;
  }

  #factor(): Expression {
    const op = this.kind;
    if (op !== '-' && op !== '+' && op !== '~') return this.#power();
    const start = this.here();
    this.deeper();
    this.next();
    const of = this.#factor();
    this.depth--;
    return { kind: 'unary', op, of, span: this.from(start) };
  }

  #power(): Expression {
    const start = this.here();
    const left = this.primary();
    if (this.kind !== '**') return left;
    this.deeper();
    this.next();
    const right = this.#factor();
    this.depth--;
    const [ops, operands] = left.kind === 'binary' ? [left.ops, left.operands] : [[], [left]];
    return { kind: 'binary', ops: [...ops, '**'], operands: [...operands, right], span: this.from(start) };
  }

  /** A value with the calls, attributes and indexes behind it. */
  protected primary(): Expression {
    const start = this.here();
    if (this.take('await')) {
      this.deeper();
      const of = this.primary();
      this.depth--;
      return { kind: 'await', of, span: this.from(start) };
    }
    this.deeper();
    let value = this.#atom();
    for (let links = 0; ; links++) {
      if (links > maxLinks) this.fail('nested too deeply');
      if (this.take('.')) {
        value = { kind: 'attr', of: value, name: this.word(), span: this.from(start) };
      } else if (this.kind === '(') {
        const args = this.arguments();
        value = { kind: 'call', callee: value, args, span: this.from(start) };
      } else if (this.take('[')) value = this.#subscript(value, start);
      else break;
    }
    this.depth--;
    return value;
  }

  /** Positional arguments, then keywords, each in their order. */
  protected arguments(): readonly ArgumentSyntax[] {
    const opening = this.here();
    this.expect('(');
    const args: ArgumentSyntax[] = [];
    const keywords: ArgumentSyntax[] = [];
    while (!this.is(')')) {
      const start = this.here();
      if (this.take('**')) keywords.push({ value: this.test(), span: this.from(start), spread: 'dict' });
      else if (this.take('*')) args.push({ value: this.test(), span: this.from(start), spread: 'list' });
      else if (this.kind === 'name' && this.peek() === '=') {
        const keyword = this.word();
        this.next();
        const value = this.test();
        keywords.push({ value, span: this.from(start), keyword });
      } else {
        let value = this.named();
        if (this.#comprehends()) {
          value = this.#comprehension('generator', start, value);
          // It takes the brackets of the call for its own.
          if (this.is(')')) value = { ...value, span: { start: opening, end: this.here() + 1 } };
        }
        args.push({ value, span: value.span });
      }
      if (!this.take(',')) break;
    }
    this.expect(')');
    return keywords.length === 0 ? args : [...args, ...keywords];
  }

  #subscript(of: Expression, start: number): Expression {
    const at = this.here();
    const first = this.#index();
    if (Array.isArray(first) && this.take(']')) return { kind: 'slice', of, bounds: first, span: this.from(start) };
    let key = asPart(first, at);
    if (this.kind === ',') {
      const items = [key];
      while (this.take(',') && !this.is(']')) {
        const from = this.here();
        items.push(asPart(this.#index(), from));
      }
      key = { kind: 'list', form: 'tuple', items, span: this.from(at) };
    }
    this.expect(']');
    return { kind: 'item', of, key, span: this.from(start) };
  }

  /** An index, or the three bounds of a slice. */
  #index(): Expression | (Expression | null)[] {
    const lower = this.kind === ':' ? null : this.starred();
    if (lower !== null && this.kind !== ':') return lower;
    const bounds: (Expression | null)[] = [lower];
    while (this.take(':')) {
      bounds.push(this.kind === ':' || this.kind === ']' || this.kind === ',' ? null : this.test());
    }
    if (bounds.length === 2) bounds.push(null);
    return bounds;
  }

  #atom(): Expression {
    const start = this.here();
    switch (this.kind) {
      case 'name': {
        const name = this.word();
        const span = this.from(start);
        return this.typeParams.has(name) ? { kind: 'other', of: [], span } : { kind: 'name', name, span };
      }
      case 'string':
      case 'f-start':
        return this.#strings();
      case 'number': {
        this.next();
        const span = this.from(start);
        const value = numberOf(this.text.slice(span.start, span.end));
        return value === undefined ? { kind: 'other', of: [], span } : { kind: 'const', value, span };
      }
      case 'None':
      case '...':
        this.next();
        return { kind: 'const', value: null, span: this.from(start) };
      case 'True':
      case 'False': {
        const value = this.kind === 'True';
        this.next();
        return { kind: 'const', value, span: this.from(start) };
      }
      case '(':
        return this.#group(start);
      case '[':
        return this.#brackets(start);
      case '{':
        return this.#braces(start);
      default:
        return this.fail(this.unexpected());
    }
  }

  #group(start: number): Expression {
    this.next();
    if (this.take(')')) return { kind: 'list', form: 'tuple', items: [], span: this.from(start) };
    if (this.kind === 'yield') {
      const value = this.#yield();
      this.expect(')');
      return value;
    }
    const first = this.starred();
    if (this.#comprehends()) {
      const made = this.#comprehension('generator', start, first);
      this.expect(')');
      return { ...made, span: this.from(start) };
    }
    if (this.take(')')) return first;
    const { items } = this.#tuple(start, first, () => this.starred());
    this.expect(')');
    return { kind: 'list', form: 'tuple', items, span: this.from(start) };
  }

  #brackets(start: number): Expression {
    this.next();
    if (this.take(']')) return { kind: 'list', form: 'list', items: [], span: this.from(start) };
    const first = this.starred();
    if (this.#comprehends()) {
      const made = this.#comprehension('list', start, first);
      this.expect(']');
      return { ...made, span: this.from(start) };
    }
    const items = this.kind === ',' ? this.#tuple(start, first, () => this.starred()).items : [first];
    this.expect(']');
    return { kind: 'list', form: 'list', items, span: this.from(start) };
  }

  #braces(start: number): Expression {
    this.next();
    if (this.take('}')) return { kind: 'dict', entries: [], span: this.from(start) };
    if (this.kind !== '**') {
      const first = this.starred();
      if (this.kind !== ':') return this.#set(start, first);
      this.next();
      const element = this.test();
      if (this.#comprehends()) {
        const made = this.#comprehension('dict', start, element, first);
        this.expect('}');
        return { ...made, span: this.from(start) };
      }
      return this.#dict(start, [[first, element]]);
    }
    return this.#dict(start, []);
  }

  #dict(start: number, entries: (readonly [Expression | null, Expression])[]): Expression {
    if (entries.length > 0 && this.kind !== '}') this.expect(',');
    while (this.kind !== '}') {
      if (this.take('**')) entries.push([null, this.operation(1)]);
      else {
        const key = this.test();
        this.expect(':');
        entries.push([key, this.test()]);
      }
      if (!this.take(',')) break;
    }
    this.expect('}');
    return { kind: 'dict', entries, span: this.from(start) };
  }

  #set(start: number, first: Expression): Expression {
    if (this.#comprehends()) {
      const made = this.#comprehension('set', start, first);
      this.expect('}');
      return { ...made, span: this.from(start) };
    }
    const items = this.kind === ',' ? this.#tuple(start, first, () => this.starred()).items : [first];
    this.expect('}');
    return { kind: 'list', form: 'set', items, span: this.from(start) };
  }

  #comprehends(): boolean {
    return this.kind === 'for' || (this.kind === 'async' && this.peek() === 'for');
  }

  #comprehension(
    form: 'list' | 'set' | 'dict' | 'generator',
    start: number,
    element: Expression,
    key?: Expression,
  ): Expression & { kind: 'comprehension' } {
    const clauses: { target: Expression; of: Expression; tests: Expression[] }[] = [];
    while (this.#comprehends()) {
      this.take('async');
      this.next();
      const target = this.targets();
      this.expect('in');
      const of = this.#or();
      const tests: Expression[] = [];
      while (this.take('if')) tests.push(this.#or());
      clauses.push({ target, of, tests });
    }
    return { kind: 'comprehension', form, clauses, element, span: this.from(start), ...(key ? { key } : {}) };
  }

  // Texts

  /** Literals that stand one after the other are one. */
  #strings(): Expression {
    const start = this.here();
    const parts: Expression[] = [];
    let plain = true;
    let bytes = false;
    for (; this.kind === 'string' || this.kind === 'f-start'; ) {
      if (this.kind === 'f-start') {
        plain = false;
        this.#template(parts);
        continue;
      }
      const at = this.here();
      this.next();
      const span = this.from(at);
      const literal = decode(this.text.slice(span.start, span.end));
      bytes ||= literal.bytes;
      addText(parts, literal.value, span);
    }
    const span = this.from(start);
    if (!plain) return { kind: 'concat', parts, span };
    const first = parts[0];
    const value = first?.kind === 'const' ? first.value : '';
    return bytes ? { kind: 'const', value, bytes: true, span } : { kind: 'const', value, span };
  }

  #template(parts: Expression[]): void {
    const raw = /r/i.test(this.text.slice(this.here(), this.here() + 2));
    this.next();
    while (!this.take('f-end')) {
      if (this.kind === 'f-middle') this.#middle(parts, raw);
      else this.#field(parts, raw);
    }
  }

  #middle(parts: Expression[], raw: boolean): void {
    const at = this.here();
    this.next();
    const span = this.from(at);
    const text = this.text.slice(span.start, span.end).replaceAll('{{', '{').replaceAll('}}', '}');
    addText(parts, raw ? text : decode(`"""${text}"""`).value, span);
  }

  /** `{value}` with its conversion and format; a format with own placeholders is evaluated for what it calls. */
  #field(parts: Expression[], raw: boolean): void {
    const start = this.here();
    this.deeper();
    this.expect('{');
    const at = this.here();
    const value = this.list();
    if (this.take('=')) {
      // The text of the expression is printed in front of the value.
      addText(parts, this.text.slice(at, this.here()), { start: at, end: this.here() });
    }
    if (this.take('!')) this.word();
    let format: Expression | undefined;
    if (this.kind === ':') {
      const from = this.here();
      this.next();
      const inside: Expression[] = [];
      while (this.is('f-middle') || this.is('{')) {
        if (this.is('{')) this.#field(inside, raw);
        else this.#middle(inside, raw);
      }
      if (inside.some((one) => one.kind !== 'const')) format = { kind: 'concat', parts: inside, span: this.from(from) };
    }
    this.expect('}');
    this.depth--;
    parts.push(format ? { kind: 'sequence', of: [format, value], span: this.from(start) } : value);
  }
}

/** A slice among several indexes is only its parts. */
function asPart(index: Expression | (Expression | null)[], start: number): Expression {
  if (!Array.isArray(index)) return index;
  const of = index.filter((one) => one !== null);
  return { kind: 'other', of, span: { start: of[0]?.span.start ?? start, end: of.at(-1)?.span.end ?? start } };
}

/** Adds a text to the parts, joined with a text before it. */
function addText(parts: Expression[], value: string, span: Span): void {
  const last = parts.at(-1);
  if (last?.kind !== 'const' || typeof last.value !== 'string') parts.push({ kind: 'const', value, span });
  else
    parts[parts.length - 1] = {
      kind: 'const',
      value: last.value + value,
      span: { start: last.span.start, end: span.end },
    };
}
