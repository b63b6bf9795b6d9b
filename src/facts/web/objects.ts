/** Knows which values are web applications, routers and blueprints, however they reach the place that uses them. */
import { constants } from '../program/flow.ts';
import { argument, type CallSite, type FunctionSite, type Node, type Program, type Unit } from '../program/link.ts';
import type { FunctionModel, Ref, Value } from '../program/model.ts';

export type Framework =
  | 'flask'
  | 'fastapi'
  | 'starlette'
  | 'aiohttp'
  | 'django'
  | 'http.server'
  | 'express'
  | 'koa'
  | 'hono'
  | 'fastify'
  | 'nest'
  | 'next'
  | 'graphql'
  | 'trpc'
  | 'other';

/** What people call them. */
export const frameworkNames: Readonly<Record<string, string>> = {
  flask: 'Flask',
  fastapi: 'FastAPI',
  starlette: 'Starlette',
  aiohttp: 'aiohttp',
  express: 'Express',
  koa: 'Koa',
  hono: 'Hono',
  fastify: 'Fastify',
  nest: 'NestJS',
  next: 'Next.js',
};

interface Kind {
  readonly kind: 'app' | 'router';
  readonly framework: Framework;
}

const constructors: Readonly<Record<string, Kind>> = {
  'flask.Flask': { kind: 'app', framework: 'flask' },
  'flask.app.Flask': { kind: 'app', framework: 'flask' },
  'flask_openapi3.OpenAPI': { kind: 'app', framework: 'flask' },
  'flask.Blueprint': { kind: 'router', framework: 'flask' },
  'flask.blueprints.Blueprint': { kind: 'router', framework: 'flask' },
  'flask_smorest.Blueprint': { kind: 'router', framework: 'flask' },
  'flask_smorest.Api': { kind: 'router', framework: 'flask' },
  'flask_restful.Api': { kind: 'router', framework: 'flask' },
  'flask_restx.Api': { kind: 'router', framework: 'flask' },
  'flask_restx.Namespace': { kind: 'router', framework: 'flask' },
  'quart.Quart': { kind: 'app', framework: 'flask' },
  'quart.Blueprint': { kind: 'router', framework: 'flask' },
  'fastapi.FastAPI': { kind: 'app', framework: 'fastapi' },
  'fastapi.applications.FastAPI': { kind: 'app', framework: 'fastapi' },
  'fastapi.APIRouter': { kind: 'router', framework: 'fastapi' },
  'fastapi.routing.APIRouter': { kind: 'router', framework: 'fastapi' },
  'starlette.applications.Starlette': { kind: 'app', framework: 'starlette' },
  'starlette.routing.Router': { kind: 'router', framework: 'starlette' },
  'aiohttp.web.Application': { kind: 'app', framework: 'aiohttp' },
  'aiohttp.web.RouteTableDef': { kind: 'router', framework: 'aiohttp' },
  'sanic.Sanic': { kind: 'app', framework: 'other' },
  'sanic.Blueprint': { kind: 'router', framework: 'other' },
  'bottle.Bottle': { kind: 'app', framework: 'other' },
  'litestar.Litestar': { kind: 'app', framework: 'other' },
  express: { kind: 'app', framework: 'express' },
  'express.application': { kind: 'app', framework: 'express' },
  'express.Router': { kind: 'router', framework: 'express' },
  'express-promise-router': { kind: 'router', framework: 'express' },
  router: { kind: 'router', framework: 'express' },
  connect: { kind: 'app', framework: 'express' },
  polka: { kind: 'app', framework: 'express' },
  'restify.createServer': { kind: 'app', framework: 'express' },
  '@feathersjs/express': { kind: 'app', framework: 'express' },
  'ultimate-express': { kind: 'app', framework: 'express' },
  'hyper-express.Server': { kind: 'app', framework: 'express' },
  koa: { kind: 'app', framework: 'koa' },
  'koa-router': { kind: 'router', framework: 'koa' },
  '@koa/router': { kind: 'router', framework: 'koa' },
  'hono.Hono': { kind: 'app', framework: 'hono' },
  '@hono/zod-openapi.OpenAPIHono': { kind: 'app', framework: 'hono' },
  fastify: { kind: 'app', framework: 'fastify' },
  'fastify.fastify': { kind: 'app', framework: 'fastify' },
  'fastify.Fastify': { kind: 'app', framework: 'fastify' },
  '@nestjs/core.NestFactory.create': { kind: 'app', framework: 'nest' },
};

/** Methods of routers that give the router back, so that calls can be chained. */
const chained = new Set(
  'use get post put patch delete del options head all any route register addHook on basePath prefix set enable disable param after decorate routes middleware callback notFound onError setErrorHandler'.split(
    ' ',
  ),
);

