/** Knows PEP 508 environment markers: whether two of them can hold in the same environment. */

type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: string; readonly right: Operand };
type Operand = { readonly variable: string } | { readonly value: string };

const token = /\s*(?:(\(|\))|("[^"]*"|'[^']*')|(not\s+in\b|in\b|and\b|or\b|===|==|~=|!=|<=|>=|<|>)|([A-Za-z_.]+))/y;

function parse(marker: string): Expression | undefined {
  const tokens: { readonly text: string; readonly kind: 'bracket' | 'value' | 'operator' | 'name' }[] = [];
  token.lastIndex = 0;
  while (marker.slice(token.lastIndex).trim() !== '') {
    const match = token.exec(marker);
    if (match === null || tokens.length > 500) return undefined;
    if (match[1]) tokens.push({ text: match[1], kind: 'bracket' });
    else if (match[2]) tokens.push({ text: match[2].slice(1, -1), kind: 'value' });
    else if (match[3]) tokens.push({ text: match[3].replace(/\s+/, ' '), kind: 'operator' });
    else tokens.push({ text: match[4]!, kind: 'name' });
  }
  let at = 0;
  const operand = (): Operand | undefined => {
    const next = tokens[at++];
    if (next?.kind === 'value') return { value: next.text };
    return next?.kind === 'name' ? { variable: next.text } : undefined;
  };
  const primary = (depth: number): Expression | undefined => {
    if (depth > 50) return undefined;
    if (tokens[at]?.text === '(') {
      at++;
      const inner = either(depth + 1);
      return tokens[at++]?.text === ')' ? inner : undefined;
    }
    const left = operand();
    const operator = tokens[at++];
    const right = operand();
    if (left === undefined || right === undefined || operator?.kind !== 'operator') return undefined;
    return { kind: 'compare', left, operator: operator.text, right };
  };
  const both = (depth: number): Expression | undefined => {
    let left = primary(depth);
    while (left !== undefined && tokens[at]?.text === 'and') {
      at++;
      const right = primary(depth);
      left = right === undefined ? undefined : { kind: 'and', left, right };
    }
    return left;
  };
  const either = (depth: number): Expression | undefined => {
    let left = both(depth);
    while (left !== undefined && tokens[at]?.text === 'or') {
      at++;
      const right = both(depth);
      left = right === undefined ? undefined : { kind: 'or', left, right };
    }
    return left;
  };
  const result = either(0);
  return at === tokens.length ? result : undefined;
}

type Environment = Readonly<Record<string, string>>;

const platforms: readonly Environment[] = [
  { sys_platform: 'linux', platform_system: 'Linux', os_name: 'posix' },
  { sys_platform: 'darwin', platform_system: 'Darwin', os_name: 'posix' },
  { sys_platform: 'win32', platform_system: 'Windows', os_name: 'nt' },
  { sys_platform: 'emscripten', platform_system: 'Emscripten', os_name: 'posix' },
];
const machines = ['x86_64', 'aarch64', 'arm64', 'AMD64', 'armv7l', 'i686'];
const implementations: readonly Environment[] = [
  { implementation_name: 'cpython', platform_python_implementation: 'CPython' },
  { implementation_name: 'pypy', platform_python_implementation: 'PyPy' },
];
const pythons = ['2.7', ...Array.from({ length: 16 }, (_, minor) => `3.${minor}`)];

function* environments(): Generator<Environment> {
  for (const python of pythons) {
    for (const platform of platforms) {
      for (const platform_machine of machines) {
        for (const implementation of implementations) {
          for (const micro of ['0', '7']) {
            yield {
              ...platform,
              ...implementation,
              platform_machine,
              python_version: python,
              python_full_version: `${python}.${micro}`,
            };
          }
        }
      }
    }
  }
}

function compareDotted(a: string, b: string): number {
  const [x, y] = [
    a.split('.').map((p) => Number.parseInt(p, 10) || 0),
    b.split('.').map((p) => Number.parseInt(p, 10) || 0),
  ];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const order = (x[i] ?? 0) - (y[i] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** Three-valued: what the environment does not say (extras, kernel releases) may be either. */
function evaluate(expression: Expression, environment: Environment): boolean | undefined {
  if (expression.kind !== 'compare') {
    const left = evaluate(expression.left, environment);
    const right = evaluate(expression.right, environment);
    if (expression.kind === 'and') return left === false || right === false ? false : left && right;
    return left === true || right === true
      ? true
      : (left ?? undefined) === undefined || right === undefined
        ? undefined
        : false;
  }
  const resolve = (operand: Operand): string | undefined =>
    'value' in operand ? operand.value : environment[operand.variable.replaceAll('.', '_')];
  const left = resolve(expression.left);
  const right = resolve(expression.right);
  if (left === undefined || right === undefined) return undefined;
  const version = [expression.left, expression.right].some(
    (o) => 'variable' in o && /^(python_version|python_full_version|implementation_version)$/.test(o.variable),
  );
  switch (expression.operator) {
    case 'in':
      return right.includes(left);
    case 'not in':
      return !right.includes(left);
    case '==':
      return version
        ? right.endsWith('.*')
          ? `${left}.`.startsWith(right.slice(0, -1))
          : compareDotted(left, right) === 0
        : left === right;
    case '!=':
      return version
        ? right.endsWith('.*')
          ? !`${left}.`.startsWith(right.slice(0, -1))
          : compareDotted(left, right) !== 0
        : left !== right;
    case '~=':
      return compareDotted(left, right) >= 0 && left.startsWith(right.split('.').slice(0, -1).join('.'));
    case '<':
      return version ? compareDotted(left, right) < 0 : left < right;
    case '<=':
      return version ? compareDotted(left, right) <= 0 : left <= right;
    case '>':
      return version ? compareDotted(left, right) > 0 : left > right;
    case '>=':
      return version ? compareDotted(left, right) >= 0 : left >= right;
    default:
      return left === right;
  }
}

const known = new Map<string, boolean>();

/** Whether an environment exists in which all markers hold; a marker that cannot be read holds everywhere. */
export function canHoldTogether(...markers: readonly (string | undefined)[]): boolean {
  const texts = markers.filter((m) => m !== undefined);
  if (texts.length === 0) return true;
  const key = texts.join('\0');
  const before = known.get(key);
  if (before !== undefined) return before;
  const expressions = texts.flatMap((text) => parse(text) ?? []);
  let result = expressions.length === 0;
  if (!result) {
    for (const environment of environments()) {
      if (expressions.every((e) => evaluate(e, environment) !== false)) {
        result = true;
        break;
      }
    }
  }
  if (known.size > 5000) known.clear();
  known.set(key, result);
  return result;
}

/** The marker that `requires-python` stands for, so that both can be compared. */
export function pythonMarker(requiresPython: string | undefined): string | undefined {
  const clauses = (requiresPython ?? '').split(',').flatMap((clause) => {
    const match = /^\s*(==|~=|!=|<=|>=|<|>)\s*([\d.*]+)\s*$/.exec(clause);
    return match === null ? [] : [`python_full_version ${match[1]} "${match[2]}"`];
  });
  return clauses.length === 0 ? undefined : clauses.join(' and ');
}
