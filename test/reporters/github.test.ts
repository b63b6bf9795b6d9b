/** Knows that annotations are workflow commands, few and the worst, and that no text can start another command. */
import { expect, test } from '@jest/globals';
import { github } from '../../src/reporters/github.ts';
import { anyReport } from '../arbitrary-report.ts';
import fc from '../property.ts';
import { sampleFinding, sampleReport } from '../sample-report.ts';

function lines(...findings: readonly Parameters<typeof sampleFinding>[0][]): string[] {
  return github(sampleReport({ findings: findings.map(sampleFinding) }))
    .trimEnd()
    .split('\n');
}

test('one command a finding, and one for the score', () => {
  expect(lines({})).toEqual([
    "::error file=src/auth/users.py,line=42,endLine=42,col=14,endColumn=48,title=high%3A password-hashing::The password is hashed with 'md5'. A graphics card tries billions of MD5 hashes a second, so a leaked table is readable within hours. Hash it with argon2 or bcrypt, and rehash each user at the next login.",
    expect.stringMatching(/^::notice title=Hardening audit::Score \d\.\d .*of 10\.$/),
  ]);
});

test.each([
  ['error', 'error'],
  ['warning', 'warning'],
  ['note', 'notice'],
] as const)('level %s is ::%s', (level, command) => {
  expect(lines({ level })[0]).toMatch(new RegExp(`^::${command} file=`));
});

test('properties and messages are escaped', () => {
  const [line] = lines({ path: 'C: 100%,a\n::error::b.py', what: '100%\r\n::stop' });
  expect(line).toContain('file=C%3A 100%25%2Ca %3A%3Aerror%3A%3Ab.py,line=42');
  expect(line).toContain('::100%25 ::stop. A graphics');
});

test('a region of several lines has no columns', () => {
  expect(lines({ region: { startLine: 3, startColumn: 5, endLine: 4, endColumn: 2 } })[0]).toContain(
    ',line=3,endLine=4,title=',
  );
});

test('ten of each command, the worst first, and a word on the rest', () => {
  const many = Array.from({ length: 30 }, (_, index) => ({
    path: `${index}.py`,
    severity: index === 29 ? ('critical' as const) : ('high' as const),
    level: index % 2 === 0 ? ('note' as const) : ('error' as const),
  }));
  const out = lines(...many);
  const count = (command: string) => out.filter((line) => line.startsWith(`::${command} `)).length;
  expect([count('error'), count('notice'), count('warning')]).toEqual([10, 10, 0]);
  expect(out[0]).toContain('file=29.py');
  expect(out.at(-1)).toContain(' 11 more findings are in the report.');
});

test('findings to review are no annotations', () => {
  expect(lines({ confidence: 'low' })).toHaveLength(1);
});

test('any report: every line is a command, and one command only', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const text = github(report);
      expect(text).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
      for (const line of text.trimEnd().split('\n')) {
        expect(line).toMatch(
          /^::(?:error|warning|notice) (?:file=[^:,]+,line=\d+,endLine=\d+(?:,col=\d+,endColumn=\d+)?,)?title=[^:,]+::/,
        );
      }
    }),
    { numRuns: 60 },
  );
});
