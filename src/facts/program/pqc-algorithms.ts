/** Knows which post-quantum algorithms a program asks a library for, by their names, and why an old name may be right. */

import type { Place } from '../span.ts';
import { conditionNames } from './conditions.ts';
import { lastWord, origins } from './flow.ts';
import { argument, type CallSite, type Node, type Program, placeIn, type Unit } from './link.ts';
import type { GuardId } from './model.ts';
import { inside } from './pqc.ts';

/** A text that names an algorithm, where a library is asked for it. */
export interface AlgorithmUse {
  readonly site: CallSite;
  readonly node: Node;
  readonly name: string;
  /** The name in the standard, when this is a draft's. */
  readonly standard?: string;
  /** Why the draft's name does no harm here. */
  readonly excuse?: string;
}

/** Standard name by the beginning of the draft's, in lower case without punctuation. */
export type Drafts = Readonly<Record<string, string>>;

export function standardOf(name: string, drafts: Drafts): string | undefined {
  const plain = name.toLowerCase().replace(/[^a-z0-9+]/g, '');
  return Object.entries(drafts).find(([draft]) => plain.startsWith(draft))?.[1];
}

/** Constructors that make keys of classical algorithms as well. */
const general = /^crypto\./;
const postQuantum = /^(?:ml-|slh-|falcon|hqc|bike|frodo|classic-mceliece|ntru|sntrup|mayo)/i;

/** Names of algorithms that reach the constructors, by flow. */
export function algorithmsOf(
  program: Program,
  constructors: readonly string[],
  drafts: Drafts,
): readonly AlgorithmUse[] {
  const uses = program.calls(constructors).flatMap((site) => {
    const value = argument(site.call, 0, 'alg_name', 'algorithm', 'name');
    if (!value) return [];
    return origins(program, site.unit, value.value, { whole: true }).flatMap((origin) => {
      if (origin.kind !== 'const' || typeof origin.value !== 'string') return [];
      const standard = standardOf(origin.value, drafts);
      const foreign = site.names.every((name) => general.test(name)) && !postQuantum.test(origin.value);
      if (standard === undefined && foreign) return [];
      const way = [placeIn(site.unit, site.call), ...origin.trace];
      const direct = origin.node.unit === site.unit && origin.node.ref === value.value;
      return [{ site, node: origin.node, guard: origin.guard, name: origin.value, standard, way, direct }];
    });
  });
  return uses.map((use): AlgorithmUse => {
    const { site, node, name, standard } = use;
    if (standard === undefined) return { site, node, name };
    const excuse =
      afterStandard(site, uses, drafts) ??
      behindStandard(node, drafts) ??
      (use.direct ? undefined : translated(program, use.way, name, drafts)) ??
      offered(site.unit, site.call.guard) ??
      offered(node.unit, use.guard);
    return { site, node, name, standard, ...(excuse === undefined ? {} : { excuse }) };
  });
}

/** In an except clause of a block that asks for the standard. */
function afterStandard(
  { unit, call }: CallSite,
  uses: readonly { readonly site: CallSite; readonly name: string }[],
  drafts: Drafts,
): string | undefined {
  const { guards } = unit.module;
  for (let id = call.guard; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind !== 'except') continue;
    const tried = uses.some(
      ({ site, name }) =>
        site.unit === unit && standardOf(name, drafts) === undefined && isTried(unit, site.call.guard, one.handler),
    );
    if (tried) return 'asked for only where the library does not know the name of the standard';
  }
  return undefined;
}

function isTried(unit: Unit, from: GuardId, handler: number): boolean {
  const { guards } = unit.module;
  for (let id = from; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind === 'try' && one.handlers.includes(handler)) return true;
  }
  return false;
}

/** In a list that begins with the standard's name. */
function behindStandard({ unit, ref }: Node, drafts: Drafts): string | undefined {
  const { values } = unit.module;
  const found = values.some((value) => {
    if (value.kind !== 'list' || !value.items.includes(ref)) return false;
    const first = values[value.items[0]!]!;
    return first.kind === 'const' && typeof first.value === 'string' && standardOf(first.value, drafts) === undefined;
  });
  return found ? 'listed behind the name of the standard' : undefined;
}

/** A file or function on the way holds a table from the draft's name to the standard's. */
function translated(program: Program, way: readonly Place[], name: string, drafts: Drafts): string | undefined {
  const found = program.units.some(({ path, module: { dicts, functions, values } }) => {
    const steps = way.filter((step) => step.path === path);
    if (steps.length === 0) return false;
    return dicts.some((dict) => {
      const around = functions[dict.function]?.span;
      if (around && !steps.some(({ span }) => inside(span, around))) return false;
      const value = values[dict.value]!;
      if (value.kind !== 'dict') return false;
      return value.entries.some(([key, to]) => {
        const from = key === null ? undefined : values[key]!;
        const target = values[to]!;
        if (from?.kind !== 'const' || from.value !== name || target.kind !== 'const') return false;
        return typeof target.value === 'string' && standardOf(target.value, drafts) === undefined;
      });
    });
  });
  return found ? 'translated to the name of the standard on its way' : undefined;
}

/** Under a condition on what the library offers. */
function offered(unit: Unit, guard: GuardId): string | undefined {
  const names = conditionNames(unit, guard);
  return names.some((name) => /get_enabled_|is_(?:kem|sig)_enabled/.test(name))
    ? 'asked for only where the library offers it'
    : undefined;
}

/** Two uses in one file: it signs with an algorithm and verifies with another. */
export function mismatches(
  uses: readonly AlgorithmUse[],
): readonly { readonly signing: AlgorithmUse; readonly verifying: AlgorithmUse }[] {
  return [...new Set(uses.map(({ site }) => site.unit))].flatMap((unit) => {
    const of = (word: RegExp) =>
      uses.filter(({ site, excuse }) => {
        const model = unit.module.functions[site.call.function];
        const signature = site.unit === unit && site.names.some((name) => lastWord(name) === 'Signature');
        return signature && excuse === undefined && model !== undefined && word.test(model.name);
      });
    const signing = of(/(?:^|_)sign(?!ature)/i);
    const verifying = of(/verif/i);
    if (verifying.some(({ name }) => signing.some((one) => one.name === name))) return [];
    return signing[0] && verifying[0] ? [{ signing: signing[0], verifying: verifying[0] }] : [];
  });
}
