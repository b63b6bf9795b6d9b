/** Knows how much of the production code is annotated with types, and whether CI enforces a type checker. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { type AnnotatedFile, linkAnnotations } from '../facts/annotations.ts';
import { ciRuns } from '../facts/ci-runs.ts';
import type { Facts } from '../facts/facts.ts';
import { anchorOf } from '../facts/source.ts';

export const typeHints = defineCheck({
  id: 'type-hints',
  needs: { program: true, workflow: true, script: true, hooks: true },
  messages: {
    low: {
      what: 'Fewer production functions than the target have complete annotations; {file} has the most without.',
      why: '{measured} % of the functions have types for all parameters and the return value, the target is {target} %: a type checker skips the others.',
      fix: 'Annotate the functions that other modules call and all that handle credentials or input first, beginning with {file}.',
      aspect: 'measured',
    },
    undefinedName: {
      what: 'The annotation names `{name}`, which is neither defined nor imported here.',
      why: 'The annotation means nothing to a type checker, and evaluating it at run time raises a NameError.',
      fix: 'Import `{name}`, under `if TYPE_CHECKING:` if only annotations need it, or correct the name.',
      aspect: 'names',
      severity: 'low',
    },
    masked: {
      what: 'CI runs `{command}`, and its failure is ignored.',
      why: 'Type errors scroll by in the log, so their number only grows and the annotations drift away from the code.',
      fix: 'Let the step fail. Where too much is wrong today, limit the checker to the packages that are clean and extend the list.',
      aspect: 'gate',
    },
    noChecker: {
      what: 'No CI job runs a type checker.',
      why: 'Annotations that nobody checks are comments: they become wrong with the first change and mislead the reader.',
      fix: 'Run `mypy` or `pyright` over the production packages in CI, in a step that may fail.',
      aspect: 'gate',
    },
  },
  assess(facts, options) {
    const lookedFor = 'functions in Python files, and mypy, pyright and other type checkers in CI';
    const { files, undefinedNames } = facts.linked(linkAnnotations);
    if (files.length === 0) return { subjects: [], lookedFor };
    const total = sum(files, (file) => file.functions);
    const value = Math.floor((sum(files, (file) => file.complete) * 10_000) / total);
    const target = Math.round((options.target as number) * 100);
    const subjects: Subject[] = [share(files, value, target), ...gate(facts, options)];
    for (const { name, places } of undefinedNames) {
      const related = places.slice(1, 10).map((place) => ({ ...place, text: 'It is named here as well.' }));
      const finding: Finding = { message: 'undefinedName', data: { name }, place: places[0]!, confidence: 'high' };
      subjects.push(fail(`annotation with ${name}`, related.length > 0 ? { ...finding, related } : finding));
    }
    return { subjects, lookedFor, measured: { value, target, unit: 'hundredths of a percent' } };
  },
});

function share(files: readonly AnnotatedFile[], value: number, target: number): Subject {
  const name = 'share of annotated functions';
  const worst = files
    .flatMap((file) => (file.first ? [{ ...file, first: file.first, open: file.functions - file.complete }] : []))
    .sort((a, b) => b.open - a.open);
  const first = worst[0];
  if (value >= target || !first) {
    const place = { path: files[0]!.path, span: { start: 0, end: 0 } };
    return pass(name, place, `${percent(value)} % of the functions are completely annotated.`);
  }
  const related = worst.slice(1, 10).map((file) => ({
    ...file.first.place,
    text: `${file.open} of ${file.functions} functions here are not completely annotated.`,
  }));
  return fail(name, {
    message: 'low',
    data: { file: first.path, measured: percent(value), target: percent(target) },
    place: first.first.place,
    identity: name,
    confidence: 'high',
    ...(related.length > 0 ? { related } : {}),
  });
}

function gate(facts: Facts, options: Options): Subject[] {
  const name = 'type checker in CI';
  const checkers = options.checkers as readonly string[];
  const hook = facts
    .of('hooks')
    .flatMap((file) => file.data.hooks.map((one) => ({ file, one })))
    .find(({ one }) => one.programs.some((program) => checkers.includes(program)));
  const runs = ciRuns(facts, [...checkers, ...(hook ? (options.hookRunners as readonly string[]) : [])]);
  const enforced = runs.find((run) => run.unmasked);
  if (enforced) return [pass(name, enforced.place, `\`${enforced.text}\` fails the pipeline.`)];
  if (hook?.file.data.hosted) {
    return [pass(name, { path: hook.file.path, span: hook.one.span }, 'pre-commit.ci runs it for every change.')];
  }
  const masked = runs[0];
  if (masked) {
    return [fail(name, { message: 'masked', data: { command: masked.text }, place: masked.place, confidence: 'high' })];
  }
  const place = anchorOf(facts);
  return place ? [fail(name, { message: 'noChecker', data: {}, place, confidence: 'high' })] : [];
}

function sum<T>(things: readonly T[], of: (thing: T) => number): number {
  return things.reduce((total, thing) => total + of(thing), 0);
}

function percent(hundredths: number): string {
  return String(hundredths / 100);
}
