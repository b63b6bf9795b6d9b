/** Knows the syntax of Go's regular expressions (RE2). */
import { TemplateError } from './value.ts';

export type Test = (code: number) => boolean;

export type Node =
  | { readonly kind: 'set'; readonly test: Test }
  | { readonly kind: 'assert'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'group'; readonly part: Node; readonly index: number }
  | {
      readonly kind: 'repeat';
      readonly part: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

const WORD: Test = (c) => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122);
const DIGIT: Test = (c) => c >= 48 && c <= 57;
const SPACE: Test = (c) => c === 32 || c === 9 || c === 10 || c === 12 || c === 13;
const POSIX: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[\t ]/,
  digit: /[0-9]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};
const CONTROL: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 };

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  readonly U: boolean;
}

export class PatternReader {
  groups = 0;
  readonly names = new Map<string, number>();
  readonly #source: string;
  #at = 0;
  #depth = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };

  constructor(source: string) {
    this.#source = source;
  }

  #error(): TemplateError {
    return new TemplateError(`regular expression ${JSON.stringify(this.#source.slice(0, 80))} is not understood`);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw this.#error();
    return node;
  }

  #choice(): Node {
    if (++this.#depth > 100) throw this.#error();
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at]!)) {
      const atom = this.#atom();
      if (atom) parts.push(this.#repeated(atom));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(atom: Node): Node {
    const pattern = /(?:[*+?]|\{(\d+)(,(\d*))?\})(\?)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (!match) return atom;
    this.#at += match[0].length;
    const sign = match[0][0]!;
    let [min, max] = [sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY];
    if (sign === '{') {
      min = Number(match[1]);
      max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
      if (min > 1000 || (max > 1000 && max !== Number.POSITIVE_INFINITY) || max < min) throw this.#error();
    }
    return { kind: 'repeat', part: atom, min, max, lazy: (match[4] === '?') !== this.#flags.U };
  }

  #atom(): Node | undefined {
    const c = this.#source[this.#at++]!;
    const { m, s } = this.#flags;
    switch (c) {
      case '(':
        return this.#parenthesis();
      case '[':
        return this.#set(this.#class());
      case '.':
        return { kind: 'set', test: s ? () => true : (code) => code !== 10 };
      case '^':
        return { kind: 'assert', holds: (text, at) => at === 0 || (m && text[at - 1] === '\n') };
      case '$':
        return { kind: 'assert', holds: (text, at) => at === text.length || (m && text[at] === '\n') };
      case '*':
      case '+':
      case '?':
        throw this.#error();
      case '\\':
        return this.#escape();
      default:
        return this.#set((code) => code === c.charCodeAt(0));
    }
  }

  #set(test: Test): Node {
    if (!this.#flags.i) return { kind: 'set', test };
    const other = (code: number): number => {
      const char = String.fromCharCode(code);
      return (char.toLowerCase() === char ? char.toUpperCase() : char.toLowerCase()).charCodeAt(0);
    };
    return { kind: 'set', test: (code) => test(code) || test(other(code)) };
  }

  #parenthesis(): Node | undefined {
    const outer = this.#flags;
    if (!this.#take('?')) return this.#close(++this.groups, outer);
    const name = /^(?:P?<(\w+)>)/.exec(this.#source.slice(this.#at, this.#at + 100));
    if (name) {
      this.#at += name[0].length;
      this.names.set(name[1]!, ++this.groups);
      return this.#close(this.groups, outer);
    }
    const flags = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#source.slice(this.#at, this.#at + 20));
    if (!flags) throw this.#error();
    this.#at += flags[0].length;
    const changed: Record<string, boolean> = { ...this.#flags };
    for (const letter of flags[1]!) changed[letter] = true;
    for (const letter of flags[2] ?? '') changed[letter] = false;
    this.#flags = changed as unknown as Flags;
    return flags[3] === ')' ? undefined : this.#close(undefined, outer);
  }

  #close(index: number | undefined, outer: Flags): Node {
    const part = this.#choice();
    if (!this.#take(')')) throw this.#error();
    this.#flags = outer;
    return index === undefined ? part : { kind: 'group', part, index };
  }

  #escape(): Node {
    const c = this.#source[this.#at];
    if (c === 'Q') {
      const end = this.#source.indexOf('\\E', this.#at);
      const literal = this.#source.slice(this.#at + 1, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#source.length : end + 2;
      return { kind: 'sequence', parts: [...literal].map((char) => this.#set((code) => code === char.charCodeAt(0))) };
    }
    const edge = (text: string, at: number) =>
      (at > 0 && WORD(text.charCodeAt(at - 1))) !== (at < text.length && WORD(text.charCodeAt(at)));
    const asserts: Record<string, (text: string, at: number) => boolean> = {
      A: (_, at) => at === 0,
      z: (text, at) => at === text.length,
      b: edge,
      B: (text, at) => !edge(text, at),
    };
    const holds = c === undefined ? undefined : asserts[c];
    if (holds) {
      this.#at++;
      return { kind: 'assert', holds };
    }
    const single = this.#escapedSet();
    return this.#set(typeof single === 'number' ? (code) => code === single : single);
  }

  /** Behind a backslash: one character, or a set. */
  #escapedSet(): Test | number {
    const c = this.#source[this.#at++];
    if (c === undefined) throw this.#error();
    const sets: Record<string, Test> = { d: DIGIT, w: WORD, s: SPACE };
    const lower = sets[c.toLowerCase()];
    if (lower) return c === c.toLowerCase() ? lower : (code) => !lower(code);
    if (c === 'p' || c === 'P') {
      const property = /^(?:\{(\^?)([\w]+)\}|([A-Z]))/.exec(this.#source.slice(this.#at, this.#at + 40));
      if (!property) throw this.#error();
      this.#at += property[0].length;
      let matcher: RegExp;
      try {
        const name = property[2] ?? property[3]!;
        matcher = new RegExp(`\\p{${name.length > 2 ? `Script=${name}` : name}}`, 'u');
      } catch {
        throw this.#error();
      }
      const positive = (c === 'p') !== (property[1] === '^');
      return (code) => matcher.test(String.fromCharCode(code)) === positive;
    }
    const hex =
      c === 'x' ? /^(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{2}))/.exec(this.#source.slice(this.#at, this.#at + 10)) : null;
    if (hex) {
      this.#at += hex[0].length;
      return Number.parseInt(hex[1] ?? hex[2]!, 16);
    }
    if (CONTROL[c] !== undefined) return CONTROL[c];
    if (/[A-Za-z0-9]/.test(c)) throw this.#error();
    return c.charCodeAt(0);
  }

  #class(): Test {
    const negated = this.#take('^');
    const tests: Test[] = [];
    for (let first = true; ; first = false) {
      if (this.#at >= this.#source.length) throw this.#error();
      if (!first && this.#take(']')) break;
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 20));
      if (posix) {
        const set = POSIX[posix[2]!];
        if (!set) throw this.#error();
        this.#at += posix[0].length;
        tests.push((code) => set.test(String.fromCharCode(code)) !== (posix[1] === '^'));
        continue;
      }
      const low = this.#classMember();
      if (typeof low !== 'number') {
        tests.push(low);
        continue;
      }
      let high: Test | number = low;
      if (this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && this.#at + 1 < this.#source.length) {
        this.#at++;
        high = this.#classMember();
        if (typeof high !== 'number' || high < low) throw this.#error();
      }
      const to = high;
      tests.push((code) => code >= low && code <= to);
    }
    return (code) => tests.some((test) => test(code)) !== negated;
  }

  #classMember(): Test | number {
    if (this.#take('\\')) return this.#escapedSet();
    return this.#source.charCodeAt(this.#at++);
  }
}
