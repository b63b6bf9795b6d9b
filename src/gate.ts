/** Knows the gates of `--fail-on`: what may be asked, and which of them a report misses. */

import { suggest, UserError } from './problem.ts';
import type { Report } from './report.ts';
import { decimal } from './score.ts';

/** One parsed gate; `missed` gives the reason, or undefined when the report holds it. */
export interface Gate {
  readonly text: string;
  readonly missed: (report: Report) => string | undefined;
}

const WORDS = ['error', 'warning', 'note', 'new', 'fixable', 'overdue', 'never', 'score<7.5', 'phase:P0'];

/** Parses `--fail-on` values (repeatable, comma-separated). Throws UserError for what it does not know. */
export function parseGates(values: readonly string[]): Gate[] {
  const words = values.flatMap((value) => value.split(',')).map((word) => word.trim());
  return words.filter((word) => word !== '' && word !== 'never').map(parseGate);
}

function parseGate(text: string): Gate {
  const score = /^score\s*<\s*(\d+(?:\.\d{1,3})?)$/.exec(text);
  if (score) {
    const [whole, fraction = ''] = score[1]!.split('.');
    const limit = Number(whole) * 1000 + Number(fraction.padEnd(3, '0'));
    return { text, missed: (report) => scoreMissed(report, limit) };
  }
  const phase = /^phase:(P[0-3])$/.exec(text);
  if (phase) return { text, missed: (report) => itemsMissed(report, (item) => item.phase === phase[1], 'not done') };
  switch (text) {
    case 'error':
      return levelGate(text, ['error']);
    case 'warning':
      return levelGate(text, ['error', 'warning']);
    case 'note':
      return levelGate(text, ['error', 'warning', 'note']);
    case 'fixable':
      return { text, missed: (report) => countMissed(counted(report).filter((f) => f.fix).length, 'with a known fix') };
    case 'overdue':
      return { text, missed: (report) => itemsMissed(report, (item) => item.overdue, 'overdue') };
    case 'new':
      return { text, missed: (report) => countMissed(report.comparison?.added.length ?? 0, 'not in the baseline') };
    default: {
      const near = suggest(text, WORDS);
      throw new UserError(
        `--fail-on does not know "${text}"${near ? `; did you mean "${near}"?` : '.'}`,
        `Known gates: ${WORDS.join(', ')}.`,
      );
    }
  }
}

function counted(report: Report) {
  return report.findings.filter((finding) => finding.confidence !== 'low');
}

function levelGate(text: string, levels: readonly string[]): Gate {
  return {
    text,
    missed: (report) =>
      countMissed(counted(report).filter((f) => levels.includes(f.level)).length, `of level ${text} or worse`),
  };
}

function countMissed(count: number, what: string): string | undefined {
  return count === 0 ? undefined : `${count} ${count === 1 ? 'finding' : 'findings'} ${what}`;
}

function scoreMissed(report: Report, limit: number): string | undefined {
  if (report.scope !== 'full') return 'a partial run has no score';
  if (report.score.score >= limit) return undefined;
  return `the score is ${decimal(report.score.score)}`;
}

function itemsMissed(
  report: Report,
  wanted: (item: Report['items'][number]) => boolean,
  what: string,
): string | undefined {
  const open = report.items.filter(
    (item) => wanted(item) && !['pass', 'attested', 'notApplicable'].includes(item.state),
  );
  return open.length === 0
    ? undefined
    : `${open.map((item) => item.id).join(', ')} ${open.length === 1 ? 'is' : 'are'} ${what}`;
}
