/** Knows schemas of Prisma: which database they are for, where its address comes from, and the texts in its tables. */
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface PrismaSchema {
  readonly sources: readonly DataSource[];
  readonly models: readonly PrismaModel[];
}

/** One `model` block, with its columns that hold texts or bytes. */
export interface PrismaModel {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly span: Span }[];
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
  const models: { name: string; columns: { name: string; span: Span }[] }[] = [];
  let open: (typeof sources)[number] | undefined;
  let model: (typeof models)[number] | undefined;
  let start = 0;
  for (const row of text.split('\n')) {
    const code = row.replace(/^\s*\/\/.*$/, '');
    const block = /^\s*(\w+)\s+(\w+)\s*\{/.exec(code);
    if (block) {
      open = block[1] === 'datasource' ? { name: block[2]! } : undefined;
      if (open) sources.push(open);
      model = block[1] === 'model' ? { name: block[2]!, columns: [] } : undefined;
      if (model) models.push(model);
    } else if (/^\s*\}/.test(code)) {
      open = undefined;
      model = undefined;
    }
    const column = model && /^(\s+)(\w+)\s+(?:String|Bytes)\b(?!\s*\[)/.exec(code);
    if (model && column) {
      const from = start + column[1]!.length;
      model.columns.push({ name: column[2]!, span: { start: from, end: from + column[2]!.length } });
    }
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
  return { data: { sources, models } };
}
