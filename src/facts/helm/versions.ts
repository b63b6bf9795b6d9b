/** Knows semantic versions and version constraints as Helm's templates and Chart.yaml write them. */
import { TemplateError } from './value.ts';

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: string;
  readonly metadata: string;
}

const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+([\w.-]+))?$/;
const PART =
  /^\s*(=|!=|<>|>=|=>|<=|=<|>|<|~>?|\^)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([\w.-]+))?(?:\+[\w.-]+)?/;

export function parseVersion(written: string): Version | undefined {
  const match = VERSION.exec(written.trim());
  if (!match) return undefined;
  const [, major, minor, patch, prerelease, metadata] = match;
  return {
    major: Number(major),
    minor: Number(minor ?? 0),
    patch: Number(patch ?? 0),
    prerelease: prerelease ?? '',
    metadata: metadata ?? '',
  };
}

export function compareVersions(a: Version, b: Version): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0) return Math.sign(numbers);
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === '') return 1;
  if (b.prerelease === '') return -1;
  const [left, right] = [a.prerelease.split('.'), b.prerelease.split('.')];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const [n, m] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (n && m) return Math.sign(Number(x) - Number(y));
    if (n !== m) return n ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}

/** Is the version within the constraint (`>=1.19-0`, `^1.2 || ~2.1`, `1.x`, `1.2 - 1.4`)? @throws TemplateError */
export function satisfies(constraint: string, version: Version): boolean {
  return constraint.split('||').some((group) => {
    const ranged = group.replace(/(\S+)\s+-\s+(\S+)/g, '>=$1 <=$2');
    const parts: string[] = [];
    let rest = ranged;
    while (rest.trim() !== '') {
      rest = rest.replace(/^[\s,]+/, '');
      const match = PART.exec(rest);
      if (!match || parts.length > 50) throw new TemplateError(`improper constraint: ${constraint.slice(0, 80)}`);
      parts.push(match[0]);
      rest = rest.slice(match[0].length);
    }
    const prereleases = parts.some((part) => PART.exec(part)?.[5] !== undefined);
    return parts.every((part) => holds(part, version, prereleases));
  });
}

/** @param prereleases one of the constraints of the group names a pre-release, so that they count */
function holds(part: string, version: Version, prereleases: boolean): boolean {
  const [, sign = '', major, minor, patch, prerelease = ''] = PART.exec(part)!;
  const open = (digits: string | undefined) => digits === undefined || /[xX*]/.test(digits);
  const anyMajor = open(major);
  const anyMinor = anyMajor || open(minor);
  const anyPatch = anyMinor || open(patch);
  const number = (digits: string | undefined, any: boolean) => (any ? 0 : Number(digits));
  const wanted: Version = {
    major: number(major, anyMajor),
    minor: number(minor, anyMinor),
    patch: number(patch, anyPatch),
    prerelease,
    metadata: '',
  };
  if (version.prerelease !== '' && !prereleases) return false;
  if (anyMajor) return !(sign === '!=' || sign === '<' || sign === '>');
  const order = compareVersions(version, wanted);
  const sameMajor = version.major === wanted.major;
  const sameMinor = sameMajor && version.minor === wanted.minor;
  /** Equal as far as the constraint is written. */
  const within = anyMinor ? sameMajor : anyPatch ? sameMinor : order === 0;
  switch (sign) {
    case '!=':
    case '<>':
      return !within;
    case '>':
      return order > 0 && !(anyPatch && within);
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return order <= 0 || (anyPatch && within);
    case '^':
      if (order < 0) return false;
      if (wanted.major > 0 || anyMinor) return sameMajor;
      if (wanted.minor > 0 || anyPatch) return sameMinor;
      return sameMinor && version.patch === wanted.patch;
    case '~':
    case '~>':
      return order >= 0 && (anyMinor ? sameMajor : sameMinor);
    default:
      return anyPatch ? order >= 0 && within : order === 0;
  }
}
