/** Knows the routes of a small application in JavaScript as lines of text, for tests. */
import { ecmascript } from '../../src/facts/program/ecmascript.ts';
import { layersOf, linkWeb, pathsOf } from '../../src/facts/web.ts';
import { factsOfFiles } from '../facts-of.ts';

/** Routes as `METHOD path: what stands in front`, in order. */
export async function outline(files: Record<string, string>): Promise<readonly string[]> {
  const web = linkWeb(await factsOfFiles([ecmascript], files));
  return web.routes.flatMap((route) => {
    const layers = layersOf(route).map(
      (layer) =>
        layer.names[0] ?? nameOf(files, layer.node.unit.path, layer.node.unit.module.values[layer.node.ref]!.span),
    );
    return pathsOf(route).map((path) => {
      const doubt = route.open === undefined ? '' : ' ?';
      return `${route.methods.join('|') || 'ANY'} ${path}${layers.length > 0 ? `: ${layers.join(', ')}` : ''}${doubt}`;
    });
  });
}

function nameOf(files: Record<string, string>, path: string, span: { start: number; end: number }): string {
  const text = files[path]!.slice(span.start, span.end).replace(/^(?:async )?(?:function|class) ?|^async (?=\()/, '');
  return /^\w+/.exec(text)?.[0] ?? 'a function';
}
