import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Extracted, ExtractInput } from '../../src/facts/facts.ts';
import { constants, origins } from '../../src/facts/program/flow.ts';
import { linkProgram } from '../../src/facts/program/link.ts';
import type { Module, Value } from '../../src/facts/program/model.ts';
import { moduleName, python } from '../../src/facts/program/python.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

let read: (input: ExtractInput) => Extracted<Module>;

beforeAll(async () => {
  read = await python.load();
});

const moduleOf = (text: string, path = 'app/x.py'): Module => {
  const { data, problems } = read({ path, text, words: [] });
  expect(problems ?? []).toEqual([]);
  return data!;
};

/** The value a name has at the end of the module. */
const valueOfName = (text: string, name = 'x'): Value => {
  const module = moduleOf(text);
  return module.values[module.exports[name]!]!;
};

describe('names of modules', () => {
  test.each([
    ['src/api/users.py', 'src.api.users', false],
    ['src/api/__init__.py', 'src.api', true],
    ['setup.py', 'setup', false],
  ])('%s', (path, name, isPackage) => expect(moduleName(path)).toEqual({ name, package: isPackage }));
});

describe('constants', () => {
  test.each<[string, string, unknown]>([
    ['concatenation', 'a = "b"\nx = a + "c" + "d"', 'bcd'],
    ['f-strings with nested quotes', 'd = {"k": 1}\nx = f"n{d["k"]}"', 'n1'],
    ['percent', 'x = "%s-%d" % ("a", 3)', 'a-3'],
    ['percent with names', 'x = "%(n)s" % {"n": "v"}', 'v'],
    ['format', 'x = "{}-{b}".format("a", b="c")', 'a-c'],
    ['join', 'x = ",".join(["a", "b"])', 'a,b'],
    ['methods', 'x = " Ab ".strip().lower()', 'ab'],
    ['arithmetic', 'x = 7 * 6 - 2 ** 3', 34],
    ['decided branches', 'if 1 > 2:\n    x = 1\nelse:\n    x = 2', 2],
    ['conditional expressions', 'x = "a" if not [] else "b"', 'a'],
    [
      'match',
      'k = "b"\nmatch k:\n    case "a":\n        x = 1\n    case "b" | "c":\n        x = 2\n    case _:\n        x = 3',
      2,
    ],
    ['dictionaries', 'd = {"a": 1, "b": 2}\nd["a"] = 3\nx = d["a"]', 3],
    ['update and get', 'd = {}\nd.update(a=5)\nx = d.get("a")', 5],
    ['lists', 'l = ["a", "b"]\nl.append("c")\nx = l[-1]', 'c'],
    ['aliases of a container', 'a = {}\nb = a\na["k"] = "v"\nx = b["k"]', 'v'],
    ['strong updates', 'x = 1\nx = 2', 2],
    ['tuples', '_, x = "a", "b"', 'b'],
    ['or', 'x = "" or "b"', 'b'],
    ['walrus', 'if (x := "a"):\n    pass', 'a'],
    ['bytes', 'x = b"a\\x00"', 'a\0'],
    ['class fields', 'class C:\n    K = "v"\nx = C.K', 'v'],
    ['fields of an object', 'o = make()\no.k = "v"\nx = o.k', 'v'],
  ])('%s', (_, text, value) => expect(valueOfName(text)).toMatchObject({ kind: 'const', value }));

  test('both sides of a branch stay', () => {
    expect(valueOfName('if f():\n    x = 1\nelse:\n    x = 2')).toMatchObject({ kind: 'either', form: 'branch' });
    expect(valueOfName('x = 1\nfor i in f():\n    x = 2')).toMatchObject({ kind: 'either', form: 'loop' });
    expect(valueOfName('try:\n    x = f()\nexcept E:\n    x = 2')).toMatchObject({ kind: 'either', form: 'except' });
  });

  test('a text that doubles stays small', () => {
    const module = moduleOf(`x = "ab"\n${'x = x + x\n'.repeat(60)}`);
    expect(JSON.stringify(module).length).toBeLessThan(100_000);
  });
});

describe('names', () => {
  test.each([
    ['import a.b.c\nx = a.b.c.d', 'a.b.c.d'],
    ['import a.b as c\nx = c.d', 'a.b.d'],
    ['from a import b as c\nx = c', 'a.b'],
    ['from . import b\nx = b', 'app.b'],
    ['from ..c import d\nx = d.e', 'c.d.e'],
    ['x = __import__("os").system', 'os.system'],
    ['import importlib\nx = importlib.import_module("a.b").c', 'a.b.c'],
    ['import os\nx = getattr(os, "system")', 'os.system'],
    ['x = eval', 'eval'],
  ])('%s', (text, name) => expect(valueOfName(text)).toMatchObject({ kind: 'global', name }));
});

