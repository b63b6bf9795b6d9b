/**
 * Knows where a value comes from: follows it backwards through assignments, calls, fields and files to its origins,
 * and keeps the way as a trace. Works on demand, so only what a check asks about is followed.
 */
import type { Place } from '../span.ts';
import { vouched } from './conditions.ts';
import { callbackMethods, dataArguments, handlerParams, paramDecorators } from './ecmascript-knowledge.ts';
import {
  carrierMethodsOf,
  carriers,
  neutralizersOf,
  requestMembers,
  routeDecorators,
  type SourceKind,
  sources,
} from './knowledge.ts';
import { argument, type CallSite, type Node, type Program, placeIn, type Unit, valueAt } from './link.ts';
import type { FunctionModel, Ref, Scalar, Site, Value } from './model.ts';

/** One place on the way, with a short annotation. */
export interface Step extends Place {
  readonly text: string;
}

/** One end of the way back. */
export type Origin = {
  readonly node: Node;
  /** The conditions that were in force on the way in the origin's file; -1 for none. */
  readonly guard: number;
  /** From the origin to the value that was asked about. */
  readonly trace: readonly Step[];
} & (
  | { readonly kind: 'const'; readonly value: Scalar }
  | { readonly kind: 'source'; readonly source: SourceKind; readonly name: string }
  /** A parameter of a function that nobody in the repository calls. */
  | { readonly kind: 'param'; readonly name: string }
  /** Result of an external call; `names` may be empty. */
  | { readonly kind: 'call'; readonly names: readonly string[]; readonly site: CallSite }
  /** An import or an attribute of one. */
  | { readonly kind: 'external'; readonly name: string }
  /** Passed through one of the neutralizers or the caller's sanitizers. */
  | { readonly kind: 'safe'; readonly name: string }
  /** Something else, or the budget ran out. */
  | { readonly kind: 'unknown' }
);

export interface FlowOptions {
  /** External names, or last words with a leading dot (`.quote`), of calls whose result is harmless. */
  readonly sanitizers?: ReadonlySet<string>;
  /** Follow parameters to the callers in the repository; default true. */
  readonly callers?: boolean;
  /** More functions whose result is made of their arguments, as in `sanitizers`. */
  readonly carriers?: ReadonlySet<string>;
  /**
   * Ask only what the value as a whole can be: a text with a part that cannot be told, an element or an attribute is
   * then an unknown origin, and only the given carriers (and plain conversions) are looked through.
   */
  readonly whole?: boolean;
  /** Where the value is used: what the conditions in force there vouch for is safe. */
  readonly at?: Site;
}

/** Values followed for one question. */
const budget = 1500;
const maxStack = 12;

interface Walk {
  readonly node: Node;
  readonly parent: Walk | undefined;
  readonly text: string | undefined;
  /** Calls that were entered through their result and not left yet, innermost first. */
  readonly stack: Frame | undefined;
  readonly up: number;
  /** Where the function at hand uses the value. */
  readonly site: Site | undefined;
  /** The attribute of the value that is meant, when its type was not known where it was read. */
  readonly field?: string | undefined;
}

interface Frame {
  readonly site: CallSite;
  readonly outer: Frame | undefined;
  readonly depth: number;
}

/** All origins of a value, at most a few hundred; an unknown one says that there may be more. */
export function origins(program: Program, unit: Unit, ref: Ref, options: FlowOptions = {}): readonly Origin[] {
  const found: Origin[] = [];
  const seen = new Map<Unit, Set<string>>();
  const queue: Walk[] = [
    { node: { unit, ref }, parent: undefined, text: undefined, stack: undefined, up: 0, site: options.at },
  ];
  let spent = 0;
  for (let step = queue.pop(); step; step = queue.pop()) {
    const visited = seen.get(step.node.unit) ?? new Set();
    seen.set(step.node.unit, visited);
    const key = `${step.node.ref}:${step.stack ? `${step.stack.site.id}` : ''}`;
    if (visited.has(key)) continue;
    visited.add(key);
    if (++spent > budget) {
      found.push({ kind: 'unknown', node: step.node, guard: -1, trace: traceOf(step) });
      break;
    }
    const result = expand(program, step, options);
    if (result.end) {
      found.push({ ...result.end, node: step.node, guard: step.site?.guard ?? -1, trace: traceOf(step) } as Origin);
    }
    if (result.next) queue.push(...result.next.toReversed());
  }
  return found;
}

