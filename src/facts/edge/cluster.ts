/** Knows the edge of a Kubernetes cluster: Ingress annotations, Traefik's routes and middlewares, Istio's virtual services. */
import { type Deployed, linkCluster } from '../cluster.ts';
import { parseNginx } from '../directives.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../span.ts';
import { at, booleanOf, entriesOf, itemsOf, textOf, type YamlEntry, type YamlNode } from '../yaml.ts';
import { common, type EdgeServer, type Header, type Headers, merged, NO_HEADERS } from './server.ts';

export function clusterServers(facts: Facts): readonly EdgeServer[] {
  const { objects } = facts.linked(linkCluster);
  const context = contextOf(objects);
  const servers = new Map<string, EdgeServer>();
  for (const one of objects) {
    const server = serverOf(one, context);
    const key = server && `${server.place.path}:${server.place.span.start}`;
    if (server && key && !servers.has(key)) servers.set(key, server);
  }
  return [...servers.values()];
}

interface Context {
  /** Traefik middlewares by "namespace/name". */
  readonly middlewares: ReadonlyMap<string, Deployed>;
  readonly maps: ReadonlyMap<string, Deployed>;
  /** Headers that the controller's ConfigMap adds everywhere. */
  readonly everywhere: Headers;
  /** The controller's ConfigMap switches HSTS off. */
  readonly hstsOff: boolean;
}

function contextOf(objects: readonly Deployed[]): Context {
  const middlewares = new Map<string, Deployed>();
  const maps = new Map<string, Deployed>();
  for (const one of objects) {
    const key = `${one.namespace}/${one.object.name ?? ''}`;
    if (one.object.kind === 'Middleware' && /^traefik\./.test(one.object.apiVersion)) middlewares.set(key, one);
    if (one.object.kind === 'ConfigMap') maps.set(key, one);
  }
  const settings = [...maps.values()].map(({ object }) => at(object.body, 'data'));
  const named = settings.map((data) => textOf(at(data, 'add-headers'))).find((name) => name !== undefined);
  const hstsOff = settings.some((data) => textOf(at(data, 'hsts')) === 'false');
  return { middlewares, maps, everywhere: mapHeaders(mapOf(maps, named)), hstsOff };
}

/** A ConfigMap by "namespace/name"; the namespace of a manifest that names none is told at the installation. */
function mapOf(maps: ReadonlyMap<string, Deployed>, name: string | undefined): Deployed | undefined {
  if (name === undefined) return undefined;
  const anywhere = maps.get(`default/${name.slice(name.indexOf('/') + 1)}`);
  return maps.get(name) ?? (anywhere?.object.namespace === undefined ? anywhere : undefined);
}

function headerAt(path: string, entry: YamlEntry, value?: string): Header {
  return { ...(value !== undefined && { value }), always: true, place: { path: entry.path ?? path, span: entry.span } };
}

/** Keys of a ConfigMap that holds headers. */
function mapHeaders(map: Deployed | undefined): Headers {
  return new Map(
    entriesOf(at(map?.object.body, 'data')).map((entry) => [
      entry.key.toLowerCase(),
      headerAt(map!.path, entry, textOf(entry.value)),
    ]),
  );
}

