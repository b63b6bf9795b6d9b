/** Knows which response headers a function, middleware or helper sets, and to which constant values. */
import { constants } from '../program/flow.ts';
import { type CallSite, type FunctionSite, type Node, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Ref, Scalar } from '../program/model.ts';
import type { Place } from '../span.ts';

export interface SetHeader {
  /** Lower case. */
  readonly name: string;
  /** Undefined: cannot be told. */
  readonly values: readonly Scalar[] | undefined;
  readonly place: Place;
}

export interface HeaderSet {
  readonly set: readonly SetHeader[];
  /** Headers by names that cannot be told, or by code outside the repository. */
  readonly open: boolean;
  /** Names, in lower case, of headers that are always taken out again. */
  readonly removed: readonly string[];
}

interface Search {
  readonly program: Program;
  readonly set: SetHeader[];
  readonly removed: string[];
  open: boolean;
  readonly seen: Set<unknown>;
}

/** Headers that running the functions sets, with those of the functions they call, three calls deep. */
export function headersOf(program: Program, functions: readonly FunctionSite[]): HeaderSet {
  const search: Search = { program, set: [], removed: [], open: false, seen: new Set() };
  for (const one of functions) read(search, one, 0);
  return { set: search.set, removed: search.removed, open: search.open };
}

/** Methods of middleware and guard classes that frameworks call. */
const methodsRun = [
  'dispatch',
  '__call__',
  'process_response',
  'process_request',
  'process_view',
  '__init__',
  'canActivate',
  'handleRequest',
  'use',
  'intercept',
];

/** The functions that a hook, middleware class or factory value runs for a request. */
export function runs(program: Program, { unit, ref }: Node): readonly FunctionSite[] {
  const value = unit.module.values[ref]!;
  const site = value.kind === 'call' ? program.call(unit, value.call) : undefined;
  const found: FunctionSite[] = [];
  for (const target of site ? program.targets(site) : []) found.push(target);
  for (const meaning of program.meanings(unit, ref)) {
    if (meaning.kind === 'function') {
      found.push({
        unit: meaning.unit,
        id: meaning.function,
        function: meaning.unit.module.functions[meaning.function]!,
      });
    } else if (meaning.kind === 'class' || meaning.kind === 'instance') {
      for (const name of methodsRun) {
        const method = program.method(meaning.unit, meaning.class, name);
        if (method) found.push(method);
      }
    }
  }
  // A decorator or middleware made by a factory: the functions inside do the work.
  return found.flatMap((one) => [one, ...innerOf(one)]);
}

/** Functions defined inside a function, however deep. */
export function innerOf({ unit, id }: FunctionSite): readonly FunctionSite[] {
  const inside = new Set([id]);
  const found: FunctionSite[] = [];
  for (const [at, model] of unit.module.functions.entries()) {
    if (!inside.has(model.function)) continue;
    inside.add(at);
    found.push({ unit, id: at, function: model });
  }
  return found;
}

const headerCalls = new Set([
  'setdefault',
  'add',
  'append',
  'set',
  'add_header',
  'set_header',
  'send_header',
  '__setitem__',
  'appendlist',
  'insert',
  'setHeader',
  'header',
]);
/** What they are called on in JavaScript, where maps and caches have a method `set` too. */
const answers = /(?:^|\.)(?:res|resp|response|reply|rep|ctx|context|c|headers|res\.raw|reply\.raw)\.\w+(?:\(\))?$/i;

/** Calls that take a header out of an answer. */
const removal = /\.(?:removeHeader|remove_header)(?:\(\))?$|\bheaders\.(?:delete|pop|remove)(?:\(\))?$/;

function isConditional({ module }: Unit, guard: number): boolean {
  for (let id = guard; id >= 0; id = module.guards[id]!.parent) if (module.guards[id]!.kind === 'if') return true;
  return false;
}

