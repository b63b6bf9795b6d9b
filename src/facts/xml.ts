/** Knows how to read XML into a tree of located elements. */
import type { ParseProblem } from './facts.ts';
import type { Span } from './span.ts';

export interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
  textSpan: Span;
  readonly start: number;
  /** Behind the opening tag. */
  readonly head: number;
  end: number;
}

/** Elements with their text; comments and processing instructions are passed over. Attributes: see `attribute`. */
export function readXml(source: string): { readonly root: Element; readonly problem?: ParseProblem } {
  const pattern =
    /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<[?!][^>]*>|<\/([\w.:-]+)\s*>|<([\w.:-]+)(?:\s[^<>]*?)?(\/?)>|[^<]+|</g;
  const make = (name: string, start: number, head = start): Element => ({
    name,
    children: [],
    text: '',
    textSpan: { start, end: start },
    start,
    head,
    end: start,
  });
  const root = make('', 0);
  const open: Element[] = [root];
  const bad = (message: string, start: number): { root: Element; problem: ParseProblem } => ({
    root,
    problem: { message: `This is not XML: ${message}`, span: { start, end: Math.min(source.length, start + 1) } },
  });
  for (const match of source.matchAll(pattern)) {
    const top = open.at(-1)!;
    const at = match.index;
    if (match[2] !== undefined) {
      if (top.name !== match[2]) return bad(`</${match[2]}> closes nothing.`, at);
      top.end = at + match[0].length;
      open.pop();
    } else if (match[3] !== undefined) {
      const element = make(match[3], at, at + match[0].length);
      element.end = at + match[0].length;
      top.children.push(element);
      if (match[4] !== '/') {
        if (open.length > 200) return bad('elements are nested too deeply.', at);
        open.push(element);
      }
    } else if (match[0] === '<') return bad('a lone "<".', at);
    else if (!match[0].startsWith('<') || match[1] !== undefined) {
      const value = (match[1] ?? match[0]).trim();
      if (value !== '') {
        top.text += value;
        const start = at + match[0].indexOf(value);
        top.textSpan = { start, end: start + value.length };
      }
    }
  }
  if (open.length > 1) return bad(`<${open.at(-1)!.name}> is never closed.`, open.at(-1)!.start);
  return { root };
}

/** The first inner element of a name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((c) => c.name === name);
}

/** Value of an attribute, with the usual entities resolved. @param source the text that the element was read from */
export function attribute(source: string, { start, head }: Element, name: string): string | undefined {
  for (const [, key, double, single] of source.slice(start, head).matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    if (key === name)
      return (double ?? single ?? '').replace(/&(quot|apos|lt|gt|amp);/g, (_, entity) => ENTITIES[entity]!);
  return undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };
