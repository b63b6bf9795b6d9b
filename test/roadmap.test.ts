/** Knows what the built-in roadmap must say and how a broken one is answered. */
import { describe, expect, test } from '@jest/globals';
import { UserError } from '../src/problem.ts';
import { builtinRoadmap, extendRoadmap, parseRoadmap, roadmapHash, schedule } from '../src/roadmap.ts';

const base = builtinRoadmap();

/** id, phase, first and last day in January 2026, CVSS, hours, owner. */
const TABLE = `
pqc-imports                P0 18-21 7.5 1 engineer
password-hashing           P0 18-19 7.8 6 engineer
api-key-exposure           P0 18-19 7.5 4 engineer
flask-secret-key           P0 18-18 4.0 1 engineer
password-comparison        P0 18-18 5.3 1 engineer
rate-limiting              P0 19-20 7.5 6 engineer
admin-auth                 P0 19-20 8.8 6 engineer
unsafe-deserialization     P0 20-21 9.8 8 engineer
ci-error-masking           P1 22-25 6.5 2 devops
readonly-rootfs            P1 22-25 5.8 4 devops
eks-public-access          P1 22-25 7.2 3 devops
image-pinning              P1 22-25 4.3 1 devops
dependency-unification     P1 22-25 5.5 4 engineer
vulnerable-dependencies    P1 22-25 6.8 6 engineer
terraform-state-encryption P1 22-25 6.2 3 devops
subprocess-validation      P1 22-25 7.8 8 engineer
security-headers           P1 22-25 4.5 3 engineer
resource-quota             P2 26-28 4.8 2 devops
external-secrets           P2 26-28 5.3 4 devops
network-policies           P2 26-28 5.8 3 devops
csrf-protection            P2 26-28 5.2 3 engineer
edge-security-headers      P2 26-28 4.5 2 devops
postgresql-migration       P2 26-28 6.2 6 engineer
real-metrics               P3 29-31 -   8 engineer
test-coverage              P3 29-31 -   6 engineer
type-hints                 P3 29-31 -   4 engineer
pre-commit-hooks           P3 29-31 -   2 engineer
integration-tests          P3 29-31 -   4 engineer
dockerfile-healthcheck     P3 29-31 -   1 devops
`
  .trim()
  .split('\n');

const minimal = [
  'schema: 1',
  'title: Ours',
  'start: 2026-03-02',
  'due: 30',
  'startScore: 0',
  'target: 8',
  'phases:',
  '  P0: { title: First, weight: 10, start: 0, due: 9 }',
  'items:',
  '  admin-auth: { phase: P0, effort: 2.5, owner: web }',
].join('\n');

