/** Knows the files in which sites of Netlify, Cloudflare Pages, Vercel, Firebase, Azure, Amplify, Render, App Engine and IIS name their headers. */
import type { Facts } from '../facts.ts';
import { parseToml, table, tables } from '../packages/toml.ts';
import { fileName } from '../paths.ts';
import type { Span } from '../span.ts';
import { attribute, child, type Element, readXml } from '../xml.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
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
  /(?:^|\/)(?:_headers|netlify\.toml|(?:now|vercel)\.json|firebase\.json|staticwebapp\.config\.json|customHttp\.ya?ml|amplify\.ya?ml|render\.ya?ml|app\.ya?ml|[Ww]eb\.config)$/;

/** @returns undefined for a file without headers whose site may take them from elsewhere */
export function readSite(path: string, text: string, readYaml: ReadYaml): Site | undefined {
  const name = fileName(path);
  if (name === '_headers') return some('static hosting', readLines(text));
  if (name === 'netlify.toml') return some('Netlify', netlify(text));
  if (/^web\.config$/i.test(name)) return some('IIS', iis(text));
  const root = readYaml(text).documents[0]?.root;
  if (name === 'staticwebapp.config.json') {
    const entries = entriesOf(at(root, 'globalHeaders'));
    const headers = entries.map(({ key, value, span }) => ({ name: key, value: textOf(value) ?? '', span }));
    return {
      provider: 'Azure Static Web Apps',
      rules: [{ pattern: '/*', span: root?.span ?? { start: 0, end: 0 }, headers }],
    };
  }
  if (/^(?:customHttp|amplify)\./.test(name)) return some('Amplify', itemsOf(at(root, 'customHeaders')).map(ruleOf));
  if (name.startsWith('render.')) {
    // Each header is a rule of its own there.
    const headers = itemsOf(at(root, 'services')).flatMap((service) => itemsOf(at(service, 'headers')));
    return some(
      'Render',
      headers.map((one) => ({ ...ruleOf(one), headers: [headerOf(one)] })),
    );
  }
  if (name.startsWith('app.')) return appEngine(root);
  const hosting = name === 'firebase.json' ? at(root, 'hosting') : root;
  if (
    hosting === undefined ||
    (name === 'firebase.json' && at(hosting, 'public') === undefined && hosting.kind !== 'list')
  )
    return undefined;
  const targets = hosting.kind === 'list' ? hosting.items : [hosting];
  const rules = targets.flatMap((target) => itemsOf(at(target, 'headers')).map(ruleOf));
  return name === 'firebase.json' ? { provider: 'Firebase', rules } : some('Vercel', rules);
}

/** Static files of App Engine: only where those of all paths have headers of security; the application sends the others. */
function appEngine(root: YamlNode | undefined): Site | undefined {
  if (!at(root, 'runtime')) return undefined;
  const rules = itemsOf(at(root, 'handlers')).flatMap((handler): SiteRule[] => {
    const entries = entriesOf(at(handler, 'http_headers'));
    const headers = entries.map(({ key, value, span }) => ({ name: key, value: textOf(value) ?? '', span }));
    const pattern = textOf(at(handler, 'url')) ?? '';
    const own = EVERYTHING.test(pattern) && headers.some(({ name }) => OF_SECURITY.test(name));
    return own ? [{ pattern, span: handler.span, headers }] : [];
  });
  return some('App Engine', rules);
}

function ruleOf(rule: YamlNode): SiteRule {
  const pattern = ['source', 'regex', 'pattern', 'path']
    .map((key) => textOf(at(rule, key)))
    .find((one) => one !== undefined);
  return { pattern: pattern ?? '', span: rule.span, headers: itemsOf(at(rule, 'headers')).map(headerOf) };
}

function headerOf(one: YamlNode): SiteRule['headers'][number] {
  const name = textOf(at(one, 'key')) ?? textOf(at(one, 'name')) ?? '';
  return { name, value: textOf(at(one, 'value')) ?? '', span: one.span };
}

/** The headers that the check asks for, by lower-case name. */
export const OF_SECURITY =
  /^(?:strict-transport-security|content-security-policy|x-(?:content-type|frame)-options|referrer-policy)$/i;

/** Custom headers and outbound rules of IIS; none where the site keeps no security headers there. */
function iis(text: string): SiteRule[] {
  const configuration = child(readXml(text).root, 'configuration');
  const servers = (configuration?.children ?? []).flatMap((one): { pattern: string; server: Element }[] => {
    if (one.name === 'system.webServer') return [{ pattern: '/*', server: one }];
    const server = one.name === 'location' ? child(one, 'system.webServer') : undefined;
    const path = attribute(text, one, 'path') ?? '';
    return server ? [{ pattern: /^\.?$/.test(path) ? '/*' : `/${path}`, server }] : [];
  });
  const rules = servers.map(({ pattern, server }): SiteRule => {
    const custom = child(child(server, 'httpProtocol'), 'customHeaders')?.children ?? [];
    const outbound = child(child(server, 'rewrite'), 'outboundRules')?.children ?? [];
    const headers = [
      ...custom.flatMap((one) =>
        one.name === 'add' ? [headerIn(one, attribute(text, one, 'name'), attribute(text, one, 'value'))] : [],
      ),
      ...outbound.flatMap((rule) => {
        const [match, action] = [child(rule, 'match'), child(rule, 'action')];
        const variable = match && /^RESPONSE_(\w+)$/i.exec(attribute(text, match, 'serverVariable') ?? '')?.[1];
        if (variable === undefined || !action || /^none$/i.test(attribute(text, action, 'type') ?? '')) return [];
        return [headerIn(rule, variable.replaceAll('_', '-'), attribute(text, action, 'value'))];
      }),
    ];
    return { pattern, span: { start: server.start, end: server.head }, headers };
  });
  return rules.some(({ headers }) => headers.some(({ name }) => OF_SECURITY.test(name)))
    ? rules.filter(({ headers }) => headers.length > 0)
    : [];
}

function headerIn({ start, head }: Element, name = '', value = ''): SiteRule['headers'][number] {
  return { name, value, span: { start, end: head } };
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
