/** Knows how one finding looks on a terminal: a place to click, the code, why it matters and what to do. */
import type { ReportFinding, ReportPlace } from '../report.ts';
import { columns, counted, safe, safeCode } from './plain.ts';
import type { Style } from './terminal-style.ts';

const INDENT = 3;
const LABEL = 5;
/** Code left of the region that is kept when a line has to be cut. */
const LEAD = 24;
const SHOWN_COPIES = 3;
const SHOWN_RELATED = 4;
const SHOWN_STEPS = 8;

/** `path:line:column`, safe to print; `root` is put before the path. */
export function click(place: ReportPlace, root: string): string {
  return `${safe(root + place.path)}:${place.region.startLine}:${place.region.startColumn}`;
}

/** The whole finding with its code frame. */
export function fullFinding(finding: ReportFinding, style: Style, root: string): string[] {
  const margin = ' '.repeat(INDENT);
  const labelled = (label: string, text: string) =>
    style
      .paragraph(text, INDENT + LABEL, '')
      .map((line, index) =>
        index === 0 ? margin + style.paint('dim', label.padEnd(LABEL)) + line.slice(INDENT + LABEL) : line,
      );
  const review = finding.confidence === 'low' ? ' (to review)' : '';
  const zone = finding.zone === 'production' ? '' : ` (${finding.zone})`;
  const copies = finding.copies.slice(0, SHOWN_COPIES).map((path) => safe(root + path));
  const hidden = finding.copies.length - copies.length;
  return [
    `${margin}${style.paint('underline', click(finding, root))}  ${style.severity(finding.severity)}${review}${zone}  ${style.paint('dim', safe(finding.item))}`,
    ...style.paragraph(safe(finding.what), INDENT).map((line) => style.paint('bold', line)),
    ...codeFrame(finding, style),
    ...labelled('why', safe(finding.why)),
    ...labelled('fix', safe(finding.fixHint)),
    ...places('flow', finding.trace, SHOWN_STEPS, style, root),
    ...places('see', finding.related, SHOWN_RELATED, style, root),
    ...(copies.length > 0
      ? labelled(
          'also',
          `in ${counted(finding.copies.length, 'identical file')}: ${copies.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`,
        )
      : []),
  ];
}

/** Place, severity and what is here on one line, or on two where there is no room. */
export function shortFinding(finding: ReportFinding, style: Style, root: string): string[] {
  const margin = ' '.repeat(INDENT);
  const place = click(finding, root);
  const review = finding.confidence === 'low' ? ' (to review)' : '';
  const head = `${margin}${style.paint('underline', place)}  ${style.severity(finding.severity)}${review}`;
  const room = style.width - columns(`${margin}${place}  ${finding.severity}${review}`) - 2;
  const what = safe(finding.what);
  if (columns(what) <= room || room >= style.width / 2) return [`${head}  ${style.shorten(what, room)}`];
  return [head, `${margin}${margin}${style.shorten(what, style.width - 2 * INDENT)}`];
}

function places(label: string, list: ReportFinding['trace'], limit: number, style: Style, root: string): string[] {
  const shown = list.length <= limit ? list : [...list.slice(0, limit - 1), list.at(-1)!];
  const lines = shown.map((place, index) => {
    const head = index === 0 ? label : '';
    return `${' '.repeat(INDENT)}${style.paint('dim', head.padEnd(LABEL))}${click(place, root)}  ${safe(place.text)}`;
  });
  if (shown.length < list.length) {
    lines.splice(limit - 1, 0, `${' '.repeat(INDENT + LABEL)}${style.ellipsis} ${list.length - shown.length} more`);
  }
  return lines;
}

function codeFrame({ snippet, region }: ReportFinding, style: Style): string[] {
  if (snippet.every((line) => line.trim() === '')) return [];
  const digits = String(region.startLine + snippet.length - 1).length;
  const gutter = (number: string, mark: string) =>
    `${' '.repeat(INDENT)}${mark} ${style.paint('dim', `${number.padStart(digits)} ${style.gutter}`)} `;
  const room = Math.max(16, style.width - INDENT - digits - 5);
  const several = region.endLine > region.startLine;
  const lines: string[] = [];
  for (const [index, line] of snippet.entries()) {
    const number = region.startLine + index;
    const inside = number <= region.endLine;
    const from = index === 0 ? region.startColumn - 1 : 0;
    const to = number === region.endLine ? region.endColumn - 1 : line.length;
    // A line may be a megabyte long: only the part that can be shown is looked at.
    const cut =
      index === 0 && columns(safeCode(line.slice(0, Math.min(to, 400)))) > room ? Math.max(0, from - LEAD) : 0;
    const lead = cut > 0 ? style.ellipsis : '';
    const code = style.shorten(lead + safeCode(line.slice(cut, cut + 400)), room);
    lines.push(`${gutter(String(number), several && inside ? style.paint('red', '>') : ' ')}${code}`);
    if (index > 0 || several) continue;
    const before = columns(lead + safeCode(line.slice(cut, from)));
    const marked = columns(safeCode(line.slice(from, Math.min(to, from + 400))));
    const carets = Math.max(1, Math.min(marked, columns(code) - before));
    if (before < room) lines.push(`${gutter('', ' ')}${' '.repeat(before)}${style.paint('red', '^'.repeat(carets))}`);
  }
  return lines;
}
