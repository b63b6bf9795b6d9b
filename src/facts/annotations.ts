/** Knows how completely the functions of a program are annotated, and which names in annotations do not exist. */
import type { Facts, FileFacts } from './facts.ts';
import type { FunctionModel, Module, Operand, Ref } from './program/model.ts';
import { builtins } from './program/python.ts';
import type { Place } from './span.ts';

/** One production file with functions. */
export interface AnnotatedFile {
  readonly path: string;
  /** Functions and methods; lambdas do not count. */
  readonly functions: number;
  /** Those with every parameter and the return value annotated. */
  readonly complete: number;
  /** Name of the first function that is not complete. */
  readonly first?: { readonly name: string; readonly place: Place };
}

/** A name in annotations of one file that neither the file nor the language defines. */
export interface UndefinedName {
  readonly name: string;
  /** In order, at least one. */
  readonly places: readonly Place[];
}

export interface Annotations {
  /** In order of paths; identical files count once. */
  readonly files: readonly AnnotatedFile[];
  readonly undefinedNames: readonly UndefinedName[];
}

/** Annotations of all Python files of production. Use through `facts.linked`. */
export function linkAnnotations(facts: Facts): Annotations {
  const seen = new Set<string>();
  const files: AnnotatedFile[] = [];
  const undefinedNames: UndefinedName[] = [];
  for (const file of facts.of('program')) {
    if (file.zone !== 'production' || file.data.language !== 'python' || seen.has(file.blob)) continue;
    seen.add(file.blob);
    const functions = file.data.functions.filter((one) => one.kind !== 'lambda');
    undefinedNames.push(...undefinedIn(file));
    if (functions.length === 0) continue;
    const open = functions.filter((one) => !isComplete(one));
    const first = open[0];
    files.push({
      path: file.path,
      functions: functions.length,
      complete: functions.length - open.length,
      ...(first ? { first: { name: first.path, place: { path: file.path, span: first.nameSpan } } } : {}),
    });
  }
  return { files, undefinedNames };
}

/** `__init__` returns nothing by definition: type checkers ask for its parameters only. */
function isComplete(one: FunctionModel): boolean {
  return (
    one.params.every((param) => param.annotation !== undefined) &&
    (one.returnAnnotation !== undefined || (one.class >= 0 && /^__init(?:_subclass)?__$/.test(one.name)))
  );
}

function undefinedIn({ path, data: module }: FileFacts<Module>): UndefinedName[] {
  const found = new Map<string, Place[]>();
  let bound: Set<string> | undefined;
  const report = (name: string, ref: Ref) => {
    bound ??= boundNames(module);
    const place = { path, span: module.values[ref]!.span };
    if (!bound.has(name)) found.set(name, [...(found.get(name) ?? []), place]);
  };
  const annotations: Operand[] = [];
  for (const { params, returnAnnotation } of module.functions) {
    for (const { annotation } of params) if (annotation) annotations.push(annotation);
    if (returnAnnotation) annotations.push(returnAnnotation);
  }
  for (const { annotation } of module.assignments) if (annotation) annotations.push(annotation);
  for (const { value } of annotations) for (const [name, ref] of namesIn(module, value)) report(name, ref);
  return [...found].map(([name, places]) => ({
    name,
    places: places.sort((a, b) => a.span.start - b.span.start),
  }));
}

/** Names an annotation is made of that the module's scope did not know at that point, and those in its texts. */
function namesIn(module: Module, annotation: Ref): (readonly [name: string, ref: Ref])[] {
  const names: (readonly [string, Ref])[] = [];
  const seen = new Set<Ref>();
  const queue: Ref[] = [annotation];
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    if (seen.has(ref)) continue;
    seen.add(ref);
    const value = module.values[ref]!;
    if (value.kind === 'unknown' && value.name !== undefined) names.push([value.name, ref]);
    else if (value.kind === 'const' && typeof value.value === 'string' && value.type === undefined) {
      // With a star import anything may be defined.
      const plain = module.exportAll.length === 0 && /^[A-Za-z_]\w*$/.test(value.value);
      if (plain && !builtins.has(value.value)) names.push([value.value, ref]);
    } else if (value.kind === 'attr') queue.push(value.of);
    else if (value.kind === 'list') queue.push(...value.items);
    else if (value.kind === 'operation' && value.op === '|') queue.push(...value.of);
    else if (value.kind === 'item') {
      queue.push(value.of);
      // The arguments of Literal are values, and the later ones of Annotated are anything.
      const wrapper = module.values[value.of]!;
      const name = wrapper.kind === 'global' ? wrapper.name.split('.').at(-1) : undefined;
      const key = module.values[value.key]!;
      if (name === 'Literal') continue;
      if (name === 'Annotated') queue.push(...(key.kind === 'list' ? key.items.slice(0, 1) : []));
      else if (wrapper.kind === 'global' && !wrapper.name.startsWith(`${module.name}.`)) queue.push(value.key);
    }
  }
  return names;
}

/** Every name the file binds anywhere: where it is bound is the interpreter's business, not the annotation's. */
function boundNames(module: Module): Set<string> {
  const names = new Set(Object.keys(module.exports));
  for (const { name, params } of module.functions) {
    names.add(name);
    for (const param of params) names.add(param.name);
  }
  for (const { name } of module.classes) names.add(name);
  for (const { local } of module.imports) names.add(local);
  for (const { name, target } of module.assignments) if (target === 'name') names.add(name);
  return names;
}
