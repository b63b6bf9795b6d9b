/** Knows how Express, Koa, Hono and Fastify register routes, routers and middleware, and in which order they run. */
import { constants } from './program/flow.ts';
import { type CallSite, type Node, type Program, placeIn, type Unit, valueAt } from './program/link.ts';
import {
  elementsOf,
  entriesOf,
  entryOf,
  handlerOf,
  layerOf,
  middlewareIn,
  positional,
  resolve,
} from './web-js-values.ts';
import type { Layer, Mount, Route, WebObject } from './web-model.ts';
import {
  kindOf,
  makersOf,
  makersOfReceiver,
  memberAt,
  pluginsOf,
  type Receiver,
  sharesScope,
  textsOf,
} from './web-objects.ts';
import { momentOf } from './web-order.ts';

const verbs: Readonly<Record<string, readonly string[]>> = {
  get: ['GET'],
  post: ['POST'],
  put: ['PUT'],
  patch: ['PATCH'],
  delete: ['DELETE'],
  del: ['DELETE'],
  head: ['HEAD'],
  options: ['OPTIONS'],
  all: [],
  any: [],
};

type Mutable = { -readonly [K in keyof WebObject]: WebObject[K] } & {
  prefixes: string[];
  layers: Layer[];
  mounts: Mount[];
};

export interface Reader {
  readonly program: Program;
  readonly objects: Map<CallSite, Mutable>;
  readonly routes: Route[];
  /** Applications that are seen to serve. */
  readonly listening: Set<WebObject>;
}

/** Objects and routes of all files in JavaScript and TypeScript. */
export function readEcmascript(program: Program): Reader {
  const reader: Reader = { program, objects: new Map(), routes: [], listening: new Set() };
  const units = program.units.filter((unit) => unit.module.language !== 'python');
  for (const unit of units) {
    for (const id of unit.module.calls.keys()) {
      const site = program.call(unit, id);
      const kind = kindOf(program, site);
      if (kind) readObject(reader, site, kind);
    }
  }
  if (units.length > 0)
    for (const site of new Set([...pluginsOf(program).values()].flat())) {
      if (!sharesScope(program, site)) readObject(reader, site, { kind: 'router', framework: 'fastify' });
    }
  for (const unit of units) for (const id of unit.module.calls.keys()) readCall(reader, program.call(unit, id));
  return { ...reader, routes: withoutSteps(reader.routes) };
}

/** Of several registrations for the same path the last one answers; the others run before it. */
function withoutSteps(routes: readonly Route[]): Route[] {
  const last = new Map<string, Route>();
  const keyOf = (route: Route) =>
    route.moment && route.owners.length > 0
      ? `${route.owners[0]!.place.path} ${route.owners[0]!.place.span.start} ${route.methods.join()} ${route.path}`
      : undefined;
  for (const route of routes) {
    const key = keyOf(route);
    if (key !== undefined) last.set(key, route);
  }
  return routes.filter((route) => {
    const key = keyOf(route);
    return key === undefined || last.get(key) === route;
  });
}

