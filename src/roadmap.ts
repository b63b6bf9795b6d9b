/** Knows the roadmap: phases, items, weights, dates and caps as data, read from YAML with every mistake listed. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Options, OptionValue } from './check.ts';
import { canonicalJson, deepFreeze, type Entry, type Node, orSuggest, Reader } from './document.ts';
import type { Phase } from './report.ts';

export interface RoadmapPhase {
  readonly id: Phase;
  readonly title: string;
  /** Twice the weight, an integer. */
  readonly weight2: number;
  /** Days after the roadmap's start; `dueDay` is the last day. */
  readonly startDay: number;
  readonly dueDay: number;
}

export interface RoadmapItem {
  readonly id: string;
  /** Only where no rule page gives one. */
  readonly title?: string;
  readonly phase: Phase;
  /** Twice the weight, an integer; 0 is listed without effect on the score. */
  readonly weight2: number;
  /** Days after the roadmap's start; `dueDay` is the last day. */
  readonly startDay: number;
  readonly dueDay: number;
  /** CVSS base score in tenths; absent where none was given. */
  readonly impact10?: number;
  /** Hours. */
  readonly effort: number;
  readonly owner: string;
  /** `applicable` turns "no subject" into notAssessed; `notApplicable` takes the item out of both sums. */
  readonly expect?: 'applicable' | 'notApplicable';
  /** Applies wherever there is source code, so that "nothing found" is never an excuse. */
  readonly hygiene: boolean;
  readonly verify: 'scan' | 'attestation' | 'scan+attestation';
  /** Option values for the check; what is absent comes from the rule page. */
  readonly options: Options;
}

/** Lowers the score to `limit` while `open` or more items of `phase` are neither passed nor not applicable. */
export interface Cap {
  readonly id: string;
  readonly phase: Phase;
  readonly open: number;
  /** Thousandths of a point. */
  readonly limit: number;
  readonly reason: string;
}

export interface Roadmap {
  readonly title: string;
  /** ISO date of day 0. */
  readonly start: string;
  /** Thousandths of a point. */
  readonly startScore: number;
  readonly target: number;
  /** ISO date by which the target is to be reached. */
  readonly due: string;
  /** In order. */
  readonly phases: readonly RoadmapPhase[];
  readonly caps: readonly Cap[];
  /** By phase, then in the order of the file. */
  readonly items: readonly RoadmapItem[];
  readonly hash: string;
}

/** Options that the checks understand, by item id and option name, with their default. */
export type KnownOptions = ReadonlyMap<string, Readonly<Record<string, OptionValue>>>;

const PHASES: readonly Phase[] = ['P0', 'P1', 'P2', 'P3'];
const VERIFY = ['scan', 'attestation', 'scan+attestation'] as const;
const EXPECT = ['applicable', 'notApplicable'] as const;
const ROADMAP_KEYS = [
  ...['$schema', 'schema', 'extends', 'title', 'start', 'due', 'startScore', 'target', 'phases', 'caps', 'items'],
];
const PHASE_KEYS = ['title', 'weight', 'start', 'due'];
const CAP_KEYS = ['when', 'limit', 'reason', 'enabled'];
const ITEM_KEYS = [
  ...['title', 'phase', 'weight', 'start', 'due', 'impact', 'effort', 'owner', 'expect', 'hygiene', 'verify'],
  ...['options', 'enabled'],
];
const HINT = 'Correct these places; schemas/roadmap-v1.json describes the format.';
const DAY = 86_400_000;

/** Reads a roadmap that stands alone. Throws one UserError that lists every mistake as "file:line:column message". */
export function parseRoadmap(text: string, fileName: string, known?: KnownOptions): Roadmap {
  return read(text, fileName, undefined, known);
}

/**
 * Reads a team's roadmap: it stands alone, or says `extends: builtin` and changes `base` key by key. There `enabled: false`
 * takes an item or a cap out, and items follow a changed phase unless they had a weight or days of their own.
 */
export function extendRoadmap(base: Roadmap, text: string, fileName: string, known?: KnownOptions): Roadmap {
  return read(text, fileName, base, known);
}

