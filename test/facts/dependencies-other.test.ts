import { describe, expect, test } from '@jest/globals';
import { openFiles } from '../../src/facts/workspace.ts';
import { cpuTime } from '../cpu-time.ts';
import fc from '../property.ts';
import { show, spansAreInside } from './dependency-rows.ts';

test('go.mod: blocks, indirect, replace', () => {
  const text = `module example.org/app

go 1.21

require github.com/a/a v1.2.3

require (
	github.com/b/b v0.0.0-20210101000000-abcdefabcdef // indirect
	github.com/c/c/v2 v2.0.0+incompatible
	github.com/d/d v1.0.0
	github.com/e/e v1.0.0
)

replace github.com/d/d => ../d

replace (
	github.com/e/e v1.0.0 => github.com/fork/e v1.0.1
	github.com/a/a v9.9.9 => github.com/never/a v1.0.0
)

exclude github.com/a/a v1.2.2
`;
  const { rows, data } = show('go.mod', text);
  expect(rows).toEqual([
    '5: github.com/a/a =v1.2.3 direct «v1.2.3»',
    '8: github.com/b/b =v0.0.0-20210101000000-abcdefabcdef transitive «v0.0.0-20210101000000-abcdefabcdef»',
    '9: github.com/c/c/v2 =v2.0.0+incompatible direct «v2.0.0+incompatible»',
    '10: github.com/d/d =v1.0.0 other direct «v1.0.0»',
    '11: github.com/fork/e =v1.0.1 direct',
  ]);
  expect(data!.project).toBe('example.org/app');
});

test('Cargo.lock', () => {
  const text = `version = 3

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["serde", "rand 0.8.5"]

[[package]]
name = "rand"
version = "0.7.3"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://github.com/rust-lang/crates.io-index"
dependencies = ["serde"]

[[package]]
name = "serde"
version = "1.0.0"
source = "git+https://github.com/serde-rs/serde#abc"
`;
  expect(show('Cargo.lock', text).rows).toEqual([
    '9: rand =0.7.3 transitive «0.7.3»',
    '14: rand =0.8.5 direct -> serde «0.8.5»',
    '20: serde =1.0.0 other direct «1.0.0»',
  ]);
});

test('Gemfile.lock', () => {
  const text = `GIT
  remote: https://github.com/a/g.git
  revision: abc
  specs:
    g (0.1.0)

GEM
  remote: https://rubygems.org/
  specs:
    nokogiri (1.13.0-x86_64-linux)
      racc (~> 1.4)
    racc (1.6.0)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  g!
  nokogiri (~> 1.13)

BUNDLED WITH
   2.3.0
`;
  expect(show('Gemfile.lock', text).rows).toEqual([
    '5: g =0.1.0 other direct «0.1.0»',
    '10: nokogiri =1.13.0 direct -> racc «1.13.0»',
    '12: racc =1.6.0 transitive «1.6.0»',
  ]);
});

test('composer.lock', () => {
  const text = `{
  "packages": [
    { "name": "Guzzle/Guzzle",
      "version": "v7.4.0", "require": { "psr/log": "^1" } },
    { "name": "psr/log", "version": "dev-main" }
  ],
  "packages-dev": [{ "name": "phpunit/phpunit", "version": "9.5.0" }]
}`;
  expect(show('composer.lock', text).rows).toEqual([
    '3: guzzle/guzzle =7.4.0 -> psr/log «v7.4.0»',
    '5: psr/log =dev-main other «dev-main»',
    '7: phpunit/phpunit =9.5.0 dev «9.5.0»',
  ]);
});

