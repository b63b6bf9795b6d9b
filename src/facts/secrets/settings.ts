/** Knows files of settings that programs and tools read passwords from: package managers, frameworks, Ansible, .NET, Java. */
import type { Span } from '../span.ts';
import { at, entriesOf, loadYaml, textOf, type YamlFile, type YamlNode } from '../yaml.ts';

/** A named text of such a file. */
export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly span: Span;
  /** Names of what it stands in, from the outside. */
  readonly within: readonly string[];
}

type Form = 'tree' | 'lines' | 'netrc' | 'pgpass' | 'htpasswd' | 'inventory' | 'tags' | 'ansible';

const FORMS: readonly (readonly [Form, RegExp])[] = [
  ['netrc', /(?:^|\/)[._]netrc$/],
  ['pgpass', /(?:^|\/)\.?pgpass(?:\.conf)?$/],
  ['htpasswd', /(?:^|\/)[\w.-]*htpasswd[\w-]*$/],
  [
    'ansible',
    /(?:^|\/)(?:group_vars|host_vars)\/.+$|(?:^|\/)roles\/[^/]+\/(?:vars|defaults|tasks|handlers)\/.+\.ya?ml$|(?:^|\/)(?:[^/]*ansible[^/]*|playbooks?)\/.*\.ya?ml$|(?:^|\/)(?:site|playbook[\w-]*|[\w-]+-playbook)\.ya?ml$/i,
  ],
  [
    'inventory',
    /(?:^|\/)(?:inventor(?:y|ies)|ansible)\/(?:.*\/)?[^/.]+(?:\.(?:ini|cfg))?$|(?:^|\/)(?:hosts|inventory)(?:\.(?:ini|cfg))?$/,
  ],
  [
    'tags',
    /(?:^|\/)(?:settings(?:-security)?|tomcat-users|context|persistence|hibernate\.cfg|nuget|web|app|web\.\w+|app\.\w+|data-?sources?|[\w-]*-ds)\.(?:xml|config)$/i,
  ],
  [
    'lines',
    /(?:^|\/)(?:\.?npmrc|\.?yarnrc|\.?pypirc|pip\.(?:conf|ini)|\.?my\.cnf|\.s3cfg|\.boto|\.git-credentials|\.aws\/(?:credentials|config)|(?:gradle|local|bootstrap|application|database|db|jdbc|secrets?|credentials)(?:-\w+)?\.properties|(?:secrets|credentials)\.(?:toml|ini|cfg|conf)|odbc\.ini|(?:wg|wireguard)[\w-]*\.conf)$/i,
  ],
  [
    'tree',
    /(?:^|\/)(?:\.yarnrc\.yml|\.dockercfg|\.?docker\/config\.json|docker-?config\.json|appsettings(?:\.\w+)?\.json|local\.settings\.json|(?:application|bootstrap)(?:-\w+)?\.ya?ml|(?:config\/)?(?:database|secrets?|credentials?)\.(?:ya?ml|json)|config\/(?:default|prod|production|staging|config)\.(?:ya?ml|json)|[\w.-]*(?:service-?account|credentials?|firebase-?admin|sa-key|gcp)[\w.-]*\.json|serverless\.ya?ml|render\.yaml|azuredeploy[\w.-]*\.json|mainTemplate\.json|[\w.-]+\.parameters\.json)$/i,
  ],
];

/** Plays of Ansible and templates of Azure may have any name. */
const TOLD: readonly (readonly [Form, RegExp, RegExp])[] = [
  [
    'ansible',
    /\.ya?ml$/i,
    /^(?:---[^\n]*\n|#[^\n]*\n|[ \t]*\r?\n)*- +(?:hosts[ \t]*:|[^\n]*\n(?:[^\n]*\n){0,20}? {2,4}hosts[ \t]*:)/,
  ],
  ['tree', /\.json$/i, /"\$schema"\s*:\s*"[^"\n]*\/(?:deploymentTemplate|deploymentParameters)\.json/],
];

/** How the file of this path is written; undefined where it is no file of settings. */
export function settingsForm(path: string, text = ''): Form | undefined {
  return (
    FORMS.find(([, pattern]) => pattern.test(path))?.[0] ??
    TOLD.find(([, named, telling]) => named.test(path) && telling.test(text.slice(0, 20_000)))?.[0]
  );
}

