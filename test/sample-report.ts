/** Knows a rich, hand-made report: every state, every optional field and hostile names, for the tests of the reporters. */
import type { ItemReport, Phase, Report, ReportFinding, RuleReport, State, SuppressionReport } from '../src/report.ts';
import { gainOf, itemValue, type ScoredItem, score } from '../src/score.ts';

type Row = [id: string, title: string, state: State, passed: number, failed: number, unknown: number, cwe: number[]];

const rows: Readonly<Record<Phase, readonly Row[]>> = {
  P0: [
    ['pqc-imports', 'Post-quantum imports resolve', 'pass', 3, 0, 0, [327, 636]],
    ['password-hashing', 'Passwords are hashed with a slow, salted function', 'partial', 4, 2, 0, [916]],
    ['api-key-exposure', 'Responses and logs hold no credentials', 'pass', 9, 0, 0, [200, 532]],
    ['flask-secret-key', 'Signing keys come from outside the code', 'fail', 0, 1, 0, [798, 321]],
    ['password-comparison', 'Secrets are compared in constant time', 'pass', 2, 0, 0, [208]],
    ['rate-limiting', 'Authentication routes are rate limited', 'partial', 5, 1, 1, [307, 770]],
    ['admin-auth', 'Administrative routes need a role', 'pass', 7, 0, 0, [306, 862]],
    ['unsafe-deserialization', 'Only safe formats are deserialised', 'fail', 3, 1, 0, [502]],
  ],
  P1: [
    ['ci-error-masking', 'CI fails when a step fails', 'partial', 11, 3, 0, [390, 754]],
    ['readonly-rootfs', 'Containers run on a read-only root file system', 'fail', 0, 4, 0, [732]],
    ['eks-public-access', 'EKS endpoints are not public', 'notApplicable', 0, 0, 0, [284]],
    ['image-pinning', 'Images and actions are pinned by digest', 'partial', 6, 14, 0, [829, 494]],
    ['dependency-unification', 'Each dependency has one version', 'pass', 41, 0, 0, [1104]],
    ['vulnerable-dependencies', 'No dependency has a known vulnerability', 'notAssessed', 0, 0, 0, [1395]],
    ['terraform-state-encryption', 'Terraform state is encrypted', 'notApplicable', 0, 0, 0, [311]],
    ['subprocess-validation', 'Processes start from constant or validated commands', 'partial', 8, 1, 0, [78, 88]],
    ['security-headers', 'Applications send security headers', 'pass', 1, 0, 0, [693, 1021]],
  ],
  P2: [
    ['resource-quota', 'Namespaces and containers have limits', 'fail', 0, 5, 0, [770]],
    ['external-secrets', 'Secrets come from a secret store', 'partial', 4, 1, 0, [312]],
    ['network-policies', 'Pods are covered by a network policy', 'fail', 0, 4, 0, [923]],
    ['csrf-protection', 'State-changing routes are protected against CSRF', 'notApplicable', 0, 0, 0, [352]],
    ['edge-security-headers', 'The edge sends security headers', 'pass', 2, 0, 0, [693]],
    ['postgresql-migration', 'Production data lives in PostgreSQL', 'attested', 1, 0, 0, [1188]],
  ],
  P3: [
    ['real-metrics', 'Metrics report measured values', 'pass', 12, 0, 0, [1164]],
    ['test-coverage', 'Tests cover enough of the code', 'partial', 0, 1, 0, []],
    ['type-hints', 'Functions are annotated', 'fail', 0, 1, 0, []],
    ['pre-commit-hooks', 'Hooks check every commit', 'fail', 0, 1, 0, []],
    ['integration-tests', 'CI runs integration tests', 'pass', 2, 0, 0, []],
    ['dockerfile-healthcheck', 'Services declare a health check', 'fail', 0, 2, 0, []],
  ],
};

const phases: Readonly<Record<Phase, { title: string; weight2: number; due: string; level: ReportFinding['level'] }>> =
  {
    P0: { title: 'Exploitable now', weight2: 20, due: '2026-01-21', level: 'error' },
    P1: { title: 'Infrastructure and supply chain', weight2: 15, due: '2026-01-25', level: 'error' },
    P2: { title: 'Defence in depth', weight2: 10, due: '2026-01-28', level: 'warning' },
    P3: { title: 'Engineering hygiene', weight2: 5, due: '2026-01-31', level: 'note' },
  };

