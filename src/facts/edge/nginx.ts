/** Knows nginx as a program: includes, levels, the inheritance of add_header, and which servers answer the public. */
import picomatch from 'picomatch';
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import type { Place } from '../span.ts';
import {
  type Answer,
  common,
  type EdgeRoute,
  type EdgeServer,
  type Header,
  type Headers,
  hostOf,
  type Limit,
  merged,
  NO_HEADERS,
} from './server.ts';
import { type Source, sourcesOf } from './sources.ts';

/** A directive with the file it stands in, includes put in their places. */
interface Located extends Directive {
  readonly path: string;
  readonly block?: readonly Located[];
}

/** Files that hold no headers, by their usual names. */
const HARMLESS =
  /mime\.types|(?:fastcgi|uwsgi|scgi|proxy)[\w.-]*$|params|modules|ssl|tls|letsencrypt|certs?\b|dhparam|upstream|gzip|compress|cach|logs?\b|log[-_]|acme|real[-_]?ip|maps?\b|error|resolver|naxsi|modsec|geoip|\.(?:lua|js)$/i;
const TEMPLATES = /\.(?:template|tmpl|tpl|j2|erb|in|dist)$/;
const LOOPBACK = /^(?:127\.|\[::1\]|localhost\b|unix:)/;
const MAX_NODES = 20_000;

export function nginxServers(facts: Facts): readonly EdgeServer[] {
  const sources = sourcesOf(facts, 'nginx');
  const included = new Set<Source>();
  const budget = { nodes: MAX_NODES };
  const others = new Map<string, string[]>();
  for (const { path } of facts.files) {
    const name = path.replace(TEMPLATES, '').slice(path.lastIndexOf('/') + 1);
    const list = others.get(name);
    if (list) list.push(path);
    else others.set(name, [path]);
  }
  const trees = sources.map((source) => ({
    source,
    tree: expand(source.config.directives, source, { sources, included, budget, others }, 0),
  }));
  const names = namesOf(trees.flatMap(({ tree }) => tree));
  const servers = new Map<string, EdgeServer>();
  for (const { source, tree } of trees) {
    if (included.has(source)) continue;
    for (const { plain, ...server } of serversOf(tree, names)) {
      const complete: EdgeServer = {
        ...server,
        ...(plain && !source.config.certified && { plain }),
        ...(source.config.broken && { unknown: 'a part of its file cannot be read' }),
      };
      const key = `${server.place.path}:${server.place.span.start}${source.at ? server.name : ''}`;
      if (!servers.has(key)) servers.set(key, complete);
    }
  }
  return [...servers.values()];
}

/** What includes are resolved with. */
interface Includes {
  readonly sources: readonly Source[];
  /** Sources that others include. */
  readonly included: Set<Source>;
  readonly budget: { nodes: number };
  /** All files of the tree by name: those without a telling word hold no headers. */
  readonly others: ReadonlyMap<string, readonly string[]>;
}

function expand(directives: readonly Directive[], source: Source, includes: Includes, depth: number): Located[] {
  const { sources, included, budget, others } = includes;
  return directives.flatMap((one): Located[] => {
    if (--budget.nodes < 0) return [];
    if (one.name === 'include' && one.args[0] !== undefined && depth < 8) {
      const targets = includesOf(one.args[0], source, sources);
      if (targets.length > 0) {
        for (const target of targets) included.add(target);
        return targets.flatMap((target) => expand(target.config.directives, target, includes, depth + 1));
      }
      const bare = one.args[0].replace(/^.*\/(?=[^/]+\/[^/]+$)/, '').replace(/^\/+/, '');
      const same = others.get(bare.slice(bare.lastIndexOf('/') + 1)) ?? [];
      if (same.some((path) => `/${path.replace(TEMPLATES, '')}`.endsWith(`/${bare}`))) return [];
    }
    const block = one.block && expand(one.block, source, includes, depth);
    const rendered = source.at && { span: source.at, head: source.at };
    return [{ ...one, ...rendered, path: source.path, ...(block && { block }) } as Located];
  });
}

