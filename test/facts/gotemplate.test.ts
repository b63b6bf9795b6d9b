/** Knows what the template parser must understand, and that nothing makes it throw. */
import { describe, expect, test } from '@jest/globals';
import { parseTemplate, type TemplateNode } from '../../src/facts/gotemplate.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

/** A short picture of the nodes: texts quoted, actions by kind. */
function picture(nodes: readonly TemplateNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return JSON.stringify(node.text);
      if (node.kind === 'template') return `template ${node.name}`;
      if (!('body' in node)) return node.kind;
      const otherwise = node.otherwise.length > 0 ? ` else ${picture(node.otherwise)}` : '';
      return `${node.kind}(${picture(node.body)}${otherwise})`;
    })
    .join(' ');
}

const parsed = (text: string) => {
  const { file, problems } = parseTemplate(text);
  return file ? picture(file.nodes) : `error: ${problems[0]!.message}`;
};

describe('structure', () => {
  test.each([
    ['plain text', 'kind: Pod\n', '"kind: Pod\\n"'],
    ['an action', 'a {{ .b }} c', '"a " action " c"'],
    ['trimming both ways', 'a \n {{- .b -}} \n\t c', '"a" action "c"'],
    ['a minus that belongs to a number', '{{-3}} {{ -3 }}', 'action " " action'],
    ['comments', 'a {{/* {{ b }} */}} c {{- /* d */ -}} e', '"a " " c" "e"'],
    ['branches', '{{ if .a }}1{{ else if .b }}2{{ else }}3{{ end }}', 'if("1" else if("2" else "3"))'],
    ['with and else with', '{{ with .a }}1{{ else with .b }}2{{ end }}', 'with("1" else with("2"))'],
    [
      'range with break',
      '{{ range $i, $e := .a }}{{ if $e }}{{ break }}{{ end }}x{{ else }}y{{ end }}',
      'range(if(break) "x" else "y")',
    ],
    ['definitions leave the text', 'a{{ define "x" }}b{{ end }}c', '"a" "c"'],
    ['blocks are called where they stand', '{{ block "x" . }}b{{ end }}', 'template x'],
    ['actions over several lines', '{{ include "x"\n  (dict "a" 1\n  "b" .) }}', 'action'],
    ['raw strings and characters', "{{ `a }} b` }}{{ 'x' }}", 'action action'],
    ['numbers', '{{ add 0x1F 1e3 .5 1_000 0x1p4 }}', 'action'],
    ['a chain behind parentheses', '{{ (index .a 0).b.c }}', 'action'],
  ])('%s', (_, text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  test.each([
    ['unclosed action', 'a {{ .b', 'error: unclosed action'],
    ['unclosed comment', '{{/* a', 'error: unclosed comment'],
    ['missing end', '{{ if .a }}b', 'error: {{if}} without {{end}}'],
    ['end without opening', 'a{{ end }}', 'error: unexpected {{end}}'],
    ['break outside range', '{{ break }}', 'error: {{break}} outside {{range}}'],
    ['unclosed parenthesis', '{{ (a }}', 'error: unclosed left paren'],
    ['empty command', '{{ }}', 'error: missing value for command'],
    ['open string', '{{ "a }}', 'error: unterminated quoted string'],
    ['deep nesting', `${'{{ if .a }}'.repeat(400)}`, 'error: nested too deeply'],
    ['deep parentheses', `{{ ${'('.repeat(4000)}1${')'.repeat(4000)} }}`, 'error: nested too deeply'],
  ])('%s', (_, text, expected) => {
    expect(parsed(text)).toBe(expected);
  });
});

test('texts know their place', () => {
  const source = 'a: {{ .x }}  \n{{- if .y }}\n  b: 1\n{{- end }}\n';
  const { file } = parseTemplate(source);
  const texts: string[] = [];
  const visit = (nodes: readonly TemplateNode[]): void => {
    for (const node of nodes) {
      if (node.kind === 'text') {
        expect(source.slice(node.span.start, node.span.end)).toBe(node.text);
        texts.push(node.text);
      } else if ('body' in node) visit(node.body);
    }
  };
  visit(file!.nodes);
  expect(texts).toEqual(['a: ', '\n  b: 1', '\n']);
});

test('strings are unescaped', () => {
  const { file } = parseTemplate('{{ print "a\\n\\x41\\u00e9\\"" }}');
  const node = file!.nodes[0]!;
  expect(node.kind === 'action' && node.pipe.commands[0]![1]).toMatchObject({ kind: 'string', value: 'a\nAé"' });
});

test('nothing makes it throw, and every place lies in the text', () => {
  const pieces = [
    '{{',
    '}}',
    '{{-',
    '-}}',
    ' ',
    'if',
    'end',
    'else',
    'range',
    'with',
    'define',
    '"x"',
    '.a',
    '$x',
    ':=',
    '|',
    '(',
    ')',
    '/*',
    '*/',
    '`',
    "'",
    '0x',
    'é',
    '\n',
    'break',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })), { maxLength: 40 }),
      (parts) => {
        const text = parts.join('');
        const { file, problems } = parseTemplate(text);
        expect(file === undefined).toBe(problems.length > 0);
        for (const { span } of problems) {
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.end).toBeLessThanOrEqual(text.length);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('long hostile texts are quick', () => {
  for (const text of [
    '{{'.repeat(200_000),
    '{{ '.repeat(100_000),
    `{{ ${' '.repeat(300_000)}`,
    '{{/* */}}'.repeat(50_000),
    ' \n'.repeat(200_000),
  ]) {
    const start = cpuTime();
    parseTemplate(text);
    expect(cpuTime() - start).toBeLessThan(2000);
  }
});
