import { describe, expect, test } from '@jest/globals';
import type { Phase } from '../src/report.ts';
import { builtinRoadmap } from '../src/roadmap.ts';
import { itemValue, nextValue, ONE, type ScoredItem, score, type Tally } from '../src/score.ts';
import fc from './property.ts';

const roadmap = builtinRoadmap();
const scale = { start: roadmap.startScore, target: roadmap.target, phases: roadmap.phases, caps: roadmap.caps };

const tally = (passed: number, failed: number, more: Partial<Tally> = {}): Tally => ({
  ...{ passed, failed, unknown: 0, critical: false, notAssessed: false, expected: false },
  ...more,
});
const done = tally(1, 0);
const open = tally(0, 1);
const half = tally(1, 1);
const absent = tally(0, 0);
const lost = tally(0, 0, { notAssessed: true });

/** Scores the built-in roadmap with one tally per item, given the item's place in its phase and its id. */
function scored(choose: (phase: Phase, index: number, id: string) => Tally) {
  const seen: Record<string, number> = {};
  const items = roadmap.items.map(({ id, phase, weight2, effort }): ScoredItem => {
    const index = seen[phase] ?? 0;
    seen[phase] = index + 1;
    return { id, phase, weight2, effort, ...itemValue(choose(phase, index, id)) };
  });
  return score(scale, items);
}
const upTo = (limit: Phase) => (phase: Phase) => (phase <= limit ? done : open);
const shown = (thousandths: number) => (Math.floor(thousandths / 100) / 10).toFixed(1);

describe('worked examples of the model', () => {
  test.each<[string, (phase: Phase, index: number, id: string) => Tally, number, string, string]>([
    ['nothing done', () => open, 0, '0.0', '0.0'],
    ['P0 done', upTo('P0'), 4155, '4.1', '4.1'],
    ['P0 and P1 done', upTo('P1'), 7662, '7.6', '7.6'],
    [
      'minus one P1, plus one P2',
      (p, i) => (p === 'P0' || (p === 'P1' && i > 0) || (p === 'P2' && i === 0) ? done : open),
      7532,
      '7.5',
      '7.5',
    ],
    ['everything but one P0', (p, i) => (p === 'P0' && i === 0 ? open : done), 9480, '7.4', '7.4'],
    [
      'the first day: 3 P0, 3 P1, 2 P2, 2 P3',
      (p, i) => (i < { P0: 3, P1: 3, P2: 2, P3: 2 }[p] ? done : open),
      3506,
      '3.5',
      '3.5',
    ],
    [
      'P0 and P1 done, one P0 at 9 of 10',
      (p, i) => (p === 'P0' && i === 0 ? tally(9, 1) : upTo('P1')(p)),
      7376,
      '7.3',
      '7.3',
    ],
    ['P0 done, all P1 half done', (p) => (p === 'P1' ? half : upTo('P0')(p)), 5032, '5.0', '5.0'],
    ['two P0 not assessed', (p, i) => (p === 'P0' && i < 2 ? lost : upTo('P1')(p)), 6623, '6.6', '7.6'],
    [
      'without Terraform',
      (p, _, id) => (['eks-public-access', 'terraform-state-encryption'].includes(id) ? absent : upTo('P1')(p)),
      7464,
      '7.4',
      '7.4',
    ],
  ])('%s', (_, choose, raw, low, high) => {
    const result = scored(choose);
    expect([result.raw, shown(result.score), shown(result.high)]).toEqual([raw, low, high]);
  });
});

test('the target is met by phases when P0 and P1 are done, whatever the number says', () => {
  const result = scored((p, _, id) =>
    ['eks-public-access', 'terraform-state-encryption'].includes(id) ? absent : upTo('P1')(p),
  );
  expect([result.targetMet, result.targetMetBy]).toEqual([true, 'phases']);
  const full = scored(upTo('P1'));
  expect([full.targetMet, full.targetMetBy]).toEqual([true, 'score']);
});

