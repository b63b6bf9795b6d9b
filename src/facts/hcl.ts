/** Knows the HCL language: native and JSON syntax become one located, plain-data tree of blocks, attributes and expressions. */
import type { ParseProblem } from './facts.ts';
import type { Span } from './span.ts';

export interface Body {
  readonly attributes: readonly Attribute[];
  readonly blocks: readonly Block[];
}

export interface Attribute {
  readonly name: string;
  readonly value: Expression;
  /** From the name to the end of the value. */
  readonly span: Span;
}

export interface Block extends Body {
  readonly type: string;
  readonly labels: readonly string[];
  /** From the type to the closing brace. */
  readonly span: Span;
  /** Type and labels without the body. */
  readonly head: Span;
}

export interface Comment {
  /** Without the comment marks. */
  readonly text: string;
  readonly span: Span;
}

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
}

/** One step after a splat: an attribute name or an index. */
export type Step = { readonly name: string } | { readonly key: Expression };

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Expression }
  | {
      readonly kind: 'if';
      readonly condition: Expression;
      readonly yes: readonly Part[];
      readonly no: readonly Part[];
    }
  | {
      readonly kind: 'for';
      readonly names: readonly string[];
      readonly of: Expression;
      readonly body: readonly Part[];
    };

export type Expression = { readonly span: Span } & (
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'template'; readonly parts: readonly Part[] }
  | { readonly kind: 'tuple'; readonly items: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly Entry[] }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'get'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly key: Expression }
  | { readonly kind: 'splat'; readonly of: Expression; readonly steps: readonly Step[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly expand: boolean }
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly value: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | {
      readonly kind: 'for';
      readonly names: readonly string[];
      readonly of: Expression;
      /** Present for an object result. */
      readonly key?: Expression;
      readonly value: Expression;
      readonly test?: Expression;
      readonly group: boolean;
    }
  /** What could not be read; a problem says why. */
  | { readonly kind: 'broken' }
);

export interface HclFile {
  readonly body: Body;
  readonly comments: readonly Comment[];
  readonly problems: readonly ParseProblem[];
}

/** Deeper nesting than any real file has; it keeps hostile input away from the stack's end. */
export const MAX_DEPTH = 250;
const MAX_CHAIN = 300;
const MAX_PROBLEMS = 20;

const OPERATORS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const HEREDOC = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)[ \t]*(\r\n|\n|\r)/uy;

/** Thrown inside a parser, never out of it. */
export interface Mistake {
  readonly mistake: string;
  readonly at: number;
}

/** Reads native syntax. Never throws: what cannot be read is a problem, and reading goes on after it. */
export function parseHcl(text: string): HclFile {
  const parser = createParser(text);
  const body = parser.body(0, false);
  return { body, comments: parser.comments, problems: parser.problems };
}

/** Reads a template that JSON syntax keeps in a string; undefined when it has a mistake. All of it gets one span. */
export function parseTemplate(text: string, span: Span): Expression | undefined {
  const parser = createParser(text);
  try {
    return relocated(parser.wholeTemplate(), span);
  } catch (error) {
    if (isMistake(error)) return undefined;
    throw error;
  }
}

export function isMistake(error: unknown): error is Mistake {
  return typeof error === 'object' && error !== null && 'mistake' in error;
}

