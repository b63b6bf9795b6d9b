/** Knows every way a secret reaches a workload: manifests, environment, configuration, charts, compose, files. */

import { linkPipelines } from '../ci/gitlab.ts';
import { linkTrials } from '../cluster/applied.ts';
import { deployedWorkloads, linkCluster, placeIn } from '../cluster.ts';
import { composeTrials } from '../compose/trials.ts';
import { composeText, keyValues, linkCompose } from '../compose.ts';
import type { Facts } from '../facts.ts';
import { deadValues } from '../helm/dead.ts';
import { linkHelm } from '../helm.ts';
import { titleOf } from '../kubernetes.ts';
import { plainSettings } from '../plain-settings.ts';
import { baseName, resolveWord, withoutLaunchers } from '../shell/words.ts';
import { eachCommand, type Statement } from '../shell.ts';
import type { Place } from '../span.ts';
import { at, entriesOf, entryOf, itemsOf, spanWithin, textOf, type YamlEntry, type YamlNode } from '../yaml.ts';
import { isForDevelopment } from '../zones.ts';
import { exposedInWords } from './arguments.ts';
import { handedFiles } from './handed.ts';
import {
  asksForChange,
  classify,
  type Exposed,
  echoes,
  exposedAs,
  exposedBy,
  fingerprint,
  type JudgeOptions,
  looksCredential,
  looksDrawn,
  namesClient,
  namesEntry,
  namesOther,
  secretName,
  takesAnyText,
} from './values.ts';

export interface SecretUse {
  readonly way:
    | 'manifest'
    | 'environment'
    | 'configmap'
    | 'values'
    | 'placeholder'
    | 'compose'
    | 'default'
    | 'generator'
    | 'file'
    | 'kubeconfig'
    | 'setting'
    | 'login'
    | 'pipeline'
    | 'command'
    | 'written'
    | 'export'
    | 'asking'
    | 'image'
    | 'terraform'
    | 'template'
    | 'unit';
  /** "Secret db", "container web of Deployment shop". */
  readonly owner: string;
  readonly place: Place;
  /** Absent when the secret is kept as it should be; then `evidence` says how. */
  readonly exposed?: Exposed;
  readonly evidence?: string;
  /** A template made it: the cause may be a value of the chart. */
  readonly rendered?: boolean;
  /** Whether it is one of production cannot be told. */
  readonly doubtful?: boolean;
  /** The variables whose default it is: two with the same default are two causes. */
  readonly variables?: readonly string[];
}

/** Accounts that everybody may use: `DEMO_LOGIN_PASSWORD`. */
const FOR_SHOW = /(?:^|_)(?:demo|test|sample|dummy|mock|fake)_/i;

/** All uses, one per place. A pure join: use through `facts.linked`. */
export function linkSecretUses(facts: Facts): readonly SecretUse[] {
  const uses: SecretUse[] = [
    ...inCluster(facts),
    ...inGenerators(facts),
    ...inValues(facts),
    ...inCompose(facts),
    ...inConfigs(facts),
    ...inFiles(facts),
    ...inLogins(facts),
    ...inPipelines(facts),
    ...inSettings(facts),
  ];
  const seen = new Map<string, SecretUse>();
  const trials = facts.linked(composeTrials);
  const isTrial = facts.linked(linkTrials);
  const values = new Set(
    uses.flatMap(({ way, exposed }) =>
      (way === 'values' || way === 'placeholder') && exposed ? [exposed.fingerprint] : [],
    ),
  );
  for (const use of uses) {
    if (use.rendered && use.exposed && values.has(use.exposed.fingerprint)) continue;
    const key = `${use.place.path} ${use.place.span.start}`;
    const known = seen.get(key);
    const trial =
      !use.exposed?.certain &&
      use.way !== 'login' &&
      use.way !== 'pipeline' &&
      (trials.has(use.place.path) || isTrial(use.place.path) || FOR_SHOW.test(use.exposed?.name ?? ''));
    if (!known || (use.exposed && !known.exposed)) seen.set(key, trial ? { ...use, doubtful: true } : use);
  }
  return [...seen.values()];
}

