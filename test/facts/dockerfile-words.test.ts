/** Knows that words of Dockerfiles come out as the builder passes them on. */
import { describe, expect, test } from '@jest/globals';
import { expandWord } from '../../src/facts/dockerfile-words.ts';

const scope = new Map<string, string | undefined>([
  ['NAME', 'team/app:1.2.3'],
  ['EMPTY', ''],
  ['STAR', 'a*b'],
  ['GIVEN', undefined],
]);

describe('values', () => {
  test.each([
    ['$NAME', 'team/app:1.2.3'],
    ['"${NAME}"-slim', 'team/app:1.2.3-slim'],
    ["'$NAME'", '$NAME'],
    ['\\$NAME', '$NAME'],
    ['"a\\b\\"c"', 'a\\b"c'],
    ['a\\ b', 'a b'],
    ['$(date)', '$(date)'],
    ['${EMPTY:-x}', 'x'],
    ['${EMPTY-x}', ''],
    ['${OTHER:-${EMPTY:-"y z"}}', 'y z'],
    ['${NAME:+set}', 'set'],
    ['${EMPTY:+set}', ''],
    ['${EMPTY+set}', 'set'],
    ['${GIVEN:-default}', 'default'],
    ['${NAME:?needed}', 'team/app:1.2.3'],
    ['${NAME#*/}', 'app:1.2.3'],
    ['${NAME%.*}', 'team/app:1.2'],
    ['${NAME%%.*}', 'team/app:1'],
    ['${NAME##*.}', '3'],
    ['${NAME#nothing}', 'team/app:1.2.3'],
    ['${NAME/app/web}', 'team/web:1.2.3'],
    ['${NAME//./-}', 'team/app:1-2-3'],
    ['${NAME/app:*/web}', 'team/web'],
    ['${NAME/\\//-}', 'team-app:1.2.3'],
    ['${STAR%\\*b}', 'a'],
    ['${STAR/?b/c}', 'ac'],
  ])('%s is %s', (text, expected) => {
    expect(expandWord(text, scope).value).toBe(expected);
  });

  test.each(['$OTHER', '${GIVEN}', '${EMPTY:?}', '${OTHER%x}', '${NAME', '${}', '${NAME^^}', '"open', "'open"])(
    '%s has none',
    (text) => {
      expect(expandWord(text, scope).value).toBeUndefined();
    },
  );

  test('another escape character', () => {
    expect(expandWord('C:\\tools`$NAME', scope, '`').value).toBe('C:\\tools$NAME');
  });

  test('names in the order of their use', () => {
    expect(expandWord('$A${B:-${C}}', scope).variables).toEqual(['A', 'B', 'C']);
  });
});

test('hostile text neither throws nor hangs', () => {
  for (const text of ['${A:-'.repeat(9000), '"$NAME'.repeat(40_000), '${NAME//?/'.repeat(9000), '${NAME%%**********a}'])
    expect(typeof expandWord(text, scope)).toBe('object');
});
