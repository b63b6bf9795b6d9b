import { describe, expect, test } from '@jest/globals';
import { cloudformation, listed, resolved } from '../../src/facts/cloudformation.ts';
import { linkCluster } from '../../src/facts/cluster.ts';
import { extractors } from '../../src/facts/index.ts';
import { terraformObjects } from '../../src/facts/terraform/kubernetes.ts';
import { terraformModel } from '../../src/facts/terraform/model.ts';
import { evaluate, plainOf, printed } from '../../src/facts/terraform/value.ts';
import { roleOf } from '../../src/facts/terraform.ts';
import { at, plainOf as yamlPlain } from '../../src/facts/yaml.ts';
import { factsOfFiles } from '../facts-of.ts';

const factsOf = (files: Record<string, string>) => factsOfFiles(extractors, files);

/** The plain value of `local.x` in main.tf; undefined when a part of it cannot be told. */
async function local(expression: string, more = ''): Promise<unknown> {
  const facts = await factsOf({ 'main.tf': `locals {\n  x = ${expression}\n}\n${more}` });
  const scope = terraformModel(facts).modules[0]!.scopes[0]!;
  const value = evaluate(scope.local('x')!, scope);
  return value.kind === 'unknown' ? `? ${value.text}` : plainOf(value);
}

describe('files', () => {
  test.each([
    ['main.tf', 'config'],
    ['main.tf.json', 'config'],
    ['main.tofu', 'config'],
    ['prod.auto.tfvars', 'variables'],
    ['terraform.tfvars.json', 'variables'],
    ['prod.tfbackend', 'backend'],
    ['env/backend-prod.hcl', 'backend'],
    ['terragrunt.hcl', 'terragrunt'],
    ['terraform.tfstate', 'state'],
    ['terraform.tfstate.1699999999.backup', 'state'],
    ['.terraform.lock.hcl', undefined],
    ['.terraform/modules/x/main.tf', undefined],
    ['build.pkr.hcl', undefined],
    ['main.tftest.hcl', undefined],
    ['main.tfx', undefined],
  ])('%s is %s', (path, role) => {
    expect(roleOf(path)).toBe(role);
  });
});

describe('expressions', () => {
  test.each<[string, unknown]>([
    ['1 + 2 * 3', 7],
    ['"a-${1 + 1}"', 'a-2'],
    ['true ? "a" : "b"', 'a'],
    ['var.missing ? 1 : 1', 1],
    ['var.missing ? 1 : 2', '? var.missing ? 1 : 2'],
    ['false && var.missing', false],
    ['true || var.missing', true],
    ['coalesce(null, "", "x")', 'x'],
    ['concat(["a"], ["b"])', ['a', 'b']],
    ['toset(["a", "a"])', ['a']],
    ['merge({ a = 1 }, { b = 2 })', { a: 1, b: 2 }],
    ['lookup({ a = 1 }, "b", 3)', 3],
    ['length([1, 2])', 2],
    ['contains(["a"], "b")', false],
    ['[for i, v in ["a", "b"] : "${i}${v}"]', ['0a', '1b']],
    ['{ for k, v in { a = 1, b = 2 } : v => k if v > 1 }', { 2: 'b' }],
    ['[{ a = 1 }, { a = 2 }][*].a', [1, 2]],
    ['flatten([["a"], [["b"]]])', ['a', 'b']],
    ['jsonencode({ a = [1] })', '{"a":[1]}'],
    ['format("%s:%d", "x", 2)', 'x:2'],
    ['try(data.x.y, 1)', '? try(...)'],
    ['constructor("x")', '? constructor("x")'],
    ['local.x', '? local.x'],
    ['"%{ for a in ["x", "y"] }${a};%{ endfor }"', 'x;y;'],
    ['path.module', '.'],
  ])('%s', async (expression, expected) => {
    expect(await local(expression)).toEqual(expected);
  });

  test('a chain of locals that never ends is unknown', async () => {
    const chain = Array.from({ length: 400 }, (_, i) => `  l${i} = "\${local.l${i + 1}}\${local.l${i + 1}}"`).join(
      '\n',
    );
    expect(await local('local.l0', `locals {\n${chain}\n}\n`)).toMatch(/^\?/);
  });

  test('prints what cannot be told', async () => {
    const facts = await factsOf({ 'main.tf': 'locals {\n  x = concat(var.a[0].b, [1])\n}\n' });
    const { value } = terraformModel(facts).modules[0]!.scopes[0]!.local('x')!;
    expect(printed(value)).toBe('concat(...)');
  });
});

