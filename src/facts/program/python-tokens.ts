/** Knows how the text of a Python file splits into tokens: names, literals, operators and the changes of indentation. */

/** A place where the text is no Python, or nested deeper than anything that people write. */
export class PythonError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Tokens in columns: a large file has a million of them, and that many objects would cost more than to parse them. */
export interface Tokens {
  /**
   * Operators and keywords are their own kind; else `name`, `number`, `string`, `newline`, `indent`, `dedent`, `end`.
   * An f-string is `f-start`, then `f-middle` (text), `{` and `}` around the tokens of an expression, and `f-end`.
   */
  readonly kinds: readonly string[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Words of names; empty for all other tokens. */
  readonly names: readonly string[];
}

/** Python's own limit of blocks. */
const maxIndents = 100;

const keywords = new Map(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  )
    .split(' ')
    .map((word) => [word, word]),
);

const operators = new Map(
  (
    '... **= //= >>= <<= ** // >> << <= >= == != -> += -= *= /= %= &= |= ^= @= := ' +
    '( ) [ ] { } , : . ; = + - * / % & | ^ ~ @ < >'
  )
    .split(' ')
    .map((text) => [text, text]),
);

const numbers =
  /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)[jJ]?/y;
const foreign = /\p{ID_Continue}/uy;

/** What each ASCII character may begin or continue: 1 a name, 2 a digit. */
const classes = new Uint8Array(128);
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_') classes[c.charCodeAt(0)] = 1;
for (const c of '0123456789') classes[c.charCodeAt(0)] = 2;

/** An f-string that is not closed yet, with the depths of its open braces. */
interface Template {
  readonly start: number;
  readonly quote: number;
  readonly triple: boolean;
  readonly raw: boolean;
  /** `format`: behind the colon, where text stands again. */
  readonly fields: { readonly depth: number; format: boolean }[];
}

/** Splits a text. Throws PythonError. */
export function tokensOf(text: string): Tokens {
  return new Tokenizer(text).run();
}

