/** Knows how each ecosystem orders its versions. */
import { createRequire } from 'node:module';
import type { Ecosystem } from './model.ts';

const require = createRequire(import.meta.url);
let semverLibrary: typeof import('semver') | undefined;
let pep440Library: typeof import('@renovatebot/pep440') | undefined;

/** The libraries are loaded when the first version is compared, not when the tool starts. */
export function semver(): typeof import('semver') {
  semverLibrary ??= require('semver') as typeof import('semver');
  return semverLibrary;
}

export function pep440(): typeof import('@renovatebot/pep440') {
  pep440Library ??= require('@renovatebot/pep440') as typeof import('@renovatebot/pep440');
  return pep440Library;
}

/** Negative, zero or positive as `a` is lower, equal or higher; undefined when one of them is no version there. */
export function compareVersions(ecosystem: Ecosystem, a: string, b: string): number | undefined {
  if (ecosystem === 'PyPI') {
    const [x, y] = [withoutLocal(a), withoutLocal(b)];
    return pep440().valid(x) && pep440().valid(y) ? pep440().compare(x, y) : undefined;
  }
  if (ecosystem === 'Maven') return a === '' || b === '' ? undefined : compareMaven(parseMaven(a), parseMaven(b));
  if (ecosystem === 'RubyGems') return comparePlain(parseGem(a), parseGem(b), compareGem);
  if (ecosystem === 'Packagist') return comparePlain(parseComposer(a), parseComposer(b), compareComposer);
  const options = { loose: true };
  const [x, y] = [semver().parse(a.replace(/^v/, ''), options), semver().parse(b.replace(/^v/, ''), options)];
  return x === null || y === null ? undefined : semver().compare(x, y);
}

/** PEP 440's local part (`+cpu`) marks a build of the same release. */
function withoutLocal(version: string): string {
  const plus = version.indexOf('+');
  return plus < 0 ? version : version.slice(0, plus);
}

export function isVersion(ecosystem: Ecosystem, version: string): boolean {
  if (ecosystem === 'PyPI') return pep440().valid(withoutLocal(version)) !== null;
  return compareVersions(ecosystem, version, version) !== undefined;
}

/** Not meant for production by its own name: alpha, beta, release candidate, development build. */
export function isPrerelease(ecosystem: Ecosystem, version: string): boolean {
  if (ecosystem === 'PyPI') return pep440().explain(version)?.is_prerelease ?? false;
  if (ecosystem === 'RubyGems') return /[a-z]/i.test(version);
  return /-|alpha|beta|rc|snapshot|dev/i.test(version.replace(/\+.*$/, ''));
}

function comparePlain<T>(a: T | undefined, b: T | undefined, compare: (a: T, b: T) => number): number | undefined {
  return a === undefined || b === undefined ? undefined : compare(a, b);
}

function sign(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Segment = string | number;

/** Digits beyond 2^53 are compared as text of equal length. */
function numeric(digits: string): Segment {
  const plain = digits.replace(/^0+(?=\d)/, '');
  return plain.length < 16 ? Number(plain) : plain;
}

function compareNumeric(a: Segment, b: Segment): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a), String(b)];
  return x.length - y.length || sign(x, y);
}

interface Gem {
  readonly segments: readonly { readonly word: boolean; readonly value: Segment }[];
}

/** Gem::Version: runs of digits or letters; a hyphen stands for ".pre."; trailing zeros mean nothing. */
function parseGem(version: string): Gem | undefined {
  const text = version.trim().replaceAll('-', '.pre.');
  if (!/^\d[0-9A-Za-z]*(\.[0-9A-Za-z]+)*$/.test(text)) return undefined;
  const all = [...text.matchAll(/\d+|[A-Za-z]+/g)].map(([part]) => {
    const word = !/^\d/.test(part);
    return { word, value: word ? part : numeric(part) };
  });
  const first = all.findIndex((s) => s.word);
  const trim = (list: Gem['segments']): Gem['segments'] => {
    let end = list.length;
    while (end > 0 && list[end - 1]!.value === 0) end--;
    return list.slice(0, end);
  };
  return { segments: first < 0 ? trim(all) : [...trim(all.slice(0, first)), ...trim(all.slice(first))] };
}

function compareGem(a: Gem, b: Gem): number {
  const zero = { word: false, value: 0 as Segment };
  for (let i = 0; i < Math.max(a.segments.length, b.segments.length); i++) {
    const [x, y] = [a.segments[i] ?? zero, b.segments[i] ?? zero];
    if (x.word !== y.word) return x.word ? -1 : 1;
    const order = x.word ? sign(x.value, y.value) : compareNumeric(x.value, y.value);
    if (order !== 0) return order;
  }
  return 0;
}

