/** Knows declarative files of Kong: services with their routes, and the plugins that add headers and limit requests. */
import type { Facts } from '../facts.ts';
import { at, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { limitAt, lineHeaders, perUnit } from './objects.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, hostOf, type Limit, merged } from './server.ts';
import { edgeSources } from './sources.ts';

export function kongServices(facts: Facts): readonly EdgeServer[] {
  return facts.linked(edgeSources).kong.flatMap(({ path, root, at: rendered }) => {
    const global = itemsOf(at(root, 'plugins'));
    return itemsOf(at(root, 'services')).flatMap((service): EdgeServer[] => {
      const name = textOf(at(service, 'name')) ?? '';
      const own = itemsOf(at(service, 'plugins'));
      const host =
        textOf(at(service, 'url')) ?? `${textOf(at(service, 'host')) ?? ''}:${textOf(at(service, 'port')) ?? '80'}`;
      const span = rendered ?? (service.kind === 'map' ? service.entries[0]?.span : undefined) ?? service.span;
      const routes = itemsOf(at(service, 'routes')).flatMap((route): EdgeRoute[] => {
        const plugins = [...global, ...own, ...itemsOf(at(route, 'plugins'))];
        const paths = itemsOf(at(route, 'paths')).flatMap((item) => textOf(item) ?? []);
        const strips = textOf(at(route, 'strip_path')) !== 'false';
        return (paths.length > 0 ? paths : ['/']).map((prefix) => ({
          path: prefix,
          inner: strips ? '/' : prefix,
          upstreams: [hostOf(host)],
          place: { path, span: rendered ?? (route.kind === 'map' ? route.entries[0]?.span : undefined) ?? route.span },
          headers: merged(...plugins.map((plugin) => kongHeaders(plugin, path))),
          limits: plugins.flatMap((plugin) => kongLimits(plugin, path)),
        }));
      });
      if (routes.length === 0) return [];
      const headers = common(routes.map((route) => route.headers));
      return [{ name: `Kong service ${name}`, place: { path, span }, headers, shared: headers, parts: [], routes }];
    });
  });
}

function pluginName(plugin: YamlNode): string {
  return textOf(at(plugin, 'plugin')) ?? textOf(at(plugin, 'name')) ?? '';
}

/** Headers of a response-transformer, as an object of a cluster or an entry of a file. */
export function kongHeaders(plugin: YamlNode, path: string): Headers {
  if (!/^response-transformer(?:-advanced)?$/.test(pluginName(plugin))) return new Map();
  const config = at(plugin, 'config');
  return merged(
    ...['add', 'append', 'replace'].flatMap((action) =>
      itemsOf(at(config, action, 'headers')).map((item) => lineHeaders(path, [textOf(item) ?? ''], item)),
    ),
  );
}

/** The strictest rate of a rate-limiting plugin. */
export function kongLimits(plugin: YamlNode, path: string): Limit[] {
  if (!/^rate-limiting(?:-advanced)?$/.test(pluginName(plugin))) return [];
  const config = at(plugin, 'config');
  const rates = ['second', 'minute', 'hour', 'day'].flatMap((unit) => perUnit(textOf(at(config, unit)), unit) ?? []);
  const strictest = rates.length > 0 ? Math.min(...rates) : undefined;
  return [limitAt(path, config ?? plugin, 'rate-limiting of Kong', strictest)];
}
