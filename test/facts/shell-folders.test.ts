/** Knows that the folder of each command of a script is found, wherever the script stands. */
import { describe, expect, test } from '@jest/globals';
import {
  foldersAt,
  isAnchored,
  pathsIn,
  type Standing,
  standing,
  walkShell,
  wordAt,
  wordsHandedOn,
} from '../../src/facts/shell/folders.ts';
import { shellParser, type Word } from '../../src/facts/shell.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const parse = await shellParser();
const SCRIPT = 'tools/ci/run.sh';

/** Where each `here` of a script in tools/ci runs, which was started at the root; `?` for nowhere known. */
function places(text: string, starts: readonly string[] = ['']): string[] {
  const found: string[] = [];
  walkShell(parse(text).statements, ({ words }, at) => {
    if (words[0]?.text === 'here')
      found.push(foldersAt(at, SCRIPT, starts).join(',') || (at.folder === '?' ? '?' : '/'));
  });
  return found;
}

/** The paths that the last word of the last command names. */
function named(text: string): string[] {
  let found: string[] = [];
  walkShell(parse(text).statements, ({ words }, at) => {
    const word = words.at(-1) && wordAt(words.at(-1)!, at);
    if (word) found = isAnchored(word.text) ? pathsIn(word.text, SCRIPT, ['']) : [word.text];
  });
  return found;
}

describe('the folder of a command', () => {
  test.each<[string, string, string[]]>([
    ['none', 'here', ['/']],
    ['cd', 'here; cd a/b; here; cd ..; here', ['/', 'a/b', 'a']],
    ['cd and a command in one list', 'cd a && here', ['a']],
    ['cd in a subshell', '(cd a; here); here', ['a', '/']],
    ['cd in a group', '{ cd a; here; }; here', ['a', 'a']],
    ['cd in a pipe', 'cd a | here; here', ['/', '/']],
    ['pushd and popd', 'pushd a; pushd b; here; popd; here; popd; here', ['a/b', 'a', '/']],
    ['popd of nothing', 'popd; here', ['?']],
    ['cd home', 'cd; here; cd a; here', ['?', '?']],
    ['cd -', 'cd a; cd -; here', ['?']],
    ['cd into what only the run knows', 'cd "$1"; here', ['?']],
    ['cd out of the tree', 'cd ..; here', ['/']],
    ['an absolute path', 'cd /opt/app; here', ['?']],
    ['the folder of the script', 'cd "$(dirname "$0")"; here', ['tools/ci']],
    ['above it', 'cd "$(dirname "$0")/../.." || exit 1; here; cd docs; here', ['/', 'docs']],
    ['with two dashes', 'cd -- "$(dirname -- "$0")"; here', ['tools/ci']],
    ['by backquotes', 'cd `dirname $0`/..; here', ['tools']],
    ['without a program', 'cd "${0%/*}"; here', ['tools/ci']],
    ['by the name of the source', 'cd "${BASH_SOURCE%/*}/.."; here', ['tools']],
    ['the root by git', 'cd $(git rev-parse --show-toplevel); here', ['/']],
    ['the root by git, or where it is', 'R=$(git rev-parse --show-toplevel 2>/dev/null || pwd)\ncd $R/a; here', ['a']],
    ['the root of a pipeline', 'cd "$GITHUB_WORKSPACE/a"; here', ['a']],
    ['the root of a pipeline, as an expression', 'cd ${{ github.workspace }}/a; here', ['a']],
    [
      'a variable for the folder',
      'DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" >/dev/null 2>&1 && pwd -P)"\nROOT=$DIR/../..\ncd "$ROOT"; here',
      ['/'],
    ],
    ['a variable that a caller may set', 'ROOT=${ROOT:-$(cd "$(dirname "$0")/.." && pwd)}\ncd $ROOT; here', ['tools']],
    ['realpath', 'D=$(dirname "$(realpath "$0")"); cd $D/..; here', ['tools']],
    ['readlink', 'D=$(dirname $(readlink -f ${BASH_SOURCE[0]:-$0})); cd $D; here', ['tools/ci']],
    ['where it is, remembered', 'cd a; D=$(pwd); cd b; cd $D/c; here', ['a/c']],
    ['where it is, by the variable', 'cd a; D=$PWD; cd b; cd "$D"; here', ['a']],
    ['a name that is assigned', 'GITHUB_WORKSPACE=$1; cd $GITHUB_WORKSPACE; here', ['?']],
    ['the root, after nowhere', 'cd "$1"; cd "$(git rev-parse --show-toplevel)"/b; here', ['b']],
    ['a function, where it is called', 'f() { here; }; cd a; f', ['a']],
    ['a function that moves', 'go() { cd a; }; go; here', ['a']],
    ['a function that nothing calls', 'f() { cd b; here; }; cd a; here', ['a', 'a/b']],
    ['one that calls itself', 'f() { here; f; }; f', ['/']],
    ['branches that differ', 'if x; then cd a; else cd b; fi; here', ['?']],
    ['branches that agree', 'if x; then cd a; else cd a; fi; here', ['a']],
    ['a branch that ends', 'if x; then cd a; here; exit 1; fi; here', ['a', '/']],
    ['a branch that may be', 'if x; then cd a; fi; here', ['?']],
    ['a case', 'case $1 in a) cd a; here ;; *) here ;; esac', ['a', '/']],
    ['a loop', 'for d in a b; do cd $d; here; cd ..; done; here', ['?', '/']],
    ['make', 'cd $(CURDIR)/a; here', ['?']],
    ['make, as the shell gets it', 'cd ${CURDIR}/a; here', ['a']],
    ['functions of make', 'cd $(dir $(abspath $(lastword ${MAKEFILE_LIST}))); here', ['tools/ci']],
    ['git by make', 'cd $(shell git rev-parse --show-toplevel)/a; here', ['a']],
  ])('%s', (_, text, expected) => {
    expect(places(text)).toEqual(expected);
  });

  test('each folder in which it may have been started', () => {
    expect(places('cd a; here', ['', 'tools'])).toEqual(['a,tools/a']);
    expect(places('cd ..; here', ['', 'tools/x'])).toEqual(['tools']);
  });
});