type End =
  | { readonly kind: 'const'; readonly value: Scalar }
  | { readonly kind: 'source'; readonly source: SourceKind; readonly name: string }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'call'; readonly names: readonly string[]; readonly site: CallSite }
  | { readonly kind: 'external'; readonly name: string }
  | { readonly kind: 'safe'; readonly name: string }
  | { readonly kind: 'unknown' };
interface Expansion {
  readonly end?: End;
  readonly next?: readonly Walk[];
}

const partly = new Set<Value['kind']>(['concat', 'list', 'dict', 'spread', 'slice', 'element', 'operation', 'unknown']);
const conversions = new Set([
  'str',
  'bytes',
  '.encode',
  '.decode',
  '.strip',
  '.lower',
  '.upper',
  'pydantic.SecretStr',
  'pydantic.SecretBytes',
  '.get_secret_value',
  'String',
]);

function expand(program: Program, step: Walk, options: FlowOptions): Expansion {
  const { unit, ref } = step.node;
  const value = valueAt(step.node);
  if (step.site && value.kind !== 'const') {
    const { guard, function: inside, span } = step.site;
    if (vouched(unit, guard, inside, span.start).has(ref)) return { end: { kind: 'safe', name: 'a check' } };
  }
  if (options.whole && partly.has(value.kind) && !(value.kind === 'operation' && value.op === 'enter')) {
    const folded = value.kind === 'concat' ? constants(program, unit, ref) : undefined;
    return folded ? { end: { kind: 'const', value: folded[0]! } } : { end: { kind: 'unknown' } };
  }
  const to = (refs: readonly (Ref | null)[], text?: string): Expansion => ({
    next: refs.flatMap((ref) => (ref === null ? [] : [{ ...step, node: { unit, ref }, parent: step, text }])),
  });
  switch (value.kind) {
    case 'const':
      return { end: { kind: 'const', value: value.value } };
    case 'global':
    case 'attr':
    case 'item':
      return member(program, step, value, options, to);
    case 'concat':
      return to(value.parts, 'put together here');
    case 'list':
      return value.items.length === 0 ? { end: { kind: 'const', value: null } } : to(value.items);
    case 'dict':
      return value.entries.length === 0
        ? { end: { kind: 'const', value: null } }
        : to(value.entries.map(([, one]) => one));
    case 'spread':
    case 'slice':
    case 'element':
      return to([value.of]);
    case 'either':
      return to(value.of);
    case 'operation':
      return value.op === 'not' || value.op === 'typeof' ? { end: { kind: 'safe', name: value.op } } : to(value.of);
    case 'compare':
      return { end: { kind: 'safe', name: 'comparison' } };
    case 'unknown':
      return value.of ? to(value.of) : { end: { kind: 'unknown' } };
    case 'param':
      return param(program, step, value, options);
    case 'call':
      return call(program, step, value.call, options);
    default:
      return { end: { kind: 'unknown' } };
  }
}

/** Kind of source an external name is, with the name that says so. */
export function sourceOf(names: readonly string[]): { readonly source: SourceKind; readonly name: string } | undefined {
  for (const name of names) {
    let at = name.replaceAll('[]', '');
    for (let i = 0; i < 8 && at !== ''; i++) {
      const source = sources[at];
      if (source !== undefined) return { source, name: at };
      if (at.endsWith('()')) at = at.slice(0, -2);
      else {
        const dot = at.lastIndexOf('.');
        at = dot < 0 ? '' : at.slice(0, dot);
      }
    }
  }
  return undefined;
}

