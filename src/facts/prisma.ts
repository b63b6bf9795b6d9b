/** Knows schemas of Prisma: which database they are for, and where its address comes from. */
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface PrismaSchema {
  readonly sources: readonly DataSource[];
}

/** One `datasource` block. */
export interface DataSource {
  readonly name: string;
  /** `postgresql`, `sqlite` ...; absent when it is missing or no text. */
  readonly provider?: Setting;
  readonly url?: Setting;
}

/** A key with its value; `variable` is the name of the environment's that holds it. */
export interface Setting {
  readonly text: string;
  readonly variable?: true;
  readonly span: Span;
}

export const prisma: Extractor<'prisma'> = {
  kind: 'prisma',
  accepts: (path) => path.endsWith('.prisma'),
  load: async () => read,
};

function read({ text }: ExtractInput): Extracted<PrismaSchema> {
  const sources: { name: string; provider?: Setting; url?: Setting }[] = [];
  let open: (typeof sources)[number] | undefined;
  let start = 0;
  for (const row of text.split('\n')) {
    const code = row.replace(/^\s*\/\/.*$/, '');
    const block = /^\s*(\w+)\s+(\w+)\s*\{/.exec(code);
    if (block) {
      open = block[1] === 'datasource' ? { name: block[2]! } : undefined;
      if (open) sources.push(open);
    } else if (/^\s*\}/.test(code)) open = undefined;
    const pair = open && /^\s*(provider|url)\s*=\s*(env\(\s*)?"([^"]*)"/.exec(code);
    if (open && pair) {
      const from = start + row.length - row.trimStart().length;
      open[pair[1] as 'provider' | 'url'] = {
        text: pair[3]!,
        ...(pair[2] === undefined ? {} : { variable: true }),
        span: { start: from, end: start + pair[0].length },
      };
    }
    start += row.length + 1;
  }
  return { data: { sources } };
}
