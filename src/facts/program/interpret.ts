/**
 * Knows how a neutral syntax tree becomes a module of the program model: it runs every function body once on symbolic
 * values, folding what is decided, and keeps flat indexes of what it saw. Cost is linear in the size of the tree.
 */
import type { Span } from '../span.ts';
import type { Environment } from './environment.ts';
import { Expressions } from './expressions.ts';
import { type Dialect, isName, type Leaves, type LoopFrame, type Mutable, type Scope } from './machine.ts';
import type { Assignment, ClassModel, FunctionModel, Import, Module, Operand, Param, Ref, Value } from './model.ts';
import type { ClassSyntax, Expression, FunctionSyntax, SourceSyntax, Statement } from './syntax.ts';
import { boundNames, writtenName } from './written.ts';

export function interpret(source: SourceSyntax, dialect: Dialect, rebound: ReadonlySet<string>): Module {
  return new Interpreter(source, dialect, rebound).run();
}

type AssignmentMore = Pick<Assignment, 'annotation' | 'augmented' | 'decorators'>;

class Interpreter extends Expressions {
  run(): Module {
    const top = this.env;
    this.block(this.source.body);
    for (let next = this.pending.shift(); next; next = this.pending.shift()) next();
    if (this.source.exportsNames) {
      for (const [key, ref] of top.changes) {
        if (isName(key)) this.exports.set(key, this.content(ref, top));
      }
    }
    // Variables that functions assign are looked up by their name in the module.
    for (const name of this.rebound) {
      const ref = top.changes.get(name);
      if (ref !== undefined) this.exports.set(name, this.content(ref, top));
    }
    if (this.source.side === 'server') {
      for (const ref of this.exports.values()) {
        const value = this.values[ref]!;
        if (value.kind === 'function') this.functions[value.function]!.server = true;
      }
    }
    return {
      language: this.source.language,
      name: this.source.name,
      package: this.source.package,
      values: this.values,
      guards: this.guards,
      imports: this.imports,
      exports: Object.fromEntries(this.exports),
      exportAll: this.exportAll,
      functions: this.functions,
      classes: this.classes,
      calls: this.calls,
      comparisons: this.comparisons,
      assignments: this.assignments,
      raises: this.raises,
      handlers: this.handlers,
      references: this.references,
      dicts: this.dicts,
      ...(this.source.side ? { side: this.source.side } : {}),
      ...(this.full ? { incomplete: 'the file is too large to be followed to its end' } : {}),
    };
  }

  // Functions and classes

  protected function(syntax: FunctionSyntax): Ref {
    const id = this.functions.length;
    const path = this.path(syntax.name === '' ? `<lambda ${id}>` : syntax.name);
    const model: Mutable<FunctionModel> = {
      span: syntax.span,
      function: this.scope.function,
      guard: this.guard,
      name: syntax.name,
      path,
      nameSpan: syntax.nameSpan,
      bodySpan: syntax.bodySpan,
      class: this.scope.kind === 'class' ? this.scope.class : -1,
      params: [],
      decorators: [],
      returns: [],
      kind: syntax.kind,
    };
    if (syntax.async) model.async = true;
    if (syntax.generator) model.generator = true;
    if (syntax.doc) model.doc = syntax.doc;
    if (syntax.stub) model.stub = true;
    if (syntax.server) model.server = true;
    this.functions.push(model);
    model.decorators = syntax.decorators.map((decorator) => this.operand(decorator));
    model.params = syntax.params.map((param): Param => {
      const value = param.default ? this.operand(param.default) : undefined;
      const annotation = param.annotation ? this.aside(param.annotation) : undefined;
      const decorators = param.decorators?.map((decorator) => this.operand(decorator));
      return {
        name: param.name,
        kind: param.kind,
        span: param.span,
        ...(decorators ? { decorators } : {}),
        ...(value ? { default: value } : {}),
        ...(annotation ? { annotation } : {}),
      };
    });
    if (syntax.returnAnnotation) model.returnAnnotation = this.aside(syntax.returnAnnotation);
    const definition = this.env;
    const scope = this.scope;
    const self = this.self;
    const guard = this.guard;
    this.pending.push(() => this.body(id, model, syntax, definition, scope, self, guard));
    return this.add({ kind: 'function', function: id, span: syntax.span });
  }

