/** Knows what an edge server is to a check: a name, a place, and the headers that its answers carry. */
import type { Place } from '../span.ts';

export interface Header {
  /** Absent when the value is computed. */
  readonly value?: string;
  /** Sent with error answers as well. */
  readonly always: boolean;
  readonly place: Place;
}

/** By lower-case name. */
export type Headers = ReadonlyMap<string, Header>;

/** A limit on how many requests one client, or all of them, may make. */
export interface Limit {
  /** For messages: "limit_req login". */
  readonly name: string;
  /** Requests a minute; absent when it cannot be told. */
  readonly perMinute?: number;
  readonly place: Place;
}

/** What a server does with the requests for one path: the application they go to, and what is put around it. */
export interface EdgeRoute {
  /** Prefix of the public path, "/" for everything. */
  readonly path: string;
  /** The path and nothing below it. */
  readonly exact?: true;
  /** What the application sees in the place of `path`. */
  readonly inner: string;
  /** Names and ports of the applications: "api:8000", "127.0.0.1:8000", "api.shop.svc"; empty for files and answers of its own. */
  readonly upstreams: readonly string[];
  readonly place: Place;
  readonly headers: Headers;
  readonly limits: readonly Limit[];
}

/** Answers of one part of a server. */
export interface Answer {
  /** "location /static/" */
  readonly label: string;
  readonly place: Place;
  readonly headers: Headers;
}

export interface EdgeServer {
  /** For messages: "nginx server mesh.example.org". */
  readonly name: string;
  readonly place: Place;
  /** Headers of every answer that no part decides for itself; absent when there is no such answer. */
  readonly headers?: Headers;
  /** Headers set for the whole server: what a part must not lose. */
  readonly shared: Headers;
  /** Parts that set headers of their own. */
  readonly parts: readonly Answer[];
  /** Where its requests go; absent when that is not known. */
  readonly routes?: readonly EdgeRoute[];
  /** Ports it listens on; absent when they are not known. */
  readonly ports?: readonly string[];
  /** It never speaks TLS itself, and browsers ignore HSTS that came over plain HTTP. */
  readonly plain?: true;
  /** A piece that other files include: what is missing is not its matter. */
  readonly piece?: true;
  /** What gives it its headers and others theirs: missing ones are to be added there. */
  readonly keeper?: { readonly name: string; readonly place: Place };
  /** What it takes the addresses of clients from. */
  readonly trusts?: readonly string[];
  /** It answers another server only, and this says so: the headers are the matter of that one. */
  readonly inner?: string;
  /** Why nobody may come to it from outside: findings are to review. */
  readonly doubt?: string;
  /** Why missing headers prove nothing. */
  readonly unknown?: string;
}

export const NO_HEADERS: Headers = new Map();

/** Host and port of a URL, without user, path and query; what it was given where it is none. */
export function hostOf(url: string): string {
  return url
    .replace(/^[a-z][a-z\d+.-]*:\/\//i, '')
    .replace(/[/?#].*$/s, '')
    .toLowerCase();
}

/** Later ones win. */
export function merged(...sets: readonly Headers[]): Headers {
  return new Map(sets.flatMap((set) => [...set]));
}

/** Headers that all of the sets have, as the weakest of them sends each; none of no sets. */
export function common(sets: readonly Headers[]): Headers {
  const [first, ...others] = sets;
  if (!first) return NO_HEADERS;
  return new Map(
    [...first].flatMap(([name, header]): [string, Header][] => {
      const all = [header, ...others.flatMap((other) => other.get(name) ?? [])];
      return all.length === sets.length ? [[name, all.find(({ always }) => !always) ?? header]] : [];
    }),
  );
}