describe('guards', () => {
  const guardsOf = (text: string) => {
    const module = moduleOf(text);
    const call = module.calls.find((one) => one.callee.name === 'sink')!;
    const kinds: string[] = [];
    for (let id = call.guard; id >= 0; id = module.guards[id]!.parent) {
      const guard = module.guards[id]!;
      kinds.push(guard.kind === 'if' ? `${guard.holds ? '' : 'not '}${module.values[guard.test]!.kind}` : guard.kind);
    }
    return kinds;
  };
  test.each([
    ['if a():\n    sink()', ['call']],
    ['def f(a):\n    if a not in B:\n        return\n    sink()', ['not compare']],
    ['def f(a, b):\n    if a and not b():\n        sink()', ['not call', 'param']],
    ['try:\n    sink()\nexcept E:\n    pass', ['try']],
    ['try:\n    f()\nexcept E:\n    sink()', ['except']],
    ['with a():\n    sink()', ['with']],
    ['for i in a():\n    sink()', ['loop']],
  ])('%s', (text, kinds) => expect(guardsOf(text)).toEqual(kinds));
});

describe('syntax of Python 3.8 to 3.14', () => {
  test.each([
    'def f(a, /, b, *, c): return (d := a)',
    'with (open("a") as a, open("b") as b): pass',
    'match x:\n    case {"a": [1, *rest], **more} if rest: pass\n    case C(a=1) as c: pass',
    'try:\n    f()\nexcept* ValueError as e:\n    pass',
    'type A[T] = list[T]\ndef f[T: int](x: T) -> T: return x\nclass C[T]: pass',
    'x = f"{f"{1}"} {y!r:>{w}}"',
    'async def f():\n    async for a in b:\n        yield a\n    return',
    'x = t"{a}"',
    'try:\n    f()\nexcept A, B:\n    pass\n',
    'lambda *a, k=1, **b: a',
    'print(*a, **b)\nx[1:2, ::3]\ndel x[0], y.z',
    'é = "ü"; x = é + "\\N{BULLET}"',
  ])('%s', (text) => expect(moduleOf(text).values.length).toBeGreaterThanOrEqual(0));
});

test('offsets count UTF-16 code units, whatever stands before them', () => {
  const text = '# é\nnäme = "😀"; f(näme, "b")\r\nx = "c"\n';
  const module = moduleOf(text);
  const { span } = module.calls[0]!;
  expect(text.slice(span.start, span.end)).toBe('f(näme, "b")');
  const value = module.values[module.exports.x!]!;
  expect(text.slice(value.span.start, value.span.end)).toBe('"c"');
});

