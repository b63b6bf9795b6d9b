/** Knows how a Python file becomes a module of the program model. */
import type {
  Alias,
  Arguments,
  ASTNode,
  ExceptHandler,
  ExprNode,
  Keyword,
  Module as PythonModule,
  StmtNode,
} from 'py-ast';
import type { Extracted, ExtractInput, Extractor } from '../facts.ts';
import { Lines, type Span } from '../span.ts';
import { interpret } from './interpret.ts';
import type { Dialect } from './machine.ts';
import type { Module } from './model.ts';
import type {
  ArgumentSyntax,
  CaseSyntax,
  ClassSyntax,
  Expression,
  FunctionSyntax,
  HandlerSyntax,
  ImportSyntax,
  ParamSyntax,
  Statement,
} from './syntax.ts';

type Parse = (source: string) => PythonModule;

export const python: Extractor<'program'> = {
  kind: 'program',
  costly: true,
  whole: true,
  accepts: (path) => /\.pyw?$/.test(path),
  load: async () => {
    const { parse } = await import('py-ast');
    return (input) => extract(input, parse);
  },
};

/** Names that Python defines itself, old and new versions. */
export const builtins = new Set(
  (
    'abs aiter all anext any ascii basestring bin bool breakpoint buffer bytearray bytes callable chr classmethod cmp compile complex ' +
    'delattr dict dir divmod enumerate eval exec execfile exit file filter float format frozenset getattr globals hasattr ' +
    'hash help hex id input int intern isinstance issubclass iter len list locals long map max memoryview min next object oct ' +
    'open ord pow print property quit range raw_input reduce reload repr reversed round set setattr slice sorted ' +
    'staticmethod str sum super tuple type unichr unicode vars xrange zip __import__ __name__ __file__ __doc__ __package__ ' +
    '__builtins__ __debug__ __path__ __spec__ NotImplemented Ellipsis WindowsError BaseException BaseExceptionGroup Exception ExceptionGroup ' +
    'ArithmeticError AssertionError AttributeError BlockingIOError BrokenPipeError BufferError BytesWarning ' +
    'ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError ' +
    'DeprecationWarning EOFError EncodingWarning EnvironmentError FileExistsError FileNotFoundError ' +
    'FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError ' +
    'InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError ' +
    'NameError NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning ' +
    'PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError ResourceWarning ' +
    'RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit ' +
    'TabError TimeoutError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError ' +
    'UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError'
  ).split(' '),
);

const dialect: Dialect = {
  builtins,
  importers: new Set(['__import__', 'importlib.import_module', 'importlib.__import__']),
  getters: new Set(['getattr']),
  exits: new Set(['sys.exit', 'os._exit', 'os.abort', 'exit', 'quit']),
  typeChecking: new Set(['typing.TYPE_CHECKING', 'typing_extensions.TYPE_CHECKING']),
};

/** Dotted name of a Python file: `src/api/users.py` → `src.api.users`, `src/api/__init__.py` → `src.api`. */
export function moduleName(path: string): { name: string; package: boolean } {
  const parts = path.replace(/\.pyw?$/, '').split('/');
  const isPackage = parts.at(-1) === '__init__';
  if (isPackage) parts.pop();
  return { name: parts.join('.'), package: isPackage };
}

function extract(input: ExtractInput, parse: Parse): Extracted<Module> {
  const lines = new Lines(input.text);
  const source = input.text.replaceAll('\f', ' ');
  let tree: PythonModule;
  try {
    tree = parse(source);
  } catch (first) {
    try {
      tree = parse(withoutGaps(source));
    } catch {
      return { problems: [problem(first, lines)] };
    }
  }
  const { name, package: isPackage } = moduleName(input.path);
  try {
    const lowering = new Lowering(input.text, name, isPackage);
    const body = lowering.module(tree.body);
    const module = interpret(
      { language: 'python', name, package: isPackage, body, exportsNames: true },
      dialect,
      lowering.rebound,
    );
    if (module.incomplete === undefined) return { data: module };
    return { data: module, problems: [{ message: module.incomplete, span: lines.lineSpan(1) }] };
  } catch (error) {
    if (error instanceof RangeError) return { problems: [problem(error, lines)] };
    throw error;
  }
}

