/** Knows shell files. */
import type { Extractor } from './facts.ts';

export type Script = Record<string, never>;

export const script: Extractor<'script'> = {
  kind: 'script',
  accepts: () => false,
  load: async () => () => ({}),
};
