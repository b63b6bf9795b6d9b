import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { checks } from '../src/checks/index.ts';
import { extractors } from '../src/facts/index.ts';
import { shippedPages } from '../src/pages.ts';
import { builtinRoadmap } from '../src/roadmap.ts';

const root = new URL('../', import.meta.url);
const names = (folder: string, ending: string) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
const roadmap = builtinRoadmap();
const items = roadmap.items.map((item) => item.id);
const ids = checks.map((check) => check.id);
const pages = shippedPages();

describe('one id, one spelling, five places', () => {
  test('the list of checks is sorted, complete and distinct', () => {
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toEqual(names('src/checks/', '.ts').filter((name) => name !== 'index'));
  });

  test('every check has a roadmap item, a page and a test', () => {
    for (const id of ids) {
      expect(items).toContain(id);
      expect([id, pages.has(id)]).toEqual([id, true]);
      expect([id, existsSync(new URL(`test/checks/${id}.test.ts`, root))]).toEqual([id, true]);
    }
  });

  test('every item has a page, and nothing is orphaned', () => {
    expect([...items].sort()).toEqual([...pages.keys()].sort());
    expect(names('test/checks/', '.test.ts').filter((name) => !ids.includes(name))).toEqual([]);
  });

  test('the roadmap has the 29 items and their weight', () => {
    expect(items).toHaveLength(29);
    expect(new Set(items).size).toBe(29);
    expect(roadmap.items.reduce((sum, item) => sum + item.weight2, 0)).toBe(385);
  });
});

describe('checks', () => {
  test('need kinds that some extractor reads', () => {
    const kinds = new Set<string>(extractors.map((extractor) => extractor.kind));
    for (const check of checks) {
      expect(Object.keys(check.needs).length).toBeGreaterThan(0);
      for (const kind of Object.keys(check.needs))
        expect([check.id, kind, kinds.has(kind)]).toEqual([check.id, kind, true]);
    }
  });

  test('speak in full sentences of three parts', () => {
    for (const check of checks) {
      for (const [id, { what, why, fix }] of Object.entries(check.messages)) {
        for (const text of [what, why, fix]) {
          expect([check.id, id, text]).toEqual([check.id, id, expect.stringMatching(/^[A-Z{'"`].*[.}`]$/s)]);
        }
      }
    }
  });

  test('are frozen plain objects', () => {
    for (const check of checks) expect([check.id, Object.isFrozen(check)]).toEqual([check.id, true]);
  });
});
