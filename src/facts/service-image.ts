/** Knows whether an image runs a service, from its ports, its command and its base. */
import type { Command, Dockerfile, Healthcheck, Stage } from './dockerfile.ts';
import { readEntryScript } from './entry-script.ts';
import { portsAsked, type ScriptOf } from './health-command.ts';
import { SERVICE_IMAGES } from './images/services.ts';
import { type ImageRef, parseImage } from './images.ts';
import { fileName } from './paths.ts';
import type { ShellNode, Statement } from './shell.ts';

/** Names are data of the caller. */
export interface ServiceKnowledge {
  /** Base images that start a service themselves, beside those that everybody knows. */
  readonly serviceImages: readonly string[];
  /** Base images that start nothing: distributions and languages. */
  readonly plainImages: readonly string[];
  /** Programs and Python modules that serve. */
  readonly servers: readonly string[];
  /** Programs, Python modules and npm scripts that end by themselves, and shells. */
  readonly tools: readonly string[];
  /** Programs that only start the command behind them. */
  readonly wrappers: readonly string[];
}

export interface ServiceVerdict {
  /** `tool`: looks like a command-line tool; `unclear`: nothing says what the image starts. */
  readonly runs: 'service' | 'nothing' | 'tool' | 'unclear';
  /** What says so: "port 8080", "uvicorn", "the base image nginx". */
  readonly because: string;
  /** Only a name says so, and it could be another program's: "main.py", "/health-check". */
  readonly guessed?: true;
}

/** The stage and those it is built from, nearest first. */
export function lineage(dockerfile: Dockerfile, stage: Stage): readonly Stage[] {
  const chain = [stage];
  for (let parent = stage.parent; parent !== undefined; parent = dockerfile.stages[parent]!.parent) {
    chain.push(dockerfile.stages[parent]!);
  }
  return chain;
}

/** Names that say whom an image is for: "Dockerfile.debug", "dev.Dockerfile". */
export function forDevelopment(path: string): boolean {
  const name = fileName(path).toLowerCase();
  return (
    /(?:^|\/)\.(?:devcontainer|gitpod|github|circleci|buildkite|clusterfuzzlite)\//.test(path) ||
    /(?:^|\/)(?:dev(?:elopment|env|container)?|gitpod|tests?[-_][\w-]+)\/(?:docker\/)?[^/]*$/i.test(path) ||
    /(?:^|[._-])(?:dev|devel|development|devcontainer|gitpod|tilt|debug|debugger|e2e|tests?|lint|ci|bench|benchmark|load-?gen(?:erator)?)(?:$|[._-])/.test(
      name,
    )
  );
}

/** What a container of the stage runs when nobody says otherwise. */
export function startCommand(chain: readonly Stage[]): { readonly entrypoint?: Command; readonly cmd?: Command } {
  const from = chain.findIndex((stage) => stage.entrypoint !== undefined);
  const entrypoint = chain[from]?.entrypoint;
  // An ENTRYPOINT forgets the CMD of the images below it.
  const cmd = (from < 0 ? chain : chain.slice(0, from + 1)).find((stage) => stage.cmd !== undefined)?.cmd;
  return { ...(entrypoint ? { entrypoint } : {}), ...(cmd ? { cmd } : {}) };
}

export function serviceVerdict(chain: readonly Stage[], known: ServiceKnowledge, scriptOf: ScriptOf): ServiceVerdict {
  const base = parentImage(chain);
  if (base && /(?:^|[/-])(?:aws-)?lambda(?:[/-]|$)|(?:^|\/)(?:vscode\/)?devcontainers?\//.test(base.repository)) {
    return { runs: 'nothing', because: `the base image ${base.repository}` };
  }
  const { entrypoint, cmd } = startCommand(chain);
  const [port] = servicePorts(chain);
  const started = entrypoint || cmd ? startVerdict(entrypoint, cmd, known, scriptOf) : undefined;
  const command = started && { ...started, because: filledIn(started.because, chain) };
  if (
    command &&
    command.runs !== 'unclear' &&
    command.runs !== 'tool' &&
    !((command.guessed || command.because.includes('$')) && port)
  )
    return command;
  if (port) {
    const because = `port ${port}`;
    // Jobs that share a port with their siblings, or serve their own metrics, are named for what they do.
    return {
      runs: 'service',
      because,
      ...(command && ONCE.test(fileName(command.because).toLowerCase()) ? { guessed: true } : {}),
    };
  }
  if (base && startsService(base, known.serviceImages))
    return { runs: 'service', because: `the base image ${base.repository}` };
  if (command) return command;
  if (!base) return { runs: 'nothing', because: 'no command' };
  const plain = base.repository === 'scratch' || listed(base, known.plainImages);
  return { runs: plain ? 'nothing' : 'unclear', because: `the base image ${base.repository}` };
}

