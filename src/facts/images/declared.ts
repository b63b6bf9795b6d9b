/** Knows the images that cloud services, operators and tools are told to run: Terraform, CloudFormation, ECS, custom resources. */
import { resolved, type Template } from '../cloudformation.ts';
import { linkWritten } from '../cluster/written.ts';
import { linkCluster, placeIn } from '../cluster.ts';
import { linkTasks } from '../ecs.ts';
import type { Facts } from '../facts.ts';
import type { Body } from '../hcl.ts';
import { type KubeObject, titleOf } from '../kubernetes.ts';
import type { Place } from '../span.ts';
import { isAbsent, resourcesOf, terraformModel } from '../terraform/model.ts';
import { evaluate, printed, stringOf } from '../terraform/value.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode, type YamlScalar } from '../yaml.ts';

export interface DeclaredImage {
  /** "image of container web of Rollout web". */
  readonly title: string;
  readonly text: string;
  readonly place: Place;
  readonly resolved?: string;
  /** Where the variable that is the whole name gets its value. */
  readonly definition?: Place;
}

/** Blocks and the argument that names an image, by type of resource. */
const TERRAFORM: Readonly<Record<string, readonly string[]>> = {
  docker_container: ['image'],
  docker_image: ['name'],
  docker_service: ['task_spec.container_spec.image'],
  google_cloud_run_service: ['template.spec.containers.image'],
  google_cloud_run_v2_service: ['template.containers.image'],
  google_cloud_run_v2_job: ['template.template.containers.image'],
  azurerm_container_group: ['container.image', 'init_container.image'],
  azurerm_container_app: ['template.container.image', 'template.init_container.image'],
  azurerm_container_app_job: ['template.container.image', 'template.init_container.image'],
  aws_lambda_function: ['image_uri'],
  aws_apprunner_service: ['source_configuration.image_repository.image_identifier'],
};

/** The properties that name an image, by type of resource; `*` is each item of a list. */
const CLOUDFORMATION: Readonly<Record<string, readonly string[]>> = {
  'AWS::ECS::TaskDefinition': ['ContainerDefinitions.*.Image'],
  'AWS::Lambda::Function': ['Code.ImageUri'],
  'AWS::Serverless::Function': ['ImageUri'],
  'AWS::AppRunner::Service': ['SourceConfiguration.ImageRepository.ImageIdentifier'],
  'AWS::Batch::JobDefinition': ['ContainerProperties.Image'],
};

/** Custom resources that name images of containers, by group, and the keys they use. */
const CUSTOM: Readonly<Record<string, { readonly kinds?: RegExp; readonly keys: readonly string[] }>> = {
  'argoproj.io': {
    kinds: /^(?:Cron|Cluster)?Workflow(?:Template)?$|^(?:Cluster)?AnalysisTemplate$|^Sensor$|^EventSource$/,
    keys: ['image'],
  },
  'tekton.dev': { keys: ['image'] },
  'monitoring.coreos.com': { kinds: /^(?:Prometheus|PrometheusAgent|Alertmanager|ThanosRuler)$/, keys: ['image'] },
  'kafka.strimzi.io': { keys: ['image'] },
  'postgresql.cnpg.io': { keys: ['imageName'] },
  'acid.zalan.do': { keys: ['dockerImage'] },
  'elasticsearch.k8s.elastic.co': { keys: ['image'] },
  'kibana.k8s.elastic.co': { keys: ['image'] },
  'opentelemetry.io': { keys: ['image'] },
  'jaegertracing.io': { keys: ['image'] },
  'minio.min.io': { keys: ['image'] },
  'keda.sh': { kinds: /^ScaledJob$/, keys: ['image'] },
  'batch.volcano.sh': { keys: ['image'] },
  'kubeflow.org': { keys: ['image'] },
  'ray.io': { keys: ['image'] },
  'sparkoperator.k8s.io': { keys: ['image'] },
  'flink.apache.org': { keys: ['image'] },
  'rabbitmq.com': { keys: ['image'] },
  'k8s.mariadb.com': { keys: ['image'] },
  'operator.victoriametrics.com': { keys: ['image'] },
  'sources.knative.dev': { keys: ['image'] },
  'eventing.knative.dev': { keys: ['image'] },
  'pkg.crossplane.io': { kinds: /^(?:Provider|Configuration|Function)$/, keys: ['package'] },
  'operators.coreos.com': { kinds: /^CatalogSource$/, keys: ['image'] },
};

/** All of them. A pure join: use through `facts.linked`. */
export function linkDeclaredImages(facts: Facts): readonly DeclaredImage[] {
  return [...inTerraform(facts), ...inCloudFormation(facts), ...inTasks(facts), ...inObjects(facts)];
}

function inTerraform(facts: Facts): DeclaredImage[] {
  const found = new Map<string, DeclaredImage>();
  for (const module of facts.linked(terraformModel).modules) {
    const scope = module.scopes[0];
    if (!scope) continue;
    for (const [type, paths] of Object.entries(TERRAFORM)) {
      for (const { block, path } of resourcesOf(module, type)) {
        if (isAbsent(block, path, scope)) continue;
        for (const attribute of paths.flatMap((names) => attributesAt(block, names.split('.')))) {
          const value = evaluate({ value: attribute.value, path }, scope);
          const text = printed(attribute.value).replace(/^"([^"]*)"$/, '$1');
          const name = stringOf(value);
          const place = { path, span: attribute.value.span };
          const origin = value.at;
          const moved =
            origin &&
            (origin.path !== path || origin.span.start < place.span.start || origin.span.end > place.span.end);
          found.set(`${path} ${place.span.start}`, {
            title: `image of ${type}.${block.labels[1] ?? ''}`,
            text,
            place,
            ...(name === undefined ? {} : { resolved: name }),
            ...(moved ? { definition: origin } : {}),
          });
        }
      }
    }
  }
  return [...found.values()];
}

