/** Knows the words of shell commands with the variables of a script replaced, launchers and options told apart. */
import type { Word, WordPart } from '../shell.ts';
import type { Scope } from '../variables.ts';

const MAX_WORD = 20_000;

/** A word as the shell would pass it on. */
export interface ResolvedWord {
  readonly text: string;
  /** No variable without a known value is left in it. */
  readonly known: boolean;
  readonly variables: readonly string[];
  /** It is one variable and nothing else. */
  readonly alone?: true;
}

/** Replaces variables by their values in `scope`, or by their own default; `valueAt` may know one of any part. */
export function resolveWord(
  word: Word,
  scope: Scope,
  valueAt: (part: WordPart) => string | undefined = () => undefined,
): ResolvedWord {
  if (word.value !== undefined) return { text: word.value, known: true, variables: [] };
  if (!word.parts) return { text: word.text, known: false, variables: [] };
  let text = '';
  let known = true;
  const variables: string[] = [];
  for (const part of word.parts) {
    const value =
      valueAt(part) ??
      (part.kind === 'variable'
        ? (scope.get(part.name) ?? (part.operator?.includes('-') ? part.operand?.value : undefined))
        : undefined);
    if (part.kind === 'variable') variables.push(part.name);
    if (part.kind !== 'literal' && part.kind !== 'pattern' && value === undefined) known = false;
    text += value ?? part.text;
    // A script that doubles a text line by line would fill the memory.
    if (text.length > MAX_WORD) return { text: text.slice(0, MAX_WORD), known: false, variables };
  }
  const alone = word.parts.length === 1 && variables.length === 1;
  return { text, known, variables, ...(alone ? { alone } : {}) };
}

/** Last part of a path. */
export function baseName(text: string): string {
  const clean = text.replace(/\/+$/, '');
  return clean.slice(clean.lastIndexOf('/') + 1);
}

/** Words behind `sudo`, `env A=b`, `exec`, `time`. */
export function withoutLaunchers(words: readonly ResolvedWord[]): readonly ResolvedWord[] {
  let i = 0;
  for (let round = 0; round < 5; round++) {
    if (
      !/^(?:sudo|doas|env|exec|time|nohup|nice|command|then|do|else|retry|timeout)$/.test(
        baseName(words[i]?.text ?? ''),
      )
    )
      break;
    const timed = baseName(words[i]!.text) === 'timeout';
    i++;
    while (i < words.length && /^-|^\w+=/.test(words[i]!.text)) i += /^-[ugpC]$/.test(words[i]!.text) ? 2 : 1;
    if (timed && /^\d+[smh]?$/.test(words[i]?.text ?? '')) i++;
  }
  return words.slice(i);
}

/** Options (with the value of those that take one) and the other words. */
export function split(
  words: readonly ResolvedWord[],
  valued: RegExp,
): { options: Map<string, ResolvedWord>; operands: ResolvedWord[] } {
  const options = new Map<string, ResolvedWord>();
  const operands: ResolvedWord[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const equals = /^(--[\w-]+)=([\s\S]*)$/.exec(word.text);
    if (equals) options.set(equals[1]!, { ...word, text: equals[2]! });
    else if (valued.test(word.text) && words[i + 1]) options.set(word.text, words[++i]!);
    else if (word.text.startsWith('-') && word.text !== '-') options.set(word.text, word);
    else operands.push(word);
  }
  return { options, operands };
}
