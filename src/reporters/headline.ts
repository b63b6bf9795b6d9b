/** Knows how the score, states and counts of a report are put in words. */
import type { ItemReport, Report, ReportFinding, State } from '../report.ts';
import { counted, sentences } from './plain.ts';

export const STATE_WORDS: Readonly<Record<State, string>> = {
  pass: 'done',
  partial: 'partly done',
  fail: 'open',
  notApplicable: 'not applicable',
  notAssessed: 'not assessed',
  attested: 'attested',
};

const SEVERITIES: readonly ReportFinding['severity'][] = ['critical', 'high', 'medium', 'low'];

/** Thousandths as a number with one decimal, floored: 7462 is "7.4". */
export function points(thousandths: number): string {
  const tenths = Math.floor(thousandths / 100);
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

/** Thousandths as a gain with two decimals, floored: 519 is "+0.51". */
export function gained(thousandths: number): string {
  const hundredths = Math.floor(thousandths / 10);
  return `+${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`;
}

/** "6.6 (up to 7.6: 2 items not assessed)"; for a partial scan that there is no score. */
export function headline(report: Report): string {
  if (report.scope !== 'full') return `no score: ${scopeWords(report)}`;
  const { score, high } = report.score;
  const items = report.items.filter((item) => item.state === 'notAssessed').length;
  const subjects = report.items.reduce((sum, item) => sum + item.unknown, 0);
  const open = items > 0 ? counted(items, 'item') : counted(subjects, 'subject');
  const why = items === 0 && subjects === 0 ? '' : `${open} not assessed`;
  if (points(high) === points(score)) return why === '' ? points(score) : `${points(score)} (${why})`;
  return `${points(score)} (up to ${points(high)}${why && `: ${why}`})`;
}

/** Sentence on the distance to the target. */
export function distance({ score }: Report): string {
  if (score.targetMet && score.targetMetBy === 'phases') {
    return `The target of ${points(score.target)} counts as reached: every applicable P0 and P1 item is done.`;
  }
  if (score.targetMet) return `The target of ${points(score.target)} is reached.`;
  return `${points(Math.ceil((score.target - score.score) / 100) * 100)} below the target of ${points(score.target)}.`;
}

/** Sentences on what limits or qualifies the score: caps, and a roadmap that hardly applies. */
export function qualifications({ score }: Report): string[] {
  const caps = score.caps.map((cap) => `Capped at ${points(cap.limit)}. ${sentences(cap.reason)}`);
  if (score.total === 0 || score.possible * 2 >= score.total) return caps;
  return [
    ...caps,
    `It covers ${Math.floor((100 * score.possible) / score.total)} % of the roadmap; the rest does not apply.`,
  ];
}

/** Sentence on what changed since the baseline, or undefined without one. */
export function comparisonWords({ comparison, scope }: Report): string | undefined {
  if (!comparison) return undefined;
  const { added, fixed, unchanged, delta, comparable, commit } = comparison;
  const sign = delta < 0 ? '-' : '+';
  const change = scope === 'full' ? `${sign}${gained(Math.abs(delta)).slice(1)} points, ` : '';
  const reason = comparable
    ? ''
    : ' Rules, roadmap, configuration or scope differ too, so the change is not of the code alone.';
  const since = commit === undefined ? 'since the baseline' : `since ${commit.slice(0, 7)}`;
  return `${change}${added.length} new, ${fixed.length} fixed, ${unchanged} unchanged ${since}.${reason}`;
}

/** "2 errors, 3 warnings", or undefined when there are none; notes are not counted. */
export function messageWords({ notifications }: Report): string | undefined {
  const count = (level: string) => notifications.filter((entry) => entry.level === level).length;
  const words = [
    ...(count('error') > 0 ? [counted(count('error'), 'error')] : []),
    ...(count('warning') > 0 ? [counted(count('warning'), 'warning')] : []),
  ];
  return words.length > 0 ? words.join(', ') : undefined;
}

export function scopeWords({ scope }: Report): string {
  const words: Readonly<Record<Report['scope'], string>> = {
    full: 'the whole tree was judged',
    staged: 'only staged files were judged',
    changed: 'only changed files were judged',
    subset: 'only some items were judged',
  };
  return words[scope];
}

/** "4 of 6 pass", "18.50 % of 25.00 %", or what else there is to say in a few words. */
export function share(item: ItemReport): string {
  if (item.measured) return measuredWords(item.measured);
  const total = item.passed + item.failed + item.unknown;
  if (total === 0) return item.state === 'notApplicable' ? 'nothing of the kind here' : 'no subject';
  const unknown = item.unknown > 0 ? `, ${item.unknown} unknown` : '';
  return `${item.passed} of ${total} ${total === 1 && item.passed === 1 ? 'passes' : 'pass'}${unknown}`;
}

/** State, share and what else decides them: "open by a critical finding, 3 of 4 pass, overdue since 2026-01-21". */
export function standing(item: ItemReport): string {
  const critical = item.critical && item.state === 'fail' && item.passed > 0 ? ' by a critical finding' : '';
  return `${STATE_WORDS[item.state]}${critical}, ${share(item)}${item.overdue ? `, overdue since ${item.due}` : ''}`;
}

function measuredWords({ value, target, unit }: NonNullable<ItemReport['measured']>): string {
  if (!/^hundredths? of a percent$/.test(unit)) return `${value} of ${target} ${unit}`;
  const percent = (number: number) => `${Math.floor(number / 100)}.${String(number % 100).padStart(2, '0')} %`;
  return `${percent(value)}, target ${percent(target)}`;
}

/** "4 done, 2 partly, 2 open, 1 not assessed, 1 not applicable" without the zeros. */
export function phaseWords(phase: Report['score']['phases'][number]): string {
  const parts: readonly [number, string][] = [
    [phase.done, 'done'],
    [phase.partial, 'partly'],
    [phase.open, 'open'],
    [phase.notAssessed, 'not assessed'],
    [phase.notApplicable, 'not applicable'],
  ];
  return parts.flatMap(([count, word]) => (count > 0 ? [`${count} ${word}`] : [])).join(', ') || 'no items';
}

/** "3 critical, 1 high" in order of severity; findings to review are counted apart. */
export function findingWords(findings: readonly ReportFinding[]): string {
  const sure = findings.filter((finding) => finding.confidence !== 'low');
  const counts = SEVERITIES.flatMap((severity) => {
    const count = sure.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  const review = findings.length - sure.length;
  return [...counts, ...(review > 0 ? [`${review} to review`] : [])].join(', ') || 'none';
}

/** "1 false positive, 1 accepted risk", or undefined when nothing is suppressed. */
export function suppressedWords({ suppressed }: Report): string | undefined {
  const count = (kind: string) => suppressed.filter((entry) => entry.kind === kind).length;
  const parts: readonly [number, string][] = [
    [count('falsePositive'), 'false positive'],
    [count('acceptedRisk'), 'accepted risk'],
    [count('temporary'), 'temporary exception'],
  ];
  const words = parts.flatMap(([number, noun]) => (number > 0 ? [counted(number, noun)] : []));
  return words.length > 0 ? words.join(', ') : undefined;
}

/** Worst first: counted before to review, then by severity; otherwise the order stays. */
export function worstFirst(findings: readonly ReportFinding[]): ReportFinding[] {
  const rank = (finding: ReportFinding) =>
    (finding.confidence === 'low' ? SEVERITIES.length : 0) + SEVERITIES.indexOf(finding.severity);
  return [...findings].sort((a, b) => rank(a) - rank(b));
}