/** Applications that are set up by the same code are one: a factory for tests makes another. */
export function distinctApps(objects: readonly WebObject[]): readonly WebObject[] {
  const seen = new Set<string>();
  return objects.filter((one) => {
    if (one.kind !== 'app') return true;
    const keys = one.layers.flatMap(({ moment, place }) => (moment ? [`${place.path} ${place.span.start}`] : []));
    const isAgain = keys.some((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return !isAgain;
  });
}

function readObject(reader: Reader, site: CallSite, made: Pick<WebObject, 'kind' | 'framework'>): void {
  const { program } = reader;
  const { unit, call } = site;
  const holder = unit.module.assignments.find((one) => {
    const value = one.value && unit.module.values[one.value.value];
    return value?.kind === 'call' && unit.module.calls[value.call] === call;
  });
  const options = made.framework === 'koa' ? positional(site)[0] : undefined;
  const prefix = options && entryOf(program, options, 'prefix');
  reader.objects.set(site, {
    ...made,
    site,
    name: holder?.name || made.kind,
    place: placeIn(unit, call),
    prefixes: prefix ? [...textsOf(program, prefix.unit, prefix.ref)] : [],
    layers: [],
    mounts: [],
  });
}

function ownersAt(reader: Reader, sites: readonly CallSite[], depth = 0): readonly Mutable[] {
  const found = new Set<Mutable>();
  for (const site of sites) {
    const object = reader.objects.get(site);
    if (object) found.add(object);
    else if (depth < 4) {
      // A plugin that shares the scope of whoever registers it.
      const member = memberAt(site.unit, site.call.callee.value);
      if (member) for (const one of ownersOf(reader, site.unit, member.of, undefined, depth + 1)) found.add(one);
    }
  }
  return [...found];
}

function ownersOf(reader: Reader, unit: Unit, of: Receiver, frame?: CallSite, depth = 0): readonly Mutable[] {
  return ownersAt(reader, makersOfReceiver(reader.program, unit, of, frame), depth);
}

/** Frames in which a function that gets the application as a parameter is called; one without any for the rest. */
function framesOf(reader: Reader, site: CallSite): readonly (CallSite | undefined)[] {
  const { unit, call } = site;
  const member = memberAt(unit, call.callee.value);
  const receiver = member && typeof member.of !== 'string' ? unit.module.values[member.of] : undefined;
  if (receiver?.kind !== 'param') return [undefined];
  const callers = reader.program.callers(unit, receiver.function).slice(0, 40);
  return callers.length > 0 ? callers : [undefined];
}

function readCall(reader: Reader, site: CallSite): void {
  const { unit, call } = site;
  const member = memberAt(unit, call.callee.value);
  if (!member) return;
  const { name, of } = member;
  if (name === 'use') readUse(reader, site, of);
  else if (Object.hasOwn(verbs, name)) readVerb(reader, site, name, of);
  else if (name === 'route') readRoute(reader, site, of);
  else if (name === 'register') readRegister(reader, site, of);
  else if (name === 'listen' || name === 'listenAsync')
    for (const owner of ownersOf(reader, unit, of)) reader.listening.add(owner);
  else if (name === 'addHook') readHook(reader, site, of);
  else if (name === 'basePath' || name === 'prefix' || name === 'setGlobalPrefix') readPrefix(reader, site, of);
  else if (/^useGlobal(?:Guards|Interceptors)$/.test(name)) readGlobals(reader, site, of);
}

function readPrefix(reader: Reader, site: CallSite, of: Receiver): void {
  const first = positional(site)[0];
  const texts = first ? textsOf(reader.program, first.unit, first.ref) : [];
  if (texts.length === 0) return;
  for (const owner of ownersOf(reader, site.unit, of))
    owner.prefixes.push(...texts.map((text) => `/${text.replace(/^\//, '')}`));
}

function readGlobals(reader: Reader, site: CallSite, of: Receiver): void {
  for (const owner of ownersOf(reader, site.unit, of))
    for (const node of positional(site)) {
      const layer = layerOf(reader.program, 'class', node);
      if (layer) owner.layers.push(layer);
    }
}

/** Texts that an argument can be when it is a path, a pattern or a list of them; undefined: something else. */
function pathsAt(program: Program, node: Node): readonly string[] | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind === 'list') {
    const all = value.items.map((ref) => pathsAt(program, { unit: at.unit, ref }));
    return all.length > 0 && all.every((one) => one !== undefined) ? all.flat().slice(0, 16) : undefined;
  }
  if (value.kind === 'const') return typeof value.value === 'string' ? [value.value] : undefined;
  if (value.kind !== 'concat' && value.kind !== 'either' && value.kind !== 'param' && value.kind !== 'attr')
    return undefined;
  const texts = textsOf(program, at.unit, at.ref);
  return texts.length > 0 ? texts : undefined;
}

/** A value that is named like a path: where it leads cannot be told. */
function isPathName(node: Node): boolean {
  const value = valueAt(node);
  return (
    (value.kind === 'attr' || value.kind === 'global') &&
    /(?:path|uri|url|prefix|base|mount|endpoint)$/i.test(value.name)
  );
}

/** `use(path?, ...middleware and routers)`. */
function readUse(reader: Reader, site: CallSite, of: Receiver): void {
  for (const frame of framesOf(reader, site)) {
    const owners = ownersOf(reader, site.unit, of, frame);
    if (owners.length === 0) continue;
    for (const given of variantsOf(reader.program, site)) useOn(reader, site, owners, given, frame);
  }
}

