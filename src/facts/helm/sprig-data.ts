/** Knows Sprig's functions on lists and maps, and those that choose and inspect values. */
import {
  arg,
  boolArg,
  deepEqual,
  derived,
  dictArg,
  intArg,
  listArg,
  stringOf,
  textArg,
  typeName,
  whole,
} from './arguments.ts';
import type { Call, TemplateFunction } from './evaluate.ts';
import {
  bool,
  type DictValue,
  dict,
  FALSE,
  list,
  lookUp,
  NIL,
  sortedKeys,
  TemplateError,
  text,
  truth,
  type Value,
  visit,
  type Walk,
  walk,
} from './value.ts';

/** A copy that shares nothing with the original. */
export function deepCopy(value: Value, depth = 0, state: Walk = walk()): Value {
  visit(state);
  if (depth > 100) throw new TemplateError('the value is nested too deeply');
  if (value.kind === 'list') return { ...value, items: value.items.map((item) => deepCopy(item, depth + 1, state)) };
  if (value.kind !== 'dict') return value;
  return {
    ...value,
    entries: new Map([...value.entries].map(([key, item]) => [key, deepCopy(item, depth + 1, state)])),
  };
}

/** Merges maps into `target`; what is there (and not empty) stays unless `overwrite`. */
function merge(target: DictValue, source: DictValue, overwrite: boolean, call: Call, depth = 0): void {
  if (depth > 100) throw new TemplateError('the value is nested too deeply');
  for (const [key, value] of source.entries) {
    const own = target.entries.get(key);
    if (own?.kind === 'dict' && value.kind === 'dict') merge(own, value, overwrite, call, depth + 1);
    else if (overwrite || (own === undefined ? value.kind !== 'nil' : !truth(own) && truth(value))) {
      target.entries.set(key, storable(target, value, call));
    }
  }
}

function merging(overwrite: boolean): TemplateFunction {
  return (args, call) => {
    const target = dictArg(args, 0);
    for (let i = 1; i < args.length; i++) {
      const source = dictArg(args, i);
      if (source !== target) merge(target, source, overwrite, call);
    }
    return target;
  };
}

const set: TemplateFunction = (args, call) => {
  const target = dictArg(args, 0);
  target.entries.set(textArg(args, 1).value, storable(target, arg(args, 2), call));
  return target;
};

/** Maps are changed in place and could be made to contain themselves; a copy is stored then. */
function storable(target: DictValue, value: Value, call: Call): Value {
  const holds = (inner: Value, depth: number): boolean => {
    call.budget.step();
    if (inner === target || depth > 60) return true;
    if (inner.kind === 'dict') return [...inner.entries.values()].some((item) => holds(item, depth + 1));
    return inner.kind === 'list' && inner.items.some((item) => holds(item, depth + 1));
  };
  return holds(value, 0) ? deepCopy(value) : value;
}

const dig: TemplateFunction = (args) => {
  if (args.length < 3) throw new TemplateError('dig needs at least three arguments');
  const fallback = args[args.length - 2]!;
  let value = args[args.length - 1]!;
  if (value.kind !== 'dict' || value.type !== undefined) throw new TemplateError(`dig: ${typeName(value)} is no map`);
  for (let i = 0; i < args.length - 2; i++) {
    if (value.kind !== 'dict') throw new TemplateError(`dig: ${typeName(value)} is no map`);
    const key = textArg(args, i).value;
    if (!value.entries.has(key)) return fallback;
    value = lookUp(value, key);
  }
  return value;
};

function choose(args: readonly Value[], wanted: boolean): Value {
  const keys = new Set(
    args
      .slice(1)
      .flatMap((value) => (value.kind === 'list' ? value.items : [value]))
      .map((value) => stringOf(value).value),
  );
  const source = dictArg(args, 0);
  const kept = [...source.entries].filter(([key]) => keys.has(key) === wanted);
  return { ...source, entries: new Map(kept) };
}

/** Items of a list; a nil counts as nothing to begin with where Sprig accepts it. */
function items(args: readonly Value[], i: number): readonly Value[] {
  return listArg(args, i).items;
}

const uniq: TemplateFunction = (args, call) => {
  const result: Value[] = [];
  for (const item of items(args, 0)) {
    call.budget.step(result.length);
    if (!result.some((other) => deepEqual(other, item))) result.push(item);
  }
  return list(result);
};

const has: TemplateFunction = (args) => {
  const value = arg(args, 1);
  if (value.kind === 'nil') return FALSE;
  return bool(items(args, 1).some((item) => deepEqual(item, arg(args, 0))));
};

const slice: TemplateFunction = (args) => {
  const all = items(args, 0);
  if (all.length === 0) return NIL;
  const from = args[1] ? whole(args[1]) : 0;
  const to = args[2] ? whole(args[2]) : all.length;
  if (from < 0 || to > all.length || from > to) throw new TemplateError('slice bounds out of range');
  return list(all.slice(from, to));
};

