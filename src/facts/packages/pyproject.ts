/** Knows pyproject.toml (PEP 621, PEP 735, Poetry, PDM, uv) and Pipfile. */
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';
import { type Dependency, normalise, type Read, read, type Scope } from './model.ts';
import { fromRequirement, parseRequirement } from './requirements.ts';
import {
  list,
  parseToml,
  pathOf,
  placesOf,
  string,
  type TomlPlaces,
  type TomlTable,
  type TomlValue,
  table,
  tables,
} from './toml.ts';

const devGroup =
  /^(dev|devel|develop|development|test|tests|testing|lint|linting|doc|docs|typing|types|style|format|ci|all-dev|qa)$/i;

export function scopeOfGroup(group: string): Scope {
  return devGroup.test(group) || /(^|[-_])(dev|tests?|lint|docs?)([-_]|$)/i.test(group) ? 'dev' : 'runtime';
}

interface Context {
  readonly places: TomlPlaces;
  readonly dependencies: Dependency[];
  readonly problems: ParseProblem[];
  /** Own name: `me[extra]` refers to the project itself. */
  readonly self: string | undefined;
}

const nowhere: Span = { start: 0, end: 0 };

/** A list of PEP 508 strings. */
function requirementList(
  context: Context,
  value: TomlValue | undefined,
  path: readonly string[],
  scope: Scope,
  more: Partial<Dependency>,
): void {
  list(value).forEach((entry, i) => {
    const text = string(entry);
    if (text === undefined) return;
    const place = context.places.values.get(pathOf(...path, i)) ?? nowhere;
    const requirement = parseRequirement(text);
    if (requirement === undefined) {
      context.problems.push({ message: `"${text.slice(0, 80)}" is no requirement (PEP 508).`, span: place });
      return;
    }
    if (requirement.name === context.self) return;
    const quote = place.end - place.start === text.length + 2 ? 1 : 0;
    context.dependencies.push(
      fromRequirement(requirement, place.start + quote, Math.max(0, place.end - place.start - 2 * quote), scope, {
        ...more,
        ...(quote === 0 ? { span: place } : {}),
      }),
    );
  });
}

/** Poetry's constraint as PEP 440: `^1.2` → `>=1.2,<2`, a bare `1.2` → `==1.2`, alternatives kept with ` || `. */
export function poetryRange(constraint: string): string | undefined {
  const alternatives = constraint.split(/\|\|?/).map((alternative) => {
    const clauses = alternative
      .trim()
      .replace(/([<>=!~^])\s+/g, '$1')
      .split(/\s*,\s*|\s+/)
      .filter((c) => c !== '');
    return clauses.flatMap((clause) => poetryClause(clause)).join(',');
  });
  return alternatives.some((a) => a === '') ? undefined : alternatives.join(' || ');
}

function poetryClause(clause: string): string[] {
  if (clause === '*') return [];
  const match = /^(\^|~(?!=)|[<>]=?|[=!~]=|===|=)?v?(.+)$/.exec(clause);
  if (match === null) return [clause];
  const [, operator, version] = match as unknown as [string, string | undefined, string];
  const parts = version
    .replace(/[^\d.].*$/, '')
    .split('.')
    .map(Number);
  const bump = (at: number): string => [...parts.slice(0, at), (parts[at] ?? 0) + 1].join('.');
  if (operator === '^') {
    const first = parts.findIndex((p) => p > 0);
    return [`>=${version}`, `<${bump(first < 0 ? parts.length - 1 : first)}`];
  }
  if (operator === '~') return [`>=${version}`, `<${bump(Math.min(1, parts.length - 1))}`];
  if (operator === undefined || operator === '=') return [`==${version}`];
  return [operator + version];
}

function exactOf(range: string | undefined): string | undefined {
  const match = /^===?([^,|*]+)$/.exec(range ?? '');
  return match?.[1];
}

/** Tables `name = "constraint"` or `name = { version = … }` of Poetry and Pipenv. */
function namedTable(
  context: Context,
  value: TomlTable | undefined,
  path: readonly string[],
  scope: Scope,
  group: string | undefined,
  dialect: 'poetry' | 'pipenv',
): void {
  for (const [shown, entry] of Object.entries(value ?? {})) {
    const name = normalise('PyPI', shown);
    if (name === 'python' || name === context.self) continue;
    const alternatives = Array.isArray(entry) ? entry : [entry];
    alternatives.forEach((alternative, i) => {
      const at = Array.isArray(entry) ? [...path, shown, String(i)] : [...path, shown];
      const details = table(alternative);
      const written = string(alternative) ?? string(details?.version);
      const range =
        written === undefined ? undefined : dialect === 'poetry' ? poetryRange(written) : pipenvRange(written);
      const version = exactOf(range);
      const marker = string(details?.markers);
      const own = details !== undefined && ['git', 'path', 'file', 'url', 'hg', 'ref'].some((key) => key in details);
      const key =
        context.places.keys.get(pathOf(...path, shown)) ?? context.places.values.get(pathOf(...at)) ?? nowhere;
      const end = (context.places.values.get(pathOf(...at)) ?? key).end;
      const inner =
        details === undefined
          ? context.places.values.get(pathOf(...at))
          : context.places.values.get(pathOf(...at, 'version'));
      context.dependencies.push({
        name,
        ...(version === undefined ? {} : { version }),
        ...(range === undefined ? {} : { range }),
        ...(marker === undefined ? {} : { marker }),
        scope,
        ...(group === undefined ? {} : { group }),
        source: own
          ? 'other'
          : details !== undefined && ('source' in details || 'index' in details)
            ? 'private'
            : 'registry',
        span: {
          start: Array.isArray(entry) ? (context.places.values.get(pathOf(...at)) ?? key).start : key.start,
          end,
        },
        ...(inner === undefined ? {} : { versionSpan: { start: inner.start + 1, end: inner.end - 1 } }),
      });
    });
  }
}

