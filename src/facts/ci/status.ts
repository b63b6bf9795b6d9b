/** Knows what becomes of a command's failure inside a shell script: whether the script fails with it, and if not, why. */

import {
  assign,
  follow,
  inSubshell,
  isAnchored,
  leaves,
  rejoin,
  type Standing,
  standing,
  wordAt,
} from '../shell/folders.ts';
import {
  type AndOr,
  type Assignment,
  bodiesOf,
  type Command,
  childNodes,
  commandText,
  eachCommand,
  type If,
  type Pipeline,
  type ShellNode,
  type Statement,
  substitutions,
  variablesOf,
  type Word,
  wordsOf,
} from '../shell.ts';
import type { Span } from '../span.ts';

export type Fate =
  /** The script fails. */
  | { readonly kind: 'counts' }
  /** Something else looks at it. `outputs`: it only reaches these step outputs or environment names. */
  | { readonly kind: 'handled'; readonly how: string; readonly outputs?: readonly string[] }
  | {
      readonly kind: 'lost';
      readonly by: 'or' | 'and' | 'pipe' | 'errexit' | 'sequence' | 'condition' | 'trap' | 'outside';
      /** From the command to what loses its failure. */
      readonly span: Span;
      /** What loses it, as written: `|| true`. */
      readonly text: string;
      /** A construct elsewhere that is to blame: `set +e`, the trap. */
      readonly cause?: Span;
    };

export interface Run {
  readonly command: Command;
  readonly fate: Fate;
  /** The folder it runs in, for `pathsIn` of shell-folders.ts. */
  readonly directory: string;
  /** Words that name a place of the tree wherever they are used, by their text as written; for `pathsIn` as well. */
  readonly paths?: ReadonlyMap<string, string>;
  /** Runs only when an earlier test of the same list or `if` allows it. */
  readonly guarded: boolean;
}

export interface ShellFlags {
  readonly errexit: boolean;
  readonly pipefail: boolean;
}

interface State {
  errexit: boolean;
  pipefail: boolean;
  off?: Span;
  trap?: Span;
  at: Standing;
}

interface Context {
  readonly state: State;
  readonly functions: Map<string, readonly Statement[]>;
  readonly decisive: ReadonlyMap<string, readonly string[]>;
  readonly neutral: (command: Command) => boolean;
  readonly runs: Run[];
  readonly budget: { left: number };
  readonly outer: Fate;
  readonly depth: number;
  /** Inside a condition, or left of `&&` and `||`: `-e` has no effect. */
  readonly exempt: boolean;
  readonly guarded: boolean;
}

const counts: Fate = { kind: 'counts' };
const handled = (how: string, outputs?: readonly string[]): Fate =>
  outputs && outputs.length > 0 ? { kind: 'handled', how, outputs } : { kind: 'handled', how };

/**
 * Every command that the script runs, in order, with the fate of its failure; functions where they are called.
 * `neutral` says of a command that it succeeds whatever happened before (`echo`, `docker logs`). `outer` is the fate of
 * the whole script's failure.
 */
export function runsOf(
  statements: readonly Statement[],
  flags: ShellFlags,
  neutral: (command: Command) => boolean,
  outer: Fate = counts,
): readonly Run[] {
  const context: Context = {
    state: { ...flags, at: standing() },
    functions: functionsOf(statements),
    decisive: decisiveVariables(statements, neutral),
    neutral,
    runs: [],
    budget: { left: 20_000 },
    outer,
    depth: 0,
    exempt: false,
    guarded: false,
  };
  list(statements, counts, context);
  return context.runs;
}

function functionsOf(statements: readonly Statement[]): Map<string, readonly Statement[]> {
  const found = new Map<string, readonly Statement[]>();
  const visit = (body: readonly Statement[]): void => {
    for (const { node } of body) {
      if (node.kind === 'function') found.set(node.name, node.body);
      for (const inner of bodiesOf(node)) visit(inner);
    }
  };
  visit(statements);
  return found;
}

