/** Knows how programs recognise users by a cookie, and what they say about its SameSite attribute. */
import { constants } from '../program/flow.ts';
import { argument, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Scalar } from '../program/model.ts';
import { namedValues } from '../program/names.ts';
import type { Place } from '../span.ts';
import { runs } from './headers.ts';
import type { Layer, Route } from './model.ts';

/** Middleware that keeps a session in a cookie, or its number. */
const sessions =
  /\.SessionMiddleware$|^(?:express-session|cookie-session|client-sessions|koa-session|koa-generic-session|koa-session2|@fastify\/session|@fastify\/secure-session|fastify-session|fastify-secure-session|hono-sessions\.\w+|iron-session(?:\/\w+)?\.\w+)(?:\(\))?$|^passport\.session\(\)$/;
const readsSession =
  /^(?:flask|quart)\.session(?:\.|$|\[)|^flask_login\.|^(?:flask|quart)\.request\.cookies|^fastapi\.security\.APIKeyCookie/;
/** Names of cookies by which users are recognised. */
const identifying = /token|sess|^sid$|jwt|auth|login|^user/i;

/** Do the routes, or what stands in front of them, recognise users by a cookie? */
export function usesCookies(program: Program, routes: readonly Route[], layers: readonly Layer[]): boolean {
  if (layers.some((layer) => layer.names.some((name) => sessions.test(name)))) return true;
  const handlers = routes.flatMap((route) => (route.handler ? [route.handler] : []));
  const guards = layers.flatMap((layer) => runs(program, layer.node));
  const units = new Set([...handlers, ...guards].map((one) => one.unit));
  return [...units].some((unit) =>
    unit.module.language === 'python' ? readsInPython(program, unit) : reads(program, unit),
  );
}

function readsInPython(program: Program, unit: Unit): boolean {
  return (
    unit.module.references.some(
      (one) => one.role === 'value' && program.names(unit, one.value).some((name) => readsSession.test(name)),
    ) || unit.module.calls.some((_, id) => program.call(unit, id).names.some((name) => readsSession.test(name)))
  );
}

/** `request.cookies.token`, `cookies.get('session')`, `getCookie(c, 'token')`. */
function reads(program: Program, unit: Unit): boolean {
  const { values, calls } = unit.module;
  const isCookies = (ref: number): boolean => {
    const value = values[ref]!;
    if (value.kind === 'either') return value.of.some(isCookies);
    return value.kind === 'attr' && /^(?:cookies|signedCookies)$/.test(value.name);
  };
  return (
    values.some((value) => {
      if (value.kind === 'attr') return identifying.test(value.name) && isCookies(value.of);
      if (value.kind !== 'item' || !isCookies(value.of)) return false;
      return constants(program, unit, value.key)?.some((one) => identifying.test(String(one))) ?? false;
    }) ||
    calls.some(
      (call) =>
        /(?:^|\.)(?:cookies(?:\(\))?\.get|getCookie|getSignedCookie)$/.test(call.callee.name ?? '') &&
        call.args.some((arg) =>
          constants(program, unit, arg.value)?.some((one) => typeof one === 'string' && identifying.test(one)),
        ),
    )
  );
}

export interface CookieSetting {
  readonly name: string;
  readonly values: readonly Scalar[];
  readonly place: Place;
}

/** What files say about SameSite of session cookies. */
export function sameSiteIn(program: Program, units: Iterable<Unit>): readonly CookieSetting[] {
  return [...units].flatMap((unit) =>
    namedValues(unit).flatMap((one) => {
      const isOption =
        one.name.toLowerCase() === 'samesite' && one.dict !== undefined && isSession(program, unit, one.dict);
      const isKeyword = /^same_?site$/.test(one.name) && one.call !== undefined && setsSession(program, unit, one.call);
      if (one.name !== 'SESSION_COOKIE_SAMESITE' && !isOption && !isKeyword) return [];
      const values = constants(program, unit, one.value.value);
      return values ? [{ name: one.name, values, place: placeIn(unit, one) }] : [];
    }),
  );
}

/** `response.set_cookie("token", ..)`, `add_middleware(SessionMiddleware, ..)`. */
function setsSession(program: Program, unit: Unit, id: number): boolean {
  const site = program.call(unit, id);
  const { callee, args } = site.call;
  if (site.names.some((name) => sessions.test(name))) return true;
  if (args.some((arg) => program.names(unit, arg.value).some((name) => sessions.test(name)))) return true;
  const key = /(?:^|\.)set_cookie$/.test(callee.name ?? '') ? argument(site.call, 0, 'key') : undefined;
  const known = key && constants(program, unit, key.value);
  return known?.some((one) => typeof one === 'string' && identifying.test(one)) ?? false;
}

/** Options of a session, or of a cookie by which users are recognised. */
function isSession(program: Program, unit: Unit, dict: number): boolean {
  const { calls, dicts, values } = unit.module;
  const given = calls.findIndex((call) => call.args.some((arg) => arg.value === dict));
  if (given >= 0) {
    const name = calls[given]!.callee.name ?? '';
    if (program.call(unit, given).names.some((one) => sessions.test(one))) return true;
    if (!/(?:^|\.)(?:cookie|setCookie|set|setSignedCookie)$/.test(name)) return false;
    const first = calls[given]!.args.slice(0, 2).flatMap((arg) => constants(program, unit, arg.value) ?? []);
    return first.some((one) => typeof one === 'string' && identifying.test(one));
  }
  return dicts.some(({ value }) => {
    const outer = values[value]!;
    return (
      outer.kind === 'dict' &&
      outer.entries.some(
        ([key, ref]) => ref === dict && key !== null && constants(program, unit, key)?.[0] === 'cookie',
      )
    );
  });
}

/** Middleware against forged requests that is told to look away, with the option that says so. */
export function weakened(program: Program, unit: Unit): readonly CookieSetting[] {
  return namedValues(unit).flatMap((one) => {
    if (one.name !== 'ignoreMethods' && one.name !== 'ignoredMethods') return [];
    const id = unit.module.calls.findIndex((call) => call.args.some((arg) => arg.value === one.dict));
    if (id < 0 || !program.call(unit, id).names.some((name) => /csrf|csurf/i.test(name))) return [];
    const list = unit.module.values[one.value.value]!;
    const methods = list.kind === 'list' ? list.items.flatMap((ref) => constants(program, unit, ref) ?? []) : [];
    const changing = methods.filter((method) => !/^(?:GET|HEAD|OPTIONS|TRACE)$/i.test(String(method)));
    return changing.length > 0 ? [{ name: one.name, values: changing, place: placeIn(unit, one) }] : [];
  });
}
