/** Knows which versions a written range admits, and whether ranges have a version in common. */
import type { Ecosystem } from './model.ts';
import { compareVersions, pep440, semver } from './versions.ts';

const clausePattern = /^(===|==|~=|!=|<=|>=|<|>)\s*(.+)$/;

interface Clause {
  readonly operator: string;
  readonly version: string;
}

/** Alternatives of clauses that must all hold; undefined when a clause cannot be read. */
function pythonClauses(range: string): readonly (readonly Clause[])[] | undefined {
  const alternatives: Clause[][] = [];
  for (const alternative of range.split('||')) {
    const clauses: Clause[] = [];
    for (const part of alternative.split(',').map((p) => p.trim())) {
      if (part === '') continue;
      const match = clausePattern.exec(part);
      if (match === null) return undefined;
      const [, operator, version] = match as unknown as [string, string, string];
      const plain = version.trim().replace(/\.\*$/, '');
      if (operator !== '===' && !pep440().valid(plain)) return undefined;
      clauses.push({ operator, version: version.trim() });
    }
    alternatives.push(clauses);
  }
  return alternatives;
}

interface Parsed {
  readonly epoch: number;
  readonly release: readonly number[];
  readonly base: string;
  readonly pre: boolean;
  readonly post: boolean;
}

function parsePython(version: string): Parsed | undefined {
  const v = pep440().explain(version);
  if (v === null) return undefined;
  return {
    epoch: v.epoch,
    release: v.release,
    base: v.base_version,
    pre: v.is_prerelease,
    post: v.is_postrelease,
  };
}

function startsWith(version: Parsed, prefix: Parsed): boolean {
  return version.epoch === prefix.epoch && prefix.release.every((n, i) => (version.release[i] ?? 0) === n);
}

function holds(clause: Clause, version: string): boolean {
  const { operator, version: wanted } = clause;
  if (operator === '===') return version.toLowerCase() === wanted.toLowerCase();
  const v = parsePython(version);
  const w = parsePython(wanted.replace(/\.\*$/, ''));
  if (v === undefined || w === undefined) return false;
  const hasLocal = wanted.includes('+');
  const order = hasLocal
    ? pep440().compare(version, wanted)
    : (compareVersions('PyPI', version, wanted.replace(/\.\*$/, '')) ?? 0);
  const sameBase = compareVersions('PyPI', v.base, w.base) === 0;
  switch (operator) {
    case '==':
      return wanted.endsWith('.*') ? startsWith(v, w) : order === 0;
    case '!=':
      return wanted.endsWith('.*') ? !startsWith(v, w) : order !== 0;
    case '~=':
      return order >= 0 && startsWith(v, { ...w, release: w.release.slice(0, -1) });
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0 && (w.pre || w.post || !v.pre || !sameBase);
    default:
      return order > 0 && (w.post || !v.post || !sameBase);
  }
}

/** Whether a range (as a Dependency holds it) admits a version; undefined: the range or the version cannot be read. */
export function admits(ecosystem: Ecosystem, range: string | undefined, version: string): boolean | undefined {
  if (range === undefined) return true;
  if (ecosystem === 'PyPI') {
    const alternatives = pythonClauses(range);
    if (alternatives === undefined) return undefined;
    return alternatives.some((clauses) => clauses.every((clause) => holds(clause, version)));
  }
  if (ecosystem === 'npm') {
    const parsed = semver().validRange(range, { loose: true });
    if (parsed === null || semver().valid(version, { loose: true }) === null) return undefined;
    return semver().satisfies(version, parsed, { loose: true, includePrerelease: true });
  }
  return undefined;
}

/**
 * Versions that decide whether clauses can hold together: every boundary, and a version just above it. If any version
 * satisfies all clauses then one of these does.
 */
export function candidates(ranges: readonly string[]): readonly string[] {
  const result = new Set<string>(['0', '0.dev0']);
  for (const range of ranges) {
    for (const clause of (pythonClauses(range) ?? []).flat()) {
      const plain = clause.version.replace(/\.\*$/, '').replace(/\+.*$/, '');
      const v = parsePython(plain);
      result.add(clause.version.replace(/\.\*$/, ''));
      if (v === undefined) continue;
      const epoch = v.epoch > 0 ? `${v.epoch}!` : '';
      const release = v.release.join('.');
      // Around a release: its pre-releases, itself, its post-releases, and what follows before the next one.
      for (const end of ['.dev0', 'a0', 'a0.post0', 'rc99999', '', '.post0', '.post99999', '.0.0.0.1']) {
        result.add(epoch + release + end);
      }
      const numbered = /^(.*?(?:a|b|rc|alpha|beta|c|pre|preview))[._-]?(\d*)/i.exec(plain);
      if (numbered !== null) {
        const next = `${numbered[1]}${Number(numbered[2] || 0) + 1}`;
        for (const end of ['.dev0', '']) result.add(next + end);
        result.add(`${numbered[1]}${numbered[2] || 0}.post99999`);
      }
      if (/\.?dev\d*$/i.test(plain)) result.add(plain.replace(/[._-]?dev\d*$/i, ''));
      for (let at = 0; at < v.release.length; at++) {
        const next = [...v.release.slice(0, at), v.release[at]! + 1].join('.');
        result.add(epoch + next);
      }
    }
  }
  return [...result];
}

/** Whether one version can satisfy both ranges; undefined when one cannot be read. */
export function overlap(ecosystem: Ecosystem, a: string | undefined, b: string | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return true;
  if (a === b) return true;
  for (const [exact, other] of [
    [a, b],
    [b, a],
  ] as const) {
    const version = ecosystem === 'PyPI' ? /^===?([^*,|]+)$/.exec(exact)?.[1] : undefined;
    if (version !== undefined) return admits(ecosystem, other, version);
  }
  if (ecosystem === 'PyPI') {
    if (pythonClauses(a) === undefined || pythonClauses(b) === undefined) return undefined;
    return candidates([a, b]).some((version) => admits('PyPI', a, version) && admits('PyPI', b, version));
  }
  if (ecosystem === 'npm') {
    const options = { loose: true, includePrerelease: true };
    if (semver().validRange(a, options) === null || semver().validRange(b, options) === null) return undefined;
    return semver().intersects(a, b, options);
  }
  return undefined;
}
