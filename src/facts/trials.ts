/** Knows by their paths which files deploy for trying things out: on a developer's machine, in CI, for a demonstration. */

/** Folders of tools that start containers for developers and CI alone. */
const TOOLS = new Set(['.devcontainer', '.github', '.gitlab', '.circleci', '.gitpod', '.vagrant']);
/** Words that say so wherever they stand in the name of a folder or a file. */
const WORDS = new Set(
  'dev devel develop development devcontainer localhost localdev minikube k3d vagrant test tests testing e2e'.split(
    ' ',
  ),
);
/** Words that say so as the whole name or its end: `docker-compose.local.yml`, but not `local-path-storage.yaml`. */
const ENDS = new Set('local kind demo example sample quickstart playground'.split(' '));

/** True for compose files, manifests, values and scripts that nobody deploys to production. */
export function isTrial(path: string): boolean {
  return (
    namesTrial(path) ||
    path.split('/').some((part) => TOOLS.has(part.toLowerCase()) || /^ci$|[._-]ci\.ya?ml$/i.test(part))
  );
}

/** The same for what deploys: CI does that too, so its folders say nothing. */
export function namesTrial(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  return parts.some((part, i) => {
    const name = i === parts.length - 1 ? part.replace(/\.\w+$/, '') : part;
    const words = name.replace(/dev[-_]?ops/, '').split(/[^a-z0-9]+/);
    return words.some((word) => WORDS.has(word)) || ENDS.has(words.at(-1)!);
  });
}