function read(search: Search, site: FunctionSite, depth: number): void {
  const { program } = search;
  const { unit, id } = site;
  if (depth > 3 || search.seen.has(site.function)) return;
  search.seen.add(site.function);
  // The configuration of Next.js makes its lists at the top of the file.
  const isConfig = site.function.name === 'headers' || /(?:^|\/)next\.config\./.test(unit.path);
  for (const dict of unit.module.dicts)
    if (dict.function === id || (isConfig && dict.function < 0)) described(search, unit, dict.value, isConfig);
  for (const one of unit.module.assignments) {
    if (one.function !== id || one.target !== 'item' || !one.value || one.key === undefined || !one.of) continue;
    if (!/headers?$|response$|resp$|res$|^r$|\brv$/i.test((one.of.name ?? '').replace(/\(\)$/, ''))) continue;
    pair(search, unit, one.key, one.value.value);
  }
  for (const [callId, call] of unit.module.calls.entries()) {
    if (call.function !== id) continue;
    const callee = unit.module.values[call.callee.value]!;
    const [a, b] = call.args;
    const isAnswer = unit.module.language === 'python' || answers.test(call.callee.name ?? '');
    if (unit.module.language !== 'python' && callee.kind === 'attr' && isAnswer) {
      // `res.set({...})`, `reply.headers({...})`, `res.writeHead(200, {...})`.
      const given = callee.name === 'writeHead' ? call.args.at(-1) : b ? undefined : a;
      if (given && /^(?:set|header|headers|writeHead)$/.test(callee.name)) pairs(search, { unit, ref: given.value });
    }
    if (callee.kind === 'attr' && a && removal.test(call.callee.name ?? '') && !isConditional(unit, call.guard))
      for (const name of constants(program, unit, a.value) ?? []) search.removed.push(String(name).toLowerCase());
    if (callee.kind === 'attr' && a && b && headerCalls.has(callee.name) && isAnswer) {
      pair(search, unit, a.value, b.value);
      continue;
    }
    if (
      callee.kind === 'attr' &&
      a &&
      /^(?:update|extend|append|insert)$/.test(callee.name) &&
      /headers?\.\w+$/i.test(call.callee.name ?? '')
    ) {
      pairs(search, { unit, ref: (b ?? a).value });
      continue;
    }
    const called = program.call(unit, callId);
    if (
      called.names.some((name) =>
        /^secure\b.*\.(?:set_headers(?:_async)?|framework\.\w+|fastapi|flask|starlette|aiohttp)$/.test(name),
      )
    )
      helper(search, called);
    for (const arg of call.args) if (arg.keyword === 'headers') pairs(search, { unit, ref: arg.value });
    for (const target of program.targets(called)) read(search, target, depth + 1);
  }
}

/** `headers: {...}` and `headers: [{ key: 'X-Frame-Options', value: 'DENY' }]` among options. */
function described(search: Search, unit: Unit, ref: Ref, isConfig: boolean): void {
  if (unit.module.language === 'python') return;
  const headers = entry(search, { unit, ref }, 'headers');
  if (headers !== undefined) pairs(search, { unit, ref: headers });
  else if (isConfig && entry(search, { unit, ref }, 'key') !== undefined) pairs(search, { unit, ref });
}

function entry({ program }: Search, { unit, ref }: Node, name: string): Ref | undefined {
  const value = unit.module.values[ref]!;
  if (value.kind !== 'dict') return undefined;
  return value.entries.find(([key]) => key !== null && constants(program, unit, key)?.[0] === name)?.[1];
}

/** The secure package sets all of them unless told otherwise. */
function helper(search: Search, site: CallSite): void {
  const place = placeIn(site.unit, site.call);
  for (const name of [
    'strict-transport-security',
    'content-security-policy',
    'x-content-type-options',
    'x-frame-options',
    'referrer-policy',
  ])
    search.set.push({ name, values: undefined, place });
}

function pair(search: Search, unit: Unit, key: Ref, value: Ref): void {
  const { program } = search;
  const names = constants(program, unit, key);
  const place = placeIn(unit, unit.module.values[value]!);
  if (names) {
    for (const name of names) {
      if (typeof name !== 'string') continue;
      // Of a policy that is put together even parts say something.
      const isPolicy = /^content-security-policy/i.test(name);
      const values = isPolicy ? textsOf(program, unit, value) : constants(program, unit, value);
      search.set.push({ name: name.toLowerCase(), values, place });
    }
    return;
  }
  // A loop over a dictionary: `for name, value in HEADERS.items()`.
  const before = search.set.length;
  pairs(search, { unit, ref: key });
  if (search.set.length === before) search.open = true;
}