/** True for an image with something of the repository that runs a service by a port or its base, without a command of its own. */
export function servesByItself(chain: readonly Stage[]): boolean {
  const base = parentImage(chain);
  const adds = chain.some(({ copies, runs }) => copies.length + runs.length > 0);
  return adds && (servicePorts(chain).length > 0 || (base !== undefined && startsService(base, [])));
}

/** True for an image of a service: "nginx", or "php" where the tag says "apache". */
function startsService(image: ImageRef, more: readonly string[]): boolean {
  return listed(image, SERVICE_IMAGES) || listed(image, more);
}

/** Ports of the image as its Dockerfiles name them, without those of debuggers. */
export function servicePorts(chain: readonly Stage[]): readonly string[] {
  return chain
    .flatMap(({ expose }) => expose.map(({ resolved, text }) => resolved ?? text))
    .filter((port) => !DEBUGGED.test(port));
}

/** A name of a program with the variables of the image. */
function filledIn(text: string, chain: readonly Stage[]): string {
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced, bare) => {
    const value = chain.flatMap(({ variables }) => variables).find(({ name }) => name === (braced ?? bare))?.value;
    return value?.resolved ?? whole;
  });
}

/** Ports that debuggers listen on say nothing of a service. */
const DEBUGGED = /^(?:5005|9229|5678|2345|40000)(?:\/tcp)?$/;

/** True where the one command of an image waits and does nothing: `sleep infinity`, `tail -f /dev/null`. */
export function idles(chain: readonly Stage[], known: ServiceKnowledge): boolean {
  const { entrypoint, cmd } = startCommand(chain);
  const commands = [entrypoint, cmd].flatMap((one) => one ?? []);
  const shells = commands.flatMap(({ shell }) => shell ?? []);
  if (shells.length > 0 && (commands.length > 1 || shells[0]!.statements.length > 1)) return false;
  const node = shells[0]?.statements[0]?.node;
  if (node && node.kind !== 'command') return false;
  const all = node ? node.words.map((word) => word.value ?? word.text) : commands.flatMap(({ words }) => words);
  const [program = '', ...rest] = withoutWrappers(all, known);
  const line = [fileName(program), ...rest].join(' ');
  return /^(?:sleep (?:infinity|inf|\d{6,}|\d{3,}d)|tail (?:-\w+ )*-[fF] (?:-\w+ )*\/dev\/null|pause)$/.test(line);
}

/** The HEALTHCHECK of the nearest stage that has one; a base's ONBUILD HEALTHCHECK is one of what builds upon it. */
export function healthcheckInForce(chain: readonly Stage[]): Healthcheck | undefined {
  const all = chain.flatMap((one, i) => [one.healthchecks.at(-1), chain[i + 1]?.onbuildHealthchecks.at(-1)]);
  return all.find((check) => check !== undefined);
}

/** A port of this machine that a health command asks and nothing of the image names, where the start command names another. */
export function otherPort(
  words: readonly string[],
  chain: readonly Stage[],
): { readonly port: string; readonly served: string } | undefined {
  const [port, ...more] = portsAsked(words);
  const { served, named } = portsNamed(chain);
  if (port === undefined || more.length > 0 || served === undefined || named.has(port)) return undefined;
  return { port: String(port), served: String(served) };
}

