/** Knows whether each container runs with a read-only root file system. */
import { defineCheck, type Options, pass, type Subject, sharingCauses, unknown } from '../check.ts';
import { deployedAs, linkCluster, textsOf, type Workload } from '../facts/cluster.ts';
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
import { type DockerRun, linkDocker } from '../facts/docker-run.ts';
import { linkOpenTasks, linkTasks } from '../facts/ecs.ts';
import type { Facts } from '../facts/facts.ts';
import { chartHint, deadValues } from '../facts/helm/settings.ts';
import { chartNeeds } from '../facts/helm.ts';
import { podTemplate } from '../facts/kubernetes.ts';
import { at, booleanOf, textOf } from '../facts/yaml.ts';

const WHY = 'Whoever gets code to run in the container can change programs and keep tools in it.';
const MOUNTS = 'mount an emptyDir or tmpfs where the program writes (usually /tmp)';

export const readonlyRootfs = defineCheck({
  id: 'readonly-rootfs',
  needs: {
    ...chartNeeds,
    kubernetes: true,
    compose: true,
    terraform: [
      'kubernetes_',
      'kubectl_manifest',
      'aws_ecs_task_definition',
      'variable',
      'locals',
      'module',
      'helm_release',
    ],
    ecs: true,
    script: ['docker', ...chartNeeds.script],
  },
  messages: {
    missing: {
      what: 'The {title} does not set readOnlyRootFilesystem{where}.',
      why: WHY,
      fix: `Set \`readOnlyRootFilesystem: true\` in the container's securityContext, and ${MOUNTS}.{chart}`,
      aspect: 'container',
    },
    writable: {
      what: 'The {title} asks for a writable root file system: readOnlyRootFilesystem is {value}{where}.',
      why: WHY,
      fix: `Set it to \`true\`, and ${MOUNTS}.`,
      aspect: 'container',
    },
    unused: {
      what: 'The values of the chart {chart} leave the {title} with a writable root file system; every installation here gives other ones.',
      why: 'The next installation starts from these values, and nobody will notice that its file system is writable.',
      fix: 'Make it read-only in the values of the chart as well.',
      aspect: 'container',
    },
    podLevel: {
      what: '`readOnlyRootFilesystem` stands in the security context of the pod, where it has no effect; the {title} does not set it.',
      why: `Kubernetes drops the field without a word. ${WHY}`,
      fix: 'Move `readOnlyRootFilesystem: true` into the securityContext of each container.',
      aspect: 'container',
    },
    compose: {
      what: 'The compose service {service} runs with a writable root file system.',
      why: WHY,
      fix: `Set \`read_only: true\`, and ${MOUNTS}.`,
      aspect: 'container',
    },
    run: {
      what: '`docker run` starts {image} in the background with a writable root file system.',
      why: WHY,
      fix: 'Add `--read-only`, and `--tmpfs /tmp` where the program writes.',
      aspect: 'container',
    },
    task: {
      what: 'The container {name} of the ECS task runs with a writable root file system.',
      why: WHY,
      fix: 'Set `readonlyRootFilesystem` to true, and mount a volume where the program writes.',
      aspect: 'container',
    },
  },
  assess: (facts, options) => ({
    subjects: sharingCauses([
      ...sharingObjects(facts.linked(linkContainers), (one) => judge(one, facts, options)),
      ...facts.linked(linkCluster).unevaluated.map((one) => unknown('template', one, one.reason)),
      ...services(facts),
      ...runs(facts),
      ...tasks(facts),
    ]),
    lookedFor: 'containers in manifests, charts, kustomizations, Terraform, compose files, ECS tasks and docker run',
  }),
});

