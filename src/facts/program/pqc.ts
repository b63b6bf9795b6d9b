/** Knows post-quantum cryptography in a program: its imports, what happens when one fails, and the algorithms it names. */
import { conditionNames } from './conditions.ts';
import { lastWord, origins } from './flow.ts';
import { argument, type CallSite, type Node, type Program, type Unit } from './link.ts';
import type { Handler, Import } from './model.ts';
import { wordsOf } from './names.ts';

/** An import that may fail, and the except clauses around it that catch that. */
export interface GuardedImport {
  readonly unit: Unit;
  readonly import: Import;
  readonly handlers: readonly Handler[];
}

const catching = new Set(['ImportError', 'ModuleNotFoundError', 'Exception', 'BaseException']);

/** Imports whose module or member begins with one of the roots; those for type checkers alone are left out. */
export function importsOf(program: Program, roots: readonly string[]): readonly GuardedImport[] {
  return program.units.flatMap((unit) =>
    unit.module.imports
      .filter((one) => !one.typeOnly && one.level === 0 && roots.some((root) => isIn(one.module, root)))
      .map((one) => ({ unit, import: one, handlers: handlersOf(program, unit, one) })),
  );
}

export function isIn(name: string, root: string): boolean {
  return name === root || name.startsWith(`${root}.`);
}

/** Except clauses that catch a failing import there; nearest first. */
export function handlersOf(program: Program, unit: Unit, { guard }: Import): readonly Handler[] {
  const { guards, handlers } = unit.module;
  const found: Handler[] = [];
  for (let id = guard; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind !== 'try') continue;
    for (const handler of one.handlers.map((index) => handlers[index]!)) {
      const types = handler.types.flatMap((type) => program.names(unit, type));
      if (handler.types.length === 0 || types.some((type) => catching.has(type))) found.push(handler);
    }
  }
  return found;
}

/** Names that say afterwards whether the import worked: `oqs = None`, `AVAILABLE = False`, and the imported name. */
export function flagsOf({ unit, import: one, handlers }: GuardedImport): ReadonlySet<string> {
  const flags = new Set(one.local === '' || one.local === '*' ? [] : [one.local]);
  for (const { name, value, span } of unit.module.assignments) {
    const at = value === undefined ? undefined : unit.module.values[value.value];
    if (at?.kind !== 'const' || (at.value !== null && at.value !== false)) continue;
    if (handlers.some((handler) => inside(span, handler.span))) flags.add(name);
  }
  return flags;
}

function inside(span: { start: number; end: number }, outer: { start: number; end: number }): boolean {
  return span.start >= outer.start && span.end <= outer.end;
}

/** Does a node stand in one of the clauses, or under a condition on one of the flags? */
export function isFallback(guarded: GuardedImport, flags: ReadonlySet<string>, guard: number): boolean {
  const { unit, handlers } = guarded;
  const { guards, handlers: all } = unit.module;
  for (let id = guard; id >= 0; id = guards[id]!.parent) {
    const one = guards[id]!;
    if (one.kind === 'except' && handlers.includes(all[one.handler]!)) return true;
    if (one.kind === 'if' && missingWhen(unit, one.test, one.holds, flags)) return true;
  }
  return false;
}

/** Is the library known to be missing when the test has this outcome? */
function missingWhen(unit: Unit, test: number, holds: boolean, flags: ReadonlySet<string>): boolean {
  const { values, comparisons } = unit.module;
  const value = values[test]!;
  if (value.kind === 'operation' && value.op === 'not') return missingWhen(unit, value.of[0]!, !holds, flags);
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
  return unit.module.assignments.some(
    (one) => flags.has(one.name) && one.function < 0 && unit.module.exports[one.name] === test,
  );
}

