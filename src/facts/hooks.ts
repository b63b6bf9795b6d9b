/** Knows what runs before a commit: pre-commit, prek, husky, lefthook, lint-staged, simple-git-hooks and plain hook folders. */
import { callsOf } from './commandline.ts';
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import { eachCommand, type ParseShell, type Shell, shellParser } from './shell.ts';
import type { Span } from './span.ts';
import {
  at,
  entriesOf,
  entryOf,
  itemsOf,
  loadYaml,
  textOf,
  type YamlFile,
  type YamlNode,
  type YamlScalar,
} from './yaml.ts';

export interface HookConfig {
  readonly tool: 'pre-commit' | 'husky' | 'lefthook' | 'lint-staged' | 'simple-git-hooks' | 'hook-folder';
  readonly span: Span;
  readonly hooks: readonly Hook[];
  /** Repositories that pre-commit and prek fetch hooks from. */
  readonly repositories: readonly HookRepository[];
  /** pre-commit.ci runs the hooks for every pull request. */
  readonly hosted: boolean;
  /** The file has a syntax error: what it lacks proves nothing. */
  readonly broken: boolean;
}

export interface Hook {
  readonly name: string;
  readonly span: Span;
  /** Its id, the names of the programs it starts, its extra dependencies. */
  readonly programs: readonly string[];
  /** What it runs as one line, where the configuration says so. */
  readonly command: string;
}

export interface HookRepository {
  readonly url: string;
  readonly span: Span;
  /** Absent for `local`, `meta` and `builtin`, which need none. */
  readonly revision?: { readonly text: string; readonly span: Span };
  readonly remote: boolean;
}

const preCommitName = /(?:^|\/)\.pre-commit-config\.ya?ml$/;
const lefthookName = /(?:^|\/)\.?lefthook(?:-local)?\.(?:ya?ml|json|toml)$/;
const lintStagedName =
  /(?:^|\/)\.lintstagedrc(?:\.(?:json|ya?ml|[cm]?[jt]s))?$|(?:^|\/)lint-staged\.config\.[cm]?[jt]s$/;
const prekName = /(?:^|\/)\.?prek\.toml$/;
const folderHook =
  /(?:^|\/)(\.husky|\.githooks|\.git-hooks|githooks|git-hooks)\/(?:pre-commit|pre-push|commit-msg|prepare-commit-msg)$/;

export const hooks: Extractor<'hooks'> = {
  kind: 'hooks',
  accepts: (path) =>
    [preCommitName, lefthookName, lintStagedName, prekName, folderHook].some((name) => name.test(path)) ||
    /(?:^|\/)package\.json$/.test(path),
  recognises: (path, text) =>
    !path.endsWith('package.json') || /"(?:lint-staged|husky|simple-git-hooks|pre-commit)"\s*:/.test(text),
  load: async () => {
    const [readYaml, parse] = await Promise.all([loadYaml(), shellParser()]);
    return (input) => read(input, readYaml, parse);
  },
};

function read(input: ExtractInput, readYaml: (text: string) => YamlFile, parse: ParseShell): Extracted<HookConfig> {
  const { path, text } = input;
  const whole = { start: 0, end: Math.min(text.length, Math.max(1, text.search(/[\r\n]|$/))) };
  if (folderHook.test(path)) {
    const tool = path.includes('.husky/') ? 'husky' : 'hook-folder';
    const data = {
      tool,
      span: whole,
      hooks: shellHooks(parse(text), path),
      repositories: [],
      hosted: false,
      broken: false,
    } as const;
    return { data };
  }
  if (prekName.test(path) || /\.toml$|\.[cm]?[jt]s$/.test(path)) return { data: fromText(path, text, whole) };
  const { documents, problems } = readYaml(text);
  const root = documents[0]?.root;
  const reader: Reader = { parse };
  const broken = documents[0]?.broken ?? problems.length > 0;
  const base = { span: whole, repositories: [], hosted: false, broken };
  if (path.endsWith('package.json')) {
    const data = packageHooks(root, reader, base);
    return data ? { data } : {};
  }
  if (preCommitName.test(path)) return { data: preCommit(root, reader, whole, broken), problems };
  const tool = lefthookName.test(path) ? 'lefthook' : 'lint-staged';
  const commands = tool === 'lefthook' ? lefthookCommands(root) : commandsIn(root);
  return { data: { ...base, tool, hooks: commands.flatMap((node) => commandHook(node, reader)) }, problems };
}

interface Reader {
  readonly parse: ParseShell;
}

