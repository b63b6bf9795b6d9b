/** Knows what the functions that answer requests give out, and which credentials are in it. */
import type { Span } from '../span.ts';
import { lastWord } from './flow.ts';
import { keysOf, type Leak, leaks } from './leaks.ts';
import { argument, type ClassSite, type Program, type Unit } from './link.ts';
import type { FunctionModel, Operand, Ref } from './model.ts';
import { wordsOf } from './names.ts';
import { secretKind } from './secrets.ts';

/** Something an answer gives out. */
export type Shown = {
  readonly unit: Unit;
  readonly span: Span;
} /** One value, by the name of a credential; `ref` is what carries it. */ & (
  | { readonly kind: 'value'; readonly leak: Leak; readonly ref: Ref }
  /** Everything there is: the environment, or all attributes of an object. */
  | { readonly kind: 'everything'; readonly name: string; readonly sure: boolean }
  /** An object of a class as a whole; `field` is its credential, and undefined when it has none. */
  | {
      readonly kind: 'object';
      readonly class: ClassSite;
      readonly field?: { readonly name: string; readonly span: Span };
    }
  /** A structure that could hold a credential and holds none. */
  | { readonly kind: 'clean' }
);

/** What one function answers with; `answers` are the last words of calls that make an answer. */
export function shownBy(
  program: Program,
  unit: Unit,
  id: number,
  model: FunctionModel,
  answers: readonly string[],
): readonly Shown[] {
  const shape = shapeOf(program, unit, model);
  if (shape) return [shape];
  const { calls, values } = unit.module;
  const operands: Operand[] = model.returns.flatMap((one) => (one.value ? [one.value] : []));
  for (const call of calls) {
    if (call.function !== id || !answers.includes(lastWord(call.callee.name ?? ''))) continue;
    operands.push(...call.args);
  }
  // `ctx.body = ...` of Koa.
  for (const one of unit.module.assignments)
    if (one.function === id && one.name === 'body' && /^(?:ctx|context)$/.test(one.of?.name ?? '') && one.value)
      operands.push(one.value);
  return operands.flatMap((operand): Shown[] => {
    const { span } = operand;
    const whole = wholeObject(program, unit, operand.value);
    if (whole) return [{ unit, span, ...whole }];
    const everything = dumped(program, unit, operand);
    if (everything) return [everything];
    const leak = leaks(unit, operand.value, 'keyword' in operand ? String(operand.keyword) : undefined, span).find(
      (one) => one.kind !== 'token',
    );
    const value = values[operand.value]!;
    const structure = value.kind === 'dict' || value.kind === 'operation' || value.kind === 'list';
    const named = 'keyword' in operand;
    if (leak && (structure || named)) return [{ unit, span: leak.span, kind: 'value', leak, ref: operand.value }];
    const near = keysOf(unit, operand.value).length > 0 || value.kind === 'operation';
    return structure && near ? [{ unit, span, kind: 'clean' }] : [];
  });
}

/** The class that a declared response model names. */
function shapeOf(program: Program, unit: Unit, model: FunctionModel): Shown | undefined {
  for (const decorator of model.decorators) {
    const value = unit.module.values[decorator.value]!;
    const shape = value.kind === 'call' ? argument(unit.module.calls[value.call]!, 99, 'response_model') : undefined;
    for (const meaning of shape ? program.meanings(unit, shape.value) : []) {
      if (meaning.kind !== 'class') continue;
      const found = classSite(meaning.unit, meaning.class);
      const field = credential(found);
      return { unit, span: model.nameSpan, kind: 'object', class: found, ...(field ? { field } : {}) };
    }
  }
  return undefined;
}

