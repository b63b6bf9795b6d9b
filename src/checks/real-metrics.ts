/** Knows when a metric or a telemetry value is made up instead of measured. */
import { type Confidence, defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { lastWord, type Origin, origins } from '../facts/program/flow.ts';
import { choicesOf, isNamed, makingOf } from '../facts/program/invented.ts';
import { argument, linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Call, Operand, Site } from '../facts/program/model.ts';
import { allNamedValues, hasWords, wordsOf } from '../facts/program/names.ts';

const why = 'Alerts, autoscaling and reports believe this number, so they see a healthy system until the first outage.';
const share = '{invented} of the {values} values that this file reports are made up.';

export const realMetrics = defineCheck({
  id: 'real-metrics',
  needs: {
    program: [
      'prometheus',
      'prom-client',
      'metric',
      'Metric',
      'telemetry',
      'Telemetry',
      'opentelemetry',
      'statsd',
      'hot-shots',
    ],
  },
  messages: {
    random: {
      what: `{name} is reported from {source}(). ${share}`,
      why,
      fix: 'Measure the value where it arises, and report nothing where nothing was measured.',
    },
    fallback: {
      what: `{name} is reported from {source}() where nothing was measured. ${share}`,
      why: `A missing measurement is hidden behind an invented one. ${why}`,
      fix: 'Leave the value out when there is no measurement: a missing series is visible, a false one is not.',
    },
    constant: {
      what: `{name} is always set to the same number. ${share}`,
      why,
      fix: 'Measure the value, or export it as a setting under a name that says so.',
    },
    configured: {
      what: `{name} is read from the environment and reported as a measurement. ${share}`,
      why,
      fix: 'Measure the value, or export it as a setting under a name that says so.',
    },
    mock: {
      what: `{name} is reported from {source}(), which makes it up. ${share}`,
      why,
      fix: 'Take the measurement in its place, and report nothing until there is one.',
    },
    chosen: {
      what: '{mock} is used here, and it makes up {name}.',
      why: `Where nothing is there to measure, the system reports invented numbers as if it were. ${why}`,
      fix: 'Report that nothing was measured, and choose {mock} in tests and demonstrations only.',
    },
    scraped: {
      what: `{name} counts up whenever somebody looks at the metrics. ${share}`,
      why: `The number tells how often the metrics are read, not how often the thing it is named after happened. ${why}`,
      fix: 'Count where the thing happens.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const values = [...exported(program, options), ...reported(program, options)];
    const lookedFor = 'values given to Prometheus, OpenTelemetry and StatsD, and telemetry in dictionaries';
    return { subjects: subjectsOf(program, values, options), lookedFor };
  },
});

/** One value that is reported. `message` is absent where it is measured. */
interface Reported {
  readonly unit: Unit;
  readonly site: Site;
  readonly name: string;
  readonly message?: string;
  readonly source?: string;
  readonly confidence?: Confidence;
}

/** One finding for each function and message; those of mocks stand where the mock is chosen. */
function subjectsOf(program: Program, values: readonly Reported[], options: Options): Subject[] {
  const mocks = options.mocks as readonly string[];
  const findings = new Map<string, Finding>();
  const counts = new Map<Unit, { values: number; invented: number }>();
  for (const { unit, message } of values) {
    const count = counts.get(unit) ?? { values: 0, invented: 0 };
    counts.set(unit, { values: count.values + 1, invented: count.invented + (message === undefined ? 0 : 1) });
  }
  return values.flatMap(({ unit, site, name, message, source, confidence }): Subject[] => {
    const place = placeIn(unit, site);
    if (message === undefined) return [pass(name, place, 'computed at run time')];
    if (isNamed(unit, site.function, mocks)) {
      const chosen = choicesOf(program, unit, site.function, [...mocks, ...(options.simulations as readonly string[])]);
      return chosen.map(({ unit: user, call }) => {
        const at = placeIn(user, call);
        const mock = unit.module.functions[site.function]!.path.split('.')[0]!;
        const related = [{ ...place, text: 'This is made up.' }];
        const key = `${at.path} ${at.span.start} ${mock}`;
        const data = { mock, name };
        const finding = findings.get(key) ?? { message: 'chosen', data, place: at, confidence: 'medium', related };
        findings.set(key, finding);
        return fail(`use of ${mock}`, finding, at);
      });
    }
    const key = `${unit.path} ${site.function} ${message} ${source ?? name}`;
    const data = { name, ...counts.get(unit)!, ...(source === undefined ? {} : { source }) };
    const finding = findings.get(key) ?? { message, data, place, confidence: confidence! };
    findings.set(key, finding);
    return [fail(name, finding, place)];
  });
}

/** Values that metric objects get. */
function exported(program: Program, options: Options): Reported[] {
  const libraries = options.libraries as readonly string[];
  const methods = options.methods as readonly string[];
  const scraping = new Set(
    program.calls(options.expositions as readonly string[]).map(({ unit, call }) => `${unit.path} ${call.function}`),
  );
  return program.allCalls().flatMap((site): Reported[] => {
    const { unit, call } = site;
    const written = call.callee.name ?? '';
    const known = site.names.some((one) => libraries.some((library) => one.startsWith(`${library}.`)));
    const method = lastWord(written === '' ? (site.names[0] ?? '') : written);
    // Only metrics have labels, so the type of the object need not be known.
    if (!methods.includes(method) || !(known || written.endsWith(`.labels().${method}`))) return [];
    const name = nameOf(written);
    const scraped = scraping.has(`${unit.path} ${call.function}`) && isCounting(unit, call, method);
    if (scraped && !wordsOf(name).some((word) => /^(?:scrape|request|metric|read|access)s?$/.test(word)))
      return [{ unit, site: call, name, message: 'scraped', confidence: 'medium' }];
    const value = argument(call, 0, 'value', 'amount');
    return value ? [judge(program, options, site, call, name, value, true)] : [];
  });
}

function nameOf(callee: string): string {
  return (
    callee
      .split('.')
      .slice(0, -1)
      .join('.')
      .replace(/\.labels\(\)$/, '') || 'The metric'
  );
}

/** `inc()` and `inc(1)`: one more, whatever happened. */
function isCounting({ module }: Unit, call: Call, method: string): boolean {
  const amount = argument(call, 0, 'amount', 'value');
  return method === 'inc' && (!amount || module.values[amount.value]!.kind === 'const');
}

/** Entries of dictionaries that are named like measurements. */
function reported(program: Program, options: Options): Reported[] {
  return allNamedValues(program).flatMap((one): Reported[] => {
    if (one.form !== 'entry' || one.function < 0 || !isMeasure(one.name, options)) return [];
    const found = judge(program, options, one, one, one.name, one.value, false);
    return found.message === undefined ? [] : [found];
  });
}

/** What is computed of a number is as invented as the number. */
const carriers = new Set([
  'round',
  'float',
  'int',
  'max',
  'min',
  'abs',
  'sum',
  'Number',
  'Math.round',
  'Math.floor',
  'Math.ceil',
  'Math.max',
  'Math.min',
  'Math.abs',
  'parseFloat',
  '.toFixed',
]);

function judge(
  program: Program,
  options: Options,
  { unit }: { readonly unit: Unit },
  site: Site | Call,
  name: string,
  value: Operand,
  exporting: boolean,
): Reported {
  const measured: Reported = { unit, site, name };
  const simulations = options.simulations as readonly string[];
  const mocks = options.mocks as readonly string[];
  // Inventing numbers is the purpose of simulations and load generators.
  const around = wordsOf(`${unit.path} ${unit.module.functions[site.function]?.path ?? ''}`);
  if (around.some((word) => simulations.includes(word) && !mocks.includes(word))) return measured;
  const { makers, choice } = makingOf(program, unit, value.value, carriers);
  const maker = makers.find((one) => isNamed(one.unit, one.id, mocks));
  if (maker && !isNamed(unit, site.function, mocks))
    return { ...measured, message: 'mock', source: maker.function.name, confidence: exporting ? 'high' : 'medium' };
  const found = origins(program, unit, value.value, { carriers });
  const generators = options.generators as readonly string[];
  const isRandom = (text: string) => generators.some((one) => text === one || text.startsWith(`${one}.`));
  const source = found.flatMap(namesOf).find(isRandom);
  if (source !== undefined) {
    const others = found.some((one) => one.kind !== 'const' && !namesOf(one).some(isRandom));
    const instead = choice === 'missing' || (choice === 'branch' && others);
    return { ...measured, message: instead ? 'fallback' : 'random', source, confidence: exporting ? 'high' : 'medium' };
  }
  if (!exporting || !isMeasure(name, options) || !/\.(?:set|observe|record)$/.test(calleeOf(site))) return measured;
  if (found.length > 0 && found.every((one) => one.kind === 'source' && one.source === 'env')) {
    return { ...measured, message: 'configured', confidence: 'medium' };
  }
  const direct = unit.module.values[value.value]!;
  const constant = direct.kind === 'const' && typeof direct.value === 'number' && ![0, 1, -1].includes(direct.value);
  return constant ? { ...measured, message: 'constant', confidence: 'medium' } : measured;
}

function calleeOf(site: Site | Call): string {
  return 'callee' in site ? (site.callee.name ?? '') : '';
}

function namesOf(origin: Origin): readonly string[] {
  if (origin.kind === 'call') return origin.names;
  return origin.kind === 'external' || origin.kind === 'source' ? [origin.name] : [];
}

function isMeasure(name: string, options: Options): boolean {
  const words = wordsOf(name);
  return (options.measures as readonly string[]).some((measure) => hasWords(words, measure.split(' ')));
}
