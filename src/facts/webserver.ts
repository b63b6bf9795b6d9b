/** Knows configuration of web servers, in files of its own and inside of scripts, Dockerfiles and ConfigMaps. */
import { type Directive, type Parsed, parseApache, parseCaddy, parseHaproxy, parseNginx } from './directives.ts';
import type { TraefikSetting } from './edge/traefik.ts';
import type { Extracted, ExtractInput, Extractor, ParseProblem } from './facts.ts';
import type { Span } from './span.ts';
import { at, entriesOf, itemsOf, loadYaml, scalarOffsets, textOf, type YamlFile, type YamlNode } from './yaml.ts';

export type Dialect = 'nginx' | 'caddy' | 'apache' | 'haproxy';

export interface WebserverConfig {
  readonly dialect: Dialect;
  readonly directives: readonly Directive[];
  /** Where it is embedded: "heredoc", or the key of a mapping; absent for a file of its own. */
  readonly inside?: string;
  /** It could not be read completely: what is missing proves nothing. */
  readonly broken?: true;
}

export interface WebserverFile {
  readonly configs: readonly WebserverConfig[];
  /** Settings of Traefik's file provider or of container labels. */
  readonly traefik?: readonly TraefikSetting[];
}

const OWN =
  /(?:^|\/)(?:[^/]*nginx[^/]*|[^/]*\.(?:conf|nginx|vhost|caddy|caddyfile)(?:\.(?:template|tmpl|tpl|j2|erb|in|example|sample|dist))?|(?:sites-(?:available|enabled)|conf\.d)\/[^/]+|Caddyfile[^/]*|haproxy[^/]*\.(?:cfg|conf|j2|tmpl)|httpd[^/]*\.conf)$/i;
const HOST = /\.(?:sh|bash|ya?ml)$|(?:^|\/)(?:Dockerfile|Containerfile)[^/]*$|\.dockerfile$/i;
const NEVER =
  /\.(?:md|rst|py|[cm]?[jt]sx?|go|rs|rego|png|svg|jpe?g|html?|css|java|rb|php|patch|diff|json|toml|tf|lock)$/i;
