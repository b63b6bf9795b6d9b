/** Knows the words of Go's text/template: delimiters, trim markers, comments, literals. */
import type { Span } from './span.ts';

export interface Token {
  readonly kind:
    | 'text' // between actions, after trimming
    | 'open' // {{ or {{-
    | 'close' // }} or -}}
    | 'space'
    | 'field' // .name, text without the dot
    | 'variable' // $name, text with the dollar
    | 'dot'
    | 'word'
    | 'string' // text is the value
    | 'number'
    | 'char'
    | '('
    | ')'
    | '|'
    | ','
    | '='
    | ':='
    | 'eof';
  readonly text: string;
  readonly span: Span;
  readonly value?: number;
}

export class TemplateSyntaxError extends Error {
  readonly span: Span;
  constructor(message: string, span: Span) {
    super(message);
    this.span = span;
  }
}

const BLANK = ' \t\r\n';
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]*\.?[\da-fA-F_]*[pP][+-]?\d+|0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;
const WORD = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const STRING = /"(?:[^"\\\n]|\\[^\n])*"/y;
const RAW = /`[^`]*`/y;
const CHAR = /'(?:[^'\\\n]|\\[^\n]{1,10}?)'/uy;

/** All tokens of a template, `eof` last. @throws TemplateSyntaxError */
export function tokens(text: string): Token[] {
  const result: Token[] = [];
  let at = 0;
  /** Set behind `-}}`: the following text loses its leading blanks. */
  let trims = false;
  for (;;) {
    const open = text.indexOf('{{', at);
    const end = open < 0 ? text.length : open;
    const marked = open >= 0 && text[open + 2] === '-' && BLANK.includes(text[open + 3] ?? 'x');
    let from = at;
    let to = end;
    if (trims) while (from < to && BLANK.includes(text[from]!)) from++;
    if (marked) while (to > from && BLANK.includes(text[to - 1]!)) to--;
    if (to > from) result.push({ kind: 'text', text: text.slice(from, to), span: { start: from, end: to } });
    if (open < 0) break;
    const inside = open + (marked ? 4 : 2);
    const comment = skipComment(text, marked ? open + 3 : open + 2, open);
    if (comment) {
      at = comment.end;
      trims = comment.trims;
      continue;
    }
    result.push({ kind: 'open', text: '{{', span: { start: open, end: inside } });
    const closed = action(text, inside, result);
    at = closed.end;
    trims = closed.trims;
  }
  result.push({ kind: 'eof', text: '', span: { start: text.length, end: text.length } });
  return result;
}

function skipComment(text: string, at: number, open: number): { end: number; trims: boolean } | undefined {
  let from = at;
  while (BLANK.includes(text[from] ?? 'x')) from++;
  if (!text.startsWith('/*', from)) return undefined;
  if (from !== at && text[open + 2] !== '-') return undefined;
  const span = { start: open, end: open + 2 };
  const end = text.indexOf('*/', from + 2);
  if (end < 0) throw new TemplateSyntaxError('unclosed comment', span);
  const rest = text.slice(end + 2, end + 6);
  if (rest.startsWith('}}')) return { end: end + 4, trims: false };
  if (/^[ \t\r\n]-\}\}/.test(rest)) return { end: end + 6, trims: true };
  throw new TemplateSyntaxError('comment ends before closing delimiter', span);
}

/** Tokens from inside an action to its closing delimiter. */
function action(text: string, inside: number, result: Token[]): { end: number; trims: boolean } {
  let at = inside;
  let parens = 0;
  const push = (kind: Token['kind'], word: string, length: number, value?: number) => {
    const span = { start: at, end: at + length };
    result.push(value === undefined ? { kind, text: word, span } : { kind, text: word, span, value });
    at += length;
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  while (at < text.length) {
    const c = text[at]!;
    const here = { start: at, end: at + 1 };
    if (BLANK.includes(c)) {
      if (text.startsWith('-}}', at + 1)) {
        if (parens > 0) throw new TemplateSyntaxError('unclosed left paren', here);
        push('close', '}}', 4);
        return { end: at, trims: true };
      }
      let end = at + 1;
      while (BLANK.includes(text[end] ?? 'x') && !text.startsWith('-}}', end + 1)) end++;
      push('space', ' ', end - at);
    } else if (text.startsWith('}}', at)) {
      if (parens > 0) throw new TemplateSyntaxError('unclosed left paren', here);
      push('close', '}}', 2);
      return { end: at, trims: false };
    } else if (c === '"' || c === '`') {
      const quoted = take(c === '"' ? STRING : RAW);
      if (quoted === undefined) throw new TemplateSyntaxError('unterminated quoted string', here);
      const value = c === '`' ? quoted.slice(1, -1).replaceAll('\r', '') : unquote(quoted, here);
      push('string', value, quoted.length);
    } else if (c === "'") {
      const quoted = take(CHAR);
      if (quoted === undefined) throw new TemplateSyntaxError('unterminated character constant', here);
      const value = quoted === "'\\''" ? "'" : unquote(`"${quoted.slice(1, -1).replace(/^"$/, '\\"')}"`, here);
      push('char', quoted, quoted.length, value.codePointAt(0) ?? 0);
    } else if (/[0-9]/.test(c) || (/[-+.]/.test(c) && /[0-9]/.test(text[at + 1] ?? ''))) {
      const number = take(NUMBER);
      if (number === undefined || /[\p{L}_]/u.test(text[at + number.length] ?? '')) {
        throw new TemplateSyntaxError('bad number syntax', here);
      }
      push('number', number, number.length, numberValue(number));
    } else if (c === '.') {
      at++;
      const name = take(WORD);
      at--;
      if (name === undefined) push('dot', '.', 1);
      else push('field', name, name.length + 1);
    } else if (c === '$') {
      at++;
      const name = take(WORD) ?? '';
      at--;
      push('variable', `$${name}`, name.length + 1);
    } else if (c === '(' || c === ')') {
      parens += c === '(' ? 1 : -1;
      if (parens < 0) throw new TemplateSyntaxError('unexpected right paren', here);
      push(c, c, 1);
    } else if (c === '|' || c === ',' || c === '=') push(c, c, 1);
    else if (text.startsWith(':=', at)) push(':=', ':=', 2);
    else {
      const word = take(WORD);
      if (word === undefined) throw new TemplateSyntaxError(`unexpected ${JSON.stringify(c)} in action`, here);
      push('word', word, word.length);
    }
  }
  throw new TemplateSyntaxError('unclosed action', { start: inside, end: Math.min(inside + 1, text.length) });
}

function numberValue(text: string): number {
  const plain = text.replaceAll('_', '').replace(/^\+/, '');
  const negative = plain.startsWith('-');
  const digits = negative ? plain.slice(1) : plain;
  const power = /^0x([\da-f]*)\.?([\da-f]*)p([+-]?\d+)$/i.exec(digits);
  if (power) {
    const [, whole = '', part = '', exponent] = power;
    const size = Number.parseInt(`0${whole}${part}`, 16) * 2 ** (Number(exponent) - 4 * part.length);
    return negative ? -size : size;
  }
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return negative ? -value : value;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Value of an interpreted Go string literal, quotes included in `quoted`. */
function unquote(quoted: string, span: Span): string {
  const pattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([\s\S]))/g;
  return quoted.slice(1, -1).replace(pattern, (_, x, u, long, octal, single) => {
    if (single !== undefined) {
      const value = ESCAPES[single as string];
      if (value === undefined) throw new TemplateSyntaxError(`unknown escape \\${single} in string`, span);
      return value;
    }
    const code = octal === undefined ? Number.parseInt(x ?? u ?? long, 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff) throw new TemplateSyntaxError('escape is no valid character', span);
    return String.fromCodePoint(code);
  });
}
