/** Knows vendored manifests that a kustomization of the repository itself deploys: they are as good as its own. */

import { folderOf, joinPath } from './paths.ts';
import type { FileText, SourceFile } from './workspace.ts';

const KUSTOMIZATION = /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/;

/** Paths of vendored files that kustomizations of production name, directly or through vendored ones. */
export function includedFiles(
  files: readonly SourceFile[],
  read: (path: string) => FileText | undefined,
): ReadonlySet<string> {
  const found = new Set<string>();
  const vendored = new Set(files.flatMap(({ path, zone }) => (zone === 'vendored' ? path : [])));
  if (vendored.size === 0) return found;
  const foreign = new Map([...vendored].flatMap((path) => (KUSTOMIZATION.test(path) ? [[folderOf(path), path]] : [])));
  const open = files.flatMap(({ path, zone }) => (zone === 'production' && KUSTOMIZATION.test(path) ? path : []));
  for (const path of open) {
    // Whatever names something of the tree is a reference: resources, patches, files of generators.
    for (const word of (read(path)?.text ?? '').replace(/(?:^|\s)#.*/g, '').split(/[\s,[\]{}"'=]+/)) {
      const target = word === '' ? undefined : joinPath(folderOf(path), word);
      const next = target === undefined ? undefined : vendored.has(target) ? target : foreign.get(target);
      if (next === undefined || found.has(next)) continue;
      found.add(next);
      if (KUSTOMIZATION.test(next)) open.push(next);
    }
  }
  return found;
}