/** A container fails when one of its deployments leaves it writable. */
function judge(one: DeployedContainer, facts: Facts, options: Options): Subject[] {
  const { title, place, variants, unused } = one;
  const results = variants.flatMap(({ workload, container }) => {
    if (container.role === 'ephemeral') return [];
    const exempt =
      exemption(workload, container.name, options) ?? (isWindows(workload) ? 'Windows has no such setting' : undefined);
    const setting = at(container.body, 'securityContext', 'readOnlyRootFilesystem');
    return [{ workload, container, setting, exempt, passes: exempt !== undefined || booleanOf(setting) === true }];
  });
  const bad = results.find(({ passes }) => !passes);
  if (results.length === 0) return [];
  if (!bad) {
    const evidence = results[0]!.exempt ?? `readOnlyRootFilesystem is true${setIn(results[0]!.setting, place)}`;
    const context = at(unused?.container.body, 'securityContext');
    const byDefault = at(context, 'readOnlyRootFilesystem');
    if (!unused || results[0]!.exempt || booleanOf(byDefault) === true || byDefault?.rendered?.unknown !== undefined)
      return [pass(title, place, evidence)];
    const data = { title, chart: unused.workload.chart!.name };
    const review = failedUnlessTrial(title, 'unused', data, decidedAt(unused, byDefault, context), {
      confidence: 'low',
    });
    return [{ ...review, place, evidence }];
  }
  const { workload, container, setting } = bad;
  const open = setting?.rendered?.unknown;
  if (open !== undefined) return [unknown(title, place, open)];
  if (workload.object.broken) return [unknown(title, place, 'the document has a syntax error')];
  const where = deployedAs(workload);
  const trial = { confidence: workload.trial ? ('low' as const) : ('high' as const) };
  if (setting === undefined || textOf(setting) === undefined) {
    const chart = chartHint(container.body, 'securityContext', 'readOnlyRootFilesystem');
    const podLevel = at(workload.pod.spec, 'securityContext', 'readOnlyRootFilesystem');
    const dead = deadValues(facts, workload.chart?.folder, 'readOnlyRootFilesystem');
    return [
      failedUnlessTrial(title, podLevel ? 'podLevel' : 'missing', { title, where, chart }, place, {
        ...dead,
        ...trial,
      }),
    ];
  }
  const at2 = { path: setting.path ?? workload.path, span: setting.span };
  const value =
    setting.kind === 'scalar' && typeof setting.value === 'string' ? 'a text and no boolean' : (textOf(setting) ?? '');
  const literal =
    setting.kind === 'scalar' &&
    /^(?:true|false)$/.test(setting.text) &&
    !workload.chart &&
    !setting.path?.endsWith('.tf');
  const fix = { description: 'Make the root file system read-only', edits: [{ ...at2, text: 'true' }] };
  const subject = failedUnlessTrial(title, 'writable', { title, value, where }, at2, {
    ...(literal ? { fix } : {}),
    ...trial,
  });
  return [{ ...subject, place }];
}

/** Annotations and labels by which other tools are told that a container may write. */
function exemption(workload: Workload, container: string, options: Options): string | undefined {
  const patterns = options.exemptions as readonly string[];
  const template = podTemplate(workload.object);
  for (const node of [at(workload.object.body, 'metadata'), at(template, 'metadata')]) {
    for (const kind of ['annotations', 'labels'] as const) {
      for (const [key, value] of textsOf(at(node, kind))) {
        if (value === 'false') continue;
        const text = `${key}=${value}`;
        if (patterns.some((pattern) => text.includes(pattern.replace('{container}', container))))
          return `${key} says so`;
      }
    }
  }
  return undefined;
}

function isWindows({ pod }: Workload): boolean {
  return (
    textOf(at(pod.spec, 'os', 'name')) === 'windows' ||
    textOf(at(pod.spec, 'nodeSelector', 'kubernetes.io/os')) === 'windows'
  );
}

function services(facts: Facts): Subject[] {
  const trials = facts.linked(composeTrials);
  return facts.linked(linkCompose).map((service) => {
    const title = `service ${service.name}`;
    const place = { path: service.path, span: service.keySpan };
    const setting = at(service.body, 'read_only');
    if (booleanOf(setting) === true) return pass(title, place, `read_only is true${setIn(setting, place)}`);
    const open = setting?.rendered?.unknown;
    if (open !== undefined) return unknown(title, place, `read_only is not known: ${open}`);
    const at2 = setting ? { path: setting.path ?? service.path, span: setting.span } : place;
    const [cause, more] = causeOf(setting, at2);
    const trial = trials.has(service.path) ? { confidence: 'low' as const } : {};
    return { ...failedUnlessTrial(title, 'compose', { service: service.name }, cause, { ...more, ...trial }), place };
  });
}

/** Containers that `docker run` leaves behind. A script that names two alike starts the one or the other. */
function runs(facts: Facts): Subject[] {
  const found = new Map<string, DockerRun[]>();
  for (const run of facts.linked(linkDocker).runs) {
    if (!run.detached || run.temporary) continue;
    const key = `${run.place.path} ${run.name ?? run.place.span.start}`;
    const known = found.get(key);
    if (known) known.push(run);
    else found.set(key, [run]);
  }
  return [...found.values()].map((all) => {
    const open = all.filter(({ options }) => !options.some((word) => /^--read-only(?:=true)?$/.test(word)));
    const { image, place } = open[0] ?? all[0]!;
    const title = `docker run of ${image}`;
    if (open.length === 0) return pass(title, place, '--read-only');
    const related = open
      .slice(1)
      .map((one) => ({ ...one.place, text: `Or it starts ${one.image} under the same name.` }));
    return failedUnlessTrial(title, 'run', { image }, place, related.length > 0 ? { related } : {});
  });
}

function tasks(facts: Facts): Subject[] {
  const open = facts
    .linked(linkOpenTasks)
    .map((place) => unknown('containers of an ECS task', place, 'the containers are only known at deployment'));
  const known = facts.linked(linkTasks).map(({ name, path, span, readOnly, windows }) => {
    const title = `container ${name} of an ECS task`;
    const place = { path, span };
    if (windows) return pass(title, place, 'Windows has no such setting');
    if (readOnly === true) return pass(title, place, 'readonlyRootFilesystem is true');
    if (readOnly === 'unknown') return unknown(title, place, 'readonlyRootFilesystem is only known at deployment');
    return failedUnlessTrial(title, 'task', { name }, place);
  });
  return [...known, ...open];
}
