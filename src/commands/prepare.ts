/** Knows how flags, configuration and roadmap become the input of one audit. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { audit } from '../audit.ts';
import type { Check } from '../check.ts';
import { checks as allChecks } from '../checks/index.ts';
import { bytesOf, type Config, loadConfig, zoneMatcher } from '../config.ts';
import type { Facts } from '../facts/facts.ts';
import { provenance } from '../facts/git.ts';
import { extractors } from '../facts/index.ts';
import { linkInventory, wantedOf } from '../facts/packages/inventory.ts';
import { openStaged } from '../facts/staged.ts';
import { DEFAULT_MAX_FILE_SIZE, openFolder, type WorkspaceOptions, ZONES, type Zone } from '../facts/workspace.ts';
import { badPattern, matcherOf, type Pattern } from '../globs.ts';
import type { RulePage } from '../pages.ts';
import { suggest, UserError } from '../problem.ts';
import type { Phase, Report } from '../report.ts';
import type { Roadmap } from '../roadmap.ts';
import { shipped } from '../shipped.ts';
import { VERSION } from '../version.ts';
import { folderToScan } from './files.ts';
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
  /** Ask OSV's API; otherwise nothing leaves the machine. */
  readonly online?: boolean;
  readonly advisoryDb?: string;
  readonly allowStale?: boolean;
  readonly osvUrl?: string;
}

/** Everything that is known before the tree is listed. */
export interface Prepared {
  /** Absolute path. */
  readonly root: string;
  readonly config: Config;
  readonly builtin: Roadmap;
  readonly pages: ReadonlyMap<string, RulePage>;
}

/** Reads configuration and roadmap. Throws UserError for a bad path, configuration or roadmap. */
export async function prepare(path: string, flags: ScanFlags, io: Io): Promise<Prepared> {
  const root = folderToScan(io.cwd, path);
  const { pages, roadmap: builtin } = shipped();
  const config = await loadConfig({
    ...{ root, cwd: io.cwd, builtin, pages },
    ...(flags.config === undefined ? {} : { config: flags.config }),
    ...(flags.roadmap === undefined ? {} : { roadmap: flags.roadmap }),
  });
  return { root, config, builtin, pages };
}

/** Audits a folder as the flags say. Throws UserError for bad flags. */
export async function auditPrepared({ root, config, pages }: Prepared, flags: ScanFlags, io: Io): Promise<Report> {
  const { roadmap } = config;
  const selected = itemSelector(flags, roadmap);
  const workspaceOptions = workspaceOptionsOf(flags, config);
  const zones = zonesOf(flags.zones ?? []);
  const asOf = dateOf(flags.asOf) ?? io.today;
  const staged = flags.staged
    ? stagedTree(
        root,
        workspaceOptions,
        allChecks.filter((check) => selected(check.id)),
      )
    : undefined;
  const narrowed = [flags.only, flags.skip, flags.phase, flags.include, flags.exclude].some((list) => list?.length);
  return audit({
    workspace: staged?.workspace ?? openFolder(root, workspaceOptions),
    ...(staged ? { focus: staged.focus, touched: staged.touched } : {}),
    roadmap,
    rules: pages,
    checks: allChecks,
    extractors,
    options: config.options,
    selected,
    scope: staged ? 'staged' : narrowed ? 'subset' : 'full',
    zones,
    advisories: (facts) => advisoriesFor(facts, flags, asOf, io),
    asOf,
    provenance: provenance(root),
    notifications: config.notifications,
    version: VERSION,
    ruleset: `${VERSION}+${rulesetHash(pages)}`,
    configHash: config.hash,
  });
}

/** Advisory data for what a scan found; undefined when it found no package. */
async function advisoriesFor(facts: Facts, flags: ScanFlags, asOf: string, io: Io) {
  const wanted = wantedOf(facts.linked(linkInventory));
  if (wanted.length === 0) return undefined;
  const { openAdvisories } = await import('../facts/advisories.ts');
  return openAdvisories(wanted, {
    online: flags.online ?? false,
    allowStale: flags.allowStale ?? false,
    now: new Date(asOf),
    environment: io.env,
    ...(flags.advisoryDb === undefined ? {} : { path: resolve(io.cwd, flags.advisoryDb) }),
    ...(flags.osvUrl === undefined ? {} : { apiUrl: flags.osvUrl }),
  });
}

/** What of a folder is read, by flags and configuration. */
export function workspaceOptionsOf(flags: ScanFlags, config: Config): WorkspaceOptions {
  const include = [...patternsOf(flags.include, '--include')];
  const exclude = [...config.exclude, ...patternsOf(flags.exclude, '--exclude')];
  const included = [config.include, include].filter((patterns) => patterns.length > 0).map(matcherOf);
  const excluded = matcherOf(exclude);
  return {
    maxFileSize: sizeOf(flags.maxFileSize) ?? config.maxFileSize ?? DEFAULT_MAX_FILE_SIZE,
    ignoreFiles: flags.ignore ?? true,
    select: (path) => included.every((matches) => matches(path)) && !excluded(path),
    zone: zoneMatcher(config),
  };
}

function patternsOf(globs: readonly string[] | undefined, flag: string): Pattern[] {
  return (globs ?? []).map((glob) => {
    const wrong = badPattern(glob);
    if (wrong !== undefined) throw new UserError(`The pattern "${glob}" of ${flag} ${wrong}.`);
    return { glob, prefix: '' };
  });
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
    `--staged needs a git repository, and ${root} is in none.`,
    'Run "git init" there, or scan the folder without --staged.',
  );
}

function itemSelector(flags: ScanFlags, roadmap: Roadmap): (id: string) => boolean {
  const ids = roadmap.items.map((item) => item.id);
  const phaseIds = roadmap.phases.map((phase) => phase.id);
  const phases = (flags.phase ?? []).map((phase) => known(phase, phaseIds, '--phase') as Phase);
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

/** The word itself when it is a candidate. Throws UserError with a suggestion otherwise. */
export function known(word: string, candidates: readonly string[], what: string): string {
  if (candidates.includes(word)) return word;
  const near = suggest(word, candidates);
  throw new UserError(
    `${what} does not know "${word}"${near ? `; did you mean "${near}"?` : '.'}`,
    `Known: ${candidates.join(', ')}.`,
  );
}

function sizeOf(text: string | undefined): number | undefined {
  const bytes = text === undefined ? undefined : bytesOf(text);
  if (text !== undefined && bytes === undefined) {
    throw new UserError(`--max-file-size does not understand "${text}".`, 'Give bytes, or 500k, or 2M.');
  }
  return bytes;
}

function dateOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text)) {
    throw new UserError(`--as-of does not understand "${text}".`, 'Give a date such as 2026-01-31.');
  }
  return text;
}
