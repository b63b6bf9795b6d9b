/** Knows which programs CI runs, directly or through the repository's scripts, and whether their failure counts. */
import type { Call } from '../commandline.ts';
import type { Facts } from '../facts.ts';
import type { Place } from '../span.ts';
import { type Gate, type JudgedStep, judgedJobs, type Knowledge } from './gates.ts';

export interface CiRun {
  /** The command as one line. */
  readonly text: string;
  /** Where it stands: in the pipeline file, or in the script the pipeline calls. */
  readonly place: Place;
  readonly call: Call;
  /** Only in scheduled pipelines or ones started by hand: it guards no merge. */
  readonly scheduled: boolean;
  /** Its failure fails the pipeline: no `|| true`, no tolerance on step or job, not started by hand. */
  readonly unmasked: boolean;
  readonly step: JudgedStep;
  /** The pattern it matched. */
  readonly pattern: string;
}

const neutral = ['true', ':', 'echo', 'printf', 'cat', 'ls', 'docker logs', 'kubectl logs', 'exit 0'];

/**
 * Every command of the repository's production pipelines that matches one of the patterns (see `matches` of
 * commandline.ts: `mypy`, `npm run test*`; `uses:owner/name` for an action), in order. A type checker that CI really enforces, for example, is
 * `ciRuns(facts, ['mypy', 'pyright', 'tsc']).some((run) => run.unmasked)`.
 */
export function ciRuns(facts: Facts, patterns: readonly string[]): readonly CiRun[] {
  const commands = patterns.filter((one) => !one.startsWith('uses:'));
  const actions = patterns.filter((one) => one.startsWith('uses:')).map((one) => [one.slice('uses:'.length), 'test']);
  const tools = { scan: [], test: commands, lint: [], build: [], deploy: [] };
  const knowledge: Knowledge = { tools, actions: Object.fromEntries(actions), words: {}, neutral };
  const production = facts.linked(productionPaths);
  return judgedJobs(facts, knowledge).flatMap((steps) =>
    steps.flatMap((step) => {
      if (step.file.zone !== 'production') return [];
      return step.gates.flatMap((gate): CiRun[] => {
        const { text, tool, call = [gate.text] } = gate;
        const place = production.has(gate.place.path) ? gate.place : step.place;
        return [
          { text, place, call, scheduled: isScheduled(step), unmasked: isUnmasked(gate, step), step, pattern: tool },
        ];
      });
    }),
  );
}

/** Paths of production files: findings in scripts of another zone are shown at the step that calls them. */
export function productionPaths(facts: Facts): ReadonlySet<string> {
  return new Set(facts.files.flatMap((file) => (file.zone === 'production' ? [file.path] : [])));
}

function isScheduled({ file, job }: JudgedStep): boolean {
  const { system, triggers } = file.data;
  if (system === 'gitlab') return job.scheduled === true;
  return triggers.length > 0 && triggers.every(({ event }) => event === 'schedule' || event === 'workflow_dispatch');
}

function isUnmasked({ fate }: Gate, { step, job }: JudgedStep): boolean {
  if (step.tolerance?.extent === 'always' || job.tolerance?.extent === 'always' || job.when?.text === 'manual')
    return false;
  return fate.kind === 'counts' || (fate.kind === 'handled' && !fate.outputs);
}

/** A word with the pipeline's own variables put in; expressions that stay are left as written. */
export function withVariables(word: string, { file, job, step }: JudgedStep): string {
  const known = new Map(
    [...file.data.variables, ...job.variables, ...step.variables].map(({ name, value }) => [name, value]),
  );
  return word.replace(
    /\$\{\{\s*env\.(\w+)\s*\}\}|\$\{(\w+)\}|\$(\w+)/g,
    (whole, a?: string, b?: string, c?: string) => known.get(a ?? b ?? c ?? '') ?? whole,
  );
}
