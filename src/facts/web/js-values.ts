/** Knows what values of JavaScript stand for on the web side: handlers, lists of middleware, options, and who wrote them. */
import { constants } from '../program/flow.ts';
import {
  type CallSite,
  type ClassSite,
  type FunctionSite,
  type Node,
  type Program,
  placeIn,
  type Unit,
  valueAt,
} from '../program/link.ts';
import type { Ref, Value } from '../program/model.ts';
import { runs } from './headers.ts';
import type { Layer } from './model.ts';

/** Packages of middleware that neither ask who calls nor count nor set security headers. */
const harmless = new Set(
  (
    'express body-parser cors compression morgan cookie-parser express-session cookie-session serve-static serve-favicon serve-index ' +
    'multer connect-flash express-flash method-override response-time errorhandler express-fileupload formidable connect-timeout ' +
    'express-validator celebrate joi zod express-useragent i18n i18next-http-middleware helmet hpp express-mongo-sanitize xss-clean ' +
    'connect-history-api-fallback swagger-ui-express passport connect-redis connect-mongo pino-http express-winston express-pino-logger ' +
    'express-status-monitor express-prom-bundle prom-client express-async-errors vhost http-proxy-middleware express-http-proxy ' +
    'webpack-dev-middleware webpack-hot-middleware express-requests-logger express-request-id express-robots-txt express-security.txt ' +
    'feature-policy permissions-policy express-handlebars express-ejs-layouts csurf csrf-csrf lusca tiny-csrf csrf-sync apollo-server-express ' +
    '@apollo/server/express4 @as-integrations/express5 graphql-http express-graphql graphql-upload dd-trace @sentry/node newrelic ' +
    'express-rate-limit express-slow-down rate-limiter-flexible nocache referrer-policy hsts x-xss-protection frameguard dont-sniff-mimetype ' +
    'koa-body koa-bodyparser @koa/bodyparser koa-compress koa-static koa-send koa-logger koa-json koa-session koa-helmet @koa/cors koa-cors ' +
    'koa-views koa-mount koa-compose koa-conditional-get koa-etag koa-favicon koa-cookie koa-pino-logger koa-onerror koa-error koa-ratelimit ' +
    '@koa/multer koa-convert koa-response-time koa-x-request-id koa-csrf @fastify/cors @fastify/cookie @fastify/session ' +
    '@fastify/secure-session @fastify/static @fastify/multipart @fastify/formbody @fastify/swagger @fastify/swagger-ui @fastify/helmet ' +
    '@fastify/sensible @fastify/compress @fastify/websocket @fastify/view @fastify/redis @fastify/postgres @fastify/mongodb @fastify/etag ' +
    '@fastify/autoload @fastify/env @fastify/middie @fastify/express @fastify/http-proxy @fastify/reply-from @fastify/rate-limit ' +
    '@fastify/csrf-protection @fastify/schedule @fastify/accepts @fastify/caching @fastify/url-data fastify-plugin fastify-metrics ' +
    'fastify-cors fastify-cookie fastify-helmet fastify-static fastify-multipart fastify-swagger fastify-formbody fastify-compress ' +
    'hono/logger hono/cors hono/compress hono/etag hono/timing hono/pretty-json hono/request-id hono/body-limit hono/cache hono/timeout ' +
    'hono/secure-headers hono/csrf hono/trailing-slash hono/powered-by hono/context-storage @hono/zod-validator @hono/node-server/serve-static ' +
    'hono/combine hono/language @nestjs/platform-express @nestjs/platform-fastify @nestjs/throttler nestjs-pino @willsoto/nestjs-prometheus console @nestjs/passport @nestjs/common @nestjs/graphql express-jwt ' +
    'express-basic-auth koa-passport koa-jwt @fastify/passport @fastify/jwt @fastify/auth @fastify/basic-auth @fastify/bearer-auth ' +
    'express-openid-connect express-oauth2-jwt-bearer connect-ensure-login nest-access-control nest-keycloak-connect keycloak-connect ' +
    'hono/jwt hono/basic-auth hono/bearer-auth hono/jsx-renderer express-unless express-conditional-middleware errorhandler http-shutdown'
  ).split(' '),
);

