/** Knows Sprig's functions on texts: cutting, joining, case, regular expressions, encodings, hashes. */
import { createHash } from 'node:crypto';
import {
  arg,
  derived,
  indentText,
  int64,
  intArg,
  join,
  quoted,
  rewritten,
  stringOf,
  textArg,
  whole,
  wrap,
} from './arguments.ts';
import type { Call, TemplateFunction } from './evaluate.ts';
import { compile, type Match } from './regex.ts';
import { asText, bool, dict, list, sliceText, TemplateError, type TextValue, text, type Value } from './value.ts';

const MAX_REPEAT = 100_000;

/** A function of one text (the last argument) that keeps the number of characters or derives a new text. */
function onText(change: (value: string) => string, position = 0): TemplateFunction {
  return (args) => {
    const source = textArg(args, position);
    const value = change(source.value);
    return value === source.value ? source : rewritten(value, source);
  };
}

function trimmed(source: TextValue, start: number, end: number): TextValue {
  return sliceText(source, start, Math.max(start, end));
}

const BLANK = /[\s\u0085]/;

function trimBy(source: TextValue, drop: (c: string) => boolean): TextValue {
  let start = 0;
  let end = source.value.length;
  while (start < end && drop(source.value[start]!)) start++;
  while (end > start && drop(source.value[end - 1]!)) end--;
  return trimmed(source, start, end);
}

function repeat(value: string, count: number): string {
  if (count < 0 || value.length * count > MAX_REPEAT) throw new TemplateError('repeat count is out of range');
  return value.repeat(count);
}

const trunc: TemplateFunction = (args) => {
  const count = intArg(args, 0);
  const source = textArg(args, 1);
  const size = source.value.length;
  if (count >= 0) return size > count ? trimmed(source, 0, count) : source;
  return size + count > 0 ? trimmed(source, size + count, size) : source;
};

const substr: TemplateFunction = (args) => {
  const start = intArg(args, 0);
  const end = intArg(args, 1);
  const source = textArg(args, 2);
  if (start < 0) return trimmed(source, 0, end);
  return trimmed(source, start, end < 0 || end > source.value.length ? source.value.length : end);
};

const replace: TemplateFunction = (args) => {
  const [from, to, source] = [textArg(args, 0).value, textArg(args, 1), textArg(args, 2)];
  if (!source.value.includes(from)) return source;
  if (from === '') return derived([...source.value].map((c) => to.value + c).join('') + to.value, source, to);
  const parts: TextValue[] = [];
  let at = 0;
  for (let next = source.value.indexOf(from); next >= 0; next = source.value.indexOf(from, at)) {
    if (parts.length > 20_000) return derived(source.value.replaceAll(from, to.value), source, to);
    parts.push(sliceText(source, at, next), to);
    at = next + from.length;
  }
  parts.push(sliceText(source, at));
  return join(parts);
};

function split(source: TextValue, separator: string, limit = 10_000): TextValue[] {
  if (separator === '') return [...source.value].slice(0, limit).map((c) => derived(c, source));
  const result: TextValue[] = [];
  let at = 0;
  for (;;) {
    const next = result.length + 1 < limit ? source.value.indexOf(separator, at) : -1;
    result.push(sliceText(source, at, next < 0 ? source.value.length : next));
    if (next < 0) return result;
    at = next + separator.length;
  }
}

function numbered(parts: readonly TextValue[]): Value {
  return dict(parts.map((part, i) => [`_${i}`, part]));
}

