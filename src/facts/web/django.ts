/** Knows Django's side of the web model: settings modules with what they switch on, and the routes of urlpatterns. */
import { constants } from '../program/flow.ts';
import { argument, type Node, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Operand, Scalar } from '../program/model.ts';
import { allNamedValues } from '../program/names.ts';
import type { Place } from '../span.ts';
import type { Layer, Route } from './model.ts';
import { memberAt, textsOf } from './objects.ts';
import { handlerLayers, itemsOf, layer } from './python.ts';

/** A settings module that lists its middleware. */
export interface Settings {
  readonly unit: Unit;
  /** The list of middleware. */
  readonly place: Place;
  readonly middleware: readonly string[];
  /** Some entries cannot be told. */
  readonly open: boolean;
  /** Constants a setting has in this module or in those that take it over; undefined: not set or not constant. */
  value(name: string): { readonly values: readonly Scalar[]; readonly place: Place } | undefined;
  /** Is the setting written anywhere, whatever its value? */
  has(name: string): boolean;
}

export function settingsOf(program: Program): readonly Settings[] {
  return program.units.flatMap((unit): Settings[] => {
    if (unit.module.language !== 'python') return [];
    const lists = unit.module.assignments.filter(
      (one) =>
        one.target === 'name' &&
        (one.name === 'MIDDLEWARE' || one.name === 'MIDDLEWARE_CLASSES') &&
        one.function < 0 &&
        one.class < 0 &&
        one.value,
    );
    const first = lists.find((one) => !one.augmented);
    if (!first?.value) return [];
    const nodes = lists.flatMap((one) => itemsOf(program, unit, one.value!.value));
    const texts = nodes.map((node) => textsOf(program, node.unit, node.ref)[0]);
    const middleware = [...new Set(texts.filter((text): text is string => text !== undefined))];
    if (middleware.length > 0 && !middleware.some((text) => text.includes('.'))) return [];
    const family = program.units.filter(
      (other) =>
        other === unit ||
        other.module.exportAll.some((star) => program.moduleOf(star, other) === unit) ||
        unit.module.exportAll.some((star) => program.moduleOf(star, unit) === other),
    );
    const assigned = (name: string) =>
      family.flatMap((other) =>
        other.module.assignments.flatMap((one) =>
          one.name === name && one.target === 'name' && one.class < 0 && one.value
            ? [{ other, one, value: one.value }]
            : [],
        ),
      );
    return [
      {
        unit,
        place: placeIn(unit, first),
        middleware,
        open: texts.some((text) => text === undefined),
        has: (name) => assigned(name).length > 0,
        value: (name) => {
          const found = assigned(name);
          if (found.length === 0) return undefined;
          const values = found.map(({ other, value }) => constants(program, other, value.value));
          if (values.some((one) => one === undefined)) return undefined;
          return { values: values.flatMap((one) => one ?? []), place: placeIn(found[0]!.other, found[0]!.one) };
        },
      },
    ];
  });
}

const paths = [
  'django.urls.path',
  'django.urls.re_path',
  'django.conf.urls.url',
  'django.urls.conf.path',
  'django.urls.conf.re_path',
];

/** Routes of every `path(...)`, with the prefixes of the `include(...)` around them, and of DRF's routers. */
export function djangoRoutes(program: Program): readonly Route[] {
  const sites = program.calls(paths);
  const defaults = sites.length > 0 ? restDefaults(program) : [];
  const prefixes = new Map<Unit, string[]>();
  for (const site of sites) {
    const view = argument(site.call, 1, 'view');
    const value = view && site.unit.module.values[view.value]!;
    if (value?.kind !== 'call') continue;
    const inner = program.call(site.unit, value.call);
    const name = inner.names.some((one) => one.endsWith('.include')) ? inner.call.args[0] : undefined;
    const first = site.call.args[0];
    if (!name || !first) continue;
    const prefix = clean(textsOf(program, site.unit, first.value)[0] ?? '');
    const units = textsOf(program, site.unit, name.value).map((text) => program.moduleOf(text, site.unit));
    for (const meaning of program.meanings(site.unit, name.value))
      if (meaning.kind === 'module') units.push(meaning.unit);
    for (const unit of units) if (unit) prefixes.set(unit, [...(prefixes.get(unit) ?? []), prefix]);
  }
  const routes: Route[] = [];
  for (const site of sites) {
    const view = argument(site.call, 1, 'view');
    const rule = argument(site.call, 0, 'route', 'regex');
    if (!view || !rule) continue;
    const own = clean(textsOf(program, site.unit, rule.value)[0] ?? '');
    for (const prefix of (prefixes.get(site.unit) ?? ['']).slice(0, 3)) {
      const route = routeTo(
        program,
        { unit: site.unit, ref: view.value },
        `/${prefix}${own}`,
        placeIn(site.unit, site.call),
        defaults,
      );
      if (route) routes.push(route);
    }
  }
  for (const site of program.allCalls()) {
    if (!site.names.some((name) => /^rest_framework(?:_nested)?\.routers\.\w+Router\(\)\.register$/.test(name)))
      continue;
    const view = argument(site.call, 1, 'viewset');
    const rule = argument(site.call, 0, 'prefix');
    if (!view || !rule) continue;
    const route = routeTo(
      program,
      { unit: site.unit, ref: view.value },
      `/${textsOf(program, site.unit, rule.value)[0] ?? ''}`,
      placeIn(site.unit, site.call),
      defaults,
    );
    if (route) routes.push(route);
  }
  return routes;
}

