/** Knows which commands and objects of a repository install which chart with which values. */
import { argoSources } from '../cluster/argo.ts';
import { type DeployCommand, deployingCode } from '../cluster/deploy-code.ts';
import { localShells } from '../cluster/local-clusters.ts';
import { filledIn, skaffoldArtifacts, skaffoldParts } from '../cluster/skaffold.ts';
import type { Facts } from '../facts.ts';
import type { Expression } from '../hcl.ts';
import type { KubeObject } from '../kubernetes.ts';
import { folderOf, joinPath } from '../paths.ts';
import { anchored, isAnchored, pathsIn } from '../shell/folders.ts';
import type { Place } from '../span.ts';
import { terraformModel } from '../terraform/model.ts';
import { evaluate, type Scope, stringOf } from '../terraform/value.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import { at, entriesOf, entryOf, itemsOf, textOf, type YamlFile, type YamlNode } from '../yaml.ts';
import type { Release } from './context.ts';

export interface Deployment {
  /** Folder of the chart. */
  readonly chart: string;
  readonly release: Release;
  readonly namespace?: string;
  /** Values files in rising rank. */
  readonly valuesFiles: readonly string[];
  /** Values given in place, in rising rank above the files. */
  readonly inline: readonly Inline[];
  readonly place: Place;
  /** Above 0: another way of what a command can install. */
  readonly way?: number;
}

export type Inline = Place &
  (
    | { readonly kind: 'set'; readonly text: string; readonly asText: boolean }
    /** A YAML tree; `own` when its spans are places of the file. */
    | { readonly kind: 'tree'; readonly root: YamlNode; readonly own: boolean }
  );

interface Search {
  readonly charts: ReadonlySet<string>;
  readonly paths: readonly string[];
  readonly read: (text: string) => YamlFile;
}

/**
 * Production files only, and no clusters that the code makes itself; a chart path that is computed from something unknown
 * installs nothing.
 */
export function deploymentsOf(
  facts: Facts,
  charts: ReadonlySet<string>,
  read: (text: string) => YamlFile,
): Deployment[] {
  const search: Search = {
    charts,
    read,
    paths: facts.files.map(({ path }) => path).filter((path) => /\.(?:ya?ml|json)$/.test(path)),
  };
  const local = facts.linked(localShells);
  const found: Deployment[] = [];
  for (const { shells, commands } of facts.linked(deployingCode))
    if (!shells.some((shell) => local.has(shell)))
      found.push(...commands.flatMap((command) => fromCommand(command, search)));
  for (const { path, zone, data } of facts.of('kubernetes')) {
    if (zone !== 'production') continue;
    for (const object of data.objects) {
      const { kind, apiVersion, body } = object;
      found.push(...fromSkaffold(object, path, search));
      if (apiVersion.startsWith('argoproj.io/')) found.push(...fromArgo(kind, body, path, search));
      if (kind === 'HelmRelease') found.push(...fromFlux(body, path, search));
    }
  }
  const modules = facts.linked(terraformModel);
  for (const { path, zone, data } of facts.of('terraform')) {
    if (zone !== 'production' || data.role !== 'config') continue;
    found.push(...fromTerraform(data.body, path, search, modules.module(folderOf(path))?.scopes[0]));
  }
  return found.sort((a, b) => (a.way ?? 0) - (b.way ?? 0));
}

const SWITCHES =
  /^-(?:i|g|h|-(?:install|wait|atomic|create-namespace|debug|dry-run|force|cleanup-on-fail|reuse-values|reset-values|reset-then-reuse-values|generate-name|devel|dependency-update|no-hooks|skip-crds|verify|wait-for-jobs|render-subchart-notes|disable-openapi-validation|replace|insecure-skip-tls-verify|take-ownership))$/;

