/** Knows the integration test suites of a repository and whether CI runs them. */

import { joined } from './ci/gates.ts';
import { linkPipelines } from './ci/gitlab.ts';
import type { Pipeline } from './ci/pipeline.ts';
import { type CiRun, ciRuns } from './ci/runs.ts';
import { baseName, firstMatch, glob } from './commandline.ts';
import type { Facts, FileFacts } from './facts.ts';
import { folderOf } from './paths.ts';
import { eachCommand } from './shell.ts';
import type { Place } from './span.ts';
import { holds, type TestConfig } from './test-config.ts';

export interface Suite {
  /** Folder that holds it, without a slash at the end. */
  readonly folder: string;
  readonly kind: 'python' | 'javascript' | 'cypress' | 'playwright' | 'java' | 'go' | 'other';
  /** Some of its files, in order; all of them when the folder is not named for such tests. */
  readonly files: readonly string[];
  /** Files with such names beside others, not a folder of their own. */
  readonly loose: boolean;
  /** Runs that reach it: those for every change first, unmasked ones before masked ones. */
  readonly runs: readonly CiRun[];
  /** What keeps the runs of its kind from reaching it. */
  readonly excludedBy?: { readonly text: string; readonly place: Place };
}

export interface IntegrationModel {
  readonly suites: readonly Suite[];
  /** All test commands of CI. */
  readonly runs: readonly CiRun[];
  /** A run for every change in a job that starts the services its tests need, such as a database. */
  readonly served?: { readonly run: CiRun; readonly services: readonly string[] };
  /** A step with code of its own whose name says that it is such a test. */
  readonly script?: { readonly name: string; readonly place: Place };
  /** Paths of integration tests that CI names and that do not exist. */
  readonly missing: readonly { readonly path: string; readonly run: CiRun }[];
}

export interface IntegrationKnowledge {
  /** Words of folder and file names. */
  readonly words: readonly string[];
  readonly commands: Readonly<
    Record<'python' | 'javascript' | 'java' | 'go' | 'other' | 'integration', readonly string[]>
  >;
}

const testFile =
  /(?:^|\/)(?:test_[^/]*|[^/]*_tests?|conftest|[^/]*[.-](?:test|spec|cy|e2e|e2e-spec|int-test|it)|[^/]*(?:IT|Test|Tests|Spec))\.(?:py|[cm]?[jt]sx?|go|java|kt|groovy|scala|rb|cs|feature|robot|bats|php|rs)$|\.(?:feature|robot|bats|cy\.[jt]sx?)$/;

export function integrationModel(facts: Facts, knowledge: IntegrationKnowledge): IntegrationModel {
  const isWord = new Set(knowledge.words);
  // All at once: a script that CI calls is known by what it runs, and by its name only where that is not known.
  const runs = ciRuns(facts, [...new Set(Object.values(knowledge.commands).flat())]);
  const byKind = Object.entries(knowledge.commands).flatMap(([kind, patterns]) =>
    runs.flatMap((run) => (matchesOne(run, patterns) ? [{ kind, run }] : [])),
  );
  const found = suitesOf(facts, isWord);
  const suites = found.map((suite): Suite => {
    // Where a browser's runner has a folder of its own, it runs no others.
    const elsewhere = (['cypress', 'playwright'] as const).filter(
      (one) => one !== suite.kind && found.some(({ kind }) => kind === one),
    );
    const candidates = byKind.filter(
      ({ kind, run }) =>
        (kind === 'integration' || runsKind(run, suite.kind, kind)) &&
        !elsewhere.some((one) => run.call.some((word) => word.includes(one))),
    );
    const reaching = candidates.filter(({ kind, run }) => reaches(run, kind, suite, facts));
    const words = wordsIn(`${suite.folder} ${suite.files[0]}`).filter((word) => isWord.has(word));
    // Runs that guard each change first, then those made for such tests, then those that speak of these.
    const rank = ({ kind, run }: (typeof byKind)[number]): number =>
      Number(run.scheduled) * 16 +
      Number(!run.unmasked) * 8 +
      Number(!run.call.some((word) => word.includes(suite.kind))) * 4 +
      Number(!wordsIn(`${run.step.step.workingDirectory ?? ''} ${run.text}`).some((word) => words.includes(word))) * 2 +
      Number(kind !== 'integration');
    const own = reaching.sort((a, b) => rank(a) - rank(b)).map(({ run }) => run);
    const excludedBy =
      own.length > 0
        ? undefined
        : exclusion(
            suite,
            candidates.map(({ run }) => run),
            facts,
          );
    return { ...suite, runs: own, ...(excludedBy ? { excludedBy } : {}) };
  });
  const served = runs.flatMap((run) => {
    const services = run.step.job.images.flatMap(({ role, text }) => (role === 'service' ? [text] : []));
    return run.unmasked && !run.scheduled && services.length > 0 ? [{ run, services }] : [];
  })[0];
  const script = facts
    .linked(linkPipelines)
    .flatMap((file) => (file.zone === 'production' ? scriptedTests(file, isWord) : []))[0];
  return {
    suites,
    runs,
    ...(served && { served }),
    ...(script && { script }),
    missing: missingPaths(
      byKind.filter(({ kind }) => kind === 'python').map(({ run }) => run),
      isWord,
      facts,
    ),
  };
}

