import { apiKeyExposure } from '../../src/checks/api-key-exposure.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';
import * as js from './api-key-exposure-js.ts';

const { bad, good } = inFile('app/x.py', 'logged');

const FLASK = 'from flask import Flask, jsonify, redirect, request\napp = Flask(__name__)\n';
const FAST = 'from fastapi import APIRouter\nfrom pydantic import BaseModel\nrouter = APIRouter()\n';

testCheck(apiKeyExposure, {
  invalid: [
    bad(
      'fields that the caller chooses',
      `${FLASK}@app.get("/me")\ndef me():\n    user = find(1)\n    wanted = request.args["fields"].split(",")\n    return jsonify({name: getattr(user, name) for name in wanted})  # <-\n`,
      'chosen',
    ),
    ...js.invalid,
    ...js.exposed,
    bad(
      'logs',
      'import logging\nlog = logging.getLogger(__name__)\ndef f(user, password, cfg):\n    log.info(f"login with {password}")  # <-\n    log.debug("login %s" % password)  # <-\n    log.error("key: {}".format(cfg.api_key))  # <-\n    logging.warning("secret %s", cfg["client_secret"])  # <-\n    log.info("login", extra={"password": password})  # <-\n',
    ),
    bad(
      'prints',
      'import os\ndef f(password):\n    print("password:", password)  # <-\n    print("key " + os.environ["API_KEY"])  # <-\n',
    ),
    bad(
      'a local variable',
      'import logging\ndef f(store):\n    api_key = store.find("k")\n    logging.info(f"using {api_key}")  # <-\n',
    ),
    bad(
      'an answer',
      `${FLASK}@app.get("/me")\ndef me():\n    user = load()\n    return jsonify({"name": user.name, "password": user.password})  # <-\n`,
      'answered',
    ),
    bad(
      'a list of keys',
      `${FLASK}@app.get("/keys")\ndef keys():\n    return jsonify([{"id": k.id, "api_key": k.value} for k in load()])  # <-\n`,
      'answered',
    ),
    bad(
      'a returned dictionary',
      `${FAST}@router.get("/me")\ndef me():\n    user = load()\n    data = {"id": user.id}\n    data["secret_key"] = user.secret_key  # <-\n    return data\n`.replace(
        '    data["secret_key"] = user.secret_key  # <-\n    return data',
        '    return {"id": user.id, "secret_key": user.secret_key}  # <-',
      ),
      'answered',
    ),
    bad(
      'a response model',
      `${FAST}class Out(BaseModel):\n    id: int\n    hashed_password: str\n@router.get("/me", response_model=Out)\ndef me():  # <-\n    return load()\n`,
      'model',
      { confidence: 'medium' },
    ),
    bad(
      'the environment and a row',
      `import os\n${FLASK}@app.get("/debug")\ndef debug():\n    return jsonify(dict(os.environ))  # <-\n@app.get("/u")\ndef u():\n    user = load("password")\n    return user.__dict__  # <-\n`,
      'dump',
    ),
    bad(
      'rows as a whole',
      `${FLASK}from sqlalchemy import Column, String\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass Member(Base):\n    name = Column(String)\n    password_hash = Column(String)\n    def to_dict(self):\n        return {"name": self.name, "hash": self.password_hash}\n@app.get("/a")\ndef a():\n    m = db.query(Member).first()\n    return jsonify(vars(m))  # <-\n@app.get("/b")\ndef b():\n    m = Member.query.get(1)\n    return jsonify(m.to_dict())  # <-\n`,
      'model',
      { confidence: 'medium' },
    ),
    bad(
      'a code that was just sent another way',
      `${FLASK}import random\n@app.post("/otp")\ndef otp():\n    otp = random.randint(1000, 9999)\n    send(otp)\n    return jsonify(otp=otp)  # <-\n@app.post("/reset")\ndef reset():\n    reset_token = make()\n    return jsonify({"reset_token": reset_token})  # <-\n`,
      'answered',
    ),
    bad(
      'a page with the key',
      `from flask import render_template\n${FLASK}@app.get("/d")\ndef d():\n    return render_template("d.html", key=app.config["SECRET_KEY"])  # <-\n`,
      'answered',
    ),
    bad(
      'the body of a login in the log',
      `import logging\n${FLASK}@app.post("/login")\ndef login():\n    logging.info("login %s", request.json)  # <-\n    return ""\n`,
    ),
    bad(
      'a GraphQL type',
      'import graphene\nclass Member(graphene.ObjectType):\n    name = graphene.String()\n    password = graphene.String()  # <-\n',
      'serializer',
    ),
    bad(
      'a serializer',
      'from rest_framework import serializers\nclass UserSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = User\n        fields = ["id", "password"]  # <-\nclass AllSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = User\n        fields = "__all__"  # <-\n',
      'serializer',
    ),
    bad(
      'a token',
      'import jwt\ndef f(user, key):\n    a = jwt.encode({"sub": user.id, "password": user.password}, key)  # <-\n    payload = {"sub": 1, "password": 123}  # <-\n    return a, jwt.encode(payload, key)\n',
      'token',
    ),
    bad(
      'an address',
      `${FLASK}@app.get("/x")\ndef x():\n    reset = load()\n    return redirect(f"/next?token={reset.token}")  # <-\n`,
      'address',
    ),
    bad(
      'a log with a filter',
      'import logging\nlog = logging.getLogger(__name__)\nlog.addFilter(RedactFilter())\ndef f(password):\n    log.info(password)  # <-\n',
      'logged',
      { confidence: 'low' },
    ),
    {
      name: 'a filter in the module that is imported, and one that nobody imports',
      files: {
        'app/__init__.py': '',
        'app/logs.py':
          'import logging\ndef logger(name):\n    log = logging.getLogger(name)\n    log.addFilter(SensitiveFilter())\n    return log\n',
        'app/a.py': 'from app.logs import logger\nlog = logger(__name__)\ndef f(password):\n    log.info(password)\n',
        'app/b.py':
          'import logging\nlog = logging.getLogger(__name__)\ndef f(store):\n    got = store.credentials()\n    log.info("key %s", got.api_key)\n    print(got.password)\n',
      },
      findings: [
        { message: 'logged', at: 'app/a.py:4', confidence: 'low' },
        { message: 'logged', at: 'app/b.py:5', confidence: 'high' },
        { message: 'logged', at: 'app/b.py:6', confidence: 'high' },
      ],
    },
    bad(
      'an answer that is filled in later',
      `${FLASK}@app.get("/me")\ndef me():\n    user = load()\n    out = {"user": {"name": user.name}}\n    out["user"]["password"] = user.password  # <-\n    return jsonify(out)\n`,
      'answered',
    ),
    bad(
      'rows that only some went through a function that redacts',
      'def collect(report, rows):\n    report["matched"] = [public_record(row) for row in rows]\n    report["found"] = rows\ndef show(report):\n    for one in report.get("found"):\n        print(f"password={one.get(\'password\')}")  # <-\n',
    ),
    bad(
      'a credential that was made here, in a log',
      'import logging, secrets\nlog = logging.getLogger(__name__)\ndef f():\n    api_key = secrets.token_hex(8)\n    log.info(f"made {api_key}")  # <-\n',
      'logged',
      { confidence: 'medium' },
    ),
    bad(
      'a token of a row, printed',
      'def f(rows):\n    for row in rows:\n        print(f"- {row.token}")  # <-\n',
      'logged',
      { confidence: 'low' },
    ),
    bad(
      'rows of FastAPI',
      `${FAST}from sqlalchemy import Column, String\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass Member(Base):\n    name = Column(String)\n    password_hash = Column(String)\nclass Out(BaseModel):\n    name: str\n    api_key: str\n@router.get("/members/{id}")\ndef one(id, db):\n    return db.query(Member).get(id)  # <-\n@router.get("/members", response_model=list[Out])\ndef all(db):  # <-\n    return db.query(Member).all()\n`,
      'model',
    ),
    bad(
      'every column of an account by another name',
      'from django.contrib.auth.models import AbstractUser\nfrom django.db import models\nfrom rest_framework import serializers\nclass Member(AbstractUser):\n    nick = models.CharField()\nclass Device(models.Model):\n    secret_key = models.CharField()\nclass MemberSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Member\n        fields = "__all__"  # <-\nclass DeviceSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Device\n        fields = "__all__"  # <-\n',
      'serializer',
    ),
  ],
  valid: [
    good(
      'fields that the caller chooses from a list',
      `${FLASK}@app.get("/me")\ndef me():\n    user = find(1)\n    wanted = request.args["fields"].split(",")\n    return jsonify({name: getattr(user, name) for name in wanted if name in ("mail", "city")} | {"api_key": user.api_key[:4]})\n`,
    ),
    ...js.valid,
    ...js.unexposed,
    good(
      'masked and counted',
      'import logging\nlog = logging.getLogger(__name__)\ndef f(password, api_key, token):\n    log.info("password of %d characters", len(password))\n    log.info(f"api key {api_key[:4]}...")\n    log.info("token %s", mask(token))\n    log.warning("wrong password")\n',
      4,
    ),
    good(
      'a model that drops the field',
      `${FAST}class Out(BaseModel):\n    id: int\n    key_prefix: str\n@router.get("/me", response_model=Out)\ndef me():\n    return load("password")\n`,
      1,
    ),
    good(
      'booleans and prefixes',
      `${FLASK}@app.get("/me")\ndef me():\n    user = load()\n    return jsonify({"has_password": bool(user.password), "api_key": user.api_key[:4], "password": None})\n`,
      1,
    ),
    good(
      'a row that leaves it out',
      `${FLASK}class Member:\n    name = ""\n    password_hash = ""\n    def to_dict(self):\n        return {"name": self.name}\n@app.get("/a")\ndef a():\n    m = Member()\n    return jsonify(m.to_dict())\n`,
      1,
    ),
    good(
      'shown once',
      'import logging, secrets\ndef f():\n    api_key = secrets.token_urlsafe(32)\n    print(f"API key: {api_key}")\n',
      1,
    ),
    good(
      'a serializer that only writes it',
      'from rest_framework import serializers\nclass UserSerializer(serializers.ModelSerializer):\n    password = serializers.CharField(write_only=True)\n    class Meta:\n        model = User\n        fields = ["id", "password"]\n',
      1,
    ),
    good(
      'columns that a model or a return type chooses',
      `${FAST}from sqlalchemy import Column, String\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass Member(Base):\n    name = Column(String)\n    password_hash = Column(String)\nclass Out(BaseModel):\n    name: str\n@router.get("/members/{id}")\ndef one(id, db) -> Out:\n    return db.query(Member).get(id)\n@router.get("/members", response_model=list[Out])\ndef all(db):\n    return db.query(Member).all()\n@router.get("/count")\ndef count(db):\n    return {"secret": False, "count": db.query(Member).count()}\n`,
      2,
    ),
    good(
      'every column of a model without a credential',
      'from django.db import models\nfrom rest_framework import serializers\nclass AccountType(models.Model):\n    label = models.CharField()\nclass TypeSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = AccountType\n        fields = "__all__"\n',
      1,
    ),
    good(
      'a command that prints what it was called for',
      'class Authority:\n    def generate_activation_token(self, tier):\n        return f"{tier}-{self.key}"\ndef main():\n    token = Authority().generate_activation_token("pro")\n    print(f"Token: {token}")\n',
      1,
    ),
    good('a token with an id', 'import jwt\ndef f(user, key):\n    return jwt.encode({"sub": user.id}, key)\n', 1),
  ],
  notApplicable: [
    good(
      'rows that went through a function that redacts',
      'def collect(rows):\n    report = {}\n    report["matched"] = [public_record(row) for row in rows]\n    return report\ndef show(report, row):\n    for one in report.get("matched")[:10]:\n        print(f"token={one.get(\'subscription_token\')}")\n    print(mask(row)["password"], redact(row).api_key)\n',
    ),
    {
      name: 'addresses of contracts',
      files: {
        'scripts/a.js':
          'const token = await factory.getAddress();\nconst addresses = { governanceToken: token };\nfunction show(deployments, contract) {\n  const governanceToken = contract.address;\n  console.log(`at ${deployments.governanceToken}`, governanceToken);\n}\nshow(addresses, factory);\n',
      },
    },
    good(
      'a token for its owner',
      `${FLASK}@app.post("/login")\ndef login():\n    return jsonify({"access_token": make(), "token_type": "bearer"})\n@app.post("/keys")\ndef create_key():\n    return jsonify({"api_key": make()})\n`,
    ),
    good(
      'other things',
      'import logging\ndef f(bypass, password_field_name, tokens_used, public_key, key_id, next_token):\n    logging.info("%s %s %s", bypass, password_field_name, tokens_used)\n    print(public_key, key_id, next_token)\n',
    ),
    good('words', '"""print(password)"""\n# log.info(password)\nNOTE = "print(password)"\n'),
    good('no answer', 'def f(user):\n    return {"password": user.password}\n'),
  ],
});
