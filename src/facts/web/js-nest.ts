/** Knows how NestJS declares routes: controllers, guards on classes and methods, global guards, and middleware of modules. */
import { constants } from '../program/flow.ts';
import {
  type ClassSite,
  type FunctionSite,
  type Node,
  type Program,
  placeIn,
  type Unit,
  valueAt,
} from '../program/link.ts';
import type { Operand } from '../program/model.ts';
import type { Reader } from './js.ts';
import { type Belonging, belongingOf } from './js-nest-modules.ts';
import { entriesOf, entryOf, functionAt, layerOf, middlewareIn, positional, resolve } from './js-values.ts';
import type { Layer, Route, WebObject } from './model.ts';
import { memberAt, textsOf } from './objects.ts';

const verbs: Readonly<Record<string, readonly string[]>> = {
  Get: ['GET'],
  Post: ['POST'],
  Put: ['PUT'],
  Patch: ['PATCH'],
  Delete: ['DELETE'],
  Head: ['HEAD'],
  Options: ['OPTIONS'],
  All: [],
  Query: ['QUERY'],
  Mutation: ['MUTATION'],
  Subscription: ['SUBSCRIPTION'],
};
const operations = new Set(['Query', 'Mutation', 'Subscription']);
const controllers = new Set(['Controller', 'JsonController', 'RestController', 'Resolver']);

/** A decorator by the last word of its name, with its arguments. */
interface Mark {
  readonly word: string;
  readonly operand: Operand;
  readonly given: readonly Node[];
  /** Undefined for a decorator without parentheses. */
  readonly site?: ReturnType<Program['call']>;
}

function marksOf(program: Program, unit: Unit, decorators: readonly Operand[]): readonly Mark[] {
  return decorators.map((operand) => {
    const value = unit.module.values[operand.value]!;
    const site = value.kind === 'call' ? program.call(unit, value.call) : undefined;
    const word = (operand.name ?? site?.call.callee.name ?? '').replace(/\(\)$/, '').split('.').at(-1)!;
    return { word, operand, given: site ? positional(site) : [], ...(site ? { site } : {}) };
  });
}

/** Routes of controllers and resolvers, with their guards; what holds for all goes to the applications. */
export function readNest(reader: Reader): void {
  const { program } = reader;
  const units = program.units.filter((unit) => unit.module.language !== 'python');
  const made = [...reader.objects].filter(([, one]) => one.framework === 'nest');
  // An application that only reads settings, next to the one that serves.
  const isServed = made.some(([, one]) => reader.listening.has(one));
  if (isServed) for (const [site, one] of made) if (!reader.listening.has(one)) reader.objects.delete(site);
  const apps = [...reader.objects.values()].filter((one) => one.framework === 'nest');
  const belonging = belongingOf(program, apps);
  const shared: Layer[] = [];
  for (const unit of units) {
    const layers = moduleLayers(program, unit);
    if (apps.length === 0) shared.push(...layers);
    else if (layers.length > 0) for (const app of belonging(unit)) app.layers.push(...layers);
  }
  for (const unit of units)
    for (const [id, model] of unit.module.classes.entries())
      if (model.decorators.length > 0) readClass(reader, { unit, id, class: model }, belonging, shared);
}