const chunk: TemplateFunction = (args) => {
  const size = intArg(args, 0);
  if (size < 1) throw new TemplateError('chunk size is out of range');
  const all = items(args, 1);
  return list(
    Array.from({ length: Math.ceil(all.length / size) }, (_, i) => list(all.slice(i * size, i * size + size))),
  );
};

function onList(change: (all: readonly Value[], args: readonly Value[]) => Value): TemplateFunction {
  return (args) => change(items(args, 0), args);
}

const byName = {
  append: onList((all, args) => list([...all, arg(args, 1)])),
  prepend: onList((all, args) => list([arg(args, 1), ...all])),
  first: onList((all) => all[0] ?? NIL),
  last: onList((all) => all[all.length - 1] ?? NIL),
  rest: onList((all) => (all.length === 0 ? NIL : list(all.slice(1)))),
  initial: onList((all) => (all.length === 0 ? NIL : list(all.slice(0, -1)))),
  reverse: onList((all) => list([...all].reverse())),
  compact: onList((all) => list(all.filter(truth))),
  without: onList((all, args) => list(all.filter((item) => !args.slice(1).some((other) => deepEqual(other, item))))),
  uniq,
  has,
  slice,
  chunk,
} satisfies Record<string, TemplateFunction>;

const kindOf = (value: Value): string => {
  const kinds = { nil: 'invalid', bool: 'bool', text: 'string', list: 'slice', dict: 'map', host: 'struct' } as const;
  return value.kind === 'number'
    ? value.type
    : value.kind === 'host' && value.type === 'engine.files'
      ? 'map'
      : kinds[value.kind];
};

export const dataFunctions: Readonly<Record<string, TemplateFunction>> = {
  ...byName,
  mustAppend: byName.append,
  push: byName.append,
  mustPush: byName.append,
  mustPrepend: byName.prepend,
  mustFirst: byName.first,
  mustLast: byName.last,
  mustRest: byName.rest,
  mustInitial: byName.initial,
  mustReverse: byName.reverse,
  mustCompact: byName.compact,
  mustWithout: byName.without,
  mustUniq: uniq,
  mustHas: has,
  sprigSlice: slice,
  mustSlice: slice,
  mustChunk: chunk,
  list: (args) => list(args),
  tuple: (args) => list(args),
  concat: (args) => list(args.flatMap((_, i) => [...items(args, i)])),
  dict: (args) => {
    const result = dict();
    for (let i = 0; i < args.length; i += 2) result.entries.set(stringOf(args[i]!).value, args[i + 1] ?? text(''));
    return result;
  },
  get: (args) => {
    const map = dictArg(args, 0);
    const key = textArg(args, 1).value;
    return map.entries.has(key) ? lookUp(map, key) : text('');
  },
  set,
  unset: (args) => {
    const map = dictArg(args, 0);
    map.entries.delete(textArg(args, 1).value);
    return map;
  },
  hasKey: (args) => bool(dictArg(args, 0).entries.has(textArg(args, 1).value)),
  pluck: (args) => {
    const key = textArg(args, 0).value;
    const maps = args.slice(1).map((_, i) => dictArg(args, i + 1));
    return list(maps.filter((map) => map.entries.has(key)).map((map) => map.entries.get(key)!));
  },
  keys: (args) =>
    list(
      args.flatMap((_, i) =>
        sortedKeys(dictArg(args, i)).map((key) => derived(key, dictArg(args, i).entries.get(key)!)),
      ),
    ),
  values: (args) => list(sortedKeys(dictArg(args, 0)).map((key) => dictArg(args, 0).entries.get(key)!)),
  pick: (args) => choose(args, true),
  omit: (args) => choose(args, false),
  merge: merging(false),
  mustMerge: merging(false),
  mergeOverwrite: merging(true),
  mustMergeOverwrite: merging(true),
  deepCopy: (args) => deepCopy(arg(args, 0)),
  mustDeepCopy: (args) => deepCopy(arg(args, 0)),
  dig,
  default: (args) => {
    const given = args[1];
    return given && truth(given) ? given : arg(args, 0);
  },
  empty: (args) => bool(!truth(arg(args, 0))),
  coalesce: (args) => args.find(truth) ?? NIL,
  all: (args) => bool(args.every(truth)),
  any: (args) => bool(args.some(truth)),
  ternary: (args) => (boolArg(args, 2) ? arg(args, 0) : arg(args, 1)),
  deepEqual: (args) => bool(deepEqual(arg(args, 0), arg(args, 1))),
  typeOf: (args) => text(typeName(arg(args, 0))),
  typeIs: (args) => bool(textArg(args, 0).value === typeName(arg(args, 1))),
  typeIsLike: (args) => bool(textArg(args, 0).value.replace(/^\*/, '') === typeName(arg(args, 1))),
  kindOf: (args) => text(kindOf(arg(args, 0))),
  kindIs: (args) => bool(textArg(args, 0).value === kindOf(arg(args, 1))),
};
