/** Knows how to gather the headers and limits that directives of a configuration file set. */
import type { Directive } from '../directives.ts';
import type { Place } from '../span.ts';
import type { Header, Headers } from './server.ts';
import type { Source } from './sources.ts';

export type Collect = (name: string, value: string | undefined, directive: Directive, always?: boolean) => void;

/** Where a directive stands. */
export function placeAt({ path, at }: Source, directive: Directive): Place {
  return { path, span: at ?? directive.head };
}

/** Headers by lower-case name, beginning with those of the outer level, and what adds one; computed values are left out, and so are empty names. */
export function collector(source: Source, outer?: Headers): { headers: Map<string, Header>; add: Collect } {
  const headers = new Map<string, Header>(outer);
  return {
    headers,
    add: (name, value, directive, always = true) => {
      const known = value === undefined || /\{[$%\w.]|%\[|%\{|\$\{/.test(value) ? undefined : value;
      const place = placeAt(source, directive);
      headers.set(name.toLowerCase(), { ...(known !== undefined && { value: known }), always, place });
    },
  };
}

/** Requests a minute of a count in a window: "10", "30s". Undefined when one of them cannot be told. */
export function perMinute(count: string | undefined, window: string | undefined): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(window ?? '') ?? [];
  const seconds = Number(number) * ({ ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit ?? 's'] ?? 1);
  return /^\d+$/.test(count ?? '') && seconds > 0 ? (Number(count) * 60) / seconds : undefined;
}
