/** Knows how Flask, FastAPI, Starlette, aiohttp and the standard library's server register routes and what guards them. */
import {
  argument,
  type CallSite,
  type ClassSite,
  type FunctionSite,
  type Node,
  type Program,
  placeIn,
  type Unit,
} from '../program/link.ts';
import type { Argument, FunctionModel, Operand, Ref } from '../program/model.ts';
import type { Layer, Mount, Route, WebObject } from './model.ts';
import { kindOf, makersOfReceiver, memberAt, type Receiver, textsOf } from './objects.ts';
import { textsIn } from './paths.ts';

const verbs = new Set(['get', 'post', 'put', 'delete', 'patch', 'head', 'options', 'trace', 'view']);
const routeWords = new Set([...verbs, 'route', 'api_route', 'websocket', 'websocket_route', 'add_url_rule']);
const adders: Readonly<Record<string, string>> = {
  add_url_rule: '',
  add_api_route: '',
  add_route: '',
  add_websocket_route: 'WEBSOCKET',
  add_api_websocket_route: 'WEBSOCKET',
  add_get: 'GET',
  add_post: 'POST',
  add_put: 'PUT',
  add_delete: 'DELETE',
  add_patch: 'PATCH',
  add_view: '',
  add_resource: '',
};
const mounters = new Set([
  'include_router',
  'register_blueprint',
  'mount',
  'add_namespace',
  'add_subapp',
  'blueprint',
  'register_api',
]);
const hooks: Readonly<Record<string, Layer['level']>> = {
  before_request: 'before',
  before_app_request: 'before',
  on_request: 'before',
  after_request: 'after',
  after_app_request: 'after',
  middleware: 'middleware',
  add_middleware: 'middleware',
};

type Mutable = { -readonly [K in keyof WebObject]: WebObject[K] } & { layers: Layer[]; mounts: Mount[] };

interface Reader {
  readonly program: Program;
  readonly objects: Map<CallSite, Mutable>;
  readonly routes: Route[];
}

/** Objects and routes of all Python files. */
export function readPython(program: Program): {
  readonly objects: readonly WebObject[];
  readonly routes: readonly Route[];
} {
  const reader: Reader = { program, objects: new Map(), routes: [] };
  for (const unit of program.units) {
    if (unit.module.language !== 'python') continue;
    for (const id of unit.module.calls.keys()) {
      const site = program.call(unit, id);
      if (kindOf(program, site)) readObject(reader, site);
    }
  }
  for (const unit of program.units) {
    if (unit.module.language !== 'python') continue;
    for (const id of unit.module.calls.keys()) readCall(reader, program.call(unit, id));
    for (const [id, model] of unit.module.functions.entries()) readDecorators(reader, { unit, id, function: model });
    for (const [id, model] of unit.module.classes.entries()) readClass(reader, { unit, id, class: model });
  }
  return { objects: [...reader.objects.values()], routes: withoutShadowed(reader.routes) };
}

/** Of several routes of one router with the same methods and path the first one answers. */
function withoutShadowed(routes: readonly Route[]): readonly Route[] {
  const first = new Map<string, Route>();
  const keyOf = ({ owners, methods, path, place, handler, framework }: Route) =>
    path === '' || framework === 'http.server' || !handler || handler.function.guard >= 0
      ? undefined
      : [...owners.map((one) => `${one.place.path}:${one.place.span.start}`), methods, path, place.path].join(' ');
  for (const route of routes) {
    const key = keyOf(route);
    const known = key === undefined ? undefined : first.get(key);
    if (key !== undefined && !(known && known.place.span.start <= route.place.span.start)) first.set(key, route);
  }
  return routes.filter((route) => (first.get(keyOf(route) ?? '') ?? route).place.span.start >= route.place.span.start);
}

