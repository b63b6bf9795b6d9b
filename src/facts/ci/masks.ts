/** Knows where CI loses the failure of a test, scan, lint, build or deployment, and why the others do not. */

import { firstMatch, glob, matches } from '../commandline.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../span.ts';
import { compensation, outcomeChecked, outputUsed, resultChecked } from './compensation.ts';
import {
  type Gate,
  inRunnerTemp,
  isPrint,
  type JudgedStep,
  judgedJobs,
  type Knowledge,
  type Role,
  roleOfName,
  roles,
} from './gates.ts';
import { missingFiles } from './missing.ts';
import { productionPaths } from './runs.ts';
import type { Fate } from './status.ts';

export interface MaskKnowledge extends Knowledge {
  /** Calls told by their arguments to succeed. */
  readonly lenientFlags: readonly string[];
  /** Inputs of actions, `name=value`, that make them succeed. */
  readonly lenientInputs: readonly string[];
  /** Names of jobs that stand for other jobs, with dashes. */
  readonly gateNames: readonly string[];
  /** Tool → the field of its report that holds the severity. */
  readonly reportFields: Readonly<Record<string, string>>;
}

export type MaskKind =
  | (typeof kinds)[(Fate & { kind: 'lost' })['by']]
  | 'tolerated'
  | 'manual'
  | 'lenient'
  | 'always'
  | 'placeholder'
  | 'missingFile';

/** One place to mend. */
export interface Mask {
  readonly kind: MaskKind;
  readonly role: Role;
  readonly place: Place;
  readonly data: Readonly<Record<string, string>>;
  readonly related: readonly (Place & { readonly text: string })[];
  /** False where the shell's rule is certain but the effect depends on what follows. */
  readonly sure: boolean;
}

/** A step or job that tests, scans, lints, builds or deploys. */
export interface JudgedGate {
  readonly name: string;
  readonly place: Place;
  /** None: its failure counts. The same object stands for the same place in a shared script. */
  readonly masks: readonly Mask[];
  readonly proof: string;
}

const kinds = {
  or: 'fallback',
  and: 'list',
  pipe: 'pipe',
  errexit: 'errexit',
  sequence: 'sequence',
  condition: 'condition',
  trap: 'trap',
  outside: 'ignored',
} as const;

interface Context {
  readonly facts: Facts;
  readonly knowledge: MaskKnowledge;
  readonly steps: readonly JudgedStep[];
  readonly jobs: readonly (readonly JudgedStep[])[];
  /** Masks in scripts, shared by the steps that call them. */
  readonly shared: Map<string, Mask>;
}

/** Every gate of every pipeline with its masks. */
export function judgedGates(facts: Facts, knowledge: MaskKnowledge): readonly JudgedGate[] {
  const jobs = judgedJobs(facts, knowledge);
  const shared = new Map<string, Mask>();
  return jobs.flatMap((steps) => {
    const context: Context = { facts, knowledge, steps, jobs, shared };
    const job = jobMasks(context);
    // Where the job's result does not count, a step that can fail guards nothing either.
    const idle = job.some(({ masks }) => masks.some(({ kind }) => kind === 'tolerated' || kind === 'manual'));
    const own = steps.flatMap((one) => stepMasks(one, context));
    return [...job, ...own.filter(({ masks }) => masks.length > 0 || !idle)];
  });
}

function mask(
  kind: MaskKind,
  role: Role,
  place: Place,
  data: Readonly<Record<string, string>>,
  more: Partial<Mask> = {},
): Mask {
  return { kind, role, place, data, related: [], sure: true, ...more };
}

function strongest(gates: readonly Gate[]): Role | undefined {
  return roles.find((role) => gates.some((gate) => gate.role === role));
}

