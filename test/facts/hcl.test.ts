import { readdirSync, readFileSync } from 'node:fs';
import { parse as oracle } from '@cdktn/hcl2json';
import { describe, expect, test } from '@jest/globals';
import { type Body, type Expression, type HclFile, parseHcl } from '../../src/facts/hcl.ts';
import { parseHclJson } from '../../src/facts/hcl-json.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const FIXTURES = new URL('../../fixtures/formats/terraform/', import.meta.url);
const fixtures = readdirSync(FIXTURES).map((name) => [name, readFileSync(new URL(name, FIXTURES), 'utf8')] as const);

/** The tree in the shape of hcl2json: literals as they are, everything computed as '$'. */
function outline(body: Body): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { name, value } of body.attributes) result[name] = plain(value);
  for (const block of body.blocks) {
    let at = result;
    const path = [block.type, ...block.labels];
    for (const name of path.slice(0, -1)) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    const last = path.at(-1)!;
    at[last] = [...((at[last] as unknown[] | undefined) ?? []), outline(block)];
  }
  return result;
}

function plain(value: Expression): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value;
    case 'tuple':
      return value.items.map(plain);
    case 'object':
      return Object.fromEntries(value.entries.map((one) => [String(plain(one.key)), plain(one.value)]));
    default:
      return '$';
  }
}

