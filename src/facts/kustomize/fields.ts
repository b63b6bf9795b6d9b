/** Knows the fields that kustomize sets in many objects at once: labels, annotations, images, replicas, replacements. */
import { at, entriesOf, itemsOf, relocate, textOf, type YamlMap, type YamlNode } from '../yaml.ts';
import { change, put, scalar } from './nodes.ts';
import { groupOf, isBuiltin, type Resource, selected, withBody } from './resources.ts';

/** Where something is set: kinds, API group if one is asked for, path; made if it is not there. */
interface Field {
  readonly kinds: RegExp;
  readonly group?: RegExp;
  readonly path: readonly string[];
  readonly made: boolean;
}

const field = (kinds: RegExp, path: string, made = true, group?: RegExp): Field => ({
  kinds,
  path: path.split('/'),
  made,
  ...(group ? { group } : {}),
});

const TEMPLATED = /^(?:ReplicationController|Deployment|ReplicaSet|DaemonSet|StatefulSet|Job)$/;
const METADATA = field(/^/, 'metadata/labels');
const TEMPLATE_LABELS: readonly Field[] = [
  field(TEMPLATED, 'spec/template/metadata/labels'),
  field(/^CronJob$/, 'spec/jobTemplate/metadata/labels'),
  field(/^CronJob$/, 'spec/jobTemplate/spec/template/metadata/labels'),
];
const CLAIMS = field(/^StatefulSet$/, 'spec/volumeClaimTemplates/metadata/labels', true, /^apps$/);
const PAIRS = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
  `affinity/${kind}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm`,
  `affinity/${kind}/requiredDuringSchedulingIgnoredDuringExecution`,
]);
const SELECTORS: readonly Field[] = [
  field(/^(?:Service|ReplicationController)$/, 'spec/selector', true, /^$/),
  field(/^(?:Deployment|ReplicaSet|DaemonSet|StatefulSet)$/, 'spec/selector/matchLabels'),
  ...[...PAIRS, 'topologySpreadConstraints'].map((path) =>
    field(/^(?:Deployment|StatefulSet)$/, `spec/template/spec/${path}/labelSelector/matchLabels`, false, /^apps$/),
  ),
  field(/^Job$/, 'spec/selector/matchLabels', false),
  field(/^CronJob$/, 'spec/jobTemplate/spec/selector/matchLabels', false),
  field(/^PodDisruptionBudget$/, 'spec/selector/matchLabels', false),
  ...['podSelector', 'ingress/from/podSelector', 'egress/to/podSelector'].map((path) =>
    field(/^NetworkPolicy$/, `spec/${path}/matchLabels`, false, /^networking\.k8s\.io$/),
  ),
];
const ANNOTATIONS: readonly Field[] = [
  field(/^/, 'metadata/annotations'),
  field(TEMPLATED, 'spec/template/metadata/annotations'),
  field(/^CronJob$/, 'spec/jobTemplate/metadata/annotations'),
  field(/^CronJob$/, 'spec/jobTemplate/spec/template/metadata/annotations'),
];

/** Sets pairs of keys and values in all fields that fit. */
function withPairs(resources: readonly Resource[], fields: readonly Field[], from: YamlNode | undefined): Resource[] {
  const pairs = entriesOf(from);
  if (pairs.length === 0) return [...resources];
  return resources.map((resource) => {
    const { kind, apiVersion } = resource.object;
    const fit = fields.filter((one) => one.kinds.test(kind) && (one.group?.test(groupOf(apiVersion)) ?? true));
    const body = fit.reduce<YamlMap>((node, one) => {
      const { path } = one;
      const made = one.made && (one !== CLAIMS || at(node, 'spec', 'volumeClaimTemplates') !== undefined);
      const set = (map: YamlNode | undefined) => {
        const start: YamlMap =
          map?.kind === 'map' ? map : { kind: 'map', entries: [], span: from!.span, ...placeOf(from!) };
        return pairs.reduce((labels, { key, value }) => put(labels, [key], value), start);
      };
      return change(node, path, set, made ? from : undefined) as YamlMap;
    }, resource.object.body);
    return withBody(resource, body);
  });
}

