/** Knows the Kubernetes objects that Terraform deploys, in the shape that manifests have. */
import type { Facts } from '../facts.ts';
import type { Block, Body, Expression } from '../hcl.ts';
import type { KubeObject } from '../kubernetes.ts';
import type { Span } from '../span.ts';
import { attributeOf, blocksOf } from '../terraform.ts';
import { type YamlEntry, type YamlMap, type YamlNode, type YamlScalar, yamlReader } from '../yaml.ts';
import { isAbsent, type ModuleScope, terraformModel } from './model.ts';
import { evaluate, printed, type Value } from './value.ts';

const KINDS: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
  pod: ['v1', 'Pod'],
  deployment: ['apps/v1', 'Deployment'],
  stateful_set: ['apps/v1', 'StatefulSet'],
  daemonset: ['apps/v1', 'DaemonSet'],
  daemon_set: ['apps/v1', 'DaemonSet'],
  replication_controller: ['v1', 'ReplicationController'],
  job: ['batch/v1', 'Job'],
  cron_job: ['batch/v1', 'CronJob'],
  namespace: ['v1', 'Namespace'],
  resource_quota: ['v1', 'ResourceQuota'],
  limit_range: ['v1', 'LimitRange'],
  network_policy: ['networking.k8s.io/v1', 'NetworkPolicy'],
  secret: ['v1', 'Secret'],
  config_map: ['v1', 'ConfigMap'],
  service: ['v1', 'Service'],
  service_account: ['v1', 'ServiceAccount'],
  ingress: ['networking.k8s.io/v1', 'Ingress'],
  persistent_volume_claim: ['v1', 'PersistentVolumeClaim'],
};

/** Blocks that may be repeated, with the name of the list that they are in a manifest. */
const LISTS: Readonly<Record<string, string>> = {
  container: 'containers',
  init_container: 'initContainers',
  volume: 'volumes',
  volume_mount: 'volumeMounts',
  volume_device: 'volumeDevices',
  port: 'ports',
  ports: 'ports',
  env: 'env',
  env_from: 'envFrom',
  toleration: 'tolerations',
  host_aliases: 'hostAliases',
  image_pull_secrets: 'imagePullSecrets',
  topology_spread_constraint: 'topologySpreadConstraints',
  match_expressions: 'matchExpressions',
  limit: 'limits',
  rule: 'rules',
  ingress: 'ingress',
  egress: 'egress',
  from: 'from',
  to: 'to',
  path: 'paths',
  tls: 'tls',
  items: 'items',
  sources: 'sources',
  volume_claim_template: 'volumeClaimTemplates',
  sysctl: 'sysctls',
  http_header: 'httpHeaders',
};
/** Blocks of the table above that are single in some places. */
const SINGLE: Readonly<Record<string, readonly string[]>> = {
  port: ['http_get', 'tcp_socket', 'service', 'backend'],
};
/** Blocks that old code writes as values: `container = [{ ... }]`. */
const AS_BLOCKS = new Set(['container', 'init_container', 'security_context', 'resources']);
/** Maps in these whose keys are data. */
const DATA = new Set(['limits', 'requests', 'labels', 'annotations']);
const ACRONYMS: Readonly<Record<string, string>> = {
  host_ipc: 'hostIPC',
  host_pid: 'hostPID',
  cluster_ip: 'clusterIP',
  pod_ip: 'podIP',
  external_ips: 'externalIPs',
};

