/** Knows CircleCI: jobs and reusable commands become the pipeline model. */

import { at, entriesOf, itemsOf, textOf, type YamlNode, type YamlScalar } from '../yaml.ts';
import { variablesOf } from './github.ts';
import { emptyJob, type Image, type Job, type Pipeline, type Reading, type Step } from './pipeline.ts';
import { defaultsOf } from './values.ts';

export function isCirclePath(path: string): boolean {
  return /(?:^|\/)\.circleci\/[^/]+\.ya?ml$/.test(path);
}

/** Gives the pipeline; undefined when the file holds no map. */
export function readCircle(reading: Reading): Pipeline | undefined {
  const root = reading.file.documents[0]?.root;
  if (root?.kind !== 'map') return undefined;
  const needs = needsOf(root);
  const shells = new Map(
    entriesOf(at(root, 'executors')).map(({ key, value }) => [
      key,
      { images: imagesOf(value), shell: textOf(at(value, 'shell')) },
    ]),
  );
  const read = (id: string, span: Job['span'], node: YamlNode): Job => {
    const executor = at(node, 'executor');
    const shared = shells.get(textOf(executor?.kind === 'map' ? at(executor, 'name') : executor) ?? '');
    const shell = textOf(at(node, 'shell')) ?? shared?.shell;
    const directory = textOf(at(node, 'working_directory'));
    return {
      ...emptyJob(id, span),
      needs: needs.get(id) ?? [],
      images: imagesOf(node),
      variables: variablesOf(at(node, 'environment')),
      parameters: defaultsOf(at(node, 'parameters')),
      steps: itemsOf(at(node, 'steps')).flatMap((step, i) => readStep(step, i, shell, directory, reading)),
    };
  };
  const jobs = entriesOf(at(root, 'jobs')).map(({ key, keySpan, value }) => read(key, keySpan, value));
  const commands = entriesOf(at(root, 'commands')).map(({ key, keySpan, value }) => read(key, keySpan, value));
  const executors = entriesOf(at(root, 'executors')).map(({ key, keySpan, value }) => ({
    ...emptyJob(key, keySpan),
    images: imagesOf(value),
    parameters: defaultsOf(at(value, 'parameters')),
    hidden: true,
  }));
  return {
    system: 'circleci',
    type: 'workflow',
    name: reading.path,
    span: { start: root.span.start, end: Math.min(root.span.end, root.span.start + 1) },
    triggers: [],
    jobs: [...jobs, ...commands, ...executors],
    includes: [],
    variables: [],
    parameters: defaultsOf(at(root, 'parameters')),
    remotes: orbsOf(at(root, 'orbs')),
    stages: [],
  };
}

function needsOf(root: YamlNode): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, readonly string[]>();
  for (const { value } of entriesOf(at(root, 'workflows'))) {
    for (const item of itemsOf(at(value, 'jobs'))) {
      for (const { key, value: settings } of entriesOf(item)) {
        needs.set(
          key,
          itemsOf(at(settings, 'requires')).flatMap((one) => textOf(one) ?? []),
        );
      }
    }
  }
  return needs;
}

/** Packages of jobs and commands that others publish: "node: circleci/node@5.1.0". */
function orbsOf(node: YamlNode | undefined): NonNullable<Pipeline['remotes']>[number][] {
  return entriesOf(node).flatMap(({ value }) => {
    const text = textOf(value);
    const [name, ref] = text?.split('@') ?? [];
    if (!name?.includes('/')) return [];
    // A published release of an orb never changes.
    const fixed = /^\d+\.\d+\.\d+$/.test(ref ?? '');
    const at = ref === undefined ? {} : { ref };
    return [{ text: name, span: value.span, ...at, ...(fixed ? { fixed } : {}) }];
  });
}

function imagesOf(node: YamlNode): Image[] {
  return itemsOf(at(node, 'docker')).flatMap((item, i): Image[] => {
    const image = at(item, 'image');
    const text = textOf(image);
    return image && text ? [{ span: image.span, text, role: i === 0 ? 'job' : 'service' }] : [];
  });
}

function readStep(
  node: YamlNode,
  index: number,
  jobShell: string | undefined,
  directory: string | undefined,
  reading: Reading,
): Step[] {
  const entry = entriesOf(node)[0];
  if (!entry) return [];
  const { key, value } = entry;
  if (key === 'when' || key === 'unless') {
    return itemsOf(at(value, 'steps')).flatMap((step, i) => readStep(step, i, jobShell, directory, reading));
  }
  const base = {
    span: node.span,
    section: 'run' as const,
    variables: variablesOf(at(value, 'environment')),
    references: [],
  };
  // `deploy` is an old name for `run`.
  if (key !== 'run' && key !== 'deploy') {
    return [{ ...base, name: key, task: { name: key, span: entry.keySpan, inputs: variablesOf(value) } }];
  }
  const code = value.kind === 'map' ? at(value, 'command') : value;
  if (code?.kind !== 'scalar' || textOf(code) === undefined) return [];
  const title = textOf(at(value, 'name'));
  const when = at(value, 'when');
  const folder = textOf(at(value, 'working_directory')) ?? (directory?.startsWith('~') ? undefined : directory);
  return [
    {
      ...base,
      name: title ?? code.text.trim().split('\n', 1)[0]?.slice(0, 80) ?? `step ${index + 1}`,
      ...(title === undefined ? {} : { title }),
      ...(when && textOf(when) === 'on_fail' ? { condition: { text: 'failure()', span: when.span } } : {}),
      ...(folder === undefined ? {} : { workingDirectory: folder }),
      script: scriptOf(code, textOf(at(value, 'shell')) ?? jobShell, reading),
    },
  ];
}

/** `/bin/bash -eo pipefail -c` unless the step, job or executor names a shell. */
function scriptOf(code: YamlScalar, shell: string | undefined, reading: Reading): NonNullable<Step['script']> {
  const interpreter = (shell ?? 'bash').trim().split(/\s+/, 1)[0]!.replace(/^.*\//, '');
  const base = { span: code.span, interpreter };
  if (!/^(?:ba|da|k|z)?sh$/.test(interpreter)) {
    return { ...base, errexit: true, pipefail: false, shell: { statements: [], problems: [] }, other: code.text };
  }
  const errexit = shell === undefined || /\s-\w*e/.test(shell);
  return { ...base, errexit, pipefail: shell === undefined || shell.includes('pipefail'), shell: reading.shell(code) };
}
