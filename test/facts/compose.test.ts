/** Knows what the compose model must understand: merging, variables, builds and healthchecks. */
import { describe, expect, test } from '@jest/globals';
import { workflow } from '../../src/facts/ci/workflow.ts';
import { type ComposeService, compose, keyValues, linkCompose } from '../../src/facts/compose.ts';
import { dotenv } from '../../src/facts/dotenv.ts';
import { script } from '../../src/facts/script.ts';
import { at, booleanOf, entriesOf } from '../../src/facts/yaml.ts';
import { factsOfFiles } from '../facts-of.ts';

const services = async (files: Record<string, string>): Promise<readonly ComposeService[]> =>
  (await factsOfFiles([compose, dotenv, script, workflow], files)).linked(linkCompose);
const one = async (text: string) => (await services({ 'compose.yaml': text }))[0]!;

describe('which files', () => {
  test.each([
    ['docker-compose.yml', 'services:\n  a:\n    image: x\n', true],
    ['deploy/compose.prod.yaml', 'version: "3"\nservices: # all\n  a:\n    command: x\n', true],
    ['infra/stack.yml', 'services:\r\n  a:\r\n    image: x\r\n', true],
    ['infra/local.yml', 'services:\n  a:\n    build: .\n', true],
    ['infra/other.yml', 'services:\n  a:\n    port: 1\n', false],
    ['k8s/x.yaml', 'apiVersion: v1\nservices:\n  a:\n    image: x\n', false],
    ['.github/workflows/x.yml', 'services:\n  a:\n    image: x\n', false],
    ['charts/shop/values.yaml', 'services:\n  a:\n    image: x\n', false],
    ['charts/shop/values-prod.yaml', 'services:\n  a:\n    image: x\n', false],
  ])('%s', async (path, text, expected) => {
    expect(compose.accepts(path) && compose.recognises!(path, text)).toBe(expected);
  });

  test('a list of services is another format', async () => {
    expect(await services({ 'ci.yml': 'services:\n  - image: x\n' })).toEqual([]);
  });

  test.each([
    ['an application of KubeVela', 'name: shop\nservices:\n  web:\n    image: shop:1\n    port: 9000\n', 0],
    [
      'values of a chart',
      'services:\n  web:\n    image: shop\n    replicas: 2\n  db: {image: pg, memoryLimit: 1Gi}\n',
      0,
    ],
    ['what compose accepts', 'services:\n  web:\n    image: shop:1\n    x-note: a\n    <<: {gpus: all}\n', 1],
  ])('%s under any name', async (_, text, count) => {
    expect(await services({ 'deploy/shop.yaml': text })).toHaveLength(count);
  });
});

test('variables in the names of labels that stand in a list', async () => {
  const [web] = await services({
    'compose.yaml':
      'services:\n  web:\n    image: x\n    labels:\n      - proxy.${STACK?no stack}-web.port=80\n      - "proxy.${OTHER}.port=81"\n    environment:\n      ${STACK}: kept\n',
    '.env': 'STACK=shop\n',
  });
  expect(entriesOf(at(web!.body, 'labels')).map(({ key }) => key)).toEqual([
    'proxy.shop-web.port',
    'proxy.${OTHER}.port',
  ]);
  expect(entriesOf(at(web!.body, 'environment')).map(({ key }) => key)).toEqual(['${STACK}']);
});

