/** Knows Python's statements, 3.0 to 3.14: reads a file into the neutral syntax tree in one pass, in time linear in its size. */
import type { Span } from '../span.ts';
import { PythonExpressions } from './python-expressions.ts';
import { PythonError } from './python-tokens.ts';
import type {
  ArgumentSyntax,
  CaseSyntax,
  ClassSyntax,
  Expression,
  FunctionSyntax,
  HandlerSyntax,
  ImportSyntax,
  Statement,
} from './syntax.ts';

/** In the tree each elif lies in the one before. */
const maxBranches = 1024;

const augmented = new Set(['+=', '-=', '*=', '/=', '//=', '%=', '@=', '&=', '|=', '^=', '>>=', '<<=', '**=']);

/** The statements of a block. */
interface Suite {
  readonly body: readonly Statement[];
  /** From the first statement on, also when that is `pass`, which has no place in the tree. */
  readonly span: Span;
}

/** What a pattern compares and binds. */
interface Found {
  values: Expression[];
  binds: { name: string; span: Span; whole: boolean }[];
}

/**
 * Reads a file. `name` and `isPackage` are the module's own, for relative imports; `rebound` are the module variables
 * that some function binds again through `global`. Throws PythonError.
 */
export function parsePython(
  text: string,
  name: string,
  isPackage: boolean,
): { body: readonly Statement[]; rebound: ReadonlySet<string> } {
  const parser = new Parser(text, name, isPackage);
  return { body: parser.file(), rebound: parser.rebound };
}

class Parser extends PythonExpressions {
  readonly rebound = new Set<string>();
  readonly #name: string;
  readonly #package: boolean;
  #inClass = false;

  constructor(text: string, name: string, isPackage: boolean) {
    super(text);
    this.#name = name;
    this.#package = isPackage;
  }

  file(): readonly Statement[] {
    const body: Statement[] = [];
    while (this.kind !== 'end') {
      if (this.is('indent')) this.fail('unexpected indentation');
      this.#statement(body);
    }
    return body;
  }

  #suite(): Suite {
    this.expect(':');
    const body: Statement[] = [];
    let start = this.here();
    if (this.take('newline')) {
      if (this.kind !== 'indent') this.fail('expected an indented block');
      this.next();
      start = this.here();
      while (!this.take('dedent')) {
        if (this.is('end') || this.is('indent')) this.fail('unexpected indentation');
        this.#statement(body);
      }
    } else this.#simple(body);
    return { body, span: { start, end: this.#lastEnd() } };
  }

  /** End of the last token that is more than the structure of lines. */
  #lastEnd(): number {
    const { kinds, ends } = this.tokens;
    let i = this.i - 1;
    while (i > 0 && (kinds[i] === 'newline' || kinds[i] === 'dedent' || kinds[i] === ';')) i--;
    return ends[i]!;
  }

