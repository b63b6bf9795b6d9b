/** Knows the objects of a cluster that others at the edge refer to, and what a controller adds to all of its answers. */
import { type Deployed, linkCluster } from '../cluster.ts';
import { parseNginx } from '../directives.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../span.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlEntry, type YamlNode } from '../yaml.ts';
import { type EdgeRoute, type EdgeServer, type Header, type Headers, type Limit, merged } from './server.ts';

export interface ClusterEdge {
  /** An object by kind, namespace and name. */
  find(kind: string, namespace: string, name: string | undefined): Deployed | undefined;
  /** All objects of a kind. */
  all(kind: string): readonly Deployed[];
  /** Headers that the settings of ingress-nginx add everywhere. */
  readonly everywhere: Headers;
  /** They switch off the HSTS that it sends by itself. */
  readonly hstsOff: boolean;
  /** A load balancer or a tunnel ends TLS in front of the controllers. */
  readonly tlsInFront: boolean;
  /** Middlewares that entry points of Traefik put in front of all routes: `namespace-name@kubernetescrd`. */
  entryMiddlewares(entryPoints: readonly string[]): readonly string[];
}

/** A pure join: use through `facts.linked`. */
export function clusterEdge(facts: Facts): ClusterEdge {
  const byName = new Map<string, Deployed>();
  const byKind = new Map<string, Deployed[]>();
  for (const one of facts.linked(linkCluster).objects) {
    const { kind, name = '' } = one.object;
    byName.set(`${kind} ${one.namespace}/${name}`, one);
    const list = byKind.get(kind);
    if (list) list.push(one);
    else byKind.set(kind, [one]);
  }
  const find: ClusterEdge['find'] = (kind, namespace, name) => {
    if (name === undefined) return undefined;
    const own = byName.get(`${kind} ${namespace}/${name}`);
    if (own) return own;
    // The namespace of a manifest that names none is told at the installation.
    const anywhere = byName.get(`${kind} default/${name}`);
    return anywhere?.object.namespace === undefined ? anywhere : undefined;
  };
  const roots = valuesOf(facts, byKind);
  const controllers = controllersOf(roots);
  const points = entryPointsOf(roots);
  const sets = controllers.map(({ node, path }) => entryHeaders(path, entriesOf(at(node, 'addHeaders'))));
  let hstsOff = false;
  for (const { node, path } of [
    ...(byKind.get('ConfigMap') ?? []).map(({ object, path }) => ({ node: at(object.body, 'data'), path })),
    ...controllers.map(({ node, path }) => ({ node: at(node, 'config'), path })),
  ]) {
    const named = textOf(at(node, 'add-headers'));
    if (named !== undefined) {
      const [namespace = '', name] = named.includes('/') ? named.split('/') : ['default', named];
      sets.push(mapHeaders(find('ConfigMap', namespace, name)));
    }
    hstsOff ||= textOf(at(node, 'hsts')) === 'false';
    for (const key of ['http-snippet', 'server-snippet', 'location-snippet']) {
      const entry = entryOf(node, key);
      if (entry) sets.push(snippetHeaders(path, entry));
    }
  }
  const tlsInFront = [
    ...(byKind.get('Service') ?? []).map(({ object }) => at(object.body, 'metadata', 'annotations')),
    ...controllers.map(({ node }) => at(node, 'service', 'annotations')),
  ].some((annotations) => entriesOf(annotations).some(({ key }) => BRINGS_TLS.test(key)));
  const tunnel = facts
    .linked(linkCluster)
    .workloads.some(({ pod }) => pod.containers.some(({ image }) => /\bcloudflared\b/.test(image?.text ?? '')));
  return {
    find,
    all: (kind) => byKind.get(kind) ?? [],
    everywhere: merged(...sets),
    hstsOff,
    tlsInFront: tlsInFront || tunnel,
    entryMiddlewares: (names) =>
      points.flatMap(({ name, middlewares }) => (names.length === 0 || names.includes(name) ? middlewares : [])),
  };
}

/** Annotations of a load balancer that holds a certificate. */
const BRINGS_TLS = /load-?balancer.*(?:ssl-cert|certificate|tls-secret|ssl-ports)/;

interface Values {
  readonly path: string;
  readonly root: YamlNode | undefined;
}

/** Values of charts, in their files and in objects that install them. */
function valuesOf(facts: Facts, byKind: ReadonlyMap<string, readonly Deployed[]>): readonly Values[] {
  return [
    ...facts.of('chart').flatMap(({ path, data }) => (data.role === 'values' ? [{ path, root: data.root }] : [])),
    ...(byKind.get('HelmRelease') ?? []).map(({ path, object }) => ({ path, root: at(object.body, 'spec', 'values') })),
  ];
}

