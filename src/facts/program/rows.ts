/** Knows which calls make a row of a database. */
import { lastWord } from './flow.ts';
import type { Program, Unit } from './link.ts';

/** An instance of an own model (a class with one of the bases), or of a class elsewhere that is then added or saved. */
export function isRow(program: Program, unit: Unit, id: number, rows: readonly string[]): boolean {
  const { calls, values } = unit.module;
  const { callee } = calls[id]!;
  const meanings = program.meanings(unit, callee.value);
  const isModel = meanings.some((meaning) => {
    if (meaning.kind !== 'class' || program.method(meaning.unit, meaning.class, '__init__')) return false;
    const bases = program.bases(meaning.unit, meaning.class);
    return bases.some((base) => rows.includes(lastWord(base)));
  });
  if (isModel || /\bobjects\.create$/.test(callee.name ?? '')) return true;
  if (meanings.some(({ kind }) => kind !== 'external') || !/^[A-Z]/.test(lastWord(callee.name ?? ''))) return false;
  const isIt = (ref: number): boolean => {
    const value = values[ref]!;
    return value.kind === 'call' && value.call === id;
  };
  return calls.some((call) => {
    const { kind, ...target } = values[call.callee.value]!;
    const verb = lastWord(call.callee.name ?? '');
    if (verb === 'save') return kind === 'attr' && 'of' in target && isIt(target.of as number);
    return /^(?:add|merge|persist)$/.test(verb) && call.args.some(({ value }) => isIt(value));
  });
}
