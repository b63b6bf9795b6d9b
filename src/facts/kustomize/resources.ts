/** Knows the objects of a kustomize build with the names they had on the way, and how selectors find them. */
import { compile } from '../helm/regex.ts';
import { TemplateError } from '../helm/value.ts';
import { type KubeObject, objectsOf } from '../kubernetes.ts';
import { at, entriesOf, textOf, type YamlMap, type YamlNode } from '../yaml.ts';

export interface Id {
  readonly kind: string;
  readonly group: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

export interface Resource {
  readonly object: KubeObject;
  /** What it was called before, the first name first: patches and references may still use it. */
  readonly before: readonly Id[];
  /** Prefixes and suffixes it was given. */
  readonly affixes: readonly string[];
  /** Made by a generator of this kustomization: it is not emitted, but references and replacements read it. */
  readonly generated?: true;
}

function idOf({ kind, name = '', namespace, apiVersion }: KubeObject): Id {
  return { kind, name, namespace, group: groupOf(apiVersion) };
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** All ids, the present one last. */
export function idsOf({ before, object }: Resource): Id[] {
  return [...before, idOf(object)];
}

/** The resource with another body; where that gives it another name, the old one stays known. */
export function withBody(resource: Resource, body: YamlMap): Resource {
  if (body === resource.object.body) return resource;
  const [read] = objectsOf(body);
  if (!read) return { ...resource, object: { ...resource.object, body } };
  const { name: oldName, namespace: oldNamespace, ...object } = resource.object;
  const { apiVersion, kind, name, namespace } = read;
  const same = name === oldName && namespace === oldNamespace && kind === object.kind;
  return {
    ...resource,
    ...(same ? {} : { before: idsOf(resource) }),
    object: {
      ...object,
      apiVersion,
      kind,
      body,
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
    },
  };
}

/** Groups of Kubernetes itself: only of their kinds does kustomize know which lists have keys. */
export function isBuiltin(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return !group.includes('.') || /\.k8s\.io$/.test(group);
}

const CLUSTER_WIDE =
  /^(?:Namespace|Node|PersistentVolume|ClusterRole|ClusterRoleBinding|CustomResourceDefinition|StorageClass|PriorityClass|IngressClass|RuntimeClass|APIService|CSIDriver|CSINode|VolumeAttachment|CertificateSigningRequest|FlowSchema|PriorityLevelConfiguration|ValidatingAdmissionPolicy(?:Binding)?|.*WebhookConfiguration|GlobalNetworkPolicy|CiliumClusterwideNetworkPolicy|(?:Baseline)?AdminNetworkPolicy|ClusterNetworkPolicy|ClusterGroup|ClusterPolicy|Tier|ClusterIssuer|ClusterSecretStore|PodSecurityPolicy)$/;

export function isClusterWide(kind: string): boolean {
  return CLUSTER_WIDE.test(kind);
}

/** The object a patch without a target names. */
export function named(objects: readonly Resource[], patch: KubeObject): Resource | undefined {
  const wanted = idOf(patch);
  const same = (id: Id) =>
    id.kind === wanted.kind &&
    id.group === wanted.group &&
    id.name === wanted.name &&
    (id.namespace ?? 'default') === (wanted.namespace ?? 'default');
  const loose = (id: Id) => id.kind === wanted.kind && id.group === wanted.group && id.name === wanted.name;
  const now = objects.filter(({ object }) => same(idOf(object)));
  if (now.length === 1) return now[0];
  const ever = objects.filter((one) => idsOf(one).some(same));
  if (ever.length > 0) return ever[0];
  // The namespace of a patch is often left out or that of another overlay.
  const near = objects.filter((one) => idsOf(one).some(loose));
  return near.length === 1 && wanted.namespace === undefined ? near[0] : undefined;
}

/** What `target:` of a patch chooses: names are regular expressions. */
export function targeted(target: YamlNode): (resource: Resource) => boolean {
  const wanted = (key: string) => textOf(at(target, key));
  const [kind, name, namespace, group, version] = ['kind', 'name', 'namespace', 'group', 'version'].map(wanted);
  const names = whole(name);
  const spaces = whole(namespace);
  const labels = labelTest(wanted('labelSelector'));
  const notes = labelTest(wanted('annotationSelector'));
  const [kinds, groups, versions] = [whole(kind), whole(group), whole(version)];
  return (resource) => {
    const { object } = resource;
    const ids = idsOf(resource);
    const [first, now] = [ids[0]!, ids.at(-1)!];
    return (
      kinds(object.kind) &&
      groups(now.group) &&
      versions(object.apiVersion.slice(object.apiVersion.indexOf('/') + 1)) &&
      (names(first.name) || names(now.name)) &&
      (spaces(first.namespace ?? 'default') || spaces(now.namespace ?? 'default')) &&
      labels(at(object.body, 'metadata', 'labels')) &&
      notes(at(object.body, 'metadata', 'annotations'))
    );
  };
}

/** What `select` and `source` of a replacement choose: names are plain, any name it ever had counts. */
export function selected(select: YamlNode | undefined): (resource: Resource) => boolean {
  const wanted = (key: string) => textOf(at(select, key)) || undefined;
  const [kind, name, namespace, group, version] = ['kind', 'name', 'namespace', 'group', 'version'].map(wanted);
  const fits = (pattern: string | undefined, value: string) => pattern === undefined || pattern === value;
  const labels = labelTest(wanted('labelSelector'));
  const notes = labelTest(wanted('annotationSelector'));
  return (resource) =>
    fits(version, resource.object.apiVersion.slice(resource.object.apiVersion.indexOf('/') + 1)) &&
    labels(at(resource.object.body, 'metadata', 'labels')) &&
    notes(at(resource.object.body, 'metadata', 'annotations')) &&
    idsOf(resource).some(
      (id) =>
        fits(kind, id.kind) &&
        fits(group, id.group) &&
        fits(name, id.name) &&
        fits(namespace, id.namespace ?? 'default'),
    );
}

/** A test for a pattern that must match the whole text; without a pattern everything fits. */
function whole(pattern: string | undefined): (text: string) => boolean {
  if (pattern === undefined || pattern === '') return () => true;
  if (/^[\w-]+$/.test(pattern)) return (text) => text === pattern;
  try {
    const compiled = compile(`^(?:${pattern})$`);
    return (text) => compiled.matches(text, 1).length > 0;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return () => false;
  }
}

/** A label selector in its text form: `a=b,c!=d,e in (f,g),!h`. */
function labelTest(selector: string | undefined): (labels: YamlNode | undefined) => boolean {
  const parts = (selector ?? '').split(/,(?![^(]*\))/).map((part) => part.trim());
  return (labels) => {
    const have = new Map(entriesOf(labels).map(({ key, value }) => [key, textOf(value) ?? '']));
    return parts.every((part) => {
      const [, negated, key = '', operator = '', right = ''] =
        /^(!?)\s*([\w./-]*)\s*(!=|==?|\bnotin\b|\bin\b|)\s*(.*)$/s.exec(part) ?? [];
      if (key === '') return true;
      if (operator === '') return have.has(key) !== (negated === '!');
      const values = right
        .replace(/^\(|\)$/g, '')
        .split(',')
        .map((value) => value.trim());
      const fits = have.has(key) && values.includes(have.get(key)!);
      return operator === '!=' || operator === 'notin' ? !fits : fits;
    });
  };
}
