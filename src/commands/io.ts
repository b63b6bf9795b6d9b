/** Knows what a command may use of the outside world; cli.ts gives the real one, tests another. */

export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Result; standard output alone. */
  readonly out: (text: string) => void;
  /** Warnings, errors and progress. */
  readonly err: (text: string) => void;
  readonly stdoutIsTerminal: boolean;
  readonly columns: number;
  /** ISO date of today, or of SOURCE_DATE_EPOCH. */
  readonly today: string;
  /** Peak memory of this process so far, in MB. */
  readonly peakMemory: () => number;
}

/** Exit codes, the same for every command and format. */
export const EXIT = { ok: 0, gateMissed: 1, usage: 2, incomplete: 3, noInput: 4, bug: 70, interrupted: 130 } as const;
