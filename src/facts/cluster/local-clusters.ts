/** Knows which scripts and CI jobs deploy to a cluster that they make themselves. */

import { anchoredCall, scriptIndex, targetsOf } from '../ci/gates.ts';
import { linkPipelines } from '../ci/gitlab.ts';
import { callsOf } from '../commandline.ts';
import type { Facts, FileFacts } from '../facts.ts';
import { folderOf } from '../paths.ts';
import type { Script, Target } from '../script.ts';
import { foldersAt, type Standing, UNKNOWN, walkShell, wordAt } from '../shell/folders.ts';
import { type ResolvedWord, withoutLaunchers } from '../shell/words.ts';
import type { Command, Shell } from '../shell.ts';
import { createsCluster, isClusterAction } from './trials.ts';

/** Words of the scripts to read for this. */
export const CLUSTER_WORDS = ['helm', 'kubectl', 'kustomize', 'kind ', 'k3d', 'minikube', 'ctlptl'] as const;

/** Code that deploys to a cluster it makes: all recipes of a target, all steps of a job. Use through `facts.linked`. */
export function localShells(facts: Facts): ReadonlySet<Shell> {
  const found = new Set<Shell>();
  const makes = clusterMaker(facts);
  for (const file of facts.of('script')) {
    for (const target of file.data.targets) {
      if (makes(file, target, homeOf(file))) for (const { shell } of target.recipes) found.add(shell);
    }
  }
  for (const { data } of [...facts.of('workflow'), ...facts.linked(linkPipelines)]) {
    for (const { steps } of data.jobs) {
      const makesOne = steps.some(
        ({ uses, script }) => (uses && isClusterAction(uses.name)) || (script && shellMakes(script.shell)),
      );
      if (makesOne) for (const { script } of steps) if (script) found.add(script.shell);
    }
  }
  return found;
}

/** The folder the code of a file starts in, as a rule: make has its own, people start scripts at the root. */
function homeOf({ path, data }: FileFacts<Script>): string {
  return data.type === 'shell' ? '' : folderOf(path);
}

function shellMakes(shell: Shell): boolean {
  let found = false;
  walkShell(shell.statements, (command, here) => {
    found ||= createsCluster(wordsAt(command, here).map(({ text }) => text));
  });
  return found;
}

/** Answers whether a target makes a cluster: itself, before it, or through a script that it calls. */
function clusterMaker(facts: Facts): (file: FileFacts<Script>, target: Target, home: string) => boolean {
  const scripts = facts.linked(scriptIndex);
  const known = new Map<Target, boolean>();
  const makes = (file: FileFacts<Script>, target: Target, home: string): boolean => {
    const before = known.get(target);
    if (before !== undefined) return before;
    known.set(target, false);
    let found = file.data.targets.some((one) => target.prerequisites.includes(one.name) && makes(file, one, home));
    for (const { shell } of found ? [] : target.recipes) {
      walkShell(shell.statements, (command, here) => {
        if (found) return;
        found = createsCluster(wordsAt(command, here).map(({ text }) => text));
        const paths = new Map(command.words.map((word) => [word.text, wordAt(word, here).text]));
        const [directory = UNKNOWN] = foldersAt(here, file.path, [home]);
        for (const call of callsOf(command)) {
          const own = anchoredCall(call, paths, file.path, home);
          found ||= targetsOf(own, directory, scripts).some((one) => makes(one.file, one.target, one.home));
        }
      });
    }
    known.set(target, found);
    return found;
  };
  return makes;
}

function wordsAt(command: Command, here: Standing): readonly ResolvedWord[] {
  return withoutLaunchers(command.words.map((word) => wordAt(word, here)));
}