function problem(error: unknown, lines: Lines): { message: string; span: Span } {
  if (error instanceof RangeError) return { message: 'nested too deeply to be read', span: lines.lineSpan(1) };
  const text = error instanceof Error ? error.message : String(error);
  const line = Number(/line (\d+)/i.exec(text)?.[1] ?? 1);
  const message = text.replace(/\s*\(?(?:at )?line \d+(?:, (?:column|col) \d+)?\)?:?/i, '').slice(0, 200);
  return { message: `syntax error: ${message.trim()}`, span: lines.lineSpan(Math.min(line, lines.count)) };
}

/**
 * Rewrites syntax the parser does not read yet into other syntax of the same length, so that offsets stay: the
 * unparenthesised `except A, B:` of Python 3.14 becomes `except A| B:`.
 */
export function withoutGaps(source: string): string {
  return source.replace(
    /^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)(?=[ \t]*:)/gm,
    (_, head: string, types: string) => head + types.replaceAll(',', '|'),
  );
}

/** Turns the parser's lines and byte columns into offsets of the text. */
class Offsets {
  readonly #text: string;
  readonly #starts: number[] = [0];
  readonly #ascii: boolean;
  readonly #columns = new Map<number, Uint32Array | null>();

  constructor(text: string) {
    this.#text = text;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#starts.push(i + 1);
    this.#ascii = !/[^\0-\x7f]/.test(text);
  }

  at(line: number, column: number): number {
    const start = this.#starts[line - 1];
    if (start === undefined) return this.#text.length;
    if (this.#ascii) return Math.min(start + column, this.#text.length);
    let columns = this.#columns.get(line);
    if (columns === undefined) {
      columns = this.#measure(start, this.#starts[line] ?? this.#text.length);
      this.#columns.set(line, columns);
    }
    return Math.min(columns ? start + (columns[column] ?? columns.length) : start + column, this.#text.length);
  }

  /** For a line with other than ASCII characters: UTF-16 column by UTF-8 byte column. */
  #measure(start: number, end: number): Uint32Array | null {
    const line = this.#text.slice(start, end);
    if (!/[^\0-\x7f]/.test(line)) return null;
    const columns: number[] = [];
    for (let i = 0; i < line.length; i++) {
      const code = line.codePointAt(i)!;
      const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      for (let k = 0; k < bytes; k++) columns.push(i);
      if (code >= 0x10000) i++;
    }
    columns.push(line.length);
    return Uint32Array.from(columns);
  }
}

const operators: Readonly<Record<string, string>> = {
  Add: '+',
  Sub: '-',
  Mult: '*',
  MatMult: '@',
  Div: '/',
  Mod: '%',
  Pow: '**',
  LShift: '<<',
  RShift: '>>',
  BitOr: '|',
  BitXor: '^',
  BitAnd: '&',
  FloorDiv: '//',
  Invert: '~',
  Not: 'not',
  UAdd: '+',
  USub: '-',
  Eq: '==',
  NotEq: '!=',
  Lt: '<',
  LtE: '<=',
  Gt: '>',
  GtE: '>=',
  Is: 'is',
  IsNot: 'is not',
  In: 'in',
  NotIn: 'not in',
};

class Lowering {
  /** Module variables that some function binds again through `global`. */
  readonly rebound = new Set<string>();
  readonly #offsets: Offsets;
  readonly #name: string;
  readonly #package: boolean;
  #inClass = false;
  /** Names of type parameters in force: `def first[T](...)`. */
  #typeParams: ReadonlySet<string> = new Set();

  constructor(text: string, name: string, isPackage: boolean) {
    this.#offsets = new Offsets(text);
    this.#name = name;
    this.#package = isPackage;
  }

  module(body: readonly StmtNode[]): readonly Statement[] {
    return this.#statements(body);
  }

  #span(node: ASTNode): Span {
    const start = this.#offsets.at(node.lineno ?? 1, node.col_offset ?? 0);
    const end = this.#offsets.at(node.end_lineno ?? node.lineno ?? 1, node.end_col_offset ?? node.col_offset ?? 0);
    return { start, end: Math.max(start, end) };
  }