describe('the path of a word', () => {
  test.each<[string, string, string[]]>([
    ['relative', 'cat a/b', ['a/b']],
    ['by the script', 'cat "$(dirname "$0")/../b.yaml"', ['tools/b.yaml']],
    ['by a variable', 'D=$(cd "$(dirname "$0")" && pwd); B=$D/b; cat "$B.yaml"', ['tools/ci/b.yaml']],
    ['a part that is not known', 'cat $(pwd)/a-$1.yaml', ['a-$1.yaml']],
  ])('%s', (_, text, expected) => {
    expect(named(text)).toEqual(expected);
  });
});

/** What the last command of a script is given, in every way. */
function given(text: string, repeated = true): string[] {
  let found: string[] = [];
  const visit = ({ words }: { words: readonly Word[] }, at: Standing) => {
    found = wordsHandedOn(words, at).map((way) => way.map((word) => word.text).join(' '));
  };
  walkShell(parse(text).statements, visit, standing(), repeated);
  return found;
}

describe('lists of words', () => {
  test.each<[string, string, string[]]>([
    ['an array', 'A=(a "$B" "c d"); run "${A[@]}" e', ['run a $B c d e']],
    ['with known variables', 'B=x; A=(-f "$B"); run "${A[*]}"', ['run -f x']],
    ['that nobody fills', 'run "${A[@]}"', ['run ${A[@]}']],
    ['a part of it', 'A=(a b c); run "${A[@]:1}"', ['run b c']],
    ['that may be longer', 'A=(a); if x; then A+=(b); fi; run "${A[@]}"', ['run a b', 'run a']],
    ['of one of two branches', 'if x; then A=(a); else A=(b); fi; run "${A[@]}"', ['run a', 'run b']],
    ['of a branch that ends', 'A=(a); if x; then A=(b); exit; fi; run "${A[@]}"', ['run a']],
    ['of a loop', 'A=(); for i in a b; do A+=(--x "$i"); done; run "${A[@]}"', ['run --x $i', 'run']],
    ['of a subshell', 'A=(a); (A=(b)); run "${A[@]}"', ['run a']],
    ['after a test', 'A=(a); [ -n "$B" ] && A+=(b); run "${A[@]}"', ['run a b', 'run a']],
    ['after another command', 'A=(a); cd x && A+=(b); run "${A[@]}"', ['run a b']],
    [
      'many ways',
      `A=();${' if x; then A+=(b); fi;'.repeat(6)} run "\${A[@]}"`,
      ['run b b b b b b', 'run b b b b b', 'run b', 'run'],
    ],
    ['from elsewhere', 'A=(a); mapfile -t A < x; run "${A[@]}"', ['run ${A[@]}']],
    ['arguments', 'f() { run "$1" "${@:2}" "$#"; }; f a b c', ['run a b c $#']],
    ['arguments that are shifted', 'f() { X=$1; shift; run "$X:$1" "$@"; }; f a b c', ['run a:b b c']],
    ['arguments of nobody', 'run "$@"', ['run $@']],
    ['arguments that are set', 'set -- "$@" a; set -- b; run "$@"', ['run b']],
    ['arguments behind a call', 'set -- a; f() { true "$@"; }; f b; run "$@" $1', ['run a a']],
    ['arguments of a function that nobody calls', 'set -- a; f() { run "$@"; }', ['run $@']],
    ['a text with more', 'A=a; A+=b; run "$A"', ['run ab']],
  ])('%s', (_, text, expected) => {
    expect(given(text)).toEqual(expected);
  });
});