/** The port that the start command names as its own, and all that the image names anywhere. */
function portsNamed(chain: readonly Stage[]): { readonly served?: number; readonly named: ReadonlySet<number> } {
  const { entrypoint, cmd } = startCommand(chain);
  const words = [...(entrypoint?.words ?? []), ...(cmd?.words ?? [])];
  const named = new Set<number>();
  const add = (text: string) => {
    for (const number of text.match(/\d{2,5}/g) ?? []) named.add(Number(number));
  };
  for (const { expose, variables, copies } of chain) {
    for (const one of expose) add(one.resolved ?? one.text);
    for (const { value } of variables) add(value?.resolved ?? '');
    // What a file says that the image holds is not known.
    if (copies.some(({ target }) => /\.(?:conf|ya?ml|toml|ini)$|supervisor|nginx/.test(target))) return { named };
  }
  add(words.join(' '));
  const served = words.flatMap((word, i) => {
    const own = /^(?:--(?:port|http-port|bind|address|listen)[= ]|-b)(?:[\w.]*:)?(\d{2,5})$/.exec(word);
    if (own) return [Number(own[1])];
    const next = /^(?:--(?:port|http-port|bind|address|listen)|-b)$/.test(word) ? words[i + 1] : undefined;
    const port = /^(?:[\w.]*:)?(\d{2,5})$/.exec(next ?? '');
    return port ? [Number(port[1])] : [];
  });
  return served.length === 1 ? { served: served[0]!, named } : { named };
}

/** The image that the first of the stages is built from. */
export function parentImage(chain: readonly Stage[]): ImageRef | undefined {
  const { image } = chain.at(-1)!;
  return parseImage(image.resolved ?? image.text);
}

/** True for an image that the list names: "nginx", "team/app", or "php:apache" where the tag must say so. */
export function listed(image: ImageRef, names: readonly string[]): boolean {
  const last = image.repository.slice(image.repository.lastIndexOf('/') + 1).toLowerCase();
  return names.some((entry) => {
    const [name, tag] = entry.split(':');
    if (name !== last && name !== image.repository.toLowerCase()) return false;
    return tag === undefined || (image.tag ?? '').split(/[.-]/).includes(tag);
  });
}

/** Words that name a program which stays: "server.js", "run_api", "mesh-agent". */
const STAYS =
  /(?:^|[._/-])(?:serve|server|service|api|web|www|worker|daemon|bot|agent|gateway|proxy|listener|consumer|subscriber|broker|controller|operator|manager|exporter|scheduler|dashboard|backend|frontend|wsgi|asgi|runserver|httpd|watch|watcher|collector)(?=$|[._:/-])|server/;
/** Words that name a program which may as well end: "main.py", "start.sh". */
const MAY_STAY = /(?:^|[._/-])(?:app|main|index|node|start|run)(?=$|[._:/-])/;
const ENDS =
  /(?:^|[._/-])(?:tests?|lint|migrate|migrations?|seed|setup|install|build|compile|backup|restore|dump|import|export|convert|report|job|task|batch|script|cli|init|bootstrap|boot-?loader|check|validate|generate|deploy|sync|cleanup|clean|benchmark|example|demo|smoke|load-?gen(?:erator)?|load-?test|health-?check|locust(?:file)?)(?=$|[._:/-])/;
/** What a port does not outweigh: "shop-bootloader", "db_migrate.py". "/init" and "setup.sh" start services as well. */
const ONCE =
  /^(?!(?:docker|s6|container)\b)(?:[\w.-]+[-_])?(?:migrate|migrations?|migrator|seed|seeder|boot-?loader|backup|restore|cleanup|job)(?:\.(?:py|js|mjs|ts|jar))?$|^(?!(?:docker|s6|container|my)(?![a-z]))[\w.-]+[-_](?:init|setup|bootstrap|batch|client)(?:\.(?:py|js|mjs|ts|jar))?$/;

/** What the command says, and where it is a script of the repository, what that one ends up with. */
function startVerdict(
  entrypoint: Command | undefined,
  cmd: Command | undefined,
  known: ServiceKnowledge,
  scriptOf: ScriptOf,
): ServiceVerdict {
  const first = entrypoint ?? cmd!;
  const given = entrypoint && cmd?.form === 'exec' ? cmd.words : [];
  const words = first.form === 'exec' ? [...first.words, ...given] : programWords(first);
  const shell = entrypoint && cmd?.form === 'shell' ? cmd : undefined;
  return scriptVerdictOf(words, shell, known, scriptOf) ?? commandVerdict(entrypoint, cmd, known);
}