function pipenvRange(written: string): string | undefined {
  const range = written.replace(/\s+/g, '');
  return range === '*' || range === '' ? undefined : /^[\d]/.test(range) ? `==${range}` : range;
}

/** Reads pyproject.toml; without a table that names packages there is nothing. */
export function readPyproject(text: string, _path: string): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return { problems: problem ? [problem] : [] };
  const project = table(root.project);
  const tool = table(root.tool);
  const poetry = table(tool?.poetry);
  const name = string(project?.name) ?? string(poetry?.name);
  const self = name === undefined ? undefined : normalise('PyPI', name);
  const context: Context = { places: placesOf(text), dependencies: [], problems: [], self };

  requirementList(context, project?.dependencies, ['project', 'dependencies'], 'runtime', {});
  for (const [group, value] of Object.entries(table(project?.['optional-dependencies']) ?? {})) {
    requirementList(context, value, ['project', 'optional-dependencies', group], scopeOfGroup(group), { group });
  }
  for (const [group, value] of Object.entries(table(root['dependency-groups']) ?? {})) {
    requirementList(context, value, ['dependency-groups', group], 'dev', { group });
  }
  requirementList(context, table(root['build-system'])?.requires, ['build-system', 'requires'], 'build', {
    isolated: true,
  });

  namedTable(context, table(poetry?.dependencies), ['tool', 'poetry', 'dependencies'], 'runtime', undefined, 'poetry');
  namedTable(
    context,
    table(poetry?.['dev-dependencies']),
    ['tool', 'poetry', 'dev-dependencies'],
    'dev',
    'dev',
    'poetry',
  );
  for (const [group, value] of Object.entries(table(poetry?.group) ?? {})) {
    const path = ['tool', 'poetry', 'group', group, 'dependencies'];
    namedTable(
      context,
      table(table(value)?.dependencies),
      path,
      group === 'main' ? 'runtime' : scopeOfGroup(group),
      group,
      'poetry',
    );
  }
  for (const [group, value] of Object.entries(table(table(tool?.pdm)?.['dev-dependencies']) ?? {})) {
    requirementList(context, value, ['tool', 'pdm', 'dev-dependencies', group], 'dev', { group });
  }
  const uv = table(tool?.uv);
  requirementList(context, uv?.['dev-dependencies'], ['tool', 'uv', 'dev-dependencies'], 'dev', { group: 'dev' });
  for (const key of ['constraint-dependencies', 'override-dependencies']) {
    requirementList(context, uv?.[key], ['tool', 'uv', key], 'runtime', { isolated: true });
  }
  const other = new Set<string>();
  for (const [source, value] of Object.entries(table(uv?.sources) ?? {})) {
    const places = Array.isArray(value) ? tables(value) : [table(value) ?? {}];
    if (places.some((p) => ['git', 'path', 'url', 'workspace'].some((key) => key in p)))
      other.add(normalise('PyPI', source));
  }
  const dependencies = context.dependencies.map((d) => (other.has(d.name) ? { ...d, source: 'other' as const } : d));
  const members = list(table(uv?.workspace)?.members).flatMap((m) => string(m) ?? []);
  const poetryPython = string(table(poetry?.dependencies)?.python);
  const python =
    string(project?.['requires-python']) ?? (poetryPython === undefined ? undefined : poetryRange(poetryPython));
  const described = project !== undefined || poetry !== undefined || root['dependency-groups'] !== undefined;
  if (dependencies.length === 0 && !described) return { problems: context.problems };
  return read(
    {
      format: 'pyproject.toml',
      role: 'manifest',
      ecosystem: 'PyPI',
      dependencies,
      ...(self === undefined ? {} : { project: self }),
      ...(members.length > 0 ? { members } : {}),
      ...(python === undefined || python.includes('|') ? {} : { python }),
    },
    context.problems,
  );
}

/** Reads a Pipfile. */
export function readPipfile(text: string, _path: string): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return { problems: problem ? [problem] : [] };
  const context: Context = { places: placesOf(text), dependencies: [], problems: [], self: undefined };
  for (const [section, value] of Object.entries(root)) {
    if (['source', 'requires', 'scripts', 'pipenv'].includes(section)) continue;
    const scope = section === 'packages' ? 'runtime' : section === 'dev-packages' ? 'dev' : scopeOfGroup(section);
    namedTable(context, table(value), [section], scope, section === 'packages' ? undefined : section, 'pipenv');
  }
  return read(
    { format: 'Pipfile', role: 'manifest', ecosystem: 'PyPI', dependencies: context.dependencies },
    context.problems,
  );
}
