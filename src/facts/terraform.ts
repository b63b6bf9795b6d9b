/** Knows Terraform, OpenTofu and Terragrunt files: configuration, variable values, backend settings and state, as located data. */
import type { Extracted, ExtractInput, Extractor } from './facts.ts';
import type { Attribute, Block, Body, Comment, HclFile } from './hcl.ts';
import type { Span } from './span.ts';

export type ConfigRole = 'config' | 'variables' | 'backend' | 'terragrunt';

/** A file in HCL, native or JSON. */
export interface ConfigFile {
  readonly role: ConfigRole;
  readonly body: Body;
  /** Backend blocks that stand in comments: they look like protection and are none. */
  readonly commentedBackends: readonly { readonly type: string; readonly span: Span }[];
  /** A part of the file could not be read: what is missing proves nothing. */
  readonly broken?: true;
}

/** A state file or its backup. Its values are secrets and stay out. */
export interface StateFile {
  readonly role: 'state';
  /** Resources recorded; 0 for an empty state or a mere pointer to a remote backend. */
  readonly resources: number;
  /** OpenTofu encrypted it before writing. */
  readonly encrypted: boolean;
}

export type TerraformFile = ConfigFile | StateFile;

const CONFIG = /\.(?:tf|tofu)(?:\.json)?$/i;
const VARIABLES = /\.tfvars(?:\.json)?$/i;
const BACKEND = /\.tfbackend$|(?:^|\/)(?:[\w.-]*[._-])?backend(?:[._-][\w.-]*)?\.(?:hcl|conf|config|cfg)$/i;
const STATE = /\.tfstate(?:\.backup|\.\d+\.backup)?$|(?:^|\/)terraform\.tfstate\.d\/[^/]+\/[^/]+\.tfstate[^/]*$/i;
/** Other programs that write HCL; a Terragrunt file may have any name. */
const FOREIGN_HCL =
  /(?:^|\/)\.terraform\.lock\.hcl$|\.(?:pkr|nomad|pkrvars|tftest|tofutest|tfstack|tfdeploy|tfquery)\.hcl$|(?:^|\/)docker-bake(?:\.[\w-]+)?\.hcl$/i;
const CACHE = /(?:^|\/)(?:\.terraform|\.terragrunt-cache)\//;
const TERRAGRUNT_WORDS = /^\s*(?:remote_state|include|terraform|generate|inputs|locals|dependency)\b/m;

export function roleOf(path: string): TerraformFile['role'] | undefined {
  if (STATE.test(path)) return 'state';
  if (CACHE.test(path)) return undefined;
  if (CONFIG.test(path)) return 'config';
  if (VARIABLES.test(path)) return 'variables';
  if (BACKEND.test(path)) return 'backend';
  if (/\.hcl(?:\.json)?$/i.test(path) && !FOREIGN_HCL.test(path)) return 'terragrunt';
  return undefined;
}

export const terraform: Extractor<'terraform'> = {
  kind: 'terraform',
  accepts: (path) => roleOf(path) !== undefined,
  recognises: (path, text) => roleOf(path) !== 'terragrunt' || /terragrunt/i.test(path) || TERRAGRUNT_WORDS.test(text),
  load: async () => {
    const [{ parseHcl }, { parseHclJson }] = await Promise.all([import('./hcl.ts'), import('./hcl-json.ts')]);
    return (input) => extract(input, parseHcl, parseHclJson);
  },
};

function extract(
  { path, text }: ExtractInput,
  parseHcl: (text: string) => HclFile,
  parseHclJson: (text: string, values?: boolean) => HclFile,
): Extracted<TerraformFile> {
  const role = roleOf(path) ?? 'config';
  if (role === 'state') return { data: stateOf(text) };
  const json = /\.json$/i.test(path);
  const { body, comments, problems } = json ? parseHclJson(text, role !== 'config') : parseHcl(text);
  return {
    data: {
      role,
      body,
      commentedBackends: commentedBackends(comments),
      ...(problems.length > 0 && { broken: true as const }),
    },
    problems,
  };
}

/** Only the shape of a state matters, and a broken one is a committed state as well. */
function stateOf(text: string): StateFile {
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return { role: 'state', resources: text.trim() === '' ? 0 : 1, encrypted: false };
  }
  if (typeof state !== 'object' || state === null) return { role: 'state', resources: 0, encrypted: false };
  const { resources, modules, encrypted_data: secret } = state as Record<string, unknown>;
  const legacy = Array.isArray(modules)
    ? modules.reduce<number>(
        (sum, one: { resources?: object } | null) => sum + Object.keys(one?.resources ?? {}).length,
        0,
      )
    : 0;
  return {
    role: 'state',
    resources: (Array.isArray(resources) ? resources.length : 0) + legacy,
    encrypted: typeof secret === 'string',
  };
}

function commentedBackends(comments: readonly Comment[]): ConfigFile['commentedBackends'] {
  const found: { type: string; span: Span }[] = [];
  for (const comment of comments) {
    for (const match of comment.text.matchAll(/(?:^|[\s{])backend\s+"(\w+)"\s*\{/g)) {
      found.push({ type: match[1]!, span: comment.span });
    }
  }
  return found;
}

export function attributeOf(body: Body, name: string): Attribute | undefined {
  return body.attributes.findLast((attribute) => attribute.name === name);
}

export function blocksOf(body: Body, type: string): readonly Block[] {
  return body.blocks.filter((block) => block.type === type);
}
