/** Knows the contract of a reporter: a pure function from a report to text. */
import type { Level, Report } from '../report.ts';

export interface ReporterOptions {
  /** Which results SARIF carries; default `full`. */
  readonly profile?: 'full' | 'github';
  /** SARIF's `automationDetails`; absent unless given. */
  readonly category?: string;
  /** Lowers every SARIF level above it, and the security severity with it. */
  readonly maxLevel?: Level;
  /** Terminal: ANSI styles; default false. */
  readonly color?: boolean;
  /** Terminal: columns to fill; default 80. */
  readonly width?: number;
  /** Terminal: own glyphs in ASCII only; default false. */
  readonly ascii?: boolean;
  /** Terminal: every finding in full; default false. */
  readonly verbose?: boolean;
  /** Terminal: the scanned root as seen from the current directory, put before every path so that it can be clicked. */
  readonly root?: string;
}

/** Prints nothing and decides no exit code; the text ends with a line break. */
export type Reporter = (report: Report, options?: ReporterOptions) => string;
