import { eksPublicAccess } from '../../src/checks/eks-public-access.ts';
import { testCheck } from '../check-tester.ts';

const cluster = (config: string) =>
  `resource "aws_eks_cluster" "main" {\n  name     = "main"\n  role_arn = "arn"\n  vpc_config {\n    subnet_ids = ["a"]\n${config}  }\n}\n`;
const set = (name: string, value: string) => `    ${name} = ${value}\n`;
const PUBLIC = 'endpoint_public_access';
const CIDRS = 'public_access_cidrs';
const variable = (name: string, fallback?: string) =>
  `variable "${name}" {\n${fallback === undefined ? '' : `  default = ${fallback}\n`}}\n`;
const moduleCall = (source: string, body: string) => `module "eks" {\n  source = "${source}"\n${body}}\n`;
const REGISTRY = 'terraform-aws-modules/eks/aws';
const template = (config: string) =>
  `AWSTemplateFormatVersion: "2010-09-09"\nResources:\n  Main:\n    Type: AWS::EKS::Cluster\n    Properties:\n      RoleArn: !GetAtt Role.Arn\n      ResourcesVpcConfig:\n        SubnetIds: [!Ref Subnet]\n${config}`;
const eksctl = (rest: string) =>
  `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: main\n${rest}`;
const WRAPPER = {
  'modules/cluster/main.tf': `${variable('public', 'true')}${variable('networks', '["0.0.0.0/0"]')}${cluster(set(PUBLIC, 'var.public') + set(CIDRS, 'var.networks'))}`,
};

