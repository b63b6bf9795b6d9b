/** Knows when a pinned or locked dependency has a known vulnerability. */
import { defineCheck, type Finding, type Fix, type Related, type Severity, type Subject } from '../check.ts';
import { type Advisory, isUnbounded, rating } from '../facts/packages/advisory.ts';
import { type Exposure, type Hit, type Loose, linkExposures, pathTo } from '../facts/packages/exposure.ts';
import { linkInventory, type Source } from '../facts/packages/inventory.ts';
import type { Dependency } from '../facts/packages/model.ts';
import { isVersion } from '../facts/packages/versions.ts';

/** Words without which no command installs a package by name. */
const installing = ['install', 'pip', 'npm i', ' add ', 'npx', 'uvx', 'go get', 'go run', 'require '];
const mostRelated = 20;
const twoYears = 2 * 365;

/** Names in the report are data from files: one line, of readable length. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').slice(0, 200);
}

/** All names under which the advisories are known, CVE and GHSA ids with the database's own. */
function idsOf(group: readonly Advisory[]): string {
  return [...new Set(group.flatMap((a) => [a.id, ...a.aliases]))].slice(0, 12).join(', ');
}

const lower: Readonly<Record<Severity, Severity>> = { critical: 'high', high: 'medium', medium: 'low', low: 'low' };

/** What only development, the build or CI uses ranks one step lower. */
function rate(
  group: readonly Advisory[],
  scope: Dependency['scope'],
): { readonly severity: Severity; readonly words: string } {
  const { severity, words } = rating(group);
  return { severity: scope === 'runtime' ? severity : lower[severity], words };
}

const scopes: Readonly<Record<Dependency['scope'], string>> = {
  runtime: 'production',
  dev: 'development',
  build: 'the build',
  ci: 'CI',
};

function origin(source: Source, entry: Dependency): string {
  const path = pathTo(source, entry).map(plain);
  const use = `It is used in ${scopes[entry.scope]}`;
  if (path.length > 1) return `${use} and comes in through ${path.slice(0, -1).join(' > ')}`;
  return entry.direct === false ? `${use} as a transitive dependency` : `${use} as a direct dependency`;
}

function advice({ source }: Exposure, { group, fix, bump, mended }: Hit, entry: Dependency): string {
  const name = plain(entry.name);
  if (fix === undefined)
    return `No version without it is known: replace ${name}, or accept the risk with a reason and an expiry date.`;
  const path = pathTo(source, entry);
  const parent = path.length > 1 ? ` Raise ${plain(path[0]!)}, which brings it in, or constrain ${name} itself.` : '';
  const all = bump !== undefined && mended > 1 ? ` Version ${bump} mends all ${mended} known advisories of it.` : '';
  return `Raise ${name} to ${fix} or later, which mends ${group[0]!.id}.${all}${parent}`;
}

/** A pin in a manifest can be written anew; a lock is made by its tool. */
function edit({ source }: Exposure, { bump, fix }: Hit, entry: Dependency): Fix | undefined {
  const to = bump ?? fix;
  const { version, versionSpan } = entry;
  if (to === undefined || source.role === 'lock' || version === undefined || versionSpan === undefined)
    return undefined;
  const whole = entry.range ?? version;
  const length = versionSpan.end - versionSpan.start;
  if (length !== whole.length && length !== version.length) return undefined;
  const text = length === version.length ? to : whole.replace(version, to);
  return {
    description: `Raise ${plain(entry.name)} to ${to}`,
    edits: [{ path: source.path, span: versionSpan, text }],
  };
}

