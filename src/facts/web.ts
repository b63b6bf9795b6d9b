/**
 * Knows the web side of a program: applications and routers, how they hang together, their routes, and everything that
 * stands in front of a route. Language-neutral types; front ends per family fill them.
 */
import type { Facts } from './facts.ts';
import { type FunctionSite, linkProgram, type Program } from './program/link.ts';
import { djangoRoutes, type Settings, settingsOf } from './web/django.ts';
import { flaskAdminRoutes } from './web/flask-admin.ts';
import { distinctApps, readEcmascript } from './web/js.ts';
import { readActions } from './web/js-actions.ts';
import { readGraphql } from './web/js-graphql.ts';
import { readNest } from './web/js-nest.ts';
import { readNext } from './web/js-next.ts';
import type { Layer, Moment, Route, WebObject } from './web/model.ts';
import { coversPath, isBefore } from './web/order.ts';
import { readPython } from './web/python.ts';

export interface Web {
  readonly program: Program;
  readonly objects: readonly WebObject[];
  readonly routes: readonly Route[];
  /** Settings modules of Django. */
  readonly settings: readonly Settings[];
}

/** Words of files that are worth parsing for the web model: imports of frameworks, and Django's files that import none. */
export const webWords = [
  'flask',
  'fastapi',
  'starlette',
  'aiohttp',
  'django',
  'rest_framework',
  'MIDDLEWARE',
  'urlpatterns',
  'quart',
  'sanic',
  'bottle',
  'litestar',
  'BaseHTTPRequestHandler',
  'express',
  'koa',
  'fastify',
  '@nestjs/',
  'next',
  'hono',
  'restify',
  'polka',
  'apollo',
  'graphql',
  'routing-controllers',
  'use server',
  'trpc',
];

export function linkWeb(facts: Facts): Web {
  const program = facts.linked(linkProgram);
  const { objects, routes } = readPython(program);
  const settings = settingsOf(program);
  const pages = flaskAdminRoutes(program, objects);
  // Where the program mounts its routers, one that is left out is not served, or by ways that cannot be told.
  const mounting = new Set(objects.flatMap((one) => (one.kind === 'router' && !isLost(one) ? [one.framework] : [])));
  const ecmascript = readEcmascript(program);
  const next = readNext(ecmascript);
  readNest(ecmascript);
  readGraphql(ecmascript);
  readActions(ecmascript);
  return {
    program,
    objects: [...objects, ...distinctApps([...ecmascript.objects.values(), ...ecmascript.classes.values()]), ...next],
    routes: [
      ...routes.map((route) => (mounting.has(route.framework) ? withDoubts(route) : route)),
      ...pages,
      ...djangoRoutes(program),
      ...ecmascript.routes.map(withDoubts),
    ],
    settings,
  };
}

/** Is it a router that nothing is seen to mount? */
function isLost(object: WebObject): boolean {
  return chainOf(object).every((one) => one.object.kind === 'router');
}

/** A router that nothing is seen to mount may have anything in front of it. */
function withDoubts(route: Route): Route {
  const lost = route.open === undefined && route.owners.length > 0 && route.owners.every((owner) => isLost(owner));
  return lost ? { ...route, open: 'where its router is mounted cannot be told' } : route;
}

/** Every path under which a route answers, at most a few. */
export function pathsOf(route: Route): readonly string[] {
  if (route.owners.length === 0) return [route.path];
  const paths = route.owners.flatMap((owner) => prefixesOf(owner, new Set()).map((prefix) => join(prefix, route.path)));
  return [...new Set(paths)].slice(0, 8);
}

function prefixesOf(object: WebObject, open: Set<WebObject>): readonly string[] {
  if (open.has(object) || open.size > 8) return [''];
  open.add(object);
  const own = object.prefixes.length > 0 ? object.prefixes : [''];
  const outer =
    object.mounts.length === 0
      ? ['']
      : object.mounts.flatMap((mount) => {
          const above = prefixesOf(mount.parent, open);
          // A prefix given to Flask's register_blueprint replaces the blueprint's own.
          const between = mount.prefixes.length > 0 ? mount.prefixes : [''];
          return above.flatMap((a) => between.map((b) => join(a, b)));
        });
  open.delete(object);
  return [...new Set(outer.flatMap((a) => own.map((b) => join(a, b))))].slice(0, 8);
}

