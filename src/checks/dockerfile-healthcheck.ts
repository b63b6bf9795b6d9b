/** Knows whether each image that runs a service says how to tell that the service is alive. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import type { Dockerfile, Healthcheck, Stage } from '../facts/dockerfile.ts';
import { type Facts, type FileFacts, placeOf } from '../facts/facts.ts';
import { type HealthVerdict, healthVerdict, healthVerdictOfWords, type ScriptOf } from '../facts/health-command.ts';
import { healthExample } from '../facts/health-example.ts';
import { chartNeeds } from '../facts/helm.ts';
import { linkImageScripts, linkLineages } from '../facts/images/lineage.ts';
import { type ImageUse, linkImageUses, type UseCheck } from '../facts/images/uses.ts';
import {
  forDevelopment,
  healthcheckInForce,
  idles,
  listed,
  otherPort,
  parentImage,
  type ServiceKnowledge,
  serviceVerdict,
  startCommand,
} from '../facts/service-image.ts';

type File = FileFacts<Dockerfile>;

export const dockerfileHealthcheck = defineCheck({
  id: 'dockerfile-healthcheck',
  needs: {
    ...chartNeeds,
    dockerfile: true,
    compose: ['build', 'healthcheck'],
    kubernetes: ['containers', 'skaffold'],
    workflow: ['docker', ...chartNeeds.workflow],
    script: ['docker', 'podman', 'nerdctl', ...chartNeeds.script],
  },
  // Services that run an image, and the scripts that images start.
  evidence: {
    compose: ['image'],
    script: ['exec', 'exit', 'while', 'wait', '$@'],
    ecs: ['image', 'Image'],
    platform: true,
    terraform: true,
  },
  messages: {
    missing: {
      what: 'The image of {stage} runs a service ({because}) and has no HEALTHCHECK, and nothing that runs it checks its health.',
      why: 'A process that hangs or refuses requests stays in service, because to the container engine it is still running.',
      fix: 'Add a HEALTHCHECK that asks the service itself{example}, or a healthcheck in compose or a probe in Kubernetes.',
      aspect: 'missing',
    },
    disabled: {
      what: 'HEALTHCHECK NONE switches the health check off for the image of {stage}, which runs a service ({because}).',
      why: 'A process that hangs or refuses requests stays in service, because to the container engine it is still running.',
      fix: 'Replace NONE by a command that asks the service itself, or set a healthcheck where the image runs.',
      aspect: 'missing',
    },
    vacuous: {
      what: 'The {check} always succeeds: `{command}`.',
      why: 'The container is reported as healthy even when the service in it is dead.',
      fix: 'Let the command fail when the service does not answer: ask an endpoint, and end with `|| exit 1`.',
      aspect: 'missing',
    },
    aside: {
      what: 'The {check} asks something else than the service: `{command}`.',
      why: 'It can succeed while the service hangs, and fail while the service works.',
      fix: 'Ask the port or an endpoint of the service itself.',
      aspect: 'weak',
    },
    lenient: {
      what: 'The {check} takes every answer for a success: `{command}`.',
      why: 'Without `--fail` curl succeeds on a status of 500 as well, so only a service that does not answer at all is noticed.',
      fix: 'Add `-f` (`--fail`), or compare the status.',
      aspect: 'weak',
    },
    port: {
      what: 'The {check} asks port {port}, and the service listens on {served}: `{command}`.',
      why: 'A check of a port that nobody serves reports a service as dead that works, or asks another program.',
      fix: 'Ask the port that the service listens on.',
      aspect: 'weak',
    },
    multiple: {
      what: 'A stage has several HEALTHCHECK instructions; only the last one counts.',
      why: 'The earlier ones look as if they checked something, and they do not.',
      fix: 'Keep one HEALTHCHECK per stage.',
      aspect: 'multiple',
    },
    probe: {
      what: 'The {container} has no liveness, readiness or startup probe.',
      why: 'Kubernetes ignores HEALTHCHECK: without a probe it sends requests to a container that cannot answer and never restarts one that hangs.',
      fix: 'Add a readinessProbe and, where a restart helps, a livenessProbe.',
      aspect: 'probe',
    },
  },
  assess: (facts, options) => {
    const known = knowledge(options);
    const uses = facts.linked(linkImageUses);
    const subjects = facts
      .of('dockerfile')
      .filter((file) => !forDevelopment(file.path))
      .flatMap((file) => [...products(file, uses.get(file.path) ?? [], known, facts, options), ...repeated(file)]);
    return {
      subjects,
      lookedFor: 'Dockerfile, Containerfile, Dockerfile.*, *.dockerfile whose image runs a service',
    };
  },
});

function knowledge(options: Options): ServiceKnowledge {
  const list = (name: string) => options[name] as readonly string[];
  return {
    serviceImages: list('serviceImages'),
    plainImages: list('plainImages'),
    servers: list('servers'),
    tools: list('tools'),
    wrappers: list('wrappers'),
  };
}

/** The last stage, those that compose builds, and those that only a build by name can be meant for. */
function products(
  file: File,
  uses: readonly ImageUse[],
  known: ServiceKnowledge,
  facts: Facts,
  options: Options,
): Subject[] {
  const { stages } = file.data;
  // A stage at the end that tests or debugs the product is built by name.
  const product = ({ name = '' }: Stage) => !/(?:^|[^a-z])(?:tests?|testing|debug)$/.test(name);
  const final = stages.findLast(product) ?? stages.at(-1);
  const used = new Set(stages.flatMap((stage) => [stage.parent, ...stage.copies.map((copy) => copy.stage)]));
  return stages.flatMap((stage) => {
    const last = stage === final;
    const targeted = uses.some((use) => use.target !== undefined && use.target === stage.name);
    const aside = /(?:^|[^a-z])(?:dev|develop\w*|debug|tests?|lint|ci|build(?:er)?)(?![a-z])/.test(stage.name ?? '');
    const alone = !used.has(stage.index) && !aside;
    if (!last && !targeted && !alone) return [];
    const own = uses.filter((use) => (use.target === undefined ? last : use.target === stage.name));
    const subject = judge(file, stage, own, known, facts, options);
    return subject && (last || targeted || subject.verdict === 'pass' || stage.expose.length > 0) ? [subject] : [];
  });
}

