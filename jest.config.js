// How the tests run: TypeScript sources as ES modules, no build needed for unit tests.
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/transform.mjs' },
  testTimeout: 30_000,
  maxWorkers: '100%',
};
