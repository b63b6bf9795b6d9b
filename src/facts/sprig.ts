/** Knows which functions Helm gives to templates: Go's own, Sprig's and Helm's. */
import { arg, textArg } from './helm/arguments.ts';
import { builtins } from './helm/builtins.ts';
import type { TemplateFunction } from './helm/evaluate.ts';
import { dataFunctions } from './helm/sprig-data.ts';
import { otherFunctions } from './helm/sprig-more.ts';
import { textFunctions } from './helm/sprig-text.ts';
import { toToml } from './helm/toml-text.ts';
import { dict, list, NIL, TemplateError, type TextValue, text } from './helm/value.ts';
import { fromNode, fromYaml, placeIn, toJson, toYaml } from './helm/yaml-text.ts';
import type { YamlFile } from './yaml.ts';

/** All functions by name; `read` is the YAML reader that `fromYaml` uses. */
export function helmFunctions(read: (text: string) => YamlFile): ReadonlyMap<string, TemplateFunction> {
  const parseJson = (source: TextValue) => {
    try {
      JSON.parse(source.value);
    } catch (error) {
      return String((error as Error).message);
    }
    const [document] = read(source.value).documents;
    return document ? fromNode(document.root, placeIn(source)) : NIL;
  };
  const json = (html: boolean, pretty: boolean): TemplateFunction => {
    return (args) => toJson(arg(args, 0), html, pretty);
  };
  const fromJson: TemplateFunction = (args) => {
    const value = parseJson(textArg(args, 0));
    if (typeof value !== 'string' && (value.kind === 'dict' || value.kind === 'nil')) return value;
    return dict([['Error', text(typeof value === 'string' ? value : `cannot unmarshal ${value.kind}`)]]);
  };
  const mustFromJson: TemplateFunction = (args) => {
    const value = parseJson(textArg(args, 0));
    if (typeof value === 'string') throw new TemplateError(value);
    return value;
  };
  const yaml: TemplateFunction = (args) => toYaml(arg(args, 0));
  return new Map<string, TemplateFunction>(
    Object.entries({
      ...builtins,
      ...textFunctions,
      ...dataFunctions,
      ...otherFunctions,
      toYaml: yaml,
      mustToYaml: yaml,
      toYamlPretty: (args: Parameters<TemplateFunction>[0]) => toYaml(arg(args, 0), 2),
      toToml: (args: Parameters<TemplateFunction>[0]) => toToml(arg(args, 0)),
      fromYaml: (args: Parameters<TemplateFunction>[0]) => fromYaml(textArg(args, 0), read, 'dict'),
      fromYamlArray: (args: Parameters<TemplateFunction>[0]) => fromYaml(textArg(args, 0), read, 'list'),
      toJson: json(true, false),
      mustToJson: json(true, false),
      toRawJson: json(false, false),
      mustToRawJson: json(false, false),
      toPrettyJson: json(true, true),
      mustToPrettyJson: json(true, true),
      fromJson,
      mustFromJson,
      fromJsonArray: (args: Parameters<TemplateFunction>[0]) => {
        const value = parseJson(textArg(args, 0));
        if (typeof value !== 'string' && (value.kind === 'list' || value.kind === 'nil')) return value;
        return list([text(typeof value === 'string' ? value : `cannot unmarshal ${value.kind}`)]);
      },
    }),
  );
}
