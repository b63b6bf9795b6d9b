/** Knows whether a network policy selects each pod. */
import { defineCheck, type Finding, pass, type Subject, sharingCauses, unknown } from '../check.ts';
import { linkNamespaces } from '../facts/cluster/namespaces.ts';
import {
  appliedTogether,
  beside,
  linkPolicies,
  type Policy,
  restricting,
  sameNamespace,
  shownNamespace,
  sourceOf,
} from '../facts/cluster/network.ts';
import { type Deployed, deployedAs, deployedWorkloads, linkCluster, textsOf, type Workload } from '../facts/cluster.ts';
import { objectKey, sharingObjects } from '../facts/containers.ts';
import type { Facts } from '../facts/facts.ts';
import { deadValues, switchHint } from '../facts/helm/settings.ts';
import { chartNeeds } from '../facts/helm.ts';
import { nameEntry, titleOf } from '../facts/kubernetes.ts';
import { linkKustomize } from '../facts/kustomize.ts';
import type { Place } from '../facts/span.ts';
import { at, textOf } from '../facts/yaml.ts';

const WHY =
  'Every other pod of the cluster may talk to it, and it may talk to every pod, node and the metadata address of the cloud.';

export const networkPolicies = defineCheck({
  id: 'network-policies',
  needs: { ...chartNeeds, kubernetes: true, terraform: true },
  messages: {
    none: {
      what: 'The namespace {namespace} runs workloads and has no network policy{where}.',
      why: `${WHY.replace('it, and it', 'its pods, and they')}`,
      fix: 'Add a policy that selects all pods (`podSelector: {}`) and allows nothing, then one per workload for what it needs.{chart}',
      aspect: 'coverage',
    },
    unselected: {
      what: 'No network policy of the namespace {namespace} selects the pods of {title}{where}: their labels are {labels}.',
      why: WHY,
      fix: 'Add a default-deny policy with `podSelector: {}`, or correct the selector that was meant for these pods.',
      aspect: 'coverage',
    },
    host: {
      what: 'The pods of {title} run on the host network{where}; network policies have no effect there.',
      why: 'They can reach whatever the node can reach, and the policies of the namespace suggest otherwise.',
      fix: 'Take `hostNetwork: true` away where the program does not need it, or use a host policy of the network plug-in.',
      severity: 'low',
      aspect: 'coverage',
    },
    open: {
      what: 'Taken together, the network policies that select the pods of {title} allow everything{where}.',
      why: `They look like protection and are none. ${WHY}`,
      fix: 'Name in the rules of {policy} who may talk to whom.',
      aspect: 'policy-quality',
    },
    useless: {
      what: '{policy} selects no pod of this repository.',
      why: 'Either its selector is wrong, or it is left over: nobody can tell which pods it protects.',
      fix: 'Correct `podSelector` to the labels of the pod template, or remove the policy.',
      severity: 'low',
      aspect: 'policy-quality',
    },
  },
  assess: (facts) => ({
    subjects: sharingCauses([
      ...pods(facts),
      ...facts.linked(linkCluster).unevaluated.map((one) => unknown('template', one, one.reason)),
    ]),
    lookedFor: 'workloads in manifests, charts, kustomizations and Terraform',
  }),
});

interface Judged {
  readonly identity?: string;
  readonly place: Place;
  readonly title: string;
  readonly evidence?: string;
  readonly findings?: readonly Finding[];
}

