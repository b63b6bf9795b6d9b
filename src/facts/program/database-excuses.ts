/** Knows why a database in a file or in memory is none of production's own: a cache, a test, a migration, another program's. */
import { conditionNames } from './conditions.ts';
import { lastWord, type Origin } from './flow.ts';
import type { Unit } from './link.ts';
import type { Site } from './model.ts';
import { hasWords, wordsOf } from './names.ts';

export interface Excuses {
  /** Reason by words in the name, the file or the function. */
  readonly words: Readonly<Record<string, string>>;
  /** Words in a condition that keep what it guards out of production. */
  readonly development: readonly string[];
}

/** The reason; undefined: it is production's. `texts` are the address and what else names the database. */
export function excuseOf(
  { words: reasons, development }: Excuses,
  unit: Unit,
  site: Site,
  name: string,
  texts: readonly string[],
): string | undefined {
  if (/^\.\w/.test(unit.path)) return 'a tool of development';
  // A caller that passes a temporary folder says nothing about the folder that is used otherwise.
  const isTemporary = (text: string) => /^tempfile\.|^(?:sqlite:\/\/\/)?\/(?:tmp|dev\/shm)\//.test(text);
  const isFolder = (text: string) => /^(?:sqlite:\/\/\/)?\/\w/.test(text);
  const all = texts.filter((text) => !isTemporary(text)).flatMap((text) => wordsOf(text));
  const inside = site.function >= 0 ? unit.module.functions[site.function]!.path : '';
  const around = wordsOf(`${unit.path} ${inside}`);
  for (const [mark, reason] of Object.entries(reasons)) {
    if (hasWords(all, mark.split(' ')) || hasWords(around, mark.split(' '))) return reason;
  }
  if (texts.some(isTemporary) && texts.every((text) => isTemporary(text) || !isFolder(text))) return 'a temporary file';
  if (texts.some((text) => /[?&]mode=ro\b|^file:.*immutable=1/.test(text)))
    return 'only read, so the file of another program';
  const conditions = conditionNames(unit, site.guard).flatMap((one) => wordsOf(one));
  if (development.some((word) => conditions.includes(word))) return 'only where a condition asks for it';
  const refused = unit.module.raises.some(({ guard: id }) => {
    const guard = unit.module.guards[id];
    const words = conditionNames(unit, id);
    const lite = words.some((word) => /^sqlite(?:$|:)/i.test(word));
    const asked = lite || words.some((word) => lastWord(word) === name);
    return asked && (words.some((word) => /prod/i.test(word)) || (lite && guard?.kind === 'if' && guard.holds));
  });
  return refused ? 'refused at start in production' : undefined;
}

/** Words that say what an address is made of. */
export function namesOf(one: Origin): readonly string[] {
  const value = one.node.unit.module.values[one.node.ref]!;
  if (one.kind === 'call') return one.names;
  if (one.kind === 'source' && (value.kind === 'attr' || value.kind === 'global')) return [one.name, value.name];
  return one.kind === 'external' || one.kind === 'param' || one.kind === 'source' ? [one.name] : [];
}