function readClass(reader: Reader, site: ClassSite, belonging: Belonging<WebObject>, shared: readonly Layer[]): void {
  const { program } = reader;
  const { unit, class: model } = site;
  const marks = marksOf(program, unit, model.decorators);
  const controller = marks.find((one) => controllers.has(one.word));
  if (!controller) return;
  const isGraph = controller.word === 'Resolver';
  const prefixes = isGraph ? [''] : pathsOf(program, controller.given[0], 'path');
  const own = belonging(unit, model);
  const owners = isGraph ? [] : own;
  const outer = isGraph && own.length > 0 ? layersOfAll(own) : shared;
  const classLayers = marks.flatMap((mark) => guardLayers(program, unit, mark));
  for (const id of model.methods) {
    const handler: FunctionSite = { unit, id, function: unit.module.functions[id]! };
    const given = marksOf(program, unit, handler.function.decorators);
    for (const verb of given) {
      const methods = Object.hasOwn(verbs, verb.word) ? verbs[verb.word]! : undefined;
      if (!methods || operations.has(verb.word) !== isGraph || !verb.site) continue;
      const isPublic = [...given, ...marks].some((mark) =>
        /^(?:Is)?(?:Public|Anonymous|AllowAnonymous|SkipAuth|NoAuth)/.test(mark.word),
      );
      const layers = [...given.flatMap((mark) => guardLayers(program, unit, mark)), ...classLayers, ...outer];
      const names = isGraph
        ? [entryName(program, verb) ?? handler.function.name]
        : prefixes.flatMap((prefix) => pathsOf(program, verb.given[0], 'path').map((path) => joined(prefix, path)));
      for (const path of names.slice(0, 4))
        reader.routes.push({
          framework: isGraph ? 'graphql' : 'nest',
          place: placeIn(unit, verb.operand),
          methods,
          path,
          handler,
          class: site,
          owners: isPublic ? owners.map(withoutGuards) : owners,
          layers: isPublic ? layers.filter((layer) => !outer.includes(layer) || !isGuard(layer)) : layers,
          above: [],
          loose: false,
        } satisfies Route);
    }
  }
}

/** The application for a route that is marked public: global guards let it pass. */
function withoutGuards(app: WebObject): WebObject {
  return { ...app, layers: app.layers.filter((layer) => !isGuard(layer)) };
}

function isGuard(layer: Layer): boolean {
  return layer.level === 'class' && !/[Tt]hrottl/.test(layer.names.join());
}

/** What stands in front of everything, in each of the applications that a resolver belongs to. */
function layersOfAll([first, ...others]: readonly WebObject[]): readonly Layer[] {
  return first!.layers.filter((layer) => !layer.paths && others.every((one) => one.layers.includes(layer)));
}

function entryName(program: Program, verb: Mark): string | undefined {
  for (const node of verb.given) {
    const name = entryOf(program, node, 'name');
    const text = name && constants(program, name.unit, name.ref)?.[0];
    if (typeof text === 'string') return text;
    const own = constants(program, node.unit, node.ref)?.[0];
    if (typeof own === 'string') return own;
  }
  return undefined;
}

function pathsOf(program: Program, node: Node | undefined, key: string): readonly string[] {
  if (!node) return ['/'];
  const at = resolve(program, node);
  const value = valueAt(at);
  if (value.kind === 'dict') return pathsOf(program, entryOf(program, at, key), key);
  const texts =
    value.kind === 'list'
      ? value.items.flatMap((ref) => textsOf(program, at.unit, ref))
      : textsOf(program, at.unit, at.ref);
  return texts.length > 0 ? texts.map((text) => `/${text.replace(/^\//, '')}`) : ['/*'];
}

