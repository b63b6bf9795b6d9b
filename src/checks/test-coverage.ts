/** Knows how much of the code the tests cover, and whether CI keeps it that way. */
import { type Assessment, defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { type CoverageModel, coverageModel, type Gate } from '../facts/coverage-gates.ts';
import type { Facts } from '../facts/facts.ts';
import { anchorOf } from '../facts/source.ts';
import type { Place } from '../facts/span.ts';

export const testCoverage = defineCheck({
  id: 'test-coverage',
  needs: { coverage: true, workflow: true, script: true },
  messages: {
    low: {
      what: 'The coverage report is below the target.',
      why: 'Only {measured} % of the lines are run by tests, the target is {target} %: most changes are not tried before they are shipped.',
      fix: 'Write tests for the code that handles secrets, money and input first, and raise the minimum with them.',
      aspect: 'measured',
    },
    noGate: {
      what: 'CI runs the tests without a minimum for their coverage.',
      why: 'Coverage falls with each change that brings no tests, and nothing says so.',
      fix: 'Set a minimum, such as `--cov-fail-under={target}`, `coverageThreshold` or `fail_under`, in the command that CI runs.',
      aspect: 'gate',
    },
    unenforced: {
      what: 'The minimum `{setting}` is set, but no CI job measures coverage in a way that could fail.',
      why: 'The figure in the configuration looks like a promise that nobody checks.',
      fix: 'Run the tests with coverage in CI (`pytest --cov`, `jest --coverage`), without `|| true` and not as an allowed failure.',
      aspect: 'gate',
    },
    tooLow: {
      what: 'The enforced minimum `{setting}` is lower than the target of {target} %.',
      why: 'CI accepts a coverage that the roadmap does not.',
      fix: 'Raise it to at least {target}.',
      aspect: 'gate',
    },
    disabled: {
      what: '`{text}` switches the measuring of coverage off although `{setting}` sets a minimum.',
      why: 'Without a measurement the minimum is never compared with anything.',
      fix: 'Remove `{text}`, or run the tests once more with coverage in the same pipeline.',
      aspect: 'contradiction',
    },
    contradiction: {
      what: 'The minimum `{setting}` asks for {minimum} %, and the report in the repository is below it.',
      why: 'The report shows {measured} %: either the gate does not run, or it was taken from another state of the code.',
      fix: 'Set the minimum to what is reached and enforce it, then raise it step by step.',
      aspect: 'contradiction',
    },
  },
  assess: (facts, options) => assess(facts, options),
});

function assess(facts: Facts, options: Options): Assessment {
  const target = Math.round((options.target as number) * 100);
  const list = (name: string): readonly string[] => options[name] as readonly string[];
  const model = coverageModel(facts, {
    python: list('pythonTests'),
    javascript: list('javascriptTests'),
    java: list('javaTests'),
    go: list('goTests'),
  });
  const subjects = [...gateSubjects(model, facts, target), ...contradictions(model), ...disabledSubjects(model)];
  const lookedFor =
    'coverage.xml, coverage.json, lcov, JaCoCo, Clover, istanbul and Go reports, and minimums in configuration and CI';
  if (model.reports.length === 0) {
    if (!anchorOf(facts) && subjects.length === 0) return { subjects, lookedFor };
    return { subjects, lookedFor, notAssessed: `no coverage report in the repository; make one with ${howTo(facts)}` };
  }
  let covered = 0;
  let total = 0;
  for (const { report } of model.reports) {
    covered += report.covered;
    total += report.total;
  }
  const value = Math.floor((covered * 10_000) / total);
  const place = model.reports[0]!.place;
  if (value >= target) subjects.push(pass('measured coverage', place, `${percent(value)} % of the lines are covered.`));
  else {
    const related = model.reports.slice(1).map((one) => ({ ...one.place, text: 'This report counts as well.' }));
    const data = { measured: percent(value), target: percent(target) };
    subjects.push(fail('measured coverage', finding('low', place, data, related)));
  }
  return { subjects, lookedFor, measured: { value, target, unit: 'hundredths of a percent' } };
}

function percent(hundredths: number): string {
  return String(hundredths / 100);
}

function finding(message: string, place: Place, data: Finding['data'], related: Finding['related'] = []): Finding {
  return { message, data, place, confidence: 'high', ...(related.length > 0 ? { related } : {}) };
}

function gateSubjects({ gates, runs, reports }: CoverageModel, facts: Facts, target: number): Subject[] {
  const name = 'coverage gate in CI';
  const enforced = gates.filter((gate) => gate.enforcedBy);
  const strict = enforced.find((gate) => gate.minimum === undefined || gate.minimum >= target);
  const data = { target: percent(target) };
  if (strict)
    return [
      pass(
        name,
        strict.place,
        `${strict.setting} ${strict.minimum === undefined ? '' : `${percent(strict.minimum)} % `}is enforced by ${by(strict)}.`,
      ),
    ];
  const lenient = enforced[0];
  if (lenient) return [fail(name, finding('tooLow', lenient.place, { ...data, setting: lenient.setting }))];
  const idle = gates[0];
  if (idle) return [fail(name, finding('unenforced', idle.place, { setting: idle.setting }))];
  const place =
    (runs.find((run) => run.unmasked) ?? runs[0])?.place ?? (reports.length > 0 ? anchorOf(facts) : undefined);
  return place ? [fail(name, finding('noGate', place, data))] : [];
}

function by({ enforcedBy }: Gate): string {
  return enforcedBy === undefined || enforcedBy === 'service' ? 'codecov' : `\`${enforcedBy.text}\``;
}

/** Minimums above what the report of their ecosystem shows: one cause, however many files repeat the figure. */
function contradictions({ gates, reports }: CoverageModel): Subject[] {
  const shared = new Map<string, Finding>();
  return gates.flatMap(({ ecosystem, minimum, setting, place }) => {
    const own = reports.filter(({ report }) => report.language === ecosystem);
    const total = own.reduce((sum, { report }) => sum + report.total, 0);
    if (minimum === undefined || total === 0) return [];
    const value = Math.floor((own.reduce((sum, { report }) => sum + report.covered, 0) * 10_000) / total);
    const name = `minimum ${setting} against the report`;
    if (value >= minimum) return [pass(name, place, `The report shows ${percent(value)} %.`)];
    const others = gates.filter(
      (gate) => gate.place !== place && gate.ecosystem === ecosystem && (gate.minimum ?? 0) > value,
    );
    const related = [
      ...own.map((one) => ({ ...one.place, text: 'The report with the lower figure.' })),
      ...others.map((gate) => ({ ...gate.place, text: 'This minimum is above it as well.' })),
    ];
    const data = { setting, minimum: percent(minimum), measured: percent(value) };
    const result = shared.get(ecosystem) ?? finding('contradiction', place, data, related);
    shared.set(ecosystem, result);
    return [fail(name, result, place)];
  });
}

/** Options that switch measuring off where a minimum is set and nothing else in the same CI system enforces it. */
function disabledSubjects({ gates, disabled }: CoverageModel): Subject[] {
  const gate = gates.find((one) => one.ecosystem === 'python');
  if (!gate) return [];
  const enforced = gates.flatMap(({ enforcedBy }) =>
    enforcedBy && enforcedBy !== 'service' ? [enforcedBy.step.file.data.system] : [],
  );
  const open = disabled.filter(({ run }) => !run || !enforced.includes(run.step.file.data.system));
  const first = open[0];
  if (!first) return [];
  const related = open.slice(1, 6).map(({ place }) => ({ ...place, text: 'Switched off here as well.' }));
  return [
    fail(
      'measuring of coverage',
      finding('disabled', first.place, { text: first.text, setting: gate.setting }, related),
    ),
  ];
}

/** The command that makes a report, for the languages of the repository. */
function howTo(facts: Facts): string {
  const has = (pattern: RegExp): boolean =>
    facts.files.some((file) => file.zone === 'production' && pattern.test(file.path));
  const commands = [
    has(/\.py$/) ? '`pytest --cov --cov-report=xml` (coverage.xml)' : '',
    has(/\.[cm]?[jt]sx?$/) ? '`npx c8 --reporter=lcov npm test` (coverage/lcov.info)' : '',
    has(/\.go$/) ? '`go test -coverprofile=coverage.out ./...`' : '',
    has(/\.(?:java|kt)$/) ? '`mvn verify` with the jacoco plugin (jacoco.xml)' : '',
  ].filter(Boolean);
  return commands.join(', ') || 'the coverage tool of your language';
}
