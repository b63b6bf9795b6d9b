/** Knows what the YAML reader must understand, and that nothing makes it throw. */
import { describe, expect, test } from '@jest/globals';
import {
  at,
  booleanOf,
  entryOf,
  loadYaml,
  plainOf,
  scalarOffsets,
  spanWithin,
  textOf,
  type YamlFile,
  type YamlNode,
  type YamlScalar,
} from '../../src/facts/yaml.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const read = await loadYaml();
const root = (text: string): YamlNode => read(text).documents[0]!.root;
const plain = (text: string) => plainOf(root(text));

describe('content', () => {
  test.each([
    ['scalars', 'a: 1\nb: "1"\nc: true\nd: null\ne:\nf: 1.10', { a: 1, b: '1', c: true, d: null, e: null, f: 1.1 }],
    ['YAML 1.1 booleans stay strings', 'a: yes\nb: on', { a: 'yes', b: 'on' }],
    ['lists and flow', 'a: [1, {b: c}]\nd:\n  - x\n  - y: z', { a: [1, { b: 'c' }], d: ['x', { y: 'z' }] }],
    ['an empty map and an empty list', 'a: {}\nb: []', { a: {}, b: [] }],
    ['anchors', 'a: &x {k: 1}\nb: *x', { a: { k: 1 }, b: { k: 1 } }],
    ['a merge key', 'a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3', { a: { k: 1, l: 2 }, b: { k: 1, l: 3 } }],
    [
      'a list of merge keys: the first wins',
      'a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}',
      { a: { k: 1 }, b: { k: 2, m: 3 }, c: { k: 1, m: 3 } },
    ],
    ['a quoted merge key is a key', '"<<": {a: 1}', { '<<': { a: 1 } }],
    ['JSON', '{\n\t"a": [1, "b"],\n\t"c": {"d": null}\n}', { a: [1, 'b'], c: { d: null } }],
    ['keys that are no strings', '1: a\ntrue: b\n? [x, y]\n: c', { '1': 'a', true: 'b', '[x, y]': 'c' }],
    ['block scalars', 'a: |\n  x\n   y\nb: >-\n  x\n  y', { a: 'x\n y\n', b: 'x y' }],
    ['a recursive anchor becomes null', 'a: &x\n  b: *x', { a: { b: null } }],
  ])('%s', (_, text, expected) => {
    expect(plain(text)).toEqual(expected);
  });

  test('several documents, empty ones left out', () => {
    const file = read('---\n# nothing\n---\na: 1\n---\n\n---\nb: 2\n...\n');
    expect(file.documents.map((document) => plainOf(document.root))).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test('duplicate keys: the last one counts and a problem says so', () => {
    const file = read('a: 1\nb: 2\na: 3\n');
    expect(plainOf(file.documents[0]!.root)).toEqual({ b: 2, a: 3 });
    expect(file.documents[0]!.broken).toBe(false);
    expect(file.problems).toEqual([
      { message: 'duplicate key "a", the last value counts', span: { start: 10, end: 11 }, tolerated: true },
    ]);
  });

  test('numbers keep their text', () => {
    expect(textOf(at(root('image: {tag: 1.10}'), 'image', 'tag'))).toBe('1.10');
  });

  test('local tags are kept', () => {
    const node = root('a: !reference [x, script]\nb: !Sub "${A}"\nc: !reset null');
    expect(at(node, 'a')?.tag).toBe('!reference');
    expect(at(node, 'b')).toMatchObject({ tag: '!Sub', text: '${A}' });
    expect(at(node, 'c')?.tag).toBe('!reset');
  });

  test('booleans as YAML 1.1 tools read them', () => {
    const node = root('a: yes\nb: "yes"\nc: off\nd: true\ne: "true"');
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => booleanOf(at(node, key)))).toEqual([
      true,
      undefined,
      false,
      true,
      undefined,
    ]);
  });

  test('quoted text goes on without indentation, as other parsers read it', () => {
    const text =
      "a:\n  b: 'It''s one\n  text'\n  c: \"x \\\"y\\\" v\r\n\nz\"\n  d: 'up\nto' # here\ne: 1\n---\nf: 'again\nand again'\ng: h\n";
    const file = read(text);
    expect(file.problems).toEqual([]);
    const [first, second] = file.documents.map(({ root }) => root);
    expect(plainOf(at(first, 'a', 'd')!)).toBe('up to');
    expect(textOf(at(first, 'a', 'b'))).toMatch(/^It's one +text$/);
    expect(textOf(at(first, 'a', 'c'))).toMatch(/^x "y" v +z$/);
    expect(textOf(at(second, 'g'))).toBe('h');
    expect(text.slice(entryOf(second!, 'g')!.span.start)).toBe('g: h\n');
  });

  test('a quote that another one closes by chance stays a mistake', () => {
    const file = read("a: 'open\nb: 2\nc: 'x'\n");
    expect(file.documents[0]!.broken).toBe(true);
  });

  test('a broken document keeps what was understood, the next one is whole', () => {
    const file = read('a: 1\nb: "open\n---\nc: 2\n');
    expect(file.problems.length).toBeGreaterThan(0);
    expect(file.documents[0]!.broken).toBe(true);
    const templated = read('kind: A\nspec: {{ .Values.x }}\n---\nkind: B\n');
    expect(templated.documents.map((document) => textOf(at(document.root, 'kind')))).toEqual(['A', 'B']);
  });

  test('aliases that multiply are cut', () => {
    let text = 'a0: &a0 [x, x, x, x, x, x, x, x, x]\n';
    for (let i = 1; i < 12; i++)
      text += `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`;
    const file = read(text);
    expect(file.problems.some((problem) => problem.message.includes('too much'))).toBe(true);
    expect(JSON.stringify(file).length).toBeLessThan(60_000_000);
  });
});

describe('places', () => {
  const text = 'a:\n  b: "x"\n  c:\n    - d: 1\n    - e: 2\n\n# end\n';
  const slice = (node: { span: { start: number; end: number } } | undefined) =>
    node && text.slice(node.span.start, node.span.end);
  test('entry, key and value', () => {
    const entry = entryOf(at(root(text), 'a'), 'b')!;
    expect(slice(entry)).toBe('b: "x"');
    expect(text.slice(entry.keySpan.start, entry.keySpan.end)).toBe('b');
    expect(slice(entry.value)).toBe('"x"');
    expect(slice(entryOf(at(root(text), 'a'), 'c'))).toBe('c:\n    - d: 1\n    - e: 2');
    expect(slice(at(root(text), 'a', 'c', 1))).toBe('e: 2');
  });

  test.each([
    ['plain', 'run: make test', 'test', 'test'],
    ['plain over lines', 'run: make\n  all   test', 'test', 'test'],
    ['single', "run: 'it''s a test'", 'test', 'test'],
    ['double', 'run: "a\\tb \\u0041 \\\n  test"', 'test', 'test'],
    ['literal', 'run: |\n    first\n      second\n\n    test x\n', 'test', 'test'],
    ['literal, CRLF', 'run: |\r\n  first\r\n  second\r\n  test x\r\n', 'test', 'test'],
    ['literal, explicit indent', 'run: |2\n   a\n  test', 'test', 'test'],
    ['folded', 'run: >-\n  one\n  two\n\n  three\n    four\n  test x\n', 'test', 'test'],
  ])('offsets of a scalar map back: %s', (_, text, word, expected) => {
    const node = at(root(text), 'run') as YamlScalar;
    const map = scalarOffsets(text, node);
    const start = map(node.text.indexOf(word));
    expect(text.slice(start, start + word.length)).toBe(expected);
    expect(map(node.text.indexOf(word) + word.length)).toBe(start + word.length);
    const part = { start: node.text.indexOf(word), end: node.text.indexOf(word) + word.length };
    const block = node.style === 'literal' || node.style === 'folded';
    expect(spanWithin(node, part)).toEqual(block ? { start, end: start + word.length } : undefined);
  });
});

function everySpanInside(file: YamlFile, length: number): void {
  const inside = ({ start, end }: { start: number; end: number }) => start >= 0 && start <= end && end <= length;
  const bad: unknown[] = [];
  const visit = (node: YamlNode): void => {
    if (!inside(node.span)) bad.push(node.span);
    if (node.kind === 'list') node.items.forEach(visit);
    if (node.kind === 'map') {
      for (const entry of node.entries) {
        if (!inside(entry.span) || !inside(entry.keySpan)) bad.push(entry.span);
        visit(entry.value);
      }
    }
  };
  for (const document of file.documents) visit(document.root);
  for (const problem of file.problems) if (!inside(problem.span)) bad.push(problem.span);
  expect(bad).toEqual([]);
}

describe('hostile input', () => {
  test('mutated text never throws and every span lies inside it', () => {
    const base =
      'a: &x\n  - b: |\n      t\n    c: [1, {d: "e"}]\n  - *x\n<<: *x\n? k\n: "v\\u0041"\n---\n!t f: >-\n  g\n';
    const edit = fc.tuple(
      fc.nat(base.length),
      fc.nat(4),
      fc.string({ maxLength: 4, unit: fc.constantFrom(...'&*[]{}:,\'"|>-?!#%@ \n\t\r\\abc<') }),
    );
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), (edits) => {
        let text = base;
        for (const [where, cut, put] of edits) text = text.slice(0, where) + put + text.slice(where + cut);
        const file = read(text);
        everySpanInside(file, text.length);
        const visit = (node: YamlNode): void => {
          if (node.kind === 'scalar')
            expect(scalarOffsets(text, node)(node.text.length)).toBeLessThanOrEqual(text.length);
          if (node.kind === 'list') node.items.forEach(visit);
          if (node.kind === 'map') for (const entry of node.entries) visit(entry.value);
        };
        for (const document of file.documents) visit(document.root);
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    ['deep flow', '['.repeat(20_000)],
    ['deep flow maps', '{a: '.repeat(20_000)],
    ['deep lists', `${'- '.repeat(5000)}a`],
    ['deep block', Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['one long line', `a: ${'x'.repeat(1_000_000)}`],
    ['many keys', Array.from({ length: 40_000 }, (_, i) => `k${i}: v`).join('\n')],
    ['many documents', '---\na: 1\n'.repeat(10_000)],
    ['many anchors', Array.from({ length: 20_000 }, (_, i) => `k${i}: &a${i} v`).join('\n')],
    ['garbage', '\u0000\u0001%&*{[}]:?-'.repeat(5000)],
    ['quotes', '"\\'.repeat(50_000)],
  ])('%s neither throws nor hangs', (_, text) => {
    const started = cpuTime();
    everySpanInside(read(text), text.length);
    expect(cpuTime() - started).toBeLessThan(5000);
  });
});
