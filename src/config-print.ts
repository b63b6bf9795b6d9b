/** Knows how to show the configuration in force: YAML that can be used as one, with the origin of every value beside it. */
import { stringify } from 'yaml';
import type { Config } from './config.ts';
import type { RulePage } from './pages.ts';
import type { Roadmap } from './roadmap.ts';

/** Text for `audit config --print`; ends with a line break. */
export function printConfig(config: Config, builtin: Roadmap, pages: ReadonlyMap<string, RulePage>): string {
  const rows: (readonly [text: string, origin: string])[] = [];
  const from = (key: string, otherwise: string) => config.origins.get(key) ?? otherwise;
  const add = (indent: number, key: string, value: unknown, origin: string) => {
    rows.push([`${' '.repeat(indent)}${key}: ${inline(value)}`, origin]);
  };
  const roadmapFile = config.origins.get('roadmap') ?? 'built-in roadmap';

  add(
    0,
    'target',
    config.roadmap.target / 1000,
    from('target', sameOr(config.roadmap.target, builtin.target, roadmapFile)),
  );
  add(0, 'failOn', config.failOn, from('failOn', 'default: no gate'));
  add(0, 'include', globs(config.include), from('include', 'default: everything'));
  add(0, 'exclude', globs(config.exclude), from('exclude', 'default: nothing'));
  if (config.maxFileSize !== undefined) add(0, 'maxFileSize', config.maxFileSize, from('maxFileSize', ''));
  if (config.zones.length > 0) rows.push(['zones:', '']);
  for (const { zone, patterns } of config.zones) add(2, zone, globs(patterns), from(`zones.${zone}`, ''));
  rows.push(['items:', '']);
  for (const item of config.roadmap.items) {
    const was = builtin.items.find(({ id }) => id === item.id);
    const key = `items.${item.id}`;
    rows.push([`  ${item.id}:`, '']);
    add(4, 'weight', item.weight2 / 2, from(`${key}.weight`, sameOr(item.weight2, was?.weight2, roadmapFile)));
    if (item.expect !== undefined) add(4, 'expect', item.expect, from(`${key}.expect`, roadmapFile));
    const options = Object.entries(config.options.get(item.id) ?? {});
    if (options.length > 0) rows.push(['    options:', '']);
    for (const [name, value] of options) {
      const shipped = pages.get(item.id)?.options[name];
      const untouched = shipped !== undefined && JSON.stringify(shipped.default) === JSON.stringify(value);
      add(6, name, value, from(`${key}.options.${name}`, untouched ? 'default' : roadmapFile));
    }
  }
  const files = [`# configuration: ${config.files.join(', ') || 'none found'}`, `# roadmap: ${roadmapFile}`];
  const removed = builtin.items.filter(({ id }) => !config.roadmap.items.some((item) => item.id === id));
  const without = removed.map(({ id }) => {
    return `# without ${id}: ${from(`items.${id}.enabled`, roadmapFile)}`;
  });
  const width = Math.min(60, Math.max(...rows.map(([text, origin]) => (origin === '' ? 0 : text.length))));
  const lines = rows.map(([text, origin]) => (origin === '' ? text : `${text.padEnd(width)}  # ${origin}`));
  return `${[...files, ...without, ...lines].join('\n')}\n`;
}

function sameOr(value: number, builtin: number | undefined, otherwise: string): string {
  return value === builtin ? 'built-in roadmap' : otherwise;
}

function globs(patterns: Config['include']): readonly string[] {
  return patterns.map(({ glob }) => glob);
}

/** One line of YAML. */
function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();
}
