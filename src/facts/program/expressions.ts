/** Knows what expressions and calls give: folding, containers, text methods, and the records of calls. */
import type { Span } from '../span.ts';
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
import { Machine, type Mutable } from './machine.ts';
import type { Argument, Call, ClassModel, Operand, Ref, Scalar, Value } from './model.ts';
import type { ClassSyntax, Expression, FunctionSyntax } from './syntax.ts';
import { writtenName } from './written.ts';

export abstract class Expressions extends Machine {
  protected abstract function(syntax: FunctionSyntax): Ref;
  protected abstract class(syntax: ClassSyntax): Ref;
  protected abstract assign(
    target: Expression,
    value: Operand,
    span: Span,
    more?: { annotation?: Operand; augmented?: string },
  ): void;
  protected abstract destructure(target: Expression, ref: Ref): void;
  protected abstract augmented(target: Expression, op: string, value: Operand, span: Span): Ref;
  protected abstract condition(test: Ref, holds: boolean, span: Span): void;

  // Expressions

  protected operand(expression: Expression): Operand {
    const value = this.evaluate(expression);
    return operandOf(value, expression.span, writtenName(expression));
  }

  /** Evaluates an annotation or a header: what it names is not used as a value. */
  protected aside(expression: Expression): Operand {
    this.quiet++;
    try {
      return this.operand(expression);
    } finally {
      this.quiet--;
    }
  }

  /** Value of an expression that stands for itself: a reference to a global is a use without a call. */
  protected evaluate(expression: Expression): Ref {
    const ref = this.raw(expression);
    if (expression.kind === 'name' || expression.kind === 'attr') {
      const value = this.values[ref]!;
      if (value.kind === 'global') {
        const role = this.quiet > 0 ? 'annotation' : 'value';
        const site = { span: expression.span, function: this.scope.function, guard: this.guard };
        this.references.push({ ...site, value: ref, role });
      }
    }
    return ref;
  }

  protected raw(expression: Expression): Ref {
    const span = expression.span;
    if (this.full) return this.values.length - 1;
    switch (expression.kind) {
      case 'const':
        return this.const(expression.value, span, expression.bytes);
      case 'name':
        return this.lookup(expression.name, span);
      case 'this':
        return this.self ?? this.unknown(span);
      case 'attr':
        return this.attr(this.raw(expression.of), expression.name, span);
      case 'item':
        return this.item(this.raw(expression.of), this.evaluate(expression.key), span);
      case 'slice': {
        const of = this.raw(expression.of);
        const bounds = expression.bounds.map((bound) => (bound ? this.evaluate(bound) : null));
        return this.add({ kind: 'slice', of, bounds, span });
      }
      case 'call':
        return this.call(expression, false);
      case 'list': {
        const items = expression.items.map((item) => this.evaluate(item));
        return this.add({ kind: 'list', form: expression.form, items, span });
      }
      case 'dict':
        return this.dict(expression);
      case 'spread':
        return this.add({ kind: 'spread', of: this.evaluate(expression.of), span });
      case 'concat':
        return this.concat(
          expression.parts.map((part) => this.evaluate(part)),
          span,
          expression.parts.map((part) => writtenName(part) ?? null),
        );
      case 'binary':
        return this.binary(expression);
      case 'unary': {
        const of = this.evaluate(expression.of);
        const scalar = this.scalar(of);
        const folded = scalar === undefined ? undefined : foldUnary(expression.op, scalar);
        if (folded !== undefined) return this.const(folded, span);
        const op = expression.op === '!' ? 'not' : expression.op;
        if (op === 'not') {
          const truth = this.truth(of);
          if (truth !== undefined) return this.const(!truth, span);
        }
        return this.add({ kind: 'operation', op, of: [of], span });
      }
      case 'logic':
        return this.logic(expression);
      case 'compare':
        return this.compare(expression);
      case 'choose':
        return this.choose(expression);
      case 'function':
        return this.function(expression.function);
      case 'class':
        return this.class(expression.class);
      case 'comprehension':
        return this.comprehension(expression);
      case 'await':
        return expression.of.kind === 'call' ? this.call(expression.of, false, true) : this.evaluate(expression.of);
      case 'yield': {
        const value = expression.of ? this.operand(expression.of) : undefined;
        this.returns.push({ ...this.site(span), ...(value ? { value } : {}), yields: true });
        return this.unknown(span);
      }
      case 'assign': {
        const value = this.operand(expression.value);
        const op = expression.op;
        const ref = op === undefined ? value.value : this.augmented(expression.target, op, value, span);
        this.assign(expression.target, { ...value, value: ref }, span, op === undefined ? {} : { augmented: op });
        return ref;
      }
      case 'defaulted':
        return this.evaluate(expression.default);
      case 'sequence':
        return expression.of.map((one) => this.evaluate(one)).at(-1) ?? this.unknown(span);
      case 'other':
        return this.unknown(
          span,
          expression.of.map((one) => this.evaluate(one)),
        );
    }
  }

