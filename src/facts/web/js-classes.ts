/** Knows routers that are classes of the repository: which values are instances of them, and what stands before their routes. */
import { constants } from '../program/flow.ts';
import { type CallSite, type ClassSite, type Node, type Program, type Unit, valueAt } from '../program/link.ts';
import type { ClassModel, Ref } from '../program/model.ts';
import { entryOf, functionAt, middlewareIn, positional } from './js-values.ts';
import { kindOf, memberAt } from './objects.ts';

/** Fields that hold the router of a framework. */
const fields = ['router', 'app', '_router', 'expressRouter', 'api'];
/** Methods and getters that give the router, or the routes, of an instance. */
const giving = /router|routes|middleware|mount|^app$|^build$|^handler$/i;

const known = new WeakMap<ClassModel, boolean>();

/** Does the class inherit its router from another one of the repository, or keep a table of routes? */
function isRouter(program: Program, unit: Unit, id: number): boolean {
  const model = unit.module.classes[id]!;
  const before = known.get(model);
  if (before !== undefined) return before;
  known.set(model, false);
  const inherited = fields.some((name) =>
    program.field(unit, id, name).some((node) => {
      const value = valueAt(node);
      const owner = value.kind === 'call' ? node.unit.module.calls[value.call]!.function : -1;
      const isOwn = node.unit === unit && (owner < 0 || node.unit.module.functions[owner]!.class === id);
      return value.kind === 'call' && !isOwn && kindOf(program, program.call(node.unit, value.call))?.kind === 'router';
    }),
  );
  const found = inherited || keepsTable(program, unit, id);
  known.set(model, found);
  return found;
}

/** `route(method, path, handler) { this.routes.push({ method, path, handler }); }`. */
function keepsTable(program: Program, unit: Unit, id: number): boolean {
  const method = program.method(unit, id, 'route') ?? program.method(unit, id, 'addRoute');
  if (!method) return false;
  const { module } = method.unit;
  return module.dicts.some(({ value, function: inside }) => {
    const dict = module.values[value]!;
    if (inside !== method.id || dict.kind !== 'dict') return false;
    const keys = dict.entries.map(([key]) => (key === null ? undefined : module.values[key]!));
    const names = keys.map((key) => (key?.kind === 'const' ? key.value : undefined));
    return names.includes('method') && (names.includes('path') || names.includes('url'));
  });
}

/** The class whose instance a value is, or is the router of; undefined: it is no such class. */
export function routerClassAt(program: Program, node: Node, depth = 0): ClassSite | undefined {
  const { unit, ref } = node;
  if (depth > 6) return undefined;
  for (const meaning of program.meanings(unit, ref))
    if (meaning.kind === 'instance' && isRouter(program, meaning.unit, meaning.class))
      return { unit: meaning.unit, id: meaning.class, class: meaning.unit.module.classes[meaning.class]! };
  const value = valueAt(node);
  if (value.kind === 'global') {
    const defined = program.define(value.name, unit) ?? program.define(`${value.name}.default`, unit);
    if (defined) return routerClassAt(program, defined, depth + 1);
  }
  const member =
    value.kind === 'call' ? memberAt(unit, unit.module.calls[value.call]!.callee.value) : memberAt(unit, ref);
  if (!member || !giving.test(member.name)) return undefined;
  if (typeof member.of === 'number') return routerClassAt(program, { unit, ref: member.of }, depth + 1);
  const owner = program.define(member.of, unit);
  return owner && routerClassAt(program, owner, depth + 1);
}

/** Instances of such classes whose routes another one is made with: `new Router([new Users(), new Files()].reduce(...))`. */
export function routersGiven(program: Program, site: CallSite): readonly ClassSite[] {
  const found = new Map<ClassModel, ClassSite>();
  const seen = new Set<Ref>();
  const { unit } = site;
  const queue: Ref[] = site.call.args.map((arg) => arg.value);
  for (let ref = queue.pop(); ref !== undefined && seen.size < 400; ref = queue.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    const own = routerClassAt(program, { unit, ref });
    if (own) found.set(own.class, own);
    const value = unit.module.values[ref]!;
    if (value.kind === 'list') queue.push(...value.items);
    else if (value.kind === 'spread') queue.push(value.of);
    else if (value.kind === 'either') queue.push(...value.of);
    else if (value.kind === 'call') {
      const { callee, args } = unit.module.calls[value.call]!;
      const of = memberAt(unit, callee.value)?.of;
      queue.push(...args.map((arg) => arg.value));
      if (typeof of === 'number') queue.push(of);
    }
  }
  return [...found.values()];
}

export interface Registration {
  readonly methods: readonly string[];
  readonly path: Node;
  /** Middleware and the handler, in order. */
  readonly given: readonly Node[];
}

const verb = /^(?:get|post|put|patch|delete|head|options|all)$/i;

/** What `route('POST', '/x', ...handlers)`, `route({ method, path, handler })` and `post('/x', handler)` of a class register. */
export function registrationAt(program: Program, site: CallSite, owner: ClassSite): Registration | undefined {
  const member = memberAt(site.unit, site.call.callee.value);
  const [first, second, ...rest] = positional(site);
  if (!member || !first || !program.method(owner.unit, owner.id, member.name)) return undefined;
  const text = (node: Node | undefined): string | undefined => {
    const found = node && constants(program, node.unit, node.ref)?.[0];
    return typeof found === 'string' ? found : undefined;
  };
  const methodsOf = (word: string) => (/^all$/i.test(word) ? [] : [word.toUpperCase()]);
  if (member.name === 'route' || member.name === 'addRoute') {
    const [method, path, handler] = ['method', 'path', 'handler'].map((key) => entryOf(program, first, key));
    const word = text(method) ?? text(first) ?? '';
    if (!verb.test(word)) return undefined;
    if (!path || !handler)
      return second && rest.length > 0 ? { methods: methodsOf(word), path: second, given: rest } : undefined;
    const between = entryOf(program, first, 'middleware');
    const given = [...(between ? middlewareIn(program, between) : []), handler];
    return { methods: methodsOf(word), path, given: [...standing(program, owner, member.name, first), ...given] };
  }
  if (!verb.test(member.name) || !second) return undefined;
  const given = [second, ...rest].filter((node) => functionAt(program, node));
  const { unit, function: own } = program.method(owner.unit, owner.id, member.name)!;
  const left = own.params
    .slice(2 + rest.length)
    .flatMap((one) => (one.default ? [{ unit, ref: one.default.value }] : []));
  const before = standing(program, owner, 'route', ...rest, ...left);
  return given.length > 0 ? { methods: methodsOf(member.name), path: first, given: [...before, ...given] } : undefined;
}

/** What the class puts before each of its routes: `this.app[options.method](options.path, check(options.permission), ...)`. */
function standing(
  program: Program,
  { unit, id }: ClassSite,
  name: string,
  ...options: readonly Node[]
): readonly Node[] {
  const method = program.method(unit, id, name);
  // A route that says it is open to all passes what asks for permissions.
  const isOpen = options.some((node) => {
    const permission = entryOf(program, node, 'permission') ?? entryOf(program, node, 'permissions') ?? node;
    return (constants(program, permission.unit, permission.ref) ?? []).some((one) =>
      /^(?:none|public)$/i.test(String(one)),
    );
  });
  if (!method || isOpen) return [];
  const { module } = method.unit;
  const call = module.calls.findIndex(
    (one) => one.function === method.id && module.values[one.callee.value]!.kind === 'item' && one.args.length > 2,
  );
  return call < 0 ? [] : positional(program.call(method.unit, call)).slice(1, -1);
}
