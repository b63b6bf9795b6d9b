/** Knows what Terraform expressions come to: variables, locals, module outputs and the functions that decide, unknown otherwise. */
import type { Body, Expression, Part } from '../hcl.ts';
import type { Place } from '../span.ts';
import { attributeOf } from '../terraform.ts';

/** `at` is where the deciding literal stands: perhaps a variable's default or a tfvars file. */
export type Value = { readonly at?: Place } & (
  | { readonly kind: 'known'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'map'; readonly fields: ReadonlyMap<string, Value> }
  /** `text` is the expression that cannot be told before a plan. */
  | { readonly kind: 'unknown'; readonly text: string }
);

/** An expression and the file it stands in. */
export interface Located {
  readonly value: Expression;
  readonly path: string;
}

/** Where names get their meaning: one module as it is called once. */
export interface Scope {
  /** What `path.module` is: the module's folder in the tree. */
  readonly folder?: string;
  /** Argument, tfvars value or default of a variable, with the scope it is evaluated in. */
  variable(name: string): { readonly of: Located; readonly scope: Scope } | 'unset' | undefined;
  local(name: string): Located | undefined;
  /** Output of a called local module. */
  output(call: string, name: string): { readonly of: Located; readonly scope: Scope } | undefined;
  /** Body of a managed resource of this module. */
  resource(type: string, name: string): { readonly body: Body; readonly path: string } | undefined;
}

type Names = ReadonlyMap<string, Value>;

/** Steps one evaluation may take, and how deep it may go: hostile configurations end as unknown. */
const FUEL = 20_000;
const MAX_DEPTH = 200;
const NO_NAMES: Names = new Map();

export function evaluate(of: Located, scope: Scope, names: Names = NO_NAMES): Value {
  return run(of.value, of.path, scope, names, { fuel: FUEL, depth: 0 });
}

/** The value as a truth value: true, false, or undefined when it is neither. Terraform takes "true" for true. */
export function truth(value: Value | undefined): boolean | undefined {
  if (value?.kind !== 'known') return undefined;
  if (value.value === true || value.value === 'true') return true;
  if (value.value === false || value.value === 'false') return false;
  return undefined;
}

export function isNull(value: Value | undefined): boolean {
  return value?.kind === 'known' && value.value === null;
}

/** The value as a string, or undefined. */
export function stringOf(value: Value | undefined): string | undefined {
  return value?.kind === 'known' && value.value !== null ? String(value.value) : undefined;
}

interface State {
  fuel: number;
  depth: number;
}

function known(value: string | number | boolean | null, at?: Place): Value {
  return { kind: 'known', value, ...(at && { at }) };
}

function run(node: Expression, path: string, scope: Scope, names: Names, state: State): Value {
  if (--state.fuel < 0 || state.depth > MAX_DEPTH) return { kind: 'unknown', text: printed(node) };
  state.depth++;
  const value = step(node, path, scope, names, state);
  state.depth--;
  return value;
}

