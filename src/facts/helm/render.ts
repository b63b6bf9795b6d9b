/** Knows how a chart with its values becomes Kubernetes documents that are located in templates and values files. */
import type { Place } from '../span.ts';
import { at, textOf, type YamlDocument, type YamlFile } from '../yaml.ts';
import { contextOf, type Release } from './context.ts';
import type { TemplateFunction } from './evaluate.ts';
import { Engine, type Failure, type Template } from './evaluate.ts';
import { placeOf, relocate } from './locate.ts';
import { Budget, type DictValue, dict, sliceText, TemplateError, type TextValue, text, type Value } from './value.ts';
import type { Prepared } from './values.ts';

export interface RenderedFile {
  /** Template file. */
  readonly path: string;
  readonly documents: readonly YamlDocument[];
  /**
   * Why something of it could not be evaluated; the places are those of the templates. `asked`: everything was, but the
   * chart asks for values that are not given.
   */
  readonly failures: readonly (Place & { readonly reason: string; readonly asked?: true })[];
}

type Lost = Failure & RenderedFile['failures'][number];

interface Member {
  readonly name: string;
  readonly path: string;
  readonly context: DictValue;
  readonly base: string;
  readonly renders: boolean;
}

/** Work for one chart with one set of values; the largest public charts take about a tenth of it. */
const MAX_STEPS = 500_000;
const MAX_CHARACTERS = 24_000_000;

/** Renders all templates of a chart and its sub-charts. Never throws on account of their content. */
export function renderChart(
  prepared: Prepared,
  values: DictValue,
  release: Release,
  functions: ReadonlyMap<string, TemplateFunction>,
  read: (text: string) => YamlFile,
): RenderedFile[] {
  const templates = new Map<string, Template>();
  const members: Member[] = [];
  gather(prepared, prepared.chart.name, values, release, undefined, members, 0);
  members.sort((a, b) => depth(b.name) - depth(a.name) || (a.name < b.name ? 1 : -1));
  const sources = filesOf(prepared, prepared.chart.name, 0);
  for (const { name } of members) {
    const source = sources.get(name)!;
    for (const define of source.file.defines)
      templates.set(define.name, { name: define.name, path: source.path, nodes: define.nodes });
    templates.set(name, { name, path: source.path, nodes: source.file.nodes });
  }
  const budget = new Budget(MAX_STEPS, MAX_CHARACTERS);
  const strict = new Engine(templates, functions, budget, false);
  const lenient = new Engine(templates, functions, budget, true);
  const result: RenderedFile[] = [];
  for (const member of members) {
    if (!member.renders) continue;
    member.context.entries.set(
      'Template',
      dict([
        ['Name', text(member.name)],
        ['BasePath', text(member.base)],
      ]),
    );
    // Notes install nothing, but Helm refuses a chart whose notes fail.
    const notes = /(?:^|\/)NOTES\.txt$/.test(member.name);
    const file = rendered(member, strict, lenient, notes ? nothing : read);
    if (!notes || file.failures.length > 0) result.push(file);
  }
  return result.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const nothing = (): YamlFile => ({ documents: [], problems: [] });

function depth(name: string): number {
  return name.split('/').length;
}

function gather(
  { chart, name, dependencies }: Prepared,
  base: string,
  values: Value,
  release: Release,
  parent: DictValue | undefined,
  members: Member[],
  level: number,
): DictValue {
  const context = contextOf(chart, name, release, values, parent);
  for (const template of chart.templates) {
    const partial = /(?:^|\/)_[^/]*$/.test(template.name);
    const renders = !partial && !chart.library;
    if (chart.library && !partial) continue;
    members.push({
      name: `${base}/${template.name}`,
      path: template.path,
      context,
      base: `${base}/templates`,
      renders,
    });
  }
  if (level > 8) return context;
  const subcharts = context.entries.get('Subcharts') as DictValue;
  for (const child of dependencies) {
    const own = values.kind === 'dict' ? values.entries.get(child.name) : undefined;
    const scope = own?.kind === 'dict' ? own : dict();
    subcharts.entries.set(
      child.name,
      gather(child, `${base}/charts/${child.name}`, scope, release, context, members, level + 1),
    );
  }
  return context;
}

function filesOf(prepared: Prepared, base: string, level: number): Map<string, Prepared['chart']['templates'][number]> {
  const result = new Map(prepared.chart.templates.map((template) => [`${base}/${template.name}`, template]));
  if (level > 8) return result;
  for (const child of prepared.dependencies) {
    for (const [name, template] of filesOf(child, `${base}/charts/${child.name}`, level + 1))
      result.set(name, template);
  }
  return result;
}

function rendered(member: Member, strict: Engine, lenient: Engine, read: (text: string) => YamlFile): RenderedFile {
  const { path } = member;
  const failures: Lost[] = [];
  const fallback = { path, span: { start: 0, end: 0 } };
  let output: TextValue;
  try {
    output = strict.render(member.name, member.context);
  } catch (error) {
    const reason = reasonOf(error);
    lenient.failures.length = 0;
    try {
      output = lenient.render(member.name, member.context);
    } catch (second) {
      return { path, documents: [], failures: [{ ...fallback, reason: reasonOf(second) }] };
    }
    failures.push(...lenient.failures);
    if (failures.length === 0) failures.push({ ...fallback, reason, asked: true });
  }
  return documentsOf(output, path, failures, read);
}

/** @throws what is no consequence of the template's content */
function reasonOf(error: unknown): string {
  if (error instanceof TemplateError) return error.message;
  if (error instanceof RangeError) return 'nested too deeply';
  throw error;
}

/** Definitions of custom resources run nothing, and are by far the longest documents that charts have. */
const SCHEMA = /^kind: *["']?CustomResourceDefinition["']?\s*$/m;

function documentsOf(
  output: TextValue,
  path: string,
  failures: Lost[],
  read: (text: string) => YamlFile,
): RenderedFile {
  const fallback = { path, span: { start: 0, end: 0 } };
  const documents: YamlDocument[] = [];
  for (const part of manifests(output)) {
    if (SCHEMA.test(part.value)) continue;
    const parsed = read(part.value);
    const objects = parsed.documents.filter(({ root, broken }) => broken || textOf(at(root, 'kind')) !== undefined);
    const lost = parsed.problems.find((problem) => !problem.tolerated);
    if (lost && objects.some((document) => document.broken)) {
      const place = placeOf(lost.span, part, fallback);
      failures.push({ ...place, reason: `the rendered text is no valid YAML: ${lost.message}` });
    }
    documents.push(...relocate(objects, part, fallback));
  }
  return { path, documents, failures };
}

/** The documents of a text: Helm separates them wherever a line begins with three dashes. */
function* manifests(output: TextValue): Generator<TextValue> {
  let start = output.value.startsWith('---') ? 3 : 0;
  for (;;) {
    const next = output.value.indexOf('\n---', start);
    const end = next < 0 ? output.value.length : next + 1;
    if (/\S/.test(output.value.slice(start, end))) yield sliceText(output, start, end);
    if (next < 0) return;
    start = next + 4;
  }
}
