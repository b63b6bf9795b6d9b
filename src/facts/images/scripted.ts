/** Knows the scripts that build images with arguments they collect in arrays, and the defaults of their variables. */
import type { Facts } from '../facts.ts';
import { baseName } from '../shell/words.ts';
import { type Command, eachCommand } from '../shell.ts';
import type { Place } from '../span.ts';

export interface ScriptedBuild {
  readonly place: Place;
  /** Behind the program, as written; an array is all that the script ever puts into it. */
  readonly words: readonly string[];
  /** What variables of the script are unless the caller says otherwise. */
  readonly defaults: ReadonlyMap<string, string>;
}

const PROGRAMS = /^(?:docker|podman|nerdctl|buildah)$/;

/** All of them. A pure join: use through `facts.linked`. */
export function linkScriptedBuilds(facts: Facts): readonly ScriptedBuild[] {
  return facts.of('script').flatMap(({ path, data }) => {
    if (data.type !== 'shell') return [];
    const commands: Command[] = [];
    for (const { recipes } of data.targets)
      for (const { shell } of recipes) eachCommand(shell.statements, (command) => commands.push(command));
    const found = commands.flatMap(({ words, span }) => {
      // `$DRY_RUN docker build`: a variable in front is empty, or shows what would run.
      const texts = words.map(({ text }) => text).slice(/^\$\{?\w+\}?$/.test(words[0]?.text ?? '') ? 1 : 0);
      const builds =
        PROGRAMS.test(baseName(texts[0] ?? '')) && texts.slice(1, 6).some((one) => /^(?:build|bud)$/.test(one));
      return builds ? [{ place: { path, span }, texts: texts.slice(1) }] : [];
    });
    if (found.length === 0) return [];
    const arrays = new Map<string, string[]>();
    const defaults = new Map<string, string>();
    for (const { name, value, elements = [] } of commands.flatMap(({ assignments }) => assignments)) {
      const all = arrays.get(name) ?? [];
      if (elements.length > 0) arrays.set(name, all.concat(elements.map(({ text }) => text)));
      const part = value?.parts?.length === 1 ? value.parts[0] : undefined;
      const operand = part?.kind === 'variable' && /[-=]/.test(part.operator ?? '') ? part.operand?.value : undefined;
      const text = value?.value ?? operand;
      if (text) defaults.set(name, text);
    }
    return found.map(({ place, texts }) => ({
      place,
      defaults,
      words: texts.flatMap((text) => arrays.get(/^\$\{(\w+)\[[@*]\]\}$/.exec(text)?.[1] ?? '') ?? [text]),
    }));
  });
}

/** The account and the name that a script gives what it builds, by the names of its variables: DOCKER_ORG, DOCKER_REPO. */
export function linkScriptedNames(facts: Facts): ReadonlySet<string> {
  return new Set(
    facts.linked(linkScriptedBuilds).flatMap(({ defaults }) =>
      [...defaults].flatMap(([name, account]) => {
        const [, stem] =
          /^(.*(?:DOCKER|IMAGE|CONTAINER|REGISTRY)_)(?:ORG|ORGANI[SZ]ATION|OWNER|NAMESPACE|USER)$/i.exec(name) ?? [];
        if (stem === undefined) return [];
        return ['REPO', 'REPOSITORY', 'IMAGE', 'NAME'].flatMap((end) => {
          const last = defaults.get(stem + end);
          return last === undefined ? [] : `${account}/${last}`.toLowerCase();
        });
      }),
    ),
  );
}
