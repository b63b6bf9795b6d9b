/** Knows the scanned tree: which files there are, which are left out and why, and what they contain. Sole reader of it. */
import type { Notification } from '../problem.ts';

/** What a file is for. Only production subjects count in the score. */
export type Zone = 'production' | 'test' | 'example' | 'docs' | 'vendored' | 'generated' | 'archive';

export interface SourceFile {
  /** Relative to the root, forward slashes, no leading "./". */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly zone: Zone;
}

/** Why a file or folder was left out; `count` files share the reason. */
export interface Skipped {
  readonly reason: 'ignored' | 'too large' | 'binary' | 'unreadable' | 'link' | 'submodule';
  readonly count: number;
  /** Some of the paths, sorted; at most ten. */
  readonly paths: readonly string[];
}

export interface FileText {
  /** BOM removed; offsets of all spans count in this text. */
  readonly text: string;
  /** Exactly as stored, BOM included. */
  readonly raw: string;
  /** Git's blob id of the bytes (SHA-1 of header and content): equal for byte-identical files. */
  readonly blob: string;
}

/** One tree to scan: a folder, the git index, an old commit, or files in memory. */
export interface Workspace {
  /** Sorted by path. */
  readonly files: readonly SourceFile[];
  readonly skipped: readonly Skipped[];
  readonly notifications: readonly Notification[];
  /** Text of a listed file, or undefined when it is binary or cannot be read (then a notification or a skip says so). */
  read(path: string): FileText | undefined;
}
