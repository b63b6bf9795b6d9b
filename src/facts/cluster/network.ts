/** Knows network policies of every kind, which pods they select, and what they restrict. */
import { type Deployed, linkCluster, textsOf, type Workload } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import type { KubeObject } from '../kubernetes.ts';
import { folderOf } from '../paths.ts';
import { at, entriesOf, entryOf, isNull, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import { calicoExpression, keysOf, type Labels, matches } from './selectors.ts';

/**
 * What a policy does to the traffic of a pod in one direction. `limits`: only what some policy allows gets through;
 * `allows`: the same, and it allows everything; `denies`: refuses some traffic whatever other policies allow.
 */
export type Effect = 'nothing' | 'limits' | 'allows' | 'denies';

export interface Policy extends Deployed {
  readonly selects: (workload: Workload) => boolean;
  /** Keys of the labels by which it selects. */
  readonly keys: readonly string[];
  readonly ingress: Effect;
  readonly egress: Effect;
  /** Protects pods on the host's network as well. */
  readonly host: boolean;
  /** Belongs to the cluster and not to a namespace. */
  readonly wide: boolean;
  /** Of a service mesh: the proxies beside the pods refuse, not the network. */
  readonly mesh?: true;
}

/** What the cluster says about namespaces and groups by name. */
interface Names {
  readonly labelsOf: (namespace: string) => Labels;
  /** Selection of a group of Antrea. */
  readonly groups: ReadonlyMap<string, YamlNode | undefined>;
}

/** All policies of the repository. A pure join: use through `facts.linked`. */
export function linkPolicies(facts: Facts): readonly Policy[] {
  const { objects } = facts.linked(linkCluster);
  const namespaces = new Map<string, Labels>();
  const groups = new Map<string, YamlNode | undefined>();
  for (const { object } of objects) {
    if (object.name === undefined) continue;
    if (object.kind === 'Namespace') namespaces.set(object.name, textsOf(at(object.body, 'metadata', 'labels')));
    if (ANTREA.test(object.apiVersion) && /Group$/.test(object.kind)) groups.set(object.name, at(object.body, 'spec'));
  }
  const labelsOf = (name: string): Labels =>
    new Map([...(namespaces.get(name) ?? []), ['kubernetes.io/metadata.name', name], ['projectcalico.org/name', name]]);
  return objects
    .flatMap((deployed) => policiesOf(deployed, { labelsOf, groups }))
    .map((policy) =>
      policy.aside ? { ...policy, selects: (workload) => workload.aside === true && policy.selects(workload) } : policy,
    );
}

/**
 * Those of the policies of one pod that restrict its traffic, all of them taken together: what one of them allows gets
 * through, unless another one denies it.
 */
export function restricting(policies: readonly Policy[]): Policy[] {
  const found = (['ingress', 'egress'] as const).flatMap((direction) => {
    const open = policies.some((policy) => policy[direction] === 'allows');
    return policies.filter((policy) => policy[direction] === 'denies' || (policy[direction] === 'limits' && !open));
  });
  return policies.filter((policy) => found.includes(policy));
}

/** What a policy is beside the object that it is written in. */
type Rule = Omit<Policy, keyof Deployed | 'host' | 'wide' | 'mesh'> & Partial<Pick<Policy, 'host' | 'wide' | 'mesh'>>;

type Reader = (object: KubeObject, here: (workload: Workload) => boolean, names: Names) => readonly Rule[];

function policiesOf(deployed: Deployed, names: Names): Policy[] {
  const { apiVersion, kind } = deployed.object;
  const here = (workload: Workload) => sameNamespace(deployed, workload);
  const read = READERS.find(([group, kinds]) => group.test(apiVersion) && kinds.test(kind))?.[2];
  return (read?.(deployed.object, here, names) ?? []).map((rule) => ({
    ...deployed,
    host: false,
    wide: false,
    ...rule,
  }));
}

const ANTREA = /^crd\.antrea\.io\//;

const READERS: readonly (readonly [group: RegExp, kinds: RegExp, read: Reader])[] = [
  [/^(?:networking\.k8s\.io|extensions)\//, /^NetworkPolicy$/, ofKubernetes],
  [/^networking\.k8s\.aws\//, /^ApplicationNetworkPolicy$/, ofKubernetes],
  [/^networking\.gke\.io\//, /^FQDNNetworkPolicy$/, ofKubernetes],
  [/projectcalico\.org\//, /^(?:Global)?NetworkPolicy$/, ofCalico],
  [/^cilium\.io\//, /^Cilium(?:Clusterwide)?NetworkPolicy$/, ofCilium],
  [/^policy\.networking\.k8s\.io\//, /^(?:(?:Baseline)?AdminNetworkPolicy|ClusterNetworkPolicy)$/, ofAdministrators],
  [/^networking\.k8s\.aws\//, /^ClusterNetworkPolicy$/, ofAdministrators],
  [ANTREA, /^(?:Cluster)?NetworkPolicy$/, ofAntrea],
  [/^k8s\.ovn\.org\//, /^EgressFirewall$/, ofOpenShift],
  [/^network\.openshift\.io\//, /^EgressNetworkPolicy$/, ofOpenShift],
  [/^kyverno\.io\//, /^ClusterPolicy$/, ofKyverno],
  [/^security\.istio\.io\//, /^AuthorizationPolicy$/, ofIstio],
];

function ofKubernetes({ body }: KubeObject, here: (workload: Workload) => boolean): Rule[] {
  const spec = at(body, 'spec');
  const selector = at(spec, 'podSelector');
  const selects = (workload: Workload) => here(workload) && matches(selector, workload.pod.labels);
  return [{ selects, keys: keysOf(selector), ...effects(spec) }];
}

/** Without `policyTypes` a policy is one for ingress, and for egress where it has rules for that. */
function effects(spec: YamlNode | undefined): Pick<Policy, 'ingress' | 'egress'> {
  const named = itemsOf(at(spec, 'policyTypes')).map(textOf);
  const rules = { ingress: itemsOf(at(spec, 'ingress')), egress: itemsOf(at(spec, 'egress')) };
  const effect = (applies: boolean, all: readonly YamlNode[], peers: string): Effect =>
    !applies ? 'nothing' : all.some((rule) => allowsAll(rule, peers)) ? 'allows' : 'limits';
  return {
    ingress: effect(named.length === 0 || named.includes('Ingress'), rules.ingress, 'from'),
    egress: effect(named.length === 0 ? rules.egress.length > 0 : named.includes('Egress'), rules.egress, 'to'),
  };
}

/** A rule without a condition, or one that holds for every address. */
function allowsAll(rule: YamlNode, peers: string): boolean {
  if (!isEmpty(at(rule, 'ports')) || !isEmpty(at(rule, 'matches'))) return false;
  const given = at(rule, peers);
  return (
    isEmpty(given) ||
    itemsOf(given).some(
      (peer) =>
        ANYWHERE.test(textOf(at(peer, 'ipBlock', 'cidr')) ?? '') &&
        isEmpty(at(peer, 'ipBlock', 'except')) &&
        isEmpty(at(peer, 'podSelector')) &&
        isEmpty(at(peer, 'namespaceSelector')),
    )
  );
}

const ANYWHERE = /^(?:0\.0\.0\.0|::)\/0$/;

function isEmpty(node: YamlNode | undefined): boolean {
  return isNull(node) || (node?.kind === 'list' && node.items.length === 0);
}

function ofCalico({ kind, body }: KubeObject, here: (workload: Workload) => boolean, { labelsOf }: Names): Rule[] {
  const spec = at(body, 'spec');
  const expression = (key: string) => calicoExpression(textOf(at(spec, key)) ?? '');
  const [pods, spaces, accounts] = [
    expression('selector'),
    expression('namespaceSelector'),
    at(spec, 'serviceAccountSelector'),
  ];
  const wide = kind === 'GlobalNetworkPolicy';
  if (!pods || !spaces) return [];
  const selects = (workload: Workload) =>
    (wide ? spaces.matches(labelsOf(workload.namespace)) : here(workload)) &&
    isEmpty(accounts) &&
    pods.matches(
      new Map([
        ...workload.pod.labels,
        ['projectcalico.org/namespace', workload.namespace],
        ['projectcalico.org/orchestrator', 'k8s'],
        ['projectcalico.org/serviceaccount', accountOf(workload)],
      ]),
    );
  const types = itemsOf(at(spec, 'types')).map(textOf);
  const rules = { ingress: itemsOf(at(spec, 'ingress')), egress: itemsOf(at(spec, 'egress')) };
  const effect = (applies: boolean, all: readonly YamlNode[]): Effect => {
    if (!applies) return 'nothing';
    // The first rule that decides all traffic is the last one that counts.
    const whole = all.find((rule) => isWhole(rule) && textOf(at(rule, 'action')) !== 'Log');
    const refusing = all.slice(0, whole ? all.indexOf(whole) : all.length).some((rule) => actionOf(rule) === 'Deny');
    if (actionOf(whole) === 'Deny' || refusing) return 'denies';
    if (!whole) return 'limits';
    return actionOf(whole) === 'Allow' ? 'allows' : 'nothing';
  };
  return [
    {
      selects,
      // Labels of accounts are not known here.
      keys: isEmpty(accounts) ? pods.keys : ['projectcalico.org/serviceaccount'],
      wide,
      ingress: effect(
        types.length === 0 ? rules.ingress.length > 0 || rules.egress.length === 0 : types.includes('Ingress'),
        rules.ingress,
      ),
      egress: effect(types.length === 0 ? rules.egress.length > 0 : types.includes('Egress'), rules.egress),
    },
  ];
}

function actionOf(rule: YamlNode | undefined): string | undefined {
  return textOf(at(rule, 'action'));
}

/** A rule of Calico without any condition. */
function isWhole(rule: YamlNode): boolean {
  return entriesOf(rule).every(
    ({ key, value }) =>
      key === 'action' || key === 'metadata' || isNull(value) || (value.kind === 'map' && value.entries.length === 0),
  );
}

function accountOf({ pod }: Workload): string {
  return textOf(at(pod.spec, 'serviceAccountName')) ?? 'default';
}

function ofCilium({ kind, body }: KubeObject, here: (workload: Workload) => boolean, { labelsOf }: Names): Rule[] {
  const wide = kind === 'CiliumClusterwideNetworkPolicy';
  return [at(body, 'spec'), ...itemsOf(at(body, 'specs'))].flatMap((spec): Rule[] => {
    if (spec?.kind !== 'map') return [];
    const given = { ingress: ciliumEffect(spec, 'ingress', 'from'), egress: ciliumEffect(spec, 'egress', 'to') };
    if (entryOf(spec, 'nodeSelector')) return [{ ...given, selects: () => true, keys: [], host: true, wide }];
    const selector = at(spec, 'endpointSelector');
    const selects = (workload: Workload) => {
      const own = new Map([
        ...[...labelsOf(workload.namespace)].map(([key, value]) => [`io.cilium.k8s.namespace.labels.${key}`, value]),
        ...workload.pod.labels,
        ['io.kubernetes.pod.namespace', workload.namespace],
        ['io.cilium.k8s.policy.serviceaccount', accountOf(workload)],
      ] as [string, string][]);
      return (wide || here(workload)) && matches(selector, own);
    };
    return [{ ...given, selects, keys: keysOf(selector), wide }];
  });
}

/** Rules make a direction deny what they do not name, unless `enableDefaultDeny` says no. An empty rule allows nothing. */
function ciliumEffect(spec: YamlNode, direction: string, peers: string): Effect {
  const [rules, denials] = [itemsOf(at(spec, direction)), itemsOf(at(spec, `${direction}Deny`))];
  if (denials.length > 0) return 'denies';
  const standard = textOf(at(spec, 'enableDefaultDeny', direction));
  if (standard === undefined ? rules.length === 0 : standard !== 'true') return 'nothing';
  const open = rules.some((rule) => {
    const entities = itemsOf(at(rule, `${peers}Entities`)).map(textOf);
    const all = entities.includes('all') || (entities.includes('world') && entities.includes('cluster'));
    return all && isEmpty(at(rule, 'toPorts')) && isEmpty(at(rule, 'icmps'));
  });
  return open ? 'allows' : 'limits';
}

/** Their rules come before or after those of namespaces: only a rule that denies restricts anything. */
function ofAdministrators({ body }: KubeObject, _: unknown, { labelsOf }: Names): Rule[] {
  const spec = at(body, 'spec');
  const subject = at(spec, 'subject');
  const spaces = at(subject, 'namespaces') ?? at(subject, 'pods', 'namespaceSelector');
  const pods = at(subject, 'pods', 'podSelector');
  const selects = (workload: Workload) =>
    matches(spaces, labelsOf(workload.namespace)) && matches(pods, workload.pod.labels);
  return [{ selects, keys: keysOf(pods), wide: true, ...denials(spec, /^Deny$/) }];
}

function denials(spec: YamlNode | undefined, action: RegExp): Pick<Policy, 'ingress' | 'egress'> {
  const effect = (direction: string): Effect =>
    itemsOf(at(spec, direction)).some((rule) => action.test(actionOf(rule) ?? '')) ? 'denies' : 'nothing';
  return { ingress: effect('ingress'), egress: effect('egress') };
}

function ofAntrea(
  { kind, body }: KubeObject,
  here: (workload: Workload) => boolean,
  { labelsOf, groups }: Names,
): Rule[] {
  const spec = at(body, 'spec');
  const wide = kind === 'ClusterNetworkPolicy';
  const rules = [...itemsOf(at(spec, 'ingress')), ...itemsOf(at(spec, 'egress'))];
  const applied = [spec, ...rules].flatMap((one) => itemsOf(at(one, 'appliedTo')));
  const chosen = applied.flatMap((one) => {
    const group = textOf(at(one, 'group'));
    const selection = group === undefined ? one : groups.get(group);
    // Nodes and services are something else than pods.
    return ['podSelector', 'namespaceSelector'].some((key) => entryOf(selection, key)) ? [selection] : [];
  });
  const host = applied.some((one) => entryOf(one, 'nodeSelector'));
  const selects = (workload: Workload) =>
    (wide || here(workload)) &&
    (host ||
      chosen.some(
        (one) =>
          matches(at(one, 'podSelector'), workload.pod.labels) &&
          (!wide || matches(at(one, 'namespaceSelector'), labelsOf(workload.namespace))),
      ));
  const keys = chosen.flatMap((one) => keysOf(at(one, 'podSelector')));
  return [{ selects, keys, wide, host, ...denials(spec, /^(?:Drop|Reject)$/) }];
}

/** Firewalls of a namespace against what lies outside of the cluster. */
function ofOpenShift({ body }: KubeObject, here: (workload: Workload) => boolean): Rule[] {
  const refuses = itemsOf(at(body, 'spec', 'egress')).some((rule) => textOf(at(rule, 'type')) === 'Deny');
  return [{ selects: here, keys: [], ingress: 'nothing', egress: refuses ? 'denies' : 'nothing' }];
}

/** A rule of Kyverno that writes a policy into each namespace it meets. */
function ofKyverno({ body }: KubeObject, _: unknown, { labelsOf }: Names): Rule[] {
  return itemsOf(at(body, 'spec', 'rules')).flatMap((rule): Rule[] => {
    const generated = at(rule, 'generate');
    const spec = at(generated, 'data', 'spec');
    if (textOf(at(generated, 'kind')) !== 'NetworkPolicy' || !spec) return [];
    const meets = (name: string, key: string) =>
      [at(rule, key), ...itemsOf(at(rule, key, 'any')), ...itemsOf(at(rule, key, 'all'))].some((one) => {
        const given = at(one, 'resources');
        const names = [...itemsOf(at(given, 'names')), ...itemsOf(at(given, 'namespaces')), at(given, 'name')]
          .flatMap((node) => textOf(node) ?? [])
          .map((text) => text.replace(/\*+/g, '*'));
        if (!itemsOf(at(given, 'kinds')).some((node) => textOf(node) === 'Namespace') && names.length === 0)
          return false;
        return (
          (names.length === 0 || names.some((text) => isLike(name, text))) &&
          matches(at(given, 'selector'), labelsOf(name))
        );
      });
    const selector = at(spec, 'podSelector');
    const selects = ({ namespace, pod }: Workload) =>
      meets(namespace, 'match') && !meets(namespace, 'exclude') && matches(selector, pod.labels);
    return [{ selects, keys: keysOf(selector), wide: true, ...effects(spec) }];
  });
}

/** `*` stands for any text. */
function isLike(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop()!;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  return rest.every((part) => {
    const found = text.indexOf(part, from);
    from = found + part.length;
    return found >= 0 && from <= text.length - last.length;
  });
}

/** Without a selector and without a rule it denies whatever no other policy allows. */
function ofIstio({ namespace, body }: KubeObject, here: (workload: Workload) => boolean): Rule[] {
  const spec = at(body, 'spec');
  const more = entriesOf(spec).some(({ key, value }) => key !== 'action' && !isNull(value));
  if (more || textOf(at(spec, 'action')) === 'DENY') return [];
  const selects = (workload: Workload) => here(workload) || namespace === 'istio-system';
  return [{ selects, keys: [], wide: true, mesh: true, ingress: 'limits', egress: 'nothing' }];
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

/** The same for what would be applied with it: files that name no namespace meet in their folder. */
export function appliedTogether(policy: Deployed, workload: Deployed): boolean {
  const near = !(policy.assumed && isUnnamed(workload)) || folderOf(policy.path) === folderOf(workload.path);
  return near && sameNamespace(policy, workload);
}

/** The same workload applied together with the policy. */
export function beside({ namespace, kustomization, chart, assumed }: Policy, workload: Workload): Workload {
  const { kustomization: _, chart: __, assumed: ___, ...rest } = workload;
  return {
    ...rest,
    namespace,
    ...(kustomization === undefined ? {} : { kustomization }),
    ...(chart === undefined ? {} : { chart }),
    ...(assumed ? { assumed } : {}),
  };
}

/** The namespace of a workload, as a sentence names it. */
export function shownNamespace(workload: Deployed): string {
  const { chart, namespace } = workload;
  if (chart && namespace.startsWith('chart ')) return `of the chart ${chart.name}`;
  return isUnnamed(workload) ? `${namespace} (no file names another)` : namespace;
}

function isUnnamed({ assumed, namespace }: Deployed): boolean {
  return assumed === true && namespace === 'default';
}

/** What nobody else installs stands by itself; what a command applies goes where the manifests go. */
export function sourceOf({ chart, kustomization, applied }: Deployed): string {
  return applied || chart?.installed ? '' : (chart?.folder ?? kustomization ?? '');
}
