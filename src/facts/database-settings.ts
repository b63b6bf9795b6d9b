/** Knows database URLs, and where the deployment configuration of a repository sets one. */

import { isTrial } from './cluster/trials.ts';
import { linkCluster, placeIn } from './cluster.ts';
import { composeTrials } from './compose/trials.ts';
import { keyValues, linkCompose } from './compose.ts';
import { linkContainers } from './containers.ts';
import type { Facts } from './facts.ts';
import { titleOf } from './kubernetes.ts';
import { plainSettings } from './plain-settings.ts';
import { endsLike } from './program/database-options.ts';
import { hasWords, wordsOf } from './program/names.ts';
import { handedFiles } from './secrets/handed.ts';
import type { Place, Span } from './span.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from './yaml.ts';
import { isForDevelopment } from './zones.ts';

/** What a text says as a database URL. */
export type DatabaseUrl =
  /** `file` is empty for a database in memory; `product` is what keeps the data. */
  | { readonly kind: 'sqlite'; readonly file: string; readonly product: string }
  | { readonly kind: 'server'; readonly user: string; readonly password: string };

const servers =
  /^(?:jdbc:)?(?:postgres|postgresql|mysql|mariadb|mssql|sqlserver|oracle|cockroachdb|mongodb)(?:\+\w+)?:\/\//i;
/** Libraries that keep a database in a file or in memory of the program itself, as URLs of JDBC name them. */
const embedded: Readonly<Record<string, string>> = { h2: 'H2', hsqldb: 'HSQLDB', derby: 'Derby' };

/** How addresses of databases begin, for looking through text. */
export const databaseSchemes =
  'sqlite postgres: postgresql: postgresql+ mysql: mysql+ mariadb: mongodb: jdbc:h2 jdbc:hsqldb jdbc:derby'.split(' ');

/** Undefined: the text is no URL of a database. A password with a variable in it is empty. */
export function databaseUrl(text: string): DatabaseUrl | undefined {
  const url = text.trim();
  const sqlite = /^(?:jdbc:)?sqlite3?(?:\+\w+)?:(?:\/{2,4})?([^?]*)/i.exec(url);
  if (sqlite) return { kind: 'sqlite', product: 'SQLite', file: sqlite[1] === ':memory:' ? '' : sqlite[1]! };
  const java = /^jdbc:(h2|hsqldb|derby):(?!(?:tcp|ssl|hsqls?|https?):|\/\/)(?:mem:\w*|file:|memory:\w*)?([^;?]*)/i.exec(
    url,
  );
  if (java) return { kind: 'sqlite', product: embedded[java[1]!.toLowerCase()]!, file: java[2]! };
  const server = servers.exec(url);
  if (!server) return undefined;
  const [authority = '', query = ''] = url.slice(server[0].length).split(/[/?;](.*)/s);
  const credentials = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : '';
  const colon = credentials.indexOf(':');
  // Java gives them as parameters.
  const given = (key: string) => new RegExp(`(?:^|[?&;])${key}=([^&;]*)`, 'i').exec(query)?.[1] ?? '';
  const user = (colon < 0 ? credentials : credentials.slice(0, colon)) || given('user(?:name)?');
  const password = colon < 0 ? given('password') : credentials.slice(colon + 1);
  return { kind: 'server', user, password: /[${}<>%]/.test(password) ? '' : password };
}

/** A password from the list, or the user's name with or without one of them: `shop_user:shop_pass`. */
export function isWeak(user: string, password: string, weak: readonly string[]): boolean {
  const plain = password.toLowerCase();
  const name = user.toLowerCase();
  const rests = [name, name.replace(/[\W_]+(?:user|usr|admin|owner)$/, '')].flatMap((start) =>
    start !== '' && plain.startsWith(start) ? [plain.slice(start.length).replace(/^[\W_]+/, '')] : [],
  );
  return password !== '' && [plain, ...rests].some((rest) => rest === '' || weak.includes(rest));
}

/** How settings are judged. */
export interface SettingRules {
  readonly weak: readonly string[];
  /** Last words of settings that name a kind of database. */
  readonly engines: readonly string[];
  /** Reason by words in the name of a setting or of what runs with it that make a database none of production's own. */
  readonly excuses: Readonly<Record<string, string>>;
  /** Programs with a database of their own that has nothing to do with the one of the application. */
  readonly programs: readonly string[];
}