function dumped(program: Program, unit: Unit, operand: Operand): Shown | undefined {
  const { calls, values } = unit.module;
  const value = values[operand.value]!;
  const inside =
    value.kind === 'call'
      ? calls[value.call]!.args.map((arg) => arg.value)
      : value.kind === 'dict'
        ? value.entries.flatMap(([key, one]) => (key === null ? [one] : []))
        : [];
  if ([operand.value, ...inside].some((ref) => program.names(unit, ref).includes('os.environ')))
    return { unit, span: operand.span, kind: 'everything', name: 'the environment', sure: true };
  if (/(?:user|account|admin|customer)\w*\.__dict__$/.test(operand.name ?? ''))
    return { unit, span: operand.span, kind: 'everything', name: operand.name!, sure: false };
  return undefined;
}

const wholes = new Set(['to_dict', 'as_dict', 'serialize', 'to_json', 'model_dump', 'dict', 'json', 'asdict', 'vars']);

/** `vars(user)`, `user.__dict__`, `user.to_dict()`: a row as a whole. */
function wholeObject(program: Program, unit: Unit, ref: Ref) {
  const { calls, values } = unit.module;
  const value = values[ref]!;
  if (value.kind === 'attr' && value.name === '__dict__') return rowOf(program, unit, value.of, undefined);
  if (value.kind !== 'call') return undefined;
  const call = calls[value.call]!;
  const word = lastWord(call.callee.name ?? '');
  if (!wholes.has(word)) return undefined;
  const callee = values[call.callee.value]!;
  const of = callee.kind === 'attr' ? callee.of : call.args[0]?.value;
  return of === undefined || call.args.length > 1 ? undefined : rowOf(program, unit, of, word);
}

function rowOf(program: Program, unit: Unit, ref: Ref, method: string | undefined) {
  const row = classOf(program, unit, ref);
  if (!row) return undefined;
  const own = method === undefined ? undefined : program.method(row.unit, row.id, method);
  const inside = own?.function.returns.flatMap((one) =>
    one.value ? leaks(own.unit, one.value.value, undefined, one.value.span) : [],
  );
  const field = inside
    ? inside.find((one) => one.kind === 'password' || one.kind === 'key' || one.kind === 'secret')
    : credential(row);
  return { kind: 'object' as const, class: row, ...(field ? { field: { name: field.name, span: field.span } } : {}) };
}

/** The class of this repository that a value is an object of: by its type, by the query it comes from, or by its name. */
function classOf(program: Program, unit: Unit, ref: Ref): ClassSite | undefined {
  for (const meaning of program.meanings(unit, ref))
    if (meaning.kind === 'instance') return classSite(meaning.unit, meaning.class);
  const seen = new Set<Ref>();
  const { calls, values } = unit.module;
  // `User.query.get(1)`, `db.query(User).first()`: down the chain of calls.
  for (let at: Ref | undefined = ref; at !== undefined && !seen.has(at); ) {
    seen.add(at);
    const value: (typeof values)[number] = values[at]!;
    const operands: readonly Ref[] = value.kind === 'call' ? calls[value.call]!.args.map((arg) => arg.value) : [];
    for (const one of [at, ...operands])
      for (const meaning of program.meanings(unit, one))
        if (meaning.kind === 'class') return classSite(meaning.unit, meaning.class);
    at = value.kind === 'call' ? calls[value.call]!.callee.value : value.kind === 'attr' ? value.of : undefined;
  }
  return undefined;
}

function classSite(unit: Unit, id: number): ClassSite {
  return { unit, id, class: unit.module.classes[id]! };
}

/** The first field of a class that is a credential, and not hidden by its type. */
export function credential({
  unit,
  class: owner,
}: ClassSite): { readonly name: string; readonly span: Span } | undefined {
  return owner.fields
    .map((one) => unit.module.assignments[one]!)
    .find((one) => {
      const kind = secretKind(one.name);
      if (kind !== 'password' && kind !== 'key' && kind !== 'secret') return false;
      return !/Secret|bool/.test(one.annotation?.name ?? '') && !wordsOf(one.name).includes('id');
    });
}