  #statements(nodes: readonly StmtNode[]): Statement[] {
    const statements: Statement[] = [];
    for (const node of nodes) {
      const statement = this.#statement(node);
      if (statement) statements.push(statement);
    }
    return statements;
  }

  #statement(node: StmtNode): Statement | undefined {
    const span = this.#span(node);
    switch (node.nodeType) {
      case 'FunctionDef':
      case 'AsyncFunctionDef':
        return { kind: 'function', span, function: this.#generic(node.type_params, () => this.#function(node)) };
      case 'ClassDef':
        return { kind: 'class', span, class: this.#generic(node.type_params, () => this.#class(node)) };
      case 'Return':
        return { kind: 'return', span, ...(node.value ? { value: this.#expression(node.value) } : {}) };
      case 'Delete':
        return { kind: 'delete', span, targets: node.targets.map((target) => this.#expression(target)) };
      case 'Assign':
        return {
          kind: 'assign',
          span,
          targets: node.targets.map((target) => this.#expression(target)),
          value: this.#expression(node.value),
        };
      case 'AugAssign':
        return {
          kind: 'assign',
          span,
          targets: [this.#expression(node.target)],
          value: this.#expression(node.value),
          op: operators[node.op.nodeType] ?? node.op.nodeType,
        };
      case 'AnnAssign':
        return {
          kind: 'assign',
          span,
          targets: [this.#expression(node.target)],
          annotation: this.#expression(node.annotation),
          ...(node.value ? { value: this.#expression(node.value) } : {}),
        };
      case 'TypeAlias':
        return { kind: 'assign', span, targets: [this.#expression(node.name)], value: this.#expression(node.value) };
      case 'For':
      case 'AsyncFor':
        return {
          kind: 'loop',
          span,
          target: this.#expression(node.target),
          of: this.#expression(node.iter),
          body: this.#statements(node.body),
          other: this.#statements(node.orelse),
        };
      case 'While':
        return {
          kind: 'loop',
          span,
          test: this.#expression(node.test),
          body: this.#statements(node.body),
          other: this.#statements(node.orelse),
        };
      case 'If':
        return this.#if(node, span);
      case 'With':
      case 'AsyncWith':
        return {
          kind: 'with',
          span,
          items: node.items.map((item) => ({
            value: this.#expression(item.context_expr),
            ...(item.optional_vars ? { target: this.#expression(item.optional_vars) } : {}),
          })),
          body: this.#statements(node.body),
        };
      case 'Match':
        return {
          kind: 'match',
          span,
          subject: this.#expression(node.subject),
          cases: node.cases.map((one) => this.#case(one)),
        };
      case 'Raise':
        return { kind: 'raise', span, ...(node.exc ? { value: this.#expression(node.exc) } : {}) };
      case 'Try':
      case 'TryStar':
        return {
          kind: 'try',
          span,
          body: this.#statements(node.body),
          handlers: node.handlers.map((handler) => this.#handler(handler)),
          other: this.#statements(node.orelse),
          final: this.#statements(node.finalbody),
        };
      case 'Assert':
        return {
          kind: 'assert',
          span,
          test: this.#expression(node.test),
          ...(node.msg ? { message: this.#expression(node.msg) } : {}),
        };
      case 'Import':
        return { kind: 'import', span, imports: node.names.map((alias) => this.#plainImport(alias, span)) };
      case 'ImportFrom': {
        const { module, level = 0, names } = node;
        return { kind: 'import', span, imports: names.map((alias) => this.#fromImport(alias, span, module, level)) };
      }
      case 'Global':
        for (const name of node.names) this.rebound.add(name);
        return { kind: 'scope', span, names: node.names, of: 'module' };
      case 'Nonlocal':
        return { kind: 'scope', span, names: node.names, of: 'enclosing' };
      case 'Expr':
        return { kind: 'expression', span, value: this.#expression(node.value) };
      case 'Break':
        return { kind: 'break', span };
      case 'Continue':
        return { kind: 'continue', span };
      default:
        return undefined;
    }
  }

  /** A chain of elifs nests in the parser's tree; it is lowered from its end so that long ones do not recurse. */
  #if(first: StmtNode & { nodeType: 'If' }, span: Span): Statement {
    const chain: (StmtNode & { nodeType: 'If' })[] = [first];
    for (let last = first; last.orelse.length === 1 && last.orelse[0]!.nodeType === 'If'; ) {
      last = last.orelse[0] as StmtNode & { nodeType: 'If' };
      chain.push(last);
    }
    let other = this.#statements(chain.at(-1)!.orelse);
    for (const node of chain.reverse()) {
      const statement: Statement = {
        kind: 'if',
        span: node === first ? span : this.#span(node),
        test: this.#expression(node.test),
        body: this.#statements(node.body),
        other,
      };
      other = [statement];
    }
    return other[0]!;
  }

  #plainImport(alias: Alias, span: Span): ImportSyntax {
    const root = alias.name.split('.')[0]!;
    return {
      span: alias.lineno === undefined ? span : this.#span(alias),
      name: alias.name,
      local: alias.asname ?? root,
      module: alias.name,
      level: 0,
      ...(alias.asname === undefined && root !== alias.name ? { binds: root } : {}),
    };
  }

  #fromImport(alias: Alias, span: Span, module: string | undefined, level: number): ImportSyntax {
    const base = this.#absolute(module ?? '', level);
    const at = alias.lineno === undefined ? span : this.#span(alias);
    const common = { span: at, module: module ?? '', level };
    if (alias.name === '*') return { ...common, name: base, local: '*' };
    return {
      ...common,
      name: base === '' ? alias.name : `${base}.${alias.name}`,
      local: alias.asname ?? alias.name,
      member: alias.name,
    };
  }

  #absolute(module: string, level: number): string {
    if (level === 0) return module;
    const parts = this.#name.split('.');
    const up = level - (this.#package ? 1 : 0);
    const base = up > 0 ? parts.slice(0, Math.max(0, parts.length - up)) : parts;
    return [...base, ...(module === '' ? [] : [module])].join('.');
  }

  #handler(node: ExceptHandler): HandlerSyntax {
    const types = node.type ? this.#handlerTypes(node.type) : [];
    return {
      span: this.#span(node),
      types,
      body: this.#statements(node.body),
      ...(node.name ? { name: node.name } : {}),
    };
  }

  #handlerTypes(type: ExprNode): readonly Expression[] {
    if (type.nodeType === 'Tuple') return type.elts.map((one) => this.#expression(one));
    if (type.nodeType === 'BinOp' && type.op.nodeType === 'BitOr') {
      return [...this.#handlerTypes(type.left), this.#expression(type.right)];
    }
    return [this.#expression(type)];
  }

  #case(node: MatchCase): CaseSyntax {
    const values: Expression[] = [];
    const binds: { name: string; span: Span; whole: boolean }[] = [];
    const any = this.#pattern(node.pattern, values, binds, true);
    return {
      span: this.#span(node.pattern),
      values: any ? [] : values,
      binds,
      any,
      body: this.#statements(node.body),
      ...(node.guard ? { test: this.#expression(node.guard) } : {}),
    };
  }

  /** Collects what a pattern compares and binds; true when it matches anything. */
  #pattern(
    pattern: Pattern,
    values: Expression[],
    binds: { name: string; span: Span; whole: boolean }[],
    whole: boolean,
  ): boolean {
    const span = this.#span(pattern);
    switch (pattern.nodeType) {
      case 'MatchValue':
        if (whole) values.push(this.#expression(pattern.value));
        return false;
      case 'MatchSingleton':
        if (whole) values.push({ kind: 'const', value: pattern.value as boolean | null, span });
        return false;
      case 'MatchAs': {
        if (pattern.name) binds.push({ name: pattern.name, span, whole });
        return pattern.pattern ? this.#pattern(pattern.pattern, values, binds, whole) : true;
      }
      case 'MatchOr':
        return pattern.patterns.map((one) => this.#pattern(one, values, binds, whole)).includes(true);
      case 'MatchStar':
        if (pattern.name) binds.push({ name: pattern.name, span, whole: false });
        return false;
      case 'MatchSequence':
        for (const one of pattern.patterns) this.#pattern(one, values, binds, false);
        break;
      case 'MatchMapping':
        for (const one of pattern.patterns) this.#pattern(one, values, binds, false);
        if (pattern.rest) binds.push({ name: pattern.rest, span, whole: false });
        break;
      case 'MatchClass':
        for (const one of [...pattern.patterns, ...pattern.kwd_patterns]) this.#pattern(one, values, binds, false);
        break;
    }
    if (whole) values.push({ kind: 'other', of: [], span });
    return false;
  }

  #generic<T>(params: readonly { readonly name: string }[] | undefined, lower: () => T): T {
    if (!params?.length) return lower();
    const outer = this.#typeParams;
    this.#typeParams = new Set([...outer, ...params.map(({ name }) => name)]);
    const result = lower();
    this.#typeParams = outer;
    return result;
  }

  #function(node: StmtNode & { nodeType: 'FunctionDef' | 'AsyncFunctionDef' }): FunctionSyntax {
    const names = node.decorator_list.map((decorator) => dottedName(decorator));
    const decorators = node.decorator_list.map((decorator) => this.#expression(decorator));
    const inClass = this.#inClass;
    const kind = inClass ? methodKind(names) : 'function';
    const params = this.#params(node.args);
    const receiver = kind === 'function' || kind === 'static' ? undefined : params.shift();
    this.#inClass = false;
    const body = this.#statements(node.body);
    this.#inClass = inClass;
    const first = node.body[0];
    const doc = first?.nodeType === 'Expr' && isText(first.value) ? this.#span(first) : undefined;
    const last = node.body.at(-1);
    const span = this.#span(node);
    const nameStart = span.start + (node.nodeType === 'AsyncFunctionDef' ? 'async def '.length : 'def '.length);
    return {
      name: node.name,
      span,
      nameSpan: { start: nameStart, end: Math.min(nameStart + node.name.length, span.end) },
      bodySpan: first && last ? { start: this.#span(first).start, end: this.#span(last).end } : span,
      kind,
      params,
      async: node.nodeType === 'AsyncFunctionDef',
      generator: false,
      decorators,
      body,
      ...(receiver ? { receiver: receiver.name } : {}),
      ...(node.returns ? { returnAnnotation: this.#expression(node.returns) } : {}),
      ...(doc ? { doc } : {}),
      ...(node.body.every((one) => isStub(one)) ? { stub: true } : {}),
    };
  }

  #params(args: Arguments): ParamSyntax[] {
    const params: ParamSyntax[] = [];
    const plain = [...args.posonlyargs, ...args.args];
    const add = (arg: (typeof plain)[number], kind: ParamSyntax['kind'], value: ExprNode | null | undefined) =>
      params.push({
        name: arg.arg,
        kind,
        span: this.#span(arg),
        ...(value ? { default: this.#expression(value) } : {}),
        ...(arg.annotation ? { annotation: this.#expression(arg.annotation) } : {}),
      });
    for (const [i, arg] of plain.entries()) {
      const value = args.defaults[i - (plain.length - args.defaults.length)];
      add(arg, i < args.posonlyargs.length ? 'positional' : 'plain', value);
    }
    if (args.vararg) add(args.vararg, 'rest', undefined);
    for (const [i, arg] of args.kwonlyargs.entries()) add(arg, 'keyword', args.kw_defaults[i]);
    if (args.kwarg) add(args.kwarg, 'options', undefined);
    return params;
  }

  #class(node: StmtNode & { nodeType: 'ClassDef' }): ClassSyntax {
    const span = this.#span(node);
    const bases = node.bases.map((base) => this.#expression(base));
    const keywords = node.keywords.map((keyword) => this.#keyword(keyword));
    const decorators = node.decorator_list.map((decorator) => this.#expression(decorator));
    const inClass = this.#inClass;
    this.#inClass = true;
    const body = this.#statements(node.body);
    this.#inClass = inClass;
    const nameStart = span.start + 'class '.length;
    return {
      name: node.name,
      span,
      nameSpan: { start: nameStart, end: Math.min(nameStart + node.name.length, span.end) },
      bases,
      keywords,
      decorators,
      body,
    };
  }

  #keyword(keyword: Keyword): ArgumentSyntax {
    const value = this.#expression(keyword.value);
    const span = keyword.lineno === undefined ? value.span : this.#span(keyword);
    return keyword.arg ? { value, span, keyword: keyword.arg } : { value, span, spread: 'dict' };
  }

  #expression(node: ExprNode): Expression {
    const span = this.#span(node);
    switch (node.nodeType) {
      case 'Constant':
        return this.#constant(node, span);
      case 'Name':
        if (this.#typeParams.has(node.id)) return { kind: 'other', of: [], span };
        return { kind: 'name', name: node.id, span };
      case 'Attribute':
        return { kind: 'attr', of: this.#expression(node.value), name: node.attr, span };
      case 'Subscript': {
        const of = this.#expression(node.value);
        if (node.slice.nodeType !== 'Slice') return { kind: 'item', of, key: this.#expression(node.slice), span };
        const { lower, upper, step } = node.slice;
        return {
          kind: 'slice',
          of,
          bounds: [lower, upper, step].map((one) => (one ? this.#expression(one) : null)),
          span,
        };
      }
      case 'Call':
        return {
          kind: 'call',
          callee: this.#expression(node.func),
          args: [
            ...node.args.map((arg): ArgumentSyntax => {
              if (arg.nodeType !== 'Starred') return { value: this.#expression(arg), span: this.#span(arg) };
              return { value: this.#expression(arg.value), span: this.#span(arg), spread: 'list' };
            }),
            ...node.keywords.map((keyword) => this.#keyword(keyword)),
          ],
          span,
        };
      case 'List':
      case 'Tuple':
      case 'Set': {
        const form = node.nodeType === 'List' ? 'list' : node.nodeType === 'Tuple' ? 'tuple' : 'set';
        return { kind: 'list', form, items: node.elts.map((one) => this.#expression(one)), span };
      }
      case 'Dict':
        return {
          kind: 'dict',
          entries: node.values.map((value, i) => {
            const key = node.keys[i];
            return [key ? this.#expression(key) : null, this.#expression(value)] as const;
          }),
          span,
        };
      case 'Starred':
        return { kind: 'spread', of: this.#expression(node.value), span };
      case 'JoinedStr':
      case 'TemplateStr':
        return { kind: 'concat', parts: node.values.map((part) => this.#expression(part)), span };
      case 'FormattedValue':
      case 'Interpolation': {
        const value = this.#expression(node.value);
        // A format with its own placeholders is evaluated for what it calls.
        return node.format_spec?.nodeType === 'JoinedStr' &&
          node.format_spec.values.some((one) => one.nodeType !== 'Constant')
          ? { kind: 'sequence', of: [this.#expression(node.format_spec), value], span }
          : value;
      }
      case 'BinOp':
        return this.#binary(node, span);
      case 'UnaryOp':
        return { kind: 'unary', op: operators[node.op.nodeType] ?? '?', of: this.#expression(node.operand), span };
      case 'BoolOp':
        return {
          kind: 'logic',
          op: node.op.nodeType === 'And' ? 'and' : 'or',
          of: node.values.map((one) => this.#expression(one)),
          span,
        };
      case 'Compare':
        return {
          kind: 'compare',
          ops: node.ops.map((op) => operators[op.nodeType] ?? '?'),
          operands: [node.left, ...node.comparators].map((one) => this.#expression(one)),
          span,
        };
      case 'IfExp':
        return {
          kind: 'choose',
          test: this.#expression(node.test),
          yes: this.#expression(node.body),
          no: this.#expression(node.orelse),
          span,
        };
      case 'Lambda':
        return { kind: 'function', function: this.#lambda(node, span), span };
      case 'ListComp':
      case 'SetComp':
      case 'GeneratorExp':
        return {
          kind: 'comprehension',
          form: node.nodeType === 'ListComp' ? 'list' : node.nodeType === 'SetComp' ? 'set' : 'generator',
          clauses: node.generators.map((one) => this.#clause(one)),
          element: this.#expression(node.elt),
          span,
        };
      case 'DictComp':
        return {
          kind: 'comprehension',
          form: 'dict',
          clauses: node.generators.map((one) => this.#clause(one)),
          key: this.#expression(node.key),
          element: this.#expression(node.value),
          span,
        };
      case 'Await':
        return { kind: 'await', of: this.#expression(node.value), span };
      case 'Yield':
      case 'YieldFrom':
        return { kind: 'yield', span, ...(node.value ? { of: this.#expression(node.value) } : {}) };
      case 'NamedExpr':
        return { kind: 'assign', target: this.#expression(node.target), value: this.#expression(node.value), span };
      case 'Slice':
        return {
          kind: 'other',
          of: [node.lower, node.upper, node.step].flatMap((one) => (one ? [this.#expression(one)] : [])),
          span,
        };
    }
  }

  #clause(node: { target: ExprNode; iter: ExprNode; ifs: ExprNode[] }) {
    return {
      target: this.#expression(node.target),
      of: this.#expression(node.iter),
      tests: node.ifs.map((one) => this.#expression(one)),
    };
  }

  #constant(node: ExprNode & { nodeType: 'Constant' }, span: Span): Expression {
    const value: unknown = node.value;
    if (typeof value === 'bigint') return { kind: 'const', value: Number(value), span };
    if (typeof value === 'string') {
      // The parser writes the Ellipsis as text without quotes.
      if (node.quote_style === undefined && value === '...' && span.end - span.start === 3) {
        return { kind: 'const', value: null, span };
      }
      return /^[rR]?[bB]/.test(node.quote_style ?? '')
        ? { kind: 'const', value, bytes: true, span }
        : { kind: 'const', value, span };
    }
    if (typeof value === 'number' || typeof value === 'boolean' || value === null)
      return { kind: 'const', value, span };
    return { kind: 'other', of: [], span };
  }

  /** Long sums nest to the left: they are taken apart without recursion. */
  #binary(node: ExprNode & { nodeType: 'BinOp' }, span: Span): Expression {
    const operands: Expression[] = [];
    const ops: string[] = [];
    let left: ExprNode = node;
    while (left.nodeType === 'BinOp') {
      operands.push(this.#expression(left.right));
      ops.push(operators[left.op.nodeType] ?? '?');
      left = left.left;
    }
    operands.push(this.#expression(left));
    return { kind: 'binary', ops: ops.reverse(), operands: operands.reverse(), span };
  }

  #lambda(node: ExprNode & { nodeType: 'Lambda' }, span: Span): FunctionSyntax {
    const value = this.#expression(node.body);
    return {
      name: '',
      span,
      nameSpan: { start: span.start, end: Math.min(span.start + 'lambda'.length, span.end) },
      bodySpan: value.span,
      kind: 'lambda',
      params: this.#params(node.args),
      decorators: [],
      body: [{ kind: 'return', value, span: value.span }],
    };
  }
}

type MatchCase = (StmtNode & { nodeType: 'Match' })['cases'][number];
type Pattern = MatchCase['pattern'];

function dottedName(node: ExprNode): string {
  if (node.nodeType === 'Name') return node.id;
  if (node.nodeType === 'Attribute') return `${dottedName(node.value)}.${node.attr}`;
  return '';
}

function methodKind(decorators: readonly string[]): FunctionSyntax['kind'] {
  for (const name of decorators) {
    if (name === 'staticmethod') return 'static';
    if (name === 'classmethod') return 'class';
    if (name.endsWith('.setter')) return 'setter';
    if (/(?:^|\.)(?:cached_)?property$/.test(name)) return 'getter';
  }
  return 'method';
}

function isText(node: ExprNode): boolean {
  return node.nodeType === 'Constant' && typeof node.value === 'string' && node.quote_style !== undefined;
}

function isStub(node: StmtNode): boolean {
  if (node.nodeType === 'Pass' || node.nodeType === 'Comment') return true;
  if (node.nodeType === 'Expr') return node.value.nodeType === 'Constant';
  if (node.nodeType !== 'Raise' || !node.exc) return false;
  const raised = node.exc.nodeType === 'Call' ? node.exc.func : node.exc;
  return raised.nodeType === 'Name' && raised.id === 'NotImplementedError';
}
