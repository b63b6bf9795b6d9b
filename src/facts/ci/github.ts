/** Knows GitHub Actions: workflows and action files become the pipeline model. */

import type { Span } from '../span.ts';
import { at, booleanOf, entriesOf, entryOf, itemsOf, textOf, type YamlNode, type YamlScalar } from '../yaml.ts';
import {
  contextsIn,
  emptyJob,
  type Image,
  type Job,
  type Located,
  type Pipeline,
  type Reading,
  type Step,
  type StepScript,
  type Tolerance,
  type Trigger,
  type Uses,
  type Variable,
} from './pipeline.ts';
import { defaultsOf as defaultsOfInputs } from './values.ts';

/** Settings that a job or step takes over from what surrounds it. */
interface Defaults {
  readonly shell?: string;
  readonly workingDirectory?: string;
  readonly windows: boolean;
}

/** Gives the pipeline of a workflow or action file; undefined when the file holds no document. */
export function readGitHub(reading: Reading, action: boolean): Pipeline | undefined {
  const root = reading.file.documents[0]?.root;
  if (root?.kind !== 'map') return undefined;
  const base = {
    system: 'github' as const,
    name: textOf(at(root, 'name')) ?? reading.path,
    span: { start: root.span.start, end: Math.min(root.span.end, root.span.start + 1) },
    includes: [],
    variables: variablesOf(at(root, 'env')),
    stages: [],
  };
  if (action) {
    const parameters = defaultsOfInputs(at(root, 'inputs'));
    return { ...base, type: 'action', triggers: [], jobs: [actionJob(root, reading)], parameters };
  }
  const on = entryOf(root, 'on') ?? entryOf(root, 'true');
  const parameters = ['workflow_call', 'workflow_dispatch'].flatMap((event) =>
    defaultsOfInputs(at(on?.value, event, 'inputs')),
  );
  const defaults = defaultsOf(root, { windows: false });
  const jobs = entriesOf(at(root, 'jobs')).map(({ key, keySpan, value }) =>
    job(key, keySpan, value, defaults, reading),
  );
  return { ...base, type: 'workflow', triggers: triggersOf(root), jobs, parameters };
}

function triggersOf(root: YamlNode): Trigger[] {
  const on = entryOf(root, 'on') ?? entryOf(root, 'true');
  if (!on) return [];
  const { value } = on;
  if (value.kind === 'map') return value.entries.map(({ key, keySpan }) => ({ event: key, span: keySpan }));
  const items = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => (textOf(item) === undefined ? [] : [{ event: textOf(item)!, span: item.span }]));
}

function defaultsOf(node: YamlNode, outer: Defaults): Defaults {
  const shell = textOf(at(node, 'defaults', 'run', 'shell')) ?? outer.shell;
  const workingDirectory = textOf(at(node, 'defaults', 'run', 'working-directory')) ?? outer.workingDirectory;
  return {
    ...(shell === undefined ? {} : { shell }),
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    windows: outer.windows,
  };
}

function actionJob(root: YamlNode, reading: Reading): Job {
  const runs = at(root, 'runs');
  const image = at(runs, 'image');
  const images: Image[] = [];
  const text = textOf(image)?.trim();
  if (image && text?.startsWith('docker://')) {
    images.push({ span: image.span, text: text.slice('docker://'.length), role: 'action' });
  }
  const steps = itemsOf(at(runs, 'steps')).map((node, i) => step(node, i, { windows: false }, reading));
  const span = entryOf(root, 'runs')?.keySpan ?? { start: 0, end: 0 };
  return { ...emptyJob('runs', span), name: textOf(at(root, 'name')) ?? 'action', steps, images };
}

