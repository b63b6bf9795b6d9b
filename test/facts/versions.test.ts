import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { canHoldTogether, pythonMarker } from '../../src/facts/packages/markers.ts';
import type { Ecosystem } from '../../src/facts/packages/model.ts';
import { admits, overlap } from '../../src/facts/packages/ranges.ts';
import { compareVersions, isPrerelease, isVersion } from '../../src/facts/packages/versions.ts';
import fc from '../property.ts';

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/formats/versions/${name}`, import.meta.url), 'utf8')) as T;
}

describe('PEP 440, as judged by packaging 26.3', () => {
  test('1,200 pairs in order', () => {
    const wrong = fixture<[string, string, number][]>('pep440-order.json').filter(
      ([a, b, order]) => Math.sign(compareVersions('PyPI', a, b) ?? Number.NaN) !== order,
    );
    expect(wrong).toEqual([]);
  });
  test('1,500 specifiers', () => {
    const wrong = fixture<[string, string, number][]>('pep440-specifiers.json').filter(
      ([range, version, expected]) => admits('PyPI', range, version) !== (expected === 1),
    );
    expect(wrong).toEqual([]);
  });
  test('a pair of ranges that some version satisfies overlaps', () => {
    const rows = fixture<[string, string, number][]>('pep440-specifiers.json');
    const pick = fc.nat(rows.length - 1);
    fc.assert(
      fc.property(pick, pick, (i, j) => {
        const [[a, version], [b]] = [rows[i]!, rows[j]!];
        if (admits('PyPI', a, version) && admits('PyPI', b, version)) expect(overlap('PyPI', a, b)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Each row ascends. */
const ascending: Readonly<Record<Exclude<Ecosystem, 'PyPI'>, readonly string[]>> = {
  npm: [
    '0.0.1-0',
    '0.0.1',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.10.0',
    '2.0.0',
  ],
  'crates.io': ['0.1.0-pre', '0.1.0', '0.1.1+build', '0.10.0', '1.0.0'],
  Go: [
    'v0.0.0-20190101000000-aaaaaaaaaaaa',
    'v0.0.0-20200101000000-aaaaaaaaaaaa',
    'v0.0.1',
    'v1.0.0-rc.1',
    'v1.0.0',
    'v1.0.1-0.20200101000000-aaaaaaaaaaaa',
    'v1.0.1',
    'v2.0.0+incompatible',
  ],
  RubyGems: ['0.9', '1.0.a', '1.0.b2', '1.0.rc1', '1.0', '1.0.1', '1.2.pre1', '1.2', '1.10', '2.0'],
  Packagist: [
    '1.0.0-dev',
    '1.0.0-alpha1',
    '1.0.0-alpha2',
    '1.0.0-beta1',
    '1.0.0-RC1',
    '1.0.0',
    '1.0.0-patch1',
    '1.0.1',
    '1.10',
    '2.0.0',
  ],
  Maven: [
    '1-alpha',
    '1.0-alpha-2',
    '1.0-beta1',
    '1.0-M1',
    '1.0-rc1',
    '1.0-SNAPSHOT',
    '1.0',
    '1.0-sp1',
    '1.0-whatever',
    '1.0-1',
    '1.0.1',
    '1.2-beta-2',
    '1.2',
    '1.10',
  ],
};

describe('published orders', () => {
  test.each(Object.entries(ascending) as [Ecosystem, string[]][])('%s', (ecosystem, versions) => {
    const wrong: string[] = [];
    versions.forEach((a, i) => {
      versions.forEach((b, j) => {
        if (Math.sign(compareVersions(ecosystem, a, b) ?? Number.NaN) !== Math.sign(i - j)) wrong.push(`${a} ${b}`);
      });
    });
    expect(wrong).toEqual([]);
  });
  test.each<[Ecosystem, string, string]>([
    ['PyPI', '1.0', '1.0.0'],
    ['PyPI', '1.0+cpu', '1.0'],
    ['PyPI', '1.0.RC1', '1.0rc1'],
    ['npm', 'v1.0.0', '1.0.0'],
    ['npm', '1.0.0+a', '1.0.0+b'],
    ['Go', '1.2.3', 'v1.2.3'],
    ['RubyGems', '1', '1.0.0'],
    ['Packagist', 'v1.0', '1.0.0.0'],
    ['Maven', '1', '1.0.0'],
    ['Maven', '1.0-GA', '1.0'],
    ['Maven', '1.0-CR1', '1.0-rc1'],
    ['Maven', '1a1', '1-alpha-1'],
  ])('%s: %s equals %s', (ecosystem, a, b) => {
    expect(compareVersions(ecosystem, a, b)).toBe(0);
  });
  test.each<[Ecosystem, string]>([
    ['PyPI', 'latest'],
    ['PyPI', '1.0-foo'],
    ['npm', '1.0'],
    ['npm', 'git+https://x'],
    ['Go', '(devel)'],
    ['RubyGems', ''],
    ['Packagist', 'dev-main'],
    ['Maven', ''],
  ])('%s: %j is no version', (ecosystem, version) => {
    expect(isVersion(ecosystem, version)).toBe(false);
  });
  test('long and odd text is compared without trouble', () => {
    for (const ecosystem of ['PyPI', 'npm', 'Go', 'crates.io', 'RubyGems', 'Packagist', 'Maven'] as const) {
      for (const text of ['1'.repeat(5000), '1.'.repeat(20_000), '-'.repeat(5000), 'a1'.repeat(5000)]) {
        compareVersions(ecosystem, text, '1.0.0');
      }
    }
  });
  test('pre-releases', () => {
    expect(isPrerelease('PyPI', '1.0rc1')).toBe(true);
    expect(isPrerelease('PyPI', '1.0.post1')).toBe(false);
    expect(isPrerelease('npm', '1.0.0-rc.1')).toBe(true);
    expect(isPrerelease('RubyGems', '1.0.pre')).toBe(true);
  });
});

describe('ranges', () => {
  test.each<[string | undefined, string | undefined, boolean]>([
    [undefined, '==1.0', true],
    ['>=1', '==1.2', true],
    ['>=0.10', undefined, true],
    ['==1.0', '==1.0.0', true],
    ['==1.0', '==1.0.1', false],
    ['>=1,<2', '>=2', false],
    ['>1', '<=1', false],
    ['>1,<2', '>=1.9', true],
    ['~=1.4', '==2.0', false],
    ['~=1.4.2', '>=1.4,<1.5', true],
    ['==1.*', '>=1.99', true],
    ['==1.*', '!=1.*', false],
    ['<1.0', '>=1.0a1', false],
    ['>=1 || >=3,<4', '==0.5 || ==3.2', true],
    ['==2.9.0', '>=2.9.0,!=2.9.0', false],
    ['>=2024.1', '<2024.1', false],
  ])('PyPI: %s and %s', (a, b, expected) => {
    expect(overlap('PyPI', a, b)).toBe(expected);
    expect(overlap('PyPI', b, a)).toBe(expected);
  });
  test.each<[string, string, boolean]>([
    ['^1.0.0', '~1.2.0', true],
    ['^1.0.0', '^2.0.0', false],
    ['1.x', '>=1.5.0 <3', true],
    ['^4.0.0 || ^5.0.0', '5.1.0', true],
    ['1.0.0', '1.0.1', false],
  ])('npm: %s and %s', (a, b, expected) => {
    expect(overlap('npm', a, b)).toBe(expected);
  });
  test('what cannot be read is not judged', () => {
    expect(overlap('PyPI', '>=a', '==1')).toBeUndefined();
    expect(admits('npm', 'not a range', '1.0.0')).toBeUndefined();
  });
});

describe('markers', () => {
  test.each<[string, string, boolean]>([
    ['python_version < "3.9"', 'python_version >= "3.9"', false],
    ['python_version < "3.9"', 'python_version >= "3.8"', true],
    ["python_full_version == '3.13.*'", "python_full_version >= '3.14'", false],
    ['sys_platform == "win32"', 'sys_platform != "win32"', false],
    ['sys_platform == "linux"', 'platform_system == "Windows"', false],
    ['os_name == "nt"', 'platform_machine == "x86_64"', true],
    ["extra == 'a'", "extra == 'b'", true],
    ['python_version < "3" and extra == "x"', 'python_version >= "3"', false],
    ['(python_version < "3" or sys_platform == "linux")', 'python_version >= "3"', true],
    ['"linux" in sys_platform', 'sys_platform == "darwin"', false],
    ['platform_python_implementation == "PyPy"', 'implementation_name == "cpython"', false],
    ['rubbish ==', 'python_version < "3"', true],
  ])('%s with %s', (a, b, expected) => {
    expect(canHoldTogether(a, b)).toBe(expected);
  });
  test('requires-python decides as well', () => {
    expect(canHoldTogether(pythonMarker('>=3.11'), 'python_version < "3.7"')).toBe(false);
    expect(canHoldTogether(pythonMarker('>=3.6,<4'), 'python_version < "3.7"')).toBe(true);
    expect(pythonMarker(undefined)).toBeUndefined();
  });
});
