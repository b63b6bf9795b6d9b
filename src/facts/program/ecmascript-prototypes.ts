/** Knows which functions are classes, by what a script puts on their prototypes or on `this`. */
import type { TSESTree } from '@typescript-eslint/typescript-estree';
import { keyName } from './ecmascript-expressions.ts';

type Node = TSESTree.Node;
type Constructor = TSESTree.FunctionDeclaration | TSESTree.FunctionExpression;

export interface Member {
  readonly name: string;
  readonly key: Node;
  readonly value: Node;
  readonly static: boolean;
}

/** A class that is written as a function. */
export interface Prototype {
  readonly members: readonly Member[];
  readonly bases: readonly Node[];
}

export interface Prototypes {
  readonly classes: ReadonlyMap<Node, Prototype>;
  /** Statements that say nothing beyond it. */
  readonly absorbed: ReadonlySet<Node>;
}

type Open = { members: Member[]; bases: Node[] };

/** Classes among the functions that a list of statements defines. */
export function prototypesIn(nodes: readonly Node[]): Prototypes {
  const byName = new Map<string, Open>();
  const absorbed = new Set<Node>();
  const of = (name: string): Open => {
    const known = byName.get(name) ?? { members: [], bases: [] };
    byName.set(name, known);
    return known;
  };
  for (const node of nodes) if (node.type === 'ExpressionStatement' && read(node.expression, of)) absorbed.add(node);
  const classes = new Map<Node, Prototype>();
  const defined = new Set<string>();
  for (const node of nodes) {
    const exported = node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration';
    for (const [name, value] of constructorsIn(exported ? node.declaration : node)) {
      const own = byName.get(name);
      if (!own?.members.some((one) => !one.static) && !own?.bases.length && !makesFields(name, value)) continue;
      classes.set(value, own ?? { members: [], bases: [] });
      defined.add(name);
    }
  }
  for (const node of absorbed) {
    const target = targetOf((node as TSESTree.ExpressionStatement).expression);
    if (target === undefined || !defined.has(target)) absorbed.delete(node);
  }
  return { classes, absorbed };
}

/** Functions by the names they are defined with. */
function constructorsIn(node: Node | null): readonly (readonly [string, Constructor])[] {
  if (node?.type === 'FunctionDeclaration') return node.id ? [[node.id.name, node]] : [];
  if (node?.type !== 'VariableDeclaration') return [];
  return node.declarations.flatMap(({ id, init }): (readonly [string, Constructor])[] => {
    let value: Node | null = init;
    while (value?.type === 'AssignmentExpression') value = value.right;
    return id.type === 'Identifier' && value?.type === 'FunctionExpression' ? [[id.name, value]] : [];
  });
}

/** `function Users(db) { this.db = db; }`: its name begins with a capital letter. */
function makesFields(name: string, node: Constructor): boolean {
  return (
    /^[A-Z]/.test(name) &&
    !node.async &&
    !node.generator &&
    (node.body?.body ?? []).some(
      (one) =>
        one.type === 'ExpressionStatement' &&
        one.expression.type === 'AssignmentExpression' &&
        one.expression.left.type === 'MemberExpression' &&
        one.expression.left.object.type === 'ThisExpression',
    )
  );
}

const isFunction = (node: Node): boolean =>
  node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
const isPlain = (node: Node): boolean => isFunction(node) || (node.type === 'Literal' && !('regex' in node));

/** `X` of `X.prototype`. */
function owner(node: Node | undefined): string | undefined {
  return node?.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    keyName(node.property, node.computed) === 'prototype'
    ? node.object.name
    : undefined;
}

/** Which function an absorbed statement speaks of. */
function targetOf(node: Node): string | undefined {
  if (node.type === 'AssignmentExpression') {
    const { left } = node;
    if (left.type !== 'MemberExpression') return undefined;
    return owner(left) ?? owner(left.object) ?? (left.object.type === 'Identifier' ? left.object.name : undefined);
  }
  const first = node.type === 'CallExpression' ? node.arguments[0] : undefined;
  return first?.type === 'Identifier' ? first.name : owner(first);
}

/** Notes what an expression says about prototypes; true when it says no more than that. */
function read(node: Node, of: (name: string) => Open): boolean {
  if (node.type === 'AssignmentExpression' && node.operator === '=') {
    const { left, right } = node;
    const whole = owner(left);
    if (whole !== undefined) return prototypeOf(right, of(whole));
    if (left.type !== 'MemberExpression') return false;
    const name = keyName(left.property, left.computed);
    const inner = right.type === 'AssignmentExpression' && read(right, of) ? lastOf(right) : right;
    const prototype = owner(left.object);
    if (name === undefined || !isPlain(inner)) return false;
    if (prototype !== undefined) {
      of(prototype).members.push({ name, key: left.property, value: inner, static: false });
      return true;
    }
    if (left.object.type !== 'Identifier' || !isFunction(inner) || !/^[A-Z]/.test(left.object.name)) return false;
    of(left.object.name).members.push({ name, key: left.property, value: inner, static: true });
    return true;
  }
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  const word =
    callee.type === 'Identifier'
      ? callee.name
      : callee.type === 'MemberExpression'
        ? keyName(callee.property, callee.computed)
        : undefined;
  const [first, ...rest] = node.arguments;
  if (word === 'inherits' && first?.type === 'Identifier' && rest[0]) {
    of(first.name).bases.push(rest[0]);
    return true;
  }
  const name = owner(first);
  if (name === undefined || !/^(?:assign|extend|setPrototypeOf|mixin|merge)$/.test(word ?? '')) return false;
  return rest.map((one) => prototypeOf(one, of(name))).every(Boolean);
}

function lastOf(node: Node): Node {
  return node.type === 'AssignmentExpression' ? lastOf(node.right) : node;
}

/** What replaces a prototype or is copied to it: an object literal, or what another class has. */
function prototypeOf(node: Node, open: Open): boolean {
  const base = owner(node);
  if (base !== undefined && node.type === 'MemberExpression') {
    open.bases.push(node.object);
    return true;
  }
  if (node.type === 'NewExpression') {
    open.bases.push(node.callee);
    return true;
  }
  if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression') {
    const first = node.arguments[0];
    return (
      keyName(node.callee.property, node.callee.computed) === 'create' &&
      first !== undefined &&
      prototypeOf(first, open)
    );
  }
  if (node.type !== 'ObjectExpression') return false;
  let isWhole = true;
  for (const one of node.properties) {
    const name = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (one.type === 'Property' && name !== undefined && one.kind === 'init' && isPlain(one.value))
      open.members.push({ name, key: one.key, value: one.value, static: false });
    else if (name !== 'constructor') isWhole = false;
  }
  return isWhole;
}
