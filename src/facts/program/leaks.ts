/** Knows which credentials a text, a structure or an answer shows in full. */
import type { Span } from '../span.ts';
import { lastWord } from './flow.ts';
import type { Unit } from './link.ts';
import type { Ref, Value } from './model.ts';
import { wordsOf } from './names.ts';
import { type SecretKind, secretKind } from './secrets.ts';

export interface Leak {
  readonly name: string;
  readonly kind: SecretKind;
  readonly span: Span;
}

/** Credentials that a text or a structure shows in full. */
export function leaks(unit: Unit, ref: Ref, name: string | undefined, span: Span, depth = 0): Leak[] {
  const { values, calls, functions } = unit.module;
  const value = values[ref]!;
  if (depth > 6) return [];
  const at = (word: string | undefined): Leak[] => {
    const kind = secretKind(word);
    return kind === undefined || kind === 'mac' ? [] : [{ name: lastWord(word!), kind, span }];
  };
  switch (value.kind) {
    case 'const':
    case 'slice':
    case 'compare':
    case 'function':
    case 'class':
      return [];
    case 'operation':
      return value.op === 'each' ? value.of.flatMap((one) => leaks(unit, one, undefined, span, depth + 1)) : [];
    case 'concat':
      return value.parts.flatMap((part, i) => leaks(unit, part, value.names?.[i] ?? undefined, span, depth + 1));
    case 'list':
      return value.items.flatMap((item) => leaks(unit, item, undefined, span, depth + 1));
    case 'dict':
      return value.entries.flatMap(([key, one]) => {
        const word = key === null ? undefined : values[key]!;
        const text = word?.kind === 'const' && typeof word.value === 'string' ? word.value : undefined;
        const inside = leaks(unit, one, text, text === undefined ? span : values[key!]!.span, depth + 1);
        return inside;
      });
    case 'either':
      return value.of
        .slice(0, 4)
        .flatMap((one) => leaks(unit, one, name, span, depth + 1))
        .slice(0, 1);
    case 'param':
      return at(name).concat(at(functions[value.function]!.params[value.index]!.name)).slice(0, 1);
    case 'attr': {
      // `token: contract.address`, `deployed.token`: where a contract stands is no secret.
      if (/^addr(?:ess)?$/i.test(value.name) || isDeployed(name) || isRedacted(unit, value.of)) return [];
      // The more telling of the two names: `token: user.secret_key`.
      const both = at(name).concat(at(value.name));
      return [both.find((one) => one.kind !== 'token') ?? both[0]].filter((one) => one !== undefined);
    }
    case 'item': {
      if (isDeployed(name) || isRedacted(unit, value.of)) return [];
      const key = values[value.key]!;
      return at(name)
        .concat(key.kind === 'const' ? at(String(key.value)) : [])
        .slice(0, 1);
    }
    case 'call': {
      const call = calls[value.call]!;
      const word = lastWord(call.callee.name ?? '');
      if (
        /^(?:len|bool|int|type|isinstance)$|mask|redact|slice|substr|hash|count|valid|check|verify|fingerprint|digest|prefix|strip_|sanit|quote|encrypt|dumps|exists|address$/i.test(
          word,
        )
      )
        return [];
      const callee = values[call.callee.value]!;
      if (callee.kind === 'attr' && isRedacted(unit, callee.of)) return [];
      if (name !== undefined && !name.endsWith('()')) return at(name);
      const key = /^(?:get|getenv|pop|header)$/.test(word) ? call.args[0] : undefined;
      const text = key ? values[key.value]! : undefined;
      return text?.kind === 'const' ? at(String(text.value)) : [];
    }
    default:
      return at(name);
  }
}

/** `addresses.governanceToken`: a token of a chain. */
export function isDeployed(name: string | undefined): boolean {
  const owner = wordsOf((name ?? '').split('.').slice(0, -1).join('.'));
  return owner.some((word) => /^(?:addresses|contracts?|deployments?)$/.test(word));
}

const redactors = /^(?:public|redact|mask|summar|sanit)|(?:redacted|masked|sanitized)$/i;

/** Did the object that a value is read from go through a function that redacts: `mask(row).token`? */
function isRedacted(unit: Unit, from: Ref): boolean {
  const { values, calls } = unit.module;
  const stack = [from];
  for (let ref = stack.pop(), n = 0; ref !== undefined && n < 40; ref = stack.pop(), n++) {
    const value = values[ref]!;
    let key: Value | undefined;
    if (value.kind === 'call') {
      const call = calls[value.call]!;
      if (redactors.test(lastWord(call.callee.name ?? ''))) return true;
      const callee = values[call.callee.value]!;
      if (callee.kind === 'attr') stack.push(callee.of);
      key = call.args[0] && values[call.args[0].value];
    } else if (value.kind === 'item') key = values[value.key]!;
    if (value.kind === 'operation' || value.kind === 'either') stack.push(...value.of);
    if (
      ['attr', 'item', 'element', 'slice', 'spread'].includes(value.kind) &&
      'of' in value &&
      !Array.isArray(value.of)
    )
      stack.push(value.of as Ref);
    if (key?.kind === 'const' && redactedKeys(unit).has(String(key.value))) return true;
  }
  return false;
}

const perUnit = new WeakMap<Unit, ReadonlySet<string>>();

/** Keys under which a file puts only what a redacting function gave: `report["rows"] = [mask(row) for row in rows]`. */
function redactedKeys(unit: Unit): ReadonlySet<string> {
  const known = perUnit.get(unit);
  if (known) return known;
  const { values, calls, assignments } = unit.module;
  const made = (ref: Ref): boolean => {
    const value = values[ref]!;
    if (value.kind === 'operation' && value.op === 'each') return value.of.length > 0 && value.of.every(made);
    return value.kind === 'call' && redactors.test(lastWord(calls[value.call]!.callee.name ?? ''));
  };
  const put = assignments.filter((one) => one.target === 'item' && one.name !== '' && one.value);
  const open = new Set(put.filter((one) => !made(one.value!.value)).map((one) => one.name));
  const found = new Set(put.map((one) => one.name).filter((name) => !open.has(name)));
  perUnit.set(unit, found);
  return found;
}

/** Keys of a dictionary that name a credential, whatever their values are. */
export function keysOf(unit: Unit, ref: Ref): Leak[] {
  const value = unit.module.values[ref]!;
  if (value.kind !== 'dict') return [];
  return value.entries.flatMap(([key]) => {
    const word = key === null ? undefined : unit.module.values[key]!;
    const kind = word?.kind === 'const' ? secretKind(String(word.value)) : undefined;
    return kind && word?.kind === 'const' ? [{ name: String(word.value), kind, span: word.span }] : [];
  });
}
