/** Knows how much of the production code is annotated with types, and whether CI enforces a type checker. */
import { defineCheck, type Finding, fail, type Options, once, pass, type Subject, unknown } from '../check.ts';
import { type AnnotatedFile, type Annotations, linkAnnotations } from '../facts/ci/annotations.ts';
import { linkPipelines } from '../facts/ci/gitlab.ts';
import { ciRuns } from '../facts/ci/runs.ts';
import { unreadPipeline } from '../facts/ci/unread.ts';
import type { Facts } from '../facts/facts.ts';
import { anchorOf } from '../facts/source.ts';
import type { Place } from '../facts/span.ts';

export const typeHints = defineCheck({
  id: 'type-hints',
  needs: { program: true, tsconfig: true, workflow: true, script: true, hooks: true },
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
    lenient: {
      what: '{file} leaves {missing} off.',
      why: 'A parameter without a type is then anything, or null fits every type, and the compiler is silent where it would be needed most.',
      fix: 'Set `"strict": true`. Where too much is wrong today, set it for the packages that are clean and extend the list.',
      aspect: 'strictness',
    },
    loose: {
      what: 'The code switches the type checker off at {gaps} places with `any` and comments; {file} has the most.',
      why: 'That is {share} for each hundred functions, and the limit is {limit}. What passes through these places has no type any more.',
      fix: 'Write the type, or `unknown` with a check, and replace `@ts-ignore` by `@ts-expect-error` with a reason, beginning with {file}.',
      aspect: 'gaps',
    },
    masked: {
      what: 'CI runs `{command}`, and its failure is ignored.',
      why: 'Type errors scroll by in the log, so their number only grows and the annotations drift away from the code.',
      fix: 'Let the step fail. Where too much is wrong today, limit the checker to the packages that are clean and extend the list.',
      aspect: 'gate',
    },
    noChecker: {
      what: 'No CI job runs a type checker over the {language} code.',
      why: 'Annotations that nobody checks are comments: they become wrong with the first change and mislead the reader.',
      fix: 'Run {checker} over the production packages in CI, in a step that may fail.',
      aspect: 'gate',
    },
  },
  assess(facts, options) {
    const lookedFor =
      'functions in Python, TypeScript and JavaScript files, and mypy, pyright, tsc and other type checkers in CI';
    const annotations = facts.linked(linkAnnotations);
    const { files, undefinedNames } = annotations;
    if (files.length === 0) return { subjects: [], lookedFor };
    const total = sum(files, (file) => file.functions);
    const value = Math.floor((sum(files, (file) => file.complete) * 10_000) / total);
    const target = Math.round((options.target as number) * 100);
    const subjects: Subject[] = [
      share(files, value, target),
      ...gates(facts, files, options),
      ...strictness(annotations),
      ...gaps(annotations, options.gaps as number),
    ];
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

/** One gate for Python and one for what the TypeScript compiler reads. */
function gates(facts: Facts, files: readonly AnnotatedFile[], options: Options): Subject[] {
  const python = files.some(({ language }) => language === 'python');
  const script = files.some(({ language }) => language !== 'python');
  return [
    ...(python ? gate(facts, options.checkers as readonly string[], options, 'Python', '`mypy` or `pyright`') : []),
    ...(script
      ? gate(facts, options.compilers as readonly string[], options, 'TypeScript and JavaScript', '`tsc --noEmit`')
      : []),
  ];
}

function gate(
  facts: Facts,
  checkers: readonly string[],
  options: Options,
  language: string,
  checker: string,
): Subject[] {
  const name = `type checker of ${language} in CI`;
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
  const called = calledWorkflow(facts, checkers);
  if (called) return [pass(name, called, 'A workflow of another repository runs it.')];
  const masked = runs[0];
  if (masked) {
    return [fail(name, { message: 'masked', data: { command: masked.text }, place: masked.place, confidence: 'high' })];
  }
  const place = anchorOf(facts);
  if (!place) return [];
  const unread = unreadPipeline(facts);
  if (unread !== undefined)
    return [unknown(name, place, `${unread} may run one, and pipelines of this kind are not read`)];
  const data = { language, checker };
  return [fail(name, { message: 'noChecker', data, place, identity: name, confidence: 'high' })];
}

/** The call of a reusable workflow of another repository that is named after a checker. */
function calledWorkflow(facts: Facts, checkers: readonly string[]): Place | undefined {
  for (const file of facts.linked(linkPipelines)) {
    if (file.zone !== 'production') continue;
    for (const { uses, tolerance } of file.data.jobs) {
      const name = uses?.kind === 'remote' && !tolerance ? uses.name.slice(uses.name.lastIndexOf('/') + 1) : '';
      const words = name.split(/[^a-z]+/i);
      if (uses && checkers.some((one) => words.includes(one))) return { path: file.path, span: uses.span };
    }
  }
  return undefined;
}

/** Configurations of the compiler; those that are lenient for one cause are one finding. */
function strictness({ configs }: Annotations): Subject[] {
  const causes = new Map<string, Finding>();
  return configs.map(({ path, strict, missing, place }) => {
    const name = `strictness of ${path}`;
    const own = { path, span: { start: 0, end: 0 } };
    if (strict === 'unknown') return unknown(name, own, 'It inherits from a configuration outside the repository.');
    if (strict) return pass(name, own, 'Types are asked for everywhere.');
    const key = `${place.path} ${place.span.start}`;
    const data = { file: place.path, missing };
    return fail(name, once(causes, key, { message: 'lenient', data, place, confidence: 'high' }), own);
  });
}

/** Places that switch the checker off, against a limit for each hundred functions. */
function gaps({ files, loose }: Annotations, limit: number): Subject[] {
  const functions = sum(
    files.filter(({ language }) => language !== 'python'),
    (file) => file.functions,
  );
  if (functions === 0) return [];
  const name = 'places without types';
  const count = sum(loose, (file) => file.gaps);
  const share = Math.round((count * 100) / functions);
  const worst = [...loose].sort((a, b) => b.gaps - a.gaps);
  const first = worst[0];
  if (!first || share <= limit) {
    const place = { path: files.find(({ language }) => language !== 'python')!.path, span: { start: 0, end: 0 } };
    return [pass(name, place, `${share} places for each hundred functions.`)];
  }
  const related = worst.slice(1, 10).map((file) => ({ ...file.first, text: `${file.gaps} places in this file.` }));
  const data = { gaps: count, file: first.path, share, limit };
  return [fail(name, { message: 'loose', data, place: first.first, identity: name, confidence: 'high', related })];
}

function sum<T>(things: readonly T[], of: (thing: T) => number): number {
  return things.reduce((total, thing) => total + of(thing), 0);
}

function percent(hundredths: number): string {
  return String(hundredths / 100);
}