function readObject(reader: Reader, site: CallSite): void {
  const { program } = reader;
  const { unit, call } = site;
  const { kind, framework } = kindOf(program, site)!;
  const prefix = argument(call, 99, 'prefix', 'url_prefix', 'path');
  const holder = unit.module.assignments.find((one) => {
    const value = one.value && unit.module.values[one.value.value];
    return value?.kind === 'call' && unit.module.calls[value.call] === call;
  });
  reader.objects.set(site, {
    kind,
    framework,
    site,
    name: holder?.name || kind,
    place: placeIn(unit, call),
    prefixes: prefix ? textsOf(program, unit, prefix.value) : [],
    layers: [...keywordLayers(program, unit, call.args)],
    mounts: [],
  });
}

/** Layers given as keywords: `dependencies=[Depends(x)]`, `middleware=[Middleware(X)]`, `decorators=[x]`. */
function keywordLayers(program: Program, unit: Unit, args: readonly Argument[]): readonly Layer[] {
  return args.flatMap((arg): readonly Layer[] => {
    if (arg.keyword === 'dependencies')
      return itemsOf(program, unit, arg.value).flatMap((node) => dependency(program, node));
    if (arg.keyword !== 'middleware' && arg.keyword !== 'middlewares') return [];
    return itemsOf(program, unit, arg.value).map((node) => {
      const value = node.unit.module.values[node.ref]!;
      const inner = value.kind === 'call' ? program.call(node.unit, value.call) : undefined;
      const isWrapper = inner?.names.some((name) => name.endsWith('.Middleware')) && inner.call.args[0];
      const one = layer(program, 'middleware', isWrapper ? { unit: node.unit, ref: isWrapper.value } : node, inner);
      return { ...one, ...exceptions(program, inner) };
    });
  });
}

/** `excluded_paths=["/health"]`: what a middleware lets through untouched. */
function exceptions(program: Program, site: CallSite | undefined): Pick<Layer, 'except'> {
  const except = (site?.call.args ?? []).flatMap((arg) =>
    /^(?:exclu\w*|exempt\w*|skip\w*|ignored?|public|unprotected|allow(?:ed)?)_?(?:paths?|routes?|urls?|endpoints?|prefixes)?$/.test(
      arg.keyword ?? '',
    )
      ? (textsIn(program, site!.unit, arg.value) ?? []).filter((text) => text.startsWith('/'))
      : [],
  );
  return except.length > 0 ? { except } : {};
}

/** Elements of a list, wherever it is written. */
export function itemsOf(program: Program, unit: Unit, ref: Ref, depth = 0): readonly Node[] {
  const value = unit.module.values[ref]!;
  if (depth > 8) return [];
  if (value.kind === 'list')
    return value.items.flatMap((item) => {
      const one = unit.module.values[item]!;
      return one.kind === 'spread' ? itemsOf(program, unit, one.of, depth + 1) : [{ unit, ref: item }];
    });
  if (value.kind === 'either' || value.kind === 'concat' || value.kind === 'operation')
    return ('of' in value ? value.of : value.parts).flatMap((one) => itemsOf(program, unit, one, depth + 1));
  if (value.kind === 'global') {
    const defined = program.define(value.name, unit);
    return defined ? itemsOf(program, defined.unit, defined.ref, depth + 1) : [];
  }
  if (value.kind === 'unknown') return (value.of ?? []).flatMap((one) => itemsOf(program, unit, one, depth + 1));
  return [];
}

export function layer(program: Program, level: Layer['level'], node: Node, site?: CallSite): Layer {
  const names = program.names(node.unit, node.ref);
  return {
    level,
    node,
    place: placeIn(node.unit, node.unit.module.values[node.ref]!),
    names,
    ...(site ? { site } : {}),
  };
}

