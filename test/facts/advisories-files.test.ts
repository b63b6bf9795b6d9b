import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { databaseFolder, openAdvisories, type Wanted } from '../../src/facts/advisories.ts';
import { allEntries, buildIndex, lookUp, readHead } from '../../src/facts/advisories-index.ts';
import { entriesOf, highest } from '../../src/facts/advisories-record.ts';
import { readExport } from '../../src/facts/advisories-update.ts';
import { BadZip, type Bytes, zipEntries } from '../../src/facts/advisories-zip.ts';
import { affects, groupByAlias, inRange, isUnbounded, smallestFix } from '../../src/facts/packages/advisory.ts';
import { record, records } from '../advisories.ts';
import fc from '../property.ts';
import { zip } from './zip-maker.ts';

const folders: string[] = [];
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'advisories-'));
  folders.push(path);
  return path;
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

function bytes(buffer: Buffer): Bytes {
  return {
    size: buffer.length,
    read: (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > buffer.length) throw new Error('beyond the end');
      return buffer.subarray(offset, offset + length);
    },
  };
}

const exported = (list: readonly object[]): Buffer =>
  zip(list.map((r) => ({ name: `${(r as { id: string }).id}.json`, content: JSON.stringify(r) })));
const pypi = records.filter((r) => JSON.stringify(r).includes('"PyPI"'));