testCheck(eksPublicAccess, {
  valid: [
    { name: 'public endpoint off', files: { 'eks.tf': cluster(set(PUBLIC, 'false')) }, subjects: 1 },
    { name: 'off as a string', files: { 'eks.tf': cluster(set(PUBLIC, '"false"')) } },
    {
      name: 'restricted networks',
      files: { 'eks.tf': cluster(set(PUBLIC, 'true') + set(CIDRS, '["203.0.113.0/24"]')) },
    },
    {
      name: 'off with open networks',
      files: { 'eks.tf': cluster(set(PUBLIC, 'false') + set(CIDRS, '["0.0.0.0/0"]')) },
    },
    {
      name: 'off by a variable and a local',
      files: {
        'eks.tf': cluster(set(PUBLIC, 'local.public')),
        'vars.tf': `${variable('env', '"prod"')}locals {\n  public = var.env == "dev"\n}\n`,
      },
    },
    {
      name: 'tfvars override the default',
      files: {
        'eks.tf': variable('public', 'true') + cluster(set(PUBLIC, 'var.public')),
        'terraform.tfvars': 'public = false\n',
      },
    },
    {
      name: 'networks of several sources',
      files: {
        'eks.tf': `${variable('office', '["198.51.100.7/32"]')}${cluster(set(CIDRS, 'concat(var.office, ["203.0.113.0/24"])'))}`,
      },
    },
    { name: 'a recent module', files: { 'eks.tf': moduleCall(REGISTRY, '  version = "~> 20.8"\n') } },
    { name: 'the newest module', files: { 'eks.tf': moduleCall(REGISTRY, '') } },
    { name: 'a module without an upper version', files: { 'eks.tf': moduleCall(REGISTRY, '  version = ">= 17.0"\n') } },
    {
      name: 'an old module that is closed',
      files: { 'eks.tf': moduleCall(REGISTRY, '  version = "17.24.0"\n  cluster_endpoint_public_access = false\n') },
    },
    {
      name: 'a module from git',
      files: {
        'eks.tf': moduleCall('git::https://github.com/terraform-aws-modules/terraform-aws-eks.git?ref=v21.3.1', ''),
      },
    },
    {
      name: 'a local module that its caller closes',
      files: { ...WRAPPER, 'live/main.tf': moduleCall('../modules/cluster', '  public = false\n') },
      subjects: 1,
    },
    { name: 'CloudFormation, off', files: { 'eks.yaml': template('        EndpointPublicAccess: false\n') } },
    {
      name: 'CloudFormation, restricted',
      files: { 'eks.yaml': template('        PublicAccessCidrs:\n          - 203.0.113.0/24\n') },
    },
    {
      name: 'CloudFormation, off by a parameter',
      files: {
        'eks.yaml': `${template('        EndpointPublicAccess: !Ref Public\n')}Parameters:\n  Public:\n    Type: String\n    Default: "false"\n`,
      },
    },
    {
      name: 'eksctl, off',
      files: { 'c.yaml': eksctl('vpc:\n  clusterEndpoints:\n    publicAccess: false\n    privateAccess: true\n') },
    },
    { name: 'eksctl, restricted', files: { 'c.yaml': eksctl('vpc:\n  publicAccessCIDRs: ["203.0.113.7/32"]\n') } },
    { name: 'eksctl, private cluster', files: { 'c.yaml': eksctl('privateCluster:\n  enabled: true\n') } },
    {
      name: 'Crossplane, off',
      files: {
        'c.yaml':
          'apiVersion: eks.aws.upbound.io/v1beta1\nkind: Cluster\nmetadata:\n  name: main\nspec:\n  forProvider:\n    vpcConfig:\n      - endpointPublicAccess: false\n',
      },
    },
    {
      name: 'a local cluster on Outposts',
      files: {
        'eks.tf':
          'resource "aws_eks_cluster" "edge" {\n  name = "edge"\n  vpc_config {\n    subnet_ids = []\n    endpoint_private_access = true\n  }\n  outpost_config {\n    outpost_arns = ["a"]\n  }\n}\n',
      },
    },
    {
      name: 'CDK, private',
      files: {
        'stack.py':
          'from aws_cdk import aws_eks as eks\n\n\ndef build(scope):\n    eks.Cluster(scope, "Main", endpoint_access=eks.EndpointAccess.PRIVATE)\n',
      },
    },
    {
      name: 'CDK, restricted',
      files: {
        'stack.py':
          'import aws_cdk.aws_eks as eks\n\n\ndef build(scope):\n    eks.Cluster(scope, "Main", endpoint_access=eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from("203.0.113.0/24"))\n',
      },
    },
    {
      name: 'Pulumi, off',
      files: {
        '__main__.py':
          'import pulumi_aws as aws\n\nmain = aws.eks.Cluster("main", role_arn="r", vpc_config=aws.eks.ClusterVpcConfigArgs(endpoint_public_access=False, subnet_ids=[]))\n',
      },
    },
    {
      name: 'CDK in TypeScript, private',
      files: {
        'lib/stack.ts':
          "import * as eks from 'aws-cdk-lib/aws-eks';\nimport { Stack } from 'aws-cdk-lib';\n\nexport class Main extends Stack {\n  constructor(scope: Construct, id: string) {\n    super(scope, id);\n    new eks.Cluster(this, 'Main', {\n      version: eks.KubernetesVersion.V1_31,\n      endpointAccess: eks.EndpointAccess.PRIVATE,\n    });\n  }\n}\n",
      },
      subjects: 1,
    },
    {
      name: 'CDK in TypeScript, restricted, by named imports',
      files: {
        'lib/stack.ts':
          "import { Cluster, EndpointAccess } from 'aws-cdk-lib/aws-eks';\n\nconst OFFICE = '203.0.113.0/24';\nexport function build(scope: Construct) {\n  return new Cluster(scope, 'Main', { endpointAccess: EndpointAccess.PUBLIC_AND_PRIVATE.onlyFrom(OFFICE) });\n}\n",
      },
      subjects: 1,
    },
    {
      name: 'CDK, the raw resource',
      files: {
        'lib/stack.js':
          "const eks = require('aws-cdk-lib/aws-eks');\n\nexports.build = (scope) => new eks.CfnCluster(scope, 'Main', { roleArn: 'r', resourcesVpcConfig: { subnetIds: [], endpointPublicAccess: false } });\n",
      },
      subjects: 1,
    },
    {
      name: 'Pulumi in TypeScript, off and restricted',
      files: {
        'index.ts':
          "import * as aws from '@pulumi/aws';\nimport * as eks from '@pulumi/eks';\n\nexport const a = new aws.eks.Cluster('a', { roleArn: 'r', vpcConfig: { endpointPublicAccess: false, subnetIds: [] } });\nexport const b = new eks.Cluster('b', { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] });\n",
      },
      subjects: 2,
    },
    {
      name: 'networks that a for expression filters',
      files: {
        'eks.tf': `${variable('peers', '{ a = "203.0.113.1/32", b = "" }')}${cluster(set(CIDRS, '[for k, v in var.peers : v if v != ""]'))}`,
      },
    },
  ],
  invalid: [
    {
      name: 'nothing set',
      files: { 'eks.tf': cluster('') },
      findings: [{ message: 'default', at: 'eks.tf:1', confidence: 'high' }],
    },
    {
      name: 'no network settings at all',
      files: { 'eks.tf': 'resource "aws_eks_cluster" "main" {\n  name = "main"\n}\n' },
      findings: [{ message: 'default', at: 'eks.tf:1' }],
    },
    {
      name: 'a private endpoint does not close the public one',
      files: { 'eks.tf': cluster(set('endpoint_private_access', 'true')) },
      findings: [{ message: 'default', at: 'eks.tf:1' }],
    },
    {
      name: 'public without networks',
      files: { 'eks.tf': cluster(set(PUBLIC, 'true')) },
      findings: [{ message: 'unrestricted', at: 'eks.tf:6' }],
    },
    {
      name: 'public as a string',
      files: { 'eks.tf': cluster(set(PUBLIC, '"true"')) },
      findings: [{ message: 'unrestricted', at: 'eks.tf:6' }],
    },
    {
      name: 'open to all',
      files: { 'eks.tf': cluster(set(CIDRS, '["0.0.0.0/0"]')) },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'open among others',
      files: { 'eks.tf': cluster(set(CIDRS, '["10.0.0.0/8", "0.0.0.0/0"]')) },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'open among unknown ones',
      files: { 'eks.tf': cluster(set(CIDRS, 'concat([data.x.y.ip], ["0.0.0.0/0"])')) },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'all of IPv6',
      files: { 'eks.tf': cluster(set(CIDRS, '["203.0.113.0/24", "::/0"]')) },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'two halves',
      files: { 'eks.tf': cluster(set(CIDRS, '["0.0.0.0/1", "128.0.0.0/1"]')) },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'an empty list',
      files: { 'eks.tf': cluster(set(PUBLIC, 'true') + set(CIDRS, '[]')) },
      findings: [{ message: 'unrestricted', at: 'eks.tf:6' }],
    },
    {
      name: 'by a variable',
      files: { 'eks.tf': cluster(set(CIDRS, 'var.networks')), 'variables.tf': variable('networks', '["0.0.0.0/0"]') },
      findings: [{ message: 'open', at: 'eks.tf:6' }],
    },
    {
      name: 'by one of the tfvars files',
      files: {
        'eks.tf': variable('public', 'false') + cluster(set(PUBLIC, 'var.public')),
        'env/dev.tfvars': 'public = true\n',
        'env/prod.tfvars': 'public = false\n',
      },
      findings: [{ message: 'unrestricted', at: 'env/dev.tfvars:1' }],
    },
    {
      name: 'caller of a local module',
      files: {
        ...WRAPPER,
        'live/main.tf': moduleCall('../modules/cluster', '  public = true\n  networks = ["0.0.0.0/0"]\n'),
      },
      findings: [{ message: 'open', at: 'live/main.tf:4' }],
    },
    {
      name: 'a caller that opens a module whose networks are open by default',
      files: { ...WRAPPER, 'prod/main.tf': moduleCall('../modules/cluster', '  public = true\n') },
      findings: [{ message: 'open', at: 'prod/main.tf:3' }],
    },
    {
      name: 'defaults of a local module',
      files: { ...WRAPPER, 'live/main.tf': moduleCall('../modules/cluster', '') },
      findings: [{ message: 'open', at: 'modules/cluster/main.tf:13' }],
    },
    {
      name: 'the default of an old module',
      files: { 'eks.tf': moduleCall(REGISTRY, '  version = "~> 18.0"\n') },
      findings: [{ message: 'default', at: 'eks.tf:1' }],
    },
    {
      name: 'a module below version 19',
      files: { 'eks.tf': moduleCall(REGISTRY, '  version = ">= 17.1, < 19.0.0"\n') },
      findings: [{ message: 'default', at: 'eks.tf:1' }],
    },
    {
      name: 'module of version 20, opened',
      files: { 'eks.tf': moduleCall(REGISTRY, '  version = "20.8.4"\n  cluster_endpoint_public_access = true\n') },
      findings: [{ message: 'unrestricted', at: 'eks.tf:4' }],
    },
    {
      name: 'module of version 21, opened',
      files: {
        'eks.tf': moduleCall(
          REGISTRY,
          '  version = "~> 21.0"\n  endpoint_public_access = true\n  endpoint_public_access_cidrs = ["::/0"]\n',
        ),
      },
      findings: [{ message: 'open', at: 'eks.tf:5' }],
    },
    {
      name: 'a private module, by its inputs',
      files: { 'eks.tf': moduleCall('app.terraform.io/acme/eks/aws', '  cluster_endpoint_public_access = true\n') },
      findings: [{ message: 'unrestricted', at: 'eks.tf:3' }],
    },
    {
      name: 'JSON syntax',
      files: {
        'eks.tf.json':
          '{"resource": {"aws_eks_cluster": {"main": {"name": "m", "vpc_config": {"endpoint_public_access": true}}}}}\n',
      },
      findings: [{ message: 'unrestricted', at: 'eks.tf.json:1' }],
    },
    {
      name: 'CloudFormation, on',
      files: { 'eks.yaml': template('        EndpointPublicAccess: true\n') },
      findings: [{ message: 'unrestricted', at: 'eks.yaml:9' }],
    },
    {
      name: 'CloudFormation, nothing set',
      files: { 'eks.yml': template('') },
      findings: [{ message: 'default', at: 'eks.yml:3' }],
    },
    {
      name: 'CloudFormation in JSON',
      files: {
        'eks.json':
          '{"Resources": {"Main": {"Type": "AWS::EKS::Cluster", "Properties": {"ResourcesVpcConfig":\n{"PublicAccessCidrs": ["0.0.0.0/0"]}}}}}\n',
      },
      findings: [{ message: 'open', at: 'eks.json:2' }],
    },
    {
      name: 'eksctl default',
      files: { 'c.yaml': eksctl('vpc:\n  cidr: 10.10.0.0/16\n') },
      findings: [{ message: 'default', at: 'c.yaml:1' }],
    },
    {
      name: 'eksctl, on',
      files: { 'c.yaml': eksctl('vpc:\n  clusterEndpoints:\n    publicAccess: true\n    privateAccess: true\n') },
      findings: [{ message: 'unrestricted', at: 'c.yaml:7' }],
    },
    {
      name: 'Crossplane, on',
      files: {
        'c.yaml':
          'apiVersion: eks.aws.crossplane.io/v1beta1\nkind: Cluster\nmetadata:\n  name: main\nspec:\n  forProvider:\n    resourcesVpcConfig:\n      endpointPublicAccess: true\n',
      },
      findings: [{ message: 'unrestricted', at: 'c.yaml:8' }],
    },
    {
      name: 'Cluster API default',
      files: {
        'c.yaml':
          'apiVersion: controlplane.cluster.x-k8s.io/v1beta2\nkind: AWSManagedControlPlane\nmetadata:\n  name: main\nspec:\n  region: eu-west-1\n',
      },
      findings: [{ message: 'default', at: 'c.yaml:1' }],
    },
    {
      name: 'CDK default',
      files: {
        'stack.py':
          'from aws_cdk import aws_eks as eks\n\n\ndef build(scope):\n    eks.Cluster(scope, "Main", version=None)\n',
      },
      findings: [{ message: 'default', at: 'stack.py:5' }],
    },
    {
      name: 'CDK default in TypeScript',
      files: {
        'lib/stack.ts':
          "import * as eks from 'aws-cdk-lib/aws-eks';\n\nexport function build(scope: Construct) {\n  return new eks.Cluster(scope, 'Main', { version: eks.KubernetesVersion.V1_31 });\n}\n",
      },
      findings: [{ message: 'default', at: 'lib/stack.ts:4' }],
    },
    {
      name: 'CDK in TypeScript, open',
      files: {
        'lib/stack.ts':
          "import { aws_eks as eks } from 'aws-cdk-lib';\n\nexport function build(scope: Construct) {\n  return new eks.FargateCluster(scope, 'Main', {\n    endpointAccess: eks.EndpointAccess.PUBLIC,\n  });\n}\n",
      },
      findings: [{ message: 'unrestricted', at: 'lib/stack.ts:5' }],
    },
    {
      name: 'Pulumi in TypeScript, open to all',
      files: {
        'index.ts':
          "import * as aws from '@pulumi/aws';\n\nconst everybody = ['0.0.0.0/0'];\nexport const main = new aws.eks.Cluster('main', {\n  roleArn: 'r',\n  vpcConfig: {\n    endpointPublicAccess: true,\n    publicAccessCidrs: everybody,\n  },\n});\n",
      },
      findings: [{ message: 'open', at: 'index.ts:3' }],
    },
    {
      name: 'Pulumi in TypeScript, nothing set',
      files: {
        'index.ts':
          "import * as eks from '@pulumi/eks';\n\nexport const main = new eks.Cluster('main', { vpcId: 'v' });\n",
      },
      findings: [{ message: 'default', at: 'index.ts:3' }],
    },
    {
      name: 'Pulumi, on',
      files: {
        '__main__.py':
          'import pulumi_aws as aws\n\nmain = aws.eks.Cluster("main", role_arn="r", vpc_config={"endpoint_public_access": True})\n',
      },
      findings: [{ message: 'unrestricted', at: '__main__.py:3' }],
    },
  ],
  notApplicable: [
    { name: 'a data source', files: { 'eks.tf': 'data "aws_eks_cluster" "main" {\n  name = "main"\n}\n' } },
    {
      name: 'other EKS resources',
      files: { 'eks.tf': 'resource "aws_eks_node_group" "n" {\n  cluster_name = "x"\n}\n' },
    },
    { name: 'commented out', files: { 'eks.tf': cluster('').replace(/^/gm, '# ') } },
    { name: 'a submodule of the EKS module', files: { 'eks.tf': moduleCall(`${REGISTRY}//modules/karpenter`, '') } },
    { name: 'never created', files: { 'eks.tf': `${cluster('').replace('{\n', '{\n  count = 0\n')}` } },
    {
      name: 'a switched-off module',
      files: { 'eks.tf': moduleCall(REGISTRY, '  version = "18.0.0"\n  create = false\n') },
    },
    {
      name: 'a node group in CloudFormation',
      files: {
        'n.yaml':
          'Resources:\n  N:\n    Type: AWS::EKS::Nodegroup\n    Properties:\n      ClusterName: AWS::EKS::Cluster\n',
      },
    },
    {
      name: 'another cluster',
      files: { 'c.yaml': 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nname: eks.aws\n' },
    },
  ],
  unknown: [
    {
      name: 'a variable without a value',
      files: { 'eks.tf': variable('public') + cluster(set(PUBLIC, 'var.public')) },
    },
    {
      name: 'networks of a data source',
      files: { 'eks.tf': cluster(set(CIDRS, '["${data.http.me.response_body}/32"]')) },
    },
    {
      name: 'a CloudFormation parameter without a default',
      files: { 'eks.yaml': template('        EndpointPublicAccess: !Ref Public\n') },
    },
    {
      name: 'settings that a TypeScript function builds',
      files: {
        'index.ts':
          "import * as aws from '@pulumi/aws';\nimport { settings } from './settings';\n\nexport const main = new aws.eks.Cluster('main', { roleArn: 'r', vpcConfig: settings(process.env.STAGE) });\n",
      },
    },
    { name: 'a broken file', files: { 'eks.tf': 'resource "aws_eks_cluster" "main" {\n  name = = 1\n' } },
  ],
});
