/** Knows Go's regular expressions (RE2 syntax), matched with a limit on the work so that no pattern can stall a scan. */
import { type Node, PatternReader, type Test } from './regex-syntax.ts';
import { type Budget, TemplateError } from './value.ts';

/** One match: offsets of the whole and of the groups, in pairs; -1 where a group did not take part. */
export type Match = readonly number[];
type Step = (at: number) => boolean;

const MAX_STEPS = 400_000;
const MAX_PATTERN = 2000;

export interface Pattern {
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
  /** All matches that do not overlap, at most `limit`. @throws TemplateError */
  matches(text: string, limit?: number, budget?: Budget): Match[];
}

/** @throws TemplateError when the pattern is not understood */
export function compile(source: string): Pattern {
  if (source.length > MAX_PATTERN) throw new TemplateError('the regular expression is too long');
  const reader = new PatternReader(source);
  const root = reader.whole();
  return {
    groups: reader.groups,
    names: reader.names,
    matches(text, limit = Number.POSITIVE_INFINITY, budget = undefined) {
      const result: Match[] = [];
      const matcher = new Matcher(root, reader.groups, text);
      try {
        let last = -1;
        for (let at = 0; at <= text.length && result.length < limit; ) {
          const match = matcher.at(at);
          if (!match) {
            at++;
            continue;
          }
          const [start, end] = match as [number, number];
          if (end > start || start !== last) result.push(match);
          last = end;
          at = end > start ? end : end + 1;
        }
      } finally {
        budget?.step(source.length + (matcher.steps >> 3));
      }
      return result;
    },
  };
}

class Matcher {
  readonly #text: string;
  readonly #groups: number[];
  readonly #start: Step;
  #end = 0;
  steps = 0;

  constructor(root: Node, groups: number, text: string) {
    this.#text = text;
    this.#groups = new Array(groups * 2 + 2).fill(-1);
    this.#start = this.#build(root, (at) => {
      this.#end = at;
      return true;
    });
  }

  at(start: number): Match | undefined {
    this.#groups.fill(-1);
    try {
      if (!this.#start(start)) return undefined;
    } catch (error) {
      if (error instanceof RangeError) throw new TemplateError('the regular expression takes too much memory');
      throw error;
    }
    return [start, this.#end, ...this.#groups.slice(2)];
  }

  #work(): void {
    if (++this.steps > MAX_STEPS) throw new TemplateError('the regular expression takes too many steps');
  }

  #build(node: Node, next: Step): Step {
    switch (node.kind) {
      case 'set':
        return (at) => {
          this.#work();
          return at < this.#text.length && node.test(this.#text.charCodeAt(at)) && next(at + 1);
        };
      case 'assert':
        return (at) => node.holds(this.#text, at) && next(at);
      case 'sequence':
        return node.parts.reduceRight<Step>((rest, part) => this.#build(part, rest), next);
      case 'choice': {
        const branches = node.parts.map((part) => this.#build(part, next));
        return (at) => branches.some((branch) => branch(at));
      }
      case 'group':
        return this.#group(node.part, node.index, next);
      case 'repeat':
        return node.part.kind === 'set' ? this.#run(node.part.test, node, next) : this.#loop(node, next);
    }
  }

  #group(part: Node, index: number, next: Step): Step {
    const groups = this.#groups;
    const opened: number[] = [];
    const inner = this.#build(part, (at) => {
      const [from, to] = [groups[index * 2]!, groups[index * 2 + 1]!];
      const start = opened.pop()!;
      groups[index * 2] = start;
      groups[index * 2 + 1] = at;
      if (next(at)) return true;
      groups[index * 2] = from;
      groups[index * 2 + 1] = to;
      opened.push(start);
      return false;
    });
    return (at) => {
      opened.push(at);
      if (inner(at)) return true;
      opened.pop();
      return false;
    };
  }

  #run(test: Test, { min, max, lazy }: { min: number; max: number; lazy: boolean }, next: Step): Step {
    const text = this.#text;
    return (at) => {
      let to = at;
      const most = Math.min(text.length, at + max);
      if (lazy) {
        while (to < at + min) if (to >= most || !test(text.charCodeAt(to++))) return false;
        for (;;) {
          this.#work();
          if (next(to)) return true;
          if (to >= most || !test(text.charCodeAt(to++))) return false;
        }
      }
      while (to < most && test(text.charCodeAt(to))) {
        this.#work();
        to++;
      }
      for (; to >= at + min; to--) {
        this.#work();
        if (next(to)) return true;
      }
      return false;
    };
  }

  #loop(node: Node & { kind: 'repeat' }, next: Step): Step {
    const counts: number[] = [];
    const starts: number[] = [];
    const again: Step = (at) => {
      this.#work();
      const count = counts[counts.length - 1]!;
      const leave = () => {
        const [kept, from] = [counts.pop()!, starts.pop()!];
        if (next(at)) return true;
        counts.push(kept);
        starts.push(from);
        return false;
      };
      const more = () => {
        if (count >= node.max || (count >= node.min && starts[starts.length - 1] === at)) return false;
        const from = starts[starts.length - 1]!;
        counts[counts.length - 1] = count + 1;
        starts[starts.length - 1] = at;
        if (body(at)) return true;
        counts[counts.length - 1] = count;
        starts[starts.length - 1] = from;
        return false;
      };
      if (count < node.min) return more();
      return node.lazy ? leave() || more() : more() || leave();
    };
    const body = this.#build(node.part, again);
    return (at) => {
      counts.push(0);
      starts.push(-1);
      if (again(at)) return true;
      counts.pop();
      starts.pop();
      return false;
    };
  }
}
