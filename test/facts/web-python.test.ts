/** Knows routes, prefixes, guards and applications of small programs in the frameworks of Python. */
import { describe, expect, test } from '@jest/globals';
import { python } from '../../src/facts/program/python.ts';
import { nameAt } from '../../src/facts/web/guards.ts';
import type { Layer } from '../../src/facts/web/model.ts';
import { mayRunFor } from '../../src/facts/web/paths.ts';
import { workersFor } from '../../src/facts/web/workers.ts';
import { isAlone, layerSets, layersOf, linkWeb, pathsOf } from '../../src/facts/web.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

type Files = Record<string, string>;

const nameOf = ({ names, node }: Layer) => (names[0] ?? nameAt(node.unit, node.ref)).split('.').at(-1)!;

/** Routes as `METHOD path: what stands in front`, in order; ` ?` where something may be unseen. */
async function outline(files: Files): Promise<readonly string[]> {
  const web = linkWeb(await factsOfFiles([python], files));
  return web.routes.map((route) => {
    const layers = layersOf(route).map(nameOf);
    const text = `${route.methods.join('|') || 'ANY'} ${pathsOf(route).join(' or ')}`;
    return `${text}${layers.length > 0 ? `: ${layers.join(', ')}` : ''}${route.open === undefined ? '' : ' ?'}`;
  });
}

const fast = 'from fastapi import APIRouter, Depends, FastAPI, Request, Security\napp = FastAPI()\n';
const flask = 'from flask import Blueprint, Flask\napp = Flask(__name__)\n';
const guard = 'def guard():\n    return 1\n';
const one = (text: string) => ({ 'a.py': text });

const table = (rows: [name: string, files: Files, expected: readonly string[]][]) => test.each(rows);