/** `Depends(x)`, `Security(x, scopes=[..])`; without an argument it is the type of the parameter that is called. */
function dependency(program: Program, node: Node, type?: Node): readonly Layer[] {
  const value = node.unit.module.values[node.ref]!;
  if (value.kind === 'global') {
    const defined = program.define(value.name, node.unit);
    if (defined) return dependency(program, defined, type);
  }
  if (value.kind !== 'call') return [];
  const site = program.call(node.unit, value.call);
  const word = (site.call.callee.name ?? '').split('.').at(-1)!;
  if (!/^(?:Depends|Security|FromDishka)$/.test(word)) return [];
  const target = argument(site.call, 0, 'dependency');
  const called = target ? { unit: node.unit, ref: target.value } : type;
  return called ? [layer(program, 'dependency', called, site)] : [];
}

/** Dependencies among the parameters of a function. */
export function parameterLayers(program: Program, { unit, function: model }: FunctionSite): readonly Layer[] {
  return model.params.flatMap((param) => declared(program, unit, param.default, param.annotation));
}

/** Dependencies of a parameter or field, by its value and its annotation. */
function declared(program: Program, unit: Unit, value?: Operand, annotation?: Operand): readonly Layer[] {
  const type = annotation && { unit, ref: annotation.value };
  return [
    ...(value ? dependency(program, { unit, ref: value.value }, type) : []),
    ...(type ? annotated(program, type, 0) : []),
  ];
}

/** Dependencies inside `Annotated[..., Depends(x)]`, also behind a name. */
function annotated(program: Program, node: Node, depth: number): readonly Layer[] {
  const value = node.unit.module.values[node.ref]!;
  if (depth > 4) return [];
  if (value.kind === 'global') {
    const defined = program.define(value.name, node.unit);
    return defined ? annotated(program, defined, depth + 1) : [];
  }
  if (value.kind !== 'item') return [];
  const key = node.unit.module.values[value.key]!;
  if (key.kind !== 'list') return [];
  const [type, ...rest] = key.items.map((ref) => ({ unit: node.unit, ref }));
  return rest.flatMap((one) => dependency(program, one, type));
}

function ownersOf(reader: Reader, unit: Unit, of: Receiver, frame?: CallSite): readonly Mutable[] {
  return makersOfReceiver(reader.program, unit, of, frame).flatMap((site) => reader.objects.get(site) ?? []);
}

/** `router.post("/x")(handler)`: a decorator that is called by hand. */
function readCalledDecorator(reader: Reader, site: CallSite): void {
  const { program } = reader;
  const { unit, call } = site;
  const inner = unit.module.values[call.callee.value]!;
  const made = inner.kind === 'call' ? program.call(unit, inner.call) : undefined;
  const member = made && memberAt(unit, made.call.callee.value);
  const target = call.args[0];
  if (!made || !member || !target || call.form === 'decorator' || !routeWords.has(member.name)) return;
  const owners = ownersOf(reader, unit, member.of);
  const rule = argument(made.call, 0, 'rule', 'path');
  if (owners.length === 0 || !rule) return;
  const found = handlerOf(program, unit, target.value);
  reader.routes.push({
    framework: owners[0]!.framework,
    place: placeIn(unit, made.call),
    methods: methodsOf(program, unit, made.call.args, member.name),
    path: textsOf(program, unit, rule.value)[0] ?? '',
    ...found,
    owners,
    layers: [
      ...keywordLayers(program, unit, made.call.args),
      ...wrappers(program, unit, [target]),
      ...handlerLayers(program, found.handler, found.class),
    ],
    above: [],
    loose: false,
  });
}

