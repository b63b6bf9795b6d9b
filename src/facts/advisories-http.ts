/** Knows how to ask a server politely: time limits, retries with pauses, and what is worth a retry. */

export interface Http {
  /** Says who asks. */
  readonly agent: string;
  /** Milliseconds until the headers and between two pieces of the body. */
  readonly patience: number;
  /** Attempts in all. */
  readonly attempts: number;
  /** Milliseconds at which everything has to be done, by the clock of `performance.now()`. */
  readonly deadline: number;
  /** Waits; replaced in tests. */
  readonly wait: (milliseconds: number) => Promise<void>;
}

export function http(options: Partial<Http> & { readonly total?: number } = {}): Http {
  const { total = 600_000, ...rest } = options;
  const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  return {
    agent: 'hardening-audit',
    patience: 30_000,
    attempts: 4,
    deadline: performance.now() + total,
    wait,
    ...rest,
  };
}

/** The server does not answer as it should; the message is a sentence without its full stop. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** What `read` made of the body; absent for 304 and 404. */
  readonly value?: T;
}

/** Pieces of a body; each must arrive in time. */
export type Pieces = AsyncIterable<Uint8Array>;

/**
 * Asks until there is an answer: network errors, time-outs, 429, 5xx and a body that `read` refuses are tried again;
 * 200, 304 and 404 are answers; everything else is final. Throws `NoAnswer`.
 */
export async function ask<T>(
  http: Http,
  url: string,
  request: Request,
  read: (body: Pieces, headers: Headers) => Promise<T>,
): Promise<Answer<T>> {
  let last = new NoAnswer('no attempt was made');
  for (let attempt = 0; attempt < http.attempts; attempt++) {
    const left = http.deadline - performance.now();
    if (left <= 0) throw new NoAnswer(`${host(url)} did not answer in the time allowed`);
    const stop = new AbortController();
    try {
      const response = await limited(
        fetch(url, {
          method: 'GET',
          redirect: 'follow',
          ...request,
          headers: { 'User-Agent': http.agent, ...request.headers },
          signal: stop.signal,
        }),
        Math.min(http.patience, left),
        stop,
      );
      const { status, headers } = response;
      if (status === 200) return { status, headers, value: await read(pieces(response, http, stop), headers) };
      stop.abort();
      if (status === 304 || status === 404) return { status, headers };
      last = new NoAnswer(`${host(url)} answers ${status}`, status);
      if (status !== 429 && status < 500) throw last;
      const after = Number(headers.get('retry-after'));
      if (attempt + 1 < http.attempts)
        await http.wait(Number.isFinite(after) && after > 0 ? Math.min(after, 60) * 1000 : pause(attempt));
    } catch (error) {
      stop.abort();
      if (error === last) throw error;
      last = error instanceof NoAnswer ? error : new NoAnswer(`${host(url)} cannot be asked (${reasonOf(error)})`);
      if (attempt + 1 < http.attempts) await http.wait(pause(attempt));
    }
  }
  throw last;
}

/** The square of the attempt in seconds, and up to twice the attempt more, so that many clients do not return at once. */
function pause(attempt: number): number {
  return (attempt * attempt + Math.random() * 2 * attempt + 0.2) * 1000;
}

async function limited<T>(promise: Promise<T>, milliseconds: number, stop: AbortController): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          stop.abort();
          reject(new NoAnswer('the server does not answer in time'));
        }, milliseconds);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}

async function* pieces(response: Response, http: Http, stop: AbortController): Pieces {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const left = Math.min(http.patience, http.deadline - performance.now());
      const { done, value } = await limited(reader.read(), Math.max(1, left), stop);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The whole body as text, at most `limit` bytes. */
export async function textOf(body: Pieces, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new NoAnswer('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The body as JSON; cut-off or broken JSON is a reason to ask again. */
export async function jsonOf(body: Pieces): Promise<unknown> {
  const text = await textOf(body, 64 * 1024 * 1024);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NoAnswer('the answer is no complete JSON');
  }
}

function host(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'the server';
  }
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
