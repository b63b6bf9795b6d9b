/** Knows when another site can make the browser of a logged-in user change something here. */
import { defineCheck, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { constants } from '../facts/program/flow.ts';
import { type FunctionSite, placeIn, type Unit } from '../facts/program/link.ts';
import { wordsOf } from '../facts/program/names.ts';
import { sameSiteIn, usesCookies, weakened } from '../facts/web/cookies.ts';
import { asks, emptyComparisons, exemptionsIn, onlyShows, openOrigins, switchesOff } from '../facts/web/csrf.ts';
import { runs } from '../facts/web/headers.ts';
import { optionsOf } from '../facts/web/js.ts';
import type { Layer, Route, WebObject } from '../facts/web/model.ts';
import { makersOf } from '../facts/web/objects.ts';
import {
  chainOf,
  handlersOf,
  isReadOnly,
  layersOf,
  layersOfObject,
  linkWeb,
  pathsOf,
  type Web,
  webWords,
} from '../facts/web.ts';

const why =
  'The browser sends the cookie with every request, so any page can act in the name of a user who is logged in.';

export const csrfProtection = defineCheck({
  id: 'csrf-protection',
  needs: {
    program: [...webWords, 'csrf', 'WTF_CSRF_ENABLED', 'SESSION_COOKIE_SAMESITE', 'samesite', 'CSRF_TRUSTED_ORIGINS'],
  },
  messages: {
    missing: {
      what: '{app} recognises users by a cookie and changes state without protection against forged requests.',
      why,
      fix: 'Install CSRFProtect, the middleware of Django, csrf-csrf or another check of a token or of the Origin header for all routes that change state.',
    },
    exempt: {
      what: '{handler} is exempt from the protection against forged requests.',
      why,
      fix: 'Remove the exemption; where a machine calls, check a signature or a bearer token in the handler.',
    },
    disabled: {
      what: '{name} switches the protection against forged requests off.',
      why,
      fix: 'Remove the setting outside tests.',
    },
    sameSite: {
      what: '{name} lets browsers send the session cookie with requests from other sites.',
      why: 'SameSite=None takes away the second line of defence, which stops most forged requests on its own.',
      fix: 'Use Lax or Strict.',
    },
    origins: {
      what: 'The check of origins trusts {name}, which anybody can have.',
      why: 'A page of a stranger passes the check, and the token is not asked for.',
      fix: 'Name the own origins in full.',
    },
    itself: {
      what: 'The token against forged requests is compared with itself.',
      why: 'The comparison always holds, so that every request passes, and readers of the code believe that it is checked.',
      fix: 'Compare the token of the request with the one that the session holds, in constant time.',
    },
    get: {
      what: 'The route {route} changes state by GET.',
      why: 'A link or an image on any page triggers it with the cookie of the user, and protections do not look at GET.',
      fix: 'Use POST or DELETE and check the token.',
    },
  },
  assess(facts: Facts, options: Options) {
    const web = facts.linked(linkWeb);
    const subjects: Subject[] = [];
    for (const object of web.objects) if (object.kind === 'app') subjects.push(...application(web, object, options));
    for (const settings of web.settings) {
      if (!settings.middleware.some((name) => /SessionMiddleware|AuthenticationMiddleware/.test(name)) || settings.open)
        continue;
      const name = 'settings of Django';
      if (settings.middleware.some((one) => /csrf/i.test(one)))
        subjects.push(pass(name, settings.place, 'the middleware against forged requests is in place'));
      else if (eachViewProtected(web, options))
        subjects.push(pass(name, settings.place, 'every view that may change state is protected by itself'));
      else
        subjects.push(
          fail(name, {
            message: 'missing',
            data: { app: 'Django with these settings' },
            place: settings.place,
            confidence: 'high',
          }),
        );
    }
    for (const unit of web.program.units) {
      subjects.push(...exemptions(web, unit), ...cookies(web, unit), ...switchedOff(web, unit), ...ignored(web, unit));
      for (const place of emptyComparisons(unit))
        subjects.push(fail('comparison of a token', { message: 'itself', data: {}, place, confidence: 'high' }));
      for (const { name, place } of openOrigins(web.program, unit))
        subjects.push(fail(name, { message: 'origins', data: { name }, place, confidence: 'high' }));
    }
    return {
      subjects,
      lookedFor: 'web applications that recognise users by a cookie, exemptions and cookie settings',
    };
  },
});

const signed =
  /signature|hmac|compare_digest|construct_event|authorization|bearer|api_?key|verify_?token|webhook_?secret/i;
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'WEBSOCKET']);

