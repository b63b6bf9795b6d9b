/** Knows options of database libraries that are written as dictionaries: `{ dialect: 'sqlite', storage: 'app.db' }`. */
import { dialectName } from '../orm-config.ts';
import { constants } from './flow.ts';
import type { Program } from './link.ts';
import type { Value } from './model.ts';
import { allNamedValues, endsInWords, type NamedValue, wordsOf } from './names.ts';
import { tableWords } from './tables.ts';

/** Words of files that are worth parsing for what they say about databases. */
export const databaseWords: readonly string[] = [
  ...'sqlite SQLite DATABASE database postgres create_engine users USERS sequelize typeorm knex mongoose mongodb prisma'.split(
    ' ',
  ),
  ...tableWords,
];

export interface DatabaseOptions {
  /** The entry that names the dialect. */
  readonly entry: NamedValue;
  readonly dialects: readonly string[];
  /** Keys of the dictionaries around it: `production` of a file with a section for each environment. */
  readonly sections: readonly string[];
  /** Texts of the other entries that are constant. */
  readonly texts: Readonly<Record<string, string>>;
}

const keys = new Set(['dialect', 'client', 'type', 'provider', 'dialectModule', 'ENGINE']);
/** Something else must speak of a database as well: `type: 'sqlite'` alone may be an item of a menu. */
const beside =
  /^(?:storage|database|filename|connection|host|url|username|user|entities|synchronize|migrations|useNullAsDefault|models|NAME|dbName|dbCredentials|schema)$/;

/** Every such dictionary, in order. */
export function databaseOptions(program: Program): readonly DatabaseOptions[] {
  const all = allNamedValues(program);
  return all.flatMap((entry): DatabaseOptions[] => {
    if (entry.form !== 'entry' || !keys.has(entry.name) || entry.dict === undefined) return [];
    const { unit } = entry;
    const dialects = (
      constants(program, unit, alternatives(unit.module.values[entry.value.value]!, entry.value.value)) ?? []
    )
      .map(String)
      .filter((text) => dialectName.test(text));
    const dict = unit.module.values[entry.dict]!;
    if (dialects.length === 0 || dict.kind !== 'dict') return [];
    const texts: Record<string, string> = {};
    let speaks = false;
    for (const [key, ref] of dict.entries) {
      const name = key === null ? undefined : unit.module.values[key]!;
      if (name?.kind !== 'const' || typeof name.value !== 'string') continue;
      if (beside.test(name.value)) speaks = true;
      const nested = unit.module.values[ref]!;
      const own = nested.kind === 'dict' && name.value === 'connection' ? nested.entries : [[key, ref] as const];
      for (const [inner, part] of own) {
        const word = inner === null ? undefined : unit.module.values[inner]!;
        const [text, ...others] = constants(program, unit, part) ?? [];
        if (word?.kind === 'const' && typeof text === 'string' && others.length === 0) texts[String(word.value)] = text;
      }
    }
    const sections = all.flatMap((one) =>
      one.unit === unit && one.value.value === entry.dict && one.form !== 'keyword' ? [one.name] : [],
    );
    return speaks ? [{ entry, dialects, sections, texts }] : [];
  });
}

/** `process.env.DB || 'sqlite'`: what it is when nobody says otherwise. */
function alternatives(value: Value, ref: number): number {
  return value.kind === 'either' && (value.form === 'or' || value.form === 'nullish') ? value.of.at(-1)! : ref;
}

/** Does the value hold a database URL, or name a kind of database? Both lists are last words of names. */
export function isSetting(value: NamedValue, settings: readonly string[], engines: readonly string[]): boolean {
  const { name, form, function: inside } = value;
  if (name === 'ENGINE') return form === 'entry';
  if (form === 'keyword' || (form === 'variable' && inside >= 0)) return false;
  return endsLike(name, settings) || endsLike(name, engines);
}

/** Does the name end in the words of one of the endings? */
export function endsLike(name: string, endings: readonly string[]): boolean {
  const words = wordsOf(name);
  return endings.some((ending) => endsInWords(words, wordsOf(ending)));
}
