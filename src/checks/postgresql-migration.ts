/** Knows when production data goes to SQLite, to memory or to a database that is opened with a default password. */
import {
  defineCheck,
  type Finding,
  fail,
  failed,
  forReview,
  type Options,
  once,
  pass,
  type Subject,
  sharingCauses,
} from '../check.ts';
import { databaseSchemes, databaseUrl, isWeak, judgedSettings } from '../facts/database-settings.ts';
import type { Facts } from '../facts/facts.ts';
import { chartNeeds } from '../facts/helm.ts';
import { settingNeeds } from '../facts/plain-settings.ts';
import { conditionNames } from '../facts/program/conditions.ts';
import { assumedFiles, type Excuses, excuseOf, namesOf, settingOrigins } from '../facts/program/database-excuses.ts';
import {
  type DatabaseOptions,
  databaseOptions,
  databaseWords,
  endsLike,
  isSetting,
} from '../facts/program/database-options.ts';
import { lastWord, type Origin, origins } from '../facts/program/flow.ts';
import { hiddenModules } from '../facts/program/hidden.ts';
import { argument, linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import { recordsInMemory } from '../facts/program/memory.ts';
import type { Operand, Site } from '../facts/program/model.ts';
import { allNamedValues, wordsOf } from '../facts/program/names.ts';
import { foreignFile } from '../facts/program/tables.ts';
import type { Place } from '../facts/span.ts';

const lost =
  'A file on the disk of a container is gone with the next deployment, has one writer at a time and no users of its own.';

export const postgresqlMigration = defineCheck({
  id: 'postgresql-migration',
  needs: {
    ...chartNeeds,
    ...settingNeeds(databaseSchemes),
    kubernetes: true,
    compose: true,
    dotenv: true,
    ormconfig: true,
    terraform: ['helm_release', 'kubernetes_', 'kubectl_manifest', ...databaseSchemes],
    script: [...chartNeeds.script, ...databaseSchemes],
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
      fix: 'Keep the data in the PostgreSQL database of the application, unless this is a cache or the file of another program.',
    },
    deployed: {
      what: '{name} of {of} points to {product}.',
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
    const settings = allNamedValues(program).filter((one) =>
      isSetting(one, list(options, 'settings'), list(options, 'engines')),
    );
    for (const one of settings) {
      const found = settingOrigins(program, one);
      subjects.push(...judge({ options, causes, unit: one.unit, site: one, name: one.name, found }));
    }
    for (const { unit, call } of program.calls(['os.getenv', 'os.environ.get', 'os.environ.setdefault'])) {
      const variable = call.args[0] ? unit.module.values[call.args[0].value]! : undefined;
      const fallback = argument(call, 1, 'default');
      if (!fallback || variable?.kind !== 'const' || !endsLike(String(variable.value), list(options, 'settings')))
        continue;
      const found = origins(program, unit, fallback.value, { callers: false });
      subjects.push(...judge({ options, causes, unit, site: call, name: String(variable.value), found }));
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
      const files = raw ? assumedFiles(program, found) : [];
      const foreign = raw ? foreignFile(program, site, files) : undefined;
      const judged = judge({ options, causes, unit: site.unit, site: site.call, name, found, raw, value, files });
      if (foreign?.evidence) subjects.push(pass(name, placeIn(site.unit, site.call), foreign.evidence));
      else subjects.push(...(foreign ? judged.map(forReview) : judged));
    }
    subjects.push(
      ...configured(program, facts, options),
      ...recordsInMemory(program, list(options, 'records')).map(({ name, place }) =>
        failed(name, 'memory', { name }, place),
      ),
      ...hiddenModules(program, facts, Object.keys(openers)).map(({ module, by }) =>
        failed(module, 'shadowed', { package: by, module }, { path: module, span: { start: 0, end: 0 } }),
      ),
      ...deployed(facts, options),
    );
    return {
      subjects: sharingCauses(subjects),
      lookedFor: 'database URLs, connections and settings in code and in the configuration of deployments',
    };
  },
});

const list = (options: Options, name: string) => options[name] as readonly string[];
function excusesOf({ excuses, development }: Options): Excuses {
  return { words: excuses as Excuses['words'], development: development as readonly string[] };
}
interface Question {
  readonly options: Options;
  readonly causes: Map<string, Finding>;
  readonly unit: Unit;
  readonly site: Site;
  readonly name: string;
  readonly found: readonly Origin[];
  /** The call opens SQLite whatever the value is. */
  readonly raw?: boolean;
  readonly value?: Operand;
  readonly files?: readonly string[];
}

function judge({ options, unit, site, name, found, raw, causes, value, files = [] }: Question): Subject[] {
  const place = placeIn(unit, site);
  const texts = found.flatMap((one) =>
    one.kind === 'const' && typeof one.value === 'string' ? [{ one, text: one.value }] : [],
  );
  for (const { one, text } of texts) {
    const url = databaseUrl(text);
    if (url?.kind !== 'server' || !isWeak(url.user, url.password, list(options, 'weakPasswords'))) continue;
    const excuse = excuseOf(excusesOf(options), unit, site, name, found.flatMap(namesOf));
    if (excuse?.startsWith('for ')) return [pass(name, place, excuse)];
    return [fail(name, cause(causes, one, 'weak', name, place), place)];
  }
  const engine = endsLike(name, list(options, 'engines')) ? /^sqlite3?$/i : /^django\.db\.backends\.sqlite3$/;
  const lite = texts.find(({ text }) => databaseUrl(text)?.kind === 'sqlite' || engine.test(text));
  if (lite || raw) {
    const words = [name, value?.name ?? '', ...texts.map(({ text }) => text), ...found.flatMap(namesOf), ...files];
    const excuse = excuseOf(excusesOf(options), unit, site, name, words);
    if (excuse !== undefined) return [pass(name, place, excuse)];
    const file = raw ? texts.find(({ text }) => /[./]/.test(text)) : lite;
    if (raw && !file) {
      // Where the file lies is decided elsewhere: a look is worth while, not more.
      const finding: Finding = { message: 'opened', data: { name: unit.path }, place, confidence: 'low' };
      return [fail(name, once(causes, unit.path, finding), place)];
    }
    if (raw) return [fail(name, cause(causes, file!.one, 'opened', unit.path, place), place)];
    // What only a setting with such a default leads to has its cause there.
    const asked = conditionNames(unit, site.guard).flatMap((one) => causes.get(`default ${lastWord(one)}`) ?? []);
    const finding = asked[0] ?? cause(causes, lite!.one, 'sqlite', name, place);
    causes.set(`default ${name}`, finding);
    return [fail(name, finding, place)];
  }
  if (found.some((one) => one.kind === 'source' && one.source === 'env'))
    return [pass(name, place, 'read from the environment')];
  return texts.some(({ text }) => databaseUrl(text)) ? [pass(name, place, 'a database server')] : [];
}

/** Options of database libraries that are written as dictionaries, in code or in JSON. */
function configured(program: Program, facts: Facts, options: Options): Subject[] {
  const inCode = databaseOptions(program).flatMap((one): Subject[] => {
    const { entry, sections, texts } = one;
    const words = [...sections, ...Object.values(texts)];
    const excuse = () => excuseOf(excusesOf(options), entry.unit, entry, entry.unit.path, words);
    // Django's have a name of their own and are judged with the settings.
    return entry.name === 'ENGINE' ? [] : [connection(options, one, placeIn(entry.unit, entry), excuse)];
  });
  const inFiles = facts.of('ormconfig').flatMap(({ path, data }) =>
    data.connections.map((one) => {
      const words = wordsOf([path, one.texts.storage, one.texts.database].join(' '));
      const excuse = () => Object.entries(excusesOf(options).words).find(([mark]) => words.includes(mark))?.[1];
      return connection(options, { ...one, dialects: [one.dialect] }, { path, span: one.span }, excuse);
    }),
  );
  return [...inCode, ...inFiles];
}

function connection(
  options: Options,
  { dialects, sections, texts }: Pick<DatabaseOptions, 'dialects' | 'sections' | 'texts'>,
  place: Place,
  excuse: () => string | undefined,
): Subject {
  const name = `database options of ${place.path}`;
  const lite = dialects.every((dialect) => /sqlite|sqljs|libsql/.test(dialect));
  if (!lite && !isWeak(texts.username ?? texts.user ?? '', texts.password ?? '', list(options, 'weakPasswords')))
    return pass(name, place, dialects.length > 1 ? 'chosen by a condition' : 'a database server');
  if (sections.flatMap((one) => wordsOf(one)).some((word) => list(options, 'development').includes(word)))
    return pass(name, place, 'not the section of production');
  const reason = lite ? excuse() : undefined;
  if (reason !== undefined) return pass(name, place, reason);
  return failed(name, lite ? 'opened' : 'weak', { name: place.path }, place);
}

function cause(causes: Map<string, Finding>, origin: Origin, message: string, name: string, place: Place): Finding {
  const { unit, ref } = origin.node;
  const at = placeIn(unit, unit.module.values[ref]!);
  const here = at.path === place.path && at.span.start >= place.span.start && at.span.end <= place.span.end;
  const related = here ? [] : [{ ...at, text: 'The text stands here.' }];
  const finding: Finding = { message, data: { name }, place, confidence: 'high' };
  return once(causes, `${unit.path}:${at.span.start}`, related.length > 0 ? { ...finding, related } : finding);
}

/** What compose files, containers, images, .env files and the like name. */
function deployed(facts: Facts, options: Options): Subject[] {
  const [excuses, programs] = [excusesOf(options).words, list(options, 'programs')];
  const rules = { weak: list(options, 'weakPasswords'), engines: list(options, 'engines'), excuses, programs };
  const causes = new Map<string, Finding>();
  return judgedSettings(facts, rules).map(({ name, of, place, cause, product = '', related = [], ...one }) => {
    const title = `${name} of ${of}`;
    if (!one.fault) return pass(title, place, one.evidence!);
    const confidence = one.doubtful ? 'low' : 'high';
    const data = one.fault === 'weak' ? { name } : { name, of, product }; // Copies share what is said alike.
    return fail(title, once(causes, `${one.fault} ${cause}`, { message: one.fault, data, place, confidence, related }));
  });
}
