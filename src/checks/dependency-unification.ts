/** Knows when manifests and locks of one project contradict each other. */
import { defineCheck, type Finding, type Fix, type Related, type Subject } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { linkInventory } from '../facts/packages/inventory.ts';
import { linkAgreements, type Pair, type Shared, type Statement } from '../facts/packages/unify.ts';
import type { Place } from '../facts/span.ts';

/** Words without which no command installs a package by name. */
const installing = ['install', 'pip', 'npm i', ' add ', 'npx', 'uvx', 'go get', 'go run', 'require '];
const mostRelated = 30;

function place({ source, dependency }: Statement): Place {
  return { path: source.path, span: dependency.span };
}

function wanted({ dependency, source }: Statement): string {
  if (dependency.version !== undefined) return dependency.version;
  if (dependency.range !== undefined) return dependency.range;
  return source.role === 'lock' ? 'no version' : 'any version';
}

function related(statements: readonly Statement[]): Related[] {
  return statements.slice(0, mostRelated).map((s) => ({ ...place(s), text: `${s.dependency.name} ${wanted(s)}` }));
}

/** Writes the version to take into every exact pin that differs; locks are made, not edited. */
function fixOf({ name, take, statements }: Shared): Fix | undefined {
  if (take === undefined) return undefined;
  const edits = statements.flatMap((s) => {
    const { version, versionSpan } = s.dependency;
    if (s.source.role === 'lock' || version === undefined || version === take || versionSpan === undefined) return [];
    const whole = s.dependency.range === undefined ? version : s.dependency.range;
    const length = versionSpan.end - versionSpan.start;
    // Only what stands in the file as it is: `==1.2`, `1.2`.
    if (length !== whole.length && length !== version.length) return [];
    const text = length === version.length ? take : whole.replace(version, take);
    return [{ path: s.source.path, span: versionSpan, text }];
  });
  return edits.length === 0 ? undefined : { description: `Pin ${name} to ${take} everywhere`, edits };
}

function conflict(shared: Shared): Finding {
  const [first, ...others] = shared.conflict as [Statement, ...Statement[]];
  const against = others[0]!;
  const clean = shared.checked ? ' and has no known advisory' : '';
  const advice =
    shared.take === undefined
      ? `No version named in these files satisfies every range${clean}: widen the narrowest range or raise the pins, then make the locks anew.`
      : `Take ${shared.take} everywhere: it is the highest version named in these files that satisfies every range${clean}.`;
  const fix = fixOf(shared);
  return {
    message: 'conflict',
    data: { package: shared.name, here: wanted(first), there: wanted(against), other: against.source.path, advice },
    place: place(first),
    identity: shared.name,
    confidence: 'high',
    related: related(others),
    ...(fix === undefined ? {} : { fix }),
  };
}

function pairFinding({ kind, first, second, packages }: Pair): Finding {
  const head = packages[0]!;
  return {
    message: kind === 'stale' ? 'staleLock' : 'locksDisagree',
    data: {
      package: head.name,
      file: first.path,
      lock: second.path,
      here: wanted(head.first),
      there: head.second ? wanted(head.second) : 'missing',
    },
    place: place(head.first),
    identity: second.path,
    confidence: 'high',
    related: related(packages.flatMap((p, i) => [...(i === 0 ? [] : [p.first]), ...(p.second ? [p.second] : [])])),
  };
}

function independent(shared: Shared): Finding {
  const [here, there] = shared.conflict as [Statement, Statement];
  return {
    message: 'independent',
    data: { package: shared.name, here: wanted(here), there: wanted(there), other: there.source.path },
    place: place(here),
    confidence: 'low',
    related: related([there]),
  };
}

