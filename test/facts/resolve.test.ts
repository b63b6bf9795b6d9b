/** Knows which file an imported name leads to, in small trees with settings of compilers and packages. */
import { describe, expect, test } from '@jest/globals';
import { npm } from '../../src/facts/npm.ts';
import { ecmascript } from '../../src/facts/program/ecmascript.ts';
import { constants } from '../../src/facts/program/flow.ts';
import { linkProgram } from '../../src/facts/program/link.ts';
import { tsconfig } from '../../src/facts/tsconfig.ts';
import { factsOfFiles } from '../facts-of.ts';
import fc from '../property.ts';

const code = 'export const key = "v";\n';

/** Path of the file that a name means in another; undefined: it comes from elsewhere. */
async function leads(name: string, from: string, files: Record<string, string>): Promise<string | undefined> {
  const text = `import * as all from '${name}';\nexport { all };\n`;
  const program = linkProgram(await factsOfFiles([ecmascript, npm, tsconfig], { ...files, [from]: text }));
  const unit = program.units.find((one) => one.path === from)!;
  return program.moduleOf(unit.module.imports[0]!.name, unit)?.path;
}

const options = (text: string): string => `{ "compilerOptions": { ${text} } }`;

describe('settings of the compiler', () => {
  test.each<[string, string, string, string | undefined, Record<string, string>]>([
    [
      'a pattern',
      '@app/db',
      'src/a.ts',
      'src/app/db.ts',
      { 'tsconfig.json': options('"paths": { "@app/*": ["./src/app/*"] }'), 'src/app/db.ts': code },
    ],
    [
      'an extension',
      '@app/db.js',
      'src/a.ts',
      'src/app/db.ts',
      { 'tsconfig.json': options('"paths": { "@app/*": ["./src/app/*"] }'), 'src/app/db.ts': code },
    ],
    [
      'a name',
      'db',
      'a.ts',
      'libs/db/src/index.ts',
      { 'tsconfig.json': options('"paths": { "db": ["libs/db/src/index.ts"] }'), 'libs/db/src/index.ts': code },
    ],
    [
      'a folder',
      '@app/db',
      'a.ts',
      'app/db/index.ts',
      { 'tsconfig.json': options('"paths": { "@app/*": ["./app/*"] }'), 'app/db/index.ts': code },
    ],
    [
      'the second place',
      '@app/db',
      'a.ts',
      'b/db.ts',
      { 'tsconfig.json': options('"paths": { "@app/*": ["./a/*", "./b/*"] }'), 'b/db.ts': code },
    ],
    [
      'the longer pattern',
      '@app/x/db',
      'a.ts',
      'y/db.ts',
      {
        'tsconfig.json': options('"paths": { "@app/*": ["./app/*"], "@app/x/*": ["./y/*"] }'),
        'y/db.ts': code,
        'app/x/db.ts': code,
      },
    ],
    [
      'a base',
      'lib/db',
      'api/src/a.ts',
      'api/src/lib/db.ts',
      { 'api/tsconfig.json': options('"baseUrl": "./src"'), 'api/src/lib/db.ts': code },
    ],
    [
      'patterns from a base',
      '@app/db',
      'api/a.ts',
      'api/src/db.ts',
      { 'api/tsconfig.json': options('"baseUrl": "src", "paths": { "@app/*": ["*"] }'), 'api/src/db.ts': code },
    ],
    [
      'an inherited configuration',
      '@org/db',
      'apps/api/a.ts',
      'libs/db/index.ts',
      {
        'tsconfig.base.json': options('"paths": { "@org/db": ["libs/db/index.ts"] }'),
        'apps/api/tsconfig.json': '{ "extends": "../../tsconfig.base.json" }',
        'libs/db/index.ts': code,
      },
    ],
    [
      'own patterns replace inherited ones',
      '@org/db',
      'api/a.ts',
      undefined,
      {
        'base.json': '',
        'tsconfig.json': options('"paths": { "@org/db": ["db.ts"] }'),
        'api/tsconfig.json': '{ "extends": "../tsconfig.json", "compilerOptions": { "paths": { "@x": ["x.ts"] } } }',
        'db.ts': code,
      },
    ],
    [
      'a configuration of a package',
      '@org/db',
      'api/a.ts',
      'api/src/db.ts',
      {
        'config/package.json': '{ "name": "@org/config" }',
        'config/tsconfig.json': options('"paths": { "@org/*": ["${configDir}/src/*"] }'),
        'api/tsconfig.json': '{ "extends": "@org/config/tsconfig.json" }',
        'api/src/db.ts': code,
      },
    ],
    [
      'one of several configurations',
      '@/db',
      'src/a.ts',
      'src/lib/db.ts',
      {
        'tsconfig.json': '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
        'tsconfig.app.json': options('"paths": { "@/*": ["./src/lib/*"] }'),
        'src/lib/db.ts': code,
      },
    ],
    [
      'JavaScript',
      'lib/db',
      'src/a.js',
      'src/lib/db.js',
      { 'jsconfig.json': options('"baseUrl": "src"'), 'src/lib/db.js': code },
    ],
    [
      'the next configuration',
      '@/db',
      'web/a.ts',
      'web/src/db.ts',
      {
        'web/tsconfig.json': options('"paths": { "@/*": ["./src/*"] }'),
        'web/src/db.ts': code,
        'tsconfig.json': options('"paths": { "@/*": ["./src/*"] }'),
        'src/db.ts': code,
      },
    ],
    [
      'names of the platform stay',
      'events',
      'src/a.ts',
      undefined,
      { 'tsconfig.json': options('"baseUrl": "src"'), 'src/events.ts': code },
    ],
    [
      'circles',
      '@x/db',
      'a.ts',
      undefined,
      { 'tsconfig.json': '{ "extends": "./tsconfig.b.json" }', 'tsconfig.b.json': '{ "extends": "./tsconfig.json" }' },
    ],
    [
      'outside of the tree',
      '@x/db',
      'a.ts',
      undefined,
      { 'tsconfig.json': options('"paths": { "@x/*": ["../../x/*"] }'), 'x/db.ts': code },
    ],
  ])('%s', async (_, name, from, path, files) => expect(await leads(name, from, files)).toBe(path));
});

