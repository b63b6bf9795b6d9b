/** Knows how to test a check from tables of tiny trees, and the invariants that hold for every check unasked. */
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Check, Finding, Options } from '../src/check.ts';
import { Lines, type Place } from '../src/facts/span.ts';
import type { Judgement } from '../src/judge.ts';
import { sentences } from '../src/message.ts';
import { type Files, scanFiles } from './scan-files.ts';

type Invariant = 'crlf' | 'bom' | 'order' | 'comment';

interface Case {
  readonly name: string;
  readonly files: Files;
  readonly options?: Options;
  /** Invariants that make no sense for this case; say why in a comment. */
  readonly skip?: readonly Invariant[];
}

export interface ValidCase extends Case {
  /** Number of passing subjects; absent: at least one. */
  readonly subjects?: number;
  /** What says so, of one subject at least. */
  readonly evidence?: string;
}

export interface Expected {
  readonly message: string;
  /** `path:line` of the finding's first line. */
  readonly at: string;
  readonly confidence?: Finding['confidence'];
  readonly severity?: Finding['severity'];
  /** Words of the first sentence. */
  readonly what?: string;
  /** Words of the last sentences. */
  readonly fix?: string;
}

export interface InvalidCase extends Case {
  /** All findings of the case, in any order. */
  readonly findings: readonly Expected[];
}

export interface Cases {
  readonly valid: readonly ValidCase[];
  readonly invalid: readonly InvalidCase[];
  /** No subject at all. */
  readonly notApplicable: readonly Case[];
  /** At least one unknown subject, or the whole item not assessed; no finding. */
  readonly unknown?: readonly Case[];
}

