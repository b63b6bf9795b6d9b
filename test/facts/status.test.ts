import { describe, expect, test } from '@jest/globals';
import { type Fate, runsOf } from '../../src/facts/ci/status.ts';
import { type Command, commandText, shellParser } from '../../src/facts/shell.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const parse = await shellParser();
const neutral = ({ words }: Command): boolean => /^(?:true|:|echo|cat)$/.test(words[0]?.text ?? '');

/** Fate of the command `t`, as one word or two. */
const fate = (text: string, flags = { errexit: true, pipefail: false }): string => {
  const run = runsOf(parse(text).statements, flags, neutral).find(({ command }) => commandText(command) === 't');
  return run === undefined ? 'not run' : nameOf(run.fate);
};
const nameOf = (one: Fate): string => (one.kind === 'lost' ? `lost by ${one.by}` : one.kind);

describe('with -e', () => {
  test.each([
    ['t', 'counts'],
    ['t\necho done', 'counts'],
    ['t; true', 'counts'],
    ['t || true', 'lost by or'],
    ['x && t || :', 'lost by or'],
    ['t || { echo a; echo b; }', 'lost by or'],
    ['t || { echo a; exit 3; }', 'counts'],
    ['t || other', 'handled'],
    ['{ t; } || true', 'lost by or'],
    ['(t) || true', 'lost by or'],
    ['(t; echo x) || exit 1', 'lost by sequence'],
    ['t && echo ok', 'counts'],
    ['t && echo ok\nls', 'lost by and'],
    ['x && t\nls', 'counts'],
    ['! t', 'handled'],
    ['t | tee a', 'lost by pipe'],
    ['t | grep x', 'handled'],
    ['x | t', 'counts'],
    ['set -o pipefail\nt | tee a', 'counts'],
    ['t | tee a\nexit ${PIPESTATUS[0]}', 'counts'],
    ['if ! t; then echo a; fi', 'lost by condition'],
    ['set +e\nt\nls', 'lost by errexit'],
    ['set +e\nls\nt', 'counts'],
    ['set +e\nt\nset -e', 'lost by errexit'],
    ['set +e\nt\nexit $?', 'counts'],
    ['set +e\nt\nr=$?\nexit $r', 'handled'],
    ['set +e\nt\nr=$?\necho $r', 'lost by sequence'],
    ['set +o errexit\nt\nls', 'lost by errexit'],
    ['if t; then echo a; fi', 'lost by condition'],
    ['if ! t; then exit 1; fi', 'counts'],
    ['if t; then echo; else exit 1; fi', 'counts'],
    ['if x; then t; fi\nls', 'counts'],
    ['while t; do x; done', 'handled'],
    ['for i in 1 2; do t; done\nls', 'counts'],
    ['case $x in a) t ;; esac', 'counts'],
    ['f() { t; }\nf || true', 'lost by or'],
    ['f() { t; }\nf', 'counts'],
    ['f() { t; }', 'not run'],
    ['f() { f; t; }\nf', 'counts'],
    ['t &', 'handled'],
    ['x=$(t)', 'counts'],
    ['x=$(t || true)\necho $x', 'lost by or'],
    ['x=$(t || true)\n[ "$x" = 1 ] && exit 1', 'handled'],
    ['echo "$(t || true)"', 'handled'],
    ["trap 'exit 0' EXIT\nt", 'lost by trap'],
    ["trap 'rm -f x' EXIT\nt", 'counts'],
    ['r=0; t || r=1; exit $r', 'handled'],
    ['t || r=1', 'lost by sequence'],
    ['t || echo "bad=1" >> $GITHUB_OUTPUT', 'handled'],
  ])('%j', (text, expected) => {
    expect(fate(text)).toBe(expected);
  });
});

test.each([
  ['t; ls', 'lost by sequence'],
  ['t && ls', 'counts'],
  ['ls; t', 'counts'],
])('without -e: %j', (text, expected) => {
  expect(fate(text, { errexit: false, pipefail: false })).toBe(expected);
});

test('functions that call each other end soon', () => {
  const text = Array.from({ length: 30 }, (_, i) => `f${i}() { f${i + 1}; f${i + 1}; t; }\n`).join('');
  const start = cpuTime();
  runsOf(parse(`${text}f0`).statements, { errexit: true, pipefail: true }, neutral);
  expect(cpuTime() - start).toBeLessThan(3_000);
});

test('any script is followed without a throw', () => {
  const pieces = [
    't',
    ' || ',
    ' && ',
    '; ',
    '\n',
    '| tee x',
    'if ',
    '; then ',
    '; fi',
    '$(',
    ')',
    'r=$?',
    'set +e',
    '{ ',
    '; }',
    'f() ',
    'exit $r',
    'for i in a; do ',
    '; done',
    '!',
    ' &',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (list) => {
      runsOf(parse(list.join('')).statements, { errexit: true, pipefail: false }, neutral);
    }),
    { numRuns: 1_500 },
  );
});
