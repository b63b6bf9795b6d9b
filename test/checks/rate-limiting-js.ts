/** Knows cases of rate limits in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad, good } from '../marked.ts';

const express = "import express from 'express';\nimport rateLimit from 'express-rate-limit';\nconst app = express();\n";
const login = "app.post('/login', (req, res) => res.json({}));\n";
const marked = login.replace('\n', ' // <-\n');
const fastify =
  "import Fastify from 'fastify';\nimport rateLimit from '@fastify/rate-limit';\nconst app = Fastify();\n";
const trpc = "import { initTRPC } from '@trpc/server';\nconst t = initTRPC.create();\nconst procedure = t.procedure;\n";
const nest = "import { Controller, Post, UseGuards } from '@nestjs/common';\n";

export const valid: readonly ValidCase[] = [
  good('Express: before the route', {
    'src/a.js': `${express}app.use('/login', rateLimit({ windowMs: 60000, max: 5 }));\n${login}`,
  }),
  good('Express: behind one proxy', {
    'src/a.js': `${express}app.set('trust proxy', 1);\napp.use('/login', rateLimit({ windowMs: 60000, max: 5, keyGenerator: (req) => req.ip }));\n${login}`,
  }),
  good('Express: a limiter that skips some', {
    'src/a.js': `${express}app.use('/login', rateLimit({ limit: 5, skip: (req) => req.ip === '127.0.0.1' }));\n${login}`,
  }),
  good('Express: in the route, from another file', {
    'src/limits.js':
      "import rateLimit from 'express-rate-limit';\nexport const few = rateLimit({ windowMs: 15 * 60 * 1000, limit: 10 });\n",
    'src/a.js': `import { few } from './limits.js';\n${express}app.post('/login', [express.json(), few], (req, res) => res.json({}));\n`,
  }),
  good('Express: rate-limiter-flexible in a middleware', {
    'src/a.js': `import { RateLimiterRedis } from 'rate-limiter-flexible';\n${express}const limiter = new RateLimiterRedis({ points: 5, duration: 60 });\napp.use(async (req, res, next) => {\n  try {\n    await limiter.consume(req.ip);\n    next();\n  } catch {\n    res.status(429).end();\n  }\n});\n${login}`,
  }),
  good('Express: a lock-out in the handler', {
    'src/a.js': `${express}app.post('/login', async (req, res) => {\n  const user = await find(req.body.name);\n  if (user.failedAttempts > 5) return res.status(403).end();\n  res.json({});\n});\n`,
  }),
  good('Fastify: for everything', {
    'src/a.js': `${fastify}await app.register(rateLimit, { max: 10, timeWindow: '1 minute' });\napp.post('/login', async () => ({}));\n`,
  }),
  good('Fastify: in the options of the route', {
    'src/a.js': `${fastify}await app.register(rateLimit, { global: false });\napp.post('/login', { config: { rateLimit: { max: 5 } } }, async () => ({}));\n`,
  }),
  good('Koa', {
    'src/a.js':
      "import Koa from 'koa';\nimport Router from 'koa-router';\nimport ratelimit from 'koa-ratelimit';\nconst app = new Koa();\nconst router = new Router();\nrouter.post('/login', async (ctx) => {});\napp.use(ratelimit({ max: 10 }));\napp.use(router.routes());\n",
  }),
  good('NestJS: the guard of the application', {
    'src/main.ts':
      "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nNestFactory.create(AppModule);\n",
    'src/app.module.ts':
      "import { APP_GUARD } from '@nestjs/core';\nimport { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';\n@Module({ imports: [ThrottlerModule.forRoot([{ ttl: 60000, limit: 10 }])], providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })\nexport class AppModule {}\n",
    'src/auth.controller.ts': `${nest}@Controller('auth')\nexport class AuthController {\n  @Post('login')\n  login() { return {}; }\n}\n`,
  }),
  good('NestJS: a guard of its own on the route', {
    'src/guard.ts': "import { ThrottlerGuard } from '@nestjs/throttler';\nexport class Own extends ThrottlerGuard {}\n",
    'src/auth.controller.ts': `${nest}import { Own } from './guard';\n@Controller('auth')\nexport class AuthController {\n  @UseGuards(Own)\n  @Post('login')\n  login() { return {}; }\n}\n`,
  }),
  good('Next.js: the handler asks a limiter', {
    'app/api/login/route.ts':
      "import { Ratelimit } from '@upstash/ratelimit';\nimport { headers } from 'next/headers';\nconst limiter = new Ratelimit({});\nexport async function POST(request) {\n  const { success } = await limiter.limit('x');\n  if (!success) return new Response('slow down', { status: 429 });\n  return Response.json({});\n}\n",
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad(
    'Express: a limiter that skips everything',
    { 'src/a.js': `${express}app.use('/login', rateLimit({ limit: 5, skip: () => true })); // <-\n${login}` },
    'exempt',
  ),
  bad('Express: none', { 'src/a.js': `${express}${marked}` }, 'missing', { confidence: 'high' }),
  bad('Express: after the route', { 'src/a.js': `${express}${marked}app.use(rateLimit({ max: 5 }));\n` }, 'missing'),
  bad(
    'Express: on another path',
    { 'src/a.js': `${express}app.use('/register', rateLimit({ max: 5 }));\n${marked}` },
    'missing',
  ),
  bad(
    'Express: absurd',
    { 'src/a.js': `${express}app.use(rateLimit({ windowMs: 60000, max: 100000 })); // <-\n${login}` },
    'absurd',
  ),
  bad(
    'Express: a key from a header',
    {
      'src/a.js': `${express}app.use('/login', rateLimit({ max: 5, keyGenerator: (req) => req.headers['x-forwarded-for'] || req.ip })); // <-\n${login}`,
    },
    'clientKey',
  ),
  bad(
    'Express: a key from a header, read by a method',
    {
      'src/a.js': `${express}app.use('/login', rateLimit({ max: 5, keyGenerator(req) {\n  return req.get('X-Forwarded-For'); // <-\n} }));\n${login}`,
    },
    'clientKey',
  ),
  bad(
    'Express: a key from the header of any proxy',
    { 'src/a.js': `${express}app.set('trust proxy', true); // <-\napp.use(rateLimit({ max: 5 }));\n${login}` },
    'clientKey',
  ),
  bad(
    'Express: uploads, payments and language models by what they do',
    {
      'src/a.js': `import multer from 'multer';\nimport { generateText } from 'ai';\n${express}const files = multer();\napp.post('/avatar', files.single('image'), (req, res) => res.json({})); // <-\napp.post('/membership', (req, res) => res.json(join(req.body.paymentMethod))); // <-\napp.post('/assistant', async (req, res) => res.json(await generateText({ prompt: req.body.text }))); // <-\napp.post('/members', (req, res) => res.json(join(req.body.name)));\n`,
    },
    'missing',
    { severity: 'medium' },
  ),
  bad(
    'Next.js: an exchange of codes',
    {
      'app/api/token/route.ts':
        "import { NextResponse } from 'next/server';\nimport { oauthController } from 'company-sso';\nexport async function POST(req) { // <-\n  return NextResponse.json(await oauthController.token(await req.json()));\n}\n",
    },
    'missing',
    { confidence: 'low' },
  ),
  ...(
    [
      ['a token that another service signed', 'idToken', 'low'],
      ['a code beside a token', 'idToken: string; code', 'high'],
    ] as const
  ).map(([name, field, confidence]) =>
    bad(
      `NestJS: ${name}`,
      {
        'src/dto.ts': `export class LoginDto {\n  ${field}: string;\n  firstName?: string;\n}\n`,
        'src/a.ts': `${nest}import { LoginDto } from './dto';\n@Controller('google')\nexport class A {\n  @Post('login') // <-\n  login(@Body() dto: LoginDto) { return {}; }\n}\n`,
      },
      'missing',
      { confidence },
    ),
  ),
  bad(
    'NestJS: a guard that lets some requests by',
    {
      'src/guard.ts':
        "import { ThrottlerGuard } from '@nestjs/throttler';\nexport class Own extends ThrottlerGuard {\n  async shouldSkip(context) {\n    return context.scheme !== 'key';\n  }\n}\n",
      'src/a.ts': `${nest}import { Own } from './guard';\n@Controller('auth')\nexport class A {\n  @UseGuards(Own)\n  @Post('login') // <-\n  login() { return {}; }\n}\n`,
    },
    'missing',
    { confidence: 'low' },
  ),
  bad(
    'NestJS: a strategy that refuses some accounts',
    {
      'src/jwt.strategy.ts':
        "import { HttpException } from '@nestjs/common';\nimport { PassportStrategy } from '@nestjs/passport';\nimport { Strategy } from 'passport-jwt';\nexport class Jwt extends PassportStrategy(Strategy, 'jwt') {\n  async validate(payload) {\n    if (used(payload)) throw new HttpException('slow down', 429);\n    return payload;\n  }\n}\n",
      'src/a.ts': `${nest}import { AuthGuard } from '@nestjs/passport';\n@Controller('orders')\nexport class A {\n  @UseGuards(AuthGuard('jwt'))\n  @Post('export') // <-\n  export() { return {}; }\n}\n`,
    },
    'missing',
    { confidence: 'low' },
  ),
  bad('Fastify: none', { 'src/a.js': `${fastify}app.post('/login', async () => ({})); // <-\n` }, 'missing'),
  bad(
    'Fastify: switched off here',
    {
      'src/a.js': `${fastify}await app.register(rateLimit, { max: 10 });\napp.post('/login', { config: { rateLimit: false } }, async () => ({})); // <-\n`,
    },
    'exempt',
  ),
  bad(
    'NestJS: skipped',
    {
      'src/main.ts':
        "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nNestFactory.create(AppModule);\n",
      'src/app.module.ts':
        "import { APP_GUARD } from '@nestjs/core';\nimport { ThrottlerGuard } from '@nestjs/throttler';\n@Module({ providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })\nexport class AppModule {}\n",
      'src/auth.controller.ts': `${nest}import { SkipThrottle } from '@nestjs/throttler';\n@Controller('auth')\nexport class AuthController {\n  @SkipThrottle() // <-\n  @Post('login')\n  login() { return {}; }\n}\n`,
    },
    'exempt',
  ),
  bad(
    'NestJS: a rate without the guard',
    {
      'src/a.ts': `${nest}import { Throttle } from '@nestjs/throttler';\n@Controller('auth')\nexport class A {\n  @Throttle({ default: { limit: 3, ttl: 60000 } })\n  @Post('login') // <-\n  login() { return {}; }\n}\n`,
    },
    'missing',
  ),
  bad(
    'Next.js: none',
    {
      'app/api/login/route.ts':
        "import { NextResponse } from 'next/server';\nexport async function POST() { // <-\n  return NextResponse.json({});\n}\n",
    },
    'missing',
  ),
  bad(
    'GraphQL: a mutation',
    {
      'src/a.js':
        "import { ApolloServer } from '@apollo/server';\nconst resolvers = {\n  Mutation: {\n    login: (_, args) => check(args), // <-\n  },\n};\nexport default new ApolloServer({ resolvers });\n",
    },
    'missing',
  ),
  bad(
    'tRPC: a procedure that checks a password',
    {
      'src/a.ts': `${trpc}export const router = t.router({\n  login: procedure.input(S).mutation(async ({ input }) => { // <-\n    return check(input.password);\n  }),\n});\n`,
    },
    'missing',
  ),
  bad(
    'Next.js: a server action',
    {
      'app/actions.ts':
        "'use server';\n// next\nexport async function login(form) { // <-\n  return check(form.get('password'));\n}\n",
    },
    'missing',
  ),
];

export const notApplicable: readonly ValidCase[] = [
  {
    name: 'the login page in JavaScript',
    files: { 'src/a.js': `${express}app.get('/login', (req, res) => res.render('login'));\n` },
  },
  {
    name: 'NestJS: what an administrator does to another account',
    files: {
      'src/a.ts': `${nest}@Controller('users')\nexport class A {\n  @HasPermission(permissions.accessAdminControl)\n  @Post(':id/access-token')\n  rotate() { return {}; }\n}\n`,
    },
  },
  {
    name: 'tRPC: a procedure that is given nothing',
    files: {
      'src/a.ts': `${trpc}export const router = t.router({ signin: t.router({ options: procedure.mutation(async () => draw()), login: procedure.mutation(async ({ ctx }) => draw(ctx)) }) });\n`,
    },
  },
  {
    name: 'a client that logs in',
    files: {
      'src/a.js': "import axios from 'axios';\nexport const login = () => axios.post('/login', {});\n// express\n",
    },
  },
];

export const unknown: readonly ValidCase[] = [
  {
    name: 'a router without a place in JavaScript',
    files: {
      'src/a.js':
        "import { Router } from 'express';\nexport const router = Router();\nrouter.post('/login', (req, res) => res.json({}));\n",
    },
  },
];
