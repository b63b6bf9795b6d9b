/** Knows Apache: virtual hosts, the main server and .htaccess files, with the headers that each of them sends. */
import picomatch from 'picomatch';
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import { collector, placeAt } from './collector.ts';
import { type EdgeRoute, type EdgeServer, type Headers, hostOf, type Limit, merged, NO_HEADERS } from './server.ts';
import { type Source, sourcesOf } from './sources.ts';

const LOOPBACK = /^(?:localhost|127\.|\[::1\])/;
const FIVE = new Set(
  'strict-transport-security content-security-policy x-content-type-options x-frame-options referrer-policy'.split(' '),
);

export function apacheHosts(facts: Facts): readonly EdgeServer[] {
  const sources = sourcesOf(facts, 'apache');
  const folders = sources.filter(({ path }) => path.endsWith('.htaccess'));
  const files = sources.filter((source) => !folders.includes(source));
  // Where files name the pieces that they include, the others are not in use.
  const explicit = files.some((source) =>
    includesIn(source.config.directives).some((one) => included(one, source, files).length > 0),
  );
  const everywhere = files
    .filter(({ path }) => !explicit || /(?:^|\/)conf(?:-available|-enabled|\.d)\//.test(path))
    .reduce(withPiece, { ...NOTHING, files });
  const hosts = files.flatMap((source) => hostsOf(source, folders, everywhere));
  return [...hosts, ...folders.flatMap(folderServer)];
}

/** Directives with those of conditional sections, which stand for what is usually installed. */
function flattened(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap((one) =>
    one.block && /^(?:ifmodule|ifdefine|ifversion|if)$/.test(one.name)
      ? one.args[0]?.startsWith('!')
        ? []
        : flattened(one.block)
      : [one],
  );
}

/** With the headers of a file without a server, which is installed beside the hosts. */
function withPiece(outer: Tables, source: Source): Tables {
  const top = flattened(source.config.directives);
  const isPiece = !source.config.inside && !top.some((one) => /^(?:virtualhost|listen|documentroot)$/.test(one.name));
  return isPiece ? tablesOf(source, top, outer) : outer;
}

function hostsOf(source: Source, folders: readonly Source[], everywhere: Tables): readonly EdgeServer[] {
  const top = flattened(source.config.directives);
  const outside = tablesOf(source, top, everywhere);
  const hosts = top.filter((one) => one.name === 'virtualhost' && one.block);
  if (hosts.length > 0)
    return hosts.flatMap((host) => serverOf(source, host, host.args, flattened(host.block!), outside, folders));
  // Without virtual hosts the file itself is the server.
  const listen = top.find((one) => one.name === 'listen');
  return listen ? serverOf(source, listen, listen.args, top, outside, folders) : [];
}

function serverOf(
  source: Source,
  host: Directive,
  addresses: readonly string[],
  block: readonly Directive[],
  outside: Tables,
  folders: readonly Source[],
): EdgeServer[] {
  if (addresses.length > 0 && addresses.every((one) => LOOPBACK.test(one))) return [];
  const named = (pattern: RegExp) => block.filter((one) => pattern.test(one.name));
  const serves = named(/^(?:documentroot|proxypass|proxypassmatch|wsgiscriptalias|fcgiwrapper)$/).length > 0;
  const redirects = block.some(
    (one, i) =>
      (/^redirect(?:permanent|temp|match)?$/.test(one.name) &&
        (one.args.includes('/') || one.name === 'redirectmatch' || /^\/$/.test(one.args[0] ?? ''))) ||
      (one.name === 'rewriterule' &&
        /\bR(?:=3\d\d)?\b/.test(one.args[2] ?? '') &&
        /^https:|%\{/.test(one.args[1] ?? '') &&
        !conditionsOf(block, i).some((test) => SOME_ONLY.test(test))),
  );
  if (redirects && named(/^proxypass/).length === 0) return [];
  if (!serves && redirects) return [];
  const root = named(/^documentroot$/)[0]?.args[0];
  const headers = headersOf(tablesOf(source, block, folderTables(root, block, folders, outside), root));
  const name = named(/^servername$/)[0]?.args[0] ?? addresses[0] ?? '';
  const plain =
    !source.config.certified &&
    addresses.every((one) => /(?:^|:)80$/.test(one)) &&
    named(/^ssl(?:engine|certificatefile)$/).length === 0 &&
    !block.some(
      ({ args }) => /x-forwarded-proto/i.test(args[0] ?? '') || /x-forwarded-proto https/i.test(args.join(' ')),
    );
  const include = named(/^include/).find(
    (one) => /head|secur/i.test(one.args[0] ?? '') && included(one, source, outside.files).length === 0,
  );
  return [
    {
      name: `Apache host ${name}`,
      place: placeAt(source, host),
      headers,
      shared: headers,
      parts: [],
      routes: routesOf(source, block, headers),
      ports: addresses.map((one) => /(?:^|:)(\d+)$/.exec(one)?.[1] ?? ''),
      ...(plain && { plain: true as const }),
      ...(include && { unknown: `the included file ${include.args[0]} is not known` }),
      ...(source.config.broken && { unknown: 'a part of its file cannot be read' }),
    },
  ];
}

/** What a rule is asked before, which may hold for some requests only: other names of the host, plain HTTP in front of it. */
const SOME_ONLY = /HTTP_HOST|X-Forwarded-Proto/i;

/** Tests of the conditions above a rule. */
function conditionsOf(block: readonly Directive[], rule: number): readonly string[] {
  let first = rule;
  while (block[first - 1]?.name === 'rewritecond') first--;
  return block.slice(first, rule).map(({ args }) => args[0] ?? '');
}

/** With the headers of the .htaccess file in the host's folder, as far as the repository tells which one that is. */
function folderTables(
  root: string | undefined,
  block: readonly Directive[],
  folders: readonly Source[],
  outer: Tables,
): Tables {
  const refused = block.some(({ name, args, block: inner }) =>
    [{ name, args }, ...(inner ?? [])].some((one) => one.name === 'allowoverride' && /^none$/i.test(one.args[0] ?? '')),
  );
  const last = root?.replace(/\/+$/, '').split('/').at(-1);
  const [own, ...others] = folders.filter(({ path }) => folderOf(path).split('/').at(-1) === last);
  return own && others.length === 0 && !refused ? tablesOf(own, flattened(own.config.directives), outer) : outer;
}

/** A .htaccess that sets security headers is where its site keeps them. */
function folderServer(source: Source): EdgeServer[] {
  const block = flattened(source.config.directives);
  const headers = headersOf(tablesOf(source, block, NOTHING));
  const own = [...headers].filter(([name]) => FIVE.has(name));
  if (own.length < 2) return [];
  return [
    {
      name: `Apache folder ${folderOf(source.path) || '.'}`,
      place: own[0]![1].place,
      headers,
      shared: headers,
      parts: [],
    },
  ];
}

/** Apache keeps two: one for answers that succeed, one for all. */
interface Tables {
  /** What an Include may mean. */
  readonly files: readonly Source[];
  readonly onsuccess: Headers;
  readonly always: Headers;
}

const NOTHING: Tables = { files: [], onsuccess: NO_HEADERS, always: NO_HEADERS };

function includesIn(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap((one) => (one.block ? includesIn(one.block) : one.name.startsWith('include') ? [one] : []));
}

/** Files of the tree that an Include names, by the end of their paths. */
function included(one: Directive, source: Source, files: readonly Source[]): readonly Source[] {
  const pattern = one.name.startsWith('include')
    ? (one.args[0] ?? '').replace(/^\/(?:etc\/(?:apache2|httpd)\/)?/, '')
    : '';
  if (pattern === '' || pattern.length > 200) return [];
  const isMatch = picomatch(`**/${pattern}`, { dot: true });
  return files.filter((other) => other !== source && other.config.inside === undefined && isMatch(other.path));
}

function headersOf({ onsuccess, always }: Tables): Headers {
  return merged(onsuccess, always);
}

/**
 * What `Header [always] set NAME VALUE` makes of the outer tables, at the level itself or for all paths.
 * @param root folder of the host, whose section holds for all paths as well
 */
function tablesOf(source: Source, block: readonly Directive[], outer: Tables, root = '/', depth = 0): Tables {
  const { files } = outer;
  const { headers: always, add: addAlways } = collector(source, outer.always);
  const { headers: onsuccess, add } = collector(source, outer.onsuccess);
  const sections: (readonly Directive[])[] = [];
  const bare = (path: string) => path.replace(/\/$/, '');
  for (const one of block) {
    const [first = ''] = one.args;
    const whole =
      /^(?:directory|location|proxy)$/.test(one.name) &&
      (/^(?:\/|\*|\/\*)$/.test(first) || (one.name === 'directory' && bare(first) === bare(root)));
    if (whole && one.block) sections.push(flattened(one.block));
    for (const piece of depth < 6 ? included(one, source, files) : []) {
      if (piece.config.directives.some(({ name }) => name === 'virtualhost')) continue;
      const inner = tablesOf(piece, flattened(piece.config.directives), { files, onsuccess, always }, root, depth + 1);
      for (const [name, header] of inner.always) always.set(name, header);
      for (const [name, header] of inner.onsuccess) onsuccess.set(name, header);
    }
    if (one.name !== 'header') continue;
    const isAlways = first.toLowerCase() === 'always';
    const [action = '', name, value] = isAlways || first.toLowerCase() === 'onsuccess' ? one.args.slice(1) : one.args;
    if (name === undefined) continue;
    if (/^unset$/i.test(action)) (isAlways ? always : onsuccess).delete(name.toLowerCase());
    else if (/^(?:set|append|add|merge|setifempty)$/i.test(action))
      (isAlways ? addAlways : add)(name, value, one, isAlways);
  }
  // Sections come after the directives beside them.
  return sections.reduce<Tables>((tables, section) => tablesOf(source, section, tables, root, depth), {
    files,
    onsuccess,
    always,
  });
}

function routesOf(source: Source, block: readonly Directive[], headers: Headers): EdgeRoute[] {
  const limits = block.flatMap((one): Limit[] =>
    one.name === 'dospagecount' ? [{ name: 'DOSPageCount', place: placeAt(source, one) }] : [],
  );
  const routes = block.flatMap((one) => {
    const location = one.name === 'location' ? one.args[0] : undefined;
    const inner = location !== undefined ? flattened(one.block ?? []) : [one];
    return inner.flatMap((each): EdgeRoute[] => {
      if (each.name !== 'proxypass') return [];
      const [path, url] = location === undefined ? each.args : [location, each.args[0]];
      if (path === undefined || url === undefined || url === '!') return [];
      const behind = /^[a-z]+:\/\/[^/]+(\/.*)?$/i.exec(url)?.[1] ?? '/';
      return [{ path, inner: behind, upstreams: [hostOf(url)], place: placeAt(source, each), headers, limits }];
    });
  });
  return routes;
}
