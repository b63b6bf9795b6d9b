/** Knows the tables that SQL in the code names, and whether the repository creates them itself. */

import { folderOf } from '../paths.ts';
import { constants, lastWord } from './flow.ts';
import { type CallSite, option, type Program, type Unit } from './link.ts';
import { wordsOf } from './names.ts';

/** Words of files that may create a table. */
export const tableWords: readonly string[] = [
  'CREATE TABLE',
  'create table',
  '__tablename__',
  'create_table',
  'createTable',
];

const creating = /create\s+(?:temp(?:orary)?\s+|virtual\s+)?table\s+(?:if\s+not\s+exists\s+)?["'`[]?(?:\w+\.)?(\w+)/gi;
const statement = /^\s*(?:select|insert|update|delete|replace|with)\b/i;
const naming = /\b(?:from|into|update|join)\s+["'`[]?(\w+)/gi;
const makers = new Set(['Table', 'create_table', 'createTable', 'define']);

function textsOf(unit: Unit): string[] {
  return unit.module.values.flatMap((one) =>
    one.kind === 'const' && typeof one.value === 'string' && one.value.length > 8 ? [one.value] : [],
  );
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]!.toLowerCase());
}

const perProgram = new WeakMap<Program, ReadonlyMap<string, readonly Unit[]>>();

/** Tables that statements, models and migrations of the code create, in lower case, with the files that do. */
function createdTables(program: Program): ReadonlyMap<string, readonly Unit[]> {
  const known = perProgram.get(program);
  if (known) return known;
  const created = new Map<string, Unit[]>();
  const add = (name: string, unit: Unit) => {
    const units = created.get(name);
    if (units) units.push(unit);
    else created.set(name, [unit]);
  };
  for (const unit of program.units) {
    const { assignments, calls, values } = unit.module;
    for (const text of textsOf(unit)) for (const name of matches(text, creating)) add(name, unit);
    const named = [
      ...assignments.flatMap((one) => (one.name === '__tablename__' && one.value ? [one.value] : [])),
      ...calls.flatMap((one) => (makers.has(lastWord(one.callee.name ?? '')) ? one.args.slice(0, 1) : [])),
    ];
    for (const { value } of named) {
      const text = values[value]!;
      if (text.kind === 'const') add(String(text.value).toLowerCase(), unit);
    }
  }
  perProgram.set(program, created);
  return created;
}

/** Whose tables the SQL of this file names, when the code creates none of them: `reading` of any file's list, or another program's. */
function foreignTables(program: Program, unit: Unit): 'reading' | 'tables' | undefined {
  const named = textsOf(unit).flatMap((text) => (statement.test(text) ? matches(text, naming) : []));
  if (named.length === 0 || named.some((name) => createdTables(program).has(name))) return undefined;
  if (named.every((name) => name.startsWith('sqlite_'))) return 'reading';
  // Tables may be created by a script beside the code.
  const folder = folderOf(unit.path);
  const scripted = (other: Unit) =>
    folderOf(other.path) === folder && textsOf(other).some((text) => /\.sql$/i.test(text));
  return program.units.some(scripted) ? undefined : 'tables';
}

const fileName = /(?:^|[/\\])([^/\\]+\.(?:db3?|sqlite3?))$/gi;

/** Does the function only select from a file that nothing else names, while its tables are created in other files? */
function isOtherFile(program: Program, { unit, call }: CallSite, files: readonly string[]): boolean {
  const names = files.flatMap((text) => matches(text, fileName));
  const { calls, values } = unit.module;
  const said = calls.flatMap(({ function: id, args }) => {
    const text = id === call.function && args[0] ? values[args[0].value]! : undefined;
    return text?.kind === 'const' && statement.test(String(text.value)) ? [String(text.value)] : [];
  });
  const tables = said.flatMap((text) => matches(text, naming));
  if (call.function < 0 || names.length !== 1 || tables.length === 0) return false;
  if (!said.every((text) => /^\s*select\b/i.test(text))) return false;
  const filesOf = (one: Unit) => textsNaming(one).flatMap((text) => matches(text, fileName));
  // Migrations and models that create it too name no file.
  const elsewhere = (table: string) => {
    const units = createdTables(program).get(table) ?? [];
    return !units.includes(unit) && units.some((one) => filesOf(one).length > 0);
  };
  return tables.every(elsewhere) && program.units.flatMap(filesOf).filter((name) => name === names[0]).length === 1;
}

function textsNaming({ module }: Unit): string[] {
  return module.values.flatMap((one) => (one.kind === 'const' && typeof one.value === 'string' ? [one.value] : []));
}

/** A file in the folder where a program keeps what belongs to one user. */
const dataOfProgram =
  /(?:^|[/\\])(?:\.local[/\\]share|\.config|\.var[/\\]app|Application Support|AppData[/\\](?:Local|Roaming))[/\\]\w/;

const stores = new Set(['ipfs', 's3', 'bucket', 'blob', 'gcs', 'minio', 'etcd', 'consul', 'redis', 'dht']);

/** Does a function that inserts rows also hand what it keeps to a store elsewhere? Then the file is a copy at hand. */
function isCopy({ module }: Unit): boolean {
  const { calls, values } = module;
  const hands = (inside: number) =>
    calls.some(({ function: id, callee: { name = '' } }) => {
      const [verb, ...receiver] = name.split('.').reverse();
      return (
        id === inside &&
        /^(?:add|put|pin|upload|set|put_object|upload_file|putObject|upload_fileobj|store)$/.test(verb!) &&
        receiver.some((part) => wordsOf(part).some((word) => stores.has(word)))
      );
    });
  return calls.some(({ function: id, args }) => {
    const text = args[0] ? values[args[0].value]! : undefined;
    return id >= 0 && text?.kind === 'const' && /^\s*(?:insert|replace)\b/i.test(String(text.value)) && hands(id);
  });
}

/**
 * Does the call open a SQLite file that holds none of this program's own data? With evidence it is another program's;
 * without, nothing here creates its tables in it, or it copies another store. `files` are the paths it can be.
 */
export function foreignFile(
  program: Program,
  site: CallSite,
  files: readonly string[],
): { readonly evidence?: string } | undefined {
  const { unit, call } = site;
  const read = { evidence: 'only read, so the file of another program' };
  const flags = ['readonly', 'readOnly'].flatMap((word) => option(program, site, word) ?? []);
  const isSet = flags.some((flag) => constants(program, flag.unit, flag.ref)?.[0] === true);
  if (isSet || call.args.some(({ name }) => lastWord(name ?? '') === 'OPEN_READONLY')) return read;
  const tables = foreignTables(program, unit);
  if (isCopy(unit)) return {};
  if (tables === 'reading') return read;
  if (tables && files.some((path) => dataOfProgram.test(path))) return { evidence: 'a database of another program' };
  return tables || isOtherFile(program, site, files) ? {} : undefined;
}
