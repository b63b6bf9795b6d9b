/** Knows the settings that images, Terraform, templates, tasks, units of systemd and scripts hold as plain text. */
import { isTrial } from './cluster/trials.ts';
import { linkDocker } from './docker-run.ts';
import type { Facts } from './facts.ts';
import type { Body, Expression } from './hcl.ts';
import { lineage } from './service-image.ts';
import { baseName, type ResolvedWord, resolveWord, withoutLaunchers } from './shell/words.ts';
import { type Command, eachCommand, type Statement } from './shell.ts';
import type { Place } from './span.ts';
import { at, textOf as scalarText, type YamlNode } from './yaml.ts';
import { isForDevelopment } from './zones.ts';

export interface PlainSetting {
  /** `export`: a variable that a script sets, for itself or for what it starts; `written`: what it writes into a file. */
  readonly source: 'image' | 'terraform' | 'template' | 'unit' | 'command' | 'export' | 'written';
  /** "ENV of Dockerfile", "variable db_password", "docker run of postgres:16". */
  readonly owner: string;
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** The value is a secret whatever its name is. */
  readonly secret?: true;
  /** Nothing says that the script sets up what runs in production. */
  readonly doubtful?: true;
}

/** Kinds of files that hold such settings, beside Terraform and scripts, which checks read for other reasons as well. */
export function settingNeeds(
  words: readonly string[],
): Readonly<Record<'dockerfile' | 'systemd' | 'cloudformation' | 'ecs', readonly string[]>> {
  return { dockerfile: words, systemd: words, cloudformation: words, ecs: words };
}

/** A pure join: use through `facts.linked`. */
export function plainSettings(facts: Facts): readonly PlainSetting[] {
  return [...inImages(facts), ...inTerraform(facts), ...inTemplates(facts), ...inUnits(facts), ...inScripts(facts)];
}

/** Variables of the last stage and of those it is built from. */
function inImages(facts: Facts): PlainSetting[] {
  return facts.of('dockerfile').flatMap(({ path, data }) => {
    const last = data.stages.at(-1);
    const stages = last ? lineage(data, last) : [];
    return [...data.globals, ...stages.flatMap(({ variables }) => variables)].flatMap((one): PlainSetting[] => {
      const value = one.value && (one.value.resolved ?? one.value.text);
      if (value === undefined) return [];
      const owner = `${one.kind.toUpperCase()} of ${path}`;
      return [{ source: 'image', owner, name: one.name, value, place: { path, span: one.span } }];
    });
  });
}

/** Properties and defaults of CloudFormation, variables of ECS tasks. */
function inTemplates(facts: Facts): PlainSetting[] {
  const found: PlainSetting[] = [];
  for (const { path, data } of facts.of('cloudformation')) {
    const add = (owner: string, name: string, node: YamlNode): void => {
      const value = node.tag === undefined ? scalarText(node) : undefined;
      if (value !== undefined) found.push({ source: 'template', owner, name, value, place: { path, span: node.span } });
    };
    const visit = (owner: string, name: string, node: YamlNode, depth: number): void => {
      if (depth > 40) return;
      if (node.kind === 'list') for (const item of node.items) visit(owner, name, item, depth + 1);
      else if (node.kind === 'scalar') add(owner, name, node);
      else {
        const pair = scalarText(at(node, 'Name') ?? at(node, 'Key'));
        for (const { key, value } of node.entries)
          visit(owner, key === 'Value' ? (pair ?? key) : key, value, depth + 1);
      }
    };
    for (const [name, node] of Object.entries(data.defaults)) add(`parameter ${name}`, name, node);
    for (const { name, type, properties } of data.resources)
      if (properties) visit(`${type} ${name}`, name, properties, 0);
  }
  for (const { path, data } of facts.of('ecs')) {
    if (found.some(({ place }) => place.path === path)) continue;
    for (const { name: container, environment = [] } of data.containers)
      for (const { name, value, span } of environment)
        found.push({ source: 'template', owner: `container ${container}`, name, value, place: { path, span } });
  }
  return found;
}

