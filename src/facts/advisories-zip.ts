/** Knows zip archives as far as OSV's exports need them: flat, deflated, possibly of zip64 size; hostile ones are refused. */
import { crc32, inflateRawSync } from 'node:zlib';

/** Random access to a file or buffer. */
export interface Bytes {
  readonly size: number;
  /** Exactly `length` bytes from `offset`; throws when the file is shorter. */
  read(offset: number, length: number): Buffer;
}

export interface ZipEntry {
  readonly name: string;
  /** Unpacks and verifies; throws a `BadZip`. */
  content(): Buffer;
}

/** The archive is broken, cut off or hostile. */
export class BadZip extends Error {
  override readonly name = 'BadZip';
}

const mostEntries = 2_000_000;
/** One advisory; the largest of OSV's are a few MB. */
const largestEntry = 32 * 1024 * 1024;
const largestTotal = 16 * 1024 * 1024 * 1024;

interface Located {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

function bad(message: string): never {
  throw new BadZip(message);
}

/** Entries of an archive, after the whole directory was checked: places, sizes, names, overlaps. */
export function zipEntries(source: Bytes): readonly ZipEntry[] {
  const { count, start, length } = directory(source);
  const entries = locate(source.read(start, length), count);
  let end = 0;
  let total = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset < end) bad(`the entries ${entry.name} and another one overlap`);
    end = entry.offset + 30 + entry.packed;
    if (end > start) bad(`the entry ${entry.name} reaches into the directory`);
    total += entry.size;
  }
  if (total > largestTotal) bad('it unpacks to more than 16 GB');
  return entries.map((entry) => ({ name: entry.name, content: () => unpack(source, entry, start) }));
}

/** Place of the central directory, by the record at the end (and its zip64 form). */
function directory(source: Bytes): { readonly count: number; readonly start: number; readonly length: number } {
  const tail = Math.min(source.size, 65_557);
  if (tail < 22) bad('it is too short');
  const last = source.read(source.size - tail, tail);
  let at = tail - 22;
  while (at >= 0 && last.readUInt32LE(at) !== 0x06054b50) at--;
  if (at < 0) bad('it has no end record: the file is cut off or no zip');
  let count = last.readUInt16LE(at + 10);
  let length = last.readUInt32LE(at + 12);
  let start = last.readUInt32LE(at + 16);
  const end = source.size - tail + at;
  if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
    if (at < 20 || last.readUInt32LE(at - 20) !== 0x07064b50) bad('its zip64 record is missing');
    const place = big(last, at - 20 + 8);
    if (place + 56 > source.size) bad('its zip64 record lies outside');
    const record = source.read(place, 56);
    if (record.readUInt32LE(0) !== 0x06064b50) bad('its zip64 record is broken');
    count = big(record, 32);
    length = big(record, 40);
    start = big(record, 48);
  }
  if (count > mostEntries) bad('it has too many entries');
  if (start + length > end || length < count * 46 || length > 1024 ** 3) bad('its directory lies outside');
  return { count, start, length };
}

function big(buffer: Buffer, at: number): number {
  const value = buffer.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) bad('a size is too large');
  return Number(value);
}

function locate(list: Buffer, count: number): readonly Located[] {
  const entries: Located[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > list.length || list.readUInt32LE(at) !== 0x02014b50) bad('its directory is broken');
    const flags = list.readUInt16LE(at + 8);
    const method = list.readUInt16LE(at + 10);
    const nameLength = list.readUInt16LE(at + 28);
    const extraLength = list.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + list.readUInt16LE(at + 32);
    if (next > list.length) bad('its directory is broken');
    const name = list.toString('utf8', at + 46, at + 46 + nameLength);
    let [packed, size, offset] = [list.readUInt32LE(at + 20), list.readUInt32LE(at + 24), list.readUInt32LE(at + 42)];
    const extra = list.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const wide = zip64Extra(extra);
    if (wide !== undefined) {
      let field = 0;
      const take = (): number => {
        if (field + 8 > wide.length) bad('a zip64 size is missing');
        field += 8;
        return big(wide, field - 8);
      };
      if (size === 0xffffffff) size = take();
      if (packed === 0xffffffff) packed = take();
      if (offset === 0xffffffff) offset = take();
    }
    const crc = list.readUInt32LE(at + 16);
    at = next;
    // Nothing is written to disk under these names; one that tries to leave its folder still says what the file is.
    if (/(?:^|[\\/])\.\.(?:[\\/]|$)|^[\\/]|^[A-Za-z]:|\0/.test(name)) bad('an entry has a name that leads outside');
    if (name.endsWith('/')) continue;
    if (names.has(name)) bad(`the entry ${name} exists twice`);
    names.add(name);
    if (flags & 1) bad(`the entry ${name} is encrypted`);
    if (method !== 0 && method !== 8) bad(`the entry ${name} is packed in an unknown way`);
    if (size > largestEntry || packed > largestEntry) bad(`the entry ${name} is too large`);
    entries.push({ name, method, crc, packed, size, offset });
  }
  return entries;
}

function zip64Extra(extra: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; ) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}

function unpack(source: Bytes, entry: Located, limit: number): Buffer {
  const header = source.read(entry.offset, 30);
  if (header.readUInt32LE(0) !== 0x04034b50) bad(`the entry ${entry.name} does not begin where it should`);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + entry.packed > limit) bad(`the entry ${entry.name} reaches into the directory`);
  const data = source.read(start, entry.packed);
  let content: Buffer;
  try {
    // One byte more than announced is enough to see that an entry lies about its size.
    content = entry.method === 0 ? data : inflateRawSync(data, { maxOutputLength: entry.size + 1 });
  } catch {
    return bad(`the entry ${entry.name} cannot be unpacked to its announced size`);
  }
  if (content.length !== entry.size) bad(`the entry ${entry.name} has another size than announced`);
  if (crc32(content) !== entry.crc) bad(`the entry ${entry.name} has a wrong checksum`);
  return content;
}
