/** Knows the containers of ECS tasks: task definition files, CloudFormation and Terraform. */
import type { Extractor, Facts } from './facts.ts';
import type { Place, Span } from './span.ts';
import { resourcesOf, terraformModel } from './terraform/model.ts';
import { evaluate, stringOf, truth, type Value } from './terraform/value.ts';
import { attributeOf, blocksOf } from './terraform.ts';
import { at, booleanOf, entriesOf, itemsOf, loadYaml, textOf, type YamlNode } from './yaml.ts';

export interface TaskDefinitions {
  readonly containers: readonly TaskContainer[];
}

export interface TaskContainer {
  readonly name: string;
  readonly span: Span;
  readonly path?: string;
  readonly image?: string;
  /** `unknown`: a value decides that is not in the repository. */
  readonly readOnly: boolean | 'unknown' | 'unset';
  /** Of a task for Windows, which has no read-only file systems. */
  readonly windows?: true;
  /** Memory is limited, for the container or the whole task. */
  readonly memory: boolean;
  /** Words of its health check: `CMD`, or `CMD-SHELL` with a command line. */
  readonly health?: readonly string[];
  /** Variables with their values as written; of files only. */
  readonly environment?: readonly { readonly name: string; readonly value: string; readonly span: Span }[];
}

export const ecs: Extractor<'ecs'> = {
  kind: 'ecs',
  accepts: (path) => /\.(?:json|ya?ml)$/i.test(path),
  recognises: (_, text) => /["']?[cC]ontainerDefinitions["']?\s*:/.test(text) && !/^apiVersion\s*:/m.test(text),
  load: async () => {
    const read = await loadYaml();
    return ({ text }) => {
      const { documents, problems } = read(text);
      const containers = documents.flatMap(({ root }) => [
        ...task(root),
        // What the service itself answers when it is asked for a task.
        ...task(at(root, 'taskDefinition')),
        ...entriesOf(at(root, 'Resources')).flatMap(({ value }) =>
          textOf(at(value, 'Type')) === 'AWS::ECS::TaskDefinition' ? task(at(value, 'Properties')) : [],
        ),
      ]);
      return containers.length > 0 ? { data: { containers }, problems } : {};
    };
  },
};

function task(node: YamlNode | undefined): TaskContainer[] {
  const field = (of: YamlNode | undefined, name: string) =>
    at(of, name) ?? at(of, name[0]!.toUpperCase() + name.slice(1));
  const whole = field(node, 'memory') !== undefined;
  const system = textOf(field(field(node, 'runtimePlatform'), 'operatingSystemFamily')) ?? '';
  const windows = system.startsWith('WINDOWS') ? { windows: true as const } : {};
  return itemsOf(field(node, 'containerDefinitions')).flatMap((item, i) => {
    if (item.kind !== 'map') return [];
    const setting = field(item, 'readonlyRootFilesystem');
    const image = textOf(field(item, 'image'));
    const health = itemsOf(field(field(item, 'healthCheck'), 'command')).map((word) => textOf(word) ?? '');
    const value =
      setting === undefined
        ? 'unset'
        : (booleanOf(setting) ?? (setting.kind === 'scalar' && /^true$/i.test(setting.text) ? true : 'unknown'));
    return [
      {
        name: textOf(field(item, 'name')) ?? `container ${i + 1}`,
        span: item.span,
        ...(image === undefined ? {} : { image }),
        ...(health.length > 0 ? { health } : {}),
        readOnly: value,
        ...windows,
        memory: whole || field(item, 'memory') !== undefined,
        environment: itemsOf(field(item, 'environment')).flatMap((one) => {
          const [name, value] = [textOf(field(one, 'name')), field(one, 'value')];
          const text = value?.tag === undefined ? textOf(value) : undefined;
          return name === undefined || text === undefined ? [] : [{ name, value: text, span: value!.span }];
        }),
      },
    ];
  });
}

/** Containers of all tasks, those of aws_ecs_task_definition included. A pure join: use through `facts.linked`. */
export function linkTasks(facts: Facts): readonly (TaskContainer & { readonly path: string })[] {
  const files = facts
    .of('ecs')
    .flatMap(({ path, data }) => data.containers.map((container) => ({ ...container, path })));
  const resources = inTerraform(facts).flatMap(({ containers, path, span }) =>
    (containers ?? []).map((container) => ({ ...container, span, path })),
  );
  return [...files, ...resources];
}

/** Tasks of Terraform whose containers only a run knows. A pure join: use through `facts.linked`. */
export function linkOpenTasks(facts: Facts): readonly Place[] {
  return inTerraform(facts).flatMap(({ containers, path, span }) => (containers ? [] : [{ path, span }]));
}

interface TerraformTask extends Place {
  readonly containers?: readonly Omit<TaskContainer, 'span'>[];
}

function inTerraform(facts: Facts): TerraformTask[] {
  return facts.linked(terraformModel).modules.flatMap((module) =>
    resourcesOf(module, 'aws_ecs_task_definition').flatMap(({ block, path }): TerraformTask[] => {
      const attribute = block.attributes.find(({ name }) => name === 'container_definitions');
      const scope = module.scopes[0];
      if (!attribute || !scope) return [];
      // Text of which a part is not known is read before it becomes one.
      const { value: written } = attribute;
      const inner = written.kind === 'call' && written.name === 'jsonencode' ? written.args[0] : undefined;
      const containers = taskContainers(evaluate({ value: inner ?? written, path }, scope));
      const memory = block.attributes.some(({ name }) => name === 'memory');
      const platform = blocksOf(block, 'runtime_platform')[0];
      const system = platform && attributeOf(platform, 'operating_system_family')?.value;
      const windows = system?.kind === 'literal' && String(system.value).startsWith('WINDOWS');
      const { span } = attribute;
      if (!containers) return [{ path, span }];
      const own = containers.map((container) => ({
        ...container,
        memory: container.memory || memory,
        ...(windows ? { windows } : {}),
      }));
      return [{ path, span, containers: own }];
    }),
  );
}

/** Undefined where they are not known. */
function taskContainers(value: Value): Omit<TaskContainer, 'span'>[] | undefined {
  let list = value;
  if (value.kind === 'known' && typeof value.value === 'string') {
    try {
      list = fromJson(JSON.parse(value.value));
    } catch {
      return undefined;
    }
  }
  if (list.kind !== 'list') return undefined;
  return list.items.flatMap((item, i) => {
    if (item.kind !== 'map') return [];
    const setting = item.fields.get('readonlyRootFilesystem');
    const image = stringOf(item.fields.get('image'));
    const check = item.fields.get('healthCheck');
    const command = check?.kind === 'map' ? check.fields.get('command') : undefined;
    const health = command?.kind === 'list' ? command.items.map((word) => stringOf(word) ?? '$') : [];
    return [
      {
        name: stringOf(item.fields.get('name')) ?? `container ${i + 1}`,
        ...(image === undefined ? {} : { image }),
        ...(health.length > 0 ? { health } : {}),
        readOnly: setting === undefined ? ('unset' as const) : (truth(setting) ?? ('unknown' as const)),
        memory: item.fields.has('memory'),
      },
    ];
  });
}

function fromJson(value: unknown): Value {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(fromJson) };
  if (typeof value === 'object' && value !== null) {
    return { kind: 'map', fields: new Map(Object.entries(value).map(([key, inner]) => [key, fromJson(inner)])) };
  }
  return { kind: 'known', value: value as string | number | boolean | null };
}
