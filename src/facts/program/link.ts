/**
 * Knows how modules belong together: what a name means across files, which functions a call reaches, and who calls
 * whom. Nothing is computed before it is asked for, and every answer is remembered.
 */
import type { Facts } from '../facts.ts';
import type { Place, Span } from '../span.ts';
import type { Zone } from '../workspace.ts';
import type { Call, ClassModel, FunctionModel, Module, Operand, Ref, Value } from './model.ts';
import { linkModules } from './resolve.ts';

/** One file's module, as the linker sees it. */
export interface Unit {
  readonly path: string;
  readonly zone: Zone;
  readonly module: Module;
}

/** A value in one file. */
export interface Node {
  readonly unit: Unit;
  readonly ref: Ref;
}

/**
 * What a value stands for. An external name is dotted and alias-free: `hashlib.sha256`; `()` marks the result of a
 * call or an instance: `redis.Redis().get`, `fastapi.Request().headers`.
 */
export type Meaning =
  | { readonly kind: 'external'; readonly name: string }
  | { readonly kind: 'function'; readonly unit: Unit; readonly function: number }
  | { readonly kind: 'class'; readonly unit: Unit; readonly class: number }
  | { readonly kind: 'instance'; readonly unit: Unit; readonly class: number }
  | { readonly kind: 'module'; readonly unit: Unit };

/** A call in one file. */
export interface CallSite {
  readonly unit: Unit;
  readonly id: number;
  readonly call: Call;
  /** External names of what is called; several when branches differ. */
  readonly names: readonly string[];
}

export interface FunctionSite {
  readonly unit: Unit;
  readonly id: number;
  readonly function: FunctionModel;
}

export interface ClassSite {
  readonly unit: Unit;
  readonly id: number;
  readonly class: ClassModel;
}

export interface Program {
  /** Every parsed file, sorted by path. */
  readonly units: readonly Unit[];
  /** What a value stands for: at most a few alternatives, none when it cannot be told. */
  meanings(unit: Unit, ref: Ref): readonly Meaning[];
  /** External names among the meanings. */
  names(unit: Unit, ref: Ref): readonly string[];
  /** Calls of external functions, classes and methods, by any of their names, in order of files and places. */
  calls(names: Iterable<string>): readonly CallSite[];
  /** Every call, in order of files and places. */
  allCalls(): readonly CallSite[];
  call(unit: Unit, id: number): CallSite;
  /** Calls that reach a function: by name, as a method, or as the constructor of its class. */
  callers(unit: Unit, id: number): readonly CallSite[];
  /** Functions of the repository that a call runs. */
  targets(site: CallSite): readonly FunctionSite[];
  /** Values that a name outside the file has there: `src.settings.KEY`. Undefined: no file of the repository defines it. */
  define(name: string, from: Unit): Node | undefined;
  /** Values of a dotted name that goes on into the fields of what a file defines: `src.settings.config.KEY`. */
  members(name: string, from: Unit): readonly Node[];
  /** What an object literal holds under a key; names and spreads of other objects are followed. */
  entry(node: Node, key: string): Node | undefined;
  /** The file of the repository that an imported module name means. */
  moduleOf(name: string, from: Unit): Unit | undefined;
  /** Method of a class or its bases. */
  method(unit: Unit, id: number, name: string): FunctionSite | undefined;
  /** Values assigned to an attribute of a class or its instances, bases included. */
  field(unit: Unit, id: number, name: string): readonly Node[];
  /** External names of a class's bases, however far up. */
  bases(unit: Unit, id: number): readonly string[];
}

export function linkProgram(facts: Facts): Program {
  const units = facts.of('program').map(({ path, zone, data }) => ({ path, zone, module: data }));
  return new Linker(units, linkModules(units, facts));
}

export function valueAt(node: Node): Value {
  return node.unit.module.values[node.ref]!;
}

export function placeIn(unit: Unit, span: Span | { readonly span: Span }): Place {
  return { path: unit.path, span: 'span' in span ? span.span : span };
}

