/** Knows how expressions, patterns and types of JavaScript and TypeScript become the neutral syntax tree. */
import type { TSESTree } from '@typescript-eslint/typescript-estree';
import type { Span } from '../span.ts';
import type { ArgumentSyntax, ClassSyntax, Expression, FunctionSyntax, ParamSyntax, Statement } from './syntax.ts';

type Node = TSESTree.Node;
export type FunctionNode =
  | TSESTree.FunctionDeclaration
  | TSESTree.FunctionExpression
  | TSESTree.ArrowFunctionExpression;

/** Names a function declares and those it assigns, to tell which belong to an outer one. */
export interface Frame {
  readonly declared: Set<string>;
  readonly assigned: Set<string>;
  /** It says `this`. */
  receives?: boolean;
}

const comparing = new Set(['==', '!=', '===', '!==', '<', '<=', '>', '>=', 'in', 'instanceof']);
const logics: Readonly<Record<string, 'and' | 'or' | 'nullish'>> = { '&&': 'and', '||': 'or', '??': 'nullish' };

export function spanOf(node: { readonly range: readonly [number, number] }): Span {
  return { start: node.range[0], end: node.range[1] };
}

/** Constant name of a key that is not computed, or computed from a text. */
export function keyName(key: Node, computed: boolean): string | undefined {
  if (key.type === 'Identifier' && !computed) return key.name;
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  if (key.type === 'Literal') return String(key.value);
  return undefined;
}

export abstract class ExpressionLowering {
  protected frame: Frame = { declared: new Set(), assigned: new Set() };
  protected abstract function(node: FunctionNode, name: string, kind: FunctionSyntax['kind']): FunctionSyntax;
  /** A function that is a class. */
  protected abstract prototyped(node: FunctionNode, name: string): ClassSyntax | undefined;
  protected abstract class(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, name: string): ClassSyntax;
  protected abstract statements(nodes: readonly Node[]): Statement[];

