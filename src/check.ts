/** Knows the contract between the engine and a check: what a check asks for and what it answers. */
import type { FactKind, Facts } from './facts/facts.ts';
import type { Place } from './facts/span.ts';

export type Severity = 'critical' | 'high' | 'medium' | 'low';
/** `low` is "to review": listed, without effect on the score. */
export type Confidence = 'high' | 'medium' | 'low';

/** The three parts of every message; `{name}` is filled from the finding's data. Each part is a sentence or more. */
export interface Message {
  /** What is here. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
  /** Severity of findings with this message; absent: the rule page's. */
  readonly severity?: Severity;
  /** Which question of the item is judged, where an item asks several (SARIF `properties.aspect`). */
  readonly aspect?: string;
  /** The finding's lines hold a secret: reports mask their literals. */
  readonly secret?: boolean;
}

/** A second place that belongs to a finding, with a short annotation. */
export interface Related extends Place {
  readonly text: string;
}

/** One step of a data flow, from the source to the sink. */
export interface Step extends Place {
  readonly text: string;
}

/** Replaces the text of each place; edits of one fix never overlap. */
export interface Fix {
  readonly description: string;
  readonly edits: readonly (Place & { readonly text: string })[];
}

/** One cause to mend, at the place to change. */
export interface Finding {
  /** Key of the check's `messages`. */
  readonly message: string;
  /** Values for the message's placeholders; never a secret's value. */
  readonly data: Readonly<Record<string, string | number>>;
  readonly place: Place;
  /** What the finding is about, where the text of its line says too much: takes the line's place in the finding's id. */
  readonly identity?: string;
  readonly confidence: Confidence;
  /** Overrides the message's and the page's severity; `critical` makes the whole item fail. */
  readonly severity?: Severity;
  readonly related?: readonly Related[];
  /** Data flow from source to sink, in order. */
  readonly trace?: readonly Step[];
  readonly fix?: Fix;
}

/**
 * One thing an item judges: a hash call, a route, a container, a state backend. `unknown` needs `evidence` that says why.
 * Several subjects may share one finding object: one cause, many places. A subject whose findings all have low
 * confidence counts as passed.
 */
export interface Subject {
  /** What it is, in a few words: "final stage of Dockerfile", "step 'Run bandit'". */
  readonly name: string;
  readonly place: Place;
  readonly verdict: 'pass' | 'fail' | 'unknown';
  /** Why it passes or why it cannot be judged; shown as proof. */
  readonly evidence?: string;
  readonly findings?: readonly Finding[];
}

/** Answer of one check. The engine derives the item's state from it: see score.ts. */
export interface Assessment {
  readonly subjects: readonly Subject[];
  /** What was looked for, as the proof when there is no subject: "Dockerfile, Containerfile, *.dockerfile". */
  readonly lookedFor: string;
  /** Reason why the item as a whole could not be judged. */
  readonly notAssessed?: string;
  /** For measured items (coverage, type hints): integers of one unit, e.g. hundredths of a percent. */
  readonly measured?: { readonly value: number; readonly target: number; readonly unit: string };
}

/** Option values after the rule page's defaults, the roadmap and the configuration were merged. */
export type Options = Readonly<Record<string, OptionValue>>;
export type OptionValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/**
 * Fact kinds a check reads. The words say which files are worth parsing: a file of that kind without any of them is not
 * parsed on this check's account, and a broken file with one of them becomes an `unknown` subject. `true` is every file.
 */
export type Needs = { readonly [K in FactKind]?: true | readonly string[] };

/**
 * A check: a plain frozen object with a pure, synchronous `assess`. It knows neither weight, phase, date, score nor
 * SARIF; it does not read files, the clock or other checks.
 */
export interface Check {
  readonly id: string;
  readonly needs: Needs;
  /** What else is read, because it may hold evidence for a pass: a broken file of these is no subject. */
  readonly evidence?: Needs;
  readonly messages: Readonly<Record<string, Message>>;
  readonly assess: (facts: Facts, options: Options) => Assessment;
}

export function defineCheck(check: Check): Check {
  return Object.freeze(check);
}

export function pass(name: string, place: Place, evidence: string): Subject {
  return { name, place, verdict: 'pass', evidence };
}

export function fail(name: string, finding: Finding, place: Place = finding.place): Subject {
  return { name, place, verdict: 'fail', findings: [finding] };
}

/** A failing subject with one certain finding; `more` may doubt it. */
export function failed(
  name: string,
  message: string,
  data: Finding['data'],
  place: Place,
  more: Partial<Finding> = {},
): Subject {
  return fail(name, { message, data, place, confidence: 'high', ...more });
}

/** "a", "a and b", "a, b and c"; empty for none. */
export function listed(words: readonly string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1)}` : (words[0] ?? '');
}

/** The first finding of a cause; `causes` remembers it under its key. */
export function once(causes: Map<string, Finding>, key: string, finding: Finding): Finding {
  const known = causes.get(key) ?? finding;
  causes.set(key, known);
  return known;
}

/** The same subject with its findings of confidence low: to review. */
export function forReview(subject: Subject): Subject {
  const findings = subject.findings?.map((one): Finding => ({ ...one, confidence: 'low' }));
  return findings ? { ...subject, findings } : subject;
}

export function unknown(name: string, place: Place, evidence: string): Subject {
  return { name, place, verdict: 'unknown', evidence };
}

/** Findings that say the same of the same place become one: a loop of a template is one cause, however often it runs. */
export function sharingCauses(subjects: readonly Subject[]): Subject[] {
  const known = new Map<string, Finding>();
  const share = (finding: Finding): Finding => {
    const { message, place } = finding;
    const key = `${message} ${place.span.start}-${place.span.end} ${place.path}`;
    const first = known.get(key);
    if (!first) known.set(key, finding);
    return first ?? finding;
  };
  return subjects.map((subject) =>
    subject.findings ? { ...subject, findings: subject.findings.map(share) } : subject,
  );
}
