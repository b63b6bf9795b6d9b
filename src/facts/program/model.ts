/**
 * Knows the language-neutral program model: what one source file says about names, values, calls and classes, as plain
 * data. Front ends (Python, JavaScript, TypeScript) fill it; link.ts joins the files.
 *
 * Every expression that matters is a symbolic {@link Value} in one table per module, and all other nodes point into
 * that table by index ({@link Ref}). The table is a graph: values are shared, and a loop makes a cycle through an
 * `either` of form `loop`, so every traversal keeps a set of visited indexes.
 */
import type { Span } from '../span.ts';

/** Index into `Module.values`. */
export type Ref = number;
/** Index into `Module.functions`; -1 is the module's own body. */
export type FunctionId = number;
/** Index into `Module.classes`; -1 is none. */
export type ClassId = number;
/** Index into `Module.calls`. */
export type CallId = number;
/** Index into `Module.guards`; -1 is none. */
export type GuardId = number;

export type Scalar = string | number | boolean | null;

export type Value = { readonly span: Span } & (
  | {
      readonly kind: 'const';
      /** Folded. Bytes are a string of their characters; `undefined` of JavaScript is null. */
      readonly value: Scalar;
      readonly type?: 'bytes';
    }
  /**
   * Something from outside: an import, a builtin, or a variable of this module that several functions bind. Dotted and
   * alias-free: `hashlib.sha256`, `flask.request.args`, `src.api.users.login`; builtins have the bare name (`eval`). Own
   * files in JavaScript begin with a slash: `/src/util/run.exec`. The linker finds where the module ends. Functions and
   * classes of the same file are values of kind `function` and `class`. A JavaScript package and its default export
   * have one name: `express` for `require('express')`, `import express` and `import * as express`; the prefix `node:`
   * is dropped. The default export of an own file is `/src/util/run.default`, and what replaces the whole module
   * (`module.exports = x`) is exported as `export=`.
   */
  | { readonly kind: 'global'; readonly name: string }
  | { readonly kind: 'param'; readonly function: FunctionId; readonly index: number }
  /** The instance (`self`, `this`) or, with `static`, the class (`cls`) that the method of `class` works on. */
  | { readonly kind: 'self'; readonly class: ClassId; readonly static?: true }
  /** Result of a call; `new X()` and class instantiation too. Awaiting changes nothing. */
  | { readonly kind: 'call'; readonly call: CallId }
  | { readonly kind: 'attr'; readonly of: Ref; readonly name: string }
  | { readonly kind: 'item'; readonly of: Ref; readonly key: Ref }
  /** A part of a sequence or text: `x[1:]`. */
  | { readonly kind: 'slice'; readonly of: Ref; readonly bounds: readonly (Ref | null)[] }
  /** What iterating gives, one element at a time. */
  | { readonly kind: 'element'; readonly of: Ref }
  /** Text or bytes built from parts: `+`, `%`, format, f-strings, templates, join; numbers are printed. */
  | {
      readonly kind: 'concat';
      readonly parts: readonly Ref[];
      /** How each part is written, where it is a name; see `Operand.name`. */
      readonly names?: readonly (string | null)[];
    }
  | { readonly kind: 'list'; readonly form: 'list' | 'tuple' | 'set'; readonly items: readonly Ref[] }
  /** Later entries win. A null key is a spread of another dictionary. JavaScript's object literals too. */
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Ref | null, Ref])[] }
  /** All elements of another sequence inside a list or the arguments. */
  | { readonly kind: 'spread'; readonly of: Ref }
  /**
   * One of several. `branch`: after if, match, a conditional expression; `loop`: before or after a round; `or`:
   * the first unless falsy (`or`, `||`); `nullish`: the first unless null (`??`, a parameter's or pattern's default);
   * `and`: the first if falsy, else the last; `except`: when the try body failed.
   */
  | {
      readonly kind: 'either';
      readonly form: 'branch' | 'loop' | 'or' | 'nullish' | 'and' | 'except';
      readonly of: readonly Ref[];
    }
  /**
   * Arithmetic, negation (`not`), `typeof` and other operators that could not be folded. `each` is a comprehension: a
   * collection whose elements are all the operand; `enter` is what `with` binds for a context manager of this type.
   */
  | { readonly kind: 'operation'; readonly op: string; readonly of: readonly Ref[] }
  /** Result of `Module.comparisons[comparison]`. */
  | { readonly kind: 'compare'; readonly comparison: number }
  /** A function of this file, however written. */
  | { readonly kind: 'function'; readonly function: FunctionId }
  /** A class of this file. */
  | { readonly kind: 'class'; readonly class: ClassId }
  /** The error an except clause caught; index into `Module.handlers`. */
  | { readonly kind: 'caught'; readonly handler: number }
  /** Cannot be told; `of` is what it was made from. `name` is an identifier bound nowhere. */
  | { readonly kind: 'unknown'; readonly of?: readonly Ref[]; readonly name?: string }
);

