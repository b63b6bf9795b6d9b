/** Knows the functions of Go templates themselves and those that Helm adds to run templates. */
import { arg, derived, intArg, join, quoted, textArg, typeName, wrap } from './arguments.ts';
import type { TemplateFunction } from './evaluate.ts';
import {
  asText,
  bool,
  dict,
  int,
  lookUp,
  print,
  printFloat,
  sliceText,
  sortedKeys,
  TemplateError,
  type TextValue,
  text,
  truth,
  unknownText,
  type Value,
  visit,
  type Walk,
  walk,
} from './value.ts';

type BasicKind = 'bool' | 'int' | 'float' | 'string' | 'other';

function basicKind(value: Value): BasicKind {
  if (value.kind === 'bool') return 'bool';
  if (value.kind === 'text') return 'string';
  if (value.kind === 'number') return value.type === 'float64' ? 'float' : 'int';
  return 'other';
}

function equal(a: Value, b: Value): boolean {
  if (a.kind === 'nil' || b.kind === 'nil') return a.kind === b.kind;
  if (basicKind(a) !== basicKind(b)) throw new TemplateError('incompatible types for comparison');
  if (a.kind === 'list' || a.kind === 'dict' || a.kind === 'host' || b.kind === 'list') {
    throw new TemplateError(`non-comparable type ${typeName(a)}`);
  }
  return (a as { value: unknown }).value === (b as { value: unknown }).value;
}

function less(a: Value, b: Value): boolean {
  const kind = basicKind(a);
  if (kind === 'other' || basicKind(b) === 'other') throw new TemplateError('invalid type for comparison');
  if (kind !== basicKind(b)) throw new TemplateError('incompatible types for comparison');
  if (kind === 'bool') throw new TemplateError('invalid type for comparison');
  return (a as { value: number }).value < (b as { value: number }).value;
}

const eq: TemplateFunction = (args) => {
  const first = arg(args, 0);
  arg(args, 1);
  return bool(args.slice(1).some((other) => equal(first, other)));
};

function ordered(decide: (a: Value, b: Value) => boolean): TemplateFunction {
  return (args) => bool(decide(arg(args, 0), arg(args, 1)));
}

const index: TemplateFunction = (args) => {
  let value = arg(args, 0);
  for (const key of args.slice(1)) {
    if (value.kind === 'nil')
      throw new TemplateError(`index of nil pointer${value.from?.key ? ` (${value.from.key})` : ''}`);
    if (value.kind === 'dict') {
      if (key.kind !== 'text') throw new TemplateError(`cannot index map with ${typeName(key)}`);
      value = lookUp(value, key.value);
    } else if (value.kind === 'list' || value.kind === 'text') {
      if (key.kind !== 'number' || key.type === 'float64')
        throw new TemplateError(`cannot index slice with ${typeName(key)}`);
      const size: number = value.kind === 'list' ? value.items.length : value.value.length;
      if (key.value < 0 || key.value >= size) throw new TemplateError(`index out of range: ${key.value}`);
      value = value.kind === 'list' ? value.items[key.value]! : int(value.value.charCodeAt(key.value));
    } else throw new TemplateError(`can't index item of type ${typeName(value)}`);
  }
  return value;
};

const len: TemplateFunction = (args) => {
  const value = arg(args, 0);
  if (value.kind === 'text') return int(Buffer.byteLength(value.value));
  if (value.kind === 'list') return int(value.items.length);
  const entries = value.kind === 'dict' || value.kind === 'host' ? value.entries : undefined;
  if (entries) return int(entries.size);
  throw new TemplateError(value.kind === 'nil' ? 'len of nil pointer' : `len of type ${typeName(value)}`);
};

/** `print`: a blank between operands when neither is a string. */
const printAll: TemplateFunction = (args) => {
  const parts: TextValue[] = [];
  args.forEach((value, i) => {
    if (i > 0 && value.kind !== 'text' && args[i - 1]!.kind !== 'text') parts.push(text(' '));
    parts.push(value.kind === 'nil' ? text('<nil>') : asText(value));
  });
  return join(parts);
};

const VERB = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d+))?(?:\[(\d+)\])?([a-zA-Z%])/g;

/** `printf` with the verbs that templates use; characters keep their origin. */
const printf: TemplateFunction = (args) => {
  const format = textArg(args, 0);
  const parts: TextValue[] = [];
  let next = 1;
  let at = 0;
  let chosen = false;
  for (const match of format.value.matchAll(VERB)) {
    parts.push(sliceText(format, at, match.index));
    at = match.index + match[0].length;
    const [, flags = '', , , place, verb = 'v'] = match;
    if (verb === '%') {
      parts.push(text('%'));
      continue;
    }
    const width = match[2] === '*' ? intArg(args, next++) : Number(match[2] ?? 0);
    const precision = match[3] === '*' ? intArg(args, next++) : match[3] === undefined ? undefined : Number(match[3]);
    if (width > 10_000 || (precision ?? 0) > 10_000) throw new TemplateError('printf width is too large');
    if (place !== undefined) {
      chosen = true;
      next = Number(place);
    }
    const value = args[next++];
    if (!value) {
      parts.push(text(`%!${verb}(MISSING)`));
      continue;
    }
    parts.push(pad(formatted(value, verb, flags, precision), width, flags));
  }
  parts.push(sliceText(format, at));
  if (next < args.length && !chosen) {
    const extra = args.slice(next).map((value) => `${typeName(value)}=${print(value, 1)}`);
    parts.push(text(`%!(EXTRA ${extra.join(', ')})`));
  }
  return join(parts);
};