function inUnits(facts: Facts): PlainSetting[] {
  return facts.of('systemd').flatMap(({ path, data }) =>
    data.variables.map(
      ({ name, value, span }): PlainSetting => ({
        source: 'unit',
        owner: baseName(path),
        name,
        value,
        place: { path, span },
      }),
    ),
  );
}

const HOLDING = /^(?:resource|module|provider|locals|variable|ephemeral|terraform)$/;

function inTerraform(facts: Facts): PlainSetting[] {
  const found: PlainSetting[] = [];
  for (const { path, data } of facts.of('terraform')) {
    if (data.role === 'state') continue;
    const add = (owner: string, name: string, value: Expression): void => {
      const text = textOf(value);
      if (text !== undefined)
        found.push({ source: 'terraform', owner, name, value: text, place: { path, span: value.span } });
    };
    // Somebody copies those and fills them in.
    if (data.role === 'variables' && /example|sample|template/i.test(baseName(path))) continue;
    if (data.role !== 'config') settings(data.body, (name, value) => add(path, name, value), 0);
    else
      for (const block of data.body.blocks) {
        const [type = '', name = type] = block.labels;
        // Objects of a cluster are judged as such.
        if (
          !(HOLDING.test(block.type) || type === 'terraform_remote_state') ||
          (block.type === 'resource' && type.startsWith('kubernetes_'))
        )
          continue;
        const owner = `${block.type} ${block.type === 'resource' ? `${type}.` : ''}${name}`.trim();
        if (block.type !== 'variable') settings(block, (key, value) => add(owner, key, value), 0);
        else
          for (const { name: key, value } of block.attributes)
            if (key === 'default') valueIn(type, value, (inner, one) => add(owner, inner, one), 0);
      }
  }
  return found;
}

type Add = (name: string, value: Expression) => void;

/** Named values of a body; `name` and `value` beside each other are a pair. */
function settings(body: Body, add: Add, depth: number): void {
  const name = textOf(body.attributes.find((one) => one.name === 'name' || one.name === 'key')?.value);
  for (const one of body.attributes)
    valueIn(one.name === 'value' ? (name ?? one.name) : one.name, one.value, add, depth);
  if (depth < 20) for (const block of body.blocks) settings(block, add, depth + 1);
}

function valueIn(name: string, value: Expression, add: Add, depth: number): void {
  if (depth > 40) return;
  add(name, value);
  if (value.kind === 'tuple') for (const item of value.items) valueIn(name, item, add, depth + 1);
  else if (value.kind === 'call') for (const item of value.args) valueIn(name, item, add, depth + 1);
  else if (value.kind === 'conditional') for (const one of [value.yes, value.no]) valueIn(name, one, add, depth + 1);
  else if (value.kind === 'object') {
    const fields = value.entries.map((entry) => ({ key: textOf(entry.key) ?? nameOf(entry.key), of: entry.value }));
    const pair = textOf(fields.find(({ key }) => /^(?:name|key)$/i.test(key))?.of);
    for (const { key, of } of fields) valueIn(/^value$/i.test(key) ? (pair ?? key) : key, of, add, depth + 1);
  }
}

function nameOf(key: Expression): string {
  return key.kind === 'name' ? key.name : '';
}

function textOf(value: Expression | undefined): string | undefined {
  if (value?.kind === 'literal') return typeof value.value === 'string' ? value.value : undefined;
  if (value?.kind !== 'template' || value.parts.some(({ kind }) => kind === 'if' || kind === 'for')) return undefined;
  return value.parts.map((part) => (part.kind === 'text' ? part.text : '${value}')).join('');
}

const DEPLOYS =
  /(?:^|[/._-])(?:prod|production|deploy|deployment|install|installer|setup|release|provision|bootstrap|vps|server|staging|launch)(?:$|[/._-])/i;