/** An expression as it stands in the source: its value, and how it is called there. */
export interface Operand {
  readonly value: Ref;
  readonly span: Span;
  /**
   * The words it is written with, when it is a name, an attribute or a constant index: `user.password`, `token`,
   * `headers.X-Api-Key` for `headers["X-Api-Key"]`; for a call its callee's words with `()`: `mac.hexdigest()`.
   */
  readonly name?: string;
}

export interface Argument extends Operand {
  /** `shell` in `run(cmd, shell=True)`; absent for positional ones. */
  readonly keyword?: string;
  /** `*args`, `...args` (`list`) or `**options` (`dict`). */
  readonly spread?: 'list' | 'dict';
}

/** Where a node stands: the function that runs it, the class whose body it is in, the conditions in force. */
export interface Site {
  readonly span: Span;
  readonly function: FunctionId;
  readonly guard: GuardId;
}

export interface Call extends Site {
  readonly callee: Operand;
  /** Positional ones in order; keywords after them in order of appearance. */
  readonly args: readonly Argument[];
  readonly form?: 'new' | 'template' | 'decorator';
  readonly awaited?: true;
  /** The result is thrown away: the call is a whole statement. */
  readonly statement?: true;
}

/**
 * One condition that holds where a node stands; `parent` is the next outer one. After `if not ok: return` the rest of
 * the block has the guard `ok`. Negations and conjunctions are taken apart: `if a and not b` is two guards.
 */
export type Guard = { readonly parent: GuardId; readonly span: Span } & (
  | { readonly kind: 'if'; readonly test: Ref; readonly holds: boolean }
  /** Inside the body of a try statement that has these handlers. */
  | { readonly kind: 'try'; readonly handlers: readonly number[] }
  /** Inside the except clause. */
  | { readonly kind: 'except'; readonly handler: number }
  /** Inside a `with` block. */
  | { readonly kind: 'with'; readonly context: Ref }
  | { readonly kind: 'loop' }
);

export interface Handler extends Site {
  /** Classes it catches; empty for a bare `except:` or `catch`. */
  readonly types: readonly Ref[];
  readonly name?: string;
  /** The body always ends in raise, return, continue, break or an exit call. */
  readonly leaves: 'raise' | 'return' | 'loop' | 'exit' | 'no';
  /** The body does nothing: `pass`, `...`, a comment. */
  readonly empty: boolean;
}

export interface Comparison extends Site {
  /** `==`, `!=`, `===`, `!==`, `<`, `<=`, `>`, `>=`, `in`, `not in`, `is`, `is not`; `case` for match and switch. */
  readonly op: string;
  readonly left: Operand;
  readonly right: Operand;
}

/** A value that gets a name: assignment, declaration, class field, augmented assignment, `with ... as`. */
export interface Assignment extends Site {
  /** Last word of the target: the variable, attribute or constant key. Empty for a computed key. */
  readonly name: string;
  /** `name`: a variable; `attr` and `item`: of the object `of`. */
  readonly target: 'name' | 'attr' | 'item';
  readonly of?: Operand;
  readonly key?: Ref;
  readonly targetSpan: Span;
  /** Absent: declared only (`x: int`). */
  readonly value?: Operand;
  readonly annotation?: Operand;
  /** Class whose body holds it (a field of the class), or -1. */
  readonly class: ClassId;
  /** `+=`, `||=`; the value is the result. */
  readonly augmented?: string;
  /** Of a class field: `@Column() password`. */
  readonly decorators?: readonly Operand[];
}

export interface Import extends Site {
  /** What it means, alias-free: `hashlib.sha256`; a star import names the module. */
  readonly name: string;
  /** The name it gets here; `*` for a star import, empty when nothing is bound (`import './x'`). */
  readonly local: string;
  /** As written: module, and the name taken from it. */
  readonly module: string;
  readonly member?: string;
  /** Leading dots of a relative import. */
  readonly level: number;
  /** Only for type checkers: `if TYPE_CHECKING`, `import type`. */
  readonly typeOnly?: true;
}

