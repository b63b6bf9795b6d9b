/** Knows how judgements become the frozen report: order, regions, levels, fingerprints, masked snippets. */
import type { Check, Finding, Severity, Subject } from './check.ts';
import { Lines, type Place, type Region, type Span } from './facts/span.ts';
import { compare, type FileText, type Zone } from './facts/workspace.ts';
import { findingId, lineHashes } from './fingerprint.ts';
import type { JudgedFinding, Judgement } from './judge.ts';
import { sentences } from './message.ts';
import type { ItemReport, Level, Phase, ReportFinding, ReportPlace, RuleReport } from './report.ts';
import type { Roadmap, RoadmapItem } from './roadmap.ts';
import { schedule } from './roadmap.ts';
import { gainOf, itemValue, type ScoredItem, type Tally } from './score.ts';

/** Reads a file's text again for regions and snippets; undefined when it was never readable. */
export type Reader = (path: string) => FileText | undefined;

export interface Assembled {
  readonly items: readonly ItemReport[];
  readonly scored: readonly ScoredItem[];
  readonly findings: readonly ReportFinding[];
}

export interface AssembleInput {
  readonly roadmap: Roadmap;
  readonly judgements: readonly Judgement[];
  readonly checks: ReadonlyMap<string, Check>;
  readonly rules: ReadonlyMap<string, RuleReport>;
  readonly read: Reader;
  /** True when the tree holds source code: hygiene items then always apply. */
  readonly hasSource: boolean;
  /** ISO date on which items are overdue or not. */
  readonly asOf: string;
}

export function assemble(input: AssembleInput): Assembled {
  const text = textIndex(input.read);
  const byItem = new Map(input.judgements.map((judgement) => [judgement.item, judgement]));
  const rows = input.roadmap.items.map((item) => {
    const judgement = byItem.get(item.id)!;
    const tally = tallyOf(item, judgement, input);
    const excluded = item.expect === 'notApplicable';
    const value = excluded ? { state: 'notApplicable' as const, low: 0, high: 0 } : itemValue(tally);
    const scored: ScoredItem = { id: item.id, phase: item.phase, weight2: item.weight2, effort: item.effort, ...value };
    return { item, judgement, tally, scored };
  });
  const possible = rows.reduce((sum, { scored }) => sum + (scored.state === 'notApplicable' ? 0 : scored.weight2), 0);
  return {
    scored: rows.map((row) => row.scored),
    items: rows.map(({ item, judgement, tally, scored }) => {
      const { start, due } = schedule(item, input.roadmap.start);
      const counted = judgement.findings.filter(({ zone }) => zone === 'production');
      const reason = reasonOf(scored, judgement, tally, item);
      return {
        id: item.id,
        title: input.rules.get(item.id)?.title ?? item.title ?? item.id,
        phase: item.phase,
        weight2: item.weight2,
        state: scored.state,
        ...(reason === undefined ? {} : { reason }),
        passed: tally.passed,
        failed: tally.failed,
        unknown: tally.unknown,
        otherZones: judgement.otherZones,
        ...(judgement.measured ? { measured: judgement.measured } : {}),
        low: scored.low,
        high: scored.high,
        critical: tally.critical,
        evidence: evidenceOf(judgement.subjects, text),
        findings: counted.filter(({ finding }) => finding.confidence !== 'low').length,
        toReview: counted.filter(({ finding }) => finding.confidence === 'low').length,
        start,
        due,
        overdue: due < input.asOf && !['pass', 'attested', 'notApplicable'].includes(scored.state),
        ...(item.impact10 === undefined ? {} : { impact10: item.impact10 }),
        effort: item.effort,
        owner: item.owner,
        gain: gainOf(scored, possible),
      };
    }),
    findings: rows.flatMap(({ item, judgement }) => findingsOf(item, judgement, input, text)),
  };
}

