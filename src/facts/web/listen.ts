/** Knows on which addresses applications answer, as far as the code and the commands that start them say. */
import { linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { origins } from '../program/flow.ts';
import {
  argument,
  type CallSite,
  type ClassSite,
  type Node,
  option,
  type Program,
  placeIn,
  valueAt,
} from '../program/link.ts';
import type { Place } from '../span.ts';
import { chainOf } from '../web.ts';
import { at, itemsOf, textOf } from '../yaml.ts';
import type { Route } from './model.ts';
import { makersOf, makersOfReceiver, memberAt } from './objects.ts';

/** Who can reach a server: the machine itself (`default`: unless it is told otherwise), everybody, or who knows. */
type Reach = 'local' | 'default' | 'open' | undefined;

interface Server {
  /** What it serves: calls that make applications, and classes of handlers. */
  readonly apps: readonly CallSite[];
  readonly handlers: readonly ClassSite[];
  readonly reach: Reach;
  readonly place: Place;
}

export interface Servers {
  readonly program: Program;
  readonly all: readonly Server[];
  /** Words of commands that start services, of images and compose files. */
  readonly started: readonly string[];
}

/** Functions and classes that serve: where the application stands among their arguments, and how the address is called. */
const starters: Readonly<Record<string, { readonly app: number; readonly host: number | 'pair' | 'keyword' }>> = {
  'uvicorn.run': { app: 0, host: 'keyword' },
  'uvicorn.Config': { app: 0, host: 'keyword' },
  'waitress.serve': { app: 0, host: 'keyword' },
  'aiohttp.web.run_app': { app: 0, host: 'keyword' },
  'aiohttp.web.TCPSite': { app: 0, host: 1 },
  'werkzeug.serving.run_simple': { app: 2, host: 0 },
  'wsgiref.simple_server.make_server': { app: 2, host: 0 },
  'gevent.pywsgi.WSGIServer': { app: 1, host: 'pair' },
  'http.server.HTTPServer': { app: 1, host: 'pair' },
  'http.server.ThreadingHTTPServer': { app: 1, host: 'pair' },
  'socketserver.TCPServer': { app: 1, host: 'pair' },
  'socketserver.ThreadingTCPServer': { app: 1, host: 'pair' },
};
const loopback = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\])$/;

/** All servers that the program starts. */
export function linkServers(facts: Facts, program: Program): Servers {
  const all = program.allCalls().flatMap((site) => serverAt(program, site) ?? []);
  const images = facts.of('dockerfile').flatMap(({ zone, data }) => {
    const stage = zone === 'production' ? data.stages.at(-1) : undefined;
    return [stage?.entrypoint, stage?.cmd].flatMap((command) => command?.words ?? []);
  });
  const services = facts.linked(linkCompose).flatMap(({ body }) =>
    ['command', 'entrypoint'].flatMap((key) => {
      const node = at(body, key);
      return node?.kind === 'list' ? itemsOf(node).map((item) => textOf(item) ?? '') : [textOf(node) ?? ''];
    }),
  );
  const started = [...images, ...services].flatMap((word) => word.split(/[\s;&]+/)).filter((word) => word !== '');
  return { program, all, started };
}

function serverAt(program: Program, site: CallSite): Server | undefined {
  const { unit, call } = site;
  const place = placeIn(unit, call);
  if (unit.module.language !== 'python') return listenAt(program, site, place);
  const name = [...site.names, ...basesOf(program, site)].find((one) => Object.hasOwn(starters, one));
  const member = memberAt(unit, call.callee.value);
  if (name === undefined) {
    if (member?.name !== 'run') return undefined;
    const apps = makersOfReceiver(program, unit, member.of);
    const host = argument(call, 0, 'host');
    const reach = host && reachOf(program, { unit, ref: host.value });
    return apps.length > 0 ? { apps, handlers: [], reach, place } : undefined;
  }
  const { app, host } = starters[name]!;
  const served = argument(call, app, 'app', 'application', 'runner', 'RequestHandlerClass');
  const given = argument(call, typeof host === 'number' ? host : host === 'pair' ? 0 : 99, 'host', 'hostname');
  if (!served) return undefined;
  const reach = !given
    ? undefined
    : host === 'pair'
      ? reachOfPair(program, { unit, ref: given.value })
      : reachOf(program, { unit, ref: given.value });
  return { ...servedAt(program, { unit, ref: served.value }), reach, place };
}

