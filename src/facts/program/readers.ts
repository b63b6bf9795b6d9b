/** Knows whether a call that reads data may build any object while it reads. */
import type { Facts } from '../facts.ts';
import { lastWord, type Origin } from './flow.ts';
import { argument, type CallSite, option, type Program, spreads } from './link.ts';

/** `default`: as the installed version reads when it is not told. */
export type Verdict = 'unsafe' | 'safe' | 'default' | 'unknown';

/** Is this call unsafe, by the rule that the reader has? `plain`: last words of loaders and schemas without code. */
export function verdict(program: Program, site: CallSite, rule: string, plain: readonly string[]): Verdict {
  const { unit, call } = site;
  const flag = (word: string, index: number): boolean | undefined => {
    const value = argument(call, index, word);
    const constant = value ? unit.module.values[value.value]! : undefined;
    if (constant?.kind === 'const') return Boolean(constant.value);
    return value || spreads(call) ? undefined : false;
  };
  switch (rule) {
    case 'always':
      return 'unsafe';
    case 'safe':
      return 'safe';
    case 'loader':
      return loader(program, site, plain);
    case 'weights_only':
    case 'safe_mode': {
      const given = argument(call, 99, rule);
      if (!given && !spreads(call)) return rule === 'safe_mode' ? 'safe' : 'default';
      const on = flag(rule, 99);
      return on === undefined ? 'unknown' : on ? 'safe' : 'unsafe';
    }
    case 'schema':
      return isPlainSchema(program, site, plain) ? 'safe' : 'default';
    case 'allow_pickle': {
      const on = flag(rule, 2);
      return on === undefined ? 'unknown' : on ? 'unsafe' : 'safe';
    }
    default: {
      // `typ=unsafe`: the keyword has this value.
      const [word, wanted] = rule.split('=') as [string, string];
      const given = argument(call, 0, word);
      const constant = given ? unit.module.values[given.value]! : undefined;
      if (!given) return spreads(call) ? 'unknown' : 'safe';
      return constant?.kind !== 'const' ? 'unknown' : constant.value === wanted ? 'unsafe' : 'safe';
    }
  }
}

function loader(program: Program, { unit, call }: CallSite, plain: readonly string[]): Verdict {
  const given = argument(call, 1, 'Loader');
  if (!given) return spreads(call) ? 'unknown' : 'unsafe';
  const names: string[] = [];
  for (const meaning of program.meanings(unit, given.value)) {
    if (meaning.kind === 'external') names.push(meaning.name);
    else if (meaning.kind === 'class') names.push(...program.bases(meaning.unit, meaning.class));
  }
  if (names.length === 0) return 'unknown';
  return names.every((name) => plain.includes(lastWord(name))) ? 'safe' : 'unsafe';
}

/** Is one of the arguments an object whose `schema` knows plain data only? */
function isPlainSchema(program: Program, site: CallSite, plain: readonly string[]): boolean {
  const schema = option(program, site, 'schema');
  return schema !== undefined && program.names(schema.unit, schema.ref).some((name) => plain.includes(lastWord(name)));
}

/** Name of the base when a call makes an instance of an own unpickler class; empty when its find_class is its own. */
export function unpickler(program: Program, { unit, call }: CallSite, known: readonly string[]): string | undefined {
  for (const meaning of program.meanings(unit, call.callee.value)) {
    if (meaning.kind !== 'class') continue;
    const bases = program.bases(meaning.unit, meaning.class);
    const base = bases.find((one) => known.includes(one));
    if (base === undefined) continue;
    const method = program.method(meaning.unit, meaning.class, 'find_class');
    return method?.unit.module.raises.some((one) => one.function === method.id) ? '' : base;
  }
  return undefined;
}

/** Does the call only run after a signature was compared, or when the caller asks for it by name (`allow_pickle`)? */
export function vouchedFor(program: Program, { unit, call }: CallSite): boolean {
  for (let id = call.guard; id >= 0; id = unit.module.guards[id]!.parent) {
    const guard = unit.module.guards[id]!;
    if (guard.kind !== 'if' || !guard.holds) continue;
    const value = unit.module.values[guard.test]!;
    if (value.kind === 'param') {
      const { name } = unit.module.functions[value.function]!.params[value.index]!;
      if (/^(?:allow|unsafe|trust|dangerous)/i.test(name)) return true;
    }
    if (
      value.kind === 'call' &&
      program.call(unit, value.call).names.some((name) => /compare_digest$|timingSafeEqual$/.test(name))
    )
      return true;
  }
  return false;
}

/** Does all of the data come from files of the repository, which are reviewed like its code? */
export function isShipped(facts: Facts, found: readonly Origin[]): boolean {
  const data = found.filter(({ kind }) => kind !== 'const');
  return data.length > 0 && data.every((one) => one.kind === 'source' && one.source === 'file' && isInside(facts, one));
}

/** Is the path, or its constant beginning, that of a file or a folder of the repository? */
function isInside(facts: Facts, { node }: Origin): boolean {
  const { values, calls } = node.unit.module;
  const read = values[node.ref]!;
  const path = read.kind === 'call' ? calls[read.call]!.args[0] : undefined;
  const value = path && values[path.value]!;
  const first = value?.kind === 'concat' ? values[value.parts[0]!]! : value;
  if (first?.kind !== 'const' || typeof first.value !== 'string') return false;
  const start = first.value.replace(/^\.\//, '');
  if (value?.kind !== 'concat') return facts.has(start);
  return start.includes('/') && facts.files.some((file) => file.path.startsWith(start));
}
