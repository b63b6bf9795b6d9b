import { describe, expect, test } from '@jest/globals';
import { readerOf } from '../../src/facts/dependencies.ts';
import { poetryRange } from '../../src/facts/packages/pyproject.ts';
import { parseRequirement } from '../../src/facts/packages/requirements.ts';
import { show } from './dependency-rows.ts';

describe('which files', () => {
  test.each([
    'requirements.txt',
    'requirements-dev.txt',
    'requirements_test.in',
    'dev-requirements.txt',
    'requirements.prod.txt',
    'requirements.lock',
    'constraints.txt',
    'requirements/base.txt',
    'requirements/ci/lint.in',
    'api/pyproject.toml',
    'pylock.toml',
    'pylock.dev.toml',
    'environment.yml',
    'env-gpu.yaml',
    'проект/Pipfile.lock',
  ])('%s', (path) => {
    expect(readerOf(path)).toBeDefined();
  });
  test.each([
    'node_modules/a/package.json',
    'web/node_modules/a/package.json',
    '.venv/lib/python3.11/site-packages/a/setup.py',
    'vendor/a/composer.lock',
    'requirements.md',
    '=0.0.22',
    'pylock.a.b.toml',
    'my-package-lock.json',
    'notes.txt',
    'constructor',
    'Chart.lock',
  ])('not %s', (path) => {
    expect(readerOf(path)).toBeUndefined();
  });
});

describe('requirement strings', () => {
  test.each([
    ['Flask_Login', { name: 'flask-login', extras: [] }],
    ['a==1.0', { name: 'a', version: '1.0', range: '==1.0' }],
    ['a===1.0+local', { version: '1.0+local' }],
    ['a == 1.*', { range: '==1.*' }],
    ['a (>=1, <2)', { range: '>=1,<2' }],
    [
      'a [x , Y_z] ~=1.4 ; python_version < "3.9"',
      { extras: ['x', 'y-z'], range: '~=1.4', marker: 'python_version < "3.9"' },
    ],
    ['a@ https://example.org/a.whl', { url: 'https://example.org/a.whl' }],
    ['a>=1,', { range: '>=1' }],
  ])('%s', (text, expected) => {
    expect(parseRequirement(text)).toMatchObject(expected);
  });
  test.each(['', '==1', 'a=1', 'a 1.0', '{{ name }}', 'a>=', '🐍==1'])('none: %j', (text) => {
    expect(parseRequirement(text)).toBeUndefined();
  });
  test('a range has no version', () => {
    expect(parseRequirement('a>=1')!.version).toBeUndefined();
    expect(parseRequirement('a==1,!=2')!.version).toBeUndefined();
  });
});

