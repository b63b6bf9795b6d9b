/** Knows routes, prefixes and guards of small applications in the frameworks of JavaScript. */
import { describe, expect, test } from '@jest/globals';
import { ecmascript } from '../../src/facts/program/ecmascript.ts';
import { routePath } from '../../src/facts/web/js-next.ts';
import { coversPath } from '../../src/facts/web/order.ts';
import { linkWeb } from '../../src/facts/web.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';
import { outline } from './web-outline.ts';

const guard = 'function guard(req, res, next) { if (!req.user) return res.sendStatus(401); next(); }\n';
const handler = '(req, res) => res.send("x")';
const express = `const express = require('express');\n${guard}`;

describe('Express', () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'what is registered before a route stands in front of it',
      {
        'a.js': `${express}const app = express();\napp.get('/a', ${handler});\napp.use(guard);\napp.get('/b', ${handler});\n`,
      },
      ['GET /a', 'GET /b: guard'],
    ],
    [
      'a path covers what is below it',
      {
        'a.js': `${express}const app = express();\napp.use('/admin', guard);\napp.get('/admin/x', ${handler});\napp.get('/adminx', ${handler});\n`,
      },
      ['GET /admin/x: guard', 'GET /adminx'],
    ],
    [
      'lists of middleware, and several of them',
      {
        'a.js': `${express}const app = express();\nconst all = [guard, other];\nfunction other(req, res, next) { next(); }\napp.post('/a', all, guard, ${handler});\n`,
      },
      ['POST /a: guard, other, guard'],
    ],
    [
      'a router of another file',
      {
        'app.js': `${express}const users = require('./users');\nconst app = express();\napp.use('/api', guard, users);\n`,
        'users.js': `const { Router } = require('express');\nconst router = Router();\nrouter.get('/users/:id', ${handler});\nmodule.exports = router;\n`,
      },
      ['GET /api/users/:id: guard'],
    ],
    [
      'a router in modules',
      {
        'app.ts': `import express from 'express';\nimport { users } from './users.js';\nconst app = express();\napp.use('/api', users);\n`,
        'users.ts': `import { Router } from 'express';\nexport const users = Router();\nusers.get('/users', ${handler});\n`,
      },
      ['GET /api/users'],
    ],
    [
      'a function that gets the application',
      {
        'app.js': `${express}const app = express();\napp.use(guard);\nrequire('./users')(app);\n`,
        'users.js': `module.exports = function (app) {\n  app.get('/users', ${handler});\n};\n`,
      },
      ['GET /users: guard'],
    ],
    [
      'chained on a path',
      { 'a.js': `${express}const app = express();\napp.route('/a').all(guard).get(${handler}).post(${handler});\n` },
      ['ANY /a', 'GET /a: guard', 'POST /a: guard'],
    ],
    [
      'methods of a class, in the order the constructor calls them',
      {
        'a.ts': `import express from 'express';\n${guard}export class App {\n  app = express();\n  constructor() {\n    this.open();\n    this.guards();\n    this.closed();\n  }\n  open() { this.app.get('/a', ${handler}); }\n  guards() { this.app.use(guard); }\n  closed() { this.app.get('/b', ${handler}); }\n}\n`,
      },
      ['GET /a', 'GET /b: guard'],
    ],
    [
      'a router that nobody mounts',
      {
        'a.js': `${express}const router = express.Router();\nrouter.get('/a', ${handler});\nmodule.exports = router;\n`,
      },
      ['GET /a ?'],
    ],
    [
      'routers that a list names',
      {
        'app.js': `${express}const users = require('./users');\nconst app = express();\nconst all = [{ path: '/users', route: users }];\nall.forEach((one) => { app.use(one.path, one.route); });\n`,
        'users.js': `const router = require('express').Router();\nrouter.get('/me', ${handler});\nmodule.exports = router;\n`,
      },
      ['GET /users/me'],
    ],
    [
      'handlers that a constructor puts on this',
      {
        'a.js': `${express}function Users() {\n  this.one = (req, res) => res.send("x");\n}\nconst users = new Users();\nconst app = express();\napp.get('/a', users.one);\n`,
      },
      ['GET /a'],
    ],
    [
      'the last of several registrations for a path answers',
      { 'a.js': `${express}const app = express();\napp.post('/a', guard);\napp.post('/a', ${handler});\n` },
      ['POST /a: guard'],
    ],
    [
      'handlers of errors stand in front of nothing',
      {
        'a.js': `${express}const app = express();\napp.use((err, req, res, next) => next(err));\napp.get('/a', ${handler});\n`,
      },
      ['GET /a'],
    ],
  ])('%s', async (_, files, expected) => expect(await outline(files)).toEqual(expected));
});