interface Composer {
  readonly numbers: readonly Segment[];
  /** 0 dev, 1 alpha, 2 beta, 3 RC, 4 stable, 5 patch. */
  readonly stability: number;
  readonly step: readonly Segment[];
}

const composerVersion =
  /^v?(\d+(?:\.\d+){0,3})(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?([.-]?dev)?(?:\+[^\s]*)?$/i;
const stabilities: Readonly<Record<string, number>> = {
  alpha: 1,
  a: 1,
  beta: 2,
  b: 2,
  rc: 3,
  stable: 4,
  patch: 5,
  pl: 5,
  p: 5,
};

function parseComposer(version: string): Composer | undefined {
  const match = composerVersion.exec(version.trim());
  if (match === null) return undefined;
  const numbers = match[1]!.split('.').map(numeric);
  while (numbers.length < 4) numbers.push(0);
  const stability = stabilities[(match[2] ?? 'stable').toLowerCase()] ?? 4;
  const step = (match[3] ?? '')
    .split(/[.-]/)
    .filter((p) => p !== '')
    .map(numeric);
  return { numbers, stability: match[4] === undefined ? stability : Math.min(stability, 0), step };
}

function compareComposer(a: Composer, b: Composer): number {
  for (let i = 0; i < 4; i++) {
    const order = compareNumeric(a.numbers[i]!, b.numbers[i]!);
    if (order !== 0) return order;
  }
  if (a.stability !== b.stability) return a.stability - b.stability;
  for (let i = 0; i < Math.max(a.step.length, b.step.length); i++) {
    const order = compareNumeric(a.step[i] ?? 0, b.step[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** Maven's ComparableVersion: numbers, qualifiers, and lists that a hyphen or a change between digits and letters opens. */
type MavenItem =
  | { readonly kind: 'number'; readonly value: Segment }
  | { readonly kind: 'word'; readonly value: string }
  | MavenList;
interface MavenList {
  readonly kind: 'list';
  readonly items: MavenItem[];
}

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const qualifierAliases: Readonly<Record<string, string>> = { ga: '', final: '', release: '', cr: 'rc' };
const qualifierLetters: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

function parseMaven(version: string): MavenList {
  const text = version.toLowerCase();
  const root: MavenList = { kind: 'list', items: [] };
  const stack = [root];
  let list = root;
  let start = 0;
  let digits = false;
  const open = (): void => {
    const inner: MavenList = { kind: 'list', items: [] };
    list.items.push(inner);
    stack.push(inner);
    list = inner;
  };
  const push = (end: number, beforeDigit: boolean): void => {
    const part = text.slice(start, end);
    if (part === '' || digits) list.items.push({ kind: 'number', value: numeric(part === '' ? '0' : part) });
    else {
      const word = (beforeDigit ? qualifierLetters[part] : undefined) ?? part;
      list.items.push({ kind: 'word', value: qualifierAliases[word] ?? word });
    }
  };
  for (let i = 0; i < text.length && i < 1000; i++) {
    const c = text[i]!;
    const digit = c >= '0' && c <= '9';
    if (c === '.' || c === '-') {
      push(i, false);
      start = i + 1;
      if (c !== '.') open();
    } else if (digit !== digits && i > start) {
      push(i, digit);
      start = i;
      open();
    }
    if (c !== '.' && c !== '-') digits = digit;
  }
  if (text.length > start) {
    push(text.length, false);
  }
  for (const one of stack.reverse()) {
    for (let i = one.items.length - 1; i >= 0; i--) {
      const item = one.items[i]!;
      const empty = item.kind === 'list' ? item.items.length === 0 : item.value === 0 || item.value === '';
      if (empty) one.items.splice(i, 1);
      else if (item.kind !== 'list') break;
    }
  }
  return root;
}

function mavenRank(word: string): string {
  const at = qualifiers.indexOf(word);
  return at >= 0 ? String(at) : `${qualifiers.length}-${word}`;
}

function compareMaven(a: MavenItem | undefined, b: MavenItem | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareMaven(b, undefined);
  if (a.kind === 'number') {
    if (b === undefined) return a.value === 0 ? 0 : 1;
    return b.kind === 'number' ? compareNumeric(a.value, b.value) : 1;
  }
  if (a.kind === 'word') {
    if (b === undefined) return sign(mavenRank(a.value), mavenRank(''));
    return b.kind === 'word' ? sign(mavenRank(a.value), mavenRank(b.value)) : -1;
  }
  if (b === undefined || b.kind === 'list') {
    const others = b?.items ?? [];
    for (let i = 0; i < Math.max(a.items.length, others.length); i++) {
      const order = compareMaven(a.items[i], others[i]);
      if (order !== 0) return order;
    }
    return 0;
  }
  return b.kind === 'number' ? -1 : 1;
}
