/** Knows what conditions on the request's path say about a route: code under them may never run for it. */
import { constants } from '../program/flow.ts';
import type { Program, Unit } from '../program/link.ts';
import type { GuardId, Ref } from '../program/model.ts';

const pathName = /(?:^|[._])(?:path|path_info|full_path|raw_path|rel_url|endpoint_path|originalUrl)$/i;

/** May code under these conditions run for a request of one of the paths? Conditions on other things do not matter. */
export function mayRunFor(program: Program, unit: Unit, guard: GuardId, paths: readonly string[] | undefined): boolean {
  if (!paths || paths.length === 0) return true;
  return paths.some((path) => {
    for (let at = guard; at >= 0; at = unit.module.guards[at]!.parent) {
      const one = unit.module.guards[at]!;
      if (one.kind !== 'if') continue;
      const holds = testOf(program, unit, one.test, path, 0);
      if (holds !== undefined && holds !== one.holds) return false;
    }
    return true;
  });
}

/** Outcome of a condition for a path; undefined: it asks something else. */
function testOf(program: Program, unit: Unit, ref: Ref, path: string, depth: number): boolean | undefined {
  const value = unit.module.values[ref]!;
  if (depth > 6) return undefined;
  const inner = (one: Ref) => testOf(program, unit, one, path, depth + 1);
  switch (value.kind) {
    case 'operation':
      if (value.op === 'not' && value.of.length === 1) {
        const one = inner(value.of[0]!);
        return one === undefined ? undefined : !one;
      }
      return undefined;
    case 'either': {
      if (value.form !== 'or' && value.form !== 'and') return undefined;
      const all = value.of.map(inner);
      const decisive = value.form === 'or';
      if (all.includes(decisive)) return decisive;
      return all.includes(undefined) ? undefined : !decisive;
    }
    case 'compare': {
      const { op, left, right } = unit.module.comparisons[value.comparison]!;
      const isPath = [left, right].map((side) => pathName.test((side.name ?? '').replace(/\(\)$/, '')));
      if (!isPath[0] && !isPath[1]) return undefined;
      if (op === '==' || op === '!=') {
        const texts = textsIn(program, unit, (isPath[0] ? right : left).value);
        return texts ? texts.includes(path) === (op === '==') : undefined;
      }
      if ((op === 'in' || op === 'not in') && isPath[0]) {
        const texts = textsIn(program, unit, right.value);
        return texts ? texts.includes(path) === (op === 'in') : undefined;
      }
      return undefined;
    }
    case 'call': {
      const { callee, args } = unit.module.calls[value.call]!;
      const match = /^(.*)\.(startswith|startsWith|endswith|endsWith)$/.exec(callee.name ?? '');
      const texts = match && args[0] && pathName.test(match[1]!) ? textsIn(program, unit, args[0].value) : undefined;
      if (!match || !texts) return undefined;
      return texts.some((text) => (/^start/.test(match[2]!) ? path.startsWith(text) : path.endsWith(text)));
    }
    default:
      return undefined;
  }
}

/** Constant texts of a value or of the list it is; undefined when one of them cannot be told. */
export function textsIn(program: Program, unit: Unit, ref: Ref, depth = 0): readonly string[] | undefined {
  const value = unit.module.values[ref]!;
  if (depth > 4) return undefined;
  if (value.kind === 'list') {
    const all = value.items.map((item) => textsIn(program, unit, item, depth + 1));
    return all.some((one) => one === undefined) ? undefined : all.flatMap((one) => one ?? []);
  }
  if (value.kind === 'global') {
    const defined = program.define(value.name, unit);
    if (defined) return textsIn(program, defined.unit, defined.ref, depth + 1);
  }
  const known = constants(program, unit, ref);
  return known?.every((one) => typeof one === 'string') ? (known as readonly string[]) : undefined;
}
