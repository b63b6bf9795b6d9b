/** Knows where each Terraform root keeps its state: backend blocks, Terragrunt, settings given at init, and the state buckets. */
import type { Facts } from './facts.ts';
import { type Block, type Body, type Expression, parseHcl } from './hcl.ts';
import { folderOf } from './paths.ts';
import type { Place, Span } from './span.ts';
import {
  argument,
  type LocatedBlock,
  type ModuleScope,
  resourcesOf,
  type TerraformModel,
  type TerraformModule,
  terraformModel,
  type Unit,
} from './terraform/model.ts';
import { evaluate, isNull, stringOf, traversalsIn, truth, type Value } from './terraform/value.ts';
import { attributeOf, blocksOf } from './terraform.ts';
import type { Zone } from './workspace.ts';

/** The backend of one root, with one set of settings. */
export interface Backend {
  /** `s3`, `local`, `cloud`, ...; `none` when nothing is written. */
  readonly type: string;
  /** What it belongs to: "infra/prod". */
  readonly name: string;
  readonly place: Place;
  readonly settings: ReadonlyMap<string, Value>;
  /** Some settings are given at init, and nothing in the repository tells which. */
  readonly partial: boolean;
  /** A file of the root could not be read completely: what is missing proves nothing. */
  readonly broken: boolean;
  readonly zone: Zone;
  /** OpenTofu or Terragrunt encrypts the state before it leaves the machine. */
  readonly clientEncryption: boolean;
  /** For `none`: a backend that stands in a comment. */
  readonly commented?: { readonly type: string; readonly place: Place };
  /** End of the last argument in native syntax: where one more can be written. */
  readonly end?: Place;
  readonly folder: string;
}

export interface StateBucket {
  readonly name: string;
  readonly place: Place;
  /** In words: "encryption", "versioning", "a public-access block". */
  readonly missing: readonly string[];
}

/** Arguments without which a backend cannot work: when they are missing, they are given at init. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  s3: ['bucket', 'key'],
  gcs: ['bucket'],
  oss: ['bucket'],
  cos: ['bucket'],
  http: ['address'],
  pg: ['conn_str'],
  azurerm: ['container_name'],
};
const STATE_BUCKET =
  /(?:^|[-_.])(?:tf|terraform|tofu|terragrunt)[-_.]?(?:remote[-_.]?)?(?:back[-_.]?end|states?)(?:$|[-_.])/i;
/** A bucket for the access logs of the state bucket holds no state. */
const LOG_BUCKET = /(?:^|[-_.])logs?(?:ging)?(?:$|[-_.])/i;

export function stateBackends(facts: Facts): readonly Backend[] {
  const model = facts.linked(terraformModel);
  const given = facts.linked(initSettings);
  const backends: Backend[] = [];
  for (const module of model.modules) backends.push(...ofModule(module, model, given));
  for (const unit of model.units) backends.push(...ofUnit(unit));
  return backends;
}

function ofModule(module: TerraformModule, model: TerraformModel, given: InitSettings): readonly Backend[] {
  const settings = module.blocks.filter(({ block }) => block.type === 'terraform');
  const scope = module.scopes[0]!;
  const name = module.folder || 'the repository root';
  const clientEncryption = settings.some(({ block }) => blocksOf(block, 'encryption').some((one) => encrypts(one)));
  const broken = module.files.some((file) => file.data.broken);
  const common = { name, clientEncryption, folder: module.folder, zone: module.zone, broken };
  const found = settings
    .flatMap(({ block, path }) => block.blocks.map((inner) => ({ block: inner, path })))
    .findLast(({ block }) => block.type === 'backend' || block.type === 'cloud');
  const terragrunt = model.units.some((unit) => unit.folder === module.folder || unit.module === module.folder);
  if (found) {
    const { block, path } = found;
    const type = block.type === 'cloud' ? 'cloud' : (block.labels[0] ?? '');
    const own = settingsOf(block, path, scope);
    const missing = (REQUIRED[type] ?? []).some((key) => !own.has(key));
    if (missing && terragrunt) return [];
    const place = { path, span: block.span };
    const last = block.attributes.at(-1);
    const end =
      last && !/\.json$/.test(path) ? { path, span: { start: last.span.end, end: last.span.end } } : undefined;
    const base = { ...common, type, place };
    const ways = given.for(module.folder, type);
    if (ways.length === 0) return [{ ...base, ...(end && { end }), settings: own, partial: missing }];
    return ways.map((way) => ({
      ...base,
      place: way.place && !own.has('encrypt') ? way.place : place,
      settings: new Map([...own, ...way.settings]),
      partial: false,
    }));
  }
  const applied = module.blocks.filter(({ block }) => block.type === 'resource' || block.type === 'module');
  if (module.child || terragrunt || applied.length === 0) return [];
  const anchor = settings[0] ?? applied[0]!;
  const place = { path: anchor.path, span: anchor.block.head };
  const comment = module.files.flatMap(({ path, data }) =>
    data.commentedBackends.map(({ type, span }) => ({ type, place: { path, span } })),
  )[0];
  return [
    { ...common, type: 'none', place, settings: new Map(), partial: false, ...(comment && { commented: comment }) },
  ];
}