function list(statements: readonly Statement[], fate: Fate, context: Context): void {
  const { state } = context;
  for (const [i, statement] of statements.entries()) {
    const { node } = statement;
    if (statement.background) {
      visit(node, handled('runs in the background'), undefined, context);
      continue;
    }
    const next = statements[i + 1];
    const captured = next ? capture(next, context, fate) : undefined;
    const effective = state.errexit && !context.exempt;
    let final = fate;
    if (next) final = effective ? counts : (captured ?? lostIn(statement, state));
    const early = next ? (captured ?? lost('and', statement.span, textOf(node))) : fate;
    visit(node, trapped(final, statement, state), trapped(early, statement, state), context, next);
    applyBuiltin(node, state);
  }
}

function lost(by: (Fate & { kind: 'lost' })['by'], span: Span, text: string, cause?: Span): Fate {
  return cause ? { kind: 'lost', by, span, text, cause } : { kind: 'lost', by, span, text };
}

function lostIn(statement: Statement, state: State): Fate {
  if (state.off) return lost('errexit', statement.span, 'set +e', state.off);
  return lost('sequence', statement.span, textOf(statement.node));
}

function trapped(fate: Fate, statement: Statement, { trap }: State): Fate {
  return trap && fate.kind === 'counts' ? lost('trap', statement.span, 'trap', trap) : fate;
}

function textOf(node: ShellNode): string {
  if (node.kind === 'command') return commandText(node).slice(0, 60);
  const first = childNodes(node)[0];
  return first ? textOf(first) : node.kind;
}

/** The same context for code whose `set`, `trap` and `cd` do not outlive it. */
function subshell({ state, ...context }: Context): Context {
  return { ...context, state: { ...state, at: inSubshell(state.at) } };
}

/** `set` and `trap` change how the following statements run. */
function applyBuiltin(node: ShellNode, state: State): void {
  if (node.kind === 'and-or') applyBuiltin(node.items[0]!, state);
  if (node.kind !== 'command') return;
  const [name, ...rest] = node.words.map((word) => word.text);
  if (name === 'set') {
    rest.forEach((word, i) => {
      const on = word.startsWith('-');
      if (/^[-+]\w*e/.test(word) || (/^[-+]\w*o$/.test(word) && rest[i + 1] === 'errexit')) {
        state.errexit = on;
        if (on) delete state.off;
        else state.off = node.span;
      }
      if (/^[-+]\w*o$/.test(word) && rest[i + 1] === 'pipefail') state.pipefail = on;
    });
  } else if (name === 'trap') {
    const [action, ...signals] = rest.filter((word) => !word.startsWith('--'));
    if (!signals.some((signal) => /^(?:EXIT|ERR|0)$/.test(signal))) return;
    if (/(?:^|[\s;])exit\s+0\b/.test(action ?? '')) state.trap = node.span;
    else if (action === '-') delete state.trap;
  }
}

/** What the statement after a command does with the command's status; undefined when it does not look. */
function capture(
  next: Statement,
  context: Context,
  fate: Fate,
  names: readonly string[] = ['?', 'PIPESTATUS'],
): Fate | undefined {
  const { node } = next;
  const reads = (word: Word): boolean => variablesOf(word).some((name) => names.includes(name));
  if (node.kind === 'command') {
    for (const one of node.assignments) {
      if ((one.value && reads(one.value)) || one.elements?.some(reads)) return savedIn([one.name], context, node.span);
    }
    if (!node.words.some(reads)) return undefined;
    if (/^(?:exit|return)$/.test(node.words[0]?.text ?? '')) return fate.kind === 'lost' ? fate : counts;
    const outputs = outputsOf(node);
    return outputs.length > 0 ? handled('its status is written to an output', outputs) : undefined;
  }
  if (
    node.kind === 'if' &&
    node.branches.some(({ condition }) => condition.some((s) => mentions(s.node, reads, names)))
  ) {
    const acting = [...node.branches.map((b) => b.body), node.otherwise ?? []].some((body) => acts(body, context));
    return acting ? handled('its status is checked') : undefined;
  }
  if (node.kind === 'and-or' && mentions(node, reads, names)) {
    return node.items.some((item) => actsNode(item, context)) ? handled('its status is checked') : undefined;
  }
  if ((node.kind === 'test' || node.kind === 'pipeline' || node.kind === 'case') && mentions(node, reads, names)) {
    return handled('its status is checked');
  }
  return undefined;
}

