/** Knows when post-quantum cryptography is imported in a way that fails, or is replaced by something that only looks like it. */
import {
  type Confidence,
  defineCheck,
  type Finding,
  fail,
  type Options,
  once,
  pass,
  type Related,
  type Subject,
} from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { imagesWithout, isUndeclared, versionConflicts } from '../facts/pqc-packages.ts';
import { linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Import } from '../facts/program/model.ts';
import {
  flagsOf,
  type GuardedImport,
  importsOf,
  isIn,
  isSecurity,
  pqcWords,
  replacedModules,
  unresolvedImports,
} from '../facts/program/pqc.ts';
import { algorithmsOf, type Drafts, mismatches, standardOf } from '../facts/program/pqc-algorithms.ts';
import { droppedHalves, refuses, standInsOf } from '../facts/program/pqc-fallback.ts';
import type { Place } from '../facts/span.ts';

const silent = 'The program starts as if nothing was missing, and whoever records its traffic can read it later.';

export const pqcImports = defineCheck({
  id: 'pqc-imports',
  needs: {
    dependencies: ['oqs', 'pqcrypto', 'pyspx'],
    dockerfile: ['oqs', 'requirements'],
    workflow: ['oqs'],
    program: pqcWords,
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
    draftModule: {
      what: '{module} implements a draft of {standard}.',
      why: 'The drafts and the standards do not understand each other, and new releases of the library drop the module.',
      fix: 'Use {standard} from a library that implements the standard.',
      severity: 'medium',
    },
    undeclared: {
      what: "`{module}` is imported, and no list of the repository's packages names {distribution}.",
      why: 'It works on the machine where somebody installed it by hand, and fails at the next deployment.',
      fix: 'Add {distribution} to the packages that the program is installed with.',
      severity: 'medium',
    },
    noLibrary: {
      what: 'This image installs {wrapper}, and nothing in it brings {library}.',
      why: 'The package only wraps the C library: its import fails in the image, or it builds an unchecked version over the network at the first start.',
      fix: 'Build {library} in a stage of its own at a fixed version, and copy its shared library into the image.',
      severity: 'medium',
    },
    versions: {
      what: '{library} is built at {version}, and {wrapper} is {wanted}.',
      why: 'The package expects the library of the same version: names of algorithms and sizes of structures differ between them.',
      fix: 'Build the version of {library} that {wrapper} belongs to.',
      severity: 'medium',
    },
    dropped: {
      what: 'When {callee}() fails, {name} goes on with the classical half alone.',
      why: 'Whoever can make the post-quantum half fail gets an exchange without it, and neither side notices.',
      fix: 'Let the error end the exchange.',
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
    const subjects = distinct(importsOf(program, roots).flatMap((one) => judge(program, one, options)));
    for (const { unit, imports, names, optional } of unresolvedImports(program, facts.files, isAsked(options))) {
      const [place, ...others] = imports.map((one) => placeIn(unit, one));
      const module = names[0]!;
      const related = others.map((other) => ({ ...other, text: 'This import of the same block fails as well.' }));
      // Behind an except clause the module may be an optional part that is not shipped.
      const confidence = optional ? 'medium' : 'high';
      subjects.push(fail(`import of ${module}`, finding('unresolved', { module }, place!, confidence, related)));
    }
    for (const { unit, spans, name } of replacedModules(program, roots)) {
      const [place, ...others] = spans.map((span) => placeIn(unit, span));
      const related = others.map((other) => ({ ...other, text: 'It replaces this one as well.' }));
      subjects.push(fail(`replacement of ${name}`, finding('replaced', { module: name }, place!, 'high', related)));
    }
    subjects.push(...algorithms(program, options), ...packages(facts, program, options));
    return { subjects, lookedFor: 'imports of liboqs and other post-quantum libraries, and of security modules' };
  },
});

/** Which imports belong to security code, and are not made at build time. */
function isAsked(options: Options): (unit: Unit, one: Import) => boolean {
  const words = options.securityWords as readonly string[];
  const generated = options.generatedModules as readonly string[];
  return (unit, one) => isSecurity(unit, one, words) && !generated.some((module) => one.name.startsWith(module));
}

function finding(
  message: string,
  data: Finding['data'],
  place: Place,
  confidence: Confidence,
  related: readonly Related[] = [],
): Finding {
  return { message, data, place, confidence, ...(related.length > 0 ? { related } : {}) };
}

/** Several imports may end in one stand-in. */
function distinct(subjects: readonly Subject[]): Subject[] {
  const key = ({ place, findings = [] }: Subject) => `${place.path} ${place.span.start} ${findings[0]?.message ?? ''}`;
  return [...new Map(subjects.map((one) => [key(one), one])).values()];
}

function judge(program: Program, guarded: GuardedImport, options: Options): Subject[] {
  const { unit, import: one, members, handlers } = guarded;
  const module = one.module;
  const name = `import of ${module}`;
  const place = placeIn(unit, one);
  const drafts = options.drafts as Drafts;
  const right = (options.wrongModules as Readonly<Record<string, string>>)[module.split('.')[0]!];
  if (right !== undefined && program.moduleOf(module, unit) === undefined) {
    const both = handlers.length > 0 && importsOf(program, [right]).some((other) => other.unit === unit);
    return [fail(name, finding('wrongModule', { module, right }, place, both ? 'low' : 'high'))];
  }
  const standard = Object.entries(options.draftModules as Drafts).find(([draft]) => isIn(module, draft))?.[1];
  const draft = [...module.split(/[./]/), ...members].find((word) => /\d/.test(word) && standardOf(word, drafts));
  const target = standard ?? (draft === undefined ? undefined : standardOf(draft, drafts));
  const title = draft !== undefined && members.includes(draft) ? `\`${draft}\` of ${module}` : `The module ${module}`;
  const old =
    target !== undefined && program.moduleOf(module, unit) === undefined
      ? [fail(name, finding('draftModule', { module: title, standard: target }, place, 'high'))]
      : [];
  return [...old, guard(program, guarded, options)].flat();
}

/** What becomes of the program when the import fails. */
function guard(program: Program, guarded: GuardedImport, options: Options): Subject[] {
  const { unit, import: one, handlers } = guarded;
  const module = one.module;
  const [name, place] = [`import of ${module}`, placeIn(unit, one)];
  if (handlers.length === 0) return [pass(name, place, 'a failing import stops the program')];
  const flags = flagsOf(guarded);
  const found = standInsOf(program, guarded, flags, options.standIns as string[], options.madeUp as string[]);
  if (found.length > 0) {
    return found.map(({ kind, what, span, asked }) => {
      const [message, data] =
        kind === 'verifies' ? ['verifies', { module, name: what }] : ['standIn', { module, with: what }];
      // Behind a switch that somebody has to set, a look is worth while, not more.
      return fail(`fallback of ${module}`, finding(message, data, placeIn(unit, span), asked ? 'low' : 'high'));
    });
  }
  if (refuses(program, guarded, flags)) return [pass(name, place, 'the program refuses to go on without it')];
  const told = handlers.some(({ leaves }) => leaves === 'return') || (one.function >= 0 && !handlers[0]!.empty);
  if (told) return [pass(name, place, 'the caller is told that it is missing')];
  return [fail(name, finding('swallowed', { module }, place, 'low'))];
}

/** What images and lists of packages say about the libraries. */
function packages(facts: Facts, program: Program, options: Options): Subject[] {
  const subjects: Subject[] = [];
  for (const [module, distribution] of Object.entries(options.distributions as Readonly<Record<string, string>>)) {
    const first = importsOf(program, [module]).find(
      ({ unit, handlers }) => handlers.length === 0 && program.moduleOf(module, unit) === undefined,
    );
    if (!first || !isUndeclared(facts, distribution)) continue;
    const place = placeIn(first.unit, first.import);
    subjects.push(fail(`package of ${module}`, finding('undeclared', { module, distribution }, place, 'medium')));
  }
  for (const [library, wrapper] of Object.entries(options.nativeLibraries as Readonly<Record<string, string>>)) {
    for (const { version, wanted, place, wrapper: at } of versionConflicts(facts, library, wrapper)) {
      const related = [{ ...at, text: `${wrapper} is named here.` }];
      const data = { library, version, wrapper, wanted };
      subjects.push(fail(`${library} ${version}`, finding('versions', data, place, 'high', related)));
    }
    for (const place of imagesWithout(facts, library, wrapper))
      subjects.push(fail(`${library} in an image`, finding('noLibrary', { library, wrapper }, place, 'medium')));
  }
  return subjects;
}

/** Draft names that reach the library, and files that sign and verify with different algorithms. */
function algorithms(program: Program, options: Options): Subject[] {
  const causes = new Map<string, Finding>();
  const uses = algorithmsOf(program, options.constructors as readonly string[], options.drafts as Drafts);
  const subjects = uses.map(({ site, node, name, standard, excuse }): Subject => {
    const place = placeIn(site.unit, site.call);
    if (standard === undefined || excuse !== undefined)
      return pass(`algorithm ${name}`, place, excuse ?? `${name} is the name of the standard`);
    const key = `${node.unit.path}:${node.ref}`;
    const at = placeIn(node.unit, node.unit.module.values[node.ref]!);
    const cause = once(causes, key, finding('draft', { name, standard }, at, 'high'));
    return fail(`algorithm ${name}`, cause, place);
  });
  for (const { unit, span, function: name, callee } of droppedHalves(program, options.modules as readonly string[])) {
    const place = placeIn(unit, span);
    subjects.push(fail(`hybrid of ${name}`, finding('dropped', { name, callee }, place, 'medium')));
  }
  for (const { signing, verifying } of mismatches(uses)) {
    const place = placeIn(verifying.site.unit, verifying.site.call);
    const related = [{ ...placeIn(signing.site.unit, signing.site.call), text: 'It signs here.' }];
    const data = { name: signing.name, other: verifying.name };
    subjects.push(fail('signing and verifying', finding('mismatch', data, place, 'high', related)));
  }
  return subjects;
}