function member(
  program: Program,
  step: Walk,
  value: Value & { kind: 'global' | 'attr' | 'item' },
  options: FlowOptions,
  to: (refs: readonly Ref[], text?: string) => Expansion,
): Expansion {
  const { unit, ref } = step.node;
  const names = program.names(unit, ref);
  const defined = value.kind === 'global' ? program.define(value.name, unit) : undefined;
  // A definition of the repository says more than its name: it may have a default beside the source.
  const source = defined ? undefined : sourceOf(names);
  if (source) return { end: { kind: 'source', ...source } };
  if (value.kind === 'global') {
    if (defined)
      return {
        next: [
          { ...step, site: undefined, node: defined, parent: step, text: `${lastWord(value.name)} is defined here` },
        ],
      };
    const fields = program.members(value.name, unit);
    if (fields.length > 0) {
      const text = `field ${lastWord(value.name)}`;
      return { next: fields.map((node) => ({ ...step, site: undefined, node, parent: step, text, stack: undefined })) };
    }
    return { end: { kind: 'external', name: names[0] ?? value.name } };
  }
  const of = unit.module.values[value.of]!;
  if (value.kind === 'attr') {
    const script = unit.module.language !== 'python';
    if (script && value.name === 'length') return { end: { kind: 'safe', name: 'length' } };
    if (script ? isRequestMember(unit, of, value.name) : isRequestParam(unit, of) && requestMembers.has(value.name)) {
      return { end: { kind: 'source', source: 'request', name: `request.${value.name}` } };
    }
    for (const meaning of program.meanings(unit, value.of)) {
      if (meaning.kind !== 'instance' && meaning.kind !== 'class') continue;
      const fields = program.field(meaning.unit, meaning.class, value.name);
      if (fields.length === 0) continue;
      return {
        next: fields.map((node) => ({
          ...step,
          site: undefined,
          node,
          parent: step,
          text: `field ${value.name}`,
          stack: undefined,
        })),
      };
    }
    if (names.length > 0) return { end: { kind: 'external', name: names[0]! } };
  }
  if (options.whole) return { end: { kind: 'unknown' } };
  const next = to([value.of]);
  return value.kind === 'attr' ? { next: (next.next ?? []).map((one) => ({ ...one, field: value.name })) } : next;
}

const numeric = new Set([
  'int',
  'float',
  'bool',
  'uuid.UUID',
  'datetime.datetime',
  'datetime.date',
  'decimal.Decimal',
  'number',
  'boolean',
  'bigint',
  'Date',
]);

/** Is the value the request of a web handler, by its name? */
function isRequestParam(unit: Unit, value: Value): boolean {
  if (value.kind !== 'param') return false;
  const model = unit.module.functions[value.function]!.params[value.index];
  return model !== undefined && /^(?:request|req|_request)$/.test(model.name);
}

/** Is this member of a handler's parameter what the client sent? Destructured parameters have no name. */
function isRequestMember(unit: Unit, value: Value, member: string): boolean {
  let name = value.kind === 'attr' ? value.name : '';
  if (value.kind === 'param' && value.index === 0 && isInput(unit, value.function, member)) return true;
  if (value.kind === 'param') {
    const { params } = unit.module.functions[value.function]!;
    name = params[value.index]!.name;
    if (name === '' && /^(?:_?res|response|reply)$/.test(params[value.index + 1]?.name ?? '')) name = 'req';
  }
  return name !== '' && handlerParams.some((one) => one.name.test(name) && one.members.has(member));
}

/** Is it a function under `'use server'` that code in browsers calls, or that is handed on to it? */
export function isCalledByClients(program: Program, unit: Unit, id: number): boolean {
  if (!unit.module.functions[id]!.server) return false;
  const callers = program.callers(unit, id);
  return callers.length === 0 || callers.some((one) => one.unit.module.side === 'client');
}

/** What a client sends to a procedure of tRPC, or to an action that a builder makes. */
function isInput(unit: Unit, id: number, member: string): boolean {
  if (member === 'parsedInput') return true;
  const taker = member === 'input' ? takerOf(unit, id) : undefined;
  const callee = taker === undefined ? undefined : unit.module.values[unit.module.calls[taker]!.callee.value]!;
  return callee !== undefined && 'name' in callee && /(?:^|\.)(?:query|mutation|subscription)$/.test(callee.name ?? '');
}

