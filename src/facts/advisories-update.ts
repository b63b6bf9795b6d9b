/** Knows how to keep the advisory database: downloads OSV's exports and makes the index, wholly or not at all. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { kill, pid as ownPid } from 'node:process';
import { ask, type Http, jsonOf, NoAnswer, type Pieces } from './advisories-http.ts';
import {
  allEntries,
  buildIndex,
  headBytes,
  type IndexEntry,
  type IndexHead,
  readHead,
  withFile,
} from './advisories-index.ts';
import { entriesOf, headOf } from './advisories-record.ts';
import { BadZip, type Bytes, zipEntries } from './advisories-zip.ts';
import type { Ecosystem } from './packages/model.ts';

export const OSV_EXPORT = 'https://osv-vulnerabilities.storage.googleapis.com';

/** Up to so many changed records are fetched one by one; more are worth the whole export. */
const mostSingle = 250;
/** A deleted record shows only in a whole export. */
const wholeAfterDays = 7;
const largestZip = 4 * 1024 ** 3;

export interface Updated {
  readonly ecosystem: Ecosystem;
  /** What was done: nothing new, some records, the whole export. */
  readonly how: 'current' | 'increment' | 'whole';
  readonly count: number;
  readonly newestModified: string;
}

export interface UpdateOptions {
  readonly folder: string;
  readonly url: string;
  readonly now: Date;
  readonly http: Http;
}

export function indexPath(folder: string, ecosystem: Ecosystem): string {
  return join(folder, `${ecosystem}.index`);
}

/** Brings one ecosystem up to date. Throws `NoAnswer`, `BadZip` or an error of the file system; the old index then stays. */
export async function updateEcosystem(ecosystem: Ecosystem, options: UpdateOptions): Promise<Updated> {
  const { folder, now } = options;
  mkdirSync(folder, { recursive: true });
  const unlock = lock(join(folder, `${ecosystem}.lock`), now);
  try {
    const path = indexPath(folder, ecosystem);
    const head = currentHead(path, options.url);
    const fresh = head !== undefined && now.getTime() - Date.parse(head.completeAt) < wholeAfterDays * 86_400_000;
    if (fresh) {
      const changed = await changedIds(ecosystem, head.newestModified, options);
      if (changed?.length === 0) return renew(path, head, now);
      if (changed !== undefined) return await increment(ecosystem, path, head, changed, options);
    }
    return await whole(ecosystem, path, head, options);
  } finally {
    unlock();
  }
}

function currentHead(path: string, url: string): IndexHead | undefined {
  try {
    const head = withFile(path, readHead);
    return head?.url === url ? head : undefined;
  } catch {
    return undefined;
  }
}

/** One writer at a time. A lock whose process is gone, or that is an hour old, is taken over. */
function lock(path: string, now: Date): () => void {
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, JSON.stringify({ pid: ownPid, host: hostname() }));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0 || !abandoned(path, now)) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST')
          throw new NoAnswer(`another update of this database is running (${path})`);
        throw error;
      }
      rmSync(path, { force: true });
    }
  }
}

function abandoned(path: string, now: Date): boolean {
  try {
    if (now.getTime() - statSync(path).mtimeMs > 3_600_000) return true;
    const { pid, host } = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; host: string };
    if (host !== hostname()) return false;
    kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' || error instanceof SyntaxError;
  }
}

/** Writes beside the target and renames, so that readers see the old or the new file. */
function replace(path: string, bytes: Buffer): void {
  const temporary = `${path}.${ownPid}.tmp`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function renew(path: string, head: IndexHead, now: Date): Updated {
  const bytes = readFileSync(path);
  headBytes({ ...head, fetchedAt: now.toISOString() }).copy(bytes);
  replace(path, bytes);
  return { ecosystem: head.ecosystem, how: 'current', count: head.count, newestModified: head.newestModified };
}

/** Ids changed after `since`, newest first in OSV's list; undefined when they are too many or there is no such list. */
async function changedIds(
  ecosystem: Ecosystem,
  since: string,
  { url, http }: UpdateOptions,
): Promise<readonly string[] | undefined> {
  const answer = await ask(http, `${url}/${encodeURIComponent(ecosystem)}/modified_id.csv`, {}, async (body) => {
    const ids: string[] = [];
    for await (const line of lines(body)) {
      const [modified, id] = line.split(',') as [string, string | undefined];
      if (id === undefined || modified <= since) return ids;
      ids.push(id.replace(/^.*\//, '').trim());
      if (ids.length > mostSingle) return undefined;
    }
    return ids;
  });
  return answer.value;
}

async function* lines(body: Pieces): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true });
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
    if (rest.length > 10_000) throw new NoAnswer('the list of changes is broken');
  }
  if (rest !== '') yield rest;
}

