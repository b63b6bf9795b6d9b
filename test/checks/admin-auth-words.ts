/** Knows cases of what makes a route administrative in Python, and look-alikes, for the table of the check's test. */
import type { Expected, InvalidCase, ValidCase } from '../check-tester.ts';

const fast = 'from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request\napp = FastAPI()\n';
const start = 'import uvicorn\nuvicorn.run(app, host="0.0.0.0")\n';
const guard =
  'def require_login(request: Request):\n    if request.state.user is None:\n        raise HTTPException(status_code=401)\n';
const mounted = (route: string, prefix: string) =>
  `${fast}router = APIRouter()\n${route}\ndef answer():\n    return []\napp.include_router(router, prefix="${prefix}")\n`;

const bad = (name: string, text: string, more: Partial<Expected> = {}, path = 'app/x.py'): InvalidCase => {
  const line = text.split('\n').findIndex((row) => row.includes('# <-')) + 1;
  return {
    name: `words: ${name}`,
    files: { [path]: text },
    findings: [{ message: 'unguarded', at: `${path}:${line}`, ...more }],
  };
};
const good = (name: string, text: string): ValidCase => ({
  name: `words: ${name}`,
  files: { 'app/x.py': text },
  subjects: 1,
});
const none = (name: string, text: string, path = 'app/x.py'): ValidCase => ({
  name: `words: ${name}`,
  files: { [path]: text },
});

export const valid: readonly ValidCase[] = [
  good(
    'a switch behind a login',
    `${fast}${guard}@app.post("/killswitch/trigger", dependencies=[Depends(require_login)])\ndef trip():\n    return 1\n`,
  ),
  good(
    'users behind a login',
    `${fast}${guard}@app.delete("/users/{key}", dependencies=[Depends(require_login)])\ndef remove(key: int):\n    return 1\n`,
  ),
  good(
    'a decorator made of a class that is called',
    'import functools\nfrom flask import Flask, abort, g\napp = Flask(__name__)\nclass Needs:\n    def __init__(self, names):\n        self.names = names\n    def __call__(self, view):\n        @functools.wraps(view)\n        def wrapped(*args):\n            if g.user.has_permissions(self.names):\n                return view(*args)\n            else:\n                abort(403)\n        return wrapped\ndef needs(name):\n    return Needs((name,))\ndef insiders(view):\n    return needs("admin")(view)\n@app.get("/admin/jobs")\n@insiders\ndef jobs():\n    return "x"\n',
  ),
  good(
    'a hook that refuses strangers and those who are banned',
    'from flask import Flask, abort\napp = Flask(__name__)\n@app.before_request\ndef insiders():\n    if authed():\n        if current().banned:\n            abort(403)\n    else:\n        abort(401)\n@app.post("/shutdown")\ndef stop():\n    return "x"\n',
  ),
  good(
    'the first of two routes with one path is guarded',
    `${fast}def require_admin(request: Request):\n    if request.state.user.role != "admin":\n        raise HTTPException(403)\n@app.get("/admin/jobs", dependencies=[Depends(require_admin)])\ndef jobs():\n    return []\n@app.get("/admin/jobs")\ndef older():\n    return []\n`,
  ),
];

