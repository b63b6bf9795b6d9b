/** Knows where scripts point git's core.hooksPath, and what the hooks there run. */
import { baseName, callsOf } from '../commandline.ts';
import type { Facts } from '../facts.ts';
import { eachCommand } from '../shell.ts';
import type { Place } from '../span.ts';

export interface HookFolder {
  readonly folder: string;
  readonly place: Place;
  /** Programs that the hooks of that folder start. */
  readonly programs: readonly string[];
}

/** Every `git config core.hooksPath X` in the repository's scripts; husky's own folders are left out. */
export function hookFolderOverrides(facts: Facts): readonly HookFolder[] {
  const found: HookFolder[] = [];
  for (const file of facts.of('script')) {
    if (file.zone !== 'production') continue;
    for (const target of file.data.targets) {
      for (const recipe of target.recipes) {
        eachCommand(recipe.shell.statements, (command) => {
          const words = command.words.map((word) => word.text);
          const at = words.findIndex((word) => word.toLowerCase() === 'core.hookspath');
          if (
            words[0] !== 'git' ||
            !words.includes('config') ||
            at < 0 ||
            words.some((word) => /^--?(?:unset|get)/.test(word))
          )
            return;
          const folder = words[at + 1];
          if (folder === undefined || /[$`]/.test(folder) || folder.startsWith('.husky')) return;
          found.push({
            folder,
            place: { path: file.path, span: command.span },
            programs: programsIn(facts, folder.replace(/^\.\/|\/$/g, '')),
          });
        });
      }
    }
  }
  return found;
}

function programsIn(facts: Facts, folder: string): string[] {
  const programs: string[] = [];
  for (const file of facts.of('script')) {
    if (folder === '' || !file.path.startsWith(`${folder}/`)) continue;
    for (const target of file.data.targets) {
      for (const recipe of target.recipes) {
        eachCommand(recipe.shell.statements, (command) => {
          for (const call of callsOf(command)) programs.push(baseName(call[0]!));
        });
      }
    }
  }
  return programs;
}
