/** Knows when data is turned into objects by something that can be made to run code. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject, unknown } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { type Installed, installed } from '../facts/packages/installed.ts';
import type { Ecosystem } from '../facts/packages/model.ts';
import { constants, lastWord, type Origin, origins, originText } from '../facts/program/flow.ts';
import { argument, type CallSite, linkProgram, type Program, placeIn } from '../facts/program/link.ts';
import { allNamedValues, type NamedValue } from '../facts/program/names.ts';
import { isShipped, unpickler, verdict, vouchedFor } from '../facts/program/readers.ts';

const why = 'Whoever controls the data decides which code runs while it is read, with all rights of the process.';

export const unsafeDeserialization = defineCheck({
  id: 'unsafe-deserialization',
  needs: {
    program: [
      'pickle',
      'Pickle',
      'dill',
      'marshal',
      'shelve',
      'joblib',
      'read_pickle',
      'allow_pickle',
      'torch',
      'yaml',
      'keras',
      'recv',
      'unserialize',
      'deserialize',
      'cryo',
      'funcster',
      'serializer',
      'SERIALIZER',
      'accept_content',
      'ACCEPT_CONTENT',
      'eval(',
      'new Function',
      'runInNewContext',
      'runInThisContext',
      'runInContext',
    ],
  },
  evidence: {
    dependencies: ['torch', 'js-yaml'],
    dockerfile: ['torch', 'js-yaml'],
  },
  messages: {
    request: {
      what: 'Data from {source} reaches {call}.',
      why: `${why} Here a request is enough.`,
      fix: 'Exchange data as JSON and check its shape; {advice}.',
      severity: 'critical',
    },
    unsafe: {
      what: '{call} turns {source} into objects.',
      why,
      fix: 'Store and exchange data as JSON or another format without code; {advice}.',
    },
    reference: {
      what: '{call} is handed on as a function.',
      why: 'Whatever calls it later reads its data with it, and the data decides which code runs.',
      fix: 'Hand on a function that reads JSON or another format without code; {advice}.',
    },
    setting: {
      what: '{name} chooses pickle for data that leaves the process.',
      why: 'Everybody who can write to the queue, the cache or the cookie decides which code the workers run.',
      fix: 'Choose the JSON serializer, and accept no other content type.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    return {
      subjects: [
        ...calls(program, facts, options),
        ...evaluated(program, options),
        ...references(program, options),
        ...settings(program, options),
      ],
      lookedFor: 'pickle, marshal, shelve, YAML, joblib, torch, numpy and similar readers, and data that is evaluated',
    };
  },
});

function calls(program: Program, facts: Facts, options: Options): Subject[] {
  const readers = options.readers as Readonly<Record<string, string>>;
  const subjects: Subject[] = [];
  for (const site of program.calls(Object.keys(readers))) {
    const name = site.names.find((one) => readers[one] !== undefined)!;
    subjects.push(...judge({ program, facts, options, site, name }, readers[name]!));
  }
  for (const site of program.allCalls()) {
    const name = unpickler(program, site, options.unpicklers as readonly string[]);
    if (name === undefined) continue;
    if (name === '') subjects.push(pass('own unpickler', placeIn(site.unit, site.call), 'find_class is restricted'));
    else subjects.push(...judge({ program, facts, options, site, name }, 'always'));
  }
  return subjects;
}

interface Reading {
  readonly program: Program;
  readonly facts: Facts;
  readonly options: Options;
  readonly site: CallSite;
  readonly name: string;
}

/** How old the library is whose own default decides; undefined: no file says. */
function ageOf({ facts, options, name, site }: Reading): Installed | undefined {
  const safe = (options.safeDefaults as Readonly<Record<string, string>>)[name];
  if (safe === undefined) return undefined;
  const [ecosystem, distribution, version] = safe.split(' ') as [Ecosystem, string, string];
  return installed(facts, ecosystem, distribution, version, site.unit.path);
}

