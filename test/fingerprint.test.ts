import { describe, expect, test } from '@jest/globals';
import { Lines } from '../src/facts/span.ts';
import { findingId, lineHashes } from '../src/fingerprint.ts';
import fc from './property.ts';

/** The same hash written naively: BigInt, and the window of each line taken from the whole text. */
function slowLineHashes(raw: string): string[] {
  const kept: number[] = [];
  const starts: number[] = [0];
  for (const unit of raw.replace(/\r\n?/g, '\n')) {
    if (unit === ' ' || unit === '\t') continue;
    for (let i = 0; i < unit.length; i++) kept.push(unit.charCodeAt(i));
    if (unit === '\n') starts.push(kept.length);
  }
  kept.push(65535);
  const counts = new Map<string, number>();
  return starts.map((start) => {
    let hash = 0n;
    for (let i = start; i < start + 100; i++) hash = BigInt.asUintN(64, hash * 37n + BigInt(kept[i] ?? 0));
    const hex = hash.toString(16);
    counts.set(hex, (counts.get(hex) ?? 0) + 1);
    return `${hex}:${counts.get(hex)}`;
  });
}

describe('lineHashes', () => {
  test.each([
    ['an empty file', '', ['c129715d7a2bc9a3:1']],
    [
      'white space is skipped',
      ' a\nb\n  \t\tc\n d',
      ['271789c17abda88f:1', '54703d4cd895b18:1', '180aee12dab6264:1', 'a23a3dc5e078b07b:1'],
    ],
    [
      'equal windows are counted',
      'Lorem ipsum dolor sit amet.\n'.repeat(10),
      [
        ...[1, 2, 3, 4, 5, 6].map((count) => `a7f2ff13bc495cf2:${count}`),
        'a7f2ff1481e87703:1',
        'a9cf91f7bbf1862b:1',
        '55ec222b86bcae53:1',
        'cc97dc7b1d7d8f7b:1',
        'c129715d7a2bc9a3:1',
      ],
    ],
  ])('%s', (_, raw, expected) => {
    expect(lineHashes(raw)).toEqual(expected);
  });

  test('every kind of line break is the same', () => {
    const text = 'one\ntwo\n\nthree\n';
    expect(lineHashes(text.replaceAll('\n', '\r\n'))).toEqual(lineHashes(text));
    expect(lineHashes(text.replaceAll('\n', '\r'))).toEqual(lineHashes(text));
  });

  test('a BOM belongs to the first line, as for GitHub', () => {
    const [first, ...rest] = lineHashes('\uFEFFone\ntwo');
    expect(first).not.toBe(lineHashes('one\ntwo')[0]);
    expect(rest).toEqual(lineHashes('one\ntwo').slice(1));
  });

  const text = fc.string({
    unit: fc.constantFrom('a', 'b', ' ', '\t', '\n', '\r', '\r\n', 'é', '😀', '\uFFFF'),
    maxLength: 600,
  });

  test('one hash a line', () => {
    fc.assert(fc.property(text, (raw) => expect(lineHashes(raw)).toHaveLength(new Lines(raw).count)));
  });

  test('agrees with the naive calculation', () => {
    fc.assert(fc.property(text, (raw) => expect(lineHashes(raw)).toEqual(slowLineHashes(raw))));
  });
});

describe('findingId', () => {
  const id = findingId('password-hashing', 'fast', 'src/auth.py', 'hashlib.md5(password)', 0);

  test('is hex of a fixed length', () => {
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  test('ignores white space', () => {
    expect(findingId('password-hashing', 'fast', 'src/auth.py', 'hashlib.md5(\r\n\t password )', 0)).toBe(id);
  });

  test.each([
    ['item', findingId('password-comparison', 'fast', 'src/auth.py', 'hashlib.md5(password)', 0)],
    ['message', findingId('password-hashing', 'plain', 'src/auth.py', 'hashlib.md5(password)', 0)],
    ['path', findingId('password-hashing', 'fast', 'src/login.py', 'hashlib.md5(password)', 0)],
    ['text', findingId('password-hashing', 'fast', 'src/auth.py', 'hashlib.md5(secret)', 0)],
    ['ordinal', findingId('password-hashing', 'fast', 'src/auth.py', 'hashlib.md5(password)', 1)],
    ['border between the parts', findingId('password-hashing', 'fastsrc', '/auth.py', 'hashlib.md5(password)', 0)],
  ])('depends on the %s', (_, other) => {
    expect(other).not.toBe(id);
  });
});
