/** Knows the EKS clusters of a repository and who may reach their endpoints, whatever language they are written in. */
import { isNoValue, listed, resolved, type Template } from './cloudformation.ts';
import { eksFromCode } from './eks-code.ts';
import type { Facts } from './facts.ts';
import type { Block, Body } from './hcl.ts';
import type { KubeObject } from './kubernetes.ts';
import { folderOf } from './paths.ts';
import type { Place } from './span.ts';
import {
  argument,
  isAbsent,
  isBroken,
  type LocatedBlock,
  type ModuleCall,
  type ModuleScope,
  resourcesOf,
  type TerraformModule,
  terraformModel,
} from './terraform/model.ts';
import { evaluate, isNull, stringOf, truth, type Value } from './terraform/value.ts';
import { attributeOf, blocksOf } from './terraform.ts';
import { at, booleanOf, entryOf, itemsOf, textOf, type YamlNode } from './yaml.ts';

/** A switch as it comes out. */
export interface Flag {
  /** Undefined: cannot be told; then `text` says what it is. */
  readonly value?: boolean;
  readonly text?: string;
  /** Where it is set; absent when it is a default. */
  readonly place?: Place;
  /** Where its value comes from, when that is another place. */
  readonly from?: Place;
}

export interface Cidrs {
  readonly known: readonly string[];
  /** Expressions that cannot be told. */
  readonly unknown: readonly string[];
  /** Absent when no list is written, which admits everybody. */
  readonly place?: Place;
  readonly from?: Place;
}

export interface EksCluster {
  /** For messages: "EKS cluster main". */
  readonly name: string;
  /** What sets the defaults: "Amazon EKS", "terraform-aws-modules/eks 18". */
  readonly defaults: string;
  readonly place: Place;
  readonly publicAccess: Flag;
  readonly cidrs: Cidrs;
  /** Why the endpoint is closed whatever the settings say. */
  readonly closed?: string;
  /** A part of the file could not be read: what is not set there proves nothing. */
  readonly broken?: boolean;
}

/** Knowledge about modules of others, from the rule page's options. */
export interface EksKnowledge {
  /** Module source → versions that are public by default: "<19", "*" or "none". */
  readonly modules: Readonly<Record<string, string>>;
  readonly publicInputs: readonly string[];
  readonly cidrInputs: readonly string[];
}

export function eksClusters(facts: Facts, knowledge: EksKnowledge): readonly EksCluster[] {
  const clusters: EksCluster[] = [];
  for (const module of facts.linked(terraformModel).modules) {
    const resources = resourcesOf(module, 'aws_eks_cluster');
    for (const scope of module.scopes) {
      for (const one of resources) clusters.push(...fromResource(one, module, scope));
      for (const call of module.calls) clusters.push(...fromModule(call, module, scope, knowledge, facts));
    }
  }
  for (const { path, data } of facts.of('cloudformation')) {
    for (const one of data.resources) {
      if (one.type !== 'AWS::EKS::Cluster') continue;
      clusters.push(fromTemplate(path, data, one.name, { path, span: one.span }, one.properties));
    }
  }
  for (const { path, data } of facts.of('kubernetes')) {
    for (const object of data.objects) clusters.push(...fromObject(object.path ?? path, object));
  }
  clusters.push(...eksFromCode(facts));
  return distinct(clusters);
}

/** The same outcome at the same place, once for each way of deployment, is one cluster. */
function distinct(clusters: readonly EksCluster[]): readonly EksCluster[] {
  const seen = new Map<string, EksCluster>();
  for (const one of clusters) {
    const key = JSON.stringify([one.place, one.publicAccess, one.cidrs, one.closed]);
    if (!seen.has(key)) seen.set(key, one);
  }
  return [...seen.values()];
}

const OPEN: Cidrs = { known: [], unknown: [] };
const DEFAULT: Flag = { value: true };
const OUTPOST = 'a local cluster on Outposts is reached through its own network only';

type Read = (name: string) => { readonly value: Value; readonly place: Place } | undefined;

