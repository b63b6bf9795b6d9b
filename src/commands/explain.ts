/** Knows the explain and list commands: the score as a sum, an item with its proof, the items of the roadmap. */
import { checks } from '../checks/index.ts';
import { explainItem, explainScore, listItems } from '../explain.ts';
import type { RoadmapItem } from '../roadmap.ts';
import { schedule } from '../roadmap.ts';
import { EXIT, type Io } from './io.ts';
import { auditPrepared, known, prepare, type ScanFlags } from './prepare.ts';
import { reporterOptions } from './scan.ts';

export interface ExplainFlags extends ScanFlags {
  readonly color?: boolean;
}

/** Scans and explains `subject`: "score", an item, or the rule of an item. Throws UserError for anything else. */
export async function explain(subject: string, path: string, flags: ExplainFlags, io: Io): Promise<number> {
  const prepared = await prepare(path, flags, io);
  const item = subject.replace(/-review$/, '');
  known(item, ['score', ...prepared.config.roadmap.items.map(({ id }) => id)], 'explain');
  const report = await auditPrepared(prepared, flags, io);
  const options = reporterOptions(path, flags, io);
  io.out(item === 'score' ? explainScore(report, options) : explainItem(report, item, options));
  return EXIT.ok;
}

/** Lists what the roadmap of a folder asks for and whether a check judges it, without a scan. */
export async function list(what: string, path: string, flags: ExplainFlags, io: Io): Promise<number> {
  known(what, ['items'], 'list');
  const { config, pages } = await prepare(path, flags, io);
  const { items, start } = config.roadmap;
  const listed = items.map((item: RoadmapItem) => ({
    ...item,
    ...schedule(item, start),
    checked: checks.some(({ id }) => id === item.id),
    title: pages.get(item.id)?.title ?? item.title ?? item.id,
  }));
  io.out(listItems(listed, reporterOptions(path, flags, io)));
  return EXIT.ok;
}