/** Objects of `kubernetes_*` resources, of `kubernetes_manifest` and of `kubectl_manifest`; the places are in the .tf files. */
export function terraformObjects(facts: Facts): readonly KubeObject[] {
  const objects: KubeObject[] = [];
  for (const module of facts.linked(terraformModel).modules) {
    const scope = module.scopes[0]!;
    for (const { block, path } of module.blocks) {
      const type = block.type === 'resource' ? (block.labels[0] ?? '') : '';
      if (!/^(?:kubernetes_|kubectl_manifest$)/.test(type) || isAbsent(block, path, scope)) continue;
      const kind = KINDS[type.slice('kubernetes_'.length).replace(/_v\d\w*$/, '')];
      const writer = createWriter(path, scope);
      if (type === 'kubernetes_manifest' || type === 'kubectl_manifest') {
        const manifest = attributeOf(block, type === 'kubectl_manifest' ? 'yaml_body' : 'manifest')?.value;
        const text = type === 'kubectl_manifest' ? manifest : encoded(manifest);
        const bodies = text ? inText(writer.literal(text), path) : manifest ? [writer.literal(manifest)] : [];
        for (const body of bodies) {
          const object = body.kind === 'map' ? ofMap(body, block.span, path) : undefined;
          if (object) objects.push(object);
        }
      } else if (kind) {
        const [apiVersion, name] = kind;
        const object = ofMap(writer.object(block, apiVersion, name), block.span, path);
        if (object) objects.push(object);
      }
    }
  }
  return objects;
}

/** What `yamldecode` reads. */
function encoded(value: Expression | undefined): Expression | undefined {
  return value?.kind === 'call' && value.name === 'yamldecode' ? value.args[0] : undefined;
}

/** Documents of a text; all of them stand where the text stands. */
function inText(text: YamlNode, path: string): YamlNode[] {
  if (text.kind !== 'scalar' || text.rendered?.unknown !== undefined) return [];
  const { span } = text;
  const placed = (node: YamlNode): YamlNode => {
    if (node.kind === 'scalar') return { ...node, span, path, pieces: [] };
    if (node.kind === 'list') return { ...node, span, path, items: node.items.map(placed) };
    const entries = node.entries.map((one) => ({ ...one, span, keySpan: span, path, value: placed(one.value) }));
    return { ...node, span, path, entries };
  };
  return yamlReader()(text.text).documents.map(({ root }) => placed(root));
}

function ofMap(body: YamlMap, span: Span, path: string): KubeObject | undefined {
  const text = (node: YamlNode | undefined, ...keys: string[]): string | undefined => {
    let current = node;
    for (const key of keys) {
      current = current?.kind === 'map' ? current.entries.find((entry) => entry.key === key)?.value : undefined;
    }
    if (current?.kind !== 'scalar' || current.value === null || current.rendered?.unknown !== undefined)
      return undefined;
    return current.text;
  };
  const apiVersion = text(body, 'apiVersion');
  const kind = text(body, 'kind');
  if (apiVersion === undefined || kind === undefined) return undefined;
  const name = text(body, 'metadata', 'name');
  const namespace = text(body, 'metadata', 'namespace');
  return {
    apiVersion,
    kind,
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
    body,
    span,
    path,
  };
}

type Names = ReadonlyMap<string, Value>;

