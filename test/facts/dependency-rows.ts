/** Knows how to show what a manifest reader understood, one short line a dependency. */
import { dependencies, readerOf } from '../../src/facts/dependencies.ts';
import type { Packages } from '../../src/facts/packages/model.ts';
import { Lines } from '../../src/facts/span.ts';

const extract = await dependencies.load();

export interface Shown {
  /** `line: name version|range scope flags «version text»` */
  readonly rows: readonly string[];
  readonly problems: readonly string[];
  readonly data: Packages | undefined;
}

export function show(path: string, text: string): Shown {
  if (readerOf(path) === undefined) throw new Error(`${path} names no packages`);
  const { data, problems = [] } = extract({ path, text, words: [] });
  const lines = new Lines(text);
  const list = data?.dependencies ?? [];
  const rows = list.map((d) => {
    const words = [
      `${lines.position(d.span.start).line}:`,
      d.name,
      d.version === undefined ? (d.range ?? 'any') : `=${d.version}`,
      d.scope === 'runtime' ? '' : d.scope,
      d.group === undefined ? '' : `(${d.group})`,
      d.source === 'registry' ? '' : d.source,
      d.direct === undefined ? '' : d.direct ? 'direct' : 'transitive',
      d.isolated ? 'isolated' : '',
      d.marker === undefined ? '' : `; ${d.marker}`,
      d.requires === undefined ? '' : `-> ${d.requires.map((i) => list[i]!.name).join(' ')}`,
      d.versionSpan === undefined ? '' : `«${text.slice(d.versionSpan.start, d.versionSpan.end)}»`,
    ];
    return words.filter((word) => word !== '').join(' ');
  });
  return { rows, problems: problems.map((p) => `${lines.position(p.span.start).line}: ${p.message}`), data };
}

/** Every span lies inside the text. */
export function spansAreInside(path: string, text: string): void {
  const { data, problems = [] } = extract({ path, text, words: [] });
  const spans = [
    ...problems.map((p) => p.span),
    ...(data?.includes ?? []).map((i) => i.span),
    ...(data?.dependencies ?? []).flatMap((d) => (d.versionSpan ? [d.span, d.versionSpan] : [d.span])),
  ];
  for (const { start, end } of spans) {
    if (!(start >= 0 && start <= end && end <= text.length))
      throw new Error(`${path}: span ${start}-${end} of ${text.length}`);
  }
}