/** Is it the event that a cloud function is called with? */
function isCloudEvent({ name, params }: FunctionModel, index: number): boolean {
  if (index !== 0 || params[0]!.name !== 'event') return false;
  return params.length === 2 ? params[1]!.name === 'context' : /^(?:lambda_?)?handler$/i.test(name);
}

const takers = new WeakMap<Unit, Map<number, number>>();

/** The call that a function is written into as an argument. */
function takerOf(unit: Unit, id: number): number | undefined {
  let known = takers.get(unit);
  if (!known) {
    known = new Map();
    takers.set(unit, known);
    for (const [call, { args }] of unit.module.calls.entries()) {
      for (const arg of args) {
        const value = unit.module.values[arg.value]!;
        if (value.kind === 'function') known.set(value.function, call);
      }
    }
  }
  return known.get(id);
}

/** What a callback is given: elements of a list, the result of a promise, the parts of a stream. */
function given(step: Walk, value: Value & { kind: 'param' }): Expansion | undefined {
  const { unit } = step.node;
  const id = takerOf(unit, value.function);
  if (id === undefined) return undefined;
  const callee = unit.module.values[unit.module.calls[id]!.callee.value]!;
  if (callee.kind !== 'attr') return undefined;
  const position = callbackMethods.get(callee.name);
  if (position === undefined) return undefined;
  if (
    value.index === position ||
    (callee.name === 'reduce' && value.index === 0) ||
    (callee.name === 'sort' && value.index === 1)
  ) {
    const of = unit.module.values[callee.of]!;
    if (/^on(?:ce)?$/.test(callee.name)) {
      const request = isRequestMember(unit, of, 'on');
      return request ? { end: { kind: 'source', source: 'request', name: 'the body of the request' } } : undefined;
    }
    return {
      next: [{ ...step, node: { unit, ref: callee.of }, parent: step, text: `each of it, in .${callee.name}()` }],
    };
  }
  return value.index === position + 1 ? { end: { kind: 'safe', name: 'index' } } : undefined;
}

function param(program: Program, step: Walk, value: Value & { kind: 'param' }, options: FlowOptions): Expansion {
  const { unit } = step.node;
  const model = unit.module.functions[value.function]!;
  const own = model.params[value.index]!;
  const text = `parameter ${own.name}`;
  const type = own.annotation ? unit.module.values[own.annotation.value]! : undefined;
  if (type?.kind === 'global' && numeric.has(type.name)) return { end: { kind: 'safe', name: type.name } };
  if (step.stack) {
    const next = passed(step, step.stack.site, model, value.index, step.stack.outer);
    if (next.length > 0) return { next };
  }
  if (own.decorators?.some((one) => paramDecorators.has(lastWord((one.name ?? '').replace(/\(\)$/, ''))))) {
    return { end: { kind: 'source', source: 'request', name: text } };
  }
  if (isCalledByClients(program, unit, value.function))
    return { end: { kind: 'source', source: 'request', name: text } };
  if (isCloudEvent(model, value.index)) {
    return { end: { kind: 'source', source: 'request', name: 'the event of a cloud function' } };
  }
  if (isRoute(model, unit)) {
    const fallback = own.default ? unit.module.values[own.default.value]! : undefined;
    const injected = fallback?.kind === 'call' && /(?:^|\.)(?:Depends|Security)$/.test(calleeName(unit, fallback.call));
    const typed = program.names(unit, step.node.ref);
    if (
      !injected &&
      !typed.some((name) => /Request\(\)$|Session\(\)$/.test(name)) &&
      own.name !== 'request' &&
      own.name !== 'self'
    ) {
      return { end: { kind: 'source', source: 'request', name: text } };
    }
    return { end: { kind: 'unknown' } };
  }
  if (options.callers !== false && step.up < 6 && !step.stack) {
    const next = program
      .callers(unit, value.function)
      .slice(0, 60)
      .flatMap((site) => passed({ ...step, up: step.up + 1 }, site, model, value.index, undefined));
    if (own.default && next.length > 0) {
      next.push({ ...step, node: { unit, ref: own.default.value }, parent: step, text: `default of ${own.name}` });
    }
    if (next.length > 0) return { next };
  }
  return given(step, value) ?? { end: { kind: 'param', name: own.name === '' ? 'that is taken apart' : own.name } };
}