function readCall(reader: Reader, site: CallSite): void {
  const { program } = reader;
  const { unit, call } = site;
  const callee = memberAt(unit, call.callee.value);
  if (!callee) readCalledDecorator(reader, site);
  if (callee) {
    const { name } = callee;
    if (mounters.has(name)) {
      readMount(reader, site, callee.of);
      return;
    }
    if (name === 'init_app' && readInit(reader, site, ownersOf(reader, unit, callee.of))) return;
    if (Object.hasOwn(hooks, name) && name !== 'middleware') {
      readHook(reader, site, name, callee.of);
      return;
    }
    if (Object.hasOwn(adders, name)) {
      readAdder(reader, site, name, callee.of);
      return;
    }
    if (name === 'add_routes') {
      const owners = ownersOf(reader, unit, callee.of);
      const table = call.args[0];
      if (!table) return;
      for (const router of ownersOf(reader, unit, table.value))
        for (const parent of owners) router.mounts.push({ parent, prefixes: [], layers: [] });
      for (const node of itemsOf(program, unit, table.value)) readEntry(reader, node, owners);
      return;
    }
  }
  const object = reader.objects.get(site);
  if (object?.kind === 'router') readInit(reader, site, [object]);
  const table = object && argument(call, 99, 'routes');
  if (object && table) for (const node of itemsOf(program, unit, table.value)) readEntry(reader, node, [object]);
  if (site.names.length > 0 && !object) readHelper(reader, site);
}

/** `Api(app)`, `api.init_app(app)`: a router that is mounted by being given the application or blueprint. */
function readInit(reader: Reader, site: CallSite, routers: readonly Mutable[]): boolean {
  const app = argument(site.call, 0, 'app', 'blueprint');
  const inner = routers.filter((one) => one.kind === 'router');
  if (!app || inner.length === 0) return false;
  for (const parent of ownersOf(reader, site.unit, app.value))
    for (const child of inner) if (child !== parent) child.mounts.push({ parent, prefixes: [], layers: [] });
  return true;
}

/** `Talisman(app)`, `limiter.init_app(app)`: what is installed on an application by handing it over. */
function readHelper(reader: Reader, site: CallSite): void {
  const { unit, call } = site;
  if (reader.program.targets(site).length > 0) return;
  const wraps = site.names.some((name) => /limiter(?:\(\))?\.(?:limit|shared_limit|exempt)(?:\(\))?$/i.test(name));
  for (const arg of call.args) {
    if (!wraps && !/(?:^|[._])(?:app|api|application|server|bp|blueprint)\w*(?:\(\))?$|_app\b/i.test(arg.name ?? ''))
      continue;
    if (arg.keyword !== undefined && !/^(?:app|api|application|blueprint)$/.test(arg.keyword)) continue;
    for (const owner of ownersOf(reader, unit, arg.value)) {
      const place = placeIn(unit, call);
      owner.layers.push({ level: 'helper', node: { unit, ref: call.callee.value }, place, names: site.names, site });
    }
  }
}

function readMount(reader: Reader, site: CallSite, receiver: Receiver): void {
  const { program } = reader;
  const { unit, call } = site;
  const nested = call.args.filter((arg) => arg.spread === undefined);
  const prefix =
    argument(call, 99, 'prefix', 'url_prefix') ??
    nested.find(
      (arg) => arg.keyword === undefined && textsOf(program, unit, arg.value).some((text) => text.startsWith('/')),
    );
  const frames = call.function >= 0 ? program.callers(unit, call.function).slice(0, 80) : [];
  for (const frame of frames.length > 0 ? frames : [undefined]) {
    const parents = ownersOf(reader, unit, receiver, frame);
    if (parents.length === 0) continue;
    const prefixes = prefix ? textsOf(program, unit, prefix.value, frame) : [];
    for (const arg of nested) {
      if (arg.keyword !== undefined && !/^(?:router|blueprint|app|subapp|ns)$/.test(arg.keyword)) continue;
      for (const child of ownersOf(reader, unit, arg.value, frame)) {
        for (const parent of parents) {
          if (child === parent) continue;
          child.mounts.push({ parent, prefixes, layers: keywordLayers(program, unit, call.args) });
        }
      }
    }
  }
}

function readHook(reader: Reader, site: CallSite, name: string, receiver: Receiver): void {
  const { unit, call } = site;
  const what = call.args.find((arg) => arg.keyword === undefined || arg.keyword === 'middleware_class');
  if (!what) return;
  for (const owner of ownersOf(reader, unit, receiver))
    hang(reader, owner, name, {
      ...layer(reader.program, hooks[name]!, { unit, ref: what.value }, site),
      ...exceptions(reader.program, site),
      place: placeIn(unit, call),
    });
}

