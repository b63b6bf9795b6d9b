/** Knows the shape of a report: one frozen, plain-JSON value that every reporter reads. */
import type { Confidence, Severity } from './check.ts';
import type { Region } from './facts/span.ts';
import type { Skipped, Zone } from './facts/workspace.ts';
import type { Notification } from './problem.ts';

export type Phase = 'P0' | 'P1' | 'P2' | 'P3';
export type State = 'pass' | 'partial' | 'fail' | 'notApplicable' | 'notAssessed' | 'attested';
export type Level = 'error' | 'warning' | 'note';

/** A place with everything a reporter needs to show it. */
export interface ReportPlace {
  readonly path: string;
  readonly region: Region;
}

export interface ReportRelated extends ReportPlace {
  readonly text: string;
}

/** A change that mends a finding: each edit replaces the text of its region. */
export interface ReportFix {
  readonly description: string;
  readonly edits: readonly (ReportPlace & { readonly text: string })[];
}

export interface ReportFinding extends ReportPlace {
  /** Stable across line moves: item, message, path and the offending text decide it. Hex. */
  readonly id: string;
  /**
   * What code scanning tells alerts of one rule and file apart by: GitHub's primaryLocationLineHash of the first line,
   * hex, a colon, the count; of the finding itself where it has an identity of its own.
   */
  readonly lineHash: string;
  readonly item: string;
  /** Key of the message within its item, e.g. "missing". */
  readonly message: string;
  readonly aspect?: string;
  readonly phase: Phase;
  readonly severity: Severity;
  readonly level: Level;
  readonly confidence: Confidence;
  readonly zone: Zone;
  /** Full sentences. */
  readonly what: string;
  readonly why: string;
  readonly fixHint: string;
  /** The values that fill the message; consumers read some of them, e.g. `package`, `version`, `advisories`. */
  readonly data?: Readonly<Record<string, string | number>>;
  /** The line(s) of the region as they stand in the file, for a code frame; secrets redacted. At most three lines. */
  readonly snippet: readonly string[];
  readonly related: readonly ReportRelated[];
  readonly trace: readonly ReportRelated[];
  readonly fix?: ReportFix;
  /** Byte-identical files with the same finding. */
  readonly copies: readonly string[];
  /** Number of subjects this cause makes fail. */
  readonly subjects: number;
}

export interface ItemReport {
  readonly id: string;
  readonly title: string;
  readonly phase: Phase;
  /** Twice the weight, an integer (P0 20, P1 15, P2 10, P3 5). */
  readonly weight2: number;
  readonly state: State;
  /** Why it is notApplicable (what was looked for) or notAssessed. */
  readonly reason?: string;
  /** Production subjects. */
  readonly passed: number;
  readonly failed: number;
  readonly unknown: number;
  /** Subjects that other zones hold, without effect on the score. */
  readonly otherZones: Readonly<Partial<Record<Zone, number>>>;
  readonly measured?: { readonly value: number; readonly target: number; readonly unit: string };
  /** Item value r in millionths: low and high side. */
  readonly low: number;
  readonly high: number;
  /** A finding of severity critical made the item fail whatever the share. */
  readonly critical: boolean;
  /** Up to five proofs: why subjects pass, or why they are unknown. */
  readonly evidence: readonly (ReportPlace & {
    readonly name: string;
    readonly verdict: 'pass' | 'unknown';
    readonly text: string;
  })[];
  /** Number of findings that count, and of those to review. */
  readonly findings: number;
  readonly toReview: number;
  readonly start: string;
  readonly due: string;
  readonly overdue: boolean;
  /** CVSS of the roadmap, in tenths; absent for hygiene items. */
  readonly impact10?: number;
  /** Hours. */
  readonly effort: number;
  readonly owner: string;
  /** Thousandths of a point that this item adds to the raw score when it becomes pass. */
  readonly gain: number;
}

