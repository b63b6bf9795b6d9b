/** Knows the scanned tree: which files there are, which are left out and why, and what they contain. Sole reader of it. */
import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import ignoreFactory, { type Ignore } from 'ignore';
import type { Notification } from '../problem.ts';
import { trackedButIgnored } from './git.ts';
import { includedFiles } from './included.ts';
import { testFiles } from './test-files.ts';
import { zoneOf } from './zones.ts';

/** What a file is for. Only production subjects count in the score. */
export type Zone = 'production' | 'test' | 'example' | 'docs' | 'vendored' | 'generated' | 'archive';
export const ZONES: readonly Zone[] = ['production', 'test', 'example', 'docs', 'vendored', 'generated', 'archive'];

export interface SourceFile {
  /** Relative to the root, forward slashes, no leading "./". */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly zone: Zone;
}

/** Why a file or folder was left out; `count` files share the reason. */
export interface Skipped {
  readonly reason: 'ignored' | 'excluded' | 'too large' | 'binary' | 'unreadable' | 'link';
  readonly count: number;
  /** Some of the paths, sorted; at most ten. Folders end in a slash. */
  readonly paths: readonly string[];
}

export interface FileText {
  /** BOM removed; offsets of all spans count in this text. */
  readonly text: string;
  /** Decoded as stored, BOM included. */
  readonly raw: string;
  /** Git's blob id of the bytes (SHA-1 of header and content): equal for byte-identical files. */
  readonly blob: string;
}

/** One tree to scan: a folder, the git index, or files in memory. */
export interface Workspace {
  /** Folder name, as the report shows it. */
  readonly name: string;
  /** Sorted by path. */
  readonly files: readonly SourceFile[];
  /** What was left out so far; `read` may add to it. */
  skipped(): readonly Skipped[];
  notifications(): readonly Notification[];
  /** Text of a listed file, or undefined when it is binary, too large or cannot be read (then `skipped` says so). */
  read(path: string): FileText | undefined;
}

export interface WorkspaceOptions {
  /** Bytes; larger files are listed but not read, locks only when they are sixteen times as large. */
  readonly maxFileSize: number;
  /** Honour .gitignore and .auditignore. */
  readonly ignoreFiles: boolean;
  /** Keeps a path; both are given paths relative to the root. */
  readonly select: (path: string) => boolean;
  /** Zone by the user's configuration; undefined: by zones.ts. */
  readonly zone: (path: string) => Zone | undefined;
}

export const DEFAULT_MAX_FILE_SIZE = 2 * 1024 * 1024;

/** Locks are long by nature, and without one everything it decides would be open. */
const LOCK =
  /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|(?:yarn|bun|uv|poetry|pdm|composer|Cargo|Gemfile|Pipfile)\.lock)$/;

export const workspaceDefaults: WorkspaceOptions = {
  maxFileSize: DEFAULT_MAX_FILE_SIZE,
  ignoreFiles: true,
  select: () => true,
  zone: () => undefined,
};

/** Lists a folder. Links are not followed, so loops and files outside the root cannot be reached. */
export function openFolder(root: string, options: WorkspaceOptions): Workspace {
  const { listing, notifications, skip } = collector();
  walk(root, '', [], options, (path, size) => listing.push({ path, size }), skip, notifications);
  if (options.ignoreFiles) {
    const listed = new Set(listing.map((file) => file.path));
    for (const path of trackedButIgnored(root)) {
      const size = listed.has(path) || !options.select(path) ? undefined : sizeOf(join(root, path));
      if (size !== undefined) listing.push({ path, size });
    }
  }
  const bytes = (path: string) => readFileSync(join(root, path));
  return workspaceOf(basename(root), listing, bytes, options, skip, notifications);
}

/** Files in memory, for tests and for trees that come from elsewhere (the git index, an old commit). */
export function openFiles(
  name: string,
  files: ReadonlyMap<string, Uint8Array>,
  options: WorkspaceOptions = workspaceDefaults,
): Workspace {
  const { listing, notifications, skip } = collector();
  for (const [path, bytes] of files) if (options.select(path)) listing.push({ path, size: bytes.length });
  return workspaceOf(name, listing, (path) => files.get(path)!, options, skip, notifications);
}

type Skip = (reason: Skipped['reason'], path: string) => void;
interface Skips extends Skip {
  readonly list: Map<Skipped['reason'], string[]>;
}

function collector() {
  const list = new Map<Skipped['reason'], string[]>();
  const skip: Skips = Object.assign(
    (reason: Skipped['reason'], path: string) => {
      const paths = list.get(reason);
      if (paths) paths.push(path);
      else list.set(reason, [path]);
    },
    { list },
  );
  return { listing: [] as { path: string; size: number }[], notifications: [] as Notification[], skip };
}

