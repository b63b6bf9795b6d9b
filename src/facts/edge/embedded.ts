/** Knows which configuration of a web server a text holds, and how to read it out of files, heredocs and values of YAML. */
import {
  type Directive,
  type Parsed,
  parseApache,
  parseCaddy,
  parseHaproxy,
  parseLighttpd,
  parseNginx,
} from '../directives.ts';
import type { ParseProblem } from '../facts.ts';
import { parseToml, pathOf, placesOf, type TomlPlaces, type TomlTable, type TomlValue } from '../packages/toml.ts';
import { movedSpan, type OffsetMap, type Span } from '../span.ts';
import { at, entriesOf, itemsOf, movedNode, scalarOffsets, textOf, type YamlFile, type YamlNode } from '../yaml.ts';
import { type CaddyLabel, caddyJson, caddyLabels } from './caddy-json.ts';
import { frontendSettings } from './traefik-v1.ts';

export type Dialect = 'nginx' | 'caddy' | 'apache' | 'haproxy' | 'lighttpd';

export interface WebserverConfig {
  readonly dialect: Dialect;
  readonly directives: readonly Directive[];
  /** Where it is embedded: "heredoc", or the key of a mapping; absent for a file of its own. */
  readonly inside?: string;
  /** It could not be read completely: what is missing proves nothing. */
  readonly broken?: true;
  /** The script that writes it has certbot add TLS to it. */
  readonly certified?: true;
}

/** One setting of Traefik by its lower-case dotted name: `routers.web.rule`, `entrypoints.websecure.http.middlewares`. */
export interface TraefikSetting {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  /** The compose service whose label or command line says it. */
  readonly service?: string;
  /** The file, where it is not the service's own. */
  readonly path?: string;
}

/** What was found in one file; everything may be empty. */
export interface Found {
  readonly configs: WebserverConfig[];
  readonly traefik: TraefikSetting[];
  /** Bootstrap documents and listeners of Envoy. */
  readonly envoy: YamlNode[];
  /** Declarative files of Kong. */
  readonly kong: YamlNode[];
  /** Declarative files of APISIX. */
  readonly apisix: YamlNode[];
}

export type ReadYaml = (text: string) => YamlFile;

export function nothingFound(): Found {
  return { configs: [], traefik: [], envoy: [], kong: [], apisix: [] };
}

/** Words that the configuration of some web server holds; most files of the accepted kinds have none. */
export const TELLING =
  /\b(?:add_header|proxy_pass|server_name|fastcgi_pass|try_files|more_set_headers|static_resources|http_connection_manager|_format_version|upstream_id|response-rewrite)\b|\bsetenv\.(?:add|set)-response-header\b|^[ \t]*server\.(?:document-root|modules|port)[ \t]*\+?=|^#END\b|\bserver\s*\{|^[ \t]*include(?:Optional)?[ \t]+[\w./*-]+(?:;|[ \t\r]*$)|<(?:VirtualHost|IfModule|Directory|FilesMatch|Location)\b|\breverse_proxy\b|\bfile_server\b|^[ \t]*(?:frontend|listen)[ \t]+\S|\btraefik\.(?:http|(?:[\w-]+\.)?frontend)\.|^[ \t]*["']?(?:routers|entryPoints|middlewares|frontends)["']?[ \t]*:|\[(?:http\.(?:routers|middlewares)|entryPoints|frontends)\b|--entrypoints\.|^[ \t]*(?:Header|DocumentRoot|ProxyPass)[ \t]+\S/im;

const parsers: Readonly<Record<Dialect, (text: string, base: number) => Parsed>> = {
  nginx: parseNginx,
  caddy: parseCaddy,
  apache: parseApache,
  haproxy: parseHaproxy,
  lighttpd: parseLighttpd,
};

/** Configuration in the language of a web server, told by the name and the text. */
export function readDirectives(
  name: string,
  text: string,
  inside?: string,
  base = 0,
): { readonly config: WebserverConfig; readonly problems: readonly ParseProblem[] } | undefined {
  const dialect = dialectOf(name, text);
  const parsed = dialect && parsers[dialect](text, base);
  if (!parsed || (dialect === 'nginx' && !isNginx(parsed.directives))) return undefined;
  const { directives, problems } = parsed;
  const config: WebserverConfig = {
    dialect,
    directives,
    ...(inside !== undefined && { inside }),
    ...(problems.length > 0 && { broken: true }),
  };
  return { config, problems };
}