/** All figures are integers; scores in thousandths of a point. */
export interface ScoreReport {
  readonly model: '1.0';
  readonly raw: number;
  readonly score: number;
  /** With every unassessed part counted as passed, caps included. */
  readonly high: number;
  /** Caps that lower the score, in the order of the roadmap. */
  readonly caps: readonly { readonly id: string; readonly limit: number; readonly reason: string }[];
  readonly target: number;
  readonly start: number;
  readonly targetMet: boolean;
  readonly targetMetBy?: 'score' | 'phases';
  /** Weight sums (x2) behind raw: points got (in millionths of weight2), applicable, assessed, all. */
  readonly got: number;
  readonly possible: number;
  readonly assessed: number;
  readonly total: number;
  /** Per phase: items done, partly done, open, not applicable, not assessed. */
  readonly phases: readonly {
    readonly phase: Phase;
    readonly title: string;
    readonly done: number;
    readonly partial: number;
    readonly open: number;
    readonly notApplicable: number;
    readonly notAssessed: number;
    readonly got: number;
    readonly possible: number;
  }[];
  /** Ids of the next best items: most points per hour first, at most five. */
  readonly next: readonly { readonly item: string; readonly gain: number; readonly effort: number }[];
}

export interface SuppressionReport {
  readonly kind: 'falsePositive' | 'acceptedRisk' | 'temporary';
  readonly reason: string;
  readonly expires: string;
  /** A comment in the file, or the suppression file; absent: the file. */
  readonly source?: 'inSource' | 'external';
  readonly finding: ReportFinding;
}

/** What a rule page says; every item has one, with or without findings. */
export interface RuleReport {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly cwe: readonly number[];
  readonly precision: 'very-high' | 'high' | 'medium' | 'low';
  /** First paragraph of "What it checks". */
  readonly summary: string;
  /** First paragraph of "Why it matters". */
  readonly why: string;
  /** The page without front matter. */
  readonly markdown: string;
}

/** What changed since an earlier report. */
export interface Comparison {
  /** Commit of the earlier report. */
  readonly commit?: string;
  /** Ids of findings that the earlier report does not have. */
  readonly added: readonly string[];
  readonly fixed: readonly {
    readonly id: string;
    readonly item: string;
    readonly path: string;
    readonly what: string;
  }[];
  readonly unchanged: number;
  /** Thousandths of a point. */
  readonly delta: number;
  /** False when rules, roadmap, configuration or scope differ, so that the delta is not the code's alone. */
  readonly comparable: boolean;
}

export interface Report {
  readonly schema: 'hardening-audit/report/v1';
  readonly tool: { readonly name: 'hardening-audit'; readonly version: string; readonly ruleset: string };
  /** `name` is the folder's name; nothing here depends on the machine. */
  readonly target: {
    readonly name: string;
    readonly commit?: string;
    readonly branch?: string;
    readonly repository?: string;
    /** An existing file that statements about the whole repository point to; absent in an empty tree. */
    readonly anchor?: string;
  };
  readonly roadmap: { readonly title: string; readonly hash: string; readonly configHash: string };
  /** Partial scopes carry no headline score. */
  readonly scope: 'full' | 'staged' | 'changed' | 'subset';
  readonly asOf: string;
  readonly score: ScoreReport;
  /** In roadmap order. */
  readonly items: readonly ItemReport[];
  /** In roadmap order, then path, line, column. */
  readonly findings: readonly ReportFinding[];
  readonly suppressed: readonly SuppressionReport[];
  readonly comparison?: Comparison;
  readonly rules: readonly RuleReport[];
  readonly notifications: readonly Notification[];
  readonly files: {
    readonly listed: number;
    readonly read: number;
    readonly byZone: Readonly<Partial<Record<Zone, number>>>;
    readonly skipped: readonly Skipped[];
    /** Per fact kind: files understood and files with an error. */
    readonly kinds: readonly { readonly kind: string; readonly files: number; readonly broken: number }[];
  };
}
