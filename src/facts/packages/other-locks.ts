/** Knows Cargo.lock, Gemfile.lock, composer.lock and gradle.lockfile. */
import type { ParseProblem } from '../facts.ts';
import { inside, type JsonNode, member, parseJson, text as textOf, whole } from './json.ts';
import { type Draft, normalise, type Read, read } from './model.ts';
import { blocksOf, lineIn, list, parseToml, string, tables } from './toml.ts';

/** Reads Cargo.lock; entries without a source are members of the workspace. */
export function readCargoLock(text: string, _path: string): Read {
  const { table: root, problem } = parseToml(text);
  if (root === undefined) return { problems: problem ? [problem] : [] };
  const values = tables(root.package);
  const blocks = blocksOf(text, 'package');
  const drafts: Draft[] = [];
  const byKey = new Map<string, number>();
  const needs: string[][] = [];
  const own: string[][] = [];
  values.forEach((value, i) => {
    const name = string(value.name);
    const version = string(value.version);
    const source = string(value.source);
    const wants = list(value.dependencies)
      .flatMap((d) => string(d) ?? [])
      .map((d) => d.split(' ').slice(0, 2).join(' '));
    if (name === undefined || version === undefined) return;
    if (source === undefined) {
      own.push(wants);
      return;
    }
    const block = blocks.length === values.length ? blocks[i]! : { start: 0, end: 0 };
    const named = lineIn(text, block, 'name').line;
    const versioned = lineIn(text, block, 'version');
    for (const key of [name, `${name} ${version}`]) byKey.set(key, drafts.length);
    needs.push(wants);
    const registry =
      /^(?:registry|sparse)\+https:\/\/(?:github\.com\/rust-lang\/crates\.io-index|index\.crates\.io)/.test(source);
    drafts.push({
      name,
      version,
      scope: 'runtime',
      source: registry ? 'registry' : source.startsWith('git+') ? 'other' : 'private',
      span: { start: named.start, end: Math.max(named.end, versioned.line.end) },
      ...(versioned.value === undefined ? {} : { versionSpan: versioned.value }),
    });
  });
  drafts.forEach((draft, i) => {
    const requires = [...new Set(needs[i]!.flatMap((key) => byKey.get(key) ?? []))];
    if (requires.length > 0) draft.requires = requires;
  });
  if (own.length > 0) {
    const direct = new Set(own.flat().flatMap((key) => byKey.get(key) ?? []));
    drafts.forEach((draft, i) => {
      draft.direct = direct.has(i);
    });
  }
  return read({ format: 'Cargo.lock', role: 'lock', ecosystem: 'crates.io', dependencies: drafts });
}

/** Reads Gemfile.lock and gems.locked. */
export function readGemfileLock(text: string, _path: string): Read {
  const drafts: Draft[] = [];
  const needs: string[][] = [];
  const direct = new Set<string>();
  let section = '';
  let remote = '';
  let current: string[] | undefined;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trimEnd();
    if (line === '') continue;
    if (!line.startsWith(' ')) {
      section = line;
      remote = '';
      continue;
    }
    const named = /^ {2}remote:\s*(.*)$/.exec(line);
    if (named !== null) {
      remote = named[1]!;
      continue;
    }
    if (section === 'DEPENDENCIES') {
      const name = /^ {2}([^\s!]+)/.exec(line)?.[1];
      if (name !== undefined) direct.add(name);
      continue;
    }
    if (!['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE'].includes(section)) continue;
    const need = /^ {6}(\S+)/.exec(line);
    if (need !== null) {
      current?.push(need[1]!.replace(/!$/, ''));
      continue;
    }
    const entry = /^ {4}(\S+) \(([^)]+)\)$/.exec(line);
    if (entry === null) continue;
    // A platform follows the version: "1.13.0-x86_64-linux".
    const version = entry[2]!.replace(/-.*$/, '');
    const at = start + line.indexOf('(') + 1;
    current = [];
    needs.push(current);
    drafts.push({
      name: entry[1]!,
      version,
      scope: 'runtime',
      source:
        section !== 'GEM'
          ? 'other'
          : /^https?:\/\/(?:www\.)?rubygems\.org\/?/.test(remote) || remote === ''
            ? 'registry'
            : 'private',
      span: { start: start + 4, end: start + line.length },
      versionSpan: { start: at, end: at + version.length },
    });
  }
  const index = new Map(drafts.map((d, i) => [d.name, i]));
  drafts.forEach((draft, i) => {
    const requires = [...new Set(needs[i]!.flatMap((name) => index.get(name) ?? []))];
    if (requires.length > 0) draft.requires = requires;
    if (direct.size > 0) draft.direct = direct.has(draft.name);
  });
  return read({ format: 'Gemfile.lock', role: 'lock', ecosystem: 'RubyGems', dependencies: drafts });
}