/** A finding of password-hashing with neutral values; `overrides` replace any of them. */
export function sampleFinding(overrides: Partial<ReportFinding> = {}): ReportFinding {
  return {
    id: '8d2f1c0a9b7e4d3f8d2f1c0a9b7e4d3f',
    lineHash: 'a7f2ff13bc495cf2:1',
    item: 'password-hashing',
    message: 'fast',
    phase: 'P0',
    severity: 'high',
    level: 'error',
    confidence: 'high',
    zone: 'production',
    what: "The password is hashed with 'md5'.",
    why: 'A graphics card tries billions of MD5 hashes a second, so a leaked table is readable within hours.',
    fixHint: 'Hash it with argon2 or bcrypt, and rehash each user at the next login.',
    path: 'src/auth/users.py',
    region: { startLine: 42, startColumn: 14, endLine: 42, endColumn: 48 },
    snippet: ['    digest = hashlib.md5(password.encode()).hexdigest()'],
    related: [],
    trace: [],
    copies: [],
    subjects: 1,
    ...overrides,
  };
}

function itemReport(phase: Phase, row: Row, findings: readonly ReportFinding[]): ItemReport {
  const [id, title, wanted, passed, failed, unknown] = row;
  const own = findings.filter((finding) => finding.item === id);
  const critical = own.some((finding) => finding.severity === 'critical');
  const measured = { value: 1850, target: 2500, unit: 'hundredths of a percent' };
  const value = itemValue({
    passed,
    failed,
    unknown,
    critical,
    notAssessed: wanted === 'notAssessed',
    expected: false,
    ...(id === 'test-coverage' && { measured }),
  });
  const state = wanted === 'attested' ? wanted : value.state;
  const impact10: Readonly<Record<Phase, number>> = { P0: 78, P1: 62, P2: 50, P3: 0 };
  return {
    id,
    title,
    phase,
    weight2: phases[phase].weight2,
    state,
    ...(state === 'notApplicable' && { reason: 'Nothing to judge; looked for: *.tf, *.tf.json, eksctl.yaml.' }),
    ...(state === 'notAssessed' && { reason: 'There is no advisory data; run `audit db update` first.' }),
    passed,
    failed,
    unknown,
    otherZones: id === 'password-hashing' ? { test: 12, example: 1 } : {},
    ...(id === 'test-coverage' && { measured }),
    low: value.low,
    high: value.high,
    critical,
    evidence:
      passed > 0
        ? [
            {
              path: 'src/app.py',
              region: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 20 },
              name: `first subject of ${id}`,
              verdict: 'pass',
              text: 'It uses the safe form.',
            },
          ]
        : [],
    findings: own.filter((finding) => finding.confidence !== 'low').length,
    toReview: own.filter((finding) => finding.confidence === 'low').length,
    start: '2026-01-18',
    due: phases[phase].due,
    overdue: (state === 'fail' || state === 'partial') && phase === 'P0',
    ...(phase !== 'P3' && { impact10: impact10[phase] }),
    effort: 1 + (id.length % 7),
    owner: phase === 'P0' || phase === 'P3' ? 'engineer' : 'devops',
    gain: 0,
  };
}

function ruleReport(phase: Phase, [id, title, , , , , cwe]: Row): RuleReport {
  return {
    id,
    title,
    severity: phase === 'P0' ? 'high' : phase === 'P3' ? 'low' : 'medium',
    cwe,
    precision: 'high',
    summary: `Judges every subject of ${id}: ${title.toLowerCase()}.`,
    why: 'An attacker needs only one place that was forgotten.',
    markdown: [
      '## What it checks',
      `Judges every subject of ${id}.`,
      '## Why it matters',
      'An attacker needs only one place that was forgotten.',
      '## Bad',
      '```python app.py\nbad()\n```',
      '## Good',
      '```python app.py\ngood()\n```',
      '## How to fix',
      '1. Do the safe thing.\n2. Run the audit again.',
      '## Limits',
      'None known.',
      '## References',
      '- https://owasp.org/',
    ].join('\n\n'),
  };
}