/** Name of the package in an alias-free name: `@koa/cors().x` is of `@koa/cors`, `hono/logger.logger` of `hono/logger`. */
function packageOf(name: string): string {
  return /^(?:@[^/]+\/)?[^.(]+/.exec(name.replace(/^express-security\.txt/, 'express-security_txt'))?.[0] ?? name;
}

const isHarmless = (name: string): boolean => {
  const bare = packageOf(name).replace('express-security_txt', 'express-security.txt');
  return (
    harmless.has(bare) ||
    harmless.has(
      bare
        .split('/')
        .slice(0, bare.startsWith('@') ? 2 : 1)
        .join('/'),
    )
  );
};

/** Follows names across files to where a value is made; a member of an object literal to its entry. */
export function resolve(program: Program, node: Node): Node {
  let at = node;
  for (let depth = 0; depth < 12; depth++) {
    const next = step(program, at);
    if (!next) return at;
    at = next;
  }
  return at;
}

function step(program: Program, { unit, ref }: Node): Node | undefined {
  const value = unit.module.values[ref]!;
  if (value.kind === 'global') {
    const defined = program.define(value.name, unit) ?? program.define(`${value.name}.default`, unit);
    if (defined) return defined;
    const dot = value.name.lastIndexOf('.');
    const owner = dot > 0 ? program.define(value.name.slice(0, dot), unit) : undefined;
    return owner ? entryOf(program, owner, value.name.slice(dot + 1)) : program.members(value.name, unit)[0];
  }
  if (value.kind === 'attr') {
    for (const meaning of program.meanings(unit, value.of)) {
      if (meaning.kind === 'module') return program.define(`${meaning.unit.module.name}.${value.name}`, meaning.unit);
      if (meaning.kind === 'instance' || meaning.kind === 'class')
        return program.field(meaning.unit, meaning.class, value.name)[0];
    }
    return (
      entryOf(program, { unit, ref: value.of }, value.name) ?? constructed(program, { unit, ref: value.of }, value.name)
    );
  }
  return undefined;
}

/** What a function that is called with `new` puts on `this`. */
function constructed(program: Program, node: Node, name: string): Node | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'call') return undefined;
  const site = program.call(at.unit, value.call);
  if (site.call.form !== 'new') return undefined;
  for (const target of program.targets(site)) {
    const found = target.unit.module.assignments.find(
      (one) =>
        one.function === target.id &&
        one.target === 'attr' &&
        one.name === name &&
        one.value &&
        one.of?.name === 'this',
    );
    if (found) return { unit: target.unit, ref: found.value!.value };
  }
  return undefined;
}

/** What the elements of a list can be, for the parameter of `forEach` or the variable of a loop over it. */
export function elementsOf(program: Program, { unit, ref }: Node): readonly Node[] {
  const value = unit.module.values[ref]!;
  let list: Node | undefined;
  if (value.kind === 'element') list = { unit, ref: value.of };
  if (value.kind === 'param' && value.index === 0) {
    const isOwn = (one: Ref) => {
      const given = unit.module.values[one]!;
      return given.kind === 'function' && given.function === value.function;
    };
    const call = unit.module.calls.find(({ args }) => args[0] !== undefined && isOwn(args[0].value));
    const callee = call && unit.module.values[call.callee.value]!;
    if (callee?.kind === 'attr' && /^(?:forEach|map)$/.test(callee.name)) list = { unit, ref: callee.of };
    else if (callee?.kind === 'global' && /\.(?:forEach|map)$/.test(callee.name))
      list = program.define(callee.name.replace(/\.\w+$/, ''), unit);
  }
  const at = list && resolve(program, list);
  const found = at && valueAt(at);
  return at && found?.kind === 'list' ? found.items.map((item) => ({ unit: at.unit, ref: item })).slice(0, 64) : [];
}

/** What an object literal holds under a name, spreads of other literals included. */
export function entryOf(program: Program, node: Node, name: string, depth = 0): Node | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'dict' || depth > 6) return undefined;
  for (const [key, ref] of value.entries.toReversed()) {
    if (key === null) {
      const inner = entryOf(program, { unit: at.unit, ref }, name, depth + 1);
      if (inner) return inner;
    } else if (constants(program, at.unit, key)?.[0] === name) return { unit: at.unit, ref };
  }
  return undefined;
}

/** Entries with constant names of an object literal, wherever it is written; none when it is none. */
export function entriesOf(program: Program, node: Node): readonly (readonly [string, Node])[] {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind !== 'dict') return [];
  return value.entries.flatMap(([key, ref]): (readonly [string, Node])[] => {
    if (key === null) return [...entriesOf(program, { unit: at.unit, ref })].slice(0, 200);
    const name = constants(program, at.unit, key)?.[0];
    return typeof name === 'string' ? [[name, { unit: at.unit, ref }]] : [];
  });
}

/** The function of a value, when it is one of the repository. */
export function functionAt(program: Program, node: Node): FunctionSite | undefined {
  const at = resolve(program, node);
  for (const one of [node, at])
    for (const meaning of program.meanings(one.unit, one.ref))
      if (meaning.kind === 'function') {
        const { unit, function: id } = meaning;
        return { unit, id, function: unit.module.functions[id]! };
      }
  return undefined;
}

export interface Found {
  readonly handler?: FunctionSite;
  readonly class?: ClassSite;
}

const handlerKeys = ['handler', 'action', 'resolve', 'fn', 'execute'];

