import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { updateDatabase } from '../../src/commands/db.ts';
import type { Io } from '../../src/commands/io.ts';
import { openAdvisories, type Wanted } from '../../src/facts/advisories.ts';
import { readHead, withFile } from '../../src/facts/advisories-index.ts';
import { updateEcosystem } from '../../src/facts/advisories-update.ts';
import { record } from '../advisories.ts';
import { impatient, type Osv, startOsv } from './osv-server.ts';

let osv: Osv;
beforeEach(async () => {
  osv = await startOsv();
});
afterEach(async () => {
  await osv.close();
});
const folders: string[] = [];
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'osv-'));
  folders.push(path);
  return path;
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

const now = new Date('2026-11-20T12:00:00Z');
const holey = (id: string, more: object = {}): object =>
  record(id, 'PyPI', 'holey', [{ introduced: '0' }, { fixed: '2.0' }], more);
const pin = (name: string, version = '1.0'): Wanted => ({ ecosystem: 'PyPI', name, version, private: false });
const ask = (wanted: readonly Wanted[], http = impatient()) =>
  openAdvisories(wanted, { online: true, allowStale: false, now, environment: {}, apiUrl: osv.url, http });

describe('asking the API', () => {
  test('1,001 packages go in two batches; each version is asked once', async () => {
    osv.records.set('T-1', holey('T-1'));
    const wanted = Array.from({ length: 1000 }, (_, i) => pin(`p${i}`));
    // Patient, because a batch asked again would be counted again.
    const { advisories } = await ask([...wanted, ...wanted, pin('holey')], impatient([], { patience: 4000 }));
    expect(osv.batches).toEqual([1000, 1]);
    expect(advisories.problem).toBeUndefined();
    expect(Object.keys(advisories.packages)).toEqual(['PyPI holey']);
    expect(advisories).toMatchObject({ online: true, asOf: '2026-11-20' });
  });
  test('all pages of one of three', async () => {
    osv.pageSize = 2;
    for (let i = 0; i < 5; i++) osv.records.set(`T-${i}`, holey(`T-${i}`));
    const { advisories } = await ask([pin('a'), pin('holey'), pin('b')]);
    expect(advisories.packages['PyPI holey']!.map((a) => a.id)).toEqual(['T-0', 'T-1', 'T-2', 'T-3', 'T-4']);
    expect(osv.batches).toEqual([3, 1, 1]);
  });
  test('names of private packages and ranges stay here; nothing to ask asks nothing', async () => {
    await ask([
      { ...pin('secret'), private: true },
      { ecosystem: 'PyPI', name: 'open', private: false },
    ]);
    expect(osv.log).toEqual([]);
  });
  test('a record that is gone says nothing', async () => {
    osv.records.set('T-1', holey('T-1'));
    osv.fault = (request, response) => {
      if (!request.url!.startsWith('/v1/vulns/')) return false;
      response.writeHead(404);
      response.end('{"code":5,"message":"Bug not found."}');
      return true;
    };
    const { advisories } = await ask([pin('holey')]);
    expect(advisories).toMatchObject({ packages: {} });
    expect(advisories.problem).toBeUndefined();
  });
  test('429 with Retry-After, then an answer', async () => {
    osv.records.set('T-1', holey('T-1'));
    let times = 0;
    osv.fault = (_, response) => {
      if (times++ > 0) return false;
      response.writeHead(429, { 'Retry-After': '7' });
      response.end();
      return true;
    };
    const waited: number[] = [];
    const { advisories } = await ask([pin('holey')], impatient(waited));
    expect(waited).toEqual([7000]);
    expect(Object.keys(advisories.packages)).toHaveLength(1);
  });
  test.each<[string, number, (response: Parameters<NonNullable<Osv['fault']>>[1]) => void]>([
    [
      '500 again and again',
      4,
      (response) => {
        response.writeHead(500);
        response.end('oops');
      },
    ],
    [
      '429 again and again',
      4,
      (response) => {
        response.writeHead(429);
        response.end();
      },
    ],
    [
      '400',
      1,
      (response) => {
        response.writeHead(400);
        response.end('{"code":3}');
      },
    ],
    [
      '405',
      1,
      (response) => {
        response.writeHead(405);
        response.end();
      },
    ],
    [
      'JSON that is cut off',
      4,
      (response) => {
        response.writeHead(200);
        response.end('{"results":[{"vulns":');
      },
    ],
    [
      'another length than asked',
      4,
      (response) => {
        response.writeHead(200);
        response.end('{"results":[]}');
      },
    ],
    [
      'no JSON',
      4,
      (response) => {
        response.writeHead(200);
        response.end('<html>login</html>');
      },
    ],
    [
      'a connection that ends',
      4,
      (response) => {
        response.socket!.destroy();
      },
    ],
    ['an answer that hangs', 4, () => undefined],
    [
      'a body that hangs',
      4,
      (response) => {
        response.writeHead(200);
        response.write('{"results":');
      },
    ],
  ])('%s is no answer, after %d attempts', async (_, attempts, fault) => {
    osv.fault = (_request, response) => {
      fault(response);
      return true;
    };
    const { advisories, notifications } = await ask([pin('holey')]);
    expect(advisories.problem).toMatch(/^OSV gave no complete answer: .*audit db update/);
    expect(advisories.covered).toEqual([]);
    expect(notifications).toHaveLength(1);
    expect(osv.log).toHaveLength(attempts);
  });
  test('half an answer is none: records fail, or the time is up', async () => {
    osv.records.set('T-1', holey('T-1')).set('T-2', holey('T-2'));
    osv.fault = (request, response) => {
      if (request.url !== '/v1/vulns/T-2') return false;
      response.writeHead(503);
      response.end();
      return true;
    };
    expect((await ask([pin('holey')])).advisories).toMatchObject({
      packages: {},
      problem: expect.stringContaining('503'),
    });
    expect((await ask([pin('holey')], impatient([], { total: 0 }))).advisories.problem).toContain('time allowed');
  });
});

