/** Knows that the JSON report keeps its schema and its bytes. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { json } from '../../src/reporters/json.ts';
import { realReport } from '../real-report.ts';
import { sampleFinding, sampleReport } from '../sample-report.ts';

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

const schema = JSON.parse(readFileSync(new URL('../../schemas/report-v1.json', import.meta.url), 'utf8')) as Json;

/** The schema with every object closed: readers tolerate unknown properties, but ours must all be described. */
function closed(node: Json): Json {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, closed(child)]));
  return node.type === 'object' && node.properties !== undefined ? { ...copy, additionalProperties: false } : copy;
}

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
(addFormats as unknown as (target: Ajv2020) => void)(ajv);
const fits = ajv.compile(closed(schema) as object);

function errors(text: string): string[] {
  fits(JSON.parse(text));
  return (fits.errors ?? []).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, shuffled(child)]),
  );
}

describe('json', () => {
  test('keeps every value', () => {
    const report = sampleReport();
    expect(JSON.parse(json(report))).toEqual(JSON.parse(JSON.stringify(report)));
  });

  test('the order of keys does not matter', () => {
    const report = sampleReport();
    expect(json(shuffled(report) as typeof report)).toBe(json(report));
  });

  test('ends with one line break', () => {
    expect(json(sampleReport())).toMatch(/[^\n]\n$/);
  });

  test.each([
    ['a rich report', sampleReport()],
    ['no findings', sampleReport({ findings: [], suppressed: [], notifications: [] })],
    [
      'a comparison',
      sampleReport({
        comparison: {
          added: [sampleFinding().id],
          fixed: [{ id: 'ab', item: 'type-hints', path: 'a.py', what: 'It was wrong.' }],
          unchanged: 3,
          delta: -120,
          comparable: false,
        },
      }),
    ],
  ])('%s fits the shipped schema', (_, report) => {
    expect(errors(json(report))).toEqual([]);
  });

  test('a report of the engine fits it, too', async () => {
    const report = await realReport();
    expect(report.findings.length).toBeGreaterThan(0);
    expect(errors(json(report))).toEqual([]);
    expect(errors(json(await realReport({})))).toEqual([]);
  });
});
