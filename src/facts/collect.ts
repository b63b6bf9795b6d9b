/** Knows how to turn a workspace into facts: which files to read, which parser to load, what to do when one fails. */
import type { Check } from '../check.ts';
import type { Notification } from '../problem.ts';
import type { Extracted, Extractor, FactKind, Facts, FactTypes, FileFacts } from './facts.ts';
import type { Advisories } from './packages/advisory.ts';
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
    const lost = problems.find((problem) => !problem.tolerated);
    for (const problem of problems) notifications.push(notificationOf(file.path, content, kind, problem));
    if (lost || (data === undefined && problems.length > 0)) {
      brokenByKind.set(kind, (brokenByKind.get(kind) ?? 0) + 1);
      for (const check of options.checks) {
        const need = check.needs[kind];
        if (need !== true && !need?.some((word) => content.text.includes(word))) continue;
        const entry = { path: file.path, kind, reason: (lost ?? problems[0]!).message };
        broken.set(check.id, [...(broken.get(check.id) ?? []), entry]);
      }
    }
  };

  /** Files without a word of interest that those with one may refer to. */
  const neighbours = new Map<Extractor, SourceFile[]>();
  const hit = new Set<Extractor>();
  const bundles: string[] = [];
  for (const file of workspace.files) {
    for (const extractor of wanted) {
      const { kind } = extractor;
      if (!options.zones.has(file.zone) && !extractor.zones?.includes(file.zone)) continue;
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
  if (bundles.length > 0) notifications.push(skippedBundles(bundles));
  for (const [extractor, files] of neighbours) {
    if (!hit.has(extractor)) continue;
    for (const file of files) {
      const content = workspace.read(file.path);
      if (content) await extractFile(file, extractor, content);
    }
    stores.get(extractor.kind)?.sort((a, b) => compare(a.path, b.path));
    notifications.sort((a, b) => compare(a.path ?? '', b.path ?? ''));
  }
  const found = factsOf(workspace.files, stores);
  const opened = interest.has('dependencies') ? await options.advisories?.(found) : undefined;
  notifications.push(...(opened?.notifications ?? []));
  return {
    facts: opened ? factsOf(workspace.files, stores, opened.advisories) : found,
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

/** Programs that a tool wrote are left out, and their number is told. */
function skippedBundles(paths: readonly string[]): Notification {
  const some = paths.slice(0, 3).join(', ');
  const files = paths.length === 1 ? '1 minified or generated script' : `${paths.length} minified or generated scripts`;
  return { kind: 'limit', level: 'note', message: `Not read: ${files} (${some}${paths.length > 3 ? ', ...' : ''}).` };
}

function interestOf(checks: readonly Check[], extractors: readonly Extractor[]): Interest {
  const interest: Interest = new Map();
  for (const check of checks) {
    const needs = [...Object.entries(check.needs), ...Object.entries(check.evidence ?? {})];
    for (const [kind, words] of needs as [FactKind, true | readonly string[]][]) {
      const known = interest.get(kind);
      if (known === true || words === true) interest.set(kind, true);
      else interest.set(kind, [...new Set([...(known ?? []), ...words])]);
    }
  }
  for (const { kind, companions = [] } of extractors)
    if (interest.has(kind)) for (const companion of companions) interest.set(companion, true);
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
  advisories?: Advisories,
): Facts {
  const paths = new Set(files.map((file) => file.path));
  const linked = new Map<unknown, unknown>();
  const facts: Facts = {
    files,
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