  /** An object literal; where its functions say `this`, they work on it as on an instance. */
  protected dict({ entries: written, span }: Expression & { kind: 'dict' }): Ref {
    const outer = this.self;
    let model: Mutable<ClassModel> | undefined;
    if (written.some(([, value]) => value.kind === 'function' && value.function.receives)) {
      this.self = this.add({ kind: 'self', class: this.classes.length, span });
      const nothing = { bases: [], keywords: [], decorators: [], methods: [], fields: [] };
      model = { ...this.site(span), ...nothing, name: '', path: this.path(''), nameSpan: span };
      this.classes.push(model);
    }
    const own = this.self;
    const entries = written.map(([key, value]) => {
      const at = key ? this.evaluate(key) : null;
      if (value.kind !== 'function' || !value.function.receives) {
        this.self = outer;
        return [at, this.evaluate(value)] as const;
      }
      this.self = own;
      return [at, this.function({ ...value.function, arrow: true })] as const;
    });
    this.self = outer;
    const ref = this.add({ kind: 'dict', entries, span });
    if (model) model.literal = ref;
    this.dicts.push({ value: ref, ...this.site(span) });
    return ref;
  }

  protected attr(of: Ref, name: string, span: Span): Ref {
    const known = this.env.get(`${this.keyOf(of)}.${name}`);
    if (known !== undefined) return this.content(known);
    const value = this.values[of]!;
    if (value.kind === 'global') {
      // The default of a package is the package itself, in whatever way it was loaded.
      if (name === 'default' && !this.python && !value.name.startsWith('/')) return this.global(value.name, span);
      return this.global(`${value.name}.${name}`, span);
    }
    if (value.kind === 'class') {
      const field = this.classField(value.class, name);
      if (field !== undefined) return field;
    }
    if (value.kind === 'dict' && !this.python) {
      const found = this.entry(value, name);
      if (found !== undefined) return this.content(found);
    }
    return this.add({ kind: 'attr', of, name, span });
  }

  protected classField(id: number, name: string): Ref | undefined {
    const fields = this.classes[id]?.fields ?? [];
    for (let i = fields.length - 1; i >= 0; i--) {
      const field = this.assignments[fields[i]!]!;
      if (field.name === name && field.value) return field.value.value;
    }
    return undefined;
  }

  protected entry(dict: Value & { kind: 'dict' }, key: Scalar): Ref | undefined {
    for (let i = dict.entries.length - 1; i >= 0; i--) {
      const [at, ref] = dict.entries[i]!;
      const scalar = at === null ? undefined : this.scalar(at);
      if (scalar === undefined) return undefined;
      if (scalar === key) return ref;
    }
    return undefined;
  }

  protected item(of: Ref, key: Ref, span: Span): Ref {
    const value = this.values[of]!;
    const scalar = this.scalar(key);
    if (scalar !== undefined) {
      if (value.kind === 'dict') {
        const found = this.entry(value, scalar);
        if (found !== undefined) return this.content(found);
      }
      if (value.kind === 'list' && typeof scalar === 'number') {
        const at = scalar < 0 ? value.items.length + scalar : scalar;
        const before = scalar < 0 ? value.items.slice(at) : value.items.slice(0, at + 1);
        const found = value.items[at];
        if (found !== undefined && before.every((item) => this.values[item]!.kind !== 'spread'))
          return this.content(found);
      }
      const known = this.env.get(`${this.keyOf(of)}[${String(scalar)}`);
      if (known !== undefined) return this.content(known);
    }
    return this.add({ kind: 'item', of, key, span });
  }

