/** Knows EKS clusters that programs define with the AWS CDK or Pulumi, as far as literals decide. */
import type { Cidrs, EksCluster, Flag } from './eks.ts';
import type { Facts } from './facts.ts';
import { constants } from './program/flow.ts';
import { type CallSite, linkProgram, type Program, placeIn, type Unit, valueAt } from './program/link.ts';
import type { Call, Operand, Ref } from './program/model.ts';

const CDK =
  /(?:^|[./])aws[_-](?:cdk[._-])?(?:.*[._/-])?aws[_-]eks(?:[_-]v2)?(?:[_-]alpha)?\.(?:Cluster|FargateCluster)$/;
const CDK_RAW = /aws[_-]eks\.CfnCluster$/;
const PULUMI_AWS =
  /^(?:pulumi_aws|@pulumi\/aws|pulumi_aws_native|@pulumi\/aws-native)(?:[./]eks(?:[./]cluster)?)\.Cluster$/;
const PULUMI_EKS = /^(?:pulumi_eks|@pulumi\/eks)(?:[./]\w+)*\.Cluster$/;

/** Where the settings of one framework stand: directly, or inside one property. */
const FRAMEWORKS = [
  { name: CDK_RAW, inside: ['resources_vpc_config', 'resourcesVpcConfig'] },
  { name: PULUMI_AWS, inside: ['vpc_config', 'vpcConfig', 'resources_vpc_config', 'resourcesVpcConfig'] },
  { name: PULUMI_EKS, inside: undefined },
];
const FLAGS = ['endpoint_public_access', 'endpointPublicAccess'];
const LISTS = ['public_access_cidrs', 'publicAccessCidrs'];

export function eksFromCode(facts: Facts): readonly EksCluster[] {
  if (facts.of('program').length === 0) return [];
  const program = facts.linked(linkProgram);
  const clusters: EksCluster[] = [];
  for (const site of program.allCalls()) {
    const framework = FRAMEWORKS.find(({ name }) => site.names.some((one) => name.test(one)));
    if (framework) clusters.push(fromSettings(program, site, framework.inside));
    else if (site.names.some((one) => CDK.test(one))) clusters.push(fromConstruct(program, site));
  }
  return clusters;
}

function base(site: CallSite, program: Program): Pick<EksCluster, 'name' | 'defaults' | 'place'> {
  const names = site.call.args
    .filter((arg) => arg.keyword === undefined)
    .map((arg) => constants(program, site.unit, arg.value))
    .flatMap((values) => (values?.length === 1 && typeof values[0] === 'string' ? [values[0]] : []));
  return {
    name: `EKS cluster ${names[0] ?? 'in code'}`,
    defaults: 'Amazon EKS',
    place: placeIn(site.unit, site.call.span),
  };
}

/** A property by its Python or JavaScript name: a keyword, or an entry of a dictionary argument. */
function property(unit: Unit, call: Call, names: readonly string[]): Operand | undefined {
  for (const arg of call.args) {
    if (arg.keyword !== undefined) {
      if (names.includes(arg.keyword)) return arg;
    } else {
      const found = entry(unit, arg.value, names);
      if (found) return found;
    }
  }
  return undefined;
}

function entry(unit: Unit, ref: Ref, names: readonly string[]): Operand | undefined {
  const value = valueAt({ unit, ref });
  if (value.kind === 'call') return property(unit, unit.module.calls[value.call]!, names);
  if (value.kind !== 'dict') return undefined;
  for (const [key, item] of value.entries.toReversed()) {
    const name = key === null ? undefined : valueAt({ unit, ref: key });
    if (name?.kind === 'const' && names.includes(String(name.value))) {
      return { value: item, span: valueAt({ unit, ref: item }).span };
    }
  }
  return undefined;
}

function fromSettings(program: Program, site: CallSite, inside: readonly string[] | undefined): EksCluster {
  const { unit, call } = site;
  const config = inside ? property(unit, call, inside) : undefined;
  const find = (names: readonly string[]) =>
    inside ? config && entry(unit, config.value, names) : property(unit, call, names);
  // Settings that are built elsewhere, by a variable or a function, cannot be told.
  const value = config && valueAt({ unit, ref: config.value });
  const written =
    value?.kind === 'dict' ||
    (value?.kind === 'call' &&
      (program.call(unit, value.call)?.names.some((name) => /(?:Args|Property|Dict|Config)$/.test(name)) ?? false));
  const hidden = config && !written;
  const flag = find(FLAGS);
  const list = find(LISTS);
  return {
    ...base(site, program),
    publicAccess: hidden ? { text: 'settings built elsewhere' } : flagOf(program, unit, flag),
    cidrs: listOf(program, unit, list ? [list] : undefined),
  };
}

function flagOf(program: Program, unit: Unit, operand: Operand | undefined): Flag {
  if (!operand) return { value: true };
  const place = placeIn(unit, operand.span);
  const values = constants(program, unit, operand.value);
  if (values?.length === 1 && typeof values[0] === 'boolean') return { value: values[0], place };
  return { text: operand.name ?? 'a computed value', place };
}

function listOf(program: Program, unit: Unit, operands: readonly Operand[] | undefined): Cidrs {
  if (!operands) return { known: [], unknown: [] };
  const known: string[] = [];
  const unknown: string[] = [];
  const read = (ref: Ref, name: string | undefined) => {
    const value = valueAt({ unit, ref });
    if (value.kind === 'list') {
      for (const item of value.items) read(item, undefined);
      return;
    }
    const values = constants(program, unit, ref);
    if (values) known.push(...values.map(String));
    else unknown.push(name ?? 'a computed value');
  };
  for (const operand of operands) read(operand.value, operand.name);
  const spans = operands.map((one) => one.span);
  const place = spans.length > 0 ? placeIn(unit, { start: spans[0]!.start, end: spans.at(-1)!.end }) : undefined;
  return { known, unknown, ...(place && { place }) };
}

/** The CDK's own construct: `endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE.only_from("...")`. */
function fromConstruct(program: Program, site: CallSite): EksCluster {
  const { unit, call } = site;
  const operand = property(unit, call, ['endpoint_access', 'endpointAccess']);
  const common = base(site, program);
  if (!operand) return { ...common, publicAccess: { value: true }, cidrs: { known: [], unknown: [] } };
  const place = placeIn(unit, operand.span);
  const value = valueAt({ unit, ref: operand.value });
  const chained = value.kind === 'call' ? program.call(unit, value.call) : undefined;
  const names = chained ? chained.names : program.names(unit, operand.value);
  const name = names.find((one) => /EndpointAccess\.\w+/.test(one));
  if (name === undefined)
    return {
      ...common,
      publicAccess: { text: operand.name ?? 'a computed value', place },
      cidrs: { known: [], unknown: [] },
    };
  if (/EndpointAccess\.PRIVATE\b/.test(name))
    return { ...common, publicAccess: { value: false, place }, cidrs: { known: [], unknown: [] } };
  const restricted = chained && /\.only_?from$/i.test(name);
  return {
    ...common,
    publicAccess: { value: true, place },
    cidrs: restricted ? listOf(program, unit, chained.call.args) : { known: [], unknown: [] },
  };
}
