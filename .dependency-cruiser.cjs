// Knows which group of files may import which; docs/ARCHITECTURE.md says why.
const only = (name, comment, from, allowed) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: [from, ...allowed] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A runtime cycle means that two files know too much of each other: move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports is dead: use it or remove it.',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^src/(?:cli|index)\\.ts$'] },
      to: {},
    },
    {
      name: 'checks-see-facts-only',
      comment:
        'A check is a pure function of facts: it imports the contract and the facts, no other check, no node module.',
      severity: 'error',
      from: { path: '^src/checks/', pathNot: '^src/checks/index\\.ts$' },
      to: { pathNot: ['^src/check\\.ts$', '^src/facts/'] },
    },
    only('facts-know-no-check', 'Facts are what was read; they know no check, score or report.', '^src/facts/', [
      '^src/(?:check|problem)\\.ts$',
    ]),
    only('contract-is-a-leaf', 'The contract names only facts.', '^src/check\\.ts$', ['^src/facts/']),
    only('score-knows-no-check', 'The formula knows states and weights only.', '^src/score\\.ts$', [
      '^src/report\\.ts$',
    ]),
    only('reporters-see-the-report', 'A reporter is a function of the report alone.', '^src/reporters/', [
      '^src/(?:report|version|problem|fingerprint)\\.ts$',
    ]),
    {
      name: 'engine-knows-no-check-by-name',
      comment: 'The list of checks is an argument of the engine; only the public door and the commands name it.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/commands/', '^src/index\\.ts$', '^src/checks/index\\.ts$'] },
      to: { path: '^src/checks/' },
    },
    {
      name: 'who-may-read-files',
      comment:
        'The scanned tree is read by workspace.ts (and git.ts); shipped data by its owner; given files by commands.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: [
          '^src/(?:cli|roadmap|pages|shipped|config|version)\\.ts$',
          '^src/commands/',
          '^src/facts/(?:workspace|git|advisories(?:-index|-update)?)\\.ts$',
        ],
      },
      to: { path: '^(?:node:)?(?:fs|fs/promises|child_process|worker_threads)$' },
    },
    {
      name: 'who-may-use-the-network',
      comment: 'Nothing leaves the machine unless asked: one module knows the network.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/facts/advisories' },
      to: { path: '^(?:node:)?(?:https?|net|tls|dns|http2|dgram)$' },
    },
    {
      name: 'cli-is-the-top',
      comment: 'Only the command line imports commands, and nothing imports the command line.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli\\.ts$', '^src/commands/'] },
      to: { path: ['^src/cli\\.ts$', '^src/commands/'] },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'What ships needs only what package.json declares as a dependency.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
