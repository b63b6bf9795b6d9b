/** Knows which actions and reusable workflows the pipelines use, and what pins each. */
import { type Facts, placeOf } from '../facts.ts';
import { isPlaceholderHex } from '../images.ts';
import { isCommit } from '../remote-code.ts';
import type { Place } from '../span.ts';
import { linkPipelines } from './gitlab.ts';
import type { Uses } from './pipeline.ts';

export interface ActionUse {
  /** 'The step "Build"'. */
  readonly title: string;
  readonly place: Place;
  readonly uses: Uses;
  /** `version` is a tag that looks like one, `name` any other tag or branch. */
  readonly pin: 'local' | 'commit' | 'version' | 'name';
  /** What it is asked for by: "the tag v4". */
  readonly state: string;
}

/** All of them; steps that run an image are not among them. A pure join: use through `facts.linked`. */
export function linkActions(facts: Facts): readonly ActionUse[] {
  return facts.linked(linkPipelines).flatMap((file) =>
    file.data.jobs.flatMap((job) =>
      [
        ...job.steps.map((step) => ({
          uses: step.uses,
          title: step.title === undefined ? `A step of the job ${quote(job.name)}` : `The step ${quote(step.title)}`,
        })),
        { uses: job.uses, title: `The job ${quote(job.name)}` },
      ].flatMap(({ uses, title }) =>
        uses && uses.kind !== 'docker' ? [{ title, place: placeOf(file, uses), uses, ...pinOf(uses) }] : [],
      ),
    ),
  );
}

function quote(name: string): string {
  return `"${name.slice(0, 60)}"`;
}

function pinOf({ kind, ref = '' }: Uses): Pick<ActionUse, 'pin' | 'state'> {
  if (kind === 'local') return { pin: 'local', state: 'a folder of this repository' };
  if (isCommit(ref, true) && isPlaceholderHex(ref)) return { pin: 'name', state: 'a placeholder for a commit' };
  if (isCommit(ref, true)) return { pin: 'commit', state: `commit ${ref.slice(0, 12)}` };
  if (isCommit(ref)) return { pin: 'name', state: `the shortened commit ${ref}, which another commit can share` };
  if (ref === '') return { pin: 'name', state: 'nothing but its name' };
  return /^v?\d/.test(ref)
    ? { pin: 'version', state: `the tag ${ref}` }
    : { pin: 'name', state: `the branch or tag ${ref}` };
}