const related = (path: string, line: number, text: string) => ({
  path,
  region: { startLine: line, startColumn: 1, endLine: line, endColumn: 12 },
  text,
});

/** Findings with every optional field, among them names that attack the reader of a report. */
export const sampleFindings: readonly ReportFinding[] = [
  sampleFinding({
    copies: ['legacy/users.py', 'scripts/users copy.py'],
    subjects: 2,
    related: [related('src/auth/login.py', 17, 'The hash is compared here')],
    fix: {
      description: 'Use hashlib.scrypt',
      edits: [
        {
          path: 'src/auth/users.py',
          region: { startLine: 42, startColumn: 14, endLine: 42, endColumn: 25 },
          text: 'hashlib.scrypt',
        },
        {
          path: 'src/auth/users.py',
          region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
          text: 'import hashlib\n',
        },
      ],
    },
  }),
  sampleFinding({
    id: '00000000000000000000000000000002',
    lineHash: 'b7f2ff13bc495cf2:1',
    message: 'plain',
    confidence: 'low',
    path: 'src/auth/=0.0.22',
    region: { startLine: 7, startColumn: 2, endLine: 9, endColumn: 6 },
    snippet: ['\tpassword = request.form["p"]', '\tstore(\u202Epassword)', '\tdone()'],
    what: 'The value of `p` may be a password | and is stored as it is.',
  }),
  sampleFinding({
    id: '00000000000000000000000000000003',
    lineHash: 'c7f2ff13bc495cf2:1',
    item: 'unsafe-deserialization',
    message: 'flow',
    severity: 'critical',
    aspect: 'pickle',
    path: 'src/</script><img onerror=alert(1)>.py',
    region: { startLine: 12, startColumn: 5, endLine: 12, endColumn: 30 },
    snippet: ['    pickle.loads(body)'],
    what: "Request data reaches 'pickle.loads'.",
    why: 'Unpickling runs code of the sender.',
    fixHint: 'Send JSON, or sign the payload and verify it before it is read.',
    trace: [
      related('src/routes/\u041F\u0440\u0438\u0432\u0435\u0442.py', 4, 'request body'),
      related('src/100% sure#1.py', 9, "passed to 'restore'"),
      related('src/</script><img onerror=alert(1)>.py', 12, "unpickled by 'pickle.loads'"),
    ],
  }),
  sampleFinding({
    id: '00000000000000000000000000000004',
    lineHash: 'd7f2ff13bc495cf2:1',
    item: 'flask-secret-key',
    message: 'literal',
    severity: 'critical',
    path: 'src/\u001B]0;owned\u0007\u202Egnp.py',
    region: { startLine: 3, startColumn: 1, endLine: 3, endColumn: 26 },
    snippet: ['app.secret_key = "dev-\u2026(12)"'],
    what: "'secret_key' is a literal.",
    why: 'Whoever reads the code signs any session.',
    fixHint: 'Read it from the environment and stop when it is missing.',
  }),
  sampleFinding({
    id: '00000000000000000000000000000005',
    lineHash: 'e7f2ff13bc495cf2:1',
    item: 'image-pinning',
    message: 'tag',
    phase: 'P1',
    severity: 'medium',
    aspect: 'base-image',
    confidence: 'medium',
    level: 'warning',
    path: 'C: drive/Dockerfile',
    region: { startLine: 1, startColumn: 6, endLine: 1, endColumn: 21 },
    snippet: ['FROM python:3.12-slim'],
    what: "'python:3.12-slim' is named by a tag.",
    why: 'A tag can be moved to another image at any time.',
    fixHint: 'Append the digest: python:3.12-slim@sha256:...',
    data: { package: 'python', version: '3.12-slim', advisories: 'GHSA-1, GHSA-2' },
  }),
  sampleFinding({
    id: '00000000000000000000000000000006',
    lineHash: 'e7f2ff13bc495cf2:1',
    item: 'image-pinning',
    message: 'label',
    phase: 'P1',
    severity: 'low',
    aspect: 'label',
    level: 'error',
    path: 'C: drive/Dockerfile',
    region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 21 },
    snippet: ['FROM python:3.12-slim'],
    what: 'The image does not say which revision it was built from.',
    why: 'Nobody can tell which code runs.',
    fixHint: 'Add the label org.opencontainers.image.revision.',
  }),
  sampleFinding({
    id: '00000000000000000000000000000007',
    lineHash: 'f7f2ff13bc495cf2:1',
    item: 'pre-commit-hooks',
    message: 'missing',
    phase: 'P3',
    severity: 'low',
    level: 'note',
    path: 'README.md',
    region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
    snippet: ['# Sample'],
    what: 'No hook checks a commit before it is made.',
    why: 'Mistakes are found only by CI, or not at all.',
    fixHint: 'Add .pre-commit-config.yaml with a secret scanner and a linter.',
  }),
];

