import { flaskSecretKey } from '../../src/checks/flask-secret-key.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad, good } = inFile('app/x.py', 'literal');

testCheck(flaskSecretKey, {
  invalid: [
    bad(
      'an identifier for each process',
      'import uuid\nfrom flask import Flask\napp = Flask(__name__)\napp.secret_key = str(uuid.uuid4())  # <-\n',
      'perProcess',
      { confidence: 'low' },
    ),
    {
      name: 'a committed file of the environment',
      files: { 'app/.env': 'NAME=shop\nJWT_SECRET=9f2b6c1e77d04aa3b1c8f00d\n' },
      findings: [{ message: 'committed', at: 'app/.env:2', confidence: 'high' }],
      skip: ['comment'], // the place is the name alone
    },
    bad('a dictionary of settings', 'CONFIG = {\n    "jwt_secret": "s3cr3t-value-1",  # <-\n}\n'),
    bad(
      'a key for the case that something failed',
      'import jwt\nclass Bridge:\n    def __init__(self):\n        try:\n            self.key = load()\n        except ImportError:\n            self.key = "spare-key-1"  # <-\n    def sign(self, p):\n        return jwt.encode(p, self.key)\n',
    ),
    bad(
      'a text with a name in it',
      'def f(NODE_ID, self, when):\n    a = Credentials(cookie_secret=f"secret-for-{NODE_ID}")  # <-\n    return a, Client(jwt_secret="jwt-" + self.user.email)  # <-\n',
      'derived',
    ),
    bad(
      'webhooks of a vendor, and a module that is changed for good',
      'import billing\nSTRIPE_WEBHOOK_SECRET = "whsec-1"  # <-\ndef f(key):\n    billing.jwt_secret = "abc"  # <-\n    billing.other = billing.jwt_secret\n',
    ),
    {
      name: 'JavaScript: a key that is encoded first',
      files: {
        'src/a.ts':
          'import { SignJWT, jwtVerify } from "jose";\nconst key = new TextEncoder().encode("jose-1");\nexport const f = (p) => new SignJWT(p).setProtectedHeader({ alg: "HS256" }).setJti("1").setExpirationTime("2h").sign(key);\nexport const g = (t) => jwtVerify(t, new TextEncoder().encode("jose-2"));\n',
      },
      findings: [
        { message: 'literal', at: 'src/a.ts:3' },
        { message: 'literal', at: 'src/a.ts:4' },
      ],
    },
    {
      name: 'JavaScript: options of sessions beside a name, and a client of another service',
      files: {
        'src/a.ts':
          'import session from "express-session";\napp.use(session({ name: "sid", secret: "abc", resave: false }));\nexport const oauth = { clientId: "web", clientSecret: "c-123" };\n',
      },
      findings: [
        { message: 'literal', at: 'src/a.ts:2' },
        { message: 'literal', at: 'src/a.ts:3' },
      ],
    },
    {
      ...bad(
        'a key for development only',
        'def key(production):\n    if not production:\n        return "dev-key"\n    return load()\nSECRET_KEY = key(True)  # <-\n',
      ),
      findings: [{ message: 'literal', at: 'app/x.py:5', confidence: 'low' as const }],
    },
    bad(
      'TESTING elsewhere in the file',
      'from flask import Flask\napp = Flask(__name__)\napp.config["TESTING"] = True\napp.config.update(SECRET_KEY="aaaa")  # <-\n',
    ),
    bad('by index', 'from flask import Flask\napp = Flask(__name__)\napp.config["SECRET_KEY"] = "s3"  # <-\n'),
    bad('by attribute', 'from flask import Flask\napp = Flask(__name__)\napp.secret_key = b"s3"  # <-\n'),
    bad(
      'by update and from_mapping',
      'from flask import Flask\napp = Flask(__name__)\napp.config.update(SECRET_KEY="a1")  # <-\napp.config.from_mapping(SECRET_KEY="b1")  # <-\n',
    ),
    bad('by a dictionary', 'CONFIG = {\n    "SECRET_KEY": "abc",  # <-\n}\n'),
    bad('a configuration class for production', 'class Production:\n    DEBUG = False\n    SECRET_KEY = "abc"  # <-\n'),
    bad('settings of Django', 'SECRET_KEY = "django-insecure-abc"  # <-\nSECRET_COOKIE_KEY = "x"  # <-\n'),
    bad(
      'a default of the environment',
      'import os\nSECRET_KEY = os.getenv("SECRET_KEY", "dev")  # <-\nJWT_SECRET_KEY = os.environ.get("JWT", default="dev")  # <-\n',
      'fallback',
    ),
    bad('or', 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY") or "dev"  # <-\n', 'fallback'),
    bad(
      'a fallback in except',
      'import os\ntry:\n    SECRET_KEY = os.environ["SECRET_KEY"]\nexcept KeyError:\n    SECRET_KEY = "dev"  # <-\n',
    ),
    bad('a constant of another name', 'DEFAULT = "abc"\nSECRET_KEY = DEFAULT  # <-\n'),
    {
      name: 'a constant of another module',
      files: {
        'app/defaults.py': 'KEY = "abc"\n',
        'app/settings.py': 'from .defaults import KEY as VALUE\n\nSECRET_KEY = VALUE\n',
      },
      findings: [{ message: 'literal', at: 'app/settings.py:3' }],
    },
    bad(
      'settings of pydantic',
      'from pydantic_settings import BaseSettings\nfrom pydantic import Field\nclass Settings(BaseSettings):\n    jwt_secret: str = "change-me"  # <-\n    secret_key: str = Field("x", min_length=1)  # <-\n',
    ),
    bad(
      'tokens',
      'import jwt\nfrom jose import jwt as jose\nKEY = "abc"\ndef f(p):\n    a = jwt.encode(p, "abc")  # <-\n    b = jose.decode(p, key="xyz")  # <-\n    return a, b, jwt.decode(p, KEY)  # <-\n',
    ),
    bad('a local variable', 'import jwt\ndef f(p):\n    secret = "abc"\n    return jwt.encode(p, secret)  # <-\n'),
    bad(
      'one cause for two calls',
      'import jwt\nKEY = "abc"\ndef f(p):\n    return jwt.encode(p, KEY)  # <-\ndef g(t):\n    return jwt.decode(t, KEY)\n',
    ),
    bad(
      'itsdangerous and Starlette',
      'from itsdangerous import URLSafeTimedSerializer\nfrom starlette.middleware.sessions import SessionMiddleware\ns = URLSafeTimedSerializer("abc")  # <-\napp.add_middleware(SessionMiddleware, secret_key="x")  # <-\n',
    ),
    bad('a constant that is hashed first', 'import hashlib\nSECRET_KEY = hashlib.sha256(b"abc").hexdigest()  # <-\n'),
    bad(
      'a constant HMAC key',
      'import hmac, hashlib\ndef f(m):\n    return hmac.new(b"abc", m, hashlib.sha256)  # <-\n',
    ),
    bad(
      'a field of an instance',
      'import jwt\nclass Tokens:\n    def __init__(self):\n        self.key = "abc"\n    def issue(self, p):\n        return jwt.encode(p, self.key)  # <-\n',
    ),
    bad(
      'random that can be guessed',
      'import random, uuid\nSECRET_KEY = str(random.getrandbits(64))  # <-\napp.secret_key = uuid.uuid1().hex  # <-\n',
      'weakRandom',
    ),
    bad(
      'sessions without a key',
      'from flask import Flask, session\napp = Flask(__name__)  # <-\n@app.get("/")\ndef f():\n    session["a"] = 1\n    return {}\n',
      'missing',
    ),
  ],
  valid: [
    good(
      'random for each process',
      'import os, secrets\nfrom flask import Flask\napp = Flask(__name__)\napp.secret_key = os.urandom(24)\nSECRET_KEY = secrets.token_hex(32)\n',
      2,
    ),
    {
      name: 'an example and placeholders of the environment',
      files: {
        '.env.example': 'SECRET_KEY=9f2b6c1e77d04aa3b1c8f00d\n',
        '.env': 'SECRET_KEY=${SESSION_KEY}\nJWT_SECRET=\nSTRIPE_SECRET_KEY=9f2b6c1e77d04aa3b1c8f00d\n',
        'app/x.py': 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n',
      },
    },
    good(
      'a word of a page',
      'import os\nfrom django.shortcuts import render\nSECRET_KEY = os.environ["SECRET_KEY"]\ndef page(request):\n    return render(request, "page.html", {"secret": "the word of the day"})\n',
    ),
    good(
      'put back at the end',
      'import billing\ndef smoke(run):\n    original = billing.WEBHOOK_SECRET\n    try:\n        billing.WEBHOOK_SECRET = "whsec_a"\n        run()\n    finally:\n        billing.WEBHOOK_SECRET = original\n',
      2,
    ),
    {
      name: 'scripts for tests',
      files: {
        'scripts/smoke_local.py': 'SECRET_KEY = "abc"\n',
        'src/setup.ts':
          'import { vi } from "vitest";\nprocess.env.APP_AUTH_SECRET ??= "integration-1";\nvi.mock("server-only", () => ({}));\n',
      },
      subjects: 2,
    },
    {
      name: 'JavaScript: a placeholder for a client of another service',
      files: { 'src/a.ts': 'export const saml = { providerId: "saml", clientId: "dummy", clientSecret: "dummy" };\n' },
    },
    good(
      'parts that nobody knows',
      'import os\nPEPPER = os.environ["PEPPER"]\nSECRET_KEY = f"app-{PEPPER}"\ndef f(self, salt):\n    return Client(jwt_secret=f"token-{salt}", signing_key=f"{self.name}-{self.port}")\n',
      3,
    ),
    good(
      'parts and descriptions',
      'from pathlib import Path\nfrom pydantic import Field\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    jwt_secret: str = Field(..., env="JWT_SECRET", description="The key")\nDEFAULT_SECRET = Path("state/app.secret.json")\ndef f(data, node):\n    return Client(client_secret=data.get("client_secret"), jwt_secret=f"s-{node}", signing_key=data["signing_key"])\n',
    ),
    good(
      'a factory for tests',
      'def create_app(app):\n    app.config["TESTING"] = True\n    app.config["SECRET_KEY"] = "abc"\n',
      1,
    ),
    good(
      'the environment',
      'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\nJWT_SECRET_KEY = os.getenv("JWT_SECRET_KEY")\n',
      2,
    ),
    good(
      'refused when missing',
      'import os\nSECRET_KEY = os.getenv("SECRET_KEY")\nif not SECRET_KEY:\n    raise RuntimeError("SECRET_KEY is missing")\n',
      1,
    ),
    good(
      'a default that production refuses',
      'import os\nfrom pydantic import model_validator\nfrom pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    secret_key: str = "dev"\n    environment: str = "production"\n    @model_validator(mode="after")\n    def check(self):\n        if self.environment == "production" and self.secret_key == "dev":\n            raise ValueError("set SECRET_KEY")\n        return self\n',
      1,
    ),
    good(
      'a secret store',
      'import hvac\nclient = hvac.Client()\nSECRET_KEY = client.secrets.kv.read_secret_version(path="app")["data"]["key"]\n',
      1,
    ),
    good('a file', 'SECRET_KEY = open("/run/secrets/app").read().strip()\n', 1),
    good(
      'a configuration object',
      'import jwt\nfrom flask import current_app\ndef f(p):\n    return jwt.encode(p, current_app.config["SECRET_KEY"])\n',
      1,
    ),
    good('tests', 'class TestConfig:\n    SECRET_KEY = "abc"\n', 1),
    good(
      'TESTING beside it',
      'from flask import Flask\napp = Flask(__name__)\napp.config.update(TESTING=True, SECRET_KEY="abc")\n',
      1,
    ),
    good(
      'another key of the process',
      'import os\nMESH_SECRET_KEY = os.environ["MESH_SECRET_KEY"]\nclass Kem:\n    def f(self, kem):\n        self.secret_key = kem.export_secret_key()\n',
      2,
    ),
    good(
      'a published key verifies',
      'import jwt\ndef f(t, client):\n    key = client.get_signing_key_from_jwt(t)\n    return jwt.decode(t, key.key, algorithms=["RS256"])\n',
      1,
    ),
  ],
  notApplicable: [
    good(
      'the secret of a credential record',
      'def register(node):\n    return ApiCredentials(api_key=f"key-{node}", api_secret=f"secret-{node}")\n',
    ),
    {
      name: 'JavaScript: lists of the names of settings',
      files: {
        'src/a.ts':
          'export enum Key { JWT_SECRET = "JWT_SECRET", SESSION_SECRET = "SESSION_SECRET" }\nexport class Env {\n  static readonly CRON_SECRET_KEY = "CRON_SECRET_KEY";\n}\n',
      },
    },
    good(
      'keys of vendors',
      'import os\nSTRIPE_SECRET_KEY = "abc"\nos.environ["RECAPTCHA_SECRET_KEY"] = "x1"\npayment_secret = "sk_test_mock"\n',
    ),
    {
      name: 'JavaScript: accounts, texts and values that are refused',
      files: {
        'src/a.ts':
          'const PLACEHOLDER_SECRETS = { AUTH_JWT_SECRET: "secret", AUTH_REFRESH_SECRET: "secret_2" } as const;\nexport const texts = { project: "The project of this key", secret: "The secret of this key" };\nexport const user = (type) => new ApiUser({ tokenName: "none", permissions: [], type, secret: "a" });\n',
      },
    },
    good(
      'kinds of secrets',
      'from enum import Enum, StrEnum\nclass Kind(Enum):\n    SECRET_KEY = "secret_key"\nclass Other(StrEnum):\n    JWT_SECRET = "jwt_secret"\n',
    ),
    good('a table of a linter', 'SEVERITY = {"HARDCODED_SECRET": "HIGH"}\nPATTERNS = {"LEAKED_SECRET": ["a", "b"]}\n'),
    good(
      'other names',
      'SECRET_KEY_NAME = "app-key"\nsecret_name = "db"\ncsrf_secret_header = "X-Token"\nPUBLIC_KEY = "abc"\nSECRET_KEY: str\n',
    ),
    good(
      'empty placeholders',
      'SECRET_KEY = ""\nclass Base:\n    SECRET_KEY = None\n    jwt_secret: str = "${JWT_SECRET}"\n',
    ),
    good('a parameter', 'import jwt\ndef f(p, key):\n    return jwt.encode(p, key)\n'),
    good('words', '"""SECRET_KEY = "abc" is wrong."""\n# SECRET_KEY = "abc"\nkinds = ["secret"]\n'),
    good('a password of a call', 'def f(password):\n    return password\nf("secret")\nf(password="secret")\n'),
    good('a branch that never runs', 'import os\nif False:\n    SECRET_KEY = "abc"\n'),
  ],
});