  protected body(
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
    this.env = env;
    this.guard = model.class >= 0 ? -1 : guard;
    this.loops = [];
    this.returns = [];
    this.scope = {
      kind: 'function',
      outer: enclosing,
      function: id,
      class: model.class,
      path: model.path,
      elsewhere: new Map(),
      root: env,
    };
    this.self = self;
    if (model.class >= 0 && syntax.kind !== 'lambda' && !syntax.arrow) {
      const isStatic = syntax.kind === 'static' || syntax.kind === 'class';
      const span = syntax.nameSpan;
      this.self = this.add(
        isStatic
          ? { kind: 'self', class: model.class, static: true, span }
          : { kind: 'self', class: model.class, span },
      );
    } else if (!syntax.arrow && syntax.kind !== 'lambda' && !this.python) this.self = undefined;
    if (syntax.receiver !== undefined && this.self !== undefined) env.set(syntax.receiver, this.self);
    for (const [index, param] of syntax.params.entries()) {
      const ref = this.add({ kind: 'param', function: id, index, span: param.span });
      if (param.target) this.destructure(param.target, ref);
      else env.set(param.name, ref);
    }
    // A name the body binds is local even before it is bound.
    this.block(syntax.body);
    model.returns = this.returns;
    this.returns = [];
  }

  protected class(syntax: ClassSyntax): Ref {
    const id = this.classes.length;
    const bases = syntax.bases.map((base) => this.aside(base));
    const keywords = syntax.keywords.map((arg) => ({
      ...this.aside(arg.value),
      ...(arg.keyword === undefined ? {} : { keyword: arg.keyword }),
    }));
    const decorators = syntax.decorators.map((decorator) => this.operand(decorator));
    const path = this.path(syntax.name);
    const first = this.functions.length;
    const model: Mutable<ClassModel> = {
      ...this.site(syntax.span),
      name: syntax.name,
      path,
      nameSpan: syntax.nameSpan,
      bases,
      keywords,
      decorators,
      methods: [],
      fields: [],
    };
    this.classes.push(model);
    const outer = this.env;
    const scope = this.scope;
    const self = this.self;
    this.env = outer.fork();
    this.scope = {
      kind: 'class',
      outer: scope,
      function: scope.function,
      class: id,
      path,
      elsewhere: new Map(),
      root: this.env,
    };
    if (!this.python) this.self = this.add({ kind: 'self', class: id, span: syntax.nameSpan });
    const before = this.assignments.length;
    this.block(syntax.body);
    model.fields = range(before, this.assignments.length).filter((i) => {
      const assignment = this.assignments[i]!;
      return assignment.class === id && assignment.target === 'name';
    });
    model.methods = range(first, this.functions.length).filter(
      (i) => this.functions[i]!.class === id && this.functions[i]!.kind !== 'lambda',
    );
    this.env = outer;
    this.scope = scope;
    this.self = self;
    return this.add({ kind: 'class', class: id, span: syntax.span });
  }

  // Statements

  protected condition(test: Ref, holds: boolean, span: Span, depth = 0): void {
    const value = this.values[test]!;
    if (depth < 8 && value.kind === 'operation' && value.op === 'not') {
      this.condition(value.of[0]!, !holds, span, depth + 1);
      return;
    }
    if (depth < 8 && value.kind === 'either' && value.form === (holds ? 'and' : 'or')) {
      for (const part of value.of) this.condition(part, holds, span, depth + 1);
      return;
    }
    this.guard = this.guards.push({ kind: 'if', test, holds, span, parent: this.guard }) - 1;
  }