/** Where the argument for a parameter stands in one call; the parameter's default when it is left out. */
function passed(step: Walk, site: CallSite, model: FunctionModel, index: number, stack: Frame | undefined): Walk[] {
  const own = model.params[index]!;
  const { unit, call } = site;
  const at = (ref: Ref, where: Unit): Walk => ({
    ...step,
    node: { unit: where, ref },
    parent: step,
    text: `passed to ${model.name === '' ? 'a function' : model.name} as ${own.name}`,
    stack,
    site: call,
  });
  const plain = model.params.filter((param) => param.kind === 'plain' || param.kind === 'positional');
  const position = plain.indexOf(own);
  const found: Walk[] = [];
  let count = 0;
  for (const arg of call.args) {
    if (arg.keyword !== undefined) {
      if (arg.keyword === own.name) found.push(at(arg.value, unit));
      else if (own.kind === 'options' && !model.params.some((param) => param.name === arg.keyword))
        found.push(at(arg.value, unit));
    } else if (arg.spread !== undefined) found.push(at(arg.value, unit));
    else {
      if (count === position) found.push(at(arg.value, unit));
      else if (own.kind === 'rest' && count >= plain.length) found.push(at(arg.value, unit));
      count++;
    }
  }
  if (found.length === 0 && own.default)
    return [{ ...at(own.default.value, step.node.unit), text: `default of ${own.name}` }];
  return found;
}

function call(program: Program, step: Walk, id: number, options: FlowOptions): Expansion {
  const { unit } = step.node;
  const site = program.call(unit, id);
  const { call: model, names } = site;
  const to = (refs: readonly Ref[], text: string): Expansion => ({
    next: refs.map((ref) => ({ ...step, node: { unit, ref }, parent: step, text })),
  });
  const callee = unit.module.values[model.callee.value]!;
  const method = callee.kind === 'attr' ? callee.name : undefined;
  if (callee.kind === 'attr' && unit.module.language !== 'python') {
    const requested = isRequestMember(unit, unit.module.values[callee.of]!, callee.name);
    if (requested) return { end: { kind: 'source', source: 'request', name: `request.${callee.name}()` } };
  }
  const word = method ?? lastWord(names[0] ?? '');
  for (const name of [...names, ...(word === '' ? [] : [`.${word}`])]) {
    const neutral = neutralizersOf(unit.module.language).has(name) && !options.carriers?.has(name);
    if (options.sanitizers?.has(name) || neutral) return { end: { kind: 'safe', name } };
  }
  const source = sourceOf(names.map((name) => `${name}()`));
  if (source) {
    // A read of the environment gives its default when the variable is missing.
    const fallback = source.source === 'env' ? argument(model, 1, 'default') : undefined;
    const more = fallback ? to([fallback.value], 'default for a missing variable') : {};
    return { end: { kind: 'source', ...source }, ...more };
  }
  if (step.field !== undefined && (step.stack?.depth ?? 0) < maxStack) {
    const stack: Frame = { site, outer: step.stack, depth: (step.stack?.depth ?? 0) + 1 };
    for (const meaning of program.meanings(unit, model.callee.value)) {
      if (meaning.kind !== 'class') continue;
      const text = `field ${step.field}`;
      const next = program
        .field(meaning.unit, meaning.class, step.field)
        .map((node): Walk => ({ ...step, node, parent: step, text, stack, site: undefined, field: undefined }));
      if (next.length > 0) return { next };
    }
  }
  const targets = program.targets(site).filter((target) => !/^(?:__init__|constructor)$/.test(target.function.name));
  if (targets.length > 0 && (step.stack?.depth ?? 0) < maxStack) {
    const stack: Frame = { site, outer: step.stack, depth: (step.stack?.depth ?? 0) + 1 };
    const next = targets.flatMap((target) =>
      target.function.returns.flatMap((one): Walk[] =>
        one.value
          ? [
              {
                ...step,
                node: { unit: target.unit, ref: one.value.value },
                parent: step,
                text: `returned by ${target.function.name}`,
                stack,
                site: one,
              },
            ]
          : [],
      ),
    );
    if (next.length > 0) return { next };
  }
  const held = [...names, `.${word}`].map((name) => dataArguments[name]).find((count) => count !== undefined);
  const script = unit.module.language !== 'python';
  const refs = model.args.slice(0, script ? held : undefined).map((arg) => arg.value);
  const receiver = method !== undefined && callee.kind === 'attr' ? [callee.of] : [];
  const among = (set: ReadonlySet<string> | undefined) => [...names, `.${word}`].some((name) => set?.has(name));
  if (names.some((name) => defaulted.has(name))) {
    // A field's description is no value of it.
    const initial = argument(model, 0, 'default', 'default_factory');
    return initial ? to([initial.value], 'default of the field') : { end: { kind: 'unknown' } };
  }
  if (among(options.carriers)) {
    return to(options.carriers?.has(`.${word}`) ? [...receiver, ...refs] : refs, `through ${word}()`);
  }
  if (options.whole) {
    if (!among(conversions)) return { end: { kind: 'call', names, site } };
    return to(receiver.length > 0 && conversions.has(`.${word}`) ? receiver : refs.slice(0, 1), `through ${word}()`);
  }
  if (names.some((name) => carriers.has(name))) return to(refs, `through ${word}()`);
  if (method !== undefined && carrierMethodsOf(unit.module.language).has(method)) {
    const origin = names.length > 0 && !names.some((name) => name.includes('()')) ? [] : receiver;
    const put = ['join', 'format', 'replace', 'concat'].includes(method) ? refs : [];
    const fallback = method === 'get' || method === 'pop' || method === 'setdefault' ? refs.slice(1, 2) : [];
    return to([...origin, ...put, ...fallback], `through .${method}()`);
  }
  return { end: { kind: 'call', names, site } };
}

