/** Knows how to ask git about the scanned tree: commit, ignored but tracked files, the index. Works without git, too. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The scanned folder may bring a .git/config of a stranger: settings there that name programs must not run them. */
const HARMLESS = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'log.showSignature=false',
  'protocol.allow=never',
];

/** Is there a repository here or above? Asking the file system is quicker than starting git for every plain folder. */
function isTracked(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (dirname(at) === at) return false;
  }
}

/** Output of a git command in `folder`, or undefined when git is absent, fails, or the folder is no work tree. */
export function git(folder: string, args: readonly string[], input?: string): Buffer | undefined {
  if (!process.env.GIT_DIR && !isTracked(folder)) return undefined;
  try {
    return execFileSync('git', [...HARMLESS.flatMap((setting) => ['-c', setting]), '-C', folder, ...args], {
      input: input ?? '',
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 1 << 30,
      timeout: 60_000,
      env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1', LC_ALL: 'C' },
    });
  } catch {
    return undefined;
  }
}

function list(output: Buffer | undefined): string[] {
  return output ? output.toString('utf8').split('\0').filter(Boolean) : [];
}

/** Paths relative to `root` that an ignore rule matches although git tracks them; git itself would not ignore them. */
export function trackedButIgnored(root: string): string[] {
  return list(git(root, ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard']));
}

export interface Provenance {
  readonly commit?: string;
  readonly branch?: string;
  /** Remote URL without credentials. */
  readonly repository?: string;
}

/** Commit, branch and remote of the work tree around `root`; empty without git. */
export function provenance(root: string): Provenance {
  const commit = git(root, ['rev-parse', '--verify', 'HEAD'])?.toString().trim();
  if (!commit) return {};
  const branch = git(root, ['symbolic-ref', '--short', '-q', 'HEAD'])?.toString().trim();
  const repository = git(root, ['config', '--get', 'remote.origin.url'])?.toString().trim();
  return { commit, ...(branch ? { branch } : {}), ...(repository ? { repository: publicUrl(repository) } : {}) };
}

/** An https URL without user and password; scp-like addresses (git@host:path) become https. */
function publicUrl(url: string): string {
  const scp = /^[\w.-]+@([\w.-]+):(?!\/)(.+)$/.exec(url);
  const https = scp ? `https://${scp[1]}/${scp[2]}` : url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
  return https.replace(/\.git$/, '');
}

/** Paths staged for the next commit (added, changed, renamed), relative to `root`; undefined without git. */
export function stagedPaths(root: string): string[] | undefined {
  const output = git(root, ['diff', '--cached', '--name-only', '--diff-filter=ACMRT', '--relative', '-z']);
  return output && list(output);
}

/** All regular files of the index: path relative to `root` → object id; undefined without git. */
export function indexEntries(root: string): Map<string, string> | undefined {
  const output = git(root, ['ls-files', '-z', '--stage']);
  if (!output) return undefined;
  const entries = new Map<string, string>();
  for (const record of list(output)) {
    const match = /^(100\d{3}) ([0-9a-f]+) 0\t([\s\S]+)$/.exec(record);
    if (match) entries.set(match[3]!, match[2]!);
  }
  return entries;
}

/** Contents of objects, in one process; objects that are not here are left out. */
export function readObjects(root: string, ids: readonly string[]): Map<string, Uint8Array> {
  const objects = new Map<string, Uint8Array>();
  if (ids.length === 0) return objects;
  const output = git(root, ['cat-file', '--batch'], `${ids.join('\n')}\n`);
  for (let at = 0; output && at < output.length; ) {
    const lineEnd = output.indexOf(10, at);
    const [id, type, size] = output.toString('latin1', at, lineEnd).split(' ');
    at = lineEnd + 1;
    if (type === 'missing' || size === undefined) continue;
    objects.set(id!, output.subarray(at, at + Number(size)));
    at += Number(size) + 1;
  }
  return objects;
}

/** Parent and committer time of the commit that is checked out; without git: no parent, the given day. */
export function commitTime(root: string, today: string): { readonly parent: string; readonly committedAt: string } {
  const [parents = '', committedAt = ''] =
    git(root, ['log', '-1', '--format=%P%x00%cI'])?.toString().trim().split('\0') ?? [];
  return { parent: parents.split(' ')[0]!, committedAt: committedAt || `${today}T00:00:00Z` };
}
