/**
 * Knows files that only tests run, where their path does not say so: what a runner's configuration names, what imports the
 * runner, and what lies with integration tests.
 */

import { folderOf } from './paths.ts';
import type { FileText, SourceFile } from './workspace.ts';

const script = /\.[cm]?[jt]sx?$/;
const manifest = /(?:^|\/)package\.json$/;
const config =
  /(?:^|\/)(?:(?:jest|vitest|playwright)[\w.-]*\.config\.[cm]?[jt]s|(?:jest|vitest)\.[\w.-]*config\.(?:[cm]?[jt]s|json)|jest[\w.-]*\.json|vite\.config\.[cm]?[jt]s|package\.json)$/;
const runner = /"(?:vitest|jest|@jest\/globals|@playwright\/test|react-scripts)"/;
const importing = /(?:\bfrom|\bimport|\brequire\s*\()\s*["'](vitest|@jest\/globals)["']/;
const naming =
  /\b(?:setupFiles|setupFilesAfterEnv|globalSetup|globalTeardown)["']?\s*:\s*(\[[^\]]{0,2000}\]|[^,\r\n]{0,300})/g;
const endings = ['', '.ts', '.js', '.mjs', '.cjs', '.mts', '.cts', '.tsx', '.jsx', '/index.ts', '/index.js'];

/** Paths of production files that only a runner of tests starts or that hold tests themselves. */
export function testFiles(
  files: readonly SourceFile[],
  read: (path: string) => FileText | undefined,
): ReadonlySet<string> {
  const folders = testFolders(files);
  const beside = ({ path, zone }: SourceFile) => zone === 'production' && folders.some((one) => path.startsWith(one));
  const found = new Set(files.filter(beside).map(({ path }) => path));
  const manifests = new Map<string, string>();
  for (const { path } of files) {
    if (manifest.test(path)) manifests.set(folderOf(path), read(path)?.text ?? '');
  }
  if (![...manifests.values()].some((text) => runner.test(text))) return found;
  const production = new Set(files.flatMap((file) => (file.zone === 'production' ? [file.path] : [])));
  for (const { path, zone } of files) {
    if (zone !== 'production' && zone !== 'test') continue;
    const isConfig = config.test(path);
    if (!isConfig && (zone === 'test' || !script.test(path))) continue;
    const text = read(path)?.text ?? '';
    if (isConfig) for (const target of targets(folderOf(path), text)) if (production.has(target)) found.add(target);
    const imported = !isConfig && importing.exec(text)?.[1];
    if (imported && !isProduct(manifests, folderOf(path), imported)) found.add(path);
  }
  return found;
}

const CODE = /\.(?:py|go|rb|java|kt|cs|php|rs|[cm]?[jt]sx?)$/;

/** Folders for one kind of tests, `integration/`, that hold more tests than other code: the rest of them is for these tests. */
function testFolders(files: readonly SourceFile[]): readonly string[] {
  const folders = new Map<string, number>();
  for (const { path, zone } of files) {
    const folder = /^(?:.*\/)?(?:integration|acceptance|functional|conformance|smoke|regression)\//.exec(path)?.[0];
    if (folder !== undefined && CODE.test(path) && (zone === 'test' || zone === 'production'))
      folders.set(folder, (folders.get(folder) ?? 0) + (zone === 'test' ? 1 : -1));
  }
  return [...folders].flatMap(([folder, more]) => (more > 0 ? [folder] : []));
}

/** Files that the configuration of a runner names as its own setup. */
function targets(folder: string, text: string): string[] {
  return [...text.matchAll(naming)].flatMap((match) =>
    [...match[1]!.matchAll(/(["'`])([^"'`\r\n]+)\1/g)].flatMap(([, , name]) => {
      const parts = folder === '' ? [] : folder.split('/');
      for (const part of name!.replace(/^<rootDir>\/?/, '').split('/')) {
        if (part === '..') parts.pop();
        else if (part !== '.' && part !== '') parts.push(part);
      }
      return endings.map((ending) => parts.join('/') + ending);
    }),
  );
}

/** Does the package that holds the folder ship the runner to its users? Then it is a tool for tests. */
function isProduct(manifests: ReadonlyMap<string, string>, folder: string, name: string): boolean {
  let at = folder;
  while (!manifests.has(at) && at !== '') at = folderOf(at);
  const text = manifests.get(at) ?? '';
  return [...text.matchAll(/"(?:peerD|d)ependencies"\s*:\s*\{([^}]*)\}/g)].some(([, list]) =>
    list!.includes(`"${name}"`),
  );
}
