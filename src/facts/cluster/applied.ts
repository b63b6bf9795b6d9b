/** Knows which manifests and kustomizations a repository applies together, and into which namespace. */
import picomatch from 'picomatch';
import type { Facts } from '../facts.ts';
import type { KubeObject } from '../kubernetes.ts';
import { folderOf, joinPath } from '../paths.ts';
import { isAnchored, pathsIn } from '../shell/folders.ts';
import { at, textOf } from '../yaml.ts';
import { argoSources } from './argo.ts';
import { deployingCode } from './deploy-code.ts';
import { localShells } from './local-clusters.ts';
import { skaffoldParts } from './skaffold.ts';
import { isTrial, namesTrial } from './trials.ts';

/** How something of the tree is applied. */
export interface Applied {
  /** Where objects go that name no namespace; empty where nobody says. */
  readonly namespaces: readonly string[];
  /** All of its objects go there, whatever they name. */
  readonly forced: boolean;
  /** Whatever applies it makes the cluster for it, on the machine it runs on. */
  readonly local: boolean;
  /** Argo CD or Flux fetches it: it is not for a developer's machine. */
  readonly fetched: boolean;
}

const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

interface Application {
  /** A file, a folder, or a pattern for files. */
  readonly path: string;
  readonly deep: boolean;
  readonly namespace?: string;
  readonly forced?: true;
  /** It makes the cluster itself. CI says nothing by that: what it tries out so is what others deploy. */
  readonly trial?: 'local' | 'ci';
  readonly fetched?: true;
}

/**
 * For the path of a manifest or of a kustomization, how commands, skaffold, Argo CD and Flux apply it; undefined where
 * nothing of the repository does. A pure join: use through `facts.linked`.
 */
