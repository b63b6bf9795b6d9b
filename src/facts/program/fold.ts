/** Knows what operators and text methods give for known operands; undefined means it cannot be told. */
import type { Scalar } from './model.ts';

/** Longer texts stay unfolded, so that repeated doubling cannot fill the memory. */
const longest = 8192;

function printed(value: Scalar, python: boolean): string {
  if (value === null) return python ? 'None' : 'null';
  if (typeof value === 'boolean' && python) return value ? 'True' : 'False';
  return String(value);
}

export const print = printed;

export function foldBinary(op: string, left: Scalar, right: Scalar): Scalar | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    return op === '+' && left.length + right.length <= longest ? left + right : undefined;
  }
  if (op === '*' && typeof left === 'string' && typeof right === 'number') {
    return left.length * right <= longest ? left.repeat(Math.max(0, right)) : undefined;
  }
  if (typeof left === 'boolean' || typeof right === 'boolean' || left === null || right === null) return undefined;
  if (typeof left !== 'number' || typeof right !== 'number') return undefined;
  const result = arithmetic(op, left, right);
  return result !== undefined && Number.isFinite(result) ? result : undefined;
}

function arithmetic(op: string, a: number, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0 ? undefined : a / b;
    case '//':
      return b === 0 ? undefined : Math.floor(a / b);
    case '%':
      return b === 0 ? undefined : a - b * Math.floor(a / b);
    case '**':
      return a ** b;
    case '<<':
      return b >= 0 && b < 53 ? a * 2 ** b : undefined;
    case '>>':
      return b >= 0 && b < 53 ? Math.floor(a / 2 ** b) : undefined;
    case '|':
    case '&':
    case '^': {
      if (!Number.isInteger(a) || !Number.isInteger(b) || a < 0 || b < 0 || a > 0x7fffffff || b > 0x7fffffff) {
        return undefined;
      }
      return op === '|' ? a | b : op === '&' ? a & b : a ^ b;
    }
    default:
      return undefined;
  }
}

export function foldUnary(op: string, value: Scalar): Scalar | undefined {
  if (op === 'not' || op === '!') return !value;
  if (typeof value !== 'number') return undefined;
  return op === '-' ? -value : op === '+' ? value : op === '~' && Number.isInteger(value) ? -value - 1 : undefined;
}

export function foldCompare(op: string, left: Scalar, right: Scalar): boolean | undefined {
  const same =
    left === right || (typeof left !== typeof right && Number(left) === Number(right) && isNumeric(left, right));
  switch (op) {
    case '==':
    case '===':
    case 'is':
    case 'case':
      return same;
    case '!=':
    case '!==':
    case 'is not':
      return !same;
    case 'in':
      return typeof left === 'string' && typeof right === 'string' ? right.includes(left) : undefined;
    case 'not in':
      return typeof left === 'string' && typeof right === 'string' ? !right.includes(left) : undefined;
    default:
      break;
  }
  if (left === null || right === null || typeof left !== typeof right) return undefined;
  if (op === '<') return left < right;
  if (op === '<=') return left <= right;
  if (op === '>') return left > right;
  if (op === '>=') return left >= right;
  return undefined;
}

function isNumeric(left: Scalar, right: Scalar): boolean {
  const numeric = (value: Scalar) => typeof value === 'number' || typeof value === 'boolean';
  return numeric(left) && numeric(right);
}

/** Methods of text without arguments, and those that keep their meaning with constant ones. */
export function foldMethod(text: string, method: string, args: readonly Scalar[]): Scalar | undefined {
  const first = args[0];
  switch (method) {
    case 'upper':
    case 'toUpperCase':
      return text.toUpperCase();
    case 'lower':
    case 'casefold':
    case 'toLowerCase':
      return text.toLowerCase();
    case 'strip':
    case 'trim':
      return args.length === 0 ? text.trim() : undefined;
    case 'lstrip':
    case 'trimStart':
      return args.length === 0 ? text.trimStart() : undefined;
    case 'rstrip':
    case 'trimEnd':
      return args.length === 0 ? text.trimEnd() : undefined;
    case 'encode':
    case 'decode':
    case 'toString':
      return text;
    case 'replace':
      if (typeof first === 'string' && typeof args[1] === 'string' && args.length === 2 && text.length < 1024) {
        const result = text.replaceAll(first, args[1]);
        return result.length <= longest ? result : undefined;
      }
      return undefined;
    case 'startswith':
    case 'startsWith':
      return typeof first === 'string' ? text.startsWith(first) : undefined;
    case 'endswith':
    case 'endsWith':
      return typeof first === 'string' ? text.endsWith(first) : undefined;
    default:
      return undefined;
  }
}

export type TemplatePart = { readonly text: string } | { readonly slot: number | string };

/** Parts of a `%` format; undefined when it has stars or named slots that are not closed. */
export function percentParts(template: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  const pattern =
    /%(?:\((?<key>[^)]*)\))?[-+ #0]*(?<width>\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?(?<type>[diouxXeEfFgGcrsa%])/g;
  let at = 0;
  let slot = 0;
  for (const match of template.matchAll(pattern)) {
    if (match.index > at) parts.push({ text: template.slice(at, match.index) });
    at = match.index + match[0].length;
    if (match.groups!.type === '%') parts.push({ text: '%' });
    else if (match.groups!.width === '*') return undefined;
    else parts.push({ slot: match.groups!.key ?? slot++ });
  }
  if (at < template.length) parts.push({ text: template.slice(at) });
  return parts;
}

/** Parts of a `str.format` template: slots by index or by name; `{a.b}` and `{a[0]}` are slots of `a`. */
export function formatParts(template: string): readonly TemplatePart[] | undefined {
  const parts: TemplatePart[] = [];
  let text = '';
  let slot = 0;
  for (let i = 0; i < template.length; i++) {
    const c = template[i]!;
    if ((c === '{' || c === '}') && template[i + 1] === c) {
      text += c;
      i++;
    } else if (c === '{') {
      const end = template.indexOf('}', i);
      if (end < 0) return undefined;
      if (text !== '') parts.push({ text });
      text = '';
      const name = /^[^!:.[]*/.exec(template.slice(i + 1, end))![0];
      parts.push({ slot: name === '' ? slot++ : /^\d+$/.test(name) ? Number(name) : name });
      let close = end;
      if (template.slice(i + 1, end).includes('{')) close = template.indexOf('}', end + 1);
      if (close < 0) return undefined;
      i = close;
    } else if (c === '}') return undefined;
    else text += c;
  }
  if (text !== '') parts.push({ text });
  return parts;
}
