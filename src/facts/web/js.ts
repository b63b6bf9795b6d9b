/** Knows how Express, Koa, Hono and Fastify register routes, routers and middleware, and in which order they run. */
import { constants } from '../program/flow.ts';
import {
  type CallSite,
  type ClassSite,
  type Node,
  type Program,
  placeIn,
  type Unit,
  valueAt,
} from '../program/link.ts';
import type { ClassModel, Ref, Value } from '../program/model.ts';
import { registrationAt, routerClassAt, routersGiven } from './js-classes.ts';
import { elementsOf, entriesOf, entryOf, handlerOf, layerOf, middlewareIn, positional, resolve } from './js-values.ts';
import type { Layer, Mount, Route, WebObject } from './model.ts';
import {
  kindOf,
  makersOf,
  makersOfReceiver,
  memberAt,
  pluginsOf,
  type Receiver,
  sharesScope,
  textsOf,
} from './objects.ts';
import { momentOf } from './order.ts';

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
  /** Routers that are classes of the repository. */
  readonly classes: Map<ClassModel, Mutable>;
  readonly routes: Route[];
  /** Applications that are seen to serve. */
  readonly listening: Set<WebObject>;
}

/** Objects and routes of all files in JavaScript and TypeScript. */
export function readEcmascript(program: Program): Reader {
  const reader: Reader = { program, objects: new Map(), classes: new Map(), routes: [], listening: new Set() };
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

/** The router that stands for a class; its instances are told apart by their classes alone. */
function classObject({ classes }: Reader, { unit, class: model }: ClassSite): Mutable {
  const made = classes.get(model) ?? {
    kind: 'router' as const,
    framework: 'express' as const,
    name: model.name,
    place: placeIn(unit, model.nameSpan),
    prefixes: [],
    layers: [],
    mounts: [],
  };
  classes.set(model, made);
  return made;
}

function ownersOf(reader: Reader, unit: Unit, of: Receiver, frame?: CallSite, depth = 0): readonly Mutable[] {
  const own = typeof of === 'number' ? routerClassAt(reader.program, { unit, ref: of }) : undefined;
  if (own) return [classObject(reader, own)];
  return ownersAt(reader, makersOfReceiver(reader.program, unit, of, frame), depth);
}

/** Frames in which a function that gets the application or the path as a parameter is called; one without any for the rest. */
function framesOf(reader: Reader, site: CallSite): readonly (CallSite | undefined)[] {
  const { unit, call } = site;
  const callee = unit.module.values[call.callee.value]!;
  const of = callee.kind === 'item' ? callee.of : memberAt(unit, call.callee.value)?.of;
  const [first] = positional(site);
  for (const ref of [of, first?.ref]) {
    const given = typeof ref === 'number' ? paramAt(unit, ref) : undefined;
    const callers = given ? reader.program.callers(unit, given.function).slice(0, 400) : [];
    if (callers.length > 0) return callers;
  }
  return [undefined];
}

interface Given {
  readonly function: number;
  /** Of the argument; negative counts from the end. */
  readonly index: number;
  readonly rest: boolean;
}

/** The parameter that a value is; also `args[0]` and `args[args.length - 1]` of `...args`. */
function paramAt(unit: Unit, ref: Ref): Given | undefined {
  const { values, functions } = unit.module;
  const value = values[ref]!;
  if (value.kind === 'param')
    return { ...value, rest: functions[value.function]!.params[value.index]!.kind === 'rest' };
  const list = value.kind === 'item' ? values[value.of]! : undefined;
  if (value.kind !== 'item' || list?.kind !== 'param') return undefined;
  if (functions[list.function]!.params[list.index]!.kind !== 'rest') return undefined;
  const key = values[value.key]!;
  if (key.kind === 'const' && typeof key.value === 'number')
    return { function: list.function, index: list.index + key.value, rest: false };
  const [left, right] = key.kind === 'operation' && key.op === '-' ? key.of.map((one) => values[one]!) : [];
  return left?.kind === 'attr' && left.name === 'length' && right?.kind === 'const'
    ? { function: list.function, index: -Number(right.value), rest: false }
    : undefined;
}

/** What a value is in a frame: the arguments for a parameter. */
function framed(program: Program, node: Node, frame: CallSite | undefined): readonly Node[] {
  const given = frame ? paramAt(node.unit, node.ref) : undefined;
  if (!frame || !given) return [node];
  const model = node.unit.module.functions[given.function]!;
  if (!program.targets(frame).some((one) => one.function === model)) return [node];
  const all = positional(frame);
  return given.rest ? all.slice(given.index) : [all.at(given.index) ?? node];
}

function readCall(reader: Reader, site: CallSite): void {
  const { unit, call } = site;
  const callee = unit.module.values[call.callee.value]!;
  if (callee.kind === 'item') readVerbs(reader, site, callee.of, callee.key);
  if (call.form === 'new') readGiven(reader, site);
  const member = memberAt(unit, call.callee.value);
  if (!member || readRegistration(reader, site, member.of)) return;
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

/** What a class that is a router is asked to route by a method of its own. */
function readRegistration(reader: Reader, site: CallSite, of: Receiver): boolean {
  const { program } = reader;
  const owner = typeof of === 'number' ? routerClassAt(program, { unit: site.unit, ref: of }) : undefined;
  const isWhole = owner && program.meanings(site.unit, of as number).some((one) => one.kind === 'instance');
  if (!isWhole) return false;
  const found = registrationAt(program, site, owner);
  if (found)
    push(
      reader,
      site,
      found.methods,
      pathsAt(program, found.path) ?? [''],
      found.given,
      [classObject(reader, owner)],
      undefined,
    );
  else if (/^use\w/.test(memberAt(site.unit, site.call.callee.value)!.name)) {
    // `useWithMiddleware(path, router, limit)`: what it mounts comes last.
    const [path, ...rest] = positional(site);
    const isMounted = (node: Node) => mountedAt(reader, node, undefined).objects.length > 0;
    const given = [...rest.filter((node) => !isMounted(node)), ...rest.filter(isMounted)];
    if (path) useOn(reader, site, [classObject(reader, owner)], [path, ...given], undefined);
    return true;
  }
  return found !== undefined;
}

/** A router that is made with the routes of others answers for them. */
function readGiven(reader: Reader, site: CallSite): void {
  const { program } = reader;
  const ref = site.unit.module.values.findIndex(
    (value) => value.kind === 'call' && site.unit.module.calls[value.call] === site.call,
  );
  const owner = ref < 0 ? undefined : routerClassAt(program, { unit: site.unit, ref });
  if (!owner) return;
  const parent = classObject(reader, owner);
  for (const one of routersGiven(program, site)) {
    const child = classObject(reader, one);
    if (child !== parent) child.mounts.push({ parent, prefixes: [''], layers: [] });
  }
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
function pathsAt(program: Program, node: Node, frame?: CallSite): readonly string[] | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind === 'list') {
    const all = value.items.map((ref) => pathsAt(program, { unit: at.unit, ref }, frame));
    return all.length > 0 && all.every((one) => one !== undefined) ? all.flat().slice(0, 16) : undefined;
  }
  if (value.kind === 'const') return typeof value.value === 'string' ? [value.value] : undefined;
  if (value.kind !== 'concat' && value.kind !== 'either' && value.kind !== 'param' && value.kind !== 'attr')
    return undefined;
  const texts =
    frame && value.kind === 'concat'
      ? joinedTexts(program, at, value.parts, frame)
      : textsOf(program, at.unit, at.ref, frame);
  return texts.length > 0 ? texts : undefined;
}

/** Texts that are put together from what a frame gives; the rest is one wildcard each. */
function joinedTexts(program: Program, { unit }: Node, parts: readonly Ref[], frame: CallSite): readonly string[] {
  return parts.reduce<readonly string[]>(
    (texts, part) => {
      const found = framed(program, { unit, ref: part }, frame).flatMap((one) =>
        textsOf(program, one.unit, one.ref, frame),
      );
      return texts.flatMap((text) => (found.length > 0 ? found : ['*']).map((one) => text + one)).slice(0, 16);
    },
    [''],
  );
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
    for (const given of variantsOf(reader.program, site.unit, positional(site)))
      useOn(reader, site, owners, given, frame);
  }
}

