/** Knows which remote code shell commands fetch (clones, packages from git, scripts that are run) and what pins it. */

import { linkPipelines } from './ci/gitlab.ts';
import type { Copy, Command as DockerCommand } from './dockerfile.ts';
import type { Facts } from './facts.ts';
import { isPlaceholderAddress, linkOwnRepository, repositoryName } from './own-repository.ts';
import { baseName, type ResolvedWord, resolveWord, split, withoutLaunchers } from './shell/words.ts';
import {
  bodiesOf,
  type Command,
  childNodes,
  type Pipeline,
  type ShellNode,
  type Statement,
  substitutions,
  type Word,
  wordsOf,
} from './shell.ts';
import type { Span } from './span.ts';
import type { Scope } from './variables.ts';

/** Commands that run one after the other in the same file system: the RUNs of a stage, the steps of a job. */
export interface CodePart {
  readonly statements: readonly Statement[];
  readonly path: string;
}

export interface RemoteCode {
  /**
   * `script` is a program that is fetched and run, `binary` one that is fetched and installed, `add` a file that ADD
   * fetches, `tool` a program of a registry that is fetched and run by its name; the others are repositories.
   */
  readonly kind: 'clone' | 'package' | 'script' | 'binary' | 'add' | 'include' | 'module' | 'tool';
  /** As written, without credentials. */
  readonly source: string;
  /**
   * `version`: one release of a registry; `own`: this repository itself; `unknown`: a variable without a value in the
   * repository decides; `placeholder`: the reader is to fill in the address.
   */
  readonly pin: 'commit' | 'checksum' | 'version' | 'own' | 'unknown' | 'placeholder' | 'none';
  /** Branch, tag or range that is asked for instead of a commit. */
  readonly ref?: string;
  readonly span: Span;
  readonly path: string;
  /** A folder that the script goes to inside the clone. */
  readonly inside?: string;
}

/** A word after its variables were replaced. */
type Text = ResolvedWord;

type Draft = { -readonly [K in keyof RemoteCode]: RemoteCode[K] };

/** Remote code of all Dockerfiles, pipelines and scripts. A pure join: use through `facts.linked`. */
export function linkRemoteCode(facts: Facts): readonly RemoteCode[] {
  const found: RemoteCode[] = [];
  for (const file of facts.of('dockerfile')) {
    for (const stage of file.data.stages) {
      const parts = stage.runs.map(({ command }) => ({ statements: statementsOf(command), path: file.path }));
      found.push(...remoteCodeIn(parts, new Map(stage.variables.map(({ name, value }) => [name, value?.resolved]))));
      found.push(...stage.copies.flatMap((copy) => addedBy(copy, file.path)));
    }
  }
  for (const file of facts.linked(linkPipelines)) {
    for (const job of file.data.jobs) {
      const parts = job.steps.flatMap((step) =>
        step.script ? [{ statements: step.script.shell.statements, path: step.path ?? file.path }] : [],
      );
      const known = [...file.data.variables, ...job.variables].filter(({ value }) => !value.includes('$'));
      found.push(...remoteCodeIn(parts, new Map(known.map(({ name, value }) => [name, value]))));
    }
    for (const { text, ref, integrity, fixed, span } of file.data.remotes ?? []) {
      const commit = (ref !== undefined && isCommit(ref)) || COMMIT_IN_URL.test(text);
      const itself = /^\$\{?CI_PROJECT_PATH\}?$/.test(text);
      const pin = itself ? 'own' : integrity ? 'checksum' : commit ? 'commit' : fixed ? 'version' : 'none';
      found.push({ kind: 'include', source: text, pin, ...(ref === undefined ? {} : { ref }), span, path: file.path });
    }
  }
  for (const { path, data } of facts.of('script')) {
    for (const { recipes } of data.targets)
      found.push(...remoteCodeIn(recipes.map(({ shell }) => ({ statements: shell.statements, path }))));
  }
  for (const { path, data } of facts.of('otherci')) {
    found.push(...remoteCodeIn(data.scripts.map(({ statements }) => ({ statements, path }))));
  }
  found.push(...inManifests(facts));
  const own = facts.linked(linkOwnRepository);
  const unique = new Map(found.map((one) => [`${one.path} ${one.span.start} ${one.source}`, one])).values();
  return [...unique].map((one): RemoteCode => {
    const { kind, pin, source, inside } = one;
    if ((kind !== 'clone' && kind !== 'package') || (pin !== 'none' && pin !== 'unknown')) return one;
    const itself = inside !== undefined && facts.files.some(({ path }) => path.startsWith(`${inside}/`));
    if (itself || own.has(repositoryName(source) ?? '')) return { ...one, pin: 'own' };
    return isPlaceholderAddress(source) ? { ...one, pin: 'placeholder' } : one;
  });
}

