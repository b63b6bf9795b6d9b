/** Knows Python requirement strings (PEP 508) and the files pip reads them from. */
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';
import { beside, type Dependency, type Draft, type Include, normalise, type Read, read, type Scope } from './model.ts';

/** A requirement string; offsets count from the start of the string. */
export interface Requirement {
  readonly name: string;
  readonly extras: readonly string[];
  /** Exact version of `==` without a wildcard or `===`, when that is the only clause. */
  readonly version?: string;
  /** All clauses, joined by commas, without spaces. */
  readonly range?: string;
  readonly marker?: string;
  /** Direct reference: URL, path, VCS. */
  readonly url?: string;
  readonly versionSpan?: Span;
}

const requirementStart = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*/;
const clause = /^(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;)<>=!~][^\s,;)]*)$/;

/** Reads a PEP 508 requirement (or pip's bare `name==1`); undefined when it is none. */
export function parseRequirement(text: string): Requirement | undefined {
  const start = requirementStart.exec(text);
  if (start === null) return undefined;
  const name = normalise('PyPI', start[1]!);
  const extras = (start[2] ?? '').split(',').flatMap((e) => (e.trim() === '' ? [] : [normalise('PyPI', e.trim())]));
  let rest = text.slice(start[0].length);
  let at = start[0].length;
  if (rest.startsWith('@')) {
    const url = /^@\s*(\S+)(?:\s+;\s*(.*))?\s*$/.exec(rest);
    if (url === null) return undefined;
    return { name, extras, url: url[1]!, ...(url[2] ? { marker: url[2].trim() } : {}) };
  }
  let marker: string | undefined;
  const semicolon = rest.indexOf(';');
  if (semicolon >= 0) {
    marker = rest.slice(semicolon + 1).trim();
    rest = rest.slice(0, semicolon);
  }
  const open = rest.length - rest.trimStart().length;
  at += open;
  rest = rest.trim();
  if (rest.startsWith('(') && rest.endsWith(')')) {
    rest = rest.slice(1, -1);
    at += 1 + rest.length - rest.trimStart().length;
    rest = rest.trim();
  }
  const result = { name, extras, ...(marker ? { marker } : {}) };
  if (rest === '') return result;
  const clauses: string[] = [];
  for (const part of rest.replace(/,\s*$/, '').split(',')) {
    const match = clause.exec(part.trim());
    if (match === null) return undefined;
    clauses.push(match[1]! + match[2]!);
  }
  const versionSpan = { start: at, end: at + rest.length };
  const only = clauses.length === 1 ? /^(===?)(.*)$/.exec(clauses[0]!) : null;
  const exact = only !== null && !only[2]!.endsWith('*') ? only[2]! : undefined;
  return { ...result, range: clauses.join(','), versionSpan, ...(exact === undefined ? {} : { version: exact }) };
}

/** A dependency of a requirement string that begins at `offset` of a file's text. */
export function fromRequirement(
  requirement: Requirement,
  offset: number,
  length: number,
  scope: Scope,
  more: Partial<Dependency> = {},
): Dependency {
  const { versionSpan } = requirement;
  return {
    name: requirement.name,
    ...(requirement.version === undefined ? {} : { version: requirement.version }),
    ...(requirement.range === undefined ? {} : { range: requirement.range }),
    ...(requirement.marker === undefined ? {} : { marker: requirement.marker }),
    scope,
    source: requirement.url === undefined ? 'registry' : 'other',
    span: { start: offset, end: offset + length },
    ...(versionSpan ? { versionSpan: { start: offset + versionSpan.start, end: offset + versionSpan.end } } : {}),
    ...more,
  };
}

interface LogicalLine {
  /** Continuations joined by spaces of equal width, so that offsets stay true; comment removed. */
  readonly text: string;
  readonly start: number;
  /** Comment of the physical lines, for `# via`. */
  readonly comments: readonly string[];
}

/** Lines as pip joins them: a backslash at the end continues, a comment begins at the start or after white space. */
function* logicalLines(text: string): Generator<LogicalLine> {
  let joined = '';
  let start = 0;
  let at = 0;
  while (at <= text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    let line = text.slice(at, end);
    if (joined === '') start = at;
    const width = end - at + 1;
    if (line.endsWith('\r')) line = line.slice(0, -1);
    // A comment line ends a continuation; any other comment is taken off after the lines were joined.
    const continues = line.endsWith('\\') && !/^\s*#/.test(line);
    joined += (continues ? line.slice(0, -1) : line).padEnd(width, ' ');
    at = end + 1;
    if (continues && at <= text.length) continue;
    const comment = /(^|\s)#/.exec(joined);
    const cut = comment === null ? joined.length : comment.index;
    const note = comment === null ? [] : [joined.slice(cut + comment[0].length).trim()];
    yield { text: joined.slice(0, cut).trimEnd(), start, comments: note };
    joined = '';
  }
}

const devName =
  /(^|[-_./])(dev|devel|development|test|tests|testing|lint|docs?|ci|typing|style|format|local)([-_./]|$)/i;