describe('packages of the repository', () => {
  const pack = (text: string): string => `{ "name": "@acme/db", ${text} }`;
  test.each<[string, string, string | undefined, Record<string, string>]>([
    [
      'an entry',
      '@acme/db',
      'packages/db/src/main.ts',
      { 'packages/db/package.json': pack('"main": "./src/main.ts"'), 'packages/db/src/main.ts': code },
    ],
    [
      'what a build writes',
      '@acme/db',
      'packages/db/src/index.ts',
      {
        'packages/db/package.json': pack('"main": "dist/index.js", "types": "dist/index.d.ts"'),
        'packages/db/src/index.ts': code,
      },
    ],
    [
      'two folders of a build',
      '@acme/db',
      'packages/db/src/index.ts',
      { 'packages/db/package.json': pack('"main": "./dist/cjs/index.cjs"'), 'packages/db/src/index.ts': code },
    ],
    [
      'sources that the build keeps',
      '@acme/db/client',
      'packages/db/src/client.ts',
      {
        'packages/db/package.json': pack(
          '"exports": { "./client": { "import": { "types": "./dist/src/client.d.ts", "default": "./dist/src/client.js" } } }',
        ),
        'packages/db/src/client.ts': code,
      },
    ],
    [
      'patterns',
      '@acme/db/types/user',
      'packages/db/types/user.ts',
      {
        'packages/db/package.json': pack('"exports": { ".": "./index.js", "./types/*": { "types": "./types/*.ts" } }'),
        'packages/db/types/user.ts': code,
      },
    ],
    [
      'nothing said',
      '@acme/db',
      'packages/db/index.ts',
      { 'packages/db/package.json': '{ "name": "@acme/db" }', 'packages/db/index.ts': code },
    ],
    [
      'a path',
      '@acme/db/src/client',
      'packages/db/src/client.ts',
      { 'packages/db/package.json': '{ "name": "@acme/db" }', 'packages/db/src/client.ts': code },
    ],
    [
      'a path of what is built',
      '@acme/db/dist/client',
      'packages/db/src/client.ts',
      { 'packages/db/package.json': '{ "name": "@acme/db" }', 'packages/db/src/client.ts': code },
    ],
    [
      'a whole list',
      '@acme/db',
      'packages/db/b.ts',
      { 'packages/db/package.json': pack('"exports": ["./a.js", "./b.js"]'), 'packages/db/b.ts': code },
    ],
    [
      'its own name',
      '@acme/db/b',
      'packages/db/b.ts',
      { 'packages/db/package.json': pack('"exports": { "./b": "./b.ts" }'), 'packages/db/b.ts': code },
    ],
    [
      'another package',
      '@acme/log',
      undefined,
      { 'packages/db/package.json': '{ "name": "@acme/db" }', 'packages/db/index.ts': code },
    ],
    [
      'a package that is read from elsewhere',
      'config',
      undefined,
      {
        'packages/config/package.json': '{ "name": "config", "version": "1.0.0" }',
        'packages/config/index.js': code,
        'api/package.json': '{ "dependencies": { "config": "^3.3.9" } }',
      },
    ],
    [
      'a package without a scope',
      'config',
      'packages/config/index.js',
      {
        'packages/config/package.json': '{ "name": "config", "version": "1.0.0" }',
        'packages/config/index.js': code,
        'api/package.json': '{ "dependencies": { "config": "workspace:*" } }',
      },
    ],
    [
      'a package without a scope by its version',
      'config',
      'packages/config/index.js',
      {
        'packages/config/package.json': '{ "name": "config", "version": "1.0.0" }',
        'packages/config/index.js': code,
        'api/package.json': '{ "dependencies": { "config": "^1.0.0" } }',
      },
    ],
    [
      'inner names',
      '#db',
      'api/lib/db.js',
      { 'api/package.json': '{ "imports": { "#db": "./lib/db.js" } }', 'api/lib/db.js': code },
    ],
    [
      'inner patterns',
      '#lib/db.js',
      'api/src/lib/db.ts',
      { 'api/package.json': '{ "imports": { "#lib/*": { "default": "./dist/lib/*" } } }', 'api/src/lib/db.ts': code },
    ],
    [
      'inner names of another package',
      '#db',
      undefined,
      { 'web/package.json': '{ "imports": { "#db": "./db.js" } }', 'web/db.js': code },
    ],
    [
      'broken files',
      '@acme/db',
      undefined,
      { 'packages/db/package.json': '{ "name": "@acme/db", ', 'packages/db/index.ts': code },
    ],
  ])('%s', async (_, name, path, files) => expect(await leads(name, 'api/src/a.ts', files)).toBe(path));

  test('the nearest of several of a name', async () => {
    const files = Object.fromEntries(
      ['a', 'b'].flatMap((one) => [
        [`${one}/db/package.json`, '{ "name": "@acme/db" }'],
        [`${one}/db/index.ts`, code],
      ]),
    );
    expect(await leads('@acme/db', 'b/api/x.ts', files)).toBe('b/db/index.ts');
  });
});