function judge(reading: Reading, rule: string): Subject[] {
  const { program, facts, options, site, name } = reading;
  const { unit, call } = site;
  const label = `${name}()`;
  const place = placeIn(unit, call);
  const state = verdict(program, site, rule, options.safeLoaders as readonly string[]);
  if (state === 'safe') return [pass(label, place, 'reads no code')];
  if (state === 'unknown')
    return [unknown(label, place, 'whether it may build any object depends on an argument that cannot be told')];
  const age = state === 'default' ? ageOf(reading) : undefined;
  if (age?.age === 'since') return [pass(label, place, `${age.text} reads no code unless it is told to`)];
  if (state === 'default' && !age && rule === 'schema')
    return [unknown(label, place, 'whether it may build any object depends on the version, which no manifest names')];
  const data = argument(call, 0);
  const found = data ? origins(program, unit, data.value) : [];
  const request = found.find((one) => one.kind === 'source' && one.source === 'request');
  const advice = adviceFor(options, name);
  // A literal cannot be changed by anybody; a path is no data.
  const literal = data !== undefined && constants(program, unit, data.value)?.every((one) => typeof one === 'string');
  const isData = !(options.pathReaders as readonly string[]).includes(name);
  if (literal && isData && rule !== 'loader') return [pass(label, place, 'the data is a constant of the program')];
  const own = literal && isData;
  const roundTrip =
    found.length > 0 &&
    found.every((one) => one.kind === 'call' && one.names.some((n) => /\.(?:dumps?|encode)$/.test(n)));
  const yaml = rule === 'loader' || rule === 'schema';
  const shipped = yaml && isShipped(facts, found);
  const review = own || roundTrip || shipped || age?.age === 'either' || vouchedFor(program, site);
  const isFile = yaml && found.some((one) => one.kind === 'source' && one.source === 'file');
  const finding: Finding = {
    message: request ? 'request' : 'unsafe',
    data: { call: label, source: request ? 'a request' : described(found, isData), advice },
    place,
    confidence: review ? 'low' : request || (isData && !isFile) ? 'high' : 'medium',
    ...(request ? { trace: [...request.trace, { ...place, text: `read by ${label}` }] } : {}),
  };
  return [fail(label, finding)];
}

/** Data that is read by running it: `eval("(" + body + ")")`. What comes from nowhere outside is code, not data. */
function evaluated(program: Program, options: Options): Subject[] {
  return program.calls(options.evaluators as readonly string[]).flatMap((site): Subject[] => {
    const { unit, call, names } = site;
    const data = call.args[lastWord(names[0]!) === 'Function' ? call.args.length - 1 : 0];
    const found = data ? origins(program, unit, data.value, { at: call }) : [];
    const outside = found.filter((one) => one.kind === 'source' && /^(?:request|network|file|store)$/.test(one.source));
    const origin = outside.find((one) => one.kind === 'source' && one.source === 'request') ?? outside[0];
    const value = data ? unit.module.values[data.value]! : undefined;
    const first = value?.kind === 'concat' ? unit.module.values[value.parts[0]!]! : undefined;
    const isObject = first?.kind === 'const' && /^\s*(?:\(|return\s*\(?)\s*$/.test(String(first.value));
    if (!data || (!origin && !(isObject && found.some(({ kind }) => kind === 'param')))) return [];
    const [place, label] = [placeIn(unit, call), `${names[0]}()`];
    const request = origin?.kind === 'source' && origin.source === 'request';
    const finding: Finding = {
      message: request ? 'request' : 'unsafe',
      data: { call: label, source: origin ? originText(origin) : 'data', advice: adviceFor(options, 'eval') },
      place,
      // A file that is run may be a part of the program.
      confidence: !origin ? 'medium' : origin.kind === 'source' && origin.source === 'file' ? 'low' : 'high',
      ...(request ? { trace: [...origin.trace, { ...place, text: `run by ${label}` }] } : {}),
    };
    return [fail(label, finding)];
  });
}

function adviceFor(options: Options, name: string): string {
  const advice = options.advice as Readonly<Record<string, string>>;
  return advice[name.split('.')[0]!] ?? 'read nothing that others can write';
}

function described(found: readonly Origin[], isData: boolean): string {
  const source = found.find((one) => one.kind === 'source');
  if (!isData) return 'a file';
  return source ? originText(source) : 'data';
}

function references(program: Program, options: Options): Subject[] {
  const readers = options.readers as Readonly<Record<string, string>>;
  const subjects: Subject[] = [];
  for (const unit of program.units) {
    const aliases = new Set(
      unit.module.assignments.flatMap((one) => (one.target === 'name' && one.value ? [one.value.value] : [])),
    );
    for (const reference of unit.module.references) {
      if (reference.role !== 'value' || aliases.has(reference.value)) continue;
      const name = program.names(unit, reference.value).find((one) => readers[one] === 'always');
      if (name === undefined) continue;
      const advice = adviceFor(options, name);
      const place = placeIn(unit, reference);
      subjects.push(fail(name, { message: 'reference', data: { call: name, advice }, place, confidence: 'high' }));
    }
  }
  return subjects;
}

function settings(program: Program, options: Options): Subject[] {
  const names = new Set((options.serializerSettings as readonly string[]).map((name) => name.toLowerCase()));
  return allNamedValues(program).flatMap((named) => {
    if (!names.has(named.name.toLowerCase())) return [];
    const place = placeIn(named.unit, named);
    if (!picks(named)) return [pass(named.name, place, 'no pickle')];
    return [fail(named.name, { message: 'setting', data: { name: named.name }, place, confidence: 'high' })];
  });
}

function picks({ unit, value }: NamedValue): boolean {
  const one = unit.module.values[value.value]!;
  const all = one.kind === 'list' ? one.items.map((item) => unit.module.values[item]!) : [one];
  return all.some((item) => item.kind === 'const' && typeof item.value === 'string' && /pickle/i.test(item.value));
}
