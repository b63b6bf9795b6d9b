/** Knows whether a built image tells which commit it was built from: a label in the Dockerfile, or one that CI adds. */
import type { Fix } from '../check.ts';
import { linkPipelines } from './ci/gitlab.ts';
import { linkCompose } from './compose.ts';
import { linkDocker } from './docker-run.ts';
import type { Dockerfile, Label, Stage } from './dockerfile.ts';
import { type Facts, type FileFacts, placeOf } from './facts.ts';
import { linkScriptedBuilds } from './images/scripted.ts';
import { folderOf, joinPath } from './paths.ts';
import { forDevelopment, lineage, servesByItself, startCommand } from './service-image.ts';
import { eachCommand } from './shell.ts';
import type { Place } from './span.ts';

const KEYS = ['org.opencontainers.image.revision', 'org.label-schema.vcs-ref', 'vcs-ref'];
const COMMIT_NAME = /(?:^|_)(?:commit|sha|sha1|revision|rev|vcs_ref|git_hash|git_ref)(?:_|$)/i;

export interface Revision {
  /** Of the Dockerfile. */
  readonly path: string;
  /** The label in force, or the last stage. */
  readonly place: Place;
  /** Why the image names its commit; absent when it does not. */
  readonly evidence?: string;
  /** What it has instead. */
  readonly state: string;
  readonly fix?: Fix;
}

/** The revision labels of all images that run. A pure join: use through `facts.linked`. */
export function linkRevisions(facts: Facts): readonly Revision[] {
  return facts.of('dockerfile').flatMap((file) => {
    const found = revisionOf(file, facts);
    if (!found) return [];
    const { path } = file;
    const { stage, label, evidence } = found;
    const place = placeOf(file, label ?? stage);
    if (evidence !== undefined) return [{ path, place, evidence, state: '' }];
    if (label) return [{ path, place, state: `${label.key} is a constant` }];
    const text = '\nARG REVISION\nLABEL org.opencontainers.image.revision=$REVISION';
    const edits = [{ path, span: { start: stage.end, end: stage.end }, text }];
    const fix = { description: 'Add the label, fed by a build argument', edits };
    return [{ path, place, state: 'it has no label org.opencontainers.image.revision', fix }];
  });
}

interface Found {
  /** The last stage. */
  readonly stage: Stage;
  /** Label in force; its value may be a constant. */
  readonly label?: Label;
  readonly evidence?: string;
}

/** The revision label of the image a Dockerfile builds; undefined when it builds no image that runs. */
function revisionOf(file: FileFacts<Dockerfile>, facts: Facts): Found | undefined {
  const stage = file.data.stages.at(-1);
  // Files that a build leaves in a folder are no image.
  const builds = facts.linked(linkDocker).builds.filter(({ dockerfile }) => dockerfile === file.path);
  const exported = builds.length > 0 && builds.every(({ exports }) => exports);
  if (stage?.image.text === 'scratch' && exported && !isComposed(file.path, facts)) return undefined;
  // The image of an action is built from the commit that is run, each time.
  if (!stage || forDevelopment(file.path) || /(?:^|\/)\.github\/actions\//.test(file.path)) return undefined;
  const chain = lineage(file.data, stage);
  const { entrypoint, cmd } = startCommand(chain);
  if (!entrypoint && !cmd && (forDevelopment(stage.name ?? '') || !servesByItself(chain))) return undefined;
  const label = chain.flatMap((one) => one.labels.findLast(({ key }) => KEYS.includes(key)) ?? [])[0];
  if (label?.value.variables?.length)
    return { stage, label, evidence: `the label ${label.key} is ${label.value.text}` };
  const variable = chain
    .flatMap((one) => one.variables)
    .find(({ name, kind, value }) => kind === 'env' && COMMIT_NAME.test(name) && value?.variables?.length);
  if (variable) return { stage, evidence: `the environment variable ${variable.name} is fed at build time` };
  const by = facts.linked(linkLabellers).find(({ dockerfile }) => dockerfile === undefined || dockerfile === file.path);
  if (by) return { stage, evidence: `the build in ${by.place.path} adds it` };
  return { stage, ...(label ? { label } : {}) };
}

/** Does a service of compose build it? */
function isComposed(path: string, facts: Facts): boolean {
  return facts.linked(linkCompose).some(({ build }) => build?.dockerfile === path);
}

interface Labeller {
  readonly place: Place;
  /** Absent where a variable decides which Dockerfile is built. */
  readonly dockerfile?: string;
}

/** Steps of CI and scripts that build an image with labels made from the commit. */
function linkLabellers(facts: Facts): readonly Labeller[] {
  const found: Labeller[] = [];
  for (const { place, words } of facts.linked(linkScriptedBuilds)) {
    if (!words.some((word) => KEYS.some((key) => word.includes(`${key}=$`)))) continue;
    const flag = words.findIndex((word) => word === '-f' || word === '--file');
    const target = targetOf(words.at(-1) ?? '.', flag < 0 ? undefined : words[flag + 1]);
    found.push({ place, ...target });
  }
  for (const file of facts.linked(linkPipelines)) {
    // A bake file takes the labels of docker/metadata-action, in any job of the pipeline, without saying so.
    const labels = file.data.jobs.some(({ steps }) =>
      steps.some(({ uses }) => uses?.name.startsWith('docker/metadata-action')),
    );
    for (const job of file.data.jobs) {
      const metadata = job.steps.some((step) => step.uses?.name.startsWith('docker/metadata-action'));
      for (const step of job.steps) {
        const place = { path: step.path ?? file.path, span: step.span };
        if (step.uses && /\/(?:build-push-action|bake-action)$/.test(step.uses.name)) {
          const input = (name: string) => step.uses!.inputs.find((one) => one.name === name)?.value;
          const labels = input('labels') ?? '';
          if (!KEYS.some((key) => labels.includes(key)) && !(metadata && labels.includes('steps.'))) continue;
          found.push({ place, ...targetOf(input('context') ?? '.', input('file')) });
        }
        const bakes = step.uses?.name === 'docker/bake-action';
        if (bakes && labels) found.push({ place, dockerfile: 'Dockerfile' });
        if (!step.script) continue;
        eachCommand(step.script.shell.statements, ({ words }) => {
          const texts = words.map((word) => word.text);
          if (labels && texts[0] === 'docker' && texts[1] === 'buildx' && texts[2] === 'bake')
            found.push({ place, dockerfile: 'Dockerfile' });
          if (
            !/^(?:docker|podman|buildah|nerdctl)$/.test(texts[0] ?? '') ||
            !texts.some((text) => /^(?:build|bud)$/.test(text))
          )
            return;
          if (!texts.some((text) => KEYS.some((key) => text.includes(`${key}=`)))) return;
          const flag = texts.findIndex((text) => text === '-f' || text === '--file');
          found.push({ place, ...targetOf(texts.at(-1) ?? '.', flag < 0 ? undefined : texts[flag + 1], flag >= 0) });
        });
      }
    }
  }
  return found;
}

/** Path of the Dockerfile; actions and docker take `file` from the working directory, not from the context. */
function targetOf(context: string, file: string | undefined, plain = true): { readonly dockerfile?: string } {
  const name = file ?? `${context}/Dockerfile`;
  if (/[$]/.test(name) || !plain) return {};
  const path = joinPath(folderOf(''), name);
  return path === undefined ? {} : { dockerfile: path };
}
