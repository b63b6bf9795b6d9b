import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

const src = new URL('../src/', import.meta.url);
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(new URL(path, src), 'utf8') }));
const lines = (text: string) => text.split('\n').length - 1;

describe('every file', () => {
  test('begins with one sentence on what it knows', () => {
    const without = files.filter(({ text }) => !/^(?:#!.*\n)?\/\*\*\s+(?:\*\s+)?Knows [^.]/.test(text));
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  test('lies at most three levels deep and has a telling name', () => {
    expect(files.filter(({ path }) => path.split('/').length > 3).map(({ path }) => path)).toEqual([]);
    expect(files.filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|common|misc)\.ts$/.test(path))).toEqual([]);
  });

  test('takes process and console from nobody but the command line', () => {
    const offenders = files.filter(
      ({ path, text }) => path !== 'cli.ts' && /(?<![\w.])(?:console\.\w+\(|process\.(?!pid\b|env\b)\w)/.test(text),
    );
    expect(offenders.map(({ path }) => path)).toEqual([]);
  });

  test('has no clock and no chance in what decides a verdict', () => {
    const offenders = files.filter(
      ({ path, text }) =>
        /^(?:checks|facts|reporters)\/|^(?:score|judge|assemble|audit)\.ts$/.test(path) &&
        !/^facts\/advisories/.test(path) &&
        /\bMath\.random\(|\bDate\.now\(|\bnew Date\(\)/.test(text),
    );
    expect(offenders.map(({ path }) => path)).toEqual([]);
  });
});

test('the straight line stays on one screen, and checks stay small', () => {
  const long = files.filter(({ path, text }) => {
    const limit = path === 'audit.ts' ? 160 : path === 'cli.ts' ? 200 : path.startsWith('checks/') ? 250 : 1000;
    return lines(text) > limit;
  });
  expect(long.map(({ path, text }) => `${path} ${lines(text)}`)).toEqual([]);
});
