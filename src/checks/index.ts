/** Knows the sorted list of checks, and nothing else. */
import type { Check } from '../check.ts';
import { adminAuth } from './admin-auth.ts';
import { apiKeyExposure } from './api-key-exposure.ts';
import { ciErrorMasking } from './ci-error-masking.ts';
import { csrfProtection } from './csrf-protection.ts';
import { dependencyUnification } from './dependency-unification.ts';
import { dockerfileHealthcheck } from './dockerfile-healthcheck.ts';
import { edgeSecurityHeaders } from './edge-security-headers.ts';
import { eksPublicAccess } from './eks-public-access.ts';
import { externalSecrets } from './external-secrets.ts';
import { flaskSecretKey } from './flask-secret-key.ts';
import { imagePinning } from './image-pinning.ts';
import { integrationTests } from './integration-tests.ts';
import { networkPolicies } from './network-policies.ts';
import { passwordComparison } from './password-comparison.ts';
import { passwordHashing } from './password-hashing.ts';
import { postgresqlMigration } from './postgresql-migration.ts';
import { pqcImports } from './pqc-imports.ts';
import { preCommitHooks } from './pre-commit-hooks.ts';
import { rateLimiting } from './rate-limiting.ts';
import { readonlyRootfs } from './readonly-rootfs.ts';
import { realMetrics } from './real-metrics.ts';
import { resourceQuota } from './resource-quota.ts';
import { securityHeaders } from './security-headers.ts';
import { subprocessValidation } from './subprocess-validation.ts';
import { terraformStateEncryption } from './terraform-state-encryption.ts';
import { testCoverage } from './test-coverage.ts';
import { typeHints } from './type-hints.ts';
import { unsafeDeserialization } from './unsafe-deserialization.ts';
import { vulnerableDependencies } from './vulnerable-dependencies.ts';

export const checks: readonly Check[] = [
  adminAuth,
  apiKeyExposure,
  ciErrorMasking,
  csrfProtection,
  dependencyUnification,
  dockerfileHealthcheck,
  edgeSecurityHeaders,
  eksPublicAccess,
  externalSecrets,
  flaskSecretKey,
  imagePinning,
  integrationTests,
  networkPolicies,
  passwordComparison,
  passwordHashing,
  postgresqlMigration,
  pqcImports,
  preCommitHooks,
  rateLimiting,
  readonlyRootfs,
  realMetrics,
  resourceQuota,
  securityHeaders,
  subprocessValidation,
  terraformStateEncryption,
  testCoverage,
  typeHints,
  unsafeDeserialization,
  vulnerableDependencies,
];
