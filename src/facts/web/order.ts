/** Knows when registrations run and which paths a prefix covers: a layer guards only what comes after and below it. */
import type { CallSite, Program, Unit } from '../program/link.ts';
import type { Span } from '../span.ts';
import type { Moment } from './model.ts';

/**
 * The moment of a place: its own function is followed to the call that runs it, inline functions to where they stand.
 * `frame` is the call that is meant when there are several.
 */
export function momentOf(
  program: Program,
  unit: Unit,
  site: { readonly function: number; readonly span: Span },
  frame?: CallSite,
): Moment {
  const steps: Moment[number][] = [];
  // Chained calls begin at the same place and end one after the other.
  let at: Moment[number] = { unit, function: site.function, end: site.span.end };
  for (let depth = 0; depth < 12; depth++) {
    steps.unshift(at);
    if (at.function < 0) break;
    const model = at.unit.module.functions[at.function]!;
    const callers = program.callers(at.unit, at.function);
    const caller = callers.find((one) => one === frame) ?? callers.find((one) => one.call.function !== at.function);
    if (caller) at = { unit: caller.unit, function: caller.call.function, end: caller.call.span.end };
    else if (model.class < 0) at = { unit: at.unit, function: model.function, end: model.span.end };
    else break;
  }
  return steps;
}

/** Does `a` run before `b`? What cannot be told is taken for yes. */
export function isBefore(a: Moment, b: Moment): boolean {
  for (const [i, step] of a.entries()) {
    const other = b[i];
    if (!other || other.unit !== step.unit || other.function !== step.function) return true;
    if (step.end !== other.end) return step.end < other.end;
  }
  return a.length !== b.length;
}

/** Segments of a pattern as frameworks write them; undefined stands for anything, `**` for everything below. */
function segmentsOf(pattern: string): readonly (string | undefined)[] {
  return pattern
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      if (/^(?:\*\*|\*|\(\.\*\)|\{?\*\w+\}?|:\w+[*+]|:\w+\(\.[*+]\)|\(\.\+\))$/.test(part)) return '**';
      return /^[:{<[]|[*(?]/.test(part) ? undefined : part.toLowerCase();
    });
}

/** Does a pattern cover a path: the same, or above it unless `exact`? Parameters match anything. */
export function coversPath(pattern: string, path: string, exact: boolean): boolean {
  // A matcher of Next.js for all but what begins with some words: `/((?!api|_next/static).*)`.
  const but = /^\/\(\(\?!(.*?)\)\.\*\)$/.exec(pattern);
  if (but) return !but[1]!.split('|').some((one) => /^[\w/.-]+$/.test(one) && `${path}/`.startsWith(`/${one}/`));
  const wanted = segmentsOf(pattern);
  const given = segmentsOf(path);
  for (const [i, part] of wanted.entries()) {
    if (part === '**') return true;
    if (i >= given.length) return false;
    const other = given[i];
    if (part !== undefined && other !== undefined && part !== other) return false;
  }
  return !exact || wanted.length === given.length;
}
