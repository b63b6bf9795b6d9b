/** Knows when production data goes to SQLite, to memory or to a database that is opened with a default password. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { databaseUrl, deployedSettings, isForDevelopment, isWeak } from '../facts/database-settings.ts';
import type { Facts } from '../facts/facts.ts';
import { chartNeeds } from '../facts/helm.ts';
import { type Excuses, excuseOf } from '../facts/program/database-excuses.ts';
import { databaseOptions, databaseWords } from '../facts/program/database-options.ts';
import { type Origin, origins } from '../facts/program/flow.ts';
import { argument, linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import { recordsInMemory } from '../facts/program/memory.ts';
import type { Operand, Site } from '../facts/program/model.ts';
import { allNamedValues, endsInWords, type NamedValue, wordsOf } from '../facts/program/names.ts';
import type { Place } from '../facts/span.ts';

const lost =
  'A file on the disk of a container is gone with the next deployment, has one writer at a time and no users of its own.';

export const postgresqlMigration = defineCheck({
  id: 'postgresql-migration',
  needs: {
    ...chartNeeds,
    kubernetes: true,
    compose: true,
    dotenv: true,
    prisma: true,
    program: databaseWords,
  },
  messages: {
    sqlite: {
      what: '{name} is SQLite unless somebody configures another database.',
      why: `A default that nobody changed becomes the production database. ${lost}`,
      fix: 'Read the URL of a PostgreSQL database from the environment without a default, and refuse to start when it is missing.',
    },
    opened: {
      what: '{name} keeps its data in SQLite.',
      why: lost,
      fix: 'Keep the data in the PostgreSQL database of the application. If this is a cache or the file of another program, say so in an ignore comment.',
    },
    deployed: {
      what: '{name} of {of} points to SQLite.',
      why: `This is what runs in production. ${lost}`,
      fix: 'Let the variable name a PostgreSQL database, with the password from a secret.',
    },
    memory: {
      what: '{name} keeps records of the application in the memory of the process.',
      why: 'Every worker has its own, and all of them forget everything at restart.',
      fix: 'Keep the records in a table of the database.',
    },
    weak: {
      what: '{name} opens the database with a default user name and password.',
      why: 'These are the first ones that anybody tries who can reach the database, and a default that works is never replaced.',
      fix: 'Take the password out of the URL, read it from a secret, and change it on the server.',
      secret: true,
    },
    shadowed: {
      what: 'The package {package} hides the module {module}, which opens the database.',
      why: 'Python imports the package when both exist, so the database code in the module never runs.',
      fix: 'Rename one of the two, or move the code of the module into the package.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const causes = new Map<string, Finding>();
    const subjects: Subject[] = [];
    const settings = allNamedValues(program).filter((one) => isSetting(one, options));
    for (const one of settings) {
      const found = origins(program, one.unit, one.value.value, { callers: false });
      subjects.push(...judge({ program, options, causes, unit: one.unit, site: one, name: one.name, found }));
    }
    for (const { unit, call } of program.calls(['os.getenv', 'os.environ.get', 'os.environ.setdefault'])) {
      const variable = call.args[0] ? unit.module.values[call.args[0].value]! : undefined;
      const fallback = argument(call, 1, 'default');
      if (!fallback || variable?.kind !== 'const' || !endsLike(String(variable.value), options)) continue;
      const found = origins(program, unit, fallback.value, { callers: false });
      const name = String(variable.value);
      subjects.push(...judge({ program, options, causes, unit, site: call, name, found }));
    }
    const openers = options.openers as Readonly<Record<string, string>>;
    for (const site of program.calls(Object.keys(openers))) {
      const opener = site.names.find((name) => openers[name] !== undefined)!;
      const [index, ...words] = openers[opener]!.replace(/^sqlite /, '').split(' ');
      const value = argument(site.call, Number(index), ...words);
      if (!value) continue;
      const raw = openers[opener]!.startsWith('sqlite ');
      const name = value.name ?? `The argument of ${opener}()`;
      const found = origins(program, site.unit, value.value, { at: site.call });
      subjects.push(...judge({ program, options, causes, unit: site.unit, site: site.call, name, found, raw, value }));
    }
    subjects.push(
      ...configured(program, options),
      ...inMemory(program, options),
      ...shadowed(program, openers, facts),
      ...deployed(facts, options),
    );
    return {
      subjects,
      lookedFor: 'database URLs, connections and settings in code, compose, Kubernetes and .env files',
    };
  },
});

function certain(title: string, message: string, data: Finding['data'], place: Place): Subject {
  return fail(title, { message, data, place, confidence: 'high' });
}

function weakOf(options: Options): readonly string[] {
  return options.weakPasswords as readonly string[];
}

function excusesOf({ excuses, development }: Options): Excuses {
  return { words: excuses as Excuses['words'], development: development as readonly string[] };
}

function isSetting({ name, form, function: inside }: NamedValue, options: Options): boolean {
  if (name === 'ENGINE') return form === 'entry';
  if (form === 'keyword' || (form === 'variable' && inside >= 0)) return false;
  return endsLike(name, options) || endsLike(name, options, 'engines');
}

function endsLike(name: string, options: Options, list: 'settings' | 'engines' = 'settings'): boolean {
  const words = wordsOf(name);
  return (options[list] as readonly string[]).some((setting) => endsInWords(words, wordsOf(setting)));
}

interface Question {
  readonly program: Program;
  readonly options: Options;
  readonly causes: Map<string, Finding>;
  readonly unit: Unit;
  readonly site: Site;
  readonly name: string;
  readonly found: readonly Origin[];
  /** The call opens SQLite whatever the value is. */
  readonly raw?: boolean;
  readonly value?: Operand;
}