/** A positional argument (from 0) or one of the keywords. Undefined also when a spread may hold it. */
export function argument(call: Call, index: number, ...keywords: readonly string[]): Operand | undefined {
  for (const arg of call.args) if (arg.keyword !== undefined && keywords.includes(arg.keyword)) return arg;
  let at = 0;
  for (const arg of call.args) {
    if (arg.keyword !== undefined) continue;
    if (arg.spread !== undefined) return undefined;
    if (at++ === index) return arg;
  }
  return undefined;
}

/** A keyword argument, or an entry of an object literal among the arguments: `{ shell: true }`. */
export function option(program: Program, { unit, call }: CallSite, name: string): Node | undefined {
  for (const arg of call.args) {
    if (arg.keyword === name) return { unit, ref: arg.value };
    if (arg.keyword !== undefined || unit.module.language === 'python') continue;
    const found = program.entry({ unit, ref: arg.value }, name);
    if (found) return found;
  }
  return undefined;
}

/** Does the call pass arguments that cannot be told apart (`*args`, `**options`)? */
export function spreads(call: Call): boolean {
  return call.args.some((arg) => arg.spread !== undefined);
}

/** Functions that give a function like the one they are given. */
const wrappers = new Set([
  'functools.partial',
  'util.promisify',
  'es6-promisify.promisify',
  'bluebird.promisify',
  'pify',
]);
/** Generic types that stand for what they hold. */
const transparent = new Set(['Promise', 'Readonly', 'Partial', 'Required', 'Awaited', 'NonNullable']);
const maxMeanings = 8;
const maxDepth = 24;
/** Folders that are put on the search path although no file in them imports from there. */
const roots = new Set(['src', 'lib', 'app', 'backend', 'server', 'python', 'packages']);

class Linker implements Program {
  readonly units: readonly Unit[];
  readonly #byName = new Map<string, Unit[]>();
  /** Of JavaScript. */
  readonly #resolve: (name: string, from: Unit) => Unit | undefined;
  readonly #packages = new Set<string>();
  readonly #meanings = new Map<Unit, (readonly Meaning[] | null)[]>();
  /** Names of each file that nothing in the repository defines: most, and each is asked for many times. */
  readonly #externals = new Map<Unit, Map<string, readonly Meaning[]>>();
  readonly #defined = new Map<string, Node | Unit | undefined>();
  readonly #defaults = new Map<Unit, ReadonlySet<string>>();
  readonly #fields = new Map<Unit, Map<string, Node[]>>();
  readonly #bases = new Map<ClassModel, readonly string[]>();
  readonly #sites = new Map<Unit, CallSite[]>();
  #all: readonly CallSite[] | undefined;
  #index: Map<string, CallSite[]> | undefined;
  #callers: Map<FunctionModel, CallSite[]> | undefined;
  #depth = 0;

  constructor(units: readonly Unit[], resolve: (name: string, from: Unit) => Unit | undefined) {
    this.units = units;
    this.#resolve = resolve;
    for (const unit of units) {
      const { name, language } = unit.module;
      if (language !== 'python') continue;
      if (unit.module.package) this.#packages.add(name);
      const parts = name.split('.');
      for (let i = 0; i < parts.length; i++) {
        const suffix = parts.slice(i).join('.');
        const same = this.#byName.get(suffix);
        if (same) same.push(unit);
        else this.#byName.set(suffix, [unit]);
      }
    }
  }