/** The roadmap that ships with the program. */
export function builtinRoadmap(): Roadmap {
  return parseRoadmap(readFileSync(new URL('../rules/roadmap.yaml', import.meta.url), 'utf8'), 'rules/roadmap.yaml');
}

/** First and last day of an item as ISO dates. */
export function schedule(
  item: Pick<RoadmapItem, 'startDay' | 'dueDay'>,
  roadmapStart: string,
): { readonly start: string; readonly due: string } {
  return { start: addDays(roadmapStart, item.startDay), due: addDays(roadmapStart, item.dueDay) };
}

/** 12 hex digits over all that decides the score; titles, dates, owners, effort and impact do not. */
export function roadmapHash(roadmap: Omit<Roadmap, 'hash'>): string {
  const essence = {
    target: roadmap.target,
    caps: roadmap.caps.map(({ id, phase, open, limit }) => ({ id, phase, open, limit })),
    items: roadmap.items.map(({ id, phase, weight2, expect, hygiene, verify, options }) => {
      return { id, phase, weight2, expect, hygiene, verify, options };
    }),
  };
  return createHash('sha256').update(canonicalJson(essence)).digest('hex').slice(0, 12);
}

function read(text: string, fileName: string, base: Roadmap | undefined, known: KnownOptions | undefined): Roadmap {
  const reader = new Reader(text, fileName);
  const root = reader.parse();
  if (root === undefined && reader.ok) reader.mistake(0, 'the file is empty');
  const fields = root === undefined ? new Map<string, Entry>() : reader.fields(root, 'the roadmap', ROADMAP_KEYS);
  const from = inherited(reader, fields, base);
  if (root?.type !== 'map') reader.finish(HINT);
  const missing = (key: string, what: string) => {
    if (from === undefined) reader.mistake(root!.at, `'${key}' is missing: ${what}`);
    return undefined;
  };
  const at = <T>(key: string, what: string, get: (node: Node) => T | undefined): T | undefined => {
    const entry = fields.get(key);
    return entry === undefined ? missing(key, what) : get(entry.value);
  };

  at('schema', 'write schema: 1', (node) => reader.number(node, "'schema'", 1, 1));
  const title = at('title', 'a name for the roadmap', (node) => reader.string(node, "'title'")) ?? from?.title ?? '';
  const start =
    at('start', 'the first day, as in 2026-01-18', (node) => isoDate(reader, node, "'start'")) ?? from?.start;
  const day = (node: Node, what: string) => dayOf(reader, node, what, start);
  const dueDay = at('due', 'the day of the target', (node) => day(node, "'due'"));
  const startScore = at('startScore', 'the score on the first day', (node) => points(reader, node, "'startScore'"));
  const target = at('target', 'the score to reach', (node) => points(reader, node, "'target'"));
  const context: Context = { reader, day, from, known };
  const phases = readPhases(context, fields.get('phases'), root!);
  const caps = readCaps(context, fields.get('caps'));
  const items = readItems(context, fields.get('items'), phases, root!);
  reader.finish(HINT);

  const first = start ?? '';
  const due = dueDay === undefined ? shift(from?.due ?? first, from?.start ?? first, first) : addDays(first, dueDay);
  const roadmap = {
    title,
    start: first,
    startScore: startScore ?? from?.startScore ?? 0,
    target: target ?? from?.target ?? 0,
    due,
    phases,
    caps,
    items,
  };
  return deepFreeze({ ...roadmap, hash: roadmapHash(roadmap) });
}

/** What the parts of a roadmap need to be read. */
interface Context {
  readonly reader: Reader;
  readonly day: (node: Node, what: string) => number | undefined;
  readonly from: Roadmap | undefined;
  readonly known: KnownOptions | undefined;
}

function inherited(reader: Reader, fields: ReadonlyMap<string, Entry>, base: Roadmap | undefined): Roadmap | undefined {
  const entry = fields.get('extends');
  if (entry === undefined) return undefined;
  if (base === undefined) return reader.mistake(entry.keyAt, "'extends' makes no sense in the built-in roadmap");
  reader.oneOf(entry.value, "'extends'", ['builtin']);
  return base;
}

