/** Knows terraform files. */
import type { Extractor } from './facts.ts';

export type TerraformFile = Record<string, never>;

export const terraform: Extractor<'terraform'> = {
  kind: 'terraform',
  accepts: () => false,
  load: async () => () => ({}),
};
