/** Knows by words which routes are administrative: their path, router, handler, or that they work on all users. */
import type { Options } from '../../check.ts';
import type { Program } from '../program/link.ts';
import { wordsOf } from '../program/names.ts';
import { isReadOnly, pathsOf } from '../web.ts';
import { has, wordsIn } from './guards.ts';
import type { Route } from './model.ts';

/**
 * `admin`: its words say so; `control`: it controls the service; `all`: it lists or removes users; `internals`: it
 * shows versions, settings, metrics.
 */
export type AdminKind = 'admin' | 'control' | 'all' | 'internals';

/** Why a route is administrative; undefined: it is not. */
export function administrative(route: Route, options: Options): AdminKind | undefined {
  const list = (name: string) => options[name] as readonly string[];
  const any = (wanted: readonly string[], words: readonly string[]) => words.some((word) => wanted.includes(word));
  const handler = wordsOf(route.handler?.function.name ?? route.class?.class.name ?? '');
  const paths = pathsOf(route);
  const parts = paths.map((path) => path.split('/').filter((segment) => segment !== ''));
  const segments = parts.flat().flatMap((segment) => (isParameter(segment) ? [] : [wordsOf(segment)]));
  const isOne = parts.some((path) => path.length > 0 && isParameter(path.at(-1)!));
  const end = segments.at(-1) ?? [];
  const last = isOne ? '' : end.join('-');
  const changes = !isReadOnly(route);
  if (any(list('excluded'), [...end, ...handler])) return undefined;
  // `GET /auth/verify/admin`, `/is-admin`: tells callers what they are themselves.
  const asked = [segments.flat().join('-'), handler.join('-')];
  if (!changes && asked.some((text) => /(?:^|-)(?:is|am|am-i|check|verify|has)-(?:super)?admin$/.test(text)))
    return undefined;
  if (segments.some((words) => any(list('adminWords'), words)) || any(list('adminWords'), handler))
    return !changes && list('shown').includes(end.at(-1) ?? '') && !isOne ? 'internals' : 'admin';
  // `/vpn/config` is a user's own; `/api/v1/config` is the service's.
  const isOwn = paths.some((path) => /^\/(?:(?:api|rest|internal|debug|system|v\d\w*)\/)*[\w-]+\/?$/.test(path));
  if (list('controlPaths').includes(last) || list('controlHandlers').some((one) => handler.join('_').includes(one)))
    return 'control';
  if (changes && segments.some((words) => any(list('controlWords'), words))) return 'control';
  const before = segments.at(-2)?.join('') ?? '';
  if (changes && list('controlVerbs').includes(last) && list('controlled').includes(before)) return 'control';
  if (changes && list('controlRouters').some((one) => ownersOf(route).includes(`-${one}-`))) return 'control';
  const users = list('everybody');
  const reads = route.methods.includes('GET');
  if (reads && isOwn && users.includes(last)) return 'all';
  // Below other words only what is clearly about users: `/api/v1/shop/users`, `/users/all`.
  const isWhole = parts.every((path) => !path.some(isParameter));
  if (reads && isWhole && users.includes(/^(?:all|list)$/.test(last) ? before : last) && /users/.test(before + last))
    return 'all';
  const isUser = parts.some((path) => path.slice(0, -1).every((one) => !isParameter(one)) && path.at(-2) === 'users');
  if (isOne && isUser && route.methods.join() === 'DELETE') return 'all';
  if (isOwn && list('debugPaths').includes(last)) return 'control';
  return isOwn && list('internals').includes(last) ? 'internals' : undefined;
}

/** What pages fetch: the settings of pages of Next.js, metrics under `/api` that are no exposition of Prometheus. */
export function isForPages(route: Route): boolean {
  if (route.framework === 'next' && pathsOf(route).every((path) => path.endsWith('/config'))) return true;
  if (!pathsOf(route).every((path) => /^\/(?:\w+\/)*api\/(?:\w+\/)*metrics\/?$/.test(path))) return false;
  if (!route.handler || route.framework === 'http.server') return true;
  const { unit, id } = route.handler;
  const { calls, values } = unit.module;
  return !calls.some((call) => {
    const texts = call.args.map((arg) => values[arg.value]!).map((one) => (one.kind === 'const' ? one.value : ''));
    const words = [call.callee.name, ...call.args.map((arg) => arg.name), ...texts].join(' ');
    return (
      call.function === id && /prom(?:etheus|-?client)|generate_latest|PlainText|text\/plain|register\./i.test(words)
    );
  });
}

/** Does a handler answer only where a setting switches it on? */
export function isSwitchedOn(program: Program, route: Route): boolean {
  if (!route.handler || !isReadOnly(route)) return false;
  const { unit, function: model } = route.handler;
  const answers = model.returns.filter((one) => one.value);
  return (
    answers.length > 0 &&
    answers.every(({ guard }) => {
      for (let at = guard; at >= 0; at = unit.module.guards[at]!.parent) {
        const one = unit.module.guards[at]!;
        if (
          one.kind === 'if' &&
          one.holds &&
          has(wordsIn(program, unit, one.test), ['config', 'settings', 'debug', 'environ'])
        )
          return true;
      }
      return false;
    })
  );
}

function isParameter(segment: string): boolean {
  return /^:|[{<*[]/.test(segment);
}

/** Words of the file and the class that a handler stands in, between hyphens. */
function ownersOf({ handler, place }: Route): string {
  const own = handler && handler.function.class >= 0 ? handler.unit.module.classes[handler.function.class]!.name : '';
  const file = place.path
    .split('/')
    .at(-1)!
    .replace(/\.\w+$/, '');
  return `-${[...wordsOf(file), '', ...wordsOf(own)].join('-')}-`;
}
