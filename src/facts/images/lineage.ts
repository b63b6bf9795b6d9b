/** Knows what an image is built from across Dockerfiles, and which of its scripts the repository has. */

import { linkCompose } from '../compose.ts';
import type { Dockerfile, Stage } from '../dockerfile.ts';
import type { Facts, FileFacts } from '../facts.ts';
import { parseImage } from '../images.ts';
import { fileName, folderOf } from '../paths.ts';
import { lineage } from '../service-image.ts';
import type { Statement } from '../shell.ts';
import { builderOf, linkBuiltImages } from './built.ts';

export interface Lineage {
  /** The stage and those it is built from, nearest first, through other Dockerfiles of the repository as well. */
  readonly chain: readonly Stage[];
  /** Another Dockerfile builds upon its image. */
  readonly base: boolean;
  /** Where in the chain the stages of another Dockerfile begin. */
  readonly outer?: number;
}

/** Gives the lineage of a stage. A pure join: use through `facts.linked`. */
export function linkLineages(facts: Facts): (file: FileFacts<Dockerfile>, stage: Stage) => Lineage {
  const built = facts.linked(linkBuiltImages);
  const files = new Map(facts.of('dockerfile').map((file) => [file.path, file]));
  const contexts = namedContexts(facts);
  const baseOf = ({ image }: Stage, { path, zone }: FileFacts<Dockerfile>) => {
    const name = image.resolved ?? image.text;
    const parsed = parseImage(name);
    const named = contexts.get(`${path} ${name.toLowerCase()}`);
    const base = files.get(named ?? (parsed && builderOf(built, parsed)?.dockerfile) ?? '');
    // What an archive or a test builds is no base of what production runs.
    return base && (base.zone === 'production' || base.zone === zone) ? base : undefined;
  };
  const bases = new Set<string>();
  for (const one of files.values()) {
    for (const stage of one.data.stages) {
      const base = stage.parent === undefined ? baseOf(stage, one) : undefined;
      if (base && base.path !== one.path) bases.add(base.path);
    }
  }
  return (file, stage) => {
    const chain: Stage[] = [];
    const seen = new Set<string>();
    let next: { file: FileFacts<Dockerfile>; stage: Stage } | undefined = { file, stage };
    while (next && !seen.has(next.file.path)) {
      seen.add(next.file.path);
      chain.push(...lineage(next.file.data, next.stage));
      const base: FileFacts<Dockerfile> | undefined = baseOf(chain.at(-1)!, next.file);
      const last = base?.data.stages.at(-1);
      next = base && last ? { file: base, stage: last } : undefined;
    }
    const outer = lineage(file.data, stage).length;
    return { chain, base: bases.has(file.path), ...(outer < chain.length && { outer }) };
  };
}

/** Dockerfiles that names of FROM stand for, by Dockerfile and name: compose's `additional_contexts`. */
function namedContexts(facts: Facts): ReadonlyMap<string, string> {
  const services = facts.linked(linkCompose);
  const found = new Map<string, string>();
  for (const { build, path } of services) {
    for (const [name, value] of build?.contexts ?? []) {
      const service = /^service:(.+)$/.exec(value)?.[1];
      const base = services.find((other) => other.path === path && other.name === service)?.build?.dockerfile;
      if (base !== undefined && build?.dockerfile !== undefined) found.set(`${build.dockerfile} ${name}`, base);
    }
  }
  return found;
}

/** Gives the statements of a script by the Dockerfile and its path in the image. A pure join: use through `facts.linked`. */
export function linkImageScripts(facts: Facts): (dockerfile: string, path: string) => readonly Statement[] | undefined {
  const byName = new Map<string, FileFacts<{ readonly statements: readonly Statement[] }>[]>();
  for (const { path, zone, blob, data } of facts.of('script')) {
    if (data.type !== 'shell') continue;
    const name = fileName(path);
    const statements = data.targets.flatMap(({ recipes }) => recipes.flatMap(({ shell }) => shell.statements));
    byName.set(name, [...(byName.get(name) ?? []), { path, zone, blob, data: { statements } }]);
  }
  return (dockerfile, path) => {
    const found = byName.get(fileName(path)) ?? [];
    const folder = folderOf(dockerfile);
    const near = found.filter((one) => folder === '' || one.path.startsWith(`${folder}/`));
    // Of several below the folder the nearest one; elsewhere only one that cannot be mistaken for another.
    const nearest = near.toSorted((a, b) => a.path.length - b.path.length)[0];
    return (nearest ?? (found.length === 1 ? found[0] : undefined))?.data.statements;
  };
}