export interface JudgedSetting extends DeployedSetting {
  /** Why nothing is wrong. */
  readonly evidence?: string;
  readonly fault?: 'weak' | 'deployed';
  /** What keeps the data instead of a server, and in which file, where that is told. */
  readonly product?: string;
  readonly file?: string;
  /** Equal for settings with one cause. */
  readonly cause?: string;
  /** The other places of the cause. */
  readonly related?: readonly (Place & { readonly text: string })[];
}

/** All settings that name a database, judged. */
export function judgedSettings(facts: Facts, rules: SettingRules): JudgedSetting[] {
  const judged = facts.linked(deployedSettings).flatMap((one) => judgeSetting(one, rules) ?? []);
  // All that a program is told about its database is one cause, and so is one file that several of them share.
  const files = new Map(judged.flatMap(({ of, file, cause }) => (file && cause ? [[of, cause] as const] : [])));
  const places = new Map<string, Place[]>();
  const shared = judged.map((one) => {
    if (one.cause === undefined) return one;
    const cause = (one.product && files.get(one.of)) ?? one.cause;
    places.set(cause, [...(places.get(cause) ?? []), one.place]);
    return { ...one, cause };
  });
  return shared.map((one) => {
    const related = (places.get(one.cause ?? '') ?? []).slice(1);
    return related.length === 0
      ? one
      : { ...one, related: related.map((place) => ({ ...place, text: 'The same stands here.' })) };
  });
}