/** Values where they stand; once for every element where they are parts of what a loop goes over. */
function variantsOf(program: Program, unit: Unit, given: readonly Node[]): readonly (readonly Node[])[] {
  const { values } = unit.module;
  const rounds = given.flatMap((node) => {
    const value = values[node.ref]!;
    return node.unit === unit && value.kind === 'either' && value.form === 'loop' ? [value.of] : [];
  });
  // What one round of a loop gives belongs together.
  if (rounds.length > 1 && rounds.every((one) => one.length === rounds[0]!.length))
    return rounds[0]!.map((_, i) =>
      given.map((node) => {
        const value = values[node.ref]!;
        return value.kind === 'either' && value.form === 'loop' ? { unit, ref: value.of[i]! } : node;
      }),
    );
  const isPart = (value: Value): value is Value & { kind: 'attr' | 'item' } =>
    (value.kind === 'attr' || value.kind === 'item') && elementsOf(program, { unit, ref: value.of }).length > 0;
  const whole = given.find((node) => elementsOf(program, node).length > 0)?.ref;
  const of = whole ?? given.map((node) => values[node.ref]!).find(isPart)?.of;
  if (of === undefined) return [given];
  return elementsOf(program, { unit, ref: of }).map((element) =>
    given.map((node) => {
      const value = values[node.ref]!;
      if (node.ref === of) return element;
      if (!isPart(value) || value.of !== of) return node;
      if (value.kind === 'attr') return entryOf(program, element, value.name) ?? node;
      const index = constants(program, unit, value.key)?.[0];
      const list = valueAt(resolve(program, element));
      const item = list.kind === 'list' && typeof index === 'number' ? list.items[index] : undefined;
      return item === undefined ? node : { unit: resolve(program, element).unit, ref: item };
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
  const own = routerClassAt(program, node);
  if (own) return { objects: [classObject(reader, own)], prefixes: [''] };
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
    const owners = framedOwners(reader, unit, receiver, frame);
    for (const [path, ...nodes] of variantsOf(program, unit, [first, ...rest])) {
      const paths = framed(program, path!, frame).flatMap((one) => pathsAt(program, one, frame) ?? ['']);
      if (owners.length > 0 || isLoose(program, unit, receiver, paths))
        push(reader, site, verbs[verb]!, paths, inFrame(program, nodes, frame), owners, frame);
    }
  }
}

function inFrame(program: Program, nodes: readonly Node[], frame: CallSite | undefined): readonly Node[] {
  return nodes.flatMap((node) => framed(program, node, frame));
}

function framedOwners(reader: Reader, unit: Unit, of: Receiver, frame: CallSite | undefined): readonly Mutable[] {
  if (typeof of === 'string') return ownersOf(reader, unit, of, frame);
  const [node] = framed(reader.program, { unit, ref: of }, frame);
  const found = node ? ownersOf(reader, node.unit, node.ref, frame) : [];
  return found.length > 0 ? found : ownersOf(reader, unit, of, frame);
}

/** `app[method](path, ...)`, with the methods a loop goes over or that the value can be. */
function readVerbs(reader: Reader, site: CallSite, of: Ref, key: Ref): void {
  const { program } = reader;
  const { unit } = site;
  const given = positional(site);
  if (given.length < 2) return;
  for (const frame of framesOf(reader, site)) {
    const owners = framedOwners(reader, unit, of, frame);
    if (owners.length === 0) continue;
    for (const [word, path, ...nodes] of variantsOf(program, unit, [{ unit, ref: key }, ...given])) {
      const paths = framed(program, path!, frame).flatMap((one) => pathsAt(program, one, frame) ?? ['']);
      for (const one of framed(program, word!, frame))
        for (const text of textsOf(program, one.unit, one.ref, frame)) {
          const name = text.toLowerCase();
          if (!Object.hasOwn(verbs, name)) continue;
          push(reader, site, verbs[name]!, paths, inFrame(program, nodes, frame), owners, frame);
        }
    }
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
  // A helper that is told the path registers nothing itself.
  const isTold =
    frame !== undefined &&
    positional(site)
      .slice(0, 1)
      .some((one) => paramAt(unit, one.ref));
  const place = isTold ? placeIn(frame.unit, frame.call) : placeIn(unit, call);
  const shared = { methods, owners, layers, above: [], framework, place };
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
