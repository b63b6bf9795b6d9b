/** Knows the sorted list of checks, and nothing else. */
import type { Check } from '../check.ts';

export const checks: readonly Check[] = [];
