/** Knows Traefik's routes and middlewares as objects of a cluster. */
import type { Deployed } from '../cluster.ts';
import { at, entriesOf, itemsOf, textOf, type YamlEntry } from '../yaml.ts';
import { perMinute } from './collector.ts';
import { type ClusterEdge, headerAt, limitAt, simple } from './objects.ts';
import { common, type EdgeRoute, type EdgeServer, type Header, type Headers, type Limit, merged } from './server.ts';
import { pathsOf, traefikHeader } from './traefik.ts';
import { listed } from './traefik-v1.ts';

/** What middlewares add and refuse. */
export interface Chain {
  readonly headers: Headers;
  readonly limits: readonly Limit[];
  /** Prefixes that are taken away from paths. */
  readonly strips: readonly string[];
  /** The first of them that adds headers. */
  readonly keeper?: NonNullable<EdgeServer['keeper']>;
  readonly unknown?: string;
}

/** One after the other; undefined stands for one that the repository does not hold. */
export function chained(all: readonly (Chain | undefined)[]): Chain {
  const known = all.filter((one) => one !== undefined);
  const missing = known.length < all.length ? 'one of its middlewares is not in the repository' : undefined;
  const unknown = missing ?? known.find((one) => one.unknown !== undefined)?.unknown;
  const keeper = known.find((one) => one.keeper)?.keeper;
  return {
    headers: merged(...known.map((one) => one.headers)),
    limits: known.flatMap((one) => one.limits),
    strips: known.flatMap((one) => one.strips),
    ...(keeper && { keeper }),
    ...(unknown !== undefined && { unknown }),
  };
}

/** `namespace-name@kubernetescrd`: where the dash lies is found out by trying. */
export function byAnnotation(reference: string, edge: ClusterEdge): Chain | undefined {
  const bare = reference.replace(/@kubernetescrd$/, '');
  const found = edge.all('Middleware').find((one) => `${one.namespace}-${one.object.name ?? ''}` === bare);
  return found && middleware(found, edge);
}

export function middleware(one: Deployed, edge: ClusterEdge, depth = 0): Chain {
  const spec = at(one.object.body, 'spec');
  const inner = itemsOf(at(spec, 'chain', 'middlewares')).map((item) => {
    const target = edge.find('Middleware', textOf(at(item, 'namespace')) ?? one.namespace, textOf(at(item, 'name')));
    return target && depth < 5 ? middleware(target, edge, depth + 1) : undefined;
  });
  const headers = new Map<string, Header>();
  for (const entry of entriesOf(at(spec, 'headers'))) {
    const key = entry.key.toLowerCase();
    const nested = entriesOf(entry.value);
    for (const { name, value, at: where } of nested.length > 0
      ? nested.map((each) => ({ name: `${key}.${each.key.toLowerCase()}`, value: textOf(each.value), at: each }))
      : [{ name: key, value: textOf(entry.value), at: entry }]) {
      const header = traefikHeader(name, value ?? '');
      if (header) headers.set(header.name, headerAt(one.path, where, header.value));
    }
  }
  const rate = at(spec, 'rateLimit');
  const average = textOf(at(rate, 'average'));
  const limits =
    rate && average !== undefined && average !== '0'
      ? [limitAt(one.path, rate, 'rateLimit of Traefik', perMinute(average, textOf(at(rate, 'period')) ?? '1s'))]
      : [];
  const strips = itemsOf(at(spec, 'stripPrefix', 'prefixes')).flatMap((item) => textOf(item) ?? []);
  const keeper = headers.size > 0 && { keeper: { name: `Middleware ${one.object.name ?? ''}`, place: one.place } };
  return chained([...inner, { headers, limits, strips, ...keeper }]);
}

export function ingressRoute(one: Deployed, edge: ClusterEdge): EdgeServer | undefined {
  const points = itemsOf(at(one.object.body, 'spec', 'entryPoints')).flatMap((item) => textOf(item) ?? []);
  const before = edge.entryMiddlewares(points).map((name) => byAnnotation(name, edge));
  let unknown: string | undefined;
  const keepers: EdgeServer['keeper'][] = [];
  const sets: Headers[] = [];
  const routes = itemsOf(at(one.object.body, 'spec', 'routes')).flatMap((route): EdgeRoute[] => {
    const services = itemsOf(at(route, 'services')).map((service) => textOf(at(service, 'name')) ?? '');
    if (services.length > 0 && services.every((name) => /^(?:noop|api|dashboard|ping)@internal$/.test(name))) return [];
    const references = itemsOf(at(route, 'middlewares'));
    const targets = references.map((item) =>
      edge.find('Middleware', textOf(at(item, 'namespace')) ?? one.namespace, textOf(at(item, 'name'))),
    );
    if (targets.length === 1 && /^redirect/.test(entriesOf(at(targets[0]?.object.body, 'spec'))[0]?.key ?? ''))
      return [];
    const chain = chained([...before, ...targets.map((target) => target && middleware(target, edge))]);
    unknown ??= chain.unknown;
    sets.push(chain.headers);
    keepers.push(chain.keeper);
    const place = { path: route.path ?? one.path, span: route.span };
    const upstreams = services.map((name) => name.toLowerCase());
    return pathsOf(textOf(at(route, 'match')) ?? '').map((path) => {
      const stripped = chain.strips.find((prefix) => path.startsWith(prefix));
      const inner = stripped === undefined ? path : path.slice(stripped.length) || '/';
      return { path, inner, upstreams, place, headers: chain.headers, limits: chain.limits };
    });
  });
  if (sets.length === 0) return undefined;
  // A route without headers is to be mended itself.
  const keeper = keepers.includes(undefined) ? undefined : keepers[0];
  return { ...simple(one, common(sets), routes, unknown), ...(keeper && { keeper }) };
}

/** Headers that annotations of an Ingress name: `ingress.kubernetes.io/frame-deny`. */
export function annotatedHeaders(path: string, annotations: readonly YamlEntry[]): Headers {
  return new Map(
    annotations.flatMap((entry): [string, Header][] => {
      const key = /^(?:traefik\.)?ingress\.kubernetes\.io\/([\w-]+)$/.exec(entry.key)?.[1];
      const value = textOf(entry.value) ?? '';
      if (key === undefined) return [];
      const sets =
        key === 'custom-response-headers'
          ? listed(value).map(([name, text]) => [`customresponseheaders.${name?.toLowerCase()}`, text])
          : [[key === 'hsts-max-age' ? 'stsseconds' : key.replaceAll('-', ''), value]];
      return sets.flatMap(([name = '', text = '']): [string, Header][] => {
        const header = traefikHeader(name, text);
        return header ? [[header.name, headerAt(path, entry, header.value)]] : [];
      });
    }),
  );
}
