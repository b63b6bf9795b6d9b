/** Knows files named .env: names and values as a process gets them; templates such as .env.example are none. */
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface EnvironmentFile {
  readonly variables: readonly EnvironmentVariable[];
}

export interface EnvironmentVariable {
  readonly name: string;
  /** Without quotes and trailing comment; `${OTHER}` stays as written. */
  readonly value: string;
  /** Name and value. */
  readonly span: Span;
}

const file = /(?:^|\/)(?:\.env(?:[.-][\w-]+)*|[\w-]+\.env)$/;
const template = /(?:example|sample|template|dist|tmpl|tpl|schema|defaults?)$/i;

export const dotenv: Extractor<'dotenv'> = {
  kind: 'dotenv',
  accepts: (path) =>
    file.test(path) &&
    !path
      .split('/')
      .at(-1)!
      .split(/[.-]/)
      .some((part) => template.test(part)),
  load: async () => read,
};

function read({ text }: ExtractInput): Extracted<EnvironmentFile> {
  const variables: EnvironmentVariable[] = [];
  let start = 0;
  for (const row of text.split('\n')) {
    const match = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*=[ \t]*/.exec(row);
    if (match) {
      const rest = row.slice(match[0].length).trimEnd();
      const quoted = /^(["'])(.*?)\1/.exec(rest);
      const value = quoted ? quoted[2]! : rest.replace(/(?:^|\s)#.*$/, '').trimEnd();
      const indent = row.length - row.trimStart().length;
      variables.push({
        name: match[1]!,
        value,
        span: { start: start + indent, end: start + match[0].length + (quoted ? quoted[0].length : value.length) },
      });
    }
    start += row.length + 1;
  }
  return { data: { variables } };
}
