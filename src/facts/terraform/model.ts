/** Knows how Terraform files join: folders as modules, their callers and arguments, tfvars, overrides, Terragrunt units, roots. */
import { posix } from 'node:path';
import type { Facts } from '../facts.ts';
import type { Attribute, Block, Body, Expression } from '../hcl.ts';
import { folderOf } from '../paths.ts';
import type { Place } from '../span.ts';
import { attributeOf, blocksOf, type ConfigFile } from '../terraform.ts';
import type { Zone } from '../workspace.ts';
import { evaluate, type Located, type Scope, stringOf, type Value } from './value.ts';

export interface LocatedBlock {
  readonly block: Block;
  readonly path: string;
}

/** One folder of configuration files. */
export interface TerraformModule {
  /** '' is the root of the tree. */
  readonly folder: string;
  readonly zone: Zone;
  readonly files: readonly { readonly path: string; readonly data: ConfigFile }[];
  /** Top-level blocks, override files merged in. */
  readonly blocks: readonly LocatedBlock[];
  readonly calls: readonly ModuleCall[];
  /** Called by another module or a Terragrunt unit of this tree, or laid out as a reusable module. */
  readonly child: boolean;
  /** Each way the module is deployed: one per caller or variables file. Never empty. */
  readonly scopes: readonly ModuleScope[];
}

export interface ModuleCall extends LocatedBlock {
  readonly name: string;
  /** As written; undefined when it is computed. */
  readonly source?: string;
  readonly version?: string;
  /** Folder of a local source. */
  readonly folder?: string;
}

export interface ModuleScope extends Scope {
  /** What gave the variables: a tfvars path, the address of a call, or '' for the defaults alone. */
  readonly from: string;
  /** Where the module is called from; absent for a root. */
  readonly caller?: Place;
}

/** A Terragrunt file. */
export interface Unit {
  readonly path: string;
  readonly folder: string;
  readonly zone: Zone;
  readonly body: Body;
  /** Folder of the local module it deploys. */
  readonly module?: string;
}

export interface TerraformModel {
  /** Sorted by folder. */
  readonly modules: readonly TerraformModule[];
  readonly units: readonly Unit[];
  module(folder: string): TerraformModule | undefined;
}

/** Ways of deploying one module that are told apart; more of them say nothing new. */
const MAX_SCOPES = 24;
const MAX_CALL_DEPTH = 8;

interface Draft {
  folder: string;
  zone: Zone;
  files: { path: string; data: ConfigFile }[];
  variableFiles: { path: string; data: ConfigFile }[];
  blocks: LocatedBlock[];
  calls: ModuleCall[];
  child: boolean;
  scopes: ModuleScope[];
}

