/** Knows command lines: what they really start behind launchers, and whether they match a pattern such as `npm run test*`. */
import { type Command, commandText } from './shell.ts';

/** Words of one program call: the program first, with its path as written. */
export type Call = readonly string[];

/** Launchers by name, with the options of theirs that take a value. */
const launchers: Readonly<Record<string, RegExp>> = {
  sudo: /^-[ugCDhpRTt]$|^--user$/,
  doas: /^-u$/,
  env: /^-[uCS]$/,
  time: /^-[fo]$/,
  timeout: /^-[ks]$/,
  nice: /^-n$/,
  ionice: /^-[cn]$/,
  nohup: /^$/,
  exec: /^-a$/,
  command: /^$/,
  builtin: /^$/,
  eval: /^$/,
  stdbuf: /^-[ioe]$/,
  'xvfb-run': /^-[efnsp]$|^--(?:server-args|server-num)$/,
  npx: /^-(?:p|c)$|^--package$/,
  bunx: /^$/,
  uvx: /^--(?:from|with|python)$/,
  pipx: /^--spec$/,
  retry: /^-[dt]$/,
  xargs: /^-[aEIdLnPs]$/,
  dotenv: /^-[ef]$/,
  'cross-env': /^$/,
  'cross-env-shell': /^$/,
  'env-cmd': /^-[fe]$/,
  chronic: /^$/,
  fakeroot: /^$/,
  dumb_init: /^$/,
};
/** Tools whose sub-command starts another program: `poetry run pytest`. */
const runners =
  /^(?:poetry|pipenv|uv|pdm|hatch|rye|pixi|conda|mamba|micromamba|bundle|pnpm|yarn|bun|mise|rbenv|pyenv|direnv|op|doppler|pipx)$/;
const runnerWords = /^(?:run|exec|dlx|x)$/;

/** The program calls of a command, outermost first: `sudo docker run img pytest` gives docker and pytest. */
export function callsOf(command: Command): readonly Call[] {
  return callsIn(command.words.map((word) => word.text));
}

function callsIn(words: readonly string[], depth = 0): Call[] {
  let i = 0;
  while (/^\w+=/.test(words[i] ?? '')) i++;
  const first = words[i];
  if (first === undefined || depth > 6) return [];
  const name = baseName(first);
  const rest = words.slice(i + 1);
  const options = Object.hasOwn(launchers, name) ? launchers[name] : undefined;
  if (options) {
    const skipped = skipOptions(rest, options);
    const start =
      name === 'timeout' || name === 'retry'
        ? skipped + (/^[\d.]+[smhd]?$|^\$/.test(rest[skipped] ?? '') ? 1 : 0)
        : skipped;
    return callsIn(
      rest.slice(start).filter((word, k) => !(k === 0 && word === '--')),
      depth + 1,
    );
  }
  const own: Call = [first, ...rest];
  if (/^(?:python[\d.]*|py|pypy\d*|coverage)$/.test(name)) {
    const module = rest.indexOf('-m');
    if (module >= 0 && rest[module + 1]) return [own, ...callsIn(rest.slice(module + 1), depth + 1)];
  }
  if (name === 'nyc' || name === 'c8') {
    const valued = /^-[rxni]$|^--(?:reporter|exclude|include|report-dir|temp-dir|require)$/;
    return [own, ...callsIn(rest.slice(skipOptions(rest, valued)), depth + 1)];
  }
  if (/^(?:ba|da|z|k)?sh$/.test(name)) {
    const code = rest.findIndex((word) => /^-\w*c$/.test(word));
    if (code >= 0 && rest[code + 1]) {
      // A command in a string: its first line is enough to know what it starts.
      return [
        own,
        ...rest[code + 1]!.split(/&&|\|\||[;|\n]/).flatMap((part) => callsIn(part.trim().split(/\s+/), depth + 1)),
      ];
    }
  }
  if (runners.test(name)) {
    const at = skipOptions(
      rest,
      /^(?:-[Cpn]|--(?:directory|project|prefix|cwd|dir|filter|with|extra|group|python|name|env-file))$/,
    );
    const word = rest[at] ?? '';
    const start = runnerWords.test(word)
      ? at + 1 + skipOptions(rest.slice(at + 1), /^(?:-[pn]|--(?:with|extra|group|python|name|package))$/)
      : -1;
    if (start >= 0) return [own, ...callsIn(rest.slice(start), depth + 1)];
    if (name === 'yarn' || name === 'pnpm' || name === 'bun') return [own, ...callsIn(rest.slice(at), depth + 1)];
  }
  if (/^(?:docker|podman|nerdctl|docker-compose|kubectl)$/.test(name)) return [own, ...inContainer(rest, depth)];
  return [own];
}

