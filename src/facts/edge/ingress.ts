/** Knows Ingress objects: what the annotations of each controller add to answers and refuse. */
import type { Deployed } from '../cluster.ts';
import { at, entriesOf, itemsOf, textOf, type YamlEntry } from '../yaml.ts';
import { apisixHeaders } from './apisix.ts';
import { perMinute } from './collector.ts';
import { kongHeaders, kongLimits } from './kong.ts';
import { type ClusterEdge, headerAt, limitAt, lineHeaders, mapHeaders, simple, snippetHeaders } from './objects.ts';
import { type EdgeRoute, type EdgeServer, type Header, type Headers, type Limit, merged } from './server.ts';
import { annotatedHeaders, byAnnotation, chained } from './traefik-objects.ts';

const NGINX = 'nginx.ingress.kubernetes.io/';

export function ingress(one: Deployed, edge: ClusterEdge): EdgeServer | undefined {
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
    const points = (text('traefik.ingress.kubernetes.io/router.entrypoints') ?? '')
      .split(',')
      .filter((part) => part !== '');
    const { headers, limits, unknown, keeper } = chained(
      [...edge.entryMiddlewares(points), ...names].map((part) => byAnnotation(part, edge)),
    );
    const sent = merged(annotatedHeaders(one.path, annotations), headers);
    return { ...simple(one, sent, routesOf(one, sent, limits), unknown), ...(keeper && { keeper }) };
  }
  const foreign = annotations.find((entry) => FOREIGN.test(entry.key));
  if (foreign || (name !== undefined && !/nginx/i.test(name))) {
    const headers = foreignHeaders(one, annotations, edge);
    const limits = foreignLimits(one, annotations, edge);
    const unknown = `the controller ${name ?? foreign?.key.split('/')[0] ?? ''} has settings of its own for headers`;
    return simple(one, headers, routesOf(one, headers, limits), headers.size > 0 ? undefined : unknown);
  }
  const sets: Headers[] = [edge.everywhere];
  let unknown: string | undefined;
  // The controller sends HSTS by itself wherever it ends TLS.
  const tls = entriesOf(at(body, 'spec')).find(({ key }) => key === 'tls');
  if (tls && !edge.hstsOff) sets.push(new Map([['strict-transport-security', headerAt(one.path, tls)]]));
  for (const entry of annotations) {
    if (entry.key === `${NGINX}configuration-snippet` || entry.key === `${NGINX}server-snippet`)
      sets.push(snippetHeaders(one.path, entry));
    else if (/^nginx\.org\/(?:server|location)-snippets$/.test(entry.key)) sets.push(snippetHeaders(one.path, entry));
    else if (entry.key === `${NGINX}custom-headers`) {
      const value = textOf(entry.value) ?? '';
      const [namespace = '', map] = value.includes('/') ? value.split('/') : [one.namespace, value];
      const found = edge.find('ConfigMap', namespace, map);
      if (!found) unknown = `the ConfigMap ${value} is not in the repository`;
      sets.push(mapHeaders(found));
    }
  }
  const headers = merged(...sets);
  return simple(one, headers, routesOf(one, headers, nginxLimits(one, annotations)), unknown);
}

function nginxLimits(one: Deployed, annotations: readonly YamlEntry[]): Limit[] {
  return annotations.flatMap((entry): Limit[] => {
    const unit = /^nginx\.ingress\.kubernetes\.io\/limit-rp(s|m)$/.exec(entry.key)?.[1];
    const value = textOf(entry.value) ?? '';
    if (unit === undefined || !/^[1-9]\d*$/.test(value)) return [];
    return [limitAt(one.path, entry, `limit-rp${unit}`, Number(value) * (unit === 's' ? 60 : 1))];
  });
}

const FOREIGN =
  /^(?:alb\.ingress|haproxy\.org|haproxy-ingress\.github\.io|ingress\.kubernetes\.io\/(?:headers|hsts)|konghq\.com|k8s\.apisix\.apache\.org|ingress\.gcp|networking\.gke|appgw\.ingress)/;

function foreignHeaders(one: Deployed, annotations: readonly YamlEntry[], edge: ClusterEdge): Headers {
  const { path } = one;
  const sets = annotations.map((entry): Headers => {
    const value = textOf(entry.value) ?? '';
    if (entry.key === 'k8s.apisix.apache.org/plugin-config-name') return apisixHeaders(one, value, edge);
    if (/^k8s\.apisix\.apache\.org\/response-rewrite-(?:add|set)-header$/.test(entry.key))
      return lineHeaders(path, value.split(','), entry);
    if (/^haproxy(?:-ingress\.github\.io\/headers|\.org\/response-set-header)$/.test(entry.key))
      return lineHeaders(path, value.split('\n'), entry);
    // Attributes of the listener: "routing.http.response.x_frame_options.header_value=DENY,...".
    if (entry.key.startsWith('alb.ingress.kubernetes.io/listener-attributes')) {
      const attributes = value.matchAll(/routing\.http\.response\.(\w+)\.header_value=((?:(?!,routing\.).)*)/g);
      return new Map(
        [...attributes].map((match): [string, Header] => [
          match[1]!.replaceAll('_', '-'),
          headerAt(path, entry, match[2]),
        ]),
      );
    }
    return new Map();
  });
  const plugins = pluginsOf(one, annotations, edge).map(({ path: where, object }) => kongHeaders(object.body, where));
  return merged(...sets, ...backendHeaders(one, edge), ...plugins);
}

