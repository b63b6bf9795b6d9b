/** Knows how to turn a workspace into facts: which files to read, which parser to load, what to do when one fails. */
import type { Check, Needs } from '../check.ts';
import type { Notification } from '../problem.ts';
import type { Extracted, Extractor, FactKind, Facts, FactTypes, FileFacts, ParseProblem } from './facts.ts';
import type { Advisories } from './packages/advisory.ts';
import { folderOf } from './paths.ts';
import { Lines } from './span.ts';
import { compare, type FileText, type SourceFile, type Workspace, type Zone } from './workspace.ts';

/** A file that some check wanted and no parser could fully read. */
export interface BrokenFile {
  readonly path: string;
  readonly kind: FactKind;
  readonly reason: string;
}

export interface Collected {
  readonly facts: Facts;
  readonly notifications: readonly Notification[];
  /** By check id: broken files that hold a word of the check's interest. */
  readonly broken: ReadonlyMap<string, readonly BrokenFile[]>;
  /** Files read, and per kind how many were understood and how many were not. */
  readonly read: number;
  readonly kinds: readonly { readonly kind: FactKind; readonly files: number; readonly broken: number }[];
}

export interface CollectOptions {
  readonly checks: readonly Check[];
  readonly extractors: readonly Extractor[];
  /** Zones whose files are read at all. */
  readonly zones: ReadonlySet<Zone>;
  /** Zones whose files are read by costly extractors, too. */
  readonly asked: ReadonlySet<Zone>;
  /** Only these files are read (a staged scan and what it needs); undefined: all. */
  readonly focus?: (file: SourceFile, kind: FactKind) => boolean;
  /** Loads advisory data for what was found; asked when a check reads dependencies. Undefined: nothing to look up. */
  readonly advisories?: LoadAdvisories;
  /** Address of the repository's remote. */
  readonly repository?: string;
}

export type LoadAdvisories = (
  facts: Facts,
) => Promise<{ readonly advisories: Advisories; readonly notifications: readonly Notification[] } | undefined>;

/** Words of interest by kind: undefined when no check needs the kind, true when every file counts. */
type Interest = Map<FactKind, true | readonly string[]>;