async function increment(
  ecosystem: Ecosystem,
  path: string,
  head: IndexHead,
  ids: readonly string[],
  options: UpdateOptions,
): Promise<Updated> {
  const { url, http, now } = options;
  const gone = new Set(ids);
  const added: IndexEntry[] = [];
  let newestModified = head.newestModified;
  for (const id of ids) {
    if (!/^[A-Za-z0-9][\w.:-]{0,199}$/.test(id)) throw new NoAnswer('the list of changes is broken');
    const answer = await ask(
      http,
      `${url}/${encodeURIComponent(ecosystem)}/${encodeURIComponent(id)}.json`,
      {},
      jsonOf,
    );
    if (answer.value === undefined) continue;
    newestModified = later(newestModified, headOf(answer.value)?.modified);
    added.push(...indexEntries(ecosystem, answer.value));
  }
  const kept = withFile(path, (source) => allEntries(source, head)).filter((entry) => !gone.has(entry.id));
  const entries = [...kept, ...added];
  const count = new Set(entries.map((e) => e.id)).size;
  const { schema: _, shards: __, length: ___, ...rest } = head;
  replace(path, buildIndex({ ...rest, fetchedAt: now.toISOString(), newestModified, count }, entries));
  return { ecosystem, how: 'increment', count, newestModified };
}

function later(a: string, b: string | undefined): string {
  return b !== undefined && b > a ? b : a;
}

function indexEntries(ecosystem: Ecosystem, record: unknown): IndexEntry[] {
  return entriesOf(record).flatMap((entry) =>
    entry.ecosystem === ecosystem
      ? [{ name: entry.name, id: entry.advisory.id, json: JSON.stringify(entry.advisory) }]
      : [],
  );
}

async function whole(
  ecosystem: Ecosystem,
  path: string,
  head: IndexHead | undefined,
  options: UpdateOptions,
): Promise<Updated> {
  const { url, http, now } = options;
  const temporary = `${path}.${ownPid}.zip.tmp`;
  try {
    const condition = head?.etag === undefined ? {} : { 'If-None-Match': head.etag };
    const answer = await ask(
      http,
      `${url}/${encodeURIComponent(ecosystem)}/all.zip`,
      { headers: condition },
      (body, headers) => download(body, temporary, headers),
    );
    if (answer.status === 304 && head !== undefined)
      return renew(path, { ...head, completeAt: now.toISOString() }, now);
    if (answer.value === undefined) throw new NoAnswer(`the server has no export of ${ecosystem}`, answer.status);
    const { entries, newestModified, count } = withFile(temporary, (source) => readExport(ecosystem, source));
    const etag = answer.headers.get('etag');
    const at = now.toISOString();
    const about = { ecosystem, url, fetchedAt: at, completeAt: at, newestModified, count };
    replace(path, buildIndex({ ...about, ...(etag !== null && etag.length < 200 ? { etag } : {}) }, entries));
    return { ecosystem, how: 'whole', count, newestModified };
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function download(body: Pieces, path: string, headers: Headers): Promise<number> {
  const file = openSync(path, 'w');
  let size = 0;
  try {
    for await (const piece of body) {
      size += piece.length;
      if (size > largestZip) throw new NoAnswer('the export is too large');
      writeSync(file, piece);
    }
  } finally {
    closeSync(file);
  }
  const announced = Number(headers.get('content-length') ?? Number.NaN);
  if (headers.get('content-encoding') === null && Number.isFinite(announced) && announced !== size)
    throw new NoAnswer('the export arrived cut off');
  return size;
}

/** Reads one of OSV's exports: records of one ecosystem, withdrawn ones left out. Throws a `BadZip`. */
export function readExport(
  ecosystem: Ecosystem,
  source: Bytes,
  wanted?: ReadonlySet<string>,
): { readonly entries: readonly IndexEntry[]; readonly newestModified: string; readonly count: number } {
  const entries: IndexEntry[] = [];
  let newestModified = '';
  let count = 0;
  for (const entry of zipEntries(source)) {
    if (!entry.name.endsWith('.json')) continue;
    const text = entry.content().toString('utf8');
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch {
      throw new BadZip(`the entry ${entry.name} is no JSON`);
    }
    const head = headOf(record);
    if (head === undefined) throw new BadZip(`the entry ${entry.name} is no advisory`);
    newestModified = later(newestModified, head.modified);
    if (head.withdrawn) continue;
    count++;
    if (wanted === undefined || namesAny(record, ecosystem, wanted)) entries.push(...indexEntries(ecosystem, record));
  }
  if (count === 0) throw new BadZip('it holds no advisory');
  return { entries, newestModified, count };
}

/** A cheap look before the versions are compared. */
function namesAny(record: unknown, ecosystem: Ecosystem, wanted: ReadonlySet<string>): boolean {
  const affected = (record as { affected?: unknown }).affected;
  if (!Array.isArray(affected)) return false;
  return affected.some((one: { package?: { name?: unknown } } | null) => {
    const name = one?.package?.name;
    return (
      typeof name === 'string' &&
      wanted.has(
        ecosystem === 'PyPI'
          ? name.toLowerCase().replace(/[-_.]+/g, '-')
          : ecosystem === 'Packagist'
            ? name.toLowerCase()
            : name,
      )
    );
  });
}
