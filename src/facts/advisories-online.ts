/** Knows OSV's API: which advisories it names for pinned packages, in batches with pages, and their records. */
import { type Answer, ask, type Http, jsonOf, NoAnswer } from './advisories-http.ts';
import { entriesOf } from './advisories-record.ts';
import { type Advisory, keyOf } from './packages/advisory.ts';
import type { Ecosystem } from './packages/model.ts';

export interface Pin {
  readonly ecosystem: Ecosystem;
  readonly name: string;
  readonly version: string;
}

const batchSize = 1000;
const mostPages = 100;
const together = 10;

interface Query {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly version: string;
  readonly page_token?: string;
}

/**
 * Advisories for every pin, by `keyOf`, and the time of the newest record. Each package version is asked for once.
 * Throws `NoAnswer` when any part of the answer is missing: half an answer is none.
 */
export async function askOsv(
  http: Http,
  baseUrl: string,
  pins: readonly Pin[],
): Promise<Readonly<Record<string, readonly Advisory[]>>> {
  const queries = new Map<string, Query>();
  for (const { ecosystem, name, version } of pins) {
    queries.set(`${ecosystem}\0${name}\0${version}`, { package: { name, ecosystem }, version });
  }
  const ids = new Set<string>();
  let open = [...queries.values()];
  for (let page = 0; open.length > 0; page++) {
    if (page >= mostPages) throw new NoAnswer('the server never ends its pages');
    const next: Query[] = [];
    for (let at = 0; at < open.length; at += batchSize)
      next.push(...(await askBatch(http, baseUrl, open.slice(at, at + batchSize), ids)));
    open = next;
  }
  return await records(http, baseUrl, [...ids].sort());
}

/** Sends one batch, notes the ids, gives the queries that have a further page. */
async function askBatch(http: Http, baseUrl: string, queries: readonly Query[], ids: Set<string>): Promise<Query[]> {
  const body = JSON.stringify({ queries });
  const headers = { 'Content-Type': 'application/json' };
  const answer: Answer<Result[]> = await ask(
    http,
    `${baseUrl}/v1/querybatch`,
    { method: 'POST', body, headers },
    async (pieces) => {
      const { results } = ((await jsonOf(pieces)) ?? {}) as { results?: unknown };
      if (!Array.isArray(results) || results.length !== queries.length)
        throw new NoAnswer('the answer has another length than the question');
      return results as Result[];
    },
  );
  if (answer.value === undefined) throw new NoAnswer(`the server answers ${answer.status}`, answer.status);
  const further: Query[] = [];
  answer.value.forEach((result, i) => {
    for (const { id } of result?.vulns ?? [])
      if (typeof id === 'string' && /^[A-Za-z0-9][\w.:-]{0,199}$/.test(id)) ids.add(id);
    const token = result?.next_page_token;
    if (typeof token === 'string' && token !== '') further.push({ ...queries[i]!, page_token: token });
  });
  return further;
}

interface Result {
  readonly vulns?: readonly { readonly id?: unknown }[];
  readonly next_page_token?: unknown;
}

async function records(
  http: Http,
  baseUrl: string,
  ids: readonly string[],
): Promise<Readonly<Record<string, readonly Advisory[]>>> {
  const packages: Record<string, Advisory[]> = {};
  const queue = [...ids];
  const worker = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const answer = await ask(http, `${baseUrl}/v1/vulns/${encodeURIComponent(id)}`, {}, jsonOf);
      // A record that was just taken back: it says nothing any more.
      if (answer.value === undefined) continue;
      for (const { ecosystem, name, advisory } of entriesOf(answer.value)) {
        const key = keyOf(ecosystem, name);
        packages[key] = [...(packages[key] ?? []), advisory];
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(together, ids.length) }, worker));
  for (const list of Object.values(packages)) list.sort((a, b) => (a.id < b.id ? -1 : 1));
  return packages;
}
