import { describe, expect, test } from '@jest/globals';
import type { Check } from '../../src/check.ts';
import { apiKeyExposure } from '../../src/checks/api-key-exposure.ts';
import { flaskSecretKey } from '../../src/checks/flask-secret-key.ts';
import { passwordComparison } from '../../src/checks/password-comparison.ts';
import { passwordHashing } from '../../src/checks/password-hashing.ts';
import { subprocessValidation } from '../../src/checks/subprocess-validation.ts';
import { unsafeDeserialization } from '../../src/checks/unsafe-deserialization.ts';
import { Lines } from '../../src/facts/span.ts';
import { type Files, scanFiles } from '../scan-files.ts';

type Row = readonly [name: string, text: string, more?: Files];

/** Files of JavaScript with `// <- message` at the end of each line that has a finding, and of no other. */
function judges(check: Check, rows: readonly Row[]): void {
  describe(check.id, () => {
    test.each(rows.map(([name, text, more]) => [name, { 'src/x.ts': text, ...more }] as const))(
      '%s',
      async (_, tree) => {
        const files: Files = tree;
        const { judgement, notifications } = await scanFiles(check, files);
        expect(notifications.filter((one) => one.level !== 'note')).toEqual([]);
        const found = judgement.findings.map(({ finding }) => {
          const { path, span } = finding.place;
          const low = finding.confidence === 'low' ? ' low' : '';
          return `${path}:${new Lines(files[path]!).position(span.start).line} ${finding.message}${low}`;
        });
        const expected = Object.entries(files).flatMap(([path, content]) =>
          content.split('\n').flatMap((row, i) => {
            const message = /\/\/ <- (.+)$/.exec(row)?.[1];
            return message === undefined ? [] : [`${path}:${i + 1} ${message}`];
          }),
        );
        expect(found.sort()).toEqual(expected.sort());
      },
    );
  });
}

const CP = "import { exec, execFile, spawn } from 'node:child_process';\n";

