/** Knows programming languages by file name, and which no front end reads: what was not looked at is never absent. */
import { listed } from '../check.ts';
import type { Extractor } from './facts.ts';
import type { SourceFile, Workspace } from './workspace.ts';

const LANGUAGES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Python', /\.pyw?$/i],
  ['JavaScript', /\.[cm]?jsx?$/i],
  ['TypeScript', /(?<!\.d)\.[cm]?tsx?$/i],
  ['Vue', /\.vue$/i],
  ['Svelte', /\.svelte$/i],
  ['PHP', /\.(?:php|phtml)$/i],
  ['Go', /\.go$/i],
  ['Ruby', /\.(?:rb|rake)$/i],
  ['Java', /\.java$/i],
  ['Kotlin', /\.kts?$/i],
  ['Scala', /\.scala$/i],
  ['C#', /\.cs$/i],
  ['Rust', /\.rs$/i],
  ['Swift', /\.swift$/i],
  ['Elixir', /\.exs?$/i],
  ['Perl', /\.p[lm]$/i],
  ['C', /\.[ch]$/i],
  ['C++', /\.(?:cc|cpp|cxx|hpp|hh)$/i],
];
/** Settings of build tools, in a language that is not the application's. */
const TOOLING =
  /(?:^|\/)(?:\.[\w-]+rc|[\w.-]*\.(?:conf|config)|gulpfile|gruntfile|conftest|setup|webpack[\w.-]*)\.[\w]+$|\.gradle\.kts$/i;

/** True when production holds source code: hygiene items then always apply. */
export function hasSource(files: readonly SourceFile[]): boolean {
  const source = (path: string) => path.endsWith('.sh') || LANGUAGES.some(([, pattern]) => pattern.test(path));
  return files.some((file) => file.zone === 'production' && source(file.path));
}

/** Production files of one language that nobody reads. */
export interface UnreadLanguage {
  readonly language: string;
  readonly files: readonly SourceFile[];
}

/** Languages with production source that no extractor of programs accepts, those with most files first. */
export function unreadLanguages(workspace: Workspace, extractors: readonly Extractor[]): readonly UnreadLanguage[] {
  const readers = extractors.filter((extractor) => extractor.kind === 'program');
  const found = new Map<string, SourceFile[]>();
  for (const file of workspace.files) {
    if (file.zone !== 'production' || TOOLING.test(file.path)) continue;
    const language = LANGUAGES.find(([, pattern]) => pattern.test(file.path))?.[0];
    if (language === undefined || readers.some((reader) => reader.accepts(file.path))) continue;
    const files = found.get(language);
    if (files) files.push(file);
    else found.set(language, [file]);
  }
  return [...found]
    .map(([language, files]) => ({ language, files }))
    .sort((a, b) => b.files.length - a.files.length || (a.language < b.language ? -1 : 1));
}

/** Of each language the files that hold one of the words; all of them where `words` is true. Languages without any are left out. */
export function filesWith(
  workspace: Workspace,
  languages: readonly UnreadLanguage[],
  words: true | readonly string[],
): readonly UnreadLanguage[] {
  return languages.flatMap(({ language, files }) => {
    const relevant = files.filter(({ path }) => words === true || holds(workspace.read(path)?.text, words));
    return relevant.length > 0 ? [{ language, files: relevant }] : [];
  });
}

function holds(text: string | undefined, words: readonly string[]): boolean {
  return text !== undefined && words.some((word) => text.includes(word));
}

/** "872 PHP files and 1 Go file". */
export function counted(languages: readonly UnreadLanguage[]): string {
  return listed(
    languages.map(({ language, files }) => `${files.length} ${language} ${files.length === 1 ? 'file' : 'files'}`),
  );
}