function readerOf(body: Body, path: string, scope: ModuleScope, names?: ReadonlyMap<string, Value>): Read {
  return (name) => {
    const attribute = attributeOf(body, name);
    if (!attribute) return undefined;
    const value = evaluate({ value: attribute.value, path }, scope, names);
    return isNull(value) ? undefined : { value, place: { path, span: attribute.span } };
  };
}

/** Where a value is to be changed: at the call when the caller decided it, else where the cluster uses it. */
function placed(value: Value, used: Place, module: TerraformModule): { place: Place; from?: Place } {
  const origin = value.at;
  if (!origin || (origin.path === used.path && within(origin, used))) return { place: used };
  if (folderOf(origin.path) !== module.folder) return { place: origin, from: used };
  return { place: used, from: origin };
}

function within(inner: Place, outer: Place): boolean {
  return inner.span.start >= outer.span.start && inner.span.end <= outer.span.end;
}

function flagOf(read: ReturnType<Read>, module: TerraformModule, otherwise: Flag): Flag {
  if (!read) return otherwise;
  const { value } = read;
  const bool = truth(value);
  const where = placed(value, read.place, module);
  if (bool !== undefined) return { value: bool, ...where };
  return { text: value.kind === 'unknown' ? value.text : 'no truth value', ...where };
}

function cidrsOf(read: ReturnType<Read>, module: TerraformModule): Cidrs {
  if (!read) return OPEN;
  const { value } = read;
  const items = value.kind === 'list' ? value.items : [value];
  const known = items.flatMap((item) => stringOf(item) ?? []);
  const unknown = items.flatMap((item) => (item.kind === 'unknown' ? [item.text] : []));
  return { known, unknown, ...placed(value, read.place, module) };
}

function fromResource(one: LocatedBlock, module: TerraformModule, scope: ModuleScope): readonly EksCluster[] {
  const { block, path } = one;
  if (isAbsent(block, path, scope)) return [];
  const name = `EKS cluster ${block.labels[1] ?? ''}`;
  const common = { name, defaults: 'Amazon EKS', place: { path, span: block.head } };
  const config = configOf(block, path, scope);
  const read: Read = config ?? (() => undefined);
  const publicAccess = flagOf(read('endpoint_public_access'), module, DEFAULT);
  const onOutpost = blocksOf(block, 'outpost_config').length > 0;
  const closed = onOutpost && !(publicAccess.place && publicAccess.value);
  return [
    {
      ...common,
      publicAccess,
      cidrs: cidrsOf(read('public_access_cidrs'), module),
      ...(closed && { closed: OUTPOST }),
      broken: isBroken(module, path),
    },
  ];
}

function configOf(block: Block, path: string, scope: ModuleScope): Read | undefined {
  const plain = blocksOf(block, 'vpc_config')[0];
  if (plain) return readerOf(plain, path, scope);
  const dynamic = blocksOf(block, 'dynamic').find((one) => one.labels[0] === 'vpc_config');
  const content = dynamic && blocksOf(dynamic, 'content')[0];
  if (!dynamic || !content) return undefined;
  const each = argument(dynamic, 'for_each', path, scope);
  const item = each?.kind === 'list' ? each.items[0] : each?.kind === 'map' ? [...each.fields.values()][0] : undefined;
  const names = new Map<string, Value>();
  if (item) names.set('vpc_config', { kind: 'map', fields: new Map([['value', item]]) });
  return readerOf(content, path, scope, names);
}

