/** Knows when a key that signs sessions, tokens or cookies stands in the code instead of coming from outside. */
import { defineCheck, type Finding, fail, type Options, pass, type Subject } from '../check.ts';
import type { Facts } from '../facts/facts.ts';
import { conditionNames } from '../facts/program/conditions.ts';
import { type FlowOptions, type Origin, origins, originText } from '../facts/program/flow.ts';
import { excuseFor, guessableParts, isSpare } from '../facts/program/key-excuses.ts';
import { argument, linkProgram, type Node, type Program, placeIn, type Unit } from '../facts/program/link.ts';
import type { Operand } from '../facts/program/model.ts';
import { allNamedValues, type NamedValue, wordsOf } from '../facts/program/names.ts';
import { isNamedPublic, optionOperand } from '../facts/program/secrets.ts';
import { isSetting, isSigningKey, type KeyWords } from '../facts/program/signing-keys.ts';
import type { Place } from '../facts/span.ts';

const why =
  'Whoever has read the code, an image or an old backup can sign sessions and tokens for any user, administrators included.';

export const flaskSecretKey = defineCheck({
  id: 'flask-secret-key',
  needs: {
    secretfile: true,
    program: [
      'secret',
      'Secret',
      'SECRET',
      'jwt',
      'jsonwebtoken',
      'jose',
      'cookie',
      'keygrip',
      'session',
      'JWT',
      'itsdangerous',
      'flask',
      'signing',
      'SIGNING',
      'hmac',
      'Hmac',
    ],
  },
  messages: {
    literal: {
      secret: true,
      what: '{name} is a literal in the code.',
      why,
      fix: 'Read the key from the environment or a secret store, refuse to start without it, and replace the key that was published.',
    },
    fallback: {
      secret: true,
      what: '{name} falls back to a literal when nothing is configured.',
      why: `A forgotten variable is noticed by nobody, and the key is public. ${why}`,
      fix: 'Remove the fallback and refuse to start when the key is missing.',
    },
    weakRandom: {
      what: '{name} is made by {source}, which can be guessed or read off.',
      why: 'A key that can be guessed signs nothing: sessions and tokens can be forged.',
      fix: 'Create the key once with `secrets.token_urlsafe(32)`, keep it in a secret store and read it from there.',
    },
    derived: {
      what: '{name} is a text of the code with {parts} in it.',
      why: `All of it can be read or guessed. ${why}`,
      fix: 'Create the key once with a generator for secrets, and read it from the environment or a secret store.',
    },
    perProcess: {
      what: '{name} is made anew by {source} at each start.',
      why: 'Every restart ends all sessions, and two workers or replicas refuse what the other one signed.',
      fix: 'Create the key once, keep it in a secret store and read it from there.',
      severity: 'low',
    },
    committed: {
      secret: true,
      what: '{name} stands in a file of environment variables that is part of the repository.',
      why,
      fix: 'Take the file out of the repository, list it in .gitignore, and replace the key that was published.',
    },
    missing: {
      what: 'This application uses sessions, and no secret key is configured anywhere.',
      why: 'Sessions fail at run time, and the quick remedy is usually a literal key.',
      fix: 'Set `SECRET_KEY` from the environment, and refuse to start when it is missing.',
      severity: 'medium',
    },
  },
  assess(facts, options) {
    const program = facts.linked(linkProgram);
    const causes = new Map<string, Finding>();
    const subjects: Subject[] = [];
    const settings = allNamedValues(program).filter((one) => isSetting(program, one, options as unknown as KeyWords));
    for (const one of settings) {
      subjects.push(...judge(program, options, one.unit, one.name, one.value, placeIn(one.unit, one), causes, one));
    }
    const signers = options.signers as Readonly<Record<string, string>>;
    for (const site of program.allCalls()) {
      const name = site.names.map(unset).find((one) => signers[one] !== undefined);
      if (name === undefined) continue;
      const [index, ...words] = signers[name]!.split(' ');
      const key = argument(site.call, Number(index), ...words) ?? optionOperand(program, site, words);
      if (!key || isNamedPublic(site.unit, key)) continue;
      // A keyword that is a setting by its name was judged above.
      if (settings.some((one) => one.unit === site.unit && one.value.value === key.value && one.form === 'keyword'))
        continue;
      subjects.push(
        ...judge(program, options, site.unit, `the key of ${name}()`, key, placeIn(site.unit, site.call), causes),
      );
    }
    if (subjects.length === 0) subjects.push(...withoutKey(program));
    subjects.push(...committed(facts, options));
    return {
      subjects,
      lookedFor: 'settings such as SECRET_KEY and JWT_SECRET_KEY, and calls that sign tokens, cookies and sessions',
    };
  },
});

/** What signs, without the setters before it: `SignJWT().setIssuedAt().sign` is `SignJWT().sign`. */
function unset(name: string): string {
  return name.includes('().set') ? name.replace(/\.set\w+\(\)/g, '') : name;
}

