/** Knows what Python's literals are worth: numbers, and strings with their escapes. */

/** Value of a number; undefined for imaginary ones. */
export function numberOf(text: string): number | undefined {
  return /[jJ]$/.test(text) && !/^0[xX]/.test(text) ? undefined : Number(text.replaceAll('_', ''));
}

const simple: Readonly<Record<string, string>> = {
  '\n': '',
  '\r\n': '',
  '\r': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const escapes = /\\(?:(\r\n|[\n\r\\'"abfnrtv])|x([\da-fA-F]{2})|([0-7]{1,3})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/g;

/** Value of a string or bytes literal with its prefix and quotes; escapes that mean nothing, and names, stay as they are. */
export function decode(literal: string): { value: string; bytes: boolean } {
  let at = 0;
  let raw = false;
  let bytes = false;
  for (let c = literal[at]; c !== '"' && c !== "'"; c = literal[++at]) {
    raw ||= c === 'r' || c === 'R';
    bytes ||= c === 'b' || c === 'B';
  }
  const quotes = literal.length >= at + 6 && literal[at + 1] === literal[at] && literal[at + 2] === literal[at] ? 3 : 1;
  let value = literal.slice(at + quotes, -quotes);
  if (value.includes('\r')) value = value.replace(/\r\n?/g, '\n');
  if (raw || !value.includes('\\')) return { value, bytes };
  value = value.replace(
    escapes,
    (whole, plain?: string, hex?: string, octal?: string, short?: string, long?: string) => {
      if (plain !== undefined) return simple[plain]!;
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
      if (bytes) return whole;
      const code = Number.parseInt(short ?? long!, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
  return { value, bytes };
}
