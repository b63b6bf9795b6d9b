/** Knows files that hold secrets: .env files, private keys, kubeconfigs, settings of tools. Their values do not leave it. */

import { DEVELOPERS_MODE, MAIL_CATCHERS, MODES, saysTrial } from '../cluster/trials.ts';
import type { Extractor } from '../facts.ts';
import { isPlaceholderHex } from '../images.ts';
import { fileName } from '../paths.ts';
import type { Span } from '../span.ts';
import { holdsSettings, type Setting, settingsForm, settingsReader, treeReader } from './settings.ts';
import { classify, type Exposed, exposedBy, fingerprint, registryLogin, secretName } from './values.ts';

export interface SecretFile {
  /** `handed`: nothing but its user says what it is: a list of variables, or one value in a file named like a secret. */
  readonly type: 'env' | 'key' | 'kubeconfig' | 'settings' | 'handed';
  /** Secrets in clear text, in file order. */
  readonly exposed: readonly (Exposed & { readonly span: Span })[];
  /** Names of secrets that are empty, referenced or placeholders. */
  readonly safe: number;
  /** An .env file that says that it is for development: in a comment on top, or by the mode it sets. */
  readonly trial?: true;
}

const ENV = /(?:^|\/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env)$/i;
const TEMPLATE = /example|sample|template|dist|default|test|schema|\.enc|\.sops|vault/i;
const KEY = /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$|\.(?:pem|key|p8|ppk|asc|gpg)$|(?:^|[._-])keys?\.txt$/i;
const KUBECONFIG = /(?:^|\/)(?:\.?kube-?config|admin\.conf|config)(?:[._-][\w.-]*)?$|kubeconfig|\.(?:ya?ml|json)$/i;
/** Files whose name says nothing, as `env_file` and `secrets` of compose name them. */
const HANDED = /(?:^|\/)\.?[^/.]+(?:\.(?:txt|list|conf|cfg|vars|properties|secret))?$/i;
/** Nothing but variables and comments. */
const VARIABLES = /^(?:[ \t]*(?:#[^\n]*)?\r?\n|[ \t]*(?:export )?[A-Z][A-Z0-9_]*=[^\n]*(?:\n|$))+$/;
/** Names of files that hold nothing but a key. */
const RAW =
  /(?:^|[/._-])(?:(?:private|priv|secret|signing|sign|master|encryption|validator|node|wallet|session|seed|api|auth|access|root)[._-]?(?:key|token|seed|secret)s?|secret|mnemonic)(?:[._-](?:hex|txt|raw|bin|b64))?$|\.(?:key|secret|token)$|(?:^|\/)(?:keys|keystore|secrets|private)\/[^/.]+$/i;
/** 32 or 64 bytes in hexadecimal digits or Base64, with nothing else in the file. */
const BYTES = /^\s*(?:(?:0x)?([0-9a-fA-F]{64}|[0-9a-fA-F]{128})|([A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==))\s*$/;
const PRIVATE =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^AGE-SECRET-KEY-1[0-9A-Z]{50}|^PuTTY-User-Key-File-\d:/m;

export const secretfile: Extractor<'secretfile'> = {
  kind: 'secretfile',
  accepts: (path) =>
    [ENV, KEY, RAW, KUBECONFIG, HANDED].some((one) => one.test(path)) || settingsForm(path) !== undefined,
  recognises: (path, text) => typeOf(path, text) !== undefined,
  load: async () => {
    const [read, tree] = await Promise.all([settingsReader(), treeReader()]);
    return ({ path, text }) => {
      const type = typeOf(path, text)!;
      if (type === 'settings') return { data: { type, ...judged(read(path, text)) } };
      if (type === 'env') return { data: { type, ...environment(text) } };
      if (type === 'kubeconfig') return { data: { type, ...kubeconfig(tree(text)) } };
      if (type === 'handed')
        return { data: { type, ...(VARIABLES.test(text) ? environment(text) : single(path, text)) } };
      const start = PRIVATE.exec(text) ?? BYTES.exec(text)!;
      const locked = /ENCRYPTED/.test(start[0]) || /^Proc-Type: 4,ENCRYPTED/m.test(text);
      const span = { start: start.index, end: start.index + start[0].length };
      const key: Exposed & { span: Span } = {
        kind: 'private key',
        name: fileName(path),
        fingerprint: fingerprint(text),
        span,
      };
      return { data: { type, exposed: locked ? [] : [key], safe: locked ? 1 : 0 } };
    };
  },
};

/** Bytes that a file named like a key holds; a placeholder and a public key are none. */
function isRaw(path: string, text: string): boolean {
  const [, hex, base64] = RAW.test(path) && !/(?:^|[._/-])pub/i.test(path) ? (BYTES.exec(text) ?? []) : [];
  return hex !== undefined ? !isPlaceholderHex(hex.toLowerCase()) : base64 !== undefined && new Set(base64).size > 12;
}

function typeOf(path: string, text: string): SecretFile['type'] | undefined {
  const name = fileName(path);
  if (ENV.test(path)) return TEMPLATE.test(name) ? undefined : 'env';
  if (KEY.test(path) || RAW.test(path)) {
    if (PRIVATE.test(text) || isRaw(path, text)) return 'key';
  } else if (holdsSettings(path, text)) return 'settings';
  if (KUBECONFIG.test(path) && isKubeconfig(text)) return 'kubeconfig';
  if (!HANDED.test(path) || TEMPLATE.test(name) || text.length > 20_000) return undefined;
  return VARIABLES.test(text) || valueIn(path, text) !== undefined ? 'handed' : undefined;
}

function isKubeconfig(text: string): boolean {
  return (
    (/^kind:\s*["']?Config\b/m.test(text) && /^(?:clusters|users):/m.test(text)) ||
    (/^\s*\{/.test(text) && /"kind"\s*:\s*"Config"/.test(text) && /"(?:clusters|users)"\s*:/.test(text))
  );
}

/** The one word of a file named like a secret: `db_password.txt`. */
function valueIn(path: string, text: string): string | undefined {
  return secretName(stem(path)) && /^\s*\S+\s*$/.test(text) ? text.trim() : undefined;
}

function stem(path: string): string {
  return fileName(path).replace(/\.\w+$/, '');
}

function single(path: string, text: string): Omit<SecretFile, 'type'> {
  const found = exposedBy(stem(path), valueIn(path, text) ?? '', { weak: true });
  const start = text.search(/\S/);
  return {
    exposed: found ? [{ ...found, name: fileName(path), span: { start, end: text.trimEnd().length } }] : [],
    safe: found ? 0 : 1,
  };
}

function environment(text: string): Omit<SecretFile, 'type'> {
  const exposed: (Exposed & { span: Span })[] = [];
  let safe = 0;
  let trial = false;
  let onTop = true;
  const header: string[] = [];
  for (const { line, start } of linesOf(text)) {
    onTop &&= header.length < 40 && /^\s*(?:#|$)/.test(line);
    if (onTop) header.push(line.replace(/^\s*#+\s?/, ''));
    const match = /^\s*(?:export\s+)?([A-Za-z_][\w.]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#\r\n]*?))\s*(?:#.*)?$/.exec(
      line,
    );
    if (!match) continue;
    const value = match[2] ?? match[3] ?? match[4] ?? '';
    trial ||= MODES.test(match[1]!) ? DEVELOPERS_MODE.test(value) : MAIL_CATCHERS.test(value);
    const found = exposedBy(match[1]!, value, { weak: true });
    const from = start + line.indexOf(match[1]!);
    if (found) exposed.push({ ...found, span: { start: from, end: from + match[1]!.length } });
    else if (secretName(match[1]!) && classify(value) !== 'plain') safe++;
  }
  return { exposed, safe, ...(trial || saysTrial(header.join('\n')) ? { trial: true as const } : {}) };
}

/** Sections for one environment: Rails' `database.yml`, profiles of Spring and Quarkus. */
const DEVELOPERS = /^%?(?:dev|development|local|test|testing)$/i;

function judged(settings: readonly Setting[]): Omit<SecretFile, 'type'> {
  const exposed: (Exposed & { span: Span })[] = [];
  let safe = 0;
  for (const { name, value, span, within } of settings) {
    // Spring's `${DB_PASSWORD:default}`.
    const real = /^\$\{[\w.-]+:(.*)\}$/.exec(value)?.[1] ?? value;
    const login = name === 'auth' && within.includes('auths') ? registryLogin(value) : undefined;
    const found = login ?? exposedBy(name, real, { weak: true });
    const local = !found?.certain && [...within, name.split('.')[0]!].some((one) => DEVELOPERS.test(one));
    if (found && !local) exposed.push({ ...found, span });
    else if (secretName(name) && classify(value) !== 'plain') safe++;
  }
  return { exposed, safe };
}

const KINDS: Readonly<Record<string, Exposed['kind']>> = {
  'client-key-data': 'private key',
  token: 'token',
  'access-token': 'token',
  'id-token': 'token',
  'refresh-token': 'token',
  'client-secret': 'password',
  password: 'password',
};

function kubeconfig(settings: readonly Setting[]): Omit<SecretFile, 'type'> {
  const exposed = settings.flatMap(({ name, value, span }) => {
    const kind = KINDS[name];
    return kind && classify(value) === 'real' ? [{ kind, name, fingerprint: fingerprint(value), span }] : [];
  });
  return { exposed, safe: exposed.length > 0 ? 0 : 1 };
}

function* linesOf(text: string): Generator<{ line: string; start: number }> {
  let start = 0;
  for (const line of text.split('\n')) {
    if (line.length < 20_000) yield { line: line.replace(/\r$/, ''), start };
    start += line.length + 1;
  }
}
