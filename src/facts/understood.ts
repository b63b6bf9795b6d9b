/** Knows how much of a repository's YAML and of its templates was understood, by what the files are, and why some was not. */
import type { Collected } from './collect.ts';
import type { FactKind, Facts } from './facts.ts';
import { linkHelm } from './helm.ts';
import { linkKustomize } from './kustomize.ts';
import type { Workspace, Zone } from './workspace.ts';
import { yamlReader } from './yaml.ts';

export interface Understood {
  /** What the files are: "Kubernetes", "Helm template", "other YAML". */
  readonly what: string;
  readonly files: number;
  readonly lost: readonly { readonly path: string; readonly reason: string }[];
}

/** Facts that `understood` needs, as a check would ask for them. */
export const understoodNeeds = {
  chart: true,
  kubernetes: true,
  compose: true,
  workflow: true,
  otherci: true,
  cloudformation: true,
  ecs: true,
  hooks: true,
  webserver: true,
  dockerfile: true,
  terraform: true,
  script: true,
} as const satisfies Partial<Record<FactKind, true>>;

const NAMES: readonly (readonly [FactKind, string])[] = [
  ['workflow', 'CI pipeline'],
  ['otherci', 'CI pipeline'],
  ['compose', 'compose'],
  ['kubernetes', 'Kubernetes'],
  ['cloudformation', 'CloudFormation'],
  ['hooks', 'commit hooks'],
  ['webserver', 'web server'],
  ['chart', 'Helm values and metadata'],
];

/**
 * All YAML and template files of the read zones, by what they are. `broken` are the files no parser could fully read.
 * YAML of no kind that anything here knows counts as understood when it is valid YAML.
 */
export function understood(
  workspace: Workspace,
  facts: Facts,
  broken: readonly { readonly path: string; readonly reason: string }[],
  zones: ReadonlySet<Zone>,
): readonly Understood[] {
  const read = yamlReader();
  const kinds = new Map<string, string>();
  for (const [kind, name] of NAMES)
    for (const { path, data } of facts.of(kind)) {
      const template = kind === 'chart' && 'role' in data && data.role === 'template';
      if (template || !kinds.has(path)) kinds.set(path, template ? 'Helm template' : name);
    }
  const reasons = new Map(broken.map(({ path, reason }) => [path, reason]));
  const { charts } = facts.linked(linkHelm);
  const failures = charts
    .flatMap(({ environments }) => environments.flatMap(({ files }) => files))
    .flatMap((file) => file.failures)
    .filter(({ asked }) => !asked);
  for (const { path, reason } of [...facts.linked(linkKustomize).broken, ...failures]) reasons.set(path, reason);
  const groups = new Map<string, { files: number; lost: { path: string; reason: string }[] }>();
  for (const { path, zone } of workspace.files) {
    const yaml = /\.ya?ml$/i.test(path);
    if (!zones.has(zone) || !(yaml || kinds.get(path) === 'Helm template')) continue;
    const text = workspace.read(path)?.text;
    if (text === undefined) continue;
    const what = kinds.get(path) ?? 'other YAML';
    let reason = reasons.get(path);
    if (what === 'other YAML' && reason === undefined)
      reason = read(text).problems.find(({ tolerated }) => !tolerated)?.message;
    const group = groups.get(what) ?? { files: 0, lost: [] };
    groups.set(what, group);
    group.files++;
    if (reason !== undefined) group.lost.push({ path, reason });
  }
  return [...groups].map(([what, group]) => ({ what, ...group })).sort((a, b) => (a.what < b.what ? -1 : 1));
}

/** "98.4 %" of files, never rounded up. */
export function shareOf(files: number, lost: number): string {
  return `${files === 0 ? 100 : Math.floor(((files - lost) * 1000) / files) / 10} %`;
}

/** Kinds of files that are no YAML, with how many were read and how many of them not fully. */
export function otherKinds({ kinds }: Collected): Collected['kinds'] {
  return kinds.filter(
    ({ kind }) => kind === 'dockerfile' || kind === 'terraform' || kind === 'script' || kind === 'webserver',
  );
}