function shellHooks(shell: Shell, name: string): Hook[] {
  const found: Hook[] = [];
  eachCommand(shell.statements, (command) => {
    const calls = callsOf(command);
    if (
      calls.length === 0 ||
      /^(?:echo|printf|exit|\.|source|set|cd|dirname|basename|\[|test|export|true|:)$/.test(calls[0]![0]!)
    )
      return;
    found.push({
      name,
      span: command.span,
      programs: calls.flatMap((call) => programsOf(call)),
      command: calls[0]!.join(' '),
    });
  });
  return found;
}

function programsOf(call: readonly string[]): string[] {
  return call
    .slice(0, 4)
    .filter((word) => !word.startsWith('-'))
    .map((word) => word.slice(word.lastIndexOf('/') + 1));
}

/** A configuration that is code or TOML: the quoted texts of it are its commands. */
function fromText(path: string, text: string, span: Span): HookConfig {
  const hooksFound: Hook[] = [];
  const uncommented = text.replace(/^\s*(?:\/\/|#).*$/gm, (line) => ' '.repeat(line.length));
  for (const match of uncommented.matchAll(/(["'`])((?:(?!\1)[^\\\r\n]){0,300})\1/g)) {
    const start = match.index + 1;
    const words = match[2]!.trim().split(/\s+/);
    if (words[0] === '') continue;
    hooksFound.push({
      name: match[2]!,
      span: { start, end: start + match[2]!.length },
      programs: programsOf(words),
      command: words.join(' '),
    });
  }
  const tool = prekName.test(path) ? 'pre-commit' : lefthookName.test(path) ? 'lefthook' : 'lint-staged';
  return { tool, span, hooks: hooksFound, repositories: [], hosted: false, broken: false };
}

function preCommit(root: YamlNode | undefined, reader: Reader, span: Span, broken: boolean): HookConfig {
  const repositories: HookRepository[] = [];
  const found: Hook[] = [];
  for (const repo of itemsOf(at(root, 'repos'))) {
    const url = textOf(at(repo, 'repo')) ?? '';
    const rev = entryOf(repo, 'rev');
    const remote = !/^(?:local|meta|builtin)$/.test(url);
    const revision = rev ? { text: textOf(rev.value) ?? '', span: rev.span } : undefined;
    repositories.push({ url, span: repo.span, remote, ...(revision ? { revision } : {}) });
    for (const hook of itemsOf(at(repo, 'hooks'))) {
      const id = textOf(at(hook, 'id')) ?? '';
      const entry = at(hook, 'entry');
      const own = entry?.kind === 'scalar' ? commandHook(entry, reader) : [];
      const extra = itemsOf(at(hook, 'additional_dependencies')).flatMap(
        (item) =>
          textOf(item)
            ?.replace(/[<>=~!@[].*$/, '')
            .trim() ?? [],
      );
      const repository = url.slice(url.lastIndexOf('/') + 1).replace(/\.git$/, '');
      const programs = [id, ...(remote ? [repository] : []), ...own.flatMap((one) => one.programs), ...extra];
      found.push({ name: id, span: hook.span, programs, command: own[0]?.command ?? id });
    }
  }
  return { tool: 'pre-commit', span, hooks: found, repositories, hosted: entryOf(root, 'ci') !== undefined, broken };
}

function packageHooks(
  root: YamlNode | undefined,
  reader: Reader,
  base: Omit<HookConfig, 'tool' | 'hooks'>,
): HookConfig | undefined {
  const lists = ['lint-staged', 'simple-git-hooks', 'husky', 'pre-commit'].flatMap((key) => {
    const entry = entryOf(root, key);
    if (!entry) return [];
    const value = key === 'husky' ? at(entry.value, 'hooks') : entry.value;
    return [{ key, span: entry.keySpan, nodes: commandsIn(value) }];
  });
  const first = lists[0];
  if (!first) return undefined;
  const tool = first.key === 'husky' || first.key === 'lint-staged' ? first.key : 'simple-git-hooks';
  return {
    ...base,
    tool,
    span: first.span,
    hooks: lists.flatMap(({ nodes }) => nodes.flatMap((node) => commandHook(node, reader))),
  };
}

/** Scalars below a node: values of a map, items of a list, at most four levels deep. */
function commandsIn(node: YamlNode | undefined, depth = 0): YamlScalar[] {
  if (!node || depth > 4) return [];
  if (node.kind === 'scalar') return textOf(node) === undefined ? [] : [node];
  if (node.kind === 'list') return node.items.flatMap((item) => commandsIn(item, depth + 1));
  return node.entries.flatMap((entry) => commandsIn(entry.value, depth + 1));
}

/** `run:` and `runner`/`script` names under any git hook of lefthook. */
function lefthookCommands(root: YamlNode | undefined): YamlScalar[] {
  const found: YamlScalar[] = [];
  const visit = (node: YamlNode | undefined, depth: number): void => {
    if (!node || depth > 8) return;
    if (node.kind === 'list') for (const item of node.items) visit(item, depth + 1);
    for (const { key, value } of entriesOf(node)) {
      if ((key === 'run' || key === 'runner' || key === 'script') && value.kind === 'scalar') found.push(value);
      else visit(value, depth + 1);
    }
  };
  for (const { key, value } of entriesOf(root)) if (/^(?:pre|post|commit|prepare)-/.test(key)) visit(value, 0);
  return found;
}

function commandHook(node: YamlScalar, { parse }: Reader): Hook[] {
  const { span } = node;
  return shellHooks(parse(node.text), node.text.slice(0, 60)).map((hook) => ({ ...hook, span }));
}
