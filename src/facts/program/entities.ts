/**
 * Knows the tables of object-relational mappers (Sequelize, TypeORM, Mongoose, Prisma), which of their columns hold a
 * credential, and whether a value is a whole row of one.
 */

import type { PrismaSchema } from '../prisma.ts';
import type { Place } from '../span.ts';
import { lastWord, origins } from './flow.ts';
import {
  argument,
  type CallSite,
  type ClassSite,
  type Node,
  option,
  type Program,
  placeIn,
  type Unit,
  valueAt,
} from './link.ts';
import type { Assignment, Operand, Ref, Value } from './model.ts';
import { isCredential } from './secrets.ts';

/** A table, with its first column that holds a credential and is read with the others; none: `column` is absent. */
export interface Table {
  readonly name: string;
  readonly column?: { readonly name: string; readonly place: Place };
}

/** What a schema file says of the tables. */
export interface SchemaFile {
  readonly path: string;
  readonly data: PrismaSchema;
}

const finders = new Set(
  (
    'findByPk findAll findOne findAndCountAll findOrCreate findById findByIdAndUpdate findOneAndUpdate find findBy findOneBy ' +
    'findOneOrFail findOneByOrFail findAndCount findMany findUnique findUniqueOrThrow findFirst findFirstOrThrow upsert ' +
    'create save update getOne getMany getOneOrFail'
  ).split(' '),
);
/** Calls that give the same row in another form. */
const carriers = new Set(
  (
    '.toJSON .toObject .get .lean .exec .populate .sort .limit .skip .session .where .equals .then .orFail .reload .collation ' +
    '.orderBy .andWhere .leftJoinAndSelect .take'
  ).split(' '),
);
/** Options and methods that name the columns to read. */
const choices = new Set(['attributes', 'select', 'omit', 'projection', 'fields', 'exclude']);

/** The table that a value is a whole row of, or a list of rows. */
export function rowOf(program: Program, unit: Unit, ref: Ref, schemas: readonly SchemaFile[]): Table | undefined {
  const value = unit.module.values[ref]!;
  if (value.kind === 'attr' && (value.name === 'dataValues' || value.name === '_doc' || value.name === 'rows'))
    return rowOf(program, unit, value.of, schemas);
  for (const { node } of origins(program, unit, ref, { whole: true, callers: false, carriers })) {
    const found = valueAt(node);
    if (found.kind !== 'call') continue;
    const table = askedBy(program, program.call(node.unit, found.call), schemas);
    if (table) return table;
  }
  return undefined;
}

/** The table whose whole rows a call gives. */
function askedBy(program: Program, site: CallSite, schemas: readonly SchemaFile[]): Table | undefined {
  const { unit, call } = site;
  const { values } = unit.module;
  const callee = values[call.callee.value]!;
  const word = callee.kind === 'attr' || callee.kind === 'global' ? lastWord(callee.name) : '';
  if (!finders.has(word) || choosesColumns(unit, site, word)) return undefined;
  const of = receiverOf(program, { unit, ref: call.callee.value });
  if (!of) return undefined;
  // Of a table `update` gives a number, of a row or a Prisma client the row.
  if (word === 'update' && valueAt(of).kind !== 'call' && !isClient(program, of.unit, ownerOf(of.unit, of.ref)))
    return undefined;
  return (
    tableOf(program, asked(program, of), schemas) ??
    // `manager.find(User, ...)`
    call.args.slice(0, 1).flatMap((arg) => classTable(program, unit, arg.value) ?? [])[0]
  );
}

/** What a method is called on; an imported name is the definition in its file. */
function receiverOf(program: Program, { unit, ref }: Node): Node | undefined {
  const callee = unit.module.values[ref]!;
  if (callee.kind === 'attr') return { unit, ref: callee.of };
  const dot = callee.kind === 'global' ? callee.name.lastIndexOf('.') : -1;
  return callee.kind === 'global' && dot > 0 ? program.define(callee.name.slice(0, dot), unit) : undefined;
}

/** What a chain of calls begins with: `repository.createQueryBuilder().where().getOne()`. */
function asked(program: Program, node: Node): Node | undefined {
  let at: Node | undefined = node;
  for (let n = 0; at && n < 12; n++) {
    const value = valueAt(at);
    if (value.kind !== 'call') return at;
    const { callee } = at.unit.module.calls[value.call]!;
    const name = at.unit.module.values[callee.value]!;
    const word = name.kind === 'attr' || name.kind === 'global' ? lastWord(name.name) : '';
    if (choices.has(word)) return undefined;
    if (/^(?:getRepository|model|define|getModel)$/.test(word)) return at;
    at = receiverOf(program, { unit: at.unit, ref: callee.value });
  }
  return at;
}

