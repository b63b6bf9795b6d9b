/** Knows what scripts and pipelines ask of Docker: the containers they start, the images they fetch and those they build. */

import { linkPipelines } from './ci/gitlab.ts';
import type { Job, Variable } from './ci/pipeline.ts';
import { localShells } from './cluster/local-clusters.ts';
import type { Facts } from './facts.ts';
import { folderOf, joinPath } from './paths.ts';
import { foldersAt, isAnchored, pathsIn, type Standing, standing, walkShell, wordAt } from './shell/folders.ts';
import { baseName, type ResolvedWord, resolveWord, withoutLaunchers } from './shell/words.ts';
import type { Assignment, Command, Statement } from './shell.ts';
import type { Place, Span } from './span.ts';
import type { Scope } from './variables.ts';

export interface DockerRun {
  /** As the shell would pass it on; as written where `known` is false. */
  readonly image: string;
  readonly known: boolean;
  /** Words between `run` and the image. */
  readonly options: readonly string[];
  /** Goes on in the background: a service, as opposed to a run that does one thing and ends. */
  readonly detached: boolean;
  /** Of the container, as the shell would pass it on; as written where a variable of the script is not known. */
  readonly name?: string;
  /** Gone when what needs it has run: in CI and tests, for a developer's own cluster, with `--rm`, stopped by the script. */
  readonly temporary: boolean;
  /** The same script loads images from an archive before. */
  readonly loaded: boolean;
  readonly place: Place;
  /** Where the variable that is the whole image gets its value. */
  readonly definition?: Place;
}

export interface DockerBuild {
  /** Names the image gets, as the shell would pass them on. */
  readonly images: readonly string[];
  /** Path of the Dockerfile, where the tree has it. */
  readonly dockerfile?: string;
  /** The stage it stops at. */
  readonly target?: string;
  /** Writes files in place of an image. */
  readonly exports?: true;
  readonly place: Place;
}

export interface DockerCommands {
  readonly runs: readonly DockerRun[];
  readonly builds: readonly DockerBuild[];
  /** `docker tag from to`: other names of the same image. */
  readonly tags: readonly { readonly from: string; readonly to: string }[];
}

const PROGRAMS = /^(?:docker|podman|nerdctl|buildah)$/;
/** A variable that another script sets to one of them. */
const ENGINE = /^\$\{?\w*(?:OCI|DOCKER|PODMAN|CONTAINER|ENGINE)\w*\}?$/i;
/** Options without a value; all others take one. */
const FLAGS =
  /^-[dDitPqh]+$|^--(?:all-tags|compress|detach|disable-content-trust|force-rm|help|init|interactive|load|no-cache|no-healthcheck|oom-kill-disable|privileged|publish-all|pull|push|quiet|read-only|rm|sig-proxy|squash|tls|tlsverify|tty|debug)$/;
/** What `docker run` takes a value for, where other commands take none. */
const RUN_VALUED = /^--pull$/;

/** Targets of make and scripts of package.json by whose names developers try things out. */
const TRIAL = /(?:^|[-_:./])(?:tests?|smoke|e2e|integration|bench|ci|dev|local|demo|kind|minikube)(?:[-_:./]|$)/i;

