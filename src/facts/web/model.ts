/** Knows the types of the web model, the same for every language and framework. */
import type { CallSite, ClassSite, FunctionSite, Node, Unit } from '../program/link.ts';
import type { Place } from '../span.ts';
import type { Framework } from './objects.ts';

/**
 * When something is registered, where order matters: the statements that lead to it, from the outermost function that
 * runs to the registration itself.
 */
export type Moment = readonly { readonly unit: Unit; readonly function: number; readonly end: number }[];

/** Something that runs before or around a handler: a dependency, decorator, hook, middleware or helper. */
export interface Layer {
  readonly level: 'decorator' | 'dependency' | 'before' | 'after' | 'middleware' | 'helper' | 'class';
  /** The function, class, decorator or dependency. */
  readonly node: Node;
  readonly place: Place;
  /** External names: of the helper, middleware class or decorator. */
  readonly names: readonly string[];
  /** The call that installs it: its arguments are options. */
  readonly site?: CallSite;
  /** Paths below the object that it stands in front of, with all below them; absent: everything. */
  readonly paths?: readonly string[];
  /** Paths that it lets through untouched, with all below them. */
  readonly except?: readonly string[];
  /** Only the paths themselves. */
  readonly exact?: true;
  /** Methods it stands in front of; absent: all. */
  readonly methods?: readonly string[];
  /** Absent: order does not matter, or cannot be told. */
  readonly moment?: Moment;
  /** Why nobody can tell what it does. */
  readonly unknown?: string;
}

/** An application or router. */
export interface WebObject {
  readonly kind: 'app' | 'router';
  readonly framework: Framework;
  /** The call that makes it; absent where a framework makes it itself. */
  readonly site?: CallSite;
  /** Variable it is kept in, for messages. */
  readonly name: string;
  readonly place: Place;
  /** Own prefixes: one or none, more when branches differ. */
  readonly prefixes: readonly string[];
  readonly layers: readonly Layer[];
  /** Where it is mounted. */
  readonly mounts: readonly Mount[];
}

export interface Mount {
  readonly parent: WebObject;
  readonly prefixes: readonly string[];
  readonly layers: readonly Layer[];
  readonly moment?: Moment;
}

export interface Route {
  readonly framework: Framework;
  readonly place: Place;
  /** Upper case; empty: all. */
  readonly methods: readonly string[];
  /** As registered, without the prefixes of routers. Empty: cannot be told. */
  readonly path: string;
  readonly handler?: FunctionSite;
  readonly class?: ClassSite;
  readonly owners: readonly WebObject[];
  /** Decorators, dependencies and classes of the handler that take effect. */
  readonly layers: readonly Layer[];
  /** Decorators above the one that registers the route: they change nothing. */
  readonly above: readonly Layer[];
  /** The router it hangs on, or what its builder is for, cannot be told. */
  readonly loose: boolean;
  readonly moment?: Moment;
  /** A library answers it, and asks nobody who is calling. */
  readonly library?: true;
  /** Why something may stand in front of it that was not seen. */
  readonly open?: string;
}
