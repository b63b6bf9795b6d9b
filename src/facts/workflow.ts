/** Knows which files are CI pipelines and which reader understands them. */
import type { Extractor, ParseProblem } from './facts.ts';
import { readGitHub } from './github.ts';
import { isGitLabPath, looksLikeGitLab, readGitLab } from './gitlab.ts';
import type { Reading } from './pipeline.ts';
import { type ParseShell, type Shell, shellParser } from './shell.ts';
import type { OffsetMap } from './span.ts';
import { loadYaml, scalarOffsets, type YamlScalar } from './yaml.ts';

const githubPath = /(?:^|\/)\.(?:github|gitea|forgejo)\/workflows\/[^/]+\.ya?ml$/;
const actionPath = /(?:^|\/)action\.ya?ml$/;

export const workflow: Extractor<'workflow'> = {
  kind: 'workflow',
  accepts: (path) => /\.ya?ml$/.test(path),
  recognises: (path, text) =>
    githubPath.test(path) ||
    (actionPath.test(path) && /^runs:/m.test(text)) ||
    isGitLabPath(path) ||
    looksLikeGitLab(text),
  load: async () => {
    const [readYaml, parse] = await Promise.all([loadYaml(), shellParser()]);
    return ({ path, text }) => {
      const file = readYaml(text);
      const problems = file.problems.map(
        (one): ParseProblem => (one.message.startsWith('duplicate key') ? { ...one, tolerated: true } : one),
      );
      const reading: Reading = { text, path, file, shell: (node) => parseScalar(text, node, parse, problems) };
      const github = githubPath.test(path) || actionPath.test(path);
      const data = github ? readGitHub(reading, actionPath.test(path)) : readGitLab(reading);
      return { ...(data ? { data } : {}), problems };
    };
  },
};

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
