/** Knows the configuration languages of web servers: nginx, Caddy, Apache, HAProxy and lighttpd files become trees of directives. */
import type { ParseProblem } from './facts.ts';
import type { Span } from './span.ts';

export interface Directive {
  /** Lower case for Apache, as written elsewhere. */
  readonly name: string;
  /** Without quotes. */
  readonly args: readonly string[];
  /** The whole directive, its block included. */
  readonly span: Span;
  /** Name and arguments. */
  readonly head: Span;
  readonly block?: readonly Directive[];
}

export interface Parsed {
  readonly directives: readonly Directive[];
  readonly problems: readonly ParseProblem[];
}

interface Draft {
  name: string;
  args: string[];
  span: { start: number; end: number };
  head: Span;
  block?: Draft[];
}

const MAX_DEPTH = 40;

/** Reads nginx's language. @param base offset of the text in its file, added to all spans */
export function parseNginx(text: string, base = 0): Parsed {
  const top: Draft[] = [];
  const stack: Draft[] = [];
  const problems: ParseProblem[] = [];
  let words: { text: string; start: number; end: number }[] = [];
  let at = 0;
  const add = (draft: Draft) => (stack.at(-1)?.block ?? top).push(draft);
  const directive = (): Draft | undefined => {
    const [first] = words;
    if (!first) return undefined;
    const head = { start: base + first.start, end: base + words.at(-1)!.end };
    const draft = { name: first.text, args: words.slice(1).map((word) => word.text), span: { ...head }, head };
    words = [];
    return draft;
  };
  while (at < text.length) {
    const c = text[at]!;
    if (/\s/.test(c)) at++;
    else if (c === '#') at = lineEnd(text, at);
    else if (c === ';') {
      const draft = directive();
      at++;
      if (draft) {
        draft.span.end = base + at;
        add(draft);
      }
    } else if (c === '{' && (text[at + 1] === '{' || text[at + 1] === '%')) {
      // A template's own braces: an expression belongs to a word, a statement is white space.
      const close = text.indexOf(text[at + 1] === '{' ? '}}' : '%}', at + 2);
      const end = close < 0 ? text.length : close + 2;
      const control = /^\{\{-?\s*(?:if|else|end|range|with|define|block|\/\*)/.test(text.slice(at, at + 40));
      if (text[at + 1] === '{' && !control) words.push({ text: text.slice(at, end), start: at, end });
      at = end;
    } else if (c === '{') {
      const draft = directive() ?? {
        name: '',
        args: [],
        span: { start: base + at, end: base + at + 1 },
        head: { start: base + at, end: base + at + 1 },
      };
      draft.block = [];
      add(draft);
      at++;
      if (/_by_lua_block$/.test(draft.name)) {
        at = balanced(text, at);
        draft.span.end = base + at;
      } else if (stack.length < MAX_DEPTH) stack.push(draft);
      else {
        problems.push({ message: 'nested too deeply', span: { start: base + at - 1, end: base + at } });
        at = balanced(text, at);
      }
    } else if (c === '}') {
      at++;
      words = [];
      const closed = stack.pop();
      if (closed) closed.span.end = base + at;
    } else {
      const word = readWord(text, at, /[\s;{}]/);
      words.push(word);
      at = word.end;
    }
  }
  const open = stack[0];
  if (open) problems.push({ message: 'block is not closed', span: open.head });
  for (const draft of stack) draft.span.end = base + text.length;
  return { directives: top, problems };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Behind the brace that closes a block of foreign code. */
function balanced(text: string, from: number): number {
  let level = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') level++;
    else if (text[at] === '}' && --level === 0) return at + 1;
  }
  return text.length;
}

/** A word with quotes and escapes; `${name}` and `{{ }}` do not end it. */
function readWord(text: string, start: number, ends: RegExp): { text: string; start: number; end: number } {
  const quote = text[start];
  if (quote === '"' || quote === "'" || quote === '`') {
    let value = '';
    let at = start + 1;
    while (at < text.length && text[at] !== quote) {
      if (text[at] === '\\' && quote !== '`' && at + 1 < text.length) at++;
      value += text[at++];
    }
    return { text: value, start, end: Math.min(at + 1, text.length) };
  }
  let at = start;
  while (at < text.length) {
    if ((text[at] === '$' && text[at + 1] === '{') || (text[at] === '{' && text[at + 1] === '{' && at > start)) {
      const offset = text.slice(at, at + 200).indexOf('}');
      if (offset < 0) break;
      const close = at + offset;
      at = text[at] === '{' && text[close + 1] === '}' ? close + 2 : close + 1;
      continue;
    }
    if (text[at] === '\\' && at + 1 < text.length) {
      at += 2;
      continue;
    }
    if (ends.test(text[at]!)) break;
    at++;
  }
  const end = Math.max(at, start + 1);
  return { text: text.slice(start, end), start, end };
}

/** Reads a Caddyfile. Site addresses that are separated by commas become arguments of one directive. */
export function parseCaddy(text: string, base = 0): Parsed {
  const top: Draft[] = [];
  const stack: Draft[] = [];
  const problems: ParseProblem[] = [];
  let at = 0;
  let words: { text: string; start: number; end: number }[] = [];
  const finish = (opens: boolean) => {
    const [first] = words;
    const head = first
      ? { start: base + first.start, end: base + words.at(-1)!.end }
      : { start: base + at, end: base + Math.min(at + 1, text.length) };
    if (first || opens) {
      const draft: Draft = {
        name: first?.text.replace(/,$/, '') ?? '',
        args: words.slice(1).map((word) => word.text.replace(/,$/, '')),
        span: { ...head },
        head,
        ...(opens && { block: [] }),
      };
      (stack.at(-1)?.block ?? top).push(draft);
      if (opens) stack.push(draft);
    }
    words = [];
  };
  while (at < text.length) {
    const c = text[at]!;
    if (c === '\n') {
      // A comma or a backslash at the end goes on in the next line.
      const last = words.at(-1)?.text;
      if (last === '\\') words.pop();
      else if (!last?.endsWith(',') || stack.length > 0) finish(false);
      at++;
    } else if (/\s/.test(c)) at++;
    else if (c === '#') at = lineEnd(text, at);
    else if (c === '{' && /^\{[ \t\r]*(?:#.*)?(?:\n|$)/.test(text.slice(at, at + 300)) && stack.length < MAX_DEPTH) {
      finish(true);
      at++;
    } else if (c === '}') {
      finish(false);
      at++;
      const closed = stack.pop();
      if (closed) closed.span.end = base + at;
    } else if (c === '<' && /^<<\w+[ \t\r]*\n/.test(text.slice(at, at + 100))) {
      const marker = /^<<(\w+)/.exec(text.slice(at, at + 100))![1]!;
      const found = new RegExp(`\\n[ \\t]*${marker}(?!\\w)`, 'g');
      found.lastIndex = at;
      const hit = found.exec(text);
      const end = hit ? found.lastIndex : text.length;
      words.push({ text: text.slice(lineEnd(text, at) + 1, hit?.index ?? end), start: at, end });
      at = end;
    } else {
      const word = readWord(text, at, /\s/);
      words.push(word);
      at = word.end;
    }
  }
  finish(false);
  const open = stack[0];
  if (open) problems.push({ message: 'block is not closed', span: open.head });
  for (const draft of stack) draft.span.end = base + text.length;
  return { directives: top, problems };
}

/** Lines with their offsets; a backslash at the end joins the next one. */
function* logicalLines(text: string): Generator<{ words: string[]; start: number; end: number; indented: boolean }> {
  let at = 0;
  while (at < text.length) {
    const start = at;
    let end = lineEnd(text, at);
    while (/\\\r?$/.test(text.slice(Math.max(at, end - 2), end)) && end < text.length) end = lineEnd(text, end + 1);
    at = end + 1;
    const line = text.slice(start, end).replace(/\\\r?\n/g, ' ');
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const words: string[] = [];
    for (const match of content.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
      const bare = match[3];
      if (bare?.startsWith('#')) break;
      words.push(match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? bare ?? '');
    }
    const indent = line.length - line.trimStart().length;
    yield { words, start: start + indent, end: start + text.slice(start, end).trimEnd().length, indented: indent > 0 };
  }
}

/** Reads Apache's language: sections in angle brackets hold directives. */
export function parseApache(text: string, base = 0): Parsed {
  const top: Draft[] = [];
  const stack: Draft[] = [];
  for (const { words, start, end } of logicalLines(text)) {
    const first = words[0]!;
    if (first.startsWith('</')) {
      const closed = stack.pop();
      if (closed) closed.span.end = base + end;
      continue;
    }
    const opens = first.startsWith('<');
    const head = { start: base + start, end: base + end };
    const draft: Draft = {
      name: first.replace(/^<|>$/g, '').toLowerCase(),
      args: words.slice(1).map((word) => (opens ? word.replace(/>$/, '') : word)),
      span: { ...head },
      head,
      ...(opens && { block: [] }),
    };
    (stack.at(-1)?.block ?? top).push(draft);
    if (opens && stack.length < MAX_DEPTH) stack.push(draft);
  }
  const open = stack[0];
  for (const draft of stack) draft.span.end = base + text.length;
  return { directives: top, problems: open ? [{ message: 'section is not closed', span: open.head }] : [] };
}

const SECTIONS =
  /^(?:global|defaults|frontend|backend|listen|userlist|peers|resolvers|mailers|program|cache|http-errors|ring)$/;

/** Reads HAProxy's language: sections begin with a keyword and end where the next one begins. */
export function parseHaproxy(text: string, base = 0): Parsed {
  const top: Draft[] = [];
  for (const { words, start, end } of logicalLines(text)) {
    const head = { start: base + start, end: base + end };
    const draft: Draft = { name: words[0]!, args: words.slice(1), span: { ...head }, head };
    const section = top.at(-1);
    if (SECTIONS.test(draft.name)) top.push({ ...draft, block: [] });
    else if (section?.block) {
      section.block.push(draft);
      section.span.end = base + end;
    }
  }
  return { directives: top, problems: [] };
}

/**
 * Reads lighttpd's language. An assignment becomes a directive whose first argument is its operator, with all texts and
 * numbers of its value behind it; a condition becomes a block: `$HTTP["url"]`, `=~`, `^/x/`.
 */
export function parseLighttpd(text: string, base = 0): Parsed {
  const top: Draft[] = [];
  const stack: Draft[] = [];
  const problems: ParseProblem[] = [];
  const token =
    /#[^\n]*|"((?:[^"\\]|\\.)*)(?:"|\\?$)|'([^']*)(?:'|$)|\$\w+\["[^"\n]*"\]|[\w.-]+|=>|\+=|[=!]=\^?|[=!]~|=\$|=\^|[(){},=+\n]|\S/g;
  let words: { text: string; start: number; end: number }[] = [];
  let depth = 0;
  const finish = (opens: boolean) => {
    const [first] = words;
    if (first || opens) {
      const start = base + (first?.start ?? token.lastIndex - 1);
      const head = { start, end: base + (words.at(-1)?.end ?? token.lastIndex) };
      const args = words.slice(1).map((word) => word.text);
      const draft: Draft = { name: first?.text ?? '', args, span: { ...head }, head, ...(opens && { block: [] }) };
      (stack.at(-1)?.block ?? top).push(draft);
      if (opens && stack.length < MAX_DEPTH) stack.push(draft);
    }
    words = [];
  };
  for (const match of text.matchAll(token)) {
    const [whole, double, single] = match;
    const end = match.index + whole.length;
    token.lastIndex = end;
    if (whole.startsWith('#') || whole === ',' || whole === '=>') continue;
    if (whole === '(') depth++;
    else if (whole === ')') depth--;
    else if (whole === '\n') {
      if (depth <= 0 && words.length > 1) finish(false);
    } else if (whole === '{') {
      if (words[0]?.text === 'else' && words.length > 1) words.shift();
      finish(true);
    } else if (whole === '}') {
      finish(false);
      const closed = stack.pop();
      if (closed) closed.span.end = base + end;
    } else if (whole !== '+') words.push({ text: double ?? single ?? whole, start: match.index, end });
  }
  finish(false);
  const open = stack[0];
  if (open) problems.push({ message: 'block is not closed', span: open.head });
  for (const draft of stack) draft.span.end = base + text.length;
  return { directives: top, problems };
}