/** Hooks for the whole application hang on what the blueprint is mounted on, too. */
function hang(reader: Reader, owner: Mutable, name: string, one: Layer): void {
  owner.layers.push(one);
  if (name.includes('_app_')) {
    for (const object of reader.objects.values())
      if (object.kind === 'app' && object !== owner && object.framework === owner.framework) object.layers.push(one);
  }
}

function handlerOf(program: Program, unit: Unit, ref: Ref): { handler?: FunctionSite; class?: ClassSite } {
  const value = unit.module.values[ref]!;
  if (value.kind === 'call') {
    // `View.as_view('name')`, `wrap(handler)`: what is inside answers.
    const callee = memberAt(unit, unit.module.calls[value.call]!.callee.value);
    if (callee?.name === 'as_view')
      return typeof callee.of === 'string'
        ? namedHandler(program, unit, callee.of)
        : handlerOf(program, unit, callee.of);
    const first = unit.module.calls[value.call]!.args[0];
    const inner = first && handlerOf(program, unit, first.value);
    if (inner?.handler || inner?.class) return inner;
  }
  for (const meaning of program.meanings(unit, ref)) {
    if (meaning.kind === 'function')
      return {
        handler: {
          unit: meaning.unit,
          id: meaning.function,
          function: meaning.unit.module.functions[meaning.function]!,
        },
      };
    if (meaning.kind === 'class')
      return { class: { unit: meaning.unit, id: meaning.class, class: meaning.unit.module.classes[meaning.class]! } };
  }
  return {};
}

function namedHandler(program: Program, unit: Unit, name: string): { handler?: FunctionSite; class?: ClassSite } {
  const defined = program.define(name, unit);
  return defined ? handlerOf(program, defined.unit, defined.ref) : {};
}

/** Layers that belong to a handler: parameters, decorators, classes. */
export function handlerLayers(
  program: Program,
  handler: FunctionSite | undefined,
  owner: ClassSite | undefined,
): readonly Layer[] {
  const found: Layer[] = [];
  if (handler) {
    found.push(...parameterLayers(program, handler));
    for (const one of handler.function.decorators) found.push(...decoratorLayers(program, handler.unit, one));
  }
  if (owner) {
    const { unit, class: model } = owner;
    for (const one of model.decorators) found.push(...decoratorLayers(program, unit, one));
    for (const base of model.bases) found.push(layer(program, 'class', { unit, ref: base.value }));
    found.push(...fieldLayers(program, owner));
    for (const name of [
      'permission_classes',
      'authentication_classes',
      'throttle_classes',
      'decorators',
      'method_decorators',
    ])
      for (const field of program.field(unit, owner.id, name))
        for (const node of itemsOf(program, field.unit, field.ref)) found.push(layer(program, 'class', node));
  }
  return found;
}

/** Class-based views of FastAPI: fields and parameters of the constructor that are dependencies, those of bases too. */
function fieldLayers(program: Program, owner: ClassSite): readonly Layer[] {
  const found: Layer[] = [];
  const family: ClassSite[] = [owner];
  for (let i = 0; i < family.length && i < 12; i++) {
    const { unit, id, class: model } = family[i]!;
    for (const at of model.fields) {
      const { value, annotation } = unit.module.assignments[at]!;
      found.push(...declared(program, unit, value, annotation));
    }
    const init = i === 0 ? program.method(unit, id, '__init__') : undefined;
    if (init) found.push(...parameterLayers(program, init));
    for (const base of model.bases)
      for (const one of program.meanings(unit, base.value))
        if (one.kind === 'class' && !family.some((known) => known.unit === one.unit && known.id === one.class))
          family.push({ unit: one.unit, id: one.class, class: one.unit.module.classes[one.class]! });
  }
  return found;
}

