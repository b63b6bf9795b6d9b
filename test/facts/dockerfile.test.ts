/** Knows what the Dockerfile reader must understand: stages, variables, commands, places, and hostile input. */
import { describe, expect, test } from '@jest/globals';
import { DockerfileParser } from 'dockerfile-ast';
import { type Dockerfile, dockerfile, readDockerfile } from '../../src/facts/dockerfile.ts';
import { eachCommand, shellParser } from '../../src/facts/shell.ts';
import { Lines, type Span } from '../../src/facts/span.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';

const parse = await shellParser();
const read = (text: string): Dockerfile => readDockerfile({ text }, parse).data!;
const cut = (text: string, node: { span: Span } | undefined) => node && text.slice(node.span.start, node.span.end);

test.each([
  ['Dockerfile', true],
  ['a/b/Containerfile', true],
  ['Dockerfile.prod', true],
  ['Dockerfile-dev', true],
  ['api.dockerfile', true],
  ['api.Dockerfile', true],
  ['docker/Dockerfile_worker', true],
  ['Dockerfile.md', false],
  ['Dockerfile.test.ts', false],
  ['.dockerignore', false],
  ['dockerfile.go', false],
  ['mydockerfile', false],
])('accepts %s: %s', (path, expected) => {
  expect(dockerfile.accepts(path)).toBe(expected);
});

describe('stages', () => {
  test('names, parents and COPY --from', () => {
    const { stages } = read(
      [
        'FROM node:20 AS Build',
        'FROM build as test',
        'FROM --platform=$BUILDPLATFORM nginx:1',
        'COPY --from=BUILD /a /b',
        'COPY --from=0 /a /b',
        'COPY --from=busybox:1 /a /b',
      ].join('\n'),
    );
    expect(stages.map(({ name, parent, image }) => [name, parent, image.text])).toEqual([
      ['build', undefined, 'node:20'],
      ['test', 0, 'build'],
      [undefined, undefined, 'nginx:1'],
    ]);
    expect(stages[2]!.platform?.text).toBe('$BUILDPLATFORM');
    expect(stages[2]!.copies.map((copy) => copy.stage)).toEqual([0, 0, undefined]);
  });

  test.each([
    ['ARG TAG=1.2\nFROM app:${TAG}', 'app:1.2'],
    ['ARG TAG=1.2\nFROM app:$TAG', 'app:1.2'],
    ['ARG TAG\nFROM app:${TAG:-3}', 'app:3'],
    ['ARG TAG\nFROM app:${TAG}', undefined],
    ['FROM app:${TAG}', undefined],
    ['ARG A=x\nARG B=${A}-y\nFROM app:$B', 'app:x-y'],
    ['ARG A=x\nFROM app${A:+:slim}', 'app:slim'],
    ['ARG A="quoted"\nFROM "app:$A"', 'app:quoted'],
    ['ARG A=1 B=2\nFROM app:$A.$B', 'app:1.2'],
    ['ARG A=1.2.3\nFROM app:${A%.*}', 'app:1.2'],
    ['ARG A=3\nFROM app:"${A}"', 'app:3'],
    ['FROM $TARGETARCH/app:1', 'amd64/app:1'],
    ['FROM app:${A', undefined],
  ])('%j gives %s', (text, expected) => {
    expect(read(text).stages[0]!.image.resolved).toBe(expected);
  });

  test('a stage chosen by the platform', () => {
    const { stages } = read('FROM a AS tools-amd64\nFROM b AS tools-arm64\nFROM tools-$TARGETARCH');
    expect(stages[2]!.parent).toBe(0);
  });

  test.each([
    'RUN ["<<EOF"]',
    'RUN echo "<<EOF"',
    'RUN test $((1<<EOF))',
    'RUN echo a\\\\',
    'RUN grep x <<< EOF',
    "RUN echo don't <<EOF",
  ])('%s goes on with the next line', (line) => {
    expect(read(`FROM a\n${line}\nUSER app\n`).stages[0]!.user?.text).toBe('app');
  });

  test('a stage named by an ARG', () => {
    expect(read('ARG S=base\nFROM a AS base\nFROM $S').stages[1]!.parent).toBe(0);
  });

  test('ARG in a stage takes the global default, ENV is inherited by child stages', () => {
    const { stages } = read(
      'ARG V=1\nFROM a AS one\nARG V\nENV W=${V}0\nFROM one\nLABEL a=$W b="$V"\nARG V\nLABEL c=${V}',
    );
    expect(stages[1]!.labels.map((label) => [label.key, label.value.resolved, label.value.variables])).toEqual([
      ['a', '10', ['W']],
      ['b', undefined, ['V']],
      ['c', '1', ['V']],
    ]);
  });
});

