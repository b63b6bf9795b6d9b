/** Knows Envoy's listeners: virtual hosts and routes with the headers they add, and the filters that limit requests. */
import type { Facts } from '../facts.ts';
import type { Span } from '../span.ts';
import { at, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { perMinute } from './collector.ts';
import { headerAt, limitAt } from './objects.ts';
import {
  common,
  type EdgeRoute,
  type EdgeServer,
  type Header,
  type Headers,
  type Limit,
  merged,
  NO_HEADERS,
} from './server.ts';
import { edgeSources } from './sources.ts';

const LOOPBACK = /^(?:127\.|localhost$|::1$)/;

export function envoyServers(facts: Facts): readonly EdgeServer[] {
  return facts.linked(edgeSources).envoy.flatMap(({ path, root, at: span }) => {
    const listeners = [...itemsOf(at(root, 'static_resources', 'listeners')), ...itemsOf(at(root, 'resources'))];
    const clusters = clustersOf(root);
    return listeners.flatMap((listener) => serversOf(listener, path, clusters, span));
  });
}

/** Addresses by name of the cluster. */
function clustersOf(root: YamlNode): ReadonlyMap<string, readonly string[]> {
  return new Map(
    itemsOf(at(root, 'static_resources', 'clusters')).map((cluster) => {
      const groups = itemsOf(at(cluster, 'load_assignment', 'endpoints'));
      const addresses = groups.flatMap((group) =>
        itemsOf(at(group, 'lb_endpoints')).flatMap((endpoint) => {
          const socket = at(endpoint, 'endpoint', 'address', 'socket_address');
          const address = textOf(at(socket, 'address'))?.toLowerCase();
          return address === undefined ? [] : [`${address}:${textOf(at(socket, 'port_value')) ?? ''}`];
        }),
      );
      return [textOf(at(cluster, 'name')) ?? '', addresses];
    }),
  );
}

const MANAGER = /http_connection_manager|HttpConnectionManager/;

function serversOf(
  listener: YamlNode,
  path: string,
  clusters: ReadonlyMap<string, readonly string[]>,
  rendered: Span | undefined,
): EdgeServer[] {
  const socket = at(listener, 'address', 'socket_address');
  const direction = textOf(at(listener, 'traffic_direction'));
  if (LOOPBACK.test(textOf(at(socket, 'address')) ?? '') || direction === 'OUTBOUND') return [];
  const port = textOf(at(socket, 'port_value'));
  const filters = itemsOf(at(listener, 'filter_chains')).flatMap((chain) => itemsOf(at(chain, 'filters')));
  const plain =
    port !== undefined &&
    !/443$/.test(port) &&
    !itemsOf(at(listener, 'filter_chains')).some((chain) => at(chain, 'transport_socket') ?? at(chain, 'tls_context'));
  const managers = filters.flatMap((filter) => {
    const config = at(filter, 'typed_config') ?? at(filter, 'config');
    return config && MANAGER.test(`${textOf(at(filter, 'name'))} ${textOf(at(config, '@type'))}`) ? [config] : [];
  });
  return managers.flatMap((manager): EdgeServer[] => {
    const config = at(manager, 'route_config');
    const chain = itemsOf(at(manager, 'http_filters'));
    const limits = chain.flatMap((filter) => envoyLimits(filter, path));
    const lua = chain.map((filter) => luaHeaders(at(filter, 'typed_config'), path));
    const outer = merged(...lua, envoyHeaders(config, path));
    const script = chain.some((filter) => /\b(?:lua|wasm|ext_proc)\b/.test(textOf(at(filter, 'name')) ?? ''));
    const unknown =
      config === undefined ? 'its routes are given at run time' : script ? 'a filter may set the headers' : undefined;
    const hosts = itemsOf(at(config, 'virtual_hosts'));
    const name = (host: YamlNode) => `Envoy virtual host ${textOf(at(host, 'name')) ?? ''}`;
    const places = (node: YamlNode) => ({ path, span: rendered ?? headOf(node) });
    return hosts.flatMap((host): EdgeServer[] => {
      const shared = merged(outer, envoyHeaders(host, path));
      const routes = itemsOf(at(host, 'routes')).flatMap((route): EdgeRoute[] => {
        const action = at(route, 'route');
        if (!action) return [];
        const whole = textOf(at(route, 'match', 'path'));
        const prefix = whole ?? textOf(at(route, 'match', 'prefix')) ?? '/';
        const cluster = textOf(at(action, 'cluster')) ?? '';
        return [
          {
            path: prefix,
            ...(whole !== undefined && { exact: true as const }),
            inner: textOf(at(action, 'prefix_rewrite')) ?? prefix,
            upstreams: clusters.get(cluster) ?? [cluster.toLowerCase()],
            place: places(route),
            headers: merged(shared, envoyHeaders(route, path)),
            limits: [...limits, ...envoyLimits(at(route, 'typed_per_filter_config'), path)],
          },
        ];
      });
      if (routes.length === 0) return [];
      const headers = common(routes.map((route) => route.headers));
      const place = places(host);
      return [
        {
          name: name(host),
          place,
          headers,
          shared,
          parts: [],
          routes,
          ports: [/^\d+$/.test(port ?? '') ? port! : ''],
          ...(plain && { plain }),
          ...(unknown !== undefined && { unknown }),
        },
      ];
    });
  });
}

/** The first line of an item says enough. */
function headOf(node: YamlNode): Span {
  const first = node.kind === 'map' ? node.entries[0] : undefined;
  return first?.span ?? node.span;
}

/** `response_headers_to_add` of a route configuration, virtual host, route or weighted cluster. */
export function envoyHeaders(node: YamlNode | undefined, path: string): Headers {
  const items = itemsOf(at(node, 'response_headers_to_add'));
  if (items.length === 0) return NO_HEADERS;
  return new Map(
    items.flatMap((item): [string, Header][] => {
      const key = textOf(at(item, 'header', 'key'));
      const value = textOf(at(item, 'header', 'value'));
      return key === undefined
        ? []
        : [[key.toLowerCase(), headerAt(path, item, value?.includes('%') ? undefined : value)]];
    }),
  );
}

/** What a Lua filter adds in plain words: `response_handle:headers():add("x-frame-options", "DENY")`. */
export function luaHeaders(node: YamlNode | undefined, path: string): Headers {
  const code = at(node, 'inline_code') ?? at(node, 'inlineCode') ?? at(node, 'default_source_code', 'inline_string');
  const text = textOf(code);
  if (code === undefined || text === undefined) return NO_HEADERS;
  const calls = text.matchAll(/:headers\(\):(?:add|replace)\(\s*["']([\w-]+)["']\s*,\s*(?:"([^"\n]*)"|'([^'\n]*)')/g);
  return new Map(
    [...calls].map((match): [string, Header] => [match[1]!.toLowerCase(), headerAt(path, code, match[2] ?? match[3])]),
  );
}

/** Local and global rate limits of a filter, or of settings for one. */
export function envoyLimits(node: YamlNode | undefined, path: string, depth = 0): Limit[] {
  if (node === undefined || depth > 10) return [];
  const bucket = at(node, 'token_bucket') ?? at(node, 'tokenBucket');
  if (bucket) {
    // Without this setting the filter counts nothing.
    const share = textOf(at(node, 'filter_enabled', 'default_value', 'numerator'));
    if (share === undefined || share === '0') return [];
    const count = textOf(at(bucket, 'tokens_per_fill')) ?? textOf(at(bucket, 'max_tokens'));
    const rate = perMinute(count, textOf(at(bucket, 'fill_interval')));
    return [limitAt(path, bucket, 'local_ratelimit of Envoy', rate)];
  }
  if (at(node, 'rate_limit_service')) return [limitAt(path, node, 'rate limit service of Envoy')];
  const inner = node.kind === 'map' ? node.entries.map(({ value }) => value) : node.kind === 'list' ? node.items : [];
  return inner.flatMap((one) => envoyLimits(one, path, depth + 1));
}
