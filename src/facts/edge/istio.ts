/** Knows Istio's virtual services, and what its Envoy filters add at the gateway. */
import type { Deployed } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { envoyHeaders, envoyLimits, luaHeaders } from './envoy.ts';
import { clusterEdge, headerAt, simple } from './objects.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, type Limit, merged } from './server.ts';

/** What Envoy filters do to everything that passes a gateway. */
export interface IstioEdge {
  readonly headers: Headers;
  readonly limits: readonly Limit[];
}

/** A pure join: use through `facts.linked`. */
export function istioEdge(facts: Facts): IstioEdge {
  const sets: Headers[] = [];
  const limits: Limit[] = [];
  for (const { object, path } of facts.linked(clusterEdge).all('EnvoyFilter')) {
    for (const patch of itemsOf(at(object.body, 'spec', 'configPatches'))) {
      const context = textOf(at(patch, 'match', 'context')) ?? 'ANY';
      const value = at(patch, 'patch', 'value');
      if (!/^(?:ANY|GATEWAY)$/.test(context) || !value) continue;
      sets.push(deepHeaders(value, path, 0));
      limits.push(...envoyLimits(value, path));
    }
  }
  return { headers: merged(...sets), limits };
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

export function virtualService(one: Deployed, edge: IstioEdge): EdgeServer | undefined {
  const { body } = one.object;
  const gateways = itemsOf(at(body, 'spec', 'gateways')).map(textOf);
  if (!gateways.some((name) => name !== undefined && name !== 'mesh')) return undefined;
  const answering = itemsOf(at(body, 'spec', 'http')).filter(
    (route) => at(route, 'redirect') === undefined && at(route, 'directResponse') === undefined,
  );
  if (answering.length === 0) return undefined;
  const routes = answering.flatMap((route): EdgeRoute[] => {
    const targets = itemsOf(at(route, 'route'));
    const weights = targets.map((target) => istioHeaders(one.path, at(target, 'headers', 'response')));
    const headers = merged(edge.headers, common(weights), istioHeaders(one.path, at(route, 'headers', 'response')));
    const upstreams = targets.flatMap((target) => textOf(at(target, 'destination', 'host'))?.toLowerCase() ?? []);
    const place = { path: route.path ?? one.path, span: route.span };
    const rewrite = textOf(at(route, 'rewrite', 'uri'));
    const matches = itemsOf(at(route, 'match'));
    return (matches.length > 0 ? matches : [undefined]).map((match) => {
      const whole = textOf(at(match, 'uri', 'exact'));
      const path = whole ?? textOf(at(match, 'uri', 'prefix')) ?? '/';
      const exact = whole !== undefined && { exact: true as const };
      return { path, ...exact, inner: rewrite ?? path, upstreams, place, headers, limits: edge.limits };
    });
  });
  return simple(one, common(routes.map(({ headers }) => headers)), routes);
}

function istioHeaders(path: string, response: YamlNode | undefined): Headers {
  const entries = [...entriesOf(at(response, 'add')), ...entriesOf(at(response, 'set'))];
  return new Map(entries.map((entry) => [entry.key.toLowerCase(), headerAt(path, entry, textOf(entry.value))]));
}