/** The arguments of a call; once for every element where they are parts of what a loop goes over. */
function variantsOf(program: Program, site: CallSite): readonly (readonly Node[])[] {
  const given = positional(site);
  const { values } = site.unit.module;
  const part = given.map((node) => values[node.ref]!).find((value) => value.kind === 'attr');
  const elements = part?.kind === 'attr' ? elementsOf(program, { unit: site.unit, ref: part.of }) : [];
  if (part?.kind !== 'attr' || elements.length === 0) return [given];
  return elements.map((element) =>
    given.map((node) => {
      const value = values[node.ref]!;
      const isPart = value.kind === 'attr' && value.of === part.of;
      return (isPart ? entryOf(program, element, value.name) : undefined) ?? node;
    }),
  );
}

function useOn(
  reader: Reader,
  site: CallSite,
  owners: readonly Mutable[],
  given: readonly Node[],
  frame: CallSite | undefined,
): void {
  const { program } = reader;
  const { unit, call } = site;
  const paths =
    given[0] && (pathsAt(program, given[0]) ?? (given.length > 1 && isPathName(given[0]) ? ['*'] : undefined));
  const isAll = paths === undefined || paths.some((path) => /^\/?\**$/.test(path));
  const moment = owners[0]!.framework === 'fastify' ? undefined : momentOf(program, unit, call, frame);
  const before: Layer[] = [];
  for (const node of (paths ? given.slice(1) : given).flatMap((one) => middlewareIn(program, one))) {
    const mounted = mountedAt(reader, node, frame);
    for (const child of mounted.objects) {
      for (const parent of owners) {
        if (child === parent) continue;
        const prefixes = [
          ...new Set((isAll ? [''] : paths!).flatMap((path) => mounted.prefixes.map((one) => path + one))),
        ];
        child.mounts.push({ parent, prefixes, layers: [...before], ...(moment ? { moment } : {}) });
      }
    }
    if (mounted.objects.length > 0 || isRest(program, node)) continue;
    const layer = layerOf(program, 'before', node, {
      place: placeIn(unit, call),
      ...(isAll ? {} : { paths: paths! }),
      ...(moment ? { moment } : {}),
    });
    if (!layer) continue;
    before.push(layer);
    for (const owner of owners) owner.layers.push(layer);
  }
}

/** `router.allowedMethods()` of Koa answers OPTIONS. */
function isRest(program: Program, node: Node): boolean {
  const value = valueAt(node);
  if (value.kind !== 'call') return false;
  const callee = program.call(node.unit, value.call).call.callee.value;
  return memberAt(node.unit, callee)?.name === 'allowedMethods';
}

/** Routers and applications that are mounted: as they are, by `router.routes()`, by `mount('/x', app)`. */
function mountedAt(
  reader: Reader,
  node: Node,
  frame: CallSite | undefined,
): { readonly objects: readonly Mutable[]; readonly prefixes: readonly string[] } {
  const { program } = reader;
  const at = resolve(program, node);
  const value = valueAt(at);
  const site = value.kind === 'call' ? program.call(at.unit, value.call) : undefined;
  if (site?.names.some((name) => /^koa-mount\b/.test(name))) {
    const given = positional(site);
    const prefixes = given.length > 1 ? (pathsAt(program, given[0]!) ?? ['']) : [''];
    const inner = given.at(-1);
    return { objects: inner ? mountedAt(reader, inner, frame).objects : [], prefixes };
  }
  return { objects: ownersAt(reader, makersOf(program, node.unit, node.ref, frame)), prefixes: [''] };
}

