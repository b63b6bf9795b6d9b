/** Knows the commands of chat bots (aiogram, telebot, pyrogram, python-telegram-bot, discord) and who may give them. */
import { argument, type FunctionSite, type Program, placeIn, type Unit } from '../program/link.ts';
import type { Operand, Ref } from '../program/model.ts';
import type { Place } from '../span.ts';
import { type GuardWords, has, wordsIn } from './guards.ts';
import { textsOf } from './objects.ts';

/** Words of files that hold bots. */
export const botWords = [
  'aiogram',
  'telebot',
  'telegram.ext',
  'pyrogram',
  'telethon',
  'discord',
  'nextcord',
  'disnake',
];

export interface BotCommand {
  /** As users type it, without the slash. */
  readonly name: string;
  readonly place: Place;
  readonly handler: FunctionSite;
  /** Filters beside the command, and the other decorators. */
  readonly filters: readonly Ref[];
  readonly unit: Unit;
}

const library = /^(?:aiogram|telebot|telegram|pyrogram|telethon|discord|nextcord|disnake)(?:\.|$)/;

/** Commands of all bots, by decorators and by handlers that are added. */
export function botCommands(program: Program): readonly BotCommand[] {
  return program.units.flatMap((unit) => {
    const { module } = unit;
    if (module.language !== 'python' || !module.imports.some((one) => library.test(one.name))) return [];
    const found: BotCommand[] = [];
    for (const [id, model] of module.functions.entries()) {
      const handler = { unit, id, function: model };
      for (const decorator of model.decorators) {
        const value = module.values[decorator.value]!;
        const names = value.kind === 'call' ? commandNames(program, unit, value.call, model.name) : [];
        if (value.kind !== 'call' || names.length === 0) continue;
        const filters = filtersIn(unit, [
          ...module.calls[value.call]!.args.filter((one) => one.keyword !== 'commands'),
          ...model.decorators.filter((one) => one !== decorator),
        ]);
        const place = placeIn(unit, decorator);
        for (const name of names) found.push({ name, place, handler, filters, unit });
      }
    }
    for (const [id, call] of module.calls.entries()) {
      if (!/(?:^|\.)CommandHandler$/.test(call.callee.name ?? '')) continue;
      const site = program.call(unit, id);
      const [first] = call.args;
      const target = argument(call, 1, 'callback');
      if (!first || !target) continue;
      const texts = listTexts(program, unit, first.value);
      for (const meaning of program.meanings(unit, target.value)) {
        if (meaning.kind !== 'function') continue;
        const model = meaning.unit.module.functions[meaning.function]!;
        const handler = { unit: meaning.unit, id: meaning.function, function: model };
        const filters = filtersIn(unit, [...call.args.filter((one) => one !== target && one !== first)]);
        for (const name of texts) found.push({ name, place: placeIn(site.unit, call), handler, filters, unit });
      }
    }
    return found;
  });
}

/** `Command("ban")` among the arguments, `commands=["ban"]`, `filters.command("ban")`, or the name of a discord command. */
function commandNames(program: Program, unit: Unit, id: number, own: string): readonly string[] {
  const call = unit.module.calls[id]!;
  const word = (call.callee.name ?? '').split('.').at(-1)!;
  if (/^(?:hybrid_|slash_)?command$/.test(word)) {
    if (!unit.module.imports.some((one) => /^(?:discord|nextcord|disnake)/.test(one.name))) return [];
    const given = argument(call, 99, 'name') ?? call.args.find((arg) => arg.keyword === undefined);
    return given ? textsOf(program, unit, given.value) : [own];
  }
  if (!/^(?:message|message_handler|on_message|channel_post|on)$/.test(word)) return [];
  return call.args.flatMap((arg) => {
    if (arg.keyword === 'commands') return listTexts(program, unit, arg.value);
    return callsIn(unit, arg.value).flatMap((inner) => {
      const one = unit.module.calls[inner]!;
      if (!/(?:^|\.)(?:Command|command)$/.test(one.callee.name ?? '')) return [];
      return one.args.flatMap((text) => (text.keyword === undefined ? listTexts(program, unit, text.value) : []));
    });
  });
}

