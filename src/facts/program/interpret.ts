/**
 * Knows how a neutral syntax tree becomes a module of the program model: it runs every function body once on symbolic
 * values, folding what is decided, and keeps flat indexes of what it saw. Cost is linear in the size of the tree.
 */
import type { Span } from '../span.ts';
import { Environment } from './environment.ts';
import {
  foldBinary,
  foldCompare,
  foldMethod,
  foldUnary,
  formatParts,
  percentParts,
  print,
  type TemplatePart,
} from './fold.ts';
import type {
  Argument,
  Assignment,
  Call,
  ClassModel,
  Comparison,
  FunctionModel,
  Guard,
  Handler,
  Import,
  Module,
  Operand,
  Param,
  Raise,
  Ref,
  Reference,
  Return,
  Scalar,
  Value,
} from './model.ts';
import type { ClassSyntax, Expression, FunctionSyntax, SourceSyntax, Statement } from './syntax.ts';

/** What a language brings along. */
export interface Dialect {
  /** Names that exist without an import. */
  readonly builtins: ReadonlySet<string>;
  /** Names of functions that import the module their first constant argument names. */
  readonly importers: ReadonlySet<string>;
  /** Functions that read the attribute their second argument names. */
  readonly getters: ReadonlySet<string>;
  /** Calls that never return. */
  readonly exits: ReadonlySet<string>;
  /** Conditions that only hold for type checkers. */
  readonly typeChecking: ReadonlySet<string>;
}

/** How a list of statements ends. */
type Leaves = 'no' | 'return' | 'raise' | 'loop' | 'exit';

interface Scope {
  readonly kind: 'module' | 'function' | 'class';
  readonly outer: Scope | undefined;
  readonly function: number;
  readonly class: number;
  readonly path: string;
  /** Names that `global` or `nonlocal` sends elsewhere. */
  readonly elsewhere: Map<string, 'module' | 'enclosing'>;
  /** Where the variables begin: names not found down to here belong to outer scopes. */
  readonly root: Environment;
}

interface LoopFrame {
  readonly base: Environment;
  readonly exits: Environment[];
}

/** More values than this in one file (about 3 MB of code) are not followed. */
const maxValues = 600_000;

