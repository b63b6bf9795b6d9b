/** Knows HAProxy frontends with the defaults and backends they use, the headers they send and the clients they refuse. */
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { collector, perMinute, placeAt } from './collector.ts';
import {
  common,
  type EdgeRoute,
  type EdgeServer,
  type Headers,
  hostOf,
  type Limit,
  merged,
  NO_HEADERS,
} from './server.ts';
import { type Source, sourcesOf } from './sources.ts';

const LOOPBACK = /^(?:localhost|127\.|\[::1\]|unix@|\/)/;

export function haproxyFrontends(facts: Facts): readonly EdgeServer[] {
  return sourcesOf(facts, 'haproxy').flatMap(frontendsOf);
}

function frontendsOf(source: Source): readonly EdgeServer[] {
  const sections = (names: string[]) => source.config.directives.filter((one) => names.includes(one.name) && one.block);
  const defaults = sections(['defaults']).flatMap((one) => one.block!);
  const modeOf = (block: readonly Directive[]) => block.find((one) => one.name === 'mode')?.args[0];
  const backends = new Map(sections(['backend']).map((one) => [one.args[0] ?? '', one.block!]));
  return sections(['frontend', 'listen']).flatMap((section): EdgeServer[] => {
    const block = section.block!;
    const binds = [
      ...block.filter((one) => one.name === 'bind').map((one) => one.args[0] ?? ''),
      ...section.args.slice(1),
    ];
    const plain = binds.length > 0 && !binds.some((one) => /:\d*443$/.test(one)) && !block.some(speaksTls);
    const mode = modeOf(block) ?? modeOf(defaults) ?? 'tcp';
    const targets = block
      .filter((one) => /^(?:default_backend|use_backend)$/.test(one.name))
      .map((one) => one.args[0] ?? '');
    const serves = targets.length > 0 || block.some((one) => one.name === 'server');
    const stats = block.some((one) => one.name === 'stats');
    if (mode !== 'http' || !serves || (stats && targets.length === 0)) return [];
    if (binds.length > 0 && binds.every((one) => LOOPBACK.test(one))) return [];
    if (block.some((one) => isFence(one) || (plain && sendsAway(one)))) return [];
    const own = merged(headersOf(source, defaults), headersOf(source, block));
    const behind = targets.map((name) => headersOf(source, backends.get(name) ?? []));
    const gone = new Set(block.flatMap((one) => removed(one) ?? []));
    const headers = new Map([...common(behind)].filter(([header]) => !gone.has(header)).concat([...own]));
    const limits = limitsOf(source, block);
    const routes = [...new Set(targets)].map((name): EdgeRoute => {
      const backend = backends.get(name) ?? [];
      return {
        path: '/',
        inner: '/',
        upstreams: serversIn(backend),
        place: placeAt(source, section),
        headers: merged(headersOf(source, backend), own),
        limits: [...limits, ...limitsOf(source, backend)],
      };
    });
    const upstreams = serversIn(block);
    if (upstreams.length > 0)
      routes.push({ path: '/', inner: '/', upstreams, place: placeAt(source, section), headers: own, limits });
    const ports = binds.map((one) => /:(\d+)$/.exec(one)?.[1] ?? '');
    const name = `HAProxy ${section.name} ${section.args[0] ?? ''}`;
    const place = placeAt(source, section);
    return [{ name, place, headers, shared: headers, parts: [], routes, ports, ...(plain && { plain }) }];
  });
}

/** It has a certificate, or asks what a front has spoken. */
function speaksTls({ name, args }: Directive): boolean {
  if (name === 'bind') return args.includes('ssl');
  const text = args.join(' ');
  return /hdr\(x-forwarded-proto\)/i.test(text) || /set-header x-forwarded-proto https$/i.test(text);
}

/** Everything that came over plain HTTP is sent to HTTPS. */
function sendsAway({ name, args }: Directive): boolean {
  const text = `${name} ${args.join(' ')}`;
  return (
    /^(?:http-request )?redirect scheme https\b/.test(text) &&
    (!/ (?:if|unless) /.test(text) || /\bssl_fc\b/.test(text))
  );
}

/** Everybody but listed addresses is refused. */
function isFence({ name, args }: Directive): boolean {
  const [action, word, first, second] = args;
  return (
    /^(?:http|tcp)-request$/.test(name) &&
    /^(?:deny|reject)$/.test(action ?? '') &&
    word === 'unless' &&
    first === '{' &&
    second === 'src'
  );
}

function serversIn(block: readonly Directive[]): readonly string[] {
  return block.flatMap(({ name, args }) =>
    /^server(?:-template)?$/.test(name) ? [hostOf(args.find((arg) => /[.:]/.test(arg)) ?? args[1] ?? '')] : [],
  );
}

function headersOf(source: Source, block: readonly Directive[]): Headers {
  const { headers, add } = collector(source);
  const isLate = ({ name }: Directive) => name === 'http-after-response';
  // Rules for the answer as it leaves come after all others, wherever they stand.
  for (const one of [...block.filter((each) => !isLate(each)), ...block.filter(isLate)]) {
    const [action, name, value] = one.args;
    // A condition on the answer leaves others without it; conditions on TLS are what HSTS is for.
    if (/^http-(?:after-)?response$/.test(one.name) && /^(?:set|add|replace)-header$/.test(action ?? '') && name)
      add(name, value, one);
    else if (removed(one) !== undefined) headers.delete(removed(one)!);
    else if (one.name === 'rspadd') {
      const match = /^([\w-]+):\s*(.*)$/.exec(one.args.join(' ').replace(/\\(.)/g, '$1'));
      if (match) add(match[1]!, match[2], one);
    }
  }
  return headers.size > 0 ? headers : NO_HEADERS;
}

/** The header that is taken out of every answer. */
function removed({ name, args: [action, header, ...condition] }: Directive): string | undefined {
  const removes = name === 'http-response' && action === 'del-header' && condition.length === 0;
  return removes ? header?.toLowerCase() : undefined;
}

/** Refusals whose condition counts the requests of a client. */
function limitsOf(source: Source, block: readonly Directive[]): Limit[] {
  const counting = new Set(
    block.flatMap(({ name, args }) =>
      name === 'acl' && args.some((arg) => /http_req_rate/.test(arg)) ? [args[0]!] : [],
    ),
  );
  const period = block.map(({ args }) => /http_req_rate\((\w+)\)/.exec(args.join(' '))?.[1]).find((one) => one);
  const conditions = block.filter(({ name }) => name === 'acl').map(({ args }) => args);
  return block.flatMap((one): Limit[] => {
    if (
      !/^(?:http|tcp)-request$/.test(one.name) ||
      !/^(?:deny|tarpit|reject|silent-drop|return)$/.test(one.args[0] ?? '')
    )
      return [];
    const counts = one.args.some((arg) => counting.has(arg) || /http_req_rate/.test(arg));
    if (!counts) return [];
    const words = [...one.args, ...conditions.filter(([name]) => one.args.includes(name!)).flat()].join(' ');
    const rate = perMinute(/\bgt\s+(\d+)/.exec(words)?.[1], period);
    return [
      {
        name: `stick table of ${source.path}`,
        ...(rate !== undefined && { perMinute: rate }),
        place: placeAt(source, one),
      },
    ];
  });
}
