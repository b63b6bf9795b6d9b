/** Knows Sprig's functions on numbers, versions, dates, paths and addresses, and those whose result nobody can foresee. */
import { posix } from 'node:path';
import { arg, derived, int64, intArg, textArg, toNumber, whole } from './arguments.ts';
import type { TemplateFunction } from './evaluate.ts';
import {
  bool,
  dict,
  float,
  type HostValue,
  int,
  list,
  print,
  TemplateError,
  text,
  unknownText,
  type Value,
} from './value.ts';
import { compareVersions, parseVersion, satisfies, type Version } from './versions.ts';

const real = (value: Value) => toNumber(value, false);

/** The numbers of all arguments; there must be one at least. */
function numbers(args: readonly Value[], convert: (value: Value) => number): readonly [number, ...number[]] {
  return [convert(arg(args, 0)), ...args.slice(1).map(convert)];
}

function integers(combine: (a: number, b: number) => number): TemplateFunction {
  return (args) => int64(numbers(args, whole).reduce((a, b) => Math.trunc(combine(a, b))));
}

/** Sprig computes in decimals: what binary numbers lose at the end is put right. */
function reals(combine: (a: number, b: number) => number): TemplateFunction {
  return (args) => {
    const result = numbers(args, real).reduce(combine);
    const decimal = Number(result.toPrecision(15));
    return float(Math.abs(result - decimal) <= Math.abs(result) * 4e-16 ? decimal : result);
  };
}

function divided(a: number, b: number): number {
  if (b === 0) throw new TemplateError('division by zero');
  return a / b;
}

const remainder = (a: number, b: number) => {
  divided(a, b);
  return a % b;
};

function steps(start: number, stop: number, step: number): number[] {
  if (step === 0 || Math.abs((stop - start) / step) > 10_000) {
    if (step === 0) return [];
    throw new TemplateError('the sequence is too long');
  }
  const result: number[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) result.push(i);
  return result;
}

const seq: TemplateFunction = (args) => {
  const numbers = args.map((_, i) => intArg(args, i));
  const start = numbers.length > 1 ? numbers[0]! : 1;
  const end = numbers[numbers.length - 1] ?? 0;
  const down = end < start ? -1 : 1;
  const step = numbers.length === 3 ? numbers[1]! : down;
  if (numbers.length === 0 || numbers.length > 3 || step * down < 0) return text('');
  return text(steps(start, end + down, step).join(' '));
};

const round: TemplateFunction = (args) => {
  const factor = 10 ** intArg(args, 1);
  const scaled = real(arg(args, 0)) * factor;
  const fraction = scaled - Math.trunc(scaled);
  const on = args[2] ? real(args[2]) : 0.5;
  return float((fraction >= on ? Math.ceil(scaled) : Math.floor(scaled)) / factor);
};

function versionOf(written: string): Version {
  const version = parseVersion(written);
  if (!version) throw new TemplateError(`invalid semantic version ${JSON.stringify(written.slice(0, 60))}`);
  return version;
}

function versionObject(written: string): HostValue {
  const version = versionOf(written);
  const tail = `${version.prerelease && `-${version.prerelease}`}${version.metadata && `+${version.metadata}`}`;
  const whole = `${version.major}.${version.minor}.${version.patch}${tail}`;
  const other = (args: readonly Value[]) => versionOf(print(arg(args, 0)));
  return {
    kind: 'host',
    type: '*semver.Version',
    print: whole,
    fields: new Map<string, Value | ((args: readonly Value[]) => Value)>([
      ['Major', () => int64(version.major)],
      ['Minor', () => int64(version.minor)],
      ['Patch', () => int64(version.patch)],
      ['Prerelease', () => text(version.prerelease)],
      ['Metadata', () => text(version.metadata)],
      ['Original', () => text(written)],
      ['String', () => text(whole)],
      ['Compare', (args) => int(compareVersions(version, other(args)))],
      ['Equal', (args) => bool(compareVersions(version, other(args)) === 0)],
      ['LessThan', (args) => bool(compareVersions(version, other(args)) < 0)],
      ['GreaterThan', (args) => bool(compareVersions(version, other(args)) > 0)],
    ]),
  };
}

