/** Knows how to draw the score's history as text: a curve with the target line, and what changed last. */
import { decimal } from '../score.ts';
import { comparable, type HistoryRecord } from './record.ts';

export interface CurveOptions {
  /** Columns to fill. */
  readonly width: number;
  readonly ascii: boolean;
}

const ROWS = 11;

/** The curve of the last records that fit, newest on the right, and the last change in words. Needs one record at least. */
export function curve(records: readonly HistoryRecord[], options: CurveOptions): string {
  const columns = Math.max(10, Math.min(options.width, 120) - 8);
  const step = records.length * 2 <= columns ? 2 : 1;
  const shown = records.slice(-Math.floor(columns / step));
  const target = shown.at(-1)!.target ?? 7500;
  const glyph = options.ascii
    ? { point: '*', stem: ' ', target: '-', axis: '|', breakMark: '!' }
    : { point: '●', stem: ' ', target: '╌', axis: '│', breakMark: '┆' };
  const rows: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const low = row * 1000;
    const isTarget = target >= low && target < low + 1000;
    const label = row % 5 === 0 ? String(row).padStart(4) : isTarget ? decimal(target).padStart(4) : '    ';
    const cells = shown.map((record, i) => {
      const here = Math.min(record.score, 10_000) >= low && Math.min(record.score, 10_000) < low + 1000;
      const broken = i > 0 && !comparable(shown[i - 1]!, record);
      const filler = isTarget ? glyph.target : broken ? glyph.breakMark : glyph.stem;
      return (here ? glyph.point : filler) + (isTarget ? glyph.target : ' ').repeat(step - 1);
    });
    rows.push(`${label} ${glyph.axis} ${cells.join('')}`.trimEnd());
  }
  const first = shown[0]!.committedAt.slice(0, 10);
  const last = shown.at(-1)!.committedAt.slice(0, 10);
  rows.push(`       ${first}${first === last ? '' : ` to ${last}`}, ${shown.length} of ${records.length} scans`);
  return `${rows.join('\n')}\n\n${lastChange(records, target)}`;
}

/** What changed between the last two records, and how far the target is. */
function lastChange(records: readonly HistoryRecord[], target: number): string {
  const now = records.at(-1)!;
  const before = records.at(-2);
  const missing = target - now.score;
  const lines = [
    `Score ${decimal(now.score)} of 10, target ${decimal(target)}: ${missing <= 0 ? 'reached' : `${decimal(missing + 99)} missing`}.`,
  ];
  if (!before) return `${lines[0]} This is the first record; the next one shows what changed.\n`;
  const delta = now.score - before.score;
  const sign = delta > 0 ? '+' : delta < 0 ? '-' : '±';
  lines.push(`Since ${name(before)}: ${sign}${(Math.abs(delta) / 1000).toFixed(2)} points.`);
  if (!comparable(before, now)) {
    lines.push('The rules, the roadmap or the configuration changed in between, so the change is not the code alone.');
  }
  const changes = Object.entries(now.items).flatMap(([id, [state, , failed]]) => {
    const old = before.items[id];
    if (!old || (old[0] === state && old[2] === failed)) return [];
    return [`  ${id}: ${stateText(old)} -> ${stateText(now.items[id]!)}`];
  });
  lines.push(...(changes.length > 0 ? ['Changed items:', ...changes] : ['No item changed.']));
  return `${lines.join('\n')}\n`;
}

function stateText([state, passed, failed]: readonly [string, number, number, number]): string {
  const words: Readonly<Record<string, string>> = { na: 'not applicable', none: 'not assessed' };
  return `${words[state] ?? state}${passed + failed > 0 ? ` (${passed} of ${passed + failed})` : ''}`;
}

function name(record: HistoryRecord): string {
  return record.commit === '' ? record.committedAt.slice(0, 10) : record.commit.slice(0, 10);
}