/** @param shell the arguments, where they are a command line; undefined where the words start no script of the repository */
function scriptVerdictOf(
  all: readonly string[],
  shell: Command | undefined,
  known: ServiceKnowledge,
  scriptOf: ScriptOf,
  depth = 0,
): ServiceVerdict | undefined {
  const words = withoutWrappers(all, known);
  const at = SHELL.test(fileName(words[0] ?? '')) ? words.findIndex((word, i) => i > 0 && !word.startsWith('-')) : 0;
  const path = words[at];
  const statements = path === undefined || depth > 3 ? undefined : scriptOf(path);
  if (path === undefined || !statements) return undefined;
  const { stays, programs } = readEntryScript(statements);
  if (stays) return { runs: 'service', because: `the endless loop of ${path}` };
  const rest = words.slice(at + 1);
  const verdicts = programs.map((one): ServiceVerdict => {
    if (one.some((word) => /^--?(?:run-?once|once|one-?shot)$/.test(word)))
      return { runs: 'nothing', because: one[0]! };
    if (!/^"?\$[@*]"?$/.test(one[0] ?? '')) return wordsVerdict(one, known);
    if (rest.length > 0) return scriptVerdictOf(rest, shell, known, scriptOf, depth + 1) ?? wordsVerdict(rest, known);
    return shell ? commandVerdict(undefined, shell, known) : { runs: 'nothing', because: path };
  });
  const service = verdicts.find(({ runs }) => runs === 'service');
  if (service) return service;
  if (programs.length > 0 && verdicts.every(({ runs }) => runs === 'nothing')) return verdicts[0]!;
  return { runs: 'unclear', because: path };
}

function commandVerdict(
  entrypoint: Command | undefined,
  cmd: Command | undefined,
  known: ServiceKnowledge,
): ServiceVerdict {
  const script = entrypoint && /(?:^|\/)[\w.-]*entry-?point[\w.-]*$/i.test(entrypoint.words[0] ?? '');
  let words: readonly string[];
  if (entrypoint?.form === 'exec' && !script) words = [...entrypoint.words, ...(cmd?.form === 'exec' ? cmd.words : [])];
  else words = programWords(entrypoint && !(script && cmd) ? entrypoint : cmd!);
  if (script && !cmd) return { runs: 'unclear', because: entrypoint.words[0]! };
  if (entrypoint?.form === 'exec' && entrypoint.shell) words = programWords(entrypoint);
  const verdict = wordsVerdict(words, known);
  if (verdict.runs === 'unclear' && entrypoint && !cmd && !script) {
    return { ...verdict, runs: 'tool' };
  }
  return verdict;
}

/** Words of the last command of a shell command line: what it ends up running. */
function programWords(command: Command): readonly string[] {
  let last: readonly string[] = command.words;
  const visit = (statements: readonly Statement[]): void => {
    const node = statements.at(-1)?.node;
    if (node) visitNode(node);
  };
  const visitNode = (node: ShellNode): void => {
    if (node.kind === 'command' && node.words.length > 0) last = node.words.map((word) => word.value ?? word.text);
    else if (node.kind === 'and-or') visitNode(node.items.at(-1)!);
    else if (node.kind === 'pipeline') visitNode(node.commands[0]!);
    else if (node.kind === 'block') visit(node.body);
  };
  if (command.shell) visit(command.shell.statements);
  return last;
}

const INTERPRETERS =
  /^(?:python|pypy|node|nodejs|ruby|perl|php|bun|deno|java|dotnet|tsx?|ts-node|nodemon|elixir|mix|Rscript)[\d.]*$/;

const SHELL = /^(?:ba|da|a|k|z)?sh$/;

