/** Knows which compose files start something to try it out: their path, their header or their services say so. */
import { type ComposeService, composeText, keyValues, linkCompose } from './compose.ts';
import type { Facts } from './facts.ts';
import { parseImage, shortName } from './images.ts';
import { isTrial } from './trials.ts';
import { at, itemsOf, textOf, type YamlNode } from './yaml.ts';

/** Paths of compose files that nobody deploys to production. A pure join: use through `facts.linked`. */
export function composeTrials(facts: Facts): ReadonlySet<string> {
  const services = new Map<string, ComposeService[]>();
  for (const one of facts.linked(linkCompose)) {
    const known = services.get(one.path);
    if (known) known.push(one);
    else services.set(one.path, [one]);
  }
  return new Set(
    facts.of('compose').flatMap(({ path, data }) => {
      const own = services.get(path) ?? [];
      return isTrial(path) || saysTrial(data.header ?? '') || onLoopback(own) || develops(own) ? [path] : [];
    }),
  );
}

const PURPOSE =
  /\b(?:for|during)\s+(?:(?:the|your|our|local|quick|manual|automated|integration|e2e|end-to-end)\s+)*(?:development|developing|developers|dev|testing|tests|demos?|demonstrations?|evaluation)\b|\b(?:local|development|dev|demo|test|testing|e2e|example|sample)\s+(?:docker[- ]?)?(?:compose|environment|env|stack|set-?up|infrastructure|database|instance|deployment|configuration|only|use)\b/i;
const NOT_PRODUCTION =
  /\b(?:not|never|n't)\b[^.\n]{0,60}\bprod(?:uction)?\b|\b(?:for|in) prod(?:uction)?\b[^.\n]{0,60}\b(?:use|see)\b/i;
/** It speaks of other files: "for development add -f compose.dev.yaml". */
const ELSEWHERE = /\bcompose[\w.-]*\.ya?ml\b|\s-f\s/i;

/** Does the comment on top of a file say that it is for development, tests or a demonstration? */
function saysTrial(header: string): boolean {
  const sentences = header.split(/\n\s*\n|\.\s/).map((one) => one.replace(/\s+/g, ' '));
  if (sentences.some((one) => NOT_PRODUCTION.test(one))) return true;
  return !/\bprod(?:uction)?\b/i.test(header) && sentences.some((one) => PURPOSE.test(one) && !ELSEWHERE.test(one));
}

/** Something is published, and all of it on the machine itself alone. */
function onLoopback(services: readonly ComposeService[]): boolean {
  const hosts = services.flatMap(({ body }) =>
    textOf(at(body, 'network_mode')) === 'host' ? ['0.0.0.0'] : itemsOf(at(body, 'ports')).map(hostOf),
  );
  return hosts.length > 0 && hosts.every((host) => /^(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/.test(host));
}

/** Address on which a port is published; empty: on all. */
function hostOf(port: YamlNode): string {
  const text = composeText(port)?.resolved;
  if (text === undefined) return composeText(at(port, 'host_ip'))?.resolved ?? '';
  return /^(\[[^\]]*\]|[\w.-]+):[\d-]*:[\d-]+(?:\/\w+)?$/.exec(text)?.[1] ?? '';
}

const MODES =
  /^(?:NODE_ENV|APP_ENV|APP_ENVIRONMENT|ENVIRONMENT|ENV|RAILS_ENV|RACK_ENV|FLASK_ENV|DJANGO_ENV|MIX_ENV|GO_ENV|ASPNETCORE_ENVIRONMENT|DOTNET_ENVIRONMENT|SPRING_PROFILES_ACTIVE)$/;
/** They keep every message to themselves: nobody runs them where people wait for mail. */
const MAIL_CATCHERS = /^(?:mailhog|mailpit|maildev|mailcatcher|mailtrap|smtp4dev|greenmail|inbucket|fake-smtp-server)$/;
const DEVELOPMENT_SERVER =
  /\b(?:npm|yarn|pnpm|bun)(?: run)? (?:dev|start:dev|develop)\b|\bnodemon\b|--reload\b|\bmanage\.py runserver\b|\bflask\b.* --debug\b|\bnext dev\b|\bng serve\b/;

/** A service runs in a mode of developers, and none in that of production. */
function develops(services: readonly ComposeService[]): boolean {
  const modes = services.flatMap(({ body }) =>
    keyValues(at(body, 'environment')).flatMap(({ key, value }) => (MODES.test(key) ? (value?.text ?? []) : [])),
  );
  if (modes.some((mode) => /prod|live|staging/i.test(mode))) return false;
  return (
    modes.some((mode) => /^(?:dev|development|local|test|testing)$/i.test(mode)) ||
    services.some(
      ({ image, build, body }) =>
        MAIL_CATCHERS.test(nameOf(image?.resolved)) ||
        /^(?:dev|development|test|tests)$/i.test(build?.target ?? '') ||
        DEVELOPMENT_SERVER.test(commandOf(at(body, 'command'))),
    )
  );
}

function nameOf(image: string | undefined): string {
  const parsed = image === undefined ? undefined : parseImage(image);
  return parsed ? shortName(parsed) : '';
}

function commandOf(node: YamlNode | undefined): string {
  return (
    textOf(node) ??
    itemsOf(node)
      .map((item) => textOf(item) ?? '')
      .join(' ')
  );
}
