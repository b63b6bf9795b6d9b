/** Knows whether a text is nested so deeply that a recursive parser must not see it. */

/**
 * Offset of the first bracket beyond `limit` open ones, or of a line that is indented or chained (`- - -`) as deeply;
 * undefined when there is none. Quotes are not looked at. A parser that exhausts the stack can end the process instead
 * of throwing: V8 aborts when a regular expression is compiled without stack left.
 */
export function tooDeep(text: string, limit: number): number | undefined {
  let open = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 40 || c === 91 || c === 123) {
      if (++open > limit) return i;
    } else if ((c === 41 || c === 93 || c === 125) && open > 0) open--;
  }
  const chained = text.search(new RegExp(`^ {${limit * 4}}|(?:[-?][ \\t]+){${limit}}`, 'm'));
  return chained < 0 ? undefined : chained;
}
