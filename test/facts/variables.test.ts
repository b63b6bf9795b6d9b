/** Knows the grammar of variables in compose files: every operator, nesting, escapes, and that nothing hostile breaks it. */
import { describe, expect, test } from '@jest/globals';
import { compose, linkCompose } from '../../src/facts/compose.ts';
import { dotenv } from '../../src/facts/dotenv.ts';
import { resolveVariables } from '../../src/facts/variables.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

const scope = new Map<string, string | undefined>([
  ['SET', 'v'],
  ['EMPTY', ''],
  ['HIDDEN', undefined],
]);

describe('operators', () => {
  test.each([
    ['$SET', 'v'],
    ['${SET}', 'v'],
    ['$SET-$EMPTY.', 'v-.'],
    ['$MISSING', undefined],
    ['${MISSING}', undefined],
    ['${MISSING-d}', 'd'],
    ['${MISSING:-d}', 'd'],
    ['${MISSING:-}', ''],
    ['${EMPTY-d}', ''],
    ['${EMPTY:-d}', 'd'],
    ['${SET:-d}', 'v'],
    ['${SET+d}', 'd'],
    ['${EMPTY+d}', 'd'],
    ['${EMPTY:+d}', ''],
    ['${MISSING+d}', ''],
    ['${MISSING:+d}', ''],
    ['${SET?no}', 'v'],
    ['${EMPTY?no}', ''],
    ['${EMPTY:?no}', undefined],
    ['${MISSING:?no}', undefined],
    ['${MISSING?}', undefined],
    ['${HIDDEN:-d}', undefined],
    ['${HIDDEN:+d}', undefined],
    ['${MISSING:-${SET}}', 'v'],
    ['${MISSING:-a${OTHER:-b$SET}c}!', 'abvc!'],
    ['${SET:-${MISSING}}', 'v'],
    ['${MISSING:-{"a": 1}}', '{"a": 1}'],
    ['${MISSING:-a:b/c-d+e?f}', 'a:b/c-d+e?f'],
    ['$$SET and $${SET}', '$SET and ${SET}'],
    ['$$$SET', '$v'],
    ['5$ and $1 and $(date)', '5$ and $1 and $(date)'],
    ['${}', undefined],
    ['${1}', undefined],
    ['${SET', undefined],
    ['${SET%x}', undefined],
    ['${SET!}', undefined],
  ])('%s gives %s', (text, expected) => {
    expect(resolveVariables(text, scope).value).toBe(expected);
  });

  test('names on which the value depends', () => {
    const { variables, used } = resolveVariables('$SET ${SET:-$EMPTY} ${MISSING:-$HIDDEN}', scope);
    expect(variables).toEqual(['SET', 'SET', 'EMPTY', 'MISSING', 'HIDDEN']);
    expect(used).toEqual(['SET', 'SET', 'MISSING', 'HIDDEN']);
  });
});

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'braced'; readonly name: string; readonly operator: string; readonly rest: readonly Piece[] };

/** What a text means, from its pieces and not from its letters. */
function meaning(pieces: readonly Piece[]): string | undefined {
  const parts = pieces.map((piece): string | undefined => {
    if (piece.kind === 'text') return piece.text;
    const value = scope.get(piece.name);
    if (piece.kind === 'plain' || piece.operator === '') return value;
    if (piece.name === 'HIDDEN') return undefined;
    const there = piece.operator.startsWith(':') ? Boolean(value) : value !== undefined;
    switch (piece.operator.at(-1)) {
      case '-':
        return there ? value : meaning(piece.rest);
      case '+':
        return there ? meaning(piece.rest) : '';
      default:
        return there ? value : undefined;
    }
  });
  return parts.includes(undefined) ? undefined : parts.join('');
}

function written(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'text') return piece.text.replaceAll('$', '$$$$');
      if (piece.kind === 'plain') return `\${${piece.name}}`;
      return `\${${piece.name}${piece.operator}${piece.operator === '' ? '' : written(piece.rest)}}`;
    })
    .join('');
}

