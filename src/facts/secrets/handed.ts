/** Knows which files are handed to what is started: `env_file` and `secrets` of compose, generators, copies into images. */
import { composeTrials } from '../compose/trials.ts';
import { linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { forDevelopment } from '../service-image.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';

/** Paths of the files, with whether more than trials hand them over. A pure join: use through `facts.linked`. */
export function handedFiles(facts: Facts): ReadonlyMap<string, { readonly deployed: boolean }> {
  const found = new Map<string, { deployed: boolean }>();
  const trials = facts.linked(composeTrials);
  const add = (from: string, name: string | undefined, folder = folderOf(from)): void => {
    const path = name === undefined ? undefined : joinPath(folder, name);
    const deployed = !trials.has(from) && !forDevelopment(from);
    if (path !== undefined) found.set(path, { deployed: found.get(path)?.deployed === true || deployed });
  };
  for (const service of facts.linked(linkCompose)) {
    const files = at(service.body, 'env_file');
    for (const node of files?.kind === 'list' ? itemsOf(files) : files ? [files] : [])
      add(node.path ?? service.path, textOf(node) ?? textOf(at(node, 'path')));
  }
  for (const { path, data } of facts.of('compose'))
    for (const { value } of entriesOf(at(data.root, 'secrets'))) add(path, textOf(at(value, 'file')));
  for (const { path, data } of facts.of('kubernetes'))
    for (const kind of ['secretGenerator', 'configMapGenerator'])
      for (const generator of itemsOf(at(data.kustomization, kind)))
        for (const name of namesIn(generator)) add(path, name);
  // The context is nearly always the folder of the Dockerfile, or the repository.
  for (const { path, data } of facts.of('dockerfile'))
    for (const { sources } of data.stages.flatMap(({ copies }) => copies.filter(({ from }) => !from)))
      for (const folder of [folderOf(path), '']) for (const { text } of sources) add(path, text, folder);
  return found;
}

function namesIn(generator: YamlNode): (string | undefined)[] {
  const listed = ['envs', 'files'].flatMap((key) => itemsOf(at(generator, key)).map(textOf));
  return [textOf(at(generator, 'env')), ...listed].map((text) => text?.slice(text.indexOf('=') + 1));
}