/** Shell scripts only: targets of make and steps of a pipeline start throw-away services. */
function inScripts(facts: Facts): PlainSetting[] {
  const found: PlainSetting[] = [];
  const add = (setting: Omit<PlainSetting, 'source'>, source: PlainSetting['source'] = 'command'): void => {
    const trial = source === 'written' && isTrial(setting.owner);
    found.push({
      source,
      ...setting,
      ...(DEPLOYS.test(setting.place.path) && !trial ? {} : { doubtful: true as const }),
    });
  };
  const shells = facts.of('script').filter(({ data }) => data.type === 'shell');
  const paths = new Set(shells.map(({ path }) => path));
  for (const { options, image, place } of facts.linked(linkDocker).runs) {
    if (!paths.has(place.path)) continue;
    for (const pair of pairs(valuesOf(options, /^(?:-e|--env)$/)))
      add({ owner: `docker run of ${image}`, place, ...pair });
  }
  for (const { path, data } of shells)
    for (const { file, span, name, value } of data.written ?? [])
      if (!isForDevelopment(file)) add({ owner: file, name, value, place: { path, span } }, 'written');
  for (const { path, data } of shells) {
    const bodies = data.targets.flatMap(({ recipes }) => recipes.map(({ shell }) => shell.statements));
    const asked = new Set(bodies.flatMap(askedFor));
    for (const body of bodies)
      eachCommand(body, (command) => {
        const all = command.words.map((word) => resolveWord(word, new Map()));
        const words = withoutLaunchers(all);
        const place = { path, span: command.span };
        const textOf = (word: ResolvedWord): string => (word.known ? word.text : '$');
        const known = words.map(textOf);
        const program = baseName(known[0] ?? '');
        const launching = all.slice(0, all.length - words.length).map(textOf);
        const exported = pairs([...launching, ...(program === 'export' ? known.slice(1) : [])]);
        for (const pair of [...exported, ...assigned(command)])
          if (!asked.has(pair.name)) add({ owner: path, place, ...pair }, 'export');
        if (/^(?:kubectl|oc)$/.test(program) && isSecret(words))
          for (const pair of pairs(valuesOf(known, /^--from-literal$/)))
            add({ owner: `${program} create secret`, place, ...pair, secret: true });
        if (program === 'helm')
          for (const list of valuesOf(known, /^--set(?:-string)?$/))
            for (const pair of pairs(list.split(/(?<!\\),/))) add({ owner: 'helm', place, ...pair });
      });
  }
  return found;
}

/** Variables that whoever runs the script types in. */
function askedFor(body: readonly Statement[]): string[] {
  const names: string[] = [];
  eachCommand(body, ({ words }) => {
    if (words[0]?.value === 'read') names.push(...words.slice(1).map(({ text }) => text));
  });
  return names;
}

/** `NAME=value` in front of a command, or alone. */
function assigned(command: Command): { name: string; value: string }[] {
  return command.assignments.flatMap(({ name, value }) => {
    const word = value && resolveWord(value, new Map());
    return word?.known ? [{ name, value: word.text }] : [];
  });
}

function isSecret(words: readonly ResolvedWord[]): boolean {
  return words.some(({ text }, i) => text === 'create' && words.slice(i + 1).some((one) => one.text === 'secret'));
}

/** What follows an option, as a word of its own or behind "=". */
function valuesOf(words: readonly string[], option: RegExp): string[] {
  return words.flatMap((word, i) => {
    if (option.test(word)) return words[i + 1] ?? [];
    const equals = word.indexOf('=');
    if (equals > 0 && option.test(word.slice(0, equals))) return [word.slice(equals + 1)];
    return /^-e[A-Za-z_]/.test(word) && option.test('-e') ? [word.slice(2)] : [];
  });
}

function pairs(texts: readonly string[]): { name: string; value: string }[] {
  return texts.flatMap((text) => {
    const equals = text.indexOf('=');
    return equals > 0 ? [{ name: text.slice(0, equals), value: text.slice(equals + 1) }] : [];
  });
}
