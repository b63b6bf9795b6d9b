import { adminAuth } from '../../src/checks/admin-auth.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';
import * as apps from './admin-auth-apps.ts';
import * as js from './admin-auth-js.ts';
import * as servers from './admin-auth-servers.ts';
import * as words from './admin-auth-words.ts';

const one = (text: string) => ({ 'app/x.py': text });
const flask = 'from flask import Flask, abort, g, request, session\napp = Flask(__name__)\n';
const fast =
  'from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Security\napp = FastAPI()\n';
const guard =
  'def require_admin(user=Depends(current)):\n    if user.role != "admin":\n        raise HTTPException(status_code=403)\n    return user\n';
const { bad, good: goodFile } = inFile('app/x.py', 'unguarded');
const good = (name: string, text: string) => goodFile(name, text, 1);

testCheck(adminAuth, {
  valid: [
    good(
      'credentials that may be missing, and a handler that refuses then',
      `from fastapi.security import HTTPBearer\n${fast}bearer = HTTPBearer(auto_error=False)\n@app.delete("/admin/users/{id}")\ndef remove(id: int, token=Depends(bearer)):\n    if token is None or role_of(token.credentials) != "admin":\n        raise HTTPException(status_code=403)\n    return drop(id)\n`,
    ),
    ...js.valid,
    ...apps.valid,
    ...servers.valid,
    ...words.valid,
    good(
      'two decorators',
      `from flask_login import login_required\nfrom flask_security import roles_required\n${flask}@app.route("/admin/users")\n@login_required\n@roles_required("admin")\ndef users():\n    return "x"\n`,
    ),
    good(
      'a decorator by another name',
      `import functools\n${flask}def insiders(view):\n    @functools.wraps(view)\n    def inner(*args):\n        if not g.user.is_admin:\n            abort(403)\n        return view(*args)\n    return inner\n@app.post("/admin/reset")\n@insiders\ndef reset():\n    return "x"\n`,
    ),
    good(
      'a hook of the application',
      `${flask}@app.before_request\ndef check():\n    if session.get("role") != "admin":\n        abort(403)\n@app.get("/admin")\ndef admin():\n    return "x"\n`,
    ),
    good(
      'a parameter',
      `${fast}${guard}@app.get("/admin/users")\ndef users(admin=Depends(require_admin)):\n    return []\n`,
    ),
    good(
      'an annotated parameter',
      `from typing import Annotated\n${fast}${guard}@app.get("/admin/users")\ndef users(admin: Annotated[dict, Depends(require_admin)]):\n    return []\n`,
    ),
    good(
      'dependencies where the router is included',
      `${fast}${guard}router = APIRouter()\n@router.get("/users")\ndef users():\n    return []\napp.include_router(router, prefix="/admin", dependencies=[Depends(require_admin)])\n`,
    ),
    good(
      'scopes',
      `${fast}from fastapi.security import SecurityScopes\ndef current(scopes: SecurityScopes, token: str = Header("")):\n    for scope in scopes.scopes:\n        if scope not in decode(token)["scopes"]:\n            raise HTTPException(status_code=403)\n@app.get("/admin/users")\ndef users(user=Security(current, scopes=["users"])):\n    return []\n`,
    ),
    good(
      'a factory of guards',
      `${fast}def need(permission):\n    def check(request: Request):\n        if permission not in request.state.user.permissions:\n            raise HTTPException(403)\n    return check\n@app.get("/admin/users", dependencies=[Depends(need("users"))])\ndef users():\n    return []\n`,
    ),
    good(
      'in the body',
      `${flask}@app.post("/admin/reset")\ndef reset():\n    if not g.user.is_admin:\n        abort(403)\n    return "x"\n`,
    ),
    good(
      'a shared key',
      `import hmac\nimport os\n${fast}def check(x_key: str = Header("")):\n    if not hmac.compare_digest(x_key, os.environ["ADMIN_KEY"]):\n        raise HTTPException(status_code=401)\n@app.post("/admin/flush", dependencies=[Depends(check)])\ndef flush():\n    return 1\n`,
    ),
    good(
      'a helper in the body',
      `${fast}def _check(token):\n    if token != SECRET:\n        raise HTTPException(status_code=401)\n@app.post("/admin/flush")\ndef flush(request: Request):\n    _check(request.headers.get("X-Token"))\n    return 1\n`,
    ),
    good(
      'a permission class',
      'from rest_framework.permissions import IsAdminUser\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass AdminUsers(APIView):\n    permission_classes = [IsAdminUser]\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]\n',
    ),
    good(
      'a mixin',
      'from django.contrib.auth.mixins import UserPassesTestMixin\nfrom django.views import View\nfrom django.urls import path\nclass AdminUsers(UserPassesTestMixin, View):\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]\n',
    ),
    good(
      'a field of the base class of a view',
      `${fast}${guard}class Base:\n    session: int = 0\n    user: dict = Depends(require_admin)\nclass Mixed(Base):\n    pass\nrouter = APIRouter(prefix="/admin")\n@controller(router)\nclass Users(Mixed):\n    @router.get("/users")\n    def users(self):\n        return self.user\napp.include_router(router)\n`,
    ),
    good(
      'a parameter of the constructor of a view',
      `${fast}${guard}router = APIRouter(prefix="/admin")\n@cbv(router)\nclass Users:\n    def __init__(self, user=Depends(require_admin)):\n        self.user = user\n    @router.get("/users")\n    def users(self):\n        return []\n`,
    ),
    good(
      'a class that is the dependency by its type',
      `${fast}class Admin:\n    def __init__(self, request: Request):\n        if not request.state.user.is_admin:\n            raise HTTPException(status_code=403)\n@app.get("/admin/users")\ndef users(admin: Admin = Depends()):\n    return []\n`,
    ),
    good(
      'a permission class of the repository',
      'from rest_framework.permissions import BasePermission\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass Insiders(BasePermission):\n    def has_permission(self, request, view):\n        return request.user.is_staff\nclass AdminUsers(APIView):\n    permission_classes = [Insiders]\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]\n',
    ),
    good(
      'a decorator with permission classes',
      'from rest_framework.decorators import api_view, permission_classes\nfrom rest_framework.permissions import IsAdminUser\nfrom django.urls import path\n@api_view(["GET"])\n@permission_classes([IsAdminUser])\ndef users(request):\n    return 1\nurlpatterns = [path("admin/users", users)]\n',
    ),
    good(
      'a class whose methods check',
      `from flask.views import MethodView\n${flask}class Users(MethodView):\n    def get(self):\n        if not g.user.is_admin:\n            abort(403)\n        return "x"\napp.add_url_rule("/admin/users", view_func=Users.as_view("users"))\n`,
    ),
    good(
      'a hook for the paths below',
      `${flask}@app.before_request\ndef check():\n    if request.path.startswith("/admin") and not g.user.is_admin:\n        abort(403)\n@app.get("/admin/users")\ndef users():\n    return "x"\n`,
    ),
    good(
      'a resource of aiohttp with a check',
      'from aiohttp import web\nimport aiohttp_cors\nasync def append(request):\n    if not request["user"].is_admin:\n        raise web.HTTPForbidden()\n    return web.json_response({})\napp = web.Application()\ncors = aiohttp_cors.setup(app)\nresource = cors.add(app.router.add_resource("/raft/append"))\ncors.add(resource.add_route("POST", append))\n',
    ),
    good(
      'a default of the REST framework',
      'from rest_framework.views import APIView\nfrom django.urls import path\nREST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}\nclass AdminUsers(APIView):\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]\n',
    ),
    good(
      'a default of the REST framework for a function',
      'from rest_framework.decorators import api_view\nfrom django.urls import path\nREST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}\n@api_view(["GET"])\ndef users(request):\n    return 1\nurlpatterns = [path("admin/users", users)]\n',
    ),
    {
      ...good(
        'pages of Flask-Admin that ask',
        `from flask_admin import Admin, AdminIndexView\nfrom flask_admin.contrib.sqla import ModelView\nfrom flask_login import current_user\n${flask}class Index(AdminIndexView):\n    def is_accessible(self):\n        return current_user.is_admin\nclass Rows(ModelView):\n    def is_accessible(self):\n        return current_user.is_authenticated and current_user.has_role("admin")\nadmin = Admin(app, index_view=Index())\nadmin.add_view(Rows(User, db.session))\n`,
      ),
      subjects: 2,
    },
    good(
      'a hook in front of the pages of Flask-Admin',
      `from flask_admin import Admin\n${flask}admin = Admin(app)\n@app.before_request\ndef check():\n    if request.path.startswith("/admin") and not g.user.is_admin:\n        abort(403)\n`,
    ),
    good(
      'a list of users for administrators',
      `${fast}${guard}@app.get("/api/v1/users/", dependencies=[Depends(require_admin)])\ndef users():\n    return []\n`,
    ),
    good(
      'a command of aiogram that asks',
      'from aiogram import Router\nfrom aiogram.filters import Command\nrouter = Router()\ndef boss(user):\n    return user in BOSSES\n@router.message(Command("broadcast"))\nasync def say(message):\n    if message.from_user.id not in BOSSES:\n        return\n    await send(message.text)\n',
    ),
    good(
      'a command with a filter',
      'import telebot\nbot = telebot.TeleBot(TOKEN)\n@bot.message_handler(commands=["ban"], func=lambda m: m.from_user.id in BOSSES)\ndef ban(message):\n    drop(message)\n',
    ),
    good(
      'a filter of the router',
      'from aiogram import F, Router\nfrom aiogram.filters import Command\nrouter = Router()\nrouter.message.filter(IsAdmin())\n@router.message(Command("ban"))\nasync def ban(message):\n    await drop(message)\n',
    ),
    good(
      'a command of discord for a role',
      'from discord.ext import commands\nbot = commands.Bot("!")\n@bot.command(name="ban")\n@commands.has_permissions(ban_members=True)\nasync def remove(ctx, member):\n    await member.ban()\n',
    ),
    good(
      'a handler of python-telegram-bot',
      'from telegram import Update\nfrom telegram.ext import CommandHandler\nasync def shutdown(update, context):\n    if update.effective_user.id != OWNER:\n        return\n    stop()\napp.add_handler(CommandHandler("shutdown", shutdown))\n',
    ),
    good(
      'a middleware',
      `${fast}@app.middleware("http")\nasync def check(request, call_next):\n    if not request.state.user.is_admin:\n        raise HTTPException(status_code=403)\n    return await call_next(request)\n@app.get("/admin/users")\ndef users():\n    return []\n`,
    ),
  ],
  invalid: [
    bad(
      'credentials that may be missing and that nobody looks at',
      `from fastapi.security import HTTPBearer\n${fast}bearer = HTTPBearer(auto_error=False)\n@app.delete("/admin/users/{id}")  # <-\ndef remove(id: int, token=Depends(bearer)):\n    return drop(id)\n`,
    ),
    ...js.invalid,
    ...apps.invalid,
    ...servers.invalid,
    ...words.invalid,
    bad('Flask without a decorator', `${flask}@app.route("/admin")  # <-\ndef admin():\n    return "x"\n`),
    bad(
      'FastAPI with a session of the database',
      `${fast}def get_db():\n    yield 1\n@app.get("/admin/users")  # <-\ndef users(db=Depends(get_db)):\n    return []\n`,
    ),
    bad(
      'a limiter is no guard',
      `${fast}def check_rate_limit(request: Request):\n    if request.client in seen:\n        raise HTTPException(status_code=429)\n@app.get("/admin/users", dependencies=[Depends(check_rate_limit)])  # <-\ndef users():\n    return []\n`,
    ),
    bad(
      'a router with a prefix',
      `${fast}router = APIRouter(prefix="/admin")\n@router.delete("/users/{name}")  # <-\ndef drop(name: str):\n    return 1\n`,
    ),
    bad(
      'a prefix of another file',
      `${fast}router = APIRouter()\n@router.delete("/users/{name}")  # <-\ndef drop(name: str):\n    return 1\ndef include(one, prefix):\n    app.include_router(one, prefix=prefix)\ninclude(router, "/admin")\n`,
    ),
    bad('commented out', `${flask}@app.route("/admin/x")  # <-\n# @login_required\ndef admin():\n    return "x"\n`),
    bad(
      'aiohttp',
      'from aiohttp import web\nasync def append(request):\n    return web.json_response({})\napp = web.Application()\napp.router.add_post("/raft/append", append)  # <-\n',
    ),
    bad(
      'Django',
      'from django.urls import path\ndef reset(request):\n    return 1\nurlpatterns = [path("admin/reset", reset)]  # <-\n',
    ),
    bad(
      'everybody is allowed',
      'from rest_framework.permissions import AllowAny\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass AdminUsers(APIView):\n    permission_classes = [AllowAny]\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]  # <-\n',
    ),
    bad(
      'a middleware that lets the path through',
      `from starlette.middleware.base import BaseHTTPMiddleware\n${fast}class Gate(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        if not request.state.user.is_admin:\n            raise HTTPException(status_code=403)\n        return await call_next(request)\napp.add_middleware(Gate, excluded_paths=["/health", "/metrics"])\n@app.get("/metrics")  # <-\ndef metrics():\n    return 1\n`,
    ),
    bad(
      'a hook for other paths',
      `${flask}@app.before_request\ndef check():\n    if request.path.startswith("/adm1n") and not g.user.is_admin:\n        abort(403)\n@app.get("/admin/users")  # <-\ndef users():\n    return "x"\n`,
    ),
    bad(
      'a key of any user',
      `${fast}def current(key: str = Header("")):\n    user = find_by_api_key(key)\n    if not service.validate_api_key(key):\n        raise HTTPException(status_code=401)\n    return user\n@app.get("/admin/users")  # <-\ndef users(user=Depends(current)):\n    return []\n`,
      'noRole',
    ),
    bad(
      'a permission class that permits everything',
      'from rest_framework.permissions import BasePermission\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass Anyone(BasePermission):\n    def has_permission(self, request, view):\n        return True\nclass AdminUsers(APIView):\n    permission_classes = [Anyone]\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]  # <-\n',
    ),
    bad(
      'one method of a class does not check',
      `from flask.views import MethodView\n${flask}class Users(MethodView):\n    def get(self):\n        if not g.user.is_admin:\n            abort(403)\n        return "x"\n    def post(self):\n        return "x"\napp.add_url_rule("/admin/users", view_func=Users.as_view("users"))  # <-\n`,
    ),
    bad('pages of Flask-Admin', `from flask_admin import Admin\n${flask}admin = Admin(app)  # <-\n`),
    bad(
      'a page of Flask-Admin that anybody may see',
      `from flask_admin import Admin, AdminIndexView\nfrom flask_admin.contrib.sqla import ModelView\n${flask}class Index(AdminIndexView):\n    def is_accessible(self):\n        return g.user.is_admin\nadmin = Admin(app, index_view=Index())\nadmin.add_view(ModelView(User, db.session))  # <-\n`,
    ),
    bad(
      'a default of the REST framework that is not used',
      'from rest_framework.permissions import AllowAny\nfrom rest_framework.views import APIView\nfrom django.urls import path\nREST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}\nclass AdminUsers(APIView):\n    permission_classes = [AllowAny]\n    def get(self, request):\n        return 1\nurlpatterns = [path("admin/users", AdminUsers.as_view())]  # <-\n',
    ),
    bad('a list of users', `${fast}@app.get("/api/v1/users")  # <-\ndef users():\n    return []\n`, 'everybody'),
    bad(
      'a command of a bot',
      'from aiogram import Router\nfrom aiogram.filters import Command\nrouter = Router()\n@router.message(Command("broadcast"))  # <-\nasync def say(message):\n    if not message.text:\n        return\n    await send(message.text)\n',
      'command',
    ),
    bad(
      'a command of discord',
      'from discord.ext import commands\nbot = commands.Bot("!")\n@bot.command()  # <-\nasync def shutdown(ctx):\n    await bot.close()\n',
      'command',
    ),
    bad('metrics', `${flask}@app.get("/metrics")  # <-\ndef metrics():\n    return "x"\n`),
    bad('a shutdown', `${flask}@app.post("/shutdown")  # <-\ndef stop():\n    return "x"\n`),
    bad(
      'only a login',
      `from flask_login import login_required\n${flask}@app.get("/admin")  # <-\n@login_required\ndef admin():\n    return "x"\n`,
      'noRole',
    ),
    bad(
      'without a secret',
      `import os\n${fast}def check(token: str = Header("")):\n    wanted = os.getenv("TOKEN", "").strip()\n    if not wanted:\n        return  # <-\n    if token != wanted:\n        raise HTTPException(status_code=401)\n@app.post("/admin/flush", dependencies=[Depends(check)])\ndef flush():\n    return 1\n`,
      'open',
    ),
    bad(
      'only in production',
      `import os\n${fast}ENVIRONMENT = os.getenv("ENVIRONMENT")\ndef check(token: str = Header("")):\n    if ENVIRONMENT == "production":  # <-\n        if token != SECRET:\n            raise HTTPException(status_code=401)\n@app.post("/admin/flush", dependencies=[Depends(check)])\ndef flush():\n    return 1\n`,
      'open',
    ),
    bad(
      'above the route',
      `from company import admin_required\n${flask}@admin_required  # <-\n@app.get("/admin")\ndef admin():\n    return "x"\n`,
      'misplaced',
    ),
    bad(
      'never awaited',
      `${fast}async def check(request):\n    if request.state.role != "admin":\n        raise HTTPException(status_code=403)\n@app.post("/admin/flush")\nasync def flush(request: Request):\n    check(request)  # <-\n    return 1\n`,
      'notAwaited',
    ),
    bad(
      'a role of a cookie',
      `${flask}@app.get("/admin")\ndef admin():  # <-\n    if request.cookies.get("role") != "admin":\n        abort(403)\n    return "x"\n`,
      'client',
    ),
  ],
  unknown: [
    ...js.unknown,
    {
      name: 'a guard of another package',
      files: one(
        `from company import admin_required\n${flask}@app.route("/admin/users")\n@admin_required\ndef users():\n    return "x"\n`,
      ),
    },
    {
      name: 'scopes that a function of another package checks',
      files: one(
        `${fast}from company import current\n@app.get("/admin/users")\ndef users(user=Security(current, scopes=["users"])):\n    return []\n`,
      ),
    },
    {
      name: 'a handler of another package',
      files: one(`from company import users\n${flask}app.add_url_rule("/admin/users", view_func=users)\n`),
    },
  ],
  notApplicable: [
    ...js.notApplicable,
    ...words.notApplicable,
    {
      name: 'a tool that helps to debug',
      files: one(`${fast}@app.post("/pictures/debug")\ndef debug_picture():\n    return 1\n`),
    },
    { name: 'a login page', files: one(`${flask}@app.get("/admin/login")\ndef page():\n    return "x"\n`) },
    {
      name: 'a configuration of the user',
      files: one(`${flask}@app.get("/vpn/config")\ndef config():\n    return "x"\n`),
    },
    {
      name: 'one user and the command of a shell',
      files: one(
        `import click\n${fast}@app.get("/users/{name}")\ndef user(name: str):\n    return name\n@click.command("reset")\ndef shutdown():\n    pass\n`,
      ),
    },
    {
      name: 'a greeting of a bot',
      files: one(
        'import telebot\nbot = telebot.TeleBot(TOKEN)\n@bot.message_handler(commands=["start"])\ndef start(message):\n    pass\n',
      ),
    },
    { name: 'no route', files: one('def admin_users():\n    return []\n') },
    { name: 'other routes', files: one(`${flask}@app.get("/badminton")\ndef sport():\n    return "x"\n`) },
    {
      name: 'the admin site of Django',
      files: one(
        'from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path("admin/", admin.site.urls)]\n',
      ),
    },
  ],
});
