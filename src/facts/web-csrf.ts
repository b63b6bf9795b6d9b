/** Knows which views are taken out of the protection against forged requests, and what a handler asks for itself. */
import { constants } from './program/flow.ts';
import { type FunctionSite, type Program, placeIn, type Unit } from './program/link.ts';
import type { Place } from './span.ts';

/** Does running the function read or compare something of that name? */
export function asks(program: Program, { unit, id }: FunctionSite, pattern: RegExp, depth = 0): boolean {
  const { module } = unit;
  const bodies = new Set([id, ...module.functions.flatMap((one, at) => (one.function === id ? [at] : []))]);
  return (
    module.comparisons.some(
      (one) =>
        bodies.has(one.function) &&
        [one.left, one.right].some((side) => pattern.test(side.name?.split('.').at(-1) ?? '')),
    ) ||
    module.calls.some((call, callId) => {
      if (!bodies.has(call.function)) return false;
      if (
        pattern.test(call.callee.name ?? '') ||
        call.args.some(
          (arg) =>
            pattern.test(arg.name ?? '') ||
            constants(program, unit, arg.value)?.some((value) => typeof value === 'string' && pattern.test(value)),
        )
      )
        return true;
      return (
        depth < 2 && program.targets(program.call(unit, callId)).some((one) => asks(program, one, pattern, depth + 1))
      );
    })
  );
}

/** A view or blueprint that is exempt, at the decorator or call that says so. */
export interface Exemption {
  readonly handler: string;
  readonly place: Place;
  readonly functions: readonly FunctionSite[];
}

/** Exemptions of one file: decorators, `method_decorator`, `csrf.exempt(view)`, `csrf_exempt(view)`. */
export function exemptionsIn(program: Program, unit: Unit): readonly Exemption[] {
  const { module } = unit;
  const isExempt = (ref: number): boolean => {
    const value = module.values[ref]!;
    if (value.kind === 'call') {
      const site = program.call(unit, value.call);
      const first = site.call.args[0];
      return (
        site.names.some((name) => name.endsWith('method_decorator')) && first !== undefined && isExempt(first.value)
      );
    }
    return program
      .names(unit, ref)
      .some((name) => /(?:^|\.)csrf_exempt$|CSRFProtect\(\)\.exempt$|SeaSurf\(\)\.exempt$/i.test(name));
  };
  const found: Exemption[] = [];
  for (const [id, model] of module.functions.entries()) {
    for (const decorator of model.decorators)
      if (isExempt(decorator.value))
        found.push({
          handler: model.name,
          place: placeIn(unit, decorator),
          functions: [{ unit, id, function: model }],
        });
  }
  for (const model of module.classes) {
    for (const decorator of model.decorators)
      if (isExempt(decorator.value)) {
        const functions = model.methods.map((id) => ({ unit, id, function: module.functions[id]! }));
        found.push({ handler: model.name, place: placeIn(unit, decorator), functions });
      }
  }
  for (const call of module.calls) {
    const first = call.args[0];
    if (!first || !isExempt(call.callee.value)) continue;
    const functions = program
      .meanings(unit, first.value)
      .flatMap((one) =>
        one.kind === 'function'
          ? [{ unit: one.unit, id: one.function, function: one.unit.module.functions[one.function]! }]
          : [],
      );
    found.push({ handler: first.name ?? 'a view', place: placeIn(unit, call), functions });
  }
  return found;
}