function clean(text: string): string {
  return text.replace(/^\^|\$$/g, '').replace(/\(\?P<(\w+)>[^)]*\)/g, '<$1>');
}

/** A setting of the REST framework that holds for every view without classes of its own. */
interface RestDefault {
  readonly field: 'permission_classes' | 'throttle_classes';
  readonly layer: Layer;
}

function restDefaults(program: Program): readonly RestDefault[] {
  const all = allNamedValues(program).filter((one) => one.form === 'entry' || one.form === 'item');
  // Without rates the throttles count nothing.
  const rates = all.some((one) => {
    const value = one.unit.module.values[one.value.value]!;
    if (one.name !== 'DEFAULT_THROTTLE_RATES') return false;
    return value.kind !== 'dict' || value.entries.some(([, rate]) => constants(program, one.unit, rate)?.[0] !== null);
  });
  return all.flatMap((one): readonly RestDefault[] => {
    const field =
      one.name === 'DEFAULT_PERMISSION_CLASSES'
        ? 'permission_classes'
        : one.name === 'DEFAULT_THROTTLE_CLASSES' && rates
          ? 'throttle_classes'
          : undefined;
    if (!field) return [];
    return itemsOf(program, one.unit, one.value.value).flatMap((node) => {
      const [name] = textsOf(program, node.unit, node.ref);
      if (name === undefined) return [];
      const defined = program.define(name, one.unit) ?? node;
      return [{ field, layer: { ...layer(program, 'class', defined), names: [name], place: placeIn(one.unit, one) } }];
    });
  });
}

/** Is it a view of the REST framework that does not name classes of its own? */
function inherits(program: Program, route: Route, field: string): boolean {
  const { handler, class: view } = route;
  if (view)
    return (
      program.bases(view.unit, view.id).some((base) => base.startsWith('rest_framework')) &&
      program.field(view.unit, view.id, field).length === 0 &&
      !program.method(view.unit, view.id, `get_${field.replace('_classes', 's')}`)
    );
  const decorators = handler?.function.decorators.flatMap((one) => decoratorNames(program, handler.unit, one)) ?? [];
  return (
    decorators.includes('rest_framework.decorators.api_view') &&
    !decorators.includes(`rest_framework.decorators.${field}`)
  );
}

function decoratorNames(program: Program, unit: Unit, one: Operand): readonly string[] {
  const value = unit.module.values[one.value]!;
  return value.kind === 'call' ? program.call(unit, value.call).names : program.names(unit, one.value);
}

function routeTo(
  program: Program,
  node: Node,
  path: string,
  place: Place,
  defaults: readonly RestDefault[],
): Route | undefined {
  const route = viewAt(program, node, path, place);
  if (!route) return undefined;
  const more = defaults.flatMap((one) => (inherits(program, route, one.field) ? [one.layer] : []));
  const view = route.class;
  const chooses = view && program.method(view.unit, view.id, 'get_permissions');
  const open = chooses && { open: `${view.class.name}.get_permissions() chooses its permissions` };
  return { ...route, layers: [...route.layers, ...more], ...open };
}

function viewAt(program: Program, node: Node, path: string, place: Place): Route | undefined {
  const layers: Layer[] = [];
  let current = node;
  // A view of Django itself or of a package has neither handler nor class.
  const bare = { framework: 'django' as const, place, path, owners: [], above: [], loose: false, methods: [] };
  for (let i = 0; i < 6; i++) {
    const value = current.unit.module.values[current.ref]!;
    if (value.kind !== 'call') break;
    const site = program.call(current.unit, value.call);
    const callee = memberAt(current.unit, site.call.callee.value);
    if (callee?.name === 'as_view') {
      if (typeof callee.of === 'string') {
        const defined = program.define(callee.of, current.unit);
        if (!defined) return { ...bare, layers };
        current = defined;
      } else current = { unit: current.unit, ref: callee.of };
      break;
    }
    const inner = site.call.args[0];
    if (!inner || site.names.some((name) => name.endsWith('.include'))) return undefined;
    layers.push(layer(program, 'decorator', { unit: current.unit, ref: site.call.callee.value }, site));
    current = { unit: current.unit, ref: inner.value };
  }
  for (const meaning of program.meanings(current.unit, current.ref)) {
    const base = { framework: 'django' as const, place, path, owners: [], above: [], loose: false };
    if (meaning.kind === 'function') {
      const handler = {
        unit: meaning.unit,
        id: meaning.function,
        function: meaning.unit.module.functions[meaning.function]!,
      };
      return { ...base, methods: [], handler, layers: [...layers, ...handlerLayers(program, handler, undefined)] };
    }
    if (meaning.kind === 'class') {
      const owner = { unit: meaning.unit, id: meaning.class, class: meaning.unit.module.classes[meaning.class]! };
      const methods = ['get', 'post', 'put', 'patch', 'delete'].filter((name) =>
        program.method(owner.unit, owner.id, name),
      );
      const handler = program.method(
        owner.unit,
        owner.id,
        methods.find((name) => name !== 'get') ?? methods[0] ?? 'dispatch',
      );
      const upper = methods.map((name) => name.toUpperCase());
      return {
        ...base,
        methods: upper,
        class: owner,
        ...(handler ? { handler } : {}),
        layers: [...layers, ...handlerLayers(program, handler, owner)],
      };
    }
  }
  return undefined;
}
