/** Knows cases of servers that only their own machine reaches, and look-alikes, for the table of the check's test. */
import type { Expected, InvalidCase, ValidCase } from '../check-tester.ts';

const served = (start: string) =>
  `import argparse\nimport os\nfrom http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer\nclass Probe(BaseHTTPRequestHandler):\n    def do_GET(self):\n        if self.path == "/metrics":  # <-\n            self.send_response(200)\n${start}`;
const fast = (start: string) =>
  `import os\nimport uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n@app.post("/shutdown")  # <-\ndef shutdown():\n    return 1\n${start}`;
const io = (start: string, path = '/metrics') =>
  `from aiohttp import web\nasync def show(request):\n    return web.Response(text="up 1")\nasync def main(host="127.0.0.1"):\n    app = web.Application()\n    app.router.add_get("${path}", show)  # <-\n    runner = web.AppRunner(app)\n${start}`;
const options =
  'def main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument("--host", default="HOST")\n    args = parser.parse_args()\n    ThreadingHTTPServer((args.host, 8000), Probe).serve_forever()\n';
const express =
  "import express from 'express';\nimport { createServer } from 'node:http';\nconst app = express();\napp.post('/shutdown', (req, res) => res.end()); // <-\n";

const lineOf = (files: Readonly<Record<string, string>>) => {
  const [path, text] = Object.entries(files)[0]!;
  return `${path}:${text.split('\n').findIndex((row) => row.includes('<-')) + 1}`;
};
const bad = (name: string, files: Readonly<Record<string, string>>, more: Partial<Expected> = {}): InvalidCase => ({
  name: `servers: ${name}`,
  files,
  findings: [{ message: 'unguarded', at: lineOf(files), ...more }],
});
const good = (name: string, files: Readonly<Record<string, string>>): ValidCase => ({
  name: `servers: ${name}`,
  files,
  subjects: 1,
});
const image = (command: string) => `FROM python:3.13\nCOPY . .\nCMD ${command}\n`;

export const valid: readonly ValidCase[] = [
  good('http.server on the loopback address', {
    'app/x.py': served('HTTPServer(("127.0.0.1", 9000), Probe).serve_forever()\n'),
  }),
  good('a subclass of the handler on the loopback address', {
    'app/x.py': served('class Loud(Probe):\n    pass\nHTTPServer(("localhost", 9000), Loud).serve_forever()\n'),
  }),
  good('a port that the system chooses', { 'app/x.py': served('HTTPServer(("0.0.0.0", 0), Probe).serve_forever()\n') }),
  good('an option whose default is the loopback address', {
    'app/x.py': served(options.replace('HOST', '127.0.0.1')),
  }),
  good('an address from the environment or the loopback address', {
    'app/x.py': fast('uvicorn.run(app, host=os.getenv("HOST", "127.0.0.1"), port=8000)\n'),
  }),
  good('an application by its name', { 'app/x.py': fast('uvicorn.run("app.x:app", host="127.0.0.1")\n') }),
  good('aiohttp on the loopback address', { 'app/x.py': io('    await web.TCPSite(runner, host, 8000).start()\n') }),
  good('Express on the loopback address', { 'src/x.js': `${express}app.listen(3000, '127.0.0.1', () => {});\n` }),
  good('Express inside a server on the loopback address', {
    'src/x.js': `${express}createServer(app).listen({ port: 3000, host: 'localhost' });\n`,
  }),
  good('an image that runs the script whose address is fixed', {
    'app/x.py': served('HTTPServer(("127.0.0.1", 9000), Probe).serve_forever()\n'),
    Dockerfile: image('["python", "app/x.py"]'),
  }),
];

