/** Knows which names and values are secrets, without ever giving a value away: kind and fingerprint only. */
import { createHash } from 'node:crypto';
import type { Span } from '../span.ts';

export type SecretKind = 'password' | 'token' | 'key' | 'private key' | 'connection string' | 'credential';

export interface Exposed {
  readonly kind: SecretKind;
  /** Name under which it stands; inside a nested text the inner one. */
  readonly name: string;
  /** Tells equal values apart from others, not the value itself. */
  readonly fingerprint: string;
  /** Its form says what it is, whatever it is called: a private key, a token of a known service. */
  readonly certain?: true;
  /** It opens something on the machine of whoever runs it. */
  readonly local?: true;
  /** It says itself that somebody should change it, and works until then. */
  readonly weak?: true;
  /** Where it stands in a text of several lines, as far as that is known. */
  readonly within?: Span;
}

/** `reference`: a variable or a store gives it; `placeholder`: somebody must replace it before anything works. */
export type ValueClass = 'empty' | 'reference' | 'placeholder' | 'plain' | 'real';

const REFERENCE =
  /^\$(?!apr1\$)\{?[A-Za-z_{(]|^\$[0-9@*#]$|^\$\(|\{\{|^<[^<>]+>$|^%[\w.]+(?:\([\w:.-]+\))?%$|^@{1,2}\w+@{1,2}$|^__\w+__$|^_+[A-Z][A-Z_]*_$|^#\{|^%[({]\w+[)}]|^\(\([^()]+\)\)$|^\{[A-Za-z_.]+\}$|^\{cipher\}|^ENC\(|^@Microsoft\.KeyVault\(|^(?:vault|op|ref\+\w+|sm|gcpsm|awss?sm|(?:azure-?)?keyvault|kms|secrets?|secretsmanager|ssm|doppler|env|file):|^os\.environ\/|^[\w.]+[([](['"]).*\1[)\]]$|^[a-z_-]+(?:\/[a-z_.-]+){2,}$|^arn:|^alias\/|^projects\/[^/]+\/secrets\/|^ENC\[|^enc:|^AgA|^!vault|^\/(?:run|var|etc|mnt|vault|dev|tmp|opt|root|home|srv|usr)\/|^\$ANSIBLE_VAULT|\$\{[A-Za-z_]|\$\{\{|<%=/;
const PLACEHOLDER =
  /^(?:your|my|the|some|insert|put|enter|add|set|fill|replace|change|todo|fixme|example|sample|dummy|fake|placeholder|redacted|mock|stub|undefined|none|null|nil|n\/?a|tbd|secret-?here)(?:[-_ .]|$)|^DATA\+OMITTED$|^['"~]+$|^\(?redacted\)?$|^your|^please[-_ ]|^(?:override|overwrite)(?:[-_ ]?me)?$|(?:^|[-_ ])(?:to|must)[-_ ]?be[-_ ]?(?:set|replaced|changed|filled|defined|provided|generated)|^not?[-_ ]?(?:set|used|needed|required|key|(?:a[-_ ]?)?secret|real)|^(?:unused|ignored|auto|generated?|random|missing|unset|unknown|empty|blank|required|invalid|no[-_ ]?value|(?:api|access|auth)?[-_ ]?(?:token|key))$|^not[-_ ]?(?:provided|given|available|configured|specified)$|^(?:from|in)[-_ ](?:secret|vault|env)|^same as |(?:^|[/_-])X{3,}(?:[/_-]|$)|^[sr]k_test_.{0,12}$|^abcdefgh|(?:^|[-_ ])(?:here|placeholder|redacted|changeme|replaceme|replace|change-?it|change-?me|example)(?:$|[-_ ])|^(?:change|replace)_?me|^(.)\1{2,}$|^[x*.#?-]+$|^x{3,}|\.\.\.$/i;
/** Part of a longer text, such as an address, that somebody must fill in. */
const SHOUTED = /(?:^|[^A-Za-z])(?:YOUR|REPLACE|CHANGE|INSERT|TODO|PLACEHOLDER)(?:[_/ -]|$)(?!ME\b)/;
/** Passwords that work although their name says that they should not. */
const WEAK = /change-?_?me|change-?_?it|replace-?_?me/i;

/** How a value is to be taken. `weak` counts "changeme" as real: in a default it becomes the password. */
export function classify(value: string, weak = false): ValueClass {
  const text = value.trim();
  if (text === '') return 'empty';
  if (REFERENCE.test(text)) return 'reference';
  if (SHOUTED.test(text) || /^\[[^[\]]+\]$/.test(text)) return 'placeholder';
  if (/EXAMPLE(?:KEY)?$/.test(text)) return 'placeholder';
  if (PLACEHOLDER.test(text)) return weak && WEAK.test(text) ? 'real' : 'placeholder';
  return /^(?:true|false|yes|no|on|off|enabled|disabled|succeeded|failed|skipped|timedout|[0-9]{1,3})$/i.test(text)
    ? 'plain'
    : 'real';
}

/** A text that asks for a better one and does until then: "change-me-in-production", "REPLACE_WITH_PASSWORD". */
export function asksForChange(value: string): boolean {
  const text = value.trim();
  return !/[<>{}$]/.test(text) && (WEAK.test(text) || /^(?:please[-_ ])?(?:change|replace|override)[-_ ]/i.test(text));
}

const NO_SECRET_AT_END = new Set(
  'file files path paths dir url uri urls name names id ids ref refs type types length len ttl expiry expiration expires expire timeout enabled disabled required policy header headers prefix suffix format algorithm alg host hostname port user username count limit limits size version username login email region database bucket field fields provider class mode strategy endpoint issuer audience rotation days hours minutes seconds interval store manager engine mount namespace arn email hint question regex pattern min max attempts label annotation annotations role backend kind template refresh secretname window bits rounds cost source spec usage status state permissions manager required method methods scheme strength complexity validator validators hasher hashers encoder reset validity lifetime duration cmd command env var variable column attribute param parameter parameters input placeholder text title message icon link page pair in selector selectors filter filters'.split(
    ' ',
  ),
);
const BEFORE_KEY =
  /^(?:api|access|secret|private|auth|signing|sign|encryption|encrypt|fernet|master|account|storage|batch|shared|service|app|application|jwt|hmac|session|cookie|webhook|license|deploy|ssh|rsa|ssl|tls|admin|root|client|server|subscription|functions?|integration|ingestion|obfuscation|decryption|decrypt|cipher|crypto|aes|preshared)$/;
/** Keys that nobody gives out: a program and its peers take any text. */
const OWN =
  /^(?:auth|nextauth|signing|sign|encryption|encrypt|decryption|decrypt|fernet|master|jwt|hmac|session|cookie|shared|preshared|obfuscation|cipher|crypto|aes|django|flask|rails|laravel|app|application)$/;
const CLOUD =
  /^(?:aws|azure|gcp|google|oci|aliyun|alicloud|digitalocean|do|cloudflare|stripe|twilio|sendgrid|openai|anthropic|github|gitlab|slack|datadog|newrelic)$/;

/** Does the end of a name say that something else than a secret stands there: "username", "API_URL"? */
export function namesOther(name: string): boolean {
  return NO_SECRET_AT_END.has(/[A-Za-z]+$/.exec(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2'))?.[0].toLowerCase() ?? '');
}

/** The name of a program at a provider of logins, which browsers show in the address: `client-id`, `OIDC_CLIENT_ID`. */
export function namesClient(name: string): boolean {
  return /client[-_. ]?id$/i.test(name);
}

/** `secretKeys: {password: DB_PASSWORD}`: the entry of a Secret in which the value stands, at a path of keys. */
export function namesEntry(keys: readonly string[], value: string): boolean {
  if (!/^[A-Za-z]+(?:[-_.][A-Za-z0-9]+)*$/.test(value)) return false;
  const parents = keys.slice(0, -1);
  if (parents.some((key) => /^secretKeys$|KeyRef$|^existingSecret/i.test(key))) return true;
  if (parents.at(-1) === 'keys') return secretName(value) !== undefined;
  const name = (keys.at(-1) ?? '').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  return /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) && `_${value}`.endsWith(`_${name}`);
}

/** Does any text do for the secret of this name: `DB_PASSWORD`, `JWT_SECRET`, `OBFUSCATION_KEY`, but not `STRIPE_SECRET_KEY`? */
export function takesAnyText(name: string): boolean {
  const kind = secretName(name);
  if (kind !== 'key' && kind !== 'credential') return kind === 'password';
  const [, before] = /^(.*?)[^a-z0-9]*(?:secret)?[^a-z0-9]*(?:key|secret)$/.exec(wordsOf(name).join(' ')) ?? [];
  return before === '' || OWN.test(before?.split(' ').at(-1) ?? '?');
}

/** What a password named "pass" opens. */
const OPENED =
  /^(?:db|database|user|admin|root|smtp|mail|redis|mysql|postgres|pg|mongo|rabbitmq|ansible|ssh|become|sudo)$/;

function wordsOf(name: string): string[] {
  return name
    .slice(-200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
}

/** The kind of secret a name promises, or undefined; names of files, addresses and settings of secrets are none. */
export function secretName(name: string): SecretKind | undefined {
  const words = wordsOf(name);
  const last = words.at(-1);
  // The folder in which a shell works.
  if (/^(?:OLD)?PWD$/.test(name)) return undefined;
  if (/ root token id$/.test(` ${words.join(' ')}`)) return 'token';
  if (/ erlang cookie$/.test(` ${words.join(' ')}`)) return 'credential';
  if (
    last === undefined ||
    NO_SECRET_AT_END.has(last) ||
    words.some((word) => /^(?:public|publishable|anon|existing)$/.test(word))
  )
    return undefined;
  if (
    words[0] === 'kubernetes' ||
    words[0] === 'no' ||
    words[0] === 'use' ||
    words[0] === 'allow' ||
    words[0] === 'update' ||
    words[0] === 'enable'
  )
    return undefined;
  // The name of a Secret object, not what is in it.
  if (
    last === 'secret' &&
    /^(?:tls|pull|image|registry|cert|certificate|ca|ingress|docker|ssl)$/.test(words.at(-2) ?? '')
  )
    return undefined;
  const key = words.lastIndexOf('key');
  const nameOfKey = key > 0 && /^(?:passwords?|passwd|token|credentials?|kms)$/.test(words[key - 1]!);
  if (nameOfKey || (key >= 0 && /^(?:ids?|arn|alias|name|spec)$/.test(words[key + 1] ?? ''))) return undefined;
  if (words.some((word) => /^(?:password|passwd|passphrase|pwd|userpass|rootpass|dbpass)$/.test(word)))
    return 'password';
  // Directives of nginx that name a server.
  if (last === 'pass' && /^(?:proxy|uwsgi|fastcgi|scgi|grpc|memcached)$/.test(words.at(-2) ?? '')) return undefined;
  if (last === 'pass' || (last.length > 8 && last.endsWith('password'))) return 'password';
  if (words.some((word, i) => word === 'pass' && OPENED.test(words[i - 1] ?? ''))) return 'password';
  if (/(?:apikey|secretkey|accesskey|privatekey)$/.test(last)) return 'key';
  if (key >= 0 && (BEFORE_KEY.test(words[key - 1] ?? '') || words.some((word) => CLOUD.test(word)))) return 'key';
  if (words.some((word) => /^(?:secret|credential|credentials)$/.test(word))) return 'credential';
  return last === 'token' || (words.includes('token') && last === 'value') || /authtoken$/.test(last)
    ? 'token'
    : undefined;
}

const PRIVATE_KEY = /-{3,}\s*BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY|AGE-SECRET-KEY-1[0-9A-Z]{50}|PuTTY-User-Key-File-\d:/;
/** Tokens whose form says which service takes them. */
const TOKENS = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    '(?:AKIA|ABIA)[0-9A-Z]{16}',
    'gh[pousr]_[A-Za-z0-9]{36,}',
    'github_pat_\\w{22,}',
    'gl(?:pat|dt|rt|ptt)-[\\w-]{20,}',
    'xox[abprs]-[\\w-]{10,}',
    'xapp-\\d-[\\w-]{20,}',
    '[sr]k_live_\\w{16,}',
    'AIza[\\w-]{35}',
    'ya29\\.[\\w-]{30,}',
    'SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
    'npm_[A-Za-z0-9]{36}',
    'pypi-AgE[\\w-]{50,}',
    'dckr_pat_[\\w-]{27}',
    'do[por]_v1_[a-f0-9]{64}',
    'sk-(?:ant|proj|svcacct)-[\\w-]{40,}',
    'hf_[A-Za-z]{34}',
    'hvs\\.[\\w-]{24,}',
    'glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}',
    'dapi[a-f0-9]{32}',
    'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}',
    'sq0(?:atp|csp)-[\\w-]{22,}',
    'amzn\\.mws\\.[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}',
    '[a-f0-9]{32}-us\\d{1,2}(?!\\w)',
    'lin_api_[A-Za-z0-9]{40}',
    'NRAK-[A-Z0-9]{27}',
    '\\d{8,10}:AA[\\w-]{33}(?!\\w)',
  ].join('|')})|https://(?:${[
    'hooks\\.slack\\.com/services/T\\w{8,}/B\\w{8,}/\\w{20,}',
    '[\\w-]+\\.webhook\\.office\\.com/webhookb2/[\\w@-]{36,}/IncomingWebhook/\\w{30,}',
    'discord(?:app)?\\.com/api/webhooks/\\d{17,}/[\\w-]{60,}',
  ].join('|')})`,
);
/** What a token of a manual looks like. */
const SHOWN = /EXAMPLE|([\w])\1{6,}|abcdefghij|your|dummy|fake|placeholder|redacted/i;
/** `Server=db;User Id=app;Password=...`, as ODBC, JDBC, ADO.NET and the SDKs of Azure write it. */
const PAIRS = /(?:^|[;?&\s"'])(?:password|pwd|accountkey|sharedaccesskey)\s*=\s*("[^"]*"|'[^']*'|[^;&"'\s]+)/i;
const SERVER =
  /(?:^|[;?&\s"'])(?:server|data source|host|hostname|address|addr|endpoint|accountname|user id|uid|username|user|driver|dsn)\s*=\s*(?:\w+:)?([^;&"'\s,]*)|^jdbc:\w+:(?:\w+:)?(?:@)?\/{0,2}([\w.-]*)/i;
/** Keys of emulators, the same everywhere. */
const EMULATORS = /^(?:Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1|C2y6yDjf5\/R\+ob0N8A7Cgv30VRDJIWEHLM)/;
/** Accounts of the chains that developers run, the same everywhere. */
const LOCAL_CHAIN = /^(?:0x)?(?:ac0974bec39a17e36ba4a6b4|59c6995e998f97a5a0044966|5de4111afa1a4b94908f8310)/i;
const DSN = /\b[a-z][a-z0-9+.-]{0,40}:\/\/[^\s:@/'"]{0,200}:([^\s@/'"]{1,500})@([\w.-]*)/i;
/** Variables that builds write into pages, where everybody can read them. */
const FOR_BROWSERS = /^(?:nx_)?(?:react_app|next_public|nuxt_public|vue_app|vite|gatsby|expo_public|public)_/i;

export interface JudgeOptions {
  /** "changeme" is real. */
  readonly weak?: boolean;
  /** Placeholders are real: in a place that must never hold a secret. */
  readonly placeholders?: boolean;
  /** Only what nobody makes up for a trial. */
  readonly strong?: boolean;
  /** Words such as "shop-secret-key" are real where any text does. */
  readonly words?: boolean;
}

/** What a named value gives away, or undefined. Texts of several lines are searched for settings and keys. */
export function exposedBy(name: string, value: string, options: JudgeOptions = {}, depth = 0): Exposed | undefined {
  // A script may look for one: `grep -r "$PATTERN"`.
  const isKey = PRIVATE_KEY.test(value) && (!options.strong || /[A-Za-z0-9+/]{40}/.test(value));
  if (isKey && !/BEGIN ENCRYPTED PRIVATE KEY/.test(value))
    return { ...exposedAs('private key', name, value), certain: true, ...within(value, PRIVATE_KEY.exec(value)?.[0]) };
  const token = TOKENS.exec(value)?.[0];
  if (token !== undefined && !SHOWN.test(token))
    return { ...exposedAs('token', name, token), certain: true, ...within(value, token) };
  const login = loginsIn(value).find(({ password }) => counts(password, options));
  if (login) {
    const local = /^(?:localhost|127\.0\.0\.1|\(localdb\)|\.)$/i.test(login.host) ? { local: true as const } : {};
    return { ...exposedAs('connection string', name, login.password), ...local, ...within(value, login.text) };
  }
  if (!options.placeholders && echoes(name, value)) return undefined;
  const kind = secretName(name);
  const single = !/[\r\n]/.test(value.trim());
  // Stores that run beside the program take any key; Amazon's has 40 characters.
  if (/^aws_/i.test(name) && kind === 'key' && value.length < 16 && !options.placeholders) return undefined;
  if (FOR_BROWSERS.test(name) && (kind === 'key' || kind === 'token')) return undefined;
  if (kind && single && counts(value, options) && looksSecret(kind, name, value, options))
    return exposedAs(kind, name, value);
  if (depth > 0 || value.length > 200_000 || !/[:=]/.test(value)) return undefined;
  // "secret://prod/db" is no pair.
  if (/^[^\s"{]+$/.test(value) && classify(value) === 'reference') return undefined;
  const json = /^\s*[[{]/.test(value) ? parsed(value) : undefined;
  if (json !== undefined) return inJson(json, value, options, 0);
  let start = 0;
  for (const line of value.split('\n').slice(0, 2000)) {
    const from = start;
    start += line.length + 1;
    const match =
      /^\s*(?:-\s+|export\s+)?["']?([\w.-]{3,80})["']?\s*[:=]\s*(?:"([^"]*)"|'([^']*)'|([^\s#"'{[|>&*!][^\s#]*))\s*,?\s*(?:#.*)?$/.exec(
        line.slice(0, 2000).replace(/\r$/, ''),
      );
    const inner = match && (match[2] ?? match[3] ?? match[4] ?? '');
    if (!match || !inner || !secretName(match[1]!) || (match[4] !== undefined && isCode(inner))) continue;
    const found = exposedBy(match[1]!, inner, options, depth + 1);
    if (!found) continue;
    const span = { start: from + line.indexOf(match[1]!), end: from + line.trimEnd().length };
    return value.includes('\n') ? { ...found, within: span } : found;
  }
  return undefined;
}

/** Passwords and hosts of the addresses in a text, or of its list of pairs. */
function loginsIn(value: string): { readonly password: string; readonly host: string; readonly text: string }[] {
  const addresses = [...value.slice(0, 200_000).matchAll(new RegExp(DSN, 'gi'))];
  const found = addresses.flatMap(([whole, password, host]) =>
    /:\/\/(?:username:password@|user(?:name)?:pass(?:word)?@mock)/i.test(whole) ||
    // "://USER:PASSWORD@HOST" is to be filled in.
    (/:\/\/[A-Z0-9_]+:[A-Z0-9_]+@/.test(whole) && secretName(password!) !== undefined)
      ? []
      : [{ password: password!, host: host!, text: whole }],
  );
  if (addresses.length > 0 || value.length > 4000 || /[\r\n]/.test(value.trim())) return found;
  const raw = PAIRS.exec(value)?.[1];
  // "[concat('Password=', parameters('x'))]" of Azure: the quote ends a text.
  if (raw?.startsWith("'") && /^\[\w+\(/.test(value)) return found;
  const password = raw?.replace(/^(["'])(.*)\1$/, '$2');
  const server = SERVER.exec(value);
  if (password === undefined || !server || EMULATORS.test(password)) return found;
  return [{ password, host: server[1] ?? server[2] ?? '', text: password }];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Members of JSON that give a secret away; `name` and `value` beside each other are a pair. */
function inJson(node: unknown, text: string, options: JudgeOptions, depth: number, name = ''): Exposed | undefined {
  if (typeof node === 'string') {
    const found = name ? exposedBy(name, node, options, 1) : undefined;
    return found && { ...found, ...within(text, JSON.stringify(node)) };
  }
  if (typeof node !== 'object' || node === null || depth > 40) return undefined;
  const pair = node as { readonly name?: unknown; readonly value?: unknown };
  const named = typeof pair.name === 'string' ? pair.name : undefined;
  for (const [key, value] of Object.entries(node)) {
    const called = Array.isArray(node) ? name : key === 'value' ? (named ?? key) : key;
    const found =
      key === 'auth' && typeof value === 'string'
        ? registryLogin(value)
        : inJson(value, text, options, depth + 1, called);
    if (found) return found;
  }
  return undefined;
}

/** `auth` of Docker's config.json: user and password in Base64. */
export function registryLogin(value: string): Exposed | undefined {
  const password = /^[^:]+:(.+)$/.exec(Buffer.from(value, 'base64').toString('utf8'))?.[1];
  return password && classify(password) === 'real' ? exposedAs('password', 'auth', password) : undefined;
}

/** `token: event.token`, `key = load(x)`, `NextToken=next`: a program in the text, which names no value. */
function isCode(text: string): boolean {
  return /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$]|[[(])|^[A-Za-z]*[a-z][A-Z][A-Za-z]*[,;]?$/.test(text);
}

/** A value that looks like a credential whatever its name is: no word, no address, no setting. */
export function looksCredential(value: string): boolean {
  const text = value.trim();
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return DSN.test(text) && classify(DSN.exec(text)![1]!) === 'real';
  if (/^[\w.+-]+@[\w-]+\.\w+$|^[\w-]+(?:\.[\w-]+)+(?::\d+)?$|^[/~.]/.test(text)) return false;
  return (
    text.length >= 8 && !/\s/.test(text) && /\d/.test(text) && /[A-Za-z]/.test(text) && !/^v?\d+(?:\.\d+)+/.test(text)
  );
}

/** A value that was drawn at random and not made up for a test. */
export function looksDrawn(value: string): boolean {
  const text = value.trim();
  return (
    /^[\w+/=.~-]{20,}$/.test(text) &&
    /\d/.test(text) &&
    /[A-Za-z]/.test(text) &&
    new Set(text).size > 9 &&
    !/test|dummy|fake|example|sample|local|passw|secret|change|postgres|1234567|abcdef/i.test(text)
  );
}

/** Letters and digits that are no word with a number, no sequence, no path and no id of a key. */
function looksStrong(value: string): boolean {
  const text = value.trim();
  return (
    text.length >= 8 &&
    /\d/.test(text) &&
    /[A-Za-z]/.test(text) &&
    new Set(text).size > 6 &&
    !/test|dummy|fake|example|sample|local|default|passw|secret|change|admin|postgres|1234|abcd|(?:^|[-_.])dev(?:[-_.]|$)|^(?:pk|phc|pub)_/i.test(
      text,
    ) &&
    !/^[A-Z]?[a-z]+\d{0,4}[a-z]*!?$/.test(text) &&
    !(/^[~.]{0,2}\//.test(text) && text.length < 40) &&
    !/^(?:0x)?(?:[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40})$/.test(text)
  );
}

/** `API_KEY: API_KEY_VAL`, `MAIL_SECRET: SECRET`, `S3_ACCESS_KEY: s3-access-key`: somebody replaces it before it is applied. */
export function echoes(name: string, value: string): boolean {
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) && (value.startsWith(name) || name.startsWith(value))) return true;
  if (/^[A-Z_]{5,}$/.test(value) && name.toUpperCase().endsWith(`_${value}`)) return true;
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return /[-_]/.test(value) && plain(name) === plain(value) && secretName(name) !== 'password';
}

function counts(value: string, { weak, placeholders, strong }: JudgeOptions): boolean {
  const kind = classify(value, weak);
  return (kind === 'real' && (!strong || looksStrong(value))) || (placeholders === true && kind === 'placeholder');
}

/** Where a part of a text of several lines stands. */
function within(text: string, part: string | undefined): { readonly within?: Span } {
  const start = part === undefined || !/[\r\n]/.test(text) ? -1 : text.indexOf(part);
  return start < 0 ? {} : { within: { start, end: start + part!.length } };
}

/** Somebody else's program knows these keys: it takes no word for one. */
const GIVEN_OUT = /api[-_. ]?key$/i;

/** Names ending in key or secret also stand for names of keys and Secrets: "postgres-password", "my-tls-secret". */
function looksSecret(kind: SecretKind, name: string, value: string, options: JudgeOptions): boolean {
  const { placeholders, strong, words } = options;
  if (/\s/.test(value.trim()) && kind !== 'password') return false;
  if (kind === 'password' || placeholders) return true;
  // `apiKeySecretKey: LLM_API_KEY` names the entry of a Secret.
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value) && secretName(value)) return false;
  // "12345678-0987-1234-5678-123456789012" has the form of a key and is none.
  if (/^[\d-]+$/.test(value) && /1234|0000/.test(value)) return false;
  if (/^0?123(?:4(?:5(?:6(?:7(?:8(?:90?)?)?)?)?)?)?$/.test(value)) return false;
  // Addresses are public.
  if (/^0x[0-9a-f]{40}$/i.test(value) || LOCAL_CHAIN.test(value)) return false;
  // "if_you_see_this_configure_the_account" is a sentence.
  if (/^[a-z]+(?:[-_][a-z\d]+){5,}$/.test(value)) return false;
  // Names of keys, and files that hold them.
  if (strong && (/(?:ssh|gpg|pgp|deploy)_?key$/i.test(name) || /^[a-z]+(?:[-_.](?:[a-z]+|\d{1,4}))+$/.test(value)))
    return false;
  if (/^[\w./~-]*\.(?:json|pem|key|txt|ya?ml|crt|cer|p12|pfx|jks|jwt)$/.test(value)) return false;
  if (words && /secret/.test(value) && takesAnyText(name)) return true;
  if (/^[a-z]+(?:[-_.][a-z]+)*$/.test(value) && value.length < 40 && !/^[a-z]{16,}$/.test(value))
    return (
      kind === 'token' || GIVEN_OUT.test(name) ? /^(?:root|dev|admin|secret)$/ : /^(?:secret|admin|root|test|demo)$/
    ).test(value);
  return value.length >= 6;
}

/** What a value of that kind gives away under its name: no more than how to tell it from others. */
export function exposedAs(kind: SecretKind, name: string, value: string): Exposed {
  const weak = WEAK.test(value) ? { weak: true as const } : {};
  return { kind, name: name.slice(0, 80), fingerprint: fingerprint(value), ...weak };
}

export function fingerprint(value: string): string {
  return createHash('sha256').update(`hardening-audit secret ${value}`).digest('hex').slice(0, 12);
}
