/** Knows cases of security headers in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad, good } from '../marked.ts';

const express = "import express from 'express';\nimport helmet from 'helmet';\n";
const app = 'const app = express();\n';
const marked = 'const app = express(); // <-\n';
const route = "app.get('/', (req, res) => res.send('x'));\n";
const all = [
  ['Strict-Transport-Security', 'max-age=31536000'],
  ['Content-Security-Policy', "default-src 'self'"],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
] as const;
const set = (call: string) => all.map(([name, value]) => `  ${call}('${name}', ${JSON.stringify(value)});\n`).join('');

export const valid: readonly ValidCase[] = [
  good('Express: headers that are taken out for some requests, or say who answers', {
    'src/a.js': `${express}${app}app.use(helmet());\napp.use((req, res, next) => {\n  res.removeHeader('X-Powered-By');\n  if (req.path === '/embed') res.removeHeader('X-Frame-Options');\n  next();\n});\n${route}`,
  }),
  good('helmet', { 'src/a.js': `${express}${app}app.use(helmet());\n${route}` }),
  good('parts of helmet that add up', {
    'src/a.js': `${express}${app}app.use(helmet.hsts({ maxAge: 31536000 }), helmet.noSniff());\napp.use(helmet.contentSecurityPolicy({ directives: { defaultSrc: ["'self'"] } }));\napp.use(helmet.frameguard());\napp.use(helmet.referrerPolicy());\n${route}`,
  }),
  good('lusca with everything', {
    'src/a.js': `import lusca from 'lusca';\n${express}${app}app.use(lusca({ csp: { policy: "default-src 'self'" }, xframe: 'SAMEORIGIN', hsts: { maxAge: 31536000 }, nosniff: true, referrerPolicy: 'same-origin' }));\n${route}`,
  }),
  good('Express: a middleware of another file', {
    'src/headers.js': `export function headers(req, res, next) {\n${set('  res.setHeader')}  next();\n}\n`,
    'src/a.js': `import { headers } from './headers.js';\n${express}${app}app.use(headers);\n${route}`,
  }),
  good('an object of headers', {
    'src/a.js': `${express}${app}app.use((req, res, next) => {\n  res.set({ ${all.map(([name, value]) => `'${name}': ${JSON.stringify(value)}`).join(', ')} });\n  next();\n});\n${route}`,
  }),
  good('Koa', {
    'src/a.js': `import Koa from 'koa';\nconst app = new Koa();\napp.use(async (ctx, next) => {\n${set('  ctx.set')}  await next();\n});\n`,
  }),
  good('Fastify', {
    'src/a.js':
      "import Fastify from 'fastify';\nimport helmet from '@fastify/helmet';\nconst app = Fastify();\napp.register(helmet);\napp.get('/', async () => 'x');\n",
  }),
  good('NestJS', {
    'src/main.ts':
      "import { NestFactory } from '@nestjs/core';\nimport helmet from 'helmet';\nimport { AppModule } from './app.module';\nasync function start() {\n  const app = await NestFactory.create(AppModule);\n  app.use(helmet());\n  await app.listen(3000);\n}\nstart();\n",
  }),
  good('Next.js: headers of the configuration', {
    'next.config.js': `const headers = [\n${all.map(([key, value]) => `  { key: '${key}', value: ${JSON.stringify(value)} },\n`).join('')}];\nmodule.exports = {\n  async headers() {\n    return [{ source: '/(.*)', headers }];\n  },\n};\n`,
    'app/api/x/route.ts': 'export function GET() {\n  return Response.json({});\n}\n// next\n',
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad('Express: none', { 'src/a.js': `${express}${marked}${route}` }, 'none'),
  bad('Express: after the routes', { 'src/a.js': `${express}${marked}${route}app.use(helmet());\n` }, 'none'),
  bad(
    'Express: a header that is taken out again',
    {
      'src/a.js': `${express}${marked}app.use(helmet());\napp.use((req, res, next) => {\n  res.removeHeader('Content-Security-Policy');\n  next();\n});\n${route}`,
    },
    'missing',
  ),
  bad('Express: only a part', { 'src/a.js': `${express}${marked}app.use(helmet.noSniff());\n${route}` }, 'missing'),
  bad(
    'helmet without a policy',
    { 'src/a.js': `${express}${app}app.use(helmet({\n  contentSecurityPolicy: false, // <-\n}));\n${route}` },
    'disabled',
  ),
  bad(
    'helmet without a header, on an application from elsewhere',
    {
      'src/a.js':
        "import helmet from 'helmet';\nexport const protect = (app) => app.use(helmet({\n  frameguard: false, // <-\n}));\n// express\n",
    },
    'disabled',
  ),
  bad(
    'helmet with scripts from anywhere',
    {
      'src/a.js': `${express}${app}app.use(helmet({\n  contentSecurityPolicy: { directives: {\n    scriptSrc: ["'self'", "'unsafe-inline'"], // <-\n  } },\n}));\n${route}`,
    },
    'weak',
  ),
  bad(
    'helmet with a short age',
    { 'src/a.js': `${express}${app}app.use(helmet({ hsts: { maxAge: 3600 } })); // <-\n${route}` },
    'weak',
  ),
  bad(
    'headers on one route only',
    { 'src/a.js': `${express}${marked}app.get('/a', (req, res) => {\n${set('  res.set')}  res.send('x');\n});\n` },
    'none',
  ),
  {
    name: 'Next.js without headers',
    files: {
      'next.config.js': 'module.exports = { reactStrictMode: true };\n',
      'app/api/x/route.ts': 'export function GET() {\n  return Response.json({});\n}\n// next\n',
    },
    findings: [{ message: 'none', at: 'next.config.js:1' }],
    // The file stands for the application, whatever it says.
    skip: ['comment'],
  },
  bad(
    'Next.js: a policy put together from parts',
    {
      'next.config.mjs': `const hosts = process.env.HOSTS ?? '';\nconst base = \`default-src 'self'; script-src 'self' 'unsafe-inline'; img-src \${hosts}\`;\nexport default {\n  async headers() {\n    return [{ source: '/(.*)', headers: [\n${all
        .map(
          ([key, value]) =>
            `      { key: '${key}', value: ${key.startsWith('Content') ? "`${base}; frame-ancestors 'none'` }, // <-" : `${JSON.stringify(value)} },`}\n`,
        )
        .join(
          '',
        )}    ] }, { source: '/e/(.*)', headers: [{ key: 'Content-Security-Policy', value: base }] }];\n  },\n};\n`,
      'app/api/x/route.ts': 'export function GET() {\n  return Response.json({});\n}\n// next\n',
    },
    'weak',
  ),
  bad(
    'NestJS without helmet',
    {
      'src/main.ts':
        "import { NestFactory } from '@nestjs/core';\nasync function start() {\n  const app = await NestFactory.create(X); // <-\n  await app.listen(3000);\n}\nstart();\n",
    },
    'none',
  ),
];

export const notApplicable: readonly ValidCase[] = [
  {
    name: 'a router of a library in JavaScript',
    files: {
      'src/a.js':
        "import { Router } from 'express';\nexport const router = Router();\nrouter.get('/', (req, res) => res.send('x'));\n",
    },
  },
];

export const unknown: readonly ValidCase[] = [
  {
    name: 'a middleware that the settings name',
    files: { 'src/a.js': `${express}${app}app.use(require(process.env.MIDDLEWARE));\n${route}` },
  },
  {
    name: 'headers of a package',
    files: {
      'src/a.js': `import headers from 'company-security-headers';\n${express}${app}app.use(headers());\n${route}`,
    },
  },
];
