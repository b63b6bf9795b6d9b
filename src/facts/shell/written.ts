/** Knows the settings that scripts write into files and hand to deployment tools: heredocs, and lines that echo writes. */
import { dotenv } from '../dotenv.ts';
import { type Setting, settingsReader, treeReader } from '../secrets/settings.ts';
import {
  bodiesOf,
  type Command,
  childNodes,
  eachCommand,
  type HereDocument,
  type ShellNode,
  type Statement,
  type Word,
  type WordPart,
} from '../shell.ts';
import type { OffsetMap, Span } from '../span.ts';
import { systemd } from '../systemd.ts';
import type { Scope } from '../variables.ts';
import { baseName, resolveWord, withoutLaunchers } from './words.ts';

export interface WrittenSetting {
  /** As the script names it, variables included. */
  readonly file: string;
  readonly name: string;
  /** What only the run of the script gives stands as `${value}`. */
  readonly value: string;
  readonly span: Span;
}

export type ReadWritten = (statements: readonly Statement[]) => readonly WrittenSetting[];

type Read = (path: string, text: string) => readonly Pick<Setting, 'name' | 'value' | 'span'>[];

/** Files that somebody copies and fills in, and those of pipelines, which start throw-away services. */
const SKIPPED =
  /example|sample|template|\.(?:dist|tpl|j2)$|(?:^|\/)\.(?:github|gitlab|circleci)\/|\.gitlab-ci\.yml$|\.pre-commit-config\.yaml$/i;
const LONGEST = 100_000;
/** Functions of a script whose output is followed. */
const MOST_CALLS = 200;

/** Loads the readers of all kinds of files; the function it gives is pure and never throws. */
export async function writtenReader(): Promise<ReadWritten> {
  const [environment, unit, settings, tree] = await Promise.all([
    dotenv.load(),
    systemd.load(),
    settingsReader(),
    treeReader(),
  ]);
  const readers: readonly (readonly [RegExp, Read])[] = [
    [
      /(?:^|[/.-])env(?:ironment)?(?:\.[\w.-]+)?$/i,
      (path, text) => environment({ path, text, words: [] }).data?.variables ?? [],
    ],
    [/\.service$/, (path, text) => unit({ path, text, words: [] }).data?.variables ?? []],
    [/\.(?:ya?ml|json)$/i, (_, text) => tree(text).map(paired)],
    [/./, settings],
  ];
  return (statements) => {
    const found: WrittenSetting[] = [];
    for (const { file, value: text, at } of writtenTexts(statements, constantsOf(statements))) {
      const [, read] = readers.find(([names]) => names.test(file)) ?? [];
      for (const { name, value, span } of read?.(file, text) ?? []) {
        const given = /^\$\{\w+:?-([^{}]*)\}$/.exec(value)?.[1] ?? value;
        found.push({ file, name, value: given, span: { start: at(span.start), end: at(span.end) } });
      }
    }
    return found;
  };
}

/** A text that a script writes. */
export interface WrittenText {
  /** As the script names it, variables included. */
  readonly file: string;
  /** What only the run of the script gives stands as `${value}`. */
  readonly value: string;
  /** Where each of its characters stands in the script. */
  readonly at: OffsetMap;
}

/** All texts that statements write into files that are no templates, variables of `scope` replaced. */
export function writtenTexts(statements: readonly Statement[], scope: Scope): WrittenText[] {
  const found: WrittenText[] = [];
  const write = (file: string, parts: readonly WordPart[]): void => {
    const text = textOf(parts, scope);
    if (!SKIPPED.test(file) && text.value.length <= LONGEST) found.push({ file, ...text });
  };
  // `render_compose > compose.yaml`: what the function says goes there.
  const functions = new Map(
    statements.flatMap(({ node }) => (node.kind === 'function' ? [[node.name, node.body]] : [])),
  );
  const entered = new Set<string>();
  const visit = (node: ShellNode, outer: string | undefined): void => {
    const file = targetOf(node) ?? outer;
    if (node.kind === 'command' && file !== undefined) {
      const heredocs = node.redirections.flatMap(({ heredoc }) => heredoc ?? []);
      for (const heredoc of heredocs) write(file, partsOf(heredoc));
      if (heredocs.length === 0) for (const word of saidBy(node)) write(file, partsOf(word));
      const name = node.words[0]?.text ?? '';
      const call = `${name} ${file}`;
      if (functions.has(name) && !entered.has(call) && entered.size < MOST_CALLS) {
        entered.add(call);
        for (const one of functions.get(name)!) visit(one.node, file);
      }
    }
    for (const child of childNodes(node)) visit(child, file);
    const inside = node.kind === 'command' || node.kind === 'function' ? undefined : file;
    for (const body of bodiesOf(node)) for (const one of body) visit(one.node, inside);
  };
  for (const { node } of statements) visit(node, undefined);
  return found;
}

