/** Knows whether CI runs the commit hooks, or the programs they start, in a way that can fail. */

import { linkPipelines } from '../ci/gitlab.ts';
import { type CiRun, ciRuns } from '../ci/runs.ts';
import { baseName } from '../commandline.ts';
import type { Facts } from '../facts.ts';
import type { Hook } from '../hooks.ts';

export interface HooksInCi {
  /** `staged`: the hooks see only staged files, and a fresh checkout has none. */
  readonly state: 'enforced' | 'masked' | 'staged' | 'none';
  /** The run that decides; absent for `none` and for a workflow of another repository. */
  readonly run?: CiRun;
  /** The file that calls a workflow of another repository which runs the hooks. */
  readonly workflow?: string;
}

/**
 * What CI does with the hooks: it starts their runner, or for each group of hooks (those for security, those for style)
 * at least one of the programs.
 * @param runners patterns of `ciRuns` for what starts all hooks
 */
export function hooksInCi(facts: Facts, runners: readonly string[], groups: readonly (readonly Hook[])[]): HooksInCi {
  const runs = ciRuns(facts, runners).filter((run) => !run.scheduled);
  const whole = runs.filter((run) => !onlyStaged(run));
  const enforced = whole.find((run) => run.unmasked);
  if (enforced) return { state: 'enforced', run: enforced };
  const called = facts
    .linked(linkPipelines)
    .find(
      (file) =>
        file.zone === 'production' &&
        file.data.jobs.some(
          (job) => job.uses?.kind === 'remote' && !job.tolerance && /\b(?:pre-commit|prek)\.ya?ml$/.test(job.uses.name),
        ),
    );
  if (called) return { state: 'enforced', workflow: called.path };
  const single = groups.map((hooks) => ciRuns(facts, [...new Set(hooks.flatMap(patternsOf))]).find(guards));
  if (single.length > 0 && single.every((run) => run !== undefined)) return { state: 'enforced', run: single[0]! };
  if (whole[0]) return { state: 'masked', run: whole[0] };
  return runs[0] ? { state: 'staged', run: runs[0] } : { state: 'none' };
}

function guards(run: CiRun): boolean {
  return run.unmasked && !run.scheduled;
}

const selection =
  /^(?:-a|-s|-o|-d|--all-files|--all|--files?|--files-from-stdin|--from-ref|--to-ref|--source|--origin|--last-commit|--directory|--diff(?:=.*)?)$/;

/** `pre-commit run` without a choice of files looks at staged files. */
function onlyStaged({ call }: CiRun): boolean {
  const name = baseName(call[0]!);
  // An action has no arguments here; it chooses the files itself.
  if (call.length === 1 && call[0]!.includes('/')) return false;
  const staged = /^(?:pre-commit|prek|lint-staged)$/.test(name) || (name === 'lefthook' && call.includes('pre-commit'));
  return staged && !call.some((word) => selection.test(word));
}

/** Programs with many sub-commands: only the one that the hook runs is the hook. */
const general = new Set([
  'terraform',
  'tofu',
  'terragrunt',
  'packer',
  'helm',
  'cargo',
  'mix',
  'dart',
  'flutter',
  'buf',
]);
const launcher = /^(?:npm|npx|yarn|pnpm|bun|bunx|poetry|uv|uvx|pdm|pipenv|hatch|python[\d.]*|bash|sh|node)$/;

/** Commands and actions that do in CI what a hook does: `ruff`, `terraform fmt`, `npm run lint`. */
function patternsOf({ name, programs, command }: Hook): string[] {
  const words = command.split(' ');
  const plain = words.slice(0, launcher.test(words[0]!) ? 3 : 2).filter((word) => !word.startsWith('-'));
  const tools = [...programs, name]
    .map((one) =>
      one
        .toLowerCase()
        .replace(/^(?:run|mirrors|pre-commit|python)-|-pre-commit$|-(?:check|format|hook|lint|py)$/g, ''),
    )
    .filter(
      (one) =>
        /^[a-z][\w-]{2,}$/.test(one) && !general.has(one) && !launcher.test(one) && !/^(?:run|exec|check)$/.test(one),
    );
  const commands = [...tools, ...(plain.length > 1 ? [plain.join(' ')] : []), name.replace('_', ' ')];
  return [...commands, ...tools.map((tool) => `uses:*/*${tool}*`)];
}
