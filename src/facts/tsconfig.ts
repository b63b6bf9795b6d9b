/** Knows configurations of the TypeScript compiler: how strict each is, and what it inherits from which other file. */
import type { Extractor, Facts } from './facts.ts';
import type { Place, Span } from './span.ts';

export interface TypeScriptConfig {
  /** Configurations it inherits from, as written; later ones win. */
  readonly extends: readonly string[];
  /** Switches it sets itself. */
  readonly switches: Readonly<Record<string, { readonly value: boolean; readonly span: Span }>>;
  /** Only refers to other configurations: `files` is an empty list. */
  readonly empty: boolean;
  /** `compilerOptions`, or the whole file. */
  readonly span: Span;
}

const kept = ['strict', 'noImplicitAny', 'strictNullChecks', 'checkJs'] as const;

export const tsconfig: Extractor<'tsconfig'> = {
  kind: 'tsconfig',
  accepts: (path) =>
    /(?:^|\/)[jt]sconfig[^/]*\.json$|(?:typescript|tsconfig)[^/]*\/[^/]+\.json$/.test(path) &&
    !path.endsWith('package.json'),
  recognises: (_, text) => /compilerOptions|"extends"|"references"/.test(text),
  load: async () => {
    const { member, parseJson, text: textOf, whole } = await import('./packages/json.ts');
    return ({ text }) => {
      const { node, problem } = parseJson(text);
      if (!node) return problem ? { problems: [problem] } : {};
      const options = member(node, 'compilerOptions');
      const from = member(node, 'extends');
      const switches: Record<string, { value: boolean; span: Span }> = {};
      for (const name of kept) {
        const one = member(options, name);
        if (one && typeof one.scalar === 'boolean') switches[name] = { value: one.scalar, span: whole(one) };
      }
      const inherited = [from, ...(from?.items ?? [])].flatMap((one) => textOf(one) ?? []);
      const empty = member(node, 'files')?.items?.length === 0;
      return { data: { extends: inherited, switches, empty, span: whole(options ?? node) } };
    };
  },
};

/** How strict the compiler is where one configuration governs; undefined: a file that is not in the repository decides. */
export interface Strictness {
  /** Parameters without a type are errors, and null is no member of every type. */
  readonly implicitAny: boolean | undefined;
  readonly nullChecks: boolean | undefined;
  readonly checkJs: boolean;
  /** Where the deciding switch stands, or should stand. */
  readonly place: Place;
}

/** Configurations that decide alone, and whose content is known. */
const published: Readonly<Record<string, boolean>> = {
  '@tsconfig/': true,
  '@vue/tsconfig': true,
  'expo/tsconfig': false,
};

export interface TypeScriptConfigs {
  /** Path of the configuration that governs a file; undefined: none. */
  readonly governing: (path: string) => string | undefined;
  readonly strictness: (config: string) => Strictness;
}

/** Joins all configurations of the tree. Use through `facts.linked`. */
export function linkTypeScript(facts: Facts): TypeScriptConfigs {
  const files = new Map(facts.of('tsconfig').map(({ path, data }) => [path, data]));
  const packages = new Map(
    facts
      .of('dependencies')
      .flatMap(({ path, data }) =>
        data.project !== undefined && path.endsWith('package.json') ? [[data.project, folderOf(path)] as const] : [],
      ),
  );
  const folders = new Map<string, string[]>();
  for (const path of files.keys()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (!/^[jt]sconfig/.test(name) || /[.-](?:spec|test|e2e|node|eslint|editor)\b/.test(name)) continue;
    const same = folders.get(folderOf(path));
    if (same) same.push(path);
    else folders.set(folderOf(path), [path]);
  }
  const governing = (path: string): string | undefined => {
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const found = (folders.get(folder) ?? []).sort((a, b) => rank(a, files) - rank(b, files));
      if (found[0] !== undefined) return found[0];
      if (folder === '') return undefined;
    }
  };
  const known = new Map<string, Strictness>();
  const strictness = (config: string): Strictness => {
    const before = known.get(config);
    if (before) return before;
    const found = decide(config, files, packages);
    known.set(config, found);
    return found;
  };
  return { governing, strictness };
}

/** `tsconfig.json` before those of an application or a build; one that only refers to others comes last. */
function rank(path: string, files: ReadonlyMap<string, TypeScriptConfig>): number {
  return Number(files.get(path)!.empty) * 2 + Number(!/(?:^|\/)[jt]sconfig\.json$/.test(path));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function decide(
  config: string,
  files: ReadonlyMap<string, TypeScriptConfig>,
  packages: ReadonlyMap<string, string>,
): Strictness {
  const set = new Map<string, { value: boolean | undefined; place: Place }>();
  const seen = new Set<string>();
  let outermost: Place = { path: config, span: files.get(config)!.span };
  const visit = (path: string): void => {
    const data = files.get(path);
    if (!data || seen.has(path) || seen.size > 20) return;
    seen.add(path);
    for (const one of data.extends) {
      const target = resolve(path, one, files, packages);
      if (target !== undefined) visit(target);
      else {
        const own = Object.entries(published).find(([name]) => one.startsWith(name))?.[1];
        for (const name of ['strict', 'noImplicitAny', 'strictNullChecks'])
          set.set(name, { value: own, place: { path, span: data.span } });
      }
    }
    if (data.extends.length === 0) outermost = { path, span: data.span };
    for (const [name, { value, span }] of Object.entries(data.switches))
      set.set(name, { value, place: { path, span } });
  };
  visit(config);
  const strict = set.get('strict');
  const of = (name: string) => {
    const own = set.get(name);
    return own && own.value !== undefined ? own : (strict ?? own);
  };
  const any = of('noImplicitAny');
  const nulls = of('strictNullChecks');
  const value = (one: typeof any) => (one === undefined ? false : one.value);
  const weak = value(any) ? nulls : any;
  return {
    implicitAny: value(any),
    nullChecks: value(nulls),
    checkJs: set.get('checkJs')?.value === true,
    place: weak?.place ?? outermost,
  };
}

function resolve(
  from: string,
  target: string,
  files: ReadonlyMap<string, TypeScriptConfig>,
  packages: ReadonlyMap<string, string>,
): string | undefined {
  let path: string | undefined;
  if (/^\.{0,2}\//.test(target)) {
    const parts = folderOf(from).split('/').filter(Boolean);
    for (const part of target.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.' && part !== '') parts.push(part);
    }
    path = parts.join('/');
  } else {
    const name = [...packages.keys()].find((one) => target === one || target.startsWith(`${one}/`));
    if (name !== undefined)
      path = [packages.get(name)!, target.slice(name.length + 1) || 'tsconfig'].filter(Boolean).join('/');
  }
  if (path === undefined) return undefined;
  return [path, `${path}.json`, `${path}/tsconfig.json`].find((one) => files.has(one));
}