function fromCommand(command: DeployCommand, search: Search): Deployment[] {
  const start = command.words.findIndex(({ text }) => /(?:^|\/|_)helm3?$/.test(text));
  if (start < 0 || start > 4) return [];
  const words = command.words.slice(start + 1);
  const verb = words.findIndex((word) => /^(?:upgrade|install)$/.test(word.text));
  if (
    verb < 0 ||
    words.slice(0, verb).some((word, i) => !word.text.startsWith('-') && !/^-/.test(words[i - 1]?.text ?? ''))
  )
    return [];
  const plain: string[] = [];
  const files: string[] = [];
  const inline: Inline[] = [];
  let namespace: string | undefined;
  let more = false;
  for (let i = 0; i < words.length; i++) {
    const { text, path, span } = words[i]!;
    if (i === verb) continue;
    if (!/^-\D/.test(text)) {
      if (/^\$\{[@*]\}$/.test(text)) more = true;
      else plain.push(text);
      continue;
    }
    if (SWITCHES.test(text)) continue;
    const assigned = /^(--?[\w-]+)=(.*)$/s.exec(text);
    const flag = assigned?.[1] ?? text;
    const value = assigned?.[2] ?? words[++i]?.text;
    if (value === undefined) break;
    const place = assigned ? { path, span } : { path: words[i]!.path, span: words[i]!.span };
    if (flag === '-f' || flag === '--values') files.push(...value.split(','));
    else if (flag === '-n' || flag === '--namespace') namespace = value;
    else if (flag === '--set-file')
      inline.push({ kind: 'set', text: value.replace(/=.*/s, '=${file}'), asText: true, ...place });
    else if (/^--set(?:-string|-literal)?$/.test(flag)) {
      const written = flag === '--set-literal' ? value.replace(/[\\,]/g, '\\$&') : value;
      inline.push({ kind: 'set', text: written, asText: flag !== '--set', ...place });
    }
  }
  // Options in a variable: what is installed with which values stays open. Those of the caller come on top.
  if (plain.slice(2).some((word) => word.startsWith('${')) || (more && files.length === 0)) return [];
  const [release, chart] = plain.length > 1 ? plain : ['release-name', plain[0]];
  if (chart === undefined) return [];
  const { starts, script, way } = command;
  const folders = [...new Set([...command.folders, ...starts])];
  const inTree = (text: string) => (isAnchored(text) ? anchored(pathsIn(text, script, starts)[0] ?? '..') : text);
  // What a wrapper or `eval` runs is shown where it is written.
  const said = words[verb]!;
  const inside =
    said.path === command.path && said.span.start >= command.span.start && said.span.end <= command.span.end;
  const { path, span } = inside ? command : said;
  return chartFolders(inTree(chart), folders, search).flatMap((found) =>
    combinations(files.map(inTree), [...folders, found], search).map((valuesFiles) => ({
      chart: found,
      release: { name: known(release) ?? 'release-name', namespace: known(namespace) ?? 'default' },
      ...(known(namespace) === undefined ? {} : { namespace: namespace! }),
      valuesFiles,
      inline,
      place: { path, span },
      way,
    })),
  );
}

function known(text: string | undefined): string | undefined {
  return text === undefined || text.includes('$') ? undefined : text;
}

function chartFolders(written: string, folders: readonly string[], { charts }: Search): string[] {
  if (/^(?:oci|https?):/.test(written) || !/[\w.]/.test(written.replace(/\$\{\w+\}/g, ''))) return [];
  return matching(written.replace(/\/$/, ''), folders, [...charts]);
}

