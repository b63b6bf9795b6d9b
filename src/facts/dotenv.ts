/** Knows files named .env: names and values as a process gets them; templates such as .env.example are marked as such. */
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import type { Span } from './span.ts';

export interface EnvironmentFile {
  readonly variables: readonly EnvironmentVariable[];
  /** To be copied and filled in: nothing reads it as it is. */
  readonly template?: true;
}

export interface EnvironmentVariable {
  readonly name: string;
  /** Without quotes and trailing comment; `${OTHER}` stays as written. */
  readonly value: string;
  /** In single quotes: a dollar in it is one. */
  readonly literal?: true;
  /** Name and value. */
  readonly span: Span;
}

const file = /(?:^|\/)(?:\.env(?:[.-][\w-]+)*|[\w-]+\.env)$/;
const template = /(?:example|sample|template|dist|tmpl|tpl|schema|defaults?)$/i;

export const dotenv: Extractor<'dotenv'> = {
  kind: 'dotenv',
  accepts: (path) => file.test(path) || isTemplate(path),
  load: async () => read,
};

/** `.env.example`, `env.sample`, `prod.env.dist`, `example.env`. */
function isTemplate(path: string): boolean {
  const parts = path.slice(path.lastIndexOf('/') + 1).split(/[._-]/);
  const last = parts.at(-1)!;
  return (
    parts.includes('env') && parts.some((part) => template.test(part)) && (/^env$/.test(last) || template.test(last))
  );
}

/** Of a value in quotes that goes on over lines. */
const LONGEST = 5000;

function read({ path, text }: ExtractInput): Extracted<EnvironmentFile> {
  const variables: EnvironmentVariable[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    let next = newline < 0 ? text.length : newline + 1;
    const row = text.slice(start, newline < 0 ? next : newline).replace(/\r$/, '');
    const match = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:=|:(?=[ \t]))[ \t]*/.exec(row);
    if (match) {
      const from = start + match[0].length;
      const quoted = quotedAt(text, from);
      const plain = text
        .slice(from, start + row.length)
        .replace(/\s#.*$/, '')
        .trim();
      const value = quoted?.value ?? plain;
      const end = quoted?.end ?? from + value.length;
      if (end > next) next = text.indexOf('\n', end) + 1 || text.length;
      const indent = row.length - row.trimStart().length;
      variables.push({
        name: match[1]!,
        value,
        ...(text[from] === "'" && quoted ? { literal: true } : {}),
        span: { start: start + indent, end },
      });
    }
    start = next;
  }
  return { data: { variables, ...(isTemplate(path) ? { template: true } : {}) } };
}

function quotedAt(text: string, from: number): { value: string; end: number } | undefined {
  const quote = text[from];
  if (quote !== '"' && quote !== "'") return undefined;
  const limit = Math.min(text.length, from + LONGEST);
  for (let i = from + 1; i < limit; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) {
      const inner = text.slice(from + 1, i);
      const escapes = quote === '"' ? /\\([nrt"\\$])/g : /\\(')/g;
      const value = inner.replace(escapes, (_, c: string) => ESCAPES[c] ?? c);
      return { value, end: i + 1 };
    }
  }
  return undefined;
}

/** A dollar that is no variable stands twice. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', $: '$$' };
