/** Knows Traefik's routers and middlewares as its file provider and container labels write them. */
import type { Facts } from '../facts.ts';
import type { Place, Span } from '../span.ts';
import { type EdgeServer, type Header, type Headers, merged, NO_HEADERS } from './server.ts';

/** One setting below `http`, by its lower-case dotted name: `routers.web.rule`, `middlewares.sec.headers.stsseconds`. */
export interface TraefikSetting {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
}

interface Located extends TraefikSetting {
  readonly path: string;
}

const FIELDS: Readonly<Record<string, readonly [header: string, value: (text: string) => string | undefined]>> = {
  stsseconds: ['strict-transport-security', (text) => `max-age=${text}`],
  contentsecuritypolicy: ['content-security-policy', (text) => text],
  contenttypenosniff: ['x-content-type-options', (text) => (text === 'true' ? 'nosniff' : undefined)],
  framedeny: ['x-frame-options', (text) => (text === 'true' ? 'DENY' : undefined)],
  customframeoptionsvalue: ['x-frame-options', (text) => text],
  referrerpolicy: ['referrer-policy', (text) => text],
};

export function traefikServers(facts: Facts): readonly EdgeServer[] {
  const settings = facts
    .of('webserver')
    .flatMap(({ path, data }) => (data.traefik ?? []).map((one): Located => ({ ...one, path })));
  if (settings.length === 0) return [];
  const middlewares = new Map<string, Map<string, Header>>();
  const chains = new Map<string, readonly string[]>();
  const routers = new Map<string, { place: Place; chain: readonly string[]; internal: boolean; redirects: boolean }>();
  const redirecting = new Set<string>();
  for (const one of settings) {
    const [kind, name = '', ...rest] = one.name.split('.');
    const key = rest.join('.');
    if (kind === 'middlewares') {
      const headers = middlewares.get(name) ?? new Map<string, Header>();
      middlewares.set(name, headers);
      const field = rest[0] === 'headers' ? FIELDS[rest[1] ?? ''] : undefined;
      const value = field?.[1](one.value);
      const place = { path: one.path, span: one.span };
      if (field && value !== undefined) headers.set(field[0], { value, always: true, place });
      const custom = /^headers\.customresponseheaders\.([\w-]+)$/.exec(key)?.[1];
      if (custom !== undefined) headers.set(custom, { value: one.value, always: true, place });
      if (/^redirect(?:scheme|regex)\./.test(key)) redirecting.add(name);
      if (key === 'chain.middlewares') chains.set(name, listOf(one.value));
    } else if (kind === 'routers') {
      const known = routers.get(name) ?? {
        place: { path: one.path, span: one.span },
        chain: [],
        internal: false,
        redirects: false,
      };
      routers.set(name, {
        ...known,
        ...(key === 'middlewares' && { chain: listOf(one.value) }),
        ...(key === 'service' && { internal: /@internal$/.test(one.value) }),
      });
    }
  }
  const headersOf = (name: string, depth: number): Headers | undefined => {
    const bare = name.replace(/@\w+$/, '');
    const own = middlewares.get(bare);
    if (!own) return undefined;
    const inner = depth < 5 ? (chains.get(bare) ?? []).map((one) => headersOf(one, depth + 1) ?? NO_HEADERS) : [];
    return merged(...inner, own);
  };
  return [...routers].flatMap(([name, { place, chain, internal }]): EdgeServer[] => {
    if (internal || chain.some((one) => redirecting.has(one.replace(/@\w+$/, '')) && chain.length === 1)) return [];
    const sets = chain.map((one) => headersOf(one, 0));
    const headers = merged(...sets.filter((set) => set !== undefined));
    const missing = sets.includes(undefined) ? { unknown: 'one of its middlewares is not in the repository' } : {};
    return [{ name: `Traefik router ${name}`, place, headers, shared: headers, parts: [], ...missing }];
  });
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '');
}