describe('requirements files', () => {
  test('comments, extras, markers, options, continuations', () => {
    const text = [
      '# head',
      'Django==4.2.1  # why',
      'celery[redis] == 5.3.1 ; python_version >= "3.8"',
      'url#fragment==1',
      'six==1.16.0 \\',
      '    --hash=sha256:aa \\',
      '    --hash=sha256:bb',
      'flask>=2,\\',
      '  <3',
      'requests',
    ].join('\n');
    expect(show('requirements.txt', text).rows).toEqual([
      '2: django =4.2.1 «==4.2.1»',
      '3: celery =5.3.1 ; python_version >= "3.8" «== 5.3.1»',
      '5: six =1.16.0 «==1.16.0»',
      '8: flask >=2,<3 «>=2,  \n  <3»'.replace('  \n', '\\\n'),
      '10: requests any',
    ]);
    expect(show('requirements.txt', text).problems).toEqual(['4: This is no requirement that pip reads.']);
  });
  test('CRLF keeps the lines and the versions', () => {
    const { rows } = show('requirements.txt', 'a==1\r\nb==2 \\\r\n  --hash=sha256:cc\r\nc==3\r\n');
    expect(rows).toEqual(['1: a =1 «==1»', '2: b =2 «==2»', '4: c =3 «==3»']);
  });
  test('a comment hides what a continuation joins to it, and a continuation may end the file', () => {
    expect(show('requirements.txt', 'a==1 # \\\na==2\nb==3\\').rows).toEqual(['1: a =1 «==1»', '3: b =3 «==3»']);
    expect(show('requirements.txt', 'a==1 \\\n# no more\nb==2').rows).toEqual(['1: a =1 «==1»', '3: b =2 «==2»']);
  });
  test('references, paths and templates name no registry package', () => {
    const text = [
      '-e .',
      '-e git+https://github.com/a/b#egg=b',
      'git+https://github.com/a/b@v1',
      './wheels/c-1.0-py3-none-any.whl',
      'https://example.org/d-1.0.tar.gz',
      '--no-binary :all:',
      '{% if x %}',
      '{{ cookiecutter.a }}==1.0',
      'e @ git+https://github.com/a/e@abc',
      '${PACKAGE}==1',
    ].join('\n');
    expect(show('requirements.txt', text)).toMatchObject({ rows: ['9: e any other'], problems: [] });
  });
  test('includes stay inside the repository', () => {
    const text =
      '-r base.txt\n--requirement=../shared/all.txt\n-c constraints.txt\n-r ../../etc/passwd\n-rplain.txt\n-r https://a/b.txt\n-r ${X}.txt';
    const { includes } = show('app/requirements.txt', text).data!;
    expect(includes.map((i) => `${i.kind} ${i.path}`)).toEqual([
      'requirements app/base.txt',
      'requirements shared/all.txt',
      'constraints app/constraints.txt',
      'requirements undefined',
      'requirements app/plain.txt',
      'requirements undefined',
      'requirements undefined',
    ]);
  });
  test('an index of its own is private, PyPI is not', () => {
    expect(show('requirements.txt', '--index-url https://pypi.org/simple\na==1').rows).toEqual(['2: a =1 «==1»']);
    expect(show('requirements.txt', '--extra-index-url https://pkg.example.org/simple\na==1').rows).toEqual([
      '2: a =1 private «==1»',
    ]);
  });
  test.each([
    ['requirements.txt', 'runtime', 'manifest'],
    ['requirements-dev.txt', 'dev', 'manifest'],
    ['requirements/test.txt', 'dev', 'manifest'],
    ['requirements_ci.txt', 'ci', 'manifest'],
    ['requirements.lock', 'runtime', 'lock'],
    ['constraints.txt', 'runtime', 'constraints'],
    ['dev/requirements.txt', 'runtime', 'manifest'],
  ])('%s is %s, %s', (path, scope, role) => {
    const { data } = show(path, 'a==1');
    expect([data!.dependencies[0]!.scope, data!.role]).toEqual([scope, role]);
  });
  test('pip-compile: direct and transitive with their parents', () => {
    const text = [
      '#',
      '# This file is autogenerated by pip-compile with Python 3.11',
      '#    pip-compile requirements.in',
      '#',
      'asgiref==3.7.2',
      '    # via django',
      'django==4.2.1 \\',
      '    --hash=sha256:aa',
      '    # via',
      '    #   -r requirements.in',
      '    #   djangorestframework',
      'djangorestframework==3.14.0  # via -r requirements.in',
    ].join('\n');
    const { rows, data } = show('requirements.txt', text);
    expect(rows).toEqual([
      '5: asgiref =3.7.2 transitive «==3.7.2»',
      '7: django =4.2.1 direct -> asgiref «==4.2.1»',
      '12: djangorestframework =3.14.0 direct -> django «==3.14.0»',
    ]);
    expect(data).toMatchObject({ role: 'lock', madeFrom: ['requirements.in'] });
  });
  test('uv: direct through pyproject', () => {
    const text =
      '# This file was autogenerated by uv via the following command:\n#    uv pip compile pyproject.toml\nclick==8.1.7\n    # via flask\nflask==3.0.0\n    # via app (pyproject.toml)\n';
    expect(show('requirements.txt', text).rows).toEqual([
      '3: click =8.1.7 transitive «==8.1.7»',
      '5: flask =3.0.0 direct -> click «==3.0.0»',
    ]);
  });
});

