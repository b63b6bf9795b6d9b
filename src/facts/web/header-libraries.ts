/** Knows which headers a helper of a library sends, by what it sends unasked and by the options it is given. */
import { constants } from '../program/flow.ts';
import { type FunctionSite, type Node, type Program, placeIn, valueAt } from '../program/link.ts';
import type { Scalar } from '../program/model.ts';
import type { Place } from '../span.ts';
import type { SetHeader } from './headers.ts';
import { optionsOf } from './js.ts';
import { entriesOf, resolve } from './js-values.ts';
import type { Layer } from './model.ts';

export interface HelperWords {
  /** Helpers by their full name, each with the headers it sends unless told otherwise. */
  readonly helpers: Readonly<Record<string, string>>;
  /** Options by name, each with the header it is about. */
  readonly switches: Readonly<Record<string, string>>;
}

export interface HelperHeaders {
  /** Name of the helper, for messages. */
  readonly helper: string;
  readonly sent: readonly string[];
  /** Headers with values that options give. */
  readonly set: readonly SetHeader[];
  /** Headers that an option takes away; unsure when that is only one of the values it can have. */
  readonly off: readonly { readonly header: string; readonly place: Place; readonly sure: boolean }[];
}

/** What a layer sends when it is one of the helpers; undefined when it is none. */
export function helperHeaders(program: Program, layer: Layer, words: HelperWords): HelperHeaders | undefined {
  const names = layer.names.map((name) => name.replace(/\(\)\.init_app$/, '').replace(/\(\)$/, ''));
  const known = names.find((name) => Object.hasOwn(words.helpers, name));
  if (known === undefined) return undefined;
  const sent = words.helpers[known]!.split(' ').filter((word) => word !== '');
  const helper = known.split(/[./]/).at(-1)!;
  const only = sent.length === 1 && known.includes('.') ? sent[0] : undefined;
  const given = optionNodes(program, layer);
  const set: SetHeader[] = [];
  const off: { header: string; place: Place; sure: boolean }[] = [];
  // `helmet.hsts({ maxAge: 1 })`: the options are those of the one header.
  if (only !== undefined) {
    const value = headerText(program, only, given);
    if (value) set.push({ name: only, values: [value.text], place: value.place });
    return { helper, sent, set, off };
  }
  for (const [key, node] of given) {
    const header = Object.hasOwn(words.switches, key) ? words.switches[key] : undefined;
    if (header === undefined) continue;
    const values = constants(program, node.unit, node.ref);
    if (values?.some((value) => value === null || value === false || value === ''))
      off.push({ header, place: placeIn(node.unit, valueAt(node)), sure: values.length === 1 });
    else {
      sent.push(header);
      const value = headerText(program, header, entriesOf(program, node));
      if (value) set.push({ name: header, values: [value.text], place: value.place });
      else if (values?.every((one) => typeof one === 'string'))
        set.push({ name: header, values, place: placeIn(node.unit, valueAt(node)) });
    }
  }
  return { helper, sent, set, off };
}

/** Options by keyword or in an object literal. */
function optionNodes(program: Program, layer: Layer): readonly (readonly [string, Node])[] {
  const keywords = (layer.site?.call.args ?? []).flatMap((arg): (readonly [string, Node])[] =>
    arg.keyword === undefined ? [] : [[arg.keyword, { unit: layer.site!.unit, ref: arg.value }]],
  );
  return [...keywords, ...optionsOf(program, layer)];
}

/** The header's text as options describe it; only what can weaken it matters. */
function headerText(
  program: Program,
  header: string,
  options: readonly (readonly [string, Node])[],
): { readonly text: string; readonly place: Place } | undefined {
  const option = (name: string) => options.find(([key]) => key === name)?.[1];
  const known = (node: Node | undefined): Scalar | undefined => node && constants(program, node.unit, node.ref)?.at(-1);
  if (header === 'strict-transport-security') {
    const age = option('maxAge') ?? option('max_age');
    const value = known(age);
    return age && typeof value === 'number' ? { text: `max-age=${value}`, place: placeAt(age) } : undefined;
  }
  if (header !== 'content-security-policy') return undefined;
  const directives = option('directives') ?? option('policy');
  for (const [name, node] of directives ? entriesOf(program, directives) : options) {
    if (!/^(?:scriptSrc|script-src|script_src)$/.test(name)) continue;
    const at = resolve(program, node);
    const value = valueAt(at);
    const refs = value.kind === 'list' ? value.items : [at.ref];
    const words = refs.flatMap((ref) => constants(program, at.unit, ref) ?? ["'nonce-'"]);
    return { text: `script-src ${words.join(' ')}`, place: placeAt(node) };
  }
  return undefined;
}

function placeAt(node: Node): Place {
  return placeIn(node.unit, valueAt(node));
}

/** Helpers that functions call and run themselves: `helmet({...})(request, response, next)`. */
export function helpersIn(program: Program, functions: readonly FunctionSite[], words: HelperWords): readonly Layer[] {
  return functions.flatMap(({ unit, id }) =>
    unit.module.calls.flatMap((call, callId): Layer[] => {
      if (call.function !== id) return [];
      const site = program.call(unit, callId);
      if (!site.names.some((name) => Object.hasOwn(words.helpers, name))) return [];
      const node = { unit, ref: call.callee.value };
      return [{ level: 'helper', node, place: placeIn(unit, call), names: site.names, site }];
    }),
  );
}

/** Calls of helpers in JavaScript that stand at no application that is seen: `app.use(helmet({...}))` with `app` from elsewhere. */
export function looseHelpers(program: Program, words: HelperWords): readonly Layer[] {
  return program.allCalls().flatMap((site): Layer[] => {
    const { unit, call } = site;
    // A file that is loaded by a script names what another file made.
    const names = site.names.length > 0 ? site.names : [call.callee.name ?? ''];
    if (unit.module.language === 'python' || !names.some((name) => Object.hasOwn(words.helpers, name))) return [];
    return [{ level: 'helper', node: { unit, ref: call.callee.value }, place: placeIn(unit, call), names, site }];
  });
}
