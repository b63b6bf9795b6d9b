/** Knows when a process is started with a command that somebody else can shape. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { baseOf, isCommandSetting, isShell, positional, wildcard } from '../facts/program/commands.ts';
import { constants, type Origin, origins, originText } from '../facts/program/flow.ts';
import { argument, type CallSite, linkProgram, type Node, type Program, placeIn } from '../facts/program/link.ts';
import type { Ref, Site } from '../facts/program/model.ts';

const fix =
  'Pass a list with a constant program, check each value against a fixed list or a full pattern, and put `--` before values; quote with `shlex.quote` where a shell must stay (in Node.js `execFile` or `spawn` take a list and start no shell).';

export const subprocessValidation = defineCheck({
  id: 'subprocess-validation',
  needs: {
    program: [
      'subprocess',
      'system',
      'popen',
      'Popen',
      'exec',
      'spawn',
      'commands',
      'paramiko',
      'fabric',
      'invoke',
      'pty',
      'shell',
      'BashOperator',
      'execa',
    ],
  },
  messages: {
    request: {
      what: 'Data from a request becomes part of the command of {call}.',
      why: 'Whoever sends the request runs commands on the server with all rights of the service.',
      fix,
      severity: 'critical',
    },
    shell: {
      what: '{call} gives a shell a text with parts that are not constant: {parts}.',
      why: 'A semicolon, a backtick or a dollar sign in one of the parts starts another command with the rights of this process.',
      fix,
    },
    program: {
      what: 'The program that {call} starts is chosen by {parts}.',
      why: 'Whoever controls that text starts any program on the machine.',
      fix: 'Choose the program from a fixed list by a name that is checked.',
    },
    option: {
      what: 'A value from a request stands where {parts} reads options.',
      why: 'A value that begins with a hyphen becomes an option, and {parts} has options that write files or run commands.',
      fix: 'Put `--` before the value, or refuse values that begin with a hyphen.',
      severity: 'medium',
    },
    wildcard: {
      what: '{call} lets the shell put the names of files in place of `{parts}`.',
      why: 'A file whose name begins with a hyphen becomes an option, and some options run commands or hand files to others.',
      fix: 'Write `./*`, or put `--` before the pattern.',
      severity: 'low',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const starters = options.starters as Readonly<Record<string, string>>;
    const subjects = program.calls(Object.keys(starters)).map((site) => {
      const name = site.names.find((one) => starters[one] !== undefined)!;
      return judge({ program, options, site, name }, starters[name]!);
    });
    return {
      subjects,
      lookedFor: 'subprocess, os.system, os.popen, os.exec*, asyncio, child_process and other process starts',
    };
  },
});

interface Start {
  readonly program: Program;
  readonly options: Options;
  readonly site: CallSite;
  readonly name: string;
}

/** What is wrong with a start; undefined when nothing is. */
interface Problem {
  readonly message: 'request' | 'shell' | 'program' | 'option' | 'wildcard';
  readonly origin?: Origin;
  readonly parts: string;
  readonly confidence?: 'medium' | 'low';
}

function judge(start: Start, rule: string): Subject {
  const { program, site, name } = start;
  const { call, unit } = site;
  const [place, label] = [placeIn(unit, call), `${name}()`];
  const [kind, position] = rule.split(' ') as [string, string?];
  const index = Number(position ?? 0);
  const value = argument(call, index, 'args', 'cmd', 'command', 'bash_command', 'file', 'path') ?? call.args[index];
  if (!value) return pass(label, place, 'no command is given');
  const [node, at] = [{ unit, ref: value.value }, call as Site];
  let problem: Problem | undefined;
  if (kind === 'shell') problem = text(start, node, at);
  else if (kind === 'items' && isShell(program, site))
    problem = joined(start, positional(program, site, index, false), at);
  else if (kind === 'list' && isShell(program, site)) problem = list(start, node, at, true) ?? text(start, node, at);
  else if (kind === 'list') problem = list(start, node, at, false);
  else {
    const refs = positional(program, site, index, kind === 'exec');
    problem =
      items(start, unit, refs, at) ??
      (kind === 'exec' && refs[0] !== undefined ? replaced(start, { unit, ref: refs[0] }, at) : undefined);
  }
  if (!problem) return pass(label, place, 'constant, checked or quoted, or without a shell');
  const steps = problem.origin?.trace ?? [];
  const finding: Finding = {
    message: problem.message,
    data: { call: label, parts: problem.parts },
    place,
    confidence: problem.confidence ?? 'high',
    ...(steps.length > 1 ? { trace: steps } : {}),
  };
  return fail(label, finding);
}

/** A text that a shell reads. */
function text({ program, options }: Start, node: Node, at: Site | undefined): Problem | undefined {
  const known = constants(program, node.unit, node.ref);
  if (known) {
    const parts = known.map((one) => wildcard(String(one))).find(Boolean);
    return parts ? { message: 'wildcard', parts, confidence: 'low' } : undefined;
  }
  const sanitizers = new Set(options.quoters as readonly string[]);
  const all = origins(program, node.unit, node.ref, { sanitizers, ...(at ? { at } : {}) });
  const unsafe = all.filter((one) => one.kind !== 'const' && one.kind !== 'safe' && !isFixed(options, one));
  const worst =
    unsafe.find((one) => one.kind === 'source' && one.source === 'request') ??
    unsafe.find((one) => one.kind === 'source') ??
    unsafe[0];
  if (!worst) return undefined;
  const problem = { origin: worst, parts: originText(worst) };
  if (worst.kind === 'source' && worst.source === 'request') return { ...problem, message: 'request' };
  return { ...problem, message: 'shell', ...(isCommandSetting(node, worst) ? { confidence: 'low' } : {}) };
}