/** One subject per workload as it is written; it fails when one of its deployments is not covered. */
function pods(facts: Facts): Subject[] {
  const policies = facts.linked(linkPolicies);
  const missing = new Map<string, Finding>();
  const found = new Map<string, Judged>();
  const workloads = deployedWorkloads(facts.linked(linkCluster)).filter(({ optional }) => !optional);
  // What is deployed for real and by name comes first: the cause of a shared finding.
  const rank = (one: Workload) =>
    (one.aside ? 8 : 0) + (one.trial ? 4 : 0) + (one.assumed ? 2 : 0) + (isPlain(one) ? 1 : 0);
  for (const workload of [...workloads].sort((a, b) => rank(a) - rank(b))) {
    const judged = judge(workload, policies, missing, facts);
    const key = `${judged.place.path} ${judged.place.span.start}`;
    const known = found.get(key);
    if (!known) found.set(key, judged);
    // Each namespace that deploys it is a cause of its own; the other questions are asked once.
    else if (judged.findings && !known.findings) found.set(key, judged);
    else if (judged.findings?.[0]?.message === 'none' && !known.findings!.includes(judged.findings[0]))
      found.set(key, { ...known, findings: [...known.findings!, ...judged.findings] });
  }
  const review = unused(policies, facts);
  const [first] = found.values();
  return sharingObjects([...found.values()], (one) => {
    const { place, title, evidence, findings = [] } = one;
    const all = [...findings, ...(one === first ? review : [])];
    if (all.length === 0) return [pass(title, place, evidence!)];
    return [{ name: title, place, verdict: 'fail', findings: all, ...(evidence === undefined ? {} : { evidence }) }];
  });
}

/** A manifest by itself, whose namespace is told when it is applied. */
function isPlain(workload: Workload): boolean {
  return Boolean(workload.assumed) && sourceOf(workload) === '';
}

function judge(workload: Workload, policies: readonly Policy[], missing: Map<string, Finding>, facts: Facts): Judged {
  const entry = nameEntry(workload.object);
  const place = { path: entry.path ?? workload.path, span: entry.span };
  const object = titleOf(workload.object);
  const title = `pods of ${object}`;
  const { namespace, pod } = workload;
  const where = deployedAs(workload);
  const name = shownNamespace(workload);
  const identity = objectKey(workload);
  const selecting = policies.filter((policy) => policy.selects(workload));
  // A mesh that denies by default is no network policy, but somebody thought of who may talk to whom.
  const doubtful = workload.trial || selecting.some(({ mesh }) => mesh);
  const failed = (message: string, given: Finding['data'], confidence: Finding['confidence'] = 'high'): Judged => {
    const data = { title: object, namespace: name, where, ...given };
    const finding: Finding = { message, data, place, confidence: doubtful ? 'low' : confidence };
    return { ...(identity === undefined ? {} : { identity }), place, title, findings: [finding] };
  };
  if (/^kube-(?:system|public|node-lease)$/.test(namespace))
    return { place, title, evidence: `a part of the cluster in ${namespace}` };
  if (workload.object.kind === 'SandboxTemplate' && managementOf(workload) !== 'Unmanaged')
    return { place, title, evidence: 'its controller makes a network policy for them' };
  if (pod.hostNetwork) {
    const host = selecting.find((policy) => policy.host);
    return host
      ? { place, title, evidence: `${titleOf(host.object)} protects the node` }
      : // What runs on every node is mostly there for the node's own network.
        failed('host', {}, workload.object.kind === 'DaemonSet' ? 'low' : 'high');
  }
  const own = selecting.filter((policy) => !policy.host && !policy.mesh);
  const [good] = restricting(own);
  if (good) return { place, title, evidence: `${titleOf(good.object)} in ${good.path} selects them` };
  const open = own.find(({ wide, ingress, egress }) => !wide || ingress === 'allows' || egress === 'allows');
  // Beside a policy that denies, somebody opened this on purpose.
  if (open)
    return failed(
      'open',
      { policy: titleOf(open.object) },
      own.some((one) => restricting([one]).length > 0) ? 'low' : 'high',
    );
  const others = policies.some((one) => appliedTogether(one, workload) && !one.host && !one.wide);
  if (others) {
    const labels = [...pod.labels].map(([key, value]) => `${key}=${value}`).slice(0, 5);
    return failed('unselected', { labels: labels.join(', ') || 'none' });
  }
  // What lies together is applied together.
  const source = workload.chart?.folder ?? /^[^/]*/.exec(workload.kustomization ?? workload.path)![0];
  const group = `${namespace} ${workload.assumed ? source : ''}`;
  // A manifest that some kustomization holds as well is the same object, whichever of the two is applied.
  const twin = `kustomized ${object}`;
  const keep = (finding: Finding): Judged => {
    missing.set(group, finding);
    if (workload.kustomization !== undefined) missing.set(twin, finding);
    if (identity !== undefined) missing.set(identity, finding);
    return { place, title, findings: [finding] };
  };
  const known =
    missing.get(group) ??
    (isPlain(workload) ? (missing.get(`${namespace} `) ?? missing.get(twin)) : undefined) ??
    (workload.assumed && identity !== undefined ? missing.get(identity) : undefined);
  if (known) return keep(known);
  const shown = (workload.assumed ? undefined : facts.linked(linkNamespaces).get(namespace)?.place) ?? place;
  const dead = deadValues(facts, workload.chart?.folder, 'networkPolicy', 'networkPolicies');
  const chart = switchHint(facts, workload.chart?.folder, 'NetworkPolicy');
  const finding: Finding = {
    message: 'none',
    data: { namespace: name, where, chart },
    place: shown,
    confidence: doubtful ? 'low' : 'high',
    ...dead,
  };
  return keep(finding);
}

