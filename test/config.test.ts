/** Knows where configurations are found, how they merge, what they refuse and what every value came from. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { bytesOf, type Config, type ConfigInput, loadConfig, zoneMatcher } from '../src/config.ts';
import { printConfig } from '../src/config-print.ts';
import { matcherOf } from '../src/globs.ts';
import type { RulePage } from '../src/pages.ts';
import { UserError } from '../src/problem.ts';
import { builtinRoadmap } from '../src/roadmap.ts';

const builtin = builtinRoadmap();
const page = (options: RulePage['options']) => ({ options }) as RulePage;
const pages: ReadonlyMap<string, RulePage> = new Map([
  [
    'image-pinning',
    page({
      tools: { default: ['docker'], description: 'Tools.' },
      strict: { default: false, description: 'Strict.' },
      limit: { default: 3, description: 'Limit.' },
    }),
  ],
  ['admin-auth', page({})],
]);

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'config-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function load(root: string, more: Partial<ConfigInput> = {}): Promise<Config> {
  return loadConfig({ root, cwd: root, builtin, pages, ...more });
}

async function mistakes(run: Promise<unknown>): Promise<readonly string[]> {
  try {
    await run;
  } catch (error) {
    if (error instanceof UserError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const weightOf = (config: Config, id: string) => config.roadmap.items.find((item) => item.id === id)?.weight2;

describe('discovery', () => {
  test('without a file nothing changes', async () => {
    const config = await load(tree({ '.git/HEAD': '' }));
    expect(config).toMatchObject({ files: [], include: [], exclude: [], zones: [], failOn: [], notifications: [] });
    expect(config.roadmap).toEqual(builtin);
    expect(config.options.get('image-pinning')).toEqual({ tools: ['docker'], strict: false, limit: 3 });
  });

  const same: readonly (readonly [string, string])[] = [
    ['audit.config.yaml', 'items: { image-pinning: { weight: 2, options: { tools: [podman] } } }\nfailOn: error\n'],
    [
      'audit.config.yml',
      'items:\n  image-pinning:\n    weight: 2\n    options:\n      tools: podman\nfailOn: [error]\n',
    ],
    [
      'audit.config.json',
      '{"items": {"image-pinning": {"weight": 2, "options": {"tools": ["podman"]}}}, "failOn": ["error"]}',
    ],
    [
      'package.json',
      '{"name": "x", "hardeningAudit": {"items": {"image-pinning": {"weight": 2, "options": {"tools": ["podman"]}}}, "failOn": "error"}}',
    ],
    [
      'pyproject.toml',
      '[project]\nname = "x"\n\n[tool.hardening-audit]\nfailOn = ["error"]\n\n[tool.hardening-audit.items.image-pinning]\nweight = 2\noptions.tools = ["podman"]\n',
    ],
  ];
  test.each(same)('reads %s', async (name, text) => {
    const config = await load(tree({ [name]: text }));
    expect(config.files).toEqual([name]);
    expect(weightOf(config, 'image-pinning')).toBe(4);
    expect(config.options.get('image-pinning')).toEqual({ tools: ['podman'], strict: false, limit: 3 });
    expect(config.failOn).toEqual(['error']);
    expect(config.origins.get('items.image-pinning.weight')).toMatch(new RegExp(`^${name}:\\d+:\\d+$`));
  });

  test('leaves files of other programs alone, broken or not', async () => {
    const files = { 'package.json': '{"name": ', 'pyproject.toml': '[tool.black]\nline-length = = 3\n' };
    expect((await load(tree(files))).files).toEqual([]);
  });

  test('takes the first of a folder and says so', async () => {
    const config = await load(tree({ 'audit.config.yaml': 'target: 8\n', 'audit.config.json': '{"target": 9}' }));
    expect(config.roadmap.target).toBe(8000);
    expect(config.notifications.map(({ message }) => message)).toEqual([
      'The configuration in audit.config.json is not read, because audit.config.yaml comes first; keep one of them.',
    ]);
  });

  test('extends the configurations of the parents up to the git root', async () => {
    const root = tree({
      'audit.config.yaml': 'target: 1\n',
      'repo/.git/HEAD': '',
      'repo/audit.config.yaml':
        'target: 8\nexclude: [services/web/old]\nitems: { image-pinning: { weight: 2, options: { limit: 5, strict: true } } }\nzones: { test: [checks] }\n',
      'repo/services/web/audit.config.json':
        '{"items": {"image-pinning": {"expect": "applicable", "options": {"limit": 7}}}}',
    });
    const config = await load(join(root, 'repo/services/web'));
    expect(config.files).toEqual(['audit.config.json', '../../audit.config.yaml']);
    expect(config.roadmap.target).toBe(8000);
    const item = config.roadmap.items.find(({ id }) => id === 'image-pinning');
    expect(item).toMatchObject({ weight2: 4, expect: 'applicable' });
    expect(config.options.get('image-pinning')).toEqual({ tools: ['docker'], strict: true, limit: 7 });
    expect(config.origins.get('items.image-pinning.options.limit')).toBe('audit.config.json:1:66');
    expect(config.origins.get('target')).toBe('../../audit.config.yaml:1:1');
    expect(matcherOf(config.exclude)('old/app.py')).toBe(true);
    expect(matcherOf(config.exclude)('services/web/old/app.py')).toBe(false);
    expect(zoneMatcher(config)('x/checks/a.py')).toBe('test');
  });

  test('does not look above a folder without git', async () => {
    const root = tree({ 'audit.config.yaml': 'target: 8\n', 'inner/a.py': '' });
    expect((await load(join(root, 'inner'))).files).toEqual([]);
  });

  test('--config names the only file, --no-config none', async () => {
    const root = tree({ 'audit.config.yaml': 'target: 8\n', 'ci/strict.yaml': 'target: 9\n' });
    expect((await load(root, { config: 'ci/strict.yaml' })).roadmap.target).toBe(9000);
    expect((await load(root, { config: false })).roadmap.target).toBe(7500);
    expect(await mistakes(load(root, { config: 'ci/none.yaml' }))).toEqual([
      'Cannot read the configuration ci/none.yaml: there is no such file.',
    ]);
  });
});

describe('merging', () => {
  test('weights, expectation, options and removal change the roadmap and its hash', async () => {
    const text =
      'items:\n  admin-auth: { weight: 12.5, expect: notApplicable }\n  csrf-protection: { enabled: false }\n';
    const config = await load(tree({ 'audit.config.yaml': text }));
    expect(config.roadmap.items.length).toBe(28);
    expect(config.roadmap.items.find(({ id }) => id === 'admin-auth')).toMatchObject({
      weight2: 25,
      expect: 'notApplicable',
    });
    expect(config.roadmap.hash).not.toBe(builtin.hash);
  });

  test('a roadmap of the repository is extended, and the flag goes before the configuration', async () => {
    const root = tree({
      'audit.config.yaml': 'roadmap: docs/ours.yaml\nitems: { vault: { weight: 3 } }\n',
      'docs/ours.yaml': 'extends: builtin\nitems: { vault: { phase: P1, effort: 1, owner: web, title: Vault } }\n',
      'flag.yaml': 'extends: builtin\nitems: { vault: { phase: P2, effort: 1, owner: web, title: Vault } }\n',
    });
    const own = await load(root);
    expect(own.roadmap.items.find(({ id }) => id === 'vault')).toMatchObject({ phase: 'P1', weight2: 6 });
    expect(own.origins.get('roadmap')).toBe('docs/ours.yaml (audit.config.yaml:1:10)');
    const flag = await load(root, { roadmap: 'flag.yaml' });
    expect(flag.roadmap.items.find(({ id }) => id === 'vault')).toMatchObject({ phase: 'P2', weight2: 6 });
    expect(flag.origins.get('roadmap')).toBe('flag.yaml (--roadmap)');
  });

  test('the hash covers what the scan itself reads', async () => {
    const hash = async (text: string) => (await load(tree({ 'audit.config.yaml': text }))).hash;
    const none = await hash('');
    expect(none).toMatch(/^[0-9a-f]{8}$/);
    expect(await hash('failOn: error\ntarget: 8\n')).toBe(none);
    expect(await hash('exclude: old\n')).not.toBe(none);
    expect(await hash('zones: { test: [a] }\n')).not.toBe(await hash('zones: { docs: [a] }\n'));
  });

  test('paths match as in ignore files', () => {
    const matches = (glob: string) => matcherOf([{ glob, prefix: '' }]);
    expect(['old', 'old/', '**/old/**'].map((glob) => matches(glob)('a/old/b.py'))).toEqual([true, true, true]);
    expect(['/old', './old', 'a/*.py'].map((glob) => matches(glob)('a/old/b.py'))).toEqual([false, true, false]);
    expect(matches('*.py')('a/.hidden/b.py')).toBe(true);
    expect(matcherOf([])('a')).toBe(false);
  });

  test('sizes', () => {
    expect(['10', '2k', '1M', '3 MiB', '1G', '-1', 'x'].map(bytesOf)).toEqual([
      10,
      2048,
      1048576,
      3145728,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a broken configuration', () => {
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    [
      'unknown key',
      'audit.config.yaml',
      'exlude: a\n',
      ["audit.config.yaml:1:1 unknown key 'exlude' in the configuration; did you mean 'exclude'?"],
    ],
    [
      'unknown key in kebab case',
      'pyproject.toml',
      '[tool.hardening-audit]\nfail-on = "error"\n',
      ["pyproject.toml:2:1 unknown key 'fail-on' in the configuration; did you mean 'failOn'?"],
    ],
    [
      'unknown item',
      'audit.config.yaml',
      'items:\n  image-pining: {}\n',
      ["audit.config.yaml:2:3 the roadmap has no item 'image-pining'; did you mean 'image-pinning'?"],
    ],
    [
      'unknown item key',
      'audit.config.yaml',
      'items:\n  image-pinning: { wieght: 1 }\n',
      ["audit.config.yaml:2:20 unknown key 'wieght' in item image-pinning; did you mean 'weight'?"],
    ],
    [
      'unknown option',
      'pyproject.toml',
      '[tool.hardening-audit.items.image-pinning.options]\ntols = ["a"]\n',
      ["pyproject.toml:2:1 image-pinning has no option 'tols'; did you mean 'tools'?"],
    ],
    [
      'option of an item without options',
      'audit.config.yaml',
      'items: { admin-auth: { options: { a: 1 } } }\n',
      ["audit.config.yaml:1:35 admin-auth has no option 'a'; it has no options"],
    ],
    [
      'option of the wrong type',
      'package.json',
      '{"hardeningAudit": {"items": {"image-pinning": {"options": {"strict": "yes"}}}}}',
      ["package.json:1:71 option 'strict' of image-pinning must be true or false, not the text 'yes'"],
    ],
    [
      'unknown zone',
      'audit.config.yaml',
      'zones: { tests: [a] }\n',
      ["audit.config.yaml:1:10 unknown key 'tests' in 'zones'; did you mean 'test'?"],
    ],
    [
      'unknown gate',
      'audit.config.yaml',
      'failOn: [score<7, erorr]\n',
      ["audit.config.yaml:1:9 'failOn' does not know 'erorr'; did you mean 'error'?"],
    ],
    [
      'pattern with an exclamation mark',
      'audit.config.yaml',
      "include: ['!a']\n",
      ["audit.config.yaml:1:10 the pattern '!a' of 'include' must not begin with !"],
    ],
    [
      'pattern that leaves the folder',
      'audit.config.yaml',
      'exclude: ../a\n',
      ["audit.config.yaml:1:10 the pattern '../a' of 'exclude' must be relative, without .."],
    ],
    [
      'bad size',
      'audit.config.yaml',
      'maxFileSize: big\n',
      ["audit.config.yaml:1:14 'maxFileSize' must be bytes, 500k or 2M, not the text 'big'"],
    ],
    [
      'bad target',
      'audit.config.json',
      '{"target": "high"}',
      ["audit.config.json:1:12 'target' must be a number, not the text 'high'"],
    ],
    [
      'missing roadmap',
      'audit.config.yaml',
      'roadmap: ours.yaml\n',
      ["audit.config.yaml:1:10 'roadmap': there is no file 'ours.yaml' beside the configuration"],
    ],
    [
      'not a mapping',
      'audit.config.yaml',
      '- a\n',
      ['audit.config.yaml:1:1 the configuration must be a mapping, not a list'],
    ],
    ['not YAML', 'audit.config.yaml', 'items: {\n', ['audit.config.yaml:2:1 Flow map']],
    ['not JSON', 'audit.config.json', '{"target": 8', ['audit.config.json:1:13 Flow map']],
    [
      'not TOML',
      'pyproject.toml',
      '[tool.hardening-audit]\ntarget = = 8\n',
      ['pyproject.toml:2:10 the file is not TOML'],
    ],
    [
      'several mistakes',
      'audit.config.yaml',
      'target: x\nfoo: 1\nitems: { a: {} }\n',
      [
        "audit.config.yaml:1:9 'target'",
        "audit.config.yaml:2:1 unknown key 'foo'",
        "audit.config.yaml:3:10 the roadmap has no item 'a'",
      ],
    ],
  ];
  test.each(cases)('%s', async (_name, file, text, expected) => {
    const found = await mistakes(load(tree({ [file]: text })));
    expect(found.map((line, index) => line.slice(0, expected[index]?.length))).toEqual(expected);
  });

  test('a broken roadmap is answered with its own places', async () => {
    const root = tree({ 'audit.config.yaml': 'roadmap: ours.yaml\n', 'ours.yaml': 'extends: builtin\ntargt: 8\n' });
    expect(await mistakes(load(root))).toEqual([
      "ours.yaml:2:1 unknown key 'targt' in the roadmap; did you mean 'target'?",
    ]);
  });

  test('a found configuration cannot name a file outside the repository', async () => {
    const root = tree({
      'secret.yaml': 'extends: builtin\n',
      'repo/audit.config.yaml': 'roadmap: link.yaml\nbaseline: ../old.json\n',
    });
    symlinkSync(join(root, 'secret.yaml'), join(root, 'repo/link.yaml'));
    expect(await mistakes(load(join(root, 'repo')))).toEqual([
      "audit.config.yaml:1:10 'roadmap': 'link.yaml' lies outside the repository; name it with a flag instead",
      "audit.config.yaml:2:11 'baseline': '../old.json' lies outside the repository; name it with a flag instead",
    ]);
    expect((await load(join(root, 'repo'), { config: 'audit.config.yaml' })).roadmap.items.length).toBe(29);
  });

  test('an explicit file without our table or of another kind', async () => {
    const root = tree({ 'pyproject.toml': '[project]\n', 'package.json': '{}', 'audit.config.mjs': '' });
    expect(await mistakes(load(root, { config: 'pyproject.toml' }))).toEqual([
      'pyproject.toml:1:1 there is no table [tool.hardening-audit]',
    ]);
    expect(await mistakes(load(root, { config: 'package.json' }))).toEqual([
      "package.json:1:1 there is no key 'hardeningAudit'",
    ]);
    expect(await mistakes(load(root, { config: 'audit.config.mjs' }))).toEqual([
      'audit.config.mjs:1:1 a configuration must be a .yaml or .json file, a package.json or a pyproject.toml',
    ]);
  });

  test('a configuration that leaves nothing to do', async () => {
    const text = `items:\n${builtin.items.map(({ id }) => `  ${id}: { enabled: false }`).join('\n')}\n`;
    expect(await mistakes(load(tree({ 'audit.config.yaml': text })))).toEqual([
      'The configuration leaves no item with a weight above 0.',
    ]);
  });
});

describe('audit config --print', () => {
  test('names the origin of every value and can be read again', async () => {
    const text = [
      'roadmap: ours.yaml',
      "exclude: [old, '*.min.js']",
      'zones: { docs: [manual] }',
      'items:',
      '  image-pinning: { options: { tools: [podman, "a: b"] } }',
      '  csrf-protection: { enabled: false }',
    ].join('\n');
    const ours = 'extends: builtin\nitems: { admin-auth: { weight: 11 }, image-pinning: { options: { limit: 9 } } }\n';
    const config = await load(tree({ 'audit.config.yaml': text, 'ours.yaml': ours }));
    const printed = printConfig(config, builtin, pages);
    const origin = (start: string) =>
      printed
        .split('\n')
        .find((line) => line.trim().startsWith(start))
        ?.split('# ')[1];
    expect(printed).toMatch(/^# configuration: audit.config.yaml\n# roadmap: ours.yaml \(audit.config.yaml:1:10\)\n/);
    expect(origin('target:')).toBe('built-in roadmap');
    expect(origin('failOn:')).toBe('default: no gate');
    expect(origin('exclude:')).toBe('audit.config.yaml:2:1');
    expect(origin('docs:')).toBe('audit.config.yaml:3:10');
    expect(origin('weight: 11')).toBe('ours.yaml (audit.config.yaml:1:10)');
    expect(origin('tools:')).toBe('audit.config.yaml:5:31');
    expect(origin('strict:')).toBe('default');
    expect(origin('limit:')).toBe('ours.yaml (audit.config.yaml:1:10)');
    expect(printed).toContain('# without csrf-protection: audit.config.yaml:6:22');
    const again = await load(
      tree({ 'audit.config.yaml': printed.replace('items:', 'items:\n  csrf-protection: { enabled: false }') }),
    );
    expect(weightOf(again, 'admin-auth')).toBe(22);
    expect([...again.options]).toEqual([...config.options]);
    expect(again.hash).toBe(config.hash);
  });
});