/** Does the function answer requests, by its decorators? */
export function isRoute(model: FunctionModel, unit: Unit): boolean {
  return model.decorators.some((decorator) => {
    const value = unit.module.values[decorator.value]!;
    const callee = value.kind === 'call' ? unit.module.values[unit.module.calls[value.call]!.callee.value]! : undefined;
    if (callee?.kind !== 'attr' && callee?.kind !== 'global') return false;
    return routeDecorators.has(lastWord(callee.name)) && callee.name !== lastWord(callee.name)
      ? true
      : callee.kind === 'attr' && routeDecorators.has(callee.name);
  });
}

const defaulted = new Set([
  'pydantic.Field',
  'pydantic.fields.Field',
  'dataclasses.field',
  'attr.ib',
  'attrs.field',
  'sqlmodel.Field',
]);

function calleeName(unit: Unit, id: number): string {
  const callee = unit.module.values[unit.module.calls[id]!.callee.value]!;
  return callee.kind === 'global' || callee.kind === 'attr' ? callee.name : '';
}

const sourceTexts: Readonly<Record<SourceKind, string>> = {
  request: 'a request',
  cli: 'the command line',
  network: 'the network',
  file: 'a file',
  store: 'a store',
  env: 'the environment',
};

/** Where a value comes from, for a message: "the environment", "the parameter cmd". */
export function originText(origin: Origin): string {
  if (origin.kind === 'source') return sourceTexts[origin.source];
  if (origin.kind === 'param') return `the parameter ${origin.name}`;
  if (origin.kind === 'call') return origin.names[0] ? `the result of ${origin.names[0]}()` : 'the result of a call';
  if (origin.kind === 'external') return origin.name;
  return 'a value made at run time';
}

export function lastWord(name: string): string {
  const path = name.endsWith('()') ? name.slice(0, -2) : name;
  return path.slice(path.lastIndexOf('.') + 1);
}