  protected block(statements: readonly Statement[]): Leaves {
    const guard = this.guard;
    let leaves: Leaves = 'no';
    for (const statement of statements) {
      if (this.full) break;
      leaves = this.statement(statement);
      // What follows the end of a module is still imported by readers of the file: it is read as well.
      if (leaves !== 'no' && statements !== this.source.body) break;
    }
    this.guard = guard;
    // Definitions after the end can still be reached by name (JavaScript hoists them).
    return leaves;
  }

  protected statement(statement: Statement): Leaves {
    switch (statement.kind) {
      case 'expression': {
        const value = statement.value;
        const inner = value.kind === 'await' ? value.of : value;
        if (inner.kind !== 'call') {
          this.evaluate(value);
          return 'no';
        }
        const ref = this.call(inner, true, value.kind === 'await');
        const result = this.values[ref]!;
        if (result.kind !== 'call') return 'no';
        const callee = this.values[this.calls[result.call]!.callee.value]!;
        return callee.kind === 'global' && this.dialect.exits.has(callee.name) ? 'exit' : 'no';
      }
      case 'assign':
        this.assignStatement(statement);
        return 'no';
      case 'delete':
        for (const target of statement.targets) this.delete(target);
        return 'no';
      case 'if':
        return this.if(statement);
      case 'loop':
        return this.loop(statement);
      case 'try':
        return this.try(statement);
      case 'with':
        return this.with(statement);
      case 'match':
        return this.match(statement);
      case 'return': {
        const value = statement.value ? this.operand(statement.value) : undefined;
        this.returns.push({ ...this.site(statement.span), ...(value ? { value } : {}) });
        return 'return';
      }
      case 'raise': {
        const value = statement.value ? this.operand(statement.value) : undefined;
        this.raises.push({ ...this.site(statement.span), ...(value ? { value } : {}) });
        return 'raise';
      }
      case 'assert': {
        const test = this.evaluate(statement.test);
        if (statement.message) this.evaluate(statement.message);
        this.raises.push({ ...this.site(statement.span), assertion: true });
        this.condition(test, true, statement.test.span);
        // The block's end takes the guard off again.
        return 'no';
      }
      case 'break':
      case 'continue': {
        const frame = this.loops.at(-1);
        if (frame) frame.exits.push(this.env.since(frame.base));
        return 'loop';
      }
      case 'function':
        this.bind(statement.function.name, this.function(statement.function));
        return 'no';
      case 'class':
        this.bind(statement.class.name, this.class(statement.class));
        return 'no';
      case 'import':
        this.import(statement);
        return 'no';
      case 'scope':
        for (const name of statement.names) this.scope.elsewhere.set(name, statement.of);
        return 'no';
      case 'block':
        return this.block(statement.body);
      case 'export':
        this.export(statement.name, this.evaluate(statement.value));
        return 'no';
      case 'exportAll':
        this.exportAll.push(statement.module);
        return 'no';
    }
  }

  /** What replaces the whole module also gives it its members. */
  protected export(name: string, ref: Ref): void {
    const value = this.values[ref]!;
    if (name === 'export=' && value.kind === 'dict') {
      for (const [key, entry] of value.entries) {
        const scalar = key === null ? undefined : this.scalar(key);
        if (typeof scalar === 'string' && !this.exports.has(scalar)) this.exports.set(scalar, this.content(entry));
      }
    }
    this.exports.set(name, ref);
  }

  protected import(statement: Statement & { kind: 'import' }): void {
    const typeOnly = this.inTypeChecking();
    for (const one of statement.imports) {
      const { span, name, local, module, level } = one;
      const made: Mutable<Import> = {
        span,
        function: this.scope.function,
        guard: this.guard,
        name,
        local,
        module,
        level,
      };
      if (one.member !== undefined) made.member = one.member;
      if (one.typeOnly || typeOnly) made.typeOnly = true;
      this.imports.push(made);
      if (one.local === '*') {
        this.stars = true;
        this.exportAll.push(one.name);
      } else if (one.local !== '') this.bind(one.local, this.global(one.binds ?? one.name, one.span));
    }
  }

