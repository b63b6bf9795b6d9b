/** Knows which functions answer requests, found by how routes are registered and not by their decorators. */
import type { FunctionSite } from '../program/link.ts';
import { pathsOf, type Web } from '../web.ts';
import { innerOf } from './headers.ts';

export interface Answering {
  readonly site: FunctionSite;
  /** The route, for messages. */
  readonly label: string;
  /** What the function returns is the answer. */
  readonly returns: boolean;
  /** A declared type chooses the fields of the answer. */
  readonly typed: boolean;
}

/** Frameworks that send what a handler returns. */
const returning = new Set(['nest', 'fastify', 'graphql']);

/** Handlers of routes in JavaScript and TypeScript, with the callbacks inside them that answer. */
export function answeringFunctions(web: Web): readonly Answering[] {
  const seen = new Set<unknown>();
  return web.routes.flatMap((route) => {
    const { handler } = route;
    if (!handler || handler.unit.module.language === 'python' || seen.has(handler.function)) return [];
    seen.add(handler.function);
    const label = `${route.methods.join(', ') || 'ANY'} ${pathsOf(route)[0] || handler.function.name}`;
    return [handler, ...innerOf(handler)].map((site) => ({
      site,
      label,
      returns: site === handler && returning.has(route.framework),
      typed: route.framework === 'graphql',
    }));
  });
}
