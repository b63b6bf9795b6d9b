/** Knows routes of the Gateway API, of Contour, of OpenShift, of NGINX's own controller and of Emissary. */
import type { Deployed } from '../cluster.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { type ClusterEdge, headerAt, itemHeaders, limitAt, perUnit, simple, snippetHeaders } from './objects.ts';
import {
  common,
  type EdgeRoute,
  type EdgeServer,
  type Headers,
  hostOf,
  type Limit,
  merged,
  NO_HEADERS,
} from './server.ts';
import { middleware } from './traefik-objects.ts';

/** HTTPRoute; routes of a mesh, whose parent is a service, are internal. */
export function gatewayRoute(one: Deployed, edge: ClusterEdge): EdgeServer | undefined {
  const { body } = one.object;
  const parents = itemsOf(at(body, 'spec', 'parentRefs'));
  if (parents.length > 0 && parents.every((parent) => textOf(at(parent, 'kind')) === 'Service')) return undefined;
  let unknown: string | undefined;
  const policies = policyLimits(one, parents, edge);
  const late = lateHeaders(parents, edge);
  const sets: Headers[] = [];
  const routes = itemsOf(at(body, 'spec', 'rules')).flatMap((rule): EdgeRoute[] => {
    const filters = itemsOf(at(rule, 'filters'));
    if (filters.some((filter) => textOf(at(filter, 'type')) === 'RequestRedirect')) return [];
    const limits = [...policies];
    const backends = itemsOf(at(rule, 'backendRefs'));
    const own = filters.map((filter) => {
      const reference = at(filter, 'extensionRef');
      if (!reference) return modified(one, filter);
      const target = edge.find('Middleware', one.namespace, textOf(at(reference, 'name')));
      if (!target) unknown = 'one of its filters is not in the repository';
      const chain = target && middleware(target, edge);
      limits.push(...(chain?.limits ?? []));
      return chain?.headers ?? NO_HEADERS;
    });
    const behind = backends.map((backend) =>
      merged(...itemsOf(at(backend, 'filters')).map((filter) => modified(one, filter))),
    );
    const headers = merged(common(behind), ...own, late);
    sets.push(headers);
    const rewrite = filters
      .map((filter) => textOf(at(filter, 'urlRewrite', 'path', 'replacePrefixMatch')))
      .find((text) => text);
    const upstreams = backends.flatMap((backend) => textOf(at(backend, 'name'))?.toLowerCase() ?? []);
    const place = { path: rule.path ?? one.path, span: rule.span };
    const matches = itemsOf(at(rule, 'matches'));
    return (matches.length > 0 ? matches : [undefined]).map((match) => {
      const path = textOf(at(match, 'path', 'value')) ?? '/';
      const exact = textOf(at(match, 'path', 'type')) === 'Exact';
      return { path, ...(exact && { exact }), inner: rewrite ?? path, upstreams, place, headers, limits };
    });
  });
  return sets.length === 0 ? undefined : simple(one, common(sets), routes, unknown);
}

function modified(one: Deployed, filter: YamlNode): Headers {
  const change = at(filter, 'responseHeaderModifier');
  return itemHeaders(one.path, [...itemsOf(at(change, 'add')), ...itemsOf(at(change, 'set'))]);
}

/** Headers that policies of Envoy Gateway add to all answers of a gateway. */
function lateHeaders(parents: readonly YamlNode[], edge: ClusterEdge): Headers {
  const names = new Set(parents.map((parent) => textOf(at(parent, 'name'))));
  return merged(
    ...edge.all('ClientTrafficPolicy').map(({ object, path }) => {
      const spec = at(object.body, 'spec');
      const targets = [...itemsOf(at(spec, 'targetRefs')), at(spec, 'targetRef')];
      if (!targets.some((target) => target && names.has(textOf(at(target, 'name'))))) return NO_HEADERS;
      const late = at(spec, 'headers', 'lateResponseHeaders');
      return itemHeaders(path, [...itemsOf(at(late, 'add')), ...itemsOf(at(late, 'set'))]);
    }),
  );
}

