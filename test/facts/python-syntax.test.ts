import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Extracted, ExtractInput } from '../../src/facts/facts.ts';
import type { Module } from '../../src/facts/program/model.ts';
import { python } from '../../src/facts/program/python.ts';
import { parsePython } from '../../src/facts/program/python-parser.ts';
import type { Expression } from '../../src/facts/program/syntax.ts';
import { Lines } from '../../src/facts/span.ts';
import fc from '../property.ts';

let read: (input: ExtractInput) => Extracted<Module>;

beforeAll(async () => {
  read = await python.load();
});

const extract = (text: string) => read({ path: 'app/x.py', text, words: [] });

/** The expression of a file's only statement. */
const expressionOf = (text: string): Expression => {
  const [statement] = parsePython(text, 'app.x', false).body;
  if (statement?.kind !== 'expression') throw new Error(`no expression: ${text}`);
  return statement.value;
};

describe('syntax that is read', () => {
  test.each([
    // Names that are keywords only where they stand alone
    'match = case = type = _ = 1\nmatch.x(case)[type] = 2\nmatch (1)\nprint(type(match))',
    'match x, *y:\n    case 1 | -2.5 | 3+4j | "a" "b" | None | E.A.B: pass\n    case (a, b) | [a, b, *_]: pass\n    case a, *b: pass',
    'match (x):\n    case {"k": v, -1: [_, C(), D(1, n=(2 | 3) as m)], **rest} if v > 1 and m:\n        pass\n    case (only): pass',
    // 3.8: walrus, positional-only parameters, f"{x=}"
    'def f(a, b=1, /, c=2, *, d, e=3, **k): return [y := 1, y ** 2]',
    'f"{x=} {x = !r:>{width}} {x!s:{a}.{b}}"',
    'while chunk := read(4): use(chunk)',
    'x[a:=1, b] = {(c := 2): 3}; print(any((w := y) for y in z))',
    // 3.9 and 3.10: decorators, bracketed context managers, unions
    '@buttons[0].clicked.connect\n@(lambda f: f)\n@a if b else c\ndef f() -> int | None: ...',
    'with (a): pass\nwith (a), (b): pass\nwith (a, b): pass\nwith (a as b, c() as (d, e),): pass\nwith (yield): pass\nwith (a).b() as c, d: pass\nwith () as e: pass',
    // 3.11: except*, stars in indexes
    'try:\n    pass\nexcept* (A, B) as e:\n    raise X from e\nelse:\n    pass\nfinally:\n    pass',
    'x: Tuple[*Ts, int] = a[*b, 1:2, ::]\ndef f(*args: *Ts): pass',
    // 3.12: type parameters, any expression in f-strings
    'type A[T: (int, str), *Ts, **P] = Callable[P, T]\nclass B[T = int](C[T], metaclass=M, **k): x: T\ndef f[T](a: T) -> T: return a',
    'f"{f"{f"{1 + 1}"}"} {d["k"]} {"\\n".join(a)} {{literal}} {x:{y:{z}}} {lambda_(lambda: 1)}"',
    'x = f"""{\n    a  # the first\n    + b\n} {\n        f(\n  c)\n    :>10}"""',
    "def f():\n    return f'''\n{x\n}\n  {y\n    }'''\n",
    // 3.14: templates, except without brackets
    't"{a!r} {b:.2f}" tr"\\{c}"',
    'try:\n    f()\nexcept A, b.C:\n    pass\nexcept* D, E:\n    pass',
    // Everything else
    'async def f():\n    async with a as b, c: await d\n    return [x async for x in y if await z(x)] + [await w async for w in v]\n',
    'global a, b; del (c), d[0], e.f,; assert g, "h"; import i.j as k, l; from . import (m as n, o,)\nfrom ... import p\nfrom .q.r import *\n',
    'a = b = yield\nx = *a, *b\nfor i, (j, *k) in *l, m: continue\nelse: pass\nx = lambda *a, k=1, **b: (yield)\nreturn *a, b',
    'x = a if b else c if d else lambda: e\nx = not a in b is not c not in d\nx **= -y ** -z @ ~w\nx = 1_000.5e-3 + 0xFFn if 0 else 1'.replace(
      '0xFFn',
      '0xF_F',
    ),
    'x = {**a, "b": 1, **c}\ny = {*a, 1}\nz = {k: v for k, v in w if k if v}\ne = {}\ns = {1,}\nt = ()\nu = (1,)\nv = ...\n',
    'x = "a\\\nb" \'c\' """d\n"e" f""" rb"\\d" Rb"\\"" u"g" br\'\'\'h\'\'\'\n',
    'if a:\n\tb\n\n# comment\n    # comment\n\tc\nelif d: e\nelse:\n        f\n\f\ndef g(): pass\n',
    'x = (1 +\n\n  # comment\n2)\nif x \\\n   and y: pass\r\ny = 1\rz = 2',
    'class A: pass; x = 1\nclass B(): y: int; "doc"\nif 1: pass\nprint(end="") ;\n',
    'naïve = "😀"; 変数 = f"{naïve}€"; x = 变.é',
    '# only a comment',
    '',
    '\\\n',
  ])('%s', (text) => {
    const { data, problems } = extract(text);
    expect(problems ?? []).toEqual([]);
    expect(data).toBeDefined();
  });
});

