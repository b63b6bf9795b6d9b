/** Knows which names mean a secret, and which only sound like it. */
import type { Unit } from './link.ts';
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
    ],
  ],
  ['secret', [['secret'], ['credential'], ['credentials']]],
  ['token', [['token'], ['jwt'], ['bearer']]],
];

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
    'source ref reference arn address endpoint domain host issuer audience subject scope scopes role count used seen revoked blacklisted ' +
    'exists missing present set unset old new previous current confirm confirmed confirmation repeat again retype verify match matches reset forgot forgotten ' +
    'last shared identity spiffe manager change changed updated created rotation rotated env var variable placeholder mask masked redacted iterator mint balance amount supply holder symbol decimals contract erc20 nft'
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
  for (const [kind, marks] of kinds) {
    for (const mark of marks) {
      if (!hasWords(words, mark)) continue;
      return words.some((word) => !mark.includes(word) && others.has(word)) ? undefined : kind;
    }
  }
  return more.some((mark) => hasWords(words, mark.split(' '))) ? 'secret' : undefined;
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
  if (value.kind === 'attr') return value.name;
  if (value.kind === 'param') return functions[value.function]!.params[value.index]!.name;
  const key = value.kind === 'item' ? value.key : value.kind === 'call' ? calls[value.call]!.args[0]?.value : undefined;
  const constant = key === undefined ? undefined : values[key]!;
  return constant?.kind === 'const' && typeof constant.value === 'string' ? constant.value : written;
}