export function interpret(source: SourceSyntax, dialect: Dialect, rebound: ReadonlySet<string>): Module {
  return new Interpreter(source, dialect, rebound).run();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Interpreter {
  readonly #source: SourceSyntax;
  readonly #dialect: Dialect;
  readonly #rebound: ReadonlySet<string>;
  readonly #python: boolean;

  readonly #values: Value[] = [];
  readonly #guards: Guard[] = [];
  readonly #imports: Import[] = [];
  readonly #functions: Mutable<FunctionModel>[] = [];
  readonly #classes: Mutable<ClassModel>[] = [];
  readonly #calls: Call[] = [];
  readonly #comparisons: Comparison[] = [];
  readonly #assignments: Assignment[] = [];
  readonly #raises: Raise[] = [];
  readonly #handlers: Mutable<Handler>[] = [];
  readonly #references: Reference[] = [];
  readonly #dicts: { value: Ref; span: Span; function: number; guard: number }[] = [];
  readonly #exports = new Map<string, Ref>();
  readonly #exportAll: string[] = [];
  readonly #pending: (() => void)[] = [];
  readonly #keys = new Map<Ref, string>();
  #stars = false;

  #env: Environment = new Environment();
  #scope: Scope;
  #guard = -1;
  #loops: LoopFrame[] = [];
  #self: Ref | undefined;
  #returns: Return[] = [];
  #full = false;
  /** Depth of annotations and class headers, whose names are no uses. */
  #quiet = 0;

  constructor(source: SourceSyntax, dialect: Dialect, rebound: ReadonlySet<string>) {
    this.#source = source;
    this.#dialect = dialect;
    this.#rebound = rebound;
    this.#python = source.language === 'python';
    this.#scope = {
      kind: 'module',
      outer: undefined,
      function: -1,
      class: -1,
      path: '',
      elsewhere: new Map(),
      root: this.#env,
    };
  }

  run(): Module {
    const top = this.#env;
    this.#block(this.#source.body);
    for (let next = this.#pending.shift(); next; next = this.#pending.shift()) next();
    if (this.#source.exportsNames) {
      for (const [key, ref] of top.changes) {
        if (isName(key)) this.#exports.set(key, this.#content(ref, top));
      }
    }
    return {
      language: this.#source.language,
      name: this.#source.name,
      package: this.#source.package,
      values: this.#values,
      guards: this.#guards,
      imports: this.#imports,
      exports: Object.fromEntries(this.#exports),
      exportAll: this.#exportAll,
      functions: this.#functions,
      classes: this.#classes,
      calls: this.#calls,
      comparisons: this.#comparisons,
      assignments: this.#assignments,
      raises: this.#raises,
      handlers: this.#handlers,
      references: this.#references,
      dicts: this.#dicts,
      ...(this.#full ? { incomplete: 'the file is too large to be followed to its end' } : {}),
    };
  }

  // Values

  #add(value: Value): Ref {
    if (this.#values.length >= maxValues) this.#full = true;
    return this.#values.push(value) - 1;
  }

  #const(value: Scalar, span: Span, bytes?: boolean): Ref {
    return this.#add(bytes ? { kind: 'const', value, type: 'bytes', span } : { kind: 'const', value, span });
  }

  #unknown(span: Span, of?: readonly Ref[]): Ref {
    return this.#add(of && of.length > 0 ? { kind: 'unknown', of, span } : { kind: 'unknown', span });
  }

  #either(form: (Value & { kind: 'either' })['form'], refs: readonly Ref[], span: Span): Ref {
    const unique = [...new Set(refs)];
    return unique.length === 1 ? unique[0]! : this.#add({ kind: 'either', form, of: unique, span });
  }

  #joiner(form: (Value & { kind: 'either' })['form']): (refs: readonly Ref[]) => Ref {
    return (refs) => this.#either(form, refs, this.#values[refs[refs.length - 1]!]!.span);
  }

  #scalar(ref: Ref): Scalar | undefined {
    const value = this.#values[ref]!;
    return value.kind === 'const' ? value.value : undefined;
  }

  /** The present content of a container, which changes keep apart from its identity. */
  #content(ref: Ref, env: Environment = this.#env): Ref {
    const kind = this.#values[ref]!.kind;
    return kind === 'list' || kind === 'dict' ? (env.get(`@${ref}`) ?? ref) : ref;
  }

  /** Equal for two expressions that mean the same part of the same object. */
  #keyOf(ref: Ref): string {
    const known = this.#keys.get(ref);
    if (known !== undefined) return known;
    const value = this.#values[ref]!;
    let key = `#${ref}`;
    if (value.kind === 'attr') key = `${this.#keyOf(value.of)}.${value.name}`;
    else if (value.kind === 'item') {
      const scalar = this.#scalar(value.key);
      if (scalar !== undefined) key = `${this.#keyOf(value.of)}[${String(scalar)}`;
    } else if (value.kind === 'global') key = `#${value.name}`;
    if (key.length > 200) key = `#${ref}`;
    this.#keys.set(ref, key);
    return key;
  }

  #truth(ref: Ref, depth = 0): boolean | undefined {
    const value = this.#values[ref]!;
    switch (value.kind) {
      case 'const':
        return Boolean(value.value);
      case 'list':
        if (value.items.some((item) => this.#values[item]!.kind !== 'spread')) return true;
        return value.items.length === 0 ? !this.#python : undefined;
      case 'dict':
        if (value.entries.some(([key]) => key !== null)) return true;
        return value.entries.length === 0 ? !this.#python : undefined;
      case 'function':
      case 'class':
        return true;
      case 'either': {
        if (depth > 8 || value.form === 'loop') return undefined;
        const all = new Set(value.of.map((one) => this.#truth(one, depth + 1)));
        return all.size === 1 ? [...all][0] : undefined;
      }
      default:
        return undefined;
    }
  }

  // Names

  #path(name: string): string {
    return this.#scope.path === '' ? name : `${this.#scope.path}.${name}`;
  }

  #bind(name: string, ref: Ref): void {
    const to = this.#scope.elsewhere.get(name);
    this.#env.set(name, ref);
    if (to === undefined) return;
    let scope = this.#scope.outer;
    while (scope && (to === 'module' ? scope.kind !== 'module' : !scope.root.changes.has(name))) scope = scope.outer;
    if (!scope) return;
    const before = scope.root.changes.get(name);
    scope.root.set(name, before === undefined ? ref : this.#either('branch', [before, ref], this.#values[ref]!.span));
  }

  #lookup(name: string, span: Span): Ref {
    if (this.#rebound.has(name) && this.#scope.kind !== 'module' && !this.#localValue(name)) {
      return this.#add({ kind: 'global', name: `${this.#source.name}.${name}`, span });
    }
    const ref = this.#env.get(name);
    if (ref !== undefined) {
      const value = this.#values[ref]!;
      if (value.kind === 'global' && this.#quiet === 0) return this.#global(value.name, span);
      return this.#content(ref);
    }
    if (this.#stars && !this.#dialect.builtins.has(name)) return this.#global(`${this.#source.name}.${name}`, span);
    if (this.#dialect.builtins.has(name)) return this.#global(name, span);
    return this.#add({ kind: 'unknown', name, span });
  }

  /** Is the name bound by the running function itself? */
  #localValue(name: string): boolean {
    for (let at: Environment | undefined = this.#env; at; at = at.parent) {
      if (at.changes.has(name)) return this.#scope.kind === 'module' || !this.#isModuleLayer(at);
    }
    return false;
  }

  #isModuleLayer(layer: Environment): boolean {
    for (let at: Environment | undefined = layer; at; at = at.parent) if (at === this.#scope.root) return false;
    return true;
  }

  #global(name: string, span: Span): Ref {
    return this.#add({ kind: 'global', name, span });
  }

  #site(span: Span): { span: Span; function: number; guard: number } {
    return { span, function: this.#scope.function, guard: this.#guard };
  }

  // Expressions

  #operand(expression: Expression): Operand {
    const value = this.#evaluate(expression);
    const name = writtenName(expression);
    return name === undefined ? { value, span: expression.span } : { value, span: expression.span, name };
  }

  /** Evaluates an annotation or a header: what it names is not used as a value. */
  #aside(expression: Expression): Operand {
    this.#quiet++;
    try {
      return this.#operand(expression);
    } finally {
      this.#quiet--;
    }
  }

  /** Value of an expression that stands for itself: a reference to a global is a use without a call. */
  #evaluate(expression: Expression): Ref {
    const ref = this.#raw(expression);
    if (expression.kind === 'name' || expression.kind === 'attr') {
      const value = this.#values[ref]!;
      if (value.kind === 'global') {
        this.#references.push({
          ...this.#site(expression.span),
          value: ref,
          role: this.#quiet > 0 ? 'annotation' : 'value',
        });
      }
    }
    return ref;
  }

  #raw(expression: Expression): Ref {
    const span = expression.span;
    if (this.#full) return this.#values.length - 1;
    switch (expression.kind) {
      case 'const':
        return this.#const(expression.value, span, expression.bytes);
      case 'name':
        return this.#lookup(expression.name, span);
      case 'this':
        return this.#self ?? this.#unknown(span);
      case 'attr':
        return this.#attr(this.#raw(expression.of), expression.name, span);
      case 'item':
        return this.#item(this.#raw(expression.of), this.#evaluate(expression.key), span);
      case 'slice': {
        const of = this.#raw(expression.of);
        const bounds = expression.bounds.map((bound) => (bound ? this.#evaluate(bound) : null));
        return this.#add({ kind: 'slice', of, bounds, span });
      }
      case 'call':
        return this.#call(expression, false);
      case 'list': {
        const items = expression.items.map((item) => this.#evaluate(item));
        return this.#add({ kind: 'list', form: expression.form, items, span });
      }
      case 'dict': {
        const entries = expression.entries.map(
          ([key, value]) => [key ? this.#evaluate(key) : null, this.#evaluate(value)] as const,
        );
        const ref = this.#add({ kind: 'dict', entries, span });
        this.#dicts.push({ value: ref, ...this.#site(span) });
        return ref;
      }
      case 'spread':
        return this.#add({ kind: 'spread', of: this.#evaluate(expression.of), span });
      case 'concat':
        return this.#concat(
          expression.parts.map((part) => this.#evaluate(part)),
          span,
          expression.parts.map((part) => writtenName(part) ?? null),
        );
      case 'binary':
        return this.#binary(expression);
      case 'unary': {
        const of = this.#evaluate(expression.of);
        const scalar = this.#scalar(of);
        const folded = scalar === undefined ? undefined : foldUnary(expression.op, scalar);
        if (folded !== undefined) return this.#const(folded, span);
        const op = expression.op === '!' ? 'not' : expression.op;
        if (op === 'not') {
          const truth = this.#truth(of);
          if (truth !== undefined) return this.#const(!truth, span);
        }
        return this.#add({ kind: 'operation', op, of: [of], span });
      }
      case 'logic':
        return this.#logic(expression);
      case 'compare':
        return this.#compare(expression);
      case 'choose':
        return this.#choose(expression);
      case 'function':
        return this.#function(expression.function);
      case 'class':
        return this.#class(expression.class);
      case 'comprehension':
        return this.#comprehension(expression);
      case 'await':
        return expression.of.kind === 'call' ? this.#call(expression.of, false, true) : this.#evaluate(expression.of);
      case 'yield': {
        const value = expression.of ? this.#operand(expression.of) : undefined;
        this.#returns.push({ ...this.#site(span), ...(value ? { value } : {}), yields: true });
        return this.#unknown(span);
      }
      case 'assign': {
        const value = this.#operand(expression.value);
        const op = expression.op;
        const ref = op === undefined ? value.value : this.#augmented(expression.target, op, value, span);
        this.#assign(expression.target, { ...value, value: ref }, span, op === undefined ? {} : { augmented: op });
        return ref;
      }
      case 'defaulted':
        return this.#evaluate(expression.default);
      case 'sequence':
        return expression.of.map((one) => this.#evaluate(one)).at(-1) ?? this.#unknown(span);
      case 'other':
        return this.#unknown(
          span,
          expression.of.map((one) => this.#evaluate(one)),
        );
    }
  }

  #attr(of: Ref, name: string, span: Span): Ref {
    const known = this.#env.get(`${this.#keyOf(of)}.${name}`);
    if (known !== undefined) return this.#content(known);
    const value = this.#values[of]!;
    if (value.kind === 'global') return this.#global(`${value.name}.${name}`, span);
    if (value.kind === 'class') {
      const field = this.#classField(value.class, name);
      if (field !== undefined) return field;
    }
    if (value.kind === 'dict' && !this.#python) {
      const found = this.#entry(value, name);
      if (found !== undefined) return this.#content(found);
    }
    return this.#add({ kind: 'attr', of, name, span });
  }

  #classField(id: number, name: string): Ref | undefined {
    const fields = this.#classes[id]?.fields ?? [];
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = this.#assignments[fields[i]!]!;
      if (field.name === name && field.value) return field.value.value;
    }
    return undefined;
  }

  #entry(dict: Value & { kind: 'dict' }, key: Scalar): Ref | undefined {
    for (let i = dict.entries.length - 1; i >= 0; i--) {
      const [at, ref] = dict.entries[i]!;
      const scalar = at === null ? undefined : this.#scalar(at);
      if (scalar === undefined) return undefined;
      if (scalar === key) return ref;
    }
    return undefined;
  }

  #item(of: Ref, key: Ref, span: Span): Ref {
    const value = this.#values[of]!;
    const scalar = this.#scalar(key);
    if (scalar !== undefined) {
      if (value.kind === 'dict') {
        const found = this.#entry(value, scalar);
        if (found !== undefined) return this.#content(found);
      }
      if (value.kind === 'list' && typeof scalar === 'number') {
        const at = scalar < 0 ? value.items.length + scalar : scalar;
        const before = scalar < 0 ? value.items.slice(at) : value.items.slice(0, at + 1);
        const found = value.items[at];
        if (found !== undefined && before.every((item) => this.#values[item]!.kind !== 'spread'))
          return this.#content(found);
      }
      const known = this.#env.get(`${this.#keyOf(of)}[${String(scalar)}`);
      if (known !== undefined) return this.#content(known);
    }
    return this.#add({ kind: 'item', of, key, span });
  }

  #concat(parts: readonly Ref[], span: Span, written: readonly (string | null)[] = []): Ref {
    const flat: Ref[] = [];
    const names: (string | null)[] = [];
    for (const [i, part] of parts.entries()) {
      const scalar = this.#scalar(part);
      const last = flat.at(-1);
      const before = last === undefined ? undefined : this.#scalar(last);
      if (scalar !== undefined && last !== undefined && before !== undefined) {
        const joined = foldBinary('+', print(before, this.#python), print(scalar, this.#python));
        if (joined !== undefined) {
          flat[flat.length - 1] = this.#const(joined, span);
          continue;
        }
      }
      flat.push(part);
      names.push(written[i] ?? null);
    }
    if (flat.length === 0) return this.#const('', span);
    if (flat.length === 1) {
      const scalar = this.#scalar(flat[0]!);
      if (typeof scalar === 'string') return flat[0]!;
      if (scalar !== undefined) return this.#const(print(scalar, this.#python), span);
    }
    const named = names.some((name) => name !== null);
    return this.#add(named ? { kind: 'concat', parts: flat, names, span } : { kind: 'concat', parts: flat, span });
  }

  #binary(expression: Expression & { kind: 'binary' }): Ref {
    let left = this.#evaluate(expression.operands[0]!);
    for (let i = 0; i < expression.ops.length; i++) {
      const right = this.#evaluate(expression.operands[i + 1]!);
      const written = [
        i === 0 ? (writtenName(expression.operands[0]!) ?? null) : null,
        writtenName(expression.operands[i + 1]!) ?? null,
      ];
      left = this.#operate(expression.ops[i]!, left, right, expression.span, written);
    }
    return left;
  }

  #operate(op: string, left: Ref, right: Ref, span: Span, written: readonly (string | null)[] = []): Ref {
    const a = this.#scalar(left);
    const b = this.#scalar(right);
    if (a !== undefined && b !== undefined && !(op === '%' && typeof a === 'string')) {
      const folded = foldBinary(op, a, b);
      if (folded !== undefined) return this.#const(folded, span, this.#isBytes(left));
      if (!this.#python && op === '+') return this.#concat([left, right], span);
    }
    const first = this.#values[left]!;
    const second = this.#values[right]!;
    if (op === '%' && typeof a === 'string') return this.#percent(a, right, span);
    if (op === '+') {
      if (first.kind === 'list' && second.kind === 'list') {
        return this.#add({ kind: 'list', form: first.form, items: [...first.items, ...second.items], span });
      }
      if (first.kind === 'list' || second.kind === 'list') {
        const side = (ref: Ref, value: Value) =>
          value.kind === 'list' ? value.items : [this.#add({ kind: 'spread', of: ref, span: value.span })];
        const form = first.kind === 'list' ? first.form : 'list';
        return this.#add({ kind: 'list', form, items: [...side(left, first), ...side(right, second)], span });
      }
      if (first.kind === 'concat') {
        const before = first.parts.map((_, i) => first.names?.[i] ?? null);
        return this.#concat([...first.parts, right], span, [...before, written[1] ?? null]);
      }
      return this.#concat([left, right], span, written);
    }
    if (op === '|' && (first.kind === 'dict' || second.kind === 'dict')) {
      const side = (ref: Ref, value: Value): readonly (readonly [Ref | null, Ref])[] =>
        value.kind === 'dict' ? value.entries : [[null, ref]];
      return this.#add({ kind: 'dict', entries: [...side(left, first), ...side(right, second)], span });
    }
    return this.#add({ kind: 'operation', op, of: [left, right], span });
  }

  #isBytes(ref: Ref): boolean {
    const value = this.#values[ref]!;
    return value.kind === 'const' && value.type === 'bytes';
  }

  #percent(template: string, right: Ref, span: Span): Ref {
    const parts = template.length > 8192 ? undefined : percentParts(template);
    const value = this.#values[right]!;
    if (!parts) return this.#unknown(span, [right]);
    const items = value.kind === 'list' && value.form === 'tuple' ? value.items : [right];
    return this.#fill(parts, span, (slot) => {
      if (typeof slot === 'number') return items[slot] ?? right;
      return value.kind === 'dict' ? this.#entry(value, slot) : this.#item(right, this.#const(slot, span), span);
    });
  }

  #fill(
    parts: readonly TemplatePart[],
    span: Span,
    slot: (slot: number | string) => Ref | undefined,
    name: (slot: number | string) => string | undefined = () => undefined,
  ): Ref {
    const refs = parts.map((part) =>
      'text' in part ? this.#const(part.text, span) : (slot(part.slot) ?? this.#unknown(span)),
    );
    const names = parts.map((part) => ('text' in part ? null : (name(part.slot) ?? null)));
    return this.#concat(refs, span, names);
  }

  #logic(expression: Expression & { kind: 'logic' }): Ref {
    const refs: Ref[] = [];
    const guard = this.#guard;
    const base = this.#env;
    for (const [i, part] of expression.of.entries()) {
      if (i > 0) this.#env = this.#env.fork();
      const ref = this.#evaluate(part);
      const last = i === expression.of.length - 1;
      const truth =
        expression.op === 'nullish'
          ? this.#nullness(ref)
          : expression.op === 'or'
            ? this.#truth(ref)
            : negate(this.#truth(ref));
      if (truth === false && !last) {
        if (expression.op === 'and') refs.length = 0;
        continue;
      }
      refs.push(ref);
      if (truth === true) break;
      if (!last && expression.op !== 'nullish') this.#condition(ref, expression.op === 'and', part.span);
    }
    this.#guard = guard;
    if (this.#env !== base) {
      const changed = this.#env.since(base);
      this.#env = base;
      base.join([changed, base.fork()], this.#joiner('branch'));
    }
    if (refs.length === 0) return this.#unknown(expression.span);
    return this.#either(expression.op, refs, expression.span);
  }

  /** True when the value is surely not null, false when it surely is. */
  #nullness(ref: Ref): boolean | undefined {
    const value = this.#values[ref]!;
    if (value.kind === 'const') return value.value !== null;
    return value.kind === 'list' || value.kind === 'dict' || value.kind === 'concat' ? true : undefined;
  }

  #compare(expression: Expression & { kind: 'compare' }): Ref {
    const operands = expression.operands.map((operand) => this.#operand(operand));
    const results: Ref[] = [];
    for (let i = 0; i < expression.ops.length; i++) {
      const [left, right] = [operands[i]!, operands[i + 1]!];
      const span = { start: left.span.start, end: right.span.end };
      results.push(this.#comparison(expression.ops[i]!, left, right, span));
    }
    return results.length === 1 ? results[0]! : this.#either('and', results, expression.span);
  }

  #comparison(op: string, left: Operand, right: Operand, span: Span): Ref {
    const folded = this.#compareValues(op, left.value, right.value);
    if (folded !== undefined) return this.#const(folded, span);
    const comparison = this.#comparisons.push({ ...this.#site(span), op, left, right }) - 1;
    return this.#add({ kind: 'compare', comparison, span });
  }

  #compareValues(op: string, left: Ref, right: Ref): boolean | undefined {
    const a = this.#scalar(left);
    const b = this.#scalar(right);
    if (a !== undefined && b !== undefined) return foldCompare(op, a, b);
    const list = this.#values[right]!;
    if (a === undefined || list.kind !== 'list' || (op !== 'in' && op !== 'not in')) return undefined;
    const items = list.items.map((item) => this.#scalar(item));
    const found = items.includes(a);
    if (!found && items.includes(undefined)) return undefined;
    return op === 'in' ? found : !found;
  }

  #choose(expression: Expression & { kind: 'choose' }): Ref {
    const test = this.#evaluate(expression.test);
    const truth = this.#truth(test);
    if (truth !== undefined) return this.#evaluate(truth ? expression.yes : expression.no);
    const guard = this.#guard;
    this.#condition(test, true, expression.test.span);
    const then = this.#evaluate(expression.yes);
    this.#guard = guard;
    this.#condition(test, false, expression.test.span);
    const other = this.#evaluate(expression.no);
    this.#guard = guard;
    return this.#either('branch', [then, other], expression.span);
  }

  #comprehension(expression: Expression & { kind: 'comprehension' }): Ref {
    const outer = this.#env;
    const guard = this.#guard;
    this.#env = outer.fork();
    for (const clause of expression.clauses) {
      const of = this.#operand(clause.of);
      this.#destructure(clause.target, this.#element(of.value, clause.target.span));
      for (const test of clause.tests) this.#condition(this.#evaluate(test), true, test.span);
    }
    const key = expression.key ? this.#evaluate(expression.key) : undefined;
    const element = this.#evaluate(expression.element);
    this.#guard = guard;
    this.#env = outer;
    if (key !== undefined) return this.#add({ kind: 'dict', entries: [[key, element]], span: expression.span });
    return this.#add({ kind: 'operation', op: 'each', of: [element], span: expression.span });
  }

  #element(of: Ref, span: Span): Ref {
    const value = this.#values[of]!;
    if (value.kind === 'operation' && value.op === 'each') return value.of[0]!;
    if (value.kind === 'list' && value.items.length > 0 && value.items.length <= 64) {
      if (value.items.every((item) => this.#values[item]!.kind !== 'spread'))
        return this.#either('loop', value.items, span);
    }
    return this.#add({ kind: 'element', of, span });
  }

  // Calls

  #call(expression: Expression & { kind: 'call' }, statement: boolean, awaited = false): Ref {
    const span = expression.span;
    const calleeName = writtenName(expression.callee);
    const receiver = expression.callee.kind === 'attr' ? this.#raw(expression.callee.of) : undefined;
    const callee =
      expression.callee.kind === 'attr'
        ? this.#attr(receiver!, expression.callee.name, expression.callee.span)
        : this.#raw(expression.callee);
    const args: Argument[] = expression.args.map((arg) => ({
      ...this.#operand(arg.value),
      ...(arg.keyword === undefined ? {} : { keyword: arg.keyword }),
      ...(arg.spread === undefined ? {} : { spread: arg.spread }),
    }));
    const name = this.#values[callee]!.kind === 'global' ? (this.#values[callee] as { name: string }).name : undefined;
    if (name !== undefined) {
      const special = this.#special(name, args, span);
      if (special !== undefined) return special;
    }
    const text = receiver === undefined ? undefined : this.#scalar(receiver);
    if (typeof text === 'string' && expression.callee.kind === 'attr') {
      const folded = this.#textMethod(text, receiver!, expression.callee.name, args, span);
      if (folded !== undefined) return folded;
    }
    this.#record({
      ...this.#site(span),
      callee: {
        value: callee,
        span: expression.callee.span,
        ...(calleeName === undefined ? {} : { name: calleeName }),
      },
      args,
      ...(expression.form ? { form: expression.form } : {}),
      ...(awaited ? { awaited: true as const } : {}),
      ...(statement ? { statement: true as const } : {}),
    });
    const result = this.#values.length - 1;
    if (receiver !== undefined && expression.callee.kind === 'attr') {
      const effect = this.#method(receiver, expression.callee, args, span);
      if (effect !== undefined) return effect;
    }
    return name === undefined ? result : (this.#builtin(name, args, span) ?? result);
  }

  #record(call: Call): void {
    const id = this.#calls.push(call) - 1;
    this.#add({ kind: 'call', call: id, span: call.span });
  }

  /** Calls that are another way to write a reference: `getattr(os, 'system')`, `__import__('os')`. */
  #special(name: string, args: readonly Argument[], span: Span): Ref | undefined {
    const first = args[0];
    if (!first) return undefined;
    if (this.#dialect.importers.has(name)) {
      const module = this.#scalar(first.value);
      if (typeof module !== 'string' || module === '' || module.startsWith('.')) return undefined;
      const qualified = name === '__import__' && args.length < 4 ? module.split('.')[0]! : module;
      this.#imports.push({ ...this.#site(span), name: module, local: '', module, level: 0 });
      return this.#global(qualified, span);
    }
    if (this.#dialect.getters.has(name)) {
      const attribute = args[1] === undefined ? undefined : this.#scalar(args[1].value);
      if (typeof attribute !== 'string') return undefined;
      const read = this.#attr(first.value, attribute, span);
      return args[2] === undefined ? read : this.#either('nullish', [read, args[2].value], span);
    }
    return undefined;
  }

  #textMethod(text: string, receiver: Ref, method: string, args: readonly Argument[], span: Span): Ref | undefined {
    if (method === 'format' && this.#python) {
      const parts = text.length > 8192 ? undefined : formatParts(text);
      if (!parts || args.some((arg) => arg.spread !== undefined)) return undefined;
      const positional = args.filter((arg) => arg.keyword === undefined);
      const given = (slot: number | string) =>
        typeof slot === 'number' ? positional[slot] : args.find((arg) => arg.keyword === slot);
      return this.#fill(
        parts,
        span,
        (slot) => given(slot)?.value,
        (slot) => given(slot)?.name,
      );
    }
    if (method === 'join' && args.length === 1) {
      const list = this.#values[args[0]!.value]!;
      if (list.kind === 'list') return this.#join(text, list.items, span);
      if (list.kind !== 'const') return this.#concat([this.#const(text, span), args[0]!.value], span);
    }
    const scalars = args.map((arg) => this.#scalar(arg.value));
    if (scalars.includes(undefined)) return undefined;
    const folded = foldMethod(text, method, scalars as Scalar[]);
    if (folded === undefined) return undefined;
    const bytes = method === 'encode' || (method !== 'decode' && this.#isBytes(receiver));
    return this.#const(folded, span, bytes && this.#python);
  }

  #join(separator: string, items: readonly Ref[], span: Span): Ref {
    const parts: Ref[] = [];
    for (const [i, item] of items.entries()) {
      if (i > 0) parts.push(this.#const(separator, span));
      parts.push(item);
    }
    return this.#concat(parts, span);
  }

  /** Containers' own methods: reads, and changes that are kept as the container's new content. */
  #method(
    receiver: Ref,
    callee: Expression & { kind: 'attr' },
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const value = this.#values[receiver]!;
    if (args.some((arg) => arg.spread === 'list')) return undefined;
    const positional = args.filter((arg) => arg.keyword === undefined && arg.spread === undefined);
    if (value.kind === 'list') return this.#listMethod(receiver, value, callee, positional, span);
    if (value.kind === 'dict') return this.#dictMethod(receiver, value, callee, args, positional, span);
    if (callee.name === 'append' || callee.name === 'push' || callee.name === 'extend') {
      // A list that is only known in part still takes on what is added to it.
      const first = positional[0];
      if (!first || (value.kind !== 'either' && value.kind !== 'operation')) return undefined;
      const added =
        callee.name === 'extend' ? this.#add({ kind: 'spread', of: first.value, span: first.span }) : first.value;
      const whole = this.#add({ kind: 'spread', of: receiver, span });
      this.#rebind(callee.of, this.#add({ kind: 'list', form: 'list', items: [whole, added], span }));
    }
    return undefined;
  }

  #listMethod(
    receiver: Ref,
    value: Value & { kind: 'list' },
    callee: Expression & { kind: 'attr' },
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const first = args[0]?.value;
    const change = (items: readonly Ref[]) => this.#change(callee.of, receiver, { ...value, items, span: value.span });
    switch (callee.name) {
      case 'append':
      case 'push':
      case 'add':
        if (first !== undefined) change([...value.items, ...args.map((arg) => arg.value)]);
        return undefined;
      case 'extend': {
        if (first === undefined) return undefined;
        const more = this.#values[first]!;
        change([
          ...value.items,
          ...(more.kind === 'list' ? more.items : [this.#add({ kind: 'spread', of: first, span })]),
        ]);
        return undefined;
      }
      case 'insert':
        if (args[1] !== undefined) {
          const at = this.#scalar(first!);
          const items = [...value.items];
          items.splice(typeof at === 'number' ? at : items.length, 0, args[1].value);
          change(items);
        }
        return undefined;
      case 'pop': {
        const at = first === undefined ? value.items.length - 1 : this.#scalar(first);
        const found = typeof at === 'number' ? value.items[at] : undefined;
        if (found === undefined) return undefined;
        change(value.items.filter((_, i) => i !== at));
        return this.#content(found);
      }
      case 'clear':
        change([]);
        return undefined;
      case 'copy':
      case 'slice':
        return args.length === 0 ? this.#add({ ...value, span }) : undefined;
      case 'join': {
        const separator = first === undefined ? ',' : this.#scalar(first);
        return typeof separator === 'string' ? this.#join(separator, value.items, span) : undefined;
      }
      default:
        return undefined;
    }
  }

  #dictMethod(
    receiver: Ref,
    value: Value & { kind: 'dict' },
    callee: Expression & { kind: 'attr' },
    all: readonly Argument[],
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const first = args[0]?.value;
    const key = first === undefined ? undefined : this.#scalar(first);
    switch (callee.name) {
      case 'get':
      case 'pop':
      case 'setdefault': {
        if (key === undefined) return undefined;
        const found = this.#entry(value, key);
        if (callee.name === 'pop' && found !== undefined) {
          const entries = value.entries.filter(([at]) => at === null || this.#scalar(at) !== key);
          this.#change(callee.of, receiver, { ...value, entries });
        }
        if (found !== undefined) return this.#content(found);
        const closed = value.entries.every(([at]) => at !== null && this.#scalar(at) !== undefined);
        const fallback = args[1]?.value ?? this.#const(null, span);
        if (callee.name === 'setdefault') {
          this.#change(callee.of, receiver, { ...value, entries: [...value.entries, [first!, fallback]] });
        }
        return closed && this.#local(callee.of) ? fallback : undefined;
      }
      case 'update': {
        const entries: (readonly [Ref | null, Ref])[] = [...value.entries];
        for (const arg of all) {
          const more = this.#values[arg.value]!;
          if (arg.keyword !== undefined) entries.push([this.#const(arg.keyword, arg.span), arg.value]);
          else if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        this.#change(callee.of, receiver, { ...value, entries });
        return undefined;
      }
      case 'clear':
        this.#change(callee.of, receiver, { ...value, entries: [] });
        return undefined;
      case 'copy':
        return this.#add({ ...value, span });
      default:
        return undefined;
    }
  }

  /** True when the container was made by the running function, so that nobody else can have filled it. */
  #local(of: Expression): boolean {
    if (of.kind !== 'name') return false;
    return this.#scope.kind === 'module' ? false : this.#localValue(of.name);
  }

  /** Keeps the new content of a container under its identity, for every name it has. */
  #change(target: Expression, receiver: Ref, value: Value): void {
    const identity = this.#identity(target) ?? receiver;
    this.#env.set(`@${identity}`, this.#add(value));
  }

  #identity(target: Expression): Ref | undefined {
    if (target.kind === 'name') return this.#env.get(target.name);
    if (target.kind === 'attr') {
      const of = this.#raw(target.of);
      return this.#env.get(`${this.#keyOf(of)}.${target.name}`);
    }
    return undefined;
  }

  #rebind(target: Expression, ref: Ref): void {
    if (target.kind === 'name') this.#bind(target.name, ref);
    else if (target.kind === 'attr') this.#env.set(`${this.#keyOf(this.#raw(target.of))}.${target.name}`, ref);
  }

  /** Builtins whose result is known from their arguments; the call is recorded as well. */
  #builtin(name: string, args: readonly Argument[], span: Span): Ref | undefined {
    if (args.some((arg) => arg.spread === 'list')) return undefined;
    const first = args[0];
    const value = first ? this.#values[first.value]! : undefined;
    switch (name) {
      case 'str':
      case 'String': {
        const scalar = first ? this.#scalar(first.value) : '';
        if (scalar === undefined) return undefined;
        return this.#const(print(scalar, this.#python), span);
      }
      case 'bytes':
      case 'bytearray':
        return value?.kind === 'const' && typeof value.value === 'string'
          ? this.#const(value.value, span, true)
          : undefined;
      case 'int':
      case 'float':
      case 'Number':
      case 'parseInt': {
        const scalar = first ? this.#scalar(first.value) : undefined;
        const number = typeof scalar === 'string' && args.length === 1 ? Number(scalar.trim() || 'x') : scalar;
        return typeof number === 'number' && Number.isFinite(number)
          ? this.#const(name === 'int' ? Math.trunc(number) : number, span)
          : undefined;
      }
      case 'bool':
      case 'Boolean': {
        const truth = first ? this.#truth(first.value) : false;
        return truth === undefined ? undefined : this.#const(truth, span);
      }
      case 'len':
        return value?.kind === 'const' && typeof value.value === 'string'
          ? this.#const(value.value.length, span)
          : undefined;
      case 'list':
      case 'tuple':
      case 'set':
      case 'frozenset':
      case 'sorted': {
        const form = name === 'tuple' ? 'tuple' : name === 'set' || name === 'frozenset' ? 'set' : 'list';
        if (!first) return this.#add({ kind: 'list', form, items: [], span });
        if (value?.kind === 'list') return this.#add({ kind: 'list', form, items: value.items, span });
        const items = [this.#add({ kind: 'spread', of: first.value, span })];
        return this.#add({ kind: 'list', form, items, span });
      }
      case 'dict': {
        const entries: (readonly [Ref | null, Ref])[] = [];
        for (const arg of args) {
          const more = this.#values[arg.value]!;
          if (arg.keyword !== undefined) entries.push([this.#const(arg.keyword, arg.span), arg.value]);
          else if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        const ref = this.#add({ kind: 'dict', entries, span });
        this.#dicts.push({ value: ref, ...this.#site(span) });
        return ref;
      }
      case 'Object.assign': {
        const entries: (readonly [Ref | null, Ref])[] = [];
        for (const arg of args) {
          const more = this.#values[arg.value]!;
          if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        return this.#add({ kind: 'dict', entries, span });
      }
      default:
        return undefined;
    }
  }

  // Functions and classes

  #function(syntax: FunctionSyntax): Ref {
    const id = this.#functions.length;
    const path = this.#path(syntax.name === '' ? `<lambda ${id}>` : syntax.name);
    const model: Mutable<FunctionModel> = {
      ...this.#site(syntax.span),
      name: syntax.name,
      path,
      nameSpan: syntax.nameSpan,
      bodySpan: syntax.bodySpan,
      class: this.#scope.kind === 'class' ? this.#scope.class : -1,
      params: [],
      decorators: [],
      returns: [],
      kind: syntax.kind,
      ...(syntax.async ? { async: true as const } : {}),
      ...(syntax.generator ? { generator: true as const } : {}),
      ...(syntax.doc ? { doc: syntax.doc } : {}),
      ...(syntax.stub ? { stub: true as const } : {}),
    };
    this.#functions.push(model);
    model.decorators = syntax.decorators.map((decorator) => this.#operand(decorator));
    model.params = syntax.params.map((param): Param => {
      const value = param.default ? this.#operand(param.default) : undefined;
      const annotation = param.annotation ? this.#aside(param.annotation) : undefined;
      return {
        name: param.name,
        kind: param.kind,
        span: param.span,
        ...(value ? { default: value } : {}),
        ...(annotation ? { annotation } : {}),
      };
    });
    if (syntax.returnAnnotation) model.returnAnnotation = this.#aside(syntax.returnAnnotation);
    const definition = this.#env;
    const scope = this.#scope;
    const self = this.#self;
    const guard = this.#guard;
    this.#pending.push(() => this.#body(id, model, syntax, definition, scope, self, guard));
    return this.#add({ kind: 'function', function: id, span: syntax.span });
  }

  #body(
    id: number,
    model: Mutable<FunctionModel>,
    syntax: FunctionSyntax,
    definition: Environment,
    outer: Scope,
    self: Ref | undefined,
    guard: number,
  ): void {
    // A method does not see the names of the class body.
    let enclosing: Scope = outer;
    let around = definition;
    while (enclosing.kind === 'class' && enclosing.outer) {
      around = enclosing.root.parent ?? around;
      enclosing = enclosing.outer;
    }
    const env = around.fork();
    this.#env = env;
    this.#guard = model.class >= 0 ? -1 : guard;
    this.#loops = [];
    this.#returns = [];
    this.#scope = {
      kind: 'function',
      outer: enclosing,
      function: id,
      class: model.class,
      path: model.path,
      elsewhere: new Map(),
      root: env,
    };
    this.#self = self;
    if (model.class >= 0 && syntax.kind !== 'lambda' && !syntax.arrow) {
      const isStatic = syntax.kind === 'static' || syntax.kind === 'class';
      const span = syntax.nameSpan;
      this.#self = this.#add(
        isStatic
          ? { kind: 'self', class: model.class, static: true, span }
          : { kind: 'self', class: model.class, span },
      );
    } else if (!syntax.arrow && syntax.kind !== 'lambda' && !this.#python) this.#self = undefined;
    if (syntax.receiver !== undefined && this.#self !== undefined) env.set(syntax.receiver, this.#self);
    for (const [index, param] of syntax.params.entries()) {
      const ref = this.#add({ kind: 'param', function: id, index, span: param.span });
      if (param.target) this.#destructure(param.target, ref);
      else env.set(param.name, ref);
    }
    // A name the body binds is local even before it is bound.
    this.#block(syntax.body);
    model.returns = this.#returns;
    this.#returns = [];
  }

  #class(syntax: ClassSyntax): Ref {
    const id = this.#classes.length;
    const bases = syntax.bases.map((base) => this.#aside(base));
    const keywords = syntax.keywords.map((arg) => ({
      ...this.#aside(arg.value),
      ...(arg.keyword === undefined ? {} : { keyword: arg.keyword }),
    }));
    const decorators = syntax.decorators.map((decorator) => this.#operand(decorator));
    const path = this.#path(syntax.name);
    const first = this.#functions.length;
    const model: Mutable<ClassModel> = {
      ...this.#site(syntax.span),
      name: syntax.name,
      path,
      nameSpan: syntax.nameSpan,
      bases,
      keywords,
      decorators,
      methods: [],
      fields: [],
    };
    this.#classes.push(model);
    const outer = this.#env;
    const scope = this.#scope;
    const self = this.#self;
    this.#env = outer.fork();
    this.#scope = {
      kind: 'class',
      outer: scope,
      function: scope.function,
      class: id,
      path,
      elsewhere: new Map(),
      root: this.#env,
    };
    const before = this.#assignments.length;
    this.#block(syntax.body);
    model.fields = range(before, this.#assignments.length).filter((i) => {
      const assignment = this.#assignments[i]!;
      return assignment.class === id && assignment.target === 'name';
    });
    model.methods = range(first, this.#functions.length).filter(
      (i) => this.#functions[i]!.class === id && this.#functions[i]!.kind !== 'lambda',
    );
    this.#env = outer;
    this.#scope = scope;
    this.#self = self;
    return this.#add({ kind: 'class', class: id, span: syntax.span });
  }

  // Statements

  #condition(test: Ref, holds: boolean, span: Span, depth = 0): void {
    const value = this.#values[test]!;
    if (depth < 8 && value.kind === 'operation' && value.op === 'not') {
      this.#condition(value.of[0]!, !holds, span, depth + 1);
      return;
    }
    if (depth < 8 && value.kind === 'either' && value.form === (holds ? 'and' : 'or')) {
      for (const part of value.of) this.#condition(part, holds, span, depth + 1);
      return;
    }
    this.#guard = this.#guards.push({ kind: 'if', test, holds, span, parent: this.#guard }) - 1;
  }

  #block(statements: readonly Statement[]): Leaves {
    const guard = this.#guard;
    let leaves: Leaves = 'no';
    for (const statement of statements) {
      if (this.#full) break;
      leaves = this.#statement(statement);
      // What follows the end of a module is still imported by readers of the file: it is read as well.
      if (leaves !== 'no' && statements !== this.#source.body) break;
    }
    this.#guard = guard;
    // Definitions after the end can still be reached by name (JavaScript hoists them).
    return leaves;
  }

  #statement(statement: Statement): Leaves {
    switch (statement.kind) {
      case 'expression': {
        const value = statement.value;
        const inner = value.kind === 'await' ? value.of : value;
        if (inner.kind !== 'call') {
          this.#evaluate(value);
          return 'no';
        }
        const ref = this.#call(inner, true, value.kind === 'await');
        const result = this.#values[ref]!;
        if (result.kind !== 'call') return 'no';
        const callee = this.#values[this.#calls[result.call]!.callee.value]!;
        return callee.kind === 'global' && this.#dialect.exits.has(callee.name) ? 'exit' : 'no';
      }
      case 'assign':
        this.#assignStatement(statement);
        return 'no';
      case 'delete':
        for (const target of statement.targets) this.#delete(target);
        return 'no';
      case 'if':
        return this.#if(statement);
      case 'loop':
        return this.#loop(statement);
      case 'try':
        return this.#try(statement);
      case 'with':
        return this.#with(statement);
      case 'match':
        return this.#match(statement);
      case 'return': {
        const value = statement.value ? this.#operand(statement.value) : undefined;
        this.#returns.push({ ...this.#site(statement.span), ...(value ? { value } : {}) });
        return 'return';
      }
      case 'raise': {
        const value = statement.value ? this.#operand(statement.value) : undefined;
        this.#raises.push({ ...this.#site(statement.span), ...(value ? { value } : {}) });
        return 'raise';
      }
      case 'assert': {
        const test = this.#evaluate(statement.test);
        if (statement.message) this.#evaluate(statement.message);
        this.#raises.push({ ...this.#site(statement.span), assertion: true });
        this.#condition(test, true, statement.test.span);
        // The block's end takes the guard off again.
        return 'no';
      }
      case 'break':
      case 'continue': {
        const frame = this.#loops.at(-1);
        if (frame) frame.exits.push(this.#env.since(frame.base));
        return 'loop';
      }
      case 'function':
        this.#bind(statement.function.name, this.#function(statement.function));
        return 'no';
      case 'class':
        this.#bind(statement.class.name, this.#class(statement.class));
        return 'no';
      case 'import':
        this.#import(statement);
        return 'no';
      case 'scope':
        for (const name of statement.names) this.#scope.elsewhere.set(name, statement.of);
        return 'no';
      case 'block':
        return this.#block(statement.body);
      case 'export':
        this.#exports.set(statement.name, this.#evaluate(statement.value));
        return 'no';
      case 'exportAll':
        this.#exportAll.push(statement.module);
        return 'no';
    }
  }

  #import(statement: Statement & { kind: 'import' }): void {
    const typeOnly = this.#inTypeChecking();
    for (const one of statement.imports) {
      this.#imports.push({
        ...this.#site(one.span),
        name: one.name,
        local: one.local,
        module: one.module,
        level: one.level,
        ...(one.member === undefined ? {} : { member: one.member }),
        ...(one.typeOnly || typeOnly ? { typeOnly: true as const } : {}),
      });
      if (one.local === '*') {
        this.#stars = true;
        this.#exportAll.push(one.name);
      } else if (one.local !== '') this.#bind(one.local, this.#global(one.binds ?? one.name, one.span));
    }
  }

  #inTypeChecking(): boolean {
    for (let at = this.#guard; at >= 0; at = this.#guards[at]!.parent) {
      const guard = this.#guards[at]!;
      if (guard.kind !== 'if' || !guard.holds) continue;
      const test = this.#values[guard.test]!;
      if (test.kind === 'global' && this.#dialect.typeChecking.has(test.name)) return true;
    }
    return false;
  }

  #assignStatement(statement: Statement & { kind: 'assign' }): void {
    const annotation = statement.annotation ? this.#aside(statement.annotation) : undefined;
    const more = {
      ...(annotation ? { annotation } : {}),
      ...(statement.op === undefined ? {} : { augmented: statement.op }),
    };
    if (!statement.value) {
      for (const target of statement.targets) this.#note(target, undefined, statement.span, more);
      return;
    }
    let value = this.#operand(statement.value);
    if (statement.op !== undefined) {
      value = { ...value, value: this.#augmented(statement.targets[0]!, statement.op, value, statement.span) };
    }
    for (const target of statement.targets) this.#assign(target, value, statement.span, more);
  }

  #augmented(target: Expression, op: string, value: Operand, span: Span): Ref {
    const before = this.#raw(target);
    if (op === 'or' || op === 'and' || op === 'nullish') return this.#either(op, [before, value.value], span);
    return this.#operate(op, before, value.value, span);
  }

  #assign(
    target: Expression,
    value: Operand,
    span: Span,
    more: { annotation?: Operand; augmented?: string } = {},
  ): void {
    if (target.kind === 'list' || target.kind === 'dict' || target.kind === 'defaulted' || target.kind === 'spread') {
      this.#destructure(target, value.value);
      return;
    }
    this.#note(target, value, span, more);
    this.#store(target, value.value, span);
  }

  /** Takes a value apart into the parts of a pattern. */
  #destructure(target: Expression, ref: Ref): void {
    const span = target.span;
    switch (target.kind) {
      case 'list': {
        const value = this.#values[ref]!;
        const star = target.items.findIndex((item) => item.kind === 'spread');
        for (const [i, item] of target.items.entries()) {
          if (i === star || (star >= 0 && i > star)) {
            const rest = this.#add({
              kind: 'slice',
              of: ref,
              bounds: [this.#const(star, span), null],
              span: item.span,
            });
            this.#destructure(
              item.kind === 'spread' ? item.of : item,
              item.kind === 'spread' ? rest : this.#element(ref, item.span),
            );
          } else if (item.kind !== 'other') {
            const part =
              value.kind === 'either' && value.form === 'loop'
                ? this.#spreadItem(value, i, item.span)
                : this.#item(ref, this.#const(i, item.span), item.span);
            this.#destructure(item, part);
          }
        }
        return;
      }
      case 'dict':
        for (const [key, item] of target.entries) {
          if (key === null) this.#destructure(item, ref);
          else {
            const scalar = key.kind === 'const' ? key.value : undefined;
            const part =
              typeof scalar === 'string'
                ? this.#attr(ref, scalar, key.span)
                : this.#item(ref, this.#evaluate(key), key.span);
            this.#destructure(item, part);
          }
        }
        return;
      case 'defaulted':
        this.#destructure(target.target, this.#either('nullish', [ref, this.#evaluate(target.default)], span));
        return;
      case 'spread':
        this.#destructure(target.of, ref);
        return;
      default: {
        const name = writtenName(target);
        this.#assign(target, { value: ref, span, ...(name === undefined ? {} : { name }) }, span);
      }
    }
  }

  /** `for a, b in ((1, 2), (3, 4))`: the parts of every round. */
  #spreadItem(value: Value & { kind: 'either' }, index: number, span: Span): Ref {
    const parts = value.of.map((one) => this.#item(one, this.#const(index, span), span));
    return this.#either('loop', parts, span);
  }

  #note(
    target: Expression,
    value: Operand | undefined,
    span: Span,
    more: { annotation?: Operand; augmented?: string },
  ): void {
    const base = {
      ...this.#site(span),
      targetSpan: target.span,
      class: this.#scope.kind === 'class' ? this.#scope.class : -1,
      ...(value ? { value } : {}),
      ...more,
    };
    if (target.kind === 'name') this.#assignments.push({ ...base, name: target.name, target: 'name' });
    else if (target.kind === 'attr') {
      this.#assignments.push({ ...base, name: target.name, target: 'attr', of: this.#operand(target.of) });
    } else if (target.kind === 'item') {
      const key = this.#evaluate(target.key);
      const scalar = this.#scalar(key);
      this.#assignments.push({
        ...base,
        name: typeof scalar === 'string' ? scalar : '',
        target: 'item',
        of: this.#operand(target.of),
        key,
      });
    }
  }

  #store(target: Expression, ref: Ref, span: Span): void {
    if (target.kind === 'name') {
      this.#bind(target.name, ref);
      return;
    }
    if (target.kind === 'attr') {
      const of = this.#raw(target.of);
      const value = this.#values[of]!;
      if (value.kind === 'dict' && !this.#python) {
        const key = this.#const(target.name, target.span);
        this.#change(target.of, of, { ...value, entries: [...value.entries, [key, ref]] });
        return;
      }
      this.#env.set(`${this.#keyOf(of)}.${target.name}`, ref);
      return;
    }
    if (target.kind !== 'item') return;
    const of = this.#raw(target.of);
    const value = this.#values[of]!;
    const key = this.#raw(target.key);
    const scalar = this.#scalar(key);
    if (value.kind === 'dict') {
      const kept =
        scalar === undefined
          ? value.entries
          : value.entries.filter(([at]) => at === null || this.#scalar(at) !== scalar);
      this.#change(target.of, of, { ...value, entries: [...kept, [key, ref]] });
    } else if (value.kind === 'list' && typeof scalar === 'number' && value.items[scalar] !== undefined) {
      const items = [...value.items];
      items[scalar] = ref;
      this.#change(target.of, of, { ...value, items });
    } else if (value.kind === 'list') {
      this.#change(target.of, of, { ...value, items: [...value.items, ref] });
    } else if (scalar !== undefined) this.#env.set(`${this.#keyOf(of)}[${String(scalar)}`, ref);
    else this.#unknown(span);
  }

  #delete(target: Expression): void {
    if (target.kind !== 'item') return;
    const of = this.#raw(target.of);
    const value = this.#values[of]!;
    const scalar = this.#scalar(this.#evaluate(target.key));
    if (value.kind !== 'dict' || scalar === undefined) return;
    const entries = value.entries.filter(([at]) => at === null || this.#scalar(at) !== scalar);
    this.#change(target.of, of, { ...value, entries });
  }

  #if(statement: Statement & { kind: 'if' }): Leaves {
    const test = this.#evaluate(statement.test);
    const truth = this.#truth(test);
    if (truth !== undefined) return this.#block(truth ? statement.body : statement.other);
    const base = this.#env;
    const guard = this.#guard;
    const then = base.fork();
    this.#env = then;
    this.#condition(test, true, statement.test.span);
    const first = this.#block(statement.body);
    this.#guard = guard;
    const other = base.fork();
    this.#env = other;
    this.#condition(test, false, statement.test.span);
    const negative = this.#guard;
    const second = statement.other.length > 0 ? this.#block(statement.other) : 'no';
    this.#guard = guard;
    this.#env = base;
    if (first !== 'no' && second !== 'no') return first === second ? first : first === 'loop' ? second : first;
    if (first !== 'no') {
      base.adopt(other);
      this.#guard = negative;
    } else if (second !== 'no') {
      base.adopt(then);
      this.#condition(test, true, statement.test.span);
    } else base.join([then, other], this.#joiner('branch'));
    return 'no';
  }

  #loop(statement: Statement & { kind: 'loop' }): Leaves {
    const base = this.#env;
    const guard = this.#guard;
    const of = statement.of ? this.#operand(statement.of) : undefined;
    const first = statement.test && !statement.once ? this.#truthBefore(statement.test) : undefined;
    if (first === false) {
      this.#block(statement.other);
      return 'no';
    }
    const body = base.fork();
    this.#env = body;
    // What the body changes may already be changed when it begins: such names start as both.
    const phis = new Map<string, { ref: Ref; of: Ref[] }>();
    for (const name of boundNames(statement.body)) {
      const before = base.get(name);
      if (before === undefined) continue;
      const alternatives = [this.#content(before, base)];
      const ref = this.#add({ kind: 'either', form: 'loop', of: alternatives, span: this.#values[before]!.span });
      phis.set(name, { ref, of: alternatives });
      body.set(name, ref);
    }
    this.#guard = this.#guards.push({ kind: 'loop', span: statement.span, parent: guard }) - 1;
    if (statement.target && of) {
      const element = statement.keys
        ? this.#unknown(statement.target.span, [of.value])
        : this.#element(of.value, statement.target.span);
      this.#destructure(statement.target, element);
    }
    if (statement.test) this.#condition(this.#evaluate(statement.test), true, statement.test.span);
    const frame: LoopFrame = { base, exits: [] };
    this.#loops.push(frame);
    const leaves = this.#block(statement.body);
    if (statement.update) this.#evaluate(statement.update);
    this.#loops.pop();
    this.#guard = guard;
    this.#env = base;
    const ends = leaves === 'no' ? [body, ...frame.exits] : frame.exits;
    for (const [name, phi] of phis) {
      for (const end of ends) {
        const after = end.get(name);
        if (after === undefined || after === phi.ref) continue;
        const content = this.#content(after, end);
        if (!phi.of.includes(content)) phi.of.push(content);
      }
    }
    for (const [name, phi] of phis) for (const end of ends) if (end.changes.has(name)) end.set(name, phi.ref);
    base.join([...ends, base.fork()], this.#joiner('loop'));
    this.#block(statement.other);
    const forever = first === true && frame.exits.length === 0;
    return forever ? 'loop' : 'no';
  }

  /** Whether a loop's condition is decided before its first round and does not change: `while True`, `while False`. */
  #truthBefore(test: Expression): boolean | undefined {
    return test.kind === 'const' ? Boolean(test.value) : undefined;
  }

  #try(statement: Statement & { kind: 'try' }): Leaves {
    const base = this.#env;
    const guard = this.#guard;
    const handlers = statement.handlers.map((handler) => {
      const types = handler.types.map((type) => this.#aside(type).value);
      return (
        this.#handlers.push({
          ...this.#site(handler.span),
          types,
          leaves: 'no',
          empty: handler.body.every((one) => isEmpty(one)),
          ...(handler.name === undefined ? {} : { name: handler.name }),
        }) - 1
      );
    });
    const body = base.fork();
    this.#env = body;
    if (handlers.length > 0) {
      this.#guard = this.#guards.push({ kind: 'try', handlers, span: statement.span, parent: guard }) - 1;
    }
    let first = this.#block(statement.body);
    const attempted = body.since(base);
    this.#guard = guard;
    if (first === 'no' && statement.other.length > 0) first = this.#block(statement.other);
    const ends: Environment[] = first === 'no' ? [body] : [];
    const results: Leaves[] = [first];
    for (const [i, handler] of statement.handlers.entries()) {
      const env = base.fork();
      // The body may have stopped anywhere: what it changed is either changed or not.
      env.join([attempted, base.fork()], this.#joiner('except'));
      this.#env = env;
      this.#guard = this.#guards.push({ kind: 'except', handler: handlers[i]!, span: handler.span, parent: guard }) - 1;
      const caught = this.#add({ kind: 'caught', handler: handlers[i]!, span: handler.span });
      if (handler.name !== undefined) this.#bind(handler.name, caught);
      if (handler.target) this.#destructure(handler.target, caught);
      const leaves = this.#block(handler.body);
      this.#handlers[handlers[i]!]!.leaves = leaves;
      this.#guard = guard;
      if (leaves === 'no') ends.push(env);
      results.push(leaves);
    }
    this.#env = base;
    if (ends.length > 0) base.join(ends, this.#joiner('except'));
    const final = this.#block(statement.final);
    if (final !== 'no') return final;
    return ends.length > 0 ? 'no' : results[0]!;
  }

  #with(statement: Statement & { kind: 'with' }): Leaves {
    const guard = this.#guard;
    for (const item of statement.items) {
      const value = this.#operand(item.value);
      if (item.target) this.#assign(item.target, { ...value, value: this.#entered(value.value) }, item.target.span);
      this.#guard =
        this.#guards.push({ kind: 'with', context: value.value, span: statement.span, parent: this.#guard }) - 1;
    }
    const leaves = this.#block(statement.body);
    this.#guard = guard;
    return leaves;
  }

  /** What `with` binds: classes decide it themselves in `__enter__`, which the linker finds. */
  #entered(ref: Ref): Ref {
    const value = this.#values[ref]!;
    if (value.kind !== 'call') return ref;
    const callee = this.#values[this.#calls[value.call]!.callee.value]!;
    const own = callee.kind === 'class' || (callee.kind === 'global' && !this.#dialect.builtins.has(callee.name));
    return own ? this.#add({ kind: 'operation', op: 'enter', of: [ref], span: value.span }) : ref;
  }

  #match(statement: Statement & { kind: 'match' }): Leaves {
    const subject = this.#operand(statement.subject);
    const base = this.#env;
    const guard = this.#guard;
    const ends: Environment[] = [];
    const results: Leaves[] = [];
    let exhausted = false;
    let falling: Environment | undefined;
    for (const one of statement.cases) {
      const tests = one.values.map((value) => {
        const right = this.#operand(value);
        return this.#comparison('case', subject, right, right.span);
      });
      const truths = tests.map((test) => this.#truth(test));
      const decided = one.test === undefined && (one.any || truths.includes(true));
      if (!one.any && tests.length > 0 && truths.every((truth) => truth === false) && !falling) continue;
      const env = falling ?? base.fork();
      this.#env = env;
      for (const bind of one.binds) {
        const ref = bind.whole ? subject.value : this.#unknown(bind.span, [subject.value]);
        this.#bind(bind.name, ref);
      }
      const met = tests.length === 0 ? undefined : this.#either('or', tests, one.span);
      if (met !== undefined) this.#condition(met, true, one.span);
      if (one.test) this.#condition(this.#evaluate(one.test), true, one.test.span);
      const leaves = this.#block(one.body);
      this.#guard = guard;
      falling = one.falls && leaves === 'no' ? env : undefined;
      if (!falling) {
        if (leaves === 'no') ends.push(env);
        results.push(leaves);
      }
      if (decided && !falling) {
        exhausted = true;
        break;
      }
    }
    this.#env = base;
    if (!exhausted) ends.push(base.fork());
    if (ends.length > 0) base.join(ends, this.#joiner('branch'));
    return exhausted && ends.length === 0 ? (results.at(-1) ?? 'no') : 'no';
  }
}