function fromModule(
  call: ModuleCall,
  module: TerraformModule,
  scope: ModuleScope,
  knowledge: EksKnowledge,
  facts: Facts,
): readonly EksCluster[] {
  const { block, path, source } = call;
  if (source === undefined || isAbsent(block, path, scope)) return [];
  // The resources of a local module are judged where they stand.
  if (call.folder !== undefined && facts.linked(terraformModel).module(call.folder)) return [];
  const read = readerOf(block, path, scope);
  if (truth(read('create')?.value) === false || truth(read('create_eks')?.value) === false) return [];
  const first = (names: readonly string[]) => names.map(read).find((one) => one !== undefined);
  const flag = first(knowledge.publicInputs);
  const list = first(knowledge.cidrInputs);
  const known = Object.entries(knowledge.modules).find(([one]) => isSource(source, one));
  // A module that cannot be read is a cluster when it has a cluster's inputs.
  if (!known && (!flag || !/(?:^|[/_-])eks|^\.{1,2}\//i.test(source))) return [];
  const version = stringOf(read('version')?.value) ?? /[?&]ref=v?([\d.]+)/.exec(source)?.[1];
  const otherwise = known ? defaultOf(known[1], version, read('version')?.value, source) : { text: source };
  return [
    {
      name: `EKS cluster of module ${call.name}`,
      defaults: known ? `${known[0]}${version === undefined ? '' : ` ${version}`}` : source,
      place: { path, span: block.head },
      publicAccess: flagOf(flag, module, otherwise),
      cidrs: cidrsOf(list, module),
      broken: isBroken(module, path),
    },
  ];
}

/** A registry address or the git repository behind it; a submodule (`//modules/...`) is something else. */
function isSource(source: string, known: string): boolean {
  const bare = source
    .replace(/^git::/, '')
    .replace(/\?.*$/, '')
    .replace(/^(?:https|ssh):\/\//, '')
    .replace(/\.git$/, '');
  if (bare.includes('//')) return false;
  const [owner, name, provider] = known.split('/');
  const repository = `${owner}/terraform-${provider}-${name}`;
  return (
    bare === known ||
    bare === `registry.terraform.io/${known}` ||
    bare.endsWith(repository) ||
    bare.endsWith(`:${repository}`)
  );
}

/** @param range versions that are public by default: "<19", "*" or "none" */
function defaultOf(range: string, version: string | undefined, written: Value | undefined, source: string): Flag {
  if (range === '*') return { value: true };
  const below = /^<\s*(\d+)$/.exec(range)?.[1];
  if (below === undefined) return { value: false };
  if (version === undefined) {
    if (written) return { text: written.kind === 'unknown' ? written.text : 'its version' };
    return /[?&]ref=/.test(source) ? { text: 'the default of the version that ref names' } : { value: false };
  }
  return { value: upperMajor(version) < Number(below) };
}

/** The highest major version that a version constraint of Terraform admits; infinite when it has no upper end. */
function upperMajor(constraint: string): number {
  let upper = Number.POSITIVE_INFINITY;
  for (const part of constraint.split(',')) {
    const match = /^\s*(=|!=|>=|<=|>|<|~>)?\s*v?(\d+)((?:\.\d+)*)/.exec(part);
    if (!match) continue;
    const [, operator = '=', major, rest = ''] = match;
    const number = Number(major);
    if (operator === '=' || operator === '<=') upper = Math.min(upper, number);
    else if (operator === '<') upper = Math.min(upper, /[1-9]/.test(rest) ? number : number - 1);
    // `~> 18` lets the only segment grow; `~> 18.0` does not.
    else if (operator === '~>' && rest !== '') upper = Math.min(upper, number);
  }
  return upper;
}

function yamlFlag(path: string, span: Place['span'] | undefined, node: YamlNode | undefined, otherwise: Flag): Flag {
  if (!node || !span) return otherwise;
  const place = { path, span };
  const text = textOf(node)?.toLowerCase();
  const value = booleanOf(node) ?? (text === 'true' ? true : text === 'false' ? false : undefined);
  return value === undefined ? { text: textOf(node) ?? 'a computed value', place } : { value, place };
}

function fromTemplate(
  path: string,
  template: Template,
  name: string,
  place: Place,
  properties: YamlNode | undefined,
): EksCluster {
  const config = resolved(template, at(properties, 'ResourcesVpcConfig'));
  const entry = (key: string) => {
    const found = entryOf(config, key);
    return found && !isNoValue(found.value) ? found : undefined;
  };
  const flag = entry('EndpointPublicAccess');
  const value = resolved(template, flag?.value);
  const list = entry('PublicAccessCidrs');
  const items = list && listed(template, list.value);
  const onOutpost = entryOf(properties, 'OutpostConfig') !== undefined && !flag;
  return {
    name: `EKS cluster ${name}`,
    defaults: 'Amazon EKS',
    place,
    publicAccess: flag
      ? value
        ? yamlFlag(path, flag.span, value, DEFAULT)
        : { text: 'a parameter or a function', place: { path, span: flag.span } }
      : DEFAULT,
    cidrs: list
      ? {
          known: items?.flatMap((item) => textOf(item) ?? []) ?? [],
          unknown: items
            ? items.filter((item) => textOf(item) === undefined).map(() => 'a parameter')
            : ['a parameter'],
          place: { path, span: list.span },
        }
      : OPEN,
    ...(onOutpost && { closed: OUTPOST }),
  };
}

/** Kubernetes-style objects that describe EKS clusters: where their settings stand. */
const KINDS: readonly {
  kind: string;
  group: RegExp;
  config: readonly (string | number)[][];
  flag: string[];
  cidrs: string[];
}[] = [
  {
    kind: 'ClusterConfig',
    group: /^eksctl\.io\//,
    config: [['vpc']],
    flag: ['clusterEndpoints', 'publicAccess'],
    cidrs: ['publicAccessCIDRs'],
  },
  {
    kind: 'Cluster',
    group: /^eks\.aws\.(?:[\w-]+\.)?upbound\.io\/|^eks\.aws\.crossplane\.io\/|^eks\.aws\.m\.upbound\.io\//,
    config: [
      ['spec', 'forProvider', 'vpcConfig', 0],
      ['spec', 'forProvider', 'vpcConfig'],
      ['spec', 'forProvider', 'resourcesVpcConfig'],
    ],
    flag: ['endpointPublicAccess'],
    cidrs: ['publicAccessCidrs'],
  },
  {
    kind: 'Cluster',
    group: /^eks\.services\.k8s\.aws\//,
    config: [['spec', 'resourcesVPCConfig']],
    flag: ['endpointPublicAccess'],
    cidrs: ['publicAccessCIDRs'],
  },
  {
    kind: 'AWSManagedControlPlane',
    group: /^controlplane\.cluster\.x-k8s\.io\//,
    config: [['spec', 'endpointAccess']],
    flag: ['public'],
    cidrs: ['publicCIDRs'],
  },
];

function fromObject(path: string, object: KubeObject): readonly EksCluster[] {
  const shape = KINDS.find(({ kind, group }) => kind === object.kind && group.test(object.apiVersion));
  if (!shape) return [];
  const config = shape.config.map((one) => at(object.body, ...one)).find((one) => one?.kind === 'map');
  const entry = (keys: readonly string[]) => entryOf(at(config, ...keys.slice(0, -1)), keys.at(-1)!);
  const flag = entry(shape.flag);
  const list = entry(shape.cidrs);
  const items = itemsOf(list?.value);
  const isPrivate = booleanOf(at(object.body, 'privateCluster', 'enabled')) === true;
  const name = object.name ?? textOf(at(object.body, 'metadata', 'name'));
  return [
    {
      name: `EKS cluster ${name ?? `in ${path}`}`,
      defaults: shape.kind === 'ClusterConfig' ? 'eksctl' : 'Amazon EKS',
      place: { path, span: object.span },
      publicAccess: yamlFlag(path, flag?.span, flag?.value, DEFAULT),
      cidrs: list
        ? {
            known: items.flatMap((item) => textOf(item) ?? []),
            unknown: items.filter((item) => textOf(item) === undefined).map(() => 'a computed value'),
            place: { path, span: list.span },
          }
        : OPEN,
      broken: object.broken === true,
      ...(isPrivate && { closed: 'the cluster is private (privateCluster.enabled)' }),
    },
  ];
}
