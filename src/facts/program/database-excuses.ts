/** Knows why a database in a file or in memory is none of production's own: a cache, a test, a migration, another program's. */
import { conditionNames } from './conditions.ts';
import { lastWord, type Origin, origins } from './flow.ts';
import { argument, type Program, type Unit } from './link.ts';
import type { Site } from './model.ts';
import { hasWords, type NamedValue, wordsOf } from './names.ts';

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

/** Paths that a value can be, and those that it is when nobody says another. */
export function assumedFiles(program: Program, found: readonly Origin[]): readonly string[] {
  return [...found, ...defaultsOf(program, found)].flatMap((one) => (one.kind === 'const' ? [String(one.value)] : []));
}

/** What an option of the command line, or a field that the environment may fill, is when nobody says another. */
function defaultsOf(program: Program, found: readonly Origin[]): readonly Origin[] {
  return found.flatMap((one) => {
    if (one.kind !== 'source' || (one.source !== 'cli' && one.source !== 'env')) return [];
    const { unit, ref } = one.node;
    const value = unit.module.values[ref]!;
    if (value.kind !== 'attr') return [];
    if (one.source === 'env')
      return program
        .meanings(unit, value.of)
        .flatMap((of) =>
          of.kind === 'instance' || of.kind === 'class' ? program.field(of.unit, of.class, value.name) : [],
        )
        .flatMap((node) => origins(program, node.unit, node.ref, { callers: false }));
    return unit.module.calls.flatMap((call) => {
      const fallback = lastWord(call.callee.name ?? '') === 'add_argument' ? argument(call, -1, 'default') : undefined;
      const names = call.args.flatMap(({ keyword, value: at }) => {
        const text = unit.module.values[at]!;
        return (keyword === undefined || keyword === 'dest') && text.kind === 'const' ? [String(text.value)] : [];
      });
      const isIt = names.some((name) => name.replace(/^-+/, '').replaceAll('-', '_') === value.name);
      return fallback && isIt ? origins(program, unit, fallback.value, { callers: false }) : [];
    });
  });
}

/** Is it a field of a class of settings for tests? */
function isForTests({ unit, assignment }: NamedValue): boolean {
  const { assignments, classes, values } = unit.module;
  const owner = assignment && assignment.class >= 0 ? classes[assignment.class]! : undefined;
  if (!owner) return false;
  if (wordsOf(owner.name).some((word) => /^(?:tests?|testing)$/.test(word))) return true;
  return owner.fields.some((id) => {
    const { name, value } = assignments[id]!;
    const set = value ? values[value.value]! : undefined;
    return name === 'TESTING' && set?.kind === 'const' && set.value === true;
  });
}

/** Where the value of a setting comes from; nothing for one of tests, and no SQLite that another setting has to choose. */
export function settingOrigins(program: Program, one: NamedValue): readonly Origin[] {
  const { unit } = one;
  if (isForTests(one)) return [];
  const found = origins(program, unit, one.value.value, { callers: false });
  let value = unit.module.values[one.value.value]!;
  // TEMPLATES[kind].format(...)
  if (value.kind === 'call') {
    const callee = unit.module.values[unit.module.calls[value.call]!.callee.value]!;
    if (callee.kind === 'attr' && callee.name === 'format') value = unit.module.values[callee.of]!;
  }
  if (value.kind !== 'item' || unit.module.values[value.key]!.kind === 'const') return found;
  const entries = origins(program, unit, value.of, { callers: false });
  const key = origins(program, unit, value.key, { callers: false });
  if (entries.length < 2 || key.some((by) => by.kind === 'const' && by.value)) return found;
  const chosen = (text: Origin) =>
    text.kind === 'const' &&
    /^sqlite/i.test(String(text.value)) &&
    entries.some(({ node }) => node.unit === text.node.unit && node.ref === text.node.ref);
  return found.filter((text) => !chosen(text));
}