function jobMasks(context: Context): JudgedGate[] {
  const { steps, jobs, knowledge } = context;
  const first = steps[0];
  if (!first) return [];
  const { job, file } = first;
  const path = job.path ?? file.path;
  const gates = updates(steps) ? [] : steps.flatMap((one) => one.gates);
  const named = roleOfName(job.id, knowledge.words);
  const clears = /clean-?_?up|tear-?_?down|destroy/i.test(job.id);
  const found = strongest(gates);
  const role =
    clears && found !== 'test' && found !== 'scan'
      ? undefined
      : (found ?? (weakName.test(job.id) || serviceName.test(job.id) ? undefined : named));
  const subject = `The job ${job.id}`;
  const masks: Mask[] = [];
  if (role && job.tolerance?.extent === 'always' && !resultChecked(job.id, jobs)) {
    const place = { path: job.tolerance.path ?? path, span: job.tolerance.span };
    masks.push(mask('tolerated', role, place, { subject, mask: job.tolerance.text }));
  }
  const deploys =
    gates.some((gate) => gate.role === 'deploy') ||
    /deploy|release|publish|rollback|destroy|cleanup/i.test(`${job.id} ${job.stage ?? ''}`);
  if (role && role !== 'build' && !deploys && job.when?.text === 'manual' && job.tolerance?.extent !== 'always') {
    masks.push(mask('manual', role, { path: job.when.path ?? path, span: job.when.span }, { subject }));
  }
  const ignoring = ignoresNeeds(context, deploys);
  if (ignoring && job.condition) {
    const data = { job: job.id, condition: job.condition.text, effect: ignoring };
    masks.push(mask('always', 'test', { path, span: job.condition.span }, data));
  }
  return masks.length > 0 ? [{ name: `job ${job.id}`, place: { path, span: job.span }, masks, proof: '' }] : [];
}