/** Files of the tree that an include may mean: beside the file, below one of its folders, or with the same ending. */
function includesOf(pattern: string, from: Source, sources: readonly Source[]): readonly Source[] {
  const bare = pattern
    .replace(/^(?:\/usr\/local)?\/etc\/(?:nginx|openresty)\/|^\/usr\/local\/(?:openresty\/)?nginx\/conf\/|^\.\//, '')
    .replace(/^\/+/, '');
  if (bare === '' || bare.length > 200) return [];
  const matches = picomatch(bare, { dot: true });
  // Templates become files without the ending.
  const isMatch = (path: string) => matches(path) || (TEMPLATES.test(path) && matches(path.replace(TEMPLATES, '')));
  const files = sources.filter((source) => source !== from && source.config.inside === undefined);
  const folders: string[] = [];
  for (let folder = folderOf(from.path); ; folder = folderOf(folder)) {
    folders.push(folder);
    if (folder === '') break;
  }
  for (const folder of folders) {
    const prefix = folder === '' ? '' : `${folder}/`;
    const found = files.filter(({ path }) => path.startsWith(prefix) && isMatch(path.slice(prefix.length)));
    if (found.length > 0) return found;
  }
  const ending = picomatch(`**/${bare}`, { dot: true });
  const found = files.filter(({ path }) => ending(path.replace(TEMPLATES, '')));
  if (found.length > 0 || /[*?[]/.test(bare)) return found;
  // Images put files where they like: the name alone, if there is only one of it.
  const name = bare.slice(bare.lastIndexOf('/') + 1);
  const named = files.filter(({ path }) => path.replace(TEMPLATES, '').split('/').at(-1) === name);
  return named.length === 1 && name.includes('.') ? named : [];
}

/** What names stand for: request zones with their rates, groups of upstream servers. */
interface Names {
  /** Requests a minute. */
  readonly zones: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

function namesOf(trees: readonly Located[]): Names {
  const zones = new Map<string, number>();
  const groups = new Map<string, readonly string[]>();
  for (const one of [...trees, ...trees.flatMap((tree) => (tree.name === 'http' ? (tree.block ?? []) : []))]) {
    if (one.name === 'limit_req_zone') {
      const zone = one.args.map((arg) => /^zone=([^:]+)/.exec(arg)?.[1]).find((name) => name !== undefined);
      const [, count, unit] = one.args.map((arg) => /^rate=(\d+)r\/([sm])$/.exec(arg)).find((match) => match) ?? [];
      if (zone !== undefined && count !== undefined) zones.set(zone, Number(count) * (unit === 's' ? 60 : 1));
    } else if (one.name === 'upstream' && one.block && one.args[0] !== undefined) {
      const members = one.block.filter(({ name, args }) => name === 'server' && args[0] !== undefined);
      groups.set(
        one.args[0],
        members.map(({ args }) => args[0]!.toLowerCase()),
      );
    }
  }
  return { zones, groups };
}

/** Headers in force at a level: add_header is replaced as a whole by an inner level, more_set_headers adds up. */
interface Level {
  readonly added: Headers;
  readonly more: Headers;
  readonly limits: readonly Located[];
  readonly variables: ReadonlyMap<string, string>;
  /** What add_header_inherit says. */
  readonly inherit?: string;
  /** An include that cannot be followed and may hold headers. */
  readonly hidden?: string;
}

const TEMPLATE = '{{';
const SCRIPT = 'lua';
const REASONS: Readonly<Record<string, string>> = {
  [TEMPLATE]: 'a template fills a part of it in',
  [SCRIPT]: 'a script may set the headers',
};
const OUTSIDE: Level = { added: NO_HEADERS, more: NO_HEADERS, limits: [], variables: new Map() };

function levelOf(block: readonly Located[], outer: Level): Level & { readonly own: boolean } {
  const added = new Map<string, Header>();
  const more = new Map<string, Header>();
  const dry = block.some(({ name, args }) => name === 'limit_req_dry_run' && args[0] === 'on');
  const limits = block.filter(({ name }) => name === 'limit_req');
  const set = block.filter(({ name, args }) => name === 'set' && args.length === 2);
  let hidden = outer.hidden;
  let inherit = outer.inherit;
  for (const one of block) {
    const place = { path: one.path, span: one.head };
    if (/^(?:header_filter_by_lua|js_header_filter)/.test(one.name)) hidden = SCRIPT;
    else if (/^\{\{/.test(one.name) || (one.name === 'add_header' && /\{\{|^\$/.test(one.args[0] ?? ''))) {
      hidden = TEMPLATE;
    } else if (one.name === 'add_header' && one.args.length >= 2) {
      const [name, value] = one.args;
      added.set(name!.toLowerCase(), { ...literalOf(value!), always: one.args[2] === 'always', place });
    } else if (one.name === 'add_header_inherit') inherit = one.args[0];
    else if (one.name === 'more_set_headers') {
      for (const text of one.args) {
        const match = /^([\w-]+)\s*:\s*(.*)$/s.exec(text);
        if (match)
          more.set(match[1]!.toLowerCase(), { ...literalOf(match[2]!), always: !one.args.includes('-s'), place });
      }
    } else if (
      one.name === 'include' &&
      one.args[0] !== undefined &&
      !/[*?[]/.test(one.args[0]) &&
      !HARMLESS.test(one.args[0])
    ) {
      hidden = one.args[0];
    }
  }
  const own = inherit !== 'merge' && (added.size > 0 || (inherit === 'off' && outer.added.size > 0));
  return {
    added: own ? added : merged(outer.added, added),
    more: merged(outer.more, more),
    own,
    ...(inherit !== undefined && { inherit }),
    limits: dry ? [] : limits.length > 0 ? limits : outer.limits,
    variables: set.length > 0 ? new Map([...outer.variables, ...set.map(variableOf)]) : outer.variables,
    ...(hidden !== undefined && { hidden }),
  };
}

function variableOf({ args }: Located): readonly [string, string] {
  return [args[0]!.replace(/^\$\{?|\}$/g, ''), args[1]!];
}

function literalOf(value: string): { value?: string } {
  return /\$\w|\$\{|\{\{/.test(value) ? {} : { value };
}

function serversOf(tree: readonly Located[], names: Names): EdgeServer[] {
  const servers: EdgeServer[] = [];
  const top = levelOf(tree, OUTSIDE);
  let inServer = false;
  for (const one of tree) {
    if (one.name === 'http' && one.block) {
      const http = levelOf(one.block, top);
      for (const inner of one.block)
        if (inner.name === 'server' && inner.block) servers.push(...serverOf(inner, inner.block, http, names));
      inServer = true;
    } else if (one.name === 'server' && one.block) {
      servers.push(...serverOf(one, one.block, top, names));
      inServer = true;
    }
  }
  // A piece of a server: its own headers must not get lost, but whether they are all is decided elsewhere.
  const first = tree.find((one) => one.name === 'add_header');
  if (!inServer && first) {
    const parts = partsOf(tree, top).filter(({ own }) => own);
    const shared = merged(top.added, top.more);
    const place = { path: first.path, span: first.head };
    if (parts.length > 0)
      servers.push({ name: `nginx configuration ${first.path}`, place, shared, parts, piece: true });
  }
  return servers;
}

function serverOf(server: Located, block: readonly Located[], http: Level, names: Names): EdgeServer[] {
  if (isInternal(block) || isRedirect(block)) return [];
  const level = levelOf(block, http);
  const shared = merged(level.added, level.more);
  const parts = partsOf(block, level);
  const locations = block.filter((one) => one.name === 'location');
  const everywhere = locations.some((one) => /^(?:\^~ |~\*? )?(?:\/|\^\/|\.\*|\^)$/.test(one.args.join(' ')));
  // An error page that only lies there, and answers to machines, say nothing about the others.
  const errorPages = new Set(block.flatMap((one) => (one.name === 'error_page' ? one.args.slice(-1) : [])));
  const inherited = parts.filter(
    ({ own, label }) =>
      !own && !FOR_MACHINES.test(label.slice(9)) && !errorPages.has(label.replace(/^location (?:= )?/, '')),
  );
  const sets = [...(everywhere ? [] : [shared]), ...inherited.map(({ headers }) => headers)];
  const place = { path: server.path, span: server.head };
  const inner = block.flatMap((one) => (one.name === 'location' && one.block ? [levelOf(one.block, level)] : []));
  const hidden = [level, ...inner].find((one) => one.hidden !== undefined)?.hidden;
  return [
    {
      name: nameOf(block),
      place,
      ...(sets.length > 0 && { headers: common(sets) }),
      ...(isPlain(block) && { plain: true as const }),
      shared,
      parts: parts.filter(({ own }) => own),
      routes: routesOf(server, block, level, '/', false, names),
      ports: portsOf(block),
      trusts: block.flatMap((one) => (one.name === 'set_real_ip_from' ? one.args.join(' ') : [])),
      ...(hidden !== undefined && {
        unknown: REASONS[hidden] ?? `the included file ${hidden} is not in the repository`,
      }),
    },
  ];
}

const PASSES = /^(?:proxy|grpc|uwsgi|fastcgi|scgi)_pass$/;

/** The level itself, and its locations however deep. */
function routesOf(
  owner: Located,
  block: readonly Located[],
  level: Level,
  path: string,
  exact: boolean,
  names: Names,
): EdgeRoute[] {
  const pass = block.find((one) => PASSES.test(one.name));
  const routes: EdgeRoute[] = [];
  if (pass?.args[0] !== undefined || (owner.name === 'location' && answers(block))) {
    const target = pass?.args[0] && targetOf(pass.args[0], level.variables);
    const host = target && hostOf(target);
    const place: Place = { path: owner.path, span: owner.head };
    const upstreams = host ? (names.groups.get(host) ?? [host]) : [];
    routes.push({
      path,
      ...(exact && { exact }),
      inner: innerOf(path, target ?? '', block),
      upstreams,
      place,
      headers: merged(level.added, level.more),
      limits: level.limits.map((one) => limitOf(one, names)),
    });
  }
  for (const one of block) {
    if (!one.block || one.name !== 'location' || one.block.some((inner) => inner.name === 'internal')) continue;
    const inner = levelOf(one.block, level);
    for (const literal of literalsOf(one.args))
      routes.push(...routesOf(one, one.block, inner, literal.path, literal.exact, names));
  }
  return routes;
}

function targetOf(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole);
}

function limitOf({ args, path, head }: Located, { zones }: Names): Limit {
  const zone = args.map((arg) => /^zone=(.+)/.exec(arg)?.[1]).find((name) => name !== undefined) ?? '';
  const perMinute = zones.get(zone);
  return { name: `limit_req ${zone}`, ...(perMinute !== undefined && { perMinute }), place: { path, span: head } };
}

/** A URI behind the host of proxy_pass, or a rewrite, takes the place of the location's path. */
function innerOf(path: string, target: string, block: readonly Located[]): string {
  const uri = /^[a-z]+:\/\/[^/$]+(\/[^?$]*)/i.exec(target)?.[1];
  if (uri !== undefined) return uri;
  const rewrite = block.find((one) => one.name === 'rewrite' && one.args[0]?.startsWith(`^${path}`));
  return rewrite?.args[1] !== undefined ? rewrite.args[1].replace(/\$\d.*$/s, '') : path;
}

/** Paths that a location names: its prefix, or the alternatives of a simple expression. None when it cannot be told. */
function literalsOf(args: readonly string[]): readonly { path: string; exact: boolean }[] {
  const [first = '', second = ''] = args;
  if (first === '=') return [{ path: second, exact: true }];
  if (first === '^~') return [{ path: second, exact: false }];
  if (first !== '~' && first !== '~*') return first.startsWith('/') ? [{ path: first, exact: false }] : [];
  const match = /^\^((?:\/[\w.-]+)*\/?)(?:\(\??:?([\w./|-]+)\))?(\/?)(?:\$|\(.*|\.\*.*)?$/.exec(
    second.replace(/\\([./-])/g, '$1'),
  );
  if (!match) return [];
  const [, start = '', alternatives, slash = ''] = match;
  return (alternatives?.split('|') ?? [''])
    .map((one) => ({ path: `${start}${one}${slash}`, exact: second.endsWith('$') && !second.includes('.*') }))
    .filter(({ path }) => path !== '');
}

interface Part extends Answer {
  /** It has headers of its own in the place of those of the server. */
  readonly own: boolean;
}

/**
 * Locations and conditions, however deep, that answer themselves.
 * @param source where headers come from here: the server, a part that is told, or a level that answers nothing itself
 */
function partsOf(block: readonly Located[], outer: Level, source: 'server' | 'part' | 'silent' = 'server'): Part[] {
  return block.flatMap((one): Part[] => {
    if (!one.block || !['location', 'if', 'limit_except'].includes(one.name)) return [];
    // Those that others are asked for from inside: error pages and files answer, checks of a request do not.
    if (['internal', 'proxy_pass'].every((name) => one.block!.some((inner) => inner.name === name))) return [];
    const level = levelOf(one.block, outer);
    const from = level.own ? 'silent' : source;
    // What a condition sets is sent with the redirect of its location, unless it answers itself.
    if (!answers(one.block)) {
      const inner = one.block.filter(({ name, block: body }) => name === 'location' || body?.some(returns));
      return partsOf(inner, level, from);
    }
    const own = from === 'silent';
    const place: Place = { path: one.path, span: one.head };
    const part = { label: `${one.name} ${one.args.join(' ')}`, place, headers: merged(level.added, level.more), own };
    const told = own || (from === 'server' && one.name === 'location');
    return [...(told ? [part] : []), ...partsOf(one.block, level, own ? 'part' : from)];
  });
}

function returns({ name }: Located): boolean {
  return name === 'return' || PASSES.test(name);
}

/** False when a block only redirects, refuses, answers a pre-flight request or speaks gRPC, which no browser does. */
function answers(block: readonly Located[]): boolean {
  const returned = block.find((one) => one.name === 'return');
  if (returned && /^(?:3\d\d|4\d\d|204)$/.test(returned.args[0] ?? '')) return false;
  if (returned && /^(?:https?:|\$scheme)/.test(returned.args[0] ?? '')) return false;
  return !block.some(
    (one) => one.name === 'stub_status' || one.name === 'grpc_pass' || (one.name === 'deny' && one.args[0] === 'all'),
  );
}

/** Paths that programs ask: proofs for certificates, states, measurements. */
const FOR_MACHINES =
  /acme-challenge|well-known|^(?:[=~^*]+ )?\^?\/(?:nginx[_-]?)?(?:health(?:z|check)?|status|stub_status|ping|ready|readyz|livez|metrics)\/?\$?$/;

function isRedirect(block: readonly Located[]): boolean {
  if (!answers(block) && !block.some((one) => one.name === 'deny')) return true;
  if (
    block.some(
      (one) =>
        one.name === 'rewrite' &&
        /^(?:permanent|redirect)$/.test(one.args.at(-1) ?? '') &&
        /^\^/.test(one.args[0] ?? '') &&
        !locationsServe(block),
    )
  ) {
    return true;
  }
  const locations = block.filter((one) => one.name === 'location' && one.block);
  const serves = locations.filter(isServing);
  // What a template puts there may serve anything.
  if (block.some(({ name }) => name.startsWith(TEMPLATE))) return false;
  const everything = locations.some((one) => one.args.join(' ') === '/');
  const own = !everything && block.some((one) => ['root', 'try_files'].includes(one.name));
  return locations.length > 0 && serves.length === 0 && !own;
}

/** Does a location, or one inside of it, answer people? */
function isServing({ args, block = [] }: Located): boolean {
  if (FOR_MACHINES.test(args.join(' '))) return false;
  return (answers(block) && !rewritesAway(block)) || block.some((one) => one.name === 'location' && isServing(one));
}

function rewritesAway(block: readonly Located[]): boolean {
  return block.some((one) => one.name === 'rewrite' && /^(?:permanent|redirect)$/.test(one.args.at(-1) ?? ''));
}

function locationsServe(block: readonly Located[]): boolean {
  return block.some(
    (one) => one.name === 'location' && one.block && answers(one.block) && !/acme-challenge/.test(one.args.join(' ')),
  );
}

/** Reached from the same machine only, by listed addresses only, or by nobody. */
function isInternal(block: readonly Located[]): boolean {
  const listens = block.filter((one) => one.name === 'listen').map((one) => one.args[0] ?? '');
  if (listens.length > 0 && listens.every((one) => LOOPBACK.test(one))) return true;
  // What no name is for gets no answer at all.
  if (block.some((one) => one.name === 'ssl_reject_handshake' && one.args[0] === 'on'))
    return !block.some((one) => one.name === 'location');
  return block.some((one) => one.name === 'deny' && one.args[0] === 'all');
}

/** Ports of the listeners; "" for one that is computed. */
function portsOf(block: readonly Located[]): readonly string[] {
  const listens = block.filter((one) => one.name === 'listen').map((one) => one.args[0] ?? '');
  return listens.map((one) => /^(?:[^{]*:)?(\d+)$/.exec(one)?.[1] ?? '');
}

function isPlain(block: readonly Located[]): boolean {
  const listens = block.filter((one) => one.name === 'listen');
  const secure = listens.some((one) => one.args.some((arg) => /^(?:ssl|quic|http3)$|(?:^|:)\d*443$/.test(arg)));
  return (
    listens.length > 0 && !secure && !block.some((one) => /^ssl(?:_certificate)?$/.test(one.name) || hasTlsInFront(one))
  );
}

/** It asks what a front has spoken, or tells the application that it was HTTPS. */
function hasTlsInFront({ name, args, block = [] }: Located): boolean {
  if (name === 'if') return /\$http_x_forwarded_proto\b/.test(args.join(' '));
  if (name === 'proxy_set_header' || name === 'fastcgi_param' || name === 'uwsgi_param')
    return (
      /^(?:x-forwarded-proto|https|http_x_forwarded_proto)$/i.test(args[0] ?? '') &&
      /^(?:https|on)$/.test(args[1] ?? '')
    );
  return name === 'location' && block.some(hasTlsInFront);
}

function nameOf(block: readonly Located[]): string {
  const names = block.filter((one) => one.name === 'server_name').flatMap((one) => one.args);
  const name = names.find((one) => one !== '_' && one !== '');
  const listen = block.find((one) => one.name === 'listen')?.args[0];
  if (name !== undefined) return `nginx server ${name}`;
  return listen === undefined ? 'nginx server' : `nginx server on ${listen}`;
}
