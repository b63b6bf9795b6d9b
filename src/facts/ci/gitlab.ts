/** Knows GitLab CI: pipeline files become the pipeline model, and includes, `extends`, `default` and `!reference` are resolved. */

import type { Facts, FileFacts } from '../facts.ts';
import type { Shell, Statement } from '../shell.ts';
import {
  at,
  booleanOf,
  entriesOf,
  entryOf,
  itemsOf,
  textOf,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from '../yaml.ts';
import { linkAzure } from './azure.ts';
import {
  emptyJob,
  type Image,
  type Job,
  type Located,
  type Pipeline,
  type Reading,
  type Step,
  type Tolerance,
  type Variable,
} from './pipeline.ts';
import { defaultsOf } from './values.ts';

const named =
  /(?:^|\/)\.gitlab-ci\.ya?ml$|\.gitlab-ci\.ya?ml$|(?:^|\/)\.gitlab\/.*\.ya?ml$|(?:^|\/)gitlab-ci\/.*\.ya?ml$/;
/** Keys of the top level that are no jobs. */
const globals = new Set(
  'default include stages variables workflow image services cache before_script after_script pages:deploy spec'.split(
    ' ',
  ),
);

export function isGitLabPath(path: string): boolean {
  return named.test(path);
}

/** A file of any name that a pipeline might include: jobs with a script and a key that only GitLab has. */
export function looksLikeGitLab(text: string): boolean {
  return (
    /^ {2,4}(?:script|before_script):/m.test(text) &&
    /^ {2,4}(?:stage|extends|rules|only|image|tags|allow_failure):/m.test(text) &&
    !/^(?:apiVersion|jobs|on|language):/m.test(text)
  );
}

/** Gives the pipeline of one file as written; undefined when it holds no map. */
export function readGitLab(reading: Reading): Pipeline | undefined {
  const documents = reading.file.documents;
  const root = documents.at(-1)?.root;
  if (root?.kind !== 'map') return undefined;
  const jobs: Job[] = [];
  const shared = root.entries.filter(({ key }) => ['image', 'services', 'before_script', 'after_script'].includes(key));
  const implicit = at(root, 'default');
  if (implicit?.kind === 'map' || shared.length > 0) {
    const entries = [...shared, ...entriesOf(implicit)];
    const span = entryOf(root, 'default')?.keySpan ?? shared[0]!.keySpan;
    jobs.push({ ...readJob('default', span, entries, reading), hidden: true });
  }
  for (const { key, keySpan, value } of root.entries) {
    if (globals.has(key) || value.kind !== 'map') continue;
    jobs.push(readJob(key, keySpan, value.entries, reading));
  }
  return {
    system: 'gitlab',
    type: /\.gitlab-ci\.ya?ml$/.test(reading.path) ? 'workflow' : 'template',
    name: reading.path,
    span: { start: root.span.start, end: Math.min(root.span.end, root.span.start + 1) },
    triggers: [],
    jobs,
    includes: includesOf(at(root, 'include')),
    remotes: remotesOf(at(root, 'include')),
    variables: [...lostVariables(root), ...variablesOf(root)],
    parameters: documents.flatMap((one) => defaultsOf(at(one.root, 'spec', 'inputs'))),
    stages: itemsOf(at(root, 'stages')).flatMap((item) => textOf(item) ?? []),
  };
}

function includesOf(node: YamlNode | undefined): Located[] {
  const items = node === undefined ? [] : node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    const value = item.kind === 'map' ? at(item, 'local') : item;
    const text = textOf(value);
    return value && text && !/^https?:/.test(text) ? [{ text: text.replace(/^\//, ''), span: value.span }] : [];
  });
}

/** Files of other projects and servers. */
function remotesOf(node: YamlNode | undefined): NonNullable<Pipeline['remotes']>[number][] {
  const items = node === undefined ? [] : node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    const plain = textOf(item);
    if (plain !== undefined) return /^https?:/.test(plain) ? [{ text: plain, span: item.span }] : [];
    const [key, value] =
      (['remote', 'project', 'component'] as const)
        .map((name) => [name, at(item, name)] as const)
        .find(([, found]) => found) ?? [];
    const text = textOf(value);
    if (key === undefined || text === undefined) return [];
    const ref = key === 'component' ? /@([^@]*)$/.exec(text)?.[1] : textOf(at(item, 'ref'));
    const integrity = at(item, 'integrity') !== undefined;
    return [{ text, span: item.span, ...(ref === undefined ? {} : { ref }), ...(integrity ? { integrity } : {}) }];
  });
}