describe('merging', () => {
  test('anchors and merge keys', async () => {
    const service = await one('x-base: &base\n  read_only: true\nservices:\n  a:\n    <<: *base\n    image: x\n');
    expect(booleanOf(at(service.body, 'read_only'))).toBe(true);
  });

  test('extends in the same file and in another one', async () => {
    const list = await services({
      'compose.yaml':
        'services:\n  a:\n    extends: b\n    image: x\n  b:\n    read_only: true\n    image: y\n  c:\n    extends:\n      file: common/base.yml\n      service: d\n',
      'common/base.yml': 'services:\n  d:\n    build: .\n    read_only: yes\n',
    });
    const byName = new Map(list.map((service) => [service.name, service]));
    expect(booleanOf(at(byName.get('a')!.body, 'read_only'))).toBe(true);
    expect(byName.get('a')!.image!.resolved).toBe('x');
    expect(byName.get('c')!.build).toMatchObject({ context: 'common', dockerfile: 'common/Dockerfile' });
    expect(at(byName.get('c')!.body, 'read_only')).toMatchObject({ path: 'common/base.yml' });
  });

  test('a loop of extends ends', async () => {
    expect(await services({ 'compose.yaml': 'services:\n  a:\n    extends: b\n  b:\n    extends: a\n' })).toHaveLength(
      2,
    );
  });

  test('an override file adds to the default file', async () => {
    const list = await services({
      'docker-compose.yml': 'services:\n  a:\n    image: x\n    ports: ["1"]\n    command: [a, b]\n',
      'docker-compose.override.yml':
        'services:\n  a:\n    read_only: true\n    ports: ["2"]\n    command: [c]\n  z:\n    image: w\n',
    });
    expect(list.map((service) => [service.path, service.name, service.overlays])).toEqual([
      ['docker-compose.override.yml', 'z', []],
      ['docker-compose.yml', 'a', ['docker-compose.override.yml']],
    ]);
    expect(at(list[1]!.body, 'ports')).toMatchObject({ items: [{ text: '1' }, { text: '2' }] });
    expect(at(list[1]!.body, 'command')).toMatchObject({ items: [{ text: 'c' }] });
    expect(at(list[1]!.body, 'read_only')).toMatchObject({ path: 'docker-compose.override.yml' });
  });

  test('a partial file for production is an overlay, a whole one is not', async () => {
    const list = await services({
      'compose.yaml': 'services:\n  a:\n    image: x\n',
      'compose.prod.yaml': 'services:\n  a:\n    deploy: {replicas: 2}\n',
      'compose.other.yaml': 'services:\n  a:\n    image: y\n',
    });
    expect(list.map((service) => [service.path, service.overlays])).toEqual([
      ['compose.other.yaml', []],
      ['compose.yaml', ['compose.prod.yaml']],
    ]);
  });

  test('!reset takes a key away', async () => {
    const list = await services({
      'compose.yaml': 'services:\n  a:\n    image: x\n    privileged: true\n',
      'compose.override.yaml': 'services:\n  a:\n    privileged: !reset null\n',
    });
    expect(at(list[0]!.body, 'privileged')).toBeUndefined();
  });
});

describe('services', () => {
  test.each([
    ['nginx:${TAG:-1.2}', 'nginx:1.2'],
    ['nginx:${TAG-1.2}', 'nginx:1.2'],
    ['nginx:${TAG}', undefined],
    ['${IMAGE:?required}', undefined],
    ['a:$$b', 'a:$b'],
  ])('image %s is %s', async (image, expected) => {
    const { image: read } = await one(`services:\n  a:\n    image: "${image}"\n`);
    expect(read!.resolved).toBe(expected);
  });

  test.each([
    ['build: ./app', { context: 'app', dockerfile: 'app/Dockerfile' }],
    [
      'build: {context: ., dockerfile: docker/api.Dockerfile, target: prod}',
      { dockerfile: 'docker/api.Dockerfile', target: 'prod' },
    ],
    ['build: {context: ..}', {}],
    ['build: {context: "https://example.org/x.git#main"}', {}],
    ['build: {context: app, dockerfile_inline: "FROM x"}', { context: 'app' }],
  ])('%s', async (build, expected) => {
    const service = await one(`services:\n  a:\n    ${build}\n`);
    expect(service.build).toMatchObject(expected);
    if (!('dockerfile' in expected)) expect(service.build!.dockerfile).toBeUndefined();
  });

  test.each([
    ['healthcheck: {test: ["CMD", "curl", "x"]}', { disabled: false, test: ['CMD', 'curl', 'x'] }],
    ['healthcheck: {test: curl x}', { disabled: false, test: ['CMD-SHELL', 'curl x'] }],
    ['healthcheck: {disable: true}', { disabled: true }],
    ['healthcheck: {test: ["NONE"]}', { disabled: true }],
    ['healthcheck: {interval: 5s}', { disabled: false, test: [] }],
  ])('%s', async (line, expected) => {
    expect((await one(`services:\n  a:\n    image: x\n    ${line}\n`)).healthcheck).toMatchObject(expected);
  });

  test('environment as map and as list', async () => {
    const service = await one('services:\n  a:\n    image: x\n    environment: {A: 1, B: "${C:-d}", E: }\n');
    expect(keyValues(at(service.body, 'environment')).map(({ key, value }) => [key, value?.resolved])).toEqual([
      ['A', '1'],
      ['B', 'd'],
      ['E', undefined],
    ]);
    const list = await one('services:\n  a:\n    image: x\n    environment: ["A=b=c", D]\n');
    expect(keyValues(at(list.body, 'environment')).map(({ key, value }) => [key, value?.resolved])).toEqual([
      ['A', 'b=c'],
      ['D', undefined],
    ]);
  });
});

