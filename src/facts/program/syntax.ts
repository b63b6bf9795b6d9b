/** Knows the neutral syntax tree that every front end lowers its language to, and that interpret.ts evaluates. */
import type { Span } from '../span.ts';

export type Expression = { readonly span: Span } & (
  | { readonly kind: 'const'; readonly value: string | number | boolean | null; readonly bytes?: boolean }
  | { readonly kind: 'name'; readonly name: string }
  /** `this`; Python's `self` is a name. */
  | { readonly kind: 'this' }
  | { readonly kind: 'attr'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'item'; readonly of: Expression; readonly key: Expression }
  | { readonly kind: 'slice'; readonly of: Expression; readonly bounds: readonly (Expression | null)[] }
  | {
      readonly kind: 'call';
      readonly callee: Expression;
      readonly args: readonly ArgumentSyntax[];
      readonly form?: 'new' | 'template';
    }
  | { readonly kind: 'list'; readonly form: 'list' | 'tuple' | 'set'; readonly items: readonly Expression[] }
  /** A null key spreads the value. */
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression | null, Expression])[] }
  | { readonly kind: 'spread'; readonly of: Expression }
  /** f-string or template: parts are printed and joined. */
  | { readonly kind: 'concat'; readonly parts: readonly Expression[] }
  /** Left-associative chain of one precedence, flat so that long sums do not nest: operands are one longer than ops. */
  | { readonly kind: 'binary'; readonly ops: readonly string[]; readonly operands: readonly Expression[] }
  | { readonly kind: 'unary'; readonly op: string; readonly of: Expression }
  | { readonly kind: 'logic'; readonly op: 'and' | 'or' | 'nullish'; readonly of: readonly Expression[] }
  | { readonly kind: 'compare'; readonly ops: readonly string[]; readonly operands: readonly Expression[] }
  | { readonly kind: 'choose'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'function'; readonly function: FunctionSyntax }
  | { readonly kind: 'class'; readonly class: ClassSyntax }
  | {
      readonly kind: 'comprehension';
      readonly form: 'list' | 'set' | 'dict' | 'generator';
      readonly clauses: readonly {
        readonly target: Expression;
        readonly of: Expression;
        readonly tests: readonly Expression[];
      }[];
      readonly key?: Expression;
      readonly element: Expression;
    }
  | { readonly kind: 'await'; readonly of: Expression }
  | { readonly kind: 'yield'; readonly of?: Expression }
  /** Assignment as an expression: walrus, `=` and `+=` of JavaScript. */
  | { readonly kind: 'assign'; readonly target: Expression; readonly value: Expression; readonly op?: string }
  /** Target only: the value, or the default when it is missing. */
  | { readonly kind: 'defaulted'; readonly target: Expression; readonly default: Expression }
  /** Evaluates all, gives the last. */
  | { readonly kind: 'sequence'; readonly of: readonly Expression[] }
  /** Anything else; the children are evaluated. */
  | { readonly kind: 'other'; readonly of: readonly Expression[] }
);

export interface ArgumentSyntax {
  readonly value: Expression;
  readonly span: Span;
  readonly keyword?: string;
  readonly spread?: 'list' | 'dict';
}

export interface ParamSyntax {
  readonly name: string;
  readonly kind: 'plain' | 'positional' | 'keyword' | 'rest' | 'options';
  readonly span: Span;
  /** Destructured parameter: bound to the parts of the value. */
  readonly target?: Expression;
  readonly default?: Expression;
  readonly annotation?: Expression;
  readonly decorators?: readonly Expression[];
}

export interface FunctionSyntax {
  readonly name: string;
  readonly span: Span;
  readonly nameSpan: Span;
  readonly bodySpan: Span;
  readonly kind: 'function' | 'method' | 'static' | 'class' | 'getter' | 'setter' | 'lambda';
  readonly params: readonly ParamSyntax[];
  /** Name of the first parameter when it is the instance or class (Python methods); it is not among `params`. */
  readonly receiver?: string;
  /** `this` is that of the enclosing function. */
  readonly arrow?: boolean;
  /** It says `this`. */
  readonly receives?: boolean;
  readonly async?: boolean;
  readonly generator?: boolean;
  /** Clients call it. */
  readonly server?: boolean;
  readonly decorators: readonly Expression[];
  readonly returnAnnotation?: Expression;
  readonly body: readonly Statement[];
  readonly doc?: Span;
  readonly stub?: boolean;
}

