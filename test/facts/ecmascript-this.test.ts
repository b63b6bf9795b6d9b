/** Knows what `this` is in classes, however they are written, and in object literals. */
import { describe, expect, test } from '@jest/globals';
import { ecmascript } from '../../src/facts/program/ecmascript.ts';
import { constants, origins } from '../../src/facts/program/flow.ts';
import { linkProgram, type Program } from '../../src/facts/program/link.ts';
import { factsOfFiles } from '../facts-of.ts';

const linked = async (files: Record<string, string>): Promise<Program> =>
  linkProgram(await factsOfFiles([ecmascript], files));

/** Paths of the functions that calls of this written name reach. */
async function reached(name: string, files: Record<string, string>): Promise<readonly string[]> {
  const program = await linked(files);
  return program
    .allCalls()
    .flatMap((site) => (site.call.callee.name === name ? program.targets(site).map((one) => one.function.path) : []));
}

const service = 'function Service(db) { this.db = db; }\n';
const run = 'Service.prototype.run = function (x) { return this.db.query(x); };\n';

describe('classes that are functions', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['prototypes', 's.run', `${service}${run}const s = new Service();\ns.run(1);\n`, ['Service.run']],
    ['used before they are written', 's.run', `const s = new Service();\ns.run(1);\n${service}${run}`, ['Service.run']],
    [
      'in variables',
      's.run',
      `const Service = function (db) {};\n${run}new Service().run();\nconst s = new Service();\ns.run(1);\n`,
      ['Service.run'],
    ],
    [
      'exported on the way',
      's.run',
      `var Service = module.exports = function Service(db) {};\n${run}const s = new Service();\ns.run(1);\n`,
      ['Service.run'],
    ],
    [
      'whole prototypes',
      's.run',
      `${service}Service.prototype = { constructor: Service, run() {}, stop: function () {} };\nconst s = new Service();\ns.run(1);\n`,
      ['Service.run'],
    ],
    [
      'copied prototypes',
      's.run',
      `${service}Object.assign(Service.prototype, { run() {} });\nconst s = new Service();\ns.run(1);\n`,
      ['Service.run'],
    ],
    [
      'two names',
      's.stop',
      `${service}Service.prototype.run = Service.prototype.stop = function () {};\nconst s = new Service();\ns.stop(1);\n`,
      ['Service.stop'],
    ],
    [
      'other methods',
      'this.check',
      `${service}${run}Service.prototype.check = function () {};\nService.prototype.go = function () { this.check(); };\n`,
      ['Service.check'],
    ],
    [
      'methods on this',
      'this.check',
      'function Service() {\n  this.check = function () {};\n  this.go = function () { this.check(); };\n}\n',
      ['Service.constructor.check'],
    ],
    [
      'methods on this under another name',
      'self.check',
      'function Service() {\n  var self = this;\n  self.check = function () {};\n  this.go = function () { self.check(); };\n}\n',
      ['Service.constructor.check'],
    ],
    [
      'static methods',
      'Service.create',
      `${service}${run}Service.create = function () { return new Service(1); };\nService.create();\n`,
      ['Service.create'],
    ],
    [
      'inherited ones',
      'this.log',
      `const util = require('util');\n${service}function Base() {}\nBase.prototype.log = function () {};\nutil.inherits(Service, Base);\nService.prototype.go = function () { this.log(); };\n`,
      ['Base.log'],
    ],
    [
      'inherited by creation',
      'this.log',
      `${service}function Base() {}\nBase.prototype.log = function () {};\nService.prototype = Object.create(Base.prototype);\nService.prototype.go = function () { this.log(); };\n`,
      ['Base.log'],
    ],
    ['constructors', 'Service', `${service}${run}new Service(1);\n`, ['Service.constructor']],
    [
      'inside of functions',
      's.run',
      `module.exports = function (db) {\n  ${service}  ${run}  const s = new Service(db);\n  s.run(1);\n};\n`,
      ['exports.Service.run'],
    ],
    ['no class', 'service', 'function service() { this.x = 1; }\nservice();\n', ['service']],
    ['no class without this', 'Service', 'function Service() { return 1; }\nService();\n', ['Service']],
  ])('%s', async (_, name, text, paths) => expect(await reached(name, { 'a.js': text })).toEqual(paths));

  test('across files', async () => {
    const files = {
      'service.js': `'use strict';\nconst { EventEmitter } = require('events');\nconst util = require('util');\nmodule.exports = Service;\n${service}util.inherits(Service, EventEmitter);\n${run}`,
      'a.js':
        "const Service = require('./service');\nconst s = new Service(make());\ns.run(req.query.x);\ns.on('x', y);\n",
    };
    expect(await reached('s.run', files)).toEqual(['Service.run']);
    const program = await linked(files);
    expect(program.calls(['events.EventEmitter().on'])).toHaveLength(1);
  });

  test('a value goes through a field', async () => {
    const program = await linked({
      'a.js': `function Users(key) { this.key = key; }\nUsers.prototype.sign = function () { use(this.key); };\nnew Users('v');\n`,
    });
    const unit = program.units[0]!;
    const used = unit.module.calls.find((one) => one.callee.name === 'use')!;
    expect(origins(program, unit, used.args[0]!.value)).toMatchObject([{ kind: 'const', value: 'v' }]);
  });
});

