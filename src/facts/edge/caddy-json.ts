/** Knows how Caddy's configuration is written in JSON and in container labels, and reads both as directives. */
import type { Directive } from '../directives.ts';
import type { Span } from '../span.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';

const MAX_DEPTH = 12;

/** Sites of a document with `apps.http.servers`; none where it is another program's. */
export function caddyJson(root: YamlNode): Directive[] {
  return entriesOf(at(root, 'apps', 'http', 'servers')).flatMap(({ value: server, keySpan }) => {
    const listens = itemsOf(at(server, 'listen')).flatMap((item) => textOf(item) ?? []);
    const tls = at(server, 'tls_connection_policies') ? [directive('tls', [], keySpan)] : [];
    const routes = itemsOf(at(server, 'routes'));
    const hosts = new Set(routes.flatMap((route) => matched(route, 'host')));
    const everybody = routes.filter((route) => matched(route, 'host').length === 0);
    const site = (names: readonly string[], own: readonly YamlNode[], span: Span): Directive => {
      const block = [...tls, ...own.flatMap((route) => routeOf(route, 0))];
      return { ...directive(names[0] ?? ':80', names.slice(1), span), block };
    };
    const named = [...hosts].map((host) => {
      const own = routes.filter((route) => everybody.includes(route) || matched(route, 'host').includes(host));
      return site([host], own, own.find((route) => !everybody.includes(route))!.span);
    });
    if (named.length > 0) return named;
    const [first] = routes;
    return first ? [site(listens, routes, keySpan)] : [];
  });
}

function directive(name: string, args: readonly string[], span: Span): Directive {
  return { name, args, span, head: { start: span.start, end: Math.min(span.end, span.start + 200) } };
}

function matched(route: YamlNode, what: 'host' | 'path'): string[] {
  return itemsOf(at(route, 'match')).flatMap((one) => itemsOf(at(one, what)).flatMap((item) => textOf(item) ?? []));
}

function routeOf(route: YamlNode, depth: number): Directive[] {
  const handlers = itemsOf(at(route, 'handle')).flatMap((handler) => handlerOf(handler, depth));
  const paths = matched(route, 'path');
  const match = itemsOf(at(route, 'match')).some((one) => entriesOf(one).some(({ key }) => key !== 'host'));
  if (!match) return handlers;
  // One that matches something else than a path is for some requests only.
  if (handlers.every((one) => one.name === 'header'))
    return handlers.map((one) => ({ ...one, args: [paths[0] ?? '@matcher'] }));
  return [{ ...directive('route', [paths[0] ?? '@matcher'], route.span), block: handlers }];
}

function handlerOf(handler: YamlNode, depth: number): Directive[] {
  const { span } = handler;
  const name = textOf(at(handler, 'handler')) ?? '';
  if (name === 'subroute')
    return depth > MAX_DEPTH ? [] : itemsOf(at(handler, 'routes')).flatMap((route) => routeOf(route, depth + 1));
  const sets = (key: string, response: YamlNode | undefined): Directive[] =>
    ['set', 'add'].flatMap((how) =>
      entriesOf(at(response, how)).map(({ key: header, value, span: where }) => {
        const text = textOf(itemsOf(value)[0] ?? value) ?? '';
        return directive(key === '' ? header : key, key === '' ? [text] : [header, text], where);
      }),
    );
  if (name === 'headers') return [{ ...directive('header', [], span), block: sets('', at(handler, 'response')) }];
  if (name === 'reverse_proxy') {
    const dials = itemsOf(at(handler, 'upstreams')).flatMap((one) => textOf(at(one, 'dial')) ?? []);
    return [{ ...directive(name, dials, span), block: sets('header_down', at(handler, 'headers', 'response')) }];
  }
  if (name !== 'static_response')
    return name === '' ? [] : [directive(name === 'authentication' ? 'basic_auth' : name, [], span)];
  const status = textOf(at(handler, 'status_code')) ?? '';
  const away = /^3\d\d$/.test(status) || entriesOf(at(handler, 'headers')).some(({ key }) => /^location$/i.test(key));
  return [away ? directive('redir', [status], span) : directive('respond', [status], span)];
}

/** A label of a container: `caddy.header.X-Frame-Options: DENY`. */
export interface CaddyLabel {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  /** The file, where it is not the service's own. */
  readonly path?: string;
}

interface Draft {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  readonly inner: Map<string, Draft>;
}

/** Sites and snippets that labels of one container describe. */
export function caddyLabels(labels: readonly CaddyLabel[]): Directive[] {
  const sites = new Map<string, Draft>();
  for (const { name, value, span } of labels) {
    const parts = name.split('.').slice(0, MAX_DEPTH);
    let level = sites;
    parts.forEach((part, i) => {
      const last = i === parts.length - 1;
      const known = level.get(part);
      const draft: Draft = {
        name: i === 0 ? '' : part.replace(/^\d+_/, '').replace(/_\d+$/, ''),
        value: last ? value : (known?.value ?? ''),
        span: known && !last ? known.span : span,
        inner: known?.inner ?? new Map(),
      };
      level.set(part, draft);
      level = draft.inner;
    });
  }
  return [...sites.values()].flatMap((site) => {
    const [name, ...args] = wordsOf(site.value).flatMap((word) => word.split(',').filter((one) => one !== ''));
    return name === undefined
      ? []
      : [{ ...directive(name, args, site.span), block: [...site.inner.values()].map(drafted) }];
  });
}

function drafted(draft: Draft): Directive {
  const one = directive(draft.name, wordsOf(draft.value), draft.span);
  return draft.inner.size === 0 ? one : { ...one, block: [...draft.inner.values()].map(drafted) };
}

/** Words, with quotes around those that hold spaces; what a template fills in stays one word. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|`([^`]*)`|\{\{.*?\}\}|\S+/g)].map((match) => match[1] ?? match[2] ?? match[0]);
}
