import { describe, expect, test } from '@jest/globals';
import { calicoExpression, matches } from '../../src/facts/cluster/selectors.ts';
import { yamlReader } from '../../src/facts/yaml.ts';
import fc from '../property.ts';

const labels = (given: Record<string, string>) => new Map(Object.entries(given));
const key = fc.constantFrom('app', 'tier', 'example.org/team', 'starts');
const value = fc.constantFrom('', 'a', 'b', 'web-1', 'in', "it's".replace("'", '"'));
const pods = fc.dictionary(key, value);

type Pod = Readonly<Record<string, string>>;

interface Tree {
  readonly text: string;
  readonly holds: (pod: Pod) => boolean;
}

const quoted = (text: string) => (text.includes('"') ? `'${text}'` : `"${text}"`);
const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc.constant({ text: 'all()', holds: () => true }),
  key.map((k) => ({ text: `has(${k})`, holds: (pod: Pod) => k in pod })),
  fc
    .tuple(key, value)
    .chain(([k, v]) =>
      fc.constantFrom<Tree>(
        { text: `${k} == ${quoted(v)}`, holds: (pod: Pod) => pod[k] === v },
        { text: `${k}!=${quoted(v)}`, holds: (pod: Pod) => pod[k] !== v },
        { text: `${k} contains ${quoted(v)}`, holds: (pod: Pod) => pod[k]?.includes(v) ?? false },
        { text: `${k} starts with ${quoted(v)}`, holds: (pod: Pod) => pod[k]?.startsWith(v) ?? false },
        { text: `${k}  ends  with ${quoted(v)}`, holds: (pod: Pod) => pod[k]?.endsWith(v) ?? false },
      ),
    ),
  fc.tuple(key, fc.array(value, { maxLength: 3 }), fc.boolean()).map(([k, values, not]) => ({
    text: `${k} ${not ? 'not in' : 'in'} { ${values.map(quoted).join(', ')} }`,
    holds: (pod: Pod) => (k in pod && values.includes(pod[k]!)) !== not,
  })),
);
/** Every inner part in brackets of its own, so that the reference needs no precedence. */
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    tie('tree').map((one) => ({ text: `!(${one.text})`, holds: (pod: Pod) => !one.holds(pod) })),
    fc.tuple(tie('tree'), tie('tree'), fc.boolean()).map(([a, b, and]) => ({
      text: `(${a.text})${and ? '&&' : ' || '}(${b.text})`,
      holds: (pod: Pod) => (and ? a.holds(pod) && b.holds(pod) : a.holds(pod) || b.holds(pod)),
    })),
  ),
}));

describe('expressions of Calico', () => {
  test('mean what a plain evaluation says', () => {
    fc.assert(
      fc.property(tree, pods, ({ text, holds }, pod) => {
        expect(calicoExpression(text)?.matches(labels(pod))).toBe(holds(pod));
      }),
    );
  });

  test.each<[string, Record<string, string>, boolean]>([
    ['', {}, true],
    ['global()', {}, false],
    ['!has(app)', {}, true],
    ['! ! has(app)', { app: 'x' }, true],
    ["a == 'x' || b == 'y' && c == 'z'", { a: 'x' }, true],
    ["a == 'x' && b == 'y' || c == 'z'", { a: 'x' }, false],
    ["!a == 'x'", { a: 'x' }, false],
    ["app in {'a','b',}", { app: 'b' }, true],
    ['app not in {}', { app: 'b' }, true],
  ])('%s', (text, pod, expected) => expect(calicoExpression(text)?.matches(labels(pod))).toBe(expected));

  test.each([
    'app',
    'app =',
    "app == 'x' &&",
    "(app == 'x'",
    "app == 'x')",
    'app == x',
    "has('a')",
    "a not 'x'",
    '§',
    '!',
  ])('none: %s', (text) => expect(calicoExpression(text)).toBeUndefined());

  test('stop at no text', () => {
    fc.assert(fc.property(fc.string(), (text) => void calicoExpression(text)));
    expect(calicoExpression('('.repeat(10_000))).toBeUndefined();
    expect(calicoExpression(`${'!'.repeat(4000)}has(a)`)?.matches(labels({ a: '' }))).toBe(true);
  });
});

const requirement = fc.record({
  key,
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Near'),
  values: fc.array(value, { maxLength: 3 }),
});

test('label selectors mean what a plain evaluation says', () => {
  const read = yamlReader();
  fc.assert(
    fc.property(
      fc.dictionary(key, value),
      fc.array(requirement, { maxLength: 3 }),
      pods,
      (wanted, expressions, pod) => {
        const root = read(JSON.stringify({ matchLabels: wanted, matchExpressions: expressions })).documents[0]!.root;
        const holds = expressions.map((one) => {
          const there = Object.hasOwn(pod, one.key);
          const listed = there && one.values.includes(pod[one.key]!);
          return { In: listed, NotIn: !listed, Exists: there, DoesNotExist: !there, Near: false }[one.operator];
        });
        const equal = Object.entries(wanted).every(([name, text]) => Object.hasOwn(pod, name) && pod[name] === text);
        expect(matches(root, labels(pod))).toBe(equal && !holds.includes(false));
      },
    ),
  );
  expect(matches(undefined, new Map())).toBe(true);
});
