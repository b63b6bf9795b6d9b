/** Knows what a program does where a cryptographic library is missing or fails: it refuses, makes values up, or goes on without. */
import type { Span } from '../span.ts';
import { conditionNames } from './conditions.ts';
import { lastWord, origins } from './flow.ts';
import type { Program, Unit } from './link.ts';
import type { FunctionModel, GuardId } from './model.ts';
import { namedValues, wordsOf } from './names.ts';
import { type GuardedImport, inside, isIn } from './pqc.ts';

/** Does a node stand in one of the clauses, or under a condition on one of the flags? */
function isFallback(guarded: GuardedImport, flags: ReadonlySet<string>, guard: GuardId): boolean {
  const { unit, handlers } = guarded;
  const { guards, handlers: all } = unit.module;
  for (let id = guard; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind === 'except' && handlers.includes(all[one.handler]!)) return true;
    if (one.kind === 'if' && missingWhen(guarded, one.test, one.holds, flags)) return true;
  }
  return false;
}

/** Is the library known to be missing when the test has this outcome? */
function missingWhen(guarded: GuardedImport, test: number, holds: boolean, flags: ReadonlySet<string>): boolean {
  const { values, comparisons, assignments, exports } = guarded.unit.module;
  const value = values[test]!;
  if (value.kind === 'operation' && value.op === 'not') return missingWhen(guarded, value.of[0]!, !holds, flags);
  // `if not HAVE or self.signer is None`: one of the reasons to be there is that it is missing.
  if (value.kind === 'either' && value.form === (holds ? 'or' : 'and'))
    return value.of.some((one) => missingWhen(guarded, one, holds, flags));
  if (value.kind === 'compare') {
    const { op, left, right } = comparisons[value.comparison]!;
    const other = values[right.value]!;
    const none = other.kind === 'const' && (other.value === null || other.value === false);
    return none && flags.has(lastWord(left.name ?? '')) && holds === (op === 'is' || op === '==');
  }
  if (holds) return false;
  if (value.kind === 'global' || value.kind === 'attr') return flags.has(lastWord(value.name));
  // A flag that the clauses set: true or false, depending on the way taken.
  if (value.kind !== 'either') return false;
  return assignments.some(
    (one) =>
      flags.has(one.name) &&
      one.function < 0 &&
      (exports[one.name] === test || (one.value !== undefined && value.of.includes(one.value.value))),
  );
}

/** Refuses to go on where the library is missing: an except clause that raises, or a raise under such a condition. */
export function refuses(program: Program, guarded: GuardedImport, flags: ReadonlySet<string>): boolean {
  const { unit, handlers } = guarded;
  const { raises, calls } = unit.module;
  if (handlers.some(({ leaves }) => leaves === 'raise' || leaves === 'exit')) return true;
  const asked = (guard: GuardId) =>
    isFallback(guarded, flags, guard) ||
    conditionNames(unit, guard).some((name) => flags.has(lastWord(name).replace(/\(\)$/, '')));
  if (raises.some(({ guard }) => asked(guard))) return true;
  return calls.some(
    ({ statement, guard }, id) =>
      statement && isFallback(guarded, flags, guard) && raisingTargets(program, guarded, id),
  );
}

/** `require_simulation_allowed()`: does the call reach a function of the repository that can raise? */
function raisingTargets(program: Program, { unit }: GuardedImport, call: number): boolean {
  return program
    .targets(program.call(unit, call))
    .some((target) => target.unit.module.raises.some((one) => one.function === target.id && !one.assertion));
}

/** Is the way there also under a switch that somebody must set, or behind a call that raises unless it is set? */
function isAskedFor(
  program: Program,
  guarded: GuardedImport,
  flags: ReadonlySet<string>,
  at: { readonly guard: GuardId; readonly function: number; readonly span: Span },
): boolean {
  const { unit } = guarded;
  const { guards, values, comparisons, calls } = unit.module;
  for (let id = at.guard; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind !== 'if' || missingWhen(guarded, one.test, one.holds, flags)) continue;
    const test = values[one.test]!;
    const sides = test.kind === 'compare' ? [comparisons[test.comparison]!.left.value] : [one.test];
    const found = sides.flatMap((ref) => origins(program, unit, ref, { callers: false }));
    if (found.some((origin) => origin.kind === 'source' && origin.source === 'env')) return true;
    const words = conditionNames(unit, id).flatMap((name) => wordsOf(name));
    if (words.some((word) => switches.has(word))) return true;
  }
  return calls.some(
    (call, id) =>
      call.statement &&
      call.function === at.function &&
      call.span.end <= at.span.start &&
      isFallback(guarded, flags, call.guard) &&
      raisingTargets(program, guarded, id),
  );
}

const switches = new Set([
  'insecure',
  'unsafe',
  'simulate',
  'simulated',
  'simulation',
  'testing',
  'test',
  'debug',
  'dev',
]);

/** Something that takes the library's place. */
export interface StandIn {
  readonly kind: 'class' | 'value' | 'verifies';
  /** What is made up: "the class MockKem", "the result of os.urandom()"; the function's name for `verifies`. */
  readonly what: string;
  readonly span: Span;
  /** Only after somebody asked for it. */
  readonly asked: boolean;
}

/** What these return is protected: it is never what came in. */
const protecting = /^_*(?:sign|encrypt|seal|encapsulate|wrap|protect)/i;
const cryptographic = /encap|decap|key|sign|crypt|kem|shared|secret|cipher/i;