  protected concat(parts: readonly Ref[], span: Span, written: readonly (string | null)[] = []): Ref {
    const flat: Ref[] = [];
    const names: (string | null)[] = [];
    for (const [i, part] of parts.entries()) {
      const scalar = this.scalar(part);
      const last = flat.at(-1);
      const before = last === undefined ? undefined : this.scalar(last);
      if (scalar !== undefined && last !== undefined && before !== undefined) {
        const joined = foldBinary('+', print(before, this.python), print(scalar, this.python));
        if (joined !== undefined) {
          flat[flat.length - 1] = this.const(joined, span);
          continue;
        }
      }
      flat.push(part);
      names.push(written[i] ?? null);
    }
    if (flat.length === 0) return this.const('', span);
    if (flat.length === 1) {
      const scalar = this.scalar(flat[0]!);
      if (typeof scalar === 'string') return flat[0]!;
      if (scalar !== undefined) return this.const(print(scalar, this.python), span);
    }
    const named = names.some((name) => name !== null);
    return this.add(named ? { kind: 'concat', parts: flat, names, span } : { kind: 'concat', parts: flat, span });
  }

  protected binary(expression: Expression & { kind: 'binary' }): Ref {
    const { ops, operands, span } = expression;
    const words = operands.map((operand) => writtenName(operand) ?? null);
    let left = this.evaluate(operands[0]!);
    for (let i = 0; i < ops.length; ) {
      const first = i;
      const run: Ref[] = [];
      do run.push(this.evaluate(operands[++i]!));
      while (ops[i] === '+' && ops[first] === '+');
      const isText = !run.some((ref) => this.values[ref]!.kind === 'list');
      for (const [k, right] of run.entries()) {
        const before = this.values[left]!;
        if (isText && before.kind === 'concat' && k > 0) {
          // The rest of a long sum at once: each step would copy all parts before it.
          const names = before.parts.map((_, n) => before.names?.[n] ?? null);
          const rest = words.slice(first + k + 1, i + 1);
          left = this.concat([...before.parts, ...run.slice(k)], span, [...names, ...rest]);
          break;
        }
        left = this.operate(ops[first]!, left, right, span, [
          first + k === 0 ? words[0]! : null,
          words[first + k + 1]!,
        ]);
      }
    }
    return left;
  }

  protected operate(op: string, left: Ref, right: Ref, span: Span, written: readonly (string | null)[] = []): Ref {
    const a = this.scalar(left);
    const b = this.scalar(right);
    if (a !== undefined && b !== undefined && !(op === '%' && typeof a === 'string')) {
      const folded = foldBinary(op, a, b);
      if (folded !== undefined) return this.const(folded, span, this.isBytes(left));
      if (!this.python && op === '+') return this.concat([left, right], span);
    }
    const first = this.values[left]!;
    const second = this.values[right]!;
    if (op === '%' && typeof a === 'string') return this.percent(a, right, span);
    if (op === '+') {
      if (first.kind === 'list' && second.kind === 'list') {
        return this.add({ kind: 'list', form: first.form, items: [...first.items, ...second.items], span });
      }
      if (first.kind === 'list' || second.kind === 'list') {
        const side = (ref: Ref, value: Value) =>
          value.kind === 'list' ? value.items : [this.add({ kind: 'spread', of: ref, span: value.span })];
        const form = first.kind === 'list' ? first.form : 'list';
        return this.add({ kind: 'list', form, items: [...side(left, first), ...side(right, second)], span });
      }
      if (first.kind === 'concat') {
        const before = first.parts.map((_, i) => first.names?.[i] ?? null);
        return this.concat([...first.parts, right], span, [...before, written[1] ?? null]);
      }
      return this.concat([left, right], span, written);
    }
    if (op === '|' && (first.kind === 'dict' || second.kind === 'dict')) {
      const side = (ref: Ref, value: Value): readonly (readonly [Ref | null, Ref])[] =>
        value.kind === 'dict' ? value.entries : [[null, ref]];
      return this.add({ kind: 'dict', entries: [...side(left, first), ...side(right, second)], span });
    }
    return this.add({ kind: 'operation', op, of: [left, right], span });
  }