/** What a RUN does; a program that it starts without a shell as well. */
function statementsOf({ form, words, shell, span }: DockerCommand): readonly Statement[] {
  if (shell || form === 'shell') return shell?.statements ?? [];
  const plain = words.map((text): Word => ({ span, text, value: text }));
  return [{ span, node: { kind: 'command', span, words: plain, assignments: [], redirections: [] } }];
}

/** Lock files that name the commit of what a manifest takes from a repository. */
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb'];

/** Packages that manifests take from repositories, unless a lock beside them or at the root keeps the commit. */
function inManifests(facts: Facts): RemoteCode[] {
  return facts.of('dependencies').flatMap(({ path, data }) => {
    if (data.role === 'lock' || !data.repositories) return [];
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    if (data.ecosystem === 'npm' && LOCKS.some((name) => facts.has(folder + name) || facts.has(name))) return [];
    return data.repositories.map(({ address, span }): RemoteCode => {
      const [source, ref] =
        address.startsWith('git+') && data.ecosystem === 'PyPI' ? splitRef(address.slice(4)) : splitHash(address);
      const pin = ref !== undefined && isCommit(ref) ? 'commit' : 'none';
      const plain = source.replace(/\/\/[^/@\s]+@/, '//');
      return { kind: 'package', source: plain, pin, ...(ref === undefined ? {} : { ref }), span, path };
    });
  });
}

/** "github:a/b#v1" gives the address and "v1". */
function splitHash(address: string): [string, string | undefined] {
  const hash = address.indexOf('#');
  return hash < 0 ? [address, undefined] : [address.slice(0, hash), address.slice(hash + 1)];
}