describe('keeping the database', () => {
  const update = (path: string, at = now) =>
    updateEcosystem('PyPI', { folder: path, url: osv.url, now: at, http: impatient() });
  const hours = (n: number): Date => new Date(now.getTime() + n * 3_600_000);
  const read = (path: string) => withFile(join(path, 'PyPI.index'), readHead);

  test('whole, then current, then an increment, then whole again after a week', async () => {
    const path = folder();
    osv.records.set('T-1', holey('T-1')).set('T-2', holey('T-2', { withdrawn: '2026-11-01T00:00:00Z' }));
    expect(await update(path)).toEqual({
      ecosystem: 'PyPI',
      how: 'whole',
      count: 1,
      newestModified: '2026-11-01T00:00:00Z',
    });
    expect(await update(path, hours(1))).toMatchObject({ how: 'current' });
    expect(read(path)).toMatchObject({
      fetchedAt: hours(1).toISOString(),
      completeAt: now.toISOString(),
      etag: expect.any(String),
    });

    osv.records.set('T-3', record('T-3', 'PyPI', 'other', [{ introduced: '0' }], { modified: '2026-11-20T10:00:00Z' }));
    osv.records.set('T-1', holey('T-1', { modified: '2026-11-20T11:00:00Z', withdrawn: '2026-11-20T11:00:00Z' }));
    osv.log.length = 0;
    expect(await update(path, hours(2))).toMatchObject({
      how: 'increment',
      count: 1,
      newestModified: '2026-11-20T11:00:00Z',
    });
    expect(osv.log).toEqual(['GET /PyPI/modified_id.csv', 'GET /PyPI/T-1.json', 'GET /PyPI/T-3.json']);
    const { advisories } = await openAdvisories([pin('holey'), pin('other')], {
      online: false,
      allowStale: false,
      now,
      environment: {},
      path,
    });
    expect(Object.keys(advisories.packages)).toEqual(['PyPI other']);

    expect(await update(path, hours(24 * 8))).toMatchObject({ how: 'whole' });
    osv.log.length = 0;
    expect(await update(path, hours(24 * 16))).toMatchObject({ how: 'current' });
    expect(osv.log).toEqual(['GET /PyPI/all.zip']);
    expect(readdirSync(path)).toEqual(['PyPI.index']);
  });
  test('more than 250 changes are worth the whole export', async () => {
    const path = folder();
    osv.records.set('T-1', holey('T-1'));
    await update(path);
    for (let i = 0; i < 251; i++)
      osv.records.set(`N-${i}`, holey(`N-${i}`, { modified: `2026-11-19T00:00:${String(i % 60).padStart(2, '0')}Z` }));
    expect(await update(path, hours(1))).toMatchObject({ how: 'whole', count: 252 });
  });
  test.each<[string, (response: Parameters<NonNullable<Osv['fault']>>[1]) => void]>([
    ['a page instead of a zip', (response) => response.end('<html>sign in</html>')],
    [
      'a cut-off zip',
      (response) => {
        response.writeHead(200, { 'Content-Length': 5000 });
        response.write('PK');
        response.socket!.end();
      },
    ],
    ['an empty body', (response) => response.end()],
    [
      '404',
      (response) => {
        response.writeHead(404);
        response.end();
      },
    ],
    [
      '500',
      (response) => {
        response.writeHead(500);
        response.end();
      },
    ],
  ])('%s leaves the old database and no traces', async (_, fault) => {
    const path = folder();
    osv.records.set('T-1', holey('T-1'));
    await update(path);
    const before = readFileSync(join(path, 'PyPI.index'));
    osv.fault = (request, response) => {
      if (request.url !== '/PyPI/all.zip') return false;
      fault(response);
      return true;
    };
    await expect(update(path, hours(24 * 9))).rejects.toThrow();
    expect(readFileSync(join(path, 'PyPI.index')).equals(before)).toBe(true);
    expect(readdirSync(path)).toEqual(['PyPI.index']);
  });
  test('one writer at a time; an abandoned lock is taken over', async () => {
    const path = folder();
    osv.records.set('T-1', holey('T-1'));
    writeFileSync(
      join(path, 'PyPI.lock'),
      JSON.stringify({ pid: process.pid, host: (await import('node:os')).hostname() }),
    );
    await expect(update(path, new Date())).rejects.toThrow('another update');
    expect(existsSync(join(path, 'PyPI.lock'))).toBe(true);
    utimesSync(join(path, 'PyPI.lock'), new Date(0), new Date(0));
    expect(await update(path, new Date())).toMatchObject({ how: 'whole' });
    const both = await Promise.allSettled([update(path, new Date()), update(path, new Date())]);
    expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(readdirSync(path)).toEqual(['PyPI.index']);
  });
});

