/** Knows the literal requirements of setup.py and setup.cfg. */
import type { ParseProblem } from '../facts.ts';
import { parsePython } from '../program/python-parser.ts';
import { PythonError } from '../program/python-tokens.ts';
import type { Expression, Statement } from '../program/syntax.ts';
import { Lines, type Span } from '../span.ts';
import { type Dependency, normalise, type Read, read, type Scope } from './model.ts';
import { scopeOfGroup } from './pyproject.ts';
import { fromRequirement, parseRequirement } from './requirements.ts';

type Literal =
  | { readonly kind: 'text'; readonly value: string; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly Literal[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [string, Literal])[] };

/** Reads what `setup(...)` is given as literals or as module-level names of literals; computed lists are left out. */
export function readSetupPy(text: string, _path: string): Read {
  let body: readonly Statement[];
  try {
    ({ body } = parsePython(text, 'setup', false));
  } catch (error) {
    if (!(error instanceof PythonError)) throw error;
    const lines = new Lines(text);
    const message = `This is no Python that can be read: ${error.message}`;
    return { problems: [{ message, span: lines.lineSpan(lines.position(error.offset).line) }] };
  }
  const names = new Map<string, Expression>();
  const literal = (node: Expression | undefined, depth = 0): Literal | undefined => {
    if (node === undefined || depth > 20) return undefined;
    if (node.kind === 'const')
      return typeof node.value === 'string' ? { kind: 'text', value: node.value, span: node.span } : undefined;
    if (node.kind === 'name') return literal(names.get(node.name), depth + 1);
    if (node.kind === 'list') return { kind: 'list', items: node.items.flatMap((e) => literal(e, depth + 1) ?? []) };
    if (node.kind === 'binary' && node.ops.every((op) => op === '+')) {
      const sides = node.operands.map((side) => literal(side, depth + 1));
      return { kind: 'list', items: sides.flatMap((s) => (s?.kind === 'list' ? s.items : [])) };
    }
    if (node.kind !== 'dict') return undefined;
    const entries = node.entries.flatMap(([key, of]) => {
      const value = literal(of, depth + 1);
      return key?.kind === 'const' && typeof key.value === 'string' && value ? [[key.value, value] as const] : [];
    });
    return { kind: 'dict', entries };
  };
  const dependencies: Dependency[] = [];
  const problems: ParseProblem[] = [];
  const take = (value: Literal | undefined, scope: Scope, more: Partial<Dependency>): void => {
    const items = value?.kind === 'list' ? value.items : value?.kind === 'text' ? [value] : [];
    for (const item of items) {
      if (item.kind !== 'text') continue;
      // One string may hold several requirements, a line each.
      for (const match of item.value.matchAll(/[^\n]+/g)) {
        const requirement = parseRequirement(match[0]);
        if (requirement === undefined) {
          if (match[0].trim() !== '')
            problems.push({ message: 'This is no requirement (PEP 508).', span: item.span, tolerated: true });
          continue;
        }
        const plain = text.slice(item.span.start + 1, item.span.end - 1) === item.value && !item.value.includes('\n');
        const { span } = item;
        const dependency = fromRequirement(requirement, span.start + 1, span.end - span.start - 2, scope, more);
        const { versionSpan: _, ...unplaced } = dependency;
        dependencies.push(plain ? dependency : { ...unplaced, span });
      }
    }
  };
  let project: string | undefined;
  const visit = (node: Expression): void => {
    if (node.kind !== 'call') return;
    const callee = node.callee.kind === 'name' || node.callee.kind === 'attr' ? node.callee.name : '';
    if (callee !== 'setup') return;
    for (const { keyword, value: of } of node.args) {
      const value = literal(of);
      if (keyword === 'name' && value?.kind === 'text') project = normalise('PyPI', value.value);
      else if (keyword === 'install_requires') take(value, 'runtime', {});
      else if (keyword === 'tests_require') take(value, 'dev', {});
      else if (keyword === 'setup_requires') take(value, 'build', { isolated: true });
      else if (keyword === 'extras_require' && value?.kind === 'dict') {
        for (const [group, list] of value.entries) take(list, scopeOfGroup(group), { group });
      }
    }
  };
  const walk = (statements: readonly Statement[], depth: number): void => {
    for (const statement of statements) {
      if (statement.kind === 'assign' && statement.targets.length === 1 && statement.targets[0]!.kind === 'name') {
        if (statement.value && statement.op === undefined) names.set(statement.targets[0]!.name, statement.value);
      }
      if (statement.kind === 'expression') visit(statement.value);
      if (depth <= 5) for (const block of blocks(statement)) walk(block, depth + 1);
    }
  };
  walk(body, 0);
  if (dependencies.length === 0 && project === undefined) return { problems };
  const named = project === undefined ? {} : { project };
  return read({ format: 'setup.py', role: 'manifest', ecosystem: 'PyPI', dependencies, ...named }, problems);
}

function blocks(statement: Statement): readonly (readonly Statement[])[] {
  if (statement.kind === 'function') return [statement.function.body];
  if (statement.kind === 'if' || statement.kind === 'loop') return [statement.body, statement.other];
  if (statement.kind === 'try') return [statement.body, statement.other, statement.final];
  return statement.kind === 'with' ? [statement.body] : [];
}

/** Reads `install_requires`, `tests_require` and the extras of setup.cfg. */
export function readSetupCfg(text: string, _path: string): Read {
  const dependencies: Dependency[] = [];
  const problems: ParseProblem[] = [];
  let section = '';
  let key = '';
  let project: string | undefined;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trimEnd();
    if (line.trim() === '' || /^\s*[#;]/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header !== null) {
      section = header[1]!.trim();
      key = '';
      continue;
    }
    let from = line.length - line.trimStart().length;
    const assignment = from === 0 ? /^([\w.-]+)\s*[=:]\s*/.exec(line) : null;
    if (assignment !== null) {
      key = assignment[1]!;
      from = assignment[0].length;
    } else if (from === 0) continue;
    const comment = line.slice(from).search(/\s#/);
    const value = (comment < 0 ? line.slice(from) : line.slice(from, from + comment)).trimEnd();
    if (value === '') continue;
    if (section === 'metadata' && key === 'name') project = normalise('PyPI', value);
    const extra = section === 'options.extras_require';
    const scope: Scope | undefined = extra
      ? scopeOfGroup(key)
      : section !== 'options'
        ? undefined
        : { install_requires: 'runtime' as const, tests_require: 'dev' as const, setup_requires: 'build' as const }[
            key
          ];
    if (scope === undefined || value.startsWith('file:')) continue;
    const requirement = parseRequirement(value);
    const span = { start: start + from, end: start + from + value.length };
    const more = { ...(extra ? { group: key } : {}), ...(scope === 'build' ? { isolated: true as const } : {}) };
    if (requirement === undefined)
      problems.push({ message: 'This is no requirement (PEP 508).', span, tolerated: true });
    else dependencies.push(fromRequirement(requirement, span.start, value.length, scope, more));
  }
  if (dependencies.length === 0 && project === undefined) return { problems };
  const named = project === undefined ? {} : { project };
  return read({ format: 'setup.cfg', role: 'manifest', ecosystem: 'PyPI', dependencies, ...named }, problems);
}
