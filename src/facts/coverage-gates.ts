/** Knows which coverage minimums a repository sets, which of them CI enforces, and what its reports measured. */

import { linkPipelines } from './ci/gitlab.ts';
import { type CiRun, ciRuns, withVariables } from './ci/runs.ts';
import { baseName } from './commandline.ts';
import type { CoverageFile, Ecosystem } from './coverage.ts';
import type { CoverageReport } from './coverage-report.ts';
import type { Facts, FileFacts } from './facts.ts';
import type { Place } from './span.ts';

/** Commands that run the tests of an ecosystem; data of the rule page. */
export type TestCommands = Readonly<Record<'python' | 'javascript' | 'java' | 'go', readonly string[]>>;

export interface Gate {
  readonly ecosystem: Ecosystem;
  /** Hundredths of a percent; absent when it is not known before the run. */
  readonly minimum?: number;
  readonly setting: string;
  readonly place: Place;
  /** The CI command that fails below it. */
  readonly enforcedBy?: CiRun | 'service';
}

export interface CoverageModel {
  readonly gates: readonly Gate[];
  /** Test commands that CI runs. */
  readonly runs: readonly CiRun[];
  /** Settings and commands that switch measuring off. */
  readonly disabled: readonly { readonly text: string; readonly place: Place; readonly run?: CiRun }[];
  readonly reports: readonly { readonly report: CoverageReport; readonly place: Place }[];
}

const switchedOff = /^(?:--no-cov|no:(?:pytest_)?cov|-pno:cov)$/;

export function coverageModel(facts: Facts, commands: TestCommands): CoverageModel {
  const files = facts
    .of('coverage')
    .filter((file) => file.zone === 'production' || (file.zone === 'generated' && file.data.report));
  const runs = (['python', 'javascript', 'java', 'go'] as const).flatMap((ecosystem) =>
    ciRuns(facts, commands[ecosystem]).map((run) => ({ ecosystem, run })),
  );
  const measures = new Set(files.flatMap((file) => file.data.measures));
  const enforcing = (ecosystem: Ecosystem): CiRun | undefined =>
    runs.find(
      ({ ecosystem: own, run }) =>
        own === ecosystem && run.unmasked && !isOff(run) && (measures.has(ecosystem) || measuresItself(run)),
    )?.run;
  const gates = files.flatMap((file) =>
    file.data.gates.map((gate): Gate => {
      const by = gate.ecosystem === 'service' ? (uploads(facts) ? 'service' : undefined) : enforcing(gate.ecosystem);
      const place = { path: file.path, span: gate.span };
      return {
        ecosystem: gate.ecosystem,
        minimum: gate.minimum,
        setting: gate.setting,
        place,
        ...(by ? { enforcedBy: by } : {}),
      };
    }),
  );
  const inCi = runs.flatMap(({ ecosystem, run }) => (ecosystem === 'go' ? [] : commandGate(ecosystem, run)));
  const off = files.flatMap((file) =>
    file.data.disabled.map(({ text, span }) => ({ text, place: { path: file.path, span } })),
  );
  const offInCi = runs.flatMap(({ run }) => (isOff(run) ? [{ text: offText(run), place: run.place, run }] : []));
  return {
    gates: [...gates, ...inCi],
    runs: runs.map(({ run }) => run),
    disabled: [...off, ...offInCi],
    reports: bestReports(files),
  };
}

function isOff(run: CiRun): boolean {
  return run.call.some((word) => switchedOff.test(word) || /^addopts=$/.test(word));
}

function offText(run: CiRun): string {
  const word = run.call.find((one) => switchedOff.test(one)) ?? 'addopts=';
  return word.startsWith('no:') ? `-p ${word}` : word;
}

function measuresItself({ call }: CiRun): boolean {
  return (
    /^(?:coverage|nyc|c8)$/.test(baseName(call[0]!)) ||
    call.some((word) => /^--(?:cov|coverage)\b(?!-report)|^(?:[\w-]+:)*cover(?:age)?(?::[\w-]+)*$/.test(word)) ||
    /^(?:mvnw?|gradlew?|tox|nox)$/.test(baseName(call[0]!))
  );
}

const minimumFlag = /^--(?:cov-fail-under|fail-under|coverage\.thresholds\.lines|lines|statements|branches)(?:=(.*))?$/;

/** A minimum on the command line. */
function commandGate(ecosystem: Ecosystem, run: CiRun): Gate[] {
  const { call, place, step } = run;
  const index = call.findIndex((word) => minimumFlag.test(word));
  if (index < 0) return [];
  const flag = call[index]!;
  if (/^--(?:lines|statements|branches)/.test(flag) && !call.some((word) => /check-?coverage/.test(word))) return [];
  const text = withVariables(minimumFlag.exec(flag)?.[1] ?? call[index + 1] ?? '', step);
  const value = Number(text);
  const minimum = text !== '' && Number.isFinite(value) ? { minimum: Math.round(value * 100) } : {};
  const enforced = run.unmasked && !isOff(run) ? { enforcedBy: run } : {};
  return [{ ecosystem, ...minimum, setting: flag.replace(/=.*/, ''), place, ...enforced }];
}

/** Does CI send its report to the service whose configuration sets the target? */
function uploads(facts: Facts): boolean {
  return (
    ciRuns(facts, ['codecov', 'codecovcli']).length > 0 ||
    facts
      .linked(linkPipelines)
      .some((file) => file.data.jobs.some((job) => job.steps.some((step) => /^codecov\//.test(step.uses?.name ?? ''))))
  );
}

/** One report for each folder and language: two formats of the same run are not two measurements. */
function bestReports(files: readonly FileFacts<CoverageFile>[]): CoverageModel['reports'] {
  const order = ['coverage.py', 'cobertura', 'istanbul', 'lcov', 'clover', 'jacoco', 'go'];
  const best = new Map<string, { report: CoverageReport; place: Place }>();
  for (const { path, data } of files) {
    const { report } = data;
    if (!report) continue;
    const key = `${path.slice(0, path.lastIndexOf('/') + 1)} ${report.language}`;
    const known = best.get(key);
    if (known && order.indexOf(known.report.format) <= order.indexOf(report.format)) continue;
    best.set(key, { report, place: { path, span: report.span } });
  }
  return [...best.values()];
}
