/** Knows that our SARIF is valid for the schema, the SDK's validator and GitHub, whatever the report holds. */
import { describe, expect, test } from '@jest/globals';
import type { Result, Run } from 'sarif';
import { lineHashes } from '../../src/fingerprint.ts';
import type { Report } from '../../src/report.ts';
import { githubProblems, githubWarnings } from '../../src/reporters/github-ready.ts';
import type { ReporterOptions } from '../../src/reporters/reporter.ts';
import { sarif } from '../../src/reporters/sarif.ts';
import { uriOf } from '../../src/reporters/sarif-results.ts';
import { anyPath, anyReport } from '../arbitrary-report.ts';
import fc from '../property.ts';
import { realReport } from '../real-report.ts';
import { sampleFinding, sampleFindings, sampleReport } from '../sample-report.ts';
import { multitool, multitoolProblems, schemaErrors } from './sarif-checker.ts';

const withMultitool = multitool === undefined ? test.skip : test;
if (multitool === undefined)
  console.warn('The SARIF validator has no binary for this platform: its tests are skipped.');

function runOf(report: Report, options?: ReporterOptions): Run {
  return JSON.parse(sarif(report, options)).runs[0];
}

function findingsOf(run: Run): Result[] {
  return run.results!.filter((result) => result.kind === 'fail' || result.kind === 'review');
}

const many = Array.from({ length: 6000 }, (_, index) =>
  sampleFinding({
    id: index.toString(16).padStart(32, '0'),
    path: `src/file ${index}.py`,
    ...(index % 3 > 0 && { item: 'pre-commit-hooks', level: index % 3 === 1 ? 'note' : 'warning' }),
  }),
);

const reports: readonly [string, () => Report | Promise<Report>][] = [
  ['a rich report', () => sampleReport()],
  ['no findings', () => sampleReport({ findings: [], suppressed: [], notifications: [] })],
  ['no items', () => sampleReport({ findings: [], suppressed: [], items: [], rules: [] })],
  ['a report of the engine', () => realReport()],
  ['an empty tree', () => realReport({})],
];

