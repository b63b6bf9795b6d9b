/** Knows database URLs, and where the deployment configuration of a repository sets one. */
import { linkCluster, placeIn } from './cluster.ts';
import { keyValues, linkCompose } from './compose.ts';
import { linkContainers } from './containers.ts';
import type { Facts } from './facts.ts';
import { titleOf } from './kubernetes.ts';
import { plainSettings } from './plain-settings.ts';
import type { Place } from './span.ts';
import { at, entriesOf, itemsOf, textOf } from './yaml.ts';
import { isForDevelopment } from './zones.ts';

/** What a text says as a database URL. */
export type DatabaseUrl =
  /** `file` is empty for a database in memory. */
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'server'; readonly user: string; readonly password: string };

const servers = /^(?:postgres|postgresql|mysql|mariadb|mssql|oracle|cockroachdb|mongodb)(?:\+\w+)?:\/\//i;

/** How addresses of databases begin, for looking through text. */
export const databaseSchemes =
  'sqlite: sqlite3: sqlite+ postgres: postgresql: postgresql+ mysql: mysql+ mariadb: mongodb:'.split(' ');

/** Undefined: the text is no URL of a database. A password with a variable in it is empty. */
export function databaseUrl(text: string): DatabaseUrl | undefined {
  const sqlite = /^sqlite3?(?:\+\w+)?:(?:\/{2,4})?([^?]*)/i.exec(text.trim());
  if (sqlite) return { kind: 'sqlite', file: sqlite[1] === ':memory:' ? '' : sqlite[1]! };
  const server = servers.exec(text.trim());
  if (!server) return undefined;
  const authority = text.trim().slice(server[0].length).split(/[/?]/)[0]!;
  const credentials = authority.includes('@') ? authority.slice(0, authority.lastIndexOf('@')) : '';
  const colon = credentials.indexOf(':');
  const password = colon < 0 ? '' : credentials.slice(colon + 1);
  return {
    kind: 'server',
    user: colon < 0 ? credentials : credentials.slice(0, colon),
    password: /[${}<>%]/.test(password) ? '' : password,
  };
}

/** A password from the list, or the user's name with or without one of them. */
export function isWeak(user: string, password: string, weak: readonly string[]): boolean {
  const plain = password.toLowerCase();
  const rest =
    user !== '' && plain.startsWith(user.toLowerCase()) ? plain.slice(user.length).replace(/^[\W_]+/, '') : plain;
  return password !== '' && (rest === '' || weak.includes(plain) || weak.includes(rest));
}

/** What is wrong with a setting, or why nothing is; undefined where it names no database. */
export function judgeSetting(
  { name, value, place }: DeployedSetting,
  weak: readonly string[],
): { readonly fault: 'weak' | 'deployed'; readonly evidence?: undefined } | { readonly evidence: string } | undefined {
  const url = databaseUrl(value);
  if (!url) return undefined;
  if (isForDevelopment(place.path)) return { evidence: 'not the configuration of production' };
  if (url.kind === 'server')
    return isWeak(url.user, url.password, weak) ? { fault: 'weak' } : { evidence: 'a database server' };
  if (/cache|tmp/i.test(name) || /^\/?(?:tmp|dev\/shm)\//.test(url.file))
    return { evidence: 'a cache or temporary file' };
  return { fault: 'deployed' };
}

/** A variable that a deployment hands to a program. */
export interface DeployedSetting {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** "service api of compose.yaml". */
  readonly of: string;
  /** Whether it is production's cannot be told. */
  readonly doubtful?: true;
}

/**
 * Variables with a known value in compose files, containers of Kubernetes, .env files, images, Terraform, units of systemd
 * and scripts, and data sources of Prisma. Use through `facts.linked`.
 */
export function deployedSettings(facts: Facts): readonly DeployedSetting[] {
  const found: DeployedSetting[] = [];
  for (const service of facts.linked(linkCompose)) {
    for (const { key, value, span, path } of keyValues(at(service.body, 'environment'))) {
      const text = value?.resolved;
      const of = `service ${service.name} of ${service.path}`;
      // A .env file that gives the whole value is read on its own.
      if (text === undefined || (value!.origins.length > 0 && /^(?:\$\{?\w+\}?)?$/.test(value!.text))) continue;
      const origin = value!.origins.find(({ name }) => /pass|pwd|secret/i.test(name));
      const place = origin ? { path: origin.path, span: origin.span } : { path: path ?? service.path, span };
      found.push({ name: key, value: text, place, of });
    }
  }
  for (const { title, variants } of facts.linked(linkContainers)) {
    const { workload, container } = variants[0]!;
    for (const item of itemsOf(at(container.body, 'env'))) {
      const name = textOf(at(item, 'name'));
      const value = textOf(at(item, 'value'));
      if (name !== undefined && value !== undefined)
        found.push({ name, value, place: placeIn(workload, item), of: title });
    }
  }
  for (const { object, path, chart } of facts.linked(linkCluster).objects) {
    if (object.kind !== 'ConfigMap' || (chart && chart.environment !== 'defaults' && !chart.installed)) continue;
    for (const entry of entriesOf(at(object.body, 'data'))) {
      const value = textOf(entry.value);
      const place = { path: entry.path ?? path, span: entry.keySpan };
      if (value !== undefined && entry.value.rendered?.unknown === undefined)
        found.push({ name: entry.key, value, place, of: titleOf(object) });
    }
  }
  for (const { path, data } of facts.of('dotenv')) {
    if (data.template) continue;
    for (const { name, value, span } of data.variables) found.push({ name, value, place: { path, span }, of: path });
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