const STORES =
  /^(?:ExternalSecret|ClusterExternalSecret|PushSecret|SealedSecret|SecretProviderClass|VaultStaticSecret|VaultDynamicSecret|VaultSecret|AzureKeyVaultSecret|InfisicalSecret|OnePasswordItem|DopplerSecret|BitwardenSecret|SopsSecret)$/;

function inCluster(facts: Facts): SecretUse[] {
  const cluster = facts.linked(linkCluster);
  const uses: SecretUse[] = [];
  const workloads = deployedWorkloads(cluster);
  const read = new Set(
    workloads.flatMap(({ namespace, pod }) => secretsOf(pod.spec).map((one) => `${namespace} ${one}`)),
  );
  for (const deployed of cluster.objects) {
    const { object, path, place } = deployed;
    const owner = titleOf(object);
    const where = (node: YamlEntry | YamlNode): Place => ({
      path: node.path ?? path,
      span: 'keySpan' in node ? node.keySpan : node.span,
    });
    if (STORES.test(object.kind))
      uses.push({ way: 'manifest', owner, place, evidence: `${object.kind} brings it from a store` });
    else if (object.kind === 'Secret' && object.apiVersion === 'v1') {
      for (const use of manifest(object.body, owner, place, where))
        uses.push({ ...use, rendered: deployed.chart !== undefined });
      // What a chart asks for stands in its values.
      if (!deployed.chart && read.has(`${deployed.namespace} ${object.name}`))
        for (const { entry, exposed } of asking(object.body))
          uses.push({ way: 'asking', owner, place: where(entry), exposed, doubtful: true });
    } else if (object.kind === 'ConfigMap') {
      for (const entry of entriesOf(at(object.body, 'binaryData'))) {
        const exposed = exposedBy(entry.key, decode(textOf(entry.value) ?? ''));
        if (exposed?.certain) uses.push({ way: 'configmap', owner, place: where(entry), exposed });
      }
      for (const entry of entriesOf(at(object.body, 'data'))) {
        const text = textOf(entry.value);
        if (text === undefined || entry.value.rendered?.unknown) continue;
        const real = exposedBy(entry.key, text);
        // What somebody fills in there becomes readable for everybody.
        const exposed = real ?? exposedBy(entry.key, text, { placeholders: secretName(entry.key) !== undefined });
        const rendered = deployed.chart !== undefined;
        const place = inside(where(entry), entry.value, exposed);
        if (exposed) uses.push({ way: 'configmap', owner, place, exposed, rendered, doubtful: !real });
      }
    } else if (/^(?:Application|ApplicationSet|HelmRelease|HelmChart|HelmChartConfig)$/.test(object.kind)) {
      for (const { entry, exposed } of walk(at(object.body, 'spec')))
        uses.push({ way: 'values', owner, place: inside(where(entry), entry.value, exposed), exposed });
    }
  }
  for (const workload of workloads) {
    for (const container of workload.pod.containers) {
      const owner = `container ${container.name} of ${titleOf(workload.object)}`;
      const rendered = workload.chart !== undefined;
      for (const key of ['command', 'args'])
        for (const { node, exposed } of exposedInWords(at(container.body, key)))
          uses.push({ way: 'environment', owner, place: placeIn(workload, node), exposed, rendered });
      for (const variable of itemsOf(at(container.body, 'env'))) {
        const name = textOf(at(variable, 'name')) ?? '';
        const value = at(variable, 'value');
        const text = textOf(value);
        const place = placeIn(workload, variable);
        if (at(variable, 'valueFrom', 'secretKeyRef'))
          uses.push({ way: 'environment', owner, place, evidence: `${name} comes from a Secret` });
        if (value === undefined || text === undefined || value.rendered?.unknown !== undefined) continue;
        const exposed = exposedBy(name, text);
        const start = inside(placeIn(workload, value), value, exposed);
        if (exposed) uses.push({ way: 'environment', owner, place: start, exposed, rendered });
        else if (secretName(name) && classify(text) !== 'plain')
          uses.push({
            way: 'environment',
            owner,
            place: start,
            evidence: `${name} holds ${classify(text) === 'real' ? 'a name and no secret' : `a ${classify(text)} value`}`,
          });
      }
    }
  }
  return uses;
}