function createParser(text: string) {
  let at = 0;
  let depth = 0;
  /** Inside parentheses and brackets a line break is white space. */
  let free = false;
  const comments: Comment[] = [];
  const problems: ParseProblem[] = [];
  /** Comments are met again when the parser looks ahead; each is kept once. */
  let commentsUpTo = 0;

  function stop(mistake: string, where = at): never {
    throw { mistake, at: Math.min(where, text.length) } satisfies Mistake;
  }

  function report(message: string, where: number, end = where + 1): void {
    if (problems.length < MAX_PROBLEMS) {
      const start = Math.min(where, text.length);
      problems.push({ message, span: { start, end: Math.min(Math.max(start, end), text.length) } });
    }
  }

  function deeper<T>(read: () => T): T {
    if (++depth > MAX_DEPTH) {
      depth--;
      stop('nested too deeply');
    }
    const saved = free;
    try {
      return read();
    } finally {
      depth--;
      free = saved;
    }
  }

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  }

  function lineEnd(from: number): number {
    let end = from;
    while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end++;
    return end;
  }

  function keepComment(start: number, end: number, content: string): void {
    if (start < commentsUpTo) return;
    commentsUpTo = end;
    comments.push({ text: content, span: { start, end } });
  }

  /** Moves over blanks and comments, and over line breaks when asked. */
  function skip(breaks: boolean): void {
    for (;;) {
      const c = text[at];
      if (c === ' ' || c === '\t' || (breaks && (c === '\n' || c === '\r')) || c === '\u00a0' || c === '\ufeff') at++;
      else if (c === '#' || (c === '/' && text[at + 1] === '/')) {
        const end = lineEnd(at);
        keepComment(at, end, text.slice(at + (c === '#' ? 1 : 2), end));
        at = end;
      } else if (c === '/' && text[at + 1] === '*') {
        const close = text.indexOf('*/', at + 2);
        const end = close < 0 ? text.length : close + 2;
        if (close < 0) report('comment is not closed', at, end);
        keepComment(at, end, text.slice(at + 2, close < 0 ? end : close));
        at = end;
      } else return;
    }
  }

  function eat(token: string): boolean {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  }

  function expect(token: string, what: string): void {
    if (!eat(token)) stop(`expected ${what}`);
  }

  /** After a mistake: goes to the end of the attribute, over balanced brackets, strings and heredocs. */
  function recover(from: number): void {
    at = from;
    let level = 0;
    while (at < text.length) {
      const c = text[at]!;
      if (level === 0 && (c === '\n' || c === '\r' || c === '}')) return;
      if (c === '{' || c === '[' || c === '(') level++;
      else if (c === '}' || c === ']' || c === ')') level = Math.max(0, level - 1);
      else if (c === '"') {
        at++;
        while (at < text.length && text[at] !== '"' && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
      } else if (c === '#' || (c === '/' && (text[at + 1] === '/' || text[at + 1] === '*'))) {
        skip(false);
        continue;
      } else if (c === '<' && text[at + 1] === '<') {
        const opened = at;
        const found = match(HEREDOC);
        if (found) {
          at = heredocEnd(found[2]!).after;
          continue;
        }
        at = opened;
      }
      at++;
    }
    at = Math.min(at, text.length);
  }

  function body(level: number, nested: boolean): Body {
    const attributes: Attribute[] = [];
    const blocks: Block[] = [];
    const opened = at;
    for (;;) {
      skip(true);
      if (at >= text.length) {
        if (nested) report('block is not closed', opened - 1);
        break;
      }
      if (text[at] === '}') {
        if (nested) break;
        report('closing brace without a block', at);
        at++;
        continue;
      }
      const start = at;
      try {
        readItem(level, start, attributes, blocks);
      } catch (error) {
        if (!isMistake(error)) throw error;
        report(error.mistake, error.at);
        recover(start);
        if (at === start) at++;
      }
    }
    return { attributes, blocks };
  }

  function readItem(level: number, start: number, attributes: Attribute[], blocks: Block[]): void {
    free = false;
    const name = match(IDENTIFIER)?.[0];
    if (!name) stop('expected an attribute or a block');
    skip(false);
    if (text[at] === '=' && text[at + 1] !== '=') {
      at++;
      skip(false);
      let value: Expression;
      try {
        value = expression();
        if (text[at - 1] !== '\n' && text[at - 1] !== '\r') {
          const end = at;
          skip(false);
          if (at < text.length && !'\r\n}'.includes(text[at]!)) stop('expected the end of the line', at);
          if (text[at] === '}' || at >= text.length) at = Math.max(end, at);
        }
      } catch (error) {
        if (!isMistake(error)) throw error;
        report(error.mistake, error.at);
        recover(start);
        value = { kind: 'broken', span: { start, end: at } };
      }
      attributes.push({ name, value, span: { start, end: Math.max(value.span.end, start) } });
      return;
    }
    const labels: string[] = [];
    let headEnd = at;
    while (text[at] !== '{') {
      if (text[at] === '"') {
        const label = quoted();
        labels.push(
          label.kind === 'literal' ? String(label.value) : text.slice(label.span.start + 1, label.span.end - 1),
        );
      } else {
        const label = match(IDENTIFIER)?.[0];
        if (!label) stop('expected an equals sign or a block');
        labels.push(label);
      }
      headEnd = at;
      skip(false);
    }
    if (labels.length === 0) headEnd = start + name.length;
    at++;
    if (level >= MAX_DEPTH) stop('nested too deeply', start);
    const inner = body(level + 1, true);
    eat('}');
    blocks.push({ type: name, labels, ...inner, span: { start, end: at }, head: { start, end: headEnd } });
  }

  function expression(): Expression {
    return deeper(() => {
      const test = binary(0);
      const before = at;
      // No item of a body begins with a question mark, so a condition may go on in the next line.
      skip(true);
      if (text[at] !== '?') {
        at = before;
        return test;
      }
      at++;
      skip(true);
      const yes = expression();
      skip(true);
      expect(':', 'a colon of the condition');
      skip(true);
      const no = expression();
      return {
        kind: 'conditional',
        test,
        yes,
        no,
        span: { start: test.span.start, end: no.span.end },
      };
    });
  }

  function operatorAt(level: number): string | undefined {
    for (const operator of OPERATORS[level]!) {
      if (!text.startsWith(operator, at)) continue;
      // "=>" ends the key of a for expression; "//" and "/*" are comments and were skipped before.
      return operator;
    }
    return undefined;
  }

  function binary(level: number): Expression {
    if (level === OPERATORS.length) return unary();
    let left = binary(level + 1);
    for (let chain = 0; ; chain++) {
      if (chain > MAX_CHAIN) stop('nested too deeply');
      const before = at;
      skip(free);
      const operator = operatorAt(level);
      if (!operator) {
        at = before;
        return left;
      }
      at += operator.length;
      skip(true);
      const right = binary(level + 1);
      left = { kind: 'binary', operator, left, right, span: { start: left.span.start, end: right.span.end } };
    }
  }

  function unary(): Expression {
    const start = at;
    const c = text[at];
    if ((c === '!' && text[at + 1] !== '=') || c === '-') {
      return deeper(() => {
        at++;
        skip(free);
        const value = unary();
        const span = { start, end: value.span.end };
        if (c === '-' && value.kind === 'literal' && typeof value.value === 'number') {
          return { kind: 'literal', value: -value.value, span };
        }
        return { kind: 'unary', operator: c, value, span };
      });
    }
    return postfix(term());
  }

  function postfix(first: Expression): Expression {
    let of = first;
    const start = of.span.start;
    for (let chain = 0; ; chain++) {
      if (chain > MAX_CHAIN) stop('nested too deeply');
      const before = at;
      if (free) skip(true);
      if (text[at] === '.' && !text.startsWith('...', at)) {
        at++;
        skip(free);
        if (eat('*')) {
          const steps: Step[] = [];
          while (text[at] === '.' && steps.length < MAX_CHAIN) {
            const back = at;
            at++;
            const name = match(IDENTIFIER)?.[0] ?? match(/\d+/y)?.[0];
            if (name === undefined) {
              at = back;
              break;
            }
            steps.push({ name });
          }
          of = { kind: 'splat', of, steps, span: { start, end: at } };
          continue;
        }
        const digits = match(/\d+/y);
        if (digits) {
          const key: Expression = { kind: 'literal', value: Number(digits[0]), span: { start: digits.index, end: at } };
          of = { kind: 'index', of, key, span: { start, end: at } };
          continue;
        }
        const name = match(IDENTIFIER)?.[0];
        if (!name) stop('expected an attribute name');
        of = { kind: 'get', of, name, span: { start, end: at } };
      } else if (text[at] === '[') {
        of = indexed(of, start);
      } else {
        at = before;
        return of;
      }
    }
  }

  function indexed(of: Expression, start: number): Expression {
    return deeper(() => {
      at++;
      free = true;
      skip(true);
      if (text[at] === '*') {
        const back = at;
        at++;
        skip(true);
        if (eat(']')) {
          const steps: Step[] = [];
          while (steps.length < MAX_CHAIN) {
            if (text[at] === '.' && text[at + 1] !== '.') {
              at++;
              const name = match(IDENTIFIER)?.[0];
              if (!name) stop('expected an attribute name');
              steps.push({ name });
            } else if (text[at] === '[' && !probe(/\[\s*\*/y)) {
              at++;
              skip(true);
              const key = expression();
              skip(true);
              expect(']', 'a closing bracket');
              steps.push({ key });
            } else break;
          }
          return { kind: 'splat', of, steps, span: { start, end: at } };
        }
        at = back;
      }
      const key = expression();
      skip(true);
      expect(']', 'a closing bracket');
      return { kind: 'index', of, key, span: { start, end: at } };
    });
  }

  function term(): Expression {
    const start = at;
    const c = text[at];
    if (c === undefined) stop('expected a value');
    if (c === '"') return quoted();
    if (c === '[') return deeper(tuple);
    if (c === '{') return deeper(object);
    if (c === '(') {
      return deeper(() => {
        at++;
        free = true;
        skip(true);
        const value = expression();
        skip(true);
        expect(')', 'a closing parenthesis');
        return { ...value, span: { start, end: at } };
      });
    }
    if (c === '<' && text[at + 1] === '<') return heredoc();
    const number = match(NUMBER);
    if (number) return { kind: 'literal', value: Number(number[0]), span: { start, end: at } };
    let name = match(IDENTIFIER)?.[0];
    if (!name) stop('expected a value');
    while (text.startsWith('::', at)) {
      const back = at;
      at += 2;
      const next = match(IDENTIFIER)?.[0];
      if (!next) {
        at = back;
        break;
      }
      name += `::${next}`;
    }
    const span = { start, end: at };
    if (text[at] === '(') return deeper(() => call(name, start));
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', span };
    if (name === 'null') return { kind: 'literal', value: null, span };
    return { kind: 'name', name, span };
  }

  function call(name: string, start: number): Expression {
    at++;
    free = true;
    const args: Expression[] = [];
    let expand = false;
    for (;;) {
      skip(true);
      if (eat(')')) break;
      args.push(expression());
      skip(true);
      if (eat('...')) {
        expand = true;
        skip(true);
      }
      if (eat(',')) continue;
      skip(true);
      expect(')', 'a closing parenthesis');
      break;
    }
    return { kind: 'call', name, args, expand, span: { start, end: at } };
  }

  /** True when a `for` expression begins here rather than a name or key "for". */
  function startsFor(): boolean {
    return probe(/for\s+[\p{ID_Start}_][\p{ID_Continue}-]*\s*(?:,|\sin[^\p{ID_Continue}])/uy);
  }

  function probe(pattern: RegExp): boolean {
    pattern.lastIndex = at;
    return pattern.test(text);
  }

  function tuple(): Expression {
    const start = at;
    at++;
    free = true;
    skip(true);
    if (startsFor()) return forExpression(start, ']');
    const items: Expression[] = [];
    for (;;) {
      skip(true);
      if (eat(']')) break;
      items.push(expression());
      skip(true);
      if (eat(',')) continue;
      expect(']', 'a closing bracket or a comma');
      break;
    }
    return { kind: 'tuple', items, span: { start, end: at } };
  }

  function object(): Expression {
    const start = at;
    at++;
    free = true;
    skip(true);
    if (startsFor()) return forExpression(start, '}');
    const entries: Entry[] = [];
    for (;;) {
      free = true;
      skip(true);
      if (eat('}')) break;
      const key = objectKey();
      skip(true);
      if (!eat('=') && !eat(':')) stop('expected an equals sign');
      skip(true);
      free = false;
      const value = expression();
      entries.push({ key, value });
      skip(false);
      if (eat(',')) continue;
      if (eat('}')) break;
      const ended = text[at] === '\n' || text[at] === '\r' || text[at - 1] === '\n' || text[at - 1] === '\r';
      if (!ended) stop('expected a comma, a line break or a closing brace');
    }
    return { kind: 'object', entries, span: { start, end: at } };
  }

  function objectKey(): Expression {
    const start = at;
    const name = match(IDENTIFIER)?.[0];
    if (name) {
      const end = at;
      skip(true);
      if (text[at] === ':' || (text[at] === '=' && text[at + 1] !== '=')) {
        return { kind: 'literal', value: name, span: { start, end } };
      }
      at = start;
    }
    return expression();
  }

  function forExpression(start: number, close: ']' | '}'): Expression {
    at += 3;
    const { names, of } = forIntro();
    skip(true);
    expect(':', 'a colon of the for expression');
    skip(true);
    let value = expression();
    let key: Expression | undefined;
    let group = false;
    skip(true);
    if (close === '}') {
      expect('=>', 'an arrow of the for expression');
      skip(true);
      key = value;
      value = expression();
      skip(true);
      if (eat('...')) {
        group = true;
        skip(true);
      }
    }
    let test: Expression | undefined;
    if (probe(/if[^\p{ID_Continue}-]/uy)) {
      at += 2;
      skip(true);
      test = expression();
      skip(true);
    }
    expect(close, 'the end of the for expression');
    const span = { start, end: at };
    return { kind: 'for', names, of, value, group, ...(key && { key }), ...(test && { test }), span };
  }

  function forIntro(): { names: string[]; of: Expression } {
    const names: string[] = [];
    do {
      skip(true);
      const name = match(IDENTIFIER)?.[0];
      if (!name) stop('expected a name');
      names.push(name);
      skip(true);
    } while (eat(',') && names.length < 2);
    if (!probe(/in[^\p{ID_Continue}-]/uy)) stop('expected "in"');
    at += 2;
    skip(true);
    return { names, of: expression() };
  }

  function quoted(): Expression {
    const start = at;
    at++;
    const parts = deeper(() => template('"', text.length));
    expect('"', 'a closing quote');
    return ofParts(parts, { start, end: at });
  }

  function wholeTemplate(): Expression {
    const parts = template('', text.length);
    if (at < text.length) stop('template directive without its beginning');
    return ofParts(parts, { start: 0, end: at });
  }

  function heredocEnd(marker: string): { end: number; after: number } {
    let line = at;
    while (line <= text.length) {
      const end = lineEnd(line);
      if (text.slice(line, end).trim() === marker) return { end: line, after: end };
      if (end >= text.length) break;
      line = end + (text[end] === '\r' && text[end + 1] === '\n' ? 2 : 1);
    }
    return { end: text.length, after: text.length };
  }

  function heredoc(): Expression {
    const start = at;
    const found = match(HEREDOC);
    if (!found) stop('expected a heredoc');
    const { end, after } = heredocEnd(found[2]!);
    if (end === text.length && !text.slice(at).trimEnd().endsWith(found[2]!)) report('heredoc is not closed', start);
    const parts = deeper(() => template('', end));
    if (at < end) stop('template directive without its beginning');
    at = after;
    return ofParts(found[1] ? flush(parts) : parts, { start, end: at });
  }

  /** Reads up to the closing quote or to `end`; stops before a directive that belongs to the caller. */
  function template(close: '' | '"', end: number): Part[] {
    const parts: Part[] = [];
    let literal = '';
    let trimNext = false;
    const add = (piece: string) => {
      literal += piece;
    };
    const closeText = (trim: boolean) => {
      let value = literal;
      if (trimNext) value = value.trimStart();
      if (trim) value = value.trimEnd();
      if (value) parts.push({ kind: 'text', text: value });
      literal = '';
      trimNext = false;
    };
    let run = at;
    const flushRun = () => {
      if (at > run) add(text.slice(run, at));
    };
    while (at < end) {
      const c = text[at]!;
      if (c === close) break;
      if (close && (c === '\n' || c === '\r')) stop('string is not closed');
      if (close && c === '\\') {
        flushRun();
        add(escaped());
        run = at;
        continue;
      }
      if ((c !== '$' && c !== '%') || (text[at + 1] !== '{' && !(text[at + 1] === c && text[at + 2] === '{'))) {
        at++;
        continue;
      }
      flushRun();
      if (text[at + 1] === c) {
        add(`${c}{`);
        at += 3;
        run = at;
        continue;
      }
      if (c === '%' && probe(/%\{~?\s*(?:else|endif|endfor)\b/y)) {
        closeText(text[at + 2] === '~');
        return parts;
      }
      const trimLeft = text[at + 2] === '~';
      closeText(trimLeft);
      at += trimLeft ? 3 : 2;
      if (c === '$') {
        const value = interpolated();
        trimNext = closeSequence();
        parts.push({ kind: 'value', value });
      } else {
        const part = directive(close, end);
        trimNext = part.trim;
        parts.push(part.part);
      }
      run = at;
    }
    flushRun();
    closeText(false);
    return parts;
  }

  function interpolated(): Expression {
    return deeper(() => {
      free = true;
      skip(true);
      return expression();
    });
  }

  /** After `${ expression`: true when the white space behind it is to be dropped. */
  function closeSequence(): boolean {
    skip(true);
    const trim = eat('~');
    expect('}', 'a closing brace of the interpolation');
    return trim;
  }

  function directive(close: '' | '"', end: number): { part: Part; trim: boolean } {
    return deeper(() => {
      free = true;
      skip(true);
      const word = match(IDENTIFIER)?.[0];
      if (word === 'if') {
        skip(true);
        const condition = expression();
        closeSequence();
        const yes = template(close, end);
        let no: Part[] = [];
        let last = endDirective();
        if (last.word === 'else') {
          no = template(close, end);
          last = endDirective();
        }
        if (last.word !== 'endif') stop('expected endif');
        return { part: { kind: 'if', condition, yes, no }, trim: last.trim };
      }
      if (word === 'for') {
        const { names, of } = forIntro();
        closeSequence();
        const inner = template(close, end);
        const last = endDirective();
        if (last.word !== 'endfor') stop('expected endfor');
        return { part: { kind: 'for', names, of, body: inner }, trim: last.trim };
      }
      return stop('unknown template directive');
    });
  }

  function endDirective(): { word: string; trim: boolean } {
    const found = match(/%\{~?\s*(else|endif|endfor)\s*(~?)\}/y);
    if (!found) stop('template directive is not closed');
    return { word: found[1]!, trim: found[2] === '~' };
  }

  function escaped(): string {
    const c = text[at + 1];
    const simple = c === undefined ? undefined : ESCAPES[c];
    if (simple !== undefined) {
      at += 2;
      return simple;
    }
    const found = match(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y);
    if (!found) stop('unknown escape sequence');
    const code = Number.parseInt(found[1] ?? found[2]!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }

  return { body, wholeTemplate, comments, problems };
}

function ofParts(parts: readonly Part[], span: Span): Expression {
  if (parts.every((part) => part.kind === 'text')) {
    return { kind: 'literal', value: parts.map((part) => part.text).join(''), span };
  }
  return { kind: 'template', parts, span };
}

/** What `<<-` does: takes the smallest indentation of all lines away; empty lines have none to compare. */
function flush(parts: readonly Part[]): Part[] {
  let least = Number.POSITIVE_INFINITY;
  let lineStart = true;
  const measure = (list: readonly Part[]): void => {
    for (const [place, part] of list.entries()) {
      if (part.kind === 'text') {
        const lines = part.text.split('\n');
        for (const [index, line] of lines.entries()) {
          if (index === 0 && !lineStart) continue;
          const beforeValue = index === lines.length - 1 && place < list.length - 1;
          if (line.trim() !== '' || beforeValue) least = Math.min(least, line.length - line.trimStart().length);
        }
        lineStart = part.text.endsWith('\n');
      } else {
        if (lineStart) least = 0;
        lineStart = false;
        if (part.kind === 'if') {
          measure(part.yes);
          measure(part.no);
        } else if (part.kind === 'for') measure(part.body);
      }
    }
  };
  measure(parts);
  if (!Number.isFinite(least) || least === 0) return [...parts];
  lineStart = true;
  const cut = (list: readonly Part[]): Part[] =>
    list.map((part) => {
      if (part.kind === 'text') {
        const lines = part.text.split('\n');
        const text = lines.map((line, index) => (index > 0 || lineStart ? line.slice(least) : line)).join('\n');
        lineStart = part.text.endsWith('\n');
        return { kind: 'text', text };
      }
      lineStart = false;
      if (part.kind === 'if') return { ...part, yes: cut(part.yes), no: cut(part.no) };
      if (part.kind === 'for') return { ...part, body: cut(part.body) };
      return part;
    });
  return cut(parts);
}

/** The same tree with one span everywhere: an expression read out of a JSON string. */
function relocated(node: Expression, span: Span): Expression {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const copy: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) copy[key] = key === 'span' ? span : visit(inner);
    return copy;
  };
  return visit(node) as Expression;
}