function serverOf(one: Deployed, context: Context): EdgeServer | undefined {
  const { kind, apiVersion, broken } = one.object;
  let found: EdgeServer | undefined;
  if (kind === 'Ingress' && /^(?:networking\.k8s\.io|extensions)\//.test(apiVersion)) found = ingress(one, context);
  else if (kind === 'IngressRoute' && /^traefik\./.test(apiVersion)) found = ingressRoute(one, context);
  else if (kind === 'VirtualService' && /^networking\.istio\.io\//.test(apiVersion)) found = virtualService(one);
  return found && broken && found.unknown === undefined
    ? { ...found, unknown: 'the object is not known completely' }
    : found;
}

function placeOf(one: Deployed): Place {
  const name = entriesOf(at(one.object.body, 'metadata')).find(({ key }) => key === 'name');
  return name ? { path: name.path ?? one.path, span: name.span } : one.place;
}

function simple(one: Deployed, headers: Headers, unknown?: string): EdgeServer {
  const name = `${one.object.kind} ${one.object.name ?? ''}`;
  return { name, place: placeOf(one), headers, shared: headers, parts: [], ...(unknown !== undefined && { unknown }) };
}

const NGINX = 'nginx.ingress.kubernetes.io/';

function ingress(one: Deployed, context: Context): EdgeServer | undefined {
  const { body } = one.object;
  const annotations = entriesOf(at(body, 'metadata', 'annotations'));
  const text = (key: string) => textOf(annotations.find((entry) => entry.key === key)?.value);
  const name = text('kubernetes.io/ingress.class') ?? textOf(at(body, 'spec', 'ingressClassName'));
  if (text(`${NGINX}permanent-redirect`) ?? text(`${NGINX}temporal-redirect`)) return undefined;
  const chain = text('traefik.ingress.kubernetes.io/router.middlewares');
  if (chain !== undefined || /traefik/i.test(name ?? '')) {
    const names = (chain ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    return chained(
      one,
      names.map((part) => byAnnotation(part, context)),
    );
  }
  const foreign = annotations.find((entry) =>
    /^(?:alb\.ingress|haproxy\.org|konghq\.com|ingress\.gcp|networking\.gke|appgw\.ingress)/.test(entry.key),
  );
  if (foreign || (name !== undefined && !/nginx/i.test(name))) {
    return simple(
      one,
      NO_HEADERS,
      `the controller of class ${name ?? foreign?.key.split('/')[0] ?? ''} takes its headers from elsewhere`,
    );
  }
  const sets: Headers[] = [context.everywhere];
  // The controller sends HSTS by itself wherever it ends TLS.
  const tls = entriesOf(at(body, 'spec')).find(({ key }) => key === 'tls');
  if (tls && !context.hstsOff) sets.push(new Map([['strict-transport-security', headerAt(one.path, tls)]]));
  for (const entry of annotations) {
    if (entry.key === `${NGINX}configuration-snippet` || entry.key === `${NGINX}server-snippet`)
      sets.push(snippet(one.path, entry));
    else if (entry.key === `${NGINX}custom-headers`) {
      const map = mapOf(context.maps, textOf(entry.value));
      if (!map)
        return simple(one, merged(...sets), `the ConfigMap ${textOf(entry.value) ?? ''} is not in the repository`);
      sets.push(mapHeaders(map));
    }
  }
  return simple(one, merged(...sets));
}

/** Headers of a snippet in nginx's language. */
function snippet(path: string, entry: YamlEntry): Headers {
  const headers = new Map<string, Header>();
  for (const { name, args } of parseNginx(textOf(entry.value) ?? '').directives) {
    if (name === 'add_header' && args[0] !== undefined) {
      headers.set(args[0].toLowerCase(), { ...headerAt(path, entry, args[1]), always: args[2] === 'always' });
    } else if (name === 'more_set_headers') {
      for (const text of args) {
        const match = /^([\w-]+)\s*:\s*(.*)$/s.exec(text);
        if (match) headers.set(match[1]!.toLowerCase(), headerAt(path, entry, match[2]));
      }
    }
  }
  return headers;
}

/** `namespace-name@kubernetescrd`: where the dash lies is found out by trying. */
function byAnnotation(reference: string, context: Context): Headers | undefined {
  const bare = reference.replace(/@kubernetescrd$/, '');
  for (const [key, one] of context.middlewares) if (key.replace('/', '-') === bare) return middleware(one, context, 0);
  return undefined;
}

function chained(one: Deployed, sets: readonly (Headers | undefined)[]): EdgeServer {
  const known = sets.filter((set) => set !== undefined);
  const missing = known.length < sets.length ? 'one of its middlewares is not in the repository' : undefined;
  return simple(one, merged(...known), missing);
}

/** What Traefik's names for headers mean. */
const FIELDS: readonly (readonly [field: string, header: string, value?: (node: YamlNode) => string | undefined])[] = [
  ['stsSeconds', 'strict-transport-security', (node) => `max-age=${textOf(node) ?? 0}`],
  ['contentSecurityPolicy', 'content-security-policy'],
  ['contentTypeNosniff', 'x-content-type-options', (node) => (isOn(node) ? 'nosniff' : undefined)],
  ['frameDeny', 'x-frame-options', (node) => (isOn(node) ? 'DENY' : undefined)],
  ['customFrameOptionsValue', 'x-frame-options'],
  ['referrerPolicy', 'referrer-policy'],
];

function isOn(node: YamlNode): boolean {
  return booleanOf(node) === true || textOf(node) === 'true';
}

/** Headers of the `headers` settings of a Traefik middleware. */
export function traefikHeaders(path: string, settings: YamlNode | undefined): Headers {
  const headers = new Map<string, Header>();
  for (const entry of entriesOf(settings)) {
    const field = FIELDS.find(([name]) => name.toLowerCase() === entry.key.toLowerCase());
    const value = field && (field[2] ? field[2](entry.value) : textOf(entry.value));
    if (field && value !== undefined) headers.set(field[1], headerAt(path, entry, value));
    if (entry.key.toLowerCase() === 'customresponseheaders') {
      for (const inner of entriesOf(entry.value))
        headers.set(inner.key.toLowerCase(), headerAt(path, inner, textOf(inner.value)));
    }
  }
  return headers;
}

function middleware(one: Deployed, context: Context, depth: number): Headers {
  const chain = itemsOf(at(one.object.body, 'spec', 'chain', 'middlewares'));
  const inner = chain.map((item) => {
    const key = `${textOf(at(item, 'namespace')) ?? one.namespace}/${textOf(at(item, 'name')) ?? ''}`;
    const target = context.middlewares.get(key);
    return target && depth < 5 ? middleware(target, context, depth + 1) : NO_HEADERS;
  });
  return merged(...inner, traefikHeaders(one.path, at(one.object.body, 'spec', 'headers')));
}

function ingressRoute(one: Deployed, context: Context): EdgeServer | undefined {
  let missing = false;
  const routes = itemsOf(at(one.object.body, 'spec', 'routes')).flatMap((route): Headers[] => {
    const services = itemsOf(at(route, 'services'));
    if (
      services.length > 0 &&
      services.every((service) => /^(?:noop|api|dashboard|ping)@internal$/.test(textOf(at(service, 'name')) ?? ''))
    )
      return [];
    const sets = itemsOf(at(route, 'middlewares')).map((item) => {
      const key = `${textOf(at(item, 'namespace')) ?? one.namespace}/${textOf(at(item, 'name')) ?? ''}`;
      const target = context.middlewares.get(key);
      missing ||= !target;
      return target ? middleware(target, context, 0) : NO_HEADERS;
    });
    return [merged(...sets)];
  });
  if (routes.length === 0) return undefined;
  return simple(one, common(routes), missing ? 'one of its middlewares is not in the repository' : undefined);
}

function virtualService(one: Deployed): EdgeServer | undefined {
  const { body } = one.object;
  const gateways = itemsOf(at(body, 'spec', 'gateways')).map(textOf);
  if (!gateways.some((name) => name !== undefined && name !== 'mesh')) return undefined;
  const routes = itemsOf(at(body, 'spec', 'http')).filter(
    (route) => at(route, 'redirect') === undefined && at(route, 'directResponse') === undefined,
  );
  if (routes.length === 0) return undefined;
  const sets = routes.map((route) => {
    const weights = itemsOf(at(route, 'route')).map((target) =>
      istioHeaders(one.path, at(target, 'headers', 'response')),
    );
    return merged(common(weights), istioHeaders(one.path, at(route, 'headers', 'response')));
  });
  return simple(one, common(sets));
}

function istioHeaders(path: string, response: YamlNode | undefined): Headers {
  const entries = [...entriesOf(at(response, 'add')), ...entriesOf(at(response, 'set'))];
  return new Map(entries.map((entry) => [entry.key.toLowerCase(), headerAt(path, entry, textOf(entry.value))]));
}
