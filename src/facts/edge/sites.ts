/** Knows the files in which sites of Netlify, Cloudflare Pages, Vercel, Firebase and Azure name their headers. */
import type { Facts } from '../facts.ts';
import { parseToml, table, tables } from '../packages/toml.ts';
import type { Span } from '../span.ts';
import { at, entriesOf, itemsOf, textOf } from '../yaml.ts';
import type { ReadYaml } from './embedded.ts';
import { type Answer, type EdgeServer, type Header, type Headers, merged, NO_HEADERS } from './server.ts';

export interface Site {
  /** "Netlify" */
  readonly provider: string;
  readonly rules: readonly SiteRule[];
}

/** Headers of all paths that match a pattern. */
export interface SiteRule {
  readonly pattern: string;
  readonly span: Span;
  readonly headers: readonly { readonly name: string; readonly value: string; readonly span: Span }[];
}

export const siteNames =
  /(?:^|\/)(?:_headers|netlify\.toml|(?:now|vercel)\.json|firebase\.json|staticwebapp\.config\.json)$/;

/** @returns undefined for a file without headers whose site may take them from elsewhere */
export function readSite(path: string, text: string, readYaml: ReadYaml): Site | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '_headers') return some('static hosting', readLines(text));
  if (name === 'netlify.toml') return some('Netlify', netlify(text));
  const root = readYaml(text).documents[0]?.root;
  if (name === 'staticwebapp.config.json') {
    const entries = entriesOf(at(root, 'globalHeaders'));
    const headers = entries.map(({ key, value, span }) => ({ name: key, value: textOf(value) ?? '', span }));
    return {
      provider: 'Azure Static Web Apps',
      rules: [{ pattern: '/*', span: root?.span ?? { start: 0, end: 0 }, headers }],
    };
  }
  const hosting = name === 'firebase.json' ? at(root, 'hosting') : root;
  if (
    hosting === undefined ||
    (name === 'firebase.json' && at(hosting, 'public') === undefined && hosting.kind !== 'list')
  )
    return undefined;
  const targets = hosting.kind === 'list' ? hosting.items : [hosting];
  const rules = targets.flatMap((target) =>
    itemsOf(at(target, 'headers')).map(
      (rule): SiteRule => ({
        pattern: textOf(at(rule, 'source')) ?? textOf(at(rule, 'regex')) ?? '',
        span: rule.span,
        headers: itemsOf(at(rule, 'headers')).map((one) => ({
          name: textOf(at(one, 'key')) ?? '',
          value: textOf(at(one, 'value')) ?? '',
          span: one.span,
        })),
      }),
    ),
  );
  return name === 'firebase.json' ? { provider: 'Firebase', rules } : some('Vercel', rules);
}

function some(provider: string, rules: readonly SiteRule[]): Site | undefined {
  return rules.length > 0 ? { provider, rules } : undefined;
}

/** A path at the start of a line, its headers indented below. */
function readLines(text: string): SiteRule[] {
  const rules: { pattern: string; span: Span; headers: { name: string; value: string; span: Span }[] }[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    const content = line.trim();
    const start = offset + (line.length - line.trimStart().length);
    const span = { start, end: start + content.length };
    offset += line.length + 1;
    if (content === '' || content.startsWith('#')) continue;
    if (/^\s/.test(line)) {
      const colon = content.indexOf(':');
      if (colon > 0)
        rules
          .at(-1)
          ?.headers.push({ name: content.slice(0, colon).trim(), value: content.slice(colon + 1).trim(), span });
    } else rules.push({ pattern: content, span, headers: [] });
  }
  return rules.filter(({ headers }) => headers.length > 0);
}

function netlify(text: string): SiteRule[] {
  const root = parseToml(text).table;
  // Every block begins with its own header line.
  const starts = [...text.matchAll(/^[ \t]*\[\[headers\]\]/gm)].map((match) => match.index);
  return tables(root?.headers).map((rule, i): SiteRule => {
    const start = starts[i] ?? 0;
    const span = { start, end: Math.min(text.length, start + '[[headers]]'.length) };
    const headers = Object.entries(table(rule.values) ?? {}).map(([name, value]) => ({
      name,
      value: String(value),
      span,
    }));
    return { pattern: String(rule.for ?? ''), span, headers };
  });
}

const EVERYTHING = /^(?:\/\*|\*\*(?:\/\*)?|\/\(\.\*\)|\/:path\*|\/\*\*|\^?\/?\.\*\$?|https?:\/\/[^/]*\/\*)$/;

/** Sites that name headers, or whose provider takes them from this file alone. */
export function siteServers(facts: Facts): readonly EdgeServer[] {
  return facts.of('webserver').flatMap(({ path, data: { site } }): EdgeServer[] => {
    if (!site) return [];
    const headersOf = (rule: SiteRule): Headers =>
      new Map(
        rule.headers.map(({ name, value, span }): [string, Header] => [
          name.toLowerCase(),
          { value, always: true, place: { path, span } },
        ]),
      );
    const whole = site.rules.filter(({ pattern }) => EVERYTHING.test(pattern));
    const shared = merged(NO_HEADERS, ...whole.map(headersOf));
    // Rules add up, so that a part never loses what the whole sends.
    const parts: readonly Answer[] = [];
    const place = { path, span: whole[0]?.span ?? site.rules[0]?.span ?? { start: 0, end: 0 } };
    return [{ name: `${site.provider} site`, place, headers: shared, shared, parts }];
  });
}