  moduleOf(name: string, from: Unit): Unit | undefined {
    if (from.module.language !== 'python') return this.#resolve(name, from);
    const candidates = this.#byName.get(name);
    if (!candidates) return undefined;
    const folder = from.module.package ? from.module.name : from.module.name.replace(/\.?[^.]*$/, '');
    let best: Unit | undefined;
    let rank = -1;
    for (const unit of candidates) {
      if (unit === from && unit.module.name !== name) continue;
      const prefix = unit.module.name.length === name.length ? '' : unit.module.name.slice(0, -name.length - 1);
      let fits = -1;
      if (prefix === '') fits = 1000;
      else if (`${folder}.`.startsWith(`${prefix}.`)) fits = 1 + prefix.length;
      else if (roots.has(prefix.split('.').at(-1)!)) fits = 0;
      // A package whose folder lies in no package is installed from there.
      else if (this.#packages.has(`${prefix}.${name.split('.')[0]!}`) && !this.#packages.has(prefix)) fits = 0;
      if (fits > rank) {
        rank = fits;
        best = unit;
      }
    }
    return best;
  }

  define(name: string, from: Unit): Node | undefined {
    const found = this.#find(name, from);
    return found && 'ref' in found ? found : undefined;
  }

  members(name: string, from: Unit): readonly Node[] {
    const dot = name.lastIndexOf('.');
    if (dot <= 0 || name.length > 300) return [];
    const [head, last] = [name.slice(0, dot), name.slice(dot + 1)];
    const found = this.define(head, from);
    const owners = found ? this.meanings(found.unit, found.ref) : this.#global(head, from);
    return owners.flatMap((meaning) =>
      meaning.kind === 'instance' || meaning.kind === 'class' ? this.field(meaning.unit, meaning.class, last) : [],
    );
  }

  #find(name: string, from: Unit): Node | Unit | undefined {
    const found = this.#known(name, from);
    // `import run from 'app/run'` and `import * as run from 'app/run'` bind one name.
    if (from.module.language === 'python' || name.startsWith('/') || (found && 'ref' in found)) return found;
    if (found) return this.#isDefault(name, from) ? (this.#exported(found, 'default', new Set()) ?? found) : found;
    const dot = name.lastIndexOf('.');
    const head = name.slice(0, Math.max(0, dot));
    const module = this.#isDefault(head, from) ? this.#known(head, from) : undefined;
    const replaced = module && !('ref' in module) ? this.#exported(module, 'default', new Set()) : undefined;
    return replaced && 'ref' in replaced ? this.entry(replaced, name.slice(dot + 1)) : undefined;
  }

