/** Knows what a route takes from its callers and does with it: files, payment details, codes, or rows of a table alone. */
import { constants } from '../program/flow.ts';
import type { FunctionSite, Program, Unit } from '../program/link.ts';
import type { Ref } from '../program/model.ts';
import { wordsOf } from '../program/names.ts';
import { layersOf } from '../web.ts';
import { nameAt } from './guards.ts';
import { innerOf } from './headers.ts';
import type { Layer, Route } from './model.ts';

/** A handler, the functions inside it, and what they call of the repository, `hops` calls deep. */
export function bodiesOf(program: Program, handlers: readonly FunctionSite[], hops = 0): readonly FunctionSite[] {
  const all = new Map<unknown, FunctionSite>();
  let last = handlers;
  for (let hop = 0; hop <= hops && all.size < 64; hop++) {
    const fresh = last.flatMap((one) => [one, ...innerOf(one)]).filter((one) => !all.has(one.function));
    for (const one of fresh) all.set(one.function, one);
    last = fresh.flatMap(({ unit, id }) =>
      unit.module.calls.flatMap((call, at) => (call.function === id ? program.targets(program.call(unit, at)) : [])),
    );
  }
  return [...all.values()];
}

const parsers =
  /^(?:multer|koa-multer|@koa\/multer)\b.*\.(?:single|array|fields|any)(?:\(\))?$|^@nestjs\/platform-\w+\.(?:Any)?Files?(?:Fields)?Interceptor\b/;
const fileTypes = /(?:^|\.)UploadFile(?:\[\])?$/;
const fileReads = /^(?:flask|quart)\.request\.files\b/;

/** Does the route take files: a parser of uploads before it, a parameter for them, or a handler that reads them? */
export function takesFiles(program: Program, route: Route, handlers: readonly FunctionSite[]): boolean {
  if (route.layers.some((layer) => layer.names.some((name) => parsers.test(name)))) return true;
  return handlers.some(({ unit, function: model }) => {
    const decorated = model.decorators.some((one) => argumentsOf(program, unit, one.value).some(isParser));
    if (decorated || model.params.some((one) => one.annotation && isFile(program, unit, one.annotation.value)))
      return true;
    return unit.module.values.some((value, ref) => {
      if (value.span.start < model.span.start || value.span.end > model.span.end) return false;
      const isNamed = (value.kind === 'attr' || value.kind === 'global') && /(?:^|\.)files$/.test(value.name);
      return isNamed && program.names(unit, ref).some((name) => fileReads.test(name));
    });
  });
  function isParser({ unit, ref }: { readonly unit: Unit; readonly ref: Ref }): boolean {
    return program.names(unit, ref).some((name) => parsers.test(name.replace(/\(\)$/, '')));
  }
}

/** `UploadFile`, `list[UploadFile]`, `UploadFile | None`, `Annotated[UploadFile, File()]`. */
function isFile(program: Program, unit: Unit, ref: Ref, depth = 0): boolean {
  if (depth > 4) return false;
  if (program.names(unit, ref).some((name) => fileTypes.test(name))) return true;
  const value = unit.module.values[ref]!;
  const parts =
    value.kind === 'item'
      ? [value.key]
      : value.kind === 'list'
        ? value.items
        : value.kind === 'operation' || value.kind === 'either'
          ? value.of
          : [];
  return parts.some((part) => isFile(program, unit, part, depth + 1));
}

function argumentsOf(program: Program, unit: Unit, ref: Ref): readonly { readonly unit: Unit; readonly ref: Ref }[] {
  const value = unit.module.values[ref]!;
  return value.kind === 'call' ? program.call(unit, value.call).call.args.map((arg) => ({ unit, ref: arg.value })) : [];
}

/** Does the handler read one of these fields (lists of words) of a request? */
export function readsFields(handlers: readonly FunctionSite[], fields: readonly string[]): boolean {
  const wanted = new Set(fields);
  return handlers.some(({ unit, function: model }) =>
    unit.module.values.some((value) => {
      if (value.kind !== 'attr' && value.kind !== 'item') return false;
      if (value.span.start < model.span.start || value.span.end > model.span.end) return false;
      const name = value.kind === 'attr' ? value.name : textAt(unit, value.key);
      return (
        wanted.has(wordsOf(name).join(' ')) &&
        /body|data|form|json|payload|params|query|args|^GET$|req$|request/i.test(nameOf(unit, value.of))
      );
    }),
  );
}

function textAt(unit: Unit, ref: Ref): string {
  const value = unit.module.values[ref]!;
  return value.kind === 'const' ? String(value.value) : '';
}

/** The last word of a value's name, whatever it is. */
export function nameOf(unit: Unit, ref: Ref): string {
  const value = unit.module.values[ref]!;
  if (value.kind === 'attr') return value.name;
  if (value.kind === 'item') return textAt(unit, value.key);
  if (value.kind === 'param') return unit.module.functions[value.function]!.params[value.index]?.name ?? '';
  return nameAt(unit, ref);
}