/** By name, or by a variable that holds it. */
const DEPLOYING =
  /^(?:kubectl|oc|k3s|k0s|microk8s|minikube|docker|podman)$|^\$\{?\w*(?:kubectl|docker|compose)\w*\}?$/i;

/** The file that a node writes what it says to; a manifest for `kubectl apply -f -`. */
function targetOf(node: ShellNode): string | undefined {
  if (node.kind === 'pipeline') return node.commands.map(targetOf).find((one) => one !== undefined);
  const redirection =
    'redirections' in node
      ? node.redirections.find(
          ({ operator, descriptor = 1 }) => /^(?:>>?|>\||&>>?)$/.test(operator) && descriptor === 1,
        )
      : undefined;
  const written = redirection?.target?.text;
  if (node.kind !== 'command') return written;
  const [program = '', ...rest] = withoutLaunchers(node.words.map((word) => resolveWord(word, new Map()))).map(
    ({ text }) => text,
  );
  if (baseName(program) === 'tee') return rest.find((one) => !one.startsWith('-'));
  if (DEPLOYING.test(baseName(program)) && takesInput(rest)) return 'manifest.yaml';
  return written;
}

function takesInput(words: readonly string[]): boolean {
  const line = words.join(' ');
  return /(?:^| )(?:-f|-c|--filename|--file|--compose-file)[ =]?-(?: |$)/.test(line);
}

/** Words that `echo` and `printf` write. */
function saidBy({ words }: Command): readonly Word[] {
  return /^(?:echo|printf)$/.test(words[0]?.text ?? '') ? words.slice(1) : [];
}

function partsOf({ span, text, parts = [] }: HereDocument | Word): readonly WordPart[] {
  return parts.length > 0 ? parts : [{ kind: 'literal', span, text }];
}

/**
 * Variables that the script sets once, to a text, with `defaults` also to one that the caller may replace; a name with
 * an undefined value has one that nobody knows.
 */
export function constantsOf(statements: readonly Statement[], defaults = false): Scope {
  const values = new Map<string, string | undefined>();
  eachCommand(statements, ({ words, assignments }) => {
    for (const { name, value } of assignments) {
      const word = defaults && value ? resolveWord(value, values) : undefined;
      const text = word?.known ? word.text : value?.value;
      values.set(name, values.has(name) ? undefined : text);
    }
    if (/^(?:read|source|\.|mapfile|getopts|eval)$/.test(words[0]?.text ?? ''))
      for (const { text } of words.slice(1)) values.set(text, undefined);
  });
  return values;
}

/** The text that is written, and where each of its characters stands in the file. */
function textOf(parts: readonly WordPart[], variables: Scope): Pick<WrittenText, 'value' | 'at'> {
  const pieces: { readonly from: number; readonly span: Span }[] = [];
  let value = '';
  for (const part of parts) {
    pieces.push({ from: value.length, span: part.span });
    const { text, known } = resolveWord({ span: part.span, text: part.text, parts: [part] }, variables);
    // YAML has no tabs, which a heredoc may be indented with.
    value +=
      part.kind === 'literal' ? text.replace(/^\t+/gm, (tabs) => ' '.repeat(tabs.length)) : known ? text : '${value}';
    if (value.length > LONGEST) break;
  }
  const at = (offset: number): number => {
    let low = 0;
    for (let high = pieces.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (pieces[middle]!.from <= offset) low = middle;
      else high = middle - 1;
    }
    const { from, span } = pieces[low]!;
    return Math.min(span.end, span.start + offset - from);
  };
  return { value, at };
}

/** `- NAME=value` in the list of a compose file, and what Base64 hides in the data of a Secret. */
function paired(one: Setting): Setting {
  const listed = one.within.at(-1) === '' ? /^([A-Za-z_]\w*)=(.*)$/s.exec(one.value) : null;
  if (listed) return { ...one, name: listed[1]!, value: listed[2]! };
  const plain = one.within.at(-2) === 'data' ? Buffer.from(one.value, 'base64').toString('utf8') : '';
  return /^[\x20-\x7e\s]{3,}$/.test(plain) ? { ...one, value: plain } : one;
}
