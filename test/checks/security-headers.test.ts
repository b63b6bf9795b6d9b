import { securityHeaders } from '../../src/checks/security-headers.ts';
import { testCheck } from '../check-tester.ts';
import * as js from './security-headers-js.ts';

const all = [
  ['Strict-Transport-Security', 'max-age=31536000'],
  ['Content-Security-Policy', "default-src 'self'; frame-ancestors 'none'"],
  ['X-Content-Type-Options', 'nosniff'],
  ['Referrer-Policy', 'no-referrer'],
] as const;
const lines = (object: string, indent: string) =>
  all.map(([name, value]) => `${indent}${object}["${name}"] = "${value}"\n`).join('');
const dict = `{${all.map(([name, value]) => `"${name}": "${value}"`).join(', ')}}`;
const flask = 'from flask import Flask\napp = Flask(__name__)\n';
const fast = 'from fastapi import FastAPI\napp = FastAPI()\n';
const middleware = `from starlette.middleware.base import BaseHTTPMiddleware\nclass Headers(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        response = await call_next(request)\n${lines('response.headers', '        ')}        return response\n`;
const one = (text: string) => ({ 'app/x.py': text });
const talisman = 'from flask import Flask\nfrom flask_talisman import Talisman\napp = Flask(__name__)\n';
const hook = (body: string) => `${flask}@app.after_request\ndef headers(response):\n${body}    return response\n`;
const django = (rest: string) =>
  one(
    `MIDDLEWARE = [\n    "django.middleware.security.SecurityMiddleware",\n    "django.middleware.clickjacking.XFrameOptionsMiddleware",\n${rest}`,
  );

const nginx = `server {\n  listen 443 ssl;\n${all.map(([name, value]) => `  add_header ${name} "${value}" always;\n`).join('')}  location / {\n    proxy_pass http://web:8000;\n  }\n}\n`;
const compose = (more = '') =>
  `services:\n  proxy:\n    image: nginx:1.27\n    ports: ["443:443"]\n  web:\n    build: .\n    command: uvicorn app.x:app\n${more}`;
const ingress =
  'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n    nginx.ingress.kubernetes.io/configuration-snippet: |\n' +
  all.map(([name, value]) => `      more_set_headers "${name}: ${value}";\n`).join('') +
  'spec:\n  ingressClassName: nginx\n  tls: [{hosts: [shop.example]}]\n  rules:\n    - host: shop.example\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend: {service: {name: web, port: {number: 80}}}\n';

const lineOf = (text: string, mark: string) => text.split('\n').findIndex((row) => row.includes(mark)) + 1;
const aiohttp = (answer: string, more = '') =>
  `from aiohttp import web\n${more}async def nodes(request):\n    return ${answer}\napp = web.Application() # <-\napp.router.add_get("/nodes", nodes)\n`;
const cookie = 'def login(response):\n    response.set_cookie("session", "1")\n    return response\n';
const starlette = (answer: string) =>
  `from starlette.applications import Starlette\nfrom starlette.responses import HTMLResponse, JSONResponse\nfrom starlette.routing import Route\nasync def nodes(request):\n    return ${answer}\napp = Starlette(routes=[Route("/nodes", nodes)]) # <-\n`;
const fastapi = (options: string) =>
  `from fastapi import FastAPI\napp = FastAPI(${options}) # <-\n@app.get("/nodes")\ndef nodes():\n    return {}\n`;