function step(node: Expression, path: string, scope: Scope, names: Names, state: State): Value {
  const go = (inner: Expression, more: Names = names): Value => run(inner, path, scope, more, state);
  const at = { path, span: node.span };
  const unknown = (): Value => ({ kind: 'unknown', text: printed(node), at });
  switch (node.kind) {
    case 'literal':
      return known(node.value, at);
    case 'template': {
      const only = node.parts.length === 1 ? node.parts[0]! : undefined;
      if (only?.kind === 'value') return go(only.value);
      const text = joined(node.parts, go, names);
      return text === undefined ? unknown() : known(text, at);
    }
    case 'tuple':
      return { kind: 'list', items: node.items.map((item) => go(item)), at };
    case 'object': {
      const fields = new Map<string, Value>();
      for (const entry of node.entries) {
        const key = stringOf(go(entry.key));
        if (key === undefined) return unknown();
        fields.set(key, go(entry.value));
      }
      return { kind: 'map', fields, at };
    }
    case 'name':
      // Not correct, yet the meaning is beyond doubt.
      if (/^(?:True|False|TRUE|FALSE)$/.test(node.name)) return known(node.name.toLowerCase() === 'true', at);
      return names.get(node.name) ?? unknown();
    case 'get':
    case 'index':
      return reference(node, path, scope, names, state) ?? unknown();
    case 'splat': {
      const of = go(node.of);
      const items = of.kind === 'list' ? of.items : isNull(of) ? [] : of.kind === 'unknown' ? undefined : [of];
      if (!items) return unknown();
      const results = items.map((item) => {
        let current: Value | undefined = item;
        for (const one of node.steps)
          current = current && member(current, 'name' in one ? known(one.name) : go(one.key));
        return current ?? unknown();
      });
      return { kind: 'list', items: results, at };
    }
    case 'call': {
      const result = called(node.name, node.args, node.expand, go);
      return result ? { at, ...result } : unknown();
    }
    case 'unary': {
      const value = go(node.value);
      if (node.operator === '!') {
        const bool = truth(value);
        return bool === undefined ? unknown() : known(!bool, at);
      }
      const number = numberOf(value);
      return number === undefined ? unknown() : known(-number, at);
    }
    case 'binary': {
      const result = operated(node.operator, go(node.left), () => go(node.right));
      return result === undefined ? unknown() : known(result, at);
    }
    case 'conditional': {
      const test = truth(go(node.test));
      if (test !== undefined) return go(test ? node.yes : node.no);
      const yes = go(node.yes);
      const same = equal(yes, go(node.no));
      return same === true ? yes : unknown();
    }
    case 'for':
      return comprehended(node, go, names) ?? unknown();
    case 'broken':
      return unknown();
  }
}

/** `var.x`, `local.x`, `each.value`, `module.a.b`, `aws_s3_bucket.a.bucket`, and members of any value. */
function reference(
  node: Expression & { kind: 'get' | 'index' },
  path: string,
  scope: Scope,
  names: Names,
  state: State,
): Value | undefined {
  const names0 = traversal(node);
  if (names0) {
    const [root, first, second] = names0;
    if (root === 'var' && names0.length === 2) {
      const variable = scope.variable(first!);
      if (!variable || variable === 'unset') return undefined;
      return run(variable.of.value, variable.of.path, variable.scope, NO_NAMES, state);
    }
    if (root === 'local' && names0.length === 2) {
      const local = scope.local(first!);
      return local && run(local.value, local.path, scope, NO_NAMES, state);
    }
    if (root === 'module' && names0.length === 3) {
      const output = scope.output(first!, second!);
      return output && run(output.of.value, output.of.path, output.scope, NO_NAMES, state);
    }
    if (root === 'path' && first === 'module' && scope.folder !== undefined) return known(scope.folder, undefined);
    if (names0.length > 2 && !names.has(root!)) {
      const resource = scope.resource(root!, first!);
      const keys = second === 'id' ? (IDS[root!] ?? []) : names0.slice(2);
      const body = resource && nested(resource.body, keys.slice(0, -1));
      const attribute = body && attributeOf(body, keys.at(-1) ?? '');
      if (resource && attribute) return run(attribute.value, resource.path, scope, NO_NAMES, state);
    }
  }
  const of = run(node.of, path, scope, names, state);
  if (of.kind === 'unknown') return undefined;
  return member(of, node.kind === 'get' ? known(node.name) : run(node.key, path, scope, names, state));
}

/** The body at a path of nested blocks. */
function nested(body: Body, types: readonly string[]): Body | undefined {
  let current: Body | undefined = body;
  for (const type of types) current = current?.blocks.find((block) => block.type === type);
  return current;
}

/** Resources whose id is an argument of their own, with the blocks it stands in. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  aws_s3_bucket: ['bucket'],
  google_storage_bucket: ['name'],
  kubernetes_namespace: ['metadata', 'name'],
  kubernetes_namespace_v1: ['metadata', 'name'],
};

/** The dotted names of a plain traversal, without indexes: `a.b[0].c` is a, b, c. */
export function traversal(node: Expression): readonly string[] | undefined {
  const parts: string[] = [];
  let current = node;
  for (;;) {
    if (current.kind === 'get') {
      parts.push(current.name);
      current = current.of;
    } else if (current.kind === 'index' && parts.length > 0) current = current.of;
    else if (current.kind === 'splat' && current.steps.every((one) => 'name' in one) && parts.length === 0) {
      parts.push(...current.steps.map((one) => ('name' in one ? one.name : '')).reverse());
      current = current.of;
    } else if (current.kind === 'name') {
      parts.push(current.name);
      return parts.reverse();
    } else return undefined;
  }
}

