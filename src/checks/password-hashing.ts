/** Knows when a password is stored or compared as something that can be guessed quickly. */
import { defineCheck, fail, type Options, pass, type Subject } from '../check.ts';
import { digests, inputs, isRange, namesFile } from '../facts/program/digests.ts';
import { constants, lastWord, type Origin, origins, originText } from '../facts/program/flow.ts';
import {
  argument,
  type CallSite,
  linkProgram,
  option,
  type Program,
  placeIn,
  type Unit,
} from '../facts/program/link.ts';
import type { Operand } from '../facts/program/model.ts';
import { allNamedValues } from '../facts/program/names.ts';
import { isRow } from '../facts/program/rows.ts';
import { type SecretKind, secretKind, secretsIn } from '../facts/program/secrets.ts';

const why =
  'After a leak of the database a graphics card tries billions of guesses a second, and most passwords fall within hours.';
const fix = 'Hash passwords with Argon2id, or with bcrypt at a cost of 12; both make and keep the salt themselves.';

export const passwordHashing = defineCheck({
  id: 'password-hashing',
  needs: {
    program: [
      'password',
      'passwd',
      'Password',
      'PASSWORD',
      'pwd',
      'bcrypt',
      'argon2',
      'scrypt',
      'pbkdf2',
      'PBKDF2',
      'passlib',
      'crypt',
    ],
  },
  messages: {
    fast: { what: '{function} hashes a password.', why, fix },
    weak: { what: '{function} is a weak way to keep passwords: {reason}.', why, fix },
    rounds: {
      what: '{function} runs {rounds} rounds, fewer than {minimum}.',
      why: 'The number of rounds is the whole protection after a leak: each guess costs that little.',
      fix: 'Raise the rounds (bcrypt 12, PBKDF2 with SHA-256 600000), or use Argon2id.',
    },
    salt: {
      what: '{function} gets a constant salt.',
      why: 'With one salt for all accounts a guess is tried on all of them at once, and equal passwords show.',
      fix: 'Make a random salt of 16 bytes for each account and store it beside the hash.',
    },
    plain: {
      what: 'A password from {source} is stored as it was entered.',
      why: 'Whoever reads the database, a backup or a log of it has every password, here and on other sites.',
      fix,
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    return {
      subjects: [
        ...fastHashes(program, options),
        ...slowHashes(program, options),
        ...settings(program),
        ...stored(program, options),
      ],
      lookedFor: 'hash functions near passwords, password hashing libraries and framework settings',
    };
  },
});

function fastHashes(program: Program, options: Options): Subject[] {
  const sites = program.calls(options.fast as readonly string[]).filter((site) => isFast(program, options, site));
  const isSite = new Map(sites.map((site) => [site.call, site]));
  const targets = new Map<CallSite, Subject | undefined>();
  const safe = new Set<CallSite>();
  const rehashing = new Map<Unit, Set<number>>();
  const slow = [...(options.slow as readonly string[]), ...Object.keys(options.rounds as Options)];
  const slowFiles = new Set(program.calls(slow).map(({ unit }) => unit.path));
  const reach = (unit: Unit, operand: Operand) =>
    origins(program, unit, operand.value, { whole: true, callers: false, carriers: digests }).flatMap((one) =>
      one.kind === 'call' && isSite.has(one.site.call) ? [isSite.get(one.site.call)!] : [],
    );
  for (const { unit, call } of program.calls(options.slow as readonly string[])) {
    // A fast hash beside a slow one, not stored, checks an account of old.
    rehashing.set(unit, (rehashing.get(unit) ?? new Set()).add(call.function));
    for (const arg of call.args) for (const site of reach(unit, arg)) safe.add(site);
  }
  // What the digest becomes: the argument of a setter, a password column.
  for (const call of program.allCalls()) {
    if (!(options.setters as readonly string[]).includes(lastWord(call.call.callee.name ?? ''))) continue;
    for (const arg of call.call.args) {
      for (const site of reach(call.unit, arg)) targets.set(site, fast(site, call));
    }
  }
  for (const named of allNamedValues(program)) {
    if (secretKind(named.name) !== 'password') continue;
    for (const site of reach(named.unit, named.value)) if (!targets.has(site)) targets.set(site, undefined);
  }
  return sites.flatMap((site) => {
    if (safe.has(site)) return [];
    const known = targets.get(site);
    if (known) return [known];
    const stored = targets.has(site);
    if (!stored && rehashing.get(site.unit)?.has(site.call.function)) {
      return [pass(`${site.names[0]}()`, placeIn(site.unit, site.call), 'only checks what the same function rehashes')];
    }
    const inside = site.unit.module.functions[site.call.function];
    // `def hash_password(text)`: what is hashed is a password, whatever the parameter is called.
    const named = inside !== undefined && inside.params.length > 0 && secretKind(inside.name) === 'password';
    const hashed = inputs(site).filter((one) => named || secretsIn(program, site.unit, one).has('password'));
    // `createAccessToken({ password, salt })`: a keyed digest that is a token.
    const made = /[Hh]mac/.test(site.names[0]!) && inside && /^(?:token|key|mac)$/.test(secretKind(inside.name) ?? '');
    const fed = hashed.some((one) => !isGenerated(program, options, site.unit, one));
    if (made || (!fed && !stored)) return [];
    if (namesFile(site.unit, slowFiles))
      return [pass(`${site.names[0]}()`, placeIn(site.unit, site.call), 'a worker hashes it slowly')];
    // Looked at last: it follows every value that is cut anywhere in the file.
    if (isRange(program, site)) return [pass(`${site.names[0]}()`, placeIn(site.unit, site.call), 'asks by a prefix')];
    return [fast(site)];
  });
}

function fast(site: CallSite, setter?: CallSite): Subject {
  const place = placeIn((setter ?? site).unit, (setter ?? site).call);
  const related = setter ? [{ ...placeIn(site.unit, site.call), text: 'the digest is made here' }] : [];
  const name = `${site.names[0]}()`;
  const data = { function: name };
  return fail(name, { message: 'fast', data, place, confidence: 'high', ...(setter ? { related } : {}) });
}

function isFast(program: Program, options: Options, { unit, call, names }: CallSite): boolean {
  const security = argument(call, 99, 'usedforsecurity');
  if (security && constants(program, unit, security.value)?.includes(false)) return false;
  if (!names.includes('hashlib.new')) return true;
  const name = argument(call, 0, 'name');
  const known = name ? constants(program, unit, name.value) : undefined;
  return (
    known?.some((one) =>
      (options.fast as readonly string[]).includes(`hashlib.${String(one).toLowerCase().replace(/-/g, '')}`),
    ) ?? false
  );
}

function slowHashes(program: Program, options: Options): Subject[] {
  const weak = options.weak as Readonly<Record<string, string>>;
  const rounds = options.rounds as Readonly<Record<string, string>>;
  const subjects: Subject[] = [];
  for (const site of program.calls([
    ...(options.slow as readonly string[]),
    ...Object.keys(weak),
    ...Object.keys(rounds),
  ])) {
    const { unit, call, names } = site;
    const place = placeIn(unit, call);
    const name = `${names[0]}()`;
    const bad = (message: string, data: Record<string, string | number>) =>
      subjects.push(fail(name, { message, data: { function: name, ...data }, place, confidence: 'high' }));
    const reason = names.map((one) => weak[one]).find((one) => one !== undefined);
    const rule = names.map((one) => rounds[one]).find((one) => one !== undefined);
    const method = weakMethod(program, options, site);
    if (reason !== undefined && reason !== 'method') bad('weak', { reason });
    else if (method !== undefined) bad('weak', { reason: method });
    else if (rule !== undefined) {
      const [minimum, index, keyword, salt] = rule.split(' ') as [string, string, string, string?];
      const given = argument(call, Number(index), keyword);
      const node = given ? { unit, ref: given.value } : option(program, site, keyword);
      const known = node ? constants(program, node.unit, node.ref) : undefined;
      const few = known?.find((one) => typeof one === 'number' && one < +minimum);
      const salted = salt ? argument(call, Number(salt), 'salt') : undefined;
      if (few !== undefined) bad('rounds', { rounds: Number(few), minimum });
      else if (
        salted &&
        constants(program, unit, salted.value)?.some((one) => typeof one === 'string') &&
        isOfPassword(program, site)
      )
        bad('salt', {});
      else subjects.push(pass(name, place, 'slow and salted'));
    } else subjects.push(pass(name, place, 'slow and salted'));
  }
  return subjects;
}

/** False when names say that a key or a token is hashed, which nobody guesses: it needs no salt of its own. */
function isOfPassword(program: Program, { unit, call }: CallSite): boolean {
  const kinds = new Set(call.args.flatMap((arg) => [...secretsIn(program, unit, arg)]));
  return kinds.has('password') || !['key', 'token', 'secret'].some((kind) => kinds.has(kind as SecretKind));
}

/** What a machine drew at random needs no slow hash, whatever it is called. */
function isGenerated(program: Program, options: Options, unit: Unit, { value }: Operand): boolean {
  const drawn = options.generators as readonly string[];
  const found = origins(program, unit, value, { carriers: digests }).filter(({ kind }) => kind !== 'const');
  const namesOf = (one: Origin) => (one.kind === 'call' ? one.names : one.kind === 'safe' ? [one.name] : []);
  return found.length > 0 && found.every((one) => namesOf(one).some((name) => drawn.includes(name)));
}

/** A helper that takes the name of its method: werkzeug, Django, crypt. */
function weakMethod(program: Program, options: Options, { unit, call, names }: CallSite): string | undefined {
  if (!names.some((name) => (options.methods as readonly string[]).includes(name))) return undefined;
  const marks = options.weakMethods as readonly string[];
  for (const arg of call.args) {
    if (arg.keyword === 'password') continue;
    const value = unit.module.values[arg.value]!;
    const list = value.kind === 'list' ? value.items.slice(0, 1) : [arg.value];
    for (const ref of list) {
      const texts = [...(constants(program, unit, ref) ?? []).map(String), ...program.names(unit, ref)];
      const found = texts.find(
        (text) => marks.includes(lastWord(text).toLowerCase()) || /^pbkdf2:\w+:\d{1,4}$/.test(text),
      );
      if (found !== undefined && arg !== call.args[0]) return `the method is ${lastWord(found)}`;
      if (found !== undefined && names.some((name) => /CryptContext$/.test(name))) return `the scheme is ${found}`;
    }
  }
  return undefined;
}

/** PASSWORD_HASHERS of Django: the first one makes new hashes. */
function settings(program: Program): Subject[] {
  return allNamedValues(program).flatMap((named) => {
    const value = named.unit.module.values[named.value.value]!;
    if (named.name !== 'PASSWORD_HASHERS' || value.kind !== 'list' || value.items[0] === undefined) return [];
    const first = String(constants(program, named.unit, value.items[0])?.[0] ?? '');
    const place = placeIn(named.unit, named);
    if (!/^(?:Unsalted)?(?:MD5|SHA1|Crypt)PasswordHasher$/.test(lastWord(first)))
      return [pass(named.name, place, 'led by a slow hasher')];
    const data = { function: named.name, reason: `${lastWord(first)} comes first` };
    return [fail(named.name, { message: 'weak', data, place, confidence: 'high' })];
  });
}

/** A row of an ORM that takes the password of a request as it is. */
function stored(program: Program, options: Options): Subject[] {
  return allNamedValues(program).flatMap((named) => {
    if (named.form !== 'keyword' || !/^(?:password|passwd|pwd)$/i.test(named.name)) return [];
    const { unit } = named;
    if (!isRow(program, unit, named.call!, options.rows as readonly string[])) return [];
    const source = origins(program, unit, named.value.value, { at: named }).find(
      (one) => one.kind === 'source' && one.source === 'request',
    );
    if (!source) return [];
    const data = { source: originText(source) };
    const place = placeIn(unit, named);
    return [fail(named.name, { message: 'plain', data, place, confidence: 'medium', trace: source.trace })];
  });
}
