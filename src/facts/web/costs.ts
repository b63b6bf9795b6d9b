/** Knows which routes check credentials or cost much, by the words of their paths and handlers. */
import type { Options } from '../../check.ts';
import type { FunctionSite } from '../program/link.ts';
import { hasWords, wordsOf } from '../program/names.ts';
import { handlersOf, isReadOnly, pathsOf, type Web } from '../web.ts';
import type { Route } from './model.ts';
import {
  bodiesOf,
  exchangesCode,
  hasLogin,
  isBookkeeping,
  isForAdmins,
  readsFields,
  takesFiles,
  takesNoCode,
  takesSignedToken,
} from './work.ts';

/** What makes a route worth limiting. */
export interface Reason {
  readonly kind: 'credentials' | 'cost';
  /** What it checks may not be worth guessing. */
  readonly doubtful?: true;
}

const passwordChanges = ['change', 'reset', 'set', 'update'].map((word) => [word, 'password']);
const passwordFields = ['password', 'new password', 'old password', 'current password', 'passwd', 'current', 'new'];

/** Why the route is worth limiting; undefined: it is not. */
export function limitReason(web: Web, route: Route, options: Options): Reason | undefined {
  const separator = route.framework === 'trpc' ? '.' : '/';
  const segments = (pathsOf(route)[0] ?? '').split(separator).filter((part) => part !== '');
  const named = segments.filter((part) => !/^:|[{<*(]/.test(part));
  const last = wordsOf(named.at(-1) ?? '');
  const handler = wordsOf(route.handler?.function.name ?? '');
  const list = (name: string) => options[name] as readonly string[];
  const matches = (name: string, words: readonly string[]) => list(name).some((one) => hasWords(words, one.split(' ')));
  const handlers = handlersOf(web, route);
  const bodies = () => bodiesOf(web.program, handlers);
  const bought = () => buys(web, bodiesOf(web.program, handlers, 2), list('costlyCalls'));
  if (isReadOnly(route)) {
    // A password that is changed by GET stands in the address.
    const changes = [last, handler].some((words) => passwordChanges.some((one) => hasWords(words, one)));
    if (changes && readsFields(bodies(), passwordFields)) return { kind: 'credentials' };
    // `/exports` lists; `/export` with a handler of that name makes the file.
    const makes = matches('costlyReads', last) && handler.includes(last.at(-1)!);
    return makes || bought() ? { kind: 'cost' } : undefined;
  }
  if ([...last, ...handler].some((word) => list('excluded').includes(word))) return undefined;
  if ([...last, ...handler].includes('register')) {
    const about = isAccount(named, handler);
    if (about === false || (about === undefined && handlers.length > 0 && !handlers.some(speaksOfPeople)))
      return undefined;
  }
  // What an administrator does to another account checks no credential.
  const isAdmin = [...named, ...handler].some((part) => /^admins?$/i.test(part)) || isForAdmins(route, handlers);
  if (isAdmin && !['login', 'log in', 'signin', 'sign in', 'otp'].some((one) => hasWords(last, one.split(' '))))
    return undefined;
  const own = last.length > 0 ? last : handler;
  const isCredential =
    list('credentialPaths').includes(own.join(' ')) ||
    matches('credentialWords', own) ||
    matches('credentialHandlers', handler);
  if (isCredential) {
    if (route.framework === 'trpc' && handlers.every(takesNothing)) return undefined;
    const isCode = [...own, ...handler].some((word) => /^(?:[mt]?otp|mfa|2fa)$/.test(word));
    if (isCode && takesNoCode(web.program, handlers)) return undefined;
    const isSigned = exchangesCode(web.program, handlers) || takesSignedToken(web.program, handlers);
    return { kind: 'credentials', ...(isSigned ? { doubtful: true as const } : {}) };
  }
  const isPaid = matches('payWords', own);
  if (isPaid && hasLogin(route) && handlers.length > 0 && handlers.every(isBookkeeping)) return undefined;
  const isCostly =
    isPaid ||
    matches('costWords', own) ||
    takesFiles(web.program, route, bodies()) ||
    readsFields(bodies(), list('payFields')) ||
    bought();
  return isCostly ? { kind: 'cost' } : undefined;
}

/** A procedure that asks for nothing a client sends checks no credential. */
function takesNothing({ unit, id, function: { params } }: FunctionSite): boolean {
  const { values } = unit.module;
  const isOwn = (ref: number) => {
    const value = values[ref]!;
    return value.kind === 'param' && value.function === id;
  };
  const [first] = params;
  if (!first) return true;
  return (
    first.name === '' &&
    !values.some((one) => one.kind === 'attr' && /^(?:raw)?[iI]nput$/.test(one.name) && isOwn(one.of))
  );
}

/** Do the functions call a service that is paid by the call, such as a language model? */
function buys({ program }: Web, functions: readonly FunctionSite[], packages: readonly string[]): boolean {
  return functions.some(({ unit, id }) =>
    unit.module.calls.some((call, at) => {
      if (call.function !== id) return false;
      const { names } = program.call(unit, at);
      return names.some((name) =>
        packages.some((one) => name.startsWith(one) && /^(?:$|[.(/])/.test(name.slice(one.length))),
      );
    }),
  );
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
