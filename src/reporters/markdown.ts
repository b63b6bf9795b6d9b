/** Knows the report as Markdown for a step summary or a comment: short, and safe from what file names and code contain. */
import type { Report, ReportFinding, ReportPlace } from '../report.ts';
import {
  comparisonWords,
  distance,
  findingWords,
  gained,
  headline,
  points,
  qualifications,
  standing,
  suppressedWords,
  worstFirst,
} from './headline.ts';
import { clip, counted, safe, sentences } from './plain.ts';
import type { Reporter } from './reporter.ts';

const MAX_FINDINGS = 50;
const MAX_NOTIFICATIONS = 20;
const MAX_TEXT = 600;
/** GitHub drops a summary of a mebibyte; a comment holds 65,536 characters. */
const MAX_LENGTH = 60_000;
const BAR = 10;

export const markdown: Reporter = (report) => {
  const top = [title(report), phases(report), next(report), unassessed(report)].filter((part) => part !== '');
  const bottom = [notes(report)].filter((part) => part !== '');
  const used = [...top, ...bottom].reduce((sum, part) => sum + part.length + 2, 0);
  return `${[...top, ...findings(report, MAX_LENGTH - used), ...bottom].join('\n\n')}\n`;
};

function title(report: Report): string {
  const lines = [`# Hardening audit: ${text(headline(report))}${report.scope === 'full' ? ' of 10' : ''}`];
  if (report.scope === 'full')
    lines.push([distance(report), ...qualifications(report), comparisonWords(report) ?? ''].map(text).join(' ').trim());
  const suppressed = suppressedWords(report);
  lines.push(
    `Findings: ${findingWords(report.findings)}${suppressed === undefined ? '' : `; suppressed: ${suppressed}`}.`,
  );
  return lines.join('\n\n');
}

function phases(report: Report): string {
  const rows = report.score.phases.map((entry) => {
    const filled = entry.possible === 0 ? 0 : Math.floor((entry.got * BAR) / (entry.possible * 1_000_000));
    const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
    const numbers = [entry.done, entry.partial, entry.open, entry.notAssessed, entry.notApplicable];
    return `| ${entry.phase} ${text(entry.title)} | ${bar} | ${numbers.join(' | ')} |`;
  });
  return [
    '| Phase | Progress | Done | Partly | Open | Not assessed | Not applicable |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

function next(report: Report): string {
  if (report.scope !== 'full' || report.score.next.length === 0) return '';
  const items = new Map(report.items.map((item) => [item.id, item]));
  const rows = report.score.next.map(({ item: id, gain, effort }) => {
    const item = items.get(id);
    return `| ${text(id)} | ${item ? text(standing(item)) : ''} | ${gained(gain)} | ${effort} h | ${text(item?.owner ?? '')} |`;
  });
  return [
    `## Next best steps to ${points(report.score.target)}`,
    ['| Item | State | Points | Effort | Owner |', '| --- | --- | ---: | ---: | --- |', ...rows].join('\n'),
  ].join('\n\n');
}

function unassessed(report: Report): string {
  const items = report.items.filter((item) => item.state === 'notAssessed');
  if (items.length === 0) return '';
  return [
    '## Not assessed',
    items.map((item) => `- ${text(item.id)}: ${text(sentences(item.reason ?? ''))}`).join('\n'),
  ].join('\n\n');
}

/** As many of the worst findings as there is room for. */
function findings(report: Report, room: number): string[] {
  const sorted = worstFirst(report.findings);
  const parts: string[] = [];
  let left = room - 200;
  for (const finding of sorted.slice(0, MAX_FINDINGS)) {
    const part = details(finding);
    left -= part.length + 2;
    if (left < 0) break;
    parts.push(part);
  }
  if (sorted.length === 0) return ['## Findings', 'There are none.'];
  const more = sorted.length - parts.length;
  return [
    '## Findings',
    ...parts,
    ...(more > 0 ? [`${counted(more, 'more finding')}: see the SARIF or JSON report.`] : []),
  ];
}

function details(finding: ReportFinding): string {
  const review = finding.confidence === 'low' ? ', to review' : '';
  const others = [...finding.trace, ...finding.related]
    .slice(0, 10)
    .map((place) => `- ${code(where(place))} ${text(clip(place.text, MAX_TEXT))}`);
  const copies = finding.copies.length > 0 ? [`Also in ${counted(finding.copies.length, 'identical file')}.`] : [];
  return [
    `<details><summary><b>${html(finding.severity)}${review}</b> ${html(finding.item)}: <code>${html(where(finding))}</code></summary>`,
    text(clip(sentences(finding.what), MAX_TEXT)),
    text(clip(sentences(finding.why), MAX_TEXT)),
    text(clip(sentences(finding.fixHint), MAX_TEXT)),
    ...(others.length > 0 ? [others.join('\n')] : []),
    ...copies,
    '</details>',
  ].join('\n\n');
}

function notes(report: Report): string {
  const { notifications, files } = report;
  const lines = notifications.slice(0, MAX_NOTIFICATIONS).map((entry) => {
    const place =
      entry.path === undefined
        ? ''
        : `${code(clip(safe(entry.path), 200))}${entry.line === undefined ? '' : ` line ${entry.line}`}: `;
    return `- ${entry.level}: ${place}${text(clip(sentences(entry.message), MAX_TEXT))}`;
  });
  const more = notifications.length - lines.length;
  if (more > 0) lines.push(`- and ${counted(more, 'more message', 'more messages')}`);
  const { tool, roadmap, target, asOf } = report;
  const commit = target.commit === undefined ? '' : `, commit ${target.commit.slice(0, 12)}`;
  const made = `${counted(files.read, 'file')} read of ${files.listed}. ${tool.name} ${tool.version}, ${text(roadmap.title)}, as of ${asOf}${commit}.`;
  return [...(lines.length > 0 ? ['## Messages', lines.join('\n')] : []), made].join('\n\n');
}

function where(place: ReportPlace): string {
  return clip(safe(`${place.path}:${place.region.startLine}`), 300);
}

/** Text in which nothing is markup, a link, a mention, a table cell's end or a control character. */
function text(value: string): string {
  return html(safe(value))
    .replace(/[\\`*_{}[\]#|~]/g, '\\$&')
    .replace(/\\`(?!\s)([^`]*[^`\\\s])\\`/g, '<code>$1</code>')
    .replace(/^(\s*)([-+])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/@/g, '&#64;')
    .replace(/\b(https?|ftp):/gi, '$1&#58;')
    .replace(/\b(www)\./gi, '$1&#46;');
}

/** Code span; a fence longer than any run of backticks inside. */
function code(value: string): string {
  const longest = Math.max(0, ...[...value.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${value.replaceAll('|', '\\|')}${pad}${fence}`;
}

function html(value: string): string {
  return value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