describe('pyproject.toml', () => {
  test('PEP 621, PEP 735, build requirements, own name', () => {
    const text = `[build-system]
requires = ["setuptools>=61"]

[project]
name = "My.App"
dependencies = [
  "requests==2.31.0", # pinned
  'flask [async] >= 2',
  "my-app[extra]",
]
[project.optional-dependencies]
dev = ["pytest==7.4.0"]
s3 = ["boto3==1.28.0"]
[dependency-groups]
lint = ["ruff==0.4.0", {include-group = "typing"}]
`;
    expect(show('pyproject.toml', text).rows).toEqual([
      '7: requests =2.31.0 «==2.31.0»',
      '8: flask >=2 «>= 2»',
      '12: pytest =7.4.0 dev (dev) «==7.4.0»',
      '13: boto3 =1.28.0 (s3) «==1.28.0»',
      '15: ruff =0.4.0 dev (lint) «==0.4.0»',
      '2: setuptools >=61 build isolated «>=61»',
    ]);
    expect(show('pyproject.toml', text).data!.project).toBe('my-app');
  });
  test('Poetry', () => {
    const text = `[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.10"
requests = "2.31.0"
flask = "^2.3"
celery = { version = "~5.3", extras = ["redis"] }
lib = { git = "https://github.com/a/lib" }
mine = { version = "1.0", source = "company" }
numpy = [
  { version = "1.24.0", python = "<3.12", markers = "python_version < '3.12'" },
  { version = "1.26.0", markers = "python_version >= '3.12'" },
]
[tool.poetry.group.test.dependencies]
pytest = "*"
`;
    expect(show('pyproject.toml', text).rows).toEqual([
      '5: requests =2.31.0 «2.31.0»',
      '6: flask >=2.3,<3 «^2.3»',
      '7: celery >=5.3,<5.4 «~5.3»',
      '8: lib any other',
      '9: mine =1.0 private «1.0»',
      "11: numpy =1.24.0 ; python_version < '3.12' «1.24.0»",
      "12: numpy =1.26.0 ; python_version >= '3.12' «1.26.0»",
      '15: pytest any dev (test) «*»',
    ]);
  });
  test.each([
    ['^1.2.3', '>=1.2.3,<2'],
    ['^0.2.3', '>=0.2.3,<0.3'],
    ['^0.0.3', '>=0.0.3,<0.0.4'],
    ['^0', '>=0,<1'],
    ['~1.2', '>=1.2,<1.3'],
    ['~1', '>=1,<2'],
    ['1.2.*', '==1.2.*'],
    ['>=1.0,<2.0', '>=1.0,<2.0'],
    ['>= 1.0', '>=1.0'],
    ['^1.0 || ^2.0', '>=1.0,<2 || >=2.0,<3'],
    ['*', undefined],
  ])('constraint %s is %s', (constraint, expected) => {
    expect(poetryRange(constraint)).toBe(expected);
  });
  test('uv and PDM tables', () => {
    const text = `[project]
name = "app"
dependencies = ["inner==1", "httpx==0.27.0"]
[tool.uv]
dev-dependencies = ["mypy==1.10.0"]
override-dependencies = ["certifi==2024.2.2"]
[tool.uv.sources]
inner = { path = "../inner" }
[tool.uv.workspace]
members = ["packages/*"]
[tool.pdm.dev-dependencies]
test = ["pytest==8.0.0"]
`;
    const { rows, data } = show('pyproject.toml', text);
    expect(rows).toEqual([
      '3: inner =1 other «==1»',
      '3: httpx =0.27.0 «==0.27.0»',
      '12: pytest =8.0.0 dev (test) «==8.0.0»',
      '5: mypy =1.10.0 dev (dev) «==1.10.0»',
      '6: certifi =2024.2.2 isolated «==2024.2.2»',
    ]);
    expect(data!.members).toEqual(['packages/*']);
  });
  test('without packages there is nothing; a broken one has a line', () => {
    expect(show('pyproject.toml', '[tool.black]\nline-length = 100\n').data).toBeUndefined();
    expect(show('pyproject.toml', '[project]\nname = \n').problems).toEqual([
      expect.stringMatching(/^2: This is not TOML/),
    ]);
  });
});