const title = (value: string) =>
  value.replace(/(^|[^\p{L}\p{N}_'])(\p{Ll})/gu, (_, before, c) => before + c.toUpperCase());
const separated = (value: string, separator: string) =>
  value
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .replace(/([a-zA-Z])(\d+[a-z])/g, '$1 $2')
    .replace(/[\s_-]+/g, separator)
    .toLowerCase();
const camel = (value: string) =>
  value.replace(/(^[\s_-]*|[\s_-]+)([a-zA-Z\d])/g, (_, before, c, at) => (at === 0 ? before : '') + c.toUpperCase());

/** Replaces what matches; `$1`, `${name}` in `to` stand for groups unless it is taken literally. */
function substitute(args: readonly Value[], literal: boolean, { budget }: Call): TextValue {
  const pattern = compile(textArg(args, 0).value);
  const source = textArg(args, 1);
  const to = textArg(args, 2);
  const group = (match: Match, name: string) => {
    const number = /^\d+$/.test(name) ? Number(name) : (pattern.names.get(name) ?? -1);
    const [start, end] = [match[number * 2], match[number * 2 + 1]];
    return number < 0 || start === undefined || end === undefined || start < 0 ? '' : source.value.slice(start, end);
  };
  const parts: string[] = [];
  let at = 0;
  for (const match of pattern.matches(source.value, undefined, budget)) {
    const filled = literal
      ? to.value
      : to.value.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, plain, braced) =>
          whole === '$$' ? '$' : group(match, plain ?? braced),
        );
    parts.push(source.value.slice(at, match[0]), filled);
    at = match[1]!;
  }
  const value = parts.join('') + source.value.slice(at);
  return value === source.value ? source : rewritten(value, source);
}

function found(pattern: string, source: TextValue, limit: number, { budget }: Call): TextValue[] {
  return compile(pattern)
    .matches(source.value, limit < 0 ? undefined : limit, budget)
    .map(([start, end]) => sliceText(source, start!, end!));
}

const regexSplit: TemplateFunction = (args, { budget }) => {
  const source = textArg(args, 1);
  const limit = intArg(args, 2);
  if (limit === 0) return list([]);
  const parts: TextValue[] = [];
  let at = 0;
  for (const [start, end] of compile(textArg(args, 0).value).matches(source.value, undefined, budget)) {
    if (limit > 0 && parts.length === limit - 1) break;
    if (end === 0) continue;
    parts.push(sliceText(source, at, start!));
    at = end!;
  }
  return list([...parts, sliceText(source, at)]);
};

function hash(name: string): TemplateFunction {
  return (args) => derived(createHash(name).update(textArg(args, 0).value).digest('hex'), ...args);
}

const b64dec: TemplateFunction = (args) => {
  const source = textArg(args, 0);
  const written = source.value.replace(/[\r\n]/g, '');
  if (written.length % 4 !== 0 || !/^[A-Za-z\d+/]*={0,2}$/.test(written)) {
    const good = /^[A-Za-z\d+/]*/.exec(written)![0].length;
    return derived(`illegal base64 data at input byte ${good}`, source);
  }
  return derived(Buffer.from(written, 'base64').toString(), source);
};

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const b32enc = (value: string): string => {
  const bits = [...Buffer.from(value)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
  return digits.padEnd(Math.ceil(digits.length / 8) * 8, '=');
};
const b32dec = (value: string): string => {
  const bits = [...value.replace(/=+$/, '')].map((c) => Math.max(0, BASE32.indexOf(c)).toString(2).padStart(5, '0'));
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))).toString();
};