judges(subprocessValidation, [
  ['a template', `${CP}export function f(n) {\n  exec(\`ls \${n}\`); // <- shell\n}`],
  ['require', "const cp = require('child_process');\ncp.execSync('ls ' + process.argv[2]); // <- shell"],
  [
    'a destructured require',
    "const { exec: run } = require('child_process');\nmodule.exports = (n) => run('ls ' + n); // <- shell",
  ],
  [
    'a promise of it',
    `${CP}import { promisify } from 'util';\nconst run = promisify(exec);\nexport const f = async (n) => {\n  await run('ls ' + n); // <- shell\n};`,
  ],
  ['a request of Express', `${CP}app.get('/', (req, res) => {\n  exec('ping ' + req.query.host); // <- request\n});`],
  [
    'a destructured request',
    `${CP}app.get('/', ({ query }, res) => {\n  const { host } = query;\n  exec('ping ' + host); // <- request\n});`,
  ],
  ['a request of Koa', `${CP}router.post('/', async (ctx) => {\n  exec(ctx.request.body.cmd); // <- request\n});`],
  [
    'a request of Next.js',
    `${CP}import { NextRequest } from 'next/server';\nexport async function POST(r: NextRequest) {\n  const { cmd } = await r.json();\n  exec(cmd); // <- request\n}`,
  ],
  ['a request of Hono', `${CP}app.get('/', (c) => {\n  exec(c.req.query('cmd')); // <- request\n});`],
  [
    'a parameter of Nest',
    `${CP}@Controller()\nexport class C {\n  @Post()\n  run(@Body() body: { cmd: string }) {\n    exec(body.cmd); // <- request\n  }\n}`,
  ],
  [
    'a stream of a request',
    `${CP}http.createServer((req, res) => {\n  let body = '';\n  req.on('data', (part) => { body += part; });\n  req.on('end', () => {\n    exec(body); // <- request\n  });\n});`,
  ],
  [
    'the event of a cloud function',
    `${CP}exports.handler = async (event) => {\n  exec('ls ' + event.name); // <- request\n};`,
  ],
  [
    'a helper in another module',
    'import { run } from "./run";\napp.get("/", (req) => run(req.body.cmd));',
    { 'src/run.ts': `${CP}export const run = (cmd) => {\n  exec(cmd); // <- request\n};` },
  ],
  [
    'a method of a service',
    'import { Runner } from "./run";\nexport class C {\n  constructor(private readonly runner: Runner) {}\n  go(@Query("q") q) { this.runner.run(q); }\n}',
    { 'src/run.ts': `${CP}export class Runner {\n  run(cmd: string) {\n    exec(cmd); // <- request\n  }\n}` },
  ],
  ['spawn with a shell', `${CP}export const f = (n) => spawn('ls', [n], { shell: true }); // <- shell`],
  ['a shell as the program', `${CP}export const f = (n) => spawn('sh', ['-c', 'ls ' + n]); // <- shell`],
  ['the program from a request', `${CP}app.get('/', (req) => execFile(req.query.tool, [])); // <- request`],
  ['an option from a request', `${CP}app.get('/', (req) => execFile('git', ['log', req.query.ref])); // <- option`],
  ['an address to clone', `${CP}export const f = (url) => spawn('git', ['clone', url]); // <- option low`],
  ['shelljs', "import shell from 'shelljs';\nexport const f = (n) => shell.exec('ls ' + n); // <- shell"],
  [
    'execa',
    "import { execa, execaCommand } from 'execa';\nexport const f = (n) => execa('ls ' + n, { shell: true }); // <- shell",
  ],
  [
    'a rest of the request',
    `${CP}app.get('/', (req) => {\n  const { a, ...rest } = req.body;\n  exec('ls ' + rest.b); // <- request\n});`,
  ],
  [
    'constants',
    `${CP}const dir = '/tmp';\nexec('ls ' + dir);\nexec(\`ls \${dir}\`);\nspawn('ls', ['-l', process.argv[2]]);`,
  ],
  [
    'constants in a loop',
    `${CP}['a', 'b'].forEach((n) => exec('ls ' + n));\nfor (const n of ['a', 'b']) exec('ls ' + n);`,
  ],
  [
    'numbers',
    `${CP}app.get('/', (req) => exec('kill ' + Number(req.query.pid)));\nexport const f = (n: number) => exec('kill ' + n);`,
  ],
  [
    'an allow-list',
    `${CP}const allowed = ['a', 'b'];\napp.get('/', (req) => {\n  const { n } = req.query;\n  if (!allowed.includes(n)) return;\n  exec('ls ' + n);\n});`,
  ],
  [
    'a pattern',
    `${CP}app.get('/', (req) => {\n  const n = req.query.n;\n  if (!/^[a-z]+$/.test(n)) throw new Error('n');\n  exec('ls ' + n);\n});`,
  ],
  ['quoted', `${CP}import { quote } from 'shell-quote';\nexport const f = (n) => exec('ls ' + quote([n]));`],
  ['the folder of the program', `${CP}exec(\`\${process.execPath} \${__dirname}/x.js\`, { cwd: process.cwd() });`],
  [
    'other things of the same name',
    'const m = /a/.exec(text);\ndb.exec("x" + m);\nspawn(machine);\nclass A { exec(x) {} }\nnew A().exec("ls " + m);',
  ],
]);