testCheck(securityHeaders, {
  valid: [
    {
      name: 'nginx in front of the service that compose builds',
      files: { ...one(fast), 'deploy/nginx.conf': nginx, 'compose.yaml': compose() },
      subjects: 1,
    },
    {
      name: 'nginx in front of the only application of a machine',
      files: { ...one(flask), 'deploy/nginx.conf': nginx.replace('web:8000', '127.0.0.1:8000') },
      subjects: 1,
    },
    {
      name: 'an Ingress in front of the only service',
      files: {
        'web/x.py': fast,
        'web/Dockerfile': 'FROM python:3.13-slim\nCOPY . /srv\nCMD ["uvicorn", "x:app"]\n',
        'deploy/web.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n        - {name: web, image: "registry.example/shop/web:1"}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8000}]}\n',
        'deploy/ingress.yaml': ingress,
      },
      subjects: 1,
    },
    {
      name: 'an application inside another one that sets them',
      files: one(
        `${middleware}${fast}inner = FastAPI()\n@inner.get("/")\ndef index():\n    return 1\napp.add_middleware(Headers)\napp.mount("/inner", inner)\n`,
      ),
    },
    ...js.valid,
    { name: 'Talisman', files: one(`${talisman}Talisman(app)\n`), subjects: 1 },
    { name: 'Talisman later', files: one(`${talisman}t = Talisman()\nt.init_app(app)\n`), subjects: 1 },
    { name: 'a hook', files: one(hook(lines('response.headers', '    '))) },
    {
      name: 'a hook that is passed',
      files: one(
        `${flask}def h(response):\n${lines('response.headers', '    ')}    return response\napp.after_request(h)\n`,
      ),
    },
    {
      name: 'a loop over a dictionary',
      files: one(`HEADERS = ${dict}\n${hook('    for k, v in HEADERS.items():\n        response.headers[k] = v\n')}`),
    },
    {
      name: 'update with a dictionary of another file',
      files: {
        'app/values.py': `HEADERS = ${dict}\n`,
        'app/x.py': `from app.values import HEADERS\n${hook('    response.headers.update(HEADERS)\n')}`,
      },
    },
    {
      name: 'setdefault',
      files: one(hook(all.map(([k, v]) => `    response.headers.setdefault("${k}", "${v}")\n`).join(''))),
    },
    {
      name: 'a middleware of another file',
      files: {
        'app/headers.py': middleware,
        'app/x.py': `from app.headers import Headers\n${fast}app.add_middleware(Headers)\n`,
      },
    },
    {
      name: 'a middleware function',
      files: one(
        `${fast}@app.middleware("http")\nasync def h(request, call_next):\n    response = await call_next(request)\n${lines('response.headers', '    ')}    return response\n`,
      ),
    },
    {
      name: 'a list of middleware',
      files: {
        'app/headers.py': middleware,
        'app/x.py':
          'from fastapi import FastAPI\nfrom starlette.middleware import Middleware\nfrom app.headers import Headers\napp = FastAPI(middleware=[Middleware(Headers)])\n',
      },
    },
    {
      name: 'a function that hardens the application',
      files: {
        'app/headers.py': `${middleware}\ndef harden(application):\n    application.add_middleware(Headers)\n`,
        'app/x.py': `from app.headers import harden\n${fast}harden(app)\n`,
      },
    },
    {
      name: 'an application made by a factory',
      files: {
        'app/make.py': 'from fastapi import FastAPI\n\ndef create():\n    app = FastAPI()\n    return app\n',
        'app/headers.py': middleware,
        'app/x.py':
          'from app.headers import Headers\nfrom app.make import create\napp = create()\napp.add_middleware(Headers)\n',
      },
    },
    {
      name: 'the secure package',
      files: one(`import secure\n${hook('    secure.Secure.with_default_headers().set_headers(response)\n')}`),
    },
    {
      name: 'a nonce',
      files: one(
        hook(lines('response.headers', '    ').replace("default-src 'self'", "script-src 'unsafe-inline' 'nonce-abc'")),
      ),
    },
    {
      name: 'a policy for which a nonce decides',
      files: one(
        hook(
          lines('response.headers', '    ').replace(
            "default-src 'self'",
            "script-src 'unsafe-inline' https: 'nonce-abc' 'strict-dynamic'",
          ),
        ),
      ),
    },
    {
      name: 'a part of a policy that may be a nonce',
      files: one(
        hook(
          lines('response.headers', '    ').replace(`"default-src 'self';`, `f"script-src 'unsafe-inline' {make()};`),
        ),
      ),
    },
    {
      name: 'settings of Django',
      files: django('    "csp.middleware.CSPMiddleware",\n]\nSECURE_HSTS_SECONDS = 31536000\n'),
    },
    {
      name: 'HSTS of Django from the environment',
      files: django(
        '    "csp.middleware.CSPMiddleware",\n]\nimport os\nSECURE_HSTS_SECONDS = int(os.environ["HSTS"])\n',
      ),
    },
  ],
  invalid: [
    ...[
      ['aiohttp for machines', aiohttp('web.json_response({})'), 'low'],
      ['aiohttp with a page', aiohttp('web.Response(text="<h1>Nodes</h1>", content_type="text/html")'), 'high'],
      ['aiohttp with a page from a constant', `PAGE = "<html></html>"\n${aiohttp('web.Response(text=PAGE)')}`, 'high'],
      ['aiohttp with files', `${aiohttp('web.json_response({})')}app.router.add_static("/s", "static")\n`, 'high'],
      ['aiohttp with a cookie', aiohttp('login(web.json_response({}))', cookie), 'high'],
      ['Starlette for machines', starlette('JSONResponse({})'), 'low'],
      ['Starlette with a page', starlette('HTMLResponse("<p>Nodes")'), 'high'],
      ['FastAPI for machines', fastapi('docs_url=None, redoc_url=None'), 'low'],
      ['FastAPI without a schema', fastapi('openapi_url=None'), 'low'],
      ['FastAPI with one documentation', fastapi('docs_url=None'), 'high'],
    ].map(([name, text, confidence]) => ({
      name: name!,
      files: one(text!),
      findings: [
        { message: 'none', at: `app/x.py:${lineOf(text!, '# <-')}`, confidence: confidence as 'low' | 'high' },
      ],
    })),
    ...[
      ['two openings', "script-src 'unsafe-inline' 'unsafe-eval'", 'be inline and use eval'],
      ['three openings', "default-src * 'unsafe-inline' 'unsafe-eval'", 'be inline, use eval and come from anywhere'],
      ['any encrypted host', "script-src 'self' https:", 'come from anywhere'],
    ].map(([name, policy, problem]) => ({
      name: name!,
      files: one(hook(lines('response.headers', '    ').replace("default-src 'self'", policy!))),
      findings: [{ message: 'weak', at: 'app/x.py:6', what: `scripts may ${problem}.` }],
    })),
    {
      name: 'a policy that only one branch opens',
      files: one(
        `import os\nEVAL = "'unsafe-eval'" if os.environ.get("DEV") else ""\n${hook(lines('response.headers', '    ').replace(`"default-src 'self';`, `f"script-src 'self' {EVAL};`))}`,
      ),
      findings: [{ message: 'weak', at: 'app/x.py:8', confidence: 'low' }],
    },
    {
      name: 'nginx in front of an application that can be reached past it',
      files: {
        ...one(fast),
        'deploy/nginx.conf': nginx,
        'compose.yaml': compose('    ports: ["8000:8000"]\n'),
      },
      findings: [{ message: 'none', at: 'app/x.py:2' }],
    },
    {
      name: 'nginx in front of another application',
      files: {
        ...one(fast),
        'deploy/nginx.conf': nginx.replace('web:8000', 'shop:8000'),
        'compose.yaml': compose(),
      },
      findings: [{ message: 'none', at: 'app/x.py:2' }],
    },
    {
      name: 'the rest at the edge',
      files: {
        ...one(flask),
        'deploy/nginx.conf': nginx.replace('web:8000', '127.0.0.1:8000').replace(/ {2}add_header Referrer.*\n/, ''),
      },
      findings: [{ message: 'missing', at: 'app/x.py:2' }],
    },
    {
      name: 'one finding for an application and those inside it',
      files: one(
        `${fast}inner = FastAPI()\n@inner.get("/")\ndef index():\n    return 1\n@app.middleware("http")\nasync def headers(request, call_next):\n    response = await call_next(request)\n    response.headers["X-Frame-Options"] = "DENY"\n    return response\napp.mount("/inner", inner)\n`,
      ),
      findings: [{ message: 'missing', at: 'app/x.py:2' }],
    },
    ...js.invalid,
    { name: 'Flask without any', files: one(flask), findings: [{ message: 'none', at: 'app/x.py:2' }] },
    {
      name: 'FastAPI without any',
      files: one(`${fast}@app.get("/")\ndef f():\n    return 1\n`),
      findings: [{ message: 'none', at: 'app/x.py:2' }],
    },
    {
      name: 'CORS is another matter',
      files: one(
        `from starlette.middleware.cors import CORSMiddleware\n${fast}app.add_middleware(CORSMiddleware, allow_origins=["*"])\n`,
      ),
      findings: [{ message: 'none', at: 'app/x.py:3' }],
    },
    {
      name: 'a middleware that is never added',
      files: { 'app/headers.py': middleware, 'app/x.py': `from app.headers import Headers\n${fast}` },
      findings: [{ message: 'none', at: 'app/x.py:3' }],
    },
    {
      name: 'one route only',
      files: one(
        `${flask}@app.get("/")\ndef f():\n    response = make()\n${lines('response.headers', '    ')}    return response\n`,
      ),
      findings: [{ message: 'none', at: 'app/x.py:2' }],
    },
    {
      name: 'a typing error',
      files: one(hook(lines('response.headers', '    ').replace('X-Content-Type-Options', 'X-Content-Type-Option'))),
      findings: [{ message: 'missing', at: 'app/x.py:2', severity: 'low' }],
    },
    {
      name: 'another application',
      files: { 'app/a.py': `${talisman}Talisman(app)\n`, 'app/b.py': flask },
      findings: [{ message: 'none', at: 'app/b.py:2' }],
    },
    {
      name: 'a short HSTS',
      files: one(hook(lines('response.headers', '    ').replace('31536000', '300'))),
      findings: [{ message: 'weak', at: 'app/x.py:5' }],
    },
    {
      name: 'inline scripts',
      files: one(
        hook(lines('response.headers', '    ').replace("default-src 'self'", "script-src 'self' 'unsafe-inline'")),
      ),
      findings: [{ message: 'weak', at: 'app/x.py:6' }],
    },
    {
      name: 'scripts from anywhere',
      files: one(hook(lines('response.headers', '    ').replace("default-src 'self'", 'default-src *'))),
      findings: [{ message: 'weak', at: 'app/x.py:6' }],
    },
    {
      name: 'scripts with eval',
      files: one(hook(lines('response.headers', '    ').replace("default-src 'self'", "script-src 'unsafe-eval'"))),
      findings: [{ message: 'weak', at: 'app/x.py:6' }],
    },
    {
      name: 'ALLOWALL',
      files: one(hook(`${lines('response.headers', '    ')}    response.headers["X-Frame-Options"] = "ALLOWALL"\n`)),
      findings: [{ message: 'weak', at: 'app/x.py:9' }],
    },
    {
      name: 'unsafe-url',
      files: one(hook(lines('response.headers', '    ').replace('no-referrer', 'unsafe-url'))),
      findings: [{ message: 'weak', at: 'app/x.py:8' }],
    },
    {
      name: 'Talisman without a policy',
      files: one(`${talisman}Talisman(app, content_security_policy=None)\n`),
      findings: [{ message: 'disabled', at: 'app/x.py:4' }],
    },
    { name: 'Django without HSTS', files: django(']\n'), findings: [{ message: 'missing', at: 'app/x.py:1' }] },
    {
      name: 'Django with HSTS of no time',
      files: django('    "csp.middleware.CSPMiddleware",\n]\nSECURE_HSTS_SECONDS = 0\n'),
      findings: [{ message: 'missing', at: 'app/x.py:1' }],
    },
  ],
  notApplicable: [
    {
      name: 'an application that a script tries out in its own process',
      files: one(
        'from fastapi import FastAPI\nfrom httpx import ASGITransport, AsyncClient\nfrom shop import router\nasync def main():\n    app = FastAPI()\n    app.include_router(router)\n    async with AsyncClient(transport=ASGITransport(app=app)) as client:\n        await client.get("/")\n',
      ),
    },
    ...js.notApplicable,
    {
      name: 'a library',
      files: one('import requests\n\ndef app():\n    return requests.get("https://example.org")\n'),
    },
    { name: 'an example in a docstring', files: one('"""\nfrom flask import Flask\napp = Flask(__name__)\n"""\n') },
    { name: 'a blueprint alone', files: one('from flask import Blueprint\nbp = Blueprint("x", __name__)\n') },
  ],
  unknown: [
    ...js.unknown,
    {
      name: 'a middleware from elsewhere',
      files: one(
        `from company.web import SecurityHeadersMiddleware\n${fast}app.add_middleware(SecurityHeadersMiddleware)\n`,
      ),
    },
    {
      name: 'names read at run time',
      files: one(
        hook(
          '    import json\n    for k, v in json.load(open("headers.json")).items():\n        response.headers[k] = v\n',
        ),
      ),
    },
  ],
});