describe('modules', () => {
  const files = {
    'live/main.tf':
      'variable "env" {\n  default = "dev"\n}\nmodule "a" {\n  source = "../mod"\n  name = "x-${var.env}"\n}\noutput "o" {\n  value = module.a.full\n}\n',
    'live/terraform.tfvars': 'env = "base"\n',
    'live/z.auto.tfvars': 'env = "auto"\n',
    'mod/main.tf':
      'variable "name" {}\noutput "full" {\n  value = "full-${var.name}"\n}\nresource "null_resource" "n" {}\n',
  };

  test('follow callers, tfvars and outputs', async () => {
    const model = terraformModel(await factsOf(files));
    expect(model.modules.map(({ folder, child }) => [folder, child])).toEqual([
      ['live', false],
      ['mod', true],
    ]);
    const mod = model.module('mod')!;
    expect(mod.scopes.map((scope) => [scope.from, scope.caller?.path])).toEqual([['module.a', 'live/main.tf']]);
    const live = model.module('live')!;
    const output = live.blocks.find(({ block }) => block.type === 'output')!;
    const value = evaluate({ value: output.block.attributes[0]!.value, path: output.path }, live.scopes[0]!);
    expect(value).toMatchObject({ kind: 'known', value: 'full-x-auto' });
  });

  test('modules that call each other end', async () => {
    const call = (to: string) => `module "m" {\n  source = "../${to}"\n  v = var.v\n}\nvariable "v" {}\n`;
    const model = terraformModel(await factsOf({ 'a/main.tf': call('b'), 'b/main.tf': call('a') }));
    for (const module of model.modules) for (const scope of module.scopes) scope.variable('v');
    expect(model.modules).toHaveLength(2);
  });
});

describe('Kubernetes objects', () => {
  const tf = `resource "kubernetes_namespace_v1" "shop" {
  metadata {
    name = "shop"
    labels = { "a.b/c" = "d" }
  }
}
resource "kubernetes_deployment" "api" {
  metadata {
    name      = "api"
    namespace = kubernetes_namespace_v1.shop.metadata[0].name
  }
  spec {
    replicas = 2
    selector {
      match_labels = { app = "api" }
    }
    template {
      metadata {
        labels = { app = "api" }
      }
      spec {
        host_network = false
        container {
          name  = "api"
          image = "api:\${var.tag}"
          port {
            container_port = 8080
          }
          dynamic "env" {
            for_each = { A = "1", B = "2" }
            content {
              name  = env.key
              value = env.value
            }
          }
          resources {
            limits = { cpu = "1" }
          }
          security_context {
            read_only_root_filesystem = true
          }
          liveness_probe {
            http_get {
              port = 8080
            }
          }
        }
        init_container {
          name  = "init"
          image = "busybox"
        }
      }
    }
  }
}
resource "kubernetes_secret" "s" {
  metadata {
    name = "s"
  }
  data = { password = "x" }
}
resource "kubernetes_manifest" "m" {
  manifest = {
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata   = { name = "m" }
  }
}
`;

  test('have the shape of manifests', async () => {
    const facts = await factsOf({ 'k.tf': tf });
    const objects = terraformObjects(facts);
    expect(objects.map(({ kind, name, namespace }) => [kind, name, namespace])).toEqual([
      ['Namespace', 'shop', undefined],
      ['Deployment', 'api', 'shop'],
      ['Secret', 's', undefined],
      ['ConfigMap', 'm', undefined],
    ]);
    expect(yamlPlain(at(objects[1]!.body, 'spec', 'template', 'spec')!)).toEqual({
      hostNetwork: false,
      containers: [
        {
          name: 'api',
          image: '${a template}',
          ports: [{ containerPort: 8080 }],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          resources: { limits: { cpu: '1' } },
          securityContext: { readOnlyRootFilesystem: true },
          livenessProbe: { httpGet: { port: 8080 } },
        },
      ],
      initContainers: [{ name: 'init', image: 'busybox' }],
    });
    expect(at(objects[1]!.body, 'spec', 'template', 'spec', 'containers', 0, 'image')).toMatchObject({
      rendered: { unknown: expect.any(String) },
    });
    expect(yamlPlain(at(objects[2]!.body, 'stringData')!)).toEqual({ password: 'x' });
  });

  test('are workloads of the cluster', async () => {
    const { workloads } = linkCluster(await factsOf({ 'k.tf': tf }));
    expect(
      workloads.map(({ path, namespace, pod }) => [path, namespace, pod.containers.map((one) => one.name)]),
    ).toEqual([['k.tf', 'shop', ['init', 'api']]]);
  });
});

describe('CloudFormation', () => {
  test('follows parameters with defaults', async () => {
    const extract = await cloudformation.load();
    const text =
      'Parameters:\n  P: {Type: String, Default: "a,b"}\nResources:\n  R:\n    Type: AWS::S3::Bucket\n    Properties:\n      A: !Ref P\n      B: {"Ref": "P"}\n      C: !Sub "x"\n      D: [1, !Ref P]\n      E: {"Fn::If": [x, 1, 2]}\n';
    const { data } = extract({ path: 't.yaml', text, words: [] });
    const { properties, type } = data!.resources[0]!;
    expect(type).toBe('AWS::S3::Bucket');
    const value = (key: string) => resolved(data!, at(properties, key));
    expect([value('A'), value('B')].map((node) => node && yamlPlain(node))).toEqual(['a,b', 'a,b']);
    expect([value('C'), value('E')]).toEqual([undefined, undefined]);
    expect(listed(data!, at(properties, 'A'))?.map((node) => node && yamlPlain(node))).toEqual(['a', 'b']);
  });
});
