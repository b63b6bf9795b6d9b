/** Knows the state of one run over a module: the values made so far, the names in scope, and the flat indexes. */
import type { Span } from '../span.ts';
import { Environment } from './environment.ts';
import type {
  Assignment,
  Call,
  ClassModel,
  Comparison,
  FunctionModel,
  Guard,
  Handler,
  Import,
  Raise,
  Ref,
  Reference,
  Return,
  Scalar,
  Value,
} from './model.ts';
import type { SourceSyntax } from './syntax.ts';

/** What a language brings along. */
export interface Dialect {
  /** Names that exist without an import. */
  readonly builtins: ReadonlySet<string>;
  /** Names of functions that import the module their first constant argument names. */
  readonly importers: ReadonlySet<string>;
  /** Functions that read the attribute their second argument names. */
  readonly getters: ReadonlySet<string>;
  /** Calls that never return. */
  readonly exits: ReadonlySet<string>;
  /** Conditions that only hold for type checkers. */
  readonly typeChecking: ReadonlySet<string>;
  /** What an imported module is called; absent: as it is written. Relative ones are then not followed. */
  readonly resolve?: (specifier: string, from: { readonly name: string; readonly package: boolean }) => string;
}

/** How a list of statements ends. */
export type Leaves = 'no' | 'return' | 'raise' | 'loop' | 'exit';

export interface Scope {
  readonly kind: 'module' | 'function' | 'class';
  readonly outer: Scope | undefined;
  readonly function: number;
  readonly class: number;
  readonly path: string;
  /** Names that `global` or `nonlocal` sends elsewhere. */
  readonly elsewhere: Map<string, 'module' | 'enclosing'>;
  /** Where the variables begin: names not found down to here belong to outer scopes. */
  readonly root: Environment;
}

export interface LoopFrame {
  readonly base: Environment;
  readonly exits: Environment[];
}

/** More values than this in one file (about 3 MB of code) are not followed. */
const maxValues = 600_000;

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** State of a run, with what all parts of the interpreter need. */
export abstract class Machine {
  protected readonly source: SourceSyntax;
  protected readonly dialect: Dialect;
  protected readonly rebound: ReadonlySet<string>;
  protected readonly python: boolean;

  protected readonly values: Value[] = [];
  protected readonly guards: Guard[] = [];
  protected readonly imports: Import[] = [];
  protected readonly functions: Mutable<FunctionModel>[] = [];
  protected readonly classes: Mutable<ClassModel>[] = [];
  protected readonly calls: Call[] = [];
  protected readonly comparisons: Comparison[] = [];
  protected readonly assignments: Assignment[] = [];
  protected readonly raises: Raise[] = [];
  protected readonly handlers: Mutable<Handler>[] = [];
  protected readonly references: Reference[] = [];
  protected readonly dicts: { value: Ref; span: Span; function: number; guard: number }[] = [];
  protected readonly exports = new Map<string, Ref>();
  protected readonly exportAll: string[] = [];
  protected readonly pending: (() => void)[] = [];
  protected readonly keys = new Map<Ref, string>();
  protected stars = false;

  protected env: Environment = new Environment();
  protected scope: Scope;
  protected guard = -1;
  protected loops: LoopFrame[] = [];
  protected self: Ref | undefined;
  protected returns: Return[] = [];
  protected full = false;
  /** Depth of annotations and class headers, whose names are no uses. */
  protected quiet = 0;

  constructor(source: SourceSyntax, dialect: Dialect, rebound: ReadonlySet<string>) {
    this.source = source;
    this.dialect = dialect;
    this.rebound = rebound;
    this.python = source.language === 'python';
    this.scope = {
      kind: 'module',
      outer: undefined,
      function: -1,
      class: -1,
      path: '',
      elsewhere: new Map(),
      root: this.env,
    };
  }

  // Values

  protected add(value: Value): Ref {
    if (this.values.length >= maxValues) this.full = true;
    return this.values.push(value) - 1;
  }

  protected const(value: Scalar, span: Span, bytes?: boolean): Ref {
    return this.add(bytes ? { kind: 'const', value, type: 'bytes', span } : { kind: 'const', value, span });
  }

  protected unknown(span: Span, of?: readonly Ref[]): Ref {
    return this.add(of && of.length > 0 ? { kind: 'unknown', of, span } : { kind: 'unknown', span });
  }

  protected either(form: (Value & { kind: 'either' })['form'], refs: readonly Ref[], span: Span): Ref {
    const unique = [...new Set(refs)];
    return unique.length === 1 ? unique[0]! : this.add({ kind: 'either', form, of: unique, span });
  }

