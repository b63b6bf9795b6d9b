/** Knows that the shipped JSON schemas of roadmap and configuration agree with what the readers take and refuse. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { loadConfig } from '../src/config.ts';
import { UserError } from '../src/problem.ts';
import { builtinRoadmap, extendRoadmap } from '../src/roadmap.ts';

type Schema = Readonly<Record<string, unknown>>;

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

const ajv = new Ajv2020({ multipleOfPrecision: 9, strictRequired: false, strictTypes: false });
const schemas = {
  roadmap: JSON.parse(read('schemas/roadmap-v1.json')) as Schema,
  config: JSON.parse(read('schemas/config-v1.json')) as Schema,
};
const fits = { roadmap: ajv.compile(schemas.roadmap), config: ajv.compile(schemas.config) };
const builtin = builtinRoadmap();
const folder = mkdtempSync(join(tmpdir(), 'schemas-'));
writeFileSync(join(folder, 'ours.yaml'), 'extends: builtin\n');
afterAll(() => rmSync(folder, { recursive: true }));

async function mistake(kind: keyof typeof fits, text: string): Promise<string | undefined> {
  try {
    if (kind === 'roadmap') extendRoadmap(builtin, text, 'r.yaml');
    else {
      writeFileSync(join(folder, 'audit.config.yaml'), text);
      await loadConfig({ root: folder, cwd: folder, builtin, pages: new Map() });
    }
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return undefined;
}

/** The keys that a reader lists when it meets one that is like none of them. */
async function keys(kind: keyof typeof fits, text: string): Promise<readonly string[]> {
  const known = /known: (.*)$/m.exec((await mistake(kind, text)) ?? '')?.[1];
  return (known ?? '').split(', ').sort();
}

function propertiesOf(schema: Schema, ...path: readonly string[]): readonly string[] {
  const found = path.reduce<Schema>((inner, key) => inner[key] as Schema, schema);
  return Object.keys(found.properties as Schema).sort();
}

const X = 'zzzzzzzzzzzz: 1';
const E = 'extends: builtin\n';
const ALONE = [
  'schema: 1\ntitle: Ours\nstart: 2026-03-02\ndue: 30\nstartScore: 0\ntarget: 8',
  'phases: { P0: { title: First, weight: 10, start: 0, due: 9 } }',
  'items: { admin-auth: { phase: P0, effort: 2.5, owner: web } }\n',
].join('\n');