/** The place of a secret in a text of several lines, or that of the text. */
function inside(place: Place, text: YamlNode, exposed: Exposed | undefined): Place {
  const span = place.path === (text.path ?? place.path) ? spanWithin(text, exposed?.within) : undefined;
  return span ? { ...place, span } : place;
}

/** A Secret manifest: each value that its name makes a secret, else the first that looks like one. */
function manifest(body: YamlNode, owner: string, place: Place, where: (node: YamlEntry) => Place): SecretUse[] {
  if (entryOf(body, 'sops')) return [{ way: 'manifest', owner, place, evidence: 'encrypted with SOPS' }];
  const plain = place.path.endsWith('.tf');
  const found: { entry: YamlEntry; exposed: Exposed; named: boolean }[] = [];
  for (const field of ['data', 'stringData'] as const) {
    for (const entry of entriesOf(at(body, field))) {
      const text = textOf(entry.value);
      if (text === undefined || entry.value.rendered?.unknown !== undefined || classify(text) === 'reference') continue;
      const decoded = field === 'data' && !plain ? decode(text) : text;
      if (classify(decoded) !== 'real' || echoes(entry.key, decoded)) continue;
      const kind = secretName(entry.key);
      const known = exposedBy(entry.key, decoded);
      if (!known && !kind && (namesOther(entry.key) || namesClient(entry.key) || !looksCredential(decoded))) continue;
      const exposed = known ?? {
        kind: kind ?? 'credential',
        name: entry.key.slice(0, 80),
        fingerprint: fingerprint(decoded),
      };
      found.push({ entry, exposed, named: kind !== undefined });
    }
  }
  const named = found.filter((one) => one.named);
  const real = named.length > 0 ? named : found.slice(0, 1);
  if (real.length === 0) return [{ way: 'manifest', owner, place, evidence: 'holds no value' }];
  return real.map(({ entry, exposed }) => ({ way: 'manifest', owner, place: where(entry), exposed }));
}

/** Entries of a Secret that ask to be changed and work until then; none where others must be filled in before. */
function asking(body: YamlNode): { entry: YamlEntry; exposed: Exposed }[] {
  const found: { entry: YamlEntry; exposed: Exposed }[] = [];
  for (const field of ['data', 'stringData']) {
    for (const entry of entriesOf(at(body, field))) {
      const text = textOf(entry.value) ?? '';
      const value = field === 'data' ? decode(text) : text;
      // What is no Base64 is refused.
      if (field === 'data' && value === text) continue;
      const { key } = entry;
      const kind = secretName(key);
      if (!asksForChange(value) && classify(value) === 'placeholder') return [];
      if (asksForChange(value) && kind && takesAnyText(key))
        found.push({ entry, exposed: exposedAs(kind, key, value) });
    }
  }
  return found;
}

/** Names of the Secrets that a pod reads. */
function secretsOf(node: YamlNode, depth = 0): string[] {
  if (node.kind === 'scalar' || depth > 20) return [];
  if (node.kind === 'list') return node.items.flatMap((item) => secretsOf(item, depth + 1));
  return node.entries.flatMap(({ key, value }) => {
    const name = textOf(at(value, 'secretName')) ?? textOf(at(value, 'name'));
    const named = name !== undefined && /^secret(?:KeyRef|Ref)?$/.test(key) ? [name] : [];
    return [...named, ...secretsOf(value, depth + 1)];
  });
}

function decode(text: string): string {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return text;
  return Buffer.from(compact, 'base64').toString('utf8');
}

/** Entries of a tree of values that give a secret away. */
function walk(
  node: YamlNode | undefined,
  options: JudgeOptions = {},
  keys: readonly string[] = [],
  depth = 0,
): { entry: YamlEntry; keys: readonly string[]; exposed: Exposed }[] {
  if (node === undefined || depth > 60) return [];
  if (node.kind === 'list') return node.items.flatMap((item) => walk(item, options, keys, depth + 1));
  return entriesOf(node).flatMap((entry) => {
    const below = [...keys, entry.key];
    if (entry.value.kind !== 'scalar') return walk(entry.value, options, below, depth + 1);
    const text = entry.key === 'value' ? undefined : textOf(entry.value);
    const pair = entry.key === 'value' ? textOf(at(node, 'name')) : undefined;
    const value = pair === undefined ? text : textOf(entry.value);
    const exposed =
      value === undefined || entry.value.rendered?.unknown ? undefined : exposedBy(pair ?? entry.key, value, options);
    if (!exposed || (!exposed.certain && pair === undefined && namesEntry(below, value!))) return [];
    return [{ entry, keys: below, exposed }];
  });
}