  #statement(into: Statement[]): void {
    const compound = this.#compound();
    if (compound) into.push(compound);
    else this.#simple(into);
  }

  #compound(): Statement | undefined {
    const start = this.here();
    switch (this.kind) {
      case '@':
        return this.#decorated();
      case 'def':
        return this.#function(start, [], false);
      case 'class':
        return this.#class(start, []);
      case 'if':
        return this.#if(start);
      case 'for':
        return this.#for(start);
      case 'while': {
        this.next();
        const test = this.named();
        const { body } = this.#suite();
        return { kind: 'loop', span: this.#done(start), test, body, other: this.#else() };
      }
      case 'try':
        return this.#try(start);
      case 'with':
        return this.#with(start);
      case 'async':
        this.next();
        if (this.is('def')) return this.#function(start, [], true);
        if (this.is('for')) return this.#for(start);
        if (this.is('with')) return this.#with(start);
        return this.fail('expected def, for or with');
      case 'name':
        return this.isWord('match') && this.#beginsMatch() ? this.#match(start) : undefined;
      default:
        return undefined;
    }
  }

  /** The range of a compound statement, whose last block has just been read. */
  #done(start: number): Span {
    return { start, end: this.#lastEnd() };
  }

  #else(): readonly Statement[] {
    return this.take('else') ? this.#suite().body : [];
  }

  #simple(into: Statement[]): void {
    do {
      const start = this.here();
      const statement = this.#small(start);
      if (statement) into.push(statement);
    } while (this.take(';') && this.kind !== 'newline');
    if (this.kind === 'newline') this.next();
    else this.fail(this.unexpected());
  }

  #small(start: number): Statement | undefined {
    switch (this.kind) {
      case 'pass':
        this.next();
        return undefined;
      case 'break':
      case 'continue': {
        const kind = this.kind;
        this.next();
        return { kind, span: this.from(start) };
      }
      case 'return': {
        this.next();
        if (this.#ends()) return { kind: 'return', span: this.from(start) };
        const value = this.list();
        return { kind: 'return', span: this.from(start), value };
      }
      case 'raise': {
        this.next();
        if (this.#ends()) return { kind: 'raise', span: this.from(start) };
        const value = this.test();
        if (this.take('from')) this.test();
        return { kind: 'raise', span: this.from(start), value };
      }
      case 'global':
      case 'nonlocal': {
        const of = this.kind === 'global' ? 'module' : 'enclosing';
        this.next();
        const names = [this.word()];
        while (this.take(',')) names.push(this.word());
        if (of === 'module') for (const name of names) this.rebound.add(name);
        return { kind: 'scope', span: this.from(start), names, of };
      }
      case 'del': {
        this.next();
        const targets = [this.primary()];
        while (this.take(',') && !this.#ends()) targets.push(this.primary());
        return { kind: 'delete', span: this.from(start), targets };
      }
      case 'assert': {
        this.next();
        const test = this.test();
        const message = this.take(',') ? this.test() : undefined;
        return { kind: 'assert', span: this.from(start), test, ...(message ? { message } : {}) };
      }
      case 'import':
        return this.#import(start);
      case 'from':
        return this.#fromImport(start);
      default:
        if (this.isWord('type') && this.peek() === 'name') return this.#typeAlias(start);
        return this.#expressionStatement(start);
    }
  }

  /** The statement has no further part. */
  #ends(): boolean {
    return this.kind === 'newline' || this.kind === ';' || this.kind === 'end';
  }

  #expressionStatement(start: number): Statement {
    const first = this.list();
    if (this.kind === '=') {
      const targets = [first];
      let value = first;
      while (this.take('=')) {
        value = this.list();
        targets.push(value);
      }
      targets.pop();
      return { kind: 'assign', span: this.from(start), targets, value };
    }
    if (augmented.has(this.kind)) {
      const op = this.kind.slice(0, -1);
      this.next();
      const value = this.list();
      return { kind: 'assign', span: this.from(start), targets: [first], value, op };
    }
    if (this.take(':')) {
      const annotation = this.test();
      const value = this.take('=') ? this.list() : undefined;
      return { kind: 'assign', span: this.from(start), targets: [first], annotation, ...(value ? { value } : {}) };
    }
    return { kind: 'expression', span: this.from(start), value: first };
  }

  #typeAlias(start: number): Statement {
    this.next();
    const at = this.here();
    const name = this.word();
    const target: Expression = { kind: 'name', name, span: this.from(at) };
    const outer = this.typeParams;
    this.#typeParameters();
    this.expect('=');
    const value = this.test();
    this.typeParams = outer;
    return { kind: 'assign', span: this.from(start), targets: [target], value };
  }

  #import(start: number): Statement {
    this.next();
    const imports: ImportSyntax[] = [];
    do {
      const at = this.here();
      const name = this.#dotted();
      const root = name.split('.', 1)[0]!;
      const alias = this.take('as') ? this.word() : undefined;
      imports.push({
        span: this.from(at),
        name,
        local: alias ?? root,
        module: name,
        level: 0,
        ...(alias === undefined && root !== name ? { binds: root } : {}),
      });
    } while (this.take(','));
    return { kind: 'import', span: this.from(start), imports };
  }

  #dotted(): string {
    let name = this.word();
    while (this.take('.')) name += `.${this.word()}`;
    return name;
  }

  #fromImport(start: number): Statement {
    this.next();
    let level = 0;
    for (; this.kind === '.' || this.kind === '...'; this.next()) level += this.kind.length;
    const module = this.kind === 'name' ? this.#dotted() : '';
    if (level === 0 && module === '') this.fail('expected the name of a module');
    this.expect('import');
    const base = this.#absolute(module, level);
    const imports: ImportSyntax[] = [];
    const at = this.here();
    if (this.take('*')) imports.push({ span: this.from(at), module, level, name: base, local: '*' });
    else {
      const inside = this.take('(');
      do {
        if (inside && this.kind === ')') break;
        const from = this.here();
        const member = this.word();
        const local = this.take('as') ? this.word() : member;
        const name = base === '' ? member : `${base}.${member}`;
        imports.push({ span: this.from(from), module, level, name, local, member });
      } while (this.take(','));
      if (inside) this.expect(')');
    }
    return { kind: 'import', span: this.from(start), imports };
  }

  #absolute(module: string, level: number): string {
    if (level === 0) return module;
    const parts = this.#name.split('.');
    const up = level - (this.#package ? 1 : 0);
    const base = up > 0 ? parts.slice(0, Math.max(0, parts.length - up)) : parts;
    return [...base, ...(module === '' ? [] : [module])].join('.');
  }

  /** A chain of elifs is read in a loop and put together from its end, so that long ones do not recurse. */
  #if(start: number): Statement {
    const chain: { start: number; test: Expression; body: readonly Statement[] }[] = [];
    let at = start;
    do {
      this.next();
      const test = this.named();
      chain.push({ start: at, test, body: this.#suite().body });
      if (chain.length > maxBranches) this.fail('nested too deeply');
      at = this.here();
    } while (this.kind === 'elif');
    let other = this.#else();
    const { end } = this.#done(start);
    for (const one of chain.reverse()) {
      other = [{ kind: 'if', span: { start: one.start, end }, test: one.test, body: one.body, other }];
    }
    return other[0]!;
  }

  #for(start: number): Statement {
    this.next();
    const target = this.targets();
    this.expect('in');
    const of = this.list();
    const { body } = this.#suite();
    const other = this.#else();
    return { kind: 'loop', span: this.#done(start), target, of, body, other };
  }

  #try(start: number): Statement {
    this.next();
    const { body } = this.#suite();
    const handlers: HandlerSyntax[] = [];
    while (this.kind === 'except') handlers.push(this.#handler());
    const other = this.#else();
    const final = this.take('finally') ? this.#suite().body : [];
    return { kind: 'try', span: this.#done(start), body, handlers, other, final };
  }

  #handler(): HandlerSyntax {
    const start = this.here();
    this.next();
    this.take('*');
    const types: Expression[] = [];
    if (this.kind !== ':') {
      const type = this.test();
      if (type.kind === 'list' && type.form === 'tuple') types.push(...type.items);
      else types.push(type);
      while (this.take(',')) types.push(this.test());
    }
    const name = this.take('as') ? this.word() : undefined;
    const { body } = this.#suite();
    return { span: this.#done(start), types, body, ...(name === undefined ? {} : { name }) };
  }

  #with(start: number): Statement {
    this.next();
    const items = this.#parenthesised() ?? this.#items();
    const { body } = this.#suite();
    return { kind: 'with', span: this.#done(start), items, body };
  }

  #items(closer?: string) {
    const items: { value: Expression; target?: Expression }[] = [];
    do {
      if (this.kind === closer) break;
      const value = closer === undefined ? this.test() : this.named();
      const target = this.take('as') ? this.target() : undefined;
      items.push({ value, ...(target ? { target } : {}) });
    } while (this.take(','));
    return items;
  }

  /** `with (a as b, c):`, unless the brackets belong to an expression. */
  #parenthesised() {
    if (this.kind !== '(' || this.peek() === ')') return undefined;
    const before = { i: this.i, depth: this.depth };
    try {
      this.next();
      const items = this.#items(')');
      this.expect(')');
      if (this.is(':')) return items;
    } catch (error) {
      if (!(error instanceof PythonError)) throw error;
    }
    this.i = before.i;
    this.kind = this.tokens.kinds[before.i]!;
    this.depth = before.depth;
    return undefined;
  }

  // Functions and classes

  #decorated(): Statement {
    const decorators: Expression[] = [];
    while (this.take('@')) {
      decorators.push(this.named());
      this.expect('newline');
    }
    const start = this.here();
    if (this.kind === 'class') return this.#class(start, decorators);
    const isAsync = this.take('async');
    if (this.kind !== 'def') this.fail('expected def or class');
    return this.#function(start, decorators, isAsync);
  }

  #function(start: number, decorators: readonly Expression[], isAsync: boolean): Statement {
    this.next();
    const at = this.here();
    const name = this.word();
    const nameSpan = this.from(at);
    const outer = this.typeParams;
    const inClass = this.#inClass;
    this.#typeParameters();
    this.expect('(');
    const params = this.params(')', true);
    this.expect(')');
    const returnAnnotation = this.take('->') ? this.test() : undefined;
    const kind = inClass ? methodKind(decorators) : 'function';
    const receiver = kind === 'function' || kind === 'static' ? undefined : params.shift();
    this.#inClass = false;
    const { body, span: bodySpan } = this.#suite();
    this.#inClass = inClass;
    this.typeParams = outer;
    const span = this.#done(start);
    const doc = docOf(body, bodySpan.start);
    const made: FunctionSyntax = {
      name,
      span,
      nameSpan,
      bodySpan,
      kind,
      params,
      async: isAsync,
      generator: false,
      decorators,
      body,
      ...(receiver ? { receiver: receiver.name } : {}),
      ...(returnAnnotation ? { returnAnnotation } : {}),
      ...(doc ? { doc } : {}),
      ...(body.every(isStub) ? { stub: true } : {}),
    };
    return { kind: 'function', span, function: made };
  }

  #class(start: number, decorators: readonly Expression[]): Statement {
    this.next();
    const at = this.here();
    const name = this.word();
    const nameSpan = this.from(at);
    const outer = this.typeParams;
    const inClass = this.#inClass;
    this.#typeParameters();
    const bases: Expression[] = [];
    const keywords: ArgumentSyntax[] = [];
    if (this.kind === '(') {
      for (const arg of this.arguments()) {
        if (arg.keyword !== undefined || arg.spread === 'dict') keywords.push(arg);
        else bases.push(arg.spread === 'list' ? { kind: 'spread', of: arg.value, span: arg.span } : arg.value);
      }
    }
    this.#inClass = true;
    const { body } = this.#suite();
    this.#inClass = inClass;
    this.typeParams = outer;
    const span = this.#done(start);
    const made: ClassSyntax = { name, span, nameSpan, bases, keywords, decorators, body };
    return { kind: 'class', span, class: made };
  }

  #typeParameters(): void {
    if (!this.take('[')) return;
    const names = new Set(this.typeParams);
    this.typeParams = names;
    while (this.kind !== ']') {
      if (!this.take('*')) this.take('**');
      names.add(this.word());
      if (this.take(':')) this.test();
      if (this.take('=')) this.starred();
      if (!this.take(',')) break;
    }
    this.expect(']');
  }

  // Match

  /** `match` is also a name: only a line that ends in a colon, with a case behind it, begins the statement. */
  #beginsMatch(): boolean {
    const { kinds, names } = this.tokens;
    let i = this.i + 1;
    while (kinds[i] !== 'newline' && kinds[i] !== 'end') i++;
    return kinds[i - 1] === ':' && kinds[i + 1] === 'indent' && names[i + 2] === 'case';
  }

  #match(start: number): Statement {
    this.next();
    const subject = this.list();
    this.expect(':');
    this.expect('newline');
    this.expect('indent');
    const cases: CaseSyntax[] = [];
    while (!this.take('dedent')) {
      if (!this.isWord('case')) this.fail('expected case');
      this.next();
      cases.push(this.#case());
    }
    return { kind: 'match', span: this.#done(start), subject, cases };
  }

  #case(): CaseSyntax {
    const start = this.here();
    const found: Found = { values: [], binds: [] };
    let any = this.#asPattern(found, true);
    if (this.kind === ',') {
      found.binds = found.binds.map((bind) => ({ ...bind, whole: false }));
      this.#sequence(found, [':', 'if']);
      found.values = [{ kind: 'other', of: [], span: this.from(start) }];
      any = false;
    }
    const span = this.from(start);
    const test = this.take('if') ? this.named() : undefined;
    const { body } = this.#suite();
    return { span, values: any ? [] : found.values, binds: found.binds, any, body, ...(test ? { test } : {}) };
  }

  #sequence(found: Found, closers: readonly string[]): void {
    while (!closers.includes(this.kind)) {
      if (this.kind === ',') this.next();
      else this.#asPattern(found, false);
    }
  }

  /** Collects what a pattern compares and binds; true when it matches anything. */
  #asPattern(found: Found, whole: boolean): boolean {
    this.deeper();
    const start = this.here();
    const first = found.binds.length;
    let any = this.#pattern(found, whole);
    while (this.take('|')) if (this.#pattern(found, whole)) any = true;
    if (this.take('as')) {
      const name = this.word();
      if (name !== '_') found.binds.splice(first, 0, { name, span: this.from(start), whole });
    }
    this.depth--;
    return any;
  }

  #pattern(found: Found, whole: boolean): boolean {
    const start = this.here();
    switch (this.kind) {
      case '*': {
        this.next();
        const name = this.word();
        if (name !== '_') found.binds.push({ name, span: this.from(start), whole: false });
        return false;
      }
      case '(':
        if (this.#isGroup()) {
          this.next();
          const any = this.#asPattern(found, whole);
          this.expect(')');
          return any;
        }
        this.next();
        this.#sequence(found, [')']);
        this.expect(')');
        break;
      case '[':
        this.next();
        this.#sequence(found, [']']);
        this.expect(']');
        break;
      case '{':
        this.next();
        while (!this.is('}')) {
          if (this.take('**')) {
            const at = this.here();
            const name = this.word();
            found.binds.push({ name, span: this.from(at), whole: false });
          } else {
            this.operation(2);
            this.expect(':');
            this.#asPattern(found, false);
          }
          if (!this.take(',')) break;
        }
        this.expect('}');
        break;
      case 'name': {
        if (this.peek() !== '.' && this.peek() !== '(') {
          const name = this.word();
          if (name !== '_') found.binds.push({ name, span: this.from(start), whole });
          return true;
        }
        let value: Expression = { kind: 'name', name: this.word(), span: this.from(start) };
        while (this.take('.')) value = { kind: 'attr', of: value, name: this.word(), span: this.from(start) };
        if (!this.take('(')) {
          if (whole) found.values.push(value);
          return false;
        }
        while (!this.is(')')) {
          if (this.kind === 'name' && this.peek() === '=') {
            this.next();
            this.next();
          }
          this.#asPattern(found, false);
          if (!this.take(',')) break;
        }
        this.expect(')');
        break;
      }
      default: {
        const value = this.operation(2);
        if (whole) found.values.push(value);
        return false;
      }
    }
    if (whole) found.values.push({ kind: 'other', of: [], span: this.from(start) });
    return false;
  }

  /** Brackets around one pattern, as opposed to a sequence. */
  #isGroup(): boolean {
    const { kinds } = this.tokens;
    if (kinds[this.i + 1] === ')' || kinds[this.i + 1] === '*') return false;
    let depth = 0;
    for (let i = this.i; i < kinds.length; i++) {
      const kind = kinds[i]!;
      if (kind === '(' || kind === '[' || kind === '{') depth++;
      else if (kind === ')' || kind === ']' || kind === '}') depth--;
      if (depth === 0) return true;
      if (depth === 1 && kind === ',') return false;
    }
    return true;
  }
}

