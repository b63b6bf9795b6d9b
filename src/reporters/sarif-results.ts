/** Knows how a finding, and the state of a roadmap item, become SARIF results. */
import type { CodeFlow, Fix, Location, PhysicalLocation, Region, Result } from 'sarif';
import { findingId } from '../fingerprint.ts';
import type { ItemReport, Level, Report, ReportFinding, ReportFix, ReportPlace, SuppressionReport } from '../report.ts';
import { clip, counted, safe, sentences, wellFormed } from './plain.ts';
import { lowered, type Rules, reviewRule, STATE_RULE } from './sarif-rules.ts';

const MAX_STEPS = 50;

/** Repository-relative URI: every segment percent-encoded, so `#`, `%`, a colon or a space is part of the name. */
export function uriOf(path: string): string {
  return wellFormed(path).split('/').map(encodeURIComponent).join('/');
}

export function physical(place: ReportPlace): PhysicalLocation {
  const { startLine, startColumn, endLine, endColumn } = place.region;
  return {
    artifactLocation: { uri: uriOf(place.path), uriBaseId: 'SRCROOT' },
    region: { startLine, startColumn, endLine, endColumn },
  };
}

/** A finding as a result; findings with low confidence are to review and carry no level. */
export function resultOf(
  finding: ReportFinding,
  rules: Rules,
  maxLevel: Level | undefined,
  maxRelated: number,
): Result {
  const review = finding.confidence === 'low';
  const ruleId = review ? reviewRule(finding.item) : finding.item;
  const ruleIndex = rules.index.get(ruleId);
  const rule = ruleIndex === undefined ? undefined : rules.rules[ruleIndex];
  const location = physical(finding);
  const text = snippetOf(finding);
  if (text !== undefined) location.region!.snippet = { text };
  const [source] = finding.trace;
  const related = relatedOf(finding, maxRelated);
  return {
    ruleId,
    ...(ruleIndex !== undefined && { ruleIndex }),
    kind: review ? 'review' : 'fail',
    level: review ? 'none' : lowered(finding.level, maxLevel),
    message: {
      text: [
        unlinked(sentences(finding.what)),
        ...(source === undefined ? [] : [`The data starts at [${label(source.text)}](1).`]),
        unlinked(sentences(finding.why, finding.fixHint)),
      ].join(' '),
    },
    locations: [{ physicalLocation: location }],
    partialFingerprints: { 'hardeningAudit/v1': finding.id, primaryLocationLineHash: finding.lineHash },
    ...(related.length > 0 && { relatedLocations: related }),
    ...(finding.trace.length > 0 && { codeFlows: [codeFlow(finding.trace)] }),
    ...(finding.fix && finding.fix.edits.length > 0 && { fixes: [fixOf(finding.fix)] }),
    ...(rule?.relationships && { taxa: rule.relationships.map((relationship) => relationship.target) }),
    properties: {
      item: finding.item,
      ...(finding.aspect !== undefined && { aspect: finding.aspect }),
      confidence: finding.confidence,
      message: finding.message,
      phase: finding.phase,
      severity: finding.severity,
      subjects: finding.subjects,
      zone: finding.zone,
      ...packageOf(finding),
    },
  };
}

export function suppressedResult(
  entry: SuppressionReport,
  rules: Rules,
  maxLevel: Level | undefined,
  maxRelated: number,
): Result {
  return {
    ...resultOf(entry.finding, rules, maxLevel, maxRelated),
    suppressions: [
      {
        kind: entry.source ?? 'external',
        status: 'accepted',
        justification: safe(entry.reason),
        properties: { expires: entry.expires, kind: entry.kind },
      },
    ],
  };
}

/**
 * Where a roadmap item stands. Passed and not applicable items are results of their own rule; the others are under the
 * rule of states, so that whoever counts the results of an item counts places and not summaries.
 */
export function stateResult(item: ItemReport, report: Report, rules: Rules): Result {
  const proven = item.state === 'pass' || item.state === 'notApplicable';
  const kinds = { pass: 'pass', notApplicable: 'notApplicable', notAssessed: 'open' } as const;
  const ruleId = proven ? item.id : STATE_RULE;
  const start: ReportPlace['region'] = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
  const place = item.evidence[0] ?? { path: report.target.anchor ?? 'README.md', region: start };
  return {
    ruleId,
    ruleIndex: rules.index.get(ruleId)!,
    kind: item.state in kinds ? kinds[item.state as keyof typeof kinds] : 'informational',
    level: 'none',
    message: { text: unlinked(stateText(item)) },
    locations: [{ physicalLocation: physical(place) }],
    partialFingerprints: { 'hardeningAudit/v1': findingId(item.id, 'state', '', '', 0) },
    properties: {
      ...(proven ? { item: item.id } : { roadmapItem: item.id }),
      failed: item.failed,
      passed: item.passed,
      phase: item.phase,
      state: item.state,
      unknown: item.unknown,
    },
  };
}

