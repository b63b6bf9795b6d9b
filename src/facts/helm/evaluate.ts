/** Knows how Go templates are executed: scopes, pipelines, branches, and what each character of the result comes from. */
import {
  type Branch,
  type Operand,
  offeredKeys,
  type Pipe,
  parseTemplate,
  type TemplateFile,
  type TemplateNode,
} from '../gotemplate.ts';
import type { Span } from '../span.ts';
import {
  asText,
  type Budget,
  BudgetError,
  bool,
  type DictValue,
  float,
  int,
  lookUp,
  NIL,
  type Origin,
  print,
  type Run,
  sliceText,
  sortedKeys,
  TemplateError,
  type TextValue,
  text,
  truth,
  type Value,
  Writer,
} from './value.ts';

export interface Template {
  readonly name: string;
  /** File that holds it. */
  readonly path: string;
  readonly nodes: readonly TemplateNode[];
  /** For a text given to `tpl`: what the nodes' spans refer to. */
  readonly source?: TextValue;
}

/** What a function may ask of the engine. */
export interface Call {
  /** The place of the call. */
  readonly at: Origin;
  readonly budget: Budget;
  readonly lenient: boolean;
  include(name: string, data: Value): TextValue;
  tpl(source: TextValue, data: Value): TextValue;
}

export type TemplateFunction = (args: readonly Value[], call: Call) => Value;

export interface Failure extends Origin {
  readonly reason: string;
}

const MAX_DEPTH = 200;
type Signal = 'break' | 'continue' | undefined;

interface Frame {
  readonly template: Template;
  readonly writer: Writer;
  readonly variables: { name: string; value: Value }[];
}

/** Executes templates of one chart. `lenient` goes on behind an error: its output is an unknown text, see `failures`. */
export class Engine {
  readonly failures: Failure[] = [];
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #budget: Budget;
  readonly #lenient: boolean;
  #templates: Map<string, Template>;
  #depth = 0;
  /** Values keys read while a condition is evaluated. */
  #watch: Set<string> | undefined;
  readonly #parsed = new Map<string, TemplateFile>();
  readonly #offers = new WeakMap<readonly TemplateNode[], readonly string[]>();

  constructor(
    templates: Map<string, Template>,
    functions: ReadonlyMap<string, TemplateFunction>,
    budget: Budget,
    lenient: boolean,
  ) {
    this.#templates = templates;
    this.#functions = functions;
    this.#budget = budget;
    this.#lenient = lenient;
  }

  /** @throws TemplateError */
  render(name: string, data: Value): TextValue {
    const template = this.#templates.get(name);
    if (!template) throw new TemplateError(`template ${JSON.stringify(name)} is not defined`);
    return this.#run(template, data);
  }

  #run(template: Template, data: Value): TextValue {
    const writer = new Writer(this.#budget);
    this.#into(writer, template, data);
    return writer.done();
  }

