/** Knows code that makes numbers up: mocks and simulations by name, who uses them, and which calls a value comes from. */
import { conditionNames } from './conditions.ts';
import type { CallSite, FunctionSite, Program, Unit } from './link.ts';
import type { ClassModel, Ref } from './model.ts';
import { wordsOf } from './names.ts';

/** Is one of the words in the path of the function or of the class it belongs to? */
export function isNamed(unit: Unit, inside: number, words: readonly string[]): boolean {
  const model = unit.module.functions[inside];
  return model !== undefined && wordsOf(model.path).some((word) => words.includes(word));
}

/** What a number is made of: functions of the repository, and whether it is one value where another one is missing. */
export interface Making {
  readonly makers: readonly FunctionSite[];
  readonly choice: 'missing' | 'branch' | undefined;
}

/** Looks through calculations and calls of the given carriers. */
export function makingOf(program: Program, unit: Unit, ref: Ref, carriers: ReadonlySet<string>): Making {
  const { values } = unit.module;
  const makers: FunctionSite[] = [];
  let choice: Making['choice'];
  const seen = new Set<Ref>();
  const stack = [ref];
  for (let at = stack.pop(); at !== undefined && seen.size < 60; at = stack.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const value = values[at]!;
    if (value.kind === 'either' && choice !== 'missing')
      choice = value.form === 'or' || value.form === 'nullish' ? 'missing' : 'branch';
    if (value.kind === 'operation' || value.kind === 'either') stack.push(...value.of);
    if (value.kind !== 'call') continue;
    const site = program.call(unit, value.call);
    if (site.names.some((name) => carriers.has(name))) stack.push(...site.call.args.map((arg) => arg.value));
    else makers.push(...program.targets(site));
  }
  return { makers, choice };
}

/**
 * Calls that choose a function, or the class it is a method of, outside of code named by the words: not in such
 * functions, not under conditions that ask for it.
 */
export function choicesOf(program: Program, unit: Unit, inside: number, words: readonly string[]): readonly CallSite[] {
  const model = unit.module.functions[inside]!;
  const { classes } = unit.module;
  const classNamed = model.class >= 0 && wordsOf(classes[model.class]!.path).some((word) => words.includes(word));
  const uses = classNamed ? (instances(program).get(classes[model.class]!) ?? []) : program.callers(unit, inside);
  const outside = (site: CallSite) =>
    !isNamed(site.unit, site.call.function, words) &&
    !wordsOf(site.unit.path).some((word) => words.includes(word)) &&
    !conditionNames(site.unit, site.call.guard)
      .flatMap((name) => wordsOf(name))
      .some((word) => words.includes(word));
  return uses.filter(outside);
}

const perProgram = new WeakMap<Program, Map<ClassModel, CallSite[]>>();

/** Calls that make an instance of a class of the repository, by class. */
function instances(program: Program): ReadonlyMap<ClassModel, readonly CallSite[]> {
  const known = perProgram.get(program);
  if (known) return known;
  const found = new Map<ClassModel, CallSite[]>();
  for (const site of program.allCalls()) {
    for (const one of program.meanings(site.unit, site.call.callee.value)) {
      if (one.kind !== 'class') continue;
      const model = one.unit.module.classes[one.class]!;
      found.set(model, [...(found.get(model) ?? []), site]);
    }
  }
  perProgram.set(program, found);
  return found;
}