/** Keys in committed .env files; those of a developer's or a test's environment are for review. */
function committed(facts: Facts, options: Options): Subject[] {
  return facts.of('secretfile').flatMap(({ path, data }) =>
    (data.type === 'env' ? data.exposed : []).flatMap(({ name, span }) => {
      if (!isSigningKey(wordsOf(name), options as unknown as KeyWords)) return [];
      const confidence = /dev|local|test|ci\b/i.test(path.slice(path.lastIndexOf('/') + 1)) ? 'low' : 'high';
      return [fail(name, { message: 'committed', data: { name }, place: { path, span }, confidence })];
    }),
  );
}

function judge(
  program: Program,
  options: Options,
  unit: Unit,
  name: string,
  value: Operand,
  place: Place,
  causes: Map<string, Finding>,
  named?: NamedValue,
): Subject[] {
  const list = unit.module.values[value.value]!;
  const ref = list.kind === 'list' && list.items[0] !== undefined ? list.items[0] : value.value;
  const flow: FlowOptions = { callers: false, whole: true, carriers: new Set(options.keyMakers as readonly string[]) };
  const found = origins(program, unit, ref, flow);
  const literals = found.filter((one) => one.kind === 'const' && isKey(one.value));
  const literal = literals[0];
  if (literal) {
    const excuse = excuseFor(unit, named);
    if (excuse !== undefined) return [pass(name, place, excuse)];
    const tame = literal.kind === 'const' && /mock|smoke|fake|dummy/i.test(String(literal.value));
    // What another service gave to this one is worth nothing when it is made up.
    if (tame && named && /(?:client|consumer)_?secret$/i.test(name)) return [pass(name, place, 'only a placeholder')];
    const key = `${literal.node.unit.path}\0${literal.node.ref}`;
    const message =
      found.some((one) => one.kind === 'source') || literal.trace.some((step) => /^default /.test(step.text))
        ? 'fallback'
        : 'literal';
    let finding = causes.get(key);
    if (!finding) {
      const at = placeIn(literal.node.unit, spanOf(literal.node));
      const elsewhere = at.path !== place.path || at.span.start < place.span.start || at.span.end > place.span.end;
      // A key for the case that something failed is mended where it stands.
      const spare = elsewhere && isSpare(literal.node);
      const related = spare
        ? [{ ...place, text: 'it becomes the key here' }]
        : elsewhere
          ? [{ ...at, text: 'the literal stands here' }]
          : [];
      // `if not production: return "dev-key"`: somebody thought of it.
      const asked = conditionNames(literal.node.unit, literal.guard).some((word) =>
        /prod|debug|testing|environment/i.test(word),
      );
      const confidence = tame || asked ? 'low' : 'high';
      finding = {
        message,
        data: { name },
        place: spare ? at : place,
        confidence,
        ...(related.length > 0 ? { related } : {}),
      };
      causes.set(key, finding);
    }
    return [fail(name, finding, place)];
  }
  const weak = found.flatMap((one) => (one.kind === 'call' ? one.names : one.kind === 'external' ? [one.name] : []));
  const source = (options.guessable as readonly string[]).find((one) =>
    weak.some((n) => n === one || n.startsWith(`${one}()`)),
  );
  if (source !== undefined) {
    return [fail(name, { message: 'weakRandom', data: { name, source: `${source}()` }, place, confidence: 'high' })];
  }
  // A key that an object makes for itself lives as long as what it signs; one of the whole program should live longer.
  const lasting = named !== undefined && named.function < 0 && found.length === 1;
  const fresh = (options.random as readonly string[]).find((one) => lasting && weak.includes(one));
  if (fresh !== undefined)
    return [fail(name, { message: 'perProcess', data: { name, source: `${fresh}()` }, place, confidence: 'low' })];
  for (const { node } of found) {
    const parts = guessableParts(node.unit, node.ref);
    if (parts && excuseFor(unit, named) === undefined)
      return [fail(name, { message: 'derived', data: { name, parts: parts.join(', ') }, place, confidence: 'medium' })];
  }
  const evidence = found.map(described).find((text) => text !== undefined);
  return evidence === undefined ? [] : [pass(name, place, evidence)];
}

function isKey(value: Origin extends { value: infer T } ? T : unknown): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    !/^<.*>$|^\$\{?\w+\}?$|^\w+[_:-]$|^[spr]k_(?:test|live)_/.test(value)
  );
}

function spanOf(node: Node) {
  return node.unit.module.values[node.ref]!.span;
}

function described(origin: Origin): string | undefined {
  return origin.kind === 'const' || origin.kind === 'param' ? undefined : `comes from ${originText(origin)}`;
}

/** A Flask application whose sessions nobody gave a key. */
function withoutKey(program: Program): Subject[] {
  const uses = program.units.some((unit) =>
    unit.module.references.some((one) =>
      program.names(unit, one.value).some((name) => name.startsWith('flask.session')),
    ),
  );
  if (!uses) return [];
  const loads = program.allCalls().some((site) => site.names.some((name) => /\.config\.from_\w+$/.test(name)));
  if (loads) return [];
  return program.calls(['flask.Flask']).map((site) => {
    const place = placeIn(site.unit, site.call);
    return fail('Flask application', { message: 'missing', data: {}, place, confidence: 'medium' });
  });
}
