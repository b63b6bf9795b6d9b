/** Knows configurations of the TypeScript compiler: how strict each is, and what it inherits from which other file. */
import type { Extractor, Facts } from './facts.ts';
import { fileName, folderOf, joinPath } from './paths.ts';
import type { Place, Span } from './span.ts';

export interface TypeScriptConfig {
  /** Configurations it inherits from, as written; later ones win. */
  readonly extends: readonly string[];
  /** Switches it sets itself. */
  readonly switches: Readonly<Record<string, { readonly value: boolean; readonly span: Span }>>;
  /** Where names without a dot are looked for, relative to the file. */
  readonly baseUrl?: string;
  /** Files by names or patterns with one `*`: `@app/*`. */
  readonly paths?: Readonly<Record<string, readonly string[]>>;
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
      const baseUrl = textOf(member(options, 'baseUrl'));
      const paths = [...(member(options, 'paths')?.members ?? [])].map(
        ([name, one]) => [name, (one.items ?? []).flatMap((item) => textOf(item) ?? [])] as const,
      );
      return {
        data: {
          extends: inherited,
          switches,
          ...(baseUrl === undefined ? {} : { baseUrl }),
          ...(paths.length > 0 ? { paths: Object.fromEntries(paths) } : {}),
          empty,
          span: whole(options ?? node),
        },
      };
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
  /** What all configurations in a folder say about names of modules. */
  readonly lookups: (folder: string) => Lookups;
}

/** Where names of modules lead, relative to the root of the tree. */
export interface Lookups {
  /** Folders in which names without a dot are looked for. */
  readonly bases: readonly string[];
  /** Names or patterns with one `*`, and the files they stand for. */
  readonly paths: readonly (readonly [string, readonly string[]])[];
}

/** Joins all configurations of the tree. Use through `facts.linked`. */
export function linkTypeScript(facts: Facts): TypeScriptConfigs {
  const files = new Map(facts.of('tsconfig').map(({ path, data }) => [path, data]));
  const packages = new Map(
    facts
      .of('npm')
      .flatMap(({ path, data }) => (data.name === undefined ? [] : [[data.name, folderOf(path)] as const])),
  );
  const folders = new Map<string, string[]>();
  for (const path of files.keys()) {
    const name = fileName(path);
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
  const lookups = (folder: string): Lookups => {
    const all = (folders.get(folder) ?? []).map((config) => lookupsOf(config, files, packages));
    return { bases: all.flatMap((one) => one.bases), paths: all.flatMap((one) => one.paths) };
  };
  return { governing, strictness, lookups };
}

/** `tsconfig.json` before those of an application or a build; one that only refers to others comes last. */
function rank(path: string, files: ReadonlyMap<string, TypeScriptConfig>): number {
  return Number(files.get(path)!.empty) * 2 + Number(!/(?:^|\/)[jt]sconfig\.json$/.test(path));
}

interface Ancestor {
  readonly path: string;
  readonly data: TypeScriptConfig;
  /** It inherits from this one, which is not in the repository. */
  readonly unseen?: string;
}

/** A configuration after all that it inherits from: later ones win. */
function inheritance(
  config: string,
  files: ReadonlyMap<string, TypeScriptConfig>,
  packages: ReadonlyMap<string, string>,
): readonly Ancestor[] {
  const seen = new Set<string>();
  const visit = (path: string): readonly Ancestor[] => {
    const data = files.get(path);
    if (!data || seen.has(path) || seen.size > 20) return [];
    seen.add(path);
    const above = data.extends.flatMap((unseen): readonly Ancestor[] => {
      const target = resolve(path, unseen, files, packages);
      return target === undefined ? [{ path, data, unseen }] : visit(target);
    });
    return [...above, { path, data }];
  };
  return visit(config);
}

function lookupsOf(
  config: string,
  files: ReadonlyMap<string, TypeScriptConfig>,
  packages: ReadonlyMap<string, string>,
): Lookups {
  const own = folderOf(config);
  const at = (folder: string, path: string) =>
    path.startsWith('${configDir}') ? joinPath(own, path.slice('${configDir}/'.length)) : joinPath(folder, path);
  let base: string | undefined;
  let named: Ancestor | undefined;
  for (const ancestor of inheritance(config, files, packages)) {
    if (ancestor.data.baseUrl !== undefined) base = at(folderOf(ancestor.path), ancestor.data.baseUrl);
    if (ancestor.data.paths) named = ancestor;
  }
  const paths = Object.entries(named?.data.paths ?? {}).map(
    ([name, targets]) => [name, targets.flatMap((target) => at(base ?? folderOf(named!.path), target) ?? [])] as const,
  );
  return { bases: base === undefined ? [] : [base], paths };
}

function decide(
  config: string,
  files: ReadonlyMap<string, TypeScriptConfig>,
  packages: ReadonlyMap<string, string>,
): Strictness {
  const set = new Map<string, { value: boolean | undefined; place: Place }>();
  let outermost: Place = { path: config, span: files.get(config)!.span };
  for (const { path, data, unseen } of inheritance(config, files, packages)) {
    if (unseen !== undefined) {
      const own = Object.entries(published).find(([name]) => unseen.startsWith(name))?.[1];
      for (const name of ['strict', 'noImplicitAny', 'strictNullChecks'])
        set.set(name, { value: own, place: { path, span: data.span } });
      continue;
    }
    if (data.extends.length === 0) outermost = { path, span: data.span };
    for (const [name, { value, span }] of Object.entries(data.switches))
      set.set(name, { value, place: { path, span } });
  }
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
