/** Knows the roadmap and rule pages that ship with the program: compiled by the build, read from the sources without one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { deepFreeze } from './document.ts';
import { type RulePage, shippedPages } from './pages.ts';
import { builtinRoadmap, type Roadmap } from './roadmap.ts';

export interface Shipped {
  readonly roadmap: Roadmap;
  readonly pages: ReadonlyMap<string, RulePage>;
}

const COMPILED = new URL('./shipped.json', import.meta.url);

/** Reading JSON takes a tenth of the time that checking thirty YAML texts takes. */
export function shipped(): Shipped {
  let text: string;
  try {
    text = readFileSync(COMPILED, 'utf8');
  } catch {
    return { roadmap: builtinRoadmap(), pages: shippedPages() };
  }
  const { roadmap, pages } = JSON.parse(text) as { roadmap: Roadmap; pages: readonly RulePage[] };
  return deepFreeze({ roadmap, pages: new Map(pages.map((page) => [page.id, page])) });
}

/** Writes the compiled form beside the built program; for the build. Throws UserError with every mistake of the sources. */
export function compileShipped(): void {
  writeFileSync(COMPILED, JSON.stringify({ roadmap: builtinRoadmap(), pages: [...shippedPages().values()] }));
}
