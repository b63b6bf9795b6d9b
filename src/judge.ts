/** Knows how to run the checks safely and how their answers become production subjects and folded findings. */
import type { Assessment, Check, Finding, Options, Subject } from './check.ts';
import type { BrokenFile } from './facts/collect.ts';
import type { Facts } from './facts/facts.ts';
import type { Place } from './facts/span.ts';
import { compare, type Zone } from './facts/workspace.ts';
import type { Notification } from './problem.ts';

/** One cause with everything that identical files add to it. */
export interface JudgedFinding {
  readonly finding: Finding;
  readonly zone: Zone;
  /** Paths of byte-identical files with the same finding, sorted. */
  readonly copies: readonly string[];
  /** How many subjects this cause makes fail, copies counted once. */
  readonly subjects: number;
}

/** The answer to one item, zones and copies sorted out. */
export interface Judgement {
  readonly item: string;
  /** Production subjects, byte-identical copies folded, ordered by path and offset. */
  readonly subjects: readonly Subject[];
  /** Production findings, then those of other zones that were asked for; ordered by path and offset. */
  readonly findings: readonly JudgedFinding[];
  readonly otherZones: Readonly<Partial<Record<Zone, number>>>;
  readonly lookedFor: string;
  readonly notAssessed?: string;
  readonly measured?: NonNullable<Assessment['measured']>;
}

/** What the engine knows of files; both are functions of the path. */
export interface FileLookup {
  readonly zone: (path: string) => Zone;
  /** Content identity, undefined when the file was not read. */
  readonly blob: (path: string) => string | undefined;
  /** Zones whose findings are shown beside production's. */
  readonly shown: ReadonlySet<Zone>;
}

/** Runs one check. A crash becomes `notAssessed` and a notification that names the check. */
export function judge(
  check: Check,
  facts: Facts,
  options: Options,
  broken: readonly BrokenFile[],
  files: FileLookup,
): { judgement: Judgement; notifications: readonly Notification[] } {
  let assessment: Assessment;
  try {
    assessment = check.assess(facts, options);
  } catch (error) {
    const reason = `the check crashed: ${(error as Error).message}`;
    return {
      judgement: { item: check.id, subjects: [], findings: [], otherZones: {}, lookedFor: '', notAssessed: reason },
      notifications: [
        {
          kind: 'crash',
          level: 'error',
          item: check.id,
          message: `The check ${check.id} failed (${(error as Error).message}); the item is not assessed. Please report this with the file that causes it.`,
        },
      ],
    };
  }
  const unread = broken.map(({ path, kind, reason }): Subject => {
    const evidence = `The file could not be read as ${kind}: ${reason}`;
    return { name: path, place: { path, span: { start: 0, end: 0 } }, verdict: 'unknown', evidence };
  });
  return { judgement: sortOut(check.id, assessment, unread, files), notifications: [] };
}

/** An item that no check judges. */
export function unjudged(item: string, reason: string): Judgement {
  return { item, subjects: [], findings: [], otherZones: {}, lookedFor: '', notAssessed: reason };
}

function sortOut(item: string, assessment: Assessment, unread: readonly Subject[], files: FileLookup): Judgement {
  const judged = new Set(assessment.subjects.map((subject) => subject.place.path));
  const all = [...assessment.subjects, ...unread.filter((subject) => !judged.has(subject.place.path))].map(reviewed);
  const production = fold(
    all.filter((subject) => files.zone(subject.place.path) === 'production'),
    (subject) => `${placeKey(subject.place, files)} ${subject.verdict} ${messagesOf(subject)}`,
    (subject) => subject.place,
  ).map(([subject]) => subject);
  const otherZones: Partial<Record<Zone, number>> = {};
  const shown = new Map<Finding, Subject[]>();
  for (const subject of all) {
    const zone = files.zone(subject.place.path);
    if (zone !== 'production') otherZones[zone] = (otherZones[zone] ?? 0) + 1;
    if (zone !== 'production' && !files.shown.has(zone)) continue;
    for (const finding of subject.findings ?? []) shown.set(finding, [...(shown.get(finding) ?? []), subject]);
  }
  const kept = new Set(production);
  const findings = fold(
    [...shown.keys()],
    (finding) => `${placeKey(finding.place, files)} ${finding.message} ${JSON.stringify(finding.data)}`,
    (finding) => finding.place,
  ).map(([finding, copies]) => ({
    finding,
    zone: files.zone(finding.place.path),
    copies: [...new Set(copies.map((copy) => copy.place.path))]
      .filter((path) => path !== finding.place.path)
      .sort(compare),
    subjects: [finding, ...copies].flatMap((one) => shown.get(one)!).filter((subject) => kept.has(subject)).length,
  }));
  return {
    item,
    subjects: production.sort((a, b) => byPlace(a.place, b.place)),
    findings: findings.sort((a, b) => byZone(a.zone, b.zone) || byPlace(a.finding.place, b.finding.place)),
    otherZones,
    lookedFor: assessment.lookedFor,
    ...(assessment.notAssessed === undefined ? {} : { notAssessed: assessment.notAssessed }),
    ...(assessment.measured === undefined ? {} : { measured: assessment.measured }),
  };
}

const TO_REVIEW = 'counts as passed: its finding is to review';

/** A subject that fails only by findings to review counts as passed. */
function reviewed(subject: Subject): Subject {
  const findings = subject.findings ?? [];
  const toReview = findings.length > 0 && findings.every((finding) => finding.confidence === 'low');
  return subject.verdict === 'fail' && toReview ? { ...subject, verdict: 'pass', evidence: TO_REVIEW } : subject;
}

/** Groups equal things; the first of each group by canonical path stands for it. Returns [representative, others]. */
function fold<T>(things: readonly T[], key: (thing: T) => string, place: (thing: T) => Place): [T, T[]][] {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const k = key(thing);
    const group = groups.get(k);
    if (group) group.push(thing);
    else groups.set(k, [thing]);
  }
  return [...groups.values()].map((group) => {
    const [first, ...others] = group.sort((a, b) => byDepth(place(a).path, place(b).path));
    return [first!, others];
  });
}

/** Same content and offsets, or the same file and offsets when the content is not known. */
function placeKey(place: Place, files: FileLookup): string {
  const zone = files.zone(place.path);
  return `${zone} ${files.blob(place.path) ?? place.path} ${place.span.start}-${place.span.end}`;
}

function messagesOf(subject: Subject): string {
  return (
    (subject.findings ?? []).map((finding) => `${finding.message}@${finding.place.span.start}`).join(' ') ||
    subject.name
  );
}

/** The canonical one of several copies is the least nested path. */
function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || compare(a, b);
}

function byZone(a: Zone, b: Zone): number {
  return Number(a !== 'production') - Number(b !== 'production') || compare(a, b);
}

function byPlace(a: Place, b: Place): number {
  return compare(a.path, b.path) || a.span.start - b.span.start || a.span.end - b.span.end;
}