/** An `encryption` block counts when it names a method for the state that is not the one for plain text. */
function encrypts(block: Block): boolean {
  return blocksOf(block, 'state').some((state) => {
    const method = attributeOf(state, 'method')?.value;
    return method !== undefined && !traversalsIn(method).some((names) => names.includes('unencrypted'));
  });
}

function settingsOf(body: Body, path: string, scope: ModuleScope): Map<string, Value> {
  const settings = new Map<string, Value>();
  for (const { name, value } of body.attributes) {
    const evaluated = evaluate({ value, path }, scope);
    if (!isNull(evaluated)) settings.set(name, evaluated);
  }
  return settings;
}

interface InitSettings {
  /** The sets of settings that `init` may be given in a folder: one per settings file or command. */
  for(
    folder: string,
    type: string,
  ): readonly { readonly settings: ReadonlyMap<string, Value>; readonly place?: Place }[];
}

const NO_SCOPE: ModuleScope = {
  from: '',
  variable: () => undefined,
  local: () => undefined,
  output: () => undefined,
  resource: () => undefined,
};

/** Settings files beside or below a root, and `-backend-config=key=value` in pipelines and scripts. */
function initSettings(facts: Facts): InitSettings {
  const files: { folder: string; settings: Map<string, Value>; place: Place }[] = [];
  for (const { path, data } of facts.of('terraform')) {
    if (data.role !== 'backend' || data.body.blocks.length > 0 || data.body.attributes.length === 0) continue;
    const first = data.body.attributes[0]!.span;
    const last = data.body.attributes.at(-1)!.span;
    const place = { path, span: { start: first.start, end: last.end } };
    files.push({ folder: folderOf(path), settings: settingsOf(data.body, path, NO_SCOPE), place });
  }
  const inline = new Map<string, Value>();
  for (const word of backendArguments(facts)) {
    const match = /^-{1,2}backend-config[= ]["']?(\w+)\s*=\s*["']?([^"']*)/.exec(word);
    if (match) inline.set(match[1]!, { kind: 'known', value: match[2]!.trim() });
  }
  return {
    for: (folder, type) => {
      const near = files.filter((file) => file.folder === folder || file.folder.startsWith(folder && `${folder}/`));
      const ways = near
        .filter((file) => (REQUIRED[type] ?? []).some((key) => file.settings.has(key)) || file.settings.has('encrypt'))
        .map((file) => ({ settings: new Map([...inline, ...file.settings]), place: file.place }));
      if (ways.length > 0) return ways;
      return inline.size > 0 && (REQUIRED[type] ?? []).some((key) => inline.has(key)) ? [{ settings: inline }] : [];
    },
  };
}

/** Every `-backend-config` argument of the commands in pipelines and scripts, joined with its operand. */
function backendArguments(facts: Facts): readonly string[] {
  const found: string[] = [];
  const stack: unknown[] = [...facts.of('workflow'), ...facts.of('script')].map((file) => file.data);
  while (stack.length > 0) {
    const node = stack.pop();
    if (Array.isArray(node)) stack.push(...node);
    else if (typeof node === 'object' && node !== null) {
      const { kind, words } = node as { kind?: unknown; words?: readonly { text?: unknown }[] };
      if (kind === 'command' && Array.isArray(words)) {
        words.forEach((word, index) => {
          const text = String(word.text ?? '');
          if (!/^-{1,2}backend-config/.test(text)) return;
          found.push(text.includes('=') ? text : `${text} ${String(words[index + 1]?.text ?? '')}`);
        });
      }
      stack.push(...Object.values(node));
    }
  }
  return found;
}

/** `remote_state` and `generate` blocks of a Terragrunt file. */
function ofUnit(unit: Unit): readonly Backend[] {
  const name = unit.path;
  const scope = unitNames(unit);
  const backends: Backend[] = [];
  for (const block of blocksOf(unit.body, 'remote_state')) {
    const type = stringOf(argument(block, 'backend', unit.path, scope)) ?? 'unknown';
    const config = argument(block, 'config', unit.path, scope);
    const settings = new Map(config?.kind === 'map' ? config.fields : []);
    const place = { path: unit.path, span: block.span };
    const partial = config?.kind !== 'map';
    const clientEncryption = attributeOf(block, 'encryption') !== undefined;
    backends.push({
      type,
      name,
      place,
      settings,
      partial,
      clientEncryption,
      folder: unit.folder,
      zone: unit.zone,
      broken: false,
    });
  }
  for (const block of blocksOf(unit.body, 'generate')) {
    const contents = attributeOf(block, 'contents')?.value;
    if (!contents) continue;
    // Terragrunt fills its own names in; for the structure any word will do.
    const { body } = parseHcl(textOf(contents));
    for (const terraform of blocksOf(body, 'terraform')) {
      for (const inner of terraform.blocks) {
        if (inner.type !== 'backend' && inner.type !== 'cloud') continue;
        const place = { path: unit.path, span: block.span };
        const settings = new Map<string, Value>();
        for (const [key, value] of settingsOf(inner, unit.path, NO_SCOPE)) settings.set(key, { ...value, at: place });
        const type = inner.type === 'cloud' ? 'cloud' : (inner.labels[0] ?? '');
        const clientEncryption = blocksOf(terraform, 'encryption').some((one) => encrypts(one));
        backends.push({
          type,
          name,
          place,
          settings,
          partial: false,
          clientEncryption,
          folder: unit.folder,
          zone: unit.zone,
          broken: false,
        });
      }
    }
  }
  return backends;
}

