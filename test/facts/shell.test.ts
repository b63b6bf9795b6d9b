import { describe, expect, test } from '@jest/globals';
import {
  type Command,
  commandText,
  eachCommand,
  type ParseShell,
  type Shell,
  type Statement,
  shellParser,
  variablesOf,
} from '../../src/facts/shell.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const parse: ParseShell = await shellParser();

const commandsOf = (shell: Shell): Command[] => {
  const all: Command[] = [];
  eachCommand(shell.statements, (command) => all.push(command));
  return all;
};

const only = (text: string): Statement => {
  const { statements } = parse(text);
  expect(statements).toHaveLength(1);
  return statements[0]!;
};

function spansOf(value: unknown, out: { start: number; end: number }[] = []): { start: number; end: number }[] {
  if (Array.isArray(value)) for (const item of value) spansOf(item, out);
  else if (value && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      if (key === 'span') out.push(item as { start: number; end: number });
      else spansOf(item, out);
    }
  }
  return out;
}

describe('shell structure', () => {
  test.each<[string, string, object]>([
    ['and-or list', 'a && b || c', { kind: 'and-or', operators: ['&&', '||'] }],
    ['negated pipeline', '! a | b', { kind: 'pipeline', negated: true }],
    ['subshell', '(a; b)', { kind: 'block', subshell: true }],
    ['group with redirection', '{ a; } > out', { kind: 'block', subshell: false, redirections: [{ operator: '>' }] }],
    ['if', 'if a; then b; elif c; then d; else e; fi', { kind: 'if', branches: [{}, {}], otherwise: [{}] }],
    ['until', 'until a; do b; done', { kind: 'loop', keyword: 'until', condition: [{}], body: [{}] }],
    ['for', 'for x in a b; do c; done', { kind: 'loop', variable: 'x', words: [{ value: 'a' }, { value: 'b' }] }],
    ['case', 'case $x in a|b) c ;; *) d ;; esac', { kind: 'case', items: [{ patterns: [{}, {}] }, { body: [{}] }] }],
    ['function', 'f() { a; b; }', { kind: 'function', name: 'f', body: [{}, {}] }],
    ['double brackets', '[[ -f "$x" && $y == z ]]', { kind: 'test', text: '-f "$x" && $y == z', words: [{}, {}, {}] }],
    ['arithmetic', '(( n > 0 ))', { kind: 'test', text: 'n > 0' }],
  ])('%s', (_name, text, node) => {
    expect(only(text).node).toMatchObject(node);
  });

  test('words, assignments and redirections of a command', () => {
    expect(only('A=1 tool --x "a b" $v 2>/dev/null').node).toMatchObject({
      kind: 'command',
      words: [{ value: 'tool' }, { value: '--x' }, { value: 'a b' }, { text: '$v', parts: [{ name: 'v' }] }],
      assignments: [{ name: 'A', value: { value: '1' } }],
      redirections: [{ operator: '>', descriptor: 2, target: { value: '/dev/null' } }],
    });
  });

  test('operands of local are assignments', () => {
    expect(only('local status=$?').node).toMatchObject({
      words: [{ value: 'local' }],
      assignments: [{ name: 'status', value: { parts: [{ kind: 'variable', name: '?' }] } }],
    });
  });

  test('substitutions hold scripts, with offsets of the outer text', () => {
    const text = 'x="$(grep -c a f || true) ${y:-$(date)}"';
    const commands = commandsOf(parse(text));
    expect(commands.map(commandText)).toEqual(['grep -c a f', 'true', 'date', '']);
    expect(text.slice(commands[1]!.span.start, commands[1]!.span.end)).toBe('true');
  });

  test('escaped backquotes are placed at the whole substitution', () => {
    const text = 'a `b \\`c\\``';
    const inner = commandsOf(parse(text)).find((command) => commandText(command) === 'c');
    expect(inner?.span).toEqual({ start: 2, end: text.length });
  });

  test('variables of a word', () => {
    const [command] = commandsOf(parse('tool "$a${b:-$c}$((d + e))"'));
    expect(variablesOf(command!.words[1]!)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('heredoc bodies and quoted delimiters', () => {
    const { redirections } = commandsOf(parse('cat <<E\nhi $(date)\nE\n')).at(-1)!;
    expect(redirections[0]).toMatchObject({ operator: '<<', heredoc: { text: 'hi $(date)\n' } });
    expect(commandsOf(parse("cat <<'E'\nhi $(date)\nE\n")).map(commandText)).toEqual(['cat']);
  });

  test('background', () => {
    expect(only('server &').background).toBe(true);
  });
});

describe('expressions of GitHub', () => {
  test('stay opaque and keep offsets', () => {
    const text = "run ${{ a && 'x' || 'y' }} \"p${{ b }}q\" '${{ c }}' || true";
    const node = only(text).node;
    expect(node).toMatchObject({ kind: 'and-or', operators: ['||'] });
    const [command] = commandsOf(parse(text));
    expect(command!.words.map((word) => word.text)).toEqual([
      'run',
      "${{ a && 'x' || 'y' }}",
      'p${{ b }}q',
      '${{ c }}',
    ]);
    expect(command!.words[2]!.parts).toMatchObject([
      { text: 'p' },
      { kind: 'expression', text: '${{ b }}' },
      { text: 'q' },
    ]);
    for (const { span, text: own } of command!.words[2]!.parts!) expect(text.slice(span.start, span.end)).toBe(own);
  });

  test('several lines, unclosed, and adjacent ones', () => {
    expect(commandsOf(parse('echo ${{\n a\n}} b')).map(commandText)).toEqual(['echo ${{ a }} b']);
    expect(parse('echo ${{ a').problems.length).toBeGreaterThan(0);
    expect(commandsOf(parse('${{ a }}${{ b }} c'))[0]!.words[0]!.parts).toMatchObject([
      { text: '${{ a }}' },
      { text: '${{ b }}' },
    ]);
  });

  test('in a here-document', () => {
    const [command] = commandsOf(parse('cat <<E\n${{ a }} $b\nE\n'));
    expect(command!.redirections[0]!.heredoc).toMatchObject({
      text: '${{ a }} $b\n',
      parts: [{ kind: 'expression' }, {}, {}, {}],
    });
  });
});

test('offsets go through the map', () => {
  const shell = parse('a\nb', (offset) => 100 + offset * 10);
  expect(shell.statements.map((statement) => statement.span)).toEqual([
    { start: 100, end: 101 },
    { start: 120, end: 121 },
  ]);
});

test('CRLF line breaks', () => {
  const text = 'a \\\r\n  b\r\ncat <<E\r\nx\r\nE\r\nlast word\r\n';
  const commands = commandsOf(parse(text));
  expect(commands.map(commandText)).toEqual(['a b', 'cat', 'last word']);
  for (const { words } of commands)
    for (const { span, text: own } of words) expect(text.slice(span.start, span.end)).toBe(own);
});

describe('hostile input', () => {
  test.each<[string, string]>([
    ['substitutions', '$('.repeat(20_000)],
    ['quoted substitutions', 'echo "$(a '.repeat(5_000)],
    ['parentheses', '('.repeat(50_000)],
    ['ifs', 'if a; then '.repeat(5_000)],
    ['and-or', 'a && '.repeat(20_000)],
    ['heredocs', 'cat <<E\n'.repeat(5_000)],
    ['defaults', '${a:-'.repeat(5_000)],
    ['expressions without end', '${{ '.repeat(100_000)],
    ['one long word', 'x'.repeat(1_000_000)],
  ])('%s', (_name, text) => {
    const start = cpuTime();
    expect(() => JSON.stringify(parse(text))).not.toThrow();
    expect(cpuTime() - start).toBeLessThan(8_000);
  });

  test('mutated scripts never throw and keep spans inside', () => {
    const pieces = [
      'a',
      ' ',
      '\n',
      '"',
      "'",
      '`',
      '$(',
      ')',
      '${',
      '}',
      '${{ x }}',
      '||',
      '&&',
      '|',
      ';',
      'if ',
      'then ',
      'fi',
      '<<E',
      'E\n',
      '\\',
      '((',
      '[[',
      ']]',
      'case ',
      'in ',
      ';;',
      'é',
      '😀',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (list) => {
        const text = list.join('');
        for (const { start, end } of spansOf(parse(text))) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