function negate(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

function isName(key: string): boolean {
  return key[0] !== '#' && key[0] !== '@';
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function isEmpty(statement: Statement): boolean {
  return statement.kind === 'expression' && statement.value.kind === 'const';
}

/** The words an expression is written with; see `Operand.name`. Of long chains only the last words. */
export function writtenName(expression: Expression, depth = 0): string | undefined {
  if (depth > 12) return undefined;
  switch (expression.kind) {
    case 'name':
      return expression.name;
    case 'this':
      return 'this';
    case 'attr': {
      const of = writtenName(expression.of, depth + 1);
      return of === undefined ? expression.name : `${of}.${expression.name}`;
    }
    case 'item': {
      const of = writtenName(expression.of, depth + 1);
      if (expression.key.kind !== 'const' || typeof expression.key.value !== 'string') return of;
      return of === undefined ? expression.key.value : `${of}.${expression.key.value}`;
    }
    case 'call': {
      const callee = writtenName(expression.callee, depth + 1);
      return callee === undefined ? undefined : `${callee}()`;
    }
    case 'await':
    case 'slice':
      return writtenName(expression.of, depth + 1);
    default:
      return undefined;
  }
}

/** Names that statements bind, nested blocks included, functions and classes excluded. */
function boundNames(statements: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  const stack: Statement[] = [...statements];
  for (let statement = stack.pop(); statement; statement = stack.pop()) {
    switch (statement.kind) {
      case 'assign':
        for (const target of statement.targets) targetNames(target, names);
        break;
      case 'expression':
        // `rows.append(x)` and `x = y` as expressions change their names too.
        expressionNames(statement.value, names);
        break;
      case 'if':
        stack.push(...statement.body, ...statement.other);
        break;
      case 'loop':
        if (statement.target) targetNames(statement.target, names);
        if (statement.update) expressionNames(statement.update, names);
        stack.push(...statement.body, ...statement.other);
        break;
      case 'try':
        stack.push(...statement.body, ...statement.other, ...statement.final);
        for (const handler of statement.handlers) stack.push(...handler.body);
        break;
      case 'with':
        for (const item of statement.items) if (item.target) targetNames(item.target, names);
        stack.push(...statement.body);
        break;
      case 'match':
        for (const one of statement.cases) stack.push(...one.body);
        break;
      case 'block':
        stack.push(...statement.body);
        break;
      default:
        break;
    }
  }
  return names;
}

function targetNames(target: Expression, names: Set<string>): void {
  if (target.kind === 'name') names.add(target.name);
  else if (target.kind === 'list') for (const item of target.items) targetNames(item, names);
  else if (target.kind === 'dict') for (const [, item] of target.entries) targetNames(item, names);
  else if (target.kind === 'spread') targetNames(target.of, names);
  else if (target.kind === 'defaulted') targetNames(target.target, names);
  else if (target.kind === 'item' && target.of.kind === 'name') names.add(target.of.name);
}

function expressionNames(expression: Expression, names: Set<string>): void {
  if (expression.kind === 'assign') targetNames(expression.target, names);
  else if (expression.kind === 'await') expressionNames(expression.of, names);
  else if (expression.kind === 'sequence') for (const one of expression.of) expressionNames(one, names);
  else if (expression.kind === 'call' && expression.callee.kind === 'attr' && expression.callee.of.kind === 'name') {
    if (/^(?:append|extend|insert|push|add|update|setdefault)$/.test(expression.callee.name))
      names.add(expression.callee.of.name);
  }
}
