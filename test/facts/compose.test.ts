/** Knows what the compose model must understand: merging, variables, builds and healthchecks. */
import { describe, expect, test } from '@jest/globals';
import { type ComposeService, compose, keyValues, linkCompose } from '../../src/facts/compose.ts';
import { at, booleanOf } from '../../src/facts/yaml.ts';
import { factsOfFiles } from '../facts-of.ts';

const services = async (files: Record<string, string>): Promise<readonly ComposeService[]> =>
  (await factsOfFiles([compose], files)).linked(linkCompose);
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
  ])('%s', async (path, text, expected) => {
    expect(compose.accepts(path) && compose.recognises!(path, text)).toBe(expected);
  });

  test('a list of services is another format', async () => {
    expect(await services({ 'ci.yml': 'services:\n  - image: x\n' })).toEqual([]);
  });
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
