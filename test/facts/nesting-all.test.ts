import { expect, test } from '@jest/globals';
import { extractors } from '../../src/facts/index.ts';

const deep = 10_000;
const around = (open: string, inside: string, close: string) => open.repeat(deep) + inside + close.repeat(deep);

test.each([
  ['a.sh', around('$(', 'a', ')')],
  ['a.sh', around('{ ', 'a;', '}')],
  ['a.sh', around('(', 'a', ')')],
  ['a.sh', `echo ${around('${a:-', 'b', '}')}`],
  ['a.sh', `echo $((${around('(', '1', ')')}))`],
  ['a.sh', `${'! '.repeat(deep)}a`],
  ['a.sh', around('if a; then ', 'b; ', 'fi; ')],
  ['a.sh', around('case a in a) ', 'b ', ';; esac ')],
  ['a.tf', `a = ${around('[', '1', ']')}`],
  ['a.tf', `a = ${around('"${', '1', '}"')}`],
  ['a.tf', `a = ${'!'.repeat(deep)}b`],
  ['a.tf', `a = ${'b ? c : '.repeat(deep)}d`],
  ['a.tf', `a = b${'.c'.repeat(deep)}`],
  ['a.tf', around('a {\n', '', '}\n')],
  ['Dockerfile', `FROM ${around('${a:-', 'b', '}')}\n`],
  ['Dockerfile', `FROM a\nRUN ${around('$(', 'a', ')')}\n`],
  ['package.json', around('{"a": ', '1', '}')],
  ['package.json', `{"scripts": ${around('[', '', ']')}}`],
  ['nginx.conf', around('server {', '', '}')],
  ['docker-compose.yml', `services: ${around('{a: ', 'b', '}')}\n`],
  ['.github/workflows/a.yml', `on: push\njobs:\n  a:\n    steps:\n      - run: ${around('$(', 'a', ')')}\n`],
  ['a.ts', `x = ${around('(', '1', ')')}`],
  ['a.ts', `x = ${'a => '.repeat(deep)}1`],
  ['a.ts', `x = a${'.b()'.repeat(deep)}`],
])('%s, however deep, stops no extractor', async (path, text) => {
  for (const extractor of extractors) {
    if (!extractor.accepts(path) || !(extractor.recognises?.(path, text) ?? true)) continue;
    const extract = await extractor.load();
    expect(() => extract({ path, text, words: [] })).not.toThrow();
  }
});
