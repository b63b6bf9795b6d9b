/** Knows the only formula: score model 1.0, integers throughout. It knows weights and states, no check. */
import type { Phase, ScoreReport, State } from './report.ts';

/** r = 1, in millionths. */
export const ONE = 1_000_000;

/** What the score needs to know of one item's judgement. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  /** A critical, proven finding: the item fails whatever the share. */
  readonly critical: boolean;
  /** The whole item could not be judged. */
  readonly notAssessed: boolean;
  /** No subject, but the roadmap expects one. */
  readonly expected: boolean;
  readonly measured?: { readonly value: number; readonly target: number };
}

/** State and value r of an item, in millionths; `high` counts what is not known as passed. */
export interface Value {
  readonly state: State;
  readonly low: number;
  readonly high: number;
}

/** Weighted item as the formula sees it. `weight2` is twice the weight. */
export interface ScoredItem extends Value {
  readonly id: string;
  readonly phase: Phase;
  readonly weight2: number;
  /** Hours. */
  readonly effort: number;
}

/** Limits of the roadmap; scores in thousandths of a point. */
export interface Scale {
  readonly start: number;
  readonly target: number;
  readonly phases: readonly { readonly id: Phase; readonly title: string }[];
  /** The score is at most `limit` while at least `open` items of the phase are not pass. */
  readonly caps: readonly {
    readonly id: string;
    readonly phase: Phase;
    readonly open: number;
    readonly limit: number;
    readonly reason: string;
  }[];
}

/** State and value of one item; design of the model: docs/ARCHITECTURE.md, "The score". */
export function itemValue(tally: Tally): Value {
  const { passed, failed, unknown } = tally;
  const judged = passed + failed;
  if (tally.notAssessed) return { state: 'notAssessed', low: 0, high: ONE };
  if (tally.critical) return { state: 'fail', low: 0, high: 0 };
  if (tally.measured) return measuredValue(tally.measured, failed, unknown);
  if (judged + unknown === 0) {
    return tally.expected ? { state: 'notAssessed', low: 0, high: ONE } : { state: 'notApplicable', low: 0, high: 0 };
  }
  if (judged === 0) return { state: 'notAssessed', low: 0, high: ONE };
  if (judged === passed && unknown === 0) return { state: 'pass', low: ONE, high: ONE };
  const low = share(passed, judged + unknown);
  const high = failed === 0 ? ONE : share(passed + unknown, judged + unknown);
  return { state: passed === 0 ? 'fail' : 'partial', low, high };
}

/** Half credit at most until the target is met; a gate that is missing or cannot be judged leaves the other half open. */
function measuredValue(measured: { value: number; target: number }, failed: number, unknown: number): Value {
  if (measured.value < measured.target) {
    const r = Math.floor(((ONE / 2) * Math.max(0, measured.value)) / measured.target);
    return { state: r === 0 ? 'fail' : 'partial', low: r, high: r };
  }
  if (failed > 0) return { state: 'partial', low: ONE / 2, high: ONE / 2 };
  if (unknown > 0) return { state: 'partial', low: ONE / 2, high: ONE };
  return { state: 'pass', low: ONE, high: ONE };
}

function share(passed: number, total: number): number {
  return Math.floor(((ONE / 2) * passed) / total);
}

/** r after one more subject of the item is mended. */
export function nextValue(tally: Tally): number {
  const { passed, failed, unknown } = tally;
  const { state, low } = itemValue(tally);
  if (tally.measured || failed === 0) return state === 'pass' ? ONE : low;
  return itemValue({ ...tally, passed: passed + 1, failed: failed - 1, unknown, critical: false }).low;
}

/** Thousandths of a point: floor(10 x got / possible). `got` is in millionths of weight2. */
export function points(got: number, possible: number): number {
  return possible === 0 ? 0 : Math.floor((got * 10_000) / (possible * ONE));
}

/** A score in thousandths as reports show it: one decimal, floored. */
export function decimal(thousandths: number): string {
  return (Math.floor(thousandths / 100) / 10).toFixed(1);
}

export function score(scale: Scale, items: readonly ScoredItem[]): ScoreReport {
  const applicable = items.filter((item) => item.state !== 'notApplicable');
  const possible = sum(applicable, (item) => item.weight2);
  const got = sum(applicable, (item) => item.weight2 * item.low);
  const raw = points(got, possible);
  const caps = scale.caps.filter((cap) => openItems(applicable, cap.phase, 'low') >= cap.open);
  const highCaps = scale.caps.filter((cap) => openItems(applicable, cap.phase, 'high') >= cap.open);
  const total = Math.min(raw, ...caps.map((cap) => cap.limit));
  const highRaw = points(
    sum(applicable, (item) => item.weight2 * item.high),
    possible,
  );
  const first = applicable.filter((item) => item.phase === 'P0' || item.phase === 'P1');
  const byPhases = first.length > 0 && first.every((item) => item.state === 'pass' || item.state === 'attested');
  const byScore = total >= scale.target;
  return {
    model: '1.0',
    raw,
    score: total,
    high: Math.min(highRaw, ...highCaps.map((cap) => cap.limit)),
    caps: caps.filter((cap) => cap.limit < raw).map(({ id, limit, reason }) => ({ id, limit, reason })),
    target: scale.target,
    start: scale.start,
    targetMet: byScore || byPhases,
    ...(byScore ? { targetMetBy: 'score' as const } : byPhases ? { targetMetBy: 'phases' as const } : {}),
    got,
    possible,
    assessed: sum(
      items.filter((item) => item.state !== 'notAssessed'),
      (item) => item.weight2,
    ),
    total: sum(items, (item) => item.weight2),
    phases: scale.phases.map(({ id, title }) => phaseRow(id, title, items)),
    next: nextBest(applicable, possible),
  };
}

/** Thousandths of a point that the raw score gains when the item becomes pass. */
export function gainOf(item: ScoredItem, possible: number): number {
  return item.state === 'notApplicable' ? 0 : points(item.weight2 * (ONE - item.low), possible);
}

function openItems(items: readonly ScoredItem[], phase: Phase, side: 'low' | 'high'): number {
  return items.filter((item) => item.phase === phase && item[side] < ONE).length;
}

function phaseRow(phase: Phase, title: string, items: readonly ScoredItem[]): ScoreReport['phases'][number] {
  const own = items.filter((item) => item.phase === phase);
  const count = (...states: State[]) => own.filter((item) => states.includes(item.state)).length;
  const applicable = own.filter((item) => item.state !== 'notApplicable');
  return {
    phase,
    title,
    done: count('pass', 'attested'),
    partial: count('partial'),
    open: count('fail'),
    notApplicable: count('notApplicable'),
    notAssessed: count('notAssessed'),
    got: sum(applicable, (item) => item.weight2 * item.low),
    possible: sum(applicable, (item) => item.weight2),
  };
}

/** Most points per hour first; where only knowledge is missing there is nothing to mend. Ties keep the roadmap's order. */
function nextBest(items: readonly ScoredItem[], possible: number): ScoreReport['next'] {
  return items
    .filter((item) => (item.state === 'fail' || item.state === 'partial') && item.high < ONE)
    .map((item) => ({ item: item.id, gain: gainOf(item, possible), effort: item.effort }))
    .sort((a, b) => b.gain * a.effort - a.gain * b.effort)
    .slice(0, 5);
}

function sum<T>(things: readonly T[], value: (thing: T) => number): number {
  return things.reduce((total, thing) => total + value(thing), 0);
}