const name = fc.constantFrom('SET', 'EMPTY', 'HIDDEN', 'MISSING', 'other_1');
const { pieces } = fc.letrec<{ pieces: readonly Piece[]; piece: Piece }>((tie) => ({
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('text' as const), text: fc.stringMatching(/^[\w :/.?+$-]{0,6}$/) }),
    fc.record({ kind: fc.constant('plain' as const), name }),
    fc.record({
      kind: fc.constant('braced' as const),
      name,
      operator: fc.constantFrom('', '-', ':-', '+', ':+', '?', ':?'),
      rest: tie('pieces'),
    }),
  ),
  pieces: fc.array(tie('piece'), { maxLength: 4 }),
}));

const depthOf = (all: readonly Piece[]): number =>
  Math.max(0, ...all.map((piece) => (piece.kind === 'braced' ? 1 + depthOf(piece.rest) : 0)));

describe('properties', () => {
  test('a text means what its pieces mean', () => {
    fc.assert(
      fc.property(
        pieces.filter((all) => depthOf(all) < 8),
        (all) => {
          expect(resolveVariables(written(all), scope).value).toBe(meaning(all));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('any text has a value or none, and names that occur in it', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('$', '{', '}', ':', '-', '?', '+', 'A', '_', '\n', '"', '\\', '💥'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const { variables, used } = resolveVariables(text, new Map([['A', '$A${A}']]));
        for (const one of used) expect(variables).toContain(one);
        for (const one of variables) expect(text).toContain(one);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['open braces', '${A:-'.repeat(20_000)],
    ['nested defaults', `${'${A:-'.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['dollars', '$'.repeat(100_001)],
    ['braces without a name', '${'.repeat(50_000)],
  ])('%s take no time', (_, text) => {
    const start = performance.now();
    resolveVariables(text, scope);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('values that multiply end', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `V${i + 1}=\${V${i}}\${V${i}}`);
    const facts = await factsOfFiles([compose, dotenv], {
      'compose.yaml': 'services:\n  a:\n    image: "${V200}"\n  b:\n    image: "${V3}"\n',
      '.env': `V0=x\n${rows.join('\n')}\n`,
    });
    expect(facts.linked(linkCompose).map(({ image }) => image?.resolved)).toEqual([undefined, 'xxxxxxxx']);
  });

  test('any .env file is read, each line of its own with its place', async () => {
    const line = fc.string({
      unit: fc.constantFrom('A', 'B', '=', ':', ' ', '"', "'", '#', '$', '{', '}', '\\', '\n', '\r\n', 'export '),
      maxLength: 40,
    });
    const read = await dotenv.load();
    fc.assert(
      fc.property(line, (text) => {
        const { data } = read({ path: '.env', text, words: [] });
        let end = 0;
        for (const { name: own, span } of data!.variables) {
          expect(span.start).toBeGreaterThanOrEqual(end);
          expect(text.slice(span.start, span.end)).toContain(own);
          end = span.end;
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 300 },
    );
  });

  test('any compose file gives services', async () => {
    const key = fc.constantFrom('image', 'build', 'environment', 'extends', 'read_only', 'deploy', 'ports', 'include');
    const value = fc.constantFrom(
      '${A}',
      '[x, y=1, null]',
      '{a: {b: }}',
      '!reset null',
      '!override [z]',
      '{service: a, file: compose.yaml}',
      '[compose.yaml, compose.override.yaml]',
      '',
      '"true"',
    );
    const service = fc.array(fc.tuple(key, value), { maxLength: 5 });
    const file = fc.tuple(service, service, value);
    const text = ([a, b, include]: typeof file extends fc.Arbitrary<infer T> ? T : never): string =>
      `include: ${include}\nservices:\n${[a, b].map((one, i) => `  ${'ab'[i]}:\n${one.map(([k, v]) => `    ${k}: ${v}\n`).join('')}`).join('')}`;
    await fc.assert(
      fc.asyncProperty(file, file, async (first, second) => {
        const facts = await factsOfFiles([compose, dotenv], {
          'compose.yaml': text(first),
          'compose.override.yaml': text(second),
          '.env': 'A=1\n',
        });
        for (const { path } of facts.linked(linkCompose)) expect(facts.has(path)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
