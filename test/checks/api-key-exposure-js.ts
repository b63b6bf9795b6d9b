/** Knows cases of credentials in the answers of routes in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad as answered } from '../marked.ts';
import type { Files } from '../scan-files.ts';

const express = "import express from 'express';\nimport { User } from './models.js';\nconst app = express();\n";
const bad = (name: string, files: Files) => answered(name, files, 'answered');

export const valid: readonly ValidCase[] = [
  {
    name: 'Express: the beginning of a key',
    files: {
      'a.js': `${express}app.get('/users/:id', async (req, res) => {\n  const user = await User.find(req.params.id);\n  res.json({ name: user.name, apiKey: user.apiKey.slice(0, 4) });\n});\n`,
    },
  },
  {
    name: 'Express: whether there is a password',
    files: {
      'a.js': `${express}app.get('/users/:id', async (req, res) => {\n  const user = await User.find(req.params.id);\n  res.json({ name: user.name, hasPassword: user.password !== null, password: undefined });\n});\n`,
    },
  },
  {
    name: 'Express: what callbacks return is no answer',
    files: {
      'a.js': `${express}app.get('/users', async (req, res) => {\n  const rows = (await User.all()).map((user) => ({ id: user.id, password: user.password }));\n  res.json({ secret: false, count: rows.length });\n});\n`,
    },
  },
];

export const invalid: readonly InvalidCase[] = [
  bad('Express: a hash of a password', {
    'a.js': `${express}app.get('/users/:id', async (req, res) => {\n  const user = await User.find(req.params.id);\n  res.status(200).json({ name: user.name, passwordHash: user.passwordHash }); // <-\n});\n`,
  }),
  bad('Express: in a callback', {
    'a.js': `${express}app.get('/users/:id', (req, res) => {\n  User.find(req.params.id).then((user) => {\n    res.send({ apiKey: user.apiKey }); // <-\n  });\n});\n`,
  }),
  bad('NestJS: what the method returns', {
    'a.ts': `import { Controller, Get } from '@nestjs/common';\n@Controller('users')\nexport class Users {\n  @Get(':id')\n  one(id: string) {\n    const user = find(id);\n    return { name: user.name, secretKey: user.secretKey }; // <-\n  }\n}\n`,
  }),
  bad('Koa: the body', {
    'a.js': `import Koa from 'koa';\nimport Router from '@koa/router';\nconst app = new Koa();\nconst router = new Router();\nrouter.get('/users/:id', async (ctx) => {\n  const user = await find(ctx.params.id);\n  ctx.body = { password: user.password }; // <-\n});\napp.use(router.routes());\n`,
  }),
  bad('Next.js: a route handler', {
    'app/api/users/route.ts': `import { NextResponse } from 'next/server';\nexport async function GET() {\n  const user = await find();\n  return NextResponse.json({ password: user.password }); // <-\n}\n`,
  }),
];
