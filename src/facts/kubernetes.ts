/** Knows kubernetes files. */
import type { Extractor } from './facts.ts';

export type Manifest = Record<string, never>;

export const kubernetes: Extractor<'kubernetes'> = {
  kind: 'kubernetes',
  accepts: () => false,
  load: async () => () => ({}),
};