function join(prefix: string, path: string): string {
  if (prefix === '' || path === '') return prefix + path;
  return `${prefix.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
}

/** An object and all that it is mounted on, with the layers between; nearest first. */
export function chainOf(
  object: WebObject,
): readonly { readonly object: WebObject; readonly layers: readonly Layer[] }[] {
  const chain: { object: WebObject; layers: readonly Layer[] }[] = [{ object, layers: object.layers }];
  for (let i = 0; i < chain.length && chain.length < 24; i++) {
    for (const mount of chain[i]!.object.mounts) {
      if (chain.some((one) => one.object === mount.parent)) continue;
      chain.push({ object: mount.parent, layers: [...mount.layers, ...mount.parent.layers] });
    }
  }
  return chain;
}

/** Layers in front of everything an application answers, and of what it is mounted on; those that come too late are not. */
export function layersOfObject(web: Web, object: WebObject): readonly Layer[] {
  return chainOf(object).flatMap((one) =>
    one.layers.filter((layer) => {
      if (layer.paths) return false;
      if (!layer.moment) return true;
      const later = [
        ...web.routes.flatMap((route) => (route.owners.includes(one.object) ? [route.moment] : [])),
        ...web.objects.flatMap((child) =>
          child.mounts.flatMap((mount) => (mount.parent === one.object ? [mount.moment] : [])),
        ),
      ];
      return later.length === 0 || later.some((moment) => !moment || isBefore(layer.moment!, moment));
    }),
  );
}

/** Layers in front of a route, nearest first: its own, then those of everything it hangs on. */
export function layersOf(route: Route): readonly Layer[] {
  return [...route.layers, ...route.owners.flatMap((owner) => outerLayers(route, owner))];
}

/**
 * The same for each application that answers the route by itself: what protects it in one does nothing in another.
 * Applications of tests count only where there are no others.
 */
export function layerSets(route: Route): readonly (readonly Layer[])[] {
  const all = new Set(
    route.owners.flatMap((owner) =>
      chainOf(owner).flatMap(({ object }) => (object.mounts.length === 0 && object.kind === 'app' ? [object] : [])),
    ),
  );
  const real = [...all].filter((one) => one.site?.unit.zone === 'production');
  const roots = (real.length > 0 ? real : [...all]).slice(0, 6);
  if (all.size < 2) return [layersOf(route)];
  return roots.map((root) => [...route.layers, ...route.owners.flatMap((owner) => outerLayers(route, owner, root))]);
}

/** Of the verdicts on one route in several applications the worst. */
export function worst<T extends { readonly verdict: 'pass' | 'fail' | 'unknown' }>(
  subjects: readonly T[],
): readonly T[] {
  for (const verdict of ['fail', 'unknown', 'pass']) {
    const found = subjects.find((one) => one.verdict === verdict);
    if (found) return [found];
  }
  return [];
}

function leadsTo(object: WebObject, root: WebObject | undefined): boolean {
  return !root || chainOf(object).some((one) => one.object === root);
}

/** `root`: only what lies on the way to it. */
function outerLayers(route: Route, owner: WebObject, root?: WebObject): readonly Layer[] {
  const found: Layer[] = [];
  const seen = new Set<WebObject>();
  const visit = (object: WebObject, paths: readonly string[], moment: Moment | undefined): void => {
    if (seen.has(object) || seen.size > 24 || !leadsTo(object, root)) return;
    seen.add(object);
    for (const layer of object.layers) {
      // Hooks of a blueprint do not run for what the application mounts elsewhere.
      if (layer.level === 'after' && object !== owner) continue;
      if (coversRoute(layer, route, paths, moment)) found.push(layer);
    }
    const own = object.prefixes.length > 0 ? object.prefixes : [''];
    for (const mount of object.mounts) {
      if (!leadsTo(mount.parent, root)) continue;
      found.push(...mount.layers);
      const between = mount.prefixes.length > 0 ? mount.prefixes : [''];
      const outer = paths.flatMap((path) => own.flatMap((a) => between.map((b) => join(join(b, a), path))));
      visit(mount.parent, [...new Set(outer)].slice(0, 8), mount.moment);
    }
  };
  visit(owner, [route.path], route.moment);
  return found;
}

function coversRoute(layer: Layer, route: Route, paths: readonly string[], moment: Moment | undefined): boolean {
  if (layer.moment && moment && !isBefore(layer.moment, moment)) return false;
  if (layer.methods && route.methods.length > 0 && !route.methods.some((one) => layer.methods!.includes(one)))
    return false;
  if (layer.except && paths.some((path) => layer.except!.some((one) => coversPath(one, path, one === '/'))))
    return false;
  const wanted = layer.paths;
  return !wanted || paths.some((path) => wanted.some((one) => coversPath(one, path, layer.exact === true)));
}

/** The functions that answer a route: its handler, or the methods of its class that answer requests. */
export function handlersOf({ program }: Web, route: Route): readonly FunctionSite[] {
  const { handler, class: view } = route;
  if (handler) return [handler];
  if (!view) return [];
  return ['get', 'post', 'put', 'patch', 'delete', 'dispatch_request'].flatMap(
    (name) => program.method(view.unit, view.id, name) ?? [],
  );
}

/** Methods that change nothing by themselves. */
const reading = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY', 'SUBSCRIPTION']);

/** Does the route answer only methods that read? */
export function isReadOnly(route: Route): boolean {
  return route.methods.length > 0 && route.methods.every((method) => reading.has(method));
}

/** Is there only one application that files of production create, so that "localhost" means it? */
export function isAlone(facts: Facts, web: Web): boolean {
  const zones = new Map(facts.files.map((file) => [file.path, file.zone]));
  const apps = web.objects.filter((one) => one.kind === 'app' && one.mounts.length === 0).map((one) => one.place);
  const all = [...apps, ...web.settings.map((one) => one.place)].map((one) => one.path);
  return new Set(all.filter((path) => zones.get(path) === 'production')).size === 1;
}

/** Files that create the applications which answer the route. */
export function appsOf(web: Web, route: Route): readonly string[] {
  if (route.framework === 'django') return web.settings.map((one) => one.unit.path);
  return route.owners.flatMap((owner) =>
    chainOf(owner).flatMap(({ object }) =>
      object.kind === 'app' && object.mounts.length === 0 ? [object.place.path] : [],
    ),
  );
}
