/** Knows when a lost failure comes back: a later step that looks at it and really fails. */
import { fileName } from '../paths.ts';
import type { Gate, JudgedStep } from './gates.ts';
import type { Run } from './status.ts';

/** How a later command or step makes up for a gate's lost failure; undefined when nothing does. `steps` is the whole job. */
export function compensation(
  gate: Gate,
  own: JudgedStep,
  steps: readonly JudgedStep[],
  fields: Readonly<Record<string, string>>,
): string | undefined {
  const index = steps.indexOf(own);
  const others = steps.flatMap((one) => one.gates).filter((other) => other !== gate);
  const again = others.find(
    (other) =>
      other.tool === gate.tool && other.fate.kind === 'counts' && other.text !== gate.text && !own.step.tolerance,
  );
  if (again && (gate.role === 'scan' || gate.role === 'lint'))
    return 'The same tool runs again in this job and can fail it.';
  const twin = others.some((other) => other.role === gate.role && other.fate.kind === 'counts');
  if (twin && /annotat|comment|report|summar/i.test(own.step.title ?? ''))
    return 'The step only reports; another step of this job can fail it.';
  if (gate.role === 'build' && gate.guarded) return 'It only runs where there is something to build.';
  const reports = reportsOf(gate);
  const wanted = Object.hasOwn(fields, gate.tool) ? fields[gate.tool]!.split(/\s+/) : [];
  const end = gate.fate.kind === 'lost' ? gate.fate.span.end : (gate.command?.span.end ?? 0);
  for (const [i, one] of steps.slice(index).entries()) {
    const later = i === 0 && gate.command ? one.runs.filter((run) => run.command.span.start >= end) : one.runs;
    if (one.step.tolerance?.extent === 'always' || (i === 0 && !gate.command)) continue;
    if (reports.some((report) => readsAndFails(report, later, one, wanted)))
      return 'A later step reads its report and fails on findings.';
  }
  return undefined;
}

/** Does a later step of the job fail when the step with this id failed? */
export function outcomeChecked(own: JudgedStep, steps: readonly JudgedStep[]): boolean {
  const { id } = own.step;
  if (id === undefined) return false;
  const wanted = `steps.${id}.outcome`;
  return steps.slice(steps.indexOf(own) + 1).some((one) => one.step.references.includes(wanted) && canFail(one));
}

/** Does a job that needs this one look at its result and fail? */
export function resultChecked(job: string, jobs: readonly (readonly JudgedStep[])[]): boolean {
  return jobs.some((steps) =>
    steps.some(
      (one) =>
        one.step.references.some((text) => text === `needs.${job}.result` || text === 'needs.*.result') && canFail(one),
    ),
  );
}

/** Does the step read one of these outputs of another step, or do the job's outputs hand it on? */
export function outputUsed(own: JudgedStep, names: readonly string[], steps: readonly JudgedStep[]): boolean {
  const { id } = own.step;
  const texts = names.map((name) => `steps.${id}.outputs.${name}`);
  if (own.job.outputs.some((output) => texts.includes(output))) return true;
  if (steps.some((one) => one !== own && one.step.references.some((text) => texts.includes(text)))) return true;
  const later = steps.slice(steps.indexOf(own) + 1);
  return later.some((one) =>
    one.runs.some((run) =>
      names.some((name) => textOf(run).includes(`$${name}`) || textOf(run).includes(`\${${name}`)),
    ),
  );
}

const failing =
  /\bsys\.exit\(|\bexit\s*\(\s*[^0)\s]|\bprocess\.exit\(|\bprocess\.exitCode\s*=|\braise\b|\bassert\b|\bcore\.setFailed\(|\bthrow\b|\bos\._exit\(/;

function canFail(one: JudgedStep): boolean {
  if (one.step.tolerance?.extent === 'always') return false;
  if (one.step.uses)
    return (
      one.step.uses.inputs.some(({ value }) => failing.test(value)) ||
      /always-?fail|alls-green|fail/i.test(one.step.uses.name)
    );
  return (
    one.runs.some((run) => run.fate.kind !== 'lost' && isFailing(run)) ||
    endsInTest(one) ||
    failing.test(one.step.script?.other ?? '')
  );
}

function isFailing({ command }: Run): boolean {
  const [name, argument] = command.words;
  if (name?.text === 'false') return true;
  if (name?.text === 'exit') return argument?.value !== '0';
  return failing.test(textOf({ command }));
}

/** A step whose last statement is a test fails with it: `[ "$status" = success ]`. */
function endsInTest({ step }: JudgedStep): boolean {
  const node = step.script?.shell.statements.at(-1)?.node;
  if (node?.kind === 'test') return true;
  return node?.kind === 'command' && /^(?:\[|test|grep)$/.test(node.words[0]?.text ?? '');
}

function textOf({ command }: Pick<Run, 'command'>): string {
  const texts = command.words.map((word) => word.text);
  for (const { heredoc, target } of command.redirections) texts.push(heredoc?.text ?? '', target?.text ?? '');
  for (const { value } of command.assignments) texts.push(value?.text ?? '');
  return texts.join(' ');
}

/** Files that a gate writes its findings to: arguments and redirections that look like reports. */
function reportsOf(gate: Gate): string[] {
  if (!gate.command) return [];
  const words = [...gate.command.words.slice(1), ...gate.command.redirections.flatMap(({ target }) => target ?? [])];
  const piped = gate.fate.kind === 'lost' && gate.fate.by === 'pipe' ? gate.fate.text.split(' ') : [];
  const names = [...words.map((word) => word.text), ...piped];
  return names
    .flatMap((text) => /([\w./${}-]+\.(?:json|sarif|xml|txt|log|csv|html))$/.exec(text)?.[1] ?? [])
    .map((path) => fileName(path));
}

function readsAndFails(report: string, runs: readonly Run[], { step }: JudgedStep, wanted: readonly string[]): boolean {
  const name = report.toLowerCase();
  const reading = runs.filter((run) => textOf(run).toLowerCase().includes(name));
  const other = step.script?.other ?? '';
  if (other.includes(report)) return failing.test(other) && !misreads(other, wanted);
  if (reading.length === 0) return false;
  const later = runs.slice(runs.indexOf(reading[0]!));
  if (misreads(later.map(textOf).join('\n'), wanted)) return false;
  return later.some(
    (run) => run.fate.kind !== 'lost' && (isFailing(run) || (reading.includes(run) && judgesItself(run))),
  );
}

/** Code that filters by a severity field which the tool does not write never finds anything. */
function misreads(text: string, wanted: readonly string[]): boolean {
  return wanted.length > 0 && /['"]severity['"]/i.test(text) && !wanted.some((field) => text.includes(field));
}

/** A program that reads the report and may fail by itself: `jq -e`, `grep`, a script of the repository. */
function judgesItself({ command, fate }: Run): boolean {
  if (fate.kind !== 'counts') return false;
  const words = command.words.map((word) => word.text);
  if (/^(?:jq|yq)$/.test(words[0] ?? '')) return words.some((word) => /^(?:-\w*e\w*|--exit-status)$/.test(word));
  return (
    /^(?:python[\d.]*|node|ruby|bash|sh)$/.test(words[0] ?? '') && /\.(?:py|[cm]?js|ts|rb|sh)$/.test(words[1] ?? '')
  );
}
