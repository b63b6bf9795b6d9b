/** Knows APISIX: routes and plugins in its declarative file and as objects of a cluster, with the headers they add and the limits. */
import type { Deployed } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { perMinute } from './collector.ts';
import { type ClusterEdge, headerAt, limitAt, lineHeaders, simple } from './objects.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, type Limit, merged } from './server.ts';
import { edgeSources } from './sources.ts';

interface Plugin {
  readonly name: string;
  readonly config: YamlNode | undefined;
  readonly path: string;
}

/** A mapping of names to settings in a file, a list with names in an object; those that are switched off are left out. */
function pluginsIn(node: YamlNode | undefined, path: string): Plugin[] {
  const named = entriesOf(node).map(({ key, value }) => ({ name: key, config: value, path, one: value }));
  const listed = itemsOf(node).map((one) => ({
    name: textOf(at(one, 'name')) ?? '',
    config: at(one, 'config'),
    path,
    one,
  }));
  return [...named, ...listed].filter(
    ({ one, config }) => textOf(at(one, 'enable')) !== 'false' && textOf(at(config, '_meta', 'disable')) !== 'true',
  );
}

/** What response-rewrite adds: headers by name, or below "set" and "add". */
function headersOf({ name, config, path }: Plugin): Headers {
  if (name !== 'response-rewrite') return new Map();
  const headers = at(config, 'headers');
  const set = at(headers, 'set');
  const add = at(headers, 'add');
  const fields = set || add || at(headers, 'remove') ? entriesOf(set) : entriesOf(headers);
  return merged(
    new Map(fields.map((entry) => [entry.key.toLowerCase(), headerAt(path, entry, textOf(entry.value))])),
    ...itemsOf(add).map((item) => lineHeaders(path, [textOf(item) ?? ''], item)),
  );
}

function limitsOf({ name, config, path }: Plugin): Limit[] {
  if (!config || !/^limit-(?:req|count)$/.test(name)) return [];
  const rate =
    name === 'limit-req'
      ? perMinute(textOf(at(config, 'rate')), '1s')
      : perMinute(textOf(at(config, 'count')), textOf(at(config, 'time_window')));
  return [limitAt(path, config, `${name} of APISIX`, rate)];
}

/** Plugins that send the client away, so that nothing else answers. */
function redirects(plugins: readonly Plugin[]): boolean {
  return plugins.some(
    ({ name, config }) => name === 'redirect' && (at(config, 'uri') ?? at(config, 'regex_uri')) !== undefined,
  );
}

/** Routes of declarative files. */
export function apisixRoutes(facts: Facts): readonly EdgeServer[] {
  return facts.linked(edgeSources).apisix.flatMap(({ path, root, at: rendered }) => {
    const find = (kind: string, id: string | undefined) =>
      id === undefined ? undefined : itemsOf(at(root, kind)).find((one) => textOf(at(one, 'id')) === id);
    const pluginsOf = (node: YamlNode | undefined) => pluginsIn(at(node, 'plugins'), path);
    const global = itemsOf(at(root, 'global_rules')).flatMap(pluginsOf);
    return itemsOf(at(root, 'routes')).flatMap((route): EdgeServer[] => {
      const service = find('services', textOf(at(route, 'service_id')));
      const shared = find('plugin_configs', textOf(at(route, 'plugin_config_id')));
      const plugins = [...global, ...pluginsOf(service), ...pluginsOf(shared), ...pluginsOf(route)];
      const uris = [at(route, 'uri'), ...itemsOf(at(route, 'uris'))].flatMap((one) => textOf(one) ?? []);
      const upstream = [route, service].flatMap(
        (one) => at(one, 'upstream') ?? find('upstreams', textOf(at(one, 'upstream_id'))) ?? [],
      )[0];
      if (uris.length === 0 || !upstream || textOf(at(route, 'status')) === '0' || redirects(plugins)) return [];
      const nodes = at(upstream, 'nodes');
      const upstreams = [
        ...entriesOf(nodes).map(({ key }) => key.toLowerCase()),
        ...itemsOf(nodes).map((one) =>
          `${textOf(at(one, 'host')) ?? ''}:${textOf(at(one, 'port')) ?? '80'}`.toLowerCase(),
        ),
      ];
      const headers = merged(...plugins.map(headersOf));
      const limits = plugins.flatMap(limitsOf);
      const place = { path, span: rendered ?? (entryOf(route, 'uri') ?? entryOf(route, 'uris') ?? route).span };
      const routes = uris.map((uri): EdgeRoute => {
        const exact = !uri.endsWith('*') && { exact: true as const };
        const prefix = uri.replace(/\*$/, '');
        return { path: prefix, ...exact, inner: prefix, upstreams, place, headers, limits };
      });
      const name = `APISIX route ${textOf(at(route, 'name')) ?? textOf(at(route, 'id')) ?? uris[0]!}`;
      const plain = !at(root, 'ssls') && !at(root, 'ssl') && { plain: true as const };
      return [{ name, place, headers, shared: headers, parts: [], routes, ...plain }];
    });
  });
}

/** ApisixRoute objects, with the plugin configurations they name and the rules for everything. */
export function apisixRoute(one: Deployed, edge: ClusterEdge): EdgeServer | undefined {
  let unknown: string | undefined;
  const global = edge.all('ApisixGlobalRule').flatMap(specPlugins);
  const sets: Headers[] = [];
  const routes = itemsOf(at(one.object.body, 'spec', 'http')).flatMap((rule): EdgeRoute[] => {
    const named = textOf(at(rule, 'plugin_config_name'));
    const shared = edge.find('ApisixPluginConfig', textOf(at(rule, 'plugin_config_namespace')) ?? one.namespace, named);
    if (named !== undefined && !shared) unknown = `the ApisixPluginConfig ${named} is not in the repository`;
    const plugins = [...global, ...(shared ? specPlugins(shared) : []), ...pluginsIn(at(rule, 'plugins'), one.path)];
    if (redirects(plugins)) return [];
    const headers = merged(...plugins.map(headersOf));
    const limits = plugins.flatMap(limitsOf);
    sets.push(headers);
    const upstreams = itemsOf(at(rule, 'backends')).flatMap(
      (item) => textOf(at(item, 'serviceName'))?.toLowerCase() ?? [],
    );
    const place = { path: rule.path ?? one.path, span: rule.span };
    return itemsOf(at(rule, 'match', 'paths')).map((item) => {
      const path = textOf(item) ?? '/';
      const exact = !path.endsWith('*') && { exact: true as const };
      const prefix = path.replace(/\*$/, '');
      return { path: prefix, ...exact, inner: prefix, upstreams, place, headers, limits };
    });
  });
  return sets.length === 0 ? undefined : simple(one, common(sets), routes, unknown);
}

function specPlugins({ object, path }: Deployed): Plugin[] {
  return pluginsIn(at(object.body, 'spec', 'plugins'), path);
}

/** Headers of the plugin configuration that an Ingress names by annotation. */
export function apisixHeaders(one: Deployed, name: string, edge: ClusterEdge): Headers {
  const found = edge.find('ApisixPluginConfig', one.namespace, name);
  return merged(...(found ? specPlugins(found) : []).map(headersOf));
}
