/** Knows what the command of a health check can tell: nothing, something beside the service, or whether the service answers. */
import type { Command } from './dockerfile.ts';
import type { Module } from './program/model.ts';
import { readPython } from './program/python.ts';
import { baseName } from './shell/words.ts';
import { bodiesOf, childNodes, type ShellNode, type Statement } from './shell.ts';

/**
 * `always`: succeeds whatever the service does; `aside`: looks at something else than the running service; `lenient`:
 * asks it and accepts answers with an error status; `asks`: all else, what is not understood included.
 */
export type HealthVerdict = 'always' | 'aside' | 'lenient' | 'asks';
/** `never`: fails always, as `exit 1` does. */
type Status = HealthVerdict | 'never';

/** Statements of a script of the image by its path there, where the repository has it. */
export type ScriptOf = (path: string) => readonly Statement[] | undefined;

const NO_SCRIPTS: ScriptOf = () => undefined;

/** What the command of a HEALTHCHECK tells. */
export function healthVerdict(
  command: Pick<Command, 'words' | 'shell' | 'form'>,
  scriptOf: ScriptOf = NO_SCRIPTS,
): HealthVerdict {
  if (command.shell) return outcome(ofStatements(command.shell.statements, scriptOf));
  return command.form === 'exec' ? outcome(ofWords(command.words, scriptOf)) : 'asks';
}

/** The same for words as compose files and probes write them; `CMD-SHELL`, or a shell with `-c`, holds a command line. */
export function healthVerdictOfWords(words: readonly string[], scriptOf: ScriptOf = NO_SCRIPTS): HealthVerdict {
  const [first = '', ...rest] = words;
  if (first === 'CMD') return healthVerdictOfWords(rest, scriptOf);
  const inline = SHELL.test(baseName(first)) ? rest[rest.findIndex((word) => /^-\w*c$/.test(word)) + 1] : undefined;
  const line = first === 'CMD-SHELL' ? rest[0] : inline === rest[0] ? undefined : inline;
  return outcome(line === undefined ? ofWords(words, scriptOf) : ofLine(line, scriptOf));
}