function mentions(node: ShellNode, reads: (word: Word) => boolean, names: readonly string[]): boolean {
  if (node.kind === 'test' && names.some((name) => node.text.includes(name))) return true;
  return wordsOf(node).some(reads) || childNodes(node).some((child) => mentions(child, reads, names));
}

function savedIn(names: readonly string[], context: Context, span: Span): Fate {
  for (const name of names) {
    const outputs = context.decisive.get(name);
    if (outputs)
      return outputs.includes('')
        ? handled(`its status is saved in ${name} and used`)
        : handled(`its status is saved in ${name}`, outputs);
  }
  return lost('sequence', span, `${names[0]}=...`);
}

function visit(node: ShellNode, final: Fate, early: Fate | undefined, context: Context, next?: Statement): void {
  if (context.budget.left-- <= 0) return;
  if (node.kind === 'command') simple(node, final, context);
  else if (node.kind === 'pipeline') pipeline(node, final, context, next);
  else if (node.kind === 'and-or') andOr(node, final, early ?? final, context);
  else if (node.kind === 'if') conditional(node, final, context);
  else if (node.kind === 'block') {
    list(node.body, final, node.subshell ? subshell(context) : context);
  } else if (node.kind === 'loop') {
    inner(node.condition, handled('waited for'), context);
    list(node.body, final, context);
  } else if (node.kind === 'case') {
    for (const { body } of node.items) list(body, final, { ...context, guarded: true });
  }
}

/** Commands in a context where `-e` has no effect. */
function inner(statements: readonly Statement[], fate: Fate, context: Context): void {
  list(statements, fate, { ...subshell(context), exempt: true });
}

function simple(command: Command, final: Fate, context: Context): void {
  const { runs, state, guarded } = context;
  const plain = command.words.length === 0;
  for (const { name, value, elements } of command.assignments) {
    const savedTo = plain ? context.decisive.get(name) : undefined;
    for (const word of [value, ...(elements ?? [])]) {
      for (const body of word ? substitutions(word) : []) {
        const start = runs.length;
        inner(body, plain ? final : handled('its output is used'), context);
        if (!savedTo) continue;
        const why = savedTo.includes('')
          ? handled(`its output is checked in ${name}`)
          : handled(`its output is saved in ${name}`, savedTo);
        for (let i = start; i < runs.length; i++)
          if (runs[i]!.fate.kind === 'lost') runs[i] = { ...runs[i]!, fate: why };
      }
    }
  }
  for (const word of command.words) {
    for (const body of substitutions(word)) inside(body, context);
  }
  for (const { target } of command.redirections)
    for (const body of target ? substitutions(target) : []) inside(body, context);
  assign(command, state.at);
  if (plain) return;
  const body = context.functions.get(command.words[0]!.text);
  if (body && context.depth < 6) {
    const exempt = context.exempt || final.kind !== 'counts';
    list(body, final, { ...context, depth: context.depth + 1, exempt });
    return;
  }
  const fate = final.kind === 'counts' ? context.outer : final;
  const words = command.words.map((word) => wordAt(word, state.at));
  const named = words.flatMap(({ text }, i) => (isAnchored(text) ? [[command.words[i]!.text, text] as const] : []));
  runs.push({
    command,
    fate,
    directory: state.at.folder,
    guarded,
    ...(named.length > 0 ? { paths: new Map(named) } : {}),
  });
  follow(command, state.at, words);
}

/** Inside a substitution whose output becomes part of a command line. */
function inside(body: readonly Statement[], context: Context): void {
  const start = context.runs.length;
  inner(body, handled('its output is used'), context);
  for (let i = start; i < context.runs.length; i++) {
    if (context.runs[i]!.fate.kind === 'lost')
      context.runs[i] = { ...context.runs[i]!, fate: handled('its output is used') };
  }
}

/** Commands that pass on what they read and succeed whatever it is. */
const filters =
  /^(?:tee|cat|head|tail|sed|awk|gawk|sort|uniq|tr|cut|column|less|more|ts|fold|nl|wc|jq|yq|xq|tac|rev|indent|gzip|bzip2|xz)$/;