describe('zip archives', () => {
  test('stored and deflated entries, folders left out', () => {
    const archive = zip([
      { name: 'a.json', content: '{}' },
      { name: 'b/', content: '' },
      { name: 'c.json', content: 'x'.repeat(5000), store: true },
    ]);
    const entries = zipEntries(bytes(archive)).map((e) => [e.name, e.content().length]);
    expect(entries).toEqual([
      ['a.json', 2],
      ['c.json', 5000],
    ]);
  });
  test('a comment behind the end, and zip64 records', () => {
    expect(zipEntries(bytes(zip([{ name: 'a', content: 'x' }], { comment: 'bye' })))).toHaveLength(1);
    const wide = zipEntries(
      bytes(
        zip(
          [
            { name: 'a', content: 'x' },
            { name: 'b', content: 'yy' },
          ],
          { zip64: true },
        ),
      ),
    );
    expect(wide.map((e) => e.content().toString())).toEqual(['x', 'yy']);
  });
  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['no zip', Buffer.from('<html>not found</html>'.repeat(10))],
    ['a name that leads outside', zip([{ name: '../../evil.json', content: '{}' }])],
    ['an absolute name', zip([{ name: '/etc/passwd', content: '{}' }])],
    [
      'a name twice',
      zip([
        { name: 'a', content: '1' },
        { name: 'a', content: '2' },
      ]),
    ],
    [
      'overlapping entries',
      zip([
        { name: 'a', content: 'x'.repeat(100), store: true },
        { name: 'b', content: 'y', offset: 10 },
      ]),
    ],
    ['an entry inside the directory', zip([{ name: 'a', content: 'x', offset: 40 }])],
    ['an encrypted entry', zip([{ name: 'a', content: 'x', flags: 1 }])],
    ['an unknown method', zip([{ name: 'a', content: 'x', method: 12 }])],
    ['a huge announced size', zip([{ name: 'a', content: 'x', size: 0xfffffff0 }])],
    ['more entries than the directory holds', zip([{ name: 'a', content: 'x' }], { count: 500 })],
    ['a directory that lies outside', zip([{ name: 'a', content: 'x' }], { start: 1_000_000 })],
  ])('refused: %s', (_, archive) => {
    expect(() => zipEntries(bytes(archive)).map((e) => e.content())).toThrow(BadZip);
  });
  test.each<[string, Buffer]>([
    ['a bomb', zip([{ name: 'a', content: Buffer.alloc(20_000_000), size: 1000 }])],
    ['a shorter content than announced', zip([{ name: 'a', content: 'x', size: 5 }])],
    ['a wrong checksum', zip([{ name: 'a', content: 'x', crc: 1 }])],
    ['rubbish instead of deflated data', zip([{ name: 'a', packed: Buffer.from('rubbish!'), content: 'x'.repeat(8) }])],
  ])('refused when read: %s', (_, archive) => {
    const [entry] = zipEntries(bytes(archive));
    expect(() => entry!.content()).toThrow(BadZip);
  });
  test('cut off anywhere, or with bytes changed, it is read or refused, never worse', () => {
    const archive = exported(pypi);
    fc.assert(
      fc.property(
        fc.nat(archive.length),
        fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { maxLength: 5 }),
        (cut, changes) => {
          const copy = Buffer.from(archive.subarray(0, cut < archive.length / 2 ? cut : archive.length));
          for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
          try {
            readExport('PyPI', bytes(copy));
          } catch (error) {
            expect(String(error)).toMatch(/BadZip|beyond the end/);
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(() => readExport('PyPI', bytes(zip([])))).toThrow('no advisory');
    expect(() => readExport('PyPI', bytes(zip([{ name: 'X-1.json', content: '{"id":' }])))).toThrow('no JSON');
  });
});

describe('records', () => {
  test('withdrawn ones and other ecosystems say nothing', () => {
    expect(entriesOf(record('A-1', 'PyPI', 'a', [{ introduced: '0' }], { withdrawn: '2026-01-01T00:00:00Z' }))).toEqual(
      [],
    );
    expect(entriesOf(record('A-1', 'Debian:12', 'a', [{ introduced: '0' }]))).toEqual([]);
    for (const rubbish of [null, 1, [], {}, { id: 1 }, { id: 'A-1', affected: 'x' }, { id: 'A\n1' }])
      expect(entriesOf(rubbish)).toEqual([]);
  });
  test('several entries of one package are joined; versions that ranges decide are dropped', () => {
    const both = {
      id: 'A-1',
      modified: '0001-01-01T00:00:00Z',
      details: 'Line one\n\nline   two',
      affected: [
        {
          package: { ecosystem: 'PyPI', name: 'A_b' },
          ranges: [
            { type: 'GIT', events: [{ introduced: '0' }] },
            { type: 'ECOSYSTEM', events: [{ introduced: '1.0' }, { fixed: '1.2' }] },
          ],
          versions: ['1.0', '1.1', '3.0'],
        },
        {
          package: { ecosystem: 'PyPI', name: 'a-b' },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '2.0' }] }],
        },
      ],
    };
    expect(entriesOf(both)).toEqual(
      [
        {
          ecosystem: 'PyPI',
          name: 'a-b',
          advisory: {
            id: 'A-1',
            aliases: [],
            modified: '0001-01-01T00:00:00Z',
            summary: 'Line one line two',
            ranges: [
              [
                { kind: 'introduced', version: '1.0' },
                { kind: 'fixed', version: '1.2' },
              ],
              [{ kind: 'introduced', version: '2.0' }],
            ],
            versions: [],
          },
        },
      ].map((e) => ({ ...e, advisory: { ...e.advisory, versions: [] } })),
    );
  });
  test.each<[string, number | undefined]>([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 98],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 61],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 93],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 75],
    ['CVSS:3.1/AV:N', undefined],
    ['rubbish', undefined],
    ['', undefined],
  ])('CVSS %s', (score, expected) => {
    expect(highest([{ type: 'x', score }])).toBe(expected);
  });
});

