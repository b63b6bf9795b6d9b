/** Knows when a credential leaves the program in an answer, a log line, a token or an address. */
import { defineCheck, fail, type Message, type Options, pass, type Subject } from '../check.ts';
import { credential, holdsPassword, rowIn, type Shown, shownBy } from '../facts/program/answers.ts';
import { browserSecrets } from '../facts/program/browser-env.ts';
import { chosenFields } from '../facts/program/chosen-fields.ts';
import type { SchemaFile } from '../facts/program/entities.ts';
import { isRoute, origins } from '../facts/program/flow.ts';
import { keysOf, leaks } from '../facts/program/leaks.ts';
import { argument, type CallSite, linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import { isLog, isMade, masking, namesSecret } from '../facts/program/logs.ts';
import type { ClassModel, FunctionModel, Operand, Ref } from '../facts/program/model.ts';
import { secretKind } from '../facts/program/secrets.ts';
import type { Span } from '../facts/span.ts';
import { answeringFunctions } from '../facts/web/answers.ts';
import { linkWeb, webWords } from '../facts/web.ts';

const words =
  'password passwd Password api_key apiKey apikey API_KEY secret Secret SECRET token Token TOKEN otp login environ __dict__ jwt ModelSerializer'.split(
    ' ',
  );

const answered: Message = {
  what: '{name} goes into the answer of {function}.',
  why: 'An answer is read by more than its caller: caches, proxies, support staff, and whoever guesses another id.',
  fix: 'Leave the field out, or answer with a prefix or a boolean.',
  aspect: 'response',
};

export const apiKeyExposure = defineCheck({
  id: 'api-key-exposure',
  needs: { program: [...words, ...webWords] },
  evidence: { prisma: true },
  messages: {
    answered,
    model: { ...answered, what: 'The answer of {function} is made by {model}, which has the field {name}.' },
    serializer: {
      ...answered,
      what: 'The serializer {model} gives out {name}.',
      fix: 'Name the fields to give out, and mark the others `write_only`.',
    },
    chosen: {
      what: 'The request chooses which attribute of {name} is read.',
      why: 'Nothing keeps a caller from asking for the password hash, or for an attribute of the class itself.',
      fix: 'Compare the name with a list of the fields that may be shown.',
      aspect: 'response',
    },
    browser: {
      what: 'The variable {name} is written into the code for the browser.',
      why: 'The prefix of its name makes the build tool put the value into files that every visitor loads.',
      fix: 'Read it on the server under a name without the prefix, call it from there, and replace the value.',
      aspect: 'response',
    },
    dump: {
      ...answered,
      severity: 'critical',
      what: '{function} answers with {name}, credentials included.',
      fix: 'Answer with the few values that are meant, by name.',
    },
    logged: {
      what: '{name} is written to the log.',
      why: 'Logs are kept for years, copied to other systems and read by many people; a credential in them has to be treated as published.',
      fix: 'Log an id or a prefix, and add a filter that masks credentials.',
      aspect: 'log',
    },
    token: {
      what: '{name} is put into a signed token.',
      why: 'A JWT is signed, not encrypted: everybody who holds it reads its content.',
      fix: 'Put only an id and the expiry into the token.',
      aspect: 'response',
    },
    address: {
      what: '{name} becomes part of an address the browser is sent to.',
      why: 'Addresses end up in histories, access logs and Referer headers.',
      fix: 'Send it in a header or a body, or use a one-time code that is exchanged.',
      aspect: 'response',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const subjects: Subject[] = [];
    const masks = masking(program);
    const answers = options.answers as readonly string[];
    const schemas = facts.of('prisma');
    for (const site of program.allCalls())
      subjects.push(...logged(program, options, site, masks), ...carried(program, options, site, schemas));
    for (const { name, place } of chosenFields(program))
      subjects.push(fail('chosen fields', { message: 'chosen', data: { name }, place, confidence: 'medium' }));
    for (const { site, label, returns, typed } of answeringFunctions(facts.linked(linkWeb))) {
      const model = returns ? site.function : { ...site.function, returns: [] };
      // A resolver's answer holds the fields that its type names.
      const shown = shownBy(program, site.unit, site.id, model, answers, typed ? undefined : schemas);
      subjects.push(...route(program, options, site.unit, model, label, shown));
    }
    for (const unit of program.units) {
      for (const [id, model] of unit.module.functions.entries())
        if (isRoute(model, unit)) {
          const shown = shownBy(program, unit, id, model, answers, schemas);
          subjects.push(...route(program, options, unit, model, model.name, shown));
        }
      subjects.push(...serializers(program, unit));
      for (const { name, span } of browserSecrets(unit)) {
        const place = { path: unit.path, span };
        subjects.push(fail(name, { message: 'browser', data: { name }, place, confidence: 'high' }));
      }
    }
    return {
      subjects,
      lookedFor: 'log calls, answers of routes, serializers, response models and signed tokens with credentials',
    };
  },
});

/** A credential that was made a moment ago is shown to its owner once. */
function isFresh(program: Program, options: Options, unit: Unit, ref: Ref): boolean {
  const makers = options.makers as readonly string[];
  return origins(program, unit, ref, { callers: false }).some(
    (one) =>
      one.kind === 'call' &&
      one.names.some((name) => makers.some((maker) => name === maker || name.startsWith(`${maker}.`))),
  );
}

function logged(program: Program, options: Options, site: CallSite, masks: (unit: Unit) => boolean): Subject[] {
  const { unit, call } = site;
  const isPrint = site.names.includes('print');
  if (!isPrint && !isLog(site, options.logMethods as readonly string[])) return [];
  const place = placeIn(unit, call);
  const found = call.args.flatMap((arg: Operand) => leaks(unit, arg.value, arg.name, arg.span));
  const leak = found[0] ?? body(program, options, site);
  if (!leak) return !isPrint && namesSecret(site) ? [pass('log call', place, 'names no credential value')] : [];
  // A command prints once what it was called for; a log keeps it.
  const made = call.args.some(
    (arg) => isFresh(program, options, unit, arg.value) || (isPrint && isMade(unit, arg.value)),
  );
  if (isPrint && made) return [pass('log call', place, 'a credential made here, shown once')];
  const token = leak.kind === 'token';
  const low = isPrint ? token : masks(unit);
  const confidence = low ? 'low' : token || made || (isPrint && leak.kind !== 'password') ? 'medium' : 'high';
  return [fail(leak.name, { message: 'logged', data: { name: leak.name }, place, confidence })];
}

/** The whole body of a request to log in. */
function body(program: Program, options: Options, { unit, call }: CallSite) {
  const inside = unit.module.functions[call.function];
  if (!inside || !/login|log_in|signin|sign_in|password|register|signup/i.test(inside.name)) return undefined;
  const arg = call.args.find((one) =>
    program.names(unit, one.value).some((name) => (options.bodies as readonly string[]).includes(name)),
  );
  return arg && { name: 'the body of the request', kind: 'password' as const, span: arg.span };
}

/** Signed tokens and redirections. */
function carried(program: Program, options: Options, site: CallSite, schemas: readonly SchemaFile[]): Subject[] {
  const { unit, call, names } = site;
  const signs = names.some((name) => (options.signers as readonly string[]).includes(name));
  const sends = names.some((name) => (options.redirects as readonly string[]).includes(name));
  const first = signs || sends ? argument(call, 0, 'payload', 'claims', 'url', 'location') : undefined;
  if (!first) return [];
  const found = leaks(unit, first.value, undefined, first.span).concat(signs ? keysOf(unit, first.value) : []);
  const leak = found.find((one) => (signs ? one.kind === 'password' || one.kind === 'secret' : true));
  const whole = isRecord(unit, first, options) ? first.name : rowIn(program, site, first, schemas);
  if (!leak && signs && whole !== undefined) {
    const data = { name: `Every field of ${whole}` };
    return [fail(`${names[0]}()`, { message: 'token', data, place: placeIn(unit, call), confidence: 'medium' })];
  }
  if (!leak) return [pass(`${names[0]}()`, placeIn(unit, call), 'carries no credential')];
  return [
    fail(leak.name, {
      message: signs ? 'token' : 'address',
      data: { name: leak.name },
      place: placeIn(unit, signs ? leak.span : call.span),
      confidence: 'high',
    }),
  ];
}

/** A whole account, as a query or a caller gave it. */
function isRecord(unit: Unit, { value, name }: Operand, options: Options): boolean {
  const { kind } = unit.module.values[value]!;
  return (kind === 'param' || kind === 'call') && (options.records as readonly string[]).includes(name ?? '');
}

function route(
  program: Program,
  options: Options,
  unit: Unit,
  model: FunctionModel,
  name: string,
  all: readonly Shown[],
): Subject[] {
  const place = placeIn(unit, model.nameSpan);
  const issues = new RegExp(String(options.issuers), 'i').test(`${name} ${model.name}`);
  // Nobody is given the hash of a password, not even the one who chose it.
  const shown = issues
    ? all.filter((one) => one.kind === 'object' && one.row && secretKind(one.field?.name) === 'password')
    : all;
  const bad = (message: string, span: Span, data: Record<string, string>, confidence: 'high' | 'medium') =>
    fail(name, { message, data: { function: name, ...data }, place: placeIn(unit, span), confidence });
  for (const one of shown) {
    if (one.kind === 'everything') return [bad('dump', one.span, { name: one.name }, one.sure ? 'high' : 'medium')];
    if (one.kind === 'object' && one.field) {
      const related = [{ ...one.field.place, text: 'the field stands here' }];
      const data = { function: name, model: one.model, name: one.field.name };
      const at = placeIn(unit, one.span);
      return [fail(name, { message: 'model', data, place: at, confidence: 'medium', related })];
    }
    if (one.kind === 'value' && (one.leak.kind === 'code' || !isFresh(program, options, unit, one.ref)))
      return [bad('answered', one.span, { name: one.leak.name }, 'high')];
  }
  return shown.length > 0 ? [pass(name, place, 'answers with no credential')] : [];
}

/** A GraphQL type: whoever asks for the field gets it. */
function type(unit: Unit, id: number, owner: ClassModel): Subject[] {
  const field = credential({ unit, id, class: owner });
  const place = placeIn(unit, field ?? owner.nameSpan);
  if (!field) return [pass(owner.name, place, 'gives out no credential')];
  const data = { model: owner.name, name: field.name };
  return [fail(owner.name, { message: 'serializer', data, place, confidence: 'high' })];
}

/** Serializers of Django REST framework that give out a password or everything. */
function serializers(program: Program, unit: Unit): Subject[] {
  const { classes, assignments, values } = unit.module;
  return classes.flatMap((owner, id) => {
    if (program.bases(unit, id).some((base) => /^graphene\..*ObjectType$/.test(base))) return type(unit, id, owner);
    if (!program.bases(unit, id).some((base) => /ModelSerializer$/.test(base))) return [];
    const meta = classes.find((one) => one.path === `${owner.path}.Meta`);
    const field = (name: string) =>
      meta?.fields.map((one) => assignments[one]!).find((one) => one.name === name)?.value;
    const fields = field('fields');
    const list = fields ? values[fields.value]! : undefined;
    const names = list?.kind === 'list' ? list.items.map((item) => values[item]!) : list ? [list] : [];
    const bad = names.find(
      (one) =>
        one.kind === 'const' &&
        (secretKind(String(one.value)) === 'password' ||
          (one.value === '__all__' && holdsPassword(program, unit, field('model')))),
    );
    const place = placeIn(unit, owner.nameSpan);
    if (!bad || field('extra_kwargs') || owner.fields.some((one) => secretKind(assignments[one]!.name) === 'password'))
      return [pass(owner.name, place, 'gives out no password')];
    const name = bad.kind === 'const' && bad.value !== '__all__' ? String(bad.value) : 'every column';
    const data = { model: owner.name, name };
    return [fail(owner.name, { message: 'serializer', data, place: placeIn(unit, fields!), confidence: 'medium' })];
  });
}
