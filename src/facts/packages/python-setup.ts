/** Knows the literal requirements of setup.py and setup.cfg. */
import { createRequire } from 'node:module';
import type { ExprNode, StmtNode } from 'py-ast';
import type { ParseProblem } from '../facts.ts';
import { tooDeep } from '../nesting.ts';
import { Lines, type Span } from '../span.ts';
import { type Dependency, normalise, type Read, read, type Scope } from './model.ts';
import { scopeOfGroup } from './pyproject.ts';
import { fromRequirement, parseRequirement } from './requirements.ts';

const require = createRequire(import.meta.url);

type Literal =
  | { readonly kind: 'text'; readonly value: string; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly Literal[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [string, Literal])[] };

/** Reads what `setup(...)` is given as literals or as module-level names of literals; computed lists are left out. */
export function readSetupPy(text: string, _path: string): Read {
  const { parse } = require('py-ast') as typeof import('py-ast');
  const lines = new Lines(text);
  const deep = tooDeep(text, 150);
  if (deep !== undefined)
    return { problems: [{ message: 'Brackets are nested too deeply.', span: { start: deep, end: deep + 1 } }] };
  let body: readonly StmtNode[];
  try {
    body = (parse(text.replace(/^\uFEFF/, ' ').replaceAll('\f', ' ')) as { body: StmtNode[] }).body;
  } catch (error) {
    const line = (error as { lineno?: number }).lineno ?? 1;
    const what =
      error instanceof RangeError
        ? 'it is nested too deeply'
        : error instanceof Error
          ? error.message.split('\n')[0]!
          : 'syntax error';
    return { problems: [{ message: `This is no Python that can be read: ${what}`, span: lines.lineSpan(line) }] };
  }
  const spanOf = (node: ExprNode): Span => {
    const offset = (line: number, bytes: number): number => {
      const start = lines.offset(line);
      return start + Buffer.from(lines.line(line)).subarray(0, bytes).toString().length;
    };
    const start = offset(node.lineno ?? 1, node.col_offset ?? 0);
    return { start, end: Math.max(start, offset(node.end_lineno ?? node.lineno ?? 1, node.end_col_offset ?? 0)) };
  };
  const names = new Map<string, ExprNode>();
  const literal = (node: ExprNode | undefined, depth = 0): Literal | undefined => {
    if (node === undefined || depth > 20) return undefined;
    if (node.nodeType === 'Constant')
      return typeof node.value === 'string' ? { kind: 'text', value: node.value, span: spanOf(node) } : undefined;
    if (node.nodeType === 'Name') return literal(names.get(node.id), depth + 1);
    if (node.nodeType === 'List' || node.nodeType === 'Tuple' || node.nodeType === 'Set') {
      return { kind: 'list', items: node.elts.flatMap((e: ExprNode) => literal(e, depth + 1) ?? []) };
    }
    if (node.nodeType === 'BinOp' && node.op.nodeType === 'Add') {
      const sides = [literal(node.left, depth + 1), literal(node.right, depth + 1)];
      return { kind: 'list', items: sides.flatMap((s) => (s?.kind === 'list' ? s.items : [])) };
    }
    if (node.nodeType !== 'Dict') return undefined;
    const entries = node.keys.flatMap((key: ExprNode | null | undefined, i: number) => {
      const value = literal(node.values[i], depth + 1);
      return key?.nodeType === 'Constant' && typeof key.value === 'string' && value
        ? [[key.value, value] as const]
        : [];
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
  const visit = (node: ExprNode): void => {
    if (node.nodeType !== 'Call') return;
    const callee =
      node.func.nodeType === 'Name' ? node.func.id : node.func.nodeType === 'Attribute' ? node.func.attr : '';
    if (callee !== 'setup') return;
    for (const keyword of node.keywords) {
      const value = literal(keyword.value);
      if (keyword.arg === 'name' && value?.kind === 'text') project = normalise('PyPI', value.value);
      else if (keyword.arg === 'install_requires') take(value, 'runtime', {});
      else if (keyword.arg === 'tests_require') take(value, 'dev', {});
      else if (keyword.arg === 'setup_requires') take(value, 'build', { isolated: true });
      else if (keyword.arg === 'extras_require' && value?.kind === 'dict') {
        for (const [group, list] of value.entries) take(list, scopeOfGroup(group), { group });
      }
    }
  };
  const walk = (statements: readonly StmtNode[], depth: number): void => {
    for (const statement of statements) {
      if (
        statement.nodeType === 'Assign' &&
        statement.targets.length === 1 &&
        statement.targets[0]!.nodeType === 'Name'
      ) {
        names.set(statement.targets[0]!.id, statement.value);
      }
      if (statement.nodeType === 'Expr') visit(statement.value);
      if (depth > 5) continue;
      for (const part of ['body', 'orelse', 'finalbody'] as const) {
        const inner = (statement as unknown as Record<string, unknown>)[part];
        if (Array.isArray(inner)) walk(inner as StmtNode[], depth + 1);
      }
    }
  };
  walk(body, 0);
  if (dependencies.length === 0 && project === undefined) return { problems };
  const named = project === undefined ? {} : { project };
  return read({ format: 'setup.py', role: 'manifest', ecosystem: 'PyPI', dependencies, ...named }, problems);
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
