/** Knows how a Python file becomes a module of the program model. */
import type { Extracted, ExtractInput, Extractor } from '../facts.ts';
import { Lines, type Span } from '../span.ts';
import { interpret } from './interpret.ts';
import type { Dialect } from './machine.ts';
import type { Module } from './model.ts';
import { parsePython } from './python-parser.ts';
import { PythonError } from './python-tokens.ts';

export const python: Extractor<'program'> = {
  kind: 'program',
  costly: true,
  whole: true,
  accepts: (path) => /\.pyw?$/.test(path),
  load: async () => extract,
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

function extract({ path, text }: ExtractInput): Extracted<Module> {
  const { name, package: isPackage } = moduleName(path);
  try {
    const { body, rebound } = parsePython(text, name, isPackage);
    const source = { language: 'python', name, package: isPackage, body, exportsNames: true } as const;
    const module = interpret(source, dialect, rebound);
    if (module.incomplete === undefined) return { data: module };
    return { data: module, problems: [{ message: module.incomplete, span: new Lines(text).lineSpan(1) }] };
  } catch (error) {
    if (error instanceof PythonError) return { problems: [problem(error.message, error.offset, text)] };
    if (error instanceof RangeError) return { problems: [problem('nested too deeply', 0, text)] };
    throw error;
  }
}

/** A piece of code as a module; undefined where it cannot be read. */
export function readPython(text: string): Module | undefined {
  return extract({ path: 'code.py', text, words: [] }).data;
}

function problem(reason: string, offset: number, text: string): { message: string; span: Span } {
  const lines = new Lines(text);
  const message = reason === 'nested too deeply' ? `${reason} to be read` : `syntax error: ${reason}`;
  return { message, span: lines.lineSpan(lines.position(offset).line) };
}