/** What a call makes; undefined when it is neither an application nor a router. */
export function kindOf(program: Program, site: CallSite): Kind | undefined {
  for (const name of site.names) if (Object.hasOwn(constructors, name)) return constructors[name];
  for (const meaning of program.meanings(site.unit, site.call.callee.value)) {
    if (meaning.kind !== 'class') continue;
    for (const base of program.bases(meaning.unit, meaning.class))
      if (Object.hasOwn(constructors, base)) return constructors[base];
  }
  return undefined;
}

const limit = 16;

const plugins = new WeakMap<Program, ReadonlyMap<FunctionModel, readonly CallSite[]>>();

/** The `register` calls of Fastify by the plugin they load: its first parameter is a scope of its own. */
export function pluginsOf(program: Program): ReadonlyMap<FunctionModel, readonly CallSite[]> {
  const known = plugins.get(program);
  if (known) return known;
  const found = new Map<FunctionModel, CallSite[]>();
  plugins.set(program, found);
  for (const site of program.allCalls()) {
    const first = site.call.args[0];
    if (site.unit.module.language === 'python' || !first) continue;
    if (memberAt(site.unit, site.call.callee.value)?.name !== 'register') continue;
    for (const { function: model } of pluginFunctions(program, { unit: site.unit, ref: first.value })) {
      const same = found.get(model);
      if (same) same.push(site);
      else found.set(model, [site]);
    }
  }
  return found;
}

/** The functions of a plugin, also wrapped by `fastify-plugin` or imported on demand. */
function pluginFunctions(program: Program, { unit, ref }: Node, depth = 0): readonly FunctionSite[] {
  const value = unit.module.values[ref]!;
  if (depth > 4) return [];
  if (value.kind === 'global') {
    const defined = program.define(value.name, unit) ?? program.define(`${value.name}.default`, unit);
    return defined ? pluginFunctions(program, defined, depth + 1) : [];
  }
  if (value.kind === 'call') {
    const first = unit.module.calls[value.call]!.args[0];
    return first ? pluginFunctions(program, { unit, ref: first.value }, depth + 1) : [];
  }
  return program
    .meanings(unit, ref)
    .flatMap((one) =>
      one.kind === 'function'
        ? [{ unit: one.unit, id: one.function, function: one.unit.module.functions[one.function]! }]
        : [],
    );
}

/** Is the plugin made to share its scope with whoever registers it? */
export function sharesScope(program: Program, site: CallSite): boolean {
  const first = site.call.args[0];
  let node: Node | undefined = first && { unit: site.unit, ref: first.value };
  for (let depth = 0; node && depth < 6; depth++) {
    const value: Value = node.unit.module.values[node.ref]!;
    if (value.kind === 'call')
      return program.call(node.unit, value.call).names.some((name) => /^fastify-plugin(?:\.|$)/.test(name));
    if (value.kind !== 'global') return false;
    node = program.define(value.name, node.unit) ?? program.define(`${value.name}.default`, node.unit);
  }
  return false;
}

/**
 * The calls that made the application or router a value holds: through variables, imports, fields, factories,
 * parameters and modules loaded by name. `frame` is the call whose arguments stand for the parameters of its target.
 */
export function makersOf(program: Program, unit: Unit, ref: Ref, frame?: CallSite): readonly CallSite[] {
  const found = new Set<CallSite>();
  follow(program, { unit, ref }, frame, found, new Set(), 0);
  return [...found];
}

/** What a member is taken from: a value, or a name from elsewhere (`app.views.Login` in `app.views.Login.as_view`). */
export type Receiver = Ref | string;

/** A member access as it stands in a callee or decorator. */
export function memberAt(unit: Unit, ref: Ref): { readonly name: string; readonly of: Receiver } | undefined {
  const value = unit.module.values[ref]!;
  if (value.kind === 'attr') return { name: value.name, of: value.of };
  if (value.kind !== 'global') return undefined;
  const dot = value.name.lastIndexOf('.');
  return dot > 0 ? { name: value.name.slice(dot + 1), of: value.name.slice(0, dot) } : undefined;
}

/** The same for what a member is taken from; `app.router` of an imported application is the application. */
export function makersOfReceiver(program: Program, unit: Unit, of: Receiver, frame?: CallSite): readonly CallSite[] {
  if (typeof of !== 'string') return makersOf(program, unit, of, frame);
  for (const name of [of, `${of}.default`, of.replace(/\.(?:router|app|asgi|wsgi_app)$/, '')]) {
    const defined = program.define(name, unit);
    if (defined) return makersOf(program, defined.unit, defined.ref);
  }
  // A field of an object from elsewhere: `server.app`.
  const dot = of.lastIndexOf('.');
  const owner = dot > 0 ? program.define(of.slice(0, dot), unit) : undefined;
  if (!owner) return [];
  return program
    .meanings(owner.unit, owner.ref)
    .flatMap((meaning) =>
      meaning.kind === 'instance'
        ? program
            .field(meaning.unit, meaning.class, of.slice(dot + 1))
            .flatMap((node) => makersOf(program, node.unit, node.ref))
        : [],
    );
}

