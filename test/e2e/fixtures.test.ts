/** Knows that the bundled repositories are judged as their hand-written lists say, item by item and place by place. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { audit } from '../../src/audit.ts';
import { checks } from '../../src/checks/index.ts';
import { extractors } from '../../src/facts/index.ts';
import { openFolder, workspaceDefaults } from '../../src/facts/workspace.ts';
import { defaultsOf, shippedPages } from '../../src/pages.ts';
import type { Report, State } from '../../src/report.ts';
import { builtinRoadmap } from '../../src/roadmap.ts';
import { ONE, score } from '../../src/score.ts';
import { advisoriesFrom } from '../advisories.ts';

interface Expected {
  readonly about: string;
  /** The headline when every item is assessed. */
  readonly score: string;
  readonly items: Readonly<Record<string, { readonly state: State; readonly findings?: readonly string[] }>>;
}

const roadmap = builtinRoadmap();
const pages = shippedPages();
const repos = new URL('../../fixtures/repos/', import.meta.url);
const checked = new Set(checks.map((check) => check.id));

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(new URL(`${name}.expected.json`, repos), 'utf8')) as Expected;
}

function scan(name: string): Promise<Report> {
  return audit({
    workspace: openFolder(fileURLToPath(new URL(name, repos)), workspaceDefaults),
    roadmap,
    rules: pages,
    checks,
    extractors,
    options: new Map([...pages].map(([id, page]) => [id, defaultsOf(page)])),
    selected: () => true,
    scope: 'full',
    zones: new Set(['production']),
    advisories: async () => ({ advisories: advisoriesFrom(), notifications: [] }),
    asOf: '2026-01-18',
    provenance: {},
    notifications: [],
    version: '0',
    ruleset: '0',
    configHash: '0',
  });
}

/** "path:line" of every counted finding of an item; several findings in one line are one place. */
function placesOf(report: Report, item: string): readonly string[] {
  const findings = report.findings.filter((finding) => finding.item === item && finding.confidence !== 'low');
  return [...new Set(findings.map(({ path, region }) => `${path}:${region.startLine}`))].sort();
}

/** Expected places without a line stand for any line of that file. */
function matching(found: readonly string[], expected: readonly string[]): readonly string[] {
  const anywhere = expected.filter((place) => !/:\d+$/.test(place));
  const named = found.map((place) => anywhere.find((path) => place.startsWith(`${path}:`)) ?? place);
  return [...new Set(named)].sort();
}

/** The headline for the listed states; what a partial item earns is below one display step here and left out. */
function headline({ items }: Expected): string {
  const scored = roadmap.items.map(({ id, phase, weight2, effort }) => {
    const state = items[id]!.state;
    const value = state === 'pass' ? ONE : 0;
    return { id, phase, weight2, effort, state, low: value, high: value };
  });
  const scale = { ...roadmap, start: roadmap.startScore };
  return shown(score(scale, scored).score);
}

/** One decimal, floored. */
function shown(thousandths: number): string {
  return (Math.floor(thousandths / 100) / 10).toFixed(1);
}

test('every item of the roadmap has a check, fails in the prototype and passes in the hardened repository', () => {
  const states = (name: string) => Object.entries(expectedOf(name).items).map(([id, { state }]) => [id, state]);
  const all = (state: State) => roadmap.items.map(({ id }) => [id, state]);
  expect(roadmap.items.filter(({ id }) => !checked.has(id))).toEqual([]);
  expect(states('mesh-platform-prototype')).toEqual(all('fail'));
  expect(states('mesh-platform-hardened')).toEqual(all('pass'));
});

describe.each(['mesh-platform-prototype', 'mesh-platform', 'mesh-platform-hardened'])('%s', (name) => {
  const expected = expectedOf(name);
  let report: Report;
  beforeAll(async () => {
    report = await scan(name);
  });

  test('lists every item of the roadmap', () => {
    expect(Object.keys(expected.items)).toEqual(roadmap.items.map((item) => item.id));
  });

  test('is read without a broken file', () => {
    expect(report.notifications.filter((notification) => notification.level !== 'note')).toEqual([]);
    expect(report.files.kinds.filter((kind) => kind.broken > 0)).toEqual([]);
  });

  test.each(Object.entries(expected.items).filter(([id]) => checked.has(id)))('%s', (id, { state, findings }) => {
    const item = report.items.find((one) => one.id === id)!;
    if (findings !== undefined) {
      expect(matching(placesOf(report, id), findings)).toEqual([...findings].sort());
    }
    expect([id, item.state, item.reason]).toEqual([id, state, item.reason]);
  });

  const missing = Object.keys(expected.items).filter((id) => !checked.has(id));
  if (missing.length > 0) test.todo(`without a check yet: ${missing.join(', ')}`);

  test(`scores ${expected.score} when every item is assessed as listed`, () => {
    expect(headline(expected)).toBe(expected.score);
    if (missing.length === 0) expect(shown(report.score.score)).toBe(expected.score);
  });
});
