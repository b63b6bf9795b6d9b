/** Knows the report as SARIF 2.1.0: everything (`full`), or what GitHub code scanning can use (`github`). */
import type { Invocation, Log, Result, Run, Notification as SarifNotification } from 'sarif';
import type { Notification } from '../problem.ts';
import type { Level, Report, ReportFinding } from '../report.ts';
import { sentences } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { physical, resultOf, stateResult, suppressedResult } from './sarif-results.ts';
import { type Rules, rulesOf } from './sarif-rules.ts';

/** GitHub shows at most so many results of a run, and so many related locations of a result. */
const GITHUB_RESULTS = 5000;
const GITHUB_RELATED = 100;
const FULL_RELATED = 1000;

const DESCRIPTORS: Readonly<Record<Notification['kind'], string>> = {
  configuration: 'The configuration, the roadmap or a suppression has a mistake.',
  crash: 'A check or a parser failed; what it judges is not assessed.',
  environment: 'Something outside the scanned tree was missing.',
  limit: 'A limit of size, time or number was reached.',
  unparsable: 'A file could not be parsed.',
  unreadable: 'A file could not be read.',
};
const KINDS = Object.keys(DESCRIPTORS) as Notification['kind'][];

/** Deterministic bytes with a final line break; `category` becomes `automationDetails`, `maxLevel` lowers the levels. */
export const sarif: Reporter = (report, { profile = 'full', category, maxLevel } = {}) => {
  const github = profile === 'github';
  const rules = rulesOf(report, maxLevel, !github);
  const { results, notifications } = github
    ? githubResults(report, rules, maxLevel)
    : { results: fullResults(report, rules, maxLevel), notifications: report.notifications };
  const hasTaxa = rules.taxonomies.length > 0;
  const run: Run = {
    tool: {
      driver: {
        name: report.tool.name,
        version: report.tool.version,
        semanticVersion: report.tool.version,
        informationUri: 'https://www.npmjs.com/package/hardening-audit',
        ...(hasTaxa && { supportedTaxonomies: [{ name: 'CWE', index: 0 }] }),
        notifications: KINDS.map((id) => {
          const text = { text: DESCRIPTORS[id] };
          return { id, shortDescription: text, fullDescription: text, help: text };
        }),
        rules: rules.rules,
        properties: { ruleset: report.tool.ruleset },
      },
    },
    invocations: [invocation(report, notifications, rules)],
    ...(category !== undefined &&
      category !== '' && { automationDetails: { id: category.endsWith('/') ? category : `${category}/` } }),
    ...provenance(report.target),
    originalUriBaseIds: { SRCROOT: { description: { text: 'The root of the scanned tree.' } } },
    columnKind: 'utf16CodeUnits',
    defaultEncoding: 'utf-8',
    ...(hasTaxa && { taxonomies: rules.taxonomies }),
    results,
    properties: { hardeningAudit: summary(report) },
  };
  const log: Log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
};

function fullResults(report: Report, rules: Rules, maxLevel: Level | undefined): Result[] {
  const added = new Set(report.comparison?.added);
  const isNew = (result: Result) => added.has(result.partialFingerprints?.['hardeningAudit/v1'] ?? '');
  const results = [
    ...report.findings.map((finding) => resultOf(finding, rules, maxLevel, FULL_RELATED)),
    ...report.suppressed.map((entry) => suppressedResult(entry, rules, maxLevel, FULL_RELATED)),
    ...report.items.map((item) => stateResult(item, report, rules)),
  ];
  // Every result of a run says whether it is suppressed, or none does; the same holds for the comparison.
  return results.map((result) => ({
    ...result,
    ...(report.suppressed.length > 0 && { suppressions: result.suppressions ?? [] }),
    ...(report.comparison && { baselineState: isNew(result) ? 'new' : 'unchanged' }),
  }));
}

/** GitHub opens an alert for every result whatever its kind, and takes results of one rule on one line for one alert. */
function githubResults(report: Report, rules: Rules, maxLevel: Level | undefined) {
  const alerts = new Map<string, ReportFinding[]>();
  for (const finding of report.findings) {
    if (finding.confidence === 'low') continue;
    const key = JSON.stringify([finding.item, finding.path, finding.region.startLine]);
    const group = alerts.get(key);
    if (group) group.push(finding);
    else alerts.set(key, [finding]);
  }
  const severity = (item: string) =>
    Number(rules.rules[rules.index.get(item) ?? -1]?.properties?.['security-severity'] ?? 0);
  const all = [...alerts.values()]
    .map(merged)
    .sort(
      (a, b) =>
        RANK[b.level] - RANK[a.level] ||
        severity(b.item) - severity(a.item) ||
        (a.path < b.path ? -1 : a.path > b.path ? 1 : 0),
    );
  const kept = all.slice(0, GITHUB_RESULTS);
  const left = all.length - kept.length;
  const note: Notification = {
    kind: 'limit',
    level: 'warning',
    message: `GitHub shows ${GITHUB_RESULTS} results of a run; the ${left} least severe findings were left out`,
  };
  return {
    results: kept.map((finding) => resultOf(finding, rules, maxLevel, GITHUB_RELATED)),
    notifications: left > 0 ? [...report.notifications, note] : report.notifications,
  };
}

