/** Knows which controllers and files belong to which of several NestJS applications, by the modules each imports. */
import { type CallSite, type Node, type Program, type Unit, valueAt } from '../program/link.ts';
import type { ClassModel, Ref } from '../program/model.ts';
import { entriesOf, positional, resolve } from './js-values.ts';
import type { WebObject } from './model.ts';
import { memberAt } from './objects.ts';

interface Reach {
  readonly units: Set<Unit>;
  readonly classes: Set<ClassModel>;
}

/** Applications that a class of a file, or what else the file registers, belongs to; all where nothing tells. */
export type Belonging<T extends WebObject> = (unit: Unit, model?: ClassModel) => readonly T[];

export function belongingOf<T extends WebObject>(program: Program, apps: readonly T[]): Belonging<T> {
  if (apps.length < 2) return () => apps;
  const reached = apps.map((app) => [app, reachOf(program, app.site)] as const);
  return (unit, model) => {
    const imported = reached.filter(([, { units, classes }]) => (model ? classes.has(model) : units.has(unit)));
    return imported.length > 0 ? imported.map(([app]) => app) : nearest(unit, apps);
  };
}

/** The applications whose entry shares the most folders with a file, when there are others that share fewer. */
function nearest<T extends WebObject>(unit: Unit, apps: readonly T[]): readonly T[] {
  const shared = apps.map(({ place }) => {
    const [left, right] = [place.path.split('/'), unit.path.split('/')];
    const end = left.findIndex((part, i) => part !== right[i]);
    return end < 0 ? left.length : end;
  });
  const most = Math.max(...shared);
  return apps.filter((_, i) => shared[i] === most);
}

const limit = 4000;

/** Everything that the module of an application names, and the modules it imports. */
function reachOf(program: Program, site: CallSite | undefined): Reach {
  const units = new Set<Unit>();
  const classes = new Set<ClassModel>();
  const seen = new Set<string>();
  const queue: Node[] = site ? positional(site).slice(0, 1) : [];
  for (let node = queue.pop(); node && seen.size < limit; node = queue.pop()) {
    const key = `${node.unit.path}\0${node.ref}`;
    if (seen.has(key)) continue;
    seen.add(key);
    for (const meaning of program.meanings(node.unit, node.ref)) {
      if (meaning.kind !== 'class') continue;
      const { unit } = meaning;
      const model = unit.module.classes[meaning.class]!;
      if (classes.has(model)) continue;
      classes.add(model);
      units.add(unit);
      for (const { value } of model.decorators) queue.push(...givenTo(unit, value));
    }
    const at = resolve(program, node);
    queue.push(...partsOf(program, at));
    if (valueAt(at).kind === 'dict') units.add(at.unit);
  }
  return { units, classes };
}

/** What `@Module({...})` is given. */
function givenTo(unit: Unit, ref: Ref): readonly Node[] {
  const value = unit.module.values[ref]!;
  const call = value.kind === 'call' ? unit.module.calls[value.call]! : undefined;
  return call && /(?:^|\.)Module$/.test(call.callee.name ?? '')
    ? call.args.map((arg) => ({ unit, ref: arg.value }))
    : [];
}

/** Lists and what is joined to them, `X.forRoot()`, `forwardRef(() => X)`, and the parts of a module that is made at run time. */
function partsOf(program: Program, at: Node): readonly Node[] {
  const { unit } = at;
  const value = valueAt(at);
  const own = (refs: readonly Ref[]) => refs.map((ref) => ({ unit, ref }));
  switch (value.kind) {
    case 'list':
      return own(value.items);
    case 'spread':
      return own([value.of]);
    case 'either':
      return own(value.of);
    case 'concat':
      return own(value.parts);
    case 'dict':
      return ['imports', 'controllers', 'providers', 'module'].flatMap((name) =>
        entriesOf(program, at).flatMap(([key, node]) => (key === name ? [node] : [])),
      );
    case 'function':
      return unit.module.functions[value.function]!.returns.flatMap((one) => (one.value ? own([one.value.value]) : []));
    case 'call': {
      const site = program.call(unit, value.call);
      const receiver = memberAt(unit, site.call.callee.value)?.of;
      const returned = program
        .targets(site)
        .flatMap((target) =>
          target.function.returns.flatMap((one) => (one.value ? [{ unit: target.unit, ref: one.value.value }] : [])),
        );
      return [...(typeof receiver === 'number' ? own([receiver]) : []), ...positional(site), ...returned];
    }
    default:
      return [];
  }
}
