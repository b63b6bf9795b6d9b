/** Knows dictionaries that a module keeps in memory as if they were tables. */
import type { Place } from '../span.ts';
import { type Program, placeIn } from './link.ts';
import type { FunctionId, Module } from './model.ts';
import { wordsOf } from './names.ts';

const affixes = new Set(['fake', 'mock', 'db', 'database', 'store', 'storage', 'by', 'id', 'email', 'name']);
const makers = new Set(['dict', 'collections.defaultdict', 'collections.OrderedDict', 'Map']);

/** Last words of what a function holds when it works on the database. */
const handles = ['db', 'session', 'conn', 'connection', 'cursor', 'repo', 'repository', 'prisma', 'knex', 'pool'];

/** Does the function hand a session to something, or call a method of one? Then what it writes to memory is a copy. */
function asksDatabase({ calls }: Module, inside: FunctionId, record: string): boolean {
  const isHandle = (name: string | undefined): boolean => {
    if (name === undefined || name.endsWith('()') || name.split('.').includes(record)) return false;
    return name.split('.').some((part) => handles.includes(wordsOf(part).at(-1) ?? ''));
  };
  return calls.some(({ function: id, callee, args }) => {
    if (id !== inside) return false;
    const receiver = callee.name?.includes('.') ? callee.name.slice(0, callee.name.lastIndexOf('.')) : undefined;
    return isHandle(receiver) || args.some(({ name }) => isHandle(name));
  });
}

/** Variables of modules named after records (`users`, `users_db`, `orders_by_id`) that are dictionaries and that functions write to, but not as a copy of the database. */
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
      const writers = [
        ...assignments.filter((other) => other.target === 'item' && other.of?.name === one.name),
        ...calls.filter((call) => call.callee.name === `${one.name}.set`),
      ].flatMap(({ function: id }) => (id >= 0 ? [id] : []));
      if (writers.length === 0 || writers.every((id) => asksDatabase(unit.module, id, one.name))) return [];
      return [{ name: one.name, place: placeIn(unit, one) }];
    });
  });
}
