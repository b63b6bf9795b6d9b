/** Knows that the explanation of the score can be redone by hand, and that an item shows its proof. */
import { describe, expect, test } from '@jest/globals';
import { explainItem, explainScore, listItems } from '../src/explain.ts';
import { UserError } from '../src/problem.ts';
import type { State } from '../src/report.ts';
import { gainOf, itemValue, score } from '../src/score.ts';
import { anyReport } from './arbitrary-report.ts';
import fc from './property.ts';
import { sampleReport } from './sample-report.ts';

const report = sampleReport();
const text = explainScore(report);

describe('explain score', () => {
  test.each([
    /^ {3}password-hashing +partly +0\.5 x 4\/6: 0\.333333 +3\.33333 of 10 +\+0\.048$/m,
    /^ {3}unsafe-deserialization +open +critical: 0 +0 of 10 +\+0\.579$/m,
    /^ {3}pqc-imports +done +1 +10 of 10$/m,
    /^ {3}eks-public-access +n\/a +- +-$/m,
    /^ {3}vulnerable-dependencies +unknown +0 +0 of 7\.5$/m,
    /^ {3}test-coverage +partly +0\.5 x 1850\/2500: 0\.37 +0\.925 of 2\.5 +all \+0\.09$/m,
    /^ {3}postgresql-migration +attested +1 +5 of 5$/m,
    /^ {3}together 46\.90475 of 80$/m,
    /^ \(46\.90475 \+ 22\.4047575 \+ 12 \+ 5\.925\) x 10 \/ 172\.5 = 5\.057 -> 5\.0, capped to 4\.9$/m,
    /^ Capped at 4\.9\. Three or more P0 items are open\.$/m,
    /^ rate-limiting is not fully known: 5 of 7 pass, 1 unknown\.$/m,
    /roadmap 0123456789ab/,
  ])('%s', (pattern) => {
    expect(text).toMatch(pattern);
  });

  test('the printed figures give the score, whatever the states are', () => {
    const states = fc.array(fc.tuple(fc.nat(6), fc.nat(6), fc.nat(2)), { minLength: 29, maxLength: 29 });
    fc.assert(
      fc.property(states, (tallies) => {
        const items = report.items.map((item, index) => {
          const [passed, failed, unknown] = tallies[index]!;
          const value = itemValue({ passed, failed, unknown, critical: false, notAssessed: false, expected: false });
          const { measured: _, ...rest } = item;
          return { ...rest, ...value, passed, failed, unknown, state: value.state as State };
        });
        const scale = {
          start: 3500,
          target: 7500,
          phases: report.score.phases.map(({ phase, title }) => ({ id: phase, title })),
          caps: [],
        };
        const total = score(scale, items);
        const page = explainScore(
          sampleReport({ items: items.map((item) => ({ ...item, gain: gainOf(item, total.possible) })), score: total }),
        );
        const rows = [...page.matchAll(/ ([\d.]+) of ([\d.]+)(?: {2}.*)?$/gm)].filter(
          (row) => !row[0].startsWith(' together'),
        );
        const printed = [...page.matchAll(/together ([\d.]+) of ([\d.]+)$/gm)];
        const sum = (list: RegExpMatchArray[], group: number) => list.reduce((all, row) => all + Number(row[group]), 0);
        const own = rows.filter((row) => !page.slice(0, row.index).endsWith('together'));
        expect(sum(own, 1)).toBeCloseTo(sum(printed, 1), 6);
        if (total.possible === 0) return;
        expect(Math.floor((sum(printed, 1) * 10_000) / sum(printed, 2) + 1e-6)).toBe(total.raw);
        expect(page).toContain(`= ${total.raw} thousandths`);
      }),
      { numRuns: 40 },
    );
  });

  test('nothing applies', () => {
    const items = report.items.map((item) => ({ ...item, state: 'notApplicable' as const, low: 0, high: 0 }));
    const scale = { start: 3500, target: 7500, phases: [], caps: [] };
    expect(explainScore(sampleReport({ items, score: score(scale, items) }))).toContain('nothing to divide');
  });
});

describe('explain item', () => {
  test('gives the verdict, its proof, the findings in full and the page', () => {
    const page = explainItem(report, 'password-hashing');
    expect(page).toMatch(
      /^ ◐ password-hashing {2}Passwords are hashed with a slow, salted function\n {3}P0, weight 10, due 2026-01-21 \(overdue\), 3 h, engineer, CVSS 7\.8, CWE-916\n/,
    );
    expect(page).toContain(' Not counted: 12 in test,\n');
    expect(page).toContain('   r = 0.5 x 4/6: 0.333333; passing would add +0.38 to the score before caps.\n');
    expect(page).toContain(' ✔ src/app.py:3:1  first subject of password-hashing\n   It uses the safe form.\n');
    expect(page).toContain('   It uses the safe form.\n   … and 3 more\n');
    expect(page.match(/^ {3}why /gm)).toHaveLength(2);
    expect(page).toContain('   src/etag.py:42:14  falsePositive until 2026-12-31: Checksum of a public file\n');
    expect(page).toContain('\n ## How to fix\n\n 1. Do the safe thing.\n');
  });

  test('the rule for findings to review explains its item', () => {
    expect(explainItem(report, 'password-hashing-review')).toBe(explainItem(report, 'password-hashing'));
  });

  test('says why an item could not be judged or does not apply', () => {
    expect(explainItem(report, 'vulnerable-dependencies')).toContain(
      '   not assessed, no subject. There is no advisory data;',
    );
    expect(explainItem(report, 'eks-public-access')).toContain('Nothing to judge; looked for: *.tf,');
  });

  test('an unknown item is a mistake of the user, with a suggestion', () => {
    expect(() => explainItem(report, 'pasword-hashing')).toThrow(UserError);
    expect(() => explainItem(report, 'pasword-hashing')).toThrow('did you mean "password-hashing"?');
  });
});

describe('list items', () => {
  test('one row an item, in the given order, with the title where there is room', () => {
    const wide = listItems(report.items, { width: 120 }).split('\n');
    expect(wide[0]).toMatch(/^ +item +weight +CVSS +effort +due +owner +state$/);
    expect(wide[1]).toMatch(
      /^ {3}P0 {2}pqc-imports +10 +7\.8 +5 h {2}2026-01-21 {2}engineer {2}done +Post-quantum imports/,
    );
    expect(wide.at(-2)).toBe(' 29 items');
    expect(listItems(report.items)).not.toContain('Post-quantum imports');
  });

  test('without a scan there is no state', () => {
    const items = report.items.map(({ state: _, ...item }) => item);
    expect(listItems(items)).not.toContain('done');
  });

  test('shows which items a check judges', () => {
    const listed = listItems(report.items.map((item, index) => ({ ...item, checked: index > 0 }))).split('\n');
    expect(listed[0]).toMatch(/owner\s+check\s+state/);
    expect(listed[1]).toMatch(/ none /);
    expect(listed.at(-2)).toBe(' 29 items, 28 with a check');
  });

  test('no items', () => {
    expect(listItems([])).toContain(' 0 items');
  });
});

test('any report is explained without control characters', () => {
  fc.assert(
    fc.property(anyReport, (any) => {
      const all = [explainScore(any), ...any.items.map((item) => explainItem(any, item.id)), listItems(any.items)].join(
        '',
      );
      expect(all).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
    }),
    { numRuns: 20 },
  );
});
