/** Knows which files are CI pipelines and which reader understands them. */

import type { Extractor, ParseProblem } from '../facts.ts';
import { type ParseShell, type Shell, shellParser } from '../shell.ts';
import type { OffsetMap } from '../span.ts';
import { loadYaml, scalarOffsets, type YamlScalar } from '../yaml.ts';
import { isAzurePath, looksLikeAzure, readAzure } from './azure.ts';
import { isCirclePath, readCircle } from './circleci.ts';
import { readGitHub } from './github.ts';
import { isGitLabPath, looksLikeGitLab, readGitLab } from './gitlab.ts';
import { isJenkinsPath, readJenkins } from './jenkins.ts';
import type { Pipeline, Reading } from './pipeline.ts';

const githubPath = /(?:^|\/)\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/;
const actionPath = /(?:^|\/)action\.ya?ml$/;

export const workflow: Extractor<'workflow'> = {
  kind: 'workflow',
  accepts: (path) => /\.ya?ml$/.test(path) || isJenkinsPath(path),
  recognises: (path, text) =>
    githubPath.test(path) ||
    (actionPath.test(path) && /^runs:/m.test(text)) ||
    isGitLabPath(path) ||
    isAzurePath(path, text) ||
    isCirclePath(path) ||
    isJenkinsPath(path) ||
    looksLikeGitLab(text) ||
    looksLikeAzure(text),
  load: async () => {
    const [readYaml, parse] = await Promise.all([loadYaml(), shellParser()]);
    return ({ path, text }) => {
      if (isJenkinsPath(path)) return { data: readJenkins(path, text, parse) };
      const file = readYaml(text);
      const problems = file.problems.map(
        (one): ParseProblem => (one.message.startsWith('duplicate key') ? { ...one, tolerated: true } : one),
      );
      const reading: Reading = { text, path, file, shell: (node) => parseScalar(text, node, parse, problems) };
      const data = readerOf(path, text)(reading);
      return { ...(data ? { data } : {}), problems };
    };
  },
};

function readerOf(path: string, text: string): (reading: Reading) => Pipeline | undefined {
  if (githubPath.test(path) || actionPath.test(path)) return (reading) => readGitHub(reading, actionPath.test(path));
  if (isCirclePath(path)) return readCircle;
  const azure = isAzurePath(path, text) || (!isGitLabPath(path) && !looksLikeGitLab(text) && looksLikeAzure(text));
  return azure ? readAzure : readGitLab;
}

function parseScalar(text: string, node: YamlScalar, parse: ParseShell, problems: ParseProblem[]): Shell {
  let map: OffsetMap | undefined;
  const shell = parse(node.text, (offset) => {
    map ??= scalarOffsets(text, node);
    return map(offset);
  });
  // A piece of shell that cannot be read leaves the rest of the file understood.
  for (const problem of shell.problems) problems.push({ ...problem, tolerated: true });
  return shell;
}
