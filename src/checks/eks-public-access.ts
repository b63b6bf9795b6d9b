/** Knows when the API endpoint of an EKS cluster is open to everybody. */
import { defineCheck, type Finding, fail, pass, type Subject, unknown } from '../check.ts';
import { type Cidrs, type EksCluster, type EksKnowledge, eksClusters } from '../facts/eks.ts';
import { folderOf } from '../facts/paths.ts';
import type { Place } from '../facts/span.ts';

const WHY =
  'Everybody on the internet reaches the API server, so a leaked token or a flaw in the server is all that an intruder needs.';
const FIX =
  'Switch the public endpoint off, or admit only your own networks in its list of CIDR blocks; use the private endpoint from inside the VPC.';

export const eksPublicAccess = defineCheck({
  id: 'eks-public-access',
  needs: {
    terraform: true,
    cloudformation: ['AWS::EKS::Cluster'],
    kubernetes: ['eksctl.io', 'eks.aws', 'eks.services.k8s.aws', 'AWSManagedControlPlane'],
    program: ['aws_eks', 'aws-eks', 'pulumi_aws', '@pulumi/aws', 'pulumi_eks', '@pulumi/eks'],
  },
  messages: {
    open: {
      what: 'The public endpoint of {cluster} admits {networks}, which is the whole internet.',
      why: WHY,
      fix: FIX,
    },
    unrestricted: {
      what: 'The public endpoint of {cluster} is on, and no list of networks restricts it.',
      why: WHY,
      fix: FIX,
    },
    default: {
      what: 'The endpoint of {cluster} is public by the default of {defaults}, and no list of networks restricts it.',
      why: WHY,
      fix: FIX,
    },
  },
  assess(facts, options) {
    return {
      subjects: eksClusters(facts, options as unknown as EksKnowledge).map(judge),
      lookedFor:
        'aws_eks_cluster and EKS modules in Terraform, eksctl, CloudFormation, Crossplane, Cluster API, AWS CDK and Pulumi',
    };
  },
});

function judge(cluster: EksCluster): Subject {
  const { name, place, publicAccess, cidrs, closed } = cluster;
  if (closed !== undefined) return pass(name, place, closed);
  if (publicAccess.value === false) {
    const by = publicAccess.place
      ? 'the public endpoint is off'
      : `the public endpoint is off by default in ${cluster.defaults}`;
    return pass(name, place, by);
  }
  const open = everybody(cidrs.known);
  const restricted = cidrs.known.length > 0 && cidrs.unknown.length === 0 && open === undefined;
  if (restricted) return pass(name, place, `only ${cidrs.known.slice(0, 3).join(', ')} may reach the public endpoint`);
  if (publicAccess.value === undefined) {
    return unknown(name, place, `whether the endpoint is public depends on ${publicAccess.text}`);
  }
  if (open === undefined && cidrs.unknown.length > 0) {
    return unknown(name, place, `the networks that may reach the endpoint depend on ${cidrs.unknown[0]}`);
  }
  if (open === undefined && cluster.broken) return unknown(name, place, 'a part of its file cannot be read');
  const data = { cluster: name, defaults: cluster.defaults, networks: open?.join(' and ') ?? '' };
  const message = open ? 'open' : publicAccess.place ? 'unrestricted' : 'default';
  const at = placeOf(cluster, cidrs, open !== undefined);
  return fail(name, { message, data, place: at, confidence: 'high', related: relatedOf(cluster, at) }, at);
}

/** The setting to change: a caller's choice before what the module says, the open list before the switch. */
function placeOf({ place, publicAccess }: EksCluster, cidrs: Cidrs, open: boolean): Place {
  const settings = [open ? cidrs.place : undefined, publicAccess.place].filter((one) => one !== undefined);
  return settings.find((one) => folderOf(one.path) !== folderOf(place.path)) ?? settings[0] ?? place;
}

function relatedOf({ place, publicAccess, cidrs }: EksCluster, at: Place): NonNullable<Finding['related']> {
  const candidates = [
    { place: cidrs.place === at ? cidrs.from : undefined, text: 'the list comes from here' },
    { place: publicAccess.place === at ? publicAccess.from : undefined, text: 'the value comes from here' },
    { place: place === at ? undefined : place, text: 'the cluster' },
  ];
  return candidates.flatMap(({ place: other, text }) => (other ? [{ ...other, text }] : []));
}

/** The blocks that together admit at least half of all addresses, or undefined. */
function everybody(cidrs: readonly string[]): readonly string[] | undefined {
  for (const version of [4, 6]) {
    const wide = cidrs.flatMap((cidr) => {
      const match = /^\s*([0-9a-fA-F.:]+)\/(\d{1,3})\s*$/.exec(cidr);
      const isSix = cidr.includes(':');
      if (!match || isSix !== (version === 6)) return [];
      return [{ cidr: cidr.trim(), share: 2 ** -Number(match[2]) }];
    });
    const distinct = [...new Map(wide.map((one) => [one.cidr, one])).values()];
    const total = distinct.reduce((sum, one) => sum + one.share, 0);
    // All public IPv6 addresses lie in 2000::/3.
    if (total >= (version === 4 ? 0.5 : 0.125)) {
      return distinct
        .sort((a, b) => b.share - a.share)
        .slice(0, 2)
        .filter((one, i) => i === 0 || one.share >= 0.25)
        .map((one) => one.cidr);
    }
  }
  return undefined;
}