describe('item values', () => {
  test.each<[string, Tally, string, number, number]>([
    ['all pass', tally(3, 0), 'pass', ONE, ONE],
    ['all fail', tally(0, 2), 'fail', 0, 0],
    ['9 of 10', tally(9, 1), 'partial', 450_000, 450_000],
    ['one of three', tally(1, 2), 'partial', 166_666, 166_666],
    ['no subject', absent, 'notApplicable', 0, 0],
    ['no subject although expected', tally(0, 0, { expected: true }), 'notAssessed', 0, ONE],
    ['the item could not be judged', lost, 'notAssessed', 0, ONE],
    ['only unknown', tally(0, 0, { unknown: 2 }), 'notAssessed', 0, ONE],
    ['unknown beside passes', tally(3, 0, { unknown: 1 }), 'partial', 375_000, ONE],
    ['unknown beside both', tally(2, 1, { unknown: 1 }), 'partial', 250_000, 375_000],
    ['critical', tally(99, 1, { critical: true }), 'fail', 0, 0],
    ['measured, half of the target', tally(0, 0, { measured: { value: 40, target: 80 } }), 'partial', 250_000, 250_000],
    ['measured, met', tally(0, 0, { measured: { value: 80, target: 80 } }), 'pass', ONE, ONE],
    ['measured, met, but no gate', tally(0, 1, { measured: { value: 90, target: 80 } }), 'partial', 500_000, 500_000],
  ])('%s', (_, given, state, low, high) => {
    expect(itemValue(given)).toEqual({ state, low, high });
  });

  test('the last fix pays at least half of the item', () => {
    expect(nextValue(tally(9, 1))).toBe(ONE);
    expect(nextValue(tally(8, 2))).toBe(450_000);
    expect(nextValue(tally(3, 0))).toBe(ONE);
  });
});

describe('properties', () => {
  const anyTally = fc.record({
    passed: fc.nat(20),
    failed: fc.nat(20),
    unknown: fc.nat(5),
    critical: fc.boolean(),
    notAssessed: fc.boolean(),
    expected: fc.boolean(),
  });
  const tallies = fc.array(anyTally, { minLength: roadmap.items.length, maxLength: roadmap.items.length });
  const of = (all: readonly Tally[]) => {
    const byId = new Map(roadmap.items.map((item, i) => [item.id, all[i]!]));
    return scored((_, __, id) => byId.get(id)!);
  };
  const changed = (all: readonly Tally[], index: number, change: Partial<Tally>) =>
    all.map((one, i) => (i === index ? { ...one, ...change } : one));

  test('scores stay between 0 and 10, low under high, and the points add up', () => {
    fc.assert(
      fc.property(tallies, (all) => {
        const result = of(all);
        expect(result.score).toBeGreaterThanOrEqual(0);
        expect(result.high).toBeLessThanOrEqual(10_000);
        expect(result.score).toBeLessThanOrEqual(result.high);
        expect(result.score).toBeLessThanOrEqual(result.raw);
        expect(result.phases.reduce((sum, phase) => sum + phase.got, 0)).toBe(result.got);
        expect(result.phases.reduce((sum, phase) => sum + phase.possible, 0)).toBe(result.possible);
        for (const value of [result.raw, result.score, result.high, result.got])
          expect(Number.isSafeInteger(value)).toBe(true);
      }),
    );
  });

  test('fixing a finding never lowers the score', () => {
    fc.assert(
      fc.property(tallies, fc.nat(roadmap.items.length - 1), (all, i) => {
        const one = all[i]!;
        fc.pre(one.failed > 0);
        const fixed = changed(all, i, { passed: one.passed + 1, failed: one.failed - 1 });
        expect(of(fixed).score).toBeGreaterThanOrEqual(of(all).score);
      }),
    );
  });

  test('one more failing subject never raises the score', () => {
    fc.assert(
      fc.property(tallies, fc.nat(roadmap.items.length - 1), (all, i) => {
        const worse = changed(all, i, { failed: all[i]!.failed + 1 });
        expect(of(worse).score).toBeLessThanOrEqual(of(all).score);
      }),
    );
  });

  test('the order of the items changes nothing but the order', () => {
    fc.assert(
      fc.property(tallies, (all) => {
        const items = roadmap.items.map(({ id, phase, weight2, effort }, i): ScoredItem => {
          return { id, phase, weight2, effort, ...itemValue(all[i]!) };
        });
        const { next: _, ...a } = score(scale, items);
        const { next: __, ...b } = score(scale, items.toReversed());
        expect(b).toEqual(a);
      }),
    );
  });
});