/** `secretGenerator` and `configMapGenerator` literals of kustomizations. */
function inGenerators(facts: Facts): SecretUse[] {
  return facts.of('kubernetes').flatMap(({ path, data }) =>
    (['secretGenerator', 'configMapGenerator'] as const).flatMap((key) =>
      itemsOf(at(data.kustomization, key)).flatMap((generator) =>
        itemsOf(at(generator, 'literals')).flatMap((literal): SecretUse[] => {
          const text = textOf(literal) ?? '';
          const equals = text.indexOf('=');
          const owner = `${key} ${textOf(at(generator, 'name')) ?? ''}`.trim();
          const name = text.slice(0, Math.max(0, equals));
          const value = text.slice(equals + 1);
          const place = { path, span: literal.span };
          const secret =
            key === 'secretGenerator' && classify(value) === 'real' && !namesClient(name) && !namesOther(name);
          const exposed =
            exposedBy(name, value) ??
            (secret ? { kind: 'credential' as const, name, fingerprint: fingerprint(value) } : undefined);
          if (exposed) return [{ way: 'generator', owner, place, exposed }];
          return key === 'secretGenerator'
            ? [{ way: 'generator', owner, place, evidence: `${name} has no real value` }]
            : [];
        }),
      ),
    ),
  );
}

/** Values files of charts, as far as something reads them. */
function inValues(facts: Facts): SecretUse[] {
  const dead = facts.linked(deadValues);
  const isTrial = facts.linked(linkTrials);
  const replaced = new Set(
    facts
      .linked(linkHelm)
      .charts.flatMap(({ chart, replaced: keys }) => [...keys].map((key) => `${chart.values?.path} ${key}`)),
  );
  const files = facts
    .of('chart')
    .flatMap(({ path, data }) => (data.role === 'values' && !isTrial(path) ? data.root : []));
  /** Something around the value is switched off here, and no other file for production switches it on. */
  const isOff = (root: YamlNode | undefined, keys: readonly string[]): boolean =>
    keys.some((_, i) => {
      const flag = [...keys.slice(0, i), 'enabled'];
      return (
        i > 0 && textOf(at(root, ...flag)) === 'false' && !files.some((one) => textOf(at(one, ...flag)) === 'true')
      );
    });
  return facts.of('chart').flatMap(({ path, data }) => {
    if (data.role !== 'values' || entryOf(data.root, 'sops')) return [];
    return walk(data.root, { weak: true }).flatMap(({ entry, keys, exposed }): SecretUse[] => {
      // "changeme" opens a database; as the key of somebody else's service it is of no use.
      if (exposed.weak && !/^(?:password|credential|connection string)$/.test(exposed.kind)) return [];
      const key = { path: entry.path ?? path, span: entry.keySpan };
      const use = { owner: baseName(path), place: inside(key, entry.value, exposed) };
      const reason = /(?:^|\/)ci\/[^/]*values\.ya?ml$/.test(path) ? 'values for tests of the chart' : dead(path, keys);
      if (reason !== undefined && !exposed.certain) return [{ ...use, way: 'values', evidence: reason }];
      // What no installation here uses may still be what the next one starts from.
      const unused = isOff(data.root, keys) || replaced.has(`${path} ${keys.join('.')}`);
      const doubtful = !exposed.certain && unused;
      return [{ ...use, way: exposed.weak ? 'placeholder' : 'values', exposed, doubtful }];
    });
  });
}

/** Files that compose makes out of texts of its own: `configs.name.content`. */
function inConfigs(facts: Facts): SecretUse[] {
  return facts.of('compose').flatMap(({ path, data }) =>
    entriesOf(at(data.root, 'configs')).flatMap(({ key, value }): SecretUse[] => {
      const content = entryOf(value, 'content');
      const exposed = content && exposedBy(key, textOf(content.value) ?? '', { weak: true });
      if (!exposed) return [];
      const use: Pick<SecretUse, 'way' | 'owner' | 'place'> = {
        way: 'compose',
        owner: `config ${key}`,
        place: inside({ path, span: content.keySpan }, content.value, exposed),
      };
      const harmless = !exposed.certain && isForDevelopment(path);
      return [harmless ? { ...use, evidence: 'not the configuration of production' } : { ...use, exposed }];
    }),
  );
}

