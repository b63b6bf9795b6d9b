/** Knows which settings and options hold a key that signs, by their names and where they stand. */
import { lastWord } from './flow.ts';
import type { Program } from './link.ts';
import type { Call } from './model.ts';
import { endsInWords, hasWords, type NamedValue, wordsOf } from './names.ts';
import { isNamedPublic } from './secrets.ts';

/** What the rule page says about names. */
export interface KeyWords {
  /** Ends of names that stand for a key. */
  readonly settings: readonly string[];
  /** Names of other things. */
  readonly otherKeys: readonly string[];
  /** Companies whose keys sign nothing here. */
  readonly vendors: readonly string[];
  /** Calls that configure an object, beside those of classes. */
  readonly configurers: readonly string[];
  /** Calls that look like it and do not. */
  readonly notSettings: readonly string[];
}

/** Is the name that of a key for signing? */
export function isSigningKey(words: readonly string[], known: KeyWords): boolean {
  // SECRET_COOKIE_KEY: a key that says it is secret, with the purpose between.
  const own = words.at(-1) === 'key' && words.includes('secret') && words.length <= 4;
  if (!own && !known.settings.some((mark) => endsInWords(words, wordsOf(mark)))) return false;
  return !known.otherKeys.some((other) => hasWords(words, wordsOf(other))) && !isVendors(words, known);
}

/** Is the named value a setting or an option that holds such a key? */
export function isSetting(program: Program, one: NamedValue, known: KeyWords): boolean {
  const words = wordsOf(one.name);
  if (!isSigningKey(words, known) || isNoSetting(one)) return false;
  const { unit, function: inside, form } = one;
  const { kind } = unit.module.values[one.value.value]!;
  if ((kind === 'list' && !(form === 'entry' && one.name === 'secret')) || kind === 'dict' || kind === 'function')
    return false;
  // What only verifies may be read by everybody; the key of one cookie is its name.
  if (isNamedPublic(unit, one.value)) return false;
  const text = unit.module.values[one.value.value]!;
  if (form === 'entry' && text.kind === 'const' && /^[A-Z][a-z]/.test(one.name)) return false;
  if (endsInWords(words, ['cookie', 'key']) && words.length > 2 && !hasWords(words, ['secret'])) return false;
  // The members of an enumeration are kinds of secrets, not secrets: `JWT_SECRET = 'JWT_SECRET'`.
  const listed = form === 'entry' || (one.assignment?.class ?? -1) >= 0;
  if (listed && text.kind === 'const' && text.value === one.name && /[A-Z]_/.test(one.name)) return false;
  const owner = one.assignment?.class ?? -1;
  if (owner >= 0 && program.bases(unit, owner).some((base) => /(?:^|\.)(?:Str|Int)?Enum$/.test(base))) return false;
  // A variable of a function is judged where it is used to sign.
  if (form === 'variable' && inside >= 0) return false;
  if (form === 'keyword') return configures(unit.module.calls[one.call!]!, known);
  // An entry of a function's own dictionary is part of an answer or a payload, unless it is written like a setting.
  if (form === 'entry') return inside < 0 || /^[A-Z][A-Z0-9_]+$/.test(one.name) || isOption(one, known);
  return true;
}

/** The key for the interface of another company, which signs nothing here. */
function isVendors(words: readonly string[], known: KeyWords): boolean {
  if (!known.vendors.some((vendor) => words.includes(vendor))) return false;
  return !words.some((word) => /^(?:webhook|client|consumer|signing|jwt|session|cookie)$/.test(word));
}

/** Is the entry one of a record of an account, of a table of texts, or of a list of values that are refused? */
function isNoSetting({ unit, dict, form }: NamedValue): boolean {
  const { values, assignments } = unit.module;
  const owner = dict === undefined || form !== 'entry' ? undefined : values[dict]!;
  if (owner?.kind !== 'dict') return false;
  const texts = owner.entries.map(([, one]) => values[one]!);
  if (texts.length > 1 && texts.every((one) => one.kind === 'const' && /^\S+(?: \S+)+$/.test(String(one.value))))
    return true;
  const keys = owner.entries.map(([key]) => (key === null ? undefined : values[key]!));
  const account = /^(?:permissions?|tokenName|user_?name|email|projects|roles?|display_?name)$/i;
  if (keys.some((one) => one?.kind === 'const' && account.test(String(one.value)))) return true;
  return assignments.some(
    (one) =>
      one.value?.value === dict &&
      wordsOf(one.name).some((word) => /^(?:placeholders?|forbidden|insecure|weak|known|leaked|banned)$/.test(word)),
  );
}

/** Does the call make or configure an object? */
function configures({ callee }: Call, { configurers, notSettings }: KeyWords): boolean {
  const word = lastWord(callee.name ?? '');
  return (/^[A-Z]/.test(word) || word === 'super' || configurers.includes(word)) && !notSettings.includes(word);
}

/** Does the entry stand in the options of an object that is made there, or in one of its attributes? */
function isOption({ unit, dict }: NamedValue, known: KeyWords): boolean {
  const { calls, assignments } = unit.module;
  if (assignments.some((one) => one.of !== undefined && one.value?.value === dict)) return true;
  return calls.some((call) => call.args.some(({ value }) => value === dict) && configures(call, known));
}