/** The function that answers: through wrappers (`wrap(handler)`), factories (`login()`) and `bind`. */
export function handlerOf(program: Program, node: Node, depth = 0): FunctionSite | undefined {
  const plain = functionAt(program, node);
  if (depth > 5) return plain;
  const { unit, ref } = resolve(program, node);
  const value = unit.module.values[ref]!;
  if (value.kind === 'call') return wrapped(program, program.call(unit, value.call), depth) ?? plain;
  if (plain || value.kind !== 'either') return plain;
  for (const one of value.of) {
    const found = handlerOf(program, { unit, ref: one }, depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** What a wrapper is given is the handler, not what the wrapper makes of it; a factory is given none and makes one. */
function wrapped(program: Program, site: CallSite, depth: number): FunctionSite | undefined {
  const { unit, call } = site;
  const callee = unit.module.values[call.callee.value]!;
  if (callee.kind === 'attr' && callee.name === 'bind') return handlerOf(program, { unit, ref: callee.of }, depth + 1);
  for (const arg of call.args.toReversed()) {
    const inner = handlerOf(program, { unit, ref: arg.value }, depth + 1);
    if (inner) return inner;
    for (const key of handlerKeys) {
      const entry = entryOf(program, { unit, ref: arg.value }, key);
      const found = entry && handlerOf(program, entry, depth + 1);
      if (found) return found;
    }
  }
  for (const target of program.targets(site)) {
    for (const one of target.function.returns) {
      const made = one.value && functionAt(program, { unit: target.unit, ref: one.value.value });
      if (made) return made;
    }
  }
  return undefined;
}

/** Wrappers of packages that only pass on what they are given. */
const wrappers =
  /^(?:express-async-handler|koa-compose|hono\/combine\.|express-async-wrap|async-middleware|koa-convert)/;

/** Middleware among the arguments of a registration: lists and wrapped functions are taken apart. */
export function middlewareIn(program: Program, node: Node, depth = 0): readonly Node[] {
  const at = resolve(program, node);
  const value = valueAt(at);
  if (depth > 6) return [];
  const inner = (refs: readonly Ref[], unit: Unit = at.unit) =>
    refs.flatMap((ref) => middlewareIn(program, { unit, ref }, depth + 1)).slice(0, 32);
  if (value.kind === 'list') return inner(value.items);
  if (value.kind === 'spread') return inner([value.of]);
  if (value.kind === 'concat') return inner(value.parts);
  if (value.kind !== 'call') return [node];
  const site = program.call(at.unit, value.call);
  const given = site.call.args.filter(
    (arg) =>
      valueAt(resolve(program, { unit: at.unit, ref: arg.value })).kind === 'list' ||
      isMiddleware(program, at.unit, arg.value),
  );
  if (site.names.some((name) => wrappers.test(name))) return inner(site.call.args.map((arg) => arg.value));
  const lists = program
    .targets(site)
    .flatMap((target) =>
      target.function.returns.flatMap((one) =>
        one.value && target.unit.module.values[one.value.value]!.kind === 'list'
          ? inner([one.value.value], target.unit)
          : [],
      ),
    );
  if (lists.length > 0) return lists;
  return program.targets(site).length > 0
    ? [node, ...inner(given.filter((arg) => isMiddleware(program, at.unit, arg.value)).map((arg) => arg.value))]
    : [node];
}

function isMiddleware(program: Program, unit: Unit, ref: Ref): boolean {
  return functionAt(program, { unit, ref }) !== undefined;
}

/** One piece of middleware as a layer; undefined for handlers of errors, which run only after the route. */
export function layerOf(
  program: Program,
  level: Layer['level'],
  node: Node,
  more: Partial<Layer> = {},
): Layer | undefined {
  const at = resolve(program, node);
  const value = valueAt(at);
  const model = functionAt(program, node)?.function;
  if (model && model.params.length === 4 && level === 'before') return undefined;
  const own = program.names(node.unit, node.ref);
  // `require(path)` with a path that is made at run time.
  const names = (own.length > 0 ? own : program.names(at.unit, at.ref)).filter(
    (name) => !/^(?:require|import)\(\)/.test(name),
  );
  const site = value.kind === 'call' ? program.call(at.unit, value.call) : undefined;
  const seen = runs(program, node).length > 0 || runs(program, at).length > 0;
  const target = runs(program, node).length > 0 ? node : at;
  const reason = seen ? undefined : unknownReason(names.length > 0 ? names : basesAt(program, at), value);
  return {
    level,
    node: seen ? target : node,
    place: placeIn(node.unit, node.unit.module.values[node.ref]!),
    names: seen ? names.filter((name) => !name.startsWith('/')) : names,
    ...(site ? { site } : {}),
    ...(reason ? { unknown: reason } : {}),
    ...more,
  };
}

/** What the class of a value is made from, where the file of the class is at hand. */
function basesAt(program: Program, { unit, ref }: Node): readonly string[] {
  return program
    .meanings(unit, ref)
    .flatMap((one) => (one.kind === 'class' || one.kind === 'instance' ? program.bases(one.unit, one.class) : []));
}

function unknownReason(names: readonly string[], value: Value): string | undefined {
  if (value.kind === 'const' || value.kind === 'dict') return undefined;
  if (names.length === 0) return 'a middleware that cannot be told stands in front';
  const foreign = names.find((name) => !isHarmless(name));
  return foreign === undefined ? undefined : `what ${foreign.replace(/\(\)/g, '')} does cannot be told`;
}

/** Argument lists without keywords, in order. */
export function positional(site: CallSite): readonly Node[] {
  return site.call.args.filter((arg) => arg.keyword === undefined).map((arg) => ({ unit: site.unit, ref: arg.value }));
}