describe('Koa, Hono and Fastify', () => {
  const koa = `import Koa from 'koa';\nimport Router from '@koa/router';\nconst app = new Koa();\nasync function guard(ctx, next) { ctx.throw(401); }\n`;
  const hono = `import { Hono } from 'hono';\nasync function guard(c, next) { await next(); }\nconst app = new Hono();\n`;
  const fastify = `import Fastify from 'fastify';\nconst app = Fastify();\nasync function guard(request, reply) { reply.code(401).send(); }\n`;
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'a router with a prefix',
      {
        'a.js': `${koa}const router = new Router({ prefix: '/api' });\nrouter.use('/admin', guard);\nrouter.get('/admin/x', async (ctx) => {});\nrouter.post('/b', guard, async (ctx) => {});\napp.use(router.routes()).use(router.allowedMethods());\n`,
      },
      ['GET /api/admin/x: guard', 'POST /api/b: guard'],
    ],
    [
      'wildcards',
      {
        'a.ts': `${hono}app.use('/admin/*', guard);\napp.get('/admin/x', (c) => c.text('x'));\napp.get('/b', (c) => c.text('x'));\nconst sub = new Hono();\nsub.post('/c', (c) => c.text('x'));\napp.route('/s', sub);\n`,
      },
      ['GET /admin/x: guard', 'GET /b', 'POST /s/c'],
    ],
    [
      'scopes of plugins',
      {
        'app.js': `${fastify}import admin from './admin.js';\napp.register(admin, { prefix: '/admin' });\napp.get('/a', async () => 'x');\n`,
        'admin.js': `export default async function admin(scope, options) {\n  scope.addHook('onRequest', guard);\n  scope.delete('/users', async () => 'x');\n}\nfunction guard(request, reply, done) { done(); }\n`,
      },
      ['DELETE /admin/users: guard', 'GET /a'],
    ],
    [
      'hooks of a route',
      {
        'a.js': `${fastify}app.get('/a', { preHandler: [guard] }, async () => 'x');\napp.route({ method: 'POST', url: '/b', onRequest: guard, handler: async () => 'x' });\n`,
      },
      ['GET /a: guard', 'POST /b: guard'],
    ],
  ])('%s', async (_, files, expected) => expect([...(await outline(files))].sort()).toEqual(expected));
});

/** The entry of an application of NestJS. */
function started(path: string, name = 'AppModule'): string {
  return `import { NestFactory } from '@nestjs/core';\nimport { ${name} } from '${path}';\nasync function bootstrap() {\n  const app = await NestFactory.create(${name});\n  await app.listen(3000);\n}\nbootstrap();\n`;
}

