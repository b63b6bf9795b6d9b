/** Knows cases of forged requests in JavaScript and TypeScript, for the table of the check's test. */
import type { InvalidCase, ValidCase } from '../check-tester.ts';
import { bad, good } from '../marked.ts';

const express = "import express from 'express';\nimport session from 'express-session';\n";
const app = 'const app = express();\napp.use(session({ secret: process.env.SECRET }));\n';
const marked = app.replace('\n', ' // <-\n');
const change = "app.post('/email', (req, res) => { req.session.email = req.body.email; res.end(); });\n";

export const valid: readonly ValidCase[] = [
  good('csurf before the routes', {
    'src/a.js': `import csurf from 'csurf';\n${express}${app}app.use(csurf());\n${change}`,
  }),
  good('csrf-csrf', {
    'src/a.js': `import { doubleCsrf } from 'csrf-csrf';\n${express}const { doubleCsrfProtection } = doubleCsrf({ getSecret: () => process.env.X });\n${app}app.use(doubleCsrfProtection);\n${change}`,
  }),
  good('lusca', {
    'src/a.js': `import lusca from 'lusca';\n${express}${app}app.use(lusca({ csrf: true }));\n${change}`,
  }),
  good('each route has it', {
    'src/a.js': `import csurf from 'csurf';\nconst guard = csurf();\n${express}${app}app.post('/email', guard, (req, res) => res.end());\n`,
  }),
  good('the origin is asked for', {
    'src/a.js': `${express}${app}app.use((req, res, next) => {\n  if (req.headers.origin !== process.env.ORIGIN) return res.sendStatus(403);\n  next();\n});\n${change}`,
  }),
  good('a strict cookie', {
    'src/a.js':
      "import express from 'express';\nexport const set = (res, value) => res.cookie('session', value, { sameSite: 'strict' });\n",
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad('a session without protection', { 'src/a.js': `${express}${marked}${change}` }, 'missing', {
    confidence: 'high',
  }),
  bad(
    'a token that is compared with itself in JavaScript',
    {
      'src/a.js': `${express}const app = express();\napp.post('/email', (req, res) => {\n  if (req.body._csrf !== req.body._csrf) return res.sendStatus(403); // <-\n  res.end();\n});\n`,
    },
    'itself',
  ),
  bad(
    'after the route',
    { 'src/a.js': `import csurf from 'csurf';\n${express}${marked}${change}app.use(csurf());\n` },
    'missing',
  ),
  bad(
    'on one route only',
    {
      'src/a.js': `import csurf from 'csurf';\n${express}${marked}app.post('/name', csurf(), (req, res) => res.end());\n${change}`,
    },
    'missing',
  ),
  bad(
    'a token in a cookie',
    {
      'src/a.js': `import express from 'express';\nconst app = express(); // <-\napp.use((req, res, next) => {\n  req.user = check(req.cookies.token);\n  next();\n});\n${change}`,
    },
    'missing',
  ),
  bad(
    'a lax session',
    {
      'src/a.js': `${express}const app = express(); // <-\napp.use(session({ secret: process.env.SECRET, cookie: { sameSite: 'lax' } }));\n${change}`,
    },
    'missing',
    { confidence: 'low' },
  ),
  bad(
    'methods that are ignored',
    {
      'src/a.js': `import csurf from 'csurf';\n${express}${app}app.use(csurf({ ignoreMethods: ['GET', 'POST'] })); // <-\n${change}`,
    },
    'disabled',
  ),
  bad(
    'SameSite none',
    {
      'src/a.js':
        "import express from 'express';\nexport const set = (res, value) => res.cookie('session', value, { sameSite: 'none' }); // <-\n",
    },
    'sameSite',
  ),
];

export const notApplicable: readonly ValidCase[] = [
  {
    name: 'bearer tokens in JavaScript',
    files: {
      'src/a.js': `import express from 'express';\nconst app = express();\napp.use((req, res, next) => {\n  check(req.headers.authorization);\n  next();\n});\n${change.replace('req.session.email', 'req.user.email')}`,
    },
  },
  {
    name: 'a cookie for the language',
    files: {
      'src/a.js': `import express from 'express';\nconst app = express();\napp.post('/x', (req, res) => res.end(req.cookies.language));\n`,
    },
  },
];