/** Limits of Envoy Gateway's policies on the route or on its gateway. */
function policyLimits(one: Deployed, parents: readonly YamlNode[], edge: ClusterEdge): Limit[] {
  const names = new Set([one.object.name, ...parents.map((parent) => textOf(at(parent, 'name')))]);
  return edge.all('BackendTrafficPolicy').flatMap(({ object, path }): Limit[] => {
    const spec = at(object.body, 'spec');
    const targets = [
      ...itemsOf(at(spec, 'targetRefs')),
      ...[at(spec, 'targetRef')].filter((node) => node !== undefined),
    ];
    if (!targets.some((target) => names.has(textOf(at(target, 'name'))))) return [];
    return ['local', 'global'].flatMap((kind) =>
      itemsOf(at(spec, 'rateLimit', kind, 'rules')).map((rule) => {
        const limit = at(rule, 'limit');
        const rate = perUnit(textOf(at(limit, 'requests')), textOf(at(limit, 'unit')));
        return limitAt(path, rule, `rateLimit of ${object.name ?? ''}`, rate);
      }),
    );
  });
}

/** HTTPProxy of Contour; those without a virtual host are parts of others. */
export function httpProxy(one: Deployed): EdgeServer | undefined {
  const { body } = one.object;
  const host = at(body, 'spec', 'virtualhost');
  if (host === undefined) return undefined;
  const set = (node: YamlNode) => itemHeaders(one.path, itemsOf(at(node, 'responseHeadersPolicy', 'set')));
  const limitOf = (node: YamlNode | undefined): Limit[] => {
    const local = at(node, 'rateLimitPolicy', 'local');
    const rate = perUnit(textOf(at(local, 'requests')), textOf(at(local, 'unit')));
    return local ? [limitAt(one.path, local, 'rateLimitPolicy', rate)] : [];
  };
  const routes = itemsOf(at(body, 'spec', 'routes')).map((route): EdgeRoute => {
    const path =
      itemsOf(at(route, 'conditions'))
        .map((item) => textOf(at(item, 'prefix')))
        .find((text) => text) ?? '/';
    return {
      path,
      inner: textOf(at(route, 'pathRewritePolicy', 'replacePrefix', 0, 'replacement')) ?? path,
      upstreams: itemsOf(at(route, 'services')).flatMap((service) => textOf(at(service, 'name'))?.toLowerCase() ?? []),
      place: { path: route.path ?? one.path, span: route.span },
      headers: merged(common(itemsOf(at(route, 'services')).map(set)), set(route)),
      limits: [...limitOf(host), ...limitOf(route)],
    };
  });
  return routes.length === 0 ? undefined : simple(one, common(routes.map(({ headers }) => headers)), routes);
}

/** Route of OpenShift. */
export function openshiftRoute(one: Deployed): EdgeServer {
  const { body } = one.object;
  const annotations = at(body, 'metadata', 'annotations');
  const hsts = at(annotations, 'haproxy.router.openshift.io/hsts_header');
  const actions = itemsOf(at(body, 'spec', 'httpHeaders', 'actions', 'response')).flatMap((item) => {
    const name = textOf(at(item, 'name'));
    return name === undefined
      ? []
      : [[name.toLowerCase(), headerAt(one.path, item, textOf(at(item, 'action', 'set', 'value')))] as const];
  });
  const headers: Headers = new Map([
    ...(hsts ? [['strict-transport-security', headerAt(one.path, hsts, textOf(hsts))] as const] : []),
    ...actions,
  ]);
  const rate = at(annotations, 'haproxy.router.openshift.io/rate-limit-connections.rate-http');
  const limits =
    rate && /^\d+$/.test(textOf(rate) ?? '') ? [limitAt(one.path, rate, 'rate-http', Number(textOf(rate)) * 20)] : [];
  const path = textOf(at(body, 'spec', 'path')) ?? '/';
  const upstream = textOf(at(body, 'spec', 'to', 'name'));
  const upstreams = upstream === undefined ? [] : [upstream.toLowerCase()];
  const passthrough = textOf(at(body, 'spec', 'tls', 'termination')) === 'passthrough';
  const routes = [{ path, inner: path, upstreams, place: one.place, headers, limits }];
  return simple(one, headers, routes, passthrough ? 'the application ends TLS itself' : undefined);
}