describe('what cannot be read is a problem with its line', () => {
  test.each([
    ['a syntax error', 'x = 1\ny = = 2\n'],
    ['Python 2', 'print "a"\n'],
    ['deep nesting', `x = ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('%s', (_, text) => {
    const { data, problems } = read({ path: 'x.py', text, words: [] });
    expect(data).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems![0]!.message).not.toBe('');
  });

  test('large and long files end', () => {
    const long = `x = ${Array.from({ length: 3000 }, (_, i) => `"a${i}"`).join(' + ')}\n`;
    moduleOf(long);
    moduleOf(
      `if a == 0:\n    pass\n${Array.from({ length: 1000 }, (_, i) => `elif a == ${i}:\n    b = ${i}\n`).join('')}`,
    );
    moduleOf(`x = [${Array.from({ length: 60_000 }, (_, i) => `{"k": ${i}}`).join(', ')}]\n`);
  });
});

describe('across files', () => {
  const link = async (files: Record<string, string>) => linkProgram(await factsOfFiles([python], files));

  test.each<[string, Record<string, string>]>([
    ['a plain import', { 'app/a.py': 'K = "v"\n', 'app/x.py': 'from app.a import K\nsink(K)\n' }],
    ['a relative import', { 'app/a.py': 'K = "v"\n', 'app/x.py': 'from .a import K as L\nsink(L)\n' }],
    [
      'a package that re-exports',
      {
        'app/p/__init__.py': 'from .a import K\n',
        'app/p/a.py': 'K = "v"\n',
        'app/x.py': 'from app.p import K\nsink(K)\n',
      },
    ],
    [
      'a star import',
      { 'app/a.py': 'K = "v"\n', 'app/b.py': 'from .a import *\n', 'app/x.py': 'from .b import K\nsink(K)\n' },
    ],
    ['a source root', { 'src/lib/a.py': 'K = "v"\n', 'tools/x.py': 'from lib.a import K\nsink(K)\n' }],
    ['a function', { 'app/a.py': 'def k():\n    return "v"\n', 'app/x.py': 'from .a import k\nsink(k())\n' }],
    ['a field', { 'app/a.py': 'class S:\n    K = "v"\ns = S()\n', 'app/x.py': 'from .a import s\nsink(s.K)\n' }],
    [
      'an import in a circle',
      { 'app/a.py': 'from .x import y\nK = "v"\n', 'app/x.py': 'from .a import K\ny = 1\nsink(K)\n' },
    ],
  ])('%s', async (_, files) => {
    const program = await link(files);
    const site = program.allCalls().find((one) => one.call.callee.name === 'sink')!;
    expect(constants(program, site.unit, site.call.args[0]!.value)).toEqual(['v']);
  });

  test('a request is followed through functions and fields, with its way', async () => {
    const program = await link({
      'app/a.py': 'class Box:\n    def __init__(self, v):\n        self.v = v\ndef run(box):\n    sink(box.v)\n',
      'app/x.py':
        'from flask import request\nfrom .a import Box, run\ndef view():\n    box = Box(request.args["q"])\n    run(box)\n',
    });
    const site = program.allCalls().find((one) => one.call.callee.name === 'sink')!;
    const found = origins(program, site.unit, site.call.args[0]!.value);
    expect(found).toContainEqual(expect.objectContaining({ kind: 'source', source: 'request' }));
    expect(found.find((one) => one.kind === 'source')!.trace.map((step) => step.path)).toContain('app/x.py');
  });

  test('recursion ends', async () => {
    const program = await link({
      'a.py': 'def f(n):\n    return g(n) + f(n)\ndef g(n):\n    return f(n)\nsink(f(1))\n',
    });
    const site = program.allCalls().find((one) => one.call.callee.name === 'sink')!;
    expect(origins(program, site.unit, site.call.args[0]!.value).length).toBeLessThan(100);
    expect(constants(program, site.unit, site.call.args[0]!.value)).toBeUndefined();
  });

  test('an own file that is named like a library does not hide it', async () => {
    const program = await link({
      'a/pickle.py': 'import pickle\npickle.loads(x)\n',
      'a/b.py': 'import pickle\npickle.loads(x)\n',
    });
    expect(program.calls(['pickle.loads'])).toHaveLength(2);
  });
});

test('mutated files never throw, and every span lies inside', () => {
  const seed = [
    'import os\nfrom a.b import c as d\nclass K(Base, metaclass=M):\n    x: int = 1\n    @property\n    def p(self): return self.x\n',
    'async def f(a, *b, k=1, **c) -> int:\n    with open(a) as h:\n        for i, (j, *r) in enumerate(b):\n            try:\n                x = f"{i!r:>{k}}" + d[i][1:2]\n            except (A, B) as e:\n                raise E from e\n            else:\n                continue\n    return [y async for y in c if y]\n',
    'match v:\n    case [1, {"k": z}] | C(a=2): del z\n    case _: x += lambda q: (yield)\nglobal w\nw = x if w else {**c, "k": not -1}\n',
  ].join('');
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      '[',
      '{',
      '}',
      ':',
      '\n',
      '    ',
      '"',
      "'''",
      'f"{',
      '=',
      '==',
      'def ',
      'class ',
      '*',
      '@',
      '\\',
      'é',
      '😀',
      '\0',
      '\r',
      ',',
    ),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(seed.length), fc.nat(12), piece), { maxLength: 5 }), (edits) => {
      let text = seed;
      for (const [at, cut, insert] of edits) text = text.slice(0, at) + insert + text.slice(at + cut);
      const { data, problems = [] } = read({ path: 'a.py', text, words: [] });
      const spans = [
        ...problems,
        ...(data?.values ?? []),
        ...(data?.calls ?? []),
        ...(data?.assignments ?? []),
        ...(data?.functions ?? []),
      ];
      for (const { span } of spans)
        expect(span.start >= 0 && span.start <= span.end && span.end <= text.length).toBe(true);
    }),
    { numRuns: 150 },
  );
});
