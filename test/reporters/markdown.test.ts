/** Knows that the Markdown report stays small and that nothing in it comes alive. */
import { describe, expect, test } from '@jest/globals';
import { markdown } from '../../src/reporters/markdown.ts';
import { anyReport } from '../arbitrary-report.ts';
import fc from '../property.ts';
import { sampleFinding, sampleReport } from '../sample-report.ts';

const text = markdown(sampleReport());

/** The paragraph that says what was found. */
function what(value: string): string {
  return /<\/summary>\n\n(.*)\n/.exec(markdown(sampleReport({ findings: [sampleFinding({ what: value })] })))![1]!;
}

test('begins with the score and what it means', () => {
  expect(text).toMatch(
    /^# Hardening audit: 4\.9 \(1 item not assessed\) of 10\n\n2\.6 below the target of 7\.5\. Capped at 4\.9\./,
  );
});

test('has a row for each phase and for each of the next steps', () => {
  expect(text.match(/^\| P\d /gm)).toHaveLength(4);
  expect(text).toContain('| P0 Exploitable now | █████░░░░░ | 4 | 2 | 2 | 0 | 0 |');
  expect(text.match(/ \| \+0\.\d\d \| \d h \| \w+ \|$/gm)).toHaveLength(5);
});

test('lists the findings, the worst first', () => {
  const severities = [...text.matchAll(/<summary><b>([\w, ]+)<\/b>/g)].map((match) => match[1]);
  expect(severities).toEqual(['critical', 'critical', 'high', 'medium', 'low', 'low', 'high, to review']);
});

test('hostile names are text', () => {
  expect(text).toContain('<code>src/&lt;/script&gt;&lt;img onerror=alert(1)&gt;.py:12</code>');
  expect(text).toContain('<code>src/\\x1b]0;owned\\x07\\u202egnp.py:3</code>');
});

describe('text', () => {
  test.each([
    ['a *bold* _line_', 'a \\*bold\\* \\_line\\_.'],
    ['<b>html</b> & "more"', '&lt;b&gt;html&lt;/b&gt; &amp; &quot;more&quot;.'],
    ['[link](http://evil) ![x](y)', '\\[link\\](http&#58;//evil) !\\[x\\](y).'],
    ['www.evil.com and https://evil.com', 'www&#46;evil.com and https&#58;//evil.com.'],
    ['ask @everyone about #1', 'ask &#64;everyone about \\#1.'],
    ['# heading', '\\# heading.'],
    ['- list', '\\- list.'],
    ['1. list', '1\\. list.'],
    ['a | b', 'a \\| b.'],
    ['`code` ~~gone~~', '<code>code</code> \\~\\~gone\\~\\~.'],
    ['set `a_b: <c>` or `@d|e`', 'set <code>a\\_b: &lt;c&gt;</code> or <code>&#64;d\\|e</code>.'],
    ['``two`` and one `', '\\`<code>two</code>\\` and one \\`.'],
    ['line\n\n## break', 'line \\#\\# break.'],
    ['4.9 of 10', '4.9 of 10.'],
  ])('%s', (value, expected) => {
    expect(what(value)).toBe(expected);
  });
});

test('backticks in a path cannot end its code span', () => {
  const related = [
    { path: 'a`b``c.py', region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 }, text: 'here' },
  ];
  expect(markdown(sampleReport({ findings: [sampleFinding({ related })] }))).toContain('- ``` a`b``c.py:1 ``` here');
});

test('shows fifty of many findings and stays below the limit of a comment', () => {
  const findings = Array.from({ length: 6000 }, (_, line) =>
    sampleFinding({ path: `src/${'long/'.repeat(20)}${line}.py` }),
  );
  const long = markdown(sampleReport({ findings }));
  expect(long.match(/<details>/g)).toHaveLength(50);
  expect(long).toContain('5950 more findings: see the SARIF or JSON report.');
  const huge = markdown(sampleReport({ findings: findings.map((finding) => ({ ...finding, why: 'x'.repeat(5000) })) }));
  expect(huge.length).toBeLessThan(65_536);
});

test('nothing found, nothing known', () => {
  const empty = markdown(sampleReport({ findings: [], suppressed: [], notifications: [] }));
  expect(empty).toContain('## Findings\n\nThere are none.');
  expect(markdown(sampleReport({ scope: 'changed' }))).toMatch(
    /^# Hardening audit: no score: only changed files were judged\n/,
  );
});

test('any report: no raw HTML but ours, no control characters, details closed', () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const page = markdown(report);
      const outsideCode = page.replace(/(`+)[^`].*?\1/g, '');
      const tags = new Set(outsideCode.match(/<[^>\n]*>?/g));
      for (const tag of ['<details>', '<summary>', '<b>', '</b>', '<code>', '</code>', '</summary>', '</details>'])
        tags.delete(tag);
      expect([...tags]).toEqual([]);
      expect(page).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}/u);
      expect(page.split('<details>').length).toBe(page.split('</details>').length);
    }),
    { numRuns: 60 },
  );
});