function managementOf({ object }: Workload): string | undefined {
  return textOf(at(object.body, 'spec', 'networkPolicyManagement'));
}

/** Policies that select nothing although their namespace has workloads here: to review. */
function unused(policies: readonly Policy[], facts: Facts): Finding[] {
  const { workloads, objects } = facts.linked(linkCluster);
  const { partial } = facts.linked(linkKustomize);
  // What is not read goes to the namespace of its build, or anywhere.
  const mayMeet = ({ kustomization, namespace }: Policy) =>
    partial.some((one) => one.path === kustomization || one.namespace === undefined || one.namespace === namespace);
  // An operator makes pods that only a service names.
  const served = objects.flatMap((one) => (one.object.kind === 'Service' ? asWorkload(one) : []));
  const seen = new Set<string>();
  return policies.flatMap((policy): Finding[] => {
    const key = `${policy.place.path} ${policy.place.span.start}`;
    // What is not read may hold the pods: a build with remote parts has its own unknown.
    if (
      mayMeet(policy) ||
      policy.host ||
      policy.wide ||
      seen.has(key) ||
      !workloads.some((workload) => sameNamespace(policy, workload))
    )
      return [];
    seen.add(key);
    const same = policies.filter(
      (other) => other.place.path === policy.place.path && other.place.span.start === policy.place.span.start,
    );
    // Where no file names the namespace of the one or the other, they may meet.
    const met = (other: Policy) =>
      [...workloads, ...served].some(
        (workload) =>
          other.selects(workload) ||
          (Boolean(workload.assumed || other.assumed) && other.selects(beside(other, workload))),
      );
    if (same.some(met)) return [];
    // Pods of a foreign chart or of an operator carry labels that nothing here has; a slip looks like one of ours.
    const near = workloads.filter((workload) => sameNamespace(policy, workload));
    const ours = new Set(near.flatMap(({ pod, object }) => [...pod.labels.keys(), ...labelsOf(object).keys()]));
    if (policy.keys.length > 0 && !policy.keys.some((key) => ours.has(key))) return [];
    const entry = nameEntry(policy.object);
    const place = { path: entry.path ?? policy.path, span: entry.span };
    return [{ message: 'useless', data: { policy: titleOf(policy.object) }, place, confidence: 'low' }];
  });
}

/** The pods that a service sends requests to. */
function asWorkload(service: Deployed): Workload[] {
  const spec = at(service.object.body, 'spec');
  const labels = textsOf(at(spec, 'selector'));
  if (spec?.kind !== 'map' || labels.size === 0) return [];
  return [{ ...service, pod: { labels, spec, containers: [], hostNetwork: false }, forever: true }];
}

function labelsOf({ body }: Workload['object']): ReadonlyMap<string, string> {
  return textsOf(at(body, 'metadata', 'labels'));
}