/** Steps with a text of their own, from the origin on; consecutive ones on the same place are one. */
function traceOf(end: Walk): readonly Step[] {
  const steps: Step[] = [];
  let first = true;
  for (let step: Walk | undefined = end; step; step = step.parent) {
    const place = placeIn(step.node.unit, valueAt(step.node).span);
    const text = first ? 'comes from here' : step.parent === undefined ? 'used here' : step.text;
    first = false;
    const last = steps.at(-1);
    if (text === undefined || (last && last.path === place.path && last.span.start === place.span.start && step.parent))
      continue;
    steps.push({ ...place, text });
  }
  return steps.slice(0, 24);
}

/**
 * The constants a value can be, through branches, files and functions; undefined when one of them cannot be told.
 * At most 32 alternatives.
 */
export function constants(program: Program, unit: Unit, ref: Ref): readonly Scalar[] | undefined {
  const found = fold(program, { unit, ref }, 0, new Set());
  return found === undefined ? undefined : [...new Set(found)];
}

/** Can the value be true? Parameters are followed to their callers; what cannot be told is not. */
export function mayBeTrue(program: Program, unit: Unit, ref: Ref): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'list') return value.items.length > 0;
  if (value.kind === 'dict') return value.entries.some(([key]) => key !== null);
  const known = constants(program, unit, ref);
  if (known) return known.some(Boolean);
  return origins(program, unit, ref, { whole: true }).some((one) => one.kind === 'const' && Boolean(one.value));
}

function fold(program: Program, node: Node, depth: number, open: Set<string>): readonly Scalar[] | undefined {
  const key = `${node.unit.path}\0${node.ref}`;
  if (depth > 30 || open.has(key)) return undefined;
  open.add(key);
  const found = foldOpen(program, node, depth + 1, open);
  open.delete(key);
  return found !== undefined && found.length <= 32 ? found : undefined;
}

function foldOpen(
  program: Program,
  { unit, ref }: Node,
  depth: number,
  open: Set<string>,
): readonly Scalar[] | undefined {
  const value = unit.module.values[ref]!;
  const all = (nodes: readonly Node[]): Scalar[] | undefined => {
    const result: Scalar[] = [];
    for (const node of nodes) {
      const part = fold(program, node, depth, open);
      if (part === undefined || result.length > 64) return undefined;
      result.push(...part);
    }
    return result.length > 0 ? [...new Set(result)] : undefined;
  };
  switch (value.kind) {
    case 'const':
      return [value.value];
    case 'either':
      return all(value.of.map((one) => ({ unit, ref: one })));
    case 'global': {
      const defined = program.define(value.name, unit);
      if (defined) return fold(program, defined, depth, open);
      return all(program.members(value.name, unit));
    }
    case 'attr': {
      for (const meaning of program.meanings(unit, value.of)) {
        if (meaning.kind === 'module') {
          const defined = program.define(`${meaning.unit.module.name}.${value.name}`, meaning.unit);
          return defined ? fold(program, defined, depth, open) : undefined;
        }
        if (meaning.kind === 'instance' || meaning.kind === 'class') {
          const fields = program.field(meaning.unit, meaning.class, value.name);
          return fields.length > 0 ? all(fields) : undefined;
        }
      }
      return undefined;
    }
    case 'concat': {
      let texts: string[] = [''];
      for (const part of value.parts) {
        const found = fold(program, { unit, ref: part }, depth, open);
        if (found === undefined || texts.length * found.length > 32) return undefined;
        texts = texts.flatMap((text) => found.map((one) => (text + String(one)).slice(0, 8192)));
      }
      return texts;
    }
    case 'call': {
      const site = program.call(unit, value.call);
      const targets = program.targets(site);
      if (targets.length === 0 || site.call.args.length > 0) return undefined;
      return all(
        targets.flatMap((target) =>
          target.function.returns.flatMap((one) => (one.value ? [{ unit: target.unit, ref: one.value.value }] : [])),
        ),
      );
    }
    default:
      return undefined;
  }
}