const TELLING =
  /\b(?:add_header|proxy_pass|server_name|fastcgi_pass|try_files|more_set_headers)\b|\bserver\s*\{|<VirtualHost\b|\breverse_proxy\b|\bfile_server\b|^\s*frontend\s+\S|\btraefik\.http\.|^\s*routers\s*:/im;

export const webserver: Extractor<'webserver'> = {
  kind: 'webserver',
  accepts: (path) => !NEVER.test(path) && (OWN.test(path) || HOST.test(path)),
  recognises: (path, text) =>
    (TELLING.test(text) && (!HOST.test(path) || /[{<]|traefik\.http\.|routers/.test(text))) ||
    /(?:^|\/)Caddyfile/.test(path),
  load: async () => {
    const read = await loadYaml();
    return (input) => extract(input, read);
  },
};

function extract({ path, text }: ExtractInput, readYaml: (text: string) => YamlFile): Extracted<WebserverFile> {
  const configs: WebserverConfig[] = [];
  const problems: ParseProblem[] = [];
  const traefik: TraefikSetting[] = [];
  if (/\.ya?ml$/i.test(path)) inYaml(text, readYaml, configs, traefik);
  else if (HOST.test(path)) inHeredocs(text, configs);
  else {
    const dialect = dialectOf(path, text);
    const parsed = dialect && parsers[dialect](text, 0);
    if (parsed && (dialect !== 'nginx' || isNginx(parsed.directives))) {
      problems.push(...parsed.problems);
      configs.push(configOf(dialect, parsed));
    }
  }
  if (configs.length === 0 && traefik.length === 0) return {};
  return { data: { configs, ...(traefik.length > 0 && { traefik }) }, problems };
}

const parsers: Readonly<Record<Dialect, (text: string, base: number) => Parsed>> = {
  nginx: parseNginx,
  caddy: parseCaddy,
  apache: parseApache,
  haproxy: parseHaproxy,
};

function configOf(dialect: Dialect, parsed: Parsed, inside?: string): WebserverConfig {
  return {
    dialect,
    directives: parsed.directives,
    ...(inside !== undefined && { inside }),
    ...(parsed.problems.length > 0 && { broken: true }),
  };
}

function dialectOf(name: string, text: string): Dialect | undefined {
  if (/(?:^|\/)Caddyfile[^/]*$|\.caddy(?:file)?\b/i.test(name)) return 'caddy';
  if (/<VirtualHost\b/i.test(text)) return 'apache';
  if (
    /^\s*(?:frontend|listen)\s+\S+/m.test(text) &&
    /^\s+(?:bind|mode|server)\s+\S+/m.test(text) &&
    !/[;{]\s*$/m.test(text)
  ) {
    return 'haproxy';
  }
  return /[;{]/.test(text) ? 'nginx' : undefined;
}

const SERVER_WORDS = new Set(
  'listen server_name location root proxy_pass return add_header more_set_headers ssl_certificate include try_files index rewrite if set'.split(
    ' ',
  ),
);

/** Other programs have blocks named "server" too: nginx's hold directives that end with semicolons. */
export function isNginx(directives: readonly Directive[], depth = 0): boolean {
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

/** Texts between `<<WORD` and WORD. The line that opens one tells what it becomes. */
function inHeredocs(text: string, configs: WebserverConfig[]): void {
  const opening = /<<-?[ \t]*(["']?)\\?([A-Za-z_]\w*)\1/g;
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const lineStart = text.lastIndexOf('\n', match.index) + 1;
    const start = endOfLine(text, match.index) + 1;
    let line = start;
    let end = text.length;
    while (line < text.length) {
      const next = endOfLine(text, line);
      if (text.slice(line, next).trim() === match[2]) {
        end = line;
        break;
      }
      line = next + 1;
    }
    if (start >= text.length) break;
    const body = text.slice(start, end);
    opening.lastIndex = Math.max(opening.lastIndex, end);
    if (!TELLING.test(body)) continue;
    const command = text.slice(lineStart, start).trim();
    const dialect = dialectOf(/caddyfile/i.test(command) ? 'Caddyfile' : 'heredoc', body);
    const parsed = dialect && parsers[dialect](body, start);
    if (parsed && (dialect !== 'nginx' || isNginx(parsed.directives)))
      configs.push(configOf(dialect, parsed, 'heredoc'));
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Texts of several lines, as ConfigMaps and compose `configs` hold them. */
function inYaml(
  text: string,
  readYaml: (text: string) => YamlFile,
  configs: WebserverConfig[],
  traefik: TraefikSetting[],
): void {
  const visit = (node: YamlNode, key: string): void => {
    if (node.kind === 'map') for (const entry of node.entries) visit(entry.value, entry.key);
    else if (node.kind === 'list') for (const item of node.items) visit(item, key);
    // A script among the texts has its own heredocs; annotations are read with the object they belong to.
    else if (
      node.text.includes('\n') &&
      TELLING.test(node.text) &&
      !/snippet/i.test(key) &&
      !/<<-?\s*["']?\w/.test(node.text)
    ) {
      const dialect = dialectOf(key, node.text);
      const parsed = dialect && parsers[dialect](node.text, 0);
      if (!parsed || (dialect === 'nginx' && !isNginx(parsed.directives))) return;
      const offsets = scalarOffsets(text, node);
      configs.push(configOf(dialect, { ...parsed, directives: moved(parsed.directives, offsets) }, key));
    }
  };
  for (const { root } of readYaml(text).documents) {
    visit(root, '');
    const http = at(root, 'http');
    if (at(http, 'routers') ?? at(http, 'middlewares')) flatten(http!, '', traefik);
    for (const service of entriesOf(at(root, 'services'))) {
      for (const labels of [at(service.value, 'labels'), at(service.value, 'deploy', 'labels')])
        labelled(labels, traefik);
    }
  }
}

function moved(directives: readonly Directive[], offsets: (offset: number) => number): Directive[] {
  const span = (one: Span): Span => {
    const start = offsets(one.start);
    return { start, end: Math.max(start, offsets(one.end)) };
  };
  return directives.map((one) => ({
    ...one,
    span: span(one.span),
    head: span(one.head),
    ...(one.block && { block: moved(one.block, offsets) }),
  }));
}

function flatten(node: YamlNode, name: string, into: TraefikSetting[]): void {
  if (node.kind === 'map') {
    for (const entry of node.entries) {
      flatten(entry.value, name === '' ? entry.key.toLowerCase() : `${name}.${entry.key.toLowerCase()}`, into);
    }
    return;
  }
  const value = node.kind === 'list' ? node.items.map((item) => textOf(item) ?? '').join(',') : (textOf(node) ?? '');
  into.push({ name, value, span: node.span });
}

/** Container labels such as `traefik.http.routers.web.rule`, as a list of texts or as a mapping. */
function labelled(labels: YamlNode | undefined, into: TraefikSetting[]): void {
  const add = (name: string, value: string, span: Span) => {
    const setting = /^traefik\.http\.(.+)$/i.exec(name)?.[1];
    if (setting !== undefined) into.push({ name: setting.toLowerCase(), value, span });
  };
  for (const { key, value, span } of entriesOf(labels)) add(key, textOf(value) ?? '', span);
  for (const item of itemsOf(labels)) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(textOf(item) ?? '') ?? [];
    if (name !== undefined && value !== undefined) add(name, value, item.span);
  }
}
