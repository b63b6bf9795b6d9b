/** Knows the imports of post-quantum and security modules in a program, and whether they can be resolved. */
import type { Span } from '../span.ts';
import { lastWord, origins } from './flow.ts';
import type { Program, Unit } from './link.ts';
import type { Handler, Import, Ref } from './model.ts';
import { wordsOf } from './names.ts';

/**
 * Words of files that are worth parsing for their post-quantum and security code. `crypto` and `security` alone stand
 * in too much that is neither, in languages that nobody reads as well.
 */
export const pqcWords: readonly string[] = [
  ...'oqs pqcrypto pqc PQC post_quantum post-quantum Kyber kyber mlkem Dilithium dilithium sphincs'.split(' '),
  ...['security import', 'crypto import', '.security.', './security', './crypto'],
];

/** An import that may fail, and the except clauses around it that catch that. */
export interface GuardedImport {
  readonly unit: Unit;
  /** The first name that the statements take from the module there. */
  readonly import: Import;
  /** All names they are bound to. */
  readonly locals: readonly string[];
  /** What is taken from the module by name. */
  readonly members: readonly string[];
  readonly handlers: readonly Handler[];
}

const catching = new Set(['ImportError', 'ModuleNotFoundError', 'Exception', 'BaseException']);

/**
 * Imports whose module begins with one of the roots, one for each module and block; those for type checkers alone are
 * left out.
 */
export function importsOf(program: Program, roots: readonly string[]): readonly GuardedImport[] {
  return program.units.flatMap((unit) => {
    const found = new Map<string, Import[]>();
    for (const one of unit.module.imports) {
      if (one.typeOnly || one.level > 0 || !roots.some((root) => isIn(one.module, root))) continue;
      const key = `${one.guard} ${one.function} ${one.module}`;
      const same = found.get(key);
      if (same) same.push(one);
      else found.set(key, [one]);
    }
    return [...found.values()].map((same) => ({
      unit,
      import: same[0]!,
      locals: same.map(({ local }) => local),
      members: same.flatMap(({ member }) => member ?? []),
      handlers: handlersOf(program, unit, same[0]!),
    }));
  });
}

export function isIn(name: string, root: string): boolean {
  return name === root || name.startsWith(`${root}.`) || name.startsWith(`${root}/`);
}

