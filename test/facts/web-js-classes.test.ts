/** Knows routes that classes, tables and computed methods register in Express. */
import { describe, expect, test } from '@jest/globals';
import { outline } from './web-outline.ts';

const guard = 'function guard(req, res, next) { if (!req.user) return res.sendStatus(401); next(); }\n';
const table = `class Table {
  constructor(routes = []) { this.routes = routes; this.fill(); }
  fill() {}
  route(method, path, ...handlers) { this.routes.push({ method, path, handler: handlers[0] }); }
  mountOnto(app) { this.routes.forEach((route) => app[route.method.toLowerCase()](route.path, run(route.handler))); return app; }
  router() { return this.mountOnto(express.Router()); }
}
`;
const users =
  "class Users extends Table { fill() { this.route('POST', '/users', guard, (req) => 1); this.route('GET', '/users/:id', (req) => 2); } }\n";
const base = `class Controller {
  constructor() { this.app = Router(); }
  route(options) { this.app[options.method](options.path, permit(options.permission), options.handler.bind(this)); }
  get(path, handler, permission = 'NONE') { this.route({ method: 'get', path, handler, permission }); }
  post(path, handler, permission = 'NONE') { this.route({ method: 'post', path, handler, permission }); }
  use(path, router) { this.app.use(path, router); }
  useLimited(path, router, limit) { this.app.use(path, limit, router); }
  get router() { return this.app; }
}
function permit(permission) { return (req, res, next) => (req.may(permission) ? next() : res.sendStatus(403)); }
`;
const express = "import express, { Router } from 'express';\n";
const text = (...parts: string[]) => ({ 'a.js': express + parts.join('') });

describe('classes that keep routes', () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    [
      'a table of routes',
      text(guard, table, users, "const app = express();\napp.use('/api', new Users().router());\n"),
      ['POST /api/users: guard', 'GET /api/users/:id'],
    ],
    [
      'a table that is made of others',
      text(
        guard,
        table,
        users,
        'const app = express();\nconst routers = [new Users()];\nconst all = new Table(routers.reduce((memo, one) => memo.concat(one.routes), []));\napp.use(guard);\napp.use(all.router());\n',
      ),
      ['POST /users: guard, guard', 'GET /users/:id: guard'],
    ],
    ['a table that nobody mounts', text(guard, table, users), ['POST /users: guard ?', 'GET /users/:id ?']],
    [
      'a class of another kind',
      text('class Map { route(method, path, draw) { this.lines = 1; } }\nnew Map().route("GET", "/a", () => 1);\n'),
      [],
    ],
    [
      'a method that is no verb',
      text(
        guard,
        table,
        "class Users extends Table { fill() { this.route('FLY', '/users', (req) => 1); } }\nexpress().use(new Users().router());\n",
      ),
      [],
    ],
    [
      'controllers',
      text(
        guard,
        base,
        "class Users extends Controller { constructor() { super(); this.route({ method: 'post', path: '/users', handler: this.add, permission: 'ADMIN' }); this.route({ method: 'get', path: '/users', handler: this.all, permission: 'NONE' }); }\n  add(req, res) {}\n  all(req, res) {} }\nconst app = express();\napp.use('/api', new Users().router);\n",
      ),
      ['POST /api/users: permit', 'GET /api/users'],
    ],
    [
      'methods of controllers',
      text(
        guard,
        base,
        "class Users extends Controller { constructor() { super(); this.get('/users', this.all); this.post('/users', this.add, 'ADMIN'); }\n  add(req, res) {}\n  all(req, res) {} }\nconst app = express();\napp.use('/api', new Users().router);\n",
      ),
      ['GET /api/users', 'POST /api/users: permit'],
    ],
    [
      'controllers in controllers',
      text(
        guard,
        base,
        "class Users extends Controller { constructor() { super(); this.app.get('/me', (req, res) => 1); } }\nclass Files extends Controller { constructor() { super(); this.app.get('/', guard, (req, res) => 1); } }\nclass Api extends Controller { constructor() { super(); this.use('/users', new Users().router); this.useLimited('/files', new Files().router, guard); } }\nconst app = express();\napp.use('/api', new Api().router);\n",
      ),
      ['GET /api/users/me', 'GET /api/files/: guard, guard'],
    ],
    [
      'other methods of controllers',
      text(
        base,
        "class Users extends Controller { constructor() { super(); this.get('/users'); this.find('/users', () => 1); }\n  find() {} }\nexpress().use(new Users().router);\n",
      ),
      [],
    ],
    [
      'a class with a router of its own',
      text(
        'class Server { constructor() { this.app = express(); this.app.get("/a", (req, res) => 1); } }\nnew Server();\n',
      ),
      ['GET /a'],
    ],
  ])('%s', async (_, files, lines) => expect(await outline(files)).toEqual(lines));

  test('in several files', async () => {
    const files = {
      'controller.ts': `import { Router } from 'express';\nexport default ${base}`,
      'users.ts':
        "import Controller from './controller.js';\nexport class Users extends Controller {\n  constructor(config) {\n    super(config);\n    this.route({ method: 'get', path: '/', handler: this.all, permission: 'READ' });\n  }\n  async all(req, res) { res.json([]); }\n}\n",
      'app.ts':
        "import express from 'express';\nimport { Users } from './users.js';\nconst app = express();\napp.use('/users', new Users({}).router);\n",
    };
    expect(await outline(files)).toEqual(['GET /users/: permit']);
  });
});

