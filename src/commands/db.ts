/** Knows the command that keeps the advisory database: downloads what is new, says what it has. */
import { resolve } from 'node:path';
import { databaseFolder, ecosystemsIn } from '../facts/advisories.ts';
import { type Http, http, NoAnswer } from '../facts/advisories-http.ts';
import { OSV_EXPORT, type Updated, updateEcosystem } from '../facts/advisories-update.ts';
import { BadZip } from '../facts/advisories-zip.ts';
import { ecosystems } from '../facts/packages/model.ts';
import { UserError } from '../problem.ts';
import { VERSION } from '../version.ts';
import { EXIT, type Io } from './io.ts';
import { known } from './prepare.ts';

export interface DatabaseFlags {
  /** Folder of the database; absent: in the user's cache. */
  readonly advisoryDb?: string;
  /** A mirror of OSV's exports. */
  readonly osvUrl?: string;
}

/**
 * Brings the named ecosystems up to date: those the database holds, or all, when none is named. An ecosystem that
 * cannot be had keeps its old data and gives exit code 3. Throws UserError for a bad name or a folder that cannot be written.
 */
export async function updateDatabase(
  names: readonly string[],
  flags: DatabaseFlags,
  io: Io,
  connection: Http = http({ agent: `hardening-audit/${VERSION}`, total: 3_600_000 }),
): Promise<number> {
  const folder = flags.advisoryDb === undefined ? databaseFolder(io.env) : resolve(io.cwd, flags.advisoryDb);
  for (const name of names) known(name, ecosystems, 'audit db update');
  const held = ecosystemsIn(folder);
  const chosen = ecosystems.filter((e) =>
    names.length > 0 ? names.includes(e) : held.length === 0 || held.includes(e),
  );
  const options = { folder, url: (flags.osvUrl ?? OSV_EXPORT).replace(/\/+$/, ''), now: new Date(), http: connection };
  let failed = false;
  for (const ecosystem of chosen) {
    try {
      io.out(`${line(await updateEcosystem(ecosystem, options))}\n`);
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof BadZip)) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        throw new UserError(
          `Cannot write the advisory database in ${folder}: ${(error as Error).message}.`,
          'Name another folder with --advisory-db, or set HARDENING_AUDIT_DB.',
        );
      }
      failed = true;
      const what = error instanceof BadZip ? `the export is no sound zip archive: ${error.message}` : error.message;
      io.err(`audit: warning: ${ecosystem} stays as it was: ${what}.\n`);
    }
  }
  io.err(`The database is in ${folder}. Advisories: OSV (https://osv.dev), licences of the single sources.\n`);
  return failed ? EXIT.incomplete : EXIT.ok;
}

function line({ ecosystem, how, count, newestModified }: Updated): string {
  const done = { current: 'up to date', increment: 'changes added', whole: 'downloaded' }[how];
  return `${ecosystem.padEnd(10)} ${String(count).padStart(7)} advisories, newest of ${newestModified.slice(0, 10)}, ${done}`;
}