/** The command behind `tini --`, `gosu user`, `poetry run`. */
function withoutWrappers(all: readonly string[], known: ServiceKnowledge): readonly string[] {
  let words = all;
  for (let i = 0; i < 8; i++) {
    const name = fileName(words[0] ?? '');
    if (!known.wrappers.includes(name)) break;
    let skip = 1;
    while (skip < words.length && /^-|^[A-Z_]+=|^(?:run|exec|run-program)$/.test(words[skip]!)) skip++;
    if (/^(?:gosu|su-exec|chroot|setuidgid|wait-for-it\.sh|wait-for)$/.test(name)) skip++;
    if (words[skip] === '--') skip++;
    if (skip >= words.length) break;
    words = words.slice(skip);
  }
  return words;
}

function wordsVerdict(all: readonly string[], known: ServiceKnowledge): ServiceVerdict {
  const words = withoutWrappers(all, known);
  const program = fileName(words[0] ?? '');
  if (words.some((word) => /^(?:--help|-h|--version|help)$/.test(word)))
    return { runs: 'nothing', because: words.join(' ') };
  if (known.servers.includes(program)) return { runs: 'service', because: program };
  if (INTERPRETERS.test(program)) return interpreterVerdict(program, words.slice(1), known);
  if (
    /^(?:npm|yarn|pnpm|rails|flask|cargo|go|make|gradlew?|mvnw?|composer|artisan|poetry|django-admin)$/.test(program)
  ) {
    return scriptVerdict(
      program,
      words.slice(1).filter((word) => !word.startsWith('-')),
      known,
    );
  }
  if (SHELL.test(program)) {
    const script = words.slice(1).find((word) => !word.startsWith('-'));
    return script === undefined ? { runs: 'nothing', because: program } : nameVerdict(script, known, 'unclear');
  }
  if (known.tools.includes(program)) return { runs: 'nothing', because: program };
  return nameVerdict(words[0] ?? '', known, 'unclear');
}

function interpreterVerdict(program: string, words: readonly string[], known: ServiceKnowledge): ServiceVerdict {
  const module = words[words.indexOf('-m') + 1];
  if (words.includes('-m') && module !== undefined) {
    if (known.servers.includes(module)) return { runs: 'service', because: module };
    if (known.tools.includes(module)) return { runs: 'nothing', because: module };
    return nameVerdict(module, known, 'service');
  }
  if (words.includes('-jar')) return { runs: 'service', because: words[words.indexOf('-jar') + 1] ?? 'java -jar' };
  const scripts = words.filter((word) => !word.startsWith('-'));
  const script = scripts[0];
  if (script === undefined) return { runs: 'nothing', because: program };
  if (script === 'manage.py' || script.endsWith('/manage.py') || script === 'artisan') {
    return scriptVerdict(script, scripts.slice(1), known);
  }
  if (/^(?:serve|server|daemon|worker)$/.test(scripts[1] ?? ''))
    return { runs: 'service', because: `${script} ${scripts[1]}` };
  if (/^(?:run|serve|start|phx\.server)$/.test(script) && scripts[1] !== undefined)
    return nameVerdict(scripts[1], known, 'service');
  return nameVerdict(script, known, 'service');
}

/** `npm start`, `manage.py runserver`, `rails server`: the second word decides. */
function scriptVerdict(program: string, words: readonly string[], known: ServiceKnowledge): ServiceVerdict {
  const script = words[0] === 'run' || words[0] === 'exec' ? words[1] : words[0];
  if (script === undefined) return { runs: 'unclear', because: program };
  if (known.servers.includes(script) || /^(?:start|serve|preview|dev|runserver|server|s|run)\b/.test(script)) {
    return { runs: 'service', because: `${program} ${script}` };
  }
  const verdict = nameVerdict(script, known, 'nothing');
  return { ...verdict, because: `${program} ${script}` };
}

function nameVerdict(name: string, known: ServiceKnowledge, otherwise: ServiceVerdict['runs']): ServiceVerdict {
  const last = fileName(name).toLowerCase();
  if (known.tools.includes(last)) return { runs: 'nothing', because: name };
  if (known.servers.includes(last)) return { runs: 'service', because: name };
  if (ENDS.test(last) && !/server|service/.test(last)) return { runs: 'nothing', because: name, guessed: true };
  if (STAYS.test(last)) return { runs: 'service', because: name };
  if (otherwise === 'service' || MAY_STAY.test(last)) return { runs: 'service', because: name, guessed: true };
  return { runs: otherwise, because: name };
}
