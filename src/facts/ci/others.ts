/** Knows what pipelines of Bitbucket, Drone, Woodpecker and Cloud Build fetch: their images and shell code. */
import type { Extractor } from '../facts.ts';
import { type Shell, shellParser } from '../shell.ts';
import type { OffsetMap, Span } from '../span.ts';
import { at, entriesOf, itemsOf, loadYaml, scalarOffsets, textOf, type YamlNode, type YamlScalar } from '../yaml.ts';

export interface OtherPipeline {
  readonly images: readonly { readonly text: string; readonly span: Span }[];
  /** In file order. */
  readonly scripts: readonly Shell[];
}

const NAMES = /(?:^|\/)(?:bitbucket-pipelines|\.drone|\.woodpecker)\.ya?ml$|(?:^|\/)\.woodpecker\/[^/]+\.ya?ml$/i;
const CLOUD_BUILD = /(?:^|\/)(?:[\w-]+[.-])?cloudbuild(?:[.-][\w.-]+)?\.(?:ya?ml|json)$/i;
const IMAGE_KEYS = new Set(['image', 'container']);
const SCRIPT_KEYS = new Set(['script', 'bash', 'run', 'command', 'commands', 'before_script', 'after-script']);

export const otherci: Extractor<'otherci'> = {
  kind: 'otherci',
  accepts: (path) => NAMES.test(path) || CLOUD_BUILD.test(path),
  recognises: (path, text) => NAMES.test(path) || /^[\s{]*["']?steps["']?\s*:/m.test(text),
  load: async () => {
    const [read, parse] = await Promise.all([loadYaml(), shellParser()]);
    return ({ path, text }) => {
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
      for (const { root } of documents) {
        if (CLOUD_BUILD.test(path)) for (const step of itemsOf(at(root, 'steps'))) readStep(step, images, code);
        else visit(root, 0);
      }
      return { data: { images, scripts }, problems };
    };
  },
};

/** A step of Cloud Build is an image; a script, or the text behind a shell's `-c`, is code. */
function readStep(step: YamlNode, images: { text: string; span: Span }[], code: (node: YamlScalar) => void): void {
  const name = at(step, 'name');
  const image = textOf(name);
  if (name && image) images.push({ text: image, span: name.span });
  const script = at(step, 'script');
  if (script?.kind === 'scalar') code(script);
  const args = itemsOf(at(step, 'args'));
  const shell = [textOf(at(step, 'entrypoint')), textOf(args[0])].some((text) =>
    /^(?:.*\/)?(?:ba|da)?sh$/.test(text ?? ''),
  );
  const text = args[args.findIndex((arg) => /^-\w*c$/.test(textOf(arg) ?? '')) + 1];
  if (shell && text?.kind === 'scalar' && text !== args[0]) code(text);
}

/** Bitbucket's long form of an image: a name with the credentials to pull it. */
function isImageMap(node: YamlNode): boolean {
  return entriesOf(node).some(({ key }) => ['username', 'aws', 'run-as-user'].includes(key));
}
