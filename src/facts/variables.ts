/** Knows variable substitution as compose files and GitLab write it: `$X`, `${X:-default}`, `${X:?error}`. */

/** Values by name; a name with an undefined value is declared, and has one that nobody knows. */
export type Scope = ReadonlyMap<string, string | undefined>;

export interface Replaced {
  /** Absent where a name has no value that is known. */
  readonly value?: string;
  /** All names that occur. */
  readonly variables: readonly string[];
  /** Those among them on which the value depends: not the ones of a default that is not taken. */
  readonly used: readonly string[];
}

const MAX_RESOLVED = 10_000;
/** Of a reference, with all that is nested in it. */
const MAX_LENGTH = 5000;
const MAX_DEPTH = 8;

/**
 * Replaces `$X`, `${X}`, `${X:-default}`, `${X:+other}` and `${X:?error}`. Two dollars are one, and a dollar in front of
 * anything else stays; a text with a reference that cannot be read has no value.
 */
export function resolveVariables(text: string, scope: Scope, depth = 0): Replaced {
  const variables: string[] = [];
  const used: string[] = [];
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
      used.push(simple[1]!);
      add(scope.get(simple[1]!));
      i += simple[0].length;
      continue;
    }
    if (text[i + 1] !== '{') {
      add(c);
      i++;
      continue;
    }
    const open = /^\$\{([A-Za-z_]\w*)(:?[-+?]|(?=\}))/.exec(text.slice(i, i + 500));
    const close = open && depth < MAX_DEPTH ? closingBrace(text, i + 1) : -1;
    if (!open || close < 0) return { variables, used };
    const [, name, operator] = open as unknown as [string, string, string];
    variables.push(name);
    used.push(name);
    const set = scope.get(name);
    const present = set !== undefined && (set !== '' || !operator.startsWith(':'));
    const rest = resolveVariables(text.slice(i + open[0].length, close), scope, depth + 1);
    variables.push(...rest.variables);
    const taken = operator.endsWith('+') ? present : operator.endsWith('-') && !present;
    if (set === undefined && scope.has(name)) add(undefined);
    else if (taken) {
      used.push(...rest.used);
      add(rest.value);
    } else if (operator.endsWith('+')) add('');
    else add(operator.endsWith('?') && !present ? undefined : set);
    i = close + 1;
  }
  return value === undefined ? { variables, used } : { value, variables, used };
}

function closingBrace(text: string, open: number): number {
  let depth = 0;
  const limit = Math.min(text.length, open + MAX_LENGTH);
  for (let i = open; i < limit; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return i;
  }
  return -1;
}
