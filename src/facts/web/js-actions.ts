/** Knows functions that clients call by name: server actions of Next.js, and procedures of tRPC. */
import { isCalledByClients } from '../program/flow.ts';
import { type FunctionSite, type Node, type Program, placeIn, type Unit, valueAt } from '../program/link.ts';
import type { Reader } from './js.ts';
import { entriesOf, handlerOf, layerOf, positional, resolve } from './js-values.ts';
import type { Layer, Route } from './model.ts';
import { memberAt } from './objects.ts';

const procedures: Readonly<Record<string, string>> = {
  query: 'QUERY',
  mutation: 'MUTATION',
  subscription: 'SUBSCRIPTION',
};

/** Routes of both kinds, by the names they are called with. */
export function readActions(reader: Reader): void {
  for (const unit of reader.program.units) if (unit.module.language !== 'python') readServerActions(reader, unit);
  readProcedures(reader);
}

/** Exported functions under `'use server'`, and what builders make of them. */
function readServerActions({ program, routes }: Reader, unit: Unit): void {
  const { module } = unit;
  if (module.side !== 'server') return;
  for (const [name, ref] of Object.entries(module.exports)) {
    const node = { unit, ref };
    const handler = handlerOf(program, node);
    if (!handler || handler.unit !== unit) continue;
    const isMade = valueAt(resolve(program, node)).kind === 'call';
    if (!isMade && !isCalledByClients(program, unit, handler.id)) continue;
    const chain = isMade ? chainOf(program, node) : { layers: [] };
    routes.push(routeOf('next', name === 'default' ? handler.function.name : name, ['POST'], handler, chain));
  }
}

interface Chain {
  readonly layers: readonly Layer[];
  /** Why there may be more. */
  readonly open?: string;
}

function routeOf(
  framework: 'next' | 'trpc',
  path: string,
  methods: readonly string[],
  handler: FunctionSite,
  chain: Chain,
): Route {
  return {
    framework,
    place: placeIn(handler.unit, handler.function.span),
    methods,
    path,
    handler,
    owners: [],
    layers: chain.layers,
    above: [],
    // A builder of actions that asks or counts something has its own idea of what is public.
    loose: framework === 'next' && chain.layers.length > 0,
    ...(chain.open === undefined ? {} : { open: chain.open }),
  };
}

/** What `builder.use(check).input(schema).mutation(handler)` runs before the handler: all that the builder was told to use. */
function chainOf(program: Program, node: Node): Chain {
  const layers: Layer[] = [];
  let at = resolve(program, node);
  for (let depth = 0; depth < 40; depth++) {
    const value = valueAt(at);
    const site = value.kind === 'call' ? program.call(at.unit, value.call) : undefined;
    const names = program.names(at.unit, at.ref);
    if (names.some((name) => builders.test(name) && !/\.(?:use|concat)\(\)/.test(name))) return { layers };
    const member = memberAt(at.unit, site ? site.call.callee.value : at.ref);
    if (!member) break;
    if (site && (member.name === 'use' || member.name === 'concat'))
      for (const given of positional(site)) {
        const inner = functionIn(program, given);
        const layer = layerOf(program, 'before', inner, {
          place: placeIn(site.unit, given.unit.module.values[given.ref]!),
        });
        if (layer) layers.push(layer);
      }
    const next = typeof member.of === 'string' ? program.define(member.of, at.unit) : { unit: at.unit, ref: member.of };
    if (!next) return builders.test(String(member.of)) ? { layers } : { layers, open: unseen };
    at = resolve(program, next);
  }
  return { layers, open: unseen };
}

const builders = /^(?:@trpc\/server|next-safe-action|zsa)\b/;
const unseen = 'what its builder runs first is not in the repository';

/** `t.middleware(check)` is `check`. */
function functionIn(program: Program, node: Node): Node {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'call') return node;
  const last = positional(program.call(at.unit, value.call)).at(-1);
  return last && valueAt(resolve(program, last)).kind === 'function' ? last : node;
}

/** `router({ users: router({ byId: procedure.query(handler) }) })`: the path is `users.byId`. */
function readProcedures(reader: Reader): void {
  const { program, routes } = reader;
  const roots: Node[] = [];
  const inner = new Set<string>();
  const keyOf = ({ unit, ref }: Node) => `${unit.path}\0${ref}`;
  const found = new Map<string, readonly Route[]>();
  const read = (table: Node, depth: number): readonly Route[] => {
    const known = found.get(keyOf(table));
    if (known || depth > 8) return known ?? [];
    found.set(keyOf(table), []);
    const own = entriesOf(program, table).flatMap(([name, node]): readonly Route[] => {
      const route = procedureAt(program, node, name);
      if (route) return [route];
      const nested = tableOf(program, node);
      if (!nested) return [];
      inner.add(keyOf(nested));
      return read(nested, depth + 1).map((one) => ({ ...one, path: `${name}.${one.path}` }));
    });
    found.set(keyOf(table), own);
    return own;
  };
  for (const unit of program.units) {
    if (unit.module.language === 'python') continue;
    for (const [id, call] of unit.module.calls.entries()) {
      if (!/(?:^|\.|\w)[rR]outer$/.test(call.callee.name ?? '')) continue;
      const [first] = positional(program.call(unit, id));
      const table = first && resolve(program, first);
      if (!table || valueAt(table).kind !== 'dict') continue;
      roots.push(table);
      read(table, 0);
    }
  }
  const seen = new Set<string>();
  for (const table of roots) {
    if (inner.has(keyOf(table)) || seen.has(keyOf(table))) continue;
    seen.add(keyOf(table));
    routes.push(...(found.get(keyOf(table)) ?? []));
  }
}

/** The table of a router in a router, and of one that is written without the call. */
function tableOf(program: Program, node: Node): Node | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind === 'dict') return at;
  const first = value.kind === 'call' ? positional(program.call(at.unit, value.call))[0] : undefined;
  const table = first && resolve(program, first);
  return table && valueAt(table).kind === 'dict' ? table : undefined;
}

function procedureAt(program: Program, node: Node, name: string): Route | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'call') return undefined;
  const site = program.call(at.unit, value.call);
  const member = memberAt(at.unit, site.call.callee.value);
  const method = member && Object.hasOwn(procedures, member.name) ? procedures[member.name] : undefined;
  if (method === undefined || !/rocedure\b/.test(site.call.callee.name ?? '')) return undefined;
  const [given] = positional(site);
  const handler = given && handlerOf(program, given);
  return handler && routeOf('trpc', name, [method], handler, chainOf(program, at));
}
