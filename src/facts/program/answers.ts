/** Knows what the functions that answer requests give out, and which credentials are in it. */
import type { Place, Span } from '../span.ts';
import { rowOf, type SchemaFile } from './entities.ts';
import { lastWord } from './flow.ts';
import { keysOf, type Leak, leaks } from './leaks.ts';
import { argument, type CallSite, type ClassSite, type Program, placeIn, type Unit } from './link.ts';
import type { FunctionModel, Operand, Ref } from './model.ts';
import { isCredential } from './secrets.ts';

/** Where something is shown. */
interface Spot {
  readonly unit: Unit;
  readonly span: Span;
}

/** A credential among the fields of a class or the columns of a table. */
export interface Field extends Spot {
  readonly name: string;
}

/** Something an answer gives out. */
export type Shown = Spot &
  (
    | {
        /** One value, by the name of a credential; `ref` is what carries it. */
        readonly kind: 'value';
        readonly leak: Leak;
        readonly ref: Ref;
      }
    | {
        /** Everything there is: the environment, or all attributes of an object. */
        readonly kind: 'everything';
        readonly name: string;
        readonly sure: boolean;
      }
    | {
        /** An object of a class, or a row of a table, as a whole; `field` is its credential, absent when it has none. */
        readonly kind: 'object';
        readonly model: string;
        readonly field?: { readonly name: string; readonly place: Place };
        /** It comes from a table, and nobody chose the columns. */
        readonly row?: true;
      }
    /** A structure that could hold a credential and holds none. */
    | { readonly kind: 'clean' }
  );

/**
 * What one function answers with; `answers` are the last words of calls that make an answer, `schemas` those of Prisma;
 * without them rows of tables are not looked for, because something else chooses their columns.
 */
