/** Knows where a request names the attribute of an object that is read. */
import type { Place } from '../span.ts';
import { origins } from './flow.ts';
import { type Program, placeIn } from './link.ts';

/** Calls of `getattr` with a name from a request that no condition compares with anything; `name` is the object's. */
export function chosenFields(program: Program): readonly { readonly name: string; readonly place: Place }[] {
  return program.calls(['getattr']).flatMap(({ unit, call }) => {
    const [of, name] = call.args;
    if (!of || !name || call.guard >= 0) return [];
    const asked = origins(program, unit, name.value, { callers: false });
    if (!asked.some((one) => one.kind === 'source' && one.source === 'request')) return [];
    return [{ name: of.name ?? 'an object', place: placeIn(unit, call) }];
  });
}
