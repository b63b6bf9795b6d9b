// Finishes a build: the command gets its executable bit, the shipped roadmap and rule pages their compiled form.
import { chmodSync, rmSync } from 'node:fs';
import { compileShipped } from '../dist/shipped.js';

chmodSync(new URL('../dist/cli.js', import.meta.url), 0o755);
// What an earlier build left must not outlive a page that is broken now.
rmSync(new URL('../dist/shipped.json', import.meta.url), { force: true });
compileShipped();