function basesOf(program: Program, site: CallSite): readonly string[] {
  return program
    .meanings(site.unit, site.call.callee.value)
    .flatMap((one) => (one.kind === 'class' ? program.bases(one.unit, one.class) : []));
}

/** The application or handler that is served: also by its name as a text, or inside a runner or a partial function. */
function servedAt(program: Program, node: Node, depth = 0): Pick<Server, 'apps' | 'handlers'> {
  const { unit, ref } = node;
  const value = valueAt(node);
  if (value.kind === 'const' && typeof value.value === 'string' && value.value.includes(':')) {
    const defined = program.define(value.value.replace(':', '.').replace(/\(\)$/, ''), unit);
    return { apps: defined ? makersOf(program, defined.unit, defined.ref) : [], handlers: [] };
  }
  const defined = value.kind === 'global' && depth < 4 ? program.define(value.name, unit) : undefined;
  if (defined) return servedAt(program, defined, depth + 1);
  const apps = makersOf(program, unit, ref);
  const handlers = program
    .meanings(unit, ref)
    .flatMap((one): ClassSite[] =>
      one.kind === 'class' ? [{ unit: one.unit, id: one.class, class: one.unit.module.classes[one.class]! }] : [],
    );
  if (apps.length > 0 || handlers.length > 0 || value.kind !== 'call' || depth > 3) return { apps, handlers };
  // `createServer(options, app)`, `partial(Handler, folder)`.
  for (const arg of unit.module.calls[value.call]!.args.slice(0, 2)) {
    const inner = servedAt(program, { unit, ref: arg.value }, depth + 1);
    if (inner.apps.length > 0 || inner.handlers.length > 0) return inner;
  }
  return { apps, handlers };
}

/** `app.listen(port, host)`, `createServer(app).listen({ port, host })`. */
function listenAt(program: Program, site: CallSite, place: Place): Server | undefined {
  const { unit, call } = site;
  const member = memberAt(unit, call.callee.value);
  if (member?.name !== 'listen') return undefined;
  const of = typeof member.of === 'string' ? program.define(member.of, unit) : { unit, ref: member.of };
  const { apps } = of ? servedAt(program, of) : { apps: [] };
  if (apps.length === 0) return undefined;
  const second = call.args[1];
  const isText = second && unit.module.values[second.value]!.kind !== 'function';
  const host = option(program, site, 'host') ?? (isText ? { unit, ref: second.value } : undefined);
  return { apps, handlers: [], reach: host && reachOf(program, host), place };
}

/** `(host, port)`; a port that the system chooses is known to nobody else. */
function reachOfPair(program: Program, node: Node): Reach {
  const value = valueAt(node);
  if (value.kind === 'global') {
    const defined = program.define(value.name, node.unit);
    return defined && reachOfPair(program, defined);
  }
  if (value.kind !== 'list' || value.items.length < 2) return undefined;
  const [host, port] = value.items.map((ref) => ({ unit: node.unit, ref }));
  const chosen = origins(program, port!.unit, port!.ref, { whole: true });
  if (chosen.length > 0 && chosen.every((one) => one.kind === 'const' && one.value === 0)) return 'local';
  return reachOf(program, host!);
}

function reachOf(program: Program, node: Node, depth = 0): Reach {
  const option = commandOption(program, node);
  if (option) return option === 'local' ? 'default' : option;
  let isSure = true;
  let reach: Reach;
  for (const one of origins(program, node.unit, node.ref, { whole: true })) {
    if (one.kind === 'const') {
      if (typeof one.value !== 'string') continue;
      if (!loopback.test(one.value)) return 'open';
      reach = 'local';
      continue;
    }
    isSure = false;
    if (one.kind === 'source') continue;
    // What nobody passes is the parameter's default.
    const value = valueAt(one.node);
    const standard =
      value.kind === 'param' ? one.node.unit.module.functions[value.function]!.params[value.index]!.default : undefined;
    const own =
      standard && depth < 3 ? reachOf(program, { unit: one.node.unit, ref: standard.value }, depth + 1) : undefined;
    if (own === undefined || own === 'open') return own;
    reach = own;
  }
  return reach === undefined || isSure ? reach : 'default';
}

