/** Knows OSV records (schema 1.x): what one says about each package, in the form the index keeps. */
import { createRequire } from 'node:module';
import { type Advisory, type AdvisoryEvent, inRange } from './packages/advisory.ts';
import { type Ecosystem, ecosystems, normalise } from './packages/model.ts';

const require = createRequire(import.meta.url);

export interface AdvisoryEntry {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly advisory: Advisory;
}

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.flatMap((v): readonly Json[] => (object(v) ? [v as Json] : [])) : [];
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Id, time of the last change and whether the record lives; undefined when this is no OSV record. */
export function headOf(
  record: unknown,
): { readonly id: string; readonly modified: string; readonly withdrawn: boolean } | undefined {
  const root = object(record);
  const id = text(root?.id);
  if (root === undefined || id === undefined || !/^[A-Za-z0-9][\w.:-]{0,199}$/.test(id)) return undefined;
  return {
    id,
    modified: text(root.modified) ?? '',
    withdrawn: root.withdrawn !== undefined && root.withdrawn !== null,
  };
}

/** What a record says, one entry a package; a withdrawn record says nothing. */
export function entriesOf(record: unknown): readonly AdvisoryEntry[] {
  const head = headOf(record);
  const root = object(record);
  if (head === undefined || root === undefined || head.withdrawn) return [];
  const summary = (text(root.summary) ?? text(root.details) ?? '').replace(/\s+/g, ' ').trim();
  const malicious = head.id.startsWith('MAL-');
  const label = text(object(root.database_specific)?.severity)?.toUpperCase();
  const published = text(root.published)?.slice(0, 10);
  const byPackage = new Map<
    string,
    { ecosystem: Ecosystem; name: string; ranges: AdvisoryEvent[][]; versions: string[]; vectors: Json[] }
  >();
  for (const affected of objects(root.affected)) {
    const about = object(affected.package);
    const ecosystem = ecosystems.find((e) => e === text(about?.ecosystem)?.split(':')[0]);
    const shown = text(about?.name);
    if (ecosystem === undefined || shown === undefined) continue;
    const name = normalise(ecosystem, shown);
    const key = `${ecosystem} ${name}`;
    const entry = byPackage.get(key) ?? {
      ecosystem,
      name,
      ranges: [],
      versions: [],
      vectors: [...objects(root.severity)],
    };
    byPackage.set(key, entry);
    entry.vectors.push(...objects(affected.severity));
    for (const range of objects(affected.ranges)) {
      if (range.type !== 'ECOSYSTEM' && range.type !== 'SEMVER') continue;
      const events = objects(range.events).flatMap((event): AdvisoryEvent[] =>
        (['introduced', 'fixed', 'last_affected', 'limit'] as const).flatMap((kind) => {
          const version = text(event[kind]);
          return version === undefined || (kind === 'limit' && version === '*') ? [] : [{ kind, version }];
        }),
      );
      if (events.length > 0) entry.ranges.push(events);
    }
    entry.versions.push(...strings(affected.versions));
  }
  return [...byPackage.values()].map(({ ecosystem, name, ranges, versions, vectors }) => {
    const undecided = [...new Set(versions)].filter(
      (v) => !ranges.some((events) => inRange(ecosystem, events, v) === true),
    );
    const score10 = highest(vectors);
    const advisory: Advisory = {
      id: head.id,
      aliases: strings(root.aliases),
      summary: summary.length > 120 ? `${summary.slice(0, 119).trimEnd()}…` : summary,
      ...(published === undefined ? {} : { published }),
      modified: head.modified,
      ...(score10 === undefined ? {} : { score10 }),
      ...(label === undefined || malicious ? {} : { label }),
      ...(malicious ? { malicious } : {}),
      ranges,
      versions: undecided,
    };
    return { ecosystem, name, advisory };
  });
}

/** Highest base score of CVSS vectors in tenths; what is no complete vector says nothing. */
export function highest(vectors: readonly Json[]): number | undefined {
  let best: number | undefined;
  for (const { score } of vectors) {
    if (typeof score !== 'string' || score.length > 500) continue;
    const base = baseScore(score);
    if (base !== undefined && (best === undefined || base > best)) best = base;
  }
  return best;
}

function baseScore(vector: string): number | undefined {
  const { fromVector } = require('ae-cvss-calculator') as typeof import('ae-cvss-calculator');
  try {
    const parsed = fromVector(vector);
    if (parsed === null || !parsed.isBaseFullyDefined()) return undefined;
    const { base } = parsed.calculateScores() as { base?: number };
    return typeof base === 'number' && base >= 0 && base <= 10 ? Math.round(base * 10) : undefined;
  } catch {
    return undefined;
  }
}