/** Entries of a dictionary or list of pairs, wherever it is made. */
function pairs(search: Search, node: Node, depth = 0): void {
  const { program } = search;
  const { unit, ref } = node;
  const value = unit.module.values[ref]!;
  if (depth > 16) return;
  const to = (next: Node) => pairs(search, next, depth + 1);
  switch (value.kind) {
    case 'dict': {
      const [key, text] = [entry(search, node, 'key'), entry(search, node, 'value')];
      if (key !== undefined && text !== undefined) {
        if (constants(program, unit, key)) pair(search, unit, key, text);
        return;
      }
      for (const [name, one] of value.entries) {
        if (name === null) to({ unit, ref: one });
        else if (constants(program, unit, name)) pair(search, unit, name, one);
      }
      return;
    }
    case 'list':
      for (const item of value.items) {
        const inner = unit.module.values[item]!;
        if (inner.kind === 'list' && inner.items.length === 2) {
          if (constants(program, unit, inner.items[0]!)) pair(search, unit, inner.items[0]!, inner.items[1]!);
        } else to({ unit, ref: item });
      }
      if (value.items.length === 2 && constants(program, unit, value.items[0]!))
        pair(search, unit, value.items[0]!, value.items[1]!);
      return;
    case 'item':
    case 'element':
    case 'spread':
      to({ unit, ref: value.of });
      return;
    case 'either':
    case 'operation':
      for (const one of value.of) to({ unit, ref: one });
      return;
    case 'unknown':
      for (const one of value.of ?? []) to({ unit, ref: one });
      return;
    case 'global': {
      const defined = program.define(value.name, unit);
      if (defined) to(defined);
      return;
    }
    case 'param': {
      const model = unit.module.functions[value.function]!;
      const own = model.params[value.index]!;
      if (own.default) to({ unit, ref: own.default.value });
      for (const site of program.callers(unit, value.function).slice(0, 8)) {
        const given = site.call.args.find(
          (arg, i) => arg.keyword === own.name || (arg.keyword === undefined && i === value.index),
        );
        if (given) to({ unit: site.unit, ref: given.value });
      }
      return;
    }
    case 'attr':
      for (const meaning of program.meanings(unit, value.of)) {
        if (meaning.kind === 'instance' || meaning.kind === 'class')
          for (const field of program.field(meaning.unit, meaning.class, value.name)) to(field);
        if (meaning.kind === 'module') {
          const defined = program.define(`${meaning.unit.module.name}.${value.name}`, meaning.unit);
          if (defined) to(defined);
        }
      }
      return;
    case 'call': {
      const site = program.call(unit, value.call);
      const callee = unit.module.values[site.call.callee.value]!;
      if (callee.kind === 'attr' && /^(?:items|copy|get)$/.test(callee.name)) to({ unit, ref: callee.of });
      else if (site.names.some((name) => name === 'dict' || name === 'list' || name === 'tuple')) {
        for (const arg of site.call.args) {
          if (arg.keyword === undefined) to({ unit, ref: arg.value });
        }
      }
      for (const target of program.targets(site))
        for (const one of target.function.returns) if (one.value) to({ unit: target.unit, ref: one.value.value });
      return;
    }
    default:
  }
}

/** What is wrong with the value of a header, in lower case; undefined: nothing. */
export function weakness(name: string, text: string, minHstsSeconds: number): string | undefined {
  switch (name) {
    case 'strict-transport-security': {
      const age = /max-age\s*=\s*"?(\d+)/.exec(text)?.[1];
      return age !== undefined && Number(age) < minHstsSeconds ? `max-age is ${age}` : undefined;
    }
    case 'content-security-policy':
      return openings(text);
    case 'x-content-type-options':
      return text === 'nosniff' ? undefined : 'the value is not nosniff';
    case 'x-frame-options':
      return /^(?:deny|sameorigin)$/.test(text) ? undefined : 'browsers ignore the value';
    default:
      return /unsafe-url|no-referrer-when-downgrade/.test(text) ? `the value is ${text}` : undefined;
  }
}

/** Stands in a text for a part that cannot be told. */
export const hole = '\u2026';

/** What a policy allows scripts that makes it worthless; a part that cannot be told may be a nonce. */
function openings(policy: string): string | undefined {
  const scripts =
    /(?:^|;)\s*script-src\s([^;]*)/.exec(policy)?.[1] ?? /(?:^|;)\s*default-src\s([^;]*)/.exec(policy)?.[1];
  if (scripts === undefined) return undefined;
  const has = (pattern: RegExp) => pattern.test(scripts);
  const strict = has(/'strict-dynamic'/) || scripts.includes(hole);
  const found = [
    ...(has(/'unsafe-inline'/) && !strict && !has(/'nonce-|'sha\d+-/) ? ['be inline'] : []),
    ...(has(/'unsafe-eval'/) ? ['use eval'] : []),
    ...(has(/(?:^|\s)(?:\*|(?:https?|data):)(?:\s|$)/) && !strict ? ['come from anywhere'] : []),
  ];
  const last = found.pop();
  if (last === undefined) return undefined;
  return `scripts may ${found.length > 0 ? `${found.join(', ')} and ` : ''}${last}`;
}

/** The texts a value can be, with a mark for each part that cannot be told; undefined: nothing of it is known. */
function textsOf(program: Program, unit: Unit, ref: Ref, depth = 0): readonly string[] | undefined {
  const known = constants(program, unit, ref);
  if (known) return known.map(String);
  const value = unit.module.values[ref]!;
  if (value.kind !== 'concat' || depth > 8) return undefined;
  let texts: readonly string[] = [''];
  for (const part of value.parts) {
    const found = textsOf(program, unit, part, depth + 1) ?? [hole];
    const few = texts.length * found.length > 16 ? [hole] : found;
    texts = texts.flatMap((text) => few.map((one) => (text + one).slice(0, 8192)));
  }
  return texts;
}
