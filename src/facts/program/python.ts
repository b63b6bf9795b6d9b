/** Knows how a Python file becomes a module of the program model. */
import type { Extractor } from '../facts.ts';

export const python: Extractor<'program'> = {
  kind: 'program',
  accepts: () => false,
  load: async () => () => ({}),
};
