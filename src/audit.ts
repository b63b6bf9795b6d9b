/** Knows the straight line from a workspace to a report; every stage is a function in a file of its own. */
import { assemble } from './assemble.ts';
import type { Check, Options } from './check.ts';
import { deepFreeze } from './document.ts';
import { type Collected, collectFacts, type LoadAdvisories } from './facts/collect.ts';
import type { Extractor, FactKind } from './facts/facts.ts';
import type { Provenance } from './facts/git.ts';
import { counted, filesWith, hasSource, unreadLanguages } from './facts/languages.ts';
import { compare, type SourceFile, type Workspace, type Zone } from './facts/workspace.ts';
import { type FileLookup, type Judgement, judge, unjudged } from './judge.ts';
import type { Notification } from './problem.ts';
import type { Report, RuleReport } from './report.ts';
import type { Roadmap } from './roadmap.ts';
import { score } from './score.ts';

export interface AuditInput {
  readonly workspace: Workspace;
  readonly roadmap: Roadmap;
  /** One rule per roadmap item that has a page. */
  readonly rules: ReadonlyMap<string, RuleReport>;
  readonly checks: readonly Check[];
  readonly extractors: readonly Extractor[];
  /** Final option values by item. */
  readonly options: ReadonlyMap<string, Options>;
  /** Items to judge; the others are listed as not selected. */
  readonly selected: (item: string) => boolean;
  readonly scope: Report['scope'];
  /** Which files are read for which kind; undefined: all. Findings in files outside `touched` are dropped. */
  readonly focus?: (file: SourceFile, kind: FactKind) => boolean;
  readonly touched?: ReadonlySet<string>;
  /** Zones whose findings are shown beside production's. */
  readonly zones: ReadonlySet<Zone>;
  /** Loads advisory data for the dependencies that were found. */
  readonly advisories?: LoadAdvisories;
  /** ISO date for due dates and expiries. */
  readonly asOf: string;
  readonly provenance: Provenance;
  /** What was noticed before the scan began, while reading the configuration, say. */
  readonly notifications: readonly Notification[];
  readonly version: string;
  readonly ruleset: string;
  readonly configHash: string;
}

/** Zones that are read for counts and evidence even when nobody asked for their findings. */
const READ_ANYWAY: readonly Zone[] = ['production', 'test', 'example', 'docs', 'archive'];

export async function audit(input: AuditInput): Promise<Report> {
  const { workspace, roadmap } = input;
  const items = new Set(roadmap.items.map((item) => item.id));
  const checks = input.checks.filter((check) => items.has(check.id) && input.selected(check.id));
  const collected = await collectFacts(workspace, {
    checks,
    extractors: input.extractors,
    zones: new Set([...READ_ANYWAY, ...input.zones]),
    asked: new Set<Zone>(['production', ...input.zones]),
    ...(input.focus ? { focus: input.focus } : {}),
    ...(input.advisories ? { advisories: input.advisories } : {}),
    ...(input.provenance.repository ? { repository: input.provenance.repository } : {}),
  });
  const { judgements, notifications } = judgeAll(input, checks, collected);
  const assembled = assemble({
    roadmap,
    judgements,
    checks: new Map(checks.map((check) => [check.id, check])),
    rules: input.rules,
    read: (path) => workspace.read(path),
    hasSource: hasSource(workspace.files),
    asOf: input.asOf,
  });
  const touched = input.touched;
  return deepFreeze({
    schema: 'hardening-audit/report/v1',
    tool: { name: 'hardening-audit', version: input.version, ruleset: input.ruleset },
    target: { name: workspace.name, ...input.provenance, ...anchorOf(workspace.files) },
    roadmap: { title: roadmap.title, hash: roadmap.hash, configHash: input.configHash },
    scope: input.scope,
    asOf: input.asOf,
    score: score(
      { start: roadmap.startScore, target: roadmap.target, phases: roadmap.phases, caps: roadmap.caps },
      assembled.scored,
    ),
    items: assembled.items,
    findings: touched ? assembled.findings.filter((finding) => touched.has(finding.path)) : assembled.findings,
    suppressed: [],
    rules: roadmap.items.flatMap((item) => ruleOf(input.rules.get(item.id)) ?? []),
    notifications: [
      ...input.notifications,
      ...workspace.notifications(),
      ...collected.notifications,
      ...notifications,
    ].sort(byPlaceAndText),
    files: {
      listed: workspace.files.length,
      read: collected.read,
      byZone: countBy(workspace.files, (file) => file.zone),
      skipped: workspace.skipped(),
      kinds: collected.kinds,
    },
  });
}

/** File that statements about the whole repository point to: a well-known one, else the first. */
function anchorOf(files: readonly SourceFile[]): { anchor?: string } {
  const known = ['README.md', 'README.rst', 'package.json', 'pyproject.toml'];
  const names = new Set(files.map((file) => file.path));
  const anchor =
    known.find((name) => names.has(name)) ?? files.find(({ path }) => !path.includes('/'))?.path ?? files[0]?.path;
  return anchor === undefined ? {} : { anchor };
}

/** Only what a report says of a rule; pages hold more. */
function ruleOf(page: RuleReport | undefined): RuleReport | undefined {
  if (!page) return undefined;
  const { id, title, severity, cwe, precision, summary, why, markdown } = page;
  return { id, title, severity, cwe, precision, summary, why, markdown };
}

function judgeAll(input: AuditInput, checks: readonly Check[], collected: Collected) {
  const zones = new Map(input.workspace.files.map((file) => [file.path, file.zone]));
  const files: FileLookup = {
    zone: (path) => zones.get(path) ?? 'production',
    blob: (path) => input.workspace.read(path)?.blob,
    shown: input.zones,
  };
  const byId = new Map(checks.map((check) => [check.id, check]));
  const known = new Set(input.checks.map((check) => check.id));
  const notifications: Notification[] = [];
  const unread = unreadLanguages(input.workspace, input.extractors);
  if (unread.length > 0 && checks.some((check) => check.needs.program !== undefined)) {
    const message = `Not analysed: ${counted(unread)}. Items about application code judge the other files alone.`;
    notifications.push({ kind: 'limit', level: 'note', message });
  }
  const judgements = input.roadmap.items.map(({ id }): Judgement => {
    const check = byId.get(id);
    if (!check)
      return unjudged(id, known.has(id) ? 'The item was not selected for this run.' : 'There is no check yet.');
    const judged = judge(check, collected.facts, input.options.get(id) ?? {}, collected.broken.get(id) ?? [], files);
    notifications.push(...judged.notifications);
    const { subjects, notAssessed } = judged.judgement;
    const words = check.needs.program;
    if (subjects.length > 0 || notAssessed !== undefined || words === undefined) return judged.judgement;
    const blind = filesWith(input.workspace, unread, words);
    return blind.length === 0
      ? judged.judgement
      : { ...judged.judgement, notAssessed: `Not analysed: ${counted(blind)} with code that this item may concern.` };
  });
  return { judgements, notifications };
}

function byPlaceAndText(a: Notification, b: Notification): number {
  return compare(a.path ?? '', b.path ?? '') || (a.line ?? 0) - (b.line ?? 0) || compare(a.message, b.message);
}

function countBy<T, K extends string>(things: readonly T[], key: (thing: T) => K): Partial<Record<K, number>> {
  const counts: Partial<Record<K, number>> = {};
  for (const thing of things) counts[key(thing)] = (counts[key(thing)] ?? 0) + 1;
  return counts;
}
