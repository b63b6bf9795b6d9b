/** Knows where a TypeScript file switches the type checker off: `any`, and comments that silence it. */
import type { TSESTree } from '@typescript-eslint/typescript-estree';
import type { TypeGap } from './model.ts';

/** All of one file, in order. Comments are seen only when the parser kept them. */
export function gapsOf(program: TSESTree.Program, text: string): readonly TypeGap[] {
  const gaps: TypeGap[] = [];
  for (const { value, range } of program.comments ?? []) {
    const word = /^[\s*/]*@ts-(nocheck|ignore|expect-error)\b/.exec(value);
    if (word) gaps.push({ kind: word[1] === 'nocheck' ? 'file' : 'line', span: { start: range[0], end: range[1] } });
  }
  const words = Array.from(text.matchAll(/\bany\b/g), (match) => match.index);
  if (words.length === 0) return gaps;
  const stack: unknown[] = [...program.body];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || typeof node !== 'object') continue;
    if (Array.isArray(node)) {
      stack.push(...node);
      continue;
    }
    const { type, range } = node as { readonly type?: string; readonly range?: readonly [number, number] };
    // Decorators stand outside of what they belong to.
    if (range && !/^(?:Export|Class)/.test(type!) && !hasBetween(words, range[0], range[1])) continue;
    if (type === 'TSAnyKeyword' && range) gaps.push({ kind: 'any', span: { start: range[0], end: range[1] } });
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'parent' && key !== 'range' && key !== 'loc' && child !== null && typeof child === 'object')
        stack.push(child);
    }
  }
  return gaps.sort((a, b) => a.span.start - b.span.start);
}

/** Is one of the sorted numbers in the range? */
function hasBetween(sorted: readonly number[], start: number, end: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && sorted[low]! < end;
}
