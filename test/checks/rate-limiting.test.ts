import { rateLimiting } from '../../src/checks/rate-limiting.ts';
import { testCheck } from '../check-tester.ts';
import * as js from './rate-limiting-js.ts';

const one = (text: string) => ({ 'app/x.py': text });
const flask = 'from flask import Flask, abort, request\nfrom flask_limiter import Limiter\napp = Flask(__name__)\n';
const fast =
  'from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request\nfrom slowapi import Limiter\napp = FastAPI()\n';
const login = '@app.post("/login")\ndef login():\n    return "x"\n';
const bad = (name: string, text: string, message = 'missing') => {
  const line = text.split('\n').findIndex((row) => row.includes('# <-')) + 1;
  return { name, files: one(text), findings: [{ message, at: `app/x.py:${line}` }] };
};
const good = (name: string, text: string) => ({ name, files: one(text), subjects: 1 });
const slow = 'limiter = Limiter(key_func=address)\napp.state.limiter = limiter\n';

const middleware = (body: string) =>
  `from starlette.middleware.base import BaseHTTPMiddleware\nfrom starlette.responses import JSONResponse\n${fast}class Slow(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n${body}app.add_middleware(Slow)\n${login}`;

testCheck(rateLimiting, {
  valid: [
    ...js.valid,
    {
      ...good(
        'throttles of the settings hold for views of the REST framework',
        'from rest_framework.views import APIView\nfrom django.urls import path\nREST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"], "DEFAULT_THROTTLE_RATES": {"anon": "9/min"}}\nclass Login(APIView):\n    def post(self, request):\n        return 1\nurlpatterns = [path("login", Login.as_view())]\n',
      ),
      subjects: 2,
    },
    good(
      'a throttle class of the repository',
      'from rest_framework.throttling import AnonRateThrottle\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass Slow(AnonRateThrottle):\n    rate = "5/min"\nclass Login(APIView):\n    throttle_classes = [Slow]\n    def post(self, request):\n        return 1\nurlpatterns = [path("login", Login.as_view())]\n',
    ),
    good(
      'a class with a method that counts',
      `from flask.views import MethodView\n${flask}class Login(MethodView):\n    def post(self):\n        if failed_attempts(request) > 5:\n            abort(429)\n        return "x"\napp.add_url_rule("/login", view_func=Login.as_view("login"))\n`,
    ),
    good(
      'a key that asks for the own proxies',
      `${fast}def address(request):\n    if request.client.host not in TRUSTED_PROXIES:\n        return request.client.host\n    return request.headers.get("X-Forwarded-For")\n${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
    ),
    good(
      'an own limiter that asks for the own proxies',
      middleware(
        '        address = self.address(request)\n        if await self.limiter.allow(address):\n            return await call_next(request)\n        return JSONResponse({}, status_code=429)\n    def address(self, request):\n        if self.is_trusted_proxy(request.client.host):\n            return request.headers.get("X-Forwarded-For")\n        return request.client.host\n',
      ),
    ),
    good(
      'an own limiter with a rate that protects',
      `class Limits:\n    requests_per_second: int = 100\n    requests_per_minute: int = 10\n${middleware('        if Limits.requests_per_minute < count():\n            return JSONResponse({}, status_code=429)\n        return await call_next(request)\n')}`,
    ),
    good(
      'a limiter for all and a handler that counts itself',
      middleware(
        '        if busy(request.headers.get("X-Forwarded-For")):\n            return JSONResponse({}, status_code=429)\n        return await call_next(request)\n',
      ).replace('    return "x"', '    if failed_attempts() > 5:\n        raise HTTPException(423)\n    return "x"'),
    ),
    good(
      'a key from the last entry of the header',
      `${fast}def address(request):\n    return request.headers["X-Forwarded-For"].split(",")[-1]\n${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
    ),
    {
      name: 'many workers with a shared store',
      files: {
        'app/x.py': `${fast}limiter = Limiter(key_func=address, storage_uri="redis://limits:6379/0")\n@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
        Dockerfile: 'FROM python:3.13\nCMD ["uvicorn", "app.x:app", "--workers", "4"]\n',
      },
      subjects: 1,
    },
    {
      name: 'one worker that counts in memory',
      files: {
        'app/x.py': `${fast}${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
        Dockerfile: 'FROM python:3.13\nCMD ["uvicorn", "app.x:app", "--workers", "1"]\n',
      },
      subjects: 1,
    },
    {
      name: 'a limit of nginx in front',
      files: {
        'app/x.py': `${fast}router = APIRouter(prefix="/api")\n@router.post("/login")\ndef login():\n    return 1\napp.include_router(router)\n`,
        'nginx.conf':
          'limit_req_zone $binary_remote_addr zone=slow:10m rate=5r/m;\nserver {\n  listen 443 ssl;\n  location /api/ {\n    limit_req zone=slow;\n    proxy_pass http://127.0.0.1:8000;\n  }\n}\n',
      },
      subjects: 1,
    },
    good(
      'throttles of the settings',
      'REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"], "DEFAULT_THROTTLE_RATES": {"anon": "9/min"}}\n',
    ),
    good(
      'defaults of the application',
      `${flask}Limiter(address, app=app, default_limits=["30 per minute"])\n${login}`,
    ),
    good(
      'defaults installed later',
      `${flask}limiter = Limiter(address, default_limits=["30 per minute"])\nlimiter.init_app(app)\n${login}`,
    ),
    good(
      'a decorator',
      `${flask}limiter = Limiter(address, app=app)\n@app.post("/login")\n@limiter.limit("5/minute")\ndef login():\n    return "x"\n`,
    ),
    good(
      'a decorator of Flask above the route',
      `${flask}limiter = Limiter(address, app=app)\n@limiter.limit("5/minute")\n@app.post("/login")\ndef login():\n    return "x"\n`,
    ),
    good(
      'slowapi',
      `${fast}${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return "x"\n`,
    ),
    good(
      'slowapi with defaults and its middleware',
      `from slowapi.middleware import SlowAPIMiddleware\n${fast}app.state.limiter = Limiter(key_func=address, default_limits=["9/minute"])\napp.add_middleware(SlowAPIMiddleware)\n${login}`,
    ),
    good(
      'a dependency of a package',
      `from fastapi_limiter.depends import RateLimiter\n${fast}@app.post("/login", dependencies=[Depends(RateLimiter(times=5, seconds=60))])\ndef login():\n    return "x"\n`,
    ),
    good(
      'a router',
      `${fast}def throttle(request: Request):\n    if request.client in seen:\n        raise HTTPException(status_code=429)\nrouter = APIRouter(prefix="/auth", dependencies=[Depends(throttle)])\n@router.post("/token")\ndef token():\n    return "x"\napp.include_router(router)\n`,
    ),
    {
      name: 'a middleware of another file',
      files: {
        'app/limits.py':
          'from starlette.middleware.base import BaseHTTPMiddleware\nfrom starlette.responses import JSONResponse\nclass Guard(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        if full(request):\n            return JSONResponse({}, status_code=429)\n        return await call_next(request)\n',
        'app/x.py': `from app.limits import Guard\n${fast}app.add_middleware(Guard)\n${login}`,
      },
      subjects: 1,
    },
    {
      name: 'a limiter of another file',
      files: {
        'app/limits.py': 'from slowapi import Limiter\nlimiter = Limiter(key_func=str)\n',
        'app/x.py': `from app.limits import limiter\n${fast}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return "x"\n`,
      },
      subjects: 1,
    },
    {
      ...good(
        'a view with throttles of its own, and settings without',
        'from rest_framework.throttling import AnonRateThrottle\nfrom rest_framework.views import APIView\nfrom django.urls import path\nREST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"anon": "5/min"}}\nclass Login(APIView):\n    throttle_classes = [AnonRateThrottle]\n    def post(self, request):\n        return check(request.data["password"])\nurlpatterns = [path("login/", Login.as_view())]\n',
      ),
      subjects: 2,
    },
    good(
      'a limit of a blueprint with a name of its own',
      `from flask import Blueprint\n${flask}auth = Blueprint("auth", __name__)\nlimiter = Limiter(address, app=app)\nlimiter.limit("5/minute")(auth)\n@auth.post("/login")\ndef login():\n    return "x"\napp.register_blueprint(auth)\n`,
    ),
    good(
      'a blueprint',
      `from flask import Blueprint\n${flask}bp = Blueprint("auth", __name__)\nlimiter = Limiter(address, app=app)\nlimiter.limit("5/minute")(bp)\n@bp.post("/login")\ndef login():\n    return "x"\napp.register_blueprint(bp)\n`,
    ),
    good(
      'a lock-out',
      `${flask}@app.post("/login")\ndef login():\n    if failed_attempts[request.remote_addr] > 5:\n        abort(403)\n    return "x"\n`,
    ),
    good(
      'a throttle of the REST framework',
      'from rest_framework.throttling import ScopedRateThrottle\nfrom rest_framework.views import APIView\nfrom django.urls import path\nclass Login(APIView):\n    throttle_classes = [ScopedRateThrottle]\n    def post(self, request):\n        return 1\nurlpatterns = [path("login", Login.as_view())]\n',
    ),
    {
      name: 'a package in the settings',
      files: {
        'app/settings.py': 'MIDDLEWARE = ["axes.middleware.AxesMiddleware"]\n',
        'app/urls.py':
          'from django.urls import path\ndef login(request):\n    return 1\nurlpatterns = [path("login", login)]\n',
      },
      subjects: 1,
    },
    good(
      'switched off for tests',
      `${flask}limiter = Limiter(address, app=app, default_limits=["9/minute"])\nclass TestConfig:\n    RATELIMIT_ENABLED = False\n${login}`,
    ),
  ],
  invalid: [
    ...js.invalid,
    bad(
      'throttle classes without rates',
      'REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"]}  # <-\n',
      'noRates',
    ),
    bad(
      'a password changed by GET',
      `${flask}@app.get("/change-password")  # <-\ndef change_password():\n    user().set_password(request.args["new_password"])\n    return "x"\n`,
    ),
    bad('an empty list of throttles', 'REST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": []}  # <-\n', 'noThrottles'),
    bad(
      'throttles of the REST framework and a plain view',
      'from django.urls import path\nREST_FRAMEWORK = {"DEFAULT_THROTTLE_CLASSES": ["a.Throttle"]}\ndef login(request):\n    return 1\nurlpatterns = [path("login", login)]  # <-\n',
    ),
    bad(
      'a key from a header',
      `${fast}def address(request):\n    return request.headers.get("X-Forwarded-For", "").split(",")[0]  # <-\n${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
      'clientKey',
    ),
    bad(
      'an own limiter that counts by a header',
      middleware(
        '        address = self.address(request)\n        if await self.limiter.allow(address):\n            return await call_next(request)\n        return JSONResponse({}, status_code=429)\n    def address(self, request):\n        return request.headers.get("X-Forwarded-For")  # <-\n',
      ),
      'clientKey',
    ),
    {
      name: 'an own limiter that allows too much, one finding for two routes',
      files: one(
        `class Limits:\n    requests_per_second: int = 100\n${middleware('        if Limits.requests_per_second < count():\n            return JSONResponse({}, status_code=429)\n        return await call_next(request)\n')}@app.post("/register")\ndef register(email: str):\n    return 1\n`,
      ),
      findings: [{ message: 'absurd', at: 'app/x.py:13' }],
    },
    {
      name: 'two handlers of one address',
      files: one(
        `${fast}@app.post("/login")\ndef login():\n    return 1\n@app.post("/login")\ndef again():\n    return 2\n`,
      ),
      findings: [{ message: 'missing', at: 'app/x.py:4' }],
    },
    bad(
      'a payment that asks a provider',
      `${fast}import stripe\n@app.post("/orders/{id}/pay")  # <-\ndef pay(id: int, user=Depends(current_user)):\n    stripe.PaymentIntent.create(amount=1)\n    return 1\n`,
    ),
    bad(
      'a payment that only writes a row, for anybody',
      `${fast}@app.post("/orders/{id}/pay")  # <-\ndef pay(id: int, db=Depends(get_db)):\n    order = db.query(Order).filter(Order.id == id).first()\n    order.status = "paid"\n    db.commit()\n`,
    ),
    bad(
      'a code in a model',
      `from pydantic import BaseModel\nclass Answer(BaseModel):\n    challenge_id: str\n    code: str\n${fast}@app.post("/auth/mfa")  # <-\ndef mfa(answer: Answer):\n    return check(answer)\n`,
    ),
    bad(
      'a file among the parameters',
      `from fastapi import UploadFile\n${fast}@app.post("/avatar")  # <-\ndef avatar(image: UploadFile):\n    return 1\n`,
    ),
    bad(
      'files that the handler reads',
      `${flask}@app.post("/avatar")  # <-\ndef avatar():\n    request.files["image"].save("x")\n    return ""\n`,
    ),
    bad(
      'a language model behind a service',
      `from openai import OpenAI\n${fast}client = OpenAI()\nclass Writer:\n    def write(self, text):\n        return client.chat.completions.create(messages=[text])\nwriter = Writer()\n@app.post("/letters")  # <-\ndef letters(text: str):\n    return writer.write(text)\n`,
    ),
    bad(
      'a key of the library from a header',
      `from slowapi.util import get_ipaddr\n${fast}limiter = Limiter(key_func=get_ipaddr)  # <-\n@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
      'clientKey',
    ),
    {
      name: 'many workers that count in memory',
      files: {
        'app/x.py': `${fast}${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
        Dockerfile: 'FROM python:3.13\nCMD gunicorn -k uvicorn.workers.UvicornWorker -w 4 app.x:app\n',
      },
      findings: [{ message: 'memory', at: 'app/x.py:4' }],
    },
    {
      name: 'many workers of compose',
      files: {
        'app/x.py': `${fast}${slow}@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
        'compose.yaml': 'services:\n  web:\n    build: .\n    command: ["uvicorn", "app.x:app", "--workers=3"]\n',
      },
      findings: [{ message: 'memory', at: 'app/x.py:4' }],
    },
    {
      name: 'a limit of nginx on another path',
      files: {
        'app/x.py': `${fast}@app.post("/login")\ndef login():\n    return 1\n`,
        'nginx.conf':
          'limit_req_zone $binary_remote_addr zone=slow:10m rate=5r/m;\nserver {\n  listen 443 ssl;\n  location /api/ {\n    limit_req zone=slow;\n    proxy_pass http://127.0.0.1:8000;\n  }\n  location / {\n    proxy_pass http://127.0.0.1:8000;\n  }\n}\n',
      },
      findings: [{ message: 'missing', at: 'app/x.py:4' }],
    },
    bad(
      'a call of a language model',
      `from openai import OpenAI\n${fast}client = OpenAI()\n@app.post("/summary")  # <-\ndef summary(text: str):\n    return client.chat.completions.create(model="x", messages=[])\n`,
    ),
    bad(
      'a registration that speaks of an address',
      `${flask}@app.post("/register")  # <-\ndef handle():\n    return add(request.json["email"])\n`,
    ),
    bad('an export by GET', `${fast}@app.get("/orders/export")  # <-\ndef export():\n    return 1\n`),
    {
      name: 'a middleware that lets the path through',
      files: one(
        `from starlette.middleware.base import BaseHTTPMiddleware\n${fast}class RateLimit(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next):\n        if busy(request):\n            raise HTTPException(429)\n        return await call_next(request)\napp.add_middleware(RateLimit, excluded_paths=["/auth"])\n@app.post("/auth/login")\ndef login():\n    return 1\n`,
      ),
      findings: [{ message: 'missing', at: 'app/x.py:11' }],
    },
    {
      name: 'two applications of which one has a limit',
      files: {
        'app/routes.py':
          'from fastapi import APIRouter\nrouter = APIRouter()\n@router.post("/login")\ndef login():\n    return 1\n',
        'app/a.py':
          'from fastapi import FastAPI, HTTPException\nfrom app.routes import router\napp = FastAPI()\n@app.middleware("http")\nasync def limit(request, call_next):\n    if busy(request):\n        raise HTTPException(429)\n    return await call_next(request)\napp.include_router(router)\n',
        'app/b.py':
          'from fastapi import FastAPI\nfrom app.routes import router\nother = FastAPI()\nother.include_router(router)\n',
      },
      findings: [{ message: 'missing', at: 'app/routes.py:3' }],
    },
    bad('the REST framework without throttles', 'REST_FRAMEWORK = {"PAGE_SIZE": 10}  # <-\n', 'noThrottles'),
    {
      name: 'an application of another file',
      files: {
        'app/main.py': 'from flask import Flask\napp = Flask(__name__)\n',
        'app/x.py': 'from app.main import app\n@app.post("/login")\ndef login():\n    return 1\n',
      },
      findings: [{ message: 'missing', at: 'app/x.py:2', confidence: 'high' }],
    },
    bad('Flask', `${flask}@app.route("/login", methods=["GET", "POST"])  # <-\ndef login():\n    return "x"\n`),
    bad('FastAPI', `${fast}@app.post("/api/v1/auth/register")  # <-\ndef register():\n    return "x"\n`),
    bad(
      'Django',
      'from django.urls import path\ndef login(request):\n    return 1\nurlpatterns = [path("login", login)]  # <-\n',
    ),
    bad(
      'a view of Django',
      'from django.contrib.auth.views import LoginView\nfrom django.urls import path\nurlpatterns = [path("login/", LoginView.as_view())]  # <-\n',
    ),
    bad('a code', `${flask}@app.post("/2fa/verify-otp")  # <-\ndef verify():\n    return "x"\n`),
    bad('an upload', `${flask}@app.post("/upload")  # <-\ndef upload():\n    return "x"\n`),
    bad(
      'a limiter without defaults',
      `${flask}limiter = Limiter(address, app=app)\n@app.post("/login")  # <-\ndef login():\n    return "x"\n`,
    ),
    bad(
      'slowapi without its middleware',
      `${fast}${slow}@app.post("/login")  # <-\ndef login(request: Request):\n    return "x"\n`,
    ),
    bad(
      'commented out',
      `${fast}${slow}@app.post("/login")  # <-\n# @limiter.limit("5/minute")\ndef login(request: Request):\n    return "x"\n`,
    ),
    bad(
      'a limiter on another router',
      `${fast}def throttle(request: Request):\n    raise HTTPException(status_code=429)\nother = APIRouter(dependencies=[Depends(throttle)])\n@other.get("/news")\ndef news():\n    return 1\nrouter = APIRouter()\n@router.post("/login")  # <-\ndef login():\n    return 1\napp.include_router(other)\napp.include_router(router)\n`,
    ),
    bad(
      'never attached',
      `${flask}limiter = Limiter(address, default_limits=["5/minute"])\n@app.post("/login")  # <-\ndef login():\n    return "x"\n`,
      'detached',
    ),
    bad(
      'a decorator that is never attached',
      `${flask}limiter = Limiter(address)\n@app.post("/login")  # <-\n@limiter.limit("5/minute")\ndef login():\n    return "x"\n`,
      'detached',
    ),
    bad(
      'above the route',
      `${fast}${slow}@limiter.limit("5/minute")  # <-\n@app.post("/login")\ndef login(request: Request):\n    return "x"\n`,
      'misplaced',
    ),
    bad(
      'exempt',
      `${flask}limiter = Limiter(address, app=app, default_limits=["9/minute"])\n@app.post("/login")\n@limiter.exempt  # <-\ndef login():\n    return "x"\n`,
      'exempt',
    ),
    bad(
      'an absurd rate',
      `${fast}${slow}@app.post("/login")\n@limiter.limit("1000000/day")  # <-\ndef login(request: Request):\n    return "x"\n`,
      'absurd',
    ),
    bad(
      'switched off',
      `${flask}limiter = Limiter(address, app=app, default_limits=["9/minute"])\napp.config["RATELIMIT_ENABLED"] = False  # <-\n${login}`,
      'disabled',
    ),
  ],
  unknown: [
    ...js.unknown,
    {
      name: 'a limiter of another package',
      files: one(
        `${fast}from company.limits import limiter\n@app.post("/login")\n@limiter.limit("5/minute")\ndef login(request: Request):\n    return 1\n`,
      ),
    },
    {
      name: 'a limiter of the repository that hands over to another package',
      files: one(
        `${fast}from company import backend\nasync def rate_limit(request: Request):\n    await backend.ask(request)\n@app.post("/login", dependencies=[Depends(rate_limit)])\ndef login():\n    return 1\n`,
      ),
    },
    {
      name: 'a router that is mounted nowhere, where others are',
      files: one(
        `${fast}router = APIRouter()\n@router.get("/")\ndef index():\n    return 1\napp.include_router(router)\nother = APIRouter()\n@other.post("/login")\ndef login():\n    return 1\n`,
      ),
    },
  ],
  notApplicable: [
    {
      name: 'a payment that only writes a row, behind a login',
      files: one(
        `${fast}@app.post("/orders/{id}/pay")\ndef pay(id: int, user=Depends(get_current_user), db=Depends(get_db)):\n    order = db.query(Order).filter(Order.id == id).first()\n    if not order:\n        raise HTTPException(status_code=404)\n    order.status = "paid"\n    db.commit()\n`,
      ),
    },
    {
      name: 'an approval by the number of a challenge',
      files: one(
        `from pydantic import BaseModel\nclass Approval(BaseModel):\n    action: str\n    challenge_id: str\n${fast}@app.post("/auth/mfa")\ndef mfa(approval: Approval, user=Depends(get_current_user)):\n    return check(approval)\n`,
      ),
    },
    {
      name: 'what an administrator does to another account, by the guard',
      files: one(
        `${fast}@app.post("/users/{id}/access-token")\ndef rotate(id: int, user=Depends(require_admin)):\n    return new(id)\n`,
      ),
    },
    ...js.notApplicable,
    {
      name: 'a registration of machines and a refreshed picture',
      files: one(
        `${flask}@app.post("/register")\ndef handle():\n    known.add(request.json["url"])\n@app.post("/pictures/refresh-thumbnail")\ndef thumbnail():\n    return 1\n@app.get("/orders/exports")\ndef formats():\n    return []\n`,
      ),
    },
    {
      name: 'a password that an administrator sets',
      files: one(`${fast}@app.post("/admin/users/{name}/reset-password")\ndef reset(name: str):\n    return 1\n`),
    },
    { name: 'a page with a form', files: one(`${flask}@app.get("/login")\ndef page():\n    return "x"\n`) },
    {
      name: 'a client',
      files: one('import requests\ndef login():\n    return requests.post("https://example.org/login")\n'),
    },
    {
      name: 'registration of nodes',
      files: one(`${fast}@app.post("/mesh/{name}/nodes/register")\ndef register(name: str):\n    return 1\n`),
    },
    { name: 'health', files: one(`${flask}@app.get("/health")\ndef health():\n    return "x"\n`) },
  ],
});