function ownerOf(unit: Unit, ref: Ref): Ref {
  const value = unit.module.values[ref]!;
  return value.kind === 'attr' ? value.of : ref;
}

function choosesColumns(unit: Unit, { call }: CallSite, word: string): boolean {
  const { values } = unit.module;
  // `Model.find({}, 'name email')`
  const second = call.args[1] ? values[call.args[1].value]! : undefined;
  if (/^find(?:One|ById)?$/.test(word) && second?.kind === 'const' && typeof second.value === 'string') return true;
  return call.args.some((arg) => {
    const value = values[arg.value]!;
    if (value.kind === 'param') return /^(?:options?|opts|args|select|projection|params)$/i.test(arg.name ?? '');
    return (
      value.kind === 'dict' &&
      value.entries.some(([key]) => {
        const name = key === null ? undefined : values[key]!;
        return name === undefined || (name.kind === 'const' && choices.has(String(name.value)));
      })
    );
  });
}

/** What a table's name stands for: a class, a model made by a call, a repository of a class, a field of a Prisma client. */
function tableOf(program: Program, node: Node | undefined, schemas: readonly SchemaFile[]): Table | undefined {
  if (!node) return undefined;
  const { unit, ref } = node;
  const own = classTable(program, unit, ref);
  if (own) return own;
  const value = valueAt(node);
  if (value.kind === 'attr' && isClient(program, unit, value.of)) {
    for (const { path, data } of schemas) {
      const model = data.models.find((one) => one.name.toLowerCase() === value.name.toLowerCase());
      const column = model?.columns.find((one) => isCredential(one.name));
      if (model && !omits(program))
        return {
          name: model.name,
          ...(column ? { column: { name: column.name, place: { path, span: column.span } } } : {}),
        };
    }
  }
  for (const one of origins(program, unit, ref, { whole: true, callers: false })) {
    if (one.kind === 'call') {
      const made = madeTable(program, one.site);
      if (made) return made;
    }
    const at = valueAt(one.node);
    if (at.kind === 'param') {
      const found = injected(program, one.node.unit, at);
      if (found) return found;
    }
  }
  return undefined;
}

/** Do clients of Prisma leave columns out of all answers? */
function omits(program: Program): boolean {
  return program.calls(['@prisma/client.PrismaClient']).some((site) => option(program, site, 'omit') !== undefined);
}

function isClient(program: Program, unit: Unit, ref: Ref): boolean {
  if (program.names(unit, ref).some((name) => /PrismaClient(?:\(\)|$)/.test(name))) return true;
  const value = unit.module.values[ref]!;
  const name = value.kind === 'attr' || value.kind === 'global' ? lastWord(value.name) : '';
  return /^_?prisma(?:Service|Client)?$/i.test(name) || name === 'db';
}

/** `mongoose.model('User', schema)`, `sequelize.define('user', columns)`. */
function madeTable(program: Program, site: CallSite): Table | undefined {
  const { unit, call } = site;
  const word = lastWord(call.callee.name ?? '');
  const [first, second] = call.args;
  const name = first ? unit.module.values[first.value]! : undefined;
  if (word === 'getRepository' && first) return classTable(program, unit, first.value);
  if (!second || name?.kind !== 'const' || !/^(?:model|define)$/.test(word)) return undefined;
  for (const { node } of origins(program, unit, second.value, { whole: true, callers: false })) {
    const schema = valueAt(node);
    const columns = schema.kind === 'call' ? node.unit.module.calls[schema.call]!.args[0]?.value : node.ref;
    const table = columns === undefined ? undefined : { unit: node.unit, ref: columns };
    if (table && valueAt(table).kind === 'dict') return columnsOf(String(name.value), table);
  }
  return undefined;
}

function columnsOf(name: string, { unit, ref }: Node): Table {
  const { values } = unit.module;
  const value = values[ref]!;
  const found =
    value.kind === 'dict' && !isCovered(unit)
      ? value.entries.find(([key, one]) => {
          const word = key === null ? undefined : values[key]!;
          return word?.kind === 'const' && isCredential(String(word.value)) && !isHidden(unit, one);
        })
      : undefined;
  if (!found) return { name };
  const key = values[found[0]!]!;
  return { name, column: { name: key.kind === 'const' ? String(key.value) : '', place: placeIn(unit, key) } };
}