/** Plugins of Kong that the Ingress names, and those for everything. */
function pluginsOf(one: Deployed, annotations: readonly YamlEntry[], edge: ClusterEdge): readonly Deployed[] {
  const named = textOf(annotations.find(({ key }) => key === 'konghq.com/plugins')?.value) ?? '';
  const own = named.split(',').flatMap((name) => {
    const plugin =
      edge.find('KongPlugin', one.namespace, name.trim()) ?? edge.find('KongClusterPlugin', 'default', name.trim());
    return plugin ? [plugin] : [];
  });
  const isKong =
    annotations.some(({ key }) => key.startsWith('konghq.com/')) ||
    /kong/i.test(textOf(at(one.object.body, 'spec', 'ingressClassName')) ?? '');
  const global = edge
    .all('KongClusterPlugin')
    .filter(({ object }) => textOf(at(object.body, 'metadata', 'labels', 'global')) === 'true');
  return isKong ? [...own, ...global] : own;
}

/** Headers that Google's load balancer takes from the BackendConfig of each service. */
function backendHeaders(one: Deployed, edge: ClusterEdge): readonly Headers[] {
  return servicesOf(one).map((name) => {
    const service = edge.find('Service', one.namespace, name);
    const reference = textOf(at(service?.object.body, 'metadata', 'annotations', 'cloud.google.com/backend-config'));
    const config = /:\s*"([^"]+)"/.exec(reference ?? '')?.[1];
    const found = edge.find('BackendConfig', one.namespace, config);
    const items = itemsOf(at(found?.object.body, 'spec', 'customResponseHeaders', 'headers'));
    return merged(...items.map((item) => lineHeaders(found!.path, [textOf(item) ?? ''], item)));
  });
}

function foreignLimits(one: Deployed, annotations: readonly YamlEntry[], edge: ClusterEdge): Limit[] {
  const text = (key: string) => textOf(annotations.find((entry) => entry.key === key)?.value);
  const own = annotations.flatMap((entry): Limit[] => {
    const value = textOf(entry.value);
    if (entry.key === 'haproxy.org/rate-limit-requests')
      return [
        limitAt(
          one.path,
          entry,
          'rate-limit-requests',
          perMinute(value, text('haproxy.org/rate-limit-period') ?? '1s'),
        ),
      ];
    if (entry.key === 'haproxy-ingress.github.io/limit-rps')
      return [limitAt(one.path, entry, 'limit-rps', perMinute(value, '1s'))];
    return [];
  });
  const plugins = pluginsOf(one, annotations, edge).flatMap(({ path, object }) => kongLimits(object.body, path));
  return [...own, ...plugins];
}

function servicesOf({ object: { body } }: Deployed): readonly string[] {
  return itemsOf(at(body, 'spec', 'rules')).flatMap((rule) =>
    itemsOf(at(rule, 'http', 'paths')).flatMap(
      (path) => textOf(at(path, 'backend', 'service', 'name')) ?? textOf(at(path, 'backend', 'serviceName')) ?? [],
    ),
  );
}

function routesOf(one: Deployed, headers: Headers, limits: readonly Limit[]): EdgeRoute[] {
  const { body } = one.object;
  const rewrite = textOf(at(body, 'metadata', 'annotations', `${NGINX}rewrite-target`));
  const routes = itemsOf(at(body, 'spec', 'rules')).flatMap((rule) =>
    itemsOf(at(rule, 'http', 'paths')).flatMap((item): EdgeRoute[] => {
      const backend = at(item, 'backend');
      const service = textOf(at(backend, 'service', 'name')) ?? textOf(at(backend, 'serviceName'));
      if (service === undefined) return [];
      // "/api(/|$)(.*)" is the usual way to write a prefix that is taken away.
      const path = (textOf(at(item, 'path')) ?? '/').replace(/[(?*^$|\\].*$/s, '') || '/';
      const exact = textOf(at(item, 'pathType')) === 'Exact';
      const inner = rewrite === undefined ? path : rewrite.replace(/\$\d.*$/s, '') || '/';
      const place = { path: item.path ?? one.path, span: item.span };
      return [{ path, ...(exact && { exact }), inner, upstreams: [service.toLowerCase()], place, headers, limits }];
    }),
  );
  const fallback = textOf(at(body, 'spec', 'defaultBackend', 'service', 'name'));
  if (fallback !== undefined)
    routes.push({ path: '/', inner: '/', upstreams: [fallback.toLowerCase()], place: one.place, headers, limits });
  return routes;
}
