/** Knows which applications answer machines alone: no page, no file, no cookie and no documentation for browsers. */
import { constants } from '../program/flow.ts';
import { argument, type FunctionSite, type Program, type Unit } from '../program/link.ts';
import { chainOf, handlersOf, type Web } from '../web.ts';
import type { WebObject } from './model.ts';

/** Frameworks that send JSON or plain text, errors included, unless they are told otherwise. */
const plain = new Set(['aiohttp', 'starlette', 'fastapi']);

/** Calls that answer with a page or a file, or that write a cookie. */
const browsing =
  /(?:^|[._])(?:render_template|render_string|render_to_response|TemplateResponse|HTMLResponse|FileResponse|StaticFiles|Jinja2Templates|add_static|set_cookie|SessionMiddleware)(?:_string|_async)?(?:\(\))?$|^aiohttp\.web\.static$|^aiohttp_(?:jinja2|session)\./;
const markup = /<!doctype|<(?:html|body|head|h[1-6]|div|form|script|table)\b|^text\/html|\.html?$/i;

/** Does the application, as far as its handlers are known, answer nothing that a browser shows or keeps? */
export function answersMachines(web: Web, object: WebObject): boolean {
  const { program } = web;
  if (!plain.has(object.framework) || !object.site) return false;
  if (object.framework === 'fastapi' && hasDocumentation(program, object)) return false;
  const routes = web.routes.filter((route) =>
    route.owners.some((owner) => chainOf(owner).some((one) => one.object === object)),
  );
  const handlers = routes.flatMap((route) => handlersOf(web, route));
  if (routes.length === 0 && object.framework !== 'aiohttp') return false;
  if (routes.some((route) => handlersOf(web, route).length === 0)) return false;
  // What the file of the application mounts beside its routes counts as well.
  const own = callsOf(object.site.unit, () => true);
  return !shows(program, object.site.unit, own) && !handlers.some((one) => showsIn(program, one, 0, new Set()));
}

/** FastAPI shows its documentation as a page unless told otherwise. */
function hasDocumentation(program: Program, { site }: WebObject): boolean {
  const isOff = (name: string) => {
    const given = argument(site!.call, 99, name);
    return given !== undefined && constants(program, site!.unit, given.value)?.every((one) => !one) === true;
  };
  return !isOff('openapi_url') && !(isOff('docs_url') && isOff('redoc_url'));
}

function showsIn(
  program: Program,
  { unit, id, function: model }: FunctionSite,
  depth: number,
  seen: Set<unknown>,
): boolean {
  if (depth > 2 || seen.has(model)) return false;
  seen.add(model);
  const calls = callsOf(unit, (owner) => owner === id);
  if (shows(program, unit, calls)) return true;
  if (model.returns.some((one) => one.value && isMarkup(program, unit, one.value.value))) return true;
  return calls.some((call) =>
    program.targets(program.call(unit, call)).some((one) => showsIn(program, one, depth + 1, seen)),
  );
}

function callsOf(unit: Unit, wanted: (owner: number) => boolean): readonly number[] {
  return unit.module.calls.flatMap((call, id) => (wanted(call.function) ? [id] : []));
}

/** Does one of the calls answer with a page or a file, or write a cookie? */
function shows(program: Program, unit: Unit, calls: readonly number[]): boolean {
  return calls.some((id) => {
    const { call, names } = program.call(unit, id);
    return (
      browsing.test(call.callee.name ?? '') ||
      names.some((name) => browsing.test(name)) ||
      call.args.some(
        (arg) =>
          browsing.test(arg.name ?? '') ||
          ((/Response$/.test(call.callee.name ?? '') || arg.keyword !== undefined) &&
            isMarkup(program, unit, arg.value)),
      )
    );
  });
}

function isMarkup(program: Program, unit: Unit, ref: number): boolean {
  const value = unit.module.values[ref]!;
  if (value.kind === 'concat') return value.parts.some((part) => isMarkup(program, unit, part));
  return constants(program, unit, ref)?.some((one) => typeof one === 'string' && markup.test(one)) ?? false;
}