export function testCheck(check: Check, cases: Cases): void {
  const produced = new Set<string>();
  const all = [...cases.valid, ...cases.invalid, ...cases.notApplicable, ...(cases.unknown ?? [])];

  describe(check.id, () => {
    test('has distinct cases of each kind', () => {
      expect(cases.valid.length).toBeGreaterThan(0);
      expect(cases.invalid.length).toBeGreaterThan(0);
      expect(cases.notApplicable.length).toBeGreaterThan(0);
      const names = all.map((one) => one.name);
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
      const trees = all.map((one) => JSON.stringify([one.files, one.options]));
      expect(all.filter((_, i) => trees.indexOf(trees[i]!) !== i).map((one) => one.name)).toEqual([]);
    });

    describe('valid', () => {
      test.each(cases.valid.map((one) => [one.name, one] as const))('%s', async (_, one) => {
        const judgement = await scan(check, one);
        expect(outline(judgement, one.files)).toEqual([]);
        expect(judgement.subjects.filter((subject) => subject.verdict !== 'pass')).toEqual([]);
        expect(judgement.notAssessed).toBeUndefined();
        if (one.subjects === undefined) expect(judgement.subjects.length).toBeGreaterThan(0);
        else expect(judgement.subjects).toHaveLength(one.subjects);
        for (const subject of judgement.subjects) expect(subject.evidence).toBeTruthy();
        if (one.evidence !== undefined)
          expect(judgement.subjects.map((subject) => subject.evidence)).toContain(one.evidence);
        await sameWhen(check, one, judgement);
      });
    });

    describe('invalid', () => {
      test.each(cases.invalid.map((one) => [one.name, one] as const))('%s', async (_, one) => {
        const judgement = await scan(check, one);
        expect(outline(judgement, one.files)).toEqual(one.findings.map(({ message, at }) => `${message} ${at}`).sort());
        for (const { finding } of judgement.findings) {
          produced.add(finding.message);
          const message = check.messages[finding.message]!;
          expect(message).toBeDefined();
          for (const text of Object.values(sentences(message, finding.data))) expect(text).toMatch(/^\S.*[.!?:`]$/s);
          const wanted = one.findings.find((e) => `${e.message} ${e.at}` === line(finding, one.files))!;
          if (wanted.confidence) expect(finding.confidence).toBe(wanted.confidence);
          if (wanted.what) expect(sentences(message, finding.data).what).toContain(wanted.what);
          if (wanted.fix) expect(sentences(message, finding.data).fix).toContain(wanted.fix);
          if (wanted.severity) expect(finding.severity ?? message.severity).toBe(wanted.severity);
        }
        await sameWhen(check, one, judgement);
        if (!one.skip?.includes('comment')) await silentWhenCommented(check, one, judgement);
      });
    });

    test.each(cases.notApplicable.map((one) => [one.name, one] as const))('not applicable: %s', async (_, one) => {
      const judgement = await scan(check, one);
      expect(judgement.subjects).toEqual([]);
      expect(judgement.findings).toEqual([]);
      expect(judgement.lookedFor).toBeTruthy();
    });

    for (const one of cases.unknown ?? []) {
      test(`unknown: ${one.name}`, async () => {
        const judgement = await scan(check, one);
        expect(outline(judgement, one.files)).toEqual([]);
        const unknown = judgement.subjects.filter((subject) => subject.verdict === 'unknown');
        expect(unknown.length > 0 || judgement.notAssessed !== undefined).toBe(true);
        for (const subject of unknown) expect(subject.evidence).toBeTruthy();
      });
    }

    afterAll(() => {
      expect(Object.keys(check.messages).filter((id) => !produced.has(id))).toEqual([]);
    });
  });
}

async function scan(check: Check, one: Case, files: Files = one.files): Promise<Judgement> {
  const { judgement, notifications } = await scanFiles(check, files, one.options);
  expect(notifications.filter((n) => n.kind === 'crash' || n.message.includes('parser failed'))).toEqual([]);
  spansAreInside(judgement, files);
  return judgement;
}

function line(finding: Finding, files: Files): string {
  const { path, span } = finding.place;
  return `${finding.message} ${path}:${new Lines(textOf(files, path)).position(span.start).line}`;
}

function textOf(files: Files, path: string): string {
  const text = files[path];
  if (text === undefined) throw new Error(`a place names ${path}, which is not in the tree`);
  return text.replace(/^\uFEFF/, '');
}

function outline(judgement: Judgement, files: Files): string[] {
  return judgement.findings.map(({ finding }) => line(finding, files)).sort();
}

function verdicts(judgement: Judgement): string[] {
  return judgement.subjects.map((subject) => `${subject.place.path} ${subject.verdict}`).sort();
}

function spansAreInside(judgement: Judgement, files: Files): void {
  const places: Place[] = [];
  for (const subject of judgement.subjects) places.push(subject.place);
  for (const { finding } of judgement.findings) {
    places.push(finding.place, ...(finding.related ?? []), ...(finding.trace ?? []), ...(finding.fix?.edits ?? []));
  }
  for (const { path, span } of places) {
    const { length } = textOf(files, path);
    if (!(span.start >= 0 && span.start <= span.end && span.end <= length)) {
      throw new Error(`span ${span.start}-${span.end} is outside ${path} (${length} characters)`);
    }
  }
}

/** The same findings and verdicts with CRLF line breaks, with a BOM, and with the files listed in reverse. */
async function sameWhen(check: Check, one: Case, judgement: Judgement): Promise<void> {
  const entries = Object.entries(one.files);
  const variants: readonly [Invariant, Files][] = [
    ['crlf', Object.fromEntries(entries.map(([path, text]) => [path, text.replace(/\r?\n/g, '\r\n')]))],
    ['bom', Object.fromEntries(entries.map(([path, text]) => [path, `\uFEFF${text}`]))],
    ['order', Object.fromEntries(entries.toReversed())],
  ];
  for (const [name, files] of variants) {
    if (one.skip?.includes(name)) continue;
    const other = await scan(check, one, files);
    expect([name, ...outline(other, files)]).toEqual([name, ...outline(judgement, one.files)]);
    expect([name, ...verdicts(other)]).toEqual([name, ...verdicts(judgement)]);
  }
}

const COMMENTS: readonly (readonly [RegExp, string])[] = [
  [
    /\.(?:pyi?|sh|bash|ya?ml|tf|tofu|hcl|tfvars|toml|cfg|conf|env|txt|in|mk|rb|nginx)$|(?:^|\/)(?:Dockerfile|Containerfile|Makefile|\.env|\.gitlab-ci)/i,
    '# ',
  ],
  [/\.(?:[cm]?[jt]sx?|go|php|java|proto)$/, '// '],
];

/** A finding whose lines are commented out must be gone. */
async function silentWhenCommented(check: Check, one: InvalidCase, judgement: Judgement): Promise<void> {
  for (const { finding } of judgement.findings) {
    const { path, span } = finding.place;
    const mark = COMMENTS.find(([pattern]) => pattern.test(path))?.[1];
    if (mark === undefined) continue;
    const text = textOf(one.files, path);
    const { startLine, endLine } = new Lines(text).region(span);
    const commented = text
      .split('\n')
      .map((row, i) => (i + 1 >= startLine && i + 1 <= endLine ? mark + row : row))
      .join('\n');
    const files = { ...one.files, [path]: commented };
    const other = await scan(check, one, files);
    expect(outline(other, files)).not.toContain(line(finding, one.files));
  }
}
