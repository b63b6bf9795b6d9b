/** Knows what deploys for trying things out: on a developer's machine, in CI, for a demonstration. */
import { baseName } from '../shell/words.ts';

/** Folders of tools that start containers for developers and CI alone. */
const TOOLS = new Set(['.devcontainer', '.github', '.gitlab', '.circleci', '.gitpod', '.vagrant']);
/** Words that say so wherever they stand in the name of a folder or a file. */
const WORDS = new Set(
  'dev devel develop development devenv devcontainer devservices devstack devbox devspace tilt testenv testbed localhost localdev minikube k3d vagrant quickstart playground test tests testing e2e'.split(
    ' ',
  ),
);
/** Words that say so as the whole name or its end: `docker-compose.local.yml`, but not `local-path-storage.yaml`. */
const ENDS = new Set('local kind demo example sample'.split(' '));
/** Those of them that name a developer's machine. */
const MACHINES = new Set('localhost localdev minikube k3d vagrant local kind'.split(' '));

/**
 * True for compose files, manifests, values and scripts that nobody deploys to production. What a cluster fetches by
 * itself is not for a developer's machine, whatever its folder is called.
 */
export function isTrial(path: string, fetched = false): boolean {
  return (
    namesTrial(path, fetched) ||
    path.split('/').some((part) => TOOLS.has(part.toLowerCase()) || /^ci$|[._-]ci\.ya?ml$/i.test(part))
  );
}

/** The same for what deploys: CI does that too, so its folders say nothing. */
export function namesTrial(path: string, fetched = false): boolean {
  const parts = path.toLowerCase().split('/');
  return parts.some((part, i) => {
    const name = i === parts.length - 1 ? part.replace(/\.\w+$/, '') : part;
    const words = name
      .replace(/dev[-_]?ops/, '')
      .replace('quick-start', 'quickstart')
      .split(/[^a-z0-9]+/);
    return words.some(
      (word, at) =>
        (WORDS.has(word) || (at === words.length - 1 && ENDS.has(word))) && !(fetched && MACHINES.has(word)),
    );
  });
}

/** First words of commands that make a cluster on the machine they run on, or bring images to it. */
const LOCAL_CLUSTER =
  /^(?:kind (?:create cluster|load (?:docker-image|image-archive))|k3d (?:cluster create|image import)|ctlptl (?:create cluster|apply)|minikube (?:start|docker-env|image load)|microk8s (?:install|start)|kwokctl create cluster)(?: |$)/;
/** Actions that do. */
const CLUSTER_ACTION =
  /^(?:helm\/kind-action|engineerd\/setup-kind|container-tools\/kind-action|absaoss\/k3d-action|debianmaster\/actions-k3s|nolar\/setup-k3d-k3s|medyagh\/setup-minikube|manusa\/actions-setup-minikube|balchua\/microk8s-actions)$/i;

/** True for a command that needs a cluster on the machine it runs on: what is deployed there is for trying things out. */
export function createsCluster([program, ...rest]: readonly string[]): boolean {
  // Options of the program itself may stand in front: `minikube -p demo start`.
  const verbs = rest.filter((word, i) => !word.startsWith('-') && !/^(?:-p|--profile)$/.test(rest[i - 1] ?? ''));
  return LOCAL_CLUSTER.test([baseName(program ?? ''), ...verbs.slice(0, 2)].join(' '));
}

/** The same for an action of a pipeline, by its name. */
export function isClusterAction(name: string): boolean {
  return CLUSTER_ACTION.test(name);
}

const PURPOSE =
  /\b(?:for|during)\s+(?:(?:the|your|our|local|quick|manual|automated|integration|e2e|end-to-end)\s+)*(?:development|developing|developers|dev|testing|tests|demos?|demonstrations?|evaluation)\b|\b(?:local|development|dev|demo|test|testing|e2e|example|sample)\s+(?:docker[- ]?)?(?:compose|environment|env|stack|set-?up|infrastructure|database|instance|deployment|configuration|only|use)\b/i;
const NOT_PRODUCTION =
  /\b(?:not|never|n't)\b[^.\n]{0,60}\bprod(?:uction)?\b|\b(?:for|in) prod(?:uction)?\b[^.\n]{0,60}\b(?:use|see)\b/i;
/** It speaks of other files: "for development add -f compose.dev.yaml". */
const ELSEWHERE = /\bcompose[\w.-]*\.ya?ml\b|\s-f\s/i;

/** Does the comment on top of a file say that it is for development, tests or a demonstration? */
export function saysTrial(header: string): boolean {
  const sentences = header.split(/\n\s*\n|\.\s/).map((one) => one.replace(/\s+/g, ' '));
  if (sentences.some((one) => NOT_PRODUCTION.test(one))) return true;
  return !/\bprod(?:uction)?\b/i.test(header) && sentences.some((one) => PURPOSE.test(one) && !ELSEWHERE.test(one));
}

/** Variables that tell a program where it runs. */
export const MODES =
  /^(?:[A-Z]*_)?(?:NODE_ENV|APP_ENV|APP_ENVIRONMENT|ENVIRONMENT|ENV|RAILS_ENV|RACK_ENV|FLASK_ENV|DJANGO_ENV|MIX_ENV|GO_ENV|ASPNETCORE_ENVIRONMENT|DOTNET_ENVIRONMENT|SPRING_PROFILES_ACTIVE)$/;
/** Their values on a developer's machine and in tests. */
export const DEVELOPERS_MODE = /^(?:dev|development|local|test|testing)$/i;
/** They keep every message to themselves: nobody runs them where people wait for mail. */
export const MAIL_CATCHERS =
  /^(?:mailhog|mailpit|maildev|mailcatcher|mailtrap|smtp4dev|greenmail|inbucket|fake-smtp-server)$/;
