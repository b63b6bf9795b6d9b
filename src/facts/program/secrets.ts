/** Knows which names mean a secret, and which only sound like it. */
import { argument, type CallSite, option, type Program, type Unit } from './link.ts';
import type { Operand } from './model.ts';
import { hasWords, wordsOf } from './names.ts';

export type SecretKind = 'password' | 'token' | 'key' | 'mac' | 'code' | 'secret';

const kinds: readonly (readonly [SecretKind, readonly (readonly string[])[]])[] = [
  [
    'password',
    [
      ['password'],
      ['passwd'],
      ['pwd'],
      ['passphrase'],
      ['passcode'],
      ['pass', 'word'],
      ['pass', 'phrase'],
      ['userpass'],
      ['passwort'],
    ],
  ],
  [
    'key',
    [
      ['api', 'key'],
      ['apikey'],
      ['secret', 'key'],
      ['secretkey'],
      ['access', 'key'],
      ['private', 'key'],
      ['privatekey'],
      ['signing', 'key'],
      ['auth', 'key'],
      ['license', 'key'],
      ['licence', 'key'],
      ['encryption', 'key'],
      ['master', 'key'],
      ['maintenance', 'key'],
      ['admin', 'key'],
      ['session', 'key'],
      ['webhook', 'key'],
    ],
  ],
  ['mac', [['signature'], ['hmac'], ['expected', 'mac'], ['computed', 'mac'], ['expected', 'sig']]],
  [
    'code',
    [
      ['otp'],
      ['totp'],
      ['reset', 'code'],
      ['verification', 'code'],
      ['auth', 'code'],
      ['mfa', 'code'],
      ['recovery', 'code'],
      ['backup', 'code'],
      ['pin', 'code'],
      ['activation', 'code'],
      ['reset', 'token'],
      ['verification', 'token'],
      ['confirmation', 'token'],
      ['activation', 'token'],
      ['magic', 'token'],
    ],
  ],
  ['secret', [['secret'], ['credential'], ['credentials']]],
  ['token', [['token'], ['jwt'], ['bearer']]],
];

const first = new Set(kinds.flatMap(([, marks]) => marks.map((mark) => mark[0]!)));

/** Words that make the name a property of the secret, or something public. */
const others = new Set(
  (
    'type types kind id ids name names field fields label labels length len size count counts total totals usage limit limits max min budget ttl expiry expires ' +
    'expiration expired expire at age time timestamp date url uri path file filename dir folder header headers param params parameter ' +
    'regex pattern format policy rule rules hint prompt title text message msg error errors status state valid invalid is has ' +
    'enabled disabled required optional changed strength score level public fingerprint prefix suffix version algorithm alg method ' +
    'column attr attribute property index idx position pos offset start end stop class cls enum mode scheme provider manager service ' +
    'store storage backend handler validator generator factory config settings options option form view page next continuation ' +
    'sync pagination cursor csrf xsrf csrfmiddlewaretoken bucket rate per price cost input output prompt completion tokens num number stream lexer parser syntax node ' +
    'source ref reference link links arn address endpoint domain host issuer audience subject scope scopes role count used seen revoked blacklisted ' +
    'exists missing found not creator validity complexity salt mismatch present set unset old new previous current confirm confirmed confirmation repeat again retype verify match matches reset forgot forgotten ' +
    'bytes bits last shared identity spiffe manager change changed updated created rotation rotated env var variable placeholder mask masked redacted iterator draft mint balance amount supply holder symbol decimals contract erc20 nft'
  ).split(' '),
);

/**
 * Kind of secret a name means, by its last part: `user.password`, `headers.X-Api-Key`, `stored_hash.password`. `more`
 * are further names of secrets, as words separated by blanks.
 */
export function secretKind(name: string | undefined, more: readonly string[] = []): SecretKind | undefined {
  // The known answers of a test are no secrets.
  if (name === undefined || /(?:^|[._])vectors?\./i.test(name)) return undefined;
  const last = name
    .replace(/(?:\(\))+$/, '')
    .split('.')
    .at(-1)!;
  const words = wordsOf(last);
  if (words.length === 0 || words.length > 6) return undefined;
  for (const [kind, marks] of words.some((word) => first.has(word)) ? kinds : []) {
    for (const mark of marks) {
      if (!hasWords(words, mark)) continue;
      // The name of one of several credentials.
      if (mark[0]!.startsWith('credential') && words.includes('key')) return undefined;
      // The address of a device for messages.
      if (kind === 'token' && words.some((word) => /^(?:device|push|fcm|apns)$/.test(word))) return undefined;
      return words.some((word) => !mark.includes(word) && others.has(word)) ? undefined : kind;
    }
  }
  return more.some((mark) => hasWords(words, wordsOf(mark))) ? 'secret' : undefined;
}

/** Does the name mean something that is never given out: a password, a key or a secret, and not a token of its owner? */
export function isCredential(name: string | undefined): boolean {
  const kind = secretKind(name);
  return kind === 'password' || kind === 'key' || kind === 'secret';
}

