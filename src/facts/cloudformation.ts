/** Knows CloudFormation, SAM and Serverless templates: resources with their properties, and what references to parameters come to. */
import type { Extractor } from './facts.ts';
import type { Span } from './span.ts';
import { at, entriesOf, entryOf, itemsOf, loadYaml, textOf, type YamlNode } from './yaml.ts';

export interface Template {
  readonly resources: readonly TemplateResource[];
  /** Default values of the parameters that have one. */
  readonly defaults: Readonly<Record<string, YamlNode>>;
}

export interface TemplateResource {
  /** Logical id. */
  readonly name: string;
  /** `AWS::EKS::Cluster` */
  readonly type: string;
  readonly properties?: YamlNode;
  /** From the logical id to the end of the resource. */
  readonly span: Span;
}

export const cloudformation: Extractor<'cloudformation'> = {
  kind: 'cloudformation',
  accepts: (path) => /\.(?:ya?ml|json|template|cfn)$/i.test(path),
  recognises: (_, text) => /\bResources["']?\s*:/.test(text) && /\b(?:AWS|Alexa|Custom)::\w/.test(text),
  load: async () => {
    const read = await loadYaml();
    return ({ text }) => {
      const { documents, problems } = read(text);
      // The Serverless framework keeps its template under a key of its own.
      for (const root of documents.flatMap((one) => [one.root, at(one.root, 'resources') ?? one.root])) {
        const list = entriesOf(at(root, 'Resources')).flatMap(({ key, value, span }) => {
          const type = textOf(at(value, 'Type'));
          const properties = at(value, 'Properties');
          return type === undefined ? [] : [{ name: key, type, ...(properties && { properties }), span }];
        });
        if (list.length === 0) continue;
        const defaults: Record<string, YamlNode> = {};
        for (const { key, value } of entriesOf(at(root, 'Parameters'))) {
          const node = at(value, 'Default');
          if (node && key !== '__proto__') defaults[key] = node;
        }
        return { data: { resources: list, defaults }, problems };
      }
      return documents.some((one) => one.broken) ? { problems } : {};
    };
  },
};

/** The node that a value comes to: parameters with a default are followed; undefined when it is computed. */
export function resolved(template: Template, node: YamlNode | undefined): YamlNode | undefined {
  if (!node) return undefined;
  const reference = referenceOf(node);
  if (reference !== undefined)
    return Object.hasOwn(template.defaults, reference) ? template.defaults[reference] : undefined;
  if (node.tag?.startsWith('!')) return undefined;
  const computed =
    node.kind === 'map' && node.entries.length === 1 && /^(?:Fn::|Condition$)/.test(node.entries[0]!.key);
  return computed ? undefined : node;
}

function referenceOf(node: YamlNode): string | undefined {
  if (node.tag === '!Ref') return textOf(node);
  return node.kind === 'map' && node.entries.length === 1 ? textOf(entryOf(node, 'Ref')?.value) : undefined;
}

/** True when a property's value is `AWS::NoValue`, which is the same as leaving it out. */
export function isNoValue(node: YamlNode | undefined): boolean {
  return node !== undefined && referenceOf(node) === 'AWS::NoValue';
}

/** Items of a list, or of a comma-separated parameter of a list type. */
export function listed(template: Template, node: YamlNode | undefined): readonly (YamlNode | undefined)[] | undefined {
  const value = resolved(template, node);
  if (!value) return undefined;
  if (value.kind === 'list') return itemsOf(value).map((item) => resolved(template, item));
  if (value.kind !== 'scalar') return undefined;
  return value.text.split(',').map((text) => ({ ...value, value: text.trim(), text: text.trim() }));
}