  protected joiner(form: (Value & { kind: 'either' })['form']): (refs: readonly Ref[]) => Ref {
    return (refs) => this.either(form, refs, this.values[refs[refs.length - 1]!]!.span);
  }

  protected scalar(ref: Ref): Scalar | undefined {
    const value = this.values[ref]!;
    return value.kind === 'const' ? value.value : undefined;
  }

  /** The present content of a container, which changes keep apart from its identity. */
  protected content(ref: Ref, env: Environment = this.env): Ref {
    const kind = this.values[ref]!.kind;
    return kind === 'list' || kind === 'dict' ? (env.get(`@${ref}`) ?? ref) : ref;
  }

  /** Equal for two expressions that mean the same part of the same object. */
  protected keyOf(ref: Ref): string {
    const known = this.keys.get(ref);
    if (known !== undefined) return known;
    const value = this.values[ref]!;
    let key = `#${ref}`;
    if (value.kind === 'attr') key = `${this.keyOf(value.of)}.${value.name}`;
    else if (value.kind === 'item') {
      const scalar = this.scalar(value.key);
      if (scalar !== undefined) key = `${this.keyOf(value.of)}[${String(scalar)}`;
    } else if (value.kind === 'global') key = `#${value.name}`;
    if (key.length > 200) key = `#${ref}`;
    this.keys.set(ref, key);
    return key;
  }

  protected truth(ref: Ref, depth = 0): boolean | undefined {
    const value = this.values[ref]!;
    switch (value.kind) {
      case 'const':
        return Boolean(value.value);
      case 'list':
        if (value.items.some((item) => this.values[item]!.kind !== 'spread')) return true;
        return value.items.length === 0 ? !this.python : undefined;
      case 'dict':
        if (value.entries.some(([key]) => key !== null)) return true;
        return value.entries.length === 0 ? !this.python : undefined;
      case 'function':
      case 'class':
        return true;
      case 'either': {
        if (depth > 8 || value.form === 'loop') return undefined;
        const all = new Set(value.of.map((one) => this.truth(one, depth + 1)));
        return all.size === 1 ? [...all][0] : undefined;
      }
      default:
        return undefined;
    }
  }

  // Names

  protected path(name: string): string {
    return this.scope.path === '' ? name : `${this.scope.path}.${name}`;
  }

  protected bind(name: string, ref: Ref): void {
    const to = this.scope.elsewhere.get(name);
    this.env.set(name, ref);
    if (to === undefined) return;
    let scope = this.scope.outer;
    while (scope && (to === 'module' ? scope.kind !== 'module' : !scope.root.changes.has(name))) scope = scope.outer;
    if (!scope) return;
    const before = scope.root.changes.get(name);
    scope.root.set(name, before === undefined ? ref : this.either('branch', [before, ref], this.values[ref]!.span));
  }

  protected lookup(name: string, span: Span): Ref {
    if (this.rebound.has(name) && this.scope.kind !== 'module' && !this.localValue(name)) {
      return this.add({ kind: 'global', name: `${this.source.name}.${name}`, span });
    }
    const ref = this.env.get(name);
    if (ref !== undefined) {
      const value = this.values[ref]!;
      if (value.kind === 'global' && this.quiet === 0) return this.global(value.name, span);
      return this.content(ref);
    }
    if (this.stars && !this.dialect.builtins.has(name)) {
      // What the file binds later is another value: the name can only come from the star import above.
      const isAbove = this.scope.kind === 'module' && this.exportAll.length === 1;
      return this.global(`${isAbove ? this.exportAll[0] : this.source.name}.${name}`, span);
    }
    if (this.dialect.builtins.has(name)) return this.global(name, span);
    return this.add({ kind: 'unknown', name, span });
  }

  /** Is the name bound by the running function itself? */
  protected localValue(name: string): boolean {
    for (let at: Environment | undefined = this.env; at; at = at.parent) {
      if (at.changes.has(name)) return this.scope.kind === 'module' || !this.isModuleLayer(at);
    }
    return false;
  }

  protected isModuleLayer(layer: Environment): boolean {
    for (let at: Environment | undefined = layer; at; at = at.parent) if (at === this.scope.root) return false;
    return true;
  }

  protected global(name: string, span: Span): Ref {
    return this.add({ kind: 'global', name, span });
  }

  protected site(span: Span): { span: Span; function: number; guard: number } {
    return { span, function: this.scope.function, guard: this.guard };
  }
}

export function isName(key: string): boolean {
  return key[0] !== '#' && key[0] !== '@';
}
