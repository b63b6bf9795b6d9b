/** Knows Istio's virtual services, and what its Envoy filters add at the gateway. */
import type { Deployed } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { at, entriesOf, itemsOf, textOf, type YamlEntry, type YamlNode } from '../yaml.ts';
import { envoyHeaders, envoyLimits, luaHeaders } from './envoy.ts';
import { type ClusterEdge, clusterEdge, headerAt, simple } from './objects.ts';
import { gatewaysOf } from './plain.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, type Limit, merged } from './server.ts';
import { OF_SECURITY } from './sites.ts';

/** What an Envoy filter does to everything that passes the gateways it is for. */
interface IstioFilter {
  readonly headers: Headers;
  readonly limits: readonly Limit[];
  /** Labels of the gateways; none for all. */
  readonly labels: readonly YamlEntry[];
  readonly keeper: NonNullable<EdgeServer['keeper']>;
}

/** A pure join: use through `facts.linked`. */
export function istioFilters(facts: Facts): readonly IstioFilter[] {
  return facts
    .linked(clusterEdge)
    .all('EnvoyFilter')
    .map(({ object: { body, name = '' }, path, place }) => {
      const values = itemsOf(at(body, 'spec', 'configPatches')).flatMap((patch) => {
        const context = textOf(at(patch, 'match', 'context')) ?? 'ANY';
        const value = at(patch, 'patch', 'value');
        return value && /^(?:ANY|GATEWAY)$/.test(context) ? [value] : [];
      });
      return {
        headers: merged(...values.map((value) => deepHeaders(value, path, 0))),
        limits: values.flatMap((value) => envoyLimits(value, path)),
        labels: entriesOf(at(body, 'spec', 'workloadSelector', 'labels')),
        keeper: { name: `EnvoyFilter ${name}`, place },
      };
    });
}

/** Headers anywhere in a patch: it may be a route, a virtual host, a filter or its settings. */
function deepHeaders(node: YamlNode, path: string, depth: number): Headers {
  if (depth > 12) return new Map();
  const inner = node.kind === 'map' ? node.entries.map(({ value }) => value) : node.kind === 'list' ? node.items : [];
  return merged(
    ...inner.map((one) => deepHeaders(one, path, depth + 1)),
    envoyHeaders(node, path),
    luaHeaders(node, path),
  );
}

/** Filters that see all of its answers: none that is for other gateways. */
function filtersOf(one: Deployed, filters: readonly IstioFilter[], edge: ClusterEdge): readonly IstioFilter[] {
  const gateways = gatewaysOf(one, edge).map((gateway) => at(gateway?.object.body, 'spec', 'selector'));
  return filters.filter(({ labels }) =>
    gateways.every((selector) =>
      labels.every(({ key, value }) => (textOf(at(selector, key)) ?? textOf(value)) === textOf(value)),
    ),
  );
}

export function virtualService(one: Deployed, edge: ClusterEdge, all: readonly IstioFilter[]): EdgeServer | undefined {
  const { body } = one.object;
  const gateways = itemsOf(at(body, 'spec', 'gateways')).map(textOf);
  if (!gateways.some((name) => name !== undefined && name !== 'mesh')) return undefined;
  const answering = itemsOf(at(body, 'spec', 'http')).filter(
    (route) => at(route, 'redirect') === undefined && at(route, 'directResponse') === undefined,
  );
  if (answering.length === 0) return undefined;
  const filters = filtersOf(one, all, edge);
  const limits = filters.flatMap((filter) => filter.limits);
  const added = merged(...filters.map(({ headers }) => headers));
  const routes = answering.flatMap((route): EdgeRoute[] => {
    const targets = itemsOf(at(route, 'route'));
    const weights = targets.map((target) => istioHeaders(one.path, at(target, 'headers', 'response')));
    const headers = merged(added, common(weights), istioHeaders(one.path, at(route, 'headers', 'response')));
    const upstreams = targets.flatMap((target) => textOf(at(target, 'destination', 'host'))?.toLowerCase() ?? []);
    const place = { path: route.path ?? one.path, span: route.span };
    const rewrite = textOf(at(route, 'rewrite', 'uri'));
    const matches = itemsOf(at(route, 'match'));
    return (matches.length > 0 ? matches : [undefined]).map((match) => {
      const whole = textOf(at(match, 'uri', 'exact'));
      const path = whole ?? textOf(at(match, 'uri', 'prefix')) ?? '/';
      const exact = whole !== undefined && { exact: true as const };
      return { path, ...exact, inner: rewrite ?? path, upstreams, place, headers, limits };
    });
  });
  // What several services get from one filter is to be completed there.
  const keeper = filters.find(({ headers }) => [...headers.keys()].some((name) => OF_SECURITY.test(name)))?.keeper;
  return { ...simple(one, common(routes.map(({ headers }) => headers)), routes), ...(keeper && { keeper }) };
}

function istioHeaders(path: string, response: YamlNode | undefined): Headers {
  const entries = [...entriesOf(at(response, 'add')), ...entriesOf(at(response, 'set'))];
  return new Map(entries.map((entry) => [entry.key.toLowerCase(), headerAt(path, entry, textOf(entry.value))]));
}