/** The setting with its judgement; undefined where it names no database. */
function judgeSetting(one: DeployedSetting, rules: SettingRules): JudgedSetting | undefined {
  const { name, value, place, of, program = '' } = one;
  const url = databaseUrl(value) ?? embeddedBy(name, value, rules.engines);
  if (!url) return undefined;
  if (isForDevelopment(place.path)) return { ...one, evidence: 'not the configuration of production' };
  const words = wordsOf(`${name} ${program}`);
  const [, excuse] = Object.entries(rules.excuses).find(([mark]) => hasWords(words, mark.split(' '))) ?? [];
  if (url.kind === 'server') {
    if (!isWeak(url.user, url.password, rules.weak)) return { ...one, evidence: 'a database server' };
    if (excuse?.startsWith('for ')) return { ...one, evidence: excuse };
    return { ...one, fault: 'weak', cause: `${place.path} ${url.user}:${url.password}` };
  }
  if (rules.programs.some((mark) => hasWords(words, mark.split(' '))))
    return { ...one, evidence: 'a database of another program' };
  if (excuse !== undefined) return { ...one, evidence: excuse };
  if (/^\/?(?:tmp|dev\/shm)\//.test(url.file)) return { ...one, evidence: 'a temporary file' };
  const cause = url.file === '' ? of : `${place.path} ${url.file}`;
  return { ...one, fault: 'deployed', product: url.product, file: url.file, cause };
}

/** `DB_ENGINE: sqlite3`, `SQLITE_PATH: /data/app.db`. */
function embeddedBy(name: string, value: string, engines: readonly string[]): DatabaseUrl | undefined {
  if (/^(?:(?:better-)?sqlite3?|sqljs|django\.db\.backends\.sqlite3)$/i.test(value) && endsLike(name, engines))
    return { kind: 'sqlite', product: 'SQLite', file: '' };
  const words = wordsOf(name);
  const file = words.includes('sqlite')
    ? /^[\w./-]+\.(?:db3?|sqlite3?)$/.test(value)
    : words.some((word) => word === 'database' || word === 'db') && /^[\w./-]+\.sqlite3?$/.test(value);
  return file ? { kind: 'sqlite', product: 'SQLite', file: value } : undefined;
}

/** A variable that a deployment hands to a program. */
export interface DeployedSetting {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** "service api of compose.yaml". */
  readonly of: string;
  /** Names of what runs with it: a service, its image. */
  readonly program?: string;
  /** Whether it is production's cannot be told. */
  readonly doubtful?: true;
}

/**
 * Variables with a known value in compose files, containers of Kubernetes, .env files, images, Terraform, units of systemd
 * and scripts, and data sources of Prisma. Use through `facts.linked`.
 */
function deployedSettings(facts: Facts): readonly DeployedSetting[] {
  const found: DeployedSetting[] = [];
  const trials = facts.linked(composeTrials);
  for (const service of facts.linked(linkCompose)) {
    for (const { key, value, span, path } of keyValues(at(service.body, 'environment'))) {
      const text = value?.resolved;
      const of = `service ${service.name} of ${service.path}`;
      // A .env file that gives the whole value is read on its own.
      if (text === undefined || (value!.origins.length > 0 && /^(?:\$\{?\w+\}?)?$/.test(value!.text))) continue;
      const origin = value!.origins.find(({ name }) => /pass|pwd|secret/i.test(name));
      const place = origin ? { path: origin.path, span: origin.span } : { path: path ?? service.path, span };
      const program = `${service.name} ${service.image?.resolved ?? ''}`;
      const trial = trials.has(service.path) ? { doubtful: true as const } : trialOf(place.path);
      found.push({ name: key, value: text, place, of, program, ...trial });
    }
  }
  for (const { title, variants } of facts.linked(linkContainers)) {
    const { workload, container } = variants[0]!;
    const program = `${container.name} ${workload.object.name ?? ''} ${container.image?.text ?? ''}`;
    for (const item of itemsOf(at(container.body, 'env'))) {
      const name = textOf(at(item, 'name'));
      const value = textOf(at(item, 'value'));
      if (name === undefined || value === undefined) continue;
      const place = placeIn(workload, item);
      found.push({ name, value, place, of: title, program, ...(workload.trial && { doubtful: true as const }) });
    }
  }
  for (const { object, path, chart, trial } of facts.linked(linkCluster).objects) {
    const { kind, body } = object;
    if (!/^(?:ConfigMap|Secret)$/.test(kind) || (chart && chart.environment !== 'defaults' && !chart.installed))
      continue;
    for (const key of ['data', 'stringData'])
      for (const entry of entriesOf(at(body, key))) {
        const text = textOf(entry.value);
        const place = { path: entry.path ?? path, span: entry.keySpan };
        if (text === undefined || entry.value.rendered?.unknown !== undefined) continue;
        const value = kind === 'Secret' && key === 'data' ? Buffer.from(text, 'base64').toString() : text;
        const program = object.name ?? '';
        found.push({
          name: entry.key,
          value,
          place,
          of: titleOf(object),
          program,
          ...(trial && { doubtful: true as const }),
        });
      }
  }
  for (const { path, data } of facts.of('kubernetes')) {
    for (const kind of ['configMapGenerator', 'secretGenerator'])
      for (const generator of itemsOf(at(data.kustomization, kind)))
        for (const { key, value } of itemsOf(at(generator, 'literals')).flatMap(literal)) {
          const of = `${kind} ${textOf(at(generator, 'name')) ?? ''} of ${path}`;
          found.push({ name: key, value: value.text, place: { path, span: value.span }, of, ...trialOf(path) });
        }
  }
  for (const { path, data } of facts.of('dotenv')) {
    if (data.template) continue;
    // What only files for trials hand over is theirs.
    const trial = facts.linked(handedFiles).get(path)?.deployed === false ? { doubtful: true as const } : {};
    for (const { name, value, span } of data.variables)
      found.push({ name, value, place: { path, span }, of: path, ...trial });
  }
  for (const { owner, doubtful, ...one } of facts.linked(plainSettings))
    found.push({ name: one.name, value: one.value, place: one.place, of: owner, ...(doubtful && { doubtful }) });
  for (const { path, data } of facts.of('prisma')) {
    for (const { name, provider, url } of data.sources) {
      if (!provider || provider.variable) continue;
      // Without an address of its own the provider says what it is; the address of a server is then somewhere else.
      const value = provider.text === 'sqlite' ? 'sqlite:' : url && !url.variable ? url.text : `${provider.text}://`;
      const at = provider.text !== 'sqlite' && url && !url.variable ? url : provider;
      found.push({ name: `The data source ${name}`, value, place: { path, span: at.span }, of: path });
    }
  }
  return found;
}

/** A file with the name of SQLite is one of several that one may choose. */
function trialOf(path: string): Pick<DeployedSetting, 'doubtful'> {
  return isTrial(path) || /sqlite/i.test(path) ? { doubtful: true } : {};
}

function literal(node: YamlNode): { readonly key: string; readonly value: { text: string; span: Span } }[] {
  const [, key, text] = /^([^=]+)=(.*)$/s.exec(textOf(node) ?? '') ?? [];
  if (key === undefined || text === undefined) return [];
  return [{ key, value: { text: text.replace(/^(["'])(.*)\1$/s, '$2'), span: node.span } }];
}
