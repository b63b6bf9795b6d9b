/** Knows lighttpd: includes, conditions, and which of its assignments to headers replace those of the level above. */
import picomatch from 'picomatch';
import type { Directive } from '../directives.ts';
import type { Facts } from '../facts.ts';
import { collector, placeAt } from './collector.ts';
import { type Answer, type EdgeServer, type Headers, merged, NO_HEADERS } from './server.ts';
import { type Source, sourcesOf } from './sources.ts';

const ADD = 'setenv.add-response-header';
const SET = 'setenv.set-response-header';

/** A directive with the file it stands in. */
interface Located {
  readonly one: Directive;
  readonly source: Source;
}

/** Headers in force: each of the two settings is replaced as a whole by an inner level, unless that one says `+=`. */
type Level = Readonly<Record<typeof ADD | typeof SET, Headers>>;

export function lighttpdServers(facts: Facts): readonly EdgeServer[] {
  const sources = sourcesOf(facts, 'lighttpd');
  const included = new Set<Source>();
  const all = sources.map((source) => {
    const missing: string[] = [];
    return { source, missing, top: expand(source.config.directives, source, sources, included, missing, 0) };
  });
  return all.flatMap(({ source, missing, top }) => (included.has(source) ? [] : serverOf(source, top, missing)));
}

function expand(
  block: readonly Directive[],
  source: Source,
  sources: readonly Source[],
  included: Set<Source>,
  missing: string[],
  depth: number,
): Located[] {
  return block.flatMap((one): Located[] => {
    const pattern = one.name === 'include' ? one.args.at(-1) : undefined;
    if (pattern === undefined || depth > 6 || pattern.length > 200) return [{ one, source }];
    const isMatch = picomatch(`**/${pattern.replace(/^\/(?:etc\/lighttpd\/)?/, '')}`, { dot: true });
    const found = sources.filter(
      (other) => other !== source && other.config.inside === undefined && isMatch(other.path),
    );
    if (found.length === 0 && !pattern.includes('*')) missing.push(pattern);
    for (const other of found) included.add(other);
    return found.flatMap((other) => expand(other.config.directives, other, sources, included, missing, depth + 1));
  });
}

const SECURE = /^\$(?:HTTP\["scheme"\] == https|SERVER\["socket"\] == .*:443)$/;
const PLAIN = /^\$(?:HTTP\["scheme"\] == http|SERVER\["socket"\] == .*:80)$/;
const TLS = /^ssl\.(?:engine|pemfile)$/;

function serverOf(source: Source, top: readonly Located[], missing: readonly string[]): EdgeServer[] {
  const first = top.find(({ one }) => /^server\.(?:document-root|port|modules)$/.test(one.name));
  const bind = top.find(({ one }) => one.name === 'server.bind')?.one.args[1];
  if (!first || /^(?:127\.|localhost$|\/|\[?::1)/.test(bind ?? '')) return [];
  const isSecure = ({ one }: Located) => one.block !== undefined && SECURE.test(conditionOf(one));
  // What holds for TLS holds for the server; plain HTTP is only sent there.
  const own = top.flatMap((located) =>
    isSecure(located) ? located.one.block!.map((one) => ({ one, source: located.source })) : [located],
  );
  const level = levelOf(own, { [ADD]: NO_HEADERS, [SET]: NO_HEADERS });
  const headers = headersOf(level);
  const port = top.find(({ one }) => one.name === 'server.port')?.one.args[1];
  const plain = !own.some(({ one }) => TLS.test(one.name) || one.args.includes('mod_openssl')) && !top.some(isSecure);
  const unknown = source.config.broken
    ? 'a part of its file cannot be read'
    : missing[0] !== undefined && `the included file ${missing[0]} is not in the repository`;
  return [
    {
      name: `lighttpd server of ${source.path}`,
      place: placeAt(first.source, first.one),
      headers,
      shared: headers,
      parts: partsOf(own, level),
      ports: [port ?? ''],
      ...(plain && { plain: true as const }),
      ...(unknown && { unknown }),
    },
  ];
}

function conditionOf({ name, args }: Directive): string {
  return [name, ...args].join(' ');
}

function headersOf(level: Level): Headers {
  return merged(level[ADD], level[SET]);
}

function levelOf(block: readonly Located[], outer: Level): Level {
  const level = { ...outer };
  for (const { one, source } of block) {
    if (one.name !== ADD && one.name !== SET) continue;
    const [operator, ...pairs] = one.args;
    const { headers, add } = collector(source, operator === '+=' ? level[one.name] : undefined);
    for (let i = 0; i + 1 < pairs.length; i += 2) if (pairs[i + 1] !== '') add(pairs[i]!, pairs[i + 1], one);
    level[one.name] = headers;
  }
  return level;
}

/** Conditions, however deep, that set headers of their own and do not only send away or refuse. */
function partsOf(block: readonly Located[], outer: Level): Answer[] {
  return block.flatMap(({ one, source }): Answer[] => {
    if (!one.block || PLAIN.test(conditionOf(one))) return [];
    const inner = one.block.map((each) => ({ one: each, source }));
    const level = levelOf(inner, outer);
    const away = inner.some((each) => /^url\.(?:redirect|access-deny)$/.test(each.one.name));
    const own = inner.some((each) => each.one.name === ADD || each.one.name === SET);
    const part = { label: `condition ${conditionOf(one)}`, place: placeAt(source, one), headers: headersOf(level) };
    return [...(own && !away ? [part] : []), ...partsOf(inner, level)];
  });
}
