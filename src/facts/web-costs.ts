/** Knows which routes check credentials or cost much, by the words of their paths and handlers. */
import type { Options } from '../check.ts';
import type { FunctionSite } from './program/link.ts';
import { hasWords, wordsOf } from './program/names.ts';
import { handlersOf, isReadOnly, pathsOf, type Web } from './web.ts';
import type { Route } from './web-model.ts';

/** What makes a route worth limiting. */
export function limitReason(web: Web, route: Route, options: Options): 'credentials' | 'cost' | undefined {
  const segments = (pathsOf(route)[0] ?? '').split('/').filter((part) => part !== '');
  const named = segments.filter((part) => !/^:|[{<*(]/.test(part));
  const last = wordsOf(named.at(-1) ?? '');
  const handler = wordsOf(route.handler?.function.name ?? '');
  const matches = (list: readonly string[], words: readonly string[]) =>
    list.some((one) => hasWords(words, one.split(' ')));
  const handlers = handlersOf(web, route);
  if (isReadOnly(route)) {
    // `/exports` lists; `/export` with a handler of that name makes the file.
    const makes = matches(options.costlyReads as readonly string[], last) && handler.includes(last.at(-1)!);
    return makes || handlers.some((one) => buys(web, one, options)) ? 'cost' : undefined;
  }
  const excluded = options.excluded as readonly string[];
  if ([...last, ...handler].some((word) => excluded.includes(word))) return undefined;
  if ([...last, ...handler].includes('register')) {
    const about = isAccount(named, handler);
    if (about === false || (about === undefined && handlers.length > 0 && !handlers.some(speaksOfPeople)))
      return undefined;
  }
  // What an administrator does to another account checks no credential.
  const isAdmin = [...named, ...handler].some((part) => /^admins?$/i.test(part));
  if (isAdmin && !matches(['login', 'log in', 'signin', 'sign in', 'otp'], last)) return undefined;
  const own = last.length > 0 ? last : handler;
  if ((options.credentialPaths as readonly string[]).includes(own.join(' '))) return 'credentials';
  if (matches(options.credentialWords as readonly string[], own)) return 'credentials';
  if (matches(options.credentialHandlers as readonly string[], handler)) return 'credentials';
  const isCostly =
    matches(options.costWords as readonly string[], own) || handlers.some((one) => buys(web, one, options));
  return isCostly ? 'cost' : undefined;
}

/** Does the handler call a service that is paid by the call, such as a language model? */
function buys({ program }: Web, { unit, id }: FunctionSite, options: Options): boolean {
  const packages = options.costlyCalls as readonly string[];
  return unit.module.calls.some((call, at) => {
    if (call.function !== id) return false;
    return program
      .call(unit, at)
      .names.some((name) => packages.some((one) => name.startsWith(one) && /^[.(/]/.test(name.slice(one.length))));
  });
}

/** Do names and texts of the function speak of passwords, addresses or users? */
function speaksOfPeople({ unit, function: model }: FunctionSite): boolean {
  const about = (text: string | undefined) => wordsOf(text ?? '').some((word) => people.has(word));
  const { start, end } = model.span;
  return (
    model.params.some((one) => about(one.name) || about(one.annotation?.name)) ||
    unit.module.values.some((value) => {
      if (value.span.start < start || value.span.end > end) return false;
      if (value.kind === 'const')
        return typeof value.value === 'string' && value.value.length < 80 && about(value.value);
      return (value.kind === 'attr' || value.kind === 'global') && about(value.name);
    })
  );
}

const people = new Set(
  'password passwd email mail username user users account accounts customer customers member signup credentials'.split(
    ' ',
  ),
);

const things = new Set(
  'node nodes agent device devices peer artifact service worker client webhook handler plugin model'.split(' '),
);

/** Registration of people, not of nodes, artifacts or workers; undefined: its names do not tell. */
function isAccount(segments: readonly string[], handler: readonly string[]): boolean | undefined {
  const words = segments.flatMap((segment) => wordsOf(segment));
  if ([...words, ...handler].some((word) => things.has(word))) return false;
  if (words.some((word) => /^(?:auth|users?|accounts?|customers?|members?|signup|identity)$/.test(word))) return true;
  return segments.slice(0, -1).every((segment) => /^(?:api|v\d\w*)$/i.test(segment)) ? undefined : false;
}
