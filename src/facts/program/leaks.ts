/** Knows which credentials a text, a structure or an answer shows in full. */
import type { Span } from '../span.ts';
import { lastWord } from './flow.ts';
import type { Unit } from './link.ts';
import type { Ref } from './model.ts';
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
      // The more telling of the two names: `token: user.secret_key`.
      const both = at(name).concat(at(value.name));
      return [both.find((one) => one.kind !== 'token') ?? both[0]].filter((one) => one !== undefined);
    }
    case 'item': {
      const key = values[value.key]!;
      return at(name)
        .concat(key.kind === 'const' ? at(String(key.value)) : [])
        .slice(0, 1);
    }
    case 'call': {
      const call = calls[value.call]!;
      const word = lastWord(call.callee.name ?? '');
      if (
        /^(?:len|bool|int|type|isinstance)$|mask|redact|slice|substr|hash|count|valid|check|verify|fingerprint|digest|prefix|strip_|sanit|quote|encrypt|dumps|exists/i.test(
          word,
        )
      )
        return [];
      if (name !== undefined && !name.endsWith('()')) return at(name);
      const key = /^(?:get|getenv|pop|header)$/.test(word) ? call.args[0] : undefined;
      const text = key ? values[key.value]! : undefined;
      return text?.kind === 'const' ? at(String(text.value)) : [];
    }
    default:
      return at(name);
  }
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
