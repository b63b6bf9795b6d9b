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
  if (!/\bany\b/.test(text)) return gaps;
  const stack: unknown[] = [...program.body];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node === null || typeof node !== 'object') continue;
    if (Array.isArray(node)) {
      stack.push(...node);
      continue;
    }
    const { type, range } = node as { readonly type?: string; readonly range?: readonly [number, number] };
    if (type === 'TSAnyKeyword' && range) gaps.push({ kind: 'any', span: { start: range[0], end: range[1] } });
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'parent' && key !== 'range' && child !== null && typeof child === 'object') stack.push(child);
    }
  }
  return gaps.sort((a, b) => a.span.start - b.span.start);
}