function judge(question: Question): Subject[] {
  const { options, unit, site, name, found, raw, causes, value } = question;
  const place = placeIn(unit, site);
  const texts = found.flatMap((one) =>
    one.kind === 'const' && typeof one.value === 'string' ? [{ one, text: one.value }] : [],
  );
  for (const { one, text } of texts) {
    const url = databaseUrl(text);
    if (url?.kind !== 'server' || !isWeak(url.user, url.password, weakOf(options))) continue;
    const excuse = excuseOf(excusesOf(options), unit, site, name, found.flatMap(namesOf));
    if (excuse?.startsWith('for ')) return [pass(name, place, excuse)];
    return [fail(name, cause(causes, one, 'weak', name, place), place)];
  }
  const engine = endsLike(name, options, 'engines') ? /^sqlite3?$/i : /^django\.db\.backends\.sqlite3$/;
  const lite = texts.find(({ text }) => databaseUrl(text)?.kind === 'sqlite' || engine.test(text));
  if (lite || raw) {
    const words = [name, value?.name ?? '', ...texts.map(({ text }) => text), ...found.flatMap(namesOf)];
    const excuse = excuseOf(excusesOf(options), unit, site, name, words);
    if (excuse !== undefined) return [pass(name, place, excuse)];
    const file = texts.find(({ text }) => !raw || /[./]/.test(text));
    if (raw && !file) {
      // Where the file lies is decided elsewhere: a look is worth while, not more.
      const finding: Finding = { message: 'opened', data: { name: unit.path }, place, confidence: 'low' };
      return [fail(name, once(causes, unit.path, finding), place)];
    }
    if (raw) return [fail(name, cause(causes, file!.one, 'opened', unit.path, place), place)];
    return [fail(name, cause(causes, lite!.one, 'sqlite', name, place), place)];
  }
  if (found.some((one) => one.kind === 'source' && one.source === 'env'))
    return [pass(name, place, 'read from the environment')];
  return texts.some(({ text }) => databaseUrl(text)) ? [pass(name, place, 'a database server')] : [];
}

