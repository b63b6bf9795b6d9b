/** Knows the locks of yarn (classic and berry), pnpm (lockfileVersion 5 to 9) and bun. */
import type { ParseProblem } from '../facts.ts';
import type { Span } from '../span.ts';
import { inside, member, parseJson, text as textOf } from './json.ts';
import { type Draft, type Read, type ReadYaml, read, type Scope } from './model.ts';
import { asScalar, type Entry, entriesOf, scalarAt, valueAt } from './yaml-nodes.ts';

/** Splits `name@rest`; the name may begin with `@`. */
function split(key: string): readonly [string, string] | undefined {
  const at = key.indexOf('@', 1);
  return at < 0 ? undefined : [key.slice(0, at), key.slice(at + 1)];
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/, '$1');
}

/** Reads yarn.lock: version 1 in yarn's own syntax, later ones in YAML. */
export function readYarnLock(text: string, _path: string, readYaml: ReadYaml): Read {
  return /^__metadata:/m.test(text) ? readBerry(text, readYaml) : readClassic(text);
}

function readClassic(text: string): Read {
  const drafts: Draft[] = [];
  const byKey = new Map<string, number>();
  const needs: string[][] = [];
  const problems: ParseProblem[] = [];
  let keys: string[] = [];
  let header: Span = { start: 0, end: 0 };
  let current = -1;
  let inDependencies = false;
  let offset = 0;
  for (const raw of text.split('\n')) {
    const start = offset;
    offset += raw.length + 1;
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      header = { start, end: start + line.length };
      keys = line.replace(/:$/, '').split(/,\s*/).map(unquote);
      current = -1;
      inDependencies = false;
      if (!line.endsWith(':'))
        problems.push({ message: 'This is no entry of a yarn lock.', span: header, tolerated: true });
      continue;
    }
    const field = /^ {2}(\S+)\s+(.*)$/.exec(line);
    if (/^ {2}"?(?:dependencies|optionalDependencies)"?:$/.test(line)) {
      inDependencies = true;
      continue;
    }
    if (inDependencies && line.startsWith('    ') && current >= 0) {
      const need = /^\s+("[^"]+"|\S+)\s+(.+)$/.exec(line);
      if (need !== null) needs[current]!.push(`${unquote(need[1]!)}@${unquote(need[2]!)}`);
      continue;
    }
    inDependencies = false;
    if (field === null) continue;
    const value = unquote(field[2]!);
    const property = unquote(field[1]!);
    if (property === 'version') {
      const [name, wanted] = split(keys[0] ?? '') ?? ['', ''];
      if (name === '') continue;
      const alias = /^npm:(.+)$/.exec(wanted);
      const real = alias === null ? name : (split(alias[1]!)?.[0] ?? alias[1]!);
      current = drafts.length;
      for (const key of keys) byKey.set(key, current);
      needs.push([]);
      const at = start + line.lastIndexOf(value);
      const other = /^(?:git|https?:|file:|link:|github:)/.test(wanted);
      drafts.push({
        name: real,
        version: value,
        scope: 'runtime',
        source: other ? 'other' : 'registry',
        span: header,
        versionSpan: { start: at, end: at + value.length },
      });
    } else if (
      property === 'resolved' &&
      current >= 0 &&
      !/^https:\/\/registry\.(?:yarnpkg\.com|npmjs\.org)\//.test(value) &&
      drafts[current]!.source === 'registry'
    ) {
      drafts[current]!.source = /^https?:.*\.tgz/.test(value) ? 'private' : 'other';
    }
  }
  connect(drafts, needs, byKey);
  return read({ format: 'yarn.lock', role: 'lock', ecosystem: 'npm', dependencies: drafts }, problems);
}

function connect(
  drafts: readonly Draft[],
  needs: readonly (readonly string[])[],
  byKey: ReadonlyMap<string, number>,
): void {
  drafts.forEach((draft, i) => {
    const requires = [...new Set((needs[i] ?? []).flatMap((key) => byKey.get(key) ?? []))];
    if (requires.length > 0) draft.requires = requires;
  });
}

function withProtocol(want: string): string {
  return want.replace(/^(.[^@]*)@(?!npm:)/, '$1@npm:');
}

