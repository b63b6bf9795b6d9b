/** Knows Azure Pipelines: stages, jobs and steps become the pipeline model. */
import type { FileFacts } from '../facts.ts';
import type { Span } from '../span.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlNode, type YamlScalar } from '../yaml.ts';
import { toleranceOf, variablesOf } from './github.ts';
import {
  emptyJob,
  type Image,
  type Job,
  type Located,
  type Pipeline,
  type Reading,
  type Step,
  type StepScript,
  type Variable,
} from './pipeline.ts';
import { defaultsOf } from './values.ts';

const named = /(?:^|\/)\.?azure-pipelines?(?:[.-][^/]*)?\.ya?ml$/i;
const folder = /(?:^|\/)\.?(?:azure-?pipelines|azuredevops|azure-devops|vsts)\/.*\.ya?ml$/i;

/** By name, or a YAML file in a folder for Azure Pipelines that has steps of theirs. */
export function isAzurePath(path: string, text: string): boolean {
  return (
    named.test(path) ||
    (folder.test(path) && /^\s*-?\s*(?:task|bash|script|pwsh|template|checkout|stages|jobs|steps):/m.test(text))
  );
}

/** A file of any name: lists of Azure's steps, jobs or stages, with an item that only Azure has. */
export function looksLikeAzure(text: string): boolean {
  return (
    /^(?:steps|jobs|stages|extends):/m.test(text) &&
    /^\s*-?\s*(?:task:\s*[\w.-]+@\d|(?:bash|pwsh|powershell|template|deployment|checkout|job|stage):\s)/m.test(text) &&
    !/^(?:apiVersion|on|version|language|image|include):/m.test(text)
  );
}

/** Gives the pipeline; undefined when the file holds no map. */
export function readAzure(reading: Reading): Pipeline | undefined {
  const root = reading.file.documents[0]?.root;
  if (root?.kind !== 'map') return undefined;
  const jobs: Job[] = [];
  const addJobs = (node: YamlNode | undefined, stage: string): void => {
    for (const item of listOf(node)) {
      const id = textOf(at(item, 'job')) ?? textOf(at(item, 'deployment'));
      if (item.kind === 'map' && id !== undefined) jobs.push(readJob(id, item, stage, reading));
      else jobs.push(...templateJob(item, stage));
    }
  };
  for (const stage of listOf(at(root, 'stages'))) {
    jobs.push(...templateJob(stage, ''));
    addJobs(at(stage, 'jobs'), textOf(at(stage, 'stage')) ?? '');
  }
  addJobs(at(root, 'jobs'), '');
  const base = at(root, 'extends');
  if (base) {
    jobs.push(...templateJob(base, ''));
    for (const { value } of entriesOf(at(base, 'parameters'))) {
      for (const stage of listOf(value)) addJobs(at(stage, 'jobs'), textOf(at(stage, 'stage')) ?? '');
      addJobs(value, '');
    }
  }
  const steps = entryOf(root, 'steps');
  if (steps) jobs.push({ ...readJob('steps', root, '', reading), span: steps.keySpan });
  const containers = itemsOf(at(root, 'resources', 'containers'));
  const images = containers.flatMap((item) => imageOf(at(item, 'image')));
  // The name of a declared container is no image of its own.
  const declared = new Set(containers.map((item) => textOf(at(item, 'container'))));
  for (const [i, job] of jobs.entries()) {
    const own = job.images.filter(({ text }) => !declared.has(text));
    jobs[i] = { ...job, images: i === 0 ? [...own, ...images] : own };
  }
  return {
    system: 'azure',
    type:
      isAzurePath(reading.path, reading.text) || entryOf(root, 'trigger') || entryOf(root, 'pr')
        ? 'workflow'
        : 'template',
    name: textOf(at(root, 'name')) ?? reading.path,
    span: { start: root.span.start, end: Math.min(root.span.end, root.span.start + 1) },
    triggers: [],
    jobs,
    includes: [],
    variables: azureVariables(at(root, 'variables')),
    parameters: parametersOf(at(root, 'parameters')),
    stages: itemsOf(at(root, 'stages')).flatMap((item) => textOf(at(item, 'stage')) ?? []),
  };
}

/** Items of a list, with those that `${{ if ... }}:` and `${{ each ... }}:` put in their place. */
function listOf(node: YamlNode | undefined, depth = 0): YamlNode[] {
  return itemsOf(node).flatMap((item) => {
    const only = item.kind === 'map' && item.entries.length === 1 ? item.entries[0]! : undefined;
    return only?.key.startsWith('${{') && depth < 20 ? listOf(only.value, depth + 1) : [item];
  });
}