function pipeline(node: Pipeline, final: Fate, context: Context, next: Statement | undefined): void {
  const end = node.commands.length - 1;
  if (node.negated) {
    for (const command of node.commands)
      visit(command, handled('expected to fail'), undefined, { ...context, exempt: true });
    return;
  }
  for (const [i, command] of node.commands.entries()) {
    if (i === end || context.state.pipefail) visit(command, final, final, context);
    else {
      const fate = pipeFate(node, i, context, next, final);
      visit(command, fate, undefined, { ...subshell(context), exempt: true });
    }
  }
}

function pipeFate(node: Pipeline, index: number, context: Context, next: Statement | undefined, final: Fate): Fate {
  const saved = next ? capture(next, context, final, ['PIPESTATUS']) : undefined;
  if (saved) return saved;
  const passing = node.commands.slice(index + 1).every((command) => {
    if (command.kind !== 'command') return false;
    const [name, ...rest] = command.words.map((word) => word.text);
    if (/^(?:jq|yq)$/.test(name ?? '') && rest.some((word) => /^(?:-\w*e\w*|--exit-status)$/.test(word))) return false;
    return filters.test((name ?? '').replace(/^.*\//, '')) || context.neutral(command);
  });
  if (!passing) return handled('a later command of the pipe decides');
  if (final.kind !== 'counts') return final;
  const first = node.commands[index]!;
  const last = node.commands.at(-1)!;
  return lost('pipe', { start: first.span.start, end: last.span.end }, `| ${textOf(last)}`);
}

function andOr(node: AndOr, final: Fate, early: Fate, context: Context): void {
  const end = node.items.length - 1;
  const breaks = node.items.some((item) => item.kind === 'command' && item.words[0]?.text === 'break');
  for (const [i, item] of node.items.entries()) {
    const guarded = context.guarded || (i > 0 && node.operators[i - 1] === '&&');
    const fallback = node.operators.indexOf('||', i);
    if (i === end) {
      visit(item, final, early, { ...context, guarded });
    } else {
      const none = breaks ? handled('tried again') : early;
      const fate = fallback < 0 ? none : orFate(item, node, fallback, final, context);
      visit(item, fate, fate, { ...context, exempt: true, guarded });
    }
  }
}

function orFate(item: ShellNode, node: AndOr, operator: number, final: Fate, context: Context): Fate {
  const fallback = node.items[operator + 1]!;
  const outcome = outcomeOf([{ span: fallback.span, node: fallback }], context);
  if (outcome.kind === 'fails') return counts;
  if (outcome.kind === 'saves')
    return savedIn(outcome.names, context, { start: item.span.start, end: fallback.span.end });
  if (outcome.kind === 'other')
    return sameCommand(item, fallback) ? handled('tried again') : handled('another command takes over');
  if (final.kind === 'handled') return final;
  return lost('or', { start: item.span.start, end: fallback.span.end }, `|| ${textOf(fallback)}`);
}

function sameCommand(a: ShellNode, b: ShellNode): boolean {
  const firstWord = (node: ShellNode): string => textOf(node).split(' ', 1)[0]!;
  return firstWord(a) === firstWord(b);
}

type Outcome =
  | { readonly kind: 'fails' | 'neutral' | 'other' }
  | { readonly kind: 'saves'; readonly names: readonly string[] };

/** What a fallback does: fails, keeps the failure in variables, does nothing about it, or something else. */
function outcomeOf(body: readonly Statement[], context: Context): Outcome {
  const commands: Command[] = [];
  eachCommandHere(body, (command) => commands.push(command));
  if (commands.some(fails)) return { kind: 'fails' };
  const names = commands.flatMap((command) => command.assignments.map((assignment: Assignment) => assignment.name));
  if (names.some((name) => context.decisive.has(name))) return { kind: 'saves', names };
  const outputs = commands.flatMap(outputsOf);
  if (outputs.length > 0) return { kind: 'saves', names: outputs.map((name) => `>${name}`) };
  const last = commands.at(-1);
  if (names.length > 0 && (last?.words.length ?? 0) === 0) return { kind: 'saves', names };
  if (!last) return { kind: 'neutral' };
  const called = context.functions.get(last.words[0]?.text ?? '');
  if (called && context.depth < 6) return outcomeOf(called, { ...context, depth: context.depth + 1 });
  const ends = commands.some(
    (command) => /^(?:exit|return)$/.test(command.words[0]?.text ?? '') && command.words[1]?.value === '0',
  );
  return ends || context.neutral(last) ? { kind: 'neutral' } : { kind: 'other' };
}

/** Commands that these statements run themselves: not those in substitutions and functions. */
function eachCommandHere(body: readonly Statement[], visitOne: (command: Command) => void): void {
  const walk = (node: ShellNode): void => {
    if (node.kind === 'command') visitOne(node);
    for (const child of childNodes(node)) walk(child);
    if (node.kind === 'block' || node.kind === 'loop') eachCommandHere(node.body, visitOne);
    if (node.kind === 'case') for (const item of node.items) eachCommandHere(item.body, visitOne);
    if (node.kind !== 'if') return;
    for (const branch of node.branches) eachCommandHere(branch.body, visitOne);
    eachCommandHere(node.otherwise ?? [], visitOne);
  };
  for (const { node } of body) walk(node);
}

/** `exit 1`, `exit $status`, `return 1`, `false`. */
function fails(command: Command): boolean {
  const [name, argument] = command.words;
  if (name?.text === 'false' || name?.text === 'die' || name?.text === 'fail') return true;
  return (name?.text === 'exit' || name?.text === 'return') && argument?.value !== '0';
}

/** Names of step outputs and environment variables that a command writes to GitHub's files. */
function outputsOf(command: Command): string[] {
  const writes = command.redirections.some(({ target }) => /GITHUB_(?:OUTPUT|ENV)/.test(target?.text ?? ''));
  const text = command.words
    .slice(1)
    .map((word) => word.text)
    .join(' ');
  const old = /::set-output name=([\w-]+)/.exec(text)?.[1];
  if (old) return [old];
  const name = writes ? /^([\w-]+)=/.exec(text)?.[1] : undefined;
  return name ? [name] : [];
}

function conditional(node: If, final: Fate, context: Context): void {
  const { state } = context;
  const before = state.at;
  const ends: Standing[] = node.otherwise ? [] : [before];
  const branch = (body: readonly Statement[]): void => {
    state.at = inSubshell(before);
    list(body, final, { ...context, guarded: true });
    if (!leaves(body)) ends.push(state.at);
  };
  for (const [i, { condition, body }] of node.branches.entries()) {
    const otherwise = i + 1 < node.branches.length ? undefined : (node.otherwise ?? []);
    state.at = before;
    inner(condition.map(unnegated), conditionFate(condition, body, otherwise, context), context);
    branch(body);
  }
  if (node.otherwise) branch(node.otherwise);
  state.at = inSubshell(before);
  rejoin(state.at, ends);
}

/** In a condition, `!` only swaps the branches. */
function unnegated(statement: Statement): Statement {
  const { node } = statement;
  return node.kind === 'pipeline' && node.negated ? { ...statement, node: { ...node, negated: false } } : statement;
}

function conditionFate(
  condition: readonly Statement[],
  body: readonly Statement[],
  otherwise: readonly Statement[] | undefined,
  context: Context,
): Fate {
  const last = condition.at(-1)?.node;
  const negated = last?.kind === 'pipeline' && last.negated;
  if (!last || otherwise === undefined) return handled('another branch takes over');
  const ends = (list: readonly Statement[]): boolean => {
    let found = false;
    eachCommandHere(list, ({ words }) => {
      if (/^(?:break|exit|return)$/.test(words[0]?.text ?? '')) found = true;
    });
    return found;
  };
  const failing = negated ? body : otherwise;
  const outcome = outcomeOf(failing, context);
  if (outcome.kind === 'fails') return counts;
  if (outcome.kind === 'saves') return savedIn(outcome.names, context, condition[0]!.span);
  if (outcome.kind === 'other' || (!negated && ends(body))) return handled('its status decides what runs');
  return lost('condition', condition[0]!.span, `if ${textOf(last)}`);
}

/** Does a body do more than report: fail, run something, set what is looked at later? */
function acts(body: readonly Statement[], context: Pick<Context, 'neutral' | 'decisive'>): boolean {
  let found = false;
  eachCommandHere(body, (command) => {
    if (fails(command)) found = true;
    else if (outputsOf(command).length > 0) found = true;
    else if (command.words.length === 0) found ||= command.assignments.some(({ name }) => context.decisive.has(name));
    else if (!isTest(command) && !context.neutral(command)) found = true;
  });
  return found;
}

function actsNode(node: ShellNode, context: Pick<Context, 'neutral' | 'decisive'>): boolean {
  return node.kind !== 'test' && acts([{ span: node.span, node }], context);
}

function isTest(command: Command): boolean {
  return /^(?:\[|test)$/.test(command.words[0]?.text ?? '');
}

/**
 * Variables whose value decides whether the script fails. The value lists step outputs they are written to, and '' when
 * the script itself acts on them.
 */
function decisiveVariables(
  statements: readonly Statement[],
  neutral: (command: Command) => boolean,
): ReadonlyMap<string, readonly string[]> {
  const decisive = new Map<string, string[]>();
  const edges: { readonly from: string; readonly to: string }[] = [];
  const pending: { readonly names: readonly string[]; readonly bodies: readonly (readonly Statement[])[] }[] = [];
  const mark = (names: readonly string[], output = ''): boolean => {
    let changed = false;
    for (const name of names) {
      const known = decisive.get(name);
      if (!known) decisive.set(name, [output]);
      else if (!known.includes(output)) known.push(output);
      else continue;
      changed = true;
    }
    return changed;
  };
  const inWords = (node: ShellNode): string[] => {
    const own = node.kind === 'test' ? (node.text.match(/[A-Za-z_]\w*/g) ?? []) : [];
    return [...own, ...wordsOf(node).flatMap(variablesInside), ...childNodes(node).flatMap(inWords)];
  };
  const walk = (node: ShellNode, alone: boolean): void => {
    if (node.kind === 'command') {
      const name = node.words[0]?.text ?? '';
      if (/^(?:exit|return)$/.test(name)) mark(node.words.slice(1).flatMap(variablesOf));
      if (node.words[0]?.parts) mark(variablesOf(node.words[0]));
      if (alone && isTest(node)) mark(inWords(node));
      for (const output of outputsOf(node)) {
        mark([`>${output}`], output);
        mark(node.words.flatMap(variablesInside), output);
      }
      for (const { name: to, value } of node.assignments) {
        for (const from of value ? variablesInside(value) : []) edges.push({ from, to });
      }
    } else if (node.kind === 'test') {
      if (alone) mark(inWords(node));
    } else if (node.kind === 'if') {
      const names = node.branches.flatMap((b) => b.condition.flatMap((s) => inWords(s.node)));
      pending.push({ names, bodies: [...node.branches.map((b) => b.body), node.otherwise ?? []] });
    } else if (node.kind === 'and-or') {
      const names = node.items.slice(0, -1).flatMap(inWords);
      pending.push({ names, bodies: node.items.slice(1).map((item) => [{ span: item.span, node: item }]) });
    } else if (node.kind === 'case') {
      pending.push({ names: variablesOf(node.word), bodies: node.items.map((item) => item.body) });
    } else if (node.kind === 'pipeline' && alone) {
      const last = node.commands.at(-1);
      const judged = last?.kind === 'command' && !filters.test(last.words[0]?.text ?? '') && !neutral(last);
      if (judged) mark(inWords(node));
    }
    for (const child of childNodes(node)) walk(child, alone && node.kind !== 'and-or');
    const conditions: (readonly Statement[])[] = node.kind === 'if' ? node.branches.map((b) => b.condition) : [];
    if (node.kind === 'loop') conditions.push(node.condition);
    for (const body of bodiesOf(node)) {
      for (const statement of body) walk(statement.node, node.kind !== 'command' && !conditions.includes(body));
    }
  };
  for (const { node } of statements) walk(node, true);
  for (let round = 0; round < 6; round++) {
    let changed = false;
    for (const { names, bodies } of pending) {
      if (bodies.some((body) => acts(body, { neutral, decisive }))) changed = mark(names) || changed;
    }
    for (const { from, to } of edges) {
      for (const output of decisive.get(to) ?? []) changed = mark([from], output) || changed;
    }
    if (!changed) break;
  }
  return decisive;
}

/** Variables of a word and of the substitutions inside it. */
function variablesInside(word: Word): string[] {
  const names = [...variablesOf(word)];
  for (const body of substitutions(word)) {
    eachCommand(body, (command) => {
      for (const one of wordsOf(command)) names.push(...variablesOf(one));
    });
  }
  return names;
}
