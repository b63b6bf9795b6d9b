/** Knows how completely the functions of a program are annotated, and which names in annotations do not exist. */
import type { Facts, FileFacts } from '../facts.ts';
import type { FunctionModel, Module, Operand, Ref, TypeGap } from '../program/model.ts';
import { builtins } from '../program/python.ts';
import type { Place } from '../span.ts';
import { linkTypeScript, type TypeScriptConfigs } from '../tsconfig.ts';

/** One production file with functions. */
export interface AnnotatedFile {
  readonly path: string;
  readonly language: Module['language'];
  /** Functions and methods; lambdas do not count. */
  readonly functions: number;
  /** Those with every parameter and the return value annotated. */
  readonly complete: number;
  /** Name of the first function that is not complete. */
  readonly first?: { readonly name: string; readonly place: Place };
}

/** A TypeScript file that switches the checker off somewhere. */
export interface LooseFile {
  readonly path: string;
  readonly gaps: number;
  readonly first: Place;
}

/** A configuration that governs production files and does not ask for types. */
export interface Configured {
  readonly path: string;
  /** `unknown`: it inherits from a file that is not in the repository. */
  readonly strict: boolean | 'unknown';
  /** What is not asked for. */
  readonly missing: string;
  readonly place: Place;
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
  readonly loose: readonly LooseFile[];
  readonly configs: readonly Configured[];
}

/** Settings of build tools, which no application runs. */
const tooling =
  /\.config\.[cm]?[jt]s$|(?:^|\/)(?:gulpfile|gruntfile|webpack|karma|jest|protractor|\.[\w-]+rc)[\w.-]*\.[cm]?[jt]s$/i;

/** Annotations of all production files. Use through `facts.linked`. */
export function linkAnnotations(facts: Facts): Annotations {
  const configs = facts.linked(linkTypeScript);
  const seen = new Set<string>();
  const files: AnnotatedFile[] = [];
  const plain: AnnotatedFile[] = [];
  const undefinedNames: UndefinedName[] = [];
  const loose: LooseFile[] = [];
  const used = new Set<string>();
  for (const file of facts.of('program')) {
    const { path, data: module, zone, blob } = file;
    if (zone !== 'production' || seen.has(blob) || tooling.test(path)) continue;
    seen.add(blob);
    const { language, gaps = [] } = module;
    if (language === 'python') undefinedNames.push(...undefinedIn(file));
    const config = language === 'python' ? undefined : configs.governing(path);
    const strictness = config === undefined ? undefined : configs.strictness(config);
    const typed =
      language === 'python' || language === 'typescript' || strictness?.checkJs === true || isAnnotated(module);
    if (config !== undefined && language === 'typescript') used.add(config);
    if (typed && gaps[0]) loose.push({ path, gaps: gaps.length, first: { path, span: gaps[0].span } });
    const functions = countedIn(module);
    if (functions.length === 0) continue;
    const inferred = language === 'typescript' || strictness?.checkJs === true;
    const open = functions.filter(
      (one) => !isComplete(one, module, inferred ? strictness?.implicitAny === true : undefined),
    );
    const first = open[0];
    (typed ? files : plain).push({
      path,
      language,
      functions: functions.length,
      complete: functions.length - open.length,
      ...(first ? { first: { name: first.path, place: { path, span: first.nameSpan } } } : {}),
    });
  }
  // Where other code can be annotated, plain JavaScript says nothing about how completely it is.
  return {
    files: files.length > 0 ? files : plain,
    undefinedNames,
    loose,
    configs: [...used].sort().map((path) => configured(path, configs)),
  };
}

/**
 * Functions and methods; those written as a value count where a name is declared for them. A callback gets its types
 * from the function that it is passed to.
 */
function countedIn({ language, functions, assignments, values }: Module): readonly FunctionModel[] {
  const named = new Set<number>();
  if (language !== 'python') {
    for (const { value, target } of assignments) {
      const at = value === undefined || target === 'item' ? undefined : values[value.value]!;
      if (at?.kind === 'function') named.add(at.function);
    }
  }
  return functions.filter((one, id) => (one.kind === 'lambda' ? named.has(id) : one.name !== ''));
}

function configured(path: string, configs: TypeScriptConfigs): Configured {
  const { implicitAny, nullChecks, place } = configs.strictness(path);
  const missing = [
    ...(implicitAny === false ? ['noImplicitAny'] : []),
    ...(nullChecks === false ? ['strictNullChecks'] : []),
  ];
  const unknown = implicitAny === undefined || nullChecks === undefined;
  return {
    path,
    strict: missing.length > 0 ? false : unknown ? 'unknown' : true,
    missing: missing.join(' and '),
    place,
  };
}

/** JavaScript with types of its own, as Flow's. */
function isAnnotated({ functions }: Module): boolean {
  return functions.some((one) => one.returnAnnotation !== undefined || one.params.some((param) => param.annotation));
}

/**
 * Are all types written, or known to the compiler? `strict` is whether it refuses parameters without a type; undefined
 * where there is no compiler that infers anything. `__init__` returns nothing by definition.
 */
function isComplete(one: FunctionModel, { gaps = [], language }: Module, strict: boolean | undefined): boolean {
  if (gaps.some((gap) => gap.kind === 'file' || (gap.kind === 'any' && isHeader(gap, one)))) return false;
  if (strict === true) return true;
  const params = one.params.every((param) => param.annotation !== undefined);
  if (strict === false) return params;
  const known = language === 'python' && one.class >= 0 && /^__init(?:_subclass)?__$/.test(one.name);
  return params && (one.returnAnnotation !== undefined || known);
}

function isHeader({ span }: TypeGap, one: FunctionModel): boolean {
  return span.start >= one.span.start && span.end <= one.bodySpan.start;
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