const urlParse: TemplateFunction = (args) => {
  const written = textArg(args, 0).value;
  const match = /^(?:([a-zA-Z][\w+.-]*):)?(?:\/\/(?:([^@/?#]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(
    written,
  );
  const [, scheme = '', userinfo = '', host = '', path = '', query = '', fragment = ''] = match ?? [];
  const opaque = host === '' && scheme !== '' && path !== '' && !path.startsWith('/');
  const parts = {
    scheme,
    userinfo,
    host,
    hostname: host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
    path: opaque ? '' : path,
    opaque: opaque ? path : '',
    query,
    fragment,
  };
  return dict(Object.entries(parts).map(([name, part]) => [name, derived(part, arg(args, 0))]));
};

const urlJoin: TemplateFunction = (args) => {
  const parts = arg(args, 0);
  if (parts.kind !== 'dict') throw new TemplateError('urlJoin needs a map');
  const get = (name: string) => {
    const value = parts.entries.get(name);
    return value ? print(value) : '';
  };
  const host = get('userinfo') === '' ? get('host') : `${get('userinfo')}@${get('host')}`;
  const address = `${get('scheme') && `${get('scheme')}:`}${host && `//${host}`}${get('opaque')}${get('path')}`;
  return derived(
    `${address}${get('query') && `?${get('query')}`}${get('fragment') && `#${get('fragment')}`}`,
    ...parts.entries.values(),
  );
};

/** A result that is made at the installation: text of a plausible length, marked as unknown. */
function unforeseen(reason: string, length: (args: readonly Value[]) => number = () => 12): TemplateFunction {
  return (args, call) => {
    const size = Math.max(0, Math.min(length(args), 1000));
    return unknownText('x'.repeat(size), reason, call.at);
  };
}

function certificate(...names: readonly string[]): TemplateFunction {
  return (_, call) => ({
    kind: 'host',
    type: 'sprig.certificate',
    print: '{}',
    fields: new Map(
      names.map((name) => [name, unknownText('generated', 'a certificate is generated at the installation', call.at)]),
    ),
  });
}

const DATE = 'the date of the installation';
const NOW: HostValue = {
  kind: 'host',
  type: 'time.Time',
  print: '2000-01-01 00:00:00 +0000 UTC',
  fields: new Map<string, () => Value>([
    ...['Year', 'Month', 'Day', 'Hour', 'Minute', 'Second', 'Unix', 'UnixNano', 'UnixMilli', 'YearDay'].map(
      (name): [string, () => Value] => [name, () => int64(1)],
    ),
    ...['Format', 'String'].map((name): [string, () => Value] => [name, () => unknownText('2000-01-01', DATE)]),
    ...['Add', 'AddDate', 'UTC', 'Round', 'Truncate'].map((name): [string, () => Value] => [name, () => NOW]),
  ]),
};
const date = unforeseen(DATE, () => 10);
const random = (args: readonly Value[]) => (args[0]?.kind === 'number' ? args[0].value : 12);
const certificates = certificate('Cert', 'Key');
const pathFunction =
  (change: (path: string) => string): TemplateFunction =>
  (args) =>
    derived(change(textArg(args, 0).value), ...args);
const clean = (path: string) => posix.normalize(path).replace(/(.)\/$/, '$1');
const paths = {
  base: pathFunction((path) => (path === '' ? '.' : posix.basename(path) || '/')),
  dir: pathFunction((path) => clean(path.slice(0, path.lastIndexOf('/') + 1))),
  clean: pathFunction(clean),
  ext: pathFunction((path) => /\.[^./]*$/.exec(path)?.[0] ?? ''),
};
const isAbs: TemplateFunction = (args) => bool(textArg(args, 0).value.startsWith('/'));
const add = integers((a, b) => a + b);
const least: TemplateFunction = (args) => int64(Math.min(...numbers(args, whole)));
const most: TemplateFunction = (args) => int64(Math.max(...numbers(args, whole)));

export const otherFunctions: Readonly<Record<string, TemplateFunction>> = {
  int: (args) => ({ ...arg(args, 0), kind: 'number', value: whole(arg(args, 0)), type: 'int' }),
  int64: (args) => ({ ...arg(args, 0), kind: 'number', value: whole(arg(args, 0)), type: 'int64' }),
  float64: (args) => ({ ...arg(args, 0), kind: 'number', value: real(arg(args, 0)), type: 'float64' }),
  toDecimal: (args) => int64(/^[0-7]+$/.test(print(arg(args, 0))) ? Number.parseInt(print(arg(args, 0)), 8) : 0),
  add,
  add1: (args) => int64(whole(arg(args, 0)) + 1),
  sub: (args) => int64(whole(arg(args, 0)) - whole(arg(args, 1))),
  mul: integers((a, b) => a * b),
  div: integers(divided),
  mod: integers(remainder),
  addf: reals((a, b) => a + b),
  add1f: (args) => float(real(arg(args, 0)) + 1),
  subf: reals((a, b) => a - b),
  mulf: reals((a, b) => a * b),
  divf: reals(divided),
  max: most,
  biggest: most,
  min: least,
  maxf: (args) => float(Math.max(...numbers(args, real))),
  minf: (args) => float(Math.min(...numbers(args, real))),
  ceil: (args) => float(Math.ceil(real(arg(args, 0)))),
  floor: (args) => float(Math.floor(real(arg(args, 0)))),
  round,
  until: (args) => list(steps(0, intArg(args, 0), intArg(args, 0) < 0 ? -1 : 1).map((i) => int(i))),
  untilStep: (args) => list(steps(intArg(args, 0), intArg(args, 1), intArg(args, 2)).map((i) => int(i))),
  seq,
  semver: (args) => versionObject(textArg(args, 0).value),
  semverCompare: (args) => bool(satisfies(textArg(args, 0).value, versionOf(textArg(args, 1).value))),
  ...paths,
  isAbs,
  osBase: paths.base,
  osDir: paths.dir,
  osClean: paths.clean,
  osExt: paths.ext,
  osIsAbs: isAbs,
  urlParse,
  urlJoin,
  now: () => NOW,
  toDate: () => NOW,
  mustToDate: () => NOW,
  date,
  date_in_zone: date,
  dateInZone: date,
  htmlDate: date,
  htmlDateInZone: date,
  dateModify: () => NOW,
  date_modify: () => NOW,
  mustDateModify: () => NOW,
  must_date_modify: () => NOW,
  ago: date,
  unixEpoch: date,
  duration: unforeseen('a written duration'),
  durationRound: unforeseen('a written duration'),
  randAlphaNum: unforeseen('random text', random),
  randAlpha: unforeseen('random text', random),
  randNumeric: (args, call) =>
    unknownText('1'.repeat(Math.max(0, Math.min(random(args), 1000))), 'random digits', call.at),
  randAscii: unforeseen('random text', random),
  randBytes: unforeseen('random bytes', (args) => Math.ceil(random(args) / 3) * 4),
  randInt: (args) => int(intArg(args, 0)),
  shuffle: (args) => textArg(args, 0),
  uuidv4: (_, call) => unknownText('00000000-0000-4000-8000-000000000000', 'a random identifier', call.at),
  bcrypt: unforeseen('a password hash', () => 60),
  htpasswd: unforeseen('a password hash', () => 60),
  derivePassword: unforeseen('a derived password'),
  encryptAES: unforeseen('encrypted text', () => 24),
  decryptAES: unforeseen('decrypted text'),
  genPrivateKey: unforeseen('a key is generated at the installation'),
  genCA: certificates,
  genCAWithKey: certificates,
  genSelfSignedCert: certificates,
  genSelfSignedCertWithKey: certificates,
  genSignedCert: certificates,
  genSignedCertWithKey: certificates,
  buildCustomCert: certificates,
  getHostByName: () => text(''),
  hello: () => text('Hello!'),
};
