/** Knows the sorted list of checks, and nothing else. */
import type { Check } from '../check.ts';
import { terraformStateEncryption } from './terraform-state-encryption.ts';

export const checks: readonly Check[] = [terraformStateEncryption];
