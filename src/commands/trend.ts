/** Knows the trend command: scan, append one line to the history, print the curve. */
import { join } from 'node:path';
import { commitTime } from '../facts/git.ts';
import { curve } from '../history/curve.ts';
import { lineOf, parseHistory, recordOf } from '../history/record.ts';
import { UserError } from '../problem.ts';
import { appendText, folderToScan, readIfThere } from './files.ts';
import { EXIT, type Io } from './io.ts';
import { auditPrepared, prepare, type ScanFlags } from './prepare.ts';

export interface TrendFlags extends ScanFlags {
  /** History file, relative to the current directory; default: .audit/history.jsonl in the scanned folder. */
  readonly history?: string;
  /** False with `--no-record`: print only. */
  readonly record?: boolean;
}

export async function trend(path: string, flags: TrendFlags, io: Io): Promise<number> {
  const root = folderToScan(io.cwd, path);
  const file = flags.history ?? join(root, '.audit', 'history.jsonl');
  if (flags.record ?? true) {
    const report = await auditPrepared(await prepare(path, flags, io), flags, io);
    if (report.scope !== 'full') {
      throw new UserError(
        'A partial scan has no score to record.',
        'Leave out --only, --skip, --phase, --include and --exclude.',
      );
    }
    const before = readIfThere(io.cwd, file);
    // A line that was cut off must not swallow the new record.
    const glue = before !== '' && !before.endsWith('\n') ? '\n' : '';
    appendText(io.cwd, file, glue + lineOf(recordOf(report, commitTime(root, report.asOf))));
  }
  const { records, unreadable } = parseHistory(readIfThere(io.cwd, file));
  if (unreadable.length > 0)
    io.err(`audit: warning: ${file}: no record on line ${unreadable.join(', ')}; left as it is.\n`);
  if (records.length === 0) {
    throw new UserError(`There is no history in ${file}.`, 'Run "audit trend" without --no-record to begin one.');
  }
  io.out(curve(records, { width: io.columns, ascii: io.env.TERM === 'dumb' }));
  return EXIT.ok;
}
