/** Knows the default report: findings by item, then where the roadmap stands and what to do next. */
import type { ItemReport, Phase, Report, ReportFinding } from '../report.ts';
import {
  comparisonWords,
  distance,
  findingWords,
  gained,
  headline,
  messageWords,
  phaseWords,
  points,
  qualifications,
  scopeWords,
  standing,
  suppressedWords,
  worstFirst,
} from './headline.ts';
import { columns, counted, safe } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { fullFinding, shortFinding } from './terminal-finding.ts';
import { padded, rootPrefix, type Style, styleOf } from './terminal-style.ts';

const FULL_PER_ITEM = 2;
const SHORT_PER_ITEM = 3;

/** Text for a person; `color`, `width`, `ascii`, `verbose` and `root` are honoured. */
export const terminal: Reporter = (report, options = {}) => {
  const style = styleOf(options);
  const blocks = [
    header(report, style),
    ...findings(report, style, options.verbose === true, rootPrefix(options.root)),
    roadmap(report, style, options.verbose === true),
    unassessed(report, style),
    next(report, style),
    footer(report, style),
    score(report, style),
  ];
  const text = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
  return `${text.replace(/[ \t]+$/gm, '')}\n`;
};

function header({ tool, target, roadmap: plan, asOf }: Report, style: Style): string[] {
  const commit = target.commit === undefined ? '' : ` ${target.commit.slice(0, 7)}`;
  const where = `${safe(target.name)}${target.branch === undefined ? '' : ` on ${safe(target.branch)}`}${commit}`;
  const name = ` ${tool.name} ${tool.version}`;
  const together = columns(name) + 2 + columns(where) <= style.width;
  return [
    `${style.paint('bold', name)}${together ? `  ${where}` : ''}`,
    ...(together ? [] : style.paragraph(where, 1)),
    ...style.paragraph(`${safe(plan.title)}, as of ${asOf}`, 1),
  ];
}

function findings(report: Report, style: Style, verbose: boolean, root: string): string[][] {
  const blocks: string[][] = [];
  let phase: Phase | undefined;
  for (const item of report.items) {
    const own = worstFirst(report.findings.filter((finding) => finding.item === item.id));
    if (own.length === 0) continue;
    if (item.phase !== phase) {
      phase = item.phase;
      const title = report.score.phases.find((entry) => entry.phase === phase)?.title ?? '';
      blocks.push([heading(`${phase} ${safe(title)}`, style)]);
    }
    blocks.push(itemHeading(item, style), ...itemFindings(own, style, verbose, root));
  }
  return blocks;
}

function heading(text: string, style: Style): string {
  const line = style.rule.repeat(Math.max(2, style.width - columns(text) - 4));
  return `${style.paint('dim', style.rule)} ${style.paint('bold', text)} ${style.paint('dim', line)}`;
}

function itemHeading(item: ItemReport, style: Style): string[] {
  const state = standing(item);
  const head = ` ${style.state(item.state)} ${style.paint('bold', safe(item.id))}  ${safe(item.title)}`;
  const gap = style.width - columns(` x ${safe(item.id)}  ${safe(item.title)}`) - columns(state);
  return gap >= 2
    ? [head + ' '.repeat(gap) + style.paint('dim', state)]
    : [head, ...style.paragraph(state, 3).map((line) => style.paint('dim', line))];
}

/** The first of each kind in full, some more in short, the rest as a number; what is to review is never in full. */
function itemFindings(own: readonly ReportFinding[], style: Style, verbose: boolean, root: string): string[][] {
  if (verbose) return own.map((finding) => fullFinding(finding, style, root));
  const kinds = new Set<string>();
  const full = own.filter(
    ({ message, confidence }) =>
      confidence !== 'low' && kinds.size < FULL_PER_ITEM && !kinds.has(message) && kinds.add(message),
  );
  const others = own.filter((finding) => !full.includes(finding));
  const short = others.slice(0, others.length === SHORT_PER_ITEM + 1 ? others.length : SHORT_PER_ITEM);
  const left = others.length - short.length;
  const lines = short.flatMap((finding) => shortFinding(finding, style, root));
  if (left > 0) lines.push(`   ${style.paint('dim', `${style.ellipsis} and ${left} more; -v shows all`)}`);
  return [...full.map((finding) => fullFinding(finding, style, root)), ...(lines.length > 0 ? [lines] : [])];
}