  /** An expression; `name` is what a function or class without a name of its own is called. */
  protected expression(node: Node, name = ''): Expression {
    const span = spanOf(node);
    switch (node.type) {
      case 'Identifier':
        return node.name === 'undefined'
          ? { kind: 'const', value: null, span }
          : { kind: 'name', name: node.name, span };
      case 'Literal':
        return this.#literal(node, span);
      case 'ThisExpression':
        this.frame.receives = true;
        return { kind: 'this', span };
      case 'Super':
        return { kind: 'name', name: 'super', span };
      case 'MetaProperty':
        return { kind: 'name', name: `${node.meta.name}.${node.property.name}`, span };
      case 'TemplateLiteral':
        return { kind: 'concat', parts: this.#template(node), span };
      case 'TaggedTemplateExpression': {
        const { quasis, expressions } = node.quasi;
        const texts = quasis.map((one): Expression => ({ kind: 'const', value: one.value.cooked, span: spanOf(one) }));
        const values = [
          { kind: 'list' as const, form: 'list' as const, items: texts, span: spanOf(node.quasi) },
          ...expressions.map((one) => this.expression(one)),
        ];
        const args = values.map((value) => ({ value, span: value.span }));
        return { kind: 'call', callee: this.expression(node.tag), args, form: 'template', span };
      }
      case 'MemberExpression': {
        const of = this.expression(node.object);
        if (node.property.type === 'PrivateIdentifier')
          return { kind: 'attr', of, name: `#${node.property.name}`, span };
        if (!node.computed && node.property.type === 'Identifier')
          return { kind: 'attr', of, name: node.property.name, span };
        // `x['name']` is `x.name`.
        if (
          node.property.type === 'Literal' &&
          typeof node.property.value === 'string' &&
          /^[\w$]+$/.test(node.property.value)
        ) {
          return { kind: 'attr', of, name: node.property.value, span };
        }
        return { kind: 'item', of, key: this.expression(node.property), span };
      }
      case 'ChainExpression':
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
        return this.expression(node.expression, name);
      case 'CallExpression':
        return { kind: 'call', callee: this.expression(node.callee), args: this.#arguments(node.arguments), span };
      case 'NewExpression':
        return {
          kind: 'call',
          callee: this.expression(node.callee),
          args: this.#arguments(node.arguments),
          form: 'new',
          span,
        };
      case 'ImportExpression': {
        const value = this.expression(node.source);
        return {
          kind: 'call',
          callee: { kind: 'name', name: 'import', span },
          args: [{ value, span: value.span }],
          span,
        };
      }
      case 'ArrayExpression':
        return {
          kind: 'list',
          form: 'list',
          items: node.elements.map((one) => (one ? this.expression(one) : hole(span))),
          span,
        };
      case 'ObjectExpression':
        return { kind: 'dict', entries: node.properties.map((one) => this.#entry(one)), span };
      case 'SpreadElement':
      case 'RestElement':
        return { kind: 'spread', of: this.expression(node.argument), span };
      case 'ArrowFunctionExpression':
      case 'FunctionExpression': {
        const own = node.type === 'FunctionExpression' && node.id ? node.id.name : name;
        const prototype = this.prototyped(node, own);
        if (prototype) return { kind: 'class', class: prototype, span };
        const kind = node.type === 'FunctionExpression' ? 'function' : 'lambda';
        return { kind: 'function', function: this.function(node, own, kind), span };
      }
      case 'ClassExpression':
        return { kind: 'class', class: this.class(node, node.id?.name ?? name), span };
      case 'UnaryExpression':
        return this.#unary(node, span);
      case 'UpdateExpression':
        return {
          kind: 'assign',
          target: this.target(node.argument),
          value: { kind: 'const', value: 1, span },
          op: node.operator[0]!,
          span,
        };
      case 'BinaryExpression':
        return this.#binary(node, span);
      case 'LogicalExpression':
        return this.#logic(node, span);
      case 'ConditionalExpression':
        return {
          kind: 'choose',
          test: this.expression(node.test),
          yes: this.expression(node.consequent, name),
          no: this.expression(node.alternate, name),
          span,
        };
      case 'AssignmentExpression': {
        const op = assignOp(node.operator);
        const target = this.target(node.left);
        return {
          kind: 'assign',
          target,
          value: this.expression(node.right, targetName(node.left)),
          ...(op === undefined ? {} : { op }),
          span,
        };
      }
      case 'SequenceExpression':
        return { kind: 'sequence', of: node.expressions.map((one) => this.expression(one)), span };
      case 'AwaitExpression':
        return { kind: 'await', of: this.expression(node.argument), span };
      case 'YieldExpression':
        return { kind: 'yield', ...(node.argument ? { of: this.expression(node.argument) } : {}), span };
      case 'ObjectPattern':
      case 'ArrayPattern':
      case 'AssignmentPattern':
        return this.target(node);
      case 'JSXElement':
      case 'JSXFragment':
      case 'JSXExpressionContainer':
      case 'JSXSpreadChild':
        return this.#markup(node, span);
      default:
        return hole(span);
    }
  }

  #literal(node: TSESTree.Literal, span: Span): Expression {
    if ('regex' in node) {
      const pattern: Expression = { kind: 'const', value: node.regex.pattern, span };
      const callee: Expression = { kind: 'name', name: 'RegExp', span };
      return { kind: 'call', callee, args: [{ value: pattern, span }], form: 'new', span };
    }
    const value = typeof node.value === 'bigint' ? Number(node.value) : node.value;
    return typeof value === 'object' && value !== null ? hole(span) : { kind: 'const', value, span };
  }

  #template(node: TSESTree.TemplateLiteral): Expression[] {
    const parts: Expression[] = [];
    for (const [i, text] of node.quasis.entries()) {
      if (text.value.cooked !== '') parts.push({ kind: 'const', value: text.value.cooked, span: spanOf(text) });
      const inner = node.expressions[i];
      if (inner) parts.push(this.expression(inner));
    }
    return parts;
  }

  #arguments(nodes: readonly Node[]): ArgumentSyntax[] {
    return nodes.map((node) => {
      if (node.type === 'SpreadElement') {
        return { value: this.expression(node.argument), span: spanOf(node), spread: 'list' as const };
      }
      return { value: this.expression(node), span: spanOf(node) };
    });
  }

  #entry(node: TSESTree.ObjectLiteralElement): readonly [Expression | null, Expression] {
    if (node.type === 'SpreadElement') return [null, this.expression(node.argument)];
    const name = keyName(node.key, node.computed);
    const key: Expression =
      name === undefined ? this.expression(node.key) : { kind: 'const', value: name, span: spanOf(node.key) };
    if (node.method || node.kind !== 'init') {
      const value = node.value as TSESTree.FunctionExpression;
      const kind = node.kind === 'get' ? 'getter' : node.kind === 'set' ? 'setter' : 'function';
      // A getter reads like the value it gives; who calls it cannot be told.
      return [key, { kind: 'function', function: this.function(value, name ?? '', kind), span: spanOf(node) }];
    }
    return [key, this.expression(node.value, name)];
  }

