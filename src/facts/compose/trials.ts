/** Knows which compose files start something to try it out: their path, their header or their services say so. */

import { DEVELOPERS_MODE, isTrial, MAIL_CATCHERS, MODES, saysTrial } from '../cluster/trials.ts';
import { type ComposeService, composeText, keyValues, linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { parseImage, shortName } from '../images.ts';
import { at, itemsOf, textOf, type YamlNode } from '../yaml.ts';

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

/** Something is published, all of it on the machine itself alone, and nothing of it is kept running behind a proxy. */
function onLoopback(services: readonly ComposeService[]): boolean {
  if (services.some(({ body }) => /^(?:always|unless-stopped)$/.test(textOf(at(body, 'restart')) ?? ''))) return false;
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

const DEVELOPMENT_SERVER =
  /\b(?:npm|yarn|pnpm|bun)(?: run)? (?:dev|start:dev|develop)\b|\bnodemon\b|--reload\b|\bmanage\.py runserver\b|\bflask\b.* --debug\b|\bnext dev\b|\bng serve\b/;

/** A service runs in a mode of developers, and none in that of production. */
function develops(services: readonly ComposeService[]): boolean {
  const modes = services.flatMap(({ body }) =>
    keyValues(at(body, 'environment')).flatMap(({ key, value }) => (MODES.test(key) ? (value?.text ?? []) : [])),
  );
  if (modes.some((mode) => /prod|live|staging/i.test(mode))) return false;
  return (
    modes.some((mode) => DEVELOPERS_MODE.test(mode)) ||
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
