/** Knows the packages that shell commands install by name: pip, npm, gem and their kin in images and CI. */
import { type Command, eachCommand, type Shell, type Word } from '../shell.ts';
import type { Dependency, Ecosystem, Scope } from './model.ts';
import { npmSpecifier } from './node-manifests.ts';
import { fromRequirement, parseRequirement } from './requirements.ts';

export interface Install {
  readonly ecosystem: Ecosystem;
  readonly dependency: Dependency;
}

interface Installer {
  readonly ecosystem: Ecosystem;
  /** Words after the program's name, in front of the packages. */
  readonly verbs: readonly (readonly string[])[];
  /** Options that take the next word as their value. */
  readonly valued: RegExp;
}

const pip: Installer = {
  ecosystem: 'PyPI',
  verbs: [['install'], ['download']],
  valued:
    /^(?:-[rcieft]|--(?:requirement|constraint|index-url|extra-index-url|editable|find-links|target|prefix|root|python|platform|progress-bar|timeout|retries|trusted-host|cache-dir|src|upgrade-strategy|no-binary|only-binary|config-settings?|report|log|proxy|python-version|implementation|abi|with|index))$/,
};
const npm: Installer = {
  ecosystem: 'npm',
  verbs: [['install'], ['i'], ['add'], ['global', 'add']],
  valued: /^--(?:prefix|registry|cache|workspace|cwd|dir|filter|userconfig|tag)$|^-[wCF]$/,
};

const installers: Readonly<Record<string, Installer>> = {
  pip,
  pip2: pip,
  pip3: pip,
  pipx: { ...pip, verbs: [['install'], ['run'], ['upgrade']] },
  uv: { ...pip, verbs: [['pip', 'install'], ['tool', 'install'], ['tool', 'run'], ['add']] },
  uvx: { ...pip, verbs: [[]] },
  npm,
  pnpm: npm,
  yarn: npm,
  bun: npm,
  npx: { ...npm, verbs: [[]] },
  gem: { ecosystem: 'RubyGems', verbs: [['install']], valued: /^-[vinP]$|^--(?:version|install-dir|bindir|source)$/ },
  cargo: {
    ecosystem: 'crates.io',
    verbs: [['install']],
    valued: /^--(?:version|vers|git|branch|tag|rev|path|root|features|target|profile|bin|registry|index)$|^-F$/,
  },
  go: { ecosystem: 'Go', verbs: [['install'], ['get'], ['run']], valued: /^-(?:ldflags|tags|gcflags|mod|o)$/ },
  composer: { ecosystem: 'Packagist', verbs: [['require'], ['global', 'require']], valued: /^(?:-d|--working-dir)$/ },
};

/** Programs that run the command behind them; `env` and `sudo` may have options and assignments in front of it. */
const prefixes = new Set(['sudo', 'env', 'exec', 'command', 'time', 'nice', 'retry', 'doas']);

/** Every package that a shell text installs by name. */
export function installsOf(shell: Shell, scope: Scope): readonly Install[] {
  const result: Install[] = [];
  eachCommand(shell.statements, (command) => result.push(...installsOfCommand(command, scope)));
  return result;
}