function placeOf(node: YamlNode): { readonly path?: string } {
  return node.path === undefined ? {} : { path: node.path };
}

/** `commonLabels` and `labels` of a kustomization; `everywhere`: those of the objects themselves, besides the fields named. */
export function withLabels(root: YamlMap, resources: readonly Resource[], everywhere = true): Resource[] {
  const common = [METADATA, ...TEMPLATE_LABELS, CLAIMS, ...SELECTORS];
  const groups = itemsOf(at(root, 'labels')).map((item) => {
    const yes = (key: string) => textOf(at(item, key)) === 'true';
    const own = itemsOf(at(item, 'fields')).flatMap((one): Field[] => {
      const path = textOf(at(one, 'path'));
      const kind = textOf(at(one, 'kind'));
      if (path === undefined) return [];
      const kinds = kind === undefined ? /^/ : { test: (text: string) => text === kind };
      return [{ ...field(/^/, path, textOf(at(one, 'create')) === 'true'), kinds: kinds as RegExp }];
    });
    const fields = yes('includeSelectors')
      ? common
      : [...(everywhere ? [METADATA] : []), ...(yes('includeTemplates') ? [...TEMPLATE_LABELS, CLAIMS] : [])];
    return { fields: [...fields, ...own], pairs: at(item, 'pairs') };
  });
  return groups.reduce(
    (list, { fields, pairs }) => withPairs(list, fields, pairs),
    withPairs(resources, common, at(root, 'commonLabels')),
  );
}

export function withAnnotations(root: YamlMap, resources: readonly Resource[]): Resource[] {
  return withPairs(resources, ANNOTATIONS, at(root, 'commonAnnotations'));
}

/** `replicas` of a kustomization. */
export function withReplicas(root: YamlMap, resources: readonly Resource[]): Resource[] {
  const rules = itemsOf(at(root, 'replicas'));
  if (rules.length === 0) return [...resources];
  return resources.map((resource) => {
    if (!/^(?:Deployment|ReplicationController|ReplicaSet|StatefulSet)$/.test(resource.object.kind)) return resource;
    const names = new Set([resource.object.name, ...resource.before.map(({ name }) => name)]);
    const count = at(
      rules.find((rule) => names.has(textOf(at(rule, 'name')))),
      'count',
    );
    return count ? withBody(resource, put(resource.object.body, ['spec', 'replicas'], count)) : resource;
  });
}

/** `images` of a kustomization: in containers wherever they stand, and in image volumes. */
export function withImages(list: YamlNode | undefined, path: string, resources: readonly Resource[]): Resource[] {
  const rules = itemsOf(list);
  if (rules.length === 0) return [...resources];
  const image = (node: YamlNode): YamlNode => {
    if (node.kind !== 'scalar' || node.value === null) return node;
    return rules.reduce<YamlNode>((now, rule) => {
      const text = now.kind === 'scalar' ? retagged(now.text, rule) : undefined;
      return text === undefined ? now : { ...node, text, value: text, span: rule.span, path: rule.path ?? path };
    }, node);
  };
  const walk = (node: YamlNode, key: string, depth: number): YamlNode => {
    if (depth > 60 || node.kind === 'scalar') return node;
    if (node.kind === 'list') {
      const containers = key === 'containers' || key === 'initContainers';
      const items = node.items.map((item) => {
        const inner = walk(item, '', depth + 1);
        if (key === 'volumes') return change(inner, ['image', 'reference'], (one) => one && image(one));
        return containers ? change(inner, ['image'], (one) => one && image(one)) : inner;
      });
      return items.some((item, i) => item !== node.items[i]) ? { ...node, items } : node;
    }
    const entries = node.entries.map((entry) => {
      const value = walk(entry.value, entry.key, depth + 1);
      return value === entry.value ? entry : { ...entry, value };
    });
    return entries.some((entry, i) => entry !== node.entries[i]) ? { ...node, entries } : node;
  };
  return resources.map((one) => withBody(one, walk(one.object.body, '', 0) as YamlMap));
}

