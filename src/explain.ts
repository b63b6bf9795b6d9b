/** Knows how to explain a report: the score as arithmetic to redo by hand, one item with its proof, the items as a table. */
import { suggest, UserError } from './problem.ts';
import type { ItemReport, Report } from './report.ts';
import { gained, headline, points, qualifications, STATE_WORDS, share, standing } from './reporters/headline.ts';
import { columns, counted, safe, sentences } from './reporters/plain.ts';
import type { ReporterOptions } from './reporters/reporter.ts';
import { click, fullFinding } from './reporters/terminal-finding.ts';
import { padded, rootPrefix, styleOf } from './reporters/terminal-style.ts';
import { nextValue, points as pointsOf } from './score.ts';

type Row = readonly string[];

/** `audit explain score`: every item's part, the caps, and the division in integers. */
export function explainScore(report: Report, options: ReporterOptions = {}): string {
  const style = styleOf(options);
  const { score } = report;
  const lines = [
    ` ${style.paint('bold', `Score ${headline(report)}`)}, model ${score.model}`,
    ...style.paragraph(
      'An item earns weight x r. Done is r = 1; partly done is half the share of its passing subjects, so the last fix pays most; open is 0. What does not apply leaves both sums, what could not be judged earns 0.',
      1,
    ),
  ];
  for (const phase of score.phases) {
    const items = report.items.filter((item) => item.phase === phase.phase);
    const rows = items.map((item) => [
      safe(item.id),
      shortState(item),
      item.state === 'notApplicable' ? '-' : `${fraction(item)}${millionths(item.low)}`,
      item.state === 'notApplicable'
        ? '-'
        : `${halves(item.weight2 * item.low)} of ${halves(item.weight2 * 1_000_000)}`,
      nextFix(item, score.possible),
    ]);
    lines.push('', ` ${style.paint('bold', `${phase.phase} ${safe(phase.title)}`)}`);
    lines.push(...table([['item', 'state', 'r', 'points', 'next fix'], ...rows], [2, 3]));
    lines.push(`   together ${halves(phase.got)} of ${halves(phase.possible * 1_000_000)}`);
  }
  lines.push('', ` ${style.paint('bold', 'Sum')}`, ...division(report).flatMap((text) => style.paragraph(text, 1)));
  for (const text of qualifications(report)) lines.push(...style.paragraph(safe(text), 1));
  const missing = report.items.filter((item) => item.state === 'notAssessed' || item.unknown > 0);
  for (const item of missing) {
    lines.push(
      ...style.paragraph(`${safe(item.id)} is not fully known: ${safe(sentences(item.reason ?? share(item)))}`, 1),
    );
  }
  const versions = `Rules ${safe(report.tool.ruleset)}, roadmap ${safe(report.roadmap.hash)}, configuration ${safe(report.roadmap.configHash)}, as of ${report.asOf}.`;
  return finish([...lines, '', ...style.paragraph(versions, 1)]);
}

/** The sum over the phases, in points and then in integers as the program computes it. */
function division({ score, scope }: Report): string[] {
  const sum = score.phases.map((phase) => halves(phase.got)).join(' + ');
  const thousandths = `${Math.floor(score.raw / 1000)}.${String(score.raw % 1000).padStart(3, '0')}`;
  const capped = score.score < score.raw ? `, capped to ${points(score.score)}` : '';
  if (score.possible === 0) return ['No item applies, so there is nothing to divide.'];
  return [
    `(${sum}) x 10 / ${halves(score.possible * 1_000_000)} = ${thousandths}${scope === 'full' ? ` -> ${points(score.raw)}${capped}` : ''}`,
    `In integers: floor(${score.got} x 10000 / (${score.possible} x 1000000)) = ${score.raw} thousandths; ${score.got} is the sum of twice the weight x r in millionths, ${score.possible} of twice the weight.`,
  ];
}

function nextFix(item: ItemReport, possible: number): string {
  if (item.state !== 'fail' && item.state !== 'partial') return '';
  const { passed, failed, unknown, critical, measured } = item;
  const tally = {
    passed,
    failed,
    unknown,
    critical,
    notAssessed: false,
    expected: false,
    ...(measured && { measured }),
  };
  const gain = pointsOf(item.weight2 * Math.max(0, nextValue(tally) - item.low), possible);
  return gain > 0 ? `+${Math.floor(gain / 1000)}.${String(gain % 1000).padStart(3, '0')}` : `all ${gained(item.gain)}`;
}

function shortState({ state }: ItemReport): string {
  const words: Partial<Record<ItemReport['state'], string>> = {
    partial: 'partly',
    notApplicable: 'n/a',
    notAssessed: 'unknown',
  };
  return words[state] ?? STATE_WORDS[state];
}

function fraction(item: ItemReport): string {
  if (item.measured) {
    const { value, target } = item.measured;
    return value < target ? `0.5 x ${value}/${target}: ` : '';
  }
  const total = item.passed + item.failed + item.unknown;
  if (item.critical && item.state === 'fail') return 'critical: ';
  return item.state === 'partial' ? `0.5 x ${item.passed}/${total}: ` : '';
}

/** r in millionths as a decimal: 333333 is "0.333333", 1000000 is "1". */
function millionths(value: number): string {
  return value % 1_000_000 === 0 ? String(value / 1_000_000) : `0.${String(value).padStart(6, '0').replace(/0+$/, '')}`;
}

