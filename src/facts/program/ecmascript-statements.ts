/** Knows how statements, functions and classes of JavaScript and TypeScript become the neutral syntax tree. */
import type { TSESTree } from '@typescript-eslint/typescript-estree';
import type { Span } from '../span.ts';
import {
  assignOp,
  ExpressionLowering,
  type Frame,
  type FunctionNode,
  hole,
  keyName,
  spanOf,
  targetName,
} from './ecmascript-expressions.ts';
import { importedMember, importedModule } from './ecmascript-names.ts';
import { type Member, type Prototype, prototypesIn } from './ecmascript-prototypes.ts';
import type {
  CaseSyntax,
  ClassSyntax,
  Expression,
  FunctionSyntax,
  ImportSyntax,
  ParamSyntax,
  Statement,
} from './syntax.ts';

type Node = TSESTree.Node;

/** Lowers one parsed file. */
export class Lowering extends ExpressionLowering {
  /** Module variables that functions assign. */
  readonly rebound = new Set<string>();
  readonly #module: { readonly name: string; readonly package: boolean };
  /** What the module exports, evaluated at its end. */
  readonly #exports: Statement[] = [];
  readonly #exported = new Set<string>();
  /** `const helpers = module.exports;`. */
  readonly #aliases = new Set<string>();
  /** Functions that are classes. */
  readonly #prototypes = new Map<Node, Prototype>();
  #depth = 0;

  constructor(module: { readonly name: string; readonly package: boolean }) {
    super();
    this.#module = module;
  }

