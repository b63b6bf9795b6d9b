import { describe, expect, test } from '@jest/globals';
import { type Script, script } from '../../src/facts/script.ts';
import { type Command, commandText, eachCommand } from '../../src/facts/shell.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const extract = await script.load();
const read = (path: string, text: string): Script => extract({ path, text, words: [] }).data!;

const commandsOf = (data: Script, target: string): Command[] => {
  const all: Command[] = [];
  for (const recipe of data.targets.find((item) => item.name === target)?.recipes ?? []) {
    eachCommand(recipe.shell.statements, (command) => all.push(command));
  }
  return all;
};

describe('which files', () => {
  test.each([
    ['scripts/build.sh', '', true],
    ['Makefile', '', true],
    ['build/rules.mk', '', true],
    ['web/package.json', '{}', true],
    ['bin/run', '#!/usr/bin/env bash\nls', true],
    ['bin/run', '#!/bin/sh -e\nls', true],
    ['bin/run', '#!/usr/bin/env python3\n', false],
    ['LICENSE', 'free', false],
  ])('%s %j', (path, text, expected) => {
    expect(script.accepts(path) && script.recognises!(path, text)).toBe(expected);
  });
  test.each(['a.py', 'package-lock.json', 'Makefile.md/x.txt'])('not %s', (path) => {
    expect(script.accepts(path)).toBe(false);
  });
});

describe('shell files', () => {
  test('flags of the first line', () => {
    expect(read('a.sh', '#!/bin/bash -eu\nls')).toMatchObject({ type: 'shell', errexit: true, pipefail: false });
    expect(read('a.sh', '#!/bin/bash\nset -e\nls').errexit).toBe(false);
  });
});

describe('Makefile', () => {
  const text = [
    'PYTEST ?= python -m pytest',
    'ARGS = $(PYTEST) -q',
    '.PHONY: test',
    'all: lint test | out',
    'test: deps',
    '\t@$(ARGS) tests \\',
    '\t  --color=no',
    '\t-rm -f $$HOME/x $(UNKNOWN)',
    'ifeq ($(CI),true)',
    'endif',
    'lint: ; ruff check .',
    'define big',
    'not: a target',
    'endef',
    '',
  ].join('\n');
  const data = read('Makefile', text);

  test('targets, prerequisites and recipes', () => {
    expect(data.targets.map((target) => [target.name, target.prerequisites])).toEqual([
      ['.PHONY', ['test']],
      ['all', ['lint', 'test', 'out']],
      ['test', ['deps']],
      ['lint', []],
    ]);
    expect(commandsOf(data, 'test').map(commandText)).toEqual([
      'python -m pytest -q tests --color=no',
      'rm -f $HOME/x ${UNKNOWN}',
    ]);
    expect(commandsOf(data, 'lint').map(commandText)).toEqual(['ruff check .']);
  });

  test('an ignored status and its place', () => {
    const [first, second] = data.targets[2]!.recipes;
    expect(first!.ignored).toBeUndefined();
    expect(text.slice(second!.ignored!.start, second!.ignored!.end)).toBe('-');
  });

  test('places of commands behind variables', () => {
    const rm = commandsOf(data, 'test')[1]!;
    expect(text.slice(rm.span.start, rm.span.end)).toBe('rm -f $$HOME/x $(UNKNOWN)');
  });
});

test('package.json scripts, with escapes and nested objects', () => {
  const text =
    '{ "name": "x", "a": {"scripts": {"no": "b"}}, "scripts": {\n "test": "jest \\"a b\\" || true",\n "n": 1 } }';
  const data = read('package.json', text);
  expect(data.targets.map((target) => target.name)).toEqual(['test']);
  const commands = commandsOf(data, 'test');
  expect(commands.map((command) => command.words.map((word) => word.value))).toEqual([['jest', 'a b'], ['true']]);
  expect(text.slice(commands[1]!.span.start, commands[1]!.span.end)).toBe('true');
});

describe('hostile input', () => {
  test.each<[string, string, string]>([
    [
      'variables that multiply',
      'Makefile',
      Array.from({ length: 20 }, (_, i) => `A${i} = ${`$(A${i + 1})`.repeat(500)}\n`).join('') +
        'A20 = x\nt: $(A0)\n\t$(A0)\n',
    ],
    ['own reference', 'Makefile', 'A = $(A) x\nt:\n\t$(A)\n'],
    ['spaces', 'Makefile', `${' '.repeat(1_000_000)}x`],
    ['backslashes', 'Makefile', 't:\n\ta \\\n'.repeat(20_000)],
    ['quotes', 'package.json', '{"scripts": {"a": "'.concat('\\"'.repeat(200_000))],
    ['brackets', 'package.json', '[{"scripts":'.repeat(50_000)],
  ])('%s', (_name, path, text) => {
    const start = cpuTime();
    expect(() => JSON.stringify(extract({ path, text, words: [] }))).not.toThrow();
    expect(cpuTime() - start).toBeLessThan(5_000);
  });

  test('mutated files never throw and keep spans inside', () => {
    const pieces = [
      't:',
      '\n',
      '\t',
      '-',
      '@',
      'a',
      ' ',
      '$(',
      'A',
      ')',
      '$$',
      '=',
      ':=',
      '\\\n',
      '\r\n',
      '#',
      '"',
      '{',
      '}',
      '"scripts"',
      ':',
      ',',
      '\\u0041',
      'define x',
      'endef',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('Makefile', 'package.json', 'a.sh'),
        fc.array(fc.constantFrom(...pieces), { maxLength: 60 }),
        (path, list) => {
          const text = list.join('');
          JSON.stringify(read(path, text), (key, value) => {
            if (key === 'span') {
              expect(value.start).toBeGreaterThanOrEqual(0);
              expect(value.end).toBeGreaterThanOrEqual(value.start);
              expect(value.end).toBeLessThanOrEqual(text.length);
            }
            return value;
          });
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