/** A bar for each phase; with `verbose` also its items. */
function roadmap(report: Report, style: Style, verbose: boolean): string[] {
  const { phases } = report.score;
  const counts = ['done', 'partial', 'open', 'notAssessed', 'notApplicable'] as const;
  const heads = ['done', 'partly', 'open', 'unknown', 'n/a'];
  const table = style.width >= 62;
  const widest = Math.max(0, ...phases.map((entry) => columns(safe(entry.title))));
  const title = widest <= style.width - 66 ? widest : 0;
  const size = Math.min(24, style.width - (table ? 48 : 14) - (title > 0 ? title + 2 : 0));
  const start = 4 + (title > 0 ? title + 2 : 0);
  const lines = [heading('Roadmap', style)];
  if (table) lines.push(' '.repeat(start + size + 7) + style.paint('dim', heads.map((head) => `  ${head}`).join('')));
  for (const entry of phases) {
    const percent = entry.possible === 0 ? '' : `${Math.floor(entry.got / (entry.possible * 10_000))} %`;
    const name = title > 0 ? ` ${padded(style.shorten(safe(entry.title), title), title)} ` : '';
    const head = ` ${style.paint('bold', entry.phase)} ${name}${style.bar(entry.got, entry.possible * 1_000_000, size)} ${percent.padStart(5)} `;
    const numbers = counts.map((key, index) => `  ${String(entry[key] || '-').padStart(heads[index]!.length)}`);
    if (table) lines.push(head + numbers.join(''));
    else lines.push(head, ...style.paragraph(phaseWords(entry), 4));
    if (verbose)
      lines.push(...report.items.filter((item) => item.phase === entry.phase).map((item) => itemRow(item, style)));
  }
  return lines;
}

function itemRow(item: ItemReport, style: Style): string {
  const others = Object.entries(item.otherZones).map(([zone, count]) => `${count} in ${zone}`);
  const text = `${standing(item)}${others.length > 0 ? `; not counted: ${others.join(', ')}` : ''}`;
  return `   ${style.state(item.state)} ${padded(safe(item.id), 27)}${style.shorten(text, Math.max(10, style.width - 32))}`;
}

function unassessed(report: Report, style: Style): string[] {
  const items = report.items.filter((item) => item.state === 'notAssessed');
  if (items.length === 0) return [];
  // Items that share a reason share a line: "not selected" would else fill the screen.
  const byReason = new Map<string, string[]>();
  for (const { id, reason = 'no reason was given' } of items) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), id]);
  }
  return [
    style.paint('bold', ' Not assessed'),
    ...[...byReason].flatMap(([reason, ids]) => {
      const [first = '', ...more] = style.paragraph(`${safe(ids.join(', '))}: ${safe(reason)}`, 3);
      return [` ${style.state('notAssessed')} ${first.slice(3)}`, ...more];
    }),
  ];
}

function next(report: Report, style: Style): string[] {
  if (report.scope !== 'full' || report.score.next.length === 0) return [];
  const items = new Map(report.items.map((item) => [item.id, item]));
  const widest = Math.max(...report.score.next.map((step) => step.item.length));
  return [
    style.paint('bold', ' Next best steps, by points an hour'),
    ...report.score.next.map((step, index) => {
      const item = items.get(step.item);
      const effort = `${step.effort} h`.padStart(5);
      const tail =
        style.width < 64
          ? ''
          : `  ${item?.phase ?? ''}  ${item?.overdue ? `overdue since ${item.due}` : `due ${item?.due ?? ''}`}`;
      return ` ${index + 1}  ${padded(safe(step.item), widest)}  ${style.paint('green', gained(step.gain))} ${effort}${tail}`;
    }),
  ];
}

function footer(report: Report, style: Style): string[] {
  const { files } = report;
  const skipped = files.skipped.map((entry) => `${entry.count} ${entry.reason}`).join(', ');
  const big = files.skipped
    .filter((entry) => entry.reason !== 'ignored')
    .flatMap((entry) => entry.paths.slice(0, 3).map(safe));
  const suppressed = suppressedWords(report);
  const attested = report.items.filter((item) => item.state === 'attested').length;
  const messages = messageWords(report);
  const paragraphs = [
    `Findings: ${findingWords(report.findings)}${suppressed === undefined ? '' : `; suppressed: ${suppressed}`}${attested > 0 ? `; attested: ${counted(attested, 'item')}` : ''}.`,
    `Files: ${files.listed} listed, ${files.read} read${skipped === '' ? '' : `; skipped ${skipped}${big.length > 0 ? ` (${big.join(', ')})` : ''}`}.`,
    ...(messages === undefined ? [] : [`Messages: ${messages}, on standard error.`]),
  ];
  return paragraphs.flatMap((text) => style.paragraph(text, 1));
}

function score(report: Report, style: Style): string[] {
  const lines = [heading('Score', style)];
  if (report.scope !== 'full') return [...lines, ...style.paragraph(`No score, because ${scopeWords(report)}.`, 1)];
  const { score: value, target } = report.score;
  const format = report.score.targetMet ? 'green' : 'yellow';
  const [number, ...rest] = headline(report).split(' ');
  lines.push(` ${style.paint(['bold', format], number!)} of 10 ${rest.join(' ')}`.trimEnd());
  lines.push(
    ` ${style.bar(value, 10_000, Math.min(50, style.width - 16), target)}  ${style.mark} target ${points(target)}`,
  );
  const compared = comparisonWords(report);
  for (const text of [distance(report), ...qualifications(report), ...(compared === undefined ? [] : [compared])])
    lines.push(...style.paragraph(safe(text), 1));
  lines.push(style.paint('dim', ' audit explain score shows the sum, audit explain <item> the proof.'));
  return lines;
}
