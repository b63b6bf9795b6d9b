/** Knows how flags, configuration and roadmap become the input of one audit. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import picomatch from 'picomatch';
import { type AuditInput, audit } from '../audit.ts';
import type { Check } from '../check.ts';
import { checks as allChecks } from '../checks/index.ts';
import { provenance } from '../facts/git.ts';
import { extractors } from '../facts/index.ts';
import { openStaged } from '../facts/staged.ts';
import { DEFAULT_MAX_FILE_SIZE, openFolder, type WorkspaceOptions, ZONES, type Zone } from '../facts/workspace.ts';
import { defaultsOf, knownOptions, type RulePage, shippedPages } from '../pages.ts';
import { suggest, UserError } from '../problem.ts';
import type { Phase, Report } from '../report.ts';
import { builtinRoadmap, extendRoadmap, type Roadmap } from '../roadmap.ts';
import { VERSION } from '../version.ts';
import { folderToScan, readGiven } from './files.ts';
import type { Io } from './io.ts';

/** What is scanned and how; the same for scan, trend and explain. */
export interface ScanFlags {
  readonly config?: string | false;
  readonly roadmap?: string;
  readonly staged?: boolean;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly phase?: readonly string[];
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** False with `--no-ignore`. */
  readonly ignore?: boolean;
  readonly zones?: readonly string[];
  readonly maxFileSize?: string;
  readonly asOf?: string;
}

/** Audits a folder as the flags say. Throws UserError for bad flags, configuration, roadmap or path. */
export async function auditFolder(path: string, flags: ScanFlags, io: Io): Promise<Report> {
  const root = folderToScan(io.cwd, path);
  const pages = shippedPages();
  const roadmap = roadmapOf(flags, pages, io);
  const workspaceOptions: WorkspaceOptions = {
    maxFileSize: bytesOf(flags.maxFileSize) ?? DEFAULT_MAX_FILE_SIZE,
    ignoreFiles: flags.ignore ?? true,
    select: selector(flags.include ?? [], flags.exclude ?? []),
    zone: () => undefined,
  };
  const selected = itemSelector(flags, roadmap);
  const checks = allChecks.filter((check) => selected(check.id));
  const staged = flags.staged ? stagedTree(root, workspaceOptions, checks) : undefined;
  const narrowed = [flags.only, flags.skip, flags.phase, flags.include, flags.exclude].some((list) => list?.length);
  const input: AuditInput = {
    workspace: staged?.workspace ?? openFolder(root, workspaceOptions),
    ...(staged ? { focus: staged.focus, touched: staged.touched } : {}),
    roadmap,
    rules: pages,
    checks: allChecks,
    extractors,
    options: new Map(roadmap.items.map((item) => [item.id, { ...defaultsOf(pages.get(item.id)), ...item.options }])),
    selected,
    scope: staged ? 'staged' : narrowed ? 'subset' : 'full',
    zones: zonesOf(flags.zones ?? []),
    asOf: dateOf(flags.asOf) ?? io.today,
    provenance: provenance(root),
    version: VERSION,
    ruleset: `${VERSION}+${rulesetHash(pages)}`,
    configHash: '',
  };
  return audit(input);
}

function roadmapOf(flags: ScanFlags, pages: ReadonlyMap<string, RulePage>, io: Io): Roadmap {
  const builtin = builtinRoadmap();
  if (flags.roadmap === undefined) return builtin;
  return extendRoadmap(builtin, readGiven(io.cwd, flags.roadmap, 'roadmap'), flags.roadmap, knownOptions(pages));
}

/** Eight hex digits that change with any rule page. */
function rulesetHash(pages: ReadonlyMap<string, RulePage>): string {
  const hash = createHash('sha256');
  for (const [id, page] of pages)
    hash.update(JSON.stringify([id, page.title, page.severity, page.options, page.markdown]));
  return hash.digest('hex').slice(0, 8);
}

function stagedTree(root: string, options: WorkspaceOptions, checks: readonly Check[]) {
  const tree = openStaged(root, options, checks, extractors);
  if (tree) return tree;
  throw new UserError(
    `--staged needs a git repository, and ${resolve(root)} is in none.`,
    'Run "git init" there, or scan the folder without --staged.',
  );
}

function itemSelector(flags: ScanFlags, roadmap: Roadmap): (id: string) => boolean {
  const ids = roadmap.items.map((item) => item.id);
  const phases = (flags.phase ?? []).map(
    (phase) =>
      known(
        phase,
        roadmap.phases.map((p) => p.id),
        '--phase',
      ) as Phase,
  );
  const only = (flags.only ?? []).map((id) => known(id, ids, '--only'));
  const skip = new Set((flags.skip ?? []).map((id) => known(id, ids, '--skip')));
  const phaseOf = new Map(roadmap.items.map((item) => [item.id, item.phase]));
  return (id) =>
    !skip.has(id) &&
    (only.length === 0 || only.includes(id)) &&
    (phases.length === 0 || phases.includes(phaseOf.get(id)!));
}

function zonesOf(words: readonly string[]): ReadonlySet<Zone> {
  if (words.includes('all')) return new Set(ZONES);
  return new Set<Zone>(['production', ...words.map((word) => known(word, ZONES, '--zones') as Zone)]);
}

/** The word itself when it is a candidate; otherwise a UserError with a suggestion. */
function known(word: string, candidates: readonly string[], flag: string): string {
  if (candidates.includes(word)) return word;
  const near = suggest(word, candidates);
  throw new UserError(
    `${flag} does not know "${word}"${near ? `; did you mean "${near}"?` : '.'}`,
    `Known: ${candidates.join(', ')}.`,
  );
}

function selector(include: readonly string[], exclude: readonly string[]): (path: string) => boolean {
  const matcher = (globs: readonly string[]) => picomatch(globs.flatMap(expand), { dot: true });
  const included = include.length === 0 ? () => true : matcher(include);
  const excluded = exclude.length === 0 ? () => false : matcher(exclude);
  return (path) => included(path) && !excluded(path);
}

/** A pattern without a slash matches at any depth, and a folder stands for what is in it, as in ignore files. */
function expand(glob: string): string[] {
  const trimmed = glob.replace(/^\.?\//, '').replace(/\/$/, '');
  const anchored = trimmed.includes('/') ? trimmed : `**/${trimmed}`;
  return [anchored, `${anchored}/**`];
}

function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+)\s*([kKmM]?)(?:i?[bB])?$/.exec(text);
  if (!match) throw new UserError(`--max-file-size does not understand "${text}".`, 'Give bytes, or 500k, or 2M.');
  return Number(match[1]) * { '': 1, k: 1024, m: 1024 * 1024 }[match[2]!.toLowerCase()]!;
}

function dateOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const isDate =
    /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
  if (!isDate) throw new UserError(`--as-of does not understand "${text}".`, 'Give a date such as 2026-01-31.');
  return text;
}