/** Programs named inside `docker run image ...`, `docker compose exec service ...`, `kubectl exec pod -- ...`. */
function inContainer(rest: readonly string[], depth: number): Call[] {
  const at = rest.findIndex((word) => /^(?:run|exec)$/.test(word));
  if (at < 0) return [];
  const words = rest.slice(at + 1);
  const split = words.indexOf('--');
  if (split >= 0) return callsIn(words.slice(split + 1), depth + 1);
  const options =
    /^-(?:[evpuwhlmit]|it)$|^--(?:env|volume|publish|user|workdir|name|network|entrypoint|mount|env-file|platform|file|project-name|label|add-host|memory|cpus|ulimit|tmpfs|index)$/;
  const plain = /^-(?:i|t|it|ti)$/;
  let i = 0;
  while (i < words.length && words[i]!.startsWith('-')) i += options.test(words[i]!) && !plain.test(words[i]!) ? 2 : 1;
  const image = words[i];
  if (image === undefined) return [];
  const inner = callsIn(words.slice(i + 1), depth + 1);
  const tool = baseName(image.replace(/@.*$/, '').replace(/:[^:/]*$/, ''));
  return [[tool, ...words.slice(i + 1)], ...inner];
}

function skipOptions(words: readonly string[], valued: RegExp): number {
  let i = 0;
  while (i < words.length && (words[i]!.startsWith('-') || /^\w+=/.test(words[i]!)) && words[i] !== '--') {
    i += valued.test(words[i]!) ? 2 : 1;
  }
  return words[i] === '--' ? i + 1 : i;
}

/** The program's name without its folder. */
export function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1).replace(/\.exe$/, '');
}

/**
 * Does a call match a pattern of words? `*` stands for any characters inside a word. Words that begin with "-" may
 * stand anywhere behind the name, followed by the pattern's next word where that is their value; the others must follow
 * the name in order, with nothing but options (and one value each) between them. The name `*` is any program.
 */
export function matches(call: Call, pattern: string): boolean {
  const [name, ...wanted] = compiled(pattern);
  if (!call[0] || !name!.test(baseName(call[0]))) return false;
  const rest = call.slice(1);
  let at = 0;
  for (let i = 0; i < wanted.length; i++) {
    const word = wanted[i]!;
    if (word.option) {
      const value = wanted[i + 1];
      const found = rest.findIndex(
        (one, k) => word.test(one) && (!value || value.option || value.test(rest[k + 1] ?? '')),
      );
      if (found < 0) return false;
      if (value && !value.option) i++;
    } else {
      while (at < rest.length && !word.test(rest[at]!)) {
        const skippable = rest[at]!.startsWith('-') || (at > 0 && /^--?[\w-]+$/.test(rest[at - 1]!));
        if (!skippable) return false;
        at++;
      }
      if (at >= rest.length) return false;
      at++;
    }
  }
  return true;
}

interface WordPattern {
  readonly test: (word: string) => boolean;
  readonly option: boolean;
}

const cache = new Map<string, readonly WordPattern[]>();

function compiled(pattern: string): readonly WordPattern[] {
  const known = cache.get(pattern);
  if (known) return known;
  const words = pattern
    .trim()
    .split(/\s+/)
    .map((word) => ({ test: glob(word), option: word.startsWith('-') }));
  cache.set(pattern, words);
  return words;
}

/** Tests a whole text against a pattern in which `*` stands for any characters. */
export function glob(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const regexp = new RegExp(`^${pieces.join('.*')}$`, 's');
  return (text) => regexp.test(text);
}

/** The first pattern that one of the calls matches, with that call. */
export function firstMatch(
  calls: readonly Call[],
  patterns: readonly string[],
): { call: Call; pattern: string } | undefined {
  for (const call of calls) {
    for (const pattern of patterns) if (matches(call, pattern)) return { call, pattern };
  }
  return undefined;
}

/** Asks only for help, a version or a list: runs nothing. */
export function isInquiry(command: Command): boolean {
  return /(?:^|\s)(?:--?version|-V|--help|--list|--collect-only)(?:\s|$)|^\S+ (?:version|help)(?:\s|$)/.test(
    commandText(command),
  );
}
