/** Knows the report as annotations of a GitHub Actions job: workflow commands, the worst first. */
import type { Level, ReportFinding } from '../report.ts';
import { headline, worstFirst } from './headline.ts';
import { safe, sentences } from './plain.ts';
import type { Reporter } from './reporter.ts';

/** GitHub shows ten annotations of each command a step and drops the rest without a word. */
const MAX_EACH = 10;
const COMMANDS: Readonly<Record<Level, string>> = { error: 'error', warning: 'warning', note: 'notice' };
const LEVELS: readonly Level[] = ['error', 'warning', 'note'];

/** One workflow command a line; what is left out and the score are said in a last notice. */
export const github: Reporter = (report) => {
  const findings = worstFirst(report.findings).filter((finding) => finding.confidence !== 'low');
  const groups = LEVELS.map((level) => {
    const own = findings.filter((finding) => finding.level === level);
    // One notice is kept for the summary.
    return { own, shown: own.slice(0, level === 'note' ? MAX_EACH - 1 : MAX_EACH) };
  });
  const left = groups.reduce((sum, { own, shown }) => sum + own.length - shown.length, 0);
  const more = left > 0 ? ` ${left} more findings are in the report.` : '';
  const score = report.scope === 'full' ? `Score ${headline(report)} of 10.` : `There is ${headline(report)}.`;
  const lines = [
    ...groups.flatMap(({ shown }) => shown.map(annotation)),
    `::notice title=${property('Hardening audit')}::${message(score + more)}`,
  ];
  return `${lines.join('\n')}\n`;
};

function annotation(finding: ReportFinding): string {
  const { startLine, startColumn, endLine, endColumn } = finding.region;
  // Columns are only valid within one line.
  const columns = startLine === endLine ? `,col=${startColumn},endColumn=${endColumn}` : '';
  const place = `file=${property(finding.path)},line=${startLine},endLine=${endLine}${columns}`;
  const title = property(`${finding.severity}: ${finding.item}`);
  return `::${COMMANDS[finding.level]} ${place},title=${title}::${message(sentences(finding.what, finding.why, finding.fixHint))}`;
}

function message(text: string): string {
  return safe(text).replace(/%/g, '%25');
}

function property(text: string): string {
  return message(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