describe('JVM', () => {
  test('pom.xml: own properties and management, never a guess', () => {
    const text = `<?xml version="1.0"?>
<project>
  <version>1.0</version>
  <properties><jackson.version>2.9.1</jackson.version></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>m</groupId><artifactId>managed</artifactId><version>3.0</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <!-- <dependency><groupId>no</groupId><artifactId>no</artifactId><version>1</version></dependency> -->
    <dependency>
      <groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId>
      <version>\${jackson.version}</version>
    </dependency>
    <dependency><groupId>m</groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>b</groupId><artifactId>bom</artifactId></dependency>
    <dependency><groupId>r</groupId><artifactId>range</artifactId><version>[1.0,2.0)</version></dependency>
    <dependency><groupId>h</groupId><artifactId>hard</artifactId><version>[1.0]</version></dependency>
    <dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency>
  </dependencies>
</project>`;
    const { rows, data } = show('pom.xml', text);
    expect(rows).toEqual([
      '10: com.fasterxml.jackson.core:jackson-databind =2.9.1 direct «${jackson.version}»',
      '14: m:managed =3.0 direct',
      '16: r:range [1.0,2.0) direct «[1.0,2.0)»',
      '17: h:hard =1.0 direct «[1.0]»',
      '18: junit:junit =4.12 dev (test) direct «4.12»',
    ]);
    expect(data!.unresolved).toBe(1);
    expect(show('pom.xml', '<project>\n<a></b></project>').problems).toEqual([
      '2: This is not XML: </b> closes nothing.',
    ]);
  });
  test('Gradle', () => {
    const text = `dependencies {
  implementation 'com.a:b:1.0' // note
  // implementation "no:no:1"
  testImplementation("junit:junit:4.12")
  api group: 'g', name: 'n', version: '2.0'
  implementation "x:y:$version"
  implementation libs.some.alias
  runtimeOnly 'p:q:1.+'
}`;
    const { rows, data } = show('app/build.gradle', text);
    expect(rows).toEqual([
      '2: com.a:b =1.0 direct «1.0»',
      '4: junit:junit =4.12 dev direct «4.12»',
      '5: g:n =2.0 direct «2.0»',
    ]);
    expect(data!.unresolved).toBe(2);
    expect(
      show(
        'gradle.lockfile',
        '# c\ncom.a:b:1.0=compileClasspath,runtimeClasspath\njunit:junit:4.12=testCompileClasspath\nempty=x\n',
      ).rows,
    ).toEqual(['2: com.a:b =1.0 «1.0»', '3: junit:junit =4.12 dev «4.12»']);
    const catalog =
      '[versions]\nok = "3.0"\n[libraries]\na = "g:a:1.0"\nb = { module = "g:b", version.ref = "ok" }\nc = { group = "g", name = "c", version = "2.0" }\nd = { module = "g:d" }\n';
    expect(show('gradle/libs.versions.toml', catalog).rows).toEqual([
      '4: g:a =1.0 direct',
      '5: g:b =3.0 direct «3.0»',
      '6: g:c =2.0 direct «2.0»',
    ]);
  });
});

test('a lock may be larger than other files', () => {
  const large = Buffer.from('# yarn lockfile v1\n'.repeat(200_000));
  const workspace = openFiles(
    'x',
    new Map([
      ['yarn.lock', large],
      ['notes.txt', large],
    ]),
  );
  expect([workspace.read('yarn.lock') !== undefined, workspace.read('notes.txt') !== undefined]).toEqual([true, false]);
});