export const sampleSuppressed: readonly SuppressionReport[] = [
  {
    kind: 'falsePositive',
    reason: 'Checksum of a public file',
    expires: '2026-12-31',
    source: 'inSource',
    finding: sampleFinding({
      id: '00000000000000000000000000000008',
      lineHash: '17f2ff13bc495cf2:1',
      path: 'src/etag.py',
    }),
  },
  {
    kind: 'acceptedRisk',
    reason: 'Internal <b>tool</b> behind the VPN',
    expires: '2026-06-30',
    finding: sampleFinding({
      id: '00000000000000000000000000000009',
      lineHash: '27f2ff13bc495cf2:1',
      path: 'tools/vpn.py',
    }),
  },
];

function scoredItem({ id, phase, weight2, effort, state, low, high }: ItemReport): ScoredItem {
  return { id, phase, weight2, effort, state, low, high };
}

/** The whole report; `overrides` replace top-level fields, and `findings` are counted into the items. */
export function sampleReport(overrides: Partial<Report> = {}): Report {
  const findings = overrides.findings ?? sampleFindings;
  const names = Object.keys(rows) as Phase[];
  const items = names.flatMap((phase) => rows[phase].map((row) => itemReport(phase, row, findings)));
  const summary = score(
    {
      start: 3500,
      target: 7500,
      phases: names.map((id) => ({ id, title: phases[id].title })),
      caps: [{ id: 'p0-three-open', phase: 'P0', open: 3, limit: 4900, reason: 'Three or more P0 items are open.' }],
    },
    items.map(scoredItem),
  );
  return {
    schema: 'hardening-audit/report/v1',
    tool: { name: 'hardening-audit', version: '0.1.0', ruleset: '0.1.0+1a2b3c4d' },
    target: {
      name: 'sample',
      commit: '0123456789abcdef0123456789abcdef01234567',
      branch: 'main',
      repository: 'https://github.com/acme/sample',
      anchor: 'README.md',
    },
    roadmap: { title: 'Hardening roadmap 2026', hash: '0123456789ab', configHash: '89abcdef' },
    scope: 'full',
    asOf: '2026-01-23',
    score: summary,
    items: items.map((item) => ({ ...item, gain: gainOf(scoredItem(item), summary.possible) })),
    suppressed: sampleSuppressed,
    rules: names.flatMap((phase) => rows[phase].map((row) => ruleReport(phase, row))),
    notifications: [
      {
        kind: 'unparsable',
        level: 'warning',
        message: 'Unexpected indent',
        path: 'src/bad file.py',
        line: 3,
        item: 'type-hints',
      },
      { kind: 'configuration', level: 'warning', message: 'The suppression of src/old.py matches nothing' },
    ],
    files: {
      listed: 1204,
      read: 871,
      byZone: { production: 640, test: 201, docs: 30 },
      skipped: [
        { reason: 'too large', count: 2, paths: ['data/big.json', 'dist/\u001B[31mbundle.js'] },
        { reason: 'ignored', count: 331, paths: ['node_modules/'] },
      ],
      kinds: [
        { kind: 'python', files: 412, broken: 1 },
        { kind: 'dockerfile', files: 4, broken: 0 },
      ],
    },
    ...overrides,
    findings,
  };
}
