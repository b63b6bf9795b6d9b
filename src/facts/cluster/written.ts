/** Knows the manifests and compose files that shell scripts write with heredocs and hand to what deploys them. */
import type { Deployed, Workload } from '../cluster.ts';
import type { Facts } from '../facts.ts';
import { objectsIn, podOf, runsForever } from '../kubernetes.ts';
import { constantsOf, writtenTexts } from '../shell/written.ts';
import type { Place } from '../span.ts';
import { at, entriesOf, movedNode, textOf, type YamlDocument, yamlReader } from '../yaml.ts';
import { localShells } from './local-clusters.ts';
import { isTrial } from './trials.ts';

/** A service of a compose file that names its image and does not build it. */
export interface WrittenService {
  readonly name: string;
  /** As written, variables of compose included. */
  readonly image: string;
  readonly place: Place;
  /** For trying things out alone. */
  readonly trial?: true;
}

export interface Written {
  readonly objects: readonly Deployed[];
  readonly workloads: readonly Workload[];
  readonly services: readonly WrittenService[];
}

/** Files that hold neither, whatever their texts show. */
const OTHER = /\.(?!ya?ml$|json$)[a-z]\w*$/i;
const TELLING = /\b(?:kind|image)["']?[ \t]*:/;
/** A line that only the run of the script gives: what stands around it can be read. */
const PIECE = /^[ \t]*\$\{value\}[ \t]*$/gm;
const blank = (text: string): string => ' '.repeat(text.length);
/** Files to which a script adds one service after the other. */
const SERVICES = /compose|services/i;
const OF_SERVICE = [
  'restart',
  'ports',
  'volumes',
  'networks',
  'depends_on',
  'environment',
  'command',
  'container_name',
];

/** All of them, placed in the scripts. A pure join: use through `facts.linked`. */
export function linkWritten(facts: Facts): Written {
  const read = yamlReader();
  const local = facts.linked(localShells);
  const objects: Deployed[] = [];
  const services: WrittenService[] = [];
  for (const { path, data } of facts.of('script')) {
    if (data.type !== 'shell') continue;
    for (const { shell } of data.targets.flatMap(({ recipes }) => recipes)) {
      const scope = constantsOf(shell.statements, true);
      const texts = writtenTexts(shell.statements, scope);
      for (const { file: written, value, at: offsets } of texts.toSorted((a, b) => a.at(0) - b.at(0))) {
        const file = written.replace(/\$(?:(\w+)|\{(\w+)\})/g, (all, a, b) => scope.get(a ?? b) ?? all);
        if (OTHER.test(file) || !TELLING.test(value)) continue;
        const documents = read(value.replace(PIECE, blank)).documents.map((one) => ({
          ...one,
          root: movedNode(one.root, offsets),
        }));
        const trial = local.has(shell) || isTrial(path) || isTrial(file) ? { trial: true as const } : {};
        for (const object of objectsIn(documents)) {
          const place = { path, span: object.span };
          const namespace = object.namespace ?? 'default';
          objects.push({ object, path, place, namespace, ...(object.namespace ? {} : { assumed: true }), ...trial });
        }
        for (const service of documents.flatMap((one) => servicesIn(one, path, file)))
          services.push({ ...service, ...trial });
      }
    }
  }
  const workloads = objects.flatMap((deployed): Workload[] => {
    const pod = podOf(deployed.object);
    return pod ? [{ ...deployed, pod, forever: runsForever(deployed.object) }] : [];
  });
  return { objects, workloads, services };
}

function servicesIn({ root }: YamlDocument, path: string, file: string): WrittenService[] {
  if (at(root, 'apiVersion')) return [];
  const listed = at(root, 'services') ?? (SERVICES.test(file) ? root : undefined);
  return entriesOf(listed).flatMap(({ key: name, value }) => {
    const node = at(value, 'image');
    const image = textOf(node);
    const runs = listed !== root || OF_SERVICE.some((key) => at(value, key));
    return node && image && runs && !at(value, 'build') ? [{ name, image, place: { path, span: node.span } }] : [];
  });
}