  #into(writer: Writer, template: Template, data: Value): void {
    if (++this.#depth > MAX_DEPTH) {
      this.#depth--;
      throw new BudgetError('templates include each other too deeply');
    }
    try {
      this.#walk(template.nodes, data, { template, writer, variables: [{ name: '$', value: data }] });
    } finally {
      this.#depth--;
    }
  }

  #tpl(source: TextValue, data: Value, at: Origin, name: string): TextValue {
    if (!source.value.includes('{{')) return source;
    this.#budget.step(1 + source.value.length / 100);
    let file = this.#parsed.get(source.value);
    if (!file) {
      const parsed = parseTemplate(source.value);
      if (!parsed.file) throw new TemplateError(`text given to tpl: ${parsed.problems[0]?.message}`);
      file = parsed.file;
      this.#parsed.set(source.value, file);
    }
    const path = source.runs.find((run) => run.path !== '')?.path ?? at.path;
    const outer = this.#templates;
    if (file.defines.length > 0) {
      this.#templates = new Map(outer);
      for (const define of file.defines) {
        this.#templates.set(define.name, { name: define.name, path, nodes: define.nodes, source });
      }
    }
    try {
      return this.#run({ name, path, nodes: file.nodes, source }, data);
    } finally {
      this.#templates = outer;
    }
  }

  #walk(nodes: readonly TemplateNode[], dot: Value, frame: Frame): Signal {
    for (const node of nodes) {
      this.#budget.step();
      if (!this.#lenient) {
        const signal = this.#node(node, dot, frame);
        if (signal) return signal;
        continue;
      }
      const depth = frame.variables.length;
      try {
        const signal = this.#node(node, dot, frame);
        if (signal) return signal;
      } catch (error) {
        if (!(error instanceof TemplateError) || error instanceof BudgetError) throw error;
        const at = this.#origin(node.span, frame.template);
        this.failures.push({ ...at, reason: error.message });
        if (node.kind !== 'action') frame.variables.length = depth;
        for (const name of node.kind === 'action' ? node.pipe.variables : [])
          frame.variables.push({ name, value: NIL });
        const unknown = node.kind === 'action' && node.pipe.variables.length === 0 ? 'unknown' : '';
        frame.writer.add(
          text(unknown, [{ ...at, start: 0, end: unknown.length, unknown: error.message, failed: true }]),
        );
      }
    }
    return undefined;
  }

  #origin(span: Span, template: Template): Origin {
    if (!template.source) return { path: template.path, span };
    const run = sliceText(template.source, span.start, span.end).runs.find((candidate) => candidate.path !== '');
    if (!run) return { path: template.path, span: { start: 0, end: 0 } };
    return run.key === undefined
      ? { path: run.path, span: run.span }
      : { path: run.path, span: run.span, key: run.key };
  }

  #node(node: TemplateNode, dot: Value, frame: Frame): Signal {
    switch (node.kind) {
      case 'text': {
        const { template, writer } = frame;
        if (template.source) writer.add(sliceText(template.source, node.span.start, node.span.end));
        else {
          const run: Run = { path: template.path, span: node.span, start: 0, end: node.text.length, copied: true };
          writer.add(text(node.text, [run]));
        }
        return undefined;
      }
      case 'action': {
        const value = this.#pipe(node.pipe, dot, frame);
        if (node.pipe.variables.length > 0 || value.kind === 'nil') return undefined;
        frame.writer.add(asText(value), this.#origin(node.span, frame.template));
        return undefined;
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot, frame);
      case 'range':
        return this.#range(node, dot, frame);
      case 'template': {
        const template = this.#templates.get(node.name);
        if (!template) throw new TemplateError(`template ${JSON.stringify(node.name)} is not defined`);
        this.#into(frame.writer, template, node.pipe ? this.#pipe(node.pipe, dot, frame) : NIL);
        return undefined;
      }
      default:
        return node.kind;
    }
  }

  #condition(node: Branch, dot: Value, frame: Frame): { value: Value; keys: readonly string[] } {
    const outer = this.#watch;
    this.#watch = new Set();
    try {
      const value = this.#pipe(node.pipe, dot, frame);
      for (const key of this.#watch) outer?.add(key);
      return { value, keys: [...this.#watch] };
    } finally {
      this.#watch = outer;
    }
  }

  #choose(node: Branch, dot: Value, frame: Frame): Signal {
    const depth = frame.variables.length;
    const { value, keys } = this.#condition(node, dot, frame);
    const yes = truth(value);
    this.#mark(yes ? node.otherwise : node.body, keys, node, frame);
    const inner = yes && node.kind === 'with' ? value : dot;
    const signal = this.#walk(yes ? node.body : node.otherwise, inner, frame);
    frame.variables.length = depth;
    return signal;
  }

  /** Notes what a branch that is not taken would have added. */
  #mark(nodes: readonly TemplateNode[], keys: readonly string[], node: Branch, frame: Frame): void {
    if (nodes.length === 0) return;
    let offers = this.#offers.get(nodes);
    if (!offers) {
      offers = [...new Set(offeredKeys(nodes))].slice(0, 100);
      this.#offers.set(nodes, offers);
    }
    if (offers.length > 0) frame.writer.mark({ ...this.#origin(node.span, frame.template), offers, keys });
  }

  #range(node: Branch, dot: Value, frame: Frame): Signal {
    const depth = frame.variables.length;
    const { value, keys } = this.#condition({ ...node, pipe: { ...node.pipe, variables: [] } }, dot, frame);
    const pairs = this.#pairs(value);
    const variables = node.pipe.variables;
    for (const [key, item] of pairs) {
      this.#budget.step();
      if (node.pipe.assigns) {
        variables.forEach((name, i) => {
          this.#assign(frame, name, variables.length === 2 && i === 0 ? key : item);
        });
      } else if (variables.length === 1) frame.variables.push({ name: variables[0]!, value: item });
      else if (variables.length === 2) {
        frame.variables.push({ name: variables[0]!, value: key }, { name: variables[1]!, value: item });
      }
      const signal = this.#walk(node.body, item, frame);
      frame.variables.length = depth;
      if (signal === 'break') return undefined;
    }
    if (pairs.length > 0) return undefined;
    this.#mark(node.body, keys, node, frame);
    return this.#walk(node.otherwise, dot, frame);
  }

  #pairs(value: Value): readonly (readonly [Value, Value])[] {
    switch (value.kind) {
      case 'nil':
        return [];
      case 'list':
        return value.items.map((item, i) => [int(i), item]);
      case 'dict':
        return sortedKeys(value).map((key) => [this.#keyText(value, key), value.entries.get(key)!]);
      case 'host':
        if (value.entries) return [...value.entries].map(([key, item]) => [text(key), item]);
        break;
      case 'number':
        if (value.type !== 'float64') {
          this.#budget.step(Math.max(0, value.value));
          return Array.from({ length: Math.max(0, value.value) }, (_, i) => [int(i), int(i)]);
        }
    }
    throw new TemplateError(`range cannot iterate over ${print(value).slice(0, 80)}`);
  }

  /** A map's key as a text that stands where its value stands. */
  #keyText(map: DictValue, key: string): TextValue {
    const from = map.entries.get(key)?.from ?? map.from;
    return from ? text(key, [{ ...from, start: 0, end: key.length }]) : text(key);
  }

  #assign(frame: Frame, name: string, value: Value): void {
    for (let i = frame.variables.length - 1; i >= 0; i--) {
      if (frame.variables[i]!.name !== name) continue;
      frame.variables[i] = { name, value };
      return;
    }
    throw new TemplateError(`undefined variable ${name}`);
  }

  #pipe(pipe: Pipe, dot: Value, frame: Frame): Value {
    let value: Value | undefined;
    for (const command of pipe.commands) value = this.#command(command, dot, frame, value && taken(value));
    const result = taken(value ?? NIL);
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(frame, name, result);
      else frame.variables.push({ name, value: result });
    }
    return result;
  }

  #command(command: readonly Operand[], dot: Value, frame: Frame, last: Value | undefined): Value {
    const [first, ...rest] = command as [Operand, ...Operand[]];
    this.#budget.step();
    if (first.kind === 'function') {
      if (first.name === 'and' || first.name === 'or') return this.#junction(first.name, rest, dot, frame, last);
      const args = rest.map((operand) => this.#operand(operand, dot, frame));
      if (last) args.push(last);
      return this.#call(first.name, args, this.#origin(first.span, frame.template), frame.template);
    }
    if (rest.length === 0 && !last) return this.#operand(first, dot, frame);
    const args = rest.map((operand) => this.#operand(operand, dot, frame));
    if (last) args.push(last);
    if (first.kind === 'field') return this.#fields(dot, first.names, args);
    if (first.kind === 'variable' && first.names.length > 0) {
      return this.#fields(this.#variable(first.name, frame), first.names, args);
    }
    if (first.kind === 'pipe' && first.names.length > 0) {
      return this.#fields(this.#nested(first.pipe, dot, frame), first.names, args);
    }
    throw new TemplateError("can't give argument to non-function");
  }

  #junction(name: 'and' | 'or', rest: readonly Operand[], dot: Value, frame: Frame, last: Value | undefined): Value {
    let value: Value | undefined;
    for (const operand of rest) {
      value = this.#operand(operand, dot, frame);
      if (truth(value) === (name === 'or')) return value;
    }
    const result = last ?? value;
    if (!result) throw new TemplateError(`wrong number of args for ${name}: want at least 1 got 0`);
    return result;
  }

  #call(name: string, args: readonly Value[], at: Origin, template: Template): Value {
    const call = this.#functions.get(name);
    if (!call) throw new TemplateError(`function ${JSON.stringify(name)} is not defined`);
    const result = call(args, {
      at,
      budget: this.#budget,
      lenient: this.#lenient,
      include: (wanted, data) => this.render(wanted, data),
      tpl: (source, data) => this.#tpl(source, data, at, template.name),
    });
    for (const value of args) this.#budget.step(sizeOf(value) >> 4);
    this.#budget.step(sizeOf(result));
    if (result.kind === 'text') this.#budget.write(result.value.length >> 1);
    return result;
  }

  #variable(name: string, frame: Frame): Value {
    for (let i = frame.variables.length - 1; i >= 0; i--) {
      if (frame.variables[i]!.name === name) return frame.variables[i]!.value;
    }
    throw new TemplateError(`undefined variable ${name}`);
  }

  #nested(pipe: Pipe, dot: Value, frame: Frame): Value {
    if (++this.#depth > MAX_DEPTH) {
      this.#depth--;
      throw new BudgetError('templates nest too deeply');
    }
    try {
      return this.#pipe(pipe, dot, frame);
    } finally {
      this.#depth--;
    }
  }

  #operand(operand: Operand, dot: Value, frame: Frame): Value {
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return NIL;
      case 'bool':
        return bool(operand.value);
      case 'number':
        return operand.float ? float(operand.value) : int(operand.value);
      case 'string': {
        const at = this.#origin(operand.span, frame.template);
        return operand.value === '' ? text('') : text(operand.value, [{ ...at, start: 0, end: operand.value.length }]);
      }
      case 'function':
        return this.#command([operand], dot, frame, undefined);
      case 'field':
        return held(this.#fields(dot, operand.names, []));
      case 'variable': {
        const value = this.#fields(this.#variable(operand.name, frame), operand.names, []);
        return operand.names.length > 0 ? held(value) : value;
      }
      case 'pipe':
        return this.#fields(this.#nested(operand.pipe, dot, frame), operand.names, []);
    }
  }

  #fields(start: Value, names: readonly string[], args: readonly Value[]): Value {
    // Fields of a nil that a pipeline or variable gave are nil; only a nil met on the way is an error.
    let value: Value = start;
    if (value.kind === 'nil') return value;
    names.forEach((name, i) => {
      value = this.#field(value, name, i === names.length - 1 ? args : []);
    });
    if (this.#watch && value.from?.key) this.#watch.add(value.from.key);
    return value;
  }

  #field(value: Value, name: string, args: readonly Value[]): Value {
    if (value.kind === 'host') {
      const member = value.fields.get(name);
      if (typeof member === 'function') return member(args);
      if (member && args.length === 0) return member;
      throw new TemplateError(`can't evaluate field ${name} in type ${value.type}`);
    }
    if (value.kind === 'nil')
      throw new TemplateError(`nil pointer evaluating ${value.from?.key ?? 'interface {}'}.${name}`);
    if (value.kind !== 'dict') throw new TemplateError(`can't evaluate field ${name} in type ${value.kind}`);
    if (name === 'AsMap' && value.type !== undefined && !value.entries.has(name)) {
      const { type: _, ...map } = value;
      return map;
    }
    if (args.length > 0) throw new TemplateError(`${name} has arguments but cannot be invoked as function`);
    return lookUp(value, name);
  }
}

function held(value: Value): Value {
  return value.kind === 'nil' ? { ...value, held: true } : value;
}

function taken(value: Value): Value {
  if (value.kind !== 'nil' || !value.held) return value;
  const { held: _, ...rest } = value;
  return rest;
}

/** How much work a value makes for a function that goes through it. */
function sizeOf(value: Value): number {
  if (value.kind === 'list') return value.items.length;
  if (value.kind === 'dict') return value.entries.size;
  return value.kind === 'text' ? (value.value.length >> 6) + value.runs.length : 0;
}
