/** Knows Traefik's routers, services, middlewares and entry points as its files, container labels and command lines write them. */
import type { Facts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import type { Place } from '../span.ts';
import { perMinute } from './collector.ts';
import type { TraefikSetting } from './embedded.ts';
import {
  type EdgeRoute,
  type EdgeServer,
  type Header,
  type Headers,
  hostOf,
  type Limit,
  merged,
  NO_HEADERS,
} from './server.ts';
import { edgeSources } from './sources.ts';

type Located = TraefikSetting & { readonly path: string };

const FIELDS: Readonly<Record<string, readonly [header: string, value: (text: string) => string | undefined]>> = {
  stsseconds: ['strict-transport-security', (text) => `max-age=${text}`],
  contentsecuritypolicy: ['content-security-policy', (text) => text],
  contenttypenosniff: ['x-content-type-options', (text) => (text === 'true' ? 'nosniff' : undefined)],
  framedeny: ['x-frame-options', (text) => (text === 'true' ? 'DENY' : undefined)],
  customframeoptionsvalue: ['x-frame-options', (text) => text],
  referrerpolicy: ['referrer-policy', (text) => text],
};

/** Header that a setting of `headers` sends, or undefined. */
export function traefikHeader(
  name: string,
  value: string,
): { readonly name: string; readonly value: string } | undefined {
  const custom = /^customresponseheaders\.([\w-]+)$/.exec(name)?.[1];
  if (custom !== undefined) return value === '' ? undefined : { name: custom, value };
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const sent = field?.[1](value);
  return field && sent !== undefined ? { name: field[0], value: sent } : undefined;
}

interface Middleware {
  readonly name: string;
  readonly headers: Map<string, Header>;
  readonly settings: Map<string, string>;
  readonly place: Place;
}

interface Router {
  readonly name: string;
  readonly place: Place;
  readonly settings: Map<string, string>;
  /** The compose service that has the labels. */
  readonly service?: string;
}

export function traefikServers(facts: Facts): readonly EdgeServer[] {
  const settings = facts.linked(edgeSources).traefik;
  if (settings.length === 0) return [];
  const model = modelOf(settings);
  const found = [...model.routers.values()].flatMap((router) =>
    serverOf(router, model).map((server) => ({
      server,
      // Its answers over plain HTTP and over TLS are one cause.
      key: [router.place.path, router.settings.get('rule'), ...[...server.shared.keys()].sort()].join(' '),
    })),
  );
  const secure = new Set(found.flatMap(({ server, key }) => (server.plain ? [] : [key])));
  return found.flatMap(({ server, key }) => (server.plain && secure.has(key) ? [] : [server]));
}

/** Does a rule name only hosts of the machine itself? */
function isLocal(rule: string): boolean {
  const hosts = [...rule.matchAll(/\bHost\(([^)]*)\)/g)].flatMap((match) =>
    [...match[1]!.matchAll(/[`"']([^`"']+)[`"']/g)].map((one) => one[1]!),
  );
  return hosts.length > 0 && hosts.every((host) => /(?:^|\.)localhost$/.test(host));
}

/** Does a router serve web sockets alone, by its name or its paths? No page comes from there. */
function isSocket(name: string, rule: string): boolean {
  const paths = pathsOf(rule);
  return SOCKET.test(name) || paths.every((path) => SOCKET.test(path));
}

const SOCKET = /(?:^|[/._-])(?:wss?|web-?sockets?|socket\.io)(?=$|[/._-])/i;

/** An entry point. */
interface Point {
  readonly middlewares: readonly string[];
  /** Everything is sent to another entry point. */
  readonly redirects: boolean;
  /** The port of plain HTTP. */
  readonly plain: boolean;
}

interface Model {
  /** By name, then by file. */
  readonly middlewares: ReadonlyMap<string, ReadonlyMap<string, Middleware>>;
  readonly routers: ReadonlyMap<string, Router>;
  /** Addresses by name of the service. */
  readonly services: ReadonlyMap<string, readonly string[]>;
  readonly points: ReadonlyMap<string, Point>;
}

function modelOf(settings: readonly Located[]): Model {
  const middlewares = new Map<string, Map<string, Middleware>>();
  const routers = new Map<string, Router>();
  const services = new Map<string, string[]>();
  const points = new Map<string, Point>();
  const ruled = new Set(
    settings.flatMap((one) => (/^routers\.[^.]+\.rule$/.test(one.name) ? [routerKey(one, one.path)] : [])),
  );
  const beside = new Map(
    [...ruled].map((key) => [`${folderOf(key.slice(0, key.lastIndexOf(' ')))}${key.slice(key.lastIndexOf(' '))}`, key]),
  );
  for (const one of settings) {
    const [kind, name = '', ...rest] = one.name.split('.');
    const key = rest.join('.');
    const place = { path: one.path, span: one.span };
    if (kind === 'middlewares') {
      const files = middlewares.get(name) ?? new Map<string, Middleware>();
      middlewares.set(name, files);
      const middleware = files.get(one.path) ?? { name, headers: new Map(), settings: new Map(), place };
      files.set(one.path, middleware);
      middleware.settings.set(key, one.value);
      const header = key.startsWith('headers.') ? traefikHeader(key.slice('headers.'.length), one.value) : undefined;
      if (header) middleware.headers.set(header.name, { value: header.value, always: true, place });
    } else if (kind === 'routers') {
      // A file that only adds to the routers of another one beside it.
      const own = routerKey(one, one.path);
      const id = ruled.has(own) ? own : (beside.get(routerKey(one, folderOf(one.path))) ?? own);
      const router: Router = routers.get(id) ?? {
        name,
        place,
        settings: new Map(),
        ...(one.service !== undefined && { service: one.service }),
      };
      routers.set(id, router);
      router.settings.set(key, one.value);
    } else if (kind === 'services' && /\.servers(?:\.\d+)?\.(?:url|address)$/.test(key)) {
      services.set(name, [...(services.get(name) ?? []), hostOf(one.value)]);
    } else if (kind === 'entrypoints') {
      const point = points.get(name) ?? { middlewares: [], redirects: false, plain: false };
      points.set(name, {
        middlewares: key === 'http.middlewares' ? listOf(one.value) : point.middlewares,
        redirects: point.redirects || /^(?:http\.redirections|redirect)\./.test(key),
        plain: point.plain || (key === 'address' && /:80(?:\/tcp)?$/.test(one.value)),
      });
    }
  }
  return { middlewares, routers, services, points };
}

function routerKey(one: Located, path: string): string {
  return `${path} ${one.name.split('.')[1]}`;
}

/** Middlewares with those of chains; undefined for one that the repository does not hold. */
function chainOf(
  names: readonly string[],
  middlewares: Model['middlewares'],
  path: string,
  depth = 0,
): (Middleware | undefined)[] {
  return names.flatMap((name) => {
    const own = nearest(middlewares.get(name.replace(/@\w+$/, '')), path);
    const inner = own?.settings.get('chain.middlewares');
    return inner !== undefined && depth < 5
      ? [...chainOf(listOf(inner), middlewares, own!.place.path, depth + 1), own]
      : [own];
  });
}

/** Of several files that define the same name, the one whose folders are most alike. */
function nearest(files: ReadonlyMap<string, Middleware> | undefined, path: string): Middleware | undefined {
  const folders = new Set(folderOf(path).split('/'));
  const alike = (other: string) => other.split('/').filter((part) => folders.has(part)).length + Number(other === path);
  return [...(files ?? [])].reduce<[string, Middleware] | undefined>(
    (best, one) => (best === undefined || alike(one[0]) > alike(best[0]) ? one : best),
    undefined,
  )?.[1];
}

function serverOf(router: Router, model: Model): EdgeServer[] {
  const { settings, place, name } = router;
  const service = settings.get('service') ?? '';
  const rule = settings.get('rule');
  const own = listOf(settings.get('middlewares') ?? '');
  const entries = listOf(settings.get('entrypoints') ?? '');
  const points =
    entries.length > 0 ? entries.flatMap((entry) => model.points.get(entry) ?? []) : [...model.points.values()];
  const open = points.filter((point) => !point.redirects);
  if (points.length > 0 && open.length === 0) return [];
  // What only some of the entry points add is not sure.
  const [first, ...others] = open;
  const added = (first?.middlewares ?? []).filter((one) => others.every((other) => other.middlewares.includes(one)));
  const plain = first !== undefined &&
    open.every((point) => point.plain) &&
    !settings.has('tls') && { plain: true as const };
  const chain = chainOf([...added, ...own], model.middlewares, place.path);
  const turns = (kind: string) =>
    chain.some((one) => one && [...one.settings.keys()].some((key) => key.startsWith(`redirect${kind}.`)));
  // Another scheme is for every request without TLS, another address for those that match, which may be all.
  const redirects =
    (turns('scheme') && !settings.has('tls')) || (own.length === 1 && (turns('scheme') || turns('regex')));
  if (/@internal$/.test(service) || redirects || rule === undefined || isLocal(rule)) return [];
  if (isSocket(name, rule)) return [];
  const known = chain.filter((one) => one !== undefined);
  const headers: Headers = merged(NO_HEADERS, ...known.map((one) => one.headers));
  const sender = known.find((one) => one.headers.size > 0);
  const keeper = sender && {
    keeper: {
      name: `Traefik ${sender.name.startsWith('frontend ') ? '' : 'middleware '}${sender.name}`,
      place: sender.place,
    },
  };
  const missing = known.length < chain.length ? { unknown: 'one of its middlewares is not in the repository' } : {};
  const limits = known.flatMap(limitsOf);
  const upstreams =
    model.services.get(service.replace(/@\w+$/, '')) ?? (router.service === undefined ? [] : [router.service]);
  const strips = known.flatMap((one) => listOf(one.settings.get('stripprefix.prefixes') ?? ''));
  const paths = pathsOf(rule);
  const routes = paths.map((path): EdgeRoute => {
    const stripped = strips.find((prefix) => path.startsWith(prefix));
    const inner = stripped === undefined ? path : path.slice(stripped.length) || '/';
    return { path, inner, upstreams, place, headers, limits };
  });
  return [
    {
      name: `Traefik router ${name}`,
      place,
      headers,
      shared: headers,
      parts: [],
      routes,
      ...plain,
      ...keeper,
      ...missing,
    },
  ];
}

function limitsOf({ settings, place }: Middleware): Limit[] {
  const average = settings.get('ratelimit.average');
  if (average === undefined || average === '0') return [];
  const rate = perMinute(average, settings.get('ratelimit.period') ?? '1s');
  return [{ name: 'rateLimit of Traefik', ...(rate !== undefined && { perMinute: rate }), place }];
}

/** Paths that a rule names: "PathPrefix(`/api`)"; everything when it names none. */
export function pathsOf(rule: string): readonly string[] {
  const paths = [...rule.matchAll(/(?<!!)\bPath(?:Prefix)?\(([^)]*)\)/g)].flatMap((match) =>
    [...match[1]!.matchAll(/[`"']([^`"']+)[`"']/g)].map((one) => one[1]!),
  );
  return paths.length > 0 ? paths : ['/'];
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '');
}