/** Program and arguments that are joined to one text, which a shell reads. */
function joined(start: Start, refs: readonly Ref[], at: Site): Problem | undefined {
  return refs.map((ref) => text(start, { unit: start.site.unit, ref }, at)).reduce(worse, undefined);
}

/** Values such as the path of the interpreter, which nobody else chooses. */
function isFixed(options: Options, one: Origin): boolean {
  const fixed = options.fixed as readonly string[];
  if (one.kind === 'external') return fixed.some((name) => one.name === name || one.name.startsWith(`${name}.`));
  return one.kind === 'call' && one.names.some((name) => fixed.includes(name));
}

/** A command given as a list, wherever it was made. */
function list(start: Start, node: Node, at: Site, shell: boolean): Problem | undefined {
  let found: Problem | undefined;
  for (const origin of origins(start.program, node.unit, node.ref, { whole: true, at })) {
    const { node: end } = origin;
    const value = end.unit.module.values[end.ref]!;
    let problem: Problem | undefined;
    if (value.kind === 'list') {
      if (shell) continue;
      const local = end.unit === node.unit ? at : undefined;
      problem = items(start, end.unit, value.items, local);
    } else if (!shell && origin.kind !== 'const' && origin.kind !== 'safe') problem = chosen(start, end, at);
    found = worse(found, problem);
  }
  return found;
}

function worse(a: Problem | undefined, b: Problem | undefined): Problem | undefined {
  const order = ['request', 'shell', 'program', 'option', 'wildcard'];
  if (!a || !b) return a ?? b;
  return order.indexOf(b.message) < order.indexOf(a.message) ? b : a;
}

/** Program and arguments that reach the kernel as they are. */
function items(start: Start, unit: Node['unit'], refs: readonly Ref[], at: Site | undefined): Problem | undefined {
  const { program } = start;
  const shells = start.options.shells as readonly string[];
  const names = refs.map((ref) => {
    const known = constants(program, unit, ref);
    return known?.length === 1 && typeof known[0] === 'string' ? known[0] : undefined;
  });
  const first = refs[0];
  if (first === undefined) return undefined;
  for (let i = 0; i < Math.min(4, names.length); i++) {
    if (names[i] === undefined || !shells.includes(baseOf(names[i]!))) continue;
    const flag = names.findIndex((name, k) => k > i && name !== undefined && /^(?:-\w*c|\/[ck]|-command)$/i.test(name));
    // `bash -n` reads commands and runs none.
    if (flag > 0 && refs[flag + 1] !== undefined && !names.slice(i + 1, flag).includes('-n'))
      return text(start, { unit, ref: refs[flag + 1]! }, at);
  }
  if (names[0] === undefined) {
    const problem = chosen(start, { unit, ref: first }, at);
    if (problem) return problem;
  }
  return argumentsOf(start, unit, refs, names, at);
}

/** Is the program, or the script an interpreter runs, chosen from outside? */
function chosen({ program, options }: Start, node: Node, at: Site | undefined): Problem | undefined {
  const found = origins(program, node.unit, node.ref, { ...(at ? { at } : {}) });
  const sources = options.programSources as readonly string[];
  const worst =
    found.find((one) => one.kind === 'source' && one.source === 'request') ??
    found.find((one) => one.kind === 'source' && sources.includes(one.source));
  if (worst?.kind !== 'source') return undefined;
  if (worst.source === 'request') return { message: 'request', origin: worst, parts: 'a request' };
  // Whoever calls a tool with `--browser PATH` chooses for himself.
  const confidence = worst.name.includes('parse_args') ? 'low' : 'medium';
  return { message: 'program', origin: worst, parts: originText(worst), confidence };
}

/** A process that becomes another program, which is not known. */
function replaced(start: Start, node: Node, at: Site): Problem | undefined {
  const problem = text(start, node, at);
  return problem?.message === 'shell' ? { ...problem, message: 'program', confidence: 'medium' } : problem;
}

function argumentsOf(
  start: Start,
  unit: Node['unit'],
  refs: readonly Ref[],
  names: readonly (string | undefined)[],
  at: Site | undefined,
): Problem | undefined {
  const { program, options } = start;
  const base = names[0] === undefined ? '' : baseOf(names[0]).replace(/[\d.]+$/, '');
  const interpreter = (options.interpreters as readonly string[]).includes(base);
  if (!interpreter && !(options.optionPrograms as readonly string[]).includes(base)) return undefined;
  for (let i = 1; i < refs.length; i++) {
    // What follows the script of an interpreter is the script's business.
    if (names[i] === '--' || (interpreter && names[i] !== undefined && !names[i]!.startsWith('-'))) return undefined;
    if (names[i] !== undefined) continue;
    const value = unit.module.values[refs[i]!]!;
    // `--depth=${n}` begins with a text of its own, so it stays one option.
    if (!interpreter && value.kind === 'concat' && unit.module.values[value.parts[0]!]!.kind === 'const') continue;
    const found = origins(program, unit, refs[i]!, { ...(at ? { at } : {}) });
    const request = found.find((one) => one.kind === 'source' && one.source === 'request');
    if (request) return { message: interpreter ? 'request' : 'option', origin: request, parts: base };
    // An address that is a transport of its own (`ext::`) runs commands.
    const param = found.find((one) => one.kind === 'param');
    const fetches = (options.fetching as readonly string[]).includes(`${base} ${names[1]}`);
    if (param && fetches) return { message: 'option', origin: param, parts: base, confidence: 'low' };
  }
  return undefined;
}
