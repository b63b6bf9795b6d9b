/** Knows the parts of a process start: the name of its program, and arguments that were bound before. */
import type { CallSite } from './link.ts';
import type { Operand } from './model.ts';

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
