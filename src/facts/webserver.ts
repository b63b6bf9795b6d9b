/** Knows configuration of web servers, in files of its own and inside of scripts, Dockerfiles, Terraform and ConfigMaps. */
import {
  type Found,
  nothingFound,
  type ReadYaml,
  readDirectives,
  readDocument,
  readHeredocs,
  readTomlText,
  TELLING,
  type TraefikSetting,
  type WebserverConfig,
} from './edge/embedded.ts';
import { readSite, type Site, siteNames } from './edge/sites.ts';
import type { Extracted, ExtractInput, Extractor, ParseProblem } from './facts.ts';
import { loadYaml, type YamlNode } from './yaml.ts';

export interface WebserverFile {
  readonly configs: readonly WebserverConfig[];
  /** Settings of Traefik: its files, container labels and command lines. */
  readonly traefik?: readonly TraefikSetting[];
  /** Documents of Envoy. */
  readonly envoy?: readonly YamlNode[];
  /** Declarative files of Kong. */
  readonly kong?: readonly YamlNode[];
  /** Declarative files of APISIX. */
  readonly apisix?: readonly YamlNode[];
  /** Headers of a site that a provider of static hosting serves. */
  readonly site?: Site;
}

const OWN =
  /(?:^|\/)(?:[^/]*nginx[^/]*|[^/]*\.(?:conf|nginx|vhost|caddy|caddyfile)(?:\.(?:template|tmpl|tpl|j2|erb|in|example|sample|dist))?|(?:sites-(?:available|enabled)|conf\.d)\/[^/]+|nginx\/(?:[^/]+\/)*[\w-]+|Caddyfile[^/]*|haproxy[^/]*\.(?:cfg|conf|j2|tmpl)|httpd[^/]*\.conf|\.htaccess)$/i;
const HOST = /\.(?:sh|bash|ya?ml|tf)$|(?:^|\/)(?:Dockerfile|Containerfile)[^/]*$|\.dockerfile$/i;
const DATA = /\.ya?ml$|\.toml$|(?:^|\/)[^/]*(?:envoy|caddy)[^/]*\.json$/i;
const NEVER =
  /\.(?:md|rst|py|[cm]?[jt]sx?|go|rs|rego|png|svg|jpe?g|html?|css|java|rb|php|patch|diff|json|toml|tf|lock)$/i;

export const webserver: Extractor<'webserver'> = {
  kind: 'webserver',
  accepts: (path) =>
    HOST.test(path) || DATA.test(path) || siteNames.test(path) || (!NEVER.test(path) && OWN.test(path)),
  recognises: (path, text) =>
    (siteNames.test(path) && (!/app\.ya?ml$/.test(path) || /http_headers/.test(text))) ||
    /(?:^|\/)Caddyfile/.test(path) ||
    (TELLING.test(text) && (!HOST.test(path) || /[{<:]/.test(text))),
  load: async () => {
    const read = await loadYaml();
    return (input) => extract(input, read);
  },
};

function extract({ path, text }: ExtractInput, readYaml: ReadYaml): Extracted<WebserverFile> {
  const found = nothingFound();
  const problems: ParseProblem[] = [];
  if (siteNames.test(path)) {
    const site = readSite(path, text, readYaml);
    // Many programs have an app.yaml.
    if (site || !/app\.ya?ml$/.test(path)) return site ? { data: { configs: [], site } } : {};
  }
  if (/\.toml$/i.test(path)) readTomlText(text, found);
  else if (DATA.test(path)) for (const { root } of readYaml(text).documents) readDocument(root, text, readYaml, found);
  else if (HOST.test(path)) {
    readHeredocs(text, found);
    const programs = certified(text);
    found.configs.splice(
      0,
      found.configs.length,
      ...found.configs.map((one) => (programs.has(one.dialect) ? { ...one, certified: true as const } : one)),
    );
  } else {
    const read = readDirectives(path, text);
    problems.push(...(read?.problems ?? []));
    if (read) found.configs.push(read.config);
  }
  return { ...dataOf(found), problems };
}

/** Web servers into which certbot writes a certificate: `certbot --nginx -d shop.example`. */
function certified(text: string): ReadonlySet<string> {
  const programs = text
    .replace(/\\\r?\n/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const start = line.search(/\bcertbot\s/);
      if (start < 0 || /^\s*#|\s#\s|\b(?:echo|printf)\b/.test(line.slice(0, start))) return [];
      const words = line.slice(start).split(/[;&|]/, 1)[0]!.split(/\s+/);
      return words.includes('certonly') ? [] : words;
    });
  return new Set(['nginx', 'apache'].filter((name) => programs.includes(`--${name}`)));
}

function dataOf({ configs, traefik, envoy, kong, apisix }: Found): { data?: WebserverFile } {
  if (configs.length + traefik.length + envoy.length + kong.length + apisix.length === 0) return {};
  return {
    data: {
      configs,
      ...(traefik.length > 0 && { traefik }),
      ...(envoy.length > 0 && { envoy }),
      ...(kong.length > 0 && { kong }),
      ...(apisix.length > 0 && { apisix }),
    },
  };
}