/** The string that a body begins with. */
function docOf(body: readonly Statement[], start: number): Span | undefined {
  const first = body[0];
  const isText = first?.kind === 'expression' && first.value.kind === 'const' && typeof first.value.value === 'string';
  return isText && first.span.start === start ? first.span : undefined;
}

/** Says nothing, as `pass` does, which is not even in the tree. */
function isStub(statement: Statement): boolean {
  if (statement.kind === 'expression') return statement.value.kind === 'const';
  if (statement.kind !== 'raise' || !statement.value) return false;
  const raised = statement.value.kind === 'call' ? statement.value.callee : statement.value;
  return raised.kind === 'name' && raised.name === 'NotImplementedError';
}

function methodKind(decorators: readonly Expression[]): FunctionSyntax['kind'] {
  for (const decorator of decorators) {
    const name = dottedName(decorator);
    if (name === 'staticmethod') return 'static';
    if (name === 'classmethod') return 'class';
    if (name.endsWith('.setter')) return 'setter';
    if (/(?:^|\.)(?:cached_)?property$/.test(name)) return 'getter';
  }
  return 'method';
}

function dottedName(node: Expression): string {
  if (node.kind === 'name') return node.name;
  return node.kind === 'attr' ? `${dottedName(node.of)}.${node.name}` : '';
}
