/** Knows how OSV's API and exports answer: a small local server, with faults on request. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Http, http } from '../../src/facts/advisories-http.ts';
import { zip } from './zip-maker.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => boolean;

export interface Osv {
  readonly url: string;
  /** Records by id; the API and the exports give these. */
  readonly records: Map<string, object>;
  /** Requests so far: method and path. */
  readonly log: string[];
  /** Lengths of the batches asked for. */
  readonly batches: number[];
  /** Looks at a request first; true when it has answered. */
  fault: Answer | undefined;
  /** Answers pages of so many ids. */
  pageSize: number;
  close(): Promise<void>;
}

interface Affected {
  readonly package: { readonly ecosystem: string; readonly name: string };
}

/** Starts a server on a free port of this machine. */
export async function startOsv(): Promise<Osv> {
  const osv = {
    records: new Map<string, object>(),
    log: [] as string[],
    batches: [] as number[],
    pageSize: 1000,
    fault: undefined as Answer | undefined,
  };
  const naming = (name: string, ecosystem: string): string[] =>
    [...osv.records]
      .filter(([, r]) =>
        (r as { affected: Affected[] }).affected.some(
          (a) => a.package.name === name && a.package.ecosystem === ecosystem,
        ),
      )
      .map(([id]) => id);
  const json = (response: ServerResponse, value: unknown, status = 200): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): unknown => {
    const path = decodeURIComponent(request.url ?? '');
    osv.log.push(`${request.method} ${path}`);
    if (osv.fault?.(request, response, body)) return;
    if (path === '/v1/querybatch') {
      if (request.method !== 'POST') return json(response, { code: 12, message: 'Method Not Allowed' }, 405);
      const { queries } = JSON.parse(body) as {
        queries: { package: { name: string; ecosystem: string }; page_token?: string }[];
      };
      osv.batches.push(queries.length);
      if (queries.length > 1000) return json(response, { code: 3, message: 'Too many queries.' }, 400);
      const results = queries.map((query) => {
        const ids = naming(query.package.name, query.package.ecosystem);
        const from = Number(query.page_token ?? 0);
        const page = ids.slice(from, from + osv.pageSize).map((id) => ({ id, modified: '2026-11-01T00:00:00Z' }));
        const rest = from + osv.pageSize < ids.length ? { next_page_token: String(from + osv.pageSize) } : {};
        return page.length > 0 ? { vulns: page, ...rest } : {};
      });
      return json(response, { results });
    }
    const single = /^\/v1\/vulns\/(.+)$/.exec(path)?.[1] ?? /^\/PyPI\/(.+)\.json$/.exec(path)?.[1];
    if (single !== undefined) {
      const found = osv.records.get(single);
      return found ? json(response, found) : json(response, { code: 5, message: 'Bug not found.' }, 404);
    }
    if (path === '/PyPI/modified_id.csv') {
      const rows = [...osv.records.entries()].map(([id, r]) => `${(r as { modified: string }).modified},${id}`);
      response.end(`${rows.sort().reverse().join('\n')}\n`);
      return;
    }
    if (path === '/PyPI/all.zip') {
      const archive = zip([...osv.records].map(([id, r]) => ({ name: `${id}.json`, content: JSON.stringify(r) })));
      const etag = `"${createHash('sha1').update(archive).digest('hex')}"`;
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304);
        response.end();
        return;
      }
      response.writeHead(200, { ETag: etag, 'Content-Length': archive.length });
      response.end(archive);
      return;
    }
    return json(response, { message: 'not here' }, 404);
  };
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(osv, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** A connection that never waits long; `waited` collects the pauses it was told to make. */
export function impatient(waited: number[] = [], more: Partial<Http> & { total?: number } = {}): Http {
  return http({ patience: 150, total: 5000, wait: async (milliseconds) => void waited.push(milliseconds), ...more });
}
