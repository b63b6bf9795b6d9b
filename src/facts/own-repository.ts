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

/** What pipelines and templates call the repository, the account it deploys to, and registries that it sets up itself. */
const OWN_NAMES = [
  // GitLab, GitHub, CircleCI, Bitbucket, Drone, Woodpecker
  'CI_REGISTRY_IMAGE',
  'CI_PROJECT_(?:PATH|NAMESPACE|NAME|ROOT_NAMESPACE)\\w*',
  'github\\.(?:event\\.)?repository(?:_owner|\\.\\w+)?',
  'GITHUB_REPOSITORY(?:_OWNER)?',
  'CIRCLE_PROJECT_(?:REPONAME|USERNAME)',
  'BITBUCKET_REPO_(?:SLUG|FULL_NAME|OWNER)',
  'DRONE_REPO\\w*',
  'CI_REPO\\w*',
  // Azure Pipelines
  'Build\\.Repository\\.Name',
  'containerRegistry',
  'imageRepository',
  // Cloud Build
  'PROJECT_ID',
  'REPO_NAME',
  'GCP_PROJECT(?:_ID)?',
  'GOOGLE_CLOUD_PROJECT',
  // Amazon
  'AWS::AccountId',
  'AWS_ACCOUNT_ID',
  'ECR_(?:REGISTRY|REPOSITORY|REPO)\\w*',
  // What an earlier job or step built
  '(?:needs|steps)\\.[\\w-]+\\.outputs',
];
const OWN = new RegExp(`\\$[({]*\\s*(?:env\\.|vars\\.|var\\.)?(?:${OWN_NAMES.join('|')})(?![\\w])`);
/** Registries that Terraform sets up, and images that it builds. */
const OWN_RESOURCE =
  /\b(?:aws_ecr_repository|google_artifact_registry_repository|azurerm_container_registry|docker_image|docker_registry_image|aws_caller_identity)\.\w/;

/** True for an image whose name, as written, is one of the repository's own. */
export function namesOwnImage(text: string): boolean {
  return OWN.test(text) || OWN_RESOURCE.test(text);
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
