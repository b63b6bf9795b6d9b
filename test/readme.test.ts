/** Knows that the README's table of items is the roadmap's, that its configuration is one, that its commands are the tested ones, and the links of all documents lead somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { builtinRoadmap } from '../src/roadmap.ts';

const root = new URL('../', import.meta.url);
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/ARCHITECTURE.md'];
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('README', () => {
  const text = read('README.md');

  test('lists the items of the roadmap in order', () => {
    const rows = [...text.matchAll(/^\| (P\d) \| \[([\w-]+)\]\(rules\/([\w-]+)\.md\) \|/gm)].map((match) =>
      match.slice(1),
    );
    expect(rows).toEqual(builtinRoadmap().items.map(({ id, phase }) => [phase, id, id]));
  });

  test('shows a configuration that is one', () => {
    const sample = /```yaml\n(roadmap:[\s\S]*?)```/.exec(text)?.[1] ?? '';
    const fits = new Ajv2020({ strictRequired: false, strictTypes: false }).compile(
      JSON.parse(read('schemas/config-v1.json')),
    );
    expect([fits(parse(sample)), fits.errors]).toEqual([true, null]);
  });

  test('has the two commands that .ci/run calls', () => {
    const commands = [...text.matchAll(/^npm ci && .*$/gm)].map((match) => match[0]);
    expect(commands.length).toBe(2);
    for (const command of commands) expect(read('.ci/run')).toContain(command);
  });
});

test.each(documents)('%s: relative links lead somewhere', (path) => {
  const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1]!);
  const here = new URL(path, root);
  expect(links.filter((link) => !existsSync(new URL(link, here)))).toEqual([]);
});