/** Turns blocks and values of one file into nodes of a manifest. */
function createWriter(path: string, scope: ModuleScope) {
  function scalar(value: string | number | boolean | null, span: Span, unknown?: string): YamlScalar {
    const text = value === null ? '' : String(value);
    return {
      kind: 'scalar',
      value,
      text,
      style: 'double',
      span,
      path,
      ...(unknown !== undefined && { rendered: { unknown } }),
    };
  }

  function entry(key: string, value: YamlNode, span: Span = value.span): YamlEntry {
    return { key, keySpan: span, value, span, path };
  }

  /** A value whose keys are data and stay as they are. Nodes stand where the expression stands. */
  function ofValue(value: Value, span: Span): YamlNode {
    const at = value.at?.path === path && inside(value.at.span, span) ? value.at.span : span;
    switch (value.kind) {
      case 'known':
        return scalar(value.value, at);
      case 'unknown':
        return scalar(`\${${value.text}}`, at, `${value.text} is not known before a run`);
      case 'list':
        return { kind: 'list', items: value.items.map((item) => ofValue(item, at)), span: at, path };
      case 'map':
        return {
          kind: 'map',
          entries: [...value.fields].map(([key, item]) => entry(key, ofValue(item, at))),
          span: at,
          path,
        };
    }
  }

  function literal(expression: Expression, names?: Names): YamlNode {
    return ofValue(evaluate({ value: expression, path }, scope, names), expression.span);
  }

  /** What was written as a value and means blocks: its keys are names of Terraform. */
  function renamed(node: YamlNode): YamlNode {
    if (node.kind === 'list') return { ...node, items: node.items.map(renamed) };
    if (node.kind !== 'map') return node;
    const entries = node.entries.map((one) => ({
      ...one,
      key: camel(one.key),
      value: DATA.has(one.key) ? one.value : renamed(one.value),
    }));
    return { ...node, entries };
  }

  function ofBody(body: Body, span: Span, parent: string, names?: Names): YamlMap {
    const entries: YamlEntry[] = [];
    for (const attribute of body.attributes) {
      if (parent === '' && ['count', 'for_each', 'depends_on', 'provider'].includes(attribute.name)) continue;
      const node = literal(attribute.value, names);
      // An argument that is null is as good as not written.
      if (node.kind === 'scalar' && node.value === null) continue;
      const key = LISTS[attribute.name] ?? camel(attribute.name);
      if (AS_BLOCKS.has(attribute.name)) {
        const inner = renamed(node);
        const list = key !== camel(attribute.name) && inner.kind === 'map';
        entries.push(
          entry(key, list ? { kind: 'list', items: [inner], span: node.span, path } : inner, attribute.span),
        );
      } else entries.push(entry(camel(attribute.name), node, attribute.span));
    }
    const lists = new Map<string, YamlNode[]>();
    for (const { type, block, inner } of expanded(body, names)) {
      const list = SINGLE[type]?.includes(parent) ? undefined : LISTS[type];
      const node = ofBody(block, block.span, type, inner);
      if (list === undefined) {
        entries.push(entry(camel(type), node, block.span));
        continue;
      }
      const items = lists.get(list);
      if (items) items.push(node);
      else {
        const created: YamlNode[] = [node];
        lists.set(list, created);
        entries.push(entry(list, { kind: 'list', items: created, span: block.span, path }, block.span));
      }
    }
    return { kind: 'map', entries, span, path };
  }

  /** Blocks as they will be, `dynamic` ones repeated for each of their elements. */
  function expanded(body: Body, names?: Names): { type: string; block: Block; inner?: Names }[] {
    return body.blocks.flatMap((block) => {
      if (block.type === 'lifecycle' || block.type === 'timeouts' || block.type === 'provisioner') return [];
      if (block.type !== 'dynamic') return [{ type: block.type, block, ...(names && { inner: names }) }];
      const type = block.labels[0] ?? '';
      const content = blocksOf(block, 'content')[0];
      const each = attributeOf(block, 'for_each')?.value;
      if (!content || !each) return [];
      const iterator = attributeOf(block, 'iterator')?.value;
      const name = iterator?.kind === 'name' ? iterator.name : type;
      const value = evaluate({ value: each, path }, scope, names);
      const elements: readonly (readonly [Value, Value])[] =
        value.kind === 'list'
          ? value.items.map((item) => [item, item])
          : value.kind === 'map'
            ? [...value.fields].map(([key, item]) => [{ kind: 'known', value: key }, item])
            : [
                [
                  { kind: 'unknown', text: printed(each) },
                  { kind: 'unknown', text: printed(each) },
                ],
              ];
      return elements.slice(0, 50).map(([key, item]) => {
        const fields = new Map([
          ['key', key],
          ['value', item],
        ]);
        return { type, block: content, inner: new Map([...(names ?? []), [name, { kind: 'map', fields }]]) };
      });
    });
  }

  function object(block: Block, apiVersion: string, kind: string): YamlMap {
    const body = ofBody(block, block.span, '');
    // Terraform's provider encodes what manifests keep encoded.
    const renamed = body.entries.map((one) => {
      if (kind !== 'Secret') return one;
      if (one.key === 'data') return { ...one, key: 'stringData' };
      return one.key === 'binaryData' ? { ...one, key: 'data' } : one;
    });
    const head = [entry('apiVersion', scalar(apiVersion, block.head)), entry('kind', scalar(kind, block.head))];
    return { ...body, entries: [...head, ...renamed] };
  }

  return { object, literal };
}

function inside(inner: Span, outer: Span): boolean {
  return inner.start >= outer.start && inner.end <= outer.end;
}

function camel(name: string): string {
  return ACRONYMS[name] ?? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