/** `app.get(path, ...middleware, handler)`, `router.route(path).get(handler)`, `fastify.get(path, options, handler)`. */
function readVerb(reader: Reader, site: CallSite, verb: string, of: Receiver): void {
  const { program } = reader;
  const { unit } = site;
  const chain = typeof of === 'string' ? undefined : routeCall(program, unit, of);
  const given = positional(site);
  const first = chain ? positional(chain)[0] : given[0];
  if (!first || (!chain && given.length < 2)) return;
  const rest = chain ? given : given.slice(1);
  const frames = chain ? framesOf(reader, chain) : framesOf(reader, site);
  const receiver = chain ? memberAt(unit, chain.call.callee.value)!.of : of;
  for (const frame of frames) {
    const owners = ownersOf(reader, unit, receiver, frame);
    const paths = pathsAt(program, first) ?? [''];
    if (owners.length === 0) {
      if (isLoose(program, unit, receiver, paths)) push(reader, site, verbs[verb]!, paths, rest, [], frame);
      continue;
    }
    push(reader, site, verbs[verb]!, paths, rest, owners, frame);
  }
}

/** The `.route(path)` that a call is chained on. */
function routeCall(program: Program, unit: Unit, of: Receiver): CallSite | undefined {
  let ref = of;
  for (let depth = 0; typeof ref !== 'string' && depth < 16; depth++) {
    const value = unit.module.values[ref]!;
    if (value.kind !== 'call') return undefined;
    const site = program.call(unit, value.call);
    const member = memberAt(unit, site.call.callee.value);
    if (!member) return undefined;
    if (member.name === 'route') return positional(site).length === 1 ? site : undefined;
    if (!Object.hasOwn(verbs, member.name)) return undefined;
    ref = member.of;
  }
  return undefined;
}

/** A parameter or unknown value that is named or typed like an application. */
function isLoose(program: Program, unit: Unit, of: Receiver, paths: readonly string[]): boolean {
  if (typeof of === 'string' || !paths.some((path) => path.startsWith('/'))) return false;
  const value = unit.module.values[of]!;
  if (value.kind === 'unknown') return /^(?:app|router|server|fastify)$/.test(value.name ?? '');
  if (value.kind !== 'param') return false;
  const param = unit.module.functions[value.function]!.params[value.index]!;
  return (
    /^(?:app|router|server|fastify|expressApp)$/.test(param.name) ||
    program.names(unit, of).some((name) => /^(?:express|fastify|koa|hono)\b/.test(name))
  );
}

function push(
  reader: Reader,
  site: CallSite,
  methods: readonly string[],
  paths: readonly string[],
  given: readonly Node[],
  owners: readonly Mutable[],
  frame: CallSite | undefined,
): void {
  const { program } = reader;
  const { unit, call } = site;
  const framework = owners[0]?.framework ?? 'express';
  const options = framework === 'fastify' && given.length > 1 ? given[0] : undefined;
  const nodes = (options ? given.slice(1) : given).flatMap((one) => middlewareIn(program, one));
  const last = given.at(-1);
  const moment = framework === 'fastify' ? undefined : momentOf(program, unit, call, frame);
  // A list of middleware may end with the handler; a wrapped handler is one node with what it wraps.
  const lastNodes = last ? middlewareIn(program, last) : [];
  const isList = last !== undefined && valueAt(resolve(program, last)).kind === 'list';
  const handlers = isList ? lastNodes.slice(-1) : lastNodes;
  const before = nodes.slice(0, nodes.length - handlers.length);
  const own = isList ? handlers[0] : last;
  const handler = own && handlerOf(program, own);
  const wrapped = own ? wrapperLayers(program, own) : [];
  const layers = [
    ...before.flatMap((node) => layerOf(program, 'before', node) ?? []),
    ...wrapped,
    ...(options ? optionLayers(program, options) : []),
  ];
  const shared = { methods, owners, layers, above: [], framework, place: placeIn(unit, call) };
  for (const path of paths.slice(0, 4)) {
    reader.routes.push({
      ...shared,
      path,
      ...(handler ? { handler } : {}),
      loose: owners.length === 0,
      ...(moment ? { moment } : {}),
      ...(handler ? {} : { open: 'the handler is not in the repository' }),
      ...(owners.length === 0 ? { open: 'where the route is mounted cannot be told' } : {}),
    });
  }
  if (!moment) return;
  // What a route runs also stands in front of later ones with the same path.
  const more = { paths, exact: true as const, moment, ...(methods.length > 0 ? { methods } : {}) };
  for (const owner of owners)
    for (const node of nodes) {
      const layer = layerOf(program, 'before', node, more);
      if (layer) owner.layers.push(layer);
    }
}