function unitNames(unit: Unit): ModuleScope {
  const locals = blocksOf(unit.body, 'locals');
  return {
    ...NO_SCOPE,
    local: (name) => {
      const attribute = locals.map((block) => attributeOf(block, name)).find(Boolean);
      return attribute && { value: attribute.value, path: unit.path };
    },
  };
}

function textOf(contents: Expression): string {
  if (contents.kind === 'literal') return String(contents.value);
  if (contents.kind !== 'template') return '';
  return contents.parts.map((part) => (part.kind === 'text' ? part.text : 'value')).join('');
}

/** S3 buckets of the repository that keep Terraform's state: a backend names them, or their own name says so. */
export function stateBuckets(facts: Facts): readonly StateBucket[] {
  const model = facts.linked(terraformModel);
  const used = new Set<string>();
  for (const { type, settings } of facts.linked(stateBackends)) {
    const name = type === 's3' ? stringOf(settings.get('bucket')) : undefined;
    if (name !== undefined) used.add(name);
  }
  const buckets: StateBucket[] = [];
  for (const module of model.modules) {
    for (const bucket of resourcesOf(module, 'aws_s3_bucket')) {
      const label = bucket.block.labels[1] ?? '';
      const name = stringOf(argument(bucket.block, 'bucket', bucket.path, module.scopes[0]!));
      const named = (text: string) => STATE_BUCKET.test(text) && !LOG_BUCKET.test(text);
      const isState =
        name === undefined ? named(label) : used.has(name) || named(name) || (named(label) && !LOG_BUCKET.test(name));
      if (isState) buckets.push(bucketOf(bucket, label, name, module));
    }
  }
  return buckets;
}

function bucketOf(bucket: LocatedBlock, label: string, name: string | undefined, module: TerraformModule): StateBucket {
  const scope = module.scopes[0]!;
  const belongs = (type: string): readonly LocatedBlock[] =>
    resourcesOf(module, type).filter(({ block, path }) => {
      const reference = attributeOf(block, 'bucket')?.value;
      if (!reference) return false;
      if (traversalsIn(reference).some(([root, first]) => root === 'aws_s3_bucket' && first === label)) return true;
      return name !== undefined && stringOf(evaluate({ value: reference, path }, scope)) === name;
    });
  const inline = (type: string) =>
    bucket.block.blocks.filter((one) => one.type === type || (one.type === 'dynamic' && one.labels[0] === type));
  /** Only a value that is known to be off is off. */
  const on = (body: Body, key: string, path: string, off: (value: Value) => boolean) => {
    const value = argument(body, key, path, scope);
    return value !== undefined && !off(value);
  };
  const isFalse = (value: Value) => truth(value) === false;
  const encrypted =
    inline('server_side_encryption_configuration').length > 0 ||
    belongs('aws_s3_bucket_server_side_encryption_configuration').length > 0;
  const versioned =
    inline('versioning').some((one) => one.type === 'dynamic' || on(one, 'enabled', bucket.path, isFalse)) ||
    belongs('aws_s3_bucket_versioning').some(({ block, path }) =>
      blocksOf(block, 'versioning_configuration').some((one) =>
        on(one, 'status', path, (value) => value.kind === 'known' && value.value !== 'Enabled'),
      ),
    );
  const closed = (one: LocatedBlock) =>
    ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'].every((key) =>
      on(one.block, key, one.path, isFalse),
    );
  const isPrivate =
    belongs('aws_s3_bucket_public_access_block').some(closed) ||
    resourcesOf(module, 'aws_s3_account_public_access_block').some(closed);
  const missing = [
    ...(encrypted ? [] : ['encryption']),
    ...(versioned ? [] : ['versioning']),
    ...(isPrivate ? [] : ['a public-access block']),
  ];
  return { name: name ?? label, place: { path: bucket.path, span: bucket.block.head }, missing };
}

/** A span that stands for a whole file: its beginning. */
export const FILE_START: Span = { start: 0, end: 0 };