function joined(prefix: string, path: string): string {
  const text = `${prefix.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
  return text.length > 1 ? text.replace(/\/$/, '') : text;
}

/** Layers of a decorator: guards named in `UseGuards`, throttles, and what own decorators are composed of. */
function guardLayers(program: Program, unit: Unit, mark: Mark, depth = 0): readonly Layer[] {
  const { word } = mark;
  if (Object.hasOwn(verbs, word) || controllers.has(word)) return [];
  const place = placeIn(unit, mark.operand);
  if (word === 'UseGuards' || word === 'UseInterceptors' || word === 'UseBefore')
    return mark.given
      .flatMap((node) => middlewareIn(program, node))
      .flatMap((node) => layerOf(program, 'class', node, { place }) ?? []);
  const node = { unit, ref: mark.operand.value };
  if (word === 'SkipThrottle') {
    const isOff = mark.given.some((one) => constants(program, one.unit, one.ref)?.[0] === false);
    return isOff ? [] : [{ level: 'decorator', node, place, names: ['@nestjs/throttler.exempt'] }];
  }
  if (word === 'Throttle' || word === 'Authorized')
    return [
      {
        level: 'decorator',
        node: { unit, ref: mark.site?.call.callee.value ?? mark.operand.value },
        place,
        names: [word === 'Throttle' ? '@nestjs/throttler.rate' : `Authorized${mark.given.length > 0 ? '.roles' : ''}`],
        ...(mark.site ? { site: mark.site } : {}),
      },
    ];
  if (depth > 3 || !mark.site) return [];
  return program.targets(mark.site).flatMap((target) => composed(program, target, depth));
}

/** `applyDecorators(UseGuards(A), Roles('admin'))` inside a decorator of the repository. */
function composed(program: Program, target: FunctionSite, depth: number): readonly Layer[] {
  const { unit, id } = target;
  return unit.module.calls.flatMap((call, callId) => {
    if (call.function !== id || !/(?:^|\.)applyDecorators$/.test(call.callee.name ?? '')) return [];
    const operands = call.args.map((arg) => ({
      value: arg.value,
      span: arg.span,
      ...(arg.name ? { name: arg.name } : {}),
    }));
    return positional(program.call(unit, callId)).length > 0
      ? marksOf(program, unit, operands).flatMap((mark) => guardLayers(program, unit, mark, depth + 1))
      : [];
  });
}

const globals = /(?:^|\.)APP_(?:GUARD|INTERCEPTOR)$/;

/** Guards provided for the whole application, and middleware that modules apply to paths. */
function moduleLayers(program: Program, unit: Unit): readonly Layer[] {
  const found: Layer[] = [];
  for (const dict of unit.module.dicts) {
    const node = { unit, ref: dict.value };
    const provide = entryOf(program, node, 'provide');
    if (!provide) continue;
    const names = [...program.names(provide.unit, provide.ref), nameOf(provide)];
    if (!names.some((name) => globals.test(name))) continue;
    for (const key of ['useClass', 'useExisting', 'useValue', 'useFactory']) {
      const guard = entryOf(program, node, key);
      const layer = guard && layerOf(program, 'class', guard, { place: placeIn(unit, dict) });
      if (layer) found.push(layer);
    }
  }
  for (const [id, call] of unit.module.calls.entries()) {
    const member = memberAt(unit, call.callee.value);
    if (member?.name !== 'forRoutes') continue;
    found.push(...consumed(program, unit, id));
  }
  return found;
}

function nameOf(node: Node): string {
  const value = valueAt(node);
  return 'name' in value ? (value.name ?? '') : '';
}

/** `consumer.apply(A, B).exclude(..).forRoutes('path', Controller)`. */
function consumed(program: Program, unit: Unit, id: number): readonly Layer[] {
  const site = program.call(unit, id);
  let applied: readonly Node[] = [];
  let member = memberAt(unit, site.call.callee.value);
  for (let depth = 0; member && typeof member.of !== 'string' && depth < 6; depth++) {
    const value = unit.module.values[member.of]!;
    if (value.kind !== 'call') break;
    const inner = program.call(unit, value.call);
    member = memberAt(unit, inner.call.callee.value);
    if (member?.name === 'apply') applied = positional(inner);
  }
  const paths = positional(site).flatMap((node) => routePaths(program, node));
  const place = placeIn(unit, site.call);
  return applied
    .flatMap((node) => middlewareIn(program, node))
    .flatMap(
      (node) => layerOf(program, 'middleware', node, { place, ...(paths.includes('*') ? {} : { paths }) }) ?? [],
    );
}

function routePaths(program: Program, node: Node): readonly string[] {
  const at = resolve(program, node);
  for (const meaning of program.meanings(at.unit, at.ref)) {
    if (meaning.kind !== 'class') continue;
    const model = meaning.unit.module.classes[meaning.class]!;
    const mark = marksOf(program, meaning.unit, model.decorators).find((one) => controllers.has(one.word));
    return mark ? pathsOf(program, mark.given[0], 'path') : ['*'];
  }
  const path = entryOf(program, at, 'path');
  const texts = path ? textsOf(program, path.unit, path.ref) : textsOf(program, at.unit, at.ref);
  if (texts.length === 0 || functionAt(program, at) || (path === undefined && entriesOf(program, at).length > 0))
    return ['*'];
  return texts.map((text) => (/^\/?(?:\*|\(\.\*\)|\{\*\w+\})$/.test(text) ? '*' : `/${text.replace(/^\//, '')}`));
}
