/** Knows what the terminal report shows, in every width and without any help from colour. */
import { describe, expect, test } from '@jest/globals';
import type { Report } from '../../src/report.ts';
import { columns } from '../../src/reporters/plain.ts';
import { terminal } from '../../src/reporters/terminal.ts';
import { anyReport } from '../arbitrary-report.ts';
import fc from '../property.ts';
import { sampleFinding, sampleFindings, sampleReport } from '../sample-report.ts';

const plain = terminal(sampleReport());
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

function one(finding: Parameters<typeof sampleFinding>[0], options = {}): string {
  return terminal(sampleReport({ findings: [sampleFinding(finding)] }), options);
}

test('shows place, severity and item of a finding, the code, why and what to do', () => {
  expect(plain).toContain(
    [
      '   src/auth/users.py:42:14  high  password-hashing',
      "   The password is hashed with 'md5'.",
      '     42 │     digest = hashlib.md5(password.encode()).hexdigest()',
      '        │              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^',
      '   why  A graphics card tries billions of MD5 hashes a second, so a leaked table',
      '        is readable within hours.',
      '   fix  Hash it with argon2 or bcrypt, and rehash each user at the next login.',
      '   see  src/auth/login.py:17:1  The hash is compared here',
      '   also in 2 identical files: legacy/users.py, scripts/users copy.py',
    ].join('\n'),
  );
});

test('shows the flow of data in order', () => {
  expect(plain).toContain('   flow src/routes/Привет.py:4:1  request body\n        src/100% sure#1.py:9:1  passed to');
});

test('groups by item, with state and due date', () => {
  expect(plain).toContain(
    ' ◐ password-hashing  Passwords are hashed with a slow, salted function\n   partly done, 4 of 6 pass, overdue since 2026-01-21\n',
  );
  expect(plain).toMatch(/ ✖ pre-commit-hooks {2}Hooks check every commit +open, 0 of 1 pass\n/);
  expect(plain).toContain('open by a critical finding, 3 of 4 pass');
});

test('ends with the score, the distance to the target and the caps', () => {
  expect(plain).toMatch(
    /4\.9 of 10 \(1 item not assessed\)\n .*┃ target 7\.5\n 2\.6 below the target of 7\.5\.\n Capped at 4\.9\. Three or more P0 items are open\.\n audit explain score .*\n$/,
  );
});

test('says what is not assessed, suppressed, attested, skipped and not understood', () => {
  expect(plain).toContain(' ? vulnerable-dependencies: There is no advisory data; run `audit db update`\n');
  expect(plain.replace(/\n /g, ' ')).toContain(
    '1 to review; suppressed: 1 false positive, 1 accepted risk; attested: 1 item.',
  );
  expect(plain.replace(/\n /g, ' ')).toContain(
    'Files: 1204 listed, 871 read; skipped 2 too large, 331 ignored (data/big.json,',
  );
  expect(plain).toContain(' Messages: 2 warnings, on standard error.\n');
});

test('lists the next best five', () => {
  expect(plain.match(/^ [1-5] {2}\S+ +\+0\.\d\d +\d h {2}P\d {2}(?:overdue since|due) 2026-01-\d\d$/gm)).toHaveLength(
    5,
  );
});

test('has a bar for each phase', () => {
  expect(plain).toMatch(/\n +done {2}partly {2}open {2}unknown {2}n\/a\n/);
  expect(plain).toMatch(/\n P0 █+░+ {2}\d\d % {6}4 {7}2 {5}2 {8}- {4}-\n/);
});

test('many findings of an item: two in full, three on a line, the rest as a number', () => {
  const findings = Array.from({ length: 20 }, (_, line) =>
    sampleFinding({
      message: line < 2 ? `kind ${line}` : 'fast',
      region: { startLine: line + 1, startColumn: 1, endLine: line + 1, endColumn: 3 },
    }),
  );
  const text = terminal(sampleReport({ findings }));
  expect(text.match(/^ {3}why/gm)).toHaveLength(2);
  expect(text.match(/^ {3}src\/auth\/users\.py:\d+:1 {2}high {2}The password/gm)).toHaveLength(3);
  expect(text).toContain('   … and 15 more; -v shows all\n');
  const all = terminal(sampleReport({ findings }), { verbose: true });
  expect(all.match(/^ {3}why/gm)).toHaveLength(20);
  expect(all).toMatch(/ {3}◆ postgresql-migration +attested, 1 of 1 passes\n/);
});

test('the worst finding comes first, those to review last', () => {
  const findings = [
    sampleFinding({ path: 'a.py', confidence: 'low', severity: 'critical' }),
    sampleFinding({ path: 'b.py', severity: 'low' }),
    sampleFinding({ path: 'c.py', severity: 'critical' }),
  ];
  const text = terminal(sampleReport({ findings }), { verbose: true });
  expect([...text.matchAll(/^ {3}([abc])\.py/gm)].map((match) => match[1])).toEqual(['c', 'b', 'a']);
  expect(text).toContain('a.py:42:14  critical (to review)');
});

test('what is to review is short unless all is asked for', () => {
  const report = sampleReport({ findings: [sampleFinding({ confidence: 'low' })] });
  expect(terminal(report)).toContain('\n   src/auth/users.py:42:14  high (to review)  The password is hashed with');
  expect(terminal(report)).not.toContain('   why  ');
  expect(terminal(report, { verbose: true })).toContain('   why  ');
});

