/** Knows whether containers have resource limits, and namespaces a quota or a limit range. */
import { defineCheck, listed, pass, type Subject, sharingCauses, unknown } from '../check.ts';
import {
  boundsContainers,
  boundsResources,
  defaultMemory,
  linkNamespaces,
  type Namespace,
} from '../facts/cluster/namespaces.ts';
import { deployedAs, linkCluster, type Workload } from '../facts/cluster.ts';
import { composeTrials } from '../facts/compose/trials.ts';
import { causeOf, linkCompose } from '../facts/compose.ts';
import {
  type DeployedContainer,
  decidedAt,
  failedUnlessTrial,
  linkContainers,
  setIn,
  sharingObjects,
} from '../facts/containers.ts';
import { linkOpenTasks, linkTasks } from '../facts/ecs.ts';
import type { Facts } from '../facts/facts.ts';
import { chartHint, deadValues } from '../facts/helm/settings.ts';
import { chartNeeds } from '../facts/helm.ts';
import { titleOf } from '../facts/kubernetes.ts';
import { at, entriesOf, textOf, type YamlNode } from '../facts/yaml.ts';

const WHY =
  'When it leaks or is made to, it takes the memory of the whole node, and its neighbours are killed with it.';

export const resourceQuota = defineCheck({
  id: 'resource-quota',
  needs: {
    ...chartNeeds,
    kubernetes: true,
    compose: true,
    terraform: true,
    ecs: true,
  },
  messages: {
    limits: {
      what: 'The {title} has no resource limits{where}.',
      why: WHY,
      fix: 'Set `resources.limits.memory` (and requests for cpu and memory); start from a week of metrics.{chart}',
      aspect: 'limits',
    },
    memory: {
      what: 'The {title} has no memory limit, only {present}{where}.',
      why: WHY,
      fix: 'Add `resources.limits.memory`.{chart}',
      aspect: 'limits',
    },
    cpu: {
      what: 'The {title} has no CPU limit{where}.',
      why: 'A busy loop in it takes every free core of the node.',
      fix: 'Add `resources.limits.cpu`.',
      severity: 'low',
      aspect: 'limits',
    },
    requests: {
      what: 'The {title} asks for no CPU: it has neither a request nor a limit for it{where}.',
      why: 'The scheduler counts it as nothing, so nodes are filled beyond what they can do.',
      fix: 'Add `resources.requests.cpu`.',
      severity: 'low',
      aspect: 'requests',
    },
    unused: {
      what: 'The values of the chart {chart} give the {title} no memory limit; every installation here gives other ones.',
      why: 'The next installation starts from these values, and nobody will notice that nothing limits it.',
      fix: 'Set a limit in the values of the chart as well.',
      aspect: 'limits',
    },
    compose: {
      what: 'The compose service {service} has no memory limit.',
      why: WHY,
      fix: 'Set `deploy.resources.limits.memory` (or `mem_limit`).',
      aspect: 'limits',
    },
    task: {
      what: 'The container {name} of the ECS task has no memory limit, and neither has the task.',
      why: WHY,
      fix: 'Set `memory` for the container or the task.',
      aspect: 'limits',
    },
    namespace: {
      what: 'The namespace {namespace} runs workloads and has neither a ResourceQuota nor a LimitRange.',
      why: 'Nothing bounds what all its pods take together: one runaway deployment starves every other namespace.',
      fix: 'Add a ResourceQuota for cpu and memory, and a LimitRange with defaults.',
      aspect: 'namespace-quota',
    },
    assumed: {
      what: 'No file says in which namespace these workloads run, and there is neither a ResourceQuota nor a LimitRange for them.',
      why: 'Whoever applies them as they are puts them into a namespace that they share with others, where nothing bounds what they take.',
      fix: 'Deploy them into a namespace of their own that has a ResourceQuota; who only packages them for others can leave it to them.',
      aspect: 'namespace-quota',
    },
    emptyQuota: {
      what: 'The {title} of the namespace {namespace} bounds neither cpu, memory nor pods.',
      why: 'It looks like a quota, and the pods of the namespace may still take everything.',
      fix: 'Set `limits.cpu` and `limits.memory` under `hard`, or `default` for containers in a LimitRange.',
      aspect: 'namespace-quota',
    },
  },
  assess: (facts, options) => ({
    subjects: sharingCauses([
      ...sharingObjects(facts.linked(linkContainers), (one) => judge(one, facts, options.requireCpuLimit === true)),
      ...facts.linked(linkCluster).unevaluated.map((one) => unknown('template', one, one.reason)),
      ...[...facts.linked(linkNamespaces).values()].flatMap(namespaces),
      ...services(facts),
      ...tasks(facts),
    ]),
    lookedFor: 'workloads in manifests, charts, kustomizations, Terraform, compose files and ECS tasks',
  }),
});

function isSystem(name: string): boolean {
  return name === 'kube-system' || name === 'kube-public' || name === 'kube-node-lease';
}