/**
 * What an operand is called: as it is written when that means a secret; else the attribute, parameter or constant key
 * that a local variable got its value from (`request.headers.get("X-Api-Key")` is called `X-Api-Key`).
 */
export function calledName(unit: Unit, operand: Operand): string {
  const written = operand.name ?? '';
  if (secretKind(written)) return written;
  const { values, calls, functions } = unit.module;
  const value = values[operand.value]!;
  if (value.kind === 'attr') return written.endsWith(`.${value.name}`) ? written : value.name;
  if (value.kind === 'param') return functions[value.function]!.params[value.index]!.name;
  const key = value.kind === 'item' ? value.key : value.kind === 'call' ? calls[value.call]!.args[0]?.value : undefined;
  const constant = key === undefined ? undefined : values[key]!;
  return constant?.kind === 'const' && typeof constant.value === 'string' ? constant.value : written;
}

/**
 * Kinds of secrets among the names a value has on its way: the parameters, attributes, keys and written words it and
 * its parts come from, at most three calls up.
 */
export function secretsIn(program: Program, unit: Unit, operand: Operand): ReadonlySet<SecretKind> {
  const found = new Set<SecretKind>();
  const seen = new Set<string>();
  const note = (name: string | undefined) => {
    for (const part of (name ?? '').split('.')) {
      const kind = secretKind(part);
      if (kind) found.add(kind);
    }
  };
  const queue: { unit: Unit; ref: number; up: number }[] = [{ unit, ref: operand.value, up: 0 }];
  note(operand.name);
  for (let at = queue.pop(); at && seen.size < 300; at = queue.pop()) {
    const key = `${at.unit.path}\0${at.ref}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const { values, calls, functions } = at.unit.module;
    const value = values[at.ref]!;
    const { unit: inside, up } = at;
    const follow = (...refs: readonly number[]) => queue.push(...refs.map((ref) => ({ unit: inside, ref, up })));
    if (value.kind === 'attr') {
      note(value.name);
      follow(value.of);
    } else if (value.kind === 'item') {
      const constant = values[value.key]!;
      if (constant.kind === 'const') note(String(constant.value));
      follow(value.of);
    } else if (value.kind === 'concat') follow(...value.parts);
    else if (value.kind === 'either' || value.kind === 'operation') follow(...value.of);
    else if (value.kind === 'slice' || value.kind === 'element' || value.kind === 'spread') follow(value.of);
    else if (value.kind === 'list') follow(...value.items);
    else if (value.kind === 'global') note(value.name);
    else if (value.kind === 'call') {
      const call = calls[value.call]!;
      const callee = values[call.callee.value]!;
      // A method passes its receiver on; what an unknown function makes of its arguments is something else.
      if (callee.kind === 'attr') follow(callee.of);
      const word = callee.kind === 'attr' || callee.kind === 'global' ? callee.name.split('.').at(-1)! : '';
      if (word === 'getpass') found.add('password');
      if (/^(?:get|pop|getenv|header|str|bytes|bytearray|encode|b64encode|normalize)$/.test(word)) {
        for (const arg of call.args.slice(0, 2)) {
          const constant = values[arg.value]!;
          if (constant.kind === 'const') note(String(constant.value));
          else {
            note(arg.name);
            follow(arg.value);
          }
        }
      }
    } else if (value.kind === 'param') {
      const model = functions[value.function]!;
      const own = model.params[value.index]!;
      note(own.name);
      if (at.up >= 3) continue;
      for (const site of program.callers(inside, value.function).slice(0, 20)) {
        const arg = argument(site.call, value.index, own.name);
        if (!arg) continue;
        note(arg.name);
        queue.push({ unit: site.unit, ref: arg.value, up: up + 1 });
      }
    }
  }
  return found;
}

/** The key among the options of a call that signs; of several the first one, which signs. */
export function optionOperand(program: Program, site: CallSite, words: readonly string[]): Operand | undefined {
  const node = words.map((word) => option(program, site, word)).find((one) => one?.unit === site.unit);
  if (!node) return undefined;
  const { values } = node.unit.module;
  const value = values[node.ref]!;
  const ref = value.kind === 'list' ? value.items[0] : node.ref;
  return ref === undefined ? undefined : { value: ref, span: values[ref]!.span };
}

/** Has the value, or a variable with the same value, a name that says it is public? */
export function isNamedPublic(unit: Unit, { value, name }: Operand): boolean {
  if (wordsOf(name?.split('.').at(-1) ?? '').includes('public')) return true;
  return unit.module.assignments.some((one) => one.value?.value === value && wordsOf(one.name).includes('public'));
}

/** Are both parts of one parameter, as settings that are compared with each other? */
export function haveOneOwner(unit: Unit, left: Operand, right: Operand): boolean {
  const { values } = unit.module;
  const [a, b] = [values[left.value]!, values[right.value]!];
  return a.kind === 'attr' && b.kind === 'attr' && a.of === b.of && values[a.of]!.kind === 'param';
}
