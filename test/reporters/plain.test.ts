/** Knows that nothing hostile passes, and that text is measured as a terminal shows it. */
import { describe, expect, test } from '@jest/globals';
import { clip, columns, counted, safe, safeCode, sentences, shorten, wrap } from '../../src/reporters/plain.ts';
import fc from '../property.ts';

describe('safe', () => {
  test.each([
    ['an escape sequence', '\u001B[2Ja\u0007', '\\x1b[2Ja\\x07'],
    ['a C1 control', '\u009B31m', '\\x9b31m'],
    ['bidi overrides', 'a\u202Eb\u2066c\u200F', 'a\\u202eb\\u2066c\\u200f'],
    ['invisible letters', 'a\u200Bb\u2060c\uFEFFd\u3164', 'a\\u200bb\\u2060c\\ufeffd\\u3164'],
    ['tags', 'a\u{E0041}', 'a\\u{e0041}'],
    ['line breaks', 'a\r\nb\tc\u2028d', 'a b c\\u2028d'],
    ['a lone surrogate', 'a\uD800', 'a\\ud800'],
    ['other scripts and emoji', 'Привет 日本 👩‍👩‍👧 ❤️', 'Привет 日本 👩‍👩‍👧 ❤️'],
  ])('%s', (_, text, expected) => {
    expect(safe(text)).toBe(expected);
  });

  test('leaves no control character of any kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(safe(text)).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Cs}|\p{Zl}|\p{Zp}/u);
        expect(safeCode(text)).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Cs}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });
});

test.each([
  ['abc', 3],
  ['', 0],
  ['日本', 4],
  ['e\u0301', 1],
  ['│ …', 3],
  ['😀', 2],
])('columns of %s', (text, width) => {
  expect(columns(text)).toBe(width);
});

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['日本語', 5, '日本…'],
  ['ab cdef', 4, 'ab…'],
])('shorten %s to %i columns', (text, width, expected) => {
  expect(shorten(text, width)).toBe(expected);
});

test('clip never cuts a character in two', () => {
  expect(clip('a😀b', 3)).toBe('a…');
  expect(clip('abc', 3)).toBe('abc');
});

test('wrap breaks at spaces, and longer words where it must', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
  expect(wrap('', 4)).toEqual(['']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 2, max: 20 }), (text, width) => {
      const lines = wrap(text, width);
      for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(width);
      expect(lines.join('').replace(/ /g, '')).toBe(text.replace(/ /g, ''));
    }),
  );
});

test('sentences end with a full stop', () => {
  expect(sentences('One', ' two. ', '', 'Three?')).toBe('One. two. Three?');
});

test('counted', () => {
  expect([counted(1, 'file'), counted(2, 'file'), counted(0, 'entry', 'entries')]).toEqual([
    '1 file',
    '2 files',
    '0 entries',
  ]);
});
