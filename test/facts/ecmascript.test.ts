import { beforeAll, describe, expect, test } from '@jest/globals';
import { pass } from '../../src/check.ts';
import type { Extracted, ExtractInput, Facts } from '../../src/facts/facts.ts';
import { ecmascript, isBundle, scriptOf } from '../../src/facts/program/ecmascript.ts';
import { ecmascriptName, importedModule } from '../../src/facts/program/ecmascript-names.ts';
import { constants } from '../../src/facts/program/flow.ts';
import { linkProgram } from '../../src/facts/program/link.ts';
import type { Module, Value } from '../../src/facts/program/model.ts';
import { cpuTime } from '../cpu-time.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';
import { scanFiles } from '../scan-files.ts';

let read: (input: ExtractInput) => Extracted<Module>;

beforeAll(async () => {
  read = await ecmascript.load();
});

const moduleOf = (text: string, path = 'app/x.ts'): Module => {
  const { data, problems } = read({ path, text, words: [] });
  expect(problems ?? []).toEqual([]);
  return data!;
};

/** The value a name has at the end of the module. */
const valueOfName = (text: string, path?: string): Value => {
  const module = moduleOf(`${text}\nexport { x };`, path);
  return module.values[module.exports.x!]!;
};

describe('names of modules', () => {
  test.each([
    ['src/api/users.ts', '/src/api/users', false],
    ['src/api/index.js', '/src/api', true],
    ['index.mjs', '', true],
    ['src/user.service.ts', '/src/user.service', false],
    ['src/App.vue', '/src/App', false],
  ])('%s', (path, name, isPackage) => expect(ecmascriptName(path)).toEqual({ name, package: isPackage }));

  test.each([
    ['./run.js', 'src/api/users.ts', '/src/api/run'],
    ['../run', 'src/api/users.ts', '/src/run'],
    ['.', 'src/api/users.ts', '/src/api'],
    ['./users', 'src/api/index.ts', '/src/api/users'],
    ['../lib/index.js', 'src/api/index.ts', '/src/lib'],
    ['./user.service', 'src/user.module.ts', '/src/user.service'],
    ['node:child_process', 'a.ts', 'child_process'],
    ['fs/promises', 'a.ts', 'fs/promises'],
    ['@scope/pkg', 'a.ts', '@scope/pkg'],
    ['@/lib/run', 'a.ts', '@/lib/run'],
  ])('%s in %s', (written, path, name) => expect(importedModule(written, ecmascriptName(path))).toBe(name));
});

