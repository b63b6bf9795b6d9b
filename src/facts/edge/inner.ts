/** Knows which servers answer another server of the repository and nobody else, so that the headers are its matter. */
import { type ComposeService, linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { at, entriesOf, itemsOf, textOf } from '../yaml.ts';
import type { EdgeServer } from './server.ts';

/** Servers with what says that they are inner ones, where something does. */
export function markInner(servers: readonly EdgeServer[], facts: Facts): readonly EdgeServer[] {
  const services = facts.linked(linkCompose);
  const dockerfiles = facts.of('dockerfile').map(({ path, data }) => ({
    folder: folderOf(path),
    copied: data.stages.flatMap(({ copies }) => copies.flatMap(({ sources }) => sources.map(({ text }) => text))),
  }));
  /** Services that run a file: it is mounted, or copied into the image they are built from. */
  const runs = (service: ComposeService, path: string): boolean => {
    const mounted = itemsOf(at(service.body, 'volumes')).some((item) => {
      const source = textOf(at(item, 'source')) ?? textOf(item)?.split(':')[0] ?? '';
      const target = /^\.{1,2}\//.test(source) ? joinPath(folderOf(service.path), source) : undefined;
      return target !== undefined && target !== '' && (path === target || path.startsWith(`${target}/`));
    });
    const context = service.build?.context;
    if (mounted || context === undefined) return mounted;
    const inside = context === '' ? path : path.startsWith(`${context}/`) ? path.slice(context.length + 1) : undefined;
    const folder = service.build?.dockerfile === undefined ? undefined : folderOf(service.build.dockerfile);
    const image = dockerfiles.find((one) => one.folder === folder);
    return (
      inside !== undefined &&
      (image?.copied.some((one) => {
        const source = one.replace(/^\.?\//, '').replace(/\/$/, '');
        return source !== '' && source !== '.' && (inside === source || inside.startsWith(`${source}/`));
      }) ??
        false)
    );
  };
  return servers.map((server): EdgeServer => {
    const others = servers.filter((one) => one.place.path !== server.place.path);
    const fronts = server.trusts ?? [];
    if (fronts.length > 0 && fronts.every(isName) && others.length > 0)
      return { ...server, inner: `it takes the addresses of clients from ${fronts[0]}, the server in front of it` };
    const own = services.filter((service) => runs(service, server.place.path));
    if (own.length === 0 || own.some(isPublic)) return server;
    const names = new Set(own.flatMap(namesOf));
    const front = others.find(({ routes = [] }) =>
      routes.some(({ upstreams }) => upstreams.some((one) => names.has(one.replace(/:\d+$/, '')))),
    );
    return front
      ? { ...server, inner: `compose publishes no port of ${own[0]!.name}, and ${front.name} stands in front of it` }
      : server;
  });
}

/** The name of a machine inside of the deployment, or what a template fills in for one. */
function isName(host: string): boolean {
  return /^[a-z][a-z\d_-]*$/i.test(host) || /^\{\{.*(?:front|proxy|gateway|edge|ingress|balancer).*\}\}$/is.test(host);
}

function isPublic({ body }: ComposeService): boolean {
  return textOf(at(body, 'network_mode')) === 'host' || itemsOf(at(body, 'ports')).length > 0;
}

function namesOf({ name, body }: ComposeService): string[] {
  const aliases = entriesOf(at(body, 'networks')).flatMap(({ value }) => itemsOf(at(value, 'aliases')));
  const all = [at(body, 'container_name'), at(body, 'hostname'), ...aliases].flatMap((one) => textOf(one) ?? []);
  return [name, ...all].map((one) => one.toLowerCase());
}