function dialectOf(name: string, text: string): Dialect | undefined {
  if (/^[ \t]*(?:server\.(?:document-root|modules|port)|setenv\.(?:add|set)-response-header)[ \t]*\+?=/m.test(text))
    return 'lighttpd';
  if (/(?:^|\/)Caddyfile[^/]*$|\.caddy(?:file)?\b/i.test(name)) return 'caddy';
  if (/(?:^|\/)\.htaccess$|(?:^|\/)(?:httpd|apache2?)[^/]*\.conf$/i.test(name) || /<VirtualHost\b/i.test(text))
    return 'apache';
  if (
    /^[ \t]*(?:frontend|listen)[ \t]+\S/m.test(text) &&
    /^[ \t]+(?:bind|mode|server)[ \t]+\S/m.test(text) &&
    !/[;{][ \t\r]*$/m.test(text)
  )
    return 'haproxy';
  if (/^[ \t]*<(?:IfModule|Directory|FilesMatch|Location)\b/im.test(text)) return 'apache';
  if (/^[ \t]*Header[ \t]+(?:always[ \t]+)?(?:set|append|add)[ \t]+[\w-]+[ \t]/im.test(text)) return 'apache';
  if (/[;{]/.test(text)) return 'nginx';
  return /^[ \t]*Include(?:Optional)?[ \t]+[^\s;]+[ \t\r]*$/m.test(text) ? 'apache' : undefined;
}

const SERVER_WORDS = new Set(
  'listen server_name location root proxy_pass return add_header more_set_headers ssl_certificate include try_files index rewrite if set'.split(
    ' ',
  ),
);

/** Other programs have blocks named "server" too: nginx's hold directives that end with semicolons. */
function isNginx(directives: readonly Directive[], depth = 0): boolean {
  if (depth === 0 && directives.length > 0 && directives.every(({ name }) => name === 'include')) return true;
  return directives.some((one) => {
    if (!one.block) return one.name === 'add_header' || one.name === 'more_set_headers';
    if (one.name === 'http' && depth === 0)
      return isNginx(one.block, 1) || one.block.some((inner) => inner.name === 'include');
    if (one.name === 'server') return one.block.some((inner) => SERVER_WORDS.has(inner.name));
    return (
      one.name === 'location' &&
      one.block.some((inner) => SERVER_WORDS.has(inner.name) || inner.name.startsWith('proxy_'))
    );
  });
}

const MAX_NESTED = 3;

/** Texts between `<<WORD` and WORD, and those that `echo` writes. The line that opens one tells what it becomes. */
export function readHeredocs(text: string, found: Found, base = 0, depth = 0): void {
  const opening = /<<[-~]?[ \t]*(["']?)\\?([A-Za-z_]\w*)\1|\b(?:echo|printf)[ \t]+(?:-\w+[ \t]+)*'/g;
  let lineStart = 0;
  let lineEnd = endOfLine(text, 0);
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    while (lineEnd < match.index) {
      lineStart = lineEnd + 1;
      lineEnd = endOfLine(text, lineStart);
    }
    if (/^[ \t]*#/.test(text.slice(lineStart, Math.min(lineStart + 80, match.index)))) continue;
    const quoted = match[2] === undefined;
    const start = quoted ? opening.lastIndex : endOfLine(text, match.index) + 1;
    if (start >= text.length) break;
    const end = quoted ? closing(text, start) : lineOf(text, match[2]!, start);
    const body = text.slice(start, end);
    opening.lastIndex = Math.max(opening.lastIndex, end);
    if (!TELLING.test(body)) continue;
    const command = quoted ? text.slice(end, endOfLine(text, end)) : text.slice(lineStart, start).trim();
    // A script inside of a script has its own.
    if (/<<[-~]?\s*["']?\w/.test(body)) {
      if (depth < MAX_NESTED) readHeredocs(body, found, base + start, depth + 1);
      continue;
    }
    const name = /[\w./-]*(?:Caddyfile|haproxy|httpd|\.htaccess)[\w.-]*/i.exec(command)?.[0] ?? 'heredoc';
    const read = readDirectives(name, body, 'heredoc', base + start);
    if (read) found.configs.push(read.config);
  }
}

function closing(text: string, from: number): number {
  const end = text.indexOf("'", from);
  return end < 0 ? text.length : end;
}

function lineOf(text: string, word: string, from: number): number {
  for (let line = from; line < text.length; ) {
    const next = endOfLine(text, line);
    if (text.slice(line, next).trim() === word) return line;
    line = next + 1;
  }
  return text.length;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Configuration of Traefik and Envoy, container labels, and texts of several lines, as ConfigMaps hold them. */
export function readDocument(root: YamlNode, text: string, readYaml: ReadYaml, found: Found, depth = 0): void {
  readSettings(root, found);
  const visit = (node: YamlNode, key: string): void => {
    if (node.kind === 'map') for (const entry of node.entries) visit(entry.value, entry.key);
    else if (node.kind === 'list') for (const item of node.items) visit(item, key);
    // Annotations are read with the object they belong to.
    else if (depth < MAX_NESTED && node.text.includes('\n') && TELLING.test(node.text) && !/snippet/i.test(key)) {
      const inner = nothingFound();
      readText(key, node.text, readYaml, inner, depth + 1);
      const offsets = scalarOffsets(text, node);
      found.configs.push(
        ...inner.configs.map((one) => ({ ...one, directives: moved(one.directives, offsets), inside: key })),
      );
      found.traefik.push(...inner.traefik.map((one) => ({ ...one, span: movedSpan(one.span, offsets) })));
      found.envoy.push(...inner.envoy.map((one) => movedNode(one, offsets)));
      found.kong.push(...inner.kong.map((one) => movedNode(one, offsets)));
      found.apisix.push(...inner.apisix.map((one) => movedNode(one, offsets)));
    }
  };
  visit(root, '');
}

/** A text with the name of a file, wherever it was found. */
export function readText(name: string, text: string, readYaml: ReadYaml, found: Found, depth = 0): void {
  if (/<<[-~]?\s*["']?\w/.test(text)) {
    readHeredocs(text, found);
    return;
  }
  if (
    /^[ \t]*["']?(?:http|tcp|entryPoints|static_resources|admin|node|data|resources|routes|_format_version)["']?[ \t]*:|^[ \t]*\{/m.test(
      text,
    )
  ) {
    for (const { root } of readYaml(text).documents) readDocument(root, text, readYaml, found, depth);
    if (found.traefik.length + found.envoy.length + found.kong.length + found.apisix.length > 0) return;
  }
  if (/^[ \t]*\[(?:http|entryPoints|frontends)\b/im.test(text)) {
    readTomlText(text, found);
    return;
  }
  const read = readDirectives(name, text, name);
  if (read) found.configs.push(read.config);
}

/** @returns the problem, where the text is not TOML */
export function readTomlText(text: string, found: Found): ParseProblem | undefined {
  const { table, problem } = parseToml(text);
  if (table) readSettings(nodeOf(table, [], placesOf(text), { start: 0, end: 0 }), found);
  return problem;
}

function nodeOf(value: TomlValue, path: readonly string[], places: TomlPlaces, outer: Span): YamlNode {
  const key = pathOf(...path);
  const keySpan = places.keys.get(key) ?? outer;
  const span = places.values.get(key) ?? keySpan;
  if (Array.isArray(value))
    return { kind: 'list', items: value.map((item, i) => nodeOf(item, [...path, String(i)], places, span)), span };
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    const entries = Object.entries(value as TomlTable).map(([name, inner]) => {
      const node = nodeOf(inner, [...path, name], places, span);
      const own = places.keys.get(pathOf(...path, name)) ?? node.span;
      return {
        key: name,
        keySpan: own,
        value: node,
        span: { start: own.start, end: Math.max(own.end, node.span.end) },
      };
    });
    return { kind: 'map', entries, span };
  }
  const plain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
  return { kind: 'scalar', value: plain, text: String(plain), style: 'double', span };
}

function readSettings(root: YamlNode, { configs, traefik, envoy, kong, apisix }: Found): void {
  const http = lowerAt(root, 'http');
  if (lowerAt(http, 'routers') ?? lowerAt(http, 'middlewares')) flatten(http!, '', traefik);
  const points = lowerAt(root, 'entrypoints');
  if (points?.kind === 'map') flatten(points, 'entrypoints', traefik);
  for (const { key, value } of entriesOf(lowerAt(root, 'frontends'))) {
    const settings: TraefikSetting[] = [];
    flatten(value, '', settings);
    traefik.push(...settings.flatMap(({ name, ...one }) => frontendSettings(key, name, one)));
  }
  const caddy: Directive[] = caddyJson(root);
  for (const { key, value } of entriesOf(at(root, 'services'))) {
    const said = readService(key, value);
    traefik.push(...said.traefik);
    caddy.push(...said.caddy);
  }
  if (caddy.length > 0) configs.push({ dialect: 'caddy', directives: caddy, inside: 'labels' });
  if (at(root, 'static_resources') ?? itemsOf(at(root, 'resources')).find((one) => at(one, 'filter_chains')))
    envoy.push(root);
  if (at(root, '_format_version') && at(root, 'services')) kong.push(root);
  const routes = itemsOf(at(root, 'routes'));
  if (routes.some((one) => (at(one, 'uri') ?? at(one, 'uris')) && APISIX.some((key) => at(one, key))))
    apisix.push(root);
}

const APISIX = ['upstream', 'upstream_id', 'service_id', 'plugin_config_id', 'plugins'];

function lowerAt(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return entriesOf(node).find((entry) => entry.key.toLowerCase() === key)?.value;
}

function moved(directives: readonly Directive[], offsets: OffsetMap): Directive[] {
  return directives.map((one) => ({
    ...one,
    span: movedSpan(one.span, offsets),
    head: movedSpan(one.head, offsets),
    ...(one.block && { block: moved(one.block, offsets) }),
  }));
}

function flatten(node: YamlNode, name: string, into: TraefikSetting[]): void {
  if (node.kind === 'map' && node.entries.length > 0) {
    for (const { key, value } of node.entries) {
      const part = key.toLowerCase().replaceAll('.', '_');
      flatten(value, name === '' ? part : `${name}.${part}`, into);
    }
    return;
  }
  if (node.kind === 'list' && node.items.some((item) => item.kind === 'map')) {
    for (const item of node.items) flatten(item, name, into);
    return;
  }
  const value = node.kind === 'list' ? node.items.map((item) => textOf(item) ?? '').join(',') : (textOf(node) ?? '');
  into.push({ name, value, span: node.span });
}

/** What the labels and the command line of a compose service, `body`, say to Traefik and Caddy. */
export function readService(
  name: string,
  body: YamlNode,
): { readonly traefik: readonly TraefikSetting[]; readonly caddy: readonly Directive[] } {
  const traefik: TraefikSetting[] = [];
  const caddy: Directive[] = [];
  for (const labels of [at(body, 'labels'), at(body, 'deploy', 'labels')]) {
    const pairs = labelsOf(labels);
    labelled(pairs, name, traefik);
    // Directives name no file: what another one says lies at the service.
    const own = pairs.map((one) => (one.path === undefined ? one : { ...one, span: body.span }));
    caddy.push(...caddyLabels(own.filter((one) => /^caddy(?:_\d+)?(?:\.|$)/.test(one.name))));
  }
  for (const words of [at(body, 'command'), at(body, 'entrypoint')]) flags(words, name, traefik);
  return { traefik, caddy };
}

/** Container labels, as a list of texts or as a mapping. */
function labelsOf(labels: YamlNode | undefined): CaddyLabel[] {
  const named = entriesOf(labels).map(({ key, value, span, path }) => ({
    name: key,
    value: textOf(value) ?? '',
    span,
    ...(path === undefined ? {} : { path }),
  }));
  const listed = itemsOf(labels).flatMap((item) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(textOf(item) ?? '') ?? [];
    return name !== undefined && value !== undefined ? [{ name, value, span: item.span }] : [];
  });
  return [...named, ...listed];
}

/** Labels such as `traefik.http.routers.web.rule`. */
function labelled(labels: readonly CaddyLabel[], service: string, into: TraefikSetting[]): void {
  for (const { name, ...label } of labels) {
    const setting = /^traefik\.http\.(.+)$/i.exec(name)?.[1];
    if (setting !== undefined) into.push({ ...label, name: setting.toLowerCase(), service });
    // The first version of Traefik; a container with several ports names segments.
    const [, segment, key] = /^traefik\.(?:([\w-]+)\.)?frontend\.(.+)$/i.exec(name) ?? [];
    const frontend = segment === undefined ? service : `${service}-${segment}`;
    if (key !== undefined) into.push(...frontendSettings(frontend, key.toLowerCase(), { ...label, service }));
  }
}

/** Static settings as Traefik's command line gives them: `--entrypoints.websecure.http.middlewares=sec@file`. */
function flags(words: YamlNode | undefined, service: string, into: TraefikSetting[]): void {
  const items = words?.kind === 'list' ? words.items : words ? [words] : [];
  for (const item of items) {
    for (const word of (textOf(item) ?? '').split(/\s+/)) {
      const [, name, value] = /^--(entrypoints\.[^=]+)=(.*)$/is.exec(word) ?? [];
      if (name !== undefined && value !== undefined)
        into.push({ name: name.toLowerCase(), value: value.replace(/^["']|["']$/g, ''), span: item.span, service });
    }
  }
}