/** Entry points with middlewares, in values of Traefik's chart. */
function entryPointsOf(
  roots: readonly Values[],
): readonly { readonly name: string; readonly middlewares: readonly string[] }[] {
  return roots.flatMap(({ root }) =>
    [root, at(root, 'traefik')].flatMap((one) => {
      const ports = entriesOf(at(one, 'ports')).map(({ key, value }) => ({
        name: key,
        middlewares: itemsOf(at(value, 'http', 'middlewares') ?? at(value, 'middlewares')).flatMap(
          (item) => textOf(item) ?? [],
        ),
      }));
      const given = itemsOf(at(one, 'additionalArguments')).flatMap((item) => {
        const [, name, list] = /^--entrypoints\.(\w+)\.http\.middlewares=(.+)$/i.exec(textOf(item) ?? '') ?? [];
        return name !== undefined && list !== undefined ? [{ name, middlewares: list.split(',') }] : [];
      });
      return [...ports, ...given].filter(({ middlewares }) => middlewares.length > 0);
    }),
  );
}

/** Settings of the controller in values of its chart. */
function controllersOf(roots: readonly Values[]): readonly { readonly node: YamlNode; readonly path: string }[] {
  return roots.flatMap(({ path, root }) =>
    [root, at(root, 'ingress-nginx'), at(root, 'nginx-ingress')].flatMap((one) => {
      const node = at(one, 'controller');
      return node ? [{ node, path }] : [];
    }),
  );
}

export function headerAt(
  path: string,
  entry: { readonly span: Place['span']; readonly path?: string },
  value?: string,
): Header {
  return { ...(value !== undefined && { value }), always: true, place: { path: entry.path ?? path, span: entry.span } };
}

/** Headers that keys of a mapping name. */
function entryHeaders(path: string, entries: readonly YamlEntry[]): Headers {
  return new Map(entries.map((entry) => [entry.key.toLowerCase(), headerAt(path, entry, textOf(entry.value))]));
}

/** Headers that items with `name` and `value` name. */
export function itemHeaders(path: string, items: readonly YamlNode[]): Headers {
  return new Map(
    items.flatMap((item): [string, Header][] => {
      const name = textOf(at(item, 'name'));
      return name === undefined ? [] : [[name.toLowerCase(), headerAt(path, item, textOf(at(item, 'value')))]];
    }),
  );
}

/** Headers of lines such as "X-Frame-Options: DENY". */
export function lineHeaders(
  path: string,
  lines: readonly string[],
  at_: { readonly span: Place['span']; readonly path?: string },
): Headers {
  return new Map(
    lines.flatMap((line): [string, Header][] => {
      const [, name, value = ''] = /^\s*([\w-]+)\s*(?::|\s)\s*(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name.toLowerCase(), headerAt(path, at_, value.replace(/^["']|["']$/g, ''))]];
    }),
  );
}

/** Keys of a ConfigMap that holds headers. */
export function mapHeaders(map: Deployed | undefined): Headers {
  return map ? entryHeaders(map.path, entriesOf(at(map.object.body, 'data'))) : new Map();
}

/** Headers of a snippet in nginx's language. */
export function snippetHeaders(path: string, entry: YamlEntry): Headers {
  const headers = new Map<string, Header>();
  for (const { name, args } of parseNginx(textOf(entry.value) ?? '').directives) {
    if (name === 'add_header' && args[0] !== undefined) {
      headers.set(args[0].toLowerCase(), { ...headerAt(path, entry, args[1]), always: args[2] === 'always' });
    } else if (name === 'more_set_headers') {
      for (const [key, header] of lineHeaders(path, args, entry)) headers.set(key, header);
    }
  }
  return headers;
}

/** The server of one object. */
export function simple(one: Deployed, headers: Headers, routes: readonly EdgeRoute[], unknown?: string): EdgeServer {
  const name = `${one.object.kind} ${one.object.name ?? ''}`;
  const entry = entryOf(at(one.object.body, 'metadata'), 'name');
  const place = entry ? { path: entry.path ?? one.path, span: entry.span } : one.place;
  return { name, place, headers, shared: headers, parts: [], routes, ...(unknown !== undefined && { unknown }) };
}

/** A limit at an entry of an object. */
export function limitAt(
  path: string,
  node: { readonly span: Place['span']; readonly path?: string },
  name: string,
  perMinute?: number,
): Limit {
  return { name, ...(perMinute !== undefined && { perMinute }), place: { path: node.path ?? path, span: node.span } };
}

/** Requests a minute of a count per "second", "Minute", "HOUR". */
export function perUnit(count: string | undefined, unit: string | undefined): number | undefined {
  const minutes = { second: 1 / 60, minute: 1, hour: 60, day: 1440 }[(unit ?? '').toLowerCase().replace(/s$/, '')];
  return minutes !== undefined && /^\d+$/.test(count ?? '') ? Number(count) / minutes : undefined;
}
