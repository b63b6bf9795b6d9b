/** Knows that every pattern of unsafe code is found and every look-alike left alone, from the pages in test/patterns. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { checks } from '../src/checks/index.ts';
import { type Files, scanFiles } from './scan-files.ts';

interface Pattern {
  /** P1, P2 … must be found; N1, N2 … must not, or only to review; the other way round where it is not judged. */
  readonly id: string;
  readonly title: string;
  readonly examples: readonly Files[];
}

const folder = new URL('./patterns/', import.meta.url);
const pages = readdirSync(folder).map((name) => ({
  item: name.replace(/\.md$/, ''),
  patterns: patternsOf(readFileSync(new URL(name, folder), 'utf8')),
}));

/** The sections of a page; a line with the word `or` parts their examples, each of which is one or more files. */
function patternsOf(page: string): Pattern[] {
  return page
    .split(/^## (?=[PN]\d+ )/m)
    .slice(1)
    .map((section) => {
      const [, id, title] = /^(\S+) (.+)/.exec(section)!;
      const examples = section
        .split(/^or$/m)
        .map((part) =>
          Object.fromEntries(
            [...part.matchAll(/^(`{3,})\w+ (\S+)\n(.*?)^\1$/gms)].map((block) => [block[2]!, block[3]!] as const),
          ),
        );
      return { id: id!, title: title!, examples };
    });
}

describe.each(pages)('$item', ({ item, patterns }) => {
  const check = checks.find((one) => one.id === item)!;

  test('leaves no number out', () => {
    const numbers = (kind: string) => patterns.flatMap(({ id }) => (id.startsWith(kind) ? [Number(id.slice(1))] : []));
    for (const kind of ['P', 'N']) expect(numbers(kind)).toEqual(numbers(kind).map((_, i) => i + 1));
    expect(patterns.filter(({ examples }) => examples.some((files) => Object.keys(files).length === 0))).toEqual([]);
  });

  test.each(patterns)('$id $title', async ({ id, title, examples }) => {
    for (const files of examples) {
      const { judgement } = await scanFiles(check, files);
      const found = judgement.findings.map(({ finding }) => finding.message);
      if (title.endsWith('(to review)'))
        expect(judgement.findings.filter(({ finding }) => finding.confidence !== 'low')).toEqual([]);
      // What is not judged yet turns round here as soon as it is.
      else if (id.startsWith('P') !== title.endsWith('(not judged)')) expect(found).not.toEqual([]);
      else expect(found).toEqual([]);
    }
  });
});
