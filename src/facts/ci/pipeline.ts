/** Knows the model of CI pipelines: what every job and step runs, the same for every CI system, each with its place. */
import type { Shell } from '../shell.ts';
import type { Span } from '../span.ts';
import type { YamlFile, YamlScalar } from '../yaml.ts';

export interface Pipeline {
  readonly system: 'github' | 'gitlab' | 'azure' | 'circleci' | 'jenkins';
  /** `action` is a composite, JavaScript or Docker action; `template` is a file that only counts where it is included. */
  readonly type: 'workflow' | 'action' | 'template';
  readonly name: string;
  readonly span: Span;
  readonly triggers: readonly Trigger[];
  /** As written in this file: GitLab's `extends`, `default` and `include`, Azure's `template` are resolved by `linkPipelines`. */
  readonly jobs: readonly Job[];
  /** Local files that GitLab includes, as written. */
  readonly includes: readonly Located[];
  /**
   * Files of other servers, projects and components that GitLab includes, orbs of CircleCI; `integrity` is a checksum,
   * and what is behind a `fixed` ref never changes.
   */
  readonly remotes?: readonly (Located & {
    readonly ref?: string;
    readonly integrity?: boolean;
    readonly fixed?: boolean;
  })[];
  /** Set for all jobs: GitHub's `env`, GitLab's `variables`. */
  readonly variables: readonly Variable[];
  /** Inputs and parameters that have a default. */
  readonly parameters?: readonly Variable[];
  /** Names that GitLab's `stages` lists, in order. */
  readonly stages: readonly string[];
}

/** A text with its place. `path` is set only where it comes from another file than the pipeline's own. */
export interface Located {
  readonly text: string;
  readonly span: Span;
  readonly path?: string;
}

export interface Trigger {
  /** `push`, `pull_request`, `workflow_call`, `schedule` ... */
  readonly event: string;
  readonly span: Span;
}

export interface Job {
  readonly id: string;
  /** Display name, or the id. */
  readonly name: string;
  /** The job's key. */
  readonly span: Span;
  readonly path?: string;
  /** GitLab's hidden jobs (`.name`) and `default`: they run only where another job extends them. */
  readonly hidden: boolean;
  readonly needs: readonly string[];
  readonly stage?: string;
  /** `if:` of GitHub, without `${{ }}`. */
  readonly condition?: Located;
  readonly tolerance?: Tolerance;
  /** GitLab's `when: manual` or `when: always` ... of the job itself or of a rule. */
  readonly when?: Located;
  /** GitLab: every rule of the job asks for a scheduled pipeline. */
  readonly scheduled?: true;
  readonly steps: readonly Step[];
  readonly images: readonly Image[];
  /** A reusable workflow called instead of steps. */
  readonly uses?: Uses;
  /** Azure: a file whose jobs stand in its place; resolved by `linkPipelines`. */
  readonly template?: string;
  readonly runner: string;
  /** Names of `extends`, in order; resolved by `linkPipelines`. */
  readonly extends: readonly string[];
  readonly variables: readonly Variable[];
  /** CircleCI: parameters of the job or executor that have a default. */
  readonly parameters?: readonly Variable[];
  readonly outputs: readonly string[];
  /** Values of the matrix by axis; expressions as written. */
  readonly matrix: readonly { readonly name: string; readonly values: readonly Located[] }[];
}

/** A failure that the CI system is told to ignore: `continue-on-error`, `allow_failure`. */
export interface Tolerance {
  readonly span: Span;
  readonly path?: string;
  /** As in the file: the key and its value. */
  readonly text: string;
  /** `always`; `conditional` depends on an expression or matrix; `codes` names exit codes. */
  readonly extent: 'always' | 'conditional' | 'codes';
}

export interface Step {
  readonly id?: string;
  /** Display name, or what it runs. */
  readonly name: string;
  /** The name as the author gave it. */
  readonly title?: string;
  readonly span: Span;
  readonly path?: string;
  /** GitLab's section; `run` for steps of GitHub. */
  readonly section: 'run' | 'before' | 'script' | 'after';
  readonly condition?: Located;
  readonly tolerance?: Tolerance;
  readonly uses?: Uses;
  /** A task of Azure Pipelines (`DotNetCoreCLI/test`) or a step of a CircleCI orb: part of the system, not fetched by a ref. */
  readonly task?: { readonly name: string; readonly span: Span; readonly inputs: readonly Variable[] };
  /** Azure: a file whose steps stand in its place; resolved by `linkPipelines`. */
  readonly template?: string;
  readonly script?: StepScript;
  readonly workingDirectory?: string;
  readonly variables: readonly Variable[];
  /** Contexts that its expressions read: `steps.scan.outcome`, `needs.test.result`, `needs.*.result`. */
  readonly references: readonly string[];
}

export interface StepScript {
  readonly span: Span;
  /** `bash`, `sh`, `pwsh`, `cmd`, `python` ...; only bash and sh code is parsed. */
  readonly interpreter: string;
  readonly errexit: boolean;
  readonly pipefail: boolean;
  /** Pieces that run one after the other in one shell. */
  readonly shell: Shell;
  /** Code that is no shell code, as written. */
  readonly other?: string;
}

export interface Uses {
  readonly span: Span;
  readonly path?: string;
  readonly text: string;
  /** `local` is `./...`; `remote` is `owner/repo[/path]@ref`; `docker` is `docker://image`. */
  readonly kind: 'local' | 'remote' | 'docker';
  /** Without the ref: `owner/repo/path`, a path in the repository, an image. */
  readonly name: string;
  readonly ref?: string;
  readonly inputs: readonly Variable[];
}

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  /** Set where it comes from a file that the pipeline includes. */
  readonly path?: string;
}

export interface Image {
  readonly span: Span;
  readonly path?: string;
  readonly text: string;
  readonly role: 'job' | 'service' | 'action';
  /** Password for its registry, as written. */
  readonly password?: Located;
}

/** What the readers of the single systems share. */
export interface Reading {
  readonly text: string;
  readonly path: string;
  readonly file: YamlFile;
  /** Parses a scalar that holds shell code; problems are collected. */
  readonly shell: (node: YamlScalar) => Shell;
}

const contextPattern = /\b(?:steps|needs|jobs)(?:\.[\w*-]+|\[\s*'[^']*'\s*\])+/g;

/** Contexts read by the expressions in a text: `steps['a'].outcome` is given as `steps.a.outcome`, all of `needs` as `needs.*.result`. */
export function contextsIn(text: string): readonly string[] {
  const found = (text.match(contextPattern) ?? []).map((one) => one.replace(/\[\s*'([^']*)'\s*\]/g, '.$1'));
  return /toJSON\(\s*needs\s*\)/i.test(text) ? [...found, 'needs.*.result'] : found;
}

/** A job that does nothing yet. */
export function emptyJob(id: string, span: Span): Job {
  return {
    id,
    name: id,
    span,
    hidden: false,
    needs: [],
    steps: [],
    images: [],
    runner: '',
    extends: [],
    variables: [],
    outputs: [],
    matrix: [],
  };
}
