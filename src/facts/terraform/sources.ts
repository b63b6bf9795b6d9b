/** Knows which modules Terraform and Terragrunt fetch from elsewhere, and whether they name a version or a commit. */
import type { Facts } from '../facts.ts';
import { isCommit, type RemoteCode } from '../remote-code.ts';
import type { Span } from '../span.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import { terraformModel } from './model.ts';

const REGISTRY = /^(?:[\w.-]+\.[a-z]+\/)?[\w-]+\/[\w-]+\/[\w-]+(?:\/\/.*)?$/;
const REPOSITORY = /^(?:git::|hg::|git@|(?:github|bitbucket)\.(?:com|org)\/)|\.git(?:\/\/|\?|$)/;

/** All remote module sources. A pure join: use through `facts.linked`. */
export function linkModuleSources(facts: Facts): readonly RemoteCode[] {
  const model = facts.linked(terraformModel);
  const calls = model.modules.flatMap(({ calls }) =>
    calls.flatMap(({ block, path, source, version }) => {
      const span = attributeOf(block, 'source')?.span;
      return source === undefined || !span ? [] : [{ source, version, path, span }];
    }),
  );
  const units = model.units.flatMap(({ body, path }) =>
    blocksOf(body, 'terraform').flatMap((block) => {
      const attribute = attributeOf(block, 'source');
      const value = attribute?.value;
      const source = value?.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
      return source === undefined ? [] : [{ source, version: undefined, path, span: attribute!.span }];
    }),
  );
  return [...calls, ...units].flatMap(({ source, version, path, span }): RemoteCode[] => {
    const tf = /^tfr:\/\/[^/]*\/([^?]+)\?version=(.+)$/.exec(source);
    if (tf) return [judged(tf[1]!, tf[2], path, span)];
    if (REPOSITORY.test(source)) {
      const ref = /[?&]ref=([^&]+)/.exec(source)?.[1];
      const pin = ref !== undefined && isCommit(ref) ? 'commit' : 'none';
      const name = source.replace(/\?.*$/, '').replace(/\/\/[^/@\s]+@/, '//');
      return [{ kind: 'module', source: name, pin, ...(ref === undefined ? {} : { ref }), path, span }];
    }
    return REGISTRY.test(source) ? [judged(source, version, path, span)] : [];
  });
}

function judged(source: string, version: string | undefined, path: string, span: Span): RemoteCode {
  const exact = version !== undefined && /^\s*=?\s*v?\d+\.\d+\.\d+[\w.+-]*\s*$/.test(version);
  return {
    kind: 'module',
    source,
    pin: exact ? 'version' : 'none',
    ...(version === undefined ? {} : { ref: version }),
    path,
    span,
  };
}