test('a short finding takes two lines where one is too narrow', () => {
  const finding = sampleFinding({ confidence: 'low', path: `${'deep/'.repeat(9)}a.py` });
  const report = sampleReport({ findings: [finding] });
  expect(terminal(report)).toMatch(
    /deep\/a\.py:42:14 {2}high \(to review\)\n {6}The password is hashed with 'md5'\.\n/,
  );
  expect(terminal(report, { width: 120 })).toMatch(/deep\/a\.py:42:14 {2}high \(to review\) {2}The password is hashed/);
});

describe('a code frame', () => {
  const at = (startColumn: number, endColumn: number) => ({ startLine: 7, startColumn, endLine: 7, endColumn });

  test('puts carets under wide characters and tabs', () => {
    expect(one({ snippet: ['\t"日本" + md5(x)'], region: at(9, 12) })).toContain(
      '     7 │     "日本" + md5(x)\n       │              ^^^\n',
    );
  });

  test('cuts a very long line around the place', () => {
    const line = `${'a'.repeat(500_000)}md5(x)${'b'.repeat(500_000)}`;
    const text = one({ snippet: [line], region: at(500_001, 500_007) });
    const [, code = '', carets = ''] = /(.*md5\(x\).*)\n(.*\^+)\n/.exec(text) ?? [];
    expect(columns(code)).toBeLessThanOrEqual(80);
    expect(carets.indexOf('^')).toBe(code.indexOf('md5(x)'));
    expect(carets.length - carets.indexOf('^')).toBe(6);
  });

  test('marks each line of a longer region', () => {
    expect(
      one({ snippet: ['a(', '  b)', 'c'], region: { startLine: 9, startColumn: 1, endLine: 10, endColumn: 5 } }),
    ).toContain('   >  9 │ a(\n   > 10 │   b)\n     11 │ c\n');
  });

  test('is left out where there is no code', () => {
    expect(one({ snippet: [''], region: at(1, 1) })).not.toContain('│');
  });
});

test.each([
  ['', 'src/auth/users.py:42:14'],
  ['.', 'src/auth/users.py:42:14'],
  ['./', 'src/auth/users.py:42:14'],
  ['../app', '../app/src/auth/users.py:42:14'],
  ['./app/', 'app/src/auth/users.py:42:14'],
  ['/', '/src/auth/users.py:42:14'],
])('root %j gives a path to click', (root, expected) => {
  expect(one({}, { root })).toContain(`\n   ${expected}  high`);
});

test('colour adds nothing but colour', () => {
  const colored = terminal(sampleReport(), { color: true });
  expect(colored).toMatch(ESCAPES);
  expect(colored.replace(ESCAPES, '').replace(/ +$/gm, '')).toBe(plain);
});

test('ASCII output has no glyphs of its own beyond ASCII', () => {
  const findings = sampleFindings.filter(
    (finding) => finding.trace.length === 0 && finding.item !== 'flask-secret-key',
  );
  expect(terminal(sampleReport({ findings }), { ascii: true, verbose: true })).toMatch(/^\p{ASCII}*$/u);
});

test.each([40, 46, 62, 80, 100, 120, 400])(
  'at %i columns, only places, headings and code are longer than a line',
  (width) => {
    const long = terminal(sampleReport(), { width })
      .split('\n')
      .filter((line) => columns(line) > Math.min(width, 120))
      .filter(
        (line) =>
          !/:\d+:\d+ {2}/.test(line) && !/^ [◐✖] /.test(line) && !line.includes('audit explain') && !line.includes('^'),
      );
    expect(long).toEqual([]);
  },
);

test('no finding at all', () => {
  const text = terminal(sampleReport({ findings: [], suppressed: [], notifications: [] }));
  expect(text).toContain(' Findings: none; attested: 1 item.\n');
  expect(text).not.toContain('Messages');
});

test('a part of the tree has no score and no advice', () => {
  const text = terminal(sampleReport({ scope: 'staged' }));
  expect(text).toContain('No score, because only staged files were judged.');
  expect(text).not.toContain('of 10');
  expect(text).not.toContain('Next best');
});

test('says what changed since the baseline', () => {
  const comparison = {
    commit: 'fedcba9876',
    added: ['a', 'b'],
    fixed: [],
    unchanged: 5,
    delta: -124,
    comparable: false,
  };
  expect(terminal(sampleReport({ comparison })).replace(/\n /g, ' ')).toContain(
    '-0.12 points, 2 new, 0 fixed, 5 unchanged since fedcba9. Rules, roadmap, configuration or scope differ too',
  );
});

test('a met target and a roadmap that hardly applies are said', () => {
  const { score } = sampleReport();
  const changed = (more: Partial<Report['score']>) =>
    terminal(sampleReport({ score: { ...score, caps: [], ...more } }));
  expect(changed({ score: 7600, high: 7600, targetMet: true, targetMetBy: 'score' })).toContain(
    'The target of 7.5 is reached.',
  );
  expect(changed({ targetMet: true, targetMetBy: 'phases' })).toContain(
    'counts as reached: every applicable P0 and P1 item is done.',
  );
  expect(changed({ possible: 150 })).toContain('It covers 38 % of the roadmap; the rest does not apply.');
});

test('any report is printable and free of control characters', () => {
  fc.assert(
    fc.property(anyReport, fc.integer({ min: 0, max: 140 }), fc.boolean(), (report, width, verbose) => {
      expect(terminal(report, { width, verbose })).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
    }),
    { numRuns: 60 },
  );
});