/** Scope that the name of a requirements file stands for. */
export function scopeOfName(path: string): Scope {
  const name = path
    .split('/')
    .slice(-2)
    .join('/')
    .replace(/\.(txt|in|lock|pip)$/i, '');
  const match = devName.exec(/(^|\/)requirements?\//i.test(path) ? name : (name.split('/').at(-1) ?? ''));
  if (match === null) return 'runtime';
  return match[2]!.toLowerCase() === 'ci' ? 'ci' : 'dev';
}

/** Options of pip that name another index: what they bring is not asked for in public. */
const ownIndex = /^(?:-i|--index-url|--extra-index-url|--find-links|-f|--no-index)\b/;
const publicIndex =
  /^(?:-i|--index-url|--extra-index-url)[=\s]+https?:\/\/(?:[^/]*\.)?(?:pypi\.org|pypi\.python\.org|download\.pytorch\.org)(?:[/:]|$)/;
const generated = /autogenerated by (pip-compile|uv)|this file was autogenerated by uv/i;
const placeholder = /\{\{|\{%|^\s*<<<<<<<|^\s*=======|^\s*>>>>>>>/;

/** Reads a requirements or constraints file in any dialect of pip, pip-tools and uv. */
export function readRequirements(text: string, path: string): Read {
  const problems: ParseProblem[] = [];
  const dependencies: Draft[] = [];
  const includes: Include[] = [];
  const parents: (readonly string[])[] = [];
  const scope = scopeOfName(path);
  const isGenerated = generated.test(text.slice(0, 1000));
  const madeFrom = new Set<string>();
  const repositories: { address: string; span: Span }[] = [];
  let own = false;
  let last = -1;
  const noteParents = (comments: readonly string[]): void => {
    if (last < 0) return;
    for (const comment of comments) {
      const via = /^(?:via\s+)?(.*)$/.exec(comment)![1]!;
      if (via === '' || via === 'via' || /^(this file|by the following|autogenerated)/i.test(via)) continue;
      parents[last] = [...(parents[last] ?? []), ...via.split(',').map((v) => v.trim())];
    }
  };
  for (const line of logicalLines(text)) {
    const indent = line.text.length - line.text.trimStart().length;
    const body = line.text.trim();
    if (body === '') {
      if (isGenerated && line.comments.length > 0) noteParents(line.comments);
      continue;
    }
    const offset = line.start + indent;
    const span = { start: offset, end: offset + body.length };
    last = -1;
    const include = /^(-r|--requirement|-c|--constraint)(?:[=\s]\s*|(?=[^-\s=]))["']?([^"'\s]+)/.exec(body);
    if (include !== null) {
      const target = include[2]!;
      const resolved = /\$\{?\w|\{\{/.test(target) ? undefined : beside(path, target);
      const kind = /^--?c/.test(include[1]!) ? 'constraints' : 'requirements';
      includes.push({ kind, span, ...(resolved === undefined ? {} : { path: resolved }) });
      continue;
    }
    const repository = /^(?:(?:-e|--editable)[=\s]\s*|[\w.[\],-]+\s*@\s*)?(git\+\w+:\/\/[^\s;]+)/.exec(body)?.[1];
    if (repository) repositories.push({ address: repository, span });
    if (body.startsWith('-')) {
      if (ownIndex.test(body) && !publicIndex.test(body)) own = true;
      continue;
    }
    if (placeholder.test(body) || /^\$\{/.test(body)) continue;
    if (
      /^(?:[a-z+]+:\/\/|git\+|\.{0,2}\/|[A-Za-z]:\\|file:)/.test(body) ||
      /\.(?:whl|zip|tar\.gz)(?:[\s#;]|$)/.test(body)
    ) {
      continue;
    }
    const option = body.search(/\s--[a-z]/);
    const bare = (option < 0 ? body : body.slice(0, option)).trimEnd();
    const requirement = parseRequirement(bare);
    if (requirement === undefined) {
      // A bare path such as "mypkg/" or "." installs from the tree and names no registry package.
      if (!/^[\w./-]+\/?$/.test(body))
        problems.push({ message: 'This is no requirement that pip reads.', span, tolerated: true });
      continue;
    }
    if (requirement.version?.includes('$')) continue;
    dependencies.push(fromRequirement(requirement, offset, bare.length, scope));
    last = dependencies.length - 1;
    noteParents(line.comments.filter((c) => /^via\b/.test(c)));
  }
  if (own) for (const dependency of dependencies) dependency.source = 'private';
  if (isGenerated) linkParents(dependencies, parents, path, madeFrom);
  const pinned = isGenerated || /\.lock$/i.test(path);
  const role = /(^|[/_.-])constraints?([/_.-]|$)/i.test(path) ? 'constraints' : pinned ? 'lock' : 'manifest';
  const made = madeFrom.size > 0 ? { madeFrom: [...madeFrom].sort() } : {};
  const from = repositories.length > 0 ? { repositories } : {};
  return read(
    { format: 'pip requirements', role, ecosystem: 'PyPI', dependencies, includes, ...from, ...made },
    problems,
  );
}

/** Turns `# via` comments into the graph: `-r file` and a project's own name make an entry direct. */
function linkParents(entries: Draft[], parents: (readonly string[])[], path: string, madeFrom: Set<string>): void {
  const index = new Map(entries.map((entry, i) => [entry.name, i]));
  const requires = new Map<number, number[]>();
  entries.forEach((entry, child) => {
    const via = parents[child] ?? [];
    if (via.length === 0) return;
    let direct = false;
    for (const parent of via) {
      const file = /^(?:-r|-c)\s+(\S+)/.exec(parent)?.[1] ?? /\(([^)]+\.(?:toml|cfg|py|in|txt))\)$/.exec(parent)?.[1];
      if (file !== undefined) {
        if (!parent.startsWith('-c')) direct = true;
        const source = beside(path, file);
        if (source !== undefined) madeFrom.add(source);
        continue;
      }
      const at = index.get(normalise('PyPI', parent.replace(/\[.*$/, '')));
      if (at !== undefined) requires.set(at, [...(requires.get(at) ?? []), child]);
    }
    entry.direct = direct;
  });
  for (const [parent, children] of requires) entries[parent]!.requires = children;
}
