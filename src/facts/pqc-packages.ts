/** Knows whether a repository installs the post-quantum libraries that its code imports, in versions that fit together. */

import { readerOf } from './dependencies.ts';
import type { Dockerfile, Stage } from './dockerfile.ts';
import type { Facts } from './facts.ts';
import { installsOf } from './packages/installs.ts';
import { linkInventory } from './packages/inventory.ts';
import type { Dependency } from './packages/model.ts';
import { admits } from './packages/ranges.ts';
import { linkRemoteCode } from './remote-code.ts';
import { eachCommand } from './shell.ts';
import type { Place, Span } from './span.ts';

const pythonManifests = new Set(['pyproject.toml', 'setup.py', 'setup.cfg', 'Pipfile', 'requirements', 'conda']);

interface Named {
  readonly path: string;
  readonly dependency: Dependency;
}

function named(facts: Facts, distribution: string): readonly Named[] {
  return facts
    .linked(linkInventory)
    .sources.filter(({ ecosystem }) => ecosystem === 'PyPI')
    .flatMap(({ path, dependencies }) =>
      dependencies.flatMap((dependency) => (dependency.name === distribution ? [{ path, dependency }] : [])),
    );
}

/** True when the repository lists what it installs for Python, and this distribution is not among it. */
export function isUndeclared(facts: Facts, distribution: string): boolean {
  const listed = facts.files.some(
    ({ path, zone }) => zone === 'production' && pythonManifests.has(readerOf(path) ?? ''),
  );
  if (!listed || named(facts, distribution).length > 0) return false;
  return !facts.linked(linkRemoteCode).some(({ source }) => lastOf(source) === distribution);
}

function lastOf(source: string): string {
  return source
    .replace(/\.git$/, '')
    .replace(/[@#].*$/, '')
    .split('/')
    .at(-1)!;
}

/** A build of the C library whose version no listed version of the wrapper fits. */
export interface Mismatch {
  readonly version: string;
  readonly wanted: string;
  readonly place: Place;
  readonly wrapper: Place;
}

/** Clones of the library at a version that the wrapper, as every manifest names it, does not belong to. */
export function versionConflicts(facts: Facts, library: string, wrapper: string): readonly Mismatch[] {
  const wrappers = named(facts, wrapper).filter(({ dependency }) => dependency.version ?? dependency.range);
  const first = wrappers[0];
  if (!first) return [];
  return facts.linked(linkRemoteCode).flatMap(({ kind, source, ref, span, path }): Mismatch[] => {
    const version = /^v?(\d+)\.(\d+)/.exec(ref ?? '');
    if (kind !== 'clone' || lastOf(source) !== library || !version) return [];
    const [, major, minor] = version;
    const fits = wrappers.some(({ dependency }) =>
      dependency.version === undefined
        ? admits('PyPI', dependency.range, `${major}.${minor}.999`) !== false
        : dependency.version.startsWith(`${major}.${minor}.`),
    );
    if (fits) return [];
    const { version: exact, range } = first.dependency;
    const wanted = exact ?? range!;
    return [
      { version: ref!, wanted, place: { path, span }, wrapper: { path: first.path, span: first.dependency.span } },
    ];
  });
}

/** Images whose commands install the wrapper while nothing in the Dockerfile brings the C library. */
export function imagesWithout(facts: Facts, library: string, wrapper: string): readonly Place[] {
  const lists = new Set(named(facts, wrapper).map(({ path }) => path));
  return facts.of('dockerfile').flatMap(({ path, data }): Place[] => {
    if (data.stages.some((stage) => textsOf(stage).some((text) => brings(text, library, wrapper)))) return [];
    const at = installAt(data, wrapper, (list) => lists.has(listOf(facts, path, list) ?? ''));
    return at ? [{ path, span: at }] : [];
  });
}

function textsOf(stage: Stage): readonly string[] {
  return [
    stage.image.resolved ?? stage.image.text,
    ...stage.runs.map(({ command }) => command.text),
    ...stage.copies.flatMap(({ sources, target }) => [...sources.map(({ text }) => text), target]),
  ];
}

function brings(text: string, library: string, wrapper: string): boolean {
  return text.replaceAll(wrapper, '').includes(library);
}

/** The command of the shipped stages that installs the wrapper, by name or through a list of requirements. */
function installAt({ stages }: Dockerfile, wrapper: string, isListed: (list: string) => boolean): Span | undefined {
  for (const stage of stages) {
    for (const { command, span } of stage.runs) {
      if (!command.shell) continue;
      if (installsOf(command.shell, 'runtime').some(({ dependency }) => dependency.name === wrapper)) return span;
      let found = false;
      eachCommand(command.shell.statements, ({ words }) => {
        for (const [i, word] of words.entries()) {
          const list = /^(?:-r|--requirement)$/.test(word.text)
            ? words[i + 1]?.value
            : /^(?:-r|--requirement=)(.+)$/.exec(word.text)?.[1];
          if (list !== undefined && isListed(list)) found = true;
        }
      });
      if (found) return span;
    }
  }
  return undefined;
}

/** The list of requirements that an image means; its build has the Dockerfile's folder or one above. */
function listOf(facts: Facts, dockerfile: string, list: string): string | undefined {
  const name = list.split('/').at(-1)!;
  const parts = dockerfile.split('/').slice(0, -1);
  for (let end = parts.length; end >= 0; end--) {
    const path = [...parts.slice(0, end), name].join('/');
    if (facts.has(path)) return path;
  }
  return undefined;
}
