/** Knows what settings of the REST framework of Django say about throttles. */
import { constants } from '../program/flow.ts';
import { type Program, placeIn } from '../program/link.ts';
import type { Place } from '../span.ts';
import { textsIn } from './paths.ts';

export interface ThrottleSettings {
  readonly place: Place;
  /** What is not there; absent: nothing is missing. */
  readonly lacks?: 'noThrottles' | 'noRates';
}

/** Each `REST_FRAMEWORK = {...}` whose entries are known. */
export function throttleSettings(program: Program): readonly ThrottleSettings[] {
  return program.units.flatMap((unit) =>
    unit.module.assignments.flatMap((one): readonly ThrottleSettings[] => {
      if (one.name !== 'REST_FRAMEWORK' || one.function >= 0 || !one.value || one.augmented || one.target !== 'name')
        return [];
      const value = unit.module.values[one.value.value]!;
      if (value.kind !== 'dict' || value.entries.some(([key]) => key === null)) return [];
      const keys = value.entries.map(([key]) => constants(program, unit, key!)?.[0]);
      const at = (key: string) => value.entries[keys.indexOf(key)]?.[1];
      const place = placeIn(unit, one);
      const classes = at('DEFAULT_THROTTLE_CLASSES');
      const listed = classes === undefined ? undefined : unit.module.values[classes]!;
      if (!listed || (listed.kind === 'list' && listed.items.length === 0)) return [{ place, lacks: 'noThrottles' }];
      // Classes of the repository may have rates of their own.
      const texts = textsIn(program, unit, classes!);
      const isOwn = texts === undefined || texts.some((text) => !text.startsWith('rest_framework.'));
      return [isOwn || at('DEFAULT_THROTTLE_RATES') ? { place } : { place, lacks: 'noRates' }];
    }),
  );
}
