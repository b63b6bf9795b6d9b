/** Knows modules of Python that a package of the same name hides. */
import type { Facts } from '../facts.ts';
import type { Program } from './link.ts';

/** Modules that call one of the functions, beside a package of their name; `by` is the package's file. */
export function hiddenModules(
  program: Program,
  facts: Facts,
  functions: readonly string[],
): readonly { readonly module: string; readonly by: string }[] {
  const modules = new Set(program.calls(functions).map(({ unit }) => unit.path));
  return [...modules].flatMap((module) => {
    const by = `${module.replace(/\.py$/, '')}/__init__.py`;
    return facts.has(by) ? [{ module, by }] : [];
  });
}