/** The file that `template:` names, from the root of the repository; undefined for one of another repository. */
function templateOf(node: YamlNode): { path: string; span: Span } | undefined {
  const value = at(node, 'template');
  const text = textOf(value)?.replace(/@self$/, '');
  return value && text && !/[@$]/.test(text) ? { path: text, span: value.span } : undefined;
}

function templateJob(node: YamlNode, stage: string): Job[] {
  const template = templateOf(node);
  return template ? [{ ...emptyJob(template.path, template.span), stage, template: template.path }] : [];
}

function imageOf(node: YamlNode | undefined): Image[] {
  const text = textOf(node);
  return node && text ? [{ span: node.span, text, role: 'job' }] : [];
}

function readJob(id: string, node: YamlNode, stage: string, reading: Reading): Job {
  const key = entryOf(node, 'job') ?? entryOf(node, 'deployment');
  const tolerance = toleranceOf(node, 'continueOnError');
  const dependsOn = at(node, 'dependsOn');
  const container = at(node, 'container');
  const condition = conditionOf(node);
  const pool = textOf(at(node, 'pool', 'vmImage')) ?? '';
  return {
    ...emptyJob(id, key?.span ?? node.span),
    name: textOf(at(node, 'displayName')) ?? id,
    stage,
    needs:
      dependsOn?.kind === 'list'
        ? dependsOn.items.flatMap((item) => textOf(item) ?? [])
        : [textOf(dependsOn) ?? []].flat(),
    ...(tolerance ? { tolerance } : {}),
    ...(condition ? { condition } : {}),
    steps: stepLists(node).flatMap((item, i) => readStep(item, i, pool, reading)),
    images: imageOf(container?.kind === 'map' ? at(container, 'image') : container),
    runner: pool,
    variables: azureVariables(at(node, 'variables')),
    matrix: matrixOf(at(node, 'strategy', 'matrix')),
  };
}

/** A map, or a list of names and values. */
function azureVariables(node: YamlNode | undefined): Variable[] {
  const listed = itemsOf(node).flatMap((item): Variable[] => {
    const [name, value] = [textOf(at(item, 'name')), at(item, 'value')];
    return name === undefined || !value ? [] : [{ name, value: textOf(value) ?? '', span: value.span }];
  });
  return [...variablesOf(node), ...listed];
}

/** A list of declarations, or in old templates a map of defaults. */
function parametersOf(node: YamlNode | undefined): Variable[] {
  return node?.kind === 'map' ? variablesOf(node).filter(({ value }) => value !== '') : defaultsOf(node);
}

/** Each entry of the matrix is a set of variables. */
function matrixOf(node: YamlNode | undefined): Job['matrix'] {
  const axes = new Map<string, Located[]>();
  for (const { key, value } of entriesOf(node).flatMap((entry) => entriesOf(entry.value))) {
    const text = textOf(value);
    if (text !== undefined) axes.set(key, [...(axes.get(key) ?? []), { text, span: value.span }]);
  }
  return [...axes].map(([name, values]) => ({ name, values }));
}

/** Steps of the job, or of the hooks of a deployment's strategy. */
function stepLists(node: YamlNode): YamlNode[] {
  const strategy = entriesOf(at(node, 'strategy')).flatMap(({ value }) =>
    entriesOf(value).flatMap((hook) => listOf(at(hook.value, 'steps'))),
  );
  return [...listOf(at(node, 'steps')), ...strategy];
}

/** `succeededOrFailed()` and `always()` as they are; `failed()` is what other systems call `failure()`. */
function conditionOf(node: YamlNode): Located | undefined {
  const value = at(node, 'condition');
  const text = textOf(value);
  return value && text !== undefined
    ? { text: text.replace(/\bfailed\(\)/g, 'failure()'), span: value.span }
    : undefined;
}

const scriptKeys = ['script', 'bash', 'pwsh', 'powershell'] as const;