describe('setup.py and setup.cfg', () => {
  test('literals, names, sums, extras', () => {
    const text = `from setuptools import setup
BASE = ["requests==2.31.0"]
setup(
    name="My_App",
    install_requires=BASE + ["flask>=2"],
    tests_require=("pytest==7.0",),
    extras_require={"s3": ["boto3==1.0"], "dev": ["black==23.1.0"]},
    setup_requires=["wheel"],
)
`;
    expect(show('setup.py', text).rows).toEqual([
      '2: requests =2.31.0 «==2.31.0»',
      '5: flask >=2 «>=2»',
      '6: pytest =7.0 dev «==7.0»',
      '7: boto3 =1.0 (s3) «==1.0»',
      '7: black =23.1.0 dev (dev) «==23.1.0»',
      '8: wheel any build isolated',
    ]);
  });
  test('computed lists are left out, a syntax error has a line', () => {
    expect(show('setup.py', 'setup(name="a", install_requires=open("r.txt").read().split())').rows).toEqual([]);
    expect(show('setup.py', 'import a\nsetup(name=\n').problems).toHaveLength(1);
  });
  test('setup.cfg', () => {
    const text = `[metadata]
name = app
[options]
install_requires =
    requests==2.31.0
    # comment
    flask>=2; python_version>"3.7"
[options.extras_require]
test = pytest==7.0
s3 =
    boto3==1.0
[flake8]
max-line-length = 100
`;
    expect(show('setup.cfg', text).rows).toEqual([
      '5: requests =2.31.0 «==2.31.0»',
      '7: flask >=2 ; python_version>"3.7" «>=2»',
      '9: pytest =7.0 dev (test) «==7.0»',
      '11: boto3 =1.0 (s3) «==1.0»',
    ]);
  });
});

describe('Pipenv', () => {
  test('Pipfile', () => {
    const text =
      '[[source]]\nurl = "https://pypi.org/simple"\n[packages]\nrequests = "==2.31.0"\nflask = "*"\nlocal = {path = "."}\nx = {version = ">=1", markers = "sys_platform == \'linux\'"}\n[dev-packages]\npytest = ">=7"\n';
    expect(show('Pipfile', text).rows).toEqual([
      '4: requests =2.31.0 «==2.31.0»',
      '5: flask any «*»',
      '6: local any other',
      "7: x >=1 ; sys_platform == 'linux' «>=1»",
      '9: pytest >=7 dev (dev-packages) «>=7»',
    ]);
  });
  test('Pipfile.lock', () => {
    const text = `{
  "_meta": { "sources": [{ "name": "pypi", "url": "https://pypi.org/simple" }, { "name": "own", "url": "https://p.example.org" }] },
  "default": {
    "flask": { "hashes": ["sha256:aa"], "index": "pypi", "version": "==2.0.0" },
    "inner": { "index": "own", "version": "==1.0" },
    "vcs": { "git": "https://github.com/a/b", "ref": "abc" }
  },
  "develop": { "pytest": { "version": "==7.0.0", "markers": "python_version >= '3.7'" } }
}`;
    expect(show('Pipfile.lock', text).rows).toEqual([
      '4: flask =2.0.0 «==2.0.0»',
      '5: inner =1.0 private «==1.0»',
      "8: pytest =7.0.0 dev (develop) ; python_version >= '3.7' «==7.0.0»",
    ]);
    expect(show('Pipfile.lock', '{\n  "default": {\n,').problems).toEqual([
      '3: This is not JSON. Expected a quoted name.',
    ]);
  });
});