describe('what literals are worth', () => {
  test.each<[string, unknown]>([
    ['"a\\x41\\u0042\\103\\N{BULLET}\\d\\\\"', 'aABC\\N{BULLET}\\d\\'],
    ['r"\\x41" "\\x41"', '\\x41A'],
    ['"""a\r\nb"""', 'a\nb'],
    ['"a\\\nb"', 'ab'],
    ['0x_ff', 255],
    ['0b1_0', 2],
    ['0o17', 15],
    ['1_000.5', 1000.5],
    ['.5e1', 5],
    ['10_000_000_000_000_000_000_000', 1e22],
    ['True', true],
    ['None', null],
    ['...', null],
  ])('%s', (text, value) => expect(expressionOf(text)).toMatchObject({ kind: 'const', value }));

  test('bytes and imaginary numbers', () => {
    expect(expressionOf('b"\\u0041\\x41"')).toMatchObject({ kind: 'const', value: '\\u0041A', bytes: true });
    expect(expressionOf('1.5j')).toMatchObject({ kind: 'other' });
  });

  test('parts of an f-string', () => {
    expect(expressionOf('"a" f"b{{{c}}}\\t{d:{e}}" "f"')).toMatchObject({
      kind: 'concat',
      parts: [
        { kind: 'const', value: 'ab{' },
        { kind: 'name', name: 'c' },
        { kind: 'const', value: '}\t' },
        { kind: 'sequence', of: [{ kind: 'concat', parts: [{ name: 'e' }] }, { name: 'd' }] },
        { kind: 'const', value: 'f' },
      ],
    });
  });
});

describe('how operators bind', () => {
  const written = (one: Expression): string => {
    if (one.kind === 'name') return one.name;
    if (one.kind === 'binary')
      return `(${one.operands.map((o, i) => (i ? one.ops[i - 1] : '') + written(o)).join('')})`;
    if (one.kind === 'unary') return `(${one.op} ${written(one.of)})`;
    if (one.kind === 'logic') return `(${one.of.map(written).join(` ${one.op} `)})`;
    if (one.kind === 'compare')
      return `(${one.operands.map((o, i) => (i ? ` ${one.ops[i - 1]} ` : '') + written(o)).join('')})`;
    return one.kind === 'choose' ? `(${written(one.yes)} if ${written(one.test)} else ${written(one.no)})` : one.kind;
  };
  test.each([
    ['a + b * c - d', '(a+(b*c)-d)'],
    ['(a + b) * c', '(a+b*c)'],
    ['a - (b - c)', '(a-(b-c))'],
    ['-a ** -b ** c', '(- (a**(- (b**c))))'],
    ['a | b ^ c & d << e', '(a|(b^(c&(d<<e))))'],
    ['not a == b and c or d', '(((not (a == b)) and c) or d)'],
    ['a < b not in c is not d', '(a < b not in c is not d)'],
    ['a if b else c if d else e', '(a if b else (c if d else e))'],
  ])('%s', (text, tree) => expect(written(expressionOf(text))).toBe(tree));
});

describe('places', () => {
  test.each<[string, (one: Expression) => Expression, string]>([
    ['f((a), b)', (one) => (one.kind === 'call' ? one.args[0]!.value : one), 'a'],
    ['f(a for b in c)', (one) => (one.kind === 'call' ? one.args[0]!.value : one), '(a for b in c)'],
    ['(a).b', (one) => one, '(a).b'],
    ['(a, b)', (one) => one, '(a, b)'],
    ['a, b,', (one) => one, 'a, b,'],
  ])('%s', (text, pick, part) => {
    const { span } = pick(expressionOf(text));
    expect(text.slice(span.start, span.end)).toBe(part);
  });

  test('a function', () => {
    const text = '@a\nasync  def f(x):\n    """doc"""\n    pass\n\n\ny = 1\n';
    const [statement] = parsePython(text, 'm', false).body;
    if (statement?.kind !== 'function') throw new Error('no function');
    const { span, nameSpan, bodySpan, doc, stub } = statement.function;
    const at = ({ start, end } = { start: 0, end: 0 }) => text.slice(start, end);
    expect([at(nameSpan), at(doc), stub]).toEqual(['f', '"""doc"""', true]);
    expect(at(span)).toBe('async  def f(x):\n    """doc"""\n    pass');
    expect(at(bodySpan)).toBe('"""doc"""\n    pass');
  });
});