/** `@permission_classes([IsAdminUser])` stands for the classes; other decorators for themselves. */
function decoratorLayers(program: Program, unit: Unit, operand: Operand): readonly Layer[] {
  const one = decoratorLayer(program, unit, operand);
  if (!one.names.some((name) => /^rest_framework\.decorators\.(?:permission|throttle)_classes$/.test(name)))
    return [one];
  const classes = one.site?.call.args[0];
  return classes ? itemsOf(program, unit, classes.value).map((node) => layer(program, 'class', node)) : [];
}

function decoratorLayer(program: Program, unit: Unit, operand: Operand): Layer {
  const value = unit.module.values[operand.value]!;
  const site = value.kind === 'call' ? program.call(unit, value.call) : undefined;
  const node = { unit, ref: site ? site.call.callee.value : operand.value };
  return { ...layer(program, 'decorator', node, site), place: placeIn(unit, operand) };
}

function methodsOf(program: Program, unit: Unit, args: readonly Argument[], word: string): readonly string[] {
  if (verbs.has(word) && word !== 'view') return [word.toUpperCase()];
  if (word.startsWith('websocket')) return ['WEBSOCKET'];
  const given = args.find((arg) => arg.keyword === 'methods');
  if (!given) return word === 'route' || word === 'add_url_rule' ? ['GET'] : [];
  return itemsOf(program, unit, given.value)
    .flatMap((node) => textsOf(program, node.unit, node.ref))
    .map((one) => one.toUpperCase());
}

function readAdder(reader: Reader, site: CallSite, name: string, receiver: Receiver): void {
  const { program } = reader;
  const { unit, call } = site;
  const resource = name === 'add_route' ? resourceOf(reader, unit, receiver, 0) : undefined;
  const owners = resource?.owners ?? ownersOf(reader, unit, receiver);
  if (owners.length === 0) return;
  // A resource of aiohttp gets its handlers later, through its own `add_route`.
  if (name === 'add_resource' && owners[0]!.framework === 'aiohttp') return;
  const positional = call.args.filter((arg) => arg.keyword === undefined);
  const given = argument(call, 99, 'view_func', 'endpoint', 'handler', 'resource');
  const candidates = [given, ...positional].filter((arg): arg is Argument => arg !== undefined);
  let found: ReturnType<typeof handlerOf> = {};
  for (const arg of candidates) {
    found = handlerOf(program, unit, arg.value);
    if (found.handler || found.class) break;
  }
  const paths = [argument(call, 99, 'rule', 'path'), ...positional].flatMap((arg) =>
    arg ? textsOf(program, unit, arg.value) : [],
  );
  const path = resource?.path ?? paths.find((text) => text.startsWith('/')) ?? '';
  const verb = resource || owners[0]!.framework === 'aiohttp' ? positional[0] : undefined;
  const fixed =
    adders[name]! ||
    (name === 'add_route' && verb ? (textsOf(program, unit, verb.value)[0] ?? '*').toUpperCase().replace('*', '') : '');
  const isOpen = found.class !== undefined && !call.args.some((arg) => arg.keyword === 'methods');
  // A class answers the methods it defines.
  const methods = fixed ? [fixed] : isOpen ? [] : methodsOf(program, unit, call.args, name);
  const layers = [
    ...keywordLayers(program, unit, call.args),
    ...wrappers(program, unit, candidates),
    ...handlerLayers(program, found.handler, found.class),
  ];
  const base = {
    framework: owners[0]!.framework,
    place: placeIn(unit, call),
    path,
    owners,
    layers,
    above: [],
    loose: false,
  };
  reader.routes.push({ ...base, methods, ...found });
}

/** A resource of aiohttp, also wrapped: `cors.add(app.router.add_resource('/x'))`. */
function resourceOf(
  reader: Reader,
  unit: Unit,
  of: Receiver,
  depth: number,
): { readonly owners: readonly Mutable[]; readonly path: string } | undefined {
  const value = typeof of === 'string' ? undefined : unit.module.values[of]!;
  if (value?.kind !== 'call' || depth > 3) return undefined;
  const { callee, args } = unit.module.calls[value.call]!;
  const [first] = args;
  const member = memberAt(unit, callee.value);
  if (!first || !member) return undefined;
  if (member.name !== 'add_resource')
    return member.name === 'add' ? resourceOf(reader, unit, first.value, depth + 1) : undefined;
  return { owners: ownersOf(reader, unit, member.of), path: textsOf(reader.program, unit, first.value)[0] ?? '' };
}