/** VirtualServer of NGINX's own controller. */
export function virtualServer(one: Deployed): EdgeServer | undefined {
  const spec = at(one.object.body, 'spec');
  const snippets = ['http-snippets', 'server-snippets'].flatMap((key) => entryOf(spec, key) ?? []);
  const shared = merged(...snippets.map((entry) => snippetHeaders(one.path, entry)));
  const named = new Map(
    itemsOf(at(spec, 'upstreams')).map((item) => [textOf(at(item, 'name')), textOf(at(item, 'service')) ?? '']),
  );
  const delegated = itemsOf(at(spec, 'routes')).some((route) => at(route, 'route'));
  const routes = itemsOf(at(spec, 'routes')).flatMap((route): EdgeRoute[] => {
    const action = at(route, 'action') ?? at(route, 'splits', 0, 'action') ?? at(route, 'matches', 0, 'action');
    const proxy = at(action, 'proxy');
    const upstream = textOf(at(proxy, 'upstream')) ?? textOf(at(action, 'pass'));
    if (upstream === undefined) return [];
    const path = (textOf(at(route, 'path')) ?? '/').replace(/^[=~*\s]+/, '');
    const own = entryOf(route, 'location-snippets');
    const added = itemHeaders(one.path, itemsOf(at(proxy, 'responseHeaders', 'add')));
    const snippet = own ? snippetHeaders(one.path, own) : NO_HEADERS;
    // As in every location of nginx, headers of its own replace those of the server.
    const headers = added.size + snippet.size > 0 ? merged(added, snippet) : shared;
    const upstreams = [named.get(upstream) ?? upstream].map((name) => name.toLowerCase());
    const place = { path: route.path ?? one.path, span: route.span };
    return [{ path, inner: textOf(at(proxy, 'rewritePath')) ?? path, upstreams, place, headers, limits: [] }];
  });
  if (routes.length === 0) return undefined;
  const unknown = delegated ? 'some of its routes are objects of their own' : undefined;
  return simple(one, common(routes.map(({ headers }) => headers)), routes, unknown);
}

/** Mapping of Emissary. */
export function mapping(one: Deployed, edge: ClusterEdge): EdgeServer | undefined {
  const spec = at(one.object.body, 'spec');
  if (at(spec, 'host_redirect') ?? at(spec, 'grpc')) return undefined;
  const headersOf = (node: YamlNode | undefined, where: string) =>
    new Map(
      entriesOf(at(node, 'add_response_headers')).map((entry) => [
        entry.key.toLowerCase(),
        headerAt(where, entry, textOf(entry.value) ?? textOf(at(entry.value, 'value'))),
      ]),
    );
  const defaults = edge.all('Module').map(({ object, path }) => {
    const config = at(object.body, 'spec', 'config', 'defaults');
    return merged(headersOf(config, path), headersOf(at(config, 'httpmapping'), path));
  });
  const headers = merged(...defaults, headersOf(spec, one.path));
  const path = textOf(at(spec, 'prefix')) ?? '/';
  const upstreams = [hostOf(textOf(at(spec, 'service')) ?? '')];
  const inner = textOf(at(spec, 'rewrite')) ?? '/';
  return simple(one, headers, [{ path, inner, upstreams, place: one.place, headers, limits: [] }]);
}
