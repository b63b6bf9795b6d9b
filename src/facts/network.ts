/** Knows network policies of every kind, which pods they select, and whether they restrict anything. */
import { type Deployed, linkCluster, textsOf, type Workload } from './cluster.ts';
import type { Facts } from './facts.ts';
import { at, entriesOf, entryOf, isNull, itemsOf, textOf, type YamlNode } from './yaml.ts';

export interface Policy extends Deployed {
  readonly selects: (workload: Workload) => boolean;
  /** Keys of the labels by which it selects. */
  readonly keys: readonly string[];
  /** Allows everything in every direction it names. */
  readonly open: boolean;
  /** Protects pods on the host's network as well. */
  readonly host: boolean;
}

type Labels = ReadonlyMap<string, string>;

/** All policies of the repository. A pure join: use through `facts.linked`. */
export function linkPolicies(facts: Facts): readonly Policy[] {
  const { objects } = facts.linked(linkCluster);
  const namespaces = new Map<string, Labels>();
  for (const { object } of objects) {
    if (object.kind !== 'Namespace' || object.name === undefined) continue;
    namespaces.set(object.name, textsOf(at(object.body, 'metadata', 'labels')));
  }
  const labelsOf = (name: string): Labels =>
    new Map([...(namespaces.get(name) ?? []), ['kubernetes.io/metadata.name', name], ['projectcalico.org/name', name]]);
  return objects
    .flatMap((deployed) => policiesOf(deployed, labelsOf))
    .map((policy) =>
      policy.aside ? { ...policy, selects: (workload) => workload.aside === true && policy.selects(workload) } : policy,
    );
}

function policiesOf(deployed: Deployed, labelsOf: (namespace: string) => Labels): Policy[] {
  const { apiVersion, kind, body } = deployed.object;
  const spec = at(body, 'spec');
  const here = (workload: Workload) => sameNamespace(deployed, workload);
  const base = { ...deployed, keys: [], open: false, host: false };
  if (kind === 'NetworkPolicy' && /^(?:networking\.k8s\.io|extensions)\//.test(apiVersion)) {
    const selector = at(spec, 'podSelector');
    const selects = (workload: Workload) => here(workload) && matches(selector, workload.pod.labels);
    return [{ ...base, selects, keys: keysOf(selector), open: isOpen(spec) }];
  }
  if (/projectcalico\.org\//.test(apiVersion) && /^(?:Global)?NetworkPolicy$/.test(kind)) {
    const selector = textOf(at(spec, 'selector')) ?? 'all()';
    const spaces = textOf(at(spec, 'namespaceSelector'));
    const selects = (workload: Workload) =>
      (kind === 'NetworkPolicy'
        ? here(workload)
        : spaces === undefined || calico(spaces, labelsOf(workload.namespace))) &&
      calico(selector, workload.pod.labels);
    return [{ ...base, selects }];
  }
  if (/^Cilium(?:Clusterwide)?NetworkPolicy$/.test(kind)) {
    return [spec, ...itemsOf(at(body, 'specs'))].flatMap((one): Policy[] => {
      if (one?.kind !== 'map') return [];
      if (entryOf(one, 'nodeSelector')) return [{ ...base, selects: () => true, host: true }];
      const selector = at(one, 'endpointSelector');
      const selects = (workload: Workload) => {
        const own = new Map([...workload.pod.labels, ['io.kubernetes.pod.namespace', workload.namespace]]);
        return (kind === 'CiliumClusterwideNetworkPolicy' || here(workload)) && matches(selector, own);
      };
      return [{ ...base, selects, keys: keysOf(selector) }];
    });
  }
  if (/^(?:Baseline)?AdminNetworkPolicy$/.test(kind)) {
    const subject = at(spec, 'subject');
    const spaces = at(subject, 'namespaces') ?? at(subject, 'pods', 'namespaceSelector');
    const pods = at(subject, 'pods', 'podSelector');
    const selects = (workload: Workload) =>
      matches(spaces, labelsOf(workload.namespace)) && matches(pods, workload.pod.labels);
    return [{ ...base, selects }];
  }
  if (kind === 'AuthorizationPolicy' && apiVersion.startsWith('security.istio.io/')) {
    // Without a selector and without a rule it denies whatever no other policy allows.
    if (
      entriesOf(spec).some(({ key, value }) => key !== 'action' && !isNull(value)) ||
      textOf(at(spec, 'action')) === 'DENY'
    )
      return [];
    return [{ ...base, selects: (workload) => here(workload) || deployed.namespace === 'istio-system' }];
  }
  return [];
}

