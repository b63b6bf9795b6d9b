/** Knows the report as JSON: the same bytes for the same report, whatever order its keys were set in. */
import type { Reporter } from './reporter.ts';

/** Two-space indentation, keys sorted, a final line break; the shape is `schemas/report-v1.json`. */
export const json: Reporter = (report) => `${JSON.stringify(sorted(report), null, 2)}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  // fromEntries defines own properties, so a key such as "__proto__" stays a key.
  return Object.fromEntries(entries.map(([key, child]) => [key, sorted(child)]));
}