  protected isBytes(ref: Ref): boolean {
    const value = this.values[ref]!;
    return value.kind === 'const' && value.type === 'bytes';
  }

  protected percent(template: string, right: Ref, span: Span): Ref {
    const parts = template.length > 8192 ? undefined : percentParts(template);
    const value = this.values[right]!;
    if (!parts) return this.unknown(span, [right]);
    const items = value.kind === 'list' && value.form === 'tuple' ? value.items : [right];
    return this.fill(parts, span, (slot) => {
      if (typeof slot === 'number') return items[slot] ?? right;
      return value.kind === 'dict' ? this.entry(value, slot) : this.item(right, this.const(slot, span), span);
    });
  }

  protected fill(
    parts: readonly TemplatePart[],
    span: Span,
    slot: (slot: number | string) => Ref | undefined,
    name: (slot: number | string) => string | undefined = () => undefined,
  ): Ref {
    const refs = parts.map((part) =>
      'text' in part ? this.const(part.text, span) : (slot(part.slot) ?? this.unknown(span)),
    );
    const names = parts.map((part) => ('text' in part ? null : (name(part.slot) ?? null)));
    return this.concat(refs, span, names);
  }

  protected logic(expression: Expression & { kind: 'logic' }): Ref {
    const refs: Ref[] = [];
    const guard = this.guard;
    const base = this.env;
    for (const [i, part] of expression.of.entries()) {
      if (i > 0 && (this.env === base || this.env.changes.size > 0)) this.env = this.env.fork();
      const ref = this.evaluate(part);
      const last = i === expression.of.length - 1;
      const truth =
        expression.op === 'nullish'
          ? this.nullness(ref)
          : expression.op === 'or'
            ? this.truth(ref)
            : negate(this.truth(ref));
      if (truth === false && !last) {
        if (expression.op === 'and') refs.length = 0;
        continue;
      }
      refs.push(ref);
      if (truth === true) break;
      if (!last && expression.op !== 'nullish') this.condition(ref, expression.op === 'and', part.span);
    }
    this.guard = guard;
    if (this.env !== base) {
      const changed = this.env.since(base);
      this.env = base;
      base.join([changed, base.fork()], this.joiner('branch'));
    }
    if (refs.length === 0) return this.unknown(expression.span);
    return this.either(expression.op, refs, expression.span);
  }

  /** True when the value is surely not null, false when it surely is. */
  protected nullness(ref: Ref): boolean | undefined {
    const value = this.values[ref]!;
    if (value.kind === 'const') return value.value !== null;
    return value.kind === 'list' || value.kind === 'dict' || value.kind === 'concat' ? true : undefined;
  }

  protected compare(expression: Expression & { kind: 'compare' }): Ref {
    const operands = expression.operands.map((operand) => this.operand(operand));
    const results: Ref[] = [];
    for (let i = 0; i < expression.ops.length; i++) {
      const [left, right] = [operands[i]!, operands[i + 1]!];
      const span = { start: left.span.start, end: right.span.end };
      results.push(this.comparison(expression.ops[i]!, left, right, span));
    }
    return results.length === 1 ? results[0]! : this.either('and', results, expression.span);
  }

  protected comparison(op: string, left: Operand, right: Operand, span: Span): Ref {
    const folded = this.compareValues(op, left.value, right.value);
    if (folded !== undefined) return this.const(folded, span);
    const site = { span, function: this.scope.function, guard: this.guard };
    const comparison = this.comparisons.push({ ...site, op, left, right }) - 1;
    return this.add({ kind: 'compare', comparison, span });
  }

