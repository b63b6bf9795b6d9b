/** Knows the history file: one JSON object a line, what it holds, and how to read lines of other hands and versions. */
import { compare } from '../facts/workspace.ts';
import type { Report, State } from '../report.ts';

const STATES: Readonly<Record<State, string>> = {
  ...{ pass: 'pass', partial: 'partial', fail: 'fail', notApplicable: 'na', notAssessed: 'none', attested: 'attested' },
};

/** One scan. Scores are integers in thousandths of a point; an item is [state, passed, failed, unknown]. */
export interface HistoryRecord {
  readonly v: 1;
  /** Empty for a tree without git. */
  readonly commit: string;
  readonly parent: string;
  /** ISO time; orders the records. */
  readonly committedAt: string;
  readonly branch: string;
  readonly scope: string;
  readonly engine: string;
  readonly model: string;
  readonly roadmap: string;
  readonly ruleset: string;
  readonly config: string;
  readonly raw: number;
  readonly score: number;
  readonly low: number;
  readonly high: number;
  readonly target: number;
  readonly cap: readonly string[];
  readonly items: Readonly<Record<string, readonly [string, number, number, number]>>;
  readonly counts: Readonly<Record<'error' | 'warning' | 'note', number>>;
}

export interface CommitTime {
  readonly parent: string;
  readonly committedAt: string;
}

export function recordOf(report: Report, time: CommitTime): HistoryRecord {
  const count = (level: string) =>
    report.findings.filter((f) => f.zone === 'production' && f.confidence !== 'low' && f.level === level).length;
  const { score, target, tool, roadmap } = report;
  return {
    v: 1,
    commit: target.commit ?? '',
    parent: time.parent,
    committedAt: time.committedAt,
    branch: target.branch ?? '',
    scope: report.scope,
    engine: tool.version,
    model: score.model,
    roadmap: roadmap.hash,
    ruleset: tool.ruleset,
    config: roadmap.configHash,
    raw: score.raw,
    score: score.score,
    low: score.score,
    high: score.high,
    target: score.target,
    cap: score.caps.map((cap) => cap.id),
    items: Object.fromEntries(
      report.items.map((item) => [item.id, [STATES[item.state], item.passed, item.failed, item.unknown] as const]),
    ),
    counts: { error: count('error'), warning: count('warning'), note: count('note') },
  };
}

/** One line, keys sorted, ended by a line feed. */
export function lineOf(record: HistoryRecord): string {
  return `${JSON.stringify(sorted(record))}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(entries.map(([key, part]) => [key, sorted(part)]));
}

export interface History {
  /** Oldest first; of several records for a commit and rule set the last in the file. */
  readonly records: readonly HistoryRecord[];
  /** 1-based numbers of lines that are no record. A cut-off last line is not among them. */
  readonly unreadable: readonly number[];
}

/** Reads a history file: duplicates, unknown fields, CRLF, union merges in any order and a cut-off last line are fine. */
export function parseHistory(text: string): History {
  const lines = text.split('\n');
  const unreadable: number[] = [];
  const byKey = new Map<string, HistoryRecord>();
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const record = parseLine(line);
    if (record) {
      const key = record.commit === '' ? record.committedAt : record.commit;
      byKey.set(`${key} ${record.engine} ${record.ruleset} ${record.config} ${record.scope}`, record);
    } else if (index < lines.length - 1) unreadable.push(index + 1);
  });
  const records = [...byKey.values()].sort((a, b) => Date.parse(a.committedAt) - Date.parse(b.committedAt));
  return { records, unreadable };
}

function parseLine(line: string): HistoryRecord | undefined {
  try {
    const value = JSON.parse(line) as Partial<HistoryRecord> | null;
    const isRecord =
      typeof value?.score === 'number' &&
      typeof value.commit === 'string' &&
      typeof value.committedAt === 'string' &&
      !Number.isNaN(Date.parse(value.committedAt)) &&
      typeof value.items === 'object' &&
      value.items !== null;
    return isRecord ? (value as HistoryRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** Scores of two records say something of the code alone only when everything else agrees. */
export function comparable(a: HistoryRecord, b: HistoryRecord): boolean {
  return (
    a.model === b.model &&
    a.ruleset === b.ruleset &&
    a.roadmap === b.roadmap &&
    a.config === b.config &&
    a.scope === 'full' &&
    b.scope === 'full'
  );
}