describe('instructions', () => {
  test('commands in exec and shell form, the last one counts', () => {
    const { stages } = read(
      'FROM a\nCMD first\nENTRYPOINT ["/bin/x", "--flag"]\nCMD run  \'a b\'\nUSER 10:10\nEXPOSE 80 443/tcp',
    );
    expect(stages[0]!.entrypoint).toMatchObject({ form: 'exec', words: ['/bin/x', '--flag'] });
    expect(stages[0]!.cmd).toMatchObject({ form: 'shell', words: ['run', 'a b'] });
    expect(stages[0]!.user?.text).toBe('10:10');
    expect(stages[0]!.expose.map((port) => port.text)).toEqual(['80', '443/tcp']);
    expect(read("FROM a\nCMD ['x']").stages[0]!.cmd!.form).toBe('shell');
  });

  test('healthchecks', () => {
    const text =
      'FROM a\nHEALTHCHECK --interval=5m \\\n  --timeout=3s CMD curl -f http://localhost/ || exit 1\nHEALTHCHECK none\n';
    const [first, second] = read(text).stages[0]!.healthchecks;
    expect(first!.flags.map((flag) => [flag.name, flag.value.text])).toEqual([
      ['interval', '5m'],
      ['timeout', '3s'],
    ]);
    expect(cut(text, first!.command)).toBe('curl -f http://localhost/ || exit 1');
    expect(first!.none).toBe(false);
    expect(second).toMatchObject({ none: true });
  });

  test('continuation lines, comments and blank lines inside', () => {
    const text =
      'FROM a\r\nRUN apt-get update \\\r\n# a comment\r\n\r\n  && apt-get install \\  \r\n  curl\r\nUSER b\r\n';
    const [stage] = read(text).stages;
    expect(stage!.runs[0]!.command.text).toBe('apt-get update   && apt-get install   curl');
    expect(cut(text, stage!.runs[0])!.endsWith('curl')).toBe(true);
    expect(cut(text, stage!.user)).toBe('b');
  });

  test.each([
    ['RUN apt-get update && \\\n  git clone x', 'git', 'git clone x'],
    ['RUN ["/bin/sh", "-ec", "git clone x"]', 'git', '['],
    ['RUN <<EOF\nset -e\ngit clone x\nEOF', 'git', 'git clone x'],
    ['RUN bash -e <<-EOF\n\tgit clone x\n\tEOF', 'git', 'git clone x'],
    ['RUN <<EOF sh\ngit clone x\nEOF', 'git', 'git clone x'],
    ['RUN cat <<EOF > a && git clone x\ntext\nEOF', 'git', 'git clone x'],
    ['HEALTHCHECK CMD exit 0', 'exit', 'exit 0'],
    ['RUN git clone x', 'git', 'git clone x'],
    ['RUN --mount=type=ssh --network=none git clone x', 'git', 'git clone x'],
  ])('shell commands: %j', (line, name, expected) => {
    const text = `FROM a\n${line}\n`;
    const { stages } = read(text);
    const found: string[] = [];
    for (const command of [...stages[0]!.runs, ...stages[0]!.healthchecks].map((node) => node.command!)) {
      eachCommand(command.shell!.statements, (one) => {
        if (one.words[0]?.value === name) found.push(cut(text, one)!);
      });
    }
    expect(found).toEqual([expected]);
  });

  test.each([
    'RUN ["git", "clone"]',
    'SHELL ["powershell", "-Command"]\nRUN git clone',
    'RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF',
  ])('no shell: %j', (line) => {
    const { command } = read(`FROM a\n${line}\n`).stages[0]!.runs[0]!;
    expect(command.shell?.statements ?? []).toEqual([]);
  });

  test('another escape character', () => {
    const { stages } = read('# escape=`\nFROM a\nRUN dir c:\\ `\n  && x\nUSER b');
    expect(stages[0]!.runs[0]!.command.text).toBe('dir c:\\   && x');
    expect(stages[0]!.user?.text).toBe('b');
  });

  test('heredocs', () => {
    const text =
      'FROM a\nRUN <<EOF\napt-get update\nFROM x\nEOF\nCOPY <<"E1" <<-E2 /etc/\nUSER c\nE1\nUSER d\n\tE2\nUSER e\n';
    const { stages } = read(text);
    expect(stages).toHaveLength(1);
    expect(stages[0]!.runs[0]!.command.text).toContain('FROM x');
    expect(stages[0]!.copies[0]!.sources).toEqual([]);
    expect(stages[0]!.user?.text).toBe('e');
  });

  test('labels and environment, old and new form', () => {
    const { stages } = read('FROM a\nLABEL one two three\nLABEL "a.b"="c d" e=f\nENV X y z\nENV P=1 Q="2 3"');
    expect(stages[0]!.labels.map((label) => [label.key, label.value.text])).toEqual([
      ['one', 'two three'],
      ['a.b', 'c d'],
      ['e', 'f'],
    ]);
    expect(stages[0]!.variables.map((variable) => [variable.name, variable.value?.text])).toEqual([
      ['X', 'y z'],
      ['P', '1'],
      ['Q', '2 3'],
    ]);
  });

  test('ADD with flags and several sources, ONBUILD', () => {
    const { stages } = read(
      'FROM a\nADD --checksum=sha256:ab https://x.example/y z /t\nONBUILD RUN make\nONBUILD HEALTHCHECK NONE',
    );
    expect(stages[0]!.copies[0]!.sources.map((source) => source.text)).toEqual(['https://x.example/y', 'z']);
    expect(stages[0]!.copies[0]!.flags[0]).toMatchObject({ name: 'checksum', value: { text: 'sha256:ab' } });
    expect(stages[0]!.onbuild).toEqual(['RUN', 'HEALTHCHECK']);
    expect(stages[0]!.runs.map((run) => run.command.text)).toEqual(['make']);
    expect(stages[0]!.healthchecks).toEqual([]);
  });

  test('an unknown instruction is a problem, the rest is read', () => {
    const { data, problems } = readDockerfile({ text: 'FROM a\n&& oops\nUSER b' }, parse);
    expect(problems).toEqual([{ message: 'unknown instruction &&', span: { start: 7, end: 9 } }]);
    expect(data!.stages[0]!.user?.text).toBe('b');
  });

  test('directives', () => {
    const text = '# syntax = docker/dockerfile:1\n# check=skip=all\nFROM a';
    expect(cut(text, read(text).syntax)).toBe('docker/dockerfile:1');
    expect(read('# hello\n# syntax=x\nFROM a').syntax).toBeUndefined();
  });
});

