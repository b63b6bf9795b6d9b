/** Knows what expressions in pipelines stand for: inputs and parameters that have defaults, and variables of the file. */
import type { Place } from '../span.ts';
import { at, entriesOf, itemsOf, textOf, type YamlNode } from '../yaml.ts';
import type { Job, Pipeline, Variable } from './pipeline.ts';

export interface FilledIn {
  /** With what has no value left as written. */
  readonly text: string;
  /** Where the value stands, when it is the whole text. */
  readonly origin?: Place;
}

/** `${{ inputs.x }}`, `${{ env.X }}`, `$[[ inputs.x ]]`, `$(X)`, `<< parameters.x >>`. */
const EXPRESSION =
  /\$\{\{\s*(github\.event\.inputs|inputs|env|parameters|variables)\.([\w-]+)\s*\}\}|\$\[\[\s*(inputs)\.([\w-]+)\s*\]\]|\$(\()([\w.]+)\)|<<\s*(pipeline\.parameters|parameters)\.([\w-]+)\s*>>/g;

/** Fills in `text`, which stands in the file `path`. */
export function filledIn(text: string, pipeline: Pipeline, job: Job, path: string): FilledIn {
  let origin: Place | undefined;
  let whole = false;
  const find = (source: string, name: string): Variable | undefined => {
    const asked = source === 'parameters' ? [...(pipeline.parameters ?? []), ...(job.parameters ?? [])] : undefined;
    const given = /^(?:env|variables|\()$/.test(source)
      ? [...pipeline.variables, ...job.variables]
      : (asked ?? pipeline.parameters ?? []);
    const named = given.filter((one) => one.name === name);
    return named.findLast((one) => (one.path ?? path) === path) ?? named.at(-1);
  };
  const replace = (from: string, depth: number): string =>
    from.replace(EXPRESSION, (written: string, ...groups: (string | undefined)[]) => {
      const [source, name] = groups.slice(0, 8).filter((one) => one !== undefined);
      const found = find(source!, name!);
      if (!found || found.value === '') return written;
      if (depth === 0) {
        origin = { path: found.path ?? path, span: found.span };
        whole = written === from.trim();
      }
      return depth < 5 ? replace(found.value, depth + 1) : written;
    });
  const filled = replace(text, 0);
  return whole && origin ? { text: filled, origin } : { text: filled };
}

/** Inputs or parameters by name, each a map: those that have a default. */
export function defaultsOf(node: YamlNode | undefined): Variable[] {
  const listed = itemsOf(node).map((item) => ({ key: textOf(at(item, 'name')) ?? '', value: item }));
  return [...entriesOf(node), ...listed].flatMap(({ key, value }) => {
    const given = at(value, 'default');
    const text = textOf(given);
    return given && text !== undefined ? [{ name: key, value: text, span: given.span }] : [];
  });
}
