/** Knows what pipelines of Bitbucket, Drone and Woodpecker fetch: their images and shell code. */
import type { Extractor } from './facts.ts';
import { type Shell, shellParser } from './shell.ts';
import type { OffsetMap, Span } from './span.ts';
import { entriesOf, itemsOf, loadYaml, scalarOffsets, textOf, type YamlNode, type YamlScalar } from './yaml.ts';

export interface OtherPipeline {
  readonly images: readonly { readonly text: string; readonly span: Span }[];
  /** In file order. */
  readonly scripts: readonly Shell[];
}

const NAMES = /(?:^|\/)(?:bitbucket-pipelines|\.drone|\.woodpecker)\.ya?ml$|(?:^|\/)\.woodpecker\/[^/]+\.ya?ml$/i;
const IMAGE_KEYS = new Set(['image', 'container']);
const SCRIPT_KEYS = new Set(['script', 'bash', 'run', 'command', 'commands', 'before_script', 'after-script']);

export const otherci: Extractor<'otherci'> = {
  kind: 'otherci',
  accepts: (path) => NAMES.test(path),
  load: async () => {
    const [read, parse] = await Promise.all([loadYaml(), shellParser()]);
    return ({ text }) => {
      const { documents, problems } = read(text);
      const images: { text: string; span: Span }[] = [];
      const scripts: Shell[] = [];
      const code = (node: YamlScalar) => {
        let map: OffsetMap | undefined;
        const offsets: OffsetMap = (offset) => {
          map ??= scalarOffsets(text, node);
          return map(offset);
        };
        scripts.push(parse(node.text, offsets));
      };
      const visit = (node: YamlNode, depth: number): void => {
        if (depth > 60) return;
        for (const item of itemsOf(node)) visit(item, depth + 1);
        for (const { key, value } of entriesOf(node)) {
          const name = textOf(value);
          if (IMAGE_KEYS.has(key) && name) images.push({ text: name, span: value.span });
          else if (key === 'name' && name && isImageMap(node)) images.push({ text: name, span: value.span });
          else if (SCRIPT_KEYS.has(key)) {
            for (const part of value.kind === 'list' ? value.items : [value]) {
              if (part.kind === 'scalar' && part.value !== null) code(part);
              else visit(part, depth + 1);
            }
          } else visit(value, depth + 1);
        }
      };
      for (const { root } of documents) visit(root, 0);
      return { data: { images, scripts }, problems };
    };
  },
};

/** Bitbucket's long form of an image: a name with the credentials to pull it. */
function isImageMap(node: YamlNode): boolean {
  return entriesOf(node).some(({ key }) => ['username', 'aws', 'run-as-user'].includes(key));
}