function attributesAt(body: Body, [name, ...rest]: readonly string[]): NonNullable<ReturnType<typeof attributeOf>>[] {
  if (rest.length === 0) return [attributeOf(body, name!)].flatMap((one) => one ?? []);
  return blocksOf(body, name!).flatMap((block) => attributesAt(block, rest));
}

function inCloudFormation(facts: Facts): DeclaredImage[] {
  return facts.of('cloudformation').flatMap(({ path, data }) =>
    data.resources.flatMap(({ name, type, properties }) =>
      (CLOUDFORMATION[type] ?? []).flatMap((names) =>
        nodesAt(properties, names.split('.')).flatMap((node): DeclaredImage[] => {
          const image = imageOf(data, node);
          return image ? [{ title: `image of ${name}`, place: { path, span: node.span }, ...image }] : [];
        }),
      ),
    ),
  );
}

function nodesAt(node: YamlNode | undefined, [name, ...rest]: readonly string[]): YamlNode[] {
  if (!node || name === undefined) return node ? [node] : [];
  return name === '*' ? itemsOf(node).flatMap((item) => nodesAt(item, rest)) : nodesAt(at(node, name), rest);
}

/** The text of a property, parameters in it replaced by their defaults. */
function imageOf(template: Template, node: YamlNode): { text: string; resolved?: string } | undefined {
  const sub = at(node, 'Fn::Sub');
  const written = textOf(sub?.kind === 'list' ? sub.items[0] : (sub ?? node));
  if (written === undefined || node.tag === '!Ref' || (node.tag?.startsWith('!') && node.tag !== '!Sub')) {
    const value = textOf(resolved(template, node));
    return value === undefined ? { text: textOf(node) ?? 'a computed value' } : { text: value, resolved: value };
  }
  const text = written.replace(/\$\{(\w+)\}/g, (all, name: string) => textOf(template.defaults[name]) ?? all);
  return { text, ...(text.includes('$') ? {} : { resolved: text }) };
}

/** Files of task definitions, and tasks of Terraform. */
function inTasks(facts: Facts): DeclaredImage[] {
  const templates = new Set(facts.of('cloudformation').map(({ path }) => path));
  return facts.linked(linkTasks).flatMap(({ name, path, span, image }) =>
    image === undefined || templates.has(path)
      ? []
      : [
          {
            title: `image of container ${name}`,
            text: image,
            place: { path, span },
            ...(/[<{$]/.test(image) ? {} : { resolved: image }),
          },
        ],
  );
}

function inObjects(facts: Facts): DeclaredImage[] {
  const seen = new Set<string>();
  return [...facts.linked(linkCluster).objects, ...facts.linked(linkWritten).objects].flatMap((deployed) => {
    const { object } = deployed;
    const custom = CUSTOM[object.apiVersion.replace(/\/.*/, '')];
    if (!custom || custom.kinds?.test(object.kind) === false) return [];
    const parameters = parametersOf(object);
    return valuesOf(at(object.body, 'spec'), custom.keys).flatMap(({ node, name }): DeclaredImage[] => {
      const place = placeIn(deployed, node);
      const id = `${place.path} ${place.span.start}`;
      if (seen.has(id)) return [];
      seen.add(id);
      const title = `image of ${name ? `${name} of ` : ''}${titleOf(object)}`;
      const parameter = parameters.get(
        /^(?:\$\(|\{\{)\s*([\w.-]+?)\s*(?:\)|\}\})$/.exec(node.text)?.[1]?.replace(/^.*\./, '') ?? '',
      );
      if (parameter)
        return [{ title, text: node.text, place, resolved: parameter.text, definition: placeIn(deployed, parameter) }];
      return [{ title, text: node.text, place, ...(/\$\(|\{\{/.test(node.text) ? {} : { resolved: node.text }) }];
    });
  });
}

/** Texts below those keys with the name beside them; a map there says it in parts that nobody can name here. */
function valuesOf(
  node: YamlNode | undefined,
  keys: readonly string[],
  depth = 0,
): { readonly node: YamlScalar; readonly name?: string }[] {
  if (!node || depth > 40) return [];
  if (node.kind === 'list') return node.items.flatMap((item) => valuesOf(item, keys, depth + 1));
  const name = textOf(at(node, 'name'));
  return entriesOf(node).flatMap(({ key, value }) => {
    if (!keys.includes(key) || value.kind !== 'scalar') return valuesOf(value, keys, depth + 1);
    return value.text === '' ? [] : [{ node: value, ...(name === undefined ? {} : { name }) }];
  });
}

/** Defaults of the parameters of tasks and workflows by name; a name that has two is nobody's. */
function parametersOf({ body }: KubeObject): ReadonlyMap<string, YamlScalar> {
  const found = new Map<string, YamlScalar>();
  const twice = new Set<string>();
  const visit = (node: YamlNode | undefined, depth: number): void => {
    if (!node || depth > 12) return;
    for (const item of itemsOf(node)) visit(item, depth + 1);
    for (const { key, value } of entriesOf(node)) {
      if (key === 'params' || key === 'parameters') {
        for (const item of itemsOf(value)) {
          const name = textOf(at(item, 'name'));
          const given = at(item, 'default') ?? at(item, 'value');
          if (name === undefined || given?.kind !== 'scalar' || /\$\(|\{\{/.test(given.text)) continue;
          if (found.has(name) && found.get(name)!.text !== given.text) twice.add(name);
          found.set(name, given);
        }
      } else visit(value, depth + 1);
    }
  };
  visit(at(body, 'spec'), 0);
  for (const name of twice) found.delete(name);
  return found;
}