  protected inTypeChecking(): boolean {
    for (let at = this.guard; at >= 0; at = this.guards[at]!.parent) {
      const guard = this.guards[at]!;
      if (guard.kind !== 'if' || !guard.holds) continue;
      const test = this.values[guard.test]!;
      if (test.kind === 'global' && this.dialect.typeChecking.has(test.name)) return true;
    }
    return false;
  }

  protected assignStatement(statement: Statement & { kind: 'assign' }): void {
    const annotation = statement.annotation ? this.aside(statement.annotation) : undefined;
    const decorators = statement.decorators?.map((decorator) => this.operand(decorator));
    const more: Mutable<AssignmentMore> = {};
    if (annotation) more.annotation = annotation;
    if (decorators) more.decorators = decorators;
    if (statement.op !== undefined) more.augmented = statement.op;
    if (!statement.value) {
      for (const target of statement.targets) {
        this.note(target, undefined, statement.span, more);
        // JavaScript's `let x;` binds the name, `var x;` only when it is not bound.
        const fresh = !this.python && target.kind === 'name' && this.scope.kind !== 'class';
        if (fresh && !this.localValue(target.name)) this.bind(target.name, this.const(null, target.span));
      }
      return;
    }
    let value = this.operand(statement.value);
    if (statement.op !== undefined) {
      value = { ...value, value: this.augmented(statement.targets[0]!, statement.op, value, statement.span) };
    }
    for (const target of statement.targets) this.assign(target, value, statement.span, more);
  }

  protected augmented(target: Expression, op: string, value: Operand, span: Span): Ref {
    const before = this.raw(target);
    if (op === 'or' || op === 'and' || op === 'nullish') return this.either(op, [before, value.value], span);
    return this.operate(op, before, value.value, span);
  }

  protected assign(target: Expression, value: Operand, span: Span, more: AssignmentMore = {}): void {
    if (target.kind === 'list' || target.kind === 'dict' || target.kind === 'defaulted' || target.kind === 'spread') {
      this.destructure(target, value.value);
      return;
    }
    this.note(target, value, span, more);
    this.store(target, value.value, span);
  }

  /** Takes a value apart into the parts of a pattern. */
  protected destructure(target: Expression, ref: Ref): void {
    const span = target.span;
    switch (target.kind) {
      case 'list': {
        const value = this.values[ref]!;
        const star = target.items.findIndex((item) => item.kind === 'spread');
        for (const [i, item] of target.items.entries()) {
          if (i === star || (star >= 0 && i > star)) {
            const rest = this.add({
              kind: 'slice',
              of: ref,
              bounds: [this.const(star, span), null],
              span: item.span,
            });
            this.destructure(
              item.kind === 'spread' ? item.of : item,
              item.kind === 'spread' ? rest : this.element(ref, item.span),
            );
          } else if (item.kind !== 'other') {
            const part =
              value.kind === 'either' && value.form === 'loop'
                ? this.spreadItem(value, i, item.span)
                : this.item(ref, this.const(i, item.span), item.span);
            this.destructure(item, part);
          }
        }
        return;
      }
      case 'dict':
        for (const [key, item] of target.entries) {
          if (key === null) this.destructure(item, this.rest(target, ref, item.span));
          else {
            const scalar = key.kind === 'const' ? key.value : undefined;
            const part =
              typeof scalar === 'string'
                ? this.attr(ref, scalar, key.span)
                : this.item(ref, this.evaluate(key), key.span);
            this.destructure(item, part);
          }
        }
        return;
      case 'defaulted':
        this.destructure(target.target, this.either('nullish', [ref, this.evaluate(target.default)], span));
        return;
      case 'spread':
        this.destructure(target.of, ref);
        return;
      default: {
        const name = writtenName(target);
        this.assign(target, { value: ref, span, ...(name === undefined ? {} : { name }) }, span);
      }
    }
  }