/** Except clauses that catch a failing import there; nearest first. */
function handlersOf(program: Program, unit: Unit, { guard }: Import): readonly Handler[] {
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
export function flagsOf({ unit, import: one, locals, handlers }: GuardedImport): ReadonlySet<string> {
  const flags = new Set(locals.filter((local) => local !== '' && local !== '*'));
  for (const { name, value, span, guard } of unit.module.assignments) {
    const at = value === undefined ? undefined : unit.module.values[value.value];
    if (at?.kind === 'global' && isIn(at.name, one.module) && guard === one.guard) flags.add(name);
    if (at?.kind !== 'const') continue;
    const cleared = at.value === null || at.value === false;
    if (cleared && handlers.some((handler) => inside(span, handler.span))) flags.add(name);
    if (at.value === true && handlers.length > 0 && guard === one.guard) flags.add(name);
  }
  return flags;
}

export function inside(span: { start: number; end: number }, outer: { start: number; end: number }): boolean {
  return span.start >= outer.start && span.end <= outer.end;
}

/** First-party imports of one block that name what the repository does not have. */
export interface Unresolved {
  readonly unit: Unit;
  readonly imports: readonly Import[];
  /** What each of them asks for. */
  readonly names: readonly string[];
  /** An except clause catches the failure. */
  readonly optional: boolean;
}

/** Imports that fail at run time, one for each module or, where a block catches the failure, for each block. */
export function unresolvedImports(
  program: Program,
  files: readonly { readonly path: string }[],
  isAsked: (unit: Unit, one: Import) => boolean,
): readonly Unresolved[] {
  const paths = pythonPaths(files);
  const present = new Set(files.map(({ path }) => path));
  const own = ownRoots(program);
  return program.units.flatMap((unit) => {
    const found = new Map<string, { unit: Unit; imports: Import[]; names: string[]; optional: boolean }>();
    for (const one of unit.module.imports) {
      if (!isAsked(unit, one)) continue;
      const name =
        unit.module.language === 'python'
          ? unresolved(program, unit, one, paths, own)
          : missingFile(unit, one, present);
      if (name === undefined) continue;
      const optional = handlersOf(program, unit, one).length > 0;
      const key = optional ? `try ${one.guard}` : `${one.level} ${one.module}`;
      const same = found.get(key) ?? { unit, imports: [], names: [], optional };
      found.set(key, same);
      if (same.imports.some(({ module, level }) => module === one.module && level === one.level)) continue;
      same.imports.push(one);
      same.names.push(name);
    }
    return [...found.values()];
  });
}

/** Entries of `sys.modules` that get something else than the module itself. */
export interface Replaced {
  readonly unit: Unit;
  readonly name: string;
  readonly spans: readonly Span[];
}

/** Modules below the roots that a file replaces; those that get the same replacement are one. */
export function replacedModules(program: Program, roots: readonly string[]): readonly Replaced[] {
  return program.units.flatMap((unit) => {
    const { assignments, values } = unit.module;
    const found = new Map<Ref | undefined, { unit: Unit; name: string; spans: Span[] }>();
    for (const { target, of, name, span, value } of assignments) {
      if (target !== 'item' || !of || !roots.includes(name.split('.')[0]!)) continue;
      const holder = values[of.value]!;
      if (holder.kind !== 'global' || holder.name !== 'sys.modules') continue;
      // The module itself, loaded from where it lies.
      const from = value ? origins(program, unit, value.value, { callers: false }) : [];
      const loaded = /module_from_spec|import_module/;
      if (from.some((one) => one.kind === 'call' && one.names.some((maker) => loaded.test(maker)))) continue;
      const same = found.get(value?.value) ?? { unit, name, spans: [] };
      found.set(value?.value, same);
      same.spans.push(span);
    }
    return [...found.values()];
  });
}

/** Made when the program is built, and what a tool lays beside the source. */
const built = /(?:^|\/)(?:dist|build|out|lib|generated|__generated__|gen|\.\w[^/]*|node_modules|\$types)(?:\/|\.|$)/;
const endings = [
  '',
  '.ts',
  '.tsx',
  '.js',
  '.jsx',
  '.mts',
  '.cts',
  '.mjs',
  '.cjs',
  '.json',
  '.d.ts',
  '.vue',
  '.svelte',
  '.node',
];

/** A relative import of JavaScript that names a file which the repository does not have, as written. */
function missingFile({ path }: Unit, one: Import, files: ReadonlySet<string>): string | undefined {
  if (one.typeOnly || !/^\.{1,2}(?:\/|$)/.test(one.module)) return undefined;
  const parts = path.split('/').slice(0, -1);
  for (const part of one.module.replace(/[?#].*$/, '').split('/')) {
    if (part === '..' && parts.pop() === undefined) return undefined;
    if (part !== '..' && part !== '.' && part !== '') parts.push(part);
  }
  const target = parts.join('/');
  // A file of TypeScript is imported by the name it has when it is compiled.
  const plain = target.replace(/\.[cm]?jsx?$/, '');
  const found = [target, plain].some((base) =>
    endings.some((ending) => files.has(base + ending) || files.has(`${base}/index${ending}`)),
  );
  return found || built.test(target) || /\.\w+$/.test(plain.split('/').at(-1)!) ? undefined : one.module;
}

/** A first-party import that names a module or member which the repository does not have. */
function unresolved(
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
function ownRoots(program: Program): ReadonlySet<string> {
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
function pythonPaths(files: readonly { readonly path: string }[]): ReadonlySet<string> {
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
