/** Knows cases of wrapped handlers, applications kept in fields, inner and several applications in JavaScript and TypeScript. */
import type { Expected, InvalidCase, ValidCase } from '../check-tester.ts';

type Files = Readonly<Record<string, string>>;
const at = (files: Files): string => {
  for (const [path, text] of Object.entries(files)) {
    const line = text.split('\n').findIndex((row) => row.includes('// <-')) + 1;
    if (line > 0) return `${path}:${line}`;
  }
  return '';
};
const good = (name: string, files: Files, subjects = 1): ValidCase => ({ name: `apps: ${name}`, files, subjects });
const bad = (name: string, files: Files, message = 'unguarded', more: Partial<Expected> = {}): InvalidCase => ({
  name: `apps: ${name}`,
  files,
  findings: [{ message, at: at(files), ...more }],
});

const express = "import express from 'express';\nconst app = express();\n";
const gate =
  'export function gate(req, res, next) {\n  if (!req.user || !req.user.isAdmin) return res.status(403).end();\n  next();\n}\n';
const wrap =
  'export const wrap = (fn) => (req, res, next) => {\n  Promise.resolve(fn(req, res, next)).catch(next);\n};\n';
const guarded =
  'async (req, res) => {\n  if (req.user.role !== "admin") throw new ForbiddenError("no");\n  res.json({});\n}';

const fields = (body: string, mark = '') =>
  `import express from 'express';\nimport { gate } from './gate';\nexport class Server {\n  public readonly app: express.Application;\n  constructor() {\n    this.app = express();\n    this.setUp();\n  }\n  private setUp(): void {\n${body}    this.app.delete('/admin/users/:id', (req, res) => res.json({}));${mark}\n  }\n}\nnew Server().app.listen(3000);\n`;

const controller = (mark = '') =>
  `import { Controller, Delete } from '@nestjs/common';\n@Controller('admin')\nexport class AdminController {\n  @Delete(':id')${mark}\n  remove() { return {}; }\n}\n`;
const main = (module: string) =>
  `import { NestFactory } from '@nestjs/core';\nimport { ${module} } from './app.module';\nasync function start() {\n  const app = await NestFactory.create(${module});\n  await app.listen(3000);\n}\nstart();\n`;
const rolesGuard =
  'export class RolesGuard {\n  canActivate(context) {\n    return context.switchToHttp().getRequest().user.isAdmin;\n  }\n}\n';
const guardedModule =
  "import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\nimport { RolesGuard } from './roles.guard';\nimport { AdminController } from './admin.controller';\n@Module({ controllers: [AdminController], providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })\nexport class ShopModule {}\n";
const openModule =
  "import { Module } from '@nestjs/common';\nimport { AdminController } from './admin.controller';\n@Module({ controllers: [AdminController] })\nexport class BackModule {}\n";

