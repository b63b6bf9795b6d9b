/** Knows what configurations of skaffold deploy: manifests, kustomizations and releases of charts. */
import type { KubeObject } from '../kubernetes.ts';
import { folderOf, joinPath } from '../paths.ts';
import { at, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { namesTrial } from './trials.ts';

/** A configuration as it stands, or what one of its profiles puts in its place. */
export interface SkaffoldPart {
  /** Files and patterns for them, and folders of kustomizations. */
  readonly manifests: readonly string[];
  /** Where they go when they do not say. */
  readonly namespace?: string;
  /** Releases of charts as they are written. */
  readonly releases: readonly YamlNode[];
}

/** Empty for other objects. Profiles for developers and tests are left out. */
export function skaffoldParts({ apiVersion, body }: KubeObject, path: string): SkaffoldPart[] {
  if (!apiVersion.startsWith('skaffold/')) return [];
  const folder = folderOf(path);
  const shared = namespaceOf(body);
  const profiles = itemsOf(at(body, 'profiles')).filter((one) => !namesTrial(textOf(at(one, 'name')) ?? ''));
  return [body, ...profiles].flatMap((part): SkaffoldPart[] => {
    const texts = [
      at(part, 'manifests', 'rawYaml'),
      at(part, 'deploy', 'kubectl', 'manifests'),
      at(part, 'manifests', 'kustomize', 'paths'),
      at(part, 'deploy', 'kustomize', 'paths'),
    ].flatMap((list) => itemsOf(list).flatMap((node) => textOf(node) ?? []));
    const whole = at(part, 'deploy', 'kustomize', 'path');
    const manifests = [...texts, ...(textOf(whole) === undefined ? [] : [textOf(whole)!])].flatMap(
      (text) => joinPath(folder, text) ?? [],
    );
    const releases = [
      ...itemsOf(at(part, 'manifests', 'helm', 'releases')),
      ...itemsOf(at(part, 'deploy', 'helm', 'releases')),
    ];
    const namespace = namespaceOf(part) ?? shared;
    if (manifests.length === 0 && releases.length === 0) return [];
    return [{ manifests, releases, ...(namespace === undefined ? {} : { namespace }) }];
  });
}

function namespaceOf(part: YamlNode): string | undefined {
  const kubectl = at(part, 'deploy', 'kubectl');
  const flags = ['global', 'apply'].flatMap((key) =>
    itemsOf(at(kubectl, 'flags', key)).flatMap((node) => textOf(node) ?? []),
  );
  const flag = /(?:^| )(?:-n|--namespace)[= ](\S+)/.exec(flags.join(' '))?.[1];
  const name = flag ?? textOf(at(kubectl, 'defaultNamespace'));
  return name?.includes('{{') ? undefined : name;
}
