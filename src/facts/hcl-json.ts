/** Knows the JSON syntax of HCL: a located tree of the same shape as the native syntax gives. */
import type { ParseProblem } from './facts.ts';
import {
  type Attribute,
  type Block,
  type Body,
  type Entry,
  type Expression,
  type HclFile,
  isMistake,
  MAX_DEPTH,
  type Mistake,
  parseTemplate,
} from './hcl.ts';
import type { Span } from './span.ts';

/** Block types of JSON syntax and their number of labels, by the block they stand in ('' is the file). */
const JSON_BLOCKS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '': { resource: 2, data: 2, ephemeral: 2, module: 1, variable: 1, output: 1, provider: 1, check: 1 },
  terraform: { backend: 1, provider_meta: 1 },
  encryption: { key_provider: 2, method: 2 },
  resource: { dynamic: 1, provisioner: 1 },
};

/**
 * Reads JSON syntax. Objects inside blocks appear as attributes and as blocks, because only a schema tells them apart.
 *
 * @param values the file holds attributes at its top (variable values, backend settings) rather than blocks
 */
export function parseHclJson(text: string, values = false): HclFile {
  const problems: ParseProblem[] = [];
  let root: Expression | undefined;
  try {
    root = createJsonParser(text).document();
  } catch (error) {
    if (!isMistake(error)) throw error;
    const start = Math.min(error.at, text.length);
    problems.push({ message: error.mistake, span: { start, end: Math.min(start + 1, text.length) } });
  }
  return {
    body: root ? jsonBody(root, values ? 'values' : '') : { attributes: [], blocks: [] },
    comments: [],
    problems,
  };
}

function jsonBody(value: Expression, context: string): Body {
  const attributes: Attribute[] = [];
  const blocks: Block[] = [];
  const objects = value.kind === 'tuple' ? value.items : [value];
  for (const object of objects) {
    if (object.kind !== 'object') continue;
    for (const entry of object.entries) {
      const name = entry.key.kind === 'literal' ? String(entry.key.value) : '';
      if (name === '' || name === '//') continue;
      const span = { start: entry.key.span.start, end: entry.value.span.end };
      const count = JSON_BLOCKS[context]?.[name] ?? 0;
      if (count === 0 && context !== '') attributes.push({ name, value: entry.value, span });
      jsonBlocks(name, [], count, entry.value, entry.key.span, context, blocks);
    }
  }
  return { attributes, blocks };
}

function jsonBlocks(
  type: string,
  labels: readonly string[],
  missing: number,
  value: Expression,
  head: Span,
  context: string,
  into: Block[],
): void {
  if (value.kind === 'tuple') {
    for (const item of value.items) {
      if (item.kind === 'object') jsonBlocks(type, labels, missing, item, head, context, into);
    }
    return;
  }
  if (value.kind !== 'object') return;
  if (missing > 0) {
    for (const entry of value.entries) {
      if (entry.key.kind !== 'literal') continue;
      jsonBlocks(type, [...labels, String(entry.key.value)], missing - 1, entry.value, entry.key.span, context, into);
    }
    return;
  }
  const inner = context === '' && type === 'data' ? 'resource' : type;
  into.push({ type, labels, ...jsonBody(value, inner), span: { start: head.start, end: value.span.end }, head });
}

function createJsonParser(text: string) {
  let at = 0;
  let depth = 0;

  function stop(mistake: string): never {
    throw { mistake, at } satisfies Mistake;
  }

  function blank(): void {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  }

  function document(): Expression {
    blank();
    const result = value();
    blank();
    if (at < text.length) stop('expected the end of the file');
    return result;
  }

  function value(): Expression {
    const start = at;
    const c = text[at];
    if (c === '"') return string();
    if (c === '{' || c === '[') {
      if (++depth > MAX_DEPTH) stop('nested too deeply');
      const result = c === '{' ? object(start) : array(start);
      depth--;
      return result;
    }
    const scalar = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
    scalar.lastIndex = at;
    const found = scalar.exec(text)?.[0];
    if (found === undefined) stop('expected a value');
    at += found.length;
    return { kind: 'literal', value: JSON.parse(found) as number | boolean | null, span: { start, end: at } };
  }

  function object(start: number): Expression {
    at++;
    const entries: Entry[] = [];
    blank();
    while (text[at] !== '}') {
      if (text[at] !== '"') stop('expected a quoted key');
      const begin = at;
      const key: Expression = { kind: 'literal', value: raw(), span: { start: begin, end: at } };
      blank();
      if (text[at] !== ':') stop('expected a colon');
      at++;
      blank();
      entries.push({ key, value: value() });
      blank();
      if (text[at] === ',') at++;
      else if (text[at] !== '}') stop('expected a comma or a closing brace');
      blank();
    }
    at++;
    return { kind: 'object', entries, span: { start, end: at } };
  }

  function array(start: number): Expression {
    at++;
    const items: Expression[] = [];
    blank();
    while (text[at] !== ']') {
      items.push(value());
      blank();
      if (text[at] === ',') at++;
      else if (text[at] !== ']') stop('expected a comma or a closing bracket');
      blank();
    }
    at++;
    return { kind: 'tuple', items, span: { start, end: at } };
  }

  function raw(): string {
    const start = at;
    at++;
    while (at < text.length && text[at] !== '"' && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
    if (text[at] !== '"') stop('string is not closed');
    at++;
    try {
      return JSON.parse(text.slice(start, at)) as string;
    } catch {
      at = start;
      return stop('unknown escape sequence');
    }
  }

  function string(): Expression {
    const start = at;
    const content = raw();
    const span = { start, end: at };
    const plain: Expression = { kind: 'literal', value: content, span };
    return /[$%]\{/.test(content) ? (parseTemplate(content, span) ?? plain) : plain;
  }

  return { document };
}