function workspaceOf(
  name: string,
  listing: readonly { path: string; size: number }[],
  bytesOf: (path: string) => Uint8Array,
  options: WorkspaceOptions,
  skip: Skips,
  notifications: Notification[],
): Workspace {
  const listed = listing
    .map(({ path, size }) => ({ path, size, zone: options.zone(path) ?? zoneOf(path) }))
    .sort((a, b) => compare(a.path, b.path));
  const sizes = new Map(listed.map((file) => [file.path, file.size]));
  const readOnce = (path: string): FileText | undefined => {
    const size = sizes.get(path);
    if (size === undefined) return undefined;
    if (size > options.maxFileSize * (LOCK.test(path) ? 16 : 1)) return void skip('too large', path);
    try {
      const bytes = bytesOf(path);
      const decoded = decode(bytes);
      if (!decoded) return void skip('binary', path);
      if (decoded.encoding === 'latin1') {
        notifications.push({
          kind: 'unreadable',
          level: 'note',
          path,
          message: 'The file is not valid UTF-8 and was read as Latin-1; save it as UTF-8.',
        });
      }
      return { raw: decoded.text, text: decoded.text.replace(/^\uFEFF/, ''), blob: blobId(bytes) };
    } catch (error) {
      skip('unreadable', path);
      notifications.push(unreadable(path, error));
      return undefined;
    }
  };
  const cache = new Map<string, FileText | undefined>();
  const read = (path: string): FileText | undefined => {
    if (!cache.has(path)) cache.set(path, readOnce(path));
    return cache.get(path);
  };
  const ofTests = testFiles(listed, read);
  const included = includedFiles(listed, read);
  const zoneFor = ({ path, zone }: SourceFile): Zone =>
    options.zone(path) !== undefined ? zone : ofTests.has(path) ? 'test' : included.has(path) ? 'production' : zone;
  return {
    name,
    files: listed.map((file) => ({ ...file, zone: zoneFor(file) })),
    skipped: () =>
      [...skip.list].map(([reason, paths]) => ({
        reason,
        count: paths.length,
        paths: paths.sort(compare).slice(0, 10),
      })),
    notifications: () => notifications,
    read,
  };
}

/** Orders by UTF-16 code units: the same on every machine and locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Rules {
  readonly base: string;
  readonly ignore: Ignore;
}

function walk(
  root: string,
  folder: string,
  inherited: readonly Rules[],
  options: WorkspaceOptions,
  add: (path: string, size: number) => void,
  skip: Skip,
  notifications: Notification[],
): void {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    skip('unreadable', `${folder}/`);
    notifications.push(unreadable(folder || '.', error));
    return;
  }
  const rules = options.ignoreFiles ? withOwnRules(root, folder, entries, inherited) : inherited;
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name === '.git') continue;
      if (isIgnored(`${path}/`, rules)) skip('ignored', `${path}/`);
      else walk(root, path, rules, options, add, skip, notifications);
    } else if (entry.isSymbolicLink()) skip('link', path);
    else if (!entry.isFile()) skip('unreadable', path);
    else if (isIgnored(path, rules)) skip('ignored', path);
    else if (!options.select(path)) skip('excluded', path);
    else {
      const size = sizeOf(join(root, path));
      if (size !== undefined) add(path, size);
      else {
        skip('unreadable', path);
        notifications.push(unreadable(path, new Error('the name or the file cannot be opened')));
      }
    }
  }
}

function withOwnRules(root: string, folder: string, entries: readonly Dirent[], inherited: readonly Rules[]) {
  const texts: string[] = [];
  for (const name of ['.gitignore', '.auditignore']) {
    if (!entries.some((entry) => entry.name === name && entry.isFile())) continue;
    try {
      texts.push(readFileSync(join(root, folder, name), 'utf8'));
    } catch {
      // An unreadable ignore file ignores nothing; the file itself is reported when a check reads it.
    }
  }
  if (texts.length === 0) return inherited;
  return [...inherited, { base: folder === '' ? '' : `${folder}/`, ignore: ignoreFactory().add(texts.join('\n')) }];
}

/** The deepest ignore file that says something about a path decides, as in git. */
function isIgnored(path: string, rules: readonly Rules[]): boolean {
  for (let i = rules.length - 1; i >= 0; i--) {
    const { base, ignore } = rules[i]!;
    const verdict = ignore.test(path.slice(base.length));
    if (verdict.ignored) return true;
    if (verdict.unignored) return false;
  }
  return false;
}

function sizeOf(file: string): number | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() ? stat.size : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(path: string, error: unknown): Notification {
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === 'EACCES' || code === 'EPERM' ? 'no permission' : (code ?? (error as Error).message);
  return {
    kind: 'unreadable',
    level: 'warning',
    path,
    message: `The file or folder could not be read (${why}); it was not judged. Grant read access or exclude it.`,
  };
}

/** UTF-8 (with or without BOM), UTF-16 with BOM, otherwise Latin-1; undefined for binary content. */
function decode(bytes: Uint8Array): { text: string; encoding: 'utf8' | 'utf16' | 'latin1' } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return { text: buffer.toString('utf16le'), encoding: 'utf16' };
  if (buffer.subarray(0, 8192).includes(0)) return undefined;
  const text = buffer.toString('utf8');
  // Only when a replacement character appears may the bytes have been something else than UTF-8.
  if (!text.includes('\uFFFD') || isUtf8(buffer)) return { text, encoding: 'utf8' };
  return { text: buffer.toString('latin1'), encoding: 'latin1' };
}

function isUtf8(buffer: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(buffer);
    return true;
  } catch {
    return false;
  }
}

function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