/** A container fails when one of its deployments leaves it without a memory limit. */
function judge(one: DeployedContainer, facts: Facts, cpuToo: boolean): Subject[] {
  const { title, place } = one;
  let evidence = '';
  for (const { workload, container } of one.variants) {
    if (container.role === 'ephemeral' || workload.object.broken) continue;
    const where = deployedAs(workload);
    const trial = { confidence: workload.trial ? ('low' as const) : ('high' as const) };
    const limits = at(container.body, 'resources', 'limits');
    const memory = at(limits, 'memory');
    const elsewhere = coveredBy(workload, facts);
    const open = [memory, limits, at(container.body, 'resources')].find(
      (node) => node?.rendered?.unknown !== undefined,
    );
    if (textOf(memory) === undefined && elsewhere === undefined) {
      if (open) return [unknown(title, place, open.rendered!.unknown!)];
      const present = presentIn(at(container.body, 'resources'));
      return [
        failedUnlessTrial(
          title,
          present === '' ? 'limits' : 'memory',
          { title, where, present, chart: chartHint(container.body, 'resources', 'limits', 'memory') },
          place,
          { ...deadValues(facts, workload.chart?.folder, 'limits'), ...trial },
        ),
      ];
    }
    evidence ||=
      elsewhere ??
      `memory is limited to ${open ? 'a value of the installation' : textOf(memory)}${setIn(memory, place)}`;
    if (cpuToo && elsewhere === undefined && at(limits, 'cpu') === undefined)
      return [failedUnlessTrial(title, 'cpu', { title, where }, place, trial)];
    const requests = at(container.body, 'resources', 'requests');
    if (
      elsewhere === undefined &&
      at(limits, 'cpu') === undefined &&
      at(requests, 'cpu') === undefined &&
      requests?.rendered?.unknown === undefined
    ) {
      return [failedUnlessTrial(title, 'requests', { title, where }, place, { confidence: 'low' })];
    }
  }
  if (evidence === '') return [];
  const resources = at(one.unused?.container.body, 'resources');
  const limits = at(resources, 'limits');
  const memory = at(limits, 'memory');
  const open = [memory, limits, resources].some((node) => node?.rendered?.unknown !== undefined);
  if (!one.unused || textOf(memory) !== undefined || open || coveredBy(one.variants[0]!.workload, facts) !== undefined)
    return [pass(title, place, evidence)];
  const data = { title, chart: one.unused.workload.chart!.name };
  const review = failedUnlessTrial(title, 'unused', data, decidedAt(one.unused, memory, limits, resources), {
    confidence: 'low',
  });
  return [{ ...review, place, evidence }];
}

/** What limits the containers of a workload without their saying so. */
function coveredBy(workload: Workload, facts: Facts): string | undefined {
  if (isSystem(workload.namespace)) return `a part of the cluster in ${workload.namespace}`;
  const namespace = facts.linked(linkNamespaces).get(workload.namespace);
  const range = namespace?.limitRanges.find((one) => defaultMemory(one) !== undefined);
  if (range) return `${titleOf(range.object)} in ${range.path} gives ${defaultMemory(range)} of memory`;
  const scaled = `${workload.object.kind} ${workload.object.name ?? ''}`;
  return namespace?.autoscaled.has(scaled) ? 'a VerticalPodAutoscaler sizes it' : undefined;
}

function presentIn(resources: YamlNode | undefined): string {
  return listed(
    ['limits', 'requests'].flatMap((kind) => entriesOf(at(resources, kind)).map(({ key }) => `${kind}.${key}`)),
  );
}

function namespaces({ name, place, again, fixed, workloads, quotas, limitRanges }: Namespace): Subject[] {
  if (!fixed || isSystem(name)) return [];
  const title = `namespace ${name}`;
  const good = quotas.find(boundsResources) ?? limitRanges.find(boundsContainers);
  if (good) return [pass(title, place, `${titleOf(good.object)} in ${good.path}`)];
  const useless = quotas[0] ?? limitRanges[0];
  if (!useless) {
    const assumed = workloads.every((one) => one.assumed);
    const review = assumed || workloads.every((one) => one.trial);
    const message = assumed ? 'assumed' : 'namespace';
    const related = again.map((one) => ({ ...one, text: 'The same namespace is declared here again.' }));
    return [
      failedUnlessTrial(title, message, { namespace: name }, place, {
        confidence: review ? 'low' : 'high',
        ...(related.length > 0 ? { related } : {}),
      }),
    ];
  }
  const data = { title: titleOf(useless.object), namespace: name };
  return [{ ...failedUnlessTrial(title, 'emptyQuota', data, useless.place), place }];
}

function services(facts: Facts): Subject[] {
  const trials = facts.linked(composeTrials);
  return facts.linked(linkCompose).map(({ name, path, keySpan, body }) => {
    const title = `service ${name}`;
    const place = { path, span: keySpan };
    const limits = [at(body, 'deploy', 'resources', 'limits', 'memory'), at(body, 'mem_limit')];
    const limit = limits.find(
      (node) => node?.rendered?.unknown === undefined && !/^(?:0\D*|)$/.test(textOf(node) ?? ''),
    );
    if (limit) return pass(title, place, `memory is limited to ${textOf(limit)}${setIn(limit, place)}`);
    const open = limits.flatMap((node) => node?.rendered?.unknown ?? [])[0];
    if (open !== undefined) return unknown(title, place, `the memory limit is not known: ${open}`);
    // A limit of 0 is none; where a variable gives it, that is the line to change.
    const zero = limits.find((node) => node?.rendered?.origins);
    const [cause, more] = causeOf(zero, place);
    const trial = trials.has(path) ? { confidence: 'low' as const } : {};
    return { ...failedUnlessTrial(title, 'compose', { service: name }, cause, { ...more, ...trial }), place };
  });
}

function tasks(facts: Facts): Subject[] {
  const open = facts
    .linked(linkOpenTasks)
    .map((place) => unknown('containers of an ECS task', place, 'the containers are only known at deployment'));
  const known = facts.linked(linkTasks).map(({ name, path, span, memory }) => {
    const title = `container ${name} of an ECS task`;
    const place = { path, span };
    return memory ? pass(title, place, 'memory is set') : failedUnlessTrial(title, 'task', { name }, place);
  });
  return [...known, ...open];
}
