import { describe, expect, test } from '@jest/globals';
import { show } from './dependency-rows.ts';

test('package.json', () => {
  const text = `{
  "name": "app",
  "workspaces": ["packages/*"],
  "dependencies": {
    "lodash": "4.17.20",
    "express": "^4.18.0",
    "alias": "npm:@scope/real@1.2.3",
    "git": "github:a/b",
    "short": "a/b",
    "file": "file:../x",
    "ws": "workspace:*",
    "tag": "latest",
    "any": "*"
  },
  "devDependencies": { "jest": "=29.0.0" },
  "peerDependencies": { "react": ">=17" },
  "optionalDependencies": { "fsevents": "2.3.2" }
}`;
  const { rows, data } = show('package.json', text);
  expect(rows).toEqual([
    '5: lodash =4.17.20 «4.17.20»',
    '6: express ^4.18.0 «^4.18.0»',
    '7: @scope/real =1.2.3 «npm:@scope/real@1.2.3»',
    '8: git any other «github:a/b»',
    '9: short any other «a/b»',
    '10: file any other «file:../x»',
    '11: ws any other «workspace:*»',
    '12: tag any «latest»',
    '13: any any «*»',
    '17: fsevents =2.3.2 (optional) «2.3.2»',
    '15: jest =29.0.0 dev (dev) «=29.0.0»',
    '16: react >=17 (peer) isolated «>=17»',
  ]);
  expect(data).toMatchObject({ project: 'app', members: ['packages/*'] });
  expect(show('package.json', '{"name": "a",\n "dependencies": {').problems).toEqual([
    '2: This is not JSON. The file ends early.',
  ]);
});

describe('package-lock.json', () => {
  test('version 3: paths, aliases, links, nesting', () => {
    const text = `{
  "name": "app",
  "lockfileVersion": 3,
  "packages": {
    "": { "dependencies": { "a": "^1.0.0" }, "devDependencies": { "alias": "npm:real@2" } },
    "node_modules/a": { "version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "dependencies": { "b": "^2" } },
    "node_modules/a/node_modules/b": { "version": "2.0.0" },
    "node_modules/b": { "version": "1.0.0", "dev": true },
    "node_modules/alias": { "name": "real", "version": "2.1.0", "dev": true },
    "node_modules/ws": { "resolved": "packages/ws", "link": true },
    "packages/ws": { "version": "0.0.1", "dependencies": { "b": "1" } },
    "node_modules/own": { "version": "3.0.0", "resolved": "https://npm.example.org/own-3.0.0.tgz" },
    "node_modules/@s/git": { "version": "1.0.0", "resolved": "git+ssh://git@github.com/s/git.git#abc" }
  }
}`;
    expect(show('package-lock.json', text).rows).toEqual([
      '6: a =1.0.0 direct -> b «1.0.0»',
      '7: b =2.0.0 transitive «2.0.0»',
      '8: b =1.0.0 dev direct «1.0.0»',
      '9: real =2.1.0 dev direct «2.1.0»',
      '12: own =3.0.0 private transitive «3.0.0»',
      '13: @s/git =1.0.0 other transitive «1.0.0»',
    ]);
  });
  test('version 2 is read once', () => {
    const text =
      '{"lockfileVersion":2,"packages":{"":{},"node_modules/a":{"version":"1.0.0"}},"dependencies":{"a":{"version":"1.0.0"}}}';
    expect(show('npm-shrinkwrap.json', text).rows).toHaveLength(1);
  });
  test('version 1: nested, aliases, git', () => {
    const text = `{
  "lockfileVersion": 1,
  "dependencies": {
    "a": { "version": "1.0.0", "requires": { "b": "^2" }, "dependencies": { "b": { "version": "2.0.0" } } },
    "b": { "version": "1.0.0", "dev": true },
    "c": { "version": "npm:real@3.0.0", "requires": { "b": "1" } },
    "d": { "version": "git+https://github.com/x/d.git#abc" }
  }
}`;
    expect(show('package-lock.json', text).rows).toEqual([
      '4: a =1.0.0 direct -> b «1.0.0»',
      '5: b =1.0.0 dev «1.0.0»',
      '6: real =3.0.0 direct -> b «npm:real@3.0.0»',
      '7: d =git+https://github.com/x/d.git#abc other direct «git+https://github.com/x/d.git#abc»',
      '4: b =2.0.0 «2.0.0»',
    ]);
  });
});

