/** Knows the tree that the next commit would have, read from git's index, and which of its files a staged scan needs. */
import { basename } from 'node:path';
import type { Check } from '../check.ts';
import type { Extractor, FactKind } from './facts.ts';
import { indexEntries, readObjects, stagedPaths } from './git.ts';
import { openFiles, type SourceFile, type Workspace, type WorkspaceOptions } from './workspace.ts';

export interface StagedTree {
  readonly workspace: Workspace;
  /** Staged paths, relative to the root. */
  readonly touched: ReadonlySet<string>;
  /** Staged files, and those of other kinds that a check joins with them. */
  readonly focus: (file: SourceFile, kind: FactKind) => boolean;
}

/**
 * The index of the work tree around `root`, with the contents of the files that matter; undefined without git. Blobs come
 * from the object store, so a partly staged file is judged as it will be committed, whatever the work tree says.
 */
export function openStaged(
  root: string,
  options: WorkspaceOptions,
  checks: readonly Check[],
  extractors: readonly Extractor[],
): StagedTree | undefined {
  const staged = stagedPaths(root);
  const entries = staged && indexEntries(root);
  if (!entries) return undefined;
  const touched = new Set(staged.filter((path) => entries.has(path) && options.select(path)));
  const context = contextKinds([...touched], checks, extractors);
  const wanted = [...entries].filter(
    ([path]) =>
      touched.has(path) ||
      extractors.some((extractor) => context.has(extractor.kind) && options.select(path) && extractor.accepts(path)),
  );
  const objects = readObjects(
    root,
    wanted.map(([, id]) => id),
  );
  const files = new Map<string, Uint8Array>();
  for (const [path, id] of entries) files.set(path, objects.get(id) ?? new Uint8Array());
  const loaded = new Set(wanted.map(([path]) => path));
  return {
    workspace: openFiles(basename(root), files, options),
    touched,
    focus: (file, kind) => touched.has(file.path) || (loaded.has(file.path) && context.has(kind)),
  };
}

/**
 * Kinds that checks of the touched files join with: a Dockerfile's health check may stand in a compose file. Programs are
 * left out, because reading all of them would make a commit wait; a name that cannot be resolved is unknown, never a pass.
 */
function contextKinds(
  touched: readonly string[],
  checks: readonly Check[],
  extractors: readonly Extractor[],
): Set<FactKind> {
  const kinds = new Set<FactKind>();
  for (const extractor of extractors) if (touched.some((path) => extractor.accepts(path))) kinds.add(extractor.kind);
  const context = new Set<FactKind>();
  for (const check of checks) {
    const needs = Object.keys(check.needs) as FactKind[];
    if (!needs.some((kind) => kinds.has(kind))) continue;
    for (const kind of [...needs, ...(Object.keys(check.evidence ?? {}) as FactKind[])])
      if (kind !== 'program') context.add(kind);
  }
  return context;
}