/** All plain traversals inside an expression. */
export function traversalsIn(node: Expression, into: (readonly string[])[] = []): (readonly string[])[] {
  const stack: unknown[] = [node];
  while (stack.length > 0 && into.length < 1000) {
    const current = stack.pop();
    if (Array.isArray(current)) stack.push(...current);
    else if (typeof current === 'object' && current !== null) {
      const kind = (current as { kind?: string }).kind;
      if (kind === 'get' || kind === 'splat') {
        const names = traversal(current as Expression);
        if (names) {
          into.push(names);
          continue;
        }
      }
      stack.push(...Object.values(current));
    }
  }
  return into;
}

function member(of: Value, key: Value): Value | undefined {
  if (of.kind === 'unknown' || key.kind === 'unknown') return undefined;
  const name = stringOf(key);
  if (name === undefined) return undefined;
  if (of.kind === 'map') return of.fields.get(name);
  if (of.kind === 'list') return of.items[Number(name)];
  return undefined;
}

function joined(parts: readonly Part[], go: (e: Expression, n?: Names) => Value, names: Names): string | undefined {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'value') {
      const piece = stringOf(go(part.value, names));
      if (piece === undefined) return undefined;
      text += piece;
    } else if (part.kind === 'if') {
      const test = truth(go(part.condition, names));
      const piece = test === undefined ? undefined : joined(test ? part.yes : part.no, go, names);
      if (piece === undefined) return undefined;
      text += piece;
    } else {
      for (const entry of entriesOf(go(part.of, names)) ?? [undefined]) {
        const piece = entry && joined(part.body, go, bound(names, part.names, entry));
        if (piece === undefined) return undefined;
        text += piece;
      }
    }
    if (text.length > 100_000) return undefined;
  }
  return text;
}

function entriesOf(of: Value): readonly (readonly [Value, Value])[] | undefined {
  if (of.kind === 'list') return of.items.map((item, index) => [known(index), item]);
  if (of.kind === 'map') return [...of.fields].map(([key, item]) => [known(key), item]);
  return undefined;
}

function bound(names: Names, loop: readonly string[], [key, value]: readonly [Value, Value]): Names {
  const more = new Map(names);
  if (loop.length > 1) more.set(loop[0]!, key);
  more.set(loop.at(-1)!, value);
  return more;
}

function comprehended(
  node: Expression & { kind: 'for' },
  go: (e: Expression, n?: Names) => Value,
  names: Names,
): Value | undefined {
  const entries = entriesOf(go(node.of));
  if (!entries) return undefined;
  const items: Value[] = [];
  const fields = new Map<string, Value>();
  for (const entry of entries) {
    const inner = bound(names, node.names, entry);
    if (node.test) {
      const test = truth(go(node.test, inner));
      if (test === undefined) return undefined;
      if (!test) continue;
    }
    const value = go(node.value, inner);
    if (!node.key) {
      items.push(value);
      continue;
    }
    const key = stringOf(go(node.key, inner));
    if (key === undefined) return undefined;
    const group = fields.get(key);
    if (node.group)
      fields.set(key, { kind: 'list', items: group?.kind === 'list' ? [...group.items, value] : [value] });
    else fields.set(key, value);
  }
  return node.key ? { kind: 'map', fields } : { kind: 'list', items };
}

/** True or false when it can be told, for all kinds of values. */
function equal(a: Value, b: Value): boolean | undefined {
  if (a.kind === 'unknown' || b.kind === 'unknown') return undefined;
  if (a.kind === 'known' && b.kind === 'known') {
    if (a.value === b.value) return true;
    // A tfvars file or the environment may write a number or a truth value as a string.
    return (
      a.value !== null && b.value !== null && typeof a.value !== typeof b.value && String(a.value) === String(b.value)
    );
  }
  if (a.kind === 'list' && b.kind === 'list') {
    if (a.items.length !== b.items.length) return false;
    return every(a.items.map((item, index) => equal(item, b.items[index]!)));
  }
  if (a.kind === 'map' && b.kind === 'map') {
    if (a.fields.size !== b.fields.size) return false;
    return every([...a.fields].map(([key, item]) => (b.fields.has(key) ? equal(item, b.fields.get(key)!) : false)));
  }
  return false;
}