function formatted(
  value: Value,
  verb: string,
  flags: string,
  precision: number | undefined,
  depth = 0,
  state: Walk = walk(),
): TextValue {
  visit(state);
  if (value.kind === 'nil' && depth > 0) return text('<nil>');
  if ((value.kind === 'list' || value.kind === 'dict') && verb !== 'v' && verb !== 'T') {
    if (depth > 30) throw new TemplateError('the value is nested too deeply');
    const inner = (item: Value) => formatted(item, verb, flags, precision, depth + 1, state);
    if (value.kind === 'list') return wrap('[', join(value.items.map(inner), ' '), ']');
    const entries = sortedKeys(value).map((key) => join([inner(text(key)), inner(value.entries.get(key)!)], ':'));
    return wrap('map[', join(entries, ' '), ']');
  }
  const bad = () => text(`%!${verb}(${value.kind === 'nil' ? '<nil>' : `${typeName(value)}=${print(value, 1)}`})`);
  const sign = flags.includes('+') && value.kind === 'number' && value.value >= 0 ? '+' : '';
  switch (verb) {
    case 'v':
      return value.kind === 'nil' ? text('<nil>') : asText(value);
    case 's': {
      if (value.kind === 'nil' || value.kind === 'bool' || value.kind === 'number') return bad();
      const whole = asText(value);
      return precision === undefined ? whole : sliceText(whole, 0, precision);
    }
    case 'q':
      return value.kind === 'text' ? quoted(precision === undefined ? value : sliceText(value, 0, precision)) : bad();
    case 'd':
      return value.kind === 'number' && value.type !== 'float64'
        ? derived(sign + value.value.toFixed(0), value)
        : bad();
    case 't':
      return value.kind === 'bool' ? asText(value) : bad();
    case 'T':
      return text(typeName(value));
    case 'f':
    case 'F':
    case 'e':
    case 'g':
      if (value.kind !== 'number' || value.type !== 'float64') return bad();
      if (verb === 'g') return derived(sign + printFloat(value.value), value);
      return derived(
        sign +
          (verb === 'e'
            ? value.value.toExponential(precision ?? 6).replace(/e([-+])(\d)$/, 'e$10$2')
            : value.value.toFixed(Math.min(precision ?? 6, 100))),
        value,
      );
    case 'x':
    case 'X':
    case 'o':
    case 'b': {
      const base = { x: 16, X: 16, o: 8, b: 2 }[verb];
      let digits: string;
      if (value.kind === 'text' && base === 16) digits = Buffer.from(value.value).toString('hex');
      else if (value.kind === 'number' && value.type !== 'float64') digits = value.value.toString(base);
      else return bad();
      const prefix = flags.includes('#') ? ({ x: '0x', X: '0X', o: '0', b: '0b' }[verb] ?? '') : '';
      return derived(prefix + (verb === 'X' ? digits.toUpperCase() : digits), value);
    }
    case 'c':
      return value.kind === 'number' && value.value >= 0 && value.value < 0x110000
        ? derived(String.fromCodePoint(value.value), value)
        : bad();
    default:
      return bad();
  }
}

function pad(value: TextValue, width: number, flags: string): TextValue {
  const missing = width - [...value.value].length;
  if (missing <= 0) return value;
  if (flags.includes('-')) return join([value, text(' '.repeat(missing))]);
  const zeros = flags.includes('0') && /^[-+]?[\d.]+$/.test(value.value);
  if (!zeros) return join([text(' '.repeat(missing)), value]);
  const sign = /^[-+]/.test(value.value) ? 1 : 0;
  return join([sliceText(value, 0, sign), text('0'.repeat(missing)), sliceText(value, sign)]);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  "'": '&#39;',
  '"': '&#34;',
};

export const builtins: Readonly<Record<string, TemplateFunction>> = {
  eq,
  ne: ordered((a, b) => !equal(a, b)),
  lt: ordered(less),
  le: ordered((a, b) => less(a, b) || equal(a, b)),
  gt: ordered((a, b) => !(less(a, b) || equal(a, b))),
  ge: ordered((a, b) => !less(a, b)),
  not: (args) => bool(!truth(arg(args, 0))),
  len,
  index,
  print: printAll,
  printf,
  println: (args) =>
    join([
      join(
        args.map((value) => (value.kind === 'nil' ? text('<nil>') : asText(value))),
        ' ',
      ),
      text('\n'),
    ]),
  html: (args) =>
    derived(
      print(arg(args, 0)).replace(/[<>&'"]/g, (c) => ENTITIES[c]!),
      ...args,
    ),
  js: (args) =>
    derived(
      JSON.stringify(print(arg(args, 0)))
        .slice(1, -1)
        .replaceAll("'", "\\'"),
      ...args,
    ),
  urlquery: (args) =>
    derived(encodeURIComponent(args.map((value) => print(value)).join('')).replaceAll('%20', '+'), ...args),
  call: () => {
    throw new TemplateError('call of something that is no function');
  },
  include: (args, call) => call.include(textArg(args, 0).value, arg(args, 1)),
  tpl: (args, call) => call.tpl(textArg(args, 0), arg(args, 1)),
  lookup: () => dict(),
  required: (args, call) => {
    const message = textArg(args, 0).value;
    const value = arg(args, 1);
    if (value.kind !== 'nil' && !(value.kind === 'text' && value.value === '')) return value;
    if (!call.lenient) throw new TemplateError(message, true);
    return unknownText('required', message, value.from ?? call.at);
  },
  fail: (args, call) => {
    if (!call.lenient) throw new TemplateError(textArg(args, 0).value, true);
    return text('');
  },
};