/** The image as a rule of `images` writes it; undefined where the rule is about another one. */
function retagged(written: string, rule: YamlNode): string | undefined {
  const [, name = '', tag, digest] = /^(.*?)(?::([\w.{}-]*))?(?:@(sha256:[\w.{}-]*))?$/s.exec(written) ?? [];
  if (name === '' || name !== textOf(at(rule, 'name'))) return undefined;
  const given = (key: string) => textOf(at(rule, key)) || undefined;
  const [newTag, newDigest, suffix] = [given('newTag'), given('digest'), given('tagSuffix')];
  const label = newTag ?? (newDigest ? undefined : suffix ? `${tag ?? ''}${suffix}` : tag);
  const content = newDigest ?? (newTag || suffix ? undefined : digest);
  return `${given('newName') ?? name}${label === undefined ? '' : `:${label}`}${content === undefined ? '' : `@${content}`}`;
}

// ---------------------------------------------------------------- replacements

/** Copies values from one object's field to fields of others. `unknown` is said of a source that is not in the tree. */
export function withReplacement(rule: YamlNode, resources: readonly Resource[]): Resource[] {
  const source = at(rule, 'source');
  const fits = selected(source);
  const from = resources.find(fits);
  if (!source || !from) return [...resources];
  const written = textOf(at(source, 'fieldPath')) ?? 'metadata.name';
  const whole = valueAt(from.object.body, stepsOf(written));
  const value = whole ? part(whole, at(source, 'options')) : lost(from, written, source);
  if (!value) return [...resources];
  return itemsOf(at(rule, 'targets')).reduce<readonly Resource[]>((list, target) => {
    const chosen = selected(at(target, 'select'));
    const spared = itemsOf(at(target, 'reject')).map(selected);
    const paths = itemsOf(at(target, 'fieldPaths')).map((node) => textOf(node) ?? '');
    return list.map((resource) => {
      if (!chosen(resource) || spared.some((one) => one(resource))) return resource;
      const options = at(target, 'options');
      const create = textOf(at(options, 'create')) === 'true';
      const all = paths.length > 0 ? paths : ['metadata.name'];
      const body = all.reduce<YamlNode>(
        (node, path) => set(node, stepsOf(path), (old) => placed(old, value, options), create ? value : undefined),
        resource.object.body,
      );
      return withBody(resource, body as YamlMap);
    });
  }, resources) as Resource[];
}

/** What a generator reads from files is known only when it runs. */
function lost({ generated, object }: Resource, path: string, at: YamlNode): YamlNode | undefined {
  if (!generated) return undefined;
  const unknown = `${path} of the generated ${object.kind} ${object.name ?? ''} is not read`;
  return { ...scalar('unknown', at), rendered: { unknown } };
}

