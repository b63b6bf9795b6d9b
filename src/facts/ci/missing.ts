/** Knows which files a CI step names although the repository does not have them; conservative: only what is certain. */

import { baseName, callsOf } from '../commandline.ts';
import type { Facts } from '../facts.ts';
import { fileName } from '../paths.ts';
import type { Command, Word } from '../shell.ts';
import { folderOfRun, type JudgedStep, joined } from './gates.ts';
import type { Located } from './pipeline.ts';

/** Files of these kinds are written by people, not by builds. */
const written =
  /\.(?:py|sh|bash|rb|pl|ps1|tf|tfvars)$|(?:^|\/)(?:requirements|constraints)[\w.-]*\.(?:txt|in)$|(?:^|\/)Dockerfile[\w.-]*$|\.Dockerfile$/;
/** Folders that builds and package managers fill. */
const made =
  /(?:^|\/)(?:dist|build|out|output|target|node_modules|vendor|coverage|tmp|temp|venv|\.venv|bin|artifacts?|reports?|generated|results|downloads?|cache|\.cache)(?:\/|$)/i;

/** Paths a step surely needs and that do not exist, with the place of the word that names them. */
export function missingFiles(one: JudgedStep, steps: readonly JudgedStep[], facts: Facts): readonly Located[] {
  if (one.file.data.type === 'action' || !one.step.script || !ownCheckout(one, steps)) return [];
  const folders = facts.linked(foldersOf);
  const base = one.step.workingDirectory ?? '';
  const found: Located[] = [];
  const earlier = steps.slice(0, steps.indexOf(one)).flatMap((step) => step.runs);
  for (const [i, run] of one.runs.entries()) {
    if (run.guarded || run.fate.kind === 'handled') continue;
    for (const word of namedFiles(run.command)) {
      const path = joined(folderOfRun(run, one.place.path, joined('', base)), word.value!);
      if (path === '?' || !written.test(path) || made.test(path) || facts.has(path)) continue;
      const before = [...earlier, ...one.runs.slice(0, i)];
      if (before.some((other) => mayCreate(other.command, word.value!))) continue;
      // A file below a folder that the tree lacks as a whole may come from elsewhere; one beside known files does not.
      const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
      if (folder !== '' && !folders.has(folder)) continue;
      found.push({ text: path, span: word.span });
    }
  }
  return found;
}

function foldersOf(facts: Facts): ReadonlySet<string> {
  return new Set(facts.files.flatMap(({ path }) => (path.includes('/') ? [path.slice(0, path.indexOf('/'))] : [])));
}

/** The job works on this repository alone: nothing else is checked out, downloaded or unpacked before. */
function ownCheckout(one: JudgedStep, steps: readonly JudgedStep[]): boolean {
  const before = steps.slice(0, steps.indexOf(one));
  if (before.some(({ step }) => step.uses && /download-artifact|cache|git-|clone|sparse/.test(step.uses.name)))
    return false;
  const checkouts = before.flatMap(({ step }) => (step.uses?.name === 'actions/checkout' ? [step.uses] : []));
  if (
    checkouts.some(({ inputs }) =>
      inputs.some(({ name }) => ['repository', 'path', 'ref', 'submodules', 'sparse-checkout'].includes(name)),
    )
  )
    return false;
  return one.file.data.system === 'gitlab' || checkouts.length > 0;
}

/** Words of a command that must be existing files: the script an interpreter starts, `-r` of pip, `-f` of docker build. */
function namedFiles(command: Command): Word[] {
  const byText = new Map(command.words.map((word) => [word.text, word]));
  const texts: string[] = [];
  for (const call of callsOf(command)) {
    const [first, ...rest] = call;
    const name = baseName(first!);
    const after = (flag: RegExp): string[] =>
      rest.flatMap((word, i) => (flag.test(word) && rest[i + 1] ? [rest[i + 1]!] : []));
    if (/^(?:python[\d.]*|bash|sh|ruby|perl|source|\.)$/.test(name) && rest[0] && !rest[0].startsWith('-'))
      texts.push(rest[0]);
    if (/^\.\//.test(first!) && /\.(?:sh|py|rb|pl|bash)$/.test(first!)) texts.push(first!);
    if (/^pip3?$/.test(name) && rest.includes('install'))
      texts.push(...after(/^(?:-r|--requirement|-c|--constraint)$/));
    if (name === 'docker' && rest.includes('build')) texts.push(...after(/^(?:-f|--file)$/));
    if (/^(?:pytest|py\.test)$/.test(name)) texts.push(...rest.filter((word) => /^[\w./-]+\.py$/.test(word)));
  }
  return texts
    .flatMap((text) => byText.get(text) ?? [])
    .filter((word) => word.value !== undefined && !word.value.startsWith('/') && !/[<>:]/.test(word.value));
}

/** Might this earlier command have made the file, or changed what is there? */
function mayCreate(command: Command, path: string): boolean {
  const name = baseName(command.words[0]?.text ?? '');
  if (
    /^(?:git|unzip|tar|curl|wget|gh|svn|rsync|scp|aws|gsutil|cookiecutter|copier|hg|gcloud|az|make|npm|yarn|pnpm)$/.test(
      name,
    )
  ) {
    return !(
      name === 'git' && /^(?:config|status|diff|log|describe|rev-parse|fetch)$/.test(command.words[1]?.text ?? '')
    );
  }
  const last = fileName(path);
  return (
    command.redirections.some(
      ({ target, operator }) => operator.startsWith('>') && (target?.text ?? '').includes(last),
    ) ||
    (/^(?:cp|mv|touch|tee|ln|install|sed|echo|cat|pip-compile|poetry|uv|pipenv|pip)$/.test(name) &&
      command.words.slice(1).some((word) => word.text.includes(last)) &&
      !(name === 'pip' && command.words[1]?.text === 'install'))
  );
}