/** Values by variable of `parallel: matrix:`. */
function matrixOf(node: YamlNode | undefined): Job['matrix'] {
  const axes = new Map<string, Located[]>();
  for (const { key, value } of itemsOf(node).flatMap(entriesOf)) {
    for (const item of value.kind === 'list' ? value.items : [value]) {
      const text = textOf(item);
      if (text !== undefined) axes.set(key, [...(axes.get(key) ?? []), { text, span: item.span }]);
    }
  }
  return [...axes].map(([name, values]) => ({ name, values }));
}

function readJob(id: string, span: YamlEntry['span'], entries: readonly YamlEntry[], reading: Reading): Job {
  const node: YamlNode = { kind: 'map', entries, span };
  const tolerance = allowFailure(entryOf(node, 'allow_failure'));
  const when = whenOf(node);
  const parents = at(node, 'extends');
  const needs = [...itemsOf(at(node, 'needs')), ...itemsOf(at(node, 'dependencies'))];
  return {
    ...emptyJob(id, span),
    hidden: id.startsWith('.'),
    needs: needs.flatMap((item) => textOf(item.kind === 'map' ? at(item, 'job') : item) ?? []),
    ...(textOf(at(node, 'stage')) ? { stage: textOf(at(node, 'stage'))! } : {}),
    ...(tolerance ? { tolerance } : {}),
    ...(when ? { when } : {}),
    ...(isScheduled(node) ? { scheduled: true } : {}),
    extends:
      parents?.kind === 'list' ? parents.items.flatMap((item) => textOf(item) ?? []) : [textOf(parents) ?? []].flat(),
    steps: (['before', 'script', 'after'] as const).flatMap((section) => sectionOf(node, section, id, reading)),
    images: imagesOf(node),
    matrix: matrixOf(at(node, 'parallel', 'matrix')),
    variables: variablesOf(node),
  };
}

function variablesOf(node: YamlNode): Variable[] {
  return entriesOf(at(node, 'variables')).map(({ key, value, span }) => ({
    name: key,
    value: textOf(value.kind === 'map' ? at(value, 'value') : value) ?? '',
    span,
  }));
}

/** Of two blocks of variables the last one counts; what only the first one sets is what its author meant. */
function lostVariables({ overwritten = [], span }: YamlMap): Variable[] {
  return overwritten
    .filter(({ key }) => key === 'variables')
    .flatMap((entry) => variablesOf({ kind: 'map', entries: [entry], span }));
}

function imagesOf(node: YamlNode): Image[] {
  const images: Image[] = [];
  const add = (value: YamlNode | undefined, role: Image['role']): void => {
    const name = value?.kind === 'map' ? at(value, 'name') : value;
    const text = textOf(name);
    if (name && text) images.push({ span: name.span, text, role });
  };
  add(at(node, 'image'), 'job');
  for (const service of itemsOf(at(node, 'services'))) add(service, 'service');
  return images;
}

function allowFailure(entry: YamlEntry | undefined): Tolerance | undefined {
  if (!entry) return undefined;
  const { value, span } = entry;
  if (value.kind === 'map') return { span, text: 'allow_failure: exit_codes', extent: 'codes' };
  if (booleanOf(value) !== true && textOf(value) !== 'true') return undefined;
  return { span, text: 'allow_failure: true', extent: 'always' };
}