/** Reads composer.lock. */
export function readComposerLock(text: string, _path: string): Read {
  const { node, problem } = parseJson(text);
  if (node === undefined) return { problems: problem ? [problem] : [] };
  const drafts: Draft[] = [];
  const needs: string[][] = [];
  for (const [section, scope] of [
    ['packages', 'runtime'],
    ['packages-dev', 'dev'],
  ] as const) {
    for (const entry of member(node, section)?.items ?? []) {
      const nameNode = member(entry, 'name');
      const versionNode = member(entry, 'version');
      const name = textOf(nameNode);
      const version = textOf(versionNode);
      if (name === undefined || version === undefined || nameNode === undefined || versionNode === undefined) continue;
      needs.push([...(member(entry, 'require')?.members?.keys() ?? [])].map((n) => normalise('Packagist', n)));
      drafts.push({
        name: normalise('Packagist', name),
        version: version.replace(/^v(?=\d)/, ''),
        scope,
        source: /^dev-|-dev$/.test(version) ? 'other' : packagistSource(entry),
        span: near(nameNode, versionNode),
        versionSpan: inside(versionNode),
      });
    }
  }
  const index = new Map(drafts.map((d, i) => [d.name, i]));
  drafts.forEach((draft, i) => {
    const requires = [...new Set(needs[i]!.flatMap((name) => index.get(name) ?? []))];
    if (requires.length > 0) draft.requires = requires;
  });
  return read({ format: 'composer.lock', role: 'lock', ecosystem: 'Packagist', dependencies: drafts });
}

function packagistSource(entry: JsonNode): Draft['source'] {
  const url = textOf(member(entry, 'notification-url'));
  return url === undefined || /^https:\/\/packagist\.org\//.test(url) ? 'registry' : 'private';
}

/** Name and version, when they stand together; else the name alone. */
function near(name: JsonNode, version: JsonNode): { start: number; end: number } {
  const first = whole(name);
  const second = whole(version);
  return second.start > first.start && second.start - first.end < 40 ? { start: first.start, end: second.end } : first;
}

/** Reads gradle.lockfile and buildscript-gradle.lockfile. */
export function readGradleLock(text: string, path: string): Read {
  const drafts: Draft[] = [];
  const problems: ParseProblem[] = [];
  const build = /buildscript-gradle\.lockfile$/.test(path);
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith('empty=')) continue;
    const from = start + raw.indexOf(line);
    const match = /^([^:=\s]+:[^:=\s]+):([^:=\s]+)=(.*)$/.exec(line);
    if (match === null) {
      problems.push({
        message: 'This is no entry of a Gradle lock.',
        span: { start: from, end: from + line.length },
        tolerated: true,
      });
      continue;
    }
    const configurations = match[3]!.split(',');
    const test = configurations.every((c) => /test|annotationProcessor|ktlint|detekt|checkstyle|pmd|jacoco/i.test(c));
    drafts.push({
      name: match[1]!,
      version: match[2]!,
      scope: build ? 'build' : test ? 'dev' : 'runtime',
      source: 'registry',
      span: { start: from, end: from + match[1]!.length + 1 + match[2]!.length },
      versionSpan: { start: from + match[1]!.length + 1, end: from + match[1]!.length + 1 + match[2]!.length },
    });
  }
  return read({ format: 'gradle.lockfile', role: 'lock', ecosystem: 'Maven', dependencies: drafts }, problems);
}