/** `{ type: String, select: false }` */
function isHidden(unit: Unit, ref: Ref): boolean {
  const { values } = unit.module;
  const value = values[ref]!;
  if (value.kind !== 'dict') return false;
  return value.entries.some(([key, one]) => {
    const [name, setting] = [key === null ? undefined : values[key]!, values[one]!];
    if (name?.kind !== 'const' || setting.kind !== 'const') return false;
    return name.value === 'select'
      ? setting.value === false
      : /^(?:private|hidden)$/.test(String(name.value)) && setting.value === true;
  });
}

/** `@InjectRepository(User) users: Repository<User>`, `@InjectModel(User.name) users: Model<UserDocument>`. */
function injected(program: Program, unit: Unit, value: Value & { kind: 'param' }): Table | undefined {
  const param = unit.module.functions[value.function]!.params[value.index]!;
  const { values, calls } = unit.module;
  for (const decorator of param.decorators ?? []) {
    const made = values[decorator.value]!;
    const first = made.kind === 'call' ? calls[made.call]!.args[0] : undefined;
    const entity = first ? values[first.value]! : undefined;
    const table = first && classTable(program, unit, entity?.kind === 'attr' ? entity.of : first.value);
    if (table) return table;
  }
  const type = param.annotation ? values[param.annotation.value]! : undefined;
  if (type?.kind !== 'item') return undefined;
  const key = values[type.key]!;
  return classTable(program, unit, key.kind === 'list' ? (key.items[0] ?? type.key) : type.key);
}

/** A class that is a table. */
function classTable(program: Program, unit: Unit, ref: Ref): Table | undefined {
  for (const meaning of program.meanings(unit, ref)) {
    if (meaning.kind !== 'class') continue;
    const site = { unit: meaning.unit, id: meaning.class, class: meaning.unit.module.classes[meaning.class]! };
    if (!isEntity(program, site)) continue;
    const column = isCovered(site.unit) ? undefined : credentialColumn(site);
    const { name } = site.class;
    return column ? { name, column: { name: column.name, place: placeIn(site.unit, column) } } : { name };
  }
  return undefined;
}

function isEntity(program: Program, { unit, id, class: owner }: ClassSite): boolean {
  const bases = program.bases(unit, id);
  if (bases.some((base) => /(?:^|\.)(?:Model|BaseEntity)$/.test(base) && /sequelize|typeorm|objection/.test(base)))
    return true;
  return owner.decorators.some((one) => /^(?:Entity|Table|Schema|ViewEntity)$/.test(lastWord(one.name ?? '')));
}

function credentialColumn({ unit, class: owner }: ClassSite): Assignment | undefined {
  const { assignments, values, calls } = unit.module;
  if (owner.decorators.some((one) => lastWord(one.name ?? '') === 'Exclude')) return undefined;
  const open = (decorator: Operand) => {
    if (/^(?:Exclude|HideField|VirtualColumn)$/.test(lastWord(decorator.name ?? ''))) return false;
    const value = values[decorator.value]!;
    return value.kind !== 'call' || !calls[value.call]!.args.some((arg) => isHidden(unit, arg.value));
  };
  return owner.fields
    .map((one) => assignments[one]!)
    .find((one) => isCredential(one.name) && (one.decorators ?? []).every(open));
}

/** Does the file of the model say what an answer gets: `toJSON`, a default scope, a plugin for it? */
function isCovered(unit: Unit): boolean {
  const { functions, assignments, calls, dicts, values } = unit.module;
  const says = (name: unknown) => typeof name === 'string' && /^(?:toJSON|toObject|defaultScope|transform)$/.test(name);
  const constant = (ref: Ref | null) => {
    const value = ref === null ? undefined : values[ref]!;
    return value?.kind === 'const' ? value.value : undefined;
  };
  return (
    functions.some((one) => says(one.name)) ||
    assignments.some((one) => says(one.name)) ||
    calls.some((one) => {
      const word = lastWord(one.callee.name ?? '');
      const first = argument(one, 0);
      if (!first) return false;
      return (
        (word === 'set' && says(constant(first.value))) ||
        (word === 'plugin' && /json|private|hidden/i.test(first.name ?? ''))
      );
    }) ||
    dicts.some(({ value }) => {
      const dict = values[value]!;
      return dict.kind === 'dict' && dict.entries.some(([key]) => says(constant(key)));
    })
  );
}
