/** Knows which value each name, field and container holds at one point of a program, through branches and loops. */
import type { Ref } from './model.ts';

/**
 * Bindings in layers: a branch writes into its own layer and reads through to the outer ones, so that forking costs
 * nothing and joining costs only what the branches changed. Keys are names, and paths the interpreter makes up.
 */
export class Environment {
  readonly parent: Environment | undefined;
  readonly changes = new Map<string, Ref>();

  constructor(parent?: Environment) {
    this.parent = parent;
  }

  get(key: string): Ref | undefined {
    for (let at: Environment | undefined = this; at; at = at.parent) {
      const ref = at.changes.get(key);
      if (ref !== undefined) return ref;
    }
    return undefined;
  }

  set(key: string, ref: Ref): void {
    this.changes.set(key, ref);
  }

  fork(): Environment {
    return new Environment(this);
  }

  /** Takes over what one branch changed. */
  adopt(branch: Environment): void {
    for (const [key, ref] of branch.changes) this.changes.set(key, ref);
  }

  /** All changes between here and the layer `base` (exclusive) as one layer over it. */
  since(base: Environment): Environment {
    const flat = new Environment(base);
    for (let at: Environment | undefined = this; at && at !== base; at = at.parent) {
      for (const [key, ref] of at.changes) if (!flat.changes.has(key)) flat.changes.set(key, ref);
    }
    return flat;
  }

  /** Joins branches that all start from here: `either` makes one value of the alternatives of a key. */
  join(branches: readonly Environment[], either: (refs: readonly Ref[]) => Ref): void {
    const keys = new Set<string>();
    for (const branch of branches) for (const key of branch.changes.keys()) keys.add(key);
    for (const key of keys) {
      const before = this.get(key);
      const refs: Ref[] = [];
      for (const branch of branches) {
        const ref = branch.changes.get(key) ?? before;
        if (ref !== undefined && !refs.includes(ref)) refs.push(ref);
      }
      this.changes.set(key, refs.length === 1 ? refs[0]! : either(refs));
    }
  }
}