describe('object literals', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['methods', 'this.check', 'const o = { check() {}, go() { this.check(); } };\n', ['check']],
    [
      'functions',
      'this.check',
      'module.exports = { check: function () {}, go: function () { this.check(); } };\n',
      ['check'],
    ],
    ['arrows inside', 'this.check', 'const o = { check() {}, go() { list.map(() => this.check()); } };\n', ['check']],
    [
      'fields of classes',
      'this.db.find',
      'class Db { find() {} }\nconst o = { db: new Db(), go() { this.db.find(); } };\n',
      ['Db.find'],
    ],
    [
      'fields that are set later',
      'this.db.find',
      'class Db { find() {} }\nconst o = { open() { this.db = new Db(); }, go() { this.db.find(); } };\n',
      ['Db.find'],
    ],
    [
      'functions inside have their own',
      'this.check',
      'const o = { check() {}, go() { list.map(function () { this.check(); }); } };\n',
      [],
    ],
    ['arrows have that of their surroundings', 'this.check', 'const o = { check() {}, go: () => this.check() };\n', []],
  ])('%s', async (_, name, text, paths) => expect(await reached(name, { 'a.js': text })).toEqual(paths));

  test('what changes is not folded', async () => {
    const program = await linked({
      'a.js': 'const o = { on: false, start() { this.on = true; }, go() { if (this.on) run(); } };\n',
    });
    const unit = program.units[0]!;
    const call = unit.module.calls.find((one) => one.callee.name === 'run')!;
    expect(call.guard).toBeGreaterThanOrEqual(0);
    const guard = unit.module.guards[call.guard]!;
    expect(guard.kind === 'if' && constants(program, unit, guard.test)).toEqual([false, true]);
  });
});

describe('injected services', () => {
  const db = 'export class Db { find(x) { return x; } }\n';
  test.each<[string, string]>([
    ['properties of the constructor', 'class A { constructor(private readonly db: Db) {} go() { this.db.find(1); } }'],
    ['decorated ones', 'class A { constructor(@Inject(TOKEN) private readonly db: Db) {} go() { this.db.find(1); } }'],
    ['assigned ones', 'class A { private db: Db; constructor(db: Db) { this.db = db; } go() { this.db.find(1); } }'],
    ['fields', 'class A { @Inject() private readonly db: Db; go() { this.db.find(1); } }'],
    ['fields that may be missing', 'class A { private db?: Db; go() { this.db!.find(1); } }'],
    ['arrow functions', 'class A { constructor(private db: Db) {} go = async () => { await this.db.find(1); }; }'],
    ['inherited ones', 'class B { constructor(protected db: Db) {} }\nclass A extends B { go() { this.db.find(1); } }'],
  ])('%s', async (_, text) =>
    expect(await reached('this.db.find', { 'db.ts': db, 'a.ts': `import { Db } from './db';\n${text}\n` })).toEqual([
      'Db.find',
    ]),
  );
});

describe('scripts that wrap themselves', () => {
  test.each<[string, string]>([
    ['without parameters', '(function () {\n  var key = "v";\n  exports.key = key;\n})();\n'],
    ['with parameters', '(function (out) {\n  out.other = 1;\n  exports.key = "v";\n})(exports);\n'],
    ['called with this', '(function () {\n  module.exports = { key: "v" };\n}).call(this);\n'],
    ['another name of the exports', "'use strict';\nconst lib = module.exports;\nlib.key = 'v';\n"],
    ['another name of an exported object', "var lib = (module.exports = {});\nlib.key = 'v';\n"],
    ['as an arrow', '(() => {\n  exports.key = "v";\n})();\n'],
  ])('%s', async (_, text) => {
    const program = await linked({
      'a.js': text,
      'b.js': "const { key } = require('./a');\nmodule.exports.x = key;\n",
    });
    const unit = program.units[1]!;
    expect(constants(program, unit, unit.module.exports.x!)).toEqual(['v']);
  });
});
