/** Knows digests: what goes into a hash function, and what becomes of its result. */
import { origins } from './flow.ts';
import type { CallSite, Program, Unit } from './link.ts';
import type { Operand, Ref } from './model.ts';

/** Calls that only write a digest in another way; methods begin with a dot. */
export const digests = new Set([
  '.hexdigest',
  '.digest',
  '.update',
  '.toUpperCase',
  '.toLowerCase',
  '.toString',
  '.finalize',
  '.hex',
  '.decode',
  '.encode',
  '.upper',
  '.lower',
  'base64.b64encode',
  'binascii.hexlify',
  'str',
]);

/** What is hashed: the arguments, and those of `update()` on the same object. */
export function inputs({ unit, id, call, names }: CallSite): readonly Operand[] {
  const updates = unit.module.calls.filter((one) => {
    const callee = unit.module.values[one.callee.value]!;
    if (callee.kind !== 'attr' || callee.name !== 'update') return false;
    const of = unit.module.values[callee.of]!;
    return of.kind === 'call' && of.call === id;
  });
  // What keys a MAC is no password.
  const own = names.some((name) => name.endsWith('Hmac')) ? [] : [call];
  return [...own, ...updates].flatMap((one) =>
    one.args.filter((arg) => arg.keyword !== 'usedforsecurity' && arg.keyword !== 'name'),
  );
}

/** Lists of leaked passwords are asked by the first five digits of a digest, which is thrown away after. */
export function isRange(program: Program, site: CallSite): boolean {
  const { values, calls } = site.unit.module;
  const isDigest = (ref: Ref) =>
    origins(program, site.unit, ref, { callers: false, carriers: digests }).some(
      (one) => one.kind === 'call' && one.site.call === site.call,
    );
  const cut = calls.some((call) => {
    const callee = values[call.callee.value]!;
    if (callee.kind !== 'attr' || !/^(?:slice|substring|substr)$/.test(callee.name)) return false;
    const end = call.args[1] ? values[call.args[1].value]! : undefined;
    return end?.kind === 'const' && end.value === 5 && isDigest(callee.of);
  });
  if (cut) return true;
  return values.some((value) => {
    const end = value.kind === 'slice' ? value.bounds[1] : undefined;
    const bound = end === undefined || end === null ? undefined : values[end]!;
    if (value.kind !== 'slice' || bound?.kind !== 'const' || bound.value !== 5) return false;
    return isDigest(value.of);
  });
}

/** Does a text of the file name one of the other files: `path.join(__dirname, 'worker.js')`? */
export function namesFile({ path, module }: Unit, files: ReadonlySet<string>): boolean {
  const names = [...files].flatMap((file) => (file === path ? [] : [file.slice(file.lastIndexOf('/') + 1)]));
  return module.values.some(
    (one) => one.kind === 'const' && typeof one.value === 'string' && names.includes(one.value.replace(/^.*\//, '')),
  );
}
