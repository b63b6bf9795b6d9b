/** Knows the list of reporters, and nothing else. */
import { json } from './json.ts';
import type { Reporter } from './reporter.ts';
import { sarif } from './sarif.ts';
import { terminal } from './terminal.ts';

export const reporters: Readonly<Record<string, Reporter>> = { json, sarif, terminal };