function readBerry(text: string, readYaml: ReadYaml): Read {
  const { documents, problems } = readYaml(text);
  const drafts: Draft[] = [];
  const byKey = new Map<string, number>();
  const needs: string[][] = [];
  const direct = new Set<string>();
  for (const { key, keySpan, value } of entriesOf(documents[0]?.root)) {
    const resolution = scalarAt(value, 'resolution')?.text;
    const version = scalarAt(value, 'version');
    const wants = entriesOf(valueAt(value, 'dependencies')).map((d) => `${d.key}@${asScalar(d.value)?.text ?? ''}`);
    if (resolution === undefined || version === undefined) continue;
    const [name, how] = split(resolution) ?? ['', ''];
    if (how.startsWith('workspace:')) {
      for (const want of wants) direct.add(want);
      continue;
    }
    if (!how.startsWith('npm:')) continue;
    for (const one of key.split(/,\s*/)) byKey.set(one, drafts.length);
    needs.push(wants.flatMap((want) => [want, withProtocol(want)]));
    const source = how.includes('::__archiveUrl') ? 'private' : 'registry';
    drafts.push({ name, version: version.text, scope: 'runtime', source, span: keySpan, versionSpan: version.span });
  }
  connect(drafts, needs, byKey);
  if (direct.size > 0) {
    const roots = new Set([...direct].flatMap((want) => byKey.get(want) ?? byKey.get(withProtocol(want)) ?? []));
    drafts.forEach((draft, i) => {
      draft.direct = roots.has(i);
    });
  }
  return read({ format: 'yarn.lock', role: 'lock', ecosystem: 'npm', dependencies: drafts }, problems);
}