function judge(
  file: File,
  stage: Stage,
  uses: readonly ImageUse[],
  known: ServiceKnowledge,
  facts: Facts,
  options: Options,
): Subject | undefined {
  const { chain, base, outer } = facts.linked(linkLineages)(file, stage);
  const name = stage.name ?? (file.data.stages.length > 1 ? 'the last stage' : file.path);
  const place = placeOf(file, stage);
  const title = `image of ${name}`;
  const check = healthcheckInForce(chain);
  const scripts = (path: string) => facts.linked(linkImageScripts)(file.path, path);
  const tells = check?.command?.text ? healthVerdict(check.command, scripts) : 'always';
  if (check && !check.none && tells === 'asks') {
    const unasked = uses.find((use) => use.orchestrated && use.forever && !use.check);
    if (unasked && !uses.some((use) => use.orchestrated && use.check)) {
      const finding: Finding = {
        message: 'probe',
        data: { container: unasked.title },
        place: unasked.place,
        confidence: 'low',
      };
      return fail(title, finding, place);
    }
    const own = stage.healthchecks.length > 0;
    const other = otherPort(check.command?.words ?? [], chain);
    if (own && other) {
      const data = { ...other, check: `HEALTHCHECK of ${name}`, command: commandOf(check) };
      return fail(title, { message: 'port', data, place: placeOf(file, check), confidence: 'low' }, place);
    }
    return pass(title, place, own ? 'has a HEALTHCHECK' : 'HEALTHCHECK inherited from an earlier stage');
  }
  const elsewhere = uses.find((use) => use.check && toldBy(use.check, scripts) === 'asks');
  if (elsewhere?.check && !(check?.command && tells === 'always')) {
    const where = elsewhere.check.place.path;
    return pass(title, place, `${elsewhere.check.name} of the ${elsewhere.title} in ${where}`);
  }
  const verdict = serviceVerdict(chain, known, scripts);
  const runs = uses.find((use) => use.forever);
  if (idles(chain, known)) return undefined;
  if (check && !check.none && check.command) {
    const data = { check: `HEALTHCHECK of ${name}`, command: commandOf(check) };
    const sure = elsewhere ? { confidence: 'low' as const } : {};
    return fail(title, { ...weak(tells), data, place: placeOf(file, check), ...sure }, place);
  }
  const weakly = uses.find((use) => use.check);
  if (weakly?.check && (verdict.runs === 'service' || runs)) {
    const { name: kind, words = [], place: at } = weakly.check;
    const command = words.slice(/^CMD/.test(words[0] ?? '') ? 1 : 0).join(' ');
    const data = { check: `${kind} of the ${weakly.title}`, command: shown(command) };
    return fail(title, { ...weak(toldBy(weakly.check, scripts)), data, place: at }, place);
  }
  const checked = parentImage(chain);
  if (!check && checked !== undefined && listed(checked, options.checkedImages as readonly string[]))
    return pass(title, place, `HEALTHCHECK of the base image ${checked.repository}`);
  if (verdict.runs === 'nothing' && !(verdict.guessed && runs)) return undefined;
  if (verdict.runs === 'tool' && !runs) return undefined;
  const { entrypoint, cmd } = startCommand(chain);
  if (base && verdict.runs === 'unclear' && !entrypoint && !cmd && !runs) return undefined;
  if (verdict.guessed && !runs && /(?:^|\/)(?:scripts?|tools?|hack|ci|utils?)\//.test(file.path)) return undefined;
  if (uses.length > 0 && !runs && verdict.runs !== 'service') return undefined;
  // One cause: the Dockerfile that builds the base says what is started, and is judged itself.
  const added = chain.slice(0, outer).some((one) => one.entrypoint ?? one.cmd ?? one.expose[0]);
  if (!check && !runs && outer !== undefined && !added) return undefined;
  const because = verdict.runs === 'service' || !runs ? verdict.because : `the ${runs.title} keeps it running`;
  const command = healthExample(chain, because);
  const example = command === undefined ? '' : `, for example \`HEALTHCHECK CMD ${command}\``;
  const finding: Finding = {
    message: check ? 'disabled' : 'missing',
    data: { stage: name, because, ...(check ? {} : { example }) },
    place: check ? placeOf(file, check) : place,
    confidence: (verdict.runs === 'service' && !verdict.guessed) || runs ? 'high' : 'low',
    related: uses
      .slice(0, 5)
      .map((use) => ({ ...use.place, text: `The ${use.title} runs this image without a health check.` })),
  };
  return fail(title, finding, place);
}

function toldBy({ words }: UseCheck, scripts: ScriptOf): HealthVerdict {
  return words ? healthVerdictOfWords(words, scripts) : 'asks';
}

function weak(tells: HealthVerdict): Pick<Finding, 'message' | 'confidence'> {
  return tells === 'always' ? { message: 'vacuous', confidence: 'high' } : { message: tells, confidence: 'low' };
}

function commandOf({ command }: Healthcheck): string {
  return shown(command?.text ?? '');
}

function shown(command: string): string {
  const text = command.replace(/\s+/g, ' ');
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function repeated(file: File): Subject[] {
  return file.data.stages.flatMap(({ healthchecks }) => {
    const [first] = healthchecks;
    if (!first || healthchecks.length < 2) return [];
    const related = healthchecks.slice(1).map((other) => ({ ...placeOf(file, other), text: 'Another HEALTHCHECK.' }));
    const place = placeOf(file, first);
    return [fail('HEALTHCHECK instructions', { message: 'multiple', data: {}, place, confidence: 'low', related })];
  });
}
