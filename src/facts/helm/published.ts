/** Knows which charts a repository publishes, so that others install them with values of their own. */
import type { Facts } from '../facts.ts';
import { folderOf, joinPath } from '../paths.ts';
import { foldersAt, isAnchored, pathsIn, walkShell, wordAt } from '../shell/folders.ts';
import { baseName, withoutLaunchers } from '../shell/words.ts';
import type { Shell } from '../shell.ts';
import { at, entriesOf } from '../yaml.ts';
import type { Chart } from './charts.ts';

/** Actions that publish all charts below a folder, with the input that names it. */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'helm/chart-releaser-action': ['charts_dir'],
  'stefanprodan/helm-gh-pages': ['charts_dir'],
  'appany/helm-oci-chart-releaser': ['path'],
  'bitdeps/helm-oci-charts-releaser': ['charts_dir'],
  'goodsmileduck/helm-push-action': ['CHART_FOLDER'],
  'j12934/helm-gh-pages-action': ['charts-folder'],
};
/** Files that only a chart repository has. */
const REPOSITORY = /(?:^|\/)(?:artifacthub-repo\.ya?ml|\.?cr\.ya?ml)$/;

/**
 * `released` is a chart that CI or a script publishes, `listed` one that only says of itself how a catalogue shows it.
 * Use through `facts.linked`.
 */
export function linkPublished(facts: Facts): (chart: Chart) => 'released' | 'listed' | undefined {
  const folders: string[] = facts.files.some(({ path }) => REPOSITORY.test(path)) ? [''] : [];
  let pushed = false;
  const packed: string[] = [];
  const read = (shell: Shell, path: string, starts: readonly string[]): void =>
    walkShell(shell.statements, (command, here) => {
      const [program, verb, ...rest] = withoutLaunchers(command.words.map((word) => wordAt(word, here))).map(
        ({ text }) => text,
      );
      const name = `${baseName(program ?? '')} ${verb ?? ''}`;
      if (/^(?:helm (?:push|cm-push|s3|gcs|nexus-push)|cr upload)$/.test(name) || name === 'helm repo') {
        pushed ||= name !== 'helm repo' || rest[0] === 'index';
      }
      if (!/^(?:helm (?:package|cm-push)|cr package)$/.test(name)) return;
      const text = rest.find((word) => !word.startsWith('-')) ?? '.';
      const own = foldersAt(here, path, starts);
      const found = isAnchored(text)
        ? pathsIn(text, path, starts)
        : own.flatMap((one) => joinPath(one, text.replace(/[^/]*[$*].*$/, '') || '.') ?? []);
      packed.push(...found);
    });
  for (const { path, zone, data } of facts.of('workflow')) {
    if (zone !== 'production') continue;
    for (const { steps } of data.jobs) {
      for (const { uses, script, workingDirectory } of steps) {
        const inputs = uses && ACTIONS[uses.name.toLowerCase()];
        const folder = inputs && uses.inputs.find((one) => inputs.includes(one.name))?.value;
        if (inputs) folders.push(joinPath('', folder?.replace(/[^/]*[$*].*$/, '') ?? 'charts') ?? '');
        if (script) read(script.shell, path, [workingDirectory ?? '']);
      }
    }
  }
  for (const { path, zone, data } of facts.of('script')) {
    if (zone !== 'production') continue;
    const starts = data.type === 'shell' ? ['', folderOf(path)] : [folderOf(path)];
    for (const { recipes } of data.targets) for (const { shell } of recipes) read(shell, path, starts);
  }
  if (pushed) folders.push(...(packed.length > 0 ? packed : ['']));
  return ({ folder, metadata }) => {
    if (folders.some((one) => one === '' || folder === one || folder.startsWith(`${one}/`))) return 'released';
    const listed = entriesOf(at(metadata, 'annotations')).some(({ key }) => key.startsWith('artifacthub.io/'));
    return listed ? 'listed' : undefined;
  };
}