export const valid: readonly ValidCase[] = [
  good('a wrapped handler asks itself', {
    'src/app.js': `import { wrap } from './wrap.js';\n${express}app.delete('/admin/users/:id', wrap(${guarded}));\n`,
    'src/wrap.js': wrap,
  }),
  good('a wrapped handler of a factory asks itself', {
    'src/app.js': `import * as tools from './wrap.js';\nimport { remove } from './remove.js';\n${express}app.delete('/admin/users/:id', tools.wrap(remove()));\n`,
    'src/wrap.js': wrap,
    'src/remove.js': `export function remove() {\n  return ${guarded};\n}\n`,
  }),
  good('a helper that asks', {
    'app/api/admin/users/route.ts':
      "import { NextResponse } from 'next/server';\nimport { read } from '../../../../lib/read';\nexport async function DELETE(request: Request) {\n  const { error } = await read(request, { skipAuth: false });\n  if (error) return error();\n  return NextResponse.json({});\n}\n",
    'lib/read.ts':
      'export async function read(request, options) {\n  const user = await findUser(request);\n  if (!options?.skipAuth && !user?.isAdmin) return { error: () => Response.json({}, { status: 403 }) };\n  return {};\n}\n',
  }),
  good('a helper that says who may', {
    'app/api/admin/users/route.ts':
      "import { NextResponse } from 'next/server';\nimport { mayList } from '../../../../lib/may';\nexport async function GET(request: Request) {\n  if (!(await mayList(await whoIs(request)))) return NextResponse.json({}, { status: 403 });\n  return NextResponse.json([]);\n}\n",
    'lib/may.ts': 'export async function mayList({ user }) {\n  return user.isAdmin;\n}\n',
  }),
  good('a wrapped guard', {
    'src/app.js': `import { wrap } from './wrap.js';\nimport { gate } from './gate.js';\n${express}app.delete('/admin/users/:id', wrap(gate), wrap((req, res) => res.json({})));\n`,
    'src/wrap.js': wrap,
    'src/gate.js': gate,
  }),
  good('a wrapped method of a controller', {
    'src/app.js': `import { wrap } from './wrap.js';\nimport { Users } from './users.js';\n${express}const users = new Users();\napp.delete('/admin/users/:id', wrap(users.remove.bind(users)));\n`,
    'src/wrap.js': wrap,
    'src/users.js':
      'export class Users {\n  async remove(req, res) {\n    if (!req.user.isAdmin) return res.sendStatus(403);\n    res.json({});\n  }\n}\n',
  }),
  good('an application in a field', { 'src/server.ts': fields('    this.app.use(gate);\n'), 'src/gate.ts': gate }),
  good('an application in a field of another object', {
    'src/server.ts':
      "import express from 'express';\nimport { gate } from './gate';\nimport { mount } from './mount';\nexport class Server {\n  app = express();\n  start() {\n    this.app.use('/admin', gate);\n    mount(this);\n    this.app.listen(3000);\n  }\n}\nnew Server().start();\n",
    'src/mount.ts':
      "import type { Server } from './server';\nexport function mount(server: Server) {\n  server.app.delete('/admin/users/:id', (req, res) => res.json({}));\n}\n",
    'src/gate.ts': gate,
  }),
  good('an application inside another', {
    'src/app.js': `import { gate } from './gate.js';\n${express}const inner = express();\ninner.delete('/users/:id', (req, res) => res.json({}));\napp.use('/admin', gate, inner);\napp.listen(3000);\n`,
    'src/gate.js': gate,
  }),
  good('an application inside another, in a field', {
    'src/app.js': `import { gate } from './gate.js';\n${express}class Api {\n  constructor() {\n    this.app = express();\n    this.app.use(gate);\n    this.app.delete('/users/:id', (req, res) => res.json({}));\n  }\n}\napp.use('/admin', new Api().app);\napp.listen(3000);\n`,
    'src/gate.js': gate,
  }),
  good('a guard of the module that one of two applications has', {
    'apps/shop/src/main.ts': main('ShopModule'),
    'apps/shop/src/app.module.ts': guardedModule,
    'apps/shop/src/roles.guard.ts': rolesGuard,
    'apps/shop/src/admin.controller.ts': controller(),
    'apps/back/src/main.ts': main('BackModule'),
    'apps/back/src/app.module.ts':
      "import { Module } from '@nestjs/common';\n@Module({})\nexport class BackModule {}\n",
  }),
  good('NestJS: a strategy for administrators', {
    'src/admin.controller.ts': controller()
      .replace('Delete }', 'Delete, UseGuards }')
      .replace(
        '\n@Controller',
        "\nimport { AuthGuard } from '@nestjs/passport';\n@UseGuards(AuthGuard('admin-jwt'))\n@Controller",
      ),
  }),
  good('NestJS: a class over a strategy for administrators', {
    'src/admin.controller.ts': controller()
      .replace('Delete }', 'Delete, UseGuards }')
      .replace('\n@Controller', "\nimport { StaffGuard } from './staff.guard';\n@UseGuards(StaffGuard)\n@Controller"),
    'src/staff.guard.ts':
      "import { AuthGuard } from '@nestjs/passport';\nexport class StaffGuard extends AuthGuard('staff') {}\n",
  }),
  good('NestJS: a class over a strategy that asks for a role when it hands on the user', {
    'src/admin.controller.ts': controller()
      .replace('Delete }', 'Delete, UseGuards }')
      .replace('\n@Controller', "\nimport { Gate } from './gate';\n@UseGuards(Gate)\n@Controller"),
    'src/gate.ts':
      "import { ForbiddenException } from '@nestjs/common';\nimport { AuthGuard } from '@nestjs/passport';\nexport class Gate extends AuthGuard('jwt') {\n  handleRequest(error, user) {\n    if (error || !user?.isAdmin) throw new ForbiddenException();\n    return user;\n  }\n}\n",
  }),
  good('a guard of the module of a library that both applications import', {
    'apps/shop/src/main.ts': main('ShopModule'),
    'apps/shop/src/app.module.ts':
      "import { Module } from '@nestjs/common';\nimport { SafeModule } from '../../../libs/safe/safe.module';\nimport { AdminController } from './admin.controller';\n@Module({ imports: [SafeModule], controllers: [AdminController] })\nexport class ShopModule {}\n",
    'apps/shop/src/admin.controller.ts': controller(),
    'libs/safe/safe.module.ts':
      "import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\nimport { RolesGuard } from './roles.guard';\n@Module({ providers: [{ provide: APP_GUARD, useClass: RolesGuard }] })\nexport class SafeModule {}\n",
    'libs/safe/roles.guard.ts': rolesGuard,
    'apps/back/src/main.ts': main('BackModule'),
    'apps/back/src/app.module.ts':
      "import { Module } from '@nestjs/common';\n@Module({})\nexport class BackModule {}\n",
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad('a wrapped handler that asks nobody', {
    'src/app.js': `import { wrap } from './wrap.js';\n${express}app.delete('/admin/users/:id', wrap(async (req, res) => res.json({}))); // <-\n`,
    'src/wrap.js': wrap,
  }),
  bad(
    'a helper that says who is logged in',
    {
      'app/api/admin/users/route.ts':
        "import { NextResponse } from 'next/server';\nimport { mayList } from '../../../../lib/permissions/may';\nexport async function GET(request: Request) { // <-\n  if (!(await mayList(await whoIs(request)))) return NextResponse.json({}, { status: 403 });\n  return NextResponse.json([]);\n}\n",
      'lib/permissions/may.ts': 'export async function mayList({ user }) {\n  return user !== undefined;\n}\n',
    },
    'noRole',
  ),
  bad('a helper whose question is switched off', {
    'app/api/admin/users/route.ts':
      "import { NextResponse } from 'next/server';\nimport { read } from '../../../../lib/read';\nexport async function DELETE(request: Request) { // <-\n  const { error } = await read(request, { skipAuth: true });\n  if (error) return error();\n  return NextResponse.json({});\n}\n",
    'lib/read.ts':
      'export async function read(request, options) {\n  const user = await findUser(request);\n  if (!options?.skipAuth && !user?.isAdmin) return { error: () => Response.json({}, { status: 403 }) };\n  return {};\n}\n',
  }),
  bad(
    'settings that pages fetch are for review',
    {
      'app/api/config/route.ts':
        "import { NextResponse } from 'next/server';\nexport async function GET() { // <-\n  return NextResponse.json({ beta: true });\n}\n",
    },
    'unguarded',
    { severity: 'low', confidence: 'low' },
  ),
  bad('a field, and nothing in front', { 'src/server.ts': fields('', ' // <-'), 'src/gate.ts': gate }),
  bad('an application inside another whose guard stands elsewhere', {
    'src/app.js': `import { gate } from './gate.js';\n${express}const inner = express();\nconst other = express();\nother.use(gate);\ninner.delete('/users/:id', (req, res) => res.json({})); // <-\napp.use('/admin', inner);\napp.use('/x', other);\napp.listen(3000);\n`,
    'src/gate.js': gate,
  }),
  bad('a guard of the module that another application has', {
    'apps/back/src/admin.controller.ts': controller(' // <-'),
    'apps/back/src/main.ts': main('BackModule'),
    'apps/back/src/app.module.ts': openModule,
    'apps/shop/src/main.ts': main('ShopModule'),
    'apps/shop/src/app.module.ts': guardedModule
      .replace(/import \{ AdminController.*\n/, '')
      .replace('[AdminController]', '[]'),
    'apps/shop/src/roles.guard.ts': rolesGuard,
  }),
  bad(
    'NestJS: a class over a strategy asks only for a login',
    {
      'src/admin.controller.ts': controller(' // <-')
        .replace('Delete }', 'Delete, UseGuards }')
        .replace('\n@Controller', "\nimport { Gate } from './gate';\n@UseGuards(Gate)\n@Controller"),
      'src/gate.ts': "import { AuthGuard } from '@nestjs/passport';\nexport class Gate extends AuthGuard('jwt') {}\n",
    },
    'noRole',
  ),
  bad('NestJS: only a limit for everything', {
    'src/admin.controller.ts': controller(' // <-'),
    'src/main.ts': main('ShopModule'),
    'src/app.module.ts':
      "import { Module } from '@nestjs/common';\nimport { APP_GUARD } from '@nestjs/core';\nimport { ThrottlerGuard } from '@nestjs/throttler';\nimport { AdminController } from './admin.controller';\n@Module({ controllers: [AdminController], providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] })\nexport class ShopModule {}\n",
  }),
  bad('useGlobalGuards of another application', {
    'apps/back/src/admin.controller.ts': controller(' // <-'),
    'apps/back/src/main.ts': main('BackModule'),
    'apps/back/src/app.module.ts': openModule,
    'apps/shop/src/main.ts': main('ShopModule')
      .replace('await app.listen', 'app.useGlobalGuards(new RolesGuard());\n  await app.listen')
      .replace('\nasync', "\nimport { RolesGuard } from './roles.guard';\nasync"),
    'apps/shop/src/app.module.ts':
      "import { Module } from '@nestjs/common';\n@Module({})\nexport class ShopModule {}\n",
    'apps/shop/src/roles.guard.ts': rolesGuard,
  }),
  bad(
    'a version that administrators see',
    {
      'src/app.js': `${express}app.get('/rest/admin/version', (req, res) => res.json({})); // <-\napp.listen(3000);\n`,
    },
    'unguarded',
    { severity: 'low' },
  ),
];
