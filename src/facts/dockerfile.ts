/** Knows dockerfile files. */
import type { Extractor } from './facts.ts';

export type Dockerfile = Record<string, never>;

export const dockerfile: Extractor<'dockerfile'> = {
  kind: 'dockerfile',
  accepts: () => false,
  load: async () => () => ({}),
};