/** Paths that a written path can mean, from any of the folders; unknown variables stand for any text. */
function matching(written: string, folders: readonly string[], paths: readonly string[]): string[] {
  if (isAnchored(written)) return matching(pathsIn(written, '', [])[0] ?? '', [''], paths);
  if (!written.includes('${')) {
    for (const folder of folders) {
      const path = joinPath(folder, written);
      if (path !== undefined && paths.includes(path)) return [path];
    }
    return [];
  }
  if (written.split('${').length > 5) return [];
  // A leading variable is usually the root of the checkout.
  const tail = written.replace(/^\$\{\w+\}\//, '');
  for (const folder of folders) {
    const path = joinPath(folder, tail);
    if (path === undefined) continue;
    const pattern = new RegExp(`^${path.replace(/[.*+?^()|[\]\\]/g, '\\$&').replace(/\$\{\w+\}/g, '[^/]*')}$`);
    const found = paths.filter((candidate) => pattern.test(candidate));
    if (found.length > 0) return found;
  }
  return [];
}

/** Values files of a deployment: several ways where a name is only partly known. Files that are not there are left out. */
function combinations(written: readonly string[], folders: readonly string[], { paths }: Search): string[][] {
  let result: string[][] = [[]];
  for (const name of written) {
    const found = matching(name, folders, paths).slice(0, 4);
    if (found.length > 0) result = result.flatMap((files) => found.map((file) => [...files, file])).slice(0, 8);
  }
  return result;
}

function fromArgo(kind: string, body: YamlNode, path: string, search: Search): Deployment[] {
  const folders = () => [...search.charts];
  return argoSources(kind, body, folders).flatMap(({ source, name, namespace, fill }) => {
    const own = (text: string | undefined): string | undefined => (text === undefined ? undefined : fill(text));
    const folder = own(textOf(at(source, 'path')));
    if (folder === undefined) return [];
    const helm = at(source, 'helm');
    const files = itemsOf(at(helm, 'valueFiles')).map((node) => fill(textOf(node) ?? '').replace(/^\$values\//, '/'));
    const inline: Inline[] = tree(at(helm, 'values'), path, search).concat(
      tree(at(helm, 'valuesObject'), path, search),
    );
    for (const parameter of itemsOf(at(helm, 'parameters'))) {
      const [key, value] = [textOf(at(parameter, 'name')), own(textOf(at(parameter, 'value')))];
      if (key === undefined || value === undefined) continue;
      const text = `${key}=${value.replace(/[\\,]/g, '\\$&')}`;
      inline.push({
        kind: 'set',
        text,
        asText: textOf(at(parameter, 'forceString')) === 'true',
        path,
        span: parameter.span,
      });
    }
    const release = own(textOf(at(helm, 'releaseName'))) ?? name;
    return installed(folder, files, inline, release, namespace, { path, span: source.span }, search);
  });
}

/** Releases of skaffold; their values may be templates that only a run fills in. */
function fromSkaffold(object: KubeObject, path: string, search: Search): Deployment[] {
  const images = skaffoldArtifacts(object, path).map(({ image }) => image);
  return skaffoldParts(object, path).flatMap(({ releases }) =>
    releases.flatMap((release) => {
      const text = (key: string) => wild(textOf(at(release, key)));
      const chart = text('chartPath');
      if (chart === undefined) return [];
      const inline = ['setValues', 'setValueTemplates'].flatMap((key) =>
        entriesOf(at(release, key)).flatMap((entry): Inline[] => {
          const value = textOf(entry.value);
          if (value === undefined) return [];
          const text = `${entry.key}=${filledIn(value, images).replace(/[\\,]/g, '\\$&')}`;
          return [{ kind: 'set', text, asText: false, path, span: entry.span }];
        }),
      );
      const replaced = replacedImages(release, path);
      const folders = [folderOf(path), ''];
      const files = itemsOf(at(release, 'valuesFiles')).flatMap((node) => wild(textOf(node)) ?? []);
      const namespace = known(text('namespace'));
      return chartFolders(chart, folders, search).flatMap((found) =>
        combinations(files, folders, search).map((valuesFiles) => ({
          chart: found,
          release: { name: known(text('name')) ?? 'release-name', namespace: namespace ?? 'default' },
          ...(namespace === undefined ? {} : { namespace }),
          valuesFiles,
          inline: [...tree(at(release, 'overrides'), path, search), ...inline, ...replaced],
          place: { path, span: release.span },
        })),
      );
    }),
  );
}

/** `artifactOverrides`: values that become the name of what was built, as one text or in parts. */
function replacedImages(release: YamlNode, path: string): Inline[] {
  const parts = entryOf(at(release, 'imageStrategy'), 'helm');
  const visit = (node: YamlNode | undefined, prefix: string, depth: number): Inline[] =>
    entriesOf(node).flatMap(({ key, value, span }): Inline[] => {
      const image = textOf(value);
      const name = `${prefix}${key}`;
      if (image === undefined) return depth < 10 ? visit(value, `${name}.`, depth + 1) : [];
      const text = parts ? `${name}.repository=${image},${name}.tag=built` : `${name}=${image}`;
      return [{ kind: 'set', text, asText: false, path, span }];
    });
  return visit(at(release, 'artifactOverrides'), '', 0);
}

/** Fields in braces that a run fills stand for any text. */
function wild(written: string | undefined): string | undefined {
  return written?.replace(/\{\{[^}]*\}\}/g, '${field}');
}

function fromFlux(body: YamlNode, path: string, search: Search): Deployment[] {
  const chart = textOf(at(body, 'spec', 'chart', 'spec', 'chart'));
  if (chart === undefined || !/^\.{0,2}\//.test(chart)) return [];
  const files = itemsOf(at(body, 'spec', 'chart', 'spec', 'valuesFiles')).map((node) => textOf(node) ?? '');
  const namespace = textOf(at(body, 'spec', 'targetNamespace')) ?? textOf(at(body, 'metadata', 'namespace'));
  const release = textOf(at(body, 'spec', 'releaseName')) ?? textOf(at(body, 'metadata', 'name'));
  return installed(
    chart,
    files,
    tree(at(body, 'spec', 'values'), path, search),
    release,
    namespace,
    { path, span: body.span },
    search,
  );
}

function installed(
  chart: string,
  files: readonly string[],
  inline: readonly Inline[],
  release: string | undefined,
  namespace: string | undefined,
  place: Place,
  search: Search,
): Deployment[] {
  const written = chart.replace(/^\//, '');
  return chartFolders(written, [''], search).flatMap((found) =>
    combinations(
      files.map((file) => file.replace(/^\//, '')),
      [found, ''],
      search,
    ).map((valuesFiles) => ({
      chart: found,
      release: { name: known(release) ?? 'release-name', namespace: known(namespace) ?? 'default' },
      ...(namespace === undefined ? {} : { namespace }),
      valuesFiles,
      inline,
      place,
    })),
  );
}

/** Values that stand in an object, as a map or as a text that holds YAML. */
function tree(node: YamlNode | undefined, path: string, { read }: Search): Inline[] {
  if (node?.kind === 'map') return [{ kind: 'tree', root: node, own: true, path, span: node.span }];
  const text = textOf(node);
  const root = text === undefined ? undefined : read(text).documents[0]?.root;
  return root?.kind === 'map' ? [{ kind: 'tree', root, own: false, path, span: node!.span }] : [];
}

/** A text of Terraform: the module's folder is left out, what is computed stands as a variable. */
function written(node: Expression | undefined): string | undefined {
  if (node?.kind === 'literal') return node.value === null ? undefined : String(node.value);
  if (node?.kind !== 'template') return undefined;
  const parts = node.parts.map((part) => {
    if (part.kind === 'text') return part.text;
    const module = part.kind === 'value' && part.value.kind === 'get' && part.value.name === 'module';
    return module ? '.' : '${computed}';
  });
  return parts.join('');
}

/** Paths of `file("...")` and `templatefile("...", ...)`, alone or in a list. */
function filesRead(node: Expression | undefined): string[] {
  if (node?.kind === 'tuple') return node.items.flatMap(filesRead);
  const path = node?.kind === 'call' && /^(?:template)?file$/.test(node.name) ? written(node.args[0]) : undefined;
  return path === undefined ? [] : [path];
}

function fromTerraform(
  body: Parameters<typeof blocksOf>[0],
  path: string,
  search: Search,
  scope: Scope | undefined,
): Deployment[] {
  const releases = blocksOf(body, 'resource').filter((block) => block.labels[0] === 'helm_release');
  return releases.flatMap((block) => {
    const value = (name: string) => attributeOf(block, name)?.value;
    const chart = written(value('chart'));
    if (chart === undefined || value('repository')) return [];
    const inline = blocksOf(block, 'set').flatMap((set): Inline[] => {
      const key = written(attributeOf(set, 'name')?.value);
      if (key === undefined) return [];
      const given = written(attributeOf(set, 'value')?.value)?.replace(/[,\\]/g, '\\$&') ?? '${computed}';
      return [{ kind: 'set', text: `${key}=${given}`, asText: false, path, span: set.span }];
    });
    const folders = [folderOf(path), ''];
    const place = value('namespace');
    const namespace = place && scope ? stringOf(evaluate({ value: place, path }, scope)) : undefined;
    return chartFolders(chart, folders, search).flatMap((found) =>
      combinations(filesRead(value('values')), folders, search).map((valuesFiles) => ({
        chart: found,
        release: { name: known(written(value('name'))) ?? 'release-name', namespace: namespace ?? 'default' },
        ...(namespace === undefined ? {} : { namespace }),
        valuesFiles,
        inline,
        place: { path, span: block.head },
      })),
    );
  });
}