/** Half of a number of millionths as a decimal, exact: weights are stored twice. */
function halves(value: number): string {
  const whole = Math.floor(value / 2_000_000);
  const rest = String((value % 2_000_000) * 5)
    .padStart(7, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}

/** `audit explain <item>`: the verdict with its proof, the findings in full, then the rule page. Throws UserError. */
export function explainItem(report: Report, id: string, options: ReporterOptions = {}): string {
  const wanted = id.replace(/-review$/, '');
  const item = report.items.find((entry) => entry.id === wanted);
  if (!item) {
    const near = suggest(
      wanted,
      report.items.map((entry) => entry.id),
    );
    throw new UserError(
      `There is no item "${id}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      'audit list items shows all.',
    );
  }
  const style = styleOf(options);
  const root = rootPrefix(options.root);
  const rule = report.rules.find((entry) => entry.id === item.id);
  const own = report.findings.filter((finding) => finding.item === item.id);
  const suppressed = report.suppressed.filter((entry) => entry.finding.item === item.id);
  const heading = (text: string) => ['', ` ${style.paint('bold', text)}`];
  const facts = [
    `${item.phase}, weight ${halves(item.weight2 * 1_000_000)}, due ${item.due}${item.overdue ? ' (overdue)' : ''}, ${item.effort} h, ${item.owner}`,
    ...(item.impact10 === undefined ? [] : [`CVSS ${points(item.impact10 * 100)}`]),
    ...(rule ? rule.cwe.map((number) => `CWE-${number}`) : []),
  ];
  const zones = Object.entries(item.otherZones).map(([zone, count]) => `${count} in ${zone}`);
  const lines = [
    ` ${style.state(item.state)} ${style.paint('bold', safe(item.id))}  ${safe(item.title)}`,
    ...style.paragraph(facts.map(safe).join(', '), 3),
    ...heading('Verdict'),
    ...style.paragraph(
      `${sentences(standing(item), item.reason ?? '')}${zones.length > 0 ? ` Not counted: ${zones.join(', ')}.` : ''}`,
      3,
    ),
    ...(item.state === 'notApplicable'
      ? []
      : style.paragraph(
          `r = ${fraction(item)}${millionths(item.low)}; passing would add ${gained(item.gain)} to the score before caps.`,
          3,
        )),
  ];
  if (item.evidence.length > 0) lines.push(...heading('Proof'));
  for (const proof of item.evidence) {
    const state = style.state(proof.verdict === 'pass' ? 'pass' : 'notAssessed');
    lines.push(` ${state} ${click(proof, root)}  ${safe(proof.name)}`, ...style.paragraph(safe(proof.text), 3));
  }
  const more = item.passed + item.unknown - item.evidence.length;
  if (item.evidence.length > 0 && more > 0) lines.push(`   … and ${more} more`);
  if (own.length > 0) lines.push(...heading('Findings'));
  for (const finding of own) lines.push(...fullFinding(finding, style, root), '');
  if (own.length > 0) lines.pop();
  if (suppressed.length > 0) lines.push(...heading('Suppressed'));
  for (const { finding, kind, reason, expires } of suppressed) {
    lines.push(...style.paragraph(`${click(finding, root)}  ${kind} until ${expires}: ${safe(reason)}`, 3));
  }
  if (rule) lines.push('', ...rule.markdown.split('\n').map((line) => ` ${safe(line)}`));
  return finish(lines);
}

export type ListedItem = Pick<
  ItemReport,
  'id' | 'title' | 'phase' | 'weight2' | 'due' | 'effort' | 'owner' | 'impact10'
> &
  Partial<Pick<ItemReport, 'state'>> & {
    /** Whether a check judges it; absent where that is of no interest. */
    readonly checked?: boolean;
  };

/** `audit list items`: one row an item, in the given order. */
export function listItems(items: readonly ListedItem[], options: ReporterOptions = {}): string {
  const style = styleOf(options);
  const rows = items.map((item) => [
    item.phase,
    safe(item.id),
    halves(item.weight2 * 1_000_000),
    item.impact10 === undefined ? '-' : points(item.impact10 * 100),
    `${item.effort} h`,
    item.due,
    safe(item.owner),
    ...(item.checked === undefined ? [] : [item.checked ? 'yes' : 'none']),
    ...(item.state === undefined ? [] : [STATE_WORDS[item.state]]),
  ]);
  const heads = [
    '',
    'item',
    'weight',
    'CVSS',
    'effort',
    'due',
    'owner',
    ...(items[0]?.checked === undefined ? [] : ['check']),
    ...(items[0]?.state === undefined ? [] : ['state']),
  ];
  const checked = items.filter((item) => item.checked).length;
  const total = ` ${counted(items.length, 'item')}${checked > 0 ? `, ${checked} with a check` : ''}`;
  const wide = table([heads, ...rows], [2, 3, 4]);
  const titles = items.map((item) => safe(item.title));
  const room = style.width - Math.max(...wide.map(columns)) - 2;
  if (room < 20) return finish([...wide, '', total]);
  const full = Math.max(...wide.map(columns));
  return finish([
    ...wide.map((line, index) =>
      index === 0 ? line : `${padded(line, full)}  ${style.shorten(titles[index - 1]!, room)}`,
    ),
    '',
    total,
  ]);
}

/** Columns as wide as their widest cell; those of `right` are aligned to the right. */
function table(rows: readonly Row[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => columns(row[column] ?? ''))));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      right.includes(column) ? cell.padStart(widths[column]!) : padded(cell, widths[column]!),
    );
    return `   ${cells.join('  ')}`.trimEnd();
  });
}

function finish(lines: readonly string[]): string {
  return `${lines.join('\n').replace(/[ \t]+$/gm, '')}\n`;
}
