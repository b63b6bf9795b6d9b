/** Knows the `pip:` lists of conda environment files; conda's own packages are none of PyPI. */
import { type Dependency, type Read, type ReadYaml, read } from './model.ts';
import { fromRequirement, parseRequirement, scopeOfName } from './requirements.ts';
import { valueAt } from './yaml-nodes.ts';

/** Reads environment.yml; a file without a list of dependencies is no environment file. */
export function readCondaEnvironment(text: string, path: string, readYaml: ReadYaml): Read {
  const { documents, problems } = readYaml(text);
  const entries = valueAt(documents[0]?.root, 'dependencies');
  if (entries?.kind !== 'list') return { problems };
  const dependencies: Dependency[] = [];
  for (const entry of entries.items) {
    const pip = valueAt(entry, 'pip');
    if (pip?.kind !== 'list') continue;
    for (const item of pip.items) {
      if (item.kind !== 'scalar' || item.text.startsWith('-')) continue;
      const requirement = parseRequirement(item.text);
      if (requirement === undefined) continue;
      const quote = item.style === 'plain' ? 0 : 1;
      const length = Math.min(item.text.length, item.span.end - item.span.start - 2 * quote);
      dependencies.push(fromRequirement(requirement, item.span.start + quote, Math.max(0, length), scopeOfName(path)));
    }
  }
  return read({ format: 'conda environment', role: 'manifest', ecosystem: 'PyPI', dependencies }, problems);
}