describe('locks in TOML', () => {
  test('poetry.lock', () => {
    const text = `[[package]]
name = "Flask"
version = "2.0.0"
groups = ["main"]

[package.dependencies]
werkzeug = ">=2.0"

[[package]]
name = "werkzeug"
version = "2.0.1"
category = "main"

[[package]]
name = "pytest"
version = "7.0"
groups = ["dev"]
markers = "python_version > '3.8'"

[[package]]
name = "inner"
version = "0.1"
[package.source]
type = "directory"
url = "../inner"

[[package]]
name = "company"
version = "1.0"
[package.source]
type = "legacy"
url = "https://p.example.org/simple"

[metadata]
lock-version = "2.1"
`;
    expect(show('poetry.lock', text).rows).toEqual([
      '2: flask =2.0.0 -> werkzeug «2.0.0»',
      '10: werkzeug =2.0.1 «2.0.1»',
      "15: pytest =7.0 dev (dev) ; python_version > '3.8' «7.0»",
      '21: inner =0.1 other «0.1»',
      '28: company =1.0 private «1.0»',
    ]);
  });
  test('uv.lock: graph from the members, forks, own packages', () => {
    const text = `version = 1

[[package]]
name = "app"
version = "0.1"
source = { editable = "." }
dependencies = [{ name = "flask" }]
[package.optional-dependencies]
all = [{ name = "pytest" }]
dev = [{ name = "pytest" }]
[package.dev-dependencies]
lint = [{ name = "ruff" }]

[[package]]
name = "flask"
version = "3.0.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "numpy", version = "1.26.0", source = { registry = "https://pypi.org/simple" } }]

[[package]]
name = "numpy"
version = "1.26.0"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version < '3.12'"]

[[package]]
name = "numpy"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_full_version >= '3.12'"]

[[package]]
name = "pytest"
version = "8.0.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "ruff"
version = "0.4.0"
source = { git = "https://github.com/a/ruff" }
`;
    expect(show('uv.lock', text).rows).toEqual([
      '15: flask =3.0.0 direct -> numpy «3.0.0»',
      "21: numpy =1.26.0 transitive ; (python_full_version < '3.12') «1.26.0»",
      "27: numpy =2.0.0 transitive ; (python_full_version >= '3.12') «2.0.0»",
      '33: pytest =8.0.0 dev direct «8.0.0»',
      '38: ruff =0.4.0 dev other direct «0.4.0»',
    ]);
  });
  test('pdm.lock and pylock.toml', () => {
    const pdm =
      '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\ndependencies = ["b>=1"]\n\n[[package]]\nname = "b"\nversion = "2"\ngroups = ["test"]\n';
    expect(show('pdm.lock', pdm).rows).toEqual(['2: a =1 -> b «1»', '8: b =2 dev (test) «2»']);
    const pylock = `lock-version = "1.0"
[[packages]]
name = "a"
version = "1"
index = "https://pypi.org/simple"
dependencies = [{ name = "b" }]
[[packages]]
name = "b"
version = "2"
marker = "'dev' in dependency_groups"
[[packages]]
name = "c"
vcs = { type = "git", url = "https://github.com/a/c" }
[[packages]]
name = "d"
version = "4"
index = "https://p.example.org/simple"
`;
    expect(show('pylock.dev.toml', pylock).rows).toEqual([
      '3: a =1 -> b «1»',
      '8: b =2 dev «2»',
      '15: d =4 private «4»',
    ]);
  });
  test('a broken lock is a problem with its line', () => {
    expect(show('poetry.lock', '[[package]]\nname = "a"\nversion = "1\n').problems).toEqual([
      expect.stringMatching(/^3: This is not TOML/),
    ]);
  });
});

test('conda: only the pip list is PyPI', () => {
  const text =
    'name: x\ndependencies:\n  - python=3.11\n  - numpy=1.24.0\n  - pip:\n      - requests==2.31.0\n      - "flask>=2"\n      - -r more.txt\n';
  expect(show('environment.yml', text).rows).toEqual(['6: requests =2.31.0 «==2.31.0»', '7: flask >=2 «>=2»']);
});