/** What a handler is wrapped in: `requireAdmin(handler)`. */
function wrapperLayers(program: Program, node: Node): readonly Layer[] {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'call' || program.call(at.unit, value.call).call.args.length === 0) return [];
  const layer = layerOf(program, 'decorator', node);
  return layer ? [layer] : [];
}

const hooks = ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'beforeHandler'];

/** Hooks and limits among the options of a route of Fastify. */
function optionLayers(program: Program, options: Node): readonly Layer[] {
  const found: Layer[] = [];
  for (const name of hooks) {
    const hook = entryOf(program, options, name);
    if (hook)
      for (const node of middlewareIn(program, hook)) {
        const layer = layerOf(program, 'before', node);
        if (layer) found.push(layer);
      }
  }
  const config = entryOf(program, options, 'config');
  const limit = config && entryOf(program, config, 'rateLimit');
  if (limit) {
    const isOff = constants(program, limit.unit, limit.ref)?.every((one) => one === false);
    const name = `fastify.config.rateLimit${isOff ? '.exempt' : ''}`;
    found.push({ level: 'decorator', node: limit, place: placeIn(limit.unit, valueAt(limit)), names: [name] });
  }
  return found;
}

/** `fastify.route({...})`, `hono.route('/x', app)`. */
function readRoute(reader: Reader, site: CallSite, of: Receiver): void {
  const { program } = reader;
  const { unit, call } = site;
  const [first, second] = positional(site);
  if (!first) return;
  for (const frame of framesOf(reader, site)) {
    const owners = ownersOf(reader, unit, of, frame);
    if (owners.length === 0) continue;
    if (second) {
      const prefixes = pathsAt(program, first) ?? [''];
      for (const child of mountedAt(reader, second, frame).objects)
        for (const parent of owners)
          if (child !== parent)
            child.mounts.push({ parent, prefixes, layers: [], moment: momentOf(program, unit, call, frame) });
      continue;
    }
    const text = (key: string) => {
      const entry = entryOf(program, first, key);
      return entry ? (pathsAt(program, entry) ?? []) : [];
    };
    const paths = [...text('url'), ...text('path')];
    const handler = entryOf(program, first, 'handler');
    if (paths.length === 0 || !handler) continue;
    const methods = text('method').map((one) => one.toUpperCase());
    push(reader, site, methods, paths, [first, handler], owners, frame);
  }
}

/** `fastify.register(plugin, {prefix})`: a plugin of the repository is a scope, one of a package a layer. */
function readRegister(reader: Reader, site: CallSite, of: Receiver): void {
  const { program } = reader;
  const { unit, call } = site;
  const [plugin, options] = positional(site);
  if (!plugin) return;
  const owners = ownersOf(reader, unit, of);
  const scope = reader.objects.get(site);
  if (scope) {
    const prefix = options && entryOf(program, options, 'prefix');
    const prefixes = prefix ? (pathsAt(program, prefix) ?? []) : [];
    for (const parent of owners) if (parent !== scope) scope.mounts.push({ parent, prefixes, layers: [] });
    return;
  }
  const off = options && entryOf(program, options, 'global');
  if (off && constants(program, off.unit, off.ref)?.[0] === false) return;
  const layer = layerOf(program, 'helper', plugin, { site, place: placeIn(unit, call) });
  if (layer) for (const owner of owners) owner.layers.push(layer);
}

function readHook(reader: Reader, site: CallSite, of: Receiver): void {
  const { program } = reader;
  const [name, hook] = positional(site);
  const kind = name && constants(program, name.unit, name.ref)?.[0];
  if (!hook || typeof kind !== 'string') return;
  const level = hooks.includes(kind) ? 'before' : kind === 'onSend' ? 'after' : undefined;
  if (level === undefined) return;
  for (const owner of ownersOf(reader, site.unit, of))
    for (const node of middlewareIn(program, hook)) {
      const layer = layerOf(program, level, node, { place: placeIn(site.unit, site.call) });
      if (layer) owner.layers.push(layer);
    }
}

/** Options of a helper by name: `helmet({ hsts: false })`. */
export function optionsOf(program: Program, layer: Layer): readonly (readonly [string, Node])[] {
  return layer.site ? positional(layer.site).flatMap((node) => entriesOf(program, node)) : [];
}