function follow(
  program: Program,
  node: Node,
  frame: CallSite | undefined,
  found: Set<CallSite>,
  seen: Set<string>,
  depth: number,
): void {
  const key = `${node.unit.path}\0${node.ref}`;
  if (depth > 24 || found.size >= limit || seen.has(key) || seen.size > 400) return;
  seen.add(key);
  const { unit, ref } = node;
  const value = unit.module.values[ref]!;
  const to = (next: Node | undefined, kept: CallSite | undefined = frame) => {
    if (next) follow(program, next, kept, found, seen, depth + 1);
  };
  switch (value.kind) {
    case 'global': {
      to(program.define(value.name, unit) ?? program.define(`${value.name}.default`, unit));
      return;
    }
    case 'either': {
      for (const one of value.of) to({ unit, ref: one });
      return;
    }
    case 'call': {
      const site = program.call(unit, value.call);
      if (kindOf(program, site)) {
        found.add(site);
        return;
      }
      if (unit.module.language !== 'python') {
        const member = memberAt(unit, site.call.callee.value);
        if (member && chained.has(member.name)) {
          for (const one of makersOfReceiver(program, unit, member.of, frame)) found.add(one);
          if (found.size > 0) return;
        }
      }
      for (const target of program.targets(site)) {
        if (target.function.name === '__init__') continue;
        for (const one of target.function.returns)
          if (one.value && !one.yields) to({ unit: target.unit, ref: one.value.value }, site);
      }
      return;
    }
    case 'param': {
      const model = unit.module.functions[value.function]!;
      const param = model.params[value.index]!;
      const isFrame = frame && program.targets(frame).some((one) => one.function === model);
      for (const site of isFrame ? [frame] : program.callers(unit, value.function).slice(0, 12)) {
        const given = argument(site.call, param.kind === 'keyword' ? 99 : value.index, param.name);
        if (given) to({ unit: site.unit, ref: given.value }, undefined);
      }
      if (value.index === 0) for (const one of pluginsOf(program).get(model) ?? []) found.add(one);
      return;
    }
    case 'attr': {
      const owner = unit.module.values[value.of]!;
      if (owner.kind === 'call') {
        const site = program.call(unit, owner.call);
        const name = site.call.args[0];
        if (site.names.some((one) => one === 'importlib.import_module' || one === '__import__') && name) {
          for (const text of textsOf(program, unit, name.value, frame))
            to(program.define(`${text}.${value.name}`, unit), undefined);
          return;
        }
      }
      let known = false;
      for (const meaning of program.meanings(unit, value.of)) {
        if (meaning.kind === 'module') {
          known = true;
          to(program.define(`${meaning.unit.module.name}.${value.name}`, meaning.unit), undefined);
        } else if (meaning.kind === 'instance' || meaning.kind === 'class') {
          known = true;
          for (const field of program.field(meaning.unit, meaning.class, value.name)) to(field, undefined);
        }
      }
      // `app.router.add_get`, `app.state`: parts of the application stand for it.
      if (!known && ['router', 'app', 'asgi', 'wsgi_app'].includes(value.name)) to({ unit, ref: value.of });
      return;
    }
    default:
  }
}

/** Constant texts of a value; parameters are those of the frame, or of every caller. */
export function textsOf(program: Program, unit: Unit, ref: Ref, frame?: CallSite, depth = 0): readonly string[] {
  // A function that hands its own parameter on to itself has no end.
  if (depth > 3) return [];
  const value = unit.module.values[ref]!;
  if (value.kind === 'param') {
    const model = unit.module.functions[value.function]!;
    const isFrame = frame && program.targets(frame).some((one) => one.function === model);
    return (isFrame ? [frame] : program.callers(unit, value.function).slice(0, depth === 0 ? 60 : 8)).flatMap(
      (site) => {
        const given = argument(site.call, value.index, model.params[value.index]!.name);
        return given ? textsOf(program, site.unit, given.value, undefined, depth + 1) : [];
      },
    );
  }
  if (value.kind === 'concat') {
    // What cannot be told is one wildcard, so that the words around it still count.
    let texts = [''];
    for (const part of value.parts) {
      const found = textsOf(program, unit, part, frame, depth);
      texts = texts.flatMap((text) => (found.length > 0 ? found : ['*']).map((one) => text + one)).slice(0, 16);
    }
    return texts;
  }
  const known = constants(program, unit, ref) ?? [];
  return known.filter((one): one is string => typeof one === 'string').slice(0, 16);
}

/** Is the application only handed to a client in the same process, as scripts that try it out do? */
export function isTriedOut(program: Program, site: CallSite): boolean {
  const { unit, call } = site;
  if (call.function < 0) return false;
  return unit.module.calls.some(
    (one) =>
      one.function === call.function &&
      /(?:^|\.)(?:TestClient|TestServer|ASGITransport|WSGITransport)$/.test(one.callee.name ?? '') &&
      one.args.some((arg) => makersOf(program, unit, arg.value).some((maker) => maker.call === call)),
  );
}