/** Steps that are called an integration test and start more than a message, and whose failure counts. */
function scriptedTests(
  file: FileFacts<Pipeline>,
  words: ReadonlySet<string>,
): NonNullable<IntegrationModel['script']>[] {
  return file.data.jobs.flatMap((job) =>
    job.steps.flatMap((step) => {
      const name = step.title ?? '';
      if (job.tolerance || step.tolerance || !hasWord(name, words)) return [];
      let works = false;
      eachCommand(step.script?.shell.statements ?? [], (command) => {
        works ||= !/^(?:echo|printf|true|:|sleep|exit|)$/.test(command.words[0]?.text ?? '');
      });
      return works ? [{ name, place: { path: step.path ?? file.path, span: step.span } }] : [];
    }),
  );
}

/** Folders named for integration tests; where a kind has none, its files named so, together. */
function suitesOf(facts: Facts, words: ReadonlySet<string>): Suite[] {
  const suites = new Map<string, Suite & { readonly files: string[] }>();
  for (const { path, zone } of facts.files) {
    if (zone === 'vendored' || zone === 'generated' || zone === 'archive' || !isTestFile(path, words)) continue;
    const parts = path.split('/');
    const name = parts.pop()!.replace(/IT(?=\.\w+$)/, '-integration');
    const at = parts.findIndex(
      (part, i) => /^(?:cypress|playwright)$/.test(part) || (hasWord(part, words) && isSuiteFolder(parts, i)),
    );
    // Suites of bats drive whole programs from a shell.
    const named = hasWord(name, words) || name.endsWith('.bats');
    if (at < 0 && (!named || parts.some((part) => /^units?$/i.test(part)))) continue;
    const loose = at < 0;
    const folder = loose ? '' : parts.slice(0, at + 1).join('/');
    const kind = kindOf(path);
    const known = suites.get(`${folder}:${kind}`);
    if (!known) suites.set(`${folder}:${kind}`, { folder, kind, files: [path], loose, runs: [] });
    else if (known.files.length < 100) known.files.push(path);
  }
  const all = [...suites.values()];
  return all.filter((suite) => !suite.loose || !all.some((other) => !other.loose && other.kind === suite.kind));
}

/** "integration" below src is a part of the product; below tests, or at the top, it is a suite. Unit tests of it are none. */
function isSuiteFolder(parts: readonly string[], index: number): boolean {
  const above = parts.slice(0, index);
  if (above.some((part) => /^units?$/i.test(part))) return false;
  return (
    index === 0 ||
    /test|spec|e2e/i.test(parts[index]!) ||
    above.some((part) => /^(?:.*[-_])?(?:tests?|specs?|__tests__|qa)(?:[-_].*)?$/i.test(part))
  );
}