/** Steps of a field path: dots separate, but not in brackets or behind a backslash. */
function stepsOf(path: string): string[] {
  const steps = path.match(/(?:\\.|\[[^\]]*\]|[^.\\[])+/g) ?? [];
  return steps.slice(0, 60).flatMap((step) => {
    const [, key = step, bracket] = /^([^[]+)(\[.*\])$/s.exec(step) ?? [];
    return [key.replace(/\\(.)/g, '$1'), ...(bracket === undefined ? [] : [bracket])];
  });
}

/** Brackets around a key of a map keep its dots together. */
function keyOf(step: string): string {
  return /^\[([^=]*)\]$/s.exec(step)?.[1] ?? step;
}

function isChosen(item: YamlNode, step: string): boolean {
  const [, key, value] = /^\[([^=]*)=(.*)\]$/s.exec(step) ?? [];
  return key === undefined ? false : (key === '' ? textOf(item) : textOf(at(item, key))) === value;
}

function valueAt(node: YamlNode, steps: readonly string[]): YamlNode | undefined {
  return steps.reduce<YamlNode | undefined>((now, step) => {
    if (now?.kind !== 'list') return at(now, keyOf(step));
    return step.startsWith('[') ? now.items.find((item) => isChosen(item, step)) : now.items[Number(step)];
  }, node);
}

function part(node: YamlNode, options: YamlNode | undefined): YamlNode | undefined {
  const delimiter = textOf(at(options, 'delimiter'));
  if (!delimiter || node.kind !== 'scalar') return node;
  const text = node.text.split(delimiter)[Number(textOf(at(options, 'index')) ?? 0)];
  return text === undefined ? undefined : { ...node, text, value: text };
}

/** The value in its place: whole, or as one part of what stands there. */
function placed(old: YamlNode | undefined, value: YamlNode, options: YamlNode | undefined): YamlNode {
  const delimiter = textOf(at(options, 'delimiter'));
  if (!delimiter || old?.kind !== 'scalar' || value.kind !== 'scalar') {
    if (old?.kind !== 'scalar' || value.kind !== 'scalar') return value;
    return { ...value, style: old.style === 'plain' ? value.style : old.style };
  }
  const index = Number(textOf(at(options, 'index')) ?? 0);
  const parts = old.text.split(delimiter);
  if (index < 0) parts.unshift(value.text);
  else if (index >= parts.length) parts.push(value.text);
  else parts[index] = value.text;
  const text = parts.join(delimiter);
  return { ...value, text, value: text, style: 'double' };
}

function set(
  node: YamlNode,
  steps: readonly string[],
  edit: (old: YamlNode | undefined) => YamlNode,
  like: YamlNode | undefined,
): YamlNode {
  const [step, ...rest] = steps;
  if (step === undefined) return edit(node);
  if (node.kind === 'list') {
    const items = node.items.map((item, i) => {
      const meant = step === '*' || (step.startsWith('[') ? isChosen(item, step) : i === Number(step));
      return meant ? set(item, rest, edit, like) : item;
    });
    return { ...node, items };
  }
  if (step === '*' && node.kind === 'map')
    return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: set(entry.value, rest, edit, like) })) };
  return change(
    node,
    [keyOf(step)],
    (old) => {
      if (old) return set(old, rest, edit, like);
      if (!like) return undefined;
      const empty: YamlMap = { kind: 'map', entries: [], span: like.span, ...placeOf(like) };
      return rest.length === 0 ? edit(undefined) : set(empty, rest, edit, like);
    },
    like,
  );
}

// ---------------------------------------------------------------- generators

/** ConfigMaps and Secrets that a kustomization generates, as far as literals spell them out. */
export function generated(root: YamlMap, path: string): { readonly object: YamlMap; readonly behavior: string }[] {
  return (['configMapGenerator', 'secretGenerator'] as const).flatMap((key) =>
    itemsOf(at(root, key)).flatMap((item) => {
      const name = at(item, 'name');
      if (textOf(name) === undefined) return [];
      const text = (value: string) => scalar(value, { ...item, path });
      const empty: YamlMap = { kind: 'map', entries: [], span: item.span, path };
      const namespace = at(item, 'namespace');
      let object = put(empty, ['apiVersion'], text('v1'));
      object = put(object, ['kind'], text(key === 'secretGenerator' ? 'Secret' : 'ConfigMap'));
      object = put(object, ['metadata', 'name'], relocate(name!, path));
      if (namespace) object = put(object, ['metadata', 'namespace'], relocate(namespace, path));
      for (const literal of itemsOf(at(item, 'literals'))) {
        const [, entry, value = ''] = /^([^=]+)=(.*)$/s.exec(textOf(literal) ?? '') ?? [];
        const content = /^(["']).*\1$/s.test(value) ? value.slice(1, -1) : value;
        if (entry !== undefined) object = put(object, ['data', entry], scalar(content, { ...literal, path }));
      }
      return [{ object, behavior: textOf(at(item, 'behavior')) ?? 'create' }];
    }),
  );
}

/** Does kustomize know the lists of the object's kind? */
export function hasKeys(resource: Resource, root: YamlMap): boolean {
  return isBuiltin(resource.object.apiVersion) || at(root, 'openapi') !== undefined;
}
