/** Knows what configurations of skaffold build and deploy: images, manifests, kustomizations and releases of charts. */
import type { KubeObject } from '../kubernetes.ts';
import { folderOf, joinPath } from '../paths.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
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

/** An image that is built; manifests and charts name it, and get what was built in its place. */
export interface SkaffoldArtifact {
  readonly image: string;
  /** Path of the Dockerfile it is built from, unless another tool builds it. */
  readonly dockerfile?: string;
  /** Images it is built upon, by the build argument that names them. */
  readonly bases: readonly { readonly argument: string; readonly image: string }[];
}

/** Those of its profiles as well; empty for other objects. */
export function skaffoldArtifacts({ apiVersion, body }: KubeObject, path: string): SkaffoldArtifact[] {
  if (!apiVersion.startsWith('skaffold/')) return [];
  const profiles = itemsOf(at(body, 'profiles'));
  const patched = profiles.flatMap((one) => itemsOf(at(one, 'patches')).flatMap((patch) => at(patch, 'value') ?? []));
  const listed = [body, ...profiles].flatMap((part) => itemsOf(at(part, 'build', 'artifacts')));
  return [...listed, ...patched].flatMap((artifact): SkaffoldArtifact[] => {
    const image = textOf(at(artifact, 'image'));
    if (image === undefined) return [];
    const context = joinPath(folderOf(path), textOf(at(artifact, 'context')) ?? '.');
    const other = entriesOf(artifact).some(({ key }) => OTHER_BUILDERS.has(key));
    const name = textOf(at(artifact, 'docker', 'dockerfile')) ?? 'Dockerfile';
    const dockerfile = context === undefined || other ? undefined : joinPath(context, name);
    const bases = itemsOf(at(artifact, 'requires')).flatMap((base) => {
      const named = textOf(at(base, 'image'));
      return named === undefined ? [] : [{ image: named, argument: textOf(at(base, 'alias')) ?? variableName(named) }];
    });
    return [{ image, bases, ...(dockerfile === undefined ? {} : { dockerfile }) }];
  });
}

const OTHER_BUILDERS: ReadonlySet<string> = new Set([
  'bazel',
  'buildpacks',
  'custom',
  'jib',
  'jibGradle',
  'jibMaven',
  'ko',
]);

/** The image as part of the name of a variable. */
function variableName(image: string): string {
  return image.replace(/[^A-Za-z0-9]/g, '_');
}

/**
 * A template of a value, filled in: `{{.IMAGE_REPO_shop}}` is the name of the artifact, its tag and digest are there
 * only once it is built. Other fields stay `${field}`.
 */
export function filledIn(template: string, images: readonly string[]): string {
  return template.replace(/\{\{([^}]*)\}\}/g, (_, field: string) => {
    const [, part, rest] =
      /^\s*-?\s*\.IMAGE_(FULLY_QUALIFIED|REPO_NO_DOMAIN|REPO|NAME|DOMAIN|TAG|DIGEST(?:_HEX|_ALGO)?)(?:_?(\w+))?[\s-]*$/.exec(
        field,
      ) ?? [];
    if (part === undefined) return '${field}';
    if (part === 'TAG') return 'built';
    if (part.startsWith('DIGEST')) return 'sha256';
    const image =
      rest === undefined ? images[0] : (images.find((one) => variableName(one) === rest) ?? images[Number(rest) - 1]);
    if (image === undefined) return '${field}';
    const slash = image.indexOf('/');
    const domain = /[.:]/.test(image.slice(0, Math.max(0, slash))) ? slash : -1;
    if (part === 'DOMAIN') return domain < 0 ? 'docker.io' : image.slice(0, domain);
    return part === 'REPO_NO_DOMAIN' ? image.slice(domain + 1) : image;
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