export const invalid: readonly InvalidCase[] = [
  bad('a switch of the service', mounted('@router.post("/killswitch/trigger")  # <-', '/api/v1'), {
    confidence: 'medium',
  }),
  bad('a part of the service is stopped', mounted('@router.post("/detection/stop")  # <-', '/api/v1')),
  bad(
    'a change of a control plane',
    'from aiohttp import web\nclass RelayControlPlane:\n    def __init__(self):\n        self.app = web.Application()\n        self.app.router.add_get("/relays", self.show)\n        self.app.router.add_post("/relays/pool", self.add)  # <-\n    async def show(self, request):\n        return web.json_response([])\n    async def add(self, request):\n        return web.json_response({})\n',
    { confidence: 'medium' },
  ),
  bad('the list of a router that is mounted below words', mounted('@router.get("/")  # <-', '/api/v1/shop/users'), {
    message: 'everybody',
  }),
  bad('a change that verifies an administrator', mounted('@router.post("/verify/admin")  # <-', '/auth')),
  bad(
    'a hook that asks for the state of the service',
    'from flask import Flask, redirect, request\napp = Flask(__name__)\n@app.before_request\ndef set_up_first():\n    if import_in_progress():\n        if request.endpoint == "admin.imports":\n            return\n        return "wait", 403\n    if is_setup() is False:\n        return redirect("/auth/setup")\n@app.get("/admin/jobs")  # <-\ndef jobs():\n    return "x"\n',
  ),
  {
    ...bad(
      'a guard that refuses administrators',
      `${fast}def members_only(request: Request):\n    if request.state.user is None:\n        raise HTTPException(401)\n    if request.state.user.is_admin:\n        raise HTTPException(403)\n@app.get("/admin/jobs", dependencies=[Depends(members_only)])  # <-\ndef jobs():\n    return []\n`,
      { message: 'noRole' },
    ),
  },
  bad(
    'a path that a function hands on to itself',
    `${fast}def mount(prefix, depth):\n    @app.get(prefix)  # <-\n    def admin_jobs():\n        return []\n    if depth:\n        mount(prefix, depth - 1)\nmount("/admin/jobs", 3)\n`,
  ),
  bad(
    'a hook against forged requests',
    'from flask import Flask, abort, request, session\napp = Flask(__name__)\n@app.before_request\ndef csrf():\n    if session.get("nonce") != request.form.get("nonce"):\n        abort(403)\n@app.post("/admin/jobs")  # <-\ndef jobs():\n    return "x"\n',
  ),
  {
    name: 'words: a hook that asks a function of an administrative folder for the state of the service',
    files: {
      'app/x.py':
        'from flask import Flask, request\nfrom app.admin.jobs import import_in_progress\napp = Flask(__name__)\n@app.before_request\ndef wait():\n    if import_in_progress():\n        return "wait", 403\n@app.get("/debug")\ndef debug():\n    return "x"\n',
      'app/admin/jobs.py': 'def import_in_progress():\n    return False\n',
    },
    findings: [{ message: 'unguarded', at: 'app/x.py:8' }],
  },
  bad(
    'a debug page that a setting switches on is for review',
    'from flask import Flask, abort\napp = Flask(__name__)\n@app.get("/debug")  # <-\ndef page():\n    if app.config.get("SAFE_MODE") is True:\n        return "x"\n    abort(404)\n',
    { confidence: 'low' },
  ),
  bad(
    'a debug page that is always there',
    'from flask import Flask, abort\napp = Flask(__name__)\n@app.get("/debug")  # <-\ndef page():\n    if app.config.get("SAFE_MODE") is True:\n        return "x"\n    return "y"\n',
    { confidence: 'medium' },
  ),
  bad(
    'a hook that refuses those who are banned',
    'from flask import Flask, abort\napp = Flask(__name__)\n@app.before_request\ndef banned():\n    if authed():\n        if current().banned:\n            abort(403)\n@app.get("/admin/jobs")  # <-\ndef jobs():\n    return "x"\n',
  ),
  bad('all users', mounted('@router.get("/all")  # <-', '/users'), { message: 'everybody' }),
  bad('a user is removed', mounted('@router.delete("/{key}")  # <-', '/api/v1/users'), {
    confidence: 'medium',
    severity: 'medium',
  }),
  bad('a version below an administrative word', `${mounted('@router.get("/app-version")  # <-', '/admin')}${start}`, {
    severity: 'low',
    confidence: 'medium',
  }),
  bad('a change of the settings below an administrative word', mounted('@router.put("/config")  # <-', '/admin'), {
    confidence: 'high',
  }),
  bad(
    'figures of a dashboard are for review',
    `${fast}@app.get("/api/metrics")  # <-\ndef figures():\n    return {"cpu": 1}\n`,
    { severity: 'low', confidence: 'low' },
  ),
  bad(
    'an exposition below the interface',
    `${fast}from fastapi.responses import PlainTextResponse\n@app.get("/api/v1/metrics")  # <-\ndef figures():\n    return PlainTextResponse("up 1")\n${start}`,
    { confidence: 'medium' },
  ),
  bad(
    'a decorator that is called by hand, in a condition',
    `import os\n${fast}def wipe():\n    return 1\nif os.environ.get("WIPE"):\n    app.post("/admin/wipe")(wipe)  # <-\n`,
  ),
  bad(
    'the second of two routes with one path is guarded',
    `${fast}def require_admin(request: Request):\n    if request.state.user.role != "admin":\n        raise HTTPException(403)\n@app.get("/admin/jobs")  # <-\ndef older():\n    return []\n@app.get("/admin/jobs", dependencies=[Depends(require_admin)])\ndef jobs():\n    return []\n`,
  ),
  bad(
    'the second of two routes is another method',
    `${fast}def require_admin(request: Request):\n    if request.state.user.role != "admin":\n        raise HTTPException(403)\n@app.get("/admin/jobs", dependencies=[Depends(require_admin)])\ndef older():\n    return []\n@app.delete("/admin/jobs")  # <-\ndef jobs():\n    return []\n`,
  ),
  {
    name: 'words: a router that a star import brings, under the name of the next one',
    files: {
      'app/inner.py':
        'from fastapi import APIRouter\nrouter = APIRouter(prefix="/admin")\n@router.get("/jobs")\ndef jobs():\n    return []\n',
      'app/x.py': `${fast}from app.inner import *\ninner = router\nrouter = APIRouter(prefix="/v1")\nrouter.include_router(inner)\napp.include_router(router)\n`,
    },
    findings: [{ message: 'unguarded', at: 'app/inner.py:3' }],
  },
];

export const notApplicable: readonly ValidCase[] = [
  none('a timer of the user', mounted('@router.post("/timer/start")', '/api/v1')),
  none('the state of a switch', mounted('@router.get("/killswitch/restore")', '/api/v1')),
  none('the users of one team', mounted('@router.get("/users")', '/teams/{team}')),
  none('whether the caller is an administrator', mounted('@router.get("/verify/admin")', '/auth')),
  none('a product is removed', mounted('@router.delete("/{key}")', '/api/v1/products')),
  none('a control that is no plane', mounted('@router.post("/pool")', '/api/v1'), 'app/control.py'),
];
