/** Knows the languages in which network policies choose pods: label selectors of Kubernetes, expressions of Calico. */
import { textsOf } from '../cluster.ts';
import { at, itemsOf, textOf, type YamlNode } from '../yaml.ts';

export type Labels = ReadonlyMap<string, string>;

/** A label's key without the source that Cilium lets one write before it. */
function plainKey(key: string): string {
  return key.replace(/^(?:k8s|any)[:.]/, '');
}

/** Keys that a label selector asks for. */
export function keysOf(selector: YamlNode | undefined): string[] {
  const expressions = itemsOf(at(selector, 'matchExpressions')).map((one) => textOf(at(one, 'key')) ?? '');
  return [...textsOf(at(selector, 'matchLabels')).keys(), ...expressions].map(plainKey);
}

/** A label selector of the API: an absent or empty one selects everything, one with an unknown operator nothing. */
export function matches(selector: YamlNode | undefined, labels: Labels): boolean {
  for (const [key, value] of textsOf(at(selector, 'matchLabels')))
    if (labels.get(plainKey(key)) !== value) return false;
  return itemsOf(at(selector, 'matchExpressions')).every((expression) => {
    const value = labels.get(plainKey(textOf(at(expression, 'key')) ?? ''));
    const values = itemsOf(at(expression, 'values')).map((item) => textOf(item) ?? '');
    switch (textOf(at(expression, 'operator'))) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** An expression of Calico that was understood. */
export interface Expression {
  readonly matches: (labels: Labels) => boolean;
  readonly keys: readonly string[];
}

type Test = Expression['matches'];

const TOKEN =
  /\s*(?:(?<all>all\(\s*\))|(?<global>global\(\s*\))|has\(\s*(?<has>[\w./-]+)\s*\)|(?<string>'[^']*'|"[^"]*")|(?<sign>&&|\|\||==|!=|[!(){},])|(?<word>[\w./-]+))/y;

/**
 * Reads an expression of Calico such as `has(app) && !(tier in {'a', "b"} || role starts with 'x')`; the empty one selects
 * everything. Undefined for what is no such expression: it selects nothing.
 */
export function calicoExpression(text: string): Expression | undefined {
  const tokens = tokensOf(text);
  if (!tokens) return undefined;
  const keys: string[] = [];
  let next = 0;
  const take = (sign: string): boolean => {
    const found = tokens[next]?.sign === sign || tokens[next]?.word === sign;
    if (found) next++;
    return found;
  };
  const joined = (sign: string, read: (depth: number) => Test | undefined, depth: number): Test | undefined => {
    const parts: Test[] = [];
    do {
      const part = read(depth);
      if (!part) return undefined;
      parts.push(part);
    } while (take(sign));
    return sign === '||'
      ? (labels) => parts.some((part) => part(labels))
      : (labels) => parts.every((part) => part(labels));
  };
  const either = (depth: number): Test | undefined => joined('||', both, depth);
  const both = (depth: number): Test | undefined => joined('&&', one, depth);
  const one = (depth: number): Test | undefined => {
    if (depth > 100) return undefined;
    let turned = false;
    while (take('!')) turned = !turned;
    const test = plain(depth);
    return test && turned ? (labels) => !test(labels) : test;
  };
  const plain = (depth: number): Test | undefined => {
    if (take('(')) {
      const inner = either(depth + 1);
      return take(')') ? inner : undefined;
    }
    const token = tokens[next++];
    if (token?.all !== undefined) return () => true;
    // Things that belong to no namespace; a pod always does.
    if (token?.global !== undefined) return () => false;
    if (token?.has !== undefined) {
      const key = token.has;
      keys.push(key);
      return (labels) => labels.has(key);
    }
    return token?.word === undefined ? undefined : comparison(token.word);
  };
  const comparison = (key: string): Test | undefined => {
    keys.push(key);
    const negative = take('not');
    if (take('in')) {
      const values = set();
      return values && ((labels) => values.includes(labels.get(key) ?? '\0') !== negative);
    }
    if (negative) return undefined;
    const test: ((value: string, wanted: string) => boolean) | undefined = take('==')
      ? (value, wanted) => value === wanted
      : take('contains')
        ? (value, wanted) => value.includes(wanted)
        : take('starts') && take('with')
          ? (value, wanted) => value.startsWith(wanted)
          : take('ends') && take('with')
            ? (value, wanted) => value.endsWith(wanted)
            : undefined;
    const differs = !test && take('!=');
    const wanted = tokens[next++]?.string;
    if (wanted === undefined || (!test && !differs)) return undefined;
    return (labels) => {
      const value = labels.get(key);
      return test ? value !== undefined && test(value, wanted) : value !== wanted;
    };
  };
  const set = (): string[] | undefined => {
    const values: string[] = [];
    if (!take('{')) return undefined;
    while (!take('}')) {
      const value = tokens[next++]?.string;
      if (value === undefined) return undefined;
      values.push(value);
      if (!take(',') && tokens[next]?.sign !== '}') return undefined;
    }
    return values;
  };
  const test = tokens.length === 0 ? () => true : either(0);
  return test && next >= tokens.length ? { matches: test, keys } : undefined;
}

type Token = Partial<Record<'all' | 'global' | 'has' | 'string' | 'sign' | 'word', string>>;

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found || tokens.length > 5000) return undefined;
    const { string, ...rest } = found.groups!;
    tokens.push(string === undefined ? rest : { string: string.slice(1, -1) });
  }
  return tokens;
}
