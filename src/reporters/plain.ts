/** Knows how text from scanned files is made harmless, and how wide text is on a terminal. */

// Controls, direction changes, line separators, lone surrogates and what is invisible, but not the joiners of emoji.
const HOSTILE = /(?!\u200C|\u200D|\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * `text` on one line, with every control, bidi and invisible character spelled out (`\x1b`, `\u202e`), so that a file name or
 * a snippet can neither move the cursor nor reorder what is read. Tabs become a space; other text stays as it is.
 */
export function safe(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(HOSTILE, spelled);
}

/** As `safe`, for a line of code: tabs become `tabWidth` columns and nothing is trimmed. */
export function safeCode(text: string, tabWidth = 4): string {
  return text.replace(/\t/g, ' '.repeat(tabWidth)).replace(HOSTILE, spelled);
}

/** `text` with lone surrogates replaced, so that it can be percent-encoded and written as UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\uFFFD');
}

function spelled(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Sentences joined by a space, each with a full stop at its end. */
export function sentences(...parts: readonly string[]): string {
  const filled = parts.map((part) => safe(part).trim()).filter((part) => part !== '');
  return filled.map((part) => (/[.!?:]$/.test(part) ? part : `${part}.`)).join(' ');
}

/** `count` and the noun, plural by "s" unless `plural` says otherwise: "1 file", "3 files". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** At most `limit` UTF-16 units, cut at a code point, with an ellipsis when something is missing. */
export function clip(text: string, limit: number, ellipsis = '…'): string {
  if (text.length <= limit) return text;
  const cut = text.slice(0, Math.max(0, limit - ellipsis.length));
  return (/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut) + ellipsis;
}

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u;
const NARROW = /^[ -~\u00A0-\u02FF\u2010-\u2319\u2500-\u25FC]*$/;

/** Terminal columns of a text without escape sequences: combining marks 0, East Asian wide characters and emoji 2. */
export function columns(text: string): number {
  if (NARROW.test(text)) return text.length;
  let total = 0;
  for (const character of text) total += /\p{M}|\u200C|\u200D/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return total;
}

/** `text` cut to `width` columns, with an ellipsis when something is missing. */
export function shorten(text: string, width: number, ellipsis = '…'): string {
  if (columns(text) <= width) return text;
  let used = columns(ellipsis);
  let kept = '';
  for (const character of text) {
    used += columns(character);
    if (used > width) break;
    kept += character;
  }
  return kept.trimEnd() + ellipsis;
}

/** Lines of at most `width` columns, broken at spaces; a longer word is broken where it must. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columns(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columns(line) > width) {
      const head = shorten(line, Math.max(1, width), '');
      lines.push(head === '' ? line : head);
      line = head === '' ? '' : line.slice(head.length);
    }
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}