function isTestFile(path: string, words: ReadonlySet<string>): boolean {
  if (/(?:^|\/)cypress\/(?:e2e|integration)\//.test(path)) return true;
  if (!testFile.test(path)) return false;
  // Words such as "integration" also name product folders: the path must speak of tests elsewhere too.
  return (
    /(?:^|\/)(?:[\w-]*tests?|__tests__|spec|specs|e2e|cypress|playwright|it|integrationTest|features)\/|[._-](?:test|spec|cy|e2e)[.-]|(?:^|\/)test_|_test\.|(?:IT|Test|Spec)\.\w+$/.test(
      path,
    ) || hasWord(path, words)
  );
}

function hasWord(text: string, words: ReadonlySet<string>): boolean {
  return wordsIn(text).some((word) => words.has(word));
}

function wordsIn(text: string): readonly string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function matchesOne({ call, pattern }: CiRun, patterns: readonly string[]): boolean {
  return (
    patterns.includes(pattern) || patterns.includes(`uses:${pattern}`) || firstMatch([call], patterns) !== undefined
  );
}

function kindOf(path: string): Suite['kind'] {
  if (/(?:^|\/)cypress\/|\.cy\.[jt]sx?$/.test(path)) return 'cypress';
  if (/(?:^|\/)playwright\//.test(path)) return 'playwright';
  if (/\.py$/.test(path)) return 'python';
  if (/\.[cm]?[jt]sx?$/.test(path)) return 'javascript';
  if (/\.(?:java|kt|groovy|scala)$/.test(path)) return 'java';
  return /\.go$/.test(path) ? 'go' : 'other';
}

/** Can commands of this list run suites of this kind at all? */
function runsKind(run: CiRun, suite: Suite['kind'], commands: string): boolean {
  if (suite === 'cypress' || suite === 'playwright')
    return run.call.some((word) => word.includes(suite)) || commands === 'javascript';
  return suite === commands || suite === 'other';
}

/** Paths among the arguments of a test command, from the repository's root; none means everything. */
function pathsOf(run: CiRun, facts: Facts): string[] {
  const folders = facts.linked(topFolders);
  const home = run.step.step.workingDirectory ?? '';
  const valued =
    /^-(?:m|k|c|n|o|p|r|W|run|tags|timeout|count|parallel|coverprofile)$|^--(?:maxfail|timeout|junitxml|junit-xml|cov|cov-report|rootdir|config|project|reporter|browser|ignore|durations|tb|workers)$/;
  const rest = run.call.slice(1);
  return rest.flatMap((word, i) => {
    if (word.startsWith('-') || valued.test(rest[i - 1] ?? '') || /[=$`\\]/.test(word) || word.startsWith('/'))
      return [];
    return /\/|\.py$|^\.\.?$/.test(word) || (folders.has(word) && word !== 'test')
      ? [
          joined(
            joined('', home),
            word
              .replace(/::.*$/, '')
              .replace(/\/?\.{3}$/, '')
              .replace(/\*.*$/, ''),
          ),
        ]
      : [];
  });
}

/** Folders directly below the root. */
function topFolders(facts: Facts): ReadonlySet<string> {
  return new Set(facts.files.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])));
}

/** Kinds of suites that a dedicated command can run; undefined for make targets, scripts and compose files: any. */
function kindsOf({ call }: CiRun): readonly Suite['kind'][] | undefined {
  const line = call.join(' ');
  if (/cypress/.test(line)) return ['cypress', 'javascript'];
  if (/playwright/.test(line)) return ['playwright', 'javascript'];
  const tool = baseName(call[0]!);
  if (/^(?:npm|pnpm|yarn|testcafe|wdio|newman)$/.test(tool)) return ['javascript', 'cypress', 'playwright', 'other'];
  if (/^(?:mvnw?|gradlew?)$/.test(tool)) return ['java'];
  if (/^(?:python[\d.]*|tox|nox|behave|robot|schemathesis)$/.test(tool)) return ['python', 'other'];
  return tool === 'go' ? ['go'] : undefined;
}

function reaches(run: CiRun, kind: string, suite: Suite, facts: Facts): boolean {
  const tool = baseName(run.call[0]!);
  const paths = pathsOf(run, facts);
  const covers = (path: string): boolean =>
    suite.loose
      ? suite.files.some((file) => within(file, path))
      : within(suite.folder, path) || within(path, suite.folder);
  // A script of a package runs in its folder.
  const home = baseName(run.place.path) === 'package.json' ? folderOf(run.place.path) : '';
  if (!suite.files.some((file) => within(file, home))) return false;
  if (compilesOnly(run) || (suite.kind === 'go' && !hasTags(run, suite, facts))) return false;
  if (kind === 'integration') {
    const kinds = kindsOf(run);
    return kinds === undefined ? !/^(?:cypress|playwright)$/.test(suite.kind) : kinds.includes(suite.kind);
  }
  if (paths.length > 0 && !paths.some((path) => path === '?' || path === '' || covers(path))) return false;
  if (/^(?:tox|nox)$/.test(tool)) return true;
  if (leavesOut(run, suite, facts) || deselecting(run, suite, facts)) return false;
  if (paths.length > 0) return true;
  const configs = configsOf(facts, suite, run);
  const roots = configs.flatMap(({ path, data }) => data.roots.map(({ text }) => joined(folderOf(path), clean(text))));
  if (roots.length > 0 && !roots.some((root) => root === '?' || covers(root))) return false;
  return !configs.some(({ data }) => data.ignored.some(({ text }) => ignores(text, suite)));
}

/** `go test -run=^$`: an expression that no test's name matches. */
function compilesOnly({ call }: CiRun): boolean {
  return call.some(
    (word, i) => /^--?run=\^\$+$/.test(word) || (/^--?run$/.test(word) && /^\^\$+$/.test(call[i + 1] ?? '')),
  );
}

type Config = { readonly path: string; readonly data: TestConfig };

/** Configuration that the run of a suite reads: the file it names, or those with the default names above the suite. */
function configsOf(facts: Facts, suite: Suite, run?: CiRun): readonly Config[] {
  const runner = suite.kind === 'python' ? 'pytest' : 'jest';
  const all = facts
    .of('testConfig')
    .filter(({ data, zone }) => zone === 'production' && data.runner === runner && !data.labels);
  const given = run && /^(?:-c|--config)(?:=(.+))?$/;
  const at = given ? run.call.findIndex((word) => given.test(word)) : -1;
  if (at >= 0) {
    const name = clean(given!.exec(run!.call[at]!)![1] ?? run!.call[at + 1] ?? '');
    return all.filter(({ path }) => path === name || path.endsWith(`/${name}`));
  }
  return all.filter(
    ({ path }) =>
      (runner === 'pytest' || /^(?:(?:jest|vitest|vite)\.config\.\w+|package\.json)$/.test(baseName(path))) &&
      (folderOf(path) === '' || suite.files.some((file) => within(file, folderOf(path)))),
  );
}

/** Does the command set the tags that one of the suite's files needs? */
function hasTags(run: CiRun, suite: Suite, facts: Facts): boolean {
  if (!/^(?:go|gotestsum|ginkgo)$/.test(baseName(run.call[0]!))) return true;
  const labels = facts.linked(labelsByPath);
  const { step } = run;
  const variables = [...step.file.data.variables, ...step.job.variables, ...step.step.variables];
  const flags = variables.flatMap(({ name, value }) => (name === 'GOFLAGS' ? value.split(/\s+/) : []));
  const words = [...run.call, ...flags];
  const given = words.flatMap((word, i) => {
    const match = /^--?(?:build-)?tags(?:=(.*))?$/.exec(word);
    return match ? (match[1] ?? words[i + 1] ?? '').replace(/["']/g, '').split(/[\s,]+/) : [];
  });
  const tags = new Set([...given, 'linux', 'amd64', 'unix', 'cgo', 'gc']);
  const has = (name: string): boolean => tags.has(name) || /^go\d/.test(name);
  return suite.files.some((file) => {
    const constraint = labels.get(file)?.constraint;
    return constraint === undefined || holds(constraint, has) !== false || given.some((tag) => tag.includes('$'));
  });
}

/** The expression over markers in the configuration that leaves out every test of the suite, unless the command has its own. */
function deselecting(run: CiRun, suite: Suite, facts: Facts): { text: string; place: Place } | undefined {
  if (suite.kind !== 'python' || ownSelection(run) !== undefined || run.call.some((word) => /^addopts=/.test(word)))
    return undefined;
  for (const { path, data } of configsOf(facts, suite, run)) {
    const last = data.selected.at(-1);
    if (last && selectsNone(last.text, suite, facts))
      return { text: `-m ${last.text}`, place: { path, span: last.span } };
  }
  return undefined;
}

function ownSelection({ call }: CiRun): string | undefined {
  const at = call.lastIndexOf('-m');
  return at > 0 ? call[at + 1] : undefined;
}

/** Does the expression leave out every test file of the suite, as far as their markers can be read? */
function selectsNone(expression: string, suite: Suite, facts: Facts): boolean {
  const labels = facts.linked(labelsByPath);
  const tests = suite.files.filter((file) => !file.endsWith('conftest.py'));
  return (
    tests.length > 0 &&
    tests.every((file) => {
      const above = file.split('/').map((_, i, parts) => labels.get([...parts.slice(0, i), 'conftest.py'].join('/')));
      const known = [labels.get(file), ...above].flatMap((one) => one ?? []);
      const all = new Set(known.flatMap((one) => one.all));
      const some = new Set(known.flatMap((one) => one.some));
      return [all, some].every((set) => holds(expression, (name) => set.has(name)) === false);
    })
  );
}

function labelsByPath(facts: Facts): ReadonlyMap<string, NonNullable<TestConfig['labels']>> {
  return new Map(facts.of('testConfig').flatMap(({ path, data }) => (data.labels ? [[path, data.labels]] : [])));
}

function clean(path: string): string {
  return path.replace(/^\.\/|\/+$/g, '');
}

function within(inner: string, outer: string): boolean {
  return outer === '' || inner === outer || inner.startsWith(`${outer}/`);
}

function ignores(pattern: string, suite: Suite): boolean {
  const plain = clean(pattern.replace(/^<rootDir>\/?|^\^|^\*\*\/|\/\*\*?$|\/?\*\*$/g, '').replace(/\\/g, ''));
  if (plain === '' || suite.loose) return false;
  if (plain.includes('*')) return glob(plain)(suite.folder);
  return within(suite.folder, plain) || suite.folder.split('/').includes(plain) || suite.folder.endsWith(`/${plain}`);
}

/** `--ignore`, `--testPathIgnorePatterns`, `-m "not integration"`, `--selectProjects unit` ... on the command line. */
function leavesOut(run: CiRun, suite: Suite, facts: Facts): boolean {
  const { call } = run;
  const projects = call.indexOf('--selectProjects');
  if (projects >= 0) {
    const end = call.findIndex((word, i) => i > projects && word.startsWith('-'));
    const names = call.slice(projects + 1, end < 0 ? undefined : end);
    if (names.every((name) => /^unit/i.test(name))) return true;
  }
  const selection = suite.kind === 'python' ? ownSelection(run) : undefined;
  if (selection !== undefined) {
    // Hooks in conftest.py may mark tests by their folder: then the marker's name is all that is known.
    if (selectsNone(selection, suite, facts)) return true;
    const marked = suite.files.some((file) => facts.linked(labelsByPath).has(file));
    if (!marked && /\bnot\s+\(?\s*\w*(?:integration|e2e|slow)|^unit$/.test(selection)) return true;
  }
  return call.some((word, i) => {
    const value = /^--(?:ignore|ignore-glob|testPathIgnorePatterns|exclude|deselect)(?:=(.+))?$/.exec(word);
    return value !== null && ignores(value[1] ?? call[i + 1] ?? '', suite);
  });
}

/** The option or setting because of which no run reaches the suite. */
function exclusion(suite: Suite, runs: readonly CiRun[], facts: Facts): Suite['excludedBy'] {
  for (const run of runs) {
    if (leavesOut(run, suite, facts)) return { text: run.text, place: run.place };
    const deselected = deselecting(run, suite, facts);
    if (deselected) return deselected;
    if (suite.kind === 'go' && !hasTags(run, suite, facts)) {
      const constraint = facts.linked(labelsByPath).get(suite.files[0]!)?.constraint ?? '';
      return { text: `//go:build ${constraint}`, place: run.place };
    }
  }
  for (const { path, data } of configsOf(facts, suite, runs[0])) {
    const found = data.ignored.find(({ text }) => ignores(text, suite));
    if (found) return { text: found.text, place: { path, span: found.span } };
  }
  return undefined;
}

/** Folders and files of integration tests that a command names and the repository lacks. */
function missingPaths(
  runs: readonly CiRun[],
  words: ReadonlySet<string>,
  facts: Facts,
): { path: string; run: CiRun }[] {
  return runs.flatMap((run) =>
    pathsOf(run, facts).flatMap((path) => {
      if (path === '?' || path === '' || !hasWord(path, words) || facts.has(path)) return [];
      return facts.files.some((file) => file.path.startsWith(`${path}/`)) ? [] : [{ path, run }];
    }),
  );
}
