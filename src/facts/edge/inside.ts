/** Knows which servers nobody outside can reach: behind another one of their machine, or on ports that compose keeps inside. */
import { composeText, linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import { at, itemsOf, textOf } from '../yaml.ts';
import type { EdgeServer } from './server.ts';

/** Ports of containers that the compose files of one folder publish. */
interface Published {
  /** To everybody. */
  readonly open: Set<string>;
  /** To their own machine. */
  readonly local: Set<string>;
}

/** The servers of which that is not known to be so. */
export function reachable(servers: readonly EdgeServer[], facts: Facts): readonly EdgeServer[] {
  const behind = new Set(
    servers.flatMap(({ routes = [], place }) =>
      routes.flatMap(({ upstreams }) => upstreams.map((one) => `${folderOf(place.path)} ${one.replace(LOOPBACK, '')}`)),
    ),
  );
  const published = publishedPorts(facts);
  for (const [folder, { open }] of published) {
    // Compose files that publish no server of these, a database only, say nothing about the others.
    const own = servers.some(
      ({ ports = [], place }) => isIn(folder, place.path) && ports.some((port) => open.has(port)),
    );
    if (!own && !['80', '443', '8080'].some((port) => open.has(port))) open.clear();
  }
  return servers.filter(({ ports = [], place }) => {
    if (ports.length === 0 || ports.includes('')) return true;
    if (ports.every((port) => behind.has(`${folderOf(place.path)} ${port}`))) return false;
    const near = [...published].filter(([folder]) => isIn(folder, place.path)).map(([, one]) => one);
    if (ports.some((port) => near.some(({ open }) => open.has(port)))) return true;
    if (ports.some((port) => near.some(({ local }) => local.has(port)))) return false;
    return near.every(({ open }) => open.size === 0) || ports.some((port) => /^(?:80|443)$/.test(port));
  });
}

const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\]):/;

function isIn(folder: string, path: string): boolean {
  return folder === '' || path.startsWith(`${folder}/`);
}

function publishedPorts(facts: Facts): Map<string, Published> {
  const folders = new Map<string, Published>();
  for (const { body, path } of facts.linked(linkCompose)) {
    for (const item of itemsOf(at(body, 'ports'))) {
      const text = composeText(item)?.resolved ?? textOf(item) ?? '';
      const port = textOf(at(item, 'target')) ?? /(?:^|:)(\d+)(?:\/tcp)?$/.exec(text)?.[1];
      const host = textOf(at(item, 'host_ip')) ?? text;
      if (port === undefined) continue;
      const folder = folderOf(path);
      const known = folders.get(folder) ?? { open: new Set(), local: new Set() };
      folders.set(folder, known);
      (/^(?:127\.|\[::1\]|localhost\b)/.test(host) ? known.local : known.open).add(port);
    }
  }
  return folders;
}
