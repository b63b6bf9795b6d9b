/** Knows which calls write to a log, and in which files a filter masks what is written. */
import { lastWord } from './flow.ts';
import type { CallSite, Program, Unit } from './link.ts';

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