describe.each(['full', 'github'] as const)('profile %s', (profile) => {
  describe.each(reports)('%s', (_, make) => {
    test('fits the schema and is ready for GitHub', async () => {
      const log = JSON.parse(sarif(await make(), { profile, category: 'nightly' }));
      expect(schemaErrors(log)).toEqual([]);
      expect(githubProblems(log)).toEqual([]);
      if (profile === 'github') expect(githubWarnings(log)).toEqual([]);
    });
  });

  withMultitool(
    'the validator of the SARIF SDK has no complaint',
    async () => {
      expect(multitoolProblems(sarif(sampleReport(), { profile, category: 'nightly' }))).toEqual([]);
      expect(multitoolProblems(sarif(await realReport(), { profile }))).toEqual([]);
    },
    120_000,
  );

  test('any report gives a file that GitHub takes', () => {
    fc.assert(
      fc.property(anyReport, (report) => {
        const text = sarif(report, { profile });
        const log = JSON.parse(text);
        expect(schemaErrors(log)).toEqual([]);
        expect(githubProblems(log)).toEqual([]);
        expect(/\p{Cs}/u.test(text)).toBe(false);
        expect(sarif(report, { profile })).toBe(text);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('every roadmap item is a rule, found or not', () => {
    const report = sampleReport({ findings: [], suppressed: [] });
    const { rules = [] } = runOf(report, { profile }).tool.driver;
    const items = rules.flatMap((rule) => rule.properties?.item ?? []);
    expect(items).toEqual(report.items.map((item) => item.id).sort());
    expect(rules.map((rule) => rule.id)).toEqual(rules.map((rule) => rule.id).sort());
  });

  test('every finding has a whole region, both fingerprints and its item', () => {
    for (const result of findingsOf(runOf(sampleReport(), { profile }))) {
      const { region } = result.locations![0]!.physicalLocation!;
      expect(region).toMatchObject({ startLine: expect.any(Number), startColumn: expect.any(Number) });
      expect(region).toMatchObject({ endLine: expect.any(Number), endColumn: expect.any(Number) });
      expect(Object.keys(result.partialFingerprints!)).toEqual(['hardeningAudit/v1', 'primaryLocationLineHash']);
      expect(result.properties!.item).toBeTruthy();
    }
  });

  test('has no automation details unless a category is given', () => {
    expect(runOf(sampleReport(), { profile })).not.toHaveProperty('automationDetails');
    expect(runOf(sampleReport(), { profile, category: 'app' }).automationDetails).toEqual({ id: 'app/' });
    expect(runOf(sampleReport(), { profile, category: 'app/1' }).automationDetails).toEqual({ id: 'app/1/' });
  });

  test('carries the score, but none for a part of the tree', () => {
    const { score, items } = sampleReport();
    const whole = runOf(sampleReport(), { profile }).properties!.hardeningAudit;
    expect(whole).toMatchObject({ score: score.score, raw: score.raw, high: score.high, roadmapHash: '0123456789ab' });
    expect(Object.keys(whole.items)).toEqual(items.map((item) => item.id));
    expect(runOf(sampleReport({ scope: 'staged' }), { profile }).properties!.hardeningAudit).not.toHaveProperty(
      'score',
    );
  });
});

describe('rules', () => {
  const rules = new Map(runOf(sampleReport()).tool.driver.rules!.map((rule) => [rule.id, rule]));
  const properties = (id: string) => rules.get(id)!.properties!;

  test('carry zero-padded CWE tags, the phase, and "security" only where it is about security', () => {
    expect(properties('subprocess-validation').tags).toEqual([
      'security',
      'external/cwe/cwe-078',
      'external/cwe/cwe-088',
      'P1',
    ]);
    expect(properties('pre-commit-hooks').tags).toEqual(['P3']);
  });

  test.each([
    ['password-hashing', '8.1', 'error'],
    ['readonly-rootfs', '7.5', 'error'],
    ['network-policies', '5.0', 'warning'],
    ['pre-commit-hooks', undefined, 'recommendation'],
  ])('%s has security severity %s', (id, severity, problem) => {
    expect(properties(id)['security-severity']).toBe(severity);
    expect(properties(id)['problem.severity']).toBe(problem);
  });

  test('of P0 items that are critical themselves are critical for GitHub', () => {
    const report = sampleReport();
    const critical = report.rules.map((rule) => ({ ...rule, severity: 'critical' as const }));
    const rule = runOf({ ...report, rules: critical }).tool.driver.rules!.find(({ id }) => id === 'admin-auth')!;
    expect(rule.properties!['security-severity']).toBe('9.3');
  });

  test('help comes from the rule page', () => {
    const { help, shortDescription } = rules.get('password-hashing')!;
    expect(shortDescription!.text).toBe('Passwords are hashed with a slow, salted function.');
    expect(help!.text).toContain('1. Do the safe thing.');
    expect(help!.markdown).toContain('## Good');
  });

  test('a page that is too long is cut between its sections', () => {
    const report = sampleReport();
    const long = report.rules.map((rule) => ({
      ...rule,
      markdown: `## One\n\ntext\n\n## Two\n\n\`\`\`\n${'x\n'.repeat(9000)}\`\`\``,
    }));
    expect(runOf({ ...report, rules: long }).tool.driver.rules![0]!.help!.markdown).toBe('## One\n\ntext');
  });

  test('findings to review have a rule of their own, only when there are any', () => {
    expect(rules.get('password-hashing-review')!.properties!.precision).toBe('low');
    expect(rules.has('admin-auth-review')).toBe(false);
    const github = runOf(sampleReport(), { profile: 'github' }).tool.driver.rules!;
    expect(github.some((rule) => rule.id.endsWith('-review'))).toBe(false);
  });

  test('a highest level lowers levels and severities', () => {
    const run = runOf(sampleReport(), { profile: 'github', maxLevel: 'warning' });
    expect(run.results!.map((result) => result.level)).not.toContain('error');
    for (const rule of run.tool.driver.rules!) {
      expect(rule.defaultConfiguration!.level).not.toBe('error');
      expect(Number(rule.properties!['security-severity'] ?? 0)).toBeLessThan(7);
    }
  });

  test('the CWE taxonomy is the one that rules and results refer to', () => {
    const run = runOf(sampleReport());
    const { taxa } = run.taxonomies![0]!;
    for (const rule of run.tool.driver.rules!) {
      for (const { target } of rule.relationships ?? []) expect(taxa![target.index!]!.id).toBe(target.id);
    }
    const hashing = run.results!.find((result) => result.ruleId === 'password-hashing')!;
    expect(hashing.taxa!.map((taxon) => taxon.id)).toEqual(['CWE-916']);
  });
});

describe('profile full', () => {
  const run = runOf(sampleReport());

  test('has one result for the state of each item', () => {
    const states = run.results!.filter((result) => result.properties!.state !== undefined);
    const kinds = new Map(
      states.map((result) => [result.properties!.item ?? result.properties!.roadmapItem, result.kind]),
    );
    expect(kinds.size).toBe(29);
    expect(states).toHaveLength(29);
    expect(kinds.get('pqc-imports')).toBe('pass');
    expect(kinds.get('eks-public-access')).toBe('notApplicable');
    expect(kinds.get('vulnerable-dependencies')).toBe('open');
    expect(kinds.get('password-hashing')).toBe('informational');
  });

  test('under an item, everything that is no proof is a place', () => {
    for (const result of run.results!) {
      if (result.kind === 'pass' || result.kind === 'notApplicable') continue;
      expect(result.properties!.item === undefined).toBe(result.ruleId === 'roadmap-state');
    }
  });

  test('only kind "fail" has a level', () => {
    for (const result of run.results!) expect(result.level === 'none').toBe(result.kind !== 'fail');
  });

  test('all results have suppressions, or none has', () => {
    expect(run.results!.every((result) => Array.isArray(result.suppressions))).toBe(true);
    const none = runOf(sampleReport({ suppressed: [] }));
    expect(none.results!.some((result) => 'suppressions' in result)).toBe(false);
  });

  test('a suppression says why and until when', () => {
    const [first, second] = run.results!.flatMap((result) => result.suppressions!);
    expect(first).toMatchObject({ kind: 'inSource', status: 'accepted', justification: 'Checksum of a public file' });
    expect(second).toMatchObject({ kind: 'external', properties: { expires: '2026-06-30', kind: 'acceptedRisk' } });
  });

  test('a comparison gives every result a baseline state', () => {
    const comparison = { added: [sampleFindings[0]!.id], fixed: [], unchanged: 6, delta: 0, comparable: true };
    const { results = [] } = runOf(sampleReport({ comparison }));
    expect(results.filter((result) => result.baselineState === 'new')).toHaveLength(1);
    expect(results.every((result) => result.baselineState !== undefined)).toBe(true);
  });

  test('notifications keep their place, their item and their kind', () => {
    const { toolExecutionNotifications, toolConfigurationNotifications, executionSuccessful } = run.invocations![0]!;
    expect(executionSuccessful).toBe(true);
    expect(toolConfigurationNotifications).toHaveLength(1);
    expect(toolExecutionNotifications).toEqual([
      expect.objectContaining({
        descriptor: expect.objectContaining({ id: 'unparsable' }),
        associatedRule: expect.objectContaining({ id: 'type-hints' }),
        locations: [
          {
            physicalLocation: expect.objectContaining({
              artifactLocation: { uri: 'src/bad%20file.py', uriBaseId: 'SRCROOT' },
            }),
          },
        ],
      }),
    ]);
  });

  test('a run that could read nothing is not successful', () => {
    const { files } = sampleReport();
    const successful = (listed: number, read: number) =>
      runOf(sampleReport({ files: { ...files, listed, read } })).invocations![0]!.executionSuccessful;
    expect(successful(3, 0)).toBe(false);
    expect(successful(0, 0)).toBe(true);
    expect(successful(3, 1)).toBe(true);
  });

  test.each([
    ['https://me:secret@github.com/acme/app.git', 'https://github.com/acme/app'],
    ['git@github.com:acme/app.git', 'https://github.com/acme/app'],
    ['../elsewhere', undefined],
  ])('repository %s', (repository, expected) => {
    const { versionControlProvenance } = runOf(sampleReport({ target: { name: 'x', repository } }));
    expect(versionControlProvenance?.[0]?.repositoryUri).toBe(expected);
  });
});

describe('a finding', () => {
  const { results = [] } = runOf(sampleReport());
  const by = (id: string) => results.find((result) => result.partialFingerprints!['hardeningAudit/v1'] === id)!;

  test('is what, why and what to do', () => {
    expect(by(sampleFindings[0]!.id).message.text).toBe(
      "The password is hashed with 'md5'. A graphics card tries billions of MD5 hashes a second, so a leaked table is readable within hours. Hash it with argon2 or bcrypt, and rehash each user at the next login.",
    );
  });

  test('shows its flow from source to sink and links its source', () => {
    const result = by('00000000000000000000000000000003');
    const steps = result.codeFlows![0]!.threadFlows[0]!.locations;
    expect(steps.map((step) => step.kinds)).toEqual([['source', 'taint'], ['taint'], ['sink']]);
    expect(steps.map((step) => step.executionOrder)).toEqual([1, 2, 3]);
    expect(result.message.text).toContain('[request body](1)');
    expect(result.relatedLocations![0]!.id).toBe(1);
    expect(result.properties).toMatchObject({ item: 'unsafe-deserialization', aspect: 'pickle' });
  });

  test('a long flow keeps its ends', () => {
    const step = (line: number) => ({
      path: 'a.py',
      region: { startLine: line, startColumn: 1, endLine: line, endColumn: 2 },
      text: `step ${line}`,
    });
    const trace = Array.from({ length: 300 }, (_, index) => step(index + 1));
    const result = findingsOf(runOf(sampleReport({ findings: [sampleFinding({ trace })] })))[0]!;
    const steps = result.codeFlows![0]!.threadFlows[0]!.locations;
    expect(steps).toHaveLength(50);
    expect(steps.at(-1)!.location!.physicalLocation!.region!.startLine).toBe(300);
  });

  test('lists its copies and related places', () => {
    expect(
      by(sampleFindings[0]!.id).relatedLocations!.map((place) => place.physicalLocation!.artifactLocation!.uri),
    ).toEqual(['src/auth/login.py', 'legacy/users.py', 'scripts/users%20copy.py']);
  });

  test('offers its fix as replacements', () => {
    const [fix] = by(sampleFindings[0]!.id).fixes!;
    expect(fix!.description!.text).toBe('Use hashlib.scrypt.');
    expect(fix!.artifactChanges).toHaveLength(1);
    expect(fix!.artifactChanges[0]!.replacements.map((change) => change.insertedContent!.text)).toEqual([
      'hashlib.scrypt',
      'import hashlib\n',
    ]);
  });

  test('has the exact text of its region as snippet', () => {
    const { region } = by(sampleFindings[0]!.id).locations![0]!.physicalLocation!;
    expect(region!.snippet!.text).toBe('hashlib.md5(password.encode()).hex');
  });

  test('has no snippet that is not the text of its region', () => {
    const region = { startLine: 1, startColumn: 1, endLine: 9, endColumn: 5 };
    const [result] = findingsOf(
      runOf(sampleReport({ findings: [sampleFinding({ region, snippet: ['a', 'b', 'c'] })] })),
    );
    expect(result!.locations![0]!.physicalLocation!.region).toEqual(region);
  });

  test('names its package where it has one', () => {
    expect(by('00000000000000000000000000000005').properties).toMatchObject({
      package: 'python',
      version: '3.12-slim',
      advisories: ['GHSA-1', 'GHSA-2'],
    });
  });

  test('cannot write links or controls into the message', () => {
    const what = 'Name [click](http://evil) \u001B[31m\u202Egnp.';
    const [result] = findingsOf(runOf(sampleReport({ findings: [sampleFinding({ what })] })));
    expect(result!.message.text).toMatch(/^Name \[click\] \(http:\/\/evil\) \\x1b\[31m\\u202egnp\. /);
  });
});

describe('profile github', () => {
  const options: ReporterOptions = { profile: 'github' };
  const run = runOf(sampleReport(), options);

  test('carries active findings only', () => {
    expect(run.results!.every((result) => result.kind === 'fail' && result.suppressions === undefined)).toBe(true);
    const ids = run.results!.map((result) => result.partialFingerprints!['hardeningAudit/v1']);
    expect(ids).not.toContain('00000000000000000000000000000002');
    expect(ids).not.toContain('00000000000000000000000000000008');
  });

  test('merges findings of one rule on one line, the worst in front', () => {
    const merged = run.results!.filter((result) => result.ruleId === 'image-pinning');
    expect(merged).toHaveLength(1);
    expect(merged[0]!.level).toBe('error');
    expect(merged[0]!.message.text).toMatch(/built from\. 'python:3\.12-slim' is named by a tag\./);
    expect(merged[0]!.relatedLocations).toHaveLength(1);
  });

  test('keeps the 5,000 worst of 6,000 and says so', () => {
    const { results = [], invocations } = runOf(sampleReport({ findings: many, suppressed: [] }), options);
    expect(results).toHaveLength(5000);
    const count = (level: string) => results.filter((result) => result.level === level).length;
    expect([count('error'), count('warning'), count('note')]).toEqual([2000, 2000, 1000]);
    const texts = invocations![0]!.toolExecutionNotifications!.map((entry) => entry.message.text);
    expect(texts).toContain('GitHub shows 5000 results of a run; the 1000 least severe findings were left out.');
  });

  test('the full profile keeps all 6,000', () => {
    expect(findingsOf(runOf(sampleReport({ findings: many, suppressed: [] })))).toHaveLength(6000);
  });

  test('at most 100 related locations', () => {
    const copies = Array.from({ length: 2000 }, (_, index) => `copy${index}.py`);
    const report = sampleReport({ findings: [sampleFinding({ copies })] });
    expect(runOf(report, options).results![0]!.relatedLocations).toHaveLength(100);
    expect(findingsOf(runOf(report))[0]!.relatedLocations).toHaveLength(1000);
  });
});

describe('uriOf', () => {
  test.each([
    ['a b/#1.py', 'a%20b/%231.py'],
    ['C:/100%.py', 'C%3A/100%25.py'],
    ['=0.0.22', '%3D0.0.22'],
    ['Привет.py', '%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82.py'],
    ['a\\b', 'a%5Cb'],
    ['lone \uD800', 'lone%20%EF%BF%BD'],
  ])('%s', (path, uri) => {
    expect(uriOf(path)).toBe(uri);
  });

  test('decodes to the path', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        expect(decodeURIComponent(uriOf(path))).toBe(path.replace(/\p{Cs}/gu, '\uFFFD'));
      }),
    );
  });
});

test('the line hash is the one of the first line', async () => {
  const [finding] = (await realReport()).findings;
  expect(finding!.lineHash).toBe(lineHashes('FROM python:3.12\nCMD ["python"]\n')[0]);
});
