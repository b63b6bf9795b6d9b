/** Knows variable substitution as compose files and GitLab write it: `$X`, `${X:-default}`, `${X:?error}`. */

/** Values by name; a name with an undefined value is declared, but has no known value. */
export type Scope = ReadonlyMap<string, string | undefined>;

const MAX_RESOLVED = 10_000;

/**
 * Replaces `$X`, `${X}`, `${X:-default}` and `${X:+other}`; `value` is absent where a name has no value. Two dollars
 * are one.
 */
export function resolveVariables(text: string, scope: Scope, depth = 0): { value?: string; variables: string[] } {
  const variables: string[] = [];
  let value: string | undefined = '';
  const add = (piece: string | undefined) => {
    value = value === undefined || piece === undefined || value.length > MAX_RESOLVED ? undefined : value + piece;
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i]!;
    if (c === '$' && text[i + 1] === '$') {
      add('$');
      i += 2;
      continue;
    }
    if (c !== '$') {
      const next = text.indexOf('$', i);
      add(text.slice(i, next < 0 ? undefined : next));
      i = next < 0 ? text.length : next;
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
    const rest = resolveVariables(text.slice(i + open[0].length, close), scope, depth + 1);
    variables.push(...rest.variables);
    if (operator.endsWith('-')) add(present ? set : rest.value);
    else if (operator.endsWith('+')) add(present ? rest.value : '');
    else if (operator === '' || operator.endsWith('?')) add(set);
    else add(undefined);
    i = close + 1;
  }
  return value === undefined ? { variables } : { value, variables };
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
