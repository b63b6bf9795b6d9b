/** Knows the pages of Flask-Admin: they answer everybody unless their class says who may see them. */
import { argument, type CallSite, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Operand } from '../program/model.ts';
import type { Layer, Route, WebObject } from './model.ts';
import { makersOf, textsOf } from './objects.ts';
import { layer } from './python.ts';

const makers = ['flask_admin.Admin', 'flask_admin.base.Admin'];

/** The index of each `Admin(...)` and every view that is added to one. */
export function flaskAdminRoutes(program: Program, objects: readonly WebObject[]): readonly Route[] {
  const routes: Route[] = [];
  const added = program.calls(makers.flatMap((name) => [`${name}().add_view`, `${name}().add_views`]));
  for (const site of program.calls(makers)) {
    const { unit, call } = site;
    const app = argument(call, 0, 'app');
    const attached =
      app ?? program.calls(makers.map((name) => `${name}().init_app`)).flatMap((one) => one.call.args[0] ?? [])[0];
    const owner = attached && ownerOf(program, app ? unit : undefined, attached, objects);
    const url = argument(call, 99, 'url');
    const path = (url && textsOf(program, unit, url.value)[0]) ?? '/admin';
    routes.push(page(program, site, argument(call, 99, 'index_view'), path, owner));
  }
  for (const site of added)
    for (const view of site.call.args) {
      if (view.keyword !== undefined) continue;
      const name = (view.name ?? 'view').replace(/\(\)$/, '').split('.').at(-1)!;
      const owner = objects.find((one) => one.kind === 'app' && one.framework === 'flask');
      routes.push(page(program, site, view, `/admin/${name.toLowerCase()}`, owner));
    }
  return routes;
}

function ownerOf(
  program: Program,
  unit: Unit | undefined,
  app: Operand,
  objects: readonly WebObject[],
): WebObject | undefined {
  const sites = unit ? makersOf(program, unit, app.value) : [];
  return objects.find((one) => one.site && (sites.length === 0 ? one.kind === 'app' : sites.includes(one.site)));
}

function page(
  program: Program,
  site: CallSite,
  view: Operand | undefined,
  path: string,
  owner: WebObject | undefined,
): Route {
  const { unit } = site;
  const layers: Layer[] = [];
  const value = view && unit.module.values[view.value]!;
  const made = value?.kind === 'call' ? program.call(unit, value.call) : undefined;
  if (made) layers.push(layer(program, 'class', { unit, ref: made.call.callee.value }));
  // A view that is made elsewhere cannot be told.
  const isHidden = view !== undefined && !made;
  return {
    framework: 'flask',
    place: placeIn(unit, view ?? site.call),
    methods: [],
    path,
    owners: owner ? [owner] : [],
    layers,
    above: [],
    loose: false,
    library: true,
    ...(isHidden ? { open: 'the class of the view cannot be told' } : {}),
  };
}