describe('evaluation', () => {
  const advisory = (events: readonly Record<string, string>[], versions: readonly string[] = []) => ({
    ...entriesOf(record('A-1', 'PyPI', 'a', events))[0]!.advisory,
    versions,
  });
  test.each<[readonly Record<string, string>[], string, boolean]>([
    [[{ introduced: '0' }], '0.1', true],
    [[{ introduced: '1.0' }, { fixed: '2.0' }], '1.0', true],
    [[{ introduced: '1.0' }, { fixed: '2.0' }], '2.0', false],
    [[{ introduced: '1.0' }, { fixed: '2.0' }], '2.0rc1', true],
    [[{ fixed: '2.0' }, { introduced: '0' }], '1.9', true],
    [[{ introduced: '0' }, { last_affected: '1.5' }], '1.5', true],
    [[{ introduced: '0' }, { last_affected: '1.5' }], '1.5.1', false],
    [[{ introduced: '0' }, { fixed: '1.0' }, { introduced: '2.0' }, { fixed: '2.1' }], '1.5', false],
    [[{ introduced: '0' }, { fixed: '1.0' }, { introduced: '2.0' }, { fixed: '2.1' }], '2.0.5', true],
    [[{ introduced: '0' }, { limit: '3.0' }], '3.0', false],
    [[{ introduced: '0' }], 'no-version', false],
  ])('%j and %s: %s', (events, version, expected) => {
    expect(affects('PyPI', advisory(events), version)).toBe(expected);
  });
  test('a listed version counts beside the ranges, by value', () => {
    const listed = advisory([{ introduced: '5' }, { fixed: '6' }], ['1.0', 'weird']);
    expect(['1', '1.0.0', 'weird', '1.0+cpu', '2.0'].map((v) => affects('PyPI', listed, v))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(inRange('PyPI', [{ kind: 'introduced', version: 'odd' }], '1.0')).toBeUndefined();
  });
  test('aliases join, also through others; the fix leaves no member behind', () => {
    const all = [
      record('B-2', 'PyPI', 'a', [{ introduced: '0' }, { fixed: '1.1' }], { aliases: ['CVE-1'] }),
      record('A-1', 'PyPI', 'a', [{ introduced: '0' }, { fixed: '1.4' }], { aliases: ['CVE-1', 'CVE-2'] }),
      record('C-3', 'PyPI', 'a', [{ introduced: '0' }], { aliases: ['CVE-2'] }),
      record(
        'D-4',
        'PyPI',
        'a',
        [{ introduced: '0' }, { fixed: '1.2' }, { introduced: '1.3' }, { fixed: '1.5rc1' }, { fixed: '1.5' }],
        { aliases: [] },
      ),
    ].map((r) => entriesOf(r)[0]!.advisory);
    expect(groupByAlias(all).map((g) => g.map((a) => a.id))).toEqual([['A-1', 'B-2', 'C-3'], ['D-4']]);
    expect(smallestFix('PyPI', [all[0]!, all[1]!], '1.0')).toBe('1.4');
    expect(smallestFix('PyPI', [all[0]!, all[2]!], '1.0')).toBeUndefined();
    expect(smallestFix('PyPI', [all[3]!], '1.4')).toBe('1.5');
    expect([isUnbounded(all[2]!), isUnbounded(all[0]!)]).toEqual([true, false]);
  });
});

describe('the index', () => {
  const head = {
    ecosystem: 'PyPI' as const,
    url: 'x',
    fetchedAt: '2026-11-20T00:00:00Z',
    completeAt: '2026-11-20T00:00:00Z',
    newestModified: '2026-11-19T00:00:00Z',
    count: 2,
  };
  const entries = Array.from({ length: 500 }, (_, i) => ({
    name: `p${i}`,
    id: `T-${i}`,
    json: JSON.stringify({ id: `T-${i}` }),
  }));
  const built = buildIndex(head, entries);
  test('gives back what was put in', () => {
    const source = bytes(built);
    const found = readHead(source)!;
    expect(found).toMatchObject({ ...head, schema: 1, length: built.length });
    expect(
      [...lookUp(source, found, ['p1', 'p499', 'none', 'constructor'])].map(([n, l]) => `${n} ${l[0]!.id}`),
    ).toEqual(['p1 T-1', 'p499 T-499']);
    expect(allEntries(source, found)).toHaveLength(500);
  });
  test('cut off or foreign, it is none', () => {
    expect(readHead(bytes(built.subarray(0, built.length - 1)))).toBeUndefined();
    expect(readHead(bytes(Buffer.alloc(5000)))).toBeUndefined();
    expect(readHead(bytes(Buffer.alloc(10)))).toBeUndefined();
  });
});

describe('opening', () => {
  const wanted: Wanted[] = [{ ecosystem: 'PyPI', name: 'Holey', version: '1.0', private: false }];
  const now = new Date('2026-11-20T12:00:00Z');
  const offline = { online: false, allowStale: false, now, environment: {} };
  const writeZip = (list: readonly object[]): string => {
    const path = folder();
    mkdirSync(join(path, 'PyPI'));
    writeFileSync(join(path, 'PyPI', 'all.zip'), exported(list));
    return path;
  };
  const writeIndex = (path: string, fetchedAt: string, newestModified = fetchedAt): string => {
    const entries = pypi
      .flatMap(entriesOf)
      .map((e) => ({ name: e.name, id: e.advisory.id, json: JSON.stringify(e.advisory) }));
    const file = join(path, 'PyPI.index');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      buildIndex({ ecosystem: 'PyPI', url: 'x', fetchedAt, completeAt: fetchedAt, newestModified, count: 3 }, entries),
    );
    return path;
  };
  const { connect } = net.Socket.prototype;
  afterEach(() => {
    net.Socket.prototype.connect = connect;
  });
  test('a folder of zips, one zip, a folder of indexes, one index; no socket is opened', async () => {
    let sockets = 0;
    net.Socket.prototype.connect = function refuse(): never {
      sockets++;
      throw new Error('no network');
    };
    const zips = writeZip(pypi);
    const indexes = writeIndex(folder(), '2026-11-19T00:00:00Z');
    for (const path of [zips, join(zips, 'PyPI', 'all.zip'), indexes, join(indexes, 'PyPI.index')]) {
      const { advisories } = await openAdvisories(wanted, { ...offline, path, allowStale: true });
      expect(Object.keys(advisories.packages)).toEqual(['PyPI holey']);
      expect(advisories.packages['PyPI holey']!.map((a) => a.id)).toEqual(['T-1', 'T-2', 'T-3']);
      expect(advisories.covered).toEqual(['PyPI']);
    }
    expect(sockets).toBe(0);
  });
  test.each<[string, string, number, boolean]>([
    ['2026-11-19T00:00:00Z', '2026-11-18T00:00:00Z', 0, true],
    ['2026-11-12T00:00:00Z', '2026-11-12T00:00:00Z', 1, true],
    ['2026-10-20T00:00:00Z', '2026-10-20T00:00:00Z', 1, false],
    ['2026-11-19T00:00:00Z', '2026-08-01T00:00:00Z', 1, false],
  ])('fetched %s, newest record %s: %d notification, judged: %s', async (fetchedAt, newest, count, judged) => {
    const path = writeIndex(folder(), fetchedAt, newest);
    const { advisories, notifications } = await openAdvisories(wanted, { ...offline, path });
    expect(notifications.filter((n) => n.level === 'warning')).toHaveLength(count);
    expect(advisories.covered).toEqual(judged ? ['PyPI'] : []);
    if (!judged) expect(advisories.gaps.PyPI).toMatch(/older than 30 days.*audit db update/);
    const forced = await openAdvisories(wanted, { ...offline, path, allowStale: true });
    expect(forced.advisories.covered).toEqual(['PyPI']);
  });
  test('the own database is found by its variables', async () => {
    const cache = folder();
    expect(databaseFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'hardening-audit', 'osv'));
    expect(databaseFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'hardening-audit', 'osv'));
    expect(databaseFolder({}, 'darwin')).toContain(join('Library', 'Caches'));
    writeIndex(cache, '2026-11-19T00:00:00Z');
    const { advisories } = await openAdvisories(wanted, { ...offline, environment: { HARDENING_AUDIT_DB: cache } });
    expect(advisories.covered).toEqual(['PyPI']);
    const scanner = folder();
    mkdirSync(join(scanner, 'osv-scanner', 'PyPI'), { recursive: true });
    writeFileSync(join(scanner, 'osv-scanner', 'PyPI', 'all.zip'), exported(pypi));
    const other = await openAdvisories(wanted, {
      ...offline,
      allowStale: true,
      environment: { HARDENING_AUDIT_DB: folder(), OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY: scanner },
    });
    expect(other.advisories.covered).toEqual(['PyPI']);
  });
  test('missing, cut off or damaged: a gap with the command that mends it', async () => {
    const none = await openAdvisories(wanted, { ...offline, environment: { HARDENING_AUDIT_DB: folder() } });
    expect(none.advisories.gaps.PyPI).toMatch(/no advisory database on this machine.*audit db update/);
    const path = writeIndex(folder(), '2026-11-19T00:00:00Z');
    const file = join(path, 'PyPI.index');
    truncateSync(file, readFileSync(file).length - 100);
    expect((await openAdvisories(wanted, { ...offline, path })).advisories.gaps.PyPI).toMatch(
      /cannot be read.*audit db update/,
    );
    const zips = writeZip(pypi);
    truncateSync(join(zips, 'PyPI', 'all.zip'), 300);
    expect((await openAdvisories(wanted, { ...offline, path: zips })).advisories.gaps.PyPI).toMatch(/cannot be read/);
    expect((await openAdvisories(wanted, { ...offline, path: join(path, 'none') })).advisories.gaps.PyPI).toMatch(
      /holds no advisories/,
    );
  });
});