  protected compareValues(op: string, left: Ref, right: Ref): boolean | undefined {
    const a = this.scalar(left);
    const b = this.scalar(right);
    if (a !== undefined && b !== undefined) return foldCompare(op, a, b);
    const list = this.values[right]!;
    if (a === undefined || list.kind !== 'list' || (op !== 'in' && op !== 'not in')) return undefined;
    const items = list.items.map((item) => this.scalar(item));
    const found = items.includes(a);
    if (!found && items.includes(undefined)) return undefined;
    return op === 'in' ? found : !found;
  }

  protected choose(expression: Expression & { kind: 'choose' }): Ref {
    const test = this.evaluate(expression.test);
    const truth = this.truth(test);
    if (truth !== undefined) return this.evaluate(truth ? expression.yes : expression.no);
    const guard = this.guard;
    this.condition(test, true, expression.test.span);
    const then = this.evaluate(expression.yes);
    this.guard = guard;
    this.condition(test, false, expression.test.span);
    const other = this.evaluate(expression.no);
    this.guard = guard;
    return this.either('branch', [then, other], expression.span);
  }

  protected comprehension(expression: Expression & { kind: 'comprehension' }): Ref {
    const outer = this.env;
    const guard = this.guard;
    this.env = outer.fork();
    for (const clause of expression.clauses) {
      const of = this.operand(clause.of);
      this.destructure(clause.target, this.element(of.value, clause.target.span));
      for (const test of clause.tests) this.condition(this.evaluate(test), true, test.span);
    }
    const key = expression.key ? this.evaluate(expression.key) : undefined;
    const element = this.evaluate(expression.element);
    this.guard = guard;
    this.env = outer;
    if (key !== undefined) return this.add({ kind: 'dict', entries: [[key, element]], span: expression.span });
    return this.add({ kind: 'operation', op: 'each', of: [element], span: expression.span });
  }

  protected element(of: Ref, span: Span): Ref {
    const value = this.values[of]!;
    if (value.kind === 'operation' && value.op === 'each') return value.of[0]!;
    if (value.kind === 'list' && value.items.length > 0 && value.items.length <= 64) {
      if (value.items.every((item) => this.values[item]!.kind !== 'spread'))
        return this.either('loop', value.items, span);
    }
    return this.add({ kind: 'element', of, span });
  }

  // Calls

  protected call(expression: Expression & { kind: 'call' }, statement: boolean, awaited = false): Ref {
    const span = expression.span;
    const calleeName = writtenName(expression.callee);
    const receiver = expression.callee.kind === 'attr' ? this.raw(expression.callee.of) : undefined;
    const callee =
      expression.callee.kind === 'attr'
        ? this.attr(receiver!, expression.callee.name, expression.callee.span)
        : this.raw(expression.callee);
    const args = expression.args.map((arg): Argument => {
      const argument: Mutable<Argument> = this.operand(arg.value);
      if (arg.keyword !== undefined) argument.keyword = arg.keyword;
      if (arg.spread !== undefined) argument.spread = arg.spread;
      return argument;
    });
    const name = this.values[callee]!.kind === 'global' ? (this.values[callee] as { name: string }).name : undefined;
    if (name !== undefined) {
      const special = this.special(name, args, span);
      if (special !== undefined) return special;
    }
    const text = receiver === undefined ? undefined : this.scalar(receiver);
    if (typeof text === 'string' && expression.callee.kind === 'attr') {
      const folded = this.textMethod(text, receiver!, expression.callee.name, args, span);
      if (folded !== undefined) return folded;
    }
    const called = operandOf(callee, expression.callee.span, calleeName);
    const call: Mutable<Call> = { span, function: this.scope.function, guard: this.guard, callee: called, args };
    if (expression.form) call.form = expression.form;
    if (awaited) call.awaited = true;
    if (statement) call.statement = true;
    this.record(call);
    const result = this.values.length - 1;
    if (receiver !== undefined && expression.callee.kind === 'attr') {
      const effect = this.method(receiver, expression.callee, args, span);
      if (effect !== undefined) return effect;
    }
    return name === undefined ? result : (this.builtin(name, args, span) ?? result);
  }

  protected record(call: Call): void {
    const id = this.calls.push(call) - 1;
    this.add({ kind: 'call', call: id, span: call.span });
  }