function inCompose(facts: Facts): SecretUse[] {
  return facts.linked(linkCompose).flatMap((service) => [
    ...['command', 'entrypoint'].flatMap((key) =>
      exposedInWords(at(service.body, key), { weak: true }).flatMap(({ node, exposed }): SecretUse[] => {
        const place = { path: node.path ?? service.path, span: node.span };
        const { variables = [], origins = [] } = composeText(node) ?? {};
        // What the .env file says is reported there.
        if (origins.length > 0 || (!exposed.certain && isForDevelopment(place.path))) return [];
        const use = { owner: `service ${service.name}`, place, exposed };
        return [
          variables.length > 0
            ? { ...use, way: 'default', variables: variables.filter(secretName) }
            : { ...use, way: 'compose' },
        ];
      }),
    ),
    ...[at(service.body, 'environment'), at(service.body, 'build', 'args')]
      .flatMap(keyValues)
      .flatMap(({ key, value, span, path }): SecretUse[] => {
        const owner = `service ${service.name}`;
        const place = { path: path ?? service.path, span };
        const kind = secretName(key);
        if (value === undefined || value.resolved === undefined) {
          return kind ? [{ way: 'compose', owner, place, evidence: `${key} comes from the environment` }] : [];
        }
        const words = !namesGiven(service.body, value.resolved);
        const exposed = exposedBy(key, value.resolved, { weak: true, words });
        const origin = value.origins.findLast(({ name }) => secretName(name)) ?? value.origins.at(-1);
        if (origin) {
          // What the .env file says by itself is reported there.
          const known = facts
            .of('secretfile')
            .some(({ path: file, data }) =>
              value.origins.some((one) => one.path === file && data.exposed.some(({ name }) => name === one.name)),
            );
          if (known || !exposed || (!exposed.certain && isForDevelopment(origin.path))) return [];
          return [
            { way: 'file', owner: baseName(origin.path), place: { path: origin.path, span: origin.span }, exposed },
          ];
        }
        if (exposed && !exposed.certain && isForDevelopment(place.path))
          return [{ way: 'compose', owner, place, evidence: 'not the configuration of production' }];
        if (exposed && value.variables.length > 0)
          return [
            { way: 'default', owner, place, exposed, variables: value.variables.filter((one) => secretName(one)) },
          ];
        if (exposed) return [{ way: 'compose', owner, place, exposed }];
        return kind && classify(value.resolved) !== 'plain'
          ? [{ way: 'compose', owner, place, evidence: `${key} has no real value` }]
          : [];
      }),
  ]);
}

/** The name of one of the service's `secrets`, which stand in files. */
function namesGiven(service: YamlNode, text: string): boolean {
  return itemsOf(at(service, 'secrets')).some((one) => (textOf(one) ?? textOf(at(one, 'source'))) === text);
}

function inFiles(facts: Facts): SecretUse[] {
  const handed = facts.linked(handedFiles);
  return facts.of('secretfile').flatMap(({ path, data }): SecretUse[] => {
    if (data.type === 'handed' && !handed.has(path)) return [];
    const way = data.type === 'settings' ? 'setting' : data.type === 'kubeconfig' ? 'kubeconfig' : 'file';
    const named = data.type !== 'key' && data.type !== 'kubeconfig' && isForDevelopment(path);
    const counted = data.exposed.filter((one) => one.certain || !named);
    if (counted.length > 0)
      return counted.map(({ span, ...exposed }) => ({
        way,
        owner: baseName(path),
        place: { path, span },
        exposed,
        doubtful:
          (!exposed.certain && (data.trial || handed.get(path)?.deployed === false)) ||
          (data.type === 'key' && (isForDevelopment(path) || /localhost|snakeoil|self-?signed|insecure/i.test(path))),
      }));
    return data.safe > 0 || data.exposed.length > 0
      ? [
          {
            way,
            owner: baseName(path),
            place: { path, span: { start: 0, end: 0 } },
            evidence: 'holds no secret in clear text',
          },
        ]
      : [];
  });
}