describe('awkward input', () => {
  const seeds: readonly (readonly [string, string])[] = [
    ['requirements.txt', '-r a.txt\na[b]==1 \\\n --hash=x ; python_version<"3" # via c\nd @ https://x\n'],
    [
      'pyproject.toml',
      '[project]\nname = "a"\ndependencies = ["b==1", """c>=2"""]\n[tool.poetry.dependencies]\nd = [{version = "^1"}]\n',
    ],
    [
      'uv.lock',
      '[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "https://pypi.org/simple" }\ndependencies = [{ name = "a" }]\n',
    ],
    ['poetry.lock', '[[package]]\nname = "a"\nversion = "1"\n[package.dependencies]\na = "*"\n'],
    ['setup.py', 'from setuptools import setup\nsetup(install_requires=["é==1", "b>=2"])\n'],
    ['setup.cfg', '[options]\ninstall_requires =\n  a==1\n  b\n'],
    ['Pipfile.lock', '{"default": {"a": {"version": "==1", "index": "x"}}}'],
    ['package.json', '{"dependencies": {"a": "^1.0.0", "b": "npm:c@1.0.0"}}'],
    [
      'package-lock.json',
      '{"packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0", "dependencies": {"a": "1"}}}}',
    ],
    ['yarn.lock', '# yarn lockfile v1\n\na@^1, a@^2:\n  version "1.0.0"\n  dependencies:\n    a "^1"\n'],
    [
      'pnpm-lock.yaml',
      "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        version: 1.0.0\npackages:\n  a@1.0.0: {resolution: {integrity: x}}\nsnapshots:\n  a@1.0.0:\n    dependencies:\n      a: 1.0.0\n",
    ],
    ['bun.lock', '{"workspaces": {"": {"dependencies": {"a": "1"}}}, "packages": {"a": ["a@1.0.0", "", {}, "x"],}}'],
    ['go.mod', 'module a\nrequire (\n\tb v1.0.0 // indirect\n)\nreplace b => c v1.0.0\n'],
    ['Cargo.lock', '[[package]]\nname = "a"\nversion = "1.0.0"\nsource = "registry+x"\ndependencies = ["a"]\n'],
    ['Gemfile.lock', 'GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0)\n      a (~> 1)\n'],
    ['composer.lock', '{"packages": [{"name": "a/b", "version": "1.0", "require": {"a/b": "1"}}]}'],
    [
      'pom.xml',
      '<project><properties><v>${v}</v></properties><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId><version>${v}</version></dependency></dependencies></project>',
    ],
    ['build.gradle', 'dependencies { implementation "a:b:1" }\n'],
    ['libs.versions.toml', '[libraries]\na = "g:a:1.0"\n'],
    ['environment.yml', 'dependencies:\n  - pip:\n    - a==1\n'],
  ];
  test.each(seeds.map(([path, text]) => [path, text] as const))('%s, mutated', (path, text) => {
    const piece = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '\\',
      '\n',
      '\r\n',
      '#',
      ',',
      '=',
      ':',
      '@',
      '<',
      '>',
      '/',
      '  ',
      '\0',
      '\uD83D',
      '==',
      '"""',
      '[[',
      'package',
      '*/',
    );
    const edits = fc.array(fc.tuple(fc.nat(text.length), fc.nat(6), piece), { maxLength: 4 });
    fc.assert(
      fc.property(edits, (list) => {
        let mutated = text;
        for (const [at, cut, insert] of list) mutated = mutated.slice(0, at) + insert + mutated.slice(at + cut);
        spansAreInside(path, mutated);
      }),
      { numRuns: 150 },
    );
  });
  test.each(seeds.map(([path]) => path))('%s: long lines, deep nesting and rubbish end soon', (path) => {
    const started = cpuTime();
    for (const text of [
      '',
      '\n'.repeat(20_000),
      'a'.repeat(300_000),
      '['.repeat(30_000),
      '{"a":'.repeat(20_000),
      '<a>'.repeat(20_000),
      '"'.repeat(9_999),
      `a==1 ${' '.repeat(200_000)}x`,
      `a\\\n`.repeat(20_000),
      `(${'a,'.repeat(50_000)}`,
    ]) {
      spansAreInside(path, text);
    }
    expect(cpuTime() - started).toBeLessThan(15_000);
  });
  test('names with line breaks and commands stay data', () => {
    expect(show('package.json', '{"dependencies": {"a\\n::error::x": "1.0.0"}}').rows).toEqual([
      '1: a\n::error::x =1.0.0 «1.0.0»',
    ]);
  });
});
