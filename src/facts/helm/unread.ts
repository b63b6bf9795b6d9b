/** Knows which values of a chart no template reads: configuration without any effect. */
import type { Operand, Pipe, TemplateNode } from '../gotemplate.ts';
import type { Place } from '../span.ts';
import type { YamlMap, YamlNode } from '../yaml.ts';
import type { Chart, ValuesFile } from './charts.ts';

/** Keys read by templates as a tree; `all` is read as a whole, with everything below. */
interface Reads {
  all: boolean;
  readonly keys: Map<string, Reads>;
}

const fresh = (): Reads => ({ all: false, keys: new Map() });

function note(reads: Reads, path: readonly string[]): void {
  let current = reads;
  for (const name of path) {
    let next = current.keys.get(name);
    if (!next) {
      next = fresh();
      current.keys.set(name, next);
    }
    current = next;
  }
  current.all = true;
}

/** A key with no effect; `holds` are its own last word and all keys below it. */
export interface UnreadKey extends Place {
  readonly key: string;
  readonly holds: readonly string[];
}

/** @returns keys of the values files, outermost first, that neither the chart nor its sub-charts read */
export function unreadKeys(chart: Chart, files: readonly ValuesFile[]): UnreadKey[] {
  const reads = readsOf(chart, 0);
  for (const file of files) for (const path of file.reads) note(reads, path === '' ? [] : path.split('.'));
  const result: UnreadKey[] = [];
  for (const file of files) if (file.root) collect(file.root, reads, '', file.path, result);
  return result;
}

function collect(map: YamlMap, reads: Reads, prefix: string, path: string, result: UnreadKey[]): void {
  if (reads.all) return;
  for (const entry of map.entries) {
    const key = prefix + entry.key;
    const known = reads.keys.get(entry.key);
    if (!known)
      result.push({
        path: entry.path ?? path,
        span: entry.keySpan,
        key,
        holds: [entry.key, ...keysIn(entry.value, 0)],
      });
    else if (entry.value.kind === 'map') collect(entry.value, known, `${key}.`, path, result);
  }
}

function keysIn(node: YamlNode, depth: number): string[] {
  if (node.kind === 'scalar' || depth > 8) return [];
  const children = node.kind === 'list' ? node.items : node.entries.map(({ value }) => value);
  const own = node.kind === 'map' ? node.entries.map(({ key }) => key) : [];
  return [...own, ...children.flatMap((child) => keysIn(child, depth + 1))];
}

function readsOf(chart: Chart, depth: number): Reads {
  const reads = fresh();
  for (const { file } of chart.templates) {
    readNodes(file.nodes, reads);
    for (const define of file.defines) readNodes(define.nodes, reads);
  }
  for (const path of chart.values?.reads ?? []) note(reads, path === '' ? [] : path.split('.'));
  note(reads, ['global']);
  note(reads, ['tags']);
  for (const { key } of chart.missing) note(reads, [key]);
  for (const dependency of chart.dependencies) {
    for (const condition of dependency.conditions) note(reads, condition.split('.'));
    if (depth > 8) continue;
    const inner = readsOf(dependency.chart, depth + 1);
    if (dependency.chart.library) for (const [name, value] of inner.keys) merge(reads, name, value);
    const outer = reads.keys.get(dependency.name);
    if (outer) for (const [name, value] of inner.keys) merge(outer, name, value);
    else reads.keys.set(dependency.name, inner);
  }
  return reads;
}

function merge(target: Reads, name: string, source: Reads): void {
  const own = target.keys.get(name);
  if (!own) target.keys.set(name, source);
  else {
    own.all ||= source.all;
    for (const [key, value] of source.keys) merge(own, key, value);
  }
}

function readNodes(nodes: readonly TemplateNode[], reads: Reads): void {
  for (const node of nodes) {
    if ('pipe' in node && node.pipe) readPipe(node.pipe, reads);
    if ('body' in node) {
      readNodes(node.body, reads);
      readNodes(node.otherwise, reads);
    }
  }
}

function readPipe(pipe: Pipe, reads: Reads): void {
  for (const command of pipe.commands) {
    command.forEach((operand, i) => {
      const names = valuesPath(operand);
      // `index .Values "a" "b"` and `get .Values "a"` go on where the path ends.
      const reader = i === 1 ? command[0] : undefined;
      const further =
        reader?.kind === 'function' && ['index', 'get', 'hasKey', 'dig'].includes(reader.name) ? command.slice(2) : [];
      const keys = further.every((next) => next.kind === 'string')
        ? further.map((next) => (next as { value: string }).value)
        : [];
      if (names && !handsOn(pipe, command, i)) note(reads, [...names, ...keys]);
      if (operand.kind === 'pipe') readPipe(operand.pipe, reads);
      // Helpers look values up by their dotted key.
      if (operand.kind === 'string' && /^\w+(?:\.\w+)+$/.test(operand.value)) note(reads, operand.value.split('.'));
    });
  }
}

/** `dict "Values" .Values`: the helper that gets it reads them by the same name; `$_ := set .Values "x" 1` reads nothing. */
function handsOn({ variables }: Pipe, command: readonly Operand[], i: number): boolean {
  const [called] = command;
  const operand = command[i]!;
  if (called?.kind !== 'function' || valuesPath(operand)?.length !== 0) return false;
  const name = command[i - 1];
  if (called.name === 'set') return i === 1 && variables[0] === '$_';
  return called.name === 'dict' && name?.kind === 'string' && name.value === 'Values';
}

/** Values paths that a pipe reads, in order. */
export function valuesIn(pipe: Pipe): readonly string[] {
  return pipe.commands.flatMap((command) =>
    command.flatMap((operand) => {
      const names = valuesPath(operand);
      const inner = operand.kind === 'pipe' ? valuesIn(operand.pipe) : [];
      return [...(names && names.length > 0 ? [names.join('.')] : []), ...inner];
    }),
  );
}

/** Names behind `.Values` in an operand, whatever stands in front of it. */
function valuesPath(operand: Operand): readonly string[] | undefined {
  if (operand.kind === 'pipe') {
    const [only] = operand.pipe.commands;
    const inner = operand.pipe.commands.length === 1 && only?.length === 1 ? valuesPath(only[0]!) : undefined;
    return inner && operand.names.length > 0 ? [...inner, ...operand.names] : namesAfter(operand.names);
  }
  return operand.kind === 'field' || operand.kind === 'variable' ? namesAfter(operand.names) : undefined;
}

function namesAfter(names: readonly string[]): readonly string[] | undefined {
  const at = names.indexOf('Values');
  return at < 0 ? undefined : names.slice(at + 1);
}