function every(results: readonly (boolean | undefined)[]): boolean | undefined {
  if (results.includes(false)) return false;
  return results.includes(undefined) ? undefined : true;
}

function numberOf(value: Value): number | undefined {
  if (value.kind !== 'known' || value.value === null || value.value === '' || typeof value.value === 'boolean')
    return undefined;
  const number = Number(value.value);
  return Number.isFinite(number) ? number : undefined;
}

function operated(operator: string, left: Value, other: () => Value): string | number | boolean | undefined {
  if (operator === '&&' || operator === '||') {
    const stop = operator === '||';
    const a = truth(left);
    if (a === stop) return stop;
    const b = truth(other());
    if (b === stop) return stop;
    return a === undefined ? undefined : b;
  }
  const right = other();
  if (operator === '==') return equal(left, right);
  if (operator === '!=') {
    const same = equal(left, right);
    return same === undefined ? undefined : !same;
  }
  const a = numberOf(left);
  const b = numberOf(right);
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case '<':
      return a < b;
    case '>':
      return a > b;
    case '<=':
      return a <= b;
    case '>=':
      return a >= b;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
    case '%':
      return b === 0 ? undefined : a % b;
    default:
      return undefined;
  }
}

type Builtin = (args: readonly Value[]) => Value | undefined;

function called(
  name: string,
  args: readonly Expression[],
  expand: boolean,
  go: (e: Expression, n?: Names) => Value,
): Value | undefined {
  const builtin = BUILTINS[name.replace(/^core::/, '')];
  const fallback = name === 'try' || name === 'can';
  if (!builtin && !fallback) return undefined;
  let values = args.map((arg) => go(arg));
  if (expand) {
    const last = values.at(-1);
    if (last?.kind !== 'list') return undefined;
    values = [...values.slice(0, -1), ...last.items];
  }
  if (name === 'try') return tried(values);
  if (name === 'can') return values[0] && values[0].kind !== 'unknown' ? known(true) : undefined;
  return builtin!(values);
}

/** An error cannot be told from a value known later, so only what is known first decides. */
function tried(values: readonly Value[]): Value | undefined {
  return values[0]?.kind === 'unknown' ? undefined : values[0];
}

function listOf(value: Value | undefined): readonly Value[] | undefined {
  return value?.kind === 'list' ? value.items : undefined;
}

function list(items: readonly Value[]): Value {
  return { kind: 'list', items };
}

function unique(items: readonly Value[]): Value | undefined {
  const kept: Value[] = [];
  for (const item of items) if (!kept.some((one) => equal(one, item) === true)) kept.push(item);
  return items.length > 500 ? undefined : list(kept);
}

function flattened(items: readonly Value[], depth = 0): readonly Value[] {
  return items.flatMap((item) => (item.kind === 'list' && depth < 20 ? flattened(item.items, depth + 1) : [item]));
}

const text =
  (change: (value: string) => string | boolean): Builtin =>
  ([value]) => {
    const content = stringOf(value);
    return content === undefined ? undefined : known(change(content));
  };

const same: Builtin = ([value]) => value;

/** The first argument that is neither null nor empty; unknown as soon as one before it cannot be told. */
const first =
  (empty: (value: Value) => boolean): Builtin =>
  (args) => {
    for (const value of args) {
      if (value.kind === 'unknown') return undefined;
      if (!isNull(value) && !empty(value)) return value;
    }
    return undefined;
  };

/** All argument lists in one; an unknown argument stays as an unknown element. */
const concatenated: Builtin = (args) =>
  list(args.flatMap((value) => (value.kind === 'list' ? value.items : isNull(value) ? [] : [value])));