/** The job's own `when`, or that of its rules when they all agree; a rule's `allow_failure: true` is given with it. */
function whenOf(node: YamlNode): Located | undefined {
  const own = at(node, 'when');
  if (own && textOf(own)) return { text: textOf(own)!, span: entryOf(node, 'when')!.span };
  const rules = itemsOf(at(node, 'rules')).filter((rule) => textOf(at(rule, 'when')) !== 'never');
  const manual = rules.map((rule) => entryOf(rule, 'when')).filter((entry) => textOf(entry?.value) === 'manual');
  if (rules.length === 0 || manual.length < rules.length) return undefined;
  return { text: 'manual', span: manual[0]!.span };
}

/** `only: [schedules]`, or rules that all ask for a schedule. */
function isScheduled(node: YamlNode): boolean {
  const only = at(node, 'only');
  const refs = only?.kind === 'map' ? at(only, 'refs') : only;
  const names = refs?.kind === 'list' ? refs.items.map((item) => textOf(item)) : refs ? [textOf(refs)] : [];
  if (names.length > 0) return names.every((name) => name === 'schedules');
  const rules = itemsOf(at(node, 'rules')).filter((rule) => textOf(at(rule, 'when')) !== 'never');
  return (
    rules.length > 0 &&
    rules.every((rule) => /CI_PIPELINE_SOURCE\s*==\s*["']schedule["']/.test(textOf(at(rule, 'if')) ?? ''))
  );
}

const keys = { before: 'before_script', script: 'script', after: 'after_script' } as const;

function sectionOf(node: YamlNode, section: 'before' | 'script' | 'after', id: string, reading: Reading): Step[] {
  const entry = entryOf(node, keys[section]);
  if (!entry) return [];
  const statements: Statement[] = [];
  const problems: Shell['problems'][number][] = [];
  const references: string[] = [];
  const read = (value: YamlNode): void => {
    if (value.kind === 'list' && value.tag === '!reference') {
      references.push(value.items.map((item) => textOf(item) ?? '').join('\u0000'));
      statements.push({
        span: value.span,
        node: { kind: 'command', span: value.span, words: [], assignments: [], redirections: [] },
      });
    } else if (value.kind === 'list') {
      for (const item of value.items) read(item);
    } else if (value.kind === 'scalar' && textOf(value) !== undefined) {
      const shell = reading.shell(value);
      statements.push(...shell.statements);
      problems.push(...shell.problems);
    }
  };
  read(entry.value);
  return [
    {
      name: section === 'script' ? id : `${keys[section]} of ${id}`,
      ...(section === 'script' ? { title: id } : {}),
      span: entry.keySpan,
      section,
      script: {
        span: entry.value.span,
        interpreter: 'bash',
        errexit: true,
        pipefail: true,
        shell: { statements, problems },
      },
      variables: [],
      references,
    },
  ];
}

type File = FileFacts<Pipeline>;

/**
 * The pipelines as they run: GitLab's includes merged into the file that names them, `extends`, `default` and
 * `!reference` resolved, Azure's templates put in their places, hidden jobs and templates left out. Steps and jobs from another file carry its `path`.
 */
export function linkPipelines(facts: Facts): readonly File[] {
  const files = new Map(facts.of('workflow').map((file) => [file.path, file]));
  const azure = new Map(
    linkAzure([...files.values()].filter(({ data }) => data.system === 'azure')).map((file) => [file.path, file]),
  );
  return [...files.values()].flatMap((file) => {
    if (file.data.system === 'azure') return azure.get(file.path) ?? [];
    if (file.data.system !== 'gitlab') return [file];
    return file.data.type === 'template' ? [] : [{ ...file, data: resolve(file, files) }];
  });
}

function resolve(root: File, files: ReadonlyMap<string, File>): Pipeline {
  const jobs = new Map<string, Job>();
  const variables: Variable[] = [];
  const parameters: Variable[] = [];
  const seen = new Set<string>();
  const add = (file: File): void => {
    if (seen.has(file.path)) return;
    seen.add(file.path);
    for (const { text } of file.data.includes) for (const found of included(text, files)) add(found);
    const from = file.path === root.path ? {} : { path: file.path };
    variables.push(...file.data.variables.map((variable) => ({ ...from, ...variable })));
    parameters.push(...(file.data.parameters ?? []).map((one) => ({ ...from, ...one })));
    for (const job of file.data.jobs) {
      const own = file.path === root.path ? job : withPath(job, file.path);
      const before = jobs.get(job.id);
      jobs.set(job.id, before ? merge(before, own) : own);
    }
  };
  add(root);
  const done = new Map<string, Job | 'open'>();
  const effective = (id: string): Job | undefined => {
    const known = done.get(id);
    if (known !== undefined) return known === 'open' ? undefined : known;
    const job = jobs.get(id);
    if (!job) return undefined;
    done.set(id, 'open');
    let merged: Job | undefined;
    for (const parent of job.extends) {
      const base = effective(parent);
      if (base) merged = merged ? merge(merged, base) : base;
    }
    const result = merged ? merge(merged, job) : job;
    done.set(id, result);
    return result;
  };
  const implicit = jobs.get('default');
  const real = [...jobs.values()].filter((job) => !job.hidden);
  const resolved = real.flatMap((job) => {
    const whole = effective(job.id);
    if (!whole) return [];
    const complete = implicit ? merge({ ...implicit, extends: [] }, whole) : whole;
    return [
      {
        ...complete,
        id: job.id,
        name: job.name,
        span: job.span,
        hidden: false,
        steps: complete.steps.map((step) => dereference(step, jobs)),
      },
    ];
  });
  return { ...root.data, variables, parameters, jobs: resolved };
}

function included(text: string, files: ReadonlyMap<string, File>): File[] {
  const path = text.replace(/^\.?\//, '');
  if (!path.includes('*')) return [files.get(path) ?? []].flat();
  const pattern = new RegExp(
    `^${path
      .split(/(\*+)/)
      .map((p) => (p === '**' ? '.*' : p === '*' ? '[^/]*' : p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
      .join('')}$`,
  );
  return [...files.values()].filter((file) => file.data.system === 'gitlab' && pattern.test(file.path));
}

function withPath(job: Job, path: string): Job {
  const place = <T extends object>(node: T): T => ({ path, ...node });
  return {
    ...place(job),
    steps: job.steps.map(place),
    images: job.images.map(place),
    ...(job.tolerance ? { tolerance: place(job.tolerance) } : {}),
    ...(job.when ? { when: place(job.when) } : {}),
  };
}

/** `job` over `base`: keys of `job` win; sections, the image and the services are replaced as a whole. */
function merge(base: Job, job: Job): Job {
  const sections = new Set(job.steps.map((step) => step.section));
  const order = { run: 0, before: 1, script: 2, after: 3 };
  const steps = [...base.steps.filter((step) => !sections.has(step.section)), ...job.steps];
  const roles = new Set(job.images.map((image) => image.role));
  return {
    ...base,
    ...job,
    needs: job.needs.length > 0 ? job.needs : base.needs,
    steps: steps.sort((a, b) => order[a.section] - order[b.section]),
    matrix: job.matrix.length > 0 ? job.matrix : base.matrix,
    images: [...job.images, ...base.images.filter((image) => !roles.has(image.role))],
    variables: [...base.variables.filter((v) => !job.variables.some((own) => own.name === v.name)), ...job.variables],
  };
}

/** Puts the statements of `!reference [job, key]` in place of its marker, through at most ten levels. */
function dereference(step: Step, jobs: ReadonlyMap<string, Job>, depth = 0): Step {
  if (step.references.length === 0 || !step.script || depth > 10) return step;
  const pending = [...step.references];
  const statements = step.script.shell.statements.flatMap((statement): readonly Statement[] => {
    const { node } = statement;
    const marker =
      node.kind === 'command' && node.words.length + node.assignments.length + node.redirections.length === 0;
    const target = marker ? pending.shift()?.split('\u0000') : undefined;
    if (!target) return [statement];
    const section = target[1] === 'before_script' ? 'before' : target[1] === 'after_script' ? 'after' : 'script';
    const found = jobs.get(target[0]!)?.steps.find((one) => one.section === section);
    return found && found.path === step.path
      ? (dereference(found, jobs, depth + 1).script?.shell.statements ?? [])
      : [];
  });
  return { ...step, references: [], script: { ...step.script, shell: { ...step.script.shell, statements } } };
}
