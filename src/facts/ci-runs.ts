/** Knows which programs CI runs, directly or through the repository's scripts, and whether their failure counts. */
import type { Call } from './commandline.ts';
import type { Facts } from './facts.ts';
import { type Gate, type JudgedStep, judgedJobs, type Knowledge } from './gates.ts';
import type { Place } from './span.ts';

export interface CiRun {
  /** The command as one line. */
  readonly text: string;
  /** Where it stands: in the pipeline file, or in the script the pipeline calls. */
  readonly place: Place;
  readonly call: Call;
  /** Its failure fails the pipeline: no `|| true`, no tolerance on step or job, not started by hand. */
  readonly unmasked: boolean;
  readonly step: JudgedStep;
  /** The pattern it matched. */
  readonly pattern: string;
}

const neutral = ['true', ':', 'echo', 'printf', 'cat', 'ls', 'docker logs', 'kubectl logs', 'exit 0'];

/**
 * Every command of the repository's production pipelines that matches one of the patterns (see `matches` of
 * commandline.ts: `mypy`, `npm run test*`), in order. A type checker that CI really enforces, for example, is
 * `ciRuns(facts, ['mypy', 'pyright', 'tsc']).some((run) => run.unmasked)`.
 */
export function ciRuns(facts: Facts, patterns: readonly string[]): readonly CiRun[] {
  const tools = { scan: [], test: patterns, lint: [], build: [], deploy: [] };
  const knowledge: Knowledge = { tools, actions: {}, words: {}, neutral };
  return judgedJobs(facts, knowledge).flatMap((steps) =>
    steps.flatMap((step) => {
      if (step.file.zone !== 'production') return [];
      return step.gates.flatMap((gate): CiRun[] => {
        const { text, place, call, tool } = gate;
        return call ? [{ text, place, call, unmasked: isUnmasked(gate, step), step, pattern: tool }] : [];
      });
    }),
  );
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