function job(id: string, span: Span, node: YamlNode, outer: Defaults, reading: Reading): Job {
  const needs = at(node, 'needs');
  const runsOn = at(node, 'runs-on');
  const runner = runsOn ? reading.text.slice(runsOn.span.start, runsOn.span.end).slice(0, 200) : '';
  const matrix = matrixOf(at(node, 'strategy', 'matrix'));
  const systems = matrix.flatMap(({ values }) => values.map((value) => value.text));
  const windows =
    /windows/i.test(runner) ||
    (runner.includes('matrix') &&
      systems.some((s) => /^windows/i.test(s)) &&
      !systems.some((s) => /^(?:ubuntu|macos)/i.test(s)));
  const defaults = { ...defaultsOf(node, outer), windows };
  const condition = conditionOf(node);
  const tolerance = toleranceOf(node, 'continue-on-error');
  const uses = usesOf(node);
  return {
    ...emptyJob(id, span),
    name: textOf(at(node, 'name')) ?? id,
    needs: needs?.kind === 'list' ? needs.items.flatMap((item) => textOf(item) ?? []) : [textOf(needs) ?? []].flat(),
    ...(condition ? { condition } : {}),
    ...(tolerance ? { tolerance } : {}),
    ...(uses ? { uses } : {}),
    steps: itemsOf(at(node, 'steps')).map((item, i) => step(item, i, defaults, reading)),
    images: imagesOf(node),
    runner,
    variables: variablesOf(at(node, 'env')),
    outputs: entriesOf(at(node, 'outputs')).flatMap(({ value }) => contextsIn(textOf(value) ?? '')),
    matrix,
  };
}

function matrixOf(node: YamlNode | undefined): Job['matrix'] {
  const axes = new Map<string, Located[]>();
  const add = (name: string, value: YamlNode): void => {
    const text = textOf(value);
    if (text === undefined) return;
    axes.set(name, [...(axes.get(name) ?? []), { text, span: value.span }]);
  };
  for (const { key, value } of entriesOf(node)) {
    if (key === 'exclude') continue;
    if (key === 'include')
      for (const item of itemsOf(value)) for (const pair of entriesOf(item)) add(pair.key, pair.value);
    else for (const item of itemsOf(value)) add(key, item);
  }
  return [...axes].map(([name, values]) => ({ name, values }));
}

function imagesOf(node: YamlNode): Image[] {
  return [
    ...imageOf(at(node, 'container'), 'job'),
    ...entriesOf(at(node, 'services')).flatMap(({ value }) => imageOf(value, 'service')),
  ];
}

function imageOf(node: YamlNode | undefined, role: Image['role']): Image[] {
  const image = node?.kind === 'map' ? at(node, 'image') : role === 'job' ? node : undefined;
  const text = textOf(image);
  if (!image || !text) return [];
  const password = at(node, 'credentials', 'password');
  const secret = textOf(password);
  return [
    {
      span: image.span,
      text,
      role,
      ...(password && secret ? { password: { text: secret, span: password.span } } : {}),
    },
  ];
}

function conditionOf(node: YamlNode): Located | undefined {
  const value = at(node, 'if');
  const text = textOf(value);
  return value && text !== undefined
    ? { text: text.replace(/^\s*\$\{\{|\}\}\s*$/g, '').trim(), span: value.span }
    : undefined;
}

/** A boolean key that makes a failure count for nothing; undefined when it is absent or false. */
export function toleranceOf(node: YamlNode, key: string): Tolerance | undefined {
  const entry = entryOf(node, key);
  const text = textOf(entry?.value)?.trim();
  if (!entry || text === undefined) return undefined;
  const bare = text.replace(/^\$\{\{\s*|\s*\}\}$/g, '');
  if (/^false$/i.test(bare) || booleanOf(entry.value) === false) return undefined;
  const extent = /^true$/i.test(bare) || booleanOf(entry.value) === true ? 'always' : 'conditional';
  return { span: entry.span, text: `${key}: ${text}`, extent };
}