  /** `const { a, ...rest } = x`: without the parts that have names. */
  protected rest(pattern: Expression & { kind: 'dict' }, ref: Ref, span: Span): Ref {
    const value = this.values[ref]!;
    const taken = pattern.entries.flatMap(([key]) => (key?.kind === 'const' ? [key.value] : []));
    if (taken.length === 0) return ref;
    if (value.kind !== 'dict') return this.add({ kind: 'slice', of: ref, bounds: [], span });
    const entries = value.entries.filter(([key]) => key === null || !taken.includes(this.scalar(key) ?? ''));
    return this.add({ ...value, entries, span });
  }

  /** `for a, b in ((1, 2), (3, 4))`: the parts of every round. */
  protected spreadItem(value: Value & { kind: 'either' }, index: number, span: Span): Ref {
    const parts = value.of.map((one) => this.item(one, this.const(index, span), span));
    return this.either('loop', parts, span);
  }

  protected note(target: Expression, value: Operand | undefined, span: Span, more: AssignmentMore): void {
    if (target.kind !== 'name' && target.kind !== 'attr' && target.kind !== 'item') return;
    const key = target.kind === 'item' ? this.evaluate(target.key) : undefined;
    const scalar = key === undefined ? undefined : this.scalar(key);
    const assignment: Mutable<Assignment> = {
      span,
      function: this.scope.function,
      guard: this.guard,
      name: target.kind !== 'item' ? target.name : typeof scalar === 'string' ? scalar : '',
      target: target.kind,
      targetSpan: target.span,
      class: this.scope.kind === 'class' ? this.scope.class : -1,
      ...more,
    };
    if (value) assignment.value = value;
    if (target.kind !== 'name') assignment.of = this.operand(target.of);
    if (key !== undefined) assignment.key = key;
    this.assignments.push(assignment);
  }

  protected store(target: Expression, ref: Ref, span: Span): void {
    if (target.kind === 'name') {
      this.bind(target.name, ref);
      return;
    }
    if (target.kind === 'attr') {
      const of = this.raw(target.of);
      const value = this.values[of]!;
      if (value.kind === 'dict' && !this.python) {
        const key = this.const(target.name, target.span);
        this.change(target.of, of, { ...value, entries: [...value.entries, [key, ref]] });
        return;
      }
      this.env.set(`${this.keyOf(of)}.${target.name}`, ref);
      return;
    }
    if (target.kind !== 'item') return;
    const of = this.raw(target.of);
    const value = this.values[of]!;
    const key = this.raw(target.key);
    const scalar = this.scalar(key);
    if (value.kind === 'dict') {
      const kept =
        scalar === undefined
          ? value.entries
          : value.entries.filter(([at]) => at === null || this.scalar(at) !== scalar);
      this.change(target.of, of, { ...value, entries: [...kept, [key, ref]] });
    } else if (value.kind === 'list' && typeof scalar === 'number' && value.items[scalar] !== undefined) {
      const items = [...value.items];
      items[scalar] = ref;
      this.change(target.of, of, { ...value, items });
    } else if (value.kind === 'list') {
      this.change(target.of, of, { ...value, items: [...value.items, ref] });
    } else if (scalar !== undefined) this.env.set(`${this.keyOf(of)}[${String(scalar)}`, ref);
    else this.unknown(span);
  }

  protected delete(target: Expression): void {
    if (target.kind !== 'item' && target.kind !== 'attr') return;
    const of = this.raw(target.of);
    const value = this.values[of]!;
    const scalar = target.kind === 'attr' ? target.name : this.scalar(this.evaluate(target.key));
    if (target.kind === 'attr')
      this.note(target, { value: this.const(null, target.span), span: target.span }, target.span, {});
    if (value.kind !== 'dict' || scalar === undefined) return;
    const entries = value.entries.filter(([at]) => at === null || this.scalar(at) !== scalar);
    this.change(target.of, of, { ...value, entries });
  }