function application(web: Web, object: WebObject, options: Options): readonly Subject[] {
  const routes = web.routes.filter((route) =>
    route.owners.some((owner) => chainOf(owner).some((one) => one.object === object)),
  );
  const front = new Set([...object.layers, ...routes.flatMap((route) => layersOf(route))]);
  const guards = new Set([...front].filter((layer) => protects(web, layer, options)));
  const isPartial = [...guards].some((layer) => !object.layers.includes(layer));
  if (!usesCookies(web.program, routes, [...front]) && !isPartial) return [];
  const subjects: Subject[] = routes.flatMap((route) => byGet(route, options));
  const changing = routes.filter((route) =>
    route.methods.length === 0 ? object.framework !== 'fastapi' : route.methods.some((method) => !safe.has(method)),
  );
  const open = changing.filter(
    (route) =>
      !layersOf(route).some((layer) => guards.has(layer)) &&
      !(route.handler && checksItself(web, route.handler, options)),
  );
  const sure = open.find((route) => doubtOf(route) === undefined);
  if (changing.length === 0) return subjects;
  const name = `application ${object.name}`;
  const guard = layersOfObject(web, object).find((layer) => guards.has(layer));
  if (guard) {
    subjects.push(pass(name, object.place, `protected by ${guard.names[0] ?? 'a hook of the application'}`));
  } else if (open.length === 0)
    subjects.push(pass(name, object.place, 'each handler that changes state checks a token, a signature or a key'));
  else if (sure === undefined)
    subjects.push(unknown(name, object.place, doubtOf(open[0]!) ?? 'something that cannot be told stands in front'));
  else {
    const paths = new Set([object, ...routes].map((one) => one.place.path));
    const units = web.program.units.filter((unit) => paths.has(unit.path));
    const settings = sameSiteIn(web.program, units);
    // Starlette writes SameSite=Lax unless it is told otherwise.
    const isLax =
      settings.some((one) => one.values.every((value) => value === true || /^(?:lax|strict)$/i.test(String(value)))) ||
      (settings.length === 0 && /^(?:fastapi|starlette)$/.test(object.framework));
    const { handler } = sure;
    const place = handler ? placeIn(handler.unit, handler.function.nameSpan) : sure.place;
    const text = `for example ${sure.methods.join(', ')} ${pathsOf(sure)[0] ?? ''}`;
    subjects.push(
      fail(name, {
        message: 'missing',
        data: { app: `The application ${object.name}` },
        place: object.place,
        confidence: isLax ? 'low' : 'high',
        related: [{ ...place, text }],
      }),
    );
  }
  return subjects;
}

/** Without the middleware of Django: is every view of the repository decorated? */
function eachViewProtected(web: Web, options: Options): boolean {
  const views = web.routes.filter((route) => route.framework === 'django' && !isReadOnly(route));
  return views.length > 0 && views.every((view) => layersOf(view).some((layer) => protects(web, layer, options)));
}

/** Why nobody can tell whether something protects the route. */
function doubtOf(route: Route): string | undefined {
  return route.open ?? layersOf(route).find((layer) => layer.unknown !== undefined)?.unknown;
}