function callsIn(unit: Unit, ref: Ref, depth = 0): readonly number[] {
  const value = unit.module.values[ref]!;
  if (depth > 4) return [];
  if (value.kind === 'call') return [value.call];
  if (value.kind === 'operation' || value.kind === 'either')
    return value.of.flatMap((one) => callsIn(unit, one, depth + 1));
  return [];
}

/** Everything but the command itself. */
function filtersIn(unit: Unit, operands: readonly Operand[]): readonly Ref[] {
  const leaves = (ref: Ref, depth: number): readonly Ref[] => {
    const value = unit.module.values[ref]!;
    if (depth < 4 && (value.kind === 'operation' || value.kind === 'either'))
      return value.of.flatMap((one) => leaves(one, depth + 1));
    const name = value.kind === 'call' ? unit.module.calls[value.call]!.callee.name : undefined;
    return value.kind === 'const' || /(?:^|\.)[Cc]ommand$/.test(name ?? '') ? [] : [ref];
  };
  return operands.flatMap((one) => leaves(one.value, 0));
}

function listTexts(program: Program, unit: Unit, ref: Ref): readonly string[] {
  const value = unit.module.values[ref]!;
  const items = value.kind === 'list' ? value.items : [ref];
  return items.flatMap((item) => textsOf(program, unit, item)).map((text) => text.replace(/^\//, ''));
}

const sender = /(?:user|chat|author|sender|member|owner)\w*(?:\.id|_id|\.username)$|^(?:user|chat|sender|author)_?id$/i;

/** Why the command is not for everybody; undefined: nothing asks who sends it. */
export function senderCheck(program: Program, command: BotCommand, words: GuardWords): string | undefined {
  for (const one of command.filters) if (isAbout(program, command.unit, one, words)) return 'a filter of the handler';
  for (const call of command.unit.module.calls)
    if (
      /\.(?:filter|middleware|outer_middleware)$/.test(call.callee.name ?? '') &&
      call.args.some((arg) => isAbout(program, command.unit, arg.value, words))
    )
      return `${call.callee.name}()`;
  const { unit, id } = command.handler;
  const { module } = unit;
  const sites = [
    ...module.calls.filter((one) => one.function === id),
    ...module.functions[id]!.returns,
    ...module.raises.filter((one) => one.function === id),
  ];
  for (const { guard } of sites) {
    for (let at = guard; at >= 0; at = module.guards[at]!.parent) {
      const one = module.guards[at]!;
      if (one.kind === 'if' && isTest(program, unit, one.test, words)) return 'a condition of the handler';
    }
  }
  return undefined;
}

/** Role words anywhere in a filter, a lambda's answer included. */
function isAbout(program: Program, unit: Unit, value: Ref, words: GuardWords): boolean {
  const found = wordsIn(program, unit, value);
  for (const inner of [
    value,
    ...callsIn(unit, value).flatMap((id) => unit.module.calls[id]!.args.map((a) => a.value)),
  ]) {
    const one = unit.module.values[inner]!;
    if (one.kind !== 'function') continue;
    for (const answer of unit.module.functions[one.function]!.returns)
      if (answer.value && isTest(program, unit, answer.value.value, words)) return true;
  }
  return has(found, words.role) || has(found, ['user', 'users', 'chat', 'guild']);
}

function isTest(program: Program, unit: Unit, test: Ref, words: GuardWords, depth = 0): boolean {
  const value = unit.module.values[test]!;
  if (has(wordsIn(program, unit, test), words.role)) return true;
  if (depth > 4) return false;
  if (value.kind === 'compare') {
    const { left, right, op } = unit.module.comparisons[value.comparison]!;
    return ['==', '!=', 'in', 'not in'].includes(op) && [left, right].some((side) => sender.test(side.name ?? ''));
  }
  return (
    (value.kind === 'operation' || value.kind === 'either') &&
    value.of.some((one) => isTest(program, unit, one, words, depth + 1))
  );
}
