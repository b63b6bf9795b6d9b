/** Knows lists of words that a shell script keeps: its arrays, and the arguments of the script or of a function. */
import type { Command, Word } from '../shell.ts';

/** A word, with the file it stands in where that is another one. */
export type Item = Word & { readonly path?: string };

/** What a list may hold: one way for each path that a script can have taken. Undefined where nobody knows. */
export type Ways = readonly (readonly Item[])[] | undefined;

/** Lists by name; `@` are the arguments. */
export type Arrays = ReadonlyMap<string, Ways>;

/** Ways that are told apart; of more, those with the most and the fewest branches taken say what can happen. */
const MAX_WAYS = 4;
const MAX_WORDS = 300;
const MAX_LISTS = 50;

/** `"$@"`, `"${list[@]}"`, with a default or a start: `"${list[@]:-}"`, `"${@:2}"`. */
const WHOLE = /^\$(?:[@*]$|\{(?:[@*]|(\w+)\[[@*]\])(?:\}$|:(\d+)\}$|:?[-+]))/;

/** The words of a command with lists in place of their names: every way in which it can run. */
export function expanded(words: readonly Item[], arrays: Arrays): readonly (readonly Item[])[] {
  let ways: Item[][] = [[]];
  for (const word of words) {
    const list = word.parts?.length === 1 ? WHOLE.exec(word.parts[0]!.text) : null;
    const known = list && arrays.get(list[1] ?? '@');
    if (known) {
      const from = list[2] === undefined ? 0 : Number(list[2]) - (list[1] === undefined ? 1 : 0);
      ways = limited(ways.flatMap((way) => known.map((more) => [...way, ...more.slice(Math.max(0, from))])));
    } else for (const way of ways) way.push(word);
  }
  return ways;
}

/** The lists after the assignments of a command, and after `set --`, `shift` and what reads a list from elsewhere. */
export function assigned({ assignments, words }: Command, arrays: Arrays): Arrays {
  const changed = new Map<string, Ways>();
  for (const { name, elements, append } of assignments) {
    if (!elements || (arrays.size > MAX_LISTS && !arrays.has(name))) continue;
    const before = append && arrays.has(name) ? arrays.get(name) : [[]];
    const added = expanded(elements, arrays);
    changed.set(name, before && limited(before.flatMap((way) => added.map((more) => [...way, ...more]))));
  }
  const [verb, ...rest] = words.map(({ value }) => value);
  if (verb === 'set' && rest[0] === '--') changed.set('@', expanded(words.slice(2), arrays));
  if (verb === 'shift') {
    const count = Number(rest[0] ?? 1);
    changed.set('@', count >= 0 ? arrays.get('@')?.map((way) => way.slice(count)) : undefined);
  }
  if (verb !== undefined && /^(?:read|mapfile|readarray|unset)$/.test(verb))
    for (const name of rest) if (name !== undefined && arrays.has(name)) changed.set(name, undefined);
  return changed.size > 0 ? new Map([...arrays, ...changed]) : arrays;
}

const NOTHING: Ways = [[]];

/** The lists behind branches of which one was taken; one that a branch does not know is empty there. */
export function rejoined(branches: readonly Arrays[]): Arrays {
  const different = [...new Set(branches)];
  if (different.length < 2) return different[0] ?? new Map();
  const names = new Set(different.flatMap((one) => [...one.keys()]));
  return new Map(
    [...names].map((name): [string, Ways] => {
      const found = different.map((one) => (one.has(name) ? one.get(name) : name === '@' ? undefined : NOTHING));
      const ways = [...new Set(found)];
      if (ways.length === 1) return [name, ways[0]];
      return [name, ways.includes(undefined) ? undefined : limited([...new Set(ways.flatMap((one) => one ?? []))])];
    }),
  );
}

function limited<T extends readonly Item[]>(ways: readonly T[]): Item[][] {
  const few = ways.length > MAX_WAYS ? [...ways.slice(0, MAX_WAYS / 2), ...ways.slice(-MAX_WAYS / 2)] : ways;
  return few.map((way) => way.slice(0, MAX_WORDS));
}