/** `login_required(view)` written where the view is registered. */
function wrappers(program: Program, unit: Unit, args: readonly Operand[]): readonly Layer[] {
  return args.flatMap((arg) => {
    const value = unit.module.values[arg.value]!;
    if (value.kind !== 'call') return [];
    const site = program.call(unit, value.call);
    if (memberAt(unit, site.call.callee.value)?.name === 'as_view') return [];
    return [layer(program, 'decorator', { unit, ref: site.call.callee.value }, site)];
  });
}

/** An entry of a table of routes: `web.get('/x', h)`, `Route('/x', h)`, `Mount('/x', routes=[..])`. */
function readEntry(reader: Reader, node: Node, owners: readonly WebObject[], prefix = ''): void {
  const { program } = reader;
  const { unit } = node;
  const value = unit.module.values[node.ref]!;
  if (value.kind !== 'call') return;
  const site = program.call(unit, value.call);
  const word = (site.call.callee.name ?? '').split('.').at(-1)!;
  const first = site.call.args[0];
  const path = first ? (textsOf(program, unit, first.value)[0] ?? '') : '';
  const inner = argument(site.call, 1, 'routes');
  if (word === 'Mount') {
    if (inner) for (const one of itemsOf(program, unit, inner.value)) readEntry(reader, one, owners, prefix + path);
    return;
  }
  const target = argument(site.call, 1, 'endpoint', 'handler');
  if (!target || !(word === 'Route' || word === 'WebSocketRoute' || verbs.has(word))) return;
  const found = handlerOf(program, unit, target.value);
  const methods =
    word === 'WebSocketRoute' ? ['WEBSOCKET'] : methodsOf(program, unit, site.call.args, word === 'Route' ? '' : word);
  const layers = [...wrappers(program, unit, [target]), ...handlerLayers(program, found.handler, found.class)];
  const framework = owners[0]?.framework ?? 'starlette';
  reader.routes.push({
    framework,
    place: placeIn(unit, site.call),
    methods,
    path: prefix + path,
    ...found,
    owners,
    layers,
    above: [],
    loose: owners.length === 0,
  });
}

function readDecorators(reader: Reader, handler: FunctionSite): void {
  const { program } = reader;
  const { unit, function: model } = handler;
  for (const [i, decorator] of model.decorators.entries()) {
    const value = unit.module.values[decorator.value]!;
    const site = value.kind === 'call' ? program.call(unit, value.call) : undefined;
    const callee = memberAt(unit, site ? site.call.callee.value : decorator.value);
    if (!callee) continue;
    const word = callee.name;
    if (Object.hasOwn(hooks, word)) {
      const own = unit.module.values.findIndex((one) => one.kind === 'function' && one.function === handler.id);
      for (const owner of ownersOf(reader, unit, callee.of))
        if (own >= 0)
          hang(reader, owner, word, {
            ...layer(program, hooks[word]!, { unit, ref: own }),
            place: placeIn(unit, decorator),
          });
      continue;
    }
    if (!site || !routeWords.has(word)) continue;
    const owners = ownersOf(reader, unit, callee.of);
    const rule = argument(site.call, 0, 'rule', 'path');
    const path = rule ? (textsOf(program, unit, rule.value)[0] ?? '') : '';
    if (owners.length === 0 && (!path.startsWith('/') || !isRouterName(decorator))) continue;
    const rest = {
      ...handler,
      function: { ...model, decorators: model.decorators.filter((one, k) => k > i && !isRouteDecorator(unit, one)) },
    };
    const view = model.class >= 0 ? { unit, id: model.class, class: unit.module.classes[model.class]! } : undefined;
    const layers = [...keywordLayers(program, unit, site.call.args), ...handlerLayers(program, rest, view)];
    const above = model.decorators
      .slice(0, i)
      .filter((one) => !isRouteDecorator(unit, one))
      .map((one) => decoratorLayer(program, unit, one));
    const framework = owners[0]?.framework ?? 'other';
    const methods = methodsOf(program, unit, site.call.args, word);
    reader.routes.push({
      framework,
      place: placeIn(unit, decorator),
      methods,
      path,
      handler,
      owners,
      layers,
      above,
      loose: owners.length === 0,
    });
  }
}