  /** Calls that are another way to write a reference: `getattr(os, 'system')`, `__import__('os')`. */
  protected special(name: string, args: readonly Argument[], span: Span): Ref | undefined {
    const first = args[0];
    if (!first) return undefined;
    if (this.dialect.importers.has(name)) {
      const module = this.scalar(first.value);
      if (typeof module !== 'string' || module === '') return undefined;
      const resolved = this.dialect.resolve?.(module, this.source);
      if (resolved === undefined && module.startsWith('.')) return undefined;
      const qualified = resolved ?? (name === '__import__' && args.length < 4 ? module.split('.')[0]! : module);
      this.imports.push({ ...this.site(span), name: resolved ?? module, local: '', module, level: 0 });
      return this.global(qualified, span);
    }
    if (this.dialect.getters.has(name)) {
      const attribute = args[1] === undefined ? undefined : this.scalar(args[1].value);
      if (typeof attribute !== 'string') return undefined;
      const read = this.attr(first.value, attribute, span);
      return args[2] === undefined ? read : this.either('nullish', [read, args[2].value], span);
    }
    return undefined;
  }

  protected textMethod(
    text: string,
    receiver: Ref,
    method: string,
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    if (method === 'format' && this.python) {
      const parts = text.length > 8192 ? undefined : formatParts(text);
      if (!parts || args.some((arg) => arg.spread !== undefined)) return undefined;
      const positional = args.filter((arg) => arg.keyword === undefined);
      const given = (slot: number | string) =>
        typeof slot === 'number' ? positional[slot] : args.find((arg) => arg.keyword === slot);
      return this.fill(
        parts,
        span,
        (slot) => given(slot)?.value,
        (slot) => given(slot)?.name,
      );
    }
    if (method === 'join' && args.length === 1) {
      const list = this.values[args[0]!.value]!;
      if (list.kind === 'list') return this.join(text, list.items, span);
      if (list.kind !== 'const') return this.concat([this.const(text, span), args[0]!.value], span);
    }
    const scalars = args.map((arg) => this.scalar(arg.value));
    if (scalars.includes(undefined)) return undefined;
    const folded = foldMethod(text, method, scalars as Scalar[]);
    if (folded === undefined) return undefined;
    const bytes = method === 'encode' || (method !== 'decode' && this.isBytes(receiver));
    return this.const(folded, span, bytes && this.python);
  }

  protected join(separator: string, items: readonly Ref[], span: Span): Ref {
    const parts: Ref[] = [];
    for (const [i, item] of items.entries()) {
      if (i > 0) parts.push(this.const(separator, span));
      parts.push(item);
    }
    return this.concat(parts, span);
  }

  /** Containers' own methods: reads, and changes that are kept as the container's new content. */
  protected method(
    receiver: Ref,
    callee: Expression & { kind: 'attr' },
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const value = this.values[receiver]!;
    if (args.some((arg) => arg.spread === 'list')) return undefined;
    const positional = args.filter((arg) => arg.keyword === undefined && arg.spread === undefined);
    if (value.kind === 'list') return this.listMethod(receiver, value, callee, positional, span);
    if (value.kind === 'dict') return this.dictMethod(receiver, value, callee, args, positional, span);
    if (callee.name === 'append' || callee.name === 'push' || callee.name === 'extend') {
      // A list that is only known in part still takes on what is added to it.
      const first = positional[0];
      if (!first || (value.kind !== 'either' && value.kind !== 'operation')) return undefined;
      const added =
        callee.name === 'extend' ? this.add({ kind: 'spread', of: first.value, span: first.span }) : first.value;
      const whole = this.add({ kind: 'spread', of: receiver, span });
      this.rebind(callee.of, this.add({ kind: 'list', form: 'list', items: [whole, added], span }));
    }
    return undefined;
  }