function stateText(item: ItemReport): string {
  const total = item.passed + item.failed + item.unknown;
  const share = `${item.passed} of ${counted(total, 'subject')} ${item.passed === 1 ? 'passes' : 'pass'}`;
  const words: Readonly<Record<ItemReport['state'], string>> = {
    pass: `'${item.id}' is done: ${share}`,
    partial: `'${item.id}' is partly done: ${share}`,
    fail: `'${item.id}' is open: ${share}`,
    attested: `'${item.id}' is attested`,
    notApplicable: `'${item.id}' does not apply`,
    notAssessed: `'${item.id}' could not be judged`,
  };
  return sentences(words[item.state], item.reason ?? '');
}

/** Source first, so that the message can point to it as number 1. */
function relatedOf(finding: ReportFinding, limit: number): Location[] {
  const places = [
    ...finding.trace.slice(0, 1),
    ...finding.related,
    ...finding.copies.map((path) => ({ path, region: finding.region, text: 'The same finding in an identical file' })),
  ];
  return places.slice(0, limit).map((place, index) => ({
    id: index + 1,
    physicalLocation: physical(place),
    message: { text: unlinked(sentences(place.text)) },
  }));
}

function codeFlow(trace: ReportFinding['trace']): CodeFlow {
  // The ends tell most: of a longer flow the middle is left out.
  const steps = trace.length <= MAX_STEPS ? trace : [...trace.slice(0, MAX_STEPS - 1), trace.at(-1)!];
  return {
    threadFlows: [
      {
        locations: steps.map((step, index) => {
          const last = index === steps.length - 1;
          return {
            location: { physicalLocation: physical(step), message: { text: unlinked(sentences(step.text)) } },
            kinds: last ? ['sink'] : index === 0 ? ['source', 'taint'] : ['taint'],
            executionOrder: index + 1,
            importance: last || index === 0 ? 'essential' : 'important',
          };
        }),
      },
    ],
  };
}

function fixOf(fix: ReportFix): Fix {
  const paths = [...new Set(fix.edits.map((edit) => edit.path))];
  return {
    description: { text: sentences(fix.description) },
    artifactChanges: paths.map((path) => ({
      artifactLocation: { uri: uriOf(path), uriBaseId: 'SRCROOT' },
      replacements: fix.edits
        .filter((edit) => edit.path === path)
        .map((edit) => ({ deletedRegion: physical(edit).region as Region, insertedContent: { text: edit.text } })),
    })),
  };
}

/** Exact text of the region, when the report holds all its lines. */
function snippetOf({ snippet, region }: ReportFinding): string | undefined {
  const span = region.endLine - region.startLine + 1;
  if (snippet.length < span || (span === 1 && region.endColumn <= region.startColumn)) return undefined;
  const lines = snippet.slice(0, span);
  // A long line is cut in the report; a part of it would not be the region's text.
  if (lines.some((line) => line.endsWith(' ...')) || lines[span - 1]!.length < region.endColumn - 1) return undefined;
  lines[span - 1] = lines[span - 1]!.slice(0, region.endColumn - 1);
  lines[0] = lines[0]!.slice(region.startColumn - 1);
  return wellFormed(lines.join('\n')) || undefined;
}

/** The package a finding is about, for consumers that match it with advisories. */
function packageOf({ data = {} }: ReportFinding): Record<string, unknown> {
  const { package: name, version, advisories } = data;
  return {
    ...(name !== undefined && { package: name }),
    ...(version !== undefined && { version }),
    ...(advisories !== undefined && {
      advisories: String(advisories)
        .split(/[,\s]+/)
        .filter(Boolean),
    }),
  };
}

/** SARIF messages turn `[text](target)` into links; names from scanned files must not. */
function unlinked(text: string): string {
  return text.replaceAll('](', '] (');
}

function label(text: string): string {
  return (
    clip(
      safe(text)
        .replace(/[[\]\\]/g, ' ')
        .trim(),
      80,
    ) || 'the source'
  );
}