/** The default of an option of the command line: `args.host` after `add_argument('--host', default='127.0.0.1')`. */
function commandOption(program: Program, node: Node): Reach {
  const value = valueAt(node);
  if (value.kind !== 'attr') return undefined;
  const of = node.unit.module.values[value.of]!;
  const parsed = of.kind === 'call' ? node.unit.module.calls[of.call]!.callee.name : undefined;
  if (!/(?:^|\.)parse_(?:known_)?args$/.test(parsed ?? '')) return undefined;
  for (const call of node.unit.module.calls) {
    if (!/(?:^|\.)add_argument$/.test(call.callee.name ?? '')) continue;
    const isIt = call.args.some((arg) => {
      const text = node.unit.module.values[arg.value]!;
      const name = text.kind === 'const' && typeof text.value === 'string' ? text.value : '';
      return (
        (arg.keyword === undefined || arg.keyword === 'dest') &&
        name.replace(/^-+/, '').replaceAll('-', '_') === value.name
      );
    });
    const standard = isIt ? argument(call, 99, 'default') : undefined;
    if (standard) return reachOf(program, { unit: node.unit, ref: standard.value });
  }
  return undefined;
}

/** Why only the machine itself reaches a route; undefined: others do, or it cannot be told. */
export function localServer(servers: Servers, route: Route): string | undefined {
  const own = serversOf(servers, route);
  if (own.length === 0 || !own.every(({ reach }) => reach === 'local' || reach === 'default')) return undefined;
  // A command of an image may give another address, and one that names `module:app` starts a server of its own.
  const isAnyDefault = own.some(({ reach }) => reach === 'default');
  return isNamed(servers, route, own, (word) => isAnyDefault || word.includes(':'))
    ? undefined
    : 'its server answers only on the machine itself';
}

/** Is nothing seen to start the application, or is it a script that no image and no compose file runs? */
export function isByHand(servers: Servers, route: Route): boolean {
  if (route.framework === 'next' || route.framework === 'django') return false;
  const own = serversOf(servers, route);
  const paths = [...sitesOf(route)].map((site) => site.unit.path);
  const isScript = (paths.length > 0 ? paths : [route.place.path]).every((path) =>
    /(?:^|\/)(?:scripts?|tools?|hack|bin|utilities)\//.test(path),
  );
  return (own.length === 0 || isScript) && !isNamed(servers, route, own, () => true);
}

function sitesOf(route: Route): ReadonlySet<CallSite> {
  return new Set(
    route.owners.flatMap((owner) => chainOf(owner).flatMap(({ object }) => (object.site ? [object.site] : []))),
  );
}

function serversOf({ program, all }: Servers, route: Route): readonly Server[] {
  const sites = sitesOf(route);
  const { handler } = route;
  return all.filter(
    (one) =>
      one.apps.some((app) => sites.has(app)) ||
      (handler !== undefined &&
        one.handlers.some(
          ({ unit, id }) => program.method(unit, id, handler.function.name)?.function === handler.function,
        )),
  );
}

/** Does a command name the file of the application or of a server, or the application itself as `module:app`? */
function isNamed(
  { program, started }: Servers,
  route: Route,
  own: readonly Server[],
  counts: (word: string) => boolean,
): boolean {
  const sites = sitesOf(route);
  const stems = [route.place, ...own.map(({ place }) => place)]
    .map(({ path }) => path)
    .concat([...sites].map((site) => site.unit.path))
    .map((path) => `/${path.replace(/(?:\/__(?:init|main)__)?\.py$|(?:\/index)?\.[cm]?[jt]s$/, '')}`);
  return started.filter(counts).some((word) => {
    const [module, attribute] = word.split(':');
    const name = module!
      .replace(/\.(?:py|[cm]?[jt]s)$/, '')
      .replaceAll('.', '/')
      .replace(/^\/+/, '');
    if (name !== '' && stems.some((stem) => stem.endsWith(`/${name}`))) return true;
    if (attribute === undefined) return false;
    return [...sites].some((site) => {
      const unit = program.moduleOf(module!, site.unit);
      const ref = unit?.module.exports[attribute.replace(/\(\)$/, '')];
      return unit !== undefined && ref !== undefined && makersOf(program, unit, ref).includes(site);
    });
  });
}
