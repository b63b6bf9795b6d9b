/** Knows which servers at the edge stand in front of an application, and what they add to its answers and refuse for it. */
import { linkCluster, placeIn } from '../cluster.ts';
import { type ComposeService, linkCompose } from '../compose.ts';
import type { Command } from '../dockerfile.ts';
import { edgeServers } from '../edge.ts';
import type { Facts } from '../facts.ts';
import { chartNeeds } from '../helm.ts';
import { linkImageUses } from '../images/uses.ts';
import { folderOf } from '../paths.ts';
import { at, itemsOf, textOf } from '../yaml.ts';
import { common, type EdgeRoute, type EdgeServer, type Headers, type Limit } from './server.ts';

/** The `evidence` of a check that asks `edgeFor`. */
export const edgeEvidence = {
  ...chartNeeds,
  webserver: true,
  compose: true,
  dockerfile: true,
  kubernetes: true,
  terraform: true,
  cloudformation: ['AWS::CloudFront', 'AWS::WAFv2'],
} as const;

/** One way from outside to an application. */
export interface Way extends EdgeRoute {
  readonly server: EdgeServer;
}

/**
 * What stands in front of the applications of a repository. To be used as `facts.linked(edgeFor)` by a check with
 * `evidence: edgeEvidence`. An application is named by the path of the file that creates it. All answers are "none" when the
 * application can be reached past the edge as well (a port that compose, a NodePort or a load balancer publishes), when
 * nothing tells which application an edge leads to, and for configuration outside of production.
 */
export interface Edge {
  /** All ways to the application; `alone` says that the repository has no other, so that "localhost:8000" means it. */
  ways(path: string, alone?: boolean): readonly Way[];
  /** Headers, by lower-case name, that every way adds: `headers.get('x-frame-options')?.place` is the evidence. */
  headers(path: string, alone?: boolean): Headers;
  /** A limit that holds for the URL path ("/api/login") on every way to it; the loosest one of several ways. */
  limit(path: string, url: string, alone?: boolean): (Limit & { readonly server: string }) | undefined;
}

export function edgeFor(facts: Facts): Edge {
  const zones = new Map(facts.files.map(({ path, zone }) => [path, zone]));
  const all = facts
    .linked(edgeServers)
    .filter(({ place }) => zones.get(place.path) === 'production')
    .flatMap((server) => (server.routes ?? []).map((route): Way => ({ ...route, server })));
  const leads = all.length > 0 ? targetsOf(facts) : undefined;
  const known = new Map<string, readonly Way[]>();
  const ways = (path: string, alone = false): readonly Way[] => {
    const key = `${alone} ${path}`;
    const found =
      known.get(key) ?? (leads ? all.filter(({ upstreams }) => reaches(upstreams, path, alone, leads)) : []);
    known.set(key, found);
    return found;
  };
  return {
    ways,
    headers: (path, alone) => common(ways(path, alone).map(({ headers }) => headers)),
    limit: (path, url, alone) => {
      const limits = ways(path, alone).flatMap((way): (Limit & { server: string })[] | undefined[] => {
        if (!matches(way.inner, way.exact, url)) return [];
        const publicUrl = way.path + url.slice(way.inner.length);
        const deciding = (way.server.routes ?? [])
          .filter((route) => matches(route.path, route.exact, publicUrl))
          .reduce((best, route) => (isNearer(route, best) ? route : best), way as EdgeRoute);
        // Another application answers there.
        if (deciding.upstreams.join() !== way.upstreams.join()) return [];
        const strictest = [...deciding.limits].sort((a, b) => rate(a) - rate(b))[0];
        return strictest ? [{ ...strictest, server: way.server.name }] : [undefined];
      });
      if (limits.length === 0 || limits.includes(undefined)) return undefined;
      return limits.filter((one) => one !== undefined).sort((a, b) => rate(b) - rate(a))[0];
    },
  };
}

