/** Knows cases of credentials in the answers of routes in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad as answered } from '../marked.ts';
import type { Files } from '../scan-files.ts';

const express = "import express from 'express';\nimport { User } from './models.js';\nconst app = express();\n";
const bad = (name: string, files: Files) => answered(name, files, 'answered');

export const valid: readonly ValidCase[] = [
  {
    name: 'keys that are meant for the browser, and secrets of the server',
    files: {
      'a.js': `${express}const s = process.env.API_SECRET;\nconst k = process.env.NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY;\nconst m = process.env.NEXT_PUBLIC_MAPBOX_TOKEN;\nconst e = process.env.NEXT_PUBLIC_PASSWORD_LOGIN_ENABLED;\napp.get('/users/:id', (req, res) => res.json({ name: req.params.id, apiKey: find(req.params.id).apiKey.slice(0, 4) }));\n`,
    },
  },
  {
    name: 'Express: the beginning of a key',
    files: {
      'a.js': `${express}app.get('/users/:id', async (req, res) => {\n  const user = await User.find(req.params.id);\n  res.json({ name: user.name, apiKey: user.apiKey.slice(0, 4) });\n});\n`,
    },
  },
  {
    name: 'Express: a secret for a second factor, made for its owner',
    files: {
      'a.js': `${express}import { generateSecret } from 'otplib';\napp.get('/2fa/status', (req, res) => {\n  const secret = generateSecret();\n  res.json({ setup: false, secret });\n});\n`,
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
  {
    name: 'a whole row inside a token',
    files: {
      'src/a.ts':
        'import jwt from "jsonwebtoken";\nimport mongoose from "mongoose";\nconst User = mongoose.model("User", new mongoose.Schema({ name: String, password: String }));\nexport async function login(name: string) {\n  const user = await User.findOne({ name });\n  return jwt.sign({ user }, process.env.KEY!);\n}\n',
    },
    findings: [{ message: 'token', at: 'src/a.ts:6' }],
  },
  {
    name: 'secrets in variables for the browser',
    files: {
      'src/api.ts':
        'export const a = connect(process.env.NEXT_PUBLIC_API_SECRET);\nexport const b = import.meta.env.VITE_DB_PASSWORD;\n',
    },
    findings: [
      { message: 'browser', at: 'src/api.ts:1' },
      { message: 'browser', at: 'src/api.ts:2' },
    ],
  },
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

const rows = (name: string, files: Readonly<Record<string, string>>): InvalidCase => ({
  name: `rows: ${name}`,
  files,
  findings: Object.entries(files).flatMap(([path, text]) =>
    text.split('\n').flatMap((row, i) => (row.includes('// <-') ? [{ message: 'model', at: `${path}:${i + 1}` }] : [])),
  ),
});
const whole = (name: string, files: Readonly<Record<string, string>>): ValidCase => ({ name: `rows: ${name}`, files });

const web = "import express from 'express';\nconst app = express();\n";
const sequelize =
  "import { DataTypes, Model } from 'sequelize';\nclass User extends Model {\n  declare id: number;\n  declare password: string;\n}\nexport const setUp = (sequelize) => User.init({ password: { type: DataTypes.STRING } }, { sequelize });\nexport { User as UserModel };\n";
const mongoose = (column: string, more = '') =>
  `import mongoose from 'mongoose';\nconst schema = new mongoose.Schema({ name: String, password: ${column} });\n${more}export const User = mongoose.model('User', schema);\n`;
const typeorm = (decorators: string) =>
  `import { Column, Entity } from 'typeorm';\n@Entity()\nexport class User {\n  @Column() name: string;\n  ${decorators} password: string;\n}\n`;
const nest = (body: string) => ({
  'src/users.controller.ts':
    "import { Controller, Get, Param } from '@nestjs/common';\nimport { UsersService } from './users.service';\n@Controller('users')\nexport class UsersController {\n  constructor(private readonly users: UsersService) {}\n  @Get(':id')\n  async one(@Param('id') id: string) {\n    return this.users.one(id); // <-\n  }\n}\n",
  'src/users.service.ts': `import { Injectable } from '@nestjs/common';\nimport { InjectRepository } from '@nestjs/typeorm';\nimport { Repository } from 'typeorm';\nimport { User } from './user.entity';\n@Injectable()\nexport class UsersService {\n  constructor(@InjectRepository(User) private readonly rows: Repository<User>) {}\n  async one(id: string) {\n    ${body}\n  }\n}\n`,
});
const prisma =
  'model User {\n  id Int @id\n  name String\n  password String\n}\n\nmodel Post {\n  id Int @id\n  title String\n}\n';
const client = "import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();\n";

export const exposed: readonly InvalidCase[] = [
  rows('Sequelize', {
    'src/user.ts': sequelize,
    'src/a.ts': `${web}import { UserModel } from './user';\napp.get('/users/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  res.json({ user }); // <-\n});\napp.get('/users', (req, res) => {\n  UserModel.findAll().then((users) => {\n    res.json({ data: users }); // <-\n  });\n});\napp.post('/password', async (req, res) => {\n  const user = await UserModel.findByPk(1);\n  const changed = await user.update({ password: req.body.password });\n  res.status(200).json({ ...changed.dataValues, ok: true }); // <-\n});\n`,
  }),
  rows('Sequelize by define', {
    'src/a.ts': `${web}import { Sequelize } from 'sequelize';\nconst db = new Sequelize('sqlite::memory:');\nconst Account = db.define('account', { name: 'TEXT', secretKey: 'TEXT' });\napp.get('/accounts', async (req, res) => {\n  const rows = await Account.findAll({ where: { open: true } });\n  res.send(rows); // <-\n});\n`,
  }),
  rows('Mongoose', {
    'src/user.js': mongoose('String'),
    'src/a.js': `${web}import { User } from './user.js';\napp.get('/users/:id', async (req, res) => {\n  const user = await User.findById(req.params.id).populate('posts').lean();\n  res.json(user); // <-\n});\napp.post('/register', async (req, res) => {\n  const user = await User.create(req.body);\n  user.password = hash(user.password);\n  res.status(201).json({ user, token: sign(user.id) }); // <-\n});\n`,
  }),
  rows('TypeORM behind a service', {
    'src/user.entity.ts': typeorm('@Column()'),
    ...nest('return this.rows.findOneBy({ id });'),
  }),
  rows('Prisma', {
    'prisma/schema.prisma': prisma,
    'src/a.ts': `${web}${client}app.get('/users/:id', async (req, res) => {\n  const user = await prisma.user.findUnique({ where: { id: req.params.id } });\n  if (!user) return res.status(404).end();\n  return res.json(user); // <-\n});\n`,
    'app/api/users/route.ts': `import { NextResponse } from 'next/server';\n${client}export async function GET() {\n  const users = await prisma.user.findMany({ orderBy: { name: 'asc' } });\n  return NextResponse.json({ users }); // <-\n}\n`,
  }),
];

export const unexposed: readonly ValidCase[] = [
  whole('columns that are chosen', {
    'src/user.ts': sequelize,
    'prisma/schema.prisma': prisma,
    'src/a.ts': `${web}${client}import { UserModel } from './user';\napp.get('/users/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id, { attributes: { exclude: ['password'] } });\n  res.json({ user, password: null });\n});\napp.get('/people', async (req, res) => {\n  res.json(await prisma.user.findMany({ select: { name: true } }));\n});\napp.get('/posts', async (req, res) => {\n  res.json(await prisma.post.findMany());\n});\n`,
  }),
  whole('a schema that hides it', {
    'src/user.js': mongoose('{ type: String, select: false }'),
    'src/a.js': `${web}import { User } from './user.js';\napp.get('/users/:id', async (req, res) => {\n  res.json(await User.findById(req.params.id));\n});\n`,
  }),
  whole('a schema with a plugin for answers, and a chosen projection', {
    'src/user.js': mongoose('String', 'schema.plugin(toJSON);\n'),
    'src/account.js': mongoose('String').replaceAll('User', 'Account'),
    'src/a.js': `${web}import { User } from './user.js';\nimport { Account } from './account.js';\napp.get('/users/:id', async (req, res) => {\n  res.json(await User.findById(req.params.id));\n});\napp.get('/accounts/:id', async (req, res) => {\n  const a = await Account.findById(req.params.id).select('-password');\n  const b = await Account.find({}, 'name');\n  res.json({ a, b, password: undefined });\n});\n`,
  }),
  whole('what is taken out before', {
    'src/user.ts': sequelize,
    'src/a.ts': `${web}import { UserModel } from './user';\nconst open = (user) => {\n  const { password, ...rest } = user;\n  return rest;\n};\napp.get('/a/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  const { password, ...rest } = user;\n  res.json(rest);\n});\napp.get('/b/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  delete user.password;\n  res.json(user);\n});\napp.get('/c/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  res.json({ user: open(user), ok: sanitize(user) });\n});\napp.get('/d/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  user.password = undefined;\n  res.json({ ...user.dataValues, name: user.name });\n});\napp.get('/e/:id', async (req, res) => {\n  const user = await UserModel.findByPk(req.params.id);\n  res.json({ ...user.dataValues, password: '***' });\n});\n`,
  }),
  whole('an entity that excludes it', {
    'src/user.entity.ts': typeorm('@Column({ select: false })'),
    'src/member.entity.ts': typeorm('@Exclude() @Column()').replace('class User', 'class Member'),
    ...nest('return this.rows.findOneBy({ id });'),
  }),
];