function isRouterName(decorator: Operand): boolean {
  return /(?:^|[._])(?:\w*app|\w*router|\w*routes|bp|\w*blueprint|\w*api|ns)\.\w+(?:\(\))?$/i.test(
    decorator.name ?? '',
  );
}

function isRouteDecorator(unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (value.kind !== 'call') return false;
  const callee = memberAt(unit, unit.module.calls[value.call]!.callee.value);
  return callee !== undefined && routeWords.has(callee.name);
}

/** Resource classes of flask_restx (`@ns.route`), and handlers of the standard library's server. */
function readClass(reader: Reader, site: ClassSite): void {
  const { program } = reader;
  const { unit, id, class: model } = site;
  for (const decorator of model.decorators) {
    const value = unit.module.values[decorator.value]!;
    const call = value.kind === 'call' ? program.call(unit, value.call) : undefined;
    const callee = call && memberAt(unit, call.call.callee.value);
    if (!call || !callee || !routeWords.has(callee.name)) continue;
    const owners = ownersOf(reader, unit, callee.of);
    const rule = call.call.args[0];
    if (owners.length === 0 || !rule) continue;
    pushMethods(reader, site, owners, textsOf(program, unit, rule.value)[0] ?? '', placeIn(unit, decorator));
  }
  if (!program.bases(unit, id).some((base) => /^http\.server\.\w+Handler$|^BaseHTTPServer\./.test(base))) return;
  for (const method of model.methods) {
    const handler: FunctionSite = { unit, id: method, function: unit.module.functions[method]! };
    const verb = /^do_([A-Z]+)$/.exec(handler.function.name)?.[1];
    if (!verb) continue;
    for (const path of servedPaths(program, handler)) {
      reader.routes.push({
        framework: 'http.server',
        place: path.place,
        methods: [verb],
        path: path.path,
        handler,
        owners: [],
        layers: handlerLayers(program, handler, undefined),
        above: [],
        loose: false,
      });
    }
  }
}

function pushMethods(
  reader: Reader,
  site: ClassSite,
  owners: readonly WebObject[],
  path: string,
  place: Layer['place'],
): void {
  for (const id of site.class.methods) {
    const model: FunctionModel = site.unit.module.functions[id]!;
    if (!verbs.has(model.name)) continue;
    const handler = { unit: site.unit, id, function: model };
    const layers = handlerLayers(reader.program, handler, site);
    reader.routes.push({
      framework: owners[0]!.framework,
      place,
      methods: [model.name.toUpperCase()],
      path,
      handler,
      class: site,
      owners,
      layers,
      above: [],
      loose: false,
    });
  }
}

/** Paths that a handler of `http.server` compares `self.path` with. */
function servedPaths(program: Program, { unit, id }: FunctionSite): readonly { path: string; place: Layer['place'] }[] {
  const found: { path: string; place: Layer['place'] }[] = [];
  for (const one of unit.module.comparisons) {
    if (one.function !== id) continue;
    const sides = [one.left, one.right];
    if (!sides.some((side) => /(?:^|[._])path$/.test(side.name ?? ''))) continue;
    for (const side of sides)
      for (const text of textsOf(program, unit, side.value))
        if (text.startsWith('/')) found.push({ path: text, place: placeIn(unit, one) });
  }
  return found;
}
