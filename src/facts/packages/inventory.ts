/** Knows every place of a repository that names packages, and which project each belongs to. */
import type { Facts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import type { Zone } from '../workspace.ts';
import { installsOf } from './installs.ts';
import { type Ecosystem, ecosystems, type Include, type Packages, type Scope } from './model.ts';

/** One file (or the installs of one file) as a source of requirements. */
export interface Source extends Packages {
  readonly path: string;
  readonly zone: Zone;
  /** Folder of the project, without a slash at the end; empty for the root. */
  readonly root: string;
  /** Packages named in commands of images and CI. */
  readonly installs: boolean;
  readonly includes: readonly Include[];
}

export interface Inventory {
  /** By path; a file with several ecosystems has one entry each. */
  readonly sources: readonly Source[];
}

/** Formats that make their folder a project of its own. */
const rooted =
  /^(?:pyproject\.toml|setup\.py|setup\.cfg|Pipfile(?:\.lock)?|poetry\.lock|uv\.lock|pdm\.lock|package\.json|package-lock\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|go\.mod|Cargo\.lock|Gemfile\.lock|composer\.lock|pom\.xml|gradle\.lockfile)$/;
const imageFile = /(?:^|\/)(?:dockerfile|containerfile)(?:[._-][\w.-]+)?$/i;

/** The folder that an image is built for: its own, or the one above when it only holds what containers need. */
function imageFolder(path: string): string {
  const folder = folderOf(path);
  return /(?:^|\/)\.?(?:docker|containers?|build|deploy(?:ment)?)$/i.test(folder) ? folderOf(folder) : folder;
}

/** A glob of workspace members (`packages/*`, `apps/**`) as a test of folders. */
function memberTest(base: string, glob: string): (folder: string) => boolean {
  const path = glob.replace(/^\.\//, '').replace(/\/+$/, '');
  const pattern = path
    .split('/')
    .map((part) => (part === '**' ? '.*' : part.replace(/[.+^${}()|[\]\\?]/g, '\\$&').replaceAll('*', '[^/]*')))
    .join('/');
  const whole = new RegExp(`^${base === '' ? '' : `${base.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/`}${pattern}$`);
  return (folder) => whole.test(folder);
}

/** Collects manifests, locks and the installs of images and CI. Used through `facts.linked`. */
export function linkInventory(facts: Facts): Inventory {
  const manifests = facts.of('dependencies');
  const images = new Set(facts.files.filter((f) => imageFile.test(f.path)).map((f) => imageFolder(f.path)));
  const roots = new Set<string>();
  const members: ((ecosystem: Ecosystem, folder: string) => boolean)[] = [];
  for (const { path, data } of manifests) {
    const folder = folderOf(path);
    if (rooted.test(data.format) || images.has(folder)) roots.add(folder);
    for (const glob of data.members ?? []) {
      const test = memberTest(folder, glob);
      members.push((ecosystem, candidate) => ecosystem === data.ecosystem && test(candidate));
    }
  }
  const cache = new Map<string, string>();
  const projectOf = (ecosystem: Ecosystem, path: string): string => {
    const key = `${ecosystem} ${folderOf(path)}`;
    const before = cache.get(key);
    if (before !== undefined) return before;
    let folder = folderOf(path);
    while (folder !== '' && (!roots.has(folder) || members.some((m) => m(ecosystem, folder)))) {
      folder = folderOf(folder);
    }
    cache.set(key, folder);
    return folder;
  };
  const sources: Source[] = manifests.map((file) => ({
    ...file.data,
    path: file.path,
    zone: file.zone,
    root: projectOf(file.data.ecosystem, file.path),
    installs: false,
  }));
  const add = (path: string, zone: Zone, format: string, found: ReturnType<typeof installsOf>): void => {
    for (const ecosystem of ecosystems) {
      const dependencies = found.filter((f) => f.ecosystem === ecosystem).map((f) => f.dependency);
      if (dependencies.length === 0) continue;
      const root = projectOf(ecosystem, path);
      sources.push({
        format,
        role: 'manifest',
        ecosystem,
        dependencies,
        includes: [],
        unresolved: 0,
        path,
        zone,
        root,
        installs: true,
      });
    }
  };
  for (const { path, zone, data } of facts.of('dockerfile')) {
    const last = data.stages.length - 1;
    const shipped = new Set<number>();
    for (
      let at: number | undefined = last;
      at !== undefined && at >= 0 && !shipped.has(at);
      at = data.stages[at]?.parent
    )
      shipped.add(at);
    const found = data.stages.flatMap((stage) => {
      const scope: Scope = shipped.has(stage.index) ? 'runtime' : 'build';
      return stage.runs.flatMap((run) => (run.command.shell ? installsOf(run.command.shell, scope) : []));
    });
    add(path, zone, 'commands of a Dockerfile', found);
  }
  for (const { path, zone, data } of facts.of('workflow')) {
    const found = data.jobs.flatMap((job) =>
      job.steps.flatMap((step) => (step.script ? installsOf(step.script.shell, 'ci') : [])),
    );
    // The pipeline stands for the repository, not for its own folder.
    add(path, zone, 'commands of a pipeline', found);
  }
  sources.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return { sources: sources.map((source) => withRoots(source, sources)) };
}

const nativeLocks: Readonly<Record<string, readonly string[]>> = {
  'pyproject.toml': ['uv.lock', 'poetry.lock', 'pdm.lock', 'pylock.toml'],
  Pipfile: ['Pipfile.lock'],
  'package.json': ['package-lock.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock'],
};

/** Whether the lock is made from this manifest. */
export function locks(lock: Source, manifest: Source): boolean {
  if (lock.role !== 'lock' || manifest.role === 'lock') return false;
  if (lock.madeFrom !== undefined) return lock.madeFrom.includes(manifest.path);
  return (
    lock.ecosystem === manifest.ecosystem &&
    lock.root === manifest.root &&
    (nativeLocks[manifest.format] ?? []).includes(lock.format)
  );
}

/** Some locks do not say what the project itself asked for, nor for what: their manifests do. */
function withRoots(lock: Source, sources: readonly Source[]): Source {
  if (lock.role !== 'lock' || lock.dependencies.some((d) => d.direct !== undefined)) return lock;
  const asked = new Map<string, Scope>();
  for (const manifest of sources.filter((s) => locks(lock, s))) {
    for (const { name, scope } of manifest.dependencies) if (asked.get(name) !== 'runtime') asked.set(name, scope);
  }
  if (asked.size === 0) return lock;
  const reached = new Map<number, Scope>();
  for (const scope of ['runtime', 'dev', 'build', 'ci'] as const) {
    const queue = lock.dependencies.flatMap((d, i) => (asked.get(d.name) === scope ? [i] : []));
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (reached.has(at)) continue;
      reached.set(at, scope);
      queue.push(...(lock.dependencies[at]?.requires ?? []));
    }
  }
  const dependencies = lock.dependencies.map((d, i) => ({
    ...d,
    direct: asked.has(d.name),
    scope: reached.get(i) ?? d.scope,
  }));
  return { ...lock, dependencies };
}

/** Packages whose advisories a scan needs: every pin, and every range for its package. */
export function wantedOf(inventory: Inventory): readonly {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version?: string;
  readonly private: boolean;
}[] {
  return inventory.sources.flatMap((source) =>
    source.dependencies.flatMap(({ name, version, source: origin }) =>
      origin === 'other'
        ? []
        : [
            {
              ecosystem: source.ecosystem,
              name,
              private: origin === 'private',
              ...(version === undefined ? {} : { version }),
            },
          ],
    ),
  );
}
