/** Knows how to make zip archives for tests, sound ones and ones that lie. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly store?: boolean;
  readonly packed?: Buffer;
  readonly size?: number;
  readonly crc?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly offset?: number;
}

export function zip(
  files: readonly ZipFile[],
  lie: { readonly comment?: string; readonly zip64?: boolean; readonly count?: number; readonly start?: number } = {},
): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const file of files) {
    const content = Buffer.from(file.content);
    const packed = file.packed ?? (file.store ? content : deflateRawSync(content));
    const name = Buffer.from(file.name);
    const method = file.method ?? (file.store ? 0 : 8);
    const crc = file.crc ?? crc32(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(file.flags ?? 0, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc, 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(file.size ?? content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(file.offset ?? offset, 42);
    if (lie.zip64) {
      const extra = Buffer.alloc(28);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(content.length), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(offset), 20);
      entry.writeUInt32LE(0xffffffff, 20);
      entry.writeUInt32LE(0xffffffff, 24);
      entry.writeUInt32LE(0xffffffff, 42);
      entry.writeUInt16LE(extra.length, 30);
      directory.push(entry, name, extra);
    } else directory.push(entry, name);
    locals.push(local, name, packed);
    offset += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  const count = lie.count ?? files.length;
  end.writeUInt16LE(lie.zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(lie.zip64 ? 0xffffffff : list.length, 12);
  end.writeUInt32LE(lie.zip64 ? 0xffffffff : (lie.start ?? offset), 16);
  const comment = Buffer.from(lie.comment ?? '');
  end.writeUInt16LE(comment.length, 20);
  const wide = Buffer.alloc(76);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(BigInt(count), 32);
  wide.writeBigUInt64LE(BigInt(list.length), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  wide.writeUInt32LE(0x07064b50, 56);
  wide.writeBigUInt64LE(BigInt(offset + list.length), 64);
  return Buffer.concat([...locals, list, ...(lie.zip64 ? [wide] : []), end, comment]);
}
