/** Knows all configuration of web servers in a repository: in files, compose services and ConfigMaps that charts render. */
import { linkChartCopies, linkCluster } from '../cluster.ts';
import { linkCompose } from '../compose.ts';
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { linkHelm } from '../helm.ts';
import type { Span } from '../span.ts';
import { at, entriesOf, textOf, type YamlNode, yamlReader } from '../yaml.ts';
import {
  type Dialect,
  nothingFound,
  readService,
  readText,
  TELLING,
  type TraefikSetting,
  type WebserverConfig,
} from './embedded.ts';

export interface Source {
  readonly path: string;
  readonly config: WebserverConfig;
  /** The text was rendered: everything in it lies at this place. */
  readonly at?: Span;
}

/** A document of YAML or JSON. */
interface Located {
  readonly path: string;
  readonly root: YamlNode;
  readonly at?: Span;
}

export interface EdgeSources {
  readonly configs: readonly Source[];
  readonly traefik: readonly (TraefikSetting & { readonly path: string })[];
  readonly envoy: readonly Located[];
  readonly kong: readonly Located[];
  readonly apisix: readonly Located[];
}

/** A pure join: use through `facts.linked`. */
export function edgeSources(facts: Facts): EdgeSources {
  const configs: Source[] = [];
  const traefik: (TraefikSetting & { path: string })[] = [];
  const envoy: Located[] = [];
  const kong: Located[] = [];
  const apisix: Located[] = [];
  const folders = [...facts.linked(linkHelm).folders].map((folder) => (folder === '' ? '' : `${folder}/`));
  const isCopy = facts.linked(linkChartCopies);
  const copied = new Set(
    facts.of('kubernetes').flatMap(({ path, data }) => (data.objects.some((one) => isCopy(one, path)) ? [path] : [])),
  );
  const composed = new Set(facts.of('compose').map(({ path }) => path));
  for (const { path, data } of facts.of('webserver')) {
    // Templates are read as what they become, services as they run.
    if (copied.has(path)) continue;
    if (/\.ya?ml$/.test(path) && folders.some((folder) => path.startsWith(`${folder}templates/`))) continue;
    const services = composed.has(path);
    for (const config of data.configs) if (!services || config.inside !== 'labels') configs.push({ path, config });
    for (const setting of data.traefik ?? [])
      if (!services || setting.service === undefined) traefik.push({ ...setting, path });
    for (const root of data.envoy ?? []) envoy.push({ path, root });
    for (const root of data.kong ?? []) kong.push({ path, root });
    for (const root of data.apisix ?? []) apisix.push({ path, root });
  }
  /** Containers of one file share what Caddy's labels call by name. */
  const sites = new Map<string, Directive[]>();
  for (const { name, path, body } of facts.linked(linkCompose)) {
    const said = readService(name, body);
    traefik.push(...said.traefik.map((one) => ({ ...one, path: one.path ?? path })));
    if (said.caddy.length > 0) sites.set(path, [...(sites.get(path) ?? []), ...said.caddy]);
  }
  for (const [path, directives] of sites)
    configs.push({ path, config: { dialect: 'caddy', directives, inside: 'labels' } });
  const readYaml = yamlReader();
  const seen = new Set<string>();
  for (const { object, path, chart } of facts.linked(linkCluster).objects) {
    if (!chart || (object.kind !== 'ConfigMap' && object.kind !== 'Secret')) continue;
    for (const entry of [...entriesOf(at(object.body, 'data')), ...entriesOf(at(object.body, 'stringData'))]) {
      const text = textOf(entry.value) ?? '';
      if (!text.includes('\n') || !TELLING.test(text)) continue;
      const where = entry.path ?? path;
      const key = `${where}:${entry.span.start}:${text}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const found = nothingFound();
      readText(entry.key, text, readYaml, found);
      configs.push(...found.configs.map((config): Source => ({ path: where, config, at: entry.span })));
      traefik.push(...found.traefik.map((one) => ({ ...one, span: entry.span, path: where })));
      envoy.push(...found.envoy.map((root) => ({ path: where, root, at: entry.span })));
      kong.push(...found.kong.map((root) => ({ path: where, root, at: entry.span })));
      apisix.push(...found.apisix.map((root) => ({ path: where, root, at: entry.span })));
    }
  }
  return { configs, traefik, envoy, kong, apisix };
}

/** Configuration in one language. */
export function sourcesOf(facts: Facts, dialect: Dialect): readonly Source[] {
  return facts.linked(edgeSources).configs.filter(({ config }) => config.dialect === dialect);
}
