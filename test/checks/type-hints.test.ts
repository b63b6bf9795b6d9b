import { typeHints } from '../../src/checks/type-hints.ts';
import { testCheck } from '../check-tester.ts';

const checked = (run: string, more = '') => ({
  '.github/workflows/ci.yml': `on: [push]\njobs:\n  types:\n    runs-on: ubuntu-latest\n    steps:\n      - run: ${run}\n${more}`,
});
const typed = 'def add(a: int, b: int) -> int:\n    return a + b\n';
const ci = checked('mypy app');

const strict = { 'tsconfig.json': '{ // all of it\n  "compilerOptions": { "strict": true },\n}\n' };
const build = checked('npx tsc --noEmit');

testCheck(typeHints, {
  valid: [
    {
      name: 'strict TypeScript, checked',
      files: { 'src/x.ts': 'export const add = (a: number, b: number) => a + b;\n', ...strict, ...build },
      subjects: 4,
    },
    {
      name: 'a checker two scripts deep, in a script that goes to the root itself',
      files: {
        'src/x.ts': 'export const add = (a: number, b: number) => a + b;\n',
        ...strict,
        ...checked('npm run verify'),
        'package.json': '{"scripts": {"verify": "bash tools/checks/all.sh", "build": "nest build"}}\n',
        'tools/checks/all.sh':
          '#!/usr/bin/env bash\nset -eu\nTOP="$(cd "$(dirname "$0")/../.." && pwd)"\ncd "$TOP"\nnpm run build\n',
      },
      subjects: 4,
    },
    {
      name: 'a checker in a script that is called by its path from the root',
      files: {
        'src/x.ts': 'export const add = (a: number, b: number) => a + b;\n',
        ...strict,
        ...checked('cd docs && "$(git rev-parse --show-toplevel)"/tools/types.sh'),
        'tools/types.sh': '#!/bin/bash\npushd "${BASH_SOURCE%/*}/.."\nnpx tsc --noEmit\n',
      },
      subjects: 4,
    },
    {
      name: 'a strict configuration in a package of the repository',
      files: {
        'apps/web/src/x.ts': 'export function f(a: number): number {\n  return a;\n}\n',
        'apps/web/tsconfig.json': '{ "extends": "@mesh/config/base.json", "compilerOptions": { "outDir": "x" } }\n',
        'packages/config-typescript/package.json': '{ "name": "@mesh/config" }\n',
        'packages/config-typescript/base.json': '{ "compilerOptions": { "strict": true } }\n',
        ...checked('npx turbo run typecheck'),
      },
    },
    {
      name: 'a chain of configurations, of which the last one is strict',
      files: {
        'app/src/x.ts': 'export function f(a: number) {\n  return a;\n}\n',
        'app/tsconfig.json':
          '{ "extends": "../tsconfig.base", "files": [], "references": [{ "path": "./tsconfig.app.json" }] }\n',
        'app/tsconfig.app.json':
          '{ "extends": ["./tsconfig.json"], "compilerOptions": { "noImplicitAny": true, "strictNullChecks": true } }\n',
        'app/tsconfig.spec.json': '{ "compilerOptions": { "strict": false } }\n',
        'tsconfig.base.json': '{ "compilerOptions": { "strict": false } }\n',
        ...checked('npx nx build app'),
      },
    },
    {
      name: 'JavaScript beside typed code does not count, settings of tools never do',
      files: {
        'app/x.py': typed,
        'static/x.js': 'export function f(a) {\n  return a;\n}\n',
        'vite.config.ts': 'export default function config(a: any) {\n  return a;\n}\n',
        ...ci,
      },
      subjects: 2,
    },
    {
      name: 'JavaScript that the compiler checks',
      files: {
        'src/x.js': 'export function f(a) {\n  return a;\n}\n',
        'jsconfig.json': '{ "compilerOptions": { "checkJs": true, "strict": true } }\n',
        ...build,
      },
    },
    {
      name: 'callbacks have the types of what they are passed to',
      files: {
        'src/x.ts':
          'export const f = (a: number) => a;\nrows.subscribe({ next: (row) => f(row), error: function (e) {} });\nrows.map((row) => row);\n',
        'tsconfig.json': '{ "compilerOptions": { "noImplicitAny": true, "strictNullChecks": true } }\n',
        ...build,
      },
    },
    {
      name: 'a checker behind a task',
      files: {
        'app/x.py': typed,
        'Taskfile.yml':
          'version: "3"\ntasks:\n  check:\n    deps: [lint]\n    cmds:\n      - task: py:types\n      - echo done\n  lint: ruff check app\n  py:types:\n    cmds:\n      - cmd: poetry run mypy app {{ .CLI_ARGS }}\n',
        ...checked('task check'),
      },
    },
    {
      name: 'few places without types',
      files: {
        'src/x.ts': `${'export const f = (a: number) => a;\n'.repeat(12)}// @ts-ignore: the library has no types\nexport const x = f(1);\n`,
        ...strict,
        ...build,
      },
    },
    { name: 'typed and checked', files: { 'app/x.py': typed, ...ci }, subjects: 2 },
    { name: 'a checker behind python -m', files: { 'app/x.py': typed, ...checked('python -m mypy --strict app') } },
    {
      name: 'a checker in a workflow of another repository',
      files: {
        'app/x.py': typed,
        '.github/workflows/types.yml':
          'on: push\njobs:\n  types:\n    uses: acme/workflows/.github/workflows/mypy.yaml@0f1e2d3c\n',
      },
    },
    { name: 'a checker behind poetry', files: { 'app/x.py': typed, ...checked('poetry run pyright') } },
    {
      name: 'self, cls and the result of __init__ need none',
      files: {
        'app/x.py':
          'class A:\n    def __init__(self, size: int):\n        self.size = size\n\n    @classmethod\n    def make(cls) -> "A":\n        return cls(1)\n\n    def __enter__(self) -> "A":\n        return self\n',
        ...ci,
      },
    },
    {
      name: 'lambdas do not count',
      files: { 'app/x.py': `${typed}key = lambda row: row[0]\n`, ...ci },
    },
    {
      name: 'tests do not count',
      files: { 'app/x.py': typed, 'tests/test_x.py': 'def test_add():\n    assert True\n', ...ci },
    },
    {
      name: 'above the target',
      files: { 'app/x.py': `${typed}def f(a):\n    return a\n`, ...ci },
      options: { target: 50 },
    },
    {
      name: 'names that are known later, from type parameters, imports and the language',
      files: {
        'app/x.py': [
          'from __future__ import annotations',
          'from typing import TYPE_CHECKING, Annotated, Literal, Optional',
          'if TYPE_CHECKING:',
          '    from app.other import Other',
          'def a(x: Later, y: Optional["Other"]) -> Literal["red", "green"]: ...',
          'def first[T](items: list[T]) -> T: ...',
          'class Box[K]:',
          '    def get(self, key: K) -> Annotated[int, "free text", unit]: ...',
          'class Later:',
          '    def me(self) -> Later | None: ...',
          '    field: dict[str, "Later"]',
          'type Pair = tuple[int, int]',
          'def p(pair: Pair) -> "list[Whatever it is]": ...',
          '',
        ].join('\n'),
        ...ci,
      },
    },
    {
      name: 'star imports may define anything',
      files: { 'app/x.py': 'from shapes import *\ndef f(a: Circle, b: "Square") -> None: ...\n', ...ci },
    },
    {
      name: 'mypy among the hooks that CI runs',
      files: {
        'app/x.py': typed,
        '.pre-commit-config.yaml':
          'repos:\n  - repo: https://github.com/pre-commit/mirrors-mypy\n    rev: v1.11.2\n    hooks:\n      - id: mypy\n',
        ...checked('pre-commit run --all-files'),
      },
    },
  ],
  invalid: [
    {
      name: 'a lenient configuration, once for all that inherit it',
      files: {
        'a/x.ts': 'export function f(a: number) {\n  return a;\n}\n',
        'b/x.ts': 'export function g(a: number) {\n  return a;\n}\n',
        'a/tsconfig.json': '{ "extends": "../tsconfig.base.json" }\n',
        'b/tsconfig.json': '{ "extends": "../tsconfig.base.json" }\n',
        'tsconfig.base.json': '{\n  "compilerOptions": {\n    "strict": false\n  }\n}\n',
        ...build,
      },
      findings: [{ message: 'lenient', at: 'tsconfig.base.json:3' }],
    },
    {
      name: 'no switch at all, and parameters without types',
      files: {
        'src/x.ts': 'export function f(a) {\n  return a;\n}\n',
        'tsconfig.json': '{\n  "compilerOptions": {\n    "outDir": "x"\n  }\n}\n',
        ...build,
      },
      findings: [
        { message: 'lenient', at: 'tsconfig.json:2' },
        { message: 'low', at: 'src/x.ts:1' },
      ],
    },
    {
      name: 'any in headers and elsewhere',
      files: {
        'src/x.ts':
          'export function f(a: any) {\n  return a as any;\n}\nexport function g(a: Record<string, any>) {\n  // @ts-expect-error\n  return a.b.c;\n}\n',
        ...strict,
        ...build,
      },
      findings: [
        { message: 'low', at: 'src/x.ts:1' },
        { message: 'loose', at: 'src/x.ts:1' },
      ],
      skip: ['comment'], // the other function and its place stay
    },
    {
      name: 'a file that nobody checks',
      files: {
        'src/x.ts': '// @ts-nocheck\nexport function f(a: number) {\n  return a;\n}\n',
        ...strict,
        ...build,
      },
      findings: [
        { message: 'low', at: 'src/x.ts:2' },
        { message: 'loose', at: 'src/x.ts:1' },
      ],
      skip: ['comment'], // an empty file has no functions
    },
    {
      name: 'a task whose failure is ignored',
      files: {
        'app/x.py': typed,
        'Taskfile.yml':
          'version: "3"\ntasks:\n  default:\n    cmds:\n      - cmd: mypy app\n        ignore_error: true\n',
        ...checked('task'),
      },
      findings: [{ message: 'masked', at: 'Taskfile.yml:5' }],
    },
    {
      name: 'nobody runs the compiler',
      files: { 'src/x.ts': 'export const f = (a: number) => a;\n', ...strict, ...checked('npm test') },
      findings: [{ message: 'noChecker', at: 'src/x.ts:1' }],
      skip: ['comment'], // no program is left to check
    },
    {
      name: 'JavaScript alone',
      files: { 'src/x.js': 'export function f(a) {\n  return a;\n}\n', ...build },
      findings: [{ message: 'low', at: 'src/x.js:1' }],
    },
    {
      name: 'nothing is annotated',
      files: { 'app/x.py': 'def f(a):\n    return a\n\ndef g(a, b):\n    return b\n', ...ci },
      findings: [{ message: 'low', at: 'app/x.py:1' }],
      skip: ['comment'], // the next function takes its place
    },
    {
      name: 'the return value is missing, or one parameter',
      files: { 'app/x.py': `${typed}def g(a: int):\n    return a\ndef h(a: int, *rest, **more) -> None: ...\n`, ...ci },
      findings: [{ message: 'low', at: 'app/x.py:3' }],
      skip: ['comment'], // as above
    },
    {
      name: 'the worst file is named',
      files: {
        'app/a.py': 'def f(a):\n    return a\n',
        'app/b.py': 'class A:\n    def f(self, a):\n        return a\n    def g(self):\n        return 1\n',
        ...ci,
      },
      findings: [{ message: 'low', at: 'app/b.py:2' }],
      skip: ['comment'], // as above
    },
    {
      name: 'nobody checks',
      files: { 'pyproject.toml': '[tool.mypy]\nstrict = true\n', 'app/x.py': typed, ...checked('pip install mypy') },
      findings: [{ message: 'noChecker', at: 'pyproject.toml:1' }],
      skip: ['comment'], // what is absent cannot be commented out
    },
    {
      name: 'no CI at all',
      files: { 'app/x.py': typed },
      findings: [{ message: 'noChecker', at: 'app/x.py:1' }],
      skip: ['comment'], // as above
    },
    {
      name: 'a masked checker',
      files: { 'app/x.py': typed, ...checked('mypy app || true') },
      findings: [{ message: 'masked', at: '.github/workflows/ci.yml:6' }],
    },
    {
      name: 'a tolerated checker',
      files: { 'app/x.py': typed, ...checked('pyright', '        continue-on-error: true\n') },
      findings: [{ message: 'masked', at: '.github/workflows/ci.yml:6' }],
    },
    {
      name: 'names that do not exist',
      files: {
        'app/x.py':
          'def f(a: Optional[str], b: "Missing") -> List[int]:\n    return []\nclass A:\n    x: Any = None\n    def g(self) -> Optional[Any]: ...\n',
        ...ci,
      },
      findings: [
        { message: 'undefinedName', at: 'app/x.py:1' },
        { message: 'undefinedName', at: 'app/x.py:1' },
        { message: 'undefinedName', at: 'app/x.py:1' },
        { message: 'undefinedName', at: 'app/x.py:4' },
      ],
    },
  ],
  unknown: [
    {
      name: 'a pipeline that is not read',
      files: { 'app/x.py': typed, '.travis.yml': 'language: python\nscript:\n  - mypy app\n' },
    },
    {
      name: 'a configuration from a package that is not here',
      files: {
        'src/x.ts': 'export const f = (a: number) => a;\n',
        'tsconfig.json': '{ "extends": "@company/tsconfig/base.json" }\n',
        ...build,
      },
    },
  ],
  notApplicable: [
    { name: 'no functions', files: { 'app/x.py': 'x = 1\n' } },
    { name: 'tests alone', files: { 'tests/test_x.py': 'def test_x(a):\n    pass\n' } },
  ],
});
