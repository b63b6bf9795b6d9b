/** Knows how to make any report there can be: hostile texts and paths, every state, none or many findings. */

import type { Report, ReportFinding, ReportRelated } from '../src/report.ts';
import fc from './property.ts';
import { sampleFindings, sampleReport } from './sample-report.ts';

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '[x](1)', '{0}', '</script>', '\u001B[2J', '\u202Etxt', '::error::', '%0A', '| `a` |', '\uD800'),
);

const segment = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 12 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    fc.constantFrom('=0.0.22', 'C:', '#', '100%', 'a b', 'Привет', '</script>', '%2e%2e', '...', '-', '\\'),
  )
  .map((name) => name.replace(/[/\0]/g, '_'))
  .filter((name) => name !== '.' && name !== '..');

export const anyPath = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

const region = fc.tuple(fc.nat(200), fc.nat(80), fc.nat(4), fc.nat(80)).map(([line, column, lines, width]) => ({
  startLine: line + 1,
  startColumn: column + 1,
  endLine: line + 1 + lines,
  endColumn: lines === 0 ? column + 1 + width : width + 1,
}));

const related: fc.Arbitrary<ReportRelated> = fc.record({ path: anyPath, region, text });

export const anyFinding: fc.Arbitrary<ReportFinding> = fc
  .tuple(
    fc.constantFrom(...sampleFindings),
    fc.record({
      id: fc.stringMatching(/^[0-9a-f]{32}$/),
      lineHash: fc.stringMatching(/^[0-9a-f]{1,16}:[1-9]$/),
      path: anyPath,
      region,
      severity: fc.constantFrom('critical', 'high', 'medium', 'low'),
      level: fc.constantFrom('error', 'warning', 'note'),
      confidence: fc.constantFrom('high', 'medium', 'low'),
      zone: fc.constantFrom('production', 'test', 'archive'),
      what: text,
      why: text,
      fixHint: text,
      snippet: fc.array(text, { maxLength: 3 }),
      related: fc.array(related, { maxLength: 3 }),
      trace: fc.array(related, { maxLength: 4 }),
      copies: fc.array(anyPath, { maxLength: 3 }),
      subjects: fc.nat(9),
      fix: fc.record({ description: text, edits: fc.array(related, { maxLength: 3 }) }),
    }),
  )
  .map(([base, values]) => ({ ...base, ...values }) as ReportFinding);

export const anyReport: fc.Arbitrary<Report> = fc
  .record({
    findings: fc.array(anyFinding, { maxLength: 8 }),
    hidden: fc.array(anyFinding, { maxLength: 2 }),
    reason: text,
    name: text,
    branch: text,
    repository: text,
    scope: fc.constantFrom('full', 'staged', 'subset'),
    messages: fc.array(fc.record({ message: text, path: anyPath, line: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 3,
    }),
    compared: fc.boolean(),
  })
  .map(({ findings, hidden, reason, name, branch, repository, scope, messages, compared }) =>
    sampleReport({
      findings,
      scope: scope as Report['scope'],
      target: { name, branch, repository, anchor: 'README.md' },
      suppressed: hidden.map((finding) => ({ kind: 'temporary', reason, expires: '2026-12-31', finding })),
      notifications: messages.map((entry) => ({ kind: 'unparsable', level: 'warning', ...entry })),
      ...(compared && {
        comparison: {
          added: findings.slice(1).map(({ id }) => id),
          fixed: [],
          unchanged: 1,
          delta: -10,
          comparable: true,
        },
      }),
    }),
  );