describe('NestJS', () => {
  const nest = "import { Controller, Get, Post, UseGuards } from '@nestjs/common';\n";
  const roles = 'export class RolesGuard { canActivate(context) { return false; } }\n';
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'guards of classes and methods',
      {
        'a.ts': `${nest}${roles}class Other { canActivate() { return true; } }\n@UseGuards(RolesGuard)\n@Controller('admin')\nexport class AdminController {\n  @Get(':id')\n  @UseGuards(Other)\n  one() { return 1; }\n  @Post()\n  two() { return 2; }\n}\n`,
      },
      ['GET /admin/:id: Other, RolesGuard', 'POST /admin: RolesGuard'],
    ],
    [
      'guards of the application, and a prefix',
      {
        'main.ts': `import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nasync function bootstrap() {\n  const app = await NestFactory.create(AppModule);\n  app.setGlobalPrefix('api');\n}\nbootstrap();\n`,
        'app.module.ts': `import { APP_GUARD } from '@nestjs/core';\nimport { ThrottlerGuard } from '@nestjs/throttler';\n@Module({ providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })\nexport class AppModule {}\n`,
        'a.ts': `${nest}@Controller('users')\nexport class Users {\n  @Get()\n  all() { return []; }\n}\n`,
      },
      ['GET /api/users: @nestjs/throttler.ThrottlerGuard'],
    ],
    [
      'a guard of a workspace, by its alias',
      {
        'apps/api/src/guards/roles.guard.ts': roles,
        'apps/api/src/a.ts': `${nest}import { RolesGuard } from '@company/api/guards/roles.guard';\n@UseGuards(RolesGuard)\n@Controller('x')\nexport class X {\n  @Get()\n  one() { return 1; }\n}\n`,
      },
      ['GET /x: RolesGuard'],
    ],
    [
      'a decorator that is composed',
      {
        'a.ts': `${nest}import { applyDecorators } from '@nestjs/common';\n${roles}export const Auth = (role: string) => applyDecorators(UseGuards(RolesGuard));\n@Controller('x')\nexport class X {\n  @Auth('admin')\n  @Get()\n  one() { return 1; }\n}\n`,
      },
      ['GET /x: RolesGuard'],
    ],
    [
      'a resolver behind a guard of the application, and one that is public',
      {
        'main.ts': started('./app.module'),
        'app.module.ts': `import { APP_GUARD } from '@nestjs/core';\n${roles}@Module({ providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })\nexport class AppModule {}\n`,
        'a.ts': `import { Resolver, Query } from '@nestjs/graphql';\n@Resolver()\nexport class Users {\n  @Query()\n  all() { return []; }\n  @Public()\n  @Query()\n  some() { return []; }\n}\n`,
      },
      ['QUERY all: RolesGuard', 'QUERY some'],
    ],
  ])('%s', async (_, files, expected) => expect(await outline(files)).toEqual(expected));

  const guarded = (name: string, rest = '') =>
    `import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\nclass ${name}Guard { canActivate() { return false; } }\n${rest}@Module({ providers: [{ provide: APP_GUARD, useClass: ${name}Guard }] })\nexport class ${name}Module {}\n`;
  const controller = (name: string) =>
    `import { Controller, Get } from '@nestjs/common';\n@Controller('${name.toLowerCase()}')\nexport class ${name}Controller {\n  @Get()\n  all() { return []; }\n}\n`;
  const joined = (name: string, imports: string, more = '') =>
    `import { Module } from '@nestjs/common';\n${more}@Module({ imports: ${imports} })\nexport class ${name}Module {}\n`;
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'guards hold for the application whose module imports them',
      {
        'apps/api/main.ts': started('./api.module', 'ApiModule'),
        'apps/api/api.module.ts': joined(
          'Api',
          '[AuthModule]',
          "import { AuthModule } from '../../libs/auth.module';\n",
        ),
        'apps/api/a.ts': controller('Api'),
        'apps/open/main.ts': started('./open.module', 'OpenModule'),
        'apps/open/open.module.ts': joined('Open', '[]'),
        'apps/open/b.ts': controller('Open'),
        'libs/auth.module.ts': guarded('Auth'),
      },
      ['GET /api: AuthGuard', 'GET /open'],
    ],
    [
      'modules behind calls, lists and forward references',
      {
        'apps/api/main.ts': started('./api.module', 'ApiModule'),
        'apps/api/api.module.ts': joined(
          'Api',
          'base.concat([forwardRef(() => AuthModule)])',
          "import { AuthModule, MoreModule } from '../../libs/auth.module';\nconst more = [MoreModule.forRoot()];\nconst base = [...more];\n",
        ),
        'apps/open/main.ts': started('./open.module', 'OpenModule'),
        'apps/open/open.module.ts': joined('Open', '[]'),
        'libs/auth.module.ts': guarded(
          'Auth',
          `export class MoreModule { static forRoot() { return { module: MoreModule, controllers: [LibController] }; } }\n@Controller('lib')\nclass LibController {\n  @Get()\n  all() { return []; }\n}\n`,
        ),
      },
      ['GET /lib: AuthGuard'],
    ],
    [
      'a controller of two applications',
      {
        'apps/a/main.ts': started('./a.module', 'OneModule'),
        'apps/a/a.module.ts': guarded('One')
          .replace('providers', 'controllers: [LibController], providers')
          .replace('class', "import { LibController } from '../../libs/lib';\nclass"),
        'apps/b/main.ts': started('./b.module', 'TwoModule'),
        'apps/b/b.module.ts': guarded('Two')
          .replace('providers', 'controllers: [LibController], providers')
          .replace('class', "import { LibController } from '../../libs/lib';\nclass"),
        'libs/lib.ts': controller('Lib'),
      },
      ['GET /lib: OneGuard, TwoGuard'],
    ],
    [
      'what no module names belongs to the nearest application',
      {
        'apps/a/main.ts': started('./a.module', 'OneModule'),
        'apps/a/a.module.ts': guarded('One'),
        'apps/a/src/c.ts': controller('First'),
        'apps/b/main.ts': started('./b.module', 'TwoModule'),
        'apps/b/b.module.ts': guarded('Two'),
        'libs/lib.ts': controller('Lib'),
      },
      ['GET /first: OneGuard', 'GET /lib: OneGuard, TwoGuard'],
    ],
  ])('%s', async (_, files, expected) => expect(await outline(files)).toEqual(expected));
});