/** Refuses to go on where the library is missing: an except clause that raises, or a raise under such a condition. */
export function refuses(guarded: GuardedImport, flags: ReadonlySet<string>): boolean {
  const { unit, handlers } = guarded;
  if (handlers.some(({ leaves }) => leaves === 'raise' || leaves === 'exit')) return true;
  return unit.module.raises.some(
    ({ guard }) =>
      isFallback(guarded, flags, guard) ||
      conditionNames(unit, guard).some((name) => flags.has(lastWord(name).replace(/\(\)$/, ''))),
  );
}

/** A text that names an algorithm, where a library is asked for it. */
export interface AlgorithmUse {
  readonly site: CallSite;
  readonly node: Node;
  readonly name: string;
}

/** Names of algorithms that reach the constructors, by flow. */
export function algorithmsOf(program: Program, constructors: readonly string[]): readonly AlgorithmUse[] {
  return program.calls(constructors).flatMap((site) => {
    const value = argument(site.call, 0, 'alg_name', 'algorithm', 'name');
    if (!value) return [];
    return origins(program, site.unit, value.value, { whole: true }).flatMap((origin) =>
      origin.kind === 'const' && typeof origin.value === 'string'
        ? [{ site, node: origin.node, name: origin.value }]
        : [],
    );
  });
}

/** A first-party import that names a module or member which the repository does not have. */
export function unresolved(
  program: Program,
  unit: Unit,
  one: Import,
  paths: ReadonlySet<string>,
  own: ReadonlySet<string>,
): string | undefined {
  const root = one.name.split('.')[0]!;
  if (unit.module.language !== 'python' || one.typeOnly || !paths.has(root)) return undefined;
  // A folder may be called like an installed package; one that others import from, or a package, is the repository's.
  if (!own.has(root) && !program.moduleOf(root, unit)?.module.package) return undefined;
  const base = one.level > 0 && one.member !== undefined ? one.name.slice(0, -one.member.length - 1) : one.module;
  if (one.level > 0 && base === '') return undefined;
  const target = program.moduleOf(base, unit);
  if (!target) return paths.has(base) ? undefined : base;
  if (one.member === undefined || one.local === '*') return undefined;
  const { exports, exportAll } = target.module;
  if (Object.hasOwn(exports, one.member) || Object.hasOwn(exports, '__getattr__') || exportAll.length > 0)
    return undefined;
  if (target === unit || target.module.incomplete !== undefined) return undefined;
  const dynamic = target.module.calls.some(({ callee }) =>
    /^(?:globals|vars|setattr|locals)$/.test(lastWord(callee.name ?? '')),
  );
  const whole = `${base}.${one.member}`;
  return dynamic || program.moduleOf(whole, unit) || paths.has(whole) ? undefined : whole;
}

/** First words of dotted imports that the repository itself answers. */
export function ownRoots(program: Program): ReadonlySet<string> {
  const roots = new Set<string>();
  for (const unit of program.units) {
    for (const { module, level } of unit.module.imports) {
      const root = module.split('.')[0]!;
      if (level === 0 && root !== module && !roots.has(root) && program.moduleOf(module, unit)) roots.add(root);
    }
  }
  return roots;
}

/** Dotted names of all Python modules, packages and folders of the tree, from the root and from its source folders. */
export function pythonPaths(files: readonly { readonly path: string }[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { path } of files) {
    if (!/\.(?:pyi?|pyw|so|pyd|pyx)$/.test(path)) continue;
    const parts = path.replace(/(?:\.cpython[^/]*)?\.\w+$/, '').split('/');
    if (parts.at(-1) === '__init__') parts.pop();
    for (let end = 1; end <= parts.length; end++) {
      const name = parts.slice(0, end).join('.');
      names.add(name);
      if (/^(?:src|lib|app|python)\./.test(name)) names.add(name.slice(name.indexOf('.') + 1));
    }
  }
  return names;
}

/** Is the import in code about security, by the words of the file or of what it imports? */
export function isSecurity({ path }: { readonly path: string }, one: Import, words: readonly string[]): boolean {
  const all = new Set(wordsOf(`${path} ${one.module}`));
  return words.some((word) => all.has(word));
}
