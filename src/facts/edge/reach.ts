/** Knows which servers the public reaches: not those behind another one of their machine or on ports that compose or a cluster keeps inside. */
import { linkCluster } from '../cluster.ts';
import { type ComposeService, linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import type { EdgeServer } from './server.ts';

/**
 * Servers without those that nobody outside can reach. One that answers another server of the repository and nobody else says
 * so: the headers are the matter of that one.
 */
export function reachable(servers: readonly EdgeServer[], facts: Facts): readonly EdgeServer[] {
  const services = facts.linked(linkCompose);
  const outside = withoutInside(servers, services);
  const runs = runsOf(services, facts);
  const names = clusterNames(facts);
  const entered = hasEntry(facts);
  return outside.map((server) => {
    const own = names(server);
    const inner = innerReason(server, outside, runs) ?? routedReason(server, outside, own);
    if (inner !== undefined) return { ...server, inner };
    if (FOR_DEVELOPERS.test(server.place.path)) return { ...server, doubt: 'its file is for developers or tests' };
    // Where nothing leads into the cluster, the ways in are made elsewhere, and this may be one of them.
    return own.size > 0 && entered ? { ...server, doubt: 'no route of the repository leads to its Service' } : server;
  });
}

/** Folders and files for the machines of developers, and for CI: "docker/devenv/", "nginx.dev.conf". */
const FOR_DEVELOPERS =
  /(?:^|[/._-])(?:dev|devel|development|devenv|devcontainer|gitpod|local|localdev)(?:[/.]|$)|(?:^|\/)\.(?:github|gitlab|circleci)\//i;

/** Does the repository say how requests come into its cluster? */
function hasEntry(facts: Facts): boolean {
  return facts.linked(linkCluster).objects.some(({ object: { kind, body } }) => {
    if (kind === 'Service') return (textOf(at(body, 'spec', 'type')) ?? 'ClusterIP') !== 'ClusterIP';
    return /^(?:Ingress|IngressRoute|VirtualService|HTTPRoute|HTTPProxy|ApisixRoute|Route|VirtualServer|Mapping)$/.test(
      kind,
    );
  });
}

/** Ports of containers that the compose files of one folder publish. */
interface Published {
  /** To everybody. */
  readonly open: Set<string>;
  /** To their own machine. */
  readonly local: Set<string>;
}

function withoutInside(servers: readonly EdgeServer[], services: readonly ComposeService[]): readonly EdgeServer[] {
  const behind = new Set(
    servers.flatMap(({ routes = [], place }) =>
      routes.flatMap(({ upstreams }) => upstreams.map((one) => `${folderOf(place.path)} ${one.replace(LOOPBACK, '')}`)),
    ),
  );
  const published = publishedPorts(services);
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

function publishedPorts(services: readonly ComposeService[]): Map<string, Published> {
  const folders = new Map<string, Published>();
  for (const { body, path } of services) {
    for (const item of itemsOf(at(body, 'ports'))) {
      const text = textOf(item) ?? '';
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

/** Services that run the file at a path: it is mounted, or copied into the image they are built from. */
function runsOf(services: readonly ComposeService[], facts: Facts): (path: string) => readonly ComposeService[] {
  const images = facts.of('dockerfile').map(({ path, data }) => ({
    folder: folderOf(path),
    copied: data.stages.flatMap(({ copies }) => copies.flatMap(({ sources }) => sources.map(({ text }) => text))),
  }));
  const mounts = ({ body, path: file }: ComposeService, path: string) =>
    itemsOf(at(body, 'volumes')).some((item) => {
      const source = textOf(at(item, 'source')) ?? textOf(item)?.split(':')[0] ?? '';
      const target = /^\.{1,2}\//.test(source) ? joinPath(folderOf(file), source) : undefined;
      return target !== undefined && target !== '' && isIn(target, `${path}/`);
    });
  const copies = ({ build }: ComposeService, path: string) => {
    if (build?.context === undefined || !isIn(build.context, path)) return false;
    const inside = build.context === '' ? path : path.slice(build.context.length + 1);
    const image = images.find(({ folder }) => build.dockerfile !== undefined && folder === folderOf(build.dockerfile));
    return (image?.copied ?? []).some((one) => {
      const source = one.replace(/^\.?\//, '').replace(/\/$/, '');
      return source !== '' && source !== '.' && isIn(source, `${inside}/`);
    });
  };
  return (path) => services.filter((service) => mounts(service, path) || copies(service, path));
}

function innerReason(
  server: EdgeServer,
  servers: readonly EdgeServer[],
  runs: (path: string) => readonly ComposeService[],
): string | undefined {
  const own = runs(server.place.path);
  const others = servers.filter((one) => one.place.path !== server.place.path);
  const fronts = server.trusts ?? [];
  if (fronts.length > 0 && fronts.every(isName) && others.length > 0)
    return `it takes the addresses of clients from ${fronts[0]}, the server in front of it`;
  if (own.length === 0 || own.some(isPublic)) return undefined;
  const names = new Set(own.flatMap(namesOf));
  const front = others.find(({ routes = [], place }) =>
    routes.some(({ upstreams }) => upstreams.some((one) => names.has(machineOf(one, () => runs(place.path))))),
  );
  return front && `compose publishes no port of ${own[0]!.name}, and ${front.name} stands in front of it`;
}

/** @param services what runs the front: their environment fills in the variables of its template */
function machineOf(upstream: string, services: () => readonly ComposeService[]): string {
  const host = upstream.replace(/:(?:\d+|\$\w+|\$\{\w+\})$/, '');
  const variable = /^\$(?:\{(\w+)\}|(\w+))$/.exec(host);
  if (!variable) return host;
  const name = (variable[1] ?? variable[2])!.toLowerCase();
  const settings = services().flatMap(({ body }) => entriesOf(at(body, 'environment')));
  return textOf(settings.find(({ key }) => key.toLowerCase() === name)?.value)?.toLowerCase() ?? host;
}

/** Services inside of the cluster that lead to the pods with the ConfigMap of a server; none where one of them leads outside. */
function clusterNames(facts: Facts): (server: EdgeServer) => ReadonlySet<string> {
  const { objects, workloads } = facts.linked(linkCluster);
  const maps = objects.filter(({ object }) => object.kind === 'ConfigMap');
  const services = objects.filter(({ object }) => object.kind === 'Service');
  return ({ place: { path, span } }) => {
    const own = maps.filter(
      ({ place }) => place.path === path && place.span.start <= span.start && span.end <= place.span.end,
    );
    const pods = workloads.filter(({ pod, namespace }) =>
      itemsOf(at(pod.spec, 'volumes')).some((volume) => {
        const name = textOf(at(volume, 'configMap', 'name'));
        return name !== undefined && own.some((one) => one.object.name === name && one.namespace === namespace);
      }),
    );
    const leading = services.filter(({ object, namespace }) => {
      const selector = entriesOf(at(object.body, 'spec', 'selector'));
      return (
        selector.length > 0 &&
        pods.some(
          (one) =>
            one.namespace === namespace &&
            selector.every(({ key, value }) => one.pod.labels.get(key) === textOf(value)),
        )
      );
    });
    const isOpen =
      leading.some(({ object }) => (textOf(at(object.body, 'spec', 'type')) ?? 'ClusterIP') !== 'ClusterIP') ||
      pods.some(({ pod }) => pod.hostNetwork);
    return new Set(isOpen ? [] : leading.flatMap(({ object }) => object.name?.toLowerCase() ?? []));
  };
}

/** The namespace in the name of an upstream is not compared: kustomize gives it. */
function routedReason(
  server: EdgeServer,
  servers: readonly EdgeServer[],
  names: ReadonlySet<string>,
): string | undefined {
  if (names.size === 0) return undefined;
  const front = servers.find(
    ({ routes = [], place }) =>
      place.path !== server.place.path &&
      routes.some(({ upstreams }) => upstreams.some((one) => names.has(one.replace(/[.:].*$/s, '')))),
  );
  return front && `the cluster alone reaches its Service, and ${front.name} stands in front of it`;
}

/** The name of a machine inside of the deployment, or what a template fills in for one. */
function isName(host: string): boolean {
  return /^[a-z][a-z\d_-]*$/i.test(host) || /^\{\{.*(?:front|proxy|gateway|edge|ingress|balancer).*\}\}$/is.test(host);
}

function isPublic({ body }: ComposeService): boolean {
  return textOf(at(body, 'network_mode')) === 'host' || itemsOf(at(body, 'ports')).some(hasHostPort);
}

/** Without one, Docker takes any port that is free: nobody can be given its address. */
function hasHostPort(port: YamlNode): boolean {
  if (port.kind === 'map') return at(port, 'published') !== undefined;
  return (textOf(port) ?? ':').replace(/\$\{[^{}]*\}/g, '').includes(':');
}

function namesOf({ name, body }: ComposeService): string[] {
  const aliases = entriesOf(at(body, 'networks')).flatMap(({ value }) => itemsOf(at(value, 'aliases')));
  const all = [at(body, 'container_name'), at(body, 'hostname'), ...aliases].flatMap((one) => textOf(one) ?? []);
  return [name, ...all].map((one) => one.toLowerCase());
}