/**
 * Whether a policy may meet a workload. Objects of other environments of one chart are somewhere else, and so are those
 * of other charts and builds that name no namespace.
 */
export function sameNamespace(policy: Deployed, workload: Deployed): boolean {
  if (policy.namespace !== workload.namespace || (policy.aside && !workload.aside)) return false;
  if (policy.optional && policy.kustomization !== workload.kustomization) return false;
  if (policy.chart && policy.chart.folder === workload.chart?.folder) {
    return policy.chart.environment === workload.chart.environment;
  }
  const named = !policy.assumed && !workload.assumed;
  return named || policy.namespace !== 'default' || sourceOf(policy) === sourceOf(workload);
}

function sourceOf({ chart, kustomization }: Deployed): string {
  return chart?.folder ?? kustomization ?? '';
}

function keysOf(selector: YamlNode | undefined): string[] {
  const expressions = itemsOf(at(selector, 'matchExpressions')).map((one) => textOf(at(one, 'key')) ?? '');
  return [...textsOf(at(selector, 'matchLabels')).keys(), ...expressions].map(plainKey);
}

/** A label's key without the source that Cilium lets one write before it. */
function plainKey(key: string): string {
  return key.replace(/^(?:k8s|any)[:.]/, '');
}

/** A label selector of the API: an absent or empty one selects everything. */
export function matches(selector: YamlNode | undefined, labels: Labels): boolean {
  for (const [key, value] of textsOf(at(selector, 'matchLabels')))
    if (labels.get(plainKey(key)) !== value) return false;
  return itemsOf(at(selector, 'matchExpressions')).every((expression) => {
    const value = labels.get(plainKey(textOf(at(expression, 'key')) ?? ''));
    const values = itemsOf(at(expression, 'values')).map((item) => textOf(item) ?? '');
    switch (textOf(at(expression, 'operator'))) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Calico's selector language, joined by `&&` and `||` without brackets; what it does not know selects nothing. */
function calico(text: string, labels: Labels): boolean {
  return text.split('||').some((part) => part.split('&&').every((term) => calicoTerm(term.trim(), labels)));
}

function calicoTerm(term: string, labels: Labels): boolean {
  if (term === 'all()' || term === '') return true;
  const has = /^(!?)\s*has\(([^)]+)\)$/.exec(term);
  if (has) return labels.has(has[2]!.trim()) !== (has[1] === '!');
  const set = /^([\w./-]+)\s+(not in|in)\s*\{([^}]*)\}$/.exec(term);
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim().replace(/^['"]|['"]$/g, ''));
    return values.includes(labels.get(set[1]!) ?? '') === (set[2] === 'in');
  }
  const equal = /^([\w./-]+)\s*(==|!=)\s*['"]([^'"]*)['"]$/.exec(term);
  return equal ? (labels.get(equal[1]!) === equal[3]) === (equal[2] === '==') : false;
}

/** True when each direction of a NetworkPolicy has a rule without any condition. */
function isOpen(spec: YamlNode | undefined): boolean {
  const named = itemsOf(at(spec, 'policyTypes')).map(textOf);
  const egress = entryOf(spec, 'egress') !== undefined;
  const directions = named.length > 0 ? named : ['Ingress', ...(egress ? ['Egress'] : [])];
  return directions.every((direction) =>
    itemsOf(at(spec, direction === 'Egress' ? 'egress' : 'ingress')).some((rule) =>
      ['from', 'to', 'ports'].every((key) => {
        const condition = at(rule, key);
        return isNull(condition) || itemsOf(condition).length === 0;
      }),
    ),
  );
}