const BUILTINS: Readonly<Record<string, Builtin>> = {
  // No inherited names: a configuration may well call "constructor".
  __proto__: null as never,
  coalesce: first((value) => value.kind === 'known' && value.value === ''),
  coalescelist: first((value) => value.kind === 'list' && value.items.length === 0),
  concat: concatenated,
  setunion: (args) => unique(listOf(concatenated(args)) ?? []),
  toset: ([value]) => (value?.kind === 'list' ? unique(value.items) : value),
  distinct: ([value]) => (value?.kind === 'list' ? unique(value.items) : undefined),
  tolist: same,
  tomap: same,
  sensitive: same,
  nonsensitive: same,
  sort: same,
  tostring: same,
  tobool: ([value]) => {
    const bool = truth(value);
    return bool === undefined ? undefined : known(bool);
  },
  tonumber: ([value]) => {
    const number = value && numberOf(value);
    return number === undefined ? undefined : known(number);
  },
  flatten: ([value]) => (value?.kind === 'list' ? list(flattened(value.items)) : undefined),
  compact: ([value]) =>
    value?.kind === 'list'
      ? list(value.items.filter((item) => !isNull(item) && !(item.kind === 'known' && item.value === '')))
      : undefined,
  one: ([value]) => {
    const items = listOf(value);
    return items && items.length < 2 ? (items[0] ?? known(null)) : undefined;
  },
  element: ([value, index]) => {
    const items = listOf(value);
    const number = index && numberOf(index);
    return items?.length && number !== undefined ? items[number % items.length] : undefined;
  },
  slice: ([value, from, to]) => {
    const [start, end] = [from && numberOf(from), to && numberOf(to)];
    const items = listOf(value);
    return items && start !== undefined && end !== undefined ? list(items.slice(start, end)) : undefined;
  },
  reverse: ([value]) => (value?.kind === 'list' ? list(value.items.toReversed()) : undefined),
  length: ([value]) => {
    if (value?.kind === 'list') return known(value.items.length);
    if (value?.kind === 'map') return known(value.fields.size);
    const content = stringOf(value);
    return content === undefined ? undefined : known([...content].length);
  },
  contains: ([value, wanted]) => {
    const items = listOf(value);
    if (!items || !wanted) return undefined;
    const results = items.map((item) => equal(item, wanted));
    if (results.includes(true)) return known(true);
    return results.includes(undefined) ? undefined : known(false);
  },
  lookup: ([value, key, otherwise]) => {
    const name = stringOf(key);
    if (value?.kind !== 'map' || name === undefined) return undefined;
    return value.fields.get(name) ?? otherwise;
  },
  keys: ([value]) =>
    value?.kind === 'map' ? list([...value.fields.keys()].sort().map((key) => known(key))) : undefined,
  values: ([value]) =>
    value?.kind === 'map' ? list([...value.fields.keys()].sort().map((key) => value.fields.get(key)!)) : undefined,
  merge: (args) => {
    const fields = new Map<string, Value>();
    for (const value of args) {
      if (isNull(value)) continue;
      if (value.kind !== 'map') return undefined;
      for (const [key, item] of value.fields) fields.set(key, item);
    }
    return { kind: 'map', fields };
  },
  zipmap: ([keys, values]) => {
    const names = listOf(keys)?.map(stringOf);
    const items = listOf(values);
    if (!names || !items || names.includes(undefined) || names.length !== items.length) return undefined;
    return { kind: 'map', fields: new Map(names.map((name, index) => [name!, items[index]!])) };
  },
  alltrue: ([value]) => {
    const items = listOf(value);
    const result = items && every(items.map(truth));
    return result === undefined ? undefined : known(result);
  },
  anytrue: ([value]) => {
    const results = listOf(value)?.map(truth);
    if (results?.includes(true)) return known(true);
    return !results || results.includes(undefined) ? undefined : known(false);
  },
  join: ([separator, ...rest]) => {
    const glue = stringOf(separator);
    const items = listOf(concatenated(rest))?.map(stringOf);
    return glue === undefined || !items || items.includes(undefined) ? undefined : known(items.join(glue));
  },
  split: ([separator, value]) => {
    const [glue, content] = [stringOf(separator), stringOf(value)];
    return glue === undefined || content === undefined ? undefined : list(content.split(glue).map((one) => known(one)));
  },
  format: ([pattern, ...args]) => {
    const shape = stringOf(pattern);
    if (shape === undefined || /%[^sdv%]/.test(shape)) return undefined;
    const items = args.map(stringOf);
    if (items.includes(undefined)) return undefined;
    let next = 0;
    return known(shape.replace(/%([sdv%])/g, (_, kind: string) => (kind === '%' ? '%' : (items[next++] ?? ''))));
  },
  replace: ([value, wanted, other]) => {
    const [content, from, to] = [stringOf(value), stringOf(wanted), stringOf(other)];
    if (content === undefined || !from || to === undefined || from.startsWith('/')) return undefined;
    return known(content.replaceAll(from, to));
  },
  startswith: ([value, start]) => compared(value, start, (a, b) => a.startsWith(b)),
  endswith: ([value, end]) => compared(value, end, (a, b) => a.endsWith(b)),
  strcontains: ([value, part]) => compared(value, part, (a, b) => a.includes(b)),
  lower: text((value) => value.toLowerCase()),
  upper: text((value) => value.toUpperCase()),
  trimspace: text((value) => value.trim()),
  title: text((value) => value.replace(/\b[a-z]/g, (c) => c.toUpperCase())),
  trimsuffix: ([value, end]) => {
    const [content, tail] = [stringOf(value), stringOf(end)];
    if (content === undefined || tail === undefined) return undefined;
    return known(tail && content.endsWith(tail) ? content.slice(0, -tail.length) : content);
  },
  jsonencode: ([value]) => {
    const plain = value && plainOf(value);
    return plain === undefined ? undefined : known(JSON.stringify(plain));
  },
  yamlencode: ([value]) => {
    // JSON is YAML, and nobody downstream reads the difference.
    const plain = value && plainOf(value);
    return plain === undefined ? undefined : known(JSON.stringify(plain));
  },
};

