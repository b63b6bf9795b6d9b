/** Knows when a metric or a telemetry value is made up instead of measured. */
import { type Confidence, defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { lastWord, type Origin, origins } from '../facts/program/flow.ts';
import { argument, linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Call, Operand, Site } from '../facts/program/model.ts';
import { allNamedValues, hasWords, wordsOf } from '../facts/program/names.ts';

const why = 'Alerts, autoscaling and reports believe this number, so they see a healthy system until the first outage.';

export const realMetrics = defineCheck({
  id: 'real-metrics',
  needs: { program: ['prometheus', 'metric', 'Metric', 'telemetry', 'Telemetry', 'opentelemetry', 'statsd'] },
  messages: {
    random: {
      what: '{name} is reported from {source}().',
      why,
      fix: 'Measure the value where it arises, and report nothing where nothing was measured.',
    },
    fallback: {
      what: '{name} is reported from {source}() where nothing was measured.',
      why: `A missing measurement is hidden behind an invented one. ${why}`,
      fix: 'Leave the value out when there is no measurement: a missing series is visible, a false one is not.',
    },
    constant: {
      what: '{name} is always set to the same number.',
      why,
      fix: 'Measure the value, or export it as a setting under a name that says so.',
    },
    configured: {
      what: '{name} is read from the environment and reported as a measurement.',
      why,
      fix: 'Measure the value, or export it as a setting under a name that says so.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const lookedFor = 'values given to Prometheus, OpenTelemetry and StatsD, and telemetry in dictionaries';
    return { subjects: [...exported(program, options), ...reported(program, options)], lookedFor };
  },
});

/** Values that metric objects get. */
function exported(program: Program, options: Options): Subject[] {
  const libraries = options.libraries as readonly string[];
  const methods = options.methods as readonly string[];
  return program.allCalls().flatMap((site): Subject[] => {
    const found = site.names.find((name) => libraries.some((library) => name.startsWith(`${library}.`)));
    if (found === undefined || !methods.includes(lastWord(found))) return [];
    const value = argument(site.call, 0, 'value', 'amount');
    if (!value) return [];
    const words = (site.call.callee.name ?? 'the metric').split('.');
    const name =
      words
        .slice(0, -1)
        .join('.')
        .replace(/\.labels\(\)$/, '') || 'The metric';
    const subject = judge(program, options, site.unit, site.call, name, value, true);
    return subject ? [subject] : [pass(name, placeIn(site.unit, site.call), 'computed at run time')];
  });
}

/** Entries of dictionaries that are named like measurements. */
function reported(program: Program, options: Options): Subject[] {
  return allNamedValues(program).flatMap((one): Subject[] => {
    if (one.form !== 'entry' || one.function < 0 || !isMeasure(one.name, options)) return [];
    const subject = judge(program, options, one.unit, one, one.name, one.value, false);
    return subject ? [subject] : [];
  });
}

/** What is computed of a number is as invented as the number. */
const carriers = new Set(['round', 'float', 'int', 'max', 'min', 'abs', 'sum']);

function judge(
  program: Program,
  options: Options,
  unit: Unit,
  site: Site | Call,
  name: string,
  value: Operand,
  exporting: boolean,
): Subject | undefined {
  const found = origins(program, unit, value.value, { carriers });
  const place = placeIn(unit, site);
  const generators = options.generators as readonly string[];
  const isRandom = (text: string) => generators.some((one) => text === one || text.startsWith(`${one}.`));
  const source = found.flatMap(namesOf).find(isRandom);
  const report = (message: string, confidence: Confidence, data: Finding['data'] = {}) =>
    fail(name, { message, data: { name, ...data }, place, confidence });
  if (source !== undefined) {
    const model = site.function >= 0 ? unit.module.functions[site.function]!.path : '';
    const around = wordsOf(`${unit.path} ${model}`);
    const simulated = (options.simulations as readonly string[]).some((word) => around.includes(word));
    const others = found.some((one) => one.kind !== 'const' && !namesOf(one).some(isRandom));
    return report(others ? 'fallback' : 'random', simulated ? 'low' : exporting ? 'high' : 'medium', { source });
  }
  if (!exporting || !isMeasure(name, options) || !/\.(?:set|observe|record)$/.test(calleeOf(site))) return undefined;
  if (found.length > 0 && found.every((one) => one.kind === 'source' && one.source === 'env')) {
    return report('configured', 'medium');
  }
  const direct = unit.module.values[value.value]!;
  const constant = direct.kind === 'const' && typeof direct.value === 'number' && ![0, 1, -1].includes(direct.value);
  return constant ? report('constant', 'medium') : undefined;
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
  return (options.measures as readonly string[]).some((measure) => hasWords(words, wordsOf(measure)));
}