function readPhases({ reader, day, from }: Context, entry: Entry | undefined, root: Node): readonly RoadmapPhase[] {
  const given = entry === undefined ? undefined : reader.fields(entry.value, "'phases'", PHASES);
  if (given === undefined && from === undefined) reader.mistake(root.at, "'phases' is missing: P0 to P3 in order");
  return PHASES.flatMap((id): RoadmapPhase[] => {
    const old = from?.phases.find((phase) => phase.id === id);
    const own = given?.get(id);
    if (own === undefined) return old === undefined ? [] : [old];
    const fields = reader.fields(own.value, `phase ${id}`, PHASE_KEYS);
    const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined): T | undefined => {
      const field = fields.get(key);
      if (field !== undefined) return parse(field.value, `'${key}' of phase ${id}`);
      if (old === undefined && own.value.type === 'map') reader.mistake(own.keyAt, `phase ${id} has no '${key}'`);
      return undefined;
    };
    const title = get('title', (node, what) => reader.string(node, what)) ?? old?.title ?? '';
    const weight2 = get('weight', (node, what) => weight(reader, node, what)) ?? old?.weight2 ?? 0;
    const startDay = get('start', day) ?? old?.startDay ?? 0;
    const dueDay = get('due', day) ?? old?.dueDay ?? startDay;
    inOrder(reader, own.keyAt, `phase ${id}`, startDay, dueDay);
    return [{ id, title, weight2, startDay, dueDay }];
  });
}

function readCaps({ reader, from }: Context, entry: Entry | undefined): readonly Cap[] {
  const caps = new Map((from?.caps ?? []).map((cap) => [cap.id, cap]));
  if (entry === undefined) return [...caps.values()];
  for (const { key: id, keyAt, value } of reader.fields(entry.value, "'caps'").values()) {
    const old = caps.get(id);
    badId(reader, keyAt, 'cap', id);
    const fields = reader.fields(value, `cap ${id}`, CAP_KEYS);
    if (isOff(reader, fields, `cap ${id}`)) {
      if (!caps.delete(id))
        reader.mistake(keyAt, `there is no cap '${id}' to disable; ${orSuggest(id, [...caps.keys()])}`);
      continue;
    }
    const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined, of = fields): T | undefined => {
      const field = of.get(key);
      if (field !== undefined) return parse(field.value, `'${key}' of cap ${id}`);
      if (old === undefined && value.type === 'map') reader.mistake(keyAt, `cap ${id} has no '${key}'`);
      return undefined;
    };
    const when = get('when', (node, what) => reader.fields(node, what, ['phase', 'open']));
    const phase = when && get('phase', (node, what) => reader.oneOf(node, what, PHASES), when);
    const open = when && get('open', (node, what) => reader.number(node, what, 1, 1000), when);
    const limit = get('limit', (node, what) => points(reader, node, what));
    const reason = get('reason', (node, what) => reader.string(node, what));
    caps.set(id, {
      id,
      phase: phase ?? old?.phase ?? 'P0',
      open: open ?? old?.open ?? 1,
      limit: limit ?? old?.limit ?? 0,
      reason: reason ?? old?.reason ?? '',
    });
  }
  return [...caps.values()];
}

function readItems(
  context: Context,
  entry: Entry | undefined,
  phases: readonly RoadmapPhase[],
  root: Node,
): readonly RoadmapItem[] {
  const { reader, from } = context;
  const phaseOf = new Map(phases.map((phase) => [phase.id, phase]));
  const oldPhase = new Map(from?.phases.map((phase) => [phase.id, phase]));
  const items = new Map(
    (from?.items ?? []).map((item) => [item.id, follow(item, oldPhase.get(item.phase), phaseOf.get(item.phase))]),
  );
  if (entry === undefined && from === undefined) reader.mistake(root.at, "'items' is missing: what is to be done");
  const given = entry === undefined ? [] : reader.fields(entry.value, "'items'").values();
  for (const { key: id, keyAt, value } of given) {
    badId(reader, keyAt, 'item', id);
    const fields = reader.fields(value, `item ${id}`, ITEM_KEYS);
    if (isOff(reader, fields, `item ${id}`)) {
      if (!items.delete(id)) {
        reader.mistake(keyAt, `there is no item '${id}' to disable; ${orSuggest(id, [...items.keys()])}`);
      }
      continue;
    }
    if (items.size > 0 && !items.has(id) && !['phase', 'effort', 'owner'].some((key) => fields.has(key))) {
      const near = orSuggest(id, [...items.keys()]);
      reader.mistake(
        keyAt,
        `there is no item '${id}' to change, and a new one needs 'phase', 'effort' and 'owner'; ${near}`,
      );
      continue;
    }
    const item = readItem(context, id, keyAt, value, fields, items.get(id), phaseOf);
    if (item !== undefined) items.set(id, item);
  }
  const all = [...items.values()];
  if (reader.ok && !all.some((item) => item.weight2 > 0)) {
    reader.mistake(entry?.keyAt ?? root.at, 'at least one item must have a weight above 0');
  }
  return PHASES.flatMap((id) => all.filter((item) => item.phase === id));
}

