/** Knows dictionaries that a module keeps in memory as if they were tables. */
import type { Place } from '../span.ts';
import { type Program, placeIn } from './link.ts';
import { wordsOf } from './names.ts';

const affixes = new Set(['fake', 'mock', 'db', 'database', 'store', 'storage', 'by', 'id', 'email', 'name']);
const makers = new Set(['dict', 'collections.defaultdict', 'collections.OrderedDict', 'Map']);

/** Variables of modules named after records (`users`, `users_db`, `orders_by_id`) that are dictionaries and that functions write to. */
export function recordsInMemory(
  program: Program,
  records: readonly string[],
): readonly { readonly name: string; readonly place: Place }[] {
  return program.units.flatMap((unit) => {
    const { assignments, calls, values } = unit.module;
    return assignments.flatMap((one) => {
      if (one.target !== 'name' || one.function >= 0 || one.class >= 0 || !one.value || one.augmented) return [];
      const words = wordsOf(one.name).filter((word) => !affixes.has(word));
      if (words.length !== 1 || !records.includes(words[0]!)) return [];
      const value = values[one.value.value]!;
      const made = value.kind === 'call' ? program.call(unit, value.call).names : [];
      if (value.kind !== 'dict' && !made.some((maker) => makers.has(maker))) return [];
      const written =
        assignments.some((other) => other.target === 'item' && other.function >= 0 && other.of?.name === one.name) ||
        calls.some((call) => call.function >= 0 && call.callee.name === `${one.name}.set`);
      return written ? [{ name: one.name, place: placeIn(unit, one) }] : [];
    });
  });
}
