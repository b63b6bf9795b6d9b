/** Knows the two identities of a finding: GitHub's hash of its line, and our own id that survives moves. */
import { createHash } from 'node:crypto';

const WINDOW = 100;
const FACTOR = 37;
const TWO_32 = 2 ** 32;
/** 37^100 mod 2^64, the weight of the unit that leaves the window. */
const OLD_HIGH = Number(((BigInt(FACTOR) ** BigInt(WINDOW)) >> 32n) & 0xffffffffn);
const OLD_LOW = Number((BigInt(FACTOR) ** BigInt(WINDOW)) & 0xffffffffn);
const END_OF_FILE = 65535;

/**
 * GitHub's `primaryLocationLineHash` of every line of a file: lowercase hex, a colon, how often the hash occurred so far.
 * `raw` is the text exactly as stored, BOM included, because GitHub hashes it so. Index 0 is line 1; LF, CRLF and a lone CR
 * end a line, and a final line break is followed by one more, empty line.
 *
 * The hash rolls over a window of 100 UTF-16 units without spaces and tabs, modulo 2^64. It is kept in two 32-bit halves:
 * every product below stays under 2^53, so doubles are exact, and several times faster than BigInt.
 */
export function lineHashes(raw: string): string[] {
  const units = new Uint16Array(WINDOW);
  const startsLine = new Uint8Array(WINDOW);
  const counts = new Map<string, number>();
  const hashes: string[] = [];
  let high = 0;
  let low = 0;
  let slot = 0;
  let atLineStart = true;

  const put = (unit: number, startable: boolean): void => {
    if (startsLine[slot] === 1) {
      const hash = high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0');
      const count = (counts.get(hash) ?? 0) + 1;
      counts.set(hash, count);
      hashes.push(`${hash}:${count}`);
      startsLine[slot] = 0;
    }
    if (startable && atLineStart) startsLine[slot] = 1;
    const old = units[slot]!;
    units[slot] = unit;
    const sum = FACTOR * low + unit - OLD_LOW * old;
    low = sum >>> 0;
    high = (FACTOR * high + (sum - low) / TWO_32 - OLD_HIGH * old) >>> 0;
    slot = slot === WINDOW - 1 ? 0 : slot + 1;
  };

  for (let i = 0; i < raw.length; i++) {
    const unit = raw.charCodeAt(i);
    if (unit === 32 || unit === 9) continue;
    const isBreak = unit === 10 || unit === 13;
    if (unit === 10 && i > 0 && raw.charCodeAt(i - 1) === 13) continue;
    put(isBreak ? 10 : unit, true);
    atLineStart = isBreak;
  }
  put(END_OF_FILE, true);
  for (let i = 0; i < WINDOW; i++) put(0, false);
  return hashes;
}

/**
 * Our own id of a finding, 32 hex digits. It stays the same when the line moves or its white space changes, in a full, a
 * changed and a staged scan alike; it changes with the item, the message, the path or the offending text. `ordinal` (from 0)
 * tells apart findings that agree in all four, counted in the order of the file.
 */
export function findingId(item: string, message: string, path: string, anchorText: string, ordinal: number): string {
  const anchor = anchorText.replace(/\s+/gu, '');
  return createHash('sha256')
    .update(JSON.stringify([item, message, path, anchor, ordinal]))
    .digest('hex')
    .slice(0, 32);
}
