/** Knows why a literal that is named like a signing key signs nothing in production. */
import { lastWord } from './flow.ts';
import type { Node, Unit } from './link.ts';
import type { Operand, Ref } from './model.ts';
import { type NamedValue, namedValues, wordsOf } from './names.ts';

/** Why the literal does not count, as evidence for a pass; undefined: it counts. */
export function excuseFor(unit: Unit, named: NamedValue | undefined): string | undefined {
  if (isTestScript(unit)) return 'only a script for tests';
  if (!named) return undefined;
  if (isForTests(named)) return 'only a configuration for tests';
  if (isRefused(named)) return 'the default is refused at start';
  return isRestored(named) ? 'is put back at the end' : undefined;
}

/** A script that only tries the program out, or the set-up of a test runner. */
function isTestScript({ path, module }: Unit): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return (
    /(?:^|[_.-])(?:smoke|mock|stub)(?:[_.-]|$)/i.test(file) ||
    module.imports.some(({ name }) => /^(?:vitest|@jest\/globals|pytest|unittest\.mock)(?:\.|$)/.test(name))
  );
}

/** A configuration class, dictionary or call that says it is for tests. */
function isForTests(named: NamedValue): boolean {
  const { module } = named.unit;
  const truthy = (ref: Ref) => {
    const value = module.values[ref]!;
    return value.kind === 'const' && value.value === true;
  };
  const { assignment } = named;
  if (assignment && assignment.class >= 0) {
    const owner = module.classes[assignment.class]!;
    if (/^Test|Test(?:s|ing)?(?:Config|Settings)?$/.test(owner.name)) return true;
  }
  return namedValues(named.unit).some(
    (one) =>
      one.name === 'TESTING' &&
      truthy(one.value.value) &&
      (one.form === 'keyword' || one.form === 'entry' || one.form === 'field'
        ? one.form === named.form &&
          one.call === named.call &&
          one.dict === named.dict &&
          one.assignment?.class === assignment?.class
        : one.function === named.function && one.function >= 0),
  );
}

/** Something in the same file compares the setting and raises: the default does not survive in production. */
function isRefused({ unit, name }: NamedValue): boolean {
  const { module } = unit;
  const same = (operand: Operand) => lastWord(operand.name ?? '').toLowerCase() === name.toLowerCase();
  return module.raises.some((raise) => {
    for (let id = raise.guard; id >= 0; id = module.guards[id]!.parent) {
      const guard = module.guards[id]!;
      if (guard.kind !== 'if') continue;
      const value = module.values[guard.test]!;
      if (value.kind !== 'compare') continue;
      const { left, right } = module.comparisons[value.comparison]!;
      if (same(left) || same(right)) return true;
    }
    return false;
  });
}

/** Does the same function put the attribute's own earlier value back? `module.KEY = original` */
function isRestored({ unit, assignment }: NamedValue): boolean {
  const { assignments, values } = unit.module;
  if (!assignment?.of) return false;
  return assignments.some((one) => {
    if (one.function !== assignment.function || one.span.start <= assignment.span.start || !one.value) return false;
    if (one.name !== assignment.name || one.of?.name !== assignment.of!.name) return false;
    const back = values[one.value.value]!;
    return (back.kind === 'attr' || back.kind === 'global') && lastWord(back.name) === one.name;
  });
}

/** Does the literal stand in a handler of errors? */
export function isSpare({ unit, ref }: Node): boolean {
  const { assignments, guards } = unit.module;
  const { start, end } = unit.module.values[ref]!.span;
  const holder = assignments.find((one) => one.span.start <= start && end <= one.span.end);
  for (let id = holder?.guard ?? -1; id >= 0; id = guards[id]!.parent) if (guards[id]!.kind === 'except') return true;
  return false;
}

/** Words of values that can be looked up: they make no text a secret. */
const open =
  /^(?:id|ids|name|host|hostname|node|user|username|email|version|env|environment|port|region|domain|tenant|time|now|timestamp)$/;

/** What a text of the code is put together with, when all of it can be known: `f"secret-for-{node_id}"`. */
export function guessableParts(unit: Unit, ref: Ref): readonly string[] | undefined {
  const { values, calls } = unit.module;
  const value = values[ref]!;
  if (value.kind !== 'concat') return undefined;
  const names: string[] = [];
  let letters = 0;
  for (const [i, part] of value.parts.entries()) {
    const one = values[part]!;
    if (one.kind === 'const') letters += String(one.value).replace(/[^A-Za-z]/g, '').length;
    else {
      const name = lastWord(value.names?.[i] ?? (one.kind === 'call' ? (calls[one.call]!.callee.name ?? '') : ''));
      if (!open.test(wordsOf(name).at(-1) ?? '')) return undefined;
      names.push(name);
    }
  }
  return letters >= 3 && names.length > 0 ? names : undefined;
}
