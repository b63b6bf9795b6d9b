/** Knows container image references: their parts, and whether a digest pins them. */

export interface ImageRef {
  /** Host and port; absent for Docker Hub. */
  readonly registry?: string;
  /** Path without registry, tag and digest: "library/nginx", "team/app". */
  readonly repository: string;
  readonly tag?: string;
  /** What stands after the "@", valid or not. */
  readonly digest?: string;
}

const HOST = /^(?:localhost|[^/]*[.:][^/]*)$/;

/** Parts of an image reference, or undefined when the text cannot be one (blanks, variables, templates left in it). */
export function parseImage(text: string): ImageRef | undefined {
  const match = /^([^\s@$<>{}"'`\\]+?)(?:@([^\s@$<>{}"'`\\]*))?$/.exec(text.trim());
  if (!match) return undefined;
  let rest = match[1]!;
  const slash = rest.indexOf('/');
  const host = slash > 0 ? rest.slice(0, slash) : '';
  const registry = HOST.test(host) ? host : undefined;
  if (registry !== undefined) rest = rest.slice(slash + 1);
  const colon = rest.lastIndexOf(':');
  const tagged = colon > rest.lastIndexOf('/');
  const repository = tagged ? rest.slice(0, colon) : rest;
  if (repository === '') return undefined;
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tagged ? { tag: rest.slice(colon + 1) } : {}),
    ...(match[2] === undefined ? {} : { digest: match[2] }),
  };
}

/** `absent`: no digest; `invalid`: not a digest at all; `placeholder`: has the form, but no image can have it. */
export function digestState(image: ImageRef): 'valid' | 'absent' | 'invalid' | 'placeholder' {
  if (image.digest === undefined) return 'absent';
  const match = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.exec(image.digest);
  if (!match) return 'invalid';
  return isPlaceholderHex(image.digest.slice(7)) ? 'placeholder' : 'valid';
}

/** True for hex text nobody's hash function gave: few different digits, or a short sequence over and over. */
export function isPlaceholderHex(hex: string): boolean {
  if (new Set(hex).size < 8) return true;
  for (let period = 1; period <= 16; period++) {
    if (hex.startsWith(hex.slice(period))) return true;
    let same = true;
    for (let i = period; same && i < hex.length; i++) same = hex[i] === hex[i - period];
    if (same) return true;
  }
  return false;
}

/** Registry and repository in one spelling: Docker Hub's two host names and its "library/" are left out. */
export function imageName(image: ImageRef): string {
  const hub = image.registry === undefined || /^(?:index\.)?docker\.io$/.test(image.registry);
  const name = hub ? image.repository.replace(/^library\//, '') : `${image.registry}/${image.repository}`;
  return name.toLowerCase();
}

/** The name as written, without tag and digest. */
export function untagged({ registry, repository }: ImageRef): string {
  return registry === undefined ? repository : `${registry}/${repository}`;
}

/** Last part of the name: "registry.example/team/app:1" gives "app". */
export function shortName(image: ImageRef): string {
  return image.repository.slice(image.repository.lastIndexOf('/') + 1).toLowerCase();
}

/** Words of tags that follow a line of releases, and of those that choose an edition of whatever is newest. */
const VERSIONLESS = new Set(
  (
    'latest main master trunk head edge nightly canary dev devel develop unstable testing stable mainline current lts ' +
    'rolling next preview snapshot alpha beta rc release staging stage prod production qa uat ' +
    'alpine slim dind cli git rootless windowsservercore nanoserver apache fpm zts jdk jre perl otel management debug nonroot full minimal'
  ).split(' '),
);

/** True for tags that are meant to point to another image tomorrow, because they name no version, and for none at all. */
export function moves({ tag = '' }: ImageRef): boolean {
  return tag === '' || tag.split(/[-_.]/).every((word) => VERSIONLESS.has(word));
}

/** True where the tag is for a deployment to replace: "app:REPLACE_WITH_SHA", "app:__TAG__". */
export function holdsPlaceholder({ tag = '' }: ImageRef): boolean {
  return (
    /(?:^|[^A-Za-z])(?:REPLACE|PLACEHOLDER|CHANGE_?ME|TODO|YOUR)(?:[^a-z]|$)/.test(tag) ||
    /__[A-Z]|^(?:IMAGE_)?(?:TAG|VERSION)$/.test(tag)
  );
}