describe('values of variables', () => {
  const IMAGE = 'services:\n  a:\n    image: "nginx:${TAG}"\n';
  const imageOf = async (files: Record<string, string>, name = 'a') =>
    (await services(files)).find((service) => service.name === name)!.image!;

  test.each<[string, Record<string, string>, string | undefined]>([
    ['nothing gives one', { 'compose.yaml': IMAGE }, undefined],
    ['.env beside the file', { 'compose.yaml': IMAGE, '.env': 'TAG=1.2\n' }, 'nginx:1.2'],
    ['.env of another folder', { 'compose.yaml': IMAGE, 'app/.env': 'TAG=1.2\n' }, undefined],
    ['.env at the root does not count further down', { 'x/compose.yaml': IMAGE, '.env': 'TAG=1.2\n' }, undefined],
    ['in quotes, with a comment', { 'compose.yaml': IMAGE, '.env': 'export TAG="1.2" # newest\n' }, 'nginx:1.2'],
    ['out of another one', { 'compose.yaml': IMAGE, '.env': 'V=1\nTAG=${V}.2\n' }, 'nginx:1.2'],
    ['not in single quotes', { 'compose.yaml': IMAGE, '.env': "V=1\nTAG='${V}.2'\n" }, 'nginx:${V}.2'],
    ['a template', { 'compose.yaml': IMAGE, '.env.example': 'TAG=1.2\n' }, undefined],
    ['an env_file of the service', { 'compose.yaml': `${IMAGE}    env_file: a.env\n`, 'a.env': 'TAG=1\n' }, undefined],
    [
      '--env-file of a script',
      {
        'compose.yaml': IMAGE,
        '.env': 'TAG=1\n',
        '.env.prod': 'TAG=2\n',
        'up.sh': 'docker compose --env-file .env.prod up -d\n',
      },
      'nginx:2',
    ],
    [
      'the last of several --env-file',
      {
        'compose.yaml': IMAGE,
        'a.env': 'TAG=1\n',
        'b.env': 'TAG=2\n',
        Makefile: 'up:\n\tdocker-compose --env-file a.env --env-file=b.env up -d\n',
      },
      'nginx:2',
    ],
    [
      'what the script sets in front',
      { 'compose.yaml': IMAGE, '.env': 'TAG=1\n', 'deploy.sh': 'TAG=3 docker compose up -d\n' },
      'nginx:3',
    ],
    [
      'what the script exports',
      { 'compose.yaml': IMAGE, '.env': 'TAG=1\n', 'deploy.sh': 'export TAG=4\ndocker compose up -d\n' },
      'nginx:4',
    ],
    [
      'what the script keeps to itself',
      { 'compose.yaml': IMAGE, '.env': 'TAG=1\n', 'deploy.sh': 'TAG=4\ndocker compose up -d\n' },
      'nginx:1',
    ],
    [
      'what only the run of the script knows',
      { 'compose.yaml': IMAGE, '.env': 'TAG=1\n', 'deploy.sh': 'TAG=$(git describe) docker compose up -d\n' },
      undefined,
    ],
    [
      'a script for another file',
      {
        'compose.yaml': IMAGE,
        '.env': 'TAG=1\n',
        'x/compose.yaml': IMAGE,
        'x/up.sh': 'TAG=5 docker compose -f x/compose.yaml up\n',
      },
      'nginx:1',
    ],
    [
      'CI says nothing about what is deployed',
      {
        'compose.yaml': IMAGE,
        '.env': 'TAG=1\n',
        '.github/workflows/ci.yml': 'on: push\njobs:\n  a:\n    steps:\n      - run: TAG=ci docker compose up -d\n',
      },
      'nginx:1',
    ],
    [
      'the project directory',
      {
        'deploy/compose.yaml': IMAGE,
        '.env': 'TAG=6\n',
        Makefile: 'up:\n\tdocker compose --project-directory . -f deploy/compose.yaml up\n',
      },
      'nginx:6',
    ],
    [
      'docker stack deploy reads no .env file',
      { 'compose.yaml': IMAGE, '.env': 'TAG=6\n', 'up.sh': 'docker stack deploy -c compose.yaml shop\n' },
      undefined,
    ],
    [
      'a script that reads it itself',
      {
        'compose.yaml': IMAGE,
        'prod.env': 'TAG=7\n',
        'up.sh': 'set -a; . ./prod.env; set +a\ndocker stack deploy -c compose.yaml shop\n',
      },
      'nginx:7',
    ],
  ])('%s', async (_, files, expected) => {
    const image = await imageOf(files);
    expect(image.resolved).toBe(expected);
    expect(image.text).toBe('nginx:${TAG}');
  });

  test('say where they stand, or why there is none', async () => {
    const known = await imageOf({ 'compose.yaml': IMAGE, '.env': '# all\nTAG=1.2\n' });
    expect(known.origins).toEqual([{ name: 'TAG', path: '.env', span: { start: 6, end: 13 } }]);
    const text = { 'compose.yaml': IMAGE };
    expect((await imageOf(text)).unknown).toBe('the variable TAG has no value in the repository');
    expect((await imageOf({ ...text, 'env.sample': 'TAG=1\n' })).unknown).toBe(
      'the variable TAG has no value in the repository, only env.sample suggests one',
    );
    expect((await imageOf({ ...text, 'up.sh': 'TAG=$1 docker compose up\n' })).unknown).toBe(
      'up.sh sets the variable TAG when it runs',
    );
  });

  test('a default that is not taken is no origin', async () => {
    const image = await imageOf({
      'compose.yaml': 'services:\n  a:\n    image: "nginx:${TAG:-${OLD}}"\n',
      '.env': 'TAG=1\nOLD=2\n',
    });
    expect(image.origins.map(({ name }) => name)).toEqual(['TAG']);
  });

  test('of settings without "="', async () => {
    const [service] = await services({
      'compose.yaml': 'services:\n  a:\n    image: x\n    environment: [MODE, OTHER]\n    build: {args: {V: }}\n',
      '.env': 'MODE=fast\nV=3\n',
    });
    const values = keyValues(at(service!.body, 'environment'));
    expect(values.map(({ key, value }) => [key, value?.resolved])).toEqual([
      ['MODE', 'fast'],
      ['OTHER', undefined],
    ]);
    expect(service!.build!.args.get('V')).toBe('3');
  });

  test.each([
    ['"true"', '', true],
    ['${RO}', 'RO=true', true],
    ['${RO:-yes}', '', true],
    ['"${RO}"', 'RO=False', false],
    ['${RO}', '', undefined],
  ])('read_only: %s with %s', async (text, env, expected) => {
    const [service] = await services({
      'compose.yaml': `services:\n  a:\n    image: x\n    read_only: ${text}\n`,
      '.env': env,
    });
    expect(booleanOf(at(service!.body, 'read_only'))).toBe(expected);
  });
});

