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

const perProgram = new WeakMap<Program, ReadonlySet<string>>();

/** Tables that statements, models and migrations of the code create, in lower case. */
function createdTables(program: Program): ReadonlySet<string> {
  const known = perProgram.get(program);
  if (known) return known;
  const created = new Set<string>();
  for (const unit of program.units) {
    const { assignments, calls, values } = unit.module;
    for (const text of textsOf(unit)) for (const name of matches(text, creating)) created.add(name);
    const named = [
      ...assignments.flatMap((one) => (one.name === '__tablename__' && one.value ? [one.value] : [])),
      ...calls.flatMap((one) => (makers.has(lastWord(one.callee.name ?? '')) ? one.args.slice(0, 1) : [])),
    ];
    for (const { value } of named) {
      const text = values[value]!;
      if (text.kind === 'const') created.add(String(text.value).toLowerCase());
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

/** Does the call open a SQLite file that holds none of this program's own data: for `reading` only, or with `tables` that nothing here creates, or that copy another store? */
export function foreignFile(program: Program, site: CallSite): 'reading' | 'tables' | undefined {
  const { unit, call } = site;
  const flags = ['readonly', 'readOnly'].flatMap((word) => option(program, site, word) ?? []);
  const isSet = flags.some((flag) => constants(program, flag.unit, flag.ref)?.[0] === true);
  if (isSet || call.args.some(({ name }) => lastWord(name ?? '') === 'OPEN_READONLY')) return 'reading';
  return isCopy(unit) ? 'tables' : foreignTables(program, unit);
}
