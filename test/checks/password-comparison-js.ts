/** Knows cases of compared secrets in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad, good } = inFile('src/a.ts', 'operator');

export const invalid: readonly InvalidCase[] = [
  bad(
    'JavaScript: methods that compare',
    "export function f(req, config, signature, expectedSignature) {\n  if (req.password.localeCompare(config.value) === 0) return 1; // <-\n  if (!Buffer.compare(Buffer.from(req.token), Buffer.from(config.token))) return 2; // <-\n  if (Buffer.from(signature, 'hex').equals(config.mac)) return 3; // <-\n  return signature.startsWith(expectedSignature); // <-\n}\n",
  ),
  bad(
    'JavaScript: keys for maintenance and codes that are confirmed',
    'export function f(info, config) {\n  return info.maintenanceKey === config.maintenanceKey; // <-\n}\nexport function confirmCode(input, pending) {\n  if (input.token !== pending.row.token) throw new Error(); // <-\n}\n',
  ),
  bad(
    'JavaScript: the same two values again',
    'export function f(a, b) {\n  if (a.secret === b.value) one(); // <-\n  if (a.secret === b.value) two();\n}\nexport function g(a, token) {\n  return a.recovery[0] === token || a.recovery[1] === token; // <-\n}\n',
  ),
  bad(
    'JavaScript: an authorizer that is handed over',
    "import { server } from './server.js';\nserver.use((name, password) => password === server.config.password); // <-\nserver.check(() => server.password === server.config.value); // <-\n",
  ),
  bad(
    'JavaScript: a question whose answer decides',
    'function only(ask) {\n  if (!ask()) throw new Error();\n}\nexport function f(user, given) {\n  only(() => user.password === given); // <-\n}\n',
  ),
  bad(
    'JavaScript: a placeholder that is let in',
    "const DEFAULT_PASSWORD = 'guest-2024';\nexport function f(password) {\n  if (password !== 'guest-2024') throw new Error(); // <-\n  return password === 'hunter2'; // <-\n}\n",
    'literal',
  ),
  bad(
    'JavaScript: what a verified token holds',
    "import jwt from 'jsonwebtoken';\nexport function f(given, key, expected) {\n  const payload = jwt.verify(given, key);\n  return payload.licenceToken === expected.licenceToken; // <-\n}\n",
    'operator',
    { confidence: 'low' },
  ),
  bad(
    'JavaScript: a session that takes another token over',
    'export function f(req, config, session) {\n  if (req.token === config.token) session.token = req.token; // <-\n}\n',
  ),
];

export const none: readonly ValidCase[] = [
  good(
    'JavaScript: a known value is refused',
    "const ZERO_PRIVATE_KEY = '0x0001';\nexport function f() {\n  if (!process.env.PRIVATE_KEY || process.env.PRIVATE_KEY === ZERO_PRIVATE_KEY) return 'missing';\n  if (process.env.API_KEY === 'first-key-1') throw new Error('set API_KEY');\n  return process.env.API_KEY === 'your-api-key' || process.env.API_KEY === '';\n}\n",
  ),
  good(
    'JavaScript: a score that is kept',
    'function solve(name, ask) {\n  if (ask()) console.log(name);\n}\nexport function f(req) {\n  solve("weak", () => req.body.password === "admin123");\n  solve("other", () => { return req.body.password === hash("x"); });\n}\n',
  ),
  good(
    'JavaScript: what has changed',
    'export class Client {\n  use(accessToken) {\n    if (this.accessToken !== accessToken) {\n      this.accessToken = accessToken;\n    }\n  }\n}\nexport async function update(rows, input) {\n  const row = await rows.find(input.id);\n  if (row.password !== input.password) {\n    row.hash = await bcrypt.hash(input.password, 12);\n  }\n}\nexport async function store(rows, passwordHash) {\n  const row = await rows.save(passwordHash);\n  if (row.password !== passwordHash) throw new Error();\n}\n',
  ),
  good(
    'JavaScript: orders, beginnings and links',
    "export function f(rows, token, signature, passwordLink, url) {\n  rows.sort((a, b) => a.token.localeCompare(b.token));\n  rows.sort((a, b) => Buffer.compare(a.secret, b.secret));\n  return token.startsWith(url) || signature.startsWith('sha256=') || signature.startsWith(signaturePrefix()) || passwordLink === url;\n}\n",
  ),
  {
    name: 'JavaScript: names of settings and errors, fields of a form',
    files: {
      'src/settings.ts': "export enum Setting { GOOGLE_CLIENT_SECRET = 'GOOGLE_CLIENT_SECRET' }\n",
      'src/errors.ts': "export const INFRA_TOKEN_CREATOR_NOT_FOUND = 'infra_token/creator_not_found';\n",
      'src/a.ts':
        "import { Setting } from './settings.js';\nimport { INFRA_TOKEN_CREATOR_NOT_FOUND } from './errors.js';\nenum Key { RESET_SECRET = 'RESET_SECRET' }\nexport function f(name, error, password) {\n  switch (name) {\n    case Setting.GOOGLE_CLIENT_SECRET:\n      return 1;\n    case Key.RESET_SECRET:\n      return 2;\n  }\n  return error === INFRA_TOKEN_CREATOR_NOT_FOUND || password === $('#username').val();\n}\n",
    },
  },
];
