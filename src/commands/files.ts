/** Knows how to read what the user names and to write what the program gives; the scanned tree has its own reader. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../problem.ts';

/** Text of a file that the user named. Throws UserError with the reason. */
export function readGiven(cwd: string, name: string, what: string): string {
  try {
    return readFileSync(resolve(cwd, name), 'utf8');
  } catch (error) {
    throw new UserError(`Cannot read the ${what} ${name}: ${reason(error)}.`, 'Check the path.');
  }
}

/** Text of a file of our own, or the empty string when it does not exist yet. */
export function readIfThere(cwd: string, name: string): string {
  try {
    return readFileSync(resolve(cwd, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new UserError(`Cannot read ${name}: ${reason(error)}.`, 'Give a path that can be read.');
  }
}

/** Writes a file atomically: beside it first, then renamed; parent folders are created. */
export function writeResult(cwd: string, name: string, text: string): void {
  const file = resolve(cwd, name);
  const draft = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, text);
    renameSync(draft, file);
  } catch (error) {
    discard(draft);
    throw new UserError(`Cannot write ${name}: ${reason(error)}.`, 'Give a path that can be written.');
  }
}

/** Removes a draft, as far as it came to exist. */
function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // The folder itself could not be made; there is nothing to remove.
  }
}

/** Appends to a file; parent folders are created. */
export function appendText(cwd: string, name: string, text: string): void {
  const file = resolve(cwd, name);
  try {
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, text);
  } catch (error) {
    throw new UserError(`Cannot append to ${name}: ${reason(error)}.`, 'Give a path that can be written.');
  }
}

/** Absolute path of the folder to scan. Throws UserError when it is missing or no folder. */
export function folderToScan(cwd: string, name: string): string {
  const folder = resolve(cwd, name);
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (error) {
    throw new UserError(`Cannot scan ${name}: ${reason(error)}.`, 'Give the path of a repository folder.');
  }
  if (!isFolder) {
    throw new UserError(
      `Cannot scan ${name}: it is a file.`,
      `The audit judges whole repositories; scan its folder and narrow it: audit ${dirname(name)} --include '${name.split('/').pop()}'`,
    );
  }
  return folder;
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'no permission',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of the path is not a folder',
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
  };
  return known[code ?? ''] ?? message;
}
