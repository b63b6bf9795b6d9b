/** Knows the parts of a process start: the name of its program, and arguments that were bound before. */
import { mayBeTrue, type Origin, origins } from './flow.ts';
import { argument, type CallSite, type Node, option, type Program } from './link.ts';
import type { Operand, Ref } from './model.ts';
import { wordsOf } from './names.ts';

/** The keyword argument bound to what a call calls, as in `functools.partial(run, shell=True)`; undefined when there is none. */
export function bound({ unit, call }: CallSite, keyword: string): Operand | undefined {
  const { values, calls } = unit.module;
  const callee = values[call.callee.value]!;
  return callee.kind === 'call' ? calls[callee.call]!.args.find((arg) => arg.keyword === keyword) : undefined;
}

/** Name of a program without folder and extension, in lower case. */
export function baseOf(path: string): string {
  return path
    .split(/[/\\]/)
    .at(-1)!
    .toLowerCase()
    .replace(/\.exe$/, '');
}

/**
 * Positional arguments as the list they stand for; `repeats`: the program is given again as the first argument, as in
 * `os.execl`. Objects with options and callbacks are none of them.
 */
export function positional(
  program: Program,
  { unit, call }: CallSite,
  index: number,
  repeats: boolean,
): readonly Ref[] {
  const { values } = unit.module;
  const given = call.args
    .filter((arg) => arg.keyword === undefined)
    .slice(index)
    .map((arg) => arg.value)
    .filter((ref) => values[ref]!.kind !== 'dict' && values[ref]!.kind !== 'function');
  const [first, ...rest] = given;
  if (first === undefined) return [];
  const items = rest.flatMap((ref) => listed(program, unit, ref) ?? [ref]);
  const start = values[first]!;
  if (start.kind === 'list') return [...start.items, ...items];
  const repeated = items[0] === undefined ? undefined : values[items[0]]!;
  const flag = repeated?.kind === 'const' && String(repeated.value).startsWith('-');
  return [first, ...(repeats && !flag ? items.slice(1) : items)];
}

/** The items of a list, also of one that is given a name elsewhere in the file. */
function listed(program: Program, unit: CallSite['unit'], ref: Ref): readonly Ref[] | undefined {
  const value = unit.module.values[ref]!;
  if (value.kind === 'list') return value.items;
  if (value.kind !== 'either' && value.kind !== 'global') return undefined;
  const lists = origins(program, unit, ref, { whole: true, callers: false }).flatMap(({ node }) => {
    const end = node.unit.module.values[node.ref]!;
    return end.kind === 'list' && node.unit === unit ? end.items : [];
  });
  return lists.length > 0 ? lists : undefined;
}

/** Is the command handed to a shell: `shell=True`, `{ shell: true }`, `{ shell: '/bin/bash' }`? */
export function isShell(program: Program, site: CallSite): boolean {
  const keyword = argument(site.call, 99, 'shell') ?? bound(site, 'shell');
  const given = keyword ? { unit: site.unit, ref: keyword.value } : option(program, site, 'shell');
  return given !== undefined && mayBeTrue(program, given.unit, given.ref);
}

/** A pattern without a folder in front, given to a program whose options do harm: `*` of `chown app *`. */
export function wildcard(command: string): string | undefined {
  for (const one of command.split(/[;&|\n]/)) {
    const words = one.trim().split(/\s+/);
    const at = words.findIndex((word) => /^(?:chown|chmod|tar|rsync)$/.test(baseOf(word)));
    const pattern = at < 0 ? undefined : words.slice(at + 1).find((word) => word === '--' || /^\*/.test(word));
    if (pattern !== undefined && pattern !== '--') return pattern;
  }
  return undefined;
}

/** Is the whole text a setting whose name says that it is a command: `config.get('launchCmd')`, `args.reply_command`? */
export function isCommandSetting(text: Node, { node, kind, trace, ...origin }: Origin): boolean {
  if (text.unit.module.values[text.ref]!.kind === 'concat') return false;
  if (kind === 'param' || trace.some(({ text }) => text === 'put together here')) return false;
  const { module } = node.unit;
  const value = module.values[node.ref]!;
  const first = value.kind === 'call' ? module.calls[value.call]!.args[0] : undefined;
  const at = value.kind === 'item' ? value.key : first?.value;
  const key = at === undefined ? undefined : module.values[at]!;
  const names = [
    ...('names' in origin ? origin.names : 'name' in origin ? [origin.name] : []),
    ...(value.kind === 'attr' ? [value.name] : []),
    ...(key?.kind === 'const' ? [String(key.value)] : []),
  ];
  return names.some((name) => /^(?:cmd|command)$/.test(wordsOf(name).at(-1) ?? ''));
}
