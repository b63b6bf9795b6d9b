/** Knows what applications of Argo CD deploy, those that sets of applications generate included. */
import { fileName } from '../paths.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';

/** One source of one application. */
export interface ArgoSource {
  readonly source: YamlNode;
  readonly name?: string;
  readonly namespace?: string;
  /** A text with the fields in braces filled in; a field that nobody knows stays `${field}`. */
  readonly fill: (text: string) => string;
}

type Fields = ReadonlyMap<string, string>;

/** Applications that are told apart; more of them say nothing new. */
const MOST = 20;

/** Sources of an Application or ApplicationSet; `folders` are those of the tree, for generators that look for them. */
export function argoSources(kind: string, body: YamlNode, folders: () => readonly string[]): ArgoSource[] {
  const isSet = kind === 'ApplicationSet';
  if (!isSet && kind !== 'Application') return [];
  const given = isSet ? at(body, 'spec', 'template') : body;
  const spec = at(given, 'spec');
  const sets = isSet ? generated(itemsOf(at(body, 'spec', 'generators')), folders) : [];
  return (sets.length > 0 ? sets.slice(0, MOST) : [new Map<string, string>()]).flatMap((fields) => {
    const fill = (text: string): string =>
      text.replace(/\{\{([^}]*)\}\}/g, (_, field: string) => fields.get(field.trim().replace(/^\./, '')) ?? '${field}');
    const filled = (...path: string[]): string | undefined => {
      const text = textOf(at(given, ...path));
      return text === undefined ? undefined : fill(text);
    };
    const [name, namespace] = [filled('metadata', 'name'), filled('spec', 'destination', 'namespace')];
    return [at(spec, 'source'), ...itemsOf(at(spec, 'sources'))].flatMap((source) =>
      source?.kind === 'map'
        ? { source, fill, ...(name === undefined ? {} : { name }), ...(namespace === undefined ? {} : { namespace }) }
        : [],
    );
  });
}

/** Fields of each application that literal generators make; none where only the cluster or a server knows them. */
function generated(generators: readonly YamlNode[], folders: () => readonly string[], depth = 0): Fields[] {
  if (depth > 3) return [];
  return generators.flatMap((one): Fields[] => {
    const matrix = itemsOf(at(one, 'matrix', 'generators')).map((inner) => generated([inner], folders, depth + 1));
    if (matrix.length > 0)
      return matrix.reduce<Fields[]>(
        (all, more) =>
          more.length === 0 ? all : all.flatMap((a) => more.map((b) => new Map([...a, ...b]))).slice(0, MOST),
        [new Map()],
      );
    const merged = itemsOf(at(one, 'merge', 'generators'));
    if (merged.length > 0) return generated(merged.slice(0, 1), folders, depth + 1);
    const listed = itemsOf(at(one, 'list', 'elements')).map((element) => new Map(fieldsOf(element, '')));
    const wanted = itemsOf(at(one, 'git', 'directories')).filter((node) => textOf(at(node, 'exclude')) !== 'true');
    const found = wanted.flatMap((node) => {
      const parts = (textOf(at(node, 'path')) ?? '').split('/');
      return folders()
        .filter((folder) => {
          const own = folder.split('/');
          return own.length === parts.length && parts.every((part, i) => part === '*' || part === own[i]);
        })
        .slice(0, MOST);
    });
    return [...listed, ...found.map(ofFolder)];
  });
}

function fieldsOf(node: YamlNode, prefix: string): [string, string][] {
  return entriesOf(node).flatMap(({ key, value }): [string, string][] => {
    const text = textOf(value);
    return text !== undefined ? [[prefix + key, text]] : prefix.length > 100 ? [] : fieldsOf(value, `${prefix}${key}.`);
  });
}

function ofFolder(path: string): Fields {
  const name = fileName(path);
  return new Map([
    ...['path', 'path.path'].map((key) => [key, path] as const),
    ...['path.basename', 'path.basenameNormalized'].map((key) => [key, name] as const),
  ]);
}