export const invalid: readonly InvalidCase[] = [
  bad(
    'http.server for everybody',
    { 'app/x.py': served('HTTPServer(("", 9000), Probe).serve_forever()\n') },
    { confidence: 'medium' },
  ),
  bad('one of two servers is for everybody', {
    'app/x.py': served(
      'HTTPServer(("127.0.0.1", 9000), Probe).serve_forever()\nHTTPServer(("0.0.0.0", 9001), Probe).serve_forever()\n',
    ),
  }),
  bad('another handler is on the loopback address', {
    'app/x.py': served(
      'class Other(BaseHTTPRequestHandler):\n    pass\nHTTPServer(("127.0.0.1", 9000), Other).serve_forever()\n',
    ),
  }),
  bad('an option whose default is everybody', { 'app/x.py': served(options.replace('HOST', '0.0.0.0')) }),
  bad('an address from the environment or everybody', {
    'app/x.py': fast('uvicorn.run(app, host=os.getenv("HOST", "0.0.0.0"), port=8000)\n'),
  }),
  bad('an address that cannot be told', {
    'app/x.py': fast('from company import host\nuvicorn.run(app, host=host)\n'),
  }),
  bad('aiohttp for everybody', { 'app/x.py': io('    await web.TCPSite(runner, "0.0.0.0", 8000).start()\n') }),
  bad('an image gives the script another address', {
    'app/x.py': fast('uvicorn.run(app, host=os.getenv("HOST", "127.0.0.1"))\n'),
    Dockerfile: image('["python", "-m", "app.x"]'),
  }),
  bad('an image starts the application by itself', {
    'app/x.py': fast('uvicorn.run(app, host="127.0.0.1")\n'),
    Dockerfile: image('uvicorn app.x:app --host 0.0.0.0'),
  }),
  bad(
    'metrics of Express inside a server of the module',
    {
      'src/x.js': `${express.replace("post('/shutdown'", "get('/metrics'")}const server = createServer(app);\nexport async function start() {\n  server.listen(process.env.PORT ?? 3000, () => stop(server));\n}\nexport function stop(server) {}\n`,
    },
    { confidence: 'medium' },
  ),
  bad(
    'metrics of a set-up that a second application shares, which is never started',
    {
      'src/x.js':
        "import express from 'express';\nfunction setUp(app) {\n  app.get('/metrics', (req, res) => res.end()); // <-\n}\nconst app = express();\nsetUp(app);\napp.listen(3000);\nexport function again() {\n  const other = express();\n  setUp(other);\n  return other;\n}\n",
    },
    { confidence: 'medium' },
  ),
  bad('Express for everybody', { 'src/x.js': `${express}app.listen(3000, () => {});\n` }),
  {
    name: 'servers: an image starts the application by a name of its package',
    files: {
      'app/x.py': fast('uvicorn.run(app, host="127.0.0.1")\n'),
      'web/__init__.py': 'from app.x import app\n',
      Dockerfile: image('uvicorn web:app --host 0.0.0.0'),
    },
    findings: [{ message: 'unguarded', at: 'app/x.py:5' }],
  },
  bad(
    'metrics of an application that nothing starts are for review',
    {
      'app/x.py':
        'from fastapi import FastAPI\napp = FastAPI()\n@app.get("/metrics")  # <-\ndef show():\n    return 1\n',
    },
    { confidence: 'low' },
  ),
  bad(
    'an administrative route on the loopback address is for review',
    { 'app/x.py': io('    await web.TCPSite(runner, host, 8000).start()\n', '/admin/users') },
    { confidence: 'low' },
  ),
  bad(
    'metrics of a script that is started by hand are for review',
    { 'scripts/x.py': io('    await web.TCPSite(runner, "0.0.0.0", 8000).start()\n') },
    { confidence: 'low' },
  ),
  bad(
    'metrics of a script that an image runs',
    {
      'scripts/x.py': io('    await web.TCPSite(runner, "0.0.0.0", 8000).start()\n'),
      Dockerfile: image('["python", "scripts/x.py"]'),
    },
    { confidence: 'medium' },
  ),
];