  protected if(statement: Statement & { kind: 'if' }): Leaves {
    const test = this.evaluate(statement.test);
    const truth = this.truth(test);
    if (truth !== undefined) return this.block(truth ? statement.body : statement.other);
    const base = this.env;
    const guard = this.guard;
    const then = base.fork();
    this.env = then;
    this.condition(test, true, statement.test.span);
    const first = this.block(statement.body);
    this.guard = guard;
    const other = base.fork();
    this.env = other;
    this.condition(test, false, statement.test.span);
    const negative = this.guard;
    const second = statement.other.length > 0 ? this.block(statement.other) : 'no';
    this.guard = guard;
    this.env = base;
    if (first !== 'no' && second !== 'no') return first === second ? first : first === 'loop' ? second : first;
    if (first !== 'no') {
      base.adopt(other);
      this.guard = negative;
    } else if (second !== 'no') {
      base.adopt(then);
      this.condition(test, true, statement.test.span);
    } else base.join([then, other], this.joiner('branch'));
    return 'no';
  }

  protected loop(statement: Statement & { kind: 'loop' }): Leaves {
    const base = this.env;
    const guard = this.guard;
    const of = statement.of ? this.operand(statement.of) : undefined;
    const first = statement.test && !statement.once ? this.truthBefore(statement.test) : undefined;
    if (first === false) {
      this.block(statement.other);
      return 'no';
    }
    const body = base.fork();
    this.env = body;
    // What the body changes may already be changed when it begins: such names start as both.
    const phis = new Map<string, { ref: Ref; of: Ref[] }>();
    for (const name of boundNames(statement.body)) {
      const before = base.get(name);
      if (before === undefined) continue;
      const alternatives = [this.content(before, base)];
      const ref = this.add({ kind: 'either', form: 'loop', of: alternatives, span: this.values[before]!.span });
      phis.set(name, { ref, of: alternatives });
      body.set(name, ref);
    }
    this.guard = this.guards.push({ kind: 'loop', span: statement.span, parent: guard }) - 1;
    if (statement.target && of) {
      const element = statement.keys
        ? this.unknown(statement.target.span, [of.value])
        : this.element(of.value, statement.target.span);
      this.destructure(statement.target, element);
    }
    if (statement.test) this.condition(this.evaluate(statement.test), true, statement.test.span);
    const frame: LoopFrame = { base, exits: [] };
    this.loops.push(frame);
    const leaves = this.block(statement.body);
    if (statement.update) this.evaluate(statement.update);
    this.loops.pop();
    this.guard = guard;
    this.env = base;
    const ends = leaves === 'no' ? [body, ...frame.exits] : frame.exits;
    for (const [name, phi] of phis) {
      for (const end of ends) {
        const after = end.get(name);
        if (after === undefined || after === phi.ref) continue;
        const content = this.content(after, end);
        if (!phi.of.includes(content)) phi.of.push(content);
      }
    }
    for (const [name, phi] of phis) for (const end of ends) if (end.changes.has(name)) end.set(name, phi.ref);
    base.join([...ends, base.fork()], this.joiner('loop'));
    this.block(statement.other);
    const forever = first === true && frame.exits.length === 0;
    return forever ? 'loop' : 'no';
  }

  /** Whether a loop's condition is decided before its first round and does not change: `while True`, `while False`. */
  protected truthBefore(test: Expression): boolean | undefined {
    return test.kind === 'const' ? Boolean(test.value) : undefined;
  }