test.each([
  ['a name', "import { key as x } from '@acme/db';"],
  ['all names', "import * as db from '@acme/db'; const x = db.key;"],
  ['the default', "import db from '@acme/db'; const x = db.value;"],
  ['a member of a member', "import db from '@acme/db'; const x = db.inner.value;"],
  ['a required module', "const x = require('@acme/db').key;"],
])('%s of a package has its value', async (_, text) => {
  const files = {
    'db/package.json': '{ "name": "@acme/db", "main": "dist/index.js" }',
    'db/src/index.ts': `${code}export default { value: "v", inner: { value: "v" } };\n`,
    'api/a.ts': `${text}\nexport { x };\n`,
  };
  const program = linkProgram(await factsOfFiles([ecmascript, npm, tsconfig], files));
  const unit = program.units.find((one) => one.path === 'api/a.ts')!;
  expect(constants(program, unit, unit.module.exports.x!)).toEqual(['v']);
});

test('a class that is the default of a package is reached', async () => {
  const files = {
    'db/package.json': '{ "name": "@acme/db" }',
    'db/index.ts': 'export default class Db { open() { return 1; } }\n',
    'api/a.ts': "import Db from '@acme/db';\nnew Db().open();\n",
  };
  const program = linkProgram(await factsOfFiles([ecmascript, npm, tsconfig], files));
  const unit = program.units.find((one) => one.path === 'api/a.ts')!;
  const reached = unit.module.calls.flatMap((_, id) => program.targets(program.call(unit, id)));
  expect(reached.map((one) => one.function.name)).toEqual(['open']);
});

test('settings of any shape neither throw nor hang', async () => {
  const word = fc.constantFrom(
    '@a/*',
    '*',
    './*',
    '..',
    '.',
    '',
    '#a',
    '@acme/db',
    '/',
    '${configDir}',
    'dist/index.js',
    '**',
    'a/../b',
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(word, fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(word, tie('any'), { maxKeys: 3 })),
  })).any;
  await fc.assert(
    fc.asyncProperty(word, value, value, async (name, left, right) => {
      await leads(name.replace(/[^\w@#/.*-]/g, ''), 'api/a.ts', {
        'tsconfig.json': JSON.stringify({ extends: left, compilerOptions: { baseUrl: right, paths: left } }),
        'api/package.json': JSON.stringify({
          name: '@acme/db',
          exports: left,
          imports: right,
          main: right,
          dependencies: left,
        }),
        'dist/index.js': code,
      });
    }),
    { numRuns: 40 },
  );
});