describe('the schemas', () => {
  test('know the same keys as the readers', async () => {
    const { roadmap, config } = schemas;
    const of = (...path: readonly string[]) => propertiesOf(roadmap, ...path);
    expect(await keys('roadmap', E + X)).toEqual(of());
    expect(await keys('roadmap', `${E}phases: { ${X} }`)).toEqual(of('properties', 'phases'));
    expect(await keys('roadmap', `${E}phases: { P0: { ${X} } }`)).toEqual(of('$defs', 'phase'));
    expect(await keys('roadmap', `${E}caps: { p0-open: { ${X} } }`)).toEqual(of('$defs', 'cap'));
    expect(await keys('roadmap', `${E}caps: { p0-open: { when: { phase: P0, open: 1, ${X} } } }`)).toEqual(
      of('$defs', 'cap', 'properties', 'when'),
    );
    expect(await keys('roadmap', `${E}items: { admin-auth: { ${X} } }`)).toEqual(of('$defs', 'item'));
    expect(await keys('config', X)).toEqual(propertiesOf(config));
    expect(await keys('config', `zones: { ${X} }`)).toEqual(propertiesOf(config, 'properties', 'zones'));
    expect(await keys('config', `items: { admin-auth: { ${X} } }`)).toEqual(propertiesOf(config, '$defs', 'item'));
  });

  const taken: readonly (readonly [keyof typeof fits, string])[] = [
    ['roadmap', read('rules/roadmap.yaml')],
    ['roadmap', ALONE],
    ['roadmap', 'extends: builtin\n'],
    ['roadmap', `${E}$schema: x\ntitle: x\nstart: 2026-03-01\ndue: 2026-04-01\nstartScore: 1.125\ntarget: 8.5\n`],
    [
      'roadmap',
      `${E}caps: { p0-open: { enabled: false }, mine: { when: { phase: P3, open: 2 }, limit: 9, reason: x } }\n`,
    ],
    [
      'roadmap',
      `${E}items: { admin-auth: { weight: 0.5, impact: 9.9, effort: 0.25, expect: applicable, verify: attestation, hygiene: true, options: { a: 1, b: x, c: true, d: [x], e: { f: g } } } }\n`,
    ],
    ['config', '{}'],
    [
      'config',
      'roadmap: ours.yaml\ntarget: 8\nfailOn: score<7.5\nmaxFileSize: 2M\nbaseline: old.json\ninclude: src\nexclude: [a, "*.b"]\n',
    ],
    ['config', 'failOn: [error, "phase:P0"]\nmaxFileSize: 1000\nzones: { test: [a], docs: b }\n'],
    ['config', 'items: { admin-auth: { weight: 3.5, expect: notApplicable, enabled: true, options: { a: [b] } } }\n'],
  ];
  test.each(taken)('%s: both take %j', async (kind, text) => {
    expect(await mistake(kind, text)).toBeUndefined();
    fits[kind](parse(text));
    expect(fits[kind].errors ?? []).toEqual([]);
  });

  const refused: readonly (readonly [keyof typeof fits, string])[] = [
    ...['schema', 'title', 'start', 'due', 'startScore', 'target', 'phases', 'items'].map(
      (key) => ['roadmap', ALONE.replace(new RegExp(`^${key}:.*\n`, 'm'), '')] as const,
    ),
    ['roadmap', ALONE.replace('weight: 10, ', '')],
    ['roadmap', ALONE.replace('owner: web', '')],
    ['roadmap', `${ALONE}caps: { mine: { limit: 3, reason: x } }\n`],
    ['roadmap', '[]'],
    ...[
      ...[
        'schema: 2',
        'title: " "',
        'title: 3',
        'start: tomorrow',
        'due: -1',
        'due: 1.5',
        'target: 11',
        'target: high',
      ],
      ...[
        'phases: { P4: { title: x } }',
        'phases: { P0: { weight: 0.3 } }',
        'phases: []',
        'items: { A_b: { effort: 1 } }',
      ],
      ...[
        'caps: { p0-open: { limit: 11 } }',
        'caps: { p0-open: { when: { open: 0 } } }',
        'caps: { p0-open: { enabled: 1 } }',
      ],
      ...[
        'items: { admin-auth: { phase: P7 } }',
        'items: { admin-auth: { impact: 9.95 } }',
        'items: { admin-auth: [] }',
      ],
      ...['items: { admin-auth: { effort: -1 } }', 'items: { admin-auth: { expect: maybe } }'],
      ...['items: { admin-auth: { verify: trust } }', 'items: { admin-auth: { hygiene: yes } }'],
      ...['items: { admin-auth: { options: { a: [[b]] } } }', 'items: { admin-auth: { options: { a: null } } }'],
    ].map((line) => ['roadmap', `${E}${line}\n`] as const),
    ...[
      ...['[]', 'target: 11', 'roadmap: ""', 'include: 3', 'exclude: ["!a"]', 'exclude: ../a', 'exclude: a\\b'],
      ...['zones: { test: 3 }', 'zones: []', 'maxFileSize: big', 'maxFileSize: true', 'failOn: 3', 'failOn: [3]'],
      ...['items: { admin-auth: { weight: heavy } }', 'items: { admin-auth: { expect: maybe } }', 'items: []'],
      ...['items: { admin-auth: { enabled: 1 } }', 'items: { admin-auth: { options: { a: null } } }'],
    ].map((line) => ['config', `${line}\n`] as const),
  ];
  test.each(refused)('%s: both refuse %j', async (kind, text) => {
    expect(await mistake(kind, text)).toBeDefined();
    expect(fits[kind](parse(text))).toBe(false);
  });
});