judges(flaskSecretKey, [
  [
    'a key that is decoded',
    `import crypto from 'node:crypto';\nexport const f = (secret) => crypto.createHmac('sha256', Buffer.from(secret, 'base64')).update('x').digest('hex');`,
  ],
  ['the beginning of keys', 'export default { prefix: { clientSecret: "app_" } };'],
  [
    'a token',
    "import jwt from 'jsonwebtoken';\nexport const f = (u) => jwt.sign({ id: u.id }, 'abc123'); // <- literal",
  ],
  [
    'a token of jose',
    "const { JWT, JWK } = require('jose');\nconst key = 'abc123';\nJWT.sign({}, JWK.asKey(key)); // <- literal",
  ],
  [
    'a token of new jose',
    "import { jwtVerify } from 'jose';\nexport const f = (t) => jwtVerify(t, new TextEncoder().encode('abc123')); // <- literal",
  ],
  [
    'a fallback',
    "import jwt from 'jsonwebtoken';\nconst key = process.env.JWT_SECRET || 'abc123';\njwt.sign({}, key); // <- fallback",
  ],
  [
    'a nullish fallback of another file',
    "import { key } from './config';\nimport jwt from 'jsonwebtoken';\njwt.sign({}, key); // <- fallback",
    { 'src/config.ts': "export const key = process.env.KEY ?? 'abc123';" },
  ],
  [
    'a session',
    "import session from 'express-session';\napp.use(session({ resave: false, secret: 'abc123' })); // <- literal",
  ],
  [
    'a session with several',
    "import session from 'express-session';\napp.use(session({ secret: ['abc123', 'def'] })); // <- literal",
  ],
  ['cookies', "import cookieParser from 'cookie-parser';\napp.use(cookieParser('abc123')); // <- literal"],
  [
    'keys of cookies',
    "import cookies from 'cookie-session';\napp.use(cookies({ keys: ['abc123', 'def'] })); // <- literal",
  ],
  [
    'passport',
    "import { Strategy } from 'passport-jwt';\npassport.use(new Strategy({ secretOrKey: 'abc123' }, verify)); // <- literal",
  ],
  [
    'a member',
    "import jwt from 'jsonwebtoken';\nclass A {\n  private secret = 'abc123'; // <- literal\n  sign(p) { return jwt.sign(p, this.secret); }\n}",
  ],
  ['an object of settings', "export default { jwtSecret: 'abc123' }; // <- literal"],
  ['guessable', "import jwt from 'jsonwebtoken';\nconst key = Math.random();\njwt.sign({}, key); // <- weakRandom"],
  [
    'the environment',
    "import jwt from 'jsonwebtoken';\njwt.sign({}, process.env.KEY);\napp.use(session({ secret: process.env.S! }));",
  ],
  [
    'a service of settings',
    "import jwt from 'jsonwebtoken';\nclass A {\n  constructor(private config: ConfigService) {}\n  f() { return jwt.sign({}, this.config.get('JWT_SECRET')); }\n}",
  ],
  [
    'a token read with a public key',
    "import jwt from 'jsonwebtoken';\nconst publicKey = fs ? fs.read() : 'abc123';\nexport const f = (t) => jwt.verify(t, publicKey);",
  ],
  ['a public key', "const publicKey = 'abc123';\napp.use(expressJwt({ secret: publicKey }));"],
  ['the name of a cookie', "class A { bannerCookieKey = 'banner_seen'; }"],
  ['an enumeration', "enum Kind { Public = 'public', Secret = 'secret' }"],
]);

const CRYPTO = "import crypto from 'node:crypto';\n";

judges(passwordHashing, [
  [
    'lists of leaked passwords',
    `${CRYPTO}export const f = (password) => {\n  const all = crypto.createHash('sha1').update(password).digest('hex').toUpperCase();\n  return fetch(all.slice(0, 5));\n};`,
  ],
  [
    'a digest',
    `${CRYPTO}export const f = (password) => crypto.createHash('sha256').update(password).digest('hex'); // <- fast`,
  ],
  [
    'a digest in steps',
    `${CRYPTO}export function f(user) {\n  const h = crypto.createHash('md5'); // <- fast\n  h.update(user.password);\n  return h.digest('hex');\n}`,
  ],
  ['a package', "import md5 from 'md5';\nuser.password = md5(req.body.password); // <- fast"],
  [
    'crypto-js',
    "import CryptoJS from 'crypto-js';\nexport const f = (password) => CryptoJS.SHA256(password).toString(); // <- fast",
  ],
  [
    'a MAC as a hash',
    `${CRYPTO}export const f = (password) => crypto.createHmac('sha256', salt).update(password).digest('hex'); // <- fast`,
  ],
  [
    'a helper',
    `import { hash } from './h';\nexport const f = (req) => save({ password: hash(req.body.password) });`,
    {
      'src/h.ts': `${CRYPTO}export const hash = (data: string) =>\n  crypto.createHash('sha1').update(data).digest('hex'); // <- fast`,
    },
  ],
  ['a low cost', "import bcrypt from 'bcrypt';\nexport const f = (password) => bcrypt.hash(password, 4); // <- rounds"],
  [
    'few rounds',
    `${CRYPTO}export const f = (password, salt) => crypto.pbkdf2Sync(password, salt, 1000, 64, 'sha512'); // <- rounds`,
  ],
  [
    'a constant salt',
    `${CRYPTO}export const f = (password) => crypto.pbkdf2Sync(password, 'salt', 600000, 64, 'sha512'); // <- salt`,
  ],
  [
    'bcrypt',
    "import bcrypt from 'bcryptjs';\nexport const f = async (password) => bcrypt.hash(password, await bcrypt.genSalt(12));",
  ],
  ['scrypt', `${CRYPTO}export const f = (password, salt) => crypto.scryptSync(password, salt, 64);`],
  [
    'other digests',
    `${CRYPTO}export const etag = (body) => crypto.createHash('sha1').update(body).digest('hex');\ncrypto.createHash('sha256').update(token);\ncrypto.createHmac('sha256', password).update(body);`,
  ],
]);