/** hcl2json writes expressions as the text they were; those become '$' as well. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return /[$%]\{/.test(value) ? '$' : value;
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      // A key such as `aws.far` is an expression, which hcl2json writes without its mark.
      Object.entries(value).map(([key, inner]) => [/[$%]\{|^\w+[.[]/.test(key) ? '$' : key, masked(inner)]),
    );
  }
  return value;
}

function only(text: string): Expression {
  const { body, problems } = parseHcl(`x = ${text}\n`);
  expect(problems).toEqual([]);
  expect(body.attributes).toHaveLength(1);
  return body.attributes[0]!.value;
}

/** Expressions of every kind, as text in native syntax. */
const hclExpression = fc.letrec<{ any: string; leaf: string; key: string; piece: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      'true',
      'false',
      'null',
      '0',
      '12',
      '1.5',
      '-3',
      'var.a',
      'local.b-c',
      'a.b[0].c',
      'a["k"].d',
      'a[*].id',
      'a.*.id',
    ),
    fc.constantFrom(
      '"plain"',
      '"q \\"x\\" \\n\\t"',
      '"$${no} %%{no}"',
      '""',
      '"é\\u00e9"',
      'each.value',
      'path.module',
    ),
    fc
      .constantFrom('<<EOT\none\n  two\nEOT\n', '<<-EOT\n    one\n      two ${var.a}\n    EOT\n')
      .map((text) => `[${text}]`),
  ),
  key: fc.constantFrom('k', '"s p"', '(var.a)', '"${var.a}-x"', 'dash-ed'),
  piece: fc.oneof(
    fc.constantFrom('text ', '#', '//', '$', '%', '{}', '\\\\'),
    tie('any').map((text) => `\${g(${text.includes('\n') ? 'var.a' : text})}`),
  ),
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('any'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(tie('any'), { maxLength: 3 }).map((items) => `[\n${items.map((item) => `${item},\n`).join('')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('k', '"s p"', 'dash-ed'), tie('any')), { maxLength: 3 })
      .map((list) => `{\n${list.map(([key, value]) => `${key} = ${value}\n`).join('')}}`),
    fc.tuple(tie('key'), tie('any')).map(([key, value]) => `{ ${key} : ${value} }`),
    fc
      .tuple(tie('any'), fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||'), tie('any'))
      .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie('any').map((text) => `(!(${text}))`),
    fc
      .tuple(fc.constantFrom('f', 'coalesce', 'a_b'), fc.array(tie('any'), { maxLength: 3 }), fc.boolean())
      .map(([name, args, spread]) => `${name}(${args.join(', ')}${spread && args.length > 0 ? '...' : ''})`),
    fc.tuple(tie('any'), tie('any')).map(([list, value]) => `[for v in ${list} : ${value}]`),
    fc
      .tuple(tie('any'), tie('any'), tie('any'))
      .map(([list, value, test]) => `{for k, v in ${list} : k => ${value}... if ${test}}`),
    fc.array(tie('piece'), { maxLength: 4 }).map((pieces) => `"${pieces.join(' ')}"`),
    fc
      .tuple(tie('any'), tie('piece'))
      .map(([test, piece]) => `"%{ if ${test.includes('\n') ? 'var.a' : test} ~} ${piece} %{~ else }b%{ endif }"`),
  ),
})).any;

function checkSpans(file: HclFile, length: number): void {
  const stack: unknown[] = [file];
  while (stack.length > 0) {
    const node = stack.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { span } = node as { span?: { start: number; end: number } };
    if (span && !(span.start >= 0 && span.start <= span.end && span.end <= length)) {
      throw new Error(`span ${span.start}-${span.end} of ${length}`);
    }
    stack.push(...Object.values(node));
  }
}

describe('native syntax', () => {
  test.each(fixtures.filter(([name]) => !name.endsWith('.json')))(
    '%s reads as hcl2json reads it',
    async (name, text) => {
      const file = parseHcl(text);
      expect(file.problems).toEqual([]);
      expect(masked(outline(file.body))).toEqual(masked(await oracle(name, text)));
    },
  );

  test('reads what hcl2json reads, whatever the expressions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), hclExpression), { minLength: 1, maxLength: 4 }),
        async (list) => {
          const lines = list.map(([inBlock, text], i) =>
            inBlock ? `b "l${i}" {\n  x = ${text}\n}\n` : `x${i} = ${text}\n`,
          );
          const text = lines.join('# a comment\n');
          const file = parseHcl(text);
          expect([text, file.problems]).toEqual([text, []]);
          expect(masked(outline(file.body))).toEqual(masked(await oracle('a.tf', text)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('locates blocks and attributes', () => {
    const text = 'a "b" c {\n  d = [1, "x"]\n}\n';
    const block = parseHcl(text).body.blocks[0]!;
    const cut = ({ start, end }: { start: number; end: number }) => text.slice(start, end);
    expect([block.type, ...block.labels]).toEqual(['a', 'b', 'c']);
    expect(cut(block.head)).toBe('a "b" c');
    expect(cut(block.span)).toBe(text.trimEnd());
    expect(cut(block.attributes[0]!.span)).toBe('d = [1, "x"]');
    expect(cut(block.attributes[0]!.value.span)).toBe('[1, "x"]');
  });

  test.each([
    ['1 + 2 * 3', 'binary'],
    ['var.a ? "x" : "y"', 'conditional'],
    ['[for k, v in var.m : upper(k) if v != ""]', 'for'],
    ['{ for s in var.list : s => length(s)... }', 'for'],
    ['{ for = 1 }', 'object'],
    ['a.b[0].c', 'get'],
    ['a.*.id', 'splat'],
    ['a[*].b[0]', 'splat'],
    ['f(x, y...)', 'call'],
    ['provider::ns::f(1)', 'call'],
    ['-1', 'literal'],
    ['!var.a', 'unary'],
    ['(\n1 +\n2\n)', 'binary'],
    ['"a ${b} c"', 'template'],
    ['"%{ if a }x%{ else }y%{ endif }"', 'template'],
    ['"$${a} %%{b}"', 'literal'],
    ['<<EOT\nplain\nEOT', 'literal'],
    ['<<-EOT\n  ${x}\n  EOT', 'template'],
  ])('%s is a %s', (text, kind) => {
    expect(only(text).kind).toBe(kind);
  });

  test('strips the common indentation of an indented heredoc', () => {
    expect(only('<<-EOT\n    a\n      b\n\n    c\n  EOT')).toMatchObject({ kind: 'literal', value: 'a\n  b\n\nc\n' });
  });

  test('reads escapes', () => {
    expect(only('"a\\n\\"\\u0041\\U0001F600 $${x}"')).toMatchObject({ value: 'a\n"A😀 ${x}' });
  });

  test('goes on after a mistake and says where it is', () => {
    const text = 'a = 1\nb = = 2\nc {\n  d = [1,\n}\ne = 3\n';
    const { body, problems } = parseHcl(text);
    expect(body.attributes.map((one) => one.name)).toEqual(['a', 'b', 'e'].slice(0, body.attributes.length));
    expect(problems.length).toBeGreaterThan(0);
    expect(text.slice(0, problems[0]!.span.start).split('\n')).toHaveLength(2);
  });

  test('keeps comments and their places', () => {
    const { comments } = parseHcl('# one\na = 1 // two\n/* three */ b = 2\n');
    expect(comments.map((one) => one.text)).toEqual([' one', ' two', ' three ']);
  });
});

describe('JSON syntax', () => {
  test('gives the blocks of native syntax', () => {
    const file = parseHclJson('{"resource": {"aws_vpc": {"main": {"cidr_block": "${var.cidr}", "tags": {"a": "b"}}}}}');
    expect(file.problems).toEqual([]);
    const block = file.body.blocks[0]!;
    expect([block.type, ...block.labels]).toEqual(['resource', 'aws_vpc', 'main']);
    expect(block.attributes.map((one) => [one.name, one.value.kind])).toEqual([
      ['cidr_block', 'template'],
      ['tags', 'object'],
    ]);
  });

  test('says where a mistake is', () => {
    expect(parseHclJson('{"a": nope}').problems).toMatchObject([{ span: { start: 6, end: 7 } }]);
  });
});

describe('hostile input', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    '"',
    '${',
    '%{',
    '~',
    'if ',
    'for ',
    ' in ',
    '=',
    '\n',
    '<<E\n',
    'a',
    '.',
    '*',
    '?',
    ':',
    '/*',
    '#',
    '\\',
    ',',
  ];

  test('mutated files never throw and keep their spans inside', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...fixtures.map(([, text]) => text)),
        fc.array(fc.tuple(fc.nat(), fc.nat(40), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 6 }),
        (text, edits) => {
          let changed = text;
          for (const [at, drop, piece] of edits) {
            const start = at % (changed.length + 1);
            changed = changed.slice(0, start) + piece + changed.slice(start + drop);
          }
          checkSpans(parseHcl(changed), changed.length);
          checkSpans(parseHclJson(changed), changed.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ['brackets', '['],
    ['braces', '{'],
    ['blocks', 'a {\n'],
    ['interpolations', '"${'],
    ['parentheses', '(('],
    ['negations', '!'],
    ['attributes', '.a'],
    ['closing braces', '}'],
    ['heredocs', '<<E\n'],
    ['directives', '%{ if a }'],
    ['sums', '1 + '],
    ['conditions', 'a ? b : '],
    ['comments', '/*'],
    ['spaces', ' '],
  ])('100,000 %s', (_, piece) => {
    const text = `x = a${piece.repeat(100_000)}`;
    const before = cpuTime();
    for (const one of [text, piece.repeat(100_000), `y = "${piece.repeat(100_000)}`]) {
      checkSpans(parseHcl(one), one.length);
      checkSpans(parseHclJson(one), one.length);
    }
    expect(cpuTime() - before).toBeLessThan(5000);
  });
});
