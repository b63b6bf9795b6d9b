/** Knows which calls write to a log, what they speak of, and in which files a filter masks what is written. */
import { lastWord } from './flow.ts';
import type { CallSite, Program, Unit } from './link.ts';
import type { Ref } from './model.ts';
import { wordsOf } from './names.ts';
import { secretKind } from './secrets.ts';

const libraries = /^(?:logging|structlog|loguru|console|winston|pino|bunyan|log4js|consola|loglevel|signale)\b/;

/** Does the call write to a log? `methods` are the last words of such calls. */
export function isLog({ call, names }: CallSite, methods: readonly string[]): boolean {
  const path = (call.callee.name ?? '').split('.');
  if (!methods.includes(path.at(-1)!)) return false;
  return names.some((name) => libraries.test(name)) || /log|^L$/i.test(path.at(-2) ?? '');
}

/** Tells whether a file's logger has a filter for credentials: it adds one, or imports the module that does. */
export function masking(program: Program): (unit: Unit) => boolean {
  const found = new Set(
    program
      .allCalls()
      .filter(
        ({ call }) =>
          lastWord(call.callee.name ?? '') === 'addFilter' &&
          /redact|mask|sensitive|secret/i.test(call.args[0]?.name ?? ''),
      )
      .map(({ unit }) => unit),
  );
  if (found.size === 0) return () => false;
  const imported = (name: string, from: Unit) => {
    const unit = program.moduleOf(name, from) ?? program.moduleOf(name.replace(/\.[^.]*$/, ''), from);
    return unit !== undefined && found.has(unit);
  };
  return (unit) => found.has(unit) || unit.module.imports.some(({ name }) => imported(name, unit));
}

/** Does the text of the call speak of a credential? */
export function namesSecret({ unit, call }: CallSite): boolean {
  const { values } = unit.module;
  return call.args.some((arg) => {
    const value = values[arg.value]!;
    const parts = value.kind === 'concat' ? value.parts.map((part) => values[part]!) : [value];
    return parts.some(
      (part) => part.kind === 'const' && secretKind(wordsOf(String(part.value)).slice(0, 6).join('_')) !== undefined,
    );
  });
}

/** `authority.generate_token()`, alone or in a text. */
export function isMade(unit: Unit, ref: Ref): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'concat') return value.parts.some((part) => isMade(unit, part));
  if (value.kind !== 'call') return false;
  return /^(?:generate|create|issue|mint)_?/.test(lastWord(unit.module.calls[value.call]!.callee.name ?? ''));
}
