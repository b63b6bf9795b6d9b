import { csrfProtection } from '../../src/checks/csrf-protection.ts';
import { testCheck } from '../check-tester.ts';
import * as js from './csrf-protection-js.ts';

const one = (text: string) => ({ 'app/x.py': text });
const flask =
  'from flask import Flask, abort, request, session\nfrom flask_wtf.csrf import CSRFProtect\napp = Flask(__name__)\n';
const post = '@app.post("/account")\ndef account():\n    session["email"] = request.form["email"]\n    return "x"\n';
const bad = (name: string, text: string, message = 'missing') => {
  const line = text.split('\n').findIndex((row) => row.includes('# <-')) + 1;
  return { name, files: one(text), findings: [{ message, at: `app/x.py:${line}` }] };
};
const good = (name: string, text: string) => ({ name, files: one(text), subjects: 1 });
const settings = (rest: string) =>
  `MIDDLEWARE = [  # <-\n    "django.contrib.sessions.middleware.SessionMiddleware",\n${rest}]\n`;

testCheck(csrfProtection, {
  valid: [
    ...js.valid,
    good('CSRFProtect', `${flask}CSRFProtect(app)\n${post}`),
    good('CSRFProtect later', `${flask}csrf = CSRFProtect()\ncsrf.init_app(app)\n${post}`),
    good('a factory', `${flask}csrf = CSRFProtect()\ndef create():\n    csrf.init_app(app)\n    return app\n${post}`),
    good(
      'switched off for tests',
      `${flask}CSRFProtect(app)\nclass TestConfig:\n    TESTING = True\n    WTF_CSRF_ENABLED = False\n${post}`,
    ),
    good('switched on', `${flask}CSRFProtect(app)\napp.config["WTF_CSRF_ENABLED"] = True\n${post}`),
    good(
      'a check of the origin',
      `${flask}@app.before_request\ndef check():\n    if request.headers.get("Origin") != "https://example.org":\n        abort(403)\n${post}`,
    ),
    good(
      'a form with a token',
      `${flask}@app.post("/account")\ndef account():\n    form = AccountForm()\n    if form.validate_on_submit():\n        session["email"] = form.email.data\n    return "x"\n`,
    ),
    good(
      'a webhook with a signature',
      'import hmac\nfrom django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\ndef hook(request):\n    if not hmac.compare_digest(sign(request.body), request.headers["X-Sign"]):\n        raise ValueError\n    return 1\n',
    ),
    good('the middleware of Django', settings('    "django.middleware.csrf.CsrfViewMiddleware",\n')),
    good(
      'an exempt blueprint of webhooks with a signature',
      `import hmac\nfrom flask import Blueprint\nhooks = Blueprint("hooks", __name__)\n${'from flask import Flask, request\nfrom flask_wtf.csrf import CSRFProtect\napp = Flask(__name__)\n'}csrf = CSRFProtect(app)\n@hooks.post("/paid")\ndef paid():\n    if not hmac.compare_digest(request.headers["X-Signature"], sign(request.data)):\n        return "", 403\n    return ""\napp.register_blueprint(hooks)\ncsrf.exempt(hooks)\n`,
    ),
    good(
      'an exempt view that takes tokens',
      'from django.utils.decorators import method_decorator\nfrom django.views.decorators.csrf import csrf_exempt\nfrom rest_framework.authentication import TokenAuthentication\nfrom rest_framework.views import APIView\n@method_decorator(csrf_exempt, name="dispatch")\nclass Orders(APIView):\n    authentication_classes = [TokenAuthentication]\n    def post(self, request):\n        return save(request.data)\n',
    ),
    good(
      'a cookie that is sent twice',
      `${flask}@app.post("/account")\ndef account():\n    if request.cookies.get("csrf_token") != request.headers.get("X-CSRF-Token"):\n        abort(403)\n    session["email"] = request.form["email"]\n    return "x"\n`,
    ),
    good(
      'a session cookie that says Strict',
      'from fastapi import FastAPI, Response\napp = FastAPI()\n@app.post("/login")\ndef login(response: Response):\n    response.set_cookie("session_token", make(), samesite="strict")\n',
    ),
    good(
      'a token that a function of another package checks',
      `from company import check\nfrom flask import Flask, request, session\napp = Flask(__name__)\n@app.post("/account")\ndef account():\n    token = request.form.get("csrf_token")\n    check(token)\n    session["email"] = request.form["email"]\n`,
    ),
    good(
      'a token of the session',
      `import hmac\nfrom flask import Flask, abort, request, session\napp = Flask(__name__)\n@app.post("/account")\ndef account():\n    if not hmac.compare_digest(request.form.get("csrf_token"), session.get("csrf_token")):\n        abort(403)\n    session["email"] = request.form["email"]\n`,
    ),
    good('SameSite Lax', 'SESSION_COOKIE_SAMESITE = "Lax"\n'),
  ],
  invalid: [
    ...js.invalid,
    bad('a session of Flask', `from flask import Flask, request, session\napp = Flask(__name__)  # <-\n${post}`),
    bad(
      'flask_login',
      'from flask import Flask\nfrom flask_login import login_required\napp = Flask(__name__)  # <-\n@app.route("/account", methods=["POST"])\n@login_required\ndef account():\n    return "x"\n',
    ),
    bad(
      'a session of Starlette',
      'from fastapi import FastAPI, Request\nfrom starlette.middleware.sessions import SessionMiddleware\napp = FastAPI()  # <-\napp.add_middleware(SessionMiddleware, secret_key=key)\n@app.post("/account")\ndef account(request: Request):\n    return 1\n',
    ),
    bad(
      'commented out',
      `from flask import Flask, request, session\napp = Flask(__name__)  # <-\n# CSRFProtect(app)\n${post}`,
    ),
    bad('Django without its middleware', settings('')),
    bad(
      'an exempt view',
      'from django.views.decorators.csrf import csrf_exempt\n@csrf_exempt  # <-\ndef pay(request):\n    return 1\n',
      'exempt',
    ),
    bad(
      'an exempt view, dotted',
      'from django.views.decorators import csrf\n@csrf.csrf_exempt  # <-\ndef pay(request):\n    return 1\n',
      'exempt',
    ),
    bad(
      'an exempt class',
      'from django.utils.decorators import method_decorator\nfrom django.views import View\nfrom django.views.decorators.csrf import csrf_exempt\n@method_decorator(csrf_exempt, name="dispatch")  # <-\nclass Pay(View):\n    def post(self, request):\n        return 1\n',
      'exempt',
    ),
    bad('an exempt blueprint', `${flask}csrf = CSRFProtect(app)\ncsrf.exempt(blueprint)  # <-\n${post}`, 'exempt'),
    bad('switched off', `${flask}CSRFProtect(app)\napp.config["WTF_CSRF_ENABLED"] = False  # <-\n${post}`, 'disabled'),
    bad(
      'switched off by update',
      `${flask}CSRFProtect(app)\napp.config.update(WTF_CSRF_ENABLED=False)  # <-\n${post}`,
      'disabled',
    ),
    bad(
      'not checked by default',
      `${flask}CSRFProtect(app)\napp.config["WTF_CSRF_CHECK_DEFAULT"] = False  # <-\n${post}`,
      'disabled',
    ),
    bad(
      'Pyramid without a check of the origin',
      'from pyramid.config import Configurator\nconfig = Configurator()\nconfig.set_default_csrf_options(require_csrf=True, check_origin=False)  # <- csrf\n',
      'disabled',
    ),
    bad('a settings module', 'SECRET = load()\nWTF_CSRF_ENABLED = False  # <-\n', 'disabled'),
    {
      name: 'an exempt blueprint of which one handler checks nothing',
      files: one(
        `import hmac\nfrom flask import Blueprint\nhooks = Blueprint("hooks", __name__)\nfrom flask import Flask, request\nfrom flask_wtf.csrf import CSRFProtect\napp = Flask(__name__)\ncsrf = CSRFProtect(app)\n@hooks.post("/paid")\ndef paid():\n    if not hmac.compare_digest(request.headers["X-Signature"], sign(request.data)):\n        return "", 403\n    return ""\n@hooks.post("/sent")\ndef sent():\n    return save(request.data)\napp.register_blueprint(hooks)\ncsrf.exempt(hooks)\n`,
      ),
      findings: [{ message: 'exempt', at: 'app/x.py:17' }],
    },
    {
      name: 'an exempt view that only shows a page',
      files: one(
        'from django.shortcuts import redirect, render\nfrom django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\ndef page(request):\n    if request.user.is_authenticated:\n        return render(request, "page.html")\n    return redirect("login")\n',
      ),
      findings: [{ message: 'exempt', at: 'app/x.py:3', confidence: 'low' }],
    },
    {
      name: 'an exempt view that shows a page and writes',
      files: one(
        'from django.shortcuts import render\nfrom django.views.decorators.csrf import csrf_exempt\n@csrf_exempt\ndef page(request):\n    Visit.objects.create(user=request.user)\n    return render(request, "page.html")\n',
      ),
      findings: [{ message: 'exempt', at: 'app/x.py:3', confidence: 'high' }],
    },
    {
      name: 'a token that is compared with itself',
      files: one(
        `from flask import Flask, abort, request, session\napp = Flask(__name__)\n@app.post("/account")\ndef account():\n    token = request.form.get("csrf_token")\n    if token != request.form.get("csrf_token"):\n        abort(403)\n    session["email"] = request.form["email"]\n`,
      ),
      findings: [
        { message: 'itself', at: 'app/x.py:6' },
        { message: 'missing', at: 'app/x.py:2' },
      ],
    },
    bad(
      'a token that is read and not compared',
      `from flask import Flask, request, session\napp = Flask(__name__)  # <-\n@app.post("/account")\ndef account():\n    token = request.form.get("csrf_token")\n    session["email"] = request.form["email"]\n`,
    ),
    bad('origins of everybody', 'CSRF_TRUSTED_ORIGINS = ["https://*"]  # <-\n', 'origins'),
    bad(
      'a cookie with SameSite None',
      'from fastapi import FastAPI, Response\napp = FastAPI()\n@app.post("/login")\ndef login(response: Response):\n    response.set_cookie("session_token", make(), samesite="none")  # <-\n',
      'sameSite',
    ),
    bad('SameSite None', 'SESSION_COOKIE_SAMESITE = "None"  # <-\n', 'sameSite'),
    bad(
      'a change by GET',
      'from flask import Flask, session\napp = Flask(__name__)\n@app.get("/account/delete")  # <-\ndef delete_account():\n    session.clear()\n    return "x"\n',
      'get',
    ),
  ],
  notApplicable: [
    ...js.notApplicable,
    {
      name: 'a cookie of Starlette for the language',
      files: one(
        'from fastapi import FastAPI, Response\napp = FastAPI()\n@app.post("/language")\ndef language(response: Response):\n    response.set_cookie("language", "de", samesite="none")\nCSRF_TRUSTED_ORIGINS = ["https://*.example.org"]\n',
      ),
    },
    {
      name: 'bearer tokens',
      files: one(
        'from fastapi import Depends, FastAPI\nfrom fastapi.security import HTTPBearer\napp = FastAPI()\n@app.post("/nodes")\ndef add(token=Depends(HTTPBearer())):\n    return 1\n',
      ),
    },
    {
      name: 'only GET',
      files: one(
        'from flask import Flask, session\napp = Flask(__name__)\n@app.get("/")\ndef index():\n    return session["x"]\n',
      ),
    },
    {
      name: 'no session',
      files: one('from flask import Flask\napp = Flask(__name__)\n@app.post("/x")\ndef x():\n    return "x"\n'),
    },
  ],
});
