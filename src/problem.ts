/** Knows the three kinds of things that go wrong: the user's input, a file that cannot be judged, and our own bugs. */

/** A mistake in what the user gave (arguments, configuration, roadmap, paths): exit code 2, message and hint, no stack. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** What to do about it, as a full sentence. */
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Something in the scanned tree that could not be read or judged. It never ends the run: it is listed in the report and
 * printed on stderr, and what depends on it is `notAssessed`.
 */
export interface Notification {
  readonly kind: 'unreadable' | 'unparsable' | 'limit' | 'crash' | 'configuration' | 'environment';
  readonly level: 'note' | 'warning' | 'error';
  readonly message: string;
  readonly path?: string;
  /** 1-based. */
  readonly line?: number;
  /** Item that is affected, where only one is. */
  readonly item?: string;
}

/** `candidate` nearest to `word` by edit distance, or undefined when none is close enough to be a likely slip. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance in single-character edits. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