/** Helpers, middleware and hooks that check a token or the origin. */
function protects(web: Web, layer: Layer, options: Options): boolean {
  if (layer.level === 'after') return false;
  const helpers = options.helpers as readonly string[];
  if (
    layer.names.some(
      (name) => helpers.includes(name.replace(/\(\)(?:\.init_app)?$/, '')) || /csrf|xsrf|seasurf/i.test(name),
    )
  )
    return true;
  const value = layer.node.unit.module.values[layer.node.ref]!;
  const written = 'name' in value ? (value.name ?? '') : '';
  if (/csrf|xsrf/i.test(`${layer.site?.call.callee.name ?? ''} ${written}`)) return true;
  // `lusca({ csrf: true })`: a helper for several things.
  const option = optionsOf(web.program, layer).find(([key]) => key === 'csrf')?.[1];
  if (option) return !constants(web.program, option.unit, option.ref)?.includes(false);
  return runs(web.program, layer.node).some(
    (one) => /csrf|xsrf/i.test(one.function.name) || asks(web.program, one, /csrf|xsrf|^origin$|sec.fetch.site/i),
  );
}

/** A form with a token, a signature of a webhook, a bearer token or a key in a header. */
function checksItself(web: Web, handler: FunctionSite, options: Options): boolean {
  return asks(web.program, handler, new RegExp(options.checkers as string, 'i'));
}

/** Routes that change state although they answer only GET. */
function byGet(route: Route, options: Options): readonly Subject[] {
  const words = options.changingWords as readonly string[];
  if (!route.handler || route.methods.length === 0 || route.methods.some((method) => method !== 'GET')) return [];
  const [first] = wordsOf(route.handler.function.name);
  if (first === undefined || !words.includes(first)) return [];
  const label = `GET ${pathsOf(route)[0] ?? ''}`;
  return [fail(`route ${label}`, { message: 'get', data: { route: label }, place: route.place, confidence: 'medium' })];
}

function exemptions(web: Web, unit: Unit): readonly Subject[] {
  return exemptionsIn(web.program, unit).map(({ handler, place, functions, exempt, tokens }) => {
    const name = `exemption of ${handler}`;
    if (tokens) return pass(name, place, 'its callers are recognised by a token in a header');
    const makers = exempt ? makersOf(web.program, exempt.unit, exempt.ref) : [];
    const inside = web.routes.filter(
      (route) => !isReadOnly(route) && route.owners.some((owner) => owner.site && makers.includes(owner.site)),
    );
    if (inside.length > 0 && inside.every((one) => handlersOf(web, one).every((own) => asks(web.program, own, signed))))
      return pass(name, place, 'its handlers check a signature or a key');
    if (functions.some((one) => asks(web.program, one, signed)))
      return pass(name, place, 'the handler checks a signature or a key');
    const confidence = functions.length > 0 && functions.every(onlyShows) ? 'low' : 'high';
    return fail(name, { message: 'exempt', data: { handler }, place, confidence });
  });
}

/** Settings and options that take the protection away, outside tests. */
function switchedOff(web: Web, unit: Unit): readonly Subject[] {
  return switchesOff(web.program, unit).map(({ name, place }) =>
    fail(name, { message: 'disabled', data: { name }, place, confidence: 'high' }),
  );
}

function cookies(web: Web, unit: Unit): readonly Subject[] {
  return sameSiteIn(web.program, [unit]).map(({ name, values, place }) =>
    values.some((value) => /^none$/i.test(String(value)))
      ? fail(name, {
          message: 'sameSite',
          data: { name },
          place,
          confidence: values.length > 1 ? 'medium' : 'high',
        })
      : pass(name, place, 'Lax or Strict'),
  );
}

/** Options that take methods which change state out of the protection. */
function ignored(web: Web, unit: Unit): readonly Subject[] {
  return weakened(web.program, unit).map(({ name, place }) =>
    fail(name, { message: 'disabled', data: { name }, place, confidence: 'high' }),
  );
}
