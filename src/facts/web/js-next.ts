/** Knows how Next.js finds its routes: files by their path, the middleware and its matcher, headers of the configuration. */
import { constants } from '../program/flow.ts';
import { type FunctionSite, type Node, type Program, placeIn, type Unit, valueAt } from '../program/link.ts';
import type { Reader } from './js.ts';
import { entryOf, functionAt, handlerOf, layerOf, resolve } from './js-values.ts';
import type { Layer, Route, WebObject } from './model.ts';
import { textsOf } from './objects.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Applications and routes that files stand for. */
export function readNext(reader: Reader): readonly WebObject[] {
  const { program } = reader;
  const units = program.units.filter((unit) => unit.module.language !== 'python');
  const roots = new Map<string, WebObject & { layers: Layer[] }>();
  const rootOf = (unit: Unit): WebObject => {
    const path = rootPath(unit.path);
    const known = roots.get(path);
    if (known) return known;
    const config = units.find(
      (one) => folderOf(one.path) === path && /(?:^|\/)next\.config\.[cm]?[jt]s$/.test(one.path),
    );
    const made: WebObject & { layers: Layer[] } = {
      kind: 'app',
      framework: 'next',
      name: path === '' ? 'of this repository' : `in ${path.replace(/\/$/, '')}`,
      place: placeIn(config ?? unit, { start: 0, end: 1 }),
      prefixes: [],
      layers: config ? headerLayers(program, config) : [],
      mounts: [],
    };
    roots.set(path, made);
    for (const one of units)
      if (
        /^(?:src\/)?(?:middleware|proxy)\.[cm]?[jt]sx?$/.test(one.path.slice(path.length)) &&
        one.path.startsWith(path)
      )
        made.layers.push(...middlewareLayers(program, one));
    return made;
  };
  const own = new Set(
    units
      .filter((unit) => unit.module.imports.some((one) => /^next(?:\/|$)/.test(one.module)))
      .map((unit) => unit.path),
  );
  for (const unit of units) {
    const path = routePath(unit.path);
    const root = rootPath(unit.path);
    if (path === undefined || ![...own].some((one) => one.startsWith(root))) continue;
    readFile(reader, unit, path, rootOf(unit));
  }
  for (const unit of units) if (/(?:^|\/)next\.config\.[cm]?[jt]s$/.test(unit.path)) rootOf(unit);
  return [...roots.values()];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The folder of the application: what stands before `app/`, `pages/` or `src/`. */
function rootPath(path: string): string {
  const match = /^(.*?)(?:^|(?<=\/))(?:src\/)?(?:app|pages)\//.exec(path);
  const isRoute = routePath(path) !== undefined;
  return isRoute && match ? match[1]! : folderOf(path);
}

/** Address of a route file; undefined for other files. */
export function routePath(path: string): string | undefined {
  const app = /(?:^|\/)app\/(?:(.*)\/)?route\.[cm]?[jt]sx?$/.exec(path);
  if (app) return address(app[1] ?? '');
  const pages = /(?:^|\/)pages\/(api(?:\/.*)?)\.[cm]?[jt]sx?$/.exec(path);
  return pages ? address(pages[1]!.replace(/\/index$/, '')) : undefined;
}

/** `users/[id]/(group)/@slot` is `/users/:id`. */
function address(folder: string): string {
  const parts = folder.split('/').flatMap((part) => {
    if (part === '' || /^\(.*\)$/.test(part) || part.startsWith('@')) return [];
    const catching = /^\[{1,2}\.\.\.(.+?)\]{1,2}$/.exec(part);
    if (catching) return [`:${catching[1]!}*`];
    return [part.replace(/^\[(.+)\]$/, ':$1')];
  });
  return `/${parts.join('/')}`;
}

function readFile(reader: Reader, unit: Unit, path: string, app: WebObject): void {
  const { program } = reader;
  const { exports } = unit.module;
  const isApp = /(?:^|\/)route\.[cm]?[jt]sx?$/.test(unit.path) && !/(?:^|\/)pages\/api\//.test(unit.path);
  for (const name of isApp ? methods : ['default']) {
    if (!Object.hasOwn(exports, name)) continue;
    const node = { unit, ref: exports[name]! };
    const handler = handlerOf(program, node);
    const at = resolve(program, node);
    const value = valueAt(at);
    const wrapper = value.kind === 'call' ? layerOf(program, 'decorator', node) : undefined;
    const inside = handler && handler.unit === unit ? handler.function.nameSpan : valueAt(node).span;
    reader.routes.push({
      framework: 'next',
      place: placeIn(unit, inside),
      methods: isApp ? [name] : handler ? comparedMethods(program, handler) : [],
      path,
      ...(handler ? { handler } : { open: 'the handler is not in the repository' }),
      owners: [app],
      layers: wrapper ? [wrapper] : [],
      above: [],
      loose: false,
    } satisfies Route);
  }
}

/** Methods that a handler under `pages/api` tells apart; none: all. */
function comparedMethods(program: Program, { unit, id }: FunctionSite): readonly string[] {
  const found = new Set<string>();
  for (const one of unit.module.comparisons) {
    if (one.function !== id) continue;
    const sides = [one.left, one.right];
    if (!sides.some((side) => /(?:^|\.)method$/.test(side.name ?? ''))) continue;
    for (const side of sides)
      for (const text of constants(program, unit, side.value) ?? [])
        if (typeof text === 'string' && methods.includes(text)) found.add(text);
  }
  return [...found];
}

/** The middleware of an application, before the paths its matcher names. */
function middlewareLayers(program: Program, unit: Unit): readonly Layer[] {
  const { exports } = unit.module;
  const name = ['middleware', 'proxy', 'default'].find((one) => Object.hasOwn(exports, one));
  if (name === undefined) return [];
  const node = { unit, ref: exports[name]! };
  const config = Object.hasOwn(exports, 'config') ? { unit, ref: exports.config! } : undefined;
  const matcher = config && entryOf(program, config, 'matcher');
  const paths = matcher ? patternsOf(program, matcher) : undefined;
  const layer = layerOf(program, 'before', node, { ...(paths ? { paths } : {}) });
  return layer ? [layer] : [];
}

/** Patterns of a matcher; undefined: everything, or it cannot be told. */
function patternsOf(program: Program, matcher: Node): readonly string[] | undefined {
  const at = resolve(program, matcher);
  const value = valueAt(at);
  const refs = value.kind === 'list' ? value.items : [at.ref];
  const texts = refs.flatMap((ref) => {
    const source = entryOf(program, { unit: at.unit, ref }, 'source');
    return source ? textsOf(program, source.unit, source.ref) : textsOf(program, at.unit, ref);
  });
  if (texts.length === 0) return undefined;
  return texts;
}

/** `headers()` of the configuration, as a layer before everything it names. */
function headerLayers(program: Program, config: Unit): Layer[] {
  for (const dict of config.module.dicts) {
    const node = entryOf(program, { unit: config, ref: dict.value }, 'headers');
    if (node && functionAt(program, node))
      return [{ level: 'after', node, place: placeIn(node.unit, valueAt(node)), names: [] }];
  }
  return [];
}
