/** Knows Caddy sites, Apache virtual hosts and HAProxy frontends, and the headers that each of them sends. */
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import type { WebserverConfig } from '../webserver.ts';
import { common, type EdgeServer, type Header, type Headers, merged, NO_HEADERS } from './server.ts';

type Collect = (name: string, value: string | undefined, directive: Directive, always?: boolean) => void;

function collector(path: string): { headers: Map<string, Header>; add: Collect } {
  const headers = new Map<string, Header>();
  return {
    headers,
    add: (name, value, directive, always = true) => {
      const known = value === undefined || /\{[$%\w.]|%\[|%\{|\$\{/.test(value) ? undefined : value;
      headers.set(name.toLowerCase(), {
        ...(known !== undefined && { value: known }),
        always,
        place: { path, span: directive.head },
      });
    },
  };
}

export function fileServers(facts: Facts): readonly EdgeServer[] {
  return facts.of('webserver').flatMap(({ path, data }) =>
    data.configs.flatMap((config): readonly EdgeServer[] => {
      const servers = readers[config.dialect]?.(path, config) ?? [];
      return config.broken ? servers.map((one) => ({ ...one, unknown: 'a part of its file cannot be read' })) : servers;
    }),
  );
}

const readers: Partial<
  Record<WebserverConfig['dialect'], (path: string, config: WebserverConfig) => readonly EdgeServer[]>
> = {
  caddy: caddySites,
  apache: apacheHosts,
  haproxy: haproxyFrontends,
};

const LOOPBACK = /^(?:https?:\/\/)?(?:localhost|[\w-]+\.localhost|127\.|\[::1\])/;

function caddySites(path: string, { directives }: WebserverConfig): readonly EdgeServer[] {
  const snippets = new Map<string, readonly Directive[]>();
  for (const one of directives) {
    const name = /^\(([^)]+)\)$/.exec(one.name)?.[1];
    if (name !== undefined && one.block) snippets.set(name, one.block);
  }
  const sites = directives.filter((one) => one.block && one.name !== '' && !/^[(&]/.test(one.name));
  const [first, ...rest] = directives.filter((one) => one.name !== '' && !/^[(&]/.test(one.name));
  // A file for a single site needs no braces: the address, then the directives.
  const bare = first && !first.block && /^(?:https?:\/\/|:\d|[\w*{$][\w.*{}$-]*(?:\.|:\d|\}))/.test(first.name);
  const all = bare ? [{ ...first, block: rest }] : sites;
  return all.flatMap((site): EdgeServer[] => {
    const addresses = [site.name, ...site.args];
    const missing: string[] = [];
    const block = imported(site.block ?? [], snippets, missing, 0);
    if (addresses.every((one) => LOOPBACK.test(one)) || isCaddyRedirect(block)) return [];
    const headers = caddyHeaders(path, block);
    const place = { path, span: site.head };
    const hidden = missing[0];
    return [
      {
        name: `Caddy site ${site.name}`,
        place,
        headers,
        shared: headers,
        parts: [],
        ...(addresses.every((one) => /^http:\/\/|:80$/.test(one)) && { plain: true as const }),
        ...(hidden !== undefined && { unknown: `the imported ${hidden} is not known` }),
      },
    ];
  });
}

function imported(
  block: readonly Directive[],
  snippets: ReadonlyMap<string, readonly Directive[]>,
  missing: string[],
  depth: number,
): readonly Directive[] {
  return block.flatMap((one): readonly Directive[] => {
    if (one.name === 'import') {
      const snippet = snippets.get(one.args[0] ?? '');
      if (snippet && depth < 6) return imported(snippet, snippets, missing, depth + 1);
      if (one.args[0] !== undefined) missing.push(one.args[0]);
      return [];
    }
    return [one.block ? { ...one, block: imported(one.block, snippets, missing, depth + 1) } : one];
  });
}

function isCaddyRedirect(block: readonly Directive[]): boolean {
  const quiet = ['tls', 'log', 'encode', 'header', 'bind'];
  const acting = block.filter((one) => !quiet.includes(one.name) && !one.name.startsWith('@'));
  const away = (one: Directive): boolean =>
    one.name === 'redir' ||
    one.name === 'abort' ||
    (one.name === 'respond' && /^[345]\d\d$/.test(one.args.at(-1) ?? '')) ||
    (/^(?:handle|route)$/.test(one.name) && one.block !== undefined && one.block.length > 0 && one.block.every(away));
  return acting.length > 0 && acting.every(away);
}

/** Headers of a site: its own, those of blocks for all requests, and those that every handler sets. */
function caddyHeaders(path: string, block: readonly Directive[]): Headers {
  const { headers, add } = collector(path);
  const handlers: Headers[] = [];
  const matched = (one: Directive) => /^[@/]/.test(one.args[0] ?? '') && !/^\/?\*$/.test(one.args[0]!);
  for (const one of block) {
    if (one.name === 'header' && !matched(one)) {
      const args = /^\/?\*$/.test(one.args[0] ?? '') ? one.args.slice(1) : one.args;
      if (args[0] !== undefined) caddyField(args[0], args[1], one, add);
      for (const inner of one.block ?? []) caddyField(inner.name, inner.args[0], inner, add);
    } else if (one.name === 'reverse_proxy' && !matched(one)) {
      for (const inner of one.block ?? [])
        if (inner.name === 'header_down') caddyField(inner.args[0] ?? '', inner.args[1], inner, add);
    } else if (/^(?:handle|handle_path|route)$/.test(one.name) && one.block) {
      const inner = caddyHeaders(path, one.block);
      handlers.push(inner);
      if (one.name === 'route' && !matched(one)) for (const [name, header] of inner) headers.set(name, header);
    }
  }
  return merged(common(handlers), headers);
}

function caddyField(name: string, value: string | undefined, directive: Directive, add: Collect): void {
  if (name === '' || name === 'defer' || name.startsWith('-')) return;
  add(name.replace(/^[+?>]/, ''), value, directive);
}

/** Directives with those of conditional sections, which stand for what is usually installed. */
function flattened(block: readonly Directive[]): readonly Directive[] {
  return block.flatMap((one) =>
    one.block && /^(?:ifmodule|ifdefine|ifversion|if)$/.test(one.name) ? flattened(one.block) : [one],
  );
}

function apacheHosts(path: string, { directives }: WebserverConfig): readonly EdgeServer[] {
  const top = flattened(directives);
  const outside = apacheHeaders(path, top);
  return top.flatMap((host): EdgeServer[] => {
    if (host.name !== 'virtualhost' || !host.block) return [];
    const block = flattened(host.block);
    if (host.args.length > 0 && host.args.every((one) => LOOPBACK.test(one))) return [];
    const serves = block.some((one) =>
      /^(?:documentroot|proxypass|proxypassmatch|wsgiscriptalias|fcgiwrapper)$/.test(one.name),
    );
    const redirects = block.some(
      (one) =>
        (/^redirect(?:permanent|temp|match)?$/.test(one.name) &&
          (one.args.includes('/') || one.name === 'redirectmatch' || /^\/$/.test(one.args[0] ?? ''))) ||
        (one.name === 'rewriterule' &&
          /\bR(?:=3\d\d)?\b/.test(one.args[2] ?? '') &&
          /^https:|%\{/.test(one.args[1] ?? '')),
    );
    if (redirects && !block.some((one) => /^proxypass/.test(one.name))) return [];
    if (!serves && redirects) return [];
    const headers = merged(outside, apacheHeaders(path, block));
    const name = block.find((one) => one.name === 'servername')?.args[0] ?? host.args[0] ?? '';
    const plain =
      host.args.every((one) => /:80$/.test(one)) &&
      !block.some((one) => /^ssl(?:engine|certificatefile)$/.test(one.name));
    const include = block.find((one) => /^include/.test(one.name) && /head|secur/i.test(one.args[0] ?? ''));
    return [
      {
        name: `Apache host ${name}`,
        place: { path, span: host.head },
        headers,
        shared: headers,
        parts: [],
        ...(plain && { plain: true as const }),
        ...(include && { unknown: `the included file ${include.args[0]} is not known` }),
      },
    ];
  });
}

/** `Header [always] set NAME VALUE`, at the level itself or for all paths. */
function apacheHeaders(path: string, block: readonly Directive[]): Headers {
  const { headers, add } = collector(path);
  for (const one of block) {
    const whole = /^(?:directory|location|proxy)$/.test(one.name) && /^(?:\/|\*|\/\*)$/.test(one.args[0] ?? '');
    if (whole && one.block)
      for (const [name, header] of apacheHeaders(path, flattened(one.block))) headers.set(name, header);
    if (one.name !== 'header') continue;
    const always = one.args[0]?.toLowerCase() === 'always';
    const args = always || one.args[0]?.toLowerCase() === 'onsuccess' ? one.args.slice(1) : one.args;
    const [action, name, value] = args;
    if (name === undefined || !/^(?:set|append|add|merge|setifempty)$/i.test(action ?? '')) continue;
    // "always" beside a plain one of the same name keeps the stronger.
    if (!always && headers.get(name.toLowerCase())?.always) continue;
    add(name, value, one, always);
  }
  return headers;
}

function haproxyFrontends(path: string, { directives }: WebserverConfig): readonly EdgeServer[] {
  const sections = (names: string[]) => directives.filter((one) => names.includes(one.name) && one.block);
  const defaults = sections(['defaults']).flatMap((one) => one.block!);
  const modeOf = (block: readonly Directive[]) => block.find((one) => one.name === 'mode')?.args[0];
  const backends = new Map(sections(['backend']).map((one) => [one.args[0] ?? '', haproxyHeaders(path, one.block!)]));
  return sections(['frontend', 'listen']).flatMap((section): EdgeServer[] => {
    const block = section.block!;
    const binds = [
      ...block.filter((one) => one.name === 'bind').map((one) => one.args[0] ?? ''),
      ...section.args.slice(1),
    ];
    const mode = modeOf(block) ?? modeOf(defaults) ?? 'tcp';
    const targets = block
      .filter((one) => /^(?:default_backend|use_backend)$/.test(one.name))
      .map((one) => one.args[0] ?? '');
    const serves = targets.length > 0 || block.some((one) => one.name === 'server');
    const stats = block.some((one) => one.name === 'stats');
    if (mode !== 'http' || !serves || (stats && targets.length === 0)) return [];
    if (binds.length > 0 && binds.every((one) => LOOPBACK.test(one) || /^(?:unix@|\/)/.test(one))) return [];
    const behind = common(targets.map((name) => backends.get(name) ?? NO_HEADERS));
    const headers = merged(behind, haproxyHeaders(path, defaults), haproxyHeaders(path, block));
    const place = { path, span: section.head };
    return [{ name: `HAProxy ${section.name} ${section.args[0] ?? ''}`, place, headers, shared: headers, parts: [] }];
  });
}

function haproxyHeaders(path: string, block: readonly Directive[]): Headers {
  const { headers, add } = collector(path);
  for (const one of block) {
    const [action, name, value] = one.args;
    if (/^http-(?:after-)?response$/.test(one.name) && /^(?:set|add|replace)-header$/.test(action ?? '') && name)
      add(name, value, one);
    else if (one.name === 'rspadd') {
      const match = /^([\w-]+):\s*(.*)$/.exec(one.args.join(' ').replace(/\\(.)/g, '$1'));
      if (match) add(match[1]!, match[2], one);
    }
  }
  return headers;
}