function adler32(value: string): number {
  let [a, b] = [1, 0];
  for (const byte of Buffer.from(value)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

function wordWrap(value: string, width: number, separator: string, breaksWords: boolean): string {
  const lines: string[] = [];
  let line = '';
  for (let word of value.split(' ')) {
    if (line !== '' && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (breaksWords && width > 0 && word.length > width) {
      lines.push(word.slice(0, width));
      word = word.slice(width);
    }
    line = word;
  }
  return [...lines, line].join(separator);
}

const abbreviate = (value: string, width: number) =>
  width < 4 || value.length <= width ? value : `${value.slice(0, width - 3)}...`;

/** Two texts: does the second (the subject) fulfil the condition with the first? */
function test(condition: (subject: string, word: string) => boolean): TemplateFunction {
  return (args) => bool(condition(textArg(args, 1).value, textArg(args, 0).value));
}

const regexMatch: TemplateFunction = (args, call) =>
  bool(found(textArg(args, 0).value, textArg(args, 1), 1, call).length > 0);
const regexFind: TemplateFunction = (args, call) =>
  found(textArg(args, 0).value, textArg(args, 1), 1, call)[0] ?? text('');
const regexFindAll: TemplateFunction = (args, call) =>
  list(found(textArg(args, 0).value, textArg(args, 1), intArg(args, 2), call));

export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  trim: (args) => trimBy(textArg(args, 0), (c) => BLANK.test(c)),
  trimAll: (args) => trimBy(textArg(args, 1), (c) => textArg(args, 0).value.includes(c)),
  trimall: (args) => trimBy(textArg(args, 1), (c) => textArg(args, 0).value.includes(c)),
  trimSuffix: (args) => {
    const [suffix, source] = [textArg(args, 0).value, textArg(args, 1)];
    return suffix !== '' && source.value.endsWith(suffix)
      ? trimmed(source, 0, source.value.length - suffix.length)
      : source;
  },
  trimPrefix: (args) => {
    const [prefix, source] = [textArg(args, 0).value, textArg(args, 1)];
    return source.value.startsWith(prefix) ? sliceText(source, prefix.length) : source;
  },
  upper: onText((value) => value.toUpperCase()),
  lower: onText((value) => value.toLowerCase()),
  title: onText(title),
  untitle: onText((value) =>
    value.replace(/(^|[^\p{L}\p{N}_'])(\p{Lu})/gu, (_, before, c) => before + c.toLowerCase()),
  ),
  swapcase: onText((value) =>
    value.replace(/\p{L}/gu, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())),
  ),
  snakecase: onText((value) => separated(value, '_').replaceAll(' ', '_')),
  kebabcase: onText((value) => separated(value, '-').replaceAll(' ', '-')),
  camelcase: onText(camel),
  nospace: onText((value) => value.replace(/\s+/g, '')),
  initials: onText((value) =>
    value
      .split(/\s+/)
      .map((word) => word.slice(0, 1))
      .join(''),
  ),
  trunc,
  substr,
  replace,
  repeat: (args) => derived(repeat(textArg(args, 1).value, intArg(args, 0)), arg(args, 1)),
  abbrev: (args) => derived(abbreviate(textArg(args, 1).value, intArg(args, 0)), arg(args, 1)),
  wrap: (args) => derived(wordWrap(textArg(args, 1).value, intArg(args, 0), '\n', false), arg(args, 1)),
  wrapWith: (args) =>
    derived(wordWrap(textArg(args, 2).value, intArg(args, 0), textArg(args, 1).value, true), arg(args, 2)),
  contains: test((subject, word) => subject.includes(word)),
  hasPrefix: test((subject, word) => subject.startsWith(word)),
  hasSuffix: test((subject, word) => subject.endsWith(word)),
  quote: (args) => join(args.filter((value) => value.kind !== 'nil').map(quoted), ' '),
  squote: (args) =>
    join(
      args.filter((value) => value.kind !== 'nil').map((value) => wrap("'", asText(value), "'")),
      ' ',
    ),
  cat: (args) => join(args.filter((value) => value.kind !== 'nil').map(asText), ' '),
  indent: (args) => indentText(textArg(args, 1), spaces(args)),
  nindent: (args) => indentText(textArg(args, 1), spaces(args), '\n'),
  plural: (args) => textArg(args, whole(arg(args, 2)) === 1 ? 0 : 1),
  toString: (args: readonly Value[]) => stringOf(arg(args, 0)),
  toStrings: (args) => {
    const value = arg(args, 0);
    return list(
      value.kind === 'list' ? value.items.filter((item) => item.kind !== 'nil').map(stringOf) : [stringOf(value)],
    );
  },
  split: (args) => numbered(split(textArg(args, 1), textArg(args, 0).value)),
  splitn: (args) => numbered(split(textArg(args, 2), textArg(args, 0).value, Math.max(1, intArg(args, 1)))),
  splitList: (args) => list(split(textArg(args, 1), textArg(args, 0).value)),
  join: (args) => {
    const value = arg(args, 1);
    if (value.kind !== 'list') return value.kind === 'nil' ? text('') : stringOf(value);
    return join(value.items.filter((item) => item.kind !== 'nil').map(stringOf), textArg(args, 0).value);
  },
  sortAlpha: (args) => {
    const value = arg(args, 0);
    if (value.kind !== 'list') return list([stringOf(value)]);
    const items = value.items.filter((item) => item.kind !== 'nil').map(stringOf);
    return list(items.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0)));
  },
  regexMatch,
  mustRegexMatch: regexMatch,
  regexFind,
  mustRegexFind: regexFind,
  regexFindAll,
  mustRegexFindAll: regexFindAll,
  regexReplaceAll: (args, call) => substitute(args, false, call),
  mustRegexReplaceAll: (args, call) => substitute(args, false, call),
  regexReplaceAllLiteral: (args, call) => substitute(args, true, call),
  mustRegexReplaceAllLiteral: (args, call) => substitute(args, true, call),
  regexSplit,
  mustRegexSplit: regexSplit,
  regexQuoteMeta: onText((value) => value.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')),
  b64enc: (args) => derived(Buffer.from(textArg(args, 0).value).toString('base64'), ...args),
  b64dec,
  b32enc: (args) => derived(b32enc(textArg(args, 0).value), ...args),
  b32dec: (args) => derived(b32dec(textArg(args, 0).value), ...args),
  sha1sum: hash('sha1'),
  sha256sum: hash('sha256'),
  sha512sum: hash('sha512'),
  adler32sum: (args) => derived(String(adler32(textArg(args, 0).value)), ...args),
  atoi: (args) => {
    const written = textArg(args, 0).value;
    return int64(/^[+-]?\d+$/.test(written) ? Number(written) : 0);
  },
};

function spaces(args: readonly Value[]): number {
  const count = intArg(args, 0);
  if (count < 0 || count > 1000) throw new TemplateError('indentation is out of range');
  return count;
}
