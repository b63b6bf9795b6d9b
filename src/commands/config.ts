/** Knows the config command: print the configuration in force with the origin of every value. */
import { printConfig } from '../config-print.ts';
import { EXIT, type Io } from './io.ts';
import { prepare, type ScanFlags } from './prepare.ts';

export async function config(path: string, flags: ScanFlags, io: Io): Promise<number> {
  const prepared = await prepare(path, flags, io);
  io.out(printConfig(prepared.config, prepared.builtin, prepared.pages));
  return EXIT.ok;
}
