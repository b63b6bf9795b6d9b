import { unsafeDeserialization } from '../../src/checks/unsafe-deserialization.ts';
import { testCheck } from '../check-tester.ts';
import { inFile } from '../marked.ts';

const { bad, good } = inFile('app/x.py', 'unsafe');

const weights = 'import torch\ndef f(p):\n    return torch.load(p)\n';
const jsYaml = "import yaml from 'js-yaml';\nexport const read = (text) => yaml.load(text);\n";

/** A model that is read, beside files that say which version of the library reads it. */
function version(name: string, files: Record<string, string>, ...confidence: ('low' | 'medium')[]) {
  return {
    name,
    files: { 'app/x.py': weights, ...files },
    findings: confidence.map((one) => ({ message: 'unsafe', at: 'app/x.py:3', confidence: one })),
  };
}

const npm = (range: string) => JSON.stringify({ name: 'x', dependencies: { 'js-yaml': range } });

const pyproject = (entry: string) => `[project]\nname = "x"\nversion = "1"\ndependencies = ["${entry}"]\n`;

testCheck(unsafeDeserialization, {
  invalid: [
    {
      name: 'YAML from files of the repository, and from others',
      files: {
        'api/spec.yml': 'a: 1\n',
        'data/hints/one.yml': 'a: 1\n',
        'app/x.py':
          'import yaml\ndef own():\n    return yaml.load(open("api/spec.yml"), Loader=yaml.Loader)\ndef other(path):\n    with open(path) as file:\n        return yaml.load(file, Loader=yaml.Loader)\n',
        'src/x.js':
          "const fs = require('fs');\nconst yaml = require('js-yaml');\nexports.a = () => yaml.load(fs.readFileSync('./api/spec.yml', 'utf8'));\nexports.b = (key) => yaml.load(fs.readFileSync('./data/hints/' + key + '.yml', 'utf8'));\nexports.c = (file) => yaml.load(fs.readFileSync(file, 'utf8'));\nexports.d = () => yaml.load(fs.readFileSync('/etc/app.yml', 'utf8'));\n",
        'package.json': npm('^3.13.1'),
      },
      findings: [
        { message: 'unsafe', at: 'app/x.py:3', confidence: 'low' },
        { message: 'unsafe', at: 'app/x.py:6', confidence: 'medium' },
        { message: 'unsafe', at: 'src/x.js:3', confidence: 'low' },
        { message: 'unsafe', at: 'src/x.js:4', confidence: 'low' },
        { message: 'unsafe', at: 'src/x.js:5', confidence: 'medium' },
        { message: 'unsafe', at: 'src/x.js:6', confidence: 'medium' },
      ],
    },
    bad(
      'what the caller asks for by name',
      'import pickle\ndef load(data, allow_pickle=False):\n    if not allow_pickle:\n        raise ValueError("pickle is off")\n    return pickle.loads(data)  # <-\n',
      'unsafe',
      { confidence: 'low' },
    ),
    {
      name: 'requests that are evaluated',
      files: {
        'src/x.js':
          "const vm = require('vm');\nconst express = require('express');\nconst app = express();\napp.post('/a', (req, res) => res.json(eval('(' + req.body.a + ')')));\napp.post('/b', (req, res) => res.json(new Function('x', req.body.b)(1)));\napp.post('/c', (req, res) => res.json(vm.runInNewContext(req.query.c)));\n",
        'app/x.py':
          'from flask import Flask, request\napp = Flask(__name__)\n@app.post("/a")\ndef a():\n    return eval(request.form["a"])\n',
      },
      findings: [4, 5, 6]
        .map((line) => ({ message: 'request', at: `src/x.js:${line}` }))
        .concat([{ message: 'request', at: 'app/x.py:5' }]),
    },
    bad(
      'a file that is evaluated',
      'def f(path, scope):\n    with open(path) as file:\n        return eval(file.read(), scope)  # <-\n',
      'unsafe',
      { confidence: 'low' },
    ),
    {
      name: 'objects that are read by evaluating them',
      files: {
        'src/x.ts':
          "export const a = (text: string) => eval('(' + text + ')');\nexport const b = (text: string) => new Function(`return ${text}`)();\n",
      },
      findings: [
        { message: 'unsafe', at: 'src/x.ts:1', confidence: 'medium' },
        { message: 'unsafe', at: 'src/x.ts:2', confidence: 'medium' },
      ],
    },
    version('an old torch', { 'requirements.txt': 'torch==2.5.1\n' }, 'medium'),
    version('an upper bound below the safe default', { 'requirements.txt': 'torch>=2.0,<2.6\n' }, 'medium'),
    version(
      'an old torch in one of two places',
      { 'requirements.txt': 'torch==2.9.0\n', Dockerfile: 'FROM python:3.12\nRUN pip install torch==2.1.0\n' },
      'low',
    ),
    version(
      'a new torch in one list and an open range in another',
      { 'requirements.txt': 'torch==2.9.0\n', 'requirements-small.txt': 'torch>=2.0,<3\n' },
      'low',
    ),
    version('a torch of any version', { 'requirements.txt': 'torch\n' }, 'low'),
    version('a lower bound below the safe default', { 'requirements.txt': 'torch>=2.0\n' }, 'low'),
    version('a torch that only another project pins', { 'other/pyproject.toml': pyproject('torch==2.9.0') }, 'medium'),
    version('a torch that only the tests pin', { 'tests/requirements.txt': 'torch==2.9.0\n' }, 'medium'),
    version('another package of the name', { 'requirements.txt': 'torch-geometric==2.7.0\n' }, 'medium'),
    {
      name: 'weights only is switched off in a new torch',
      files: {
        'app/x.py': 'import torch\ndef f(p):\n    return torch.load(p, weights_only=False)\n',
        'requirements.txt': 'torch==2.9.0\n',
      },
      findings: [{ message: 'unsafe', at: 'app/x.py:3' }],
    },
    {
      name: 'an old js-yaml',
      files: { 'src/x.js': jsYaml, 'package.json': npm('^3.13.1') },
      findings: [{ message: 'unsafe', at: 'src/x.js:2' }],
    },
    {
      name: 'a request for an old js-yaml',
      files: {
        'src/x.js':
          "const express = require('express');\nconst { load } = require('js-yaml');\nconst app = express();\napp.post('/x', (req, res) => res.json(load(req.body.text)));\n",
        'package.json': npm('3.x'),
      },
      findings: [{ message: 'request', at: 'src/x.js:4' }],
    },
    bad('something else than text', 'from pickle import loads as lp\nlp({"key": "value"})  # <-\n'),
    bad(
      'pickle from a file',
      'import pickle\ndef f(path):\n    with open(path, "rb") as h:\n        return pickle.load(h)  # <-\n',
    ),
    bad('pickle from bytes', 'import pickle\ndef f(data):\n    return pickle.loads(data)  # <-\n'),
    bad('an Unpickler', 'import pickle\ndef f(h):\n    return pickle.Unpickler(h).load()  # <-\n'),
    bad(
      'other picklers',
      'import cPickle\nimport _pickle\nimport cloudpickle, dill\ndef f(d):\n    cPickle.loads(d)  # <-\n    _pickle.loads(d)  # <-\n    cloudpickle.loads(d)  # <-\n    dill.loads(d)  # <-\n',
    ),
    bad(
      'an alias',
      'import pickle as p\nfrom pickle import loads as read\ndef f(d):\n    p.loads(d)  # <-\n    read(d)  # <-\n',
    ),
    bad('an import inside a function', 'def f(d):\n    import pickle\n    return pickle.loads(d)  # <-\n'),
    bad('__import__', 'def f(d):\n    return __import__("pickle").loads(d)  # <-\n'),
    bad(
      'importlib',
      'import importlib\nreader = importlib.import_module("marshal")\ndef f(d):\n    return reader.loads(d)  # <-\n',
    ),
    bad('marshal', 'import marshal\ndef f(d):\n    return marshal.loads(d)  # <-\n'),
    bad('shelve', 'import shelve\nstore = shelve.open("state.db")  # <-\n'),
    bad(
      'joblib, pandas and numpy',
      'import joblib\nimport pandas as pd\nimport numpy as np\ndef f(p):\n    joblib.load(p)  # <-\n    pd.read_pickle(p)  # <-\n    np.load(p, allow_pickle=True)  # <-\n',
    ),
    bad('torch', 'import torch\ndef f(p):\n    torch.load(p)  # <-\n    torch.load(p, weights_only=False)  # <-\n'),
    bad(
      'yaml without or with an unsafe loader',
      'import yaml\nfrom yaml import CLoader, FullLoader\ndef f(t):\n    yaml.load(t)  # <-\n    yaml.load(t, Loader=yaml.UnsafeLoader)  # <-\n    yaml.load(t, CLoader)  # <-\n    yaml.load(t, Loader=FullLoader)  # <-\n',
    ),
    bad(
      'yaml load_all, unsafe_load and full_load',
      'import yaml\ndef f(t):\n    yaml.load_all(t)  # <-\n    yaml.unsafe_load(t)  # <-\n    yaml.full_load(t)  # <-\n',
    ),
    bad('ruamel', 'from ruamel.yaml import YAML\nreader = YAML(typ="unsafe")  # <-\n'),
    bad('jsonpickle', 'import jsonpickle\ndef f(t):\n    return jsonpickle.decode(t)  # <-\n'),
    bad(
      'a cookie through base64 and zlib',
      'import base64, pickle, zlib\nfrom flask import Flask, request\napp = Flask(__name__)\n@app.post("/x")\ndef f():\n    raw = request.cookies.get("state")\n    return pickle.loads(zlib.decompress(base64.b64decode(raw)))  # <-\n',
      'request',
      { severity: 'critical', confidence: 'high' },
    ),
    bad(
      'a body of FastAPI through a helper',
      'import pickle\nfrom fastapi import APIRouter, Request\nrouter = APIRouter()\ndef read(data):\n    return pickle.loads(data)  # <-\n@router.post("/x")\nasync def f(request: Request):\n    body = await request.body()\n    return read(body)\n',
      'request',
    ),
    bad(
      'a request handler of the standard library',
      'import pickle\nfrom http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n    def do_POST(self):\n        data = self.rfile.read(10)\n        return pickle.loads(data)  # <-\n',
      'request',
    ),
    {
      name: 'a helper in another module',
      files: {
        'app/codec.py': 'import pickle\n\n\ndef decode(data):\n    return pickle.loads(data)\n',
        'app/views.py': 'from .codec import decode\n\n\ndef view(request):\n    return decode(request.POST["state"])\n',
      },
      findings: [{ message: 'request', at: 'app/codec.py:5', severity: 'critical' }],
    },
    bad(
      'a reference without a call',
      'import pickle\ndef f(rows):\n    return list(map(pickle.loads, rows))  # <-\n',
      'reference',
    ),
    bad('getattr', 'import pickle\ndef f(d):\n    return getattr(pickle, "loads")(d)  # <-\n'),
    bad(
      'an own Unpickler without find_class',
      'import pickle\nclass Reader(pickle.Unpickler):\n    pass\ndef f(h):\n    return Reader(h).load()  # <-\n',
    ),
    bad(
      'a connection',
      'from multiprocessing.connection import Client\ndef f():\n    c = Client(("localhost", 1))\n    return c.recv()  # <-\n',
    ),
    bad(
      'Celery with pickle',
      'CELERY_TASK_SERIALIZER = "pickle"  # <-\nCELERY_ACCEPT_CONTENT = ["json", "pickle"]  # <-\n',
      'setting',
    ),
    bad(
      'a session of Django with pickle',
      'SESSION_SERIALIZER = "django.contrib.sessions.serializers.PickleSerializer"  # <-\n',
      'setting',
    ),
    bad(
      'keras outside safe mode',
      'import keras\ndef f(p):\n    return keras.models.load_model(p, safe_mode=False)  # <-\n',
    ),
    bad(
      'a signature compared before',
      'import hmac, pickle\ndef f(data, mac, good):\n    if hmac.compare_digest(mac, good):\n        return pickle.loads(data)  # <-\n',
      'unsafe',
      { confidence: 'low' },
    ),
    bad(
      'a round trip',
      'import pickle\ndef clone(x):\n    raw = pickle.dumps(x)\n    return pickle.loads(raw)  # <-\n',
      'unsafe',
      { confidence: 'low' },
    ),
    bad(
      'another key of the dictionary',
      'import pickle\nfrom flask import request\ndef f():\n    d = {"a": b"x", "b": request.data}\n    return pickle.loads(d["b"])  # <-\n',
      'request',
    ),
  ],
  valid: [
    version('a new torch', { 'requirements.txt': 'torch==2.9.0+cpu\n' }),
    version('a lower bound at the safe default', { 'pyproject.toml': pyproject('torch>=2.6') }),
    version('any torch, and an image that pins a new one', {
      'requirements.in': 'torch\n',
      Dockerfile: 'FROM python:3.12\nRUN pip install --no-cache-dir torch==2.9.0\n',
    }),
    version('an open range and its lock', {
      'pyproject.toml': pyproject('torch>=2.0'),
      'uv.lock':
        'version = 1\n\n[[package]]\nname = "x"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [{ name = "torch" }]\n\n[[package]]\nname = "torch"\nversion = "2.9.0"\nsource = { registry = "https://pypi.org/simple" }\n',
    }),
    version('a new torch in the project of the folder', { 'app/pyproject.toml': pyproject('torch~=2.7') }),
    { name: 'a new js-yaml', files: { 'src/x.js': jsYaml, 'package.json': npm('^4.1.0') }, subjects: 1 },
    {
      name: 'an old js-yaml that another package brings',
      files: {
        'src/x.js': jsYaml,
        'package.json': npm('^4.1.0'),
        'package-lock.json': JSON.stringify({
          name: 'x',
          lockfileVersion: 3,
          packages: {
            '': { name: 'x', dependencies: { 'js-yaml': '^4.1.0' } },
            'node_modules/js-yaml': { version: '4.1.0' },
            'node_modules/other/node_modules/js-yaml': { version: '3.14.1' },
          },
        }),
      },
    },
    {
      name: 'js-yaml without types of its own',
      files: {
        'src/x.js':
          "const yaml = require('js-yaml');\nexports.a = (t) => yaml.safeLoad(t);\nexports.b = (t) => yaml.load(t, { schema: yaml.JSON_SCHEMA });\n",
        'package.json': npm('^3.13.1'),
      },
      subjects: 2,
    },
    good(
      'yaml with safe loaders',
      'import yaml\nfrom yaml import SafeLoader as SL, CSafeLoader\ndef f(t):\n    yaml.safe_load(t)\n    yaml.load(t, Loader=yaml.SafeLoader)\n    yaml.load(t, SL)\n    yaml.load(t, CSafeLoader)\n    yaml.load(t, yaml.BaseLoader)\n    yaml.load(t, Loader=yaml.cyaml.CSafeLoader)\n',
      6,
    ),
    good(
      'a loader chosen on import',
      'try:\n    from yaml import CSafeLoader as Loader\nexcept ImportError:\n    from yaml import SafeLoader as Loader\nimport yaml\ndef f(t):\n    return yaml.load(t, Loader=Loader)\n',
      1,
    ),
    good(
      'an own loader derived from a safe one',
      'import yaml\nclass Own(yaml.SafeLoader):\n    pass\ndef f(t):\n    return yaml.load(t, Loader=Own)\n',
      1,
    ),
    good('ruamel without objects', 'from ruamel.yaml import YAML\nreader = YAML(typ="safe")\nother = YAML()\n', 2),
    good('torch weights', 'import torch\ndef f(p):\n    return torch.load(p, weights_only=True)\n', 1),
    good('numpy arrays', 'import numpy as np\ndef f(p):\n    return np.load(p), np.load(p, allow_pickle=False)\n', 2),
    good('a literal', 'import pickle\nEMPTY = pickle.loads(b"\\x80\\x04N.")\n', 1),
    good(
      'a constant in a dictionary beside request data',
      'import pickle\nfrom flask import request\ndef f():\n    d = {"a": b"x", "b": request.data}\n    return pickle.loads(d["a"])\n',
      1,
    ),
    good(
      'a restricted find_class',
      'import pickle\nclass Reader(pickle.Unpickler):\n    def find_class(self, module, name):\n        if module != "app":\n            raise pickle.UnpicklingError(name)\n        return super().find_class(module, name)\ndef f(h):\n    return Reader(h).load()\n',
      1,
    ),
    good('Celery with JSON', 'task_serializer = "json"\naccept_content = ["json"]\n', 2),
    good('keras in safe mode', 'import keras\ndef f(p):\n    return keras.models.load_model(p)\n', 1),
    good(
      'a branch that never runs',
      'import pickle, yaml\nDEBUG = False\ndef f(d):\n    if DEBUG:\n        return pickle.loads(d)\n    return yaml.safe_load(d)\n',
      1,
    ),
  ],
  notApplicable: [
    {
      name: 'code of the program that is evaluated',
      files: {
        'app/x.py':
          'import ast\ndef f(expression, scope, text):\n    eval(expression, scope)\n    eval("1 + 1")\n    return ast.literal_eval(text)\n',
        'src/x.js':
          "export const a = (body) => new Function('row', body);\nexport const b = (model) => model.eval('(' + model + ')');\neval('(1)');\n",
      },
    },
    good(
      'the writing side',
      'import json, marshal, pickle, torch, yaml\ndef f(x, h):\n    pickle.dump(x, h); pickle.dumps(x); marshal.dumps(x); yaml.dump(x); torch.save(x, "m"); json.loads("{}")\n',
    ),
    good(
      'an own class named pickle',
      'class pickle:\n    @staticmethod\n    def loads(data):\n        return data\ndef f(d):\n    return pickle.loads(d)\n',
    ),
    good(
      'an own load',
      'class Config:\n    def load(self, path):\n        return path\nconfig = Config()\nconfig.load("yaml")\nsession = object()\nsession.load("pickle")\n',
    ),
    good('a part of torch', 'import torch.utils.cpp_extension\ntorch.utils.cpp_extension.load(name="x", sources=[])\n'),
    good('words in a text', '"""pickle.loads(data) is not used here."""\n# yaml.load(data)\nNOTE = "pickle.loads"\n'),
    {
      name: 'another format',
      files: {
        'app/x.py':
          'import json, msgpack, orjson\ndef f(d):\n    return json.loads(d), orjson.loads(d), msgpack.unpackb(d)\n',
      },
    },
  ],
  unknown: [
    { name: 'a js-yaml of unknown version', files: { 'src/x.js': jsYaml } },
    good('a loader that cannot be told', 'import yaml\ndef f(t, loader):\n    return yaml.load(t, Loader=loader)\n'),
    good('a file that cannot be read', 'import pickle\nprint "pickle.loads"\n'),
  ],
});