test('any script is followed without an error', () => {
  const piece = fc.constantFrom(
    'cd',
    'a',
    '..',
    '$(',
    ')',
    '"',
    '`',
    'pwd',
    'dirname',
    '$0',
    'X=',
    '$X',
    ';',
    '&&',
    '{',
    '}',
    'if',
    'then',
    'fi',
    '(',
    '\n',
    '${X%/*}',
    'pushd',
    'popd',
    'A=(',
    'A+=(',
    '"${A[@]}"',
    '"$@"',
    'set --',
    'shift',
    'a() {',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(() => places(pieces.join(' '))).not.toThrow();
      expect(() => walkShell(parse(pieces.join(' ')).statements, () => {}, standing(), true)).not.toThrow();
    }),
  );
});

test.each([
  ['nested substitutions', `cd ${'"$(cd '.repeat(24)}a${' && pwd)"'.repeat(24)}`],
  ['a text that doubles', `A=x\n${'A=$A$A\n'.repeat(200)}cd $A`],
  ['a long way', 'cd a\n'.repeat(20_000)],
  ['a list that doubles', `A=(x)\n${'A=("${A[@]}" "${A[@]}")\n'.repeat(2000)}b "\${A[@]}"`],
  [
    'many lists in many branches',
    Array.from({ length: 3000 }, (_, i) => `if x; then A${i}=(y); B+=(z); fi`).join('\n'),
  ],
  [
    'functions that call each other twice',
    Array.from({ length: 60 }, (_, i) => `f${i}() { f${i + 1}; f${i + 1}; }`).join('\n'),
  ],
  ['functions that call each other', Array.from({ length: 3000 }, (_, i) => `f${i}() { f${i + 1}; cd a; }`).join('\n')],
])('%s end soon', (_, text) => {
  const { statements } = parse(text);
  const start = cpuTime();
  walkShell(statements, () => {});
  walkShell(statements, ({ words }, at) => void wordsHandedOn(words, at), standing(), true);
  expect(cpuTime() - start).toBeLessThan(3000);
});
