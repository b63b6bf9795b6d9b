/** Knows how code in JavaScript turns a request away: a status, an error handed on, a guard that says no. */
import { constants } from '../program/flow.ts';
import type { FunctionSite, Program, Unit } from '../program/link.ts';
import type { GuardId, Operand, Ref } from '../program/model.ts';

/** Where a function turns somebody away, and under which condition. */
export interface Refusal {
  readonly start: number;
  readonly guard: GuardId;
  /** A value that lets pass when it is true. */
  readonly test?: Ref;
}

const statusCalls =
  /(?:^|\.)(?:status|sendStatus|code|throw|writeHead|json|send|text|body|createError|httpErrors?|error|Response|NextResponse|HttpException|HttpError|HTTPException|GraphQLError|ApolloError|Boom|boomify)$/;
const refusing =
  /unauthori[sz]ed|forbidden|unauthenticated|notauthenticated|accessdenied|notallowed|permissiondenied|notpermitted|authenticationfailed|authenticationerror|authorizationerror|invalidtoken|operation_forbidden|insufficientpermission/i;
const texts =
  /unauthori[sz]ed|forbidden|unauthenticated|not (?:logged|authenticated|authorized|authorised|allowed|permitted)|log ?in (?:first|required)|login required|must be (?:logged|signed|an? admin)|access denied|permission|no access|invalid (?:token|api key|credentials)|admins? only|not an? admin/i;

/** Refusals that a function writes itself, in files of JavaScript and TypeScript. */
export function refusalsIn(program: Program, site: FunctionSite): readonly Refusal[] {
  const { unit, id, function: model } = site;
  const { module } = unit;
  if (module.language === 'python') return [];
  const found: Refusal[] = [];
  for (const [callId, call] of module.calls.entries()) {
    if (call.function !== id) continue;
    const name = call.callee.name ?? '';
    const { names } = program.call(unit, callId);
    if (
      (statusCalls.test(name) && call.args.some((arg) => isDenial(program, unit, arg))) ||
      (/(?:^|\.)(?:next|done|callback|cb|reject)$/.test(name) &&
        handsOnError(program, unit, call.args[0], call.guard)) ||
      [name, ...names].some((one) => refusing.test(last(one)))
    )
      found.push({ start: call.span.start, guard: call.guard });
  }
  for (const one of module.assignments) {
    if (one.function !== id || !/^status(?:Code)?$/.test(one.name) || one.target !== 'attr' || !one.value) continue;
    if (isDenial(program, unit, one.value)) found.push({ start: one.span.start, guard: one.guard });
  }
  for (const raise of module.raises) {
    if (raise.function !== id || !raise.value) continue;
    if (saysNo(program, unit, raise.value)) found.push({ start: raise.span.start, guard: raise.guard });
  }
  if (model.name === 'canActivate' || model.name === 'canAccess') found.push(...answersNo(program, site));
  return found;
}

function last(name: string): string {
  return name.replace(/\(\)$/, '').split('.').at(-1)!;
}

/** Status 401 or 403, as a number, a named constant or `{ status: 401 }`. */
function isDenial(program: Program, unit: Unit, operand: Operand): boolean {
  const known = constants(program, unit, operand.value);
  if (known?.some((one) => one === 401 || one === 403 || (typeof one === 'string' && texts.test(one)))) return true;
  if (/(?:^|[._])(?:UNAUTHORIZED|FORBIDDEN|Unauthorized|Forbidden)$/.test(operand.name ?? '')) return true;
  const value = unit.module.values[operand.value]!;
  if (value.kind !== 'dict') return false;
  return value.entries.some(([, ref]) => {
    const inner = unit.module.values[ref]!;
    const name = 'name' in inner ? inner.name : undefined;
    const operandOf = { value: ref, span: inner.span, ...(name ? { name } : {}) };
    return inner.kind !== 'dict' ? isDenial(program, unit, operandOf) : isDenial(program, unit, operandOf);
  });
}

/** `next(error)` with an error that is made here, not one that was caught. */
function handsOnError(program: Program, unit: Unit, operand: Operand | undefined, guard: GuardId): boolean {
  if (!operand) return false;
  for (let at = guard; at >= 0; at = unit.module.guards[at]!.parent)
    if (unit.module.guards[at]!.kind === 'except') return false;
  return saysNo(program, unit, operand);
}

/** An error whose class, status or text speaks of access. */
function saysNo(program: Program, unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (refusing.test(operand.name ?? '')) return true;
  if (value.kind === 'const') return typeof value.value === 'string' && texts.test(value.value);
  if (value.kind !== 'call') return false;
  const { call, names } = program.call(unit, value.call);
  if (names.some((name) => refusing.test(name)) || refusing.test(call.callee.name ?? '')) return true;
  return call.args.some((arg) => refusing.test(arg.name ?? '') || isDenial(program, unit, arg));
}

/** A guard that answers false, or the outcome of a comparison. */
function answersNo(program: Program, { unit, function: model }: FunctionSite): readonly Refusal[] {
  return model.returns.flatMap((one): Refusal[] => {
    if (!one.value) return [];
    const known = constants(program, unit, one.value.value);
    if (known?.every((value) => value === true)) return [];
    const at = { start: one.span.start, guard: one.guard };
    return [known ? at : { ...at, test: one.value.value }];
  });
}

/** A part of the request as its sender wrote it: `req.headers['x-role']`, `request.query.admin`, `req.get('x-role')`. */
export function isClaimed(unit: Unit, ref: Ref): boolean {
  const { calls, functions, values } = unit.module;
  if (unit.module.language === 'python') return false;
  const isRequest = (at: Ref): boolean => {
    const value = values[at]!;
    if (value.kind === 'attr') return /^(?:req|request)$/.test(value.name);
    return value.kind === 'param' && /^(?:req|request|ctx)$/.test(functions[value.function]!.params[value.index]!.name);
  };
  const value = values[ref]!;
  if (value.kind === 'attr' || value.kind === 'item') {
    const part = values[value.of]!;
    return part.kind === 'attr' && /^(?:headers|query|body|cookies)$/.test(part.name) && isRequest(part.of);
  }
  if (value.kind !== 'call') return false;
  const callee = values[calls[value.call]!.callee.value]!;
  return callee.kind === 'attr' && /^(?:get|header|query)$/.test(callee.name) && isRequest(callee.of);
}
