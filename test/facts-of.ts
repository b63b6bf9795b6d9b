/** Knows how to read a small tree given as text with some extractors, for tests of parsers and links. */
import { collectFacts } from '../src/facts/collect.ts';
import type { Extractor, Facts } from '../src/facts/facts.ts';
import { openFiles, ZONES } from '../src/facts/workspace.ts';

/** Facts of every file the extractors accept. */
export async function factsOfFiles(extractors: readonly Extractor[], files: Record<string, string>): Promise<Facts> {
  const workspace = openFiles('tree', new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
  const needs = Object.fromEntries(extractors.map((extractor) => [extractor.kind, true as const]));
  const check = { id: 'test', needs, messages: {}, assess: () => ({ subjects: [], lookedFor: '' }) };
  return (await collectFacts(workspace, { checks: [check], extractors, zones: new Set(ZONES), asked: new Set(ZONES) }))
    .facts;
}
