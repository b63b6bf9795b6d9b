/** Knows the files of Helm charts: metadata, values, templates, and files that templates read. */
import type { Extractor } from './facts.ts';
import { parseTemplate, type TemplateFile } from './gotemplate.ts';
import { at, loadYaml, textOf, type YamlMap } from './yaml.ts';

export type ChartFile =
  /** Chart.yaml, and requirements.yaml of old charts. */
  | { readonly role: 'metadata'; readonly root: YamlMap }
  /** A values file; `size` is its length, `reads` are values keys that templates inside its texts name. */
  | { readonly role: 'values'; readonly root?: YamlMap; readonly size: number; readonly reads: readonly string[] }
  | { readonly role: 'template'; readonly template: TemplateFile }
  /** A file that `.Files` can give to templates. */
  | { readonly role: 'file'; readonly text: string };

const METADATA = /(?:^|\/)(?:Chart|requirements)\.ya?ml$/;
const VALUES = /(?:^|\/)[^/]*values[^/]*\.ya?ml$/i;
const TEMPLATE = /(?:^|\/)templates\/.*\.(?:ya?ml|tpl|txt|json|gotmpl|yaml\.gotmpl)$/i;
const FILE =
  /(?:^|\/)(?:files|dashboards)\/[^\s]*\.\w+$|(?:^|\/)(?:envs?|environments?)\/[^/]*\.ya?ml$|(?:^|\/)(?:charts?|[^/]*helm[^/]*)\/.*\.(?:ya?ml|json|conf|cfg|sh|toml|tpl|properties|ini|txt|xml|sql|rules|js|py|lua|html)$/i;
const MAX_FILE = 200_000;
/** What only Helm's templates say. */
const HELM =
  /\{\{[^}]*(?:\.(?:Values|Release|Chart|Capabilities|Files|Template)\b|\binclude\b|\bdefine\b|\btemplate\b)/;
const READ = /\.Values((?:\.[A-Za-z_]\w*)*)/g;

export const chart: Extractor<'chart'> = {
  kind: 'chart',
  accepts: (path) => METADATA.test(path) || VALUES.test(path) || TEMPLATE.test(path) || FILE.test(path),
  recognises: (path, text) =>
    METADATA.test(path) || VALUES.test(path) || text.length <= MAX_FILE || TEMPLATE.test(path),
  load: async () => {
    const read = await loadYaml();
    return ({ path, text }) => {
      if (TEMPLATE.test(path)) {
        const { file, problems } = parseTemplate(text);
        if (file) return { data: { role: 'template', template: file } };
        return HELM.test(text) ? { problems } : {};
      }
      if (!METADATA.test(path) && !VALUES.test(path)) return { data: { role: 'file', text } };
      const { documents, problems } = read(text);
      const root = documents[0]?.root;
      if (METADATA.test(path))
        return root?.kind === 'map' ? { data: { role: 'metadata', root }, problems } : { problems };
      // A schema of the values is no set of values, whatever its name.
      if (!METADATA.test(path) && textOf(at(root, '$schema')) !== undefined) return { data: { role: 'file', text } };
      const reads = [...new Set([...text.matchAll(READ)].map((match) => match[1]!.slice(1)))];
      const data = { role: 'values', size: text.length, reads } as const;
      return root?.kind === 'map' ? { data: { ...data, root }, problems } : { data, problems };
    };
  },
};