describe('what cannot be read is a problem with its line', () => {
  test.each<[string, number]>([
    ['x = 1\ny = = 2\n', 2],
    ['\n\nprint "a"\n', 3],
    ['exec "a" in b\n', 1],
    ['def f():\npass\n', 2],
    ['if a:\n        b\n    c\n', 3],
    ['  x = 1\n', 1],
    ['a = 1\nx = "abc\n', 2],
    ['a\n"""\nb\n', 2],
    ['a\nf"{b"\n', 2],
    ['a\nf"{b:"\n', 2],
    ['a\nf"}"', 2],
    ['x = (1,\n2\n', 2],
    ['a\nb = c ? d : e\n', 2],
    ['a\n“b”\n', 2],
    ['a\nb \\ c\n', 2],
    ['match x:\n    case 1:\n        pass\n    other\n', 4],
    ['a\n<<<<<<< HEAD\n', 2],
  ])('%j', (text, line) => {
    const { data, problems } = extract(text);
    expect(data).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems![0]!.message).toMatch(/^syntax error: \S/);
    expect(new Lines(text).position(problems![0]!.span.start).line).toBeGreaterThanOrEqual(line - 1);
    expect(new Lines(text).position(problems![0]!.span.start).line).toBeLessThanOrEqual(line + 1);
  });
});

describe('nesting without end', () => {
  const deep = 10_000;
  const around = (open: string, inside: string, close: string) => open.repeat(deep) + inside + close.repeat(deep);
  test.each([
    ['brackets', around('(', 'a', ')')],
    ['lists', around('[', '', ']')],
    ['dictionaries', around('{a: ', 'b', '}')],
    ['indexes', around('a[', 'b', ']')],
    ['calls inside calls', around('f(', 'a', ')')],
    ['calls of calls', `f${'()'.repeat(deep)}`],
    ['attributes', `a${'.b'.repeat(deep)}`],
    ['signs', `${'-'.repeat(deep)}a`],
    ['negations', `${'not '.repeat(deep)}a`],
    ['awaits', `${'await '.repeat(deep)}a`],
    ['powers', `a${' ** a'.repeat(deep)}`],
    ['conditions', `a${' if b else a'.repeat(deep)}`],
    ['functions', `${'lambda: '.repeat(deep)}a`],
    ['f-strings', around('f"{', 'a', '}"')],
    ['formats', `f"${around('{a:', '', '}')}"`],
    ['generators', around('(a for b in ', 'c', ')')],
    ['patterns', `match a:\n    case ${around('(', 'b', ',)')}:\n        pass\n`],
    ['blocks', Array.from({ length: deep }, (_, i) => `${' '.repeat(i)}if a:\n`).join('') + ' '.repeat(deep)],
    ['branches', `if a: pass\n${'elif b: pass\n'.repeat(deep)}`],
    ['unclosed brackets', '('.repeat(100 * deep)],
    ['unclosed f-strings', 'f"{'.repeat(deep)],
  ])('%s', (_, text) => {
    const { data, problems } = extract(`x = 1\n${text}\n`);
    expect(data).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems![0]!.span.start).toBeGreaterThanOrEqual(6);
  });

  test('what people and generators write is read', () => {
    const lines = [
      `a${' + a'.repeat(deep)}`,
      `a${' and a'.repeat(deep)}`,
      `a${' < a'.repeat(deep)}`,
      `x = ${'y = '.repeat(deep)}1`,
      `${'"a" '.repeat(deep)}`,
      `f(${'a, '.repeat(deep)})`,
      `q${'.filter(a)'.repeat(400)}`,
      `${'('.repeat(200)}a${')'.repeat(200)}`,
      `if a: pass\n${'elif b: pass\n'.repeat(900)}`,
    ];
    for (const line of lines) expect(extract(`${line}\n`).problems ?? []).toEqual([]);
  });
});

test.each([
  [
    'a dictionary',
    `x = {\n${Array.from({ length: 40_000 }, (_, i) => `    "key_${i}": ("value", ${i}),\n`).join('')}}\n`,
  ],
  ['one line', `x = [${'{"a": 1, "b": [2, 3]}, '.repeat(44_000)}]\n`],
  ['a sum', `x = ${'a + '.repeat(250_000)}b\n`],
  ['a text', `x = """${'line of text\n'.repeat(80_000)}"""\n`],
  ['texts one after the other', `x = (\n${'    "part"\n'.repeat(90_000)})\n`],
])('a megabyte of %s', (_, text) => {
  expect(text.length).toBeGreaterThan(900_000);
  expect(extract(text).data).toBeDefined();
});

test('no text stops the parser, and all spans lie inside it', () => {
  const pieces = [
    'x',
    ' = ',
    '(',
    ')',
    '[',
    '{',
    '}',
    '\n',
    '    ',
    'f"',
    '"',
    '{',
    ':',
    'if ',
    'def f',
    'match x:',
    'lambda ',
    '\\',
    ',',
    '*',
    'é',
    '\r',
    '#',
    "'''",
    'not ',
    'for a in b',
    '1.',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      const { data, problems = [] } = extract(text);
      expect(data !== undefined || problems.length > 0).toBe(true);
      for (const { span } of [...problems, ...(data?.values ?? [])]) {
        expect(span.start).toBeLessThanOrEqual(span.end);
        expect(span.end).toBeLessThanOrEqual(text.length);
      }
    }),
  );
});