export function terraformModel(facts: Facts): TerraformModel {
  const drafts = new Map<string, Draft>();
  const configs = facts
    .of('terraform')
    .filter((file): file is typeof file & { data: ConfigFile } => file.data.role !== 'state');
  for (const { path, zone, data } of configs) {
    if (data.role !== 'config') continue;
    const folder = folderOf(path);
    let draft = drafts.get(folder);
    if (!draft) {
      draft = { folder, zone, files: [], variableFiles: [], blocks: [], calls: [], child: false, scopes: [] };
      drafts.set(folder, draft);
    }
    draft.files.push({ path, data });
  }
  for (const draft of drafts.values()) {
    draft.blocks = mergedBlocks(draft.files);
    draft.calls = draft.blocks.filter(({ block }) => block.type === 'module').map((one) => callOf(one, draft.folder));
  }
  for (const { path, data } of configs) {
    if (data.role !== 'variables') continue;
    const owner = nearest(drafts, folderOf(path));
    owner?.variableFiles.push({ path, data });
  }
  const units = configs
    .filter(({ data }) => data.role === 'terragrunt')
    .map(({ path, zone, data }) => unitOf(path, zone, data.body, drafts));
  linkScopes(drafts, units);
  const modules = [...drafts.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
  return { modules, units, module: (folder) => drafts.get(folder) };
}

/** A path relative to a folder of the tree; undefined when it leaves the tree. */
export function resolvePath(folder: string, relative: string): string | undefined {
  const path = posix.join(folder || '.', relative).replace(/\/+$/, '');
  if (path === '.' || path === '') return '';
  return path === '..' || path.startsWith('../') ? undefined : path;
}

function nearest(drafts: ReadonlyMap<string, Draft>, folder: string): Draft | undefined {
  for (let current = folder; ; current = folderOf(current)) {
    const draft = drafts.get(current);
    if (draft || current === '') return draft;
  }
}

const OVERRIDE = /(?:^|\/|_)override\.(?:tf|tofu)(?:\.json)?$/;

/** Blocks of all files; those of override files replace arguments and nested blocks of the block they name. */
function mergedBlocks(files: Draft['files']): LocatedBlock[] {
  const blocks: LocatedBlock[] = [];
  for (const { path, data } of files) {
    if (!OVERRIDE.test(path)) for (const block of data.body.blocks) blocks.push({ block, path });
  }
  for (const { path, data } of files) {
    if (!OVERRIDE.test(path)) continue;
    for (const block of data.body.blocks) {
      const key = keyOf(block);
      const index = block.type === 'locals' ? -1 : blocks.findIndex((one) => keyOf(one.block) === key);
      const original = blocks[index];
      // Attributes keep their own file's offsets only when all come from one file, so a backend is replaced whole.
      if (!original || block.type === 'terraform') blocks.push({ block, path });
      else blocks[index] = { block: overridden(original.block, block), path: original.path };
    }
  }
  return blocks;
}

function keyOf(block: Block): string {
  return [block.type, ...block.labels].join('.');
}

function overridden(original: Block, override: Block): Block {
  const at = original.head;
  const attributes = override.attributes.map(
    (one): Attribute => ({ ...one, span: at, value: { ...one.value, span: at } }),
  );
  const names = new Set(attributes.map((one) => one.name));
  const types = new Set(override.blocks.map((one) => one.type));
  return {
    ...original,
    attributes: [...original.attributes.filter((one) => !names.has(one.name)), ...attributes],
    blocks: [
      ...original.blocks.filter((one) => !types.has(one.type)),
      ...override.blocks.map((one) => ({ ...one, span: at, head: at })),
    ],
  };
}

function literal(body: Body, name: string): string | undefined {
  const value = attributeOf(body, name)?.value;
  return value?.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
}

function callOf({ block, path }: LocatedBlock, folder: string): ModuleCall {
  const source = literal(block, 'source');
  const version = literal(block, 'version');
  const local = source !== undefined && /^\.{1,2}(?:\/|$)/.test(source) ? resolvePath(folder, source) : undefined;
  return {
    block,
    path,
    name: block.labels[0] ?? '',
    ...(source !== undefined && { source }),
    ...(version !== undefined && { version }),
    ...(local !== undefined && { folder: local }),
  };
}

function unitOf(path: string, zone: Zone, body: Body, drafts: ReadonlyMap<string, Draft>): Unit {
  const folder = folderOf(path);
  const source = blocksOf(body, 'terraform').map((block) => literal(block, 'source'))[0];
  const isUnit = /(?:^|\/)terragrunt\.hcl(?:\.json)?$/.test(path);
  let module: string | undefined;
  if (source !== undefined) {
    module = /^\.{1,2}\//.test(source)
      ? resolvePath(folder, source.replace('//', '/').replace(/\?.*$/, ''))
      : undefined;
  } else if (isUnit && drafts.has(folder)) module = folder;
  return { path, folder, zone, body, ...(module !== undefined && drafts.has(module) && { module }) };
}

/** Finds out who calls whom, then what each module's variables are, callers first. */
function linkScopes(drafts: ReadonlyMap<string, Draft>, units: readonly Unit[]): void {
  const callers = new Map<Draft, { draft: Draft; call: ModuleCall }[]>();
  for (const draft of drafts.values()) {
    for (const call of draft.calls) {
      const target = call.folder === undefined ? undefined : drafts.get(call.folder);
      if (!target || target === draft) continue;
      target.child = true;
      const known = callers.get(target);
      if (known) known.push({ draft, call });
      else callers.set(target, [{ draft, call }]);
    }
  }
  for (const unit of units) {
    const target = unit.module === undefined ? undefined : drafts.get(unit.module);
    if (target && unit.folder !== target.folder) target.child = true;
  }
  for (const draft of drafts.values()) draft.child ||= isReusable(draft) || isFragment(draft, drafts);

  const visiting = new Set<Draft>();
  const scopesOf = (draft: Draft): readonly ModuleScope[] => {
    if (draft.scopes.length > 0) return draft.scopes;
    if (visiting.has(draft) || visiting.size > MAX_CALL_DEPTH) return [];
    visiting.add(draft);
    const scopes: ModuleScope[] = [];
    for (const { draft: caller, call } of callers.get(draft) ?? []) {
      for (const outer of scopesOf(caller)) {
        if (scopes.length < MAX_SCOPES) scopes.push(calledScope(draft, drafts, call, outer));
      }
    }
    for (const unit of units) {
      if (unit.module === draft.folder && scopes.length < MAX_SCOPES) scopes.push(unitScope(draft, drafts, unit));
    }
    if (scopes.length === 0) scopes.push(...ownScopes(draft, drafts));
    visiting.delete(draft);
    draft.scopes = scopes;
    return scopes;
  };
  for (const draft of drafts.values()) scopesOf(draft);
}

/**
 * A module made to be called from elsewhere: it lies under modules/, or it configures no provider and no backend, asks
 * for values and offers outputs.
 */
function isReusable(draft: Draft): boolean {
  const types = new Set(draft.blocks.map(({ block }) => block.type));
  const settings = draft.blocks.filter(({ block }) => block.type === 'terraform').flatMap(({ block }) => block.blocks);
  if (settings.some((block) => block.type === 'backend' || block.type === 'cloud')) return false;
  if (types.has('provider') || draft.variableFiles.length > 0) return false;
  if (/(?:^|\/)modules?\//.test(`${draft.folder}/`)) return true;
  const asks = draft.blocks.some(({ block }) => block.type === 'variable' && !attributeOf(block, 'default'));
  return asks && types.has('output');
}

/** A part of the configuration in a folder above: nothing in it makes it a root of its own. */
function isFragment(draft: Draft, drafts: ReadonlyMap<string, Draft>): boolean {
  if (draft.folder === '' || draft.variableFiles.length > 0) return false;
  if (draft.blocks.some(({ block }) => block.type === 'provider' || block.type === 'terraform')) return false;
  return nearest(drafts, folderOf(draft.folder)) !== undefined;
}

/** Values of a root: its terraform.tfvars and *.auto.tfvars, and once more for each other tfvars file. */
function ownScopes(draft: Draft, drafts: ReadonlyMap<string, Draft>): ModuleScope[] {
  const automatic = (path: string) =>
    folderOf(path) === draft.folder && /(?:(?:^|\/)terraform|\.auto)\.tfvars(?:\.json)?$/.test(path);
  const rank = (path: string) => (/(?:^|\/)terraform\.tfvars(?:\.json)?$/.test(path) ? 0 : 1);
  const always = draft.variableFiles
    .filter(({ path }) => automatic(path))
    .sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  const chosen = draft.variableFiles.filter(({ path }) => !automatic(path)).slice(0, MAX_SCOPES);
  const ways = chosen.length > 0 ? chosen.map((file) => [...always, file]) : [always];
  return ways.map((files) => {
    const given = new Map<string, Located>();
    for (const { path, data } of files) {
      for (const { name, value } of variablesOf(data)) given.set(name, { value, path });
    }
    const from = files.at(-1)?.path ?? '';
    return moduleScope(draft, drafts, from, (name) => given.get(name), undefined);
  });
}

/** JSON syntax keeps variables as top-level attributes, which look like blocks when they are objects. */
function variablesOf(file: ConfigFile): readonly { name: string; value: Expression }[] {
  return file.body.attributes;
}

function calledScope(
  draft: Draft,
  drafts: ReadonlyMap<string, Draft>,
  call: ModuleCall,
  outer: ModuleScope,
): ModuleScope {
  const from = outer.caller ? `${outer.from}.module.${call.name}` : `module.${call.name}`;
  const argument = (name: string) => {
    const attribute = attributeOf(call.block, name);
    return attribute && { value: attribute.value, path: call.path };
  };
  return moduleScope(draft, drafts, from, argument, outer, { path: call.path, span: call.block.head });
}

function unitScope(draft: Draft, drafts: ReadonlyMap<string, Draft>, unit: Unit): ModuleScope {
  const inputs = attributeOf(unit.body, 'inputs')?.value;
  const given = (name: string): Located | undefined => {
    if (inputs?.kind !== 'object') return undefined;
    const entry = inputs.entries.find((one) => one.key.kind === 'literal' && one.key.value === name);
    return entry && { value: entry.value, path: unit.path };
  };
  const locals = blocksOf(unit.body, 'locals');
  const outer: ModuleScope = {
    from: unit.path,
    variable: () => undefined,
    local: (name) => {
      const attribute = locals.map((block) => attributeOf(block, name)).find(Boolean);
      return attribute && { value: attribute.value, path: unit.path };
    },
    output: () => undefined,
    resource: () => undefined,
  };
  return moduleScope(draft, drafts, unit.path, given, outer, { path: unit.path, span: { start: 0, end: 0 } });
}

/** @param outer scope of the given values; undefined: they stand alone, as in tfvars */
function moduleScope(
  draft: Draft,
  drafts: ReadonlyMap<string, Draft>,
  from: string,
  given: (name: string) => Located | undefined,
  outer: ModuleScope | undefined,
  caller?: Place,
): ModuleScope {
  const index = indexOf(draft);
  const scope: ModuleScope = {
    from,
    folder: draft.folder || '.',
    ...(caller && { caller }),
    variable: (name) => {
      const declared = index.variables.get(name);
      const value = given(name);
      const fallback = declared && attributeOf(declared.block, 'default');
      const byDefault = fallback && { of: { value: fallback.value, path: declared.path }, scope };
      if (!value) return byDefault ?? (declared ? 'unset' : undefined);
      const nullable = declared && attributeOf(declared.block, 'nullable')?.value;
      const replaced = nullable?.kind === 'literal' && nullable.value === false && isNullLiteral(value.value);
      return replaced && byDefault ? byDefault : { of: value, scope: outer ?? scope };
    },
    local: (name) => index.locals.get(name),
    output: (call, name) => {
      const block = draft.calls.find((one) => one.name === call);
      const target = block?.folder === undefined ? undefined : drafts.get(block.folder);
      const output = target && target !== draft && indexOf(target).outputs.get(name);
      const value = output && attributeOf(output.block, 'value');
      if (!block || !target || !value) return undefined;
      return { of: { value: value.value, path: output.path }, scope: calledScope(target, drafts, block, scope) };
    },
    resource: (type, name) => {
      const found = index.resources.get(`${type}.${name}`);
      return found && { body: found.block, path: found.path };
    },
  };
  return scope;
}

function isNullLiteral(value: Expression): boolean {
  return value.kind === 'literal' && value.value === null;
}

interface Index {
  readonly variables: ReadonlyMap<string, LocatedBlock>;
  readonly outputs: ReadonlyMap<string, LocatedBlock>;
  readonly resources: ReadonlyMap<string, LocatedBlock>;
  readonly locals: ReadonlyMap<string, Located>;
}

const indexes = new WeakMap<Draft, Index>();

function indexOf(draft: Draft): Index {
  const known = indexes.get(draft);
  if (known) return known;
  const named = (type: string, labels: number) =>
    new Map(
      draft.blocks
        .filter(({ block }) => block.type === type && block.labels.length >= labels)
        .map((one) => [one.block.labels.slice(0, labels).join('.'), one] as const),
    );
  const locals = new Map<string, Located>();
  for (const { block, path } of draft.blocks) {
    if (block.type !== 'locals') continue;
    for (const { name, value } of block.attributes) locals.set(name, { value, path });
  }
  const index = {
    variables: named('variable', 1),
    outputs: named('output', 1),
    resources: named('resource', 2),
    locals,
  };
  indexes.set(draft, index);
  return index;
}

/** Managed resources of one type. */
export function resourcesOf(module: TerraformModule, type: string): readonly LocatedBlock[] {
  return module.blocks.filter(({ block }) => block.type === 'resource' && block.labels[0] === type);
}

/** The value of an argument of a block, or undefined when it is not written. */
export function argument(body: Body, name: string, path: string, scope: Scope): Value | undefined {
  const attribute = attributeOf(body, name);
  return attribute && evaluate({ value: attribute.value, path }, scope);
}

/** True when `count = 0`, or an empty `for_each`, keeps the block from being deployed in this scope. */
export function isAbsent(block: Block, path: string, scope: Scope): boolean {
  const count = argument(block, 'count', path, scope);
  if (count?.kind === 'known' && stringOf(count) === '0') return true;
  const each = argument(block, 'for_each', path, scope);
  return (each?.kind === 'list' && each.items.length === 0) || (each?.kind === 'map' && each.fields.size === 0);
}

/** True when a part of the file could not be read. */
export function isBroken(module: TerraformModule, path: string): boolean {
  return module.files.some((file) => file.path === path && file.data.broken);
}
