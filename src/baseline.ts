/** Knows how to compare a report with an earlier one: what is new, what is fixed, how the score changed. */
import { UserError } from './problem.ts';
import type { Comparison, Report } from './report.ts';

/** Reads an earlier JSON report. Throws UserError when the text is not one. */
export function parseBaseline(text: string, fileName: string): Report {
  let value: Report;
  try {
    value = JSON.parse(text) as Report;
  } catch (error) {
    throw new UserError(
      `${fileName} is not JSON: ${(error as Error).message}`,
      'Give a report written with "-f json=FILE".',
    );
  }
  if (value?.schema !== 'hardening-audit/report/v1' || !Array.isArray(value.findings)) {
    throw new UserError(`${fileName} is not a report of this program.`, 'Give a report written with "-f json=FILE".');
  }
  return value;
}

/** Findings match by their stable id; the scores are comparable only when model, rules, roadmap and configuration agree. */
export function compareReports(before: Report, after: Report): Comparison {
  const ids = (report: Report) => new Set(report.findings.map((finding) => finding.id));
  const [old, now] = [ids(before), ids(after)];
  const comparable =
    before.tool.ruleset === after.tool.ruleset &&
    before.roadmap.hash === after.roadmap.hash &&
    before.roadmap.configHash === after.roadmap.configHash &&
    before.scope === 'full' &&
    after.scope === 'full';
  return {
    ...(before.target.commit === undefined ? {} : { commit: before.target.commit }),
    added: after.findings.filter((finding) => !old.has(finding.id)).map((finding) => finding.id),
    fixed: before.findings
      .filter((finding) => !now.has(finding.id))
      .map(({ id, item, path, what }) => ({ id, item, path, what })),
    unchanged: after.findings.filter((finding) => old.has(finding.id)).length,
    delta: after.score.score - before.score.score,
    comparable,
  };
}
