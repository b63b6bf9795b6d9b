/** Knows units of systemd: the variables that a service is started with. */
import type { EnvironmentFile, EnvironmentVariable } from './dotenv.ts';
import type { Extracted, ExtractInput, Extractor } from './facts.ts';

export const systemd: Extractor<'systemd'> = {
  kind: 'systemd',
  accepts: (path) => /\.(?:service|service\.d\/[^/]+\.conf|service\.(?:j2|tpl|tmpl|template))$/i.test(path),
  recognises: (_, text) => /^\[Service\]/m.test(text),
  load: async () => read,
};

/** `Environment=` takes several assignments, each with or without quotes around all of it. */
function read({ text }: ExtractInput): Extracted<EnvironmentFile> {
  const variables: EnvironmentVariable[] = [];
  let start = 0;
  for (const row of text.split('\n')) {
    const head = row.length < 10_000 ? /^[ \t]*Environment[ \t]*=[ \t]*/.exec(row) : null;
    if (head) {
      for (const match of row
        .slice(head[0].length)
        .matchAll(/"([A-Za-z_]\w*)=([^"]*)"|'([A-Za-z_]\w*)=([^']*)'|([A-Za-z_]\w*)=(\S*)/g)) {
        const name = match[1] ?? match[3] ?? match[5]!;
        const value = (match[2] ?? match[4] ?? match[6]!).replace(/^(["'])(.*)\1$/, '$2').replaceAll('%%', '%');
        const from = start + head[0].length + match.index;
        variables.push({ name, value, span: { start: from, end: from + match[0].trimEnd().length } });
      }
    }
    start += row.length + 1;
  }
  return { data: { variables } };
}
