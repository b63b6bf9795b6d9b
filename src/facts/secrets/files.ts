/** Knows files that hold secrets: .env files, private keys, kubeconfigs, settings of tools. Their values do not leave it. */

import { DEVELOPERS_MODE, MAIL_CATCHERS, MODES, saysTrial } from '../cluster/trials.ts';
import type { Extractor } from '../facts.ts';
import { isPlaceholderHex } from '../images.ts';
import type { Span } from '../span.ts';
import { holdsSettings, type Setting, settingsForm, settingsReader } from './settings.ts';
import { classify, type Exposed, exposedBy, fingerprint, registryLogin, secretName } from './values.ts';

export interface SecretFile {
  readonly type: 'env' | 'key' | 'kubeconfig' | 'settings';
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
const KUBECONFIG = /(?:^|\/)(?:\.?kube-?config|admin\.conf|config)(?:[._-][\w.-]*)?$|kubeconfig/i;
/** Names of files that hold nothing but a key. */
const RAW =
  /(?:^|[/._-])(?:(?:private|priv|secret|signing|sign|master|encryption|validator|node|wallet|session|seed|api|auth|access|root)[._-]?(?:key|token|seed|secret)s?|secret|mnemonic)(?:[._-](?:hex|txt|raw|bin|b64))?$|\.(?:key|secret|token)$|(?:^|\/)(?:keys|keystore|secrets|private)\/[^/.]+$/i;
/** 32 or 64 bytes in hexadecimal digits, with nothing else in the file. */
const HEX = /^\s*(?:0x)?([0-9a-f]{64}|[0-9a-f]{128})\s*$/i;
const PRIVATE =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^AGE-SECRET-KEY-1[0-9A-Z]{50}|^PuTTY-User-Key-File-\d:/m;

export const secretfile: Extractor<'secretfile'> = {
  kind: 'secretfile',
  accepts: (path) => typeOf(path) !== undefined,
  recognises: (path, text) => {
    const type = typeOf(path);
    if (type === 'key') return PRIVATE.test(text) || isRaw(path, text);
    if (type === 'settings') return holdsSettings(path, text);
    return type === 'env' || (/^kind:\s*["']?Config\b/m.test(text) && /^clusters:/m.test(text));
  },
  load: async () => {
    const read = await settingsReader();
    return ({ path, text }) => {
      const type = typeOf(path)!;
      if (type === 'settings') return { data: { type, ...judged(read(path, text)) } };
      if (type === 'env') return { data: { type, ...environment(text) } };
      if (type === 'kubeconfig') return { data: { type, ...kubeconfig(text) } };
      const start = PRIVATE.exec(text) ?? HEX.exec(text)!;
      const locked = /ENCRYPTED/.test(start[0]) || /^Proc-Type: 4,ENCRYPTED/m.test(text);
      const span = { start: start.index, end: start.index + start[0].length };
      const key: Exposed & { span: Span } = {
        kind: 'private key',
        name: path.slice(path.lastIndexOf('/') + 1),
        fingerprint: fingerprint(text),
        span,
      };
      return { data: { type, exposed: locked ? [] : [key], safe: locked ? 1 : 0 } };
    };
  },
};

/** Hexadecimal digits that a file named like a key holds; a placeholder is none. */
function isRaw(path: string, text: string): boolean {
  const hex = RAW.test(path) && !/(?:^|[._/-])pub(?:lic)?(?:[._-]|$)/i.test(path) ? HEX.exec(text) : null;
  return hex !== null && !isPlaceholderHex(hex[1]!.toLowerCase());
}

function typeOf(path: string): SecretFile['type'] | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (ENV.test(path)) return TEMPLATE.test(name) ? undefined : 'env';
  if (KEY.test(path) || RAW.test(path)) return 'key';
  if (settingsForm(path) !== undefined) return 'settings';
  return KUBECONFIG.test(path) ? 'kubeconfig' : undefined;
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

function kubeconfig(text: string): Omit<SecretFile, 'type'> {
  const exposed: (Exposed & { span: Span })[] = [];
  for (const { line, start } of linesOf(text)) {
    const match =
      /^\s+(client-key-data|token|password|access-token|id-token|refresh-token|client-secret):\s*["']?([^\s"']+)/.exec(
        line,
      );
    if (!match || classify(match[2]!) !== 'real') continue;
    const from = start + line.indexOf(match[1]!);
    const kind = match[1] === 'client-key-data' ? 'private key' : /token$/.test(match[1]!) ? 'token' : 'password';
    exposed.push({
      kind,
      name: match[1]!,
      fingerprint: fingerprint(match[2]!),
      span: { start: from, end: from + match[1]!.length },
    });
  }
  return { exposed, safe: exposed.length > 0 ? 0 : 1 };
}

function* linesOf(text: string): Generator<{ line: string; start: number }> {
  let start = 0;
  for (const line of text.split('\n')) {
    if (line.length < 20_000) yield { line: line.replace(/\r$/, ''), start };
    start += line.length + 1;
  }
}