describe('FastAPI', () => {
  table([
    [
      'prefixes of the router and of the place that includes it',
      {
        'shop/main.py':
          'from fastapi import FastAPI\nfrom shop.users import router\napp = FastAPI()\napp.include_router(router, prefix="/api")\n',
        'shop/users.py':
          'from fastapi import APIRouter\nrouter = APIRouter(prefix="/users")\n@router.get("/{name}")\ndef user(name):\n    return name\n',
      },
      ['GET /api/users/{name}'],
    ],
    [
      'a router that is mounted twice',
      one(
        `${fast}router = APIRouter()\n@router.get("/x")\ndef x():\n    return 1\napp.include_router(router, prefix="/v1")\napp.include_router(router, prefix="/v2")\n`,
      ),
      ['GET /v1/x or /v2/x'],
    ],
    [
      'a router that is found by the name of its module',
      {
        'shop/main.py':
          'import importlib\nfrom fastapi import FastAPI\napp = FastAPI()\ndef include(name, prefix):\n    module = importlib.import_module(name)\n    app.include_router(getattr(module, "router"), prefix=prefix)\ninclude("shop.users", "/users")\n',
        'shop/users.py':
          'from fastapi import APIRouter\nrouter = APIRouter()\n@router.post("/new")\ndef new():\n    return 1\n',
      },
      ['POST /users/new'],
    ],
    [
      'a factory of the application',
      {
        'shop/main.py':
          'from fastapi import FastAPI\nfrom shop import users\ndef create():\n    app = FastAPI()\n    app.include_router(users.router)\n    return app\n',
        'shop/users.py':
          'from fastapi import APIRouter\nrouter = APIRouter()\n@router.get("/users")\ndef all():\n    return []\n',
      },
      ['GET /users'],
    ],
    [
      'dependencies of parameters, routes, routers and applications',
      one(
        `from typing import Annotated\nfrom fastapi import APIRouter, Depends, FastAPI, Security\n${guard}app = FastAPI(dependencies=[Depends(guard)])\nrouter = APIRouter(dependencies=[Depends(guard)])\nUser = Annotated[str, Security(guard, scopes=["x"])]\n@router.get("/a", dependencies=[Depends(guard)])\ndef a(x=Depends(guard), y: User = None):\n    return 1\napp.include_router(router, dependencies=[Depends(guard)])\n`,
      ),
      ['GET /a: guard, guard, guard, guard, guard, guard'],
    ],
    [
      'the type of a parameter is the dependency',
      one(`${fast}class Page:\n    pass\n@app.get("/a")\ndef a(page: Page = Depends()):\n    return 1\n`),
      ['GET /a: Page'],
    ],
    [
      'fields and constructors of class-based views',
      one(
        `${fast}${guard}def other():\n    return 1\nclass Base:\n    user = Depends(guard)\nrouter = APIRouter()\n@cbv(router)\nclass Users(Base):\n    def __init__(self, x=Depends(other)):\n        self.x = x\n    @router.get("/users")\n    def all(self):\n        return []\napp.include_router(router)\n`,
      ),
      ['GET /users: cbv, Base, other, guard'],
    ],
    [
      'routes by calls',
      one(
        `${fast}def x():\n    return 1\napp.add_api_route("/x", x, methods=["POST", "PUT"])\napp.add_api_websocket_route("/w", x)\n`,
      ),
      ['POST|PUT /x', 'WEBSOCKET /w'],
    ],
    [
      'middleware by decorator, call and argument',
      one(
        `from fastapi import FastAPI\nfrom starlette.middleware import Middleware\nclass One:\n    pass\nclass Two:\n    pass\napp = FastAPI(middleware=[Middleware(One)])\napp.add_middleware(Two)\n@app.middleware("http")\nasync def three(request, call_next):\n    return await call_next(request)\n@app.get("/x")\ndef x():\n    return 1\n`,
      ),
      ['GET /x: One, Two, three'],
    ],
    [
      'a middleware that lets a path through',
      one(
        `${fast}class Gate:\n    pass\napp.add_middleware(Gate, excluded_paths=["/health"])\n@app.get("/health")\ndef health():\n    return 1\n@app.get("/x")\ndef x():\n    return 1\n`,
      ),
      ['GET /health', 'GET /x: Gate'],
    ],
    [
      'a router that nobody mounts, beside one that is mounted',
      one(
        `${fast}a = APIRouter()\nb = APIRouter()\n@a.get("/a")\ndef x():\n    return 1\n@b.get("/b")\ndef y():\n    return 1\napp.include_router(a)\n`,
      ),
      ['GET /a', 'GET /b ?'],
    ],
    [
      'an application inside another one',
      one(`${fast}inner = FastAPI()\n@inner.get("/x")\ndef x():\n    return 1\napp.mount("/inner", inner)\n`),
      ['GET /inner/x'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await outline(files)).toEqual(expected);
  });
});

describe('Flask', () => {
  table([
    [
      'methods of routes',
      one(
        `${flask}@app.route("/a")\ndef a():\n    return 1\n@app.route("/b", methods=["GET", "POST"])\ndef b():\n    return 1\n@app.delete("/c")\ndef c():\n    return 1\n`,
      ),
      ['GET /a', 'GET|POST /b', 'DELETE /c'],
    ],
    [
      'a blueprint of another file with its prefix',
      {
        'shop/app.py':
          'from flask import Flask\nfrom shop.admin import admin\ndef create():\n    app = Flask(__name__)\n    app.register_blueprint(admin, url_prefix="/admin")\n    return app\n',
        'shop/admin.py':
          'from flask import Blueprint\nadmin = Blueprint("admin", __name__)\n@admin.before_request\ndef check():\n    return 1\n@admin.get("/users")\ndef users():\n    return 1\n',
      },
      ['GET /admin/users: check'],
    ],
    [
      'add_url_rule with a function and with a class',
      one(
        `from flask.views import MethodView\n${flask}def a():\n    return 1\nclass B(MethodView):\n    def get(self):\n        return 1\napp.add_url_rule("/a", view_func=a, methods=["POST"])\napp.add_url_rule("/b", view_func=B.as_view("b"))\n`,
      ),
      ['POST /a', 'ANY /b: MethodView'],
    ],
    [
      'decorators below the route count, those above do not',
      one(`${flask}@above\n@app.get("/a")\n@below\ndef a():\n    return 1\n`),
      ['GET /a: below'],
    ],
    [
      'hooks of the whole application',
      one(
        `${flask}bp = Blueprint("bp", __name__)\n@bp.before_app_request\ndef check():\n    return 1\n@app.get("/a")\ndef a():\n    return 1\napp.register_blueprint(bp)\n`,
      ),
      ['GET /a: check'],
    ],
    [
      'resources of Flask-RESTful',
      one(
        `from flask_restful import Api, Resource\n${flask}@app.before_request\ndef check():\n    return 1\napi = Api(app)\nclass Users(Resource):\n    def get(self):\n        return 1\napi.add_resource(Users, "/users")\n`,
      ),
      ['ANY /users: Resource, check'],
    ],
    [
      'pages of Flask-Admin',
      one(
        `from flask_admin import Admin\nfrom flask_admin.contrib.sqla import ModelView\n${flask}admin = Admin(app, url="/boss")\nadmin.add_view(ModelView(User, db.session))\n`,
      ),
      ['ANY /boss: Admin', 'ANY /admin/modelview: ModelView, Admin'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await outline(files)).toEqual(expected);
  });
});

describe('Django', () => {
  const urls = (rest: string) => `from django.urls import include, path\n${rest}`;
  table([
    [
      'functions, classes and included files',
      {
        'site/urls.py': urls('urlpatterns = [path("shop/", include("shop.urls"))]\n'),
        'shop/urls.py': urls(
          'from shop import views\nurlpatterns = [path("a/", views.a), path("b/", views.B.as_view())]\n',
        ),
        'shop/views.py':
          'from django.views import View\ndef a(request):\n    return 1\nclass B(View):\n    def get(self, request):\n        return 1\n    def post(self, request):\n        return 1\n',
      },
      ['ANY /shop/a/', 'GET|POST /shop/b/: View'],
    ],
    [
      'wrapped views and permission classes',
      one(
        urls(
          'from django.contrib.auth.decorators import login_required\nfrom rest_framework.permissions import IsAdminUser\nfrom rest_framework.views import APIView\nclass A(APIView):\n    permission_classes = [IsAdminUser]\n    def get(self, request):\n        return 1\nurlpatterns = [path("a", login_required(A.as_view()))]\n',
        ),
      ),
      ['GET /a: login_required, APIView, IsAdminUser'],
    ],
    [
      'defaults of the REST framework hold where nothing else is said',
      {
        'site/settings.py':
          'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}\n',
        'site/urls.py': urls(
          'from rest_framework.decorators import api_view, permission_classes\nfrom rest_framework.permissions import AllowAny\n@api_view(["GET"])\ndef a(request):\n    return 1\n@api_view(["GET"])\n@permission_classes([AllowAny])\ndef b(request):\n    return 1\ndef c(request):\n    return 1\nurlpatterns = [path("a", a), path("b", b), path("c", c)]\n',
        ),
      },
      ['ANY /a: api_view, IsAuthenticated', 'ANY /b: api_view, AllowAny', 'ANY /c'],
    ],
    [
      'a viewset of a router that chooses its permissions',
      one(
        'from rest_framework.routers import DefaultRouter\nfrom rest_framework.viewsets import ModelViewSet\nclass Users(ModelViewSet):\n    def get_permissions(self):\n        return []\nrouter = DefaultRouter()\nrouter.register("users", Users)\n',
      ),
      ['ANY /users: ModelViewSet ?'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await outline(files)).toEqual(expected);
  });
});

describe('aiohttp and the standard library', () => {
  table([
    [
      'calls, tables, resources and middleware',
      one(
        'from aiohttp import web\nasync def h(request):\n    return 1\n@web.middleware\nasync def gate(request, handler):\n    return await handler(request)\napp = web.Application(middlewares=[gate])\napp.router.add_post("/a", h)\napp.add_routes([web.get("/b", h)])\nresource = app.router.add_resource("/c")\nresource.add_route("PUT", h)\n',
      ),
      ['POST /a: gate', 'GET /b: gate', 'PUT /c: gate'],
    ],
    [
      'paths that a handler of http.server compares',
      one(
        'from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n    def do_POST(self):\n        if self.path == "/stop":\n            return 1\n',
      ),
      ['POST /stop'],
    ],
  ])('%s', async (_, files, expected) => {
    expect(await outline(files)).toEqual(expected);
  });
});

describe('several applications', () => {
  test('each has its own layers in front of a shared route', async () => {
    const files = {
      'shop/routes.py':
        'from fastapi import APIRouter\nrouter = APIRouter()\n@router.get("/x")\ndef x():\n    return 1\n',
      'shop/a.py':
        'from fastapi import FastAPI\nfrom shop.routes import router\na = FastAPI()\nclass Gate:\n    pass\na.add_middleware(Gate)\na.include_router(router)\n',
      'shop/b.py':
        'from fastapi import FastAPI\nfrom shop.routes import router\nb = FastAPI()\nb.include_router(router)\n',
    };
    const facts = await factsOfFiles([python], files);
    const web = linkWeb(facts);
    expect(layerSets(web.routes[0]!).map((set) => set.map(nameOf))).toEqual([['Gate'], []]);
    expect(isAlone(facts, web)).toBe(false);
  });

  test('workers belong to the application that their command names', () => {
    const all = [{ module: 'shop/main', count: 4, place: { path: 'Dockerfile', span: { start: 0, end: 0 } } }];
    expect(workersFor(all, 'services/shop/main.py')?.count).toBe(4);
    expect(workersFor(all, 'shop/other.py')).toBeUndefined();
  });
});

describe('conditions on the path', () => {
  test.each([
    ['request.path.startswith("/admin")', true],
    ['not request.path.startswith("/admin")', false],
    ['request.path in ("/admin/x", "/y")', true],
    ['request.url.path not in PUBLIC', true],
    ['request.path == "/other" or request.path.endswith("/x")', true],
    ['request.path.startswith("/other") and user', false],
    ['user.is_admin', true],
  ])('%s', async (condition, expected) => {
    const text = `PUBLIC = ["/health"]\ndef check(request, user):\n    if ${condition}:\n        refuse()\n`;
    const { program } = linkWeb(await factsOfFiles([python], one(text)));
    const unit = program.units[0]!;
    const call = unit.module.calls.find((one) => one.callee.name === 'refuse')!;
    expect(mayRunFor(program, unit, call.guard, ['/admin/x'])).toBe(expected);
  });
});

describe('any program', () => {
  const pieces = [
    'app = FastAPI()\n',
    'app = Flask(__name__)\n',
    'router = APIRouter(prefix="/p")\n',
    'app.include_router(router, prefix="/q")\n',
    'router.include_router(router)\n',
    'router.include_router(app)\n',
    'app.mount("/x", app)\n',
    '@app.get("/a")\ndef a(x=Depends(a)):\n    return a()\n',
    '@router.post("/{b}")\nclass B(B):\n    @router.get("")\n    def get(self, b: B = Depends()):\n        return b\n',
    'app.add_middleware(B, excluded_paths=[B])\n',
    'app.add_url_rule("/c", view_func=B.as_view(app))\n',
    'urlpatterns = [path("d", include(urlpatterns))]\n',
    'resource = resource.add_resource(resource)\n',
    'resource.add_route(resource, app)\n',
    'admin = Admin(admin)\nadmin.add_view(admin)\n',
    '@app.before_request\ndef hook():\n    if request.path.startswith(hook):\n        abort(403)\n',
  ];
  const head =
    'from fastapi import APIRouter, Depends, FastAPI\nfrom flask import Flask, abort, request\nfrom django.urls import include, path\nfrom flask_admin import Admin\n';

  test('gives a model whose paths and layers can be listed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), async (parts) => {
        const web = linkWeb(await factsOfFiles([python], one(head + parts.join(''))));
        for (const route of web.routes) {
          expect(pathsOf(route).length).toBeGreaterThan(0);
          expect(layerSets(route).length).toBeGreaterThan(0);
          for (const layer of layersOf(route)) expect(layer.place.span.end).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
