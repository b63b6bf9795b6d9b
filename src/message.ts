/** Knows how a message and a finding's data become sentences. */
import type { Finding, Message } from './check.ts';

/** Fills `{name}` from the finding's data; throws when a name is missing, because that is a bug of the check. */
export function fill(template: string, data: Finding['data']): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = data[name];
    if (value === undefined) throw new Error(`no value for {${name}} in "${template}"`);
    return String(value);
  });
}

/** The three sentences of a finding. */
export function sentences(message: Message, data: Finding['data']): { what: string; why: string; fix: string } {
  return { what: fill(message.what, data), why: fill(message.why, data), fix: fill(message.fix, data) };
}
