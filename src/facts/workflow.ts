/** Knows workflow files. */
import type { Extractor } from './facts.ts';

export type Pipeline = Record<string, never>;

export const workflow: Extractor<'workflow'> = {
  kind: 'workflow',
  accepts: () => false,
  load: async () => () => ({}),
};