/** Manifests, compose files and the like have models of their own; encrypted files hold nothing. */
export function holdsSettings(path: string, text: string): boolean {
  const form = settingsForm(path, text);
  if (form === undefined || /^\$ANSIBLE_VAULT;/.test(text)) return false;
  if (form !== 'tree' && form !== 'ansible') return true;
  if (/^["']?sops["']?\s*:|^\s{0,4}"sops"\s*:/m.test(text)) return false;
  return !/^apiVersion\s*:/m.test(text) && !/^services\s*:\s*(?:#.*)?\r?$/m.test(text) && !/^\{\{-?\s/m.test(text);
}

export type ReadSettings = (path: string, text: string) => readonly Setting[];

/** Reader of any YAML or JSON. */
export async function treeReader(): Promise<(text: string) => readonly Setting[]> {
  const yaml = await loadYaml();
  return (text) => inTree(yaml(text));
}

/** Reader of all forms; what is not understood is left out. */
export async function settingsReader(): Promise<ReadSettings> {
  const tree = await treeReader();
  return (path, text) => {
    const form = settingsForm(path, text);
    if (form === 'tree' || form === 'ansible') return tree(text);
    if (form === 'tags') return inTags(text);
    return form === undefined ? [] : inLines(text, form);
  };
}

/** Names of the values in a pair: CloudFoundry, ARM, Render, App Service. */
const VALUES = new Set(['value', 'defaultValue']);

function inTree({ documents }: YamlFile): Setting[] {
  const found: Setting[] = [];
  const visit = (node: YamlNode, name: string, within: readonly string[]): void => {
    if (within.length > 60 || node.tag === '!vault') return;
    if (node.kind === 'scalar') {
      const value = textOf(node);
      if (value !== undefined && name !== '') found.push({ name, value, span: node.span, within });
    } else if (node.kind === 'list') for (const item of node.items) visit(item, name, [...within, '']);
    else {
      const pair = textOf(at(node, 'name')) ?? textOf(at(node, 'key'));
      for (const { key, value } of entriesOf(node)) {
        // `{password: {value: x}}` of ARM, and `{key: PASSWORD, value: x}`.
        const called = VALUES.has(key) && value.kind === 'scalar' ? (pair ?? (name || key)) : key;
        visit(value, called, [...within, key]);
      }
    }
  };
  for (const { root } of documents) visit(root, '', []);
  return found;
}

/** Attributes and texts of XML; comments are skipped. `<add key="a" value="b"/>` is a pair. */
function inTags(text: string): Setting[] {
  const found: Setting[] = [];
  const tag =
    /<!--[\s\S]*?(?:-->|$)|<([A-Za-z_][\w:.-]*)((?:[^<>"']|"[^"]{0,4000}"|'[^']{0,4000}'){0,400})>([^<]{0,4000})/g;
  for (const match of text.matchAll(tag)) {
    const [whole, element, attributes = '', content = ''] = match;
    if (element === undefined) continue;
    const start = match.index;
    const span = { start, end: start + whole.length - content.length };
    const pairs = new Map(
      [...attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((one) => [
        one[1]!,
        (one[2] ?? one[3] ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
      ]),
    );
    const key = pairs.get('key') ?? pairs.get('name');
    for (const [name, value] of pairs)
      found.push({ name: name === 'value' ? (key ?? name) : name, value, span, within: [] });
    const inner = content.trim();
    if (inner)
      found.push({ name: element === 'property' ? (key ?? element) : element, value: inner, span, within: [] });
  }
  return found;
}

function inLines(text: string, form: Form): Setting[] {
  const found: Setting[] = [];
  let start = 0;
  let section = '';
  for (const row of text.split('\n')) {
    const line = row.length < 5000 ? row.replace(/\r$/, '') : '';
    const from = start + (line.length - line.trimStart().length);
    const span = { start: from, end: Math.max(from, start + line.trimEnd().length) };
    start += row.length + 1;
    if (/^\s*(?:[#;!]|$)/.test(line)) continue;
    const add = (name: string, value: string): void => {
      found.push({ name, value, span, within: section ? [section] : [] });
    };
    const head = /^\s*\[([^\]]+)\]\s*$/.exec(line);
    if (head) section = head[1]!;
    else if (form === 'netrc') for (const [, value] of line.matchAll(/\bpassword\s+(\S+)/g)) add('password', value!);
    else if (form === 'pgpass') add('password', line.split(/(?<!\\):/)[4] ?? '');
    else if (form === 'htpasswd') {
      const [, user, hash] = /^([^:\s]+):(\S{8,})$/.exec(line) ?? [];
      if (hash) add(`password of ${user}`, hash);
    } else if (form === 'inventory')
      for (const [, name, value] of line.matchAll(/\b(ansible_\w*pass(?:word)?)\s*=\s*["']?([^\s"']+)/g))
        add(name!, value!);
    else {
      // "//registry.example.org/:_authToken=..." of npm; an address alone is a line of .git-credentials.
      const [, name, value] = /^\s*(?:\/\/[^=\s]*:)?([^=:\s][^=:]{0,200}?)\s*[=:](?!\/\/)\s*(.*?)\s*$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) add(name, unquoted(value));
      else add('address', line.trim());
    }
  }
  return found;
}

function unquoted(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, '$2');
}
