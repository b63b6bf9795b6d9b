/** Knows by what names the repository itself is fetched, so that cloning it is not taken for somebody else's code. */
import type { Facts } from './facts.ts';
import { at, itemsOf, textOf } from './yaml.ts';

/** Names (the last part of an address) under which the repository is known. A pure join: use through `facts.linked`. */
export function linkOwnRepository(facts: Facts): ReadonlySet<string> {
  const folders = new Set(
    facts.files.flatMap(({ path }) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))),
  );
  const addresses: (string | undefined)[] = [facts.repository];
  for (const { data } of facts.of('dockerfile')) {
    for (const { labels } of data.stages)
      for (const { key, value } of labels)
        if (key === 'org.opencontainers.image.source') addresses.push(value.resolved);
  }
  // A job that runs in the original and not in forks of it names the original.
  for (const { data } of facts.of('workflow')) {
    for (const { condition } of data.jobs.flatMap((job) => [job, ...job.steps]))
      addresses.push(/github\.repository\s*==\s*'([^']+)'/.exec(condition?.text ?? '')?.[1]);
  }
  // Argo CD and Flux deploy folders of this tree from the repository.
  for (const { data } of facts.of('kubernetes')) {
    for (const { kind, body } of data.objects) {
      if (kind !== 'Application') continue;
      const sources = [at(body, 'spec', 'source'), ...itemsOf(at(body, 'spec', 'sources'))];
      for (const source of sources) {
        const path = textOf(at(source, 'path'))?.replace(/^\.?\/|\/$/g, '');
        if (path && folders.has(path)) addresses.push(textOf(at(source, 'repoURL')));
      }
    }
  }
  return new Set(addresses.flatMap((address) => (address ? (repositoryName(address) ?? []) : [])));
}

/** "https://host/team/shop.git" and "git@host:team/shop" give "shop". */
export function repositoryName(address: string): string | undefined {
  return /[/:]([\w.-]+?)(?:\.git)?\/*$/.exec(address)?.[1]?.toLowerCase();
}

/** An owner that the reader is to fill in: "https://github.com/your-org/shop". */
export function isPlaceholderAddress(address: string): boolean {
  return /[/:](?:<[^>]*>|\[[^\]]*\]|your[-_]?(?:org(?:ani[sz]ation)?|user(?:name)?|name|repo|company|account|github[\w-]*)?|my-?org|changeme)\//i.test(
    address,
  );
}