/** Addresses that ADD fetches: a file, or a repository at a fragment. */
function addedBy(copy: Copy, path: string): RemoteCode[] {
  if (copy.keyword !== 'ADD') return [];
  const checksum = copy.flags.some(({ name }) => name === 'checksum');
  return copy.sources.flatMap((source): RemoteCode[] => {
    const url = source.resolved ?? source.text;
    if (!/^(?:https?|git|ssh):\/\/|^git@/.test(url)) return [];
    const ref = /#([^:]+)/.exec(url)?.[1];
    const commit = COMMIT_IN_URL.test(url) || (ref !== undefined && isCommit(ref));
    const kind = /\.git(?:#|$)|^git/.test(url) ? 'clone' : 'add';
    const pin = commit ? 'commit' : checksum ? 'checksum' : 'none';
    return [
      { kind, source: url.replace(/#.*/, ''), pin, ...(ref === undefined ? {} : { ref }), span: source.span, path },
    ];
  });
}

/** Everything the parts fetch, in order. `scope` holds the variables known before the first one. */
function remoteCodeIn(parts: readonly CodePart[], scope: Scope = new Map()): readonly RemoteCode[] {
  const walker = new Walker(scope);
  for (const part of parts) walker.part(part);
  walker.finish();
  return walker.found;
}

/** True for a whole commit id; also for a shortened one of at least 7 digits unless `whole` is asked for. */
export function isCommit(ref: string, whole = false): boolean {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) return true;
  return !whole && /^(?=.*\d)[0-9a-f]{7,39}$/i.test(ref) && /[a-f]/i.test(ref);
}

const COMMIT_IN_URL = /(?:^|[/@=#])[0-9a-f]{40}(?:$|[/.?#&])/i;
const SHELLS = /^(?:ba|da|a|k|z|fi)?sh$/;
const INTERPRETERS = /^(?:(?:ba|da|a|k|z|fi)?sh|python[\d.]*|node|perl|ruby|php|pwsh|deno|bun|source|\.|eval)$/;
const FETCHERS = /^(?:curl|wget|fetch|aria2c|http)$/;
/** A variable's name that promises a commit. */
const COMMIT_NAME = /(?:^|_)(?:commit|sha|sha1|rev|revision|hash|digest)(?:_|$)/i;

/** Folders whose files are programs that anybody starts by name. */
const PROGRAMS = /(?:^|\/)s?bin\/?(?:$|[^/]+$)/;

/** A file that was fetched. */
interface Download {
  readonly url: Text;
  readonly span: Span;
  readonly path: string;
  code: Draft | undefined;
  verified: boolean;
  /** Made executable, put among programs, or what was unpacked from it was. */
  installed: boolean;
}

interface Clone {
  readonly code: Draft;
  readonly folder: string;
}

class Walker {
  readonly found: Draft[] = [];
  readonly #scope: Map<string, string | undefined>;
  /** What is known of variables that are not known as a whole. */
  readonly #partial = new Map<string, string>();
  readonly #clones: Clone[] = [];
  readonly #files = new Map<string, Download>();
  /** Archives, the last one unpacked behind the others. */
  readonly #unpacked: Download[] = [];
  #folder = '';
  #path = '';

  constructor(scope: Scope) {
    this.#scope = new Map(scope);
  }

  part({ statements, path }: CodePart): void {
    this.#path = path;
    this.#folder = '';
    this.#statements(statements);
  }

  /** What was installed and not run; a checksum may have come after that. */
  finish(): void {
    for (const { url, span, path, code, verified, installed } of new Set([
      ...this.#files.values(),
      ...this.#unpacked,
    ])) {
      if (code || !installed) continue;
      const pin = verified ? 'checksum' : COMMIT_IN_URL.test(url.text) ? 'commit' : 'none';
      this.#path = path;
      this.#add({ kind: 'binary', source: url.text, pin, span });
    }
  }

  #statements(statements: readonly Statement[]): void {
    for (const statement of statements) this.#node(statement.node);
  }

  #node(node: ShellNode): void {
    if (node.kind === 'function' || node.kind !== 'command') {
      if (node.kind === 'pipeline') this.#pipeline(node);
      for (const child of childNodes(node)) this.#node(child);
      for (const body of bodiesOf(node)) this.#statements(body);
      return;
    }
    for (const body of wordsOf(node).flatMap(substitutions)) this.#statements(body);
    this.#command(node);
    if (node.inline) this.#statements(node.inline);
  }

  #text(word: Word): Text {
    return resolveWord(word, this.#scope);
  }

  #add(code: Omit<Draft, 'path'>): Draft {
    const draft = { ...code, source: code.source.replace(/\/\/[^/@\s]+@/, '//'), path: this.#path };
    this.found.push(draft);
    return draft;
  }

  #command(command: Command): void {
    for (const { name, value } of command.assignments) {
      const word = value && this.#text(value);
      this.#scope.set(name, word?.known ? word.text : undefined);
      if (word && !word.known) this.#partial.set(name, word.text);
    }
    const words = withoutLaunchers(command.words.map((word) => this.#text(word)));
    const name = words[0] ? baseName(words[0].text) : '';
    const rest = words.slice(1);
    this.#running(command, name, words);
    if (name === 'cd' || name === 'pushd') this.#enter(rest[0]?.text ?? '');
    else if (name === 'git') this.#git(command, rest);
    else if (FETCHERS.test(name)) this.#download(command, name, rest);
    else if (/^(?:chmod|install|mv|cp|tar|bsdtar|unzip|dpkg)$/.test(name)) this.#install(name, rest);
    else if (/^(?:sha\d+sum|shasum|md5sum|gpg|gpgv|cosign|minisign|openssl|slsa-verifier)$/.test(name))
      this.#verify(name, rest);
    else this.#packages(command, name, rest);
  }

  #enter(folder: string): void {
    this.#folder = folder;
    const clone = this.#clones.at(-1);
    const inside = clone && /^(?:\.\/)?([^/]+)\/(.+?)\/*$/.exec(folder);
    if (inside?.[1] === clone?.folder && inside) clone!.code.inside = inside[2]!;
  }

  // ---------------------------------------------------------------- git

  #git(command: Command, words: readonly Text[]): void {
    let i = 0;
    let folder = this.#folder;
    while (words[i]?.text.startsWith('-')) {
      if (words[i]!.text === '-C') folder = words[i + 1]?.text ?? '';
      i += words[i]!.text === '-C' || words[i]!.text === '-c' ? 2 : 1;
    }
    const action = words[i]?.text;
    const rest = words.slice(i + 1);
    if (action === 'clone') this.#clone(command, rest);
    else if (action !== undefined && ['checkout', 'switch', 'reset', 'fetch', 'pull', 'worktree'].includes(action)) {
      const clone =
        this.#clones.findLast((one) => folder !== '' && baseName(folder) === one.folder) ?? this.#clones.at(-1);
      if (!clone) return;
      for (const word of rest) {
        if (word.text.startsWith('-')) continue;
        const commit = word.text.includes(':') ? word.text.slice(0, word.text.indexOf(':')) : word.text;
        if (isCommit(commit)) clone.code.pin = 'commit';
        else if (!word.known && (clone.code.pin === 'none' || COMMIT_NAME.test(word.variables.join(' ')))) {
          clone.code.pin = 'unknown';
        } else if (action !== 'fetch' && clone.code.pin === 'none' && !/^(?:origin|\.|--)$/.test(word.text)) {
          clone.code.ref = word.text;
        }
      }
    }
  }

  #clone(command: Command, words: readonly Text[]): void {
    const { options, operands } = split(
      words,
      /^(?:-[bocju]|--(?:branch|origin|config|depth|jobs|upload-pack|reference|template|separate-git-dir|shallow-since|filter|revision|server-option))$/,
    );
    const url = operands[0];
    const made = this.#partial.get(/^\$\{?(\w+)\}?$/.exec(url?.text ?? '')?.[1] ?? '');
    if (!url || !isRemote(made === undefined ? url : { ...url, text: made })) return;
    const branch = options.get('-b') ?? options.get('--branch') ?? options.get('--revision');
    const folder = operands[1]?.text ?? baseName(url.text.replace(/\/+$/, '')).replace(/\.git$/, '');
    const pinned = branch !== undefined && options.has('--revision') && isCommit(branch.text);
    const code = this.#add({
      kind: 'clone',
      source: url.text,
      pin: pinned || COMMIT_IN_URL.test(url.text) ? 'commit' : 'none',
      ...(branch ? { ref: branch.text } : {}),
      span: command.span,
    });
    if (branch && !branch.known && code.pin === 'none' && branch.variables.some((one) => COMMIT_NAME.test(one))) {
      code.pin = 'unknown';
    }
    this.#clones.push({ code, folder: baseName(folder) });
  }

  // ---------------------------------------------------------------- packages from repositories

  #packages(command: Command, name: string, words: readonly Text[]): void {
    const texts = words.map((word) => word.text);
    const pip =
      /^(?:pip[\d.]*|pipx|uv|poetry|pdm|conda)$/.test(name) ||
      (/^python[\d.]*$/.test(name) && texts[0] === '-m' && /^pip/.test(texts[1] ?? ''));
    const npm = /^(?:npm|yarn|pnpm|bun|npx)$/.test(name);
    if (pip && texts.some((text) => /^(?:install|add|download|wheel|inject)$/.test(text))) {
      for (const word of words) this.#pythonPackage(command, word);
    } else if (name === 'npx' || (npm && /^(?:dlx|exec|x)$/.test(texts[0] ?? ''))) this.#tool(command, name, words);
    else if (npm && texts.some((text) => /^(?:i|install|add|ci|global)$/.test(text)))
      for (const word of words) this.#nodePackage(command, word);
    else if (name === 'bunx') this.#tool(command, name, words);
    else if (name === 'go' && /^(?:install|run)$/.test(texts[0] ?? '')) {
      for (const word of words.slice(1)) this.#goPackage(command, word);
    } else if (name === 'cargo' && texts[0] === 'install') {
      const { options } = split(words.slice(1), /^--(?:git|rev|branch|tag|root|version|features|path)$/);
      const url = options.get('--git');
      if (!url) return;
      const rev = options.get('--rev');
      const ref = options.get('--branch') ?? options.get('--tag');
      const pin = rev && isCommit(rev.text) ? 'commit' : rev && !rev.known ? 'unknown' : 'none';
      this.#add({ kind: 'package', source: url.text, pin, ...(ref ? { ref: ref.text } : {}), span: command.span });
    }
  }

  #pythonPackage(command: Command, word: Text): void {
    const match = /^(?:[\w.[\],-]+\s*@\s*)?(?:(?:git|hg|svn|bzr)\+(\w+:\/\/\S+)|(git:\/\/\S+))$/.exec(word.text.trim());
    if (match) {
      const [url, ref] = splitRef(match[1] ?? match[2]!);
      this.#repository(command, word, url, ref);
      return;
    }
    const archive =
      /^(?:[\w.[\],-]+\s*@\s*)?(https:\/\/(?:github\.com|codeload\.github\.com)\/[^\s]+\/(?:archive|zip|tar\.gz|zipball|tarball)\/([^\s#]+))$/.exec(
        word.text.trim(),
      );
    if (archive)
      this.#repository(
        command,
        word,
        archive[1]!,
        archive[2]!.replace(/\.(?:zip|tar\.gz|tgz)$/, '').replace(/^refs\/(?:heads|tags)\//, ''),
      );
  }

  #nodePackage(command: Command, word: Text): void {
    const { text } = word;
    const url =
      /^(?:[@\w./-]+@)?((?:git\+\w+|git|git\+ssh):\/\/[^\s]+|(?:github|gitlab|bitbucket):[^\s]+|git@[^\s]+)$/.exec(
        text,
      )?.[1];
    const short = /^[A-Za-z0-9][\w-]*\/[\w.-]+(?:#[^\s]+)?$/.test(text) ? text : undefined;
    const source = url ?? short;
    if (source === undefined) return;
    const hash = source.indexOf('#');
    this.#repository(
      command,
      word,
      hash < 0 ? source : source.slice(0, hash),
      hash < 0 ? undefined : source.slice(hash + 1),
    );
  }

  /** `npx -y tool`, `pnpm dlx tool@latest`: without `-y` or a tag npx takes what the project has installed. */
  #tool(command: Command, name: string, words: readonly Text[]): void {
    const { options, operands } = split(words, /^(?:-p|--package|-c|--call)$/);
    const dlx = /^(?:dlx|exec|x)$/.test(operands[0]?.text ?? '') && name !== 'npx' && name !== 'bunx';
    const asked = options.get('-p') ?? options.get('--package') ?? operands[dlx ? 1 : 0];
    if (asked) this.#nodePackage(command, asked);
    const match = /^((?:@[\w.-]+\/)?[\w.-]+)(?:@([\w.^~-]+))?$/.exec(asked?.text ?? '');
    if (!match || (dlx && operands[0]!.text === 'exec')) return;
    const [, tool, ref] = match;
    const fetched = dlx || name === 'bunx' || options.has('-y') || options.has('--yes');
    const exact = ref !== undefined && /^v?\d+\.\d+\.\d+/.test(ref);
    if (ref === undefined && !fetched) return;
    const pin = exact ? 'version' : 'none';
    this.#add({ kind: 'tool', source: tool!, pin, ...(ref === undefined ? {} : { ref }), span: command.span });
  }

  /** `go install module@version`: releases are compared with the public checksum database. */
  #goPackage(command: Command, word: Text): void {
    const match = /^([\w.-]+\.[a-z]+\/[^\s@]+)@(\S+)$/.exec(word.text);
    if (!match) return;
    const [, source, ref] = match;
    const exact = /^v\d+\.\d+\.\d+/.test(ref!);
    const pin = isCommit(ref!) ? 'commit' : exact ? 'version' : word.known ? 'none' : 'unknown';
    this.#add({ kind: 'tool', source: source!, pin, ref: ref!, span: command.span });
  }

  #repository(command: Command, word: Text, url: string, ref: string | undefined): void {
    const variable = ref !== undefined && /[$]/.test(ref) && !word.known;
    const pin = ref !== undefined && isCommit(ref) ? 'commit' : variable ? 'unknown' : 'none';
    this.#add({ kind: 'package', source: url, pin, ...(ref === undefined ? {} : { ref }), span: command.span });
  }

  // ---------------------------------------------------------------- scripts that are fetched and run

  #script(url: Text, span: Span): Draft {
    const pin = COMMIT_IN_URL.test(url.text) ? 'commit' : 'none';
    return this.#add({ kind: 'script', source: url.text, pin, span });
  }

  /** `curl ... | sh`: a fetch in front, an interpreter that reads its input behind. */
  #pipeline(pipeline: Pipeline): void {
    const commands = pipeline.commands.map((node) =>
      node.kind === 'command' ? withoutLaunchers(node.words.map((word) => this.#text(word))) : [],
    );
    const runs = commands.findIndex(
      (words, i) => i > 0 && words[0] !== undefined && INTERPRETERS.test(baseName(words[0].text)) && readsInput(words),
    );
    if (runs < 0) this.#unpackedFrom(pipeline, commands);
    if (runs < 0) return;
    const from = commands.findLastIndex(
      (words, i) => i < runs && words[0] !== undefined && FETCHERS.test(baseName(words[0].text)),
    );
    const verified = commands
      .slice(0, runs)
      .some((words) => /^(?:gpg|cosign|sha\d+sum|shasum)$/.test(baseName(words[0]?.text ?? '')));
    const url = from < 0 ? undefined : urlIn(commands[from]!);
    if (url && !verified) this.#script(url, pipeline.span);
  }

  /** `curl ... | tar x -C /usr/local/bin`. */
  #unpackedFrom(pipeline: Pipeline, commands: readonly (readonly Text[])[]): void {
    const [fetch, ...others] = commands;
    const unpack = others.find(([first]) => first && /^(?:bsd)?tar$/.test(baseName(first.text)));
    const url = fetch?.[0] && FETCHERS.test(baseName(fetch[0].text)) ? urlIn(fetch) : undefined;
    if (!url || !unpack) return;
    const verified = others.some(([first]) => first && /^(?:gpg|cosign|sha\d+sum)$/.test(baseName(first.text)));
    const installed = PROGRAMS.test(targetOf(unpack) ?? '');
    this.#unpacked.push({ url, span: pipeline.span, path: this.#path, code: undefined, verified, installed });
  }

  /** Files that become programs: made executable, or put (alone or out of an archive) where programs are. */
  #install(name: string, words: readonly Text[]): void {
    const operands = words.map(({ text }) => text).filter((text) => !text.startsWith('-'));
    const files = operands.flatMap((text) => this.#files.get(baseName(text)) ?? []);
    if (name === 'tar' || name === 'bsdtar' || name === 'unzip') {
      const into = PROGRAMS.test(targetOf(words) ?? '');
      for (const file of files) {
        this.#unpacked.push(file);
        if (into) file.installed = true;
      }
    } else if (name === 'chmod') {
      if (/^(?:[ugoa]*\+r?x|0?[75][0-7][0-7])$/.test(operands[0] ?? ''))
        for (const file of files) file.installed = true;
    } else if (name === 'dpkg') {
      if (words.some(({ text }) => /^(?:-i|--install)$/.test(text))) for (const file of files) file.installed = true;
    } else if (operands.length > 1) {
      const target = operands.at(-1)!;
      const moved = files[0];
      if (moved && !target.endsWith('/')) this.#files.set(baseName(target), moved);
      const program = PROGRAMS.test(target);
      if (program) for (const file of moved ? [moved] : this.#unpacked.slice(-1)) file.installed = true;
    }
  }

  /** `bash <(curl ...)`, `sh -c "$(curl ...)"`, `eval "$(curl ...)"`, and files fetched before. */
  #running(command: Command, name: string, words: readonly Text[]): void {
    if (INTERPRETERS.test(name)) {
      for (const word of command.words.slice(1)) {
        for (const body of substitutions(word)) {
          const url = fetchedBy(body, (one) => this.#text(one));
          if (url) this.#script(url, command.span);
        }
      }
    }
    const target = INTERPRETERS.test(name)
      ? words.slice(1).find((word) => !word.text.startsWith('-'))?.text
      : words[0]?.text;
    if (target === undefined) return;
    const local = INTERPRETERS.test(name) || target.includes('/');
    const file = local ? this.#files.get(baseName(target)) : undefined;
    if (!file || file.verified || file.code) return;
    file.code = this.#script(file.url, command.span);
  }

  #download(command: Command, name: string, words: readonly Text[]): void {
    const url = urlIn(words);
    if (!url) return;
    const { options } = split(
      words,
      /^(?:-[oOPHAXdeuTmF]|--(?:output|output-document|header|user-agent|request|data|retry|max-time|directory-prefix|output-dir))$/,
    );
    const redirect = command.redirections.find(({ operator }) => operator === '>' || operator === '>|')?.target;
    const named =
      name === 'wget'
        ? (options.get('-O') ?? options.get('--output-document'))
        : (options.get('-o') ?? options.get('--output'));
    const joined = words.find((word) => /^-[a-zA-Z]*[oO]$/.test(word.text) && word.text.length > 2);
    const after =
      joined && (name === 'wget' || joined.text.endsWith('o')) ? words[words.indexOf(joined) + 1] : undefined;
    if (name === 'curl' && !redirect && !named && !joined && !options.has('-O') && !options.has('--remote-name'))
      return;
    const file = redirect ? this.#text(redirect).text : (named ?? after)?.text;
    const saved = file ?? url.text.replace(/[?#].*$/, '');
    if (saved === '-' || saved === '/dev/null') return;
    const installed = PROGRAMS.test(saved) && saved !== url.text;
    const { span } = command;
    this.#files.set(baseName(saved), { url, span, path: this.#path, code: undefined, verified: false, installed });
  }

  /** A checksum or signature names the file, or checks a list that nobody spells out: then all of them. */
  #verify(name: string, words: readonly Text[]): void {
    const checks =
      !/sum$/.test(name) || words.some((word) => /^(?:-\w*c\w*|--check|--status|--ignore-missing)$/.test(word.text));
    if (!checks) return;
    for (const file of [...this.#files.values(), ...this.#unpacked]) file.verified = true;
  }
}

/** Where an archive is unpacked to. */
function targetOf(words: readonly Text[]): string | undefined {
  const i = words.findIndex(({ text }) => /^(?:-C|-d|--directory)$/.test(text));
  const equals = words.find(({ text }) => text.startsWith('--directory='))?.text.slice('--directory='.length);
  return equals ?? (i < 0 ? undefined : words[i + 1]?.text);
}

/** Not a folder, not the repository that the pipeline runs for. */
function isRemote({ text, known }: Text): boolean {
  if (/github\.repository\b|GITHUB_REPOSITORY|CI_REPOSITORY_URL|CI_PROJECT_|BITBUCKET_GIT|BUILD_REPOSITORY/.test(text))
    return false;
  return (
    /^(?:https?|ssh|git):\/\/|^[\w.-]+@[\w.-]+:/.test(text) ||
    (!known && /^\$\{?\w*(?:URL|REPO|REMOTE|GIT)/i.test(text))
  );
}

/** "https://host/a/b.git@v1#egg=x" gives the address and "v1". */
function splitRef(url: string): [string, string | undefined] {
  const plain = url.replace(/[#&].*$/, '');
  const path = plain.indexOf('/', plain.indexOf('://') + 3);
  const mark = path < 0 ? -1 : plain.indexOf('@', path);
  return mark < 0 ? [plain, undefined] : [plain.slice(0, mark), plain.slice(mark + 1)];
}

function urlIn(words: readonly Text[]): Text | undefined {
  const direct = words.slice(words[0] && FETCHERS.test(baseName(words[0].text)) ? 1 : 0);
  return (
    direct.find((word) => /^(?:https?|ftp):\/\//.test(word.text)) ??
    direct.find(
      (word, i) =>
        !word.text.startsWith('-') &&
        /^[\w-]+(?:\.[\w-]+)+\/|\$/.test(word.text) &&
        !/^-[oOHu]$/.test(direct[i - 1]?.text ?? ''),
    ) ??
    (direct.length === 1
      ? direct[0]
      : direct.findLast((word, i) => i === direct.length - 1 && /^[a-z]/.test(word.text)))
  );
}

/** `sh`, `bash -s -- args`, `python3 -`: no script named, so the input is the script. */
function readsInput(words: readonly Text[]): boolean {
  const name = baseName(words[0]!.text);
  const rest = words.slice(1).map((word) => word.text);
  if (rest.some((word) => word === '-s' || word === '-' || word === '/dev/stdin')) return true;
  if (
    rest.some(
      (word) => /^-\w*c$/.test(word) || (word === '-e' && !SHELLS.test(name)) || (word === '-m' && !SHELLS.test(name)),
    )
  )
    return false;
  return rest.every((word) => word.startsWith('-')) && !(name === 'eval' || name === '.' || name === 'source');
}

/** Address that a substitution fetches and prints. */
function fetchedBy(body: readonly Statement[], text: (word: Word) => Text): Text | undefined {
  for (const { node } of body) {
    const command = node.kind === 'pipeline' ? node.commands[0] : node;
    if (command?.kind !== 'command') continue;
    const words = withoutLaunchers(command.words.map(text));
    if (words[0] && FETCHERS.test(baseName(words[0].text))) return urlIn(words);
  }
  return undefined;
}

/** What is fetched when nothing pins it, in words: "the branch or tag main". */
export function stateOf({ kind, source, ref }: RemoteCode): string {
  const registry = kind === 'tool' || (kind === 'module' && !/::|\.git|^[\w.-]+\.(?:com|org)\//.test(source));
  if (!ref) return registry ? 'whatever release is the newest' : 'whatever its default branch holds';
  return registry ? `whatever release ${ref} means that day` : `the branch or tag ${ref}`;
}