  program(node: TSESTree.Program): readonly Statement[] {
    const body = this.statements(node.body);
    for (const name of this.rebound) if (!this.frame.declared.has(name)) this.rebound.delete(name);
    return [...body, ...this.#exports];
  }

  protected statements(nodes: readonly Node[]): Statement[] {
    const hoisted: Statement[] = [];
    const loading: Statement[] = [];
    const classes: Statement[] = [];
    const rest: Statement[] = [];
    const { classes: found, absorbed } = prototypesIn(nodes);
    for (const [node, prototype] of found) this.#prototypes.set(node, prototype);
    let isLoading = found.size > 0;
    for (const node of nodes) {
      const declared =
        node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration' ? node.declaration : node;
      const isFunction = declared?.type === 'FunctionDeclaration';
      if (!isFunction && !loads(node)) isLoading = false;
      if (absorbed.has(node)) continue;
      // A class that is a function is known from the start, but what it inherits from is loaded first.
      if (isFunction && found.has(declared)) this.#statement(node, classes);
      else if (isFunction || node.type === 'ImportDeclaration') this.#statement(node, hoisted);
      else this.#statement(node, isLoading ? loading : rest);
    }
    const isBase = (one: Statement) => one.kind === 'class' && one.class.bases.length === 0;
    const heirs = classes.filter((one) => !isBase(one));
    return [...hoisted, ...loading, ...classes.filter(isBase), ...heirs, ...rest];
  }

  /** A class from a function and what is put on its prototype. */
  #prototype(node: FunctionNode, name: string, { members, bases }: Prototype): ClassSyntax {
    const span = spanOf(node);
    const nameSpan = node.id ? spanOf(node.id) : { start: span.start, end: span.start };
    const made = this.function(node, 'constructor', 'method');
    return {
      name,
      span,
      nameSpan,
      bases: bases.map((one) => this.expression(one)),
      keywords: [],
      decorators: [],
      body: [{ kind: 'function', span, function: { ...made, nameSpan } }, ...members.map((one) => this.#put(one))],
    };
  }

  #put({ name, key, value, static: isStatic }: Member): Statement {
    const span = { start: spanOf(key).start, end: spanOf(value).end };
    const target: Expression = { kind: 'name', name, span: spanOf(key) };
    if (value.type !== 'FunctionExpression' && value.type !== 'ArrowFunctionExpression')
      return { kind: 'assign', span, targets: [target], value: this.expression(value, name) };
    const method = this.function(value, name, isStatic ? 'static' : 'method');
    return { kind: 'function', span, function: { ...method, nameSpan: target.span } };
  }

  #statement(node: Node, to: Statement[]): void {
    const span = spanOf(node);
    switch (node.type) {
      case 'ExpressionStatement':
        this.#expressionStatement(node, to);
        return;
      case 'VariableDeclaration':
        if (!node.declare) for (const one of node.declarations) to.push(this.#declarator(one));
        return;
      case 'FunctionDeclaration': {
        const name = node.id?.name ?? 'default';
        const prototype = this.#prototypes.get(node);
        if (node.id) this.frame.declared.add(name);
        if (prototype) to.push({ kind: 'class', span, class: this.#prototype(node, name, prototype) });
        else to.push({ kind: 'function', span, function: this.function(node, name, 'function') });
        return;
      }
      case 'ClassDeclaration':
        if (node.declare) return;
        if (node.id) this.frame.declared.add(node.id.name);
        to.push({ kind: 'class', span, class: this.class(node, node.id?.name ?? 'default') });
        return;
      case 'ReturnStatement':
        to.push({ kind: 'return', span, ...(node.argument ? { value: this.expression(node.argument) } : {}) });
        return;
      case 'ThrowStatement':
        to.push({ kind: 'raise', span, value: this.expression(node.argument) });
        return;
      case 'IfStatement':
        to.push(this.#if(node));
        return;
      case 'BlockStatement':
        to.push({ kind: 'block', span, body: this.statements(node.body) });
        return;
      case 'LabeledStatement':
      case 'WithStatement':
        to.push({ kind: 'block', span, body: this.#body(node.body) });
        return;
      case 'ForStatement': {
        const body: Statement[] = [];
        if (node.init?.type === 'VariableDeclaration') this.#statement(node.init, body);
        else if (node.init)
          body.push({ kind: 'expression', value: this.expression(node.init), span: spanOf(node.init) });
        body.push({
          kind: 'loop',
          span,
          ...(node.test ? { test: this.expression(node.test) } : {}),
          ...(node.update ? { update: this.expression(node.update) } : {}),
          body: this.#body(node.body),
          other: [],
        });
        to.push({ kind: 'block', span, body });
        return;
      }
      case 'ForOfStatement':
      case 'ForInStatement': {
        const { left } = node;
        const target =
          left.type === 'VariableDeclaration' ? this.declaration(left.declarations[0]!.id) : this.target(left);
        to.push({
          kind: 'loop',
          span,
          target,
          of: this.expression(node.right),
          ...(node.type === 'ForInStatement' ? { keys: true } : {}),
          body: this.#body(node.body),
          other: [],
        });
        return;
      }
      case 'WhileStatement':
      case 'DoWhileStatement':
        to.push({
          kind: 'loop',
          span,
          test: this.expression(node.test),
          ...(node.type === 'DoWhileStatement' ? { once: true } : {}),
          body: this.#body(node.body),
          other: [],
        });
        return;
      case 'SwitchStatement':
        to.push(this.#switch(node));
        return;
      case 'TryStatement': {
        const handler = node.handler;
        const target = handler?.param ? this.declaration(handler.param) : undefined;
        to.push({
          kind: 'try',
          span,
          body: this.statements(node.block.body),
          handlers: handler
            ? [
                {
                  span: spanOf(handler),
                  types: [],
                  body: this.statements(handler.body.body),
                  ...(target?.kind === 'name' ? { name: target.name } : target ? { target } : {}),
                },
              ]
            : [],
          other: [],
          final: node.finalizer ? this.statements(node.finalizer.body) : [],
        });
        return;
      }
      case 'BreakStatement':
        to.push({ kind: 'break', span });
        return;
      case 'ContinueStatement':
        to.push({ kind: 'continue', span });
        return;
      case 'ImportDeclaration':
        to.push({ kind: 'import', span, imports: this.#imports(node) });
        return;
      case 'TSImportEqualsDeclaration':
        this.#importEquals(node, to);
        return;
      case 'ExportNamedDeclaration':
        this.#exportNamed(node, to);
        return;
      case 'ExportDefaultDeclaration':
        this.#exportDefault(node, to);
        return;
      case 'ExportAllDeclaration': {
        if (node.exportKind === 'type') return;
        const module = importedModule(node.source.value, this.#module);
        if (node.exported) this.#export(keyName(node.exported, false) ?? '', this.#imported(node.source), span);
        else {
          to.push({
            kind: 'import',
            span,
            imports: [{ span, name: module, local: '', module: node.source.value, level: 0 }],
          });
          to.push({ kind: 'exportAll', module, span });
        }
        return;
      }
      case 'TSExportAssignment':
        to.push({
          kind: 'assign',
          span,
          targets: [member('module', 'exports', span)],
          value: this.expression(node.expression),
        });
        this.#exportCommon('module', 'exports', span);
        return;
      case 'TSEnumDeclaration':
        if (node.declare) return;
        this.frame.declared.add(node.id.name);
        to.push(this.#enum(node));
        return;
      case 'TSModuleDeclaration':
        if (node.body?.type === 'TSModuleBlock' && !node.declare)
          to.push({ kind: 'block', span, body: this.statements(node.body.body) });
        return;
      default:
        return;
    }
  }

  /** A body that may be a single statement. */
  #body(node: Node): Statement[] {
    return this.statements(node.type === 'BlockStatement' ? node.body : [node]);
  }

  #expressionStatement(node: TSESTree.ExpressionStatement, to: Statement[]): void {
    const span = spanOf(node);
    const inner = node.expression;
    if (inner.type === 'AssignmentExpression') {
      const op = assignOp(inner.operator);
      to.push({
        kind: 'assign',
        span,
        targets: [this.target(inner.left)],
        value: bound(inner.left, this.expression(inner.right, targetName(inner.left))),
        ...(op === undefined ? {} : { op }),
      });
      for (let one: Node = inner; one.type === 'AssignmentExpression'; one = one.right) this.#common(one.left);
      return;
    }
    if (inner.type === 'UnaryExpression' && inner.operator === 'delete') {
      to.push({ kind: 'delete', span, targets: [this.expression(inner.argument)] });
      return;
    }
    const called = this.#depth === 0 ? calledAtOnce(inner) : undefined;
    if (called && exportsIn(called.body.body)) {
      const params = called.params.flatMap((one, i): Statement[] => {
        const given = called.given[i];
        const target = this.declaration(one);
        return given ? [{ kind: 'assign', span: spanOf(one), targets: [target], value: this.expression(given) }] : [];
      });
      to.push({ kind: 'block', span, body: [...params, ...this.statements(called.body.body)] });
    } else to.push({ kind: 'expression', value: this.expression(inner), span });
  }

  /** `module.exports = x`, `exports.x = y`, `module.exports.x = y` outside functions. */
  #common(left: Node): void {
    if (this.#depth > 0 || left.type !== 'MemberExpression') return;
    const name = keyName(left.property, left.computed);
    if (name === undefined) return;
    if (left.object.type === 'Identifier') {
      const { name: object } = left.object;
      if (this.#aliases.has(object)) this.#export(name, member(object, name, spanOf(left)), spanOf(left));
      else this.#exportCommon(object, name, spanOf(left));
    }
    if (left.object.type === 'MemberExpression' && left.object.object.type === 'Identifier') {
      const { object, property, computed } = left.object;
      if (object.name === 'module' && keyName(property, computed) === 'exports') {
        this.#exportCommon('module.exports', name, spanOf(left));
      }
    }
  }

  #exportCommon(object: string, name: string, span: Span): void {
    if (object === 'module' && name === 'exports') this.#export('export=', member('module', 'exports', span), span);
    else if (object === 'exports') this.#export(name, member('exports', name, span), span);
    else if (object === 'module.exports') {
      this.#export(name, { kind: 'attr', of: member('module', 'exports', span), name, span }, span);
    }
  }

  #export(name: string, value: Expression, span: Span): void {
    if (this.#exported.has(name)) return;
    this.#exported.add(name);
    this.#exports.push({ kind: 'export', name, value, span });
  }

  #declarator(node: TSESTree.VariableDeclarator): Statement {
    const target = this.declaration(node.id);
    if (this.#depth === 0 && node.id.type === 'Identifier' && node.init && standsForExports(node.init))
      this.#aliases.add(node.id.name);
    const annotation = 'typeAnnotation' in node.id ? node.id.typeAnnotation : undefined;
    return {
      kind: 'assign',
      span: spanOf(node),
      targets: [target],
      ...(node.init ? { value: this.expression(node.init, targetName(node.id)) } : {}),
      ...(annotation ? { annotation: this.type(annotation.typeAnnotation) } : {}),
    };
  }

  /** A chain of else-ifs nests in the parser's tree; it is lowered from its end so that long ones do not recurse. */
  #if(first: TSESTree.IfStatement): Statement {
    const chain: TSESTree.IfStatement[] = [first];
    for (let last = first; last.alternate?.type === 'IfStatement'; ) {
      last = last.alternate;
      chain.push(last);
    }
    const end = chain.at(-1)!.alternate;
    let other = end ? this.#body(end) : [];
    for (const node of chain.reverse()) {
      other = [
        { kind: 'if', span: spanOf(node), test: this.expression(node.test), body: this.#body(node.consequent), other },
      ];
    }
    return other[0]!;
  }

  /** Cases without a body join the next one; the default comes last. */
  #switch(node: TSESTree.SwitchStatement): Statement {
    const cases: CaseSyntax[] = [];
    let values: Expression[] = [];
    let any = false;
    for (const [i, one] of node.cases.entries()) {
      if (one.test) values.push(this.expression(one.test));
      else any = true;
      if (one.consequent.length === 0 && i < node.cases.length - 1) continue;
      const body = this.statements(one.consequent);
      const inner = body.length === 1 && body[0]!.kind === 'block' ? body[0]!.body : body;
      const last = inner.at(-1);
      const stops = last?.kind === 'break';
      const leaves = stops || last?.kind === 'return' || last?.kind === 'raise' || last?.kind === 'continue';
      cases.push({
        span: spanOf(one),
        values: any ? [] : values,
        binds: [],
        any,
        body: stops ? inner.slice(0, -1) : body,
        ...(leaves || i === node.cases.length - 1 ? {} : { falls: true }),
      });
      values = [];
      any = false;
    }
    const rest = cases.filter((one) => one.any && !one.falls);
    const ordered = [...cases.filter((one) => !rest.includes(one)), ...rest];
    return { kind: 'match', span: spanOf(node), subject: this.expression(node.discriminant), cases: ordered };
  }

  #enum(node: TSESTree.TSEnumDeclaration): Statement {
    const span = spanOf(node);
    let next: number | undefined = 0;
    const entries = node.body.members.map((one): readonly [Expression | null, Expression] => {
      const at = spanOf(one);
      const name = keyName(one.id, false) ?? '';
      const value: Expression = one.initializer
        ? this.expression(one.initializer)
        : next === undefined
          ? hole(at)
          : { kind: 'const', value: next, span: at };
      next = value.kind === 'const' && typeof value.value === 'number' ? value.value + 1 : undefined;
      return [{ kind: 'const', value: name, span: spanOf(one.id) }, value];
    });
    return {
      kind: 'assign',
      span,
      targets: [{ kind: 'name', name: node.id.name, span: spanOf(node.id) }],
      value: { kind: 'dict', entries, span },
    };
  }

  // Modules

  #imports(node: TSESTree.ImportDeclaration): ImportSyntax[] {
    const written = node.source.value;
    const module = importedModule(written, this.#module);
    const typed = node.importKind === 'type';
    const common = { module: written, level: 0 };
    if (node.specifiers.length === 0) return [{ ...common, span: spanOf(node), name: module, local: '' }];
    return node.specifiers.map((one) => {
      const local = one.local.name;
      this.frame.declared.add(local);
      const typeOnly = typed || (one.type === 'ImportSpecifier' && one.importKind === 'type') ? { typeOnly: true } : {};
      const base = { ...common, ...typeOnly, span: spanOf(one), local };
      if (one.type === 'ImportNamespaceSpecifier') return { ...base, name: module };
      const name = one.type === 'ImportDefaultSpecifier' ? 'default' : (keyName(one.imported, false) ?? '');
      return { ...base, name: importedMember(module, name), member: name };
    });
  }

  #importEquals(node: TSESTree.TSImportEqualsDeclaration, to: Statement[]): void {
    const span = spanOf(node);
    this.frame.declared.add(node.id.name);
    const { moduleReference } = node;
    if (moduleReference.type !== 'TSExternalModuleReference') return;
    const written = moduleReference.expression;
    if (written.type !== 'Literal' || typeof written.value !== 'string') return;
    const name = importedModule(written.value, this.#module);
    to.push({ kind: 'import', span, imports: [{ span, name, local: node.id.name, module: written.value, level: 0 }] });
  }

  /** What `export ... from` names, as an import in an expression. */
  #imported(source: TSESTree.StringLiteral, name?: string): Expression {
    const span = spanOf(source);
    const value: Expression = { kind: 'const', value: source.value, span };
    const module: Expression = {
      kind: 'call',
      callee: { kind: 'name', name: 'import', span },
      args: [{ value, span }],
      span,
    };
    if (name === undefined || importedMember(importedModule(source.value, this.#module), name) === source.value)
      return module;
    return { kind: 'attr', of: module, name, span };
  }

  #exportNamed(node: TSESTree.ExportNamedDeclaration, to: Statement[]): void {
    if (node.exportKind === 'type') return;
    const { declaration, source } = node;
    if (declaration) {
      const before = to.length;
      this.#statement(declaration, to);
      for (const statement of to.slice(before)) {
        for (const name of declaredBy(statement))
          this.#export(name, { kind: 'name', name, span: statement.span }, statement.span);
      }
    }
    for (const one of node.specifiers) {
      if (one.exportKind === 'type') continue;
      const local = keyName(one.local, false) ?? '';
      const name = keyName(one.exported, false) ?? local;
      const span = spanOf(one);
      this.#export(
        name,
        source ? this.#imported(source, local) : { kind: 'name', name: local, span: spanOf(one.local) },
        span,
      );
    }
  }

  #exportDefault(node: TSESTree.ExportDefaultDeclaration, to: Statement[]): void {
    const span = spanOf(node);
    const { declaration } = node;
    if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') {
      this.#statement(declaration, to);
      this.#export('default', { kind: 'name', name: declaration.id?.name ?? 'default', span }, span);
    } else if (declaration.type === 'Identifier') this.#export('default', this.expression(declaration), span);
    else if (!declaration.type.startsWith('TS') || 'expression' in declaration) {
      const target: Expression = { kind: 'name', name: 'default', span };
      to.push({ kind: 'assign', span, targets: [target], value: this.expression(declaration, 'default') });
      this.#export('default', target, span);
    }
  }

  // Functions and classes

  protected prototyped(node: FunctionNode, name: string): ClassSyntax | undefined {
    const prototype = this.#prototypes.get(node);
    return prototype && this.#prototype(node, name, prototype);
  }

  protected function(node: FunctionNode, name: string, kind: FunctionSyntax['kind']): FunctionSyntax {
    const outer = this.frame;
    const frame: Frame = { declared: new Set(), assigned: new Set() };
    this.frame = frame;
    this.#depth++;
    const span = spanOf(node);
    const params = node.params.flatMap((one) => {
      const param = this.param(one);
      return param.name === 'this' ? [] : [param];
    });
    const body = this.#functionBody(node);
    this.#depth--;
    this.frame = outer;
    // Names that are assigned but not declared here belong to an outer function or the module.
    const elsewhere = [...frame.assigned].filter((one) => !frame.declared.has(one));
    for (const one of elsewhere) {
      this.rebound.add(one);
      outer.assigned.add(one);
    }
    const arrow = node.type === 'ArrowFunctionExpression';
    if (arrow && frame.receives) outer.receives = true;
    const id = node.id ? spanOf(node.id) : { start: span.start, end: span.start };
    const returns = node.returnType ? this.type(node.returnType.typeAnnotation) : undefined;
    return {
      name,
      span,
      nameSpan: id,
      bodySpan: node.body ? spanOf(node.body) : span,
      kind,
      params,
      decorators: [],
      body: [
        ...(elsewhere.length > 0 ? [{ kind: 'scope' as const, names: elsewhere, of: 'enclosing' as const, span }] : []),
        ...propertiesOf(node, params),
        ...body,
      ],
      ...(arrow ? { arrow: true } : frame.receives ? { receives: true } : {}),
      ...(node.async ? { async: true } : {}),
      ...(node.generator ? { generator: true } : {}),
      ...(node.body?.type === 'BlockStatement' && sideOf(node.body.body) === 'server' ? { server: true } : {}),
      ...(returns ? { returnAnnotation: returns } : {}),
      ...(node.body?.type === 'BlockStatement' && node.body.body.length === 0 ? { stub: true } : {}),
    };
  }

  #functionBody(node: FunctionNode): Statement[] {
    if (!node.body) return [];
    if (node.body.type === 'BlockStatement') return this.statements(node.body.body);
    const value = this.expression(node.body);
    return [{ kind: 'return', value, span: value.span }];
  }

  protected class(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, name: string): ClassSyntax {
    const span = spanOf(node);
    const outer = this.frame;
    // Fields are no variables of the function around them.
    this.frame = { declared: new Set(), assigned: outer.assigned };
    this.#depth++;
    const body = node.body.body.flatMap((one) => this.#member(one));
    this.#depth--;
    this.frame = outer;
    return {
      name,
      span,
      nameSpan: node.id ? spanOf(node.id) : { start: span.start, end: span.start },
      bases: node.superClass ? [this.expression(node.superClass)] : [],
      keywords: [],
      decorators: this.decorators(node.decorators),
      body,
    };
  }

  #member(node: TSESTree.ClassElement): Statement[] {
    const span = spanOf(node);
    switch (node.type) {
      case 'StaticBlock':
        return [{ kind: 'block', span, body: this.statements(node.body) }];
      case 'MethodDefinition': {
        if (node.value.type !== 'FunctionExpression') return [];
        const name = keyName(node.key, node.computed) ?? '';
        const kind =
          node.kind === 'get' ? 'getter' : node.kind === 'set' ? 'setter' : node.static ? 'static' : 'method';
        const decorators = this.decorators(node.decorators);
        const method = this.function(node.value, name, kind);
        return [{ kind: 'function', span, function: { ...method, span, nameSpan: spanOf(node.key), decorators } }];
      }
      case 'PropertyDefinition':
      case 'AccessorProperty': {
        const name = keyName(node.key, node.computed);
        if (name === undefined)
          return node.value ? [{ kind: 'expression', value: this.expression(node.value), span }] : [];
        const arrow = node.value?.type === 'ArrowFunctionExpression' ? node.value : undefined;
        const decorators = this.decorators(node.decorators);
        if (arrow) {
          // It is called like a method, and `this` is the instance.
          const method = this.function(arrow, name, node.static ? 'static' : 'method');
          return [{ kind: 'function', span, function: { ...method, span, nameSpan: spanOf(node.key), decorators } }];
        }
        return [
          {
            kind: 'assign',
            span,
            targets: [{ kind: 'name', name, span: spanOf(node.key) }],
            ...(node.value ? { value: this.expression(node.value, name) } : {}),
            ...(node.typeAnnotation ? { annotation: this.type(node.typeAnnotation.typeAnnotation) } : {}),
            ...(decorators.length > 0 ? { decorators } : {}),
          },
        ];
      }
      default:
        return [];
    }
  }
}

/** `const events = require('events')`, `var util = require('util').inherits`, and `'use strict'`. */
function loads(node: Node): boolean {
  if (node.type === 'ExpressionStatement') return node.directive !== undefined;
  if (node.type !== 'VariableDeclaration') return node.type === 'ImportDeclaration';
  return node.declarations.every(({ init }) => {
    let one: Node | null = init;
    while (one?.type === 'MemberExpression') one = one.object;
    return one === null || (one.type === 'CallExpression' && one.callee.type === 'Identifier');
  });
}

/** A function that is put on `this` works on the same object. */
function bound(left: Node, value: Expression): Expression {
  const isOwn = left.type === 'MemberExpression' && left.object.type === 'ThisExpression';
  return isOwn && value.kind === 'function' ? { ...value, function: { ...value.function, arrow: true } } : value;
}

function member(object: string, name: string, span: Span): Expression {
  return { kind: 'attr', of: { kind: 'name', name: object, span }, name, span };
}

/** `constructor(private readonly users: Users)` assigns the field. */
function propertiesOf(node: FunctionNode, params: readonly ParamSyntax[]): Statement[] {
  return node.params.flatMap((one, i): Statement[] => {
    const param = params[i];
    if (one.type !== 'TSParameterProperty' || !param) return [];
    const { span, name } = param;
    const target: Expression = { kind: 'attr', of: { kind: 'this', span }, name, span };
    return [{ kind: 'assign', span, targets: [target], value: { kind: 'name', name, span } }];
  });
}

/** What a directive at the beginning says of where they run. */
export function sideOf(nodes: readonly Node[]): 'server' | 'client' | undefined {
  for (const node of nodes) {
    if (node.type !== 'ExpressionStatement' || node.directive === undefined) return undefined;
    if (node.directive === 'use server') return 'server';
    if (node.directive === 'use client') return 'client';
  }
  return undefined;
}

/** `module.exports`, `exports`, or what is assigned to them on the way. */
function standsForExports(node: Node): boolean {
  if (node.type === 'AssignmentExpression') return standsForExports(node.left) || standsForExports(node.right);
  if (node.type === 'Identifier') return node.name === 'exports';
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module' &&
    keyName(node.property, node.computed) === 'exports'
  );
}

interface Wrapped {
  readonly params: readonly Node[];
  readonly given: readonly Node[];
  readonly body: TSESTree.BlockStatement;
}

/** `(function (exports) { ... })(exports)`, also called with `call(this)`, or after a `!`. */
function calledAtOnce(node: Node): Wrapped | undefined {
  if (node.type === 'UnaryExpression') return calledAtOnce(node.argument);
  if (node.type !== 'CallExpression') return undefined;
  const { callee } = node;
  const isCall = callee.type === 'MemberExpression' && keyName(callee.property, callee.computed) === 'call';
  const called = isCall ? callee.object : callee;
  if (called.type !== 'FunctionExpression' && called.type !== 'ArrowFunctionExpression') return undefined;
  if (called.async || called.generator || called.body?.type !== 'BlockStatement') return undefined;
  return { params: called.params, given: isCall ? node.arguments.slice(1) : node.arguments, body: called.body };
}

/** Do the statements themselves export something the way of CommonJS? */
function exportsIn(nodes: readonly Node[]): boolean {
  return nodes.some((node) => {
    if (node.type === 'BlockStatement') return exportsIn(node.body);
    if (node.type === 'IfStatement') return exportsIn([node.consequent, ...(node.alternate ? [node.alternate] : [])]);
    if (node.type !== 'ExpressionStatement') return false;
    for (let one: Node = node.expression; one.type === 'AssignmentExpression'; one = one.right) {
      const object = one.left.type === 'MemberExpression' ? one.left.object : undefined;
      const whole = object?.type === 'MemberExpression' ? object.object : object;
      if (whole?.type === 'Identifier' && (whole.name === 'exports' || whole.name === 'module')) return true;
    }
    return false;
  });
}

function declaredBy(statement: Statement): readonly string[] {
  if (statement.kind === 'function') return [statement.function.name];
  if (statement.kind === 'class') return [statement.class.name];
  if (statement.kind !== 'assign') return [];
  const names: string[] = [];
  const stack = [...statement.targets];
  for (let one = stack.pop(); one; one = stack.pop()) {
    if (one.kind === 'name') names.push(one.name);
    else if (one.kind === 'list') stack.push(...one.items);
    else if (one.kind === 'dict') stack.push(...one.entries.map(([, value]) => value));
    else if (one.kind === 'defaulted') stack.push(one.target);
    else if (one.kind === 'spread') stack.push(one.of);
  }
  return names;
}