/** All commands of all scripts and pipeline steps. A pure join: use through `facts.linked`. */
export function linkDocker(facts: Facts): DockerCommands {
  const runs: DockerRun[] = [];
  const builds: DockerBuild[] = [];
  const tags: { from: string; to: string }[] = [];
  const baked: Place[] = [];
  const local = facts.linked(localShells);
  const read = (
    parts: readonly (readonly Statement[])[],
    path: string,
    folders: readonly string[],
    variables: readonly Variable[] = [],
    temporary = false,
  ): void => {
    const first = runs.length;
    /** Places of assignments whose value only the run of the script gives. */
    const results: Assignment[] = [];
    const scope = new Map<string, string | undefined>();
    const partial = new Map<string, string>();
    /** Where variables get the value they have. */
    const definitions = new Map<string, Place>();
    for (const one of variables) {
      if (one.value.includes('$')) continue;
      scope.set(one.name, one.value);
      definitions.set(one.name, { path: one.path ?? path, span: one.span });
    }
    const definitionOf = (word: ResolvedWord): Place | undefined =>
      word.alone ? definitions.get(word.variables[0]!) : undefined;
    let loaded = false;
    const visit = (command: Command, at: Standing): void => {
      for (const { name, value, span } of command.assignments) {
        const word = value && wordAt(value, at);
        definitions.set(name, (word && definitionOf(word)) ?? { path, span });
        if (word && !word.known) partial.set(name, word.text);
      }
      results.push(...command.assignments);
      const words = withoutLaunchers(command.words.map((word) => wordAt(word, at)));
      const program = baseName(words[0]?.text ?? '');
      const place = { path, span: command.span };
      const others = builtByOthers(program, words);
      if (others.length > 0) builds.push({ images: others, place });
      if (!PROGRAMS.test(program) && !ENGINE.test(program)) return;
      const found = verbOf(words.slice(1));
      if (found?.verb === 'tag') {
        const [from, to] = found.rest;
        if (from && to) tags.push({ from: from.text, to: to.text });
      } else if (found?.verb === 'build' || found?.verb === 'bud') {
        const from = [...new Set([...foldersAt(at, path, folders), ...folders])];
        const inTree = (text: string) => (isAnchored(text) ? pathsIn(text, path, folders)[0] : undefined);
        builds.push({ ...buildOf(found.rest, from, inTree, partial, facts), place });
      } else if (found?.verb === 'load') loaded = true;
      else if (found?.verb === 'bake') baked.push(place);
      else if (found) {
        const run = runOf(found.rest, found.verb, definitionOf);
        if (run) runs.push({ ...run, loaded, place });
      }
    };
    for (const statements of parts) {
      const at = standing(scope);
      walkShell(statements, visit, at);
      for (const [name, value] of at.scope) scope.set(name, value);
    }
    const ended = runs.length > first ? parts.flatMap((statements) => endedBy(statements, scope)) : [];
    for (let i = first; i < runs.length; i++) {
      const { name, place } = runs[i]!;
      const names = new Set([
        ...(name === undefined ? [] : [name]),
        ...results.flatMap((one) => (holds(one.span, place.span) ? [`$${one.name}`, `\${${one.name}}`] : [])),
      ]);
      const gone = ended.some((end) => end.start > place.span.end && end.names.some((one) => names.has(one)));
      if (temporary || gone) runs[i] = { ...runs[i]!, temporary: true };
    }
  };
  for (const { path, data } of facts.of('script')) {
    for (const { name, recipes } of data.targets)
      read(
        recipes.map(({ shell }) => shell.statements),
        path,
        data.type === 'shell' ? ['', folderOf(path)] : [folderOf(path), ''],
        [],
        TRIAL.test(name) || recipes.some(({ shell }) => local.has(shell)),
      );
  }
  for (const { path, data } of facts.of('otherci')) {
    read(
      data.scripts.map(({ statements }) => statements),
      path,
      [''],
      [],
      true,
    );
  }
  for (const file of facts.linked(linkPipelines)) {
    const steps = file.data.jobs.flatMap((job) => job.steps.map((step) => ({ job, step })));
    for (const { job, step } of steps) {
      const { script, path, workingDirectory, uses } = step;
      const variables = [...file.data.variables, ...job.variables, ...step.variables];
      if (script) read([script.shell.statements], path ?? file.path, [workingDirectory ?? '', ''], variables, true);
      if (uses?.name === 'docker/bake-action') baked.push({ path: uses.path ?? file.path, span: uses.span });
      if (uses?.name !== 'docker/build-push-action') continue;
      const input = (name: string) => uses.inputs.find((one) => one.name === name)?.value;
      const context = joinPath('', (input('context') ?? '.').replace(/^\$\{\{\s*github\.workspace\s*\}\}\/?/, './'));
      const dockerfile = joinPath('', input('file') ?? `${context ?? ''}/Dockerfile`.replace(/^\//, ''));
      const images = [...linesOf(input('tags')), ...namesByMetadata([job], input('tags') ?? '')];
      const place = { path: uses.path ?? file.path, span: uses.span };
      const target = input('target');
      builds.push({
        images,
        place,
        ...(target === undefined ? {} : { target }),
        ...(dockerfile !== undefined && facts.has(dockerfile) ? { dockerfile } : {}),
      });
    }
    // A bake file takes its names from the metadata of any job without saying so.
    for (const place of baked.splice(0)) {
      const dockerfile = facts.has('Dockerfile') ? { dockerfile: 'Dockerfile' } : {};
      builds.push({ images: namesByMetadata(file.data.jobs), place, ...dockerfile });
    }
  }
  return { runs, builds, tags };
}

/** Items of an input of an action: one a line, or with commas between. */
function linesOf(input: string | undefined): string[] {
  return (input ?? '').split(/[\n,]/).flatMap((line) => line.trim() || []);
}

/** `${{ steps.meta.outputs.tags }}`: the names that docker/metadata-action was given; without a text all of them. */
function namesByMetadata(jobs: readonly Job[], tags?: string): string[] {
  const ids = [...(tags ?? '').matchAll(/steps\.([\w-]+)\.outputs/g)].map((match) => match[1]);
  return jobs.flatMap(({ steps }) =>
    steps.flatMap(({ id, uses }) =>
      uses?.name === 'docker/metadata-action' && (tags === undefined || ids.includes(id))
        ? linesOf(uses.inputs.find(({ name }) => name === 'images')?.value).map((line) => line.replace(/^name=/, ''))
        : [],
    ),
  );
}

/** Images by tools that need no Dockerfile or no Docker: Buildpacks, Kaniko, Jib, ko. */
function builtByOthers(program: string, words: readonly ResolvedWord[]): string[] {
  const texts = words.map(({ text }) => text);
  const values = (option: RegExp) =>
    texts.flatMap((text, i) => {
      const equals = /^(--?[\w.-]+)=(.*)$/s.exec(text);
      if (equals) return option.test(equals[1]!) ? [equals[2]!] : [];
      return option.test(text) ? (texts[i + 1] ?? []) : [];
    });
  if (program === 'pack' && texts[1] === 'build') return texts.slice(2, 3);
  if (program === 'executor') return values(/^(?:-d|--destination)$/);
  if (/^(?:mvnw?|gradlew?)$/.test(program) && texts.some((text) => /\bjib/.test(text)))
    return values(/^(?:-Dimage|-Djib\.to\.image|--image)$/);
  return [];
}

function holds(outer: Span, inner: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** Containers that a script stops or removes on its way, whatever happens before. */
function endedBy(statements: readonly Statement[], scope: Scope): { start: number; names: readonly string[] }[] {
  return statements.flatMap(({ node }) => {
    const command = node.kind === 'and-or' ? node.items[0]! : node;
    if (command.kind !== 'command') return [];
    const [program, verb, ...rest] = withoutLaunchers(command.words.map((word) => resolveWord(word, scope)));
    if (!PROGRAMS.test(baseName(program?.text ?? '')) || !/^(?:stop|rm|kill)$/.test(verb?.text ?? '')) return [];
    return [{ start: command.span.start, names: rest.map(({ text }) => text) }];
  });
}

type Verb = 'run' | 'pull' | 'create' | 'build' | 'bud' | 'bake' | 'load' | 'tag';

function verbOf(words: readonly ResolvedWord[]): { verb: Verb; rest: readonly ResolvedWord[] } | undefined {
  for (let i = 0; i < Math.min(words.length, 8); i++) {
    const { text } = words[i]!;
    if (
      /^(?:run|pull|create|build|bud|bake|load|tag)$/.test(text) &&
      !(text === 'create' && words[i - 1]?.text === 'buildx')
    )
      return { verb: text as Verb, rest: words.slice(i + 1) };
    if (text.startsWith('-')) i += FLAGS.test(text) || text.includes('=') ? 0 : 1;
    else if (!/^(?:container|image|buildx|builder)$/.test(text)) return undefined;
  }
  return undefined;
}

/** Number of words an option takes. */
function width(word: string, run: boolean): number {
  if (word.startsWith('$')) return 1;
  if (/^--[\w-]+=/.test(word) || (FLAGS.test(word) && !(run && RUN_VALUED.test(word)))) return 1;
  // `-p80:80` holds its value; `-dp 80:80` and `-p 80:80` take the next word.
  return word.startsWith('--') || /^-[ditPq]*[a-zA-Z]$/.test(word) ? 2 : 1;
}

function runOf(
  words: readonly ResolvedWord[],
  verb: Verb,
  definitionOf: (word: ResolvedWord) => Place | undefined,
): Omit<DockerRun, 'loaded' | 'place'> | undefined {
  let i = 0;
  // `"${OPTIONS[@]}"` holds options that nobody knows.
  while (/^-|^\$\{\w+\[[@*]\]/.test(words[i]?.text ?? '')) i += width(words[i]!.text, verb === 'run');
  const image = words[i];
  if (!image || /[\s;|&]/.test(image.text.replace(/\$\{\{.*?\}\}|\$\(.*?\)/g, ''))) return undefined;
  const options = words.slice(0, i).map(({ text }) => text);
  const detached =
    verb === 'run' && options.some((word) => /^-(?!-)[a-zA-Z]*d[a-zA-Z]*$|^--detach(?:=true)?$/.test(word));
  const name = optionOf(options, '--name');
  const definition = image.known ? definitionOf(image) : undefined;
  return {
    image: image.text,
    known: image.known,
    options,
    detached,
    ...(name === undefined ? {} : { name }),
    ...(definition ? { definition } : {}),
    temporary: options.some((word) => /^--rm(?:=true)?$/.test(word)),
  };
}

/** Value of an option in either form, `--name x` and `--name=x`. */
function optionOf(options: readonly string[], name: string): string | undefined {
  const i = options.findIndex((word) => word === name || word.startsWith(`${name}=`));
  return i < 0 || options[i] !== name ? options[i]?.slice(name.length + 1) : options[i + 1];
}

function buildOf(
  words: readonly ResolvedWord[],
  folders: readonly string[],
  inTree: (text: string) => string | undefined,
  partial: ReadonlyMap<string, string>,
  facts: Facts,
): Omit<DockerBuild, 'place'> {
  const images: string[] = [];
  let file: string | undefined;
  let target: string | undefined;
  let exports = false;
  let context: string | undefined;
  for (let i = 0; i < words.length; ) {
    const { text } = words[i]!;
    if (!text.startsWith('-') || text === '-') {
      context = text;
      i++;
      continue;
    }
    const equals = /^(-[\w-]+)=(.*)$/s.exec(text);
    const value = equals ? equals[2]! : words[i + 1]?.text;
    const name = equals ? equals[1]! : text;
    if (/^(?:-t|--tag)$/.test(name) && value) images.push(value);
    if (/^(?:-f|--file)$/.test(name)) file = value;
    if (name === '--target') target = value;
    if (/^(?:-o|--output)$/.test(name)) exports = writesFiles(value ?? '');
    i += width(text, false);
  }
  const build = {
    images,
    ...(target === undefined ? {} : { target }),
    ...(exports ? { exports: true as const } : {}),
  };
  const written = file ?? `${context ?? '.'}/Dockerfile`;
  for (const folder of folders) {
    const path = inTree(written) ?? joinPath(folder, written);
    if (path !== undefined && facts.has(path)) return { ...build, dockerfile: path };
  }
  const moved = movedTo(written, partial, facts);
  return moved === undefined ? build : { ...build, dockerfile: moved };
}

/** A folder, or an exporter that makes no image; a variable may be anything. */
function writesFiles(output: string): boolean {
  const type = /(?:^|,)type=([^,]*)/.exec(output)?.[1];
  return type === undefined ? !/[$,]/.test(output) : /^(?:local|tar)$/.test(type);
}

/** "$ROOT/docker/app/Dockerfile", which now stands in "ops/docker/app": only one Dockerfile ends like that. */
function movedTo(file: string, partial: ReadonlyMap<string, string>, facts: Facts): string | undefined {
  const text = partial.get(/^\$\{?(\w+)\}?$/.exec(file)?.[1] ?? '') ?? file;
  const tail = text
    .replace(/^.*[$)}][^/]*\//, '')
    .split('/')
    .filter((part) => part !== '.' && part !== '..' && !isAnchored(part))
    .slice(-2)
    .join('/');
  if (!tail.includes('/') && !/^Dockerfile\.\w/.test(tail)) return undefined;
  const found = facts.of('dockerfile').filter(({ path }) => path.endsWith(`/${tail}`) || path === tail);
  return found.length === 1 ? found[0]!.path : undefined;
}

/** The name without tag and digest, with a plain `$` for each variable: "$REGISTRY/team/app:$TAG" gives "$/team/app". */
export function nameOf(image: string): string {
  const plain = image.replace(/\$\{\{.*?\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$\w+/g, '$').replace(/@.*$/, '');
  const last = plain.lastIndexOf('/') + 1;
  return plain.slice(0, last) + plain.slice(last).replace(/:.*$/, '');
}

/** Last part of an image's name; undefined where a variable gives it: "$REGISTRY/team/app:$TAG" gives "app". */
export function shortNameOf(image: string): string | undefined {
  const name = nameOf(image);
  const last = name.slice(name.lastIndexOf('/') + 1);
  return /^[a-z0-9][\w.-]*$/i.test(last) ? last.toLowerCase() : undefined;
}