/** Images, Terraform, templates, units of systemd, and what scripts hand over. */
function inSettings(facts: Facts): SecretUse[] {
  return facts.linked(plainSettings).flatMap(({ source, owner, name, value, place, secret, doubtful }): SecretUse[] => {
    const given = secret && classify(value, true) === 'real' && !namesClient(name) && !namesOther(name);
    const exposed =
      // Whoever runs a script that writes "changeme" changes it there.
      exposedBy(name, value, { weak: source !== 'written' && source !== 'export', strong: source === 'export' }) ??
      (given ? exposedAs('credential', name, value) : undefined);
    if (!exposed || (!exposed.certain && isForDevelopment(place.path))) return [];
    const sure = exposed.certain || (source === 'export' && looksDrawn(value));
    return [{ way: source, owner, place, exposed, doubtful: doubtful === true && !sure }];
  });
}

const CLIENTS = /^(?:docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|cosign|az|ibmcloud)$/;

/** Registry passwords in commands, steps and job images of pipelines and scripts. */
function inLogins(facts: Facts): SecretUse[] {
  const uses: SecretUse[] = [];
  const add = (owner: string, place: Place, value: string): void => {
    if (classify(value) !== 'real') return;
    const exposed: Exposed = { kind: 'password', name: 'password', fingerprint: fingerprint(value) };
    uses.push({ way: 'login', owner, place, exposed });
  };
  const read = (statements: readonly Statement[], path: string): void =>
    eachCommand(statements, (command) => {
      const words = withoutLaunchers(command.words.map((word) => resolveWord(word, new Map())));
      const client = baseName(words[0]?.text ?? '');
      if (!CLIENTS.test(client) || !words.slice(1, 4).some(({ text }) => text === 'login')) return;
      words.forEach((word, i) => {
        const joined = /^--password=(.+)$/.exec(word.text);
        const value = joined
          ? { ...word, text: joined[1]! }
          : /^(?:-p|--password)$/.test(word.text)
            ? words[i + 1]
            : undefined;
        if (value?.known) add(`${client} login`, { path, span: command.span }, value.text);
      });
    });
  for (const { path, data } of facts.of('script'))
    for (const { shell } of data.targets.flatMap(({ recipes }) => recipes)) read(shell.statements, path);
  for (const file of facts.linked(linkPipelines)) {
    for (const job of file.data.jobs) {
      for (const { script, path, uses: action } of job.steps) {
        if (script) read(script.shell.statements, path ?? file.path);
        const input = /^(?:docker|azure|redhat-actions)\/(?:docker-|podman-)?login/.test(action?.name ?? '')
          ? action!.inputs.find(({ name }) => name === 'password')
          : undefined;
        if (input) add(action!.name, { path: action!.path ?? file.path, span: input.span }, input.value);
      }
      for (const { password, role, path } of job.images)
        if (password)
          add(`${role} image of ${job.name}`, { path: path ?? file.path, span: password.span }, password.text);
    }
  }
  return uses;
}

/** Variables and inputs of pipelines. Those of throw-away services are no secrets: only what opens something elsewhere. */
function inPipelines(facts: Facts): SecretUse[] {
  return facts.linked(linkPipelines).flatMap((file) => {
    const variables = file.data.jobs.flatMap(({ variables, steps }) => [
      ...variables,
      ...steps.flatMap((step) => [...step.variables, ...(step.uses?.inputs ?? []), ...(step.task?.inputs ?? [])]),
    ]);
    return [...file.data.variables, ...variables].flatMap(({ name, value, span, path }): SecretUse[] => {
      const exposed = exposedBy(name, value);
      if (!exposed || exposed.local || !(exposed.certain || looksDrawn(value))) return [];
      const place = { path: path ?? file.path, span };
      const doubtful = !exposed.certain && !/^(?:AWS|AZURE|ARM|GCP|GOOGLE)_/i.test(name);
      return [{ way: 'pipeline', owner: baseName(place.path), place, exposed, doubtful }];
    });
  });
}
