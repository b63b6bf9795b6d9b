/** Knows what pipelines of Bitbucket, Drone, Woodpecker and Cloud Build fetch: their images and shell code. */
import type { Extractor } from '../facts.ts';
import { type Shell, shellParser } from '../shell.ts';
import type { OffsetMap, Span } from '../span.ts';
import { resolveVariables } from '../variables.ts';
import {
  at,
  entriesOf,
  itemsOf,
  loadYaml,
  scalarOffsets,
  textOf,
  type YamlEntry,
  type YamlNode,
  type YamlScalar,
} from '../yaml.ts';

export interface OtherPipeline {
  readonly images: readonly OtherImage[];
  /** In file order. */
  readonly scripts: readonly Shell[];
}

export interface OtherImage {
  readonly text: string;
  readonly span: Span;
  /** With the substitutions of the file filled in; absent while one has no value there. */
  readonly resolved?: string;
  /** Where the substitution that is the whole name gets its value. */
  readonly definition?: Span;
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
      const images: OtherImage[] = [];
      const add = (node: YamlNode, name: string, values: readonly YamlEntry[] = []): void => {
        images.push({ text: name, span: node.span, ...filledIn(name, values) });
      };
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
          const named = IMAGE_KEYS.has(key) ? at(value, 'name') : undefined;
          if ((IMAGE_KEYS.has(key) || key === 'pipe') && name) add(value, name.replace(/^docker:\/\//, ''));
          else if (named && textOf(named)) add(named, textOf(named)!);
          else if (SCRIPT_KEYS.has(key)) {
            for (const part of value.kind === 'list' ? value.items : [value]) {
              if (part.kind === 'scalar' && part.value !== null) code(part);
              else visit(part, depth + 1);
            }
          } else visit(value, depth + 1);
        }
      };
      for (const { root } of documents) {
        if (CLOUD_BUILD.test(path)) {
          const values = entriesOf(at(root, 'substitutions'));
          for (const step of itemsOf(at(root, 'steps'))) {
            const image = at(step, 'name');
            if (image && textOf(image)) add(image, textOf(image)!, values);
            const [program, args] = argumentsOf(step);
            if (program !== undefined && args) scripts.push(parse(program, () => args.span.start));
            readStep(step, code);
          }
        } else visit(root, 0);
      }
      return { data: { images, scripts }, problems };
    };
  },
};

/** What a name is with the substitutions of Cloud Build: `$_NAME` and `${_NAME}`. */
function filledIn(name: string, values: readonly YamlEntry[]): Pick<OtherImage, 'resolved' | 'definition'> {
  if (!/[$<{]/.test(name)) return { resolved: name };
  const known = new Map(values.map((one) => [one.key, textOf(one.value)]));
  const { value, variables } = resolveVariables(name, known);
  const whole = values.find(({ key }) => name === `$${key}` || name === `\${${key}}`);
  if (value === undefined || variables.length === 0 || /[$<{]/.test(value)) return {};
  return { resolved: value, ...(whole ? { definition: whole.value.span } : {}) };
}

/** The command line of a step whose image is its program: Docker and Kaniko. */
function argumentsOf(step: YamlNode): [string | undefined, YamlNode | undefined] {
  const program = /\/(docker|executor)(?:[:@]|$)/.exec(textOf(at(step, 'name')) ?? '')?.[1];
  const args = at(step, 'args');
  if (program === undefined || at(step, 'entrypoint') || !args) return [undefined, undefined];
  const words = itemsOf(args).map((arg) => `"${(textOf(arg) ?? '').replace(/["\\`]/g, '\\$&')}"`);
  return [`${program} ${words.join(' ')}`, args];
}

/** The script of a step of Cloud Build, or the text behind a shell's `-c`, is code. */
function readStep(step: YamlNode, code: (node: YamlScalar) => void): void {
  const script = at(step, 'script');
  if (script?.kind === 'scalar') code(script);
  const args = itemsOf(at(step, 'args'));
  const shell = [textOf(at(step, 'entrypoint')), textOf(args[0])].some((text) =>
    /^(?:.*\/)?(?:ba|da)?sh$/.test(text ?? ''),
  );
  const text = args[args.findIndex((arg) => /^-\w*c$/.test(textOf(arg) ?? '')) + 1];
  if (shell && text?.kind === 'scalar' && text !== args[0]) code(text);
}
