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
    for (const path of new Set([one.path, ...one.overlays])) {
      const known = services.get(path);
      if (known) known.push(one);
      else services.set(path, [one]);
    }
  }
  return new Set(
    facts.of('compose').flatMap(({ path, data }) => {
      const all = services.get(path) ?? [];
      const own = all.filter((one) => one.path === path);
      const said = isTrial(path) || saysTrial(data.header ?? '');
      return said || onLoopback(own) || isForLooking(own) || develops(all, path) ? [path] : [];
    }),
  );
}

/** Something is published, all of it on the machine itself alone, and nothing of it is kept running behind a proxy. */
function onLoopback(services: readonly ComposeService[]): boolean {
  const hosts = services.flatMap(({ body }) => {
    const published =
      textOf(at(body, 'network_mode')) === 'host' ? ['0.0.0.0'] : itemsOf(at(body, 'ports')).map(hostOf);
    return published.length > 0 && /^(?:always|unless-stopped)$/.test(textOf(at(body, 'restart')) ?? '')
      ? ['0.0.0.0']
      : published;
  });
  return hosts.length > 0 && hosts.every((host) => /^(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/.test(host));
}

/** Whoever comes is the administrator of its Grafana, and nothing of it is started again: to look at something once. */
function isForLooking(services: readonly ComposeService[]): boolean {
  return (
    services.some(({ body }) =>
      keyValues(at(body, 'environment')).some(
        ({ key, value }) => key === 'GF_AUTH_ANONYMOUS_ORG_ROLE' && value?.resolved === 'Admin',
      ),
    ) && services.every(({ body }) => /^(?:no)?$/.test(textOf(at(body, 'restart')) ?? '') && !at(body, 'deploy'))
  );
}

/** Address on which a port is published; empty: on all. */
function hostOf(port: YamlNode): string {
  const text = composeText(port)?.resolved;
  if (text === undefined) return composeText(at(port, 'host_ip'))?.resolved ?? '';
  return /^(\[[^\]]*\]|[\w.-]+):[\d-]*:[\d-]+(?:\/\w+)?$/.exec(text)?.[1] ?? '';
}

const DEVELOPMENT_SERVER =
  /\b(?:npm|yarn|pnpm|bun)(?: run)? (?:dev|start:dev|develop)\b|\bnodemon\b|--reload\b|\bmanage\.py runserver\b|\bflask\b.* --debug\b|\bnext dev\b|\bng serve\b/;

/** What this file says of its services runs one in a mode of developers, and none in that of production. */
function develops(services: readonly ComposeService[], path: string): boolean {
  // Files that are added to others say something of their own.
  const own = (service: ComposeService, node: { readonly path?: string } | undefined): boolean =>
    (node?.path !== undefined && service.overlays.includes(node.path) ? node.path : service.path) === path;
  const modes = services.flatMap((service) =>
    keyValues(at(service.body, 'environment')).flatMap((one) =>
      MODES.test(one.key) && own(service, one) ? (one.value?.text ?? []) : [],
    ),
  );
  if (modes.some((mode) => /prod|live|staging/i.test(mode))) return false;
  return (
    modes.some((mode) => DEVELOPERS_MODE.test(mode)) ||
    services.some((service) => {
      const { image, build, body } = service;
      const [target, command] = [at(body, 'build', 'target'), at(body, 'command')];
      return (
        (own(service, image) && MAIL_CATCHERS.test(nameOf(image?.resolved))) ||
        (own(service, target) && /^(?:dev|development|test|tests)$/i.test(build?.target ?? '')) ||
        (own(service, command) && DEVELOPMENT_SERVER.test(commandOf(command)))
      );
    })
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