describe('yarn.lock', () => {
  test('classic: several keys, aliases, sources', () => {
    const text = `# yarn lockfile v1


"@babel/core@^7.0.0", "@babel/core@^7.1.0":
  version "7.2.0"
  resolved "https://registry.yarnpkg.com/@babel/core/-/core-7.2.0.tgz#aa"
  dependencies:
    lodash "^4.17.0"
    "@x/y" "1.0.0"

lodash@^4.17.0:
  version "4.17.4"

alias@npm:real@^2.0.0:
  version "2.0.1"

"@x/y@1.0.0":
  version "1.0.0"
  resolved "https://npm.example.org/y-1.0.0.tgz"

forked@git+https://github.com/a/forked.git:
  version "0.1.0"
`;
    expect(show('yarn.lock', text).rows).toEqual([
      '4: @babel/core =7.2.0 -> lodash @x/y «7.2.0»',
      '11: lodash =4.17.4 «4.17.4»',
      '14: real =2.0.1 «2.0.1»',
      '17: @x/y =1.0.0 private «1.0.0»',
      '21: forked =0.1.0 other «0.1.0»',
    ]);
  });
  test('classic with every word quoted', () => {
    const text =
      'a@^1.0.0:\n  "version" "1.2.0"\n  "dependencies":\n    "b" "^2.0.0"\n\nb@^2.0.0:\n  "version" "2.0.1"\n';
    expect(show('yarn.lock', text).rows).toEqual(['1: a =1.2.0 -> b «1.2.0»', '6: b =2.0.1 «2.0.1»']);
  });
  test('berry: the resolution names the package', () => {
    const text = `__metadata:
  version: 6

"alias@npm:real@^1.0.0":
  version: 1.2.3
  resolution: "real@npm:1.2.3"
  dependencies:
    lodash: ^4.0.0
  languageName: node

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    alias: "npm:real@^1.0.0"

"lodash@npm:^4.0.0, lodash@npm:^4.17.0":
  version: 4.17.21
  resolution: "lodash@npm:4.17.21"

"p@patch:p@1.0.0#./p.patch":
  version: 1.0.0
  resolution: "p@patch:p@npm%3A1.0.0#./p.patch::version=1.0.0"
`;
    expect(show('yarn.lock', text).rows).toEqual([
      '4: real =1.2.3 direct -> lodash «1.2.3»',
      '17: lodash =4.17.21 transitive «4.17.21»',
    ]);
  });
});

describe('pnpm-lock.yaml', () => {
  test('version 5', () => {
    const text = `lockfileVersion: 5.4
specifiers:
  a: ^1.0.0
dependencies:
  a: 1.0.0_react@17.0.0
devDependencies:
  '@s/d': 3.0.0
packages:
  /a/1.0.0_react@17.0.0:
    resolution: {integrity: sha512-aa}
    dependencies:
      b: 2.0.0
    dev: false
  /b/2.0.0:
    resolution: {integrity: sha512-bb}
    dev: false
  /@s/d/3.0.0:
    resolution: {integrity: sha512-dd}
    dev: true
`;
    expect(show('pnpm-lock.yaml', text).rows).toEqual([
      '9: a =1.0.0 direct -> b «1.0.0»',
      '14: b =2.0.0 transitive «2.0.0»',
      '17: @s/d =3.0.0 dev direct «3.0.0»',
    ]);
  });
  test('version 6 and 9, peers in brackets, scope by walking', () => {
    const six = `lockfileVersion: '6.0'
dependencies:
  a:
    specifier: ^1.0.0
    version: 1.0.0(react@17.0.0)
packages:
  /a@1.0.0(react@17.0.0):
    resolution: {integrity: sha512-aa}
    dev: false
  github.com/x/y/abc:
    resolution: {tarball: https://codeload.github.com/x/y/tar.gz/abc}
    name: y
    version: 1.1.0
    dev: false
`;
    expect(show('pnpm-lock.yaml', six).rows).toEqual(['7: a =1.0.0 direct «1.0.0»', '10: y =1.1.0 other transitive']);
    const nine = `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(b@2.0.0)
  packages/x:
    devDependencies:
      c:
        specifier: ^3.0.0
        version: 3.0.0
packages:
  a@1.0.0:
    resolution: {integrity: sha512-aa}
  b@2.0.0:
    resolution: {integrity: sha512-bb}
  c@3.0.0:
    resolution: {integrity: sha512-cc}
snapshots:
  a@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0
  b@2.0.0: {}
  c@3.0.0:
    dependencies:
      b: 2.0.0
`;
    expect(show('pnpm-lock.yaml', nine).rows).toEqual([
      '14: a =1.0.0 direct -> b «1.0.0»',
      '16: b =2.0.0 transitive «2.0.0»',
      '18: c =3.0.0 dev direct -> b «3.0.0»',
    ]);
  });
  test('several documents', () => {
    const text = `lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n---\nlockfileVersion: '9.0'\npackages:\n  b@2.0.0:\n    resolution: {integrity: y}\n`;
    expect(show('pnpm-lock.yaml', text).rows).toEqual(['3: a =1.0.0 «1.0.0»', '8: b =2.0.0 «2.0.0»']);
  });
});

test('bun.lock', () => {
  const text = `{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "app", "dependencies": { "a": "^1.0.0", }, "devDependencies": { "d": "^3.0.0" }, },
  },
  // comment
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^2.0.0" } }, "sha512-aa"],
    "b": ["b@1.0.0", "", {}, "sha512-bb"],
    "a/b": ["b@2.0.0", "", {}, "sha512-cc"],
    "d": ["@s/d@3.0.0", "https://npm.example.org/", {}, "sha512-dd"],
    "ws": ["ws@workspace:packages/ws"],
    "g": ["g@github:x/g#abc", {}, "x-g-abc"],
  },
}`;
  expect(show('bun.lock', text).rows).toEqual([
    '8: a =1.0.0 direct -> b «1.0.0»',
    '9: b =1.0.0 transitive «1.0.0»',
    '10: b =2.0.0 transitive «2.0.0»',
    '11: @s/d =3.0.0 dev private direct «3.0.0»',
    '13: g =github:x/g#abc other transitive «github:x/g#abc»',
  ]);
});
