// Finishes a build: the command gets its executable bit, the shipped roadmap and rule pages their compiled form.
import { chmodSync } from 'node:fs';
import { compileShipped } from '../dist/shipped.js';

chmodSync(new URL('../dist/cli.js', import.meta.url), 0o755);
compileShipped();