const rows =
  /^(?:query|filter|filter_by|first|one|one_or_none|all|get|add|commit|refresh|flush|rollback|order_by|scalars?|execute|select|where|join|isoformat|now|utcnow|Depends|str|int|len|bool|float|dict|list|debug|info|warning|error|\w*(?:Exception|Error))$/;

/** Does the handler only read and write rows? Whatever it is called, that costs next to nothing. */
export function isBookkeeping(handler: FunctionSite): boolean {
  const { unit, id } = handler;
  const own = unit.module.calls.filter((call) => call.function === id);
  return (
    own.length > 0 && own.every((call) => rows.test((call.callee.name ?? '').split('.').at(-1)!.replace(/\(\)$/, '')))
  );
}

/** Is the caller asked who he is, as far as names of what stands in front tell? */
export function hasLogin(route: Route): boolean {
  return wordsBefore(route, []).some((word) =>
    /^(?:auth|authenticated|user|login|jwt|permissions?|session|identity)$/.test(word),
  );
}

/** Do only administrators get to the route, as far as names of what stands in front tell? */
export function isForAdmins(route: Route, handlers: readonly FunctionSite[]): boolean {
  return wordsBefore(route, handlers).some((word) => /^(?:admins?|administrators?|superusers?)$/.test(word));
}

/** Words of guards, decorators and what they are given. */
function wordsBefore(route: Route, handlers: readonly FunctionSite[]): readonly string[] {
  const named = layersOf(route).flatMap((layer: Layer) => [
    nameAt(layer.node.unit, layer.node.ref),
    ...layer.names,
    ...(layer.site?.call.args.map((arg) => arg.name ?? '') ?? []),
  ]);
  const marked = handlers.flatMap(({ unit, function: model }) =>
    model.decorators.flatMap((one) => {
      const value = unit.module.values[one.value]!;
      const given = value.kind === 'call' ? unit.module.calls[value.call]!.args : [];
      return [one.name ?? '', ...given.map((arg) => arg.name ?? textAt(unit, arg.value))];
    }),
  );
  return [...named, ...marked].flatMap((name) => wordsOf(name));
}

const codes = /code|otp|token|pin|pass|secret|answer|digits|response|key|email|phone|user/i;

/** Is everything known that the handlers take, and none of it a code that could be guessed? */
export function takesNoCode(program: Program, handlers: readonly FunctionSite[]): boolean {
  const fields = givenFields(program, handlers);
  const params = handlers.flatMap(({ function: model }) => model.params.map((one) => one.name));
  return (
    fields.length > 0 && ![...fields, ...params.filter((name) => !/user/i.test(name))].some((name) => codes.test(name))
  );
}

/** Does the route take what another service signed, with names at most? Such a token cannot be guessed. */
export function takesSignedToken(program: Program, handlers: readonly FunctionSite[]): boolean {
  const fields = givenFields(program, handlers).map((name) => wordsOf(name).join(' '));
  const isToken = (field: string) => /^(?:id|access|identity|provider) token$/.test(field);
  return fields.some(isToken) && fields.every((field) => isToken(field) || /(?:^| )name$|^nonce$|^locale$/.test(field));
}

function givenFields(program: Program, handlers: readonly FunctionSite[]): readonly string[] {
  return handlers.flatMap(({ unit, function: model }) =>
    model.params.flatMap((one) => (one.annotation ? fieldsOf(program, unit, one.annotation.value, 0) : [])),
  );
}

/** Names of the fields of a class of the repository, with those of its bases. */
function fieldsOf(program: Program, unit: Unit, ref: Ref, depth: number): readonly string[] {
  if (depth > 3) return [];
  return program.meanings(unit, ref).flatMap((one) => {
    if (one.kind !== 'class') return [];
    const { module } = one.unit;
    const model = module.classes[one.class]!;
    const own = model.fields.map((at) => module.assignments[at]!.name);
    return [...own, ...model.bases.flatMap((base) => fieldsOf(program, one.unit, base.value, depth + 1))];
  });
}

const exchanges =
  /oauth\w*(?:\(\))?\.(?:token|exchange\w*|getToken|get_token)$|create_token_response$|exchange_?code|authorize_access_token$/i;

/** Does the handler hand a one-time code to a library of OAuth, which answers with a token? */
export function exchangesCode(program: Program, handlers: readonly FunctionSite[]): boolean {
  const isPassword = (text: unknown) => text === 'password' || text === 'client_credentials';
  return handlers.some(({ unit, id }) => {
    const calls = unit.module.calls.filter((call) => call.function === id);
    if (!calls.some((call) => exchanges.test(call.callee.name ?? ''))) return false;
    return !calls.some((call) => call.args.some((arg) => constants(program, unit, arg.value)?.some(isPassword)));
  });
}