  protected try(statement: Statement & { kind: 'try' }): Leaves {
    const base = this.env;
    const guard = this.guard;
    const handlers = statement.handlers.map((handler) => {
      const types = handler.types.map((type) => this.aside(type).value);
      return (
        this.handlers.push({
          ...this.site(handler.span),
          types,
          leaves: 'no',
          empty: handler.body.every((one) => isEmpty(one)),
          ...(handler.name === undefined ? {} : { name: handler.name }),
        }) - 1
      );
    });
    const body = base.fork();
    this.env = body;
    if (handlers.length > 0) {
      this.guard = this.guards.push({ kind: 'try', handlers, span: statement.span, parent: guard }) - 1;
    }
    let first = this.block(statement.body);
    const attempted = body.since(base);
    this.guard = guard;
    if (first === 'no' && statement.other.length > 0) first = this.block(statement.other);
    const ends: Environment[] = first === 'no' ? [body] : [];
    const results: Leaves[] = [first];
    for (const [i, handler] of statement.handlers.entries()) {
      const env = base.fork();
      // The body may have stopped anywhere: what it changed is either changed or not.
      env.join([attempted, base.fork()], this.joiner('except'));
      this.env = env;
      this.guard = this.guards.push({ kind: 'except', handler: handlers[i]!, span: handler.span, parent: guard }) - 1;
      const caught = this.add({ kind: 'caught', handler: handlers[i]!, span: handler.span });
      if (handler.name !== undefined) this.bind(handler.name, caught);
      if (handler.target) this.destructure(handler.target, caught);
      const leaves = this.block(handler.body);
      this.handlers[handlers[i]!]!.leaves = leaves;
      this.guard = guard;
      if (leaves === 'no') ends.push(env);
      results.push(leaves);
    }
    this.env = base;
    if (ends.length > 0) base.join(ends, this.joiner('except'));
    const final = this.block(statement.final);
    if (final !== 'no') return final;
    return ends.length > 0 ? 'no' : results[0]!;
  }

  protected with(statement: Statement & { kind: 'with' }): Leaves {
    const guard = this.guard;
    for (const item of statement.items) {
      const value = this.operand(item.value);
      if (item.target) this.assign(item.target, { ...value, value: this.entered(value.value) }, item.target.span);
      this.guard =
        this.guards.push({ kind: 'with', context: value.value, span: statement.span, parent: this.guard }) - 1;
    }
    const leaves = this.block(statement.body);
    this.guard = guard;
    return leaves;
  }

  /** What `with` binds: classes decide it themselves in `__enter__`, which the linker finds. */
  protected entered(ref: Ref): Ref {
    const value = this.values[ref]!;
    if (value.kind !== 'call') return ref;
    const callee = this.values[this.calls[value.call]!.callee.value]!;
    const own = callee.kind === 'class' || (callee.kind === 'global' && !this.dialect.builtins.has(callee.name));
    return own ? this.add({ kind: 'operation', op: 'enter', of: [ref], span: value.span }) : ref;
  }

  protected match(statement: Statement & { kind: 'match' }): Leaves {
    const subject = this.operand(statement.subject);
    const base = this.env;
    const guard = this.guard;
    const ends: Environment[] = [];
    const results: Leaves[] = [];
    let exhausted = false;
    let falling: Environment | undefined;
    // `break` leaves a switch.
    const frame: LoopFrame = { base, exits: [] };
    if (!this.python) this.loops.push(frame);
    for (const one of statement.cases) {
      const tests = one.values.map((value) => {
        const right = this.operand(value);
        return this.comparison('case', subject, right, right.span);
      });
      const truths = tests.map((test) => this.truth(test));
      const decided = one.test === undefined && (one.any || truths.includes(true));
      if (!one.any && tests.length > 0 && truths.every((truth) => truth === false) && !falling) continue;
      const env = falling ?? base.fork();
      this.env = env;
      for (const bind of one.binds) {
        const ref = bind.whole ? subject.value : this.unknown(bind.span, [subject.value]);
        this.bind(bind.name, ref);
      }
      const met = tests.length === 0 ? undefined : this.either('or', tests, one.span);
      if (met !== undefined) this.condition(met, true, one.span);
      if (one.test) this.condition(this.evaluate(one.test), true, one.test.span);
      const leaves = this.block(one.body);
      this.guard = guard;
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
    if (!this.python) this.loops.pop();
    ends.push(...frame.exits);
    this.env = base;
    if (!exhausted) ends.push(base.fork());
    if (ends.length > 0) base.join(ends, this.joiner('branch'));
    return exhausted && ends.length === 0 ? (results.at(-1) ?? 'no') : 'no';
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function isEmpty(statement: Statement): boolean {
  return statement.kind === 'expression' && statement.value.kind === 'const';
}
