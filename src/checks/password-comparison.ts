/** Knows when a secret is compared by an operator that stops at the first difference. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import { lastWord } from '../facts/program/flow.ts';
import { linkProgram, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Comparison, Operand } from '../facts/program/model.ts';
import { wordsOf } from '../facts/program/names.ts';
import { calledName, haveOneOwner, type SecretKind, secretKind } from '../facts/program/secrets.ts';

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
      for (const comparison of unit.module.comparisons) {
        if (queries.some((range) => range.start <= comparison.span.start && comparison.span.end <= range.end)) continue;
        const finding = judge(program, options, unit, comparison);
        if (finding) subjects.push(fail(String(finding.data.name), finding));
      }
      subjects.push(...asked(unit, options));
    }
    return { subjects, lookedFor: 'comparisons of passwords, tokens, keys, MACs, digests and one-time codes' };
  },
});

/** Where comparisons are expressions of a query, not of the program. */
function rangesOf(unit: Unit, words: readonly string[]) {
  return unit.module.calls.filter((call) => words.includes(lastWord(call.callee.name ?? ''))).map((call) => call.span);
}

const equalities = new Set(['==', '!=', '===', '!==', 'case']);

function judge(program: Program, options: Options, unit: Unit, comparison: Comparison): Finding | undefined {
  const { op, left, right } = comparison;
  const place = placeIn(unit, comparison);
  const operator = op === 'case' ? 'a match' : `\`${op}\``;
  if (op === 'in' || op === 'not in') return member(program, options, unit, comparison, operator);
  if (!equalities.has(op)) return undefined;
  const model = unit.module.functions[comparison.function];
  const sides = [left, right].map((side) => ({ side, kind: kindOf(program, options, unit, side) }));
  if (
    model &&
    /(?:safe|secure|constant|timing).*(?:equal|compare|eq|match)/i.test(model.name) &&
    sides.every(({ side }) => isParam(unit, side))
  ) {
    return { message: 'wrapper', data: { name: model.name, operator }, place, confidence: 'high' };
  }
  const secret = sides.find(({ kind }) => kind !== undefined);
  if (!secret || (model && /^__(?:eq|ne|lt|hash)__$|equals$|match|confirm|same/i.test(model.name))) return undefined;
  if (secret.kind === 'secret' && sides.every(({ side }) => isMade(unit, side))) return undefined;
  const other = sides.find((one) => one !== secret)!;
  const value = unit.module.values[other.side.value]!;
  const name = calledName(unit, secret.side);
  if (value.kind === 'const') {
    if (typeof value.value !== 'string' || value.value === '' || !isLiteral(secret.kind!, name, value.value))
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
  return {
    message: 'operator',
    data: { name, operator },
    place,
    confidence: other.kind || secret.kind !== 'token' ? 'high' : 'medium',
  };
}

/** A text that could be the secret itself, not a kind or a piece of syntax. */
function isLiteral(kind: SecretKind, name: string, text: string): boolean {
  // What a missing value becomes as text.
  if (/^(?:undefined|null|None|NaN|true|false|\[object Object\])$/.test(text)) return false;
  if (kind === 'password' || kind === 'key') return !/^\*+$|^<.*>$|^[A-Z_]+$/.test(text);
  if (kind === 'mac' || kind === 'code') return false;
  return text.length >= 8 && /\d/.test(text) && !/\s/.test(text) && wordsOf(name).length > 0;
}

function kindOf(program: Program, options: Options, unit: Unit, operand: Operand): SecretKind | undefined {
  const value = unit.module.values[operand.value]!;
  // `Method.ApiKey`: a member of an enumeration.
  if (value.kind === 'const' || /(?:^|\.)[A-Z]\w*\.[A-Z][a-z]\w*$/.test(operand.name ?? '')) return undefined;
  // `'sha256=' + digest`
  const names = program.names(unit, value.kind === 'concat' ? value.parts.at(-1)! : operand.value);
  if (names.some((name) => (options.macs as readonly string[]).includes(name))) return 'mac';
  if (names.some((name) => /^inspect\.|^len\(\)|^type\(\)/.test(name))) return undefined;
  if (value.kind === 'call') {
    const word = lastWord(operand.name ?? '');
    if (!(options.readers as readonly string[]).includes(word)) return undefined;
    return secretKind(calledName(unit, operand), options.names as readonly string[]);
  }
  return secretKind(calledName(unit, operand), options.names as readonly string[]);
}

/** Made by the program itself, as both ends of a key exchange in one test run. */
function isMade(unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (value.kind === 'either') return value.of.every((one) => isMade(unit, { ...operand, value: one }));
  const of = value.kind === 'item' ? unit.module.values[value.of]! : value;
  return of.kind === 'call' || (value.kind === 'const' && value.value === null);
}

function isParam(unit: Unit, operand: Operand): boolean {
  return unit.module.values[operand.value]!.kind === 'param';
}

/** The other side says that no secret is checked: a repetition, an old value, a name, a member of an enumeration. */
function isHarmless(program: Program, unit: Unit, other: Operand, kind: SecretKind): boolean {
  const name = other.name ?? calledName(unit, other);
  const words = wordsOf(name.split('.').at(-1)!.replace(/\(\)$/, ''));
  if (
    words.some((word) =>
      /^(?:confirm\w*|repeat\w*|again|retype\w*|verify|verification|old|new|current|previous|original|last|prev|vector|spiffe|\w*2|public|address|user|username|email|login|kind|type|none|null|undefined)$/.test(
        word,
      ),
    )
  )
    return true;
  const value = unit.module.values[other.value]!;
  if (['operation', 'function', 'class', 'list', 'dict'].includes(value.kind)) return true;
  if (program.names(unit, other.value).some((one) => /^(?:len|type|int|float|bool|id|hash)\(\)/.test(one))) return true;
  // `TokenKind.NAME`: a constant of a type; a setting has a secret name of its own.
  const parts = name.split('.');
  if (parts.length > 1 && /^[A-Z][a-z]/.test(parts.at(-2)!) && /^[A-Z][A-Z0-9_]*$/.test(parts.at(-1)!))
    return secretKind(name) === undefined;
  return kind === 'token' && value.kind === 'element';
}

/** A column of an ORM class: `User.token`. */
function isColumn(program: Program, unit: Unit, operand: Operand): boolean {
  const value = unit.module.values[operand.value]!;
  if (value.kind !== 'attr' && value.kind !== 'global') return false;
  if (value.kind === 'global') return /(?:^|\.)[A-Z][a-z]\w*\.[a-z_]\w*$/.test(value.name);
  return program.meanings(unit, value.of).some((meaning) => meaning.kind === 'class');
}

function member(
  program: Program,
  options: Options,
  unit: Unit,
  comparison: Comparison,
  operator: string,
): Finding | undefined {
  const { left, right } = comparison;
  const kind = kindOf(program, options, unit, left);
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
    place: placeIn(unit, comparison),
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