  /** Does the file import the default of a module that it does not name by its path? */
  #isDefault(name: string, from: Unit): boolean {
    let names = this.#defaults.get(from);
    if (!names) {
      names = new Set(from.module.imports.flatMap((one) => (one.member === 'default' ? [one.name] : [])));
      this.#defaults.set(from, names);
    }
    return names.has(name);
  }

  #known(name: string, from: Unit): Node | Unit | undefined {
    const slash = from.path.lastIndexOf('/');
    const key = `${name}\0${name.startsWith('/') ? '' : from.path.slice(0, slash + 1)}`;
    if (this.#defined.has(key)) return this.#defined.get(key);
    this.#defined.set(key, undefined);
    const found = this.#search(name, from, new Set());
    this.#defined.set(key, found);
    return found;
  }

  #search(name: string, from: Unit, seen: Set<string>): Node | Unit | undefined {
    if (seen.size > 40 || seen.has(name)) return undefined;
    seen.add(name);
    const whole = this.moduleOf(name, from);
    if (whole) {
      const replaced = replacement(whole);
      return replaced === undefined ? whole : { unit: whole, ref: replaced };
    }
    const dot = name.lastIndexOf('.');
    if (dot <= 0) return undefined;
    const unit = this.moduleOf(name.slice(0, dot), from);
    if (unit) return this.#exported(unit, name.slice(dot + 1), seen);
    if (from.module.language === 'python' || name.length > 300) return undefined;
    const head = this.#find(name.slice(0, dot), from);
    return head && 'ref' in head ? this.entry(head, name.slice(dot + 1)) : undefined;
  }

  entry(node: Node, key: string, depth = 0): Node | undefined {
    const value = valueAt(node);
    const { unit } = node;
    if (depth > 8) return undefined;
    if (value.kind === 'global') {
      const found = this.#find(value.name, unit);
      if (!found) return undefined;
      if ('ref' in found) return this.entry(found, key, depth + 1);
      const exported = this.#exported(found, key, new Set());
      return exported && 'ref' in exported ? exported : undefined;
    }
    if (value.kind !== 'dict') return undefined;
    for (let i = value.entries.length - 1; i >= 0; i--) {
      const [at, ref] = value.entries[i]!;
      if (at === null) {
        const spread = this.entry({ unit, ref }, key, depth + 1);
        if (spread) return spread;
        continue;
      }
      const name = unit.module.values[at]!;
      if (name.kind === 'const' && name.value === key) return { unit, ref };
    }
    return undefined;
  }

  #exported(unit: Unit, name: string, seen: Set<string>): Node | Unit | undefined {
    const { exports, exportAll } = unit.module;
    if (Object.hasOwn(exports, name)) return { unit, ref: exports[name]! };
    const replaced = replacement(unit);
    if (replaced !== undefined) {
      // The default of a CommonJS module is what it exports.
      if (name === 'default') return { unit, ref: replaced };
      const entry = this.entry({ unit, ref: replaced }, name);
      if (entry) return entry;
    } else if (name === 'default' && unit.module.language !== 'python') return unit;
    for (const star of exportAll) {
      const other = this.moduleOf(star, unit);
      if (!other || other === unit) continue;
      const found = seen.has(`${star}.${name}`) ? undefined : this.#exported(other, name, seen.add(`${star}.${name}`));
      if (found) return found;
    }
    return undefined;
  }

  names(unit: Unit, ref: Ref): readonly string[] {
    const names: string[] = [];
    for (const meaning of this.meanings(unit, ref)) if (meaning.kind === 'external') names.push(meaning.name);
    return names;
  }

  meanings(unit: Unit, ref: Ref): readonly Meaning[] {
    let known = this.#meanings.get(unit);
    if (!known) {
      known = new Array(unit.module.values.length);
      this.#meanings.set(unit, known);
    }
    const before = known[ref];
    if (before !== undefined) return before ?? [];
    if (this.#depth > maxDepth) return [];
    known[ref] = null;
    this.#depth++;
    const found = this.#mean(unit, ref);
    this.#depth--;
    const unique = found.length < 2 ? found : distinct(found).slice(0, maxMeanings);
    known[ref] = unique;
    return unique;
  }

  #mean(unit: Unit, ref: Ref): readonly Meaning[] {
    const value = unit.module.values[ref]!;
    switch (value.kind) {
      case 'global':
        return this.#global(value.name, unit);
      case 'function':
        return [{ kind: 'function', unit, function: value.function }];
      case 'class':
        return [{ kind: 'class', unit, class: value.class }];
      case 'self':
        return [{ kind: value.static ? 'class' : 'instance', unit, class: value.class }];
      case 'attr':
        return this.meanings(unit, value.of).flatMap((meaning) => this.#member(meaning, value.name));
      case 'call':
        return this.#result(unit, unit.module.calls[value.call]!);
      case 'either':
        return value.of.flatMap((one) => this.meanings(unit, one));
      case 'param': {
        const param = unit.module.functions[value.function]!.params[value.index];
        if (!param?.annotation || param.kind === 'rest' || param.kind === 'options') return [];
        return this.#instances(unit, param.annotation.value);
      }
      case 'item':
        return this.meanings(unit, value.of).flatMap((meaning) =>
          meaning.kind === 'external' ? [{ kind: 'external' as const, name: `${meaning.name}[]` }] : [],
        );
      case 'operation':
        return value.op === 'enter' ? this.#entered(unit, value.of[0]!) : [];
      case 'caught':
        return unit.module.handlers[value.handler]!.types.flatMap((type) => this.#instances(unit, type));
      default:
        return [];
    }
  }

  #entered(unit: Unit, ref: Ref): readonly Meaning[] {
    return this.meanings(unit, ref).flatMap((meaning) => {
      if (meaning.kind !== 'instance') return [meaning];
      const enter =
        this.method(meaning.unit, meaning.class, '__enter__') ?? this.method(meaning.unit, meaning.class, '__aenter__');
      if (!enter) return [meaning];
      return enter.function.returns.flatMap((one) => (one.value ? this.meanings(enter.unit, one.value.value) : []));
    });
  }

  #global(name: string, unit: Unit): readonly Meaning[] {
    let known = this.#externals.get(unit);
    if (!known) {
      known = new Map();
      this.#externals.set(unit, known);
    }
    const before = known.get(name);
    if (before) return before;
    const parts = name.split('.');
    // The longest module that exists wins; what is left are its members.
    const found = this.#find(name, unit);
    if (found) return this.#found(found);
    for (let n = parts.length - 1; n > 0; n--) {
      const head = this.#find(parts.slice(0, n).join('.'), unit);
      if (!head) continue;
      if ('ref' in head) {
        let meanings = this.#found(head);
        for (const part of parts.slice(n)) meanings = meanings.flatMap((meaning) => this.#member(meaning, part));
        return meanings;
      }
      return this.#missing(head, parts, n, name, unit);
    }
    const external = [{ kind: 'external' as const, name }];
    known.set(name, external);
    return external;
  }

  /** A name that the file of the repository does not define: from a star import, or the module is another one. */
  #missing(head: Unit, parts: readonly string[], n: number, name: string, unit: Unit): readonly Meaning[] {
    const rest = parts.slice(n).join('.');
    const stars = head.module.exportAll.filter((star) => !this.moduleOf(star, head));
    if (stars.length > 0) return stars.slice(0, 4).map((star) => ({ kind: 'external', name: `${star}.${rest}` }));
    // A file named like a library means the library when it imports that name.
    if (head === unit && name.startsWith(`${unit.module.name}.`)) return [{ kind: 'external', name: rest }];
    return [{ kind: 'external', name }];
  }

  #found(found: Node | Unit): readonly Meaning[] {
    return 'ref' in found ? this.meanings(found.unit, found.ref) : [{ kind: 'module', unit: found }];
  }

  #member(meaning: Meaning, name: string): readonly Meaning[] {
    switch (meaning.kind) {
      case 'external':
        return meaning.name.length > 200 ? [] : [{ kind: 'external', name: `${meaning.name}.${name}` }];
      case 'module': {
        const found =
          this.#exported(meaning.unit, name, new Set()) ??
          this.moduleOf(`${meaning.unit.module.name}.${name}`, meaning.unit);
        return found ? this.#found(found) : [];
      }
      case 'class':
      case 'instance': {
        const method = this.method(meaning.unit, meaning.class, name);
        if (method?.function.kind === 'getter') {
          return method.function.returns.flatMap((one) =>
            one.value ? this.meanings(method.unit, one.value.value) : [],
          );
        }
        if (method) return [{ kind: 'function', unit: method.unit, function: method.id }];
        const fields = this.field(meaning.unit, meaning.class, name).flatMap((node) =>
          this.meanings(node.unit, node.ref),
        );
        if (fields.length > 0) return fields;
        const declared = this.#declared(meaning.unit, meaning.class, name);
        if (declared.length > 0) return declared;
        const suffix = meaning.kind === 'instance' ? '()' : '';
        return this.bases(meaning.unit, meaning.class).map((base) => ({
          kind: 'external',
          name: `${base}${suffix}.${name}`,
        }));
      }
      default:
        return [];
    }
  }

  #result(unit: Unit, call: Call): readonly Meaning[] {
    return this.meanings(unit, call.callee.value).flatMap((meaning): readonly Meaning[] => {
      switch (meaning.kind) {
        case 'class':
          return [{ ...meaning, kind: 'instance' }];
        case 'function': {
          const target = meaning.unit.module.functions[meaning.function]!;
          if (target.generator) return [];
          return target.returns.flatMap((one) => (one.value ? this.meanings(meaning.unit, one.value.value) : []));
        }
        case 'external': {
          const first = call.args[0];
          // What wraps a function is called like it.
          if (wrappers.has(meaning.name) && first) return this.meanings(unit, first.value);
          if (meaning.name.endsWith('.bind') && unit.module.language !== 'python')
            return [{ kind: 'external', name: meaning.name.slice(0, -'.bind'.length) }];
          return meaning.name.length > 200 ? [] : [{ kind: 'external', name: `${meaning.name}()` }];
        }
        default:
          return [];
      }
    });
  }

  /** What an instance of the annotated type means; wrappers such as Optional and Annotated are looked through. */
  #instances(unit: Unit, ref: Ref, depth = 0): readonly Meaning[] {
    if (depth > 4) return [];
    const value = unit.module.values[ref]!;
    if (value.kind === 'item') {
      const wrapper = unit.module.values[value.of]!;
      const name = wrapper.kind === 'global' ? wrapper.name.split('.').at(-1)! : '';
      if (unit.module.language !== 'python') {
        return this.#instances(unit, transparent.has(name) ? value.key : value.of, depth + 1);
      }
      if (!['Optional', 'Annotated', 'Union', 'Final', 'ClassVar'].includes(name)) return [];
      const key = unit.module.values[value.key]!;
      const inner = key.kind === 'list' ? (name === 'Union' ? key.items : key.items.slice(0, 1)) : [value.key];
      return inner.flatMap((one) => this.#instances(unit, one, depth + 1));
    }
    if (value.kind === 'operation' && value.op === '|')
      return value.of.flatMap((one) => this.#instances(unit, one, depth + 1));
    if (value.kind === 'const') {
      if (typeof value.value !== 'string' || !/^[\w.]+$/.test(value.value)) return [];
      return this.#global(`${unit.module.name}.${value.value}`, unit).flatMap((meaning) => instanceOf(meaning));
    }
    return this.meanings(unit, ref).flatMap((meaning) => instanceOf(meaning));
  }

  method(unit: Unit, id: number, name: string): FunctionSite | undefined {
    for (const site of this.#lineage(unit, id)) {
      const { methods } = site.class;
      for (let i = methods.length - 1; i >= 0; i--) {
        const method = site.unit.module.functions[methods[i]!]!;
        if (method.name === name && method.kind !== 'setter')
          return { unit: site.unit, id: methods[i]!, function: method };
      }
    }
    return undefined;
  }

  /** The class and its bases in the repository, nearest first. */
  #lineage(unit: Unit, id: number): readonly ClassSite[] {
    const sites: ClassSite[] = [{ unit, id, class: unit.module.classes[id]! }];
    for (let i = 0; i < sites.length && sites.length < 32; i++) {
      const site = sites[i]!;
      for (const base of site.class.bases) {
        for (const meaning of this.meanings(site.unit, base.value)) {
          if (meaning.kind !== 'class' || sites.some((one) => one.class === meaning.unit.module.classes[meaning.class]))
            continue;
          sites.push({ unit: meaning.unit, id: meaning.class, class: meaning.unit.module.classes[meaning.class]! });
        }
      }
    }
    return sites;
  }

  field(unit: Unit, id: number, name: string): readonly Node[] {
    return this.#lineage(unit, id).flatMap((site) => {
      const own = this.#ownFields(site.unit).get(`${site.id}.${name}`) ?? [];
      const written =
        site.class.literal === undefined ? undefined : this.entry({ unit: site.unit, ref: site.class.literal }, name);
      return written ? [written, ...own] : own;
    });
  }

  /** What a field is by its type alone: a container of services fills it in. */
  #declared(unit: Unit, id: number, name: string): readonly Meaning[] {
    for (const site of this.#lineage(unit, id)) {
      if (site.unit.module.language === 'python') return [];
      for (const at of site.class.fields) {
        const field = site.unit.module.assignments[at]!;
        if (field.name === name && field.annotation) return this.#instances(site.unit, field.annotation.value);
      }
    }
    return [];
  }

  /** Values by class and name: class fields, and what methods assign to attributes of `self`. */
  #ownFields(unit: Unit): Map<string, Node[]> {
    let fields = this.#fields.get(unit);
    if (fields) return fields;
    fields = new Map();
    for (const assignment of unit.module.assignments) {
      if (!assignment.value) continue;
      let owner = assignment.target === 'name' ? assignment.class : -1;
      if (assignment.target === 'attr' && assignment.of) {
        const of = unit.module.values[assignment.of.value]!;
        if (of.kind === 'self') owner = of.class;
      }
      if (owner < 0) continue;
      const key = `${owner}.${assignment.name}`;
      const nodes = fields.get(key);
      const node = { unit, ref: assignment.value.value };
      if (nodes) nodes.push(node);
      else fields.set(key, [node]);
    }
    this.#fields.set(unit, fields);
    return fields;
  }

  bases(unit: Unit, id: number): readonly string[] {
    const model = unit.module.classes[id]!;
    const known = this.#bases.get(model);
    if (known) return known;
    this.#bases.set(model, []);
    const names = new Set<string>();
    for (const site of this.#lineage(unit, id)) {
      for (const base of site.class.bases) for (const name of this.names(site.unit, base.value)) names.add(name);
    }
    const result = [...names];
    this.#bases.set(model, result);
    return result;
  }

  call(unit: Unit, id: number): CallSite {
    let sites = this.#sites.get(unit);
    if (!sites) {
      sites = new Array(unit.module.calls.length);
      this.#sites.set(unit, sites);
    }
    const known = sites[id];
    if (known) return known;
    const call = unit.module.calls[id]!;
    const site = { unit, id, call, names: this.names(unit, call.callee.value) };
    sites[id] = site;
    return site;
  }

  allCalls(): readonly CallSite[] {
    this.#all ??= this.units.flatMap((unit) => unit.module.calls.map((_, id) => this.call(unit, id)));
    return this.#all;
  }

  calls(names: Iterable<string>): readonly CallSite[] {
    if (!this.#index) {
      this.#index = new Map();
      for (const site of this.allCalls()) {
        for (const name of site.names) {
          const same = this.#index.get(name);
          if (same) same.push(site);
          else this.#index.set(name, [site]);
        }
      }
    }
    const sites = new Set<CallSite>();
    for (const name of names) for (const site of this.#index.get(name) ?? []) sites.add(site);
    return [...sites].sort((a, b) =>
      a.unit === b.unit ? a.call.span.start - b.call.span.start : a.unit.path < b.unit.path ? -1 : 1,
    );
  }

  targets(site: CallSite): readonly FunctionSite[] {
    const { unit, call } = site;
    const targets: FunctionSite[] = [];
    for (const meaning of this.meanings(unit, call.callee.value)) {
      if (meaning.kind === 'function') {
        const model = meaning.unit.module.functions[meaning.function]!;
        targets.push({ unit: meaning.unit, id: meaning.function, function: model });
      } else if (meaning.kind === 'class') {
        const init =
          this.method(meaning.unit, meaning.class, '__init__') ??
          this.method(meaning.unit, meaning.class, 'constructor');
        if (init) targets.push(init);
      } else if (meaning.kind === 'instance') {
        const method = this.method(meaning.unit, meaning.class, '__call__');
        if (method) targets.push(method);
      }
    }
    return targets;
  }

  callers(unit: Unit, id: number): readonly CallSite[] {
    if (!this.#callers) {
      this.#callers = new Map();
      for (const site of this.allCalls()) {
        for (const target of this.targets(site)) {
          const same = this.#callers.get(target.function);
          if (same) same.push(site);
          else this.#callers.set(target.function, [site]);
        }
      }
    }
    return this.#callers.get(unit.module.functions[id]!) ?? [];
  }
}

/** What replaces a CommonJS module as a whole. */
function replacement(unit: Unit): Ref | undefined {
  const { language, exports } = unit.module;
  return language !== 'python' && Object.hasOwn(exports, 'export=') ? exports['export='] : undefined;
}

function instanceOf(meaning: Meaning): readonly Meaning[] {
  if (meaning.kind === 'external') return [{ kind: 'external', name: `${meaning.name}()` }];
  return meaning.kind === 'class' ? [{ ...meaning, kind: 'instance' }] : [];
}

function distinct(meanings: readonly Meaning[]): Meaning[] {
  const seen = new Set<unknown>();
  return meanings.filter((meaning) => {
    const key =
      meaning.kind === 'external'
        ? meaning.name
        : meaning.kind === 'module'
          ? meaning.unit
          : meaning.kind === 'function'
            ? meaning.unit.module.functions[meaning.function]
            : `${meaning.kind}\0${meaning.unit.path}\0${meaning.class}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