function rate(limit: Limit): number {
  return limit.perMinute ?? Number.MAX_SAFE_INTEGER;
}

function matches(prefix: string, exact: boolean | undefined, url: string): boolean {
  const bare = (text: string) => text.replace(/\/+$/, '');
  return bare(url) === bare(prefix) || (!exact && `${bare(url)}/`.startsWith(prefix));
}

function isNearer(one: EdgeRoute, other: EdgeRoute): boolean {
  const exactness = Number(one.exact ?? false) - Number(other.exact ?? false);
  return exactness !== 0 ? exactness > 0 : one.path.length > other.path.length;
}

const LOOPBACK = /^(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)(?::\d+)?$|^unix:/;

function reaches(upstreams: readonly string[], path: string, alone: boolean, leads: Targets): boolean {
  return upstreams.some((upstream) => {
    if (LOOPBACK.test(upstream)) return alone;
    const name = upstream.replace(/:\d+$/, '').replace(/^\w+\+/, '');
    const programs = leads(name) ?? leads(name.split('.')[0]!);
    return programs?.some((program) => !program.direct && runs(program, path)) ?? false;
  });
}

/** What runs under a name of the network. */
interface Program {
  /** Folder that its image is built from. */
  readonly folder: string;
  /** Its Dockerfile. */
  readonly image: string;
  /** Files and modules that its command names, without ending: "src/api/main". */
  readonly entries: readonly string[];
  /** What the commands of other programs from the same folder name. */
  readonly others: readonly string[];
  /** Folders inside that other programs are built from. */
  readonly inner: readonly string[];
  /** It can be reached without the edge. */
  readonly direct: boolean;
}

type Targets = (name: string) => readonly Program[] | undefined;

function runs({ folder, inner, entries, others }: Program, path: string): boolean {
  const holds = (one: string) => one === '' || path.startsWith(`${one}/`);
  if (!holds(folder) || inner.some(holds)) return false;
  const own = Math.max(0, ...entries.map((entry) => closeness(entry, path)));
  const other = Math.max(0, ...others.map((entry) => closeness(entry, path)));
  return own > other || others.length === 0;
}

/** How much a file or module of a command says about the file at `path`: the file itself most, then its nearest package. */
function closeness(entry: string, path: string): number {
  const stem = `/${path.replace(/(?:\/__init__)?\.\w+$/, '')}`;
  if (stem.endsWith(`/${entry}`)) return Number.MAX_SAFE_INTEGER;
  const package_ = folderOf(entry);
  return package_ !== '' && `/${folderOf(path)}/`.includes(`/${package_}/`) ? package_.length : 0;
}

type Draft = Omit<Program, 'others' | 'inner'> & { readonly name: string };

function targetsOf(facts: Facts): Targets {
  const drafts = [...composePrograms(facts), ...clusterPrograms(facts)];
  const programs = new Map<string, Program[]>();
  for (const { name, ...draft } of drafts) {
    const inside = draft.folder === '' ? '' : `${draft.folder}/`;
    const program: Program = {
      ...draft,
      inner: drafts.flatMap(({ folder }) => (folder !== draft.folder && folder.startsWith(inside) ? [folder] : [])),
      others: drafts.flatMap(({ folder, entries, image }) =>
        folder === draft.folder && (image !== draft.image || entries.join() !== draft.entries.join())
          ? entries.length > 0
            ? entries
            : ['']
          : [],
      ),
    };
    const list = programs.get(name);
    if (list) list.push(program);
    else programs.set(name, [program]);
  }
  return (name) => programs.get(name);
}