function mistakes(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('the built-in roadmap', () => {
  test('has the items, dates, impacts and efforts of the table', () => {
    const rows = base.items.map((item) => {
      const { start, due } = schedule(item, '2026-01-18');
      expect(start.slice(0, 8) + due.slice(0, 8)).toBe('2026-01-2026-01-');
      const impact = item.impact10 === undefined ? '-' : (item.impact10 / 10).toFixed(1);
      return [item.id, item.phase, `${start.slice(8)}-${due.slice(8)}`, impact, item.effort, item.owner].join(' ');
    });
    expect(rows).toEqual(TABLE.map((row) => row.replace(/ +/g, ' ')));
  });

  test('weighs 192.5 with 80, 67.5, 30 and 15 by phase', () => {
    const sum = (phase: string) => base.items.reduce((all, item) => all + (item.phase === phase ? item.weight2 : 0), 0);
    expect(base.phases.map(({ id }) => sum(id))).toEqual([160, 135, 60, 30]);
  });

  test('has start, target, due day and caps as data', () => {
    expect([base.start, base.due, base.startScore, base.target]).toEqual(['2026-01-18', '2026-02-01', 3500, 7500]);
    expect(base.caps.map(({ phase, open, limit }) => [phase, open, limit])).toEqual([
      ['P0', 1, 7400],
      ['P0', 3, 5900],
      ['P1', 3, 8900],
    ]);
  });

  test('marks the hygiene items', () => {
    expect(base.items.filter((item) => item.hygiene).map((item) => item.id)).toEqual([
      'ci-error-masking',
      'vulnerable-dependencies',
      'test-coverage',
      'type-hints',
      'pre-commit-hooks',
      'integration-tests',
    ]);
  });

  test('is frozen through and through', () => {
    expect(Object.isFrozen(base) && Object.isFrozen(base.items) && Object.isFrozen(base.items[0]!.options)).toBe(true);
  });
});

describe('a roadmap of one’s own', () => {
  test('stands alone', () => {
    const own = extendRoadmap(base, minimal, 'ours.yaml');
    expect(own.items).toEqual([
      {
        id: 'admin-auth',
        phase: 'P0',
        weight2: 20,
        startDay: 0,
        dueDay: 9,
        effort: 2.5,
        owner: 'web',
        hygiene: false,
        verify: 'scan',
        options: {},
      },
    ]);
    expect([own.due, own.caps, own.phases.length]).toEqual(['2026-04-01', [], 1]);
  });

  test('extends the built-in one: changes, adds, moves and removes', () => {
    const text = [
      'extends: builtin',
      'start: 2026-06-01',
      'target: 8',
      'phases: { P2: { weight: 4, due: 2026-06-20 } }',
      'caps:',
      '  p0-open: { limit: 6 }',
      '  p1-three-open: { enabled: false }',
      '  p2-many: { when: { phase: P2, open: 4 }, limit: 9, reason: Too much is open. }',
      'items:',
      '  csrf-protection: { enabled: false }',
      '  resource-quota: { weight: 12.5, options: { kinds: [Deployment] } }',
      '  real-metrics: { phase: P0 }',
      '  key-ceremony: { title: Key ceremony, phase: P1, effort: 4, owner: security, verify: attestation }',
    ].join('\n');
    const own = extendRoadmap(base, text, 'ours.yaml');
    const item = (id: string) => own.items.find((candidate) => candidate.id === id);
    expect(own.items.length).toBe(29);
    expect(item('csrf-protection')).toBeUndefined();
    expect(item('resource-quota')).toMatchObject({ weight2: 25, dueDay: 19, options: { kinds: ['Deployment'] } });
    expect(item('external-secrets')).toMatchObject({ weight2: 8, startDay: 8, dueDay: 19 });
    expect(item('real-metrics')).toMatchObject({ phase: 'P0', weight2: 20, startDay: 0, dueDay: 3 });
    expect(item('key-ceremony')).toMatchObject({ weight2: 15, startDay: 4, dueDay: 7, verify: 'attestation' });
    expect(own.items.findIndex(({ id }) => id === 'real-metrics')).toBe(8);
    expect(own.caps.map(({ id, limit }) => [id, limit])).toEqual([
      ['p0-open', 6000],
      ['p0-three-open', 5900],
      ['p2-many', 9000],
    ]);
    expect([own.start, own.due, own.target]).toEqual(['2026-06-01', '2026-06-15', 8000]);
  });

  test('has a hash over what decides the score only', () => {
    const extended = (text: string) => extendRoadmap(base, `extends: builtin\n${text}`, 'x').hash;
    expect(base.hash).toMatch(/^[0-9a-f]{12}$/);
    expect(roadmapHash(base)).toBe(base.hash);
    expect(extended('title: Other\nstart: 2027-01-01\nitems: { admin-auth: { owner: web, effort: 1 } }')).toBe(
      base.hash,
    );
    expect(extended('items: { admin-auth: { weight: 11 } }')).not.toBe(base.hash);
    expect(extended('items: { admin-auth: { options: { a: 1 } } }')).not.toBe(base.hash);
    expect(extended('caps: { p0-open: { limit: 7.3 } }')).not.toBe(base.hash);
  });
});

describe('a broken roadmap', () => {
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['empty', '', ['r.yaml:1:1 the file is empty']],
    ['not a mapping', '- a\n', ['r.yaml:1:1 the roadmap must be a mapping, not a list']],
    ['not YAML', 'extends: builtin\nitems: "abc\n', ['r.yaml:3:1 Missing closing "quote']],
    [
      'unknown key',
      'extends: builtin\ntargte: 8\n',
      ["r.yaml:2:1 unknown key 'targte' in the roadmap; did you mean 'target'?"],
    ],
    ['wrong base', 'extends: builtln\n', ["r.yaml:1:10 'extends' 'builtln' does not exist; did you mean 'builtin'?"]],
    ['wrong schema', 'extends: builtin\nschema: 2\n', ["r.yaml:2:9 'schema' must be 1, not 2"]],
    [
      'bad date',
      'extends: builtin\nstart: 2026-02-30\n',
      ["r.yaml:2:8 'start', '2026-02-30', is not a date; write it as 2026-01-18"],
    ],
    [
      'date before start',
      'extends: builtin\ndue: 2026-01-01\n',
      ["r.yaml:2:6 'due', 2026-01-01, lies before the start of the roadmap, 2026-01-18"],
    ],
    ['score out of range', 'extends: builtin\ntarget: 75\n', ["r.yaml:2:9 'target' must lie between 0 and 10, not 75"]],
    [
      'unknown phase',
      'extends: builtin\nitems:\n  admin-auth: { phase: P9 }\n',
      ["r.yaml:3:24 'phase' of item admin-auth 'P9' does not exist; did you mean 'P0'?"],
    ],
    [
      'unknown item key',
      'extends: builtin\nitems:\n  admin-auth: { wieght: 3 }\n',
      ["r.yaml:3:17 unknown key 'wieght' in item admin-auth; did you mean 'weight'?"],
    ],
    [
      'weight as text',
      "extends: builtin\nitems:\n  admin-auth: { weight: 'high' }\n",
      ["r.yaml:3:25 'weight' of item admin-auth must be a number, not the text 'high'"],
    ],
    [
      'weight not in halves',
      'extends: builtin\nitems:\n  admin-auth: { weight: 1.3 }\n',
      ["r.yaml:3:25 'weight' of item admin-auth must be in steps of 0.5"],
    ],
    [
      'negative weight',
      'extends: builtin\nitems:\n  admin-auth: { weight: -1 }\n',
      ["r.yaml:3:25 'weight' of item admin-auth must lie between 0 and 1000, not -1"],
    ],
    [
      'item twice',
      'extends: builtin\nitems:\n  admin-auth: { weight: 1 }\n  admin-auth: { weight: 2 }\n',
      ["r.yaml:4:3 'admin-auth' stands twice in 'items'; keep one of them"],
    ],
    [
      'bad id',
      'extends: builtin\nitems:\n  Admin_Auth: { phase: P0, effort: 1, owner: web }\n',
      ["r.yaml:3:3 the id of item 'Admin_Auth' must consist of lower-case words with hyphens, as in rate-limiting"],
    ],
    [
      'incomplete new item',
      'extends: builtin\nitems:\n  vault: { effort: 1 }\n',
      ["r.yaml:3:3 item vault has no 'phase'", "r.yaml:3:3 item vault has no 'owner'"],
    ],
    [
      'item is a list',
      'extends: builtin\nitems:\n  admin-auth: [1]\n',
      ['r.yaml:3:15 item admin-auth must be a mapping, not a list'],
    ],
    [
      'due before start',
      'extends: builtin\nitems:\n  admin-auth: { start: 9, due: 8 }\n',
      ['r.yaml:3:3 item admin-auth is due before it starts'],
    ],
    [
      'removing what is not there',
      'extends: builtin\nitems:\n  admin-aut: { enabled: false }\n',
      ["r.yaml:3:3 there is no item 'admin-aut' to disable; did you mean 'admin-auth'?"],
    ],
    [
      'cap without condition',
      'extends: builtin\ncaps:\n  mine: { limit: 5, reason: Because. }\n',
      ["r.yaml:3:3 cap mine has no 'when'"],
    ],
    [
      'cap with a bad condition',
      'extends: builtin\ncaps:\n  mine: { when: { phase: P5, open: 0 }, limit: 5, reason: Because. }\n',
      [
        "r.yaml:3:26 'phase' of cap mine 'P5' does not exist; did you mean 'P0'?",
        "r.yaml:3:36 'open' of cap mine must lie between 1 and 1000, not 0",
      ],
    ],
    [
      'nothing weighs',
      `${minimal.replace('effort: 2.5', 'effort: 1, weight: 0')}\n`,
      ['r.yaml:9:1 at least one item must have a weight above 0'],
    ],
    [
      'a cycle of aliases',
      'extends: builtin\nitems: &a\n  admin-auth: *a\n',
      ['r.yaml:1:1 the document is nested too deeply, is too large or refers to itself'],
    ],
  ];
  test.each(cases)('%s', (_name, text, expected) => {
    const found = mistakes(() => extendRoadmap(base, text, 'r.yaml'));
    expect(found.length).toBe(expected.length);
    for (const [index, line] of expected.entries()) expect(found[index]).toContain(line);
  });

  test('lists everything that is missing when it stands alone', () => {
    const found = mistakes(() => parseRoadmap('title: x', 'r.yaml'));
    const names = ['schema', 'start', 'due', 'startScore', 'target', 'phases', 'items'];
    expect(found.map((line) => /'(\w+)' is missing/.exec(line)?.[1])).toEqual(names);
  });

  test('lists mistakes in the order of the file, CRLF or not', () => {
    const text = 'extends: builtin\ntarget: x\nfoo: 1\nitems:\n  admin-auth: { effort: [] }\n';
    const lines = mistakes(() => extendRoadmap(base, text, 'r.yaml'));
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['r.yaml:2:9', 'r.yaml:3:1', 'r.yaml:5:25']);
    expect(mistakes(() => extendRoadmap(base, text.replaceAll('\n', '\r\n'), 'r.yaml'))).toEqual(lines);
  });

  test('checks options against what the checks understand', () => {
    const known = new Map([['admin-auth', { names: ['admin'], strict: false, tags: { a: 'b' }, count: 1 }]]);
    const text = (options: string) => `extends: builtin\nitems:\n  admin-auth: { options: ${options} }\n`;
    const run = (options: string) => mistakes(() => extendRoadmap(base, text(options), 'r.yaml', known));
    expect(run('{ names: [a, b], strict: true, tags: { x: y }, count: 2 }')).toEqual([]);
    expect(run('{ nmaes: [a] }')).toEqual(["r.yaml:3:28 admin-auth has no option 'nmaes'; did you mean 'names'?"]);
    expect(run('{ strict: 1, count: many, tags: [a] }')).toEqual([
      "r.yaml:3:36 option 'strict' of admin-auth must be true or false, not 1",
      "r.yaml:3:46 option 'count' of admin-auth must be a number, not the text 'many'",
      "r.yaml:3:58 option 'tags' of admin-auth must be a mapping, not a list",
    ]);
  });
});