judges(passwordComparison, [
  ['a member of an enumeration', 'switch (how) { case Method.ApiKey: f(); }'],
  ['a token', 'export const f = (req) => req.headers.token === process.env.API_TOKEN; // <- operator'],
  ['an optional one', 'if (user?.apiKey !== req.get("x-api-key")) throw new Error(); // <- operator'],
  [
    'a MAC',
    `${CRYPTO}export function f(req) {\n  const mac = crypto.createHmac('sha256', key).update(req.body).digest('hex');\n  if (mac === req.headers.a) return 1; // <- operator\n  return \`sha256=\${mac}\` === req.headers.x; // <- operator\n}`,
  ],
  ['a literal', 'if (req.body.password === "hunter2") login(); // <- literal'],
  ['a wrapper', 'function safeEqual(a, b) {\n  return a === b; // <- wrapper\n}\nsafeEqual(token, x);'],
  [
    'in constant time',
    `${CRYPTO}export const f = (a, b) => crypto.timingSafeEqual(Buffer.from(a.token), Buffer.from(b.token));`,
  ],
  ['a repetition', 'if (password !== confirmPassword || password !== form.passwordRepeat) fail();'],
  [
    'what is there',
    'if (token === undefined || typeof token === "string" || password === "" || password.length === 0) f();',
  ],
  ['settings', 'export function check({ masterKey, readKey }) { if (masterKey === readKey) throw new Error(); }'],
  ['tokens of devices', 'if (row.deviceToken === this.data.deviceToken) f();'],
  ['public ones', 'if (req.body.privateKey === publicKey || req.body.privateKey === address) f();'],
]);

judges(unsafeDeserialization, [
  [
    'a request',
    "const s = require('node-serialize');\napp.get('/', (req) => s.unserialize(req.cookies.profile)); // <- request",
  ],
  [
    'a decoded request',
    "import { unserialize } from 'node-serialize';\napp.get('/', (req) => {\n  const text = Buffer.from(req.cookies.profile, 'base64').toString();\n  return unserialize(text); // <- request\n});",
  ],
  [
    'something',
    "import serialize from 'serialize-to-js';\nexport const f = (data) => serialize.deserialize(data); // <- unsafe",
  ],
  ['JSON', 'app.get("/", (req) => JSON.parse(req.body));\nclass A { deserialize(x) {} }\nnew A().deserialize(x);'],
]);

judges(apiKeyExposure, [
  ['a log of the console', 'export function f(user) {\n  console.log(`login ${user.password}`); // <- logged\n}'],
  [
    'a log',
    "import winston from 'winston';\nexport const f = (apiKey) => winston.info('key', { apiKey }); // <- logged",
  ],
  [
    'a whole account in a token',
    "import jwt from 'jsonwebtoken';\nUsers.findOne({ id }, (error, user) => {\n  jwt.sign(user, key); // <- token\n});",
  ],
  [
    'a password in a token',
    "import jwt from 'jsonwebtoken';\nexport const f = (u) => jwt.sign({ id: u.id, password: u.password }, key); // <- token",
  ],
  [
    'what is meant',
    "import jwt from 'jsonwebtoken';\nexport const f = (user) => jwt.sign({ id: user.id }, key);\nconsole.log('no password given', user.password.length);",
  ],
]);
