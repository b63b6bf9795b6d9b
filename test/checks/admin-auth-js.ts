/** Knows cases of administrative routes in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad, good } from '../marked.ts';

const express = "import express from 'express';\nconst app = express();\n";
const nest = "import { Controller, Delete, Get, Post, UseGuards } from '@nestjs/common';\n";
const remove = "app.delete('/admin/users/:id', (req, res) => res.json({}));\n";
const marked = remove.replace('\n', ' // <-\n');
const requireAdmin =
  'export function gate(req, res, next) {\n  if (!req.user || !req.user.isAdmin) return res.status(403).end();\n  next();\n}\n';
const login = 'function gate(req, res, next) {\n  if (!req.user) return res.redirect("/login");\n  next();\n}\n';

export const valid: readonly ValidCase[] = [
  good('Express: a guard of the same repository, by its body', {
    'src/app.js': `import { gate } from './gate.js';\n${express}app.use('/admin', gate);\n${remove}`,
    'src/gate.js': requireAdmin,
  }),
  good('Express: a list of middleware', {
    'src/app.js': `import { gate } from './gate.js';\n${express}const both = [express.json(), gate];\napp.post('/admin/flags', both, (req, res) => res.json({}));\n`,
    'src/gate.js': requireAdmin,
  }),
  good('Express: a factory of guards', {
    'src/app.js': `import { needs } from './gate.js';\n${express}app.delete('/admin/users/:id', needs('admin'), (req, res) => res.json({}));\n`,
    'src/gate.js':
      'export const needs = (role) => (req, res, next) => {\n  if (req.user.role !== role) return next(new ForbiddenError("no"));\n  next();\n};\n',
  }),
  good('Express: the handler asks itself', {
    'src/app.js': `${express}app.delete('/admin/users/:id', async (req, res) => {\n  if (!(await isAdmin(req))) throw new UnauthorizedError('no');\n  res.json({});\n});\n`,
  }),
  good('Express: a router behind a guard', {
    'src/app.js': `import { gate } from './gate.js';\nimport admin from './admin.js';\n${express}app.use('/admin', gate, admin);\n`,
    'src/admin.js':
      "import { Router } from 'express';\nconst router = Router();\nrouter.post('/flush', (req, res) => res.json({}));\nexport default router;\n",
    'src/gate.js': requireAdmin,
  }),
  good('Express: a shared password of a package', {
    'src/app.js': `import basic from 'express-basic-auth';\n${express}app.use('/admin', basic({ users: { a: process.env.SECRET } }));\n${remove}`,
  }),
  good('Express: a guard that waits for a callback of passport', {
    'src/app.js': `import { auth } from './auth.js';\n${express}app.delete('/admin/users/:id', auth('manageUsers'), (req, res) => res.json({}));\n`,
    'src/auth.js':
      "import passport from 'passport';\nconst decide = (req, resolve, reject, rights) => async (err, user) => {\n  if (err || !user) return reject(new ApiError(401, 'Please authenticate'));\n  if (!rights.every((right) => permissionsOf(user).includes(right))) return reject(new ApiError(403, 'Forbidden'));\n  resolve();\n};\nexport const auth = (...rights) => async (req, res, next) =>\n  new Promise((resolve, reject) => {\n    passport.authenticate('jwt', { session: false }, decide(req, resolve, reject, rights))(req, res, next);\n  })\n    .then(() => next())\n    .catch((error) => next(error));\n",
  }),
  good('Koa: a middleware that throws', {
    'src/app.js':
      "import Koa from 'koa';\nimport Router from '@koa/router';\nconst app = new Koa();\nconst router = new Router({ prefix: '/admin' });\nrouter.use(async (ctx, next) => {\n  if (ctx.state.user?.role !== 'admin') ctx.throw(403);\n  await next();\n});\nrouter.post('/flush', async (ctx) => { ctx.body = {}; });\napp.use(router.routes());\n",
  }),
  good('Fastify: a hook of the scope', {
    'src/app.js':
      "import Fastify from 'fastify';\nconst app = Fastify();\napp.register(async (scope) => {\n  scope.addHook('preHandler', async (request, reply) => {\n    if (!request.user.isAdmin) return reply.code(403).send({});\n  });\n  scope.delete('/users/:id', async () => ({}));\n}, { prefix: '/admin' });\n",
  }),
  good('Hono: a wildcard', {
    'src/app.ts':
      "import { Hono } from 'hono';\nconst app = new Hono();\napp.use('/admin/*', async (c, next) => {\n  if (c.get('user').role !== 'admin') return c.json({ error: 'no' }, 403);\n  await next();\n});\napp.delete('/admin/users/:id', (c) => c.json({}));\n",
  }),
  good('NestJS: a guard of the class that asks for a role', {
    'src/admin.controller.ts': `${nest}import { RolesGuard } from './roles.guard';\n@Controller('admin')\n@UseGuards(RolesGuard)\nexport class AdminController {\n  @Delete(':id')\n  remove() { return {}; }\n}\n`,
    'src/roles.guard.ts':
      "import { CanActivate, ExecutionContext, ForbiddenException } from '@nestjs/common';\nexport class RolesGuard implements CanActivate {\n  canActivate(context: ExecutionContext): boolean {\n    const { user } = context.switchToHttp().getRequest();\n    if (!user.roles.includes('admin')) throw new ForbiddenException();\n    return true;\n  }\n}\n",
  }),
  good('NestJS: a guard for everything', {
    'src/main.ts':
      "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nNestFactory.create(AppModule);\n",
    'src/app.module.ts':
      "import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\nimport { RolesGuard } from './roles.guard';\n@Module({ providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })\nexport class AppModule {}\n",
    'src/admin.controller.ts': `${nest}@Controller('admin')\nexport class AdminController {\n  @Delete(':id')\n  remove() { return {}; }\n}\n`,
    'src/roles.guard.ts':
      'export class RolesGuard {\n  canActivate(context) {\n    return context.switchToHttp().getRequest().user.isAdmin;\n  }\n}\n',
  }),
  good('Next.js: the middleware covers it', {
    'middleware.ts':
      "import { NextResponse } from 'next/server';\nexport async function middleware(request) {\n  const user = await readUser(request);\n  if (user?.role !== 'admin') return NextResponse.redirect(new URL('/login', request.url));\n  return NextResponse.next();\n}\nexport const config = { matcher: ['/api/admin/:path*'] };\n",
    'app/api/admin/users/route.ts': 'export async function DELETE() {\n  return Response.json({});\n}\n',
  }),
  good('Next.js: a wrapper', {
    'lib/admin.ts':
      "export const withAdmin = (handler) => async (request) => {\n  const session = await getSession(request);\n  if (session?.user.role !== 'admin') return Response.json({}, { status: 403 });\n  return handler(request);\n};\n",
    'app/api/admin/users/route.ts':
      "import { NextResponse } from 'next/server';\nimport { withAdmin } from '../../../../lib/admin';\nexport const DELETE = withAdmin(async () => NextResponse.json({}));\n",
  }),
  good('GraphQL: the resolver asks', {
    'src/schema.js':
      "import { ApolloServer } from '@apollo/server';\nconst resolvers = {\n  Mutation: {\n    adminDeleteUser: (_, { id }, { user }) => {\n      if (user.role !== 'admin') throw new ForbiddenError('no');\n      return remove(id);\n    },\n  },\n};\nexport const server = new ApolloServer({ resolvers });\n",
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad(
    'Express: a role that the request claims',
    {
      'src/app.js': `${express}function gate(req, res, next) { // <-\n  if (req.headers['x-role'] !== 'admin') return res.status(403).end();\n  next();\n}\napp.use('/admin', gate);\n${remove}`,
    },
    'client',
  ),
  bad('Express: nothing in front', { 'src/app.js': `${express}app.use(express.json());\n${marked}` }, 'unguarded', {
    confidence: 'high',
  }),
  bad(
    'Express: the guard comes after the route',
    {
      'src/app.js': `import { gate } from './gate.js';\n${express}${marked}app.use('/admin', gate);\n`,
      'src/gate.js': requireAdmin,
    },
    'unguarded',
  ),
  bad(
    'Express: the guard covers another path',
    {
      'src/app.js': `import { gate } from './gate.js';\n${express}app.use('/administration', gate);\n${marked}`,
      'src/gate.js': requireAdmin,
    },
    'unguarded',
  ),
  bad(
    'Express: a name that promises a guard, a body that is none',
    {
      'src/app.js': `${express}function requireAdmin(req, res, next) {\n  req.isAdmin = true;\n  next();\n}\napp.use(requireAdmin);\n${marked}`,
    },
    'unguarded',
  ),
  bad('Express: only a login', { 'src/app.js': `${express}${login}app.use('/admin', gate);\n${marked}` }, 'noRole'),
  bad(
    'Express: only a login of passport',
    {
      'src/app.js': `import passport from 'passport';\n${express}app.use('/admin', passport.authenticate('jwt'));\n${marked}`,
    },
    'noRole',
  ),
  bad(
    'NestJS: a controller without a guard',
    {
      'src/a.ts': `${nest}@Controller('admin/users')\nexport class Users {\n  @Delete(':id') // <-\n  remove() { return {}; }\n}\n`,
    },
    'unguarded',
  ),
  bad(
    'NestJS: only a login',
    {
      'src/a.ts': `${nest}import { AuthGuard } from '@nestjs/passport';\n@Controller('admin/users')\n@UseGuards(AuthGuard('jwt'))\nexport class Users {\n  @Delete(':id') // <-\n  remove() { return {}; }\n}\n`,
    },
    'noRole',
  ),
  bad(
    'Next.js: the matcher misses it',
    {
      'middleware.ts':
        "import { NextResponse } from 'next/server';\nexport function middleware(request) {\n  if (request.user?.role !== 'admin') return NextResponse.redirect(new URL('/login', request.url));\n}\nexport const config = { matcher: ['/admin/:path*'] };\n",
      'app/api/admin/users/route.ts': 'export async function DELETE() { // <-\n  return Response.json({});\n}\n',
    },
    'unguarded',
  ),
  bad(
    'GraphQL: a mutation',
    {
      'src/schema.js':
        "import { ApolloServer } from '@apollo/server';\nconst resolvers = {\n  Mutation: {\n    adminDeleteUser: (_, { id }) => remove(id), // <-\n  },\n};\nexport const server = new ApolloServer({ resolvers });\n",
    },
    'unguarded',
  ),
];

export const notApplicable: readonly ValidCase[] = [
  {
    name: 'a map with an administrative key',
    files: { 'src/a.js': "import express from 'express';\nexport const one = (map) => map.get('/admin', 1);\n" },
  },
  {
    name: 'the login page of administrators',
    files: { 'src/a.js': `${express}app.post('/admin/login', (req, res) => res.json({}));\n` },
  },
];

export const unknown: readonly ValidCase[] = [
  {
    name: 'a middleware of an unknown package',
    files: { 'src/a.js': `import shield from 'company-shield';\n${express}app.use(shield());\n${remove}` },
  },
  {
    name: 'a router that nobody is seen to mount',
    files: {
      'src/a.js':
        "import { Router } from 'express';\nexport const router = Router();\nrouter.delete('/admin/users/:id', (req, res) => res.json({}));\n",
    },
  },
  {
    name: 'an application from elsewhere',
    files: {
      'src/a.js':
        "export default function setup(app) {\n  app.delete('/admin/users/:id', (req, res) => res.json({}));\n}\nimport 'express';\n",
    },
  },
];
