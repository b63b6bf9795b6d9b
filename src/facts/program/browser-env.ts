/** Knows variables of the environment that build tools write into the code for the browser. */

import type { Span } from '../span.ts';
import type { Unit } from './link.ts';
import { wordsOf } from './names.ts';

/** Prefixes by which Next.js, Vite, Create React App, Vue, Gatsby, Nuxt, Expo and SvelteKit recognise such variables. */
const prefix = /^(?:NEXT_PUBLIC|VITE|REACT_APP|VUE_APP|GATSBY|NUXT_PUBLIC|EXPO_PUBLIC|PUBLIC)_/;

/** Reads of variables that every visitor can see and whose name says that nobody may: one for each name in a file. */
export function browserSecrets({ module }: Unit): readonly { readonly name: string; readonly span: Span }[] {
  const found = new Map<string, Span>();
  for (const value of module.values) {
    const name = value.kind === 'global' ? /^(?:process|import\.meta)\.env\.(\w+)$/.exec(value.name)?.[1] : undefined;
    if (name === undefined || !prefix.test(name) || found.has(name)) continue;
    const words = wordsOf(name.replace(prefix, ''));
    const isSecret = words.some((word) => /^(?:secret|password|passwd)$/.test(word)) || /PRIVATE_KEY/.test(name);
    if (isSecret && !/^(?:id|name|enabled|length|min|max|url|path|policy)$/.test(words.at(-1)!))
      found.set(name, value.span);
  }
  return [...found].map(([name, span]) => ({ name, span }));
}
