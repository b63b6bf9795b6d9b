/** Knows which files name packages, and reads them: manifests, constraints and locks of seven ecosystems. */

import type { Extractor } from './facts.ts';
import type { Packages } from './packages/model.ts';
import { fileName } from './paths.ts';

export type Dependencies = Packages;

/** Folders that hold other people's installed code; their manifests say nothing about this repository. */
const installed =
  /(^|\/)(node_modules|site-packages|dist-packages|bower_components|jspm_packages|\.?venv|\.?virtualenv|virtualenvs|\.tox|\.nox|\.eggs|__pypackages__|vendor|\.yarn|\.pnpm-store|\.gradle|\.cargo)\//;

const exact: Readonly<Record<string, string>> = {
  'pyproject.toml': 'pyproject.toml',
  'setup.py': 'setup.py',
  'setup.cfg': 'setup.cfg',
  Pipfile: 'Pipfile',
  'Pipfile.lock': 'Pipfile.lock',
  'poetry.lock': 'poetry.lock',
  'uv.lock': 'uv.lock',
  'pdm.lock': 'pdm.lock',
  'package.json': 'package.json',
  'package-lock.json': 'package-lock.json',
  'npm-shrinkwrap.json': 'package-lock.json',
  'yarn.lock': 'yarn.lock',
  'pnpm-lock.yaml': 'pnpm-lock.yaml',
  'bun.lock': 'bun.lock',
  'go.mod': 'go.mod',
  'Cargo.lock': 'Cargo.lock',
  'Gemfile.lock': 'Gemfile.lock',
  'gems.locked': 'Gemfile.lock',
  'composer.lock': 'composer.lock',
  'pom.xml': 'pom.xml',
  'gradle.lockfile': 'gradle.lockfile',
  'buildscript-gradle.lockfile': 'gradle.lockfile',
  'build.gradle': 'gradle',
  'build.gradle.kts': 'gradle',
};

/** Word for the reader of a path, by its name alone; undefined when it names no packages. */
export function readerOf(path: string): string | undefined {
  const name = fileName(path);
  const known = Object.hasOwn(exact, name) ? exact[name] : undefined;
  if (known !== undefined) return installed.test(path) ? undefined : known;
  let word: string | undefined;
  if (/\.(txt|in|lock|pip)$/i.test(name)) {
    if (
      /^requirements|requirements?\.(?:txt|in|lock|pip)$|^constraints|constraints?\.(?:txt|in)$|^[\w.-]*requirements?[\w.-]*\.(?:txt|in|lock)$/i.test(
        name,
      )
    )
      word = 'requirements';
    else if (/(^|\/)(?:requirements?|reqs|constraints)\/(?:[^/]+\/)?[^/]+\.(?:txt|in)$/i.test(path))
      word = 'requirements';
  } else if (/^pylock(\.[^.]+)?\.toml$/.test(name)) word = 'pylock';
  else if (/\.versions\.toml$/.test(name)) word = 'catalog';
  else if (
    /^(?:conda[-_.])?env(?:ironment)?(?:[-_.][\w.-]+)?\.ya?ml$|[-_.]environment\.ya?ml$|(^|\/)conda[\w.-]*\.ya?ml$/i.test(
      name,
    )
  )
    word = 'conda';
  return word === undefined || installed.test(path) ? undefined : word;
}

export const dependencies: Extractor<'dependencies'> = {
  kind: 'dependencies',
  accepts: (path) => readerOf(path) !== undefined,
  recognises: (path, text) => readerOf(path) !== 'conda' || /^dependencies:/m.test(text),
  load: async () => {
    const [{ readers }, { loadYaml }] = await Promise.all([import('./packages/readers.ts'), import('./yaml.ts')]);
    const readYaml = await loadYaml();
    return ({ path, text }) => {
      const reader = readers[readerOf(path) ?? ''];
      if (reader === undefined) return {};
      const { packages, problems } = reader(text, path, readYaml);
      return { ...(packages === undefined ? {} : { data: packages }), problems };
    };
  },
};