function composePrograms(facts: Facts): Draft[] {
  return facts.linked(linkCompose).flatMap((service): Draft[] => {
    const { build, body } = service;
    if (build?.context === undefined) return [];
    const own = commandWords(service);
    const entries = entriesIn(own.length > 0 ? own : startWords(facts, build.dockerfile));
    const aliases = [textOf(at(body, 'container_name')), textOf(at(body, 'hostname'))].filter(
      (one) => one !== undefined,
    );
    const direct = itemsOf(at(body, 'ports')).some((port) =>
      isPublished(textOf(port) ?? textOf(at(port, 'host_ip')) ?? ''),
    );
    return [service.name, ...aliases].map((name) => ({
      name: name.toLowerCase(),
      folder: build.context!,
      image: build.dockerfile ?? '',
      entries,
      direct,
    }));
  });
}

function isPublished(port: string): boolean {
  return !/^(?:127\.|localhost:|\[::1\])/.test(port);
}

function commandWords({ body }: ComposeService): readonly string[] {
  return [at(body, 'entrypoint'), at(body, 'command')].flatMap((node) =>
    node?.kind === 'list' ? itemsOf(node).flatMap((item) => textOf(item) ?? []) : (textOf(node)?.split(/\s+/) ?? []),
  );
}

function startWords(facts: Facts, dockerfile: string | undefined): readonly string[] {
  const stage = facts
    .of('dockerfile')
    .find(({ path }) => path === dockerfile)
    ?.data.stages.at(-1);
  const words = (command: Command | undefined) => command?.words.flatMap((word) => word.split(/\s+/)) ?? [];
  return [...words(stage?.entrypoint), ...words(stage?.cmd)];
}

/** "uvicorn src.api:app" names "src/api", "python -m shop.web" names "shop/web", "node dist/main.js" names "dist/main". */
function entriesIn(words: readonly string[]): readonly string[] {
  return words.flatMap((word, i) => {
    const module = /^([A-Za-z_][\w.]*):[A-Za-z_][\w.()]*$/.exec(word)?.[1];
    if (module !== undefined) return [module.replaceAll('.', '/')];
    if (
      words[i - 1] === '-m' &&
      /^[\w.]+$/.test(word) &&
      !/^(?:uvicorn|gunicorn|flask|hypercorn|http\.server)$/.test(word)
    )
      return [word.replaceAll('.', '/')];
    const file = /^(?:\.?\/)?([\w./-]+)\.(?:py|[cm]?[jt]s)$/.exec(word)?.[1];
    // Where the image keeps the file says little: "/app/src/main.py".
    return file === undefined ? [] : [file.replace(/^(?:app|code|srv|opt|workspace|usr\/src(?:\/app)?)\//, '')];
  });
}

/** Kubernetes services by their names, with the images of the pods that they select. */
function clusterPrograms(facts: Facts): Draft[] {
  const { objects, workloads } = facts.linked(linkCluster);
  const builders = new Map<string, string>();
  for (const [path, uses] of facts.linked(linkImageUses))
    for (const { place } of uses) builders.set(`${place.path}:${place.span.start}`, path);
  return objects.flatMap((one): Draft[] => {
    const { kind, body, name } = one.object;
    const selector = at(body, 'spec', 'selector');
    if (kind !== 'Service' || name === undefined || selector?.kind !== 'map') return [];
    const direct = /^(?:NodePort|LoadBalancer)$/.test(textOf(at(body, 'spec', 'type')) ?? '');
    const selected = workloads.filter(
      ({ pod, namespace }) =>
        namespace === one.namespace &&
        selector.entries.every(({ key, value }) => pod.labels.get(key) === textOf(value)),
    );
    return selected.flatMap((workload) =>
      workload.pod.containers.flatMap((container): Draft[] => {
        const place = placeIn(workload, container);
        const dockerfile = builders.get(`${place.path}:${place.span.start}`);
        if (dockerfile === undefined) return [];
        const own = [...itemsOf(at(container.body, 'command')), ...itemsOf(at(container.body, 'args'))];
        const words = own.flatMap((item) => textOf(item) ?? []);
        const entries = entriesIn(words.length > 0 ? words : startWords(facts, dockerfile));
        return [{ name: name.toLowerCase(), folder: folderOf(dockerfile), image: dockerfile, entries, direct }];
      }),
    );
  });
}