/** Name and version of a key of pnpm's `packages`: `/a/1.0_peer`, `/a@1.0(peer)`, `a@1.0(peer)`. */
function pnpmKey(key: string): readonly [string, string] | undefined {
  const plain = key.replace(/\(.*$/, '');
  const modern = /^\/?((?:@[^/@]+\/)?[^/@]+)@([^/]+)$/.exec(plain);
  if (modern !== null) return [modern[1]!, modern[2]!.replace(/_.*$/, '')];
  const old = /^(?:[\w-]+(?:\.[\w-]+)+)?\/((?:@[^/]+\/)?[^/]+)\/([^/_]+)(?:_.*)?$/.exec(plain);
  return old === null ? undefined : [old[1]!, old[2]!];
}

const pnpmSections: readonly (readonly [string, Scope])[] = [
  ['dependencies', 'runtime'],
  ['optionalDependencies', 'runtime'],
  ['devDependencies', 'dev'],
];

/** Reads pnpm-lock.yaml of every version; several documents in one file are read together. */
export function readPnpmLock(text: string, _path: string, readYaml: ReadYaml): Read {
  const { documents, problems } = readYaml(text);
  const drafts: Draft[] = [];
  const byKey = new Map<string, number>();
  const needs: string[][] = [];
  const roots: { readonly keys: readonly string[]; readonly scope: Scope }[] = [];
  let scoped = false;
  for (const { root: map } of documents) {
    const importers = entriesOf(valueAt(map, 'importers')).map((e) => e.value);
    for (const importer of importers.length > 0 ? importers : [map]) {
      for (const [section, scope] of pnpmSections) {
        for (const { key, value } of entriesOf(valueAt(importer, section))) {
          const version = asScalar(value)?.text ?? scalarAt(value, 'version')?.text ?? '';
          roots.push({ keys: [`${key}@${version}`, `/${key}/${version}`, version, `/${version}`], scope });
        }
      }
    }
    const snapshots = new Map<string, Entry[]>();
    for (const entry of entriesOf(valueAt(map, 'snapshots'))) {
      const base = entry.key.replace(/\(.*$/, '');
      snapshots.set(base, [...(snapshots.get(base) ?? []), entry]);
    }
    for (const { key, keySpan, value } of entriesOf(valueAt(map, 'packages'))) {
      const parts = pnpmKey(key);
      const resolution = valueAt(value, 'resolution');
      const name = scalarAt(value, 'name')?.text ?? parts?.[0];
      const version = scalarAt(value, 'version')?.text ?? parts?.[1];
      if (name === undefined || version === undefined) continue;
      const tarball = scalarAt(resolution, 'tarball')?.text;
      const elsewhere =
        parts === undefined ||
        !/^\d/.test(parts[1]) ||
        valueAt(resolution, 'repo') !== undefined ||
        valueAt(resolution, 'directory') !== undefined;
      const dev = scalarAt(value, 'dev')?.value;
      if (dev !== undefined) scoped = true;
      const at = drafts.length;
      const states = snapshots.size === 0 ? [{ key, value }] : (snapshots.get(key) ?? []);
      const wants: string[] = [];
      for (const { key: stateKey, value: state } of states) {
        for (const one of [stateKey, stateKey.replace(/^\//, ''), stateKey.replace(/^\/((?:@[^/]+\/)?[^/]+)\//, '$1@')])
          byKey.set(one, at);
        for (const section of ['dependencies', 'optionalDependencies']) {
          for (const need of entriesOf(valueAt(state, section))) {
            const wanted = asScalar(need.value)?.text ?? '';
            wants.push(`${need.key}@${wanted}`, wanted, `/${need.key}/${wanted}`);
          }
        }
      }
      byKey.set(key, at);
      needs.push(wants);
      const within = text.indexOf(version, keySpan.start);
      const place =
        within >= 0 && within + version.length <= keySpan.end
          ? { versionSpan: { start: within, end: within + version.length } }
          : {};
      drafts.push({
        name,
        version,
        scope: dev === true ? 'dev' : 'runtime',
        source: elsewhere
          ? 'other'
          : tarball !== undefined && !tarball.includes('registry.npmjs.org')
            ? 'private'
            : 'registry',
        span: keySpan,
        ...place,
      });
    }
  }
  connect(drafts, needs, byKey);
  const starts = roots.flatMap(({ keys, scope }) => {
    const at = keys.map((key) => byKey.get(key)).find((i) => i !== undefined);
    return at === undefined ? [] : [{ at, scope }];
  });
  const direct = new Set(starts.map((s) => s.at));
  if (direct.size > 0) {
    drafts.forEach((draft, i) => {
      draft.direct = direct.has(i);
    });
    if (!scoped) markDev(drafts, starts);
  }
  return read({ format: 'pnpm-lock.yaml', role: 'lock', ecosystem: 'npm', dependencies: drafts }, problems);
}

/** What only development roots reach is development. */
function markDev(drafts: readonly Draft[], starts: readonly { readonly at: number; readonly scope: Scope }[]): void {
  const runtime = new Set<number>();
  const queue = starts.filter((s) => s.scope === 'runtime').map((s) => s.at);
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (runtime.has(at)) continue;
    runtime.add(at);
    queue.push(...(drafts[at]!.requires ?? []));
  }
  const dev = new Set<number>();
  queue.push(...starts.filter((s) => s.scope === 'dev').map((s) => s.at));
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (runtime.has(at) || dev.has(at)) continue;
    dev.add(at);
    drafts[at]!.scope = 'dev';
    queue.push(...(drafts[at]!.requires ?? []));
  }
}

/** Reads bun.lock (text form). */
export function readBunLock(text: string, _path: string): Read {
  const { node, problem } = parseJson(text);
  if (node === undefined) return { problems: problem ? [problem] : [] };
  const drafts: Draft[] = [];
  const byKey = new Map<string, number>();
  const wants: { readonly key: string; readonly names: readonly string[] }[] = [];
  for (const [key, entry] of member(node, 'packages')?.members ?? []) {
    const id = entry.items?.[0];
    const [name, version] = split(textOf(id) ?? '') ?? ['', ''];
    if (name === '' || id === undefined || version.startsWith('workspace:')) continue;
    const details = entry.items?.find((item) => item.members !== undefined);
    const registry = textOf(entry.items?.[1]) ?? '';
    byKey.set(key, drafts.length);
    wants.push({
      key,
      names: ['dependencies', 'optionalDependencies'].flatMap((s) => [...(member(details, s)?.members?.keys() ?? [])]),
    });
    const at = inside(id);
    drafts.push({
      name,
      version,
      scope: 'runtime',
      source: !/^\d/.test(version)
        ? 'other'
        : registry === '' || /registry\.npmjs\.org/.test(registry)
          ? 'registry'
          : 'private',
      span: entry.key ?? entry.span,
      versionSpan: { start: at.end - version.length, end: at.end },
    });
  }
  drafts.forEach((draft, i) => {
    const { key, names } = wants[i]!;
    const requires = [...new Set(names.flatMap((name) => byKey.get(`${key}/${name}`) ?? byKey.get(name) ?? []))];
    if (requires.length > 0) draft.requires = requires;
  });
  const starts: { at: number; scope: Scope }[] = [];
  for (const workspace of member(node, 'workspaces')?.members?.values() ?? []) {
    for (const [section, scope] of pnpmSections) {
      for (const name of member(workspace, section)?.members?.keys() ?? []) {
        const at = byKey.get(name);
        if (at !== undefined) starts.push({ at, scope });
      }
    }
  }
  const direct = new Set(starts.map((s) => s.at));
  drafts.forEach((draft, i) => {
    draft.direct = direct.has(i);
  });
  markDev(drafts, starts);
  return read({ format: 'bun.lock', role: 'lock', ecosystem: 'npm', dependencies: drafts });
}
