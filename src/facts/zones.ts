/** Knows what a file is for, by its path alone, so that test, vendored or archived code does not count in the score. */
import type { Zone } from './workspace.ts';

/** Folders of one kind of tests: `integration_tests`, `cdk-integration-tests`, `unittest`. */
const TEST_FOLDER =
  /(?:^|[_-])(?:unit|integration|functional|acceptance|smoke|regression|e2e|system|contract|perf|performance|load|stress)[_-]?tests?$/;
/** `invalid-examples`, `code_samples`. */
const EXAMPLE_FOLDER = /[_-](?:examples|samples|tutorials|quickstarts)$/;

/** Names of folders, also behind a dot or an underscore, with what else tells them. */
const FOLDERS: readonly (readonly [Zone, ReadonlySet<string>, RegExp?])[] = [
  [
    'vendored',
    new Set(
      'node_modules bower_components jspm_packages vendor vendors third_party third-party thirdparty site-packages venv virtualenv .tox .nox .yarn pods .terraform .git-subrepo'.split(
        ' ',
      ),
    ),
  ],
  [
    'generated',
    new Set(
      '__pycache__ dist mutants .next .nuxt coverage htmlcov generated __generated__ rendered .mypy_cache .pytest_cache'.split(
        ' ',
      ),
    ),
  ],
  ['archive', new Set('archive archives archived attic backup backups redacted'.split(' '))],
  [
    'test',
    new Set(
      'test tests testing __tests__ __mocks__ mocks spec specs e2e testdata test-data test_data test-fixtures test-resources testcases fixtures __fixtures__ cypress'.split(
        ' ',
      ),
    ),
    TEST_FOLDER,
  ],
  [
    'example',
    new Set(
      'example examples sample samples demo demos quickstart quickstarts tutorial tutorials playground cookbook'.split(
        ' ',
      ),
    ),
    EXAMPLE_FOLDER,
  ],
  ['docs', new Set('doc docs documentation'.split(' '))],
];

/** Packs of skills that assistants for programmers bring along: `.claude/skills/pdf/`, `.agents/some-skill/`. */
const SKILL_PACK =
  /(?:^|\/)\.(?:agents?|claude|codex|continue|cursor|gemini|goose|hermes|opencode|qwen|roo|windsurf)\/(?:.*\/)?(?:[\w-]+-)?skills?\//;

const NAMES: readonly (readonly [Zone, RegExp])[] = [
  [
    'generated',
    /\.(?:min|bundle)\.(?:js|mjs|css)$|_pb2(?:_grpc)?\.pyi?$|\.pb\.go$|\.generated\.\w+$|^(?:.*[.-])?rendered\.ya?ml$/,
  ],
  ['archive', /\.(?:bak|orig|old)$|\.redacted\.\w+$/],
  [
    'test',
    /^test_.*\.py$|^e2e[_-].*\.(?:py|sh)$|_tests?\.py$|_test\.go$|^(?:conftest|tests?)\.py$|[.-](?:test|spec|e2e)\.[cm]?[jt]sx?$|^(?:jest|vitest|test)[.-]?setup[\w.-]*\.[cm]?[jt]sx?$|^(?:docker-)?compose[.-].*\b(?:tests?|e2e)\b.*\.ya?ml$|^dockerfile[.-](?:tests?|e2e)$/,
  ],
  ['example', /\.(?:story|stories)\.[cm]?[jt]sx?$/],
  ['docs', /\.(?:md|mdx|rst|adoc)$/],
];

/** Configuration of web servers and units of systemd. */
const DISTRIBUTED = /\.(?:conf|service|socket|timer)$/;

/**
 * Zone of a path relative to the scanned root. The first of vendored, generated, archive, test, example, docs that a
 * folder or the file name speaks for; otherwise production.
 */
export function zoneOf(path: string): Zone {
  if (SKILL_PACK.test(path)) return 'vendored';
  const parts = path.toLowerCase().split('/');
  const name = parts.pop()!;
  for (const [zone, folders, pattern] of FOLDERS) {
    // What is distributed along with a program lies in "dist" as well, and nobody builds that.
    if (zone === 'generated' && DISTRIBUTED.test(name) && !parts.some((part) => part !== 'dist' && folders.has(part)))
      continue;
    if (parts.some((part) => folders.has(part) || folders.has(part.replace(/^[._]/, '')) || pattern?.test(part)))
      return zone;
  }
  for (const [zone, pattern] of NAMES) if (pattern.test(name)) return zone;
  return 'production';
}

/** Does a file or its folder say that it is for developers or tests: `compose.dev.yaml`, `.env.local`, `dev/compose.yaml`? */
export function isForDevelopment(path: string): boolean {
  return /(?:^|[/._-])(?:dev|development|devel|devcontainer|local|localdev|test|tests|testing|ci|e2e)(?:$|[/._-])/i.test(
    path.replace(/(?:^|\/)usr\/local\//g, '/'),
  );
}
