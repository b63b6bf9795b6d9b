/** Knows Helm's `--set` language: `a.b=1,list[0]=x,c={1,2}` as values. */
import { bool, type DictValue, dict, float, list, NIL, type Origin, text, unknownText, type Value } from './value.ts';

const MAX_INDEX = 1000;

/** Values that one flag sets, laid over `target`. `asText` is `--set-string`; variables of a shell make unknown values. */
export function applySet(target: DictValue, written: string, from: Origin, asText: boolean): void {
  for (const pair of split(written, ',')) {
    const at = /(?<!\\)=/.exec(pair)?.index ?? -1;
    if (at < 0) continue;
    const path = split(pair.slice(0, at), '.').flatMap((part) => {
      const indices = [...part.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]));
      const name = part.replace(/\[\d+\]/g, '').replace(/\\(.)/g, '$1');
      return name === '' ? indices : [name, ...indices];
    });
    if (path.length > 0 && path.length < 50 && path.every((step) => typeof step === 'string' || step < MAX_INDEX)) {
      put(target, path, scalar(pair.slice(at + 1), from, asText));
    }
  }
}

/** Parts between separators outside of braces that no backslash takes away. */
function split(written: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  let braces = 0;
  for (let i = 0; i < written.length; i++) {
    const c = written[i]!;
    if (c === '\\' && i + 1 < written.length) part += c + written[++i]!;
    else if (c === separator && braces === 0) {
      parts.push(part);
      part = '';
    } else {
      if (c === '{') braces++;
      if (c === '}' && braces > 0) braces--;
      part += c;
    }
  }
  return [...parts, part];
}

function scalar(written: string, from: Origin, asText: boolean): Value {
  if (/\$[{(\w]/.test(written)) {
    return unknownText(written.replace(/[^\w${}.:/@-]/g, ''), 'the value is given at the deployment', from);
  }
  const items = /^\{(.*)\}$/s.exec(written);
  if (items)
    return { ...list(items[1] === '' ? [] : split(items[1]!, ',').map((item) => scalar(item, from, asText))), from };
  const value = written.replace(/\\(.)/g, '$1');
  if (!asText) {
    if (value === 'null') return NIL;
    if (value === 'true' || value === 'false') return { ...bool(value === 'true'), from };
    if (/^(?:0|-?[1-9]\d*)$/.test(value)) return { ...float(Number(value)), from };
  }
  return { ...text(value, value === '' ? [] : [{ ...from, start: 0, end: value.length }]), from };
}

function put(target: DictValue, [step, ...rest]: readonly (string | number)[], value: Value): void {
  const name = String(step);
  target.entries.set(name, inner(target.entries.get(name), rest, value));
}

function inner(own: Value | undefined, path: readonly (string | number)[], value: Value): Value {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const from = own?.from ?? value.from;
  if (typeof step === 'number') {
    const items = own?.kind === 'list' ? [...own.items] : [];
    while (items.length <= step) items.push(NIL);
    items[step] = inner(items[step], rest, value);
    return { ...list(items), ...(from ? { from } : {}) };
  }
  const map: DictValue = own?.kind === 'dict' ? own : { ...dict(), ...(from ? { from } : {}) };
  put(map, path, value);
  return map;
}
