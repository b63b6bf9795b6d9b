/** Knows Caddy sites: snippets, imported files, handlers and matchers, with the headers that each site sends. */
import picomatch from 'picomatch';
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { type Collect, collector, perMinute, placeAt } from './collector.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, hostOf, type Limit, merged } from './server.ts';
import { type Source, sourcesOf } from './sources.ts';

const LOOPBACK = /^(?:https?:\/\/)?(?:localhost|[\w-]+\.localhost|127\.|\[::1\])/;

export function caddySites(facts: Facts): readonly EdgeServer[] {
  const sources = sourcesOf(facts, 'caddy');
  const used = new Set<Source>();
  const servers = sources.map((source) => ({ source, sites: sitesOf(source, sources, used) }));
  return servers.flatMap(({ source, sites }) => (used.has(source) ? [] : sites));
}

/** What an import may mean, and what it could not find. */
interface Scope {
  readonly source: Source;
  readonly sources: readonly Source[];
  readonly snippets: Map<string, readonly Directive[]>;
  readonly used: Set<Source>;
  readonly missing: string[];
}

function sitesOf(source: Source, sources: readonly Source[], used: Set<Source>): EdgeServer[] {
  const top = source.config.directives;
  const snippets = new Map<string, readonly Directive[]>();
  const scope: Scope = { source, sources, snippets, used, missing: [] };
  addSnippets(top, snippets);
  // Imported files may bring snippets, and sites of their own.
  const directives = top.flatMap((one) => {
    if (one.name !== 'import' || one.block) return [one];
    const snippet = snippets.get(one.args[0] ?? '');
    return snippet ? imported(snippet, { ...scope, missing: [] }, one.args.slice(1), 1) : importsOf(one, scope);
  });
  addSnippets(directives, snippets);
  const named = directives.filter((one) => one.name !== '' && !/^[(&]/.test(one.name));
  const [first, ...rest] = named;
  // A file for a single site needs no braces: the address, then the directives.
  const bare = first && !first.block && /^(?:https?:\/\/|:\d|[\w*{$][\w.*{}$-]*(?:\.|:\d|\}))/.test(first.name);
  const all = bare ? [{ ...first, block: rest }] : named.filter((one) => one.block && isAddress(one.name));
  return all.flatMap((site): EdgeServer[] => {
    const missing: string[] = [];
    const addresses = [site.name, ...site.args];
    const block = imported(site.block ?? [], { ...scope, missing }, [], 0);
    if (addresses.every((one) => LOOPBACK.test(one)) || isRedirect(block)) return [];
    const headers = headersOf(source, block);
    const hidden = missing[0];
    return [
      {
        name: `Caddy site ${site.name}`,
        place: placeAt(source, site),
        headers,
        shared: headers,
        parts: [],
        routes: routesOf(source, block, '/', '/', headers, []),
        ...(isPlain(addresses, block) && { plain: true as const }),
        ...(hidden !== undefined && { unknown: `the imported ${hidden} is not known` }),
        ...(source.config.broken && { unknown: 'a part of its file cannot be read' }),
      },
    ];
  });
}

/** Without a host name there is no certificate, unless the site says where it is. */
function isPlain(addresses: readonly string[], block: readonly Directive[]): boolean {
  const secure = block.some((one) => one.name === 'tls');
  return addresses.every((one) => /^http:\/\/|:80$/.test(one) || (!secure && /^:(?!443$)/.test(one)));
}

function isAddress(name: string): boolean {
  return /[.:{*]|^localhost$/.test(name) || !/^[a-z_]+$/.test(name);
}

function addSnippets(directives: readonly Directive[], snippets: Map<string, readonly Directive[]>): void {
  for (const one of directives) {
    const name = /^\(([^)]+)\)$/.exec(one.name)?.[1];
    if (name !== undefined && one.block) snippets.set(name, one.block);
  }
}

/** Directives of imported files: none when there is no such file. */
function importsOf(one: Directive, { source, sources, used }: Scope): readonly Directive[] {
  const pattern = (one.args[0] ?? '').replace(/^\/etc\/caddy\//, '');
  const path = joinPath(folderOf(source.path), pattern);
  if (path === undefined || pattern === '' || pattern.length > 200) return [];
  const isMatch = picomatch(path, { dot: true });
  const found = sources.filter((other) => other !== source && other.config.inside === undefined && isMatch(other.path));
  for (const other of found) used.add(other);
  return found.flatMap(({ config }) => config.directives);
}

function imported(
  block: readonly Directive[],
  scope: Scope,
  args: readonly string[],
  depth: number,
): readonly Directive[] {
  return block.flatMap((one): readonly Directive[] => {
    if (one.name === 'import') {
      const [name = '', ...given] = one.args;
      const inner = scope.snippets.get(name) ?? importsOf(one, scope);
      if (inner.length > 0 && depth < 6) return imported(inner, scope, given, depth + 1);
      if (name !== '' && !/\*/.test(name)) scope.missing.push(name);
      return [];
    }
    const filled =
      args.length === 0
        ? one
        : { ...one, name: withArgs(one.name, args), args: one.args.map((arg) => withArgs(arg, args)) };
    return [one.block ? { ...filled, block: imported(one.block, scope, args, depth + 1) } : filled];
  });
}

function withArgs(text: string, args: readonly string[]): string {
  return text.replace(/\{args(?:\[|\.)(\d+)\]?\}/g, (whole, index: string) => args[Number(index)] ?? whole);
}

function isRedirect(block: readonly Directive[]): boolean {
  const quiet = ['tls', 'log', 'encode', 'header', 'bind'];
  const acting = block.filter((one) => !quiet.includes(one.name) && !one.name.startsWith('@'));
  const away = (one: Directive): boolean =>
    one.name === 'redir' ||
    one.name === 'abort' ||
    (one.name === 'respond' && one.args.some((arg) => /^[345]\d\d$/.test(arg))) ||
    (/^(?:handle|route)$/.test(one.name) && one.block !== undefined && one.block.length > 0 && one.block.every(away));
  return acting.length > 0 && acting.every(away);
}

const isMatched = (one: Directive) => /^[@/]/.test(one.args[0] ?? '') && !/^\/?\*$/.test(one.args[0]!);

/** Headers of a site: its own, those of blocks for all requests, and those that every handler sets. */
function headersOf(source: Source, block: readonly Directive[]): Headers {
  const { headers, add } = collector(source);
  const handlers: Headers[] = [];
  let fallback = !block.some((one) => ANSWERS.test(one.name) && !isMatched(one));
  for (const one of block) {
    if (one.name === 'header' && !isMatched(one)) {
      const args = /^\/?\*$/.test(one.args[0] ?? '') ? one.args.slice(1) : one.args;
      if (args[0] !== undefined) field(args[0], args[1], one, add);
      for (const inner of one.block ?? []) field(inner.name, inner.args[0], inner, add);
    } else if (one.name === 'reverse_proxy' && !isMatched(one)) {
      for (const inner of one.block ?? [])
        if (inner.name === 'header_down') field(inner.args[0] ?? '', inner.args[1], inner, add);
    } else if (/^(?:handle|handle_path|route)$/.test(one.name) && one.block) {
      const inner = headersOf(source, one.block);
      if (one.block.some((each) => /^(?:redir|abort)$/.test(each.name)) && one.block.length === 1) continue;
      if (one.name !== 'route' && !isMatched(one)) fallback = true;
      if (isMatched(one) || one.name !== 'route') handlers.push(inner);
      else for (const [name, header] of inner) headers.set(name, header);
    }
  }
  const all = new Map([...(fallback ? common(handlers) : []), ...headers]);
  for (const name of removedBy(block)) all.delete(name);
  return all;
}

/** Answers of a site beside its handlers. */
const ANSWERS = /^(?:reverse_proxy|file_server|respond|php_fastcgi)$/;

/** Names of headers that are taken out of every answer: `header -Server`. */
function removedBy(block: readonly Directive[]): readonly string[] {
  const fields = block.flatMap((one) =>
    one.name === 'header' && !isMatched(one)
      ? [one.args.at(/^\/?\*$/.test(one.args[0] ?? '') ? 1 : 0), ...(one.block ?? []).map(({ name }) => name)]
      : [],
  );
  return fields.flatMap((name) => (name?.startsWith('-') ? [name.slice(1).toLowerCase()] : []));
}

function field(name: string, value: string | undefined, directive: Directive, add: Collect): void {
  if (name === '' || name === 'defer' || name.startsWith('-')) return;
  add(name.replace(/^[+?>]/, ''), value, directive);
}

/** Where reverse proxies lead, however deep in handlers. */
function routesOf(
  source: Source,
  block: readonly Directive[],
  path: string,
  inner: string,
  outer: Headers,
  limits: readonly Limit[],
): EdgeRoute[] {
  const matchers = new Map<string, string>();
  for (const one of block) {
    const paths = one.args[0] === 'path' ? one.args.slice(1) : one.block?.find(({ name }) => name === 'path')?.args;
    if (one.name.startsWith('@') && paths?.[0] !== undefined) matchers.set(one.name, paths[0]);
  }
  const own = [...limits, ...block.flatMap((one) => limitsOf(source, one))];
  const pathOf = (one: Directive): string | undefined => {
    const [first = ''] = one.args;
    const pattern = first.startsWith('@') ? matchers.get(first) : first.startsWith('/') ? first : '*';
    return pattern === '*' ? path : pattern?.replace(/\*$/, '');
  };
  return block.flatMap((one): EdgeRoute[] => {
    const where = pathOf(one);
    if (where === undefined) return [];
    const prefix = where === path ? inner : where;
    if (/^(?:handle|handle_path|route)$/.test(one.name) && one.block) {
      const headers = merged(outer, headersOf(source, one.block));
      return routesOf(source, one.block, where, one.name === 'handle_path' ? '/' : prefix, headers, own);
    }
    if (one.name !== 'reverse_proxy' && one.name !== 'php_fastcgi') return [];
    const named = one.args.filter((arg) => !/^[@/*]/.test(arg));
    const to = (one.block ?? []).flatMap(({ name, args }) => (name === 'to' ? args : []));
    const place = placeAt(source, one);
    return [
      { path: where, inner: prefix, upstreams: [...named, ...to].map(hostOf), place, headers: outer, limits: own },
    ];
  });
}

/** Zones of the rate_limit module. */
function limitsOf(source: Source, one: Directive): Limit[] {
  if (one.name !== 'rate_limit' || isMatched(one)) return [];
  return (one.block ?? []).flatMap((zone): Limit[] => {
    if (zone.name !== 'zone' || !zone.block || zone.block.some(({ name }) => name === 'match')) return [];
    const value = (name: string) => zone.block!.find((inner) => inner.name === name)?.args[0];
    const rate = perMinute(value('events'), value('window'));
    return [
      {
        name: `rate_limit ${zone.args[0] ?? ''}`,
        ...(rate !== undefined && { perMinute: rate }),
        place: placeAt(source, zone),
      },
    ];
  });
}
