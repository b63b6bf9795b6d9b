/** Knows when post-quantum cryptography is imported in a way that fails, or is replaced by something that only looks like it. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { lastWord, origins } from '../facts/program/flow.ts';
import { linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import {
  algorithmsOf,
  flagsOf,
  type GuardedImport,
  handlersOf,
  importsOf,
  isFallback,
  isSecurity,
  ownRoots,
  pythonPaths,
  refuses,
  unresolved,
} from '../facts/program/pqc.ts';
import type { Span } from '../facts/span.ts';

const silent = 'The program starts as if nothing was missing, and whoever records its traffic can read it later.';

export const pqcImports = defineCheck({
  id: 'pqc-imports',
  needs: {
    program: ['oqs', 'pqcrypto', 'pqc', 'PQC', 'post_quantum', 'Kyber', 'kyber', 'Dilithium', 'security', 'crypto'],
  },
  messages: {
    unresolved: {
      what: '`{module}` is imported, and the repository has no such module or name.',
      why: 'The import fails at run time: the protection that this code should give is not there, or a handler hides that.',
      fix: 'Correct the import, or bring the module back.',
    },
    wrongModule: {
      what: '`{module}` is imported, and the module is called `{right}`.',
      why: 'The name of a package is not the name of its module: the import fails wherever the package is installed correctly.',
      fix: 'Import `{right}`.',
    },
    standIn: {
      what: 'Without {module} this code goes on with {with}.',
      why: `That only looks like post-quantum cryptography. ${silent}`,
      fix: 'Raise an error that says what to install, and move stand-ins to the tests.',
    },
    verifies: {
      what: '{name} accepts every signature when {module} is missing.',
      why: 'An attacker needs no key: whatever they sign is taken as genuine on each machine without the library.',
      fix: 'Raise an error, or return False, when nothing was verified.',
    },
    swallowed: {
      what: 'The import of {module} may fail without anybody noticing.',
      why: silent,
      fix: 'Let the import fail, or raise where the library is needed and missing.',
      severity: 'medium',
    },
    replaced: {
      what: '`sys.modules` gets another module in place of {module}.',
      why: 'Everything that imports it afterwards uses the replacement without knowing.',
      fix: 'Replace modules in tests only.',
    },
    draft: {
      what: 'The algorithm is asked for as {name}, which is the name of a draft.',
      why: 'The drafts and the standards do not understand each other, and new releases of the libraries remove the old names.',
      fix: 'Use {standard}, and translate old names in one table where data from old peers comes in.',
      severity: 'medium',
    },
    mismatch: {
      what: 'This file signs with {name} and verifies with {other}.',
      why: 'No signature can ever be verified, so the check is either switched off or always fails.',
      fix: 'Use one constant for both.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const roots = options.modules as readonly string[];
    const subjects: Subject[] = importsOf(program, roots).flatMap((one) => judge(program, one, options));
    const paths = pythonPaths(facts.files);
    const own = ownRoots(program);
    const generated = options.generatedModules as readonly string[];
    for (const unit of program.units) {
      const causes = new Set<string>();
      for (const one of unit.module.imports) {
        if (!isSecurity(unit, one, options.securityWords as readonly string[])) continue;
        if (generated.some((module) => one.name.startsWith(module))) continue;
        const module = unresolved(program, unit, one, paths, own);
        if (module === undefined || causes.has(`${one.level}${one.module}`)) continue;
        causes.add(`${one.level}${one.module}`);
        // Behind an except clause the module may be an optional part that is not shipped.
        const confidence = handlersOf(program, unit, one).length > 0 ? 'medium' : 'high';
        const place = placeIn(unit, one);
        subjects.push(fail(`import of ${module}`, { message: 'unresolved', data: { module }, place, confidence }));
      }
      subjects.push(...replaced(program, unit, roots));
    }
    subjects.push(...algorithms(program, options));
    return { subjects, lookedFor: 'imports of liboqs and other post-quantum libraries, and of security modules' };
  },
});

function judge(program: Program, guarded: GuardedImport, options: Options): Subject[] {
  const { unit, import: one, handlers } = guarded;
  const module = one.module;
  const name = `import of ${module}`;
  const place = placeIn(unit, one);
  const right = (options.wrongModules as Readonly<Record<string, string>>)[module.split('.')[0]!];
  if (right !== undefined && program.moduleOf(module, unit) === undefined) {
    const both = handlers.length > 0 && importsOf(program, [right]).some((other) => other.unit === unit);
    return [fail(name, { message: 'wrongModule', data: { module, right }, place, confidence: both ? 'low' : 'high' })];
  }
  if (handlers.length === 0) return [pass(name, place, 'a failing import stops the program')];
  const flags = flagsOf(guarded);
  const results = [...standIns(program, guarded, flags, options)];
  if (results.length > 0) return results;
  if (refuses(guarded, flags)) return [pass(name, place, 'the program refuses to go on without it')];
  const returns = handlers.some(({ leaves }) => leaves === 'return');
  if (returns || one.function >= 0) return [pass(name, place, 'the caller is told that it is missing')];
  return [fail(name, { message: 'swallowed', data: { module }, place, confidence: 'low' })];
}

/** What takes the library's place: classes and functions of that name, made-up bytes, verification that succeeds. */
function standIns(program: Program, guarded: GuardedImport, flags: ReadonlySet<string>, options: Options): Subject[] {
  const { unit, handlers, import: one } = guarded;
  const { classes, functions, values } = unit.module;
  const found: Subject[] = [];
  const report = (message: string, span: Span, data: Finding['data']) =>
    found.push(
      fail(`fallback of ${one.module}`, {
        message,
        data: { module: one.module, ...data },
        place: placeIn(unit, span),
        confidence: 'high',
      }),
    );
  const words = options.standIns as readonly string[];
  for (const { name, nameSpan, span } of classes) {
    const within = handlers.some((handler) => span.start >= handler.span.start && span.end <= handler.span.end);
    if (within && words.some((word) => name.toLowerCase().includes(word)))
      report('standIn', nameSpan, { with: `the class ${name}` });
  }
  const makers = options.madeUp as readonly string[];
  for (const model of functions) {
    for (const { value, guard, span } of model.returns) {
      if (!value || !isFallback(guarded, flags, guard)) continue;
      const at = values[value.value]!;
      if (at.kind === 'const' && at.value === true && /verif|valid/i.test(model.name)) {
        report('verifies', span, { name: model.name });
        continue;
      }
      if (!/encap|decap|key|sign|crypt|kem|shared|secret/i.test(model.path)) continue;
      const made = origins(program, unit, value.value, { callers: false })
        .flatMap((origin) => (origin.kind === 'call' ? origin.names : []))
        .find((maker) => makers.some((own) => maker === own || maker.startsWith(`${own}()`)));
      if (made !== undefined) report('standIn', span, { with: `the result of ${made}()` });
    }
  }
  return found;
}