export interface ClassSyntax {
  readonly name: string;
  readonly span: Span;
  readonly nameSpan: Span;
  readonly bases: readonly Expression[];
  readonly keywords: readonly ArgumentSyntax[];
  readonly decorators: readonly Expression[];
  /** Methods are `function` statements, fields are assignments. */
  readonly body: readonly Statement[];
}

export interface ImportSyntax {
  readonly span: Span;
  /** Alias-free qualified name; see `Import.name` of the model. */
  readonly name: string;
  readonly local: string;
  /** What `local` is bound to, when that is not `name`: `import a.b` binds `a`. */
  readonly binds?: string;
  readonly module: string;
  readonly member?: string;
  readonly level: number;
  readonly typeOnly?: boolean;
}

export interface HandlerSyntax {
  readonly span: Span;
  readonly types: readonly Expression[];
  readonly name?: string;
  readonly target?: Expression;
  readonly body: readonly Statement[];
}

export interface CaseSyntax {
  readonly span: Span;
  /** Values the subject is compared with; empty with `rest` for a default. */
  readonly values: readonly Expression[];
  /** Names the pattern binds to parts of the subject. */
  readonly binds: readonly { readonly name: string; readonly span: Span; readonly whole: boolean }[];
  /** Matches anything. */
  readonly any: boolean;
  readonly test?: Expression;
  readonly body: readonly Statement[];
  /** Continues into the next case (switch without break). */
  readonly falls?: boolean;
}

export type Statement = { readonly span: Span } & (
  | { readonly kind: 'expression'; readonly value: Expression }
  | {
      readonly kind: 'assign';
      readonly targets: readonly Expression[];
      /** Absent: declared only. */
      readonly value?: Expression;
      readonly annotation?: Expression;
      /** `+=` and others, without the equals sign. */
      readonly op?: string;
      /** Of a class field. */
      readonly decorators?: readonly Expression[];
    }
  | { readonly kind: 'delete'; readonly targets: readonly Expression[] }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly body: readonly Statement[];
      readonly other: readonly Statement[];
    }
  | {
      readonly kind: 'loop';
      readonly target?: Expression;
      readonly of?: Expression;
      /** Iterating gives the keys (`for in`), not the elements. */
      readonly keys?: boolean;
      readonly test?: Expression;
      readonly update?: Expression;
      /** The body runs at least once. */
      readonly once?: boolean;
      readonly body: readonly Statement[];
      readonly other: readonly Statement[];
    }
  | {
      readonly kind: 'try';
      readonly body: readonly Statement[];
      readonly handlers: readonly HandlerSyntax[];
      readonly other: readonly Statement[];
      readonly final: readonly Statement[];
    }
  | {
      readonly kind: 'with';
      readonly items: readonly { readonly value: Expression; readonly target?: Expression }[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: 'match'; readonly subject: Expression; readonly cases: readonly CaseSyntax[] }
  | { readonly kind: 'return'; readonly value?: Expression }
  | { readonly kind: 'raise'; readonly value?: Expression }
  | { readonly kind: 'assert'; readonly test: Expression; readonly message?: Expression }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'function'; readonly function: FunctionSyntax }
  | { readonly kind: 'class'; readonly class: ClassSyntax }
  | { readonly kind: 'import'; readonly imports: readonly ImportSyntax[] }
  /** Names that belong to the module (`global`) or to the enclosing function (`nonlocal`). */
  | { readonly kind: 'scope'; readonly names: readonly string[]; readonly of: 'module' | 'enclosing' }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  /**
   * `export { a as b }`, `export default x`, `exports.a = x`: `name` is what others import. The whole module is
   * replaced by the export called `export=` (`module.exports = x`).
   */
  | { readonly kind: 'export'; readonly name: string; readonly value: Expression }
  | { readonly kind: 'exportAll'; readonly module: string }
);

/** One parsed source file. */
export interface SourceSyntax {
  readonly language: 'python' | 'javascript' | 'typescript';
  readonly name: string;
  readonly package: boolean;
  readonly body: readonly Statement[];
  /** `'use server'`: clients call what it exports. `'use client'`: it runs in browsers. */
  readonly side?: 'server' | 'client';
  /** Every name bound in the module's scope is exported (Python). */
  readonly exportsNames: boolean;
}