describe('constants', () => {
  test.each<[string, string, unknown]>([
    ['sums', 'const a = "b"; const x = a + "c" + 1;', 'bc1'],
    ['templates', 'const a = "b"; const x = `n${a}-${1 + 1}`;', 'nb-2'],
    ['decided branches', 'let x; if (1 > 2) { x = 1 } else { x = 2 }', 2],
    ['conditional expressions', 'const x = [] ? "a" : "b";', 'a'],
    ['switch', 'let x; switch ("b") { case "a": x = 1; break; case "b": case "c": x = 2; break; default: x = 3 }', 2],
    ['objects', 'const o = { a: 1, b: 2 }; o.a = 3; const x = o.a;', 3],
    ['objects by key', 'const o = { "a-b": 1 }; const x = o["a-b"];', 1],
    ['spread objects', 'const o = { a: 1 }; const p = { ...o, b: 2 }; const x = p.b;', 2],
    ['lists', 'const l = ["a"]; l.push("c"); const x = l[1];', 'c'],
    ['join', 'const x = ["a", "b"].join("-");', 'a-b'],
    ['strong updates', 'let x = 1; x = 2;', 2],
    ['compound assignments', 'let x = "a"; x += "b";', 'ab'],
    ['object patterns', 'const { a: x } = { a: "v" };', 'v'],
    ['array patterns', 'const [, x] = ["a", "b"];', 'b'],
    ['nested patterns', 'const { a: { b: [x] } } = { a: { b: ["v"] } };', 'v'],
    ['or', 'const x = "" || "b";', 'b'],
    ['nullish', 'const x = undefined ?? "b";', 'b'],
    ['enums', 'enum E { A, B = "v", C = 7, D } const x = E.B;', 'v'],
    ['numbered enums', 'enum E { A, B = "v", C = 7, D } const x = E.D;', 8],
    ['class fields', 'class C { static K = "v" } const x = C.K;', 'v'],
    ['casts', 'const x = (<any>("v" as unknown))!;', 'v'],
    ['satisfied types', 'const x = "v" satisfies string;', 'v'],
    ['sequences', 'const x = (1, "v");', 'v'],
    ['frozen objects', 'const o = Object.freeze({ a: "v" }); const x = o.a;', 'v'],
    ['hoisted functions', 'const x = "v"; export function f() { return x; }', 'v'],
    ['void', 'const x = void 0;', null],
    ['methods', 'const x = " Ab ".trim().toLowerCase();', 'ab'],
  ])('%s', (_, text, value) => expect(valueOfName(text)).toMatchObject({ kind: 'const', value }));

  test('both sides of a branch stay', () => {
    expect(valueOfName('let x; if (f()) { x = 1 } else { x = 2 }')).toMatchObject({ kind: 'either', form: 'branch' });
    expect(valueOfName('let x = 1; for (const i of f()) x = 2;')).toMatchObject({ kind: 'either', form: 'loop' });
    expect(valueOfName('let x = 1; switch (f()) { case 1: if (g()) { x = 2; break; } x = 3; }')).toMatchObject({
      kind: 'either',
      form: 'branch',
      of: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(valueOfName('const x = process.env.A || "b";')).toMatchObject({ kind: 'either', form: 'or' });
  });

  test('a text that doubles stays small', () => {
    const module = moduleOf(`let x = "ab";\n${'x = x + x;\n'.repeat(60)}`);
    expect(JSON.stringify(module).length).toBeLessThan(100_000);
  });
});

describe('names', () => {
  test.each([
    ['import express from "express"; const x = express;', 'express'],
    ['import * as express from "express"; const x = express.Router;', 'express.Router'],
    ['import { Router as R } from "express"; const x = R;', 'express.Router'],
    ['const express = require("express"); const x = express.Router;', 'express.Router'],
    ['const { exec: run } = require("node:child_process"); const x = run;', 'child_process.exec'],
    ['const x = require("child_process").exec;', 'child_process.exec'],
    ['import cp = require("child_process"); const x = cp.exec;', 'child_process.exec'],
    ['const { exec } = await import("child_process"); const x = exec;', 'child_process.exec'],
    ['const x = require("pkg").default;', 'pkg'],
    ['import f from "./f.js"; const x = f;', '/app/f.default'],
    ['import { f } from "../lib"; const x = f;', '/lib.f'],
    ['import { f } from "@/lib/f"; const x = f;', '@/lib/f.f'],
    ['const x = process.env.KEY;', 'process.env.KEY'],
    ['const x = process.env["KEY"];', 'process.env.KEY'],
    ['const x = process?.env?.KEY;', 'process.env.KEY'],
    ['const { KEY: x } = process.env;', 'process.env.KEY'],
    ['const x = import.meta.env.KEY;', 'import.meta.env.KEY'],
  ])('%s', (text, name) => expect(valueOfName(text)).toMatchObject({ kind: 'global', name }));

  test('an own require is none', () => {
    expect(valueOfName('const require = (name) => name; const x = require("a");')).toMatchObject({ kind: 'call' });
  });
});

describe('calls', () => {
  test.each<[string, string, object]>([
    ['constructors', 'new Foo(1)', { form: 'new', args: [{}] }],
    ['optional calls', 'a?.b?.(1)', { callee: { name: 'a.b' }, args: [{}] }],
    ['spread arguments', 'f(...a)', { args: [{ spread: 'list' }] }],
    ['templates', 'sql`a${b}c`', { form: 'template', args: [{}, { name: 'b' }] }],
    ['awaited ones', 'await f()', { awaited: true, statement: true }],
    ['regular expressions', 'const r = /a+$/;', { callee: { name: 'RegExp' }, form: 'new' }],
  ])('%s', (_, text, call) => expect(moduleOf(text).calls.at(-1)).toMatchObject(call));

  test('functions are called like what they are assigned to', () => {
    const names = (text: string) => moduleOf(text).functions.map(({ name, kind }) => `${kind} ${name}`);
    expect(names('function a() {} const b = () => 1; const c = function () {}; o.d = () => 1;')).toEqual([
      'function a',
      'lambda b',
      'function c',
      'lambda d',
    ]);
    expect(
      names('class A { constructor() {} b() {} static c() {} get d() { return 1 } e = () => 1; #f() {} }'),
    ).toEqual(['method constructor', 'method b', 'static c', 'getter d', 'method e', 'method #f']);
    expect(names('const o = { a() {}, b: () => 1 };')).toEqual(['function a', 'lambda b']);
  });

  test('decorators stay with what they decorate', () => {
    const { functions, classes, assignments } = moduleOf(
      '@Controller("a") class A { @Column({ select: false }) secret: string; @Post() add(@Body() dto: Dto) {} }',
    );
    expect(classes[0]!.decorators).toHaveLength(1);
    expect(functions[0]).toMatchObject({ name: 'add', decorators: [{ name: 'Post()' }] });
    expect(functions[0]!.params).toMatchObject([
      { name: 'dto', decorators: [{ name: 'Body()' }], annotation: { name: 'Dto' } },
    ]);
    expect(assignments).toMatchObject([
      { name: 'secret', decorators: [{ name: 'Column()' }], annotation: { name: 'string' } },
    ]);
  });
});

describe('across files', () => {
  const constantOf = async (files: Record<string, string>, path: string): Promise<unknown> => {
    const program = linkProgram(await factsOfFiles([ecmascript], files));
    const unit = program.units.find((one) => one.path === path)!;
    const call = unit.module.calls.find((one) => one.callee.name === 'use')!;
    return constants(program, unit, call.args[0]!.value);
  };

  test.each<[string, Record<string, string>]>([
    ['named exports', { 'a.ts': 'export const k = "v";', 'b.ts': 'import { k } from "./a.js"; use(k);' }],
    [
      'renamed exports',
      { 'a.ts': 'const j = "v"; export { j as k };', 'b.ts': 'import { k as l } from "./a"; use(l);' },
    ],
    ['default exports', { 'a.ts': 'export default "v";', 'b.ts': 'import k from "./a"; use(k);' }],
    ['namespaces', { 'a.ts': 'export const k = "v";', 'b.ts': 'import * as a from "./a"; use(a.k);' }],
    ['CommonJS', { 'a.js': 'exports.k = "v";', 'b.js': 'const { k } = require("./a"); use(k);' }],
    ['CommonJS objects', { 'a.js': 'const k = "v"; module.exports = { k };', 'b.js': 'use(require("./a").k);' }],
    ['CommonJS values', { 'a.js': 'module.exports = "v";', 'b.js': 'const k = require("./a"); use(k);' }],
    [
      'CommonJS objects as defaults',
      { 'a.js': 'module.exports = { k: "v" };', 'b.mjs': 'import a from "./a.js"; use(a.k);' },
    ],
    ['members of exports', { 'a.js': 'module.exports.k = "v";', 'b.js': 'use(require("./a").k);' }],
    ['nested objects', { 'a.ts': 'export default { jwt: { k: "v" } };', 'b.ts': 'import c from "./a"; use(c.jwt.k);' }],
    [
      're-exports',
      {
        'a.ts': 'export const k = "v";',
        'i/index.ts': 'export { k as m } from "../a";',
        'b.ts': 'import { m } from "./i"; use(m);',
      },
    ],
    [
      'star exports',
      {
        'a.ts': 'export const k = "v";',
        'i/index.ts': 'export * from "../a";',
        'b.ts': 'import { k } from "./i"; use(k);',
      },
    ],
    [
      'star exports with a name',
      {
        'a.ts': 'export const k = "v";',
        'i.ts': 'export * as a from "./a";',
        'b.ts': 'import { a } from "./i"; use(a.k);',
      },
    ],
    ['functions', { 'a.ts': 'export function k() { return "v"; }', 'b.ts': 'import { k } from "./a"; use(k());' }],
    [
      'fields of instances',
      { 'a.ts': 'export class A { k = "v"; }', 'b.ts': 'import { A } from "./a"; const a = new A(); use(a.k);' },
    ],
    ['enums', { 'a.ts': 'export enum E { K = "v" }', 'b.ts': 'import { E } from "./a"; use(E.K);' }],
    [
      'aliases of folders',
      { 'src/a.ts': 'export const k = "v";', 'src/deep/b.ts': 'import { k } from "@/a"; use(k);' },
    ],
    [
      'paths from the root',
      { 'src/a.ts': 'export const k = "v";', 'src/deep/b.ts': 'import { k } from "src/a"; use(k);' },
    ],
    ['assigned in a function', { 'b.ts': 'let k; function set() { k = "v"; } function f() { use(k); }' }],
  ])('%s', async (_, files) => {
    const [path] = Object.keys(files).filter((one) => one.startsWith('b.') || one.includes('/b.'));
    expect(await constantOf(files, path!)).toContain('v');
  });

  test('a package of the same name as an own file is the package', async () => {
    const program = linkProgram(
      await factsOfFiles([ecmascript], {
        'src/express.ts': 'export const Router = 1;',
        'src/b.ts': 'import { Router } from "express"; Router();',
      }),
    );
    expect(program.calls(['express.Router'])).toHaveLength(1);
  });
});

describe('what cannot be read', () => {
  test('casts of Flow are none', () => {
    expect(moduleOf('// @flow\nexport const f = (a: any) => g((a: string), (b.c: any));', 'a.js').calls).toHaveLength(
      1,
    );
  });

  test('a syntax error has its line', () => {
    const { data, problems } = read({ path: 'a.ts', text: 'const a = 1;\nconst b = 2 + ;\nf();', words: [] });
    expect(data!.calls).toMatchObject([{ callee: { name: 'f' } }]);

    expect(problems).toEqual([{ message: expect.stringMatching(/^syntax error: /), span: { start: 13, end: 28 } }]);
  });

  test.each([
    ['lists', `x = ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['calls', `x = ${'f('.repeat(10_000)}${')'.repeat(10_000)}`],
    ['chained calls', `x = f${'.g()'.repeat(10_000)}`],
    ['members', `x = f${'.g'.repeat(10_000)}`],
    ['sums', `x = ${'a + '.repeat(10_000)}1`],
    ['ors', `x = ${'a || '.repeat(10_000)}1`],
    ['conditions', `x = ${'a ? b : '.repeat(10_000)}1`],
    ['arrows', `x = ${'a => '.repeat(10_000)}1`],
    ['negations', `x = ${'!'.repeat(10_000)}1`],
    ['else ifs', `${'if (a) b(); else '.repeat(10_000)}c();`],
    ['assignments', `${'a = '.repeat(10_000)}1;`],
    ['elements', `x = ${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`],
    ['types', `let x: ${'A<'.repeat(10_000)}B${'>'.repeat(10_000)};`],
    ['templates', `x = ${'`${'.repeat(5_000)}1${'}`'.repeat(5_000)}`],
    ['blocks', `${'{'.repeat(10_000)}${'}'.repeat(10_000)}`],
    ['labels', `${'a: '.repeat(10_000)}b();`],
  ])('10,000 nested %s neither crash nor hang', (kind, text) => {
    const started = cpuTime();
    const { data, problems } = read({ path: kind === 'elements' ? 'a.tsx' : 'a.ts', text, words: [] });
    expect(data !== undefined || problems!.length > 0).toBe(true);
    expect(cpuTime() - started).toBeLessThan(5000);
  });

  test('a large file is read in a few seconds', () => {
    const text =
      'function f(a) { const b = { c: a.d, e: [1, 2] }; if (a) { b.c = g(a, `x${b.e}`); } return b; }\n'.repeat(1_000);
    const started = cpuTime();
    expect(read({ path: 'a.js', text, words: [] }).data).toBeDefined();
    expect(cpuTime() - started).toBeLessThan(20_000);
  });

  test.each([
    ['a.min.js', 'x', true],
    ['a.js', `${'a;'.repeat(3000)}\n`, true],
    ['a.js', '/*! For license information please see a.js.LICENSE.txt */\nx()', true],
    ['a.js', 'const a = 1;\n', false],
  ])('bundles: %s', (path, text, bundle) => expect(isBundle(path, text)).toBe(bundle));

  test('any text is read or has a problem', () => {
    const pieces = fc.constantFrom(
      ...'const let x y = ( ) { } [ ] => ; , . ?. ... ` ${ } "a" 1 /a/ + ++ ! ? : async await function class extends new this export default import from require("a") module.exports if else for of in while switch case break return throw try catch @d <a> </a> as type enum // /* */ \n'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }),
        fc.constantFrom('a.ts', 'a.tsx', 'a.js', 'a.vue'),
        (parts, path) => {
          const { data, problems } = read({ path, text: parts.join(' '), words: [] });
          expect(data !== undefined || problems!.length > 0).toBe(true);
          if (data) expect(JSON.parse(JSON.stringify(data))).toEqual(data);
        },
      ),
    );
  });
});

test('bundles are left out and counted', async () => {
  const check = {
    id: 'x',
    needs: { program: true as const },
    messages: {},
    assess: () => ({ subjects: [], lookedFor: 'x' }),
  };
  const { notifications } = await scanFiles(check, { 'a.js': `/*! @generated */\nf();`, 'b.ts': 'f();' });
  expect(notifications.map((one) => one.message)).toEqual(['Not read: 1 minified or generated script (a.js).']);
});

describe('pieces of code', () => {
  const check = {
    id: 'x',
    needs: { program: true as const },
    messages: {},
    assess: (facts: Facts) => ({
      subjects: facts.of('program').map(({ path }) => pass(path, { path, span: { start: 0, end: 0 } }, 'read')),
      lookedFor: 'x',
    }),
  };
  const files = {
    'app.js': "import './static/client';\n",
    'static/client.js': 'f();',
    'data/static/fixes/a.ts': 'if (x) {\n',
    'data/static/fixes/b.ts': 'g();\n',
    'templates/index.js': 'if (<%= name %>) {\n',
  };
  const names = async (more: Readonly<Record<string, string>> = {}) => {
    const { judgement, notifications } = await scanFiles(check, { ...files, ...more });
    return {
      subjects: judgement.subjects.map(({ name, verdict }) => `${verdict} ${name}`).sort(),
      messages: notifications.map(({ message }) => message),
    };
  };

  test('in folders of what is shown or copied are data', async () => {
    expect(await names()).toEqual({
      subjects: ['pass app.js', 'pass static/client.js'],
      messages: [
        'Not read: 3 pieces of code that are shown or copied, and not run (data/static/fixes/a.ts, data/static/fixes/b.ts, templates/index.js).',
      ],
    });
  });

  test('that are imported, or lie elsewhere, are not', async () => {
    const { subjects } = await names({
      'b.js': "import './templates';\nconst a = require('./data/static/fixes/a');\n",
      'src/c.js': 'if (x) {\n',
    });
    expect(subjects).toEqual([
      'pass app.js',
      'pass b.js',
      'pass data/static/fixes/b.ts',
      'pass static/client.js',
      'unknown data/static/fixes/a.ts',
      'unknown src/c.js',
      'unknown templates/index.js',
    ]);
  });
});

test('scripts of components keep their places', () => {
  const text =
    '<template>\n  <p>{{ a }}</p>\n</template>\n<script setup lang="ts">\nconst a: string = f();\n</script>\n';
  const { text: script, typed } = scriptOf(text);
  expect(script).toHaveLength(text.length);
  expect(typed).toBe(true);
  const module = moduleOf(text, 'src/App.vue');
  expect(text.slice(module.calls[0]!.span.start, module.calls[0]!.span.end)).toBe('f()');
});