  #unary(node: TSESTree.UnaryExpression, span: Span): Expression {
    const of = this.expression(node.argument);
    if (node.operator === 'void') return { kind: 'sequence', of: [of, { kind: 'const', value: null, span }], span };
    if (node.operator === 'delete') return { kind: 'other', of: [of], span };
    return { kind: 'unary', op: node.operator, of, span };
  }

  /** Long chains nest to the left: they are taken apart without recursion. */
  #binary(node: TSESTree.BinaryExpression, span: Span): Expression {
    if (comparing.has(node.operator)) {
      const operands = [this.expression(node.left), this.expression(node.right)];
      return { kind: 'compare', ops: [node.operator], operands, span };
    }
    const operands: Expression[] = [];
    const ops: string[] = [];
    let left: Node = node;
    while (left.type === 'BinaryExpression' && !comparing.has(left.operator)) {
      operands.push(this.expression(left.right));
      ops.push(left.operator);
      left = left.left;
    }
    operands.push(this.expression(left));
    return { kind: 'binary', ops: ops.reverse(), operands: operands.reverse(), span };
  }

  #logic(node: TSESTree.LogicalExpression, span: Span): Expression {
    const of: Expression[] = [];
    let left: Node = node;
    while (left.type === 'LogicalExpression' && left.operator === node.operator) {
      of.push(this.expression(left.right));
      left = left.left;
    }
    of.push(this.expression(left));
    return { kind: 'logic', op: logics[node.operator]!, of: of.reverse(), span };
  }

  /** Elements are evaluated for what they name and hold; components are names that are used. */
  #markup(node: Node, span: Span): Expression {
    const of: Expression[] = [];
    if (node.type === 'JSXExpressionContainer' || node.type === 'JSXSpreadChild') {
      if (node.expression.type !== 'JSXEmptyExpression') of.push(this.expression(node.expression));
    } else if (node.type === 'JSXElement' || node.type === 'JSXFragment') {
      if (node.type === 'JSXElement') {
        const { name, attributes } = node.openingElement;
        if (name.type === 'JSXIdentifier' && /^[A-Z]/.test(name.name))
          of.push({ kind: 'name', name: name.name, span: spanOf(name) });
        for (const one of attributes) {
          if (one.type === 'JSXSpreadAttribute') of.push(this.expression(one.argument));
          else if (one.value && one.value.type !== 'Literal') of.push(this.expression(one.value));
        }
      }
      for (const child of node.children) if (child.type !== 'JSXText') of.push(this.expression(child));
    }
    return { kind: 'other', of, span };
  }

  // Targets

  /** The left side of an assignment that is no declaration. */
  protected target(node: Node): Expression {
    if (node.type === 'Identifier') this.frame.assigned.add(node.name);
    return this.pattern(node, (one) => this.target(one));
  }

  /** A pattern that declares its names. */
  protected declaration(node: Node): Expression {
    if (node.type === 'Identifier') this.frame.declared.add(node.name);
    return this.pattern(node, (one) => this.declaration(one));
  }

  protected pattern(node: Node, inner: (node: Node) => Expression): Expression {
    const span = spanOf(node);
    switch (node.type) {
      case 'Identifier':
        return { kind: 'name', name: node.name, span: { start: span.start, end: span.start + node.name.length } };
      case 'ObjectPattern':
        return {
          kind: 'dict',
          entries: node.properties.map((one): readonly [Expression | null, Expression] => {
            if (one.type === 'RestElement') return [null, inner(one.argument)];
            const name = keyName(one.key, one.computed);
            const key: Expression =
              name === undefined ? this.expression(one.key) : { kind: 'const', value: name, span: spanOf(one.key) };
            return [key, inner(one.value)];
          }),
          span,
        };
      case 'ArrayPattern':
        return { kind: 'list', form: 'list', items: node.elements.map((one) => (one ? inner(one) : hole(span))), span };
      case 'AssignmentPattern':
        return {
          kind: 'defaulted',
          target: inner(node.left),
          default: this.expression(node.right, targetName(node.left)),
          span,
        };
      case 'RestElement':
        return { kind: 'spread', of: inner(node.argument), span };
      default:
        return this.expression(node);
    }
  }

  protected param(node: TSESTree.Parameter): ParamSyntax {
    const span = spanOf(node);
    const decorators =
      'decorators' in node && node.decorators.length > 0 ? { decorators: this.decorators(node.decorators) } : {};
    switch (node.type) {
      case 'TSParameterProperty':
        return { ...this.param(node.parameter), ...decorators };
      case 'AssignmentPattern':
        return {
          ...this.param(node.left),
          ...decorators,
          default: this.expression(node.right, targetName(node.left)),
          span,
        };
      case 'RestElement':
        return { ...this.param(node.argument as TSESTree.Parameter), ...this.#annotated(node), kind: 'rest', span };
      case 'Identifier':
        this.frame.declared.add(node.name);
        return { name: node.name, kind: 'plain', span, ...this.#annotated(node), ...decorators };
      default:
        return {
          name: '',
          kind: 'plain',
          span,
          target: this.declaration(node),
          ...this.#annotated(node as TSESTree.ObjectPattern),
          ...decorators,
        };
    }
  }

  protected decorators(nodes: readonly TSESTree.Decorator[]): Expression[] {
    return nodes.map((one) => this.expression(one.expression));
  }

  #annotated(node: { readonly typeAnnotation?: TSESTree.TSTypeAnnotation | undefined }): { annotation?: Expression } {
    return node.typeAnnotation ? { annotation: this.type(node.typeAnnotation.typeAnnotation) } : {};
  }

  // Types

  /** A type as an expression: names, unions with `|`, generics as items, arrays as `Array[...]`. */
  protected type(node: TSESTree.TypeNode | Node): Expression {
    const span = spanOf(node);
    const keyword = /^TS(\w+)Keyword$/.exec(node.type)?.[1];
    if (keyword !== undefined) {
      if (keyword === 'Undefined' || keyword === 'Null') return { kind: 'const', value: null, span };
      return { kind: 'name', name: keyword === 'BigInt' ? 'bigint' : keyword.toLowerCase(), span };
    }
    switch (node.type) {
      case 'TSTypeReference': {
        const of = this.#entity(node.typeName);
        const inner = node.typeArguments?.params ?? [];
        if (inner.length === 0) return of;
        const items = inner.map((one) => this.type(one));
        const key: Expression = items.length === 1 ? items[0]! : { kind: 'list', form: 'tuple', items, span };
        return { kind: 'item', of, key, span };
      }
      case 'TSUnionType':
      case 'TSIntersectionType': {
        const operands = node.types.map((one) => this.type(one));
        if (operands.length === 1) return operands[0]!;
        const op = node.type === 'TSUnionType' ? '|' : '&';
        return { kind: 'binary', ops: operands.slice(1).map(() => op), operands, span };
      }
      case 'TSArrayType':
        return { kind: 'item', of: { kind: 'name', name: 'Array', span }, key: this.type(node.elementType), span };
      case 'TSLiteralType':
        return node.literal.type === 'Literal' && !('regex' in node.literal)
          ? this.expression(node.literal)
          : hole(span);
      case 'TSTypeOperator':
        return node.typeAnnotation ? this.type(node.typeAnnotation) : hole(span);
      case 'TSTypeQuery':
        return node.exprName.type === 'TSImportType' ? hole(span) : this.#entity(node.exprName);
      default:
        return hole(span);
    }
  }

  #entity(node: TSESTree.EntityName): Expression {
    const span = spanOf(node);
    if (node.type === 'Identifier') return { kind: 'name', name: node.name, span };
    if (node.type === 'TSQualifiedName')
      return { kind: 'attr', of: this.#entity(node.left), name: node.right.name, span };
    return { kind: 'this', span };
  }
}

export function hole(span: Span): Expression {
  return { kind: 'other', of: [], span };
}

/** The word an assignment's target ends in: what a function assigned to it is called. */
export function targetName(node: Node): string {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'MemberExpression') return keyName(node.property, node.computed) ?? '';
  return '';
}

/** Operator of an assignment as the interpreter knows it; undefined for `=`. */
export function assignOp(operator: string): string | undefined {
  if (operator === '=') return undefined;
  const op = operator.slice(0, -1);
  return logics[op] ?? op;
}