export async function collectFacts(workspace: Workspace, options: CollectOptions): Promise<Collected> {
  const interest = interestOf(options.checks, options.extractors);
  const wanted = options.extractors.filter((extractor) => interest.has(extractor.kind));
  const stores = new Map<FactKind, FileFacts<FactTypes[FactKind]>[]>();
  const notifications: Notification[] = [];
  const broken = new Map<string, BrokenFile[]>();
  const brokenByKind = new Map<FactKind, number>();
  const loaded = new Map<Extractor, Awaited<ReturnType<Extractor['load']>>>();
  const readPaths = new Set<string>();

  /** Code that no parser could read, in folders of what is shown or copied. */
  const snippets: { path: string; report: () => void }[] = [];

  const extractFile = async (file: SourceFile, extractor: Extractor, content: FileText): Promise<void> => {
    const { kind } = extractor;
    const words = interest.get(kind)!;
    let extract = loaded.get(extractor);
    if (!extract) {
      extract = await extractor.load();
      loaded.set(extractor, extract);
    }
    const { data, problems = [] } = extractSafely(() =>
      extract({ path: file.path, text: content.text, words: words === true ? [] : words }),
    );
    if (data !== undefined) {
      const entry = { path: file.path, zone: file.zone, blob: content.blob, data };
      const store = stores.get(kind);
      if (store) store.push(entry);
      else stores.set(kind, [entry]);
    }
    const read = data !== undefined;
    const report = () => note(file.path, content, kind, problems, read);
    const isBroken = problems.some(({ tolerated }) => !tolerated);
    if (isBroken && kind === 'program' && shown.test(file.path)) snippets.push({ path: file.path, report });
    else report();
  };

  const note = (
    path: string,
    content: FileText,
    kind: FactKind,
    problems: readonly ParseProblem[],
    understood: boolean,
  ): void => {
    const lost = problems.find((problem) => !problem.tolerated);
    for (const problem of problems) notifications.push(notificationOf(path, content, kind, problem));
    if (!lost && (understood || problems.length === 0)) return;
    brokenByKind.set(kind, (brokenByKind.get(kind) ?? 0) + 1);
    for (const check of options.checks) {
      const need = check.needs[kind];
      if (need !== true && !need?.some((word) => content.text.includes(word))) continue;
      const entry = { path, kind, reason: (lost ?? problems[0]!).message };
      broken.set(check.id, [...(broken.get(check.id) ?? []), entry]);
    }
  };

  /** Files without a word of interest that those with one may refer to. */
  const neighbours = new Map<Extractor, SourceFile[]>();
  const hit = new Set<Extractor>();
  const bundles: string[] = [];
  for (const file of workspace.files) {
    for (const extractor of wanted) {
      const { kind } = extractor;
      const inZone = options.zones.has(file.zone) || extractor.zones?.includes(file.zone);
      if (!inZone && !extractor.anywhere?.(file.path)) continue;
      if (extractor.costly && !options.asked.has(file.zone)) continue;
      if (!extractor.accepts(file.path) || !(options.focus?.(file, kind) ?? true)) continue;
      const content = workspace.read(file.path);
      if (!content) break;
      readPaths.add(file.path);
      if (!(extractor.recognises?.(file.path, content.text) ?? true)) {
        if (kind === 'program') bundles.push(file.path);
        continue;
      }
      const words = interest.get(kind)!;
      if (words === true || words.some((word) => content.text.includes(word))) {
        hit.add(extractor);
        await extractFile(file, extractor, content);
      } else if (extractor.whole) {
        const files = neighbours.get(extractor);
        if (files) files.push(file);
        else neighbours.set(extractor, [file]);
      }
    }
  }
  if (bundles.length > 0) notifications.push(skipped(bundles, 'bundle'));
  for (const [extractor, files] of neighbours) {
    if (!hit.has(extractor)) continue;
    for (const file of files) {
      const content = workspace.read(file.path);
      if (content) await extractFile(file, extractor, content);
    }
    stores.get(extractor.kind)?.sort((a, b) => compare(a.path, b.path));
    notifications.sort((a, b) => compare(a.path ?? '', b.path ?? ''));
  }
  if (snippets.length > 0) {
    const imported = importedModules(factsOf(workspace.files, stores));
    const isRun = (path: string): boolean => imported.has(moduleOf(path));
    const left = snippets.flatMap(({ path }) => (isRun(path) ? [] : [path]));
    const folders = new Set(left.map(folderOf));
    const programs = stores.get('program') ?? [];
    // What lies beside a piece of code and can be read is another piece.
    const beside = programs.filter(({ path }) => folders.has(folderOf(path)) && !isRun(path));
    const read = programs.filter((one) => !beside.includes(one));
    if (read.length > 0) stores.set('program', read);
    else stores.delete('program');
    for (const { path, report } of snippets) if (isRun(path)) report();
    const all = [...new Set([...left, ...beside.map(({ path }) => path)])].sort(compare);
    if (left.length > 0) notifications.push(skipped(all, 'snippet'));
  }
  const found = factsOf(workspace.files, stores, options.repository);
  const opened = interest.has('dependencies') ? await options.advisories?.(found) : undefined;
  notifications.push(...(opened?.notifications ?? []));
  return {
    facts: opened ? factsOf(workspace.files, stores, options.repository, opened.advisories) : found,
    notifications,
    broken,
    read: readPaths.size,
    kinds: [...stores.keys()].sort().map((kind) => ({
      kind,
      files: stores.get(kind)!.length,
      broken: brokenByKind.get(kind) ?? 0,
    })),
  };
}

