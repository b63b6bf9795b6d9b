/** Knows which functions answer the fields of a GraphQL schema that is written as resolver maps. */
import { type Node, type Program, placeIn, valueAt } from '../program/link.ts';
import type { Reader } from './js.ts';
import { entriesOf, entryOf, handlerOf, layerOf } from './js-values.ts';
import type { Layer, WebObject } from './model.ts';

const operations = { Mutation: 'MUTATION', Query: 'QUERY' } as const;

/** Resolvers in maps with the keys `Query` and `Mutation`. */
export function readGraphql(reader: Reader): void {
  const { program } = reader;
  const seen = new Set<string>();
  for (const unit of program.units) {
    if (unit.module.language === 'python') continue;
    for (const dict of unit.module.dicts) {
      for (const [key, method] of Object.entries(operations)) {
        const map = entryOf(program, { unit, ref: dict.value }, key);
        if (map) readMap(reader, map, method, seen);
      }
    }
  }
}

function readMap(reader: Reader, map: Node, method: string, seen: Set<string>): void {
  const { program } = reader;
  for (const [name, node] of entriesOf(program, map)) {
    const key = `${node.unit.path}\0${node.ref}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const handler = handlerOf(program, node);
    if (!handler || name.startsWith('_')) continue;
    const value = valueAt(node);
    const wrapper = value.kind === 'call' ? layerOf(program, 'decorator', node) : undefined;
    reader.routes.push({
      framework: 'graphql',
      place: placeIn(node.unit, handler.unit === node.unit ? handler.function.span : value.span),
      methods: [method],
      path: name,
      handler,
      owners: [],
      layers: [...(wrapper ? [wrapper] : []), ...endpointLayers(program, [...reader.objects.values()])],
      above: [],
      loose: false,
    });
  }
}

/** What stands in front of the one address that answers all operations. */
function endpointLayers(_program: Program, objects: readonly WebObject[]): readonly Layer[] {
  return objects
    .filter((one) => one.kind === 'app')
    .flatMap((one) => one.layers)
    .filter((layer) => !layer.paths || layer.paths.some((path) => /graphql/i.test(path)))
    .slice(0, 40);
}