class Tokenizer {
  readonly #text: string;
  readonly #kinds: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #names: string[] = [];
  readonly #indents: number[] = [0];
  readonly #templates: Template[] = [];
  #at = 0;
  /** Open brackets: within them line breaks mean nothing. */
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): Tokens {
    const text = this.#text;
    this.#indentation();
    while (this.#at < text.length) this.#token();
    const open = this.#templates.at(-1);
    if (open) throw new PythonError('unterminated f-string', open.start);
    if (this.#kinds.length > 0 && this.#kinds.at(-1) !== 'newline') this.#push('newline', text.length, text.length);
    while (this.#indents.length > 1) {
      this.#indents.pop();
      this.#push('dedent', text.length, text.length);
    }
    this.#push('end', text.length, text.length);
    return { kinds: this.#kinds, starts: this.#starts, ends: this.#ends, names: this.#names };
  }

  #push(kind: string, start: number, end: number, name = ''): void {
    this.#kinds.push(kind);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#names.push(name);
    this.#at = end;
  }

  #token(): void {
    const text = this.#text;
    const at = this.#at;
    const c = text.charCodeAt(at);
    const kind = c < 128 ? classes[c]! : 0;
    if (kind === 1) this.#word(at);
    else if (c === 32 || c === 9 || c === 12) this.#at++;
    else if (c === 10 || c === 13) this.#newline(at, c);
    else if (c === 34 || c === 39) this.#string(at, at, '');
    else if (kind === 2 || (c === 46 && classes[text.charCodeAt(at + 1)] === 2)) this.#number(at);
    else if (c === 35) this.#comment();
    else if (c === 92) this.#continuation(at);
    else if (c < 128) this.#operator(at, c);
    else this.#word(at);
  }

  /** From the start of a line: its depth, unless it is blank or only a comment. */
  #indentation(): void {
    const text = this.#text;
    let column = 0;
    let at = this.#at;
    for (; ; at++) {
      const c = text.charCodeAt(at);
      if (c === 32) column++;
      else if (c === 9) column += 8 - (column % 8);
      else if (c === 12) column = 0;
      else if (c === 35) {
        this.#at = at;
        this.#comment();
        at = this.#at - 1;
      } else if (c === 10 || c === 13) column = 0;
      else break;
    }
    this.#at = at;
    if (at >= text.length) return;
    let last = this.#indents.at(-1)!;
    if (column > last) {
      if (this.#indents.length > maxIndents) throw new PythonError('nested too deeply', at);
      this.#indents.push(column);
      this.#push('indent', at, at);
    }
    while (column < last) {
      this.#indents.pop();
      this.#push('dedent', at, at);
      last = this.#indents.at(-1)!;
      if (column > last) throw new PythonError('unindent does not match any outer level', at);
    }
  }

  #newline(at: number, c: number): void {
    const end = c === 13 && this.#text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1;
    this.#at = end;
    if (this.#depth > 0) return;
    this.#push('newline', at, end);
    this.#indentation();
  }

  #comment(): void {
    const text = this.#text;
    let at = this.#at;
    for (let c = text.charCodeAt(at); at < text.length && c !== 10 && c !== 13; c = text.charCodeAt(at)) at++;
    this.#at = at;
  }

  #continuation(at: number): void {
    const c = this.#text.charCodeAt(at + 1);
    if (c === 10) this.#at = at + 2;
    else if (c === 13) this.#at = at + (this.#text.charCodeAt(at + 2) === 10 ? 3 : 2);
    else throw new PythonError('unexpected character after a backslash', at);
  }

  #word(start: number): void {
    const text = this.#text;
    let at = start;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c < 128) {
        if (classes[c] === 0) break;
        at++;
      } else {
        foreign.lastIndex = at;
        if (!(c >= 128) || !foreign.test(text)) break;
        at = foreign.lastIndex;
      }
    }
    if (at === start) throw new PythonError('unexpected character', start);
    const word = text.slice(start, at);
    const next = text.charCodeAt(at);
    if ((next === 34 || next === 39) && at - start <= 2 && /^(?:[rbuft]|[rb][br]|[rft][rft])$/i.test(word)) {
      this.#string(start, at, word.toLowerCase());
      return;
    }
    const keyword = keywords.get(word);
    if (keyword !== undefined) this.#push(keyword, start, at);
    else this.#push('name', start, at, word);
  }

  #number(at: number): void {
    numbers.lastIndex = at;
    numbers.test(this.#text);
    this.#push('number', at, numbers.lastIndex);
  }

  /** A literal that begins at `start` with its prefix and at `quoted` with its quotes. */
  #string(start: number, quoted: number, prefix: string): void {
    const text = this.#text;
    const quote = text.charCodeAt(quoted);
    const triple = text.charCodeAt(quoted + 1) === quote && text.charCodeAt(quoted + 2) === quote;
    let at = quoted + (triple ? 3 : 1);
    if (prefix.includes('f') || prefix.includes('t')) {
      this.#push('f-start', start, at);
      this.#templates.push({ start, quote, triple, raw: prefix.includes('r'), fields: [] });
      this.#middle();
      return;
    }
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === 92) at += text.charCodeAt(at + 1) === 13 && text.charCodeAt(at + 2) === 10 ? 2 : 1;
      else if (c === quote) {
        if (triple && (text.charCodeAt(at + 1) !== quote || text.charCodeAt(at + 2) !== quote)) continue;
        this.#push('string', start, at + (triple ? 3 : 1));
        return;
      } else if (!triple && (c === 10 || c === 13)) break;
    }
    throw new PythonError('unterminated string', start);
  }

  /** The text of the innermost f-string, up to its end or to the brace of the next expression. */
  #middle(): void {
    const text = this.#text;
    const template = this.#templates.at(-1)!;
    const { quote, triple, raw, fields } = template;
    const start = this.#at;
    const format = fields.at(-1)?.format ?? false;
    const flush = (end: number) => {
      if (end > start) this.#push('f-middle', start, end);
    };
    for (let at = start; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === 92) {
        const next = text.charCodeAt(at + 1);
        if (!raw && next === 78 && text.charCodeAt(at + 2) === 123) at = Math.max(at + 1, text.indexOf('}', at));
        else if (next !== 123 && next !== 125) at++;
      } else if (c === quote) {
        if (triple && (text.charCodeAt(at + 1) !== quote || text.charCodeAt(at + 2) !== quote)) continue;
        flush(at);
        this.#push('f-end', at, at + (triple ? 3 : 1));
        this.#templates.pop();
        if (fields.length > 0) throw new PythonError('unterminated expression in an f-string', at);
        return;
      } else if (c === 123) {
        if (!format && text.charCodeAt(at + 1) === 123) at++;
        else {
          flush(at);
          this.#push('{', at, at + 1);
          if (fields.length >= maxIndents) throw new PythonError('nested too deeply', at);
          fields.push({ depth: ++this.#depth, format: false });
          return;
        }
      } else if (c === 125) {
        if (format) {
          flush(at);
          this.#closeField(at);
          return;
        }
        if (text.charCodeAt(at + 1) !== 125) throw new PythonError('single } in an f-string', at);
        at++;
      } else if (!triple && (c === 10 || c === 13)) break;
    }
    throw new PythonError('unterminated f-string', template.start);
  }

  #closeField(at: number): void {
    this.#push('}', at, at + 1);
    this.#templates.at(-1)!.fields.pop();
    this.#depth--;
    this.#middle();
  }

  #operator(at: number, c: number): void {
    const text = this.#text;
    const field = this.#templates.at(-1)?.fields.at(-1);
    if (field?.depth === this.#depth) {
      if (c === 125) {
        this.#closeField(at);
        return;
      }
      if (c === 58) {
        this.#push(':', at, at + 1);
        field.format = true;
        this.#middle();
        return;
      }
      if (c === 33 && text.charCodeAt(at + 1) !== 61) {
        this.#push('!', at, at + 1);
        return;
      }
    }
    for (let length = isAlone(c) ? 1 : 3; length > 0; length--) {
      const operator = operators.get(text.slice(at, at + length));
      if (operator === undefined) continue;
      if (c === 40 || c === 91 || c === 123) this.#depth++;
      else if (c === 41 || c === 93 || c === 125) this.#depth = Math.max(0, this.#depth - 1);
      this.#push(operator, at, at + length);
      return;
    }
    throw new PythonError('unexpected character', at);
  }
}

/** Characters that begin no longer operator: ( ) , [ ] { } ; ~ */
function isAlone(c: number): boolean {
  return c === 40 || c === 41 || c === 44 || c === 91 || c === 93 || c === 123 || c === 125 || c === 59 || c === 126;
}