const MIXED = [
  '# syntax=docker/dockerfile:1',
  'ARG V=1',
  'FROM --platform=linux/amd64 a:${V:-2} AS b',
  'RUN --mount=type=cache,target=/x set -e; \\',
  '    # why',
  '    make && echo "a \\" b" | tee x',
  'ENV A=1 \\',
  '    B="$A"',
  'RUN <<E sh',
  'x',
  'E',
  'HEALTHCHECK --retries=2 CMD ["a", "b"]',
  'COPY --from=b ["x", "y"]',
  'ONBUILD ADD https://example.org/x /y',
  'LABEL a=${B} c',
  '',
].join('\n');

test('splits into instructions as the reference parser does', () => {
  const lines = new Lines(MIXED);
  const [stage] = read(MIXED).stages;
  const own = [stage!, ...stage!.runs, ...stage!.healthchecks, ...stage!.copies].map(({ span }) => [
    lines.position(span.start).line,
    lines.position(span.end).line,
  ]);
  const theirs = DockerfileParser.parse(MIXED)
    .getInstructions()
    .filter((instruction) => ['FROM', 'RUN', 'HEALTHCHECK', 'COPY', 'ONBUILD'].includes(instruction.getKeyword()))
    .map((instruction) => [instruction.getRange().start.line + 1, instruction.getRange().end.line + 1]);
  const order = (a: number[], b: number[]) => a[0]! - b[0]!;
  expect(own.sort(order)).toEqual(theirs.sort(order));
});

function spansInside(value: unknown, length: number): void {
  if (Array.isArray(value)) for (const item of value) spansInside(item, length);
  else if (typeof value === 'object' && value !== null) {
    const { start, end } = value as Partial<Span>;
    if (typeof start === 'number' && typeof end === 'number' && !(start >= 0 && start <= end && end <= length)) {
      throw new Error(`span ${start}-${end} outside of ${length}`);
    }
    for (const item of Object.values(value)) spansInside(item, length);
  }
}

describe('hostile input', () => {
  test('mutated text never throws and every span lies inside it', () => {
    const piece = fc.string({ maxLength: 5, unit: fc.constantFrom(...'\\\n\r\t "\'$`{}[]<>#=-:E,aFROM ') });
    const edit = fc.tuple(fc.nat(MIXED.length), fc.nat(6), piece);
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 6 }), (edits) => {
        let text = MIXED;
        for (const [where, length, put] of edits) text = text.slice(0, where) + put + text.slice(where + length);
        spansInside(readDockerfile({ text }, parse), text.length);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a long line', `FROM a\nRUN ${'x '.repeat(100_000)}`],
    ['many continuations', `FROM a\nRUN ${'x \\\n'.repeat(30_000)}`],
    ['many instructions', `FROM a\n${'ENV A=$B\n'.repeat(5000)}`],
    ['many stages', 'FROM a AS b\n'.repeat(3000)],
    ['many heredocs', `FROM a\nRUN ${'<<E '.repeat(5000)}\n${'x\n'.repeat(5000)}`],
    ['nested variables', `FROM ${'${A:-'.repeat(20_000)}`],
    [
      'growing variables',
      `${Array.from({ length: 60 }, (_, i) => `ARG A${i + 1}=$A${i}$A${i}x`).join('\n')}\nFROM $A60`,
    ],
    ['flags', `FROM a\nRUN ${'--x=y '.repeat(30_000)}`],
    ['quotes', `FROM a\nLABEL ${'"\\'.repeat(100_000)}`],
    ['dollars', `FROM a\nLABEL x=${'${'.repeat(50_000)}`],
  ])('%s neither throws nor hangs', (_, text) => {
    const started = cpuTime();
    spansInside(readDockerfile({ text }, parse), text.length);
    expect(cpuTime() - started).toBeLessThan(5000);
  });
});