/** Ports of this machine that the words ask: of URLs, and of `nc -z localhost 80`. */
export function portsAsked(words: readonly string[]): readonly number[] {
  return words.flatMap((word, i) => {
    const url = /^["']?(?:https?:\/\/)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d{2,5})(?![\d.])/.exec(word);
    if (url) return [Number(url[1])];
    return /^(?:localhost|127\.0\.0\.1)$/.test(word) && /^\d{2,5}$/.test(words[i + 1] ?? '')
      ? [Number(words[i + 1])]
      : [];
  });
}

function outcome(status: Status): HealthVerdict {
  return status === 'never' ? 'asks' : status;
}

const WEIGHT: readonly HealthVerdict[] = ['always', 'aside', 'lenient', 'asks'];

/** Both have to succeed. */
function both(a: Status, b: Status): Status {
  if (a === 'never' || b === 'never') return 'never';
  return WEIGHT.indexOf(a) > WEIGHT.indexOf(b) ? a : b;
}

/** One of them has to succeed. */
function either(a: Status, b: Status): Status {
  if (a === 'never') return b;
  if (b === 'never') return a;
  return WEIGHT.indexOf(a) < WEIGHT.indexOf(b) ? a : b;
}

// ---------------------------------------------------------------- shell code

function ofStatements(statements: readonly Statement[], scriptOf: ScriptOf): Status {
  let status: Status = 'always';
  let strict = false;
  for (const [i, { node }] of statements.entries()) {
    const words = node.kind === 'command' ? wordsOf(node) : [];
    if (words[0] === 'set' && words.some((word) => /^-\w*e/.test(word) || word === 'errexit')) strict = true;
    // `exit` and `exit $?` hand on what came before.
    const hands = words[0] === 'exit' && (words.length === 1 || words[1] === '$?');
    if (hands || words[0] === 'set' || node.kind === 'function') continue;
    const own = ofNode(node, scriptOf);
    if (words[0] === 'exit') return own;
    const later = i < statements.length - 1;
    if (later && !strict && mayLeave(node)) return 'asks';
    status = strict ? both(status, own) : own;
  }
  return status;
}

/** An `exit` or `return` stands in it that may not be 0: what follows does not decide alone. */
function mayLeave(node: ShellNode): boolean {
  if (node.kind === 'command') {
    const [name, value] = wordsOf(node);
    return (name === 'exit' || name === 'return') && value !== '0';
  }
  return (
    [...childNodes(node)].some(mayLeave) || [...bodiesOf(node)].some((body) => body.some((one) => mayLeave(one.node)))
  );
}

function ofNode(node: ShellNode, scriptOf: ScriptOf): Status {
  switch (node.kind) {
    case 'command':
      if (node.redirections.some(({ target }) => /^\/dev\/(?:tcp|udp)\//.test(target?.text ?? ''))) return 'asks';
      return node.words.length > 0 ? ofWords(wordsOf(node), scriptOf) : 'asks';
    case 'block':
      return ofStatements(node.body, scriptOf);
    case 'pipeline': {
      const last = node.commands.at(-1)!;
      const printed =
        node.commands.length > 1 && last.kind === 'command' && PRINTERS.has(baseName(wordsOf(last)[0] ?? ''));
      const status = printed ? 'always' : ofNode(last, scriptOf);
      return node.negated ? negated(status) : status;
    }
    case 'and-or': {
      let status = ofNode(node.items[0]!, scriptOf);
      for (const [i, operator] of node.operators.entries()) {
        const next = ofNode(node.items[i + 1]!, scriptOf);
        status = operator === '||' ? either(status, next) : both(status, next);
      }
      return status;
    }
    case 'if': {
      // Without `else` a condition that does not hold is a success.
      const bodies = node.branches.map(({ body }) => ofStatements(body, scriptOf));
      const all: Status[] = [...bodies, node.otherwise ? ofStatements(node.otherwise, scriptOf) : 'always'];
      return all.every((status) => status === 'always') ? 'always' : 'asks';
    }
    case 'test':
      return isTrue(node.text.trim().split(/\s+/)) ? 'always' : 'asks';
    default:
      return 'asks';
  }
}

function negated(status: Status): Status {
  if (status === 'always') return 'never';
  return status === 'never' ? 'always' : status === 'lenient' ? 'asks' : status;
}

function wordsOf({ words }: Extract<ShellNode, { kind: 'command' }>): string[] {
  return words.map((word) => word.value ?? word.text);
}

/** A command line that no shell parser read: operators stand outside of quotes. */
function ofLine(line: string, scriptOf: ScriptOf): Status {
  let status: Status = 'always';
  let operator = ';';
  let leaves = false;
  const pieces = line.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|&&|\|\||[;|\n]|[^;|&"'\\\n]+|.)/gs) ?? [];
  let words = '';
  const end = (next: string): void => {
    const own = wordsIn(words);
    words = '';
    if (own.length > 0) {
      const hands = own[0] === 'exit' && (own.length === 1 || own[1] === '$?');
      const found = hands
        ? status
        : operator === '|' && PRINTERS.has(baseName(own[0]!))
          ? 'always'
          : ofWords(own, scriptOf);
      if (own[0] === 'exit' && own[1] !== '0' && !hands && next !== '') leaves = true;
      if (!/^\w+$|^[/.\w-]+$|^\[+$|^:$/.test(own[0]!)) status = 'asks';
      else if (operator === '&&') status = both(status, found);
      else if (operator === '||') status = either(status, found);
      else status = found;
    }
    operator = next;
  };
  for (const piece of pieces) {
    if (/^(?:&&|\|\||[;|\n])$/.test(piece)) end(piece);
    else words += piece;
  }
  end('');
  // `> /dev/tcp/localhost/80` connects.
  return leaves || /\/dev\/(?:tcp|udp)\/|(?:^|[;\s])(?:if|while|until|for|case|function)\s|\$\(|`/.test(line)
    ? 'asks'
    : status;
}

function wordsIn(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? [])
    .map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'))
    .filter((word) => !/^\d?>|^&>|^2>&1$/.test(word));
}

// ---------------------------------------------------------------- simple commands

const SHELL = /^(?:ba|da|a|k|z)?sh$/;
/** Programs whose status is 0 whatever the container does. */
const ALWAYS = new Set(['true', ':', 'echo', 'printf', 'sleep', 'date', 'whoami', 'pwd', 'uname', 'uptime', 'id']);
/** Programs at the end of a pipe that print whatever comes. */
const PRINTERS = new Set([
  'cat',
  'tee',
  'head',
  'tail',
  'sort',
  'wc',
  'tr',
  'sed',
  'awk',
  'cut',
  'xargs',
  'echo',
  'true',
]);
/** `-v` and `-V` of these print the version. */
const VERSIONED = /^(?:node|nginx|python[\d.]*|php|ruby|java|npm|httpd|apachectl|apache2ctl|redis-server|openssl)$/;
const LAUNCHERS = /^(?:exec|env|timeout|time|nice|sudo|gosu|su-exec|command)$/;
const PUBLIC_HOST = /^https?:\/\/(?!localhost\b)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev)(?:[:/]|$)/i;

function ofWords(all: readonly string[], scriptOf: ScriptOf): Status {
  const words = behindLaunchers(all);
  const [first = '', ...rest] = words;
  const name = baseName(first);
  if (name === 'exit') return rest[0] === '0' ? 'always' : /^\d+$/.test(rest[0] ?? '') ? 'never' : 'asks';
  if (name === 'false') return 'never';
  if (ALWAYS.has(name) || (name === 'ls' && rest.every((word) => word === '/' || word.startsWith('-'))))
    return 'always';
  if (name === 'test' || name === '[') return isTrue(rest.filter((word) => word !== ']')) ? 'always' : 'asks';
  if (/^--?(?:version|help)$/.test(rest.at(-1) ?? '')) return 'always';
  if (rest.length === 1 && /^-[vV]$/.test(rest[0]!) && VERSIONED.test(name)) return 'always';
  if (/^(?:python|pypy)[\d.]*$/.test(name))
    return rest.includes('-c') ? ofPython(rest[rest.indexOf('-c') + 1] ?? '') : 'asks';
  if (/^(?:node|nodejs|bun)$/.test(name)) return ofJavaScript(rest);
  if (name === 'curl') return ofCurl(rest);
  if (name === 'ping') return rest.some((word) => /^(?:localhost|127\.[\d.]+|::1)$/.test(word)) ? 'always' : 'aside';
  if (name === 'wget' && rest.some((word) => PUBLIC_HOST.test(word))) return 'aside';
  if (/^(?:nginx|openresty)$/.test(name) && rest.includes('-t')) return 'aside';
  if (/^(?:apachectl|apache2ctl|httpd)$/.test(name) && rest.some((word) => /^(?:configtest|-t)$/.test(word)))
    return 'aside';
  const script = SHELL.test(name) ? rest.find((word) => !word.startsWith('-')) : first;
  const statements = script?.includes('/') ? scriptOf(script) : undefined;
  return statements && ofStatements(statements, NO_SCRIPTS) === 'always' ? 'always' : 'asks';
}

function behindLaunchers(all: readonly string[]): readonly string[] {
  let words = all;
  for (let i = 0; i < 4 && LAUNCHERS.test(baseName(words[0] ?? '')); i++) {
    let skip = 1;
    while (skip < words.length - 1 && /^-|^\w+=|^\d+[smh]?$/.test(words[skip]!)) skip++;
    if (/^(?:gosu|su-exec)$/.test(baseName(words[0]!))) skip++;
    if (skip >= words.length) break;
    words = words.slice(skip);
  }
  return words;
}

/** Operands of `test` that are constant and hold: `1 = 1`, `ok`. */
function isTrue(operands: readonly string[]): boolean {
  if (operands.some((word) => word.includes('$') || word.includes('`'))) return false;
  if (operands.length === 1) return operands[0] !== '';
  const [left, operator, right] = operands;
  return operands.length === 3 && /^(?:==?|-eq|-le|-ge)$/.test(operator!) && left === right;
}

function ofCurl(words: readonly string[]): Status {
  if (words.some((word) => PUBLIC_HOST.test(word))) return 'aside';
  if (words.some((word) => /^(?:telnet|ftp|gopher|dict):/.test(word) || word === '--connect-only')) return 'asks';
  // Letters behind one that takes a value belong to it: -ofile, -XGET.
  const fails = words.some(
    (word) => /^--fail(?:-with-body|-early)?$/.test(word) || /^-[a-zA-Z#]*f/.test(shortFlags(word)),
  );
  return fails ? 'asks' : 'lenient';
}

function shortFlags(word: string): string {
  return /^-[^-]/.test(word) ? word.replace(/(?<=^-[a-zA-Z#]*)[AbcCdDeEFhHKmoQrTuUwxXyYz].*$/, '') : '';
}

const HARMLESS_JS = /^(?:\s*(?:process\.exit\(\s*0?\s*\)|console\.log\([^()]*\))?\s*;?)*$/;

function ofJavaScript(words: readonly string[]): Status {
  const flag = words.findIndex((word) => /^(?:-e|-p|--eval|--print)$/.test(word));
  if (flag < 0) return 'asks';
  const code = words[flag + 1] ?? '';
  return code.length < 500 && HARMLESS_JS.test(code) ? 'always' : 'asks';
}

/** Calls of a program that ask nobody; `bind` counts where the port is any that is free. */
const HARMLESS_CALLS = /^(?:print|time\.sleep|socket\.socket|sys\.stdout\.\w+)$/;
const HARMLESS_METHODS = /^(?:close|setsockopt|settimeout|getsockname|write|flush)$/;
const EXITS = /^(?:sys\.exit|exit|quit|os\._exit)$/;
const STANDARD = /^(?:sys|os|time|json|socket|datetime|platform|math|re)(?:\.|$)/;

function ofPython(code: string): Status {
  const module = readPython(code);
  if (!module || module.raises.length > 0) return 'asks';
  let status: Status = module.imports.every(({ name }) => STANDARD.test(name)) ? 'always' : 'aside';
  for (const call of module.calls) {
    const callee = module.values[call.callee.value]!;
    const [first] = call.args;
    const given = first === undefined ? undefined : module.values[first.value]!;
    if (callee.kind === 'global' && EXITS.test(callee.name)) {
      const zero = given === undefined || (given.kind === 'const' && (given.value === 0 || given.value === null));
      if (!zero) return 'asks';
    } else if (callee.kind === 'attr' && callee.name === 'bind') {
      if (!bindsAnyPort(module, given)) return 'asks';
    } else if (callee.kind === 'attr') {
      if (!HARMLESS_METHODS.test(callee.name)) return 'asks';
    } else if (callee.kind !== 'global' || !HARMLESS_CALLS.test(callee.name)) return 'asks';
  }
  if (module.imports.length === 0 && module.calls.length === 0 && code.trim() === '') status = 'asks';
  return status;
}

function bindsAnyPort(module: Module, address: Module['values'][number] | undefined): boolean {
  const port = address?.kind === 'list' ? module.values[address.items[1] ?? -1] : undefined;
  return port?.kind === 'const' && port.value === 0;
}