function tallyOf(item: RoadmapItem, judgement: Judgement, input: AssembleInput): Tally {
  const count = (verdict: Subject['verdict']) =>
    judgement.subjects.filter((subject) => subject.verdict === verdict).length;
  const messages = input.checks.get(item.id)?.messages ?? {};
  return {
    passed: count('pass'),
    failed: count('fail'),
    unknown: count('unknown'),
    critical: judgement.subjects.some((subject) =>
      subject.findings?.some(
        (f) => f.confidence !== 'low' && (f.severity ?? messages[f.message]?.severity) === 'critical',
      ),
    ),
    notAssessed: judgement.notAssessed !== undefined,
    expected: item.expect === 'applicable' || (item.hygiene && input.hasSource),
    ...(judgement.measured ? { measured: judgement.measured } : {}),
  };
}

function reasonOf(scored: ScoredItem, judgement: Judgement, tally: Tally, item: RoadmapItem): string | undefined {
  if (item.expect === 'notApplicable') return 'The roadmap says that this item does not apply here.';
  if (scored.state === 'notApplicable') return `Nothing to judge; looked for: ${judgement.lookedFor}.`;
  if (scored.state !== 'notAssessed') return undefined;
  if (judgement.notAssessed !== undefined) return judgement.notAssessed;
  if (tally.unknown > 0) return judgement.subjects.find((subject) => subject.verdict === 'unknown')?.evidence;
  return `The item applies to every repository with source code, but nothing to judge was found; looked for: ${judgement.lookedFor}.`;
}

/** Up to five proofs: what is not known first, because it needs eyes, and what is to review last. */
function evidenceOf(subjects: readonly Subject[], text: TextIndex): ItemReport['evidence'] {
  return [...subjects]
    .filter((subject) => subject.verdict !== 'fail')
    .sort((a, b) => proofRank(a) - proofRank(b))
    .slice(0, 5)
    .map((subject) => ({
      ...text.place(subject.place),
      name: subject.name,
      verdict: subject.verdict === 'pass' ? 'pass' : 'unknown',
      text: subject.evidence ?? '',
    }));
}

function proofRank({ verdict, findings = [] }: Subject): number {
  if (verdict !== 'pass') return 0;
  return findings.length === 0 ? 1 : 2;
}

function findingsOf(item: RoadmapItem, judgement: Judgement, input: AssembleInput, text: TextIndex): ReportFinding[] {
  const check = input.checks.get(item.id);
  const rule = input.rules.get(item.id);
  const ordinals = new Map<string, number>();
  const findings = judgement.findings.map(({ finding, zone, copies, subjects }: JudgedFinding): ReportFinding => {
    const message = check!.messages[finding.message];
    if (!message) throw new Error(`${item.id} has no message "${finding.message}"`);
    const words = sentences(message, finding.data);
    const { path, region } = text.place(finding.place);
    // What is missing from a whole repository stands at the top of some file, whose words have nothing to do with it.
    const { start, end } = finding.place.span;
    const anchored = start === end ? '' : text.of(path)?.line(region.startLine);
    const anchor = finding.identity ?? anchored ?? '';
    const key = `${finding.message} ${path} ${anchor.replace(/\s+/g, '')}`;
    const ordinal = ordinals.get(key) ?? 0;
    ordinals.set(key, ordinal + 1);
    const severity = finding.severity ?? message.severity ?? rule?.severity ?? 'medium';
    const id = findingId(item.id, finding.message, path, anchor, ordinal);
    return {
      id,
      // Several findings may share a line, and code scanning would take them for one: those with an identity have their own.
      lineHash: finding.identity === undefined ? text.hash(path, region.startLine) : `${id.slice(0, 16)}:1`,
      item: item.id,
      message: finding.message,
      ...(message.aspect === undefined ? {} : { aspect: message.aspect }),
      phase: item.phase,
      severity,
      level: levelOf(item.phase, severity),
      confidence: finding.confidence,
      zone,
      what: words.what,
      why: words.why,
      fixHint: words.fix,
      data: finding.data,
      snippet: text.snippet(path, region, message.secret ?? false),
      path,
      region,
      related: (finding.related ?? []).map((one) => ({ ...text.place(one), text: one.text })),
      trace: (finding.trace ?? []).map((one) => ({ ...text.place(one), text: one.text })),
      ...(finding.fix ? { fix: fixOf(finding.fix, text) } : {}),
      copies,
      subjects,
    };
  });
  return findings.sort(
    (a, b) =>
      zoneOrder(a.zone) - zoneOrder(b.zone) ||
      compare(a.path, b.path) ||
      a.region.startLine - b.region.startLine ||
      a.region.startColumn - b.region.startColumn ||
      compare(a.message, b.message),
  );
}