export interface Param {
  readonly name: string;
  readonly kind: 'plain' | 'positional' | 'keyword' | 'rest' | 'options';
  readonly span: Span;
  readonly default?: Operand;
  readonly annotation?: Operand;
  /** `@Body() user`. */
  readonly decorators?: readonly Operand[];
}

export interface Return extends Site {
  readonly value?: Operand;
  /** `yield` instead of `return`. */
  readonly yields?: true;
}

export interface FunctionModel extends Site {
  /** Empty for lambdas and anonymous functions. */
  readonly name: string;
  /** Dotted path inside the module: `Users.login`, `outer.inner`. */
  readonly path: string;
  readonly nameSpan: Span;
  /** Statements, without header. */
  readonly bodySpan: Span;
  /** Class whose method it is, or -1. `function` is the enclosing function. */
  readonly class: ClassId;
  /** Without `self` or `cls`, see the value kind `self`. */
  readonly params: readonly Param[];
  /** Outermost first, as written. A decorator with arguments is a value of kind `call`. */
  readonly decorators: readonly Operand[];
  readonly returns: readonly Return[];
  readonly returnAnnotation?: Operand;
  readonly async?: true;
  readonly generator?: true;
  readonly kind: 'function' | 'method' | 'static' | 'class' | 'getter' | 'setter' | 'lambda';
  /** First string of the body. */
  readonly doc?: Span;
  /** A client calls it, and chooses the arguments: `'use server'`. */
  readonly server?: true;
  /** The body is `pass`, `...`, a docstring or `raise NotImplementedError`. */
  readonly stub?: true;
}

export interface ClassModel extends Site {
  readonly name: string;
  readonly path: string;
  readonly nameSpan: Span;
  readonly bases: readonly Operand[];
  /** `metaclass=...` and other keywords of the header. */
  readonly keywords: readonly Argument[];
  readonly decorators: readonly Operand[];
  readonly methods: readonly FunctionId[];
  /** Indexes into `Module.assignments`: names of the class body, in order. */
  readonly fields: readonly number[];
  /** It is no class but this object literal, whose functions say `this`; without a name. */
  readonly literal?: Ref;
}

export interface Raise extends Site {
  readonly value?: Operand;
  /** `assert` that can fail. */
  readonly assertion?: true;
}

/** A reference to an import, builtin or definition that is not called there: `map(pickle.loads, rows)`. */
export interface Reference extends Site {
  readonly value: Ref;
  /** Annotations and bases are not uses. */
  readonly role: 'value' | 'annotation';
}

/** A place where the source switches the type checker off. */
export interface TypeGap {
  /** `any`: the type; `line`: a comment that silences the next line; `file`: one that silences the file. */
  readonly kind: 'any' | 'line' | 'file';
  readonly span: Span;
}

/** What one source file says. All of it is plain JSON. */
export interface Module {
  readonly language: 'python' | 'javascript' | 'typescript';
  /** Own qualified name, from its path: `src.api.users`; `/src/api/users` in JavaScript. */
  readonly name: string;
  /** `__init__.py`, `index.js`: the name is the folder's. */
  readonly package: boolean;
  readonly values: readonly Value[];
  readonly guards: readonly Guard[];
  readonly imports: readonly Import[];
  /** Names of the module's scope and their values at its end; for JavaScript what is exported. */
  readonly exports: Readonly<Record<string, Ref>>;
  /** Qualified names of modules whose names are all exported: star imports, `export * from`. */
  readonly exportAll: readonly string[];
  readonly functions: readonly FunctionModel[];
  readonly classes: readonly ClassModel[];
  readonly calls: readonly Call[];
  readonly comparisons: readonly Comparison[];
  readonly assignments: readonly Assignment[];
  readonly raises: readonly Raise[];
  readonly handlers: readonly Handler[];
  readonly references: readonly Reference[];
  /** Dictionaries written out in the source, with their place. */
  readonly dicts: readonly (Site & { readonly value: Ref })[];
  /** In order; absent: none, or the language has none. */
  readonly gaps?: readonly TypeGap[];
  /** `'use server'`: clients call what it exports. `'use client'`: it runs in browsers. */
  readonly side?: 'server' | 'client';
  /** Set when the file was too large to be followed to its end; what is missing is unknown, not absent. */
  readonly incomplete?: string;
}