function replaced(program: Program, unit: Unit, roots: readonly string[]): Subject[] {
  const { assignments, values } = unit.module;
  return assignments.flatMap(({ target, of, name, span, value }): Subject[] => {
    if (target !== 'item' || !of || !roots.includes(name.split('.')[0]!)) return [];
    const holder = values[of.value]!;
    if (holder.kind !== 'global' || holder.name !== 'sys.modules') return [];
    // The module itself, loaded from where it lies.
    const from = value ? origins(program, unit, value.value, { callers: false }) : [];
    if (
      from.some((one) => one.kind === 'call' && one.names.some((maker) => /module_from_spec|import_module/.test(maker)))
    )
      return [];
    const finding: Finding = {
      message: 'replaced',
      data: { module: name },
      place: placeIn(unit, span),
      confidence: 'high',
    };
    return [fail(`replacement of ${name}`, finding)];
  });
}

/** Draft names that reach the library, and files that sign and verify with different algorithms. */
function algorithms(program: Program, options: Options): Subject[] {
  const drafts = Object.entries(options.drafts as Readonly<Record<string, string>>);
  const causes = new Map<string, Finding>();
  const uses = algorithmsOf(program, options.constructors as readonly string[]);
  const subjects = uses.map(({ site, node, name }): Subject => {
    const place = placeIn(site.unit, site.call);
    const draft = drafts.find(([old]) =>
      name
        .toLowerCase()
        .replace(/[^a-z0-9+]/g, '')
        .startsWith(old),
    );
    if (!draft) return pass(`algorithm ${name}`, place, `${name} is the name of the standard`);
    const key = `${node.unit.path}:${node.ref}`;
    const at = placeIn(node.unit, node.unit.module.values[node.ref]!);
    const finding = causes.get(key) ?? {
      message: 'draft',
      data: { name, standard: draft[1] },
      place: at,
      confidence: 'high' as const,
    };
    causes.set(key, finding);
    return fail(`algorithm ${name}`, finding, place);
  });
  for (const unit of new Set(uses.map(({ site }) => site.unit))) {
    const signatures = uses.filter(
      ({ site }) => site.unit === unit && site.names.some((name) => lastWord(name) === 'Signature'),
    );
    const of = (word: RegExp) =>
      signatures.filter(
        ({ site }) => site.call.function >= 0 && word.test(unit.module.functions[site.call.function]!.name),
      );
    const signing = of(/(?:^|_)sign(?!ature)/i);
    const verifying = of(/verif/i);
    const other = verifying.find(({ name }) => signing.length > 0 && !signing.some((one) => one.name === name));
    if (!other || verifying.some(({ name }) => signing.some((one) => one.name === name))) continue;
    const place = placeIn(unit, other.site.call);
    const related = [{ ...placeIn(unit, signing[0]!.site.call), text: 'It signs here.' }];
    const data = { name: signing[0]!.name, other: other.name };
    subjects.push(fail('signing and verifying', { message: 'mismatch', data, place, confidence: 'high', related }));
  }
  return subjects;
}
