/** Knows compose files: services with their images, builds, health checks and hardening keys, each with its place. */
import type { Extractor } from './facts.ts';

export type Compose = Record<string, never>;

export const compose: Extractor<'compose'> = {
  kind: 'compose',
  accepts: () => false,
  load: async () => () => ({}),
};