/** What is wrong with a job that runs whatever became of the jobs it needs. */
function ignoresNeeds({ steps, knowledge }: Context, deploys: boolean): string | undefined {
  const { condition, needs, id, name } = steps[0]!.job;
  if (!condition || needs.length === 0 || !/^\(?(?:always\(\)|!\s*cancelled\(\))/.test(condition.text))
    return undefined;
  if (/\bneeds\.|success\(\)|failure\(\)/.test(condition.text)) return undefined;
  if (steps.some((one) => one.step.references.some((text) => /^needs\..*\.(?:result|outputs\b.*)$/.test(text))))
    return undefined;
  const words = `-${`${id} ${name}`.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-`;
  if (deploys && steps.some((one) => one.gates.some((gate) => gate.role === 'deploy'))) {
    return 'It deploys even when the tests and scans before it failed.';
  }
  const gate = knowledge.gateNames.some((word) => words.includes(`-${word}-`));
  return gate ? 'It is green even when every job it stands for failed.' : undefined;
}

/** Names that promise too little to judge a step by them. */
const weakName = /(?:^|[^a-z])(?:checks?|gate|build|deploy|release|publish|coverage)(?:[^a-z]|$)/i;
/** Steps that upload, comment, cache or notify are no gates, whatever else their name says. */
const serviceName =
  /upload|download|artifact|comment|notif|slack|cache|set ?up|install|login|label|report|publish|badge|summar|clean|delete|logs?\b|annotat|release|sarif|print|show|display|update|outdated|prepare|generate/i;

/** A job that proposes a change (new snapshots, new versions) tests to see what changes: it is no gate. */
function updates(steps: readonly JudgedStep[]): boolean {
  return steps.some(
    ({ step, runs }) =>
      /create-pull-request|git-auto-commit|add-and-commit/.test(step.uses?.name ?? '') ||
      runs.some(
        ({ command }) =>
          command.words
            .slice(0, 3)
            .map((word) => word.text)
            .join(' ') === 'gh pr create',
      ),
  );
}

/** A job that commits what its formatters changed does not check the style. */
function commits(steps: readonly JudgedStep[]): boolean {
  return steps.some(({ runs }) =>
    runs.some(({ command }) => command.words[0]?.text === 'git' && command.words[1]?.text === 'commit'),
  );
}

/** A command whose output becomes a page of the documentation. */
function documents({ command }: Gate): boolean {
  return command?.redirections.some(({ target }) => /\.(?:md|rst|adoc)$/i.test(target?.text ?? '')) ?? false;
}

function stepMasks(one: JudgedStep, context: Context): JudgedGate[] {
  const { knowledge, steps } = context;
  const { step, job, place, file } = one;
  const gates = one.gates.filter((gate) => !commits(steps) || (gate.role !== 'lint' && !documents(gate)));
  const condition = step.condition?.text ?? '';
  const diagnostic =
    /\b(?:failure|cancelled)\(\)/.test(condition) && !/always|!\s*(?:failure|cancelled)/.test(condition);
  const name = file.data.system === 'gitlab' && step.section === 'script' ? `job ${job.id}` : `step ${step.name}`;
  const masks = missingFiles(one, steps, context.facts).map(({ text, span }) =>
    mask('missingFile', 'build', { path: place.path, span }, { subject: `The ${name}`, file: text }),
  );
  const proofs: string[] = [];
  const tolerated = step.tolerance?.extent === 'always' && !diagnostic;
  if (gates.length === 0 || diagnostic || updates(steps)) {
    const helper =
      one.runs.length > 0 && one.runs.every(({ command }) => command.words.some(({ text }) => inRunnerTemp(text)));
    const service = helper || serviceName.test(`${step.uses?.name ?? ''} ${step.name}`);
    const named = service ? undefined : roleOfName(step.title ?? '', knowledge.words);
    if (named && isPlaceholder(one, named) && !standsIn(one, context)) {
      masks.push(mask('placeholder', named, { path: place.path, span: step.script!.span }, { subject: `The ${name}` }));
    }
    if (named && tolerated && !outcomeChecked(one, steps)) masks.push(toleratedStep(one, named));
    return masks.length > 0 ? [{ name, place, masks, proof: '' }] : [];
  }
  if (tolerated) {
    const made = gates.map((gate) => compensation(gate, one, steps, knowledge.reportFields));
    if (outcomeChecked(one, steps)) proofs.push('A later step fails on its outcome.');
    else if (made.every((text) => text !== undefined)) proofs.push(...made);
    else masks.push(toleratedStep(one, strongest(gates)!));
  }
  for (const gate of gates) {
    const found = judge(gate, one, context);
    if (typeof found === 'string') proofs.push(found);
    else if (!masks.includes(found)) masks.push(found);
  }
  return [{ name, place, masks, proof: [...new Set(proofs)].slice(0, 3).join(' ') }];
}

/**
 * The workflow that reports a required check as passed where path filters leave the real one out has the same name and
 * the same job.
 */
function standsIn({ file, job }: JudgedStep, { jobs }: Context): boolean {
  return jobs.some((steps) => {
    const other = steps[0];
    const twin = other !== undefined && other.file.path !== file.path && other.file.data.name === file.data.name;
    return twin && other.job.id === job.id && steps.some((one) => one.gates.length > 0);
  });
}

function toleratedStep({ step, place }: JudgedStep, role: Role): Mask {
  const { span, text } = step.tolerance!;
  return mask('tolerated', role, { path: place.path, span }, { subject: `The step ${step.name}`, mask: text });
}

/** A mask, or the reason why the gate passes. */
function judge(gate: Gate, one: JudgedStep, { facts, knowledge, steps, shared }: Context): Mask | string {
  const { fate } = gate;
  if (gate.hollow) return mask('placeholder', gate.role, gate.place, { subject: `The script behind \`${gate.text}\`` });
  const lenient = gate.role === 'build' || gate.role === 'deploy' ? undefined : leniency(gate, one, knowledge);
  const unused =
    fate.kind === 'handled' &&
    fate.outputs &&
    one.file.data.system === 'github' &&
    !outputUsed(one, fate.outputs, steps);
  if (!lenient && !unused && fate.kind !== 'lost') {
    return fate.kind === 'counts'
      ? `\`${gate.text}\` fails the step.`
      : `The failure of \`${gate.text}\` is not lost: ${fate.how}.`;
  }
  const made = compensation(gate, one, steps, knowledge.reportFields);
  if (made) return made;
  const key = `${gate.place.path}:${gate.place.span.start}`;
  const known = shared.get(key);
  if (known) return known;
  const related =
    gate.place.path === one.place.path ? [] : [{ ...one.place, text: `The CI step that runs it: ${one.step.name}.` }];
  const home = facts.linked(productionPaths);
  if (!home.has(gate.place.path) && home.has(one.place.path)) {
    // The script belongs to the tests: the step that calls it is what guards the pipeline.
    const text = 'The command in the script it calls.';
    const moved: Gate = {
      ...gate,
      place: { path: one.place.path, span: one.step.script?.span ?? one.place.span },
      fate: outside(fate),
    };
    return lossMask(moved, moved.fate, [{ ...gate.place, text }]);
  }
  const result = lenient
    ? mask('lenient', gate.role, lenient.place, { command: gate.text, mask: lenient.text }, { related })
    : lossMask(gate, fate, related);
  if (gate.script) shared.set(key, result);
  return result;
}

/** The same loss, seen from outside the script it happens in. */
function outside(fate: Fate): Fate {
  return fate.kind === 'lost' ? { ...fate, by: 'outside' } : fate;
}

function lossMask(gate: Gate, fate: Fate, related: Mask['related']): Mask {
  const { path, span } = gate.place;
  const data = { command: gate.text, mask: '' };
  if (fate.kind !== 'lost') return mask('sequence', gate.role, gate.place, data, { related });
  const cause = fate.cause ? [{ path, span: fate.cause, text: 'This makes the shell go on.' }] : [];
  const place = { path, span: fate.by === 'outside' ? span : fate.span };
  const more = { related: [...cause, ...related], sure: fate.by !== 'and' };
  return mask(kinds[fate.by], gate.role, place, { ...data, mask: fate.text }, more);
}

/** The option or input that tells the gate to succeed, as written. */
function leniency(
  gate: Gate,
  one: JudgedStep,
  { lenientFlags, lenientInputs }: MaskKnowledge,
): { place: Place; text: string } | undefined {
  const { call } = gate;
  if (call) {
    const flag = lenientFlags.find((pattern) => matches(call, pattern));
    return flag ? { place: gate.place, text: flag.replace(/^\S+ /, '') } : undefined;
  }
  if (gate.command) return undefined;
  for (const { name, value, span } of (one.step.task ?? one.step.uses)?.inputs ?? []) {
    const place = { path: one.place.path, span };
    const given = `${name}=${value.trim()}`;
    if (lenientInputs.some((pattern) => glob(pattern)(given))) return { place, text: `${name}: ${value.trim()}` };
    const flag = /^(?:args|arguments|options|cmd_options)$/.test(name)
      ? firstMatch([['args', ...value.trim().split(/\s+/)]], lenientFlags)
      : undefined;
    if (flag) return { place, text: flag.pattern.replace(/^\S+ /, '') };
  }
  return undefined;
}

/** The only script of a job, whose name promises a test or scan and that only prints. */
function isPlaceholder({ step, job, runs }: JudgedStep, role: Role): boolean {
  if (!step.script || step.script.other !== undefined || (role !== 'test' && role !== 'scan')) return false;
  if (step.section === 'before' || step.section === 'after' || runs.length === 0) return false;
  if (job.steps.filter((other) => other.script ?? (other.uses && other.uses.name !== 'actions/checkout')).length > 1)
    return false;
  return runs.every(({ command }) => isPrint(command));
}