function readItem(
  { reader, day, known }: Context,
  id: string,
  keyAt: number,
  value: Node,
  fields: ReadonlyMap<string, Entry>,
  old: RoadmapItem | undefined,
  phaseOf: ReadonlyMap<Phase, RoadmapPhase>,
): RoadmapItem | undefined {
  if (value.type !== 'map') return undefined;
  const get = <T>(key: string, parse: (node: Node, what: string) => T | undefined, required = false): T | undefined => {
    const field = fields.get(key);
    if (field !== undefined) return parse(field.value, `'${key}' of item ${id}`);
    if (required && old === undefined) reader.mistake(keyAt, `item ${id} has no '${key}'`);
    return undefined;
  };
  const ids = [...phaseOf.keys()];
  const phaseId = get('phase', (node, what) => reader.oneOf(node, what, ids.length > 0 ? ids : PHASES), true);
  const phase = phaseOf.get(phaseId ?? old?.phase ?? 'P0');
  const before = old === undefined || phase === undefined ? old : follow(old, phaseOf.get(old.phase), phase);
  const startDay = get('start', day) ?? before?.startDay ?? phase?.startDay ?? 0;
  const dueDay = get('due', day) ?? before?.dueDay ?? phase?.dueDay ?? startDay;
  inOrder(reader, keyAt, `item ${id}`, startDay, dueDay);
  const title = get('title', (node, what) => reader.string(node, what)) ?? before?.title;
  const impact = get('impact', (node, what) => reader.number(node, what, 0, 10, 10));
  const impact10 = impact === undefined ? before?.impact10 : Math.round(impact * 10);
  const expect = get('expect', (node, what) => reader.oneOf(node, what, EXPECT)) ?? before?.expect;
  return {
    id,
    ...(title === undefined ? {} : { title }),
    phase: phase?.id ?? 'P0',
    weight2: get('weight', (node, what) => weight(reader, node, what)) ?? before?.weight2 ?? phase?.weight2 ?? 0,
    startDay,
    dueDay,
    ...(impact10 === undefined ? {} : { impact10 }),
    effort: get('effort', (node, what) => reader.number(node, what, 0, 10_000, 4), true) ?? before?.effort ?? 0,
    owner: get('owner', (node, what) => reader.string(node, what), true) ?? before?.owner ?? '',
    ...(expect === undefined ? {} : { expect }),
    hygiene: get('hygiene', (node, what) => reader.boolean(node, what)) ?? before?.hygiene ?? false,
    verify: get('verify', (node, what) => reader.oneOf(node, what, VERIFY)) ?? before?.verify ?? 'scan',
    options: { ...before?.options, ...get('options', (node) => readOptions(reader, node, id, known?.get(id))) },
  };
}

/** An item that had its phase's weight or days has those of the new phase. */
function follow(item: RoadmapItem, was: RoadmapPhase | undefined, is: RoadmapPhase | undefined): RoadmapItem {
  if (was === undefined || is === undefined || was === is) return item;
  return {
    ...item,
    weight2: item.weight2 === was.weight2 ? is.weight2 : item.weight2,
    startDay: item.startDay === was.startDay ? is.startDay : item.startDay,
    dueDay: item.dueDay === was.dueDay ? is.dueDay : item.dueDay,
  };
}

