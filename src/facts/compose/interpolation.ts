/** Knows how the texts of compose files get the values of their variables, and where those values stand. */
import type { EnvironmentVariable } from '../dotenv.ts';
import type { Place } from '../span.ts';
import { resolveVariables } from '../variables.ts';
import type { Origin, Rendered, YamlMap, YamlNode, YamlScalar } from '../yaml.ts';

/** A variable that somebody sets; without a value it is only known when that runs. */
export interface Setting {
  readonly value?: string;
  readonly place: Place;
  /** Variables that its value is made of. */
  readonly origins?: readonly Origin[];
}

/** The variables of a project. */
export interface Environment {
  readonly settings: ReadonlyMap<string, Setting>;
  /** Files by the names they would give a value, if somebody copied them: ".env.example". */
  readonly templates: ReadonlyMap<string, string>;
}

export const EMPTY: Environment = { settings: new Map(), templates: new Map() };

/** Variables that are read of one file. */
const MOST = 5000;
/** Places that a value remembers. */
const MOST_ORIGINS = 20;

/** The environment with the variables of a file: what is set already stays, later lines may use earlier ones. */
export function withFile(
  environment: Environment,
  files: readonly { readonly path: string; readonly variables: readonly EnvironmentVariable[] }[],
): Environment {
  const read = new Map<string, Setting>();
  const scope = valuesOf(environment);
  for (const { path, variables } of files) {
    for (const { name, value, literal, span } of variables.slice(0, MOST)) {
      const { value: known, used } = literal ? { value, used: [] } : resolveVariables(value, scope);
      const origins = originsOf(used, (one) => environment.settings.get(one) ?? read.get(one));
      const made = origins.length > 0 ? { origins } : {};
      read.set(name, { ...(known === undefined ? {} : { value: known }), place: { path, span }, ...made });
      if (!environment.settings.has(name)) scope.set(name, known);
    }
  }
  return { ...environment, settings: new Map([...read, ...environment.settings]) };
}

function valuesOf({ settings }: Environment): Map<string, string | undefined> {
  return new Map([...settings].map(([name, { value }]) => [name, value]));
}

/** Gives the node with the variables of all its texts replaced; keys stay as they are, but for pairs written as one text. */
export function interpolator(environment: Environment): <T extends YamlNode>(node: T) => T {
  const scope = valuesOf(environment);
  const scalar = (node: YamlScalar): YamlScalar => {
    if (typeof node.value !== 'string' || !node.text.includes('$')) return node;
    const { value, variables, used } = resolveVariables(node.text, scope);
    if (variables.length === 0 && value === node.text) return node;
    const written = { text: node.text, variables: [...new Set(variables)] };
    if (value === undefined) return { ...node, rendered: { written, unknown: reasonOf(used, environment) } };
    const origins = originsOf(used, (name) => environment.settings.get(name));
    const rendered: Rendered = { written, ...(origins.length > 0 ? { origins } : {}) };
    return { ...node, value, text: value, rendered };
  };
  const replace = (node: YamlNode): YamlNode => {
    if (node.kind === 'scalar') return scalar(node);
    if (node.kind === 'list') {
      const items = node.items.map(replace);
      return items.some((item, i) => item !== node.items[i]) ? { ...node, items } : node;
    }
    const entries = node.entries.map((entry) => {
      const value = replace(entry.value);
      // The key and the value of a pair are parts of one item of a list.
      const pair = entry.keySpan === entry.value.span && entry.key.includes('$');
      const key = (pair && resolveVariables(entry.key, scope).value) || entry.key;
      return value === entry.value && key === entry.key ? entry : { ...entry, key, value };
    });
    return entries.some((entry, i) => entry !== node.entries[i]) ? { ...node, entries } : node;
  };
  return replace as <T extends YamlNode>(node: T) => T;
}

/** A setting without "=" in `environment` and `args` takes the value of the project's variable of that name. */
export function inherited(name: string, node: YamlScalar, environment: Environment): YamlScalar {
  const setting = environment.settings.get(name);
  const written = { text: '', variables: [name] };
  if (setting?.value === undefined) return { ...node, rendered: { written, unknown: reasonOf([name], environment) } };
  const origins = originsOf([name], (one) => environment.settings.get(one));
  return { ...node, value: setting.value, text: setting.value, rendered: { written, origins } };
}

function originsOf(names: readonly string[], settings: (name: string) => Setting | undefined): Origin[] {
  return [...new Set(names)].flatMap((name) => {
    const setting = settings(name);
    return setting?.value === undefined
      ? []
      : [{ name, ...setting.place }, ...(setting.origins ?? [])].slice(0, MOST_ORIGINS);
  });
}

function reasonOf(names: readonly string[], { settings, templates }: Environment): string {
  const name = [...new Set(names)].find((one) => settings.get(one)?.value === undefined);
  if (name === undefined) return 'the reference to a variable cannot be read';
  const set = settings.get(name)?.place.path;
  if (set !== undefined) return `${set} sets the variable ${name} when it runs`;
  const template = templates.get(name);
  return `the variable ${name} has no value in the repository${template === undefined ? '' : `, only ${template} suggests one`}`;
}

/** A map of one entry, for what is written shorter. */
export function mapOf(key: string, value: YamlNode): YamlMap {
  const { span, path } = value;
  const where = { span, ...(path === undefined ? {} : { path }) };
  return { kind: 'map', ...where, entries: [{ key, keySpan: span, value, ...where }] };
}
