// Removes an earlier build, whose files would otherwise be packed beside the new ones.
import { rmSync } from 'node:fs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