/** Entries of a map of scalars. */
export function variablesOf(node: YamlNode | undefined): Variable[] {
  return entriesOf(node).map(({ key, value, span }) => ({ name: key, value: textOf(value) ?? '', span }));
}

function usesOf(node: YamlNode): Uses | undefined {
  const value = at(node, 'uses');
  const text = textOf(value)?.trim();
  if (!value || !text) return undefined;
  const inputs = variablesOf(at(node, 'with'));
  const base = { span: value.span, text, inputs };
  if (text.startsWith('docker://')) return { ...base, kind: 'docker', name: text.slice('docker://'.length) };
  const mark = text.lastIndexOf('@');
  const ref = mark < 0 ? {} : { ref: text.slice(mark + 1) };
  const name = mark < 0 ? text : text.slice(0, mark);
  if (/^\.{1,2}\/|^\$\//.test(text)) return { ...base, kind: 'local', name: name.replace(/^(?:\.|\$)\//, ''), ...ref };
  return { ...base, kind: 'remote', name, ...ref };
}

function step(node: YamlNode, index: number, defaults: Defaults, reading: Reading): Step {
  const uses = usesOf(node);
  const run = at(node, 'run') ?? wrappedScript(node, uses);
  const condition = conditionOf(node);
  const tolerance = toleranceOf(node, 'continue-on-error');
  const script =
    run?.kind === 'scalar' && textOf(run) !== undefined
      ? scriptOf(run, textOf(at(node, 'shell')) ?? defaults.shell, defaults, reading)
      : undefined;
  const directory = textOf(at(node, 'working-directory')) ?? (run ? defaults.workingDirectory : undefined);
  const id = textOf(at(node, 'id'));
  const firstLine = textOf(run)?.trim().split('\n', 1)[0];
  return {
    ...(id === undefined ? {} : { id }),
    ...(textOf(at(node, 'name')) ? { title: textOf(at(node, 'name'))! } : {}),
    name: textOf(at(node, 'name')) ?? uses?.text ?? firstLine?.slice(0, 80) ?? `step ${index + 1}`,
    span: node.span,
    section: 'run',
    ...(condition ? { condition } : {}),
    ...(tolerance ? { tolerance } : {}),
    ...(uses ? { uses } : {}),
    ...(script ? { script } : {}),
    ...(directory === undefined ? {} : { workingDirectory: directory }),
    variables: variablesOf(at(node, 'env')),
    references: contextsIn(reading.text.slice(node.span.start, node.span.end)),
  };
}

/** The script that an action only wraps: retries, virtual displays, emulators. */
function wrappedScript(node: YamlNode, uses: Uses | undefined): YamlNode | undefined {
  if (!uses || !/retry|xvfb|emulator|run-on-arch|nix-shell|devenv/i.test(uses.name)) return undefined;
  return at(node, 'with', 'command') ?? at(node, 'with', 'run') ?? at(node, 'with', 'script');
}

/** GitHub runs `bash -e {0}` unasked, `bash --noprofile --norc -eo pipefail {0}` for `shell: bash`, `sh -e {0}` for sh. */
function scriptOf(run: YamlScalar, shell: string | undefined, defaults: Defaults, reading: Reading): StepScript {
  const template = shell?.trim() ?? '';
  const custom = template.includes('{0}');
  const interpreter = template.split(/\s+/, 1)[0]!.replace(/^.*\//, '') || (defaults.windows ? 'pwsh' : 'bash');
  const unix = /^(?:ba|da|k|z)?sh$/.test(interpreter);
  const base = { span: run.span, interpreter };
  if (!unix)
    return { ...base, errexit: true, pipefail: false, shell: { statements: [], problems: [] }, other: run.text };
  const errexit = custom ? /\s-\w*e/.test(template) || /errexit/.test(template) : true;
  const pipefail = custom ? /pipefail/.test(template) : interpreter === 'bash' && template !== '';
  return { ...base, errexit, pipefail, shell: reading.shell(run) };
}