describe('files of one project', () => {
  const A = 'services:\n  a:\n    image: x:1\n    command: one\n';

  test('as a command line names them, wherever they are', async () => {
    const list = await services({
      'deploy/base.yml': A,
      'deploy/prod/stack.yml': 'services:\n  a:\n    image: x:2\n    build: ./src\n  b:\n    image: y\n',
      'scripts/up.sh': 'cd "$(dirname "$0")/.."\ndocker compose -f deploy/base.yml -f deploy/prod/stack.yml up -d\n',
    });
    expect(list.map(({ path, name, overlays, image }) => [path, name, overlays, image?.resolved])).toEqual([
      ['deploy/base.yml', 'a', ['deploy/prod/stack.yml'], 'x:2'],
      ['deploy/prod/stack.yml', 'b', [], 'y'],
    ]);
    // Relative to the folder of the first file.
    expect(list[0]!.build!.context).toBe('deploy/src');
  });

  test.each([
    ['an array', 'ARGS=(-f a.yml -f b.yml)\ndocker compose "${ARGS[@]}" up\n'],
    ['a variable', 'FILES="-f a.yml -f b.yml"\ndocker compose $FILES up\n'],
    ['the whole command', 'DC="docker-compose -f a.yml -f b.yml"\n$DC up -d\n'],
    ['COMPOSE_FILE', 'export COMPOSE_FILE=a.yml:b.yml\ndocker compose up\n'],
  ])('named by %s', async (_, script) => {
    const list = await services({
      'a.yml': A,
      'b.yml': 'services:\n  a:\n    image: x:2\n',
      'up.sh': `#!/bin/sh\n${script}`,
    });
    expect(list.map(({ path, image }) => [path, image?.resolved])).toEqual([['a.yml', 'x:2']]);
  });

  test.each([
    ['the folder of the script', 'cd "$(dirname "$0")"\ndocker compose -f base.yml -f more.yml up\n'],
    [
      'a path by the script',
      'HERE="$(cd "$(dirname "$0")" && pwd)"\ndocker compose -f "$HERE/base.yml" -f "$HERE/more.yml" up\n',
    ],
    ['a subshell', '(cd ops && docker compose -f base.yml -f more.yml up)\n'],
    ['a folder that only the machine knows', 'docker compose -f "$TARGET/base.yml" -f "${TARGET}/more.yml" up\n'],
    ['a function', 'dc() { docker compose -f base.yml -f more.yml "$@"; }\ncd ops\ndc up -d\n'],
    ['a file that is made later', 'cd ops; docker compose -f base.yml -f more.yml -f own.yml up\n'],
  ])('found from %s', async (_, script) => {
    const list = await services({
      'ops/base.yml': A,
      'ops/more.yml': 'services:\n  a:\n    image: x:2\n',
      'ops/up.sh': script,
    });
    expect(list.map(({ path, image }) => [path, image?.resolved])).toEqual([['ops/base.yml', 'x:2']]);
  });

  test('COMPOSE_FILE in .env', async () => {
    const list = await services({
      'a.yml': A,
      'b.yml': 'services:\n  a:\n    image: x:2\n',
      '.env': 'COMPOSE_FILE=a.yml:b.yml\n',
    });
    expect(list.map(({ path, image }) => [path, image?.resolved])).toEqual([['a.yml', 'x:2']]);
  });

  test('a file for developers changes nothing for the others, but its own images are there', async () => {
    const list = await services({
      'compose.yaml': A,
      'compose.dev.yaml': 'services:\n  a:\n    command: two\n  b:\n    image: y\n',
      'compose.local.yaml': 'services:\n  a:\n    image: x:dev\n  c:\n    restart: always\n',
      Makefile: 'dev:\n\tdocker compose -f compose.yaml -f compose.local.yaml up\n',
    });
    expect(list.map(({ path, name, image }) => [path, name, image?.resolved])).toEqual([
      ['compose.dev.yaml', 'b', 'y'],
      ['compose.local.yaml', 'a', 'x:dev'],
      ['compose.local.yaml', 'c', undefined],
      ['compose.yaml', 'a', 'x:1'],
    ]);
    expect(at(list[3]!.body, 'command')).toMatchObject({ text: 'one' });
    expect(at(list[1]!.body, 'command')).toMatchObject({ text: 'one', path: 'compose.yaml' });
  });

  test('include, with variables of its own and those of the including project first', async () => {
    const list = await services({
      'compose.yaml':
        'include:\n  - parts/db.yaml\n  - path: [parts/web.yaml, parts/compose.more.yaml]\n    env_file: web.env\n    project_directory: ./sub\nservices:\n  own:\n    image: z\n',
      '.env': 'TAG=root\n',
      'web.env': 'TAG=web\nMORE=m\n',
      'parts/.env': 'TAG=parts\nDB=15\n',
      'parts/db.yaml': 'services:\n  db:\n    image: "db:${DB}-${TAG}"\n',
      'parts/web.yaml': 'services:\n  web:\n    image: "web:${MORE}-${TAG}"\n    build: src\n',
      'parts/compose.more.yaml': 'services:\n  web:\n    read_only: true\n',
    });
    expect(list.map(({ path, name, image, build }) => [path, name, image?.resolved, build?.context])).toEqual([
      ['compose.yaml', 'own', 'z', undefined],
      ['parts/db.yaml', 'db', 'db:15-root', undefined],
      ['parts/web.yaml', 'web', 'web:m-root', 'sub/src'],
    ]);
    expect(list[2]!.overlays).toEqual(['parts/compose.more.yaml']);
  });

  test('files that include each other end', async () => {
    const list = await services({
      'compose.yaml': 'include: [b.yaml]\nservices:\n  a:\n    image: x\n',
      'b.yaml': 'include: [compose.yaml, b.yaml]\nservices:\n  b:\n    image: y\n',
      'other/compose.yaml': 'services:\n  c:\n    image: z\n',
    });
    expect(list.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('how definitions merge', () => {
  const merge = async (base: string, over: string) =>
    (
      await services({
        'compose.yaml': `services:\n  a:\n    image: x\n${base}`,
        'compose.override.yaml': `services:\n  a:\n${over}`,
      })
    )[0]!;

  test('environment of either form, by name', async () => {
    const { body } = await merge('    environment: [A=1, B=2]\n', '    environment: {B: 3, C: }\n');
    expect(keyValues(at(body, 'environment')).map(({ key, value, path }) => [key, value?.resolved, path])).toEqual([
      ['A', '1', undefined],
      ['B', '3', 'compose.override.yaml'],
      ['C', undefined, 'compose.override.yaml'],
    ]);
  });

  test('a build of either form', async () => {
    const { build } = await merge('    build: ./app\n', '    build: {target: prod, args: [V=1]}\n');
    expect(build).toMatchObject({ context: 'app', dockerfile: 'app/Dockerfile', target: 'prod' });
    expect(build!.args.get('V')).toBe('1');
  });

  test('an empty value changes nothing, except for a command', async () => {
    const { body } = await merge('    mem_limit: 1g\n    command: run\n', '    mem_limit:\n    command:\n');
    expect(at(body, 'mem_limit')).toMatchObject({ text: '1g' });
    expect(at(body, 'command')).toMatchObject({ value: null });
  });

  test('mounts of the same place stand once', async () => {
    const { body } = await merge('    volumes: ["a:/x", "b:/y"]\n', '    volumes: ["c:/x:ro"]\n');
    expect(at(body, 'volumes')).toMatchObject({ items: [{ text: 'c:/x:ro' }, { text: 'b:/y' }] });
  });

  test('!reset and !override', async () => {
    const { body } = await merge(
      '    ports: ["1"]\n    deploy: {resources: {limits: {memory: 1g}}, replicas: 2}\n',
      '    ports: !override ["2"]\n    deploy: {resources: {limits: {memory: !reset null}}}\n',
    );
    expect(at(body, 'ports')).toMatchObject({ items: [{ text: '2' }] });
    expect(at(body, 'deploy', 'resources', 'limits', 'memory')).toBeUndefined();
    expect(at(body, 'deploy', 'replicas')).toMatchObject({ text: '2' });
  });
});
