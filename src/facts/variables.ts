/** Knows variable substitution as Dockerfiles and compose files write it: `$X`, `${X:-default}`, `${X:?error}`. */

/** Values by name; a name with an undefined value is declared, but has no known value. */
export type Scope = ReadonlyMap<string, string | undefined>;

const MAX_RESOLVED = 10_000;

/**
 * Replaces `$X`, `${X}`, `${X:-default}` and `${X:+other}`; `value` is absent where a name has no value.
 * `escapeChar` protects a dollar (Dockerfile); an empty one means that `$$` does (compose).
 */
export function resolveVariables(
  text: string,
  scope: Scope,
  escapeChar = '\\',
  depth = 0,
): { value?: string; variables: string[] } {
  const variables: string[] = [];
  let value: string | undefined = '';
  const add = (piece: string | undefined) => {
    value = value === undefined || piece === undefined || value.length > MAX_RESOLVED ? undefined : value + piece;
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i]!;
    if (c === escapeChar && i + 1 < text.length) {
      add(text[i + 1] === '$' ? '$' : text.slice(i, i + 2));
      i += 2;
      continue;
    }
    if (c === '$' && escapeChar === '' && text[i + 1] === '$') {
      add('$');
      i += 2;
      continue;
    }
    if (c !== '$') {
      const next = nextSpecial(text, i + 1, escapeChar);
      add(text.slice(i, next));
      i = next;
      continue;
    }
    const simple = /^\$([A-Za-z_]\w*)/.exec(text.slice(i, i + 200));
    if (simple) {
      variables.push(simple[1]!);
      add(scope.get(simple[1]!));
      i += simple[0].length;
      continue;
    }
    const open = /^\$\{([A-Za-z_]\w*)(:?[-+?]|[#%/][^}]*)?/.exec(text.slice(i, i + 500));
    const close = open && depth < 8 ? closingBrace(text, i + 1) : -1;
    if (!open || close < 0) {
      add(c);
      i++;
      continue;
    }
    const name = open[1]!;
    const operator = open[2] ?? '';
    variables.push(name);
    const set = scope.get(name);
    const present = operator.startsWith(':') ? set !== undefined && set !== '' : set !== undefined;
    const rest = resolveVariables(text.slice(i + open[0].length, close), scope, escapeChar, depth + 1);
    variables.push(...rest.variables);
    if (operator.endsWith('-')) add(present ? set : rest.value);
    else if (operator.endsWith('+')) add(present ? rest.value : '');
    else if (operator === '' || operator.endsWith('?')) add(set);
    else add(undefined);
    i = close + 1;
  }
  return value === undefined ? { variables } : { value, variables };
}

function nextSpecial(text: string, from: number, escapeChar: string): number {
  let i = from;
  while (i < text.length && text[i] !== '$' && text[i] !== escapeChar) i++;
  return i;
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  const limit = Math.min(text.length, open + 5000);
  for (let i = open; i < limit; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return -1;
}