const RANK: Readonly<Record<Level, number>> = { note: 0, warning: 1, error: 2 };

/** The worst finding of a line, saying what else is there. */
function merged(group: readonly ReportFinding[]): ReportFinding {
  const [first, ...others] = [...group].sort((a, b) => RANK[b.level] - RANK[a.level]);
  const also = [...new Set(others.map((finding) => finding.what))].filter((what) => what !== first!.what);
  return {
    ...first!,
    what: sentences(first!.what, ...also),
    related: [
      ...first!.related,
      ...others.map((finding) => ({ path: finding.path, region: finding.region, text: finding.what })),
    ],
    subjects: group.reduce((total, finding) => total + finding.subjects, 0),
  };
}

function invocation(report: Report, notifications: readonly Notification[], rules: Rules): Invocation {
  const unique = [...new Map(notifications.map((entry) => [JSON.stringify(entry), entry])).values()];
  const converted = (wanted: boolean) =>
    unique.filter((entry) => (entry.kind === 'configuration') === wanted).map((entry) => notificationOf(entry, rules));
  const configuration = converted(true);
  const execution = converted(false);
  return {
    // False makes GitHub refuse the whole upload; a file that was not understood is a notification.
    executionSuccessful: report.files.read > 0 || report.files.listed === 0,
    ...(execution.length > 0 && { toolExecutionNotifications: execution }),
    ...(configuration.length > 0 && { toolConfigurationNotifications: configuration }),
  };
}

function notificationOf(entry: Notification, rules: Rules): SarifNotification {
  const line = Math.max(1, entry.line ?? 1);
  const rule = entry.item === undefined ? undefined : rules.index.get(entry.item);
  return {
    descriptor: { id: entry.kind, index: KINDS.indexOf(entry.kind) },
    level: entry.level,
    message: { text: sentences(entry.message) },
    ...(rule !== undefined && { associatedRule: { id: entry.item!, index: rule } }),
    ...(entry.path !== undefined && {
      locations: [
        {
          physicalLocation: physical({
            path: entry.path,
            region: { startLine: line, startColumn: 1, endLine: line, endColumn: 1 },
          }),
        },
      ],
    }),
  };
}

function provenance({
  repository,
  commit,
  branch,
}: Report['target']): Pick<Run, 'versionControlProvenance'> | undefined {
  const uri = repository === undefined ? undefined : webAddress(repository);
  if (uri === undefined) return undefined;
  const mappedTo = { uriBaseId: 'SRCROOT' };
  return {
    versionControlProvenance: [
      {
        repositoryUri: uri,
        ...(commit !== undefined && { revisionId: commit }),
        ...(branch !== undefined && { branch }),
        mappedTo,
      },
    ],
  };
}

/** Address without user and password; `git@host:owner/name.git` as https. Undefined for anything that is no web address. */
function webAddress(repository: string): string | undefined {
  const text = repository.replace(/^(?:ssh:\/\/)?git@([^:/]+)[:/]/, 'https://$1/');
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return `${url.origin}${url.pathname.replace(/\.git$/, '')}`;
}

/** The score and what makes it comparable; integers, scores in thousandths. A partial scan has no score. */
function summary(report: Report): Record<string, unknown> {
  const { score } = report;
  const headline = {
    raw: score.raw,
    score: score.score,
    low: score.score,
    high: score.high,
    targetMet: score.targetMet,
  };
  return {
    model: score.model,
    ...(report.scope === 'full' && headline),
    target: score.target,
    caps: report.scope === 'full' ? score.caps : [],
    scope: report.scope,
    asOf: report.asOf,
    ruleset: report.tool.ruleset,
    roadmapHash: report.roadmap.hash,
    configHash: report.roadmap.configHash,
    items: Object.fromEntries(
      report.items.map(({ id, state, passed, failed, unknown, low, high, weight2 }) => [
        id,
        { state, passed, failed, unknown, low, high, weight2 },
      ]),
    ),
  };
}