/** Classes and values that stand in for the library, and verification that succeeds without it; one for each function. */
export function standInsOf(
  program: Program,
  guarded: GuardedImport,
  flags: ReadonlySet<string>,
  words: readonly string[],
  makers: readonly string[],
): readonly StandIn[] {
  const { unit, handlers } = guarded;
  const { classes, functions, values, calls } = unit.module;
  const found: StandIn[] = [];
  const done = new Set<FunctionModel>();
  const add = (kind: StandIn['kind'], what: string, at: { guard: GuardId; function: number; span: Span }, span: Span) =>
    found.push({ kind, what, span, asked: isAskedFor(program, guarded, flags, at) });
  const isMaker = (name: string) => makers.some((own) => name === own || name.startsWith(`${own}()`));
  for (const one of classes) {
    const within = handlers.some((handler) => inside(one.span, handler.span));
    if (within && words.some((word) => one.name.toLowerCase().includes(word)))
      add('class', `the class ${one.name}`, one, one.nameSpan);
  }
  for (const model of functions) {
    for (const one of model.returns) {
      if (!one.value || !isFallback(guarded, flags, one.guard)) continue;
      const at = values[one.value.value]!;
      if (at.kind === 'const' && at.value === true && /verif|valid/i.test(model.name)) {
        add('verifies', model.name, one, one.span);
        continue;
      }
      if (done.has(model) || !cryptographic.test(model.path)) continue;
      const maker = origins(program, unit, one.value.value, { callers: false })
        .flatMap((origin) => (origin.kind === 'call' ? origin.names : []))
        .find(isMaker);
      const mine = at.kind === 'param' && protecting.test(model.name);
      const mixed = at.kind === 'call' || at.kind === 'operation' ? exclusiveOr(guarded, one.span) : false;
      if (maker === undefined && !mixed && !mine) continue;
      done.add(model);
      const what = mine ? 'the argument as it came' : mixed ? 'an exclusive or' : `the result of ${maker}()`;
      add('value', what, one, one.span);
    }
  }
  for (const [id, call] of calls.entries()) {
    const model = functions[call.function];
    if (!model || done.has(model) || !isFallback(guarded, flags, call.guard)) continue;
    const maker = program.call(unit, id).names.find(isMaker);
    if (maker === undefined || !cryptographic.test(takersOf(guarded, call.function, call.span).join(' '))) continue;
    done.add(model);
    add('value', `the result of ${maker}()`, call, call.span);
  }
  return found;
}

/** Does an operator `^` stand there? */
function exclusiveOr({ unit }: GuardedImport, span: Span): boolean {
  return unit.module.values.some((value) => value.kind === 'operation' && value.op === '^' && inside(value.span, span));
}

/** Names that the value of an expression gets: variables, keywords and functions around it. */
function takersOf({ unit }: GuardedImport, inFunction: number, span: Span): readonly string[] {
  const values = namedValues(unit).filter((one) => one.function === inFunction && inside(span, one.value.span));
  const callees = unit.module.calls.filter((one) => one.function === inFunction && inside(span, one.span));
  const own = callees.filter((one) => one.args.some((arg) => inside(span, arg.span)));
  return [...values.map(({ name }) => name), ...own.map(({ callee }) => callee.name ?? '')];
}

/** An except clause of a hybrid exchange that goes on with the classical half alone. */
export interface Dropped {
  readonly unit: Unit;
  readonly span: Span;
  readonly function: string;
  /** The call that may fail. */
  readonly callee: string;
}

/** Hybrid constructions whose post-quantum half is left out when it fails. */
export function droppedHalves(program: Program, roots: readonly string[]): readonly Dropped[] {
  const found = new Map<object, Dropped>();
  for (const site of program.allCalls()) {
    const { unit, call } = site;
    const { guards, handlers, functions, calls } = unit.module;
    const model = functions[call.function];
    const name = site.names[0];
    if (!model || name === undefined || !isOf(site.names, roots) || !isHybrid(program, unit, call.function)) continue;
    for (let id = call.guard; id >= 0; id = guards[id]!.parent) {
      const one = guards[id]!;
      if (one.kind !== 'try') continue;
      for (const handler of one.handlers.map((index) => handlers[index]!)) {
        if (handler.leaves === 'raise' || handler.leaves === 'exit' || found.has(handler)) continue;
        const again = calls.some(
          (other, i) => inside(other.span, handler.span) && isOf(program.call(unit, i).names, roots),
        );
        const refused = model.returns.some(({ value, span }) => {
          if (!inside(span, handler.span)) return false;
          const at = value && unit.module.values[value.value]!;
          return !at || (at.kind === 'const' && !at.value);
        });
        if (!again && !refused) found.set(handler, { unit, span: handler.span, function: model.name, callee: name });
      }
    }
  }
  return [...found.values()];
}

function isOf(names: readonly string[], roots: readonly string[]): boolean {
  return names.some((name) => roots.some((root) => isIn(name, root)));
}

/** Does the function say that it is hybrid, or does it exchange keys the classical way as well? */
function isHybrid(program: Program, unit: Unit, id: number): boolean {
  if (/hybrid/i.test(unit.module.functions[id]!.path)) return true;
  return unit.module.calls.some(
    (call, i) =>
      call.function === id && /x25519|ecdh/i.test(`${call.callee.name ?? ''} ${program.call(unit, i).names.join(' ')}`),
  );
}