describe('tables and computed methods', () => {
  const app = `${guard}const app = express();\n`;
  test.each<[string, string, readonly string[]]>([
    [
      'a table of objects',
      "const routes = [{ method: 'get', path: '/a', handler: (req, res) => 1 }, { method: 'post', path: '/b', handler: (req, res) => 2 }];\nroutes.forEach((r) => app[r.method](r.path, guard, r.handler));\n",
      ['GET /a: guard', 'POST /b: guard'],
    ],
    [
      'taken apart',
      "[{ method: 'get', path: '/a', run: (req, res) => 1 }].forEach(({ method, path, run }) => app[method](path, run));\n",
      ['GET /a'],
    ],
    [
      'a loop',
      "for (const route of [{ method: 'put', path: '/a', handler: (req, res) => 1 }]) app[route.method](route.path, route.handler);\n",
      ['PUT /a'],
    ],
    [
      'a table of lists',
      "for (const [method, path, handler] of [['get', '/a', (req, res) => 1], ['post', '/b', (req, res) => 2]]) app[method](path, handler);\n",
      ['GET /a', 'POST /b'],
    ],
    [
      'methods alone',
      "['get', 'post'].forEach((method) => app[method]('/a', guard, (req, res) => 1));\n",
      ['GET /a: guard', 'POST /a: guard'],
    ],
    ['upper case', "const METHOD = 'DELETE';\napp[METHOD.toLowerCase()]('/a', (req, res) => 1);\n", ['DELETE /a']],
    ['paths alone', "for (const path of ['/a', '/b']) app.get(path, (req, res) => 1);\n", ['GET /a', 'GET /b']],
    [
      'parameters',
      "function add(method, path, handler) { app[method](path, guard, handler); }\nadd('get', '/a', (req, res) => 1);\n",
      ['GET /a: guard'],
    ],
    [
      'a helper that is told the path',
      "function add(path, ...handlers) { app.get(path, guard, ...handlers); }\nadd('/a', (req, res) => 1);\nadd('/b', guard, (req, res) => 2);\n",
      ['GET /a: guard', 'GET /b: guard, guard'],
    ],
    [
      'a helper that takes its arguments apart',
      "const helpers = {};\nhelpers.add = function (...args) { const [router, name] = args; const before = args.length > 3 ? args[args.length - 2] : []; router.get(`/x${name}`, guard, args[args.length - 1]); };\nhelpers.add(app, '/a', (req, res) => 1);\nhelpers.add(app, '/b', [guard], (req, res) => 2);\n",
      ['GET /x/a: guard', 'GET /x/b: guard'],
    ],
    ['a method that cannot be told', "app[process.env.METHOD]('/a', (req, res) => 1);\n", []],
    ['a setting', "const key = 'locals';\napp[key]('/a', () => 1);\n", []],
    ['an array', "const list = [];\nlist[make()]('/a', () => 1);\n", []],
  ])('%s', async (_, code, lines) => expect(await outline({ 'a.js': `${express}${app}${code}` })).toEqual(lines));
});