export function linkApplied(facts: Facts): (path: string) => Applied | undefined {
  const applications = [...inCommands(facts), ...inObjects(facts)];
  const exact = new Map<string, Application[]>();
  const patterns: { readonly meets: (path: string) => boolean; readonly one: Application }[] = [];
  const add = (key: string, one: Application): void => void exact.set(key, [...(exact.get(key) ?? []), one]);
  for (const one of applications) {
    if (/[*?[{]/.test(one.path)) patterns.push({ meets: picomatch(one.path), one });
    else add(one.path, one);
  }
  return (path) => {
    const found = [...(exact.get(path) ?? []), ...patterns.flatMap(({ meets, one }) => (meets(path) ? one : []))];
    for (let folder = folderOf(path), near = true; ; folder = folderOf(folder), near = false) {
      found.push(...(exact.get(folder) ?? []).filter((one) => near || one.deep));
      if (folder === '') break;
    }
    if (found.length === 0) return undefined;
    const real = found.filter(({ trial }) => trial === undefined);
    const counted = real.length > 0 ? real : found;
    const namespaces = [...new Set(counted.flatMap(({ namespace }) => namespace ?? []))].slice(0, 8);
    return {
      namespaces,
      forced: counted.some(({ forced }) => forced),
      local: real.length === 0 && found.some(({ trial }) => trial === 'local'),
      fetched: real.some(({ fetched }) => fetched),
    };
  };
}

/** True for files that are deployed to try things out; what Argo CD or Flux fetches is not by its folder's name alone. */
export function linkTrials(facts: Facts): (path: string) => boolean {
  const appliedAs = facts.linked(linkApplied);
  return (path) => isTrial(path) && isTrial(path, appliedAs(path)?.fetched);
}

function inCommands(facts: Facts): Application[] {
  const found: Application[] = [];
  const local = facts.linked(localShells);
  for (const { shells, pipeline, path, commands } of facts.linked(deployingCode)) {
    const isLocal = shells.some((shell) => local.has(shell));
    if (namesTrial(pipeline ?? path) && (pipeline !== undefined || !isLocal)) continue;
    const trial = pipeline === undefined ? 'local' : 'ci';
    let current: string | undefined;
    for (const { words: known, last = [], starts, folders: own, script } of commands) {
      const words = known.map(({ text }) => text);
      current = chosenNamespace(words) ?? current;
      const into = namespaceOf(last.map(({ text }) => text));
      const folders = [...own, ...starts];
      const placesOf = (text: string) =>
        isAnchored(text)
          ? pathsIn(text, script, starts)
          : text.includes('$')
            ? []
            : folders.flatMap((one) => joinPath(one, text) ?? []);
      const all = ofKubectl(words, into ?? current, placesOf, facts);
      found.push(...(isLocal ? all.map((one) => ({ ...one, trial }) as const) : all));
    }
  }
  return found;
}

/** The namespace that later commands use: `kubectl config set-context --current --namespace=shop`, `oc project shop`. */
function chosenNamespace(words: readonly string[]): string | undefined {
  const line = words.join(' ');
  const found =
    /^(?:\S*\/)?(?:kubectl|oc) config set-context .*--namespace[= ](\S+)/.exec(line) ??
    /^(?:\S*\/)?(?:oc project|kubens|kubectl ns) (\S+)/.exec(line);
  return isKnown(found?.[1]) ? found?.[1] : undefined;
}

/** The namespace that a command applies things into, known or not. */
function namespaceOf(words: readonly string[]): string | undefined {
  const line = words.join(' ');
  if (!/^(?:\S* ){0,4}(?:\S*\/)?(?:kubectl|oc) (?:.* )?(?:apply|create|replace)(?: |$)/.test(line)) return undefined;
  return / (?:-n|--namespace)[ =](\S+)/.exec(line)?.[1];
}

function isKnown(text: string | undefined): boolean {
  return text !== undefined && !text.includes('$') && !text.startsWith('-');
}

function ofKubectl(
  words: readonly string[],
  current: string | undefined,
  placesOf: (text: string) => readonly string[],
  facts: Facts,
): Application[] {
  const start = words.findIndex((word) => /(?:^|\/)(?:kubectl|oc|kustomize)$/.test(word));
  const rest = words.slice(start + 1);
  // What a build prints is applied by the next command of the pipe.
  const built = start < 0 ? -1 : words.findIndex((word, i) => i > start && /^(?:build|kustomize)$/.test(word));
  if (start < 0 || start > 4 || (built < 0 && !rest.some((word) => /^(?:apply|create|replace)$/.test(word)))) return [];
  let namespace = current;
  const builds = built < 0 ? [] : words.slice(built + 1).filter((word) => !word.startsWith('-'));
  const paths = builds.slice(0, 1).map((text) => ({ text, build: true }));
  for (let i = 0; i < rest.length; i++) {
    const [, flag, assigned] = /^(-[fkn]|--(?:filename|kustomize|namespace))(?:=(.*))?$/s.exec(rest[i]!) ?? [];
    const value = assigned ?? rest[i + 1];
    if (flag === undefined || value === undefined) continue;
    if (flag === '-n' || flag === '--namespace') namespace = value;
    else paths.push(...value.split(',').map((text) => ({ text, build: /^--?k/.test(flag) })));
  }
  const deep = rest.includes('-R') || rest.includes('--recursive');
  return paths.flatMap(({ text, build }) => {
    // A build takes what its kustomization names, not what else lies in the folder.
    const places = placesOf(text).flatMap((one) => (build ? KUSTOMIZATIONS.map((name) => joinPath(one, name)!) : one));
    const path = places.find((one) => !one.includes('$') && (build ? facts.has(one) : isThere(one, facts)));
    return path === undefined ? [] : [{ path, deep, ...(isKnown(namespace) ? { namespace: namespace! } : {}) }];
  });
}

function isThere(path: string, facts: Facts): boolean {
  return (
    path === '' ||
    /[*?[{]/.test(path) ||
    facts.has(path) ||
    facts.files.some((file) => file.path.startsWith(`${path}/`))
  );
}

function inObjects(facts: Facts): Application[] {
  const folders = () => [...new Set(facts.files.map(({ path }) => folderOf(path)))];
  return facts.of('kubernetes').flatMap(({ path, zone, data }) => {
    if (zone !== 'production' || namesTrial(path)) return [];
    return data.objects.flatMap((object): Application[] => {
      if (object.apiVersion.startsWith('argoproj.io/')) return ofArgo(object, folders).map(fetched);
      if (object.apiVersion.startsWith('kustomize.toolkit.fluxcd.io/')) return ofFlux(object, facts).map(fetched);
      return skaffoldParts(object, path).flatMap(({ manifests, namespace }) =>
        manifests.map((one) => ({ path: one, deep: false, ...(namespace === undefined ? {} : { namespace }) })),
      );
    });
  });
}

function fetched(one: Application): Application {
  return { ...one, fetched: true };
}

function ofArgo({ kind, body }: KubeObject, folders: () => readonly string[]): Application[] {
  return argoSources(kind, body, folders).flatMap(({ source, namespace, fill }): Application[] => {
    const written = textOf(at(source, 'path'));
    const path = written === undefined ? undefined : joinPath('', fill(written));
    if (path === undefined || path.includes('$')) return [];
    const deep = textOf(at(source, 'directory', 'recurse')) === 'true';
    const own = textOf(at(source, 'kustomize', 'namespace'));
    if (own !== undefined) return [{ path, deep, namespace: fill(own), forced: true }];
    return [{ path, deep, ...(isKnown(namespace) ? { namespace: namespace! } : {}) }];
  });
}

function ofFlux({ kind, body }: KubeObject, facts: Facts): Application[] {
  const path = joinPath('', textOf(at(body, 'spec', 'path')) ?? '');
  if (kind !== 'Kustomization' || path === undefined || path.includes('$')) return [];
  const namespace = textOf(at(body, 'spec', 'targetNamespace'));
  // Where no kustomization lies, it makes one of all manifests below.
  const deep = !KUSTOMIZATIONS.some((name) => facts.has(joinPath(path, name)!));
  return [{ path, deep, ...(isKnown(namespace) ? { namespace: namespace!, forced: true } : {}) }];
}
