/** Knows the compact advisory index: one file an ecosystem, divided into shards by a hash of the package's name. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Bytes } from './advisories-zip.ts';
import type { Advisory } from './packages/advisory.ts';
import type { Ecosystem } from './packages/model.ts';

/** What an index knows of itself. */
export interface IndexHead {
  readonly schema: 1;
  readonly ecosystem: Ecosystem;
  /** Where it comes from. */
  readonly url: string;
  readonly etag?: string;
  /** ISO times: last successful look at the source, last complete download, newest record. */
  readonly fetchedAt: string;
  readonly completeAt: string;
  readonly newestModified: string;
  /** Live records. */
  readonly count: number;
  /** A power of two. */
  readonly shards: number;
  /** Bytes of the whole file. */
  readonly length: number;
}

/** One record of one package, already as JSON. */
export interface IndexEntry {
  readonly name: string;
  readonly id: string;
  readonly json: string;
}

const headLength = 4096;
const magic = 'hardening-audit advisories 1\n';

function shardOf(name: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) & (shards - 1);
}

/** The bytes of an index. About sixteen records share a shard, so that a scan reads little more than it needs. */
export function buildIndex(
  head: Omit<IndexHead, 'schema' | 'shards' | 'length'>,
  entries: readonly IndexEntry[],
): Buffer {
  let shards = 16;
  while (shards * 16 < entries.length) shards *= 2;
  const parts: Map<string, string[]>[] = Array.from({ length: shards }, () => new Map());
  for (const { name, json } of entries) {
    const part = parts[shardOf(name, shards)]!;
    const list = part.get(name);
    if (list) list.push(json);
    else part.set(name, [json]);
  }
  const bodies = parts.map((part) =>
    Buffer.from(`{${[...part].map(([name, list]) => `${JSON.stringify(name)}:[${list.join(',')}]`).join(',')}}`),
  );
  const table = Buffer.alloc((shards + 1) * 4);
  let offset = headLength + table.length;
  bodies.forEach((body, i) => {
    table.writeUInt32LE(offset, i * 4);
    offset += body.length;
  });
  table.writeUInt32LE(offset, shards * 4);
  return Buffer.concat([headBytes({ ...head, schema: 1, shards, length: offset }), table, ...bodies]);
}

/** The first bytes of an index; of fixed length, so that the time of the last look can be renewed. */
export function headBytes(head: IndexHead): Buffer {
  const bytes = Buffer.alloc(headLength, ' ');
  const text = Buffer.from(magic + JSON.stringify(head));
  if (text.length >= headLength) throw new Error('the head of an index is too long');
  text.copy(bytes);
  bytes[headLength - 1] = 10;
  return bytes;
}

/** Head of an index; undefined when the bytes are none of ours or the file is cut off. */
export function readHead(source: Bytes): IndexHead | undefined {
  if (source.size < headLength) return undefined;
  const text = source.read(0, headLength).toString('utf8');
  if (!text.startsWith(magic)) return undefined;
  try {
    const head = JSON.parse(text.slice(magic.length)) as IndexHead;
    const sound =
      head.schema === 1 &&
      head.length === source.size &&
      Number.isInteger(Math.log2(head.shards)) &&
      headLength + (head.shards + 1) * 4 <= source.size;
    return sound ? head : undefined;
  } catch {
    return undefined;
  }
}

type Shard = Readonly<Record<string, readonly Advisory[]>>;

function shardReader(source: Bytes, head: IndexHead): (shard: number) => Shard {
  const table = source.read(headLength, (head.shards + 1) * 4);
  return (shard) => {
    const [start, end] = [table.readUInt32LE(shard * 4), table.readUInt32LE(shard * 4 + 4)];
    if (start > end || end > source.size) throw new Error('the table of the index is broken');
    return JSON.parse(source.read(start, end - start).toString('utf8')) as Shard;
  };
}

/** Advisories of some packages by normalised name; names without any are left out. Throws when the index is damaged. */
export function lookUp(
  source: Bytes,
  head: IndexHead,
  names: Iterable<string>,
): ReadonlyMap<string, readonly Advisory[]> {
  const read = shardReader(source, head);
  const cache = new Map<number, Shard>();
  const result = new Map<string, readonly Advisory[]>();
  for (const name of names) {
    const at = shardOf(name, head.shards);
    let shard = cache.get(at);
    if (shard === undefined) {
      shard = read(at);
      cache.set(at, shard);
    }
    if (Object.hasOwn(shard, name)) result.set(name, shard[name]!);
  }
  return result;
}

/** Every entry, to make a new index from. */
export function allEntries(source: Bytes, head: IndexHead): IndexEntry[] {
  const read = shardReader(source, head);
  const result: IndexEntry[] = [];
  for (let i = 0; i < head.shards; i++) {
    for (const [name, list] of Object.entries(read(i))) {
      for (const advisory of list) result.push({ name, id: advisory.id, json: JSON.stringify(advisory) });
    }
  }
  return result;
}

/** Opens a file for random access, for as long as `use` runs. */
export function withFile<T>(path: string, use: (source: Bytes) => T): T {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const read = (offset: number, length: number): Buffer => {
      const buffer = Buffer.alloc(length);
      let got = 0;
      while (got < length) {
        const n = readSync(file, buffer, got, length - got, offset + got);
        if (n === 0) throw new Error('the file is shorter than it says');
        got += n;
      }
      return buffer;
    };
    return use({ size, read });
  } finally {
    closeSync(file);
  }
}