/** Folders of what a program shows, sends or copies, and does not run itself. */
const shown =
  /(?:^|\/)(?:static|public|assets|snippets?|templates?|scaffold(?:s|ing)?|boilerplates?|skeletons?|stubs)\//i;

function moduleOf(path: string): string {
  return path.replace(/(?:\/(?:index|__init__))?\.\w+$/, '');
}

/** Modules of the repository that some program imports, as paths without ending. */
function importedModules(facts: Facts): ReadonlySet<string> {
  const names = facts.of('program').flatMap(({ data }) =>
    data.imports.flatMap(({ name, member }) => {
      const path = name.startsWith('/') ? name.slice(1) : name.replaceAll('.', '/');
      return member === undefined ? [path] : [path, path.slice(0, -member.length - 1)];
    }),
  );
  return new Set(names);
}

/** Programs that a tool wrote, and pieces of code that are data, are left out, and their number is told. */
function skipped(paths: readonly string[], what: 'bundle' | 'snippet'): Notification {
  const some = paths.slice(0, 3).join(', ');
  const one = what === 'bundle' ? 'minified or generated script' : 'piece of code that is shown or copied, and not run';
  const many = what === 'bundle' ? `${one}s` : 'pieces of code that are shown or copied, and not run';
  const files = paths.length === 1 ? `1 ${one}` : `${paths.length} ${many}`;
  return { kind: 'limit', level: 'note', message: `Not read: ${files} (${some}${paths.length > 3 ? ', ...' : ''}).` };
}

function interestOf(checks: readonly Check[], extractors: readonly Extractor[]): Interest {
  const interest: Interest = new Map();
  const ask = (needs: Needs): void => {
    for (const [kind, words] of Object.entries(needs) as [FactKind, true | readonly string[]][]) {
      const known = interest.get(kind);
      if (known === true || words === true) interest.set(kind, true);
      else interest.set(kind, [...new Set([...(known ?? []), ...words])]);
    }
  };
  for (const check of checks) {
    ask(check.needs);
    ask(check.evidence ?? {});
  }
  for (const { kind, companions } of extractors) if (companions && interest.has(kind)) ask(companions);
  return interest;
}

/** A crash of an extractor is our bug, but never the end of the run. */
function extractSafely<T>(extract: () => Extracted<T>): Extracted<T> {
  try {
    return extract();
  } catch (error) {
    const reason = error instanceof RangeError ? 'nested too deeply' : `parser failed: ${(error as Error).message}`;
    return { problems: [{ message: reason, span: { start: 0, end: 0 } }] };
  }
}

function notificationOf(
  path: string,
  content: FileText,
  kind: FactKind,
  problem: NonNullable<Extracted<unknown>['problems']>[number],
): Notification {
  const { line } = new Lines(content.text).position(problem.span.start);
  const reason = problem.message.replace(/\.$/, '');
  return {
    kind: 'unparsable',
    level: problem.tolerated ? 'note' : 'warning',
    path,
    line,
    message: problem.tolerated
      ? `Read as ${kind}, with one thing tolerated: ${reason}.`
      : `Could not read this as ${kind}: ${reason}. What depends on it is not assessed.`,
  };
}

function factsOf(
  files: readonly SourceFile[],
  stores: ReadonlyMap<FactKind, readonly FileFacts<unknown>[]>,
  repository?: string,
  advisories?: Advisories,
): Facts {
  const paths = new Set(files.map((file) => file.path));
  const linked = new Map<unknown, unknown>();
  const facts: Facts = {
    files,
    ...(repository === undefined ? {} : { repository }),
    ...(advisories ? { advisories } : {}),
    has: (path) => paths.has(path),
    of: <K extends FactKind>(kind: K) => (stores.get(kind) ?? []) as readonly FileFacts<FactTypes[K]>[],
    linked: <T>(build: (facts: Facts) => T): T => {
      if (!linked.has(build)) linked.set(build, build(facts));
      return linked.get(build) as T;
    },
  };
  return facts;
}