describe('audit db update', () => {
  const run = async (names: readonly string[], flags: object) => {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      cwd: folder(),
      env: {},
      out: (t: string) => out.push(t),
      err: (t: string) => err.push(t),
    } as unknown as Io;
    const code = await updateDatabase(names, { osvUrl: `${osv.url}/`, ...flags }, io, impatient());
    return { code, out: out.join(''), err: err.join('') };
  };
  test('says what it has', async () => {
    osv.records.set('T-1', holey('T-1'));
    const path = folder();
    expect(await run(['PyPI'], { advisoryDb: path })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^PyPI +1 advisories, newest of 2026-11-01, downloaded\n$/),
    });
    expect(await run([], { advisoryDb: path })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^PyPI .*up to date\n$/),
    });
  });
  test('an ecosystem that cannot be had is a warning and exit code 3', async () => {
    expect(await run(['npm'], { advisoryDb: folder() })).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('npm stays as it was'),
    });
  });
  test('a name that is none, a folder that cannot be', async () => {
    await expect(run(['pypi'], {})).rejects.toThrow('did you mean "PyPI"');
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    osv.records.set('T-1', holey('T-1'));
    await expect(run(['PyPI'], { advisoryDb: join(file, 'db') })).rejects.toThrow('Cannot write the advisory database');
  });
});