function includes(facts: Facts): Subject[] {
  return facts.linked(linkInventory).sources.flatMap((source) =>
    source.includes.flatMap((include): Subject[] => {
      if (include.path === undefined) return [];
      const at = { path: source.path, span: include.span };
      const name = `${source.path} includes ${include.path}`;
      if (facts.has(include.path)) return [{ name, place: at, verdict: 'pass', evidence: `${include.path} exists` }];
      const data = { file: include.path, package: include.path };
      return [
        {
          name,
          place: at,
          verdict: 'fail',
          findings: [{ message: 'missingFile', data, place: at, confidence: 'high' }],
        },
      ];
    }),
  );
}

export const dependencyUnification = defineCheck({
  id: 'dependency-unification',
  needs: { dependencies: true, dockerfile: installing, workflow: installing },
  messages: {
    conflict: {
      what: '{package} is {here} here and {there} in {other}; no installation can satisfy both.',
      why: 'Tests, images and production then run different code, and a fix that reaches one file never reaches the other.',
      fix: '{advice}',
    },
    staleLock: {
      what: '{lock} no longer satisfies {file}: {package} is {here} here and {there} in the lock.',
      why: 'A frozen installation fails or installs what nobody asked for, and an update that the manifest shows is not in use.',
      fix: 'Make the lock anew from the manifest and commit both together.',
    },
    locksDisagree: {
      what: 'Two locks of the same project disagree: {package} is {here} in {file} and {there} in {lock}.',
      why: 'Which versions are installed depends on the tool that is used, so what was tested is not what runs.',
      fix: 'Keep one lock, or make one from the other in the same step; the other places are listed with this one.',
    },
    missingFile: {
      what: 'This line includes {file}, which does not exist in the repository.',
      why: 'The installation stops here, or a script that ignores the error installs less than intended.',
      fix: 'Add the file, correct the path, or remove the line.',
    },
    independent: {
      what: '{package} is {here} here and {there} in {other}, which belongs to another project.',
      why: 'Independent projects may differ, but a fix has to be made in each of them.',
      fix: 'Nothing has to be done; a shared constraints file keeps such projects together.',
    },
  },
  assess: (facts) => {
    const { shared, pairs, apart } = facts.linked(linkAgreements);
    const causes = new Map<string, Finding[]>();
    const key = (root: string, ecosystem: string, name: string): string => `${root}\0${ecosystem}\0${name}`;
    const subjects: Subject[] = [];
    const extra: Subject[] = [];
    for (const pair of pairs) {
      const finding = pairFinding(pair);
      for (const { name, first } of pair.packages) {
        const k = key(pair.root, pair.first.ecosystem, name);
        causes.set(k, [...(causes.get(k) ?? []), finding]);
        const known = shared.some(
          (s) => s.name === name && s.root === pair.root && s.ecosystem === pair.first.ecosystem,
        );
        if (!known)
          extra.push({
            name: `${name} in ${pair.first.path}`,
            place: place(first),
            verdict: 'fail',
            findings: [finding],
          });
      }
    }
    for (const one of shared) {
      const findings = [
        ...(one.conflict.length > 0 ? [conflict(one)] : []),
        ...(causes.get(key(one.root, one.ecosystem, one.name)) ?? []),
      ];
      const first = one.conflict[0] ?? one.statements[0]!;
      const files = [...new Set(one.statements.map((s) => s.source.path))];
      const name = `${one.name} in ${files.slice(0, 3).join(', ')}${files.length > 3 ? ' and others' : ''}`;
      if (findings.length > 0) subjects.push({ name, place: place(first), verdict: 'fail', findings });
      else subjects.push({ name, place: place(first), verdict: 'pass', evidence: 'All files accept a common version' });
    }
    for (const one of apart)
      subjects.push({
        name: `${one.name} in independent projects`,
        place: place(one.conflict[0]!),
        verdict: 'fail',
        findings: [independent(one)],
      });
    return {
      subjects: [...subjects, ...extra, ...includes(facts)],
      lookedFor: 'packages named in several manifests, constraints, locks, Dockerfiles or pipelines of one project',
    };
  },
});
