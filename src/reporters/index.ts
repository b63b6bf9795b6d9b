/** Knows the list of reporters, and nothing else. */
import { github } from './github.ts';
import { json } from './json.ts';
import { markdown } from './markdown.ts';
import type { Reporter } from './reporter.ts';
import { sarif } from './sarif.ts';
import { terminal } from './terminal.ts';

export const reporters: Readonly<Record<string, Reporter>> = { github, json, markdown, sarif, terminal };
