/** Knows how to run one check over a tree given as text, as the engine does it. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Check, Options, OptionValue } from '../src/check.ts';
import { collectFacts } from '../src/facts/collect.ts';
import type { Extractor } from '../src/facts/facts.ts';
import { extractors } from '../src/facts/index.ts';
import type { Advisories } from '../src/facts/packages/advisory.ts';
import { openFiles, ZONES } from '../src/facts/workspace.ts';
import { type Judgement, judge } from '../src/judge.ts';
import type { Notification } from '../src/problem.ts';
import { advisoriesFrom } from './advisories.ts';

export type Files = Readonly<Record<string, string>>;

export interface Scanned {
  readonly judgement: Judgement;
  readonly notifications: readonly Notification[];
}

const defaults = new Map<string, Options>();
let allAdvisories: Advisories | undefined;

/** Option defaults of the check's rule page, which is read once. */
function defaultOptions(id: string): Options {
  const known = defaults.get(id) ?? readDefaults(id);
  defaults.set(id, known);
  return known;
}

function readDefaults(id: string): Options {
  let page: string;
  try {
    page = readFileSync(new URL(`../rules/${id}.md`, import.meta.url), 'utf8');
  } catch {
    return {};
  }
  const front = parse(/^---\n([\s\S]*?)\n---/.exec(page)?.[1] ?? '') as {
    options?: Record<string, { default: OptionValue }>;
  } | null;
  return Object.fromEntries(Object.entries(front?.options ?? {}).map(([name, option]) => [name, option.default]));
}

/** Facts go through JSON, so that a check cannot rely on anything a cache or a worker would lose. */
const serialised: readonly Extractor[] = extractors.map((extractor) => ({
  ...extractor,
  load: async () => {
    const extract = await extractor.load();
    return (input) => {
      const { data, problems } = extract(input);
      return {
        ...(data === undefined ? {} : { data: JSON.parse(JSON.stringify(data)) as typeof data }),
        ...(problems === undefined ? {} : { problems }),
      };
    };
  },
}));

export async function scanFiles(
  check: Check,
  files: Files,
  options: Options = {},
  given?: Advisories,
): Promise<Scanned> {
  const encoded = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
  const workspace = openFiles('tree', new Map(encoded));
  const collected = await collectFacts(workspace, {
    checks: [check],
    extractors: serialised,
    zones: new Set(ZONES),
    advisories: async () => {
      allAdvisories ??= advisoriesFrom();
      return { advisories: given ?? allAdvisories, notifications: [] };
    },
    asked: new Set(ZONES),
  });
  const zones = new Map(workspace.files.map((file) => [file.path, file.zone]));
  const { judgement, notifications } = judge(
    check,
    collected.facts,
    { ...defaultOptions(check.id), ...options },
    collected.broken.get(check.id) ?? [],
    {
      zone: (path) => zones.get(path) ?? 'production',
      blob: (path) => workspace.read(path)?.blob,
      shown: new Set(['production']),
    },
  );
  return { judgement, notifications: [...collected.notifications, ...notifications] };
}