  protected listMethod(
    receiver: Ref,
    value: Value & { kind: 'list' },
    callee: Expression & { kind: 'attr' },
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const first = args[0]?.value;
    const change = (items: readonly Ref[]) => this.change(callee.of, receiver, { ...value, items, span: value.span });
    switch (callee.name) {
      case 'append':
      case 'push':
      case 'add':
        if (first !== undefined) change([...value.items, ...args.map((arg) => arg.value)]);
        return undefined;
      case 'extend': {
        if (first === undefined) return undefined;
        const more = this.values[first]!;
        change([
          ...value.items,
          ...(more.kind === 'list' ? more.items : [this.add({ kind: 'spread', of: first, span })]),
        ]);
        return undefined;
      }
      case 'insert':
        if (args[1] !== undefined) {
          const at = this.scalar(first!);
          const items = [...value.items];
          items.splice(typeof at === 'number' ? at : items.length, 0, args[1].value);
          change(items);
        }
        return undefined;
      case 'pop': {
        const at = first === undefined ? value.items.length - 1 : this.scalar(first);
        const found = typeof at === 'number' ? value.items[at] : undefined;
        if (found === undefined) return undefined;
        change(value.items.filter((_, i) => i !== at));
        return this.content(found);
      }
      case 'clear':
        change([]);
        return undefined;
      case 'copy':
      case 'slice':
        return args.length === 0 ? this.add({ ...value, span }) : undefined;
      case 'join': {
        const separator = first === undefined ? ',' : this.scalar(first);
        return typeof separator === 'string' ? this.join(separator, value.items, span) : undefined;
      }
      default:
        return undefined;
    }
  }

