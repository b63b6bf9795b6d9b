/** Knows when a secret is compared by an operator that stops at the first difference. */
import { defineCheck, type Finding, fail, type Options, once, pass, type Subject } from '../check.ts';
import {
  type Compared,
  comparedIn,
  isChange,
  isColumn,
  isHarmless,
  isIdle,
  isMade,
  isRefusal,
  isVouched,
  kindOf,
} from '../facts/program/compared.ts';
import { lastWord } from '../facts/program/flow.ts';
import { linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Operand } from '../facts/program/model.ts';
import { wordsOf } from '../facts/program/names.ts';
import { calledName, haveOneOwner, type SecretKind } from '../facts/program/secrets.ts';

const why =
  'The time the comparison takes says how much of a guess was right, so the secret can be found one character after the other.';

export const passwordComparison = defineCheck({
  id: 'password-comparison',
  needs: {
    program: [
      'password',
      'passwd',
      'pwd',
      'Password',
      'token',
      'Token',
      'secret',
      'Secret',
      'api_key',
      'apiKey',
      'Api-Key',
      'API_KEY',
      'signature',
      'Signature',
      'hmac',
      'digest',
      'otp',
      'compare',
    ],
  },
  messages: {
    operator: {
      what: '{name} is compared with {operator}.',
      why,
      fix: 'Compare with `hmac.compare_digest` (Python) or `crypto.timingSafeEqual` (Node), on bytes of both sides.',
    },
    literal: {
      secret: true,
      what: '{name} is compared with a literal in the code.',
      why: `Everybody who reads the code knows the value, and it cannot be changed without a release. ${why}`,
      fix: 'Keep a hash of it outside the code and check with the library that made the hash.',
      severity: 'high',
    },
    membership: {
      what: '{name} is looked up among the valid ones with {operator}.',
      why,
      fix: 'Look the record up by a public identifier, and compare the secret with `hmac.compare_digest`.',
    },
    query: {
      what: 'The database is asked for a row with this {name}.',
      why: 'That only works when passwords are stored as they are entered, and the database compares them byte by byte.',
      fix: 'Ask for the account by its name, and check the hash with the library that made it.',
      severity: 'high',
    },
    wrapper: {
      what: '{name} promises a safe comparison and uses {operator}.',
      why,
      fix: 'Let it call `hmac.compare_digest` or `crypto.timingSafeEqual`.',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const subjects: Subject[] = program
      .calls(options.safe as readonly string[])
      .map((site) => pass(`${site.names[0]}()`, placeIn(site.unit, site.call), 'compares in constant time'));
    for (const unit of program.units) {
      const queries = rangesOf(unit, options.columns as readonly string[]);
      const causes = new Map<string, Finding>();
      for (const one of comparedIn(program, unit)) {
        if (queries.some((range) => range.start <= one.span.start && one.span.end <= range.end)) continue;
        const finding = judge(program, options, unit, one);
        if (!finding) continue;
        // The same two values compared again in one function are mended together.
        const key = `${finding.message} ${one.function} ${[one.left, one.right].map((side) => nameOf(unit, side)).sort()}`;
        const cause = once(causes, key, finding);
        subjects.push(fail(String(cause.data.name), cause, finding.place));
      }
      subjects.push(...asked(unit, options));
    }
    return { subjects, lookedFor: 'comparisons of passwords, tokens, keys, MACs, digests and one-time codes' };
  },
});

/** What tells operands apart; the elements of a list are one. */
function nameOf(unit: Unit, side: Operand): string {
  const name = (side.name ?? calledName(unit, side)).replace(/\.\d+\b/g, '');
  return name === '' ? `#${side.value}` : name;
}

/** Where comparisons are expressions of a query, not of the program. */
function rangesOf(unit: Unit, words: readonly string[]) {
  return unit.module.calls.filter((call) => words.includes(lastWord(call.callee.name ?? ''))).map((call) => call.span);
}

const equalities = new Set(['==', '!=', '===', '!==', 'case']);

function judge(program: Program, options: Options, unit: Unit, compared: Compared): Finding | undefined {
  const { op, left, right } = compared;
  const place = placeIn(unit, compared);
  const operator = op === 'case' ? 'a match' : `\`${op.replace(/^\.(.*)/, '$1()')}\``;
  if (op === 'in' || op === 'not in') return member(program, options, unit, compared, operator);
  if (!equalities.has(op) && !op.startsWith('.')) return undefined;
  const model = unit.module.functions[compared.function];
  const sides = [left, right].map((side) => ({ side, kind: secretOf(program, options, unit, side) }));
  if (
    model &&
    /(?:safe|secure|constant|timing).*(?:equal|compare|eq|match)/i.test(model.name) &&
    sides.every(({ side }) => unit.module.values[side.value]!.kind === 'param')
  ) {
    return { message: 'wrapper', data: { name: model.name, operator }, place, confidence: 'high' };
  }
  const secret = sides.find(({ kind }) => kind !== undefined);
  if (!secret || (model && isOwnEquality(model.name, secret.kind!))) return undefined;
  const other = sides.find((one) => one !== secret)!;
  // What a text begins with is a secret only where it is compared with the whole.
  if (/^\.starts/i.test(op) && secret.kind !== 'mac' && !other.kind) return undefined;
  if (secret.kind === 'secret' && sides.every(({ side }) => isMade(unit, side))) return undefined;
  if (isIdle(program, unit, compared) || isChange(unit, compared)) return undefined;
  const value = unit.module.values[other.side.value]!;
  const called = calledName(unit, secret.side);
  const name = secret.kind === 'mac' ? (secret.side.name ?? called) : called;
  if (value.kind === 'const') {
    if (typeof value.value !== 'string' || !isLiteral(secret.kind!, name, value.value)) return undefined;
    if (/^\.starts/i.test(op) || isRefusal(unit, compared) || isPlaceholder(other.side.name ?? '', value.value))
      return undefined;
    return { message: 'literal', data: { name }, place, confidence: 'high' };
  }
  if (
    haveOneOwner(unit, left, right) ||
    isHarmless(program, unit, other.side, secret.kind!) ||
    isColumn(program, unit, left) ||
    isColumn(program, unit, right)
  )
    return undefined;
  // Digests of random tokens: nobody can choose what they are compared with.
  const digested = secret.kind !== 'password' && secret.kind !== 'mac' && [name, other.side.name ?? ''].some(isDigest);
  const fake = wordsOf(model?.path ?? '').some((word) => /^(?:fake|mock|stub|dummy)$/.test(word));
  const low = digested || fake || sides.some(({ side }) => isVouched(unit, side));
  const sure = other.kind || secret.kind !== 'token' ? 'high' : 'medium';
  return { message: 'operator', data: { name, operator }, place, confidence: low ? 'low' : sure };
}

function secretOf(program: Program, options: Options, unit: Unit, operand: Operand): SecretKind | undefined {
  const [macs, readers, names] = [options.macs, options.readers, options.names] as (readonly string[])[];
  return kindOf(program, { macs: macs!, readers: readers!, names: names! }, unit, operand);
}

/** A function that compares objects, or a field of a form with its repetition. */
function isOwnEquality(name: string, kind: SecretKind): boolean {
  return /^__(?:eq|ne|lt|hash)__$|equals$/i.test(name) || (kind === 'password' && /match|confirm|same/i.test(name));
}

const isDigest = (name: string) => wordsOf(lastWord(name)).some((word) => /^(?:hash|hashed|digest|sha256)$/.test(word));

/** A text that could be the secret itself, not a kind or a piece of syntax. */
function isLiteral(kind: SecretKind, name: string, text: string): boolean {
  // What a missing value becomes as text.
  if (/^(?:|undefined|null|None|NaN|true|false|\[object Object\])$/.test(text)) return false;
  if (kind === 'password' || kind === 'key') return !/^\*+$|^<.*>$|^[A-Z_]+$/.test(text);
  if (kind === 'mac' || kind === 'code') return false;
  return text.length >= 8 && /\d/.test(text) && !/\s/.test(text) && wordsOf(name).length > 0;
}

/** A value that everybody knows to be none, by its name or its text. */
function isPlaceholder(name: string, text: string): boolean {
  return (
    wordsOf(lastWord(name)).some((word) =>
      /^(?:zero|empty|placeholder|dummy|example|default|insecure|sample|fake|blank|unset)$/.test(word),
    ) || /^(?:0x)?0+1?$|^x{3,}$|^\.{3,}$|your[-_ ]|change[-_ ]?me|placeholder|replace[-_ ]/i.test(text)
  );
}

function member(
  program: Program,
  options: Options,
  unit: Unit,
  compared: Compared,
  operator: string,
): Finding | undefined {
  const { left, right } = compared;
  const kind = secretOf(program, options, unit, left);
  if (kind === undefined || kind === 'mac') return undefined;
  const words = wordsOf((right.name ?? '').split('.').at(-1)!);
  const valid = words.some((word) =>
    /^(?:valid|allowed|api|keys|tokens|secrets|passwords|known|accepted|authorized)$/.test(word),
  );
  const gone = words.some((word) =>
    /^(?:revoked|black\w*|deny\w*|denied|used|seen|expired|weak|common|forbidden|banned|cache\w*|breached|special|stop\w*)$/.test(
      word,
    ),
  );
  if (!valid || gone) return undefined;
  return {
    message: 'membership',
    data: { name: calledName(unit, left), operator },
    place: placeIn(unit, compared),
    confidence: 'medium',
  };
}

/** Queries that hand a password to the database. */
function asked(unit: Unit, options: Options): Subject[] {
  const words = options.lookups as readonly string[];
  const found: Subject[] = [];
  for (const call of unit.module.calls) {
    if (!words.includes(lastWord(call.callee.name ?? ''))) continue;
    if (lastWord(call.callee.name ?? '') === 'get' && !/(?:^|\.)objects\.get$/.test(call.callee.name ?? '')) continue;
    for (const arg of call.args) {
      const entries = unit.module.values[arg.value]!;
      const keys =
        entries.kind === 'dict'
          ? entries.entries.flatMap(([key]) => (key === null ? [] : [unit.module.values[key]!]))
          : [];
      const names = [arg.keyword, ...keys.map((key) => (key.kind === 'const' ? String(key.value) : undefined))];
      const name = names.find((one) => one !== undefined && /^(?:password|passwd|pwd|pass)$/i.test(one));
      if (name === undefined) continue;
      found.push(fail(name, { message: 'query', data: { name }, place: placeIn(unit, call), confidence: 'high' }));
      break;
    }
  }
  return found;
}