function namesOf(one: Origin): readonly string[] {
  const value = one.node.unit.module.values[one.node.ref]!;
  if (one.kind === 'call') return one.names;
  if (one.kind === 'source' && (value.kind === 'attr' || value.kind === 'global')) return [one.name, value.name];
  return one.kind === 'external' || one.kind === 'param' || one.kind === 'source' ? [one.name] : [];
}

/** Options of database libraries that are written as dictionaries. */
function configured(program: Program, options: Options): Subject[] {
  return databaseOptions(program).flatMap(({ entry, dialects, sections, texts }): Subject[] => {
    // Django's have a name of their own and are judged with the settings.
    if (entry.name === 'ENGINE') return [];
    const { unit } = entry;
    const place = placeIn(unit, entry);
    const name = `database options of ${unit.path}`;
    if (!dialects.every((dialect) => /sqlite|sqljs|libsql/.test(dialect))) {
      if (!isWeak(texts.username ?? texts.user ?? '', texts.password ?? '', weakOf(options)))
        return [pass(name, place, dialects.length > 1 ? 'chosen by a condition' : 'a database server')];
      return [certain(name, 'weak', { name: unit.path }, place)];
    }
    const section = sections.flatMap((one) => wordsOf(one));
    if (section.some((word) => (options.development as readonly string[]).includes(word)))
      return [pass(name, place, 'not the section of production')];
    const excuse = excuseOf(excusesOf(options), unit, entry, name, [...sections, ...Object.values(texts)]);
    if (excuse !== undefined) return [pass(name, place, excuse)];
    return [certain(name, 'opened', { name: unit.path }, place)];
  });
}

function cause(causes: Map<string, Finding>, origin: Origin, message: string, name: string, place: Place): Finding {
  const { unit, ref } = origin.node;
  const at = placeIn(unit, unit.module.values[ref]!);
  const here = at.path === place.path && at.span.start >= place.span.start && at.span.end <= place.span.end;
  const related = here ? [] : [{ ...at, text: 'The text stands here.' }];
  const finding: Finding = { message, data: { name }, place, confidence: 'high' };
  return once(causes, `${unit.path}:${at.span.start}`, related.length > 0 ? { ...finding, related } : finding);
}

function once(causes: Map<string, Finding>, key: string, finding: Finding): Finding {
  const known = causes.get(key) ?? finding;
  causes.set(key, known);
  return known;
}

function inMemory(program: Program, options: Options): Subject[] {
  const found = recordsInMemory(program, options.records as readonly string[]);
  return found.map(({ name, place }) => certain(name, 'memory', { name }, place));
}

/** A module that opens the database beside a package of the same name. */
function shadowed(program: Program, openers: Readonly<Record<string, string>>, facts: Facts): Subject[] {
  const opening = new Set(program.calls(Object.keys(openers)).map(({ unit }) => unit));
  return [...opening].flatMap((unit): Subject[] => {
    const path = `${unit.path.replace(/\.py$/, '')}/__init__.py`;
    if (!facts.has(path)) return [];
    const place = { path: unit.path, span: { start: 0, end: 0 } };
    return [certain(unit.path, 'shadowed', { package: path, module: unit.path }, place)];
  });
}

/** What compose files, containers, .env files and schemas of Prisma name. */
function deployed(facts: Facts, options: Options): Subject[] {
  return facts.linked(deployedSettings).flatMap(({ name, value, place, of }): Subject[] => {
    const url = databaseUrl(value);
    if (!url) return [];
    const title = `${name} of ${of}`;
    if (isForDevelopment(place.path)) return [pass(title, place, 'not the configuration of production')];
    if (url.kind === 'server') {
      if (!isWeak(url.user, url.password, weakOf(options))) return [pass(title, place, 'a database server')];
      return [certain(title, 'weak', { name }, place)];
    }
    if (/cache|tmp/i.test(name) || /^\/?(?:tmp|dev\/shm)\//.test(url.file))
      return [pass(title, place, 'a cache or temporary file')];
    return [certain(title, 'deployed', { name, of }, place)];
  });
}