function compared(
  a: Value | undefined,
  b: Value | undefined,
  test: (a: string, b: string) => boolean,
): Value | undefined {
  const [left, right] = [stringOf(a), stringOf(b)];
  return left === undefined || right === undefined ? undefined : known(test(left, right));
}

/** The value as plain JSON data, or undefined when a part of it is unknown. */
export function plainOf(value: Value): unknown {
  switch (value.kind) {
    case 'known':
      return value.value;
    case 'unknown':
      return undefined;
    case 'list': {
      const items = value.items.map(plainOf);
      return items.includes(undefined) ? undefined : items;
    }
    case 'map': {
      const entries = [...value.fields].map(([key, item]) => [key, plainOf(item)] as const);
      return entries.some(([, item]) => item === undefined) ? undefined : Object.fromEntries(entries);
    }
  }
}

/** A short rendering of an expression for messages: `var.cidrs`, `concat(...)`. */
export function printed(node: Expression, depth = 0): string {
  if (depth > 6) return '...';
  const inner = (one: Expression) => printed(one, depth + 1);
  switch (node.kind) {
    case 'literal':
      return JSON.stringify(node.value);
    case 'name':
      return node.name;
    case 'get':
      return `${inner(node.of)}.${node.name}`;
    case 'index':
      return `${inner(node.of)}[${inner(node.key)}]`;
    case 'splat':
      return `${inner(node.of)}[*]${node.steps.map((one) => ('name' in one ? `.${one.name}` : '[...]')).join('')}`;
    case 'call':
      return node.args.length === 1 ? `${node.name}(${inner(node.args[0]!)})` : `${node.name}(...)`;
    case 'unary':
      return `${node.operator}${inner(node.value)}`;
    case 'binary':
      return `${inner(node.left)} ${node.operator} ${inner(node.right)}`;
    case 'conditional':
      return `${inner(node.test)} ? ${inner(node.yes)} : ${inner(node.no)}`;
    case 'template': {
      const only = node.parts.length === 1 ? node.parts[0]! : undefined;
      return only?.kind === 'value' ? inner(only.value) : 'a template';
    }
    case 'tuple':
      return '[...]';
    case 'object':
      return '{...}';
    case 'for':
      return 'a for expression';
    case 'broken':
      return 'an unreadable expression';
  }
}