function installsOfCommand(command: Command, scope: Scope): readonly Install[] {
  let words = [...command.words];
  const plain = (word: Word | undefined): string => word?.value ?? '';
  for (;;) {
    const first = plain(words[0]).replace(/^.*\//, '');
    if (prefixes.has(first)) {
      words.shift();
      while (words.length > 0 && /^-|^\w+=/.test(words[0]!.text)) words.shift();
    } else if (/^python[\d.]*$/.test(first) && plain(words[1]) === '-m' && /^(?:pip|pipx|uv)$/.test(plain(words[2])))
      words = words.slice(2);
    else break;
  }
  const program = plain(words[0])
    .replace(/^.*\//, '')
    .replace(/^pip[\d.]+$/, 'pip');
  const installer = Object.hasOwn(installers, program) ? installers[program] : undefined;
  if (installer === undefined) return [];
  const rest = words.slice(1);
  const verb = installer.verbs.find((v) =>
    v.every((part, i) => plain(rest.filter((w) => !w.text.startsWith('-'))[i]) === part),
  );
  if (verb === undefined) return [];
  // A virtual index is private by definition: nothing that comes from there is asked for in public.
  const own = rest.some(
    (word, i) =>
      /^(?:-i|--index-url|--extra-index-url|--registry)(?:=|$)/.test(word.text) &&
      !/pypi\.org|pytorch\.org|npmjs\.org/.test(word.text + (rest[i + 1]?.text ?? '')),
  );
  const result: Install[] = [];
  let skip = verb.length;
  let version: Word | undefined;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!;
    if (word.text.startsWith('-')) {
      if (/^(?:-v|--version|--vers)$/.test(word.text) && (program === 'gem' || program === 'cargo'))
        version = rest[i + 1];
      if (installer.valued.test(word.text)) i++;
      continue;
    }
    if (skip > 0) {
      skip--;
      continue;
    }
    const dependency = word.value === undefined ? undefined : read(installer.ecosystem, word, scope);
    if (dependency !== undefined)
      result.push({
        ecosystem: installer.ecosystem,
        dependency: own ? { ...dependency, source: 'private' } : dependency,
      });
    // `npx a@1 b` and `uvx a b` run one package with arguments.
    if (program === 'npx' || program === 'uvx' || (program === 'go' && verb[0] === 'run')) break;
  }
  const given = version?.value;
  if (given === undefined || !/^[\dv]/.test(given) || result.length !== 1) return result;
  const [only] = result as [Install];
  return [{ ...only, dependency: { ...only.dependency, version: given, range: given, versionSpan: version!.span } }];
}

/** Offset of the word's first character behind its quote, when the word stands in the file as it is. */
function textStart(word: Word): number | undefined {
  const quotes = word.span.end - word.span.start - word.text.length;
  return quotes === 0 ? word.span.start : quotes === 2 ? word.span.start + 1 : undefined;
}

function read(ecosystem: Ecosystem, word: Word, scope: Scope): Dependency | undefined {
  const text = word.value!;
  const start = textStart(word);
  const base = { scope, span: word.span };
  if (/^[./~]|^https?:|^git[+@:]|\.(?:whl|tar\.gz|tgz|zip)$/.test(text)) return undefined;
  if (ecosystem === 'PyPI') {
    const requirement = parseRequirement(text.replace(/^([\w.-]+(?:\[[^\]]*\])?)@(\d[\w.]*)$/, '$1==$2'));
    if (requirement === undefined) return undefined;
    const dependency = fromRequirement(requirement, start ?? word.span.start, text.length, scope);
    const { versionSpan, ...unplaced } = dependency;
    return {
      ...(start === undefined || !text.includes('=')
        ? unplaced
        : { ...unplaced, ...(versionSpan ? { versionSpan } : {}) }),
      span: word.span,
    };
  }
  if (ecosystem === 'npm') {
    const at = text.indexOf('@', 1);
    const name = at < 0 ? text : text.slice(0, at);
    if (!/^(?:@[\w.-]+\/)?[\w.-]+$/.test(name)) return undefined;
    const specified = npmSpecifier(name, at < 0 ? '' : text.slice(at + 1));
    const place =
      at < 0 || start === undefined ? {} : { versionSpan: { start: start + at + 1, end: start + text.length } };
    return { ...base, ...specified, ...place };
  }
  if (ecosystem === 'Go') {
    const match = /^([\w.-]+\.[\w.-]+\/[^@\s]+)@(v\d[^\s]*)$/.exec(text);
    return match === null ? undefined : { ...base, name: match[1]!, version: match[2]!, source: 'registry' };
  }
  if (ecosystem === 'Packagist') {
    const match = /^([\w.-]+\/[\w.-]+)(?:[:=](.+))?$/.exec(text);
    if (match === null) return undefined;
    const exact = match[2] !== undefined && /^v?\d+(?:\.\d+)*$/.test(match[2]);
    return { ...base, name: match[1]!.toLowerCase(), source: 'registry', ...(exact ? { version: match[2]! } : {}) };
  }
  const separator = ecosystem === 'RubyGems' ? ':' : '@';
  const [name, version] = text.split(separator, 2) as [string, string | undefined];
  if (!/^[\w-]+$/.test(name.replaceAll('.', '-'))) return undefined;
  return { ...base, name, source: 'registry', ...(version !== undefined && /^\d/.test(version) ? { version } : {}) };
}