/** Option values of one item; `defaults` (where the item is known) says which names and types there are. */
export function readOptions(
  reader: Reader,
  node: Node,
  item: string,
  defaults: Readonly<Record<string, OptionValue>> | undefined,
): Options {
  const names = defaults === undefined ? undefined : Object.keys(defaults);
  const options: Record<string, OptionValue> = {};
  for (const { key, keyAt, value } of reader.fields(node, `the options of ${item}`).values()) {
    if (names !== undefined && !names.includes(key)) {
      const known = names.length === 0 ? 'it has no options' : orSuggest(key, names);
      reader.mistake(keyAt, `${item} has no option '${key}'; ${known}`);
      continue;
    }
    const option = readOption(reader, value, `option '${key}' of ${item}`, defaults?.[key]);
    if (option !== undefined) options[key] = option;
  }
  return options;
}

function readOption(reader: Reader, node: Node, what: string, like: OptionValue | undefined): OptionValue | undefined {
  const kind = like === undefined ? kindOf(node) : Array.isArray(like) ? 'list' : typeof like;
  if (kind === 'string') {
    if (node.type === 'scalar' && typeof node.value === 'string') return node.value;
    return reader.string(node, what);
  }
  if (kind === 'number') return reader.number(node, what, -1e9, 1e9, 1000);
  if (kind === 'boolean') return reader.boolean(node, what);
  if (kind === 'list') return reader.strings(node, what);
  if (kind === 'object') {
    const entries = [...reader.fields(node, what).values()].map(({ key, value }) => {
      return [key, reader.string(value, `'${key}' in ${what}`) ?? ''] as const;
    });
    return Object.fromEntries(entries);
  }
  return reader.mistake(node.at, `${what} has no value`);
}

function kindOf(node: Node): string {
  if (node.type === 'map') return 'object';
  return node.type === 'list' ? 'list' : typeof node.value;
}

function isOff(reader: Reader, fields: ReadonlyMap<string, Entry>, what: string): boolean {
  const entry = fields.get('enabled');
  return entry !== undefined && reader.boolean(entry.value, `'enabled' of ${what}`) === false;
}

function badId(reader: Reader, at: number, kind: string, id: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) return;
  reader.mistake(at, `the id of ${kind} '${id}' must consist of lower-case words with hyphens, as in rate-limiting`);
}

function inOrder(reader: Reader, at: number, what: string, startDay: number, dueDay: number): void {
  if (dueDay < startDay) reader.mistake(at, `${what} is due before it starts`);
}

function weight(reader: Reader, node: Node, what: string): number | undefined {
  const value = reader.number(node, what, 0, 1000, 2);
  return value === undefined ? undefined : Math.round(value * 2);
}

/** A score of 0 to 10 in thousandths. */
function points(reader: Reader, node: Node, what: string): number | undefined {
  const value = reader.number(node, what, 0, 10, 1000);
  return value === undefined ? undefined : Math.round(value * 1000);
}

/** Days after `start`: written as a number, or as a date. */
function dayOf(reader: Reader, node: Node, what: string, start: string | undefined): number | undefined {
  if (node.type === 'scalar' && typeof node.value === 'number') return reader.number(node, what, 0, 3650);
  if (node.type !== 'scalar' || typeof node.value !== 'string') {
    return reader.mistake(node.at, `${what} must be a date or a number of days after the start`);
  }
  const date = isoDate(reader, node, what);
  if (date === undefined || start === undefined) return undefined;
  const days = Math.round((Date.parse(date) - Date.parse(start)) / DAY);
  return days < 0 ? reader.mistake(node.at, `${what}, ${date}, lies before the start of the roadmap, ${start}`) : days;
}

function isoDate(reader: Reader, node: Node, what: string): string | undefined {
  const text = reader.string(node, what);
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || toIso(time) !== text) {
    return reader.mistake(node.at, `${what}, '${text}', is not a date; write it as 2026-01-18`);
  }
  return text;
}

function addDays(date: string, days: number): string {
  return toIso(Date.parse(date) + days * DAY);
}

/** Keeps the distance of `date` to `was` when the start moves to `is`. */
function shift(date: string, was: string, is: string): string {
  return addDays(is, Math.round((Date.parse(date) - Date.parse(was)) / DAY));
}

function toIso(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