function readStep(node: YamlNode, index: number, pool: string, reading: Reading): Step[] {
  if (node.kind !== 'map') return [];
  const template = templateOf(node);
  if (template) {
    const { path, span } = template;
    return [{ name: path, span, section: 'run', template: path, variables: [], references: [] }];
  }
  const key = scriptKeys.find((one) => entryOf(node, one));
  const task = at(node, 'task');
  const inputs = variablesOf(at(node, 'inputs'));
  const taskName = textOf(task)?.replace(/@.*$/, '');
  const inline = taskName === 'Bash' || taskName === 'CmdLine' ? at(node, 'inputs', 'script') : undefined;
  const code = key ? at(node, key) : inline;
  const windows = /windows/i.test(pool);
  const interpreter =
    key === 'pwsh' || key === 'powershell'
      ? 'pwsh'
      : windows && (key === 'script' || taskName === 'CmdLine')
        ? 'cmd'
        : 'bash';
  const script =
    code?.kind === 'scalar' && textOf(code) !== undefined ? scriptOf(code, interpreter, reading) : undefined;
  const tolerance = toleranceOf(node, 'continueOnError');
  const condition = conditionOf(node);
  const title = textOf(at(node, 'displayName'));
  const command = inputs.find(({ name }) => name === 'command')?.value;
  const directory = textOf(at(node, 'workingDirectory')) ?? textOf(at(node, 'inputs', 'workingDirectory'));
  return [
    {
      name: title ?? taskName ?? textOf(code)?.trim().split('\n', 1)[0]?.slice(0, 80) ?? `step ${index + 1}`,
      ...(title === undefined ? {} : { title }),
      span: node.span,
      section: 'run',
      ...(tolerance ? { tolerance } : {}),
      ...(condition ? { condition } : {}),
      ...(task && taskName && !script
        ? { task: { name: command ? `${taskName}/${command}` : taskName, span: task.span, inputs } }
        : {}),
      ...(script ? { script } : {}),
      ...(directory === undefined
        ? {}
        : {
            workingDirectory: directory.replace(
              /^\$\((?:Build\.SourcesDirectory|System\.DefaultWorkingDirectory)\)\/?/,
              '',
            ),
          }),
      variables: variablesOf(at(node, 'env')),
      references: [],
    },
  ];
}

/** Azure writes the code to a file and starts bash on it, without `-e`: only the last status counts. */
function scriptOf(node: YamlScalar, interpreter: string, reading: Reading): StepScript {
  const base = { span: node.span, interpreter, errexit: false, pipefail: false };
  if (interpreter !== 'bash') return { ...base, shell: { statements: [], problems: [] }, other: node.text };
  // `$(Name)` is a variable of the pipeline, not a command; the replacement keeps the length.
  const text = node.text.replace(/\$\(([A-Za-z_][\w.]*)\)/g, (whole, name: string) =>
    /^(?:date|pwd|whoami|hostname|nproc|uname|id|mktemp|ls|tty)$/.test(name)
      ? whole
      : `\${${name.replace(/\./g, '_')}}`,
  );
  return { ...base, shell: reading.shell({ ...node, text }) };
}

type File = FileFacts<Pipeline>;

/** The pipelines of Azure as they run: the jobs and steps of templates in the place that names them, with their `path`. */
export function linkAzure(files: readonly File[]): readonly File[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const used = new Set<string>();
  const find = (name: string, from: string): File | undefined => {
    const folder = from.slice(0, from.lastIndexOf('/') + 1);
    const file = known.get(resolved(name.startsWith('/') ? '' : folder, name));
    if (file) used.add(file.path);
    return file;
  };
  const stepsOf = (steps: readonly Step[], path: string, open: readonly string[]): Step[] =>
    steps.flatMap((step) => {
      if (step.template === undefined) return [open.length > 0 ? { path, ...step } : step];
      const file = find(step.template, path);
      if (!file || open.includes(file.path) || open.length > 10) return [];
      return file.data.jobs.flatMap((job) => stepsOf(job.steps, file.path, [...open, file.path]));
    });
  const jobsOf = (jobs: readonly Job[], path: string, open: readonly string[]): Job[] =>
    jobs.flatMap((job) => {
      if (job.template === undefined) {
        const steps = stepsOf(job.steps, path, open);
        return [open.length > 0 ? { path, ...job, steps } : { ...job, steps }];
      }
      const file = find(job.template, path);
      if (!file || open.includes(file.path) || open.length > 10) return [];
      return jobsOf(file.data.jobs, file.path, [...open, file.path]);
    });
  const linked = files.map((file) => ({
    ...file,
    data: { ...file.data, jobs: jobsOf(file.data.jobs, file.path, []) },
  }));
  return linked.filter((file) => file.data.type === 'workflow' && !used.has(file.path));
}

/** `name` from a folder ("a/b/" or ""), without dots. */
function resolved(folder: string, name: string): string {
  const out: string[] = [];
  for (const part of `${folder}${name}`.split(/[\\/]/)) {
    if (part === '..') out.pop();
    else if (part !== '.' && part !== '') out.push(part);
  }
  return out.join('/');
}