  protected dictMethod(
    receiver: Ref,
    value: Value & { kind: 'dict' },
    callee: Expression & { kind: 'attr' },
    all: readonly Argument[],
    args: readonly Argument[],
    span: Span,
  ): Ref | undefined {
    const first = args[0]?.value;
    const key = first === undefined ? undefined : this.scalar(first);
    switch (callee.name) {
      case 'get':
      case 'pop':
      case 'setdefault': {
        if (key === undefined) return undefined;
        const found = this.entry(value, key);
        if (callee.name === 'pop' && found !== undefined) {
          const entries = value.entries.filter(([at]) => at === null || this.scalar(at) !== key);
          this.change(callee.of, receiver, { ...value, entries });
        }
        if (found !== undefined) return this.content(found);
        const closed = value.entries.every(([at]) => at !== null && this.scalar(at) !== undefined);
        const fallback = args[1]?.value ?? this.const(null, span);
        if (callee.name === 'setdefault') {
          this.change(callee.of, receiver, { ...value, entries: [...value.entries, [first!, fallback]] });
        }
        return closed && this.local(callee.of) ? fallback : undefined;
      }
      case 'update': {
        const entries: (readonly [Ref | null, Ref])[] = [...value.entries];
        for (const arg of all) {
          const more = this.values[arg.value]!;
          if (arg.keyword !== undefined) entries.push([this.const(arg.keyword, arg.span), arg.value]);
          else if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        this.change(callee.of, receiver, { ...value, entries });
        return undefined;
      }
      case 'clear':
        this.change(callee.of, receiver, { ...value, entries: [] });
        return undefined;
      case 'copy':
        return this.add({ ...value, span });
      default:
        return undefined;
    }
  }

  /** True when the container was made by the running function, so that nobody else can have filled it. */
  protected local(of: Expression): boolean {
    if (of.kind !== 'name') return false;
    return this.scope.kind === 'module' ? false : this.localValue(of.name);
  }

  /** Keeps the new content of a container under its identity, for every name it has. */
  protected change(target: Expression, receiver: Ref, value: Value): void {
    const identity = this.identity(target) ?? receiver;
    const changed = this.add(value);
    this.env.set(`@${identity}`, changed);
    this.keep(target, changed);
  }

  /** What holds a changed dictionary holds the new one: `answer["user"]["name"] = x`. */
  protected keep(target: Expression, changed: Ref): void {
    if ((target.kind !== 'item' && (target.kind !== 'attr' || this.python)) || !isPath(target)) return;
    const of = this.raw(target.of);
    const outer = this.values[of]!;
    const scalar = target.kind === 'attr' ? target.name : this.scalar(this.raw(target.key));
    if (outer.kind !== 'dict' || outer.entries.length > 64) return;
    const entries = outer.entries.map(([key, one]): (typeof outer.entries)[number] =>
      key !== null && this.scalar(key) === scalar ? [key, changed] : [key, one],
    );
    this.change(target.of, of, { ...outer, entries });
  }

  protected identity(target: Expression): Ref | undefined {
    if (target.kind === 'name') return this.env.get(target.name);
    if (target.kind === 'attr') {
      const of = this.raw(target.of);
      return this.env.get(`${this.keyOf(of)}.${target.name}`);
    }
    return undefined;
  }

  protected rebind(target: Expression, ref: Ref): void {
    if (target.kind === 'name') this.bind(target.name, ref);
    else if (target.kind === 'attr') this.env.set(`${this.keyOf(this.raw(target.of))}.${target.name}`, ref);
  }

  /** Builtins whose result is known from their arguments; the call is recorded as well. */
  protected builtin(name: string, args: readonly Argument[], span: Span): Ref | undefined {
    if (args.some((arg) => arg.spread === 'list')) return undefined;
    const first = args[0];
    const value = first ? this.values[first.value]! : undefined;
    switch (name) {
      case 'str':
      case 'String': {
        const scalar = first ? this.scalar(first.value) : '';
        if (scalar === undefined) return undefined;
        return this.const(print(scalar, this.python), span);
      }
      case 'bytes':
      case 'bytearray':
        return value?.kind === 'const' && typeof value.value === 'string'
          ? this.const(value.value, span, true)
          : undefined;
      case 'int':
      case 'float':
      case 'Number':
      case 'parseInt': {
        const scalar = first ? this.scalar(first.value) : undefined;
        const number = typeof scalar === 'string' && args.length === 1 ? Number(scalar.trim() || 'x') : scalar;
        return typeof number === 'number' && Number.isFinite(number)
          ? this.const(name === 'int' ? Math.trunc(number) : number, span)
          : undefined;
      }
      case 'bool':
      case 'Boolean': {
        const truth = first ? this.truth(first.value) : false;
        return truth === undefined ? undefined : this.const(truth, span);
      }
      case 'len':
        return value?.kind === 'const' && typeof value.value === 'string'
          ? this.const(value.value.length, span)
          : undefined;
      case 'list':
      case 'tuple':
      case 'set':
      case 'frozenset':
      case 'sorted': {
        const form = name === 'tuple' ? 'tuple' : name === 'set' || name === 'frozenset' ? 'set' : 'list';
        if (!first) return this.add({ kind: 'list', form, items: [], span });
        if (value?.kind === 'list') return this.add({ kind: 'list', form, items: value.items, span });
        const items = [this.add({ kind: 'spread', of: first.value, span })];
        return this.add({ kind: 'list', form, items, span });
      }
      case 'dict': {
        const entries: (readonly [Ref | null, Ref])[] = [];
        for (const arg of args) {
          const more = this.values[arg.value]!;
          if (arg.keyword !== undefined) entries.push([this.const(arg.keyword, arg.span), arg.value]);
          else if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        const ref = this.add({ kind: 'dict', entries, span });
        this.dicts.push({ value: ref, ...this.site(span) });
        return ref;
      }
      case 'Object.freeze':
      case 'Object.seal':
        return first?.value;
      case 'Object.assign': {
        const entries: (readonly [Ref | null, Ref])[] = [];
        for (const arg of args) {
          const more = this.values[arg.value]!;
          if (more.kind === 'dict') entries.push(...more.entries);
          else entries.push([null, arg.value]);
        }
        return this.add({ kind: 'dict', entries, span });
      }
      default:
        return undefined;
    }
  }
}

function negate(truth: boolean | undefined): boolean | undefined {
  return truth === undefined ? undefined : !truth;
}

/** Spreading parts that may be missing into a literal is slow, and there are a million operands. */
function operandOf(value: Ref, span: Span, name: string | undefined): Operand {
  return name === undefined ? { value, span } : { value, span, name };
}

/** Names and constant keys only, which can be looked at again. */
function isPath(target: Expression): boolean {
  if (target.kind === 'item') return target.key.kind === 'const' && isPath(target.of);
  return target.kind === 'name' || (target.kind === 'attr' && isPath(target.of));
}
