/** Knows how a JavaScript or TypeScript file becomes a module of the program model. */
import type { parse as parseCode, TSESTree } from '@typescript-eslint/typescript-estree';
import type { Extracted, ExtractInput, Extractor } from '../facts.ts';
import { tooDeep } from '../nesting.ts';
import { Lines, type Span } from '../span.ts';
import { gapsOf } from './ecmascript-gaps.ts';
import { ecmascriptBuiltins, ecmascriptName, importedModule } from './ecmascript-names.ts';
import { Lowering, sideOf } from './ecmascript-statements.ts';
import { interpret } from './interpret.ts';
import type { Dialect } from './machine.ts';
import type { Module } from './model.ts';

type Parse = typeof parseCode;

export const ecmascript: Extractor<'program'> = {
  kind: 'program',
  costly: true,
  whole: true,
  companions: { npm: true, tsconfig: true },
  accepts: (path) => /(?<!\.d)\.(?:[cm]?[jt]sx?|vue|svelte)$/.test(path),
  recognises: (path, text) => !isBundle(path, text),
  load: async () => {
    const { parse } = await import('@typescript-eslint/typescript-estree');
    return (input) => extract(input, parse);
  },
};

const dialect: Dialect = {
  builtins: ecmascriptBuiltins,
  importers: new Set(['require', 'import']),
  getters: new Set(['Reflect.get']),
  exits: new Set([...['exit', 'abort'].map((name) => `process.${name}`), 'Deno.exit']),
  typeChecking: new Set(),
  resolve: importedModule,
};

/** Brackets nested deeper than this are not read. */
const deepest = 600;

function extract(input: ExtractInput, parse: Parse): Extracted<Module> {
  const lines = new Lines(input.text);
  const component = /\.(?:vue|svelte)$/.test(input.path) ? scriptOf(input.text) : undefined;
  const text = component?.text ?? input.text;
  const typed = component ? component.typed : /\.[cm]?tsx?$/.test(input.path);
  const deep = tooDeep(text, deepest);
  if (deep !== undefined)
    return { problems: [{ message: 'nested too deeply to be read', span: { start: deep, end: deep + 1 } }] };
  try {
    const source = ecmascriptName(input.path);
    const lowering = new Lowering(source);
    const { tree, error } = parsed(parse, text, input.path, component?.typed);
    const gaps = gapsOf(tree, text);
    const side = sideOf(tree.body);
    const program = interpret(
      {
        language: typed ? 'typescript' : 'javascript',
        ...source,
        body: lowering.program(tree),
        exportsNames: false,
        ...(side ? { side } : {}),
      },
      dialect,
      lowering.rebound,
    );
    const module: Module = gaps.length > 0 ? { ...program, gaps } : program;
    const problems = [
      ...(error === undefined ? [] : [problem(error, lines)!]),
      ...(module.incomplete === undefined ? [] : [{ message: module.incomplete, span: lines.lineSpan(1) }]),
    ];
    return problems.length > 0 ? { data: module, problems } : { data: module };
  } catch (error) {
    const found = problem(error, lines);
    if (found) return { problems: [found] };
    throw error;
  }
}

/**
 * The tree. Casts of Flow, `(x: any)`, are blanked without a loss; what follows another error on its line is left out,
 * at most three times, so that the rest can be judged.
 */
function parsed(
  parse: Parse,
  text: string,
  path: string,
  typed: boolean | undefined,
): { readonly tree: TSESTree.Program; readonly error?: unknown } {
  let first: unknown;
  let rest = text;
  let tries = 0;
  for (let casts = 0; ; ) {
    try {
      return { tree: parseWith(parse, rest, path, typed), ...(first === undefined ? {} : { error: first }) };
    } catch (error) {
      const blanked = rest === text && /\.[cm]?jsx?$/.test(path) ? withoutCasts(text) : text;
      if (blanked !== rest && first === undefined && casts === 0) {
        rest = blanked;
        casts++;
        continue;
      }
      const at = offsetOf(error);
      const cast = at === undefined ? null : /^:\s*[\w.<>[\]{}|,: ?]*?(?=\))/.exec(rest.slice(at, at + 200));
      if (cast) casts++;
      else {
        tries++;
        first ??= error;
      }
      if (at === undefined || tries > 3 || casts > 40) throw first ?? error;
      const end = at + (cast ? cast[0].length : rest.slice(at).search(/[\r\n]|$/));
      rest = rest.slice(0, at) + ' '.repeat(end - at) + rest.slice(end);
    }
  }
}

/** Blanks `: any` in `(x: any)`, where the parentheses hold no parameters. */
function withoutCasts(text: string): string {
  return text.replace(
    /(\(\s*[\w$.[\]]+)(\s*:\s*[\w.<>[\]|]+)(?=\)(?!\s*(?:=>|\{|:)))/g,
    (_, head: string, type: string) => head + blank(type),
  );
}

function offsetOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('location' in error)) return undefined;
  return (error.location as { readonly start: { readonly offset: number } }).start.offset;
}

function parseWith(parse: Parse, text: string, path: string, typed: boolean | undefined): TSESTree.Program {
  const filePath = typed === undefined ? path : `${path}.${typed ? 'ts' : 'js'}`;
  return parse(text, {
    filePath,
    range: true,
    // They are made in any case, and taking them out again costs a walk over the tree.
    loc: true,
    comment: text.includes('@ts-'),
    allowInvalidAST: true,
    errorOnUnknownASTType: false,
    jsDocParsingMode: 'none',
    loggerFn: false,
    suppressDeprecatedPropertyWarnings: true,
  });
}

/** The place and reason of an error of the parser; undefined for other errors. */
function problem(error: unknown, lines: Lines): { message: string; span: Span } | undefined {
  if (error instanceof RangeError) return { message: 'nested too deeply to be read', span: lines.lineSpan(1) };
  if (!(error instanceof Error) || !('location' in error)) return undefined;
  const { start } = error.location as { readonly start: { readonly line: number } };
  return {
    message: `syntax error: ${error.message.replace(/\.$/, '')}`,
    span: lines.lineSpan(Math.min(start.line, lines.count)),
  };
}

/** The script blocks of a component; all else is blank, so that offsets stay. */
export function scriptOf(text: string): { readonly text: string; readonly typed: boolean } {
  let result = '';
  let typed = false;
  let at = 0;
  for (const match of text.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi)) {
    const start = match.index + match[0].indexOf('>', '<script'.length + match[1]!.length) + 1;
    const code = match[2]!;
    if (/\blang\s*=\s*["']?tsx?\b/.test(match[1]!)) typed = true;
    result += blank(text.slice(at, start)) + code;
    at = start + code.length;
  }
  return { text: result + blank(text.slice(at)), typed };
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

/** Written by a tool and not for readers: minified, bundled or generated. */
export function isBundle(path: string, text: string): boolean {
  if (/[.-](?:min|bundle|bundled|generated|gen)\.[cm]?jsx?$/.test(path)) return true;
  const head = text.slice(0, 2000);
  if (
    /webpackBootstrap|__webpack_require__|parcelRequire|\/\*! For license information please see|@generated\b/.test(
      head,
    )
  )
    return true;
  if (text.length < 20_000) return longestLine(text.slice(0, 20_000)) > 5_000;
  let count = 1;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) count++;
  return text.length / count > 400;
}

function longestLine(text: string): number {
  let longest = 0;
  for (const line of text.split('\n')) longest = Math.max(longest, line.length);
  return longest;
}
