/** Knows `audit validate`: whether a SARIF file can be uploaded to GitHub code scanning, and what would be shown otherwise than meant. */
import { gzipSync } from 'node:zlib';
import { githubProblems, githubWarnings } from '../reporters/github-ready.ts';
import { counted, safe } from '../reporters/plain.ts';
import { readGiven } from './files.ts';
import { EXIT, type Io } from './io.ts';

const MAX_GZIP_BYTES = 10 * 1024 * 1024;
const SHOWN = 50;

export interface Validation {
  /** Each makes the upload fail, or loses a result. */
  readonly problems: readonly string[];
  /** Accepted, but shown otherwise than meant. */
  readonly warnings: readonly string[];
}

/** Judges the text of a SARIF file; text that is no JSON is a problem, never an error. */
export function validate(text: string): Validation {
  const problems: string[] = [];
  let log: unknown;
  try {
    // A byte order mark is valid in a file and invalid in JSON.parse.
    log = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return { problems: [`log: is not JSON: ${(error as Error).message}`], warnings: [] };
  }
  const size = gzipSync(text).length;
  if (size > MAX_GZIP_BYTES) problems.push(`log: has ${size} bytes compressed; at most ${MAX_GZIP_BYTES} are accepted`);
  return { problems: [...problems, ...githubProblems(log)], warnings: githubWarnings(log) };
}

/** Prints the verdict on a file; the exit code is 1 when there is a problem. Throws UserError when it cannot be read. */
export function run(name: string, io: Io): number {
  const { problems, warnings } = validate(readGiven(io.cwd, name, 'SARIF file'));
  const lines = [
    ...some('error', problems),
    ...some('warning', warnings),
    `${safe(name)}: ${counted(problems.length, 'problem')}, ${counted(warnings.length, 'warning')}.`,
  ];
  io.out(`${lines.join('\n')}\n`);
  return problems.length > 0 ? EXIT.gateMissed : EXIT.ok;
}

function some(word: string, entries: readonly string[]): string[] {
  const lines = entries.slice(0, SHOWN).map((entry) => `${word}: ${safe(entry)}`);
  return entries.length > SHOWN ? [...lines, `${word}: and ${entries.length - SHOWN} more`] : lines;
}