function days(from: string | undefined, to: string): number {
  return from === undefined ? 0 : (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

function findingOf(exposure: Exposure, hit: Hit, asOf: string): Finding {
  const { source } = exposure;
  const { group } = hit;
  const entry = hit.entries.find((e) => e.scope === 'runtime') ?? hit.entries[0]!;
  const malicious = group.some((a) => a.malicious);
  const stale =
    !malicious &&
    hit.fix === undefined &&
    group.every((a) => isUnbounded(a) && days(a.published ?? a.modified.slice(0, 10), asOf) > twoYears);
  const { severity, words } = rate(group, entry.scope);
  const summary = plain(group.map((a) => a.summary).find((s) => s !== '') ?? 'no summary').replace(/[.!?]+$/, '');
  const related: Related[] = hit.entries
    .filter((e) => e !== entry)
    .slice(0, mostRelated)
    .map((e) => ({ path: source.path, span: e.span, text: `${plain(e.name)} ${plain(e.version!)}` }));
  const fix = malicious ? undefined : edit(exposure, hit, entry);
  return {
    message: malicious ? 'malicious' : stale ? 'unbounded' : hit.fix === undefined ? 'unfixed' : 'vulnerable',
    data: {
      package: plain(entry.name),
      version: plain(entry.version!),
      ecosystem: source.ecosystem,
      advisories: idsOf(group),
      summary,
      rating: words,
      scope: entry.scope,
      origin: origin(source, entry),
      ...(hit.fix === undefined ? {} : { fixed: hit.fix }),
      advice: advice(exposure, hit, entry),
    },
    place: { path: source.path, span: entry.span },
    // Neither version nor line: the finding stays the same while the lock is made anew around it.
    identity: `${exposure.name} ${group[0]!.id}`,
    confidence: stale ? 'low' : 'high',
    severity: malicious ? 'critical' : severity,
    ...(related.length > 0 ? { related } : {}),
    ...(fix === undefined ? {} : { fix }),
  };
}

function subjectsOf(exposure: Exposure, asOf: string): Subject[] {
  const { source, entries, hits, unknown } = exposure;
  const findings = hits.map((hit) => [hit, findingOf(exposure, hit, asOf)] as const);
  return entries.map((entry): Subject => {
    const name = `${plain(entry.name)} ${plain(entry.version!)}`;
    const place = { path: source.path, span: entry.span };
    if (unknown !== undefined) return { name, place, verdict: 'unknown', evidence: unknown };
    const own = findings.filter(([hit]) => hit.entries.includes(entry)).map(([, finding]) => finding);
    if (own.length > 0) return { name, place, verdict: 'fail', findings: own };
    if (!isVersion(source.ecosystem, entry.version!)) {
      return {
        name,
        place,
        verdict: 'unknown',
        evidence: `"${plain(entry.version!)}" is no version of ${source.ecosystem}`,
      };
    }
    return { name, place, verdict: 'pass', evidence: `No advisory of ${asOf} affects it` };
  });
}

/** Ranges: those whose every version is affected are findings; the rest of a manifest is one hint. */
function looseSubjects(loose: readonly Loose[]): Subject[] {
  const subjects: Subject[] = [];
  const hints = new Map<string, Loose[]>();
  for (const one of loose) {
    const { source, dependency } = one;
    if (one.affected === 'some') {
      hints.set(source.path, [...(hints.get(source.path) ?? []), one]);
      continue;
    }
    const place = { path: source.path, span: dependency.span };
    const { severity } = rate(one.advisories, dependency.scope);
    const data = {
      package: plain(dependency.name),
      version: plain(dependency.range ?? 'any version'),
      advisories: idsOf(one.advisories),
      scope: dependency.scope,
    };
    const finding: Finding = {
      message: 'everyVersion',
      data,
      place,
      identity: dependency.name,
      confidence: 'high',
      severity,
    };
    subjects.push({ name: `${data.package} ${data.version}`, place, verdict: 'fail', findings: [finding] });
  }
  for (const list of hints.values()) {
    const [first, ...others] = list as [Loose, ...Loose[]];
    const place = { path: first.source.path, span: first.dependency.span };
    const related = others.slice(0, mostRelated).map((l) => ({
      path: l.source.path,
      span: l.dependency.span,
      text: `${plain(l.dependency.name)} is not locked`,
    }));
    const finding: Finding = {
      message: 'unlocked',
      data: { package: plain(first.dependency.name), file: first.source.path },
      place,
      confidence: 'low',
      related,
    };
    subjects.push({ name: `open ranges of ${first.source.path}`, place, verdict: 'fail', findings: [finding] });
  }
  return subjects;
}

export const vulnerableDependencies = defineCheck({
  id: 'vulnerable-dependencies',
  needs: { dependencies: true, dockerfile: installing, workflow: installing },
  messages: {
    vulnerable: {
      what: '{package} {version} is affected by {advisories} ({rating}): {summary}. {origin}.',
      why: 'The advisory is public and says which versions can be attacked and how.',
      fix: '{advice}',
    },
    unfixed: {
      what: '{package} {version} is affected by {advisories} ({rating}), and no fixed version is known: {summary}. {origin}.',
      why: 'The advisory is public and says which versions can be attacked and how.',
      fix: '{advice}',
    },
    malicious: {
      what: '{package} {version} is a malicious package ({advisories}): {summary}. {origin}.',
      why: 'Installing it is enough: its code ran wherever it was installed, with the rights and secrets of that machine.',
      fix: 'Remove it now, look for where the name came from, and replace every secret of the machines that installed it.',
      severity: 'critical',
    },
    unbounded: {
      what: '{package} {version} falls under {advisories}, an old advisory that names no fix and no last version: {summary}.',
      why: 'Such records are often never closed, so they claim versions that were mended long ago; somebody has to look once.',
      fix: 'Read the advisory; when this version is not affected, suppress the finding with a reason and an expiry date.',
    },
    everyVersion: {
      what: '{package} is required as {version}, and every version in that range is affected by {advisories}.',
      why: 'Whatever an installation picks from this range has a known vulnerability.',
      fix: 'Widen the range to a version that is not affected, and lock it.',
    },
    unlocked: {
      what: '{file} leaves the version of {package} open, no lock decides it, and some versions in the range have known vulnerabilities.',
      why: 'Which version is installed differs from day to day and cannot be judged from the repository.',
      fix: 'Lock the dependencies (uv lock, pip-compile, npm install --package-lock-only) and commit the lock.',
    },
  },
  assess: (facts) => {
    const lookedFor = 'pinned and locked dependencies in manifests, locks, Dockerfiles and pipelines';
    const { advisories } = facts;
    const { sources } = facts.linked(linkInventory);
    const judged = sources.filter((s) => s.dependencies.some((d) => d.source !== 'other'));
    if (judged.length === 0) return { subjects: [], lookedFor };
    const without = 'no advisory database was opened; run "audit db update", or name one with --advisory-db';
    if (advisories === undefined) return { subjects: [], lookedFor, notAssessed: without };
    if (advisories.problem !== undefined) return { subjects: [], lookedFor, notAssessed: advisories.problem };
    const needed = [...new Set(judged.filter((s) => s.zone === 'production').map((s) => s.ecosystem))];
    if (needed.length > 0 && needed.every((e) => !advisories.covered.includes(e))) {
      return {
        subjects: [],
        lookedFor,
        notAssessed: [...new Set(needed.map((e) => advisories.gaps[e] ?? without))].join(' '),
      };
    }
    const { exposures, loose } = facts.linked(linkExposures);
    return {
      subjects: [...exposures.flatMap((one) => subjectsOf(one, advisories.asOf)), ...looseSubjects(loose)],
      lookedFor,
    };
  },
});