function zoneOrder(zone: Zone): number {
  return zone === 'production' ? 0 : 1;
}

function fixOf(fix: NonNullable<Finding['fix']>, text: TextIndex): NonNullable<ReportFinding['fix']> {
  return { description: fix.description, edits: fix.edits.map((edit) => ({ ...text.place(edit), text: edit.text })) };
}

/** P0 and P1 break a build, P2 warns, P3 informs; within a phase a lower severity goes one step down. */
function levelOf(phase: Phase, severity: Severity): Level {
  if (severity === 'critical') return 'error';
  if (phase === 'P3') return 'note';
  if (severity === 'low') return phase === 'P0' ? 'warning' : 'note';
  if (phase === 'P2') return 'warning';
  return phase === 'P1' && severity === 'medium' ? 'warning' : 'error';
}

interface TextIndex {
  of(path: string): Lines | undefined;
  place(place: Place): ReportPlace;
  hash(path: string, line: number): string;
  snippet(path: string, region: Region, secret: boolean): readonly string[];
}

/** Lines and hashes of the files that findings name, each computed once. */
function textIndex(read: Reader): TextIndex {
  const lines = new Map<string, Lines | undefined>();
  const hashes = new Map<string, readonly string[]>();
  const of = (path: string): Lines | undefined => {
    if (!lines.has(path)) {
      const file = read(path);
      lines.set(path, file && new Lines(file.text));
    }
    return lines.get(path);
  };
  const regionOf = (path: string, span: Span): Region =>
    of(path)?.region(trimmed(of(path)!.text, span)) ?? { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
  return {
    of,
    place: ({ path, span }) => ({ path, region: regionOf(path, span) }),
    hash: (path, line) => {
      if (!hashes.has(path)) hashes.set(path, lineHashes(read(path)?.raw ?? ''));
      return hashes.get(path)![line - 1] ?? hashes.get(path)![0]!;
    },
    snippet: (path, region, secret) => {
      const last = Math.min(region.endLine, region.startLine + 2);
      const rows = Array.from(
        { length: last - region.startLine + 1 },
        (_, i) => of(path)?.line(region.startLine + i) ?? '',
      );
      const mask = CODE.test(path) ? masked : maskedData;
      return rows.map((row) => clipped(secret ? mask(row) : row));
    },
  };
}

/** A span without the line breaks and blanks at its end, so that a region does not run into the next line. */
function trimmed(text: string, span: Span): Span {
  let { end } = span;
  while (end > span.start && /\s/.test(text[end - 1]!)) end--;
  return { start: span.start, end };
}

/** Code, where a bare word is a name; everywhere else it is a value. */
const CODE = /\.(?:py|pyi|[cm]?[jt]sx?|vue|svelte|go|rb|php|java|kt|cs|rs|swift|scala)$/i;

/** Masks everything behind the first `:` or `=` of a line, or the whole line, keeping its length. */
function maskedData(row: string): string {
  const [head] = /^\s*(?:-\s+)?(?:export\s+)?(?:\{\s*)?(?:["']?[\w.$/ -]{1,100}["']?\s*[:=])?/.exec(row)!;
  return head + row.slice(head.length).replace(/\S/g, '*');
}

/** Masks string literals, and what stands after `=` or `: ` without quotes, keeping the length of the line. */
function masked(row: string): string {
  const quoted = row.replace(/(["'`])((?:\\.|(?!\1)[^\\])+)(\1|$)/g, (_, open: string, body: string, close: string) => {
    return open + '*'.repeat(body.length) + close;
  });
  return quoted.replace(/([=:]\s*)([^\s"'`()[\]{},*][^\s"'`()[\]{},]{5,})/g, (_, sign: string, body: string) => {
    return sign + (/^[a-z_][\w.]*$/i.test(body) && !/\d/.test(body) ? body : '*'.repeat(body.length));
  });
}

/** A snippet is for the eye: a minified line of a megabyte would help nobody. */
function clipped(row: string): string {
  return row.length > 400 ? `${row.slice(0, 400)} ...` : row;
}