export function shownBy(
  program: Program,
  unit: Unit,
  id: number,
  model: FunctionModel,
  answers: readonly string[],
  schemas: readonly SchemaFile[] | undefined,
): readonly Shown[] {
  const shape = shapeOf(program, unit, model);
  if (shape) return [shape];
  const { calls, values } = unit.module;
  const sent: Operand[] = model.returns.flatMap((one) => (one.value ? [one.value] : []));
  const operands = [...sent];
  for (const call of calls) {
    if (call.function !== id || !answers.includes(lastWord(call.callee.name ?? ''))) continue;
    operands.push(...call.args);
    if (answerers.test(call.callee.name ?? '')) sent.push(...call.args);
  }
  // `ctx.body = ...` of Koa.
  for (const one of unit.module.assignments)
    if (one.function === id && one.name === 'body' && /^(?:ctx|context)$/.test(one.of?.name ?? '') && one.value) {
      operands.push(one.value);
      sent.push(one.value);
    }
  const rows = schemas ? sent.flatMap((operand) => rowsIn(program, unit, model, operand, schemas)) : [];
  const others = operands.flatMap((operand): Shown[] => {
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
  return [...others, ...rows];
}

/** What calls that send an answer begin with; `fetch().json()` and `socket.send()` do not. */
const answerers = /^(?:this\.)?(?:_?res|response|reply|ctx|context|c|NextResponse|Response)\b/;
/** Functions that leave out of a row what nobody must see. */
const cleaners = /sanit|public|mask|redact|strip|clean|safe|omit|pick|serial|dto|present|transform|view|filter|summar/i;

/** The table whose whole rows, with a credential in them, an argument of a call holds. */
export function rowIn(
  program: Program,
  { unit, call }: CallSite,
  operand: Operand,
  schemas: readonly SchemaFile[],
): string | undefined {
  const model = unit.module.functions[call.function];
  const rows = model ? rowsIn(program, unit, model, operand, schemas) : [];
  return rows.flatMap((one) => (one.kind === 'object' && one.field ? [one.model] : []))[0];
}

/** Whole rows of tables among what is answered, in objects and lists as well. */
function rowsIn(
  program: Program,
  unit: Unit,
  model: FunctionModel,
  operand: Operand,
  schemas: readonly SchemaFile[],
  depth = 0,
): Shown[] {
  const { values, calls } = unit.module;
  const value = values[operand.value]!;
  const { span } = operand;
  const into = (ref: Ref) =>
    depth > 3 ? [] : rowsIn(program, unit, model, { value: ref, span: values[ref]!.span }, schemas, depth + 1);
  if (value.kind === 'dict') {
    const hidden = value.entries.flatMap(([key]) => {
      const name = key === null ? undefined : values[key]!;
      return name?.kind === 'const' ? [String(name.value)] : [];
    });
    // `{ ...user, password: undefined }`
    return value.entries
      .flatMap(([, one]) => into(one))
      .filter((one) => one.kind !== 'object' || !hidden.includes(one.field?.name ?? ''))
      .map((one) => ({ ...one, span }));
  }
  if (value.kind === 'list') return value.items.flatMap(into);
  if (value.kind === 'spread') return into(value.of);
  if (value.kind === 'call' && cleaners.test(lastWord(calls[value.call]!.callee.name ?? ''))) return [];
  if (unit.module.language === 'python') return pythonRow(program, unit, model, operand);
  const table = rowOf(program, unit, operand.value, schemas);
  if (!table) return [];
  const { column } = table;
  const field = column && !isStripped(unit, operand, column.name) ? { field: column } : {};
  return [{ unit, span, kind: 'object', model: table.name, row: true, ...field }];
}

/** Is the column emptied, deleted or masked before? */
function isStripped({ module }: Unit, operand: Operand, column: string): boolean {
  return module.assignments.some((one) => {
    if (one.name !== column || one.target === 'name' || !one.value) return false;
    const value = module.values[one.value.value]!;
    return value.kind === 'const' || cleaners.test(one.value.name ?? '') || /replace/.test(one.value.name ?? '')
      ? one.of?.value === operand.value || one.of?.name === operand.name || value.kind === 'const'
      : false;
  });
}

/** FastAPI writes out all columns of a row that is returned without a response model. */
function pythonRow(program: Program, unit: Unit, model: FunctionModel, operand: Operand): Shown[] {
  const fast = model.decorators.some((one) => {
    const value = unit.module.values[one.value]!;
    const callee = value.kind === 'call' ? unit.module.calls[value.call]!.callee.value : one.value;
    return program.names(unit, callee).some((name) => name.startsWith('fastapi.'));
  });
  const value = unit.module.values[operand.value]!;
  if (!fast || model.returnAnnotation || value.kind !== 'call') return [];
  const word = lastWord(unit.module.calls[value.call]!.callee.name ?? '');
  if (!/^(?:first|one|one_or_none|all|get|scalar_one|scalar_one_or_none)$/.test(word)) return [];
  const row = classOf(program, unit, operand.value);
  const table =
    row && program.bases(row.unit, row.id).some((base) => /declarative_base|DeclarativeBase|SQLModel/.test(base));
  if (!row || !table) return [];
  return [{ unit, span: operand.span, kind: 'object', row: true, ...described(row, credential(row)) }];
}

function described(
  { unit, class: owner }: ClassSite,
  field: { readonly name: string; readonly span: Span } | undefined,
) {
  return { model: owner.name, ...(field ? { field: { name: field.name, place: placeIn(unit, field) } } : {}) };
}

/** The class that a declared response model names, also as `list[Model]`. */
function shapeOf(program: Program, unit: Unit, model: FunctionModel): Shown | undefined {
  const { values, calls } = unit.module;
  for (const decorator of model.decorators) {
    const value = values[decorator.value]!;
    const shape = value.kind === 'call' ? argument(calls[value.call]!, 99, 'response_model') : undefined;
    const type = shape ? values[shape.value]! : undefined;
    for (const meaning of shape ? program.meanings(unit, type?.kind === 'item' ? type.key : shape.value) : []) {
      if (meaning.kind !== 'class') continue;
      const found = classSite(meaning.unit, meaning.class);
      return { unit, span: model.nameSpan, kind: 'object', ...described(found, credential(found)) };
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
  if (value.kind === 'attr' && value.name === '__dict__') return objectOf(program, unit, value.of, undefined);
  if (value.kind !== 'call') return undefined;
  const call = calls[value.call]!;
  const word = lastWord(call.callee.name ?? '');
  if (!wholes.has(word)) return undefined;
  const callee = values[call.callee.value]!;
  const of = callee.kind === 'attr' ? callee.of : call.args[0]?.value;
  return of === undefined || call.args.length > 1 ? undefined : objectOf(program, unit, of, word);
}

function objectOf(program: Program, unit: Unit, ref: Ref, method: string | undefined) {
  const row = classOf(program, unit, ref);
  if (!row) return undefined;
  const own = method === undefined ? undefined : program.method(row.unit, row.id, method);
  const inside = own?.function.returns.flatMap((one) =>
    one.value ? leaks(own.unit, one.value.value, undefined, one.value.span) : [],
  );
  const field = inside ? inside.find((one) => isCredential(one.name)) : credential(row);
  return { kind: 'object' as const, ...described(own && inside ? { ...row, unit: own.unit } : row, field) };
}

/** The class of this repository that a value is an object of: by its type, or by the query it comes from. */
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
export function credential({ unit, class: owner }: ClassSite): Field | undefined {
  const found = owner.fields
    .map((one) => unit.module.assignments[one]!)
    .find((one) => isCredential(one.name) && !/Secret|bool/.test(one.annotation?.name ?? ''));
  return found && { name: found.name, unit, span: found.span };
}

/** Does the model of a serializer hold a password or a key, by its columns or as an account of Django? */
export function holdsPassword(program: Program, unit: Unit, model: Operand | undefined): boolean {
  const known = model ? program.meanings(unit, model.value).filter((one) => one.kind === 'class') : [];
  const accounts = /^django\.contrib\.auth\.models\.(?:Abstract\w*)?User$/;
  if (known.length === 0) return /user|account/i.test(model?.name ?? '');
  return known.some(
    (one) =>
      program.bases(one.unit, one.class).some((base) => accounts.test(base)) ||
      credential({ unit: one.unit, id: one.class, class: one.unit.module.classes[one.class]! }) !== undefined,
  );
}