describe('Next.js', () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'route handlers',
      {
        'src/app/(shop)/users/[id]/route.ts':
          'export async function GET() { return new Response("x"); }\nexport const POST = async () => new Response("y");\n',
      },
      ['GET /users/:id', 'POST /users/:id'],
    ],
    [
      'pages and their methods',
      {
        'pages/api/users/index.ts':
          'export default function handler(req, res) { if (req.method === "POST") return res.json({}); res.status(405).end(); }\n',
      },
      ['POST /api/users'],
    ],
    [
      'the middleware and its matcher',
      {
        'middleware.ts':
          "export function middleware(request) { return Response.redirect('/login'); }\nexport const config = { matcher: ['/api/admin/:path*'] };\n",
        'app/api/admin/users/route.ts': 'export function GET() { return new Response("x"); }\n',
        'app/api/users/route.ts': 'export function GET() { return new Response("x"); }\n',
      },
      ['GET /api/admin/users: middleware', 'GET /api/users'],
    ],
    [
      'what a handler is wrapped in',
      {
        'lib/auth.ts':
          'export function withAdmin(handler) { return async (request) => { if (!request.user.isAdmin) return new Response("x", { status: 403 }); return handler(request); }; }\n',
        'app/api/x/route.ts':
          "import { withAdmin } from '../../../lib/auth';\nexport const DELETE = withAdmin(async () => new Response('x'));\n",
      },
      ['DELETE /api/x: withAdmin'],
    ],
  ])('%s', async (_, files, expected) =>
    expect(await outline({ ...files, 'lib/next.ts': "import { headers } from 'next/headers';\n" })).toEqual(expected),
  );

  test('another framework with folders of these names', async () => {
    const files = {
      'src/app/pages/api/page.ts': "import { Component } from '@angular/core';\nexport default class {}\n",
    };
    expect(await outline(files)).toEqual([]);
  });
});

test('applications that do not serve are none', async () => {
  const nest = "import { NestFactory } from '@nestjs/core';\n";
  const twice = `${express}function setUp(app) {\n  app.use(guard);\n}\nconst app = express();\nsetUp(app);\nfunction make() {\n  const other = express();\n  setUp(other);\n  return other;\n}\n`;
  const files = {
    'main.ts': `${nest}async function start() {\n  const settings = await NestFactory.create(X);\n  await settings.close();\n  const app = await NestFactory.create(X);\n  await app.listen(3000);\n}\n`,
    'twice.js': twice,
  };
  const web = linkWeb(await factsOfFiles([ecmascript], files));
  expect(web.objects.map((one) => one.name)).toEqual(['app', 'app']);
});

test('fields of GraphQL', async () => {
  expect(
    await outline({
      'a.js':
        'const resolvers = { Query: { me: () => 1 }, Mutation: { login: async (_, args) => args.x } };\nnew ApolloServer({ resolvers });\n',
    }),
  ).toEqual(['MUTATION login', 'QUERY me']);
});

describe('addresses of files', () => {
  test.each([
    ['app/route.ts', '/'],
    ['apps/web/app/api/(internal)/x/route.ts', '/api/x'],
    ['src/app/a/[...rest]/route.js', '/a/:rest*'],
    ['pages/api/index.ts', '/api'],
    ['pages/api/a/[id].ts', '/api/a/:id'],
    ['app/api/x/page.tsx', undefined],
  ])('%s is %s', (path, expected) => expect(routePath(path)).toBe(expected));
});

describe('which paths a pattern covers', () => {
  test.each([
    ['/admin', '/admin/x', true],
    ['/admin', '/administration', false],
    ['/', '/x', true],
    ['*', '/x', true],
    ['/api/*', '/api/x/y', true],
    ['/api/:id', '/api/7/x', true],
    ['/api/users', '/api/:kind', true],
    ['/a/b', '/a', false],
    ['/((?!api|_next/static).*)', '/admin', true],
    ['/((?!api|_next/static).*)', '/api/admin', false],
    ['/dashboard/:path*', '/dashboard', true],
  ])('%s %s %s', (pattern, path, expected) => expect(coversPath(pattern, path, false)).toBe(expected));
});

test('code of any shape neither throws nor hangs', async () => {
  const piece = fc.constantFrom(
    'const app = express();',
    'app.use(app);',
    "app.use('/x', app, router);",
    'const router = express.Router();',
    "router.use('/y', router);",
    "app.get('/a', ...all, x => x);",
    'const all = [...all, guard];',
    'function guard(a) { return guard(guard); }',
    'const guard = wrap(guard);',
    "app.route('/z').get(guard).post(guard);",
    "app.register(plugin, { prefix: '/p' });",
    'async function plugin(scope) { scope.register(plugin); scope.get("/q", guard); }',
    '@Controller(all) class A { @Get(guard) @UseGuards(A, guard) a() { return this.a; } }',
    'const resolvers = { Query: resolvers, Mutation: { ...resolvers } };',
    'export const POST = guard(POST);',
    'export default app;',
    "import app from './a';",
    'module.exports = app;',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 14 }), fc.array(piece, { maxLength: 8 }), async (one, two) => {
      const head = "import express from 'express';\n";
      const files = { 'a.ts': head + one.join('\n'), 'app/api/route.ts': head + two.join('\n') };
      await outline(files);
    }),
    { numRuns: 60 },
  );
}, 60_000);
